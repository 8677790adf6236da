/* SPDX-License-Identifier: MIT */
/* Judges the mappings that recorded events tell, and what is said of them beside. */
#include "run/judge-part.h"

#include <inttypes.h>
#include <string.h>

static bool check_pages(struct judge *judge, const char *event, uint64_t page, uint64_t start, uint64_t end)
{
	if (start >= end)
		return judge_wrong(judge, "%s: a mapping at 0x%" PRIx64 " ends before it begins", event, start);
	if (page != 0 && (start % page != 0 || end % page != 0))
		return judge_wrong(judge, "%s: the mapping at 0x%" PRIx64 " is no whole pages of %" PRIu64, event, start, page);
	return true;
}

static bool check_list(struct judge *judge, const char *event, uint64_t page, const struct mapping *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!check_pages(judge, event, page, list[i].start, list[i].end))
			return false;
	}
	return true;
}

bool judge_start_maps(struct judge *judge, const struct event_start *start)
{
	const struct maps *maps = start->maps;

	if (maps == NULL)
		return true;
	if (!check_list(judge, "start", judge->script.page, maps->list, maps->count))
		return false;
	if (start->scratch_end > start->scratch_start) {
		for (size_t i = 0; i < maps->count; i++) {
			if (maps->list[i].start <= start->scratch_start && start->scratch_end <= maps->list[i].end)
				return true;
		}
		return judge_wrong(judge, "start: its scratch page is not mapped");
	}
	return true;
}

/* The mapping that a change names is one of that snapshot. */
static bool is_one_of(const struct maps *maps, const struct mapping *mapping)
{
	const struct mapping *found = maps_find(maps, mapping->start);

	return found != NULL && mapping_same_line(found, mapping);
}

static bool check_change(struct judge *judge, const char *event, const struct change *change, const struct event_view *view)
{
	uint64_t was = change->old_end - change->old_start, is = change->new_end - change->new_start;
	const char *kind = change_kind_name((enum change_kind)change->kind);

	if ((change->kind == CHANGE_GROWN && is <= was) || (change->kind == CHANGE_SHRUNK && is >= was) ||
	    (change->kind == CHANGE_ADDED && is == 0) || (change->kind == CHANGE_REMOVED && was == 0))
		return judge_wrong(judge, "%s: what is %s has %" PRIu64 " bytes before and %" PRIu64 " after", event, kind, was, is);
	if (view->before == NULL || view->after == NULL)
		return true;
	if (change->before != NULL && !is_one_of(view->before, change->before))
		return judge_wrong(judge, "%s: what was %s is none of the mappings before", event, kind);
	if (change->after != NULL && !is_one_of(view->after, change->after))
		return judge_wrong(judge, "%s: what is %s is none of the mappings after", event, kind);
	if (change->kind == CHANGE_ADDED && !maps_covered(view->after, change->new_start, is))
		return judge_wrong(judge, "%s: what was added at 0x%" PRIx64 " is not mapped after", event, change->new_start);
	if (change->kind == CHANGE_REMOVED &&
	    (!maps_covered(view->before, change->old_start, was) || maps_mapped(view->after, change->old_start, was, NULL) > 0))
		return judge_wrong(judge, "%s: what was removed at 0x%" PRIx64 " was not mapped before, or is after", event, change->old_start);
	return true;
}

static bool check_changes(struct judge *judge, const char *event, const struct event_view *view)
{
	for (size_t i = 0; i < view->delta->change_count; i++) {
		if (!check_change(judge, event, &view->delta->changes[i], view))
			return false;
	}
	return true;
}

static bool check_lines(struct judge *judge, const char *event, uint64_t page, const struct delta *delta)
{
	for (size_t i = 0; i < delta->line_count; i++) {
		const struct delta_line *line = &delta->lines[i];

		if (line->sign != '-' && line->sign != '+')
			return judge_wrong(judge, "%s: a line that neither went nor came", event);
		if (!check_list(judge, event, page, line->mapping, 1))
			return false;
	}
	return true;
}

