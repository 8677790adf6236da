/* SPDX-License-Identifier: MIT */
/* --detail: the counters of a process and the smaps of its named regions, before and after a statement. */
#ifndef MMTOOL_RUN_DETAIL_H
#define MMTOOL_RUN_DETAIL_H

#include "run/machine.h"

/* All of these do nothing where m->detail is NULL: then no file is opened or read for it. */

struct detail *detail_new(void);
void detail_free(struct detail *detail);

/* Opens the files of a process that starts; after a setuid(2) they may not be to be opened any more. */
void detail_open(struct machine *m, struct actor *actor);
void detail_close(struct actor *actor);

/* Look at the current process before a statement, and after it; then what the step has of it is valid until the next. */
void detail_before(struct machine *m);
void detail_after(struct machine *m, struct event_step *step);
/*
 * Around each exchange with the process: what the machine as a whole tells is taken as near to it as can be, for mmtool's own
 * memory grows meanwhile.
 */
void detail_asking(struct machine *m);
void detail_answered(struct machine *m);
/* The same around the passes of a repeat that are summed up: step is their summary. */
void detail_fold(struct machine *m);
void detail_folded(struct machine *m, struct event_step *step);

/* What moved since detail_before() is mmtool's own doing: the faults of a process that forked and goes on. */
void detail_own_faults(struct machine *m);

/* The text of smaps before the statement in hand and as it is now; NULL: it was not or cannot be read. */
const struct buf *detail_smaps_before(const struct machine *m);
const struct buf *detail_smaps_now(struct machine *m);

#endif
