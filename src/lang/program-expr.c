/* SPDX-License-Identifier: MIT */
/* The script's expressions in C. */
#include "lang/program-part.h"

const struct program_operator program_operators[] = {
	[OP_MUL] = { "*", BIND_PRODUCT },    [OP_DIV] = { "/", BIND_PRODUCT },  [OP_MOD] = { "%", BIND_PRODUCT },
	[OP_ADD] = { "+", BIND_SUM },        [OP_SUB] = { "-", BIND_SUM },      [OP_SHL] = { "<<", BIND_SHIFT },
	[OP_SHR] = { ">>", BIND_SHIFT },     [OP_LT] = { "<", BIND_ORDER },     [OP_LE] = { "<=", BIND_ORDER },
	[OP_GT] = { ">", BIND_ORDER },       [OP_GE] = { ">=", BIND_ORDER },    [OP_EQ] = { "==", BIND_EQUAL },
	[OP_NE] = { "!=", BIND_EQUAL },      [OP_AND] = { "&", BIND_AND },      [OP_XOR] = { "^", BIND_XOR },
	[OP_OR] = { "|", BIND_OR },          [OP_LOGAND] = { "&&", BIND_LOGAND }, [OP_LOGOR] = { "||", BIND_LOGOR },
	[OP_NOT] = { "!", BIND_UNARY },      [OP_INVERT] = { "~", BIND_UNARY }, [OP_NEGATE] = { "-", BIND_UNARY },
};

void program_bound_first(struct program *p, struct buf *out, uint32_t slot)
{
	const struct variable *variable = &p->variables[slot];

	if (!variable->maybe_unbound)
		return;
	program_use(p, "bound");
	buf_printf(out, "bound(%s, \"%s\"), ", variable->bound_name, p->script->names[slot].text);
}

/* text: of the two that a name can have, the one for strings. */
static void name(struct program *p, struct buf *out, const struct expr *expr, bool text)
{
	const struct variable *variable = &p->variables[expr->slot];
	const char *shown = p->script->names[expr->slot].text;
	bool either = program_is_either(p, expr), checked = variable->maybe_unbound || either;

	buf_puts(out, checked ? "(" : "");
	program_bound_first(p, out, expr->slot);
	if (either) {
		program_use(p, "check_kind");
		buf_printf(out, "check_kind(%s%s, \"%s is %s string\"), ", text ? "" : "!", variable->kind_name, shown,
		           text ? "no" : "a");
	}
	buf_printf(out, "%s%s", text ? variable->text_name : variable->name, checked ? ")" : "");
}

/* A string where an integer is needed, or the reverse, that only shows when the program runs. */
static void wrong_type(struct program *p, struct buf *out, const struct expr *expr, const char *value, const char *what)
{
	program_use(p, "give_up");
	buf_putc(out, '(');
	if (expr->kind == EXPR_NAME) {
		buf_puts(out, "(void)");
		name(p, out, expr, program_type(p, expr) == C_TEXT);
		buf_puts(out, ", ");
	}
	buf_puts(out, "give_up(\"");
	program_source(out, expr->span);
	buf_printf(out, " is %s\"), %s)", what, value);
}

/* An operand of arithmetic: truth is cast, lest compilers find it odd. */
static void operand(struct program *p, struct buf *out, const struct expr *expr, int binds, bool widen)
{
	bool cast = program_is_boolean(expr) || (widen && program_operand_type(p, expr) == C_INT);

	if (cast) {
		program_header(p, "stdint");
		program_open_if(out, binds > BIND_UNARY);
		buf_puts(out, "(int64_t)");
		program_expr(p, out, expr, AS_LONG, BIND_UNARY);
		program_close_if(out, binds > BIND_UNARY);
	} else {
		program_expr(p, out, expr, AS_LONG, binds);
	}
}

/* By a function that checks what C leaves undefined. */
static void checked(struct program *p, struct buf *out, const char *helper, const struct expr *expr)
{
	program_use(p, helper);
	buf_printf(out, "%s(", helper);
	program_expr(p, out, expr->left, AS_LONG, BIND_ASSIGN);
	buf_puts(out, ",\v");
	program_expr(p, out, expr->right, AS_LONG, BIND_ASSIGN);
	buf_putc(out, ')');
}

