/* SPDX-License-Identifier: MIT */
/* Finds which part of one address space is which of another: by form, then by what it is, then by size. */
#include "mm/align-part.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* Anonymous mappings whose sizes differ by more are not told to be one that grew or shrank. */
enum { MOST_TIMES = 8 };

/* What parts have in common that a pass matches; 0: it matches no such part. */
typedef uint64_t key_function(const struct part *part);

static uint64_t by_form(const struct part *part)
{
	return part->form;
}

static uint64_t by_identity(const struct part *part)
{
	return part->identity;
}

static uint64_t by_offset(const struct part *part)
{
	return part->identity != 0 ? part_digest(part->identity, part->first->offset) : 0;
}

static uint64_t by_file(const struct part *part)
{
	const struct mapping *m = part->first;

	if (part->kind != PART_FILE || mapping_is_shmem(m))
		return 0;
	return part_digest(part_digest((uint64_t)m->major << 32 | m->minor, m->inode), part->kind);
}

static uint64_t by_extent(const struct part *part)
{
	return part->kind == PART_ANONYMOUS ? part_digest(PART_ANONYMOUS, part_end(part) - part_start(part)) : 0;
}

static uint64_t by_perms(const struct part *part)
{
	uint32_t perms;

	memcpy(&perms, part->first->perms, sizeof(perms));
	return part->kind == PART_ANONYMOUS && part->count == 1 ? part_digest(PART_ANONYMOUS, perms) : 0;
}

/* One side of what lies between two matched parts. */
struct side {
	size_t *indices; /* of parts */
	uint64_t *keys;
	size_t count, index_cap, key_cap;
};

static void collect(struct side *side, const struct parts *parts, size_t from, size_t to, key_function *key)
{
	side->count = 0;
	for (size_t i = from; i < to; i++) {
		const struct part *part = &parts->list[i];
		uint64_t value = part->match == PART_NONE && !part->regrouped ? key(part) : 0;

		if (value == 0)
			continue;
		side->indices = alloc_grow(side->indices, &side->index_cap, side->count + 1, sizeof(*side->indices));
		side->keys = alloc_grow(side->keys, &side->key_cap, side->count + 1, sizeof(*side->keys));
		side->indices[side->count] = i;
		side->keys[side->count++] = value;
	}
}

static void side_fini(struct side *side)
{
	free(side->indices);
	free(side->keys);
}

static bool too_different(const struct part *b, const struct part *a)
{
	uint64_t b_size = part_end(b) - part_start(b), a_size = part_end(a) - part_start(a);

	return b->kind == PART_ANONYMOUS && (b_size / MOST_TIMES > a_size || a_size / MOST_TIMES > b_size);
}

static void set_match(struct parts *before, struct parts *after, size_t b, size_t a)
{
	if (too_different(&before->list[b], &after->list[a]))
		return;
	before->list[b].match = a;
	after->list[a].match = b;
}

/* The next part from at on that is matched in order, or the end. */
static size_t next_matched(const struct parts *parts, size_t at)
{
	while (at < parts->count && (parts->list[at].match == PART_NONE || parts->list[at].crossed))
		at++;
	return at;
}

/* Matches, between each two parts that are matched already, those that have a key in common, in order. */
static void pass(struct parts *before, struct parts *after, key_function *key)
{
	struct side b = { 0 }, a = { 0 };
	struct sequence_pairs pairs = { 0 };
	size_t b_from = 0, a_from = 0;

	while (b_from <= before->count) {
		size_t b_to = next_matched(before, b_from);
		size_t a_to = b_to < before->count ? before->list[b_to].match : after->count;

		if (b_to > b_from && a_to > a_from) {
			collect(&b, before, b_from, b_to, key);
			collect(&a, after, a_from, a_to, key);
			pairs.count = 0;
			if (b.count > 0 && a.count > 0)
				sequence_match(&pairs, b.keys, b.count, a.keys, a.count);
			for (size_t i = 0; i < pairs.count; i++)
				set_match(before, after, b.indices[pairs.list[i].before],
				          a.indices[pairs.list[i].after]);
		}
		b_from = b_to + 1;
		a_from = a_to + 1;
	}
	free(pairs.list);
	side_fini(&b);
	side_fini(&a);
}

/* The digests of a side, sorted, with where each is; those that occur twice are useless. */
struct place {
	uint64_t key;
	size_t index;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *left = a, *right = b;

	if (left->key != right->key)
		return left->key < right->key ? -1 : 1;
	return (left->index > right->index) - (left->index < right->index);
}

