# SPDX-License-Identifier: MIT
# mmtool watch: what changes in a live process, when, and how its end is told.  The process is tests/helper/puppet.c, which
# does what it is told line by line.

load ../helper/common

# Built once for the file; nobody must be able to run it.
setup_file()
{
	local dir

	dir=$(open_dir)
	export PUPPET=$dir/puppet
	# The sanitizers map memory of their own.
	helper puppet "$PUPPET" -pthread
	chmod 755 "$PUPPET"
}

setup()
{
	cd "$BATS_TEST_TMPDIR"
	page=$(getconf PAGESIZE)
	puppet='' watcher=''
}

teardown()
{
	[ -z "$puppet" ] || kill -9 "$puppet" 2>/dev/null || true
	[ -z "$watcher" ] || kill -9 "$watcher" 2>/dev/null || true
	exec 5>&- 6<&-
}

# start_puppet [COMMAND...]: it runs, behind the command if there is one; its strings are descriptors 5 and 6.
start_puppet()
{
	mkfifo strings answers
	"$@" "$PUPPET" <./strings >./answers 3>&- &
	puppet=$!
	exec 5>./strings 6<./answers
	answer
}

# answer: waits until it says that it is done; what it said before that is in said.
answer()
{
	local line

	said=
	while IFS= read -r -t 20 line <&6; do
		case $line in
		ok) return ;;
		failed*) fail "the puppet: $line" ;;
		esac
		said=$line
	done
	fail 'the puppet does not answer'
}

tell()
{
	echo "$*" >&5
}

# perform WORDS: tells it, and waits until it is done.
perform()
{
	tell "$@"
	answer
}

# start_watch [OPTION...]: watches it, into the file log, and waits until the first reading is told.
start_watch()
{
	: >log
	timeout --foreground 60 "$MMTOOL" watch "$@" "$puppet" >log 2>errors 3>&- 5>&- 6<&- &
	watcher=$!
	until_log 1
}

# until_log LINES: waits until the log has so many.
until_log()
{
	local i

	for ((i = 0; i < 1000; i++)); do
		[ "$(wc -l <log)" -lt "$1" ] || return 0
		sleep 0.02
	done
	fail "$1 lines do not come: $(cat log errors)"
}

# until_count N PATTERN: waits until so many lines of the log match.
until_count()
{
	local i

	for ((i = 0; i < 1000; i++)); do
		[ "$(grep -Ec -e "$2" log)" -lt "$1" ] || return 0
		sleep 0.02
	done
	fail "no $2: $(cat log errors)"
}

# until_delta N: waits until the JSON in the log has so many deltas.
until_delta()
{
	until_count "$1" '^{"type":"delta"'
}

# ended [STATUS]: the watch is over by itself, with that status.
ended()
{
	local status=0

	wait "$watcher" || status=$?
	watcher=
	[ "$status" -eq "${1-0}" ] || fail "status $status: $(cat log errors)"
}

# exited STATUS: an extended regular expression of what is said of such an end.  Before PIDFD_GET_INFO (Linux 6.15) it is known
# until the parent collects the process, which the shell of these tests does at once: the guests have such kernels.
exited()
{
	local unknown='|it ended; how, only its parent may know'

	echo "(it exited with status $1${MMTOOL_GUEST:+$unknown})"
}

# of FILTER: what jq makes of the log's events.
of()
{
	run jq -r "$1" log
	assert_success
}

@test "each change is told when it happens: the lines, the sizes, the words, the end" {
	start_puppet
	start_watch
	grep -Eqx "process $puppet \(puppet\): [0-9]+ mappings, [0-9]+[KMGT]; read every 0.1 s" log || fail "$(<log)"
	perform map $((33 * page))
	place=$said
	until_count 1 '^  \+ '
	run grep -A 2 '^between ' log
	assert_line --regexp "^between [0-9]+\.[0-9]{3} and [0-9]+\.[0-9]{3} s: [0-9]+ mappings \(\+1\), [0-9]+[KMGT] \(\+$((33 * page / 1024))K\)$"
	assert_line --regexp "^  \+ 0*$place-[0-9a-f]+ rw-p 00000000 00:00 0"
	assert_line "    new: $((33 * page / 1024))K, rw-p, private anonymous"
	perform readonly
	until_count 1 'became r--p'
	assert_equal "$(grep -c "^  - 0*$place-.* rw-p" log)" 1
	perform unmap
	until_count 1 ' is gone: '
	grep -q '(-1), .*K (-' log
	tell exit 7
	ended
	tail -n 1 log | grep -Eqx "(at|between [0-9]+\.[0-9]{3} and) [0-9]+\.[0-9]{3} s: $(exited 7)" || fail "$(<log)"
	[ ! -s errors ]
}

