# SPDX-License-Identifier: MIT
# The manual, the README, the completions and the program say the same.  The examples of the pages of sections 5 and 7
# are compared by tests of their own.
#
# In a page of section 1, what stands between the comments "example" and "end" is commands ($; one goes on behind a
# backslash) and what they print.  A word after "example" says what the machine must be like: frames (root, who sees page
# frames), cgroup (who may make one), huge (transparent huge pages can be had), policy (overcommit policy 0), books (besides, a commit limit by ratio that is not exceeded), python (Python is
# there).  In the README the blocks marked "console" are examples.

load helper/common

setup()
{
	cd "$BATS_TEST_TMPDIR"
	mkdir bin
	ln -s "$MMTOOL" bin/mmtool
	PATH=$PWD/bin:$PATH
	export MMTOOL_EXAMPLES=$top/examples
}

# commands: those of the program.
commands()
{
	"$MMTOOL" --describe | awk -F '\t' '$1 == "command" { print $2 }' | sort
}

# options COMMAND: how each of its options is written, "--from=SIZE" or "-o FILE".
options()
{
	"$MMTOOL" --describe | awk -F '\t' -v command="$1" '
		$1 == "option" && $2 == command && $3 != "" { print $3 ($5 != "" ? "=" $5 : "") }
		$1 == "option" && $2 == command && $4 != "" { print $4 ($5 != "" ? " " $5 : "") }' | sort
}

# page COMMAND: its file.
page()
{
	case $1 in
	mmtool) echo "$top/man/mmtool.1" ;;
	*) echo "$top/man/mmtool-$1.1" ;;
	esac
}

# listed PAGE own|common: the options that its lists explain, written as options() does.
listed()
{
	awk -v wanted="$2" '
		/^\.\\" options common/ { common = 1 }
		common && /^\.Bl / { depth++ }
		common && /^\.El/ && --depth == 0 { common = 0 }
		/^\.It Fl / && (wanted == "common") == common { print substr($0, 5) }' "$1" |
		sed 's/ , /\n/g' | sed -E 's/ Ns / /g; s/ ?= ?/=/; s/ ?\| ?/|/g; s/\\&//g; s/(^|[ =|])(Ar|Cm) /\1/g; s/^Fl /-/' | sort
}

# names: of options on standard input, without their arguments; a short one only where there is no long one.
names()
{
	sed 's/[= ].*//' | sort
}

# section PAGE NAME: its lines.
section()
{
	awk -v name="$2" '/^\.Sh / { inside = $0 == ".Sh " name; next } inside' "$1"
}

# same WHAT-A A WHAT-B B: fails, and tells the lines that only one of them has.
same()
{
	local only_a only_b

	[ -n "$2$4" ] || fail "neither $1 nor $3 has any"
	only_a=$(comm -23 <(sort -u <<<"$2") <(sort -u <<<"$4"))
	only_b=$(comm -13 <(sort -u <<<"$2") <(sort -u <<<"$4"))
	[ -z "$only_a" ] || echo "only $1: $only_a"
	[ -z "$only_b" ] || echo "only $3: $only_b"
	[ -z "$only_a$only_b" ]
}

@test "every command has its page, and every page its command" {
	same 'the program' "$(commands)" 'man/' \
		"$(cd "$top/man" && { printf '%s\n' mmtool-*.1 | sed 's/^mmtool-//; s/\.1$//'; small_commands; })"
	same 'the program' "$(commands)" 'the list in mmtool.1' \
		"$(section "$(page mmtool)" COMMANDS | sed -n 's/^\.It Xr mmtool-\(.*\) 1$/\1/p'; small_commands)"
	for file in "$top"/man/*.[1-8]; do
		name=$(basename "${file%.*}")
		grep -qx "\.Dt ${name^^} ${file##*.}" "$file" || fail "$file: .Dt"
		grep -qx "\.Nm $name" "$file" || fail "$file: .Nm"
	done
}

# small_commands: what mmtool.1 explains itself, in its list of commands.
small_commands()
{
	section "$(page mmtool)" COMMANDS | sed -n 's/^\.It Cm \([^ ]*\).*/\1/p'
}