/* The checking function that an operation needs, or NULL. */
static const char *checker(const struct program *p, const struct expr *expr)
{
	struct range range = program_range(p, expr), right = program_range(p, expr->right);
	/* What doubles in a loop may outgrow an integer. */
	bool grows = p->repeats > 0 && range.assumed && (expr->op == OP_MUL || expr->op == OP_SHL);
	bool overflows = range.least > range.most || grows;

	/* Nothing is known of a side that can overflow by itself. */
	if (right.least > right.most)
		right = (struct range){ INT64_MIN, INT64_MAX, true };

	switch ((enum operator)expr->op) {
	case OP_ADD:
		return overflows ? "add" : NULL;
	case OP_SUB:
		return overflows ? "subtract" : NULL;
	case OP_MUL:
		return overflows ? "multiply" : NULL;
	case OP_DIV:
		return right.least <= 0 && right.most >= 0 ? "quotient" : right.least == -1 || right.most < 0 ? "quotient" : NULL;
	case OP_MOD:
		return right.least <= 0 ? "modulo" : NULL;
	case OP_SHL:
		return overflows ? "shift_left" : NULL;
	case OP_SHR:
		return right.least < 0 || right.most > 63 || (right.most > 31 && program_operand_type(p, expr->left) == C_INT)
		               ? "shift_right"
		               : NULL;
	default:
		return NULL;
	}
}

bool program_is_bits(uint8_t op)
{
	return op == OP_AND || op == OP_OR || op == OP_XOR;
}

/* Compilers ask for parentheses where precedence surprises. */
static int operand_binds(uint8_t op, const struct expr *child)
{
	int own = program_operators[op].binds;

	if (child->kind == EXPR_INT)
		return program_is_bits(op) ? BIND_UNARY : own;
	if (child->kind != EXPR_BINARY)
		return own;
	if (program_is_bits(op))
		return child->op == op ? own : BIND_UNARY;
	if (own == BIND_SHIFT)
		return BIND_UNARY;
	return own;
}

bool program_fits_int(const struct program *p, const struct expr *expr)
{
	struct range range = program_range(p, expr);

	return range.least >= INT32_MIN && range.most <= INT32_MAX && range.least <= range.most;
}

static bool is_pointer(const struct program *p, const struct expr *expr)
{
	return program_type(p, expr) == C_POINTER && !program_is_bare(expr);
}

static void arithmetic(struct program *p, struct buf *out, const struct expr *expr, enum form form, int binds)
{
	const char *helper = checker(p, expr);
	int own = program_operators[expr->op].binds;
	bool parentheses = binds > own;

	if (helper != NULL) {
		checked(p, out, helper, expr);
		return;
	}
	program_open_if(out, parentheses);
	if (expr->op == OP_SUB && is_pointer(p, expr->left) && is_pointer(p, expr->right)) {
		program_expr(p, out, expr->left, AS_IS, BIND_SUM);
		buf_puts(out, " -\f");
		program_expr(p, out, expr->right, AS_IS, BIND_PRODUCT);
	} else if (program_is_bits(expr->op) && form == AS_FLAGS && !program_is_boolean(expr->left) &&
	           !program_is_boolean(expr->right)) {
		program_expr(p, out, expr->left, AS_FLAGS, operand_binds(expr->op, expr->left));
		buf_printf(out, " %s\f", program_operators[expr->op].text);
		program_expr(p, out, expr->right, AS_FLAGS, operand_binds(expr->op, expr->right) + 1);
	} else {
		bool left_int = program_operand_type(p, expr->left) == C_INT;
		bool both = left_int && program_operand_type(p, expr->right) == C_INT;
		bool widen = both && !program_is_bits(expr->op) && expr->op != OP_DIV && expr->op != OP_MOD && expr->op != OP_SHR &&
		             !program_fits_int(p, expr);

		/* 2 ^ 3 looks like a power. */
		if (expr->op == OP_XOR)
			widen = expr->left->kind == EXPR_INT;
		if (expr->op == OP_SHL)
			widen = left_int && (!program_fits_int(p, expr) || program_range(p, expr->right).most > 31);
		operand(p, out, expr->left, operand_binds(expr->op, expr->left), widen);
		buf_printf(out, " %s\f", program_operators[expr->op].text);
		operand(p, out, expr->right, operand_binds(expr->op, expr->right) + 1, false);
	}
	program_close_if(out, parentheses);
}

/* NULL and MAP_FAILED have no type of their own to do arithmetic with. */
bool program_is_bare(const struct expr *expr)
{
	return expr->kind == EXPR_PREDEFINED && expr->predefined != PRE_SCRATCH;
}

