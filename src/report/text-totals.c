/* SPDX-License-Identifier: MIT */
/* What changed in all: a table by what is mapped.  What stayed is in neither list of lines, so that they are enough. */
#include "report/text.h"

#include "base/alloc.h"
#include "base/size.h"
#include "mm/kind.h"

#include <stdlib.h>
#include <string.h>

/* A line, and later all lines of one name. */
struct total {
	const char *name; /* not NUL-terminated */
	size_t len;
	size_t gone, new; /* lines */
	uint64_t less, more; /* bytes */
};

static int compare_names(const void *a, const void *b)
{
	const struct total *left = a, *right = b;
	int order = memcmp(left->name, right->name, left->len < right->len ? left->len : right->len);

	return order != 0 ? order : (left->len > right->len) - (left->len < right->len);
}

static uint64_t difference(const struct total *total)
{
	return total->more > total->less ? total->more - total->less : total->less - total->more;
}

/* The largest difference first, then the most lines. */
static int compare_totals(const void *a, const void *b)
{
	const struct total *left = a, *right = b;
	size_t left_lines = left->gone + left->new, right_lines = right->gone + right->new;

	if (difference(left) != difference(right))
		return difference(left) < difference(right) ? 1 : -1;
	if (left_lines != right_lines)
		return left_lines < right_lines ? 1 : -1;
	return compare_names(a, b);
}

static struct total total_of(const struct delta_line *line)
{
	static const char gone[] = " (deleted)";
	const struct mapping *m = line->mapping;
	enum mapping_kind kind = mapping_kind(m);
	uint64_t size = m->end - m->start;
	struct total total = { .name = m->name, .len = m->name_len };

	/* The kernel's name of shared anonymous memory tells nobody anything. */
	if (m->name_len == 0 || (kind == KIND_SHARED_ANONYMOUS && m->name[0] == '/') || kind == KIND_HUGE) {
		total.name = mapping_kind_name(kind);
		total.len = strlen(total.name);
	} else if (mapping_has_file(m) && m->name_len > sizeof(gone) - 1 &&
	           memcmp(m->name + m->name_len - (sizeof(gone) - 1), gone, sizeof(gone) - 1) == 0) {
		total.len -= sizeof(gone) - 1;
	}
	*(line->sign == '-' ? &total.gone : &total.new) = 1;
	*(line->sign == '-' ? &total.less : &total.more) = size;
	return total;
}

static void add_total(struct total *sum, const struct total *total)
{
	sum->gone += total->gone;
	sum->new += total->new;
	sum->less += total->less;
	sum->more += total->more;
}

static void add_row(struct text *text, struct buf *out, const struct total *total)
{
	struct buf size = { 0 };

	buf_reset(&text->words);
	buf_printf(&text->words, "%8zu%8zu", total->gone, total->new);
	if (total->more != total->less)
		buf_putc(&size, total->more > total->less ? '+' : '-');
	if (total->more != total->less)
		size_format(&size, difference(total));
	else
		buf_puts(&size, "0");
	buf_printf(&text->words, "  %10s  ", buf_text(&size));
	buf_escape(&text->words, total->name, total->len, 0);
	buf_fini(&size);
	text_line(text, out, "", INK_PLAIN, &text->words);
}

void text_totals(struct text *text, struct buf *out, const struct delta *delta)
{
	static const char in_all[] = "in all";
	struct total *totals = alloc_bytes((delta->line_count + 1) * sizeof(*totals));
	struct total sum = { .name = in_all, .len = sizeof(in_all) - 1 };
	size_t count = 0;

	for (size_t i = 0; i < delta->line_count; i++) {
		totals[i] = total_of(&delta->lines[i]);
		add_total(&sum, &totals[i]);
	}
	qsort(totals, delta->line_count, sizeof(*totals), compare_names);
	for (size_t i = 0; i < delta->line_count; i++) {
		if (count > 0 && compare_names(&totals[count - 1], &totals[i]) == 0)
			add_total(&totals[count - 1], &totals[i]);
		else
			totals[count++] = totals[i];
	}
	qsort(totals, count, sizeof(*totals), compare_totals);
	buf_reset(&text->words);
	buf_printf(&text->words, "%8s%8s  %10s  of", "gone", "new", "size");
	text_line(text, out, "", INK_BOLD, &text->words);
	for (size_t i = 0; i < count; i++)
		add_row(text, out, &totals[i]);
	if (count > 1)
		add_row(text, out, &sum);
	free(totals);
}
