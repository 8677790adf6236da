#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --format=json: valid by its schema, equal to the text, and nothing lost on the way.

load helper/common

schema=$top/schema/mmtool-event.schema.json

# experiments: the commands that have a report, and a script of their own.
experiments()
{
	"$MMTOOL" --describe | awk -F '\t' '$1 == "option" && $3 == "--step" && $2 != "run" && $2 != "shell" { print $2 }'
}

setup()
{
	need jq
	cd "$BATS_TEST_TMPDIR"
}

# events ARG...: the events of a run, in the file events; a run that fails is one too.
events()
{
	local status=0

	"$MMTOOL" "$@" --format=json >events || status=$?
	case $status in
	0 | 1 | 77) ;;
	*) fail "mmtool $*: status $status" ;;
	esac
	jq -e . events >/dev/null
}

# of FILTER: what jq makes of the events, each alone.
of()
{
	run jq -r "$1" events
	assert_success
}

# valid: every line of events is what the schema says.
valid()
{
	run python3 - "$schema" events <<'END'
import json, sys
from jsonschema import Draft202012Validator as Validator
schema = json.load(open(sys.argv[1]))
Validator.check_schema(schema)
whole = Validator(schema)
for line in open(sys.argv[2], "rb"):
    event = json.loads(line.decode("utf-8", "strict"))
    # By the event's own part first: what a choice of five says is of no help.
    own = Validator({"$ref": "#/$defs/" + event["type"], "$defs": schema["$defs"]})
    for error in own.iter_errors(event):
        sys.exit("%s: %s: %s" % (event["type"], list(error.absolute_path), error.message[:300]))
    whole.validate(event)
END
	assert_success
}

need_schema()
{
	need python3
	python3 -c 'from jsonschema import Draft202012Validator' 2>/dev/null ||
		skip 'no jsonschema for python3 here, or none that knows 2020-12'
}

