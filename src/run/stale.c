/* SPDX-License-Identifier: MIT */
/* A few ranges, kept apart while there is room. */
#include "run/stale.h"

static uint64_t distance(const struct stale_range *a, uint64_t start, uint64_t end)
{
	return end < a->start ? a->start - end : start > a->end ? start - a->end : 0;
}

static void widen(struct stale_range *range, uint64_t start, uint64_t end)
{
	range->start = start < range->start ? start : range->start;
	range->end = end > range->end ? end : range->end;
}

void stale_add(struct stale *stale, uint64_t start, uint64_t len)
{
	uint64_t end = start + len < start ? UINT64_MAX : start + len;
	struct stale_range *nearest = stale->ranges;

	if (len == 0 || stale->all)
		return;
	for (unsigned i = 1; i < stale->count; i++) {
		if (distance(&stale->ranges[i], start, end) < distance(nearest, start, end))
			nearest = &stale->ranges[i];
	}
	if (stale->count == STALE_RANGES || (stale->count > 0 && distance(nearest, start, end) == 0))
		widen(nearest, start, end);
	else
		stale->ranges[stale->count++] = (struct stale_range){ start, end };
}
