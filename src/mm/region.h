/* SPDX-License-Identifier: MIT */
/* Named regions: what a script calls its mappings. */
#ifndef MMTOOL_MM_REGION_H
#define MMTOOL_MM_REGION_H

#include <stddef.h>
#include <stdint.h>

/* The identity of what the language names by itself: the scratch page. */
enum { REGION_PREDEFINED = 0 };

/*
 * A range that a call gave a name to.  The identity survives a move and a change of size; a call that binds the name
 * again makes a new identity.  The name is borrowed.
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

/* The region that holds addr, or NULL. */
const struct region *regions_find(const struct regions *regions, uint64_t addr);
const struct region *regions_by_id(const struct regions *regions, unsigned id);

/* Adds [start, start + size) under a name; what it overlaps is cut away from older regions first. */
void regions_add(struct regions *regions, const char *name, unsigned id, uint64_t start, uint64_t size);
/* Takes [start, start + size) out of every region; one cut in the middle keeps its first part. */
void regions_cut(struct regions *regions, uint64_t start, uint64_t size);
void regions_copy(struct regions *to, const struct regions *from);
void regions_fini(struct regions *regions);

#endif
