/* SPDX-License-Identifier: MIT */
/* The checker: names, numbers of arguments, types that the text shows, and the place of break. */
#include "lang/checker.h"

#include "lang/word.h"

#include <inttypes.h>
#include <stdio.h>

struct checker {
	struct script *script;
	struct names *names;
	struct errors *errors;
	unsigned loops; /* repeat around the statement */
};

static const char *shown(struct checker *checker, struct span span)
{
	return errors_shown(checker->errors, span.text, span.len);
}

/* The part of a call's or function's span that is its name. */
static struct span callee_name(struct span span)
{
	span.len = (uint32_t)word_length(span.text, span.len);
	return span;
}

static void unknown_callee(struct checker *checker, struct span name, bool statement)
{
	struct suggestion suggestion;

	if (errors_full(checker->errors))
		return;
	suggestion_init(&suggestion, name.text, name.len);
	if (statement) {
		suggestion_offer_calls(&suggestion);
		suggestion_offer_functions(&suggestion);
		suggestion_offer_keywords(&suggestion);
	} else {
		suggestion_offer_functions(&suggestion);
		suggestion_offer_keywords(&suggestion);
		suggestion_offer_calls(&suggestion);
	}
	errors_add(checker->errors, name, "unknown %s '%s'%s", statement ? "call" : "function", shown(checker, name),
	           suggestion_text(&suggestion, checker->errors));
}

static void report_name(struct checker *checker, struct span span)
{
	const char *name = shown(checker, span);
	struct suggestion suggestion;

	suggestion_init(&suggestion, span.text, span.len);
	for (size_t i = 0; i < checker->names->count; i++)
		suggestion_offer(&suggestion, checker->names->list[i].text, checker->names->list[i].len);
	suggestion_offer_predefined(&suggestion);
	suggestion_offer_constants(&suggestion, GROUP_NONE);
	suggestion_offer_functions(&suggestion);
	suggestion_offer_calls(&suggestion);
	suggestion_offer_keywords(&suggestion);
	if (function_find(span.text, span.len) != NULL)
		errors_add(checker->errors, span, "'%s' is a function: write its arguments, %s(...)", name, name);
	else if (call_find(span.text, span.len) != NULL)
		errors_add(checker->errors, span, "'%s' is a call: bind its result, NAME = %s(...)", name, name);
	else
		errors_add(checker->errors, span, "unknown name '%s': nothing above binds it%s", name,
		           suggestion_text(&suggestion, checker->errors));
}

/* A name that is nothing is reported once: from then on it counts as bound. */
static void unknown_name(struct checker *checker, struct expr *expr)
{
	/* One statement can have any number of them, and each suggestion looks at every name. */
	if (!errors_full(checker->errors))
		report_name(checker, expr->span);
	expr->slot = names_bind(checker->names, &checker->script->arena, expr->span.text, expr->span.len);
}

static enum value_type check_name(struct checker *checker, struct expr *expr)
{
	uint32_t slot = names_find(checker->names, expr->span.text, expr->span.len);
	int predefined = predefined_find(expr->span.text, expr->span.len);
	const struct constant *constant;

	if (predefined >= 0) {
		expr->kind = EXPR_PREDEFINED;
		expr->predefined = (uint8_t)predefined;
		return TYPE_INT;
	}
	if (slot != NO_SLOT) {
		expr->slot = slot;
		return TYPE_ANY;
	}
	constant = constant_find(expr->span.text, expr->span.len);
	if (constant == NULL) {
		unknown_name(checker, expr);
		return TYPE_ANY;
	}
	expr->kind = EXPR_CONSTANT;
	expr->constant = constant;
	return TYPE_INT;
}

static enum value_type check_expr(struct checker *checker, struct expr *expr);

/* what: who takes the integer. */
static void check_integer(struct checker *checker, struct expr *expr, const char *what)
{
	if (expr != NULL && check_expr(checker, expr) == TYPE_STRING)
		errors_add(checker->errors, expr->span, "%s takes an integer, found the string %s", what,
		           shown(checker, expr->span));
}

static const char *const operator_text[] = {
	[OP_MUL] = "*",  [OP_DIV] = "/",   [OP_MOD] = "%",      [OP_ADD] = "+",    [OP_SUB] = "-",
	[OP_SHL] = "<<", [OP_SHR] = ">>",  [OP_LT] = "<",       [OP_LE] = "<=",    [OP_GT] = ">",
	[OP_GE] = ">=",  [OP_EQ] = "==",   [OP_NE] = "!=",      [OP_AND] = "&",    [OP_XOR] = "^",
	[OP_OR] = "|",   [OP_LOGAND] = "&&", [OP_LOGOR] = "||", [OP_NOT] = "!",    [OP_INVERT] = "~",
	[OP_NEGATE] = "-",
};

static enum value_type check_binary(struct checker *checker, struct expr *expr)
{
	char what[48];

	if (expr->op != OP_EQ && expr->op != OP_NE) {
		snprintf(what, sizeof(what), "the operator '%s'", operator_text[expr->op]);
		check_integer(checker, expr->left, what);
		check_integer(checker, expr->right, what);
		return TYPE_INT;
	}
	enum value_type left = check_expr(checker, expr->left), right = check_expr(checker, expr->right);

