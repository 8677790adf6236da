/* SPDX-License-Identifier: MIT */
/* One snapshot of an address space: the lines of /proc/PID/maps, parsed. */
#ifndef MMTOOL_MM_MAPS_H
#define MMTOOL_MM_MAPS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line of maps (proc_pid_maps(5)).  line and name point into the snapshot's text and are not NUL-terminated. */
struct mapping {
	uint64_t start, end; /* addresses; end is exclusive */
	uint64_t offset;     /* bytes into the file */
	uint64_t inode;
	uint32_t major, minor;
	char perms[5];       /* "rw-p", NUL-terminated */
	const char *line;    /* the raw line without its newline, byte for byte */
	uint32_t line_len;
	uint32_t name_len;   /* 0: no name (private anonymous) */
	const char *name;    /* file name or [heap], as the kernel wrote it; a newline in it stands as \012 */
};

/*
 * Whether a file is behind it, or an object that is one to the kernel: shared memory and huge pages are.  The first segment of
 * shmget(2) in a namespace has the number 0, and so its mappings have the inode 0, as what has no file has.
 */
static inline bool mapping_has_file(const struct mapping *mapping)
{
	return mapping->inode != 0 || mapping->major != 0 || mapping->minor != 0;
}

/* Mappings that stand together, for as many snapshots as hold them; private to maps-part.c and the functions below. */
struct maps_part {
	unsigned refs;
	size_t count;             /* never 0 */
	uint64_t mapped;          /* bytes */
	uint64_t gap, gap_start;  /* the widest free range between two of them, the lowest if there are several; 0: none */
	bool named;               /* one of them has a name */
	bool alike;               /* all have the same name */
	char *text;               /* what list points into */
	struct mapping list[];
};

struct maps_slot {
	uint64_t start, end; /* of the part's first and last mapping */
	struct maps_part *part;
	bool plain;          /* no name and no gap in it */
	/* The first and the last of the slots around this one that are plain, with no gap between them; or itself. */
	uint32_t run_first, run_last;
};

/*
 * All zero is an empty snapshot.  It is either text that was parsed, and one list; or, made by maps_patch(), in parts,
 * with list NULL: what may come from either is looked at by the functions below and struct maps_place.
 */
struct maps {
	struct mapping *list; /* by address; NULL: in parts */
	size_t count, cap;    /* count: of all mappings, also in parts */
	struct buf text;      /* the whole file; what list points into */
	struct maps_slot *parts;
	size_t part_count, part_cap;
};

/*
 * Parses maps->text into maps->list.  Accepts 32-bit and 64-bit lines and maps of other machines.
 * Returns 0, or -EINVAL with *bad_line (1-based) for a line that is not one of maps or is out of order
 * (torn read: overlap or disorder).  bad_line may be NULL.
 */
int maps_parse(struct maps *maps, size_t *bad_line);

/*
 * Checks text that maps_parse() would parse, without keeping anything: counts its mappings and sums up their bytes.  False:
 * it would not parse.  text may be given room behind its end.
 */
bool maps_measure(struct buf *text, size_t *count, uint64_t *bytes);

/* A walk over a snapshot by address.  at is NULL behind its last mapping. */
struct maps_place {
	const struct maps *maps;
	const struct mapping *at, *first, *stop; /* first and stop: of the list or the part in hand */
	size_t part;
};

/* The place of the first mapping whose end is above addr; 0: of the first. */
struct maps_place maps_place(const struct maps *maps, uint64_t addr);
/* To the next mapping, and behind the last. */
static inline void maps_forward(struct maps_place *place);
/* To the one before; false, and nothing done, at the first. */
static inline bool maps_backward(struct maps_place *place);
/*
 * The same, to the next mapping that has a name and begins below high, or to the last one that has a name and ends at or
 * above low; false: there is none, and the place is anywhere.
 */
bool maps_forward_named(struct maps_place *place, uint64_t high);
bool maps_backward_named(struct maps_place *place, uint64_t low);
/* From the last mapping of a part whose mappings all have one name, with no gap wider than most, to its first. */
void maps_skip_alike(struct maps_place *place, uint64_t most);
/* To the first or the last mapping of a part. */
void maps_enter(struct maps_place *place, size_t part, bool at_end);

/*
 * Makes to the same snapshot as from, which it stays when from changes.  Parts are shared, so that it costs what the two
 * differ in; a list is copied.
 */
void maps_assign(struct maps *to, const struct maps *from);
/* Whether all lines are the same. */
bool maps_same(const struct maps *a, const struct maps *b);
/*
 * Puts with's mappings, all of which lie in [start, end), in place of all that maps has there; start and end cut no
 * mapping of maps.  maps is in parts then, other snapshots that share them are not touched; with is a list, and copied.
 */
void maps_patch(struct maps *maps, uint64_t start, uint64_t end, const struct maps *with);

/* The widest range below end in which nothing is mapped, the lowest if there are several; returns its length. */
uint64_t maps_widest_gap(const struct maps *maps, uint64_t end, uint64_t *start);
/* The lowest of the mappings without a name that lie below mapping, of this snapshot, with no gap up to it; or mapping. */
const struct mapping *maps_run_first(const struct maps *maps, const struct mapping *mapping);
/* The first mapping with a name from mapping on upwards, or the last before a gap, whichever comes first. */
const struct mapping *maps_run_last(const struct maps *maps, const struct mapping *mapping);

/* The mapping that holds addr, or NULL. */
const struct mapping *maps_find(const struct maps *maps, uint64_t addr);
/* The first mapping whose end is above addr, or NULL. */
const struct mapping *maps_above(const struct maps *maps, uint64_t addr);

/* Whether every byte of [addr, addr + len) is mapped.  len 0 is true. */
bool maps_covered(const struct maps *maps, uint64_t addr, uint64_t len);
/* Bytes of [addr, addr + len) that are mapped, and the number of mappings that touch it (may be NULL). */
uint64_t maps_mapped(const struct maps *maps, uint64_t addr, uint64_t len, size_t *touching);

/* The next stretch [*from, *to) of [*from, end) that is mapped without a hole, by however many mappings; false: there is none. */
bool maps_stretch(const struct maps *maps, uint64_t *from, uint64_t *to, uint64_t end);

/* Same size, attributes and name: lines equal byte for byte. */
bool mapping_same_line(const struct mapping *a, const struct mapping *b);

void maps_fini(struct maps *maps);

static inline void maps_forward(struct maps_place *place)
{
	if (place->at != NULL && ++place->at == place->stop)
		maps_enter(place, place->part + 1, false);
}

static inline bool maps_backward(struct maps_place *place)
{
	if (place->at != NULL && place->at > place->first) {
		place->at--;
		return true;
	}
	if (place->part == 0)
		return false;
	maps_enter(place, place->part - 1, true);
	return true;
}

#endif
