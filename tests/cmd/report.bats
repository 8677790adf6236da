# SPDX-License-Identifier: MIT
# report: what was recorded is shown as the run itself would have shown it, and what is no record is refused.

load ../helper/common
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# record ARG...: the events of a run in ./events.
record()
{
	local status=0

	"$MMTOOL" "$@" --format=json >events || status=$?
	case $status in
	0 | 1 | 77) ;;
	*) fail "mmtool $*: status $status" ;;
	esac
}

# experiments: the commands whose report is that of a script of their own.
experiments()
{
	"$MMTOOL" --describe | awk -F '\t' '$1 == "option" && $3 == "--step" && $2 != "run" && $2 != "shell" { print $2 }'
}

# same_run SCRIPT...: shows and records one run of them, and what the record replays is the same bytes in every format.
same_run()
{
	local compare=${MMTOOL%/*}/tests/unit/test-replay-run

	[ -x "$compare" ] || skip 'tests/unit/test-replay-run is not built'
	"$compare" "$@" >points || { cat points && fail "$*"; }
	grep -q '^ok .* the same bytes: TAP' points
}

@test "in one run: what a record replays is what the run has shown, byte for byte, in every format" {
	for command in $(experiments); do
		"$MMTOOL" "$command" --format=script >"$command.mmt"
		same_run "$command.mmt"
	done
	same_run ./*.mmt
}

@test "in one run: the examples" {
	for script in "$top"/examples/*.mmt; do
		same_run "$script"
	done
}

@test "in one run: scripts of every statement, call, fault and failure" {
	for script in "$top"/tests/run/*.mmt "$top"/tests/program/*.mmt; do
		same_run "$script"
	done
	cat >failing.mmt <<'END'
expect 1 == 2, "this\tfails"
a = mmap(NULL, 1p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
munmap(1, 1p)
a[0] = 1
END
	cat >broken.mmt <<'END'
a = mmap(NULL, 8p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
repeat 20 as i {
	expect i != 7
	b = mremap(a + i * 1p / 4, 1p, 2p, MREMAP_MAYMOVE) = ?
	if i == 9 { child = fork(); in child { memset(a, 0, 8p) = ?; expect a[0] == 1 }; wait(child) = ? }
}
read(-1, a[0], 1)
END
	same_run failing.mmt broken.mmt
}

@test "in one run: scripts of calls chosen at random" {
	need python3
	for ((seed = 101; seed <= 100 + ${MMTOOL_SEEDS:-10}; seed++)); do
		python3 "$top/tests/helper/random-script.py" "$seed" >"random-$seed.mmt"
		same_run "random-$seed.mmt"
	done
}

@test "every experiment: the same bytes as JSON again" {
	for command in $(experiments); do
		record "$command"
		"$MMTOOL" report --format=json events | cmp - events
	done
}

@test "what is no stream of events is refused before anything is shown" {
	printf 'hello\n' >text
	mm report text
	assert_failure 2
	assert_output 'mmtool report: text:1: this is no event: no JSON object begins here'
	mm report /nowhere
	assert_failure 2
	assert_output 'mmtool report: /nowhere: cannot be opened: No such file or directory'
	mm report
	assert_failure 2
}

@test "text, of a second run at the same addresses" {
	setarch -R true 2>/dev/null || skip 'addresses cannot be made the same in two runs (setarch -R)'
	for command in grow shrink; do
		for options in '' --full --explain '--full --symbolic'; do
			# shellcheck disable=SC2086 # a list of words
			setarch -R "$MMTOOL" "$command" $options --color=always >text || [ $? -eq 1 ]
			# shellcheck disable=SC2086
			setarch -R "$MMTOOL" "$command" --explain --format=json | "$MMTOOL" report - $options --color=always >again
			# The inode of an object without a file is another in each run.
			run diff <(sed 's/ 00:01 [0-9]* / 00:01 * /' text) <(sed 's/ 00:01 [0-9]* / 00:01 * /' again)
			assert_output ''
		done
	done
}

@test "by name, of a second run; quietly; as test points" {
	cat >script.mmt <<'END'
a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
repeat 9 as i {
	a[i] = i
	expect a[i] != 7, "seven"
	if i > 4 { expect i > 1 }
}
expect fault(a[4p]) == SEGV_MAPERR
END
	for options in --symbolic '--symbolic -q' '--symbolic --format=tap'; do
		# shellcheck disable=SC2086 # a list of words
		"$MMTOOL" run --keep-going $options script.mmt >text || [ $? -eq 1 ]
		# shellcheck disable=SC2086
		{ "$MMTOOL" run --keep-going --format=json script.mmt || [ $? -eq 1 ]; } | "$MMTOOL" report - $options >again
		diff text again
	done
	# The check that comes late in the repeat has its point, and the one that failed its count.
	grep -qx '# failed in 1 of 9 passes; the first:' again
	grep -qx 'ok 2 - expect i > 1' again
}

@test "several scripts in one stream" {
	"$MMTOOL" run --symbolic -e 'expect 1' -e 'expect 2' >text
	"$MMTOOL" run -e 'expect 1' -e 'expect 2' --format=json | "$MMTOOL" report --symbolic - >again
	diff text again
}

@test "the output goes where -o says, and has no colour but on a terminal" {
	record grow
	mm report events -o out
	assert_success
	refute_output
	run grep -c $'\e' out
	assert_output 0
	"$MMTOOL" report events | cmp - out
}

@test "a run is shown as it is recorded" {
	mkfifo events.fifo
	"$MMTOOL" report events.fifo >out &
	local report=$! said='' i

	exec 7>events.fifo
	echo '{"type":"start","format":1,"name":"x","pid":1,"several":false}' >&7
	echo '{"type":"note","source":{"file":"x","line":1,"column":1,"text":"note \"hello\""},"text":"hello"}' >&7
	for ((i = 0; i < 500; i++)); do
		said=$(cat out)
		[ -z "$said" ] || break
		sleep 0.02
	done
	echo '{"type":"end","status":0}' >&7
	exec 7>&-
	wait "$report"
	[ "$said" = '# hello' ]
}

@test "the exit status is the report's own" {
	"$MMTOOL" run --format=json -e 'expect 0' >events || [ $? -eq 1 ]
	mm report events
	assert_success
	assert_line '1 step, 1 check, 1 failed, at line 1'
	mm report --format=tap events
	assert_success
	"$MMTOOL" run --format=json -e 'require 0, "why not"' >events || [ $? -eq 77 ]
	mm report events
	assert_success
	assert_output 'unsupported here: why not'
}

# refused STATUS MESSAGE: what report says of the file ./bad, and with which status; in TAP, too.
refused()
{
	run --separate-stderr "$MMTOOL" report bad
	assert_equal "$status" "$1"
	assert_equal "$stderr" "mmtool report: $2"
	run --separate-stderr "$MMTOOL" report --format=tap bad
	assert_equal "$status" "$1"
}

start='{"type":"start","format":1,"name":"x","pid":1,"several":false}'

@test "a stream that breaks off is shown as far as it goes" {
	record grow
	head -n 3 events >bad
	refused 3 'bad: the stream has no end: whoever recorded it was cut short'
	assert_line --index 0 --regexp '^Bail out!'
	"$MMTOOL" report --symbolic bad >out 2>err || [ $? -eq 3 ]
	"$MMTOOL" report --symbolic events | head -n 5 | diff - <(head -n 5 out)
	head -c -5 events >bad
	run --separate-stderr "$MMTOOL" report bad
	assert_failure 3
	assert_regex "$stderr" "^mmtool report: bad:$(wc -l <events): this is no JSON, or only the beginning of some: "
	assert_line '8 steps, 3 checks, all as expected'
}

@test "what is no stream" {
	: >bad
	refused 2 'bad: there is no event in it (record some with --format=json)'
	refute_output
	printf '\n \n' >bad
	refused 2 'bad: there is no event in it (record some with --format=json)'
	echo '[1]' >bad
	refused 2 'bad:1: this is no event: no JSON object begins here'
	echo '{"a":1}' >bad
	refused 2 'bad:1: this is no event: it has no type'
	echo '{"type":"end","status":0}' >bad
	refused 2 'bad:1: no event before this one has said its format: the beginning of the stream is missing'
	echo '{"type":"start","format":2,"pid":"other"}' >bad
	refused 2 'bad:1: recorded in format 2; this mmtool reads format 1'
	mm report .
	assert_failure 2
	assert_output 'mmtool report: .: read: Is a directory'
	timeout 10 "$MMTOOL" report /dev/zero 2>err || [ $? -eq 2 ]
	assert_equal "$(cat err)" 'mmtool report: /dev/zero:1: this is no event: no JSON object begins here'
}

@test "what is forged is refused where it stands" {
	local place='"source":{"file":"x","line":1,"column":1,"text":"t"}' line
	local step="\"pid\":1,\"ok\":true,\"checked\":false,\"looped\":false,\"looked\":false,$place"

	while IFS='|' read -r line problem; do
		printf '%s\n' "$start" "$line" >bad
		refused 3 "bad:2: $problem"
	done <<END
{"type":"note",$place}|note: the field text is missing
{"type":"note",$place,"text":1}|note: the field text is not a string
{"type":"note",$place,"text":"\\u0000"}|note: the field text is not a string without NUL
{"type":"note",$place,"text":"t","text_hex":"0g"}|note: the field text is not a string: its _hex is not hex
{"type":"note",$place,"text":"t","text":"u"}|this is no JSON, or only the beginning of some: duplicate object key near '"text"' (column 85)
{"type":"verdict","verdict":"good","steps":1,"checks":0,"failed":0}|verdict: the field verdict is not a word that is known here
{"type":"verdict","verdict":"passed","steps":1.5,"checks":0,"failed":0}|verdict: the field steps is not a whole number
{"type":"verdict","verdict":"passed","steps":-1,"checks":0,"failed":0}|verdict: the field steps is not in its range
{"type":"verdict","verdict":"passed","steps":"18446744073709551616","checks":0,"failed":0}|verdict: the field steps is not a whole number
{"type":"end","status":4294967296}|end: the field status is not in its range
{"type":"step","kind":"dance",$step}|step: the field kind is not a word that is known here
{"type":"step","kind":"store",${step/looked\":false/looked\":true},"delta":{"lines":[],"changes":[]},"regions":[]}|step: the mappings before it are not known
{"type":"step","kind":"other",$step,"regions":[{"name":"a","id":1,"start":"0x10","size":16},{"name":"b","id":2,"start":"0x8","size":16}]}|step: two of its regions overlap
{"type":"step","kind":"other",$step,"regions":[{"name":"a","id":1,"start":"0x10","size":"18446744073709551615"}]}|step: two of its regions overlap
{"type":"step","kind":"other",$step,"regions":[{"name":"a","id":0,"start":"0x10","size":1}]}|step: the field regions is not of regions alone: one has the id 0
{"type":"step","kind":"other",$step,"faults":[{"signal":"SIGNOT","code":"SEGV_MAPERR","fatal":true}]}|fault: the field signal is not a name that is known here
{"type":"step","kind":"call",$step,"call":{"name":"f","args":[],"result":-1,"errno":"EFUTURE","system":true,"performed":true,"injected":false,"changes_maps":false}}|call: the field errno is not a name that is known here
{"type":"step","kind":"call",$step,"call":{"name":"f","args":[],"result":-1,"errno":"PROT_READ","system":true,"performed":true,"injected":false,"changes_maps":false}}|call: the field errno is not a name that is known here
{"type":"note","text":"t","about":"exit\\u0000"}|note: the field about is not a word that is known here
{"type":"note\\u0000","text":"t"}|this is no event: it has no type
{"type":"start","format":1,"name":"x","pid":1,"several":false,"maps":[{"line":"1000-2000 rw-p 0 08:01 7 /x","start":"0x1000","end":"0x2000","perms":"rw-p","offset":0,"dev":"08:01\\u0000","inode":7,"name":"/x"}]}|mapping: the field dev is not a device
{"type":"start","format":1,"name":"x","pid":1,"several":false,"maps":[{"line":"not one"}]}|mapping: the field start is missing
{"type":"snapshot","format":1,"name":"x","part":0,"more":false,"maps":[{"line":"1000-2000 rw-p 0 00:00 0","start":"0x1000","end":"0x3000","size":8192,"perms":"rw-p","offset":0,"dev":"00:00","inode":0,"name":""}]}|mapping: its fields are not what its line says
END
	printf '%s\n' "$start" '{"type":"end","status":0}' '{"type":"end","status":0}' >bad
	refused 3 'bad:3: something follows the end of the stream'
	{ echo "$start"; head -c 100000 /dev/zero | tr '\0' '['; } >bad
	refused 3 'bad:2: this is no event: no JSON object begins here'
	{ echo "$start"; printf '{"type":"note","x":'; head -c 100000 /dev/zero | tr '\0' '['; } >bad
	mm report bad
	assert_failure 3
	assert_output --partial 'maximum parsing depth reached'
	printf '%s\n{"type":"note",%s,"text":"\xff"}\n' "$start" "$place" >bad
	mm report bad
	assert_failure 3
}

@test "each field that is missing, or is something else, is named" {
	local said line status got

	need python3
	python3 "$top/tests/helper/forge-events.py" "$top/schema/mmtool-event.schema.json" >forged
	while IFS= read -r said && IFS= read -r line; do
		printf '%s\n' "$start" "$line" >bad
		got=whole
		if [ -n "$said" ]; then
			printf '%s\n' "mmtool report: bad:2: $said" 3 >>want
			got=got
		fi
		status=0
		"$MMTOOL" report bad 2>>$got >/dev/null || status=$?
		echo "$status" >>$got
	done <forged
	[ "$(wc -l <want)" -gt 800 ]
	diff want got
	# As it should be, each field is read, and the event is refused for what stands before it.
	[ "$(grep -c '^mmtool report: bad:2: ' whole)" -eq 15 ]
	[ "$(grep -cx 3 whole)" -eq 15 ]
	run grep -e 'the field' -e 'its fields' whole
	assert_failure 1
}

# delta [SED]: one line is new; its line of maps changed so.
delta()
{
	local line='{"sign":"+","line":"1000-3000 rw-p 00004000 08:01 7 /x","start":"0x1000","end":"0x3000","perms":"rw-p","offset":16384,"dev":"08:01","inode":7,"name":"/x"}'

	printf '{"type":"delta","format":1,"delta":{"lines":[%s],"changes":[]}}\n' "$(sed "${1-}" <<<"$line")"
}

@test "values that are almost right are refused, too" {
	local place='"source":{"file":"x","line":1,"column":1,"text":"t"}' line problem
	local step="\"pid\":1,\"ok\":true,\"checked\":false,\"looped\":false,\"looked\":false,$place"
	local call='"system":true,"performed":true,"injected":false,"changes_maps":false'
	local change='"delta":{"lines":[],"changes":[{"kind":"flagged","names":[]'

	while IFS='|' read -r line problem; do
		printf '%s\n' "$start" "$line" >bad
		refused 3 "bad:2: $problem"
	done <<END
{"type":"note","text":"t","text_hex":61}|note: the field text is not a string: its _hex is not hex
{"type":"note","text":"t","text_hex":"616"}|note: the field text is not a string: its _hex is not hex
{"type":"note","text":"t","text_hex":"61G0"}|note: the field text is not a string: its _hex is not hex
{"type":"note","text":"t","text_hex":"6100"}|note: the field text is not a string without NUL
{"type":"note","text":"t","symbolic":"t\\u0000"}|note: the field symbolic is not a string without NUL
{"type":"note","text":"t","pid":2147483648}|note: the field pid is not in its range
{"type":"note","text":"t","pid":-2147483649}|note: the field pid is not in its range
{"type":"note","text":"t","time":"9223372036854775808"}|note: the field time is not in its range
{"type":"note","text":"t","time":"-9223372036854775809"}|note: the field time is not in its range
{"type":"note","text":"t","interval":-1}|note: the field interval is not in its range
{"type":"note","text":"t","interval":"18446744073709551616"}|note: the field interval is not a whole number
{"type":"note","text":"t","interval":"0x10"}|note: the field interval is not a whole number
{"type":"note","text":"t","interval":"7 "}|note: the field interval is not a whole number
{"type":"note","text":"t","interval":"-"}|note: the field interval is not a whole number
{"type":"note","text":"t","interval":""}|note: the field interval is not a whole number
{"type":"note","text":"t","interval":18446744073709551616}|this is no JSON, or only the beginning of some: too big integer near '18446744073709551616' (column 57)
{"type":"note","text":"t","signal":2147483648}|note: the field signal is not in its range
{"type":"note","text":"t","signal":"EINVAL"}|note: the field signal is not a name that is known here
{"type":"step","kind":"call",$step,"call":{"name":"f","args":[{"name":"a name longer than any","kind":"int","value":1}],$call}}|argument: the field name is not short enough
{"type":"step","kind":"call",$step,"call":{"name":"f","args":[{"name":"a\\u0000","kind":"int","value":1}],$call}}|argument: the field name is not a string without NUL
{"type":"step","kind":"call",$step,"call":{"name":"f","args":[{"name":"a","kind":"int","value":"-9223372036854775809"}],$call}}|argument: the field value is not in its range
{"type":"step","kind":"call",$step,"call":{"name":"f","args":[],"result":-1,"errno":"EFUTURE","errno_number":2147483648,$call}}|call: the field errno_number is not in its range
{"type":"step","kind":"other",$step,"scratch":[]}|step: the field scratch is not a list beside one of regions
{"type":"step","kind":"other",$step,"regions":[],"scratch":[{"name":"a","id":1,"start":"0x1000","size":4096}]}|step: the field scratch is not of the scratch page
{"type":"start","format":1,"name":"x","pid":1,"several":true,"scratch":{"start":"0x1000","end":"0x2000","size":8192}}|start: the field scratch is not a range: its size is not what its start and end say
{"type":"start","format":1,"name":"x","pid":1,"several":true,"scratch":{"start":"0x1000","end":"0x3000","size":-8192}}|start: the field scratch is not a range: its size is not what its start and end say
{"type":"start","format":1,"name":"x","pid":1,"several":true,"scratch":{"start":"0x1000","end":"0x2000","size":"4K"}}|start: the field scratch is not a range: its size is not what its start and end say
{"type":"start","format":1.0,"name":"x","pid":1,"several":true}|the field format is no number
{"type":"start","name":"x","pid":1,"several":true}|start: the field format is missing
{"type":"delta","format":1,$change,"gained":["aa","bb","cc","dd","ee","ff","gg","hh","ii","jj","kk"]}]}}|change: the field gained is not short enough
{"type":"delta","format":1,$change,"lost":["aflagofmorelettersthanthereisroomfor"]}]}}|change: the field lost is not short enough
END
	while IFS='|' read -r line problem; do
		printf '%s\n' "$start" "$(delta "$line")" >bad
		refused 3 "bad:2: $problem"
	done <<'END'
s/1000-3000 /1000 /|mapping: the field line is not a line of maps
s/"line":"[^"]*/&\\n4000-5000 rw-p 00004000 08:01 7 \/x/|mapping: the field line is not a line of maps
s/"line":"[^"]*/"line":"/|mapping: the field line is not a line of maps
s/"line":"[^"]*/&\\n/|mapping: its fields are not what its line says
s/"0x1000"/"0x2000"/|mapping: its fields are not what its line says
s/"0x3000"/"0x4000"/|mapping: its fields are not what its line says
s/16384/20480/|mapping: its fields are not what its line says
s/"inode":7/"inode":8/|mapping: its fields are not what its line says
s/"08:01"/"09:01"/|mapping: its fields are not what its line says
s/"08:01"/"08:02"/|mapping: its fields are not what its line says
s/"rw-p"/"rw-s"/|mapping: its fields are not what its line says
s/"name":".x"/"name":"\/xy"/|mapping: its fields are not what its line says
s/"name":".x"/"name":"\/y"/|mapping: its fields are not what its line says
s/"perms":"rw-p"/"perms":"rw-pp"/|mapping: the field perms is not short enough
s/"perms":"rw-p"/"perms":"rw-\\u0000"/|mapping: the field perms is not a string without NUL
s/"sign":"+"/"sign":"+-"/|line: the field sign is not a character
s/"sign":"+"/"sign":""/|line: the field sign is not a character
s/"sign":"+"/"sign":"\\u0000"/|line: the field sign is not a string without NUL
s/"sign":"+"/"shift":1/|line: the field sign is missing
END
	# As it is, it is taken.
	delta >bad
	refused 3 'bad: the stream has no end: whoever recorded it was cut short'
	# Behind nothing that could be shown, it is no stream at all.
	echo '{"type":"start","format":1,"name":"x","pid":1}' >bad
	refused 2 'bad:1: start: the field several is missing'
	refute_output
	run --separate-stderr "$MMTOOL" diff bad "$top/tests/data/cat.maps"
	assert_failure 3
	assert_equal "$stderr" 'mmtool diff: bad:1: start: the field several is missing'
}

