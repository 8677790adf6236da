/* SPDX-License-Identifier: MIT */
/* A child of the tool that outlives it for a moment, to take away what a script made. */
#ifndef MMTOOL_RUN_KEEPER_H
#define MMTOOL_RUN_KEEPER_H

#include <sys/types.h>

struct keeper {
	pid_t pid; /* 0: there was no need yet */
	int pipe;  /* what the keeper is to know is written here; when it closes, because the script has ended or the tool is gone, it acts */
};

/* Forks one that calls keep(pipe_end, file) with no other descriptor open; file is the caller's, or -1.  0 or -errno. */
int keeper_start(struct keeper *keeper, int file, void (*keep)(int pipe_end, int file));
/* Closes the pipe, and waits until it has done its work. */
void keeper_end(struct keeper *keeper);

#endif
