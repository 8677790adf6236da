/* SPDX-License-Identifier: MIT */
/* Shows the mappings of any process or file as they are: chosen, ordered, summed up, and sent as snapshots. */
#ifndef MMTOOL_RUN_LOOK_H
#define MMTOOL_RUN_LOOK_H

#include "mm/event.h"
#include "run/filter.h"
#include "run/target.h"

#include <stdbool.h>
#include <stddef.h>

enum look_order { LOOK_ADDRESS, LOOK_SIZE, LOOK_NAME, LOOK_RESIDENT, LOOK_PERMS };

struct look_options {
	const char *name;             /* as target_open() takes it; NULL: mmtool's own process */
	const struct filter *filters; /* all must match */
	size_t filter_count;
	enum look_order order;        /* sizes the largest first, else ascending; those that are equal by address */
	bool together;                /* the mappings of one object one after another, objects in that order */
	bool gaps;                    /* tell the holes between the mappings; only by address */
	bool plain;                   /* only the lines are wanted: no totals */
	bool detail;                  /* read smaps, where a process is named */
	bool figures;                 /* with detail: all that it says is wanted, and not only what is resident */
};

/*
 * Sends EVENT_SNAPSHOTs.  By address they are sent as they are read, so that the memory in use stays the same however many
 * there are; in another order all are held.  Returns the exit status, and sets *problem where it could not go on; what was
 * sent before stays sent, with a last part.
 */
int look_run(const struct look_options *options, const struct event_sink *sink, char **problem);
/* The same of a target that was opened before; it is closed. */
int look_take_target(struct target *target, const struct look_options *options, const struct event_sink *sink, char **problem);

#endif
