/* SPDX-License-Identifier: MIT */
/* What a script finds before its first statement: the limits of its process, and the names that were defined for it. */
#include "run/machine.h"

#include <errno.h>
#include <sys/resource.h>

static bool limit(struct machine *m, const struct interp_limit *wanted)
{
	const struct rlimit both = { wanted->bytes, wanted->bytes };

	if (prlimit(m->here->process.pid, (enum __rlimit_resource)wanted->resource, &both, NULL) == 0)
		return true;
	int error = -errno;
	struct rlimit now;

	/* A filter of system calls (a container's) refuses what is below the hard limit, too. */
	if (error != -EPERM || prlimit(m->here->process.pid, (enum __rlimit_resource)wanted->resource, NULL, &now) < 0 ||
	    wanted->bytes <= now.rlim_max)
		return machine_break(m, "prlimit", error);
	m->unsupported = true;
	machine_fail(m, "this user cannot set %s above the hard limit", constant_name(GROUP_RLIMIT, wanted->resource));
	buf_puts(&m->conclusion, buf_text(&m->reason));
	return false;
}

/* RLIMIT_MEMLOCK binds nobody who has CAP_IPC_LOCK (mlock(2)), so the subject gives that up. */
static bool drop_lock_capability(struct machine *m)
{
	machine_request(EXEC_DROP_LOCK);
	const struct exec_reply *reply = machine_ask(m);
	const struct event note = {
		.type = EVENT_NOTE,
		.note = { .source = { .file = m->script_name, .line = 1, .column = 1, .text = "" },
		          .text = "CAP_IPC_LOCK was taken from the process, so that RLIMIT_MEMLOCK binds it (--limit=memlock)" },
	};

	if (reply == NULL)
		return false;
	if (reply->result < 0)
		return machine_break(m, "capset", (int)reply->result);
	if (reply->result > 0)
		m->sink->take(m->sink->context, &note);
	return true;
}

bool machine_limit(struct machine *m)
{
	for (size_t i = 0; i < m->options->rlimit_count; i++) {
		const struct interp_limit *wanted = &m->options->rlimits[i];

		if (!limit(m, wanted))
			return false;
		if (wanted->resource == RLIMIT_MEMLOCK && !drop_lock_capability(m))
			return false;
	}
	return true;
}

void machine_define(struct machine *m)
{
	for (size_t i = 0; i < m->options->definition_count; i++) {
		const struct interp_definition *from = &m->options->definitions[i];
		const struct value value = {
			.is_string = from->is_string, .integer = from->integer, .text = from->text, .len = from->len
		};

		machine_bind(m, (uint32_t)i, &value);
	}
}
