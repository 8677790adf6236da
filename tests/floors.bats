# SPDX-License-Identifier: MIT
# The form of the sources: who includes whom, what every file begins with, and that the Makefile knows them all.

load helper/common

# What each folder may include: its own files and those of lower floors.  run and report stand on the same floor.
may_include()
{
	case $1 in
	base) echo base ;;
	mm) echo mm base ;;
	lang) echo lang mm base ;;
	run) echo run lang mm base ;;
	report) echo report lang mm base ;;
	cmd) echo cmd run report lang mm base ;;
	app | main.c) echo app cmd run report lang mm base ;;
	esac
}

# sources PATTERN: the files below src/ whose names match, as paths from the top.
sources()
{
	(cd "$top" && find src -type f -name "$1" | sort)
}

# included FILE: what it includes of the project's own.
included()
{
	sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$top/$1"
}

# not_in_makefile SUFFIX: reads paths, prints those that no list in Makefile.am holds, that suffix cut from each.
not_in_makefile()
{
	sed "s/$1\$//" | grep -vxF -f <(tr -s '[:blank:]\134' '\n' <"$top/Makefile.am") || true
}

# none WHAT: fails, and shows them, when there are lines on standard input.
none()
{
	local found

	found=$(cat)
	[ -z "$found" ] || fail "$1:"$'\n'"$found"
}

@test "no shell and no look-up along PATH" {
	(cd "$top" && grep -rnE '\b(system|popen|execvpe?|execlp|posix_spawnp|wordexp) *\(' src --include='*.[ch]') |
		none 'calls that start a shell, or look for a program'
}

@test "every folder has a floor" {
	[ -n "$(sources '*.c')" ]
	for folder in $(cd "$top/src" && ls); do
		[ -n "$(may_include "$folder")" ] || echo "$folder"
	done | none 'not in may_include of this file'
}

