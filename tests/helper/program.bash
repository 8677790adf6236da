# SPDX-License-Identifier: MIT
# What the tests of C programs share:  load helper/program  (after common).

# need_compiler: skips the test without one, and names those that are here, and the levels of optimisation to try.  With
# MMTOOL_PROGRAMS=one in the environment it is one compiler and one level.
need_compiler()
{
	mkdir -p traces
	compilers=()
	for compiler in gcc clang; do
		command -v $compiler >/dev/null && compilers+=("$compiler")
	done
	[ ${#compilers[@]} -gt 0 ] || skip 'no compiler here'
	levels=(0 2)
	if [ "${MMTOOL_PROGRAMS-}" = one ]; then
		compilers=("${compilers[0]}")
		levels=(2)
	fi
	# The System V segments that a program leaves behind go with it, where that can be had.
	apart=()
	! unshare --ipc true 2>/dev/null || apart=(unshare --ipc)
}

# build COMPILER LEVEL: program.c to ./program, without a warning.
build()
{
	"$1" -std=gnu17 -Wall -Wextra -Werror "-O$2" -o program program.c >log 2>&1 || fail "$1 -O$2: $(head -20 log)"
}

# emit ARG...: the C program of "mmtool ARG...", to program.c.
emit()
{
	"$MMTOOL" "$@" --format=c >program.c || fail "mmtool $* --format=c: status $?"
}

# same_status ARG...: the program comes out as the run does, with each compiler and level.
same_status()
{
	local compiler level wanted=0 got

	emit "$@"
	"$MMTOOL" "$@" --quiet >run.out 2>&1 </dev/null 3>&- || wanted=$?
	for compiler in "${compilers[@]}"; do
		for level in "${levels[@]}"; do
			build "$compiler" "$level"
			# A page may go and come meanwhile (memory that is reclaimed by its age): one fault more than there should be.
			for _ in 1 2 3; do
				got=0
				"${apart[@]}" timeout 60 ./program >program.out 2>&1 </dev/null 3>&- || got=$?
				[ $got -ne $wanted ] || break
				grep -q 'fault.*: expected == ' program.out || break
			done
			[ $got -eq $wanted ] || fail "mmtool $*: $compiler -O$level: status $got, not $wanted
$(tail -3 program.out)
$(tail -3 run.out)"
		done
	done
}

# traced PREFIX: the traces, in the order in which their processes began; a PID may be lower than an earlier one.
traced()
{
	stat -c '%w %n' traces/"$1".* | sort -V | sed 's/.* //'
}

# own_calls PREFIX VARIABLE=VALUE...: of traces/PREFIX.PID, each process's own calls, to PREFIX-0, PREFIX-1, …
# shellcheck disable=SC2154 # top is of common.bash
own_calls()
{
	local prefix=$1 count=0 file kind

	shift
	rm -f "$prefix"-*
	for file in $(traced "$prefix"); do
		kind=(-v child=0)
		case $prefix in
		tool) grep -q '^seccomp\|^dup3(' "$file" || continue ;;
		program)
			if [ "$file" != "$first" ]; then
				# Others try features, and are no processes of the script.
				grep -q '^prctl(PR_SET_PDEATHSIG' "$file" || continue
				kind=(-v child=1)
			fi
			;;
		esac
		awk "${kind[@]}" "$@" -f "$top/tests/helper/calls.awk" "$file" >"$prefix-$count"
		[ ! -s "$prefix-$count" ] || count=$((count + 1))
	done
	rm -f "$prefix-$count"
}

# differing ARG...: traces both, and prints the first calls that differ, or nothing.
differing()
{
	local file

	rm -f traces/*
	strace -ff -o traces/tool "$MMTOOL" "$@" --quiet >/dev/null 2>&1 </dev/null 3>&- || true
	"${apart[@]}" strace -ff -o traces/program ./program >/dev/null 2>&1 </dev/null 3>&- || true
	first=$(traced program | head -n 1)
	own_calls tool -v program=0
	own_calls program -v program=1
	diff <(compgen -G 'tool-*' | sort | sed 's/^tool-/program-/') <(compgen -G 'program-*' | sort) || return 0
	for file in $(compgen -G 'tool-*'); do
		diff "$file" "program-${file#tool-}" >difference || {
			echo "process ${file#tool-}:"
			head -20 difference
			return 0
		}
	done
}

# same_calls ARG...: strace sees the same calls of both, process by process.  One may end early by a fault too many, as above.
same_calls()
{
	local found

	need strace
	strace -o /dev/null true 2>/dev/null || skip 'strace may not look here'
	for _ in 1 2 3; do
		found=$(differing "$@")
		[ -n "$found" ] || return 0
	done
	fail "mmtool $*: $found"
}

# same ARG...: all of it.  AddressSanitizer's runtime makes calls of its own in the subject: they cannot be compared there.
same()
{
	same_status "$@"
	[ -n "${MMTOOL_SANITIZED-}" ] || same_calls "$@"
}
