/* SPDX-License-Identifier: MIT */
/* --detail as text: the counters that moved, and what smaps says of the named regions. */
#include "report/text.h"

#include "base/size.h"

#include <inttypes.h>
#include <string.h>

/* The names stand in a column, and what is wrapped stands right of it. */
enum { INDENT = 4, COLUMN = 14 };

/* Figures of smaps as the text tells them: those that are not zero, or moved. */
static const struct {
	uint8_t figure;
	uint8_t unlike; /* another one that it mostly equals: told when it does not */
} told[] = {
	{ SMAPS_RSS, SMAPS_COUNT },
	{ SMAPS_PSS, SMAPS_RSS },
	{ SMAPS_SHARED_CLEAN, SMAPS_COUNT },
	{ SMAPS_SHARED_DIRTY, SMAPS_COUNT },
	{ SMAPS_PRIVATE_CLEAN, SMAPS_COUNT },
	{ SMAPS_PRIVATE_DIRTY, SMAPS_COUNT },
	{ SMAPS_ANONYMOUS, SMAPS_COUNT },
	{ SMAPS_KSM, SMAPS_COUNT },
	{ SMAPS_LAZY_FREE, SMAPS_COUNT },
	{ SMAPS_ANON_HUGE, SMAPS_COUNT },
	{ SMAPS_SHMEM_PMD, SMAPS_COUNT },
	{ SMAPS_FILE_PMD, SMAPS_COUNT },
	{ SMAPS_SHARED_HUGETLB, SMAPS_COUNT },
	{ SMAPS_PRIVATE_HUGETLB, SMAPS_COUNT },
	{ SMAPS_SWAP, SMAPS_COUNT },
	{ SMAPS_LOCKED, SMAPS_COUNT },
	{ SMAPS_REFERENCED, SMAPS_RSS },
};

/* Flags that every mapping like it has, or that the permissions tell. */
static bool is_plain(const char *flag)
{
	static const char plain[][3] = { "rd", "wr", "ex", "sh", "mr", "mw", "me", "ms", "sd" };

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (strcmp(flag, plain[i]) == 0)
			return true;
	}
	return false;
}

/* Writes words behind a name, which is empty for another line of the same. */
static void add_row(struct text *text, struct buf *out, const char *name, const char *words)
{
	struct buf first = { 0 }, rest = { 0 };

	/* Names of counters and regions that were recorded can be anything; the column is of what is seen of them. */
	buf_printf(&first, "%*s", INDENT, "");
	buf_escape(&first, name, strlen(name), 0);
	size_t used = wrap_columns(buf_text(&first), first.len) - INDENT;

	buf_printf(&first, "%*s", used < COLUMN ? (int)(COLUMN - used) : 1, "");
	buf_printf(&rest, "%*s", INDENT + COLUMN, "");
	text_wrapped(text, out, buf_text(&first), buf_text(&rest), INK_PLAIN, words);
	buf_fini(&first);
	buf_fini(&rest);
}

static void add_amount(struct buf *line, uint64_t amount, bool bytes)
{
	if (bytes && amount != 0)
		size_format(line, amount);
	else
		buf_printf(line, "%" PRIu64, amount);
}

/* "+64K"; nought is "0". */
static void add_difference(struct buf *line, uint64_t before, uint64_t after, bool bytes)
{
	if (before != after)
		buf_putc(line, after > before ? '+' : '-');
	add_amount(line, after > before ? after - before : before - after, bytes);
}

static const struct event_counter *find(const struct event_step *step, const char *name)
{
	for (size_t i = 0; i < step->counter_count; i++) {
		if (strcmp(step->counters[i].name, name) == 0)
			return &step->counters[i];
	}
	return NULL;
}

static bool has_moved(const struct event_counter *counter)
{
	return counter != NULL && counter->has_before && counter->has_after &&
	       counter->after - counter->own != counter->before;
}

/* The three parts of VmRSS stand in its line. */
static const struct {
	const char *name, *words;
} parts[] = { { "RssAnon", "anonymous" }, { "RssFile", "file" }, { "RssShmem", "shared memory" } };

static bool is_part(const char *name)
{
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(parts[i].name, name) == 0)
			return true;
	}
	return false;
}

static bool part_moved(const struct event_step *step)
{
	bool moved = false;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		moved |= has_moved(find(step, parts[i].name));
	return moved;
}

static void add_parts(struct buf *line, const struct event_step *step)
{
	const char *before = ": ";

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const struct event_counter *part = find(step, parts[i].name);

		if (!has_moved(part))
			continue;
		buf_printf(line, "%s%s ", before, parts[i].words);
		add_difference(line, part->before, part->after, true);
		before = ", ";
	}
}