@test "numbers as far as they go, and numbers that have a name" {
	{
		echo "$start"
		echo '{"type":"note","text":"t","pid":2147483647,"time":"-9223372036854775808","interval":"18446744073709551615"}'
		echo '{"type":"note","text":"t","pid":-2147483648,"time":"9223372036854775807","signal":"SIGSEGV"}'
		echo '{"type":"step","kind":"bind","source":{"file":"x","line":4294967295,"column":1,"text":"t"},"pid":1,"ok":true,"checked":false,"looped":true,"bound":"b","value":"-9223372036854775808","looked":false}'
		echo '{"type":"verdict","verdict":"passed","steps":1,"checks":0,"failed":0}'
		echo '{"type":"end","status":0}'
	} >events
	"$MMTOOL" report --format=json events | diff events -
	# By its number it is the same, and small numbers may be strings, too.
	sed -e 's/"SIGSEGV"/11/' -e 's/"steps":1/"steps":"1"/' -e 's/2147483647/"&"/' events >numbers
	"$MMTOOL" report --format=json numbers | diff events -
}

@test "an error whose name is not known here is shown by its number" {
	local source='"source":{"file":"x","line":1,"column":1,"text":"f()"}'
	local call='"name":"f","args":[],"result":-1,"errno":"EFUTURE","errno_number":4000,"system":true,"performed":true,"injected":false,"changes_maps":false'

	{
		echo "$start"
		echo '{"type":"step","kind":"call","pid":1,"ok":true,"checked":false,"looped":false,"looked":false,'"$source"',"call":{'"$call"'}}'
		echo '{"type":"verdict","verdict":"passed","steps":1,"checks":0,"failed":0}'
		echo '{"type":"end","status":0}'
	} >events
	mm report events
	assert_success
	assert_line '    f() = -1 (errno 4000)'
	# With a name that is known, the number is that of another machine.
	sed 's/EFUTURE/EINVAL/' events >known
	mm report known
	assert_success
	assert_line '    f() = -1 EINVAL (Invalid argument)'
	mm report --format=json known
	refute_output --partial 4000
}

