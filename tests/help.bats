#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Help, and the user's mistakes: told with the option's name, status 2, nothing run.

load helper/common

setup()
{
	cd "$BATS_TEST_TMPDIR"
	commands=$("$MMTOOL" --describe | awk -F'\t' '$1 == "command" { print $2 }')
	experiments='grow shrink move-fixed reserve-fill noreserve'
}

# refused ARG...: status 2, a message on standard error that begins with the first word's name, and nothing on standard output.
refused()
{
	run --separate-stderr "$MMTOOL" "$@"
	assert_failure 2
	assert_output ''
	[ -n "$stderr" ] || fail "no message: $*"
}

@test "without a command: the overview, in groups, and status 2" {
	refused
	[[ $stderr == 'Usage: mmtool COMMAND [OPTION...]'* ]]
	for command in $commands; do
		grep -Eq "^  $command  +[a-z]|^  [A-Z].*  ([a-z-]+ )*$command( |\$)|^ {19}([a-z-]+ )*$command( |\$)" <<<"$stderr" ||
			fail "$command is not in the overview"
	done
	[ "$(grep -c '^[A-Z].*:$' <<<"$stderr")" -ge 4 ]
	[ "$(wc -l <<<"$stderr")" -le 40 ]
}

@test "the overview fits 80 columns" {
	refused
	run awk 'length > 80' <<<"$stderr"
	assert_output ''
}

@test "--help: the overview on standard output, and the options" {
	run --separate-stderr "$MMTOOL" --help
	assert_success
	[ -z "$stderr" ]
	for command in $commands; do
		assert_line --regexp "(^|[ ])$command([ ]|\$)"
	done
	for option in --help --usage --version --describe; do
		assert_output --partial " $option"
	done
	help=$output
	mm help
	assert_output "$help"
	mm '-?'
	assert_output "$help"
}

@test "help COMMAND is COMMAND --help" {
	for command in $experiments overcommit run; do
		mm "$command" --help
		assert_success
		assert_line --index 0 --regexp "^Usage: mmtool $command \[OPTION\.\.\.\]"
		help=$output
		mm help "$command"
		assert_success
		assert_output "$help"
	done
}

