/* SPDX-License-Identifier: MIT */
/*
 * Runs a program and lets one system call of it fail, or lists those that it makes: what tests/faults/run is built on.
 *
 *   inject -o RESULT [-t SECONDS] [-e NAME=VALUE] -l PROGRAM [ARG...]                       lists
 *   inject -o RESULT [-t SECONDS] [-e NAME=VALUE] -w PROGRAM [ARG...]                       watches only
 *   inject -o RESULT [-t SECONDS] [-e NAME=VALUE] -r ROLE -c CALL -n N -f FAULT PROGRAM …   lets the N-th CALL of ROLE fail
 *
 * ROLE is "tool", the process that is started, or "child", all that come of it; calls are counted over all of a role.
 * FAULT is an errno's number, and the kernel never sees the call, or "short": half as many bytes are read or written as
 * were asked for.  brk(2) has no errors: it answers with the break as it is, not the one asked for.  close(2) closes, whatever
 * it answers.  Calls of the dynamic linker before the program's own first are not counted.  RESULT gets a line for
 * each thing that happened: "call ROLE NAME PLACE" (PLACE: where in the program, a hash of the innermost return addresses;
 * what an earlier call left on the stack may be among them, so one place can have several), "injected ROLE NAME", "exit STATUS" or "signal NUMBER" (how the program ended),
 * "child SIGNAL" (a child was killed), "hang", "left NAME" (a process outlived the program; it is killed).
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALL(name) { #name, SYS_##name }

/* What is let fail.  Not here: what cannot fail, and what the C library does without looking (set_robust_list, rseq, futex). */
static const struct call {
	const char *name;
	long number;
} calls[] = {
	CALL(openat), CALL(read), CALL(write), CALL(pread64), CALL(pwrite64), CALL(close), CALL(fstat), CALL(statx),
	CALL(lseek), CALL(mmap), CALL(munmap), CALL(mremap), CALL(mprotect), CALL(madvise), CALL(msync), CALL(mlock),
	CALL(mlock2), CALL(munlock), CALL(mlockall), CALL(munlockall), CALL(mincore), CALL(brk), CALL(remap_file_pages),
	CALL(memfd_create), CALL(clone), CALL(clone3), CALL(socketpair), CALL(setsockopt), CALL(pipe2), CALL(sendmsg),
	CALL(recvmsg), CALL(sendto), CALL(recvfrom), CALL(shutdown), CALL(wait4), CALL(waitid), CALL(prctl), CALL(ioctl),
	CALL(fcntl), CALL(getrandom), CALL(kill), CALL(dup3), CALL(prlimit64), CALL(getdents64), CALL(ftruncate),
	CALL(fallocate), CALL(flock), CALL(fsync), CALL(unlinkat), CALL(mkdirat), CALL(readlinkat), CALL(ppoll),
	CALL(execve), CALL(seccomp), CALL(sigaltstack), CALL(setsid), CALL(userfaultfd), CALL(pidfd_open),
	CALL(pidfd_send_signal), CALL(process_vm_readv), CALL(process_madvise), CALL(shmget), CALL(shmat), CALL(shmctl), CALL(shmdt),
	CALL(pkey_alloc), CALL(pkey_free), CALL(pkey_mprotect), CALL(sched_getaffinity), CALL(sched_setaffinity),
	CALL(timerfd_create), CALL(timerfd_settime), CALL(signalfd4), CALL(rt_sigaction), CALL(rt_sigprocmask),
	CALL(rt_sigtimedwait), CALL(setpgid), CALL(chdir), CALL(fadvise64), CALL(close_range), CALL(renameat2), CALL(fchdir),
	CALL(clock_nanosleep), CALL(tgkill), CALL(getcwd), CALL(getsid),
#ifdef SYS_newfstatat
	CALL(newfstatat),
#endif
#ifdef SYS_open
	CALL(open), CALL(poll), CALL(readlink), CALL(mkdir), CALL(rmdir), CALL(unlink), CALL(dup2), CALL(fork), CALL(vfork),
	CALL(rename), CALL(access), CALL(pipe), CALL(stat), CALL(lstat),
#endif
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { TRACEES = 256, GRACE = 10, DEPTH = 5, STACK_WORDS = 256 };

/* The machine code of a program: where it is mapped. */
struct code {
	uint64_t start, end;
	unsigned char *bytes;
};

/* A traced process; free when pid is 0. */
struct tracee {
	pid_t pid;
	bool begun;               /* its own first call has come: the dynamic linker is done */
	uint64_t linker, linker_end;
	struct code code;         /* bytes are shared by those who were forked, and never freed */
	/* Until its call is over: the register that was changed, and what it held, or the result that it is to have. */
	enum { NOTHING, FIRST, THIRD, RESULT } changed;
	uint64_t was;
};

static struct tracee tracees[TRACEES];
static pid_t tool;
static FILE *result;

/* What is asked for. */
static const char *role, *name, *fault;
static long number = -1;
static unsigned seconds = 60;
static unsigned long nth, seen;
static bool listing, watching;

static volatile sig_atomic_t out_of_time;

static void on_alarm(int signo)
{
	(void)signo;
	out_of_time = 1;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	exit(99);
}

static struct tracee *find(pid_t pid)
{
	for (size_t i = 0; i < TRACEES; i++) {
		if (tracees[i].pid == pid)
			return &tracees[i];
	}
	return NULL;
}

static struct tracee *add(pid_t pid)
{
	struct tracee *tracee = find(pid);

	if (tracee == NULL) {
		tracee = find(0);
		if (tracee == NULL)
			die("too many processes");
		*tracee = (struct tracee){ .pid = pid };
	}
	return tracee;
}

static void copy_code(struct tracee *tracee, uint64_t start, uint64_t end)
{
	struct code *code = &tracee->code;

	*code = (struct code){ start, end, malloc(end - start) };
	struct iovec here = { code->bytes, end - start }, there = { (void *)(uintptr_t)start, end - start };

	if (code->bytes == NULL || process_vm_readv(tracee->pid, &here, 1, &there, 1, 0) != (ssize_t)(end - start))
		code->end = code->start;
}

/* Whether a call instruction ends here. */
static bool is_return_address(const struct code *code, uint64_t address)
{
	if (address < code->start + 8 || address >= code->end)
		return false;
	const unsigned char *at = code->bytes + (address - code->start);
#if defined(__aarch64__)
	uint32_t before;

	memcpy(&before, at - 4, 4);
	return (before & 0xfc000000) == 0x94000000 || (before & 0xfffffc1f) == 0xd63f0000;
#else
	return at[-5] == 0xe8 || (at[-2] == 0xff && (at[-1] & 0xf8) == 0xd0) || (at[-3] == 0xff && (at[-2] & 0xf8) == 0x50) ||
	       (at[-6] == 0xff && ((at[-5] & 0xf8) == 0x90 || at[-5] == 0x15));
#endif
}

static uint32_t place(const struct tracee *tracee, uint64_t stack)
{
	unsigned long words[STACK_WORDS];
	struct iovec here = { words, sizeof(words) }, there = { (void *)(uintptr_t)stack, sizeof(words) };
	ssize_t got = process_vm_readv(tracee->pid, &here, 1, &there, 1, 0);
	uint32_t hash = 2166136261u;
	unsigned deep = 0;

	for (size_t i = 0; got > 0 && i < (size_t)got / sizeof(words[0]) && deep < DEPTH; i++) {
		if (!is_return_address(&tracee->code, words[i]))
			continue;
		hash = (hash ^ (uint32_t)(words[i] - tracee->code.start)) * 16777619u;
		deep++;
	}
	return hash;
}

/* Where the dynamic linker was mapped by exec: the first file mapping whose name is not that of the first line. */
static void find_linker(struct tracee *tracee)
{
	char path[64], line[4200], first[4200] = "", file[4200], perms[8];
	unsigned long start, end;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)tracee->pid);
	FILE *maps = fopen(path, "re");

	tracee->linker = tracee->linker_end = 0;
	tracee->begun = false;
	while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %4199[^\n]", &start, &end, perms, file) != 4 || file[0] != '/')
			continue;
		if (first[0] == '\0')
			memcpy(first, file, sizeof(first));
		if (strcmp(first, file) == 0 && perms[2] == 'x' && listing)
			copy_code(tracee, start, end);
		if (strcmp(first, file) == 0)
			continue;
		if (tracee->linker == 0)
			tracee->linker = start;
		tracee->linker_end = end;
	}
	if (maps != NULL)
		fclose(maps);
}

