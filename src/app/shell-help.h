/* SPDX-License-Identifier: MIT */
/* What the shell's help says. */
#ifndef MMTOOL_APP_SHELL_HELP_H
#define MMTOOL_APP_SHELL_HELP_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* The shell's own words, and the calls and functions by what they are for. */
void shell_help_overview(struct buf *out);
/* A few lines about a call, a function, a constant, a keyword or a word of the shell; false: it is none. */
bool shell_help_word(const char *word, size_t len, struct buf *out);
/* The word that was probably meant, or NULL. */
const char *shell_help_nearest(const char *word, size_t len);

#endif