@test "the time stands between two readings" {
	need jq
	start_puppet
	start_watch --format=json --interval=0.05
	before=$(date +%s%N)
	perform map "$page"
	until_delta 1
	after=$(date +%s%N)
	tell exit 0
	ended
	# One that came late is followed by one in time, sooner than the interval.
	of 'select(.type == "delta") | .to > .from'
	assert_output true
	of "select(.type == \"delta\") | (.time | tonumber) >= $before and (.time | tonumber) <= $after"
	assert_output true
	# By the same clock from the first reading on, whatever the other one did meanwhile.
	of 'select(.type == "snapshot").interval'
	assert_output 50000000
}

@test "the snapshot and the deltas make the maps that the process has at the end" {
	need jq python3
	start_puppet
	start_watch --format=json --interval=0.02
	for i in 1 2 3 4 5 6; do
		perform map $((i * page))
		until_delta $((2 * i - 1))
		if ((i % 3 == 0)); then perform unmap; elif ((i % 3 == 1)); then perform grow $((9 * i * page)); else perform readonly; fi
		until_delta $((2 * i))
	done
	cat "/proc/$puppet/maps" >last
	tell exit 0
	ended
	run python3 - log last <<'END'
import json, sys
lines, kinds = None, []
for text in open(sys.argv[1]):
    event = json.loads(text)
    if event["type"] == "snapshot":
        lines = [m["line"] for m in event["maps"]]
    if event["type"] == "delta":
        kinds += [change["kind"] for change in event["delta"]["changes"]]
        for line in event["delta"]["lines"]:
            if line["sign"] == "-":
                lines.remove(line["line"])
            else:
                lines.append(line["line"])
        assert event["from"] < event["to"]
lines.sort(key=lambda line: int(line.split("-")[0], 16))
assert "".join(line + "\n" for line in lines) == open(sys.argv[2]).read(), lines
assert {"added", "removed", "protected"} <= set(kinds), kinds
END
	assert_output ''
	assert_success
	of 'select(.type == "delta" or .type == "snapshot").pid'
	assert_equal "$(sort -u <<<"$output")" "$puppet"
	of 'select(.about != "interval").type'
	assert_equal "$(uniq <<<"$output" | tr '\n' ' ')" 'snapshot delta note end '
}

@test "shown again by report, it is the same text" {
	need jq
	start_puppet
	start_watch --format=json
	perform map "$page"
	until_delta 1
	tell exec "$PUPPET"
	ended
	mm report log
	assert_success
	assert_line --regexp "^process $puppet \(puppet\): [0-9]+ mappings"
	assert_line --regexp '^between .* mappings \(\+1\)'
	assert_line --regexp '^between .* replaced its program'
	mm report --format=json log
	assert_output "$(<log)"
}

@test "exec: another program, and the same one again" {
	need jq
	start_puppet
	start_watch
	tell exec sleep 20
	ended
	run tr '\n' ' ' <log
	assert_output --regexp 'between [0-9.]+ and [0-9.]+ s: it replaced its program \(exec\) by sleep: the mappings +that were watched are gone'
	kill "$puppet"
	rm strings answers
	start_puppet
	start_watch --format=json
	tell exec "$PUPPET"
	ended
	of 'select(.type == "note" and .about != "interval") | "\(.about) \(.command) \(.pid)"'
	assert_output "exec puppet $puppet"
	of 'select(.type == "delta").type'
	assert_output ''
}

@test "exec of the same program at the same addresses" {
	need jq
	setarch -R true 2>/dev/null || skip 'addresses cannot be made the same in two runs (setarch -R)'
	start_puppet setarch -R
	start_watch --format=json
	tell exec "$PUPPET"
	ended
	of 'select(.type == "note" and .about != "interval").about'
	assert_output exec
}

