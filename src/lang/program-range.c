/* SPDX-License-Identifier: MIT */
/* What can be known of an expression's value before the program runs: its C type, its bounds, its effects. */
#include "lang/program-part.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum {
	PAGE_MOST = 65536,
	PAGES_GROW = 16, /* from the smallest pages that there are to the largest */
};

static const int64_t address_most = INT64_C(1) << 57; /* five levels of page tables, and some */
static const int64_t believed_most = INT64_C(1) << 61;
static const int64_t count_most = INT64_C(1) << 60;

static struct range between(int64_t least, int64_t most)
{
	return (struct range){ least, most, false };
}

/* Functions whose C gives a bool. */
static bool gives_truth(uint8_t id)
{
	return id == FN_ZERO || id == FN_FILLED || id == FN_VMA || id == FN_VMFLAG;
}

bool program_is_boolean(const struct expr *expr)
{
	if (expr->kind == EXPR_UNARY)
		return expr->op == OP_NOT;
	if (expr->kind == EXPR_FUNCTION)
		return gives_truth(expr->function->id);
	return expr->kind == EXPR_BINARY && ((expr->op >= OP_LT && expr->op <= OP_NE) || expr->op >= OP_LOGAND);
}

bool program_is_pure(const struct expr *expr, uint32_t slot)
{
	switch ((enum expr_kind)expr->kind) {
	case EXPR_NAME:
		return expr->slot != slot;
	case EXPR_PREDEFINED:
		return expr->predefined != PRE_ERRNO && expr->predefined != PRE_HUGEPAGE;
	case EXPR_UNARY:
		return program_is_pure(expr->right, slot);
	case EXPR_BINARY:
		return program_is_pure(expr->left, slot) && program_is_pure(expr->right, slot);
	case EXPR_INDEX:
	case EXPR_FUNCTION:
	case EXPR_FAULT:
		return false;
	default:
		return true;
	}
}

bool program_looks(const struct expr *expr)
{
	switch ((enum expr_kind)expr->kind) {
	case EXPR_UNARY:
		return program_looks(expr->right);
	case EXPR_BINARY:
		return program_looks(expr->left) || program_looks(expr->right);
	case EXPR_INDEX:
	case EXPR_FAULT:
		return true;
	case EXPR_FUNCTION:
		return expr->function->id != FN_GETPID;
	default:
		return false;
	}
}

static enum c_type function_type(uint8_t id)
{
	switch ((enum function_id)id) {
	case FN_TEXT:
	case FN_PERMS:
	case FN_PATHNAME:
		return C_TEXT;
	case FN_START:
	case FN_END:
	case FN_HOLE:
		return C_POINTER;
	case FN_ZERO:
	case FN_FILLED:
	case FN_VMA:
	case FN_VMFLAG:
	case FN_GETPID:
		return C_INT;
	default:
		return C_LONG;
	}
}

static bool fits_int(struct range range)
{
	return range.least >= INT32_MIN && range.most <= INT32_MAX;
}

/* What C can add to a pointer; of what nothing is known it is believed. */
static bool fits_long(struct range range)
{
	return range.most >= believed_most || (range.least >= LONG_MIN && range.most <= LONG_MAX);
}

static bool has_pages(const struct expr *expr)
{
	return expr->span.len > 0 && expr->span.text[expr->span.len - 1] == 'p' && expr->integer != 0;
}

enum c_type program_operand_type(const struct program *p, const struct expr *expr)
{
	bool bare = expr->kind == EXPR_PREDEFINED && (expr->predefined == PRE_NULL || expr->predefined == PRE_MAP_FAILED);

	return bare ? C_INT : program_type(p, expr);
}

static enum c_type binary_type(const struct program *p, const struct expr *expr)
{
	enum c_type left = program_operand_type(p, expr->left), right = program_operand_type(p, expr->right);

	if (program_is_boolean(expr))
		return C_INT;
	if (expr->op == OP_ADD && (left == C_POINTER) != (right == C_POINTER) && left != C_TEXT && right != C_TEXT &&
	    fits_long(program_range(p, left == C_POINTER ? expr->right : expr->left)))
		return C_POINTER;
	if (expr->op == OP_SUB && left == C_POINTER && right != C_POINTER && right != C_TEXT &&
	    fits_long(program_range(p, expr->right)))
		return C_POINTER;
	return left == C_INT && right == C_INT && fits_int(program_range(p, expr)) ? C_INT : C_LONG;
}

