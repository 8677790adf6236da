/* SPDX-License-Identifier: MIT */
/* Expressions: C's operators over 64-bit integers and strings, real loads, and caught faults. */
#include "run/machine.h"

#include "base/size.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static bool integer(struct value *value, int64_t number)
{
	*value = (struct value){ .integer = number };
	return true;
}

static bool eval_number(struct machine *m, const struct expr *expr, struct value *value)
{
	if (!eval(m, expr, value))
		return false;
	if (value->is_string)
		return machine_fail(m, "%.*s is a string; an integer is needed", (int)expr->span.len, expr->span.text);
	return true;
}

bool eval_integer(struct machine *m, const struct expr *expr, int64_t *value)
{
	struct value got;

	if (!eval_number(m, expr, &got))
		return false;
	*value = got.integer;
	return true;
}

static bool huge_page(struct machine *m, struct value *value)
{
	int64_t bytes;

	int error = observer_meminfo(&m->here->observer, "Hugepagesize", &bytes);

	if (error == -ENODATA || error == -ENOENT)
		return machine_fail(m, "this kernel has no huge pages (no Hugepagesize in /proc/meminfo)");
	machine_unread(m, m->here->observer.unopened, "meminfo", error);
	return error == 0 && integer(value, bytes);
}

static bool predefined(struct machine *m, enum predefined which, struct value *value)
{
	switch (which) {
	case PRE_PAGE:
		return integer(value, (int64_t)m->page);
	case PRE_HUGEPAGE:
		return huge_page(m, value);
	case PRE_NULL:
		return integer(value, 0);
	case PRE_MAP_FAILED:
		return integer(value, -1);
	case PRE_ERRNO:
		return integer(value, m->last_error);
	case PRE_SCRATCH:
		*value = (struct value){ .integer = (int64_t)m->here->process.scratch, .steadiness = SHIFTED };
		return true;
	}
	return false;
}

static bool name_value(struct machine *m, uint32_t slot, struct value *value)
{
	if (!m->bound[slot])
		return machine_fail(m, "%s has no value: the statement that binds it was not reached",
		                    m->names[slot]);
	*value = m->slots[slot];
	return true;
}

static bool unary(struct machine *m, const struct expr *expr, struct value *value)
{
	if (!eval_number(m, expr->right, value))
		return false;
	if (expr->op == OP_NOT)
		return integer(value, value->integer == 0);
	value->steadiness = value->steadiness != STEADY ? NOISY : STEADY;
	if (expr->op == OP_INVERT)
		value->integer = ~value->integer;
	else if (value->integer == INT64_MIN)
		return machine_fail(m, "%.*s overflows", (int)expr->span.len, expr->span.text);
	else
		value->integer = -value->integer;
	return true;
}

/* Strings compare with == and != only; the checker sees most of it, names only show what they hold here. */
static bool compare_strings(struct machine *m, const struct expr *expr, const struct value *left,
                            const struct value *right, struct value *value)
{
	if (!left->is_string || !right->is_string)
		return machine_fail(m, "a string cannot be compared or combined with an integer: %.*s", (int)expr->span.len,
		                    expr->span.text);
	if (expr->op != OP_EQ && expr->op != OP_NE)
		return machine_fail(m, "strings have only == and !=: %.*s", (int)expr->span.len, expr->span.text);
	bool same = left->len == right->len && memcmp(left->text, right->text, left->len) == 0;

	return integer(value, same == (expr->op == OP_EQ));
}

static bool arithmetic(struct machine *m, const struct expr *expr, int64_t a, int64_t b, int64_t *result)
{
	bool overflow = false;

	switch ((enum operator)expr->op) {
	case OP_ADD:
		overflow = __builtin_add_overflow(a, b, result);
		break;
	case OP_SUB:
		overflow = __builtin_sub_overflow(a, b, result);
		break;
	case OP_MUL:
		overflow = __builtin_mul_overflow(a, b, result);
		break;
	default: /* OP_DIV, OP_MOD */
		if (b == 0)
			return machine_fail(m, "division by zero: %.*s", (int)expr->span.len, expr->span.text);
		overflow = a == INT64_MIN && b == -1;
		if (!overflow)
			*result = expr->op == OP_DIV ? a / b : a % b;
	}
	if (overflow)
		return machine_fail(m, "%.*s overflows: %" PRId64 " and %" PRId64, (int)expr->span.len, expr->span.text, a, b);
	return true;
}

static bool shift(struct machine *m, const struct expr *expr, int64_t a, int64_t b, int64_t *result)
{
	if (b < 0 || b > 63)
		return machine_fail(m, "a shift by %" PRId64 " is beyond 63 bits: %.*s", b, (int)expr->span.len,
		                    expr->span.text);
	*result = expr->op == OP_SHL ? (int64_t)((uint64_t)a << b) : a >> b;
	return true;
}

static bool combine(struct machine *m, const struct expr *expr, int64_t a, int64_t b, int64_t *result)
{
	switch ((enum operator)expr->op) {
	case OP_LT:
		*result = a < b;
		return true;
	case OP_LE:
		*result = a <= b;
		return true;
	case OP_GT:
		*result = a > b;
		return true;
	case OP_GE:
		*result = a >= b;
		return true;
	case OP_EQ:
		*result = a == b;
		return true;
	case OP_NE:
		*result = a != b;
		return true;
	case OP_AND:
		*result = a & b;
		return true;
	case OP_XOR:
		*result = a ^ b;
		return true;
	case OP_OR:
		*result = a | b;
		return true;
	case OP_SHL:
	case OP_SHR:
		return shift(m, expr, a, b, result);
	default:
		return arithmetic(m, expr, a, b, result);
	}
}

