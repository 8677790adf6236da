/* SPDX-License-Identifier: MIT */
/* How much memory processes have touched. */
#ifndef MMTOOL_RUN_TOUCHED_H
#define MMTOOL_RUN_TOUCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Whether these processes together hold more than that many bytes of anonymous and shared memory, huge pages of the pool,
 * locked pages of files and page tables: what they have resident or swapped out, each page counted once where the kernel
 * tells (Pss), and the unlinked files that they have open, each once: pages in memory, huge pages, and blocks on a disk.
 * A page that is mapped and in such a file counts once, too; but twice in mappings beyond those that can be read in a look.
 */
bool touched_over(const pid_t *pids, size_t count, uint64_t bytes);

/* From now on the System V segments that this process makes count, whether or not anybody has them attached. */
void touched_add_creator(pid_t pid);
/*
 * From now on resident pages of files count too: a script has called memfd_secret(2), whose pages the kernel counts there
 * and nowhere else.
 */
void touched_add_secrets(void);

#endif
