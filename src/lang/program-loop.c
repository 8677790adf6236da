/* SPDX-License-Identifier: MIT */
/* repeat in C. */
#include "lang/program-part.h"

/* Whether something in the statements binds the name. */
static bool binds(const struct statement *statement, uint32_t slot)
{
	for (; statement != NULL; statement = statement->next) {
		bool own = statement->kind == STATEMENT_CALL || statement->kind == STATEMENT_BIND ||
		           statement->kind == STATEMENT_REPEAT;

		if ((own && statement->slot == slot) || binds(statement->body, slot) || binds(statement->otherwise, slot))
			return true;
	}
	return false;
}

/* Whether it reads what the loop binds: its own name, too. */
static bool reads(const struct expr *expr, const struct statement *loop)
{
	switch ((enum expr_kind)expr->kind) {
	case EXPR_NAME:
		return expr->slot == loop->slot || binds(loop->body, expr->slot);
	case EXPR_UNARY:
		return reads(expr->right, loop);
	case EXPR_BINARY:
		return reads(expr->left, loop) || reads(expr->right, loop);
	default:
		return false;
	}
}

enum { FEW_PASSES = 3 /* the maps are printed in loops of no more */ };

static unsigned reads_of(const struct expr *expr, uint32_t slot)
{
	unsigned count = 0;

	if (expr == NULL)
		return 0;
	switch ((enum expr_kind)expr->kind) {
	case EXPR_NAME:
		return expr->slot == slot;
	case EXPR_UNARY:
		return reads_of(expr->right, slot);
	case EXPR_BINARY:
		return reads_of(expr->left, slot) + reads_of(expr->right, slot);
	case EXPR_INDEX:
	case EXPR_FAULT:
		return reads_of(expr->base, slot) + reads_of(expr->offset, slot) + reads_of(expr->value, slot);
	case EXPR_FUNCTION:
		for (unsigned i = 0; i < expr->count; i++)
			count += reads_of(expr->args[i], slot);
		return count;
	default:
		return 0;
	}
}

/* How often the statements read a name. */
static unsigned reads_in(const struct statement *statement, uint32_t slot)
{
	unsigned count = 0;

	for (; statement != NULL; statement = statement->next) {
		count += reads_of(statement->expr, slot) + reads_of(statement->target, slot);
		for (uint32_t i = 0; i < statement->count; i++)
			count += reads_of(statement->args[i], slot);
		count += reads_in(statement->body, slot) + reads_in(statement->otherwise, slot);
	}
	return count;
}

/* Whether the name of a repeat is only that loop's: bound by it alone, and read in it alone. */
static bool is_own_counter(const struct program *p, const struct statement *statement)
{
	const struct variable *variable = statement->slot != NO_SLOT ? &p->variables[statement->slot] : NULL;

	return variable != NULL && !p->several && variable->bindings == 1 && !variable->maybe_unbound &&
	       statement->slot >= p->definition_count && reads_in(statement->body, statement->slot) == variable->reads;
}

/* The variable that counts the passes. */
static const char *counter_of(struct program *p, const struct statement *statement, bool own)
{
	if (!own)
		return program_temporary(p, "pass");
	p->variables[statement->slot].declared = p->variables[statement->slot].declared_here = true;
	return p->variables[statement->slot].name;
}

/* What the count is: as it is written where it stays the same and has no effect, else kept before the loop. */
static void count_text(struct program *p, struct buf *out, const struct statement *statement)
{
	bool steady = program_is_pure(statement->expr, NO_SLOT) && !reads(statement->expr, statement);
	struct buf line = { 0 };

	if (steady) {
		program_expr(p, out, statement->expr, AS_LONG, BIND_SHIFT);
		return;
	}
	const char *count = program_temporary(p, "count");

	buf_printf(&line, "int64_t %s = ", count);
	program_expr(p, &line, statement->expr, AS_LONG, BIND_ASSIGN);
	buf_putc(&line, ';');
	program_add_line(p, &line);
	buf_puts(out, count);
	buf_fini(&line);
}

void program_repeat(struct program *p, const struct statement *statement)
{
	bool bound_apart = statement->slot != NO_SLOT && !is_own_counter(p, statement);
	bool own = is_own_counter(p, statement);
	const char *pass = counter_of(p, statement, own);
	struct range range = program_range(p, statement->expr);
	bool many = range.least > range.most || range.most > FEW_PASSES, crosses = p->crosses;
	struct buf line = { 0 }, count = { 0 };

	program_header(p, "stdint");
	count_text(p, &count, statement);
	buf_printf(&line, "for (int64_t %s = 0;\v%s < %s;\v%s++) {", pass, pass, buf_text(&count), pass);
	program_add_line(p, &line);
	if (bound_apart) {
		p->indent++;
		p->variables[statement->slot].declared = true;
		program_line(p, "%s = %s;", p->variables[statement->slot].name, pass);
		program_bound(p, statement->slot, C_LONG);
		p->indent--;
	}
	p->loops += many;
	p->repeats++;
	p->crosses = false;
	program_block(p, statement->body);
	p->crosses = crosses;
	p->repeats--;
	p->loops -= many;
	program_line(p, "}");
	buf_fini(&line);
	buf_fini(&count);
}
