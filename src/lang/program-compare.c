/* SPDX-License-Identifier: MIT */
/* Comparisons and what is made of them in C, so that no compiler finds one odd. */
#include "lang/program-part.h"

#include <stdlib.h>

/* A number made of two, that no others are likely to make. */
static uint64_t mix(uint64_t a, uint64_t b)
{
	a = (a ^ b * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xff51afd7ed558ccd);
	return a ^ a >> 29;
}

static uint64_t weigh(const struct expr *expr);

/* As the compiler reckons, where it can be reckoned with; else some number. */
static uint64_t weigh_binary(const struct expr *expr)
{
	uint64_t left = weigh(expr->left), right = weigh(expr->right);

	switch ((enum operator)expr->op) {
	case OP_ADD:
		return left + right;
	case OP_SUB:
		return left - right;
	case OP_MUL:
		return left * right;
	case OP_SHL:
		return left << (right & 63);
	case OP_AND:
		return left & right;
	case OP_OR:
		return left | right;
	case OP_XOR:
		return left ^ right;
	default:
		return mix(mix(expr->op, left), right);
	}
}

/* What an expression is where page, every name, every load and every function has some number of its own. */
static uint64_t weigh(const struct expr *expr)
{
	uint64_t value = expr->kind;

	switch ((enum expr_kind)expr->kind) {
	case EXPR_INT:
		if (expr->integer > 0 && expr->span.len > 0 && expr->span.text[expr->span.len - 1] == 'p')
			return strtoull(expr->span.text, NULL, 0) * mix(EXPR_PREDEFINED, PRE_PAGE);
		return (uint64_t)expr->integer;
	case EXPR_CONSTANT:
		return (uint64_t)expr->constant->value;
	case EXPR_PREDEFINED:
		return expr->predefined == PRE_NULL         ? 0
		       : expr->predefined == PRE_MAP_FAILED ? UINT64_MAX
							    : mix(EXPR_PREDEFINED, expr->predefined);
	case EXPR_NAME:
		return mix(EXPR_NAME, expr->slot);
	case EXPR_UNARY:
		value = weigh(expr->right);
		return expr->op == OP_NEGATE ? 0 - value : expr->op == OP_INVERT ? ~value : mix(OP_NOT, value);
	case EXPR_BINARY:
		return weigh_binary(expr);
	case EXPR_INDEX:
		return mix(EXPR_INDEX, weigh(expr->base) + weigh(expr->offset));
	case EXPR_FAULT:
		value = mix(value, weigh(expr->base) + weigh(expr->offset));
		return expr->value != NULL ? mix(value, weigh(expr->value)) : value;
	case EXPR_FUNCTION:
		value = mix(value, expr->function->id);
		for (unsigned i = 0; i < expr->count; i++)
			value = mix(value, weigh(expr->args[i]));
		return value;
	case EXPR_STRING:
		break;
	}
	return value;
}

bool program_masks(const struct expr *expr)
{
	return expr->kind == EXPR_BINARY && program_is_bits(expr->op) &&
	       (expr_is_constant(expr->left) || expr_is_constant(expr->right));
}

/* A constant that an int of C cannot pass, or is never above or below. */
static bool is_beyond_int(const struct program *p, const struct expr *expr)
{
	struct range range = program_range(p, expr);

	return expr_is_constant(expr) && (range.least <= INT32_MIN || range.most >= INT32_MAX || range.least > range.most);
}

/* Comparisons that compilers find to be always true or false, and warn of. */
static bool is_foregone(struct program *p, const struct expr *expr)
{
	bool left = program_type(p, expr->left) == C_INT, right = program_type(p, expr->right) == C_INT;

	if (expr_is_constant(expr->left) && expr_is_constant(expr->right))
		return true;
	if ((left && is_beyond_int(p, expr->right)) || (right && is_beyond_int(p, expr->left)))
		return true;
	if (program_is_boolean(expr->left) || program_is_boolean(expr->right))
		return true;
	/* (x | 1) == 0 */
	if ((program_masks(expr->left) && expr_is_constant(expr->right)) ||
	    (program_masks(expr->right) && expr_is_constant(expr->left)))
		return true;
	/* x == x, however it is written: x + 2p == page * 2 + x */
	return weigh(expr->left) == weigh(expr->right);
}

static void compare_texts(struct program *p, struct buf *out, const struct expr *expr, int binds)
{
	program_open_if(out, binds > BIND_EQUAL);
	program_header(p, "string");
	buf_puts(out, "strcmp(");
	program_expr(p, out, expr->left, AS_TEXT, BIND_ASSIGN);
	buf_puts(out, ",\v");
	program_expr(p, out, expr->right, AS_TEXT, BIND_ASSIGN);
	buf_printf(out, ") %s 0", program_operators[expr->op].text);
	program_close_if(out, binds > BIND_EQUAL);
}

static bool compares_pointers(const struct program *p, const struct expr *expr)
{
	bool equality = expr->op == OP_EQ || expr->op == OP_NE;

	bool bare = program_is_bare(expr->left) || program_is_bare(expr->right);
	bool sum = expr->left->kind == EXPR_BINARY || expr->right->kind == EXPR_BINARY;

	return program_type(p, expr->left) == C_POINTER && program_type(p, expr->right) == C_POINTER &&
	       (!bare || (equality && !sum));
}

