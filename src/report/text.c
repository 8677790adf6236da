/* SPDX-License-Identifier: MIT */
/* Shows events as text for people: one block a statement. */
#include "report/report.h"
#include "report/phrase.h"
#include "report/sentence.h"

#include "base/buf.h"
#include "mm/call.h"
#include "mm/constant.h"
#include "mm/symbol.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

/* What was printed last: it decides about the blank line before the next. */
enum block { BLOCK_NONE, BLOCK_BARE, BLOCK_NOTE, BLOCK_HELD, BLOCK_BODY, BLOCK_VERDICT };

/* Changes of one step that are told in words; the lines of maps show all of them. */
enum { SENTENCES = 10 };

struct text {
	struct report base;
	struct buf name;  /* the script's */
	struct buf words; /* a line in the making */
	bool several;     /* scripts: each says its name */
	enum block last;
};

enum ink { INK_PLAIN, INK_BOLD, INK_RED, INK_GREEN, INK_ALARM, INK_DIM, INK_CYAN };

static const char *const inks[] = {
	[INK_PLAIN] = NULL,        [INK_BOLD] = "\033[1m",    [INK_RED] = "\033[31m", [INK_GREEN] = "\033[32m",
	[INK_ALARM] = "\033[1;31m", [INK_DIM] = "\033[2m",     [INK_CYAN] = "\033[36m",
};

static const char *ink_on(const struct text *text, enum ink ink)
{
	return text->base.options.color ? inks[ink] : NULL;
}

/* One line that is never broken; its indent stays plain. */
static void add_line(const struct text *text, struct buf *out, const char *indent, enum ink ink, const struct buf *line)
{
	const char *on = ink_on(text, ink);

	buf_puts(out, indent);
	buf_puts(out, on != NULL ? on : "");
	buf_add(out, buf_text(line), line->len);
	buf_puts(out, on != NULL ? "\033[0m\n" : "\n");
}

static void add_wrapped(const struct text *text, struct buf *out, const char *first, const char *rest, enum ink ink,
                        const char *words)
{
	struct wrap wrap = { .first = first, .rest = rest, .on = ink_on(text, ink), .off = "\033[0m" };

	wrap_add(out, words, strlen(words), &wrap);
}

/* A sentence below a statement; what is wrapped hangs, so that the next sentence is seen to begin. */
static void add_sentence(const struct text *text, struct buf *out, enum ink ink, const char *words)
{
	add_wrapped(text, out, "    ", "      ", ink, words);
}

/* A value; with --symbolic not one that another run may find different. */
static const char *shown(const struct text *text, const char *value, bool varies)
{
	return text->base.options.symbolic && varies ? "*" : value;
}

static void separate(struct text *text, struct buf *out, enum block next)
{
	bool blank = text->last >= BLOCK_HELD;

	if (text->last == BLOCK_HELD && next == BLOCK_HELD)
		blank = false;
	else if (next == BLOCK_NOTE && text->last != BLOCK_NOTE)
		blank = text->last != BLOCK_NONE;
	else if (next == BLOCK_VERDICT)
		blank = text->last != BLOCK_NONE;
	if (blank)
		buf_putc(out, '\n');
	text->last = next;
}

/* The statement keeps its lines and its tabs; other controls in a script are escaped. */
static void add_statement(struct text *text, struct buf *out, const struct event_step *step)
{
	const char *at = step->source.text;
	size_t len = step->source.text_len;

	buf_reset(&text->words);
	if (step->process != NULL) {
		buf_putc(&text->words, '[');
		buf_escape(&text->words, step->process, strlen(step->process), 0);
		buf_puts(&text->words, "] ");
	}
	for (size_t i = 0; i < len; i++) {
		size_t run = 0;

		while (i + run < len && at[i + run] != '\n' && at[i + run] != '\t' && at[i + run] != '\r')
			run++;
		buf_escape(&text->words, at + i, run, 0);
		i += run;
		if (i < len && at[i] == '\t')
			buf_putc(&text->words, '\t');
		if (i < len && at[i] == '\n') {
			add_line(text, out, "", INK_BOLD, &text->words);
			buf_reset(&text->words);
		}
	}
	add_line(text, out, "", INK_BOLD, &text->words);
}

