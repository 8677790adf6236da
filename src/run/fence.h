/* SPDX-License-Identifier: MIT */
/* The fence around a subject: a seccomp allow-list. */
#ifndef MMTOOL_RUN_FENCE_H
#define MMTOOL_RUN_FENCE_H

#include <stdbool.h>

/*
 * What a call that the fence refuses answers: an error number that no kernel uses (MAX_ERRNO is the largest that
 * seccomp(2) can return), so that a refusal is never mistaken for the kernel's own answer.
 */
enum { FENCE_ERRNO = 4095 };

/*
 * Confines the calling process, and all that it forks, to the calls of the script language and of the executor, for good.
 * Files are opened for reading only, unless allow_write.
 * Returns 0 or -errno (ENOSYS, EINVAL: a kernel without seccomp filters); then *call names what failed.
 */
int fence_raise(bool allow_write, const char **call);

#endif
