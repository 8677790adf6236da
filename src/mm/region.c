/* SPDX-License-Identifier: MIT */
/* Named regions, kept by address. */
#include "mm/region.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* Where a range ends; a range that would wrap ends at the top of the address space. */
static uint64_t end_of(uint64_t start, uint64_t size)
{
	return start + size < start ? UINT64_MAX : start + size;
}

/* The index of the first region that begins above addr. */
static size_t above(const struct regions *regions, uint64_t addr)
{
	size_t low = 0, high = regions->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (regions->list[middle].start > addr)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

const struct region *regions_find(const struct regions *regions, uint64_t addr)
{
	size_t i = above(regions, addr);
	const struct region *region = i > 0 ? &regions->list[i - 1] : NULL;

	return region != NULL && addr - region->start < region->size ? region : NULL;
}

const struct region *regions_by_id(const struct regions *regions, unsigned id)
{
	for (size_t i = 0; i < regions->count; i++) {
		if (regions->list[i].id == id)
			return &regions->list[i];
	}
	return NULL;
}

/* What is left of region without [start, end); size 0 when nothing is. */
static struct region without(struct region region, uint64_t start, uint64_t end)
{
	uint64_t stop = end_of(region.start, region.size);

	if (stop <= start || region.start >= end)
		return region;
	if (region.start < start) {
		region.size = start - region.start;
	} else {
		uint64_t rest = end < stop ? end : stop;

		region.cut += rest - region.start;
		region.start = rest;
		region.size = stop - rest;
	}
	return region;
}

void regions_cut(struct regions *regions, uint64_t start, uint64_t size)
{
	uint64_t end = end_of(start, size);
	size_t kept = 0;

	if (size == 0)
		return;
	for (size_t i = 0; i < regions->count; i++) {
		struct region rest = without(regions->list[i], start, end);

		if (rest.size > 0)
			regions->list[kept++] = rest;
	}
	regions->count = kept;
}

void regions_add(struct regions *regions, const char *name, unsigned id, uint64_t start, uint64_t size)
{
	if (size == 0)
		return;
	regions_cut(regions, start, size);
	regions->list = alloc_grow(regions->list, &regions->cap, regions->count + 1, sizeof(*regions->list));
	size_t i = above(regions, start);

	memmove(&regions->list[i + 1], &regions->list[i], (regions->count - i) * sizeof(*regions->list));
	regions->list[i] =
		(struct region){ .name = name, .id = id, .start = start, .size = end_of(start, size) - start };
	regions->count++;
}

void regions_copy(struct regions *to, const struct regions *from)
{
	if (from->count > 0) {
		to->list = alloc_grow(to->list, &to->cap, from->count, sizeof(*to->list));
		memcpy(to->list, from->list, from->count * sizeof(*to->list));
	}
	to->count = from->count;
}

void regions_fini(struct regions *regions)
{
	free(regions->list);
	*regions = (struct regions){ 0 };
}
