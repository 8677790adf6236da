/* SPDX-License-Identifier: MIT */
/* The VmFlags of mappings, compared between two moments: smaps tells them, and maps does not. */
#ifndef MMTOOL_MM_FLAGGED_H
#define MMTOOL_MM_FLAGGED_H

#include "mm/delta.h"
#include "mm/smaps.h"

#include <stdbool.h>

/*
 * Writes to the CHANGE_FLAGS bytes at to, which begin with a NUL, the flags that one record has and another has not, "lo lf".
 * Left out are permissions, which the maps tell, and soft-dirty, which is the kernel's own.
 */
void flagged_missing(char *to, const struct smaps_record *in, const struct smaps_record *not_in);

/*
 * Adds to a delta, which was computed of the same two snapshots, what flags each range has gained and lost that both of them
 * have mapped, to the same object.  Returns how many changes that makes.
 */
size_t flagged_compare(struct delta *delta, const struct smaps *before, const struct smaps *after);

#endif
