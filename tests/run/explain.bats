#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --explain: reasons for what a call did, each where it is true.

load ../helper/common
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
	rw='PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS'
	shared='PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS'
	whole="a = mmap(NULL, 4p, $rw, -1, 0)"
	secret='f = memfd_secret(0); ftruncate(f, 2p); a = mmap(NULL, 2p, PROT_READ|PROT_WRITE, MAP_SHARED, f, 0)'
}

# reason STATEMENT WORDS SCRIPT: the paragraph below the statement has the words.
reason()
{
	mm run --explain -e "$3"
	assert_success
	said=$(block "$1" | sed -n 's/^    | //p' | tr '\n' ' ')
	[[ $said == *"$2"* ]] || fail "$1: $said"
}

# silent STATEMENT WORDS SCRIPT: it has them not.
silent()
{
	mm run --explain -e "$3"
	assert_success
	said=$(block "$1" | sed -n 's/^    | //p' | tr '\n' ' ')
	[[ $said != *"$2"* ]] || fail "$1: $said"
}

@test "mremap: an alias, and pages that left" {
	a="a = mmap(NULL, 1p, $shared, -1, 0)"
	reason 'b = mremap' 'old_size 0 takes nothing away' "$a; b = mremap(a, 0, 1p, MREMAP_MAYMOVE)"
	mm run -e 'require MREMAP_DONTUNMAP'
	[ "$status" -ne 77 ] || skip 'this kernel has no MREMAP_DONTUNMAP'
	reason 'b = mremap' 'the old one is empty and reads zero' \
		"a = mmap(NULL, 1p, $rw, -1, 0); b = mremap(a, 1p, 1p, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, NULL)"
	silent 'b = mremap' 'MREMAP_DONTUNMAP' "$a; b = mremap(a, 1p, 2p, MREMAP_MAYMOVE)"
}

@test "mmap: merged, populated, growing down" {
	at="at = hole(2p); a = mmap(at, 1p, $rw|MAP_FIXED, -1, 0)"
	reason 'b = mmap' 'the kernel made one mapping of both' "$at; b = mmap(at + 1p, 1p, $rw|MAP_FIXED, -1, 0)"
	silent 'a = mmap' 'one mapping of both' "$at"
	reason 'a = mmap' 'MAP_POPULATE brings all pages in' "a = mmap(NULL, 1p, $rw|MAP_POPULATE, -1, 0)"
	reason 'a = mmap' 'MAP_GROWSDOWN: an access below the mapping makes it longer, until it would come near the mapping below, or touches one' \
		"a = mmap(NULL, 1p, $rw|MAP_GROWSDOWN, -1, 0)"
	silent 'a = mmap' 'MAP_' "a = mmap(NULL, 1p, $rw, -1, 0)"
}

@test "mmap: what MAP_POPULATE and MAP_LOCKED bring in" {
	reason 'a = mmap' 'so that the first touches do not fault for them. It does' "a = mmap(NULL, 1p, $rw|MAP_POPULATE, -1, 0)"
	shared_file='f = tmpfile(1p); a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_POPULATE, f, 0)'
	reason 'a = mmap' 'the first loads do not fault for them. Shared pages come in as loads bring them: the first store' "$shared_file"
	silent 'a = mmap' 'store' "${shared_file/|PROT_WRITE/}"
	"$MMTOOL" run -q -e "a = mmap(NULL, 4p, $rw|MAP_LOCKED, -1, 0)" >/dev/null 2>&1 || skip 'this user may not lock four pages'
	reason 'a = mmap' 'MAP_LOCKED brings the pages in' "a = mmap(NULL, 4p, $rw|MAP_LOCKED, -1, 0); expect resident(a, 4p) == 4p"
	for flag in MAP_POPULATE MAP_LOCKED; do
		# An smaps before Linux 6.11 does not have the flag by its name.
		silent 'a = mmap' 'brings' "mlockall(MCL_FUTURE|MCL_ONFAULT); a = mmap(NULL, 1p, $rw|$flag, -1, 0)
			expect resident(a, 1p) == 0"
	done
	"$MMTOOL" run -q -e "$secret" >/dev/null 2>&1 || skip 'no memfd_secret'
	reason 'a = mmap' 'MAP_POPULATE brought no page in: only the process itself' "${secret/MAP_SHARED/MAP_SHARED|MAP_POPULATE}
		expect resident(a, 2p) == 0"
}

