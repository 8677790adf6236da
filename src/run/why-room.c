/* SPDX-License-Identifier: MIT */
/* The rules of mmap(2) about room and limits, and those of munmap(2), in the order of the kernel's mm/mmap.c and mm/vma.c. */
#include "run/why-mmap.h"

#include <errno.h>
#include <stdio.h>

enum why_answer mmap_over_memlock(struct why_case *c)
{
	enum why_answer answer = say_over_memlock(c, mmap_length(c));

	/* MAP_LOCKED, or what else locks a new mapping. */
	if (answer == WHY_YES && !why_flag(c, MAP_LOCKED))
		say(c, "; without MAP_LOCKED it is mlockall(MCL_FUTURE), called before, that locks it, or memfd_secret");
	return answer;
}

enum why_answer mmap_length_wraps(struct why_case *c)
{
	return say_wrapped(c, c->args[1], "the length");
}

/* A figure of the pool of huge pages of one size, which the machine's /sys has. */
static bool pool_figure(uint64_t size, const char *name, uint64_t *value)
{
	char path[96];
	unsigned long long number;

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%llukB/%s", (unsigned long long)(size >> 10), name);
	FILE *file = fopen(path, "re");
	bool found = file != NULL && fscanf(file, "%llu", &number) == 1;

	if (file != NULL)
		fclose(file);
	if (found)
		*value = number;
	return found;
}

enum why_answer mmap_no_huge_pages(struct why_case *c)
{
	uint64_t unused, promised, size, surplus;
	struct why_file file;
	bool by_file = !mmap_is_anonymous(c) && mmap_file(c, &file) && file.examined && file.huge;

	if ((!why_flag(c, MAP_HUGETLB) && !by_file) || why_flag(c, MAP_NORESERVE))
		return WHY_NO;
	size = by_file ? 0 : mmap_huge_page(c);
	if ((size == 0 && !why_fact(c, FACT_HUGE_SIZE, &size)) || size == 0)
		return WHY_PERHAPS;
	if (c->source == NULL || !c->source->here || !pool_figure(size, "free_hugepages", &unused) ||
	    !pool_figure(size, "resv_hugepages", &promised) || !pool_figure(size, "nr_overcommit_hugepages", &surplus)) {
		c->lacking |= LACK_MACHINE;
		return WHY_PERHAPS;
	}
	uint64_t needed = c->args[1] / size + (c->args[1] % size != 0);

	if (unused + surplus > promised && needed <= unused + surplus - promised)
		return WHY_NO;
	say_format(c, "%s needs %llu huge page%s of ", by_file ? "this file" : "MAP_HUGETLB", (unsigned long long)needed,
	           needed == 1 ? "" : "s");
	say_size(c, size);
	say_format(c, ", and of the machine's pool %llu are free and %llu of those are promised to others; nr_hugepages in "
	           "/sys/kernel/mm/hugepages/hugepages-%llukB sets how many there are", (unsigned long long)unused,
	           (unsigned long long)promised, (unsigned long long)(size >> 10));
	return WHY_YES;
}

/* do_mmap() lets the last one in: more than the sysctl. */
enum why_answer mmap_over_count(struct why_case *c)
{
	return say_map_count(c, -1, "a new one cannot be made");
}

enum why_answer mmap_too_long(struct why_case *c)
{
	return say_beyond(c, 0, mmap_length(c), "the length");
}

/* The error of which differs by processor: of two rules one holds. */
static enum why_answer say_fixed_beyond(struct why_case *c, int error)
{
	if (!mmap_is_fixed(c) || why_beyond_error() != error || mmap_is_beyond(c, 0, mmap_length(c)))
		return WHY_NO;
	return say_beyond(c, c->args[0], mmap_length(c), "the range");
}

enum why_answer mmap_fixed_beyond(struct why_case *c)
{
	return say_fixed_beyond(c, ENOMEM);
}

enum why_answer mmap_beyond(struct why_case *c)
{
	return say_fixed_beyond(c, EINVAL);
}

#ifdef MAP_32BIT
/* The widest range from low to end that nothing is mapped in. */
static uint64_t widest_gap(const struct why_case *c, uint64_t low, uint64_t end)
{
	uint64_t from = low, most = 0;
	const struct mapping *at = maps_above(c->before, low);

	for (; at != NULL && at->start < end; at = maps_above(c->before, from)) {
		if (at->start > from && at->start - from > most)
			most = at->start - from;
		from = at->end;
	}
	return end > from && end - from > most ? end - from : most;
}
#endif