/* One counter: "1304K -> 1368K (+64K; approximate)"; of events, and of the whole machine, only how far it moved. */
static void add_counter(struct text *text, struct buf *out, const struct event_step *step,
                        const struct event_counter *counter)
{
	bool bytes = counter->unit == UNIT_BYTES, whole = counter->system_wide, rss = strcmp(counter->name, "VmRSS") == 0;
	bool absolute = bytes && !whole && !text->base.options.symbolic;
	struct buf *line = &text->words;
	const char *name = strcmp(counter->name, "minflt") == 0   ? "minor faults"
	                   : strcmp(counter->name, "majflt") == 0 ? "major faults"
	                                                          : counter->name;

	buf_reset(line);
	if (absolute) {
		add_amount(line, counter->before, bytes);
		buf_puts(line, " -> ");
		add_amount(line, counter->after, bytes);
		buf_puts(line, " (");
	}
	add_difference(line, counter->before, counter->after - counter->own, bytes);
	if (rss)
		add_parts(line, step);
	if (counter->approximate)
		buf_puts(line, absolute ? "; approximate" : " (approximate)");
	if (absolute)
		buf_putc(line, ')');
	if (whole)
		buf_puts(line, " (of the whole machine)");
	add_row(text, out, name, buf_text(line));
}

/* With --symbolic two runs print the same: what may move otherwise in another run is not told. */
static bool is_shown(const struct text *text, const struct event_step *step, const struct event_counter *counter)
{
	if ((text->base.options.symbolic && counter->varies) || is_part(counter->name))
		return false;
	return has_moved(counter) || (strcmp(counter->name, "VmRSS") == 0 && counter->has_after && part_moved(step));
}

static bool is_gone(const struct event_step *step)
{
	for (size_t i = 0; i < step->counter_count; i++) {
		if (step->counters[i].has_before && !step->counters[i].has_after)
			return true;
	}
	return false;
}

static void add_counters(struct text *text, struct buf *out, const struct event_step *step)
{
	size_t moved = 0;

	for (size_t i = 0; i < step->counter_count; i++) {
		if (!is_shown(text, step, &step->counters[i]))
			continue;
		add_counter(text, out, step, &step->counters[i]);
		/* What others do to the machine must not hide that nothing happened here. */
		moved += !step->counters[i].system_wide;
	}
	if (is_gone(step))
		add_row(text, out, "counters", "the process is gone: there is nothing to compare with");
	else if (moved == 0 && !text->base.options.symbolic)
		add_row(text, out, "counters", "none of the process moved");
}

static uint64_t figure_of(const struct event_smaps *smaps, unsigned figure)
{
	return smaps != NULL && smaps->present[figure] ? smaps->figures[figure] : 0;
}

/* Whether the figures are the region's own: smaps tells of whole mappings, and a region can be a part of one. */
static bool is_own(const struct event_smaps *smaps, uint64_t size)
{
	return smaps == NULL || figure_of(smaps, SMAPS_SIZE) == size;
}

/* Whether both ends tell of the same: then their difference means something. */
static bool is_comparable(const struct event_detail *detail)
{
	const struct event_smaps *before = detail->before, *after = detail->after;

	if (is_own(before, detail->old_size) && is_own(after, detail->size))
		return true;
	return before != NULL && after != NULL && before->start == after->start && before->end == after->end;
}

/* Adds an item to a list, on another line where it does not fit; *line_start is where the line in hand begins. */
static void add_item(struct buf *line, size_t *line_start, const struct buf *item, bool first)
{
	if (!first)
		buf_putc(line, ',');
	if (!first && INDENT + COLUMN + line->len - *line_start + item->len + 2 > WRAP_WIDTH) {
		buf_putc(line, '\n');
		*line_start = line->len;
	} else if (!first) {
		buf_putc(line, ' ');
	}
	buf_add(line, buf_text(item), item->len);
}

/* "Anonymous 64K (+64K)" */
static void add_figure(struct buf *item, unsigned figure, uint64_t old, uint64_t new)
{
	buf_reset(item);
	buf_printf(item, "%s ", smaps_names[figure].name);
	add_amount(item, new, true);
	if (old == new)
		return;
	buf_puts(item, " (");
	add_difference(item, old, new, true);
	buf_putc(item, ')');
}

/* What there is or was of a region; returns whether anything was said. */
static bool add_figures(struct buf *line, const struct event_detail *detail)
{
	const struct event_smaps *before = detail->before, *after = detail->after;
	struct buf item = { 0 };
	bool comparable = is_comparable(detail), said = false;
	size_t line_start = line->len;

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		unsigned figure = told[i].figure, unlike = told[i].unlike;
		uint64_t old = figure_of(before, figure), new = figure_of(after, figure);

		if (!comparable)
			old = new;
		if ((old == 0 && new == 0) || (figure == SMAPS_REFERENCED && old == new))
			continue;
		if (unlike != SMAPS_COUNT && new == figure_of(after, unlike) &&
		    (!comparable || old == figure_of(before, unlike)))
			continue;
		add_figure(&item, figure, old, new);
		add_item(line, &line_start, &item, !said);
		said = true;
	}
	buf_fini(&item);
	return said;
}

