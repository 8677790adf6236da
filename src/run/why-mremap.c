/* SPDX-License-Identifier: MIT */
/* The rules of mremap(2), in the order of the kernel's mm/mremap.c (Linux 6.17 and later). */
#include "run/why-mremap.h"

#include <inttypes.h>

/* With either flag the kernel looks at new_address. */
static bool looks_at_new(const struct why_case *c)
{
	return why_flag(c, MREMAP_FIXED | MREMAP_DONTUNMAP);
}

/* Several mappings may move in one call (Linux 6.17), with holes between them. */
static bool moves_only(const struct why_case *c)
{
	return why_flag(c, MREMAP_FIXED) && old_size(c) == new_size(c);
}

/* The mapping at old_address, or NULL, also where the maps are not known. */
static const struct mapping *old_mapping(const struct why_case *c)
{
	return c->before != NULL ? maps_find(c->before, old_address(c)) : NULL;
}

static bool is_private(const struct mapping *mapping)
{
	return mapping->perms[3] == 'p';
}

enum why_answer mremap_unknown_flag(struct why_case *c)
{
	return say_unknown_bits(c, c->args[3], MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
	                        "flag of mremap, which has MREMAP_MAYMOVE (1), MREMAP_FIXED (2) and MREMAP_DONTUNMAP (4)");
}

enum why_answer mremap_old_unaligned(struct why_case *c)
{
	return say_unaligned(c, old_address(c), "old_address");
}

enum why_answer mremap_new_size_zero(struct why_case *c)
{
	return c->args[2] == 0 ? say(c, "new_size is 0: a mapping cannot become empty; munmap removes one") : WHY_NO;
}

enum why_answer mremap_new_size_wraps(struct why_case *c)
{
	return say_wrapped(c, c->args[2], "new_size");
}

/* EINVAL since Linux 6.17; before, ENOMEM where a size that moves finds no gap, or one that stays no room. */
enum why_answer mremap_too_long(struct why_case *c)
{
	return say_beyond(c, 0, new_size(c), "new_size");
}

/* Shrinking unmaps the end of the old range, whatever is there. */
enum why_answer mremap_old_beyond(struct why_case *c)
{
	return new_size(c) < old_size(c) ? say_beyond(c, old_address(c), old_size(c), "the old range") : WHY_NO;
}

enum why_answer mremap_new_beyond(struct why_case *c)
{
	if (!looks_at_new(c) || mremap_too_long(c) == WHY_YES)
		return WHY_NO;
	return say_beyond(c, new_address(c), new_size(c), "the new range");
}

enum why_answer mremap_new_unaligned(struct why_case *c)
{
	return looks_at_new(c) ? say_unaligned(c, new_address(c), "new_address") : WHY_NO;
}

enum why_answer mremap_fixed_alone(struct why_case *c)
{
	if (!why_flag(c, MREMAP_FIXED) || why_flag(c, MREMAP_MAYMOVE))
		return WHY_NO;
	return say(c, "MREMAP_FIXED is taken only together with MREMAP_MAYMOVE");
}

enum why_answer mremap_dontunmap_alone(struct why_case *c)
{
	if (!why_flag(c, MREMAP_DONTUNMAP) || why_flag(c, MREMAP_MAYMOVE))
		return WHY_NO;
	return say(c, "MREMAP_DONTUNMAP is taken only together with MREMAP_MAYMOVE");
}

enum why_answer mremap_dontunmap_resizes(struct why_case *c)
{
	if (!why_flag(c, MREMAP_DONTUNMAP) || old_size(c) == new_size(c))
		return WHY_NO;
	say(c, "MREMAP_DONTUNMAP moves pages as they are: old_size and new_size must be equal, and they are ");
	say_size(c, old_size(c));
	say(c, " and ");
	say_size(c, new_size(c));
	return WHY_YES;
}

enum why_answer mremap_overlap(struct why_case *c)
{
	uint64_t from = old_address(c), to = new_address(c);

	if (!looks_at_new(c) || !(from < to + new_size(c) && to < from + old_size(c)))
		return WHY_NO;
	say(c, "the old range (");
	say_size(c, old_size(c));
	say(c, " at ");
	say_address(c, from);
	say(c, ") and the new range (");
	say_size(c, new_size(c));
	say(c, " at ");
	say_address(c, to);
	return say(c, ") overlap: the kernel maps the new one while the old one is still there");
}

enum why_answer mremap_colour(struct why_case *c)
{
	const struct mapping *mapping = old_mapping(c);

