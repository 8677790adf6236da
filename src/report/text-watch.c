/* SPDX-License-Identifier: MIT */
/* A process that is watched, as text: what stands above each change, and what else there is to say. */
#include "report/text.h"

#include "base/size.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

void text_watch_start(struct text *text, struct buf *out, const struct event_snapshot *snapshot)
{
	struct buf *line = &text->words;
	struct total total = add_up(snapshot->maps);

	buf_reset(line);
	buf_printf(line, "process %d", (int)snapshot->pid);
	if (snapshot->command != NULL)
		buf_printf(line, " (%s)", snapshot->command);
	buf_puts(line, ": ");
	add_count(line, total.count);
	buf_puts(line, ", ");
	size_format(line, total.bytes);
	buf_printf(line, "; read every %.3g s", (double)snapshot->interval / 1e9);
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
	text_wrapped(text, out, "", "  ", INK_BOLD, buf_text(line));
}

void text_watch_note(struct text *text, struct buf *out, const struct event_note *note)
{
	struct buf *line = &text->words;

	buf_reset(line);
	add_time(line, note->from, note->to);
	buf_puts(line, note->text);
	text_separate(text, out, BLOCK_BODY);
	text_wrapped(text, out, "", "  ", INK_BOLD, buf_text(line));
}
