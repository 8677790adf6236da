/* SPDX-License-Identifier: MIT */
/* The expressions of the script language, by precedence climbing. */
#include "lang/parser.h"

#include "lang/word.h"

#include <inttypes.h>
#include <string.h>

/* Level 0: not a binary operator. */
static const struct {
	uint8_t op, level;
} binary_operators[TOKEN_COUNT] = {
	[TOKEN_LOGOR] = { OP_LOGOR, 1 }, [TOKEN_LOGAND] = { OP_LOGAND, 2 }, [TOKEN_OR] = { OP_OR, 3 },
	[TOKEN_XOR] = { OP_XOR, 4 },     [TOKEN_AND] = { OP_AND, 5 },       [TOKEN_EQ] = { OP_EQ, 6 },
	[TOKEN_NE] = { OP_NE, 6 },       [TOKEN_LT] = { OP_LT, 7 },         [TOKEN_LE] = { OP_LE, 7 },
	[TOKEN_GT] = { OP_GT, 7 },       [TOKEN_GE] = { OP_GE, 7 },         [TOKEN_SHL] = { OP_SHL, 8 },
	[TOKEN_SHR] = { OP_SHR, 8 },     [TOKEN_ADD] = { OP_ADD, 9 },       [TOKEN_SUB] = { OP_SUB, 9 },
	[TOKEN_MUL] = { OP_MUL, 10 },    [TOKEN_DIV] = { OP_DIV, 10 },      [TOKEN_MOD] = { OP_MOD, 10 },
};

static unsigned height(const struct expr *expr)
{
	return expr != NULL ? expr->height : 0;
}

