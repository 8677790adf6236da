#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# seal: a mapping that can be changed no more.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# seal: runs it; skips the test where this kernel or user cannot.
seal()
{
	mm seal
	[ "$status" -ne 77 ] || skip "$(tail -n 1 <<<"$output")"
	assert_success
}

# held START: the check held.
held()
{
	[[ $(block "$1" | tail -n 1) == '    ok'* ]] || fail "$1
$output"
}

@test "two pages are sealed, the third is not" {
	seal
	block 'mseal(a, 2p, 0)' | grep -q 'the first .* of a is now sealed (sl)'
	held 'expect vmflag(a, "sl")'
	held 'expect !vmflag(a + 2p, "sl")'
	assert_equal "$(changed - 'munmap(a + 2p, 1p)' | pages_of)" 1
}

@test "what would change it is EPERM, by mseal, and changes nothing" {
	seal
	for call in 'munmap(a, 2p)' 'mremap(a, 2p, 4p, MREMAP_MAYMOVE)' 'mremap(a, 2p, 1p, 0)' \
		'mprotect(a, 2p, PROT_READ|PROT_WRITE)' 'mmap(a, 1p, PROT_READ' 'madvise(a, 2p, MADV_DONTNEED)' 'munmap(a, 3p)' \
		'[child] munmap(a, 2p)'; do
		block "$call" | grep -q '= -1 EPERM' || fail "$call"
		block "$call" | grep -q 'is sealed (mseal)' || fail "$call"
		assert_equal "$(changed - "$call")$(changed + "$call")" ''
	done
}

@test "reading, storing, harmless advice and sealing again are allowed" {
	seal
	held 'expect text(a) == "Sealed"'
	held 'expect w[0] == 1'
	block 'madvise(a, 2p, MADV_WILLNEED)' | grep -q ' = 0$'
	assert_equal "$(grep -c '^    mseal(.* = 0$' <<<"$output")" 3
}

@test "the rules: no flags, a page's start, something mapped" {
	seal
	block 'mseal(w, 1p, 1)' | grep -q '= -1 EINVAL'
	block 'mseal(w + 1, 1p, 0)' | grep -q '= -1 EINVAL'
	block 'mseal(nothing, 1p, 0)' | grep -q '= -1 ENOMEM'
}

@test "as an ordinary user" {
	seal
	as_nobody "$MMTOOL" seal
	[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || fail "$output"
}

@test "as a script and as a C program it does the same" {
	need_compiler
	seal
	same_as_run seal
	same seal
}
