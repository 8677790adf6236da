/* SPDX-License-Identifier: MIT */
/* Why a call about the pages of a range did what it did: advice, locks, seals, permissions, writing back. */
#include "run/why-mmap.h"
#include "run/why-mremap.h"
#include "run/why-range.h"

#include "mm/kind.h"

#include <string.h>
#include <sys/mman.h>

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 8 /* Linux 6.11 */
#endif
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1 /* Linux 4.4 */
#endif

/* What becomes of data depends on this. */
enum content {
	OF_ANONYMOUS = 1, /* private */
	OF_HUGE = 2,      /* the same, of hugetlbfs */
	OF_COPY = 4,      /* a private mapping of a file */
	OF_SHARED = 8,
	OF_KERNEL = 16,   /* [vdso] and its like: pages that the kernel put there */
};

static enum content content_of(const struct mapping *mapping)
{
	if (mapping->perms[3] == 's')
		return OF_SHARED;
	switch (mapping_kind(mapping)) {
	case KIND_SPECIAL:
		return OF_KERNEL;
	case KIND_HUGE:
		return OF_HUGE;
	default:
		return mapping_has_file(mapping) ? OF_COPY : OF_ANONYMOUS;
	}
}

/* The kinds of all mappings of the range, before the call. */
static unsigned range_contents(const struct why_case *c)
{
	unsigned kinds = 0;

	for (const struct mapping *at = NULL; (at = next_mapping(c, at)) != NULL;)
		kinds |= content_of(at);
	return kinds;
}

/* Whether a page of the range is of a guard region; PERHAPS: not known, or there are many pages. */
static enum why_answer range_guarded(const struct why_case *c)
{
	enum { LOOKS = 16384 };
	uint64_t pages = range_size(c) / c->page;

	if (c->source == NULL || c->source->guard == NULL)
		return WHY_PERHAPS;
	for (uint64_t i = 0; i < pages && i < LOOKS; i++) {
		int guard = c->source->guard(c->source->context, range_start(c) + i * c->page);

		if (guard != 0)
			return guard > 0 ? WHY_YES : WHY_PERHAPS;
	}
	return pages > LOOKS ? WHY_PERHAPS : WHY_NO;
}

/*
 * How many bytes of the range are in mappings that have a VmFlag now, after the call, and how many in others.  False: it is
 * not known; or there are many mappings, each of which would cost a look.
 */
static bool range_flagged(const struct why_case *c, const char *flag, uint64_t *with, uint64_t *without)
{
	enum { LOOKS = 16 };
	struct why_case now = *c;
	const struct mapping *at = NULL;

	now.before = c->after;
	*with = *without = 0;
	for (unsigned looks = 0; (at = next_mapping(&now, at)) != NULL; looks++) {
		enum why_answer has = looks < LOOKS ? why_vmflag(&now, at->start, flag) : WHY_PERHAPS;

		if (has == WHY_PERHAPS)
			return false;
		*(has == WHY_YES ? with : without) += bytes_inside(c, at);
	}
	return *with + *without > 0;
}

enum why_answer mremap_aliased(struct why_case *c)
{
	if (old_size(c) != 0)
		return WHY_NO;
	say_old_size_zero(c);
	return say(c, " takes nothing away: the call made a second mapping of the same object. Both show the same pages, and no memory "
	              "was needed for it.");
}

/* What is found at the old place when the pages left: of a range of one kind, and of one of several. */
static const struct {
	enum content kind;
	const char *alone, *among;
} leavings[] = {
	{ OF_ANONYMOUS, "Private memory has one set of pages, and it is at the new place: the old one is empty and reads zero.",
	  "Private anonymous memory has one set of pages, and it is at the new place: there the old one is empty and reads zero." },
	{ OF_COPY, "Copies that stores had made went along; the old place reads the file again.",
	  "Of private mappings of files, copies that stores had made went along; there the old place reads the file again." },
	{ OF_SHARED, "The object is behind both now, so the old place finds its pages again.",
	  "Of shared mappings the object is behind both now, so there the old place finds its pages again." },
};

enum why_answer mremap_left(struct why_case *c)
{
	uint64_t watched, others;
	size_t count;
	unsigned kinds = range_contents(c);

