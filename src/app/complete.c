/* SPDX-License-Identifier: MIT */
/* The words that can stand at the cursor. */
#include "app/complete.h"

#include "base/alloc.h"
#include "lang/extent.h"
#include "lang/word.h"

#include <stdlib.h>
#include <string.h>

enum { LISTED_MOST = 200, COLUMNS = 80 };

/* Kinds of words, to be looked for together. */
enum {
	WORD_OWN = 1,       /* the shell's */
	WORD_KEYWORD = 2,   /* those that begin a statement */
	WORD_CALL = 4,
	WORD_FUNCTION = 8,
	WORD_NAME = 16,     /* bound ones */
	WORD_VALUE = 32,    /* predefined names */
	WORD_CONSTANT = 64, /* of the group, or with GROUP_NONE of all */
};

struct search {
	const struct complete_source *source;
	const char *word; /* what was typed of it */
	size_t len;
	unsigned kinds;
	enum constant_group group;
	struct completion *found;
};

static void offer(struct search *search, const char *word)
{
	struct completion *found = search->found;

	if (strncmp(word, search->word, search->len) != 0)
		return;
	found->words = alloc_grow(found->words, &found->cap, found->count + 1, sizeof(found->words[0]));
	found->words[found->count++] = word;
}

static void offer_constants(struct search *search)
{
	for (size_t i = 0; i < constant_count; i++) {
		const struct constant *constant = &constant_table[i];

		if (search->group == GROUP_NONE || (constant->group == search->group && !constant->absent))
			offer(search, constant->name);
	}
}

static void offer_list(struct search *search, const char *const *words)
{
	for (; *words != NULL; words++)
		offer(search, *words);
}

static void offer_all(struct search *search)
{
	static const char *const keywords[] = { "expect", "if", "repeat", "break", "in", "require", "note", NULL };
	static const char *const values[] = { "page", "hugepage", "NULL", "MAP_FAILED", "errno", "scratch", "fault", NULL };

	if (search->kinds & WORD_OWN)
		offer_list(search, search->source->words);
	if (search->kinds & WORD_KEYWORD)
		offer_list(search, keywords);
	if (search->kinds & WORD_VALUE)
		offer_list(search, values);
	if (search->kinds & WORD_CONSTANT)
		offer_constants(search);
	for (size_t i = 0; i < call_count && (search->kinds & WORD_CALL); i++)
		offer(search, call_table[i].name);
	for (size_t i = 0; i < function_count && (search->kinds & WORD_FUNCTION); i++)
		offer(search, function_table[i].name);
	for (size_t i = 0; i < search->source->name_count && (search->kinds & WORD_NAME); i++)
		offer(search, search->source->names[i]);
}

enum { DEPTH = 32, WORD_ANY = WORD_FUNCTION | WORD_NAME | WORD_VALUE | WORD_CONSTANT };

/* What stands before the word: the statement's open brackets, and its last tokens. */
struct before {
	struct {
		const struct call *call; /* whose arguments they are, or NULL */
		unsigned arg;
	} open[DEPTH];
	unsigned depth;
	struct token last, last_but_one, first;
	bool any;                        /* there is a token in this statement */
	const struct call *returned;     /* the call that was closed last at the statement's level */
	bool answered;                   /* an "=" follows it */
	bool later;                      /* it is not the first statement of the text */
};

static void open_bracket(struct before *before)
{
	const struct token *name = &before->last;
	const struct call *call = NULL;

	if (before->any && name->kind == TOKEN_NAME)
		call = call_find(name->span.text, name->span.len);
	if (before->depth < DEPTH)
		before->open[before->depth].call = call;
	if (before->depth < DEPTH)
		before->open[before->depth].arg = 0;
	before->depth++;
}

static void close_bracket(struct before *before)
{
	if (before->depth == 0)
		return;
	before->depth--;
	before->answered = false;
	if (before->depth < DEPTH)
		before->returned = before->open[before->depth].call;
}

/* A statement ends: what follows begins one. */
static void begin(struct before *before)
{
	*before = (struct before){ .later = true };
}

static bool ends_line(const struct before *before, const struct token *token)
{
	return token->fresh && before->depth == 0 && before->any && !extent_continues(before->last.kind);
}

static void step(struct before *before, const struct token *token)
{
	bool ends = token->kind == TOKEN_SEMICOLON || token->kind == TOKEN_LBRACE || token->kind == TOKEN_RBRACE;

	if (ends_line(before, token))
		begin(before);
	if (ends) {
		begin(before);
		return;
	}
	if (token->kind == TOKEN_LPAREN || token->kind == TOKEN_LBRACKET)
		open_bracket(before);
	else if (token->kind == TOKEN_RPAREN || token->kind == TOKEN_RBRACKET)
		close_bracket(before);
	else if (token->kind == TOKEN_COMMA && before->depth > 0 && before->depth <= DEPTH)
		before->open[before->depth - 1].arg++;
	else if (token->kind == TOKEN_ASSIGN && before->depth == 0)
		before->answered = true;
	if (!before->any)
		before->first = *token;
	before->last_but_one = before->last;
	before->last = *token;
	before->any = true;
}

/* Reads what stands before the word; false: the cursor is in a string or in a comment. */
static bool read_before(struct before *before, const char *text, size_t len)
{
	struct lexer lexer;
	struct token token = { 0 };

	*before = (struct before){ 0 };
	lexer_init(&lexer, text, len, 4096);
	for (;;) {
		const char *at = lexer.at;

		lexer_next(&lexer, &token);
		if (token.kind == TOKEN_END) {
			const char *comment = memchr(at, '#', (size_t)(text + len - at));

			if (ends_line(before, &token))
				begin(before);
			return comment == NULL || memchr(comment, '\n', (size_t)(text + len - comment)) != NULL;
		}
		if (token.kind == TOKEN_BAD && token.span.len > 0 && token.span.text[0] == '"')
			return false;
		step(before, &token);
	}
}

