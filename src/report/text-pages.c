/* SPDX-License-Identifier: MIT */
/* The pages of named regions as text: a cell each, what became of it below, and a legend. */
#include "report/text.h"

#include "base/size.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	DRAWN = 64,      /* a region of so many pages is drawn page by page; of a wider one, long runs are folded */
	FOLDED = 8,      /* the shortest run that is */
	MOST_LINES = 12, /* of cells, a region */
	INDENT = 4,
};

/* A cell's look, by what the page is. */
struct look {
	char cell;
	uint8_t kind; /* enum page_kind */
	bool huge, locked, shared;
	const char *words;
};

/* The first that fits; in the order of the legend. */
static const struct look looks[] = {
	{ 'K', PAGE_ANON, true, true, false, "huge and locked" },
	{ 'L', PAGE_ANON, false, true, false, "locked" },
	{ 'D', PAGE_ANON, true, false, true, "huge, shared with another process until one writes" },
	{ 'H', PAGE_ANON, true, false, false, "huge" },
	{ 'C', PAGE_ANON, false, false, true, "present, shared with another process until one writes" },
	{ 'P', PAGE_ANON, false, false, false, "present" },
	{ 'k', PAGE_FILE, true, true, false, "of a file or shared memory, huge and locked" },
	{ 'l', PAGE_FILE, false, true, false, "of a file or shared memory, locked" },
	{ 'h', PAGE_FILE, true, false, false, "of a file or shared memory, huge" },
	{ 'F', PAGE_FILE, false, false, false, "of a file or shared memory" },
	{ 'z', PAGE_ZERO, true, false, false, "the huge page of zeros" },
	{ 'Z', PAGE_ZERO, false, false, false, "the page of zeros that all share" },
	{ 'S', PAGE_SWAPPED, false, false, false, "swapped" },
	{ 'G', PAGE_GUARD, false, false, false, "guard" },
	{ '.', PAGE_ABSENT, false, false, false, "absent" },
	{ '?', PAGE_UNSEEN, false, false, false, "not looked at" },
};

/* What became of a page, below its cell. */
enum mark { MARK_NONE, MARK_CAME, MARK_GONE, MARK_SAME, MARK_COPIED, MARK_OTHER, MARKS };

static const struct {
	char cell;
	enum ink ink;
	const char *words;
} marks[MARKS] = {
	[MARK_NONE] = { ' ', INK_PLAIN, NULL },
	[MARK_CAME] = { '+', INK_GREEN, "came" },
	[MARK_GONE] = { '-', INK_RED, "gone" },
	[MARK_SAME] = { '=', INK_CYAN, "same frame as before" },
	[MARK_COPIED] = { '*', INK_BOLD, "copied: another frame than before" },
	[MARK_OTHER] = { '!', INK_BOLD, "another frame than before" },
};

/* Lines of cells in the making; out NULL: they are counted only. */
struct drawing {
	struct text *text;
	struct buf *out;
	const struct pages_region *region;
	uint64_t page_size;
	unsigned label;        /* columns of "a+64K" and of the space behind it */
	uint64_t offset;       /* of the line's first page, in bytes from what the name means */
	unsigned column, lines;
	char cells[WRAP_WIDTH + 1];
	uint8_t marks[WRAP_WIDTH];
};

static const struct look *look_of(const struct page_run *run)
{
	size_t last = sizeof(looks) / sizeof(looks[0]) - 1;
	size_t i = 0;

	for (; i < last; i++) {
		const struct look *look = &looks[i];

		if (look->kind == run->kind && look->huge <= run->huge && look->locked <= run->locked &&
		    look->shared <= run->shared)
			break;
	}
	return &looks[i];
}

static bool is_there(unsigned kind)
{
	return kind == PAGE_ANON || kind == PAGE_FILE || kind == PAGE_ZERO;
}

static enum mark mark_of(const struct page_run *run, bool one_statement)
{
	if (run->frame == FRAME_SAME)
		return MARK_SAME;
	/* What took the place of a page in one statement is its copy; in many it need not be. */
	if (run->frame == FRAME_OTHER)
		return one_statement && run->kind == PAGE_ANON ? MARK_COPIED : MARK_OTHER;
	if (is_there(run->kind) && (!run->compared || run->was == PAGE_ABSENT || run->was == PAGE_GUARD))
		return MARK_CAME;
	if (run->compared && is_there(run->was) && (run->kind == PAGE_ABSENT || run->kind == PAGE_GUARD))
		return MARK_GONE;
	return MARK_NONE;
}

static void format_label(struct buf *to, const char *name, uint64_t offset)
{
	buf_escape(to, name, strlen(name), 0);
	if (offset > 0) {
		buf_putc(to, '+');
		size_format(to, offset);
	}
}

