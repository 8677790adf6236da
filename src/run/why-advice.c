/* SPDX-License-Identifier: MIT */
/* The rules of madvise(2), in the order of the kernel's mm/madvise.c. */
#include "run/why-rule.h"

#include "mm/kind.h"

#include <errno.h>
#include <sys/mman.h>

/* What the C library's headers may lack, as the kernel's have it on every architecture but alpha and parisc. */
enum {
	ADVICE_COLD = 20, ADVICE_PAGEOUT = 21,                   /* Linux 5.4 */
	ADVICE_POPULATE_READ = 22, ADVICE_POPULATE_WRITE = 23,   /* Linux 5.14 */
	ADVICE_DONTNEED_LOCKED = 24,                             /* Linux 5.18 */
	ADVICE_COLLAPSE = 25,                                    /* Linux 6.1 */
	ADVICE_HWPOISON = 100, ADVICE_SOFT_OFFLINE = 101,
	ADVICE_GUARD_INSTALL = 102, ADVICE_GUARD_REMOVE = 103,   /* Linux 6.13 */
};

static int advice(const struct why_case *c)
{
	return (int)(uint32_t)c->args[2];
}

static const char *advice_name(const struct why_case *c)
{
	const char *name = constant_name(GROUP_MADV, advice(c));

	return name != NULL ? name : "this advice";
}

static uint64_t size(const struct why_case *c)
{
	return why_round_up(c, c->args[1]);
}

static const struct mapping *next_mapping(const struct why_case *c, const struct mapping *last)
{
	return why_next(c, c->args[0], size(c), last);
}

static uint64_t inside(const struct why_case *c, const struct mapping *mapping)
{
	return mapping->start > c->args[0] ? mapping->start : c->args[0];
}

static bool is_one_of(const struct why_case *c, const int *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (list[i] == advice(c))
			return true;
	return false;
}
#define ONE_OF(c, ...) is_one_of(c, (const int[]){ __VA_ARGS__ }, sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))

/* The first mapping of the range that has a VmFlag, and not the other one, if any.  WHY_PERHAPS: not known. */
static enum why_answer first_but(struct why_case *c, const char *flag, const char *but, const struct mapping **found)
{
	enum why_answer answer = WHY_NO;

	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	for (const struct mapping *at = next_mapping(c, NULL); at != NULL; at = next_mapping(c, at)) {
		enum why_answer has = why_vmflag(c, at->start, flag);

		if (has == WHY_YES && but != NULL && why_vmflag(c, at->start, but) == WHY_YES)
			continue;
		if (has == WHY_YES) {
			*found = at;
			return WHY_YES;
		}
		answer = has == WHY_PERHAPS ? has : answer;
	}
	return answer;
}

static enum why_answer first_with(struct why_case *c, const char *flag, const struct mapping **found)
{
	return first_but(c, flag, NULL, found);
}

static bool is_anonymous(const struct mapping *mapping)
{
	return !mapping_has_file(mapping) && mapping->perms[3] == 'p';
}

/* vma_is_anonymous() of the kernel: private mappings of /dev/zero are, and [vdso] and the like are not. */
static bool is_not_freeable(const struct mapping *mapping)
{
	if (mapping_is_named(mapping, "/dev/zero"))
		return mapping->perms[3] != 'p';
	return !is_anonymous(mapping) || mapping_is_special(mapping);
}

/* What has no file and is private. */
static bool is_not_wipeable(const struct mapping *mapping)
{
	return !is_anonymous(mapping);
}

static bool has_no_file(const struct mapping *mapping)
{
	return !mapping_has_file(mapping);
}

static bool denies_loads(const struct mapping *mapping)
{
	return mapping->perms[0] == '-';
}

static bool denies_stores(const struct mapping *mapping)
{
	return mapping->perms[1] == '-';
}

