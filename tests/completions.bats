# SPDX-License-Identifier: MIT
# Each shell's completion, driven in that shell; what it knows it asks of the program.

load helper/common

setup()
{
	# A program that says what the tests need to see: every kind of value, with and without a short option.
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/mmtool" <<'END'
#!/bin/sh
case $* in
examples)
	printf 'Examples, in /a/folder:\n  copy-on-write  Two: copies\n  cow            One copy\n  faults  Some\nPrint one\n'
	exit ;;
--describe) ;;
*) exit 2 ;;
esac
printf '%s\t%s\t%s\t%s\n' command grow '' 'Grow a mapping' command grab '' 'Grab: [a] mapping' \
	command examples '[NAME]' 'Scripts' \
	command help '[COMMAND]' 'Say more' command look '[PID|FILE]' 'Look' command mind PID 'Mind it' \
	command run 'FILE...' 'Run scripts' command trace 'PROGRAM [ARG...]' 'Trace'
describe()
{
	printf 'option\t%s\t%s\t%s\t%s\t%s\t%s\n' "$@"
}
describe mmtool --format '' FORMAT 'Print so' 'text|json|tap' \
	mmtool --help '' '' 'Help' '' \
	grow --from '' SIZE 'Begin: with [SIZE]' '' \
	grow --format -f FORMAT 'Print so' 'text|json|tap' \
	grow --colour -c '[WHEN]' 'Colour it' 'always|never' \
	grow --about '' COMMAND 'See also' COMMAND \
	grow --output -o FILE 'Write there' FILE \
	grow --quiet -q '' 'Say nothing' ''
END
	chmod +x "$BATS_TEST_TMPDIR/bin/mmtool"
	cd "$BATS_TEST_TMPDIR"
	touch some.mmt 'with space.mmt'
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

# bash_words WORD...: the answers of bash's completion for that line, the cursor at the end of its last word.
bash_words()
{
	run bash --norc --noprofile -c '
		source "$1" && shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_mmtool
		[ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}" | sort' \
		bash "$top/completions/mmtool.bash" "$@"
	assert_success
}

# fish_line LINE: the answers of fish's completion, without their descriptions.
fish_line()
{
	need fish
	run env HOME="$BATS_TEST_TMPDIR" fish --no-config -c '
		source $argv[1]
		complete -C $argv[2] | string replace -r "\t.*" "" | sort' "$top/completions/mmtool.fish" "$1"
	assert_success
}

# zsh_line LINE: what zsh adds to the matches when TAB is pressed at the end of that line.
zsh_line()
{
	need zsh
	rm -f ready over matches errors
	cat >drive.zsh <<'END'
zmodload zsh/zpty
# wait_for FILE: at most ten seconds.
wait_for() { repeat 500 { [[ -e $1 ]] && return; sleep 0.02 }; exit 1 }
zpty shell zsh -f -i
zpty -w shell 'exec 2>errors; PS1= RPS1=; stty columns 200 rows 50 -echo; fpath=($COMPLETIONS $fpath); autoload -Uz compinit; compinit -u -D'
# The matches are taken from where they are added, not from the screen.
zpty -w shell 'compadd() { local -a found; builtin compadd -O found "$@"; (($#found)) && print -rl -- $IPREFIX$^found >>matches; builtin compadd "$@" }'
zpty -w shell ': >ready'
wait_for ready
zpty -w -n shell "$1"$'\t'
# At its end it may still read from the terminal, and says that this is gone.
zpty -w -n shell $'\C-a\C-kexec 2>/dev/null; : >over\n'
wait_for over
zpty -d shell
END
	COMPLETIONS=$top/completions run zsh -f drive.zsh "$1"
	assert_success
	[ ! -s errors ] || fail "$(<errors)"
	touch matches
	run sort -u matches
}

@test "bash: the first word is a command" {
	bash_words mmtool gr
	assert_output $'grab\ngrow'
	bash_words mmtool ''
	assert_output $'examples\ngrab\ngrow\nhelp\nlook\nmind\nrun\ntrace'
}

@test "bash: or one of the top level's options" {
	bash_words mmtool --
	assert_output $'--format=\n--help'
}

@test "bash: options are those of the command" {
	bash_words mmtool grow --f
	assert_output $'--format=\n--from='
	bash_words mmtool grow --c
	assert_output --colour
	bash_words mmtool grab --
	assert_output ''
}

@test "bash: a command is found after options and their values" {
	bash_words mmtool --format json grow --fr
	assert_output --from=
	bash_words mmtool --format = json grow --fr
	assert_output --from=
}

@test "bash: values after a space, after =, after a short option" {
	bash_words mmtool grow --format ''
	assert_output $'json\ntap\ntext'
	bash_words mmtool grow --format = t
	assert_output $'tap\ntext'
	bash_words mmtool grow --format =
	assert_output $'json\ntap\ntext'
	bash_words mmtool grow -f j
	assert_output json
	bash_words mmtool grow --about = he
	assert_output help
}

