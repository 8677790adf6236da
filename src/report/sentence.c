/* SPDX-License-Identifier: MIT */
/* Says each change between two snapshots in one plain sentence. */
#include "report/sentence.h"

#include "base/buf.h"
#include "base/size.h"
#include "mm/kind.h"
#include "mm/symbol.h"
#include "mm/vmflag.h"

#include <stdint.h>
#include <string.h>

/* A distance above this is between areas that the kernel places at random: its number says nothing. */
static const uint64_t far = UINT64_C(1) << 40;

struct range {
	uint64_t start, end;
};

static struct range old_range(const struct change *change)
{
	return (struct range){ change->old_start, change->old_end };
}

/* The old range among the new addresses: elsewhere when two runs are compared. */
static struct range old_place(const struct change *change)
{
	return (struct range){ change->old_start + (uint64_t)change->shift, change->old_end + (uint64_t)change->shift };
}

static struct range new_range(const struct change *change)
{
	return (struct range){ change->new_start, change->new_end };
}

static uint64_t length(struct range range)
{
	return range.end - range.start;
}

static bool starts(const struct mapping *mapping, const char *prefix)
{
	size_t len = strlen(prefix);

	return mapping->name_len >= len && memcmp(mapping->name, prefix, len) == 0;
}

static bool is_shared(const struct mapping *mapping)
{
	return mapping->perms[3] == 's';
}

/*
 * Adds the last part of a path, save of a file that has none any more; of a shared memory object all but the "/" and
 * " (deleted)" that each of them has.
 */
static void add_base(struct buf *buf, const struct mapping *mapping)
{
	static const char gone[] = " (deleted)";
	const size_t gone_len = sizeof(gone) - 1;
	const char *name = mapping->name;
	size_t len = mapping->name_len;
	const char *slash = memrchr(name, '/', len);

	if (symbol_is_nameless(mapping)) {
		buf_puts(buf, "an unlinked file");
		return;
	}
	if (mapping_is_shmem(mapping)) {
		slash = len > 0 && name[0] == '/' ? name : NULL;
		if (len > gone_len && memcmp(name + len - gone_len, gone, gone_len) == 0)
			len -= gone_len;
	}
	if (slash != NULL) {
		len -= (size_t)(slash + 1 - name);
		name = slash + 1;
	}
	buf_escape(buf, name, len, 0);
}

void sentence_kind(struct buf *buf, const struct mapping *mapping)
{
	const char *sharing = is_shared(mapping) ? "shared" : "private";
	enum mapping_kind kind = mapping_kind(mapping);
	bool named = starts(mapping, "[");

	switch (kind) {
	case KIND_ANONYMOUS:
	case KIND_HEAP:
	case KIND_STACK:
	case KIND_SHARED_ANONYMOUS:
	case KIND_SPECIAL:
		if (named)
			buf_escape(buf, mapping->name, mapping->name_len, 0);
		if (kind != KIND_SPECIAL)
			buf_printf(buf, "%s%s anonymous", named ? ", " : "", sharing);
		return;
	case KIND_HUGE:
		buf_printf(buf, "%s anonymous, huge pages of the pool", sharing);
		return;
	case KIND_SYSV:
	case KIND_MEMFD:
	case KIND_SHMEM:
		add_base(buf, mapping);
		buf_printf(buf, ", %s memory", sharing);
		return;
	case KIND_FILE_PRIVATE:
	case KIND_FILE_SHARED:
	case KIND_COUNT:
		add_base(buf, mapping);
		buf_printf(buf, ", %s file mapping", sharing);
		return;
	}
}

/* Adds what to call a mapping that no region names. */
static void add_mapping(struct buf *buf, const struct mapping *mapping)
{
	if (mapping == NULL) {
		buf_puts(buf, "a mapping");
		return;
	}
	enum mapping_kind kind = mapping_kind(mapping);

	if (starts(mapping, "[") && (!mapping_has_file(mapping) || kind == KIND_SHARED_ANONYMOUS)) {
		buf_escape(buf, mapping->name, mapping->name_len, 0);
	} else if (kind == KIND_HUGE) {
		buf_puts(buf, "an anonymous mapping of huge pages");
	} else if (kind == KIND_ANONYMOUS || kind == KIND_SHARED_ANONYMOUS) {
		buf_puts(buf, kind == KIND_ANONYMOUS ? "an anonymous mapping" : "a shared anonymous mapping");
	} else {
		add_base(buf, mapping);
		buf_printf(buf, " (%s)", mapping->perms);
	}
}

