/* SPDX-License-Identifier: MIT */
/* The VmFlags of named regions around the calls that can change them. */
#include "run/flags.h"

#include "mm/flagged.h"
#include "mm/smaps.h"
#include "run/detail.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* The records of smaps at one end of the call, one by one. */
struct reader {
	const struct buf *text; /* of smaps; NULL: nothing to compare with */
	size_t at;
	struct smaps_record record;
	bool held;              /* record is one */
};

/* What a range gained and lost, while it goes on. */
struct stretch {
	uint64_t start, end;
	char gained[CHANGE_FLAGS], lost[CHANGE_FLAGS];
};

static uint64_t range_end(const struct machine *m, uint64_t start, uint64_t len)
{
	uint64_t end;

	if (len == 0)
		return start;
	if (__builtin_add_overflow(start, len, &end) || end > UINT64_MAX - m->page)
		return UINT64_MAX;
	return (end + m->page - 1) / m->page * m->page;
}

/* The range of the process in which the call can change flags.  False: it is none of these calls. */
static bool concerned(const struct machine *m, const struct performance *p, uint64_t *start, uint64_t *end)
{
	switch (p->statement->call->id) {
	case CALL_MLOCK:
	case CALL_MLOCK2:
	case CALL_MUNLOCK:
	case CALL_MSEAL:
	case CALL_MADVISE:
		*start = p->words[0] / m->page * m->page;
		*end = range_end(m, p->words[0], p->words[1]);
		return true;
	case CALL_MLOCKALL:
	case CALL_MUNLOCKALL:
	case CALL_PROCESS_MADVISE: /* its ranges lie in the process's memory */
		*start = 0;
		*end = UINT64_MAX;
		return true;
	default:
		/* With --detail smaps is read anyway. */
		*start = 0;
		*end = UINT64_MAX;
		return m->detail != NULL && !p->statement->call->keeps_maps;
	}
}

static bool touches(const struct region *region, uint64_t start, uint64_t end)
{
	return region->id != REGION_PREDEFINED && region->start < end && region->start + region->size > start;
}

/* Whether mmap was asked for flags that a plain mapping has not. */
static bool maps_flagged(const struct performance *p)
{
	return p->statement->call->id == CALL_MMAP && (p->words[3] & (MAP_LOCKED | MAP_NORESERVE)) != 0;
}

/* From the first to the last of what the call concerns in named regions.  False: there is nothing. */
static bool concerned_regions(const struct machine *m, const struct performance *p, uint64_t *first, uint64_t *last)
{
	const struct regions *regions = &m->here->regions;
	uint64_t start, end;

	*first = UINT64_MAX;
	*last = 0;
	if (!concerned(m, p, &start, &end))
		return false;
	for (size_t i = 0; i < regions->count; i++) {
		uint64_t from = regions->list[i].start, to = from + regions->list[i].size;

		if (!touches(&regions->list[i], start, end))
			continue;
		*first = from < *first ? from : *first;
		*last = to > *last ? to : *last;
	}
	*first = start > *first ? start : *first;
	*last = end < *last ? end : *last;
	return *first < *last;
}

static bool read_range(struct machine *m, uint64_t start, uint64_t end, struct buf *text)
{
	int error = observer_read_smaps_range(&m->here->observer, start, end, text);

	machine_unread(m, m->here->observer.unopened, "PID/smaps", error);
	return error == 0;
}

void flags_before(struct machine *m, const struct performance *p)
{
	m->flags_read = false;
	if (m->folding || !m->here->observed || m->detail != NULL)
		return;
	uint64_t first, last;

	m->flags_read = concerned_regions(m, p, &first, &last) && read_range(m, first, last, &m->flags_text);
}

/* Goes on to the record that holds addr, or to the first one above. */
static void seek(struct reader *reader, uint64_t addr)
{
	while (reader->text != NULL && (!reader->held || reader->record.end <= addr)) {
		reader->held = smaps_next(buf_text(reader->text), reader->text->len, &reader->at, &reader->record);
		if (!reader->held)
			reader->text = NULL;
	}
}

static void tell(struct machine *m, const struct event_step *step, const struct region *region,
                 const struct stretch *stretch)
{
	struct change change = { .old_start = stretch->start, .old_end = stretch->end,
		                 .new_start = stretch->start, .new_end = stretch->end, .names = { region->name } };

	if (stretch->gained[0] == '\0' && stretch->lost[0] == '\0')
		return;
	memcpy(change.flags_gained, stretch->gained, sizeof(change.flags_gained));
	memcpy(change.flags_lost, stretch->lost, sizeof(change.flags_lost));
	change.before = maps_find(step->before, stretch->start);
	change.after = maps_find(step->after, stretch->start);
	delta_add_flagged(&m->delta, &change);
}

static uint64_t nearest(uint64_t limit, uint64_t at, const struct reader *reader)
{
	if (reader->text == NULL)
		return limit;
	uint64_t edge = reader->record.start > at ? reader->record.start : reader->record.end;

	return edge < limit ? edge : limit;
}