@test "bash: an optional value is offered only after =" {
	bash_words mmtool grow --colour = n
	assert_output never
	bash_words mmtool grow --colour --q
	assert_output --quiet
}

@test "bash: a value where = does not cut words" {
	run bash --norc --noprofile -c 'source "$1"; COMP_WORDBREAKS=" "; COMP_WORDS=(mmtool grow --format=t) COMP_CWORD=2
		_mmtool; printf "%s\n" "${COMPREPLY[@]}"' bash "$top/completions/mmtool.bash"
	assert_output $'--format=text\n--format=tap'
}

@test "bash: files, commands and programs where the usage says so" {
	bash_words mmtool run so
	assert_output some.mmt
	bash_words mmtool grow -o with
	assert_output 'with space.mmt'
	bash_words mmtool help gro
	assert_output grow
	# One for each folder of PATH that has it.
	bash_words mmtool trace mmtoo
	assert_equal "$(sort -u <<<"$output")" mmtool
}

@test "bash: processes, and files beside them" {
	bash_words mmtool mind $$
	assert_line $$
	bash_words mmtool mind so
	assert_output ''
	bash_words mmtool look $$
	assert_line $$
	bash_words mmtool look so
	assert_output some.mmt
}

@test "bash: names of examples" {
	bash_words mmtool examples co
	assert_output $'copy-on-write\ncow'
	bash_words mmtool examples cow ''
	assert_output ''
}

@test "bash: a program by its path, and one that does not answer" {
	bash_words ./bin/mmtool gro
	assert_output grow
	bash_words /nowhere/mmtool gro
	assert_output ''
}

@test "bash: an interactive shell completes with it" {
	need script
	cat >rc <<'END'
PS1=
bind 'set enable-bracketed-paste off'
source "$COMPLETIONS/mmtool.bash"
END
	printf 'complete -p mmtool\nmmtool gro\t--from=3 --q\t ; exit\n' >keys
	sed -i 's/^/ /' keys
	printf '#!/bin/sh\n[ "$*" = --describe ] && exec "%s" --describe\nprintf "ran:%%s\\n" "$@" >>"%s"\n' \
		"$BATS_TEST_TMPDIR/bin/mmtool" "$BATS_TEST_TMPDIR/ran" >mmtool
	chmod +x mmtool
	PATH=$PWD:$PATH COMPLETIONS=$top/completions HISTFILE=/dev/null TERM=dumb \
		run timeout 20 script -qec 'bash --noprofile --rcfile rc -i' /dev/null <keys
	assert_output --partial 'complete -F _mmtool mmtool'
	run cat ran
	assert_output $'ran:grow\nran:--from=3\nran:--quiet'
}

@test "fish: commands, and the top level's options" {
	fish_line 'mmtool gr'
	assert_output $'grab\ngrow'
	fish_line 'mmtool --f'
	assert_output --format=
}

@test "fish: options are those of the command" {
	fish_line 'mmtool grow --f'
	assert_output $'--format=\n--from='
	fish_line 'mmtool --format json grow -q'
	assert_output -q
	fish_line 'mmtool grab --'
	assert_output ''
}

@test "fish: values" {
	fish_line 'mmtool grow --format t'
	assert_output $'tap\ntext'
	fish_line 'mmtool grow --format=t'
	assert_output $'--format=tap\n--format=text'
	fish_line 'mmtool grow -f j'
	assert_output json
	fish_line 'mmtool grow --colour=n'
	assert_output --colour=never
	fish_line 'mmtool help gro'
	assert_output grow
}

@test "fish: an optional value is offered only after =" {
	fish_line 'mmtool grow --col'
	assert_output --colour
	fish_line 'mmtool grow --colour --q'
	assert_output --quiet
	fish_line 'mmtool grow --from '
	assert_output ''
}

@test "fish: files" {
	fish_line 'mmtool run so'
	assert_output some.mmt
	fish_line 'mmtool grow --output=so'
	assert_output --output=some.mmt
}

@test "fish: names of examples" {
	fish_line 'mmtool examples co'
	assert_output $'copy-on-write\ncow'
	fish_line 'mmtool examples cow '
	assert_output ''
}

@test "fish: processes, and files beside them" {
	fish_line "mmtool mind $$"
	assert_line $$
	fish_line "mmtool look $$"
	assert_line $$
	fish_line 'mmtool look so'
	assert_output some.mmt
}

@test "fish: descriptions come with the names" {
	need fish
	run env HOME="$BATS_TEST_TMPDIR" fish --no-config -c 'source $argv[1]; complete -C "mmtool gra"' "$top/completions/mmtool.fish"
	assert_output $'grab\tGrab: [a] mapping'
}

@test "zsh: commands, and the top level's options" {
	zsh_line 'mmtool gr'
	assert_output $'grab\ngrow'
	zsh_line 'mmtool --f'
	assert_output --format
}

@test "zsh: options are those of the command" {
	zsh_line 'mmtool grow --f'
	assert_output $'--format\n--from'
	zsh_line 'mmtool --format json grow --qu'
	assert_output --quiet
}