static unsigned name_count(const struct change *change)
{
	unsigned count = 0;

	while (count < CHANGE_NAMES && change->names[count] != NULL)
		count++;
	return count;
}

/* Adds "a", "a and b", "a, b and c"; without names what the mapping is. */
static void add_subject(struct buf *buf, const struct change *change, const struct mapping *mapping)
{
	unsigned count = name_count(change);

	if (count == 0)
		add_mapping(buf, mapping);
	for (unsigned i = 0; i < count; i++) {
		if (i > 0)
			buf_puts(buf, i + 1 == count ? " and " : ", ");
		buf_puts(buf, change->names[i]);
	}
}

static const char *plural(const struct change *change, const char *one, const char *many)
{
	return name_count(change) > 1 ? many : one;
}

/* The region of that name that touches a range; there may be two of a name for a moment. */
static const struct region *find_region(const struct regions *regions, struct range range, const char *name)
{
	for (size_t i = 0; regions != NULL && i < regions->count; i++) {
		const struct region *region = &regions->list[i];

		if (region->start < range.end && range.start < region->start + region->size &&
		    (name == NULL || strcmp(region->name, name) == 0))
			return region;
	}
	return NULL;
}

/* The whole range of a region that may be in several pieces. */
static struct range range_of(const struct regions *regions, const struct region *piece)
{
	struct region whole = regions_whole(regions, piece);

	return (struct range){ whole.start, whole.start + whole.size };
}

/*
 * Adds how much of what: "a" when the range is all of the named region (or of the mapping), else "the first 4K of a",
 * "4K of a at offset 8K" or "the last 4K of a".  Returns whether it is all.
 */
static bool add_extent(struct buf *buf, const struct change *change, struct range range,
                       const struct regions *regions, const struct mapping *mapping)
{
	const struct region *region = NULL;
	struct range whole = range;

	if (name_count(change) == 1)
		region = find_region(regions, range, change->names[0]);
	if (region != NULL)
		whole = range_of(regions, region);
	else if (name_count(change) == 0 && mapping != NULL)
		whole = (struct range){ mapping->start, mapping->end };

	bool all = range.start <= whole.start && range.end >= whole.end;

	if (!all) {
		buf_puts(buf, range.start <= whole.start ? "the first " : range.end >= whole.end ? "the last " : "");
		size_format(buf, length(range));
		buf_puts(buf, " of ");
	}
	add_subject(buf, change, mapping);
	if (range.start > whole.start && range.end < whole.end) {
		buf_puts(buf, " at offset ");
		size_format(buf, range.start - whole.start);
	}
	return all;
}

static void add_from_to(struct buf *buf, struct range from, struct range to)
{
	buf_puts(buf, " from ");
	size_format(buf, length(from));
	buf_puts(buf, " to ");
	size_format(buf, length(to));
}

/* Adds a neighbour that a new range merged with: the region that holds addr, else its place. */
static void add_neighbour(struct buf *buf, const struct sentence_context *context, uint64_t addr, const char *side)
{
	const struct region *region = context->new_regions != NULL ? regions_find(context->new_regions, addr) : NULL;

	if (region != NULL)
		buf_printf(buf, "%s %s it", region->name, side);
	else
		buf_printf(buf, "the mapping %s it", side);
}

static void say_added(struct buf *buf, const struct change *change, const struct sentence_context *context)
{
	const struct mapping *after = change->after;
	struct range range = new_range(change);

	if (change->names[0] != NULL) {
		add_subject(buf, change, after);
		buf_puts(buf, plural(change, " is ", " are "));
	}
	buf_puts(buf, "new: ");
	size_format(buf, length(range));
	if (after == NULL)
		return;
	buf_printf(buf, ", %s, ", after->perms);
	sentence_kind(buf, after);

	bool below = after->start < range.start, above = after->end > range.end;

	if (!below && !above)
		return;
	buf_puts(buf, "; it merged with ");
	if (below)
		add_neighbour(buf, context, range.start - 1, "below");
	if (below && above)
		buf_puts(buf, " and ");
	if (above)
		add_neighbour(buf, context, range.end, "above");
	buf_puts(buf, ": maps shows one mapping of ");
	size_format(buf, after->end - after->start);
}

