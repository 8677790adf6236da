/* SPDX-License-Identifier: MIT */
/* The rules of msync, mlock and its like, mincore and mseal, in the order of the kernel's files of these names. */
#include "run/why-range.h"

#include <sys/mman.h>

#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT 1 /* Linux 4.4 */
#endif
#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4 /* Linux 4.4 */
#endif

static uint64_t inside_end(const struct why_case *c, const struct mapping *mapping)
{
	return mapping->end < range_start(c) + range_size(c) ? mapping->end : range_start(c) + range_size(c);
}

enum why_answer say_unreachable(struct why_case *c, const struct mapping *mapping, uint64_t from, uint64_t to)
{
	uint64_t length = 0, pages = mapping->offset + (from - mapping->start);
	bool known = mapping_has_file(mapping) && c->source != NULL && c->source->length != NULL &&
	             c->source->length(c->source->context, mapping, &length);
	int guard = 0;

	if (known && why_round_up(c, length) < mapping->offset + (to - mapping->start)) {
		say_mapping(c, mapping, from);
		say(c, " is longer than the file behind it, which has ");
		say_size(c, length);
		say(c, ": from ");
		say_address(c, why_round_up(c, length) > pages ? mapping->start + (why_round_up(c, length) - mapping->offset) : from);
		return say(c, " on there is nothing to bring in");
	}
	for (uint64_t at = from; at < to && guard == 0 && (at - from) / c->page < 4096; at += c->page) {
		guard = c->source != NULL && c->source->guard != NULL ? c->source->guard(c->source->context, at) : -1;
		if (guard <= 0)
			continue;
		say(c, "the page at ");
		say_address(c, at);
		return say(c, " is of a guard region (MADV_GUARD_INSTALL), which faults whatever the permissions");
	}
	return (mapping_has_file(mapping) && !known) || guard < 0 ? WHY_PERHAPS : WHY_NO;
}

enum why_answer say_userfault(struct why_case *c, uint64_t from, uint64_t len)
{
	for (const struct mapping *at = why_next(c, from, len, NULL); at != NULL; at = why_next(c, from, len, at)) {
		if (why_vmflag(c, at->start, "um") != WHY_YES)
			continue;
		say_mapping(c, at, at->start > from ? at->start : from);
		say(c, " is registered with a userfaultfd, which can have accesses of missing pages fail (UFFD_FEATURE_SIGBUS)");
		return WHY_PERHAPS;
	}
	return WHY_NO;
}

enum why_answer msync_unknown_flag(struct why_case *c)
{
	return say_unknown_bits(c, c->args[2] & UINT32_MAX, MS_SYNC | MS_ASYNC | MS_INVALIDATE,
	                        "flag of msync, which has MS_ASYNC (1), MS_INVALIDATE (2) and MS_SYNC (4)");
}

enum why_answer msync_both(struct why_case *c)
{
	if ((c->args[2] & MS_SYNC) == 0 || (c->args[2] & MS_ASYNC) == 0)
		return WHY_NO;
	return say(c, "MS_SYNC (wait) and MS_ASYNC (do not wait) exclude each other");
}

enum why_answer msync_locked(struct why_case *c)
{
	enum why_answer answer = WHY_NO;

	if ((c->args[2] & MS_INVALIDATE) == 0)
		return WHY_NO;
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	for (const struct mapping *at = next_mapping(c, NULL); at != NULL; at = next_mapping(c, at)) {
		enum why_answer locked = why_vmflag(c, at->start, "lo");

		answer = locked == WHY_PERHAPS ? locked : answer;
		if (locked != WHY_YES)
			continue;
		say_mapping(c, at, inside(c, at));
		return say(c, why_secret(c, at) == WHY_YES ? " is of memfd_secret and always locked, and MS_INVALIDATE does not take "
		                                             "locked pages"
		                                           : " is locked, and MS_INVALIDATE does not take locked pages; munlock "
		                                             "comes first");
	}
	return answer;
}

/* Pages of the range that are locked already do not count twice. */
enum why_answer mlock_over_limit(struct why_case *c)
{
	uint64_t more = range_size(c);
	bool wraps = range_start(c) + more < range_start(c);

	for (const struct mapping *at = wraps ? NULL : next_mapping(c, NULL); at != NULL; at = next_mapping(c, at))
		if (why_vmflag(c, at->start, "lo") == WHY_YES)
			more -= inside_end(c, at) - inside(c, at);
	return say_over_memlock(c, more);
}

enum why_answer mlock_no_limit(struct why_case *c)
{
	return say_no_memlock(c);
}

/* It is passed over when flags are set, but not when pages are brought in, with MLOCK_ONFAULT too: no flag is there to see. */
enum why_answer mlock_secret(struct why_case *c)
{
	return say_secret(c, range_start(c), range_size(c), "its pages never leave memory, so there is nothing to lock, and only the process "
	                                        "itself can bring them in, by touching them");
}

/* Whether all of the range is. */
static enum why_answer locked_now(struct why_case *c)
{
	for (const struct mapping *at = next_mapping(c, NULL); at != NULL; at = next_mapping(c, at)) {
		enum why_answer locked = why_vmflag(c, at->start, "lo");

		if (locked != WHY_YES)
			return locked;
	}
	return WHY_YES;
}

