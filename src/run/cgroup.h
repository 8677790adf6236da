/* SPDX-License-Identifier: MIT */
/* A memory cgroup of a process's own, so that it can meet the OOM killer and nobody else does: cgroups(7). */
#ifndef MMTOOL_RUN_CGROUP_H
#define MMTOOL_RUN_CGROUP_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { CGROUP_PATH = 4096 };

struct cgroup {
	char path[CGROUP_PATH]; /* its directory; empty: there is none */
	bool unified;           /* of version 2 */
};

/*
 * Makes a cgroup below that of the tool, or beside it (version 2 lets none that holds processes share out memory), limits it to
 * so many bytes of memory and no swap, and puts the process into it; what that has already stays the old cgroup's.  Before
 * each attempt announce() is told the path, so that somebody knows what to remove whatever happens; -errno: it cannot.
 * Empty ones that were left there by a tool that was killed together with its keeper are removed first.
 * Returns 0, or -errno after adding to problem, in words, why there can be none, with the call that failed.  Nothing is left of
 * an attempt that failed, and the path is empty then; otherwise it could not be removed.
 */
int cgroup_confine(struct cgroup *group, pid_t pid, uint64_t bytes, int (*announce)(void *context, const char *path),
                   void *context, struct buf *problem);
/* Puts another process into it.  0 or -errno. */
int cgroup_enter(const struct cgroup *group, pid_t pid);
/* How many processes the OOM killer has killed in it: memory.events (version 2), memory.oom_control (1).  0 or -errno. */
int cgroup_oom_kills(const struct cgroup *group, int64_t *count);
/* Kills who is still in it, and removes it; tries again for a while.  0, also where it is not there, or what rmdir(2) failed with. */
int cgroup_remove(const char *path);

#endif
