/* SPDX-License-Identifier: MIT */
/* Runs a program under another overcommit policy, and puts the old one back whatever happens to mmtool. */
#include "run/policy.h"

#include "base/clock.h"
#include "base/diag.h"
#include "base/file.h"
#include "run/kept.h"
#include "run/policy-part.h"
#include "run/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	GRACE_MS = 2000,    /* between the SIGTERM and the SIGKILL of a program that mmtool ends */
	SETTLE_MS = 10,     /* for a SIGCONT of a whole process group to reach the program as well */
	STACK = 64 * 1024,  /* more than the watcher can use */
	NOT_FOUND = 127,    /* as env(1) */
	NOT_EXECUTABLE = 126,
	KILLED = 128,
};

struct run {
	char *const *argv;
	const char *path;
	struct knobs knobs;
	struct knob_value old[KNOBS], wanted[KNOBS];
	int gate[2];            /* the program starts when a byte comes through, and never when it closes */
	pid_t tool, command, watcher;
	bool watcher_lost;
	sigset_t inherited;     /* the signals blocked on entry */
	sigset_t awaited;
	sigset_t from_terminal; /* came so far, and reached the program as well */
	struct policy_outcome *outcome;
};

/* Signals that end mmtool. */
static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
/* Ctrl-Z stops mmtool when it has stopped the program, not before: see stop_with_command(). */
static const int stopping[] = { SIGTSTP, SIGTTIN, SIGTTOU };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* call: which has failed. */
static void fail(struct run *run, int status, const char *what, const char *call, int error)
{
	buf_printf(&run->outcome->problem, "--set: %s: %s: %s", what, call, strerror(error));
	run->outcome->status = status;
}

/* A byte through a pipe: true when it came or went, otherwise errno is 0 at the end. */
static bool byte_read(int fd)
{
	char byte;
	ssize_t got = file_read(fd, &byte, 1);

	errno = got < 0 ? (int)-got : 0;
	return got == 1;
}

static bool byte_write(int fd)
{
	int error = file_write(fd, "", 1);

	errno = -error;
	return error == 0;
}

/* What a killed mmtool has left is not the old policy, and must not be taken for it. */
static bool nothing_left(struct run *run)
{
	struct policy_outcome *outcome = run->outcome;
	struct kept kept;

	buf_puts(&outcome->problem, "--set: ");
	int found = kept_read(&kept, &outcome->problem);

	if (found < 0)
		return false;
	if (found > 0 && !kept.unwritten && !kept.outdated && !knobs_same(kept.old, run->old)) {
		buf_printf(&outcome->problem, "mmtool (process %d) was killed and has left another policy: "
		                              "first put the old one back by `mmtool overcommit --restore'", (int)kept.pid);
		return false;
	}
	int error = found > 0 ? kept_remove() : 0;

	if (error < 0) {
		buf_printf(&outcome->problem, "what a killed mmtool has left (%s) could not be removed: unlink: %s", kept.path,
		           strerror(-error));
		return false;
	}
	buf_reset(&outcome->problem);
	return true;
}

static void knobs_want(struct run *run, const struct policy_change *change)
{
	memcpy(run->wanted, run->old, sizeof(run->wanted));
	knob_set(&run->wanted[KNOB_POLICY], change->policy);
	if (change->ratio == POLICY_KEEP_RATIO)
		return;
	knob_set(&run->wanted[KNOB_RATIO], change->ratio);
	knob_set(&run->wanted[KNOB_KBYTES], 0);
}

/* The program */

/*
 * Waits at the gate: it is forked before the change, so that no fork of mmtool's can fail under the new policy.  The
 * descriptors of mmtool's own close on exec, and no disposition was changed.  It dies with mmtool, also when nobody is left
 * to kill it.
 */
static _Noreturn void command_main(const struct run *run)
{
	int error;

	close(run->gate[1]);
	/* Looked at after it is set: mmtool may be gone already, and its byte may wait in the gate all the same. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		diag_error("%s: not started: prctl: %s", run->argv[0], strerror(errno));
		_exit(STATUS_TOOL);
	}
	if (getppid() != run->tool)
		_exit(STATUS_TOOL);
	if (!byte_read(run->gate[0])) {
		/* Closed: mmtool has said why. */
		if (errno != 0)
			diag_error("%s: not started: read: %s", run->argv[0], strerror(errno));
		_exit(STATUS_TOOL);
	}
	process_inherit_signals();
	sigprocmask(SIG_SETMASK, &run->inherited, NULL);
	execv(run->path, run->argv);
	error = errno;
	diag_error("%s: %s (execve)", run->argv[0], strerror(error));
	_exit(error == ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
}

