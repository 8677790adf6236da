/* SPDX-License-Identifier: MIT */
/* Follows the mappings and the regions of each process through a recorded stream (mmtool-events(5) says how they are told). */
#include "run/replay-part.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static struct replay_process *find(struct replay_told *told, pid_t pid)
{
	for (size_t i = 0; i < told->count; i++) {
		if (told->list[i].pid == pid)
			return &told->list[i];
	}
	told->list = alloc_grow(told->list, &told->cap, told->count + 1, sizeof(*told->list));
	told->list[told->count] = (struct replay_process){ .pid = pid };
	return &told->list[told->count++];
}

static void process_fini(struct replay_process *process)
{
	for (unsigned i = 0; i < 2; i++) {
		maps_fini(&process->maps[i]);
		regions_fini(&process->regions[i].regions);
		arena_fini(&process->regions[i].names);
	}
}

static void forget_all(struct replay_told *told)
{
	for (size_t i = 0; i < told->count; i++)
		process_fini(&told->list[i]);
	told->count = 0;
}

void replay_told_fini(struct replay_told *told)
{
	forget_all(told);
	free(told->list);
}

static void add_line(struct maps *maps, const struct mapping *mapping)
{
	buf_add(&maps->text, mapping->line, mapping->line_len);
	buf_putc(&maps->text, '\n');
}

/* Makes maps what the list is, by address.  Returns whether they can be those of one process. */
static bool set_maps(struct maps *maps, const struct mapping *list, size_t count)
{
	buf_reset(&maps->text);
	for (size_t i = 0; i < count; i++)
		add_line(maps, &list[i]);
	return maps_parse(maps, NULL) == 0;
}

/* What lines take from, and add to, the mappings before: both by address.  False: they do not fit. */
static bool apply(struct maps *after, const struct maps *before, const struct delta *delta)
{
	size_t next = 0;

	buf_reset(&after->text);
	for (size_t i = 0; i < delta->line_count; i++) {
		const struct delta_line *line = &delta->lines[i];

		while (next < before->count && before->list[next].start < line->mapping->start)
			add_line(after, &before->list[next++]);
		if (line->sign == '+') {
			add_line(after, line->mapping);
			continue;
		}
		if (next == before->count || !mapping_same_line(&before->list[next], line->mapping))
			return false;
		next++;
	}
	for (; next < before->count; next++)
		add_line(after, &before->list[next]);
	return maps_parse(after, NULL) == 0;
}

static int compare_regions(const void *a, const void *b)
{
	const struct region *left = a, *right = b;

	return (left->start > right->start) - (left->start < right->start);
}

/* Copies regions, by address. */
static bool set_regions(struct replay_told *told, struct replay_regions *to, const struct regions *from)
{
	uint64_t above = 0;

	arena_reset(&to->names);
	regions_copy(&to->regions, from);
	if (from->count > 0)
		qsort(to->regions.list, from->count, sizeof(*from->list), compare_regions);
	for (size_t i = 0; i < from->count; i++) {
		struct region *region = &to->regions.list[i];

		if (region->start < above || __builtin_add_overflow(region->start, region->size, &above))
			return replay_wrong(told->reader, "step: two of its regions overlap");
		region->name = arena_string(&to->names, region->name, strlen(region->name));
	}
	return true;
}

bool replay_told_start(struct replay_told *told, const struct event_start *start)
{
	struct replay_process *process;
	struct region *scratch = &told->reader->scratch;

	forget_all(told);
	process = find(told, start->pid);
	*scratch = (struct region){ .name = "scratch",
		                    .id = REGION_PREDEFINED,
		                    .start = start->scratch_start,
		                    .size = start->scratch_end - start->scratch_start };
	set_regions(told, &process->regions[0], &(struct regions){ scratch, scratch->size > 0, 1 });
	if (start->maps == NULL)
		return true;
	process->known = set_maps(&process->maps[0], start->maps->list, start->maps->count);
	return process->known || replay_wrong(told->reader, "start: the mappings are not by address");
}

