/* SPDX-License-Identifier: MIT */
/* The interpreter's state: made, given a process, asked, and released. */
#include "run/interp.h"

#include "base/size.h"
#include "run/detail.h"
#include "run/machine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct machine *interp_new(const struct interp_options *options, const struct event_sink *sink)
{
	struct machine *m = alloc_zeroed(1, sizeof(*m));

	m->options = options;
	m->sink = sink;
	m->page = size_page();
	m->detail = options->detail ? detail_new() : NULL;
	m->injected = alloc_zeroed(options->injection_count, sizeof(*m->injected));
	return m;
}

static void send(struct machine *m, const struct event *event)
{
	m->sink->take(m->sink->context, event);
}

static void close_actor(struct actor *actor)
{
	process_end(&actor->process);
	if (actor->observed)
		observer_close(&actor->observer);
	detail_close(actor);
	maps_fini(&actor->maps[0]);
	maps_fini(&actor->maps[1]);
	regions_fini(&actor->regions);
	regions_fini(&actor->old_regions);
	*actor = (struct actor){ .process = { .socket = -1, .dead = true } };
}

/* What a seccomp profile or a security module answers for the kernel. */
static bool is_refusal(int error)
{
	return error == -EPERM || error == -EACCES || error == -ENOSYS;
}

/* The main process: the subject that was handed in. */
static bool adopt(struct machine *m, struct process *subject)
{
	if (m->actor_count == 0) {
		m->actors = alloc_grow(m->actors, &m->actor_cap, 1, sizeof(struct actor *));
		m->actors[m->actor_count++] = alloc_zeroed(1, sizeof(struct actor));
	} else {
		close_actor(m->actors[0]);
	}
	struct actor *actor = m->actors[0];

	actor->process = *subject;
	*subject = (struct process){ .socket = -1, .dead = true };
	m->here = actor;
	int error = observer_check_proc();

	if (error < 0)
		return machine_break(m, error == -ESRCH ? "/proc is of another PID namespace" : "readlink: /proc/self", error);
	error = machine_observe(m, actor);
	if (actor->observed && (error == -EOPNOTSUPP || is_refusal(error))) {
		m->unsupported = true;
		if (error == -EOPNOTSUPP)
			machine_fail(m, "--observer=query: this kernel has no PROCMAP_QUERY (since Linux 6.11)");
		else
			machine_fail(m, "--observer=query: ioctl, PROCMAP_QUERY: it is refused here: %s", strerror(-error));
		buf_puts(&m->conclusion, buf_text(&m->reason));
		return false;
	}
	if (error < 0)
		return machine_break(m, actor->observed ? "ioctl, PROCMAP_QUERY: /proc/PID/maps of the subject"
		                                        : "open: /proc/PID/maps of the subject", error);
	detail_open(m, actor);
	/* The scratch page has a name from the start: the language's own. */
	regions_add(&actor->regions, "scratch", REGION_PREDEFINED, actor->process.scratch, m->page);
	/* Where it has died, no statement will tell it. */
	m->broken |= machine_maps(m) == NULL;
	return !m->broken;
}

bool interp_begin(struct machine *m, struct process *subject, const char *name)
{
	buf_reset(&m->reason);
	if (!adopt(m, subject))
		return false;
	send(m, &(struct event){ .type = EVENT_START,
	                         .start = { .name = name,
	                                    .several = m->options->several,
	                                    .pid = m->here->process.pid,
	                                    .maps = machine_maps(m),
	                                    .scratch_start = m->here->process.scratch,
	                                    .scratch_end = m->here->process.scratch + m->page } });
	m->script_name = name;
	return machine_limit(m);
}

void machine_learn(struct machine *m, const struct script *script)
{
	size_t known = m->name_count, count = script->name_count;

	if (count <= known)
		return;
	m->slots = alloc_grow(m->slots, &m->slots_cap, count, sizeof(m->slots[0]));
	m->bound = alloc_grow(m->bound, &m->bound_cap, count, sizeof(m->bound[0]));
	m->names = alloc_grow(m->names, &m->names_cap, count, sizeof(m->names[0]));
	memset(m->slots + known, 0, (count - known) * sizeof(m->slots[0]));
	memset(m->bound + known, 0, (count - known) * sizeof(m->bound[0]));
	for (size_t i = known; i < count; i++)
		m->names[i] = arena_string(&m->name_texts, script->names[i].text, script->names[i].len);
	m->name_count = count;
}

const char *interp_reason(const struct machine *m)
{
	return buf_text(&m->reason);
}

bool interp_clean(struct machine *m)
{
	size_t told = m->broken ? m->reason.len : 0;

	for (size_t i = 0; i < m->actor_count; i++)
		process_end(&m->actors[i]->process);
	segments_fini(m);
	confine_fini(m);
	return !m->broken || m->reason.len == told;
}

enum verdict interp_conclude(struct machine *m, char **problem)
{
	struct event_verdict *verdict = &m->verdict;

	verdict->verdict = m->broken          ? VERDICT_BROKEN
	                   : m->unsupported   ? VERDICT_UNSUPPORTED
	                   : verdict->failed > 0 ? VERDICT_FAILED
	                                         : VERDICT_PASSED;
	verdict->reason = verdict->verdict == VERDICT_PASSED ? NULL
	                  /* What went wrong before the first statement is no statement's. */
	                  : m->conclusion.len > 0 ? buf_text(&m->conclusion) : buf_text(&m->reason);
	if (m->broken)
		*problem = alloc_string(buf_text(&m->reason), m->reason.len);
	send(m, &(struct event){ .type = EVENT_VERDICT, .verdict = *verdict });
	/* What is fed goes on. */
	m->unsupported &= !m->options->fed;
	return verdict->verdict;
}

unsigned interp_steps(const struct machine *m)
{
	return m->verdict.steps;
}

void interp_free(struct machine *m)
{
	(void)interp_clean(m);
	for (size_t i = 0; i < m->actor_count; i++) {
		close_actor(m->actors[i]);
		free(m->actors[i]);
	}
	for (size_t i = 0; i < m->name_count; i++) {
		if (m->slots[i].is_string)
			free((char *)(uintptr_t)m->slots[i].text);
	}
	free(m->actors);
	free(m->slots);
	free(m->bound);
	free(m->stale);
	free(m->names);
	arena_fini(&m->name_texts);
	free(m->holes);
	free(m->injected);
	free(m->tallies);
	maps_fini(&m->fold_maps);
	regions_fini(&m->fold_regions);
	delta_fini(&m->delta);
	pages_end(m);
	buf_fini(&m->flags_text);
	detail_free(m->detail);
	arena_fini(&m->temp);
	buf_fini(&m->reason);
	buf_fini(&m->conclusion);
	free(m);
}

const char *const *interp_names(const struct machine *m, size_t *count)
{
	*count = m->name_count;
	return m->names;
}

const struct value *interp_value(const struct machine *m, size_t name)
{
	return m->bound[name] ? &m->slots[name] : NULL;
}

const struct process *interp_main(const struct machine *m)
{
	return &m->actors[0]->process;
}

const struct maps *interp_maps(struct machine *m)
{
	m->here = m->actors[0];
	return m->here->process.dead ? NULL : machine_maps(m);
}

const struct regions *interp_regions(const struct machine *m)
{
	return &m->actors[0]->regions;
}
