/* SPDX-License-Identifier: MIT */
/* The script's memory operations in C. */
#include "lang/program-part.h"

#include <inttypes.h>
#include <string.h>

static void length(struct program *p, struct buf *out, const struct expr *expr)
{
	struct range range = program_range(p, expr);

	/* A length that is 0 makes compilers ask whether the arguments were swapped. */
	if (range.least >= 0 && range.most > 0) {
		program_expr(p, out, expr, AS_LONG, BIND_ASSIGN);
		return;
	}
	program_use(p, "length");
	buf_puts(out, "length(");
	program_expr(p, out, expr, AS_LONG, BIND_ASSIGN);
	buf_putc(out, ')');
}

static void copy_string(struct program *p, struct buf *out, const struct statement *statement)
{
	const struct expr *text = statement->args[1];
	bool zeros = text->kind == EXPR_STRING && memchr(text->string.data, '\0', text->string.len) != NULL;

	program_header(p, "string");
	buf_puts(out, zeros ? "memcpy(" : "strcpy(");
	program_expr(p, out, statement->args[0], AS_MEMORY, BIND_ASSIGN);
	buf_puts(out, ",\v");
	program_expr(p, out, text, AS_TEXT, BIND_ASSIGN);
	if (zeros)
		buf_printf(out, ",\v%zu", text->string.len + 1);
	buf_putc(out, ')');
}

/* memcpy(3) may not overlap: it is used where the two have different names. */
static bool are_apart(const struct program *p, const struct expr *a, const struct expr *b)
{
	while (a->kind == EXPR_BINARY)
		a = a->left;
	while (b->kind == EXPR_BINARY)
		b = b->left;
	return a->kind == EXPR_NAME && b->kind == EXPR_NAME && a->slot != b->slot &&
	       program_type(p, a) == C_POINTER && program_type(p, b) == C_POINTER && p->variables[a->slot].called &&
	       p->variables[b->slot].called;
}

static void copy_memory(struct program *p, struct buf *out, const struct statement *statement)
{
	struct expr *const *args = statement->args;
	bool apart = are_apart(p, args[0], args[1]);

	if (apart)
		program_header(p, "string");
	else
		program_use(p, "copy_bytes");
	buf_puts(out, apart ? "memcpy(" : "copy_bytes(");
	program_expr(p, out, args[0], AS_MEMORY, BIND_ASSIGN);
	buf_puts(out, ",\v");
	program_expr(p, out, args[1], AS_MEMORY, BIND_ASSIGN);
	buf_puts(out, ",\v");
	if (apart)
		length(p, out, args[2]);
	else
		program_expr(p, out, args[2], AS_LONG, BIND_ASSIGN);
	buf_putc(out, ')');
}

static void set_memory(struct program *p, struct buf *out, const struct statement *statement)
{
	struct expr *const *args = statement->args;
	struct range byte = program_range(p, args[1]);
	bool narrow = byte.least >= INT32_MIN && byte.most <= INT32_MAX;

	program_header(p, "string");
	buf_puts(out, "memset(");
	program_expr(p, out, args[0], AS_MEMORY, BIND_ASSIGN);
	buf_puts(out, narrow ? ",\v" : ",\v(int)");
	program_expr(p, out, args[1], AS_LONG, narrow ? BIND_ASSIGN : BIND_UNARY);
	buf_puts(out, ",\v");
	length(p, out, args[2]);
	buf_putc(out, ')');
}

static void touch(struct program *p, struct buf *out, const struct statement *statement)
{
	program_use(p, statement->call->name);
	buf_printf(out, "%s(", statement->call->name);
	program_expr(p, out, statement->args[0], AS_MEMORY, BIND_ASSIGN);
	buf_puts(out, ",\v");
	program_expr(p, out, statement->args[1], AS_LONG, BIND_ASSIGN);
	buf_putc(out, ')');
}

static void words(struct program *p, struct buf *out, const struct statement *statement)
{
	program_header(p, "stdint");
	program_header(p, "string");
	buf_puts(out, "memcpy(");
	program_expr(p, out, statement->args[0], AS_MEMORY, BIND_ASSIGN);
	buf_puts(out, ",\v(int64_t[]){ ");
	p->in_words = true;
	for (uint32_t i = 1; i < statement->count; i++) {
		buf_puts(out, i > 1 ? ",\v" : "");
		program_expr(p, out, statement->args[i], AS_LONG, BIND_ASSIGN);
	}
	p->in_words = false;
	buf_printf(out, " },\v%" PRIu32 " * sizeof(int64_t))", statement->count - 1);
}

static void memory_operation(struct program *p, struct buf *out, const struct statement *statement)
{
	switch ((enum call_id)statement->call->id) {
	case CALL_STRCPY:
		copy_string(p, out, statement);
		break;
	case CALL_MEMSET:
		set_memory(p, out, statement);
		break;
	case CALL_MEMCPY:
		copy_memory(p, out, statement);
		break;
	case CALL_WORDS:
		words(p, out, statement);
		break;
	default:
		touch(p, out, statement);
	}
}

/* Loads and stores return 0, or not at all. */
static void judge_memory(struct program *p, const struct statement *statement, const char *wanted)
{
	struct buf line = { 0 };
	bool value = statement->expected == EXPECT_VALUE;

	if (!value && statement->expected != EXPECT_FAILURE && statement->expected != EXPECT_ERRNO)
		return;
	program_use(p, value ? "expect_result" : "expect_error");
	buf_puts(&line, value ? "expect_result(0,\v" : "expect_error(0,\v0");
	if (wanted != NULL)
		buf_puts(&line, wanted);
	else if (value)
		program_expr(p, &line, statement->expr, AS_LONG, BIND_ASSIGN);
	program_source_argument(&line, statement->span);
	program_add_line(p, &line);
	buf_fini(&line);
}

void program_memory_call(struct program *p, const struct statement *statement)
{
	struct buf line = { 0 };
	bool survives = statement->expected == EXPECT_ANYTHING && p->last;
	const char *name = statement->slot != NO_SLOT ? p->variables[statement->slot].name : NULL;
	const char *wanted = statement->expected == EXPECT_VALUE ? program_wanted(p, statement, C_LONG) : NULL;

	if (survives) {
		if (name != NULL)
			program_line(p, "%s = -1;", name);
		program_use(p, "may_die");
		program_line(p, "may_die(true);");
	}
	memory_operation(p, &line, statement);
	buf_putc(&line, ';');
	program_add_line(p, &line);
	buf_reset(&line);
	if (survives)
		program_line(p, "may_die(false);");
	if (name != NULL) {
		program_target(p, &line, statement->slot, C_INT);
		buf_puts(&line, "0;");
		program_add_line(p, &line);
		program_bound(p, statement->slot, C_INT);
	}
	buf_fini(&line);
	judge_memory(p, statement, wanted);
}
