/* SPDX-License-Identifier: MIT */
/* Messages to standard error. */
#include "base/diag.h"

#include "base/file.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *program = "mmtool";

void diag_set_name(const char *name)
{
	program = name;
}

const char *diag_name(void)
{
	return program;
}

enum { LINE_MOST = 4096 };

/* Copies a message, with what could do something to a terminal as \ooo; the words of the message have newlines and tabs. */
static size_t copy_escaped(char *to, const char *text, size_t len)
{
	size_t at = 0, used;

	for (size_t i = 0; i < len && at + 4 * sizeof("\\ooo") < LINE_MOST; i += used) {
		int32_t point = utf8_decode(text + i, len - i, &used);

		for (size_t k = 0; k < used; k++) {
			if (utf8_unsafe(point) && point != '\n' && point != '\t')
				at += (size_t)snprintf(to + at, sizeof("\\ooo"), "\\%03o", (unsigned)(unsigned char)text[i + k]);
			else
				to[at++] = text[i + k];
		}
	}
	return at;
}

/* One write, so that lines of two processes do not mix; no heap, since the heap may be what is missing. */
static void vprint(const char *format, va_list args)
{
	char line[LINE_MOST], shown[LINE_MOST];
	int head = snprintf(line, sizeof(line), "%s: ", program);
	size_t used = head > 0 && (size_t)head < sizeof(line) ? (size_t)head : 0;
	int rest = vsnprintf(line + used, sizeof(line) - used, format, args);

	if (rest > 0)
		used += (size_t)rest < sizeof(line) - used ? (size_t)rest : sizeof(line) - used - 1;
	used = copy_escaped(shown, line, used);
	shown[used++] = '\n';
	/* Whole in one write unless a signal comes between. */
	(void)file_write(STDERR_FILENO, shown, used);
}

void diag_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprint(format, args);
	va_end(args);
}

void diag_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprint(format, args);
	va_end(args);
	_exit(STATUS_TOOL);
}