static void say_removed(struct buf *buf, const struct change *change, const struct sentence_context *context)
{
	struct range range = old_range(change);

	if (!add_extent(buf, change, range, context->old_regions, change->before)) {
		buf_puts(buf, " is unmapped");
		return;
	}
	buf_puts(buf, plural(change, " is gone: ", " are gone: "));
	size_format(buf, length(range));
	buf_puts(buf, " unmapped");
}

/* The region that is exactly this range, or NULL. */
static const struct region *exact(const struct regions *regions, struct range range)
{
	const struct region *region = regions != NULL ? regions_find(regions, range.start) : NULL;

	if (region == NULL)
		return NULL;
	struct range whole = range_of(regions, region);

	return whole.start == range.start && whole.end == range.end ? region : NULL;
}

/* The region that holds all of a range, or NULL. */
static const struct region *holding(const struct regions *regions, struct range range)
{
	const struct region *region = regions != NULL ? regions_find(regions, range.start) : NULL;

	return region != NULL && range.end - region->start <= region->size ? region : NULL;
}

/*
 * Adds who grew or shrank: the region under its old name; where the ranges are no region's, the line of maps, which can
 * become longer or shorter when the regions in it do not.
 */
static void add_resized(struct buf *buf, const struct change *change, const struct sentence_context *context)
{
	const struct region *old = exact(context->old_regions, old_range(change));
	const struct region *new = exact(context->new_regions, new_range(change));

	if (old != NULL && new != NULL) {
		buf_puts(buf, old->name);
		return;
	}
	if (change->names[0] != NULL && context->new_regions != NULL && new == NULL)
		buf_puts(buf, "the mapping that holds ");
	add_subject(buf, change, change->after);
}

/* A call may have bound another name to what it moved or resized. */
static void add_rename(struct buf *buf, const struct change *change, const struct sentence_context *context)
{
	const struct region *old = find_region(context->old_regions, old_range(change), NULL);
	const struct region *new = exact(context->new_regions, new_range(change));

	if (old != NULL && new != NULL && strcmp(old->name, new->name) != 0)
		buf_printf(buf, "; it is called %s now", new->name);
}

static void say_grown(struct buf *buf, const struct change *change, const struct sentence_context *context)
{
	struct range old = old_place(change), new = new_range(change);

	add_resized(buf, change, context);
	if (new.start < old.start)
		buf_puts(buf, new.end > old.end ? " grew at both ends" : " grew downwards");
	else
		buf_puts(buf, change->shift == 0 ? " grew in place" : " grew");
	add_from_to(buf, old, new);
	add_rename(buf, change, context);
}

static void say_shrunk(struct buf *buf, const struct change *change, const struct sentence_context *context)
{
	struct range old = old_place(change), new = new_range(change);

	add_resized(buf, change, context);
	buf_puts(buf, " shrank");
	add_from_to(buf, old, new);
	buf_puts(buf, ": its ");
	if (new.start > old.start) {
		buf_puts(buf, "first ");
		size_format(buf, new.start - old.start);
	}
	if (new.start > old.start && new.end < old.end)
		buf_puts(buf, " and its ");
	if (new.end < old.end) {
		buf_puts(buf, "last ");
		size_format(buf, old.end - new.end);
	}
	buf_puts(buf, " are unmapped");
	add_rename(buf, change, context);
}

