/* SPDX-License-Identifier: MIT */
/*
 * Shows events as test points, in the Test Anything Protocol: each expect, each call with a RESULT, and whatever else
 * failed.  A statement in a repeat is one point, told when the repeat is over.
 */
#include "report/phrase.h"
#include "report/report.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/diag.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A statement of a repeat, while that goes on. */
struct point {
	uint32_t line, column; /* where it stands: what tells it from others */
	char *text;
	uint64_t passes, failed;
	struct buf details; /* of the pass that failed first */
};

struct tap {
	struct report base;
	char *name;        /* the script's, when it is one of several; or NULL */
	unsigned count;    /* points printed */
	struct point *points;
	size_t point_count, point_cap;
	struct buf skips;  /* points of scripts that were skipped before any point: NUL-terminated, text and reason by turns */
	struct buf words;
	bool broken;
};

/* What TAP would take for its own: a directive's #, and the backslash that escapes it. */
static void add_escaped(struct buf *out, const struct buf *words)
{
	for (const char *at = buf_text(words); *at != '\0'; at++) {
		if (*at == '#' || *at == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *at);
	}
}

/* Comments, one for each line of the text. */
static void add_comment(struct buf *out, const char *indent, const char *text)
{
	const char *end;

	for (bool more = true; more; text = end + 1) {
		end = strchrnul(text, '\n');
		more = *end != '\0' && end[1] != '\0';
		buf_printf(out, "# %s", indent);
		buf_escape(out, text, (size_t)(end - text), 0);
		buf_putc(out, '\n');
	}
}

/* The statement as the description of a point: on one line, with the script's name and the process's where there are several. */
static char *describe(struct tap *tap, const struct event_source *source, const char *process)
{
	struct buf made = { 0 };
	char *text;

	buf_reset(&tap->words);
	if (tap->name != NULL)
		buf_printf(&tap->words, "%s: ", tap->name);
	if (process != NULL) {
		buf_putc(&tap->words, '[');
		buf_escape(&tap->words, process, strlen(process), 0);
		buf_puts(&tap->words, "] ");
	}
	flat_add(&tap->words, source->text, source->text_len);
	add_escaped(&made, &tap->words);
	text = alloc_string(buf_text(&made), made.len);
	buf_fini(&made);
	return text;
}

static void add_skip(struct tap *tap, struct buf *out, const char *text, const char *reason)
{
	buf_printf(out, "ok %u - %s # SKIP ", ++tap->count, text);
	buf_escape(out, reason, strlen(reason), 0);
	buf_putc(out, '\n');
}

/* What was skipped when it could still have been all there is. */
static void flush_skips(struct tap *tap, struct buf *out)
{
	const char *at = buf_text(&tap->skips), *end = at + tap->skips.len;

	while (at < end) {
		const char *reason = at + strlen(at) + 1;

		add_skip(tap, out, at, reason);
		at = reason + strlen(reason) + 1;
	}
	buf_reset(&tap->skips);
}

static void add_point(struct tap *tap, struct buf *out, bool held, const char *text)
{
	flush_skips(tap, out);
	buf_printf(out, "%s %u - %s\n", held ? "ok" : "not ok", ++tap->count, text);
}

static void add_sides(struct tap *tap, struct buf *out, const struct event_check *check)
{
	const struct event_operand *sides[] = { &check->left, &check->right };

	for (unsigned i = 0; i < 2; i++) {
		buf_reset(&tap->words);
		flat_add(&tap->words, sides[i]->text, sides[i]->text_len);
		if (strcmp(buf_text(&tap->words), sides[i]->value) == 0)
			continue;
		buf_printf(&tap->words, " = %s", tap->base.options.symbolic && sides[i]->varies ? "*" : sides[i]->value);
		add_comment(out, "  ", buf_text(&tap->words));
	}
}

/* Why a point failed: the place, what the statement came to, the rule that it broke. */
static void add_details(struct tap *tap, struct buf *out, const struct event_step *step)
{
	bool symbolic = tap->base.options.symbolic, expect = step->kind == STEP_EXPECT;
	struct buf *words = &tap->words;

	buf_reset(words);
	buf_printf(words, "%s:%" PRIu32 ": ", step->source.file, step->source.line);
	phrase_words(words, step, step->reason != NULL ? step->reason : "it came out otherwise", symbolic);
	add_comment(out, "", buf_text(words));
	if (expect && step->check.compared)
		add_sides(tap, out, &step->check);
	buf_reset(words);
	if (phrase_call(words, step, symbolic))
		add_comment(out, "  ", buf_text(words));
	for (size_t i = 0; i < step->fault_count; i++) {
		buf_reset(words);
		phrase_fault(words, step, &step->faults[i], symbolic);
		add_comment(out, "  ", buf_text(words));
	}
	if (step->why != NULL) {
		buf_reset(words);
		buf_puts(words, "why: ");
		phrase_words(words, step, step->why, symbolic);
		add_comment(out, "  ", buf_text(words));
	}
	if (tap->base.options.explain && step->explain != NULL) {
		buf_reset(words);
		phrase_words(words, step, step->explain, symbolic);
		add_comment(out, "  ", buf_text(words));
	}
}

