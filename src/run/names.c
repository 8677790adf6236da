/* SPDX-License-Identifier: MIT */
/* The named regions of a script: what a call does to them. */
#include "run/machine.h"

#include "mm/kind.h"

#include <string.h>
#include <sys/mman.h>

#include <linux/mman.h>

static uint64_t whole_pages(const struct machine *m, uint64_t len)
{
	return (len + m->page - 1) / m->page * m->page;
}

static uint64_t number(const struct performance *p, unsigned arg)
{
	return arg < p->statement->count ? (uint64_t)p->args[arg].integer : 0;
}

/* mmap maps whole pages, and of MAP_HUGETLB whole huge ones: the default size, or that of the bits from MAP_HUGE_SHIFT on. */
static uint64_t mapped_size(struct machine *m, const struct performance *p)
{
	uint64_t flags = number(p, 3), len = number(p, 1), shift = flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK;
	int64_t huge = shift != 0 && shift < 63 ? INT64_C(1) << shift : 0;

	if ((flags & MAP_HUGETLB) == 0 || (flags & MAP_ANONYMOUS) == 0 ||
	    (huge == 0 && observer_meminfo(&m->here->observer, "Hugepagesize", &huge) < 0) || huge <= 0)
		return whole_pages(m, len);
	return (len + (uint64_t)huge - 1) / (uint64_t)huge * (uint64_t)huge;
}

/* The name that the call binds, or NULL. */
static const char *bound(const struct machine *m, const struct performance *p)
{
	return p->statement->slot != NO_SLOT ? m->names[p->statement->slot] : NULL;
}

/* A name means what its call bound last: the region that had it before, all its pieces, is nobody's now. */
static void forget(struct regions *regions, const char *name, unsigned keep)
{
	for (size_t i = 0; i < regions->count;) {
		if (regions->list[i].name == name && regions->list[i].id != keep)
			regions_cut(regions, regions->list[i].start, regions->list[i].size); /* takes entry i out */
		else
			i++;
	}
}

/* Whether a region has pieces beside [start, start + size). */
static bool has_others(const struct regions *regions, const struct region *region, uint64_t start, uint64_t size)
{
	struct region whole = regions_whole(regions, region);

	return whole.start < start || whole.size - (start - whole.start) > size;
}

/*
 * What came to [start, start + size).  source: the maps before an mremap that moved several mappings (Linux 6.17), from old
 * on; where they have a hole, what is in the new range is as it was.  NULL: something came to all of it.
 */
struct coming {
	uint64_t start, size, old;
	const struct maps *source;
};

/* The next stretch [*at, *end) of the new range, from *at on, that something came to; false: there is none. */
static bool next_stretch(const struct coming *coming, uint64_t *at, uint64_t *end)
{
	uint64_t stop = coming->start + coming->size, shift = coming->start - coming->old, from = *at - shift;

	if (coming->source == NULL || *at >= stop) {
		*end = stop;
		return *at < stop;
	}
	if (!maps_stretch(coming->source, &from, end, stop - shift))
		return false;
	*at = from + shift;
	*end += shift;
	return true;
}

static void replace(struct regions *regions, const struct coming *coming)
{
	uint64_t end;

	for (uint64_t at = coming->start; next_stretch(coming, &at, &end); at = end)
		regions_cut(regions, at, end - at);
}

/* Adds a region that begins cut bytes after what its name means. */
static void add(struct machine *m, const char *name, unsigned id, const struct coming *coming, uint64_t cut)
{
	struct regions *regions = &m->here->regions;
	uint64_t end;

	replace(regions, coming);
	if (name == NULL)
		return;
	forget(regions, name, id);
	for (uint64_t at = coming->start; next_stretch(coming, &at, &end); at = end) {
		struct region *region = regions_add(regions, name, id, at, end - at);

		if (region != NULL)
			region->cut = cut + (at - coming->start);
	}
}

/*
 * How much of [old, old + size) is one thing, which a call keeps or makes shorter: the region that holds old, or else the
 * mapping.  What lies behind is another's, though shrinking unmaps it all the same.
 */
static uint64_t extent(struct machine *m, const struct region *region, uint64_t old, uint64_t size)
{
	uint64_t end = old + size;

	if (region != NULL) {
		end = region->start + region->size;
	} else {
		const struct maps *maps = machine_maps(m);
		const struct mapping *mapping = maps != NULL ? maps_find(maps, old) : NULL;

		if (maps != NULL)
			end = mapping != NULL ? mapping->end : old;
	}
	return end - old < size ? end - old : size;
}

/* Takes what is not mapped of [start, start + size) out of the regions. */
static void cut_holes(struct machine *m, uint64_t start, uint64_t size)
{
	const struct maps *maps = machine_maps(m);
	uint64_t at = start, end = start + size;

	while (maps != NULL && at < end) {
		const struct mapping *next = maps_above(maps, at);
		uint64_t hole = next == NULL || next->start >= end ? end : next->start;

		if (hole > at)
			regions_cut(&m->here->regions, at, hole - at);
		at = next != NULL ? next->end : end;
	}
}

