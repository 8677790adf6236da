/* SPDX-License-Identifier: MIT */
/* Where a system call can have changed the mappings of its process. */
#ifndef MMTOOL_RUN_REACH_H
#define MMTOOL_RUN_REACH_H

#include "run/machine.h"

/*
 * Says after a system call, whether it failed or not, where the snapshot of the current process may no longer be true.
 * Mappings beside these ranges can have changed with them: they may have been split, or become one with what is there now.
 */
void reach_of(struct machine *m, const struct performance *p);

#endif
