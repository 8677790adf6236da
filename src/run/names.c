/* SPDX-License-Identifier: MIT */
/* The named regions of a script: what a call that succeeded does to them. */
#include "run/machine.h"

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
	int64_t huge = shift != 0 ? INT64_C(1) << shift : 0;

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

/* Adds a region that begins cut bytes after what its name means. */
static void add(struct machine *m, const char *name, unsigned id, uint64_t start, uint64_t size, uint64_t cut)
{
	struct regions *regions = &m->here->regions;

	regions_cut(regions, start, size);
	if (name == NULL)
		return;
	forget(regions, name, id);
	struct region *region = regions_add(regions, name, id, start, size);

	if (region != NULL)
		region->cut = cut;
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

/* Takes what is not mapped of [start, start + size) out of the regions: between mappings that moved together are holes. */
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

/*
 * mremap: the pages of [old, old + old_size) are at new now.  The region keeps its identity when its start is what
 * moved or changed its size; a part out of its middle, and one that leaves others behind, becomes a region of its own,
 * when it is bound.
 */
static bool moved(struct machine *m, const struct performance *p, struct delta_hint *hint)
{
	struct regions *regions = &m->here->regions;
	uint64_t old = number(p, 0), old_size = whole_pages(m, number(p, 1)), new_size = whole_pages(m, number(p, 2));
	uint64_t flags = number(p, 3), start = (uint64_t)p->result;
	const struct constant *dontunmap = constant_find("MREMAP_DONTUNMAP", 16);
	bool keeps = old_size == 0 || (dontunmap != NULL && (flags & (uint64_t)dontunmap->value) != 0);
	const struct region *region = regions_find(regions, old);
	const char *name = bound(m, p);
	unsigned id = ++m->next_region;
	uint64_t rest = 0, cut = 0;
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
	add(m, name, id, start, new_size, cut);
	if (crosses && start != old)
		cut_holes(m, start, new_size);
	return true;
}

bool names_update(struct machine *m, const struct performance *p, struct delta_hint *hint)
{
	uint64_t size;

	switch ((enum call_id)p->statement->call->id) {
	case CALL_MMAP:
		size = mapped_size(m, p);
		add(m, bound(m, p), ++m->next_region, (uint64_t)p->result, size, 0);
		/* All of that range is new, also where a nameless mapping became part of another. */
		*hint = (struct delta_hint){ .new_start = (uint64_t)p->result, .new_size = size, .keeps_old = true };
		return true;
	case CALL_MUNMAP:
		regions_cut(&m->here->regions, number(p, 0), whole_pages(m, number(p, 1)));
		return false;
	case CALL_MREMAP:
		return moved(m, p, hint);
	case CALL_SHMAT: {
		/* Only the maps say how long the segment is: its mapping begins where it was attached. */
		const struct maps *maps = machine_maps(m);
		const struct mapping *mapping = maps != NULL ? maps_find(maps, (uint64_t)p->result) : NULL;

		size = mapping != NULL ? mapping->end - (uint64_t)p->result : m->page;
		add(m, bound(m, p), ++m->next_region, (uint64_t)p->result, size, 0);
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
