/* SPDX-License-Identifier: MIT */
/* The old values of the overcommit policy, kept in a file while another is in force, for --restore after a crash. */
#ifndef MMTOOL_RUN_KEPT_H
#define MMTOOL_RUN_KEPT_H

#include "run/knobs.h"

#include <sys/types.h>

struct kept {
	pid_t pid;     /* the mmtool that changed the policy */
	bool outdated; /* the machine was started anew since, and that has put the policy back */
	bool unwritten; /* its writer was killed before it wrote, and so before it changed anything */
	struct knob_value old[KNOBS];
	char path[64];
};

/*
 * Writes mmtool-overcommit into /run, or where there is none into /var/lib: who changes the policy is root, and these are
 * root's own.  The caller has the lock of knobs_open(), so there is nobody else who writes; a file that is there is an error.
 * Returns 0, or -errno after saying why.
 */
int kept_write(const struct knob_value old[KNOBS], struct buf *problem);
/*
 * Looks for such a file: 1 there is one, 0 there is none.  -errno after saying why it is refused: one that is not root's
 * alone, or a link, or does not hold what kept_write() writes, or a policy that the kernel would not take.
 */
int kept_read(struct kept *kept, struct buf *problem);
/* Removes it, and allocates nothing; one that is not there is none.  Returns 0, or -errno. */
int kept_remove(void);

#endif
