/* SPDX-License-Identifier: MIT */
/* Another process's life, seen from outside: when it ends, how, and whether it runs another program now. */
#ifndef MMTOOL_RUN_LIFE_H
#define MMTOOL_RUN_LIFE_H

#include "base/buf.h"

#include <stdbool.h>
#include <sys/types.h>

/* It is held by descriptors, so that a later process of the same number is never taken for it. */
struct life {
	pid_t pid;
	int directory;    /* /proc/PID: says ESRCH once the process is gone, whoever has its number then */
	int pidfd;        /* readable when it ends; -1: the kernel has none for it (before 5.3; a thread's number) */
	bool headless;    /* its main thread was seen to have ended before the others, with own_status (as waitpid(2) tells it) */
	int own_status;
	struct buf image; /* its auxiliary vector (proc_pid_auxv(5)): addresses that exec chooses; empty: not to be known */
};

enum life_state {
	LIFE_SAME,    /* it lives, in the address space that it had */
	LIFE_EXECED,  /* it lives, and runs another program, or the same once more */
	LIFE_ENDED,   /* it exited or was killed; it may not have been waited for yet */
	LIFE_LEAVING, /* it has no address space any more, and has not ended: it may be waiting for a device */
};

/* Returns 0, or -errno (-ESRCH: no such process).  The caller opens what else it needs of it, and then calls life_begin(). */
int life_open(struct life *life, pid_t pid);
/*
 * Takes note of what it runs.  0, or -errno; -ESRCH: it is gone, and what was opened meanwhile may be of another one of its
 * number.
 */
int life_begin(struct life *life);
void life_close(struct life *life);

/*
 * What became of it.  gone: a maps file of it that was opened with it reads as empty, so that address space is nobody's any
 * more (fs/proc/task_mmu.c: it holds the mm, and not its users).  Without that, an exec shows by the auxiliary vector: while
 * another process shares the old address space (vfork(2), CLONE_VM) it is not gone.
 */
enum life_state life_look(struct life *life, bool gone);

/*
 * The status of one that ended, as waitpid(2) tells it.  1: it is known; 0: this user may not know it, for it is its parent's
 * to collect; or -errno of what should have told it.
 * That of a main thread that ended before the others is not taken for it: a status that is the same as its own is not known.
 * Waits a moment for that parent, since from 6.15 on a pidfd tells it to all once it is collected (PIDFD_GET_INFO).
 */
int life_status(const struct life *life, int *status);

/* Adds what it is called (proc_pid_comm(5)), as it is.  0, or -errno: -ESRCH when it is gone. */
int life_add_command(struct buf *buf, const struct life *life);

#endif
