/* SPDX-License-Identifier: MIT */
/* The pages of regions before and after, as runs of which the same is to be told. */
#include "mm/pages.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Where a page of a region was before. */
struct origin {
	bool known;
	uint64_t address;
	uint64_t span; /* bytes from the page on of which the same holds */
};

/* What the call itself says it moved.  False: it says nothing of this address. */
static bool moved_from(const struct regions *before, const struct delta_hint *hint, uint64_t addr, struct origin *origin)
{
	uint64_t len = smaller(hint->old_size, hint->new_size);

	if (addr < hint->new_start)
		origin->span = smaller(origin->span, hint->new_start - addr);
	if (addr < hint->new_start || addr - hint->new_start >= len)
		return false;
	origin->address = addr - hint->new_start + hint->old_start;
	origin->span = smaller(origin->span, hint->new_start + len - addr);
	const struct region *region = regions_find(before, origin->address);

	origin->known = region != NULL;
	if (region != NULL) {
		origin->span = smaller(origin->span, region->start + region->size - origin->address);
		return true;
	}
	for (size_t i = 0; i < before->count; i++) {
		if (before->list[i].start > origin->address)
			origin->span = smaller(origin->span, before->list[i].start - origin->address);
	}
	return true;
}

/* Whether the call moved and grew what it moved: behind what was there before nothing came from anywhere. */
static bool is_added(const struct delta_hint *hint, uint64_t addr, struct origin *origin)
{
	if (addr < hint->new_start || addr - hint->new_start >= hint->new_size || hint->new_start == hint->old_start)
		return false;
	origin->span = smaller(origin->span, hint->new_start + hint->new_size - addr);
	return true;
}

/* Whether the region was at that place: nothing came there, where the new range of the hint has a hole. */
static bool was_there(const struct regions *before, const struct region *region, uint64_t addr)
{
	const struct region *was = regions_find(before, addr);

	return was != NULL && region_same(was, region);
}

/* The same place in the same region. */
static void same_place(const struct regions *before, const struct region *region, uint64_t addr, struct origin *origin)
{
	uint64_t place = addr - region->start + region->cut;

	for (size_t i = 0; i < before->count; i++) {
		const struct region *piece = &before->list[i];

		if (piece->id != region->id)
			continue;
		if (place < piece->cut) {
			origin->span = smaller(origin->span, piece->cut - place);
		} else if (place - piece->cut < piece->size) {
			origin->known = true;
			origin->address = piece->start + (place - piece->cut);
			origin->span = smaller(origin->span, piece->size - (place - piece->cut));
			return;
		}
	}
}

static struct origin find_origin(const struct regions *before, const struct region *region,
                                 const struct delta_hint *hint, uint64_t addr)
{
	struct origin origin = { .span = region->start + region->size - addr };

	if (hint == NULL || hint->old_size == 0 || (hint->new_start != hint->old_start && was_there(before, region, addr)) ||
	    (!moved_from(before, hint, addr, &origin) && !is_added(hint, addr, &origin)))
		same_place(before, region, addr, &origin);
	return origin;
}

static enum page_frame_change compare_frames(uint64_t was, uint64_t now)
{
	enum page_kind kind = page_kind(now);

	if (!page_is_present(page_kind(was)) || !page_is_present(kind))
		return FRAME_NONE;
	if (page_pfn(was) != 0 && page_pfn(now) != 0)
		return page_pfn(was) == page_pfn(now) ? FRAME_SAME : FRAME_OTHER;
	/* No frame holds private memory at one moment and the zero page or a file's at the next, while it is mapped. */
	return page_kind(was) != kind ? FRAME_OTHER : FRAME_HIDDEN;
}

static bool same_run(const struct page_run *a, const struct page_run *b)
{
	return a->kind == b->kind && a->was == b->was && a->compared == b->compared && a->frame == b->frame &&
	       a->huge == b->huge && a->locked == b->locked && a->shared == b->shared;
}

static void add_run(struct pages_change *change, const struct pages_region *region, const struct page_run *run)
{
	struct page_run *last = change->run_count > region->first ? &change->runs[change->run_count - 1] : NULL;

	if (last != NULL && same_run(last, run)) {
		last->count += run->count;
		return;
	}
	change->runs = alloc_grow(change->runs, &change->run_cap, change->run_count + 1, sizeof(*change->runs));
	change->runs[change->run_count++] = *run;
}

