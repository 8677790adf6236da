#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The process that performs a script: what it has, what it shows, and that it never outlives the tool.

load helper/common
load helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
	map='mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)'
}

teardown()
{
	end_held
}

# descriptors PID: each with what it refers to.
descriptors()
{
	local fd

	for fd in "/proc/$1/fd/"*; do
		echo "${fd##*/} $(readlink "$fd")"
	done | sort -n
}

# busy STATEMENT...: a tool in the background whose subject takes long over the last of these; $tool and $subject.
busy()
{
	printf '%s\n' "$@" >busy.mmt
	env --default-signal=INT,QUIT "$MMTOOL" run busy.mmt -o out </dev/null 3>&- &
	tool=$!
	soon child_of "$tool"
	soon working "$subject"
}

# child_of PID: sets $subject to its only child.
child_of()
{
	subject=$(cat "/proc/$1/task/$1/children" 2>/dev/null) || subject=
	subject=${subject%% *}
	[ -n "$subject" ]
}

# working PID: it has computed for a while.
working()
{
	local stat

	stat=$(cat "/proc/$1/stat") || fail 'it ended too early'
	stat=${stat##*) }
	# shellcheck disable=SC2086 # the words are fields: utime and stime are the 12th and 13th after the name
	set -- $stat
	[ $((${12} + ${13})) -ge 5 ]
}

@test "its descriptors: 0 to 2 are /dev/null, and its socket is far from a script's" {
	hold grow
	run descriptors "$subject"
	assert_equal "${#lines[@]}" 4
	assert_line --index 0 '0 /dev/null'
	assert_line --index 1 '1 /dev/null'
	assert_line --index 2 '2 /dev/null'
	assert_line --index 3 --regexp '^[0-9]+ socket:'
	top=${lines[3]%% *}
	[ "$top" -gt 100 ] || [ "$top" -eq $(($(ulimit -n) - 1)) ]
}

@test "a script's first descriptor is 3" {
	mm run -e 'open("/dev/null", O_RDONLY) = 3; open("/dev/null", O_RDONLY) = 4; close(3) = 0; memfd_create("x", 0) = 3'
	assert_success
	mm reserve-fill
	assert_equal "$(result_of 'fd = memfd_create')" 3
}

@test "nothing is inherited: descriptors" {
	: >open
	exec 5<open 6>>open
	hold grow
	exec 5<&- 6>&-
	run descriptors "$subject"
	refute_output --partial "$PWD/open"
	assert_equal "${#lines[@]}" 4
}

@test "nothing is inherited: the session, the terminal, the right to gain privileges" {
	hold grow
	assert_equal "$(sed 's/.*) //' "/proc/$subject/stat" | cut -d' ' -f3)" "$subject"
	assert_equal "$(sed 's/.*) //' "/proc/$subject/stat" | cut -d' ' -f4)" "$subject"
	assert_equal "$(sed 's/.*) //' "/proc/$subject/stat" | cut -d' ' -f5)" 0
	assert_equal "$(awk '/^NoNewPrivs/ { print $2 }' "/proc/$subject/status")" 1
	assert_equal "$(awk '/^Seccomp:/ { print $2 }' "/proc/$subject/status")" 2
}

@test "no heap, and nothing of the tool's in its maps" {
	# Without, what follows the program's data is the heap's place, and called so.
	need_randomized
	not_sanitized 'the runtime of the sanitizer has a heap of its own'
	hold grow
	for ((i = 1; i < 8; i++)); do
		run cat "/proc/$subject/maps"
		refute_output --partial '[heap]'
		[ $i -eq 7 ] || enter
	done
	grep -q '\[heap\]' "/proc/$tool/maps"
}

@test "the maps lines that are printed are those of /proc/PID/maps, byte for byte" {
	for command in 'grow --blocked' shrink 'move-fixed --onto=occupied' reserve-fill; do
		# shellcheck disable=SC2086 # the words are a command
		hold $command --full
		seen=0
		while :; do
			echo >&9
			prompts=$((prompts + 1))
			soon eval 'prompted || gone "$tool"'
			! gone "$tool" || break
			if grep -q '^    after:$' out; then
				# The last "after": unmarked lines and those with +.
				awk '/^    after:$/ { on = 1; text = ""; next } /^$/ || !/^    [0-9a-f]+-|^  \+ / { on = 0 }
					on { text = text substr($0, 5) "\n" } END { printf "%s", text }' out >printed
				cmp printed "/proc/$subject/maps" || fail "$command, before statement $prompts"
				seen=$((seen + 1))
			fi
		done
		[ "$seen" -ge 3 ]
		let_go
		assert_success
	done
}

@test "the lines that changed are those of /proc/PID/maps" {
	hold grow
	cat "/proc/$subject/maps" >before
	enter
	diff before "/proc/$subject/maps" >changes || true
	output=$(cat out)
	assert_equal "$(changed + 'a = mmap')" "$(sed -n 's/^> //p' changes)"
	[ -n "$(changed + 'a = mmap')" ]
	enter
	cat "/proc/$subject/maps" >before
	enter
	diff before "/proc/$subject/maps" >changes || true
	output=$(cat out)
	assert_equal "$(changed - 'a = mremap')" "$(sed -n 's/^< //p' changes)"
	assert_equal "$(changed + 'a = mremap')" "$(sed -n 's/^> //p' changes)"
}

@test "the changes never contain what the tool did itself" {
	# Loads, checks, notes, the kernel's books: many statements, and no line of maps.
	mm run -e "a = $map; repeat 3 { a[0] = 1; expect text(a) == \"\\x01\"; expect resident(a, 1p) == 1p; note smaps(a, \"Rss\"), meminfo(\"MemFree\"), status(\"VmSize\"); x = hole(16M); expect fault(x[0]) == SEGV_MAPERR }; fd = open(\"/dev/null\", O_RDONLY); close(fd)"
	assert_success
	assert_equal "$(grep -c '^  [-+] ' <<<"$output")" 1
	assert_equal "$(changed + 'a = mmap' | pages_of)" 1
}

@test "its counters are the script's own: faults and locked memory" {
	mm run -e "a = mmap(NULL, 8p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0); madvise(a, 8p, MADV_NOHUGEPAGE); m = minflt(); expect minflt() == m; write_pages(a, 8p); expect minflt() - m == 8; a[0] = 2; expect a[0] == 2; expect minflt() - m == 8; expect status(\"VmLck\") == 0"
	assert_success
}

@test "its mapping calls are those that the report prints: strace" {
	need strace
	not_sanitized 'the runtime of the sanitizer maps memory of its own'
	strace -f -o /dev/null true 2>/dev/null || skip 'ptrace is not allowed here'
	head -c $((2 * page)) /dev/zero >file
	for command in grow 'grow --blocked' 'grow --room' 'grow --shared' 'grow --file=file' shrink move-fixed 'move-fixed --onto=occupied' \
		'move-fixed --mistake=unaligned' reserve-fill noreserve; do
		# shellcheck disable=SC2086 # the words are a command
		rm -f trace.*
		strace -ff -qq -s 100 -e trace='?mmap,?mmap2,munmap,mremap,mprotect,brk,madvise,?open,openat,memfd_create,close,seccomp' -o trace \
			"$MMTOOL" $command >out
		# What the subject did after its fence was up.  strace pads before the "=".
		fenced=$(grep -l '^seccomp(SECCOMP_SET_MODE_FILTER' trace.*)
		sed '1,/^seccomp(/d' "$fenced" | grep -Ev '^(\+\+\+|---) ' | sed 's/) *= /) = /' >traced
		grep -E '^    (mmap2?|munmap|mremap|mprotect|brk|madvise|open(at)?|memfd_create|close)\(' out | sed 's/^    //' >printed
		[ -s printed ]
		diff traced printed || fail "$command"
	done
}

@test "it makes no call but the script's and its own few: strace" {
	need strace
	not_sanitized 'the runtime of the sanitizer makes calls of its own'
	strace -f -o /dev/null true 2>/dev/null || skip 'ptrace is not allowed here'
	strace -ff -qq -o trace "$MMTOOL" grow >out
	fenced=$(grep -l '^seccomp(SECCOMP_SET_MODE_FILTER' trace.*)
	run bash -c "sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' $fenced | sed '1,/^seccomp/d' | sort -u | tr '\n' ' '"
	refute_output --regexp '(clone|execve|kill|socket|connect|ptrace|openat) '
	assert_output --partial 'mremap '
}

@test "it ends with a tool that was killed, and waits for nothing" {
	hold grow
	kill -KILL "$tool"
	soon gone "$subject"
}

@test "it ends with a tool that was killed while it is in a loop of stores" {
	busy "a = mmap(NULL, 900M, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ?" \
		'if a == MAP_FAILED { note "no room" }' 'repeat 1000 { memset(a, 1, 900M) }'
	# Stopped in the middle, so that it could not notice anything by itself; a signal that kills ends it all the same.
	kill -STOP "$subject"
	kill -KILL "$tool"
	soon gone "$subject"
}

@test "it ends with a tool that was killed while it is in a loop of loads that takes very long" {
	[ "$(word_bits)" = 64 ] || skip 'nothing takes so long in 32 bits'
	wide=$(quarter 16T)
	busy "a = mmap(NULL, $wide, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0)" "madvise(a, $wide, MADV_NOHUGEPAGE) = ?" \
		"expect zero(a, $wide)"
	kill -KILL "$tool"
	soon gone "$subject"
}

@test "every process of a script ends with a tool that was killed" {
	hold run -e 'c = fork(); d = fork(); in c { e = fork() }; x = 1; y = 2'
	enter
	enter
	enter
	enter
	children=$(cat "/proc/$tool/task/$tool/children")
	[ "$(wc -w <<<"$children")" -ge 4 ]
	kill -KILL "$tool"
	for subject in $children; do
		soon gone "$subject"
	done
}

@test "SIGINT, SIGTERM, SIGHUP, SIGQUIT: it dies of the same signal, and nothing is left" {
	ulimit -c 0
	for signal in INT:2 TERM:15 HUP:1 QUIT:3; do
		hold grow
		kill -"${signal%:*}" "$tool"
		let_go
		assert_failure $((128 + ${signal#*:}))
		soon gone "$subject"
	done
}

@test "the same signals while the subject works" {
	[ "$(word_bits)" = 64 ] || skip 'nothing takes so long in 32 bits'
	ulimit -c 0
	wide=$(quarter 16T)
	for signal in INT:2 TERM:15 HUP:1 QUIT:3; do
		busy "a = mmap(NULL, $wide, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0)" \
			"madvise(a, $wide, MADV_NOHUGEPAGE) = ?" "expect zero(a, $wide)"
		kill -"${signal%:*}" "$tool"
		status=0
		wait "$tool" || status=$?
		assert_equal "$status" $((128 + ${signal#*:}))
		soon gone "$subject"
	done
}

@test "it really dies of the signal, and does not exit with its number" {
	mkfifo keyboard
	# The shell that waits for it says of what it died.
	bash -c '"$MMTOOL" grow --step <keyboard >/dev/null 2>err; true' 2>said 3>&- &
	exec 9>keyboard
	soon grep -q '^\[pid ' err
	subject=$(sed -n 's/^\[pid \([0-9]*\)\] .*/\1/p' err)
	kill -TERM "$(awk '/^PPid:/ { print $2 }' "/proc/$subject/status")"
	soon grep -q Terminated said
	soon gone "$subject"
}

@test "a subject that somebody kills: the step fails, and says of what" {
	hold grow
	enter
	kill -KILL "$subject"
	let_go
	assert_failure 1
	assert_output --partial 'the process was killed by SIGKILL'
}

@test "/proc hidden: status 3, and why" {
	not_sanitized 'its runtime cannot do without /proc'
	need_root
	need unshare
	unshare -m true 2>/dev/null || skip 'no mount namespace can be made here'
	run unshare -m bash -c 'mount -t tmpfs none /proc && exec "$MMTOOL" maps 1'
	assert_failure 3
	assert_output --partial 'cannot be looked at: /proc is not mounted here'
	run unshare -m bash -c 'mount -t tmpfs none /proc && exec "$MMTOOL" grow'
	assert_failure 3
	assert_output --regexp '^mmtool grow: .*/proc'
	assert_equal "${#lines[@]}" 1
}

@test "/proc of another PID namespace: status 3, and why" {
	need unshare
	unshare -rpf true 2>/dev/null || skip 'no PID namespace can be made here'
	run unshare -rpf "$MMTOOL" grow
	assert_failure 3
	assert_output --regexp '^mmtool grow: .*/proc.*PID namespace'
}

@test "a PID namespace with a /proc of its own is as good as any" {
	need unshare
	unshare -rpf --mount-proc true 2>/dev/null || skip 'no PID namespace with a /proc can be made here'
	run unshare -rpf --mount-proc "$MMTOOL" grow
	assert_success
}

@test "as an ordinary user: every command" {
	policy_lock -s
	for command in grow 'grow --blocked' 'grow --shared' shrink move-fixed reserve-fill noreserve overcommit; do
		# shellcheck disable=SC2086 # the words are a command
		as_nobody "$MMTOOL" $command
		assert_success
		assert_output --partial 'as expected'
	done
}

@test "as an ordinary user: page frames are said to be hidden, and not shown as zero" {
	as_nobody "$MMTOOL" run -e "a = $map; a[0] = 1; f = pfn(a); expect f == 0; note f; absent = mmap(NULL, 1p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0); expect pfn(absent) == 0"
	assert_success
	assert_line '    = 0 (hidden from this user)'
	assert_line '# 0 (hidden from this user)'
	assert_equal "$(block 'expect pfn(absent)' | tail -n 1)" '    ok: 0'
}

@test "a small RLIMIT_NOFILE: it works, or status 3 and why" {
	# With 3 the program's own libraries could not be opened; those of bats are closed.
	for files in 4 5 6 7 8 10 20; do
		run bash -c "for fd in {3..19}; do eval \"exec \$fd>&-\"; done; ulimit -n $files; exec \"\$MMTOOL\" grow -q -o out"
		[[ $status -eq 0 || ($status -eq 3 && $output == 'mmtool grow: '*'Too many open files'*) ]] || fail "$files: $status, $output"
	done
	assert_success
}

@test "a small RLIMIT_NOFILE: the file of a script that the tool cannot make is no want of this machine" {
	for files in 5 6 7 8 9 10 20; do
		run bash -c "for fd in {3..19}; do eval \"exec \$fd>&-\"; done; ulimit -n $files; exec \"\$MMTOOL\" run -q -e 'fd = tmpfile(1p)'"
		[[ $status -eq 0 || ($status -eq 3 && $output == 'mmtool run: '*'Too many open files'*) ]] || fail "$files: $status, $output"
	done
	assert_success
}

@test "a small RLIMIT_NOFILE: of another process, what could not be opened is named" {
	not_sanitized 'its runtime opens files of its own'
	run bash -c 'for fd in {3..19}; do eval "exec $fd>&-"; done; ulimit -n 4; exec "$MMTOOL" watch --until=1 $$'
	assert_failure 3
	assert_output --regexp '^mmtool watch: process [0-9]+: open: /proc/[0-9]+/maps: Too many open files$'
}

@test "a small RLIMIT_NOFILE: a script's own descriptors are the kernel's answer" {
	run bash -c 'ulimit -n 10; exec "$MMTOOL" run -e "repeat 6 { open(\"/dev/null\", O_RDONLY) }; open(\"/dev/null\", O_RDONLY) = -1 EMFILE" -q'
	assert_success
	assert_output ''
}

@test "a low RLIMIT_AS: the kernel's answer, and why" {
	not_sanitized 'it needs terabytes of address space for its shadow'
	run bash -c 'ulimit -v 40000; exec "$MMTOOL" grow --to=64M'
	assert_failure 1
	assert_output --partial 'why: ENOMEM: RLIMIT_AS is 40000K, the process has '
	assert_output --partial 'FAILED: mremap failed: -1 ENOMEM'
	run bash -c 'ulimit -v 40000; exec "$MMTOOL" grow'
	assert_success
}

@test "no processes allowed: status 3, and why" {
	need_root
	need setpriv
	cp "$MMTOOL" "$(open_dir)/mmtool"
	run setpriv --reuid=65533 --regid=65533 --clear-groups --inh-caps=-all --bounding-set=-all \
		bash -c 'ulimit -u 1; exec "$0" grow' "$(open_dir)/mmtool"
	assert_failure 3
	assert_output --partial 'no subject can be made: fork: '
}

@test "no core file is left, whatever the limits" {
	ulimit -c unlimited 2>/dev/null || skip 'core files cannot be allowed here'
	mm run -e "a = $map; munmap(a, 1p); a[0] = 1"
	assert_failure 1
	assert_equal "$(find . -name '*core*')" ''
}

# killed_at CALL NTH: kills the subject while its tool waits long to make its nth such call; what was told is in out.
killed_at()
{
	local tracer result=0 i

	strace -qq -o /dev/null -e "inject=$1:delay_enter=500000:when=$2" "$MMTOOL" run --detail --pages meanwhile.mmt >out 2>&1 3>&- &
	tracer=$!
	# It may be over before it comes to that call.
	for ((i = 0; i < 40; i++)); do
		child_of "$tracer" && child_of "$subject" && break
		sleep 0.01
	done
	sleep 0.2
	[ -z "$subject" ] || kill -KILL "$subject" 2>/dev/null || true
	wait "$tracer" || result=$?
	return "$result"
}

@test "what was read of a process that was killed meanwhile is not told" {
	need strace
	strace -o /dev/null true 2>/dev/null || skip 'strace cannot trace here'
	cat >meanwhile.mmt <<-End
		a = mmap(NULL, 8p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		write_pages(a, 8p)
		expect resident(a, 8p) == 8p
		expect status("VmSize") > 0
		mprotect(a, 1p, PROT_READ)
	End
	for place in pread64:5 pread64:9 pread64:12 pread64:15 pread64:19 pread64:24 ioctl:4 ioctl:7; do
		result=0
		killed_at "${place%:*}" "${place#*:}" || result=$?
		# Before the first statement, in one, or not at all: it was over.
		[ "$result" -le 1 ] || [ "$result" -eq 3 ] || fail "$place: $result"
		grep -q 'killed by SIGKILL' out || [ "$result" -eq 0 ] || fail "$place: $(<out)"
		if grep -E 'FAILED|is gone: [0-9]|not mapped|no such field|not all pages' out | grep -vE 'killed by SIGKILL|has died'; then
			fail "$place: $(<out)"
		fi
	done
}
