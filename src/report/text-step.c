/* SPDX-License-Identifier: MIT */
/* One statement as text: a block. */
#include "report/text.h"

#include "mm/call.h"
#include "mm/constant.h"
#include "report/phrase.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

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
			text_line(text, out, "", INK_BOLD, &text->words);
			buf_reset(&text->words);
		}
	}
	text_line(text, out, "", INK_BOLD, &text->words);
}

static void add_call(struct text *text, struct buf *out, const struct event_step *step)
{
	struct buf call = { 0 };

	/* Names of calls and regions that were recorded can be anything. */
	buf_reset(&text->words);
	if (phrase_call(&call, step, text->base.options.symbolic)) {
		buf_escape(&text->words, buf_text(&call), call.len, 0);
		text_line(text, out, "    ", INK_PLAIN, &text->words);
	}
	buf_fini(&call);
}

static void add_fault(struct text *text, struct buf *out, const struct event_step *step,
                      const struct event_fault *fault)
{
	buf_reset(&text->words);
	phrase_fault(&text->words, step, fault, text->base.options.symbolic);
	text_sentence(text, out, INK_PLAIN, buf_text(&text->words));
}

static void add_faults(struct text *text, struct buf *out, const struct event_step *step)
{
	bool fatal = false;

	for (size_t i = 0; i < step->fault_count; i++) {
		add_fault(text, out, step, &step->faults[i]);
		fatal |= step->faults[i].fatal;
	}
	if (fatal) {
		text_sentence(text, out, INK_PLAIN, "the process was killed by it");
	} else if (step->death != 0) {
		buf_reset(&text->words);
		buf_puts(&text->words, "the process was killed by ");
		constant_format(&text->words, GROUP_SIGNAL, (uint64_t)step->death);
		text_sentence(text, out, INK_PLAIN, buf_text(&text->words));
	}
}

static void add_why(struct text *text, struct buf *out, const struct event_step *step)
{
	const char *name = step->call.error != 0 ? constant_name(GROUP_ERRNO, step->call.error) : NULL;

	/* A fault that the script tried, and that came as it says, is explained when that is asked for. */
	bool tried = step->ok && step->death == 0 && step->fault_count > 0 && step->kind != STEP_OTHER;

	if (step->why == NULL || (tried && !text->base.options.explain))
		return;
	buf_reset(&text->words);
	if (step->kind == STEP_CALL && name != NULL && strncmp(step->why, name, strlen(name)) != 0)
		buf_printf(&text->words, "%s: ", name);
	phrase_words(&text->words, step, step->why, text->base.options.symbolic);
	text_wrapped(text, out, "    why: ", "         ", INK_PLAIN, buf_text(&text->words));
}

/* "    = 4096" where the statement does not say the value itself. */
static void add_value(struct text *text, struct buf *out, const struct event_step *step)
{
	const char *at = step->source.text, *end = at + step->source.text_len;
	const char *words = text_shown(text, step->value_text, step->value_varies), *value = words;

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
	text_line(text, out, "    ", INK_PLAIN, &text->words);
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
	text_sentence(text, out, INK_PLAIN, buf_text(&text->words));
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
		const char *left = text_shown(text, check->left.value, check->left.varies);
		const char *right = text_shown(text, check->right.value, check->right.varies);
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
	text_line(text, out, "    ", INK_GREEN, line);
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
		const char *value = text_shown(text, sides[i]->value, sides[i]->varies);

		flat_add(&text->words, sides[i]->text, sides[i]->text_len);
		buf_printf(&text->words, "%*s = ", (int)(width - widths[i]), "");
		buf_escape(&text->words, value, strlen(value), 0);
		text_line(text, out, "      ", INK_PLAIN, &text->words);
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
	buf_printf(&text->words, "FAILED: %s%s", message != NULL ? message : "",
	           message != NULL && reason != NULL ? ": " : "");
	if (reason != NULL)
		phrase_words(&text->words, step, reason, text->base.options.symbolic);
	if (message == NULL && reason == NULL)
		buf_puts(&text->words, "it does not hold");
	text_sentence(text, out, INK_ALARM, buf_text(&text->words));
	if (compared)
		add_sides(text, out, &step->check);
}

static void add_changes(struct text *text, struct buf *out, const struct event_step *step)
{
	const struct event_view view = event_step_view(step);

	if (view.delta == NULL)
		return;
	if (view.delta->line_count > 0 || view.delta->change_count > 0)
		text_view(text, out, &view);
	else if (step->kind == STEP_CALL && step->call.performed && step->call.changes_maps)
		text_sentence(text, out, INK_PLAIN, step->flags_looked ? "nothing changed in the maps, nor in the VmFlags"
		                                                       : "nothing changed in the maps");
}

static void add_body(struct text *text, struct buf *out, const struct event_step *step)
{
	add_call(text, out, step);
	add_faults(text, out, step);
	add_why(text, out, step);
	add_changes(text, out, step);
	text_pages(text, out, step);
	text_detail(text, out, step);
	if (step->kind == STEP_BIND && step->ok && step->value_text != NULL)
		add_value(text, out, step);
	if (step->kind == STEP_CALL && !step->call.is_system)
		add_wait(text, out, step);
	if (step->kind == STEP_EXPECT && step->ok)
		add_held(text, out, step);
	if (!step->ok)
		add_failed(text, out, step);
	if (text->base.options.explain && step->explain != NULL) {
		buf_reset(&text->words);
		phrase_words(&text->words, step, step->explain, text->base.options.symbolic);
		text_wrapped(text, out, "    | ", NULL, INK_DIM, buf_text(&text->words));
	}
}

static void add_passes(struct text *text, struct buf *out, const struct event_step *step)
{
	buf_reset(&text->words);
	buf_printf(&text->words, "... %" PRIu64 " more %s%s", step->passes, step->passes == 1 ? "pass" : "passes",
	           !step->ok ? "" : step->passes == 1 ? ", as expected" : ", all as expected");
	text_line(text, out, "", INK_BOLD, &text->words);
}

void text_step(struct text *text, struct buf *out, const struct event_step *step)
{
	size_t statement_end;

	if (step->kind == STEP_PASSES && step->passes == 0)
		return;
	if (text->base.options.quiet && step->ok)
		return;
	bool brief = step->ok && (step->kind == STEP_EXPECT || step->kind == STEP_BIND);

	text_separate(text, out, brief ? BLOCK_HELD : BLOCK_BARE);
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
