/* SPDX-License-Identifier: MIT */
/* The interpreter: walks the statements, has them performed, and sends what happened. */
#include "run/interp.h"

#include "base/size.h"
#include "run/detail.h"
#include "run/machine.h"
#include "run/why-step.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

enum { SHOWN_PASSES = 3 };

/* What becomes of the statements that follow. */
enum flow { FLOW_ON, FLOW_STOP };

static enum flow run_block(struct machine *m, const struct statement *statement);

static struct event_source source_of(const struct machine *m, const struct statement *statement)
{
	return (struct event_source){ .file = m->script->file,
		                      .line = statement->span.place.line,
		                      .column = statement->span.place.column,
		                      .text = statement->span.text,
		                      .text_len = statement->span.len };
}

static void send(struct machine *m, const struct event *event)
{
	m->sink->take(m->sink->context, event);
}

/* Sends a step, and with it what was checked before it without an event of its own. */
static void send_step(struct machine *m, struct event *event)
{
	event->step.unshown = m->tallies;
	event->step.unshown_count = m->tally_count;
	send(m, event);
	m->tally_count = 0;
}

/* A check that held in a pass that is not shown. */
static void count_unshown(struct machine *m, const struct event_step *step)
{
	for (size_t i = 0; i < m->tally_count; i++) {
		struct event_tally *tally = &m->tallies[i];

		if (tally->source.text == step->source.text && tally->process == step->process) {
			tally->count++;
			return;
		}
	}
	m->tallies = alloc_grow(m->tallies, &m->tally_cap, m->tally_count + 1, sizeof(*m->tallies));
	m->tallies[m->tally_count++] = (struct event_tally){ step->source, step->process, 1 };
}

/* A step's event, with what is the same for all. */
static struct event step_event(struct machine *m, const struct statement *statement, enum step_kind kind)
{
	return (struct event){ .type = EVENT_STEP,
		               .step = { .kind = (uint8_t)kind,
		                         .source = source_of(m, statement),
		                         .process = m->here->name,
		                         .pid = m->here->process.pid,
		                         .looped = m->loops > 0,
		                         .old_regions = &m->here->regions,
		                         .new_regions = &m->here->regions } };
}

static void step_begin(struct machine *m)
{
	arena_reset(&m->temp);
	/* What broke between two steps ends the second one. */
	if (!m->broken)
		buf_reset(&m->reason);
	m->fault_count = 0;
	memset(&m->last_words, 0, sizeof(m->last_words));
	m->death = 0;
	m->ended = false;
	m->was_dead = m->here->process.dead;
}

/* The passes that were not shown, in one line, with what they changed in all; now NULL: in the middle of one. */
static void fold_tell(struct machine *m, const struct maps *now)
{
	struct event event = step_event(m, m->fold_repeat, STEP_PASSES);

	if (m->fold_passes == 0)
		return;
	event.step.ok = true;
	event.step.passes = m->fold_passes;
	if (now != NULL) {
		event.step.old_regions = &m->fold_regions;
		delta_compute(&m->delta, &m->fold_maps, now, &m->fold_regions, &m->here->regions, NULL);
		event.step.delta = &m->delta;
		event.step.before = &m->fold_maps;
		event.step.after = now;
		event.step.looked = true;
		pages_unfold(m, &event.step);
		detail_folded(m, &event.step);
		machine_settle(m, &event.step);
	}
	send_step(m, &event);
	m->fold_passes = 0;
}

/* No step of the repeat follows: what was checked since the last one is told alone. */
static void fold_end(struct machine *m)
{
	struct event event = step_event(m, m->fold_repeat, STEP_PASSES);

	event.step.ok = true;
	if (m->tally_count > 0)
		send_step(m, &event);
	m->folding = false;
}

