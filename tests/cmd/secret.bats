#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# secret: memory that other processes and the kernel cannot look into.

load ../helper/common
load ../helper/program
load ../helper/report

setup()
{
	cd "$BATS_TEST_TMPDIR"
}

# secret: runs it; skips the test where this kernel or user cannot.
secret()
{
	mm secret
	[ "$status" -ne 77 ] || skip "$(tail -n 1 <<<"$output")"
	assert_success
}

# held START: the check held.
held()
{
	[[ $(block "$1" | tail -n 1) == '    ok'* ]] || fail "$1
$output"
}

@test "the process reads it, process_vm_readv finds nothing" {
	secret
	held 'expect text(a) == "Secret"'
	# Behind a struct iovec of two words.
	block "process_vm_readv(getpid(), scratch, 1, scratch + $(($(word_bits) / 4)), 1, 0) = -1 EFAULT" | grep -q '= -1 EFAULT'
	held 'expect text(scratch + 64) == "Plain."'
	block 'write(file, a, 7)' | grep -q ' = 7$'
	held '[child] expect text(a) == "Secret"'
}

@test "it is a shared mapping, locked, and of one size" {
	secret
	assert_equal "$(changed + 'a = mmap' | awk '{ print $2 }')" rw-s
	assert_equal "$(changed + 'a = mmap' | pages_of)" 2
	if tr -s '# \n' ' ' <<<"$output" | grep -q 'count its pages against RLIMIT_MEMLOCK when they are touched'; then
		refute_output --partial 'expect status("VmLck")'
	else
		assert_output --partial "ok: $((2 * page))"
	fi
	block 'mmap(NULL, 2p, PROT_READ|PROT_WRITE, MAP_PRIVATE, fd, 0)' | grep -q '= -1 EINVAL'
	block 'ftruncate(fd, 3p)' | grep -q '= -1 EINVAL'
}

@test "a filter that refuses a call, or kills: unsupported, and it is named" {
	need_compiler
	not_sanitized 'its runtime ends with calls that are refused'
	cat >refuse.c <<-END
		#define _GNU_SOURCE
		#include <errno.h>
		#include <linux/filter.h>
		#include <linux/seccomp.h>
		#include <stddef.h>
		#include <stdlib.h>
		#include <sys/prctl.h>
		#include <unistd.h>

		int main(int argc, char **argv)
		{
			unsigned answer = argc > 1 && *argv[1] == 'k' ? SECCOMP_RET_KILL_THREAD : SECCOMP_RET_ERRNO | EPERM;
			struct sock_filter code[] = {
				BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
				BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)atoi(argv[2]), 0, 1),
				BPF_STMT(BPF_RET | BPF_K, answer),
				BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
			};
			struct sock_fprog program = { 4, code };

			if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0)
				execv(argv[3], argv + 3);
			return 99;
		}
	END
	"${compilers[0]}" -o refuse refuse.c
	number()
	{
		printf '#include <sys/syscall.h>\nSYS_%s\n' "$1" | "${compilers[0]}" -E - | tail -n 1
	}
	for pair in mseal:seal memfd_secret:secret process_vm_readv:secret memfd_create:'alias --object=memfd' mlock:lock \
		mlock:'lock --by=file' mlock:'lock --by=limit' mlock2:'lock --by=onfault' mlockall:'lock --by=all' \
		mlock:'limits --of=memlock' mlock:droppable mlock:'advise --advice=dontneed_locked' mlock2:'oom --how=lock' \
		mlock:'oom --how=lock'; do
		call=${pair%%:*}
		nr=$(number "$call")
		[[ $nr =~ ^[0-9]+$ ]] || continue
		for answer in refuse kill; do
			# shellcheck disable=SC2086 # the words are options
			run ./refuse $answer "$nr" "$MMTOOL" ${pair#*:}
			[ "$status" -ne 99 ] || skip 'no filter can be set here'
			assert_failure 77
			assert_output --regexp "unsupported here: (a filter around mmtool \(seccomp\) refuses $call|this kernel has no )"
		done
	done
	# Of a constant, too, and of a program.
	run ./refuse refuse "$(number memfd_create)" "$MMTOOL" run -e 'require MFD_CLOEXEC'
	assert_failure 77
	assert_output --partial 'a filter around mmtool (seccomp) refuses MFD_CLOEXEC'
	emit lock
	build "${compilers[0]}" 2
	run ./refuse refuse "$(number mlock)" ./program
	assert_failure 77
	assert_output --partial 'or a filter (seccomp) refuses it'
}

@test "as an ordinary user" {
	secret
	as_nobody "$MMTOOL" secret
	[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || fail "$output"
}

@test "as a script and as a C program it does the same" {
	need_compiler
	secret
	same_as_run secret
	same secret
}
