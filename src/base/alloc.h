/* SPDX-License-Identifier: MIT */
/* Heap allocation that cannot return NULL, and arenas for values that die together. */
#ifndef MMTOOL_BASE_ALLOC_H
#define MMTOOL_BASE_ALLOC_H

#include <stddef.h>

/*
 * Each returns memory that the caller frees with free(3).  When the C library has none left,
 * mmtool cannot go on: one message is printed and the tool exits with STATUS_TOOL.
 */
void *alloc_bytes(size_t size);
void *alloc_zeroed(size_t count, size_t size);
char *alloc_string(const char *text, size_t len);

/* Grows an array to hold at least want elements; doubles, so that appending is linear.  *cap counts elements. */
void *alloc_grow(void *array, size_t *cap, size_t want, size_t size);

/* Memory that is released all at once. */
struct arena {
	struct arena_chunk *chunks;
};

/* Zeroed, aligned for any type; valid until arena_fini(). */
void *arena_alloc(struct arena *arena, size_t size);
/* A copy of len bytes, followed by a NUL. */
char *arena_string(struct arena *arena, const char *text, size_t len);
/* Forgets everything and keeps some memory for what comes next. */
void arena_reset(struct arena *arena);
void arena_fini(struct arena *arena);

#endif
