# SPDX-License-Identifier: MIT
# The scripts of examples/: all of them pass, everywhere, and teach.

load helper/common

setup()
{
	cd "$BATS_TEST_TMPDIR"
	scripts=("$top"/examples/*.mmt)
	# An emulator takes minutes for the page table entries of 1T (before PAGEMAP_SCAN, Linux 6.7).
	patient=(${MMTOOL_GUEST:+--timeout=900})
	few_mappings
}

teardown()
{
	usual_mappings
}

# suits SCRIPT: whether it can be tried in this build.
suits()
{
	# AddressSanitizer's own address space is over any RLIMIT_AS.
	[ -z "${MMTOOL_SANITIZED-}" ] || [ "${1##*/}" != limits.mmt ]
}

# passes SCRIPT: the last run's status is 0, or 77 with a reason.
passes()
{
	case $status in
	0) [ -z "$output" ] || fail "$1 says: $output" ;;
	77) assert_output --regexp '^unsupported.*: .+' ;;
	*) fail "$1: status $status"$'\n'"$output" ;;
	esac
}

@test "there are at least fifteen" {
	[ ${#scripts[@]} -ge 15 ]
}

@test "every example passes" {
	for script in "${scripts[@]}"; do
		suits "$script" || continue
		mm run -q "${patient[@]}" "$script"
		passes "$script"
	done
}

@test "every example passes for an ordinary user" {
	cd /
	for script in "${scripts[@]}"; do
		suits "$script" || continue
		as_nobody "$MMTOOL" run -q "${patient[@]}" - <"$script"
		passes "$script"
	done
}

@test "every example passes where mappings are placed upwards" {
	not_sanitized 'its shadow leaves no room above'
	need setarch
	setarch -L true || skip 'no personality here'
	for script in "${scripts[@]}"; do
		suits "$script" || continue
		run setarch -L "$MMTOOL" run -q "${patient[@]}" "$script"
		passes "$script"
	done
}

@test "every example passes without randomized addresses" {
	need setarch
	setarch -R true || skip 'no personality here'
	for script in "${scripts[@]}"; do
		suits "$script" || continue
		run setarch -R "$MMTOOL" run -q "${patient[@]}" "$script"
		passes "$script"
	done
}

@test "every example passes with little memory that may be locked, or none" {
	cd /
	for limit in 64 0; do
		ulimit -l "$limit" || skip 'the limit of locked memory is lower already'
		for script in "${scripts[@]}"; do
			suits "$script" || continue
			as_nobody "$MMTOOL" run -q "${patient[@]}" - <"$script"
			passes "$script"
		done
	done
}

@test "every example passes on overlayfs, and where /proc/meminfo is made up" {
	need_root
	mkdir mounted
	unshare -m true 2>/dev/null || skip 'no namespace for mounts can be made'
	sed 's/^MemTotal:.*/MemTotal: 524288 kB/; s/^SwapTotal:.*/SwapTotal: 0 kB/' /proc/meminfo >made-up
	for script in "${scripts[@]}"; do
		suits "$script" || continue
		run unshare -m --propagation private sh -c 'mount --bind made-up /proc/meminfo && mount -t tmpfs none mounted &&
			mkdir mounted/l mounted/u mounted/w mounted/m &&
			mount -t overlay -o lowerdir=mounted/l,upperdir=mounted/u,workdir=mounted/w none mounted/m || exit 99
			TMPDIR=$PWD/mounted/m exec "$MMTOOL" run -q "$@"' sh "${patient[@]}" "$script"
		[ "$status" -ne 99 ] || skip 'nothing can be mounted here'
		passes "$script"
	done
}

@test "hardly any is skipped on a machine like most" {
	not_sanitized 'some of them cannot do with its shadow'
	[ "$(word_bits)" = 64 ] || skip 'some of them want more than an address space of 32 bits has'
	[ "$(id -u)" -eq 0 ] || skip 'some of them do what an ordinary user may not'
	skipped=0
	for script in "${scripts[@]}"; do
		mm run -q "${patient[@]}" "$script"
		[ "$status" -ne 77 ] || skipped=$((skipped + 1))
	done
	# tmpfile wants a disk (three of them), and seal, guard-pages and dontunmap a new kernel.
	[ "$skipped" -le 8 ]
}

@test "each begins with a title of one line" {
	for script in "${scripts[@]}"; do
		title=$(grep -v '^#!' "$script" | head -n 1)
		[[ $title =~ ^'# '[A-Za-z] && ${#title} -le 62 && $title != *. ]] || fail "$script: $title"
	done
}

@test "each teaches by comments, and proves it by checks" {
	for script in "${scripts[@]}"; do
		[ "$(tail -n +2 "$script" | grep -c '#')" -ge 3 ] || fail "$script: hardly a comment"
		[ "$(grep -cE '(^|[ {])expect |= (-1|a|dest|at|SIG)' "$script")" -ge 3 ] || fail "$script: hardly a check"
		! grep -nE '.{121}|[[:blank:]]$' "$script" || fail "$script: long lines, or blanks at their ends"
	done
}

@test "none has a page size in it, or a path of this machine" {
	run grep -nE '\b(4096|8192|16384|65536|0x1000|4K|8K|16K|64K)\b|"/(tmp|home|root|work)' "${scripts[@]}"
	assert_failure 1
}

@test "README names a script for each of the popular examples, and no other scripts" {
	# Rows are indented by four: names, two blanks at least, and what is different.
	named=$(sed -nE 's/^    ([a-z][a-z, -]*[a-z])  .*/\1/p' "$top/examples/README" | tr -d ' ' | tr , '\n' | sort -u)
	[ -n "$named" ]
	for name in $named; do
		[ -f "$top/examples/$name.mmt" ] || fail "README names $name"
	done
	# Two tutorials number theirs, four each; every one has a script.
	run awk '/^  Example [0-9]:/ { getline; print $1 }' "$top/examples/README"
	assert_output $'grow\nshrink\nreserve-fill\novercommit-policy\ngrow-in-place\nmove-fixed\nrealloc\nshrink'
}

@test "the manual lists all of them, by their titles" {
	listed=$(awk '/^\.It Pa / { name = $3; getline; print name ": " $0 }' "$top/man/mmtool-examples.1" | sort)
	there=$(for script in "${scripts[@]}"; do
		name=${script##*/}
		echo "${name%.mmt}: $(sed -n '/^#!/d; s/^# //p; q' "$script")"
	done | sort)
	diff <(echo "$listed") <(echo "$there")
}

@test "every example becomes a C program that compiles without a warning and passes" {
	need cc
	"$MMTOOL" grow --format=c >/dev/null 2>&1 || skip 'there is no --format=c yet'
	for script in "${scripts[@]}"; do
		"$MMTOOL" run --format=c "$script" >program.c
		cc -std=gnu17 -Wall -Wextra -Werror -o program program.c 2>said || fail "$script: $(<said)"
		run ./program
		case $status in 0 | 77) ;; *) fail "$script: status $status"$'\n'"$output" ;; esac
	done
}
