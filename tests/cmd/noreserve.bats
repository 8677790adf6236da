#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# noreserve: more than there is memory, without the flag and with it.

load ../helper/common
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
	policy_lock -s
	policy=$(</proc/sys/vm/overcommit_memory)
}

need_policy()
{
	[ "$policy" = "$1" ] || skip "this machine has overcommit policy $policy"
}

# by_default: runs it with the size that it chooses, which is more than all memory; skips the test where there are not so
# many addresses, and it says so.
by_default()
{
	mm noreserve
	[ "$status" -ne 77 ] || {
		[ "$(word_bits)" -eq 32 ] || fail "$output"
		output=$(tr -s ' \n' ' ' <<<"$output")
		assert_output --partial 'unsupported here: this machine has more memory than addresses of 32 bits can name: try --size'
		skip 'this machine has more memory than addresses of 32 bits can name'
	}
}

# meminfo FIELD: in bytes.
meminfo()
{
	echo $(($(sed -n "s/^$1: *\([0-9]*\) kB$/\1/p" /proc/meminfo) * 1024))
}

@test "it is right under every policy" {
	by_default
	assert_success
	assert_output --partial 'all as expected'
	assert_equal "$(block 'policy = sysctl' | tail -n 1)" "    = $policy"
}

@test "the default size is the next power of two above RAM plus swap" {
	local want=$((1 << 30)) least=$(($(meminfo MemTotal) + $(meminfo SwapTotal)))
	while ((want <= least)); do want=$((want * 2)); done
	by_default
	assert_output --partial "    $(kernel_name mmap)(NULL, $want, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = "
	assert_output --partial "# RAM $(($(meminfo MemTotal) >> 20)) MiB, swap $(($(meminfo SwapTotal) >> 20)) MiB; asking for $((want >> 20)) MiB"
}

@test "policy 0: refused without the flag, and why" {
	need_policy 0
	by_default
	assert_equal "$(result_of 'plain = mmap')" '-1 ENOMEM (Cannot allocate memory)'
	output=$(tr -s ' \n' ' ' <<<"$output")
	assert_output --partial 'why: ENOMEM: under overcommit policy 0 (heuristic) one request larger than all RAM and swap is refused'
	assert_output --partial 'MAP_NORESERVE leaves it out of that account'
	assert_output --partial '# refused: policy 0 refuses one request larger than RAM plus swap'
}

@test "policy 0: where /proc/meminfo is made up, what it has to say is not the machine's" {
	need_root
	need_policy 0
	unshare -m true 2>/dev/null || skip 'no namespace for mounts can be made'
	# More than this says, and less than any machine has for this test.
	sed 's/^MemTotal:.*/MemTotal: 1024 kB/; s/^SwapTotal:.*/SwapTotal: 0 kB/' /proc/meminfo >made-up
	run unshare -m --propagation private sh -c 'mount --bind made-up /proc/meminfo || exit 99; exec "$MMTOOL" noreserve --size=4M'
	[ "$status" -ne 99 ] || skip 'nothing can be mounted over /proc/meminfo here'
	assert_success
	assert_line '# so the machine has more than /proc/meminfo says here'
	mm noreserve --size=4M
	refute_output --partial 'so the machine has more'
}

@test "policy 0: what fits into RAM is granted without the flag" {
	need_policy 0
	mm noreserve --size=16p
	assert_success
	assert_equal "$(changed + 'plain = mmap' | pages_of)" 16
	assert_output --partial '# granted: policy 0 refuses only what is larger than RAM plus swap'
}

@test "policy 1: granted without the flag" {
	need_policy 1
	by_default
	assert_success
	assert_output --partial '# granted: policy 1 counts nothing'
}

@test "policy 2: the flag is ignored" {
	need_policy 2
	by_default
	assert_success
	assert_output --partial 'policy 2 ignores MAP_NORESERVE'
}

@test "with the flag it is granted, marked as not accounted for, and takes no memory" {
	[ "$policy" != 2 ] || skip 'this machine has overcommit policy 2'
	mm noreserve --size=1G
	assert_equal "$(changed + 'big = mmap' | pages_of)" $(((1 << 30) / page))
	assert_equal "$(block 'expect vmflag(big, "nr")' | tail -n 1)" '    ok'
	assert_equal "$(block 'expect resident(big, size) == 0' | tail -n 1)" '    ok: 0'
}

