#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# populate: when the faults of first touches happen.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

@test "mmap gives no memory, each first touch of private memory is a fault" {
	not_sanitized 'faults are counted'
	mm populate --size=16p
	assert_success
	assert_equal "$(block 'expect resident(a, 16p) == 0' | tail -n 1)" '    ok: 0'
	assert_line '# 16 faults for 16 pages'
	assert_equal "$(block 'expect resident(a, 16p) == 16p' | tail -n 1)" "    ok: $((16 * page))"
}

@test "with MAP_POPULATE all is in memory at once, and no fault is left" {
	for object in private shared memfd; do
		mm populate --object=$object
		assert_success
		assert_equal "$(block 'expect resident(b, 8p) == 8p' | tail -n 1)" "    ok: $((8 * page))"
		if [ $object = private ]; then
			[[ $(block 'expect minflt() == before, "nothing left' | tail -n 1) == '    ok: '* ]]
		elif [ "$(block 'left = minflt() + majflt() - before' | tail -n 1)" = '    = 0' ]; then
			assert_line '# nothing left to fault for'
		else
			# A processor that does not mark dirty pages by itself.
			assert_equal "$(block 'left = minflt() + majflt() - before' | tail -n 1)" '    = 8'
			refute_line --partial 'nothing left to fault for'
		fi
		block 'b = mmap' | grep -q '|MAP_POPULATE, '
	done
}

@test "a file: the faults of the first stores are counted, and none is expected" {
	mm populate --object=file
	assert_success
	left=$(block 'left = minflt() + majflt() - before' | tail -n 1)
	if [ "$left" = '    = 0' ]; then
		assert_line '# nothing left to fault for'
	else
		assert_line "# ${left#*= } faults: shared pages come in for reading, and the file system wants to know"
	fi
}

@test "MADV_POPULATE_WRITE, or that the kernel has none" {
	mm populate
	if grep -q 'no MADV_POPULATE_WRITE' <<<"$output"; then
		block 'done = madvise' | grep -q EINVAL
	else
		assert_equal "$(block 'expect resident(c, 8p) == 8p' | tail -n 1)" "    ok: $((8 * page))"
	fi
}

@test "as an ordinary user" {
	for object in private shared memfd file; do
		as_nobody "$MMTOOL" populate --object=$object
		assert_success
	done
}

@test "sizes" {
	mm populate --size=$((3 * page + 1))
	assert_success
	assert_equal "$(changed + 'b = mmap' | pages_of)" 4
	mm populate --size=1G
	assert_failure 2
	assert_line --index 0 'mmtool populate: --size: 1G: at most 256M, since every page of it is touched'
}

@test "as a script and as a C program it does the same" {
	need_compiler
	for object in private shared memfd file; do
		same_as_run populate --object=$object
		same populate --object=$object
	done
}