static bool command_fork(struct run *run)
{
	struct sigaction ignored = { .sa_handler = SIG_IGN };

	if (pipe2(run->gate, O_CLOEXEC) < 0) {
		fail(run, STATUS_TOOL, "cannot start a process", "pipe2", errno);
		return false;
	}
	run->command = fork();
	if (run->command == 0)
		command_main(run);
	if (run->command < 0) {
		fail(run, STATUS_TOOL, "cannot start a process", "fork", errno);
		return false;
	}
	close(run->gate[0]);
	run->gate[0] = -1;
	/* Somebody can kill the program while it waits at the gate. */
	sigaction(SIGPIPE, &ignored, NULL);
	return true;
}

/* The watcher */

static int pidfd_of(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

static void pidfd_kill(int pidfd, int signo)
{
	syscall(SYS_pidfd_send_signal, pidfd, signo, NULL, 0);
}

/* Under policy 2 a stack can no longer grow, and what is not locked may have been reclaimed. */
static __attribute__((noinline)) void keep_memory(void)
{
	volatile char stack[STACK];

	for (size_t i = 0; i < sizeof(stack); i += 1024)
		stack[i] = 0;
	(void)mlockall(MCL_CURRENT);
}

/* Of all processes the last that the OOM killer should take, and "killall -9 mmtool" must not mean it. */
static void stay_alive(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!write(fd, "-1000", 5);
		close(fd);
	}
	prctl(PR_SET_NAME, "mmtool-watcher");
}

static void wait_readable(struct pollfd *fds, nfds_t count)
{
	while (poll(fds, count, -1) < 0 && (errno == EINTR || errno == EAGAIN || errno == ENOMEM))
		;
}

/*
 * Puts the values back when the program is gone, for mmtool may be stopped and unable to (it is woken, to report); and
 * when mmtool is gone, after ending the program.  Otherwise mmtool, having put them back itself, kills the watcher.
 */
static void watch(const struct run *run, int tool, int command)
{
	struct pollfd fds[] = { { .fd = tool, .events = POLLIN }, { .fd = command, .events = POLLIN } };

	for (;;) {
		wait_readable(fds, 2);
		if (fds[0].revents != 0)
			break;
		if (fds[1].revents != 0) {
			knobs_put_back(&run->knobs, run->old);
			pidfd_kill(tool, SIGCONT);
			fds[1].fd = -1;
		}
	}
	fds[1].fd = command;
	pidfd_kill(command, SIGKILL);
	wait_readable(&fds[1], 1);
	if (knobs_put_back(&run->knobs, run->old) < 0)
		diag_error("mmtool was killed, and the old policy could not be put back: try `mmtool overcommit --restore', "
		           "or set vm.overcommit_memory and vm.overcommit_ratio by sysctl(8)");
	else
		(void)kept_remove();
}

static _Noreturn void watcher_main(const struct run *run, int tool, int command, int ready)
{
	int kept[KNOBS + 4] = { tool, command, ready, STDERR_FILENO };

	memcpy(kept + 4, run->knobs.fd, sizeof(run->knobs.fd));
	setsid();
	(void)!chdir("/");
	file_close_except(kept, COUNT(kept));
	stay_alive();
	keep_memory();
	if (byte_write(ready)) {
		close(ready);
		watch(run, tool, command);
	}
	_exit(STATUS_OK);
}

/* Forks it, with descriptors of all that it needs.  NULL, or the call that failed, with errno. */
static const char *watcher_try(struct run *run, int tool, int command, int ready[2])
{
	if (tool < 0 || command < 0)
		return "pidfd_open";
	if (pipe2(ready, O_CLOEXEC) < 0)
		return "pipe2";
	run->watcher = fork();
	if (run->watcher == 0)
		watcher_main(run, tool, command, ready[1]);
	return run->watcher < 0 ? "fork" : NULL;
}