@test "VmSize, VmRSS and Committed_AS, before and after" {
	[ "$policy" != 2 ] || skip 'this machine has overcommit policy 2'
	mm noreserve --size=1G
	for field in 'vmsize = status("VmSize")' 'vmrss = status("VmRSS")' 'committed = meminfo("Committed_AS")'; do
		[[ $(block "$field" | tail -n 1) =~ ^'    = '[1-9][0-9]*$ ]] || fail "$field is not shown"
	done
	assert_line "# VmSize grew by $((1 << 20)) KiB: addresses"
	assert_line --regexp '^# VmRSS \(approximate\) grew by -?[0-9]+ KiB: memory$'
	assert_line --regexp '^# Committed_AS \(of the whole machine\) moved by -?[0-9]+ KiB$'
}

@test "--touch: so many pages are in memory then" {
	[ "$policy" != 2 ] || skip 'this machine has overcommit policy 2'
	mm noreserve --size=1G --touch=7
	assert_success
	assert_equal "$(block 'expect resident(big, touch) == touch' | tail -n 1)" "    ok: $((7 * page))"
	mm noreserve --size=1G
	assert_equal "$(block 'expect resident(big, touch) == touch' | tail -n 1)" "    ok: $((4 * page))"
}

@test "--touch: none, and more than there are" {
	[ "$policy" != 2 ] || skip 'this machine has overcommit policy 2'
	mm noreserve --size=1G --touch=0
	assert_success
	refute_output --partial write_pages
	mm noreserve --size=2p --touch=100
	assert_success
	assert_equal "$(block 'expect resident(big, touch) == touch' | tail -n 1)" "    ok: $((2 * page))"
}

@test "--touch: what is no number of pages" {
	for touch in -1 65537 4K '' four 99999999999999999999 ' 1'; do
		mm noreserve --touch="$touch"
		assert_failure 2
		assert_line --index 0 "mmtool noreserve: --touch: $touch: not a number of pages from 0 to 65536"
	done
}

@test "--address: a hint, taken or not, and it says which" {
	[ "$policy" != 2 ] || skip 'this machine has overcommit policy 2'
	hint=0x10000000000
	[ "$(word_bits)" -gt 32 ] || hint=0x50000000
	mm noreserve --size=1G --address=$hint
	assert_success
	if [ "$(result_of "big = mmap($hint, size,")" = $hint ]; then
		assert_line '# the hint was taken'
	else
		assert_output --partial '# the hint was not taken: an address without MAP_FIXED is only a hint'
	fi
}

@test "--address: one that cannot be taken" {
	[ "$policy" != 2 ] || skip 'this machine has overcommit policy 2'
	# Beyond what nearly all processors give a process.
	hint=0x7ffffffffffff000
	[ "$(word_bits)" -gt 32 ] || hint=0xffffe000
	mm noreserve --size=1p --address=$hint
	assert_success
	[ "$(result_of "big = mmap($hint, size,")" != $hint ] || skip 'a process may use all addresses here'
	assert_output --partial '# the hint was not taken'
}

@test "it says what differs under each policy" {
	by_default
	for each in 0 1 2; do
		assert_line --regexp "^# policy $each: "
	done
}

@test "--explain says what the flag does, and what it does not" {
	need_policy 0
	mm noreserve --size=1G --explain
	output=$(tr -d '|\n' <<<"$output" | tr -s ' ')
	assert_output --partial 'MAP_NORESERVE keeps the mapping out of the commit account: Committed_AS does not grow.'
	assert_output --partial 'memory is still needed when pages are touched'
}

@test "more than there are addresses is refused with the flag too, and said so" {
	size=4000000T
	[ "$(word_bits)" -gt 32 ] || size=4095M
	! "$MMTOOL" run -q -e "mmap(NULL, $size, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0)" >/dev/null 2>&1 ||
		skip 'a process may use so many addresses here'
	mm noreserve --size=$size
	assert_success
	assert_equal "$(result_of 'big = mmap')" '-1 ENOMEM (Cannot allocate memory)'
}

@test "its script by run prints the same" {
	for what in '' --size=1G '--size=100000 --touch=0' --touch=9 '--address=0x10000000000 --size=2G' --size=1000T; do
		# shellcheck disable=SC2086 # the words are options
		same_as_run noreserve $what
	done
}
