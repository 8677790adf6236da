#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The VmFlags that calls give to named regions and take from them.

load ../helper/common

anon='PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS'

# mm STATEMENT...: runs them.
mm()
{
	run "$MMTOOL" run -e "$(printf '%s\n' "$@")"
	assert_success
}

# json STATEMENT...: the flagged changes of a run: names, old size, new size, gained, lost.
json()
{
	need jq
	"$MMTOOL" run --format=json -e "$(printf '%s\n' "$@")" >"$BATS_TEST_TMPDIR/events"
	run jq -r 'select(.type == "step") | .delta.changes[]? | select(.kind == "flagged") |
		"\(.names | join(",")) \(.old.size // 0) \(.new.size) +\(.gained // [] | join(" ")) -\(.lost // [] | join(" "))"' \
		"$BATS_TEST_TMPDIR/events"
	assert_success
}

# reads_smaps STATEMENTS: tells how often smaps was read from its start.
reads_smaps()
{
	need strace
	strace -o /dev/null true || skip 'strace cannot trace here'
	strace -f -y -e trace=pread64 -o "$BATS_TEST_TMPDIR/trace" "$MMTOOL" run -q -e "$1"
	run grep -c '/smaps>, .*, 0) = ' "$BATS_TEST_TMPDIR/trace"
}

page=$(getconf PAGESIZE)

@test "mlock and munlock of a whole region" {
	mm "a = mmap(NULL, 2p, $anon, -1, 0)" 'mlock(a, 2p)' 'mlock(a, 2p)' 'munlock(a, 2p)'
	assert_line '    a is now locked in memory (lo)'
	assert_line '    nothing changed in the maps, nor in the VmFlags'
	assert_line '    a is no longer locked in memory (lo)'
	json "a = mmap(NULL, 2p, $anon, -1, 0)" 'mlock(a, 2p)' 'mlock(a, 2p)' 'munlock(a, 2p)'
	assert_output "a $((2 * page)) $((2 * page)) +lo -
a $((2 * page)) $((2 * page)) + -lo"
	run jq -r 'select(.type == "step" and .call.system) | "\(.call.name) \(.flags_looked)"' "$BATS_TEST_TMPDIR/events"
	assert_output "$(kernel_name mmap) null
mlock true
mlock true
munlock true"
}

@test "a part of a region" {
	mm "a = mmap(NULL, 4p, $anon, -1, 0)" 'mlock(a, 2p)' 'mlock(a + 3p, 1)' 'munlock(a + 1p, 1p)'
	assert_line "    the first $((2 * page / 1024))K of a is now locked in memory (lo)"
	assert_line "    the last $((page / 1024))K of a is now locked in memory (lo)"
	assert_line "    $((page / 1024))K of a at offset $((page / 1024))K is no longer locked in memory (lo)"
}

@test "one change for each range with the same gain" {
	json "a = mmap(NULL, 6p, $anon, -1, 0)" 'mlock(a + 1p, 1p)' 'mprotect(a + 4p, 1p, PROT_READ)' 'mlock(a, 6p)'
	assert_output "a $page $page +lo -
a $page $page +lo -
a $((4 * page)) $((4 * page)) +lo -"
}

@test "mlock2 on fault" {
	mm "a = mmap(NULL, 2p, $anon, -1, 0)" 'mlock2(a, 2p, MLOCK_ONFAULT)'
	said=$(tr -s '[:space:]' ' ' <<<"$output")
	# Linux 5.10 has no name for the flag.
	[[ $said == *' a is now locked in memory (lo) and locked page by page, when first touched (lf) '* ||
		$said == *' a is now locked in memory (lo) and under a flag that this kernel does not name (??) '* ]] || fail "$said"
}

