/* SPDX-License-Identifier: MIT */
/* Cuts a snapshot into the parts that are placed as one: modules, heap and stack, the anonymous mappings between. */
#include "mm/align-part.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

uint64_t part_digest(uint64_t digest, uint64_t value)
{
	digest = (digest ^ value) * UINT64_C(0x9e3779b97f4a7c15);
	digest ^= digest >> 29;
	return digest != 0 ? digest : 1;
}

static uint64_t digest_bytes(uint64_t digest, const char *data, size_t len)
{
	uint64_t word = 0;

	for (; len >= sizeof(word); data += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		digest = part_digest(digest, word);
	}
	word = len;
	memcpy((char *)&word + 1, data, len);
	return part_digest(digest, word);
}

static bool is_anonymous(const struct mapping *m)
{
	return !mapping_has_file(m) && m->name_len == 0;
}

static bool same_name(const struct mapping *a, const struct mapping *b)
{
	return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}

static bool same_file(const struct mapping *a, const struct mapping *b)
{
	return a->inode == b->inode && a->major == b->major && a->minor == b->minor && same_name(a, b);
}

/* A file's name without what the kernel adds when the file is gone. */
static size_t stem(const struct mapping *m)
{
	static const char gone[] = " (deleted)";
	const size_t len = sizeof(gone) - 1;

	return m->name_len > len && memcmp(m->name + m->name_len - len, gone, len) == 0 ? m->name_len - len : m->name_len;
}

/* Whether m goes on with the file of last: further into it, or with the page in which two segments of a program meet. */
static bool goes_on(const struct mapping *last, const struct mapping *m)
{
	return mapping_has_file(m) && same_file(last, m) && m->offset >= last->offset;
}

/* How many mappings from first on are one part with it; stop is the end of the snapshot. */
static size_t count_file(const struct mapping *first, const struct mapping *stop)
{
	const struct mapping *file = first, *m = first + 1;

	for (; m < stop && m->start == m[-1].end; m++) {
		if (goes_on(file, m)) {
			file = m;
			continue;
		}
		/* Memory of zeros: between two segments, or the one bss. */
		bool between = m + 1 < stop && m[1].start == m->end && goes_on(file, m + 1);

		if (!is_anonymous(m) || (!between && (m != file + 1 || file->perms[3] != 'p')))
			break;
	}
	return (size_t)(m - first);
}

static size_t count_alike(const struct mapping *first, const struct mapping *stop)
{
	const struct mapping *m = first + 1;

	while (m < stop && m->start == m[-1].end && !mapping_has_file(m) && same_name(m, first))
		m++;
	return (size_t)(m - first);
}

static uint64_t form_of(const struct part *part)
{
	const struct mapping *first = part->first;
	uint64_t form = part_digest(part->kind, part->identity);

	for (const struct mapping *m = first; m <= part_last(part); m++) {
		form = part_digest(form, m->start - first->start);
		form = part_digest(form, m->end - m->start);
		form = digest_bytes(form, m->perms, 4);
		if (!mapping_has_file(m))
			continue;
		form = part_digest(form, m->offset);
		form = part_digest(form, mapping_is_shmem(m) ? 0 : m->inode);
	}
	return part->kind == PART_FILE ? part_digest(form, first->name_len) : form;
}

static uint64_t identity_of(const struct part *part)
{
	if (part->kind == PART_ANONYMOUS)
		return 0;
	return digest_bytes(1 + part->kind, part->first->name, stem(part->first));
}

/* The first mapping of the module that a part belongs to; before is the last part of a file, or NULL. */
static const struct mapping *module_of(const struct part *part, const struct part *before)
{
	const uint64_t far = UINT64_C(1) << 30;

	if (part->kind == PART_ANONYMOUS)
		return NULL;
	if (before != NULL && before->identity == part->identity && part->first->offset > before->first->offset &&
	    part_start(part) - part_end(before) < far)
		return before->module;
	return part->first;
}

static struct part *add(struct parts *parts, struct part part)
{
	parts->list = alloc_grow(parts->list, &parts->cap, parts->count + 1, sizeof(*parts->list));
	parts->list[parts->count] = part;
	return &parts->list[parts->count++];
}

void parts_cut(struct parts *parts, const struct maps *maps)
{
	const struct mapping *stop = maps->list + maps->count;
	size_t file = PART_NONE;

	if (maps->count == 0)
		return;
	for (const struct mapping *m = maps->list; m < stop; m = part_last(&parts->list[parts->count - 1]) + 1) {
		struct part part = { .first = m, .match = PART_NONE };

		part.kind = mapping_has_file(m) ? PART_FILE : is_anonymous(m) ? PART_ANONYMOUS : PART_SPECIAL;
		part.count = part.kind == PART_FILE ? count_file(m, stop) : count_alike(m, stop);
		part.identity = identity_of(&part);
		part.form = form_of(&part);
		part.module = module_of(&part, file != PART_NONE ? &parts->list[file] : NULL);
		if (part.kind == PART_FILE)
			file = parts->count;
		add(parts, part);
	}
}

static void add_piece(struct parts *parts, const struct part *of, const struct mapping *first, size_t count,
                      enum part_kind kind)
{
	struct part *part = add(parts, (struct part){ .first = first, .count = count, .kind = (uint8_t)kind,
	                                              .match = PART_NONE, .module = of->module });

	part->identity = identity_of(part);
	part->form = form_of(part);
}

void parts_cut_finer(struct parts *parts, struct parts *other, bool mappings)
{
	struct parts finer = { 0 };

	for (size_t i = 0; i < parts->count; i++) {
		const struct part *part = &parts->list[i];
		bool tail = part->kind == PART_FILE && !mapping_has_file(part_last(part));

		if (part->match != PART_NONE)
			other->list[part->match].match = finer.count;
		if (part->match == PART_NONE && tail) {
			add_piece(&finer, part, part->first, part->count - 1, PART_FILE);
			add_piece(&finer, part, part_last(part), 1, PART_ANONYMOUS);
		} else if (part->match == PART_NONE && mappings && part->kind == PART_ANONYMOUS) {
			for (const struct mapping *m = part->first; m <= part_last(part); m++)
				add_piece(&finer, part, m, 1, PART_ANONYMOUS);
		} else {
			add(&finer, *part);
		}
	}
	parts_fini(parts);
	*parts = finer;
}

void parts_fini(struct parts *parts)
{
	free(parts->list);
	*parts = (struct parts){ 0 };
}