@test "mmap: where the kernel looks for room" {
	# Larger than any gap between libraries, and unlike their neighbours.
	at='a1 = mmap(NULL, 64M, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		a2 = mmap(NULL, 64M, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		a3 = mmap(NULL, 64M, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)'
	# The last of them is the lowest, unless this is the legacy layout; an address space of 32 bits is too small to tell.
	if "$MMTOOL" run -q -e "$at; expect a3 < a2; expect a2 < a1; expect a3 >> 32 != 0" >/dev/null 2>&1; then
		reason 'a3 = mmap' 'directly below mapping a2 (---p). It looks for room from the top downwards' "$at"
	fi
	need setarch
	setarch -L true 2>/dev/null || skip 'no legacy layout here'
	not_sanitized 'its shadow memory has a place of its own in the address space'
	for size in 64M 1p; do
		run setarch -L "$MMTOOL" run --explain -e "${at//64M/$size}"
		assert_success
		refute_output --partial 'looks for'
		refute_output --partial 'downwards'
	done
	# Where the search begins on x86-64, undisturbed by chance: what is found there has much room below it.
	base=0x2aaaaaaab000
	setarch -R -L "$MMTOOL" run -q -e "expect perms($base) == \"r--p\"" >/dev/null 2>&1 || return 0
	run setarch -R -L "$MMTOOL" run --explain -e "a = mmap(0x10000000, 1p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		munmap($base, 1p); mmap(NULL, 1p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = $base"
	assert_success
	refute_output --partial 'looks for'
}

@test "mmap: hints, and why they were not taken" {
	r='PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS'
	reason 'b = mmap' 'and the range there is taken by mapping a (r--p), so the kernel chose another.' \
		"a = mmap(NULL, 1p, $r, -1, 0); b = mmap(a, 1p, $r, -1, 0)"
	reason 'a = mmap' 'the range there was free, so the kernel took it' "at = hole(2p); a = mmap(at, 2p, $r, -1, 0)"
	reason 'a = mmap' 'the kernel rounded it down' "at = hole(2p); a = mmap(at + 1, 2p, $r, -1, 0)"
	reason 'a = mmap' 'rounds down to 0, in whole pages, which asks for none' "a = mmap(5, 1p, $r, -1, 0)"
	reason 'b = mmap' 'and the kernel keeps room free below mapping a (rw-p), which grows down' \
		"d = hole(512p); a = mmap(d + 500p, 1p, $rw|MAP_GROWSDOWN|MAP_FIXED, -1, 0); b = mmap(d + 490p, 1p, $r, -1, 0)"
	if "$MMTOOL" run -q -e "a = mmap(1p, 1p, $r, -1, 0); expect a > 1p && a < 1M" >/dev/null 2>&1; then
		reason 'a = mmap' 'so the kernel raised it to that' "a = mmap(1p, 1p, $r, -1, 0)"
		silent 'a = mmap' 'cannot be used' "a = mmap(1p, 1p, $r, -1, 0)"
	fi
	"$MMTOOL" run -q -e "mmap(NULL, 1p, $r|MAP_FIXED_NOREPLACE, -1, 0) = 0" >/dev/null 2>&1 || skip 'nothing may be mapped at 0 here'
	silent 'mmap(NULL' 'address' "mmap(NULL, 1p, $r|MAP_FIXED_NOREPLACE, -1, 0) = 0"
}

