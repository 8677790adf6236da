/* SPDX-License-Identifier: MIT */
/* The parser: tokens, blocks, and how to go on after an error. */
#include "lang/parser.h"

#include "lang/word.h"

#include <stdlib.h>

/* Where a list of statements grows. */
struct chain {
	struct statement *first, **end;
};

static void append(struct chain *chain, struct statement *statement)
{
	*chain->end = statement;
	chain->end = &statement->next;
}

enum token_kind parser_kind(const struct parser *parser)
{
	return parser->now.fresh && parser->brackets == 0 ? TOKEN_NEWLINE : parser->now.kind;
}

bool parser_keyword(const struct parser *parser, uint8_t keyword)
{
	return parser_kind(parser) == TOKEN_KEYWORD && parser->now.keyword == keyword;
}

enum token_kind parser_peek(const struct parser *parser)
{
	struct lexer ahead = parser->lexer;
	struct token token;

	lexer_next(&ahead, &token);
	return token.fresh && parser->brackets == 0 ? TOKEN_NEWLINE : token.kind;
}

void parser_advance(struct parser *parser)
{
	parser->last = parser->now;
	lexer_next(&parser->lexer, &parser->now);
}

void parser_advance_on(struct parser *parser)
{
	parser_advance(parser);
	parser->now.fresh = false;
}

struct span parser_span(const struct parser *parser, const struct token *first)
{
	struct span span = first->span;

	span.len = (uint32_t)(parser->last.span.text + parser->last.span.len - span.text);
	return span;
}

struct span parser_here(const struct parser *parser)
{
	enum token_kind kind = parser_kind(parser);
	struct span span = parser->last.span;

	if ((kind != TOKEN_NEWLINE && kind != TOKEN_END) || span.text == NULL)
		return parser->now.span;
	span.text += span.len;
	span.place.column += span.len;
	span.len = 0;
	return span;
}

const char *parser_shown(struct parser *parser, struct span span)
{
	return errors_shown(parser->errors, span.text, span.len);
}

void parser_fail(struct parser *parser, struct span at, const char *format, ...)
{
	struct buf message = { 0 };
	va_list args;

	if (parser->gave_up)
		return;
	va_start(args, format);
	buf_vprintf(&message, format, args);
	va_end(args);
	errors_add(parser->errors, at, "%s", buf_text(&message));
	buf_fini(&message);
}

void parser_expected(struct parser *parser, const char *format, ...)
{
	enum token_kind kind = parser_kind(parser);
	struct buf message = { 0 };
	va_list args;

	va_start(args, format);
	buf_vprintf(&message, format, args);
	va_end(args);
	if (kind == TOKEN_BAD)
		parser_fail(parser, parser->now.wrong, "'%s': %s", parser_shown(parser, parser->now.wrong),
		            parser->now.problem);
	else if (kind == TOKEN_NEWLINE || kind == TOKEN_END)
		parser_fail(parser, parser_here(parser), "expected %s, found the end of the %s", buf_text(&message),
		            kind == TOKEN_END ? "script" : "line");
	else
		parser_fail(parser, parser->now.span, "expected %s, found '%s'%s", buf_text(&message),
		            parser_shown(parser, parser->now.span),
		            kind == TOKEN_KEYWORD ? ", which is a keyword" : "");
	buf_fini(&message);
}

/* Everything unwinds at the end of the script. */
static void give_up(struct parser *parser)
{
	parser->gave_up = true;
	parser->lexer.at = parser->lexer.end;
	parser->now = (struct token){ .kind = TOKEN_END, .span = parser->now.span };
}

void parser_too_deep(struct parser *parser, struct span at)
{
	parser_fail(parser, at,
	            "nested too deeply (at most %d levels, or %d operators in a row): use names for parts of it",
	            DEPTH_MOST, HEIGHT_MOST);
	give_up(parser);
}

bool parser_enter(struct parser *parser)
{
	if (parser->depth < DEPTH_MOST) {
		parser->depth++;
		return true;
	}
	parser_too_deep(parser, parser->now.span);
	return false;
}

struct statement *parser_statement(struct parser *parser, enum statement_kind kind)
{
	struct statement *statement = arena_alloc(parser->arena, sizeof(*statement));

	statement->kind = (uint8_t)kind;
	statement->slot = NO_SLOT;
	return statement;
}

static bool at_end(const struct parser *parser)
{
	enum token_kind kind = parser_kind(parser);

	return kind == TOKEN_NEWLINE || kind == TOKEN_SEMICOLON || kind == TOKEN_RBRACE || kind == TOKEN_END;
}

static struct statement *statements(struct parser *parser, bool inside);

bool parser_block(struct parser *parser, struct statement **body, const char *after)
{
	if (parser->now.kind != TOKEN_LBRACE && parser_kind(parser) == TOKEN_ASSIGN) {
		parser_fail(parser, parser->now.span, "expected '{' after %s, found '=' (to compare, write '==')",
		            after);
		return false;
	}
	if (parser->now.kind != TOKEN_LBRACE) {
		parser_expected(parser, "'{' after %s", after);
		return false;
	}
	struct token open = parser->now;

	if (open.fresh)
		parser_fail(parser, open.span,
		            "'{' must stand on the line of its keyword: move it to the end of the line above");
	if (!parser_enter(parser))
		return false;
	parser_advance(parser);
	*body = statements(parser, true);
	parser->depth--;
	if (parser->now.kind == TOKEN_RBRACE) {
		parser_advance(parser);
	} else if (!parser->unclosed) {
		parser_fail(parser, open.span, "this '{' has no '}' before the end of the script");
		parser->unclosed = true;
	}
	return true;
}