	if (!why_flag(c, MREMAP_FIXED))
		return WHY_NO;
	if (!why_knows_maps(c))
		return why_has_colours() ? WHY_PERHAPS : WHY_NO;
	if (mapping == NULL || is_private(mapping))
		return WHY_NO;
	return say_colour(c, new_address(c), mapping->offset + (old_address(c) - mapping->start), "new_address");
}

/* What is replaced, unmapped or moved is a part of such a mapping. */
enum why_answer mremap_special_cut(struct why_case *c)
{
	if (why_flag(c, MREMAP_FIXED) && say_special_cut(c, new_address(c), new_size(c)) == WHY_YES)
		return WHY_YES;
	if (new_size(c) < old_size(c) && say_special_cut(c, old_address(c) + new_size(c), old_size(c) - new_size(c)) == WHY_YES)
		return WHY_YES;
	return why_flag(c, MREMAP_MAYMOVE) ? say_special_cut(c, old_address(c), old_size(c)) : WHY_NO;
}

/* align_hugetlb() of a mapping of huge pages. */
enum why_answer mremap_huge_unaligned(struct why_case *c)
{
	uint64_t size;
	const struct mapping *mapping = old_mapping(c);

	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	enum why_answer huge = mapping != NULL ? why_vmflag(c, mapping->start, "ht") : WHY_NO;

	if (huge != WHY_YES || !why_fact(c, FACT_HUGE_SIZE, &size) || size == 0)
		return huge == WHY_YES ? WHY_PERHAPS : huge;
	if (old_address(c) % size == 0 && (!looks_at_new(c) || new_address(c) % size == 0))
		return WHY_NO;
	say_mapping(c, mapping, old_address(c));
	say(c, " is of huge pages, so old_address and new_address must be multiples of ");
	say_size(c, size);
	return WHY_YES;
}

enum why_answer mremap_huge_grows(struct why_case *c)
{
	const struct mapping *mapping = old_mapping(c);

	if (growth(c) == 0)
		return WHY_NO;
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	enum why_answer huge = mapping != NULL ? why_vmflag(c, mapping->start, "ht") : WHY_NO;

	if (huge != WHY_YES)
		return huge;
	say_mapping(c, mapping, old_address(c));
	return say(c, " is of huge pages, and such a mapping cannot grow; map a new one");
}

void say_old_size_zero(const struct why_case *c)
{
	if (c->args[1] == 0)
		say(c, "old_size 0");
	else
		say_format(c, "old_size %#" PRIx64 " rounds up, in whole pages, to 0, which", c->args[1]);
}

enum why_answer mremap_private_alias(struct why_case *c)
{
	const struct mapping *mapping = old_mapping(c);

	if (old_size(c) != 0)
		return WHY_NO;
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	if (mapping == NULL || !is_private(mapping))
		return WHY_NO;
	say_old_size_zero(c);
	say(c, " duplicates shared mappings only; ");
	say_mapping(c, mapping, old_address(c));
	return say(c, " is private (since Linux 4.14)");
}

/* Whether the mapping at old_address is VM_DONTEXPAND or VM_PFNMAP: one of huge pages, or that the kernel or a driver set up. */
static enum why_answer is_special(struct why_case *c)
{
	const struct mapping *mapping = old_mapping(c);

	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	if (mapping == NULL)
		return WHY_NO;
	enum why_answer fixed = why_vmflag(c, mapping->start, "de");

	return fixed == WHY_NO ? why_vmflag(c, mapping->start, "pf") : fixed;
}

enum why_answer mremap_dontunmap_special(struct why_case *c)
{
	enum why_answer special = why_flag(c, MREMAP_DONTUNMAP) ? is_special(c) : WHY_NO;

	if (special != WHY_YES)
		return special;
	say_mapping(c, old_mapping(c), old_address(c));
	say(c, why_vmflag(c, old_address(c), "ht") == WHY_YES ? " is of huge pages"
	                                                       : " was set up by the kernel or a driver (VmFlags de or pf)");
	return say(c, ", and MREMAP_DONTUNMAP takes no such mapping");
}

/* vma_to_resize() before Linux 5.13; a kernel that takes all mappings never refuses one for this. */
enum why_answer mremap_dontunmap_object(struct why_case *c)
{
	const struct mapping *mapping = old_mapping(c);

	if (!why_flag(c, MREMAP_DONTUNMAP) || why_keeps_objects() || old_size(c) != new_size(c) ||
	    !why_flag(c, MREMAP_MAYMOVE))
		return WHY_NO;
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	if (mapping == NULL || (is_private(mapping) && !mapping_has_file(mapping)) || is_special(c) == WHY_YES)
		return WHY_NO;
	say_mapping(c, mapping, old_address(c));
	return say(c, " is not private anonymous memory, and this kernel's MREMAP_DONTUNMAP takes nothing else (Linux 5.13 and later do)");
}

