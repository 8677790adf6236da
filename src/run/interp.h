/* SPDX-License-Identifier: MIT */
/* The interpreter: performs a script in a subject and tells what happened. */
#ifndef MMTOOL_RUN_INTERP_H
#define MMTOOL_RUN_INTERP_H

#include "lang/script.h"
#include "mm/event.h"
#include "run/observer.h"
#include "run/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A name that the script finds defined (run's -D). */
struct interp_definition {
	char *name;      /* owned by the maker, as text is */
	bool is_string;
	int64_t integer;
	char *text;      /* len bytes and a NUL */
	size_t len;
};

/* An error that calls of the script get instead of being made. */
struct interp_injection {
	const struct call *call;
	int error;    /* positive */
	uint64_t nth; /* only that one, counted from 1; 0: each */
};

/* A resource limit that the subject has from its start. */
struct interp_limit {
	int resource;   /* RLIMIT_AS, … */
	uint64_t bytes;
};

struct interp_options {
	bool keep_going;  /* a failed step does not stop the script */
	bool detail;      /* look at counters and smaps around each statement */
	bool explain;     /* say why the kernel did what it did, also where nothing failed */
	bool pages;       /* look at the pages of the named regions around each step */
	bool several;     /* this script is one of several */
	bool allow_write; /* files may be opened for writing */
	enum observer_way observer; /* how the maps are read around a call */
	bool fed;         /* scripts come one after another (interp_feed()): the verdict names no place */
	struct exchange_limits limits;
	const struct interp_definition *definitions; /* in the order in which script_parse() was given their names */
	size_t definition_count;
	const struct interp_injection *injections;
	size_t injection_count;
	const struct interp_limit *rlimits;
	size_t rlimit_count;
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

/*
 * The same in its parts, for scripts that come piece by piece.  The machine holds the names with their values, and the
 * processes; options and sink are borrowed until interp_free().
 */
struct machine;
struct value;
struct machine *interp_new(const struct interp_options *options, const struct event_sink *sink);
/*
 * Takes subject, which was greeted and is used up by it, as the main process, and sends EVENT_START.  Later again, in place
 * of a main process that died: names keep their values, and regions are gone.  False: VERDICT_BROKEN.
 */
bool interp_begin(struct machine *machine, struct process *subject, const char *name);
/*
 * Performs a script whose first names are interp_names(), in their order; for the first script, those of
 * options->definitions.  Returns how it came out; with VERDICT_UNSUPPORTED and VERDICT_BROKEN interp_reason() says why.  The
 * script may be freed then, with options->fed.
 */
enum verdict interp_feed(struct machine *machine, const struct script *script);
/* One line; valid until the next call. */
const char *interp_reason(const struct machine *machine);
/*
 * Ends the processes that are left, and takes away what the script made outside of them: segments and a cgroup.  Nothing can be fed
 * then.  False: something is left, and interp_reason() says what and why; the verdict is VERDICT_BROKEN.
 */
bool interp_clean(struct machine *machine);
/* Sends EVENT_VERDICT over all that was fed, and returns it. */
enum verdict interp_conclude(struct machine *machine, char **problem);
/* How many steps were performed so far. */
unsigned interp_steps(const struct machine *machine);
/* With interp_clean(), where that was not called. */
void interp_free(struct machine *machine);

/*
 * Reads "NAME=EXPR", an expression of literals and constants, for interp_options.  Returns 0, or -EINVAL after adding to problem
 * what is wrong, as script_parse() says it, without a final newline.
 */
int interp_define(const char *text, struct interp_definition *definition, struct buf *problem);

/* The names so far: their texts live as long as the machine. */
const char *const *interp_names(const struct machine *machine, size_t *count);
/* A name's value (run/machine.h), or NULL: it is not bound. */
const struct value *interp_value(const struct machine *machine, size_t name);
/* The main process; alive or dead. */
const struct process *interp_main(const struct machine *machine);
/* Its maps as they are now, or NULL (it is dead, or the tool failed), and its named regions. */
const struct maps *interp_maps(struct machine *machine);
const struct regions *interp_regions(const struct machine *machine);

#endif
