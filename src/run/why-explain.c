/* SPDX-License-Identifier: MIT */
/* Why a call that did not fail did what it did. */
#include "run/why-mmap.h"
#include "run/why-mremap.h"

#include "mm/kind.h"

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

/*
 * Whether KSM may have merged pages of what came to the new range: the kernel takes them apart before a move (ksm_madvise() in
 * prep_move_vma(), mm/mremap.c).  PERHAPS: it is not known; or there are many mappings, each of which would cost a look.
 */
static enum why_answer is_mergeable(const struct why_case *c)
{
	enum { LOOKS = 16 };
	const uint64_t start = (uint64_t)c->result;
	const struct mapping *at = NULL;
	struct why_case now = *c;
	unsigned looks = 0;

	for (now.before = c->after; (at = why_next(&now, start, new_size(c), at)) != NULL; looks++) {
		enum why_answer mergeable = looks < LOOKS ? why_vmflag(&now, at->start, "mg") : WHY_PERHAPS;

		if (mergeable != WHY_NO)
			return mergeable;
	}
	return WHY_NO;
}

/* After "no byte was copied". */
static void say_frames(const struct why_case *c)
{
	const enum why_answer mergeable = is_mergeable(c);

	if (mergeable == WHY_NO) {
		say(c, ": pages that are in memory keep their page frames");
		return;
	}
	say(c, mergeable == WHY_YES ? ", save of pages that KSM had merged"
	                            : ", save of pages that KSM had merged (it is not known whether it could merge any)");
	say(c, ", which the kernel takes apart before a move: the others that are in memory keep their page frames");
}

enum why_answer mremap_moved(struct why_case *c)
{
	if ((uint64_t)c->result == old_address(c) || why_flag(c, MREMAP_FIXED | MREMAP_DONTUNMAP) || old_size(c) == 0)
		return WHY_NO;
	if (growth_obstacle(c) != NULL) {
		say_obstacle(c);
		say(c, ", so the kernel moved it (MREMAP_MAYMOVE). ");
	}
	say(c, "The page tables were changed and no byte was copied");
	say_frames(c);
	return say(c, ", and every pointer into the old range is stale.");
}

enum why_answer mremap_moved_fixed(struct why_case *c)
{
	if (!why_flag(c, MREMAP_FIXED))
		return WHY_NO;
	size_t count;
	const uint64_t mapped = maps_mapped(c->before, old_address(c), old_size(c), &count);
	const bool hole = mapped < old_size(c) && old_size(c) == new_size(c);

	if (count > 1)
		say(c, "MREMAP_FIXED put the mappings exactly at new_address, one after the other, as far apart as they were. Where "
		       "each of them goes, the kernel first unmapped what was there, and only that");
	else
		say_format(c, "MREMAP_FIXED put the mapping exactly at new_address. The kernel first unmapped what was %s, and only that",
		           hole ? "where it goes" : "in the new_size bytes there");
	if (old_size(c) == 0)
		return say(c, ".");
	say(c, "; then it moved the page table entries. No byte was copied");
	say_frames(c);
	return say(c, hole ? ". Where the old range has a hole, what is in the new one was left as it was." : ".");
}

static bool is_in_place(const struct why_case *c)
{
	return (uint64_t)c->result == old_address(c) && c->before != NULL && c->after != NULL && !why_flag(c, MREMAP_FIXED | MREMAP_DONTUNMAP);
}

/* Sizes of mappings of huge pages are rounded up to those. */
static enum why_answer say_same(struct why_case *c)
{
	if (why_vmflag_after(c, old_address(c), "ht") != WHY_YES)
		return WHY_NO;
	return say(c, "Both sizes are the same in whole huge pages, so nothing changed.");
}

enum why_answer mremap_grew(struct why_case *c)
{
	if (!is_in_place(c) || growth(c) == 0)
		return WHY_NO;
	const struct mapping *mapping = maps_find(c->before, old_address(c));

