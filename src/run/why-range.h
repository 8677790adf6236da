/* SPDX-License-Identifier: MIT */
/* The range of calls whose first two arguments are an address and a length, and the mappings that it touches. */
#ifndef MMTOOL_RUN_WHY_RANGE_H
#define MMTOOL_RUN_WHY_RANGE_H

#include "run/why-rule.h"

/* The pages that the two arguments touch: mlock rounds its start down, the others want it aligned. */
static inline uint64_t range_start(const struct why_case *c)
{
	return c->args[0] / c->page * c->page;
}

/* In bytes, whole pages. */
static inline uint64_t range_size(const struct why_case *c)
{
	return why_round_up(c, c->args[1] + c->args[0] % c->page);
}

/* The next mapping that the range touches; the first after NULL. */
static inline const struct mapping *next_mapping(const struct why_case *c, const struct mapping *last)
{
	return why_next(c, range_start(c), range_size(c), last);
}

/* Where the part of a mapping that lies in the range begins. */
static inline uint64_t inside(const struct why_case *c, const struct mapping *mapping)
{
	return mapping->start > range_start(c) ? mapping->start : range_start(c);
}

/* How much of a mapping lies in the range. */
static inline uint64_t bytes_inside(const struct why_case *c, const struct mapping *mapping)
{
	uint64_t to = range_start(c) + range_size(c);

	return (mapping->end < to ? mapping->end : to) - inside(c, mapping);
}

/* Whether a mapping reaches over addr, from below it to above: a boundary there would split it. */
static inline bool is_within(const struct maps *maps, uint64_t addr)
{
	const struct mapping *mapping = maps_find(maps, addr);

	return mapping != NULL && mapping->start < addr;
}

#endif
