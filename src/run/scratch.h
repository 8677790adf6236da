/* SPDX-License-Identifier: MIT */
/* The scratch page of a subject, and what keeps a script's mappings apart from the C library's. */
#ifndef MMTOOL_RUN_SCRATCH_H
#define MMTOOL_RUN_SCRATCH_H

#include <stddef.h>

/*
 * Maps the scratch page, of so many bytes, between two PROT_NONE shared pages, which merge with nothing: the script's first
 * mapping is placed below them (or above, in the legacy layout), and so does not become part of a mapping of the C library.
 * 0 or -errno, with the call that failed.
 */
int scratch_place(size_t page, unsigned char **scratch, const char **call);

#endif
