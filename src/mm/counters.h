/* SPDX-License-Identifier: MIT */
/* Numbers in the kernel's "Name:   value kB" files: /proc/meminfo, /proc/PID/status, a record of /proc/PID/smaps by its text. */
#ifndef MMTOOL_MM_COUNTERS_H
#define MMTOOL_MM_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first number of the line that begins with "field:", in bytes where the line says kB.  False: no such line or number. */
bool counters_find(const char *text, size_t len, const char *field, int64_t *value);

/* The counters that --detail looks at, in the order in which it tells them. */
enum counter {
	COUNTER_VM_SIZE,
	COUNTER_VM_DATA,
	COUNTER_VM_STK,
	COUNTER_VM_RSS,
	COUNTER_RSS_ANON,
	COUNTER_RSS_FILE,
	COUNTER_RSS_SHMEM,
	COUNTER_VM_PTE,
	COUNTER_VM_LCK,
	COUNTER_VM_SWAP,
	COUNTER_HUGETLB,
	COUNTER_MINFLT,
	COUNTER_MAJFLT,
	COUNTER_COMMITTED,
	COUNTER_COUNT,
};

enum counter_file {
	COUNTER_STATUS,  /* /proc/PID/status: by name */
	COUNTER_STAT,    /* /proc/PID/stat: by the number of the field, from 1 */
	COUNTER_MEMINFO, /* /proc/meminfo: by name */
	COUNTER_FILES,
};

/* By enum counter. */
struct counter_row {
	char name[13];    /* in the file; for stat as proc_pid_stat(5) calls the field */
	uint8_t file;     /* enum counter_file */
	uint8_t field;    /* of stat */
	bool bytes;       /* else a count of events */
	bool system_wide; /* of the whole machine: anybody moves it */
	bool approximate; /* kept in batches a processor: the figure can lag by some pages (kernel, mm_types.h: rss_stat) */
	bool varies;      /* another run may see it move otherwise */
};
extern const struct counter_row counter_rows[COUNTER_COUNT];

/* What they were at one moment; false: not told. */
struct counters {
	uint64_t values[COUNTER_COUNT];
	bool present[COUNTER_COUNT];
};

/* Reads those that stand in a file, given its text. */
void counters_read(struct counters *counters, enum counter_file file, const char *text, size_t len);
/* Field number of /proc/PID/stat, from 3; the second, the process's name, may hold anything. */
bool counters_stat(const char *text, size_t len, unsigned field, int64_t *value);

#endif
