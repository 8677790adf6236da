/* SPDX-License-Identifier: MIT */
/* System calls that the tool makes itself, to see what the kernel answers. */
#ifndef MMTOOL_RUN_ASK_H
#define MMTOOL_RUN_ASK_H

#include "mm/call.h"

#include <stdint.h>

/*
 * Makes a system call of the language, by its name, as this architecture makes it, and not by the C library, whose functions
 * (and a sanitizer's) have answers of their own.  Returns its result, an address as unsigned, or -errno.
 */
int64_t ask_kernel(const char *name, const uint64_t args[CALL_ARGS]);

#endif
