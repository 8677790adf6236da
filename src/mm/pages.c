/* SPDX-License-Identifier: MIT */
/* Pages as plain values: decoded, kept, and marked. */
#include "mm/pages.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* Entries of pagemap: bit 56 since Linux 4.2, bit 58 since 6.15. */
#define ENTRY_FRAME ((UINT64_C(1) << 55) - 1)
#define ENTRY_EXCLUSIVE (UINT64_C(1) << 56)
#define ENTRY_GUARD (UINT64_C(1) << 58)
#define ENTRY_FILE (UINT64_C(1) << 61)
#define ENTRY_SWAPPED (UINT64_C(1) << 62)
#define ENTRY_PRESENT (UINT64_C(1) << 63)

/* Categories of PAGEMAP_SCAN, PAGE_IS_… in linux/fs.h. */
#define CATEGORY_ZERO (UINT64_C(1) << 5)
#define CATEGORY_HUGE (UINT64_C(1) << 6)

/* KPF_HUGE, KPF_THP and KPF_ZERO_PAGE in linux/kernel-page-flags.h. */
#define FLAG_HUGE (UINT64_C(1) << 17)
#define FLAG_THP (UINT64_C(1) << 22)
#define FLAG_ZERO (UINT64_C(1) << 24)

enum { KIND_SHIFT = 55, FLAGS_SHIFT = 58 };

struct page_told page_told_by_scan(uint64_t categories)
{
	return (struct page_told){ .zero = (categories & CATEGORY_ZERO) != 0, .huge = (categories & CATEGORY_HUGE) != 0 };
}

struct page_told page_told_by_flags(uint64_t flags)
{
	return (struct page_told){ .zero = (flags & FLAG_ZERO) != 0, .huge = (flags & (FLAG_HUGE | FLAG_THP)) != 0 };
}

static uint64_t make(enum page_kind kind, unsigned flags, uint64_t frame)
{
	return (uint64_t)kind << KIND_SHIFT | (uint64_t)flags << FLAGS_SHIFT | frame;
}

uint64_t page_decode(uint64_t entry, struct page_told told)
{
	unsigned flags = told.huge ? PAGE_HUGE : 0;

	/* A guard is a kind of swap entry: it has both bits. */
	if (entry & ENTRY_GUARD)
		return make(PAGE_GUARD, 0, 0);
	if (entry & ENTRY_SWAPPED)
		return make(PAGE_SWAPPED, flags, 0);
	if (!(entry & ENTRY_PRESENT))
		return make(PAGE_ABSENT, 0, 0);
	/* The huge zero page has the bit of a file. */
	if (told.zero)
		return make(PAGE_ZERO, flags, entry & ENTRY_FRAME);
	if (entry & ENTRY_FILE)
		return make(PAGE_FILE, flags, entry & ENTRY_FRAME);
	return make(PAGE_ANON, flags | (entry & ENTRY_EXCLUSIVE ? 0 : PAGE_SHARED), entry & ENTRY_FRAME);
}

enum page_kind page_kind(uint64_t page)
{
	return (enum page_kind)(page >> KIND_SHIFT & 7);
}

unsigned page_flags(uint64_t page)
{
	return (unsigned)(page >> FLAGS_SHIFT);
}

uint64_t page_pfn(uint64_t page)
{
	return page & ENTRY_FRAME;
}

bool page_is_present(enum page_kind kind)
{
	return kind == PAGE_ANON || kind == PAGE_FILE || kind == PAGE_ZERO;
}

void pages_reset(struct pages *pages, uint64_t page_size)
{
	pages->page_size = page_size;
	pages->regions.count = 0;
	pages->extent_count = 0;
	pages->count = 0;
	pages->hidden = 0;
}

static void add_extent(struct pages *pages, struct page_extent extent)
{
	pages->extents = alloc_grow(pages->extents, &pages->extent_cap, pages->extent_count + 1, sizeof(*pages->extents));
	pages->extents[pages->extent_count++] = extent;
}

void pages_add(struct pages *pages, uint64_t first, uint64_t page)
{
	struct page_extent *last = pages->extent_count > 0 ? &pages->extents[pages->extent_count - 1] : NULL;

	if (page_kind(page) == PAGE_ABSENT)
		return;
	if (last != NULL && last->at != PAGES_UNSEEN && last->first + last->count == first)
		last->count++;
	else
		add_extent(pages, (struct page_extent){ first, 1, pages->count });
	pages->pages = alloc_grow(pages->pages, &pages->cap, pages->count + 1, sizeof(*pages->pages));
	pages->pages[pages->count++] = page;
}