@test "a page explains all of its command's options, and no other" {
	common=$(listed "$(page mmtool)" common)
	for command in mmtool $(commands); do
		file=$(page "$command")
		[ -f "$file" ] || continue
		expected=$(listed "$file" own)
		# The report's options are explained once, and the page says where.
		if options "$command" | grep -qx -e --step; then
			expected+=$'\n'$common
			section "$file" OPTIONS | grep -q '^\.Xr mmtool 1' || fail "$file does not refer to mmtool(1)"
			grep -qx '\.Op Ar report-option \.\.\.' "$file" || fail "$file: no report-option in the synopsis"
		fi
		expected=$(sed '/^$/d' <<<"$expected")
		# A command may have no option.
		[ -n "$expected$(options "$command")" ] || continue
		same "mmtool $command" "$(options "$command")" "$(basename "$file")" "$expected"
	done
}

@test "a synopsis has all of the page's options, and no other" {
	for file in "$top"/man/*.1; do
		synopsis=$(section "$file" SYNOPSIS | grep -oE 'Fl (-[a-z][a-z-]+|[a-zA-Z?])' | sed 's/^Fl /-/')
		own=$(listed "$file" own | names)
		# Of an option with two names the synopsis has the long one.
		if grep -q '^--' <<<"$own" && ! grep -q '^-[^-]' <<<"$synopsis"; then
			own=$(grep '^--' <<<"$own")
		fi
		[ -n "$synopsis$own" ] || continue
		same "$(basename "$file")'s synopsis" "$synopsis" 'its list' "$own"
	done
}

@test "a page refers to none of ours that is not there" {
	for other in $(sed -n 's/.*Xr \(mmtool[^ ]*\) \([1-8]\).*/\1.\2/p' "$top"/man/*.[1-8] | sort -u); do
		[ -f "$top/man/$other" ] || fail "$other is referred to"
	done
}

@test "the README's table has the commands" {
	same 'the program' "$(commands)" README.md "$(sed -n 's/^| `\([a-z-]*\)` |.*/\1/p' "$top/README.md"; small_commands)"
}

# bash_words WORD...: the answers of bash's completion at the end of that line.
bash_words()
{
	bash --norc --noprofile -c '
		source "$1" && shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_mmtool
		[ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}"' bash "$top/completions/mmtool.bash" "$@"
}

@test "bash completes the commands and the options that there are" {
	same 'the program' "$(commands)" "bash's completion" "$(bash_words mmtool '')"
	for command in mmtool $(commands); do
		[ -n "$(options "$command")" ] || continue
		line=(mmtool "$command")
		[ "$command" != mmtool ] || line=(mmtool)
		same "mmtool $command" "$(options "$command" | grep '^--' | names)" "bash's completion" "$(bash_words "${line[@]}" -- | names)"
		for short in $(options "$command" | grep -v '^--' | names); do
			same "mmtool $command" "$short" "bash's completion" "$(bash_words "${line[@]}" "$short")"
		done
	done
}

@test "fish completes the commands and the options that there are" {
	need fish
	fish_words()
	{
		HOME=$BATS_TEST_TMPDIR fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$top/completions/mmtool.fish" "$1" |
			cut -f 1
	}
	same 'the program' "$(commands)" "fish's completion" "$(fish_words 'mmtool ')"
	for command in mmtool $(commands); do
		[ -n "$(options "$command")" ] || continue
		typed="mmtool $command --"
		[ "$command" != mmtool ] || typed='mmtool --'
		same "mmtool $command" "$(options "$command" | grep '^--' | names)" "fish's completion" "$(fish_words "$typed" | names)"
	done
}