static bool fold_begin(struct machine *m, const struct statement *repeat)
{
	const struct maps *now = machine_maps(m);

	if (now == NULL)
		return false;
	maps_assign(&m->fold_maps, now);
	regions_copy(&m->fold_regions, &m->here->regions);
	pages_fold(m);
	m->fold_passes = 0;
	m->fold_repeat = repeat;
	detail_fold(m);
	m->folding = true;
	return true;
}

/* What the verdict tells: where and why it came to it. */
static void conclude_from(struct machine *m, const struct event_source *source)
{
	/* What is fed goes on after a failure, and the text of the place may be gone when the verdict is told. */
	if (!m->options->fed)
		m->verdict.source = *source;
	buf_reset(&m->conclusion);
	buf_puts(&m->conclusion, buf_text(&m->reason));
}

/* Ends a step: sends it, and says whether the script goes on. */
static enum flow step_end(struct machine *m, struct event *event)
{
	struct event_step *step = &event->step;

	step->ok = m->reason.len == 0;
	step->reason = step->ok ? NULL : buf_text(&m->reason);
	step->faults = m->faults;
	step->fault_count = m->fault_count;
	step->death = m->death;
	why_faults(m, step);
	m->verdict.steps++;
	if (m->broken || m->unsupported) {
		conclude_from(m, &step->source);
		return FLOW_STOP;
	}
	/* What failed is shown, and what was injected; the passes before it are summed up first. */
	bool shown = !step->ok || step->call.injected;

	if (m->folding && shown)
		fold_tell(m, NULL);
	if (!m->folding || shown)
		send_step(m, event);
	else if (step->checked)
		count_unshown(m, step);
	if (step->ok)
		return FLOW_ON;
	if (m->verdict.failed++ == 0)
		conclude_from(m, &step->source);
	/* What follows a death of the main process may be in another. */
	bool main_is_dead = m->here == m->actors[0] && m->was_dead;

	return m->options->keep_going && !main_is_dead ? FLOW_ON : FLOW_STOP;
}

static void bind_value(struct machine *m, const struct statement *statement, struct event_step *step)
{
	struct value value;
	struct buf text = { 0 };

	if (!eval(m, statement->expr, &value))
		return;
	machine_bind(m, statement->slot, &value);
	step->value_varies = !render_value(m, &text, &value, statement->expr);
	step->bound = m->names[statement->slot];
	step->value = value.integer;
	step->value_is_integer = !value.is_string;
	step->value_text = arena_string(&m->temp, buf_text(&text), text.len);
	buf_fini(&text);
}

static struct event_operand operand(struct machine *m, const struct expr *expr, const struct value *value,
                                    const struct expr *other)
{
	struct buf text = { 0 };
	struct event_operand made = { .text = expr->span.text, .text_len = expr->span.len };

	made.varies = !render_value(m, &text, value, render_like(expr, other));
	made.value = arena_string(&m->temp, buf_text(&text), text.len);
	buf_fini(&text);
	return made;
}

static bool is_comparison(const struct expr *expr)
{
	return expr->kind == EXPR_BINARY && expr->op >= OP_LT && expr->op <= OP_NE;
}

/* The script's words for why, or others where it has none: a failure always has a reason. */
static const char *reason_or(const char *words, const char *others)
{
	return words != NULL && words[0] != '\0' ? words : others;
}

static void expect(struct machine *m, const struct statement *statement, struct event_step *step)
{
	const struct expr *expr = statement->expr;
	struct event_check *check = &step->check;
	struct value value, left, right;

	m->verdict.checks++;
	step->checked = true;
	check->message = statement->message != NULL ? statement->message->string.data : NULL;
	if (is_comparison(expr)) {
		if (!eval_sides(m, expr, &left, &right, &value))
			return;
		check->compared = true;
		check->left = operand(m, expr->left, &left, expr->right);
		check->right = operand(m, expr->right, &right, expr->left);
	} else if (!eval(m, expr, &value)) {
		return;
	}
	if (value.is_string) {
		machine_fail(m, "a string is neither true nor false");
		return;
	}
	check->held = value.integer != 0;
	if (!check->held)
		machine_fail(m, "%s", reason_or(check->message, "the check does not hold"));
}

