/* SPDX-License-Identifier: MIT */
/* Trials: whether the running kernel knows a constant or a call, by asking it. */
#ifndef MMTOOL_RUN_TRIAL_H
#define MMTOOL_RUN_TRIAL_H

#include "mm/call.h"
#include "mm/constant.h"

enum trial {
	TRIAL_PRESENT,
	TRIAL_ABSENT,
	TRIAL_REFUSED, /* a filter around mmtool (seccomp) refuses the call, whatever its arguments are */
	TRIAL_UNKNOWN, /* the kernel cannot be asked: the language counts it as present */
	TRIAL_FAILED,  /* a call failed for another reason than what was asked about: trial_failure() */
};

/*
 * Each makes system calls that have no effect outside the calling process, and leaves that process in no particular state:
 * it is to be a child made for this one trial.  A constant that is absent on this architecture must not be asked about.
 */
enum trial trial_constant(const struct constant *constant);
enum trial trial_call(const struct call *call);
/* After TRIAL_FAILED: the call, and its errno. */
const char *trial_failure(int *error);

#endif
