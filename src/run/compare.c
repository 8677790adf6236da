/* SPDX-License-Identifier: MIT */
/* Compares two snapshots of whatever the user names, in one delta. */
#include "run/compare.h"

#include "base/alloc.h"
#include "base/diag.h"
#include "mm/align.h"
#include "mm/flagged.h"
#include "run/compare-live.h"
#include "run/snapshot.h"

static uint64_t size_of(const struct maps *maps)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < maps->count; i++)
		sum += maps->list[i].end - maps->list[i].start;
	return sum;
}

/* What is resident, where that was read; else 0. */
static uint64_t resident(const struct snapshot *snapshot)
{
	uint64_t sum = 0;

	for (size_t i = 0; snapshot->detailed && i < snapshot->smaps.maps.count; i++)
		sum += snapshot->smaps.list[i].figures[SMAPS_RSS];
	return sum;
}

static bool compare(const struct snapshot *old, const struct snapshot *new, bool align, const struct event_sink *sink)
{
	const struct maps *before = &old->smaps.maps, *after = &new->smaps.maps;
	struct delta delta = { 0 };
	struct arena names = { 0 };
	struct event event = { .type = EVENT_DELTA };
	bool regrouped = align && align_compute(&delta, before, after, &names), detailed = old->detailed && new->detailed;

	if (!align)
		delta_compute(&delta, before, after, NULL, NULL, NULL);
	if (detailed && !align)
		flagged_compare(&delta, &old->smaps, &new->smaps);
	event.delta = (struct event_delta){
		.old_name = old->about.name, .new_name = new->about.name,
		.old_command = old->about.command, .new_command = new->about.command,
		.pid = old->about.pid == new->about.pid ? new->about.pid : 0,
		.old_time = old->about.time, .time = new->about.time,
		.old_mappings = before->count, .new_mappings = after->count,
		.old_bytes = size_of(before), .new_bytes = size_of(after),
		.old_resident = resident(old), .resident = resident(new),
		.aligned = align, .regrouped = regrouped, .flags_looked = detailed && !align,
		.delta = &delta, .before = before, .after = after,
	};
	bool differ = delta.line_count > 0 || delta.change_count > 0;

	sink->take(sink->context, &event);
	delta_fini(&delta);
	arena_fini(&names);
	return differ;
}

int compare_run(const struct compare_options *options, const struct event_sink *sink, char **problem)
{
	struct snapshot old = { 0 }, new = { 0 };
	bool differ = false;

	if (!options->detail && !options->align && compare_live(options, sink, &differ))
		return differ ? STATUS_FAILED : STATUS_OK;
	int error = snapshot_read(&old, options->old_name, options->detail, problem);

	if (error == 0)
		error = snapshot_read(&new, options->new_name, options->detail, problem);
	if (error == 0)
		differ = compare(&old, &new, options->align, sink);
	snapshot_fini(&old);
	snapshot_fini(&new);
	return error < 0 ? STATUS_TOOL : differ ? STATUS_FAILED : STATUS_OK;
}
