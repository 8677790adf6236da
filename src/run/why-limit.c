/* SPDX-License-Identifier: MIT */
/* Rules about limits and policies, of the process, of the machine and of the architecture, that several calls share. */
#include "run/why-rule.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t why_round_up(const struct why_case *c, uint64_t len)
{
	uint64_t rounded = (len + c->page - 1) / c->page * c->page;

	/* In a word of this machine, unless the length is from a line of another one's. */
	return len <= ULONG_MAX ? (unsigned long)rounded : rounded;
}

bool why_fact(struct why_case *c, enum why_fact fact, uint64_t *value)
{
	if (c->source != NULL && c->source->fact != NULL && c->source->fact(c->source->context, fact, value))
		return true;
	c->lacking |= fact < FACT_SAME_IPC ? LACK_PROCESS : fact < FACT_OVERCOMMIT ? LACK_NAMESPACE : LACK_MACHINE;
	return false;
}

bool why_file(struct why_case *c, int fd, struct why_file *file)
{
	if (c->source != NULL && c->source->file != NULL && c->source->file(c->source->context, fd, file))
		return true;
	c->lacking |= LACK_PROCESS;
	return false;
}

bool why_knows_maps(struct why_case *c)
{
	c->lacking |= c->before == NULL ? LACK_MAPS : 0;
	return c->before != NULL;
}

/* Whether it is a flag of mappings of files and devices (huge pages are files, too), and the mapping at addr is of none. */
static bool is_of_objects(const struct why_case *c, uint64_t addr, const char *flag)
{
	static const char flags[][3] = { "ht", "de", "pf", "io" };
	const struct mapping *mapping = c->before != NULL ? maps_find(c->before, addr) : NULL;

	if (mapping == NULL || mapping->name_len > 0 || mapping_has_file(mapping))
		return false;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(flag, flags[i]) == 0)
			return true;
	}
	return false;
}

enum why_answer why_vmflag(struct why_case *c, uint64_t addr, const char *flag)
{
	int has = -1;

	/* To read smaps is dear. */
	if (is_of_objects(c, addr, flag))
		return WHY_NO;
	if (c->source != NULL && c->source->vmflag != NULL)
		has = c->source->vmflag(c->source->context, addr, flag);
	c->lacking |= has < 0 ? LACK_FLAGS : 0;
	return has < 0 ? WHY_PERHAPS : has > 0 ? WHY_YES : WHY_NO;
}

enum why_answer why_vmflag_after(const struct why_case *c, uint64_t addr, const char *flag)
{
	struct why_case now = *c;

	now.before = c->after;
	return why_vmflag(&now, addr, flag);
}

enum why_answer why_capable(struct why_case *c, unsigned bit)
{
	uint64_t all, initial;

	if (!why_fact(c, FACT_CAPABILITIES, &all))
		return WHY_PERHAPS;
	if ((all >> bit & 1) == 0)
		return WHY_NO;
	/* All that the rules ask for is asked for by capable(), not by ns_capable(). */
	if (!why_fact(c, FACT_INITIAL_USER, &initial))
		return WHY_PERHAPS;
	return initial != 0 ? WHY_YES : WHY_NO;
}

const char *why_outside(struct why_case *c, unsigned bit)
{
	uint64_t all;

	return why_fact(c, FACT_CAPABILITIES, &all) && (all >> bit & 1) != 0 ? " outside its user namespace" : "";
}

const struct mapping *why_next(const struct why_case *c, uint64_t start, uint64_t len, const struct mapping *last)
{
	const struct mapping *at;

	if (c->before == NULL || len == 0)
		return NULL;
	at = maps_above(c->before, last == NULL ? start : last->end);
	return at != NULL && (at->start < start || at->start - start < len) ? at : NULL;
}

/* Says that used and more bytes are over a limit; used alone can be, too, where the limit was lowered: may_expand_vm(), mm/vma.c. */
static enum why_answer over(struct why_case *c, enum why_fact limited, const char *name, enum why_fact measured,
                            const char *has, uint64_t more)
{
	uint64_t limit, used;

	if (!why_fact(c, limited, &limit))
		return WHY_PERHAPS;
	if (limit == UINT64_MAX)
		return WHY_NO;
	if (!why_fact(c, measured, &used))
		return WHY_PERHAPS;
	limit = limit / c->page * c->page;
	if (used <= limit && more <= limit - used)
		return WHY_NO;
	say_format(c, "%s is ", name);
	say_size(c, limit);
	say(c, ", the process has ");
	say_size(c, used);
	if (more == 0)
		return say_format(c, " %s, and over it no mapping can be made, not even in the place of another", has);
	say_format(c, " %s, and this asks for ", has);
	say_size(c, more);
	return say(c, " more");
}

