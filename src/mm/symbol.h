/* SPDX-License-Identifier: MIT */
/* Addresses by name, so that two runs print the same bytes. */
#ifndef MMTOOL_MM_SYMBOL_H
#define MMTOOL_MM_SYMBOL_H

#include "mm/maps.h"
#include "mm/region.h"

struct buf;

/*
 * Adds addr as "a", "a+4K" (in or at the end of a named region; as "a+0x123" when not a whole number of K) or
 * "libc.so.6+0x1d000" (from the file's first mapping; base name only), "[stack]+0x100", or, near nothing that has a
 * name, plain hex.  An anonymous mapping is told from the closest named thing below it, else above it ("libc.so.6-0x3000").
 * Small addresses that are in no mapping and hints far from everything stay hex.  regions and maps may be NULL.
 */
void symbol_format(struct buf *buf, uint64_t addr, const struct regions *regions, const struct maps *maps);

/*
 * Adds a maps line with both addresses as symbols.  The inode of an unnamed, unlinked or kernel-internal object (device
 * 00:01, memfd, shm) changes from run to run, and stands as "*".
 */
void symbol_format_line(struct buf *buf, const struct mapping *mapping, const struct regions *regions,
                        const struct maps *maps);

/* Whether it maps a file that has no name of its own any more: what stands there another run finds different. */
bool symbol_is_nameless(const struct mapping *mapping);

#endif
