/* SPDX-License-Identifier: MIT */
/* Numbers in the kernel's "Name:   value kB" files: /proc/meminfo, /proc/PID/status, a record of /proc/PID/smaps. */
#ifndef MMTOOL_MM_COUNTERS_H
#define MMTOOL_MM_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first number of the line that begins with "field:", in bytes where the line says kB.  False: no such line or number. */
bool counters_find(const char *text, size_t len, const char *field, int64_t *value);

/*
 * The record of smaps (proc_pid_smaps(5)) whose mapping holds addr: *record and *record_len are its text, header line
 * included.  False when no mapping holds it.
 */
bool counters_smaps(const char *text, size_t len, uint64_t addr, const char **record, size_t *record_len);

/* Whether the VmFlags line of a smaps record has a flag ("lo").  *known is false when the record has no such line. */
bool counters_vmflag(const char *record, size_t len, const char *flag, bool *known);

/* A record of smaps. */
struct counters_record {
	uint64_t start, end; /* of the mapping */
	const char *flags;   /* what its VmFlags line says, flags_len bytes; NULL when it has none (before Linux 3.8) */
	size_t flags_len;
};

/* Reads the record that begins at text[*at], or the first one behind, and moves *at behind it.  False: there is none. */
bool counters_record(const char *text, size_t len, size_t *at, struct counters_record *record);
/* Whether it has a flag of two letters. */
bool counters_has_flag(const struct counters_record *record, const char *flag);

#endif
