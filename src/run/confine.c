/* SPDX-License-Identifier: MIT */
/* cgroup() and oom_kills(): the memory cgroup of a script, which goes when the script does, however it ends. */
#include "run/machine.h"

#include "base/size.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Less would be too little for the processes themselves. */
static const int64_t least = 1 << 20;

/* The keeper: learns the path of each attempt, and removes the last one when the script has ended or the tool is gone. */
static bool keep(int socket, int file, void *unused)
{
	char path[CGROUP_PATH] = "";
	ssize_t got;

	(void)file;
	(void)unused;
	do {
		got = keeper_read(socket, path, sizeof(path));
	} while (got > 0);
	return (path[0] != '/' || cgroup_remove(path) == 0) && got == 0;
}

static int announce(void *context, const char *path)
{
	struct machine *m = context;
	char message[CGROUP_PATH] = "";

	memcpy(message, path, strlen(path));
	return keeper_tell(&m->confined.keeper, message, sizeof(message));
}

static bool is_ours(int error)
{
	static const int ours[] = { EMFILE, ENFILE, ENOMEM, ENOBUFS, EIO, EINTR, EAGAIN, ENOSYS, EPIPE, ECONNRESET };

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (error == -ours[i])
			return true;
	}
	return false;
}

static bool confine(struct machine *m, pid_t pid, int64_t limit)
{
	struct buf problem = { 0 };
	const char *call;
	int error = keeper_start(&m->confined.keeper, -1, keep, NULL, &call);

	if (error < 0)
		return machine_break(m, call, error);
	error = cgroup_confine(&m->confined.group, pid, (uint64_t)limit, announce, m, &problem);
	if (error == 0) {
		m->confined.limit = limit;
	} else {
		bool left = m->confined.group.path[0] != '\0';

		/* Where it is not the machine that has none, but the tool that could not make one; or cannot get rid of it. */
		m->broken = left || is_ours(error);
		if (!left)
			(void)keeper_end(&m->confined.keeper);
		m->unsupported = !m->broken;
		machine_fail(m, "cgroup: there can be no memory cgroup: %s", buf_text(&problem));
	}
	buf_fini(&problem);
	return m->reason.len == 0;
}

bool perform_cgroup(struct machine *m, struct performance *p)
{
	int64_t limit = p->args[0].integer;
	pid_t pid = m->here->process.pid;

	if (limit < least) {
		p->call->performed = true;
		p->result = -EINVAL;
		return true;
	}
	if (m->confined.keeper.pid <= 0) {
		if (!confine(m, pid, limit))
			return false;
	} else if (m->confined.limit != limit) {
		return machine_fail(m, "cgroup: the script has one already, with a limit of %" PRId64 " bytes", m->confined.limit);
	} else {
		p->result = cgroup_enter(&m->confined.group, pid);
	}
	p->call->performed = true;
	return true;
}

bool confine_oom_kills(struct machine *m, int64_t *count)
{
	if (m->confined.keeper.pid <= 0)
		return machine_fail(m, "oom_kills: the script has no cgroup of its own: cgroup(LIMIT) makes it");
	int error = cgroup_oom_kills(&m->confined.group, count);

	if (error < 0 && error != -ENODATA)
		return machine_break(m, "open or read: how many the OOM killer killed in the cgroup", error);
	return error == 0 || machine_fail(m, "oom_kills: this kernel does not count them: %s", strerror(-error));
}

/* What the process died of, or the one that was collected; NULL: no OOM killer. */
static const char *explain_kill(struct machine *m, const struct performance *p, struct buf *text)
{
	bool collected = p->statement->call->class == CALL_WAIT && p->result == SIGKILL;
	int64_t count = 0;

	if (m->death != SIGKILL && !collected)
		return NULL;
	int error = cgroup_oom_kills(&m->confined.group, &count);

	if (error < 0 && error != -ENODATA) {
		buf_printf(text, "Whether the OOM killer killed it is not known: its count could not be read (%s).", strerror(-error));
		return buf_text(text);
	}
	if (error < 0 || count == 0)
		return NULL;
	buf_puts(text, "A page was needed, and within the cgroup's limit of ");
	size_format(text, (uint64_t)m->confined.limit);
	buf_printf(text, " there was none left, nor any to take back. Then the OOM killer kills that process of the cgroup which "
	                 "has the most memory, by SIGKILL, which cannot be caught: a store has no error to return. It has "
	                 "killed %" PRId64 " in this cgroup so far.", count);
	return buf_text(text);
}

static const char *explain_group(const struct machine *m, struct buf *text)
{
	buf_puts(text, "What this process and those that it forks touch from now on is charged to a cgroup of their own, to which "
	               "the kernel gives ");
	size_format(text, (uint64_t)m->confined.limit);
	buf_puts(text, " and no swap. What was charged before stays where it is. mmtool is not in it.");
	return buf_text(text);
}

void confine_explain(struct machine *m, const struct performance *p, struct event_step *step)
{
	struct buf text = { 0 };
	const char *found;

	if (!m->options->explain || m->confined.keeper.pid <= 0 || step->call.injected || step->call.error != 0)
		return;
	found = p->statement->call->class == CALL_CGROUP ? explain_group(m, &text) : explain_kill(m, p, &text);
	if (found != NULL)
		step->explain = arena_string(&m->temp, text.data, text.len);
	buf_fini(&text);
}

void confine_fini(struct machine *m)
{
	int error = keeper_end(&m->confined.keeper) || m->confined.group.path[0] == '\0' ? 0 : cgroup_remove(m->confined.group.path);

	if (error < 0)
		machine_left(m, error, "rmdir: the script's cgroup is left: %s", m->confined.group.path);
	m->confined.group.path[0] = '\0';
}
