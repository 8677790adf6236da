/* SPDX-License-Identifier: MIT */
/* A session: what a command planned is parsed, performed and reported. */
#ifndef MMTOOL_APP_SESSION_H
#define MMTOOL_APP_SESSION_H

#include "app/options.h"
#include "cmd/command.h"
#include "run/process.h"

/*
 * Performs the plan's scripts in order, each in a fresh subject, or prints them (--format=script).  first is the child that
 * was forked when mmtool started; it is used up.  Returns the exit status.
 */
int session_run(const struct plan *plan, const struct common_options *options, struct process *first);

#endif
