/* SPDX-License-Identifier: MIT */
/* Heap allocation that cannot return NULL, and arenas. */
#include "base/alloc.h"

#include "base/diag.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *memory)
{
	if (memory == NULL)
		diag_die("malloc: out of memory");
	return memory;
}

void *alloc_bytes(size_t size)
{
	return checked(malloc(size > 0 ? size : 1));
}

void *alloc_zeroed(size_t count, size_t size)
{
	return checked(calloc(count > 0 ? count : 1, size > 0 ? size : 1));
}

char *alloc_string(const char *text, size_t len)
{
	char *copy = alloc_bytes(len + 1);

	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

void *alloc_grow(void *array, size_t *cap, size_t want, size_t size)
{
	size_t room = *cap;

	if (want <= room)
		return array;
	if (room == 0)
		room = 8;
	while (room < want)
		room *= 2;
	*cap = room;
	return checked(reallocarray(array, room, size));
}

enum { CHUNK_SIZE = 16 * 1024 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	max_align_t data[];
};

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->chunks;

	size = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	if (chunk == NULL || chunk->size - chunk->used < size) {
		size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;

		chunk = alloc_bytes(sizeof(*chunk) + room);
		chunk->used = 0;
		chunk->size = room;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	void *memory = (char *)chunk->data + chunk->used;

	chunk->used += size;
	return memset(memory, 0, size);
}

char *arena_string(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);

	memcpy(copy, text, len);
	return copy;
}

void arena_reset(struct arena *arena)
{
	struct arena_chunk *chunk = arena->chunks;

	/* The usual case, one chunk of the usual size, costs nothing. */
	if (chunk != NULL && chunk->next == NULL && chunk->size == CHUNK_SIZE)
		chunk->used = 0;
	else
		arena_fini(arena);
}

void arena_fini(struct arena *arena)
{
	while (arena->chunks != NULL) {
		struct arena_chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		free(chunk);
	}
}
