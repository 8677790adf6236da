/* SPDX-License-Identifier: MIT */
/* The lines of a shell: typed at a terminal, with editing and history, or read from a file or a pipe. */
#ifndef MMTOOL_APP_LINE_H
#define MMTOOL_APP_LINE_H

#include "app/complete.h"
#include "app/edit.h"
#include "app/history.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum line {
	LINE_READ,
	LINE_CANCELLED, /* Ctrl-C at the prompt */
	LINE_END,
	LINE_FAILED,    /* errno is set */
};

struct lines {
	bool terminal;    /* somebody types at a terminal and sees what is printed there */
	struct edit *edit; /* NULL: no line editing */
	struct history history;
	struct buf buf;   /* without editing: what was read; the line is in front */
	size_t at;        /* where the next line begins */
	bool ended;
	void (*before_read)(void *context); /* called before waiting for input */
	void *context;
};

/*
 * Reads standard input.  At a terminal (standard output too) it opens libedit and the history; what is missing is said once on
 * standard error, and the shell does without.  complete and before_read are called with context.
 */
void lines_open(struct lines *lines,
                void (*complete)(void *context, const char *text, size_t len, struct completion *completion),
                void (*before_read)(void *context), void *context);
void lines_close(struct lines *lines);

/* The next line, with its newline when it has one, valid until the next call.  The prompt is shown at a terminal only. */
enum line lines_next(struct lines *lines, const char *prompt, const char **text, size_t *len);

#endif