@test "mmap: what is charged, and what MAP_NORESERVE changes of that" {
	policy_lock -s
	[ "$(</proc/sys/vm/overcommit_memory)" != 2 ] || skip 'overcommit policy 2'
	none='a = mmap(NULL, 4p, PROT_NONE, '
	reason 'a = mmap' 'no memory, no commit charge' "$none MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)"
	reason 'a = mmap' 'The commit account is charged with all of it at once' "$none MAP_SHARED|MAP_ANONYMOUS, -1, 0)"
	silent 'a = mmap' 'no commit charge' "$none MAP_SHARED|MAP_ANONYMOUS, -1, 0)"
	silent 'a = mmap' 'charged with all' "$none MAP_SHARED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0)"
	reason 'a = mmap' 'but with each page of the shared memory' "$none MAP_SHARED|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0)"
	reason 'a = mmap' 'keeps it out when mprotect makes it writable, too' "$none MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0)"
	reason 'a = mmap' 'keeps the mapping out of the commit account' "a = mmap(NULL, 4p, $rw|MAP_NORESERVE, -1, 0)"
	silent 'a = mmap' 'NORESERVE' 'f = tmpfile(4p); a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_NORESERVE, f, 0)'
}

@test "huge pages of the pool: their size counts" {
	huge='ht = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|MAP_NORESERVE, -1, 0)'
	"$MMTOOL" run -q -e "$huge" >/dev/null 2>&1 || skip 'no hugetlbfs'
	reason 'ht = mmap' 'no huge pages of the pool are set aside' "$huge"
	silent 'ht = mmap' 'commit account' "$huge"
	silent 'ht = mmap' 'one mapping of both' "$huge"
	two=${huge/1p/2 * hugepage}
	one=$("$MMTOOL" run -e 'note hugepage / 1M' | sed -n 's/^# //p')M
	# Before Linux 5.17 mremap takes no huge pages.
	if "$MMTOOL" run -q -e "$huge; mremap(ht, 1p, 2p, 0)" >/dev/null; then
		for call in 'mremap(ht, 1p, 2p, 0)' 'mremap(ht, 2p, 1p, 0)' 'mremap(ht, hugepage, 1p, 0)'; do
			reason "$call" 'Both sizes are the same in whole huge pages, so nothing changed.' "$huge; $call"
		done
		reason mremap "The last $one were unmapped" "$two; mremap(ht, 2 * hugepage, 1p, 0)"
	fi
	reason 'mmap(r' "replaces without asking: $one that were mapped" \
		"r = mmap(NULL, 3 * hugepage, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0); r = (r + hugepage - 1) / hugepage * hugepage
		mmap(r, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|MAP_NORESERVE|MAP_FIXED, -1, 0)"
	# Nor madvise these before Linux 5.18.
	if "$MMTOOL" run -q -e "$huge; madvise(ht, 1p, MADV_DONTNEED)" >/dev/null; then
		reason madvise 'where none is free, it is SIGBUS' "$huge; madvise(ht, 1p, MADV_DONTNEED)"
		silent madvise 'reads the file' "$huge; madvise(ht, 1p, MADV_DONTNEED)"
	fi
	reason msync 'there is no file behind' "$huge; msync(ht, hugepage, MS_SYNC)"
}

@test "mprotect: split, and merged again" {
	a="a = mmap(NULL, 3p, $rw, -1, 0); mprotect(a + 1p, 1p, PROT_READ)"
	reason 'mprotect(a + 1p, 1p, PROT_READ)' 'became one of its own' "$a"
	reason 'mprotect(a + 1p, 1p, PROT_READ|PROT_WRITE)' 'made one mapping of them' "$a; mprotect(a + 1p, 1p, PROT_READ|PROT_WRITE)"
	silent 'mprotect' 'mapping' "a = mmap(NULL, 1p, $rw, -1, 0); mprotect(a, 1p, PROT_READ)"
}

@test "madvise: what DONTNEED loses depends on what is mapped" {
	reason 'madvise' 'is lost to it, and the next access finds zeros' "a = mmap(NULL, 1p, $rw, -1, 0); madvise(a, 1p, MADV_DONTNEED)"
	reason 'madvise' "The data is the object's" "a = mmap(NULL, 1p, $shared, -1, 0); madvise(a, 1p, MADV_DONTNEED)"
	reason 'madvise' 'the next access reads the file again' \
		'fd = tmpfile(1p); a = mmap(NULL, 1p, PROT_READ, MAP_PRIVATE, fd, 0); madvise(a, 1p, MADV_DONTNEED)'
}