/* Forks it with every signal blocked, and waits until it watches. */
static bool watcher_fork(struct run *run)
{
	int ready[2] = { -1, -1 }, tool, command;
	sigset_t all, before;
	bool watches = false;

	errno = 0;
	tool = pidfd_of(getpid());
	command = tool >= 0 ? pidfd_of(run->command) : -1;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	const char *call = watcher_try(run, tool, command, ready);

	if (call != NULL)
		fail(run, errno == ENOSYS ? STATUS_UNSUPPORTED : STATUS_TOOL, "cannot start the watcher", call, errno);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(ready[1]);
	if (run->watcher > 0) {
		watches = byte_read(ready[0]);
		if (!watches && errno != 0)
			fail(run, STATUS_TOOL, "whether the watcher watches is not known; nothing was changed", "read", errno);
		else if (!watches)
			buf_puts(&run->outcome->problem, "--set: the watcher has ended, or could not write; nothing was changed");
	}
	close(ready[0]);
	close(tool);
	close(command);
	return watches;
}

/* Waiting */

/* Where our caller ignores or blocks a signal, so do we. */
static void signals_take(struct run *run)
{
	struct sigaction action;
	sigset_t blocked;

	sigprocmask(SIG_BLOCK, NULL, &run->inherited);
	sigemptyset(&run->from_terminal);
	sigemptyset(&run->awaited);
	sigaddset(&run->awaited, SIGCHLD);
	for (size_t i = 0; i < COUNT(ending); i++)
		if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN &&
		    !sigismember(&run->inherited, ending[i]))
			sigaddset(&run->awaited, ending[i]);
	blocked = run->awaited;
	for (size_t i = 0; i < COUNT(stopping); i++)
		sigaddset(&blocked, stopping[i]);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
}

