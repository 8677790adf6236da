/* SPDX-License-Identifier: MIT */
/* The names that a script binds, by their text. */
#ifndef MMTOOL_LANG_NAMES_H
#define MMTOOL_LANG_NAMES_H

#include "lang/script.h"

#include <stddef.h>
#include <stdint.h>

/* {0} is empty. */
struct names {
	struct name *list; /* by slot */
	size_t count, cap;
	uint32_t *table;   /* open addressing; a slot + 1, or 0 */
	size_t size;       /* of table, a power of two */
};

/* The slot of a name, or NO_SLOT. */
uint32_t names_find(const struct names *names, const char *text, size_t len);
/* Its slot, a new one when there is none yet.  The copy of the text is in the arena. */
uint32_t names_bind(struct names *names, struct arena *arena, const char *text, size_t len);
/* A new slot even when there is one, which is hidden. */
uint32_t names_add(struct names *names, struct arena *arena, const char *text, size_t len);
void names_fini(struct names *names);

#endif