@test "madvise: every kind that is offered has its reason" {
	every=$("$MMTOOL" --describe | awk -F'\t' '$2 == "advise" && $3 == "--advice" { print $7 }' | tr '|' ' ')
	for one in ${every% all}; do
		mm advise --advice="$one" --explain
		[ "$status" -ne 77 ] || continue
		awk -v name="MADV_${one^^}" '/^    madvise\(/ { on = $0 ~ name "\\)" && / = 0$/ } on && /^    \| / { found = 1 } END { exit !found }' \
			<<<"$output" || fail "$one: $output"
	done
}

@test "locks" {
	a="a = mmap(NULL, 2p, $rw, -1, 0)"
	mm run -e "$a; mlock(a, 2p)"
	[ "$status" -eq 0 ] || skip 'this user may not lock two pages'
	reason 'mlock(a + 1, 1)' 'The start was rounded down' "$a; mlock(a + 1, 1)"
	silent 'mlock(a, 1p)' 'rounded' "$a; mlock(a, 1p)"
	reason 'mlock2' 'each is locked when it comes' "$a; mlock2(a, 1p, MLOCK_ONFAULT)"
	reason 'mlock(a, 1p)' 'were brought in, and are not reclaimed until they are unlocked or unmapped.' "$a; mlock(a, 1p)"
	reason 'munlock' 'Locks do not stack' "$a; mlock(a, 1p); munlock(a, 1p)"
	reason 'mlockall' 'What will be mapped is brought in' 'mlockall(MCL_FUTURE)'
}

@test "munlock: memfd_secret is locked always" {
	"$MMTOOL" run -q -e "$secret; expect vmflag(a, \"lo\")" >/dev/null 2>&1 || skip 'no memfd_secret that is locked'
	reason munlock 'Nothing was unlocked: memory of memfd_secret is always locked.' "$secret; munlock(a, 2p); expect vmflag(a, \"lo\")"
	reason munlock 'save of memfd_secret, which is always locked. Nothing was evicted' \
		"at = hole(3p); ${secret/mmap(NULL, 2p, PROT_READ|PROT_WRITE, MAP_SHARED/mmap(at, 1p, PROT_READ, MAP_SHARED|MAP_FIXED}
		mmap(at + 1p, 1p, $rw|MAP_FIXED, -1, 0); munlock(at, 2p)"
	silent munlock 'secret' "$whole; munlock(a, 4p)"
}

# in_row KIND KIND: a script that makes a, one page of each kind, side by side.  A page of a file is as far from the file's start as
# from a, and one of shared memory is the last of a mapping that begins at a: it suits every processor's cache.
in_row()
{
	local at kind kinds=("$@") flags='PROT_READ|PROT_WRITE, MAP_FIXED'

	echo 'a = hole(8p)'
	for ((at = $# - 1; at >= 0; at--)); do
		kind=${kinds[at]}
		case $kind in
		anonymous) echo "mmap(a + ${at}p, 1p, $flags|MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)" ;;
		shared) echo "mmap(a, $((at + 1))p, $flags|MAP_SHARED|MAP_ANONYMOUS, -1, 0)" ;;
		droppable) echo "mmap(a + ${at}p, 1p, $flags|MAP_DROPPABLE|MAP_ANONYMOUS, -1, 0)" ;;
		file) echo "f$at = tmpfile($((at + 1))p); mmap(a + ${at}p, 1p, $flags|MAP_SHARED, f$at, ${at}p)" ;;
		copy) echo "f$at = tmpfile(1p); mmap(a + ${at}p, 1p, $flags|MAP_PRIVATE, f$at, 0)" ;;
		esac
	done
}

# to_file KINDS WORDS: what is said of writing back a row of these kinds.
to_file()
{
	# shellcheck disable=SC2086 # the words are kinds
	reason msync "$2" "$(in_row $1)
		memset(a, 1, 2p)
		msync(a, 2p, MS_SYNC)"
}

@test "msync: every mapping of the range counts" {
	to_file 'anonymous anonymous' 'there is no file behind private anonymous memory'
	to_file 'copy copy' 'never to the file'
	to_file 'anonymous copy' 'nothing in the range is a shared mapping of a file'
	for kinds in 'anonymous file' 'file anonymous' 'copy file'; do
		to_file "$kinds" 'Only in shared mappings through which stores can go, dirty pages were written'
	done
	to_file 'file file' 'Dirty pages of the range were written'
	echo data >f
	reason msync 'Nothing was written: no store can go to a file' \
		'f = open("f", O_RDONLY); a = mmap(NULL, 1p, PROT_READ, MAP_SHARED, f, 0); msync(a, 1p, MS_SYNC)'
}

