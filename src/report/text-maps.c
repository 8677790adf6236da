/* SPDX-License-Identifier: MIT */
/* Shows a snapshot: a table, a tree, or the lines of maps as they are.  There may be a million, so no line costs much. */
#include "report/text.h"

#include "report/mapping-words.h"

#include "mm/kind.h"

#include <inttypes.h>
#include <string.h>

enum {
	RANGE_SHORT = 17, /* columns of a range of 32-bit addresses, as maps writes them */
	RANGE_MOST = 33,
	RANGE_LONG = 25,  /* of 64-bit ones; the few that are longer take from the space before the size */
	SIZE_ROOM = 11,   /* the size, right-aligned behind the range, with what the range may take of it */
	AMOUNT_WIDTH = 9, /* another amount, with the space before it */
	OFFSET_WIDTH = 9, /* an offset likewise */
	EXACT_DIGITS = 7, /* a size of more is rounded */
	FIELDS_MOST = 160, /* bytes of a row before the name */
};

static const char *ink(const struct text *text, const char *code)
{
	return text->base.options.color ? code : "";
}

/* Writes a number at p; returns its end. */
static char *put_decimal(char *p, uint64_t value)
{
	char digits[20];
	unsigned count = 0;

	do {
		digits[count++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	while (count > 0)
		*p++ = digits[--count];
	return p;
}

static char *put_hex(char *p, uint64_t value, unsigned least)
{
	static const char digits[] = "0123456789abcdef";
	unsigned count = value == 0 ? 1 : (67 - (unsigned)__builtin_clzll(value)) / 4;

	for (count = count < least ? least : count; count > 0; count--)
		*p++ = digits[value >> (4 * (count - 1)) & 15];
	return p;
}

static const char units[] = "\0KMGT";

/* In the largest unit that divides it; one of too many digits is rounded, and marked by a tilde. */
static char *put_size(char *p, uint64_t bytes)
{
	static const uint64_t too_many = 10000000;
	unsigned zeros = bytes > 0 ? (unsigned)__builtin_ctzll(bytes) / 10 : 0;
	unsigned unit = zeros < 4 ? zeros : 4;
	uint64_t value = bytes >> (10 * unit);

	if (value >= too_many) {
		while (unit < 4 && bytes >> (10 * unit) >= 1000)
			unit++;
		uint64_t one = UINT64_C(1) << (10 * unit), whole = bytes >> (10 * unit);
		uint64_t tenths = ((bytes & (one - 1)) * 10 + one / 2) >> (10 * unit);

		*p++ = '~';
		p = put_decimal(p, whole + tenths / 10);
		*p++ = '.';
		value = tenths % 10;
	}
	p = put_decimal(p, value);
	if (unit > 0)
		*p++ = units[unit];
	return p;
}

static char *put_spaces(char *p, size_t count)
{
	memset(p, ' ', count);
	return p + count;
}

/* Writes what stands at from right-aligned in a field that began at field, with a space before it at least. */
static char *put_right(char *field, size_t width, const char *from, size_t len)
{
	field = put_spaces(field, len < width ? width - len : 1);
	memcpy(field, from, len);
	return field + len;
}

static char *put_size_right(char *field, size_t width, uint64_t bytes)
{
	char text[32];

	return put_right(field, width, text, (size_t)(put_size(text, bytes) - text));
}

/* A range of addresses that began at from, and the size, which takes up what it left of its columns. */
static char *finish_range(const struct table *table, char *from, char *p, uint64_t bytes)
{
	size_t used = (size_t)(p - from), width = table->width + SIZE_ROOM;

	return put_size_right(p, used < width ? width - used : 0, bytes);
}

/* Whether a name is printable ASCII without a backslash: nothing in it needs a look. */
static bool is_plain(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)name[i];

		if (c < ' ' || c > '~' || c == '\\')
			return false;
	}
	return true;
}

/*
 * A name as the kernel wrote it, with the escapes of buf_escape().  A backslash of its own stands as \134, so that nothing
 * can look like an escape; \012 is what the kernel writes for a newline.
 */
static void add_name(struct buf *out, const char *name, size_t len)
{
	const char *end = name + len;

	if (is_plain(name, len)) {
		buf_add(out, name, len);
		return;
	}
	while (name < end) {
		const char *slash = memchr(name, '\\', (size_t)(end - name));

		buf_escape(out, name, (size_t)((slash != NULL ? slash : end) - name), 0);
		if (slash == NULL)
			return;
		bool newline = end - slash >= 4 && memcmp(slash, "\\012", 4) == 0;

		buf_puts(out, newline ? "\\012" : "\\134");
		name = slash + (newline ? 4 : 1);
	}
}

