/* SPDX-License-Identifier: MIT */
/* Ways to grow a buffer, measured: mremap, glibc's realloc, and malloc with a copy. */
#ifndef MMTOOL_RUN_GROWTH_H
#define MMTOOL_RUN_GROWTH_H

#include "mm/event.h"

#include <stdbool.h>
#include <stdint.h>

struct growth_options {
	uint64_t from, to; /* bytes; it is doubled until it has as many as that */
	bool touched;      /* every byte is written; else one byte of each new half */
	unsigned runs;     /* of each way, 1 to MEASURE_RUNS */
};

/*
 * Measures each way in new processes, one after another and the ways by turns, and sends an event for each.  Returns the exit
 * status: STATUS_FAILED when something that was written was lost; with *problem, which the caller frees, STATUS_UNSUPPORTED
 * when there is not enough memory for it, and STATUS_TOOL when a process could not be made, was killed or got no memory.
 */
int growth_run(const struct growth_options *options, const struct event_sink *sink, char **problem);

#endif
