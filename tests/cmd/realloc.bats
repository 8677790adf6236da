#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# realloc: a buffer that doubles, and three ways to do it, measured.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

@test "within a page there is nothing to do" {
	mm realloc
	assert_success
	block 'tiny = mremap' | grep -qx '    nothing changed in the maps'
	assert_equal "$(changed + 'tiny = mmap' | pages_of)" 1
}

@test "each doubling doubles, and what was stored on the way is there" {
	mm realloc
	assert_equal "$(block 'buffer = mremap' | grep -c ' = 0x')" 3
	assert_equal "$(changed + 'buffer = mremap' | pages_of | xargs)" '2 4 8'
	assert_equal "$(block 'expect buffer[offset]' | grep '^    ok: ' | xargs)" 'ok: 2 ok: 3 ok: 4'
	assert_line --regexp '^# [0-6] of 6 doublings moved the buffer; [0-9]+ page faults$'
}

@test "no page is faulted in but those that are new" {
	not_sanitized 'its runtime touches pages of its own'
	mm realloc --to=1024p
	faults=$(sed -n 's/^# .* of 10 doublings moved the buffer; \([0-9]*\) page faults$/\1/p' <<<"$output")
	# One store into each new half; a copy would have touched all 1024.
	[ "$faults" -ge 1 ]
	[ "$faults" -lt 100 ]
}

@test "root sees one page frame before and after" {
	need_root
	mm realloc
	assert_line --partial 'expect pfn(buffer) == frame'
}

@test "a saved pointer usually faults, and is somebody else's after the next mapping" {
	not_sanitized 'its shadow leaves other gaps'
	mm realloc
	if grep -q '^# the buffer never moved here' <<<"$output"; then
		skip 'the buffer never had to move here'
	fi
	assert_line --regexp '^# the saved pointer (faults|does not fault)'
	if [ "$(result_of 'other = ')" = "$(result_of 'buffer = mmap')" ]; then
		assert_line --partial "somebody else's memory"
	fi
}

@test "an ordinary user sees the same but frames" {
	as_nobody "$MMTOOL" realloc
	assert_success
	refute_line --partial 'expect pfn'
	as_nobody "$MMTOOL" realloc --compare --to=1M --runs=1
	assert_success
	assert_equal "$(grep -c ' kept$' <<<"$output")" 3
}

@test "sizes that are no whole pages, and more than asked where it does not divide" {
	mm realloc --from=$((page + 1)) --to=$((5 * page))
	assert_success
	assert_line --regexp '^# [0-2] of 2 doublings'
	mm realloc --compare --from=$((page + 1)) --to=$((5 * page)) --format=json
	assert_success
	assert_equal "$(jq -r 'select(.type == "growth") | .to' <<<"$output" | sort -u)" $((8 * (page + 1)))
}

# measured ARG...: the figures of mmtool realloc --compare, in the file events.
measured()
{
	need jq
	"$MMTOOL" realloc --format=json "$@" >events 2>problem || {
		! grep -q 'MiB of free memory, and the machine has' problem || skip "$(<problem)"
		fail "$(<problem)"
	}
	assert_equal "$(jq -r 'select(.type == "growth") | .way' events | xargs)" 'mremap realloc malloc+copy'
	assert_equal "$(jq -r 'select(.type == "growth") | .kept' events | sort -u)" true
}

# figure WAY NAME: one of them.
figure()
{
	jq -r --arg way "$1" --arg name "$2" 'select(.way == $way) | .[$name]' events
}

@test "--compare, untouched: mremap copies and faults next to nothing, malloc with a copy all" {
	not_sanitized 'its malloc is another'
	measured --compare=untouched --to=16384p --runs=3
	assert_equal "$(figure mremap doublings)" 14
	assert_equal "$(figure mremap copied)" 0
	[ "$(figure mremap faults)" -lt 200 ]
	assert_equal "$(figure malloc+copy copied)" $((16383 * page))
	# Where huge pages are given at every fault, each of them is one fault.
	if ! grep -q '\[always\]' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null; then
		[ "$(figure malloc+copy faults)" -gt 8192 ]
	fi
	[ "$(figure malloc+copy cpu)" -gt $((4 * $(figure mremap cpu))) ]
	# Large blocks are moved by mremap: only what was small was copied.
	[ "$(figure realloc copied)" -le $((256 * 1024 > 64 * page ? 256 * 1024 : 64 * page)) ]
	[ "$(figure malloc+copy cpu)" -gt $((2 * $(figure realloc cpu))) ]
}