static void add_call(struct text *text, struct buf *out, const struct event_step *step)
{
	buf_reset(&text->words);
	if (phrase_call(&text->words, step, text->base.options.symbolic))
		add_line(text, out, "    ", INK_PLAIN, &text->words);
}

static void add_fault(struct text *text, struct buf *out, const struct event_step *step,
                      const struct event_fault *fault)
{
	buf_reset(&text->words);
	phrase_fault(&text->words, step, fault, text->base.options.symbolic);
	add_sentence(text, out, INK_PLAIN, buf_text(&text->words));
}

static void add_faults(struct text *text, struct buf *out, const struct event_step *step)
{
	bool fatal = false;

	for (size_t i = 0; i < step->fault_count; i++) {
		add_fault(text, out, step, &step->faults[i]);
		fatal |= step->faults[i].fatal;
	}
	if (fatal) {
		add_sentence(text, out, INK_PLAIN, "the process was killed by it");
	} else if (step->death != 0) {
		buf_reset(&text->words);
		buf_puts(&text->words, "the process was killed by ");
		constant_format(&text->words, GROUP_SIGNAL, (uint64_t)step->death);
		add_sentence(text, out, INK_PLAIN, buf_text(&text->words));
	}
}

static void add_why(struct text *text, struct buf *out, const struct event_step *step)
{
	const char *name = step->call.error != 0 ? constant_name(GROUP_ERRNO, step->call.error) : NULL;

	if (step->why == NULL)
		return;
	buf_reset(&text->words);
	if (step->kind == STEP_CALL && name != NULL && strncmp(step->why, name, strlen(name)) != 0)
		buf_printf(&text->words, "%s: ", name);
	buf_puts(&text->words, step->why);
	add_wrapped(text, out, "    why: ", "         ", INK_PLAIN, buf_text(&text->words));
}

static void add_map_line(struct text *text, struct buf *out, const struct event_step *step, char sign,
                         const struct mapping *mapping, bool after)
{
	static const char *const marks[] = { "  - ", "  + ", "    " };
	enum ink ink = sign == '-' ? INK_RED : sign == '+' ? INK_GREEN : INK_PLAIN;
	const char *mark = marks[sign == '-' ? 0 : sign == '+' ? 1 : 2];
	struct buf line = { 0 };

	buf_reset(&text->words);
	if (ink != INK_PLAIN)
		buf_puts(&text->words, mark + 2);
	if (text->base.options.symbolic) {
		symbol_format_line(&line, mapping, after ? step->new_regions : step->old_regions,
		                   after ? step->after : step->before);
		buf_escape(&text->words, buf_text(&line), line.len, 0);
		buf_fini(&line);
	} else {
		buf_escape(&text->words, mapping->line, mapping->line_len, 0);
	}
	add_line(text, out, ink != INK_PLAIN ? "  " : mark, ink, &text->words);
}

/* All lines of one end of a delta, those that changed marked with sign. */
static void add_whole(struct text *text, struct buf *out, const struct event_step *step, const struct maps *maps,
                      char sign)
{
	size_t next = 0;

	buf_puts(out, sign == '-' ? "    before:\n" : "    after:\n");
	for (size_t i = 0; i < maps->count; i++) {
		const struct mapping *mapping = &maps->list[i];
		char mark = ' ';

		for (; next < step->delta->line_count; next++) {
			const struct delta_line *line = &step->delta->lines[next];

			if (line->mapping->start > mapping->start)
				break;
			if (line->sign == sign && line->mapping->start == mapping->start)
				mark = sign;
		}
		add_map_line(text, out, step, mark, mapping, sign == '+');
	}
}

static void add_sentences(struct text *text, struct buf *out, const struct event_step *step)
{
	const struct sentence_context context = { step->before, step->after, step->old_regions, step->new_regions };

	size_t said = 0;

	for (size_t i = 0; i < step->delta->change_count; i++) {
		buf_reset(&text->words);
		sentence_change(&text->words, &step->delta->changes[i], step->delta, &context);
		if (text->words.len > 0 && ++said <= SENTENCES)
			add_sentence(text, out, INK_PLAIN, buf_text(&text->words));
	}
	if (said > SENTENCES) {
		buf_reset(&text->words);
		buf_printf(&text->words, "... and %zu more changes", said - SENTENCES);
		add_sentence(text, out, INK_PLAIN, buf_text(&text->words));
	}
}

