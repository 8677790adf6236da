/* SPDX-License-Identifier: MIT */
/* The rules of why.c about mprotect, madvise, msync, mlock and their like: calls on a range of pages. */
#include "run/why-rule.h"

#include <inttypes.h>
#include <sys/mman.h>

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24 /* Linux 5.18 */
#endif
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1 /* Linux 4.4 */
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4 /* Linux 4.4 */
#endif

/* The pages that the first two arguments touch: mlock rounds its start down, the others want it aligned. */
static uint64_t range_start(const struct why_case *c)
{
	return c->args[0] / c->page * c->page;
}

static uint64_t range_size(const struct why_case *c)
{
	return why_round_up(c, c->args[1] + c->args[0] % c->page);
}

/* The next mapping that the range touches; the first after NULL. */
static const struct mapping *next_mapping(const struct why_case *c, const struct mapping *last)
{
	const struct mapping *at = maps_above(c->before, last == NULL ? range_start(c) : last->end);

	if (at == NULL)
		return NULL;
	return at->start < range_start(c) || at->start - range_start(c) < range_size(c) ? at : NULL;
}

static uint64_t bytes_inside(const struct why_case *c, const struct mapping *mapping)
{
	uint64_t from = range_start(c), to = from + range_size(c);

	return (mapping->end < to ? mapping->end : to) - (mapping->start > from ? mapping->start : from);
}

bool range_unaligned(const struct why_case *c)
{
	return say_unaligned(c, c->args[0], "addr");
}

bool range_wraps(const struct why_case *c)
{
	return c->args[1] != 0 && range_start(c) + range_size(c) <= range_start(c) &&
	       say(c, "the range's end, rounded up to whole pages, is past 2^64");
}

bool range_hole(const struct why_case *c)
{
	uint64_t at = range_start(c), end = at + range_size(c);

	if (end < at || maps_covered(c->before, at, range_size(c)))
		return false;
	for (const struct mapping *m = next_mapping(c, NULL); m != NULL && m->start <= at; m = next_mapping(c, m))
		at = m->end;
	if (at == range_start(c) && next_mapping(c, NULL) == NULL)
		return say(c, "nothing is mapped in the range");
	say(c, "the range has a hole: nothing is mapped at ");
	say_address(c, at);
	return true;
}

bool range_sealed(const struct why_case *c)
{
	return say_sealed(c, range_start(c), range_size(c));
}

static bool is_inside(const struct why_case *c, uint64_t addr)
{
	const struct mapping *mapping = maps_find(c->before, addr);

	return mapping != NULL && mapping->start < addr;
}

/* A range that begins or ends inside a mapping splits it. */
bool range_over_count(const struct why_case *c)
{
	return (is_inside(c, range_start(c)) || is_inside(c, range_start(c) + range_size(c))) && say_map_count(c, 0);
}

/* The bits that some architecture takes are left to it: here only what no kernel knows. */
bool mprotect_unknown_bits(const struct why_case *c)
{
	uint64_t known = 0;

	for (size_t i = 0; i < constant_count; i++)
		if (constant_table[i].group == GROUP_PROT)
			known |= (uint64_t)constant_table[i].value;
	return say_unknown_bits(c, c->args[2] & UINT32_MAX, known, "protection bit of mprotect");
}

/* VmFlags mr, mw, me: what mprotect may give; a file opened for reading only may not be written through a shared mapping. */
bool mprotect_not_allowed(const struct why_case *c)
{
	static const struct { uint64_t prot; const char *flag, *name; } allow[] = {
		{ PROT_READ, "mr", "PROT_READ" }, { PROT_WRITE, "mw", "PROT_WRITE" }, { PROT_EXEC, "me", "PROT_EXEC" },
	};

	for (const struct mapping *at = next_mapping(c, NULL); at != NULL; at = next_mapping(c, at))
		for (size_t i = 0; i < sizeof(allow) / sizeof(allow[0]); i++) {
			int64_t may = 1;

			if ((c->args[2] & allow[i].prot) == 0 ||
			    observer_vmflag(&c->m->here->observer, at->start, allow[i].flag, &may) < 0 || may != 0)
				continue;
			say_mapping(c, at, at->start > range_start(c) ? at->start : range_start(c));
			return say_format(c, " may never have %s: mmap settled that by how its file was opened", allow[i].name);
		}
	return false;
}

