/* SPDX-License-Identifier: MIT */
/* A call, a fault and words about a step, as every report for people writes them. */
#ifndef MMTOOL_REPORT_PHRASE_H
#define MMTOOL_REPORT_PHRASE_H

#include "mm/event.h"

#include <stdbool.h>

struct buf;

/*
 * Adds the call of a step in strace's form: "mremap(0x7f3c5a1e4000, 4096, 16384, 0) = -1 ENOMEM (…)".  symbolic: addresses
 * by name.  Adds nothing, and returns false, where there is none to show: none was made, or a memory operation held.
 */
bool phrase_call(struct buf *buf, const struct event_step *step, bool symbolic);

/* Adds a fault of the step: "SIGSEGV, SEGV_MAPERR at 0x7f3c5a1e4000: nothing is mapped there". */
void phrase_fault(struct buf *buf, const struct event_step *step, const struct event_fault *fault, bool symbolic);

/*
 * Adds words about the step: why it failed, why the kernel did so.  symbolic: addresses that nothing names and process and
 * segment IDs, which another run finds otherwise, as *.
 */
void phrase_words(struct buf *buf, const struct event_step *step, const char *words, bool symbolic);

#endif
