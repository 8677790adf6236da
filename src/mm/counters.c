/* SPDX-License-Identifier: MIT */
/* Numbers in the kernel's "Name:   value kB" files. */
#include "mm/counters.h"

#include <string.h>

#define STATUS(NAME, ...) { .name = NAME, .file = COUNTER_STATUS, .bytes = true, __VA_ARGS__ }
#define PLAIN .varies = false
#define BATCHED .approximate = true, .varies = true

const struct counter_row counter_rows[COUNTER_COUNT] = {
	[COUNTER_VM_SIZE] = STATUS("VmSize", PLAIN),
	[COUNTER_VM_DATA] = STATUS("VmData", PLAIN),
	[COUNTER_VM_STK] = STATUS("VmStk", PLAIN),
	[COUNTER_VM_RSS] = STATUS("VmRSS", BATCHED),
	[COUNTER_RSS_ANON] = STATUS("RssAnon", BATCHED),
	[COUNTER_RSS_FILE] = STATUS("RssFile", BATCHED),
	[COUNTER_RSS_SHMEM] = STATUS("RssShmem", BATCHED),
	[COUNTER_VM_PTE] = STATUS("VmPTE", .varies = true), /* the address decides whether a table must be added */
	[COUNTER_VM_LCK] = STATUS("VmLck", PLAIN),
	[COUNTER_VM_SWAP] = STATUS("VmSwap", BATCHED),
	[COUNTER_HUGETLB] = STATUS("HugetlbPages", PLAIN),
	[COUNTER_MINFLT] = { .name = "minflt", .file = COUNTER_STAT, .field = 10 },
	[COUNTER_MAJFLT] = { .name = "majflt", .file = COUNTER_STAT, .field = 12, .varies = true },
	[COUNTER_COMMITTED] = { .name = "Committed_AS", .file = COUNTER_MEMINFO, .bytes = true, .system_wide = true,
	                        .varies = true },
};

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

bool counters_stat(const char *text, size_t len, unsigned field, int64_t *value)
{
	/* The last ")" ends the name. */
	const char *at = memrchr(text, ')', len), *end = text + len;

	for (unsigned i = 2; at != NULL && i < field; i++)
		at = memchr(at + 1, ' ', (size_t)(end - at - 1));
	if (at == NULL || end - at < 2 || at[1] < '0' || at[1] > '9')
		return false;
	*value = 0;
	for (at++; at < end && *at >= '0' && *at <= '9'; at++) {
		if (__builtin_mul_overflow(*value, (int64_t)10, value) ||
		    __builtin_add_overflow(*value, (int64_t)(*at - '0'), value))
			return false;
	}
	return true;
}

void counters_read(struct counters *counters, enum counter_file file, const char *text, size_t len)
{
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		const struct counter_row *row = &counter_rows[i];
		int64_t value = 0;

		if (row->file != file)
			continue;
		counters->present[i] = row->field != 0 ? counters_stat(text, len, row->field, &value)
		                                       : counters_find(text, len, row->name, &value);
		counters->values[i] = (uint64_t)value;
	}
}