static bool is_keyword(const struct token *token, enum keyword keyword)
{
	return token->kind == TOKEN_KEYWORD && token->keyword == keyword;
}

static bool is_word(const struct token *token, const char *word)
{
	return token->kind == TOKEN_NAME && token->span.len == strlen(word) &&
	       memcmp(token->span.text, word, token->span.len) == 0;
}

/* The kinds of words for an argument of a call: its flags, where it has any. */
static unsigned argument_kinds(const struct before *before, struct search *search)
{
	unsigned depth = before->depth <= DEPTH ? before->depth : DEPTH;
	const struct call *call = before->open[depth - 1].call;
	unsigned arg = before->open[depth - 1].arg;

	if (call == NULL || arg >= CALL_ARGS || call->args[arg].kind != ARG_FLAGS)
		return WORD_ANY;
	search->group = call->args[arg].group;
	if (search->group == GROUP_OPEN_FLAGS)
		search->group = GROUP_OPEN;
	return WORD_CONSTANT;
}

static unsigned choose_kinds(const struct before *before, bool fresh, struct search *search)
{
	fresh &= !before->later;
	if (!before->any)
		return WORD_KEYWORD | WORD_CALL | WORD_NAME | (fresh ? WORD_OWN : 0u);
	if (fresh && is_word(&before->first, "help"))
		return WORD_OWN | WORD_KEYWORD | WORD_CALL | WORD_FUNCTION | WORD_VALUE | WORD_CONSTANT;
	if (fresh && is_word(&before->first, "maps"))
		return WORD_NAME;
	if (before->depth > 0)
		return argument_kinds(before, search);
	if (is_keyword(&before->first, KEYWORD_REQUIRE) && is_keyword(&before->last, KEYWORD_REQUIRE))
		return WORD_ANY | WORD_CALL;
	if (before->answered && before->returned != NULL && before->last.kind == TOKEN_INTEGER) {
		/* RESULT: -1 and an error. */
		search->group = GROUP_ERRNO;
		return WORD_CONSTANT;
	}
	if (before->last.kind == TOKEN_ASSIGN && before->returned == NULL)
		return WORD_ANY | WORD_CALL;
	return WORD_ANY;
}

static int compare(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

static void sort(struct completion *found)
{
	size_t kept = 0;

	if (found->count > 0)
		qsort(found->words, found->count, sizeof(found->words[0]), compare);
	for (size_t i = 0; i < found->count; i++) {
		if (kept == 0 || strcmp(found->words[kept - 1], found->words[i]) != 0)
			found->words[kept++] = found->words[i];
	}
	found->count = kept;
}

/* What all of the words have in common beyond what was typed, and what follows a word that stands alone. */
static void choose_insert(struct completion *found)
{
	size_t common;

	if (found->count == 0)
		return;
	common = strlen(found->words[0]);
	for (size_t i = 1; i < found->count; i++) {
		size_t same = 0;

		while (same < common && found->words[i][same] == found->words[0][same])
			same++;
		common = same;
	}
	if (common > found->typed)
		buf_add(&found->insert, found->words[0] + found->typed, common - found->typed);
	if (found->count > 1)
		return;
	const char *word = found->words[0];

	if (call_find(word, strlen(word)) != NULL || function_find(word, strlen(word)) != NULL || strcmp(word, "fault") == 0)
		buf_putc(&found->insert, '(');
	else if (keyword_find(word, strlen(word)) >= 0 && strcmp(word, "break") != 0)
		buf_putc(&found->insert, ' ');
}

static bool is_word_byte(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void complete_word(const struct complete_source *source, const char *text, size_t len, bool fresh,
                   struct completion *completion)
{
	struct search search = { .source = source, .found = completion };
	struct before before;
	size_t start = len;

	while (start > 0 && is_word_byte(text[start - 1]))
		start--;
	if (!read_before(&before, text, start))
		return;
	search.word = text + start;
	search.len = completion->typed = len - start;
	search.kinds = choose_kinds(&before, fresh, &search);
	offer_all(&search);
	/* A flag argument can be any expression; its own constants come first. */
	if (completion->count == 0 && search.len > 0 && before.any) {
		search.kinds |= WORD_ANY;
		search.group = GROUP_NONE;
		offer_all(&search);
	}
	sort(completion);
	choose_insert(completion);
	/* What help is asked for is a word, not a call. */
	if (fresh && before.any && is_word(&before.first, "help") && completion->insert.len > 0 &&
	    strchr("( ", completion->insert.data[completion->insert.len - 1]) != NULL)
		completion->insert.data[--completion->insert.len] = '\0';
}

void completion_list(const struct completion *completion, struct buf *out)
{
	size_t width = 0, columns, rows, shown = completion->count < LISTED_MOST ? completion->count : LISTED_MOST;

	for (size_t i = 0; i < shown; i++)
		width = strlen(completion->words[i]) > width ? strlen(completion->words[i]) : width;
	width += 2;
	columns = COLUMNS / width > 0 ? COLUMNS / width : 1;
	rows = (shown + columns - 1) / columns;
	for (size_t row = 0; row < rows; row++) {
		for (size_t i = row; i < shown; i += rows) {
			bool last = i + rows >= shown;

			buf_printf(out, "%-*s", last ? 0 : (int)width, completion->words[i]);
		}
		buf_putc(out, '\n');
	}
	if (shown < completion->count)
		buf_printf(out, "... and %zu more\n", completion->count - shown);
}

void completion_fini(struct completion *completion)
{
	free(completion->words);
	buf_fini(&completion->insert);
	*completion = (struct completion){ 0 };
}
