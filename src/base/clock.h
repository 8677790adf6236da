/* SPDX-License-Identifier: MIT */
/* Time that passes. */
#ifndef MMTOOL_BASE_CLOCK_H
#define MMTOOL_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds of CLOCK_MONOTONIC, clock_gettime(2). */
uint64_t clock_ms(void);

#endif