/* The fields of a mapping up to its offset; the name is the caller's. */
static void add_fields(const struct text *text, struct buf *out, const struct mapping *mapping, uint64_t resident)
{
	const struct table *table = &text->table;
	char *from = buf_reserve(out, FIELDS_MOST), *p = from;
	const char *space = memchr(mapping->line, ' ', mapping->line_len);
	size_t range = space != NULL && space - mapping->line <= RANGE_MOST ? (size_t)(space - mapping->line) : 0;
	bool alarm = text->base.options.color && mapping->perms[1] == 'w' && mapping->perms[2] == 'x';

	memcpy(p, mapping->line, range);
	p = finish_range(table, from, p + range, mapping->end - mapping->start);
	if (table->resident)
		p = put_size_right(p, AMOUNT_WIDTH, resident);
	p = put_spaces(p, 2);
	p = alarm ? stpcpy(p, "\033[31m") : p;
	memcpy(p, mapping->perms, 4);
	p += 4;
	p = alarm ? stpcpy(p, "\033[0m") : p;
	if (mapping_has_file(mapping) || mapping->offset != 0) {
		char digits[16];
		const char *end = put_hex(digits, mapping->offset, 1);

		p = put_right(p, OFFSET_WIDTH, digits, (size_t)(end - digits));
	} else if (mapping->name_len > 0 && text->base.options.maps != MAPS_TREE) {
		p = put_spaces(p, OFFSET_WIDTH);
	}
	out->len += (size_t)(p - from);
}

static uint64_t resident_of(const struct event_snapshot *snapshot, size_t index)
{
	return index < snapshot->detail_count ? snapshot->details[index].figures[SMAPS_RSS] : 0;
}

static void add_row(const struct text *text, struct buf *out, const struct mapping *mapping, uint64_t resident)
{
	add_fields(text, out, mapping, resident);
	if (mapping->name_len > 0) {
		buf_add(out, "  ", 2);
		add_name(out, mapping->name, mapping->name_len);
	}
	buf_putc(out, '\n');
}

static void add_range(struct buf *out, uint64_t start, uint64_t end)
{
	char *from = buf_reserve(out, FIELDS_MOST), *p = put_hex(from, start, 8);

	*p++ = '-';
	out->len += (size_t)(put_hex(p, end, 8) - from);
	out->data[out->len] = '\0';
}

static void add_hole(struct text *text, struct buf *out, const struct event_gap *gap)
{
	struct table *table = &text->table;
	uint64_t size = gap->end - gap->start;

	buf_puts(out, ink(text, "\033[2m"));
	size_t mark = out->len;

	add_range(out, gap->start, gap->end);
	char *from = buf_reserve(out, FIELDS_MOST), *p = finish_range(table, out->data + mark, from, size);

	if (table->resident)
		p = put_spaces(p, AMOUNT_WIDTH);
	p = stpcpy(p, "  hole");
	out->len += (size_t)(p - from);
	buf_puts(out, ink(text, "\033[0m"));
	buf_putc(out, '\n');
	table->holes++;
	table->hole_bytes += size;
	if (size > table->largest.end - table->largest.start)
		table->largest = *gap;
}

static void add_heading(const struct text *text, struct buf *out)
{
	const struct table *table = &text->table;

	buf_printf(out, "%s%-*s%*s", ink(text, "\033[1m"), (int)table->width, "address range", SIZE_ROOM, "size");
	if (table->resident)
		buf_printf(out, "%*s", AMOUNT_WIDTH, "resident");
	buf_printf(out, "  perms%*s", OFFSET_WIDTH - 1, "offset");
	buf_printf(out, "%s%s\n", text->base.options.maps == MAPS_TREE ? "" : "  name", ink(text, "\033[0m"));
}

/* How wide ranges are: of all where they are few, else there is room for 64 bits. */
static unsigned range_width(const struct event_snapshot *snapshot)
{
	static const uint64_t most = UINT32_MAX;

	if (snapshot->more)
		return RANGE_LONG;
	for (size_t i = 0; i < snapshot->maps->count; i++) {
		if (snapshot->maps->list[i].end > most + 1)
			return RANGE_LONG;
	}
	return RANGE_SHORT;
}

