/* SPDX-License-Identifier: MIT */
/* Names that are defined before a script begins: "NAME=EXPR", which is read as a script of its own. */
#include "run/machine.h"

#include "base/size.h"

#include <errno.h>
#include <string.h>

static bool evaluate(const struct script *script, struct interp_definition *definition, struct buf *problem)
{
	struct machine m = { .script = script, .page = size_page() };
	const struct statement *statement = script->first;
	struct value value;
	bool known = eval(&m, statement->expr, &value);

	if (known) {
		definition->name = alloc_string(statement->name.text, statement->name.len);
		definition->is_string = value.is_string;
		definition->integer = value.integer;
		definition->len = value.len;
		if (value.is_string)
			definition->text = alloc_string(value.text, value.len);
	} else {
		buf_printf(problem, "-D: %s", buf_text(&m.reason));
	}
	arena_fini(&m.temp);
	buf_fini(&m.reason);
	return known;
}

int interp_define(const char *text, struct interp_definition *definition, struct buf *problem)
{
	struct script *script = script_parse("-D", text, strlen(text), size_page(), NULL, 0, problem);
	bool defined = false;

	*definition = (struct interp_definition){ 0 };
	if (script == NULL) {
		/* The caller's message ends with a newline of its own. */
		if (problem->len > 0 && problem->data[problem->len - 1] == '\n')
			buf_cut(problem, problem->len - 1);
		return -EINVAL;
	}
	const struct statement *first = script->first;

	if (first == NULL || first->kind != STATEMENT_BIND || first->next != NULL)
		buf_puts(problem, "-D: write NAME=EXPR, as in -D pages=16");
	else if (!expr_is_constant(first->expr))
		buf_puts(problem, "-D: the value is made of literals and constants only, as in -D size=4K");
	else
		defined = evaluate(script, definition, problem);
	script_free(script);
	return defined ? 0 : -EINVAL;
}
