#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# cow: what two processes share after a fork.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

@test "private: the child's store is its own" {
	mm cow
	assert_success
	assert_equal "$(block '[child] expect text(a) == "Before the fork"' | tail -n 1)" '    ok: "Before the fork"'
	assert_equal "$(block 'expect text(a) == "Before the fork", "the parent' | tail -n 1)" '    ok: "Before the fork"'
	[[ $(block '[child] expect minflt() > before' | tail -n 1) == '    ok: '* ]]
	[[ $(block '[child] expect minflt() == before' | tail -n 1) == '    ok: '* ]]
}

@test "private: root sees one frame, then two, and the others still shared" {
	need_root
	mm cow
	for check in '[child] expect pfn(a) == frame' '[child] expect pfn(a) != frame' '[child] expect pfn(a + 1p) == second' \
		'expect pfn(a) == frame, "the last one'; do
		[[ $(block "$check" | tail -n 1) == '    ok: '* ]] || fail "$check"
	done
}

@test "shared: nothing is copied, and the parent sees it" {
	mm cow --object=shared
	assert_success
	assert_equal "$(block 'expect text(a) == "From the child"' | tail -n 1)" '    ok: "From the child"'
	assert_equal "$(block 'expect text(a + 1p)' | tail -n 1)" '    ok: "A page that was not there"'
}

@test "a file mapped private: copied without a fork, and never written" {
	mm cow --object=file
	assert_success
	assert_equal "$(block 'expect text(scratch)' | tail -n 1)" '    ok: "What the file says"'
	assert_equal "$(block 'expect text(a + 1p) == "New"' | tail -n 1)" '    ok: "New"'
	assert_equal "$(block 'expect text(a) == "My copy"' | tail -n 1)" '    ok: "My copy"'
}

@test "as an ordinary user" {
	for object in private shared file; do
		as_nobody "$MMTOOL" cow --object=$object
		assert_success
		refute_line --partial 'expect pfn'
	done
}

@test "sizes" {
	mm cow --size=$((2 * page + 1)) --object=file
	assert_success
	for size in 1p 1 2G; do
		mm cow --size=$size
		assert_failure 2
		assert_line --index 0 --partial "mmtool cow: --size: $size: "
	done
}

@test "as a script and as a C program it does the same" {
	need_compiler
	for object in private shared file; do
		same_as_run cow --object=$object
		same cow --object=$object
	done
}
