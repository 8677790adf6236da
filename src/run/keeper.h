/* SPDX-License-Identifier: MIT */
/* A child of the tool that outlives it for a moment, to take away what a script made. */
#ifndef MMTOOL_RUN_KEEPER_H
#define MMTOOL_RUN_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct keeper {
	pid_t pid;  /* 0: there was no need yet */
	int socket; /* what the keeper is to know is sent here; when it closes, because the script has ended or the tool is gone, it acts */
};

/*
 * Forks one that calls keep(socket, file, context) with no other descriptor open; file is the caller's, or -1.  Each read(2) of
 * its socket gives one message, and 0 bytes in the end.  keep() says whether nothing is left of what it was to take away; it
 * has nobody to complain to, and allocates nothing.  0 or -errno, with the call that failed.
 */
int keeper_start(struct keeper *keeper, int file, bool (*keep)(int socket, int file, void *context), void *context,
                 const char **call);
/* Sends it a message.  0, or -EPIPE or -ECONNRESET: somebody has killed it; or another -errno. */
int keeper_tell(const struct keeper *keeper, const void *message, size_t size);
/*
 * For keep(): the next message, 0 in the end.  Where reading fails it is tried again, for whoever is kept goes on meanwhile;
 * -errno when that does not help.
 */
ssize_t keeper_read(int socket_end, void *message, size_t size);
/* Closes the socket, and waits until it has done its work.  False: it could not, or was killed, and the work is the caller's. */
bool keeper_end(struct keeper *keeper);

#endif