/* Added to a pointer, compilers take it for an attempt to append. */
static bool is_character(const struct expr *expr)
{
	return expr->kind == EXPR_INT && expr->span.len > 0 && expr->span.text[0] == '\'';
}

/* Pointers: address + bytes, bytes + address, address - bytes. */
static void pointer_sum(struct program *p, struct buf *out, const struct expr *expr, int binds)
{
	bool parentheses = binds > BIND_SUM;
	bool left = program_type(p, expr->left) == C_POINTER && !program_is_bare(expr->left);

	program_open_if(out, parentheses);
	if (left)
		program_expr(p, out, expr->left, AS_IS, BIND_SUM);
	else
		operand(p, out, expr->left, BIND_SUM, is_character(expr->left));
	buf_printf(out, " %s\f", program_operators[expr->op].text);
	if (left)
		operand(p, out, expr->right, BIND_PRODUCT, is_character(expr->right));
	else
		program_expr(p, out, expr->right, AS_IS, BIND_PRODUCT);
	program_close_if(out, parentheses);
}

static void binary(struct program *p, struct buf *out, const struct expr *expr, enum form form, int binds)
{
	if (expr->op >= OP_LOGAND)
		program_logical(p, out, expr, binds);
	else if (program_is_boolean(expr))
		program_comparison(p, out, expr, binds);
	else if (program_type(p, expr) == C_POINTER && form != AS_LONG && form != AS_FLAGS)
		pointer_sum(p, out, expr, binds);
	else
		arithmetic(p, out, expr, form, binds);
}

static void unary(struct program *p, struct buf *out, const struct expr *expr, enum form form, int binds)
{
	/* A row of signs would be -- to C; ! before a comparison is read as part of its left side. */
	bool parentheses = binds >= BIND_UNARY || (expr->op == OP_NOT && binds > BIND_LOGAND);

	struct range range = program_range(p, expr->right);

	if (expr->op == OP_NEGATE && (range.least == INT64_MIN || range.least > range.most)) {
		program_use(p, "subtract");
		buf_puts(out, "subtract(0,\v");
		program_expr(p, out, expr->right, AS_LONG, BIND_ASSIGN);
		buf_putc(out, ')');
		return;
	}
	/* The bits of a truth: compilers think that ! was meant. */
	if (expr->op == OP_INVERT && program_is_boolean(expr->right)) {
		buf_putc(out, '(');
		program_expr(p, out, expr->right, AS_TRUTH, BIND_EQUAL);
		buf_puts(out, " ? -2 : -1)");
		return;
	}
	program_open_if(out, parentheses);
	buf_puts(out, program_operators[expr->op].text);
	if (expr->op == OP_NOT)
		program_expr(p, out, expr->right, AS_TRUTH, BIND_POSTFIX);
	else if (form == AS_WORD && program_type(p, expr->right) == C_INT)
		program_expr(p, out, expr->right, AS_WORD, BIND_UNARY);
	else
		operand(p, out, expr->right, BIND_UNARY,
		        program_type(p, expr->right) == C_INT && !program_fits_int(p, expr));
	program_close_if(out, parentheses);
}

/* BASE[OFFSET] as the address of the byte. */
static void element(struct program *p, struct buf *out, const struct expr *expr)
{
	struct expr sum = { .kind = EXPR_BINARY, .op = OP_ADD, .span = expr->span };
	bool zero = expr->offset->kind == EXPR_INT && expr->offset->integer == 0;

	sum.left = expr->base;
	sum.right = expr->offset;
	program_expr(p, out, zero ? expr->base : &sum, AS_MEMORY, BIND_ASSIGN);
}

static void index_value(struct program *p, struct buf *out, const struct expr *expr)
{
	program_use(p, "load");
	buf_puts(out, "load(");
	element(p, out, expr);
	buf_putc(out, ')');
}

static void fault(struct program *p, struct buf *out, const struct expr *expr)
{
	const char *helper = expr->value != NULL ? "try_store" : "try_load";

	program_use(p, helper);
	buf_printf(out, "%s(", helper);
	element(p, out, expr);
	if (expr->value != NULL) {
		bool cast = program_type(p, expr->value) != C_INT;

		buf_puts(out, ",\v");
		buf_puts(out, cast ? "(int)" : "");
		program_expr(p, out, expr->value, AS_LONG, cast ? BIND_UNARY : BIND_ASSIGN);
	}
	buf_putc(out, ')');
}