	if (maps_mapped(c->before, old_address(c) + old_size(c), growth(c), NULL) != 0)
		return say_same(c);
	say(c, "The ");
	say_size(c, growth(c));
	say(c, " behind it were free, so it grew in place and every pointer into it stays valid.");
	if (mapping != NULL && mapping_has_file(mapping))
		return say(c, " The new pages show more of what is behind it, as far as that goes.");
	enum why_answer locked = why_vmflag_after(c, old_address(c), "lo");

	if (locked == WHY_YES)
		return WHY_YES;
	return say(c, locked == WHY_NO ? " The new pages have no memory until they are touched."
	                               : " The new pages have no memory until they are touched, unless they are locked, which is not known.");
}

enum why_answer mremap_shrank(struct why_case *c)
{
	if (!is_in_place(c) || new_size(c) >= old_size(c))
		return WHY_NO;
	const struct mapping *mapping = maps_find(c->before, old_address(c));
	uint64_t gone = maps_mapped(c->before, old_address(c), old_size(c), NULL) - maps_mapped(c->after, old_address(c), old_size(c), NULL);

	if (gone == 0)
		return say_same(c);
	say(c, "Without MREMAP_FIXED, shrinking never moves. The last ");
	say_size(c, gone);
	say(c, " were unmapped as munmap would have done");
	if (mapping != NULL && mapping->perms[3] == 's')
		return say(c, "; what they showed is still in the object behind the mapping.");
	if (mapping != NULL && mapping_has_file(mapping))
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

	if (mapping == NULL || mapping->perms[3] != 's' || !mapping_has_file(mapping) || growth(c) == 0 || old_size(c) == 0)
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

/* Whether the mapping is of hugetlbfs, with a file or without. */
static bool mmap_is_huge(struct why_case *c)
{
	struct why_file file;

	return mmap_is_anonymous(c) ? why_flag(c, MAP_HUGETLB) : mmap_file(c, &file) && file.huge;
}

/* The bytes that were mapped: whole pages, of hugetlbfs whole huge pages; 0: not known. */
static uint64_t mapped_length(struct why_case *c)
{
	uint64_t page = 0;

	if (!mmap_is_huge(c))
		return mmap_length(c);
	if (mmap_is_anonymous(c))
		page = mmap_huge_page(c);
	return page != 0 ? (c->args[1] + page - 1) / page * page : 0;
}

/* How far from an end of what is free the kernel may keep a mapping: addresses are aligned for huge pages, and for caches. */
static uint64_t alignment_of(const struct why_case *c, uint64_t length)
{
	if (length >= UINT64_C(1) << 20)
		return UINT64_C(1) << 30;
	return mmap_is_anonymous(c) && !mmap_is_shared(c) ? 0 : UINT64_C(1) << 20;
}

/* Where the stack ends: near the end of the address space.  0: there is none. */
static uint64_t stack_end(const struct maps *maps)
{
	struct maps_place place = maps_place(maps, UINT64_MAX);

	while (maps_backward(&place)) {
		if (mapping_is_named(place.at, "[stack]"))
			return place.at->end;
	}
	return 0;
}

/*
 * Whether the mapping can only have been found from the top: a search from the bottom upwards, as in the legacy layout
 * (setarch -L), begins somewhere in the lower three quarters (TASK_UNMAPPED_BASE is at most the half, to which a random
 * number is added), and would have taken what is free between there and the result.
 */
static bool is_from_top(const struct why_case *c, uint64_t length)
{
	const uint64_t needed = length + alignment_of(c, length) + GUARD_GAP * c->page, result = (uint64_t)c->result;
	uint64_t from = stack_end(c->before) / 4 * 3;

	if (from == 0)
		return false;
	while (from < result) {
		const struct mapping *at = maps_above(c->before, from);
		uint64_t to = at != NULL && at->start < result ? at->start : result;

		if (to > from && to - from >= needed)
			return true;
		from = at != NULL ? at->end : result;
	}
	return false;
}

/* Whether the address was no hint: a kernel that does not know MAP_FIXED_NOREPLACE (before 4.17) takes it for one. */
static bool is_at_address(const struct why_case *c)
{
	return why_flag(c, MAP_FIXED) || (why_flag(c, MAP_FIXED_NOREPLACE) && (uint64_t)c->result == c->args[0]);
}

/* The kernel rounds a hint down. */
static uint64_t hint_of(const struct why_case *c)
{
	return c->args[0] / c->page * c->page;
}

enum why_answer mmap_placed(struct why_case *c)
{
	const struct mapping *above = maps_above(c->before, (uint64_t)c->result);
	uint64_t length = mapped_length(c), end = (uint64_t)c->result + length;

