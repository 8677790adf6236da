# SPDX-License-Identifier: MIT
# The reference of the language, mmtool-script(5), has every word of it, and no other; its scripts and those of the tutorial
# pass, and the commands print what is shown.
#
# In these pages, what stands between the comments "script" and "end" is a script that passes; in the tutorial it has a file's
# name, and may have "fails" or a status after it.  What stands between "example" and "end" is commands ($) and what they
# print; between "c" and "end" too, where --format=c and a compiler are there.

load helper/common

setup_file()
{
	cd "$BATS_FILE_TMPDIR"
	# Only the tables are linked: what the other functions of these files would need is dropped with them.
	${CC:-cc} -std=gnu17 -D_GNU_SOURCE -I"$top/src" -ffunction-sections -Wl,--gc-sections -o words "$top/tests/helper/words.c" \
		"$top/src/mm/call-table.c" "$top/src/mm/constant-table.c" "$top/src/lang/function.c"
	./words >words.list
}

setup()
{
	cd "$BATS_TEST_TMPDIR"
	mkdir bin
	ln -s "$MMTOOL" bin/mmtool
	PATH=$PWD/bin:$PATH
	reference=$top/man/mmtool-script.5
	tutorial=$top/man/mmtool-tutorial.7
}

# words KIND: those of the program, without the kind.
words()
{
	sed -n "s/^$1 //p" "$BATS_FILE_TMPDIR/words.list"
}

# listed KIND: the items of the page's lists after the comment of that kind.
listed()
{
	awk -v kind="$1" '
		$1 == ".\\\"" && $2 == kind { wanted = 1 }
		wanted && /^\.It Fn / { print substr($0, 8) }
		/^\.El/ { wanted = 0 }' "$reference"
}

# same A B: they have the same lines.
same()
{
	[ -n "$1" ]
	diff <(sort <<<"$1") <(sort <<<"$2")
}

# shown: the page as a reader sees it, without overstrikes.  Its tests need mandoc.
shown()
{
	mandoc -T ascii "$reference" | sed 's/.\x08//g'
}

@test "the tables were found" {
	[ "$(words call | wc -l)" -gt 50 ]
	[ "$(words function | wc -l)" -gt 20 ]
	[ "$(words constant | wc -l)" -gt 500 ]
}

@test "every call is in the reference, with its arguments, and no other" {
	same "$(words call)" "$(listed calls)"
}

@test "every function is in the reference, with as many arguments, and no other" {
	same "$(words function)" "$(listed functions | awk '{ print $1, NF - 1 }')"
}

@test "every keyword is in the reference, and no other" {
	need mandoc
	same "$(words keyword)" "$(sed -n 's/^\.It Ic //p' "$reference" | tr ' ' '\n')"
	for word in $(words keyword); do
		[ "$(shown | grep -cw "$word")" -ge 3 ] || fail "$word is hardly mentioned"
	done
}

@test "every predefined name is in the reference, and no other" {
	same "$(words predefined)" "$(sed -n 's/^\.It Va //p' "$reference")"
}

