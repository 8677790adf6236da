#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# list: the experiments by what one wants to know.

load ../helper/common

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# Commands that take what only an experiment takes: options of a run, but no script of the user's.
experiments()
{
	"$MMTOOL" --describe | awk -F'\t' '
		$1 == "option" && $3 == "--step" && $2 != "run" && $2 != "shell" { print $2 }'
}

@test "every experiment is listed once, with its summary, below a question" {
	mm list
	assert_success
	listed=$(sed -n 's/^  \([a-z-]*\) .*/\1/p' <<<"$output" | sort)
	assert_equal "$listed" "$(experiments | sort)"
	for name in $listed; do
		summary=$("$MMTOOL" --describe | awk -F'\t' -v name="$name" '$1 == "command" && $2 == name { print $4 }')
		assert_line --regexp "^  $name +$summary\$"
	done
	assert_line --index 0 --regexp '\?$'
	[ "$(grep -c '^[A-Z].*?$' <<<"$output")" -ge 3 ]
	run awk 'length > 80' <<<"$output"
	assert_output ''
}

@test "with words: only those whose help has all of them, in any case" {
	mm list MREMAP_fixed
	assert_success
	assert_line --regexp '^  move-fixed '
	refute_line --regexp '^  overcommit '
	mm list mremap back
	assert_line --regexp '^  shrink '
	refute_line --regexp '^  move-fixed '
}

@test "a word that no help has: said, and status 1" {
	run --separate-stderr "$MMTOOL" list xyzzy
	assert_failure 1
	assert_output ''
	[[ $stderr == "mmtool list: no experiment's help has that word"* ]]
}