static const struct {
	const char *helper;
	enum form forms[3];
} functions[] = {
	[FN_TEXT] = { "text_at", { AS_MEMORY, 0, 0 } },
	[FN_ZERO] = { "is_zero", { AS_MEMORY, AS_LONG, 0 } },
	[FN_FILLED] = { "is_filled", { AS_MEMORY, AS_LONG, AS_LONG } },
	[FN_HOLE] = { "free_range", { AS_LONG, 0, 0 } },
	[FN_PERMS] = { "perms_of", { AS_POINTER, 0, 0 } },
	[FN_START] = { "start_of", { AS_POINTER, 0, 0 } },
	[FN_END] = { "end_of", { AS_POINTER, 0, 0 } },
	[FN_OFFSET] = { "offset_of", { AS_POINTER, 0, 0 } },
	[FN_PATHNAME] = { "pathname_of", { AS_POINTER, 0, 0 } },
	[FN_MAPPED] = { "mapped_bytes", { AS_POINTER, AS_LONG, 0 } },
	[FN_VMAS] = { "mappings_in", { AS_POINTER, AS_LONG, 0 } },
	[FN_VMA] = { "is_mapping", { AS_POINTER, AS_LONG, 0 } },
	[FN_RESIDENT] = { "resident_bytes", { AS_POINTER, AS_LONG, 0 } },
	[FN_PFN] = { "page_frame", { AS_POINTER, 0, 0 } },
	[FN_SMAPS] = { "smaps_field", { AS_POINTER, AS_TEXT, 0 } },
	[FN_STATUS] = { "status_field", { AS_TEXT, 0, 0 } },
	[FN_MEMINFO] = { "meminfo_field", { AS_TEXT, 0, 0 } },
	[FN_VMFLAG] = { "has_vmflag", { AS_POINTER, AS_TEXT, 0 } },
	[FN_SYSCTL] = { "sysctl_value", { AS_TEXT, 0, 0 } },
	[FN_MINFLT] = { "minor_faults", { 0, 0, 0 } },
	[FN_MAJFLT] = { "major_faults", { 0, 0, 0 } },
	[FN_OOM_KILLS] = { "oom_kills", { 0, 0, 0 } },
};

static void function(struct program *p, struct buf *out, const struct expr *expr)
{
	if (expr->function->id == FN_GETPID) {
		program_header(p, "unistd");
		buf_puts(out, "getpid()");
		return;
	}
	program_use(p, functions[expr->function->id].helper);
	buf_printf(out, "%s(", functions[expr->function->id].helper);
	for (unsigned i = 0; i < expr->count; i++) {
		buf_puts(out, i > 0 ? ",\v" : "");
		program_expr(p, out, expr->args[i], functions[expr->function->id].forms[i], BIND_ASSIGN);
	}
	buf_putc(out, ')');
}

static void as_it_is(struct program *p, struct buf *out, const struct expr *expr, enum form form, int binds)
{
	switch ((enum expr_kind)expr->kind) {
	case EXPR_INT:
	case EXPR_STRING:
	case EXPR_CONSTANT:
	case EXPR_PREDEFINED:
		program_literal(p, out, expr, form, binds);
		break;
	case EXPR_NAME:
		name(p, out, expr, program_type(p, expr) == C_TEXT);
		break;
	case EXPR_UNARY:
		unary(p, out, expr, form, binds);
		break;
	case EXPR_BINARY:
		binary(p, out, expr, form, binds);
		break;
	case EXPR_INDEX:
		index_value(p, out, expr);
		break;
	case EXPR_FUNCTION:
		function(p, out, expr);
		break;
	case EXPR_FAULT:
		fault(p, out, expr);
		break;
	}
}

static void cast(struct program *p, struct buf *out, const char *type, const struct expr *expr, enum form form, int binds)
{
	program_open_if(out, binds > BIND_UNARY);
	buf_printf(out, "(%s)", type);
	as_it_is(p, out, expr, form, BIND_POSTFIX);
	program_close_if(out, binds > BIND_UNARY);
}

const char *program_address_type(struct program *p)
{
	if (!p->in_words || !PROGRAM_NARROW)
		return "long";
	program_header(p, "stdint");
	return "uintptr_t";
}

/* Whether all that a pointer is made of came from calls: the compiler cannot know what it points to. */
static bool is_tame(const struct program *p, const struct expr *expr)
{
	switch ((enum expr_kind)expr->kind) {
	case EXPR_NAME:
		return !p->variables[expr->slot].wild;
	case EXPR_PREDEFINED:
		return expr->predefined == PRE_SCRATCH;
	case EXPR_BINARY:
		if (program_is_far(p, expr->left) || program_is_far(p, expr->right))
			return false;
		return is_tame(p, program_type(p, expr->left) == C_POINTER ? expr->left : expr->right);
	default:
		return false;
	}
}