@test "killed: at once, and by what" {
	need jq
	start_puppet
	start_watch --format=json --interval=30
	start=$SECONDS
	kill -9 "$puppet"
	ended
	[ $((SECONDS - start)) -lt 15 ] || fail 'only at the next reading'
	of 'select(.type == "note" and .about != "interval") | "\(.about) \(.signal) \(.status) \(.text)"'
	assert_output --regexp "^exit (SIGKILL null it was killed by SIGKILL${MMTOOL_GUEST:+|null null it ended; how, only its parent may know})\$"
	of 'select(.type == "end").status'
	assert_output 0
}

@test "stopped: nothing is told, and it is watched on" {
	start_puppet
	start_watch
	kill -STOP "$puppet"
	tell map "$page"
	sleep 0.5
	assert_equal "$(grep -c '^between ' log)" 0
	kill -CONT "$puppet"
	answer
	until_count 1 '^  \+ '
	tell exit 0
	ended
}

@test "a main thread that ends before another: watched on" {
	start_puppet
	start_watch
	tell thread
	answer
	# The new thread's stack and its memory.
	until_count 1 '^  \+ '
	sleep 0.3
	perform map $((77 * page))
	until_count 1 "new: $((77 * page / 1024))K, rw-p"
	tell exit 5
	ended
	# A kernel may have the main thread's own status in stat (5.10), which is not taken for it.
	tail -n 1 log | grep -Eq "$(exited 5)"
}

