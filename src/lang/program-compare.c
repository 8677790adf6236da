/* SPDX-License-Identifier: MIT */
/* Comparisons and what is made of them in C, so that no compiler finds one odd. */
#include "lang/program-part.h"

#include <string.h>

enum { LOW = 4 /* levels of a tree that is printed just to be looked at; a tree of comparisons would be so again and again */ };

/* x == x, however it is written. */
static bool same_text(struct program *p, const struct expr *expr)
{
	struct span one = expr->left->span, other = expr->right->span;
	struct buf left = { 0 }, right = { 0 };

	if (one.len == other.len && memcmp(one.text, other.text, one.len) == 0)
		return true;
	if (expr->height > LOW)
		return false;
	program_expr(p, &left, expr->left, AS_LONG, BIND_ASSIGN);
	program_expr(p, &right, expr->right, AS_LONG, BIND_ASSIGN);
	bool same = strcmp(buf_text(&left), buf_text(&right)) == 0;

	buf_fini(&left);
	buf_fini(&right);
	return same;
}

bool program_masks(const struct expr *expr)
{
	return expr->kind == EXPR_BINARY && program_is_bits(expr->op) &&
	       (expr_is_constant(expr->left) || expr_is_constant(expr->right));
}

/* Comparisons that compilers find to be always true or false, and warn of. */
static bool is_foregone(struct program *p, const struct expr *expr)
{
	bool left = program_type(p, expr->left) == C_INT, right = program_type(p, expr->right) == C_INT;

	if (expr_is_constant(expr->left) && expr_is_constant(expr->right))
		return true;
	if ((left && expr_is_constant(expr->right) && !program_fits_int(p, expr->right)) ||
	    (right && expr_is_constant(expr->left) && !program_fits_int(p, expr->left)))
		return true;
	if (program_is_boolean(expr->left) || program_is_boolean(expr->right))
		return true;
	/* (x | 1) == 0 */
	if ((program_masks(expr->left) && expr_is_constant(expr->right)) ||
	    (program_masks(expr->right) && expr_is_constant(expr->left)))
		return true;
	return same_text(p, expr);
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

void program_comparison(struct program *p, struct buf *out, const struct expr *expr, int binds)
{
	enum form form = compares_pointers(p, expr) ? AS_IS : AS_LONG;
	bool texts = program_type(p, expr->left) == C_TEXT && program_type(p, expr->right) == C_TEXT;
	int own = program_operators[expr->op].binds;

	if (texts) {
		compare_texts(p, out, expr, binds);
	} else if (is_foregone(p, expr)) {
		program_use(p, "holds");
		buf_puts(out, "holds(");
		program_expr(p, out, expr->left, AS_LONG, BIND_ASSIGN);
		buf_printf(out, ", \"%s\",\v", program_operators[expr->op].text);
		program_expr(p, out, expr->right, AS_LONG, BIND_ASSIGN);
		buf_putc(out, ')');
	} else {
		program_open_if(out, binds > own);
		program_expr(p, out, expr->left, form, BIND_SHIFT);
		buf_printf(out, " %s\f", program_operators[expr->op].text);
		program_expr(p, out, expr->right, form, BIND_SHIFT);
		program_close_if(out, binds > own);
	}
}

void program_logical(struct program *p, struct buf *out, const struct expr *expr, int binds)
{
	int own = program_operators[expr->op].binds;
	const struct expr *sides[] = { expr->left, expr->right };

	program_open_if(out, binds > own);
	for (unsigned i = 0; i < 2; i++) {
		bool same = sides[i]->kind == EXPR_BINARY && sides[i]->op == expr->op && i == 0;

		if (i > 0)
			buf_printf(out, " %s\f", program_operators[expr->op].text);
		program_expr(p, out, sides[i], AS_TRUTH, same ? own : BIND_EQUAL);
	}
	program_close_if(out, binds > own);
}
