/* SPDX-License-Identifier: MIT */
/* Named regions: what a script calls its mappings. */
#ifndef MMTOOL_MM_REGION_H
#define MMTOOL_MM_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The identity of what the language names by itself: the scratch page. */
enum { REGION_PREDEFINED = 0 };

/*
 * A range that a call gave a name to.  The identity survives a move and a change of size; a call that binds the name
 * again makes a new identity.  A region with a hole is several pieces of one name and identity.  The name is borrowed.
 */
struct region {
	const char *name;
	unsigned id;
	uint64_t start, size; /* bytes */
	uint64_t cut;         /* bytes that it lost in front: the name's value is start - cut */
};

/* By address of start; regions do not overlap. */
struct regions {
	struct region *list;
	size_t count, cap;
};

/* Whether both are pieces of one region: what moved away from it is none any more. */
static inline bool region_same(const struct region *a, const struct region *b)
{
	return a->id == b->id && a->start - a->cut == b->start - b->cut;
}

/* The region, or piece of one, that holds addr; or NULL. */
const struct region *regions_find(const struct regions *regions, uint64_t addr);
/* The lowest piece of that identity, or NULL. */
const struct region *regions_by_id(const struct regions *regions, unsigned id);
/* A region as one, from the start of its lowest piece to the end of its highest. */
struct region regions_whole(const struct regions *regions, const struct region *piece);

/*
 * Adds [start, start + size) under a name; what it overlaps is cut away from older regions first.  Returns what it
 * added, valid until the next change; NULL when size is 0.
 */
struct region *regions_add(struct regions *regions, const char *name, unsigned id, uint64_t start, uint64_t size);
/* Takes [start, start + size) out of every region; one cut in the middle becomes two pieces. */
void regions_cut(struct regions *regions, uint64_t start, uint64_t size);
void regions_copy(struct regions *to, const struct regions *from);
void regions_fini(struct regions *regions);

#endif