enum why_answer mremap_special(struct why_case *c)
{
	enum why_answer special = old_size(c) != new_size(c) ? is_special(c) : WHY_NO;

	if (special != WHY_YES)
		return special;
	say_mapping(c, old_mapping(c), old_address(c));
	return say(c, " was set up by the kernel or a driver (VmFlags de or pf): it may be moved and not be given another size");
}

const struct mapping *growth_obstacle(const struct why_case *c)
{
	const struct mapping *next = c->before != NULL ? maps_above(c->before, old_address(c) + old_size(c)) : NULL;

	return next != NULL && growth(c) > 0 && next->start < old_address(c) + new_size(c) ? next : NULL;
}

uint64_t growth_taken(const struct why_case *c, const struct mapping *obstacle)
{
	uint64_t end = old_address(c) + old_size(c), stop = old_address(c) + new_size(c);

	return (obstacle->end < stop ? obstacle->end : stop) - (obstacle->start > end ? obstacle->start : end);
}

static void say_obstacle(const struct why_case *c)
{
	const struct mapping *taken = growth_obstacle(c);
	uint64_t end = old_address(c) + old_size(c);

	say(c, "growing in place needs ");
	say_range(c, end, old_address(c) + new_size(c));
	say(c, ", and ");
	say_size(c, growth_taken(c, taken));
	say(c, " of it is taken by ");
	say_mapping(c, taken, taken->start > end ? taken->start : end);
}

enum why_answer mremap_alias_in_place(struct why_case *c)
{
	if (old_size(c) != 0 || why_flag(c, MREMAP_MAYMOVE))
		return WHY_NO;
	say_old_size_zero(c);
	return say(c, " makes a second mapping of the same pages, which cannot be where the first one is; "
	              "MREMAP_MAYMOVE lets the kernel choose a place");
}

enum why_answer mremap_no_room(struct why_case *c)
{
	uint64_t end = old_address(c) + old_size(c);

	if (why_flag(c, MREMAP_MAYMOVE) || growth(c) == 0 || old_size(c) == 0)
		return WHY_NO;
	if (mremap_too_long(c) == WHY_YES)
		return WHY_YES;
	if (!why_knows_maps(c)) {
		say(c, "growing in place needs ");
		say_range(c, end, old_address(c) + new_size(c));
		say(c, ", and something is mapped there; MREMAP_MAYMOVE would let it move");
		return WHY_PERHAPS;
	}
	if (growth_obstacle(c) == NULL) {
		if (say_beyond(c, old_address(c), new_size(c), "growing in place") == WHY_NO)
			return WHY_NO;
	} else {
		say_obstacle(c);
	}
	return say(c, "; MREMAP_MAYMOVE would let it move");
}

/* The growth of a mapping that may move, where no gap is as long as the new size. */
enum why_answer mremap_no_gap(struct why_case *c)
{
	struct why_case as_mmap = *c;

	if (!why_flag(c, MREMAP_MAYMOVE) || why_flag(c, MREMAP_FIXED) || growth(c) == 0)
		return WHY_NO;
	if (mremap_too_long(c) == WHY_YES)
		return WHY_YES;
	if (why_knows_maps(c) && growth_obstacle(c) == NULL)
		return WHY_NO;
	as_mmap.args[0] = 0;
	as_mmap.args[1] = new_size(c);
	as_mmap.args[3] = 0;
	enum why_answer answer = mmap_no_gap(&as_mmap);

	c->lacking |= as_mmap.lacking;
	return answer;
}

/* With MREMAP_DONTUNMAP the old range stays, so that all of the new one comes on top. */
static uint64_t added(const struct why_case *c)
{
	return why_flag(c, MREMAP_DONTUNMAP) ? old_size(c) : growth(c);
}

enum why_answer mremap_over_limit(struct why_case *c)
{
	return added(c) > 0 ? say_address_limit(c, added(c)) : WHY_NO;
}

enum why_answer mremap_over_data(struct why_case *c)
{
	const struct mapping *mapping = old_mapping(c);

	if (added(c) == 0 || (mapping != NULL && (!is_private(mapping) || mapping->perms[1] != 'w')))
		return WHY_NO;
	return why_knows_maps(c) ? say_data_limit(c, added(c)) : WHY_PERHAPS;
}

