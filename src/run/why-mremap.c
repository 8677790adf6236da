/* SPDX-License-Identifier: MIT */
/* The rules of why.c about mremap(2). */
#include "run/why-rule.h"

#include <sys/mman.h>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4 /* Linux 5.7 */
#endif

/* The arguments of the case by their names. */
static uint64_t old_address(const struct why_case *c)
{
	return c->args[0];
}

static uint64_t old_size(const struct why_case *c)
{
	return why_round_up(c, c->args[1]);
}

static uint64_t new_size(const struct why_case *c)
{
	return why_round_up(c, c->args[2]);
}

/* How many bytes it adds; 0: it does not grow. */
static uint64_t growth(const struct why_case *c)
{
	return new_size(c) > old_size(c) ? new_size(c) - old_size(c) : 0;
}

bool mremap_unknown_flag(const struct why_case *c)
{
	return say_unknown_bits(c, c->args[3], MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, "flag of mremap");
}

bool mremap_fixed_alone(const struct why_case *c)
{
	return why_flag(c, MREMAP_FIXED) && !why_flag(c, MREMAP_MAYMOVE) &&
	       say(c, "MREMAP_FIXED is taken only together with MREMAP_MAYMOVE");
}

bool mremap_dontunmap_alone(const struct why_case *c)
{
	return why_flag(c, MREMAP_DONTUNMAP) && !why_flag(c, MREMAP_MAYMOVE) &&
	       say(c, "MREMAP_DONTUNMAP is taken only together with MREMAP_MAYMOVE");
}

bool mremap_dontunmap_resizes(const struct why_case *c)
{
	return why_flag(c, MREMAP_DONTUNMAP) && old_size(c) != new_size(c) &&
	       say(c, "MREMAP_DONTUNMAP moves pages as they are: old_size and new_size must be equal");
}

bool mremap_old_unaligned(const struct why_case *c)
{
	return say_unaligned(c, old_address(c), "old_address");
}

bool mremap_new_unaligned(const struct why_case *c)
{
	return why_flag(c, MREMAP_FIXED) && say_unaligned(c, c->args[4], "new_address");
}

bool mremap_new_size_zero(const struct why_case *c)
{
	return c->args[2] == 0 && say(c, "new_size is 0: a mapping cannot become empty; munmap removes one");
}

bool mremap_new_size_wraps(const struct why_case *c)
{
	return say_wrapped(c, c->args[2], "new_size");
}

/* EINVAL of every kernel with MREMAP_FIXED, and since Linux 6.17 without it. */
bool mremap_beyond(const struct why_case *c)
{
	return why_flag(c, MREMAP_FIXED) ? say_beyond(c, c->args[4], new_size(c), "the new range")
	                                 : say_beyond(c, 0, new_size(c), "new_size");
}

bool mremap_too_long(const struct why_case *c)
{
	return why_flag(c, MREMAP_MAYMOVE) && say_beyond(c, 0, new_size(c), "new_size");
}

bool mremap_overlap(const struct why_case *c)
{
	uint64_t to = c->args[4];

	if (!why_flag(c, MREMAP_FIXED) || !(old_address(c) < to + new_size(c) && to < old_address(c) + old_size(c)))
		return false;
	say(c, "the old range (");
	say_size(c, old_size(c));
	say(c, " at ");
	say_address(c, old_address(c));
	say(c, ") and the new range (");
	say_size(c, new_size(c));
	say(c, " at ");
	say_address(c, to);
	return say(c, ") overlap: the kernel maps the new one while the old one is still there");
}

bool mremap_private_alias(const struct why_case *c)
{
	const struct mapping *mapping = maps_find(c->before, old_address(c));

	return c->args[1] == 0 && mapping != NULL && mapping->perms[3] == 'p' &&
	       say(c, "old_size 0 duplicates shared mappings only; this one is private (since Linux 4.14)");
}

/* The first thing in the way of growing in place, or NULL. */
static const struct mapping *obstacle(const struct why_case *c)
{
	uint64_t end = old_address(c) + old_size(c);
	const struct mapping *next = maps_above(c->before, end);

	if (new_size(c) <= old_size(c) || next == NULL || next->start >= old_address(c) + new_size(c))
		return NULL;
	return next;
}

static void say_obstacle(const struct why_case *c)
{
	const struct mapping *taken = obstacle(c);
	uint64_t end = old_address(c) + old_size(c), stop = old_address(c) + new_size(c);
	uint64_t from = taken->start > end ? taken->start : end, to = taken->end < stop ? taken->end : stop;

	say_size(c, stop - end);
	say(c, " behind it are needed to grow in place, and ");
	say_size(c, to - from);
	say(c, " of that is taken by ");
	say_mapping(c, taken, from);
}