# lost KINDS WORDS: what is said of MADV_DONTNEED for a row of these kinds.
lost()
{
	# shellcheck disable=SC2086 # the words are kinds
	reason madvise "$2" "$(in_row $1)
		memset(a, 1, 2p)
		madvise(a, 2p, MADV_DONTNEED)"
}

@test "madvise: what a child will have" {
	a='a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0); madvise(a, 2p, MADV_'
	for advice in WIPEONFORK KEEPONFORK; do
		silent "madvise(a, 4p, MADV_$advice)" 'nothing' "$whole; madvise(a, 4p, MADV_$advice)"
		reason "madvise(a, 4p, MADV_$advice)" 'but where MADV_DONTFORK holds, it will have nothing until MADV_DOFORK' \
			"${a}DONTFORK); madvise(a, 4p, MADV_$advice); c = fork(); in c { expect mapped(a, 4p) == 2p }"
	done
	silent 'madvise(a, 4p, MADV_DOFORK)' 'zeros' "$whole; madvise(a, 4p, MADV_DOFORK)"
	reason 'madvise(a, 4p, MADV_DOFORK)' 'again; but where MADV_WIPEONFORK holds, with zeros in it' "${a}WIPEONFORK); madvise(a, 4p, MADV_DOFORK)"
}

@test "madvise: huge pages, where the process may have none" {
	huge="$whole; madvise(a, 4p, MADV_HUGEPAGE)"
	"$MMTOOL" run -q -e "$huge; expect status(\"THP_enabled\") == 1" >/dev/null 2>&1 || skip 'no transparent huge pages, or not told of here'
	reason madvise 'a fault may bring one in, if /sys/kernel/mm/transparent_hugepage allows any.' "$huge"
	reason madvise 'and none come: prctl(PR_SET_THP_DISABLE)' "prctl(PR_SET_THP_DISABLE, 1); $huge"
	silent madvise 'may bring' "prctl(PR_SET_THP_DISABLE, 1); $huge"
}

@test "madvise: DONTNEED of several mappings" {
	anonymous='private anonymous memory is lost to it, and the next access there finds zeros.'
	object="shared mappings is the object's, so the next access there finds it again."
	lost 'anonymous shared' "$anonymous The data of $object"
	lost 'shared anonymous' "$anonymous The data of $object"
	lost 'copy anonymous' "$anonymous In private mappings of files, copies"
	lost 'anonymous anonymous' 'private memory is lost to it, and the next access finds zeros.'
	lost 'file shared' "The data is the object's"
}

@test "madvise: DONTNEED leaves guard pages, and what the kernel put there" {
	silent 'madvise(a, 4p' 'uard' "$whole; madvise(a, 4p, MADV_DONTNEED)"
	mm run -e "$whole; madvise(a, 4p, MADV_GUARD_INSTALL); expect fault(a[0]) == SEGV_MAPERR"
	# Linux 6.13 has guard pages, and 6.15 tells which they are.
	if [[ $(tr '\n ' '  ' <<<"$output" | tr -s ' ') == *'of a guard region'* ]]; then
		reason 'madvise(a, 4p' 'Guard pages' "$whole; madvise(a + 3p, 1p, MADV_GUARD_INSTALL); madvise(a, 4p, MADV_DONTNEED)
			expect fault(a[3p]) == SEGV_MAPERR; expect a[0] == 0"
	fi
	reason madvise 'Guard pages, where there are any, go on to fault' \
		"a = mmap(NULL, 20000p, $rw, -1, 0); madvise(a, 20000p, MADV_DONTNEED)"
}

