/* SPDX-License-Identifier: MIT */
/* The rules that calls on a range of pages share, and those of mprotect(2), in the order of the kernel's mm/mprotect.c. */
#include "run/why-range.h"

#include "mm/kind.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010 /* Linux 5.1 */
#endif

/* Where addr must be a multiple of the page size, a call that succeeded had such a one. */
bool range_is_empty(const struct why_case *c)
{
	switch (c->call) {
	case CALL_MPROTECT:
	case CALL_MADVISE:
	case CALL_MSYNC:
	case CALL_MSEAL:
	case CALL_MLOCK:
	case CALL_MLOCK2:
	case CALL_MUNLOCK:
		return (uintptr_t)range_size(c) == 0;
	default:
		return false;
	}
}

enum why_answer range_unaligned(struct why_case *c)
{
	return say_unaligned(c, c->args[0], "addr");
}

/* Whether no address is the range's end.  The words of this machine count, unless the range is from a line of another one's. */
static bool has_no_end(const struct why_case *c)
{
	const uint64_t start = range_start(c), end = start + range_size(c);

	return end <= start || (end > ULONG_MAX && start <= ULONG_MAX);
}

/* mlock and msync take a length that rounds up to 0 for no length at all. */
enum why_answer range_wraps(struct why_case *c)
{
	if (range_size(c) == 0)
		return c->call == CALL_MPROTECT || c->call == CALL_MADVISE || c->call == CALL_MSEAL
		               ? say_wrapped(c, c->args[1], "the length") : WHY_NO;
	if (c->args[1] == 0 || !has_no_end(c))
		return WHY_NO;
	return say_format(c, "the range's end, rounded up to whole pages, is 2^%zu or more", 8 * sizeof(long));
}

bool mapping_is_special(const struct mapping *mapping)
{
	return mapping_kind(mapping) == KIND_SPECIAL;
}

/* special_mapping_split(), mm/mmap.c: [vdso], [vvar], … can be unmapped or moved whole. */
enum why_answer say_special_cut(struct why_case *c, uint64_t addr, uint64_t len)
{
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	for (unsigned i = 0; i < 2; i++) {
		uint64_t cut = i == 0 ? addr : addr + len;
		const struct mapping *mapping = maps_find(c->before, cut);

		if (mapping == NULL || mapping->start == cut || !mapping_is_special(mapping))
			continue;
		say_mapping(c, mapping, cut);
		say(c, " was set up by the kernel and cannot be cut in two, at ");
		say_address(c, cut);
		return WHY_YES;
	}
	return WHY_NO;
}

/* Only advice that is kept in the mapping splits it. */
static bool is_kept(const char *advice)
{
	static const char *const kept[] = { "MADV_NORMAL", "MADV_RANDOM", "MADV_SEQUENTIAL", "MADV_DONTFORK", "MADV_DOFORK", "MADV_DONTDUMP",
		                            "MADV_DODUMP", "MADV_WIPEONFORK", "MADV_KEEPONFORK", "MADV_HUGEPAGE", "MADV_NOHUGEPAGE",
		                            "MADV_MERGEABLE", "MADV_UNMERGEABLE" };

	for (size_t i = 0; advice != NULL && i < sizeof(kept) / sizeof(kept[0]); i++)
		if (strcmp(kept[i], advice) == 0)
			return true;
	return false;
}

enum why_answer range_special_cut(struct why_case *c)
{
	if (c->call == CALL_MADVISE && !is_kept(constant_name(GROUP_MADV, (int)(uint32_t)c->args[2])))
		return WHY_NO;
	return say_special_cut(c, range_start(c), range_size(c));
}

/* hugetlb_vm_op_split(): what madvise keeps, and seals, are of whole huge pages. */
enum why_answer range_huge_cut(struct why_case *c)
{
	if (c->call == CALL_MADVISE && !is_kept(constant_name(GROUP_MADV, (int)(uint32_t)c->args[2])))
		return WHY_NO;
	return say_huge_unaligned(c, range_start(c), range_size(c));
}

enum why_answer range_hole(struct why_case *c)
{
	uint64_t at = range_start(c);