static bool kernel_at_least(const unsigned want[3])
{
	struct utsname name;
	unsigned have[3] = { 0, 0, 0 };

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u.%u", &have[0], &have[1], &have[2]) < 2)
		return false;
	for (unsigned i = 0; i < 3; i++) {
		if (have[i] != want[i])
			return have[i] > want[i];
	}
	return true;
}

static void require(struct machine *m, const struct statement *statement)
{
	int64_t held = 0;

	switch ((enum statement_kind)statement->kind) {
	case STATEMENT_REQUIRE_KERNEL:
		if (!kernel_at_least(statement->version)) {
			m->unsupported = true;
			machine_fail(m, "needs Linux %u.%u.%u or later", statement->version[0], statement->version[1],
			             statement->version[2]);
		}
		break;
	case STATEMENT_REQUIRE_FEATURE:
		feature_require(m, statement);
		break;
	default:
		if (eval_integer(m, statement->expr, &held) && held == 0) {
			m->unsupported = true;
			machine_fail(m, "%s", reason_or(statement->message->string.data, "the condition does not hold"));
		}
	}
}

static void note(struct machine *m, const struct statement *statement)
{
	struct buf text = { 0 }, symbolic = { 0 };
	struct value value;

	for (uint32_t i = 0; i < statement->count; i++) {
		if (!eval(m, statement->args[i], &value))
			break;
		if (i > 0) {
			buf_putc(&text, ' ');
			buf_putc(&symbolic, ' ');
		}
		size_t mark = text.len;
		bool steady = true;

		if (value.is_string)
			buf_add(&text, value.text, value.len);
		else
			steady = render_value(m, &text, &value, NULL);
		buf_puts(&symbolic, steady ? buf_text(&text) + mark : "*");
	}
	if (m->reason.len == 0 && !m->folding)
		send(m, &(struct event){ .type = EVENT_NOTE,
		                         .note = { .source = source_of(m, statement),
		                                   .text = buf_text(&text),
		                                   .symbolic = buf_text(&symbolic) } });
	buf_fini(&text);
	buf_fini(&symbolic);
}

static enum step_kind kind_of(const struct statement *statement)
{
	switch ((enum statement_kind)statement->kind) {
	case STATEMENT_CALL:
		return STEP_CALL;
	case STATEMENT_BIND:
		return STEP_BIND;
	case STATEMENT_STORE:
		return STEP_STORE;
	case STATEMENT_EXPECT:
		return STEP_EXPECT;
	case STATEMENT_REQUIRE:
	case STATEMENT_REQUIRE_FEATURE:
	case STATEMENT_REQUIRE_KERNEL:
		return STEP_REQUIRE;
	default:
		return STEP_OTHER;
	}
}

/* A statement that calls nothing, and may access memory in its expression. */
static void evaluate(struct machine *m, const struct statement *statement, struct event_step *step)
{
	/* Of a child that was just made, the maps are read when a call needs them. */
	const bool known = !stale_any(&m->here->stale);

	if (step->kind == STEP_BIND)
		bind_value(m, statement, step);
	else if (step->kind == STEP_EXPECT)
		expect(m, statement, step);
	else
		require(m, statement);
	if (known)
		perform_accessed(m, step);
}

static void perform_step(struct machine *m, const struct statement *statement, struct event_step *step)
{
	switch (kind_of(statement)) {
	case STEP_CALL:
		step->bound = statement->slot != NO_SLOT ? m->names[statement->slot] : NULL;
		step->old_regions = &m->here->old_regions;
		regions_copy(&m->here->old_regions, &m->here->regions);
		perform_call(m, statement, step);
		break;
	case STEP_STORE:
		step->old_regions = &m->here->old_regions;
		regions_copy(&m->here->old_regions, &m->here->regions);
		perform_store(m, statement, step);
		break;
	case STEP_BIND:
	case STEP_EXPECT:
	case STEP_REQUIRE:
		evaluate(m, statement, step);
		break;
	default:
		note(m, statement);
	}
}

