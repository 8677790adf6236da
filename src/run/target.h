/* SPDX-License-Identifier: MIT */
/* What a user names to look at: a process by its number, a saved maps or smaps file, "-" for standard input. */
#ifndef MMTOOL_RUN_TARGET_H
#define MMTOOL_RUN_TARGET_H

#include "base/buf.h"
#include "mm/maps.h"
#include "mm/smaps.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct target {
	const char *name;  /* as the user named it, borrowed; "self" for mmtool's own process */
	pid_t pid;         /* 0: a file or standard input */
	char *command;     /* the process's name (proc_pid_comm(5)); NULL: a file, or not to be known; owned */
	char *program;     /* the file that it runs (proc_pid_exe(5)); NULL likewise; owned */
	int fd;            /* of the text to read; -1 when closed */
	off_t offset;      /* of a process's text: where to read on */
	int64_t time;      /* nanoseconds since the Epoch when reading began */
	bool ended;        /* the end of the text was read */
	struct buf rest;   /* what was read of the next part */
};

/* A part that is enough to make few calls, and little enough for the processor's cache; for target_read. */
enum { TARGET_PART = 16 * 1024 };

/*
 * Opens what name says.  what is "maps" or "smaps", for a process.  Digits alone are a process's number (./123 is a file);
 * NULL is mmtool's own process.  Returns 0, or -errno with *problem set to one plain message that the caller frees: no such
 * process, who may read it, a kernel thread or a zombie (-ESRCH), a folder, ….
 */
int target_open(struct target *target, const char *name, const char *what, char **problem);
void target_close(struct target *target);

/*
 * Reads the next whole lines, about max bytes of them (0: all), into the emptied text.  Returns 1 (more may follow), 0 (that
 * was the end) or -errno, with what was read before in text.  -ESRCH: the process ended or replaced its program while it
 * was read, so that the text is not whole; -EMSGSIZE: a line is longer than any of maps.  target_problem() says each in words.
 */
int target_read(struct target *target, struct buf *text, size_t max);
/* A process is read from its start again: 0; a file cannot be: -ESPIPE. */
int target_again(struct target *target);
/* Tells in *problem that a call failed with a file of the process's folder, "" for the folder itself.  Returns the error. */
int target_fail(const struct target *target, const char *call, const char *file, int error, char **problem);
/* A message, which the caller frees, for an error of target_read(). */
char *target_problem(const struct target *target, int error);
/* The same for a line of the text, counted from 1, that maps_parse() refused: it is none of maps, or out of order. */
char *target_bad_line(const struct target *target, size_t number, const char *line, size_t len);
/* The same for a text without any mapping: an empty file. */
char *target_empty(const struct target *target);
/* Whether the first line of a text is one of maps. */
bool target_is_line(const char *text, size_t len);
/* Adds how messages call it, escaped: "process 12 (bash)", "old.maps", "standard input". */
void target_add_name(struct buf *buf, const struct target *target);

/*
 * The whole address space, read again (up to 8 times) when it was torn (overlap, disorder).  Of a smaps text the mappings'
 * lines are taken.  Returns 0, or -errno with *problem.  maps may have been used before.
 */
int target_maps(struct target *target, struct maps *maps, char **problem);
/* The same, with the records where the text is a smaps: *detailed says so, and smaps->list is valid only then. */
int target_smaps(struct target *target, struct smaps *smaps, bool *detailed, char **problem);

#endif
