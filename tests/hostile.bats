# SPDX-License-Identifier: MIT
# Names that others chose: of files that a process has mapped, of the process, of scripts, arguments and saved files.

load helper/common

# What is in them: ESC, BEL, CR, newline, backslash, no UTF-8, C1, an override of direction, and the kernel's own words.
names=($'esc\e]0;title\a\e[2J' $'cr\rover' $'line\nnext' 'back\slash' $'raw\xff\xfe\xc0\x80' $'c1\xc2\x9b31m' $'bidi\xe2\x80\xae\xe2\x81\xa6txt'
	$'unseen\xef\xb8\x8f\xf3\xa0\x84\x80\xe1\x85\x9f'
	'gone (deleted)' '[stack]' '[heap]' ' lead' 'trail ' '%s%n' '$(id)`id`' "quote\"'")

# As UTF-8, what must not be shown: controls, and what hides or reorders text.
hostile='[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f\xad]|\xcd\x8f|\xd8\x9c|\xe1\x85[\x9f\xa0]|\xe1\x9e[\xb4\xb5]|\xe1\xa0[\x8b-\x8f]'
hostile+='|\xe2\x80[\x8b\x8e\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xe3\x85\xa4|\xef\xb8[\x80-\x8f]|\xef\xbb\xbf|\xef\xbe\xa0|\xf3\xa0'

# clean WHAT: no byte of the output is a control, hides or reorders text, or is no UTF-8.
clean()
{
	! LC_ALL=C grep -qaP "$hostile" <<<"$output" ||
		fail "$1: a control in $(printf '%q' "$output")"
	iconv -f UTF-8 -t UTF-8 <<<"$output" >/dev/null 2>&1 || fail "$1: no UTF-8 in $(printf '%q' "$output")"
}

# whole WHAT: nor does the newline in a name begin a line.
whole()
{
	clean "$1"
	! grep -qa '^ *next' <<<"$output" || fail "$1: a newline of a name in $(printf '%q' "$output")"
}

setup()
{
	# Where root cannot look either, sleep(1) may be a link to all of busybox, which goes by its name.
	sleep=$(readlink -f "$(command -v sleep)")
	[ "${sleep##*/}" = sleep ] || skip 'no sleep(1) of its own, to be called otherwise'
	mkdir "$BATS_TEST_TMPDIR/maps"
	cd "$BATS_TEST_TMPDIR/maps"
	pid=
}

teardown()
{
	[ -z "$pid" ] || { kill "$pid" && wait "$pid"; } 2>/dev/null || true
}

# runs NAME: a process whose program is called so.
runs()
{
	teardown
	cp "$sleep" "./$1"
	"./$1" 300 3>&- &
	pid=$!
	for _ in {1..500}; do
		[ "$(readlink "/proc/$pid/exe")" != "$(readlink "/proc/$$/exe")" ] && return
		sleep 0.02
	done
	fail "$1 was not executed"
}

@test "maps, snapshot, diff and watch of a process whose program has such a name" {
	for name in "${names[@]}"; do
		runs "$name"
		for form in '' --tree --detail --gaps --explain --resident --format=json; do
			run "$MMTOOL" maps ${form:+"$form"} "$pid"
			assert_success
			whole "maps $form"
		done
		run "$MMTOOL" maps --filter="name=$name" "$pid"
		whole 'maps --filter'
		"$MMTOOL" snapshot "$pid" >"saved $name"
		for args in "maps" "report" "report --explain" "report --format=json"; do
			# shellcheck disable=SC2086 # words
			run "$MMTOOL" $args "saved $name"
			whole "$args of a snapshot"
		done
		run "$MMTOOL" diff "saved $name" "$pid"
		whole 'diff'
		run "$MMTOOL" diff --format=json "$pid" $$
		whole 'diff of two'
		run timeout 60 "$MMTOOL" watch --until=1 --for=0.3 "$pid"
		whole 'watch'
	done
}

@test "a program whose name has a newline is the program nevertheless" {
	runs $'line\nnext'
	mm maps --explain "$pid"
	assert_success
	grep -A1 'x.*/line.012next$' <<<"$output" | grep -q "the program's code" || fail "$output"
}

