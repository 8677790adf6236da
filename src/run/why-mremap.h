/* SPDX-License-Identifier: MIT */
/* The arguments of mremap(2) by their names, for the rules of its failures and the reasons of its effects. */
#ifndef MMTOOL_RUN_WHY_MREMAP_H
#define MMTOOL_RUN_WHY_MREMAP_H

#include "run/why-rule.h"

#include <sys/mman.h>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4 /* Linux 5.7 */
#endif

static inline uint64_t old_address(const struct why_case *c)
{
	return c->args[0];
}

/* In bytes, as the kernel takes it: whole pages. */
static inline uint64_t old_size(const struct why_case *c)
{
	return why_round_up(c, c->args[1]);
}

/* In bytes, as the kernel takes it: whole pages. */
static inline uint64_t new_size(const struct why_case *c)
{
	return why_round_up(c, c->args[2]);
}

/* With MREMAP_FIXED only; otherwise whatever the register held. */
static inline uint64_t new_address(const struct why_case *c)
{
	return c->args[4];
}

/* How many bytes the call adds; 0: it does not grow. */
static inline uint64_t growth(const struct why_case *c)
{
	return new_size(c) > old_size(c) ? new_size(c) - old_size(c) : 0;
}

/* "old_size 0", also of one that becomes 0 when it is rounded up; a verb follows. */
void say_old_size_zero(const struct why_case *c);
/* The first thing in the way of growing in place, or NULL; NULL also where the maps are not known. */
const struct mapping *growth_obstacle(const struct why_case *c);
/* How many bytes of what it would grow into that mapping takes. */
uint64_t growth_taken(const struct why_case *c, const struct mapping *obstacle);

#endif
