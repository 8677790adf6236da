/* SPDX-License-Identifier: MIT */
/* What the interpreter's parts share: asking the current process, its maps, and the reasons why a step fails. */
#include "run/machine.h"

#include "run/detail.h"
#include "run/why-step.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static struct exec_request request;
static struct exec_reply reply;

bool machine_fail(struct machine *m, const char *format, ...)
{
	va_list args;

	if (m->reason.len > 0)
		return false;
	va_start(args, format);
	buf_vprintf(&m->reason, format, args);
	va_end(args);
	return false;
}

bool machine_break(struct machine *m, const char *call, int error)
{
	/* It goes before what the script was told so far. */
	if (!m->broken)
		buf_reset(&m->reason);
	m->broken = true;
	return machine_fail(m, "%s: %s", call, strerror(-error));
}

void machine_left(struct machine *m, int error, const char *format, ...)
{
	va_list args;

	/* Beside why the tool could not go on, but not beside how the script came out. */
	if (!m->broken) {
		buf_reset(&m->reason);
		m->verdict.source = (struct event_source){ 0 };
	} else if (m->reason.len > 0) {
		buf_puts(&m->reason, "; ");
	}
	m->broken = true;
	va_start(args, format);
	buf_vprintf(&m->reason, format, args);
	va_end(args);
	buf_printf(&m->reason, ": %s", strerror(-error));
	buf_reset(&m->conclusion);
	buf_puts(&m->conclusion, buf_text(&m->reason));
}

void machine_unread(struct machine *m, bool open, const char *file, int error)
{
	struct buf what = { 0 };

	if (error >= 0 || error == -ENOENT || error == -ESRCH)
		return;
	buf_printf(&what, "%s: /proc/%s", open ? "open" : "read", file);
	machine_break(m, buf_text(&what), error);
	buf_fini(&what);
}

struct exec_request *machine_request(enum exec_op op)
{
	memset(&request, 0, offsetof(struct exec_request, data));
	request.op = (uint16_t)op;
	return &request;
}

static const char *signal_name(int signo)
{
	const char *name = constant_name(GROUP_SIGNAL, signo);

	return name != NULL ? name : "a signal";
}

/* The fault that the process told of last. */
static struct event_fault last_fault(const struct machine *m)
{
	const struct process *process = &m->here->process;

	return (struct event_fault){ .signo = process->signo,
		                     .code = fault_code(process->signo, process->code),
		                     .address = process->address,
		                     .has_address = process->code > 0,
		                     .varies = m->address_varies,
		                     .fatal = true };
}

/* The process died in this step: how, as its last words and its wait status tell. */
static void record_death(struct machine *m)
{
	const struct process *process = &m->here->process;

	m->death = process_signal(process);
	if (process->said_fault && process->signo == m->death && m->fault_count < STEP_FAULTS)
		m->faults[m->fault_count++] = last_fault(m);
	if (m->death == 0)
		machine_fail(m, "the process exited: its connection with mmtool was closed");
	else
		machine_fail(m, "the process was killed by %s", signal_name(m->death));
}

bool machine_outlived(struct machine *m, enum exchange outcome)
{
	const struct process *process = &m->here->process;
	struct event_fault fault;

	switch (outcome) {
	case EXCHANGE_DONE:
		return true;
	case EXCHANGE_DYING:
		fault = last_fault(m);
		why_dying(m, &fault);
		return machine_outlived(m, process_let_die(&m->here->process, &reply, &m->options->limits));
	case EXCHANGE_DIED:
		record_death(m);
		return false;
	case EXCHANGE_BROKEN:
		return machine_break(m, process->failed, -errno);
	case EXCHANGE_TIMEOUT:
		machine_fail(m, "it took longer than %g seconds (--timeout): mmtool killed the process",
		             m->options->limits.timeout_ms / 1000.0);
		break;
	case EXCHANGE_TOUCHED:
		machine_fail(m, "it touched more memory than --max-touch allows: mmtool killed the process");
		break;
	case EXCHANGE_STOPPED:
		machine_fail(m, "interrupted");
		break;
	case EXCHANGE_CONFUSED:
		machine_fail(m, "the process disturbed its connection with mmtool, which killed it");
		break;
	}
	m->ended = true;
	m->death = process_signal(process);
	return false;
}

