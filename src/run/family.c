/* SPDX-License-Identifier: MIT */
/* fork() and wait(): the processes of a script. */
#include "run/detail.h"
#include "run/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum {
	MOST_PROCESSES = 64, /* at one time */
	REMEMBERED = 256,    /* beyond that many, one that was collected is forgotten for a new one */
};

static size_t living(const struct machine *m)
{
	size_t count = 0;

	for (size_t i = 0; i < m->actor_count; i++)
		count += !m->actors[i]->process.dead;
	return count;
}

/* What the tool knows of a process goes with it, but for how it ended. */
static void forget(struct actor *actor)
{
	if (actor->observed)
		observer_close(&actor->observer);
	detail_close(actor);
	actor->observed = false;
	for (unsigned i = 0; i < 2; i++) {
		maps_fini(&actor->maps[i]);
		actor->maps[i] = (struct maps){ 0 };
	}
	regions_fini(&actor->regions);
	regions_fini(&actor->old_regions);
	actor->regions = actor->old_regions = (struct regions){ 0 };
}

static struct actor *add_actor(struct machine *m)
{
	for (size_t i = 1; i < m->actor_count && m->actor_count >= REMEMBERED; i++) {
		struct actor *old = m->actors[i];

		if (!old->waited || old == m->here || old->entered > 0)
			continue;
		/* At the end, in the order of their making. */
		memmove(&m->actors[i], &m->actors[i + 1], (m->actor_count - i - 1) * sizeof(struct actor *));
		m->actors[m->actor_count - 1] = old;
		*old = (struct actor){ 0 };
		return old;
	}
	struct actor *actor = alloc_zeroed(1, sizeof(*actor));

	m->actors = alloc_grow(m->actors, &m->actor_cap, m->actor_count + 1, sizeof(struct actor *));
	m->actors[m->actor_count++] = actor;
	return actor;
}

bool perform_fork(struct machine *m, struct performance *p)
{
	struct process child;
	int error = 0;

	if (living(m) >= MOST_PROCESSES)
		return machine_fail(m, "fork: a script can have %d processes at one time", MOST_PROCESSES);
	detail_asking(m);
	enum exchange outcome = process_fork(&m->here->process, &child, &error, &m->options->limits);

	detail_answered(m);
	if (!machine_outlived(m, outcome))
		return false;
	p->call->performed = true;
	detail_own_faults(m);
	p->result = -error;
	if (error != 0)
		return true;
	if (child.dead) {
		const char *name = constant_name(GROUP_SIGNAL, process_signal(&child));
		const char *end = name != NULL ? "was killed by " : "ended";

		if (child.given_up)
			end = "was killed by mmtool, which it did not answer as it should,";
		return machine_fail(m, "fork: the new process %s%s before it could be used: is the memory that makes its calls as it "
		                       "was?", end, name != NULL && !child.given_up ? name : "");
	}
	struct actor *actor = add_actor(m);

	actor->process = child;
	actor->name = p->statement->slot != NO_SLOT ? m->names[p->statement->slot] : "child";
	regions_copy(&actor->regions, &m->here->regions);
	error = machine_observe(m, actor);
	if (error < 0)
		return machine_break(m, actor->observed ? "ioctl, PROCMAP_QUERY: /proc/PID/maps" : "open: /proc/PID/maps", error);
	detail_open(m, actor);
	p->result = child.pid;
	return true;
}

bool perform_wait(struct machine *m, struct performance *p)
{
	struct actor *actor = machine_actor(m, p->args[0].integer);

	if (actor == NULL)
		return machine_fail(m, "wait: %" PRId64 " is no process of this script", p->args[0].integer);
	if (actor->waited)
		return machine_fail(m, "wait: this process was already collected");
	if (actor == m->here && !actor->process.dead)
		return machine_fail(m, "wait: a process cannot wait for itself");
	actor->waited = true;
	enum exchange outcome = process_dismiss(&actor->process, &m->options->limits);

	if (outcome == EXCHANGE_BROKEN)
		return machine_break(m, actor->process.failed, -errno);
	if (outcome != EXCHANGE_DONE)
		return machine_fail(m, "wait: the process did not exit, and mmtool killed it");
	p->call->performed = true;
	p->result = process_signal(&actor->process);
	if (actor != m->here)
		forget(actor);
	return true;
}
