/* SPDX-License-Identifier: MIT */
/* What the interpreter's parts share: asking the current process, its maps, and the reasons why a step fails. */
#include "run/machine.h"

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
	m->broken = true;
	return machine_fail(m, "%s: %s", call, strerror(-error));
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

/* The process died in this step: how, as its last words and its wait status tell. */
static void record_death(struct machine *m)
{
	const struct process *process = &m->here->process;
	int64_t code = fault_code(process->signo, process->code);

	m->death = process_signal(process);
	if (process->said_fault && process->signo == m->death && m->fault_count < STEP_FAULTS)
		m->faults[m->fault_count++] = (struct event_fault){ .signo = process->signo,
			                                            .code = code,
			                                            .address = process->address,
			                                            .has_address = process->code > 0,
			                                            .fatal = true };
	if (m->death == 0)
		machine_fail(m, "the process exited: its connection with mmtool was closed");
	else
		machine_fail(m, "the process was killed by %s", signal_name(m->death));
}

const struct exec_reply *machine_ask(struct machine *m)
{
	struct process *process = &m->here->process;

	if (process->dead) {
		machine_fail(m, "the process has died");
		return NULL;
	}
	switch (process_ask(process, &request, &reply, &m->options->limits)) {
	case EXCHANGE_DONE:
		return &reply;
	case EXCHANGE_DIED:
		record_death(m);
		return NULL;
	case EXCHANGE_TIMEOUT:
		m->death = process_signal(process);
		machine_fail(m, "it took longer than %g seconds (--timeout): mmtool killed the process",
		             m->options->limits.timeout_ms / 1000.0);
		return NULL;
	case EXCHANGE_TOUCHED:
		m->death = process_signal(process);
		m->overran = true;
		machine_fail(m, "it touched more memory than --max-touch allows: mmtool killed the process");
		return NULL;
	case EXCHANGE_STOPPED:
		m->death = process_signal(process);
		machine_fail(m, "interrupted: mmtool killed the process");
		return NULL;
	case EXCHANGE_CONFUSED:
		m->death = process_signal(process);
		machine_fail(m, "the process disturbed its connection with mmtool, which killed it");
		return NULL;
	case EXCHANGE_BROKEN:
		machine_break(m, "recvmsg", -errno);
		return NULL;
	}
	return NULL;
}

const struct maps *machine_maps(struct machine *m)
{
	struct actor *here = m->here;

	if (!here->fresh && !here->process.dead) {
		int error = observer_read(&here->observer, &here->maps[here->current]);

		if (error < 0) {
			machine_break(m, "/proc/PID/maps cannot be read", error);
			return NULL;
		}
		here->fresh = true;
	}
	return &here->maps[here->current];
}

void machine_accessed(struct machine *m, uint64_t addr, uint64_t len)
{
	/* An access below a MAP_GROWSDOWN mapping, and no other, changes the maps (expand_stack() in the kernel's mm/vma.c). */
	if (m->here->fresh && !maps_covered(&m->here->maps[m->here->current], addr, len))
		m->here->fresh = false;
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
	if (to->is_string)
		free((char *)(uintptr_t)to->text);
	*to = copy;
	m->bound[slot] = true;
}