@test "events in another order are refused, and not believed" {
	record grow
	{ sed -n '1p' events; sed -n '4p' events; sed -n '2p' events; } >bad
	mm report bad
	assert_failure 3
	assert_output 'mmtool report: bad:2: step: the lines of its delta do not fit the mappings before it'
}

@test "what a newer mmtool may tell besides is skipped" {
	record grow
	{
		sed '1s/}$/,"future":{"a":[1]}}/' events | head -n 2
		echo '{"type":"weather","rain":1}'
		echo '{"type":"weather","rain":2}'
		sed 1,2d events
	} >newer
	run --separate-stderr "$MMTOOL" report --format=json newer
	assert_success
	assert_equal "$stderr" 'mmtool report: newer:3: events of the type "weather" are not known here, and skipped'
	diff events <(echo "$output")
}

@test "a long line, and names that are meant for the terminal" {
	local place='"source":{"file":"x","line":1,"column":1,"text":"t"}'

	{
		echo "$start"
		printf '{"type":"note",%s,"text":"' "$place"
		head -c 10000000 /dev/zero | tr '\0' x
		echo '"}'
		echo '{"type":"step","kind":"call","pid":1,"ok":true,"checked":false,"looped":false,"looked":false,'"$place"',"call":{"name":"\u001b[31mcall","args":[],"system":true,"performed":true,"injected":false,"changes_maps":false,"result":0}}'
		echo '{"type":"verdict","verdict":"passed","steps":1,"checks":0,"failed":0}'
		echo '{"type":"end","status":0}'
	} >events
	"$MMTOOL" report events >out
	[ "$(head -n 1 out | wc -c)" -gt 10000000 ]
	grep -qxF '    \033[31mcall() = 0' out
	run grep -c $'\e' out
	assert_output 0
}

