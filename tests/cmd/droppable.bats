#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# droppable: memory that the kernel may take back.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# droppable: runs it; skips the test where this kernel or user cannot.
droppable()
{
	mm droppable
	[ "$status" -ne 77 ] || skip "$(tail -n 1 <<<"$output")"
	assert_success
}

# held START: the check held.
held()
{
	[[ $(block "$1" | tail -n 1) == '    ok'* ]] || fail "$1
$output"
}

@test "a child has the mapping and none of its pages" {
	droppable
	held '[child] expect zero(d, 4p)'
	held "expect filled(d, 'D', 4p)"
}

@test "locking succeeds and locks nothing" {
	droppable
	block 'locked = mlock(d, 4p)' | grep -q ' = 0$'
	held 'expect !vmflag(d, "lo")'
}

@test "paged out it is dropped, or the experiment says that it stayed" {
	droppable
	if grep -q 'bytes stayed' <<<"$output"; then
		assert_line --regexp '^# [1-9][0-9]* bytes stayed'
	else
		held 'expect zero(d, 4p), "dropped'
	fi
	held "expect filled(d, 'N', 1p)"
}

@test "it is a type of mapping, in smaps dp" {
	droppable
	held 'expect vmflag(d, "dp")'
	block 'mmap(NULL, 1p, PROT_READ, MAP_DROPPABLE|MAP_PRIVATE' | grep -q '= -1 EINVAL'
}

@test "as an ordinary user" {
	droppable
	as_nobody "$MMTOOL" droppable
	[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || fail "$output"
}

@test "a user who may lock nothing cannot do it: status 77" {
	droppable
	ulimit -l 0
	as_nobody "$MMTOOL" droppable
	assert_failure 77
	assert_output --partial 'not allowed to lock four pages here (RLIMIT_MEMLOCK)'
}

@test "as a script and as a C program it does the same" {
	need_compiler
	droppable
	same_as_run droppable
	same droppable
}