/* Of a recorded snapshot, --explain of the report asks for them. */
static bool wants_words(const struct text *text)
{
	return text->base.options.words || text->base.options.explain;
}

static void begin(struct text *text, struct buf *out, const struct event_snapshot *snapshot)
{
	struct buf object = text->table.object;

	buf_reset(&object);
	text->table = (struct table){ .width = range_width(snapshot), .resident = snapshot->details != NULL, .object = object };
	if (wants_words(text)) {
		buf_reset(&text->words);
		words_of_snapshot(&text->words, snapshot);
		text_wrapped(text, out, "", NULL, INK_PLAIN, buf_text(&text->words));
		buf_putc(out, '\n');
	}
	add_heading(text, out);
}

static void end_group(struct text *text, struct buf *out)
{
	struct table *table = &text->table;
	char words[48];

	if (table->group.mappings == 0)
		return;
	char *p = put_decimal(words, table->group.mappings);

	p = stpcpy(p, table->group.mappings == 1 ? " mapping" : " mappings");
	char *from = buf_reserve(out, FIELDS_MOST), *to = stpcpy(from, ink(text, "\033[2m"));
	char *field = to;

	memcpy(to, words, (size_t)(p - words));
	to = finish_range(table, field, to + (p - words), table->group.size);
	if (table->resident)
		to = put_size_right(to, AMOUNT_WIDTH, table->group.resident);
	to = stpcpy(to, ink(text, "\033[0m"));
	*to++ = '\n';
	out->len += (size_t)(to - from);
	table->group = (struct kind_total){ 0 };
}

/* The object of the line that was kept. */
static bool same_group(struct table *table, const struct mapping *mapping)
{
	struct maps last = { .text = table->object };
	bool same = false;

	if (table->object.len > 0 && maps_parse(&last, NULL) == 0 && last.count == 1)
		same = mapping_same_object(&last.list[0], mapping);
	table->object = last.text;
	last.text = (struct buf){ 0 };
	maps_fini(&last);
	return same;
}

static void begin_group(struct text *text, struct buf *out, const struct mapping *mapping)
{
	end_group(text, out);
	buf_putc(out, '\n');
	buf_puts(out, ink(text, "\033[1m"));
	if (mapping->name_len > 0)
		add_name(out, mapping->name, mapping->name_len);
	else
		buf_puts(out, mapping_kind_name(mapping_kind(mapping)));
	buf_puts(out, ink(text, "\033[0m"));
	buf_putc(out, '\n');
}

static void add_branch(struct text *text, struct buf *out, const struct event_snapshot *snapshot, size_t index)
{
	const struct mapping *mapping = &snapshot->maps->list[index];
	struct table *table = &text->table;
	bool same = index > 0 ? mapping_same_object(mapping - 1, mapping) : same_group(table, mapping);

	if (!same)
		begin_group(text, out, mapping);
	add_fields(text, out, mapping, resident_of(snapshot, index));
	buf_putc(out, '\n');
	table->group.mappings++;
	table->group.resident += resident_of(snapshot, index);
	table->group.size += mapping->end - mapping->start;
	if (index + 1 < snapshot->maps->count || !snapshot->more)
		return;
	buf_reset(&table->object);
	buf_add(&table->object, mapping->line, mapping->line_len);
}

static void add_words(struct text *text, struct buf *out, const struct event_snapshot *snapshot, size_t index)
{
	const struct mapping *mapping = &snapshot->maps->list[index];

	buf_reset(&text->words);
	words_of_mapping(&text->words, mapping, index > 0 ? mapping - 1 : NULL, snapshot->program);
	text_wrapped(text, out, "    ", NULL, INK_CYAN, buf_text(&text->words));
}

/* Whether smaps was asked for more than what is resident, which has a column of its own. */
static bool tells_more(const struct event_snapshot *snapshot, size_t index)
{
	if (index >= snapshot->detail_count)
		return false;
	for (unsigned i = 0; i < SMAPS_COUNT; i++) {
		if (snapshot->details[index].present[i] && i != SMAPS_RSS)
			return true;
	}
	return false;
}