static int compare_places(const void *key, const void *place)
{
	const char *left = key, *right = *(const char *const *)place;

	return (left > right) - (left < right);
}

bool program_stands_in(const struct places *places, const char *place)
{
	return places->count > 0 && bsearch(place, places->list, places->count, sizeof(*places->list), compare_places) != NULL;
}

bool program_is_either(const struct program *p, const struct expr *expr)
{
	return expr->kind == EXPR_NAME && p->learned && program_stands_in(&p->either, expr->span.text);
}

/* Whether a name holds a string where it stands. */
static bool holds_text(const struct program *p, const struct expr *expr)
{
	const struct variable *variable = &p->variables[expr->slot];

	if (variable->has_text && variable->type == C_NONE)
		return true;
	return p->learned ? program_stands_in(&p->texts, expr->span.text) : variable->is_text;
}

enum c_type program_type(const struct program *p, const struct expr *expr)
{
	switch ((enum expr_kind)expr->kind) {
	case EXPR_INT:
		return has_pages(expr) || !fits_int(between(expr->integer, expr->integer)) ? C_LONG : C_INT;
	case EXPR_STRING:
		return C_TEXT;
	case EXPR_NAME:
		return holds_text(p, expr) ? C_TEXT : p->variables[expr->slot].type;
	case EXPR_CONSTANT:
		return fits_int(program_range(p, expr)) ? C_INT : C_LONG;
	case EXPR_PREDEFINED:
		return expr->predefined == PRE_ERRNO                                        ? C_INT
		       : expr->predefined == PRE_PAGE || expr->predefined == PRE_HUGEPAGE ? C_LONG
		                                                                           : C_POINTER;
	case EXPR_UNARY:
		return expr->op == OP_NOT || (program_type(p, expr->right) == C_INT && fits_int(program_range(p, expr)))
		               ? C_INT
		               : C_LONG;
	case EXPR_BINARY:
		return binary_type(p, expr);
	case EXPR_INDEX:
	case EXPR_FAULT:
		return C_INT;
	case EXPR_FUNCTION:
		return function_type(expr->function->id);
	}
	return C_LONG;
}

static struct range whole(bool assumed)
{
	return (struct range){ -believed_most, believed_most, assumed };
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Bounds of a sum, a difference or a product; least > most: it can overflow. */
static struct range arithmetic(uint8_t op, struct range a, struct range b)
{
	const int64_t x[] = { a.least, a.most }, y[] = { b.least, b.most };
	struct range range = { INT64_MAX, INT64_MIN, a.assumed || b.assumed };

	for (unsigned i = 0; i < 4; i++) {
		int64_t value = 0, left = x[i / 2], right = y[i % 2];
		bool over = op == OP_ADD   ? __builtin_add_overflow(left, right, &value)
		            : op == OP_SUB ? __builtin_sub_overflow(left, right, &value)
		                           : __builtin_mul_overflow(left, right, &value);

		if (over)
			return between(1, 0);
		range.least = smaller(range.least, value);
		range.most = larger(range.most, value);
	}
	return range;
}

static struct range shifted(struct range a, struct range b)
{
	if (b.least < 0 || b.most > 62 || a.least < 0 || a.most > INT64_MAX >> b.most)
		return between(1, 0);
	return (struct range){ a.least << b.least, a.most << b.most, a.assumed };
}

/* Bits: as many as the larger has. */
static struct range bits(struct range a, struct range b)
{
	uint64_t most = (uint64_t)larger(a.most, b.most);

	if (fits_int(a) && fits_int(b) && (a.least < 0 || b.least < 0))
		return between(INT32_MIN, INT32_MAX);
	if (a.least < 0 || b.least < 0)
		return between(INT64_MIN, INT64_MAX);
	while ((most & (most + 1)) != 0)
		most |= most >> 1;
	return between(0, (int64_t)most);
}

static struct range quotient(struct range a, struct range b)
{
	int64_t most = a.least == INT64_MIN ? INT64_MAX : larger(a.most, -a.least);

	if (a.least >= 0 && b.least > 0)
		return (struct range){ 0, a.most / b.least, a.assumed };
	return (struct range){ a.least >= 0 && b.least >= 0 ? 0 : -most, most, a.assumed };
}

/* x / 1p * 1p is no larger than x, however large a page is. */
static bool rounds(const struct expr *expr)
{
	const struct expr *left = expr->left;

	return expr->op == OP_MUL && left->kind == EXPR_BINARY && left->op == OP_DIV &&
	       left->right->span.len == expr->right->span.len && left->right->span.len > 0 &&
	       memcmp(left->right->span.text, expr->right->span.text, expr->right->span.len) == 0;
}

static struct range binary_range(const struct program *p, const struct expr *expr)
{
	if (program_is_boolean(expr))
		return between(0, 1);
	if (rounds(expr))
		return program_range(p, expr->left->left);
	struct range a = program_range(p, expr->left), b = program_range(p, expr->right);

