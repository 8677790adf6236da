/* SPDX-License-Identifier: MIT */
/* Shows events as text for people. */
#include "report/text.h"

#include <inttypes.h>
#include <string.h>

static void show_start(struct text *text, struct buf *out, const struct event_start *start)
{
	const struct event_view view = { .before = start->maps };

	buf_reset(&text->name);
	buf_escape(&text->name, start->name, strlen(start->name), 0);
	text->several = start->several;
	text->hidden_said = 0;
	if (!text->base.options.full || text->base.options.quiet || start->maps == NULL)
		return;
	text_separate(text, out, BLOCK_BODY);
	buf_puts(out, "    at the start:\n");
	text_maps(text, out, &view);
}

static void show_note(struct text *text, struct buf *out, const struct event_note *note)
{
	if (text->base.options.quiet)
		return;
	if (note->subject != NOTE_SCRIPT) {
		text_watch_note(text, out, note);
		return;
	}
	text_separate(text, out, BLOCK_NOTE);
	text_wrapped(text, out, "# ", NULL, INK_CYAN,
	            text->base.options.symbolic && note->symbolic != NULL ? note->symbolic : note->text);
}

static void show_delta(struct text *text, struct buf *out, const struct event *event)
{
	const struct event_view view = event_view(event);

	if (event->delta.old_name != NULL) {
		text_difference(text, out, &event->delta);
		return;
	}
	text_separate(text, out, BLOCK_BODY);
	if (event->delta.watched)
		text_watch_delta(text, out, &event->delta);
	text_view(text, out, &view);
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
	text_separate(text, out, BLOCK_VERDICT);
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
	text_wrapped(text, out, "", "    ", passed ? INK_GREEN : failed ? INK_ALARM : INK_PLAIN, buf_text(line));
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
		text_step(text, out, &event->step);
		break;
	case EVENT_NOTE:
		show_note(text, out, &event->note);
		break;
	case EVENT_SNAPSHOT:
		if (event->snapshot.interval > 0)
			text_watch_start(text, out, &event->snapshot);
		else
			text_snapshot(text, out, &event->snapshot);
		break;
	case EVENT_DELTA:
		show_delta(text, out, event);
		break;
	case EVENT_GROWTH:
		text_growth(text, out, &event->growth);
		break;
	case EVENT_COST:
		text_cost(text, out, &event->cost);
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
	buf_fini(&text->table.object);
}

const struct report_class report_text = {
	.name = "text",
	.size = sizeof(struct text),
	.event = take,
	.fini = fini,
};
