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

/* Regions stand by address and overlap nowhere: the first and the last piece are all that matters. */
struct region regions_whole(const struct regions *regions, const struct region *piece)
{
	const struct region *first = regions->list, *stop = regions->list + regions->count;
	struct region whole = *piece;

	while (first < stop && !region_same(first, piece))
		first++;
	while (first < stop && !region_same(&stop[-1], piece))
		stop--;
	if (first == stop)
		return whole;
	uint64_t end = end_of(whole.start, whole.size), last = end_of(stop[-1].start, stop[-1].size);

	if (first->start < whole.start) {
		whole.start = first->start;
		whole.cut = first->cut;
	}
	whole.size = (last > end ? last : end) - whole.start;
	return whole;
}

/* What is left of region below [start, end); size 0 when nothing is. */
static struct region rest_below(struct region region, uint64_t start)
{
	uint64_t stop = end_of(region.start, region.size);

	if (region.start >= start)
		region.size = 0;
	else if (stop > start)
		region.size = start - region.start;
	return region;
}

/* What is left of region above [start, end); size 0 when nothing is. */
static struct region rest_above(struct region region, uint64_t end)
{
	uint64_t stop = end_of(region.start, region.size);

	if (stop <= end) {
		region.size = 0;
	} else if (region.start < end) {
		region.cut += end - region.start;
		region.start = end;
		region.size = stop - end;
	}
	return region;
}

static void insert(struct regions *regions, struct region region)
{
	regions->list = alloc_grow(regions->list, &regions->cap, regions->count + 1, sizeof(*regions->list));
	size_t i = above(regions, region.start);

	memmove(&regions->list[i + 1], &regions->list[i], (regions->count - i) * sizeof(*regions->list));
	regions->list[i] = region;
	regions->count++;
}

/* Puts count regions, which stand in order, in place of those from first up to stop. */
static void replace(struct regions *regions, size_t first, size_t stop, const struct region *with, size_t count)
{
	size_t rest = regions->count - stop;

	regions->list = alloc_grow(regions->list, &regions->cap, first + count + rest, sizeof(*regions->list));
	memmove(&regions->list[first + count], &regions->list[stop], rest * sizeof(*regions->list));
	for (size_t i = 0; i < count; i++)
		regions->list[first + i] = with[i];
	regions->count = first + count + rest;
}

void regions_cut(struct regions *regions, uint64_t start, uint64_t size)
{
	uint64_t end = end_of(start, size);
	size_t first = above(regions, start), stop, count = 0;
	struct region kept[2];

	if (first > 0 && end_of(regions->list[first - 1].start, regions->list[first - 1].size) > start)
		first--;
	for (stop = first; stop < regions->count && regions->list[stop].start < end; stop++)
		;
	if (size == 0 || first == stop)
		return;
	struct region below = rest_below(regions->list[first], start), over = rest_above(regions->list[stop - 1], end);

	if (below.size > 0)
		kept[count++] = below;
	if (over.size > 0)
		kept[count++] = over;
	replace(regions, first, stop, kept, count);
}

struct region *regions_add(struct regions *regions, const char *name, unsigned id, uint64_t start, uint64_t size)
{
	if (size == 0)
		return NULL;
	regions_cut(regions, start, size);
	insert(regions, (struct region){ .name = name, .id = id, .start = start, .size = end_of(start, size) - start });
	return &regions->list[above(regions, start) - 1];
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
