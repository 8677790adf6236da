/* SPDX-License-Identifier: MIT */
/* What the change of the policy and its putting back share. */
#ifndef MMTOOL_RUN_POLICY_PART_H
#define MMTOOL_RUN_POLICY_PART_H

#include "run/knobs.h"
#include "run/policy.h"

/*
 * Opens the knobs, locks them against a second setter and reads them.  The watcher shares the lock, so it lasts until the
 * old values are back.  False: outcome says why, with the option's name before it; the caller calls knobs_close() then too.
 */
bool policy_claim(struct knobs *knobs, struct knob_value now[KNOBS], const char *option, struct policy_outcome *outcome);

#endif