@test "a file includes only its own folder and lower floors" {
	for file in $(sources '*.[ch]'); do
		folder=${file#src/}
		allowed=" $(may_include "${folder%%/*}") "
		for header in $(included "$file"); do
			case $allowed in *" ${header%%/*} "*) ;; *) echo "$file includes $header" ;; esac
		done
	done | none 'includes that go upstairs, or across'
}

@test "an include names its folder, and exists" {
	for file in $(sources '*.[ch]'); do
		for header in $(included "$file"); do
			[ -f "$top/src/$header" ] || echo "$file includes $header"
		done
	done | none 'includes of nothing'
}

@test "a file begins with its licence" {
	for file in $(sources '*.[ch]'); do
		[ "$(head -n 1 "$top/$file")" = '/* SPDX-License-Identifier: MIT */' ] || echo "$file"
	done | none 'files without the SPDX line'
}

@test "a file includes its own header first" {
	for file in $(sources '*.c'); do
		own=${file#src/} own=${own%.c}.h
		[ ! -f "$top/src/$own" ] || [ "$(included "$file" | head -n 1)" = "$own" ] || echo "$file"
	done | none 'files that include another first'
}

@test "every header compiles alone" {
	local flags
	read -ra flags <<<"${CFLAGS:--std=gnu17 -D_GNU_SOURCE -Wall -Wextra}"
	for header in $(sources '*.h'); do
		# A translation unit may not be empty, as it would be of a header that defines macros.
		printf '#include "%s"\nextern int declared;\n' "${header#src/}" |
			${CC:-cc} -I"$top/src" "${flags[@]}" -fsyntax-only -x c - 2>&1 || echo "$header"
	done | none 'headers that need others before them'
}

@test "no file is longer than 600 lines, save tables" {
	for file in $(sources '*.[ch]'); do
		case $file in *-table.[ch]) continue ;; esac
		length=$(wc -l <"$top/$file")
		[ "$length" -le 600 ] || echo "$file: $length"
	done | none 'files too long for one sitting'
}

@test "the Makefile lists every source" {
	sources '*.[ch]' | not_in_makefile '' | none 'not in Makefile.am'
}

@test "the Makefile lists every test" {
	cd "$top"
	find tests -name '*.bats' | not_in_makefile '' | none 'not in Makefile.am'
	find tests/unit -name 'test-*.c' | not_in_makefile '\.c' | none 'not in Makefile.am'
}

@test "the Makefile lists every manual, example and completion" {
	cd "$top"
	find man examples completions -type f ! -name '.*' | not_in_makefile '' | none 'not in Makefile.am'
}

@test "the Makefile lists all that the tests read" {
	cd "$top"
	find tests -type f ! -name '*.bats' ! -name 'test-*.c' ! -name '*.[oa]' ! -path '*/.*' |
		not_in_makefile '' | none 'not in Makefile.am'
}

@test "tests/cmd mirrors src/cmd" {
	cd "$top"
	find tests/cmd -name '*.bats' | while read -r file; do
		name=${file#tests/cmd/}
		[ -f "src/cmd/${name%.bats}.c" ] || echo "$file"
	done | none 'tests of no command'
	grep -l '^const struct command cmd_' src/cmd/*.c | while read -r file; do
		name=${file#src/cmd/}
		[ -f "tests/cmd/${name%.c}.bats" ] || echo "$file"
	done | none 'commands without tests'
}

# not_excepted: reads lines of grep -n, FILE:NUMBER:TEXT; prints those that are not among the excepted ones, each of which has
# its reason.
not_excepted()
{
	local excepted=(
		-e 'src/mm/call-translate.c:' # mmap2 counts in 4096 bytes, whatever the page size
		-e 'src/run/why-limit.c:'     # of x86-64 alone, between #if and #endif
		-e 'src/run/why-room.c:'      # where the address space ends where x86-64 says so
		-e 'src/run/segments.c:'      # room for text
		-e 'src/run/files.c:'         # room for a path
		-e '4096 * page'              # so many pages
		-e '128T / 2M / 65536'        # so many mappings
		-e 'value % 65536 == 0'       # a multiple of the page size wherever the program is compiled
		-e 'tests/json.bats:'         # a file of some bytes
		-e 'tests/cmd/maps.bats:'     # saved maps of another machine
		-e 'tests/cmd/place.bats:'    # places, not bytes
		-e 'tests/cmd/shell.bats:'    # an access that succeeds nowhere
		-e 'tests/cmd/why.bats:'      # an address that is unaligned everywhere
	)

	grep -vF "${excepted[@]}" || true
}

@test "no page size, address or word of one machine is taken for granted" {
	cd "$top"
	{
		grep -nE '([-+*/%&|]|<<|>>) *\(?(4096|0x1000|65536)\b|\b(4096|0x1000) *[-+*/%]|(<<|>>) ?(12|21|47|48)\b|0x7ff[0-9a-f]{8,}' \
			-r src --include='*.[ch]' | grep -vE ':[0-9]+:[[:space:]]*(/?\*|.*/\*[^*]*4096)'
		grep -nE '0x7ff[0-9a-f]{9}\b|\b(4096|0x1000) *[-+*/%]|[-+*/%] *(4096|0x1000)\b' tests/*.bats tests/cmd/*.bats tests/run/* tests/program/*.mmt examples/*
	} | not_excepted | grep -v '^tests/floors.bats:' | none 'literals that are true of some machines only'
}

@test "no version of the kernel is asked for" {
	cd "$top"
	{
		grep -nE '\bKERNEL_VERSION\b|LINUX_VERSION_CODE' -r src --include='*.[ch]'
		grep -nE '\buname -[rv]|/proc/version|osrelease|kver' tests/*.bats tests/cmd/*.bats tests/run/*.bats tests/helper/*
	} | grep -v '^tests/floors.bats:' | none 'tests of a version: try the feature'
}
