/* SPDX-License-Identifier: MIT */
/* The errors of one script, collected and then shown with their places. */
#ifndef MMTOOL_LANG_ERRORS_H
#define MMTOOL_LANG_ERRORS_H

#include "lang/script.h"

#include <stdbool.h>
#include <stddef.h>

enum { ERRORS_MOST = 20 };

struct script_error {
	struct span at;
	const char *message; /* in the arena */
};

/* file, text and len are borrowed; {0} but for them is an empty list. */
struct errors {
	const char *file;
	const char *text;
	size_t len;
	struct script_error list[ERRORS_MOST];
	size_t count;
	bool more; /* the list was full before the end of the script was seen */
	struct arena arena;
};

/* Takes an error at the first byte of at.  A second one at the same place, and what is over ERRORS_MOST, is dropped. */
void errors_add(struct errors *errors, struct span at, const char *format, ...) __attribute__((format(printf, 3, 4)));

static inline bool errors_full(const struct errors *errors)
{
	return errors->count == ERRORS_MOST;
}

/* Source text for a message: escaped, cut where it is long.  Lives as long as errors. */
const char *errors_shown(struct errors *errors, const char *text, size_t len);

/* Adds all of them to out in the order of the text, as script_parse() says. */
void errors_render(struct errors *errors, struct buf *out);
void errors_fini(struct errors *errors);

#endif
