#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# extend: an object made longer, and its mapping after it.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

@test "ftruncate lengthens the object and not its mapping" {
	for object in memfd file; do
		mm extend --object=$object
		assert_success
		assert_equal "$(changed - 'ftruncate(fd, 4p)')$(changed + 'ftruncate(fd, 4p)')" ''
		assert_equal "$(changed + 'a = mmap' | head -n 1 | pages_of)" 2
		assert_equal "$(block 'expect end(a) == a + 2p' | tail -n 1 | cut -c1-7)" '    ok:'
	done
}

@test "where the next pages are taken: ENOMEM, then a second mapping while the first is in use" {
	mm extend
	assert_success
	block 'mremap(a, 2p, 4p, 0)' | grep -q '= -1 ENOMEM'
	block 'mremap(a, 2p, 4p, 0)' | grep -q 'taken by mapping reserved'
	assert_equal "$(changed + 'b = mmap' | pages_of)" 4
	assert_equal "$(block 'expect text(b) == "Still in use", "both' | tail -n 1)" '    ok: "Still in use"'
	assert_equal "$(changed - 'munmap(a, 2p)' | pages_of)" 2
}

@test "--room: it grows where it is" {
	mm extend --room
	assert_success
	assert_equal "$(result_of 'b = mremap(a, 2p, 4p, 0)')" "$(result_of 'a = mmap')"
	assert_equal "$(changed + 'b = mremap' | pages_of)" 4
	refute_line --partial 'b = mmap'
}

@test "what was added reads zero, takes stores, and is lost when it is cut off" {
	for object in memfd file; do
		mm extend --object=$object
		assert_equal "$(block 'expect zero(b + 2p, 4p - 2p)' | tail -n 1)" '    ok'
		assert_equal "$(block "expect scratch[0] == 'B'" | tail -n 1)" "    ok: 'B'"
		assert_equal "$(block 'expect fault(b[2p]) == BUS_ADRERR' | tail -n 1)" '    ok: BUS_ADRERR'
		assert_equal "$(block 'expect b[2p] == 0' | tail -n 1)" '    ok: 0'
	done
}

@test "the load past the end is a SIGBUS at that very page, and why" {
	mm extend --explain
	start=$(result_of 'b = mmap')
	assert_line --partial "SIGBUS, BUS_ADRERR at $(printf '0x%x' $((start + 2 * page)))"
	assert_line --partial 'BUS_ADRERR: the mapping is longer than the object behind it'
}

@test "sizes that are no whole pages, and refused ones" {
	mm extend --from=1 --to=$((3 * page + 1))
	assert_success
	assert_equal "$(changed + 'b = mmap' | pages_of)" 4
	for sizes in '--to=2p' '--from=2 --to=1' '--from=4p'; do
		# shellcheck disable=SC2086 # the words are options
		mm extend $sizes
		assert_failure 2
		assert_line --index 0 --partial 'mmtool extend: --to: must be larger than --from by a page at least'
	done
	mm extend --to=1G
	assert_failure 2
}

@test "as an ordinary user" {
	as_nobody "$MMTOOL" extend
	assert_success
	as_nobody "$MMTOOL" extend --object=file --room
	assert_success
}

@test "as a script and as a C program it does the same" {
	need_compiler
	for options in '' --room --object=file '--from=100 --to=9p'; do
		# shellcheck disable=SC2086 # the words are options
		same_as_run extend $options
		# shellcheck disable=SC2086
		same extend $options
	done
}