bool mremap_no_room(const struct why_case *c)
{
	if (why_flag(c, MREMAP_MAYMOVE) || obstacle(c) == NULL)
		return false;
	say_obstacle(c);
	return say(c, "; MREMAP_MAYMOVE would let it move");
}

bool mremap_over_limit(const struct why_case *c)
{
	return growth(c) > 0 && say_address_limit(c, growth(c));
}

/* VmFlags "ac": its growth is charged. */
bool mremap_over_policy(const struct why_case *c)
{
	return growth(c) > 0 && why_vmflag(c, old_address(c), "ac") && say_over_policy(c, growth(c));
}

/* A move may split what it leaves and what it replaces: prep_move_vma() and mremap_to(), mm/mremap.c. */
bool mremap_over_count(const struct why_case *c)
{
	if (why_flag(c, MREMAP_FIXED | MREMAP_DONTUNMAP))
		return say_map_count(c, 5);
	return why_flag(c, MREMAP_MAYMOVE) && obstacle(c) != NULL && say_map_count(c, 3);
}

bool mremap_over_memlock(const struct why_case *c)
{
	return growth(c) > 0 && why_vmflag(c, old_address(c), "lo") && say_over_memlock(c, growth(c));
}

bool mremap_unmapped(const struct why_case *c)
{
	if (maps_find(c->before, old_address(c)) == NULL)
		return say(c, "nothing is mapped at old_address");
	if (maps_covered(c->before, old_address(c), old_size(c)))
		return false;
	return say(c, "the old range has a hole: only part of it is mapped");
}

bool mremap_crosses(const struct why_case *c)
{
	const struct mapping *mapping = maps_find(c->before, old_address(c));

	if (mapping == NULL || mapping->end - old_address(c) >= old_size(c) ||
	    !maps_covered(c->before, old_address(c), old_size(c)))
		return false;
	say(c, "the old range crosses from one mapping into another at ");
	say_address(c, mapping->end);
	return say(c, ": one mremap takes pages of one mapping (Linux 6.17 and later move several, with MREMAP_FIXED and the "
	              "same size)");
}

bool mremap_sealed(const struct why_case *c)
{
	return say_sealed(c, old_address(c), old_size(c)) ||
	       (why_flag(c, MREMAP_FIXED) && say_sealed(c, c->args[4], new_size(c)));
}

/* What happened, where nothing failed. */
bool mremap_moved(const struct why_case *c)
{
	if ((uint64_t)c->result == old_address(c) || why_flag(c, MREMAP_FIXED | MREMAP_DONTUNMAP) || c->args[1] == 0)
		return false;
	if (obstacle(c) != NULL) {
		say_obstacle(c);
		say(c, ", so the kernel moved it (MREMAP_MAYMOVE). ");
	}
	return say(c, "The page tables were changed and no byte was copied: pages that are in memory keep their page frames, "
	              "and every pointer into the old range is stale.");
}

bool mremap_moved_fixed(const struct why_case *c)
{
	return why_flag(c, MREMAP_FIXED) &&
	       say(c, "MREMAP_FIXED put the mapping exactly at new_address. The kernel first unmapped what was in the "
	              "new_size bytes there, and only that; then it moved the page table entries. No byte was copied: pages "
	              "that are in memory keep their page frames.");
}

bool mremap_grew(const struct why_case *c)
{
	if ((uint64_t)c->result != old_address(c) || growth(c) == 0)
		return false;
	say(c, "The ");
	say_size(c, growth(c));
	return say(c, " behind it were free, so it grew in place and every pointer into it stays valid. The new pages have no "
	              "memory until they are touched.");
}

bool mremap_shrank(const struct why_case *c)
{
	if ((uint64_t)c->result != old_address(c) || new_size(c) >= old_size(c))
		return false;
	say(c, "Shrinking never moves. The last ");
	say_size(c, old_size(c) - new_size(c));
	return say(c, " were unmapped as munmap would have done, and their pages were freed at once.");
}

bool mremap_shared_object(const struct why_case *c)
{
	const struct mapping *mapping = maps_find(c->before, old_address(c));

	return mapping != NULL && mapping->perms[3] == 's' && mapping->major == 0 && growth(c) > 0 && c->args[1] != 0 &&
	       say(c, "The mapping grew, and the object behind it did not: a shared anonymous mapping is a file in memory "
	              "whose length was fixed by mmap. The new pages have nothing behind them.");
}