	if (has_no_end(c))
		return WHY_NO;
	if (!why_knows_maps(c)) {
		if (say_beyond(c, at, range_size(c), "the range") == WHY_YES)
			return WHY_YES;
		say(c, "something in the range is not mapped");
		return WHY_PERHAPS;
	}
	if (say_vsyscall(c, c->before, at) == WHY_YES)
		return WHY_YES;
	if (maps_covered(c->before, at, range_size(c)))
		return WHY_NO;
	for (const struct mapping *m = next_mapping(c, NULL); m != NULL && m->start <= at; m = next_mapping(c, m))
		at = m->end;
	if (at == range_start(c) && next_mapping(c, NULL) == NULL)
		return say(c, "nothing is mapped in the range");
	say(c, "the range has a hole: nothing is mapped at ");
	say_address(c, at);
	return WHY_YES;
}

enum why_answer range_sealed(struct why_case *c)
{
	return say_sealed(c, range_start(c), range_size(c));
}

/* A range that begins or ends inside a mapping splits it. */
enum why_answer range_over_count(struct why_case *c)
{
	if (c->before != NULL && !is_within(c->before, range_start(c)) &&
	    !is_within(c->before, range_start(c) + range_size(c)))
		return WHY_NO;
	enum why_answer answer = say_map_count(c, 0, "splitting this one needs one more");

	return answer == WHY_YES && c->before == NULL ? WHY_PERHAPS : answer;
}

/* mprotect(2).  The bits that some architecture takes are left to it: here only what no kernel knows. */
enum why_answer mprotect_unknown_bits(struct why_case *c)
{
	uint64_t known = 0;

	for (size_t i = 0; i < constant_count; i++)
		if (constant_table[i].group == GROUP_PROT)
			known |= (uint64_t)constant_table[i].value;
	return say_unknown_bits(c, c->args[2] & UINT32_MAX, known, "protection bit of mprotect");
}

enum why_answer mprotect_grows_both(struct why_case *c)
{
	if ((c->args[2] & (PROT_GROWSDOWN | PROT_GROWSUP)) != (PROT_GROWSDOWN | PROT_GROWSUP))
		return WHY_NO;
	return say(c, "PROT_GROWSDOWN and PROT_GROWSUP exclude each other");
}

/* No VmFlag tells of mappings that grow upwards, which only the stacks of parisc do. */
static enum why_answer grows_not_up(struct why_case *c)
{
	const bool known = why_knows_maps(c);
	const struct mapping *mapping = known ? next_mapping(c, NULL) : NULL;

	if (known && mapping == NULL)
		return WHY_NO;
	say(c, "PROT_GROWSUP changes a mapping as far as its end, and ");
	if (mapping == NULL)
		say(c, "the one at addr");
	else
		say_mapping(c, mapping, inside(c, mapping));
	say(c, " does not grow upwards: no mapping does, save stacks on some architectures");
	return known ? WHY_YES : WHY_PERHAPS;
}

enum why_answer mprotect_grows_not(struct why_case *c)
{
	const uint64_t grows = c->args[2] & (PROT_GROWSDOWN | PROT_GROWSUP);

	if (grows == PROT_GROWSUP)
		return grows_not_up(c);
	if (grows != PROT_GROWSDOWN)
		return WHY_NO;
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	const struct mapping *mapping = next_mapping(c, NULL);
	enum why_answer down = mapping == NULL ? WHY_YES : why_vmflag(c, mapping->start, "gd");

	if (down != WHY_NO)
		return down == WHY_YES ? WHY_NO : down;
	say(c, "PROT_GROWSDOWN changes a mapping from its growing end on, and ");
	say_mapping(c, mapping, inside(c, mapping));
	return say(c, " was not made to grow (MAP_GROWSDOWN)");
}

enum why_answer mprotect_huge_unaligned(struct why_case *c)
{
	return say_huge_unaligned(c, range_start(c), range_size(c));
}

/* Why a mapping may never have a permission: seals can come later, so that they are never the only reason. */
static enum why_answer say_settled(struct why_case *c, const struct mapping *mapping, uint64_t prot)
{
	uint32_t seals = 0;
	bool known = true;

