/* SPDX-License-Identifier: MIT */
/* Lines of strace(1), explained one by one. */
#include "run/why-line.h"

#include "base/alloc.h"
#include "run/strace.h"
#include "run/why-rule.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct why_lines {
	struct why_world world;
	const struct event_sink *sink;
	struct strace *strace;
	struct why_history gone;
	int pid;          /* the one process of the trace; -1: there are several, whose address spaces mmtool does not tell apart */
	const char *name; /* of the input */
	uint32_t number;  /* of the line in hand */
	struct arena arena;
};

struct why_lines *why_lines_new(const struct why_world *world, const struct event_sink *sink)
{
	struct why_lines *lines = alloc_zeroed(1, sizeof(*lines));

	lines->world = *world;
	lines->sink = sink;
	lines->strace = strace_new(world->page);
	lines->name = "";
	return lines;
}

void why_lines_free(struct why_lines *lines)
{
	strace_free(lines->strace);
	arena_fini(&lines->arena);
	free(lines);
}

void why_lines_begin(struct why_lines *lines, const char *name)
{
	strace_free(lines->strace);
	lines->strace = strace_new(lines->world.page);
	lines->name = name;
	lines->number = 0;
	lines->gone.count = 0;
	lines->pid = 0;
}

/* Says what more would have to be known, and where mmtool could have it from. */
static void add_lacking(const struct why_lines *lines, struct buf *text, const struct why_finding *finding)
{
	const char *what = finding->ids[1] != NULL ? "which" : "whether it is";

	if (finding->sure || finding->ids[0] == NULL || finding->lacking == 0)
		return;
	if (lines->world.maps == NULL)
		buf_printf(text, " (with --maps it could be told %s)", what);
	else if (!lines->world.process && (finding->lacking & (LACK_PROCESS | LACK_MACHINE | LACK_NAMESPACE)) != 0)
		buf_printf(text, " (the limits of the process are not known: with --maps PID it could be told %s)", what);
	else if ((finding->lacking & LACK_FLAGS) != 0 && !lines->world.process)
		buf_printf(text, " (maps does not have the VmFlags: with --maps and an smaps file it could be told %s)", what);
	else if ((finding->lacking & LACK_NAMESPACE) != 0)
		buf_printf(text, " (mmtool is not in the IPC or PID namespace of the process, or may not see that it is: started there, with "
		           "nsenter, it could tell %s)", what);
}

static struct event_step make_step(const struct why_lines *lines, const struct strace_line *line)
{
	static const struct regions none;
	struct event_step step = {
		.kind = STEP_OTHER, .pid = line->pid, .ok = true, .old_regions = &none, .new_regions = &none,
	};
	const char *text = line->text;
	size_t len = line->text_len;

	for (; len > 0 && (*text == ' ' || *text == '\t'); text++)
		len--;
	step.source = (struct event_source){ .file = lines->name, .line = lines->number, .column = 1, .text = text,
		                             .text_len = len < UINT32_MAX ? (uint32_t)len : UINT32_MAX };
	return step;
}

static void send_step(struct why_lines *lines, struct event_step *step, const struct why_finding *finding)
{
	struct event event = { .type = EVENT_STEP };
	struct buf text = { 0 };

	buf_puts(&text, finding->text);
	add_lacking(lines, &text, finding);
	step->why = buf_text(&text);
	memcpy(step->why_rules, finding->ids, sizeof(step->why_rules));
	event.step = *step;
	lines->sink->take(lines->sink->context, &event);
	buf_fini(&text);
}

static struct why_case make_case(const struct why_lines *lines)
{
	return (struct why_case){ .page = lines->world.page, .before = lines->world.maps, .after = lines->world.maps,
		                  .source = lines->world.source, .history = lines->pid >= 0 ? &lines->gone : NULL };
}

static void describe(struct event_step *step, const struct strace_line *line)
{
	struct event_call *call = &step->call;

	step->kind = STEP_CALL;
	*call = (struct event_call){ .name = line->call->name, .result_kind = line->call->result, .result = line->result,
		                     .error = line->error, .is_system = true, .injected = line->injected, .answered = true };
	for (unsigned i = 0; i < line->count && i < line->call->most && i < CALL_ARGS; i++) {
		call->args[i] = (struct event_arg){ .kind = line->call->args[i], .value = line->args[i] };
		if (i == 0 && line->string != NULL) {
			call->args[i].string = line->string;
			call->args[i].string_len = strlen(line->string);
		}
		call->count++;
	}
}

