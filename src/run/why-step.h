/* SPDX-License-Identifier: MIT */
/* Why the kernel answered as it did: the rule that a call broke, and what made it do what it did. */
#ifndef MMTOOL_RUN_WHY_STEP_H
#define MMTOOL_RUN_WHY_STEP_H

#include "run/machine.h"

/*
 * Fills step->why where the call failed, from its arguments, the maps, the limits and the policies at this moment; every
 * rule of the table that explains the error is told, and nothing is guessed.  With --explain fills step->explain too.
 * The texts live in the step's arena.
 */
void why_call(struct machine *m, const struct performance *p, struct event_step *step);

/*
 * The same as why_faults(), kept for it, of a fault that the process is about to die of: what is mapped there, and what is
 * behind it, can be looked at only while it lives.
 */
void why_dying(struct machine *m, const struct event_fault *fault);

/* What is at the address of the first fault of the step, what was there before, and whose rule refused the access. */
void why_faults(struct machine *m, struct event_step *step);

#endif