/* Performs a step between two looks at the process, where the user asked for what they tell. */
static void look_around(struct machine *m, const struct statement *statement, struct event_step *step)
{
	bool shown = statement->kind != STATEMENT_NOTE;

	if (shown) {
		pages_before(m);
		detail_before(m);
	}
	perform_step(m, statement, step);
	if (shown) {
		detail_after(m, step);
		pages_after(m, step);
		if (!m->folding)
			machine_settle(m, step);
	}
}

/* Whether the user wants nothing more to be done. */
static bool stopped(const struct machine *m)
{
	return m->options->limits.stop != NULL && *m->options->limits.stop != 0;
}

static enum flow run_step(struct machine *m, const struct statement *statement)
{
	struct event event = step_event(m, statement, kind_of(statement));
	bool waits = statement->kind == STATEMENT_CALL && statement->call->class == CALL_WAIT;

	/* Also where it is not begun, the report says which call it was. */
	if (statement->kind == STATEMENT_CALL)
		event.step.call.name = statement->call->name;
	step_begin(m);
	if (m->options->before_step != NULL && !m->folding && statement->kind != STATEMENT_NOTE)
		m->options->before_step(m->options->context, &event.step.source, m->here->process.pid);
	if (stopped(m))
		machine_fail(m, "interrupted");
	else if (m->here->process.dead && !waits)
		machine_fail(m, "the process %s has died", m->here->name != NULL ? m->here->name : "of the script");
	else
		look_around(m, statement, &event.step);
	if (statement->kind == STATEMENT_NOTE && m->reason.len == 0)
		return FLOW_ON;
	return step_end(m, &event);
}

/* A condition, a count or a process: an expression that is a step only when it fails. */
static enum flow control(struct machine *m, const struct statement *statement, int64_t *value, bool *known)
{
	struct event event = step_event(m, statement, STEP_OTHER);

	step_begin(m);
	*known = eval_integer(m, statement->expr, value);
	return *known ? FLOW_ON : step_end(m, &event);
}

/* Between two steps: for what the machine was told, or because the user wants it. */
static enum flow interrupt(struct machine *m, const struct statement *statement)
{
	struct event event = step_event(m, statement, STEP_OTHER);

	machine_fail(m, "interrupted");
	return step_end(m, &event);
}

static enum flow run_passes(struct machine *m, const struct statement *statement, int64_t count)
{
	bool mine = false;
	enum flow flow = FLOW_ON;

	m->loops++;
	for (int64_t pass = 0; pass < count && flow == FLOW_ON && !m->breaking && !stopped(m); pass++) {
		unsigned failed = m->verdict.failed;

		if (pass >= SHOWN_PASSES && !m->folding && !(mine = fold_begin(m, statement)))
			return FLOW_STOP;
		if (statement->slot != NO_SLOT)
			machine_bind(m, statement->slot, &(struct value){ .integer = pass });
		flow = run_block(m, statement->body);
		/* A failed step was shown; the passes after it begin a new count. */
		if (mine && m->verdict.failed != failed && flow == FLOW_ON && !fold_begin(m, statement))
			return FLOW_STOP;
		m->fold_passes += mine && m->verdict.failed == failed;
	}
	m->breaking = false;
	m->loops--;
	if (flow == FLOW_ON)
		step_begin(m);
	if (mine && !m->broken) {
		if (flow == FLOW_ON)
			fold_tell(m, m->here->process.dead ? NULL : machine_maps(m));
		fold_end(m);
	}
	return flow == FLOW_ON && (stopped(m) || m->reason.len > 0) ? interrupt(m, statement) : flow;
}