const struct exec_reply *machine_ask(struct machine *m)
{
	struct process *process = &m->here->process;

	if (process->dead) {
		machine_fail(m, "the process has died");
		return NULL;
	}
	detail_asking(m);
	enum exchange outcome = process_ask(process, &request, &reply, &m->options->limits);

	detail_answered(m);
	return machine_outlived(m, outcome) ? &reply : NULL;
}

bool machine_lives(struct machine *m)
{
	struct actor *here = m->here;

	if (m->broken || here->process.dead || observer_lives(&here->observer))
		return true;
	/* What was read of it since, and that it could not be read, tells nothing. */
	buf_reset(&m->reason);
	return machine_outlived(m, process_collect(&here->process, &m->options->limits));
}

void machine_settle(struct machine *m, struct event_step *step)
{
	if (machine_lives(m))
		return;
	step->looked = step->flags_looked = step->smaps_looked = false;
	step->delta = NULL;
	step->before = step->after = NULL;
	step->pages = NULL;
	step->counters = NULL;
	step->details = NULL;
	step->counter_count = step->detail_count = 0;
	step->why = step->explain = NULL;
	memset(step->why_rules, 0, sizeof(step->why_rules));
}

int machine_observe(struct machine *m, struct actor *actor)
{
	int error = observer_open(&actor->observer, actor->process.pid);

	if (error < 0)
		return error;
	actor->observed = true;
	actor->stale.all = true;
	return observer_choose(&actor->observer, m->options->observer);
}

const struct maps *machine_maps(struct machine *m)
{
	struct actor *here = m->here;

	if (stale_any(&here->stale) && !here->process.dead) {
		int error = observer_update(&here->observer, &here->maps[here->current], &here->stale);

		if (!machine_lives(m))
			return NULL;
		if (error < 0) {
			machine_break(m, here->observer.unasked ? "ioctl, PROCMAP_QUERY: /proc/PID/maps" : "read: /proc/PID/maps", error);
			return NULL;
		}
		here->stale = (struct stale){ 0 };
	}
	return &here->maps[here->current];
}

const struct maps *machine_look(struct machine *m, const struct maps **before)
{
	struct actor *here = m->here;
	const struct maps *old = &here->maps[here->current];

	here->current ^= 1;
	/* By text all is read again, also where nothing is said to have changed. */
	if (here->observer.queries)
		maps_assign(&here->maps[here->current], old);
	else
		here->stale.all = true;
	const struct maps *now = machine_maps(m);

	if (now == NULL)
		here->current ^= 1;
	*before = now != NULL ? old : NULL;
	return now;
}

void machine_accessed(struct machine *m, uint64_t addr, uint64_t len)
{
	struct actor *here = m->here;

	/* An access below a MAP_GROWSDOWN mapping, and no other, changes the maps (expand_stack() in the kernel's mm/vma.c). */
	if (!here->stale.all && !maps_covered(&here->maps[here->current], addr, len))
		stale_add(&here->stale, addr, len);
}

struct actor *machine_actor(struct machine *m, int64_t pid)
{
	/* The last one first: the number of a process that was collected can come again. */
	for (size_t i = m->actor_count; i > 0; i--) {
		if (m->actors[i - 1]->process.pid == pid)
			return m->actors[i - 1];
	}
	return NULL;
}

void machine_bind(struct machine *m, uint32_t slot, const struct value *value)
{
	struct value *to = &m->slots[slot];
	struct value copy = *value;

	if (copy.is_string)
		copy.text = alloc_string(copy.text, copy.len);
	/* What the step in hand tells of may be the old text: it lives until the next name is bound. */
	if (to->is_string) {
		free(m->stale);
		m->stale = (char *)(uintptr_t)to->text;
	}
	*to = copy;
	m->bound[slot] = true;
}