static bool check_region_pages(struct judge *judge, const struct pages_change *pages, const struct regions *regions)
{
	for (size_t i = 0; i < pages->region_count; i++) {
		const struct pages_region *region = &pages->regions[i];
		const struct region *named = regions_find(regions, region->start);
		uint64_t at = region->cut;

		if (named == NULL || named->start != region->start || named->size != region->size || strcmp(named->name, region->name) != 0)
			return judge_wrong(judge, "step: pages of %s at 0x%" PRIx64 ", which is none of its regions", region->name, region->start);

		for (size_t k = 0; k < region->run_count; k++) {
			const struct page_run *run = &region->runs[k];

			if (run->offset < at || run->count == 0 || __builtin_mul_overflow(run->count, pages->page_size, &at) ||
			    __builtin_add_overflow(at, run->offset, &at) || at - region->cut > region->size)
				return judge_wrong(judge, "step: the pages of %s overlap, or lie outside of it", region->name);
		}
	}
	return true;
}

bool judge_step_maps(struct judge *judge, const struct event_step *step)
{
	struct event_view view = event_step_view(step);
	struct judge_script *script = &judge->script;

	if (step->pages != NULL) {
		uint64_t page = step->pages->page_size;

		if (page == 0 || (page & (page - 1)) != 0 || (script->page != 0 && page != script->page))
			return judge_wrong(judge, "step: its pages have %" PRIu64 " bytes, and those of the script %" PRIu64, page, script->page);
		script->page = page;
		if (!check_region_pages(judge, step->pages, step->new_regions))
			return false;
	}
	if (view.delta == NULL)
		return true;
	return check_lines(judge, "step", script->page, view.delta) && check_changes(judge, "step", &view);
}

/* What smaps says of each mapping is of that mapping. */
static bool check_details(struct judge *judge, const struct event_snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->detail_count; i++) {
		const struct event_smaps *smaps = &snapshot->details[i];
		const struct mapping *mapping = &snapshot->maps->list[i];
		uint64_t page = smaps->present[SMAPS_KERNEL_PAGE_SIZE] ? smaps->figures[SMAPS_KERNEL_PAGE_SIZE] : 0;

		if (smaps->start != mapping->start || smaps->end != mapping->end)
			return judge_wrong(judge, "snapshot: the details of the mapping at 0x%" PRIx64 " are of another", mapping->start);
		if (smaps->present[SMAPS_SIZE] && smaps->figures[SMAPS_SIZE] != mapping->end - mapping->start)
			return judge_wrong(judge, "snapshot: the size in the details of the mapping at 0x%" PRIx64 " is another", mapping->start);
		if (!check_pages(judge, "snapshot", page, mapping->start, mapping->end))
			return false;
	}
	return true;
}

static bool check_gaps(struct judge *judge, const struct event_snapshot *snapshot)
{
	uint64_t above = 0;

	for (size_t i = 0; i < snapshot->gap_count; i++) {
		const struct event_gap *gap = &snapshot->gaps[i];

		if (gap->start >= gap->end || gap->start < above)
			return judge_wrong(judge, "snapshot: the gap at 0x%" PRIx64 " ends before it begins, or overlaps another", gap->start);
		above = gap->end;
	}
	return true;
}

/* The parts of one snapshot stand one after another. */
static bool take_part(struct judge *judge, const struct event_snapshot *snapshot)
{
	struct judge_snapshot *now = &judge->snapshot;
	unsigned expected = now->more ? now->part + 1 : 0;

	if (snapshot->part != expected)
		return judge_wrong(judge, "snapshot: part %u stands where part %u should", snapshot->part, expected);
	if (now->any && !now->more)
		return judge_wrong(judge, "snapshot: a second one in a stream of one");
	if (snapshot->part > 0 && snapshot->pid != now->pid)
		return judge_wrong(judge, "snapshot: a part of process %d follows one of process %d", (int)snapshot->pid, (int)now->pid);
	if (snapshot->more && snapshot->total_count > 0)
		return judge_wrong(judge, "snapshot: totals, and it is not the last part");
	if (snapshot->part == 0)
		*now = (struct judge_snapshot){ .any = true };
	now->part = snapshot->part;
	now->pid = snapshot->pid;
	now->more = snapshot->more;
	return true;
}

