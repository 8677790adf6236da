/* SPDX-License-Identifier: MIT */
/* Numbers in the kernel's "Name:   value kB" files. */
#include "mm/counters.h"

#include <stdlib.h>
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

/* Reads "START-END " at the start of a line: the first line of a record. */
static bool parse_range(const char *line, const char *end, uint64_t *start, uint64_t *stop)
{
	uint64_t *into[] = { start, stop };

	for (unsigned i = 0; i < 2; i++) {
		const char *from = line;

		for (*into[i] = 0; line < end; line++) {
			const char *digits = "0123456789abcdef";
			const char *digit = *line != '\0' ? strchr(digits, *line) : NULL;

			if (digit == NULL)
				break;
			*into[i] = *into[i] << 4 | (uint64_t)(digit - digits);
		}
		if (line == from || line == end || *line++ != (i == 0 ? '-' : ' '))
			return false;
	}
	return true;
}

bool counters_smaps(const char *text, size_t len, uint64_t addr, const char **record, size_t *record_len)
{
	const char *end = text + len, *found = NULL;

	for (const char *line = text; line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		const char *stop = newline != NULL ? newline : end;
		uint64_t from, to;

		if (parse_range(line, stop, &from, &to)) {
			if (found != NULL) {
				*record_len = (size_t)(line - found);
				*record = found;
				return true;
			}
			if (addr >= from && addr < to)
				found = line;
		}
		line = stop + 1;
	}
	*record = found;
	*record_len = found != NULL ? (size_t)(end - found) : 0;
	return found != NULL;
}

bool counters_vmflag(const char *record, size_t len, const char *flag, bool *known)
{
	size_t rest, width = strlen(flag);
	const char *line = find_line(record, len, "VmFlags", &rest);

	*known = line != NULL;
	for (size_t i = 0; line != NULL && i + width <= rest; i++) {
		bool starts = i == 0 || line[i - 1] == ' ';
		bool ends = i + width == rest || line[i + width] == ' ';

		if (starts && ends && memcmp(line + i, flag, width) == 0)
			return true;
	}
	return false;
}

bool counters_record(const char *text, size_t len, size_t *at, struct counters_record *record)
{
	static const char field[] = "VmFlags:";
	const size_t width = sizeof(field) - 1;
	bool found = false;

	while (*at < len) {
		const char *line = text + *at;
		const char *newline = memchr(line, '\n', len - *at);
		const char *stop = newline != NULL ? newline : text + len;
		uint64_t start, end;

		if (parse_range(line, stop, &start, &end)) {
			if (found)
				return true;
			found = true;
			*record = (struct counters_record){ .start = start, .end = end };
		} else if (found && (size_t)(stop - line) >= width && memcmp(line, field, width) == 0) {
			record->flags = line + width;
			record->flags_len = (size_t)(stop - record->flags);
		}
		*at = (size_t)(stop - text) + (newline != NULL);
	}
	return found;
}

bool counters_has_flag(const struct counters_record *record, const char *flag)
{
	for (size_t i = 0; record->flags != NULL && i + 2 <= record->flags_len; i++) {
		const char *at = record->flags + i;

		if (memcmp(at, flag, 2) == 0 && (i == 0 || at[-1] == ' ') && (i + 2 == record->flags_len || at[2] == ' '))
			return true;
	}
	return false;
}
