/* SPDX-License-Identifier: MIT */
/* Inside the alignment: the parts of an address space, and which is which in another. */
#ifndef MMTOOL_MM_ALIGN_PART_H
#define MMTOOL_MM_ALIGN_PART_H

#include "mm/kind.h"
#include "mm/maps.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum part_kind {
	PART_FILE,      /* mappings of one file, and a bss behind them */
	PART_SPECIAL,   /* [heap], [stack], [vdso], [anon:…]: what bears a name and is no file */
	PART_ANONYMOUS,
};

#define PART_NONE SIZE_MAX

/* Mappings without a gap between them, which are placed as one. */
struct part {
	const struct mapping *first;
	size_t count;
	uint8_t kind;      /* enum part_kind */
	bool crossed;      /* matched out of order */
	bool regrouped;    /* anonymous, and the same memory is in other mappings on the other side */
	size_t match;      /* the index of the other side's part, or PART_NONE */
	uint64_t form;     /* a digest of what it is and how it is laid out */
	uint64_t identity; /* a digest of what it is; 0 for anonymous memory */
	const struct mapping *module; /* the first mapping of the module that it belongs to or follows; or NULL */
};

struct parts {
	struct part *list; /* by address */
	size_t count, cap;
};

static inline const struct mapping *part_last(const struct part *part)
{
	return part->first + part->count - 1;
}

static inline uint64_t part_start(const struct part *part)
{
	return part->first->start;
}

static inline uint64_t part_end(const struct part *part)
{
	return part_last(part)->end;
}

/* A digest with one more value in it; never 0. */
uint64_t part_digest(uint64_t digest, uint64_t value);

/* Cuts a snapshot into parts, matched with nothing.  parts is all zero before; parts_fini() frees what it holds. */
void parts_cut(struct parts *parts, const struct maps *maps);
/*
 * Cuts parts that are matched with nothing into smaller ones: of a file the anonymous mapping at its end, which may be
 * no bss, but what happened to be placed there; with mappings also each anonymous part into its mappings.  other is told
 * the new indices of what it is matched with.
 */
void parts_cut_finer(struct parts *parts, struct parts *other, bool mappings);
void parts_fini(struct parts *parts);

/* Fills in, on both sides, which part is which; both may be cut finer for it.  Returns whether any is regrouped. */
bool parts_match(struct parts *before, struct parts *after);

struct sequence_pair {
	size_t before, after; /* indices */
};

struct sequence_pairs {
	struct sequence_pair *list;
	size_t count, cap;
};

/*
 * Appends to pairs, in order, a common subsequence of two sequences of digests: the longest, save where finding that would
 * cost too much.  What occurs once on both sides is paired first (Cohen's patience diff), the rest by Myers' algorithm.
 */
void sequence_match(struct sequence_pairs *pairs, const uint64_t *before, size_t before_count, const uint64_t *after,
                    size_t after_count);

#endif