static void add_lines(struct text *text, struct buf *out, const struct event_step *step, char sign)
{
	for (size_t i = 0; i < step->delta->line_count; i++) {
		if (step->delta->lines[i].sign == sign)
			add_map_line(text, out, step, sign, step->delta->lines[i].mapping, sign == '+');
	}
}

static void add_delta(struct text *text, struct buf *out, const struct event_step *step)
{
	const struct delta *delta = step->delta;

	if (!step->looked || delta == NULL)
		return;
	if (delta->line_count == 0 && delta->change_count == 0) {
		if (step->kind == STEP_CALL && step->call.performed && step->call.changes_maps)
			add_sentence(text, out, INK_PLAIN, step->flags_looked ? "nothing changed in the maps, nor in the VmFlags"
			                                                       : "nothing changed in the maps");
		return;
	}
	if (text->base.options.full && step->before != NULL && step->after != NULL) {
		add_whole(text, out, step, step->before, '-');
		add_whole(text, out, step, step->after, '+');
	} else {
		/* What was, then what is: easier to read than one list by address. */
		add_lines(text, out, step, '-');
		add_lines(text, out, step, '+');
	}
	add_sentences(text, out, step);
}

/* "    = 4096" where the statement does not say the value itself. */
static void add_value(struct text *text, struct buf *out, const struct event_step *step)
{
	const char *at = step->source.text, *end = at + step->source.text_len;
	const char *words = shown(text, step->value_text, step->value_varies), *value = words;

	while (at < end && *at != '=')
		at++;
	/* Spaces tell nothing: a + 4K is a+4K. */
	for (at += at < end; at < end && (*at == *value || isspace((unsigned char)*at)); at++)
		value += *at == *value && *value != '\0';
	if (at == end && *value == '\0')
		return;
	buf_reset(&text->words);
	buf_puts(&text->words, "= ");
	buf_escape(&text->words, words, strlen(words), 0);
	add_line(text, out, "    ", INK_PLAIN, &text->words);
}

/* wait() says how the process ended. */
static void add_wait(struct text *text, struct buf *out, const struct event_step *step)
{
	if (!step->call.performed || step->call.result <= 0)
		return;
	const struct call *call = call_find(step->call.name, strlen(step->call.name));

	if (call == NULL || call->class != CALL_WAIT)
		return;
	buf_reset(&text->words);
	buf_puts(&text->words, "it was killed by ");
	constant_format(&text->words, GROUP_SIGNAL, (uint64_t)step->call.result);
	add_sentence(text, out, INK_PLAIN, buf_text(&text->words));
}

/* The comparison's operator, found in the source after its left side; empty when it is not found. */
static size_t find_operator(const struct event_step *step, const char **operator)
{
	const char *end = step->source.text + step->source.text_len, *at = step->source.text;
	const struct event_operand *left = &step->check.left;
	size_t len = 0;

	while (at < end && !isspace((unsigned char)*at)) /* past "expect", which can hold the text of the left side */
		at++;
	at = memmem(at, (size_t)(end - at), left->text, left->text_len);
	if (at == NULL)
		return 0;
	at += left->text_len;
	while (at < end && strchr("<>=!", *at) == NULL)
		at++;
	while (at + len < end && len < 2 && strchr("<>=!", at[len]) != NULL)
		len++;
	*operator = at;
	return len;
}

