#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mremap: several mappings in one call (Linux 6.17), with holes, with MREMAP_DONTUNMAP, failing half-way; what --explain says of moves.

load ../helper/common
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
	anonymous='MAP_PRIVATE|MAP_ANONYMOUS'
	fixed='MREMAP_MAYMOVE|MREMAP_FIXED'
	# Two pages called a, and behind them two of r that cannot move; dst is unlike any of them.
	half="r = mmap(NULL, 4p, PROT_NONE, $anonymous, -1, 0); dst = mmap(NULL, 4p, PROT_NONE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)
		a = mmap(r, 2p, PROT_READ|PROT_WRITE, $anonymous|MAP_FIXED, -1, 0); strcpy(a, \"hi\"); mseal(r + 2p, 2p, 0)"
	# Two pages called a, a hole of two, and two pages of r.
	hole="r = mmap(NULL, 6p, PROT_NONE, $anonymous, -1, 0)
		dst = mmap(NULL, 6p, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0); memset(dst, 68, 6p)
		a = mmap(r, 2p, PROT_READ|PROT_WRITE, $anonymous|MAP_FIXED, -1, 0); munmap(r + 2p, 2p)"
}

need_several()
{
	mm run -q -e "r = mmap(NULL, 2p, PROT_NONE, $anonymous, -1, 0); d = mmap(NULL, 2p, PROT_NONE, $anonymous, -1, 0)
		mprotect(r, 1p, PROT_READ); m = mremap(r, 2p, 2p, $fixed, d) = ?
		require m != MAP_FAILED || errno != EFAULT, \"this kernel moves one mapping at a time\""
	[ "$status" -ne 77 ] || skip 'this kernel moves one mapping at a time'
	assert_success
}

need_seals()
{
	need_several
	mm run -q -e 'require mseal'
	[ "$status" -ne 77 ] || skip 'no mapping can be sealed here'
}

# moved OPTION... SCRIPT: runs it.  told: what the block of its last mremap tells of changes; said: its paragraph.
moved()
{
	mm run "$@"
	assert_success
	told=$(block 'mremap(' | grep -v -e '^    mremap(' -e '^    why' -e '^    |' -e '^  [-+]' | sed -e 1d -e 's/ by [0-9]*[KMG]$//' -e 's/down/up/')
	said=$(block 'mremap(' | sed -n 's/^    | //p' | tr '\n' ' ')
}

# says WORDS, says_not WORDS: the paragraph has the words, or not.
says()
{
	[[ $said == *"$1"* ]] || fail "$said"
}

says_not()
{
	[[ $said != *"$1"* ]] || fail "$said"
}

