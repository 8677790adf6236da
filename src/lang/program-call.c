/* SPDX-License-Identifier: MIT */
/* The script's call statements in C: what is bound, what is checked, and which maps are printed. */
#include "lang/program-part.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void program_target(struct program *p, struct buf *out, uint32_t slot, enum c_type type)
{
	struct variable *variable;

	if (slot == NO_SLOT)
		return;
	variable = &p->variables[slot];
	bool text = type == C_TEXT;
	bool here = !variable->declared && !p->several && p->depth == 1 && !variable->maybe_unbound &&
	            !(variable->has_text && variable->type != C_NONE);

	if (here) {
		variable->declared = variable->declared_here = true;
		buf_puts(out, text                            ? "const char *"
		              : variable->type == C_POINTER ? "char *"
		              : variable->type == C_INT     ? "int "
		                                            : "int64_t ");
		if (!text && variable->type == C_LONG)
			program_header(p, "stdint");
	}
	variable->declared = true;
	buf_printf(out, "%s = ", text ? variable->text_name : variable->name);
	if (!text && variable->type != C_POINTER && type == C_POINTER)
		buf_puts(out, "(long)");
}

void program_bound(struct program *p, uint32_t slot, enum c_type type)
{
	struct variable *variable;

	if (slot == NO_SLOT)
		return;
	variable = &p->variables[slot];
	if (variable->maybe_unbound)
		program_line(p, "%s = true;", variable->bound_name);
	if (variable->mixed)
		program_line(p, "%s = %s;", variable->kind_name, type == C_TEXT ? "true" : "false");
	if (variable->declared_here && !variable->read && !variable->voided) {
		variable->voided = true;
		program_line(p, "(void)%s;", type == C_TEXT ? variable->text_name : variable->name);
	}
}

/* The script's words for the call, as the last argument of a helper. */
void program_source_argument(struct buf *out, struct span span)
{
	buf_puts(out, ",\v\"");
	program_source(out, span);
	buf_puts(out, "\");");
}

/* What to print of the maps after a call: the address and the length of what it was about. */
struct view {
	const struct expr *address, *len;
	uint32_t slot; /* or the name that it bound, for the address */
};

static bool view_of(const struct statement *statement, struct view *view)
{
	struct expr *const *args = statement->args;

	if (args == NULL)
		return false;
	*view = (struct view){ .address = args[0], .slot = NO_SLOT };
	switch ((enum call_id)statement->call->id) {
	case CALL_MMAP:
	case CALL_MREMAP:
		view->slot = statement->slot;
		view->len = args[statement->call->id == CALL_MMAP ? 1 : 2];
		if (statement->call->id == CALL_MREMAP && statement->count == 5)
			view->address = args[4];
		return statement->slot != NO_SLOT || !expr_is_constant(view->address);
	case CALL_MUNMAP:
	case CALL_MPROTECT:
	case CALL_PKEY_MPROTECT:
	case CALL_REMAP_FILE_PAGES:
		view->len = args[1];
		return true;
	case CALL_SHMAT:
		view->slot = statement->slot;
		return statement->slot != NO_SLOT;
	case CALL_SHMDT:
		return true;
	default:
		return false;
	}
}