/* Also one that cannot be waited for has changed: what its end was, nobody knows, and si_errno is why. */
static bool child_changed(pid_t pid, int options, siginfo_t *info)
{
	int got;

	*info = (siginfo_t){ 0 };
	if (pid <= 0)
		return false;
	do {
		got = waitid(P_PID, (id_t)pid, info, options);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		*info = (siginfo_t){ .si_errno = errno };
	return got < 0 ? (options & WEXITED) != 0 : info->si_pid != 0;
}

/*
 * A shell waits for mmtool and not for the program: so when the program stops, mmtool stops, of the same signal, and
 * when mmtool is continued, the program is.  The second look is for a SIGCONT to the whole process group that has
 * reached mmtool only.
 */
static void stop_with_command(struct run *run)
{
	struct timespec settle = { .tv_nsec = SETTLE_MS * 1000000L };
	siginfo_t info;
	sigset_t one;

	if (!child_changed(run->command, WSTOPPED | WNOHANG | WNOWAIT, &info))
		return;
	nanosleep(&settle, NULL);
	if (!child_changed(run->command, WSTOPPED | WNOHANG, &info))
		return;
	sigemptyset(&one);
	sigaddset(&one, info.si_status);
	kill(getpid(), info.si_status);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	sigprocmask(SIG_BLOCK, &one, NULL);
	kill(run->command, SIGCONT);
}

/* Ends the program and collects it: first as politely as there is time for. */
static void command_end(struct run *run, siginfo_t *info)
{
	const struct timespec slice = { .tv_nsec = 50000000 };
	const uint64_t start = clock_ms();
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	kill(run->command, SIGTERM);
	kill(run->command, SIGCONT);
	while (!child_changed(run->command, WEXITED | WNOHANG, info)) {
		if (clock_ms() - start >= GRACE_MS)
			kill(run->command, SIGKILL);
		sigtimedwait(&child, NULL, &slice);
	}
}

static void watcher_check(struct run *run)
{
	siginfo_t info;

	if (!run->watcher_lost && child_changed(run->watcher, WEXITED | WNOHANG, &info) &&
	    (info.si_pid != 0 || info.si_errno == ECHILD)) {
		run->watcher_lost = true;
		run->watcher = -1;
	}
}

/* Until the program has ended; *info says how. */
static void command_wait(struct run *run, siginfo_t *info)
{
	siginfo_t cause;

	while (!child_changed(run->command, WEXITED | WNOHANG, info)) {
		int signo;

		watcher_check(run);
		stop_with_command(run);
		signo = sigwaitinfo(&run->awaited, &cause);
		if (signo < 0 || signo == SIGCHLD)
			continue;
		/* The kernel sends the terminal's signals to the whole foreground process group. */
		if (cause.si_code == SI_KERNEL) {
			sigaddset(&run->from_terminal, signo);
			continue;
		}
		run->outcome->signal = signo;
		command_end(run, info);
		return;
	}
}

/* A program that died of Ctrl-C must look so to a shell that runs a script, so mmtool dies of it as well. */
static void command_take(struct run *run, const siginfo_t *info)
{
	struct policy_outcome *outcome = run->outcome;
	bool killed = info->si_code != CLD_EXITED;

	if (info->si_pid == 0) {
		fail(run, STATUS_TOOL, "how the program ended is not known", "waitid", info->si_errno);
		return;
	}
	outcome->status = info->si_status + (killed ? KILLED : 0);
	if (killed && outcome->signal == 0 && sigismember(&run->from_terminal, info->si_status))
		outcome->signal = info->si_status;
}

/* Also right when the watcher is doing the same at this moment: both write the same values. */
static void knobs_restore(struct run *run)
{
	struct policy_outcome *outcome = run->outcome;
	int error = knobs_put_back(&run->knobs, run->old);

	if (error < 0) {
		buf_reset(&outcome->problem);
		buf_printf(&outcome->problem, "--set: the old policy could not be put back (%s), and was ", strerror(-error));
		knobs_add(&outcome->problem, run->old);
		buf_puts(&outcome->problem, ": set it by sysctl(8), or try `mmtool overcommit --restore'");
		outcome->status = STATUS_TOOL;
		outcome->signal = 0;
		return;
	}
	error = kept_remove();
	if (error < 0 && outcome->problem.len == 0)
		buf_printf(&outcome->problem, "--set: the old policy is back; the file that kept it could not be removed: unlink: %s; "
		                              "`mmtool overcommit --restore' removes it", strerror(-error));
	if (run->watcher_lost && outcome->problem.len == 0)
		buf_puts(&outcome->problem, "--set: the watcher was killed; the old policy is back all the same");
}

static void watcher_end(struct run *run)
{
	siginfo_t info;

	watcher_check(run);
	if (run->watcher <= 0)
		return;
	/* One that cannot be killed ends when mmtool does. */
	if (kill(run->watcher, SIGKILL) == 0)
		(void)child_changed(run->watcher, WEXITED, &info);
}

/* The old values are kept first, for the case that whoever could put them back is killed as well. */
static bool change(struct run *run)
{
	struct buf *problem = &run->outcome->problem;

	buf_puts(problem, "--set: the old policy cannot be kept: ");
	if (kept_write(run->old, problem) < 0)
		return false;
	buf_reset(problem);
	int error = knobs_put(&run->knobs, run->wanted);

	if (error < 0)
		fail(run, STATUS_TOOL, "cannot change the policy", "read or write", -error);
	return error == 0;
}

static void perform(struct run *run)
{
	siginfo_t info = { 0 };

	if (change(run) && !byte_write(run->gate[1]))
		fail(run, STATUS_TOOL, "the program was not started", "write", errno);
	close(run->gate[1]);
	run->gate[1] = -1;
	command_wait(run, &info);
	if (run->outcome->problem.len == 0)
		command_take(run, &info);
	watcher_check(run);
	knobs_restore(run);
}

void policy_run(const struct policy_change *change, char *const argv[], const char *path,
                struct policy_outcome *outcome)
{
	struct run run = { .argv = argv, .path = path, .gate = { -1, -1 }, .tool = getpid(), .command = -1,
	                   .watcher = -1, .outcome = outcome };
	siginfo_t info;

	if (policy_claim(&run.knobs, run.old, "--set", outcome) && nothing_left(&run)) {
		knobs_want(&run, change);
		signals_take(&run);
		if (command_fork(&run) && watcher_fork(&run))
			perform(&run);
		else if (run.command > 0 && close(run.gate[1]) == 0)
			(void)child_changed(run.command, WEXITED, &info);
		watcher_end(&run);
	}
	knobs_close(&run.knobs);
}

void policy_die(int signo)
{
	sigset_t one;

	prctl(PR_SET_DUMPABLE, 0);
	signal(signo, SIG_DFL);
	sigemptyset(&one);
	sigaddset(&one, signo);
	raise(signo);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	_exit(KILLED + signo);
}