	if (!why_flag(c, MREMAP_DONTUNMAP) || kinds == 0)
		return WHY_NO;
	maps_mapped(c->before, old_address(c), old_size(c), &count);
	say_format(c, "MREMAP_DONTUNMAP moved the entries of the page table and left the mapping%s.", count > 1 ? "s" : "");
	for (size_t i = 0; i < sizeof(leavings) / sizeof(leavings[0]); i++)
		if ((kinds & leavings[i].kind) != 0)
			say_format(c, " %s", kinds == leavings[i].kind ? leavings[i].alone : leavings[i].among);
	if ((kinds & OF_ANONYMOUS) != 0 && range_flagged(c, "um", &watched, &others) && watched > 0)
		say(c, " Where userfaultfd is registered for missing pages, it decides what the next access of private memory finds.");
	return WHY_YES;
}

#define NEVER_LOCKED "what may be dropped, hugetlbfs, and what the kernel or a driver set up"

/* Whether the mapping that the call made has a VmFlag. */
static enum why_answer new_flag(const struct why_case *c, const char *flag)
{
	return why_vmflag_after(c, (uint64_t)c->result, flag);
}

/* Whether each page of the new mapping comes when it is touched: VM_LOCKONFAULT, which older kernels have as "??" in smaps. */
static enum why_answer waits_for_touches(const struct why_case *c)
{
	const enum why_answer locked = new_flag(c, "lo"), on_fault = locked == WHY_YES ? new_flag(c, "lf") : locked;

	return on_fault == WHY_NO && locked == WHY_YES && new_flag(c, "??") == WHY_YES ? WHY_PERHAPS : on_fault;
}

/* What MAP_POPULATE and MAP_LOCKED do within the call: populate_vma_page_range(), mm/gup.c. */
enum brings { BRINGS_PAGES, BRINGS_UNKNOWN, DENIED, SECRET, ON_FAULT };
static const char *const brings_none[] = {
	[DENIED] = "no access is allowed",
	[SECRET] = "only the process itself can bring in pages of memfd_secret, by touching them",
	[ON_FAULT] = "after mlockall(MCL_ONFAULT) each comes when it is touched",
};

static enum brings brings(struct why_case *c)
{
	const struct mapping *made = c->after != NULL ? maps_find(c->after, (uint64_t)c->result) : NULL;

	if ((c->args[2] & (PROT_READ | PROT_WRITE | PROT_EXEC)) == 0)
		return DENIED;
	const enum why_answer secret = made != NULL ? why_secret(c, made) : WHY_PERHAPS;
	const enum why_answer waits = secret == WHY_NO ? waits_for_touches(c) : secret;

	if (waits == WHY_PERHAPS)
		return BRINGS_UNKNOWN;
	return secret == WHY_YES ? SECRET : waits == WHY_YES ? ON_FAULT : BRINGS_PAGES;
}

enum why_answer mmap_populated(struct why_case *c)
{
	if (!why_flag(c, MAP_POPULATE) || why_flag(c, MAP_NONBLOCK))
		return WHY_NO;
	const enum brings what = brings(c);

	if (what == BRINGS_UNKNOWN)
		return say(c, "It is not known whether MAP_POPULATE brought pages in: it does not say so.");
	if (what != BRINGS_PAGES)
		return say_format(c, "MAP_POPULATE brought no page in: %s; it does not say so.", brings_none[what]);
	say(c, "MAP_POPULATE brings all pages in within the call, so that the first ");
	say(c, mmap_is_shared(c) && (c->args[2] & PROT_WRITE) != 0
	               ? "loads do not fault for them. Shared pages come in as loads bring them: the first store into each may fault, "
	                 "where the kernel has to be told of it."
	               : "touches do not fault for them.");
	return say(c, " It does not say so when it could not.");
}

enum why_answer mmap_locked(struct why_case *c)
{
	if (!why_flag(c, MAP_LOCKED))
		return WHY_NO;
	const enum brings what = brings(c);
	const enum why_answer locked = new_flag(c, "lo");

