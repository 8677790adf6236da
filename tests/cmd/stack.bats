#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# stack: a mapping that grows down by itself.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# stack ARG...: runs it; skips the test where this kernel or user cannot.
stack()
{
	mm stack "$@"
	[ "$status" -ne 77 ] || skip "$(tail -n 1 <<<"$output")"
	assert_success
}

# held START: the check held.
held()
{
	[[ $(block "$1" | tail -n 1) == '    ok'* ]] || fail "$1
$output"
}

@test "a store below makes it longer, with no call" {
	stack
	assert_equal "$(changed - 'a[-1p] = 1' | pages_of) $(changed + 'a[-1p] = 1' | pages_of)" '1 2'
	assert_equal "$(changed + 'a[-16p] = 1' | pages_of)" 17
	assert_line --partial 'the mapping that holds a grew downwards from'
	assert_equal "$(block 'expect resident(a - 16p, 16p) == 2p' | tail -n 1)" "    ok: $((2 * page))"
}

@test "it stops above the next mapping, and grows on without it" {
	stack
	gap=$(sed -n 's/^# \([0-9]*\) pages above the next mapping it stops.*/\1/p' <<<"$output")
	[ "$gap" -gt 0 ]
	grep -q 'stack_guard_gap=' /proc/cmdline || assert_equal "$gap" 256
	held 'expect fault(a[start(a) - a - 1] = 1) == SEGV_MAPERR'
	held 'expect fault(a[start(a) - a - 1] = 1) == 0'
}

@test "--until=limit: RLIMIT_STACK stops it, and is asked at each growth" {
	stack --until=limit
	assert_equal "$(block 'expect end(a) - start(a) == 8p' | tail -n 1)" "    ok: $((8 * page))"
	held 'expect fault(a[-8p] = 1) == SEGV_MAPERR'
	assert_equal "$(block 'expect end(a) - start(a) == 9p' | tail -n 1)" "    ok: $((9 * page))"
}

@test "as an ordinary user" {
	for options in '' '--until=limit'; do
		# shellcheck disable=SC2086 # the words are options
		stack $options
		# shellcheck disable=SC2086
		as_nobody "$MMTOOL" stack $options
		[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || fail "$options: $output"
	done
}

@test "another word is refused" {
	mm stack --until=dawn
	assert_failure 2
	assert_line --index 0 'mmtool stack: --until: dawn: not a choice (try gap or limit)'
}

@test "as a script and as a C program it does the same" {
	need_compiler
	for options in '' '--until=limit'; do
		# shellcheck disable=SC2086 # the words are options
		stack $options
		# shellcheck disable=SC2086
		same_as_run stack $options
		# shellcheck disable=SC2086
		same stack $options
	done
}
