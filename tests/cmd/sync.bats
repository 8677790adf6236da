#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# sync: what msync is for.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# sync: runs it; skips the test where this kernel or user cannot.
sync()
{
	mm sync
	[ "$status" -ne 77 ] || skip "$(tail -n 1 <<<"$output")"
	assert_success
}

# held START: the check held.
held()
{
	[[ $(block "$1" | tail -n 1) == '    ok'* ]] || fail "$1
$output"
}

@test "others see a store with no msync, and the mapping sees a write" {
	sync
	assert_equal "$(block '[child] expect text(scratch)' | tail -n 1)" '    ok: "Stored"'
	assert_equal "$(block 'expect text(a + 1p)' | tail -n 1)" '    ok: "Written"'
}

@test "MS_ASYNC leaves as much dirty as there was, MS_SYNC writes it or has nowhere to" {
	sync
	held 'expect smaps(a, "Private_Dirty") + smaps(a, "Shared_Dirty") == dirty'
	assert_line --regexp '^# [1-9][0-9]* bytes are dirty'
	assert_line --regexp '^# (none after MS_SYNC|[1-9][0-9]* bytes after MS_SYNC: this file system is in memory)'
}

@test "MS_INVALIDATE drops nothing, and refuses what is locked" {
	sync
	assert_equal "$(block 'expect text(a) == "Not lost", "MS_INVALIDATE' | tail -n 1)" '    ok: "Not lost"'
	! grep -q '^munlock' <<<"$output" || block 'msync(a, 2p, MS_INVALIDATE) = -1 EBUSY' | grep -q '= -1 EBUSY'
}

@test "the rules: not both, a page's start, no hole; a private mapping writes nothing" {
	sync
	block 'msync(a, 2p, MS_SYNC|MS_ASYNC)' | grep -q '= -1 EINVAL'
	block 'msync(a + 1, 1p, MS_SYNC)' | grep -q '= -1 EINVAL'
	block 'msync(a, 2p, MS_SYNC) = -1 ENOMEM' | grep -q '= -1 ENOMEM'
	assert_equal "$(block 'expect text(a) == "Not lost", "the stores' | tail -n 1)" '    ok: "Not lost"'
}

@test "as an ordinary user" {
	sync
	as_nobody "$MMTOOL" sync
	[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || fail "$output"
}

@test "as a script and as a C program it does the same" {
	need_compiler
	sync
	same_as_run sync
	same sync
}
