/* SPDX-License-Identifier: MIT */
/* The VmFlags of named regions around the calls that can change them: only smaps tells, and it is slow to read. */
#ifndef MMTOOL_RUN_FLAGS_H
#define MMTOOL_RUN_FLAGS_H

#include "run/machine.h"

/* Reads smaps when the call that p is about to make can change the flags of a named region. */
void flags_before(struct machine *m, const struct performance *p);
/* Reads it again after the call, and adds what changed to the step's delta, which was computed. */
void flags_after(struct machine *m, const struct performance *p, struct event_step *step);

#endif
