/* SPDX-License-Identifier: MIT */
/* Tells what became of the pieces as a person would: whole regions that moved, grew or shrank first, then the rest. */
#include "mm/delta-piece.h"

#include "base/alloc.h"

/* The regions that a change names: each once, the subject first. */
struct cast {
	const struct region *list[CHANGE_NAMES];
	unsigned count;
};

static void cast_add(struct cast *cast, const struct region *region)
{
	if (region == NULL || cast->count == CHANGE_NAMES)
		return;
	for (unsigned i = 0; i < cast->count; i++) {
		if (cast->list[i]->id == region->id)
			return;
	}
	cast->list[cast->count++] = region;
}

/* Adds the regions that lie in [start, end). */
static void cast_add_range(struct cast *cast, const struct regions *regions, uint64_t start, uint64_t end)
{
	const struct region *last = regions_end(regions), *first = regions->list;
	size_t count = regions->count;

	while (count > 0) {
		size_t half = count / 2;

		if (range_end(first[half].start, first[half].size) <= start) {
			first += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	for (; first < last && first->start < end && cast->count < CHANGE_NAMES; first++)
		cast_add(cast, first);
}

static void tell(struct delta *delta, struct change change, const struct cast *cast)
{
	for (unsigned i = 0; i < cast->count; i++)
		change.names[i] = cast->list[i]->name;
	delta->changes =
		alloc_grow(delta->changes, &delta->change_cap, delta->change_count + 1, sizeof(*delta->changes));
	delta->changes[delta->change_count++] = change;
}

/* Tells a change of size, from one range to another, of what is mapped there. */
static void tell_size(struct comparison *c, enum change_kind kind, const uint64_t old[2], const uint64_t new[2],
                      const struct cast *cast)
{
	struct change change = { .kind = (uint8_t)kind, .old_start = old[0], .old_end = old[1], .new_start = new[0],
		                 .new_end = new[1] };

	change.before = maps_find(c->before_maps, old[0]);
	change.after = maps_find(c->after_maps, new[0]);
	tell(c->delta, change, cast);
}

/* The first piece that ends above addr. */
static size_t piece_above(const struct delta *delta, uint64_t addr)
{
	size_t low = 0, high = delta->piece_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (delta->pieces[middle].end > addr)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* Turns the pieces of [start, end) from one kind into another, if they are all of that kind and leave no gap. */
static bool claim(struct delta *delta, uint64_t start, uint64_t end, enum piece_kind kind, enum piece_kind into)
{
	size_t first = piece_above(delta, start), last = first;
	uint64_t at = start;

	for (; at < end && last < delta->piece_count; last++) {
		const struct delta_piece *p = &delta->pieces[last];

		if (p->start != at || p->end > end || p->kind != kind)
			return false;
		at = p->end;
	}
	if (start >= end || at != end)
		return false;
	while (first < last)
		delta->pieces[first++].kind = (uint8_t)into;
	return true;
}

/* Tells what grew or shrank in place from [old_start, old_end) to [new_start, new_end), at either end. */
static void tell_edges(struct comparison *c, uint64_t old_start, uint64_t old_end, uint64_t new_start, uint64_t new_end,
                       const struct cast *cast)
{
	struct delta *delta = c->delta;
	uint64_t old[2] = { old_start, old_end }, grown[2] = { old_start, old_end };

	if (!range_overlaps(old_start, old_end, new_start, new_end))
		return;
	if (claim(delta, new_start, old_start, PIECE_ADDED, PIECE_GROWN))
		grown[0] = new_start;
	if (claim(delta, old_end, new_end, PIECE_ADDED, PIECE_GROWN))
		grown[1] = new_end;
	if (grown[0] != old_start || grown[1] != old_end)
		tell_size(c, CHANGE_GROWN, old, grown, cast);
	uint64_t shrunk[2] = { grown[0], grown[1] };

	if (claim(delta, old_start, new_start, PIECE_REMOVED, PIECE_SHRUNK))
		shrunk[0] = new_start;
	if (claim(delta, new_end, old_end, PIECE_REMOVED, PIECE_SHRUNK))
		shrunk[1] = new_end;
	if (shrunk[0] != grown[0] || shrunk[1] != grown[1])
		tell_size(c, CHANGE_SHRUNK, grown, shrunk, cast);
}

/* What the hint is about: the region where it went to, and the one where it came from if that is another. */
static void cast_mover(const struct comparison *c, struct cast *cast)
{
	cast_add(cast, regions_find(c->new_regions, c->hint.new_start));
	cast_add(cast, regions_find(c->old_regions, c->hint.old_start));
}

/* Where the region at start ends, or the next begins where there is none; end at most. */
static uint64_t end_of_first(const struct regions *regions, uint64_t start, uint64_t end)
{
	const struct region *region = regions_find(regions, start);

	for (const struct region *r = regions->list; r < regions_end(regions) && r->start < end; r++) {
		if (r->start > start && (region == NULL || !region_same(r, region)))
			return r->start;
	}
	return end;
}

static void tell_hint(struct comparison *c, bool moved)
{
	struct cast cast = { .count = 0 };
	uint64_t old[2] = { c->hint.old_start, c->hint_old_end }, new[2] = { c->hint.new_start, c->hint_new_end };

	cast_mover(c, &cast);
	/* Of a range over several regions, the first is what keeps its address; the others are told as what is gone. */
	if (!moved)
		old[1] = end_of_first(c->old_regions, old[0], old[1]);
	if (moved)
		tell_size(c, CHANGE_MOVED, old, new, &cast);
	else
		tell_edges(c, old[0], old[1], new[0], new[1], &cast);
}

/* Tells of the regions that are longer or shorter, where they were. */
static void tell_regions(struct comparison *c)
{
	for (const struct region *new = c->new; new < c->new_end; new++) {
		const struct region *piece = regions_by_id(c->old_regions, new->id);
		struct cast cast = { .list = { new }, .count = 1 };

		if (piece == NULL)
			continue;
		struct region old = regions_whole(c->old_regions, piece), now = regions_whole(c->new_regions, new);

		/* For another piece of the same region nothing is left to tell. */
		tell_edges(c, old.start, range_end(old.start, old.size), now.start, range_end(now.start, now.size),
			   &cast);
	}
}

/* The piece before (-1) or after (1) piece i that touches it, or NULL. */
static struct delta_piece *neighbour(const struct delta *delta, size_t i, int step)
{
	size_t other = step < 0 ? i - 1 : i + 1;

	if (other >= delta->piece_count)
		return NULL;
	struct delta_piece *p = &delta->pieces[i], *q = &delta->pieces[other];

	return (step < 0 ? q->end == p->start : p->end == q->start) ? q : NULL;
}

/* The mapping that piece i, which was free, makes longer; or NULL. */
static const struct mapping *grows(const struct comparison *c, size_t i)
{
	const struct delta_piece *p = &c->delta->pieces[i];

	if (p->new_region != NULL || (c->aliases && p->start >= c->hint.new_start && p->end <= c->hint_new_end))
		return NULL;
	for (int step = -1; step <= 1; step += 2) {
		const struct delta_piece *q = neighbour(c->delta, i, step);

		if (q != NULL && q->kind == PIECE_SAME && q->after == p->after)
			return q->before;
	}
	return NULL;
}

/*
 * Widens the range of p, which was free, to all that is as new in its mapping, also what replaced something: the new
 * region, or what the hint says.  False when that was told already.
 */
static bool new_range(const struct comparison *c, const struct delta_piece *p, uint64_t range[2])
{
	const struct region *region = p->new_region;
	uint64_t start = p->start, end = p->end;

	if (region != NULL && regions_by_id(c->old_regions, region->id) == NULL) {
		start = region->start;
		end = range_end(region->start, region->size);
	} else if (region == NULL && c->aliases && start >= c->hint.new_start && end <= c->hint_new_end) {
		start = c->hint.new_start;
		end = c->hint_new_end;
	}
	range[0] = start > p->after->start ? start : p->after->start;
	range[1] = end < p->after->end ? end : p->after->end;
	/* What was told before of this range was told from a lower piece on. */
	if (range[0] == p->start)
		return true;
	for (size_t i = c->delta->change_count; i > 0; i--) {
		const struct change *change = &c->delta->changes[i - 1];

		if (change->kind != CHANGE_ADDED)
			continue;
		if (change->after != p->after)
			break;
		if (change->new_start == range[0])
			return false;
	}
	return true;
}

static void tell_added(struct comparison *c, size_t i)
{
	struct delta_piece *p = &c->delta->pieces[i];
	const struct mapping *before = grows(c, i), *after = p->after;
	struct cast cast = { .count = 0 };

	if (before == NULL) {
		uint64_t range[2] = { p->start, p->end };

		if (!new_range(c, p, range))
			return;
		cast_add(&cast, p->new_region);
		tell(c->delta,
		     (struct change){
			     .kind = CHANGE_ADDED, .new_start = range[0], .new_end = range[1], .after = after },
		     &cast);
		return;
	}
	p->kind = PIECE_GROWN;
	struct change *last = c->last_grown < c->delta->change_count ? &c->delta->changes[c->last_grown] : NULL;

	if (last != NULL && last->before == before && last->after == after) {
		last->new_end = p->end;
		return;
	}
	/* Of a mapping that was cut elsewhere, the part that is in this line grew. */
	uint64_t start = before->start > after->start ? before->start : after->start;
	uint64_t end = before->end < after->end ? before->end : after->end;

	cast_add_range(&cast, c->new_regions, start, end);
	c->last_grown = c->delta->change_count;
	tell(c->delta,
	     (struct change){ .kind = CHANGE_GROWN, .old_start = start, .old_end = end,
	                      .new_start = p->start < start ? p->start : start, .new_end = p->end > end ? p->end : end,
	                      .before = before, .after = after },
	     &cast);
}

/* Whether the content of the piece is that of its before mapping still. */
static bool stays(const struct delta_piece *p)
{
	return p->kind == PIECE_SAME || p->kind == PIECE_PROTECTED;
}

/* Whether piece i, which is free now, is the end of a mapping whose rest begins (step 1) or ends (-1) beside it. */
static bool is_edge(const struct delta *delta, size_t i, int step)
{
	const struct delta_piece *p = &delta->pieces[i], *q = neighbour(delta, i, step);

	if (p->old_region != NULL || (step > 0 ? p->start != p->before->start : p->end != p->before->end))
		return false;
	return q != NULL && q->before == p->before && stays(q);
}

static void tell_removed(struct comparison *c, size_t i)
{
	struct delta_piece *p = &c->delta->pieces[i];
	const struct mapping *before = p->before;
	struct change change = { .kind = CHANGE_REMOVED, .old_start = p->start, .old_end = p->end, .before = before };
	struct cast cast = { .count = 0 };
	bool head = is_edge(c->delta, i, 1), tail = is_edge(c->delta, i, -1);

	cast_add(&cast, p->old_region);
	if (!head && !tail) {
		tell(c->delta, change, &cast);
		return;
	}
	struct change *last = c->last_shrunk < c->delta->change_count ? &c->delta->changes[c->last_shrunk] : NULL;

	p->kind = PIECE_SHRUNK;
	if (tail && last != NULL && last->before == before) {
		last->new_end = p->start;
		return;
	}
	change.kind = CHANGE_SHRUNK;
	change.old_start = before->start;
	change.old_end = before->end;
	change.new_start = head ? p->end : before->start;
	change.new_end = tail ? p->start : before->end;
	change.after = neighbour(c->delta, i, head ? 1 : -1)->after;
	cast_add_range(&cast, c->new_regions, change.new_start, change.new_end);
	c->last_shrunk = c->delta->change_count;
	tell(c->delta, change, &cast);
}

static void tell_in_place(struct comparison *c, size_t i, enum change_kind kind)
{
	const struct delta_piece *p = &c->delta->pieces[i];
	struct cast cast = { .count = 0 };

	cast_add(&cast, p->new_region);
	if (kind == CHANGE_REPLACED && c->moves && range_overlaps(p->start, p->end, c->hint.new_start, c->hint_new_end))
		cast_mover(c, &cast);
	cast_add(&cast, p->old_region);
	tell(c->delta,
	     (struct change){ .kind = (uint8_t)kind, .old_start = p->start, .old_end = p->end, .new_start = p->start,
	                      .new_end = p->end, .before = p->before, .after = p->after },
	     &cast);
}

static void tell_protected(struct comparison *c, size_t i)
{
	tell_in_place(c, i, CHANGE_PROTECTED);
}

static void tell_replaced(struct comparison *c, size_t i)
{
	tell_in_place(c, i, CHANGE_REPLACED);
}

/* Whether the piece is of something that was not here before. */
static bool is_fresh(const struct delta_piece *p)
{
	return p->kind == PIECE_ADDED || p->kind == PIECE_REPLACED || p->kind == PIECE_CAME;
}

/* Adds the region of the first piece that is not as it was, which a change of lines is about. */
static void cast_cause(struct cast *cast, const struct delta_piece *p, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (p[i].kind != PIECE_SAME) {
			cast_add(cast, p[i].new_region);
			/* What was replaced has no part in what is there now. */
			if (!is_fresh(&p[i]))
				cast_add(cast, p[i].old_region);
			return;
		}
	}
}

/* The piece that stays and is next to p in one direction, if one mapping, before or after, holds both; or NULL. */
static const struct delta_piece *linked(const struct delta *delta, const struct delta_piece *p, int step)
{
	const struct delta_piece *first = delta->pieces, *last = first + delta->piece_count - 1, *q = p;

	do {
		if (q == (step < 0 ? first : last))
			return NULL;
		q += step;
	} while (!stays(q));
	return q->before == p->before || q->after == p->after ? q : NULL;
}

/*
 * By how many the mappings became more that p, which stays, is among, with those that share pieces with these in turn:
 * where it is 0, only boundaries moved.
 */
static int growth_around(const struct delta *delta, const struct delta_piece *p)
{
	const struct delta_piece *first = p;
	int growth = 0;

	for (const struct delta_piece *q = p; q != NULL; q = linked(delta, q, -1))
		first = q;
	for (const struct delta_piece *q = first, *next; (next = linked(delta, q, 1)) != NULL; q = next)
		growth += (next->after != q->after) - (next->before != q->before);
	return growth;
}

/* Tells when what one mapping held, count pieces, is in several mappings now; what moved away does not count. */
static void tell_split(struct comparison *c, const struct delta_piece *p, size_t count)
{
	const struct mapping *first = NULL, *last = NULL;
	const struct delta_piece *staying = NULL;
	unsigned parts = 0;
	uint64_t end = 0;
	struct cast cast = { .count = 0 };

	for (size_t i = 0; i < count; i++) {
		if (!stays(&p[i]))
			continue;
		parts += p[i].after != last;
		staying = &p[i];
		last = p[i].after;
		first = first != NULL ? first : last;
		end = p[i].end;
	}
	if (parts < 2 || growth_around(c->delta, staying) <= 0)
		return;
	cast_cause(&cast, p, count);
	cast_add_range(&cast, c->old_regions, p->before->start, p->before->end);
	uint64_t start = first->start > p->before->start ? first->start : p->before->start;

	tell(c->delta,
	     (struct change){ .kind = CHANGE_SPLIT, .old_start = p->before->start, .old_end = p->before->end,
	                      .new_start = start, .new_end = end, .before = p->before, .after = first,
	                      .parts = parts },
	     &cast);
}

/* Tells when what several mappings held, or what is new, is in one mapping now; what grew into a gap is no part. */
static void tell_merge(struct comparison *c, const struct delta_piece *p, size_t count)
{
	const struct mapping *first = NULL, *last = NULL;
	const struct delta_piece *staying = NULL;
	unsigned parts = 0, fresh = 0;
	struct cast cast = { .count = 0 };

	for (size_t i = 0; i < count; i++) {
		if (stays(&p[i])) {
			parts += p[i].before != last || p[i - 1].kind == PIECE_REPLACED;
			staying = &p[i];
			last = p[i].before;
			first = first != NULL ? first : last;
		} else if (is_fresh(&p[i])) {
			fresh += i == 0 || !is_fresh(&p[i - 1]) || p[i - 1].new_region != p[i].new_region;
		}
	}
	if (parts + fresh < 2 || (fresh == 0 && growth_around(c->delta, staying) >= 0))
		return;
	parts += fresh;
	cast_cause(&cast, p, count);
	cast_add_range(&cast, c->new_regions, p->after->start, p->after->end);
	struct change change = { .kind = CHANGE_MERGED, .new_start = p->after->start, .new_end = p->after->end,
		                 .before = first, .after = p->after, .parts = parts };

	if (first != NULL) {
		change.old_start = first->start;
		change.old_end = last->end;
	}
	tell(c->delta, change, &cast);
}

static const struct mapping *before_of(const struct delta_piece *p)
{
	return p->before;
}

static const struct mapping *after_of(const struct delta_piece *p)
{
	return p->after;
}

/* Calls told with the pieces of each mapping of one side; they stand together. */
static void each_mapping(struct comparison *c, const struct mapping *(*side)(const struct delta_piece *),
                         void (*told)(struct comparison *, const struct delta_piece *, size_t))
{
	const struct delta_piece *p = c->delta->pieces;
	size_t end = 0;

	for (size_t i = 0; i < c->delta->piece_count; i = end) {
		const struct mapping *m = side(&p[i]);

		for (end = i + 1; end < c->delta->piece_count && side(&p[end]) == m; end++)
			;
		if (m != NULL)
			told(c, &p[i], end - i);
	}
}

/* What is new and merged is told where it is told as added; both are told by address of the mapping that holds them. */
static void mark_told(struct delta *delta)
{
	size_t added = 0;

	for (size_t i = 0; i < delta->change_count; i++) {
		struct change *change = &delta->changes[i];

		if (change->kind != CHANGE_MERGED)
			continue;
		while (added < i && (delta->changes[added].kind != CHANGE_ADDED ||
		                     delta->changes[added].after->start < change->after->start))
			added++;
		change->told = added < i && delta->changes[added].after->start == change->after->start;
	}
}

void delta_tell(struct comparison *c)
{
	static void (*const tells[PIECE_KINDS])(struct comparison *, size_t) = {
		[PIECE_ADDED] = tell_added,
		[PIECE_REMOVED] = tell_removed,
		[PIECE_PROTECTED] = tell_protected,
		[PIECE_REPLACED] = tell_replaced,
	};

	c->last_grown = c->last_shrunk = SIZE_MAX;
	if (c->moves)
		tell_hint(c, true);
	tell_regions(c);
	if (c->in_place)
		tell_hint(c, false);
	for (size_t i = 0; i < c->delta->piece_count; i++) {
		if (tells[c->delta->pieces[i].kind] != NULL)
			tells[c->delta->pieces[i].kind](c, i);
	}
	each_mapping(c, before_of, tell_split);
	each_mapping(c, after_of, tell_merge);
	mark_told(c->delta);
}
