/* SPDX-License-Identifier: MIT */
/* Where a statement ends, for text that comes line by line. */
#ifndef MMTOOL_LANG_EXTENT_H
#define MMTOOL_LANG_EXTENT_H

#include "lang/lexer.h"

#include <stdbool.h>
#include <stddef.h>

/* What the lines so far have left open; {0} before the first. */
struct extent {
	unsigned blocks, brackets; /* "{", and "(" and "[", without their end */
	bool any;                  /* there is more than blanks and comments */
	bool continued;            /* the last token is one after which a newline ends nothing */
};

/* Takes one line more: no token of the language goes on from one line to the next. */
void extent_add(struct extent *extent, const char *line, size_t len);
/* Whether the statement needs further lines. */
bool extent_is_open(const struct extent *extent);

/* Whether a newline after such a token ends no statement: a binary operator, "=" or a comma. */
bool extent_continues(enum token_kind kind);

#endif