/* Prints the maps lines of what the call was about, where this is no loop and nothing has to be computed twice. */
static void show_maps(struct program *p, const struct statement *statement)
{
	struct buf line = { 0 };
	struct view view;
	bool guarded = statement->expected == EXPECT_ANYTHING;

	if (p->loops > 0 || !view_of(statement, &view))
		return;
	if ((view.slot == NO_SLOT && !program_is_pure(view.address, NO_SLOT)) ||
	    (view.len != NULL && !program_is_pure(view.len, statement->slot)))
		return;
	const struct variable *variable = view.slot != NO_SLOT ? &p->variables[view.slot] : NULL;

	if (guarded && variable == NULL)
		return;
	const char *cast = variable != NULL && variable->type != C_POINTER ? "(char *)(long)" : "";

	if (guarded)
		program_line(p, variable->type == C_POINTER ? "if (%s != MAP_FAILED)" : "if (%s != -1)", variable->name);
	program_use(p, "show_maps");
	buf_printf(&line, "%sshow_maps(\"", guarded ? "\t" : "");
	if (variable != NULL)
		buf_puts(&line, p->script->names[view.slot].text);
	else
		program_source(&line, view.address->span);
	buf_puts(&line, "\",\v");
	if (variable != NULL)
		buf_printf(&line, "%s%s", cast, variable->name);
	else
		program_expr(p, &line, view.address, AS_POINTER, BIND_ASSIGN);
	buf_puts(&line, ",\v");
	if (view.len != NULL)
		program_expr(p, &line, view.len, AS_LONG, BIND_ASSIGN);
	else
		buf_puts(&line, "1");
	buf_puts(&line, ");");
	program_add_line(p, &line);
	buf_fini(&line);
}

/* The name a result is kept in, for what looks at it; or the call itself. */
static void result_text(const struct program *p, struct buf *out, const struct statement *statement,
                        const struct buf *call, bool as_integer)
{
	enum c_type type = program_call_text_type(p, statement);

	if (statement->slot != NO_SLOT)
		type = p->variables[statement->slot].type;
	buf_puts(out, as_integer && type == C_POINTER ? "(long)" : "");
	if (statement->slot != NO_SLOT)
		buf_puts(out, p->variables[statement->slot].name);
	else
		buf_add(out, call->data, call->len);
}

/* "a = call(...);" where the call's name is bound. */
static void assign(struct program *p, const struct statement *statement, const struct buf *call)
{
	struct buf line = { 0 };

	if (statement->slot == NO_SLOT)
		return;
	program_target(p, &line, statement->slot, program_call_text_type(p, statement));
	buf_add(&line, call->data, call->len);
	buf_putc(&line, ';');
	program_add_line(p, &line);
	buf_fini(&line);
	program_bound(p, statement->slot, program_call_type(statement->call));
}

static bool cannot_fail(const struct call *call)
{
	return call->id == CALL_BRK || call->class == CALL_WAIT;
}

static void must_succeed(struct program *p, const struct statement *statement, const struct buf *call)
{
	struct buf line = { 0 };
	bool pointer = program_call_text_type(p, statement) == C_POINTER &&
	               (statement->slot == NO_SLOT || p->variables[statement->slot].type == C_POINTER);

	assign(p, statement, call);
	if (cannot_fail(statement->call)) {
		if (statement->slot == NO_SLOT)
			program_line(p, "%.*s;", 0, "");
		return;
	}
	program_use(p, "fail");
	buf_puts(&line, "if (");
	result_text(p, &line, statement, call, false);
	buf_puts(&line, pointer ? " == MAP_FAILED)" : " == -1)");
	if (pointer)
		program_header(p, "sys/mman");
	program_add_line(p, &line);
	program_line(p, "\tfail(\"%s\");", statement->call->name);
	buf_fini(&line);
}

static void must_fail(struct program *p, const struct statement *statement, const struct buf *call)
{
	struct buf line = { 0 };
	const char *name = constant_name(GROUP_ERRNO, statement->error);

	assign(p, statement, call);
	program_use(p, "expect_error");
	program_header(p, "errno");
	buf_puts(&line, "expect_error(");
	result_text(p, &line, statement, call, true);
	if (statement->expected == EXPECT_FAILURE)
		buf_puts(&line, ",\v0");
	else if (name != NULL)
		buf_printf(&line, ",\v%s", name);
	else
		buf_printf(&line, ",\v%d", statement->error);
	program_source_argument(&line, statement->span);
	program_add_line(p, &line);
	buf_fini(&line);
}

