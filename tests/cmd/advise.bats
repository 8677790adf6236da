#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# advise: what each kind of madvise does.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
	every=$("$MMTOOL" --describe | awk -F'\t' '$1 == "option" && $2 == "advise" && $3 == "--advice" { print $7 }' | tr '|' ' ')
	every=${every% all}
	[ -n "$every" ]
}

# advise ARG...: runs it; skips the test where this kernel or user cannot.
advise()
{
	mm advise "$@"
	[ "$status" -ne 77 ] || skip "$(tail -n 1 <<<"$output")"
	assert_success
}

# held START: the check held.
held()
{
	[[ $(block "$1" | tail -n 1) == '    ok'* ]] || fail "$1
$output"
}

@test "each kind makes its call, and comes out as expected or as unsupported" {
	for one in $every; do
		mm advise --advice="$one"
		[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || fail "$one: $output"
		[ "$status" -eq 77 ] || grep -q "^    madvise(.*, MADV_${one^^}) = " <<<"$output" || fail "$one was not given"
	done
}

@test "every kind that the language knows is offered, save those that harm the machine" {
	for one in $every; do
		printf 'MADV_%s\n' "${one^^}"
	done | sort >offered
	tr -c '[:print:]' '\n' <"$MMTOOL" | grep -oE 'MADV_[A-Z_]+$' | grep -vx -e MADV_HWPOISON -e MADV_SOFT_OFFLINE -e MADV_ | sort -u >known
	[ -s known ]
	run comm -13 offered known
	assert_output ''
}

@test "dontneed: gone at once; shared data and the file's are not" {
	advise
	assert_equal "$(block 'expect resident(a, 4p) == 0' | tail -n 1)" '    ok: 0'
	held 'expect zero(a, 4p)'
	held "expect filled(s, 'S', 4p)"
	assert_equal "$(block 'expect text(p)' | tail -n 1)" '    ok: "What the file says"'
}

@test "dontfork and wipeonfork: what a child has" {
	advise --advice=dontfork
	block '[child] expect fault(a[0])' | grep -q 'SEGV_MAPERR'
	advise --advice=wipeonfork
	held '[child] expect zero(a, 4p)'
	held "expect filled(a, 'A', 4p)"
}

@test "flags come, and go with the reverse" {
	for pair in dontfork:dc wipeonfork:wf dontdump:dd random:rr sequential:sr; do
		advise --advice="${pair%:*}"
		held "expect vmflag(a, \"${pair#*:}\")"
	done
	for pair in dofork:dc keeponfork:wf dodump:dd; do
		advise --advice="${pair%:*}"
		held "expect !vmflag(a, \"${pair#*:}\")"
	done
}

@test "remove: a hole in the object, seen through every mapping" {
	advise --advice=remove
	held 'expect zero(b + 1p, 1p)'
	block 'madvise(a, 4p, MADV_REMOVE)' | grep -q '= -1 EINVAL'
}

@test "populate_read takes no memory, populate_write does" {
	advise --advice=populate_read
	assert_equal "$(block 'expect smaps(a, "Anonymous") == 0' | tail -n 1)" '    ok: 0'
	advise --advice=populate_write
	assert_equal "$(block 'expect smaps(a, "Anonymous") == 4p' | tail -n 1)" "    ok: $((4 * page))"
}

@test "random reads no more than normal" {
	advise --advice=random
	random=$(sed -n 's/^# \([0-9]*\) pages are there.*/\1/p' <<<"$output")
	advise --advice=normal
	normal=$(sed -n 's/^# \([0-9]*\) pages are there.*/\1/p' <<<"$output")
	[ "$random" -ge 1 ] && [ "$random" -le "$normal" ]
}

@test "all: each in a process of its own" {
	mm advise --advice=all
	[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || fail "$output"
	for one in $every; do
		assert_line --regexp "^MADV_${one^^}: "
	done
}

@test "as an ordinary user" {
	for one in $every; do
		as_nobody "$MMTOOL" advise --advice="$one"
		[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || fail "$one: $output"
	done
}

@test "another word is refused" {
	mm advise --advice=hwpoison
	assert_failure 2
	assert_line --index 0 --partial 'mmtool advise: --advice: hwpoison: not a choice (try dontneed, free, '
}

@test "as a script and as a C program it does the same" {
	need_compiler
	for one in dontneed free remove dontfork wipeonfork mergeable collapse pageout populate_write guard_remove; do
		mm advise --advice=$one
		[ "$status" -ne 77 ] || continue
		same_as_run advise --advice=$one
		same advise --advice=$one
	done
}