@test "--compare, touched: first touches are most of the time, and the ways are close" {
	not_sanitized 'its malloc is another'
	measured --compare --to=4096p --runs=5
	assert_equal "$(figure mremap touched)" true
	if ! grep -q '\[always\]' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null; then
		[ "$(figure mremap faults)" -ge 4096 ]
		[ "$(figure mremap faults)" -lt 4400 ]
	fi
	[ "$(figure malloc+copy cpu)" -lt $((20 * $(figure mremap cpu))) ]
}

@test "the table has the figures of the events" {
	measured --compare --to=256p --runs=3
	run "$MMTOOL" report events
	assert_success
	assert_line --index 0 --regexp '^# A buffer of .*; every byte is written\. Medians of'
	for way in mremap realloc malloc+copy; do
		read -ra row < <(grep "^$way " <<<"$output")
		assert_equal "${row[1]}" "$(figure $way moves)"
		assert_equal "${row[3]}" "$(figure $way faults)"
		assert_equal "${row[-1]}" kept
	done
	assert_line --regexp '^mremap .* 1\.0 x '
	run "$MMTOOL" report --symbolic events
	assert_equal "$(grep -c '  kept$' <<<"$output")" 3
	refute_line --regexp '^(mremap|realloc|malloc).*[0-9]'
}

@test "what was lost is shown, by --quiet, too" {
	need jq
	measured --compare --to=64p --runs=1
	jq -c 'if .way == "realloc" then .kept = false else . end' events >lost
	run "$MMTOOL" report --quiet lost
	assert_line --regexp '^realloc .*  LOST$'
	refute_line --regexp '^mremap'
}

@test "what is refused" {
	mm realloc --from=4p --to=7p
	assert_failure 2
	assert_line --index 0 'mmtool realloc: --to: must be at least twice --from, for the buffer is doubled'
	mm realloc --from=100 --to=200
	assert_failure 2
	assert_line --index 0 --partial 'within a page there is nothing to grow'
	mm realloc --to=2G
	assert_failure 2
	assert_line --index 0 'mmtool realloc: --to: 2G: at most 1024M, since every page of it is touched'
	mm realloc --runs=3
	assert_failure 2
	assert_line --index 0 'mmtool realloc: --runs goes with --compare'
	mm realloc --compare=all
	assert_failure 2
	assert_line --index 0 'mmtool realloc: --compare: all: not a choice (try touched or untouched)'
	for format in script c tap; do
		mm realloc --compare --format=$format
		assert_failure 2
		assert_line --index 0 --partial '--format: text or json here'
	done
}

@test "no memory for it: the process that measures ends, and the tool says so" {
	not_sanitized 'its shadow needs more'
	run bash -c 'ulimit -v 65536; exec "$0" realloc --compare --to=64M --runs=1' "$MMTOOL"
	assert_failure 3
	assert_output 'mmtool realloc: mremap: mremap: Cannot allocate memory'
}

@test "a measurement that takes too long is ended, also where the signal for it was blocked" {
	env --block-signal=ALRM true 2>/dev/null || skip 'this env cannot block signals'
	env --block-signal=ALRM "$MMTOOL" realloc --compare --to=16M --runs=99 >out 2>errors 3>&- &
	tool=$!
	# The signal comes from here instead of from the clock.
	while kill -0 "$tool" 2>/dev/null; do
		for child in $(cat /proc/[0-9]*/stat 2>/dev/null | awk -v tool="$tool" '{ pid = $1; sub(/.*\) /, "") } $2 == tool { print pid }'); do
			kill -ALRM "$child" 2>/dev/null || true
		done
	done
	wait "$tool" || [ $? -eq 3 ]
	run cat errors
	assert_output --regexp '^mmtool realloc: [a-z+]*: the process that measured it was stopped: it took over a minute$'
}

@test "as a script it does the same" {
	same_as_run realloc
}

@test "as a C program it does the same" {
	need_compiler
	same realloc
	same realloc --from=3p --to=12p
}