static struct page_run make_run(uint64_t now, uint64_t was, bool compared)
{
	unsigned flags = page_flags(now);

	return (struct page_run){ .kind = (uint8_t)page_kind(now),
		                  .was = (uint8_t)page_kind(was),
		                  .compared = compared,
		                  .frame = (uint8_t)compare_frames(was, now),
		                  .huge = (flags & PAGE_HUGE) != 0,
		                  .locked = (flags & PAGE_LOCKED) != 0,
		                  .shared = (flags & PAGE_SHARED) != 0 };
}

static void add_runs(struct pages_change *change, struct pages_region *to, const struct pages *before,
                     const struct pages *after, const struct region *region, const struct delta_hint *hint)
{
	uint64_t page = after->page_size, end = region->start + region->size;

	for (uint64_t addr = region->start; addr < end;) {
		struct origin origin = find_origin(&before->regions, region, hint, addr);
		uint64_t now_span, was_span = UINT64_MAX, was = 0;
		uint64_t now = pages_at(after, addr / page, &now_span);

		if (origin.known)
			was = pages_at(before, origin.address / page, &was_span);
		uint64_t count = smaller(smaller(now_span, was_span), (origin.span + page - 1) / page);
		struct page_run run = make_run(now, was, origin.known);

		run.offset = addr - region->start + region->cut;
		run.count = count;
		add_run(change, to, &run);
		to->changed |= !origin.known || origin.address != addr || page_kind(was) != page_kind(now) ||
		               page_flags(was) != page_flags(now) || run.frame == FRAME_OTHER;
		addr += count * page;
	}
}

/* Whether the region was as long as it is, in as many pieces. */
static bool same_extent(const struct regions *before, const struct region *region)
{
	for (size_t i = 0; i < before->count; i++) {
		const struct region *piece = &before->list[i];

		if (piece->id == region->id && piece->cut == region->cut && piece->size == region->size)
			return true;
	}
	return false;
}

static bool is_meant(const struct region *region, const uint64_t *addresses, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (addresses[i] >= region->start && addresses[i] - region->start < region->size)
			return true;
	}
	return false;
}

static void add_hidden(struct pages_change *change, unsigned hidden)
{
	static const char words[][8] = { "frames", "kinds", "guards", "rest", "all", "huge" };
	size_t len = 0;

	memset(change->hidden, 0, sizeof(change->hidden));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if ((hidden >> i & 1) == 0)
			continue;
		if (len > 0)
			change->hidden[len++] = ' ';
		memcpy(change->hidden + len, words[i], strlen(words[i]));
		len += strlen(words[i]);
	}
}

void pages_compare(struct pages_change *change, const struct pages *before, const struct pages *after,
                   const struct delta_hint *hint, const uint64_t *addresses, size_t address_count)
{
	change->page_size = after->page_size;
	change->region_count = 0;
	change->run_count = 0;
	add_hidden(change, before->hidden | after->hidden);
	for (size_t i = 0; i < after->regions.count; i++) {
		const struct region *region = &after->regions.list[i];
		struct pages_region made = { .name = region->name, .id = region->id, .start = region->start,
			                    .size = region->size, .cut = region->cut, .first = change->run_count,
			                    .changed = !same_extent(&before->regions, region) };

		add_runs(change, &made, before, after, region, hint);
		if (!made.changed && !is_meant(region, addresses, address_count)) {
			change->run_count = made.first;
			continue;
		}
		made.run_count = change->run_count - made.first;
		change->regions = alloc_grow(change->regions, &change->region_cap, change->region_count + 1,
		                             sizeof(*change->regions));
		change->regions[change->region_count++] = made;
	}
	/* The list of runs may have moved while it grew. */
	for (size_t i = 0; i < change->region_count; i++)
		change->regions[i].runs = change->runs + change->regions[i].first;
}

void pages_change_fini(struct pages_change *change)
{
	free(change->regions);
	free(change->runs);
	*change = (struct pages_change){ 0 };
}
