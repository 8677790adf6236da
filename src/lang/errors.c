/* SPDX-License-Identifier: MIT */
/* The errors of one script: message, line and caret. */
#include "lang/errors.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	SHOWN_MOST = 40, /* bytes of a token in a message */
	LINE_MOST = 160, /* bytes of a line that are shown */
};

static bool continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

void errors_add(struct errors *errors, struct span at, const char *format, ...)
{
	struct buf message = { 0 };
	va_list args;

	for (size_t i = 0; i < errors->count; i++) {
		if (errors->list[i].at.text == at.text)
			return;
	}
	errors->more |= errors_full(errors);
	if (errors_full(errors))
		return;
	va_start(args, format);
	buf_vprintf(&message, format, args);
	va_end(args);
	errors->list[errors->count++] = (struct script_error){
		.at = at,
		.message = arena_string(&errors->arena, buf_text(&message), message.len),
	};
	buf_fini(&message);
}

const char *errors_shown(struct errors *errors, const char *text, size_t len)
{
	struct buf shown = { 0 };
	size_t part = len;

	if (len > SHOWN_MOST) {
		part = SHOWN_MOST;
		while (part > SHOWN_MOST - 4 && continues(text[part]))
			part--;
	}
	buf_escape(&shown, text, part, 0);
	if (part < len)
		buf_puts(&shown, "...");
	const char *copy = arena_string(&errors->arena, buf_text(&shown), shown.len);

	buf_fini(&shown);
	return copy;
}

/* As buf_escape(), with the tabs kept. */
static void add_source(struct buf *out, const char *data, size_t len)
{
	while (len > 0) {
		const char *tab = memchr(data, '\t', len);
		size_t part = tab != NULL ? (size_t)(tab - data) : len;

		buf_escape(out, data, part, 0);
		if (tab == NULL)
			return;
		buf_putc(out, '\t');
		data += part + 1;
		len -= part + 1;
	}
}

/* The part [*from, *to) of a line that is shown, so that the byte at column is in it and no character is cut. */
static void choose_window(const char *line, size_t len, size_t column, size_t *from, size_t *to)
{
	*from = 0;
	*to = len;
	if (len <= LINE_MOST)
		return;
	*from = column > LINE_MOST / 2 ? column - LINE_MOST / 2 : 0;
	if (*from > len - LINE_MOST)
		*from = len - LINE_MOST;
	*to = *from + LINE_MOST;
	for (int i = 0; i < 3 && *from < column && continues(line[*from]); i++)
		++*from;
	for (int i = 0; i < 3 && *to > column && *to < len && continues(line[*to]); i++)
		--*to;
}

static void add_line(const struct errors *errors, const char *at, struct buf *out)
{
	const char *end = errors->text + errors->len;
	const char *before = at > errors->text ? memrchr(errors->text, '\n', (size_t)(at - errors->text)) : NULL;
	const char *line = before != NULL ? before + 1 : errors->text;
	const char *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
	size_t len = (size_t)((newline != NULL ? newline : end) - line), column = (size_t)(at - line), from, to;

	if (len > column && line[len - 1] == '\r')
		len--;
	choose_window(line, len, column, &from, &to);
	size_t start = out->len;

	if (from > 0)
		buf_puts(out, "...");
	add_source(out, line + from, column - from);
	size_t caret = out->len;

	add_source(out, line + column, to - column);
	buf_puts(out, to < len ? "...\n" : "\n");
	for (size_t i = start; i < caret; i++) {
		if (!continues(out->data[i]))
			buf_putc(out, out->data[i] == '\t' ? '\t' : ' ');
	}
	buf_puts(out, "^\n");
}

static int compare(const void *a, const void *b)
{
	const struct script_error *left = a, *right = b;

	return (left->at.text > right->at.text) - (left->at.text < right->at.text);
}

void errors_render(struct errors *errors, struct buf *out)
{
	qsort(errors->list, errors->count, sizeof(errors->list[0]), compare);
	for (size_t i = 0; i < errors->count; i++) {
		const struct script_error *error = &errors->list[i];

		buf_escape(out, errors->file, strlen(errors->file), 0);
		buf_printf(out, ":%" PRIu32 ":%" PRIu32 ": %s\n", error->at.place.line, error->at.place.column,
		           error->message);
		add_line(errors, error->at.text, out);
	}
	if (errors->more) {
		buf_escape(out, errors->file, strlen(errors->file), 0);
		buf_printf(out, ": there may be more mistakes: these are the first %d\n", ERRORS_MOST);
	}
}

void errors_fini(struct errors *errors)
{
	arena_fini(&errors->arena);
	errors->count = 0;
}
