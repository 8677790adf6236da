/* SPDX-License-Identifier: MIT */
/* What changed between two snapshots: the lines that differ, and where to look for the changes. */
#include "mm/delta.h"

#include "base/alloc.h"
#include "mm/delta-piece.h"

#include <stdlib.h>
#include <string.h>

static const char *const kind_names[] = {
	[CHANGE_ADDED] = "added",       [CHANGE_REMOVED] = "removed",   [CHANGE_GROWN] = "grown",
	[CHANGE_SHRUNK] = "shrunk",     [CHANGE_MOVED] = "moved",       [CHANGE_SPLIT] = "split",
	[CHANGE_MERGED] = "merged",     [CHANGE_PROTECTED] = "protected", [CHANGE_REPLACED] = "replaced",
	[CHANGE_FLAGGED] = "flagged",
};

const char *change_kind_name(enum change_kind kind)
{
	return kind_names[kind];
}

/* How many bytes a and b have in common from their beginning.  memcmp says only whether, but does so fastest. */
static size_t common_head(const char *a, const char *b, size_t len)
{
	size_t at = 0;

	for (size_t step = 4096; step > 0; step /= 8) {
		while (len - at >= step && memcmp(a + at, b + at, step) == 0)
			at += step;
	}
	return at;
}

/* How many bytes the len bytes before a and before b have in common, from their end. */
static size_t common_tail(const char *a, const char *b, size_t len)
{
	size_t at = 0;

	for (size_t step = 4096; step > 0; step /= 8) {
		while (len - at >= step && memcmp(a - at - step, b - at - step, step) == 0)
			at += step;
	}
	return at;
}

