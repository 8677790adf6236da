# SPDX-License-Identifier: MIT
# What the tests of the text report and of the subject share:  load helper/report  (after common).

page=$(getconf PAGESIZE)

# The options of same_as_run.
report=()

# size PAGES: so many pages as a report writes them (16K, 1M).
size()
{
	local bytes=$(($1 * page)) unit

	for unit in T:40 G:30 M:20 K:10; do
		if ((bytes % (1 << ${unit#*:}) == 0)); then
			echo "$((bytes >> ${unit#*:}))${unit%:*}"
			return
		fi
	done
}

# unmoved COMMAND [ARG...]: runs it where Linux randomises no address, for what is random may also be in a distance.
unmoved()
{
	if setarch -R true 2>/dev/null; then setarch -R "$@"; else "$@"; fi
}

# block START: of $output, the blocks of the statements that begin with these words.
block()
{
	START=$1 awk 'index($0, ENVIRON["START"]) == 1 { on = 1; print; next } /^[^ ]/ || /^$/ { on = 0 } on' <<<"$output"
}

# statements: of $output, what stands at the left margin, remarks and the verdict aside.
statements()
{
	grep -v -e '^ ' -e '^#' -e '^$' -e '^\.\.\. ' <<<"$output" | sed '$d'
}

# changed SIGN START: the lines of maps with that sign in the blocks of a statement.
changed()
{
	block "$2" | sed -n "s/^  [$1] //p"
}

# pages_of: reads lines of maps, prints the length of each in pages.
pages_of()
{
	local range

	while read -r range _; do
		echo $(((0x${range#*-} - 0x${range%-*}) / page))
	done
}

# result_of START: what the call in that statement's block returned.
result_of()
{
	block "$1" | sed -n 's/^    [a-z0-9_]*(.*) = \(.*\)$/\1/p'
}

# same_as_run ARG...: the script that the command prints does the same by `mmtool run', and prints the same bytes; with the
# options of the report in the array report.
same_as_run()
{
	local direct=0 again=0

	"$MMTOOL" "$@" --format=script >script || fail "no script of: $*"
	unmoved "$MMTOOL" "$@" --symbolic "${report[@]}" >direct 2>direct.err || direct=$?
	unmoved "$MMTOOL" run - --symbolic "${report[@]}" <script >again 2>again.err || again=$?
	diff direct again || fail "the script of '$*' prints something else"
	diff direct.err again.err
	assert_equal "$again" "$direct"
	[ -s direct ] || fail "nothing printed: $*"
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

# gone PID: it has ended (a zombie that nobody collects counts as ended).
gone()
{
	[ ! -e "/proc/$1" ] || grep -q '^State:[[:space:]]*[ZX]' "/proc/$1/status" 2>/dev/null
}

# hold ARG...: starts mmtool with --step in the background, its report in ./out and its prompts in ./err; descriptor 9 is its
# keyboard.  $tool is its pid, and after the first prompt $subject the one that it names.
hold()
{
	rm -f keyboard && mkfifo keyboard
	: >err
	env --default-signal=INT,QUIT "$MMTOOL" "$@" --step -o out <keyboard 2>err 3>&- &
	tool=$!
	exec 9>keyboard
	prompts=0
	next_prompt
	subject=$(sed -n 's/^\[pid \([0-9]*\)\] .*/\1/p' err | head -n 1)
	[ -n "$subject" ]
}

count_prompts()
{
	grep -o '\[pid [0-9]*\] next: ' err | wc -l
}

prompted()
{
	[ "$(count_prompts)" -ge "$prompts" ] && [ "$(tail -c 8 err)" = '[Enter] ' ]
}

next_prompt()
{
	prompts=$((prompts + 1))
	soon prompted
}

# enter: presses it, and waits for the prompt before the next statement.
enter()
{
	echo >&9
	next_prompt
}

# shellcheck disable=SC2034 # status and output are the test's
# let_go: closes the keyboard, so that the rest is done without waiting; run's $status is the tool's.
let_go()
{
	exec 9>&-
	status=0
	wait "$tool" || status=$?
	output=$(cat out)
}

# For teardown: nothing that a test started stays.
end_held()
{
	exec 9>&-
	[ -z "${tool-}" ] || kill -KILL "$tool" 2>/dev/null || true
	[ -z "${subject-}" ] || kill -KILL "$subject" 2>/dev/null || true
	# Else the shell would tell of it.
	wait 2>/dev/null || true
}

# dies_of SIGNAL COMMAND [ARG...]: runs it with an input that has nothing yet and does not end, until it waits for it; the
# signal ends it.
dies_of()
{
	local signal=$1 status=0 pid
	shift

	rm -f silent
	mkfifo silent
	exec 7<>silent
	# A shell's background processes ignore SIGINT and SIGQUIT.
	env --default-signal=INT,QUIT "$@" <silent >/dev/null 2>&1 3>&- 7>&- &
	pid=$!
	soon waits "$pid"
	kill -s "$signal" "$pid"
	soon gone "$pid" || kill -9 "$pid"
	wait "$pid" || status=$?
	exec 7>&-
	[ "$status" -eq $((128 + $(kill -l "$signal"))) ] || fail "SIG$signal did not end it: $*: status $status"
}

# waits PID: it is mmtool, asleep.
waits()
{
	grep -q '^Name:.mmtool' "/proc/$1/status" && grep -q '^State:.S' "/proc/$1/status"
}
