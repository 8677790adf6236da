#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Where the report goes, and what happens when it cannot go there.

load helper/common
load helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

teardown()
{
	end_held
}

# on_terminal COMMAND: what a terminal gets, carriage returns aside, and COMMAND's status.
on_terminal()
{
	need script
	run script -qec "$1" /dev/null </dev/null
	output=${output//$'\r'/}
}

@test "-o writes the same, and nothing to standard output" {
	mm grow --symbolic
	assert_success
	report=$output
	mm grow --symbolic -o out
	assert_success
	assert_output ''
	assert_equal "$(cat out)" "$report"
	mm grow --symbolic --output=out2
	cmp out out2
}

@test "-o replaces what a longer file held" {
	head -c 100000 /dev/zero >out
	mm grow --symbolic -o out
	assert_success
	assert_equal "$(tail -n 1 out)" '8 steps, 3 checks, all as expected'
}

@test "-o that cannot be written: status 3, and why; nothing was performed" {
	for out in . missing/out ''; do
		mm grow -o "$out"
		assert_failure 3
		assert_output --partial "mmtool grow: $out: cannot be opened for writing: "
		refute_output --partial mmap
	done
}

@test "-o that is read, too: it stays as it is, by whatever name" {
	cat /proc/self/maps >maps
	echo 'note "kept"' >script
	"$MMTOOL" grow --format=json >events
	ln -s maps linked
	ln script other
	cp maps maps.before
	cp events events.before
	for words in 'maps maps -o maps' 'maps -o linked maps' 'maps linked --output=./maps' 'diff maps self -o maps' \
		'report events -oevents' 'run -q script -o other' 'run script --format=c -o script'; do
		# shellcheck disable=SC2086
		mm $words
		assert_failure 2
		assert_output --regexp '^mmtool [a-z]+: .*: is read, and cannot be written to \(-o\) at the same time$'
	done
	run bash -c '"$MMTOOL" maps - -o maps <maps'
	assert_failure 2
	cmp maps maps.before
	cmp events events.before
	assert_equal "$(<script)" 'note "kept"'
	# Another file of the same words is none of them, and what is no file neither.
	mm maps maps -o written
	assert_success
	mm maps maps -o /dev/null
	assert_success
}

@test "-o that may not be written" {
	need_root
	: >"$(open_dir)/out"
	chmod 644 "$(open_dir)/out"
	as_nobody "$MMTOOL" grow -o "$(open_dir)/out"
	assert_failure 3
	assert_output --partial 'cannot be opened for writing: Permission denied'
}

@test "-o to a full device: status 3" {
	mm grow -o /dev/full
	assert_failure 3
	assert_output 'mmtool grow: /dev/full: write: No space left on device'
}

@test "once nothing more can be written mmtool ends, and its subject with it" {
	for ((i = 0; i < 3000; i++)); do echo 'note "something to be written"'; done >script
	echo 'repeat 1000000000 { scratch[0] = 1 }' >>script
	run timeout 120 "$MMTOOL" run -o /dev/full script
	assert_failure 3
	assert_output 'mmtool run: /dev/full: write: No space left on device'
	run timeout 120 "$MMTOOL" watch -o /dev/full $$
	assert_failure 3
	assert_output 'mmtool watch: /dev/full: write: No space left on device'
}

@test "a file that takes nothing, and says nothing of it, is not written to for ever" {
	not_sanitized 'its leaks are looked for by ptrace, too'
	need strace
	strace -o probe -e inject=write:retval=0:when=1 true 2>/dev/null || skip 'strace may not trace here'
	run timeout 60 strace -o calls -e inject=write:retval=0:when=1 "$MMTOOL" maps -o out /proc/self/maps
	assert_failure 3
	assert_output 'mmtool maps: out: write: Input/output error'
}

@test "a message is written whole, also where a write is interrupted, is short, or finds no room" {
	not_sanitized 'its leaks are looked for by ptrace, too'
	need strace
	strace -o probe -e inject=write:retval=0:when=1 true 2>/dev/null || skip 'strace may not trace here'
	mm run -e 'a = nonsense('
	assert_failure 2
	whole=$output
	for fault in error=EINTR error=EAGAIN retval=7; do
		run timeout 60 strace -o calls -e "inject=write:$fault:when=1" "$MMTOOL" run -e 'a = nonsense('
		assert_failure 2
		# The 7 bytes went nowhere.
		[ "$fault" != retval=7 ] || whole=${whole:7}
		assert_output "$whole"
	done
	# Where there is never room it is given up.
	run timeout 60 strace -o calls -e "inject=write:error=EAGAIN" "$MMTOOL" run -e 'a = nonsense('
	assert_failure 2
	assert_output ''
}

@test "a message into a full pipe where nobody waits is waited for" {
	need python3
	# It takes 64 KiB; whoever reads does so a while later.
	run timeout 60 python3 -c '
import fcntl, os, subprocess, sys, time
r, w = os.pipe()
fcntl.fcntl(w, fcntl.F_SETFL, os.O_NONBLOCK)
try:
    while True:
        os.write(w, b"x" * 1000)
except BlockingIOError:
    pass
tool = subprocess.Popen(sys.argv[1:], stderr=w)
os.close(w)
time.sleep(0.3)
text = b""
while part := os.read(r, 65536):
    text += part
print(tool.wait(), text.lstrip(b"x").decode())' "$MMTOOL" grow --to=3X
	assert_success
	assert_output --partial '2 mmtool grow: '
}

@test "-o to standard output's own file, /dev/stdout" {
	mm grow --symbolic -o /dev/stdout
	assert_success
	assert_output --partial '8 steps, 3 checks, all as expected'
}

@test "standard output full: status 3 with a message" {
	for command in grow shrink move-fixed reserve-fill noreserve overcommit 'run -e "note 1"' 'grow --format=script' \
		'grow --full' --help --usage --version --describe help 'help grow' 'grow --help' 'why --list' list examples; do
		run bash -c "\"\$MMTOOL\" $command >/dev/full"
		assert_failure 3
		assert_output --regexp '^mmtool[ a-z-]*: standard output: write: No space left on device$'
	done
}

@test "standard output closed: status 3 with a message" {
	for command in grow overcommit 'run -e "note 1"' 'grow --format=script' 'grow --full' --help --version --describe \
		'help grow'; do
		run bash -c "\"\$MMTOOL\" $command >&-"
		assert_failure 3
		assert_output --regexp '^mmtool[ a-z-]*: standard output: write: Bad file descriptor$'
	done
}

@test "standard output full matters only when there is something to say" {
	run bash -c '"$MMTOOL" grow -q >/dev/full'
	assert_success
	run bash -c '"$MMTOOL" grow -o out >/dev/full'
	assert_success
}

@test "standard error closed" {
	run bash -c '"$MMTOOL" grow 2>&-'
	assert_success
	run bash -c '"$MMTOOL" grow --to=0 2>&-'
	assert_failure 2
	run bash -c '"$MMTOOL" grow 2>&- >/dev/full'
	assert_failure 3
}

@test "all three closed: the report is not written into something else" {
	run bash -c '"$MMTOOL" grow <&- >&- 2>&-'
	assert_failure 3
	run bash -c '"$MMTOOL" grow --symbolic -o out <&- >&- 2>&-'
	assert_success
	assert_equal "$(tail -n 1 out)" '8 steps, 3 checks, all as expected'
}

@test "standard input closed" {
	mm grow --symbolic
	report=$output
	run bash -c '"$MMTOOL" grow --symbolic <&-'
	assert_success
	assert_output "$report"
	run bash -c '"$MMTOOL" grow --symbolic --step <&- 2>/dev/null'
	assert_success
	assert_output "$report"
}

@test "into head -1: no noise" {
	run --separate-stderr bash -c '"$MMTOOL" grow --full | head -n 1; exit "${PIPESTATUS[1]}"'
	assert_success
	assert_equal "${#lines[@]}" 1
	[ -z "$stderr" ] || fail "$stderr"
}

@test "a reader that has gone: it dies of SIGPIPE, and says nothing" {
	mkfifo pipe
	for command in grow 'grow --full' 'grow --format=script' --help --describe 'grow --help' overcommit; do
		# Both ends are open before the reader goes and the writer begins.
		run --separate-stderr bash -c "exec 8<>pipe 9>pipe; exec 8<&-; \"\$MMTOOL\" $command >&9"
		assert_failure 141
		[ -z "$stderr" ] || fail "$stderr"
	done
}

@test "a reader that has gone, and SIGPIPE ignored: the same" {
	mkfifo pipe
	for command in grow --help 'help grow' 'why --list' list; do
		run --separate-stderr bash -c "trap '' PIPE; exec 8<>pipe 9>pipe; exec 8<&-; \"\$MMTOOL\" $command >&9"
		assert_failure 141
		[ -z "$stderr" ] || fail "$stderr"
	done
}

@test "a reader that goes in the middle of a long report" {
	run --separate-stderr bash -c '"$MMTOOL" run -e "
		a = mmap(NULL, 1p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		repeat 3 { repeat 3 { repeat 3 { repeat 3 { munmap(a, 1p); mmap(a, 1p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) }}}}
		" --full | head -n 3; exit "${PIPESTATUS[0]}"'
	assert_failure 141
	assert_equal "${#lines[@]}" 3
	[ -z "$stderr" ] || fail "$stderr"
}

@test "without a terminal" {
	need setsid
	run setsid -w "$MMTOOL" grow </dev/null
	assert_success
	refute_output --partial $'\e'
	# --step finds no /dev/tty when standard input is the script.
	run setsid -w bash -c 'echo "note 1" | "$MMTOOL" run - --step'
	assert_success
	assert_output --partial '# 1'
}

@test "LANG=C and UTF-8: the same bytes" {
	mm grow --blocked --symbolic
	report=$output
	for locale in C C.UTF-8 POSIX tlh_QX.ISO-8859-1; do
		run env LC_ALL=$locale LANG=$locale "$MMTOOL" grow --blocked --symbolic
		assert_success
		assert_output "$report"
	done
}

@test "UTF-8 in names comes through, bytes that are none do not" {
	printf x >$'Gr\xc3\xbc\xc3\x9fe'
	mm grow --file=$'Gr\xc3\xbc\xc3\x9fe' --symbolic
	assert_success
	assert_line --partial $'Gr\xc3\xbc\xc3\x9fe, private file mapping'
	printf x >$'\xff\xfe' 2>/dev/null || skip 'this file system refuses names that are not UTF-8'
	run "$MMTOOL" grow --file=$'\xff\xfe' --symbolic
	assert_success
	run grep -c $'\xff' <<<"$output"
	assert_output 0
}

@test "no environment at all" {
	run env -i "$MMTOOL" grow --symbolic
	assert_success
	report=$output
	mm grow --symbolic
	assert_output "$report"
}

@test "colour: not into a file, and --color=always" {
	mm grow
	refute_output --partial $'\e'
	mm grow --color=auto
	refute_output --partial $'\e'
	mm grow --color=always
	assert_output --partial $'\e[31m- '
	assert_output --partial $'\e[32m+ '
	assert_output --partial $'\e[1ma = mmap('
}

@test "colour: it adds nothing but colour" {
	mm grow --symbolic
	plain=$output
	mm grow --symbolic --color=always
	assert_equal "$(sed 's/\x1b\[[0-9;]*m//g' <<<"$output")" "$plain"
	# Every line ends as it began.
	run awk '/\033\[/ && !/\033\[0m$/' <<<"$output"
	assert_output ''
}

@test "colour: on a terminal" {
	TERM=xterm on_terminal '"$MMTOOL" grow'
	assert_success
	assert_output --partial $'\e[32m+ '
	TERM=xterm on_terminal '"$MMTOOL" grow --color=never'
	refute_output --partial $'\e['
}

@test "colour: never with NO_COLOR, save where it is asked for" {
	TERM=xterm NO_COLOR=1 on_terminal '"$MMTOOL" grow'
	assert_success
	refute_output --partial $'\e['
	TERM=xterm NO_COLOR='' on_terminal '"$MMTOOL" grow'
	assert_output --partial $'\e['
	NO_COLOR=1 mm grow --color=always
	assert_output --partial $'\e['
}

@test "colour: not on a dumb terminal, and not into -o from a terminal" {
	TERM=dumb on_terminal '"$MMTOOL" grow'
	refute_output --partial $'\e['
	TERM=xterm on_terminal '"$MMTOOL" grow -o out'
	assert_equal "$(grep -c $'\e' out)" 0
}

@test "--symbolic: twice the same bytes, for all commands" {
	policy_lock -s
	printf x >file
	for command in grow 'grow --blocked' 'grow --room' 'grow --shared' 'grow --file=file' 'grow --in-place' shrink move-fixed \
		'move-fixed --onto=occupied' 'move-fixed --mistake=overlap' reserve-fill 'reserve-fill --file=file' \
		noreserve 'noreserve --size=1G' overcommit 'overcommit --try=1M'; do
		# shellcheck disable=SC2086 # the words are a command
		mm $command --symbolic --explain
		assert_success
		report=$output
		# shellcheck disable=SC2086
		mm $command --symbolic --explain
		assert_output "$report"
	done
}

@test "--symbolic --full: twice the same bytes, for all commands" {
	not_sanitized 'the runtime of the sanitizer lays out its memory at random'
	policy_lock -s
	for command in grow 'grow --shared' shrink move-fixed reserve-fill noreserve; do
		# Libraries that are aligned to huge pages leave holes of random sizes between them.
		# shellcheck disable=SC2086 # the words are a command
		run unmoved "$MMTOOL" $command --symbolic --full
		assert_success
		report=$output
		# shellcheck disable=SC2086
		run unmoved "$MMTOOL" $command --symbolic --full
		assert_output "$report"
	done
}

@test "--symbolic: no address" {
	for command in grow 'grow --blocked' shrink move-fixed reserve-fill; do
		# shellcheck disable=SC2086 # the words are a command
		mm $command --symbolic
		refute_output --regexp '0x[0-9a-f]{5}'
		refute_output --regexp '[0-9a-f]{8}-[0-9a-f]{8}'
	done
}

@test "--full: the whole maps before and after, and what changed is marked" {
	mm grow --full
	assert_success
	assert_line --index 0 '    at the start:'
	assert_equal "$(block 'a = mremap' | grep -c '^    \(before\|after\):$')" 2
	[ "$(block 'a = mremap' | grep -c '\[stack\]')" -eq 2 ]
	assert_equal "$(changed - 'a = mremap' | pages_of)" 1
	assert_equal "$(changed + 'a = mremap' | pages_of)" 4
}

@test "--full: each map begins as the one before it ended" {
	for command in 'grow --blocked' shrink move-fixed reserve-fill; do
		# shellcheck disable=SC2086 # the words are a command
		mm $command --full
		awk '/^    (before|after|at the start):$/ { n++; next } /^    [0-9a-f]+-[0-9a-f]+ / || /^  [-+] / { print n, substr($0, 5) }' \
			<<<"$output" >maps
		last=$(tail -n 1 maps | cut -d' ' -f1)
		[ "$last" -ge 5 ]
		for ((n = 1; n < last; n += 2)); do
			assert_equal "$(sed -n "s/^$((n + 1)) //p" maps)" "$(sed -n "s/^$n //p" maps)"
		done
	done
}

@test "--full: in the end the maps are as at the start" {
	for command in grow 'grow --blocked' 'grow --room' 'grow --shared' shrink move-fixed 'move-fixed --mistake=zero' reserve-fill; do
		# shellcheck disable=SC2086 # the words are a command
		mm $command --full
		awk '/^    (before|after|at the start):$/ { n++; next } /^    [0-9a-f]+-[0-9a-f]+ / || /^  [-+] / { print >("map" n) }' <<<"$output"
		cmp map1 "$(ls -v map* | tail -n 1)"
		rm map*
	done
}

@test "-q: nothing when all is as expected" {
	for command in grow 'grow --blocked' shrink move-fixed reserve-fill 'run -e "note 1"' 'grow --full' 'grow --explain'; do
		run bash -c "\"\$MMTOOL\" $command -q"
		assert_success
		assert_output ''
	done
}

@test "-q: only what failed" {
	mm run -q -e 'expect 1 == 1; note "no"; x = 2; expect x == 3, "wrong"; note "never"'
	assert_failure 1
	assert_output - <<-'END'
		expect x == 3, "wrong"
		    FAILED: wrong
		      x = 2
		      3 = 3

		3 steps, 2 checks, 1 failed, at line 1
	END
	mm run -q -e 'require 1 == 2, "why"'
	assert_failure 77
	assert_output 'unsupported here: why'
}

@test "--format=script: the script, and nothing is performed" {
	mm grow --format=script
	assert_success
	assert_line 'a = mremap(a, 1p, 4p, MREMAP_MAYMOVE)'
	refute_output --partial '    '
	mm grow --file=/nowhere/at/all --format=script
	assert_success
}

@test "--format=script: the printed script is the same whatever the report would be" {
	mm grow --format=script
	script=$output
	mm grow --format=script --full --symbolic --explain -q --color=always
	assert_output "$script"
	mm grow --format=script -o out
	assert_output ''
	assert_equal "$(cat out)" "$script"
}

@test "--step: a prompt before each statement, on standard error, with the pid" {
	hold grow
	[ "$(<"/proc/$subject/comm")" = "$(<"/proc/$tool/comm")" ]
	for ((i = 1; i < 8; i++)); do enter; done
	let_go
	assert_success
	assert_equal "$(count_prompts)" 8
	assert_equal "$(grep -o 'next: .*' err | head -n 1)" 'next: a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)'
	assert_equal "$(grep -o '\[pid [0-9]*\]' err | sort -u)" "[pid $subject]"
	refute_output --partial next:
}

@test "--step: what was done is shown before the next prompt" {
	hold grow
	[ ! -s out ]
	enter
	grep -q '^    a is new' out
	run ! grep '^strcpy' out
	enter
	grep -q '^strcpy' out
}

@test "--step from a pipe: a line is a step, and at its end it goes on without waiting" {
	run --separate-stderr bash -c 'printf "\n\n" | "$MMTOOL" grow --step --symbolic'
	assert_success
	assert_equal "$(grep -o '\[pid [0-9]*\] next: ' <<<"$stderr" | wc -l)" 3
	with=$output
	mm grow --symbolic
	assert_output "$with"
}

@test "--step: text before Enter is no more than a step" {
	run --separate-stderr bash -c 'printf "yes please\nmore" | "$MMTOOL" grow --step'
	assert_success
	assert_equal "$(grep -o '\[pid [0-9]*\] next: ' <<<"$stderr" | wc -l)" 2
}

@test "--step of a script from standard input reads the terminal" {
	need script
	printf 'note 1\nx = 2\nexpect x == 2\n' >script
	run script -qec '"$MMTOOL" run - --step <script 2>err' /dev/null < <(printf '\n\n\n'; sleep 1)
	assert_success
	assert_equal "$(count_prompts)" 2
}

@test "--symbolic: why, and what was found instead, tell no address or ID that another run finds otherwise" {
	while IFS= read -r script; do
		for format in text tap; do
			mm run --symbolic --keep-going --explain --format=$format -e "$script"
			before=$output
			mm run --symbolic --keep-going --explain --format=$format -e "$script"
			assert_output "$before"
		done
	done <<-'END'
		h = hole(4p); mremap(h, 1p, 2p, MREMAP_MAYMOVE)
		h = hole(4p); munmap(h + 1, 1p); mlock(h, 1p) = 0
		h = hole(4p); memset(h + 1p, 0, 1)
		brk(0) = 4096
		brk(4096)
		brk(0) = -1
		c = fork() = -1
		x = shmget(IPC_PRIVATE, 1p, 0600) = 12
	END
	mm run --symbolic -e 'h = hole(4p); x = mremap(h, 1p, 2p, MREMAP_MAYMOVE) = ?; munmap(0x20001, 1p) = ?'
	assert_line '    why: EFAULT: nothing is mapped at old_address, *'
	assert_line --partial '0x20001 is 1 byte past'
}
