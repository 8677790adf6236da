/* SPDX-License-Identifier: MIT */
/* Why a call that did not fail did what it did. */
#include "run/why-mremap.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* Linux 4.17 */
#endif

static void say_obstacle(const struct why_case *c)
{
	const struct mapping *taken = growth_obstacle(c);
	uint64_t end = old_address(c) + old_size(c);

	say_size(c, growth(c));
	say(c, " behind it are needed to grow in place, and ");
	say_size(c, growth_taken(c, taken));
	say(c, " of that is taken by ");
	say_mapping(c, taken, taken->start > end ? taken->start : end);
}

enum why_answer mremap_moved(struct why_case *c)
{
	if ((uint64_t)c->result == old_address(c) || why_flag(c, MREMAP_FIXED | MREMAP_DONTUNMAP) || c->args[1] == 0)
		return WHY_NO;
	if (growth_obstacle(c) != NULL) {
		say_obstacle(c);
		say(c, ", so the kernel moved it (MREMAP_MAYMOVE). ");
	}
	return say(c, "The page tables were changed and no byte was copied: pages that are in memory keep their page frames, "
	              "and every pointer into the old range is stale.");
}

enum why_answer mremap_moved_fixed(struct why_case *c)
{
	return why_flag(c, MREMAP_FIXED) ? say(c, "MREMAP_FIXED put the mapping exactly at new_address. The kernel first unmapped what was in the "
	              "new_size bytes there, and only that; then it moved the page table entries. No byte was copied: pages "
	              "that are in memory keep their page frames.") : WHY_NO;
}

enum why_answer mremap_grew(struct why_case *c)
{
	if ((uint64_t)c->result != old_address(c) || growth(c) == 0)
		return WHY_NO;
	const struct mapping *mapping = maps_find(c->before, old_address(c));

	say(c, "The ");
	say_size(c, growth(c));
	say(c, " behind it were free, so it grew in place and every pointer into it stays valid. ");
	return say(c, mapping != NULL && mapping->inode != 0 ? "The new pages show more of what is behind it, as far as that goes."
	                                                     : "The new pages have no memory until they are touched.");
}

enum why_answer mremap_shrank(struct why_case *c)
{
	if ((uint64_t)c->result != old_address(c) || new_size(c) >= old_size(c))
		return WHY_NO;
	const struct mapping *mapping = maps_find(c->before, old_address(c));

	say(c, "Shrinking never moves. The last ");
	say_size(c, old_size(c) - new_size(c));
	say(c, " were unmapped as munmap would have done");
	if (mapping != NULL && mapping->perms[3] == 's')
		return say(c, "; what they showed is still in the object behind the mapping.");
	if (mapping != NULL && mapping->inode != 0)
		return say(c, ", and copies that stores had made there are gone.");
	return say(c, ", and what was in them is gone.");
}

/* Whether the end of the mapping that the call left lies past the end of the object behind it; *length: of that. */
static enum why_answer is_past_object(const struct why_case *c, uint64_t *length)
{
	const struct mapping *now = c->after != NULL ? maps_find(c->after, (uint64_t)c->result) : NULL;

	if (now == NULL || !why_length(c, now, length))
		return WHY_PERHAPS;
	return now->offset + ((uint64_t)c->result + new_size(c) - now->start) > why_round_up(c, *length) ? WHY_YES : WHY_NO;
}

enum why_answer mremap_shared_object(struct why_case *c)
{
	const struct mapping *mapping = maps_find(c->before, old_address(c));
	uint64_t length;

	if (mapping == NULL || mapping->perms[3] != 's' || mapping->inode == 0 || growth(c) == 0 || c->args[1] == 0)
		return WHY_NO;
	bool fixed = is_shared_anonymous(mapping);
	enum why_answer past = is_past_object(c, &length);

	if (past == WHY_NO || (past == WHY_PERHAPS && !fixed))
		return WHY_NO;
	say(c, "The mapping grew, and the object behind it did not");
	say(c, fixed ? ": a shared anonymous mapping is a file in memory whose length was fixed by mmap. " : ". ");
	if (past == WHY_PERHAPS)
		return say(c, "Pages past its end have nothing behind them.");
	say(c, "It has ");
	say_size(c, length);
	return say(c, ", and pages past that have nothing behind them.");
}

enum why_answer mmap_placed(struct why_case *c)
{
	const struct mapping *above = maps_above(c->before, (uint64_t)c->result);
	uint64_t end = (uint64_t)c->result + why_round_up(c, c->args[1]);

	if (c->args[0] != 0 || why_flag(c, MAP_FIXED))
		return WHY_NO;
	say(c, "No address was asked for, so the kernel chose one");
	if (above == NULL || above->start != end)
		return say(c, ".");
	say(c, ": directly below ");
	say_mapping(c, above, end);
	return say(c, ". It looks for room from the top downwards, so a new mapping usually lands just below the last one.");
}

enum why_answer mmap_hint(struct why_case *c)
{
	if (c->args[0] == 0 || why_flag(c, MAP_FIXED) || why_flag(c, MAP_FIXED_NOREPLACE))
		return WHY_NO;
	if (c->args[0] % c->page != 0 && (uint64_t)c->result == c->args[0] / c->page * c->page)
		return say(c, "The address was a hint and no multiple of the page size, so the kernel rounded it down; the range there "
		              "was free, and it took it.");
	return say(c, (uint64_t)c->result == c->args[0]
	                  ? "The address was a hint, and the range there was free, so the kernel took it."
	                  : "The address was only a hint: the range there cannot be used, so the kernel chose another.");
}

enum why_answer mmap_replaced(struct why_case *c)
{
	uint64_t was = maps_mapped(c->before, c->args[0], why_round_up(c, c->args[1]), NULL);

	if (!why_flag(c, MAP_FIXED) || was == 0)
		return WHY_NO;
	say(c, "MAP_FIXED replaces without asking: ");
	say_size(c, was);
	return say(c, " that were mapped in this range are gone. It is safe only over a range that one reserved oneself.");
}

enum why_answer mmap_reservation(struct why_case *c)
{
	return c->args[2] == PROT_NONE && why_flag(c, MAP_ANONYMOUS) ? say(c, "PROT_NONE reserves addresses and nothing else: no memory, no commit charge, and no access until "
	              "something is mapped over it or mprotect allows it.") : WHY_NO;
}

enum why_answer mmap_noreserve(struct why_case *c)
{
	uint64_t policy;

	if (!why_flag(c, MAP_NORESERVE))
		return WHY_NO;
	if (!why_fact(c, FACT_OVERCOMMIT, &policy))
		return c->source != NULL && c->source->here
		       ? say(c, "What MAP_NORESERVE does hangs on the overcommit policy, which could not be read.") : WHY_NO;
	return say(c, policy == 2 ? "Under overcommit policy 2 MAP_NORESERVE is ignored: the mapping is charged."
	                          : "MAP_NORESERVE keeps the mapping out of the commit account: Committed_AS does not grow. "
	                            "It is accounting and no swap is set aside or spared; memory is still needed when "
	                            "pages are touched, and without any the OOM killer decides.");
}

enum why_answer munmap_several(struct why_case *c)
{
	size_t touching;
	uint64_t was = maps_mapped(c->before, c->args[0], why_round_up(c, c->args[1]), &touching);

	if (touching < 2)
		return WHY_NO;
	say(c, "One munmap may span several mappings, and holes: ");
	say_size(c, was);
	buf_printf(c->out, " in %zu mappings were unmapped.", touching);
	return WHY_YES;
}
