#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# merge: when two mappings side by side are one.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

@test "anonymous: the second call adds no line, the neighbour grows" {
	mm merge
	assert_success
	assert_equal "$(changed - 'b = mmap' | pages_of) $(changed + 'b = mmap' | pages_of)" '1 2'
	block 'b = mmap' | grep -q 'it merged with a below it'
	assert_equal "$(changed - 'c = mmap')" ''
	assert_equal "$(changed - 'mprotect(c, 1p' | wc -l) $(changed + 'mprotect(c, 1p' | pages_of)" '2 3'
	assert_equal "$(changed + 'munmap(at + 2p, 1p)' | pages_of | xargs)" '1 1'
}

@test "a file: one mapping only where it goes on as the addresses do" {
	mm merge --of=file
	assert_success
	assert_equal "$(changed + 'b = mmap' | pages_of)" 2
	assert_equal "$(changed - 'c = mmap')" ''
	assert_equal "$(changed + 'c = mmap' | pages_of)" 1
}

@test "a file on overlayfs: two mappings, and one once the kernel has looked again" {
	need_root
	mkdir mounted
	unshare -m true 2>/dev/null || skip 'no namespace for mounts can be made'
	run unshare -m --propagation private sh -c 'mount -t tmpfs none mounted && mkdir mounted/l mounted/u mounted/w mounted/m &&
		mount -t overlay -o lowerdir=mounted/l,upperdir=mounted/u,workdir=mounted/w none mounted/m || exit 99
		TMPDIR=$PWD/mounted/m exec "$MMTOOL" merge --of=file'
	[ "$status" -ne 99 ] || skip 'no overlay can be mounted here'
	assert_success
	assert_equal "$(changed + 'c = mmap' | pages_of)" 1
	[ "$(changed + 'b = mmap' | pages_of)" -eq 2 ] || assert_output --partial '# two mappings, though the file goes on'
}

@test "flags: equal lines, and two of them" {
	mm merge --of=flags
	assert_success
	split='madvise(at + 1p, 1p, MADV_DONTFORK)'
	assert_equal "$(changed + "$split" | wc -l)" 2
	assert_equal "$(changed + "$split" | cut -d' ' -f2- | sort -u | wc -l)" 1
	assert_equal "$(changed + 'madvise(at + 1p, 1p, MADV_DOFORK)' | pages_of)" 2
}

@test "fork: inherited pages and fresh ones do not merge in the child" {
	mm merge --of=fork
	assert_success
	assert_equal "$(block '[child] expect vmas(at, 2p) == 2' | tail -n 1)" '    ok: 2'
	assert_line --regexp '^# in the parent they are (one mapping|two mappings)$'
}

@test "as an ordinary user; two runs print the same" {
	for case in anonymous file flags fork; do
		as_nobody "$MMTOOL" merge --of=$case --symbolic
		assert_success
		first=$output
		mm merge --of=$case --symbolic
		assert_output "$first"
	done
}

@test "another word is refused" {
	mm merge --of=threads
	assert_failure 2
	assert_line --index 0 'mmtool merge: --of: threads: not a choice (try anonymous, file, flags or fork)'
}

@test "as a script and as a C program it does the same" {
	need_compiler
	for case in anonymous file flags fork; do
		same_as_run merge --of=$case
		same merge --of=$case
	done
}

@test "what a new mapping replaced has no part in what it merged with" {
	run "$MMTOOL" run -e 'h = hole(64p); a = mmap(h, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
		x = mmap(a + 1p, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
		c = mmap(a + 4p, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
		y = mmap(a, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)'
	assert_success
	assert_line '    x was replaced by y'
	assert_line "    y and c are merged: 2 mappings became one of $((5 * $(getconf PAGESIZE) / 1024))K"
}
