/* SPDX-License-Identifier: MIT */
/* What a mapping of any process is, for somebody who reads maps for the first time. */
#ifndef MMTOOL_REPORT_MAPPING_WORDS_H
#define MMTOOL_REPORT_MAPPING_WORDS_H

#include "mm/event.h"
#include "mm/maps.h"

struct buf;

/*
 * Adds a few plain words, without a newline.  before is the mapping below it in memory, program the file that the process
 * runs; each may be NULL, not known.
 */
void words_of_mapping(struct buf *buf, const struct mapping *mapping, const struct mapping *before, const char *program);
/* Adds what the snapshot is of, and how its table is read. */
void words_of_snapshot(struct buf *buf, const struct event_snapshot *snapshot);

#endif