/* Whether at addr there is another mapping now than there was: its flags did not change, they are others. */
static bool is_other(const struct delta *delta, uint64_t addr)
{
	for (size_t i = 0; i < delta->change_count; i++) {
		const struct change *c = &delta->changes[i];
		bool other = c->kind == CHANGE_ADDED || c->kind == CHANGE_REMOVED || c->kind == CHANGE_REPLACED ||
		             c->kind == CHANGE_MOVED;

		if (other && ((addr >= c->old_start && addr < c->old_end) || (addr >= c->new_start && addr < c->new_end)))
			return true;
	}
	return false;
}

/* Compares the flags of one region, and tells each range with another gain or loss.  False: the kernel shows no flags. */
static bool compare(struct machine *m, const struct event_step *step, const struct region *region, struct reader *old,
                    struct reader *new)
{
	uint64_t end = region->start + region->size;
	struct stretch so_far = { .start = region->start, .end = region->start };

	for (uint64_t at = region->start, next; at < end; at = next) {
		struct stretch here = { .start = at };

		seek(old, at);
		seek(new, at);
		next = nearest(nearest(end, at, old), at, new);
		here.end = next;
		if (old->text != NULL && new->text != NULL && old->record.start <= at && new->record.start <= at &&
		    !is_other(&m->delta, at)) {
			if (old->record.flags == NULL || new->record.flags == NULL)
				return false;
			flagged_missing(here.gained, &new->record, &old->record);
			flagged_missing(here.lost, &old->record, &new->record);
		}
		if (strcmp(here.gained, so_far.gained) == 0 && strcmp(here.lost, so_far.lost) == 0) {
			so_far.end = here.end;
			continue;
		}
		tell(m, step, region, &so_far);
		so_far = here;
	}
	tell(m, step, region, &so_far);
	return true;
}

/* The flags that mmap's MAP_LOCKED and MAP_NORESERVE gave a new mapping. */
static void tell_new(struct machine *m, const struct performance *p, struct event_step *step, const struct buf *text)
{
	static const struct {
		uint64_t asked;
		char flag[3];
	} of[] = { { MAP_LOCKED, "lo" }, { MAP_LOCKED, "lf" }, { MAP_NORESERVE, "nr" } };
	const struct region *region = regions_find(&m->here->regions, (uint64_t)p->result);
	struct reader reader = { .text = text };
	struct change change = { .new_start = region->start, .new_end = region->start + region->size,
		                 .names = { region->name } };

	seek(&reader, region->start);
	if (reader.text == NULL || reader.record.flags == NULL)
		return;
	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		if ((p->words[3] & of[i].asked) == 0 || !smaps_has_flag(&reader.record, of[i].flag))
			continue;
		size_t len = strlen(change.flags_gained);

		(void)snprintf(change.flags_gained + len, sizeof(change.flags_gained) - len, "%s%s", len > 0 ? " " : "", of[i].flag);
	}
	step->flags_looked = true;
	if (change.flags_gained[0] == '\0')
		return;
	change.after = maps_find(step->after, region->start);
	delta_add_flagged(&m->delta, &change);
}

/* Compares the flags of all regions that the call concerns. */
static void tell_changed(struct machine *m, const struct performance *p, struct event_step *step, const struct buf *before,
                         const struct buf *now)
{
	const struct regions *regions = &m->here->regions;
	struct reader old = { .text = before }, new = { .text = now };
	uint64_t start, end;

	if (!concerned(m, p, &start, &end))
		return;
	step->flags_looked = true;
	for (size_t i = 0; i < regions->count && step->flags_looked; i++) {
		if (touches(&regions->list[i], start, end))
			step->flags_looked = compare(m, step, &regions->list[i], &old, &new);
	}
}

void flags_after(struct machine *m, const struct performance *p, struct event_step *step)
{
	const struct buf *before = m->detail != NULL ? detail_smaps_before(m) : m->flags_read ? &m->flags_text : NULL;
	const struct buf *now = NULL;
	struct buf read = { 0 };

	m->flags_read = false;
	if (!step->call.performed || step->delta == NULL || step->before == NULL || step->after == NULL ||
	    m->here->process.dead || m->folding)
		return;
	bool fresh = maps_flagged(p) && p->result >= 0 && regions_find(&m->here->regions, (uint64_t)p->result) != NULL;

	uint64_t first = (uint64_t)p->result, last = first + 1;

	if (m->detail != NULL)
		now = detail_smaps_now(m);
	else if ((fresh || (before != NULL && concerned_regions(m, p, &first, &last))) && read_range(m, first, last, &read))
		now = &read;
	if (now != NULL && fresh)
		tell_new(m, p, step, now);
	if (now != NULL && before != NULL)
		tell_changed(m, p, step, before, now);
	buf_fini(&read);
}