	if (what == BRINGS_UNKNOWN)
		say(c, "It is not known whether MAP_LOCKED brought pages in: unlike mlock it does not say so.");
	else if (what != BRINGS_PAGES)
		say_format(c, "MAP_LOCKED brought no page in: %s; unlike mlock it does not say so.", brings_none[what]);
	else
		say(c, "MAP_LOCKED brings the pages in; unlike mlock it does not say so when they could not be brought in.");
	if (locked == WHY_PERHAPS)
		return say(c, " It is not known whether the mapping is locked.");
	return say(c, locked == WHY_YES ? " The mapping is locked: no page that comes is reclaimed until it is unlocked or unmapped."
	                                : " Nothing was locked: memory of this kind is passed over (" NEVER_LOCKED ").");
}

/* expand_downwards(), mm/vma.c. */
enum why_answer mmap_grows_down(struct why_case *c)
{
	return why_flag(c, MAP_GROWSDOWN) ? say(c, "MAP_GROWSDOWN: an access below the mapping makes it longer, until it would come "
	                                           "near the mapping below, or touches one that allows no access, or reaches a limit "
	                                           "(RLIMIT_STACK, RLIMIT_AS).")
	                                  : WHY_NO;
}

enum why_answer mmap_droppable(struct why_case *c)
{
	return (c->args[3] & MAP_TYPE) == MAP_DROPPABLE
	               ? say(c, "MAP_DROPPABLE: the kernel may drop these pages when memory is short, and they read zero then. A "
	                        "child gets none of them, and nothing is charged for them.")
	               : WHY_NO;
}

static size_t mappings_in(const struct why_case *c, const struct maps *maps)
{
	size_t count;

	maps_mapped(maps, range_start(c), range_size(c), &count);
	return count;
}

static void say_split(struct why_case *c, bool joined)
{
	const struct mapping *now = maps_find(c->after, range_start(c));
	bool alone = now != NULL && now->start == range_start(c) && now->end == now->start + range_size(c);

	say(c, "Permissions belong to a whole mapping, so ");
	say(c, joined  ? "the part whose permissions changed left its own, and is one with a neighbour that it is like now."
	       : alone ? "the part whose permissions changed became one of its own."
	               : "one that the range holds only a part of was split.");
}

enum why_answer mprotect_split(struct why_case *c)
{
	if (c->before == NULL || c->after == NULL)
		return WHY_NO;
	uint64_t start = range_start(c), end = start + range_size(c), unlocked, locked;
	const bool began_within = is_within(c->before, start), begins_within = is_within(c->after, start);
	const bool ended_within = is_within(c->before, end), ends_within = is_within(c->after, end);
	bool split = (began_within && !begins_within) || (ended_within && !ends_within);
	bool joined = (!began_within && begins_within) || (!ended_within && ends_within);

	if (split)
		say_split(c, joined);
	else if (joined)
		say(c, "It is like a neighbour now, so the kernel made one mapping of them.");
	else if (mappings_in(c, c->after) < mappings_in(c, c->before))
		say(c, "Mappings side by side became alike, so the kernel made one mapping of them.");
	/* Of locked memory that becomes writable, the kernel makes the copies at once. */
	if (split && !range_flagged(c, "lo", &locked, &unlocked))
		say(c, " Its entries in the page table were changed; whether pages were touched, as they are where they are locked, is not known.");
	else if (split && locked == 0)
		say(c, " No page was touched: its entries in the page table were changed.");
	return WHY_YES;
}

