#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# overcommit: the policy told, tried out, and changed for a while.
#
# The policy is the whole machine's, and under 2 other programs fail: --set=2 is tried only where MMTOOL_GUEST says that
# the machine is a guest of the suite's own.

load ../helper/common

knobs=/proc/sys/vm/overcommit

# What the machine had before the first test, whatever one of them leaves.
setup_file()
{
	export first_policy first_ratio first_kbytes
	exec 8</proc/sys/vm/overcommit_ratio
	! command -v flock >/dev/null || flock -s 8
	first_policy=$(<${knobs}_memory) first_ratio=$(<${knobs}_ratio) first_kbytes=$(<${knobs}_kbytes)
	exec 8<&-
}

setup()
{
	cd "$BATS_TEST_TMPDIR"
	old_policy=$first_policy old_ratio=$first_ratio old_kbytes=$first_kbytes
	other=$((old_policy == 0 ? 1 : 0))
	started=()
}

teardown()
{
	local pid

	for pid in "${started[@]}" $(cat command 2>/dev/null); do
		kill -KILL "$pid" 2>/dev/null || true
	done
	# A test that has not the lock has changed nothing, and what others change is theirs.
	[ -n "${locked-}" ] || return 0
	# Until then a watcher has still to put back what it found.
	soon flock --nonblock ${knobs}_memory true || true
	[ ! -e /run/mmtool-overcommit ] || "$MMTOOL" overcommit --restore
	[ "$(knob_values)" != "$first_policy $first_ratio $first_kbytes" ] || return 0
	echo "$first_policy" >${knobs}_memory
	if [ "$first_kbytes" -ne 0 ]; then
		echo "$first_kbytes" >${knobs}_kbytes
	else
		echo "$first_ratio" >${knobs}_ratio
	fi
	[ "$(knob_values)" = "$first_policy $first_ratio $first_kbytes" ] || {
		echo "NOT PUT BACK: vm.overcommit_memory, _ratio, _kbytes were $first_policy $first_ratio $first_kbytes" >&2
		return 1
	}
}

need_sysctl()
{
	need_root
	[ -w ${knobs}_memory ] || skip '/proc/sys is read-only here'
	[ "$old_policy" != 2 ] || skip 'this machine has policy 2'
	policy_lock -x
	locked=yes
}

knob_values()
{
	echo "$(<${knobs}_memory) $(<${knobs}_ratio) $(<${knobs}_kbytes)"
}

assert_restored()
{
	assert_equal "$(knob_values)" "${1:-$old_policy $old_ratio $old_kbytes}"
}

# soon COMMAND...: waits until it succeeds, at most ten seconds.
soon()
{
	local i

	for ((i = 0; i < 500; i++)); do
		if "$@"; then return 0; fi
		sleep 0.02
	done
	echo "not soon: $*" >&2
	return 1
}

gone()
{
	[ ! -e "/proc/$1" ] || grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null
}

stopped()
{
	grep -q '^State:[[:space:]]*T' "/proc/$1/status"
}

going()
{
	! stopped "$1"
}

policy_is()
{
	[ "$(<${knobs}_memory)" = "$1" ]
}

# start [SCRIPT]: mmtool in the background, running a shell script under the other policy; its pid is then in $command.
start()
{
	local script=${1:-exec sleep 60}

	rm -f command
	# bash has a job in the background ignore SIGINT and SIGQUIT.
	env --default-signal=INT,QUIT,HUP,TERM "$MMTOOL" overcommit --set="$other" ${options:-} -- \
		sh -c "echo \$\$ >new; mv new command; $script" 3>&- >out 2>&1 &
	tool=$!
	started+=("$tool")
	soon test -e command
	command=$(cat ./command)
	assert_equal "$(<${knobs}_memory)" "$other"
}

