#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --format=tap and run --tap: what a script checks as test points, for prove, automake's driver and bats.

load helper/common

# experiments: the commands that have a report, and a script of their own.
experiments()
{
	"$MMTOOL" --describe | awk -F '\t' '$1 == "option" && $3 == "--step" && $2 != "run" && $2 != "shell" { print $2 }'
}

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# tap ARG...: a run's points.
tap()
{
	run "$MMTOOL" run --tap "$@"
}

# points: the lines of output that are no comments.
points()
{
	run grep -v '^#' <<<"$output"
}

# driven ARG...: what automake's driver records of such a run.
driven()
{
	local driver=$top/build-aux/tap-driver.sh

	[ -f "$driver" ] || driver=$(automake --print-libdir 2>/dev/null || true)/tap-driver.sh
	[ -f "$driver" ] || skip "no automake's tap-driver.sh here"
	run env AM_TAP_AWK=awk sh "$driver" --test-name x --log-file log --trs-file trs -- "$MMTOOL" run --tap "$@"
	run sed -n 's/^:test-result: //p' trs
}

@test "an expect and a call with a RESULT are points, the plan comes last" {
	tap -e 'a = mmap(NULL, 1p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
munmap(1, 1) = -1 EINVAL
note "a remark"
munmap(1, 1) = ?
b = a
expect fault(a[0] = 1) == SEGV_ACCERR, "read only"'
	assert_success
	assert_output 'ok 1 - munmap(1, 1) = -1 EINVAL
# a remark
ok 2 - expect fault(a[0] = 1) == SEGV_ACCERR, "read only"
1..2'
}

@test "--tap is short for --format=tap" {
	tap -e 'expect 1 == 1'
	short=$output
	run "$MMTOOL" run --format=tap -e 'expect 1 == 1'
	assert_output "$short"
	run "$MMTOOL" run --tap --format=script -e 'expect 1 == 1'
	assert_output 'expect 1 == 1'
	run "$MMTOOL" run --format=json --tap -e 'expect 1 == 1'
	assert_line --index 0 --partial '{"type":"start"'
	grep -q '^wherever it stands, and without effect beside$' "$top/man/mmtool-run.1"
}

@test "every experiment prints its points" {
	for command in $(experiments); do
		run "$MMTOOL" "$command" --format=tap
		assert_success
		assert_line --index -1 --regexp '^1\.\.[0-9]+( # SKIP .+)?$'
	done
}

@test "a failed point says where, and both sides" {
	printf '\n\nexpect page + 1 == 7\n' >x.mmt
	tap x.mmt
	assert_success
	assert_line --index 0 'not ok 1 - expect page + 1 == 7'
	assert_line --index 1 '# x.mmt:3: the check does not hold'
	assert_line --index 2 "#   page + 1 = $(($(getconf PAGESIZE) + 1))"
	assert_line --index 3 '1..1'
}

@test "a failed call says what it came to, and why" {
	tap -e 'mremap(NULL, 1p, 2p, 0x80) = -1 EFAULT'
	assert_line --index 0 'not ok 1 - mremap(NULL, 1p, 2p, 0x80) = -1 EFAULT'
	assert_line --partial '#   mremap(NULL, '
	assert_line --partial ' = -1 EINVAL (Invalid argument)'
	assert_line --regexp '^#   why: '
}

@test "a failing call without a RESULT is a point that failed, and breaks the script off" {
	tap -e 'munmap(1, 1p); expect 1 == 1'
	assert_success
	points
	assert_output $'not ok 1 - munmap(1, 1p)\n1..1'
	tap --keep-going -e 'munmap(1, 1p); expect 1 == 1'
	points
	assert_output $'not ok 1 - munmap(1, 1p)\nok 2 - expect 1 == 1\n1..2'
}

@test "whatever else fails is a point that failed" {
	tap --keep-going -e 'x = 1 / (page - page); in 1 { note "no" }; wait(1); repeat 1 / (page - page) { note "no" }'
	points
	assert_line --index 0 'not ok 1 - x = 1 / (page - page)'
	assert_line --index 1 'not ok 2 - in 1'
	assert_line --index 2 'not ok 3 - wait(1)'
	assert_line --index 4 '1..4'
}

@test "a statement in a repeat is one point, where it first came" {
	tap -e 'repeat 10 as i { expect i < 10; repeat 5 as k { expect k < 5 }; expect i >= 0 }; expect 1 == 1'
	assert_output 'ok 1 - expect i < 10
ok 2 - expect k < 5
ok 3 - expect i >= 0
ok 4 - expect 1 == 1
1..4'
}