/* Says the first mapping of the range of which the test holds.  WHY_PERHAPS: the maps are not known, and nothing was said. */
static enum why_answer say_first(struct why_case *c, bool (*test)(const struct mapping *))
{
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	for (const struct mapping *at = next_mapping(c, NULL); at != NULL; at = next_mapping(c, at)) {
		if (!test(at))
			continue;
		say_mapping(c, at, inside(c, at));
		return WHY_YES;
	}
	return WHY_NO;
}

/* Of a line alone it is not known which kernel it is from; what every one knows, all since Linux 3.4 do, however built. */
static enum why_answer unknown_elsewhere(const struct why_case *c)
{
	if (ONE_OF(c, MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED, MADV_REMOVE, MADV_DONTFORK, MADV_DOFORK,
	           MADV_DONTDUMP, MADV_DODUMP))
		return WHY_NO;
	say_format(c, "the kernel does not know %s: it is older, or was built without what it takes", advice_name(c));
	return WHY_PERHAPS;
}

enum why_answer madvise_unknown(struct why_case *c)
{
	if (constant_name(GROUP_MADV, advice(c)) == NULL)
		return say_format(c, "%d is no advice of madvise", advice(c));
	if (c->source == NULL || !c->source->here)
		return unknown_elsewhere(c);
	/* A range of no bytes: the kernel looks at the advice and does nothing. */
	if (madvise(NULL, 0, advice(c)) == 0 || errno != EINVAL)
		return WHY_NO;
	return say_format(c, "this kernel does not know %s", advice_name(c));
}

enum why_answer madvise_locked(struct why_case *c)
{
	const struct mapping *at;

	if (!ONE_OF(c, MADV_DONTNEED, MADV_FREE, MADV_REMOVE, ADVICE_COLD, ADVICE_PAGEOUT, ADVICE_GUARD_INSTALL))
		return WHY_NO;
	enum why_answer answer = first_with(c, "lo", &at);

	if (answer != WHY_YES)
		return answer;
	say_mapping(c, at, inside(c, at));
	if (why_secret(c, at) == WHY_YES)
		return say_format(c, " is of memfd_secret and always locked, and %s does not take locked pages from memory", advice_name(c));
	say_format(c, " is locked, and %s does not take locked pages from memory; munlock comes first", advice_name(c));
	return advice(c) == MADV_DONTNEED ? say(c, ", or MADV_DONTNEED_LOCKED (Linux 5.18)") : WHY_YES;
}

/* Mappings of huge pages know the discarding of whole ones, and little else. */
enum why_answer madvise_huge(struct why_case *c)
{
	const struct mapping *at;
	uint64_t huge;
	bool discards = ONE_OF(c, MADV_DONTNEED, ADVICE_DONTNEED_LOCKED, MADV_REMOVE);

	if (!discards && !ONE_OF(c, MADV_FREE, ADVICE_COLD, ADVICE_PAGEOUT, ADVICE_GUARD_INSTALL, ADVICE_GUARD_REMOVE))
		return WHY_NO;
	enum why_answer answer = first_with(c, "ht", &at);

	if (answer != WHY_YES)
		return answer;
	if (discards && !why_fact(c, FACT_HUGE_SIZE, &huge))
		return WHY_PERHAPS;
	if (discards && (huge == 0 || inside(c, at) % huge == 0))
		return WHY_NO;
	say_mapping(c, at, inside(c, at));
	if (!discards)
		return say_format(c, " is of huge pages, and %s does not take such", advice_name(c));
	say(c, " is of huge pages, and can be discarded only from a multiple of their size on, ");
	say_size(c, huge);
	return WHY_YES;
}

/* VM_PFNMAP, VM_IO and the like: pages that are not ordinary memory. */
enum why_answer madvise_special(struct why_case *c)
{
	static const char *const any[] = { "pf", "io", "mm", "de" };
	const struct mapping *at = NULL;
	enum why_answer answer = WHY_NO;
	unsigned count = 0;

