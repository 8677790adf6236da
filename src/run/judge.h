/* SPDX-License-Identifier: MIT */
/* Whether recorded events agree with each other: a record that contradicts itself tells of what never was. */
#ifndef MMTOOL_RUN_JUDGE_H
#define MMTOOL_RUN_JUDGE_H

#include "mm/event.h"

struct judge;

struct judge *judge_new(void);
/*
 * The next event of a stream, as replay_next() gives it.  NULL: it agrees with itself and with those before it; else one
 * line that says what does not, not escaped, valid until judge_free().
 *
 * What is looked for: the order of events, scripts, parts and statements; what the verdict counts and what the end says of
 * it; ranges that end before they begin, overlap, or are no whole pages (of the scratch page's size, or of the page size that
 * the record tells); what a change, a gap, a sum and a moment say of mappings that are told beside it.  Each costs no more
 * than to read it did.  What agrees need not be true.
 */
const char *judge_event(struct judge *judge, const struct event *event);
void judge_free(struct judge *judge);

#endif
