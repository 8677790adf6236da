/* SPDX-License-Identifier: MIT */
/* A program run under another overcommit policy of the whole machine. */
#ifndef MMTOOL_RUN_POLICY_H
#define MMTOOL_RUN_POLICY_H

#include "base/buf.h"

enum { POLICY_KEEP_RATIO = -1 };

struct policy_change {
	int policy; /* what vm.overcommit_memory becomes: 0, 1 or 2 */
	int ratio;  /* what vm.overcommit_ratio becomes, in percent, or POLICY_KEEP_RATIO */
};

struct policy_outcome {
	int status;         /* mmtool's exit status */
	int signal;         /* the signal that mmtool is to die of instead; 0: none */
	/* What there is to complain of, and what to print; the caller calls buf_fini(). */
	struct buf problem, said;
};

/*
 * Changes the policy, runs argv (ends with NULL) and puts back vm.overcommit_memory, _ratio and _kbytes on every way
 * out, SIGKILL of this process included.  The old values are kept in a file meanwhile, for policy_restore().  path is
 * that of the program: nothing is looked for.
 *
 * Fills *outcome, which is zeroed on entry: with the program's exit status, 128 + the signal that killed it, 127 where
 * there is no such program and 126 where it cannot be executed; with STATUS_UNSUPPORTED where this user or this machine
 * cannot change the policy; with STATUS_TOOL when another one holds it changed, or has left it so, or when something
 * failed, above all the putting back.  On SIGINT, SIGTERM, SIGHUP and SIGQUIT the program is ended first; one that came
 * from the terminal reached it too, and is left to it.
 *
 * The program gets the signal mask, dispositions, affinity and descriptors that the caller has on entry, but those with
 * O_CLOEXEC: what is to be inherited from mmtool's own caller must not have been changed.  It is killed when this process
 * is.  On return signals stay blocked: the caller is about to exit, or calls policy_die().  Needs pidfd_open (Linux 5.3).
 */
void policy_run(const struct policy_change *change, char *const argv[], const char *path,
                struct policy_outcome *outcome);

/*
 * Puts back what policy_run() could not, because it and its watcher were killed at once: the old values were kept in a file
 * (run/kept.h).  Fills *outcome as policy_run() does; its status is STATUS_OK also when there is nothing to put back.
 */
void policy_restore(struct policy_outcome *outcome);

/* Dies of a signal, leaving no core. */
_Noreturn void policy_die(int signo);

#endif
