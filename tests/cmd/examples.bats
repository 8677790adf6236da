# SPDX-License-Identifier: MIT
# examples: the list of the scripts, and one of them printed.

load ../helper/common

setup()
{
	cd "$BATS_TEST_TMPDIR"
	export MMTOOL_EXAMPLES=$top/examples
}

# names: those of the list that was printed last.
names()
{
	sed -n 's/^  \([^ ]*\) .*/\1/p' <<<"$output"
}

# shelf FILE...: a folder of its own with these files, empty, to look in.
shelf()
{
	local file

	mkdir shelf
	for file; do
		: >"shelf/$file"
	done
	export MMTOOL_EXAMPLES=shelf
}

@test "lists every script with its title, and says where they are" {
	mm examples
	assert_success
	assert_line --index 0 "Examples, in $top/examples:"
	assert_equal "$(names | sort)" "$(cd "$top/examples" && printf '%s\n' *.mmt | sed 's/\.mmt$//' | sort)"
	for script in "$top"/examples/*.mmt; do
		title=$(sed -n '/^#!/d; s/^# //p; q' "$script")
		name=${script##*/}
		assert_line --regexp "^  ${name%.mmt} +${title//[().+*?]/.}\$"
	done
}

@test "the list is sorted by name" {
	mm examples
	assert_equal "$(names)" "$(names | LC_ALL=C sort)"
	shelf b.mmt a-b.mmt a.mmt B.mmt ab.mmt
	mm examples
	assert_output --regexp $'\n  B *\n  a *\n  a-b *\n  ab *\n  b *\n'
}

@test "only scripts are listed" {
	shelf a.mmt README .hidden.mmt .mmt b.mmt~ b.txt
	mm examples
	assert_success
	[ "$(grep -c '^  ' <<<"$output")" -eq 1 ]
}

@test "prints a script as it is, with or without its suffix" {
	"$MMTOOL" examples cow >out
	cmp out "$top/examples/cow.mmt"
	"$MMTOOL" examples cow.mmt >out
	cmp out "$top/examples/cow.mmt"
	# Longer than one read.
	shelf long.mmt
	seq 100000 >shelf/long.mmt
	"$MMTOOL" examples long >out
	cmp out shelf/long.mmt
}

@test "what it prints can be performed" {
	"$MMTOOL" examples merge | "$MMTOOL" run -q -
}

@test "a title is the first comment, after the line that makes a script executable" {
	shelf a.mmt b.mmt c.mmt
	printf '#!/usr/bin/env -S mmtool run\n#  Executable\n# no\n' >shelf/a.mmt
	printf 'munmap(1p, 1p)\n# no\n' >shelf/b.mmt
	printf '# no newline' >shelf/c.mmt
	mm examples
	assert_line '  a  Executable'
	assert_line --regexp '^  b *$'
	assert_line '  c  no newline'
}

@test "nothing of a title or a name can control a terminal" {
	shelf $'e\033[2J.mmt'
	printf '# red \033[31m' >shelf/*.mmt
	mm examples
	assert_success
	refute_output --partial $'\033'
	assert_output --partial '\033[31m'
}

@test "a misspelt name gets a suggestion" {
	mm examples shrimk
	assert_failure 2
	assert_output "mmtool examples: shrimk: no such example; did you mean \`shrink'?"
	mm examples xyzzy
	assert_failure 2
	assert_output "mmtool examples: xyzzy: no such example (\`mmtool examples' lists them)"
}

@test "a name is no path" {
	cp "$top/examples/cow.mmt" cow.mmt
	shelf a.mmt
	mm examples ../cow
	assert_failure 2
	mm examples "$PWD/cow.mmt"
	assert_failure 2
	mm examples ''
	assert_failure 2
}

@test "one name at a time" {
	mm examples cow merge
	assert_failure 2
	assert_output --partial 'merge: one example at a time'
}

@test "a folder that is not there, or has no scripts, is told with what to do" {
	MMTOOL_EXAMPLES=nowhere mm examples
	assert_failure 3
	assert_output --partial 'mmtool examples: nowhere: No such file or directory (is mmtool installed? else set MMTOOL_EXAMPLES'
	shelf README
	mm examples cow
	assert_failure 3
	assert_output --partial 'shelf: no script is there'
}

@test "an empty variable is none" {
	MMTOOL_EXAMPLES='' mm examples
	case $status in
	0) assert_output --partial '/examples:' ;;
	*) assert_output --partial '/examples: ' ;;
	esac
}

@test "a script that cannot be read" {
	shelf
	mkdir shelf/folder.mmt
	mm examples folder
	assert_failure 3
	assert_output --partial 'shelf/folder.mmt: cannot be read'
	mm examples
	assert_success
}

@test "what is neither a file nor a folder is no script, and is not waited for" {
	shelf a.mmt
	mkfifo shelf/pipe.mmt
	ln -s /dev/zero shelf/endless.mmt
	ln -s a.mmt shelf/link.mmt
	ln -s nowhere shelf/lost.mmt
	run timeout 60 "$MMTOOL" examples
	assert_success
	assert_equal "$(names | tr '\n' ' ')" 'a link lost '
	for name in pipe endless; do
		run timeout 60 "$MMTOOL" examples "$name"
		assert_failure 2
		assert_output --partial "$name: no such example"
	done
}

@test "output that cannot be written" {
	[ -w /dev/full ] || skip 'no /dev/full here'
	for name in '' cow; do
		run bash -c '"$MMTOOL" examples $1 >/dev/full' - "$name"
		assert_failure 3
	done
	run bash -c 'set -o pipefail; "$MMTOOL" examples | true; exit 0'
	assert_success
	assert_output ''
}

@test "for an ordinary user" {
	dir=$(open_dir)
	cp "$top/examples/cow.mmt" "$dir"
	chmod 644 "$dir/cow.mmt"
	MMTOOL_EXAMPLES=$dir as_nobody "$MMTOOL" examples cow
	assert_success
	assert_line --index 0 --partial 'Copy-on-write'
}

@test "installed, they are found without the variable" {
	unset MMTOOL_EXAMPLES
	[ -n "${MMTOOL_INSTALLED-}" ] || skip 'mmtool is not installed (MMTOOL_INSTALLED is not set)'
	mm examples
	assert_success
}