@test "a command's help names each of its options once" {
	for command in $experiments overcommit run; do
		mm "$command" --help
		for option in $("$MMTOOL" --describe | awk -F'\t' -v c="$command" '$1 == "option" && $2 == c { print $3 }'); do
			[[ $option == --* ]] || continue
			times=1
			# With a value it is the experiment's, without it the report's.
			[ "$command $option" != 'reserve-fill --pages' ] || times=2
			[ "$(grep -cE -- "^ +(-[a-zA-Z?], )?$option( |=|\[|\$)" <<<"$output")" -eq $times ] || fail "$command: $option"
		done
	done
}

@test "help of nothing" {
	refused help grwo
	[[ $stderr == *"grwo: no such command; did you mean \`grow'?"* ]]
	refused help zzzzzzzz
}

@test "--usage" {
	mm --usage
	assert_success
	assert_output --partial 'Usage: mmtool'
	mm grow --usage
	assert_success
	assert_output --partial 'Usage: mmtool grow'
	assert_output --partial '[--in-place]'
}

@test "--version" {
	mm --version
	assert_success
	assert_output --regexp '^mmtool [0-9]+\.[0-9]+'
	version=$output
	mm grow --version
	assert_output "$version"
	mm -V
	assert_output "$version"
}

@test "a misspelt command: the nearest is suggested" {
	refused grwo
	[ "$stderr" = "mmtool: grwo: no such command; did you mean \`grow'?" ]
	refused reservefill
	[[ $stderr == *"did you mean \`reserve-fill'?" ]]
	refused movefixed
	[[ $stderr == *"did you mean \`move-fixed'?" ]]
}

@test "a command that is like none: no suggestion" {
	refused frobnicate
	[ "$stderr" = "mmtool: frobnicate: no such command (\`mmtool help' lists them)" ]
	refused ''
	refused "$(printf '%5000s' x)"
}

@test "a command's name does not reach the terminal as controls" {
	refused $'gr\e[31mow'
	[[ $stderr != *$'\e'* ]]
}

@test "bad sizes are refused with the option's name" {
	for size in '' 3X K x 4096K4 4.5K 10GB 10GiB '4 K' ' 4K' '4K ' +4K 1e6 0x 0xg 08K 4k- p; do
		for option in grow:--from grow:--to shrink:--from shrink:--to move-fixed:--size noreserve:--size noreserve:--address; do
			refused "${option%:*}" "${option#*:}=$size"
			[[ $stderr == "mmtool ${option%:*}: ${option#*:}: $size: not a size (try 4096, 4K, 10G or 3p)"$'\n'* ]] ||
				fail "$option=$size: $stderr"
		done
	done
}

@test "zero, negative and overflowing sizes are refused with the option's name" {
	for option in grow:--from grow:--to shrink:--from shrink:--to move-fixed:--size noreserve:--size noreserve:--address; do
		start="mmtool ${option%:*}: ${option#*:}: "
		for size in 0 0K 0p 0x0; do
			refused "${option%:*}" "${option#*:}=$size"
			[[ $stderr == "$start$size: a size must be more than zero"* ]] || fail "$option=$size: $stderr"
		done
		for size in -1 -4K -0; do
			refused "${option%:*}" "${option#*:}=$size"
			[[ $stderr == "$start$size: not a size"* ]] || fail "$option=$size: $stderr"
		done
		for size in 99999999999999999999 0x10000000000000000 16777216T 9223372036854775808 18446744073709551615p; do
			refused "${option%:*}" "${option#*:}=$size"
			[[ $stderr == "$start$size: too large a size"* ]] || fail "$option=$size: $stderr"
		done
	done
}

@test "sizes: 4096 4K 0x1000 10G 3p" {
	page=$(getconf PAGESIZE)
	for size in 4096:4096 4K:4096 0x1000:4096 10G:10737418240 3p:$((3 * page)) 1M:1048576 1T:1099511627776 0x10K:16384; do
		"$MMTOOL" noreserve --size="${size%:*}" --format=script >script
		grep -qx "size = ${size%:*}" script
		run "$MMTOOL" run -e "size = ${size%:*}; expect size == ${size#*:}"
		assert_success
	done
}

@test "a size whose sum with a page overflows" {
	# Nothing but an answer is asked for: no crash, and no mapping of another size.
	for command in 'grow --to=9223372036854775807' 'shrink --from=9223372036854775807' 'move-fixed --size=9223372036854775807'; do
		# shellcheck disable=SC2086 # the words are a command
		mm $command
		[[ $status -eq 1 || $status -eq 2 ]] || fail "$command: $status"
		refute_output --partial 'all as expected'
	done
}

@test "unknown options" {
	for command in $experiments overcommit run; do
		refused "$command" --frobnicate
		[[ $stderr == *"mmtool $command: "*"--frobnicate"* ]] || fail "$stderr"
		refused "$command" -Z
	done
	refused --frobnicate
	[[ $stderr == 'mmtool: '*--frobnicate* ]]
}

@test "extra arguments" {
	for command in $experiments; do
		refused "$command" 4K
		[[ $stderr == *"mmtool $command: "* ]]
		refused "$command" -- 4K
	done
}

@test "options without their argument, and with one too many" {
	refused grow --from
	[[ $stderr == *"'--from' requires an argument"* ]]
	refused grow --in-place=yes
	[[ $stderr == *"'--in-place' doesn't allow an argument"* ]]
}

@test "words that an option does not know are refused with its name" {
	refused grow --color=blue
	[[ $stderr == 'mmtool grow: --color: blue: '* ]]
	refused grow --format=html
	[[ $stderr == 'mmtool grow: --format: html: '* ]]
}

@test "a mistake in a later option: nothing was run, and no file was made" {
	refused grow -o out --to=0
	[ ! -e out ]
}

@test "an option's help stands beside or below it" {
	for command in $commands; do
		mm "$command" --help
		refute_line --regexp '^ {20,}--'
	done
}

@test "ARGP_HELP_FMT is passed over: some of its values have argp print without an end" {
	usual=$("$MMTOOL" grow --help)
	for layout in 'rmargin=40,opt-doc-col=20' rmargin=0 'opt-doc-col=99999999,rmargin=-5' nonsense; do
		run env ARGP_HELP_FMT="$layout" timeout 20 "$MMTOOL" grow --help
		assert_success
		assert_output "$usual"
	done
}

@test "--describe: a line each, fields between tabs" {
	mm --describe
	assert_success
	run awk -F'\t' '!($1 == "command" && NF == 4) && !($1 == "option" && NF == 7)' <<<"$output"
	assert_output ''
	[ "$(wc -w <<<"$commands")" -ge 7 ]
}
