# SPDX-License-Identifier: MIT
# What fails a step, what ends a script, and what is refused before anything runs.

load ../helper/common

# fails REASON STATEMENTS: exit status 1, and the reason is told.
fails()
{
	mm run -q -e "$2"
	assert_failure 1
	assert_output --partial "$1"
}

# refused MESSAGE STATEMENTS: exit status 2, and nothing was run.
refused()
{
	mm run -e "note \"ran\"; $2"
	assert_failure 2
	assert_output --partial "$1"
	refute_output --partial '# ran'
}

@test "what overflows fails the step" {
	max=0x7fffffffffffffff
	fails overflows "a = $max + 1"
	fails overflows "a = 0 - $max - 2"
	fails overflows "a = $max * 2"
	fails overflows "a = (-$max - 1) / -1"
	fails overflows "a = (-$max - 1) % -1"
	fails overflows "a = -(-$max - 1)"
	fails 'division by zero' 'a = 1 / 0'
	fails 'division by zero' 'a = 1 % 0'
	fails 'beyond 63' 'a = 1 << 64'
	fails 'beyond 63' 'a = 1 >> -1'
}

@test "a literal that is too large is an error of the script" {
	refused 'too large' 'a = 0x10000000000000000'
	refused 'too large' 'a = 17179869184G'
}

@test "bad letters, bad escapes, bad names" {
	refused '' 'a = 10UL'
	refused '' 'a = "\q"'
	refused "unknown name 'b'" 'a = b'
	refused 'unknown call' 'mapp(1)'
	refused 'did you mean' 'a = mremapp(1)'
	refused 'keyword' 'expect = 1'
	refused 'predefined' 'page = 1'
	refused 'constant' 'PROT_READ = 1'
	refused 'break' 'break'
	refused 'takes 2 arguments' 'munmap(1)'
	refused 'call' 'a = 1 + brk(0)'
	refused 'function' 'hole(1p)'
	refused 'comparison' 'a = 1; expect a & 1 == 1'
	refused '' 'require mmap, "a reason"'
	refused '' 'require kernel 5.7.1.2'
	refused '' 'require 1 == 1'
}

@test "an error has its file, line and column, the line and a caret" {
	printf 'a = 1\n  expect a == bb\n' >"$BATS_TEST_TMPDIR/x.mmt"
	cd "$BATS_TEST_TMPDIR"
	mm run x.mmt
	assert_failure 2
	assert_line --partial "x.mmt:2:15: unknown name 'bb'"
	assert_line '  expect a == bb'
	assert_line --regexp '^ {14}\^$'
}

@test "strings have == and != only, with strings" {
	refused 'the string' 'a = 1 + "a"'
	refused 'the string' 'expect "a"'
	refused '' 'expect "a" == 1'
	fails 'a string' 'a = "x"; b = 1; if b { a = 2; a = "y" }; c = a + 1'
	fails 'a string' 'a = "x"; expect a == 1'
	fails 'a string' 'a = "x"; munmap(a, 1)'
	fails 'neither true nor false' 'a = "x"; expect a'
}

@test "a name whose binding was not reached fails the step" {
	fails 'was not reached' 'if 0 { a = 1 }; b = a'
}

@test "a call that comes out otherwise than it says fails the step" {
	fails 'expected to return 1' 'munmap(hole(1p), 1p) = 1'
	fails 'expected to fail' 'munmap(hole(1p), 1p) = -1'
	fails 'ENOMEM' 'munmap(1, 1p) = -1 ENOMEM'
	fails 'munmap failed: -1 EINVAL' 'munmap(1, 1p)'
}

@test "a failed check shows both sides" {
	mm run -q -e 'expect 1 + 1 == 3, "arithmetic"'
	assert_failure 1
	assert_output --partial 'arithmetic'
	assert_line --regexp '1 \+ 1 = 2'
	assert_line --regexp '3 += 3'
}

@test "the first failed step stops the script; --keep-going goes on" {
	mm run -e 'expect 0; note "after"'
	assert_failure 1
	refute_output --partial '# after'
	mm run --keep-going -e 'expect 0; note "after"; munmap(1, 1); note "more"'
	assert_failure 1
	assert_output --partial '# after'
	assert_output --partial '# more'
	assert_output --partial '2 failed'
}

