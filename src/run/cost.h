/* SPDX-License-Identifier: MIT */
/* What it costs to move memory by mremap, and to copy it, by size. */
#ifndef MMTOOL_RUN_COST_H
#define MMTOOL_RUN_COST_H

#include "mm/event.h"

#include <stdint.h>

struct cost_options {
	uint64_t to;   /* bytes, the largest size; the others are a page, 8 pages, 64, ... below it */
	unsigned runs; /* of each way and size, 1 to MEASURE_RUNS */
};

/*
 * Measures each way and size in new processes, one after another and the ways by turns, and sends an event for each.  Returns
 * the exit status: STATUS_FAILED when a byte was lost; with *problem, which the caller frees, STATUS_UNSUPPORTED when there is
 * not enough memory for it, and STATUS_TOOL when a process could not be made, was killed or got no memory.
 */
int cost_run(const struct cost_options *options, const struct event_sink *sink, char **problem);

#endif
