/* SPDX-License-Identifier: MIT */
/* What the kernel's filter lets through: calls made behind the fence by code that no interpreter has looked at. */
#include "run/fence.h"

#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Linux 5.1 to 5.6: one number on all architectures. */
enum { PIDFD_SEND_SIGNAL = 424, IO_URING_SETUP = 425, OPENAT2 = 437, PIDFD_GETFD = 438 };

enum { CALLS = 64 };

struct attempt {
	const char *what;
	bool may_write; /* behind a fence that is open for files */
	bool refused;
	long number;
	unsigned long args[6];
};

static struct attempt *attempts; /* with what came of them in results, shared with the child */
static int *results;
static unsigned count;

static void attempt(const char *what, bool may_write, bool refused, long number, unsigned long a, unsigned long b,
                    unsigned long c, unsigned long d)
{
	attempts[count++] = (struct attempt){ what, may_write, refused, number, { a, b, c, d } };
}

#define REFUSED(what, ...) attempt(what, false, true, __VA_ARGS__)

static void files(void)
{
	const unsigned long here = (unsigned long)AT_FDCWD, path = (unsigned long)"/no/such/file", null = (unsigned long)"/dev/null";

	attempt("a file is opened for reading", false, false, SYS_openat, here, path, O_RDONLY, 0);
	attempt("a path alone", false, false, SYS_openat, here, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	REFUSED("for writing", SYS_openat, here, path, O_WRONLY, 0);
	REFUSED("for both", SYS_openat, here, path, O_RDWR | O_CLOEXEC, 0);
	REFUSED("the third access mode", SYS_openat, here, path, O_ACCMODE, 0);
	REFUSED("made", SYS_openat, here, path, O_CREAT, 0600);
	REFUSED("cut short", SYS_openat, here, path, O_TRUNC, 0);
	REFUSED("without a name", SYS_openat, here, path, O_TMPFILE | O_RDWR, 0600);
	REFUSED("/dev/null for writing", SYS_openat, here, null, O_WRONLY, 0);
	REFUSED("openat2", OPENAT2, here, path, 0, 24);
	attempt("with --allow-write: for writing", true, false, SYS_openat, here, path, O_RDWR | O_TRUNC, 0);
	attempt("with --allow-write: another call is refused still", true, true, SYS_unlinkat, here, path, 0, 0);
#ifdef SYS_open
	attempt("open(2): for reading", false, false, SYS_open, path, O_RDONLY, 0, 0);
	REFUSED("open(2): for writing", SYS_open, path, O_WRONLY | O_APPEND, 0, 0);
	REFUSED("open(2): made", SYS_open, path, O_CREAT | O_EXCL, 0600, 0);
#endif
	REFUSED("unlinkat", SYS_unlinkat, here, path, 0, 0);
	REFUSED("linkat", SYS_linkat, here, path, here, null);
	REFUSED("mkdirat", SYS_mkdirat, here, path, 0700, 0);
	REFUSED("truncate", SYS_truncate, path, 0, 0, 0);
	REFUSED("fchmodat", SYS_fchmodat, here, path, 0777, 0);
	REFUSED("mount", SYS_mount, path, path, path, 0);
	REFUSED("chdir", SYS_chdir, path, 0, 0, 0);
}

static void processes(void)
{
	const unsigned long tool = (unsigned long)getpid();

	REFUSED("kill", SYS_kill, tool, 0, 0, 0);
	REFUSED("tgkill", SYS_tgkill, tool, tool, 0, 0);
	REFUSED("rt_sigqueueinfo", SYS_rt_sigqueueinfo, tool, SIGTERM, 0, 0);
	REFUSED("pidfd_send_signal", PIDFD_SEND_SIGNAL, 0, SIGTERM, 0, 0);
	REFUSED("pidfd_getfd", PIDFD_GETFD, 0, 0, 0, 0);
	REFUSED("ptrace", SYS_ptrace, 16 /* PTRACE_ATTACH */, tool, 0, 0);
	REFUSED("process_vm_writev", SYS_process_vm_writev, tool, 0, 0, 0);
	REFUSED("execve", SYS_execve, (unsigned long)"/bin/true", 0, 0, 0);
	REFUSED("io_uring_setup", IO_URING_SETUP, 1, 0, 0, 0);
	REFUSED("setsid", SYS_setsid, 0, 0, 0, 0);
	REFUSED("sched_setaffinity", SYS_sched_setaffinity, tool, 0, 0, 0);
	REFUSED("setpriority", SYS_setpriority, PRIO_PROCESS, tool, 19, 0);
	REFUSED("the tool's limits", SYS_prlimit64, tool, RLIMIT_CPU, 0, 0);
	REFUSED("the limit of cores", SYS_prlimit64, 0, RLIMIT_CORE, 0, 0);
	attempt("one's own limits", false, false, SYS_prlimit64, 0, RLIMIT_AS, 0, 0);
#ifdef SYS_socket
	REFUSED("socket", SYS_socket, AF_INET, SOCK_STREAM, 0, 0);
#endif
#ifdef SYS_fork
	REFUSED("fork", SYS_fork, 0, 0, 0, 0);
	REFUSED("vfork", SYS_vfork, 0, 0, 0, 0);
#endif
#ifndef __s390x__
	REFUSED("a thread", SYS_clone, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0);
	REFUSED("a child of its own", SYS_clone, SIGCHLD, 0, 0, 0);
	REFUSED("a user namespace", SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0);
#endif
	REFUSED("clone3", 435, 0, 0, 0, 0);
	REFUSED("unshare", SYS_unshare, CLONE_NEWUSER, 0, 0, 0);
	REFUSED("PR_SET_DUMPABLE", SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0);
	REFUSED("PR_SET_PTRACER", SYS_prctl, PR_SET_PTRACER, ~0UL, 0, 0);
	REFUSED("the death signal", SYS_prctl, PR_SET_PDEATHSIG, 0, 0, 0);
}

static void descriptors(void)
{
	REFUSED("F_SETOWN", SYS_fcntl, 0, F_SETOWN, 1, 0);
	REFUSED("F_SETOWN_EX", SYS_fcntl, 0, 15, 0, 0);
	REFUSED("F_SETSIG", SYS_fcntl, 0, F_SETSIG, SIGKILL, 0);
	REFUSED("O_ASYNC", SYS_fcntl, 0, F_SETFL, O_ASYNC, 0);
	REFUSED("FIOASYNC", SYS_ioctl, 0, 0x5452, 0, 0);
	REFUSED("FIOSETOWN", SYS_ioctl, 0, 0x8901, 0, 0);
	REFUSED("TIOCSTI", SYS_ioctl, 0, TIOCSTI, (unsigned long)"x", 0);
	REFUSED("TIOCSCTTY", SYS_ioctl, 0, TIOCSCTTY, 0, 0);
	REFUSED("TIOCLINUX", SYS_ioctl, 0, 0x541c, 0, 0);
}

static void behind(bool may_write)
{
	pid_t pid = fork();

	if (pid == 0) {
		const char *call;

		if (fence_raise(may_write, &call) < 0)
			_exit(2);
		for (unsigned i = 0; i < count; i++) {
			const unsigned long *a = attempts[i].args;

			if (attempts[i].may_write != may_write)
				continue;
			errno = 0;
			results[i] = syscall(attempts[i].number, a[0], a[1], a[2], a[3], a[4], a[5]) < 0 ? errno : 0;
		}
		_exit(0);
	}
	int status = -1;

	waitpid(pid, &status, 0);
	ok(status == 0, "behind a fence%s: %#x", may_write ? " that is open for files" : "", (unsigned)status);
}

int main(void)
{
	static struct attempt list[CALLS + 1];

	attempts = list;
	results = mmap(NULL, CALLS * sizeof(*results), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	files();
	processes();
	descriptors();
	if (!ok(count <= CALLS && results != MAP_FAILED, "%u calls", count))
		return done();
	behind(false);
	behind(true);
	for (unsigned i = 0; i < count; i++)
		ok((results[i] == FENCE_ERRNO) == attempts[i].refused, "%s: %s", attempts[i].what,
		   attempts[i].refused ? "refused" : "let through");
	return done();
}