/* What follows a whole statement must be its end. */
static bool ended(struct parser *parser, const struct statement *statement)
{
	enum token_kind kind = parser_kind(parser);
	struct span at = parser->now.span;

	if (at_end(parser))
		return true;
	/* The checker says that there is no such call: no more about it. */
	if (statement->kind == STATEMENT_CALL && statement->call == NULL)
		return false;
	if (kind == TOKEN_ASSIGN && statement->kind == STATEMENT_CALL)
		parser_fail(parser, at, "a call has one RESULT, found another '=' (to compare, write '==')");
	else if (kind == TOKEN_ASSIGN)
		parser_fail(parser, at, "only a call takes '=' and a RESULT (to compare, write '==')");
	else if (kind >= TOKEN_MUL && kind <= TOKEN_LOGOR && statement->kind == STATEMENT_CALL)
		parser_fail(parser, at,
		            "a call is a statement and no part of an expression: bind it to a name, then use the name");
	else
		parser_expected(parser, "the end of the statement (a newline or ';')");
	return false;
}

/* Whether a line's first token looks like that of a statement, as opposed to a continued one. */
static bool begins_statement(const struct parser *parser)
{
	enum token_kind next = parser_peek(parser);

	if (parser->now.kind == TOKEN_KEYWORD)
		return parser->now.keyword != KEYWORD_FAULT;
	return parser->now.kind == TOKEN_NAME &&
	       (next == TOKEN_ASSIGN || (next == TOKEN_LPAREN && parser_at_call(parser)));
}

/* Keeps the name of a statement with an error bound, so that its later uses are no errors. */
static void append_bound(struct parser *parser, struct chain *chain, struct span name)
{
	struct statement *statement = parser_statement(parser, STATEMENT_BIND);

	statement->name = name;
	append(chain, statement);
}

static void append_partial(struct parser *parser, struct chain *chain)
{
	struct statement *partial = parser->partial;

	parser->partial = NULL;
	if (partial == NULL)
		return;
	if (partial->kind == STATEMENT_CALL || partial->kind == STATEMENT_BIND)
		append_bound(parser, chain, partial->name);
	else
		append(chain, partial);
}

/* What stands before a stray '=' and can be bound by no statement: one error is enough. */
static bool is_reserved(struct span name)
{
	return script_reserved(name.text, name.len);
}

/* Skips to where the next statement may begin.  Blocks on the way are parsed, for their "}". */
static void recover(struct parser *parser, struct chain *chain, const char *start)
{
	bool inside = parser->brackets > 0;

	parser->brackets = 0;
	append_partial(parser, chain);
	for (;;) {
		enum token_kind kind = parser->now.kind;
		bool moved = parser->now.span.text != start;

		if (kind == TOKEN_END || kind == TOKEN_SEMICOLON || kind == TOKEN_RBRACE)
			return;
		if (moved && parser->now.fresh && (!inside || begins_statement(parser)))
			return;
		if (kind == TOKEN_LBRACE) {
			struct statement *broken = parser_statement(parser, STATEMENT_IF);

			parser_block(parser, &broken->body, "a keyword");
			append(chain, broken);
			continue;
		}
		if (kind == TOKEN_ASSIGN && parser->last.kind == TOKEN_NAME && !is_reserved(parser->last.span))
			append_bound(parser, chain, parser->last.span);
		else if (kind == TOKEN_NAME && parser->last.kind == TOKEN_KEYWORD && parser->last.keyword == KEYWORD_AS)
			append_bound(parser, chain, parser->now.span);
		parser_advance(parser);
	}
}

static void add_statement(struct parser *parser, struct chain *chain)
{
	struct token first = parser->now;

	parser->now.fresh = false;
	parser->brackets = 0;
	parser->partial = NULL;
	struct statement *statement = parser_form(parser);

	if (statement != NULL) {
		if (statement->span.text == NULL)
			statement->span = parser_span(parser, &first);
		append(chain, statement);
		parser->partial = NULL;
		if (ended(parser, statement))
			return;
	}
	recover(parser, chain, first.span.text);
}

/* inside: of a block, whose "}" ends them. */
static struct statement *statements(struct parser *parser, bool inside)
{
	struct chain chain = { .end = &chain.first };

	for (;;) {
		if (errors_full(parser->errors) && !parser->gave_up) {
			parser->errors->more = parser->now.kind != TOKEN_END;
			give_up(parser);
		}
		if (parser->now.kind == TOKEN_END || (inside && parser->now.kind == TOKEN_RBRACE))
			return chain.first;
		if (parser->now.kind == TOKEN_RBRACE)
			parser_fail(parser, parser->now.span, "'}' without a '{' before it");
		if (parser->now.kind == TOKEN_RBRACE || parser->now.kind == TOKEN_SEMICOLON)
			parser_advance(parser);
		else
			add_statement(parser, &chain);
	}
}

struct statement *parser_parse(struct script *script, uint64_t page, struct errors *errors)
{
	struct parser parser = { .arena = &script->arena, .errors = errors };

	lexer_init(&parser.lexer, script->text, script->len, page);
	parser.lexer.line = script->line;
	lexer_next(&parser.lexer, &parser.now);
	struct statement *first = statements(&parser, false);

	free(parser.stack);
	return first;
}