/* "ok", with the value that was found where it fits the line. */
static void add_held(struct text *text, struct buf *out, const struct event_step *step)
{
	const struct event_check *check = &step->check;
	const char *operator = NULL;
	struct buf *line = &text->words;

	buf_reset(line);
	buf_puts(line, "ok");
	if (check->compared) {
		const char *left = shown(text, check->left.value, check->left.varies);
		const char *right = shown(text, check->right.value, check->right.varies);
		size_t len = find_operator(step, &operator);

		buf_puts(line, ": ");
		if (len == 2 && memcmp(operator, "==", 2) == 0 && strchr("0123456789-*", left[0]) != NULL)
			buf_escape(line, right, strlen(right), 0); /* of two ways to write it a name says more */
		else
			buf_escape(line, left, strlen(left), 0);
		if (len > 0 && memcmp(operator, "==", len) != 0) {
			buf_printf(line, " %.*s ", (int)len, operator);
			buf_escape(line, right, strlen(right), 0);
		}
	}
	if (wrap_columns(buf_text(line), line->len) > WRAP_WIDTH - 4) {
		buf_reset(line);
		buf_puts(line, "ok");
	}
	add_line(text, out, "    ", INK_GREEN, line);
}

/* Both sides of a comparison that does not hold, below one another. */
static void add_sides(struct text *text, struct buf *out, const struct event_check *check)
{
	const struct event_operand *sides[] = { &check->left, &check->right };
	size_t widths[2], width;

	for (unsigned i = 0; i < 2; i++) {
		buf_reset(&text->words);
		flat_add(&text->words, sides[i]->text, sides[i]->text_len);
		widths[i] = wrap_columns(buf_text(&text->words), text->words.len);
	}
	width = widths[0] > widths[1] ? widths[0] : widths[1];
	for (unsigned i = 0; i < 2; i++) {
		buf_reset(&text->words);
		const char *value = shown(text, sides[i]->value, sides[i]->varies);

		flat_add(&text->words, sides[i]->text, sides[i]->text_len);
		buf_printf(&text->words, "%*s = ", (int)(width - widths[i]), "");
		buf_escape(&text->words, value, strlen(value), 0);
		add_line(text, out, "      ", INK_PLAIN, &text->words);
	}
}

static void add_failed(struct text *text, struct buf *out, const struct event_step *step)
{
	bool expect = step->kind == STEP_EXPECT, compared = expect && step->check.compared;
	const char *message = expect ? step->check.message : NULL, *reason = step->reason;

	/* The two sides say what a comparison's reason says; the script's own message says more. */
	if (message != NULL && reason != NULL && (compared || strstr(reason, message) != NULL))
		*(strstr(reason, message) != NULL ? &message : &reason) = NULL;
	buf_reset(&text->words);
	buf_printf(&text->words, "FAILED: %s%s%s", message != NULL ? message : "",
	           message != NULL && reason != NULL ? ": " : "", reason != NULL ? reason : "");
	if (message == NULL && reason == NULL)
		buf_puts(&text->words, "it does not hold");
	add_sentence(text, out, INK_ALARM, buf_text(&text->words));
	if (compared)
		add_sides(text, out, &step->check);
}

static void add_body(struct text *text, struct buf *out, const struct event_step *step)
{
	add_call(text, out, step);
	add_faults(text, out, step);
	add_why(text, out, step);
	add_delta(text, out, step);
	if (step->kind == STEP_BIND && step->ok && step->value_text != NULL)
		add_value(text, out, step);
	if (step->kind == STEP_CALL && !step->call.is_system)
		add_wait(text, out, step);
	if (step->kind == STEP_EXPECT && step->ok)
		add_held(text, out, step);
	if (!step->ok && step->kind != STEP_REQUIRE)
		add_failed(text, out, step);
	if (text->base.options.explain && step->explain != NULL)
		add_wrapped(text, out, "    | ", NULL, INK_DIM, step->explain);
}

static void add_passes(struct text *text, struct buf *out, const struct event_step *step)
{
	buf_reset(&text->words);
	buf_printf(&text->words, "... %" PRIu64 " more %s%s", step->passes, step->passes == 1 ? "pass" : "passes",
	           !step->ok ? "" : step->passes == 1 ? ", as expected" : ", all as expected");
	add_line(text, out, "", INK_BOLD, &text->words);
}