	if (ONE_OF(c, MADV_DONTNEED, MADV_FREE, ADVICE_COLD, ADVICE_PAGEOUT, ADVICE_DONTNEED_LOCKED))
		count = 1;
	else if (ONE_OF(c, MADV_DOFORK, ADVICE_POPULATE_READ, ADVICE_POPULATE_WRITE))
		count = 2;
	else if (ONE_OF(c, MADV_DODUMP, ADVICE_GUARD_INSTALL, ADVICE_GUARD_REMOVE))
		count = 4;
	for (unsigned i = 0; i < count && answer == WHY_NO; i++)
		answer = first_but(c, any[i], "ht", &at);
	if (answer != WHY_YES)
		return answer;
	say_mapping(c, at, inside(c, at));
	return say_format(c, " was set up by the kernel or a driver and is no ordinary memory, which %s does not take", advice_name(c));
}

/* Of huge pages, MADV_FREE finds first that they are such (madvise_huge()). */
enum why_answer madvise_not_anonymous(struct why_case *c)
{
	const bool frees = advice(c) == MADV_FREE;

	if (!ONE_OF(c, MADV_FREE, MADV_WIPEONFORK))
		return WHY_NO;
	if (!why_knows_maps(c)) {
		say_format(c, "something in the range is no private anonymous memory, and %s takes nothing else", advice_name(c));
		return WHY_PERHAPS;
	}
	for (const struct mapping *at = next_mapping(c, NULL); at != NULL; at = next_mapping(c, at)) {
		if (!(frees ? is_not_freeable(at) : is_not_wipeable(at)))
			continue;
		bool huge = why_vmflag(c, at->start, "ht") == WHY_YES;

		if (huge && frees)
			continue;
		say_mapping(c, at, inside(c, at));
		say(c, huge ? " is of the pool's huge pages" : " is no private anonymous memory");
		return say_format(c, ", and %s takes %s", advice_name(c), huge ? "ordinary private anonymous memory only" : "nothing else");
	}
	return WHY_NO;
}

enum why_answer madvise_no_file(struct why_case *c)
{
	if (advice(c) != MADV_REMOVE)
		return WHY_NO;
	enum why_answer answer = say_first(c, has_no_file);

	if (answer != WHY_YES)
		return answer;
	return say(c, " has no file behind it, in which MADV_REMOVE could punch a hole; MADV_DONTNEED discards private memory");
}

enum why_answer madvise_droppable(struct why_case *c)
{
	const struct mapping *at;

	if (!ONE_OF(c, MADV_KEEPONFORK, MADV_DODUMP))
		return WHY_NO;
	enum why_answer answer = first_with(c, "dp", &at);

	if (answer != WHY_YES)
		return answer;
	say_mapping(c, at, inside(c, at));
	return say_format(c, " is droppable memory (MAP_DROPPABLE), to which %s cannot be given", advice_name(c));
}

enum why_answer madvise_populate_denied(struct why_case *c)
{
	if (!ONE_OF(c, ADVICE_POPULATE_READ, ADVICE_POPULATE_WRITE))
		return WHY_NO;
	enum why_answer answer = say_first(c, advice(c) == ADVICE_POPULATE_WRITE ? denies_stores : denies_loads);

	if (answer != WHY_YES)
		return answer;
	return say_format(c, " does not allow the access that %s makes for each page", advice_name(c));
}

enum why_answer madvise_populate_secret(struct why_case *c)
{
	if (!ONE_OF(c, ADVICE_POPULATE_READ, ADVICE_POPULATE_WRITE))
		return WHY_NO;
	return say_secret(c, c->args[0], size(c), "only the process itself can bring its pages in, by touching them");
}

/* A huge page can stand only where a whole aligned one lies in one mapping. */
enum why_answer madvise_collapse(struct why_case *c)
{
	uint64_t huge = 0;

