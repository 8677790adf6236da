/* SPDX-License-Identifier: MIT */
/* The pages of named regions: what the kernel's page tables hold of them, and what became of each. */
#ifndef MMTOOL_MM_PAGES_H
#define MMTOOL_MM_PAGES_H

#include "mm/delta.h"
#include "mm/region.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum page_kind {
	PAGE_ABSENT,  /* the page table has nothing there: the next access faults */
	PAGE_ANON,    /* present, private anonymous memory */
	PAGE_FILE,    /* present, a page of a file or of shared memory */
	PAGE_ZERO,    /* present, the kernel's page of zeros, which all processes share */
	PAGE_SWAPPED,
	PAGE_GUARD,   /* MADV_GUARD_INSTALL: any access faults */
	PAGE_UNSEEN,  /* not looked at, or it may not be */
};

/*
 * One page in a word: a page frame number in bits 0 to 54 (0: none, or hidden), a kind and flags.  An absent page is 0.
 */
enum page_flag {
	PAGE_HUGE = 1,   /* part of a huge page that one page table entry maps */
	PAGE_LOCKED = 2, /* present, in a mapping that is locked (VmFlags lo) */
	PAGE_SHARED = 4, /* anonymous, and another process has the same page until one of them writes to it */
};

/*
 * What a page's entry in /proc/PID/pagemap does not tell (Documentation/admin-guide/mm/pagemap.rst in the kernel), from the
 * categories of the PAGEMAP_SCAN ioctl (Linux 6.7) or from the page's flags in /proc/kpageflags.
 */
struct page_told {
	bool zero, huge;
};

struct page_told page_told_by_scan(uint64_t categories);
struct page_told page_told_by_flags(uint64_t flags);
/* The page of a pagemap entry. */
uint64_t page_decode(uint64_t entry, struct page_told told);
enum page_kind page_kind(uint64_t page);
/* Its enum page_flags. */
unsigned page_flags(uint64_t page);
uint64_t page_pfn(uint64_t page);
/* Whether something is there: PAGE_ANON, PAGE_FILE or PAGE_ZERO. */
bool page_is_present(enum page_kind kind);

/* What was not to be learnt, and what it would need. */
enum pages_hidden {
	HIDDEN_FRAMES = 1, /* page frame numbers: CAP_SYS_ADMIN */
	HIDDEN_KINDS = 2,  /* which pages are zero or huge: before Linux 6.7 root, who reads /proc/kpageflags */
	HIDDEN_GUARDS = 4, /* which of the swapped pages are guards (Linux 6.13 and 6.14) */
	HIDDEN_REST = 8,   /* pages beyond those that are looked at */
	HIDDEN_ALL = 16,   /* /proc/PID/pagemap cannot be read */
	HIDDEN_HUGE = 32,  /* which of the pages that could be are mapped as huge ones: before Linux 6.7 */
};

/* Neighbouring pages that were looked at. */
struct page_extent {
	uint64_t first, count; /* pages; first is an address divided by the page size */
	size_t at;             /* the first one's place in pages, or PAGES_UNSEEN for all of them */
};

#define PAGES_UNSEEN SIZE_MAX

/* The pages of the regions at one moment.  What no extent holds is absent.  All zero is an empty one. */
struct pages {
	uint64_t page_size;
	struct regions regions;
	struct page_extent *extents; /* by address */
	size_t extent_count, extent_cap;
	uint64_t *pages;
	size_t count, cap;
	unsigned hidden; /* enum pages_hidden */
};

/* Empties it and keeps its memory. */
void pages_reset(struct pages *pages, uint64_t page_size);
/* Adds the page of number first above all that were added; an absent one is left out. */
void pages_add(struct pages *pages, uint64_t first, uint64_t page);
/* Says of count pages, likewise above, that they were not looked at. */
void pages_add_unseen(struct pages *pages, uint64_t first, uint64_t count);
/* Marks what is present in [start, end), addresses, as locked. */
void pages_lock(struct pages *pages, uint64_t start, uint64_t end);
/*
 * /proc/kpageflags tells what is part of a huge page, which entries of small pages can map, too.  Leaves marked as huge in
 * [start, end), addresses of one mapping, what entries of huge_size bytes map, of which smaps tells that they map bytes there;
 * nothing, and HIDDEN_HUGE, where that leaves a choice or huge_size is not known (0).  Pages of zeros stay as they are: smaps
 * does not count them.
 */
void pages_settle_huge(struct pages *pages, uint64_t start, uint64_t end, uint64_t bytes, uint64_t huge_size);
/* The page of that number; *span is how many from there on are the same, at least 1. */
uint64_t pages_at(const struct pages *pages, uint64_t number, uint64_t *span);
void pages_fini(struct pages *pages);

/* What became of the frame of a page that was present before and after. */
enum page_frame_change {
	FRAME_NONE, /* it was not present at both moments */
	FRAME_SAME,
	FRAME_OTHER,
	FRAME_HIDDEN, /* not to be known */
};

/* Neighbouring pages of which the same is to be told. */
struct page_run {
	uint64_t offset; /* bytes from what the region's name means */
	uint64_t count;  /* pages */
	uint8_t kind, was; /* enum page_kind; now, and before: of the same place in the region, wherever that lay */
	bool compared;   /* was is valid; false: the region had no such page */
	uint8_t frame;   /* enum page_frame_change */
	bool huge, locked, shared;
};

/* A region, or a piece of one, and its pages. */
struct pages_region {
	const char *name;
	unsigned id;
	uint64_t start, size, cut; /* as in struct region */
	bool changed;              /* its place, its size or any page */
	const struct page_run *runs;
	size_t run_count;
	size_t first;              /* of its runs in the list of all */
};

enum { PAGES_HIDDEN_WORDS = 40 };

struct pages_change {
	uint64_t page_size;
	char hidden[PAGES_HIDDEN_WORDS]; /* words of enum pages_hidden: "frames kinds guards rest all huge" */
	struct pages_region *regions;     /* by address */
	size_t region_count, region_cap;
	struct page_run *runs;
	size_t run_count, run_cap;
};

/*
 * Compares the pages of the regions after with those before.  A page's counterpart is the one at the same place of the
 * same region; with a hint of mremap, what lay where the page was moved from.  A region is left out when nothing of it
 * changed and none of the addresses lies in it.  Names are borrowed.
 */
void pages_compare(struct pages_change *change, const struct pages *before, const struct pages *after,
                   const struct delta_hint *hint, const uint64_t *addresses, size_t address_count);
void pages_change_fini(struct pages_change *change);

/* "absent", "anonymous", … as in the JSON; NULL for no kind. */
const char *page_kind_word(unsigned kind);
const char *page_frame_word(unsigned frame);

#endif
