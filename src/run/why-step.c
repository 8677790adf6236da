/* SPDX-License-Identifier: MIT */
/* Why the calls and faults of a script's steps came out as they did. */
#include "run/why-step.h"

#include "run/why-rule.h"

#include <errno.h>
#include <string.h>

static struct why_case make_case(struct machine *m, const struct event_step *step, struct why_source *source,
                                 struct why_process *process)
{
	*process = (struct why_process){ (int)m->here->process.pid, &m->here->observer };
	*source = why_process_source;
	source->context = process;
	return (struct why_case){ .page = m->page,
		                  .before = step->before,
		                  .after = step->after,
		                  .names = step->old_regions,
		                  .scratch = m->here->process.scratch,
		                  .source = source,
		                  .history = &m->here->gone };
}

/* What the raw brk(2) answers with when it cannot: the break that stays. */
static bool brk_refused(const struct performance *p)
{
	return p->statement->call->id == CALL_BRK && p->words[0] != 0 && (uint64_t)p->result != p->words[0];
}

void why_call(struct machine *m, const struct performance *p, struct event_step *step)
{
	struct why_process process;
	struct why_source source;
	struct why_case c = make_case(m, step, &source, &process);
	int error = brk_refused(p) ? ENOMEM : step->call.error;

	c.call = p->statement->call->id;
	memcpy(c.args, p->words, sizeof(c.args));
	c.result = p->result;
	if (p->statement->call->class != CALL_SYSTEM)
		return;
	if (error == 0)
		why_remember(&m->here->gone, c.call, c.args, c.result, m->page, step->source.line);
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

	step->why = finding.text;
	memcpy(step->why_rules, finding.ids, sizeof(step->why_rules));
}

void why_faults(struct machine *m, struct event_step *step)
{
	struct why_process process;
	struct why_source source;
	struct why_case c = make_case(m, step, &source, &process);

	if (step->fault_count == 0)
		return;
	/* Of a process that has died the maps from before are what there is. */
	c.after = m->here->process.dead ? &m->here->maps[m->here->current] : machine_maps(m);
	c.before = c.after;
	c.fault = &step->faults[0];
	c.call = FAULT_RULE;
	if (c.after == NULL || step->why != NULL)
		return;
	struct why_finding finding = why_find(&c, 0, &m->temp);

	step->why = finding.text;
	memcpy(step->why_rules, finding.ids, sizeof(step->why_rules));
}
