/* SPDX-License-Identifier: MIT */
/* What reports share: their life, and lines within a width. */
#include "report/report.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct report *report_new(const struct report_class *class, const struct report_options *options)
{
	struct report *report = alloc_zeroed(1, class->size);

	report->class = class;
	report->options = *options;
	return report;
}

void report_free(struct report *report)
{
	if (report == NULL)
		return;
	if (report->class->fini != NULL)
		report->class->fini(report);
	free(report);
}

size_t wrap_columns(const char *text, size_t len)
{
	size_t columns = 0;

	for (size_t i = 0; i < len; i++)
		columns += ((unsigned char)text[i] & 0xc0) != 0x80;
	return columns;
}

/* How much of text stands on a line of that many columns: up to a space, or one word that is too long. */
static size_t fit(const char *text, size_t len, size_t columns)
{
	size_t end = 0, column = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == ' ' && i > 0 && text[i - 1] != ' ')
			end = i;
		column += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (column > columns && end > 0)
			return end;
	}
	return len;
}

static void wrap_line(struct buf *buf, const char *text, size_t len, const struct wrap *wrap, bool first)
{
	const char *rest = wrap->rest != NULL ? wrap->rest : wrap->first;
	size_t width = wrap->width > 0 ? wrap->width : WRAP_WIDTH;

	do {
		const char *indent = first ? wrap->first : rest;
		size_t used = wrap_columns(indent, strlen(indent));
		size_t some = fit(text, len, width > used ? width - used : 1);

		buf_puts(buf, indent);
		buf_puts(buf, wrap->on != NULL ? wrap->on : "");
		buf_add(buf, text, some);
		buf_puts(buf, wrap->on != NULL ? wrap->off : "");
		buf_putc(buf, '\n');
		text += some;
		len -= some;
		while (len > 0 && *text == ' ') {
			text++;
			len--;
		}
		first = false;
	} while (len > 0);
}

void wrap_add(struct buf *buf, const char *text, size_t len, const struct wrap *wrap)
{
	struct buf line = { 0 };
	bool first = true;

	for (;;) {
		const char *newline = memchr(text, '\n', len);
		size_t part = newline != NULL ? (size_t)(newline - text) : len;

		buf_reset(&line);
		buf_escape(&line, text, part, 0);
		wrap_line(buf, buf_text(&line), line.len, wrap, first);
		if (newline == NULL || part + 1 == len)
			break;
		first = false;
		text += part + 1;
		len -= part + 1;
	}
	buf_fini(&line);
}

void flat_add(struct buf *buf, const char *source, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool space = isspace((unsigned char)source[i]);
		size_t run = i;

		while (run < len && (isspace((unsigned char)source[run]) != 0) == space)
			run++;
		if (space)
			buf_putc(buf, ' ');
		else
			buf_escape(buf, source + i, run - i, 0);
		i = run - 1;
	}
}
