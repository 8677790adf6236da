/* SPDX-License-Identifier: MIT */
/* The statements of the script language, by recursive descent. */
#include "lang/parser.h"

#include "lang/word.h"

#include <ctype.h>
#include <string.h>

/* Whether here stands "-1" and then a name or the end of the statement. */
static bool at_failure(const struct parser *parser, bool *named)
{
	struct lexer ahead = parser->lexer;
	struct token token;

	if (parser_kind(parser) != TOKEN_SUB)
		return false;
	lexer_next(&ahead, &token);
	if (token.kind != TOKEN_INTEGER || token.fresh || token.span.len != 1 || token.span.text[0] != '1')
		return false;
	lexer_next(&ahead, &token);
	*named = !token.fresh && token.kind == TOKEN_NAME;
	return token.fresh || token.kind == TOKEN_NAME || token.kind == TOKEN_SEMICOLON || token.kind == TOKEN_RBRACE ||
	       token.kind == TOKEN_END;
}

/* The name after "= -1". */
static void errno_name(struct parser *parser, struct statement *call)
{
	struct span span = parser->now.span;
	const struct constant *constant = constant_find(span.text, span.len);
	struct suggestion suggestion;

	parser_advance(parser);
	call->expected = EXPECT_ERRNO;
	if (constant != NULL && constant->group == GROUP_ERRNO) {
		call->error = (int)constant->value;
		return;
	}
	suggestion_init(&suggestion, span.text, span.len);
	suggestion_offer_constants(&suggestion, GROUP_ERRNO);
	parser_fail(parser, span, "expected the name of an error after -1, as in = -1 ENOMEM, found '%s'%s",
	            parser_shown(parser, span), suggestion_text(&suggestion, parser->errors));
}

static bool result(struct parser *parser, struct statement *call)
{
	bool named;

	if (parser_kind(parser) == TOKEN_QUESTION) {
		parser_advance(parser);
		call->expected = EXPECT_ANYTHING;
		return true;
	}
	if (at_failure(parser, &named)) {
		parser_advance(parser);
		parser_advance(parser);
		call->expected = EXPECT_FAILURE;
		if (named)
			errno_name(parser, call);
		return true;
	}
	call->expected = EXPECT_VALUE;
	call->expr = parser_expression(parser);
	return call->expr != NULL;
}

/* A name that is none of the calls stays without a call; the checker says what it could be. */
static bool call(struct parser *parser, struct statement *statement)
{
	struct token callee = parser->now;

	statement->kind = STATEMENT_CALL;
	statement->call = call_find(callee.span.text, callee.span.len);
	parser_advance(parser);
	if (!parser_arguments(parser, &statement->args, &statement->count))
		return false;
	statement->callee = parser_span(parser, &callee);
	if (parser_kind(parser) != TOKEN_ASSIGN)
		return true;
	parser_advance_on(parser);
	return result(parser, statement);
}

bool parser_at_call(const struct parser *parser)
{
	return parser_kind(parser) == TOKEN_NAME && parser_peek(parser) == TOKEN_LPAREN &&
	       function_find(parser->now.span.text, parser->now.span.len) == NULL;
}

static struct statement *bind(struct parser *parser)
{
	struct statement *statement = parser_statement(parser, STATEMENT_BIND);

	statement->name = parser->now.span;
	parser->partial = statement;
	parser_advance(parser);
	parser_advance_on(parser);
	if (parser_at_call(parser))
		return call(parser, statement) ? statement : NULL;
	statement->expr = parser_expression(parser);
	return statement->expr != NULL ? statement : NULL;
}

/* What begins as an expression can only be a store. */
static struct statement *store(struct parser *parser)
{
	struct expr *target = parser_postfix(parser);

	if (target == NULL)
		return NULL;
	if (target->kind == EXPR_INDEX && !target->parenthesised && parser_kind(parser) == TOKEN_ASSIGN) {
		struct statement *statement = parser_statement(parser, STATEMENT_STORE);

		parser_advance_on(parser);
		statement->target = target;
		statement->expr = parser_expression(parser);
		return statement->expr != NULL ? statement : NULL;
	}
	const char *shown = parser_shown(parser, target->span);

	if (parser_kind(parser) == TOKEN_ASSIGN)
		parser_fail(parser, target->span,
		            "only a name or an access ADDR[EXPR] can stand left of '=', found '%s'", shown);
	else if (target->kind == EXPR_FUNCTION || target->kind == EXPR_FAULT)
		parser_fail(
			parser, target->span,
			"'%s' is a function, and its value is not used (bind it, NAME = ..., expect it or note it)",
			shown);
	else
		parser_fail(
			parser, target->span,
			"an expression alone is no statement (bind it, NAME = ..., expect it or note it)");
	return NULL;
}

