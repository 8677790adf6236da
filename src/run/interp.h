/* SPDX-License-Identifier: MIT */
/* The interpreter: performs a script in a subject and tells what happened. */
#ifndef MMTOOL_RUN_INTERP_H
#define MMTOOL_RUN_INTERP_H

#include "lang/script.h"
#include "mm/event.h"
#include "run/process.h"

#include <stdbool.h>

struct interp_options {
	bool keep_going;  /* a failed step does not stop the script */
	bool explain;     /* say why the kernel did what it did, also where nothing failed */
	bool all_checks;  /* send the checks of all passes of a repeat, also those that are summed up */
	bool several;     /* this script is one of several */
	bool allow_write; /* files may be opened for writing */
	struct exchange_limits limits;
	/* Called before each statement that is performed, or NULL. */
	void (*before_step)(void *context, const struct event_source *source, pid_t pid);
	void *context;
};

/*
 * Runs a script in subject, which was greeted and is used up by it: on return it has been collected.  Sends EVENT_START,
 * the steps and notes, and EVENT_VERDICT.  Returns the verdict.  With VERDICT_BROKEN *problem is a message that the caller frees.
 */
enum verdict interp_run(const struct script *script, struct process *subject, const struct interp_options *options,
                        const struct event_sink *sink, char **problem);

#endif