@test "mandoc has nothing to say" {
	need mandoc
	for file in "$top"/man/*.[1-8]; do
		for level in all base; do
			# Whether other programs' pages are installed says nothing of ours.
			mandoc -T lint -W "$level" "$file" 2>errors | grep -v 'STYLE: referenced manual not found' || true
			grep -v 'mandoc\.db' errors || true
		done
	done >said
	[ ! -s said ] || fail "$(<said)"
}

@test "man has nothing to say" {
	need man groff
	for file in "$top"/man/*.[1-8]; do
		{ MANWIDTH=80 man --warnings -l "$file" >/dev/null; } 2>&1
	done >said
	[ ! -s said ] || fail "$(<said)"
}

# examples FILE KIND: writes the examples of that kind as N.cmd and N.want here.
examples()
{
	case $1 in
	*.md) [ -n "$2" ] || awk '/^```console$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$1" ;;
	*)
		awk -v kind="$2" '
			/^\.\\" example/ { inside = $3 == kind; next }
			/^\.\\" end/ { inside = 0 }
			inside && !/^\./' "$1" |
			sed -e 's/^\\&//' -e 's/\\-/-/g' -e "s/\\\\(aq/'/g" -e 's/\\(ga/`/g' -e 's/\\(ti/~/g' -e 's/\\(ha/^/g' -e 's/\\e/\\/g'
		;;
	esac | awk '
		/^\$ / { n++; $0 = substr($0, 3); command = 1; printf "" > n ".want" }
		command { print > n ".cmd"; command = /\\$/; next }
		{ print > n ".want" }'
}

# mask KIND: what varies from run to run and from machine to machine, made the same.
mask()
{
	local script='s/[[:blank:]]+$//
		s/0x[0-9a-f]{7,}/ADDRESS/g
		s/[0-9a-f]{8,}-[0-9a-f]{8,} /RANGE /
		s/ [0-9a-f]{2,}:[0-9a-f]{2,} [0-9]+ +\// DEVICE INODE \//
		s/^process [0-9]+ \((.*)\): [^;]*;/process PID (\1): SIZE;/
		s/^(between|at) [0-9. and]* s:( [0-9]+ mappings?)?(( \(.*\))?, [0-9]+[KMG])?/WHEN:\4/'

	case $1 in
	policy | books) sed -E "$script"'
			s/[0-9]+[KMGT]?/N/g
			s/^# //' | tr -s '[:space:]' '\n' ;; # how lines are broken depends on the figures
	*) sed -E "$script" ;;
	esac | sed -e :again -e '/^\n*$/ { $d; N; b again; }' # a blank line at the end is not seen
}

# compare KIND: runs all examples of that kind, prints what differs.
compare()
{
	local file work n command

	for file in "$top"/man/*.1 "$top/README.md"; do
		work=$(mktemp -d "$BATS_TEST_TMPDIR/examples.XXXXXX")
		cd "$work"
		examples "$file" "$1"
		for ((n = 1; ; n++)); do
			[ -f "$n.cmd" ] || break
			echo run >>"$BATS_TEST_TMPDIR/count"
			# What begins in the background may not be there yet on a busy machine, however long an example sleeps; and a page
			# that the kernel moves just then (compaction) costs a fault more.  So once more, with all the time that it takes.
			command=$(<"$n.cmd")
			for _ in 1 2 3; do
				bash -c "$command" >"$n.got" 2>&1 </dev/null || true
				! diff -u --label "$(basename "$file"): $(<"$n.cmd")" --label 'what it prints' \
					<(mask "$1" <"$n.want") <(mask "$1" <"$n.got") >"$n.diff" || break
				grep -q '& sleep ' "$n.cmd" || grep -qE 'minor faults|minflt' "$n.want" || break
				command=$(sed -E 's/\bsleep ([0-9.]+)/sleep \1 \1 \1 \1/g; s/time\.sleep\(/&4 * /g' <<<"$command")
			done
			cat "$n.diff"
		done
		cd "$BATS_TEST_TMPDIR"
	done
}

# Sizes in pages, and where a mapping comes to lie, are shown as they are on most machines.
common_machine()
{
	[ "$(getconf PAGESIZE)" = 4096 ] || skip 'the examples have pages of 4096 bytes'
	[ "$(word_bits)" = 64 ] || skip 'the examples have 64-bit addresses'
	# An unlimited stack makes the kernel place mappings upwards (mmap_is_legacy).
	[ "$(ulimit -Ss)" != unlimited ] || ulimit -Ss 8192
}

# compared KIND: fails with what differs.
compared()
{
	local found

	rm -f count
	found=$(compare "$1")
	[ -z "$found" ] || fail "$found"
	[ -s count ] || fail 'no example found'
}

@test "examples print what is shown" {
	common_machine
	compared ''
}

@test "examples that show page frames print what is shown" {
	common_machine
	mmtool run -q -e 'a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0); a[0] = 1; require pfn(a) != 0, "hidden"' ||
		skip 'page frame numbers are hidden here'
	compared frames
}

@test "examples that make a cgroup print what is shown" {
	common_machine
	mmtool run -q -e 'cgroup(32M)' || skip 'there can be no cgroup here'
	compared cgroup
}

@test "examples of huge pages print what is shown" {
	common_machine
	mmtool huge -q || skip 'there are no huge pages to be had here'
	compared huge
}

@test "examples that run Python print what is shown" {
	common_machine
	need python3
	compared python
}

# suits KIND: whether the policy is the one that is shown.
suits()
{
	[ "$(</proc/sys/vm/overcommit_memory)" = 0 ] || return
	[ "$1" != books ] || awk '/^CommitLimit/ { limit = $2 } /^Committed_AS/ { committed = $2 } END { exit committed > limit }
		' /proc/meminfo || return
	[ "$1" != books ] || [ "$(</proc/sys/vm/overcommit_kbytes)" = 0 ]
}

# Another test may have changed the policy for a moment: try again.
compared_soon()
{
	local i found='' suited=

	for ((i = 0; i < 20; i++)); do
		if suits "$1"; then
			suited=yes
			found=$(compare "$1")
			[ -n "$found" ] || break
		fi
		sleep 0.3
	done
	[ -n "$suited" ] || skip "$2"
	[ -z "$found" ] || fail "$found"
	[ -s count ] || fail 'no example found'
}

@test "examples of overcommit policy 0 print what is shown" {
	common_machine
	[ "$(awk '/^(Mem|Swap)Total/ { sum += $2 } END { print sum < 1024 ^ 3 }' /proc/meminfo)" = 1 ] || skip 'too much memory here'
	[ "$(ulimit -Sv)" = unlimited ] || skip 'RLIMIT_AS is set'
	compared_soon policy 'the examples have overcommit policy 0'
}

@test "examples of the commit limit print what is shown" {
	common_machine
	compared_soon books 'the examples have policy 0, and a limit by ratio that is not exceeded'
}

@test "no output is shown that is not compared" {
	for file in "$top"/man/*.1; do
		awk -v file="$(basename "$file")" '
			/^\$ / && !inside { print file ":" NR ": " $0 }
			/^\.\\" example( (frames|cgroup|huge|policy|books|python))?$/ { inside = 1; next }
			/^\.\\" example/ { print file ":" NR ": " $0 }
			/^\.\\" end$/ { inside = 0 }
			END { if (inside) print file ": no end" }' "$file"
	done >said
	awk '/^```console$/ { inside = 1; next } /^```/ { inside = 0 } /^\$ / && !inside { print "README.md:" NR ": " $0 }
		' "$top/README.md" >>said
	[ ! -s said ] || fail "$(<said)"
}

@test "every page has an example" {
	for file in "$top"/man/*.1; do
		grep -q '^\.\\" example' "$file" || fail "$(basename "$file") has none"
	done
}

@test "the README's bats suite passes" {
	awk '/^```bats$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$top/README.md" >suite.bats
	[ -s suite.bats ]
	run env -i PATH="$PWD/bin:${PATH//"$BATS_LIBEXEC":/}" ${ASAN_OPTIONS:+ASAN_OPTIONS="$ASAN_OPTIONS"} bats --tap suite.bats 3>&-
	assert_success
	refute_output --partial 'not ok'
	assert_equal "$(grep -c '^ok ' <<<"$output")" "$(grep -c '^@test' suite.bats)"
}