/* The words that begin a declaration in C. */
static bool type_find(struct span span)
{
	static const char *const words[] = {
		"auto", "bool", "char", "const", "double", "float", "int", "int64_t", "long", "off_t", "pid_t", "short",
		"signed", "size_t", "ssize_t", "static", "struct", "uint64_t", "uintptr_t", "unsigned", "void", "volatile",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i]) == span.len && memcmp(words[i], span.text, span.len) == 0)
			return true;
	}
	return false;
}

/*
 * What C has and the language has not, at a name that begins no statement: an assignment that computes, a count by one, a
 * declaration.  Returns whether it was one of them, and reported.
 */
static bool report_habit(struct parser *parser, struct span span, const char *shown)
{
	const char *at = span.text + span.len, *end = parser->lexer.end;

	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	if (end - at >= 2 && (at[0] == '+' || at[0] == '-') && at[1] == at[0])
		parser_fail(parser, span, "there is no '%c%c': write %s = %s %c 1", *at, *at, shown, shown, *at);
	else if (end - at >= 2 && memchr("+-*/%&|^", *at, 8) != NULL && at[1] == '=')
		parser_fail(parser, span, "there is no '%c=': write %s = %s %c ...", *at, shown, shown, *at);
	else if (end - at >= 2 && (*at == '*' || *at == '_' || isalpha((unsigned char)*at)) && type_find(span))
		parser_fail(parser, span, "names have no types here: write NAME = ... without '%s'", shown);
	else
		return false;
	return true;
}

/* A name that begins no statement. */
static struct statement *stray(struct parser *parser)
{
	struct span span = parser->now.span;
	const char *shown = parser_shown(parser, span);
	enum token_kind next = parser_peek(parser);
	struct suggestion suggestion;

	suggestion_init(&suggestion, span.text, span.len);
	suggestion_offer_keywords(&suggestion);
	if (call_find(span.text, span.len) != NULL || function_find(span.text, span.len) != NULL)
		parser_fail(parser, span, "'%s' takes its arguments in parentheses, %s(...)", shown, shown);
	else if (report_habit(parser, span, shown))
		return NULL;
	else if (suggestion.best != NULL)
		parser_fail(parser, span, "'%s' begins no statement%s", shown,
		            suggestion_text(&suggestion, parser->errors));
	else if (next >= TOKEN_MUL && next <= TOKEN_LOGOR)
		parser_fail(
			parser, span,
			"an expression alone is no statement (bind it, NAME = ..., expect it or note it)");
	else
		parser_fail(
			parser, span,
			"'%s' begins no statement (a name is followed by '=', by '(' for a call, or by '[' for a store)",
			shown);
	return NULL;
}

static struct statement *expect_statement(struct parser *parser)
{
	struct statement *statement = parser_statement(parser, STATEMENT_EXPECT);

	parser_advance(parser);
	statement->expr = parser_expression(parser);
	if (statement->expr == NULL)
		return NULL;
	if (parser_kind(parser) != TOKEN_COMMA)
		return statement;
	parser_advance_on(parser);
	statement->message = parser_string(parser, "the message of expect");
	return statement->message != NULL ? statement : NULL;
}

/* "else" and what follows it. */
static bool otherwise(struct parser *parser, struct statement *statement);

static struct statement *if_statement(struct parser *parser)
{
	struct statement *statement = parser_statement(parser, STATEMENT_IF);
	struct token first = parser->now;

	parser_advance(parser);
	statement->expr = parser_expression(parser);
	if (statement->expr == NULL)
		return NULL;
	statement->span = parser_span(parser, &first);
	if (!parser_block(parser, &statement->body, "the condition of if"))
		return NULL;
	if (otherwise(parser, statement))
		return statement;
	parser->partial = statement;
	return NULL;
}

static bool otherwise(struct parser *parser, struct statement *statement)
{
	if (parser->now.kind != TOKEN_KEYWORD || parser->now.keyword != KEYWORD_ELSE)
		return true;
	if (parser->now.fresh)
		parser_fail(parser, parser->now.span,
		            "'else' must stand on the line of the '}' before it: write '} else'");
	parser_advance(parser);
	if (!parser_keyword(parser, KEYWORD_IF))
		return parser_block(parser, &statement->otherwise, "else");
	if (!parser_enter(parser))
		return false;
	struct statement *nested = if_statement(parser);

	parser->depth--;
	statement->otherwise = nested != NULL ? nested : parser->partial;
	return nested != NULL;
}

static struct statement *repeat_statement(struct parser *parser)
{
	struct statement *statement = parser_statement(parser, STATEMENT_REPEAT);
	struct token first = parser->now;

	parser_advance(parser);
	statement->expr = parser_expression(parser);
	if (statement->expr == NULL)
		return NULL;
	if (parser_keyword(parser, KEYWORD_AS)) {
		parser_advance(parser);
		if (parser_kind(parser) != TOKEN_NAME) {
			parser_expected(parser, "a name after as, for the count");
			return NULL;
		}
		statement->name = parser->now.span;
		parser_advance(parser);
	}
	statement->span = parser_span(parser, &first);
	if (parser_block(parser, &statement->body, "the count of repeat"))
		return statement;
	parser->partial = statement;
	return NULL;
}