@test "madvise: DONTNEED of the kernel's own pages, and where userfaultfd watches" {
	need setarch
	vdso=$(setarch -R "$MMTOOL" run --format=json -e 'note 1' | grep -o '"line":"[^"]*\[vdso\]"' | head -n 1 | sed 's/.*:"\([0-9a-f]*\)-.*/0x\1/')
	if [ -n "$vdso" ] && setarch -R "$MMTOOL" run -q -e "madvise($vdso, 1p, MADV_DONTNEED)" >/dev/null 2>&1; then
		run setarch -R "$MMTOOL" run --explain -e "v = $vdso; madvise(v, 1p, MADV_DONTNEED)"
		assert_success
		[[ $(tr -d '|\n' <<<"$output" | tr -s ' ') == *"The data is the kernel's, so the next access finds it again."* ]] || fail "$output"
	fi
	watch='u = userfaultfd(O_CLOEXEC|UFFD_USER_MODE_ONLY); words(scratch, UFFD_API, 0, 0); ioctl(u, UFFDIO_API, scratch)'
	register='words(scratch, a, 4p, UFFDIO_REGISTER_MODE_MISSING, 0); ioctl(u, UFFDIO_REGISTER, scratch)'
	"$MMTOOL" run -q -e "$watch; $whole; $register" >/dev/null 2>&1 || skip 'this user may have no userfaultfd'
	reason madvise 'Where userfaultfd is registered for missing pages' "$watch; $whole; $register; madvise(a, 4p, MADV_DONTNEED)"
}

@test "madvise: COLLAPSE of what is huge already" {
	twice='a = mmap(NULL, 4M, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0); b = (a + 2M - 1) / 2M * 2M; b[0] = 1
		madvise(b, 2M, MADV_COLLAPSE); madvise(b + 0, 2M, MADV_COLLAPSE)'
	"$MMTOOL" run -q -e "$twice" >/dev/null 2>&1 || skip 'no such huge pages here'
	reason 'madvise(b + 0' 'what was huge stayed' "$twice"
}

@test "locks: all of the range, none or a part of it" {
	one=$(($(getconf PAGESIZE) / 1024))K
	mm run -e "$whole; mlock(a, 4p)"
	[ "$status" -eq 0 ] || skip 'this user may not lock four pages'
	for call in 'mlock(a + 1p, 1p)' 'mlock(a + 2p - 1, 2)' 'mlock2(a + 3p, 1p, 0)'; do
		reason "$call" 'All pages of the range were brought in' "$whole; $call; expect vmflag(a + 1p, \"lo\") || vmflag(a + 3p, \"lo\")"
		silent "$call" 'Nothing was locked' "$whole; $call"
	done
	reason 'mlockall' 'Some memory is never locked: what may be dropped' 'mlockall(MCL_FUTURE)'
	"$MMTOOL" run -q -e 'require MAP_DROPPABLE' || skip 'this kernel has no MAP_DROPPABLE'
	for kinds in 'anonymous droppable' 'droppable anonymous'; do
		# shellcheck disable=SC2086 # the words are kinds
		row=$(in_row $kinds)
		reason 'mlock(a, 2p)' "Only $one of the range is locked, the rest was passed over" "$row
			mlock(a, 2p)"
		silent 'mlock(a, 2p)' 'Nothing was locked' "$row
			mlock(a, 2p)"
		reason 'mlock2' 'No page was brought in: each is locked when it comes. What is locked counts whole' "$row
			mlock2(a, 2p, MLOCK_ONFAULT)"
	done
	reason 'mlock(a' 'Nothing was locked' "$(in_row droppable)
		mlock(a, 1p)"
}

@test "msync, mseal, ftruncate" {
	f='fd = tmpfile(1p); a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0)'
	reason 'msync' 'the call waited for that' "$f; msync(a, 1p, MS_SYNC)"
	reason 'msync' 'Nothing was started' "$f; msync(a, 1p, MS_ASYNC)"
	reason 'msync' 'Nothing was dropped' "$f; msync(a, 1p, MS_INVALIDATE)"
	reason 'ftruncate' 'its mappings are as long as they were' "$f; ftruncate(fd, 2p)"
	mm run -e 'require mseal'
	[ "$status" -ne 77 ] || skip 'this kernel has no mseal'
	reason 'mseal' 'call that removes a seal' "a = mmap(NULL, 1p, $rw, -1, 0); mseal(a, 1p, 0)"
	silent 'mseal' 'grows' "a = mmap(NULL, 1p, $rw, -1, 0); mseal(a, 1p, 0)"
	reason 'mseal' 'no call can unmap, move, resize or replace the mapping, or give it other permissions.' "$whole; mseal(a, 1p, 0)"
	reason 'mseal' 'It still grows when the memory below it is touched' "d = hole(512p)
		a = mmap(d + 500p, 1p, $rw|MAP_GROWSDOWN|MAP_FIXED, -1, 0); mseal(a, 1p, 0); a[-1p] = 1; expect mapped(a - 1p, 2p) == 2p"
}

