# SPDX-License-Identifier: MIT
# snapshot: the mappings of any process or file as JSON, that can be read again.

load ../helper/common

setup()
{
	cd "$BATS_TEST_TMPDIR"
	started=()
}

teardown()
{
	local pid

	for pid in "${started[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
	done
}

@test "what it prints has the lines of the maps file, byte for byte" {
	need jq
	for file in "$top"/tests/data/*.maps; do
		"$MMTOOL" snapshot "$file" >snapshot.json
		# A name that is no UTF-8 stands in line_hex.
		jq -r 'select(.type == "snapshot").maps[] | .line_hex // .line' snapshot.json >lines
		while IFS= read -r line; do
			case $line in
			*[!0-9a-f]*) printf '%s\n' "$line" ;;
			*) printf '%b\n' "$(sed 's/../\\x&/g' <<<"$line")" ;;
			esac
		done <lines | cmp - <(sed -e '$a\' "$file")
	done
}

@test "it says which process it was, what it is called, and when" {
	need jq
	"$MMTOOL" snapshot $$ >snapshot.json
	[ "$(jq -s '.[0] | .name == (.pid | tostring) and .pid == $pid and .part == 0' --argjson pid $$ snapshot.json)" = true ]
	[ "$(jq -rs '.[0].command' snapshot.json)" = "$(cat /proc/$$/comm)" ]
	now=$(date +%s)
	[ "$(jq -s '.[0].time | tonumber / 1e9 | floor | . >= $now - 60 and . <= $now' --argjson now "$now" snapshot.json)" = true ]
	jq -es 'last == {"type": "end", "status": 0}' snapshot.json
}

@test "many mappings come in several lines, and are one snapshot again" {
	need jq
	awk 'BEGIN { for (i = 1; i <= 5000; i++) printf "%x000-%x000 rw-p 00000000 00:00 0 \n", 1048576 + 2 * i, 1048577 + 2 * i }' >many.maps
	"$MMTOOL" snapshot many.maps >many.json
	jq -es 'map(select(.type == "snapshot")) | length > 1 and (map(.part) == [range(length)]) and
		(map(.more) | (.[:-1] | all) and (last | not)) and (map(.maps | length) | add) == 5000' many.json
	run "$MMTOOL" diff many.json many.maps
	assert_success
}

@test "with --detail it has what smaps says, and is compared like a smaps file" {
	need jq
	"$MMTOOL" snapshot --detail "$top/tests/data/python3.smaps" >detail.json
	jq -es 'map(select(.type == "snapshot")) | all(.details | length > 0) and
		(map(.details[].rss) | add / 1024) == $rss' --argjson rss \
		"$(awk '/^Rss:/ { sum += $2 } END { print sum }' "$top/tests/data/python3.smaps")" detail.json
	run "$MMTOOL" diff --detail detail.json "$top/tests/data/python3.smaps"
	assert_success
	# The flags are compared, too.
	sed '0,/^VmFlags: /s//&lo /' "$top/tests/data/python3.smaps" >locked.smaps
	"$MMTOOL" snapshot --detail locked.smaps >locked.json
	run "$MMTOOL" diff detail.json locked.json
	assert_failure 1
	assert_line --partial 'is now locked in memory (lo)'
	[ "$("$MMTOOL" diff detail.json locked.json | sed 1,2d)" = \
		"$("$MMTOOL" diff "$top/tests/data/python3.smaps" locked.smaps | sed 1,2d)" ]
	# A process, and parts of a snapshot.
	awk 'BEGIN { for (i = 1; i <= 5000; i++) printf "%x000-%x000 rw-p 00000000 00:00 0 \nSize: 4 kB\nRss: 4 kB\nVmFlags: rd wr \n", 1048576 + 2 * i, 1048577 + 2 * i }' >many.smaps
	"$MMTOOL" snapshot --detail many.smaps >many.json
	run "$MMTOOL" diff --detail many.json many.smaps
	assert_success
	assert_line --index 0 'before: many.json, 5000 mappings, 20000K, 20000K resident'
	"$MMTOOL" snapshot --detail $$ | jq -es '.[0].details | length > 10 and all(has("flags"))'
	mm snapshot --detail "$top/tests/data/cat.maps"
	assert_failure 3
	assert_line --partial 'a maps file does not say what is resident (save /proc/PID/smaps instead)'
}

@test "what cannot be read is said, with status 3" {
	mm snapshot /nowhere
	assert_failure 3
	assert_line 'mmtool snapshot: /nowhere: No such file or directory (a process is named by its number)'
	mm snapshot "$top/README.md"
	assert_failure 3
	assert_output --partial 'not a line of maps'
	mm snapshot 4194305
	assert_failure 3
	assert_output --partial 'no such process'
}

@test "there is one operand" {
	mm snapshot
	assert_failure 2
	assert_output --partial 'no process given (try a PID, a saved maps FILE, or - for standard input)'
	mm snapshot 1 2
	assert_failure 2
	assert_output --partial '2: one argument too many'
}

@test "a program that is replaced between opening the maps and reading them is the new one" {
	bash -c 'until [ -e go ]; do sleep 0.02; done; exec sleep 20' 3>&- &
	pid=$!
	started+=("$pid")
	{
		until readlink /proc/[0-9]*/fd/[3-9] 2>/dev/null | grep -qx "/proc/$pid/maps"; do sleep 0.02; done
		: >go
	} 3>&- &
	started+=("$!")
	failing -P "/proc/$pid/maps" -e trace=pread64 -e inject=pread64:delay_enter=2000000:when=1 "$MMTOOL" snapshot "$pid"
	[[ $output != *'(bash) replaced its program'* ]] || skip 'this machine is too slow for it'
	assert_success
	assert_output --partial '"command":"sleep"'
	assert_output --partial '/sleep"'
	refute_output --partial 'bash'
}
