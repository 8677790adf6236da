/* SPDX-License-Identifier: MIT */
/* The words that can stand at the cursor: calls, functions, constants, names, and the shell's own. */
#ifndef MMTOOL_APP_COMPLETE_H
#define MMTOOL_APP_COMPLETE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* {0} is empty. */
struct completion {
	const char **words; /* sorted, each once; borrowed */
	size_t count, cap;
	size_t typed;       /* bytes of them that stand before the cursor */
	struct buf insert;  /* what can be added to the line; with one word whole, and what follows it */
};

/* What is completed from besides the language. */
struct complete_source {
	const char *const *names; /* the names that are bound */
	size_t name_count;
	const char *const *words; /* the shell's own, at the start of a line; ends with NULL */
};

/*
 * Fills completion for the end of text, the statement so far with all of its lines: what is looked for follows from what stands
 * before it (a flag argument has its own constants, RESULT has errors).  fresh: text is the start of a statement's first line.
 */
void complete_word(const struct complete_source *source, const char *text, size_t len, bool fresh,
                   struct completion *completion);

/* Adds the words in columns, within 80 of them. */
void completion_list(const struct completion *completion, struct buf *out);
void completion_fini(struct completion *completion);

#endif