enum why_answer say_address_limit(struct why_case *c, uint64_t more)
{
	return over(c, FACT_LIMIT_AS, "RLIMIT_AS", FACT_VM_SIZE, "mapped already", more);
}

enum why_answer say_data_limit(struct why_case *c, uint64_t more)
{
	uint64_t soft;
	bool hard = why_fact(c, FACT_LIMIT_DATA, &soft) && soft == 0;

	return over(c, FACT_DATA_MOST, hard ? "the hard limit of RLIMIT_DATA, which counts where the soft one is 0," : "RLIMIT_DATA",
	            FACT_VM_DATA, "of private writable memory already", more);
}

enum why_answer say_over_heuristic(struct why_case *c, uint64_t len)
{
	uint64_t policy, ram, swap;

	if (!why_fact(c, FACT_OVERCOMMIT, &policy))
		return WHY_PERHAPS;
	if (policy != 0)
		return WHY_NO;
	if (!why_fact(c, FACT_RAM, &ram) || !why_fact(c, FACT_SWAP, &swap))
		return WHY_PERHAPS;
	if (len <= ram + swap)
		return WHY_NO;
	say(c, "under overcommit policy 0 (heuristic) one request larger than all RAM and swap is refused: ");
	say_size(c, len);
	say(c, " is more than ");
	say_size(c, ram);
	say(c, " + ");
	say_size(c, swap);
	return WHY_YES;
}

enum why_answer say_over_commit(struct why_case *c, uint64_t len)
{
	uint64_t policy, limit, committed;

	if (!why_fact(c, FACT_OVERCOMMIT, &policy))
		return WHY_PERHAPS;
	if (policy != 2)
		return WHY_NO;
	if (!why_fact(c, FACT_COMMIT_LIMIT, &limit) || !why_fact(c, FACT_COMMITTED, &committed))
		return WHY_PERHAPS;
	/* The reserves for root and for the user's other programs are at most 3 % each: __vm_enough_memory(), mm/util.c. */
	if (committed + len <= limit / 100 * 94)
		return WHY_NO;
	say(c, "under overcommit policy 2 Committed_AS (now ");
	say_size(c, committed);
	say(c, ") must stay under CommitLimit (");
	say_size(c, limit);
	say(c, ") less the reserves, and this asks for ");
	say_size(c, len);
	return say(c, " more; MAP_NORESERVE is ignored under this policy");
}

enum why_answer say_over_policy(struct why_case *c, uint64_t len)
{
	enum why_answer answer = say_over_heuristic(c, len);

	return answer != WHY_NO ? answer : say_over_commit(c, len);
}

enum why_answer say_map_count(struct why_case *c, int64_t spare, const char *doing)
{
	uint64_t most, count;

	if (!why_fact(c, FACT_MAX_MAP_COUNT, &most))
		return WHY_PERHAPS;
	if (c->source == NULL || c->source->fact == NULL || !c->source->fact(c->source->context, FACT_MAP_COUNT, &count)) {
		if (!why_knows_maps(c))
			return WHY_PERHAPS;
		/* maps shows the vsyscall page of x86-64, which is no mapping of the process. */
		struct maps_place place = maps_place(c->before, UINT64_MAX);

		count = c->before->count;
		while (maps_backward(&place) && place.at->start >> 63 != 0)
			count--;
	}
	if ((int64_t)count < (int64_t)most - spare)
		return WHY_NO;
	say_format(c, "the process has %" PRIu64 " mappings, and the limit of vm.max_map_count is %" PRIu64 "; %s", count, most,
	           doing);
	return WHY_YES;
}

enum why_answer say_cut_count(struct why_case *c, uint64_t start, uint64_t size)
{
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	const struct mapping *mapping = maps_find(c->before, start);