@test "an access that faults kills the process with the real signal" {
	fails 'killed by SIGSEGV' 'a = NULL; a[0] = 1'
	fails 'killed by SIGSEGV' 'a = NULL; b = a[0]'
	fails 'killed by SIGSEGV' 'memset(NULL, 0, 1p)'
	fails 'killed by SIGSEGV' 'expect text(NULL) == ""'
	fails 'killed by SIGSEGV' 'expect zero(NULL, 1)'
	fails 'killed by SIGBUS' "fd = memfd_create(\"x\", 0); a = mmap(NULL, 1p, PROT_READ, MAP_SHARED, fd, 0); b = a[0]"
}

@test "a memory operation with = ? may kill its process, and is -1 then" {
	mm run -q -e 'r = memset(NULL, 0, 1p) = ?'
	assert_success
	mm run -q -e 'c = fork(); in c { r = strcpy(NULL, "x") = ? }; expect r == -1; wait(c) = SIGSEGV'
	assert_success
	mm run -q -e 'c = fork(); in c { r = read_pages(NULL, 1p) = ? }; wait(c) = SIGBUS'
	assert_failure 1
	assert_output --partial 'SIGSEGV'
}

@test "a memory operation with = ? fails where it was mmtool that killed the process" {
	local garbage='d = fcntl(1023, F_DUPFD, 5); c = fork(); in c { write(d, "garbage", 7) }'
	for operation in 'memset(scratch, 1, 1)' 'strcpy(scratch, "x")' 'words(scratch, 1)' 'memcpy(scratch, scratch, 1)' 'read_pages(scratch, 1p)' \
		'write_pages(scratch, 1p)'; do
		fails 'disturbed its connection' "$garbage; $operation = ?"
	done
	mm run --keep-going -e "$garbage; r = memset(scratch, 1, 1) = ?; in c { expect r == -1; note \"alive\" }"
	assert_failure 1
	assert_output --partial 'disturbed its connection'
	assert_line '# alive'
	assert_output --partial '1 failed'
}

@test "a memory operation with = ? fails where it takes too long" {
	[ "$(word_bits)" -gt 32 ] || skip 'there are not so many addresses'
	# Loads from so many pages that are all the zero page take seconds, and no memory but for page tables.
	local wide='a = mmap(NULL, 64G, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0)
		madvise(a, 64G, MADV_NOHUGEPAGE) = ?'
	for process in 'getpid()' 'fork()'; do
		mm run -q --timeout=0.1 -e "$wide; p = $process; in p { read_pages(a, 64G) = ? }; note \"after\""
		assert_failure 1
		assert_output --partial 'took longer than 0.1 seconds (--timeout)'
		refute_output --partial '# after'
	done
}

@test "in a process that has died every statement but wait fails" {
	fails 'has died' 'memset(NULL, 0, 1) = ?; note "dead"'
	fails 'has died' 'c = fork(); in c { memset(NULL, 0, 1) = ? }; in c { expect 1 }'
	mm run -q -e 'c = fork(); in c { memset(NULL, 0, 1) = ?; wait(c) = SIGSEGV }'
	assert_success
}

@test "a dead main process ends the script unless the rest is in another" {
	mm run -q -e 'a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0); c = fork(); memset(NULL, 0, 1) = ?; in c { a[0] = 5; expect a[0] == 5 }; wait(c) = 0'
	assert_success
	mm run --keep-going -e 'c = fork(); memset(NULL, 0, 1); in c { note "alive" }; note "dead"; note "not reached"'
	assert_failure 1
	assert_output --partial '# alive'
	refute_output --partial '# dead'
	refute_output --partial '# not reached'
}

@test "a fork that mmtool cannot make is no answer of the kernel's" {
	(ulimit -n 1024) || skip 'the limit of descriptors is lower here'
	# With the hard limit at what a subject begins with, there is no room above it.
	full='repeat 1100 { open("/dev/zero", O_RDONLY) = ? }; expect errno == EMFILE'
	for expected in '' ' = ?' ' = -1 EMFILE'; do
		run bash -c 'ulimit -n 1024 && exec "$MMTOOL" run -q -e "$1"' bash "$full; c = fork()$expected"
		assert_failure 1
		assert_output --partial 'no descriptor left for the child'
		refute_line --regexp '^    fork\(\) = -1'
	done
	run bash -c 'ulimit -n 1024 && exec "$MMTOOL" run -q --inject=fork:EMFILE -e "$1"' bash 'c = fork() = -1 EMFILE'
	assert_success
}

