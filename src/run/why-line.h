/* SPDX-License-Identifier: MIT */
/* Explains the failed calls and the faults in lines of strace(1). */
#ifndef MMTOOL_RUN_WHY_LINE_H
#define MMTOOL_RUN_WHY_LINE_H

#include "base/buf.h"
#include "mm/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct maps;
struct why_source;

/* What is known beside the lines. */
struct why_world {
	uint64_t page;                   /* the page size of the machine that the lines are of */
	const struct maps *maps;         /* NULL: the address space is not known */
	const struct why_source *source; /* run/why-rule.h; NULL: nothing else is known */
	bool process;                    /* the source is a process as it is now */
};

/* A reader of lines, one after another. */
struct why_lines;
struct why_lines *why_lines_new(const struct why_world *world, const struct event_sink *sink);
void why_lines_free(struct why_lines *lines);

/* Another input, whose lines count from 1; name is borrowed. */
void why_lines_begin(struct why_lines *lines, const char *name);

enum why_line {
	WHY_LINE_NOISE,     /* nothing that mmtool explains */
	WHY_LINE_SUCCEEDED, /* a call that did not fail */
	WHY_LINE_UNKNOWN,   /* a failed call of which mmtool has no rules */
	WHY_LINE_EXPLAINED, /* an event was sent */
	WHY_LINE_UNEXPLAINED, /* an event was sent, and says that mmtool does not know */
};
enum why_line why_lines_take(struct why_lines *lines, const char *text, size_t len);

/* Adds all rules: id, error, the rule in one line. */
void why_add_rules(struct buf *out);

/*
 * What --maps names: a process's number, or a file of maps or smaps.  Opened, read and described in world, until closed.
 * 0, or -errno with *problem set to one message that the caller frees.
 */
struct why_space;
int why_space_open(struct why_space **space, const char *name, struct why_world *world, char **problem);
void why_space_close(struct why_space *space);

#endif
