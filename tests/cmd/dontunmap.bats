#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# dontunmap: the mapping stays, its pages leave.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
	moved='b = mremap(a, 2p, 2p, MREMAP_MAYMOVE|MREMAP_DONTUNMAP'
}

# dontunmap ARG...: runs it; skips the test where the kernel does not have it.
dontunmap()
{
	mm dontunmap "$@"
	[ "$status" -ne 77 ] || skip "$(tail -n 1 <<<"$output")"
	assert_success
}

@test "the new range comes, the old one stays" {
	for object in private shared memfd file; do
		dontunmap --object=$object
		assert_equal "$(changed - "$moved")" ''
		assert_equal "$(changed + "$moved" | pages_of)" 2
		[ "$(result_of "$moved")" != "$(result_of 'a = mmap')" ]
		assert_equal "$(block 'expect mapped(a, 2p) == 2p' | tail -n 1)" "    ok: $((2 * page))"
	done
}

@test "private: the data is at the new place, the old one is empty" {
	dontunmap
	assert_equal "$(block 'expect resident(a, 2p) == 0' | tail -n 1)" '    ok: 0'
	assert_equal "$(block 'expect zero(a, 2p)' | tail -n 1)" '    ok'
	assert_equal "$(block 'expect text(b) == "The only copy", "the two have nothing' | tail -n 1)" '    ok: "The only copy"'
	assert_line --partial 'the old range stays mapped'
}

@test "private: root sees the same frame" {
	need_root
	dontunmap
	assert_equal "$(block 'expect pfn(b) == frame' | wc -l)" 2
}

@test "shared: the object is seen at both places" {
	for object in shared memfd; do
		dontunmap --object=$object
		assert_equal "$(block 'expect text(a) == "Two views"' | tail -n 1)" '    ok: "Two views"'
	done
}

@test "a private mapping of a file: the copy moves, the old place reads the file" {
	dontunmap --object=file
	assert_equal "$(block 'expect text(b) == "My own copy"' | tail -n 1)" '    ok: "My own copy"'
	assert_equal "$(block 'expect text(a) == "What the file says", "the old' | tail -n 1)" '    ok: "What the file says"'
}

@test "the rules: it moves, and does not resize" {
	dontunmap
	assert_line --partial 'MREMAP_DONTUNMAP is taken only together with MREMAP_MAYMOVE'
	assert_line --partial 'MREMAP_DONTUNMAP moves pages as they are: old_size and new_size'
	assert_equal "$(grep -c '= -1 EINVAL (' <<<"$output")" 2
}

@test "as an ordinary user" {
	for object in private shared memfd file; do
		dontunmap --object=$object
		as_nobody "$MMTOOL" dontunmap --object=$object
		assert_success
	done
}

@test "--size" {
	dontunmap --size=$((3 * page - 1))
	assert_equal "$(changed + 'b = mremap' | pages_of)" 3
	mm dontunmap --size=1G
	assert_failure 2
	assert_line --index 0 'mmtool dontunmap: --size: 1G: at most 256M, since every page of it is touched'
}

@test "as a script and as a C program it does the same" {
	need_compiler
	for object in private shared memfd file; do
		dontunmap --object=$object
		same_as_run dontunmap --object=$object
		same dontunmap --object=$object
	done
}
