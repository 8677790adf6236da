/* SPDX-License-Identifier: MIT */
/*
 * The kernel drops a signal to the first process of a PID namespace that would end or stop it, also when that process raises it
 * itself.  An mmtool that is one steps aside: only what blocks signals, and waits for them, gets them there.
 */
#include "app/init.h"

#include "base/diag.h"
#include "base/file.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	KILLED = 128, /* and the signal: what shells make of it */
	REST_S = 6,   /* a keeper takes 5 at most; after 10 in all "docker stop" kills */
};

/* Whether a signal has come to this process alone, and mmtool is to have it. */
static bool is_for_mmtool(const siginfo_t *cause)
{
	/* The kernel sends those of a terminal to its whole process group; but that it hangs up only to the session's leader. */
	if (cause->si_code == SI_KERNEL)
		return (cause->si_signo == SIGHUP || cause->si_signo == SIGCONT) && getsid(0) == getpid();
	/* Those of processes; ours was stop_others()'s. */
	return cause->si_code <= 0 && cause->si_pid != getpid();
}

/*
 * mmtool has stopped.  Where it was not by the terminal, but by itself (Ctrl-Z at the prompt of its shell), whoever waits for
 * this process, which cannot stop, would wait for it: they stop, too, as if it had been the terminal.
 */
static void stop_others(void)
{
	static const struct timespec none;
	siginfo_t cause;
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	if (sigtimedwait(&stop, &cause, &none) != SIGTSTP || cause.si_code != SI_KERNEL)
		kill(0, SIGTSTP);
}

/* Collects what has ended, orphans too, until mmtool has; *end says how.  False: it goes on. */
static bool collect(pid_t mmtool, siginfo_t *end)
{
	for (;;) {
		*end = (siginfo_t){ 0 };
		if (waitid(P_ALL, 0, end, WEXITED | WSTOPPED | WNOHANG) < 0 || end->si_pid == 0)
			return false;
		if (end->si_pid != mmtool)
			continue;
		if (end->si_code != CLD_STOPPED)
			return true;
		if (end->si_status == SIGTSTP)
			stop_others();
	}
}

/* The kernel kills all of the namespace with its first process: those that put back what mmtool has changed go on until then. */
static void await_keepers(void)
{
	siginfo_t end = { 0 };
	sigset_t some;

	sigemptyset(&some);
	sigaddset(&some, SIGCHLD);
	sigaddset(&some, SIGALRM);
	alarm(REST_S);
	while (waitid(P_ALL, 0, &end, WEXITED | WNOHANG) == 0) {
		if (end.si_pid == 0 && sigwaitinfo(&some, NULL) == SIGALRM)
			break;
		end.si_pid = 0;
	}
}

/* With every signal blocked. */
static _Noreturn void stand_by(pid_t mmtool, const sigset_t *all)
{
	siginfo_t cause, end;
	int signo;

	/* `killall -9 mmtool' does not mean it, and nobody waits because it holds the other end of something. */
	prctl(PR_SET_NAME, "mmtool-init");
	file_close_except(NULL, 0);
	do {
		signo = sigwaitinfo(all, &cause);
		if (signo > 0 && signo != SIGCHLD && is_for_mmtool(&cause))
			kill(mmtool, signo);
	} while (signo != SIGCHLD || !collect(mmtool, &end));
	/* One that has exited has ended its keepers before, save that it could not go on. */
	if (end.si_code != CLD_EXITED || end.si_status == STATUS_TOOL)
		await_keepers();
	_exit(end.si_status + (end.si_code != CLD_EXITED ? KILLED : 0));
}

void init_step_aside(void)
{
	struct sigaction usual = { .sa_handler = SIG_DFL }, inherited;
	sigset_t all, before;

	if (getpid() != 1)
		return;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	/* Where it is ignored the kernel collects children, and nobody learns how they ended. */
	sigaction(SIGCHLD, &usual, &inherited);
	pid_t mmtool = fork();

	if (mmtool < 0)
		diag_die("the first process of a PID namespace, which no signal ends, needs a child: fork: %s", strerror(errno));
	if (mmtool > 0)
		stand_by(mmtool, &all);
	sigaction(SIGCHLD, &inherited, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
}
