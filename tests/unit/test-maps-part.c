/* SPDX-License-Identifier: MIT */
/* Snapshots in parts against lists: random patches, and every look-up asked of both. */
#include "mm/delta.h"
#include "mm/maps.h"

#include "tap.h"

#include <inttypes.h>
#include <stdlib.h>

enum { PAGES = 6000, ROUNDS = 400, LOOKS = 40, PAGE = 0x1000 };

static const uint64_t base = 0x10000000;

/* What is mapped at each page: 0 is nothing, pages of one number are one mapping as long as they stand together. */
static unsigned pages[PAGES];
static unsigned next_id = 1;

static unsigned below(unsigned limit)
{
	static uint64_t state = 42;

	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(state >> 33) % limit;
}

static uint64_t address(unsigned page)
{
	return base + (uint64_t)page * PAGE;
}

/* The lines of the mappings that begin in [first, stop), as the kernel writes them. */
static void write_lines(struct maps *maps, unsigned first, unsigned stop)
{
	buf_reset(&maps->text);
	for (unsigned i = first, end; i < stop; i = end) {
		for (end = i + 1; end < PAGES && pages[end] == pages[i]; end++)
			;
		if (pages[i] == 0)
			continue;
		bool named = pages[i] % 300 == 0;

		buf_printf(&maps->text, "%08" PRIx64 "-%08" PRIx64 " %s 00000000 %s %s\n", address(i), address(end),
			   pages[i] % 2 ? "rw-p" : "r--p", named ? "fe:00 7" : "00:00 0", named ? "          /lib/x" : "");
	}
	if (maps_parse(maps, NULL) != 0)
		ok(false, "the model writes lines");
}

/* Maps something else, or nothing, in some pages. */
static void change(unsigned first, unsigned stop)
{
	unsigned style = below(4), id = next_id++;

	for (unsigned i = first; i < stop; i++) {
		if (style == 3 || below(8) == 0)
			id = next_id++;
		pages[i] = style == 0 ? 0 : style == 1 && below(9) == 0 ? 0 : id;
	}
}

static bool same_mapping(const struct mapping *a, const struct mapping *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->start == b->start && a->end == b->end && a->name_len == b->name_len &&
	       memcmp(a->name, b->name, a->name_len) == 0 && mapping_same_line(a, b);
}

static uint64_t any_address(void)
{
	return below(20) == 0 ? below(2) * UINT64_MAX : address(below(PAGES + 20)) - 10 * PAGE + below(3) * PAGE / 2;
}

/* Walks both to the end, or some steps, in one of the four ways. */
static bool same_walk(const struct maps *parts, const struct maps *list, uint64_t addr)
{
	struct maps_place a = maps_place(parts, addr), b = maps_place(list, addr);
	bool back = below(2) == 0, named = below(2) == 0, left = true, right = true;
	uint64_t limit = any_address();

	for (unsigned steps = below(500); steps > 0 && left && right; steps--) {
		if (!same_mapping(a.at, b.at))
			return false;
		if (back) {
			left = named ? maps_backward_named(&a, limit) : maps_backward(&a);
			right = named ? maps_backward_named(&b, limit) : maps_backward(&b);
		} else if (named) {
			left = maps_forward_named(&a, limit);
			right = maps_forward_named(&b, limit);
		} else {
			maps_forward(&a);
			maps_forward(&b);
		}
	}
	return left == right && (!left || same_mapping(a.at, b.at));
}

static bool same_look_ups(const struct maps *parts, const struct maps *list, uint64_t addr)
{
	uint64_t len = below(3) == 0 ? below(100) * PAGE : below(PAGES) * PAGE, gap[2];
	const struct mapping *at = maps_above(parts, addr), *other = maps_above(list, addr);
	size_t count[2];

	if (!same_mapping(at, other) || !same_mapping(maps_find(parts, addr), maps_find(list, addr)) ||
	    maps_mapped(parts, addr, len, &count[0]) != maps_mapped(list, addr, len, &count[1]) || count[0] != count[1] ||
	    maps_covered(parts, addr, len) != maps_covered(list, addr, len) ||
	    maps_widest_gap(parts, addr, &gap[0]) != maps_widest_gap(list, addr, &gap[1]) || gap[0] != gap[1])
		return false;
	return at == NULL || (same_mapping(maps_run_first(parts, at), maps_run_first(list, other)) &&
			      same_mapping(maps_run_last(parts, at), maps_run_last(list, other)));
}

/* Brings parts up to date with the pages, of which [first, stop) may have changed. */
static void patch(struct maps *parts, const struct maps *old, const struct maps *new, unsigned first, unsigned stop)
{
	uint64_t start = address(first), end = address(stop);
	const struct maps *both[] = { old, new, old, new };
	struct maps with = { 0 };

	/* As the observer does: until it cuts no mapping of either. */
	for (unsigned i = 0; i < 4; i++) {
		const struct mapping *low = maps_find(both[i], start), *high = maps_find(both[i], end - 1);

		start = low != NULL ? low->start : start;
		end = high != NULL ? high->end : end;
	}
	write_lines(&with, (unsigned)((start - base) / PAGE), (unsigned)((end - base) / PAGE));
	maps_patch(parts, start, end, &with);
	maps_fini(&with);
}

