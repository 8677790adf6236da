/* SPDX-License-Identifier: MIT */
/* What process.c, which makes and ends subjects, lends to process-ask.c, which asks them. */
#ifndef MMTOOL_RUN_PROCESS_PART_H
#define MMTOOL_RUN_PROCESS_PART_H

#include "run/process.h"

/* How often a statement that takes long is looked at, in milliseconds. */
enum { SAMPLE_MS = 20 };

/* Receives one message: its length in bytes, 0 at the end, or -1 with errno: EPROTO when another process sent it. */
ssize_t process_receive(const struct process *process, void *message, size_t size);

/* Takes the status of a process that has ended or is about to; false: with WNOHANG in options, it still lives. */
bool process_reap(struct process *process, int options);

/* EXCHANGE_BROKEN, with errno set to this positive one, and the name of what failed kept. */
enum exchange process_broken(struct process *process, const char *call, int error);

/* Whether a process that has been collected ended because its socket failed, or nobody knows how: errno and failed say why. */
bool process_lost(struct process *process);

/*
 * Whether the statement that began at since (of clock_ms()) has taken too long, or all subjects together too much memory:
 * EXCHANGE_DONE when not, or the process has been ended.  The second one also asks whether the user has given up waiting.
 */
enum exchange process_look(struct process *process, uint64_t since, const struct exchange_limits *limits);
enum exchange process_look_on(struct process *process, uint64_t since, const struct exchange_limits *limits);

/* Collects a process whose socket has ended: it is about to end, too, unless a script has made something else of its code. */
enum exchange process_await_end(struct process *process, uint64_t since, const struct exchange_limits *limits);

#endif