/* Whether the call was refused before any page was brought in. */
static bool is_refused_before(struct why_case *c)
{
	struct buf unsaid = { 0 }, *out = c->out;

	c->out = &unsaid;
	bool refused = mlock_over_limit(c) == WHY_YES || range_over_count(c) == WHY_YES;

	c->out = out;
	buf_fini(&unsaid);
	return refused;
}

/* What mlock brings in and cannot: it is ENOMEM, too, and the range is locked nevertheless, save what is never locked. */
enum why_answer mlock_unreachable(struct why_case *c)
{
	enum why_answer answer = WHY_NO;

	if (c->call == CALL_MLOCK2 && (c->args[2] & MLOCK_ONFAULT) != 0)
		return WHY_NO;
	if (!why_knows_maps(c) || !maps_covered(c->before, range_start(c), range_size(c)))
		return c->before == NULL ? WHY_PERHAPS : WHY_NO;
	const enum why_answer locked = locked_now(c);

	if (locked != WHY_YES && is_refused_before(c))
		return WHY_NO;
	for (const struct mapping *at = next_mapping(c, NULL); at != NULL && answer != WHY_YES; at = next_mapping(c, at)) {
		if (at->perms[0] == '-' && at->perms[1] == '-' && at->perms[2] == '-') {
			say_mapping(c, at, inside(c, at));
			answer = say(c, " allows no access, so its pages cannot be brought in");
		} else {
			enum why_answer one = say_unreachable(c, at, inside(c, at), inside_end(c, at));

			answer = one != WHY_NO ? one : answer;
		}
	}
	if (answer != WHY_YES && say_userfault(c, range_start(c), range_size(c)) != WHY_NO)
		return WHY_PERHAPS;
	if (answer == WHY_YES && locked == WHY_PERHAPS)
		say(c, "; it is not known whether the range is locked nevertheless");
	else if (answer == WHY_YES && locked == WHY_YES)
		say(c, "; the range is locked nevertheless, and mlock2 with MLOCK_ONFAULT would say no more than that");
	return answer;
}

enum why_answer mlock2_unknown_flag(struct why_case *c)
{
	return say_unknown_bits(c, c->args[2] & UINT32_MAX, MLOCK_ONFAULT, "flag of mlock2, which has only MLOCK_ONFAULT (1)");
}

enum why_answer mlockall_unknown_flag(struct why_case *c)
{
	return say_unknown_bits(c, c->args[0] & UINT32_MAX, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT,
	                        "flag of mlockall, which has MCL_CURRENT (1), MCL_FUTURE (2) and MCL_ONFAULT (4)");
}

enum why_answer mlockall_no_target(struct why_case *c)
{
	if ((c->args[0] & (MCL_CURRENT | MCL_FUTURE)) != 0)
		return WHY_NO;
	return say(c, "one of MCL_CURRENT and MCL_FUTURE, or both, must be among the flags");
}

/* The whole address space counts, whether it has memory or not, and instead of what is locked already. */
enum why_answer mlockall_over_limit(struct why_case *c)
{
	uint64_t all, locked;

	if ((c->args[0] & MCL_CURRENT) == 0)
		return WHY_NO;
	if (!why_fact(c, FACT_VM_SIZE, &all) || !why_fact(c, FACT_VM_LOCKED, &locked))
		return WHY_PERHAPS;
	enum why_answer answer = say_over_memlock(c, all - locked);

	if (answer == WHY_YES)
		say(c, "; MCL_CURRENT counts the whole address space, whether it has memory or not");
	return answer;
}

enum why_answer mincore_beyond(struct why_case *c)
{
	return say_beyond(c, c->args[0], c->args[1], "the range");
}

/* One byte a page is written there. */
enum why_answer mincore_vec(struct why_case *c)
{
	uint64_t vec = c->args[2], bytes = why_round_up(c, c->args[1]) / c->page;

	if (say_beyond(c, vec, bytes, "vec") == WHY_YES)
		return WHY_YES;
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	for (uint64_t at = vec; at < vec + bytes;) {
		const struct mapping *mapping = maps_find(c->before, at);

		if (mapping != NULL && mapping->perms[1] == 'w') {
			at = mapping->end;
			continue;
		}
		say_format(c, "vec must have room for %llu byte%s, one for each page, and ", (unsigned long long)bytes,
		           bytes == 1 ? "" : "s");
		say_address(c, at);
		if (mapping == NULL)
			return say(c, " is not mapped");
		say(c, ", of ");
		say_mapping(c, mapping, at);
		return say(c, ", cannot be written");
	}
	return WHY_NO;
}

enum why_answer mseal_flags(struct why_case *c)
{
	if (c->args[2] == 0)
		return WHY_NO;
	return say_format(c, "mseal has no flags yet: they must be 0, and are %#llx", (unsigned long long)c->args[2]);
}

enum why_answer mseal_32_bit(struct why_case *c)
{
	return sizeof(long) > 4 ? WHY_NO : say(c, "mseal is for 64-bit processes only");
}