	if (left != right && left != TYPE_ANY && right != TYPE_ANY)
		errors_add(checker->errors, expr->right->span,
		           "'%s' compares two integers or two strings, found %s and %s", operator_text[expr->op],
		           left == TYPE_STRING ? "a string" : "an integer",
		           right == TYPE_STRING ? "a string" : "an integer");
	return TYPE_INT;
}

static void check_argument(struct checker *checker, const struct function *function, unsigned i, struct expr *arg)
{
	enum value_type type = check_expr(checker, arg), want = function->args[i];

	if (type == TYPE_ANY || type == want)
		return;
	errors_add(checker->errors, arg->span, "argument %u of %s is %s, found the %s %s", i + 1, function->name,
	           want == TYPE_STRING ? "a string" : "an integer", want == TYPE_STRING ? "integer" : "string",
	           shown(checker, arg->span));
}

static enum value_type check_function(struct checker *checker, struct expr *expr)
{
	const struct function *function = expr->function;
	struct span name = callee_name(expr->span);

	if (function != NULL && expr->count == function->count) {
		for (unsigned i = 0; i < expr->count; i++)
			check_argument(checker, function, i, expr->args[i]);
		return function->type;
	}
	if (function != NULL)
		errors_add(checker->errors, name, "%s takes %u argument%s, found %u%s", function->name, function->count,
		           function->count == 1 ? "" : "s", expr->count, expr->count == UINT8_MAX ? " or more" : "");
	else if (call_find(name.text, name.len) != NULL)
		errors_add(
			checker->errors, name,
			"'%s' is a call and no part of an expression: bind its result to a name first, NAME = %s(...)",
			shown(checker, name), shown(checker, name));
	else
		unknown_callee(checker, name, false);
	for (unsigned i = 0; i < expr->count; i++)
		check_expr(checker, expr->args[i]);
	return function != NULL ? function->type : TYPE_ANY;
}

static enum value_type check_expr(struct checker *checker, struct expr *expr)
{
	char what[48];

	switch ((enum expr_kind)expr->kind) {
	case EXPR_STRING:
		return TYPE_STRING;
	case EXPR_NAME:
		return check_name(checker, expr);
	case EXPR_UNARY:
		snprintf(what, sizeof(what), "the operator '%s'", operator_text[expr->op]);
		check_integer(checker, expr->right, what);
		break;
	case EXPR_BINARY:
		return check_binary(checker, expr);
	case EXPR_INDEX:
	case EXPR_FAULT:
		check_integer(checker, expr->base, "the address of ADDR[EXPR]");
		check_integer(checker, expr->offset, "the offset of ADDR[EXPR]");
		check_integer(checker, expr->value, "a store, of one byte,");
		break;
	case EXPR_FUNCTION:
		return check_function(checker, expr);
	case EXPR_INT:
	case EXPR_CONSTANT:
	case EXPR_PREDEFINED:
		break;
	}
	return TYPE_INT;
}

static uint32_t bind(struct checker *checker, struct span name)
{
	const char *what = NULL;

	if (name.len == 0)
		return NO_SLOT;
	if (predefined_find(name.text, name.len) >= 0)
		what = "predefined";
	else if (constant_find(name.text, name.len) != NULL)
		what = "a constant";
	if (what == NULL)
		return names_bind(checker->names, &checker->script->arena, name.text, name.len);
	errors_add(checker->errors, name, "'%s' is %s and cannot be bound: choose another name", shown(checker, name),
	           what);
	return NO_SLOT;
}

/* "mremap(old_address, old_size, new_size, flags [, new_address])" */
static void add_signature(struct buf *buf, const struct call *call)
{
	bool open_ended = call->most == UINT8_MAX;
	unsigned least = call->least, most = open_ended ? least : call->most;

	buf_printf(buf, "%s(", call->name);
	for (unsigned i = 0; i < most; i++) {
		if (i == least)
			buf_puts(buf, i > 0 ? " [, " : "[");
		else if (i > 0)
			buf_puts(buf, ", ");
		buf_puts(buf, call->args[i].name);
	}
	buf_puts(buf, open_ended ? ", ...)" : most > least ? "])" : ")");
}

static void check_count(struct checker *checker, const struct statement *statement)
{
	const struct call *call = statement->call;
	struct buf text = { 0 };

	if (statement->count >= call->least && (call->most == UINT8_MAX || statement->count <= call->most))
		return;
	buf_printf(&text, "%s takes ", call->name);
	if (call->most == UINT8_MAX)
		buf_printf(&text, "at least %u arguments", call->least);
	else if (call->least == call->most)
		buf_printf(&text, "%u argument%s", call->most, call->most == 1 ? "" : "s");
	else
		buf_printf(&text, "%u %s %u arguments", call->least, call->most - call->least == 1 ? "or" : "to",
		           call->most);
	buf_printf(&text, ", found %" PRIu32 ": ", statement->count);
	add_signature(&text, call);
	errors_add(checker->errors, callee_name(statement->callee), "%s", buf_text(&text));
	buf_fini(&text);
}

