/* SPDX-License-Identifier: MIT */
/* What was measured, as tables: ways to grow a buffer, and how much more processor time than the first each took; and what it
 * costs to move memory. */
#include "report/text.h"

#include "base/size.h"

#include <inttypes.h>
#include <string.h>

static void add_growth_header(struct text *text, struct buf *out, const struct event_growth *growth)
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

static void add_way(struct buf *line, const char *way, size_t width)
{
	buf_escape(line, way, strlen(way), 0);
	if (line->len < width)
		buf_printf(line, "%*s", (int)(width - line->len), "");
}

static void add_data(const struct text *text, struct buf *out, struct buf *line, bool kept)
{
	buf_puts(line, kept ? "  kept" : "  LOST");
	text_line(text, out, "", kept ? INK_PLAIN : INK_ALARM, line);
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
		add_growth_header(text, out, growth);
	buf_reset(line);
	add_way(line, growth->way, 12);
	add_count(text, line, 6, growth->moves);
	add_size(text, line, growth->copied);
	add_count(text, line, 10, growth->faults);
	add_time(text, line, growth->cpu);
	add_ratio(text, line, growth->cpu);
	add_time(text, line, growth->elapsed);
	add_data(text, out, line, growth->kept);
}

static void add_cost_header(struct text *text, struct buf *out, const struct event_cost *cost)
{
	struct buf *words = &text->words;

	text_separate(text, out, BLOCK_NOTE);
	buf_reset(words);
	buf_printf(words,
	           "Private anonymous memory, each page written, goes from one place to another. Aligned: both places lie alike in what "
	           "a page table covers; unaligned: one is a page farther. Medians of %u run%s, each in a new process",
	           cost->runs, cost->runs == 1 ? "" : "s");
	buf_puts(words, cost->one_processor ? ", all on one processor." : ".");
	text_wrapped(text, out, "# ", NULL, INK_CYAN, buf_text(words));
	buf_puts(out, "\nway                     size     pages       CPU time        a page  data\n");
}

/* Time of one page, in nanoseconds and tenths. */
static void add_page_time(const struct text *text, struct buf *line, const struct event_cost *cost)
{
	uint64_t pages = cost->pages > 0 ? cost->pages : 1, whole = cost->cpu / pages, rest = cost->cpu % pages;
	struct buf cell = { 0 };

	buf_printf(&cell, "%" PRIu64 ".%u ns", whole, (unsigned)((double)rest * 10 / (double)pages));
	add_cell(text, line, 14, &cell);
	buf_fini(&cell);
}

void text_cost(struct text *text, struct buf *out, const struct event_cost *cost)
{
	struct buf *line = &text->words, cell = { 0 };

	if (text->base.options.quiet && cost->kept)
		return;
	if (!text->cost_begun)
		add_cost_header(text, out, cost);
	text->cost_begun = true;
	buf_reset(line);
	add_way(line, cost->way, 18);
	size_format(&cell, cost->size);
	buf_printf(line, "%10s%10" PRIu64, buf_text(&cell), cost->pages);
	buf_reset(&cell);
	buf_printf(&cell, "%" PRIu64 ".%02u us", cost->cpu / 1000, (unsigned)(cost->cpu % 1000 / 10));
	add_cell(text, line, 15, &cell);
	buf_fini(&cell);
	add_page_time(text, line, cost);
	add_data(text, out, line, cost->kept);
}
