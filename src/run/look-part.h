/* SPDX-License-Identifier: MIT */
/* What look.c and look-order.c share. */
#ifndef MMTOOL_RUN_LOOK_PART_H
#define MMTOOL_RUN_LOOK_PART_H

#include "run/look.h"
#include "run/target.h"

#include "base/alloc.h"
#include "mm/kind.h"
#include "mm/smaps.h"

struct look {
	const struct look_options *options;
	const struct event_sink *sink;
	struct target target;
	struct smaps part;    /* what was read last: all of it, where it is held */
	bool detailed;        /* it has records */
	struct buf cut;       /* of smaps: the beginning of the next part's first record */
	uint64_t above;       /* where the last mapping that was read ends; 0: none was */
	size_t lines;         /* lines before this part */
	unsigned parts;       /* sent */
	bool changed;         /* it was noticed that the mappings changed between two parts */
	struct kind_total totals[KIND_COUNT];
	struct event_gap *gaps;
	size_t gap_count, gap_cap;
	struct event_smaps *details; /* of what is sent, in arena */
	struct arena arena;
};

/* look-order.c: puts the mappings of look->part, and its records, in the order of the options. */
void look_sort(struct look *look);

/* look-detail.c: fills look->details with what smaps says of count mappings of look->part. */
void look_details(struct look *look, size_t from, size_t count);

#endif