# watcher_of TOOL: sets $watcher.
watcher_of()
{
	local status try

	watcher=
	for try in {1..20}; do
		for status in /proc/[0-9]*/status; do
			if awk -v parent="$1" '$1 == "Name:" { name = $2 }
				$1 == "PPid:" { exit !(name == "mmtool-watcher" && $2 == parent) }' "$status" 2>/dev/null; then
				watcher=${status%/status}
				watcher=${watcher#/proc/}
				return 0
			fi
		done
		[ "$try" -lt 20 ] || return 1
		sleep 0.05
	done
}

meminfo()
{
	awk -v name="$1:" '$1 == name { print $2 }' /proc/meminfo
}

finish()
{
	status=0
	wait "$tool" || status=$?
	output=$(<out)
}

@test "the policy is told in words, and the formula gives CommitLimit" {
	policy_lock -s
	mm overcommit
	assert_success
	assert_output --partial "policy $old_policy, "
	assert_output --partial 'RAM'
	assert_output --partial 'Committed_AS'
}

@test "the formula also holds with overcommit_kbytes in force" {
	need_sysctl
	echo 1234567 >${knobs}_kbytes
	mm overcommit
	assert_success
	assert_output --partial '1234567'
}

@test "under 0 and 1 CommitLimit is said not to be enforced" {
	policy_lock -s
	[ "$old_policy" != 2 ] || skip 'this machine has policy 2'
	mm overcommit
	assert_output --partial 'CommitLimit is shown, and not enforced, under 0 and 1'
}

@test "--try says granted" {
	policy_lock -s
	[ "$old_policy" != 2 ] || skip 'this machine has policy 2'
	mm overcommit --try=1p --try=100
	assert_success
	assert_output --partial "$(getconf PAGESIZE | awk '{ print $1 / 1024 }')K: granted"
	assert_output --partial '100: granted'
}

@test "--try says refused, and goes on" {
	[ "$(word_bits)" = 64 ] || skip 'needs 64-bit addresses'
	mm overcommit --try=8388607T --try=1K
	assert_success
	assert_output --partial '8388607T: refused, ENOMEM'
	assert_output --partial '1K: '
}

@test "under policy 0 the largest mapping is RAM plus swap" {
	need_sysctl
	[ "$(word_bits)" = 64 ] || skip 'needs 64-bit addresses'
	mm overcommit --set=0 -- overcommit --probe
	assert_success
	assert_output --partial "granted now: $((($(meminfo MemTotal) + $(meminfo SwapTotal)) * 1024)) bytes"
}

@test "what is no refusal is not taken for one" {
	policy_lock -s
	[ "$old_policy" = 0 ] || skip 'this machine has another policy'
	most=$("$MMTOOL" overcommit --probe | grep 'granted now')
	for when in 15 20 25; do
		failing -f -e "inject=?mmap,?mmap2:error=EAGAIN:when=$when" "$MMTOOL" overcommit --probe
		[ "$status" -ne 0 ] || assert_line "$most"
		[ "$status" -ne 1 ] || assert_line --partial 'FAILED: mmap failed, and was not refused'
	done
}

@test "usage errors name what is wrong" {
	mm overcommit --set=3 -- true
	assert_failure 2
	assert_output --partial '--set: 3: not a policy'
	mm overcommit --set=1 --ratio=-5 -- true
	assert_failure 2
	assert_output --partial '--ratio: -5: not a percentage'
	mm overcommit --try=5X
	assert_failure 2
	assert_output --partial '5X'
}

@test "usage errors name what is missing" {
	mm overcommit --set=1
	assert_failure 2
	assert_output --partial 'no COMMAND'
	mm overcommit --ratio=50
	assert_failure 2
	assert_output --partial '--ratio goes with --set'
	mm overcommit -- true
	assert_failure 2
	assert_output --partial 'needs a policy'
}

@test "usage errors name what does not go together" {
	mm overcommit --set=1 --probe -- true
	assert_failure 2
	assert_output --partial 'do not go with --set'
	mm overcommit --set=1 true
	assert_failure 2
	assert_output --partial 'goes behind --'
}

@test "--set runs a program under the policy" {
	need_sysctl
	mm overcommit --set="$other" -- cat ${knobs}_memory
	assert_success
	assert_output "$other"
	assert_restored
}

@test "--set runs a command of mmtool" {
	need_sysctl
	mm overcommit --set="$other" -- overcommit
	assert_success
	assert_output --partial "policy $other, "
	assert_restored
}

@test "--ratio holds meanwhile" {
	need_sysctl
	mm overcommit --set="$other" --ratio=73 -- cat ${knobs}_ratio
	assert_output 73
	assert_restored
}

@test "the ratio comes back where it was in force" {
	need_sysctl
	echo 61 >${knobs}_ratio
	mm overcommit --set="$other" --ratio=73 -- true
	assert_success
	assert_restored "$old_policy 61 0"
}

@test "the kbytes come back where they were in force" {
	need_sysctl
	echo 2345678 >${knobs}_kbytes
	mm overcommit --set="$other" --ratio=73 -- sh -c "cat ${knobs}_ratio ${knobs}_kbytes"
	assert_output $'73\n0'
	assert_restored "$old_policy 0 2345678"
}

@test "a ratio of 0 comes back" {
	need_sysctl
	echo 0 >${knobs}_ratio
	mm overcommit --set="$other" --ratio=73 -- true
	assert_restored "$old_policy 0 0"
}

@test "what the program itself changes is put back as well" {
	need_sysctl
	mm overcommit --set="$other" -- sh -c "echo 77777 >${knobs}_kbytes; echo $old_policy >${knobs}_memory"
	assert_success
	assert_restored
}

@test "the exit status is the program's" {
	need_sysctl
	mm overcommit --set="$other" -- sh -c 'exit 42'
	assert_failure 42
	refute_output
	assert_restored
}

@test "128 and the signal, 127 and 126 are as env(1) has them" {
	need_sysctl
	run "$MMTOOL" overcommit --set="$other" -- sh -c 'kill -USR1 $$'
	assert_failure $((128 + $(kill -l USR1)))
	run -127 "$MMTOOL" overcommit --set="$other" -- /no/such/program
	assert_output --partial '/no/such/program: No such file or directory'
	run -127 "$MMTOOL" overcommit --set="$other" -- no-such-program-at-all
	assert_output --partial 'no-such-program-at-all'
	run -127 "$MMTOOL" overcommit --set="$other" -- A=b true
	assert_output --partial 'A=b: No such file or directory'
	mm overcommit --set="$other" -- /etc
	assert_failure 126
	assert_output --partial '/etc: Permission denied'
	assert_restored
}

# same COMMAND...: it prints the same when mmtool runs it, also where a caller blocks and ignores signals.
same()
{
	local caller direct through

	for caller in '' 'env --ignore-signal=USR1,INT,CHLD --block-signal=USR2,TERM,CHLD'; do
		direct=$($caller "$@" 2>&1 </dev/null)
		through=$($caller "$MMTOOL" overcommit --set="$other" -- "$@" 2>&1 </dev/null)
		assert_equal "$through" "$direct"
	done
}

@test "the program inherits nothing of mmtool's" {
	need_sysctl
	exec 7</dev/null 42</dev/null
	same ls /proc/self/fd
	same grep -E '^(Sig(Blk|Ign|Cgt)|Cpus_allowed|Mems_allowed|Umask|NoNewPrivs|Seccomp|Cap|Threads)' /proc/self/status
	same cut -d' ' -f5-7,19 /proc/self/stat
	same cat /proc/self/limits /proc/self/oom_score_adj /proc/self/coredump_filter
	same readlink /proc/self/cwd
	same env -u _
	exec 7<&- 42<&-
}

@test "the exit status is known also where SIGCHLD is ignored" {
	need_sysctl
	run env --ignore-signal=CHLD "$MMTOOL" overcommit --set="$other" -- sh -c 'exit 9'
	assert_failure 9
	assert_restored
}

@test "a program that ends leaves no watcher" {
	need_sysctl
	start 'while [ ! -e go ]; do sleep 0.05; done'
	watcher_of "$tool"
	touch go
	finish
	assert_equal "$status" 0
	assert [ ! -e "/proc/$watcher" ]
	assert_restored
}

@test "the watcher has a session of its own and holds no descriptor but its own" {
	need_sysctl
	start
	watcher_of "$tool"
	assert_equal "$(cut -d' ' -f6 "/proc/$watcher/stat")" "$watcher"
	# The first 28 signals, but for the two that cannot be blocked.
	assert_equal "$(awk '/^SigBlk:/ { print $2 }' "/proc/$watcher/status" | tail -c 8)" \
		"$(printf %07x $((0xfffffff & ~(1 << ($(kill -l KILL) - 1) | 1 << ($(kill -l STOP) - 1)))))"
	assert [ ! -e "/proc/$watcher/fd/0" ]
	assert [ ! -e "/proc/$watcher/fd/1" ]
	assert_equal "$(ls "/proc/$watcher/fd" | wc -l)" 6
}

@test "SIGKILL of mmtool ends the program and puts the values back" {
	need_sysctl
	options=--ratio=73
	echo 3456789 >${knobs}_kbytes
	start
	watcher_of "$tool"
	kill -KILL "$tool"
	soon gone "$watcher"
	assert gone "$command"
	assert_restored "$old_policy 0 3456789"
}

@test "SIGKILL of mmtool ends also a program that is stopped or ignores signals" {
	need_sysctl
	start "trap '' TERM INT HUP; while :; do sleep 0.1; done"
	watcher_of "$tool"
	kill -STOP "$command"
	soon stopped "$tool"
	kill -KILL "$tool"
	soon gone "$watcher"
	assert gone "$command"
	assert_restored
}

@test "SIGKILL of mmtool at any moment leaves the old values" {
	need_sysctl
	local i

	for i in 0 1 2 3 4 5 6 8 10 15; do
		"$MMTOOL" overcommit --set="$other" --ratio=73 -- sleep 60 3>&- >out 2>&1 &
		tool=$!
		sleep "0.0$(printf %02d "$i")"
		kill -KILL "$tool"
		wait "$tool" || true
		# The lock is held by whoever has still to put back the values.
		soon flock --nonblock ${knobs}_memory true
		assert_restored
	done
}

@test "SIGKILL of the watcher: mmtool puts the values back and says so" {
	need_sysctl
	start 'while [ ! -e go ]; do sleep 0.05; done; exit 5'
	watcher_of "$tool"
	kill -KILL "$watcher"
	sleep 0.2
	assert_equal "$(<${knobs}_memory)" "$other"
	touch go
	finish
	assert_equal "$status" 5
	assert_equal "$output" 'mmtool overcommit: --set: the watcher was killed; the old policy is back all the same'
	assert_restored
}

@test "SIGKILL of the program is its status" {
	need_sysctl
	start
	kill -KILL "$command"
	finish
	assert_equal "$status" 137
	assert_equal "$output" ''
	assert_restored
}

@test "killing signals end the program first, then mmtool" {
	need_sysctl
	local signal

	for signal in INT TERM HUP QUIT; do
		start 'trap "echo end >>ended; exit" TERM; : >ready; while :; do sleep 0.05; done'
		until [ -e ready ]; do sleep 0.02; done
		rm ready
		kill -"$signal" "$tool"
		finish
		assert_equal "$status" $((128 + $(kill -l "$signal")))
		assert gone "$command"
		assert_restored
	done
	assert_equal "$(grep -c end ended)" 4
}

@test "a program that does not end by SIGTERM is killed" {
	need_sysctl
	start "trap '' TERM; while :; do sleep 0.05; done"
	kill -TERM "$tool"
	finish
	assert_equal "$status" 143
	assert gone "$command"
	assert_restored
}

# has_child PID: it has; $child is it.
has_child()
{
	child=$(awk '$1 == "Pid:" { pid = $2 } $1 == "PPid:" && $2 == parent { print pid; exit }' parent="$1" /proc/[0-9]*/status 2>/dev/null)
	[ -n "$child" ]
}

@test "the first process of a PID namespace ends when the policy is back, by a signal and after one that killed mmtool" {
	need_sysctl
	need unshare
	unshare -pf --mount-proc --kill-child true 2>/dev/null || skip 'no PID namespace with a /proc can be made here'
	for signal in TERM KILL; do
		env --default-signal=INT,QUIT,HUP,TERM unshare -pf --mount-proc --kill-child "$MMTOOL" overcommit --set="$other" -- \
			sleep 60 3>&- >out 2>&1 &
		tool=$!
		started+=("$tool")
		soon policy_is "$other"
		soon has_child "$tool"
		[ "$signal" = TERM ] || soon has_child "$child"
		kill -s "$signal" "$child"
		soon gone "$tool"
		finish
		assert_equal "$status" $((128 + $(kill -l "$signal")))
		assert_restored
		[ ! -e /run/mmtool-overcommit ]
	done
}

@test "signals that mmtool's caller ignores stay ignored" {
	need_sysctl
	env --ignore-signal=HUP "$MMTOOL" overcommit --set="$other" -- sh -c ': >ready; sleep 0.5; exit 6' 3>&- >out 2>&1 &
	tool=$!
	soon test -e ready
	kill -HUP "$tool"
	finish
	assert_equal "$status" 6
	assert_restored
}

@test "mmtool stops with the program and continues it" {
	need_sysctl
	start
	kill -STOP "$command"
	soon stopped "$tool"
	kill -CONT "$tool"
	soon going "$command"
	kill -TERM "$tool"
	finish
	assert_equal "$status" 143
	assert_restored
}

@test "a stopped mmtool does not keep the policy when the program ends" {
	need_sysctl
	start
	kill -STOP "$command"
	soon stopped "$tool"
	kill -KILL "$command"
	finish
	assert_equal "$status" 137
	assert_restored
}

@test "a process group stops and continues as one" {
	need_sysctl
	set -m
	start
	set +m
	kill -TSTP -"$tool"
	soon stopped "$command"
	soon stopped "$tool"
	kill -CONT -"$tool"
	soon going "$command"
	soon going "$tool"
	sleep 0.1
	assert going "$tool"
	kill -TERM -"$tool"
	finish
	assert_restored
}

# A terminal on which somebody types KEYS once the file "ready" is there. What COMMANDS run in is sh: some of them end of
# Ctrl-C themselves while they wait, so COMMANDS begin with a trap, which its children do not keep.
at_terminal()
{
	local keys=$1

	shift
	need script
	rm -f ready
	run timeout 20 script -qec "$*" /dev/null < <(soon test -e ready; printf '%b' "$keys"; soon test -e end)
}

@test "Ctrl-C is the program's to answer" {
	need_sysctl
	at_terminal '\003' "trap : INT; $MMTOOL overcommit --set=$other -- \
		sh -c 'trap \"exit 42\" INT; : >ready; while :; do sleep 0.05; done'; s=\$?; : >end; exit \$s"
	assert_failure 42
	assert_restored
}

@test "Ctrl-C ends a program that does not answer it" {
	need_sysctl
	at_terminal '\003' "trap : INT; $MMTOOL overcommit --set=$other -- sh -c 'trap - INT; : >ready; exec sleep 60'; \
		s=\$?; : >end; exit \$s"
	assert_failure 130
	assert_restored
}

@test "a second setter is refused" {
	need_sysctl
	start
	mm overcommit --set="$old_policy" -- true
	assert_failure 3
	assert_output --partial "another mmtool has changed the policy and not yet put it back (process $tool)"
	mm overcommit --restore
	assert_failure 3
	assert_output --partial "another mmtool has changed the policy and not yet put it back (process $tool)"
	assert_equal "$(<${knobs}_memory)" "$other"
	kill -TERM "$tool"
	finish
	mm overcommit --set="$other" -- true
	assert_success
	assert_restored
}

# kill_all: SIGKILL of mmtool and its watcher at once, so that nobody puts the values back.
kill_all()
{
	watcher_of "$tool"
	# Stopped first, or the watcher could be quicker than the second signal.
	kill -STOP "$watcher"
	kill -KILL "$tool" "$watcher"
	soon gone "$tool"
	soon gone "$watcher"
	soon flock --nonblock ${knobs}_memory true
}

@test "--restore after everything was killed" {
	need_sysctl
	options=--ratio=73
	echo 3456789 >${knobs}_kbytes
	start
	kill_all
	assert_equal "$(knob_values)" "$other 73 0"
	soon gone "$command"
	mm overcommit --restore
	assert_success
	assert_output "put back: vm.overcommit_memory=$old_policy vm.overcommit_ratio=0 vm.overcommit_kbytes=3456789"
	assert_restored "$old_policy 0 3456789"
	mm overcommit --restore
	assert_success
	assert_output 'nothing to put back: no mmtool has left another policy'
}

@test "--set is refused until what was left is put back" {
	need_sysctl
	start
	kill_all
	mm overcommit --set="$other" -- echo ran
	assert_failure 3
	assert_output "mmtool overcommit: --set: mmtool (process $tool) was killed and has left another policy: first put the old one back by \`mmtool overcommit --restore'"
	mm overcommit --restore
	assert_success
	assert_restored
	mm overcommit --set="$other" -- cat ${knobs}_memory
	assert_output "$other"
}

@test "what was left is no matter where somebody has put the values back" {
	need_sysctl
	start
	kill_all
	echo "$old_policy" >${knobs}_memory
	mm overcommit --set="$other" -- true
	assert_success
	refute_output
	assert [ ! -e /run/mmtool-overcommit ]
	start
	kill_all
	echo "$old_policy" >${knobs}_memory
	mm overcommit --restore
	assert_success
	assert_output --partial 'nothing to put back: the policy is the old one, vm.overcommit_memory'
	assert [ ! -e /run/mmtool-overcommit ]
}

@test "a program that mmtool runs dies with it, also when nobody is left to end it" {
	need_sysctl
	start "trap '' TERM INT HUP; while :; do sleep 0.1; done"
	kill_all
	soon gone "$command"
}

# in_own_run OPTIONS SCRIPT: as bats' run, with a /run (and a /var/lib) of its own, mounted with these options.
in_own_run()
{
	need unshare
	unshare -m true 2>/dev/null || skip 'no mount namespaces here'
	[ -d /run ] && [ -d /var/lib ] || skip 'no /run or no /var/lib here'
	run unshare -m sh -c "mount -t tmpfs -o $1 none /run && mount -t tmpfs -o $1 none /var/lib && $2"
}

@test "the old values are kept in a file, root's alone, while --set is in force" {
	need_sysctl
	in_own_run mode=755 "'$MMTOOL' overcommit --set=$other -- sh -c 'stat -c \"%a %u %F\" /run/mmtool-overcommit; cat /run/mmtool-overcommit'; ls /run /var/lib"
	assert_success
	assert_line --index 0 '600 0 regular file'
	assert_line "boot $(</proc/sys/kernel/random/boot_id)"
	assert_line "overcommit_memory $old_policy"
	assert_line "overcommit_ratio $old_ratio"
	assert_line "overcommit_kbytes $old_kbytes"
	refute_line --partial mmtool-overcommit
	assert_restored
}

@test "where the old values cannot be kept nothing is changed" {
	need_sysctl
	in_own_run mode=1777 "'$MMTOOL' overcommit --set=$other -- echo ran"
	assert_failure 3
	assert_output 'mmtool overcommit: --set: the old policy cannot be kept: neither /run nor /var/lib is a directory that root alone can write to'
	in_own_run mode=755,nr_inodes=1 "'$MMTOOL' overcommit --set=$other -- echo ran"
	assert_failure 3
	assert_output 'mmtool overcommit: --set: the old policy cannot be kept: open: /run/mmtool-overcommit: No space left on device'
	in_own_run mode=755 "mount -o remount,ro /run && '$MMTOOL' overcommit --set=$other -- ls /var/lib"
	assert_success
	assert_output mmtool-overcommit
	in_own_run mode=755 "mount -o remount,ro /run && mount -o remount,ro /var/lib && '$MMTOOL' overcommit --set=$other -- echo ran"
	assert_failure 3
	assert_output 'mmtool overcommit: --set: the old policy cannot be kept: open: /var/lib/mmtool-overcommit: Read-only file system'
	assert_restored
}

@test "what is kept is of no use after the machine was started anew" {
	need_sysctl
	local text="mmtool overcommit 1\nboot 0-0\npid 1\novercommit_memory $other\novercommit_ratio 1\novercommit_kbytes 0\n"

	in_own_run mode=755 "printf '$text' >/run/mmtool-overcommit; '$MMTOOL' overcommit --restore; test ! -e /run/mmtool-overcommit"
	assert_success
	assert_output 'nothing to put back: the machine was started anew since, and that has set the policy'
	in_own_run mode=755 "printf '$text' >/run/mmtool-overcommit; '$MMTOOL' overcommit --set=$other -- echo ran"
	assert_success
	assert_output ran
	in_own_run mode=755 ": >/run/mmtool-overcommit; '$MMTOOL' overcommit --restore; test ! -e /run/mmtool-overcommit"
	assert_success
	assert_output 'nothing to put back: mmtool was killed before it changed anything'
	assert_restored
}

@test "a file that mmtool has not written, or others could have, is refused" {
	need_sysctl
	local good bad make boot

	boot=$(</proc/sys/kernel/random/boot_id)
	good="mmtool overcommit 1\nboot $boot\npid 1\novercommit_memory $other\novercommit_ratio 73\novercommit_kbytes 0\n"
	for bad in "${good/memory $other/memory 3}" "${good/memory $other/memory -1}" "${good/ratio 73/ratio 2147483648}" \
		"${good/kbytes 0/kbytes 18446744073709551616}" "${good/kbytes 0/kbytes 5}" "${good/pid 1/pid 0}" "${good}x" \
		"${good%??}" "$good\\000" "${good/commit 1/commit 2}" 'nonsense\n' "boot $boot\n" "$(printf '%0600d' 0)"; do
		in_own_run mode=755 "printf '$bad' >/run/mmtool-overcommit; '$MMTOOL' overcommit --restore"
		assert_failure 3
		assert_output 'mmtool overcommit: --restore: /run/mmtool-overcommit: refused: not what mmtool has written there'
	done
	good="printf '$good' >/run/mmtool-overcommit"
	for make in "printf '$good' >/run/x; ln -s x /run/mmtool-overcommit" 'mkfifo /run/mmtool-overcommit' \
		'mkdir /run/mmtool-overcommit' "$good; chown 65534 /run/mmtool-overcommit" \
		"$good; chmod g+w /run/mmtool-overcommit" "$good; chmod o+w /run/mmtool-overcommit" \
		"$good; ln /run/mmtool-overcommit /run/x" "$good; chmod 1777 /run" "$good; chown 65534 /run"; do
		in_own_run mode=755 "$make; '$MMTOOL' overcommit --restore"
		assert_failure 3
		assert_output --partial 'mmtool overcommit: --restore: /run/mmtool-overcommit: refused: '
		in_own_run mode=755 "$make; '$MMTOOL' overcommit --set=$other -- echo ran"
		assert_failure 3
		assert_output --partial 'mmtool overcommit: --set: /run/mmtool-overcommit: refused: '
		refute_output --partial ran
	done
	assert_restored
}

@test "the call that failed is named, and not another one" {
	need_sysctl
	for option in --restore "--set=$other -- echo ran"; do
		# shellcheck disable=SC2086 # several words
		failing -f -P ${knobs}_ratio -e 'inject=?open,openat:error=EAGAIN' "$MMTOOL" overcommit $option
		assert_failure 3
		assert_output "mmtool overcommit: ${option%%[= ]*}: open: /proc/sys/vm/overcommit_*: Resource temporarily unavailable"
		# shellcheck disable=SC2086
		failing -f -e inject=flock:error=EPERM "$MMTOOL" overcommit $option
		assert_failure 3
		assert_output "mmtool overcommit: ${option%%[= ]*}: flock: /proc/sys/vm/overcommit_memory: Operation not permitted"
	done
	failing -f -e inject=waitid:error=EPERM "$MMTOOL" overcommit --set="$other" -- sleep 1
	assert_failure 3
	assert_output 'mmtool overcommit: --set: how the program ended is not known: waitid: Operation not permitted'
	assert_restored
}

@test "--restore stands alone" {
	for more in --set=1 --ratio=5 --try=4K --probe '-- true'; do
		# shellcheck disable=SC2086 # two words
		mm overcommit --restore $more
		assert_failure 2
		assert_output --partial '--restore stands alone'
	done
}

@test "an ordinary user is refused plainly" {
	need_sysctl
	as_nobody "$MMTOOL" overcommit --set=0 -- echo ran
	assert_failure 77
	assert_output --partial 'only its root may change it'
	refute_output --partial ran
	as_nobody "$MMTOOL" overcommit --restore
	assert_failure 77
	assert_output --partial 'only its root may change it'
}

@test "an ordinary user can look" {
	as_nobody "$MMTOOL" overcommit
	assert_success
}

@test "a read-only /proc/sys is told apart" {
	need_root
	need unshare
	unshare -m true 2>/dev/null || skip 'no mount namespaces here'
	run unshare -m sh -c 'mount -o bind,ro /proc/sys /proc/sys && exec "$@"' - \
		"$MMTOOL" overcommit --set=0 -- echo ran
	assert_failure 77
	assert_output --partial '/proc/sys is read-only here'
	refute_output --partial ran
}

@test "policy 2 is enforced and leaves" {
	need_sysctl
	[ -n "${MMTOOL_GUEST-}" ] || skip 'in a guest only: the whole machine has that policy'
	[ "$(word_bits)" = 64 ] || skip 'needs 64-bit addresses'
	mm overcommit --set=2 --ratio=90 -- overcommit --try="$(meminfo MemTotal)K"
	assert_success
	assert_output --partial 'policy 2, strict'
	assert_output --partial 'refused, ENOMEM'
	assert_restored
}

@test "SIGKILL of mmtool under policy 2" {
	need_sysctl
	[ -n "${MMTOOL_GUEST-}" ] || skip 'in a guest only: the whole machine has that policy'
	other=2 options=--ratio=90
	start
	watcher_of "$tool"
	kill -KILL "$tool"
	soon gone "$watcher"
	assert gone "$command"
	assert_restored
}
