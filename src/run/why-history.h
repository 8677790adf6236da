/* SPDX-License-Identifier: MIT */
/* What calls took away from the address space, so that a fault there can be explained. */
#ifndef MMTOOL_RUN_WHY_HISTORY_H
#define MMTOOL_RUN_WHY_HISTORY_H

#include "mm/call.h"

#include <stddef.h>
#include <stdint.h>

/* Ranges that calls took away, the last ones; the oldest is forgotten first. */
enum { WHY_HISTORY = 64 };
struct why_gone {
	uint64_t start, end;
	uint64_t moved_to; /* 0: unmapped */
	uint32_t line;     /* of the statement, or of the trace */
	char call[12];
};
struct why_history {
	struct why_gone list[WHY_HISTORY]; /* the newest at (count - 1) % WHY_HISTORY */
	size_t count;
};

/* Notes what a call that succeeded took away; line is its place in the script, or in the trace. */
void why_remember(struct why_history *history, unsigned call, const uint64_t args[CALL_ARGS], int64_t result, uint64_t page,
                  uint32_t line);

#endif
