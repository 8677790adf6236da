/* SPDX-License-Identifier: MIT */
/* What differs between two runs of one program: part by part, each relative to its own beginning. */
#include "mm/align.h"

#include "base/buf.h"
#include "mm/align-part.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* One side of a pair of parts, in the addresses of the second and without what every run has of its own. */
struct copy {
	struct maps maps;
	const struct mapping *from; /* what the first in maps is a copy of */
	uint64_t shift;             /* from from's addresses to the copy's */
	const struct mapping *module;
};

struct alignment {
	struct delta *delta; /* the result */
	struct delta part;   /* of the parts in hand */
	struct copy before, after;
	struct arena *names;
};

/* Whether a mapping is the same in both runs, apart from its address. */
static bool same(const struct mapping *b, const struct mapping *a, uint64_t shift)
{
	return b->start + shift == a->start && b->end + shift == a->end && strcmp(b->perms, a->perms) == 0 &&
	       mapping_has_file(b) == mapping_has_file(a) && b->offset == a->offset &&
	       mapping_is_shmem(b) == mapping_is_shmem(a) &&
	       (b->inode == a->inode || mapping_is_shmem(b)) && b->name_len == a->name_len &&
	       memcmp(b->name, a->name, b->name_len) == 0;
}

static bool same_part(const struct part *b, const struct part *a, uint64_t shift)
{
	if (b->count != a->count)
		return false;
	for (size_t i = 0; i < b->count; i++) {
		if (!same(&b->first[i], &a->first[i], shift))
			return false;
	}
	return true;
}

/* Fills a copy with the mappings of a part; an absent one (NULL) leaves it empty. */
static void copy_part(struct copy *copy, const struct part *part, uint64_t shift)
{
	struct maps *maps = &copy->maps;

	maps->count = 0;
	buf_reset(&maps->text);
	if (part == NULL)
		return;
	copy->from = part->first;
	copy->shift = shift;
	copy->module = part->module;
	maps->list = alloc_grow(maps->list, &maps->cap, part->count, sizeof(*maps->list));
	for (const struct mapping *from = part->first; from <= part_last(part); from++) {
		struct mapping *m = &maps->list[maps->count++];
		size_t begin = maps->text.len;

		*m = *from;
		m->start += shift;
		m->end += shift;
		m->major = 0;
		m->minor = mapping_is_shmem(from);
		m->inode = mapping_is_shmem(from) ? 1 : from->inode;
		buf_printf(&maps->text, "%" PRIx64 "-%" PRIx64 " %s %" PRIx64 " %u %" PRIu64 " ", m->start, m->end, m->perms,
		           m->offset, m->minor, m->inode);
		buf_add(&maps->text, m->name, m->name_len);
		m->line_len = (uint32_t)(maps->text.len - begin);
	}
	const char *line = buf_text(&maps->text);

	for (size_t i = 0; i < maps->count; line += maps->list[i++].line_len)
		maps->list[i].line = line;
}

static const struct mapping *original(const struct copy *copy, const struct mapping *m)
{
	return m != NULL ? copy->from + (m - copy->maps.list) : NULL;
}

/* Adds what a module is called: the last part of its file's name, without what every shared memory object has. */
static void add_name(struct buf *buf, const struct mapping *module)
{
	static const char gone[] = " (deleted)";
	const char *name = module->name;
	size_t len = module->name_len, gone_len = sizeof(gone) - 1;
	const char *slash = mapping_is_shmem(module) ? (len > 0 && name[0] == '/' ? name : NULL) : memrchr(name, '/', len);

	if (slash != NULL && mapping_has_file(module)) {
		len -= (size_t)(slash + 1 - name);
		name = slash + 1;
	}
	if (len > gone_len && mapping_has_file(module) && memcmp(name + len - gone_len, gone, gone_len) == 0)
		len -= gone_len;
	buf_add(buf, name, len);
}

/* "libc.so.6+0x1c000"; NULL at the beginning of a module, which its name alone says, and where there is none. */
static const char *place_of(const struct alignment *self, const struct copy *copy, uint64_t address)
{
	struct buf buf = { 0 };

	if (copy->module == NULL || address <= copy->module->start)
		return NULL;
	add_name(&buf, copy->module);
	buf_printf(&buf, "+0x%" PRIx64, address - copy->module->start);
	const char *place = arena_string(self->names, buf_text(&buf), buf.len);

	buf_fini(&buf);
	return place;
}

static void take_line(struct alignment *self, struct delta_line line)
{
	struct delta *delta = self->delta;
	const struct copy *copy = line.sign == '-' ? &self->before : &self->after;

	line.shift = (int64_t)copy->shift;
	line.mapping = original(copy, line.mapping);
	delta->lines = alloc_grow(delta->lines, &delta->line_cap, delta->line_count + 1, sizeof(*delta->lines));
	delta->lines[delta->line_count++] = line;
}