@test "it fails when any pass fails, also one that text would sum up" {
	tap --keep-going -e 'repeat 10 as i { expect i % 4 != 3 }; expect 1 == 1'
	assert_output 'not ok 1 - expect i % 4 != 3
# failed in 2 of 10 passes; the first:
# -e:1: the check does not hold
#   i % 4 = 3
ok 2 - expect 1 == 1
1..2'
}

@test "a statement that only a late pass reaches is a point" {
	tap -e 'repeat 10 as i { if i > 6 { expect i < 10 } }'
	assert_output $'ok 1 - expect i < 10\n1..1'
}

@test "a repeat that breaks off tells what it has" {
	tap -e 'repeat 10 as i { expect i >= 0; expect i < 5 }; expect 1 == 1'
	points
	assert_output $'ok 1 - expect i >= 0\nnot ok 2 - expect i < 5\n1..2'
}

@test "require skips: all, where nothing was told yet" {
	tap -e 'require kernel 99; expect 1 == 1'
	assert_success
	assert_output '1..0 # SKIP needs Linux 99.0.0 or later'
}

@test "require skips: the rest, as a point, later" {
	tap -e 'expect 1 == 1; require 1 == 2, "needs #2"; expect 1 == 3'
	assert_success
	assert_output 'ok 1 - expect 1 == 1
ok 2 - require 1 == 2, "needs \#2" # SKIP needs #2
1..2'
}

@test "several scripts are one stream, each point with its file" {
	echo 'expect 1 == 1' >a.mmt
	echo 'require kernel 99' >b.mmt
	echo 'expect 1 == 2' >c.mmt
	tap a.mmt b.mmt c.mmt
	assert_success
	points
	assert_output 'ok 1 - a.mmt: expect 1 == 1
ok 2 - b.mmt: require kernel 99 # SKIP needs Linux 99.0.0 or later
not ok 3 - c.mmt: expect 1 == 2
1..3'
	tap b.mmt a.mmt
	assert_output 'ok 1 - b.mmt: require kernel 99 # SKIP needs Linux 99.0.0 or later
ok 2 - a.mmt: expect 1 == 1
1..2'
	tap b.mmt b.mmt
	assert_output '1..0 # SKIP needs Linux 99.0.0 or later'
}

@test "a script without a check is no success" {
	tap -e 'a = 1'
	assert_output '1..0 # SKIP the script checks nothing'
}

@test "a statement is one line, with # and backslash escaped" {
	tap -e $'expect "a#\\n" ==\n\t"a#\\n"'
	assert_line --index 0 'ok 1 - expect "a\#\\n" == "a\#\\n"'
}

@test "points of another process bear its name" {
	tap -e $'child = fork()\nin child { expect 1 == 1 }\nwait(child) = 0'
	assert_output 'ok 1 - [child] expect 1 == 1
ok 2 - wait(child) = 0
1..2'
}

@test "an error of the script is no TAP" {
	tap -e 'expect ('
	assert_failure 2
	refute_output --partial '1..'
}

@test "a stream that cannot be completed is status 3" {
	run sh -c '"$MMTOOL" run --tap -e "expect 1 == 1" >/dev/full'
	assert_failure 3
}

@test "automake's driver counts the points, and no error beside them" {
	driven --keep-going -e 'expect "#" == "#"; expect 1 == 2; munmap(1, 1p); expect 1 == 1'
	assert_output $'PASS\nFAIL\nFAIL\nPASS'
	driven -e 'expect 1 == 1; require kernel 99'
	assert_output $'PASS\nSKIP'
	driven -e 'require kernel 99'
	assert_output SKIP
	driven -e 'expect ('
	assert_output --partial ERROR
}

@test "prove" {
	need prove
	printf '%s\n' 'expect 1 == 1' 'expect "#\\" == "#\\"' >good.mmt
	printf '%s\n' 'expect 1 == 1' 'expect 1 == 2' 'expect 1 == 1' >bad.mmt
	printf '%s\n' 'require kernel 99' >skip.mmt
	# It splits the command at spaces.
	ln -s "$MMTOOL" mmtool
	run prove --exec './mmtool run --tap' good.mmt skip.mmt
	assert_success
	assert_output --partial 'All tests successful'
	assert_output --partial 'skipped: needs Linux 99.0.0 or later'
	run prove --exec './mmtool run --tap' good.mmt bad.mmt
	assert_failure
	assert_output --partial 'Failed test:  2'
	assert_output --partial 'Failed 1/2 subtests'
}

@test "a script can be a test program itself" {
	need prove
	printf '#!/usr/bin/env -S %s run --tap\nexpect 1 == 1\n' "$MMTOOL" >x.t
	chmod +x x.t
	run prove --exec '' ./x.t
	assert_success
	assert_output --partial 'Tests=1'
}