static struct statement *in_statement(struct parser *parser)
{
	struct statement *statement = parser_statement(parser, STATEMENT_IN);
	struct token first = parser->now;

	parser_advance(parser);
	statement->expr = parser_expression(parser);
	if (statement->expr == NULL)
		return NULL;
	statement->span = parser_span(parser, &first);
	return parser_block(parser, &statement->body, "the process of in") ? statement : NULL;
}

static struct statement *break_statement(struct parser *parser)
{
	parser_advance(parser);
	return parser_statement(parser, STATEMENT_BREAK);
}

static struct statement *note_statement(struct parser *parser)
{
	struct statement *statement = parser_statement(parser, STATEMENT_NOTE);

	parser_advance(parser);
	return parser_list(parser, &statement->args, &statement->count) ? statement : NULL;
}

static struct statement *require_kernel(struct parser *parser)
{
	struct statement *statement = parser_statement(parser, STATEMENT_REQUIRE_KERNEL);

	parser->last = parser->now;
	lexer_next_version(&parser->lexer, &parser->now);
	if (parser_kind(parser) != TOKEN_VERSION) {
		parser_expected(parser, "a version after require kernel, as in require kernel 5.7");
		return NULL;
	}
	for (size_t i = 0; i < 3; i++)
		statement->version[i] = parser->now.version[i];
	parser_advance(parser);
	return statement;
}

static struct statement *require_statement(struct parser *parser)
{
	struct statement *statement = parser_statement(parser, STATEMENT_REQUIRE);

	parser_advance(parser);
	if (parser_keyword(parser, KEYWORD_KERNEL))
		return require_kernel(parser);
	enum token_kind kind = parser_kind(parser), next = parser_peek(parser);

	if (kind == TOKEN_NAME &&
	    (next == TOKEN_NEWLINE || next == TOKEN_SEMICOLON || next == TOKEN_RBRACE || next == TOKEN_END)) {
		statement->kind = STATEMENT_REQUIRE_FEATURE;
		statement->feature = parser->now.span;
		parser_advance(parser);
		return statement;
	}
	statement->expr = parser_expression(parser);
	if (statement->expr == NULL)
		return NULL;
	if (parser_kind(parser) != TOKEN_COMMA) {
		parser_expected(parser, "',' and the reason, as in require EXPR, \"needs root\"");
		return NULL;
	}
	parser_advance_on(parser);
	statement->message = parser_string(parser, "the reason of require");
	return statement->message != NULL ? statement : NULL;
}

static struct statement *misplaced(struct parser *parser)
{
	if (parser->now.keyword == KEYWORD_ELSE)
		parser_fail(parser, parser->now.span, "'else' without an 'if' and its '}' right before it");
	else
		parser_fail(parser, parser->now.span,
		            "the keyword '%s' begins no statement ('as' belongs to repeat, 'kernel' to require)",
		            parser_shown(parser, parser->now.span));
	return NULL;
}

static struct statement *keyword_statement(struct parser *parser)
{
	static struct statement *(*const forms[KEYWORD_COUNT])(struct parser *) = {
		[KEYWORD_EXPECT] = expect_statement,
		[KEYWORD_IF] = if_statement,
		[KEYWORD_ELSE] = misplaced,
		[KEYWORD_REPEAT] = repeat_statement,
		[KEYWORD_AS] = misplaced,
		[KEYWORD_BREAK] = break_statement,
		[KEYWORD_IN] = in_statement,
		[KEYWORD_REQUIRE] = require_statement,
		[KEYWORD_KERNEL] = misplaced,
		[KEYWORD_NOTE] = note_statement,
		[KEYWORD_FAULT] = store,
	};

	if (parser_peek(parser) != TOKEN_ASSIGN)
		return forms[parser->now.keyword](parser);
	parser_fail(parser, parser->now.span, "'%s' is a keyword and cannot be bound: choose another name",
	            parser_shown(parser, parser->now.span));
	return NULL;
}

struct statement *parser_form(struct parser *parser)
{
	enum token_kind next = parser_peek(parser);

	switch (parser_kind(parser)) {
	case TOKEN_KEYWORD:
		return keyword_statement(parser);
	case TOKEN_NAME:
		if (next == TOKEN_ASSIGN)
			return bind(parser);
		if (parser_at_call(parser)) {
			struct statement *statement = parser_statement(parser, STATEMENT_CALL);

			return call(parser, statement) ? statement : NULL;
		}
		return next == TOKEN_LPAREN || next == TOKEN_LBRACKET ? store(parser) : stray(parser);
	case TOKEN_LBRACE:
		parser_fail(parser, parser->now.span, "'{' stands only after if, else, repeat or in, on their line");
		return NULL;
	case TOKEN_INTEGER:
	case TOKEN_STRING:
	case TOKEN_LPAREN:
		return store(parser);
	default:
		parser_expected(parser, "a statement");
		return NULL;
	}
}