/* Sets both ends, or says what is not right. */
static const char *follow(struct replay_process *process, const struct delta *delta, const struct maps **before,
                          const struct maps **after)
{
	struct maps *old = &process->maps[process->maps_now], *new = &process->maps[process->maps_now ^ 1];

	if (!process->known || delta == NULL)
		return "the mappings before it are not known";
	*before = *after = old;
	if (delta->line_count == 0)
		return NULL;
	process->known = apply(new, old, delta);
	if (!process->known)
		return "the lines of its delta do not fit the mappings before it";
	*after = new;
	process->maps_now ^= 1;
	return NULL;
}

static bool follow_regions(struct replay_told *told, struct replay_process *process, struct event_step *step)
{
	struct replay_regions *old = &process->regions[process->regions_now], *new = &process->regions[process->regions_now ^ 1];

	if (step->old_regions != NULL && !set_regions(told, old, step->old_regions))
		return false;
	step->old_regions = &old->regions;
	if (step->new_regions == NULL) {
		step->new_regions = &old->regions;
		return !step->looked || replay_wrong(told->reader, "step: the field regions is missing");
	}
	if (!set_regions(told, new, step->new_regions))
		return false;
	step->new_regions = &new->regions;
	process->regions_now ^= 1;
	return true;
}

bool replay_told_step(struct replay_told *told, struct event_step *step)
{
	struct replay_process *process = find(told, step->pid);
	struct maps *now = &process->maps[process->maps_now];
	const char *problem = NULL;

	if (step->before != NULL)
		process->known = set_maps(now, step->before->list, step->before->count);
	step->before = NULL;
	if (step->looked)
		problem = follow(process, step->delta, &step->before, &step->after);
	return problem == NULL ? follow_regions(told, process, step) : replay_wrong(told->reader, "step: %s", problem);
}

static int compare_lines(const void *a, const void *b)
{
	const struct mapping *left = a, *right = b;

	return (left->start > right->start) - (left->start < right->start);
}

/* Lines in any order, by address. */
static bool sort_lines(struct maps *maps)
{
	struct buf text = maps->text;
	struct mapping *list = NULL;
	size_t count = 0, cap = 0;
	bool good = true;

	for (size_t at = 0; at < text.len; count++) {
		size_t len = (size_t)((char *)memchr(text.data + at, '\n', text.len - at) - text.data) - at;

		list = alloc_grow(list, &cap, count + 1, sizeof(*list));
		list[count] = (struct mapping){ .start = strtoull(text.data + at, NULL, 16), .line = text.data + at,
			                        .line_len = (uint32_t)len };
		at += len + 1;
	}
	if (count > 0)
		qsort(list, count, sizeof(*list), compare_lines);
	maps->text = (struct buf){ 0 };
	good = set_maps(maps, list, count);
	free(list);
	buf_fini(&text);
	return good;
}

bool replay_add_part(struct maps *maps, const struct event_snapshot *part)
{
	if (part->part == 0)
		buf_reset(&maps->text);
	for (size_t i = 0; i < part->maps->count; i++)
		add_line(maps, &part->maps->list[i]);
	if (part->more)
		return true;
	return maps_parse(maps, NULL) == 0 || sort_lines(maps);
}

bool replay_told_snapshot(struct replay_told *told, const struct event_snapshot *snapshot)
{
	struct replay_process *process = find(told, snapshot->pid);
	bool good = replay_add_part(&process->maps[process->maps_now], snapshot);

	process->known = good && !snapshot->more;
	return good || replay_wrong(told->reader, "snapshot: its mappings overlap");
}

bool replay_told_delta(struct replay_told *told, struct event_delta *delta)
{
	struct replay_process *process = find(told, delta->pid);
	bool known = process->known;
	const char *problem = follow(process, delta->delta, &delta->before, &delta->after);

	if (problem == NULL)
		return true;
	delta->before = delta->after = NULL;
	return !known || replay_wrong(told->reader, "delta: %s", problem);
}