static void say_moved(struct buf *buf, const struct change *change, const struct sentence_context *context)
{
	struct range old = old_range(change), new = new_range(change);
	const struct region *region = find_region(context->old_regions, old, NULL);
	bool up = new.start > old.start, keeps = false;
	struct change subject = *change;

	/* Its name before; the change bears the one that the call bound. */
	memset(subject.names + 1, 0, sizeof(subject.names) - sizeof(subject.names[0]));
	if (region != NULL)
		subject.names[0] = region->name;
	/* Behind the first mapping of several can be holes. */
	uint64_t first = change->before != NULL && change->before->end > old.start ? change->before->end : old.end;

	if (context->after != NULL)
		keeps = maps_covered(context->after, old.start, (first < old.end ? first : old.end) - old.start);

	buf_puts(buf, keeps ? "the pages of " : "");
	add_extent(buf, &subject, old, context->old_regions, change->before);
	uint64_t distance = up ? new.start - old.start : old.start - new.start;

	buf_printf(buf, distance > far ? " moved far %s" : " moved %s by ", up ? "up" : "down");
	if (distance <= far)
		size_format(buf, distance);
	if (length(old) != length(new)) {
		buf_puts(buf, length(new) > length(old) ? " and grew" : " and shrank");
		add_from_to(buf, old, new);
	}
	if (!keeps) {
		add_rename(buf, change, context);
		return;
	}
	const struct region *there = exact(context->new_regions, new);

	if (there != NULL && region != NULL && strcmp(there->name, region->name) != 0)
		buf_printf(buf, ", to %s", there->name);
	buf_puts(buf, "; the old range stays mapped");
}

/* How many mappings a region has after a change, where its range is more than the mapping that was cut. */
static unsigned count_parts(const struct change *change, const struct region *region,
                            const struct sentence_context *context)
{
	const struct regions *regions = context->old_regions;
	size_t count = 0, touching = 0;

	if (region == NULL || context->after == NULL ||
	    length(range_of(regions, region)) <= length(old_range(change)))
		return change->parts;
	for (size_t i = 0; i < regions->count; i++) {
		if (!region_same(&regions->list[i], region))
			continue;
		maps_mapped(context->after, regions->list[i].start, regions->list[i].size, &touching);
		count += touching;
	}
	return (unsigned)count;
}

static void say_split(struct buf *buf, const struct change *change, const struct sentence_context *context)
{
	const struct region *region = holding(context->old_regions, old_range(change));

	if (region != NULL)
		buf_puts(buf, region->name);
	else {
		if (change->names[0] != NULL)
			buf_puts(buf, "the mapping that held ");
		add_subject(buf, change, change->before);
	}
	buf_printf(buf, " is split: %u mappings in maps", count_parts(change, region, context));
}

static void say_merged(struct buf *buf, const struct change *change, const struct sentence_context *context)
{
	struct range range = new_range(change);

	(void)context;
	if (change->after != NULL)
		range = (struct range){ change->after->start, change->after->end };
	add_subject(buf, change, change->after);
	buf_puts(buf, plural(change, " is merged: ", " are merged: "));
	if (change->parts > 1)
		buf_printf(buf, "%u mappings became one of ", change->parts);
	else
		buf_puts(buf, "maps shows one mapping of ");
	size_format(buf, length(range));
}

static void say_protected(struct buf *buf, const struct change *change, const struct sentence_context *context)
{
	add_extent(buf, change, old_range(change), context->old_regions, change->before);
	if (change->before != NULL && change->after != NULL)
		buf_printf(buf, ": %s became %s", change->before->perms, change->after->perms);
	else
		buf_puts(buf, ": the permissions changed");
}

static void say_replaced(struct buf *buf, const struct change *change, const struct sentence_context *context)
{
	const struct mapping *before = change->before, *after = change->after;
	const struct region *old = find_region(context->old_regions, old_range(change), NULL);
	const struct region *new = find_region(context->new_regions, new_range(change), NULL);
	struct change subject = *change;

	/* Both names are looked up where they were valid; without regions the first is the one that was there. */
	memset(subject.names, 0, sizeof(subject.names));
	subject.names[0] = old != NULL ? old->name : context->old_regions == NULL ? change->names[0] : NULL;
	const char *by = new != NULL ? new->name : context->new_regions == NULL ? change->names[1] : NULL;

	add_extent(buf, &subject, old_range(change), context->old_regions, before);
	buf_puts(buf, " was replaced by ");
	if (by != NULL && subject.names[0] != NULL && strcmp(by, subject.names[0]) == 0)
		buf_printf(buf, "a new %s", by);
	else if (by != NULL)
		buf_puts(buf, by);
	else
		add_mapping(buf, after);
	if (before != NULL && after != NULL && strcmp(before->perms, after->perms) != 0)
		buf_printf(buf, ": %s, now %s", before->perms, after->perms);
}

