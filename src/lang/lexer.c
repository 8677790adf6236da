/* SPDX-License-Identifier: MIT */
/* The lexer: bytes into tokens.  It prints nothing; a bad token carries its problem, and the parser tells it. */
#include "lang/lexer.h"

#include "base/size.h"
#include "lang/word.h"

#include <errno.h>
#include <string.h>

/* Longer ones first. */
static const struct {
	char text[3];
	uint8_t kind;
} marks[] = {
	{ "||", TOKEN_LOGOR },  { "&&", TOKEN_LOGAND }, { "==", TOKEN_EQ },       { "!=", TOKEN_NE },
	{ "<=", TOKEN_LE },     { ">=", TOKEN_GE },     { "<<", TOKEN_SHL },      { ">>", TOKEN_SHR },
	{ "(", TOKEN_LPAREN },  { ")", TOKEN_RPAREN },  { ",", TOKEN_COMMA },     { "=", TOKEN_ASSIGN },
	{ "|", TOKEN_OR },      { "[", TOKEN_LBRACKET }, { "]", TOKEN_RBRACKET }, { "{", TOKEN_LBRACE },
	{ "}", TOKEN_RBRACE },  { ";", TOKEN_SEMICOLON }, { "-", TOKEN_SUB },     { "+", TOKEN_ADD },
	{ "*", TOKEN_MUL },     { "/", TOKEN_DIV },     { "%", TOKEN_MOD },       { "<", TOKEN_LT },
	{ ">", TOKEN_GT },      { "&", TOKEN_AND },     { "^", TOKEN_XOR },       { "!", TOKEN_NOT },
	{ "~", TOKEN_INVERT },  { "?", TOKEN_QUESTION },
};

static const char *const problem_integer =
	"not an integer (try 4096, 0x1000 or 010, or digits with one suffix of K M G T p, as in 4K or 2p)";
static const char *const problem_range = "too large, an integer has 64 bits (at most 0xffffffffffffffff)";
static const char *const problem_string = "a string ends on its line, and this one has no closing quote";
static const char *const problem_escape = "no escape of the language (use \\0 \\n \\t \\\\ \\\" \\' or \\xHH)";
static const char *const problem_char =
	"a character is one byte in single quotes, as in 'A' or '\\x41' (a string has double quotes)";
static const char *const problem_byte = "not part of the language outside of strings and comments (take it out)";
static const char *const problem_version = "not a kernel version (write one to three numbers, as in 5.7 or 6.11.3)";

