/* SPDX-License-Identifier: MIT */
/* From a script's text to a checked tree, or to its errors. */
#include "lang/script.h"

#include "lang/checker.h"
#include "lang/errors.h"
#include "lang/names.h"
#include "lang/parser.h"
#include "lang/word.h"

#include <stdlib.h>
#include <string.h>

/* Spans have 32 bits. */
enum { TEXT_MOST = 1 << 30 };

static void parse(struct script *script, uint64_t page, struct names *names, struct errors *errors)
{
	struct span start = { script->text, 0, { script->line, 1 } };

	if (script->len > TEXT_MOST) {
		errors_add(errors, start, "the script has %zu bytes, more than the %d that a script can have",
		           script->len, TEXT_MOST);
		return;
	}
	script->first = parser_parse(script, page, errors);
	checker_check(script, names, errors);
	script->name_count = (uint32_t)names->count;
	script->names = arena_alloc(&script->arena, names->count * sizeof(script->names[0]));
	if (names->count > 0)
		memcpy(script->names, names->list, names->count * sizeof(script->names[0]));
}

struct script *script_parse(const char *file, const char *text, size_t len, uint64_t page,
                            const struct definition *definitions, size_t definition_count, struct buf *errors)
{
	return script_parse_part(file, 1, text, len, page, definitions, definition_count, errors);
}

struct script *script_parse_part(const char *file, uint32_t line, const char *text, size_t len, uint64_t page,
                                 const struct definition *definitions, size_t definition_count, struct buf *errors)
{
	struct script *script = alloc_zeroed(1, sizeof(*script));
	struct names names = { 0 };

	script->file = arena_string(&script->arena, file, strlen(file));
	script->text = len > 0 ? text : "";
	script->len = len;
	script->line = line;
	struct errors found = { .file = script->file, .text = script->text, .len = len };

	for (size_t i = 0; i < definition_count; i++)
		names_add(&names, &script->arena, definitions[i].name, strlen(definitions[i].name));
	parse(script, page, &names, &found);
	names_fini(&names);
	bool failed = found.count > 0;

	errors_render(&found, errors);
	errors_fini(&found);
	if (!failed)
		return script;
	script_free(script);
	return NULL;
}

void script_free(struct script *script)
{
	if (script == NULL)
		return;
	arena_fini(&script->arena);
	free(script);
}

bool script_reserved(const char *name, size_t len)
{
	return keyword_find(name, len) >= 0 || predefined_find(name, len) >= 0 || constant_find(name, len) != NULL;
}

bool expr_is_constant(const struct expr *expr)
{
	switch ((enum expr_kind)expr->kind) {
	case EXPR_INT:
	case EXPR_STRING:
	case EXPR_CONSTANT:
		return true;
	case EXPR_PREDEFINED:
		return expr->predefined == PRE_NULL || expr->predefined == PRE_MAP_FAILED || expr->predefined == PRE_PAGE;
	case EXPR_UNARY:
		return expr_is_constant(expr->right);
	case EXPR_BINARY:
		return expr_is_constant(expr->left) && expr_is_constant(expr->right);
	default:
		return false;
	}
}
