#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# shrink: where it is and at once, with its memory given back.

load ../helper/common
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

@test "eight pages become two, at the same address" {
	mm shrink
	assert_success
	assert_equal "$(changed - 'a = mremap(a, 8p, 2p, 0)' | pages_of)" 8
	assert_equal "$(changed + 'a = mremap(a, 8p, 2p, 0)' | pages_of)" 2
	assert_equal "$(result_of 'a = mremap')" "$(result_of 'a = mmap')"
	assert_line "    a shrank from $(size 8) to $(size 2): its last $(size 6) are unmapped"
}

@test "every page was touched, and the memory is given back" {
	mm shrink
	assert_line 'write_pages(a, 8p)'
	assert_equal "$(block 'before = resident(a, 8p)' | tail -n 1)" "    = $((8 * page))"
	assert_equal "$(block 'after = resident(a, 8p)' | tail -n 1)" "    = $((2 * page))"
	assert_line "# $((6 * page)) bytes of memory were given back at once"
}

@test "the kept data is intact, in the first page and in the last" {
	mm shrink
	assert_equal "$(block 'expect text(a)' | tail -n 1)" '    ok: "Original data in page 0"'
	assert_equal "$(block 'expect filled(a + 2p - 1p, 1, 1), "the last kept page too"' | tail -n 1)" '    ok'
}

@test "a load beyond the end faults with SEGV_MAPERR" {
	mm shrink
	end=0x$(changed + 'a = mremap' | sed 's/^[0-9a-f]*-0*\([0-9a-f]*\) .*/\1/')
	assert_line "    SIGSEGV, SEGV_MAPERR at $end: nothing is mapped there"
	assert_equal "$(block 'expect fault(a[2p]) == SEGV_MAPERR' | tail -n 1)" '    ok: SEGV_MAPERR'
}

@test "--from and --to: in whole pages and not" {
	mm shrink --from=100p --to=1
	assert_success
	assert_equal "$(changed - 'a = mremap' | pages_of) $(changed + 'a = mremap' | pages_of)" '100 1'
	mm shrink --from=$((3 * page - 1)) --to=$((page + 1))
	assert_success
	assert_equal "$(changed - 'a = mremap' | pages_of) $(changed + 'a = mremap' | pages_of)" '3 2'
	assert_line "# $page bytes of memory were given back at once"
}

@test "--to must be a page less than --from: nothing is run" {
	for sizes in '--to=8p' '--from=1p --to=1p' '--from=2p' '--from=2 --to=1' '--to=1G'; do
		# shellcheck disable=SC2086 # the words are options
		mm shrink $sizes
		assert_failure 2
		assert_line --index 0 --partial 'mmtool shrink: --to: must be smaller than --from by a page'
		refute_output --partial mmap
	done
}

@test "a mapping that would fill the machine's memory is refused" {
	mm shrink --from=2G
	assert_failure 2
	assert_line --index 0 'mmtool shrink: --from: 2G: at most 512M, since every page of it is touched'
	# What is accepted is performed.
	mm shrink --from=1G
	assert_failure 2
	mm shrink --quiet --from=512M
	assert_success
}

@test "--explain says that shrinking never moves" {
	mm shrink --explain
	output=$(tr -d '|\n' <<<"$output" | tr -s ' ')
	assert_output --partial "Without MREMAP_FIXED, shrinking never moves. The last $(size 6) were unmapped as munmap would have done, and what was in them is gone."
	assert_output --partial 'SEGV_MAPERR: no mapping holds this address'
}

@test "its script by run prints the same" {
	for sizes in '' '--from=16p' '--to=1p' '--from=100K --to=1' '--from=0x40000 --to=3p'; do
		# shellcheck disable=SC2086 # the words are options
		same_as_run shrink $sizes
	done
}

@test "what lies behind a region and is unmapped with it is told by itself" {
	run "$MMTOOL" run --symbolic -e 'h = hole(64p); m = memfd_create("m", 0); ftruncate(m, 12p)
		mmap(h + 1p, 3p, PROT_READ, MAP_SHARED|MAP_FIXED, m, 1p)
		a = mmap(h, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
		a = mremap(a, 4p, 1p, 0)
		b = mmap(h + 8p, 2p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)
		mmap(h + 10p, 2p, PROT_READ, MAP_SHARED|MAP_FIXED, m, 10p)
		c = mremap(b, 4p, 1p, MREMAP_MAYMOVE|MREMAP_FIXED, h + 20p)
		expect mapped(h, 64p) == 2p'
	assert_success
	refute_line --partial 'a shrank'
	assert_line "    memfd:m (r--s) is gone: $((3 * page / 1024))K unmapped"
	assert_line "    b moved up by $((12 * page / 1024))K and shrank from $((2 * page / 1024))K to $((page / 1024))K; it is called c now"
	assert_line "    memfd:m (r--s) is gone: $((2 * page / 1024))K unmapped"
}
