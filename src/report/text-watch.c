/* SPDX-License-Identifier: MIT */
/* A process that is watched, as text: what stands above each change, and what else there is to say. */
#include "report/text.h"

#include "base/size.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Nanoseconds of an interval that is told in whole seconds. */
#define LONG (1000 * UINT64_C(1000000000))

/* What a list of mappings comes to. */
struct total {
	size_t count;
	uint64_t bytes;
};

static struct total add_up(const struct maps *maps)
{
	struct total total = { .count = maps->count };

	for (size_t i = 0; i < maps->count; i++)
		total.bytes += maps->list[i].end - maps->list[i].start;
	return total;
}

/* Adds "1.200" for 1200000000 nanoseconds. */
static void add_seconds(struct buf *line, uint64_t time)
{
	uint64_t ms = time / 1000000;

	buf_printf(line, "%" PRIu64 ".%03u", ms / 1000, (unsigned)(ms % 1000));
}

/* Adds "between 1.200 and 1.300 s: ". */
static void add_time(struct buf *line, uint64_t from, uint64_t to)
{
	if (from / 1000000 == to / 1000000) {
		buf_puts(line, "at ");
	} else {
		buf_puts(line, "between ");
		add_seconds(line, from);
		buf_puts(line, " and ");
	}
	add_seconds(line, to);
	buf_puts(line, " s: ");
}

static void add_count(struct buf *line, size_t count)
{
	buf_printf(line, "%zu mapping%s", count, count == 1 ? "" : "s");
}

static void add_resident(struct buf *line, uint64_t resident)
{
	buf_puts(line, ", ");
	size_format(line, resident);
	buf_puts(line, " resident");
}

void text_watch_start(struct text *text, struct buf *out, const struct event_snapshot *snapshot)
{
	struct buf *line = &text->words;
	struct total total = add_up(snapshot->maps);

	buf_reset(line);
	buf_printf(line, "process %d", (int)snapshot->pid);
	/* A name can hold a newline, which would begin a line of its own. */
	if (snapshot->command != NULL) {
		buf_puts(line, " (");
		buf_escape(line, snapshot->command, strlen(snapshot->command), 0);
		buf_putc(line, ')');
	}
	buf_puts(line, ": ");
	add_count(line, total.count);
	buf_puts(line, ", ");
	size_format(line, total.bytes);
	if (snapshot->resident > 0)
		add_resident(line, snapshot->resident);
	/* Three digits are enough, and no exponent is wanted. */
	buf_printf(line, snapshot->interval < LONG ? "; read every %.3g s" : "; read every %.0f s", (double)snapshot->interval / 1e9);
	text_separate(text, out, BLOCK_BODY);
	text_wrapped(text, out, "", "  ", INK_BOLD, buf_text(line));
}

/* Adds " (+2)", or nothing when nothing is more or fewer. */
static void add_difference(struct buf *line, uint64_t old, uint64_t new, void (*format)(struct buf *, uint64_t))
{
	if (old == new)
		return;
	buf_puts(line, new > old ? " (+" : " (-");
	format(line, new > old ? new - old : old - new);
	buf_putc(line, ')');
}

static void format_number(struct buf *line, uint64_t number)
{
	buf_printf(line, "%" PRIu64, number);
}

/* A mapping of which only the flags changed has no line among those that went and came. */
static void add_flagged(struct text *text, struct buf *out, const struct delta *delta)
{
	const struct mapping *last = NULL;

	for (size_t i = 0; i < delta->change_count; i++) {
		const struct mapping *after = delta->changes[i].after;
		bool shown = delta->changes[i].kind != CHANGE_FLAGGED || after == NULL || after == last;

		for (size_t k = 0; k < delta->line_count && !shown; k++)
			shown = delta->lines[k].sign == '+' && delta->lines[k].mapping->start == after->start;
		if (shown)
			continue;
		last = after;
		buf_reset(&text->words);
		buf_escape(&text->words, after->line, after->line_len, 0);
		text_line(text, out, "    ", INK_PLAIN, &text->words);
	}
}

void text_watch_delta(struct text *text, struct buf *out, const struct event_delta *delta)
{
	struct buf *line = &text->words;

	buf_reset(line);
	add_time(line, delta->from, delta->to);
	if (delta->before != NULL && delta->after != NULL) {
		struct total old = add_up(delta->before), new = add_up(delta->after);

		add_count(line, new.count);
		add_difference(line, old.count, new.count, format_number);
		buf_puts(line, ", ");
		size_format(line, new.bytes);
		add_difference(line, old.bytes, new.bytes, size_format);
	}
	if (delta->resident > 0) {
		add_resident(line, delta->resident);
		add_difference(line, delta->old_resident, delta->resident, size_format);
	}
	text_wrapped(text, out, "", "  ", INK_BOLD, buf_text(line));
	add_flagged(text, out, delta->delta);
}

void text_watch_note(struct text *text, struct buf *out, const struct event_note *note)
{
	struct buf *line = &text->words;

	buf_reset(line);
	add_time(line, note->from, note->to);
	buf_escape(line, note->text, strlen(note->text), 0);
	text_separate(text, out, BLOCK_BODY);
	text_wrapped(text, out, "", "  ", INK_BOLD, buf_text(line));
}
