/* SPDX-License-Identifier: MIT */
/* Work that is measured in processes of its own: their heaps and page tables begin alike, and what goes wrong ends only them. */
#ifndef MMTOOL_RUN_MEASURE_H
#define MMTOOL_RUN_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How often one thing is measured at most. */
enum { MEASURE_RUNS = 99 };

/* What is measured. */
struct measure {
	const char *name; /* in messages */
	/* Runs in a new process; fills *result, and returns 0, or the errno of the call that failed, with its name. */
	int (*work)(const void *context, void *result, const char **call);
	const void *context;
	size_t result_size; /* bytes, at most MEASURE_RESULT */
	int processor;      /* where it is to run (sched_getcpu(3)); -1: anywhere */
};

enum { MEASURE_RESULT = 256 };

/*
 * Runs it once.  *one_processor becomes false where it could not be kept on the processor, and stays as it is otherwise.
 * Returns STATUS_OK, or STATUS_TOOL with *problem, which the caller frees, when a process could not be made, was killed, took
 * over a minute, or its work failed.
 */
int measure_once(const struct measure *measure, void *result, bool *one_processor, char **problem);

/*
 * Whether the machine can give, without swapping (MemAvailable, proc_meminfo(5)), memory of that size twice, and leave as much
 * to others; where it does not say, it can.  If not, *problem says so, beginning with "DOING SIZE"; the caller frees it.
 */
bool measure_has_room(const char *doing, uint64_t size, char **problem);

/* The median of count (at least 1, at most MEASURE_RUNS) values; they are sorted. */
uint64_t measure_median(uint64_t *values, unsigned count);

#endif
