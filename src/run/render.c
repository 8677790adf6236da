/* SPDX-License-Identifier: MIT */
/* Values as a report shows them. */
#include "run/machine.h"

#include "mm/symbol.h"

#include <inttypes.h>

/* The group of constants that an expression speaks of, so that what is compared with it is shown in the same words. */
static enum constant_group group_of(const struct expr *like)
{
	if (like == NULL)
		return GROUP_NONE;
	if (like->kind == EXPR_CONSTANT && !like->constant->flag)
		return like->constant->group;
	if (like->kind == EXPR_FAULT)
		return GROUP_FAULT;
	if (like->kind == EXPR_PREDEFINED && like->predefined == PRE_ERRNO)
		return GROUP_ERRNO;
	return GROUP_NONE;
}

const struct expr *render_like(const struct expr *own, const struct expr *other)
{
	enum constant_group group = group_of(own);

	return group == GROUP_FAULT || (group == GROUP_ERRNO && own->kind == EXPR_PREDEFINED) ? own : other;
}

/* Compared with 'B', a byte is shown as one. */
static bool is_character(const struct expr *like)
{
	return like != NULL && like->kind == EXPR_INT && like->span.len > 0 && like->span.text[0] == '\'';
}

bool render_value(struct machine *m, struct buf *out, const struct value *value, const struct expr *like)
{
	enum constant_group group = group_of(like);
	const char *name = NULL;

	if (value->is_string) {
		buf_putc(out, '"');
		buf_escape(out, value->text, value->len, 1);
		buf_putc(out, '"');
		return true;
	}
	if (group != GROUP_NONE)
		name = constant_name(group, value->integer);
	if (group == GROUP_FAULT && value->integer == 0)
		name = "no fault";
	if (value->hidden)
		buf_puts(out, "0 (hidden from this user)");
	else if (name != NULL)
		buf_puts(out, name);
	else if (is_character(like) && value->integer >= ' ' && value->integer < 0x7f)
		buf_printf(out, "'%c'", (char)value->integer);
	else if (regions_find(&m->here->regions, (uint64_t)value->integer) != NULL)
		symbol_format(out, (uint64_t)value->integer, &m->here->regions, NULL);
	else {
		buf_printf(out, "%" PRId64, value->integer);
		return value->steadiness == STEADY;
	}
	return true;
}