static void memory(struct program *p, struct buf *out, const struct expr *expr, int binds)
{
	if (program_type(p, expr) == C_POINTER && is_tame(p, expr)) {
		as_it_is(p, out, expr, AS_MEMORY, binds);
		return;
	}
	program_use(p, "at");
	buf_puts(out, "at(");
	program_expr(p, out, expr, AS_LONG, BIND_ASSIGN);
	buf_putc(out, ')');
}

static void pointer(struct program *p, struct buf *out, const struct expr *expr, int binds)
{
	enum c_type type = program_type(p, expr);

	if (type == C_POINTER || type == C_TEXT) {
		as_it_is(p, out, expr, AS_POINTER, binds);
	} else if (expr->kind == EXPR_INT && expr->integer == 0) {
		program_header(p, "stddef");
		buf_puts(out, "NULL");
	} else {
		cast(p, out, expr->kind == EXPR_INT ? "char *" : "char *)(long", expr, AS_LONG, binds);
	}
}

static void truth(struct program *p, struct buf *out, const struct expr *expr, int binds)
{
	enum c_type type = program_type(p, expr);
	/* Compilers hold that a sum with a pointer is never NULL. */
	bool address = type == C_POINTER && expr->kind == EXPR_NAME;

	if (program_is_boolean(expr)) {
		as_it_is(p, out, expr, AS_IS, binds);
		return;
	}
	if (expr_is_constant(expr) || program_masks(expr)) {
		program_use(p, "holds");
		buf_puts(out, "holds(");
		program_expr(p, out, expr, AS_LONG, BIND_ASSIGN);
		buf_puts(out, ", \"!=\", 0)");
		return;
	}
	program_open_if(out, binds > BIND_EQUAL);
	program_expr(p, out, expr, address ? AS_IS : AS_LONG, BIND_SHIFT);
	buf_puts(out, address ? " != NULL" : " != 0");
	if (address)
		program_header(p, "stddef");
	program_close_if(out, binds > BIND_EQUAL);
}

static void word(struct program *p, struct buf *out, const struct expr *expr)
{
	enum c_type type = program_type(p, expr);
	bool negative = expr->kind == EXPR_UNARY && expr->op == OP_NEGATE && expr->right->kind == EXPR_INT;

	if (type == C_POINTER || type == C_TEXT || expr->kind == EXPR_INT || negative)
		as_it_is(p, out, expr, AS_WORD, BIND_ASSIGN);
	else if (expr->kind == EXPR_CONSTANT)
		program_literal(p, out, expr, AS_WORD, BIND_ASSIGN);
	else if (expr->kind == EXPR_PREDEFINED && expr->predefined == PRE_PAGE)
		as_it_is(p, out, expr, AS_LONG, BIND_ASSIGN);
	else
		cast(p, out, "long", expr, AS_LONG, BIND_ASSIGN);
}

void program_expr(struct program *p, struct buf *out, const struct expr *expr, enum form form, int binds)
{
	enum c_type type = program_type(p, expr);

	if (form == AS_TEXT && program_is_either(p, expr)) {
		name(p, out, expr, true);
		return;
	}
	if (form == AS_TEXT && type != C_TEXT) {
		wrong_type(p, out, expr, "\"\"", "no string");
		return;
	}
	if (type == C_TEXT && form != AS_TEXT && form != AS_POINTER && form != AS_WORD && form != AS_IS) {
		wrong_type(p, out, expr, form == AS_MEMORY ? "(char *)1" : "0", "a string");
		return;
	}
	switch (form) {
	case AS_MEMORY:
		memory(p, out, expr, binds);
		break;
	case AS_POINTER:
		pointer(p, out, expr, binds);
		break;
	case AS_TRUTH:
		truth(p, out, expr, binds);
		break;
	case AS_WORD:
		word(p, out, expr);
		break;
	case AS_LONG:
	case AS_FLAGS:
		if (type == C_POINTER && !program_is_bare(expr))
			cast(p, out, program_address_type(p), expr, AS_IS, binds);
		else
			as_it_is(p, out, expr, form, binds);
		break;
	default:
		as_it_is(p, out, expr, form, binds);
	}
}
