/* SPDX-License-Identifier: MIT */
/* fork() and wait(): the processes of a script. */
#include "run/machine.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { MOST_PROCESSES = 64 };

static struct actor *add_actor(struct machine *m)
{
	struct actor *actor = alloc_zeroed(1, sizeof(*actor));

	m->actors = alloc_grow(m->actors, &m->actor_cap, m->actor_count + 1, sizeof(struct actor *));
	m->actors[m->actor_count++] = actor;
	return actor;
}

bool perform_fork(struct machine *m, struct performance *p)
{
	struct process child;
	int error = 0;

	if (m->actor_count >= MOST_PROCESSES)
		return machine_fail(m, "fork: a script can have %d processes at the most", MOST_PROCESSES);
	enum exchange outcome = process_fork(&m->here->process, &child, &error);

	if (outcome == EXCHANGE_BROKEN)
		return machine_break(m, "fork", -errno);
	if (outcome != EXCHANGE_DONE)
		return machine_fail(m, "the process died when it was to fork");
	p->call->performed = true;
	p->result = -error;
	if (error != 0)
		return true;
	struct actor *actor = add_actor(m);

	actor->process = child;
	actor->name = p->statement->slot != NO_SLOT ? m->script->names[p->statement->slot].text : "child";
	regions_copy(&actor->regions, &m->here->regions);
	error = observer_open(&actor->observer, child.pid);
	if (error < 0)
		return machine_break(m, "/proc/PID/maps cannot be opened", error);
	actor->observed = true;
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
	process_dismiss(&actor->process);
	actor->waited = true;
	p->call->performed = true;
	p->result = process_signal(&actor->process);
	return true;
}
