#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# oom: the OOM killer, in a cgroup of its own.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

teardown()
{
	end_held
}

# oom ARG...: runs it; skips the test where this machine or user can have no cgroup.
oom()
{
	mm oom "$@"
	[ "$status" -ne 77 ] || skip "$(tail -n 1 <<<"$output")"
	assert_success
}

# outcome START: the last line of the check.
outcome()
{
	block "$1" | tail -n 1
}

# cgroups_of PID: the cgroups that mmtool of that pid, or a C program, has made and not removed.
cgroups_of()
{
	find /sys/fs/cgroup -type d -name "mmtool-$1*" 2>/dev/null
}

no_cgroup_of()
{
	[ -z "$(cgroups_of "$1")" ]
}

has_cgroup_of()
{
	[ -n "$(cgroups_of "$1")" ]
}

@test "touch: mmap succeeds, a store is the last, SIGKILL, and the kernel counts it" {
	oom
	assert_equal "$(outcome 'expect resident(a, size) == 0')" '    ok: 0'
	assert_equal "$(outcome 'expect done == -1')" '    ok: -1'
	assert_equal "$(outcome 'wait(child) = SIGKILL')" '    it was killed by SIGKILL'
	assert_equal "$(outcome 'expect oom_kills() == 1')" '    ok: 1'
	assert_equal "$(outcome 'expect zero(a, 1p)')" '    ok'
	had=$(sed -n 's/^# \([0-9]*\) KiB were resident .*/\1/p' <<<"$output")
	[ "$had" -gt 16384 ] && [ "$had" -lt 32768 ]
}

@test "lock: mlock does not return, and locked pages are no shelter" {
	oom --how=lock
	block '[child] done = mlock(a, size)' | grep -q 'killed by SIGKILL'
	assert_equal "$(outcome '[other] expect status("VmLck")')" "    ok: $((16 << 20))"
	assert_equal "$(outcome 'wait(other) = SIGKILL')" '    it was killed by SIGKILL'
	assert_equal "$(outcome 'expect oom_kills() == 2')" '    ok: 2'
}

@test "--explain says what the limit is, and who was killed" {
	oom --explain
	block 'cgroup(limit)' | tr -s '\n| ' ' ' | grep -q 'gives 32M and no swap'
	block 'wait(child) = SIGKILL' | tr -s '\n| ' ' ' | grep -q 'limit of 32M there was none left'
}

@test "another limit: so much more is resident when it comes" {
	oom --limit=64M
	had=$(sed -n 's/^# \([0-9]*\) KiB were resident .*/\1/p' <<<"$output")
	[ "$had" -gt 32768 ] && [ "$had" -lt 65536 ]
}

@test "twenty in a row, and no cgroup is left" {
	oom
	for _ in {1..20}; do
		"$MMTOOL" oom -q >out 2>&1 3>&- &
		tool=$!
		wait $tool || fail "$(cat out)"
		no_cgroup_of $tool || fail "left: $(cgroups_of $tool)"
	done
}

@test "killed at any moment, mmtool leaves no cgroup and no process" {
	oom
	for i in {0..29}; do
		signal=KILL
		[ $((i % 3)) -ne 0 ] || signal=TERM
		"$MMTOOL" oom --how=lock >/dev/null 2>&1 3>&- &
		tool=$!
		sleep "$(printf '0.%03d' $((i * 3)))"
		kill -$signal $tool 2>/dev/null || true
		wait $tool 2>/dev/null || true
		soon no_cgroup_of $tool
	done
}

@test "killed while it waits, mmtool leaves no cgroup and no process" {
	oom
	for signal in KILL TERM HUP; do
		hold oom
		for _ in {1..4}; do enter; done
		has_cgroup_of "$tool"
		grep -q "mmtool-$tool-" "/proc/$subject/cgroup"
		grep -q "mmtool-$tool-" "/proc/$tool/cgroup" && fail 'mmtool itself is in it'
		kill -$signal "$tool"
		wait "$tool" 2>/dev/null || true
		exec 9>&-
		soon no_cgroup_of "$tool"
		soon gone "$subject"
	done
}

