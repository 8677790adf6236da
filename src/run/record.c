/* SPDX-License-Identifier: MIT */
/* What smaps says of a mapping, as a value of an event, and as text again. */
#include "run/record.h"

#include "mm/vmflag.h"

#include <inttypes.h>
#include <string.h>

/* The flags as words; the text is borrowed, so that each gets its own string. */
static void add_flags(struct event_smaps *detail, const struct smaps_record *record, struct arena *arena)
{
	const char *flag;
	size_t len, count = 0;

	for (size_t at = 0; smaps_next_flag(record, &at, &flag, &len);)
		count++;
	if (count == 0)
		return;
	struct event_vmflag *list = arena_alloc(arena, count * sizeof(*list));

	detail->flags = list;
	for (size_t at = 0; smaps_next_flag(record, &at, &flag, &len); list++)
		*list = (struct event_vmflag){ .flag = arena_string(arena, flag, len), .words = vmflag_words(flag, len) };
	detail->flag_count = count;
}

void record_tell(struct event_smaps *detail, const struct smaps_record *record, struct arena *arena)
{
	detail->start = record->start;
	detail->end = record->end;
	detail->mappings = 1;
	memcpy(detail->figures, record->figures, sizeof(detail->figures));
	memcpy(detail->present, record->present, sizeof(detail->present));
	add_flags(detail, record, arena);
}

/* Flags are two letters; nothing else can come from a kernel. */
static bool is_flag(const char *flag)
{
	return flag[0] >= 'a' && flag[0] <= 'z' && flag[1] >= 'a' && flag[1] <= 'z' && flag[2] == '\0';
}

static void write_record(struct buf *text, const struct mapping *mapping, const struct event_smaps *detail)
{
	buf_add(text, mapping->line, mapping->line_len);
	buf_putc(text, '\n');
	for (unsigned i = 0; i < SMAPS_COUNT; i++) {
		if (detail->present[i] && smaps_names[i].kind == SMAPS_BYTES)
			buf_printf(text, "%s: %" PRIu64 " kB\n", smaps_names[i].name, detail->figures[i] / 1024);
	}
	/* A kernel that does not tell flags has no such line. */
	if (detail->flag_count == 0)
		return;
	buf_puts(text, "VmFlags:");
	for (size_t i = 0; i < detail->flag_count; i++) {
		if (is_flag(detail->flags[i].flag))
			buf_printf(text, " %s", detail->flags[i].flag);
	}
	buf_putc(text, '\n');
}

bool record_write(struct buf *text, const struct event_snapshot *part)
{
	const struct maps *maps = part->maps;

	if (part->detail_count != maps->count)
		return false;
	for (size_t i = 0; i < maps->count; i++) {
		if (part->details[i].start != maps->list[i].start || part->details[i].end != maps->list[i].end)
			return false;
	}
	for (size_t i = 0; i < maps->count; i++)
		write_record(text, &maps->list[i], &part->details[i]);
	return true;
}