static struct place *find_places(const struct parts *parts, key_function *key, size_t *count)
{
	struct side side = { 0 };

	collect(&side, parts, 0, parts->count, key);
	struct place *places = alloc_bytes((side.count + 1) * sizeof(*places));

	for (size_t i = 0; i < side.count; i++)
		places[i] = (struct place){ side.keys[i], side.indices[i] };
	qsort(places, side.count, sizeof(*places), compare_places);
	*count = side.count;
	side_fini(&side);
	return places;
}

/* How many places from at on have one key. */
static size_t alike(const struct place *places, size_t count, size_t at)
{
	size_t end = at + 1;

	while (end < count && places[end].key == places[at].key)
		end++;
	return end - at;
}

/*
 * Matches, wherever they stand, the parts that are left and have a key in common: where several have it, one after another;
 * unique: only those that nothing else of their side has.
 */
static void pass_crossed(struct parts *before, struct parts *after, key_function *key, bool unique)
{
	size_t b_count = 0, a_count = 0;
	struct place *b = find_places(before, key, &b_count), *a = find_places(after, key, &a_count);

	for (size_t i = 0, k = 0; i < b_count && k < a_count;) {
		size_t b_alike = alike(b, b_count, i), a_alike = alike(a, a_count, k);
		bool same = b[i].key == a[k].key;

		for (size_t n = 0; same && n < b_alike && n < a_alike && (!unique || (b_alike == 1 && a_alike == 1)); n++) {
			set_match(before, after, b[i + n].index, a[k + n].index);
			before->list[b[i + n].index].crossed = after->list[a[k + n].index].crossed = true;
		}
		bool behind = b[i].key > a[k].key;

		i += behind ? 0 : b_alike;
		k += same || behind ? a_alike : 0;
	}
	free(b);
	free(a);
}

/* The end of the places with one key from at on, and the size of their parts in all. */
static size_t sum_up(const struct parts *parts, const struct place *places, size_t count, size_t at, uint64_t *sum)
{
	size_t end = at + alike(places, count, at);

	*sum = 0;
	for (size_t i = at; i < end; i++)
		*sum += part_end(&parts->list[places[i].index]) - part_start(&parts->list[places[i].index]);
	return end;
}

static void set_regrouped(struct parts *parts, const struct place *places, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		parts->list[places[i].index].regrouped = true;
}

/*
 * Anonymous mappings that touch are one.  Which do is chance where the gaps between parts are (a part can want an address
 * that is a multiple of more than a page), so that what is left of one kind is the same when it comes to the same size.
 */
static bool pass_regrouped(struct parts *before, struct parts *after)
{
	size_t b_count = 0, a_count = 0, b_end, a_end;
	struct place *b = find_places(before, by_perms, &b_count), *a = find_places(after, by_perms, &a_count);
	uint64_t b_sum = 0, a_sum = 0;
	bool any = false;

	for (size_t i = 0, k = 0; i < b_count && k < a_count;) {
		b_end = sum_up(before, b, b_count, i, &b_sum);
		a_end = sum_up(after, a, a_count, k, &a_sum);
		if (b[i].key == a[k].key && b_sum == a_sum) {
			set_regrouped(before, b, i, b_end);
			set_regrouped(after, a, k, a_end);
			any = true;
		}
		bool b_next = b[i].key <= a[k].key, a_next = a[k].key <= b[i].key;

		i = b_next ? b_end : i;
		k = a_next ? a_end : k;
	}
	free(b);
	free(a);
	return any;
}

static uint64_t by_anonymous_form(const struct part *part)
{
	return part->kind == PART_ANONYMOUS ? part->form : 0;
}

/*
 * From what is the same in both, in order, to what has less in common.  A program may choose random places itself, so that
 * anonymous memory of the same sizes and permissions is taken to be the same wherever it is.
 */
bool parts_match(struct parts *before, struct parts *after)
{
	pass(before, after, by_form);
	parts_cut_finer(before, after, false);
	parts_cut_finer(after, before, false);
	pass(before, after, by_form);
	pass(before, after, by_identity);
	pass_crossed(before, after, by_offset, false);
	pass_crossed(before, after, by_identity, true);
	pass_crossed(before, after, by_file, true);
	pass_crossed(before, after, by_anonymous_form, false);
	pass(before, after, by_extent);
	parts_cut_finer(before, after, true);
	parts_cut_finer(after, before, true);
	pass(before, after, by_form);
	pass_crossed(before, after, by_anonymous_form, false);
	bool regrouped = pass_regrouped(before, after);

	pass(before, after, by_extent);
	pass(before, after, by_perms);
	return regrouped;
}