/* Adds "locked in memory (lo) and wiped on fork (wf)"; a flag that is not known is shown as it is. */
static void add_flags(struct buf *buf, const char *flags, const char *last)
{
	for (const char *at = flags; *at != '\0';) {
		size_t len = strcspn(at, " ");
		const char *words = vmflag_words(at, len);
		const char *next = at + len + (at[len] == ' ');

		if (at > flags)
			buf_puts(buf, *next == '\0' ? last : ", ");
		if (words != NULL)
			buf_printf(buf, "%s (", words);
		else
			buf_puts(buf, "flagged ");
		buf_escape(buf, at, len, 0);
		buf_puts(buf, words != NULL ? ")" : "");
		at = next;
	}
}

static void say_flagged(struct buf *buf, const struct change *change, const struct sentence_context *context)
{
	const struct mapping *mapping = change->after != NULL ? change->after : change->before;
	bool gained = change->flags_gained[0] != '\0';

	add_extent(buf, change, new_range(change), context->new_regions, mapping);
	if (gained) {
		buf_puts(buf, change->old_end > 0 ? " is now " : " is ");
		add_flags(buf, change->flags_gained, " and ");
	}
	if (change->flags_lost[0] != '\0') {
		buf_puts(buf, gained ? ", and no longer " : " is no longer ");
		add_flags(buf, change->flags_lost, " nor ");
	}
}

void sentence_change(struct buf *buf, const struct change *change, const struct sentence_context *context)
{
	static void (*const say[])(struct buf *, const struct change *, const struct sentence_context *) = {
		[CHANGE_ADDED] = say_added,         [CHANGE_REMOVED] = say_removed,
		[CHANGE_GROWN] = say_grown,         [CHANGE_SHRUNK] = say_shrunk,
		[CHANGE_MOVED] = say_moved,         [CHANGE_SPLIT] = say_split,
		[CHANGE_MERGED] = say_merged,       [CHANGE_PROTECTED] = say_protected,
		[CHANGE_REPLACED] = say_replaced,   [CHANGE_FLAGGED] = say_flagged,
	};

	if (change->kind >= sizeof(say) / sizeof(say[0]) || change->told)
		return;
	say[change->kind](buf, change, context);
	if (change->place != NULL) {
		buf_puts(buf, ", at ");
		buf_escape(buf, change->place, strlen(change->place), 0);
	}
}

static bool is_deleted(const struct mapping *mapping)
{
	static const char gone[] = " (deleted)";
	const size_t len = sizeof(gone) - 1;

	return mapping_has_file(mapping) && mapping->name_len > len &&
	       memcmp(mapping->name + mapping->name_len - len, gone, len) == 0;
}

void sentence_renamed(struct buf *buf, const struct mapping *before, const struct mapping *after)
{
	add_mapping(buf, before);
	if (is_deleted(after) && !is_deleted(before))
		buf_puts(buf, ": the file was deleted or replaced; what is mapped stays");
	else if (before->name_len == after->name_len && memcmp(before->name, after->name, before->name_len) == 0)
		buf_puts(buf, ": only how maps writes it changed");
	else
		buf_puts(buf, ": only its name in maps changed");
}

void sentence_group(struct buf *buf, const struct mapping *first, bool new, size_t count, uint64_t size)
{
	if (mapping_has_file(first) && mapping_kind(first) != KIND_SHARED_ANONYMOUS) {
		add_base(buf, first);
		buf_printf(buf, " is %s: %zu mappings, ", new ? "new" : "gone", count);
		size_format(buf, size);
		buf_puts(buf, new ? "" : " unmapped");
		return;
	}
	buf_printf(buf, new ? "%zu new mappings, " : "%zu mappings are gone, ", count);
	size_format(buf, size);
	buf_puts(buf, " in all: ");
	sentence_kind(buf, first);
}
