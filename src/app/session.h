/* SPDX-License-Identifier: MIT */
/* A session: what a command planned is parsed, performed and reported. */
#ifndef MMTOOL_APP_SESSION_H
#define MMTOOL_APP_SESSION_H

#include "app/options.h"
#include "app/output.h"
#include "cmd/command.h"
#include "run/process.h"

/*
 * Performs the plan's scripts in order, each in a fresh subject, or prints them (--format=script).  first is the child that
 * was forked when mmtool started; it is used up.  Returns the exit status.
 */
int session_run(const struct plan *plan, const struct common_options *options, struct process *first);

/* What the shell shares with it.  Waits until the first child is ready.  False: it is not, and it was said why. */
bool session_greets(struct process *first);
/* Has the first child make a subject.  False: there is none, and it was said why, after what is in output. */
bool session_fork(struct process *first, struct process *subject, struct output *output);
/* The report of each enum format. */
extern const struct report_class *const session_reports[];
/* Whether what is written to fd is coloured. */
bool session_wants_color(enum color color, int fd);
/* Fills in the limits that were not given. */
void session_limits(struct interp_options *options);
/* The exit status of a verdict, and the worse of two: the status of all is the worst. */
int session_status(enum verdict verdict);
int session_worse(int a, int b);

#endif