/* The mappings whose lines, newline and all, lie within the first len bytes of the text. */
static size_t lines_within(const struct maps *maps, size_t len)
{
	size_t low = 0, high = maps->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct mapping *m = &maps->list[middle];

		if ((size_t)(m->line - maps->text.data) + m->line_len < len)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Whether the lines are all of the text, in order, as maps_parse() leaves them; then texts can stand for lists. */
static bool text_is_list(const struct maps *maps)
{
	if (maps->list == NULL || maps->count == 0 || maps->list[0].line != maps->text.data)
		return false;
	const struct mapping *last = &maps->list[maps->count - 1];
	size_t behind = maps->text.len - (size_t)(last->line - maps->text.data) - last->line_len;

	return behind <= 1;
}

/* The regions that are not the same in both lists: between a common head and a common tail. */
static void find_regions(struct comparison *c)
{
	c->old = c->old_regions->list;
	c->new = c->new_regions->list;
	c->old_end = regions_end(c->old_regions);
	c->new_end = regions_end(c->new_regions);
	while (c->old < c->old_end && c->new < c->new_end && c->old->id == c->new->id &&
	       c->old->start == c->new->start && c->old->size == c->new->size) {
		c->old++;
		c->new++;
	}
	while (c->old < c->old_end && c->new < c->new_end && c->old_end[-1].id == c->new_end[-1].id &&
	       c->old_end[-1].start == c->new_end[-1].start && c->old_end[-1].size == c->new_end[-1].size) {
		c->old_end--;
		c->new_end--;
	}
}

static void include(uint64_t range[2], uint64_t start, uint64_t end)
{
	if (start < range[0])
		range[0] = start;
	if (end > range[1])
		range[1] = end;
}

/* The range in which something can be told although the lines are the same: the hint's, and of regions that differ. */
static void find_concerned(const struct comparison *c, uint64_t range[2])
{
	range[0] = UINT64_MAX;
	range[1] = 0;
	if (c->moves || c->in_place)
		include(range, c->hint.old_start, c->hint_old_end);
	if (c->moves || c->in_place || c->aliases)
		include(range, c->hint.new_start, c->hint_new_end);
	for (const struct region *r = c->old; r < c->old_end; r++)
		include(range, r->start, range_end(r->start, r->size));
	for (const struct region *r = c->new; r < c->new_end; r++)
		include(range, r->start, range_end(r->start, r->size));
}

/* How many mappings two lists begin with, and how many they end with, that are the same. */
static void common_lines(const struct maps *before, const struct maps *after, size_t *head, size_t *tail)
{
	size_t len = before->text.len < after->text.len ? before->text.len : after->text.len;
	size_t same = common_head(before->text.data, after->text.data, len);

	*head = same == before->text.len && same == after->text.len ? before->count : lines_within(before, same);
	same = common_tail(before->text.data + before->text.len, after->text.data + after->text.len, len - same);
	/* The newline before a line must be in common too, or the line may begin earlier in the other text. */
	size_t others = lines_within(before, before->text.len - same) + 1;

	*tail = others < before->count ? before->count - others : 0;
}

/* The same for parts: where the first begins, and the last that is no longer looked at. */
static void common_parts(const struct maps *before, const struct maps *after, uint64_t *start, uint64_t *stop)
{
	size_t least = before->part_count < after->part_count ? before->part_count : after->part_count, head = 0, tail = 0;
	const struct maps_slot *old = before->parts, *new = after->parts;

	while (head < least && old[head].part == new[head].part)
		head++;
	while (tail < least - head && old[before->part_count - 1 - tail].part == new[after->part_count - 1 - tail].part)
		tail++;
	*start = head > 0 ? old[head - 1].end : 0;
	*stop = tail > 0 ? old[before->part_count - tail].part->list[0].start : UINT64_MAX;
}

/* Leaves out the mappings that both snapshots begin with and end with, unless a range that concerns us is there. */
static void find_window(struct comparison *c)
{
	const struct maps *before = c->before_maps, *after = c->after_maps;
	uint64_t concerned[2], start = 0, stop = UINT64_MAX;

	find_concerned(c, concerned);
	if (text_is_list(before) && text_is_list(after)) {
		size_t head, tail;

		common_lines(before, after, &head, &tail);
		start = head > 0 ? before->list[head - 1].end : 0;
		stop = tail > 0 ? before->list[before->count - tail].start : UINT64_MAX;
	} else if (before->part_count > 0 && after->part_count > 0) {
		common_parts(before, after, &start, &stop);
	}
	if (concerned[0] < start)
		start = concerned[0];
	if (concerned[1] > stop)
		stop = concerned[1];
	c->before = maps_place(before, start);
	c->after = maps_place(after, start);
	c->before_end = c->after_end = stop;
}

static void add_line(struct delta *delta, char sign, const struct mapping *mapping)
{
	delta->lines = alloc_grow(delta->lines, &delta->line_cap, delta->line_count + 1, sizeof(*delta->lines));
	delta->lines[delta->line_count++] = (struct delta_line){ .sign = sign, .mapping = mapping };
}

static void compare_lines(const struct comparison *c)
{
	struct maps_place before = c->before, after = c->after;

	for (;;) {
		const struct mapping *b = mapping_below(&before, c->before_end), *a = mapping_below(&after, c->after_end);

		if (b == NULL && a == NULL)
			return;
		if (at_same_part(&before, &after)) {
			maps_enter(&before, before.part + 1, false);
			maps_enter(&after, after.part + 1, false);
			continue;
		}
		bool gone = b != NULL && (a == NULL || b->start <= a->start);
		bool come = a != NULL && (b == NULL || a->start <= b->start);

		if (!gone || !come || !mapping_same_line(b, a)) {
			if (gone)
				add_line(c->delta, '-', b);
			if (come)
				add_line(c->delta, '+', a);
		}
		if (gone)
			maps_forward(&before);
		if (come)
			maps_forward(&after);
	}
}

void delta_compute(struct delta *delta, const struct maps *before, const struct maps *after,
                   const struct regions *old_regions, const struct regions *new_regions, const struct delta_hint *hint)
{
	static const struct regions none;
	struct comparison c = { .delta = delta, .before_maps = before, .after_maps = after };

	c.old_regions = old_regions != NULL ? old_regions : &none;
	c.new_regions = new_regions != NULL ? new_regions : &none;
	if (hint != NULL && hint->new_size > 0) {
		c.hint = *hint;
		c.hint_old_end = range_end(hint->old_start, hint->old_size);
		c.hint_new_end = range_end(hint->new_start, hint->new_size);
		c.aliases = hint->old_size == 0;
		c.in_place = !c.aliases && hint->old_start == hint->new_start;
		c.moves = !c.aliases && !c.in_place;
		c.holes = c.moves && !maps_covered(before, hint->old_start, hint->old_size);
	}
	delta_reset(delta);
	find_regions(&c);
	find_window(&c);
	compare_lines(&c);
	delta_cut(&c);
	delta_tell(&c);
}

void delta_add_flagged(struct delta *delta, const struct change *change)
{
	delta->changes = alloc_grow(delta->changes, &delta->change_cap, delta->change_count + 1, sizeof(*delta->changes));
	delta->changes[delta->change_count] = *change;
	delta->changes[delta->change_count++].kind = CHANGE_FLAGGED;
}

void delta_reset(struct delta *delta)
{
	delta->line_count = delta->change_count = delta->piece_count = 0;
}

void delta_fini(struct delta *delta)
{
	free(delta->lines);
	free(delta->changes);
	free(delta->pieces);
	*delta = (struct delta){ 0 };
}
