/* SPDX-License-Identifier: MIT */
/* Records of smaps as events tell them, and back. */
#ifndef MMTOOL_RUN_RECORD_H
#define MMTOOL_RUN_RECORD_H

#include "base/alloc.h"
#include "base/buf.h"
#include "mm/event.h"
#include "mm/smaps.h"

/* What a record says, with its flags in words.  What it points to is the arena's. */
void record_tell(struct event_smaps *detail, const struct smaps_record *record, struct arena *arena);

/*
 * Adds the mappings of a part of a snapshot as a smaps file would have them: what smaps_parse() reads.  Returns false, and
 * adds nothing, where the part does not tell this of each.
 */
bool record_write(struct buf *text, const struct event_snapshot *part);

#endif
