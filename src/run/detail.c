/* SPDX-License-Identifier: MIT */
/* --detail: the counters of a process and the smaps of its named regions, before and after a statement. */
#include "run/detail.h"

#include "base/file.h"
#include "mm/vmflag.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How things stand at one end. */
struct moment {
	struct counters counters;
	struct smaps smaps;
	bool has_smaps;
	pid_t pid; /* whose; 0: nobody looked */
};

struct detail {
	int meminfo;
	struct moment before, after, fold;
	bool has_after; /* smaps was read for the flags already, after the statement in hand */
	bool asked;     /* there was an exchange in the statement in hand, and machine is how things stood after the last */
	struct counters machine;
	uint64_t own;   /* minor faults of the statement in hand that are mmtool's doing */
	struct buf text;
};

static int open_of(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return file_open(path, O_RDONLY);
}

struct detail *detail_new(void)
{
	struct detail *detail = alloc_zeroed(1, sizeof(*detail));

	detail->meminfo = file_open("/proc/meminfo", O_RDONLY);
	return detail;
}

void detail_free(struct detail *detail)
{
	if (detail == NULL)
		return;
	if (detail->meminfo >= 0)
		close(detail->meminfo);
	smaps_fini(&detail->before.smaps);
	smaps_fini(&detail->after.smaps);
	smaps_fini(&detail->fold.smaps);
	buf_fini(&detail->text);
	free(detail);
}

void detail_open(struct machine *m, struct actor *actor)
{
	if (m->detail == NULL)
		return;
	actor->counters.open = true;
	actor->counters.status = open_of(actor->process.pid, "status");
	actor->counters.stat = open_of(actor->process.pid, "stat");
}

void detail_close(struct actor *actor)
{
	if (actor->counters.open && actor->counters.status >= 0)
		close(actor->counters.status);
	if (actor->counters.open && actor->counters.stat >= 0)
		close(actor->counters.stat);
	actor->counters.open = false;
}

static void read_counters(struct machine *m, enum counter_file file, int fd, struct counters *counters)
{
	static const char *const names[] = { [COUNTER_STATUS] = "PID/status", [COUNTER_STAT] = "PID/stat",
		                             [COUNTER_MEMINFO] = "meminfo" };
	struct buf *text = &m->detail->text;
	int error = fd < 0 ? fd : observer_read_file(fd, text);

	if (error == 0)
		counters_read(counters, file, buf_text(text), text->len);
	else
		machine_unread(m, fd < 0, names[file], error);
}

static void read_smaps(struct machine *m, struct moment *moment)
{
	const struct observer *observer = &m->here->observer;
	int error = observer_read_smaps(&m->here->observer, &moment->smaps.text);

	machine_unread(m, observer->unopened, "PID/smaps", error);
	moment->has_smaps = error == 0 && smaps_parse(&moment->smaps, NULL) == 0;
}

/* The files that others move are read nearest to the statement: this is the order before it. */
static void look_before(struct machine *m, struct moment *moment)
{
	struct actor *here = m->here;

	moment->pid = here->process.pid;
	read_smaps(m, moment);
	moment->counters = (struct counters){ 0 };
	read_counters(m, COUNTER_STATUS, here->counters.status, &moment->counters);
	read_counters(m, COUNTER_STAT, here->counters.stat, &moment->counters);
	read_counters(m, COUNTER_MEMINFO, m->detail->meminfo, &moment->counters);
}

static void look_after(struct machine *m, struct moment *moment)
{
	struct actor *here = m->here;

	moment->pid = here->process.pid;
	moment->counters = (struct counters){ 0 };
	if (m->detail->asked)
		moment->counters = m->detail->machine;
	else
		read_counters(m, COUNTER_MEMINFO, m->detail->meminfo, &moment->counters);
	if (here->process.dead) {
		moment->has_smaps = false;
		return;
	}
	read_counters(m, COUNTER_STAT, here->counters.stat, &moment->counters);
	read_counters(m, COUNTER_STATUS, here->counters.status, &moment->counters);
	if (!m->detail->has_after)
		read_smaps(m, moment);
}

