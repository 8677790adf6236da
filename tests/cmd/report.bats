# SPDX-License-Identifier: MIT
# report: what was recorded is shown as the run itself would have shown it, and what is no record is refused.

load ../helper/common

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# record ARG...: the events of a run in ./events.
record()
{
	"$MMTOOL" "$@" --format=json >events || [ $? -eq 1 ] || [ $? -eq 77 ]
}

# experiments: the commands whose report is that of a script of their own.
experiments()
{
	"$MMTOOL" --describe | awk -F '\t' '$1 == "option" && $3 == "--step" && $2 != "run" && $2 != "shell" { print $2 }'
}

@test "every experiment: the same bytes as JSON again" {
	for command in $(experiments); do
		record "$command"
		"$MMTOOL" report --format=json events | cmp - events
	done
}

@test "what is no stream of events is refused before anything is shown" {
	printf 'hello\n' >text
	mm report text
	assert_failure 2
	assert_output 'mmtool report: text:1: this is no event: no JSON object begins here'
	mm report /nowhere
	assert_failure 2
	assert_output 'mmtool report: /nowhere: cannot be read: No such file or directory'
	mm report
	assert_failure 2
}