@test "every family of constants is in the reference, and no other" {
	families=$(words constant | awk '
		$2 == "" { next }
		/^E[A-Z0-9]+ / { print "E"; next }
		/^SIG[A-Z0-9]+ / { print "SIG"; next }
		/^(FALLOC_FL|POSIX_FADV|SI_KERNEL)/ { split($1, part, "_"); print part[1] "_" part[2]; next }
		{ split($1, part, "_"); print part[1] }' | sort -u | grep -vx -e E -e SIG -e UFFDIO)
	named=$(grep -oE '\b[A-Z]+(_[A-Z]+)?_\*|SI_KERNEL' "$reference" | sed 's/_\*$//' | sort -u | grep -vx -e F_SEAL -e UFFDIO)
	same "$families" "$named"
	grep -q 'Dv ENOMEM' "$reference"
	grep -q 'Dv SIGSEGV' "$reference"
}

@test "every constant of the reference is one" {
	for word in $(grep -E '^(\.Dv|\.Pq Dv)' "$reference" | grep -oE '\b[A-Z]{2,}_[A-Z_]+[A-Z]\b' | sort -u) $(
		sed -n '/^\.\\" script/,/^\.\\" end/p' "$reference" | grep -oE '\b(PROT|MAP|MREMAP|O|SEGV|BUS|SIG)_?[A-Z_]+\b' | sort -u); do
		[ "$word" != MAP_FAILED ] || continue
		words constant | grep -q "^$word" || fail "$word is no constant"
	done
}

@test "the numbers of the reference are those of the program" {
	need mandoc
	number() { sed -n "s/.*\b$2 = \([0-9]*\).*/\1/p" "$top/src/$1"; }
	text=$(shown | tr -s '[:space:]' ' ')
	[[ $text == *"up to $(number lang/parser.h DEPTH_MOST) levels"* ]]
	[[ $text == *"at most $(number lang/parser.h HEIGHT_MOST) operators"* ]]
	[[ $text == *"at most $(number run/family.c MOST_PROCESSES) processes"* ]]
	grep -q 'EXEC_DATA = 64 \* 1024' "$top/src/run/executor.h"
	grep -q 'TEXT_MOST = 1 << 30' "$top/src/lang/script.c"
}

@test "what the reference says of the syntax is so" {
	accepted() { run "$MMTOOL" run -q -e "$1"; [ "$status" -ne 2 ] || fail "refused: $1"$'\n'"$output"; }
	refused() { run "$MMTOOL" run -q -e "$1"; [ "$status" -eq 2 ] || fail "accepted: $1"; }
	nested() { printf "%0.s$1" $(seq "$2"); }

	accepted "expect $(nested '(' 199)1$(nested ')' 199)"
	refused "expect $(nested '(' 201)1$(nested ')' 201)"
	refused "expect $(nested '!' 201)1"
	refused "$(nested 'if 1 { ' 201)$(nested '}' 201)"
	accepted "expect 1$(nested ' + 1' 999)"
	refused "expect 1$(nested ' + 1' 1001)"
	refused $'x = -\n1'
	accepted $'x = 1 +\n1'
	accepted $'x =\n1'
	accepted $'x = (1\n+ 1)'
	accepted $'x = 1\r\ny = 2\r\n'
	refused $'x = 1\r y = 2'
	refused $'x = 1\f'
	accepted $'# \xff\f\nnote "\xff\f"'
	for integer in 10U 10UL 1k 1.5 1e3 08 0x 4Kp 0x10000000000000000 18446744073709551616 1_0; do
		refused "x = $integer"
	done
	for integer in 0xffffffffffffffff 18446744073709551615 0x1p 010K 1T; do
		accepted "x = $integer"
	done
	refused "x = 'ab'"
	refused "x = 'é'"
	refused "x = ''"
	for escape in a r v 1 x x4 xg0 u0041; do
		refused "x = \"\\$escape\""
	done
	accepted 'x = "\0\n\t\\\"\'"'"'\x41"'
	refused 'note "a" "b"'
	refused 'expect 1, "a" "b"'
	refused 'x = "a'
	for name in page errno scratch NULL PROT_READ ENOMEM SIGBUS expect kernel fault; do
		refused "$name = 1"
	done
	accepted 'end = end(scratch); munmap = 1; x = end + munmap'
	refused 'note x; x = 1'
	refused 'x = munmap(0, 0) + 1'
	refused 'zero(scratch, 1)'
	refused 'note 1 & 2 == 2'
	refused 'note 1 == 2 | 1'
	accepted 'note 1 & (2 == 2)'
	accepted 'note 1 && 2 == 2'
	refused 'munmap(1, 1p) = -1 EFOO'
	refused 'munmap(1, 1p) = -1 PROT_READ'
	refused 'munmap(1, 1p) = -1 page'
	accepted 'munmap(1, 1p) = -1 + 0'
	accepted 'munmap(1, 1p) = (-1)'
	accepted 'munmap(1, 1p) = -1p'
	refused '(scratch[0]) = 1'
	accepted '(scratch + 1)[0] = 1'
	refused 'break'
	refused 'in getpid() { break }'
	accepted 'repeat 2 { in getpid() { break } }'
	refused 'require page'
	refused 'require page > 1'
	refused 'require page > 1, 5'
	refused 'require kernel 5.'
	refused 'require kernel 1.2.3.4'
	accepted 'require kernel 3; require kernel 3.10.1'
	refused $'if 1 { }\nelse { }'
	refused $'if 1\n{ }'
	accepted $'if 1 { } else if 1 {\n} else { }'
	refused '{ x = 1 }'
	refused 'munmap("a", 1)'
	refused 'strcpy(scratch, 1)'
	refused 'memfd_create("a")'
	accepted ';;x = 1;;'
}

@test "what the reference says of values is so" {
	fails() { run "$MMTOOL" run -q -e "$1"; [ "$status" -eq 1 ] || fail "status $status: $1"$'\n'"$output"; }
	for expression in '0x7fffffffffffffff + 1' '0x8000000000000000 - 1' '1T * 1T' '1 / 0' '1 % 0' '-0x8000000000000000' \
		'0x8000000000000000 / -1' '0x8000000000000000 % -1' '-9223372036854775808' '1 << 64' '1 << -1' '1 >> 64'; do
		fails "x = $expression"
	done
	fails 'x = "a"; y = x + 1'
	fails 'if 0 { x = 1 }; note x'
	fails 'expect 0'
	fails 'in 1 { }'
	fails 'wait(getpid())'
	fails 'c = fork(); wait(c); wait(c)'
	fails 'note smaps(scratch, "No_Such_Field")'
	run "$MMTOOL" run -q -e 'expect 1 << 63 < 0; expect -1 >> 63 == -1; repeat -1 as i { expect 0 }
		repeat 3 as i { }; expect i == 2; munmap(1, 1p) = -1; expect errno == EINVAL; memset(scratch, 0, 1); expect errno == EINVAL'
	assert_success
}

# blocks FILE: each block between the comments as N.KIND here, in the order of the page; what follows the kind is in N.args.
blocks()
{
	awk '
		$1 == ".\\\"" && $2 ~ /^(script|example|c)$/ && !($3 == "NAME\"") && NF <= 4 {
			n++; file = n "." $2; printf "" > file; print $3, $4 > (n ".args"); next }
		/^\.\\" end$/ { file = ""; next }
		file != "" && !/^\./ { print > file }' "$1"
	find . -name '[0-9]*.[sec]*' -exec \
		sed -i -e 's/^\\&//' -e 's/\\-/-/g' -e "s/\\\\(aq/'/g" -e 's/\\(ga/`/g' -e 's/\\(ti/~/g' -e 's/\\(ha/^/g' -e 's/\\e/\\/g' {} +
}

# mask: what varies from run to run, made the same.
mask()
{
	sed -E 's/[[:blank:]]+$//
		s/0x[0-9a-f]{7,}/ADDRESS/g
		s/[0-9a-f]{8,}-[0-9a-f]{8,} /RANGE /' | sed -e :again -e '/^\n*$/ { $d; N; b again; }'
}

# follow FILE: does what its commands say, and compares.
follow()
{
	local n=0 cmd

	awk '/^\$ / { n++; print substr($0, 3) > n ".cmd"; printf "" > n ".want"; next } { print > n ".want" }' "$1"
	for ((n = 1; ; n++)); do
		[ -f "$n.cmd" ] || break
		cmd=$(<"$n.cmd")
		bash -c "$cmd" >got 2>&1 </dev/null || true
		diff -u --label "$cmd" --label 'what it prints' <(mask <"$n.want") <(mask <got) || return
		rm "$n.cmd" "$n.want"
	done
}

# perform SCRIPT [fails|STATUS]: it ends as it should, or is unsupported.
perform()
{
	mm run -q "$1"
	case ${2-}:$status in
	:0 | fails:1 | 77:77) ;;
	*:77) assert_output --partial unsupported ;;
	*) fail "$1: status $status"$'\n'"$(<"$1")"$'\n'"$output" ;;
	esac
}

