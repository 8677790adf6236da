#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# secret: memory that other processes and the kernel cannot look into.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# secret: runs it; skips the test where this kernel or user cannot.
secret()
{
	mm secret
	[ "$status" -ne 77 ] || skip "$(tail -n 1 <<<"$output")"
	assert_success
}

# held START: the check held.
held()
{
	[[ $(block "$1" | tail -n 1) == '    ok'* ]] || fail "$1
$output"
}

@test "the process reads it, process_vm_readv finds nothing" {
	secret
	held 'expect text(a) == "Secret"'
	# Behind a struct iovec of two words.
	block "process_vm_readv(getpid(), scratch, 1, scratch + $(($(word_bits) / 4)), 1, 0) = -1 EFAULT" | grep -q '= -1 EFAULT'
	held 'expect text(scratch + 64) == "Plain."'
	block 'write(file, a, 7)' | grep -q ' = 7$'
	held '[child] expect text(a) == "Secret"'
}

@test "it is a shared mapping, locked, and of one size" {
	secret
	assert_equal "$(changed + 'a = mmap' | awk '{ print $2 }')" rw-s
	assert_equal "$(changed + 'a = mmap' | pages_of)" 2
	if tr -s '# \n' ' ' <<<"$output" | grep -q 'count its pages against RLIMIT_MEMLOCK when they are touched'; then
		refute_output --partial 'expect status("VmLck")'
	else
		assert_output --partial "ok: $((2 * page))"
	fi
	block 'mmap(NULL, 2p, PROT_READ|PROT_WRITE, MAP_PRIVATE, fd, 0)' | grep -q '= -1 EINVAL'
	block 'ftruncate(fd, 3p)' | grep -q '= -1 EINVAL'
}

@test "as an ordinary user" {
	secret
	as_nobody "$MMTOOL" secret
	[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || fail "$output"
}

@test "as a script and as a C program it does the same" {
	need_compiler
	secret
	same_as_run secret
	same secret
}
