/* SPDX-License-Identifier: MIT */
/* A new process for each run; it answers through a pipe. */
#include "run/measure.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/size.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_SECONDS = 60 };

/* What a process sends when it is through; it fits into a pipe's buffer, and comes as one piece (pipe(7), PIPE_BUF). */
struct answer {
	int error;        /* errno of the call that failed, or 0 */
	const char *call; /* its name: a constant, which is where it was in the process that forked this one */
	bool one_processor;
	char result[MEASURE_RESULT];
};

/* Where memory is short after all, this process is to be killed, and no other. */
static void offer_to_oom(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, "1000", 4);
	close(fd);
}

static bool stay_on(int processor)
{
	cpu_set_t one;

	if (processor < 0 || processor >= CPU_SETSIZE)
		return false;
	CPU_ZERO(&one);
	CPU_SET((unsigned)processor, &one);
	return sched_setaffinity(0, sizeof(one), &one) == 0;
}

/* An alarm that is blocked, as it may be since before mmtool, would end nothing. */
static void limit_time(void)
{
	sigset_t alarms;

	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	signal(SIGALRM, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &alarms, NULL);
	alarm(MOST_SECONDS);
}

static _Noreturn void child(const struct measure *measure, pid_t parent, int fd)
{
	struct answer answer = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	limit_time();
	offer_to_oom();
	answer.one_processor = stay_on(measure->processor);
	answer.error = measure->work(measure->context, answer.result, &answer.call);
	_exit(write(fd, &answer, sizeof(answer)) < 0 ? errno : 0);
}

static int tell(char **problem, const struct measure *measure, const char *what, const char *why)
{
	struct buf text = { 0 };

	buf_printf(&text, "%s: %s: %s", measure->name, what, why);
	*problem = alloc_string(buf_text(&text), text.len);
	buf_fini(&text);
	return STATUS_TOOL;
}

/* How the process ended that was to send an answer, and did not.  Its exit status is the errno of sending it. */
static int tell_end(char **problem, const struct measure *measure, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		return tell(problem, measure, "the process that measured it was stopped", "it took over a minute");
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return tell(problem, measure, "the process that measured it was killed", "for want of memory, it seems (try less)");
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		return tell(problem, measure, "the process that measured it told nothing: write", strerror(WEXITSTATUS(status)));
	return tell(problem, measure, "the process that measured it told nothing",
	            WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "it ended early");
}

int measure_once(const struct measure *measure, void *result, bool *one_processor, char **problem)
{
	struct answer answer;
	pid_t parent = getpid(), pid;
	int fds[2], status = 0;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return tell(problem, measure, "no pipe: pipe2", strerror(errno));
	pid = fork();
	if (pid == 0)
		child(measure, parent, fds[1]);
	int error = errno;

	close(fds[1]);
	ssize_t got = pid > 0 ? file_read(fds[0], &answer, sizeof(answer)) : 0;

	close(fds[0]);
	if (pid < 0)
		return tell(problem, measure, "no process: fork", strerror(error));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (got < 0)
		return tell(problem, measure, "what was measured could not be read: read", strerror((int)-got));
	if (got != sizeof(answer))
		return tell_end(problem, measure, status);
	if (answer.error != 0)
		return tell(problem, measure, answer.call, strerror(answer.error));
	memcpy(result, answer.result, measure->result_size);
	*one_processor &= answer.one_processor;
	return STATUS_OK;
}

/* Bytes that the machine can give without swapping; UINT64_MAX when it does not say. */
static uint64_t available(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	uint64_t found = UINT64_MAX, kilobytes;
	char line[128];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "MemAvailable: %" SCNu64, &kilobytes) == 1)
			found = kilobytes * 1024;
	}
	if (file != NULL)
		fclose(file);
	return found;
}

bool measure_has_room(const char *doing, uint64_t size, char **problem)
{
	uint64_t room = available(), need = 4 * size;
	struct buf text = { 0 };

	if (room >= need)
		return true;
	buf_printf(&text, "%s ", doing);
	size_format(&text, size);
	buf_printf(&text, " wants %" PRIu64 " MiB of free memory, and the machine has %" PRIu64 " (try a smaller --to)", need >> 20,
	           room >> 20);
	*problem = alloc_string(buf_text(&text), text.len);
	buf_fini(&text);
	return false;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

uint64_t measure_median(uint64_t *values, unsigned count)
{
	qsort(values, count, sizeof(values[0]), compare);
	return values[count / 2];
}