/* What is true of an advice whatever it is given for; NULL where the mapping decides. */
static const struct {
	const char *name; /* as the kernel has it on this architecture */
	const char *text;
} advices[] = {
	{ "MADV_NORMAL", "The kernel reads a file's pages around a fault again, as it does by default." },
	{ "MADV_RANDOM", "From now on a fault brings in the page that was asked for, and reads nothing ahead." },
	{ "MADV_SEQUENTIAL", "From now on pages are read far ahead, and those that were read may go soon." },
	{ "MADV_WILLNEED", "Reading was started of what is not in memory: a file's pages into the page cache, others from swap. The call "
	                 "did not wait, and the page table is as it was: a touch of a page that it lacks still faults." },
	{ "MADV_FREE", "The pages stay and may be taken when memory is short, without being written anywhere: then they read zero. A "
	             "store takes a page back. Pages that another process shares, since a fork, are left alone." },
	{ "MADV_REMOVE", "A hole was made in the object itself, so the pages read zero through every mapping of it, save where a private "
	               "one has copies of its own." },
	{ "MADV_DONTFORK", "A child will not have this range." },
	{ "MADV_DONTDUMP", "A core dump leaves the range out; its pages are as they were." },
	{ "MADV_DODUMP", "A core dump leaves the range out no more." },
	{ "MADV_UNMERGEABLE", "KSM leaves the range alone, and pages that it had merged were taken apart." },
	{ "MADV_NOHUGEPAGE", "No transparent huge pages come here any more; those that are there stay." },
	{ "MADV_COLLAPSE", "Where the range holds a whole aligned huge page, it is one now, without waiting for the kernel's own thread: "
	                 "small pages were copied, and what was huge stayed." },
	{ "MADV_COLD", "Pages that no other process has mapped are among the first to go when memory is short, where they can go; none "
	             "went now." },
	{ "MADV_PAGEOUT", "Pages that can be were taken away at once: a file's clean ones with no cost, others to swap where there "
	                "is any. No data is lost but what may be dropped (MADV_FREE, MAP_DROPPABLE)." },
	{ "MADV_POPULATE_READ", "Every page was brought in as a load would: of a file or shared memory the page itself, of private memory "
	                      "that was never stored into a page of zeros, small or huge, which all share." },
	{ "MADV_POPULATE_WRITE", "Every page was brought in as a store would, ready to be stored into." },
	{ "MADV_GUARD_INSTALL", "Marks in the page table make every access of these pages fault. The mapping stays one. What private "
	                      "memory had there is lost; a file or shared memory keeps it." },
	{ "MADV_GUARD_REMOVE", "Guard marks were taken away: there private memory reads zero, and a mapping of a file or of shared memory "
	                     "what that holds. Pages without a mark were left alone." },
};

enum why_answer madvise_advised(struct why_case *c)
{
	const char *name = constant_name(GROUP_MADV, (int)c->args[2]);

	for (size_t i = 0; name != NULL && i < sizeof(advices) / sizeof(advices[0]); i++) {
		if (strcmp(name, advices[i].name) == 0)
			return say(c, advices[i].text);
	}
	return WHY_NO;
}

/* What a child will have of the range depends on all that was advised before: dup_mmap() of the kernel. */
enum why_answer madvise_forked(struct why_case *c)
{
	static const struct {
		const char *name, *text, *flag, *other, *where;
	} forks[] = {
		{ "MADV_DOFORK", "A child will have this range again", "wf", "MADV_WIPEONFORK", "with zeros in it" },
		{ "MADV_WIPEONFORK", "A child will have the range, with zeros in it", "dc", "MADV_DONTFORK",
		  "it will have nothing until MADV_DOFORK" },
		{ "MADV_KEEPONFORK", "A child will have the data of this range again", "dc", "MADV_DONTFORK",
		  "it will have nothing until MADV_DOFORK" },
	};
	const char *name = constant_name(GROUP_MADV, (int)c->args[2]);
	uint64_t with, without;

	for (size_t i = 0; name != NULL && i < sizeof(forks) / sizeof(forks[0]); i++) {
		if (strcmp(name, forks[i].name) != 0)
			continue;
		const bool known = range_flagged(c, forks[i].flag, &with, &without);

		if (!known)
			say_format(c, "It is not known where %s holds. ", forks[i].other);
		say(c, forks[i].text);
		return !known || with > 0 ? say_format(c, "; but where %s holds, %s.", forks[i].other, forks[i].where) : say(c, ".");
	}
	return WHY_NO;
}

/* status has THP_enabled since Linux 5.0. */
enum why_answer madvise_thp(struct why_case *c)
{
	const char *name = constant_name(GROUP_MADV, (int)c->args[2]);
	uint64_t enabled = 1;

	if (name == NULL || strcmp(name, "MADV_HUGEPAGE") != 0)
		return WHY_NO;
	const bool known = why_fact(c, FACT_THP, &enabled);

	if (known && enabled == 0)
		return say(c, "Huge pages are wanted here, and none come: prctl(PR_SET_THP_DISABLE) keeps new ones from the "
		              "process.");
	if (!known)
		say(c, "It is not known whether the process may have huge pages (prctl PR_SET_THP_DISABLE). ");
	return say(c, "Huge pages are wanted here: where the range holds a whole aligned one, a fault may bring one in, if "
	              "/sys/kernel/mm/transparent_hugepage allows any.");
}