void lexer_init(struct lexer *lexer, const char *text, size_t len, uint64_t page)
{
	*lexer = (struct lexer){ .at = text, .end = text + len, .line_start = text, .line = 1, .page = page };
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int hex(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Skips blanks, newlines and comments; tells whether there was a newline. */
static bool skip(struct lexer *lexer)
{
	bool fresh = false;

	while (lexer->at < lexer->end) {
		const char *at = lexer->at;
		char c = *at, after = lexer->end - at > 1 ? at[1] : '\n';

		if (c == '\n') {
			fresh = true;
			lexer->line++;
			lexer->line_start = at + 1;
		} else if (c == '#' || (c == '/' && after == '/')) {
			const char *newline = memchr(at, '\n', (size_t)(lexer->end - at));

			lexer->at = newline != NULL ? newline : lexer->end;
			continue;
		} else if (c != ' ' && c != '\t' && (c != '\r' || after != '\n')) {
			return fresh;
		}
		lexer->at++;
	}
	return fresh;
}

static void begin(struct lexer *lexer, struct token *token)
{
	bool fresh = skip(lexer);
	struct place place = { lexer->line, (uint32_t)(lexer->at - lexer->line_start) + 1 };

	*token = (struct token){ .kind = TOKEN_END, .fresh = fresh, .span = { lexer->at, 0, place } };
}

static void finish(struct lexer *lexer, struct token *token, enum token_kind kind, size_t len)
{
	token->kind = (uint8_t)kind;
	token->span.len = (uint32_t)len;
	lexer->at = token->span.text + len;
}

/* Marks len bytes of the token, from at on, as wrong. */
static void spoil(struct token *token, const char *problem, const char *at, size_t len)
{
	token->kind = TOKEN_BAD;
	token->problem = problem;
	token->wrong = token->span;
	token->wrong.text = at;
	token->wrong.len = (uint32_t)len;
	token->wrong.place.column += (uint32_t)(at - token->span.text);
}

static void spoil_all(struct token *token, const char *problem)
{
	spoil(token, problem, token->span.text, token->span.len);
}

static void number(struct lexer *lexer, struct token *token)
{
	const char *at = lexer->at, *end = lexer->end;
	uint64_t value = 0;

	/* A fraction is one wrong number, and not a number and then something wrong. */
	while (at < end && (is_word(*at) || (*at == '.' && end - at > 1 && is_word(at[1]))))
		at++;
	finish(lexer, token, TOKEN_INTEGER, (size_t)(at - token->span.text));
	int error = size_parse(token->span.text, token->span.len, lexer->page, &value);

	token->integer = (int64_t)value;
	if (error != 0)
		spoil_all(token, error == -ERANGE ? problem_range : problem_integer);
}

/* One character or escape of a quoted text: the bytes it takes, 0 for an escape that does not exist. */
static size_t unit(const char *at, const char *end, char *byte)
{
	static const char escapes[][3] = { "0\0", "n\n", "t\t", "\\\\", "\"\"", "''" };

	*byte = at[0];
	if (at[0] != '\\')
		return 1;
	if (end - at > 3 && at[1] == 'x' && hex(at[2]) >= 0 && hex(at[3]) >= 0) {
		*byte = (char)(hex(at[2]) * 16 + hex(at[3]));
		return 4;
	}
	for (size_t i = 0; end - at > 1 && i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		if (at[1] == escapes[i][0]) {
			*byte = escapes[i][1];
			return 2;
		}
	}
	return 0;
}

static void quoted(struct lexer *lexer, struct token *token)
{
	const char *at = lexer->at + 1, *end = lexer->end, *wrong = NULL;
	char quote = *lexer->at, byte = 0;
	size_t units = 0, used;

	for (; at < end && *at != quote && *at != '\n'; at += used, units++) {
		used = unit(at, end, &byte);
		if (used > 0)
			continue;
		if (wrong == NULL)
			wrong = at;
		used = end - at > 1 && at[1] != '\n' ? 2 : 1;
	}
	bool closed = at < end && *at == quote;

	finish(lexer, token, quote == '"' ? TOKEN_STRING : TOKEN_INTEGER, (size_t)(at - token->span.text) + closed);
	if (!closed)
		spoil_all(token, quote == '"' ? problem_string : problem_char);
	else if (wrong != NULL)
		spoil(token, problem_escape, wrong, 2);
	else if (quote == '\'' && units != 1)
		spoil_all(token, problem_char);
	else if (quote == '\'')
		token->integer = (unsigned char)byte;
}

static void mark(struct lexer *lexer, struct token *token)
{
	const char *at = lexer->at;
	size_t room = (size_t)(lexer->end - at), len = 1;

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		size_t want = marks[i].text[1] != '\0' ? 2 : 1;

		if (room >= want && memcmp(at, marks[i].text, want) == 0) {
			finish(lexer, token, marks[i].kind, want);
			return;
		}
	}
	while ((unsigned char)at[0] >= 0x80 && len < room && (unsigned char)at[len] >= 0x80)
		len++;
	finish(lexer, token, TOKEN_BAD, len);
	spoil_all(token, problem_byte);
}

void lexer_next(struct lexer *lexer, struct token *token)
{
	begin(lexer, token);
	if (lexer->at == lexer->end)
		return;
	size_t len = word_length(lexer->at, (size_t)(lexer->end - lexer->at));

	if (len > 0) {
		int keyword = keyword_find(lexer->at, len);

		finish(lexer, token, keyword >= 0 ? TOKEN_KEYWORD : TOKEN_NAME, len);
		token->keyword = (uint8_t)(keyword >= 0 ? keyword : 0);
	} else if (is_digit(*lexer->at)) {
		number(lexer, token);
	} else if (*lexer->at == '"' || *lexer->at == '\'') {
		quoted(lexer, token);
	} else {
		mark(lexer, token);
	}
}

/* Numbers of up to nine digits, joined by dots. */
static bool version(const char *at, const char *end, unsigned parts[3])
{
	for (size_t part = 0; part < 3; part++) {
		size_t digits = 0;

		for (; at < end && is_digit(*at) && digits < 9; at++, digits++)
			parts[part] = parts[part] * 10 + (unsigned)(*at - '0');
		if (digits == 0)
			return false;
		if (at == end)
			return true;
		if (*at++ != '.')
			return false;
	}
	return false;
}

void lexer_next_version(struct lexer *lexer, struct token *token)
{
	begin(lexer, token);
	const char *at = lexer->at;

	if (token->fresh || at == lexer->end || !is_digit(*at)) {
		bool fresh = token->fresh;

		lexer_next(lexer, token);
		token->fresh = fresh;
		return;
	}
	while (at < lexer->end && (is_word(*at) || *at == '.'))
		at++;
	finish(lexer, token, TOKEN_VERSION, (size_t)(at - token->span.text));
	if (!version(token->span.text, at, token->version))
		spoil_all(token, problem_version);
}

const char *lexer_decode(struct arena *arena, const struct token *token, size_t *len)
{
	const char *at = token->span.text + 1, *end = token->span.text + token->span.len - 1;
	char *data = arena_alloc(arena, token->span.len);
	size_t used = 0;

	while (at < end)
		at += unit(at, end, &data[used++]);
	*len = used;
	return data;
}
