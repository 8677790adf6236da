/* SPDX-License-Identifier: MIT */
/* Where a snapshot of a process may no longer be true. */
#ifndef MMTOOL_RUN_STALE_H
#define MMTOOL_RUN_STALE_H

#include <stdbool.h>
#include <stdint.h>

enum { STALE_RANGES = 16 };

/* Ranges in which mappings may be others now; all: anywhere.  All zero: the snapshot is how things stand. */
struct stale {
	bool all;
	unsigned count;
	struct stale_range {
		uint64_t start, end;
	} ranges[STALE_RANGES];
};

static inline bool stale_any(const struct stale *stale)
{
	return stale->all || stale->count > 0;
}

/* Adds [start, start + len); one that would wrap ends at the top.  Of more ranges than fit, the nearest become one. */
void stale_add(struct stale *stale, uint64_t start, uint64_t len);

#endif