/* What must be returned is what it is before the call. */
const char *program_wanted(struct program *p, const struct statement *statement, enum c_type type)
{
	struct buf line = { 0 };
	const char *name;

	if (program_is_pure(statement->expr, statement->slot))
		return NULL;
	name = program_temporary(p, "wanted");
	if (type != C_POINTER)
		program_header(p, "stdint");
	buf_printf(&line, "%s%s = ", type == C_POINTER ? "char *" : "int64_t ", name);
	program_expr(p, &line, statement->expr, type == C_POINTER ? AS_POINTER : AS_LONG, BIND_ASSIGN);
	buf_putc(&line, ';');
	program_add_line(p, &line);
	buf_fini(&line);
	return name;
}

static void must_return(struct program *p, const struct statement *statement, const struct buf *call, const char *wanted,
                        enum c_type type)
{
	struct buf line = { 0 };
	bool pointers = type == C_POINTER;

	assign(p, statement, call);
	program_use(p, pointers ? "expect_place" : "expect_result");
	buf_printf(&line, "%s(", pointers ? "expect_place" : "expect_result");
	result_text(p, &line, statement, call, !pointers);
	buf_puts(&line, ",\v");
	if (wanted != NULL)
		buf_puts(&line, wanted);
	else
		program_expr(p, &line, statement->expr, pointers ? AS_POINTER : AS_LONG, BIND_ASSIGN);
	program_source_argument(&line, statement->span);
	program_add_line(p, &line);
	buf_fini(&line);
}

static void may_return(struct program *p, const struct statement *statement, const struct buf *call)
{
	struct buf line = { 0 };
	bool pointer = program_call_text_type(p, statement) == C_POINTER &&
	               (statement->slot == NO_SLOT || p->variables[statement->slot].type == C_POINTER);
	const char *helper = pointer ? "tell_address" : "tell_result";

	assign(p, statement, call);
	program_use(p, helper);
	buf_printf(&line, "%s(", helper);
	result_text(p, &line, statement, call, false);
	program_source_argument(&line, statement->callee);
	program_add_line(p, &line);
	buf_fini(&line);
}

static void system_call(struct program *p, const struct statement *statement)
{
	struct buf call = { 0 };
	enum c_type type = program_call_text_type(p, statement);
	const char *wanted = NULL;
	bool survives = statement->expected == EXPECT_ANYTHING && p->last && call_touches(statement->call);

	if (statement->expected == EXPECT_VALUE) {
		bool pointer = statement->slot == NO_SLOT || p->variables[statement->slot].type == C_POINTER;

		type = type == C_POINTER && pointer && program_type(p, statement->expr) == C_POINTER ? C_POINTER : C_LONG;
		wanted = program_wanted(p, statement, type);
	}
	if (program_stands_in(&p->fresh_errno, statement->span.text)) {
		program_header(p, "errno");
		program_line(p, "errno = 0;");
	}
	if (survives && statement->slot != NO_SLOT)
		program_line(p, "%s = -1;", p->variables[statement->slot].name);
	if (survives) {
		program_use(p, "may_die");
		program_line(p, "may_die(true);");
	}
	program_call_text(p, &call, statement);
	switch ((enum expected)statement->expected) {
	case EXPECT_SUCCESS:
		if (cannot_fail(statement->call) && statement->slot == NO_SLOT) {
			buf_putc(&call, ';');
			program_add_line(p, &call);
		} else {
			must_succeed(p, statement, &call);
		}
		break;
	case EXPECT_FAILURE:
	case EXPECT_ERRNO:
		must_fail(p, statement, &call);
		break;
	case EXPECT_VALUE:
		must_return(p, statement, &call, wanted, type);
		break;
	case EXPECT_ANYTHING:
		may_return(p, statement, &call);
		break;
	}
	buf_fini(&call);
	if (survives)
		program_line(p, "may_die(false);");
	if (statement->expected != EXPECT_FAILURE && statement->expected != EXPECT_ERRNO)
		show_maps(p, statement);
	p->spaced = true;
}

void program_call(struct program *p, const struct statement *statement)
{
	if (statement->call->class == CALL_MEMORY)
		program_memory_call(p, statement);
	else
		system_call(p, statement);
}