enum why_answer madvise_mergeable(struct why_case *c)
{
	static const char passed_over[] = "what is shared, huge pages of hugetlbfs, what may be dropped, and what the kernel or a driver set up";
	const char *name = constant_name(GROUP_MADV, (int)c->args[2]);
	uint64_t marked, passed;

	if (name == NULL || strcmp(name, "MADV_MERGEABLE") != 0 || !range_flagged(c, "mg", &marked, &passed))
		return WHY_NO;
	if (marked == 0)
		return say_format(c, "The call changed nothing: KSM passes over %s.", passed_over);
	say(c, "KSM may make one page of equal ones here, when it runs; a store takes them apart again.");
	return passed > 0 ? say_format(c, " It passes over a part of the range: %s.", passed_over) : WHY_YES;
}

/* What is lost when pages leave the page table, and what is found instead: of a range of one kind, and of one of several. */
static const struct {
	enum content kind;
	const char *alone, *among;
} losses[] = {
	{ OF_ANONYMOUS, "What this process had in private memory is lost to it, and the next access finds zeros.",
	  "What this process had in private anonymous memory is lost to it, and the next access there finds zeros." },
	{ OF_HUGE, "What this process had in private memory is lost to it. The next access takes a huge page from the pool, "
	             "and finds zeros; where none is free, it is SIGBUS.",
	  "What this process had in private huge pages is lost to it." },
	{ OF_COPY, "Copies that stores had made are lost; the next access reads the file again.",
	  "In private mappings of files, copies that stores had made are lost; the next access there reads the file again." },
	{ OF_SHARED, "The data is the object's, so the next access finds it again.",
	  "The data of shared mappings is the object's, so the next access there finds it again." },
	{ OF_KERNEL, "The data is the kernel's, so the next access finds it again.",
	  "What the kernel put there is found again." },
};

enum why_answer madvise_discarded(struct why_case *c)
{
	const char *name = constant_name(GROUP_MADV, (int)c->args[2]);
	unsigned kinds = range_contents(c);

	if (kinds == 0 || name == NULL || strncmp(name, "MADV_DONTNEED", strlen("MADV_DONTNEED")) != 0)
		return WHY_NO;
	say(c, "This is no hint: the pages left the page table within the call.");
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
		if ((kinds & losses[i].kind) != 0)
			say_format(c, " %s", kinds == losses[i].kind ? losses[i].alone : losses[i].among);
	uint64_t watched, others;

	if (range_flagged(c, "um", &watched, &others) && watched > 0)
		say(c, " Where userfaultfd is registered for missing pages, it decides what the next access of private memory finds.");
	enum why_answer guarded = range_guarded(c);

	if (guarded == WHY_YES)
		return say(c, " Guard pages are still there, and every access of them faults.");
	return guarded == WHY_PERHAPS ? say(c, " Guard pages, where there are any, go on to fault.") : WHY_YES;
}

enum why_answer mlock_locked(struct why_case *c)
{
	bool on_fault = c->call == CALL_MLOCK2 && (c->args[2] & MLOCK_ONFAULT) != 0;
	uint64_t locked, passed;

	if (c->args[0] % c->page != 0)
		say(c, "The start was rounded down to the page's. ");
	if (!range_flagged(c, "lo", &locked, &passed))
		return say(c, "What is locked is not reclaimed until it is unlocked or unmapped; of which pages that is so is not known.");
	if (locked == 0)
		return say(c, "Nothing was locked: memory of this kind is passed over (" NEVER_LOCKED ").");
	if (passed > 0) {
		say(c, "Only ");
		say_size(c, locked);
		say(c, " of the range is locked, the rest was passed over (" NEVER_LOCKED "). ");
	}
	if (on_fault)
		say(c, "No page was brought in: each is locked when it comes. ");
	if (passed > 0)
		return say(c, on_fault ? "What is locked counts whole for RLIMIT_MEMLOCK now."
		                       : "The pages of that part were brought in, and are not reclaimed until they are unlocked or unmapped.");
	return say(c, on_fault ? "All of the range counts for RLIMIT_MEMLOCK now."
	                       : "All pages of the range were brought in, and are not reclaimed until they are unlocked or unmapped.");
}

