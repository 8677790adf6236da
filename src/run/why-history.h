/* SPDX-License-Identifier: MIT */
/* What calls took away from the address space, so that a fault there can be explained. */
#ifndef MMTOOL_RUN_WHY_HISTORY_H
#define MMTOOL_RUN_WHY_HISTORY_H

#include "mm/call.h"
#include "mm/maps.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ranges that calls took away, the last ones; the oldest is forgotten first. */
enum { WHY_HISTORY = 64 };
enum why_gone_kind { GONE_UNMAPPED, GONE_MOVED, GONE_REPLACED };
struct why_gone {
	uint64_t start, end;
	uint64_t moved_to; /* GONE_MOVED: where start went */
	uint32_t line;     /* of the statement, or of the trace */
	uint8_t kind;      /* enum why_gone_kind */
	bool was_mapped;   /* false: whether anything was there is not known */
	char call[12];
};
struct why_history {
	struct why_gone list[WHY_HISTORY]; /* the newest at (count - 1) % WHY_HISTORY */
	size_t count;
};

/* A call that succeeded; line is its place in the script, or in the trace; before, after: the maps, NULL: not known. */
struct why_done {
	unsigned call;
	const uint64_t *args;
	int64_t result;
	uint64_t page;
	uint32_t line;
	const struct maps *before, *after;
};

/* Notes what a call took away: of what was mapped only, where that is known. */
void why_remember(struct why_history *history, const struct why_done *done);

#endif
