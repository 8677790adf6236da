# SPDX-License-Identifier: MIT
# What every .bats file loads first:  load helper/common  (or ../helper/common).

bats_require_minimum_version 1.5.0

# Where Debian, Arch and Fedora put the libraries of bats, and those who build their own.
export BATS_LIB_PATH=${BATS_LIB_PATH:+$BATS_LIB_PATH:}/usr/lib/bats:/usr/share/bats:/usr/local/lib:/usr/lib
bats_load_library bats-support
bats_load_library bats-assert

helper_dir=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
# The sources, for tests of their form and for recorded data.
top=${helper_dir%/tests/helper}

# The program under test, by an absolute path.
export MMTOOL=${MMTOOL:-$top/build/mmtool}
[ -x "$MMTOOL" ] || {
	echo "no mmtool at $MMTOOL: run make first, or set MMTOOL" >&2
	exit 1
}

# word_bits: of an address in the program, which may be built for narrower ones than this machine's.
word_bits()
{
	local start

	# The fifth byte of an ELF file is its class (elf(5)); in its place may stand a script that calls the program.
	start=$(od -An -tu1 -N5 "$MMTOOL")
	case $start in
	*' 127  69  76  70   1') echo 32 ;;
	*' 127  69  76  70   2') echo 64 ;;
	*) getconf LONG_BIT ;;
	esac
}

# need_randomized: skips the test where a process finds everything where the one before it did (setarch -R, proc(5)).
need_randomized()
{
	if [ "$(</proc/sys/kernel/randomize_va_space)" = 0 ] || (((16#$(</proc/self/personality) & 0x40000) != 0)); then
		skip 'addresses are not randomized here'
	fi
}

# What somebody's environment must not change.
unset ARGP_HELP_FMT NO_COLOR POSIXLY_CORRECT CDPATH
export LC_ALL=C TERM=xterm SHELL=/bin/sh
# Those of the sources: what is installed may be older.  With MMTOOL_INSTALLED the program under test was installed, and
# has its own.
unset MMTOOL_EXAMPLES
[ -n "${MMTOOL_INSTALLED-}" ] || export MMTOOL_EXAMPLES=$top/examples

# MMTOOL_OBSERVER=text|query: what performs a script is given --observer with it, wherever a test runs mmtool.
[ -z "${MMTOOL_OBSERVER-}" ] || [ -n "${MMTOOL_OBSERVED-}" ] || {
	mkdir -p "$BATS_RUN_TMPDIR/observed"
	chmod go+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/observed"
	# As in as_nobody: the built one may lie where an ordinary user cannot reach it.
	cp "$MMTOOL" "$BATS_RUN_TMPDIR/observed/program"
	cat >"$BATS_RUN_TMPDIR/observed/mmtool" <<-END
		#!/bin/bash
		case " $("$MMTOOL" --describe | awk -F'\t' '$3 == "--observer" { printf "%s ", $2 }')" in
		*" \$1 "*) exec "$BATS_RUN_TMPDIR/observed/program" "\$1" --observer=$MMTOOL_OBSERVER "\${@:2}" ;;
		esac
		exec "$BATS_RUN_TMPDIR/observed/program" "\$@"
	END
	chmod 755 "$BATS_RUN_TMPDIR/observed/mmtool"
	export MMTOOL_OBSERVED=$MMTOOL MMTOOL=$BATS_RUN_TMPDIR/observed/mmtool
}

# mm ARG...: runs mmtool, as bats' run does.
mm()
{
	run "$MMTOOL" "$@"
}

# need PROGRAM...: skips the test where one of them is not installed.
need()
{
	local program

	for program; do
		command -v "$program" >/dev/null || skip "no $program here"
	done
}

# helper NAME PROGRAM [OPTION...]: builds tests/helper/NAME.c, which the tests call, with these options; in a guest without a
# compiler (tests/kernels) it was built before.
helper()
{
	if [ -n "${MMTOOL_HELPERS-}" ]; then
		cp "$MMTOOL_HELPERS/$1" "$2"
	else
		${CC:-cc} -D_GNU_SOURCE -O1 -o "$2" "$top/tests/helper/$1.c" "${@:3}"
	fi
}

# need_root: skips the test for an ordinary user.
need_root()
{
	[ "$(id -u)" -eq 0 ] || skip 'needs root'
}

# not_sanitized REASON: skips the test in a build with AddressSanitizer.
not_sanitized()
{
	[ -z "${MMTOOL_SANITIZED-}" ] || skip "with AddressSanitizer: $1"
}

# policy_lock -s|-x: until the test ends, nobody changes the machine's overcommit policy (-s), or nobody looks at it (-x).
# The policy is the whole machine's, and so is the lock, which every suite that runs here takes; mmtool takes another one.
policy_lock()
{
	need flock
	exec 8</proc/sys/vm/overcommit_ratio
	flock "$1" 8
}

# policy_unlock: before the test ends, for tests that take long.
policy_unlock()
{
	exec 8<&-
}

# few_mappings: until usual_mappings, a process may have some thousands of mappings in a guest, where root may say so: all that
# meet vm.max_map_count take a minute there at the usual one.
few_mappings()
{
	map_count=
	[ -n "${MMTOOL_GUEST-}" ] && [ "$(id -u)" -eq 0 ] || return 0
	map_count=$(</proc/sys/vm/max_map_count)
	echo 4000 >/proc/sys/vm/max_map_count
}

usual_mappings()
{
	[ -z "$map_count" ] || echo "$map_count" >/proc/sys/vm/max_map_count
}

# kernel_name CALL: what a report calls mmap or open, whose system calls have other names on some machines (mmap2, openat).
kernel_name()
{
	case $1 in
	mmap) "$MMTOOL" run -e 'mmap(NULL, 1p, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)' ;;
	open) "$MMTOOL" run -e 'open("/dev/null", O_RDONLY)' ;;
	esac | sed -n 's/^    \([a-z0-9_]*\)(.*/\1/p'
}