static bool can_look(const struct machine *m)
{
	return m->detail != NULL && !m->broken && m->here->observed && m->here->counters.open;
}

void detail_before(struct machine *m)
{
	if (m->detail == NULL)
		return;
	m->detail->own = 0;
	m->detail->has_after = false;
	m->detail->asked = false;
	m->detail->before.pid = 0;
	if (can_look(m) && !m->folding && !m->here->process.dead)
		look_before(m, &m->detail->before);
}

void detail_asking(struct machine *m)
{
	struct detail *detail = m->detail;

	if (detail != NULL && !m->folding && !detail->asked && detail->before.pid != 0)
		read_counters(m, COUNTER_MEMINFO, detail->meminfo, &detail->before.counters);
}

void detail_answered(struct machine *m)
{
	struct detail *detail = m->detail;

	if (detail == NULL || m->folding || detail->before.pid == 0)
		return;
	detail->asked = true;
	read_counters(m, COUNTER_MEMINFO, detail->meminfo, &detail->machine);
}

void detail_fold(struct machine *m)
{
	if (m->detail == NULL)
		return;
	m->detail->fold.pid = 0;
	if (can_look(m) && !m->here->process.dead)
		look_before(m, &m->detail->fold);
}

void detail_own_faults(struct machine *m)
{
	const unsigned minor = COUNTER_MINFLT;
	struct counters now = { 0 };

	if (!can_look(m) || m->detail->before.pid != m->here->process.pid || m->folding)
		return;
	read_counters(m, COUNTER_STAT, m->here->counters.stat, &now);
	if (now.present[minor] && m->detail->before.counters.present[minor])
		m->detail->own = now.values[minor] - m->detail->before.counters.values[minor];
}

const struct buf *detail_smaps_before(const struct machine *m)
{
	const struct moment *before = m->detail != NULL ? &m->detail->before : NULL;

	return before != NULL && before->pid == m->here->process.pid && before->has_smaps ? &before->smaps.text : NULL;
}

const struct buf *detail_smaps_now(struct machine *m)
{
	struct moment *after = &m->detail->after;

	read_smaps(m, after);
	m->detail->has_after = after->has_smaps;
	return after->has_smaps ? &after->smaps.text : NULL;
}

/* What both ends say of the counters. */
static void tell_counters(struct machine *m, struct event_step *step, const struct moment *before,
                          const struct moment *after)
{
	struct event_counter *list = arena_alloc(&m->temp, COUNTER_COUNT * sizeof(*list));
	size_t count = 0;

	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		const struct counter_row *row = &counter_rows[i];

		if (!before->counters.present[i] && !after->counters.present[i])
			continue;
		list[count++] = (struct event_counter){ .name = row->name,
			                                .unit = row->bytes ? UNIT_BYTES : UNIT_COUNT,
			                                .system_wide = row->system_wide,
			                                .approximate = row->approximate,
			                                .varies = row->varies,
			                                .has_before = before->counters.present[i],
			                                .has_after = after->counters.present[i],
			                                .before = before->counters.values[i],
			                                .after = after->counters.values[i],
			                                .own = i == COUNTER_MINFLT && after->counters.present[i]
			                                               ? m->detail->own
			                                               : 0 };
	}
	step->counters = list;
	step->counter_count = count;
}

/* The flags of the mappings of a region, in the order of the first that has them. */
struct flag_list {
	struct event_vmflag *list;
	unsigned *seen; /* by flag: how many of the mappings have it */
	size_t count, room;
};