@test "maps --raw is raw in a file, and clean on a terminal" {
	need script
	runs $'esc\e]0;title\a'
	"$MMTOOL" maps --raw "$pid" >raw
	diff raw "/proc/$pid/maps"
	run script -qec "$(printf '%q ' "$MMTOOL" maps --raw "$pid")" /dev/null
	output=${output//$'\r'/}
	assert_output --partial 'esc\033]0;title\007'
	clean 'maps --raw'
}

@test "a script is printed raw into a file, and clean on a terminal" {
	need script
	printf '# an\e[31m \xc2\x9b \xff example\r\n\tnote "\e]0;title\a\xe2\x80\xae"\r\n' >"$BATS_TEST_TMPDIR/hostile.mmt"
	export MMTOOL_EXAMPLES=$BATS_TEST_TMPDIR
	for args in 'run --format=script ../hostile.mmt' 'examples hostile'; do
		# shellcheck disable=SC2086 # words
		"$MMTOOL" $args >raw
		cmp raw ../hostile.mmt
		run script -qec "$(printf '%q' "$MMTOOL") $args" /dev/null
		output=${output//$'\r'/}
		assert_output '# an\033[31m \302\233 \377 example'$'\n\tnote "\\033]0;title\\007\\342\\200\\256"'
		clean "$args"
	done
}

@test "JSON keeps every byte of such a name" {
	need jq
	for name in "${names[@]}"; do
		runs "$name"
		"$MMTOOL" maps --format=json "$pid" >events
		# As maps has it: a newline is \012 there.
		want=$(printf '%s' "$PWD/${name//$'\n'/\\012}" | od -An -v -tx1 | tr -d ' \n')
		jq -j --arg want "$want" 'select(.type == "snapshot") | .maps[] | (.name_hex // (.name | explode | map(if . < 128 then . else -1 end) |
			if any(. < 0) then "wide" else map([(. / 16 | floor), . % 16] | map("0123456789abcdef"[.:. + 1]) | add) | add // "" end)), "\n"' events >found
		grep -qxF "$want" found || {
			# Whole UTF-8 has no _hex: the same text, then.
			jq -j 'select(.type == "snapshot") | .maps[] | .name, "\n"' events | grep -qxF "$PWD/${name//$'\n'/\\012}" ||
				fail "$(printf '%q' "$name") is not there: $(jq -c 'select(.type == "snapshot") | .maps[0]' events)"
		}
	done
}

@test "a name that ends as the kernel's own words do is not taken for them" {
	need jq
	for name in '[stack]' '[heap]' '[vdso]' 'gone (deleted)'; do
		runs "$name"
		mm maps "$pid"
		assert_output --partial "/$name"
		# Only what begins with "[" is the kernel's.
		run jq -r --arg name "$PWD/$name" 'select(.type == "snapshot") | .maps[] | select(.name == $name) | .inode > 0' <("$MMTOOL" maps --format=json "$pid")
		assert_line true
		refute_line false
	done
}

@test "a path of 5,000 bytes" {
	part=$(printf 'd%.0s' {1..199})
	for _ in {1..25}; do
		mkdir "$part" && cd -P "./$part" 2>/dev/null || skip 'this file system has no such long paths'
	done
	runs deep
	for form in '' --tree --detail --explain --raw --format=json; do
		run "$MMTOOL" maps ${form:+"$form"} "$pid"
		assert_success
		clean "maps $form"
	done
	"$MMTOOL" snapshot "$pid" >"$BATS_TEST_TMPDIR/saved"
	run "$MMTOOL" diff "$BATS_TEST_TMPDIR/saved" "$pid"
	assert_success
	run timeout 60 "$MMTOOL" watch --until=1 --for=0.3 "$pid"
	clean watch
}

@test "experiments and scripts on files with such names" {
	printf 'text' >"$BATS_TEST_TMPDIR/plain"
	for name in "${names[@]}"; do
		case $name in *'\'* | *\"* | *$'\n'*) continue ;; esac
		truncate -s 64K "./$name"
		printf 'f = open("%s", O_RDONLY)\na = mmap(NULL, 1p, PROT_READ, MAP_PRIVATE, f, 0)\nmunmap(0x1, 1p) = ?\nnote "%s", a\nexpect 0, "%s"\n' \
			"./$name" "$name" "$name" >"$name.mmt"
		for form in --full --symbolic --detail --pages --format=json --format=tap --format=c --format=script; do
			# A control in a script is an error of it, and told so.
			run "$MMTOOL" run "$form" "./$name.mmt"
			[ "$status" -lt 3 ] || fail "$status: $output"
			[ "$form" = --format=script ] || clean "run $form"
		done
		for command in grow populate reserve-fill; do
			run "$MMTOOL" "$command" --file="./$name"
			clean "$command --file"
		done
	done
}

@test "recorded events with such strings: each field that has any" {
	local form stream

	need python3
	cat >all.mmt <<-'END'
		a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		a[0] = 1
		b = mremap(a, 4p, 8p, MREMAP_MAYMOVE)
		mprotect(b + 1p, 1p, PROT_READ)
		munmap(b + 1, 1p) = ?
		note "a word", b
		expect fault(b[1p] = 1) == SEGV_ACCERR
		c = fork()
		in c { x = "text" }
		wait(c) = ?
		expect b[0] == 2, "a message"
	END
	"$MMTOOL" run --detail --pages --explain --format=json all.mmt >all || [ $? -eq 1 ]
	"$MMTOOL" realloc --compare --to=4p --runs=1 --format=json >growth
	mkdir forged
	python3 "$top/tests/helper/hostile-events.py" forged all growth "$top"/tests/data/events/*.jsonl
	for stream in forged/*; do
		for form in '--full --explain' --symbolic '--format=tap --explain'; do
			# shellcheck disable=SC2086 # words
			run "$MMTOOL" report $form "$stream"
			clean "report $form $stream"
			# What the reader refuses is not shown.
			[ "$status" -lt 2 ] || continue 2
		done
		echo "${stream#forged/}" >>shown
	done
	# These can be anything.
	for field in call.name changes.names check.message counters.name delta.old_name details.name flags.flag flags.words growth.way \
		left.text left.value note.text old_regions.name regions.name snapshot.command snapshot.name source.text start.name \
		step.explain step.process step.reason step.value_text step.why; do
		grep -qF "$field-" shown || fail "no stream with another $field was shown"
	done
}

@test "messages do not repeat such words raw" {
	for name in "${names[@]}"; do
		for args in "" run maps "diff 1" report why "snapshot" watch "grow --from" help "run -e" "run -D" "maps --filter" "list" examples; do
			# shellcheck disable=SC2086 # words
			run timeout 60 "$MMTOOL" $args "$name" </dev/null
			clean "$args"
		done
		run "$MMTOOL" grow -o "/no/$name"
		clean 'grow -o'
		run "$MMTOOL" grow --format="$name"
		clean 'grow --format'
		run "$MMTOOL" "--$name"
		clean 'an option'
		run "$MMTOOL" run -e "a = \"$name"
		clean 'run -e'
		run "$MMTOOL" shell <<<"$name"
		clean 'shell'
	done
}

@test "a message is one line, whatever words the command line has" {
	word=$'x\nforged: \e[31m\a\r\xff\xe2\x80\xae\nTry `forged'
	one_line()
	{
		run timeout 60 "$MMTOOL" "$@" </dev/null
		clean "$(printf '%q ' "$@")"
		! grep -aqE '^(forged|Try `forged)' <<<"$output" || fail "$(printf '%q ' "$@"): $output"
		case $status in 0 | 1 | 2 | 3 | 77) ;; *) fail "$(printf '%q ' "$@"): $status" ;; esac
	}
	while IFS=$'\t' read -r what command option _; do
		case $what in
		command)
			one_line "$command" "$word"
			one_line "$command" "--$word"
			one_line "$command" "-$word"
			;;
		option)
			[[ $option == --* ]] || continue
			[ "$command" != mmtool ] || set --
			[ "$command" = mmtool ] || set -- "$command"
			one_line "$@" "$option=$word"
			;;
		esac
	done < <("$MMTOOL" --describe)
	one_line "$word"
	one_line "--$word"
}