/* What the last part says that there is of each kind is what there was. */
static bool check_totals(struct judge *judge, const struct event_snapshot *snapshot)
{
	struct kind_total *sums = judge->snapshot.totals;

	for (size_t i = 0; i < snapshot->total_count; i++) {
		const struct kind_total *total = &snapshot->totals[i];
		struct kind_total *sum = &sums[total->kind < KIND_COUNT ? total->kind : 0];

		if (total->mappings != sum->mappings || total->size != sum->size || total->mappings == 0)
			return judge_wrong(judge, "snapshot: its totals say %" PRIu64 " mappings of %" PRIu64 " bytes that are %s, and %" PRIu64
			                          " of %" PRIu64 " bytes were told",
			                   total->mappings, total->size, mapping_kind_name((enum mapping_kind)(sum - sums)), sum->mappings, sum->size);
		*sum = (struct kind_total){ 0 };
	}
	for (unsigned kind = 0; kind < KIND_COUNT && snapshot->total_count > 0; kind++) {
		if (sums[kind].mappings > 0)
			return judge_wrong(judge, "snapshot: its totals leave out what is %s", mapping_kind_name((enum mapping_kind)kind));
	}
	return true;
}

bool judge_snapshot(struct judge *judge, const struct event_snapshot *snapshot)
{
	struct kind_total *totals = judge->snapshot.totals;

	if (!take_part(judge, snapshot) || !check_list(judge, "snapshot", 0, snapshot->maps->list, snapshot->maps->count))
		return false;
	if (snapshot->detail_count > 0 && snapshot->detail_count != snapshot->maps->count)
		return judge_wrong(judge, "snapshot: %zu details of %zu mappings", snapshot->detail_count, snapshot->maps->count);
	for (size_t i = 0; i < snapshot->maps->count; i++) {
		const struct mapping *mapping = &snapshot->maps->list[i];
		struct kind_total *total = &totals[mapping_kind(mapping)];

		total->mappings++;
		total->size += mapping->end - mapping->start;
	}
	return check_details(judge, snapshot) && check_gaps(judge, snapshot) && check_totals(judge, snapshot);
}

/* What came less what went is what there is more of. */
static bool check_sum(struct judge *judge, const char *what, uint64_t before, uint64_t after, uint64_t gone, uint64_t come)
{
	if (before + come == after + gone && before >= gone)
		return true;
	return judge_wrong(judge, "delta: of %" PRIu64 " %s %" PRIu64 " went and %" PRIu64 " came, and that is not %" PRIu64, before, what, gone,
	                   come, after);
}

static bool check_sums(struct judge *judge, const struct event_delta *delta)
{
	uint64_t count[2] = { 0, 0 }, bytes[2] = { 0, 0 };

	for (size_t i = 0; i < delta->delta->line_count; i++) {
		const struct delta_line *line = &delta->delta->lines[i];

		count[line->sign == '+']++;
		bytes[line->sign == '+'] += line->mapping->end - line->mapping->start;
	}
	return check_sum(judge, "mappings", delta->old_mappings, delta->new_mappings, count[0], count[1]) &&
	       check_sum(judge, "bytes", delta->old_bytes, delta->new_bytes, bytes[0], bytes[1]);
}

bool judge_delta(struct judge *judge, const struct event_delta *delta)
{
	const struct event_view view = { .delta = delta->delta, .before = delta->before, .after = delta->after };
	bool counted = delta->old_mappings != 0 || delta->new_mappings != 0;

	if (delta->watched && (!judge->snapshot.any || delta->pid != judge->snapshot.pid))
		return judge_wrong(judge, "delta: process %d was not shown before it was watched", (int)delta->pid);
	if (delta->watched && delta->from > delta->to)
		return judge_wrong(judge, "delta: it ends before it begins");
	if (delta->watched && delta->to < judge->now)
		return judge_wrong(judge, "delta: it is of a moment before that of the event before it");
	if (delta->watched)
		judge->now = delta->to;
	else
		judge->differs |= delta->delta->line_count > 0 || delta->delta->change_count > 0;
	if (!check_lines(judge, "delta", 0, delta->delta))
		return false;
	if (delta->aligned)
		return true;
	return (!counted || check_sums(judge, delta)) && check_changes(judge, "delta", &view);
}
