/* SPDX-License-Identifier: MIT */
/* What the kernel's filter lets through: calls made behind the fence by code that no interpreter has looked at. */
#include "run/fence.h"

#include "mm/call-kernel.h"
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

/* Linux 5.1 to 6.10: one number on all architectures, over the base. */
enum {
	PIDFD_SEND_SIGNAL = CALL_NUMBER(424),
	IO_URING_SETUP = CALL_NUMBER(425),
	PIDFD_OPEN = CALL_NUMBER(434),
	CLONE3 = CALL_NUMBER(435),
	OPENAT2 = CALL_NUMBER(437),
	PIDFD_GETFD = CALL_NUMBER(438),
	PROCESS_MADVISE = CALL_NUMBER(440),
	MEMFD_SECRET = CALL_NUMBER(447),
	MSEAL = CALL_NUMBER(462),
};

enum { CALLS = 96 };

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
#endif
#ifdef SYS_vfork
	REFUSED("vfork", SYS_vfork, 0, 0, 0, 0);
#endif
#ifndef __s390x__
	REFUSED("a thread", SYS_clone, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0);
	REFUSED("a child of its own", SYS_clone, SIGCHLD, 0, 0, 0);
	REFUSED("a user namespace", SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0);
#endif
	REFUSED("clone3", CLONE3, 0, 0, 0, 0);
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
	REFUSED("FIOASYNC", SYS_ioctl, 0, FIOASYNC, 0, 0);
	REFUSED("FIOSETOWN", SYS_ioctl, 0, FIOSETOWN, 0, 0);
	REFUSED("TIOCSTI", SYS_ioctl, 0, TIOCSTI, (unsigned long)"x", 0);
	REFUSED("TIOCSCTTY", SYS_ioctl, 0, TIOCSCTTY, 0, 0);
	REFUSED("TIOCLINUX", SYS_ioctl, 0, TIOCLINUX, 0, 0);
	REFUSED("EXT4_IOC_RESIZE_FS, a number of PAGEMAP_SCAN's", SYS_ioctl, 0, _IOW('f', 16, char[8]), 0, 0);
	REFUSED("EXT4_IOC_SWAP_BOOT, one of PROCMAP_QUERY's", SYS_ioctl, 0, _IO('f', 17), 0, 0);
	attempt("PAGEMAP_SCAN", false, false, SYS_ioctl, 0, _IOWR('f', 16, char[96]), 0, 0);
	attempt("PROCMAP_QUERY", false, false, SYS_ioctl, 0, _IOWR('f', 17, char[104]), 0, 0);
	attempt("UFFDIO_API", false, false, SYS_ioctl, 0, _IOWR(0xaa, 0x3f, char[24]), 0, 0);
	REFUSED("F_SETLK", SYS_fcntl, 0, F_SETLK, 0, 0);
	REFUSED("F_OFD_SETLKW", SYS_fcntl, 0, 38, 0, 0);
	REFUSED("F_SETLEASE", SYS_fcntl, 0, F_SETLEASE, F_RDLCK, 0);
	REFUSED("F_NOTIFY", SYS_fcntl, 0, F_NOTIFY, 1, 0);
	attempt("F_GETLEASE", false, false, SYS_fcntl, 0, F_GETLEASE, 0, 0);
	REFUSED("MADV_HWPOISON", SYS_madvise, 0, 4096, 100, 0);
	REFUSED("MADV_SOFT_OFFLINE", SYS_madvise, 0, 4096, 101, 0);
	attempt("MADV_COLD", false, false, SYS_madvise, 0, 0, 20, 0);
	REFUSED("MADV_HWPOISON by process_madvise", PROCESS_MADVISE, (unsigned long)-1, 0, 0, 100);
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

