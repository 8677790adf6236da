/* SPDX-License-Identifier: MIT */
/* A hash table of names. */
#include "lang/names.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a */
static size_t hash(const char *text, size_t len)
{
	uint64_t value = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		value = (value ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return (size_t)(value ^ value >> 32);
}

/* Where the name is, or the empty place where it would go. */
static uint32_t *place(const struct names *names, const char *text, size_t len)
{
	for (size_t i = hash(text, len);; i++) {
		uint32_t *entry = &names->table[i & (names->size - 1)];
		const struct name *name = *entry > 0 ? &names->list[*entry - 1] : NULL;

		if (name == NULL || (name->len == len && memcmp(name->text, text, len) == 0))
			return entry;
	}
}

uint32_t names_find(const struct names *names, const char *text, size_t len)
{
	return names->size > 0 ? *place(names, text, len) - 1 : NO_SLOT;
}

static void grow(struct names *names)
{
	free(names->table);
	names->size = names->size > 0 ? names->size * 2 : 64;
	names->table = alloc_zeroed(names->size, sizeof(names->table[0]));
	for (size_t i = 0; i < names->count; i++)
		*place(names, names->list[i].text, names->list[i].len) = (uint32_t)i + 1;
}

uint32_t names_add(struct names *names, struct arena *arena, const char *text, size_t len)
{
	if (names->count * 2 >= names->size)
		grow(names);
	uint32_t *entry = place(names, text, len);

	names->list = alloc_grow(names->list, &names->cap, names->count + 1, sizeof(names->list[0]));
	names->list[names->count++] = (struct name){ .text = arena_string(arena, text, len), .len = (uint32_t)len };
	*entry = (uint32_t)names->count;
	return *entry - 1;
}

uint32_t names_bind(struct names *names, struct arena *arena, const char *text, size_t len)
{
	uint32_t slot = names_find(names, text, len);

	return slot != NO_SLOT ? slot : names_add(names, arena, text, len);
}

void names_fini(struct names *names)
{
	free(names->list);
	free(names->table);
	*names = (struct names){ 0 };
}
