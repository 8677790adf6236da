/* SPDX-License-Identifier: MIT */
/* Trials: every constant and every call can be tried, and what no kernel has is told from what each has. */
#include "run/trial.h"

#include "tap.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_SECONDS = 60, BROKEN = -1, NO_FILTER = 99 };

/* From now on this process is refused the system call of that number. */
static bool refuse(unsigned number)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* What a child finds that is refused the system call of that number (-1: none), or BROKEN: it did not come to its end. */
static int tried_without(int number, const struct constant *constant, const struct call *call)
{
	const struct rlimit no_core = { 0, 0 };
	int status;

	fflush(stdout);
	pid_t pid = fork();

	if (pid == 0) {
		(void)setrlimit(RLIMIT_CORE, &no_core);
		alarm(MOST_SECONDS);
		if (number >= 0 && !refuse((unsigned)number))
			_exit(NO_FILTER);
		_exit((int)(constant != NULL ? trial_constant(constant) : trial_call(call)));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return BROKEN;
	return WEXITSTATUS(status) <= TRIAL_UNKNOWN || WEXITSTATUS(status) == NO_FILTER ? WEXITSTATUS(status) : BROKEN;
}

static int tried(const struct constant *constant, const struct call *call)
{
	return tried_without(-1, constant, call);
}

static void test_all(void)
{
	unsigned count = 0, outcomes[TRIAL_UNKNOWN + 1] = { 0 };

	for (size_t i = 0; i < constant_count; i++) {
		const struct constant *constant = &constant_table[i];
		int outcome = constant->absent ? TRIAL_ABSENT : tried(constant, NULL);

		if (outcome == BROKEN)
			ok(false, "%s can be tried", constant->name);
		else
			outcomes[outcome]++;
		count += outcome != BROKEN;
	}
	ok(count == constant_count, "all %zu constants can be tried: %u are here, %u are not, %u cannot be asked about",
	   constant_count, outcomes[TRIAL_PRESENT], outcomes[TRIAL_ABSENT] + outcomes[TRIAL_REFUSED], outcomes[TRIAL_UNKNOWN]);
}

/* Older than every kernel that mmtool runs on, and never left out of one. */
static void test_present(void)
{
	static const char *const names[] = {
		"PROT_READ", "PROT_EXEC", "MREMAP_MAYMOVE", "MREMAP_FIXED", "MADV_DONTNEED", "MADV_WILLNEED", "MS_SYNC", "MS_ASYNC",
		"MCL_FUTURE", "F_GETFL", "F_SETFD", "POSIX_FADV_NORMAL", "POSIX_FADV_DONTNEED", "FALLOC_FL_KEEP_SIZE",
		"FALLOC_FL_PUNCH_HOLE", "O_CLOEXEC", "O_PATH", "PR_GET_DUMPABLE", "PR_SET_NAME", "RLIMIT_AS", "RLIMIT_STACK",
	};
	static const char *const calls[] = { "mmap", "munmap", "mremap", "mprotect", "madvise", "msync", "mincore", "brk" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ok(tried(constant_find(names[i], strlen(names[i])), NULL) == TRIAL_PRESENT, "%s is here", names[i]);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		ok(tried(NULL, call_find(calls[i], strlen(calls[i]))) == TRIAL_PRESENT, "%s is here", calls[i]);
}

/* Numbers and bits that no kernel gave a meaning, in each group that can be asked about. */
static void test_absent(void)
{
	static const struct constant none[] = {
		{ .name = "a protection", .group = GROUP_PROT, .value = 0x40000000 },
		{ .name = "a flag of mremap", .group = GROUP_MREMAP, .value = 0x40000000 },
		{ .name = "an advice", .group = GROUP_MADV, .value = 12345 },
		{ .name = "a flag of msync", .group = GROUP_MS, .value = 0x40000000 },
		{ .name = "a flag of mlockall", .group = GROUP_MCL, .value = 0x40000000 },
		{ .name = "a flag of mlock2", .group = GROUP_MLOCK, .value = 0x40000000 },
		{ .name = "a command of fcntl", .group = GROUP_FCNTL, .value = 12345 },
		{ .name = "a seal", .group = GROUP_SEAL, .value = 0x40000000 },
		{ .name = "a flag of memfd_create", .group = GROUP_MFD, .value = 0x10000 },
		{ .name = "a mode of fallocate", .group = GROUP_FALLOC, .value = 0x40000000 },
		{ .name = "an advice of fadvise", .group = GROUP_FADV, .value = 12345 },
		{ .name = "an option of prctl", .group = GROUP_PR, .value = 12345 },
		{ .name = "a right of a key", .group = GROUP_PKEY, .value = 0x40000000 },
		{ .name = "a limit", .group = GROUP_RLIMIT, .value = 12345 },
		{ .name = "MAP_SHARED_VALIDATE of old", .group = GROUP_OTHER, .absent = true },
	};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ok(tried(&none[i], NULL) == TRIAL_ABSENT, "%s that no kernel has", none[i].name);
}

/* A filter's EPERM is told from the kernel's. */
static void test_refused(void)
{
	static const struct {
		const char *name;
		int number;
		const char *constant;
	} rows[] = {
		{ "memfd_create", SYS_memfd_create, "MFD_CLOEXEC" }, { "mlock2", SYS_mlock2, "MLOCK_ONFAULT" },
		{ "mlockall", SYS_mlockall, "MCL_FUTURE" },          { "mincore", SYS_mincore, NULL },
		{ "process_vm_readv", SYS_process_vm_readv, NULL },
	};

	if (tried_without(SYS_mincore, NULL, call_find("msync", 5)) == NO_FILTER)
		return;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *constant = rows[i].constant;

		ok(tried_without(rows[i].number, NULL, call_find(rows[i].name, strlen(rows[i].name))) == TRIAL_REFUSED,
		   "%s is refused", rows[i].name);
		if (constant != NULL)
			ok(tried_without(rows[i].number, constant_find(constant, strlen(constant)), NULL) == TRIAL_REFUSED,
			   "%s is refused", constant);
	}
	/* EPERM is also the kernel's answer where no memory may be locked, or to a user. */
	const struct rlimit none = { 0, 0 }, some = { 1, 1 };

	if (setrlimit(RLIMIT_MEMLOCK, &some) == 0)
		ok(tried_without(SYS_mlock, NULL, call_find("mlock", 5)) == TRIAL_REFUSED, "mlock is refused");
	(void)setrlimit(RLIMIT_MEMLOCK, &none);
	ok(tried_without(SYS_mlock, NULL, call_find("mlock", 5)) == TRIAL_PRESENT, "mlock with a limit of 0 is here");
	ok(tried_without(SYS_userfaultfd, NULL, call_find("userfaultfd", 11)) == TRIAL_PRESENT, "userfaultfd may be the user's");
}

int main(void)
{
	test_present();
	test_absent();
	test_all();
	test_refused();
	return done();
}