static bool same_change(const struct change *a, const struct change *b)
{
	return a->kind == b->kind && a->old_start == b->old_start && a->old_end == b->old_end &&
	       a->new_start == b->new_start && a->new_end == b->new_end && a->parts == b->parts &&
	       same_mapping(a->before, b->before) && same_mapping(a->after, b->after);
}

static bool same_delta(const struct maps *before, const struct maps *after, const struct maps *old_list,
                       const struct maps *new_list)
{
	static const struct delta_hint none;
	struct region region = { .name = "r", .id = 1, .start = address(below(PAGES)), .size = (1 + below(9)) * PAGE };
	struct regions some = { .list = &region, .count = 1 }, no = { 0 };
	const struct regions *sides[] = { below(2) ? &some : &no, below(2) ? &some : &no };
	struct delta_hint hint = { address(below(PAGES)), 3 * PAGE, address(below(PAGES)), 3 * PAGE, below(2) == 0 };
	struct delta a = { 0 }, b = { 0 };

	hint = below(3) == 0 ? hint : none;
	delta_compute(&a, before, after, sides[0], sides[1], &hint);
	delta_compute(&b, old_list, new_list, sides[0], sides[1], &hint);
	bool same = a.line_count == b.line_count && a.change_count == b.change_count;

	for (size_t i = 0; same && i < a.line_count; i++)
		same = a.lines[i].sign == b.lines[i].sign && same_mapping(a.lines[i].mapping, b.lines[i].mapping);
	for (size_t i = 0; same && i < a.change_count; i++)
		same = same_change(&a.changes[i], &b.changes[i]);
	delta_fini(&a);
	delta_fini(&b);
	return same;
}

/* Where each round's changes are, at first everywhere, later a few pages. */
static unsigned width(unsigned round)
{
	return round % 50 == 0 ? PAGES : round % 10 == 0 ? 1000 : 1 + below(12);
}

/* One change, in the pages and in both snapshots. */
static void step(struct maps *parts, struct maps *list, unsigned round)
{
	unsigned span = width(round), first = span == PAGES ? 0 : below(PAGES - span);
	struct maps now = { 0 };

	change(first, first + span);
	write_lines(&now, 0, PAGES);
	patch(parts, list, &now, first, first + span);
	maps_assign(list, &now);
	maps_fini(&now);
}

int main(void)
{
	struct maps parts = { 0 }, before = { 0 }, kept = { 0 }, list = { 0 }, old_list = { 0 }, kept_list = { 0 };
	bool lines = true, walks = true, look_ups = true, deltas = true, keeps = true, counts = true;
	unsigned rounds = scaled(ROUNDS);
	size_t most = 0;

	for (unsigned round = 0; round < rounds; round++) {
		maps_assign(&before, &parts);
		maps_assign(&old_list, &list);
		if (below(20) == 0) {
			maps_assign(&kept, &parts);
			maps_assign(&kept_list, &list);
		}
		for (unsigned changes = 1 + below(3); changes > 0; changes--)
			step(&parts, &list, round);
		most = list.count > most ? list.count : most;
		counts &= parts.count == list.count;
		lines &= maps_same(&parts, &list) && maps_same(&list, &parts);
		keeps &= maps_same(&kept, &kept_list) && maps_same(&before, &old_list);
		keeps &= maps_same(&before, &parts) == maps_same(&old_list, &list);
		deltas &= same_delta(&before, &parts, &old_list, &list);
		deltas &= same_delta(&kept, &parts, &kept_list, &list);
		for (unsigned i = 0; i < LOOKS; i++) {
			walks &= same_walk(&parts, &list, any_address());
			look_ups &= same_look_ups(&parts, &list, any_address());
		}
	}
	ok(most > 1000 * rounds / ROUNDS && parts.part_count > 1, "there are many mappings (up to %zu), in parts", most);
	ok(counts, "as many as in the list");
	ok(lines, "the lines are the list's after every patch");
	ok(keeps, "what was shared before stays as it was");
	ok(walks, "walks find the same, in both directions, also those from name to name");
	ok(look_ups, "look-ups, sums, gaps and runs are the list's");
	ok(deltas, "what changed between two snapshots is what changed between the lists");
	maps_patch(&parts, 0, UINT64_MAX, &(struct maps){ 0 });
	ok(parts.count == 0 && maps_above(&parts, 0) == NULL, "all can be taken out");
	maps_fini(&parts);
	maps_fini(&before);
	maps_fini(&kept);
	maps_fini(&list);
	maps_fini(&old_list);
	maps_fini(&kept_list);
	return done();
}
