/* SPDX-License-Identifier: MIT */
/* Compares two processes, or one with itself a moment later, keeping little of what both have in common. */
#ifndef MMTOOL_RUN_COMPARE_LIVE_H
#define MMTOOL_RUN_COMPARE_LIVE_H

#include "mm/event.h"
#include "run/compare.h"

#include <stdbool.h>

/*
 * As compare_run() without its options, for two processes.  The text of the second is compared while it is read, and only
 * the lines between the common head and the common tail are parsed and kept: memory that is touched for the first time
 * costs more than parsing.  False, and nothing sent: something is not as usual (no process, torn reads), and is to be done
 * the usual way, which says what.
 */
bool compare_live(const struct compare_options *options, const struct event_sink *sink, bool *differ);

#endif
