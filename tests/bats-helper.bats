#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The library for other people's bats suites: tests/helper/mmtool.bash, installed as lib/bats/mmtool/load.bash.

load helper/common
load helper/mmtool

setup()
{
	need jq
	cd "$BATS_TEST_TMPDIR"
	map='mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)'
}

# library: puts it where bats_load_library finds it, and a suite of its own beside it, without what surrounds this one.
library()
{
	mkdir -p lib/mmtool bin
	ln -sf "$top/tests/helper/mmtool.bash" lib/mmtool/load.bash
	ln -sf "$MMTOOL" bin/mmtool
}

# suite FILE [VARIABLE=VALUE...]: runs it.
suite()
{
	run env -i PATH="$PWD/bin:${PATH//"$BATS_LIBEXEC":/}" BATS_LIB_PATH="$PWD/lib:$BATS_LIB_PATH" \
		${ASAN_OPTIONS:+ASAN_OPTIONS="$ASAN_OPTIONS"} "${@:2}" bats --tap "$1" 3>&-
}

# failing ASSERT...: it fails; output is what it said.
failing()
{
	run "$@"
	assert_failure 1
}

@test "the manual's suite passes" {
	awk '/^\.\\" suite/ { inside = 1; next } /^\.\\" end/ { inside = 0 } inside && !/^\./' "$top/man/mmtool-bats.7" |
		sed -e 's/\\-/-/g' -e "s/\\\\(aq/'/g" -e 's/\\e/\\/g' >suite.bats
	library
	suite suite.bats
	assert_success
	refute_output --partial 'not ok'
	assert_equal "$(grep -c '^ok ' <<<"$output")" "$(grep -c '^@test' suite.bats)"
	[ "$(grep -c '^@test' suite.bats)" -ge 4 ]
}

@test "mmtool_run sets what bats' run sets" {
	mmtool_run run -e 'note "x"; expect 1 == 2'
	assert_equal "$status" 1
	assert_equal "${#lines[@]}" 5
	assert_equal "$output" "$(printf '%s\n' "${lines[@]}")"
	mmtool_run run -e 'expect ('
	assert_equal "$status" 2
	assert_output --partial '-e:1:'
}

@test "mmtool_run does not fail under set -e" {
	set -e
	mmtool_run run -e 'expect 1 == 2'
	[ "$status" -eq 1 ]
}

@test "assert_change: by kind, name and sizes" {
	mmtool_run run -e "a = $map; b = $map; munmap(a, 1p); mprotect(b, 1p, PROT_READ)"
	assert_change added
	assert_change added a
	assert_change added a --to 4p
	assert_change added b --to "$((4 * $(getconf PAGESIZE)))"
	assert_change shrunk a --from 4p --to 3p
	refute_change moved
	refute_change added c
	refute_change shrunk a --to 2p
}

@test "assert_change says what there was" {
	mmtool_run run -e "a = $map"
	failing assert_change moved a --to 4p
	assert_output --partial 'no such change'
	assert_output --partial 'moved a --to 4p'
	assert_output --partial "added a --to $((4 * $(getconf PAGESIZE)))"
	failing refute_change added
	assert_output --partial 'there is such a change'
	failing assert_change mvoed a
	assert_output --partial 'no kind of change'
	failing assert_change moved a --to 4X
	assert_output --partial 'not a size'
}

@test "assert_perms: as they were at last" {
	mmtool_run run -e "a = $map; mprotect(a, 4p, PROT_READ); b = $map; mprotect(b, 1p, PROT_NONE)"
	assert_perms a r--p
	failing assert_perms a rw-p
	assert_output --partial 'r--p'
	failing assert_perms b rw-p
	assert_output --partial -- '---p rw-p'
	failing assert_perms c rw-p
	assert_output --partial 'no region of that name'
}

@test "assert_perms: of a region that the last steps left alone" {
	mmtool_run run -e "a = $map; mprotect(a, 1p, PROT_READ); b = $map; munmap(b, 4p)"
	assert_perms a 'r--p rw-p'
	mmtool_run run -e "a = $map; munmap(a + 1p, 1p); b = $map"
	assert_perms a rw-p
	mmtool_run run -e "a = $map; mprotect(a, 4p, PROT_READ); munmap(a, 4p); b = $map; mprotect(b, 4p, PROT_NONE)"
	failing assert_perms a r--p
}

@test "assert_perms: of another process" {
	mmtool_run run -e "a = $map
child = fork()
in child { mprotect(a, 4p, PROT_READ) }"
	assert_perms a rw-p
	assert_perms a r--p --process child
}

@test "assert_errno: of the last call that failed" {
	mmtool_run run -e "munmap(1, 1p) = ?; msync(NULL, 1p, MS_SYNC) = ?; a = $map"
	assert_errno ENOMEM
	assert_errno munmap EINVAL
	failing assert_errno EINVAL
	assert_output --partial 'ENOMEM (msync)'
	failing assert_errno mmap ENOMEM
	assert_output --partial 'no call failed'
}

@test "assert_fault" {
	mmtool_run run -e "a = $map; mprotect(a, 1p, PROT_NONE); expect fault(a[0]) != 0"
	assert_fault SEGV_ACCERR
	failing assert_fault SEGV_MAPERR
	assert_output --partial SEGV_ACCERR
}

@test "assert_note" {
	mmtool_run run -e 'note "one", 1; note "two"'
	assert_note 'one 1'
	assert_note --partial wo
	assert_note --regexp '^t.o$'
	failing assert_note one
	assert_output --partial 'two'
}

@test "assert_verdict" {
	mmtool_run run -e 'expect 1 == 1'
	assert_verdict passed
	mmtool_run run -e 'expect 1 == 1' -e 'expect 1 == 2'
	failing assert_verdict passed
	assert_output --partial 'failed at -e 2:1: the check does not hold'
	mmtool_run run -e 'require kernel 99'
	assert_verdict unsupported
}

@test "mmtool_jq answers what else one asks" {
	mmtool_run run -e 'a = 7'
	assert_equal "$(mmtool_jq 'map(select(.bound == $name))[0].value' --arg name a)" 7
}

@test "without a run, or after a usage error, an assert says so" {
	failing assert_change moved
	assert_output --partial 'call mmtool_run first'
	mmtool_run grow --no-such-option
	failing assert_change moved
	assert_output --partial 'mmtool grow --no-such-option'
	assert_output --partial 'unrecognized option'
}

@test "without mmtool it says so" {
	MMTOOL=/nowhere/mmtool mmtool_run grow
	assert_equal "$status" 127
	failing assert_change moved
	assert_output --partial '/nowhere/mmtool'
}

@test "without jq it says so" {
	mmtool_run grow
	mkdir tools
	ln -s "$(command -v cat)" tools/cat
	PATH=$PWD/tools failing assert_change moved
	assert_output --partial 'jq is not installed'
}

@test "it works without bats-support" {
	library
	# bats would take tests in a here-document for its own.
	printf '%s\n' 'bats_load_library mmtool' \
		'@test "good" {' 'mmtool_run grow' 'assert_change added a' '}' \
		'@test "bad" {' 'mmtool_run grow' 'assert_change split a' '}' >suite.bats
	suite suite.bats
	assert_failure
	assert_line --regexp '^ok 1 '
	assert_line --regexp '^not ok 2 '
	assert_output --partial '# wanted: split a'
}

@test "options of the command go with it" {
	mmtool_run run --keep-going -e 'expect 1 == 2; note "on"'
	assert_note on
}
