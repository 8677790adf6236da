/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as maps.  The input is two snapshots with an empty line between them; what is parsed must be consistent,
 * and the delta from the one to the other must have the lines of both, and stand up to regions and a hint taken from
 * them.
 */
#include "mm/delta.h"
#include "mm/symbol.h"

#include "base/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
	if (!held)
		abort();
}

/* What was parsed lies in the text, in order, and is found again. */
static void check_list(const struct maps *maps)
{
	const char *text = maps->text.data, *end = text + maps->text.len;
	uint64_t above = 0;

	for (size_t i = 0; i < maps->count; i++) {
		const struct mapping *m = &maps->list[i];

		require(m->start >= above && m->start < m->end && strlen(m->perms) == 4);
		require(m->line == text && m->name >= m->line && m->name + m->name_len == m->line + m->line_len);
		require(m->line + m->line_len <= end && memchr(m->line, '\n', m->line_len) == NULL);
		require(maps_find(maps, m->start) == m && maps_find(maps, m->end - 1) == m &&
			maps_above(maps, above) == m);
		text = m->line + m->line_len + (m->line + m->line_len < end);
		above = m->end;
	}
	require(text == end);
}

static bool parse(struct maps *maps, const char *text, size_t len)
{
	size_t bad_line = 0;

	buf_add(&maps->text, text, len);
	int error = maps_parse(maps, &bad_line);

	require(error == 0 || (error == -EINVAL && bad_line > 0));
	if (error == 0)
		check_list(maps);
	return error == 0;
}

static void check_delta(const struct delta *delta, const struct maps *before, const struct maps *after)
{
	size_t gone = 0, come = 0;

	for (size_t i = 0; i < delta->line_count; i++) {
		const struct delta_line *line = &delta->lines[i];

		gone += line->sign == '-';
		come += line->sign == '+';
		require(i == 0 || line[-1].mapping->start <= line->mapping->start);
	}
	require(before->count - gone == after->count - come);
	for (size_t i = 0; i < delta->change_count; i++) {
		const struct change *change = &delta->changes[i];

		require(change_kind_name(change->kind) != NULL);
		require(change->old_start <= change->old_end && change->new_start <= change->new_end);
	}
}

static void check_symbols(const struct maps *maps, const struct regions *regions)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < maps->count; i++) {
		symbol_format_line(&text, &maps->list[i], regions, maps);
		symbol_format(&text, maps->list[i].end, regions, maps);
		require(text.len > 0 && memchr(text.data, '\033', text.len) == NULL &&
			memchr(text.data, '\n', text.len) == NULL);
		buf_reset(&text);
	}
	buf_fini(&text);
}

/* Every second mapping is a region; those of after are shifted by one, so that some grow, move and change hands. */
static void name_some(struct regions *regions, const struct maps *maps, unsigned shift)
{
	static const char *const names[] = { "a", "b", "c" };

	for (size_t i = shift; i < maps->count && i < 16; i += 2)
		regions_add(regions, names[i % 3], (unsigned)i / 2, maps->list[i].start,
			    maps->list[i].end - maps->list[i].start);
}

static void compare(const struct maps *before, const struct maps *after)
{
	struct delta delta = { 0 };
	struct regions old_regions = { 0 }, new_regions = { 0 };

	delta_compute(&delta, before, after, NULL, NULL, NULL);
	check_delta(&delta, before, after);
	name_some(&old_regions, before, 0);
	name_some(&new_regions, after, 1);
	delta_compute(&delta, before, after, &old_regions, &new_regions, NULL);
	check_delta(&delta, before, after);
	check_symbols(before, &old_regions);
	check_symbols(after, &new_regions);
	if (before->count > 0 && after->count > 0) {
		const struct mapping *b = &before->list[before->count / 2], *a = &after->list[after->count / 2];
		struct delta_hint hint = { b->start, b->end - b->start, a->start, a->end - a->start,
					   before->count % 2 == 0 };

		delta_compute(&delta, before, after, &old_regions, &new_regions, &hint);
		check_delta(&delta, before, after);
	}
	regions_fini(&old_regions);
	regions_fini(&new_regions);
	delta_fini(&delta);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct maps before = { 0 }, after = { 0 };
	const char *text = (const char *)data, *middle = memmem(text, size, "\n\n", 2);
	size_t half = middle != NULL ? (size_t)(middle - text) + 1 : size;
	bool first = parse(&before, text, half);
	bool second = parse(&after, middle != NULL ? middle + 2 : "", middle != NULL ? size - half - 1 : 0);

	if (first && second)
		compare(&before, &after);
	maps_fini(&before);
	maps_fini(&after);
	return 0;
}
