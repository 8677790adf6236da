/* SPDX-License-Identifier: MIT */
/* Numbers in the kernel's "Name:   value kB" files. */
#include "mm/counters.h"

#include <string.h>

/* The text behind "field:" at the start of some line, up to its end; NULL when there is none. */
static const char *find_line(const char *text, size_t len, const char *field, size_t *rest)
{
	size_t width = strlen(field);
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline != NULL ? newline : end;

		if ((size_t)(stop - text) > width && memcmp(text, field, width) == 0 && text[width] == ':') {
			*rest = (size_t)(stop - text) - width - 1;
			return text + width + 1;
		}
		text = stop + 1;
	}
	return NULL;
}

bool counters_find(const char *text, size_t len, const char *field, int64_t *value)
{
	size_t rest;
	const char *line = find_line(text, len, field, &rest);
	int64_t number = 0;
	bool digits = false;
	size_t i = 0;

	if (line == NULL)
		return false;
	while (i < rest && (line[i] == ' ' || line[i] == '\t'))
		i++;
	for (; i < rest && line[i] >= '0' && line[i] <= '9'; i++, digits = true) {
		if (__builtin_mul_overflow(number, (int64_t)10, &number) ||
		    __builtin_add_overflow(number, (int64_t)(line[i] - '0'), &number))
			return false;
	}
	if (rest - i >= 3 && memcmp(line + i, " kB", 3) == 0 && __builtin_mul_overflow(number, (int64_t)1024, &number))
		return false;
	*value = number;
	return digits;
}
