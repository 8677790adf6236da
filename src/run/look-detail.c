/* SPDX-License-Identifier: MIT */
/* What smaps says of each mapping that is sent. */
#include "run/look-part.h"

#include "base/alloc.h"
#include "run/record.h"

/* Only what is resident. */
static void tell_resident(struct event_smaps *detail, const struct smaps_record *record)
{
	detail->start = record->start;
	detail->end = record->end;
	detail->mappings = 1;
	detail->figures[SMAPS_RSS] = record->figures[SMAPS_RSS];
	detail->present[SMAPS_RSS] = record->present[SMAPS_RSS];
}

void look_details(struct look *look, size_t from, size_t count)
{
	arena_reset(&look->arena);
	look->details = arena_alloc(&look->arena, (count + 1) * sizeof(*look->details));
	for (size_t i = 0; i < count; i++) {
		if (look->options->figures)
			record_tell(&look->details[i], &look->part.list[from + i], &look->arena);
		else
			tell_resident(&look->details[i], &look->part.list[from + i]);
	}
}
