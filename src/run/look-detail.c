/* SPDX-License-Identifier: MIT */
/* What smaps says of each mapping that is sent. */
#include "run/look-part.h"

#include "base/alloc.h"
#include "run/record.h"

void look_details(struct look *look, size_t from, size_t count)
{
	arena_reset(&look->arena);
	look->details = arena_alloc(&look->arena, (count + 1) * sizeof(*look->details));
	for (size_t i = 0; i < count; i++)
		record_tell(&look->details[i], &look->part.list[from + i], &look->arena);
}
