/* SPDX-License-Identifier: MIT */
/* PAGEMAP_SCAN. */
#include "run/scan.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/ioctl.h>

/* struct pm_scan_arg of linux/fs.h. */
struct scan {
	uint64_t size, flags, start, end, walk_end, ranges, range_count, most, inverted, all_of, any_of, wanted;
};

#define SCAN_REQUEST _IOWR('f', 16, struct scan)

int scan_pages(int pagemap, uint64_t *start, uint64_t end, uint64_t any, uint64_t besides, struct scan_range *ranges,
               size_t count)
{
	struct scan scan = { .size = sizeof(scan),
		             .start = *start,
		             .end = end,
		             .ranges = (uint64_t)(uintptr_t)ranges,
		             .range_count = count,
		             .any_of = any,
		             .wanted = any | besides };
	static bool absent;
	int got;

	if (absent)
		return -ENOTTY;
	do {
		got = ioctl(pagemap, SCAN_REQUEST, &scan);
	} while (got < 0 && errno == EINTR);
	absent = got < 0 && errno == ENOTTY;
	if (got < 0)
		return -errno;
	*start = scan.walk_end;
	return got;
}
