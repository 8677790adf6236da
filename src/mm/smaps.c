/* SPDX-License-Identifier: MIT */
/* The parser of /proc/PID/smaps. */
#include "mm/smaps.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define ROW(ID, NAME, WORD, KIND) [SMAPS_##ID] = { NAME, WORD, SMAPS_##KIND },
const struct smaps_name smaps_names[SMAPS_COUNT] = { SMAPS_FIGURES(ROW) };
#undef ROW

#define ROW(ID, NAME, WORD, KIND) [SMAPS_##ID] = sizeof(NAME) - 1,
static const uint8_t name_lens[SMAPS_COUNT] = { SMAPS_FIGURES(ROW) };
#undef ROW

static const char flags_name[] = "VmFlags:";

/* Reads a hexadecimal number that ends in stop.  Returns where the next begins, or NULL. */
static const char *read_hex(const char *p, const char *end, char stop, uint64_t *value)
{
	const char *from = p;
	uint64_t sum = 0;

	for (; p < end; p++) {
		char c = *p;

		if (c >= '0' && c <= '9')
			sum = sum << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			sum = sum << 4 | (uint64_t)(c - 'a' + 10);
		else
			break;
	}
	*value = sum;
	return p > from && p - from <= 16 && p < end && *p == stop ? p + 1 : NULL;
}

/* Whether a line is the first of a record: the names of figures begin with a capital. */
static bool read_range(const char *line, const char *end, uint64_t *start, uint64_t *stop)
{
	const char *p = read_hex(line, end, '-', start);

	return p != NULL && read_hex(p, end, ' ', stop) != NULL;
}

static bool is_figure(const char *line, size_t len, unsigned figure)
{
	size_t width = name_lens[figure];

	return len > width && line[width] == ':' && memcmp(line, smaps_names[figure].name, width) == 0;
}

/* The figure that a line tells: mostly the one behind the last.  SMAPS_COUNT: none that is known. */
static unsigned find_figure(const char *line, size_t len, unsigned expected)
{
	for (unsigned i = 0; i < SMAPS_COUNT; i++) {
		unsigned figure = (expected + i) % SMAPS_COUNT;

		if (is_figure(line, len, figure))
			return figure;
	}
	return SMAPS_COUNT;
}

/* Reads "  12 kB" or "  1". */
static bool read_number(const char *p, const char *end, uint64_t *value)
{
	uint64_t sum = 0;

	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p == end || *p < '0' || *p > '9')
		return false;
	for (; p < end && *p >= '0' && *p <= '9'; p++) {
		if (sum > (UINT64_MAX - 9) / 10)
			return false;
		sum = sum * 10 + (uint64_t)(*p - '0');
	}
	if (end - p >= 3 && memcmp(p, " kB", 3) == 0) {
		if (sum > UINT64_MAX / 1024)
			return false;
		sum *= 1024;
	}
	*value = sum;
	return true;
}

/* Reads a line behind the first one.  expected is the figure that will probably come, and is moved on. */
static void read_line(struct smaps_record *record, const char *line, const char *end, unsigned *expected)
{
	size_t len = (size_t)(end - line);
	const size_t flags_len = sizeof(flags_name) - 1;

	if (len >= flags_len && memcmp(line, flags_name, flags_len) == 0) {
		record->flags = line + flags_len;
		record->flags_len = len - flags_len;
		return;
	}
	unsigned figure = find_figure(line, len, *expected);

	if (figure == SMAPS_COUNT)
		return;
	record->present[figure] = read_number(line + name_lens[figure] + 1, end, &record->figures[figure]);
	*expected = figure + 1;
}

bool smaps_begins(const char *text, size_t len, uint64_t *start)
{
	uint64_t end;

	return read_range(text, text + len, start, &end);
}

bool smaps_next(const char *text, size_t len, size_t *at, struct smaps_record *record)
{
	bool found = false;
	unsigned expected = 0;

	while (*at < len) {
		const char *line = text + *at;
		const char *newline = memchr(line, '\n', len - *at);
		const char *end = newline != NULL ? newline : text + len;
		bool capital = *line >= 'A' && *line <= 'Z';
		uint64_t start, stop;

		if (!capital && read_range(line, end, &start, &stop)) {
			if (found)
				break;
			found = true;
			*record = (struct smaps_record){ .start = start, .end = stop, .text = line,
				                         .line_len = (uint32_t)(end - line) };
		} else if (found) {
			read_line(record, line, end, &expected);
		}
		*at = (size_t)(end - text) + (newline != NULL);
	}
	if (found)
		record->text_len = (size_t)(text + *at - record->text);
	return found;
}

bool smaps_at(const char *text, size_t len, uint64_t addr, struct smaps_record *record)
{
	for (size_t at = 0; smaps_next(text, len, &at, record);) {
		if (addr < record->end)
			return addr >= record->start;
	}
	return false;
}

bool smaps_next_flag(const struct smaps_record *record, size_t *at, const char **flag, size_t *len)
{
	size_t from = *at, to;

	if (record->flags == NULL)
		return false;
	while (from < record->flags_len && record->flags[from] == ' ')
		from++;
	for (to = from; to < record->flags_len && record->flags[to] != ' ';)
		to++;
	*flag = record->flags + from;
	*len = to - from;
	*at = to;
	return to > from;
}

bool smaps_has_flag(const struct smaps_record *record, const char *wanted)
{
	const char *flag;
	size_t len;

	for (size_t at = 0; smaps_next_flag(record, &at, &flag, &len);) {
		if (len == 2 && memcmp(flag, wanted, 2) == 0)
			return true;
	}
	return false;
}

void smaps_add(struct smaps_record *sum, const struct smaps_record *part)
{
	for (unsigned i = 0; i < SMAPS_COUNT; i++) {
		if (smaps_names[i].kind == SMAPS_BYTES) {
			sum->figures[i] += part->figures[i];
			sum->present[i] |= part->present[i];
		} else {
			sum->present[i] &= part->present[i] && sum->figures[i] == part->figures[i];
		}
	}
}

bool smaps_recognize(const char *text, size_t len)
{
	const char *newline = memchr(text, '\n', len);
	uint64_t start, end;

	if (newline == NULL || !read_range(text, newline, &start, &end))
		return false;
	return is_figure(newline + 1, (size_t)(text + len - newline - 1), SMAPS_SIZE);
}

int smaps_parse(struct smaps *smaps, size_t *bad_line)
{
	const char *text = buf_text(&smaps->text);
	size_t at = 0, count = 0;

	buf_reset(&smaps->maps.text);
	for (;; count++) {
		if (count == smaps->cap)
			smaps->list = alloc_grow(smaps->list, &smaps->cap, count + 1, sizeof(*smaps->list));
		struct smaps_record *record = &smaps->list[count];

		if (!smaps_next(text, smaps->text.len, &at, record))
			break;
		buf_add(&smaps->maps.text, record->text, record->line_len);
		buf_putc(&smaps->maps.text, '\n');
	}
	return maps_parse(&smaps->maps, bad_line);
}

void smaps_fini(struct smaps *smaps)
{
	maps_fini(&smaps->maps);
	free(smaps->list);
	buf_fini(&smaps->text);
	*smaps = (struct smaps){ 0 };
}
