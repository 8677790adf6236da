#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# reserve-fill: a reservation, filled piece by piece, freed at once.

load ../helper/common
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

@test "four pages are reserved with PROT_NONE" {
	mm reserve-fill
	assert_success
	assert_equal "$(changed + 'region = mmap(NULL, 4p, PROT_NONE' | pages_of)" 4
	assert_line "    region is new: $(size 4), ---p, private anonymous"
}

@test "a file page at slot 0, by MAP_FIXED" {
	mm reserve-fill
	assert_equal "$(result_of 'slot0 = mmap(region, 1p, PROT_READ, MAP_PRIVATE|MAP_FIXED, fd, 0) = region')" "$(result_of 'region = mmap')"
	assert_line "    the first $(size 1) of region was replaced by slot0: ---p, now r--p"
	assert_equal "$(block 'expect text(slot0) == "Hello from the file\n"' | tail -n 1)" '    ok: "Hello from the file\012"'
}

@test "the default file is its own, and small" {
	mm reserve-fill
	assert_line 'fd = memfd_create("small-file", 0)'
	assert_line 'write(fd, "Hello from the file\n", 20) = 20'
}

@test "anonymous pages from slot 2, which take a store" {
	mm reserve-fill
	assert_equal "$(changed + 'slot2 = mmap(region + 2p, 2p' | tail -n 1 | pages_of)" 2
	assert_equal "$(($(result_of 'slot2 = mmap') - $(result_of 'region = mmap')))" $((2 * page))
	assert_line "    the last $(size 2) of region was replaced by slot2: ---p, now rw-p"
	assert_equal "$(block "expect slot2[0] == 'Z'" | tail -n 1)" "    ok: 'Z'"
}

@test "the untouched slot faults with SEGV_ACCERR" {
	mm reserve-fill
	assert_equal "$(block 'expect fault(region[1p]) == SEGV_ACCERR' | tail -n 1)" '    ok: SEGV_ACCERR'
	assert_output --partial "SIGSEGV, SEGV_ACCERR at $(printf '0x%x' $(($(result_of 'region = mmap') + page))): "
}

@test "one munmap frees all" {
	mm reserve-fill
	assert_equal "$(changed - 'munmap(region, 4p)' | pages_of | tr '\n' ' ')" '1 1 2 '
	assert_equal "$(grep -c '^    munmap(' <<<"$output")" 1
	assert_equal "$(block 'expect mapped(region, 4p) == 0' | tail -n 1)" '    ok: 0'
}

@test "--pages" {
	mm reserve-fill --pages=10
	assert_success
	assert_equal "$(changed + 'region = mmap(NULL, 10p' | pages_of)" 10
	assert_equal "$(changed - 'munmap(region, 10p)' | pages_of | tr '\n' ' ')" '1 1 8 '
}

@test "--pages that are none, too few or too many" {
	for pages in 3 0 1048577 99999999999999999999999; do
		mm reserve-fill --pages=$pages
		assert_failure 2
		assert_line --index 0 --partial "mmtool reserve-fill: --pages: $pages: must be from 4 "
	done
	for pages in -4 4K 4p '' four 0x4 ' 4' '4 '; do
		mm reserve-fill --pages="$pages"
		assert_failure 2
		assert_line --index 0 "mmtool reserve-fill: --pages: $pages: not a number of pages (try 4)"
	done
}

@test "--file: its first page" {
	printf 'A file of the test' >file
	mm reserve-fill --file=file
	assert_success
	assert_line 'fd = open("file", O_RDONLY)'
	assert_equal "$(changed + 'slot0 = mmap' | head -n 1 | sed 's/.* //')" "$PWD/file"
	assert_equal "$(block 'expect slot0[0] == scratch[0]' | tail -n 1)" '    ok: 65'
}

@test "--file: an empty one maps, and a load is SIGBUS" {
	: >empty
	mm reserve-fill --file=empty
	assert_success
	assert_output --partial '# the file is empty: the mapping is there, and there is nothing behind it'
	assert_output --partial "SIGBUS, BUS_ADRERR at $(result_of 'slot0 = mmap'): "
	assert_equal "$(block 'expect fault(slot0[0]) == BUS_ADRERR' | tail -n 1)" '    ok: BUS_ADRERR'
}

@test "--file: one that is not there is the kernel's answer, and status 1" {
	mm reserve-fill --file=missing
	assert_failure 1
	assert_line '    FAILED: open failed: -1 ENOENT'
}

@test "--file: one that may not be read is the kernel's answer, and status 1" {
	need_root
	dir=$(open_dir)
	printf secret >"$dir/secret"
	chmod 600 "$dir/secret"
	as_nobody "$MMTOOL" reserve-fill --file="$dir/secret"
	assert_failure 1
	assert_line '    FAILED: open failed: -1 EACCES'
}

@test "--explain says that MAP_FIXED replaces without asking" {
	mm reserve-fill --explain
	output=$(tr -d '|\n' <<<"$output" | tr -s ' ')
	assert_output --partial "MAP_FIXED replaces without asking: $(size 1) that were mapped in this range are gone."
	assert_output --partial "SEGV_ACCERR: the address is mapped, and the permissions of mapping region (---p) do not allow this access, nor any other; mprotect can change them."
	assert_output --partial "One munmap may span several mappings, and holes: $(size 4) in 3 mappings were unmapped."
}

@test "its script by run prints the same" {
	printf 'A file of the test' >file
	: >empty
	for what in '' --pages=4 --pages=100 --file=file '--file=empty --pages=5' --file=missing; do
		# shellcheck disable=SC2086 # the words are options
		same_as_run reserve-fill $what
	done
}
