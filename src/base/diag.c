/* SPDX-License-Identifier: MIT */
/* Messages to standard error. */
#include "base/diag.h"

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

/* One write, so that lines of two processes do not mix; no heap, since the heap may be what is missing. */
static void vprint(const char *format, va_list args)
{
	char line[4096];
	int head = snprintf(line, sizeof(line), "%s: ", program);
	size_t used = head > 0 && (size_t)head < sizeof(line) ? (size_t)head : 0;
	int rest = vsnprintf(line + used, sizeof(line) - used - 1, format, args);

	if (rest > 0)
		used += (size_t)rest < sizeof(line) - used - 1 ? (size_t)rest : sizeof(line) - used - 2;
	line[used++] = '\n';
	if (write(STDERR_FILENO, line, used) < 0)
		return;
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