/* mlock_fixup(), mm/mlock.c, passes over memfd_secret, whose mappings are locked from the start (not so in Linux 7.2). */
enum why_answer munlock_unlocked(struct why_case *c)
{
	uint64_t locked, unlocked;
	const bool known = range_flagged(c, "lo", &locked, &unlocked);

	if (known && unlocked == 0)
		return say(c, "Nothing was unlocked: memory of memfd_secret is always locked.");
	if (!known)
		say(c, "It is not known whether the range has memory of memfd_secret, which is always locked. ");
	say(c, "Locks do not stack, so one call ends them all");
	if (known && locked > 0)
		say(c, ", save of memfd_secret, which is always locked");
	return say(c, ". Nothing was evicted: the lock is gone, and the pages need not go.");
}

enum why_answer mlockall_locked(struct why_case *c)
{
	bool future = (c->args[0] & MCL_FUTURE) != 0, on_fault = (c->args[0] & MCL_ONFAULT) != 0;

	if ((c->args[0] & MCL_CURRENT) != 0)
		say(c, on_fault ? "What is mapped is locked, page by page as they come." : "What is mapped is locked, and was brought in where it can be.");
	if ((c->args[0] & MCL_CURRENT) != 0 && future)
		say(c, " ");
	if (future)
		say(c, on_fault ? "What will be mapped is locked, page by page as they come."
		                : "What will be mapped is brought in, where it can be, and locked by the call that maps it.");
	return say(c, " Some memory is never locked: " NEVER_LOCKED ".");
}

/*
 * A shared mapping of what was opened for reading only is none that stores go through, and is passed over: mm/msync.c,
 * VM_SHARED.
 */
static enum why_answer say_written(struct why_case *c, unsigned kinds)
{
	uint64_t synced, passed;

	if (kinds == OF_ANONYMOUS || kinds == OF_HUGE)
		return say(c, "Nothing was written: there is no file behind private anonymous memory.");
	if (kinds == OF_COPY)
		return say(c, "Nothing was written: stores into a private mapping go to copies, and never to the file.");
	if ((kinds & OF_SHARED) == 0)
		return say(c, "Nothing was written: nothing in the range is a shared mapping of a file.");
	bool known = range_flagged(c, "sh", &synced, &passed);

	if (known && synced == 0)
		return say(c, "Nothing was written: no store can go to a file through what is mapped here.");
	say(c, kinds == OF_SHARED && known && passed == 0
	               ? "Dirty pages of the range were written to their file, and the call waited for that; "
	               : "Only in shared mappings through which stores can go, dirty pages were written to their file, and the call "
	                 "waited for that; ");
	say(c, "where the file is memory (tmpfs, memfd, shared anonymous memory), there is nowhere to write. Others saw the "
	       "stores before: they have the same pages.");
	return known ? WHY_YES : say(c, " Which mappings of the range these are is not known.");
}

enum why_answer msync_synced(struct why_case *c)
{
	if ((c->args[2] & MS_SYNC) != 0)
		return say_written(c, range_contents(c));
	if ((c->args[2] & MS_INVALIDATE) != 0)
		return say(c, "Nothing was dropped: mappings, read and write share one page cache. All that MS_INVALIDATE does is to "
		              "refuse locked pages.");
	return say(c, "Nothing was started: since Linux 2.6.19 MS_ASYNC only checks the range. The kernel writes dirty pages in its own "
	              "time.");
}

enum why_answer mseal_sealed(struct why_case *c)
{
	uint64_t grows, others;
	const bool known = range_flagged(c, "gd", &grows, &others);

	if (!known)
		say(c, "It is not known whether the mapping grows when the memory below it is touched (MAP_GROWSDOWN). ");
	say(c, "Until the process ends or runs another program, no call can unmap, move, resize or replace the mapping, or give it "
	       "other permissions. There is no call that removes a seal.");
	return known && grows > 0 ? say(c, " It still grows when the memory below it is touched (MAP_GROWSDOWN).") : WHY_YES;
}

enum why_answer ftruncate_resized(struct why_case *c)
{
	return say(c, "The object has this length now, and its mappings are as long as they were: pages of a mapping that lie past "
	              "its end are SIGBUS, until it is long enough again.");
}