static void end_marks(struct drawing *drawing)
{
	unsigned end = drawing->column;
	uint8_t mark = MARK_NONE;

	while (end > 0 && drawing->marks[end - 1] == MARK_NONE)
		end--;
	if (end == 0)
		return;
	buf_printf(drawing->out, "%*s", (int)(INDENT + drawing->label), "");
	for (unsigned i = 0; i < end; i++) {
		if (drawing->marks[i] != mark) {
			buf_puts(drawing->out, text_ink(drawing->text, (enum ink)marks[mark].ink, false));
			mark = drawing->marks[i];
			buf_puts(drawing->out, text_ink(drawing->text, (enum ink)marks[mark].ink, true));
		}
		buf_putc(drawing->out, marks[mark].cell);
	}
	buf_puts(drawing->out, text_ink(drawing->text, (enum ink)marks[mark].ink, false));
	buf_putc(drawing->out, '\n');
}

static void end_line(struct drawing *drawing)
{
	struct buf *label = &drawing->text->words;

	if (drawing->column == 0)
		return;
	drawing->lines++;
	while (drawing->column > 0 && drawing->cells[drawing->column - 1] == ' ')
		drawing->column--;
	if (drawing->out != NULL) {
		buf_reset(label);
		format_label(label, drawing->region->name, drawing->offset);
		unsigned width = (unsigned)wrap_columns(buf_text(label), label->len);

		buf_printf(drawing->out, "%*s%s%*s%.*s\n", INDENT, "", buf_text(label),
		           (int)(drawing->label > width ? drawing->label - width : 1), "", (int)drawing->column, drawing->cells);
		end_marks(drawing);
	}
	drawing->column = 0;
}

/* Columns of a line of cells: as many as pages are drawn one by one, so that lines begin at round places. */
static unsigned room(const struct drawing *drawing)
{
	unsigned taken = drawing->label + INDENT;

	return taken + DRAWN <= WRAP_WIDTH ? DRAWN : taken + DRAWN / 4 < WRAP_WIDTH ? WRAP_WIDTH - taken : DRAWN / 4;
}

/* Puts word at the end of the line, or of a new one, which begins with the page at offset. */
static void put(struct drawing *drawing, const char *word, uint8_t mark, uint64_t offset)
{
	unsigned width = (unsigned)strlen(word);

	if (drawing->column + width > room(drawing))
		end_line(drawing);
	if (drawing->column == 0)
		drawing->offset = offset;
	memcpy(drawing->cells + drawing->column, word, width);
	memset(drawing->marks + drawing->column, MARK_NONE, width);
	drawing->marks[drawing->column] = mark;
	drawing->column += width;
}

/* A gap of two columns before and after what is folded. */
static void put_gap(struct drawing *drawing)
{
	bool there = drawing->column > 0 && drawing->cells[drawing->column - 1] == ' ';

	for (unsigned i = 0; i < 2 && !there && drawing->column > 0 && drawing->column < room(drawing); i++) {
		drawing->cells[drawing->column] = ' ';
		drawing->marks[drawing->column++] = MARK_NONE;
	}
}

static void put_folded(struct drawing *drawing, char cell, uint8_t mark, uint64_t offset, uint64_t count)
{
	char word[40];

	snprintf(word, sizeof(word), "%c x %" PRIu64, cell, count);
	put_gap(drawing);
	put(drawing, word, mark, offset);
	put_gap(drawing);
}

static void put_cells(struct drawing *drawing, char cell, uint8_t mark, uint64_t offset, uint64_t count)
{
	const char word[2] = { cell, '\0' };

	for (uint64_t i = 0; i < count && drawing->lines < MOST_LINES; i++)
		put(drawing, word, mark, offset + i * drawing->page_size);
}

/* Runs that look the same, from the one at *at on, which is moved behind them. */
static uint64_t look_alike(const struct pages_region *region, size_t *at, bool one_statement)
{
	const struct look *look = look_of(&region->runs[*at]);
	enum mark mark = mark_of(&region->runs[*at], one_statement);
	uint64_t count = 0;

	for (; *at < region->run_count; ++*at) {
		const struct page_run *run = &region->runs[*at];

		if (look_of(run) != look || mark_of(run, one_statement) != mark)
			break;
		count += run->count;
	}
	return count;
}

/* Draws a region; returns how many lines of cells that takes. */
static unsigned draw(struct drawing *drawing, const struct pages_region *region, bool one_statement)
{
	uint64_t total = (region->size + drawing->page_size - 1) / drawing->page_size, done = 0;

	drawing->region = region;
	drawing->lines = 0;
	drawing->column = 0;
	for (size_t i = 0; i < region->run_count && drawing->lines < MOST_LINES;) {
		const struct page_run *run = &region->runs[i];
		char cell = look_of(run)->cell;
		uint8_t mark = (uint8_t)mark_of(run, one_statement);
		uint64_t count = look_alike(region, &i, one_statement);

		if (total > DRAWN && count >= FOLDED)
			put_folded(drawing, cell, mark, run->offset, count);
		else
			put_cells(drawing, cell, mark, run->offset, count);
		done = run->offset - region->cut + count * drawing->page_size;
	}
	if (drawing->lines < MOST_LINES || drawing->column == 0)
		end_line(drawing);
	else
		done = drawing->offset - region->cut;
	if (drawing->out != NULL && done < total * drawing->page_size)
		buf_printf(drawing->out, "%*s... and %" PRIu64 " pages more\n", INDENT, "", total - done / drawing->page_size);
	return drawing->lines;
}