static void add_flags(struct machine *m, struct flag_list *flags, const struct smaps_record *record)
{
	const char *flag;
	size_t len;

	for (size_t at = 0; smaps_next_flag(record, &at, &flag, &len);) {
		size_t i = 0;

		while (i < flags->count && (strlen(flags->list[i].flag) != len || memcmp(flags->list[i].flag, flag, len) != 0))
			i++;
		if (i == flags->room)
			continue;
		if (i == flags->count) {
			flags->list[i] = (struct event_vmflag){ .flag = arena_string(&m->temp, flag, len),
				                                .words = vmflag_words(flag, len) };
			flags->seen[i] = 0;
			flags->count++;
		}
		flags->seen[i]++;
	}
}

/* Adds the records that hold [start, end) to what is known of a region. */
static void add_records(struct machine *m, const struct smaps *smaps, uint64_t start, uint64_t end,
                        struct smaps_record *sum, struct event_smaps *told, struct flag_list *flags)
{
	const struct mapping *first = maps_above(&smaps->maps, start);

	for (size_t i = first != NULL ? (size_t)(first - smaps->maps.list) : smaps->maps.count;
	     i < smaps->maps.count && smaps->maps.list[i].start < end; i++) {
		const struct smaps_record *record = &smaps->list[i];

		/* Two pieces of a region can lie in one mapping. */
		if (told->mappings > 0 && record->start < told->end)
			continue;
		if (told->mappings++ == 0) {
			*sum = *record;
			told->start = record->start;
		} else {
			smaps_add(sum, record);
		}
		told->end = record->end;
		add_flags(m, flags, record);
	}
}

/* What smaps says of a region and all of its pieces; NULL: nothing of it is mapped. */
static const struct event_smaps *tell_region(struct machine *m, const struct moment *moment,
                                             const struct regions *regions, unsigned id)
{
	enum { MOST_FLAGS = 64 }; /* bits of a mapping's flags */
	struct event_smaps *told = arena_alloc(&m->temp, sizeof(*told));
	struct flag_list flags = { .room = MOST_FLAGS };
	struct smaps_record sum = { 0 };
	unsigned seen[MOST_FLAGS];

	flags.list = arena_alloc(&m->temp, MOST_FLAGS * sizeof(*flags.list));
	flags.seen = seen;
	for (size_t i = 0; i < regions->count; i++) {
		const struct region *region = &regions->list[i];

		if (region->id == id)
			add_records(m, &moment->smaps, region->start, region->start + region->size, &sum, told, &flags);
	}
	if (told->mappings == 0)
		return NULL;
	memcpy(told->figures, sum.figures, sizeof(told->figures));
	memcpy(told->present, sum.present, sizeof(told->present));
	for (size_t i = 0; i < flags.count; i++)
		flags.list[i].partly = seen[i] < told->mappings;
	told->flags = flags.list;
	told->flag_count = flags.count;
	return told;
}

/* In any order: it is that of the first mapping, then of the others. */
static bool same_flags(const struct event_smaps *a, const struct event_smaps *b)
{
	size_t same = 0;

	for (size_t i = 0; i < a->flag_count; i++) {
		for (size_t k = 0; k < b->flag_count; k++)
			same += strcmp(a->flags[i].flag, b->flags[k].flag) == 0 && a->flags[i].partly == b->flags[k].partly;
	}
	return same == a->flag_count && same == b->flag_count;
}

static bool moved(const struct event_detail *detail)
{
	const struct event_smaps *before = detail->before, *after = detail->after;

	if (before == NULL || after == NULL)
		return before != after;
	return memcmp(before->figures, after->figures, sizeof(before->figures)) != 0 || before->start != after->start ||
	       before->end != after->end || !same_flags(before, after);
}

static bool holds(const struct regions *regions, unsigned id, uint64_t addr)
{
	const struct region *region = regions_find(regions, addr);

	return region != NULL && region->id == id;
}

