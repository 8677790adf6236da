/* SPDX-License-Identifier: MIT */
/* Watches a live process: reads its maps again and again, and tells what changed. */
#ifndef MMTOOL_RUN_WATCH_H
#define MMTOOL_RUN_WATCH_H

#include "mm/event.h"

#include <stdbool.h>
#include <stdint.h>

struct watch_options {
	const char *name;  /* the process's number, as the user wrote it */
	uint64_t interval; /* nanoseconds from reading to reading: longer where reading takes much */
	bool detail;       /* smaps is read: VmFlags are compared, too, and what is resident is summed up */
	uint64_t deltas;   /* ends after so many; 0: when the process ends or replaces its program */
};

/*
 * Sends a snapshot, a delta for each reading that found a change, and notes.  Ends when the process does, when it runs
 * another program, after the deltas asked for, when nobody reads the report any more (sink->reader), and when one of SIGINT,
 * SIGTERM, SIGHUP, SIGQUIT that the caller has blocked comes, which stays pending.  Returns the exit status: STATUS_TOOL with
 * *problem, which the caller frees, when the process could not be read at all.
 */
int watch_run(const struct watch_options *options, const struct event_sink *sink, char **problem);

#endif
