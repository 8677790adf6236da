#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --detail: the counters that moved, and what smaps says of the named regions.

load helper/common

private='PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS'
shared='PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS'
page=$(getconf PAGESIZE)

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# events STATEMENT...: runs them, which must come out as expected, and keeps the events in the file events.
events()
{
	need jq
	printf '%s\n' "$@" >script
	"$MMTOOL" run --detail --format=json script >events
}

# of FILTER: what jq makes of the steps that were looked around.
of()
{
	run jq -r "def moved(n): .counters[] | select(.name == n) | .after - .before;
		def step(t): select(.source.text == t);
		def figure(r; f): .details[]? | select(.name == r) | .after[f] - (.before[f] // 0);
		select(.counters) | $1" events
	assert_success
}

# text STATEMENT...: the text report.
text()
{
	printf '%s\n' "$@" >script
	run "$MMTOOL" run --detail script
}

@test "VmSize moves by the size of a mapping" {
	events "a = mmap(NULL, 7p, $private, -1, 0)" 'munmap(a, 7p)'
	of 'moved("VmSize")'
	assert_output "$((7 * page))
$((-7 * page))"
	text "a = mmap(NULL, 7p, $private, -1, 0)"
	assert_line --regexp '^    VmSize        [0-9]+[KMGT] -> [0-9]+[KMGT] \(\+[0-9]+[KMGT]\)$'
}

@test "touching N pages: the region's Rss by exactly N, and as many faults" {
	events "a = mmap(NULL, 64p, $private, -1, 0)" 'madvise(a, 64p, MADV_NOHUGEPAGE)' 'write_pages(a, 13p)' 'a[0] = 2'
	of 'step("write_pages(a, 13p)") | figure("a"; "rss"), figure("a"; "private_dirty"), figure("a"; "anonymous"), moved("minflt")'
	assert_output "$((13 * page))
$((13 * page))
$((13 * page))
13"
	of 'step("a[0] = 2") | moved("minflt"), (.details // [] | length)'
	assert_output '0
0'
}

@test "a load of a page that was never stored to: a fault, and nothing resident" {
	events "a = mmap(NULL, 1p, $private, -1, 0)" 'madvise(a, 1p, MADV_NOHUGEPAGE)' 'expect a[0] == 0'
	of 'step("expect a[0] == 0") | moved("minflt"), .smaps_looked, (.details // [] | length)'
	assert_output '1
true
0'
}

@test "mlock gives Locked and VmLck, and the flag in words" {
	events "a = mmap(NULL, 3p, $private, -1, 0)" 'mlock(a, 3p)' 'munlock(a, 3p)'
	of 'step("mlock(a, 3p)") | moved("VmLck"), figure("a"; "locked"), (.details[].after.flags[] | select(.flag == "lo").words)'
	assert_output "$((3 * page))
$((3 * page))
locked in memory"
	of 'step("munlock(a, 3p)") | figure("a"; "rss"), figure("a"; "locked")'
	assert_output "0
$((-3 * page))"
	text "a = mmap(NULL, 3p, $private, -1, 0)" 'mlock(a, 2p)'
	assert_line '                  it is partly locked in memory (lo)'
}

@test "fork shares what is written, and a store takes a copy" {
	events "a = mmap(NULL, 4p, $private, -1, 0)" 'madvise(a, 4p, MADV_NOHUGEPAGE)' 'write_pages(a, 4p)' 'p = fork()' 'in p {' \
		'a[0] = 2' '}' 'a[1p] = 2' 'wait(p) = ?'
	of 'step("p = fork()") | figure("a"; "rss"), figure("a"; "pss"), figure("a"; "shared_dirty"), figure("a"; "private_dirty")'
	assert_output "0
$((-2 * page))
$((4 * page))
$((-4 * page))"
	of 'step("a[0] = 2") | .process, moved("minflt"), figure("a"; "rss"), figure("a"; "private_dirty")'
	assert_output "p
1
0
$page"
	of 'step("a[1p] = 2") | (.process // "main"), moved("minflt"), figure("a"; "private_dirty")'
	assert_output "main
1
$page"
}

@test "the faults of mmtool's own part after a fork are its own" {
	events 'p = fork()' 'in p {' 'q = fork()' '}' 'wait(p)'
	of 'step("p = fork()", "q = fork()") | .counters[] | select(.name == "minflt") | .own > 0, .after - .before - .own'
	assert_output 'true
0
true
0'
	text 'p = fork()' 'wait(p)'
	refute_output --partial 'minor faults'
}

@test "nothing of mmtool's own moves a counter" {
	events "a = mmap(NULL, 2p, $private, -1, 0)" 'a[0] = 1' 'expect a[0] == 1' 'expect minflt() > 0' \
		'expect fault(a[2p]) != 1' 'mprotect(a, 1p, PROT_READ)' 'b = text(a)' 'expect resident(a, 2p) == 1p'
	of 'step("expect a[0] == 1", "expect minflt() > 0", "mprotect(a, 1p, PROT_READ)", "b = text(a)") |
		moved("minflt"), moved("VmSize")'
	[ "$(sort -u <<<"$output")" = 0 ]
}

@test "shared memory: VmRSS's part, and Committed_AS of the whole machine" {
	events "s = mmap(NULL, 16p, $shared, -1, 0)" 'write_pages(s, 16p)'
	of 'step("write_pages(s, 16p)") | figure("s"; "rss"), (.counters[] | select(.name == "VmRSS") | .approximate)'
	assert_output "$((16 * page))
true"
	of '.counters[] | select(.system_wide) | "\(.name) \(.unit)"'
	assert_output 'Committed_AS bytes
Committed_AS bytes'
	text "s = mmap(NULL, 1G, $shared, -1, 0)"
	assert_output --regexp 'Committed_AS  \+[0-9]+[KMG] \(of the whole machine\)'
}

@test "a region in a mapping that is longer than it: no difference that is another's" {
	text "a = mmap(NULL, 4p, $private, -1, 0)" 'write_pages(a, 4p)' "b = mmap(a + 1p, 2p, $private|MAP_FIXED, -1, 0)" 'b[0] = 1'
	assert_output --partial "smaps tells of its whole mapping, of "
	# What a has lost is told as what it is part of, and not as a difference of b.
	run awk '/^b\[0\] = 1/ { inside = 1 } /^$/ { inside = 0 } inside && /^    b / { print }' <<<"$output"
	assert_output --regexp 'Rss [0-9]+[KMGT] \(\+[0-9]+[KMGT]\)'
	text "a = mmap(NULL, 4p, $private, -1, 0)" 'write_pages(a, 4p)' "b = mmap(a + 1p, 2p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)" \
		'mprotect(b, 2p, PROT_READ|PROT_WRITE)'
	run awk '/^mprotect/ { inside = 1 } /^$/ { inside = 0 } inside' <<<"$output"
	assert_output --partial 'smaps tells of its whole mapping, of '
	refute_output --regexp '^    b .*\([+-]'
}

@test "a process that died has no counters after it" {
	need jq
	printf '%s\n' "a = mmap(NULL, 1p, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)" 'a[0] = 1' >script
	"$MMTOOL" run --detail --format=json script >events || [ $? -eq 1 ]
	of 'step("a[0] = 1") | (.smaps_looked // false), (.counters[] | select(.after == null and .before == null) | .name),
		([.counters[] | select(.name == "VmSize" or .name == "minflt") | has("after")] | any)'
	assert_output 'false
false'
	run "$MMTOOL" run --detail script
	assert_line '    counters      the process is gone: there is nothing to compare with'
}

@test "looked, and nothing moved; not looked" {
	text "a = mmap(NULL, 1p, $private, -1, 0)" 'mprotect(a, 1p, PROT_READ|PROT_WRITE)'
	assert_line '    counters      none of the process moved'
	run "$MMTOOL" run script
	refute_output --partial counters
}

@test "passes that are told in one line are looked around as one" {
	events "a = mmap(NULL, 64p, $private, -1, 0)" 'madvise(a, 64p, MADV_NOHUGEPAGE)' 'repeat 20 as i {' 'a[i * 1p] = 1' '}'
	of 'select(.kind == "passes") | moved("minflt"), figure("a"; "rss")'
	assert_output "17
$((17 * page))"
	of 'step("a[i * 1p] = 1") | moved("minflt")'
	assert_output '1
1
1'
}

@test "after setuid the files that are open still tell" {
	need_root
	events "a = mmap(NULL, 2p, $private, -1, 0)" 'madvise(a, 2p, MADV_NOHUGEPAGE)' 'setuid(65534)' 'write_pages(a, 2p)'
	of 'step("write_pages(a, 2p)") | moved("minflt"), figure("a"; "rss")'
	assert_output "2
$((2 * page))"
}

@test "an ordinary user sees the same" {
	printf '%s\n' "a = mmap(NULL, 2p, $private, -1, 0)" 'madvise(a, 2p, MADV_NOHUGEPAGE)' 'write_pages(a, 2p)' >"$(open_dir)/detail.mmt"
	as_nobody "$MMTOOL" run --detail --symbolic "$(open_dir)/detail.mmt"
	assert_success
	assert_line '    minor faults  +2'
	assert_line --regexp '^    a             Rss [0-9]+[KMGT] \(\+[0-9]+[KMGT]\), Private_Dirty'
}

@test "flags are looked for around every call that changes maps" {
	# shmat, mremap and mprotect are none of those around which smaps is read without --detail.
	events "a = mmap(NULL, 2p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)" 'mprotect(a, 2p, PROT_READ|PROT_WRITE)' \
		'a = mremap(a, 2p, 4p, MREMAP_MAYMOVE)'
	of 'step("mprotect(a, 2p, PROT_READ|PROT_WRITE)") | .flags_looked, (.delta.changes[] | select(.kind == "flagged").gained[])'
	assert_output 'true
ac'
	of 'select(.call.name == "mremap") | .flags_looked'
	assert_output true
	"$MMTOOL" run --format=json script >events
	run jq -r '.flags_looked // empty' events
	assert_output ''
}

@test "--quiet shows it of what failed, TAP nothing, and nothing is looked at for it" {
	run "$MMTOOL" run -q --detail -e "a = mmap(NULL, 1p, $private, -1, 0); write_pages(a, 1p)"
	assert_output ''
	run "$MMTOOL" run -q --detail -e "a = mmap(NULL, 1p, $private, -1, 0); mprotect(a, 1p, PROT_READ) = -1 EPERM"
	assert_line --regexp '^    VmData '
	run "$MMTOOL" run --tap --detail -e "a = mmap(NULL, 1p, $private, -1, 0); expect a[0] == 0"
	refute_output --partial minor
}

# reads FILTER ARG...: tells how often mmtool reads files of /proc whose names match, around statements.  (What watches a
# statement that takes long, on a busy machine, opens its files each time, and reads them once.)
reads()
{
	need strace
	strace -o /dev/null true || skip 'strace cannot trace here'
	strace -y -e 'trace=openat,?open,read,pread64' -o trace "$MMTOOL" "${@:2}" >report
	run grep -cE "^pread64\([0-9]+</proc/[0-9]+($1)>" trace
}

@test "nothing is opened or read without the option" {
	not_sanitized 'strace sees the sanitizer'"'"'s own calls'
	local files='/status|/stat'

	reads "$files" run -e "a = mmap(NULL, 1p, $private, -1, 0); write_pages(a, 1p); mprotect(a, 1p, PROT_READ)"
	assert_output 0
	reads /smaps run -e "a = mmap(NULL, 1p, $private, -1, 0); write_pages(a, 1p); mprotect(a, 1p, PROT_READ)"
	assert_output 0
	reads "$files" run --tap --detail -e "a = mmap(NULL, 1p, $private, -1, 0); expect a[0] == 0"
	assert_output 0
	reads "$files" run --detail -e "a = mmap(NULL, 1p, $private, -1, 0)"
	refute_output 0
}

@test "the shell has it too" {
	run "$MMTOOL" shell --detail <<<"a = mmap(NULL, 3p, $private, -1, 0)"
	assert_output --regexp 'VmSize        [0-9]+[KMGT] -> [0-9]+[KMGT]'
}

@test "--symbolic: twice the same" {
	not_sanitized 'the sanitizer touches its own memory while the script runs, and these are faults too'
	for command in grow shrink move-fixed reserve-fill; do
		# A page that the kernel moves just then (compaction) costs a fault more.
		for try in 1 2 3; do
			"$MMTOOL" "$command" --detail --symbolic >one || [ $? -eq 1 ]
			"$MMTOOL" "$command" --detail --symbolic >two || [ $? -eq 1 ]
			run diff one two
			[ -n "$output" ] && [ "$try" -lt 3 ] || break
		done
		assert_output ''
		run grep -cE 'minor faults|VmSize' one
		refute_output 0
		run grep -E 'Committed_AS|VmRSS' one
		assert_output ''
	done
}

@test "lines fit 80 columns" {
	text "a = mmap(NULL, 64p, $private, -1, 0)" 'mlock(a, 64p)' 'p = fork()' 'in p {' 'a[0] = 1' '}' 'wait(p) = ?' 'munlock(a, 3p)'
	assert_success
	run grep -E '^ {4,}.{80}' <<<"$(grep -vE '^    [a-z0-9]+\(|^  [-+] ' <<<"$output")"
	assert_output ''
}

@test "what was recorded is shown again" {
	events "a = mmap(NULL, 4p, $private, -1, 0)" 'mlock(a, 2p)' 'p = fork()' 'in p {' 'a[0] = 1' '}' 'wait(p) = ?'
	"$MMTOOL" report --format=json events | cmp - events
	run "$MMTOOL" report events
	assert_line '                  it is partly locked in memory (lo)'
	assert_line --regexp '^    Committed_AS  '
}

@test "memory that lost its name is not said to be gone" {
	events "e = mmap(NULL, 1p, $private, -1, 0)" 'e[0] = 1' 'old = e' "e = mmap(NULL, 1p, $shared, -1, 0)" 'expect smaps(old, "Rss") == 1p'
	of 'select(.source.text | startswith("e = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_SHARED")) | .details[]? | select(.after == null)'
	assert_output ''
	text "a = mmap(NULL, 2p, $shared, -1, 0)" 'munmap(a, 2p)'
	assert_line --regexp '^    a +not mapped any more$'
}