@test "a snapshot, and a delta behind it" {
	local mapping='"start":"0x1000","end":"0x2000","size":4096,"perms":"rw-p","offset":0,"dev":"00:00","inode":0,"name":""'

	{
		echo '{"type":"snapshot","format":1,"name":"7","pid":7,"part":0,"more":false,"maps":[{"line":"00001000-00002000 rw-p 00000000 00:00 0 ",'"$mapping"'}]}'
		echo '{"type":"delta","format":1,"pid":7,"from":1,"to":2,"delta":{"lines":[{"sign":"-","line":"00001000-00002000 rw-p 00000000 00:00 0 ",'"$mapping"'}],"changes":[{"kind":"removed","names":[],"old":{"start":"0x1000","end":"0x2000","size":4096},"before":{"line":"00001000-00002000 rw-p 00000000 00:00 0 ",'"$mapping"'},"text":"an anonymous mapping is gone: 4K unmapped"}]}}'
		echo '{"type":"end","status":0}'
	} >events
	"$MMTOOL" report --format=json events | cmp - events
	mm report events
	assert_success
	assert_line --partial 'an anonymous mapping is gone: 4K unmapped'
}

@test "lines may end as on other systems, and begin with blanks" {
	sed -e $'s/^/ \t /' -e $'s/$/\t\r/' "$top/tests/data/events/script.jsonl" >other
	{ printf '\t\r\n'; cat other; } >blank
	"$MMTOOL" report "$top/tests/data/events/script.jsonl" >text
	"$MMTOOL" report other | diff text -
	"$MMTOOL" report blank | diff text -
}