static void check_call_argument(struct checker *checker, const struct call *call, uint32_t i, struct expr *arg)
{
	static const struct call_arg further = { .name = "", .kind = ARG_INT };
	const struct call_arg *kind = i < CALL_ARGS ? &call->args[i] : &further;
	enum value_type type = check_expr(checker, arg);
	bool copied = call->id == CALL_STRCPY && i == 1;

	if (copied && type == TYPE_INT)
		errors_add(checker->errors, arg->span,
		           "strcpy copies a string, found the integer %s (to copy memory, use memcpy)",
		           shown(checker, arg->span));
	if (type == TYPE_STRING && !copied && kind->kind != ARG_STRING && kind->kind != ARG_BUFFER)
		errors_add(checker->errors, arg->span,
		           "argument %" PRIu32 " of %s%s%s is an integer, found the string %s", i + 1, call->name,
		           kind->name[0] != '\0' ? ", " : "", kind->name, shown(checker, arg->span));
}

static void check_call(struct checker *checker, struct statement *statement)
{
	if (statement->call == NULL)
		unknown_callee(checker, callee_name(statement->callee), true);
	else
		check_count(checker, statement);
	for (uint32_t i = 0; i < statement->count; i++) {
		if (statement->call != NULL)
			check_call_argument(checker, statement->call, i, statement->args[i]);
		else
			check_expr(checker, statement->args[i]);
	}
	check_integer(checker, statement->expr, "the RESULT of a call");
	statement->slot = bind(checker, statement->name);
}

static void check_bind(struct checker *checker, struct statement *statement)
{
	if (statement->expr != NULL)
		check_expr(checker, statement->expr);
	statement->slot = bind(checker, statement->name);
}

static void check_store(struct checker *checker, struct statement *statement)
{
	check_expr(checker, statement->target);
	check_integer(checker, statement->expr, "a store, of one byte,");
}

static void check_statements(struct checker *checker, struct statement *statement);

static void check_blocks(struct checker *checker, struct statement *statement)
{
	check_integer(checker, statement->expr, statement->kind == STATEMENT_IF ? "if" : "in");
	check_statements(checker, statement->body);
	check_statements(checker, statement->otherwise);
}

static void check_repeat(struct checker *checker, struct statement *statement)
{
	check_integer(checker, statement->expr, "repeat");
	statement->slot = bind(checker, statement->name);
	checker->loops++;
	check_statements(checker, statement->body);
	checker->loops--;
}

static void check_break(struct checker *checker, struct statement *statement)
{
	if (checker->loops == 0)
		errors_add(checker->errors, statement->span, "'break' outside of repeat: there is nothing to leave");
}

static void check_condition(struct checker *checker, struct statement *statement)
{
	check_integer(checker, statement->expr, statement->kind == STATEMENT_EXPECT ? "expect" : "require");
}

static void check_feature(struct checker *checker, struct statement *statement)
{
	struct span feature = statement->feature;
	struct suggestion suggestion;

	statement->constant = constant_find(feature.text, feature.len);
	statement->call = statement->constant == NULL ? call_find(feature.text, feature.len) : NULL;
	if (statement->constant != NULL || statement->call != NULL)
		return;
	suggestion_init(&suggestion, feature.text, feature.len);
	suggestion_offer_constants(&suggestion, GROUP_NONE);
	suggestion_offer_calls(&suggestion);
	errors_add(checker->errors, feature,
	           "'%s' is no constant or call that a kernel can have (a condition has a reason: "
	           "require EXPR, \"reason\")%s",
	           shown(checker, feature), suggestion_text(&suggestion, checker->errors));
}

static void check_note(struct checker *checker, struct statement *statement)
{
	for (uint32_t i = 0; i < statement->count; i++)
		check_expr(checker, statement->args[i]);
}

static void check_nothing(struct checker *checker, struct statement *statement)
{
	(void)checker;
	(void)statement;
}

static void check_statements(struct checker *checker, struct statement *statement)
{
	static void (*const checks[])(struct checker *, struct statement *) = {
		[STATEMENT_CALL] = check_call,         [STATEMENT_BIND] = check_bind,
		[STATEMENT_STORE] = check_store,       [STATEMENT_EXPECT] = check_condition,
		[STATEMENT_IF] = check_blocks,         [STATEMENT_REPEAT] = check_repeat,
		[STATEMENT_BREAK] = check_break,       [STATEMENT_IN] = check_blocks,
		[STATEMENT_NOTE] = check_note,         [STATEMENT_REQUIRE_FEATURE] = check_feature,
		[STATEMENT_REQUIRE] = check_condition, [STATEMENT_REQUIRE_KERNEL] = check_nothing,
	};

	for (; statement != NULL && !errors_full(checker->errors); statement = statement->next)
		checks[statement->kind](checker, statement);
	checker->errors->more |= statement != NULL;
}

void checker_check(struct script *script, struct names *names, struct errors *errors)
{
	struct checker checker = { .script = script, .names = names, .errors = errors };

	check_statements(&checker, script->first);
}
