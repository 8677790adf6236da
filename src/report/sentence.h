/* SPDX-License-Identifier: MIT */
/* What happened to a mapping, in plain words. */
#ifndef MMTOOL_REPORT_SENTENCE_H
#define MMTOOL_REPORT_SENTENCE_H

#include "mm/delta.h"
#include "mm/maps.h"
#include "mm/region.h"

struct buf;

/* Both ends of a delta.  Each may be NULL: then the sentences say less. */
struct sentence_context {
	const struct maps *before, *after;
	const struct regions *old_regions, *new_regions;
};

/*
 * Adds one sentence, without a capital, a full stop or a newline: "a grew in place from 4K to 16K".  Names are escaped
 * already.  There is no absolute address in it, so it reads the same with --symbolic.  Adds nothing for a change that
 * the sentence of another change of the delta tells too (a new mapping that merged with its neighbour).
 */
void sentence_change(struct buf *buf, const struct change *change, const struct sentence_context *context);

/*
 * Adds a sentence for a mapping of which maps says something else than before, although nothing changed of it itself: the
 * file's name, what the kernel calls it.
 */
void sentence_renamed(struct buf *buf, const struct mapping *before, const struct mapping *after);

/* Adds one sentence for several mappings that are next to one another, all of them new (or gone); size is bytes in all. */
void sentence_group(struct buf *buf, const struct mapping *first, bool new, size_t count, uint64_t size);

/*
 * Adds what a mapping is: "private anonymous", "libc.so.6, private file mapping", "memfd:x, shared memory", "[vdso]".
 * Judged by its fields; a file may bear any name.
 */
void sentence_kind(struct buf *buf, const struct mapping *mapping);

#endif
