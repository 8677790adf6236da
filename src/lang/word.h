/* SPDX-License-Identifier: MIT */
/* The words of the language, and the one that a misspelt word was probably meant to be. */
#ifndef MMTOOL_LANG_WORD_H
#define MMTOOL_LANG_WORD_H

#include "lang/errors.h"
#include "lang/script.h"

#include <stddef.h>

enum keyword {
	KEYWORD_EXPECT, KEYWORD_IF, KEYWORD_ELSE, KEYWORD_REPEAT, KEYWORD_AS, KEYWORD_BREAK, KEYWORD_IN,
	KEYWORD_REQUIRE, KEYWORD_KERNEL, KEYWORD_NOTE, KEYWORD_FAULT,
	KEYWORD_COUNT,
};

/* An enum keyword, or -1. */
int keyword_find(const char *word, size_t len);
/* An enum predefined, or -1. */
int predefined_find(const char *word, size_t len);

/* The length of the identifier that text begins with; 0: none. */
size_t word_length(const char *text, size_t len);

/* The closest of the words that were offered.  word is borrowed, and so are the words offered. */
struct suggestion {
	const char *word;
	size_t len;
	const char *best; /* NULL: none is close */
	size_t best_len;
	size_t distance;  /* edits to best; the first beyond what is close when there is none */
};

void suggestion_init(struct suggestion *suggestion, const char *word, size_t len);
/* Of two that are equally close, the one offered first stays. */
void suggestion_offer(struct suggestion *suggestion, const char *candidate, size_t len);
void suggestion_offer_keywords(struct suggestion *suggestion);
void suggestion_offer_predefined(struct suggestion *suggestion);
void suggestion_offer_calls(struct suggestion *suggestion);
void suggestion_offer_functions(struct suggestion *suggestion);
/* The constants of one group; GROUP_NONE: all. */
void suggestion_offer_constants(struct suggestion *suggestion, enum constant_group group);
/* "; did you mean 'mmap'?", or "" when nothing is close.  Lives as long as errors. */
const char *suggestion_text(const struct suggestion *suggestion, struct errors *errors);

#endif