@test "one descriptor is enough for a fork" {
	not_sanitized 'its runtime opens files in the child'
	(ulimit -n 1024) || skip 'the limit of descriptors is lower here'
	full='repeat 1100 { open("/dev/zero", O_RDONLY) = ? }; expect errno == EMFILE'
	run bash -c 'ulimit -n 1024 && exec "$MMTOOL" run -q -e "$1"' bash "$full; close(3); c = fork(); in c { close(4) }; wait(c) = 0"
	assert_success
}

@test "wait and in: only for processes of the script, and once" {
	fails 'already collected' 'c = fork(); wait(c); wait(c)'
	fails 'no process of this script' 'wait(1)'
	fails 'no process of this script' 'in 1 { expect 1 }'
	fails 'cannot wait for itself' 'wait(getpid())'
}

@test "a failing pass is shown after the sum of those before it" {
	mm run -e 'repeat 100 as i { expect i != 50 }'
	assert_failure 1
	assert_output --partial '47 more passes, all as expected'
	assert_output --partial 'FAILED'
}

@test "passes after the third are summed up in one line" {
	mm run -e 'repeat 1000 as i { expect i < 1000 }'
	assert_success
	assert_line --partial '997 more passes, all as expected'
	[ "$(grep -c '^expect' <<<"$output")" -eq 3 ]
}

@test "a field that the kernel lacks fails the step" {
	fails 'no such field' 'a = status("VmNothing")'
	fails 'no such field' 'a = smaps(scratch, "Nothing")'
	fails 'no such field' 'a = meminfo("Nothing")'
	fails 'sysctl' 'a = sysctl("vm.nothing")'
	fails 'sysctl' 'a = sysctl("../../etc/passwd")'
}

@test "lengths and ranges that cannot be" {
	fails 'negative' 'memset(scratch, 0, -1)'
	fails 'negative' 'a = zero(scratch, -1)'
	fails 'past the end' 'a = mapped(-1p, 2p)'
	fails 'no free range' 'a = hole(0x7fffffffffffffff)'
	fails 'positive' 'a = hole(0)'
}

@test "require: what is missing ends the script as unsupported" {
	mm run -e 'require kernel 99'
	assert_failure 77
	assert_output --partial 'needs Linux 99'
	mm run -e 'require 1 == 2, "needs a miracle"; note "after"'
	assert_failure 77
	assert_output --partial 'needs a miracle'
	refute_output --partial '# after'
	mm run -e 'require FALLOC_FL_NO_HIDE_STALE'
	assert_failure 77
}

@test "require tries, and counts no fault of the script's" {
	not_sanitized 'faults of its own'
	mm run -q -e 'a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
		a[0] = 1; f = minflt(); m = vmas(0, 0x7ffffffffffff000)
		require mmap
		require MADV_COLD
		require MREMAP_MAYMOVE
		a[0] = 2
		expect minflt() == f; expect vmas(0, 0x7ffffffffffff000) == m'
	[ "$status" -ne 77 ] || skip "$output"
	assert_success
}

@test "the pages of a wide range are looked at in no time, or --timeout ends it" {
	not_sanitized 'its shadow takes the addresses'
	[ "$(word_bits)" -gt 32 ] || skip 'there are not so many addresses'
	wide='a = mmap(NULL, 8T, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ?
		require a != MAP_FAILED, "no room for 8T"
		expect resident(a, 8T) == 0'
	mm run -q --timeout=1 -e "$wide"
	[ "$status" -ne 77 ] || skip "$output"
	[ "$status" -eq 0 ] || assert_line --partial 'FAILED: resident: to look at all pages of the range took longer than 1'
	need strace
	run strace -o /dev/null -e trace=ioctl -e inject=ioctl:error=ENOTTY "$MMTOOL" run --timeout=1 -e "$wide"
	grep -q 'seconds (--timeout)' <<<"$output" || skip "strace cannot have a call fail here: $output"
	assert_failure 1
}

@test "a requirement that cannot be told fails, and says why" {
	for how in '' --quiet; do
		mm run ${how:+"$how"} -e 'require 1 / 0 == 1, "a reason"'
		assert_failure 1
		assert_line '    FAILED: division by zero: 1 / 0'
		refute_output --partial 'unsupported'
	done
	mm run --format=tap -e 'require 1 / 0 == 1, "a reason"'
	assert_line 'not ok 1 - require 1 / 0 == 1, "a reason"'
	assert_line '# -e:1: division by zero: 1 / 0'
	"$MMTOOL" run --format=json -e 'require 1 / 0 == 1, "a reason"' >"$BATS_TEST_TMPDIR/events" || true
	mm report "$BATS_TEST_TMPDIR/events"
	assert_line '    FAILED: division by zero: 1 / 0'
}