@test "a main thread that ended before mmtool came: the process is not said to have exited" {
	start_puppet
	tell thread
	answer
	thread=$(find "/proc/$puppet/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | grep -vx "$puppet")
	for ((i = 0; i < 500; i++)); do
		! grep -q '^State:.Z' "/proc/$puppet/status" || break
		sleep 0.01
	done
	for command in maps watch snapshot 'why --maps'; do
		# shellcheck disable=SC2086
		mm $command "$puppet"
		assert_failure 3
		assert_line --regexp "process $puppet \(.*\) goes on without its main thread, .*, such as $thread\$"
	done
	mm maps "$thread"
	assert_success
	assert_output --partial '[stack]'
}

@test "a thread's own number" {
	need jq
	start_puppet
	tell thread
	answer
	thread=$(find "/proc/$puppet/task" -mindepth 1 -maxdepth 1 -printf '%f\n' | grep -vx "$puppet")
	main=$puppet puppet=$thread
	start_watch --format=json
	perform map "$page"
	until_delta 1
	puppet=$main
	tell exit 0
	ended
	of 'select(.type == "note" and .about != "interval").about'
	assert_output exit
}

@test "one that becomes another user's is watched on" {
	need_root
	need jq
	dir=$(open_dir)
	start_puppet
	perform uid 65533
	# Root reads it all the same; a user who opened it before does, too.
	start_watch --format=json
	perform map "$page"
	until_delta 1
	tell exit 4
	ended
	of 'select(.type == "note" and .about != "interval").text'
	assert_output --regexp "^$(exited 4)$"
}

@test "--until ends after so many changes" {
	need jq
	start_puppet
	start_watch --until=2 --format=json --interval=0.02
	perform map "$page"
	until_delta 1
	kill -0 "$watcher"
	perform unmap
	ended
	# On a slow machine it may say that it reads less often.
	of 'select(.about != "interval").type'
	assert_output $'snapshot\ndelta\ndelta\nend'
	kill -0 "$puppet"
}

@test "signals complete the output, and end it" {
	need jq
	start_puppet
	for signal in INT TERM HUP QUIT; do
		: >log
		# A shell's background processes ignore SIGINT and SIGQUIT.
		env --default-signal=INT,QUIT "$MMTOOL" watch --format=json "$puppet" >log 3>&- 5>&- 6<&- &
		watcher=$!
		until_log 1
		kill -s "$signal" "$watcher"
		ended $((128 + $(kill -l "$signal")))
		of 'select(.about != "interval").type'
		assert_output $'snapshot\nend'
	done
	# One that is ignored, is.
	: >log
	(trap '' HUP; exec "$MMTOOL" watch "$puppet") >log 3>&- 5>&- 6<&- &
	watcher=$!
	until_log 1
	kill -HUP "$watcher"
	sleep 0.3
	tell exit 0
	ended
}

@test "a signal ends it while nobody reads a full pipe" {
	mkfifo pipe
	start_puppet
	"$MMTOOL" watch --format=json --interval=0.001 "$puppet" >pipe 3>&- 5>&- 6<&- &
	watcher=$!
	exec 7<pipe
	for ((i = 0; i < 40; i++)); do
		perform map "$page"
		sleep 0.01
	done
	kill -TERM "$watcher"
	for ((i = 0; i < 200; i++)); do
		kill -0 "$watcher" 2>/dev/null || break
		sleep 0.05
	done
	[ "$i" -lt 200 ] || fail 'it does not end'
	ended 143
	exec 7<&-
}

@test "a signal ends it while nobody reads a snapshot that no pipe holds" {
	mkfifo pipe
	start_puppet
	perform pieces 1000
	"$MMTOOL" watch --format=json "$puppet" >pipe 3>&- 5>&- 6<&- &
	watcher=$!
	exec 7<pipe
	# The pipe is full when it has waited for a while.
	for ((i = 0; i < 500; i++)); do
		! grep -q '^State:.S' "/proc/$watcher/status" || ! grep -q mmtool "/proc/$watcher/comm" || break
		sleep 0.02
	done
	sleep 0.3
	kill -TERM "$watcher"
	for ((i = 0; i < 200; i++)); do
		kill -0 "$watcher" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$watcher/status" || break
		sleep 0.05
	done
	[ "$i" -lt 200 ] || fail 'it does not end'
	ended 143
	exec 7<&-
}

@test "a reader that goes ends it, though nothing changes" {
	start_puppet
	run bash -c 'timeout 20 "$0" watch "$1" | head -n 1; echo "${PIPESTATUS[0]}"' "$MMTOOL" "$puppet"
	assert_line --index 0 --regexp "^process $puppet "
	assert_line --index 1 141
}

@test "who may not be watched" {
	start_puppet
	mm watch 1x
	assert_failure 2
	assert_output --partial '1x: not the number of a process'
	mm watch
	assert_failure 2
	assert_output --partial 'which process?'
	for bad in 0 -1 1e3 x 1.2.3 . 0.0001 100000 inf; do
		mm watch --interval="$bad" "$puppet"
		assert_failure 2
		assert_output --partial "--interval: $bad: not "
	done
	for bad in 0 -1 soon 1.5 99999999999999999999; do
		mm watch --until="$bad" "$puppet"
		assert_failure 2
		assert_output --partial "--until: $bad: neither exit nor a number of changes"
	done
	mm watch 999999999
	assert_failure 3
	assert_output 'mmtool watch: process 999999999: no such process'
	mm watch 99999999999999999999999
	assert_failure 3
	as_nobody "$MMTOOL" watch 1
	assert_failure 3
	assert_output --regexp '^mmtool watch: process 1 .*(may not be read|is hidden)'
	# One that has exited already, and waits for its parent.
	leave_zombie
	mm watch "$(<zombie)"
	assert_failure 3
	assert_output --partial 'has exited, and waits to be collected by its parent'
}

@test "one that was killed is exiting, then gone: it is not hidden, and runs no other program" {
	for command in watch maps snapshot diff; do
		start_puppet
		perform pieces 20000
		kill -9 "$puppet"
		# Its address space goes first; to free it takes a while.
		while read -r _ <"/proc/$puppet/maps"; do :; done 2>/dev/null
		case $command in
		diff) mm diff $$ "$puppet" ;;
		*) mm "$command" "$puppet" ;;
		esac
		assert_failure 3
		assert_output --regexp '( is exiting: it has no mappings any more|: no such process| has exited, and waits .*)$'
		exec 5>&- 6<&-
		rm strings answers
	done
}

@test "a thread of the kernel has nothing to watch" {
	need_root
	# Others may end meanwhile.
	kernel=$(grep -hs '^[0-9]* (kthreadd) ' /proc/[0-9]*/stat || true)
	kernel=${kernel%% *}
	[ -n "$kernel" ] || skip 'threads of the kernel cannot be seen here'
	mm watch "$kernel"
	assert_failure 3
	assert_output --partial 'a thread of the kernel'
}

@test "as an ordinary user: one's own process, to its end" {
	need_root
	need setpriv
	nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all)
	"${nobody[@]}" true 2>/dev/null || skip 'this user namespace has no user 65534'
	start_puppet "${nobody[@]}"
	cp "$MMTOOL" "$(open_dir)/mmtool"
	MMTOOL="$(open_dir)/mmtool" watch_as_nobody
	perform map $((99 * page))
	until_count 1 "new: $((99 * page / 1024))K"
	tell exit 6
	ended
	tail -n 1 log | grep -Eq "$(exited 6)$" || fail "$(<log)"
}