static bool had_flag(const struct event_smaps *before, const struct event_vmflag *flag)
{
	for (size_t i = 0; before != NULL && i < before->flag_count; i++) {
		if (strcmp(before->flags[i].flag, flag->flag) == 0)
			return before->flags[i].partly == flag->partly;
	}
	return false;
}

static bool add_flags(struct buf *line, const struct event_detail *detail)
{
	const struct event_smaps *smaps = detail->after;
	bool said = false;

	for (size_t i = 0; i < smaps->flag_count; i++) {
		const struct event_vmflag *flag = &smaps->flags[i];

		/* All that is writable and private is "ac": told when it is new. */
		if (is_plain(flag->flag) || (strcmp(flag->flag, "ac") == 0 && had_flag(detail->before, flag)))
			continue;
		buf_printf(line, "%s%s", said ? ", " : "it is ", flag->partly ? "partly " : "");
		if (flag->words != NULL)
			buf_printf(line, "%s (", flag->words);
		buf_escape(line, flag->flag, strlen(flag->flag), 0);
		buf_puts(line, flag->words != NULL ? ")" : "");
		said = true;
	}
	return said;
}

static void add_whole(struct buf *line, const char *words, const struct event_smaps *smaps)
{
	buf_printf(line, "%s whole mapping%s, of ", words, smaps->mappings > 1 ? "s" : "");
	size_format(line, figure_of(smaps, SMAPS_SIZE));
}

/* Whose figures these are, where they are not the region's own. */
static void add_extent(struct buf *line, const struct event_detail *detail)
{
	const struct event_smaps *before = detail->before, *after = detail->after;
	bool own = is_own(after, detail->size);

	if (!own)
		add_whole(line, "smaps tells of its", after);
	if (before == NULL || is_comparable(detail))
		return;
	if (own) {
		add_whole(line, "before, smaps told of its", before);
	} else {
		buf_puts(line, "; before, of ");
		size_format(line, figure_of(before, SMAPS_SIZE));
	}
}

static void add_gone(struct text *text, struct buf *out, const struct event_detail *detail)
{
	struct buf *line = &text->words;

	buf_reset(line);
	buf_puts(line, "not mapped any more");
	if (!is_comparable(detail)) {
		buf_puts(line, "; ");
		add_extent(line, detail);
	} else {
		size_t mark = line->len;

		buf_puts(line, ":\n");
		if (!add_figures(line, detail))
			buf_cut(line, mark);
	}
	add_row(text, out, detail->name, buf_text(line));
}

static void add_detail(struct text *text, struct buf *out, const struct event_detail *detail)
{
	struct buf *line = &text->words;

	if (detail->after == NULL) {
		add_gone(text, out, detail);
		return;
	}
	buf_reset(line);
	if (!add_figures(line, detail))
		buf_puts(line, "nothing of it is resident");
	add_row(text, out, detail->name, buf_text(line));
	buf_reset(line);
	add_extent(line, detail);
	if (line->len > 0)
		add_row(text, out, "", buf_text(line));
	buf_reset(line);
	if (add_flags(line, detail))
		add_row(text, out, "", buf_text(line));
}

/* Whether a counter of the process did: the machine's move all the time. */
static bool anything_moved(const struct text *text, const struct event_step *step)
{
	for (size_t i = 0; i < step->counter_count; i++) {
		if (is_shown(text, step, &step->counters[i]) && !step->counters[i].system_wide)
			return true;
	}
	return is_gone(step);
}

void text_detail(struct text *text, struct buf *out, const struct event_step *step)
{
	bool does = step->kind == STEP_CALL || step->kind == STEP_STORE || step->kind == STEP_PASSES;

	/* Other statements are looked around too; what moves nothing there is no news. */
	if (step->counter_count == 0 || (!does && step->detail_count == 0 && !anything_moved(text, step)))
		return;
	add_counters(text, out, step);
	for (size_t i = 0; i < step->detail_count; i++)
		add_detail(text, out, &step->details[i]);
	if (!step->smaps_looked && !is_gone(step))
		add_row(text, out, "smaps", "cannot be read here");
}

void text_smaps(struct text *text, struct buf *out, const struct event_smaps *smaps)
{
	uint64_t size = figure_of(smaps, SMAPS_SIZE);

	/* As a region of that size whose figures did not move. */
	add_detail(text, out, &(struct event_detail){ "smaps", size, size, smaps, smaps });
}
