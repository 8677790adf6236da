/* SPDX-License-Identifier: MIT */
/* Snapshots in parts: what one that changes a little has in common with the one before, both hold. */
#include "mm/maps.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

enum {
	PART_MOST = 128, /* mappings in a part: a change copies one or two parts, and the slots of all */
	PART_LEAST = 32, /* one that would have fewer takes in its neighbour */
	RUNS = 5,
};

/* Mappings in a row, somewhere. */
struct run {
	const struct mapping *list;
	size_t count;
};

static void release(struct maps_part *part)
{
	if (--part->refs == 0)
		free(part);
}

static bool same_name(const struct mapping *a, const struct mapping *b)
{
	return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

/* Fills in what is known of all of a part's mappings. */
static void sum_up(struct maps_part *part)
{
	part->alike = true;
	for (size_t i = 0; i < part->count; i++) {
		const struct mapping *m = &part->list[i];

		part->mapped += m->end - m->start;
		part->named |= m->name_len > 0;
		part->alike = part->alike && same_name(m, part->list);
		if (i > 0 && m->start - m[-1].end > part->gap) {
			part->gap = m->start - m[-1].end;
			part->gap_start = m[-1].end;
		}
	}
}

/* Takes count mappings off the runs, which hold as many, into a part of their own. */
static struct maps_part *make_part(struct run *runs, size_t count)
{
	size_t width = 0, left = count;

	for (const struct run *run = runs; left > 0; run++) {
		size_t here = run->count < left ? run->count : left;

		for (size_t i = 0; i < here; i++)
			width += run->list[i].line_len;
		left -= here;
	}
	struct maps_part *part = alloc_bytes(sizeof(*part) + count * sizeof(part->list[0]) + width);

	*part = (struct maps_part){ .refs = 1, .count = count, .text = (char *)&part->list[count] };
	char *to = part->text;

	for (size_t i = 0; i < count; i++) {
		while (runs->count == 0)
			runs++;
		struct mapping *m = &part->list[i];

		*m = *runs->list;
		memcpy(to, m->line, m->line_len);
		m->name = to + (m->name - m->line);
		m->line = to;
		to += m->line_len;
		runs->list++;
		runs->count--;
	}
	sum_up(part);
	return part;
}

/* Puts count slots in place of those from first to stop. */
static struct maps_slot *replace_slots(struct maps *maps, size_t first, size_t stop, size_t count)
{
	size_t total = maps->part_count - (stop - first) + count;

	for (size_t i = first; i < stop; i++)
		release(maps->parts[i].part);
	if (total > maps->part_cap)
		maps->parts = alloc_grow(maps->parts, &maps->part_cap, total, sizeof(*maps->parts));
	if (maps->part_count > stop)
		memmove(&maps->parts[first + count], &maps->parts[stop], (maps->part_count - stop) * sizeof(*maps->parts));
	maps->part_count = total;
	return count > 0 ? maps->parts + first : NULL;
}

/* Finds the runs again. */
static void find_runs(struct maps *maps)
{
	struct maps_slot *slots = maps->parts;

	for (size_t i = 0; i < maps->part_count; i++) {
		bool goes_on = i > 0 && slots[i - 1].plain && slots[i].plain && slots[i - 1].end == slots[i].start;

		slots[i].run_first = goes_on ? slots[i - 1].run_first : (uint32_t)i;
	}
	for (size_t i = maps->part_count; i > 0; i--) {
		bool goes_on = i < maps->part_count && slots[i].run_first != i;

		slots[i - 1].run_last = goes_on ? slots[i].run_last : (uint32_t)(i - 1);
	}
}

/* Puts parts of the mappings of the runs in place of those from first to stop. */
static void replace_parts(struct maps *maps, size_t first, size_t stop, struct run *runs)
{
	struct maps_part *made[16], **all = made;
	size_t total = 0;

	for (unsigned i = 0; i < RUNS; i++)
		total += runs[i].count;
	size_t count = (total + PART_MOST - 1) / PART_MOST;

	if (count > sizeof(made) / sizeof(made[0]))
		all = alloc_zeroed(count, sizeof(*all));
	for (size_t i = 0; i < count; i++) {
		size_t share = total / (count - i);

		all[i] = make_part(runs, share);
		total -= share;
		while (runs->count == 0 && total > 0)
			runs++;
	}
	/* The old ones last: the runs are of them. */
	struct maps_slot *slot = replace_slots(maps, first, stop, count);

	for (size_t i = 0; i < count; i++)
		slot[i] = (struct maps_slot){ .start = all[i]->list[0].start,
			                      .end = all[i]->list[all[i]->count - 1].end,
			                      .part = all[i],
			                      .plain = !all[i]->named && all[i]->gap == 0 };
	if (all != made)
		free(all);
	find_runs(maps);
}

/* The part with that number as a run. */
static struct run whole(const struct maps *maps, size_t part)
{
	return (struct run){ maps->parts[part].part->list, maps->parts[part].part->count };
}

/* Puts the run in place of what is in [start, end). */
static void replace(struct maps *maps, uint64_t start, uint64_t end, struct run with)
{
	struct maps_place from = maps_place(maps, start), to = maps_place(maps, end);
	size_t first = from.part, stop = to.part;
	struct run runs[RUNS] = { [2] = with };

	if (from.at != NULL)
		runs[1] = (struct run){ from.first, (size_t)(from.at - from.first) };
	/* What is left of the last part that is touched. */
	if (to.at != NULL && (to.at > to.first || to.part == from.part)) {
		runs[3] = (struct run){ to.at, (size_t)(to.stop - to.at) };
		stop++;
	}
	if (runs[1].count + with.count + runs[3].count < PART_LEAST) {
		if (first > 0)
			runs[0] = whole(maps, --first);
		else if (stop < maps->part_count)
			runs[4] = whole(maps, stop++);
	}
	replace_parts(maps, first, stop, runs);
}

/* How many mappings there are in [start, end). */
static size_t count_between(const struct maps *maps, uint64_t start, uint64_t end)
{
	size_t count = 0;

	if (end > start)
		maps_mapped(maps, start, end - start, &count);
	return count;
}

void maps_patch(struct maps *maps, uint64_t start, uint64_t end, const struct maps *with)
{
	struct maps_place place = maps_place(maps, start);
	struct run run = { with->list, with->count };

	/* What is there already stays, so that snapshots have more in common. */
	for (; run.count > 0 && place.at != NULL && mapping_same_line(place.at, run.list); run.count--, run.list++) {
		start = place.at->end;
		maps_forward(&place);
	}
	place = maps_place(maps, end);
	while (run.count > 0 && maps_backward(&place) && place.at->start >= start &&
	       mapping_same_line(place.at, &run.list[run.count - 1])) {
		end = place.at->start;
		run.count--;
	}
	size_t old = count_between(maps, start, end);

	if (old == 0 && run.count == 0)
		return;
	maps->count = maps->count - old + run.count;
	replace(maps, start, end, run);
}

static void release_all(struct maps *maps)
{
	for (size_t i = 0; i < maps->part_count; i++)
		release(maps->parts[i].part);
	maps->part_count = 0;
}

/* Copies the lines of a list, wherever they stand. */
static void copy_list(struct maps *to, const struct maps *from)
{
	size_t at = 0;

	buf_reset(&to->text);
	to->list = alloc_grow(to->list, &to->cap, from->count, sizeof(*to->list));
	for (size_t i = 0; i < from->count; i++) {
		buf_add(&to->text, from->list[i].line, from->list[i].line_len);
		buf_putc(&to->text, '\n');
	}
	for (size_t i = 0; i < from->count; i++) {
		struct mapping *m = &to->list[i];

		*m = from->list[i];
		m->name = to->text.data + at + (m->name - m->line);
		m->line = to->text.data + at;
		at += m->line_len + 1;
	}
}

void maps_assign(struct maps *to, const struct maps *from)
{
	size_t head = 0, tail = 0;
	size_t least = to->part_count < from->part_count ? to->part_count : from->part_count;

	if (from->list != NULL) {
		release_all(to);
		copy_list(to, from);
		to->count = from->count;
		return;
	}
	free(to->list);
	to->list = NULL;
	to->cap = 0;
	buf_reset(&to->text);
	while (head < least && to->parts[head].part == from->parts[head].part)
		head++;
	while (tail < least - head &&
	       to->parts[to->part_count - 1 - tail].part == from->parts[from->part_count - 1 - tail].part)
		tail++;
	size_t count = from->part_count - head - tail;

	for (size_t i = head; i < head + count; i++)
		from->parts[i].part->refs++;
	struct maps_slot *slot = replace_slots(to, head, to->part_count - tail, count);

	if (count > 0)
		memcpy(slot, from->parts + head, count * sizeof(*slot));
	to->count = from->count;
}

/* Whether both are in parts, and these the same ones. */
static bool same_parts(const struct maps *a, const struct maps *b)
{
	if (a->list != NULL || b->list != NULL || a->part_count != b->part_count)
		return false;
	for (size_t i = 0; i < a->part_count; i++) {
		if (a->parts[i].part != b->parts[i].part)
			return false;
	}
	return true;
}

bool maps_same(const struct maps *a, const struct maps *b)
{
	struct maps_place left = maps_place(a, 0), right = maps_place(b, 0);

	if (a->count != b->count)
		return false;
	if (same_parts(a, b))
		return true;
	while (left.at != NULL) {
		if (left.at == right.at && left.at == left.first && right.at == right.first) {
			maps_enter(&left, left.part + 1, false);
			maps_enter(&right, right.part + 1, false);
		} else if (mapping_same_line(left.at, right.at)) {
			maps_forward(&left);
			maps_forward(&right);
		} else {
			return false;
		}
	}
	return true;
}

void maps_fini(struct maps *maps)
{
	release_all(maps);
	free(maps->parts);
	free(maps->list);
	buf_fini(&maps->text);
	*maps = (struct maps){ 0 };
}