/* Whether a call was given an address in the region, or gave one. */
static bool concerns(const struct event_step *step, unsigned id)
{
	const struct event_call *call = &step->call;

	if (step->kind != STEP_CALL)
		return false;
	if (call->result_kind == RESULT_ADDRESS && call->answered && call->error == 0 &&
	    holds(step->new_regions, id, (uint64_t)call->result))
		return true;
	for (unsigned i = 0; i < call->count; i++) {
		if (call->args[i].kind.kind == ARG_ADDRESS && call->args[i].string == NULL &&
		    (holds(step->old_regions, id, call->args[i].value) || holds(step->new_regions, id, call->args[i].value)))
			return true;
	}
	return false;
}

static uint64_t size_of(const struct regions *regions, unsigned id)
{
	uint64_t size = 0;

	for (size_t i = 0; i < regions->count; i++)
		size += regions->list[i].id == id ? regions->list[i].size : 0;
	return size;
}

/* Adds what both ends say of one region, where there is anything to say. */
static void tell_detail(struct machine *m, const struct event_step *step, const struct moment *before,
                        const struct moment *after, const struct region *region, struct event_detail *list, size_t *count)
{
	struct event_detail detail = { .name = region->name,
		                       .old_size = size_of(step->old_regions, region->id),
		                       .size = size_of(step->new_regions, region->id) };

	if (region->id == REGION_PREDEFINED)
		return;
	detail.before = tell_region(m, before, step->old_regions, region->id);
	detail.after = tell_region(m, after, step->new_regions, region->id);
	if ((detail.before != NULL || detail.after != NULL) && (moved(&detail) || concerns(step, region->id)))
		list[(*count)++] = detail;
}

/* Whether memory that lost its name is mapped still, or may be: what a new region took the place of is not. */
static bool stays(struct machine *m, const struct event_step *step, const struct region *region)
{
	struct region whole = regions_whole(step->old_regions, region);
	const struct maps *now = machine_maps(m);

	for (uint64_t at = whole.start; now != NULL && at < whole.start + whole.size;) {
		const struct mapping *mapping = maps_above(now, at);
		const struct region *over = regions_find(step->new_regions, at);

		if (over != NULL) {
			at = over->start + over->size;
			continue;
		}
		if (mapping == NULL || mapping->start >= whole.start + whole.size)
			return false;
		if (mapping->start <= at)
			return true;
		at = mapping->start;
	}
	return false;
}

static void tell_details(struct machine *m, struct event_step *step, const struct moment *before,
                         const struct moment *after)
{
	const struct regions *old = step->old_regions, *new = step->new_regions;
	struct event_detail *list = arena_alloc(&m->temp, (old->count + new->count + 1) * sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; i < new->count; i++) {
		if (regions_by_id(new, new->list[i].id) == &new->list[i])
			tell_detail(m, step, before, after, &new->list[i], list, &count);
	}
	for (size_t i = 0; i < old->count; i++) {
		if (regions_by_id(old, old->list[i].id) == &old->list[i] && regions_by_id(new, old->list[i].id) == NULL &&
		    !stays(m, step, &old->list[i]))
			tell_detail(m, step, before, after, &old->list[i], list, &count);
	}
	step->details = list;
	step->detail_count = count;
	step->smaps_looked = true;
}

static void tell(struct machine *m, struct event_step *step, struct moment *before)
{
	if (!can_look(m) || before->pid != m->here->process.pid)
		return;
	look_after(m, &m->detail->after);
	if (m->broken)
		return;
	tell_counters(m, step, before, &m->detail->after);
	if (before->has_smaps && m->detail->after.has_smaps)
		tell_details(m, step, before, &m->detail->after);
	before->pid = 0;
}

void detail_after(struct machine *m, struct event_step *step)
{
	if (m->detail != NULL && !m->folding)
		tell(m, step, &m->detail->before);
}

void detail_folded(struct machine *m, struct event_step *step)
{
	if (m->detail == NULL)
		return;
	m->detail->own = 0;
	m->detail->has_after = false;
	m->detail->asked = false;
	tell(m, step, &m->detail->fold);
}
