/* SPDX-License-Identifier: MIT */
/* Inside the delta: the address space cut at every boundary of both snapshots, and what became of each piece. */
#ifndef MMTOOL_MM_DELTA_PIECE_H
#define MMTOOL_MM_DELTA_PIECE_H

#include "mm/delta.h"

enum piece_kind {
	PIECE_SAME,      /* mapped in both, and nothing differs */
	PIECE_ADDED,
	PIECE_REMOVED,
	PIECE_PROTECTED, /* only the permissions differ */
	PIECE_REPLACED,
	PIECE_CAME,      /* free before, and what moved is here now */
	PIECE_LEFT,      /* what moved was here, and nothing is now */
	PIECE_GROWN,     /* added, and told as growth */
	PIECE_SHRUNK,    /* removed, and told as shrinking */
	PIECE_KINDS,
};

struct delta_piece {
	uint64_t start, end;
	const struct mapping *before, *after;
	const struct region *old_region, *new_region;
	uint8_t kind; /* enum piece_kind */
};

/* What delta_compute was given, and the part of it that can differ. */
struct comparison {
	struct delta *delta;
	const struct maps *before_maps, *after_maps;
	struct maps_place before, after;                              /* the first mappings to look at */
	uint64_t before_end, after_end;                               /* those that begin there or above are left out */
	const struct regions *old_regions, *new_regions;              /* never NULL */
	const struct region *old, *old_end, *new, *new_end;           /* the regions that differ */
	struct delta_hint hint;                                       /* all zero without one */
	bool moves, in_place, aliases;                                /* what kind of hint it is, if any */
	bool holes;                                                   /* it moves a range with holes */
	uint64_t hint_old_end, hint_new_end;
	size_t last_grown, last_shrunk;                               /* changes told of a mapping, or SIZE_MAX */
};

/* The end of a range; one that would wrap ends at the top. */
static inline uint64_t range_end(uint64_t start, uint64_t size)
{
	return start + size < start ? UINT64_MAX : start + size;
}

static inline bool range_overlaps(uint64_t start, uint64_t end, uint64_t other_start, uint64_t other_end)
{
	return start < other_end && other_start < end;
}

/* The mapping at a place, if it begins below end; or NULL. */
static inline const struct mapping *mapping_below(const struct maps_place *place, uint64_t end)
{
	return place->at != NULL && place->at->start < end ? place->at : NULL;
}

/* Whether both are at the beginning of a part that both snapshots hold. */
static inline bool at_same_part(const struct maps_place *a, const struct maps_place *b)
{
	return a->at != NULL && a->at == b->at && a->at == a->first && b->at == b->first;
}

static inline const struct region *regions_end(const struct regions *regions)
{
	return regions->count > 0 ? regions->list + regions->count : regions->list;
}

/* Fills delta->pieces, by address. */
void delta_cut(const struct comparison *comparison);
/* Fills delta->changes from the pieces. */
void delta_tell(struct comparison *comparison);

#endif