	if (advice(c) != ADVICE_COLLAPSE)
		return WHY_NO;
	if (!why_knows_maps(c) || !why_fact(c, FACT_HUGE_SIZE, &huge) || huge == 0)
		return WHY_PERHAPS;
	for (const struct mapping *at = next_mapping(c, NULL); at != NULL; at = next_mapping(c, at)) {
		uint64_t first = (at->start + huge - 1) / huge * huge;

		if (first < at->end && at->end - first >= huge)
			continue;
		say_mapping(c, at, inside(c, at));
		say(c, " has no room for a huge page: no ");
		say_size(c, huge);
		return say(c, " from a multiple of that on");
	}
	say(c, "a mapping of the range takes no transparent huge pages (MADV_NOHUGEPAGE, prctl PR_SET_THP_DISABLE, or a file "
	       "whose file system has none), or a part of it had nothing to collapse");
	return WHY_PERHAPS;
}

/* EACCES of MADV_REMOVE. */
enum why_answer madvise_remove_denied(struct why_case *c)
{
	if (advice(c) != MADV_REMOVE)
		return WHY_NO;
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	for (const struct mapping *at = next_mapping(c, NULL); at != NULL; at = next_mapping(c, at)) {
		enum why_answer may = at->perms[3] == 'p' ? WHY_NO : why_vmflag(c, at->start, "mw");

		if (may == WHY_PERHAPS)
			return may;
		if (may == WHY_YES)
			continue;
		say_mapping(c, at, inside(c, at));
		return say(c, " is not shared and writable, and MADV_REMOVE changes the file for everybody");
	}
	return WHY_NO;
}

/* Advice that discards data would get round the seal of memory that may not be written: can_madvise_modify(). */
enum why_answer madvise_sealed(struct why_case *c)
{
	enum why_answer answer = WHY_NO;

	if (!ONE_OF(c, MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_DONTFORK, MADV_WIPEONFORK, ADVICE_DONTNEED_LOCKED,
	            ADVICE_GUARD_INSTALL))
		return WHY_NO;
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	for (const struct mapping *at = next_mapping(c, NULL); at != NULL; at = next_mapping(c, at)) {
		if (!is_anonymous(at) || at->perms[1] == 'w')
			continue;
		enum why_answer sealed = why_vmflag(c, at->start, "sl");

		if (sealed == WHY_PERHAPS)
			answer = sealed;
		if (sealed != WHY_YES)
			continue;
		say_mapping(c, at, inside(c, at));
		return say_format(c, " is sealed (mseal) and not writable, so %s may not discard what it holds", advice_name(c));
	}
	return answer;
}

enum why_answer madvise_admin(struct why_case *c)
{
	if (!ONE_OF(c, ADVICE_HWPOISON, ADVICE_SOFT_OFFLINE))
		return WHY_NO;
	enum why_answer capable = why_capable(c, WHY_CAP_SYS_ADMIN);

	if (capable == WHY_YES)
		return WHY_NO;
	say_format(c, "%s needs CAP_SYS_ADMIN, which the process lacks%s", advice_name(c), why_outside(c, WHY_CAP_SYS_ADMIN));
	return WHY_YES;
}

/* EFAULT of MADV_POPULATE_*: an access that would be a SIGBUS or SIGSEGV. */
enum why_answer madvise_populate_fault(struct why_case *c)
{
	enum why_answer answer = WHY_NO;

	if (!ONE_OF(c, ADVICE_POPULATE_READ, ADVICE_POPULATE_WRITE))
		return WHY_NO;
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	for (const struct mapping *at = next_mapping(c, NULL); at != NULL && answer != WHY_YES; at = next_mapping(c, at)) {
		uint64_t end = c->args[0] + size(c);

		enum why_answer one = say_unreachable(c, at, inside(c, at), at->end < end ? at->end : end);

		answer = one != WHY_NO ? one : answer;
	}
	if (answer != WHY_YES && say_userfault(c, c->args[0], size(c)) != WHY_NO)
		return WHY_PERHAPS;
	return answer;
}

/* EBADF: a kernel without swap has nothing to read ahead for anonymous memory. */
enum why_answer madvise_willneed(struct why_case *c)
{
	if (advice(c) != MADV_WILLNEED)
		return WHY_NO;
	enum why_answer answer = say_first(c, has_no_file);

	if (answer != WHY_YES)
		return answer;
	return say(c, " maps no file, and a kernel built without swap reads ahead in files only");
}
