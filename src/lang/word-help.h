/* SPDX-License-Identifier: MIT */
/* What the language's keywords, predefined names and functions are, in words. */
#ifndef MMTOOL_LANG_WORD_HELP_H
#define MMTOOL_LANG_WORD_HELP_H

#include <stddef.h>

struct word_help {
	const char *word;
	const char *usage;   /* how it is written */
	const char *meaning; /* sentences without the last full stop */
};

/* The help of a word, or NULL. */
const struct word_help *word_help(const char *word, size_t len);

#endif