static void show_step(struct text *text, struct buf *out, const struct event_step *step)
{
	size_t statement_end;

	/* A requirement that is not met is no failure: the verdict says it. */
	if (text->base.options.quiet && (step->ok || step->kind == STEP_REQUIRE))
		return;
	bool brief = step->ok && (step->kind == STEP_EXPECT || step->kind == STEP_BIND);

	separate(text, out, brief ? BLOCK_HELD : BLOCK_BARE);
	if (step->kind == STEP_PASSES)
		add_passes(text, out, step);
	else if (!text->base.options.bare)
		add_statement(text, out, step);
	statement_end = out->len;
	add_body(text, out, step);
	if (out->len == statement_end)
		text->last = BLOCK_BARE;
	else if (text->last == BLOCK_BARE)
		text->last = BLOCK_BODY;
}

static void show_start(struct text *text, struct buf *out, const struct event_start *start)
{
	const struct event_step none = { .before = start->maps };

	buf_reset(&text->name);
	buf_escape(&text->name, start->name, strlen(start->name), 0);
	text->several = start->several;
	if (!text->base.options.full || text->base.options.quiet || start->maps == NULL)
		return;
	separate(text, out, BLOCK_BODY);
	buf_puts(out, "    at the start:\n");
	for (size_t i = 0; i < start->maps->count; i++)
		add_map_line(text, out, &none, ' ', &start->maps->list[i], false);
}

static void show_note(struct text *text, struct buf *out, const struct event_note *note)
{
	if (text->base.options.quiet)
		return;
	separate(text, out, BLOCK_NOTE);
	add_wrapped(text, out, "# ", NULL, INK_CYAN,
	            text->base.options.symbolic && note->symbolic != NULL ? note->symbolic : note->text);
}

static void add_counts(struct buf *line, const struct event_verdict *verdict)
{
	buf_printf(line, "%u step%s", verdict->steps, verdict->steps == 1 ? "" : "s");
	if (verdict->checks > 0)
		buf_printf(line, ", %u check%s", verdict->checks, verdict->checks == 1 ? "" : "s");
}

static void show_verdict(struct text *text, struct buf *out, const struct event_verdict *verdict)
{
	bool passed = verdict->verdict == VERDICT_PASSED, failed = verdict->verdict == VERDICT_FAILED;
	struct buf *line = &text->words;

	if (verdict->verdict == VERDICT_BROKEN || (passed && text->base.options.quiet))
		return;
	separate(text, out, BLOCK_VERDICT);
	buf_reset(line);
	if (text->several)
		buf_printf(line, "%s: ", buf_text(&text->name));
	if (passed || failed)
		add_counts(line, verdict);
	if (passed)
		buf_puts(line, verdict->steps > 0 ? ", all as expected" : ", nothing was called or checked");
	else if (!failed)
		buf_puts(line, "unsupported here");
	else if (verdict->failed > 0)
		buf_printf(line, ", %u failed", verdict->failed);
	if (failed && verdict->source.text != NULL)
		buf_printf(line, verdict->failed > 1 ? ", the first at line %" PRIu32 : ", at line %" PRIu32, verdict->source.line);
	/* The block of the step that failed has said why already. */
	if (verdict->reason != NULL && (!failed || verdict->failed == 0))
		buf_printf(line, ": %s", verdict->reason);
	add_wrapped(text, out, "", "    ", passed ? INK_GREEN : failed ? INK_ALARM : INK_PLAIN, buf_text(line));
}

static void take(struct report *report, const struct event *event, struct buf *out)
{
	struct text *text = (struct text *)report;

	if (text->base.options.bare)
		text->last = BLOCK_NONE;
	switch ((enum event_type)event->type) {
	case EVENT_START:
		show_start(text, out, &event->start);
		break;
	case EVENT_STEP:
		show_step(text, out, &event->step);
		break;
	case EVENT_NOTE:
		show_note(text, out, &event->note);
		break;
	case EVENT_VERDICT:
		show_verdict(text, out, &event->verdict);
		break;
	case EVENT_END:
		break;
	}
}

static void fini(struct report *report)
{
	struct text *text = (struct text *)report;

	buf_fini(&text->name);
	buf_fini(&text->words);
}

const struct report_class report_text = {
	.name = "text",
	.size = sizeof(struct text),
	.event = take,
	.fini = fini,
};
