/* SPDX-License-Identifier: MIT */
/* Cuts the address space at every boundary of two snapshots, and says what became of each piece. */
#include "mm/delta-piece.h"

#include "base/alloc.h"

#include <string.h>

/* Where a walk over both snapshots is: the mappings and regions that do not end at or below it. */
struct walk {
	struct maps_place before, after;
	const struct region *old, *new;
};

/*
 * Memory without a file.  The kernel's label for it can change while the memory does not (an anonymous mapping that
 * the break meets is shown as [heap], a label is set by PR_SET_VMA_ANON_NAME); [vdso] and its like are something else.
 */
static bool is_anonymous(const struct mapping *m)
{
	static const char *const labels[] = { "[heap]", "[stack", "[anon:" };

	if (m->name_len == 0)
		return true;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		size_t len = strlen(labels[i]);

		if (m->name_len >= len && memcmp(m->name, labels[i], len) == 0)
			return true;
	}
	return false;
}

/* Whether the byte at addr is of the same object, at the same place in it, in both mappings. */
static bool same_object(const struct mapping *b, const struct mapping *a, uint64_t addr)
{
	if (b->perms[3] != a->perms[3] || b->inode != a->inode || b->major != a->major || b->minor != a->minor)
		return false;
	if (mapping_has_file(b))
		return b->offset + (addr - b->start) == a->offset + (addr - a->start);
	return (is_anonymous(b) && is_anonymous(a)) ||
	       (b->name_len == a->name_len && memcmp(b->name, a->name, b->name_len) == 0);
}

/* A range that a region of another identity holds than before was mapped anew: no call renames. */
static bool changed_hands(const struct comparison *c, const struct delta_piece *p)
{
	if (p->new_region == NULL || (p->old_region != NULL && p->old_region->id == p->new_region->id))
		return false;
	if (p->old_region == NULL && regions_by_id(c->old_regions, p->new_region->id) != NULL)
		return false;
	return !(c->in_place && p->start >= c->hint.old_start && p->end <= c->hint_old_end &&
		 p->end <= c->hint_new_end);
}

/* Whether at, in the new range of what moved, is where the old range had a hole: there all is as it was (Linux 6.17). */
static bool is_hole(const struct comparison *c, uint64_t at)
{
	uint64_t place = at - c->hint.new_start;

	return c->holes && place < c->hint.old_size && maps_find(c->before_maps, c->hint.old_start + place) == NULL;
}

static enum piece_kind kind_of(const struct comparison *c, const struct delta_piece *p)
{
	bool to = (c->moves || c->aliases) && p->start >= c->hint.new_start && p->end <= c->hint_new_end &&
	          !is_hole(c, p->start);
	bool from = c->moves && !c->hint.keeps_old && p->start >= c->hint.old_start && p->end <= c->hint_old_end;

	if (p->after == NULL)
		return from ? PIECE_LEFT : PIECE_REMOVED;
	if (p->before == NULL)
		return to && c->moves ? PIECE_CAME : PIECE_ADDED;
	if (to || changed_hands(c, p) || !same_object(p->before, p->after, p->start))
		return PIECE_REPLACED;
	return memcmp(p->before->perms, p->after->perms, sizeof(p->before->perms)) == 0 ? PIECE_SAME : PIECE_PROTECTED;
}

static void lower(uint64_t *end, uint64_t at, uint64_t boundary)
{
	if (boundary > at && boundary < *end)
		*end = boundary;
}

/* Lowers *end to where, in the new range, the next hole of the old one begins or ends. */
static void lower_to_hole(const struct comparison *c, uint64_t at, uint64_t *end)
{
	uint64_t old = at - c->hint.new_start + c->hint.old_start, shift = c->hint.new_start - c->hint.old_start;
	uint64_t from = old, to;

	if (c->holes && at >= c->hint.new_start && at < c->hint_new_end && maps_stretch(c->before_maps, &from, &to, c->hint_old_end))
		lower(end, at, (from > old ? from : to) + shift);
}

/* The region that holds at, if any, moving *r on to it; *end is lowered to its next boundary. */
static const struct region *region_at(const struct region **r, const struct region *last, uint64_t at, uint64_t *end)
{
	while (*r < last && range_end((*r)->start, (*r)->size) <= at)
		++*r;
	if (*r == last)
		return NULL;
	lower(end, at, (*r)->start);
	lower(end, at, range_end((*r)->start, (*r)->size));
	return (*r)->start <= at ? *r : NULL;
}