/* By a function, so that compilers have no opinion. */
static void compare_by_helper(struct program *p, struct buf *out, const struct expr *expr)
{
	program_use(p, "holds");
	buf_puts(out, "holds(");
	if (expr->kind == EXPR_NAME) {
		program_expr(p, out, expr, AS_LONG, BIND_ASSIGN);
		buf_puts(out, ", \"!=\", 0)");
		return;
	}
	program_expr(p, out, expr->left, AS_LONG, BIND_ASSIGN);
	buf_printf(out, ", \"%s\",\v", program_operators[expr->op].text);
	program_expr(p, out, expr->right, AS_LONG, BIND_ASSIGN);
	buf_putc(out, ')');
}

static bool compares_texts(const struct program *p, const struct expr *expr)
{
	bool left = program_type(p, expr->left) == C_TEXT, right = program_type(p, expr->right) == C_TEXT;

	return (left && right) || (left && program_is_either(p, expr->right)) || (right && program_is_either(p, expr->left));
}

void program_comparison(struct program *p, struct buf *out, const struct expr *expr, int binds)
{
	enum form form = compares_pointers(p, expr) ? AS_IS : AS_LONG;
	int own = program_operators[expr->op].binds;

	if (compares_texts(p, expr)) {
		compare_texts(p, out, expr, binds);
	} else if (is_foregone(p, expr)) {
		compare_by_helper(p, out, expr);
	} else {
		program_open_if(out, binds > own);
		program_expr(p, out, expr->left, form, BIND_SHIFT);
		buf_printf(out, " %s\f", program_operators[expr->op].text);
		program_expr(p, out, expr->right, form, BIND_SHIFT);
		program_close_if(out, binds > own);
	}
}

/* A name compared with a known number, the name on the left; alone it is compared with 0. */
struct bound {
	uint32_t slot;
	uint8_t op;
	int64_t number;
};

static bool bound_of(const struct program *p, const struct expr *expr, struct bound *bound)
{
	static const uint8_t turned[] = { [OP_LT] = OP_GT, [OP_LE] = OP_GE, [OP_GT] = OP_LT,
		                          [OP_GE] = OP_LE, [OP_EQ] = OP_EQ, [OP_NE] = OP_NE };

	if (expr->kind == EXPR_NAME) {
		*bound = (struct bound){ .slot = expr->slot, .op = OP_NE };
		return true;
	}
	if (expr->kind != EXPR_BINARY || expr->op < OP_LT || expr->op > OP_NE)
		return false;
	bool left = expr->left->kind == EXPR_NAME;
	const struct expr *name = left ? expr->left : expr->right, *number = left ? expr->right : expr->left;
	struct range range = program_range(p, number);

	*bound = (struct bound){ .op = left ? expr->op : turned[expr->op], .number = range.least };
	if (name->kind != EXPR_NAME || !expr_is_constant(number) || range.least != range.most)
		return false;
	bound->slot = name->slot;
	return true;
}

static bool is_within(const struct bound *bound, int64_t value)
{
	switch ((enum operator)bound->op) {
	case OP_LT:
		return value < bound->number;
	case OP_LE:
		return value <= bound->number;
	case OP_GT:
		return value > bound->number;
	case OP_GE:
		return value >= bound->number;
	case OP_EQ:
		return value == bound->number;
	default:
		return value != bound->number;
	}
}

/* x > 5 && x < 3, x > 5 || x <= 5: compilers see that no value, or every one, makes it so. */
static bool is_decided(const struct program *p, const struct expr *expr)
{
	struct bound bounds[2];
	bool none = true, all = true;

	if (!bound_of(p, expr->left, &bounds[0]) || !bound_of(p, expr->right, &bounds[1]) || bounds[0].slot != bounds[1].slot)
		return false;
	/* The numbers themselves, and what is beside them. */
	for (unsigned i = 0; i < 6; i++) {
		int64_t value = (int64_t)((uint64_t)bounds[i / 3].number + i % 3 - 1);
		bool one = is_within(&bounds[0], value), other = is_within(&bounds[1], value);
		bool both = expr->op == OP_LOGAND ? one && other : one || other;

		none &= !both;
		all &= both;
	}
	return none || all;
}

void program_logical(struct program *p, struct buf *out, const struct expr *expr, int binds)
{
	int own = program_operators[expr->op].binds;
	const struct expr *sides[] = { expr->left, expr->right };

	program_open_if(out, binds > own);
	bool decided = is_decided(p, expr);

	for (unsigned i = 0; i < 2; i++) {
		bool same = sides[i]->kind == EXPR_BINARY && sides[i]->op == expr->op && i == 0;

		if (i > 0)
			buf_printf(out, " %s\f", program_operators[expr->op].text);
		if (i > 0 && decided)
			compare_by_helper(p, out, sides[i]);
		else
			program_expr(p, out, sides[i], AS_TRUTH, same ? own : BIND_EQUAL);
	}
	program_close_if(out, binds > own);
}
