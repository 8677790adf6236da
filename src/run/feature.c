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
bool feature_present(struct machine *m, const struct statement *statement, bool *present)
{
	int status = 0, report[2];
	struct failure failure = { .error = EIO, .call = "a trial" };

	*present = false;
	if (statement->constant != NULL && statement->constant->absent)
		return true;
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
	/* Killed: by a filter around mmtool that lets nobody make this call. */
	*present = WIFEXITED(status) && WEXITSTATUS(status) != TRIAL_ABSENT;
	return true;
}
