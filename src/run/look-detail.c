/* SPDX-License-Identifier: MIT */
/* What smaps says of each mapping that is sent. */
#include "run/look-part.h"

#include "base/alloc.h"
#include "mm/vmflag.h"

#include <string.h>

/* The flags as words; the text is borrowed, so that each gets its own string. */
static void add_flags(struct look *look, const struct smaps_record *record, struct event_smaps *detail)
{
	const char *flag;
	size_t len, count = 0;

	for (size_t at = 0; smaps_next_flag(record, &at, &flag, &len);)
		count++;
	if (count == 0)
		return;
	struct event_vmflag *list = arena_alloc(&look->arena, count * sizeof(*list));

	detail->flags = list;
	for (size_t at = 0; smaps_next_flag(record, &at, &flag, &len); list++)
		*list = (struct event_vmflag){ .flag = arena_string(&look->arena, flag, len), .words = vmflag_words(flag, len) };
	detail->flag_count = count;
}

void look_details(struct look *look, size_t from, size_t count)
{
	arena_reset(&look->arena);
	look->details = arena_alloc(&look->arena, (count + 1) * sizeof(*look->details));
	for (size_t i = 0; i < count; i++) {
		const struct smaps_record *record = &look->part.list[from + i];
		struct event_smaps *detail = &look->details[i];

		detail->start = record->start;
		detail->end = record->end;
		detail->mappings = 1;
		memcpy(detail->figures, record->figures, sizeof(detail->figures));
		memcpy(detail->present, record->present, sizeof(detail->present));
		add_flags(look, record, detail);
	}
}