/* The widest free range is too short, or what the kernel may keep free of it makes it so. */
static enum why_answer say_widest(const struct why_case *c, const char *where, uint64_t gap, uint64_t kept, const char *reason)
{
	if (mmap_length(c) + kept <= gap)
		return WHY_NO;
	if (mmap_length(c) > gap) {
		say_format(c, "no free range of %s is that long: the widest has ", where);
		say_size(c, gap);
		return WHY_YES;
	}
	say_format(c, "the widest free range of %s has ", where);
	say_size(c, gap);
	say(c, ", and of that the kernel keeps up to ");
	say_size(c, kept);
	say_format(c, " free %s", reason);
	return WHY_PERHAPS;
}

enum why_answer mmap_no_gap(struct why_case *c)
{
	uint64_t gap, at;

	if (mmap_is_fixed(c) || why_case_end(c) == 0 || mmap_is_beyond(c, 0, mmap_length(c)))
		return WHY_NO;
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
#ifdef MAP_32BIT
	if (why_flag(c, MAP_32BIT) && sizeof(long) > 4) {
		/* find_start_end(), arch/x86/kernel/sys_x86_64.c, whose start is randomize_page(0x40000000, 0x02000000). */
		gap = widest_gap(c, UINT64_C(0x40000000), UINT64_C(0x80000000));
		return say_widest(c, "the second GiB, to which MAP_32BIT confines it,", gap, UINT64_C(0x02000000),
		                  "at the start of that GiB, by chance");
	}
#endif
	gap = maps_widest_gap(c->before, why_window_end(c), &at);
	return say_widest(c, "the address space", gap, GUARD_GAP * c->page, "below a mapping that grows down, as a stack does");
}

/* Before 6.12, whose mmap_region() asks what it replaces, it is ENOMEM. */
enum why_answer mmap_special_cut(struct why_case *c)
{
	return why_flag(c, MAP_FIXED) ? say_special_cut(c, c->args[0], mmap_length(c)) : WHY_NO;
}

enum why_answer mmap_huge_cut(struct why_case *c)
{
	return why_flag(c, MAP_FIXED) ? say_huge_unaligned(c, c->args[0], mmap_length(c)) : WHY_NO;
}

/* What the mapping adds to the process: not what MAP_FIXED replaces. */
static uint64_t added(const struct why_case *c)
{
	uint64_t replaced = why_flag(c, MAP_FIXED) && c->before != NULL ? maps_mapped(c->before, c->args[0], mmap_length(c), NULL) : 0;

	return mmap_length(c) - (replaced < mmap_length(c) ? replaced : mmap_length(c));
}

enum why_answer mmap_over_limit(struct why_case *c)
{
	return say_address_limit(c, added(c));
}

enum why_answer mmap_over_data(struct why_case *c)
{
	if (mmap_is_shared(c) || (mmap_prot(c) & PROT_WRITE) == 0 || why_flag(c, MAP_GROWSDOWN))
		return WHY_NO;
	enum why_answer answer = say_data_limit(c, added(c));

	if (answer == WHY_YES)
		say(c, " (since Linux 4.7 it counts private writable mappings, not only the heap)");
	return answer;
}

/* Whether a new mapping counts towards what is committed: private writable or shared anonymous memory. */
static bool is_accountable(const struct why_case *c)
{
	bool writable = (mmap_prot(c) & PROT_WRITE) != 0;

	return !why_flag(c, MAP_HUGETLB) && (mmap_is_shared(c) ? mmap_is_anonymous(c) : writable);
}

enum why_answer mmap_over_policy(struct why_case *c)
{
	enum why_answer answer;

	if (!is_accountable(c))
		return WHY_NO;
	answer = why_flag(c, MAP_NORESERVE) ? WHY_NO : say_over_heuristic(c, mmap_length(c));
	if (answer == WHY_YES)
		return say(c, "; MAP_NORESERVE leaves it out of that account");
	return answer == WHY_PERHAPS ? answer : say_over_commit(c, mmap_length(c));
}

/* munmap(2). */
enum why_answer munmap_beyond(struct why_case *c)
{
	return say_beyond(c, c->args[0], c->args[1], "the range");
}

enum why_answer munmap_length_zero(struct why_case *c)
{
	return c->args[1] == 0 ? say(c, "the length is 0") : WHY_NO;
}

enum why_answer munmap_length_wraps(struct why_case *c)
{
	return say_wrapped(c, c->args[1], "the length");
}

enum why_answer munmap_huge_unaligned(struct why_case *c)
{
	return say_huge_unaligned(c, c->args[0], mmap_length(c));
}

enum why_answer munmap_over_count(struct why_case *c)
{
	return say_cut_count(c, c->args[0], mmap_length(c));
}
