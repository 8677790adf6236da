#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# lock: memory that stays.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# lock ARG...: runs it; skips the test where this kernel or user cannot.
lock()
{
	mm lock "$@"
	[ "$status" -ne 77 ] || skip "$(tail -n 1 <<<"$output")"
	assert_success
}

# held START: the check held.
held()
{
	[[ $(block "$1" | tail -n 1) == '    ok'* ]] || fail "$1
$output"
}

@test "mlock brings the pages in, rounds outwards, does not stack" {
	lock
	assert_equal "$(block 'expect resident(a, 4p) == 4p, "locking' | tail -n 1)" "    ok: $((4 * page))"
	assert_equal "$(block 'expect status("VmLck") == 2p, "two pages' | tail -n 1)" "    ok: $((2 * page))"
	held 'expect status("VmLck") == 0, "unlocked: locks do not stack"'
	held 'expect resident(a, 4p) == 4p, "munlock evicts nothing"'
}

@test "a hole: ENOMEM, and the part before it is locked; a child inherits no lock" {
	lock
	block 'mlock(a + 2p, 4p)' | grep -q '= -1 ENOMEM'
	assert_equal "$(block 'expect status("VmLck") == 2p, "what lies' | tail -n 1)" "    ok: $((2 * page))"
	assert_equal "$(block '[child] expect status("VmLck") == 0' | tail -n 1)" '    ok: 0'
}

@test "--by=onfault: locked, and nothing brought in" {
	lock --by=onfault
	assert_equal "$(block 'expect resident(a, 4p) == 0' | tail -n 1)" '    ok: 0'
	assert_equal "$(block 'expect status("VmLck") == 4p' | tail -n 1)" "    ok: $((4 * page))"
	assert_equal "$(block 'expect resident(a, 4p) == 1p' | tail -n 1)" "    ok: $page"
}

@test "--by=all: what is to come, until munlockall" {
	lock --by=all
	assert_equal "$(block 'expect resident(a, 2p) == 2p' | tail -n 1)" "    ok: $((2 * page))"
	assert_equal "$(block 'expect resident(b, 2p) == 0' | tail -n 1)" '    ok: 0'
	held 'expect !vmflag(d, "lo")'
	block 'mlockall(MCL_ONFAULT)' | grep -q '= -1 EINVAL'
}

@test "--by=flag: mmap locks, and growth stays locked" {
	lock --by=flag
	held 'expect vmflag(a, "lo")'
	assert_equal "$(block 'expect resident(a, 4p) == 4p' | tail -n 1)" "    ok: $((4 * page))"
}

@test "--by=file: in memory, and whether the first stores fault is counted" {
	lock --by=file
	assert_equal "$(block 'expect resident(a, 4p) == 4p' | tail -n 1)" "    ok: $((4 * page))"
	assert_line --regexp '^# ([1-9][0-9]* faults at the first stores|no fault at the first stores)'
	held 'expect again == 0, "none at stores into pages that are dirty"'
}

@test "--by=limit: ENOMEM, EAGAIN, EPERM, and why" {
	lock --by=limit
	block 'mlock(a, 2p)' | grep -q '= -1 ENOMEM'
	block 'mmap(NULL, 2p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED' | grep -q '= -1 EAGAIN'
	block 'mremap(a, 1p, 2p, MREMAP_MAYMOVE)' | grep -q '= -1 EAGAIN'
	block 'mlock(a, 1p) = -1 EPERM' | grep -q '= -1 EPERM'
	assert_line --partial 'RLIMIT_MEMLOCK'
}

@test "as an ordinary user" {
	for options in '' '--by=onfault' '--by=all' '--by=flag' '--by=file' '--by=limit'; do
		# shellcheck disable=SC2086 # the words are options
		lock $options
		# shellcheck disable=SC2086
		as_nobody "$MMTOOL" lock $options
		[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || fail "$options: $output"
	done
}

@test "as a user who may lock less than it takes: unsupported, and no failure" {
	local page program=$MMTOOL

	page=$(getconf PAGESIZE)
	need prlimit
	[ "$(id -u)" -ne 0 ] || program=$(open_dir)/mmtool    # as as_nobody copies it
	for options in '' '--by=onfault' '--by=all' '--by=flag' '--by=file' '--by=limit'; do
		# shellcheck disable=SC2086 # the words are options
		lock $options
		for bytes in 0 1 $((page - 1)) "$page" $((page * 2)) $((page * 3)); do
			# shellcheck disable=SC2086
			as_nobody "$MMTOOL" lock -q $options
			[ "$status" -eq 0 ] || continue
			# shellcheck disable=SC2086
			as_nobody prlimit --memlock="$bytes:$bytes" "$program" lock $options
			[ "$status" -eq 0 ] || [[ $status -eq 77 && $output =~ 'RLIMIT_MEMLOCK)'|'hard limit of locked memory' ]] ||
				fail "$options, $bytes: $output"
		done
	done
}

@test "another word is refused" {
	mm lock --by=key
	assert_failure 2
	assert_line --index 0 'mmtool lock: --by: key: not a choice (try mlock, onfault, all, flag, file or limit)'
}

@test "as a script and as a C program it does the same" {
	need_compiler
	for options in '' '--by=onfault' '--by=all' '--by=flag' '--by=file' '--by=limit'; do
		# shellcheck disable=SC2086 # the words are options
		lock $options
		# shellcheck disable=SC2086
		same_as_run lock $options
		# shellcheck disable=SC2086
		same lock $options
	done
}
