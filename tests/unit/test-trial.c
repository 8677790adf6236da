/* SPDX-License-Identifier: MIT */
/* Trials: every constant and every call can be tried, and what no kernel has is told from what each has. */
#include "run/trial.h"

#include "tap.h"

#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_SECONDS = 60, BROKEN = -1 };

/* What a child finds, or BROKEN: it did not come to its end. */
static int tried(const struct constant *constant, const struct call *call)
{
	const struct rlimit no_core = { 0, 0 };
	int status;

	fflush(stdout);
	pid_t pid = fork();

	if (pid == 0) {
		(void)setrlimit(RLIMIT_CORE, &no_core);
		alarm(MOST_SECONDS);
		_exit((int)(constant != NULL ? trial_constant(constant) : trial_call(call)));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) > TRIAL_UNKNOWN)
		return BROKEN;
	return WEXITSTATUS(status);
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
	   constant_count, outcomes[TRIAL_PRESENT], outcomes[TRIAL_ABSENT], outcomes[TRIAL_UNKNOWN]);
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

int main(void)
{
	test_present();
	test_absent();
	test_all();
	return done();
}
