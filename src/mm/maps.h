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

struct maps {
	struct mapping *list; /* by address */
	size_t count, cap;
	struct buf text;      /* the whole file; what list points into */
};

/*
 * Parses maps->text into maps->list.  Accepts 32-bit and 64-bit lines and maps of other machines.
 * Returns 0, or -EINVAL with *bad_line (1-based) for a line that is not one of maps or is out of order
 * (torn read: overlap or disorder).  bad_line may be NULL.
 */
int maps_parse(struct maps *maps, size_t *bad_line);

/* The mapping that holds addr, or NULL. */
const struct mapping *maps_find(const struct maps *maps, uint64_t addr);
/* The first mapping whose end is above addr, or NULL. */
const struct mapping *maps_above(const struct maps *maps, uint64_t addr);

/* Whether every byte of [addr, addr + len) is mapped.  len 0 is true. */
bool maps_covered(const struct maps *maps, uint64_t addr, uint64_t len);
/* Bytes of [addr, addr + len) that are mapped, and the number of mappings that touch it (may be NULL). */
uint64_t maps_mapped(const struct maps *maps, uint64_t addr, uint64_t len, size_t *touching);

/* Same size, attributes and name: lines equal byte for byte. */
bool mapping_same_line(const struct mapping *a, const struct mapping *b);

void maps_fini(struct maps *maps);

#endif