static unsigned label_width(struct text *text, const struct pages_region *region, bool wide)
{
	buf_reset(&text->words);
	/* The longest offset that there can be: as the last page's, in the smallest unit. */
	format_label(&text->words, region->name, wide ? (region->cut + region->size) | 1024 : region->cut);
	return (unsigned)wrap_columns(buf_text(&text->words), text->words.len) + 2;
}

/* The widest label of all regions. */
static unsigned label_of_all(struct text *text, const struct pages_change *pages, bool one_statement)
{
	struct drawing drawing = { .text = text, .page_size = pages->page_size };
	unsigned width = 0;

	for (unsigned wide = 0; wide < 2; wide++) {
		for (size_t i = 0; i < pages->region_count; i++) {
			const struct pages_region *region = &pages->regions[i];

			drawing.label = label_width(text, region, false);
			if (wide == 0 || draw(&drawing, region, one_statement) > 1) {
				unsigned own = label_width(text, region, wide == 1);

				width = own > width ? own : width;
			}
		}
	}
	return width;
}

/* One thing of the legend, on the line in hand or on a new one. */
static void add_words(struct text *text, struct buf *out, char cell, const char *words)
{
	static const char indent[] = "      ", gap[] = "   ";
	struct buf *line = &text->words;

	if (line->len > 0 && strlen(indent) + line->len + strlen(gap) + 2 + strlen(words) > WRAP_WIDTH) {
		text_line(text, out, indent, INK_DIM, line);
		buf_reset(line);
	}
	if (cell != '\0')
		buf_printf(line, "%s%c %s", line->len > 0 ? gap : "", cell, words);
	else if (line->len > 0)
		text_line(text, out, indent, INK_DIM, line);
}

/* What the cells and the marks mean, of those that appear. */
static void add_legend(struct text *text, struct buf *out, const struct pages_change *pages, bool one_statement)
{
	unsigned looked = 0, marked = 0;

	for (size_t i = 0; i < pages->region_count; i++) {
		for (size_t k = 0; k < pages->regions[i].run_count; k++) {
			looked |= 1u << (look_of(&pages->regions[i].runs[k]) - looks);
			marked |= 1u << mark_of(&pages->regions[i].runs[k], one_statement);
		}
	}
	buf_reset(&text->words);
	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		if (looked >> i & 1)
			add_words(text, out, looks[i].cell, looks[i].words);
	}
	for (size_t i = 0; i < MARKS; i++) {
		if ((marked >> i & 1) != 0 && marks[i].words != NULL)
			add_words(text, out, marks[i].cell, marks[i].words);
	}
	add_words(text, out, '\0', "");
}

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; (at = strstr(at, word)) != NULL; at += len) {
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	}
	return false;
}

/* Whether that frames are hidden leaves a question open. */
static bool asks_for_frames(const struct pages_change *pages)
{
	for (size_t i = 0; i < pages->region_count; i++) {
		for (size_t k = 0; k < pages->regions[i].run_count; k++) {
			if (pages->regions[i].runs[k].frame == FRAME_HIDDEN)
				return true;
		}
	}
	return false;
}

/* What this user or this kernel is not told, once a script. */
static void add_hidden(struct text *text, struct buf *out, const struct pages_change *pages)
{
	static const struct {
		const char *word, *words;
	} lines[] = {
		{ "frames", "page frames are hidden from this user: whether a page that was there before is in the same frame is "
			    "told with CAP_SYS_ADMIN only" },
		{ "kinds", "zero and huge pages are hidden: before Linux 6.7 only root can tell them (/proc/kpageflags)" },
		{ "guards", "this kernel does not tell guard pages from swapped ones" },
		{ "rest", "not all pages were looked at: there are too many" },
		{ "all", "the pages are hidden: /proc/PID/pagemap cannot be read by this user" },
		{ "huge", "some pages are mapped as huge ones, and before Linux 6.7 it is not told which: none is shown as such" },
	};

	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if ((text->hidden_said >> i & 1) != 0 || !has_word(pages->hidden, lines[i].word))
			continue;
		if (i == 0 && !asks_for_frames(pages))
			continue;
		text->hidden_said |= 1u << i;
		text_sentence(text, out, INK_PLAIN, lines[i].words);
	}
}

void text_pages(struct text *text, struct buf *out, const struct event_step *step)
{
	const struct pages_change *pages = step->pages;
	bool one_statement = step->kind != STEP_PASSES;

	if (pages == NULL || pages->page_size == 0 || text->base.options.quiet)
		return;
	struct drawing drawing = { .text = text, .out = out, .page_size = pages->page_size };

	drawing.label = label_of_all(text, pages, one_statement);
	for (size_t i = 0; i < pages->region_count; i++)
		draw(&drawing, &pages->regions[i], one_statement);
	add_legend(text, out, pages, one_statement);
	add_hidden(text, out, pages);
}