	if (hint_of(c) != 0 || is_at_address(c))
		return WHY_NO;
	say(c, c->args[0] == 0 ? "No address was asked for" : "The address rounds down to 0, in whole pages, which asks for none");
	say(c, ", so the kernel chose one");
	if (length == 0 || above == NULL || above->start != end)
		return say(c, ".");
	say(c, ": directly below ");
	say_mapping(c, above, end);
	say(c, ".");
	return is_from_top(c, length) ? say(c, " It looks for room from the top downwards, so a new mapping usually lands just below the last one.")
	                              : WHY_YES;
}

/* Whether the kernel raised the hint to its minimum, round_hint_to_min(): no search for room ends so far down, and so alone. */
enum { LOW_MOST = 1 << 20 };
static bool is_raised(const struct why_case *c, uint64_t length)
{
	const uint64_t result = (uint64_t)c->result;
	const struct mapping *above = maps_above(c->before, result);

	return result > hint_of(c) && result < LOW_MOST && (above == NULL || above->start > result + length);
}

/* Why a hint was not taken, where that can be told: the checks of arch_get_unmapped_area_topdown() and of its callers. */
static enum why_answer say_not_taken(struct why_case *c, uint64_t length)
{
	const uint64_t hint = hint_of(c), end = hint + length, huge = mmap_is_huge(c) && mmap_is_anonymous(c) ? mmap_huge_page(c) : 0;
	const struct mapping *above = maps_above(c->before, hint);

	if (length != 0 && is_raised(c, length))
		return say(c, ", below the lowest that the kernel takes (vm.mmap_min_addr, or a security module's minimum), so the kernel "
		              "raised it to that.");
	if (huge != 0 && (uint64_t)c->result == (hint + huge - 1) / huge * huge)
		return say(c, ", which the kernel rounded up to a multiple of the size of huge pages.");
	if (above != NULL && (above->start <= hint || above->start < end)) {
		say(c, ", and the range there is taken by ");
		say_mapping(c, above, above->start > hint ? above->start : hint);
		return say(c, ", so the kernel chose another.");
	}
	if (length != 0 && say_beyond(c, hint, length, ", and the range there") == WHY_YES)
		return say(c, ", so the kernel chose another.");
	if (above != NULL && length != 0 && above->start - end < GUARD_GAP * c->page && why_vmflag_after(c, above->start, "gd") == WHY_YES) {
		say(c, ", and the kernel keeps room free below ");
		say_mapping(c, above, above->start);
		return say(c, ", which grows down, so it chose another.");
	}
	say(c, ", and it is not known why the kernel chose another");
	return say(c, hint < LOW_MOST ? ": it raises one that is below its minimum (vm.mmap_min_addr, or a security module's)." : ".");
}

enum why_answer mmap_hint(struct why_case *c)
{
	if (hint_of(c) == 0 || is_at_address(c))
		return WHY_NO;
	if ((uint64_t)c->result != hint_of(c)) {
		say(c, "The address was only a hint");
		if (why_flag(c, MAP_FIXED_NOREPLACE))
			say(c, " to this kernel, which does not know MAP_FIXED_NOREPLACE");
		return say_not_taken(c, mapped_length(c));
	}
	return say(c, c->args[0] % c->page != 0
	                  ? "The address was a hint and no multiple of the page size, so the kernel rounded it down; the range there was "
	                    "free, and it took it."
	                  : "The address was a hint, and the range there was free, so the kernel took it.");
}

enum why_answer mmap_replaced(struct why_case *c)
{
	uint64_t was = maps_mapped(c->before, c->args[0], mapped_length(c), NULL);

