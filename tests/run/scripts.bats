# SPDX-License-Identifier: MIT
# The scripts beside this file: each sentence of the language page in the language itself.

load ../helper/common

script()
{
	mm run -q "$top/tests/run/$1.mmt"
	[ "$status" -ne 77 ] || skip "$output"
	assert_success
	refute_output
}

@test "values: literals, operators, strings, names" {
	script values
}

@test "statements: calls and their results, repeat, break, errno" {
	script statements
}

@test "functions: of memory and of the kernel's books" {
	script functions
}

@test "processes: fork, in, wait, copy-on-write" {
	not_sanitized 'AddressSanitizer makes faults of its own'
	script processes
}

@test "faults: counted exactly, in a child too" {
	not_sanitized 'AddressSanitizer makes faults of its own'
	script faults
}

@test "calls: every call of the language" {
	not_sanitized 'AddressSanitizer needs its address space'
	script calls
}

@test "userfaultfd, through ioctl and words" {
	script userfaultfd
}

@test "remapping: moves, growth, shrinking, refusals, after a fork" {
	script remapping
}

@test "keeping: MREMAP_DONTUNMAP" {
	script keeping
}

@test "guards: what madvise makes fault" {
	script guards
}

@test "sealed: what mseal forbids" {
	script sealed
}

@test "memfd-seals: what F_ADD_SEALS forbids" {
	script memfd-seals
}

@test "placing: beside, on and over what is there; downwards; the break" {
	script placing
}

@test "files: past their end, cut short, written back" {
	script files
}

@test "locking: what is locked, what splits and what merges again" {
	script locking
}

@test "protecting: permissions and advice" {
	script protecting
}

@test "segments of System V" {
	script segments
}

@test "every script here is run by a test" {
	for file in "$top"/tests/run/*.mmt; do
		name=${file##*/}
		grep -q "script ${name%.mmt}\$" "$BATS_TEST_FILENAME" || fail "$name is run by nobody"
	done
}

@test "a script is read from standard input, and from several files" {
	echo 'note "in"' >"$BATS_TEST_TMPDIR/a.mmt"
	mm run - <"$BATS_TEST_TMPDIR/a.mmt"
	assert_success
	assert_line '# in'
	mm run "$BATS_TEST_TMPDIR/a.mmt" "$BATS_TEST_TMPDIR/a.mmt" -e 'expect 0'
	assert_failure 1
}

@test "each file has a fresh subject and fresh names" {
	mm run -q -e 'a = mmap(hole(1p), 1p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0); fd = memfd_create("x", 0); expect fd == 3' \
		-e 'a = 1; fd = memfd_create("x", 0); expect fd == 3'
	assert_success
	mm run -q -e 'a = 1' -e 'note a'
	assert_failure 2
	assert_output --partial "unknown name 'a'"
}

@test "all files are checked before the first statement of the first" {
	mm run -e 'note "ran"' -e 'nonsense('
	assert_failure 2
	refute_output --partial '# ran'
}

@test "the exit status is the worst of all files" {
	mm run -q -e 'expect 1' -e 'require 0, "why not"'
	assert_failure 77
	mm run -q -e 'expect 0' -e 'require 0, "why not"' -e 'expect 1'
	assert_failure 1
}

@test "a check whose message is empty fails as any other, and says so" {
	mm run -q -e 'expect 0, ""'
	assert_failure 1
	assert_line --partial 'FAILED: the check does not hold'
	mm run -q -e 'x = 1; expect x == 2, "\0after a zero byte"'
	assert_failure 1
	mm run -q -e 'require 0, ""'
	assert_failure 77
	assert_output 'unsupported here: the condition does not hold'
	mm run --tap -e 'expect 1, ""; expect 0, ""'
	assert_line 'not ok 2 - expect 0, ""'
}