static bool logical(struct machine *m, const struct expr *expr, struct value *value)
{
	int64_t side = 0;

	if (!eval_integer(m, expr->left, &side))
		return false;
	if ((side != 0) == (expr->op == OP_LOGOR))
		return integer(value, expr->op == OP_LOGOR);
	return eval_integer(m, expr->right, &side) && integer(value, side != 0);
}

static enum steadiness steadiness_of(enum operator op, enum steadiness left, enum steadiness right)
{
	if ((op >= OP_LT && op <= OP_NE) || (left == STEADY && right == STEADY))
		return STEADY;
	if (left == NOISY || right == NOISY)
		return NOISY;
	if (op == OP_SUB)
		return left == right ? STEADY : left == SHIFTED ? SHIFTED : NOISY;
	return op == OP_ADD && left != right ? SHIFTED : NOISY;
}

bool eval_sides(struct machine *m, const struct expr *expr, struct value *left, struct value *right, struct value *value)
{
	int64_t result = 0;

	if (!eval(m, expr->left, left) || !eval(m, expr->right, right))
		return false;
	if (left->is_string || right->is_string)
		return compare_strings(m, expr, left, right, value);
	if (!combine(m, expr, left->integer, right->integer, &result))
		return false;
	*value = (struct value){ .integer = result,
		                 .steadiness = (uint8_t)steadiness_of(expr->op, left->steadiness, right->steadiness) };
	return true;
}

static bool binary(struct machine *m, const struct expr *expr, struct value *value)
{
	struct value left, right;

	if (expr->op == OP_LOGAND || expr->op == OP_LOGOR)
		return logical(m, expr, value);
	return eval_sides(m, expr, &left, &right, value);
}

bool eval_address(struct machine *m, const struct expr *expr, uint64_t *address)
{
	struct value base, offset;
	int64_t sum;

	if (!eval_number(m, expr->base, &base) || !eval_number(m, expr->offset, &offset))
		return false;
	m->address_varies = base.steadiness != STEADY || offset.steadiness != STEADY;
	if (__builtin_add_overflow(base.integer, offset.integer, &sum))
		return machine_fail(m, "the address of %.*s overflows", (int)expr->span.len, expr->span.text);
	/* -1p is the last page on a 32-bit machine, too. */
	if (sum < 0 && sum >= INTPTR_MIN)
		sum = (int64_t)(uintptr_t)sum;
	if ((uint64_t)sum > UINTPTR_MAX)
		return machine_fail(m, "the address of %.*s does not fit a pointer of this machine", (int)expr->span.len,
		                    expr->span.text);
	*address = (uint64_t)sum;
	return true;
}

static bool load(struct machine *m, const struct expr *expr, struct value *value)
{
	uint64_t address = 0;

	if (!eval_address(m, expr, &address))
		return false;
	struct exec_request *request = machine_request(EXEC_LOAD);

	request->args[0] = address;
	const struct exec_reply *reply = machine_ask(m);

	if (reply == NULL)
		return false;
	machine_accessed(m, address, 1);
	return integer(value, reply->result);
}

static bool fault(struct machine *m, const struct expr *expr, struct value *value)
{
	uint64_t address = 0;
	int64_t byte = 0;

	if (!eval_address(m, expr, &address) || (expr->value != NULL && !eval_integer(m, expr->value, &byte)))
		return false;
	struct exec_request *request = machine_request(expr->value != NULL ? EXEC_STORE : EXEC_LOAD);

	request->guarded = true;
	request->args[0] = address;
	request->args[1] = (uint64_t)byte;
	const struct exec_reply *reply = machine_ask(m);

	if (reply == NULL)
		return false;
	machine_accessed(m, address, 1);
	if (reply->answer != ANSWER_FAULT)
		return integer(value, 0);
	int64_t code = fault_code(reply->signo, reply->code);

	if (m->fault_count < STEP_FAULTS)
		m->faults[m->fault_count++] = (struct event_fault){
			.signo = reply->signo,
			.code = code,
			/* Where the kernel tells none (SI_KERNEL), it is the one that was asked for. */
			.address = reply->address != 0 ? reply->address : address,
			.has_address = true,
			.varies = m->address_varies,
		};
	return integer(value, code);
}

static bool call_function(struct machine *m, const struct expr *expr, struct value *value)
{
	struct value args[4] = { 0 };

	for (unsigned i = 0; i < expr->count && i < 4; i++) {
		if (!eval(m, expr->args[i], &args[i]))
			return false;
		bool want_string = expr->function->args[i] == TYPE_STRING;

		if (expr->function->args[i] != TYPE_ANY && want_string != args[i].is_string)
			return machine_fail(m, "%s: argument %u must be %s", expr->function->name, i + 1,
			                    want_string ? "a string" : "an integer");
	}
	return function_call(m, expr->function, args, value);
}

bool eval(struct machine *m, const struct expr *expr, struct value *value)
{
	switch ((enum expr_kind)expr->kind) {
	case EXPR_INT:
		return integer(value, expr->integer);
	case EXPR_STRING:
		*value = (struct value){ .is_string = true, .text = expr->string.data, .len = expr->string.len };
		return true;
	case EXPR_NAME:
		return name_value(m, expr->slot, value);
	case EXPR_CONSTANT:
		return integer(value, expr->constant->value);
	case EXPR_PREDEFINED:
		return predefined(m, expr->predefined, value);
	case EXPR_UNARY:
		return unary(m, expr, value);
	case EXPR_BINARY:
		return binary(m, expr, value);
	case EXPR_INDEX:
		return load(m, expr, value);
	case EXPR_FUNCTION:
		return call_function(m, expr, value);
	case EXPR_FAULT:
		return fault(m, expr, value);
	}
	return false;
}
