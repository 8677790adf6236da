#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# run: scripts from files, from standard input and from the command line, and how they end.

load ../helper/common
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
	map='mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)'
}

# script NAME LINE...: a file of these lines.
script()
{
	printf '%s\n' "${@:2}" >"$1"
}

@test "a file" {
	script one.mmt "a = $map" 'expect perms(a) == "rw-p"'
	mm run one.mmt
	assert_success
	assert_line "a = $map"
	assert_line '    ok: "rw-p"'
	assert_line '2 steps, 1 check, all as expected'
}

@test "standard input is -" {
	run "$MMTOOL" run - <<<'expect page > 0'
	assert_success
	assert_line '1 step, 1 check, all as expected'
}

@test "standard input that is closed is said to be" {
	run bash -c '"$MMTOOL" run - <&-'
	assert_failure 2
	assert_output --partial 'mmtool run: -: cannot be read'
}

@test "-e: statements" {
	mm run -e "a = $map; a[0] = 'x'; expect a[0] == 'x'"
	assert_success
	assert_line '3 steps, 1 check, all as expected'
}

@test "a script may begin with #!" {
	script one.mmt "#!$MMTOOL run" 'expect 1 == 1'
	chmod +x one.mmt
	run env PATH="${MMTOOL%/*}:$PATH" ./one.mmt
	assert_success
}

@test "several: one after another, each with its name in the verdict" {
	script one.mmt 'expect 1 == 1'
	script two.mmt 'expect 2 == 2'
	mm run one.mmt -e 'expect 3 == 3' two.mmt
	assert_success
	run grep 'all as expected' <<<"$output"
	assert_output $'one.mmt: 1 step, 1 check, all as expected\n-e: 1 step, 1 check, all as expected\ntwo.mmt: 1 step, 1 check, all as expected'
}

@test "several: each has a fresh process to itself" {
	mm run -e "note getpid(); a = $map" -e 'note getpid(); expect page == page' -e 'note getpid()'
	assert_success
	assert_equal "$(grep -c '^# [0-9]*$' <<<"$output")" 3
	assert_equal "$(grep '^# [0-9]*$' <<<"$output" | sort -u | wc -l)" 3
	mm run -e "a = $map" -e 'expect a == 1'
	assert_failure 2
}

@test "several: each begins with the same maps" {
	mm run --full --symbolic -e "a = $map" -e "a = $map"
	assert_success
	awk '/^    at the start:/ { n++; on = 1 } /^$/ { on = 0 } on { print >("start" n) }' <<<"$output"
	diff start1 start2
	[ "$(wc -l <start1)" -gt 5 ]
}

@test "several: the worst outcome is the status" {
	mm run -e 'require kernel 99.0' -e 'expect 1 == 1'
	assert_failure 77
	mm run -e 'require kernel 99.0' -e 'expect 1 == 2' -e 'expect 1 == 1'
	assert_failure 1
	assert_output --partial '-e 3: 1 step, 1 check, all as expected'
}

@test "a check that fails: both sides, the line, status 1, and nothing after it" {
	script one.mmt 'x = 1' '' 'expect x == 2, "one is two"' 'note "never"'
	mm run one.mmt
	assert_failure 1
	assert_line '    FAILED: one is two'
	assert_line '      x = 1'
	assert_line '      2 = 2'
	assert_line '2 steps, 1 check, 1 failed, at line 3'
	refute_output --partial never
}

@test "a check that fails: a fault and an error by their names, beside anything" {
	mm run -e 'expect fault(NULL[0]) == 0'
	assert_line '      fault(NULL[0]) = SEGV_MAPERR'
	assert_line '      0              = no fault'
	mm run -e 'c = fault(NULL[0]); expect c == SEGV_ACCERR'
	assert_line '      c           = SEGV_MAPERR'
	assert_line '      SEGV_ACCERR = SEGV_ACCERR'
	mm run -e 'munmap(NULL, 0) = ?; expect errno == 0'
	assert_line '      errno = EINVAL'
	assert_line '      0     = 0'
}

@test "a wait that comes out otherwise: both signals by their names" {
	mm run -e 'c = fork(); in c { memset(NULL, 0, 1) = ? }; wait(c) = SIGKILL'
	assert_failure 1
	assert_line '    FAILED: wait was expected to return SIGKILL; it returned SIGSEGV'
	mm run -e 'c = fork(); wait(c) = SIGKILL'
	assert_failure 1
	assert_line '    FAILED: wait was expected to return SIGKILL; it returned 0'
}

@test "a call that comes out otherwise: status 1, and how it came out" {
	mm run -e 'munmap(NULL, 0) = 0'
	assert_failure 1
	assert_line '    FAILED: munmap was expected to return 0; it returned -1 EINVAL'
	mm run -e 'munmap(NULL, 0)'
	assert_failure 1
	assert_line '    FAILED: munmap failed: -1 EINVAL'
	mm run -e "a = $map; munmap(a, 1p) = -1 EINVAL"
	assert_failure 1
	assert_line '    FAILED: munmap was expected to return -1 EINVAL; it returned 0'
}

@test "an access that faults kills the process with the real signal: status 1" {
	mm run -e "a = $map; munmap(a, 1p); a[0] = 1; note \"never\""
	assert_failure 1
	assert_output --partial 'SIGSEGV, SEGV_MAPERR at '
	assert_output --partial '    the process was killed by it'
	refute_output --partial never
}

@test "what cannot be done here: status 77, with the reason" {
	mm run -e 'require kernel 99.1'
	assert_failure 77
	assert_output --partial 'unsupported here: needs Linux 99.1'
	mm run -e 'require 1 == 2, "one must be two"'
	assert_failure 77
	assert_output 'unsupported here: one must be two'
}

