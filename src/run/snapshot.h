/* SPDX-License-Identifier: MIT */
/* Snapshots of whatever the user names, as values. */
#ifndef MMTOOL_RUN_SNAPSHOT_H
#define MMTOOL_RUN_SNAPSHOT_H

#include "mm/event.h"
#include "mm/smaps.h"

#include <stdbool.h>

/* A whole address space at one moment.  All zero is an empty one. */
struct snapshot {
	struct event_snapshot about; /* but its maps, which are smaps.maps; name is borrowed */
	char *command;               /* what about.command points to, or NULL */
	struct smaps smaps;
	bool detailed;               /* smaps.list is valid */
};

/*
 * Reads what name says, as target_open() takes it: a process's mappings (with smaps its smaps), a saved maps or smaps file,
 * recorded events.  With smaps, what does not tell what is resident is refused.
 * Returns 0, or -errno with *problem, which the caller frees.
 */
int snapshot_read(struct snapshot *snapshot, const char *name, bool smaps, char **problem);
void snapshot_fini(struct snapshot *snapshot);

/*
 * Sends the mappings of what name says, where detail asks for it with what smaps says of each, in as many events as they need.
 * Returns the exit status; *problem as above.
 */
int snapshot_run(const char *name, bool detail, const struct event_sink *sink, char **problem);

#endif
