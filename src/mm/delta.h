/* SPDX-License-Identifier: MIT */
/* What changed between two snapshots, by intervals. */
#ifndef MMTOOL_MM_DELTA_H
#define MMTOOL_MM_DELTA_H

#include "mm/maps.h"
#include "mm/region.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum change_kind {
	CHANGE_ADDED,     /* a range that was free is mapped */
	CHANGE_REMOVED,   /* a range that was mapped is free */
	CHANGE_GROWN,     /* a mapping (or named region) became longer, at either end */
	CHANGE_SHRUNK,    /* a mapping (or named region) became shorter, at either end */
	CHANGE_MOVED,     /* a range is mapped elsewhere; sizes may differ */
	CHANGE_SPLIT,     /* one mapping became several */
	CHANGE_MERGED,    /* several mappings became one, or a new range is part of a neighbour's line */
	CHANGE_PROTECTED, /* the permissions of a range changed */
	CHANGE_REPLACED,  /* something else is mapped there now */
	CHANGE_FLAGGED,   /* the VmFlags of a mapping changed (locked, sealed, …) */
};

enum {
	CHANGE_NAMES = 4,
	CHANGE_FLAGS = 32, /* ten flags; a call that changes more at once is not known, and the rest would be left out */
};

/* Ranges are [start, end); 0, 0 where there is none.  Names and perms are copies or borrowed from the snapshots. */
struct change {
	uint8_t kind;                    /* enum change_kind */
	uint64_t old_start, old_end;     /* before */
	uint64_t new_start, new_end;     /* after */
	const struct mapping *before;    /* the mapping that held the old range, or NULL; of the before snapshot */
	const struct mapping *after;     /* the mapping that holds the new range, or NULL; of the after snapshot */
	unsigned parts;                  /* split: into how many mappings; merged: out of how many */
	bool told;                       /* merged: an added change is told with it, and its words say so */
	int64_t shift;                   /* align_compute(): what leads from the old range's addresses to the new one's */
	const char *place;               /* align_compute(): where in its module, "libc.so.6+0x1c000"; not escaped; or NULL */
	const char *names[CHANGE_NAMES]; /* the named regions it touches, the subject of the change first; NULL-padded */
	/* flagged: "lo", "lo lf": what VmFlags has now and had not, and the reverse; empty: none.  New mapping: no old range */
	char flags_gained[CHANGE_FLAGS], flags_lost[CHANGE_FLAGS];
};

struct delta_line {
	char sign; /* '-' or '+' */
	const struct mapping *mapping;
	int64_t shift; /* align_compute(): of a '-' line, what leads to the addresses of what it is compared with */
};

struct delta_piece;

/* All zero is an empty delta. */
struct delta {
	struct delta_line *lines; /* by address; at one address the '-' line first */
	size_t line_count, line_cap;
	struct change *changes;   /* in the order in which a person would tell them */
	size_t change_count, change_cap;
	struct delta_piece *pieces; /* delta_compute's own, kept so that its memory is used again */
	size_t piece_count, piece_cap;
};

/* What the call between the snapshots said it did: mremap's ranges; old_size 0 where all of the new range is new. */
struct delta_hint {
	uint64_t old_start, old_size, new_start, new_size; /* bytes, whole pages */
	bool keeps_old; /* MREMAP_DONTUNMAP, or an alias or mmap by old_size 0: the old range stays */
};

/*
 * Computes what changed from before to after.  The result borrows from both snapshots and from the regions' names.
 * old_regions and new_regions are the named regions at those moments; either may be NULL.  hint may be NULL: then a
 * mapping that is gone here and new there is told as removed and added.  Empty when nothing changed.
 */
void delta_compute(struct delta *delta, const struct maps *before, const struct maps *after,
                   const struct regions *old_regions, const struct regions *new_regions, const struct delta_hint *hint);
/*
 * Adds a change of VmFlags, which the maps do not tell, to a delta that was computed.  The kind is set here; change is
 * copied, and what it points to is borrowed.
 */
void delta_add_flagged(struct delta *delta, const struct change *change);
void delta_reset(struct delta *delta);
void delta_fini(struct delta *delta);

/* "added", "removed", … as in the JSON and in the manual. */
const char *change_kind_name(enum change_kind kind);

#endif