/* Whether that succeeded.  A tracee that stands still may be killed by somebody else meanwhile: then it has no registers. */
static bool done(long result, const char *what)
{
	if (result < 0 && errno != ESRCH)
		die(what);
	return result >= 0;
}

/* The call is not made, and returns -error. */
static void fail(pid_t pid, int error)
{
#if defined(__x86_64__) || defined(__i386__)
	struct user_regs_struct regs;

	if (!done(ptrace(PTRACE_GETREGS, pid, NULL, &regs), "PTRACE_GETREGS"))
		return;
#ifdef __x86_64__
	regs.orig_rax = (unsigned long long)-1;
	regs.rax = (unsigned long long)-(long long)error;
#else
	regs.orig_eax = -1;
	regs.eax = -error;
#endif
	(void)done(ptrace(PTRACE_SETREGS, pid, NULL, &regs), "PTRACE_SETREGS");
#elif defined(__aarch64__)
	struct user_regs_struct regs;
	int none = -1;
	struct iovec all = { &regs, sizeof(regs) }, call = { &none, sizeof(none) };

	if (!done(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &all), "PTRACE_GETREGSET"))
		return;
	regs.regs[0] = (unsigned long long)-(long long)error;
	if (done(ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &call), "PTRACE_SETREGSET"))
		(void)done(ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &all), "PTRACE_SETREGSET");
