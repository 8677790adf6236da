/* SPDX-License-Identifier: MIT */
/* The tokens of a script, with their places. */
#ifndef MMTOOL_LANG_LEXER_H
#define MMTOOL_LANG_LEXER_H

#include "lang/script.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum token_kind {
	TOKEN_END,     /* of the script */
	TOKEN_NEWLINE, /* never made by the lexer: what the parser sees where a line's end ends the statement */
	TOKEN_BAD,     /* no token of the language: problem says why */
	TOKEN_INTEGER, /* or CHAR */
	TOKEN_STRING,
	TOKEN_NAME,
	TOKEN_KEYWORD,
	TOKEN_VERSION,
	TOKEN_LPAREN, TOKEN_RPAREN, TOKEN_LBRACKET, TOKEN_RBRACKET, TOKEN_LBRACE, TOKEN_RBRACE, TOKEN_COMMA,
	TOKEN_SEMICOLON, TOKEN_ASSIGN, TOKEN_QUESTION, TOKEN_NOT, TOKEN_INVERT,
	TOKEN_MUL, TOKEN_DIV, TOKEN_MOD, TOKEN_ADD, TOKEN_SUB, TOKEN_SHL, TOKEN_SHR, TOKEN_LT, TOKEN_LE, TOKEN_GT,
	TOKEN_GE, TOKEN_EQ, TOKEN_NE, TOKEN_AND, TOKEN_XOR, TOKEN_OR, TOKEN_LOGAND, TOKEN_LOGOR,
	TOKEN_COUNT,
};

struct token {
	uint8_t kind;    /* enum token_kind */
	uint8_t keyword; /* KEYWORD: enum keyword */
	bool fresh;      /* a newline stands between it and the token before */
	struct span span;
	union {
		int64_t integer;
		unsigned version[3];
	};
	struct span wrong;   /* BAD: the part that is wrong */
	const char *problem; /* BAD: what is wrong with it; static */
};

/* A lexer may be copied to look ahead. */
struct lexer {
	const char *at, *end;
	const char *line_start;
	uint32_t line;
	uint64_t page; /* bytes, for the suffix p */
};

void lexer_init(struct lexer *lexer, const char *text, size_t len, uint64_t page);
/* The next token; at the end of the text TOKEN_END, again and again. */
void lexer_next(struct lexer *lexer, struct token *token);
/* The same, where a VERSION may stand. */
void lexer_next_version(struct lexer *lexer, struct token *token);

/* What a TOKEN_STRING stands for, without quotes and escapes, in the arena. */
const char *lexer_decode(struct arena *arena, const struct token *token, size_t *len);

#endif
