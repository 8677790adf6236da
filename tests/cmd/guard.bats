#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# guard: a page that faults between two others.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# guard ARG...: runs it; skips the test where this kernel or user cannot.
guard()
{
	mm guard "$@"
	[ "$status" -ne 77 ] || skip "$(tail -n 1 <<<"$output")"
	assert_success
}

# held START: the check held.
held()
{
	[[ $(block "$1" | tail -n 1) == '    ok'* ]] || fail "$1
$output"
}

@test "by permissions: a mapping of its own, SEGV_ACCERR, and nothing lost" {
	guard
	split='mprotect(a + 1p, 1p, PROT_NONE)'
	assert_equal "$(changed + "$split" | awk '{ print $2 }' | xargs)" 'rw-p ---p rw-p'
	assert_equal "$(block 'expect fault(a[1p]) == SEGV_ACCERR' | tail -n 1)" '    ok: SEGV_ACCERR'
	assert_equal "$(changed + 'mprotect(a + 1p, 1p, PROT_READ|PROT_WRITE)' | pages_of)" 3
	held "expect filled(a, 'A', 3p)"
}

@test "by a mark: the maps do not show it, SEGV_MAPERR, and the content is lost" {
	guard --by=mark
	block 'madvise(a + 1p, 1p, MADV_GUARD_INSTALL)' | grep -q ' = 0$'
	assert_equal "$(changed - 'madvise(')$(changed + 'madvise(')" ''
	assert_equal "$(block 'expect fault(a[1p]) == SEGV_MAPERR, "a load' | tail -n 1)" '    ok: SEGV_MAPERR'
	assert_equal "$(block 'expect resident(a, 3p) == 2p' | tail -n 1)" "    ok: $((2 * page))"
	held '[child] expect fault(a[1p]) == SEGV_MAPERR'
	held 'expect zero(a + 1p, 1p)'
}

@test "as an ordinary user" {
	for options in '' '--by=mark'; do
		# shellcheck disable=SC2086 # the words are options
		guard $options
		# shellcheck disable=SC2086
		as_nobody "$MMTOOL" guard $options
		[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || fail "$options: $output"
	done
}

@test "another word is refused" {
	mm guard --by=hand
	assert_failure 2
	assert_line --index 0 'mmtool guard: --by: hand: not a choice (try prot or mark)'
}

@test "as a script and as a C program it does the same" {
	need_compiler
	for options in '' '--by=mark'; do
		# shellcheck disable=SC2086 # the words are options
		guard $options
		# shellcheck disable=SC2086
		same_as_run guard $options
		# shellcheck disable=SC2086
		same guard $options
	done
}