#endif
}

/* Changes an argument, or puts it back as it was, for a caller counts on its registers; or changes the result. */
static void change(struct tracee *tracee, int which, bool back)
{
#if defined(__x86_64__) || defined(__i386__)
	struct user_regs_struct regs;

	if (!done(ptrace(PTRACE_GETREGS, tracee->pid, NULL, &regs), "PTRACE_GETREGS"))
		return;
#ifdef __x86_64__
	unsigned long long *at = which == FIRST ? &regs.rdi : which == THIRD ? &regs.rdx : &regs.rax;
#else
	long *at = which == FIRST ? &regs.ebx : which == THIRD ? &regs.edx : &regs.eax;
#endif
#elif defined(__aarch64__)
	struct user_regs_struct regs;
	struct iovec all = { &regs, sizeof(regs) };

	if (!done(ptrace(PTRACE_GETREGSET, tracee->pid, NT_PRSTATUS, &all), "PTRACE_GETREGSET"))
		return;
	unsigned long long *at = &regs.regs[which == THIRD ? 2 : 0];
#endif
	if (!back && which != RESULT) {
		tracee->was = (uint64_t)*at;
		/* A length by words of 8 bytes, as the kernel gives some files of /proc; or brk(NULL), which only asks. */
		*at = which == FIRST ? 0 : tracee->was > 8 ? (tracee->was / 2 + 7) / 8 * 8 : tracee->was;
	} else {
		*at = tracee->was;
	}
	tracee->changed = back ? NOTHING : which;
#if defined(__x86_64__) || defined(__i386__)
	(void)done(ptrace(PTRACE_SETREGS, tracee->pid, NULL, &regs), "PTRACE_SETREGS");
#elif defined(__aarch64__)
	(void)done(ptrace(PTRACE_SETREGSET, tracee->pid, NT_PRSTATUS, &all), "PTRACE_SETREGSET");
#endif
}

static const char *call_name(long which)
{
	for (size_t i = 0; i < COUNT(calls); i++) {
		if (calls[i].number == which)
			return calls[i].name;
	}
	return "?";
}

static void at_call(struct tracee *tracee)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->pid, sizeof(info), &info) < 0)
		return;
	if (info.instruction_pointer < tracee->linker || info.instruction_pointer >= tracee->linker_end)
		tracee->begun = true;
	/* brk(0) only asks. */
	if (!tracee->begun || (info.seccomp.nr == SYS_brk && info.seccomp.args[0] == 0))
		return;
	const char *here = tracee->pid == tool ? "tool" : "child";
	long which = (long)info.seccomp.nr;

	if (listing) {
		fprintf(result, "call %s %s %08x\n", here, call_name(which), place(tracee, info.stack_pointer));
		return;
	}
	if (which != number || strcmp(here, role) != 0 || ++seen != nth)
		return;
	fprintf(result, "injected %s %s\n", here, name);
	if (which == SYS_close) {
		tracee->changed = RESULT;
		tracee->was = (uint64_t)-(int64_t)atoi(fault);
	} else if (which == SYS_brk || strcmp(fault, "short") == 0) {
		change(tracee, which == SYS_brk ? FIRST : THIRD, false);
	} else {
		fail(tracee->pid, atoi(fault));
	}
}

