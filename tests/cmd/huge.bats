#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# huge: transparent huge pages, and those of the pool.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
	size=$(cat /sys/kernel/mm/transparent_hugepage/hpage_pmd_size 2>/dev/null) || size=
}

# huge ARG...: runs it; skips the test where this kernel or machine cannot.
huge()
{
	mm huge "$@"
	[ "$status" -ne 77 ] || skip "$(tail -n 1 <<<"$output")"
	assert_success
}

# outcome START: the last line of the check.
outcome()
{
	block "$1" | tail -n 1
}

@test "thp: all of an aligned range after one fault; beside it a fault for each page" {
	huge
	assert_equal "$(outcome 'expect resident(a, huge)')" "    ok: $size"
	assert_equal "$(outcome 'expect minflt() - faults == 1')" '    ok: 1'
	assert_equal "$(outcome 'expect smaps(b, "AnonHugePages")')" '    ok: 0'
	assert_equal "$(changed + 'b = mmap' | pages_of | grep -cx $((size / page)))" 1
}

@test "thp: kept by an aligned move, lost by a change of a part and by a move that is not aligned" {
	huge
	block 'expect smaps(c, "AnonHugePages") == huge' | grep -qx "    ok: $size"
	assert_equal "$(outcome 'expect smaps(c, "AnonHugePages") + smaps(c + 1p')" '    ok: 0'
	assert_equal "$(outcome 'expect resident(c, huge)')" '    ok'
	assert_equal "$(outcome 'expect smaps(c, "AnonHugePages") == 0')" '    ok: 0'
	if grep -q '^e = mremap' <<<"$output"; then
		assert_equal "$(outcome 'expect smaps(e, "AnonHugePages")')" '    ok: 0'
	fi
}

@test "thp: switched off, it says so" {
	[ -n "$size" ] || skip 'no transparent huge pages here'
	if grep -qx 'always madvise \[never\]' /sys/kernel/mm/transparent_hugepage/enabled; then
		mm huge
		assert_failure 77
		assert_line --partial 'switched off on this machine (never)'
	fi
	need python3
	# prctl(PR_SET_THP_DISABLE) lasts over exec.
	cat >off.py <<-'END'
		import ctypes, os, sys
		if ctypes.CDLL(None).prctl(41, 1, 0, 0, 0) != 0: sys.exit("prctl")
		os.execv(sys.argv[1], sys.argv[1:])
	END
	for by in thp collapse; do
		run python3 off.py "$MMTOOL" huge --by=$by
		assert_failure 77
		assert_line --partial 'PR_SET_THP_DISABLE'
	done
}

@test "collapse: one page of small ones, with what was in them" {
	huge --by=collapse
	block 'madvise(a, huge, MADV_COLLAPSE) = -1 EINVAL' | grep -q '= -1 EINVAL ('
	assert_equal "$(outcome 'expect smaps(a, "AnonHugePages") == huge')" "    ok: $size"
	assert_equal "$(outcome 'expect a[0] == 1')" '    ok'
	assert_equal "$(outcome 'expect resident(a, huge) == huge - 1p')" "    ok: $((size - page))"
}

@test "hugetlb: ENOMEM and SIGBUS where the pool is empty; no parts, no growth" {
	huge --by=hugetlb
	pool=$(awk '$1 == "Hugepagesize:" { print $2 * 1024 }' /proc/meminfo)
	if grep -q 'MAP_HUGETLB|MAP_NORESERVE' <<<"$output"; then
		assert_equal "$(outcome 'expect errno == ENOMEM')" '    ok: ENOMEM'
		block 'expect fault(a[0] = 1)' | grep -q 'SIGBUS, BUS_ADRERR at .*'
		added=$(changed + 'a = mmap(NULL, 1p')
	else
		assert_equal "$(outcome 'expect smaps(a, "Private_Hugetlb")')" "    ok: $pool"
		added=$(changed + 'a = mmap(NULL, hugepage')
	fi
	# One mapping of that size, and named so, also where one page was asked for.
	assert_equal "$(pages_of <<<"$added")" $((pool / page))
	assert_equal "$(grep -c ' is new: .*, private anonymous, huge pages of the pool$' <<<"$output")" 1
	for call in 'mprotect(a, 1p' 'munmap(a, 1p)' 'mremap(a, hugepage, 2'; do
		block "$call" | grep -q '= -1 EINVAL (' || fail "$call"
	done
	assert_equal "$(block 'munmap(a, hugepage)' | grep -c ' is gone: ')" 1
}

@test "hugetlb: the machine's pool stays as it is" {
	before=$(cat /proc/sys/vm/nr_hugepages 2>/dev/null) || skip 'this kernel has no pool'
	huge --by=hugetlb
	assert_equal "$(cat /proc/sys/vm/nr_hugepages)" "$before"
}

@test "a file that cannot be opened is not taken for one that is not there" {
	[ -n "$size" ] || skip 'no transparent huge pages here'
	thp=/sys/kernel/mm/transparent_hugepage/hpage_pmd_size
	failing -f -P $thp -e 'inject=?open,openat:error=ENOENT' "$MMTOOL" huge
	assert_failure 77
	assert_line --partial 'this kernel has no transparent huge pages'
	local commands=(huge 'advise --advice=collapse')
	mm run -q -e 'require MADV_COLLAPSE'
	[ "$status" -ne 77 ] || commands=(huge)
	for command in "${commands[@]}"; do
		# shellcheck disable=SC2086 # several words
		failing -f -P $thp -e 'inject=?open,openat:error=EACCES' "$MMTOOL" $command
		assert_failure 1
		refute_output --partial 'unsupported'
		assert_output --partial 'EACCES'
	done
	failing -f -P $thp -e 'inject=?open,openat:error=EMFILE' "$MMTOOL" huge
	assert_failure 3
	assert_output --partial 'open: Too many open files'
	[ -d /sys/kernel/mm/hugepages ] || return 0
	failing -f -P /sys/kernel/mm/hugepages -e 'inject=?open,openat:error=EACCES' "$MMTOOL" huge --by=hugetlb
	assert_failure 1
	refute_output --partial 'unsupported'
}

@test "as an ordinary user" {
	for by in thp collapse hugetlb; do
		as_nobody "$MMTOOL" huge --by=$by
		[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || fail "$by: $output"
	done
}

@test "another word is refused" {
	mm huge --by=wish
	assert_failure 2
	assert_line --index 0 'mmtool huge: --by: wish: not a choice (try thp, collapse or hugetlb)'
}

@test "as a script and as a C program it does the same" {
	need_compiler
	for by in thp collapse hugetlb; do
		mm huge --by=$by
		[ "$status" -ne 77 ] || continue
		same_as_run huge --by=$by
		same huge --by=$by
	done
}
