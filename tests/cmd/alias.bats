#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# alias: two views of the same pages.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

@test "old_size 0 on shared memory: a second mapping, and the first stays" {
	mm alias
	assert_success
	made='b = mremap(a, 0, 2p, MREMAP_MAYMOVE)'
	assert_equal "$(changed - "$made")" ''
	assert_equal "$(changed + "$made" | pages_of)" 2
	[ "$(result_of "$made")" != "$(result_of 'a = mmap')" ]
	assert_line "    b is new: $(size 2), rw-s, shared anonymous"
}

@test "each object: what one view stores the other reads, and the pages stay with the last" {
	for object in shared memfd shm file; do
		mm alias --object="$object" --size=3p
		assert_success
		assert_equal "$(block 'expect text(b) == "One object"' | tail -n 1)" '    ok: "One object"'
		assert_equal "$(block 'expect text(a + 3p - 1p) == "Two views"' | tail -n 1)" '    ok: "Two views"'
		assert_line --regexp '^    a is gone: '
		seen=2
		[ "$object" != file ] || seen=3
		assert_equal "$(grep -c '^    ok: "One object"$' <<<"$output")" $seen
	done
}

@test "views of one page, or of a part of one, have room for both texts" {
	for object in shared memfd shm file private; do
		for size in 1 10 1p "$(($(getconf PAGESIZE) + 1))"; do
			mm alias --object="$object" --size="$size" --quiet
			assert_success
		done
	done
}

@test "the objects are what the maps say" {
	for pair in 'shared:/dev/zero (deleted)' 'memfd:/memfd:object (deleted)' 'shm:/SYSV00000000 (deleted)'; do
		mm alias --object="${pair%%:*}"
		assert_equal "$(grep -c "^  + .* rw-s .* ${pair#*:}\$" <<<"$output")" 2
	done
	mm alias --object=file
	inodes=$(sed -n 's/^  + .* rw-s [0-9a-f]* [0-9a-f:]* \([0-9]*\) .*/\1/p' <<<"$output" | sort -u)
	[ -n "$inodes" ] && [ "$(wc -l <<<"$inodes")" -eq 1 ]
}

@test "the first segment of a namespace, whose number and inode are 0, is a segment too" {
	unshare -i true 2>/dev/null || skip 'no namespace for System V objects can be made'
	run unshare -i "$MMTOOL" alias --object=shm
	assert_success
	assert_line --partial 'shmat(0, NULL, 0) = '
	assert_line --regexp '^  \+ .* rw-s 00000000 00:01 0 +/SYSV00000000 \(deleted\)$'
	assert_line --regexp '^    a is new: [0-9]+K, rw-s, SYSV00000000, shared memory$'
	# The same pages, mapped twice and in the segment.
	touch='s = shmget(IPC_PRIVATE, 12M, IPC_CREAT|0600); a = shmat(s, NULL, 0); memset(a, 1, 12M); b = shmat(s, NULL, 0)'
	run unshare -i "$MMTOOL" run -q --max-touch=24M -e "$touch; c = fork(); in c { read_pages(a, 12M) }"
	assert_success
}

@test "root sees one page frame behind both" {
	need_root
	for object in shared memfd shm file; do
		mm alias --object="$object"
		assert_line --partial 'expect pfn(a) == pfn(b), "the same page frame behind both"'
		refute_line --partial 'hidden from this user'
	done
}

@test "an ordinary user is told what is hidden" {
	for object in shared memfd shm file private; do
		as_nobody "$MMTOOL" alias --object="$object"
		assert_success
		refute_line --partial 'expect pfn'
	done
	as_nobody "$MMTOOL" alias
	assert_line --partial '# page frame numbers are hidden from this user'
}

@test "old_size 0 without MREMAP_MAYMOVE is ENOMEM" {
	mm alias
	assert_line --regexp '= -1 ENOMEM'
	assert_output --partial 'old_size 0 makes a second mapping of the same pages'
}

@test "private memory: EINVAL, and copies at the first store" {
	mm alias --object=private
	assert_success
	assert_line --partial 'why: EINVAL: old_size 0 duplicates shared mappings only'
	block 'b = mremap(a, 0' | grep -qx '    nothing changed in the maps'
	assert_equal "$(block 'expect text(c) == "One object"' | tail -n 1)" '    ok: "One object"'
}

@test "--size: not in whole pages, and refused ones" {
	mm alias --size=$((page + 1))
	assert_success
	assert_equal "$(changed + 'b = mremap' | pages_of)" 2
	mm alias --size=1G
	assert_failure 2
	assert_line --index 0 'mmtool alias: --size: 1G: at most 512M, since every page of it is touched'
	mm alias --object=none
	assert_failure 2
	assert_line --index 0 'mmtool alias: --object: none: not a choice (try shared, memfd, shm, file or private)'
}

@test "as a script it does the same" {
	for object in shared memfd shm file private; do
		same_as_run alias --object="$object"
	done
}

@test "as a C program it does the same" {
	need_compiler
	for object in shared memfd shm file private; do
		same alias --object="$object"
	done
}