# all_addresses: whether a process may use all addresses but the last page, so that no length reaches beyond them (s390x).
all_addresses()
{
	"$MMTOOL" run -q -e 'mmap(-2p, 1p, PROT_NONE, MAP_FIXED|MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)' >/dev/null 2>&1
}

# beyond_error: the error of a fixed mapping that would reach beyond all addresses: EINVAL where the processor's own part of the
# kernel looks at it (mips, sparc64), else ENOMEM.
beyond_error()
{
	case $(uname -m) in
	mips* | sparc64) echo EINVAL ;;
	*) echo ENOMEM ;;
	esac
}

# any_page_shared: whether shared memory can begin at every page; it cannot where the processor's cache knows it by its address.
any_page_shared()
{
	"$MMTOOL" run -q -e 'mmap(hole(4p) + 1p, 1p, PROT_NONE, MAP_FIXED|MAP_SHARED|MAP_ANONYMOUS, -1, 0)' >/dev/null 2>&1
}

# space_length: how many bytes of address space a process has here, from 0 on.  It is said by nothing, but the stack is just below
# its end: at a power of two where addresses have 64 bits, and else at whole GiB (i386: 3 of them).  The last page is tried: x86
# has nothing there, s390x the vdso at times.
space_length()
{
	local top=0x1 end

	end=0x$(awk '$6 == "[stack]" { split($1, range, "-"); print range[2] }' /proc/self/maps)
	if ((end >> 32 > 0)); then
		while ((top < end)); do ((top *= 2)); done
	else
		top=$(((end + (1 << 30) - 1) >> 30 << 30))
	fi
	"$MMTOOL" run -q -e "a = mmap($top - 1p, 1p, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = ?
		expect a != MAP_FAILED || errno == EEXIST" >/dev/null || ((top -= $(getconf PAGESIZE)))
	echo $((top))
}

# quarter NT: so many TiB, in bytes, or a quarter of the address space where that is less (mips has 1T, riscv64 with Sv39 256G).
quarter()
{
	local most=$((${1%T} << 40)) quarter=$(($(space_length) / 4))

	echo $((quarter < most ? quarter : most))
}

# open_dir: prints a directory that every user can read, and that is removed with bats' own.
open_dir()
{
	chmod go+x "$BATS_RUN_TMPDIR"
	mkdir -p "$BATS_RUN_TMPDIR/open"
	chmod 755 "$BATS_RUN_TMPDIR/open"
	printf '%s\n' "$BATS_RUN_TMPDIR/open"
}

# as_nobody COMMAND [ARG...]: runs it, as bats' run does, as a user without privileges; one who is that already stays it.
# mmtool is copied to where that user can reach it, for a checkout may lie in root's home.
as_nobody()
{
	local program=$1 nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all)

	shift
	if [ "$(id -u)" -ne 0 ]; then
		run "$program" "$@"
		return
	fi
	need setpriv
	"${nobody[@]}" true 2>/dev/null || skip 'this user namespace has no user 65534'
	if [ "$program" = "$MMTOOL" ]; then
		program=$(open_dir)/mmtool
		cp "$MMTOOL" "$program"
		chmod 755 "$program"
	fi
	run "${nobody[@]}" "$program" "$@"
}

# failing OPTION... COMMAND...: runs it, as bats' run does, under strace with these options, by which a call of it fails, or with
# -f one of its children's.
failing()
{
	need strace
	not_sanitized 'LeakSanitizer does not work under strace'
	strace -f -o /dev/null -e inject=getuid:error=EPERM true 2>/dev/null || skip 'strace may not trace here'
	run timeout 60 strace -qq -o /dev/null "$@"
}

# leave_zombie: leaves the pid of a process that has exited, and that its parent does not collect, in ./zombie; $watcher is the
# parent, which sleeps.  It exits when its shell has become that program, and collects no children any more.
leave_zombie()
{
	local i

	bash -c '{ until [ "$(<"/proc/$$/comm")" = sleep ]; do sleep 0.01; done; exec sleep 0; } & echo $! >zombie; exec sleep 600' 3>&- &
	# shellcheck disable=SC2034 # for who called
	watcher=$!
	for ((i = 0; i < 1000; i++)); do
		[ ! -s zombie ] || ! grep -q '^State:.Z' "/proc/$(<zombie)/status" || return 0
		sleep 0.02
	done
	fail 'no zombie'
}