static void add_rows(struct text *text, struct buf *out, const struct event_snapshot *snapshot)
{
	const struct maps *maps = snapshot->maps;
	bool tree = text->base.options.maps == MAPS_TREE;
	size_t hole = 0;

	for (size_t i = 0; i < maps->count; i++) {
		for (; hole < snapshot->gap_count && snapshot->gaps[hole].start < maps->list[i].start; hole++)
			add_hole(text, out, &snapshot->gaps[hole]);
		if (tree)
			add_branch(text, out, snapshot, i);
		else
			add_row(text, out, &maps->list[i], resident_of(snapshot, i));
		if (text->base.options.figures && tells_more(snapshot, i))
			text_smaps(text, out, &snapshot->details[i]);
		if (wants_words(text))
			add_words(text, out, snapshot, i);
	}
	for (; hole < snapshot->gap_count; hole++)
		add_hole(text, out, &snapshot->gaps[hole]);
	text->table.rows += maps->count;
}

static void add_total(const struct text *text, struct buf *out, const struct kind_total *total, const char *name)
{
	char *from = buf_reserve(out, FIELDS_MOST), *p = from;
	char digits[20];

	p = put_right(p, 8, digits, (size_t)(put_decimal(digits, total->mappings) - digits));
	p = put_size_right(p, AMOUNT_WIDTH + 2, total->size);
	if (text->table.resident)
		p = put_size_right(p, AMOUNT_WIDTH + 2, total->resident);
	p = put_spaces(p, 2);
	out->len += (size_t)(p - from);
	buf_puts(out, name);
	buf_putc(out, '\n');
}

static void add_totals(struct text *text, struct buf *out, const struct event_snapshot *snapshot)
{
	struct kind_total all = { 0 };

	if (snapshot->total_count == 0) {
		buf_puts(out, "no mapping is like that\n");
		return;
	}
	buf_printf(out, "\n%smappings%*s", ink(text, "\033[1m"), AMOUNT_WIDTH + 2, "size");
	if (text->table.resident)
		buf_printf(out, "%*s", AMOUNT_WIDTH + 2, "resident");
	buf_printf(out, "  kind%s\n", ink(text, "\033[0m"));
	for (size_t i = 0; i < snapshot->total_count; i++) {
		const struct kind_total *total = &snapshot->totals[i];

		add_total(text, out, total, mapping_kind_name(total->kind));
		all.mappings += total->mappings;
		all.size += total->size;
		all.resident += total->resident;
	}
	add_total(text, out, &all, "all");
}

static void add_holes(const struct text *text, struct buf *out)
{
	const struct table *table = &text->table;
	char *from, *p;

	if (table->holes == 0)
		return;
	from = buf_reserve(out, FIELDS_MOST);
	p = stpcpy(from, "\n");
	p = put_decimal(p, table->holes);
	p = stpcpy(p, table->holes == 1 ? " hole of " : " holes, together ");
	p = put_size(p, table->hole_bytes);
	out->len += (size_t)(p - from);
	if (table->holes > 1) {
		buf_puts(out, "; the largest is ");
		add_range(out, table->largest.start, table->largest.end);
		from = buf_reserve(out, FIELDS_MOST);
		p = stpcpy(from, ", ");
		out->len += (size_t)(put_size(p, table->largest.end - table->largest.start) - from);
	}
	buf_putc(out, '\n');
}

/* Lines that stand one behind another in the text are one piece. */
static void add_escaped(struct buf *out, const struct maps *maps)
{
	for (size_t i = 0; i < maps->count; i++) {
		buf_escape(out, maps->list[i].line, maps->list[i].line_len, 0);
		buf_putc(out, '\n');
	}
}

static void add_raw(struct buf *out, const struct maps *maps)
{
	for (size_t from = 0, to; from < maps->count; from = to) {
		const char *line = maps->list[from].line, *end = line + maps->list[from].line_len;

		for (to = from + 1; to < maps->count && maps->list[to].line == end + 1; to++)
			end = maps->list[to].line + maps->list[to].line_len;
		buf_add(out, line, (size_t)(end - line));
		buf_putc(out, '\n');
	}
}

void text_snapshot(struct text *text, struct buf *out, const struct event_snapshot *snapshot)
{
	if (text->base.options.maps == MAPS_RAW) {
		if (text->base.options.terminal)
			add_escaped(out, snapshot->maps);
		else
			add_raw(out, snapshot->maps);
		return;
	}
	if (snapshot->part == 0)
		begin(text, out, snapshot);
	add_rows(text, out, snapshot);
	if (snapshot->more)
		return;
	if (text->base.options.maps == MAPS_TREE)
		end_group(text, out);
	add_totals(text, out, snapshot);
	add_holes(text, out);
}