	if (mapping == NULL || mapping->start >= start || start + size >= mapping->end)
		return WHY_NO;
	return say_map_count(c, 0, "taking away the middle of a mapping makes two of it and needs one more");
}

enum why_answer say_over_memlock(struct why_case *c, uint64_t more)
{
	enum why_answer capable = why_capable(c, WHY_CAP_IPC_LOCK);

	if (capable == WHY_YES)
		return WHY_NO;
	enum why_answer answer = over(c, FACT_LIMIT_MEMLOCK, "RLIMIT_MEMLOCK", FACT_VM_LOCKED, "locked already", more);

	if (answer != WHY_YES)
		return answer;
	say_format(c, "; only CAP_IPC_LOCK, which it lacks%s, passes that limit", why_outside(c, WHY_CAP_IPC_LOCK));
	return capable == WHY_NO ? WHY_YES : WHY_PERHAPS;
}

enum why_answer say_no_memlock(struct why_case *c)
{
	uint64_t limit;
	enum why_answer capable = why_capable(c, WHY_CAP_IPC_LOCK);

	if (capable == WHY_YES)
		return WHY_NO;
	if (!why_fact(c, FACT_LIMIT_MEMLOCK, &limit))
		return WHY_PERHAPS;
	if (limit != 0)
		return WHY_NO;
	say_format(c, "RLIMIT_MEMLOCK is 0 and the process lacks CAP_IPC_LOCK%s: it may lock nothing",
	           why_outside(c, WHY_CAP_IPC_LOCK));
	return capable == WHY_NO ? WHY_YES : WHY_PERHAPS;
}

enum why_answer say_sealed(struct why_case *c, uint64_t addr, uint64_t len)
{
	enum why_answer answer = WHY_NO;

	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	for (const struct mapping *at = why_next(c, addr, len, NULL); at != NULL; at = why_next(c, addr, len, at)) {
		enum why_answer sealed = why_vmflag(c, at->start, "sl");

		if (sealed == WHY_PERHAPS)
			answer = WHY_PERHAPS;
		if (sealed != WHY_YES)
			continue;
		say_mapping(c, at, at->start > addr ? at->start : addr);
		return say(c, " is sealed (mseal): while the process runs this program, no call can unmap, move, resize or replace "
		              "it, or give it other permissions");
	}
	return answer;
}

enum why_answer say_low(struct why_case *c, uint64_t addr)
{
	uint64_t lowest;
	enum why_answer capable = why_capable(c, WHY_CAP_SYS_RAWIO);

	if (capable == WHY_YES)
		return WHY_NO;
	if (!why_fact(c, FACT_MMAP_MIN_ADDR, &lowest))
		return addr < UINT64_C(1) << 20 ? WHY_PERHAPS : WHY_NO;
	if (addr >= lowest)
		return WHY_NO;
	say_format(c, "%#" PRIx64 " is below vm.mmap_min_addr (%#" PRIx64 "), where only CAP_SYS_RAWIO, which the process lacks%s, "
	           "lets one map", addr, lowest, why_outside(c, WHY_CAP_SYS_RAWIO));
	return capable == WHY_NO ? WHY_YES : WHY_PERHAPS;
}

enum why_answer say_huge_unaligned(struct why_case *c, uint64_t addr, uint64_t len)
{
	uint64_t size;
	enum why_answer huge = WHY_NO;

	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	const struct mapping *ends[] = { maps_find(c->before, addr), maps_find(c->before, addr + len) };

	for (unsigned i = 0; i < 2; i++) {
		uint64_t cut = i == 0 ? addr : addr + len;

		if (ends[i] == NULL || ends[i]->start == cut)
			continue;
		huge = why_vmflag(c, ends[i]->start, "ht");
		if (huge == WHY_NO)
			continue;
		if (!why_fact(c, FACT_HUGE_SIZE, &size))
			return WHY_PERHAPS;
		if (size == 0 || cut % size == 0)
			continue;
		if (huge == WHY_PERHAPS)
			return WHY_PERHAPS;
		say_mapping(c, ends[i], cut);
		say(c, " is of huge pages, and can be cut only at multiples of ");
		say_size(c, size);
		say(c, ": ");
		say_address(c, cut);
		return say(c, " is none");
	}
	return WHY_NO;
}