static unsigned higher(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

/* Sets what every expression has; NULL where its tree is too high to be walked by recursion. */
static struct expr *complete(struct parser *parser, struct expr *expr, const struct token *first, unsigned beneath)
{
	expr->span = parser_span(parser, first);
	expr->height = (uint16_t)(beneath + 1);
	if (beneath <= HEIGHT_MOST)
		return expr;
	parser_too_deep(parser, expr->span);
	return NULL;
}

static struct expr *new_expr(struct parser *parser, enum expr_kind kind)
{
	struct expr *expr = arena_alloc(parser->arena, sizeof(*expr));

	expr->kind = (uint8_t)kind;
	return expr;
}

/* Passes the bracket that closes open. */
static bool close_bracket(struct parser *parser, const struct token *open, enum token_kind kind, const char *expected)
{
	if (parser_kind(parser) != kind) {
		parser_expected(parser, "%s (the '%c' at %" PRIu32 ":%" PRIu32 " is still open)", expected,
		                open->span.text[0], open->span.place.line, open->span.place.column);
		return false;
	}
	parser->brackets--;
	parser_advance(parser);
	return true;
}

static struct token open_bracket(struct parser *parser)
{
	struct token open = parser->now;

	parser->brackets++;
	parser_advance(parser);
	return open;
}

bool parser_list(struct parser *parser, struct expr ***args, uint32_t *count)
{
	size_t base = parser->stack_len;
	struct expr *expr;

	for (;;) {
		expr = parser_expression(parser);
		if (expr == NULL)
			break;
		parser->stack =
			alloc_grow(parser->stack, &parser->stack_cap, parser->stack_len + 1, sizeof(parser->stack[0]));
		parser->stack[parser->stack_len++] = expr;
		if (parser_kind(parser) != TOKEN_COMMA)
			break;
		parser_advance_on(parser);
	}
	size_t len = parser->stack_len - base;

	parser->stack_len = base;
	if (expr == NULL)
		return false;
	*args = arena_alloc(parser->arena, len * sizeof(parser->stack[0]));
	memcpy(*args, parser->stack + base, len * sizeof(parser->stack[0]));
	*count = (uint32_t)len;
	return true;
}

bool parser_arguments(struct parser *parser, struct expr ***args, uint32_t *count)
{
	struct token open = open_bracket(parser);

	*count = 0;
	if (parser_kind(parser) != TOKEN_RPAREN && !parser_list(parser, args, count))
		return false;
	return close_bracket(parser, &open, TOKEN_RPAREN, "',' or ')'");
}

struct expr *parser_string(struct parser *parser, const char *what)
{
	if (parser_kind(parser) != TOKEN_STRING) {
		parser_expected(parser, "%s, a string in double quotes", what);
		return NULL;
	}
	struct expr *expr = new_expr(parser, EXPR_STRING);

	expr->string.data = lexer_decode(parser->arena, &parser->now, &expr->string.len);
	parser_advance(parser);
	struct token first = parser->last;

	return complete(parser, expr, &first, 0);
}

static struct expr *integer(struct parser *parser)
{
	struct token first = parser->now;
	struct expr *expr = new_expr(parser, EXPR_INT);

	expr->integer = first.integer;
	parser_advance(parser);
	return complete(parser, expr, &first, 0);
}

/* A name that is none of the functions stays without a function; the checker says what it could be. */
static struct expr *function(struct parser *parser)
{
	struct token first = parser->now;
	struct expr *expr = new_expr(parser, EXPR_FUNCTION);
	uint32_t count;
	unsigned beneath = 0;

	expr->function = function_find(first.span.text, first.span.len);
	parser_advance(parser);
	if (!parser_arguments(parser, &expr->args, &count))
		return NULL;
	expr->count = (uint8_t)(count < UINT8_MAX ? count : UINT8_MAX);
	for (uint32_t i = 0; i < count; i++)
		beneath = higher(beneath, height(expr->args[i]));
	return complete(parser, expr, &first, beneath);
}

static struct expr *name(struct parser *parser)
{
	struct token first = parser->now;

	if (parser_peek(parser) == TOKEN_LPAREN)
		return function(parser);
	parser_advance(parser);
	return complete(parser, new_expr(parser, EXPR_NAME), &first, 0);
}

static struct expr *fault(struct parser *parser)
{
	struct token first = parser->now;
	struct expr *expr = new_expr(parser, EXPR_FAULT), *access;

	parser_advance(parser);
	if (parser_kind(parser) != TOKEN_LPAREN) {
		parser_expected(parser, "'(' after fault, as in fault(a[0])");
		return NULL;
	}
	struct token open = open_bracket(parser);

	access = parser_postfix(parser);
	if (access == NULL)
		return NULL;
	if (access->kind != EXPR_INDEX || access->parenthesised) {
		parser_fail(parser, access->span,
		            "fault takes one access, fault(ADDR[EXPR]) or fault(ADDR[EXPR] = EXPR), found '%s'",
		            parser_shown(parser, access->span));
		return NULL;
	}
	expr->base = access->base;
	expr->offset = access->offset;
	if (parser_kind(parser) == TOKEN_ASSIGN) {
		parser_advance_on(parser);
		expr->value = parser_expression(parser);
		if (expr->value == NULL)
			return NULL;
	}
	if (!close_bracket(parser, &open, TOKEN_RPAREN, expr->value != NULL ? "')'" : "')' or '='"))
		return NULL;
	return complete(parser, expr, &first, higher(access->height, height(expr->value)));
}

static struct expr *parenthesis(struct parser *parser)
{
	struct token open = open_bracket(parser);
	struct expr *expr = parser_expression(parser);

	if (expr == NULL || !close_bracket(parser, &open, TOKEN_RPAREN, "')'"))
		return NULL;
	expr->parenthesised = true;
	return expr;
}

static struct expr *primary(struct parser *parser)
{
	switch (parser_kind(parser)) {
	case TOKEN_INTEGER:
		return integer(parser);
	case TOKEN_STRING:
		return parser_string(parser, "a value");
	case TOKEN_NAME:
		return name(parser);
	case TOKEN_LPAREN:
		return parenthesis(parser);
	case TOKEN_KEYWORD:
		if (parser->now.keyword == KEYWORD_FAULT)
			return fault(parser);
		break;
	case TOKEN_QUESTION:
		parser_fail(parser, parser->now.span,
		            "'?' is the RESULT of a call, as in munmap(a, 1p) = ?, and no value");
		return NULL;
	default:
		break;
	}
	parser_expected(parser, "a value (an integer, a string, a name, a function or '(')");
	return NULL;
}

struct expr *parser_postfix(struct parser *parser)
{
	struct token first = parser->now;
	struct expr *expr = primary(parser);

	while (expr != NULL && parser_kind(parser) == TOKEN_LBRACKET) {
		struct expr *index = new_expr(parser, EXPR_INDEX);
		struct token open = open_bracket(parser);

		index->base = expr;
		index->offset = parser_expression(parser);
		if (index->offset == NULL || !close_bracket(parser, &open, TOKEN_RBRACKET, "']'"))
			return NULL;
		expr = complete(parser, index, &first, higher(expr->height, index->offset->height));
	}
	return expr;
}

static struct expr *unary(struct parser *parser)
{
	static const uint8_t operators[TOKEN_COUNT] = {
		[TOKEN_NOT] = OP_NOT, [TOKEN_INVERT] = OP_INVERT, [TOKEN_SUB] = OP_NEGATE,
	};
	struct token first = parser->now;
	uint8_t op = operators[parser_kind(parser)];

	if (op == 0)
		return parser_postfix(parser);
	struct expr *expr = new_expr(parser, EXPR_UNARY);

	expr->op = op;
	parser_advance(parser);
	if (!parser_enter(parser))
		return NULL;
	expr->right = unary(parser);
	parser->depth--;
	return expr->right != NULL ? complete(parser, expr, &first, expr->right->height) : NULL;
}

static bool bare_comparison(const struct expr *expr)
{
	return expr->kind == EXPR_BINARY && !expr->parenthesised && expr->op >= OP_LT && expr->op <= OP_NE;
}

/* In C `flags & MASK == 0` is `flags & (MASK == 0)`, which nobody means. */
static void check_mixing(struct parser *parser, const struct expr *expr, const struct token *op)
{
	if (expr->op < OP_AND || expr->op > OP_OR || (!bare_comparison(expr->left) && !bare_comparison(expr->right)))
		return;
	parser_fail(parser, op->span,
	            "'%c' beside a comparison, which binds tighter, as in C: say with parentheses what is meant",
	            op->span.text[0]);
}

static struct expr *binary(struct parser *parser, unsigned least)
{
	struct token first = parser->now;
	struct expr *left = unary(parser);

	while (left != NULL) {
		struct token op = parser->now;
		enum token_kind kind = parser_kind(parser);
		unsigned level = binary_operators[kind].level;

		if (level == 0 || level < least)
			break;
		struct expr *expr = new_expr(parser, EXPR_BINARY);

		expr->op = binary_operators[kind].op;
		expr->left = left;
		parser_advance_on(parser);
		expr->right = binary(parser, level + 1);
		if (expr->right == NULL)
			return NULL;
		check_mixing(parser, expr, &op);
		left = complete(parser, expr, &first, higher(left->height, expr->right->height));
	}
	return left;
}

struct expr *parser_expression(struct parser *parser)
{
	/* What stands in no bracket is no deeper than its statement. */
	bool inside = parser->brackets > 0;
	struct expr *expr;

	if (inside && !parser_enter(parser))
		return NULL;
	expr = binary(parser, 1);
	parser->depth -= inside;
	return expr;
}
