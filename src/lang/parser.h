/* SPDX-License-Identifier: MIT */
/* The parser: tokens into a tree whose names are not yet known. */
#ifndef MMTOOL_LANG_PARSER_H
#define MMTOOL_LANG_PARSER_H

#include "lang/errors.h"
#include "lang/lexer.h"
#include "lang/script.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Parses script->text; the tree lives in the script's arena.  Reports syntax errors and goes on after each.
 * Names are left to the checker: an EXPR_NAME has only its span, a STATEMENT_CALL or EXPR_FUNCTION of an unknown name
 * has no call or function.  What stands for a statement with an error has no expr.
 */
struct statement *parser_parse(struct script *script, uint64_t page, struct errors *errors);

/* The rest is between parser.c, statement.c and expression.c. */

enum {
	DEPTH_MOST = 200,   /* parentheses, unary operators and blocks inside one another */
	HEIGHT_MOST = 1000, /* operators in a row */
};

struct parser {
	struct lexer lexer;
	struct token now, last; /* the token to look at, and the one before it */
	unsigned brackets;      /* ( and [ that are open: a newline means nothing inside */
	unsigned depth;
	bool gave_up;           /* the rest of the script is not read */
	bool unclosed;          /* one { without } was reported, and speaks for those around it */
	struct statement *partial; /* what is known of the statement that has the error; or NULL */
	struct expr **stack;    /* arguments that are being collected */
	size_t stack_len, stack_cap;
	struct arena *arena;
	struct errors *errors;
};

/* The kind of the token to look at: TOKEN_NEWLINE where a newline before it ends the statement. */
enum token_kind parser_kind(const struct parser *parser);
bool parser_keyword(const struct parser *parser, uint8_t keyword);
/* The kind of the token after that. */
enum token_kind parser_peek(const struct parser *parser);
void parser_advance(struct parser *parser);
/* The same, past a token after which a newline ends nothing. */
void parser_advance_on(struct parser *parser);

/* From the first byte of a token to the end of the last one that was passed. */
struct span parser_span(const struct parser *parser, const struct token *first);
/* Where the token to look at is; for the end of a line just behind its last token. */
struct span parser_here(const struct parser *parser);

/* Reports an error. */
void parser_fail(struct parser *parser, struct span at, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* "expected …, found …" at the current token; for a bad token its own problem. */
void parser_expected(struct parser *parser, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *parser_shown(struct parser *parser, struct span span);

/* One level deeper; false, with an error, when that is too deep: then the parser gives up.  The caller lowers depth. */
bool parser_enter(struct parser *parser);
void parser_too_deep(struct parser *parser, struct span at);

/* Each returns NULL or false after an error, which it has reported. */
struct expr *parser_expression(struct parser *parser);
struct expr *parser_postfix(struct parser *parser);
struct expr *parser_string(struct parser *parser, const char *what);
/* expr {"," expr}, to which an empty array is the start. */
bool parser_list(struct parser *parser, struct expr ***args, uint32_t *count);
/* "(" [expr {"," expr}] ")" of the name that was passed last. */
bool parser_arguments(struct parser *parser, struct expr ***args, uint32_t *count);

struct statement *parser_statement(struct parser *parser, enum statement_kind kind);
/* One statement, of whatever kind, at its first token.  Its span is left empty, but for block statements. */
struct statement *parser_form(struct parser *parser);
/* "{" … "}"; false where there is no "{".  after: what it belongs to, for the message. */
bool parser_block(struct parser *parser, struct statement **body, const char *after);
/* Whether a name and "(" begin a call, known or not, rather than a function. */
bool parser_at_call(const struct parser *parser);

#endif