	/* What was checked for overflow can be anything. */
	if (a.least > a.most)
		a = between(INT64_MIN, INT64_MAX);
	if (b.least > b.most)
		b = between(INT64_MIN, INT64_MAX);
	switch ((enum operator)expr->op) {
	case OP_ADD:
	case OP_SUB:
	case OP_MUL:
		return arithmetic(expr->op, a, b);
	case OP_DIV:
		return quotient(a, b);
	case OP_MOD:
		return b.least > 0 ? between(a.least >= 0 ? 0 : -b.most, b.most) : whole(true);
	case OP_SHL:
		return shifted(a, b);
	case OP_SHR:
		return a.least >= 0 ? between(0, a.most) : between(a.least, larger(a.most, 0));
	default:
		return bits(a, b);
	}
}

static struct range predefined_range(uint8_t which)
{
	switch ((enum predefined)which) {
	case PRE_PAGE:
		return between(4096, PAGE_MOST);
	case PRE_HUGEPAGE:
		return between(0, INT64_C(1) << 40);
	case PRE_NULL:
		return between(0, 0);
	case PRE_MAP_FAILED:
		return between(-1, -1);
	case PRE_ERRNO:
		return between(0, 4095);
	case PRE_SCRATCH:
		return between(4096, address_most);
	}
	return whole(false);
}

static struct range function_range(const struct expr *expr)
{
	switch (function_type(expr->function->id)) {
	case C_POINTER:
		return between(-(INT64_C(1) << 24), address_most);
	case C_INT:
		return between(0, expr->function->id == FN_GETPID ? INT32_MAX : 1);
	default:
		return between(expr->function->id == FN_SYSCTL ? -count_most : 0, count_most);
	}
}

struct range program_range(const struct program *p, const struct expr *expr)
{
	struct range range;

	switch ((enum expr_kind)expr->kind) {
	case EXPR_INT:
		range = between(expr->integer, expr->integer);
		/* Pages are larger elsewhere. */
		if (has_pages(expr) && expr->integer > 0 && expr->integer < count_most &&
		    __builtin_mul_overflow(range.most, PAGES_GROW, &range.most))
			range.most = INT64_MAX;
		return range;
	case EXPR_NAME:
		return p->variables[expr->slot].range;
	case EXPR_CONSTANT:
		return between(expr->constant->value, expr->constant->value);
	case EXPR_PREDEFINED:
		return predefined_range(expr->predefined);
	case EXPR_UNARY:
		if (expr->op == OP_NOT)
			return between(0, 1);
		range = program_range(p, expr->right);
		if (range.least > range.most || (expr->op == OP_NEGATE && range.least == INT64_MIN))
			return between(INT64_MIN, INT64_MAX);
		return expr->op == OP_INVERT ? between(~range.most, ~range.least) : between(-range.most, -range.least);
	case EXPR_BINARY:
		return binary_range(p, expr);
	case EXPR_INDEX:
		return between(0, 255);
	case EXPR_FAULT:
		return between(0, 65535);
	case EXPR_FUNCTION:
		return function_range(expr);
	case EXPR_STRING:
		break;
	}
	return between(0, 0);
}

bool program_is_far(const struct program *p, const struct expr *offset)
{
	struct range range = program_range(p, offset);

	return expr_is_constant(offset) && (range.most > address_most || range.least < -address_most);
}

enum c_type program_call_type(const struct call *call)
{
	switch ((enum call_id)call->id) {
	case CALL_READ:
	case CALL_WRITE:
	case CALL_PREAD:
	case CALL_PWRITE:
	case CALL_PROCESS_MADVISE:
	case CALL_PROCESS_VM_READV:
		return C_LONG;
	default:
		return call->result == RESULT_ADDRESS ? C_POINTER : C_INT;
	}
}

struct range program_call_range(const struct call *call)
{
	switch (program_call_type(call)) {
	case C_POINTER:
		return between(-1, address_most);
	case C_INT:
		return between(call->class == CALL_MEMORY ? 0 : -1, call->class == CALL_MEMORY ? 0 : INT32_MAX);
	default:
		return between(-1, count_most);
	}
}
