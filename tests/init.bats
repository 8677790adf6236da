# SPDX-License-Identifier: MIT
# mmtool as the first process of a PID namespace, as a container starts it: the kernel drops the signals that would end that one.

load helper/common

setup()
{
	cd "$BATS_TEST_TMPDIR"
	need unshare timeout
	# Root needs no user namespace for it, in which it would be nobody for the rest of the machine.
	apart=(unshare -pf --mount-proc --kill-child)
	[ "$(id -u)" -eq 0 ] || apart+=(-r)
	"${apart[@]}" true 2>/dev/null || skip 'no PID namespace with a /proc can be made here'
	started='' first=''
}

teardown()
{
	local id

	# With the first process all of its namespace goes.
	[ -z "$started" ] || kill -KILL ${first:+"$first"} "$started" 2>/dev/null || true
	exec 5>&-
	# What a failure left.
	[ ! -e maker ] || for id in $(made_by "$(<maker)"); do ipcrm -m "$id"; done
}

# child_of PID: prints its child, when it has one: at most ten seconds.
child_of()
{
	local i found

	for ((i = 0; i < 500; i++)); do
		found=$(awk '$1 == "Pid:" { pid = $2 } $1 == "PPid:" && $2 == parent { print pid; exit }' parent="$1" /proc/[0-9]*/status 2>/dev/null || true)
		[ -z "$found" ] || break
		sleep 0.02
	done
	echo "$found"
}

# start [ENV-OPTION...] -- ARG...: mmtool is the first process, $first out here, and waits for what is written to descriptor 5;
# its output is in out.  It ends after a minute, whatever happens.
start()
{
	local options=()

	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	exec 5>&-
	rm -f in
	mkfifo in
	# bash has a job in the background ignore SIGINT and SIGQUIT.
	timeout -s KILL 60 env --default-signal=INT,QUIT "${options[@]}" "${apart[@]}" "$MMTOOL" "$@" <in >out 2>&1 3>&- &
	started=$!
	exec 5>in
	first=$(child_of "$(child_of "$started")")
	[ -n "$first" ] || fail "it does not start: $(cat out)"
}

# until_out PATTERN: waits until it stands in out.
until_out()
{
	local i

	for ((i = 0; i < 500; i++)); do
		! grep -Eq -e "$1" out || return 0
		sleep 0.02
	done
	fail "no $1: $(cat out)"
}

# ended STATUS: it is over, soon.
ended()
{
	local i status=0

	for ((i = 0; i < 500; i++)); do
		[ -e "/proc/$first" ] || break
		sleep 0.02
	done
	[ ! -e "/proc/$first" ] || fail "it goes on: $(cat out)"
	wait "$started" || status=$?
	started=
	[ "$status" -eq "$1" ] || fail "status $status: $(cat out)"
}

# made_by PID: the numbers of the segments that this process has made.
made_by()
{
	awk -v maker="$1" 'NR > 1 && $5 == maker { print $2 }' /proc/sysvipc/shm
}

@test "signals end it, with 128 plus their number" {
	for signal in TERM INT HUP QUIT USR1; do
		start -- grow --step
		until_out Enter
		kill -s "$signal" "$first"
		ended $((128 + $(kill -l "$signal")))
		start -- watch 1
		until_out '^process 1 '
		kill -s "$signal" "$first"
		ended $((128 + $(kill -l "$signal")))
	done
}

@test "a signal that was ignored stays so, and children that nobody was to collect are collected" {
	start --ignore-signal=HUP,CHLD -- grow --step
	until_out Enter
	kill -HUP "$first"
	printf '\n%.0s' {1..20} >&5
	ended 0
	assert_equal "$(tail -n 1 out)" '8 steps, 3 checks, all as expected'
}

@test "its statuses are those of any mmtool" {
	run "${apart[@]}" "$MMTOOL" grow --symbolic
	assert_success
	assert_line '8 steps, 3 checks, all as expected'
	run "${apart[@]}" "$MMTOOL" run -e 'expect 1 == 2'
	assert_failure 1
	run "${apart[@]}" "$MMTOOL" nothing
	assert_failure 2
	run "${apart[@]}" "$MMTOOL" maps 99999999
	assert_failure 3
}

@test "a reader that goes ends it" {
	run bash -c 'timeout -s KILL 30 "$@" | head -n 1; echo "${PIPESTATUS[0]}"' - "${apart[@]}" "$MMTOOL" watch 1
	assert_line --index 0 --partial 'process 1 '
	assert_line --index 1 141
}

# type_interrupted: what is typed: a statement, Ctrl-C while it is performed, another that a second one would interrupt, too.
type_interrupted()
{
	echo 'repeat 1000000000000 { scratch[0] = 1 }'
	until_out '1mscratch'
	printf '\003'
	until_out interrupted
	printf 'repeat 200000 { scratch[0] = 1 }\n\004'
}

@test "Ctrl-C on a terminal comes once" {
	need script
	: >out
	type_interrupted | MMTOOL_LIBEDIT=$PWD/none timeout -s KILL 240 script -qec "exec ${apart[*]} $MMTOOL shell" /dev/null >out 2>&1
	assert_equal "$(grep -c interrupted out)" 1
	grep -q '199997 more passes, all as expected' out
}

@test "when mmtool is killed there, what cleans up after it is waited for" {
	[ -r /proc/sysvipc/shm ] || skip 'no System V segments here'
	start -- run --allow-write -e 's = shmget(IPC_PRIVATE, 1p, IPC_CREAT|0600)
		a = shmat(s, NULL, 0)
		repeat 1000000000000 { a[0] = 1 }'
	mmtool=$(child_of "$first")
	child_of "$mmtool" >maker
	for ((i = 0; i < 500; i++)); do
		[ -z "$(made_by "$(<maker)")" ] || break
		sleep 0.02
	done
	[ "$i" -lt 500 ] || fail "no segment: $(cat out /proc/sysvipc/shm)"
	kill -KILL "$mmtool"
	ended 137
	assert_equal "$(made_by "$(<maker)")" ''
}

@test "no process to be had: status 3, and why" {
	need prlimit
	as_nobody "$MMTOOL" --version
	program=$MMTOOL
	[ "$(id -u)" -ne 0 ] || program=$(open_dir)/mmtool
	as_nobody unshare -rpf --mount-proc true
	[ "$status" -eq 0 ] || skip 'users cannot make a PID namespace here'
	as_nobody unshare -rpf --mount-proc prlimit --nproc=1 "$program" grow
	[ "$status" -ne 0 ] || skip 'whoever this is has no limit of processes'
	assert_failure 3
	assert_output 'mmtool: the first process of a PID namespace, which no signal ends, needs a child: fork: Resource temporarily unavailable'
}
