#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# limits: limits met on purpose.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
	few_mappings
}

teardown()
{
	usual_mappings
}

# limits ARG...: runs it; skips the test where this kernel or user cannot.
limits()
{
	mm limits "$@"
	[ "$status" -ne 77 ] || skip "$(tail -n 1 <<<"$output")"
	assert_success
}

# held START: the check held.
held()
{
	[[ $(block "$1" | tail -n 1) == '    ok'* ]] || fail "$1
$output"
}

@test "RLIMIT_AS: addresses count, and growth that moves fails, too" {
	limits
	block 'mmap(NULL, 16p, PROT_NONE' | grep -q 'RLIMIT_AS'
	block 'mremap(a, 1p, 16p, MREMAP_MAYMOVE)' | grep -q '= -1 ENOMEM'
	assert_equal "$(block 'expect text(a) == "Kept"' | tail -n 1)" '    ok: "Kept"'
	assert_equal "$(changed + 'b = mmap' | pages_of)" 2
}

@test "RLIMIT_DATA: private and writable, also later by mprotect; shared is not" {
	limits --of=data
	block 'mmap(NULL, 16p, PROT_READ|PROT_WRITE, MAP_PRIVATE' | grep -q '= -1 ENOMEM'
	block 'mprotect(a, 16p, PROT_READ|PROT_WRITE)' | grep -q '= -1 ENOMEM'
	assert_equal "$(changed + 's = mmap' | pages_of)" 16
	held 'expect new == cur'
}

@test "RLIMIT_MEMLOCK: ENOMEM, EAGAIN, EPERM" {
	limits --of=memlock
	for outcome in 'mlock(a, 2p) = -1 ENOMEM' 'mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = -1 EAGAIN' \
		'mlock(a, 1p) = -1 EPERM'; do
		block "$outcome" | grep -q "= ${outcome##* = } (" || fail "$outcome"
	done
}

@test "vm.max_map_count: so many mappings, then not even the middle can be unmapped" {
	not_sanitized 'the runtime of the sanitizer has mappings of its own to make'
	limits --of=maps
	most=$(cat /proc/sys/vm/max_map_count)
	assert_line "# vm.max_map_count is $most"
	made=$(sed -n 's/^# \([0-9]*\) mappings more than there were/\1/p' <<<"$output")
	[ "$made" -gt $((most - 500)) ] && [ "$made" -lt "$most" ]
	block 'munmap(middle, 1p)' | grep -q '= -1 ENOMEM'
	block 'munmap(middle, 1p)' | grep -q 'max_map_count'
	assert_equal "$(cat /proc/sys/vm/max_map_count)" "$most"
}

@test "vm.max_map_count: one that cannot be met" {
	need_root
	unshare -m true 2>/dev/null || skip 'no namespace for mounts can be made'
	echo 2147483642 >many
	run unshare -m --propagation private sh -c 'mount --bind many /proc/sys/vm/max_map_count || exit 99; exec "$MMTOOL" limits --of=maps'
	[ "$status" -ne 99 ] || skip 'nothing can be mounted over /proc/sys here'
	assert_failure 77
	assert_output --partial 'unsupported here: so many mappings would take'
}

@test "RLIMIT_MEMLOCK: for a root without CAP_IPC_LOCK, and one that may not become another user" {
	need_root
	need setpriv
	setpriv --bounding-set -all --inh-caps -all "$MMTOOL" --version >/dev/null 2>&1 || skip 'no capability can be taken away here'
	limits --of=memlock
	for command in 'limits --of=memlock' 'lock --by=limit'; do
		# shellcheck disable=SC2086 # the words are options
		run setpriv --bounding-set -all --inh-caps -all "$MMTOOL" $command
		assert_success
		refute_line --partial 'setuid('
		# shellcheck disable=SC2086
		run setpriv --bounding-set -setuid --inh-caps -setuid "$MMTOOL" $command
		refute_output --partial 'user namespace'
		[ "$status" -eq 0 ] || assert_output --partial 'passes the limit (CAP_IPC_LOCK), and may not'
	done
}

@test "as an ordinary user" {
	for options in '' '--of=data' '--of=memlock' '--of=maps'; do
		# shellcheck disable=SC2086 # the words are options
		limits $options
		# shellcheck disable=SC2086
		as_nobody "$MMTOOL" limits $options
		[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || fail "$options: $output"
	done
}

@test "another word is refused" {
	mm limits --of=sky
	assert_failure 2
	assert_line --index 0 'mmtool limits: --of: sky: not a choice (try as, data, memlock or maps)'
}

@test "as a script and as a C program it does the same" {
	not_sanitized 'how much its runtime has mapped differs from run to run'
	need_compiler
	for options in '' '--of=data' '--of=memlock'; do
		# shellcheck disable=SC2086 # the words are options
		limits $options
		# shellcheck disable=SC2086
		same_as_run limits $options
		# shellcheck disable=SC2086
		same limits $options
	done
}

@test "--of=maps as a C program: a process with fewer mappings at first makes more of them" {
	need_compiler
	not_sanitized 'the runtime of the sanitizer has mappings of its own to make'
	same_as_run limits --of=maps
	same_status limits --of=maps
}