static enum flow run_repeat(struct machine *m, const struct statement *statement)
{
	int64_t count = 0;
	bool known;
	enum flow flow = control(m, statement, &count, &known);

	return known ? run_passes(m, statement, count) : flow;
}

static enum flow run_if(struct machine *m, const struct statement *statement)
{
	int64_t held = 0;
	bool known;
	enum flow flow = control(m, statement, &held, &known);

	return known ? run_block(m, held != 0 ? statement->body : statement->otherwise) : flow;
}

static enum flow run_in(struct machine *m, const struct statement *statement)
{
	struct event event = step_event(m, statement, STEP_OTHER);
	struct actor *from = m->here;
	int64_t pid = 0;
	bool known;
	enum flow flow = control(m, statement, &pid, &known);

	if (!known)
		return flow;
	struct actor *actor = machine_actor(m, pid);

	if (actor == NULL) {
		machine_fail(m, "%" PRId64 " is no process of this script", pid);
		return step_end(m, &event);
	}
	m->here = actor;
	from->entered++;
	flow = run_block(m, statement->body);
	from->entered--;
	m->here = from;
	return flow;
}

static enum flow run_statement(struct machine *m, const struct statement *statement)
{
	switch ((enum statement_kind)statement->kind) {
	case STATEMENT_IF:
		return run_if(m, statement);
	case STATEMENT_REPEAT:
		return run_repeat(m, statement);
	case STATEMENT_IN:
		return run_in(m, statement);
	case STATEMENT_BREAK:
		m->breaking = true;
		return FLOW_ON;
	default:
		return run_step(m, statement);
	}
}

static enum flow run_block(struct machine *m, const struct statement *statement)
{
	enum flow flow = FLOW_ON;

	for (; statement != NULL && flow == FLOW_ON && !m->breaking; statement = statement->next)
		flow = run_statement(m, statement);
	return flow;
}

enum verdict interp_feed(struct machine *m, const struct script *script)
{
	unsigned failed = m->verdict.failed;

	machine_learn(m, script);
	if (m->script == NULL)
		machine_define(m);
	m->script = script;
	m->breaking = false;
	m->unsupported = false;
	m->here = m->actors[0];
	run_block(m, script->first);
	return m->broken                       ? VERDICT_BROKEN
	       : m->unsupported                ? VERDICT_UNSUPPORTED
	       : m->verdict.failed != failed   ? VERDICT_FAILED
	                                       : VERDICT_PASSED;
}

/* A test of an error path that was never taken proves nothing: an injection that did not come to its call is told. */
static void tell_injections(struct machine *m, const struct script *script)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < m->options->injection_count; i++) {
		const struct interp_injection *injection = &m->options->injections[i];

		if (m->injected[i] > 0 && m->injected[i] >= injection->nth)
			continue;
		buf_reset(&text);
		buf_printf(&text, "--inject=%s:%s", injection->call->name, constant_name(GROUP_ERRNO, injection->error));
		if (injection->nth > 0)
			buf_printf(&text, ":%" PRIu64, injection->nth);
		buf_printf(&text, " was never reached: the script made %" PRIu64 " such call%s", m->injected[i],
		           m->injected[i] == 1 ? "" : "s");
		send(m, &(struct event){ .type = EVENT_NOTE,
		                         .note = { .source = { .file = script->file, .line = 1, .column = 1, .text = "" },
		                                   .text = buf_text(&text) } });
	}
	buf_fini(&text);
}

enum verdict interp_run(const struct script *script, struct process *subject, const struct interp_options *options,
                        const struct event_sink *sink, char **problem)
{
	struct machine *m = interp_new(options, sink);

	if (interp_begin(m, subject, script->file))
		interp_feed(m, script);
	if (!m->broken && !m->unsupported)
		tell_injections(m, script);
	/* First, for the verdict tells what could not be taken away. */
	(void)interp_clean(m);
	enum verdict verdict = interp_conclude(m, problem);

	interp_free(m);
	return verdict;
}
