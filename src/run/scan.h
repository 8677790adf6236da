/* SPDX-License-Identifier: MIT */
/* PAGEMAP_SCAN: which ranges of a process have pages, without a look at those that have none.  Linux 6.7, PAGEMAP_SCAN(2const). */
#ifndef MMTOOL_RUN_SCAN_H
#define MMTOOL_RUN_SCAN_H

#include <stddef.h>
#include <stdint.h>

/* Categories of pages: PAGE_IS_* of linux/fs.h. */
#define SCAN_PRESENT (UINT64_C(1) << 3)
#define SCAN_SWAPPED (UINT64_C(1) << 4)
#define SCAN_ZERO (UINT64_C(1) << 5)
#define SCAN_HUGE (UINT64_C(1) << 6)
#define SCAN_GUARD (UINT64_C(1) << 8) /* Linux 6.16 */

/* struct page_region: addresses, and the categories that were asked for. */
struct scan_range {
	uint64_t start, end, categories;
};

/*
 * Fills ranges with those of [*start, end) whose pages are of a category of any, with their categories of any and besides,
 * and moves *start to where it came.  Both are multiples of the page size.  How many, or -errno: -ENOTTY where the kernel
 * cannot be asked so (it is not asked again), -EINVAL where it does not know a category.
 */
int scan_pages(int pagemap, uint64_t *start, uint64_t end, uint64_t any, uint64_t besides, struct scan_range *ranges,
               size_t count);

#endif