/* Private memory that was not writable yet is charged when it becomes so. */
bool mprotect_over_policy(const struct why_case *c)
{
	int64_t noreserve = 0;

	if ((c->args[2] & PROT_WRITE) == 0)
		return false;
	for (const struct mapping *at = next_mapping(c, NULL); at != NULL; at = next_mapping(c, at))
		if (at->perms[3] == 'p' && at->perms[1] != 'w' && !why_vmflag(c, at->start, "ac") &&
		    observer_vmflag(&c->m->here->observer, at->start, "nr", &noreserve) == 0 && noreserve == 0 &&
		    say_over_policy(c, bytes_inside(c, at)))
			return say(c, "; PROT_NONE and read-only private memory are not charged, and writable memory is");
	return false;
}

bool madvise_unknown(const struct why_case *c)
{
	int advice = (int)(uint32_t)c->args[2];

	return constant_name(GROUP_MADV, advice) == NULL && say_format(c, "%d is no advice of madvise", advice);
}

bool madvise_locked(const struct why_case *c)
{
	const char *name = c->args[2] == MADV_DONTNEED ? "MADV_DONTNEED" : c->args[2] == MADV_FREE ? "MADV_FREE" : NULL;

	for (const struct mapping *at = next_mapping(c, NULL); name != NULL && at != NULL; at = next_mapping(c, at)) {
		if (!why_vmflag(c, at->start, "lo"))
			continue;
		say_mapping(c, at, at->start > range_start(c) ? at->start : range_start(c));
		return say_format(c, " is locked, and %s does not take locked pages from memory; munlock comes first", name);
	}
	return false;
}

/* MADV_FREE, Linux 4.5. */
bool madvise_not_anonymous(const struct why_case *c)
{
	for (const struct mapping *at = next_mapping(c, NULL); c->args[2] == MADV_FREE && at != NULL; at = next_mapping(c, at)) {
		if (at->perms[3] != 's' && at->inode == 0)
			continue;
		say_mapping(c, at, at->start > range_start(c) ? at->start : range_start(c));
		return say(c, " is no private anonymous memory, and MADV_FREE takes nothing else");
	}
	return false;
}

/* Advice that discards data: can_madv_modify(), mm/mseal.c. */
bool madvise_sealed(const struct why_case *c)
{
	return (c->args[2] == MADV_DONTNEED || c->args[2] == MADV_FREE || c->args[2] == MADV_DONTNEED_LOCKED) &&
	       range_sealed(c);
}

bool msync_unknown_flag(const struct why_case *c)
{
	return say_unknown_bits(c, c->args[2] & UINT32_MAX, MS_SYNC | MS_ASYNC | MS_INVALIDATE, "flag of msync");
}

bool msync_both(const struct why_case *c)
{
	return (c->args[2] & MS_SYNC) != 0 && (c->args[2] & MS_ASYNC) != 0 &&
	       say(c, "MS_SYNC (wait) and MS_ASYNC (do not wait) exclude each other");
}

bool msync_locked(const struct why_case *c)
{
	for (const struct mapping *at = next_mapping(c, NULL); (c->args[2] & MS_INVALIDATE) != 0 && at != NULL;
	     at = next_mapping(c, at)) {
		if (!why_vmflag(c, at->start, "lo"))
			continue;
		say_mapping(c, at, at->start > range_start(c) ? at->start : range_start(c));
		return say(c, " is locked, and MS_INVALIDATE does not take locked pages");
	}
	return false;
}

/* Pages of the range that are locked already do not count twice. */
bool mlock_over_limit(const struct why_case *c)
{
	uint64_t more = range_size(c);

	for (const struct mapping *at = next_mapping(c, NULL); at != NULL; at = next_mapping(c, at))
		if (why_vmflag(c, at->start, "lo"))
			more -= bytes_inside(c, at);
	return say_over_memlock(c, more);
}

bool mlock_no_limit(const struct why_case *c)
{
	return say_no_memlock(c);
}

bool mlock2_unknown_flag(const struct why_case *c)
{
	return say_unknown_bits(c, c->args[2] & UINT32_MAX, MLOCK_ONFAULT, "flag of mlock2");
}

bool mlockall_flags(const struct why_case *c)
{
	uint64_t flags = c->args[0] & UINT32_MAX;

	if (say_unknown_bits(c, flags, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT, "flag of mlockall"))
		return true;
	return (flags & (MCL_CURRENT | MCL_FUTURE)) == 0 &&
	       say(c, "one of MCL_CURRENT and MCL_FUTURE, or both, must be among the flags");
}

/* The whole address space counts, whether it has memory or not, and instead of what is locked already. */
bool mlockall_over_limit(const struct why_case *c)
{
	int64_t size = 0, locked = 0;
	struct observer *observer = &c->m->here->observer;

	return (c->args[0] & MCL_CURRENT) != 0 && observer_status(observer, "VmSize", &size) == 0 &&
	       observer_status(observer, "VmLck", &locked) == 0 && say_over_memlock(c, (uint64_t)(size - locked));
}