@test "a move that failed half-way: what moved is told as moved, and keeps its name" {
	need_seals
	moved -e "$half; mremap(r, 4p, 4p, $fixed, dst) = -1 EPERM; expect text(dst) == \"hi\"; munmap(dst, 4p)"
	[[ $told == *"    a moved up
    the first $(size 2) of dst was replaced by a: ---s, now rw-p" ]] || fail "$told"
	assert_equal "$(block 'munmap(' | grep gone)" "    a is gone: $(size 2) unmapped
    dst is gone: $(size 2) unmapped"
}

@test "its JSON, and the record shown again" {
	need_seals
	need jq
	"$MMTOOL" run --format=json -e "$half; mremap(r, 4p, 4p, $fixed, dst) = -1 EPERM" >events
	run jq -r 'select(.call.name == "mremap").delta.changes[] | "\(.kind) \(.names | join(" ")) \(.new.size)"' events
	assert_output "moved a $((2 * page))
replaced a dst $((2 * page))"
	mm report events
	assert_success
	assert_output --partial "a moved "
}

@test "its pages: the frames came along" {
	need_seals
	need_root
	moved --pages -e "$half; mremap(r, 4p, 4p, $fixed, dst) = -1 EPERM"
	[[ $told == *'    a       P.
            =
    dst+'* ]] || [[ $told == *'hidden'* ]] || fail "$told"
	[[ $told != *'gone'* && $told != *'came'* ]] || fail "$told"
}

@test "what else knows of it: --explain, and a fault at the old place" {
	need_seals
	moved --explain -e "$half; mremap(r, 4p, 4p, $fixed, dst) = -1 EPERM"
	says "what is in the first $(size 2) of the old range had moved to new_address"
	mm run -e "$half; mremap(r, 4p, 4p, $fixed, dst) = -1 EPERM; a[0] = 1"
	assert_failure 1
	output=$(sed 's/^ *//' <<<"$output" | tr '\n' ' ')
	assert_output --partial 'moved what was there: this byte of it went to a.'
}

@test "half-way with MREMAP_DONTUNMAP: the names stay, the pages went" {
	need_seals
	moved --explain -e "$half; mremap(r, 4p, 4p, $fixed|MREMAP_DONTUNMAP, dst) = -1 EPERM; expect text(dst) == \"hi\" && a[0] == 0"
	[[ $told == *'    the pages of a moved up'*'the old range stays mapped'*'was replaced by an anonymous mapping'* ]] || fail "$told"
	[[ $told != *' gone'* ]] || fail "$told"
}

@test "half-way: every region that moved keeps its name, and so does the start of one whose rest stayed" {
	need_seals
	moved -e "r = mmap(NULL, 8p, PROT_NONE, $anonymous, -1, 0); dst = mmap(NULL, 8p, PROT_NONE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)
		a = mmap(r, 2p, PROT_READ|PROT_WRITE, $anonymous|MAP_FIXED, -1, 0); munmap(r + 2p, 1p)
		b = mmap(r + 3p, 2p, PROT_READ, MAP_SHARED|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
		c = mmap(r + 5p, 3p, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
		mprotect(c + 1p, 2p, PROT_READ); mseal(c + 1p, 1p, 0)
		mremap(r, 8p, 8p, $fixed, dst) = -1 EPERM; munmap(dst, 8p); munmap(c + 2p, 1p)"
	assert_equal "$(block 'munmap(dst' | grep -e gone -e 'is unmapped' | cut -d: -f1)" "    a is gone
    the first $(size 1) of dst is unmapped
    b is gone
    c is gone
    the last $(size 2) of dst is unmapped"
	assert_equal "$(block 'munmap(c' | tail -n 1)" "    c shrank from $(size 2) to $(size 1): its last $(size 1) are unmapped"
}

@test "half-way in passes that are not shown: the names are right afterwards" {
	need_seals
	for observer in query text; do
		mm run --observer=$observer -e "repeat 12 { $half; mremap(r, 4p, 4p, $fixed, dst) = -1 EPERM }; munmap(dst, 4p)"
		[ "$status" -ne 77 ] || continue
		assert_success
		assert_equal "$(block 'munmap(' | grep gone)" "    a is gone: $(size 2) unmapped
    dst is gone: $(size 2) unmapped"
	done
}

@test "a call that failed before it moved anything changes no name" {
	mm run -e "$half; mremap(r, 4p, 4p, $fixed, r + 1p) = -1 EINVAL; munmap(dst, 4p); mprotect(a, 2p, PROT_READ)"
	[ "$status" -ne 1 ] || skip 'no mapping can be sealed here'
	assert_success
	assert_equal "$(block 'mremap(' | tail -n 1)" '    nothing changed in the maps'
	assert_equal "$(block 'munmap(' | grep gone)" "    dst is gone: $(size 4) unmapped"
	assert_equal "$(block 'mprotect(' | tail -n 1)" '    a: rw-p became r--p'
}

@test "what a call that failed had unmapped is no longer called so" {
	mm run -q -e 'require MREMAP_DONTUNMAP'
	[ "$status" -ne 77 ] || skip 'this kernel has no MREMAP_DONTUNMAP'
	mm run -e "a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, $anonymous, -1, 0); big = mmap(NULL, 400M, PROT_NONE, $anonymous, -1, 0)
		dst = mmap(NULL, 8p, PROT_NONE, MAP_SHARED|MAP_ANONYMOUS, -1, 0); setrlimit(RLIMIT_AS, 16M)
		mremap(a, 4p, 4p, $fixed|MREMAP_DONTUNMAP, dst) = -1 ENOMEM; munmap(dst, 8p)"
	assert_success
	[ -n "$(changed - 'mremap(')" ] || skip 'this kernel looks at the limit first'
	assert_equal "$(block 'mremap(' | tail -n 1)" "    dst shrank from $(size 8) to $(size 4): its first $(size 4) are unmapped"
	assert_equal "$(block 'munmap(dst' | tail -n 1)" "    dst is gone: $(size 4) unmapped"
}

@test "a hole in the old range: what is at its place in the new one is told of as what it was" {
	need_several
	moved --pages --explain -e "$hole; mremap(r, 6p, 6p, $fixed, dst); expect filled(dst + 2p, 68, 2p)"
	[[ $told != *'at offset'* && $told == *"the first $(size 2) of dst was replaced by a"* ]] || fail "$told"
	[[ $told == *"the last $(size 2) of dst was replaced by a"*"    dst+$(size 2)  FF"* ]] || fail "$told"
	says 'MREMAP_FIXED put the mappings exactly at new_address, one after the other'
	says 'Where the old range has a hole, what is in the new one was left as it was.'
	says_not 'new_size bytes'
	mm run -e "$hole; x = mremap(r, 6p, 6p, $fixed, dst); munmap(dst, 6p)"
	assert_equal "$(block 'munmap(dst' | grep '^    [td]')" "    the first $(size 2) of x is unmapped
    dst is gone: $(size 2) unmapped
    the last $(size 2) of x is unmapped"
}

@test "a hole at the end, holes where nothing is told apart in maps, and passes that are not shown" {
	need_several
	mm run --explain -e "a = mmap(NULL, 6p, PROT_READ, $anonymous, -1, 0); dst = mmap(NULL, 6p, PROT_NONE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)
		munmap(a + 3p, 3p); mremap(a, 6p, 6p, $fixed, dst)"
	assert_success
	assert_equal "$(block 'mremap(' | grep -o 'the .* of dst was replaced by .*')" "the first $(size 3) of dst was replaced by a: ---s, now r--p"
	[[ $(block 'mremap(' | tr -d '|\n' | tr -s ' ') == *'first unmapped what was where it goes, and only that'* ]]
	mm run -e "r = mmap(NULL, 6p, PROT_READ, $anonymous, -1, 0); g = mmap(NULL, 1p, PROT_NONE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)
		dst = mmap(NULL, 6p, PROT_READ, $anonymous, -1, 0); munmap(r + 2p, 2p); x = mremap(r, 6p, 6p, $fixed, dst)"
	assert_success
	assert_equal "$(block 'x = ' | grep -o 'the .* of dst was.*')" "the first $(size 2) of dst was replaced by x
the last $(size 2) of dst was replaced by x"
	mm run -e "repeat 12 { $hole; x = mremap(r, 6p, 6p, $fixed, dst) }; munmap(dst + 2p, 2p)"
	assert_equal "$(block 'munmap(dst' | tail -n 1)" "    dst is gone: $(size 2) unmapped"
}

@test "--explain of a move: frames that KSM shares do not come along" {
	moved --explain -e "a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, $anonymous, -1, 0); mremap(a, 4p, 4p, $fixed, hole(4p))"
	says 'No byte was copied: pages that are in memory keep their page frames.'
	says_not KSM
	for flags in "$fixed, hole(8p)" MREMAP_MAYMOVE; do
		mm run --explain -e "g = mmap(NULL, 1p, PROT_NONE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)
			a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, $anonymous, -1, 0); madvise(a, 4p, MADV_MERGEABLE); mremap(a, 4p, 8p, $flags)"
		[ "$status" -ne 1 ] || skip 'this kernel has no KSM'
		assert_success
		[[ $output == *'mremap('*' moved '* ]] || continue
		said=$(block 'mremap(' | sed -n 's/^    | //p' | tr '\n' ' ')
		says 'o byte was copied, save of pages that KSM had merged, which the kernel takes apart before a move'
	done
}

@test "--explain of an alias: nothing moved, whatever size becomes 0" {
	a="a = mmap(NULL, 2p, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0); d = mmap(NULL, 4p, PROT_NONE, $anonymous, -1, 0)"
	moved --explain -e "$a; mremap(a, 0, 1p, $fixed, d)"
	says 'The kernel first unmapped what was in the new_size bytes there, and only that. old_size 0 takes nothing away'
	says_not 'frames'
	moved --explain -e "$a; mremap(a, -1, 1p, MREMAP_MAYMOVE)"
	says 'rounds up, in whole pages, to 0, which takes nothing away: the call made a second mapping'
	says_not 'stale'
}

@test "--explain of MREMAP_DONTUNMAP: what each kind of memory leaves" {
	need_several
	moved --explain -e "r = mmap(NULL, 12p, PROT_NONE, $anonymous, -1, 0); f = memfd_create(\"f\", 0); ftruncate(f, 8p)
		mmap(r, 4p, PROT_READ|PROT_WRITE, $anonymous|MAP_FIXED, -1, 0)
		mmap(r + 4p, 4p, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, f, 0)
		mmap(r + 8p, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_FIXED, f, 4p); write_pages(r, 12p)
		mremap(r, 12p, 12p, $fixed|MREMAP_DONTUNMAP, hole(12p)); expect r[0] == 0 && r[4p] == 1 && r[8p] == 0"
	says 'left the mappings. Private anonymous memory has one set of pages, and it is at the new place: there the old one is empty and reads zero.'
	says 'Of private mappings of files, copies that stores had made went along; there the old place reads the file again.'
	says 'Of shared mappings the object is behind both now, so there the old place finds its pages again.'
	moved -e "$hole; mremap(r, 6p, 6p, $fixed|MREMAP_DONTUNMAP, dst); expect mapped(r, 6p) == 4p"
	[[ $told == *'    the pages of a moved up'*'; the old range stays mapped'* ]] || fail "$told"
}

@test "--explain of MREMAP_DONTUNMAP: userfaultfd, where it is registered, and no word of it elsewhere" {
	mm run -q -e 'require MREMAP_DONTUNMAP; require userfaultfd; require UFFD_FEATURE_SIGBUS'
	[ "$status" -ne 77 ] || skip 'this kernel has no MREMAP_DONTUNMAP or no userfaultfd'
	a="a = mmap(NULL, 2p, PROT_READ|PROT_WRITE, $anonymous, -1, 0); a[0] = 1"
	mm run --explain -e "u = userfaultfd(O_CLOEXEC) = ?; if u < 0 { u = userfaultfd(O_CLOEXEC|UFFD_USER_MODE_ONLY) = ? }
		require u >= 0, \"this user may have no userfaultfd\"; words(scratch, UFFD_API, UFFD_FEATURE_SIGBUS, 0); ioctl(u, UFFDIO_API, scratch); $a
		words(scratch, a, 2p, UFFDIO_REGISTER_MODE_MISSING, 0); ioctl(u, UFFDIO_REGISTER, scratch)
		mremap(a, 2p, 2p, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, NULL); expect fault(a[0]) == BUS_ADRERR"
	[ "$status" -ne 77 ] || skip "$output"
	assert_success
	said=$(block 'mremap(' | sed -n 's/^    | //p' | tr '\n' ' ')
	says 'Where userfaultfd is registered for missing pages, it decides what the next access of private memory finds.'
	moved --explain -e "$a; mremap(a, 2p, 2p, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, NULL)"
	says 'the old one is empty and reads zero'
	says_not userfaultfd
}
@test "an mmap with MAP_FIXED that failed after it had unmapped what was there: the name is gone from it" {
	mm run -q -e 'note hugepage'
	[ "$status" -eq 0 ] || skip "${lines[1]}"
	failed="a = mmap(NULL, 2 * hugepage, PROT_READ|PROT_WRITE, $anonymous, -1, 0); h = (a + hugepage - 1) & -hugepage
		b = mmap(h, hugepage, PROT_READ|PROT_WRITE, $anonymous|MAP_HUGETLB|MAP_FIXED, -1, 0) = ?"
	mm run -e "$failed; require errno == ENOMEM, \"MAP_HUGETLB finds a free huge page, or there are none\""
	[ "$status" -ne 77 ] || skip "${lines[-1]}"
	assert_success
	mm run --explain -e "$failed; expect mapped(h, hugepage) == 0; mmap(h, hugepage, PROT_READ, $anonymous|MAP_FIXED_NOREPLACE, -1, 0)
		munmap(h, hugepage)"
	assert_success
	said=$(block 'b = mmap(' | sed -n 's/^    | //p' | tr '\n' ' ')
	says ' of what was there is gone.'
	[[ $(block 'munmap(' | tail -n 1) == '    an anonymous mapping is gone: '*' unmapped' ]] || fail "$output"
	# One that fails before it unmaps leaves all as it was.
	mm run --explain -e "a = mmap(NULL, 2p, PROT_READ|PROT_WRITE, $anonymous, -1, 0); strcpy(a, \"hi\")
		mmap(a, 1p, PROT_READ, MAP_PRIVATE|MAP_FIXED, -1, 0) = -1 EBADF; expect text(a) == \"hi\"; munmap(a, 2p)"
	assert_success
	refute_output --partial 'of what was there'
	assert_equal "$(block 'munmap(' | grep gone)" "    a is gone: $(size 2) unmapped"
}