common_machine()
{
	[ "$(getconf PAGESIZE)" = 4096 ] || skip 'the examples have pages of 4096 bytes'
	[ "$(word_bits)" = 64 ] || skip 'the examples have 64-bit addresses'
	[ "$(ulimit -Ss)" != unlimited ] || ulimit -Ss 8192
}

@test "the reference's scripts pass" {
	mkdir blocks && cd blocks
	blocks "$reference"
	[ "$(ls [0-9]*.script | wc -l)" -ge 10 ]
	for script in [0-9]*.script; do
		perform "$script"
	done
}

@test "the reference's commands print what is shown" {
	mkdir blocks && cd blocks
	blocks "$reference"
	for commands in [0-9]*.example; do
		follow "$commands"
	done
}

@test "the tutorial can be followed, and prints what is shown" {
	common_machine
	local n name how

	mkdir blocks work && cd blocks
	blocks "$tutorial"
	cd ../work
	for ((n = 1; ; n++)); do
		[ -f ../blocks/$n.args ] || break
		read -r name how <../blocks/$n.args || true
		if [ -f ../blocks/$n.script ]; then
			cp ../blocks/$n.script "$name"
			perform "$name" "$how"
		elif [ -f ../blocks/$n.example ]; then
			follow ../blocks/$n.example
		elif "$MMTOOL" grow --format=c >/dev/null 2>&1; then
			need cc
			follow ../blocks/$n.c
		else
			unchecked=yes
		fi
	done
	[ "$n" -gt 15 ]
	[ -z "${unchecked-}" ] || skip 'all but the C program: there is no --format=c yet'
}

@test "no command is shown that is not run" {
	for file in "$reference" "$tutorial"; do
		awk -v file="${file##*/}" '
			/^\.\\" (example|c)$/ { inside = 1 }
			/^\.\\" end$/ { inside = 0 }
			/^\$ / && !inside { print file ":" NR ": " $0 }' "$file"
	done >said
	[ ! -s said ] || fail "$(<said)"
}

@test "what the fence refuses is told" {
	text=$(shown | tr -s '[:space:]' ' ')
	for word in MADV_HWPOISON MADV_SOFT_OFFLINE RLIMIT_CORE; do
		[[ $text == *"the fence: "*"$word"*"fails the step even with"* ]] || fail "$word is not told"
	done
	mm run -q -e 'setrlimit(RLIMIT_CORE, 0) = ?'
	assert_failure 1
	assert_output --partial 'fence'
}

@test "a carriage return is a blank where a line ends, also the last one" {
	text=$(shown | tr -s '[:space:]' ' ')
	[[ $text == *"a carriage return right before a newline or the end of the script"* ]]
	mm run -q - < <(printf 'note 1\r\nnote 2\r')
	assert_success
	mm run -q - < <(printf 'note 1\r; note 2')
	assert_failure 2
}