/* All that is let through with one argument or another; in words, so that the fence's own list is not believed. */
static const long let_through[] = {
	SYS_recvmsg, SYS_sendto, SYS_recvfrom, SYS_sendmsg, SYS_exit_group, SYS_rt_sigreturn, SYS_rt_sigaction, SYS_sigaltstack,
	SYS_rt_sigprocmask, SYS_close, SYS_dup3, SYS_getppid, SYS_restart_syscall, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_pkey_alloc,
	SYS_pkey_free, SYS_pkey_mprotect, SYS_madvise, PROCESS_MADVISE, SYS_msync, SYS_mlock, SYS_mlock2, SYS_munlock,
	SYS_mlockall, SYS_munlockall, SYS_mincore, MSEAL, SYS_remap_file_pages, SYS_brk, SYS_memfd_create,
	MEMFD_SECRET, SYS_read, SYS_write, SYS_pread64, SYS_pwrite64, SYS_ftruncate, SYS_fallocate, SYS_fsync,
	SYS_userfaultfd, SYS_setuid, PIDFD_OPEN, SYS_process_vm_readv, SYS_capget, SYS_capset, SYS_openat, SYS_clone, SYS_fcntl,
	SYS_ioctl, SYS_prctl, SYS_prlimit64,
#ifdef SYS_open
	SYS_open,
#endif
#ifdef SYS_send
	SYS_send, SYS_recv,
#endif
#ifdef SYS_mmap
	SYS_mmap,
#endif
#ifdef SYS_mmap2
	SYS_mmap2,
#endif
#ifdef SYS_ftruncate64
	SYS_ftruncate64,
#endif
#ifdef SYS_fadvise64
	SYS_fadvise64,
#endif
#ifdef SYS_arm_fadvise64_64
	SYS_arm_fadvise64_64,
#endif
#ifdef SYS_fadvise64_64
	SYS_fadvise64_64,
#endif
#ifdef SYS_fcntl64
	SYS_fcntl64,
#endif
#ifdef SYS_setuid32
	SYS_setuid32,
#endif
#ifdef SYS_shmget
	SYS_shmget, SYS_shmat, SYS_shmdt, SYS_shmctl,
#endif
#ifdef SYS_socketcall
	SYS_socketcall,
#endif
	/* What AddressSanitizer's runtime asks for by itself. */
#if defined(__SANITIZE_ADDRESS__)
	SYS_sched_getaffinity, SYS_getpid, SYS_gettid, SYS_futex, SYS_sched_yield,
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	SYS_sched_getaffinity, SYS_getpid, SYS_gettid, SYS_futex, SYS_sched_yield,
#endif
#endif
};

static bool is_let_through(long number)
{
	for (size_t i = 0; i < sizeof(let_through) / sizeof(let_through[0]); i++) {
		if (let_through[i] == number)
			return true;
	}
	return false;
}

/* Where the numbers of a machine's ABIs begin: x32's on x86-64, and o32's, n64's and n32's on mips. */
static const long bases[] = { 0, 0x40000000, 4000, 5000, 6000 };

/* Numbers that no kernel has yet, and those of other ABIs, are numbers too. */
static void every_other(void)
{
	enum { NUMBERS = 1024, CAME_TO_ITS_END = 3 };
	pid_t pid = fork();

	if (pid == 0) {
		const char *call;
		int wrong = 0;

		if (fence_raise(true, &call) < 0)
			_exit(2);
		results[0] = -1;
		for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]) * NUMBERS; i++) {
			long tried = bases[i / NUMBERS] + (long)(i % NUMBERS), meant = tried;
			bool made;
#ifdef __s390x__
			meant &= 0xffff; /* all that the kernel looks at (arch/s390/kernel/syscall.c) */
#endif

			/* uretprobe and uprobe on x86-64: no filter sees them, and the kernel kills who is not its probe. */
			if (is_let_through(meant) || tried == 335 || tried == 336)
				continue;
			errno = 0;
			made = syscall(tried, 0L, 0L, 0L, 0L, 0L, 0L) >= 0 || errno != FENCE_ERRNO;
#ifdef __mips__
			/* A number that none of its ABIs has is refused before any filter is asked (arch/mips/kernel/scall64-n64.S). */
			made = made && errno != ENOSYS;
#endif
			if (made && wrong++ == 0)
				results[0] = (int)tried;
		}
		_exit(wrong > 0 ? 1 : CAME_TO_ITS_END);
	}
	int status = -1;

	waitpid(pid, &status, 0);
	if (!ok(WIFEXITED(status) && WEXITSTATUS(status) == CAME_TO_ITS_END, "every call that no script needs is refused, whatever its number"))
		printf("# status %#x, number %d\n", (unsigned)status, results[0]);
}

#ifdef __x86_64__
/* The 32-bit way into the kernel: its numbers mean other calls, 37 is kill. */
static void other_entry(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		const char *call;
		long result = 37;

		if (fence_raise(false, &call) < 0)
			_exit(2);
		__asm__ volatile("int $0x80" : "+a"(result) : "b"(0L), "c"(0L) : "memory");
		_exit(result == -FENCE_ERRNO || result == -ENOSYS ? 0 : 1);
	}
	int status = -1;

	waitpid(pid, &status, 0);
	if (!ok(status == 0 || (WIFSIGNALED(status) && (WTERMSIG(status) == SIGSYS || WTERMSIG(status) == SIGSEGV)),
	        "by the 32-bit entry nothing is made"))
		printf("# status %#x\n", (unsigned)status);
}
#endif

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
	every_other();
#ifdef __x86_64__
	other_entry();
#endif
	return done();
}