# A script with something of every kind.
everything()
{
	cat >every.mmt <<'END'
require kernel 4.0
note "a remark", page
a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
s = mmap(NULL, 1p, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0)
a[0] = 'A'
b = a + 2p
t = "text"
expect a[0] == 'A', "it is there"
expect fault(s[0] = 1) == SEGV_ACCERR
mremap(a, 0, 1p, 0) = -1 EINVAL
mprotect(b, 1p, PROT_NONE)
a = mremap(a, 2p, 8p, MREMAP_MAYMOVE)
repeat 9 as i {
	a[i] = i
	expect a[i] == i
}
words(a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
mmap(-1p, 1p, -1, -1, -1, -1) = ?
child = fork()
in child {
	munmap(a, 1p)
	memset(a, 0, 1) = ?
}
wait(child) = SIGSEGV
expect a[0] == 2, "it is not there"
END
}

@test "every experiment is valid by the schema" {
	need_schema
	for command in $(experiments); do
		events "$command"
		valid
	done
}

@test "what is measured is valid by the schema" {
	need_schema
	events move-fixed --cost --to=8p --runs=1
	valid
	of 'select(.type == "cost") | .pages'
	assert_output "$(printf '1\n8\n1\n8\n1\n8')"
	events realloc --compare --to=64p --runs=1
	valid
	of 'select(.type == "growth") | .way'
	assert_output "mremap
realloc
malloc+copy"
}

@test "every kind of step is valid by the schema" {
	need_schema
	everything
	events run --explain every.mmt
	valid
	events run --keep-going every.mmt -e 'require kernel 99' -e 'expect 1 == 2'
	valid
}

@test "the schema has every field of the table, and no other" {
	fields=${MMTOOL%/*}/tests/unit/test-json
	[ -x "$fields" ] || skip 'tests/unit/test-json is not built'
	"$fields" --fields | sort >table
	jq -r '.["$defs"] | to_entries[] | select(.value.properties and .key != "range")
		| .key as $object | .value.required as $required | .value.properties | keys[]
		| select(. != "type") | . as $field
		| "\($object) \($field) \(if $required | index($field) then "always" else "sometimes" end)"' \
		"$schema" | sort >schema
	run diff table schema
	assert_output ''
}

@test "the manual has every field of the schema, and no other" {
	for object in $(jq -r '.["$defs"] | to_entries[] | select(.value.properties).key' "$schema"); do
		jq -r --arg object "$object" '.["$defs"][$object].properties | keys[] | select(. != "type")' "$schema" | sort >want
		awk -v object="$object" '/^\.S[hs] / { inside = $0 == ".Ss " object } inside && /^\.It Va / { print $3 }' \
			"$top/man/mmtool-events.5" | sort >got
		diff want got
	done
}

@test "the version is the schema's" {
	events grow
	of 'select(.type == "start").format'
	assert_output "$(jq '.["$defs"].start.properties.format.const' "$schema")"
}

# The text report has the same lines, in its order: what was, then what is.
@test "lines, sentences and calls are those of the text report" {
	setarch -R true 2>/dev/null || skip 'addresses cannot be made the same in two runs (setarch -R)'
	for command in grow shrink move-fixed reserve-fill; do
		setarch -R "$MMTOOL" "$command" >text || [ $? -le 1 ]
		setarch -R "$MMTOOL" "$command" --format=json >events || [ $? -le 1 ]
		# The inode of an object without a file is another in each run.
		grep '^  [-+] ' text | sed 's/ 00:01 [0-9]* / 00:01 * /' >want
		jq -r '.delta.lines // [] | (map(select(.sign == "-")) + map(select(.sign == "+")))[] |
			"  \(.sign) \(.line)"' events | sed 's/ 00:01 [0-9]* / 00:01 * /' >got
		run diff want got
		assert_output ''
		jq -r '.delta.changes[]?.text | select(. != "")' events >sentences
		[ -s sentences ]
		# Sentences are broken into lines there.
		tr -s ' \n' ' ' <text >flat
		while IFS= read -r sentence; do
			grep -qF -e "$sentence" flat || fail "not in the text of $command: $sentence"
		done <sentences
		jq -r '.call | select(.system) | "    \(.name)(\([.args[].text] | join(", "))) = "' events >calls
		[ -s calls ]
		while IFS= read -r call; do
			grep -qF -e "$call" text || fail "not in the text of $command: $call"
		done <calls
	done
}

@test "the lines are those of the maps: their fields say the same" {
	everything
	events run every.mmt
	need python3
	run python3 - events <<'END'
import json, sys
count = 0
def look(value):
    global count
    if isinstance(value, list):
        for element in value:
            look(element)
    elif isinstance(value, dict):
        if "perms" in value:
            count += 1
            fields = value["line"].split(None, 5) + [""]
            start, end = fields[0].split("-")
            assert (int(value["start"], 16), int(value["end"], 16)) == (int(start, 16), int(end, 16)), value
            assert value["size"] == int(end, 16) - int(start, 16), value
            assert [value["perms"], "%08x" % value["offset"], value["dev"], str(value["inode"]), value["name"]] == \
                fields[1:6], value
        for element in value.values():
            look(element)
for line in open(sys.argv[1]):
    look(json.loads(line))
assert count > 40
END
	assert_output ''
	assert_success
}

@test "every event has its place" {
	everything
	events run every.mmt
	of 'select(.type == "step" and .source.line == 6) | "\(.source.file) \(.source.column) \(.source.text)"'
	assert_output 'every.mmt 1 b = a + 2p'
}

@test "a change names its kind, its regions and its ranges" {
	events grow
	of '.delta.changes[]? | select(.kind == "added") | "\(.names[0]) \(.new.size) \(.after.perms)"'
	assert_line "a $(getconf PAGESIZE) rw-p"
}

@test "the regions after a step stand with their mappings" {
	events run -e 'a = mmap(NULL, 3p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0); mprotect(a + 1p, 1p, PROT_NONE)'
	of '.regions[]? | "\(.name) \(.size) \([.mappings[].perms] | join(" "))"'
	assert_output "a $((3 * $(getconf PAGESIZE))) r--p
a $((3 * $(getconf PAGESIZE))) r--p ---p r--p"
}

@test "mappings of regions that a step left alone are not told again" {
	events run -e 'a = mmap(NULL, 3p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
b = mmap(NULL, 1p, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0); mprotect(b, 1p, PROT_NONE)
repeat 5 { mprotect(a, 1p, PROT_NONE) }; mprotect(b, 1p, PROT_READ)'
	of 'select(.regions) | [.regions[] | select(.mappings) | "\(.name) \([.mappings[].perms] | join(" "))"] | join(", ") | select(. != "")'
	assert_output 'a r--p
b r--s
b ---s
a ---p r--p
b r--s'
}

@test "an error by its name and its number" {
	events run -e 'munmap(1, 1p) = ?'
	of '.call | select(.) | "\(.result) \(.errno) \(.errno_number) \(.injected)"'
	assert_output '-1 EINVAL 22 false'
}

@test "a fault, and who died of it" {
	everything
	events run every.mmt
	of 'select(.faults) | "\(.process) \(.faults[0].signal) \(.faults[0].code) \(.faults[0].fatal) \(.death)"'
	assert_output 'null SIGSEGV SEGV_ACCERR false null
child SIGSEGV SEGV_MAPERR true SIGSEGV'
}

@test "both sides of a check, and the verdict" {
	everything
	events run every.mmt
	of 'select(.check and (.ok | not)).check |
		"\(.left.text) \(.left.value) \(.right.text) \(.right.value) \(.message)"'
	# The first byte of a word that is 1: by the machine's order of bytes.
	assert_output --regexp '^a\[0\] [01] 2 2 it is not there$'
	of 'select(.type == "verdict") | "\(.verdict) \(.failed) \(.source.line)"'
	assert_output 'failed 1 25'
	of 'select(.type == "end").status'
	assert_output 1
}

@test "a bound value is a number, and exact beyond 2^53" {
	events run -e 'a = 1 << 53; b = (1 << 53) + 1; c = -1; d = "x\n"'
	of 'select(.kind == "bind") | "\(.bound) \(.value | tojson) \(.value_text | tojson)"'
	assert_output 'a 9007199254740992 "9007199254740992"
b "9007199254740993" "9007199254740993"
c -1 "-1"
d null "\"x\\012\""'
}

@test "passes that are summed up" {
	events run -e 'repeat 9 { expect 1 == 1 }'
	of 'select(.type == "step") | "\(.kind) \(.passes) \(.looped)"'
	assert_output 'expect null true
expect null true
expect null true
passes 6 false'
}

@test "a reader can follow the maps from step to step" {
	need python3
	everything
	events run every.mmt
	run python3 - events <<'END'
import json, sys
maps = {}
steps = 0
told = {}
for line in open(sys.argv[1]):
    event = json.loads(line)
    if event["type"] == "start":
        maps = {event["pid"]: [m["line"] for m in event["maps"]]}
    if "delta" not in event:
        continue
    steps += 1
    if "before" in event:
        maps[event["pid"]] = [m["line"] for m in event["before"]]
    now = maps[event["pid"]]
    for change in event["delta"]["lines"]:
        if change["sign"] == "-":
            now.remove(change["line"])
    now += [c["line"] for c in event["delta"]["lines"] if c["sign"] == "+"]
    now.sort(key=lambda l: int(l.split("-")[0], 16))
    for region in event["regions"]:
        key = (event["pid"], region["id"], region["start"], region["size"])
        if "mappings" in region:
            told[key] = [m["line"] for m in region["mappings"]]
        first, end = int(region["start"], 16), int(region["start"], 16) + region["size"]
        bounds = lambda line: [int(a, 16) for a in line.split(" ")[0].split("-")]
        assert told[key] == [l for l in now if bounds(l)[0] < end and bounds(l)[1] > first], (event["source"], region)
assert steps > 5
END
	assert_success
	assert_output ''
}

# hostile NAME: maps a file of that name, and compares what the events say of it.
hostile()
{
	local name=$BATS_TEST_TMPDIR/$1 hex

	head -c 4096 /dev/zero >"$name"
	hex=$(printf %s "$name" | od -An -v -tx1 | tr -d ' \n')
	printf 'fd = open("%s", O_RDONLY)\nf = mmap(NULL, 1p, PROT_READ, MAP_PRIVATE, fd, 0)\n' \
		"$(printf %s "$hex" | sed 's/../\\x&/g')" >hostile.mmt
	events run hostile.mmt
	! LC_ALL=C grep -q $'[\x01-\x09\x0b-\x1f\x7f]' events || fail 'a control stands bare'
	# The bytes where there are some, else the characters.
	of '.call.args[]? | select(.name == "pathname") | .string_hex // (.string | @base64d? // .)' >/dev/null
	python3 - "$hex" <<'END'
import json, sys
want = bytes.fromhex(sys.argv[1])
found = {"string": 0, "name": 0}
for line in open("events", encoding="utf-8", errors="strict"):
    event = json.loads(line)
    def bytes_of(o, key):
        return bytes.fromhex(o[key + "_hex"]) if key + "_hex" in o else o[key].encode()
    for arg in event.get("call", {}).get("args", []):
        if "string" in arg:
            assert bytes_of(arg, "string") == want, arg
            found["string"] += 1
    for region in event.get("regions", []):
        for mapping in region.get("mappings", []):
            # The kernel writes a newline in maps as \012.
            assert bytes_of(mapping, "name") == want.replace(b"\n", b"\\012"), mapping
            assert bytes_of(mapping, "line").endswith(bytes_of(mapping, "name"))
            found["name"] += 1
assert all(found.values()), found
END
}

@test "hostile file names stay valid and whole" {
	need python3
	hostile $'esc\e[31m\atab\tnewline\nquote"back\\slash'
	hostile $'not utf-8 \xff\xc3 \xed\xa0\x80'
	hostile $'bidi \u202etxt\u2028 c1 \u009b31m'
	hostile 'ordinary näme 😀'
}

@test "what is for people's eyes changes nothing" {
	everything
	events run every.mmt
	jq -c .type events >plain
	events run --full --quiet --symbolic --color=always every.mmt
	jq -c .type events >other
	diff plain other
	run grep -c $'\e' events
	assert_output 0
}

@test "several scripts, one stream" {
	events run -e 'expect 1 == 1' -e 'expect 1 == 2'
	of '.type'
	assert_output 'start
step
verdict
start
step
verdict
end'
	of 'select(.type == "start").several'
	assert_line --index 0 true
}

@test "statuses are as with text" {
	run "$MMTOOL" run --format=json -e 'expect 1 == 2'
	assert_failure 1
	run "$MMTOOL" run --format=json -e 'require kernel 99'
	assert_failure 77
	run "$MMTOOL" run --format=json -e 'expect ('
	assert_failure 2
	refute_output --partial '"type"'
}