/* strace's own doing, and arguments that cannot be read: there is nothing to look up. */
static bool explain_without_rules(struct why_lines *lines, const struct strace_line *line, struct why_finding *finding)
{
	unsigned all = (1u << line->call->most) - 1;

	if (line->injected) {
		finding->text = "strace injected this error: the call was not made, and broke no rule";
		finding->ids[0] = "injected";
		finding->sure = true;
		return true;
	}
	if (line->count > line->call->most || line->count < line->call->least) {
		finding->text = "the line has not as many arguments as this call has, so mmtool cannot say";
		return true;
	}
	for (unsigned i = 0; i < line->call->most; i++)
		if ((all & ~line->known & 1u << i) != 0) {
			struct buf text = { 0 };

			buf_printf(&text, "mmtool cannot read the argument %s, so it cannot say", line->call->args[i].name);
			finding->text = arena_string(&lines->arena, text.data, text.len);
			buf_fini(&text);
			return true;
		}
	return false;
}

static enum why_line explain_call(struct why_lines *lines, const struct strace_line *line)
{
	bool refused = line->call->id == CALL_BRK && line->error == 0 && line->args[0] != 0 &&
	               (uint64_t)line->result != line->args[0];
	struct why_case c = make_case(lines);
	struct why_finding finding = { 0 };

	if (!line->returned)
		return WHY_LINE_NOISE;
	if (line->error == 0 && !refused) {
		if (line->known == (1u << line->call->most) - 1)
			why_remember(&lines->gone, &(struct why_done){ line->call->id, line->args, line->result, lines->world.page,
			                                               lines->number, NULL, NULL });
		return line->result == -1 ? WHY_LINE_UNKNOWN : WHY_LINE_SUCCEEDED;
	}
	if (!why_has_rules(line->call->id))
		return WHY_LINE_UNKNOWN;
	struct event_step step = make_step(lines, line);

	describe(&step, line);
	if (!explain_without_rules(lines, line, &finding)) {
		c.call = line->call->id;
		memcpy(c.args, line->args, sizeof(c.args));
		c.result = line->result;
		c.string = line->string;
		c.string_len = line->string_len;
		c.string_cut = line->cut;
		finding = why_find(&c, refused ? ENOMEM : line->error, &lines->arena);
	}
	send_step(lines, &step, &finding);
	return finding.ids[0] != NULL ? WHY_LINE_EXPLAINED : WHY_LINE_UNEXPLAINED;
}

static enum why_line explain_fault(struct why_lines *lines, const struct strace_line *line)
{
	struct event_fault fault = { .signo = line->signo, .code = line->code, .address = line->address, .has_address = true };
	struct why_case c = make_case(lines);
	struct event_step step = make_step(lines, line);

	c.call = FAULT_RULE;
	c.fault = &fault;
	step.faults = &fault;
	step.fault_count = 1;
	struct why_finding finding = why_find(&c, 0, &lines->arena);

	send_step(lines, &step, &finding);
	return finding.ids[0] != NULL ? WHY_LINE_EXPLAINED : WHY_LINE_UNEXPLAINED;
}

enum why_line why_lines_take(struct why_lines *lines, const char *text, size_t len)
{
	struct strace_line line;

	lines->number++;
	arena_reset(&lines->arena);
	strace_read(lines->strace, text, len, &line);
	if (lines->number > 1 && line.pid != lines->pid && line.kind != STRACE_NOISE)
		lines->pid = -1;
	else if (lines->pid == 0)
		lines->pid = line.pid;
	switch ((enum strace_kind)line.kind) {
	case STRACE_CALL:
		return explain_call(lines, &line);
	case STRACE_FAULT:
		return explain_fault(lines, &line);
	case STRACE_NOISE:
		break;
	}
	return WHY_LINE_NOISE;
}

void why_add_rules(struct buf *out)
{
	struct arena arena = { 0 };

	for (size_t i = 0; i < why_rule_count; i++) {
		const char *error = constant_name(GROUP_ERRNO, why_rules[i].error);

		buf_printf(out, "%-27s %-10s %s\n", why_rule_id(&why_rules[i], &arena),
		           error != NULL ? error : "fault", why_rules[i].rule);
	}
	arena_fini(&arena);
}