static void install_filter(void)
{
	enum { ROOM = 2 * COUNT(calls) + 2 };
	static struct sock_filter filter[ROOM];
	unsigned short used = 0;

	filter[used++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < COUNT(calls) && !watching; i++) {
		if (!listing && calls[i].number != number)
			continue;
		filter[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls[i].number, 0, 1);
		filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	}
	filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = used, .filter = filter };

	if ((geteuid() != 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		die("seccomp");
}

static void start(char **argv)
{
	const long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
	                     PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
	int status;

	tool = fork();
	if (tool < 0)
		die("fork");
	if (tool == 0) {
		raise(SIGSTOP);
		install_filter();
		/* What differs between two runs shall be what was made to fail. */
		(void)personality(ADDR_NO_RANDOMIZE);
		execv(argv[0], argv);
		die(argv[0]);
	}
	if (waitpid(tool, &status, WUNTRACED) != tool || !WIFSTOPPED(status))
		die("waitpid");
	if (ptrace(PTRACE_SEIZE, tool, NULL, options) < 0)
		die("PTRACE_SEIZE");
	kill(tool, SIGCONT);
	/* Nothing counts before the program is executed. */
	add(tool)->linker_end = UINT64_MAX;
}

static void stopped(struct tracee *tracee, int status)
{
	int event = status >> 16, signo = WSTOPSIG(status);
	unsigned long child;

	if (event == PTRACE_EVENT_STOP && (signo == SIGSTOP || signo == SIGTSTP || signo == SIGTTIN || signo == SIGTTOU)) {
		ptrace(PTRACE_LISTEN, tracee->pid, NULL, NULL);
		return;
	}
	if (event == PTRACE_EVENT_SECCOMP) {
		at_call(tracee);
	} else if (signo == (SIGTRAP | 0x80)) {
		if (tracee->changed != NOTHING)
			change(tracee, (int)tracee->changed, true);
		signo = 0;
	} else if (event == PTRACE_EVENT_EXEC) {
		find_linker(tracee);
	} else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) {
		if (ptrace(PTRACE_GETEVENTMSG, tracee->pid, NULL, &child) == 0) {
			struct tracee *new = add((pid_t)child);

			new->begun = tracee->begun;
			new->linker = tracee->linker;
			new->linker_end = tracee->linker_end;
			new->code = tracee->code;
		}
	}
	/* It may have been killed meanwhile. */
	ptrace(tracee->changed != NOTHING ? PTRACE_SYSCALL : PTRACE_CONT, tracee->pid, NULL, (void *)(uintptr_t)(event == 0 ? signo : 0));
}

static void ended(struct tracee *tracee, int status)
{
	if (tracee->pid != tool) {
		if (WIFSIGNALED(status))
			fprintf(result, "child %d\n", WTERMSIG(status));
	} else if (WIFEXITED(status)) {
		fprintf(result, "exit %d\n", WEXITSTATUS(status));
	} else {
		fprintf(result, "signal %d\n", WTERMSIG(status));
	}
	if (tracee->pid == tool) {
		alarm(seconds < GRACE ? seconds : GRACE);
		tool = 0;
	}
	tracee->pid = 0;
}

static void tell_left(pid_t pid)
{
	char path[64], comm[32] = "?";

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, comm, sizeof(comm) - 1);

	if (fd >= 0)
		close(fd);
	comm[len > 0 ? len : 0] = '\0';
	comm[strcspn(comm, "\n")] = '\0';
	fprintf(result, "left %s\n", comm);
}

static void end_all(void)
{
	if (tool != 0)
		fprintf(result, "hang\n");
	for (size_t i = 0; i < TRACEES; i++) {
		if (tracees[i].pid == 0)
			continue;
		if (tool == 0)
			tell_left(tracees[i].pid);
		kill(tracees[i].pid, SIGKILL);
	}
}

static void loop(void)
{
	int status;

	for (;;) {
		if (out_of_time) {
			end_all();
			exit(0);
		}
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return;
		struct tracee *tracee = add(pid);

		if (WIFSTOPPED(status))
			stopped(tracee, status);
		else
			ended(tracee, status);
	}
}

static void find_call(const char *wanted)
{
	name = wanted;
	for (size_t i = 0; i < COUNT(calls); i++) {
		if (strcmp(calls[i].name, wanted) == 0)
			number = calls[i].number;
	}
	if (number < 0) {
		fprintf(stderr, "inject: %s: no such call\n", wanted);
		exit(99);
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_alarm };
	int option;

#if !defined(__x86_64__) && !defined(__i386__) && !defined(__aarch64__)
	fputs("inject: how a call is let fail on this processor is not written yet\n", stderr);
	return 77;
#endif
	while ((option = getopt(argc, argv, "+o:t:e:lwr:c:n:f:")) != -1) {
		switch (option) {
		case 'o': result = fopen(optarg, "we"); break;
		case 't': seconds = (unsigned)atoi(optarg); break;
		case 'e': putenv(optarg); break;
		case 'l': listing = true; break;
		case 'w': watching = true; break;
		case 'r': role = optarg; break;
		case 'c': find_call(optarg); break;
		case 'n': nth = strtoul(optarg, NULL, 10); break;
		case 'f': fault = optarg; break;
		default: return 99;
		}
	}
	if (result == NULL || optind == argc)
		return 99;
	/* Neither buffered twice by a fork nor lost by an exit. */
	setvbuf(result, NULL, _IOLBF, 0);
	sigaction(SIGALRM, &action, NULL);
	start(argv + optind);
	alarm(seconds);
	loop();
	return 0;
}