@test "a comparison of which less is told than there could be" {
	sed -e 's/"new_name":"[^"]*",//' -e 's/"old_name":"[^"]*"/"old_name":"-"/' "$top/tests/data/events/diff.jsonl" >events
	mm report events
	assert_success
	assert_line 'before: standard input, 7 mappings, 316K'
	assert_line 'after:  , 6 mappings, 296K'
	assert_line '    cat (r-xp) is gone: 20K unmapped'
	# A change of flags that names no mapping stands alone.
	printf '%s\n' '{"type":"delta","format":1,"old_name":"x","new_name":"y","delta":{"lines":[],"changes":[{"kind":"flagged","names":[],"gained":["lo"]}]}}' '{"type":"end","status":1}' >events
	mm report events
	assert_success
	assert_output 'before: x, 0 mappings, 0 bytes
after:  y, 0 mappings, 0 bytes
    a mapping is locked in memory (lo)'
}

@test "a record that contradicts itself is refused where it does, and shown up to there" {
	record run -e 'expect 1' -e 'expect 2'
	mm report events
	assert_success
	sed 's/"steps":1/"steps":2/' events >forged
	mm report forged
	assert_failure 3
	assert_line --index 0 'expect 1'
	assert_line 'mmtool report: forged:3: verdict: it counts 2 steps, and 1 were told'
	sed '2{h;d};3G' events >swapped
	mm report swapped
	assert_failure 3
	assert_output --partial 'swapped:2: verdict: it counts 1 steps, and 0 were told'
	sed '$s/0/1/' events >forged
	mm report -q forged
	assert_failure 3
	assert_output 'mmtool report: forged:7: end: the exit status 1 is not that of what was told before it'
	sed '2s/-e/\\u001b[2J\\n/' events >forged
	mm report -q forged
	assert_failure 3
	assert_output 'mmtool report: forged:2: step: it is of the script \033[2J\012 1, and this one is -e 1'
	"$MMTOOL" snapshot "$top/tests/data/cat.maps" | sed 's/"part":0/"part":1/' >forged
	mm diff forged "$top/tests/data/cat.maps"
	assert_failure
	assert_output 'mmtool diff: forged:1: snapshot: part 1 stands where part 0 should'
}