@test "a non-canonical address gives SI_KERNEL" {
	[ "$(uname -m)" = x86_64 ] && [ "$(word_bits)" -eq 64 ] || skip 'not x86-64'
	mm run -q -e 'a = 0x4000000000000000; expect fault(a[0]) == SI_KERNEL; expect fault(a[0] = 1) == SI_KERNEL'
	assert_success
}

@test "the strings of a call, with a zero byte behind each, have 64 KiB" {
	local long

	long=$(printf 'a%.0s' {1..65000})
	printf 'prctl(PR_SET_NAME, "%s", "%s") = 0\n' "$long" "$(printf 'b%.0s' {1..534})" >"$BATS_TEST_TMPDIR/a.mmt"
	mm run -q "$BATS_TEST_TMPDIR/a.mmt"
	assert_success
	sed -i 's/"b/"bb/' "$BATS_TEST_TMPDIR/a.mmt"
	mm run -q "$BATS_TEST_TMPDIR/a.mmt"
	assert_failure 1
	assert_output --partial 'at most 65536 bytes together'
	printf 'a = mmap(NULL, 1M, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0); strcpy(a, "%s%s"); expect a[130000] == 0\n' \
		"$long" "$long" >"$BATS_TEST_TMPDIR/a.mmt"
	mm run -q "$BATS_TEST_TMPDIR/a.mmt"
	assert_success
}

@test "a range may end where the address space ends, and not behind it" {
	[ "$(word_bits)" -eq 64 ] || skip 'not 64-bit'
	mm run -q -e 'expect mapped(-1p, 1p) == 0 && vmas(-1p, 1p) == 0 && !vma(-1p, 1p) && resident(-1p, 1p) == 0' \
		-e 'read_pages(-1p, 1p) = ?' -e 'write_pages(-1, 1) = ?' -e 'expect vmas(0, 0x7fffffffffffffff) > 5'
	assert_success
	mm run -q -e 'expect mapped(-1p, 1p + 1) == 0'
	assert_failure 1
	assert_output --partial 'mapped: the range runs past the end of the address space'
	mm run -q -e 'read_pages(-1p, 1p + 1) = ?'
	assert_failure 1
	assert_output --partial 'read_pages: the range runs past the end of the address space'
}

@test "that a right to protection keys is missing is not laid to the kernel alone" {
	mm run -q -e 'require PKEY_DISABLE_ACCESS'
	[ "$status" -ne 0 ] || skip 'this machine has protection keys'
	assert_failure 77
	assert_output --partial 'no protection key can be had for PKEY_DISABLE_ACCESS (the'
	refute_output --partial 'this kernel has no'
}

@test "a number of /proc/sys of which only the beginning could be read is not told" {
	not_sanitized 'its runtime comes first'
	command -v "${CC:-cc}" >/dev/null || skip 'no compiler here'
	cd "$BATS_TEST_TMPDIR"
	# The kernel answers a read that goes on behind the first with nothing.
	cat >short.c <<-'END'
		#define _GNU_SOURCE
		#include <dlfcn.h>
		#include <stdio.h>
		#include <string.h>
		#include <unistd.h>
		static size_t some(int fd, size_t size)
		{
			char link[64], path[16] = "";
			snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
			return readlink(link, path, sizeof(path) - 1) > 0 && !strncmp(path, "/proc/sys/", 10) && size > 2 ? 2 : size;
		}
		ssize_t read(int fd, void *data, size_t size)
		{
			ssize_t (*real)(int, void *, size_t) = dlsym(RTLD_NEXT, "read");
			return real(fd, data, some(fd, size));
		}
		ssize_t pread64(int fd, void *data, size_t size, off64_t at)
		{
			ssize_t (*real)(int, void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pread64");
			return real(fd, data, some(fd, size), at);
		}
	END
	${CC:-cc} -w -shared -fPIC -o short.so short.c -ldl 2>/dev/null || skip 'no library can be made here'
	LD_PRELOAD=$PWD/short.so true 2>/dev/null || skip 'no library can be loaded before others here'
	run env LD_PRELOAD="$PWD/short.so" "$MMTOOL" run -e 'note sysctl("vm.max_map_count")'
	assert_failure 3
	assert_output 'mmtool run: sysctl: "vm.max_map_count" cannot be read: Input/output error'
	# The policy has one digit, and is read whole.
	run env LD_PRELOAD="$PWD/short.so" "$MMTOOL" run -q -e 'require sysctl("vm.overcommit_memory") < 3, "none"'
	assert_success
}
