/* SPDX-License-Identifier: MIT */
/* Keywords, predefined names, and suggestions for misspelt words. */
#include "lang/word.h"

#include <string.h>

static const char *const keywords[KEYWORD_COUNT] = {
	[KEYWORD_EXPECT] = "expect", [KEYWORD_IF] = "if",           [KEYWORD_ELSE] = "else",
	[KEYWORD_REPEAT] = "repeat", [KEYWORD_AS] = "as",           [KEYWORD_BREAK] = "break",
	[KEYWORD_IN] = "in",         [KEYWORD_REQUIRE] = "require", [KEYWORD_KERNEL] = "kernel",
	[KEYWORD_NOTE] = "note",     [KEYWORD_FAULT] = "fault",
};

enum { PREDEFINED_COUNT = PRE_SCRATCH + 1 };

static const char *const predefined[PREDEFINED_COUNT] = {
	[PRE_PAGE] = "page",             [PRE_HUGEPAGE] = "hugepage", [PRE_NULL] = "NULL",
	[PRE_MAP_FAILED] = "MAP_FAILED", [PRE_ERRNO] = "errno",       [PRE_SCRATCH] = "scratch",
};

static int find(const char *const *list, int count, const char *word, size_t len)
{
	for (int i = 0; i < count; i++) {
		if (strncmp(list[i], word, len) == 0 && list[i][len] == '\0')
			return i;
	}
	return -1;
}

int keyword_find(const char *word, size_t len)
{
	return find(keywords, KEYWORD_COUNT, word, len);
}

int predefined_find(const char *word, size_t len)
{
	return find(predefined, PREDEFINED_COUNT, word, len);
}

size_t word_length(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len) {
		char c = text[i];

		if (c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9'))
			break;
		i++;
	}
	return i;
}

/* Longer words are not worth the time of a comparison. */
enum { WORD_MOST = 48 };

/* How many edits still look like a slip of the fingers. */
static size_t slips(size_t len)
{
	return len < 3 ? 0 : len < 6 ? 1 : len < 10 ? 2 : 3;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Insertions, deletions, replacements and swaps of neighbours (optimal string alignment); case is no difference.  limit or
 * more, and words that are too long: limit.  So many apart from the diagonal nothing is worth looking at, and two rows of it
 * are the end.
 */
static size_t edits(const char *a, size_t a_len, const char *b, size_t b_len, size_t limit)
{
	size_t rows[3][WORD_MOST + 2], *before = rows[0], *above = rows[1], *row = rows[2], smallest = 0;

	if (a_len > WORD_MOST || b_len > WORD_MOST || limit == 0)
		return limit;
	for (size_t j = 0; j < WORD_MOST + 2; j++)
		before[j] = above[j] = row[j] = least(j, limit);
	for (size_t i = 1; i <= a_len; i++) {
		size_t from = i >= limit ? i - limit + 1 : 1, to = least(i + limit - 1, b_len), earlier = smallest;

		smallest = row[from - 1] = from == 1 ? least(i, limit) : limit;
		for (size_t j = from; j <= to; j++) {
			char x = lower(a[i - 1]), y = lower(b[j - 1]);

			row[j] = least(above[j - 1] + (x != y), least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y)
				row[j] = least(row[j], before[j - 2] + 1);
			smallest = least(smallest, row[j]);
		}
		row[to + 1] = limit;
		if (smallest >= limit && earlier + 1 >= limit)
			return limit;
		size_t *spare = before;

		before = above;
		above = row;
		row = spare;
	}
	return least(above[b_len], limit);
}

void suggestion_init(struct suggestion *suggestion, const char *word, size_t len)
{
	*suggestion = (struct suggestion){ .word = word, .len = len, .distance = slips(len) + 1 };
}

void suggestion_offer(struct suggestion *suggestion, const char *candidate, size_t len)
{
	size_t longer = len > suggestion->len ? len : suggestion->len;
	size_t shorter = least(len, suggestion->len);

	if (longer - shorter >= suggestion->distance)
		return;
	size_t distance = edits(suggestion->word, suggestion->len, candidate, len, suggestion->distance);

	if (distance < suggestion->distance) {
		suggestion->distance = distance;
		suggestion->best = candidate;
		suggestion->best_len = len;
	}
}

void suggestion_offer_keywords(struct suggestion *suggestion)
{
	for (size_t i = 0; i < KEYWORD_COUNT; i++)
		suggestion_offer(suggestion, keywords[i], strlen(keywords[i]));
}

void suggestion_offer_predefined(struct suggestion *suggestion)
{
	for (size_t i = 0; i < PREDEFINED_COUNT; i++)
		suggestion_offer(suggestion, predefined[i], strlen(predefined[i]));
}

void suggestion_offer_calls(struct suggestion *suggestion)
{
	for (size_t i = 0; i < call_count; i++)
		suggestion_offer(suggestion, call_table[i].name, strlen(call_table[i].name));
}

void suggestion_offer_functions(struct suggestion *suggestion)
{
	for (size_t i = 0; i < function_count; i++)
		suggestion_offer(suggestion, function_table[i].name, strlen(function_table[i].name));
}

void suggestion_offer_constants(struct suggestion *suggestion, enum constant_group group)
{
	for (size_t i = 0; i < constant_count; i++) {
		if (group == GROUP_NONE || constant_table[i].group == group)
			suggestion_offer(suggestion, constant_table[i].name, strlen(constant_table[i].name));
	}
}

const char *suggestion_text(const struct suggestion *suggestion, struct errors *errors)
{
	struct buf text = { 0 };

	if (suggestion->best == NULL)
		return "";
	buf_printf(&text, "; did you mean '%s'?", errors_shown(errors, suggestion->best, suggestion->best_len));
	const char *copy = arena_string(&errors->arena, buf_text(&text), text.len);

	buf_fini(&text);
	return copy;
}
