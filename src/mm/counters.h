/* SPDX-License-Identifier: MIT */
/* Numbers in the kernel's "Name:   value kB" files: /proc/meminfo, /proc/PID/status, a record of /proc/PID/smaps by its text. */
#ifndef MMTOOL_MM_COUNTERS_H
#define MMTOOL_MM_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first number of the line that begins with "field:", in bytes where the line says kB.  False: no such line or number. */
bool counters_find(const char *text, size_t len, const char *field, int64_t *value);

#endif