@test "what is left where both mmtool and its keeper were killed, the next one removes" {
	need_root
	need strace
	strace -f -o probe true 2>/dev/null || skip 'strace may not trace here'
	not_sanitized 'LeakSanitizer does not work under strace'
	oom
	strace -f -qq -e 'trace=?mkdir,mkdirat' -o trace "$MMTOOL" oom >/dev/null
	group=$(sed -n 's/.*mkdir[at]*(.*"\(.*\/mmtool-[0-9]*-[0-9a-f]*\)".* = 0$/\1/p' trace | tail -n 1)
	[ -n "$group" ] || skip 'strace does not show the cgroup'
	parent=${group%/*}
	true &
	gone=$!
	wait "$gone"
	mkdir "$parent/mmtool-$gone-0123abcd" "$parent/mmtool-$$-0123abcd" "$parent/mmtool-$gone-of-others"
	mm oom
	left=$(cd "$parent" && echo mmtool-*-0123abcd mmtool-*-of-others)
	rmdir "$parent/mmtool-$gone-0123abcd" 2>/dev/null || true
	rmdir "$parent/mmtool-$$-0123abcd" "$parent/mmtool-$gone-of-others"
	assert_success
	assert_equal "$left" "mmtool-$$-0123abcd mmtool-$gone-of-others"
}

@test "a cgroup that cannot be removed is told, with the call" {
	need_root
	oom
	failing -f -e 'inject=?rmdir,?unlinkat:error=EPERM' "$MMTOOL" oom -q
	left=$(sed -n "s/^mmtool oom: rmdir: the script's cgroup is left: \(.*\): Operation not permitted\$/\1/p" <<<"$output")
	[ -n "$left" ] || fail "$output"
	rmdir "$left"
	assert_failure 3
	failing -f -e 'inject=?rmdir,?unlinkat:error=EPERM:when=1..2' "$MMTOOL" oom -q
	[[ $output != *strace* ]] || skip 'this strace knows no such range'
	assert_success
}

@test "only where the cgroup could not be made it is said that this user may not" {
	oom
	for fault in '-e inject=getrandom:error=EPERM' '-P /proc/self/mountinfo -e inject=?open,openat:error=EACCES' \
		'-P /proc/self/cgroup -e inject=?open,openat:error=EACCES'; do
		# shellcheck disable=SC2086 # several words
		failing -f $fault "$MMTOOL" oom -q
		[ "$status" -ne 0 ] || continue
		assert_output --partial 'there can be no memory cgroup: '
		refute_output --partial 'may not'
		refute_output --partial 'try as root'
	done
	failing -f -e 'inject=?mkdir,mkdirat:error=EPERM' "$MMTOOL" oom --format=tap
	assert_output --partial 'may not make one'
}

# cramped COMMAND...: runs it, as bats' run does, in a cgroup that is limited to less than the experiment's.
cramped()
{
	local around i

	need_root
	around=$(awk -F: '$2 == "memory" { print $3 }' /proc/self/cgroup)
	[ -n "$around" ] && [ -d "/sys/fs/cgroup/memory$around" ] || skip 'the memory controller is not of version 1 here'
	around=$(mktemp -d "/sys/fs/cgroup/memory${around%/}/mmtool-test-XXXXXX")
	echo 24M >"$around/memory.limit_in_bytes"
	run sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh "$around" "$@"
	# What removes the one within may still be in it.
	for ((i = 0; i < 250; i++)); do
		! rmdir "$around" 2>/dev/null || return 0
		sleep 0.02
	done
	fail "left: $around"
}

@test "a cgroup around it that is limited to less: unsupported, and nobody is killed" {
	oom
	cramped "$MMTOOL" oom
	assert_failure 77
	assert_line --partial 'there can be no memory cgroup: a cgroup'
	refute_line --partial 'mmap('
}

@test "the same as a C program" {
	need_compiler
	oom
	emit oom
	build "${compilers[0]}" 2
	cramped ./program
	assert_failure 77
	assert_output --partial 'a cgroup around it is limited to less'
}

@test "an ordinary user is told why not, with status 77, and nothing was touched" {
	as_nobody "$MMTOOL" oom
	[ "$status" -ne 0 ] || skip 'here an ordinary user has a cgroup of its own'
	assert_failure 77
	assert_line --regexp '^unsupported here: cgroup: there can be no memory cgroup: .'
	refute_line --partial 'write_pages'
	refute_line --partial 'mmap('
}

@test "a limit that is too small, too large or none is refused, and another word" {
	mm oom --limit=1M
	assert_failure 2
	assert_line --index 0 'mmtool oom: --limit: 1M: at least 16M, since the processes themselves need some'
	mm oom --limit=1G
	assert_failure 2
	assert_line --index 0 'mmtool oom: --limit: 1G: at most 256M, since every page of it is touched'
	mm oom --limit=0
	assert_failure 2
	mm oom --how=wish
	assert_failure 2
	assert_line --index 0 'mmtool oom: --how: wish: not a choice (try touch or lock)'
}

@test "a limit of no whole pages" {
	oom --limit=20000001
	assert_equal "$(outcome 'expect oom_kills() == 1')" '    ok: 1'
	oom --limit=20000001 --how=lock
	assert_equal "$(outcome 'expect oom_kills() == 2')" '    ok: 2'
}

@test "a stack of 32 KiB is enough" {
	not_sanitized 'the stack of its functions is larger'
	[ "$(getconf PAGESIZE)" -eq 4096 ] || skip 'pages are large here, and the stack would have few'
	oom -q
	for _ in {1..6}; do
		run env -i "$BASH" -c 'ulimit -s 32; exec "$0" oom -q' "${MMTOOL_OBSERVED-$MMTOOL}"
		assert_success
	done
}

@test "as a script and as a C program it does the same, and leaves nothing" {
	need_compiler
	oom
	for how in touch lock; do
		same_as_run oom --how=$how
		same oom --how=$how
		./program >/dev/null 3>&- &
		tool=$!
		wait $tool
		soon no_cgroup_of $tool
	done
}

@test "as a C program of an ordinary user it says why not" {
	need_compiler
	as_nobody "$MMTOOL" oom
	[ "$status" -eq 77 ] || skip 'here an ordinary user has a cgroup of its own'
	emit oom
	build "${compilers[0]}" 2
	cp program "$(open_dir)/program"
	chmod 755 "$(open_dir)/program"
	as_nobody "$(open_dir)/program"
	assert_failure 77
	assert_line --partial 'unsupported: '
}

@test "cgroup() and oom_kills() in a script of one's own" {
	oom
	mm run - <<'END'
cgroup(512K) = -1 EINVAL
cgroup(32M)
expect oom_kills() == 0
cgroup(32M)
END
	assert_success
	mm run - <<<'expect oom_kills() == 0'
	assert_failure 1
	assert_line --partial 'oom_kills: the script has no cgroup of its own:'
	mm run - <<<'cgroup(32M); cgroup(16M)'
	assert_failure 1
	assert_line --partial 'cgroup: the script has one already, with a limit of 33554432 bytes'
	mm run --inject=cgroup:EPERM - <<<'cgroup(32M) = -1 EPERM'
	assert_success
}