/* One mapping or several move as they are: only such a call takes a range with holes, and can fail half-way. */
static bool only_moves(const struct machine *m, const struct performance *p)
{
	return p->statement->call->id == CALL_MREMAP && (number(p, 3) & MREMAP_FIXED) != 0 &&
	       whole_pages(m, number(p, 1)) == whole_pages(m, number(p, 2));
}

static bool keeps_old(const struct performance *p)
{
	const struct constant *dontunmap = constant_find("MREMAP_DONTUNMAP", 16);

	return dontunmap != NULL && (number(p, 3) & (uint64_t)dontunmap->value) != 0;
}

/* Where the last mapping of [start, start + size) ends, or that range. */
static uint64_t last_end(const struct maps *maps, uint64_t start, uint64_t size)
{
	struct maps_place place = maps_place(maps, start + size);

	if (maps_find(maps, start + size - 1) != NULL || !maps_backward(&place) || place.at->end <= start)
		return start + size;
	return place.at->end;
}

/*
 * mremap: the pages of [old, old + old_size) are at new now.  The region keeps its identity when its start is what
 * moved or changed its size; a part out of its middle, and one that leaves others behind, becomes a region of its own,
 * when it is bound.
 */
static bool moved(struct machine *m, const struct performance *p, const struct maps *before, struct delta_hint *hint)
{
	struct regions *regions = &m->here->regions;
	uint64_t old = number(p, 0), old_size = whole_pages(m, number(p, 1)), new_size = whole_pages(m, number(p, 2));
	uint64_t start = (uint64_t)p->result;
	bool keeps = old_size == 0 || keeps_old(p), several = before != NULL && old_size > 0 && only_moves(m, p);
	const struct region *region = regions_find(regions, old);
	const char *name = bound(m, p);
	unsigned id = ++m->next_region;
	uint64_t rest = 0, cut = 0;

	if (several)
		old_size = new_size = last_end(before, old, old_size) - old;
	bool crosses = region != NULL && !keeps && extent(m, region, old, old_size) < old_size;

	if (!keeps && new_size <= old_size) {
		uint64_t asked = old_size, kept = new_size;

		/* Where it stays, a call makes nothing of what lies behind; where it moves, that came along. */
		if (start == old)
			new_size = extent(m, region, old, new_size);
		if (crosses)
			old_size = extent(m, region, old, old_size);
		if (old_size < new_size)
			old_size = new_size;
		/* The kernel unmaps the end first, of whatever it is. */
		regions_cut(regions, old + kept, asked - kept);
		region = regions_find(regions, old);
	}
	*hint = (struct delta_hint){ old, old_size, start, new_size, keeps };
	if (region != NULL && region->start == old && !keeps) {
		bool cuts = start != old || (new_size < old_size && name != NULL && name != region->name);
		bool others = has_others(regions, region, old, cuts ? old_size : region->size);

		/* Other pieces keep the identity, and what is bound is another region then. */
		if (!others || name == NULL)
			id = region->id;
		if (name == NULL && start == old)
			cut = region->cut;
		if (name == NULL && (start == old || !others || region->cut == 0))
			name = region->name;
		rest = region->size > old_size ? region->size - old_size : 0;
	}
	if (region != NULL && name == NULL && start == old)
		return true;
	/* In place, what lay behind the part that was named in the call is still the same region. */
	if (start == old && rest > 0 && new_size >= old_size)
		new_size += rest;
	if (!keeps)
		regions_cut(regions, old, start != old ? old_size : new_size);
	add(m, name, id, &(struct coming){ start, new_size, old, several ? before : NULL }, cut);
	return true;
}

/* Whether at [to, to + size) is now, in one mapping, what the mapping held from on. */
static bool shows(const struct mapping *now, uint64_t to, const struct mapping *mapping, uint64_t from, uint64_t size)
{
	if (now == NULL || now->end - to < size || memcmp(now->perms, mapping->perms, sizeof(now->perms)) != 0)
		return false;
	if (now->inode != mapping->inode || now->major != mapping->major || now->minor != mapping->minor)
		return false;
	return !mapping_has_file(mapping) || now->offset + (to - now->start) == mapping->offset + (from - mapping->start);
}

/*
 * How much of [old, old + size), from its start on, is at new although the call failed: since Linux 6.17 mappings move one by
 * one, and those before the one that could not are not moved back.  What is gone where it was tells it, and, with
 * MREMAP_DONTUNMAP, what is where something else was.
 */
static uint64_t moved_before(const struct maps *before, const struct maps *after, uint64_t old, uint64_t size, uint64_t new)
{
	uint64_t came = 0, at = old, length;

	for (; at - old < size; at += length) {
		const struct mapping *mapping = maps_above(before, at);

		if (mapping == NULL || mapping->start >= old + size)
			break;
		at = mapping->start > at ? mapping->start : at;
		length = (mapping->end < old + size ? mapping->end : old + size) - at;
		uint64_t to = at - old + new;
		const struct mapping *now = maps_find(after, to), *was = maps_find(before, to);

		if (!shows(now, to, mapping, at, length))
			break;
		if (maps_mapped(after, at, length, NULL) == 0 || was == NULL || !shows(was, to, mapping, at, length))
			came = at + length - old;
	}
	return came;
}