/* The repeat is over: its points, in the order in which they first came. */
static void flush_points(struct tap *tap, struct buf *out)
{
	for (size_t i = 0; i < tap->point_count; i++) {
		struct point *point = &tap->points[i];

		add_point(tap, out, point->failed == 0, point->text);
		if (point->failed > 0 && point->passes > 1)
			buf_printf(out, "# failed in %" PRIu64 " of %" PRIu64 " passes; the first:\n", point->failed, point->passes);
		buf_add(out, buf_text(&point->details), point->details.len);
		free(point->text);
		buf_fini(&point->details);
	}
	tap->point_count = 0;
}

static struct point *find_point(struct tap *tap, const struct event_source *source, const char *process)
{
	for (size_t i = 0; i < tap->point_count; i++) {
		struct point *point = &tap->points[i];

		if (point->line == source->line && point->column == source->column)
			return point;
	}
	tap->points = alloc_grow(tap->points, &tap->point_cap, tap->point_count + 1, sizeof(*tap->points));
	tap->points[tap->point_count] = (struct point){ .line = source->line,
		                                        .column = source->column,
		                                        .text = describe(tap, source, process) };
	return &tap->points[tap->point_count++];
}

static void show_step(struct tap *tap, struct buf *out, const struct event_step *step)
{
	for (size_t i = 0; i < step->unshown_count; i++)
		find_point(tap, &step->unshown[i].source, step->unshown[i].process)->passes += step->unshown[i].count;
	if (!step->looped)
		flush_points(tap, out);
	if (step->ok && !step->checked)
		return;
	if (step->looped) {
		struct point *point = find_point(tap, &step->source, step->process);

		point->passes++;
		if (!step->ok && point->failed++ == 0)
			add_details(tap, &point->details, step);
		return;
	}
	char *text = describe(tap, &step->source, step->process);

	add_point(tap, out, step->ok, text);
	if (!step->ok)
		add_details(tap, out, step);
	free(text);
}

static void show_start(struct tap *tap, const struct event_start *start)
{
	struct buf name = { 0 };

	free(tap->name);
	tap->name = NULL;
	if (!start->several)
		return;
	buf_escape(&name, start->name, strlen(start->name), 0);
	tap->name = alloc_string(buf_text(&name), name.len);
	buf_fini(&name);
}

static void show_verdict(struct tap *tap, struct buf *out, const struct event_verdict *verdict)
{
	const char *reason = verdict->reason != NULL ? verdict->reason : "";

	flush_points(tap, out);
	if (verdict->verdict == VERDICT_BROKEN) {
		tap->broken = true;
		buf_puts(out, "Bail out! ");
		buf_escape(out, reason, strlen(reason), 0);
		buf_puts(out, reason[0] != '\0' ? "\n" : "mmtool could not go on\n");
	}
	if (verdict->verdict != VERDICT_UNSUPPORTED)
		return;
	char *text = describe(tap, &verdict->source, NULL);

	if (tap->count > 0) {
		add_skip(tap, out, text, reason);
	} else {
		buf_add(&tap->skips, text, strlen(text) + 1);
		buf_add(&tap->skips, reason, strlen(reason) + 1);
	}
	free(text);
}

static void show_note(struct tap *tap, struct buf *out, const struct event_note *note)
{
	bool symbolic = tap->base.options.symbolic && note->symbolic != NULL;

	add_comment(out, "", symbolic ? note->symbolic : note->text);
}

/* The plan.  Without one point a harness would wonder: it is told that, and why, there was nothing to test. */
static void show_end(struct tap *tap, struct buf *out, int status)
{
	const char *text = buf_text(&tap->skips);

	if (status == STATUS_TOOL && !tap->broken)
		buf_puts(out, "Bail out! mmtool could not go on\n");
	if (status == STATUS_TOOL)
		return;
	buf_printf(out, "1..%u", tap->count);
	if (tap->count == 0) {
		const char *reason = tap->skips.len > 0 ? text + strlen(text) + 1 : "the script checks nothing";

		buf_puts(out, " # SKIP ");
		buf_escape(out, reason, strlen(reason), 0);
	}
	buf_putc(out, '\n');
}

static void take(struct report *report, const struct event *event, struct buf *out)
{
	struct tap *tap = (struct tap *)report;

	switch ((enum event_type)event->type) {
	case EVENT_START:
		show_start(tap, &event->start);
		break;
	case EVENT_STEP:
		show_step(tap, out, &event->step);
		break;
	case EVENT_NOTE:
		show_note(tap, out, &event->note);
		break;
	case EVENT_SNAPSHOT: /* none of them is of a script */
	case EVENT_DELTA:
	case EVENT_GROWTH:
	case EVENT_COST:
		break;
	case EVENT_VERDICT:
		show_verdict(tap, out, &event->verdict);
		break;
	case EVENT_END:
		show_end(tap, out, event->status);
		break;
	}
}

static void fini(struct report *report)
{
	struct tap *tap = (struct tap *)report;

	for (size_t i = 0; i < tap->point_count; i++) {
		free(tap->points[i].text);
		buf_fini(&tap->points[i].details);
	}
	free(tap->points);
	free(tap->name);
	buf_fini(&tap->skips);
	buf_fini(&tap->words);
}

const struct report_class report_tap = {
	.name = "tap",
	.size = sizeof(struct tap),
	.event = take,
	.fini = fini,
};