@test "zsh: values" {
	zsh_line 'mmtool grow --format t'
	assert_output $'tap\ntext'
	zsh_line 'mmtool grow --format=t'
	assert_output $'--format=tap\n--format=text'
	zsh_line 'mmtool grow -f j'
	assert_output json
	zsh_line 'mmtool grow --colour=n'
	assert_output --colour=never
	zsh_line 'mmtool help gro'
	assert_output grow
}

@test "zsh: an optional value is offered only after =" {
	zsh_line 'mmtool grow --colour --q'
	assert_output --quiet
}

@test "zsh: files and programs" {
	zsh_line 'mmtool run so'
	assert_output some.mmt
	zsh_line 'mmtool grow --output=so'
	assert_output --output=some.mmt
	zsh_line 'mmtool trace mmtoo'
	assert_output mmtool
}

@test "zsh: names of examples" {
	zsh_line 'mmtool examples co'
	assert_output $'copy-on-write\ncow'
	zsh_line 'mmtool examples cow '
	assert_output ''
}

@test "zsh: processes, and files beside them" {
	zsh_line "mmtool mind $$"
	assert_line $$
	zsh_line "mmtool look $$"
	assert_line $$
	zsh_line 'mmtool look so'
	assert_output some.mmt
}

@test "zsh: what a process calls itself is shown, and nothing of it reaches the terminal raw" {
	local pids=() pid other=
	# Eleven, so that two of them differ in the last digit alone: these are listed.
	for _ in {0..10}; do
		bash -c 'printf "ev\033[35m:\134x" >/proc/self/comm; sleep 60; :' 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		for _ in {1..100}; do ! grep -q ev "/proc/$pid/comm" || break; sleep 0.05; done
		[ "${pid%?}" != "${other%?}" ] || break
		other=$pid
	done
	cat >drive.zsh <<'END'
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1= RPS1=; stty columns 80 rows 50; fpath=($COMPLETIONS $fpath); autoload -Uz compinit; compinit -u -D; print it is "ready"'
zpty -r shell screen '*it is ready*'
zpty -w -n shell "$1"$'\t\t'
for i in {1..50}; do
	sleep 0.1
	while zpty -r -t shell part; do screen+=$part; done
	[[ $screen != *ev* ]] || break
done
print -r -- $screen
END
	COMPLETIONS=$top/completions run timeout 60 zsh -f drive.zsh "mmtool mind ${pid%?}"
	pkill -P "$(IFS=,; echo "${pids[*]}")"
	assert_output --partial 'ev?[35m:\x'
	refute_output --partial $'\e[35m'
}

@test "zsh: a program by its path" {
	zsh_line './bin/mmtool gro'
	assert_output grow
}

@test "bash: asks the real program" {
	ln -sf "$MMTOOL" bin/mmtool
	bash_words mmtool gr
	assert_line grow
}

@test "fish: asks the real program" {
	ln -sf "$MMTOOL" bin/mmtool
	fish_line 'mmtool gr'
	assert_line grow
}

@test "zsh: asks the real program" {
	ln -sf "$MMTOOL" bin/mmtool
	zsh_line 'mmtool gr'
	assert_line grow
}

# hostile: files whose names do something where a shell reads them as its own text.
hostile()
{
	mkdir names
	cd names
	touch -- '$(touch evil)' '`touch evil`' ';touch evil;' '*' '[a-z]' '-rf' "quote'\"" 'back\slash' $'esc\e]0;x\a' $'line\ntouch evil' '~root' '${IFS}' ' lead' '$((1%0))'
}

@test "names of files are words, and nothing more: bash" {
	hostile
	for begun in '' '$' '`' ';' '*' '[' '-' quote back esc line '~' ' ' '$(touch evil)' '`touch evil`'; do
		for line in "run" "grow --output" "grow -o" look mind "trace" ""; do
			# shellcheck disable=SC2086 # words
			bash_words mmtool $line "$begun"
			[ -z "$(find "$BATS_TEST_TMPDIR" -name evil)" ] || fail "$line $begun: it was executed"
			[[ $output != *'division by 0'* ]] || fail "$output"
		done
	done
	bash_words mmtool run '$'
	assert_line '$(touch evil)'
	bash_words mmtool run '*'
	assert_output '*'
}

@test "names of files are words, and nothing more: fish" {
	hostile
	for begun in '' '\$' 'q' 'b' '\~'; do
		for line in run look 'grow --output'; do
			fish_line "mmtool $line $begun"
			[ -z "$(find "$BATS_TEST_TMPDIR" -name evil)" ] || fail "$line $begun: it was executed"
		done
	done
}

@test "names of files are words, and nothing more: zsh" {
	hostile
	for line in 'run ' 'run q' 'run \$' 'look ' 'grow --output='; do
		zsh_line "mmtool $line"
		[ -z "$(find "$BATS_TEST_TMPDIR" -name evil)" ] || fail "$line: it was executed"
	done
}
