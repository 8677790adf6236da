/* SPDX-License-Identifier: MIT */
/* Puts mappings in an order, each object's together where that is wanted. */
#include "run/look-part.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

struct item {
	const struct mapping *mapping;
	size_t index;    /* where it is by address */
	size_t group;    /* the first index of its object, or its own */
	uint64_t weight; /* bytes: what is ordered by amount; of the whole object, where they stay together */
};

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_index(const struct item *a, const struct item *b)
{
	int order = compare_numbers(a->group, b->group);

	return order != 0 ? order : compare_numbers(a->index, b->index);
}

/* What has no name comes last. */
static int compare_names(const struct mapping *a, const struct mapping *b)
{
	uint32_t least = a->name_len < b->name_len ? a->name_len : b->name_len;

	if (a->name_len == 0 || b->name_len == 0)
		return (a->name_len == 0) - (b->name_len == 0);
	int order = memcmp(a->name, b->name, least);

	return order != 0 ? order : compare_numbers(a->name_len, b->name_len);
}

static int by_object(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	const struct mapping *m = x->mapping, *n = y->mapping;
	int order = compare_numbers(m->inode, n->inode);

	order = order != 0 ? order : compare_numbers(m->major, n->major);
	order = order != 0 ? order : compare_numbers(m->minor, n->minor);
	order = order != 0 ? order : compare_names(m, n);
	return order != 0 ? order : compare_numbers(x->index, y->index);
}

static int by_address(const void *a, const void *b)
{
	return by_index(a, b);
}

static int by_weight(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = compare_numbers(y->weight, x->weight);

	return order != 0 ? order : by_index(x, y);
}

static int by_name(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = compare_names(x->mapping, y->mapping);

	return order != 0 ? order : by_index(x, y);
}

static int by_perms(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = strcmp(x->mapping->perms, y->mapping->perms);

	return order != 0 ? order : by_index(x, y);
}

static int (*const orders[])(const void *, const void *) = {
	[LOOK_ADDRESS] = by_address, [LOOK_SIZE] = by_weight,   [LOOK_NAME] = by_name,
	[LOOK_RESIDENT] = by_weight, [LOOK_PERMS] = by_perms,
};

/* Gives the mappings of an object the place of its first one, and their weight together. */
static void group(struct item *items, size_t count)
{
	qsort(items, count, sizeof(*items), by_object);
	for (size_t from = 0, to; from < count; from = to) {
		uint64_t weight = 0;

		for (to = from; to < count && mapping_same_object(items[from].mapping, items[to].mapping); to++)
			weight += items[to].weight;
		for (size_t i = from; i < to; i++) {
			items[i].group = items[from].index;
			items[i].weight = weight;
		}
	}
}

/* Puts a list of count elements into the order of the items. */
static void *arrange(void *list, size_t size, const struct item *items, size_t count)
{
	const char *old = list;
	char *new = alloc_bytes(count * size);

	for (size_t i = 0; i < count; i++)
		memcpy(new + i * size, old + items[i].index * size, size);
	free(list);
	return new;
}

void look_sort(struct look *look)
{
	struct smaps *part = &look->part;
	size_t count = part->maps.count;

	if (count == 0)
		return;
	struct item *items = alloc_bytes(count * sizeof(*items));

	for (size_t i = 0; i < count; i++) {
		const struct mapping *mapping = &part->maps.list[i];
		bool resident = look->options->order == LOOK_RESIDENT && look->detailed;

		items[i] = (struct item){ mapping, i, i, resident ? part->list[i].figures[SMAPS_RSS] : mapping->end - mapping->start };
	}
	if (look->options->together)
		group(items, count);
	qsort(items, count, sizeof(*items), orders[look->options->order]);
	part->maps.list = arrange(part->maps.list, sizeof(*part->maps.list), items, count);
	part->maps.cap = count;
	if (look->detailed) {
		part->list = arrange(part->list, sizeof(*part->list), items, count);
		part->cap = count;
	}
	free(items);
}