@test "a call that failed has no such reason" {
	silent 'madvise' 'page table' "a = hole(1p); madvise(a, 1p, MADV_DONTNEED) = -1 ENOMEM"
}

@test "a call over no page did nothing" {
	for call in 'mprotect(a, 0, PROT_NONE)' 'madvise(a, 0, MADV_DONTNEED)' 'madvise(a, 0, MADV_DONTFORK)' 'mlock(a, 0)' 'mlock(a, -1)' \
		'mlock(a + 5, -16)' 'mlock2(a, 0, MLOCK_ONFAULT)' 'munlock(a, 0)' 'msync(a, 0, MS_SYNC)'; do
		reason "$call" 'The length is 0, in whole pages: nothing was done.' "$whole; $call"
	done
}

@test "mprotect that changes nothing, and what it made of the mapping else" {
	reason 'mprotect(a + 1p' 'became one of its own' "$whole; mprotect(a + 1p, 1p, PROT_READ)"
	reason 'mprotect(a + 2p' 'made one mapping of them' "$whole; mprotect(a + 2p, 1p, PROT_READ)
		mprotect(a + 2p, 1p, PROT_READ|PROT_WRITE)"
	silent 'mprotect(a + 1p' 'neighbour' "$whole; mprotect(a + 1p, 1p, PROT_READ|PROT_WRITE)"
}

@test "mprotect: a part that joins its neighbour, and mappings that become alike" {
	two="$whole; mprotect(a + 2p, 2p, PROT_READ)"
	reason 'mprotect(a + 1p' 'left its own, and is one with a neighbour' "$two; mprotect(a + 1p, 1p, PROT_READ); expect vmas(a, 4p) == 2"
	silent 'mprotect(a + 1p' 'became one of its own' "$two; mprotect(a + 1p, 1p, PROT_READ)"
	reason 'mprotect(a, 4p' 'Mappings side by side became alike' "$two; mprotect(a, 4p, PROT_READ|PROT_WRITE|PROT_NONE)
		expect vmas(a, 4p) == 1"
	reason 'mprotect(a + 1p' 'one that the range holds only a part of was split' \
		"$(in_row anonymous file anonymous); munmap(a, 1p); mmap(a + 3p, 1p, $rw|MAP_FIXED, -1, 0); mprotect(a + 1p, 2p, PROT_READ)"
}

@test "mprotect: locked memory may have been touched" {
	mm run -e "$whole; mlock(a, 4p)"
	[ "$status" -eq 0 ] || skip 'this user may not lock four pages'
	r='a = mmap(NULL, 4p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0); '
	silent 'mprotect(a' 'No page was touched' "$r mlock(a, 4p); mprotect(a + 1p, 1p, PROT_READ|PROT_WRITE)"
	reason 'mprotect(a' 'No page was touched' "$r mprotect(a + 1p, 1p, PROT_READ|PROT_WRITE)"
}

@test "madvise: what another process shares, and copies, are left alone" {
	reason madvise 'Pages that another process shares, since a fork, are left alone' "$whole; madvise(a, 4p, MADV_FREE)"
	mm run -e "$whole; madvise(a, 4p, MADV_POPULATE_READ)"
	[ "$status" -ne 0 ] || reason madvise 'a page of zeros, small or huge, which all share' "$whole; madvise(a, 4p, MADV_POPULATE_READ)"
	reason madvise 'A core dump leaves the range out; its pages are as they were.' "$whole; madvise(a + 1p, 1p, MADV_DONTDUMP)"
	reason madvise 'Pages that no other process has mapped' "$whole; madvise(a, 4p, MADV_COLD)"
	reason madvise 'save where a private one has copies of its own' "a = mmap(NULL, 1p, $shared, -1, 0); madvise(a, 1p, MADV_REMOVE)"
}