	if (!mapping_has_file(mapping))
		return say(c, ": the kernel settled that when it set the mapping up");
	if (prot == PROT_WRITE && c->source != NULL && c->source->seals != NULL)
		known = c->source->seals(c->source->context, mapping, &seals);
	say(c, ": that is settled when it is mapped, by ");
	if (!known)
		say(c, "what is not known here: a seal, or ");
	if ((seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0)
		return say_format(c, "a seal (the file has %s) or by a descriptor open for reading only",
		                  (seals & F_SEAL_WRITE) != 0 ? "F_SEAL_WRITE" : "F_SEAL_FUTURE_WRITE");
	return say_format(c, "how its file was opened (shmat: SHM_RDONLY)%s",
	                  prot == PROT_EXEC ? ", or a file system that runs no programs (noexec)" : "");
}

/* VmFlags mr, mw, me: what mprotect may give; a file opened for reading only may not be written through a shared mapping. */
enum why_answer mprotect_not_allowed(struct why_case *c)
{
	static const struct {
		uint64_t prot;
		const char *flag, *name;
	} allow[] = {
		{ PROT_READ, "mr", "PROT_READ" }, { PROT_WRITE, "mw", "PROT_WRITE" }, { PROT_EXEC, "me", "PROT_EXEC" },
	};
	bool doubt = !why_knows_maps(c);

	for (const struct mapping *at = next_mapping(c, NULL); at != NULL; at = next_mapping(c, at))
		for (size_t i = 0; i < sizeof(allow) / sizeof(allow[0]); i++) {
			enum why_answer may = (c->args[2] & allow[i].prot) != 0 ? why_vmflag(c, at->start, allow[i].flag) : WHY_YES;

			doubt |= may == WHY_PERHAPS;
			if (may != WHY_NO)
				continue;
			say_mapping(c, at, inside(c, at));
			say_format(c, " may never have %s", allow[i].name);
			return say_settled(c, at, allow[i].prot);
		}
	return doubt ? WHY_PERHAPS : WHY_NO;
}

enum why_answer mprotect_write_exec(struct why_case *c)
{
	if ((c->args[2] & PROT_EXEC) == 0)
		return WHY_NO;
	say(c, "the process has forbidden itself to make memory executable that was not, or writable and executable (prctl "
	       "PR_SET_MDWE, or a security module)");
	return WHY_PERHAPS;
}

/* Whether this part of the range became writable before the call came to the one that it refused. */
static bool is_done(const struct why_case *c, const struct mapping *before)
{
	const struct mapping *now = c->after != NULL ? maps_find(c->after, inside(c, before)) : NULL;

	return now != NULL && now->perms[1] == 'w';
}

/* Private memory that was not writable counts towards RLIMIT_DATA when it becomes so. */
enum why_answer mprotect_over_data(struct why_case *c)
{
	if ((c->args[2] & PROT_WRITE) == 0)
		return WHY_NO;
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	for (const struct mapping *at = next_mapping(c, NULL); at != NULL; at = next_mapping(c, at)) {
		enum why_answer over = WHY_NO;

		if (at->perms[3] == 'p' && at->perms[1] != 'w' && !is_done(c, at))
			over = say_data_limit(c, bytes_inside(c, at));
		if (over != WHY_NO)
			return over;
	}
	return WHY_NO;
}

/* Private memory that was not writable yet is charged when it becomes so. */
enum why_answer mprotect_over_policy(struct why_case *c)
{
	if ((c->args[2] & PROT_WRITE) == 0)
		return WHY_NO;
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	for (const struct mapping *at = next_mapping(c, NULL); at != NULL; at = next_mapping(c, at)) {
		if (at->perms[3] != 'p' || at->perms[1] == 'w' || is_done(c, at))
			continue;
		enum why_answer over = say_over_policy(c, bytes_inside(c, at));

		if (over == WHY_NO)
			continue;
		enum why_answer charged = why_vmflag(c, at->start, "ac"), free = why_vmflag(c, at->start, "nr");

		if (over == WHY_YES && (charged == WHY_YES || free == WHY_YES))
			return WHY_NO;
		if (over == WHY_YES)
			say(c, "; PROT_NONE and read-only private memory are not charged, and writable memory is");
		return charged == WHY_PERHAPS ? WHY_PERHAPS : over;
	}
	return WHY_NO;
}
