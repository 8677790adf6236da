/* SPDX-License-Identifier: MIT */
/* The overcommit policy taken hold of, and put back after a crash that took everybody who would have done it. */
#include "run/policy.h"

#include "base/diag.h"
#include "run/kept.h"
#include "run/policy-part.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void fail_open(struct policy_outcome *outcome, const char *option, int error)
{
	struct buf *problem = &outcome->problem;

	outcome->status = error == EROFS || error == EACCES || error == EPERM || error == ENOENT ? STATUS_UNSUPPORTED : STATUS_TOOL;
	buf_printf(problem, "%s: ", option);
	if (error == EROFS)
		buf_puts(problem, "/proc/sys is read-only here (a container?): run it on the host");
	else if ((error == EACCES || error == EPERM) && geteuid() == 0)
		buf_printf(problem, "open: /proc/sys/vm/overcommit_*: %s; the policy is the whole machine's, and only its root may change "
		                    "it (root of a user namespace is not enough)", strerror(error));
	else if (error == EACCES || error == EPERM)
		buf_puts(problem, "the policy is the whole machine's, and only its root may change it "
		                  "(root of a user namespace is not enough)");
	else
		buf_printf(problem, "open: /proc/sys/vm/overcommit_*: %s", strerror(error));
}

/* Another one holds the lock: who. */
static void fail_held(struct policy_outcome *outcome, const char *option)
{
	struct buf ignored = { 0 };
	struct kept kept;

	buf_printf(&outcome->problem, "%s: another mmtool has changed the policy and not yet put it back", option);
	if (kept_read(&kept, &ignored) == 1 && !kept.unwritten && !kept.outdated)
		buf_printf(&outcome->problem, " (process %d)", (int)kept.pid);
	buf_puts(&outcome->problem, ": wait until it ends");
	buf_fini(&ignored);
}

bool policy_claim(struct knobs *knobs, struct knob_value now[KNOBS], const char *option, struct policy_outcome *outcome)
{
	const char *call;
	bool held;
	int error = knobs_open(knobs, &call, &held);

	outcome->status = STATUS_TOOL;
	if (held)
		fail_held(outcome, option);
	else if (error < 0 && strcmp(call, "open") == 0)
		fail_open(outcome, option, -error);
	else if (error < 0)
		buf_printf(&outcome->problem, "%s: %s: /proc/sys/vm/%s: %s", option, call, knob_name[KNOB_POLICY], strerror(-error));
	if (error < 0)
		return false;
	error = knobs_read(knobs, now);
	if (error < 0)
		buf_printf(&outcome->problem, "%s: cannot read /proc/sys/vm/overcommit_*: %s", option, strerror(-error));
	return error == 0;
}

/* There is such a file: puts back what it says. */
static void restore(const struct kept *kept, const struct knobs *knobs, const struct knob_value now[KNOBS],
                    struct policy_outcome *outcome)
{
	struct buf *problem = &outcome->problem;
	bool same = !kept->outdated && !kept->unwritten && knobs_same(kept->old, now);
	int error = same || kept->outdated || kept->unwritten ? 0 : knobs_put_back(knobs, kept->old);

	if (error < 0) {
		buf_printf(problem, "--restore: the old policy could not be put back (%s), and was ", strerror(-error));
		knobs_add(problem, kept->old);
		buf_puts(problem, ": set it by sysctl(8)");
		return;
	}
	error = kept_remove();
	outcome->status = error < 0 ? STATUS_TOOL : STATUS_OK;
	if (error < 0)
		buf_printf(problem, "--restore: %s could not be removed: unlink: %s", kept->path, strerror(-error));
	if (kept->unwritten)
		buf_puts(&outcome->said, "nothing to put back: mmtool was killed before it changed anything");
	else if (kept->outdated)
		buf_puts(&outcome->said, "nothing to put back: the machine was started anew since, and that has set the policy");
	else if (same)
		buf_puts(&outcome->said, "nothing to put back: the policy is the old one, ");
	else
		buf_puts(&outcome->said, "put back: ");
	if (!kept->outdated && !kept->unwritten)
		knobs_add(&outcome->said, kept->old);
	buf_putc(&outcome->said, '\n');
}

void policy_restore(struct policy_outcome *outcome)
{
	struct knob_value now[KNOBS];
	struct knobs knobs;
	struct kept kept;

	if (policy_claim(&knobs, now, "--restore", outcome)) {
		buf_puts(&outcome->problem, "--restore: ");
		int found = kept_read(&kept, &outcome->problem);

		if (found >= 0)
			buf_reset(&outcome->problem);
		if (found > 0)
			restore(&kept, &knobs, now, outcome);
		if (found == 0) {
			outcome->status = STATUS_OK;
			buf_puts(&outcome->said, "nothing to put back: no mmtool has left another policy\n");
		}
	}
	knobs_close(&knobs);
}