watch_as_nobody()
{
	: >log
	timeout --foreground 60 "${nobody[@]}" "$MMTOOL" watch "$puppet" >log 2>errors 3>&- 5>&- 6<&- &
	watcher=$!
	until_log 1
}

@test "--detail tells flags, and what is resident" {
	need jq
	grep -q '^VmFlags' /proc/self/smaps || skip 'this kernel shows no VmFlags'
	[ "$(ulimit -Sl)" = unlimited ] || [ "$(ulimit -Sl)" -gt 64 ] || skip 'no memory may be locked here'
	start_puppet
	perform map "$page"
	place=$said
	start_watch --detail --interval=0.05
	grep -Eqx "process $puppet \\(puppet\\): [0-9]+ mappings, [0-9]+[KMGT], [0-9]+[KMGT] resident; read every 0.05 s" log || fail "$(<log)"
	perform lock
	until_count 1 'locked in memory'
	# Where a reading takes long, a note of that can stand before it or behind.
	run grep -A 2 '^between' log
	assert_line --index 0 --regexp "^between .* [0-9]+ mappings, [0-9]+[KMGT], [0-9]+[KMGT] resident( \\(.*\\))?\$"
	# Its line did not change: it is shown all the same.
	assert_line --index 1 --regexp "^    0*$place-[0-9a-f]+ rw-p"
	assert_line --index 2 '    an anonymous mapping is now locked in memory (lo)'
	tell exit 0
	ended
	rm strings answers
	start_puppet
	perform map $((2 * page))
	start_watch --detail --interval=0.05 --format=json
	perform lock
	until_delta 1
	tell exit 0
	ended
	# A locked page is a mapping of its own.
	of 'select(.type == "delta") | "\(.flags_looked) \([.delta.changes[] | select(.kind == "flagged")] | map("\(.gained) \(.new.size)") | join(" "))"'
	assert_output "true [\"lo\"] $page"
	of 'select(.type == "delta") | .resident >= .old_resident'
	assert_output true
	mm report log
	assert_line --partial 'resident (+'
	mm report --format=json log
	assert_output "$(<log)"
}

@test "many mappings are read less often, and that is said" {
	need jq
	not_sanitized 'reading is much dearer there'
	limit=$(</proc/sys/vm/max_map_count)
	[ "$limit" -ge 40000 ] || skip "vm.max_map_count is $limit"
	start_puppet
	perform pieces 30000
	start_watch --format=json --interval=0.005
	until_count 1 '"about":"interval"'
	tell exit 0
	ended
	of 'select(.about == "interval") | .interval > 5000000 and (.text | test("a reading takes .* ms: from now on one every .* s, to stay at 2 % of the time"))'
	assert_equal "$(head -n 1 <<<"$output")" true
}

@test "mappings of one file that came together are told in one sentence, as by diff" {
	need jq
	echo '1000-2000 r--p 00000000 fe:00 7 /lib/a.so' >before
	cat before - >after <<-'END2'
		10000-11000 r--p 00000000 fe:00 8 /lib/b.so
		11000-13000 r-xp 00001000 fe:00 8 /lib/b.so
		13000-14000 rw-p 00003000 fe:00 8 /lib/b.so
		14000-15000 rw-p 00000000 00:00 0
		20000-21000 rw-p 00000000 00:00 0
	END2
	# As if a process that is watched had loaded it between two readings.
	"$MMTOOL" diff --format=json before after >events || [ $? -eq 1 ]
	"$MMTOOL" maps --format=json before >shown
	cat shown events | jq -c 'if .type == "delta" then del(.old_name, .new_name) + { pid: 7, from: 0, to: 1000000000 }
		elif .type == "snapshot" then . + { pid: 7 } elif .type == "end" then . + { status: 0 } else . end' |
		awk '!/"type":"end"/ || ++ends == 2' >watched
	mm report watched
	assert_success
	assert_line --partial 'between 0.000 and 1.000 s'
	assert_line '    b.so is new: 4 mappings, 20K'
	assert_line '    new: 4K, rw-p, private anonymous'
	"$MMTOOL" diff before after | grep -qx '    b.so is new: 4 mappings, 20K'
}
