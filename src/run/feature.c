/* SPDX-License-Identifier: MIT */
/* Whether the running kernel has a constant or a call, found by trying it in a process of its own. */
#include "run/machine.h"
#include "run/trial.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_SECONDS = 10 };

static _Noreturn void try_it(const struct statement *statement)
{
	const struct rlimit no_core = { 0, 0 };

	/* No trial should block or die; one that does so anyway must neither hang the tool nor leave a core. */
	(void)setrlimit(RLIMIT_CORE, &no_core);
	alarm(MOST_SECONDS);
	enum trial outcome = statement->constant != NULL ? trial_constant(statement->constant)
	                                                 : trial_call(statement->call);

	_exit((int)outcome);
}

/*
 * A child of the tool and not of the subject: forking the subject would write-protect its pages, and the script's next stores
 * would fault once more than they should.
 */
bool feature_present(struct machine *m, const struct statement *statement, bool *present)
{
	int status = 0;

	*present = false;
	if (statement->constant != NULL && statement->constant->absent)
		return true;
	pid_t pid = fork();

	if (pid < 0)
		return machine_break(m, "fork", -errno);
	if (pid == 0)
		try_it(statement);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return machine_break(m, "waitpid", -errno);
	}
	/* Killed: by a filter around mmtool that lets nobody make this call. */
	*present = WIFEXITED(status) && WEXITSTATUS(status) != TRIAL_ABSENT;
	return true;
}
