/* SPDX-License-Identifier: MIT */
/* Whether the running kernel has a constant or a call, found by trying it in a process of its own. */
#include "base/file.h"
#include "run/machine.h"
#include "run/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_SECONDS = 10 };

/* What the child writes when something failed that has nothing to do with the question. */
struct failure {
	int error;
	char call[32];
};

static _Noreturn void try_it(const struct statement *statement, int report)
{
	struct failure failure = { 0 };
	const struct rlimit no_core = { 0, 0 };

	/* No trial should block or die; one that does so anyway must neither hang the tool nor leave a core. */
	(void)setrlimit(RLIMIT_CORE, &no_core);
	alarm(MOST_SECONDS);
	enum trial outcome = statement->constant != NULL ? trial_constant(statement->constant)
	                                                 : trial_call(statement->call);

	if (outcome == TRIAL_FAILED) {
		snprintf(failure.call, sizeof(failure.call), "%s", trial_failure(&failure.error));
		(void)!write(report, &failure, sizeof(failure));
	}
	_exit((int)outcome);
}

/*
 * A child of the tool and not of the subject: forking the subject would write-protect its pages, and the script's next stores
 * would fault once more than they should.
 */
static bool try_apart(struct machine *m, const struct statement *statement, enum trial *outcome)
{
	int status = 0, report[2];
	struct failure failure = { .error = EIO, .call = "a trial" };

	if (pipe2(report, O_CLOEXEC) < 0)
		return machine_break(m, "pipe2", -errno);
	pid_t pid = fork();
	int error = pid < 0 ? -errno : 0;

	if (pid == 0)
		try_it(statement, report[1]);
	close(report[1]);
	while (error == 0 && waitpid(pid, &status, 0) < 0)
		error = errno == EINTR ? 0 : -errno;
	if (error == 0 && WIFEXITED(status) && WEXITSTATUS(status) == TRIAL_FAILED)
		(void)file_read(report[0], &failure, sizeof(failure));
	close(report[0]);
	if (error < 0)
		return machine_break(m, pid < 0 ? "fork" : "waitpid", error);
	if (WIFEXITED(status) && WEXITSTATUS(status) == TRIAL_FAILED)
		return machine_break(m, failure.call, -failure.error);
	*outcome = WIFEXITED(status) ? (enum trial)WEXITSTATUS(status) : TRIAL_ABSENT;
	/* A filter can kill, too. */
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		*outcome = TRIAL_REFUSED;
	return true;
}

void feature_require(struct machine *m, const struct statement *statement)
{
	const char *since = statement->constant != NULL ? statement->constant->since : statement->call->since;
	enum trial outcome = TRIAL_ABSENT;
	int len = (int)statement->feature.len;

	if ((statement->constant == NULL || !statement->constant->absent) && !try_apart(m, statement, &outcome))
		return;
	if (outcome != TRIAL_ABSENT && outcome != TRIAL_REFUSED)
		return;
	m->unsupported = true;
	if (outcome == TRIAL_REFUSED)
		machine_fail(m, "a filter around mmtool (seccomp) refuses %.*s", len, statement->feature.text);
	else if (statement->constant != NULL && statement->constant->group == GROUP_PKEY)
		machine_fail(m, "no protection key can be had for %.*s (the processor has none, or the kernel, before Linux %s)", len,
		             statement->feature.text, since);
	else
		machine_fail(m, "this kernel has no %.*s%s%s%s", len, statement->feature.text,
		             since[0] != '\0' ? " (since Linux " : "", since, since[0] != '\0' ? ")" : "");
}