@test "MAP_LOCKED and MAP_NORESERVE" {
	mm "a = mmap(NULL, 2p, $anon|MAP_LOCKED, -1, 0)" "b = mmap(NULL, 2p, $anon, -1, 0)"
	assert_line '    a is locked in memory (lo)'
	refute_output --partial 'b is locked'
	json "a = mmap(NULL, 2p, $anon|MAP_LOCKED, -1, 0)"
	assert_output "a 0 $((2 * page)) +lo -"
	[ "$(cat /proc/sys/vm/overcommit_memory)" != 2 ] || skip 'the kernel ignores MAP_NORESERVE in mode 2'
	mm "a = mmap(NULL, 2p, $anon|MAP_NORESERVE, -1, 0)"
	assert_line '    a is left out of commit accounting (nr)'
}

@test "madvise" {
	mm "a = mmap(NULL, 2p, $anon, -1, 0)" 'madvise(a, 2p, MADV_DONTFORK)' 'madvise(a, 2p, MADV_DONTDUMP)' \
		'madvise(a, 2p, MADV_RANDOM)' 'madvise(a, 2p, MADV_SEQUENTIAL)' 'madvise(a, 2p, MADV_DOFORK)' \
		'madvise(a, 2p, MADV_DONTNEED)'
	assert_line '    a is now left out on fork (dc)'
	assert_line '    a is now left out of core dumps (dd)'
	assert_line '    a is now expected to be read at random (rr)'
	assert_output --partial 'a is now expected to be read in sequence (sr), and no longer expected to be'
	assert_line '    a is no longer left out on fork (dc)'
	assert_line '    nothing changed in the maps, nor in the VmFlags'
}

@test "huge pages" {
	[ -e /sys/kernel/mm/transparent_hugepage ] || skip 'no transparent huge pages here'
	json "a = mmap(NULL, 2p, $anon, -1, 0)" 'madvise(a, 2p, MADV_HUGEPAGE)' 'madvise(a, 2p, MADV_NOHUGEPAGE)'
	assert_output "a $((2 * page)) $((2 * page)) +hg -
a $((2 * page)) $((2 * page)) +nh -hg"
}

@test "mseal" {
	run "$MMTOOL" run -e "require mseal; a = mmap(NULL, 2p, $anon, -1, 0); mseal(a, 2p, 0)"
	[ "$status" -ne 77 ] || skip 'no mseal here'
	assert_success
	assert_line '    a is now sealed (sl)'
}

@test "mlockall: each named region" {
	not_sanitized 'its shadow is more than can be locked'
	[ "$(ulimit -l)" = unlimited ] || [ "$(id -u)" -eq 0 ] || skip 'mlockall is not allowed here'
	json "a = mmap(NULL, 2p, $anon, -1, 0)" 'b = mmap(NULL, 1p, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0)' \
		'mlockall(MCL_CURRENT)' 'munlockall()'
	assert_line "a $((2 * page)) $((2 * page)) +lo -"
	assert_line "b $page $page +lo -"
	assert_line "a $((2 * page)) $((2 * page)) + -lo"
	[ "$(wc -l <<<"$output")" -eq 4 ]
}

@test "a failed call may have changed a part" {
	mm "a = mmap(NULL, 4p, $anon, -1, 0)" 'munmap(a + 2p, 1p)' 'mlock(a, 4p) = -1 ENOMEM' 'mlock(a, 4p) = -1 ENOMEM'
	assert_output --partial 'a is now locked in memory (lo)'
}

@test "smaps is read around these calls only, and not in passes that are summed up" {
	reads_smaps "a = mmap(NULL, 2p, $anon, -1, 0); mprotect(a, 2p, PROT_READ); a = mremap(a, 2p, 8p, MREMAP_MAYMOVE)
		munmap(a, 8p)"
	assert_output 0
	reads_smaps 'mlock(scratch, 1p)'
	assert_output 0
	reads_smaps "a = mmap(NULL, 2p, $anon, -1, 0); mlock(a, 1p)"
	assert_output 2
	reads_smaps "a = mmap(NULL, 2p, $anon|MAP_LOCKED, -1, 0)"
	assert_output 1
	reads_smaps "mmap(NULL, 2p, $anon|MAP_LOCKED, -1, 0)"
	assert_output 0
	reads_smaps "a = mmap(NULL, 2p, $anon, -1, 0); repeat 50 { mlock(a, 1p) }"
	[ "$output" -lt 50 ]
}
