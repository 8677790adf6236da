/* SPDX-License-Identifier: MIT */
/* Ways to grow a buffer, as a table: a row each, and how much more processor time than the first it took. */
#include "report/text.h"

#include "base/size.h"

#include <inttypes.h>
#include <string.h>

static void add_header(struct text *text, struct buf *out, const struct event_growth *growth)
{
	struct buf *words = &text->words;

	text_separate(text, out, BLOCK_NOTE);
	buf_reset(words);
	buf_puts(words, "A buffer of ");
	size_format(words, growth->from);
	buf_printf(words, ", doubled %u times, to ", growth->doublings);
	size_format(words, growth->to);
	buf_printf(words, "; %s. Medians of %u run%s, each in a new process",
	           growth->touched ? "every byte is written" : "one byte of each new half is written", growth->runs,
	           growth->runs == 1 ? "" : "s");
	buf_puts(words, growth->one_processor ? ", all on one processor." : ".");
	text_wrapped(text, out, "# ", NULL, INK_CYAN, buf_text(words));
	buf_puts(out, "\nway          moves    copied    faults   CPU time    ratio    elapsed  data\n");
}

/* A figure, right-aligned; with --symbolic not one that another run may find different. */
static void add_cell(const struct text *text, struct buf *line, int width, const struct buf *cell)
{
	buf_printf(line, "%*s", width, text_shown(text, buf_text(cell), true));
}

static void add_time(const struct text *text, struct buf *line, uint64_t time)
{
	struct buf cell = { 0 };
	uint64_t us = (time + 500) / 1000;

	buf_printf(&cell, "%" PRIu64 ".%02u ms", us / 1000, (unsigned)(us % 1000 / 10));
	add_cell(text, line, 11, &cell);
	buf_fini(&cell);
}

static void add_count(const struct text *text, struct buf *line, int width, uint64_t count)
{
	struct buf cell = { 0 };

	buf_printf(&cell, "%" PRIu64, count);
	add_cell(text, line, width, &cell);
	buf_fini(&cell);
}

static void add_size(const struct text *text, struct buf *line, uint64_t bytes)
{
	struct buf cell = { 0 };

	if (bytes > 0)
		size_format(&cell, bytes);
	else
		buf_puts(&cell, "0");
	add_cell(text, line, 10, &cell);
	buf_fini(&cell);
}

static void add_ratio(const struct text *text, struct buf *line, uint64_t time)
{
	uint64_t tenths = (time * 10 + text->first_growth / 2) / text->first_growth;
	struct buf cell = { 0 };

	buf_printf(&cell, "%" PRIu64 ".%u x", tenths / 10, (unsigned)(tenths % 10));
	add_cell(text, line, 9, &cell);
	buf_fini(&cell);
}

void text_growth(struct text *text, struct buf *out, const struct event_growth *growth)
{
	struct buf *line = &text->words;

	bool first = text->first_growth == 0;

	if (first)
		text->first_growth = growth->cpu > 0 ? growth->cpu : 1;
	if (text->base.options.quiet && growth->kept)
		return;
	if (first)
		add_header(text, out, growth);
	buf_reset(line);
	buf_escape(line, growth->way, strlen(growth->way), 0);
	if (line->len < 12)
		buf_printf(line, "%*s", 12 - (int)line->len, "");
	add_count(text, line, 6, growth->moves);
	add_size(text, line, growth->copied);
	add_count(text, line, 10, growth->faults);
	add_time(text, line, growth->cpu);
	add_ratio(text, line, growth->cpu);
	add_time(text, line, growth->elapsed);
	buf_puts(line, growth->kept ? "  kept" : "  LOST");
	text_line(text, out, "", growth->kept ? INK_PLAIN : INK_ALARM, line);
}