void pages_add_unseen(struct pages *pages, uint64_t first, uint64_t count)
{
	add_extent(pages, (struct page_extent){ first, count, PAGES_UNSEEN });
}

void pages_lock(struct pages *pages, uint64_t start, uint64_t end)
{
	uint64_t from = start / pages->page_size, to = end / pages->page_size;

	for (size_t i = 0; i < pages->extent_count; i++) {
		const struct page_extent *extent = &pages->extents[i];
		uint64_t stop = extent->first + extent->count < to ? extent->first + extent->count : to;

		if (extent->at == PAGES_UNSEEN)
			continue;
		for (uint64_t at = extent->first > from ? extent->first : from; at < stop; at++) {
			uint64_t *page = &pages->pages[extent->at + (size_t)(at - extent->first)];

			if (page_is_present(page_kind(*page)))
				*page |= (uint64_t)PAGE_LOCKED << FLAGS_SHIFT;
		}
	}
}

static bool is_huge(uint64_t page)
{
	return (page_flags(page) & PAGE_HUGE) != 0 && page_kind(page) != PAGE_ZERO;
}

/* Whether one entry can map these pages: neighbours in memory, too, from where a huge page begins. */
static bool is_whole(const uint64_t *pages, uint64_t count)
{
	uint64_t frame = page_pfn(pages[0]);

	for (uint64_t i = 0; i < count; i++) {
		if (!is_huge(pages[i]) || page_pfn(pages[i]) != frame + i)
			return false;
	}
	return frame % count == 0;
}

/* Unmarks pages of [from, to) that no entry for count pages can map, or with 0 all.  Returns how many stay marked. */
static uint64_t keep_huge(struct pages *pages, uint64_t from, uint64_t to, uint64_t count)
{
	uint64_t kept = 0;

	for (size_t i = 0; i < pages->extent_count; i++) {
		const struct page_extent *extent = &pages->extents[i];
		uint64_t stop = extent->first + extent->count < to ? extent->first + extent->count : to;

		if (extent->at == PAGES_UNSEEN)
			continue;
		for (uint64_t at = extent->first > from ? extent->first : from; at < stop;) {
			uint64_t *page = &pages->pages[extent->at + (size_t)(at - extent->first)];

			if (count > 0 && at % count == 0 && stop - at >= count && is_whole(page, count)) {
				kept += count;
				at += count;
				continue;
			}
			if (is_huge(*page))
				*page &= ~((uint64_t)PAGE_HUGE << FLAGS_SHIFT);
			at++;
		}
	}
	return kept;
}

void pages_settle_huge(struct pages *pages, uint64_t start, uint64_t end, uint64_t bytes, uint64_t huge_size)
{
	uint64_t from = start / pages->page_size, to = end / pages->page_size, count = huge_size / pages->page_size;

	if (bytes > 0 && count > 0 && keep_huge(pages, from, to, count) * pages->page_size <= bytes)
		return;
	(void)keep_huge(pages, from, to, 0);
	pages->hidden |= bytes > 0 ? HIDDEN_HUGE : 0;
}

/* The first extent that ends above a page, or extent_count. */
static size_t extent_above(const struct pages *pages, uint64_t number)
{
	size_t low = 0, high = pages->extent_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pages->extents[middle].first + pages->extents[middle].count > number)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

uint64_t pages_at(const struct pages *pages, uint64_t number, uint64_t *span)
{
	size_t i = extent_above(pages, number);

	*span = UINT64_MAX;
	if (i == pages->extent_count)
		return make(PAGE_ABSENT, 0, 0);
	const struct page_extent *extent = &pages->extents[i];

	if (extent->first > number) {
		*span = extent->first - number;
		return make(PAGE_ABSENT, 0, 0);
	}
	if (extent->at == PAGES_UNSEEN) {
		*span = extent->first + extent->count - number;
		return make(PAGE_UNSEEN, 0, 0);
	}
	*span = 1;
	return pages->pages[extent->at + (size_t)(number - extent->first)];
}

void pages_fini(struct pages *pages)
{
	regions_fini(&pages->regions);
	free(pages->extents);
	free(pages->pages);
	*pages = (struct pages){ 0 };
}

const char *page_kind_word(unsigned kind)
{
	static const char words[][10] = { "absent", "anonymous", "file", "zero", "swapped", "guard", "unseen" };

	return kind < sizeof(words) / sizeof(words[0]) ? words[kind] : NULL;
}

const char *page_frame_word(unsigned frame)
{
	static const char words[][8] = { "none", "same", "other", "hidden" };

	return frame < sizeof(words) / sizeof(words[0]) ? words[frame] : NULL;
}
