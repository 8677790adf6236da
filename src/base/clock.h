/* SPDX-License-Identifier: MIT */
/* Clocks, as clock_gettime(2) has them. */
#ifndef MMTOOL_BASE_CLOCK_H
#define MMTOOL_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds of a clock. */
uint64_t clock_ns(clockid_t id);
/* Milliseconds of CLOCK_MONOTONIC. */
uint64_t clock_ms(void);

#endif
