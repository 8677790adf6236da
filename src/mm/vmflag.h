/* SPDX-License-Identifier: MIT */
/* What the two-letter flags of the VmFlags line of smaps mean. */
#ifndef MMTOOL_MM_VMFLAG_H
#define MMTOOL_MM_VMFLAG_H

#include <stddef.h>

/* What a mapping with that flag is, in words that follow "it is ": "locked in memory".  NULL for one that is not known. */
const char *vmflag_words(const char *flag, size_t len);

#endif
