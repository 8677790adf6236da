/* SPDX-License-Identifier: MIT */
/* Why the calls and faults of a script's steps came out as they did. */
#include "run/why-step.h"

#include "base/size.h"
#include "run/why-rule.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static struct why_case make_case(struct machine *m, const struct regions *names, struct why_source *source,
                                 struct why_process *process)
{
	*process = (struct why_process){ (int)m->here->process.pid, &m->here->observer, true };
	*source = why_process_source;
	source->context = process;
	return (struct why_case){ .page = m->page,
		                  .names = names,
		                  .scratch = m->here->process.scratch,
		                  .source = source,
		                  .history = &m->here->gone };
}

static void tell(struct event_step *step, const char *text, const char *const ids[EVENT_RULES])
{
	step->why = text;
	memcpy(step->why_rules, ids, sizeof(step->why_rules));
}

/* What the raw brk(2) answers with when it cannot: the break that stays. */
static bool brk_refused(const struct performance *p)
{
	return p->statement->call->id == CALL_BRK && p->words[0] != 0 && (uint64_t)p->result != p->words[0];
}

/* An mremap that failed half-way (names.c): what had moved is remembered as if it had been asked for alone. */
static void remember_moved(struct machine *m, const struct performance *p, const struct event_step *step)
{
	uint64_t args[CALL_ARGS];

	memcpy(args, p->words, sizeof(args));
	args[1] = args[2] = p->moved_before;
	why_remember(&m->here->gone, &(struct why_done){ CALL_MREMAP, args, (int64_t)args[4], m->page, step->source.line,
	                                                 step->before, step->after });
}

/* A sentence with a size in the middle, in the arena. */
static const char *with_size(struct arena *arena, const char *begin, uint64_t size, const char *end)
{
	struct buf text = { 0 };

	buf_puts(&text, begin);
	size_format(&text, size);
	buf_puts(&text, end);
	const char *copy = arena_string(arena, text.data, text.len);

	buf_fini(&text);
	return copy;
}

/* What a call that failed had done by then; NULL: nothing that the maps show. */
static const char *explain_failed(const struct performance *p, const struct event_step *step, struct arena *arena)
{
	if (p->moved_before > 0)
		return with_size(arena, "The kernel moves several mappings one after the other, and does not take back what it did: "
		                        "when the call failed, what is in the first ",
		                 p->moved_before, " of the old range had moved to new_address.");
	if (p->statement->call->id != CALL_MMAP || (p->words[3] & MAP_FIXED) == 0 || step->before == NULL || step->after == NULL)
		return NULL;
	uint64_t was = maps_mapped(step->before, p->words[0], p->words[1], NULL);
	uint64_t is = maps_mapped(step->after, p->words[0], p->words[1], NULL);

	if (is >= was)
		return NULL;
	return with_size(arena, "MAP_FIXED unmaps what is in the range before the new mapping is made, and the kernel did not take that "
	                        "back when the call failed: ", was - is, " of what was there is gone.");
}

void why_call(struct machine *m, const struct performance *p, struct event_step *step)
{
	struct why_process process;
	struct why_source source;
	struct why_case c = make_case(m, step->old_regions, &source, &process);
	int error = brk_refused(p) ? ENOMEM : step->call.error;

	c.before = step->before;
	c.after = step->after;
	c.call = p->statement->call->id;
	memcpy(c.args, p->words, sizeof(c.args));
	c.result = p->result;
	if (p->statement->call->class != CALL_SYSTEM)
		return;
	if (error == 0)
		why_remember(&m->here->gone, &(struct why_done){ c.call, c.args, c.result, m->page, step->source.line, c.before,
		                                                 c.after });
	if (p->moved_before > 0)
		remember_moved(m, p, step);
	if (error != 0 && m->options->explain)
		step->explain = explain_failed(p, step, &m->temp);
	if (error == 0 && m->options->explain && (step->looked || p->statement->call->keeps_maps))
		step->explain = why_explain(&c, &m->temp);
	if (error == 0 || !why_has_rules(c.call))
		return;
	if (c.before == NULL)
		c.before = machine_maps(m);
	if (p->statement->count > 0 && p->args[0].is_string) {
		c.string = p->args[0].text;
		c.string_len = p->args[0].len;
	}
	struct why_finding finding = why_find(&c, error, &m->temp);

	tell(step, finding.text, finding.ids);
}

/* Of a fault; maps of the process as it is, or of one that dies, as it was before. */
static struct why_finding find_fault(struct machine *m, const struct event_fault *fault, const struct regions *names,
                                     const struct maps *maps)
{
	struct why_process process;
	struct why_source source;
	struct why_case c = make_case(m, names, &source, &process);

	c.after = c.before = maps;
	c.fault = fault;
	c.call = FAULT_RULE;
	return why_find(&c, 0, &m->temp);
}

void why_dying(struct machine *m, const struct event_fault *fault)
{
	struct why_finding finding = find_fault(m, fault, &m->here->regions, &m->here->maps[m->here->current]);

	m->last_words.text = finding.text;
	memcpy(m->last_words.rules, finding.ids, sizeof(m->last_words.rules));
}

void why_faults(struct machine *m, struct event_step *step)
{
	if (step->fault_count == 0 || step->why != NULL)
		return;
	if (step->faults[0].fatal) {
		tell(step, m->last_words.text, m->last_words.rules);
		return;
	}
	const struct maps *maps = machine_maps(m);

	if (maps == NULL)
		return;
	struct why_finding finding = find_fault(m, &step->faults[0], step->old_regions, maps);

	tell(step, finding.text, finding.ids);
}
