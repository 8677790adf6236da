/* SPDX-License-Identifier: MIT */
/* The script's literals, constants and predefined names in C. */
#include "lang/program-part.h"

#include <inttypes.h>
#include <string.h>

static void byte_of_string(struct buf *out, unsigned char c, bool format)
{
	if (c == '"' || c == '\\')
		buf_printf(out, "\\%c", c);
	else if (c == '\n')
		buf_puts(out, "\\n");
	else if (c == '\t')
		buf_puts(out, "\\t");
	else if (c == '%' && format)
		buf_puts(out, "%%");
	else if (c == '?' && out->len > 0 && out->data[out->len - 1] == '?')
		buf_puts(out, "\\?"); /* no trigraphs */
	else if (c >= ' ' && c < 0x7f)
		buf_putc(out, (char)c);
	else
		buf_printf(out, "\\%03o", c);
}

void program_string(struct buf *out, const char *data, size_t len, bool format)
{
	for (size_t i = 0; i < len; i++)
		byte_of_string(out, (unsigned char)data[i], format);
}

static void literal(struct buf *out, const struct expr *expr)
{
	buf_putc(out, '"');
	program_string(out, expr->string.data, expr->string.len, false);
	buf_putc(out, '"');
}

/* The end of a comment or string that begins at text. */
static uint32_t skip(struct span span, uint32_t i, bool *comment)
{
	char c = span.text[i];

	*comment = c == '#' || (c == '/' && i + 1 < span.len && span.text[i + 1] == '/');
	if (*comment) {
		while (i < span.len && span.text[i] != '\n')
			i++;
		return i;
	}
	if (c != '"' && c != '\'')
		return i + 1;
	for (i++; i < span.len && span.text[i] != c; i++)
		i += span.text[i] == '\\';
	return i < span.len ? i + 1 : span.len;
}

void program_source(struct buf *out, struct span span)
{
	bool comment, space = false;

	for (uint32_t i = 0; i < span.len;) {
		uint32_t end = skip(span, i, &comment);
		bool blank = comment || span.text[i] == '\n' || span.text[i] == '\t' || span.text[i] == ' ' ||
		             span.text[i] == '\r';

		if (blank) {
			space = true;
		} else {
			if (space)
				buf_putc(out, ' ');
			space = false;
			program_string(out, span.text + i, end - i, false);
		}
		i = end;
	}
}

void program_open_if(struct buf *out, bool parentheses)
{
	if (parentheses)
		buf_putc(out, '(');
}

void program_close_if(struct buf *out, bool parentheses)
{
	if (parentheses)
		buf_putc(out, ')');
}

/* The digits before a suffix, and the suffix or 0. */
static char suffix_of(struct span span, uint32_t *digits)
{
	char last = span.len > 0 ? span.text[span.len - 1] : '\0';

	*digits = span.len;
	if (last == '\0' || strchr("KMGTp", last) == NULL)
		return '\0';
	(*digits)--;
	return last;
}

static void character(struct buf *out, int64_t value)
{
	if (value == '\'' || value == '\\')
		buf_printf(out, "'\\%c'", (char)value);
	else if (value >= ' ' && value < 0x7f)
		buf_printf(out, "'%c'", (char)value);
	else if (value == '\n' || value == '\t' || value == '\0')
		buf_puts(out, value == '\n' ? "'\\n'" : value == '\t' ? "'\\t'" : "'\\0'");
	else
		buf_printf(out, "0x%" PRIx64, (uint64_t)value);
}

/* Without a suffix; word: as a long, whatever its size. */
static void plain_integer(struct buf *out, const struct expr *expr, uint32_t digits, bool word, int binds)
{
	bool wide = expr->integer > INT32_MAX, pattern = expr->integer < 0;

	program_open_if(out, pattern && binds > BIND_UNARY);
	if (pattern)
		buf_puts(out, "(int64_t)");
	buf_add(out, expr->span.text, digits);
	buf_puts(out, pattern ? "ULL" : wide ? "LL" : word ? "L" : "");
	program_close_if(out, pattern && binds > BIND_UNARY);
}

