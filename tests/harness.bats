# SPDX-License-Identifier: MIT
# The harness itself: what fails in a test is a failure of `make check`, once.

load helper/common

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# driven TEST [NAME=VALUE...]: what automake's driver records of a test that run-tap runs.  A bats in bats must not see
# the variables of the outer one, nor find its inner parts in PATH.
driven()
{
	local driver=$top/build-aux/tap-driver.sh

	[ -f "$driver" ] || driver=$(automake --print-libdir 2>/dev/null)/tap-driver.sh
	[ -f "$driver" ] || skip "no automake's tap-driver.sh here"
	run env -i PATH="${PATH//"$BATS_LIBEXEC":/}" MMTOOL="$MMTOOL" "${@:2}" AM_TAP_AWK=awk sh "$driver" --test-name "$1" --log-file log --trs-file trs \
		-- "$top/tests/run-tap" "./$1" 3>&-
	run sed -n 's/^:test-result: //p' trs
}

# program NAME LINE...: a shell script of these lines.
program()
{
	printf '%s\n' '#!/bin/sh' "${@:2}" >"$1"
	chmod +x "$1"
}

@test "bats: each test is a result" {
	printf '@test "one" { true; }\n@test "two" {\n false\n}\n@test "three" {\n skip why\n}\n' >x.bats
	driven x.bats
	assert_output $'PASS\nFAIL\nSKIP'
	run cat log
	assert_output --partial "\`false' failed"
}

@test "bats: a file that cannot be read is a failure" {
	printf '@test "one" {\n if\n}\n' >x.bats
	driven x.bats
	# One FAIL by bats 1.8, two ERRORs by 1.11.
	assert_output --regexp '^(FAIL|ERROR)'
	refute_line PASS
}

@test "a program that fails by its points is not counted twice" {
	program x 'echo ok 1; echo not ok 2; echo 1..2; exit 1'
	driven x
	assert_output $'PASS\nFAIL'
}

@test "a program that dies with all points told is an error" {
	program x 'echo ok 1; echo 1..1; kill -SEGV $$'
	driven x
	assert_output $'PASS\nERROR'
	program x 'echo ok 1; echo not ok 2; echo 1..2; exit 3'
	driven x
	assert_output $'PASS\nFAIL\nERROR'
}

@test "a program that stops before its last point is an error" {
	program x 'echo 1..3; echo ok 1; echo not ok 2; exit 1'
	driven x
	assert_line ERROR
}

@test "a test that hangs is ended where nobody watches" {
	program x 'echo ok 1; sleep 60; echo 1..1'
	driven x CI=true MMTOOL_TEST_TIMEOUT=0.2
	assert_line ERROR
}

@test "without bats nothing passes" {
	touch x.bats
	run env PATH=/nowhere "$BASH" "$top/tests/run-tap" x.bats
	assert_failure 99
	assert_output --partial 'Bail out! bats is not installed'
}

@test "as_nobody runs the program without privileges" {
	need_root
	as_nobody id -u
	assert_output 65534
	as_nobody grep CapEff /proc/self/status
	assert_output --regexp '	0+$'
	as_nobody "$MMTOOL" --describe
	assert_success
}

@test "need skips with its reason" {
	printf 'load %s\n@test "one" {\n need no-such-program\n}\n' "$top/tests/helper/common" >x.bats
	driven x.bats
	assert_output SKIP
	run grep -c 'SKIP no no-such-program here' log
	assert_output 1
}