static void take_change(struct alignment *self, struct change change)
{
	struct delta *delta = self->delta;
	bool new = change.new_end > 0;

	change.before = original(&self->before, change.before);
	change.after = original(&self->after, change.after);
	if (change.old_end > 0) {
		change.old_start -= self->before.shift;
		change.old_end -= self->before.shift;
		change.shift = (int64_t)self->before.shift;
	}
	change.place = new ? place_of(self, &self->after, change.new_start)
	                   : place_of(self, &self->before, change.old_start);
	delta->changes = alloc_grow(delta->changes, &delta->change_cap, delta->change_count + 1, sizeof(*delta->changes));
	delta->changes[delta->change_count++] = change;
}

/* Adds what differs between two parts, one of which may be absent; shift is from b's addresses to a's. */
static void compare(struct alignment *self, const struct part *b, const struct part *a, uint64_t shift)
{
	copy_part(&self->before, b, shift);
	copy_part(&self->after, a, 0);
	delta_compute(&self->part, &self->before.maps, &self->after.maps, NULL, NULL, NULL);
	for (size_t i = 0; i < self->part.line_count; i++)
		take_line(self, self->part.lines[i]);
	for (size_t i = 0; i < self->part.change_count; i++)
		take_change(self, self->part.changes[i]);
}

/* Whether b and a grow towards lower addresses, or may have: the stack, and what stands right below what is matched. */
static bool ends_together(const struct parts *before, const struct parts *after, size_t b, size_t a)
{
	const struct part *in_before = &before->list[b], *in_after = &after->list[a];
	const struct mapping *m = in_before->first;

	if (in_before->kind == PART_SPECIAL)
		return mapping_is_named(m, "[stack]");
	if (in_before->kind == PART_FILE || b + 1 == before->count || a + 1 == after->count)
		return false;
	return in_before[1].match == a + 1 && part_end(in_before) == part_start(in_before + 1) &&
	       part_end(in_after) == part_start(in_after + 1);
}

/* Whether a range of that size can begin at start. */
static bool fits(uint64_t start, uint64_t size)
{
	return start + size > start;
}

/* What leads from b's addresses to those of a, which it is matched with.  False: a has no room beside it for all of b. */
static bool shift_between(const struct parts *before, const struct parts *after, size_t b, size_t a, uint64_t *shift)
{
	const struct part *from = &before->list[b], *to = &after->list[a];
	uint64_t size = part_end(from) - part_start(from), start = part_start(to);

	if (ends_together(before, after, b, a) && part_end(to) >= size)
		start = part_end(to) - size;
	/* Of a file, where the same offset is: one of them may begin further into it. */
	uint64_t offset = from->first->offset - to->first->offset;

	if (from->kind == PART_FILE && start + offset + size > start && start + offset < part_end(to))
		start += offset;
	*shift = start - part_start(from);
	return fits(start, size);
}

static bool is_alone(const struct part *part)
{
	return part->match == PART_NONE && !part->regrouped;
}

static void tell(struct alignment *self, const struct parts *before, const struct parts *after)
{
	size_t next = 0;

	for (size_t a = 0; a < after->count; a++) {
		const struct part *part = &after->list[a];
		size_t b = part->match;

		if (b != PART_NONE && !part->crossed) {
			for (; next < b; next++) {
				if (is_alone(&before->list[next]))
					compare(self, &before->list[next], NULL, 0);
			}
			next = b + 1;
		}
		if (is_alone(part))
			compare(self, NULL, part, 0);
		if (b == PART_NONE)
			continue;
		uint64_t shift = 0;

		if (!shift_between(before, after, b, a, &shift)) {
			compare(self, &before->list[b], NULL, 0);
			compare(self, NULL, part, 0);
		} else if (!same_part(&before->list[b], part, shift)) {
			compare(self, &before->list[b], part, shift);
		}
	}
	for (; next < before->count; next++) {
		if (is_alone(&before->list[next]))
			compare(self, &before->list[next], NULL, 0);
	}
}

bool align_compute(struct delta *delta, const struct maps *before, const struct maps *after, struct arena *names)
{
	struct alignment self = { .delta = delta, .names = names };
	struct parts old = { 0 }, new = { 0 };

	delta_reset(delta);
	parts_cut(&old, before);
	parts_cut(&new, after);
	bool regrouped = parts_match(&old, &new);

	tell(&self, &old, &new);
	parts_fini(&old);
	parts_fini(&new);
	delta_fini(&self.part);
	maps_fini(&self.before.maps);
	maps_fini(&self.after.maps);
	return regrouped;
}