@test "what a shell records agrees with itself, whatever it was told" {
	for typed in 'expect 1' 'expect 1 == 2\nexpect 1 == 3' 'x =\nexpect 1' 'require 0, "no"\nexpect 1\nrequire 0, "no"\nexpect 1 == 2' \
		'NULL[0] = 1\nexpect 1\nNULL[0] = 1\nexpect 1' '' 'note 1' 'repeat 6 as i { expect i < 5 }\nexpect 1' \
		'c = fork()\nin c { NULL[0] = 1 }\nin c { expect 1 }\nwait(c)\nexpect 1'; do
		# shellcheck disable=SC2059 # the lines are the format
		printf "$typed\n" | "$MMTOOL" shell --format=json >events 2>/dev/null || true
		"$MMTOOL" report --format=json events | cmp - events
	done
}

@test "what maps recorded is shown again as maps showed it" {
	for options in '' --resident --detail --gaps '--filter=perms=w --detail' '--sort=size --resident'; do
		"$MMTOOL" maps $options "$top/tests/data/python3.smaps" >text
		"$MMTOOL" maps $options --format=json "$top/tests/data/python3.smaps" | "$MMTOOL" report - | cmp text -
	done
	"$MMTOOL" maps --explain --detail "$top/tests/data/python3.smaps" >text
	"$MMTOOL" maps --detail --format=json "$top/tests/data/python3.smaps" | "$MMTOOL" report --explain - | cmp text -
	"$MMTOOL" snapshot --detail "$top/tests/data/python3.smaps" | "$MMTOOL" report - | grep -q '^    smaps  *Rss'
}

@test "an ordinary user can read it, from a pipe" {
	record grow
	cp events "$(open_dir)/events"
	as_nobody "$MMTOOL" report --symbolic "$(open_dir)/events"
	assert_success
	assert_line '8 steps, 3 checks, all as expected'
}

@test "a signal ends it while it waits for events" {
	for signal in INT TERM HUP; do
		dies_of "$signal" "$MMTOOL" report -
	done
}