static const struct mapping *mapping_at(const struct mapping *m, uint64_t at, uint64_t *end)
{
	if (m == NULL)
		return NULL;
	lower(end, at, m->start);
	lower(end, at, m->end);
	return m->start <= at ? m : NULL;
}

/* Adds the piece that begins at, and returns where it ends. */
static uint64_t add_piece(const struct comparison *c, struct walk *w, uint64_t at)
{
	struct delta *delta = c->delta;
	struct delta_piece p = { .start = at, .end = UINT64_MAX };

	p.before = mapping_at(mapping_below(&w->before, c->before_end), at, &p.end);
	p.after = mapping_at(mapping_below(&w->after, c->after_end), at, &p.end);
	p.old_region = region_at(&w->old, regions_end(c->old_regions), at, &p.end);
	p.new_region = region_at(&w->new, regions_end(c->new_regions), at, &p.end);
	if (c->moves || c->in_place || c->aliases) {
		lower(&p.end, at, c->hint.old_start);
		lower(&p.end, at, c->hint_old_end);
		lower(&p.end, at, c->hint.new_start);
		lower(&p.end, at, c->hint_new_end);
		lower_to_hole(c, at, &p.end);
	}
	p.kind = (uint8_t)kind_of(c, &p);
	delta->pieces = alloc_grow(delta->pieces, &delta->piece_cap, delta->piece_count + 1, sizeof(*delta->pieces));
	delta->pieces[delta->piece_count++] = p;
	return p.end;
}

/* Whether m may hold one of the regions that differ. */
static bool region_differs(const struct region *r, const struct region *last, const struct mapping *m)
{
	return r < last && range_overlaps(m->start, m->end, r->start, range_end(last[-1].start, last[-1].size));
}

static bool hint_touches(const struct comparison *c, uint64_t start, uint64_t end)
{
	return range_overlaps(start, end, c->hint.old_start, c->hint_old_end) ||
	       range_overlaps(start, end, c->hint.new_start, c->hint_new_end);
}

/* Whether both stand at the same line, in which no region lies that differs and to which no hint points. */
static bool at_same_line(const struct comparison *c, const struct mapping *before, const struct mapping *after)
{
	if (before == NULL || after == NULL || before->start != after->start || !mapping_same_line(before, after))
		return false;
	if (region_differs(c->old, c->old_end, before) || region_differs(c->new, c->new_end, before))
		return false;
	return !hint_touches(c, before->start, before->end);
}

static bool regions_touch(const struct region *r, const struct region *last, uint64_t start, uint64_t end)
{
	for (; r < last && r->start < end; r++) {
		if (range_end(r->start, r->size) > start)
			return true;
	}
	return false;
}

/* Whether both stand at the beginning of a part that both snapshots hold, with nothing in it that is of interest. */
static bool at_idle_part(const struct comparison *c, const struct walk *w)
{
	if (!at_same_part(&w->before, &w->after))
		return false;
	uint64_t start = w->before.at->start, end = w->before.stop[-1].end;

	return !regions_touch(c->old, c->old_end, start, end) && !regions_touch(c->new, c->new_end, start, end) &&
	       !hint_touches(c, start, end);
}

void delta_cut(const struct comparison *c)
{
	struct walk w = {
		.before = c->before, .after = c->after, .old = c->old_regions->list, .new = c->new_regions->list
	};
	uint64_t at = 0;

	for (;;) {
		const struct mapping *before, *after;

		while ((before = mapping_below(&w.before, c->before_end)) != NULL && before->end <= at)
			maps_forward(&w.before);
		while ((after = mapping_below(&w.after, c->after_end)) != NULL && after->end <= at)
			maps_forward(&w.after);
		if (before == NULL && after == NULL)
			return;
		if (at_idle_part(c, &w)) {
			at = w.before.stop[-1].end;
			maps_enter(&w.before, w.before.part + 1, false);
			maps_enter(&w.after, w.after.part + 1, false);
			continue;
		}
		if (at_same_line(c, before, after)) {
			at = before->end;
			continue;
		}
		uint64_t first = UINT64_MAX;

		if (before != NULL)
			first = before->start;
		if (after != NULL && after->start < first)
			first = after->start;
		at = add_piece(c, &w, first > at ? first : at);
	}
}
