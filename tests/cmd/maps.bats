#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# mmtool maps: what /proc/PID/maps says, complete, clear and byte for byte.

load ../helper/common

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

@test "without an argument it explains itself" {
	mm maps
	assert_success
	assert_line --index 0 --regexp '^The mappings of process [0-9]+ \(mmtool\)'
	assert_line --partial "the program's code"
	assert_line --partial 'the heap'
	assert_line --partial 'the stack'
}

@test "raw is the file, byte for byte" {
	mm maps --raw "$top/tests/data/hostile.maps"
	assert_success
	"$MMTOOL" maps --raw "$top/tests/data/node.maps" | cmp - "$top/tests/data/node.maps"
}