@test "madvise: KSM is told of only where it takes the memory" {
	mm run -e "$whole; madvise(a, 4p, MADV_MERGEABLE)"
	[ "$status" -eq 0 ] || skip 'this kernel has no KSM'
	merge='madvise(a, 2p, MADV_MERGEABLE)'
	reason madvise 'KSM may make one page' "$(in_row anonymous copy)
		$merge; expect vmflag(a, \"mg\")"
	reason madvise 'changed nothing: KSM passes over what is shared' "$(in_row file shared)
		$merge; expect !vmflag(a, \"mg\")"
	reason madvise 'It passes over a part of the range' "$(in_row shared anonymous)
		$merge; expect vmflag(a + 1p, \"mg\")"
	silent madvise 'passes over' "$whole; $merge"
}

@test "shrinking and growing, by what is behind the mapping" {
	object='f = memfd_create("m", 0); ftruncate(f, 4p); a = mmap(hole(8p), 2p, PROT_READ|PROT_WRITE, MAP_FIXED|MAP_SHARED, f, 0)'
	reason mremap 'is still in the object' "$object; mremap(a, 2p, 1p, 0)"
	reason mremap 'and what was in them is gone' "$whole; mremap(a, 4p, 2p, 0)"
	reason mremap 'The new pages show more of what is behind it' "$object; mremap(a, 2p, 4p, 0)"
	reason mremap "and the object behind it did not. It has $(($(getconf PAGESIZE) * 4 / 1024))K" "$object; mremap(a, 2p, 6p, 0)"
	room="a = mmap(hole(8p), 2p, $rw|MAP_FIXED, -1, 0)"
	reason mremap 'no memory until they are touched' "$room; mremap(a, 2p, 4p, 0)"
	if "$MMTOOL" run -q -e "$whole; mlock(a, 4p)" >/dev/null 2>&1; then
		silent mremap 'until they are touched' "$room; mlock(a, 2p); mremap(a, 2p, 4p, 0); expect resident(a, 4p) == 4p"
	fi
	silent mremap 'did not' "$object; mremap(a, 2p, 4p, 0); expect a[3p] == 0"
}

@test "writing back, reading ahead and filling, by what is mapped" {
	file='f = tmpfile(4p); a = mmap(NULL, 4p, PROT_READ|PROT_WRITE'
	reason msync 'there is no file behind private anonymous memory' "$whole; msync(a, 4p, MS_SYNC)"
	reason msync 'never to the file' "$file, MAP_PRIVATE, f, 0); a[0] = 1; msync(a, 4p, MS_SYNC)"
	reason msync 'Dirty pages of the range were written' "$file, MAP_SHARED, f, 0); a[0] = 1; msync(a, 4p, MS_SYNC)"
	reason madvise 'others from swap' "$whole; madvise(a, 4p, MADV_WILLNEED)"
	file_page='f = tmpfile(1p); a = mmap(NULL, 1p, PROT_READ, MAP_SHARED, f, 0); x = a[0]; madvise(a, 1p, MADV_WILLNEED)'
	reason madvise 'a touch of a page that it lacks still faults' "$file_page; m = minflt(); x = a[0]; expect minflt() == m"
	reason 'a = mmap' 'brought no page in' 'a = mmap(NULL, 4p, PROT_NONE, MAP_POPULATE|MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)'
	reason 'a = mmap' 'brought no page in' 'a = mmap(NULL, 4p, PROT_NONE, MAP_LOCKED|MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)'
	reason madvise 'is lost to it' "$whole; a[0] = 1; madvise(a, 4p, MADV_DONTNEED)"
	"$MMTOOL" run -q -e 'require MAP_DROPPABLE' || skip 'this kernel has no MAP_DROPPABLE'
	reason mlock 'Nothing was locked' 'a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_DROPPABLE|MAP_ANONYMOUS, -1, 0); mlock(a, 4p)'
}