/*
 * Regions of [old, old + size) go where the pages went, each with its name.  One that left others behind is as in moved(): its
 * start has the name, and is a region of its own.
 */
static void carry(struct machine *m, const struct coming *coming)
{
	struct regions *regions = &m->here->regions;
	const struct regions *before = &m->here->old_regions;
	uint64_t end = coming->old + coming->size, stretch_end;

	for (uint64_t at = coming->start; next_stretch(coming, &at, &stretch_end); at = stretch_end)
		regions_cut(regions, at - coming->start + coming->old, stretch_end - at);
	for (size_t i = 0; i < before->count && before->list[i].start < end; i++) {
		const struct region *region = &before->list[i];
		uint64_t from = region->start > coming->old ? region->start : coming->old;
		uint64_t to = region->start + region->size < end ? region->start + region->size : end;
		struct region whole = regions_whole(before, region);
		bool all = whole.start >= coming->old && whole.start + whole.size <= end;

		if (to <= from || (!all && region->cut + (from - region->start) > 0))
			continue;
		struct region *added = regions_add(regions, region->name, all ? region->id : ++m->next_region,
		                                   from - coming->old + coming->start, to - from);

		if (added != NULL && all)
			added->cut = region->cut;
	}
}

/*
 * mmap that failed: MAP_FIXED can have unmapped what was there by then (of a file whose file system refuses, or of huge pages
 * that are not to be had: __mmap_region() in mm/vma.c takes back only what it can).
 */
static void mmap_failed(struct machine *m, const struct performance *p)
{
	if ((number(p, 3) & MAP_FIXED) != 0)
		cut_holes(m, number(p, 0), mapped_size(m, p));
}

/* mremap that failed: what it did before.  Nothing is bound; what it unmapped is no region's any more. */
static bool mremap_failed(struct machine *m, struct performance *p, const struct maps *before, struct delta_hint *hint)
{
	uint64_t old = number(p, 0), old_size = whole_pages(m, number(p, 1)), new_size = whole_pages(m, number(p, 2));
	uint64_t new = number(p, 4);
	const struct maps *after = before != NULL ? machine_maps(m) : NULL;

	if (after == NULL)
		return false;
	if (only_moves(m, p))
		p->moved_before = moved_before(before, after, old, old_size, new);
	if (p->moved_before > 0) {
		struct coming coming = { new, p->moved_before, old, before };

		*hint = (struct delta_hint){ old, p->moved_before, new, p->moved_before, keeps_old(p) };
		replace(&m->here->regions, &coming);
		if (!hint->keeps_old)
			carry(m, &coming);
	}
	cut_holes(m, old, old_size);
	if ((number(p, 3) & MREMAP_FIXED) != 0)
		cut_holes(m, new, new_size);
	return p->moved_before > 0;
}

bool names_need_maps(struct machine *m, const struct performance *p)
{
	const struct statement *statement = p->statement;
	uint64_t old = number(p, 0), size = whole_pages(m, number(p, 1));
	const struct region *region = regions_find(&m->here->regions, old);

	if (!only_moves(m, p))
		return false;
	return (statement->expected != EXPECT_SUCCESS && statement->expected != EXPECT_VALUE) || region == NULL ||
	       region->start + region->size - old < size;
}

bool names_update(struct machine *m, struct performance *p, const struct maps *before, struct delta_hint *hint)
{
	uint64_t size;

	if (p->call->error != 0 && p->statement->call->id == CALL_MMAP)
		mmap_failed(m, p);
	if (p->call->error != 0)
		return p->statement->call->id == CALL_MREMAP && mremap_failed(m, p, before, hint);
	switch ((enum call_id)p->statement->call->id) {
	case CALL_MMAP:
		size = mapped_size(m, p);
		add(m, bound(m, p), ++m->next_region, &(struct coming){ .start = (uint64_t)p->result, .size = size }, 0);
		/* All of that range is new, also where a nameless mapping became part of another. */
		*hint = (struct delta_hint){ .new_start = (uint64_t)p->result, .new_size = size, .keeps_old = true };
		return true;
	case CALL_MUNMAP:
		regions_cut(&m->here->regions, number(p, 0), whole_pages(m, number(p, 1)));
		return false;
	case CALL_MREMAP:
		return moved(m, p, before, hint);
	case CALL_SHMAT: {
		/* Only the maps say how long the segment is: its mapping begins where it was attached. */
		const struct maps *maps = machine_maps(m);
		const struct mapping *mapping = maps != NULL ? maps_find(maps, (uint64_t)p->result) : NULL;

		size = mapping != NULL ? mapping->end - (uint64_t)p->result : m->page;
		add(m, bound(m, p), ++m->next_region, &(struct coming){ .start = (uint64_t)p->result, .size = size }, 0);
		return false;
	}
	case CALL_SHMDT: {
		const struct region *region = regions_find(&m->here->regions, number(p, 0));

		if (region != NULL)
			regions_cut(&m->here->regions, region->start, region->size);
		return false;
	}
	default:
		return false;
	}
}