	if (!why_flag(c, MAP_FIXED) || was == 0)
		return WHY_NO;
	say(c, "MAP_FIXED replaces without asking: ");
	say_size(c, was);
	return say(c, " that were mapped in this range are gone. It is safe only over a range that one reserved oneself.");
}

enum why_answer mmap_reservation(struct why_case *c)
{
	uint64_t policy;

	if (c->args[2] != PROT_NONE || !mmap_is_anonymous(c) || mmap_is_huge(c))
		return WHY_NO;
	if (!mmap_is_shared(c))
		return say(c, "PROT_NONE reserves addresses and nothing else: no memory, no commit charge, and no access until "
		              "something is mapped over it or mprotect allows it.");
	say(c, "PROT_NONE allows no access until something is mapped over it or mprotect allows it.");
	if (why_flag(c, MAP_NORESERVE) && (!why_fact(c, FACT_OVERCOMMIT, &policy) || policy != 2))
		return WHY_YES;
	return say(c, " The commit account is charged with all of it at once, since it is shared.");
}

/* Whether, and when, memory of this mapping is charged to the commit account: mm/vma.c, accountable_mapping(); mm/shmem.c. */
enum charge { CHARGED_NEVER, CHARGED_BY_MMAP, CHARGED_WHEN_WRITABLE, CHARGED_SHARED };

static enum charge charge_of(const struct why_case *c)
{
	if (mmap_is_shared(c))
		return mmap_is_anonymous(c) ? CHARGED_SHARED : CHARGED_NEVER;
	if (mmap_type(c) != MAP_PRIVATE)
		return CHARGED_NEVER;
	return (mmap_prot(c) & PROT_WRITE) != 0 ? CHARGED_BY_MMAP : CHARGED_WHEN_WRITABLE;
}

enum why_answer mmap_noreserve(struct why_case *c)
{
	static const char *const free_of[] = {
		[CHARGED_BY_MMAP] = "MAP_NORESERVE keeps the mapping out of the commit account: Committed_AS does not grow. "
		                    "It is accounting and no swap is set aside or spared; memory is still needed when "
		                    "pages are touched, and without any the OOM killer decides.",
		[CHARGED_WHEN_WRITABLE] = "Private memory that cannot be written is not charged to the commit account; MAP_NORESERVE "
		                          "keeps it out when mprotect makes it writable, too.",
		[CHARGED_SHARED] = "MAP_NORESERVE: the commit account is not charged by mmap, but with each page of the shared memory "
		                   "when that comes.",
	};
	static const char *const charged[] = {
		[CHARGED_BY_MMAP] = "the mapping is charged.",
		[CHARGED_WHEN_WRITABLE] = "the mapping is charged when it becomes writable.",
		[CHARGED_SHARED] = "the mapping is charged.",
	};
	enum charge charge = charge_of(c);
	uint64_t policy;

	if (!why_flag(c, MAP_NORESERVE))
		return WHY_NO;
	if (mmap_is_huge(c))
		return say(c, "MAP_NORESERVE: no huge pages of the pool are set aside for the mapping; a touch that finds none free is "
		              "SIGBUS.");
	if (charge == CHARGED_NEVER)
		return WHY_NO;
	if (!why_fact(c, FACT_OVERCOMMIT, &policy))
		return c->source != NULL && c->source->here
		       ? say(c, "What MAP_NORESERVE does hangs on the overcommit policy, which could not be read.") : WHY_NO;
	return policy == 2 ? say_format(c, "Under overcommit policy 2 MAP_NORESERVE is ignored: %s", charged[charge]) : say(c, free_of[charge]);
}

/* The new mapping is no line of its own: a neighbour was longer afterwards. */
enum why_answer mmap_merged(struct why_case *c)
{
	uint64_t start = (uint64_t)c->result, length = mapped_length(c), end = start + length;
	const struct mapping *now = c->after != NULL ? maps_find(c->after, start) : NULL;

	if (now == NULL || length == 0 || (now->start == start && now->end == end))
		return WHY_NO;
	return say(c, "It is like its neighbour in every respect (permissions, flags, object and the place in it), so the kernel made "
	              "one mapping of both.");
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
