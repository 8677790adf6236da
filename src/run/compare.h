/* SPDX-License-Identifier: MIT */
/* Compares two snapshots of whatever the user names: processes, saved files. */
#ifndef MMTOOL_RUN_COMPARE_H
#define MMTOOL_RUN_COMPARE_H

#include "mm/event.h"

#include <stdbool.h>

struct compare_options {
	const char *old_name, *new_name; /* as target_open() takes them; one of both may be "-" */
	bool detail; /* of processes smaps is read */
	bool align;  /* they are two runs of one program: align_compute() */
};

/*
 * Sends one delta.  Returns STATUS_OK when nothing differs, STATUS_FAILED when something does, or STATUS_TOOL with *problem,
 * which the caller frees, when one of them cannot be read.
 */
int compare_run(const struct compare_options *options, const struct event_sink *sink, char **problem);

#endif