/* VmFlags "ac": its growth is charged. */
enum why_answer mremap_over_policy(struct why_case *c)
{
	enum why_answer counted = added(c) > 0 && why_knows_maps(c) && old_mapping(c) != NULL
	                                  ? why_vmflag(c, old_address(c), "ac") : WHY_NO;

	if (added(c) == 0 || (counted == WHY_NO && c->before != NULL))
		return WHY_NO;
	/* What moves is charged for its growth only, as what stays is: vrm_calc_charge(), mm/mremap.c. */
	enum why_answer answer = say_over_policy(c, added(c));

	return answer == WHY_YES && counted != WHY_YES ? WHY_PERHAPS : answer;
}

/* check_mremap_params() and prep_move_vma() keep some mappings in reserve for the splits that a move makes. */
enum why_answer mremap_over_count(struct why_case *c)
{
	static const char moving[] = "a move may split what it leaves and what it replaces, and needs up to 5 more";

	if (looks_at_new(c))
		return say_map_count(c, 5, moving);
	if (new_size(c) < old_size(c))
		return say_cut_count(c, old_address(c) + new_size(c), old_size(c) - new_size(c));
	if (!why_flag(c, MREMAP_MAYMOVE) || growth(c) == 0 || (c->before != NULL && growth_obstacle(c) == NULL))
		return WHY_NO;
	return say_map_count(c, 3, "a move may split what it leaves, and needs up to 3 more");
}

enum why_answer mremap_over_memlock(struct why_case *c)
{
	enum why_answer locked = WHY_PERHAPS;

	if (growth(c) == 0)
		return WHY_NO;
	if (why_knows_maps(c))
		locked = old_mapping(c) != NULL ? why_vmflag(c, old_address(c), "lo") : WHY_NO;
	enum why_answer over = locked != WHY_NO ? say_over_memlock(c, growth(c)) : WHY_NO;

	if (over == WHY_YES)
		say(c, "; the mapping is locked, and so are the pages that it grows by");
	return over == WHY_YES && locked != WHY_YES ? WHY_PERHAPS : over;
}

enum why_answer mremap_unmapped(struct why_case *c)
{
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	if (old_mapping(c) != NULL)
		return say_vsyscall(c, c->before, old_address(c));
	say(c, "nothing is mapped at old_address, ");
	say_address(c, old_address(c));
	return WHY_YES;
}

/* How much of the old range must be one mapping: what shrinking takes away need not, nor what stays in place. */
static uint64_t needed_whole(const struct why_case *c)
{
	uint64_t size = new_size(c) < old_size(c) ? new_size(c) : old_size(c);

	return growth(c) > 0 || looks_at_new(c) ? size : 0;
}

/* vma_multi_allowed(), mm/mremap.c. */
static const char several[] = " (Linux 6.17 and later move several, with MREMAP_FIXED and the same size, and none of them registered "
                              "with userfaultfd)";

enum why_answer mremap_hole(struct why_case *c)
{
	const struct mapping *mapping = old_mapping(c);

	if (needed_whole(c) == 0)
		return WHY_NO;
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	if (mapping == NULL || is_vsyscall(mapping) || maps_covered(c->before, old_address(c), needed_whole(c)))
		return WHY_NO;
	uint64_t at = mapping->end;

	for (mapping = maps_find(c->before, at); mapping != NULL; mapping = maps_find(c->before, at))
		at = mapping->end;
	say(c, "the old range has a hole: only part of it is mapped, and nothing is at ");
	say_address(c, at);
	return moves_only(c) ? say(c, several) : WHY_YES;
}

enum why_answer mremap_crosses(struct why_case *c)
{
	const struct mapping *mapping = old_mapping(c);

	if (needed_whole(c) == 0)
		return WHY_NO;
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	if (mapping == NULL || mapping->end - old_address(c) >= needed_whole(c) ||
	    !maps_covered(c->before, old_address(c), needed_whole(c)))
		return WHY_NO;
	say(c, "the old range crosses from one mapping into another at ");
	say_address(c, mapping->end);
	say(c, ": one mremap takes pages of one mapping");
	return say(c, several);
}

enum why_answer mremap_sealed(struct why_case *c)
{
	return say_sealed(c, old_address(c), old_size(c) != 0 ? old_size(c) : 1);
}

enum why_answer mremap_new_sealed(struct why_case *c)
{
	return why_flag(c, MREMAP_FIXED) ? say_sealed(c, new_address(c), new_size(c)) : WHY_NO;
}

enum why_answer mremap_low(struct why_case *c)
{
	return why_flag(c, MREMAP_FIXED) ? say_low(c, new_address(c)) : WHY_NO;
}