@test "a mistake in a script: its place, status 2, and nothing was run" {
	script bad.mmt "a = $map" 'b = a + nope' 'munmap(a)'
	mm run bad.mmt
	assert_failure 2
	assert_line --index 0 --partial "bad.mmt:2:9: unknown name 'nope'"
	assert_line --index 1 'b = a + nope'
	assert_line --index 2 '        ^'
	refute_output --partial 'mmap(NULL'
	assert_line --regexp '^bad.mmt:3:[0-9]+: '
}

@test "a mistake in the last of several: nothing of any was run" {
	script good.mmt 'note "was run"'
	script bad.mmt 'frobnicate(1)'
	run --separate-stderr "$MMTOOL" run good.mmt bad.mmt
	assert_failure 2
	assert_output ''
	[[ $stderr == bad.mmt:1:1:* ]]
}

@test "a file that cannot be read: status 2, and nothing was run" {
	script good.mmt 'note "was run"'
	for bad in missing . ''; do
		mm run good.mmt "$bad"
		assert_failure 2
		assert_output --regexp "mmtool run: $bad: cannot be (opened|read): "
		refute_output --partial 'was run'
	done
}

@test "no script: status 2" {
	mm run
	assert_failure 2
	assert_line --index 0 "mmtool run: no script given (try a FILE, - for standard input, or -e 'STATEMENTS')"
}

@test "names and bytes of a script do not reach the terminal as controls" {
	mm run -e $'note "a\e[31mb"'
	[[ $output != *$'\e'* ]]
	printf 'a = \0\n' >$'x\e[31m.mmt'
	mm run $'x\e[31m.mmt'
	assert_failure 2
	[[ $output != *$'\e'* ]]
}

@test "an empty script is right" {
	: >empty
	mm run empty
	assert_success
	assert_output '0 steps, nothing was called or checked'
}

@test "a script without a newline at its end" {
	printf 'expect 1 == 1' >one
	mm run one
	assert_success
	assert_line '1 step, 1 check, all as expected'
}

@test "a long script" {
	for ((i = 0; i < 3000; i++)); do echo "expect $i == $i"; done >long
	mm run long -q
	assert_success
	assert_output ''
	echo 'expect 0 == 1' >>long
	mm run long -q
	assert_failure 1
	assert_output --partial '1 failed, at line 3001'
}

@test "passes after the third are summed up in one line" {
	mm run -e 'repeat 100 as i { expect i < 100 }'
	assert_success
	assert_equal "$(grep -c '^expect' <<<"$output")" 3
	assert_line '... 97 more passes, all as expected'
}

@test "fork, in and wait" {
	mm run -e "a = $map; c = fork(); in c { a[0] = 7; expect a[0] == 7 }; expect a[0] == 0; in c { memset(NULL, 0, 1) = ? }; wait(c) = SIGSEGV"
	assert_success
	assert_line '[c] a[0] = 7'
	assert_line '    it was killed by SIGSEGV'
}

@test "--symbolic: pids, frames and counters do not show" {
	for ((i = 0; i < 2; i++)); do
		mm run --symbolic -e "a = $map; a[0] = 1; f = pfn(a); p = getpid(); m = minflt(); r = meminfo(\"MemFree\"); note f, p, r; c = fork(); note c; expect p != c"
		assert_success
		printf '%s\n' "$output" >"run$i"
	done
	diff run0 run1
	assert_line '# * * *' || assert_line '# 0 (hidden from this user) * *'
}

@test "--symbolic: a difference of two counters is as steady as the script" {
	mm run --symbolic -e "a = $map; m = minflt(); a[0] = 1; n = minflt() - m; expect n == 1"
	assert_success
	assert_equal "$(block 'm = ' | tail -n 1) $(block 'n = ' | tail -n 1)" '    = *     = 1'
}

@test "--symbolic: an address that nobody holds any more" {
	mm run --symbolic -e "a = $map; old = a; munmap(a, 1p); b = old; expect b == old; expect b != 1"
	assert_success
	refute_output --regexp '[0-9]{9}'
}

@test "--symbolic: what lies beyond [vsyscall] is not told from it" {
	run "$MMTOOL" run --symbolic -e 'munmap(-1p, 1p) = ?'
	assert_success
	assert_line --regexp '^    munmap\(0xf+[0-9a-f]*000, [0-9]+\) = -1 EINVAL'
}

@test "an access that makes a mapping grow is told wherever it stands" {
	script='h = hole(600p); g = mmap(h + 590p, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_GROWSDOWN|MAP_FIXED_NOREPLACE, -1, 0)
		expect fault((g - 2p)[0] = 1) == 0; x = fault((g - 4p)[0] = 1); expect fault(g[1p]) != 0'
	run "$MMTOOL" run --symbolic -e "$script"
	assert_success
	assert_line "    the mapping that holds g grew downwards from $((page / 1024))K to $((3 * page / 1024))K"
	assert_line "    the mapping that holds g grew downwards from $((3 * page / 1024))K to $((5 * page / 1024))K"
	"$MMTOOL" run --format=json -e "$script" >grown
	"$MMTOOL" report --format=json grown | cmp - grown
}

@test "a script without an end is refused, and not read for ever" {
	run "$MMTOOL" run - </dev/zero
	assert_failure 2
	assert_output 'mmtool run: -: cannot be read: File too large'
	mm run /dev/zero
	assert_failure 2
	run "$MMTOOL" shell </dev/zero
	assert_failure 3
	assert_output 'mmtool shell: standard input: cannot be read: File too large'
}