static void integer(struct program *p, struct buf *out, const struct expr *expr, enum form form, int binds)
{
	uint32_t digits;
	char suffix = suffix_of(expr->span, &digits);
	bool one = digits == 1 && expr->span.text[0] == '1', word = form == AS_WORD;
	unsigned shift = suffix == 'M' ? 20 : suffix == 'G' ? 30 : suffix == 'T' ? 40 : 0;

	/* A literal can stand for a span that is not its own text: -1 of a RESULT. */
	if (expr->span.len == 0)
		buf_printf(out, "%" PRId64, expr->integer);
	else if (expr->span.text[0] == '\'')
		character(out, expr->integer);
	else if (suffix == '\0')
		plain_integer(out, expr, digits, word, binds);
	else if (expr->integer == 0)
		buf_puts(out, word ? "0L" : "0");
	else if (expr->integer < 0)
		buf_printf(out, expr->integer == INT64_MIN ? "(%" PRId64 "LL - 1)" : "(%" PRId64 "LL)",
		           expr->integer == INT64_MIN ? -INT64_MAX : expr->integer);
	else if (suffix == 'p' && one)
		buf_puts(out, "page");
	else if (suffix == 'K' && one)
		buf_puts(out, word ? "1024L" : "1024");
	else {
		bool parentheses = binds > (shift > 0 ? BIND_SHIFT : BIND_PRODUCT) || (shift > 0 && binds > BIND_ORDER);

		program_open_if(out, parentheses);
		buf_add(out, expr->span.text, digits);
		buf_puts(out, suffix == 'p' ? "" : expr->integer > INT32_MAX ? "LL" : word ? "L" : "");
		if (shift > 0)
			buf_printf(out, " << %u", shift);
		else
			buf_puts(out, suffix == 'p' ? " * page" : " * 1024");
		program_close_if(out, parentheses);
	}
	p->uses_page |= suffix == 'p' && expr->integer != 0;
}

/* Groups whose constants are ints in every header. */
static bool is_int(const struct constant *constant)
{
	switch ((enum constant_group)constant->group) {
	case GROUP_PROT:
	case GROUP_MREMAP:
	case GROUP_MADV:
	case GROUP_MS:
	case GROUP_MCL:
	case GROUP_FADV:
	case GROUP_ERRNO:
	case GROUP_SIGNAL:
	case GROUP_FAULT:
	case GROUP_RLIMIT:
	case GROUP_SHM:
		return true;
	case GROUP_MAP:
	case GROUP_OPEN:
	case GROUP_FALLOC:
		return !constant->hidden;
	default:
		return false;
	}
}

static void constant_value(struct program *p, struct buf *out, const struct constant *constant, enum form form, int binds)
{
	bool cast = (form == AS_LONG || form == AS_IS || form == AS_WORD) && !is_int(constant);

	if (form == AS_WORD)
		cast = true;
	program_open_if(out, cast && binds > BIND_UNARY);
	if (cast)
		buf_puts(out, form == AS_WORD ? "(long)" : "(int64_t)");
	program_constant(p, out, constant);
	program_close_if(out, cast && binds > BIND_UNARY);
}

static void predefined(struct program *p, struct buf *out, const struct expr *expr, enum form form, int binds)
{
	bool pointer = form == AS_IS || form == AS_POINTER || form == AS_WORD;

	switch ((enum predefined)expr->predefined) {
	case PRE_PAGE:
		p->uses_page = true;
		buf_puts(out, "page");
		break;
	case PRE_HUGEPAGE:
		program_use(p, "meminfo_field");
		buf_puts(out, "meminfo_field(\"Hugepagesize\")");
		break;
	case PRE_NULL:
		program_header(p, "stddef");
		buf_puts(out, pointer ? "NULL" : "0");
		break;
	case PRE_MAP_FAILED:
		program_header(p, "sys/mman");
		buf_puts(out, form == AS_IS || form == AS_POINTER ? "MAP_FAILED"
		              : form == AS_WORD                  ? "-1L"
		              : binds >= BIND_UNARY              ? "(-1)"
		                                                 : "-1");
		break;
	case PRE_ERRNO:
		program_header(p, "errno");
		buf_puts(out, "errno");
		break;
	case PRE_SCRATCH:
		if (!pointer && form != AS_MEMORY)
			buf_printf(out, "(%s)", program_address_type(p));
		buf_puts(out, "scratch");
		break;
	}
}

void program_literal(struct program *p, struct buf *out, const struct expr *expr, enum form form, int binds)
{
	switch ((enum expr_kind)expr->kind) {
	case EXPR_INT:
		integer(p, out, expr, form, binds);
		break;
	case EXPR_STRING:
		literal(out, expr);
		break;
	case EXPR_CONSTANT:
		constant_value(p, out, expr->constant, form, binds);
		break;
	default:
		predefined(p, out, expr, form, binds);
	}
}
