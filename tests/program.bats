#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --format=c: a complete C program that does what the script does.

load helper/common

setup()
{
	need cc
	cd "$BATS_TEST_TMPDIR" || return
}

# emit ARG...: mmtool ARG... --format=c into program.c, compiled into ./program by every compiler that is here.
emit()
{
	local compiler

	"$MMTOOL" "$@" --format=c >program.c
	for compiler in gcc clang; do
		command -v "$compiler" >/dev/null || continue
		"$compiler" -std=gnu17 -Wall -Wextra -Werror -O2 -o program program.c
	done
	[ -x program ]
}

# same_status ARG...: the program ends as mmtool itself does.
same_status()
{
	local status=0 wanted=0

	emit "$@"
	"$MMTOOL" "$@" >report 2>&1 </dev/null || wanted=$?
	./program >output 2>&1 </dev/null || status=$?
	[ "$status" -eq "$wanted" ] || fail "mmtool $*: $wanted, its program: $status"$'\n'"$(tail -n 5 output)"
}

# The calls that change mappings, without what differs between two runs.
calls='mmap,munmap,mremap,mprotect,madvise,mlock,mlock2,munlock,mlockall,munlockall,msync,mincore,memfd_create,ftruncate'

normal()
{
	sed -E -e 's/^[0-9]+ +//' -e 's/0x[0-9a-f]+/ADDRESS/g' -e 's/, (3|4|5|6|7|8|9), /, FD, /' \
		-e 's/(memfd_create.*) = [0-9]+$/\1 = FD/' -e 's/ftruncate\([0-9]+/ftruncate(FD/' -e 's/ +=/ =/'
}

# same_calls ARG...: strace of the subject and of the program show the same calls, after each one's start-up.
same_calls()
{
	need strace
	strace -o /dev/null true 2>/dev/null || skip 'strace cannot trace here'
	not_sanitized 'its runtime maps memory of its own'
	emit "$@"
	strace -f -o run.strace -e "trace=$calls,seccomp" "$MMTOOL" "$@" >/dev/null </dev/null
	strace -o program.strace -e "trace=$calls" ./program >/dev/null </dev/null
	# The subject is the one that raises the fence; the program's last start-up call maps a page that nothing merges with.
	awk '$2 ~ /^seccomp/ { subject = $1; next } $1 == subject && $2 !~ /^(\+|-)/' run.strace | normal >run.calls
	awk 'on && !/^[+-]/; /PROT_NONE, MAP_SHARED\|MAP_ANONYMOUS/ && !on { on = 1 }' program.strace | normal >program.calls
	[ -s run.calls ]
	diff run.calls program.calls
}

@test "grow is a program that can be shown" {
	emit grow
	run ./program
	assert_success
	assert_output --partial 'ok: the data is kept'
	assert_output --partial 'ok: the new pages read zero'
	grep -F 'char *a = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);' program.c
	grep -F 'a = mremap(a, page, 4 * page, MREMAP_MAYMOVE);' program.c
	# Helpers stand behind main.
	[ "$(grep -n '^int main' program.c | cut -d: -f1)" -lt "$(grep -n '^static void show_maps.*[^;]$' program.c | cut -d: -f1)" ]
}

@test "every experiment: without a warning, and with the same status" {
	local options

	for options in 'grow --room' 'grow --room --in-place' 'grow --blocked' 'grow --in-place' 'grow --shared' \
		'grow --file=/etc/passwd' 'grow --from=5000 --to=70000' shrink 'shrink --from=64K --to=1p' move-fixed \
		'move-fixed --onto=occupied' 'move-fixed --mistake=no-maymove' 'move-fixed --mistake=unaligned' \
		'move-fixed --mistake=overlap' 'move-fixed --mistake=zero' reserve-fill 'reserve-fill --pages=9' noreserve \
		'noreserve --size=1G --touch=0' 'overcommit --try=1G'; do
		# shellcheck disable=SC2086 # words
		same_status $options
	done
}

@test "the tests' own scripts: without a warning, and with the same status" {
	local script

	for script in "$top"/tests/run/*.mmt "$top"/tests/program/*.mmt; do
		same_status run "$script"
	done
}

@test "a failed check is status 1 and says what was expected" {
	same_status run -e 'expect 1 + 1 == 3, "one and one"'
	grep -F 'FAILED: one and one: expected == 3, found 2' output
}

@test "a requirement that is not met is status 77" {
	same_status run -e 'require 1 == 2, "a better world"'
	grep -F 'a better world' output
}

@test "a call that fails is status 1, where it may not" {
	same_status run -e 'munmap(1, 1p)'
	same_status run -e 'munmap(1, 1p) = -1 ENOMEM'
	same_status run -e 'munmap(1, 1p) = -1 EINVAL'
	same_status run -e 'munmap(1, 1p) = -1'
	same_status run -e 'munmap(1, 1p) = ?'
}

@test "a script with a mistake gives no program" {
	run --separate-stderr "$MMTOOL" run -e 'munmap(' --format=c
	assert_failure 2
	assert_output ''
}

@test "the same script gives the same program" {
	"$MMTOOL" grow --blocked --format=c >one.c
	"$MMTOOL" grow --blocked --format=c >two.c
	cmp one.c two.c
}

@test "nothing is performed when a program is printed" {
	"$MMTOOL" run -e 'note "printed"; expect 1 == 2' --format=c >out.c
	grep -F 'printed' out.c
}

@test "no break is moved by printing" {
	emit run -e 'cur = brk(0); note cur; brk(cur + 1p) = cur + 1p; expect mapped(cur, 1p) == 1p'
	./program
}

@test "strace shows the same calls: grow" {
	same_calls grow
}

@test "strace shows the same calls: grow --blocked" {
	same_calls grow --blocked
}

@test "strace shows the same calls: shrink" {
	same_calls shrink
}

@test "strace shows the same calls: move-fixed" {
	same_calls move-fixed
}

@test "strace shows the same calls: reserve-fill" {
	same_calls reserve-fill
}

@test "strace shows the same calls: locks, advice and protections" {
	same_calls run -e 'a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		mprotect(a + 1p, 1p, PROT_READ); madvise(a, 4p, MADV_DONTNEED); mlock(a, 1p); munlock(a, 1p); msync(a, 1p, MS_ASYNC)
		mremap(a, 1p, 1p, MREMAP_MAYMOVE) = ?; munmap(a + 2p, 1p)'
}
