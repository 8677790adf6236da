#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# protect: a part with other permissions, and accesses that they forbid.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# loads_end: skips the test where a load from a page that was made PROT_WRITE never comes to an end: mips without a bit that forbids
# loads (RIXI) takes the fault again and again, since the kernel neither allows nor refuses it (arch/mips/mm/fault.c).
loads_end()
{
	"$MMTOOL" run -q --timeout=5 -e 'a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		a[0] = 1; mprotect(a, 1p, PROT_WRITE); code = fault(a[0])' ||
		skip 'a load from a page that may only be written faults for ever on this processor'
}

# splits WORD NAME PERMS: that a page of these permissions splits a mapping, and joins it again.
splits()
{
	mm protect --prot="$1"
	assert_success
	split="mprotect(a + 1p, 1p, $2)"
	assert_equal "$(changed - "$split" | pages_of)" 3
	assert_equal "$(changed + "$split" | awk '{ print $2 }' | xargs)" "rw-p $3 rw-p"
	assert_equal "$(changed + "$split" | pages_of | xargs)" '1 1 1'
	block "$split" | grep -qx '    a is split: 3 mappings in maps'
	join='mprotect(a + 1p, 1p, PROT_READ|PROT_WRITE)'
	assert_equal "$(changed + "$join" | pages_of)" 3
	block "$join" | grep -qx "    a is merged: 3 mappings became one of $(size 3)"
}

@test "one mapping becomes three, and one again" {
	splits read PROT_READ r--p
	splits none PROT_NONE ---p
}

@test "that may only be written: one mapping becomes three, and one again" {
	loads_end
	splits write PROT_WRITE -w-p
}

@test "an access that is not allowed: SEGV_ACCERR at that page; where nothing is mapped: SEGV_MAPERR" {
	mm protect
	at=$(printf '0x%x' $(($(result_of 'a = mmap') + page)))
	block 'code = fault(a[1p] = 2)' | grep -q "^    SIGSEGV, SEGV_ACCERR at $at: "
	block 'expect fault(nothing[0])' | grep -q '^    SIGSEGV, SEGV_MAPERR at '
	mm protect --prot=none
	block 'code = fault(a[1p])' | grep -q '^    SIGSEGV, SEGV_ACCERR at '
}

@test "repaired and tried again, the store is done" {
	mm protect
	assert_equal "$(block 'expect a[1p] == 1, "and changed nothing"' | tail -n 1)" '    ok: 1'
	assert_equal "$(block 'expect a[1p] == 2' | tail -n 1)" '    ok: 2'
}

@test "the rules: EINVAL, ENOMEM with the part before the hole changed, EACCES" {
	mm protect
	block 'mprotect(a + 1, 1p, PROT_READ)' | grep -q 'EINVAL.*not a multiple of the page size'
	hole='mprotect(a, 3p, PROT_READ) = -1 ENOMEM'
	block "$hole" | grep -q 'why: ENOMEM: the range has a hole'
	assert_equal "$(changed + "$hole" | awk '{ print $2 }')" r--p
	assert_equal "$(changed + "$hole" | pages_of)" 1
	block 'mprotect(s, 1p, PROT_READ|PROT_WRITE)' | grep -q 'why: EACCES: '
	assert_equal "$(changed + 'mprotect(p, 1p, PROT_READ|PROT_WRITE)' | awk '{ print $2 }')" rw-p
}

# alike WORD: an ordinary user sees what root sees.
alike()
{
	as_nobody "$MMTOOL" protect --prot="$1" --symbolic
	assert_success
	first=$output
	mm protect --prot="$1" --symbolic
	assert_output "$first"
}

@test "as an ordinary user; two runs print the same" {
	alike read
	alike none
}

@test "that may only be written: as an ordinary user; two runs print the same" {
	loads_end
	alike write
}

@test "another word is refused" {
	mm protect --prot=exec
	assert_failure 2
	assert_line --index 0 'mmtool protect: --prot: exec: not a choice (try read, none or write)'
}

@test "as a script and as a C program it does the same" {
	need_compiler
	for prot in read none write; do
		same_as_run protect --prot=$prot
		same protect --prot=$prot
	done
}
