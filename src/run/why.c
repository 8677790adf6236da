/* SPDX-License-Identifier: MIT */
/* The table of rules that say why a call failed, why it did what it did, and why an access faulted. */
#include "run/why.h"

#include "base/size.h"
#include "mm/symbol.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4 /* Linux 5.7 */
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* Linux 4.17 */
#endif

/* What the rules look at: one call, or one fault, and how things stood. */
struct why_case {
	struct machine *m;
	uint64_t args[CALL_ARGS];
	uint64_t page;
	int64_t result;
	const struct maps *before, *after; /* never NULL */
	const struct regions *names;       /* before the call */
	const struct event_fault *fault;
	struct buf *out;
};

/* A row: when it applies it adds its sentence and returns true. */
struct why_rule {
	uint8_t call;  /* enum call_id, or FAULT_RULE */
	int error;     /* the errno that it explains, a fault code's si_code group, or 0: why a call did what it did */
	bool (*explains)(const struct why_case *c);
};

enum { FAULT_RULE = UINT8_MAX };

static uint64_t round_up(const struct why_case *c, uint64_t len)
{
	return (len + c->page - 1) / c->page * c->page;
}

static bool say(const struct why_case *c, const char *text)
{
	buf_puts(c->out, text);
	return true;
}

static void say_address(const struct why_case *c, uint64_t addr)
{
	symbol_format(c->out, addr, c->names, c->before);
}

static void say_size(const struct why_case *c, uint64_t bytes)
{
	size_format(c->out, bytes);
}

/* The pages around the scratch page, which the executor made before the script began. */
static bool is_own_page(const struct why_case *c, uint64_t addr)
{
	uint64_t scratch = c->m->here->process.scratch;

	return addr / c->page * c->page == scratch - c->page || addr / c->page * c->page == scratch + c->page;
}

/* What holds an address: a named region, a file, or an anonymous mapping; with its permissions. */
static void say_mapping(const struct why_case *c, const struct mapping *mapping, uint64_t addr)
{
	const struct region *region = regions_find(c->names, addr);

	if (region != NULL)
		buf_puts(c->out, region->name);
	else if (is_own_page(c, addr))
		buf_puts(c->out, "a guard page of mmtool's own, which keeps experiments apart from the C library");
	else if (mapping->name_len > 0)
		buf_escape(c->out, mapping->name, mapping->name_len, 0);
	else
		buf_puts(c->out, "an anonymous mapping");
	buf_printf(c->out, " (%s)", mapping->perms);
}

/* mremap(2): the arguments of the case by their names. */
static uint64_t old_address(const struct why_case *c)
{
	return c->args[0];
}

static uint64_t old_size(const struct why_case *c)
{
	return round_up(c, c->args[1]);
}

static uint64_t new_size(const struct why_case *c)
{
	return round_up(c, c->args[2]);
}

static bool flag(const struct why_case *c, uint64_t bit)
{
	return (c->args[3] & bit) != 0;
}

static bool fixed_without_maymove(const struct why_case *c)
{
	return flag(c, MREMAP_FIXED) && !flag(c, MREMAP_MAYMOVE) &&
	       say(c, "MREMAP_FIXED is taken only together with MREMAP_MAYMOVE");
}

static bool dontunmap_without_maymove(const struct why_case *c)
{
	return flag(c, MREMAP_DONTUNMAP) && !flag(c, MREMAP_MAYMOVE) &&
	       say(c, "MREMAP_DONTUNMAP is taken only together with MREMAP_MAYMOVE");
}

static bool dontunmap_resizes(const struct why_case *c)
{
	return flag(c, MREMAP_DONTUNMAP) && old_size(c) != new_size(c) &&
	       say(c, "MREMAP_DONTUNMAP moves pages as they are: old_size and new_size must be equal");
}

static bool unknown_mremap_flag(const struct why_case *c)
{
	uint64_t unknown = c->args[3] & ~(uint64_t)(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP);

	if (unknown == 0)
		return false;
	buf_printf(c->out, "%#" PRIx64 " is no flag of mremap", unknown);
	return true;
}

static bool unaligned(const struct why_case *c, uint64_t addr, const char *what)
{
	if (addr % c->page == 0)
		return false;
	buf_printf(c->out, "%s is not a multiple of the page size: ", what);
	say_address(c, addr);
	say(c, " is ");
	say_size(c, addr % c->page);
	say(c, " past a page's start");
	return true;
}

static bool old_unaligned(const struct why_case *c)
{
	return unaligned(c, old_address(c), "old_address");
}

static bool new_unaligned(const struct why_case *c)
{
	return flag(c, MREMAP_FIXED) && unaligned(c, c->args[4], "new_address");
}

static bool new_size_zero(const struct why_case *c)
{
	return new_size(c) == 0 && say(c, "new_size is 0: a mapping cannot become empty; munmap removes one");
}

static bool overlap(const struct why_case *c)
{
	uint64_t to = c->args[4];

	if (!flag(c, MREMAP_FIXED) || !(old_address(c) < to + new_size(c) && to < old_address(c) + old_size(c)))
		return false;
	say(c, "the old range (");
	say_size(c, old_size(c));
	say(c, " at ");
	say_address(c, old_address(c));
	say(c, ") and the new range (");
	say_size(c, new_size(c));
	say(c, " at ");
	say_address(c, to);
	return say(c, ") overlap: the kernel maps the new one while the old one is still there");
}

static bool private_alias(const struct why_case *c)
{
	const struct mapping *mapping = maps_find(c->before, old_address(c));

	return c->args[1] == 0 && mapping != NULL && mapping->perms[3] == 'p' &&
	       say(c, "old_size 0 duplicates shared mappings only; this one is private (since Linux 4.14)");
}

/* The first thing in the way of growing in place, or NULL. */
static const struct mapping *obstacle(const struct why_case *c)
{
	uint64_t end = old_address(c) + old_size(c);
	const struct mapping *next = maps_above(c->before, end);

	if (new_size(c) <= old_size(c) || next == NULL || next->start >= old_address(c) + new_size(c))
		return NULL;
	return next;
}

static void say_obstacle(const struct why_case *c)
{
	const struct mapping *taken = obstacle(c);
	uint64_t end = old_address(c) + old_size(c), stop = old_address(c) + new_size(c);
	uint64_t from = taken->start > end ? taken->start : end, to = taken->end < stop ? taken->end : stop;

	say_size(c, stop - end);
	say(c, " behind it are needed to grow in place, and ");
	say_size(c, to - from);
	say(c, " of that is taken by ");
	say_mapping(c, taken, from);
}

static bool no_room_in_place(const struct why_case *c)
{
	if (flag(c, MREMAP_MAYMOVE) || obstacle(c) == NULL)
		return false;
	say_obstacle(c);
	return say(c, "; MREMAP_MAYMOVE would let it move");
}

static bool old_range_unmapped(const struct why_case *c)
{
	if (maps_find(c->before, old_address(c)) == NULL)
		return say(c, "nothing is mapped at old_address");
	if (maps_covered(c->before, old_address(c), old_size(c)))
		return false;
	return say(c, "the old range has a hole: only part of it is mapped");
}

static bool over_address_limit(const struct why_case *c, uint64_t more)
{
	struct rlimit limit;
	int64_t size = 0;

	if (prlimit(c->m->here->process.pid, RLIMIT_AS, NULL, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY ||
	    observer_status(&c->m->here->observer, "VmSize", &size) < 0 || (uint64_t)size + more <= limit.rlim_cur)
		return false;
	say(c, "RLIMIT_AS is ");
	say_size(c, limit.rlim_cur);
	say(c, ", and the process has ");
	say_size(c, (uint64_t)size);
	say(c, " mapped already");
	return true;
}

static bool mremap_over_limit(const struct why_case *c)
{
	return over_address_limit(c, new_size(c) - old_size(c));
}

/* mmap(2). */
static bool mmap_over_limit(const struct why_case *c)
{
	return over_address_limit(c, round_up(c, c->args[1]));
}

static bool mmap_length_zero(const struct why_case *c)
{
	return c->args[1] == 0 && say(c, "the length is 0");
}

static bool mmap_fixed_unaligned(const struct why_case *c)
{
	return flag(c, MAP_FIXED | MAP_FIXED_NOREPLACE) && unaligned(c, c->args[0], "addr");
}

static bool mmap_occupied(const struct why_case *c)
{
	const struct mapping *there = maps_above(c->before, c->args[0]);

	if (there == NULL || there->start >= c->args[0] + round_up(c, c->args[1]))
		return false;
	say(c, "MAP_FIXED_NOREPLACE does not replace, and the range is taken by ");
	say_mapping(c, there, there->start > c->args[0] ? there->start : c->args[0]);
	return true;
}

/* Whether a new mapping counts towards what is committed: private writable or shared anonymous memory. */
static bool is_accountable(const struct why_case *c)
{
	bool anonymous = flag(c, MAP_ANONYMOUS), writable = (c->args[2] & PROT_WRITE) != 0;

	return flag(c, MAP_PRIVATE) ? writable : anonymous;
}

static bool over_heuristic(const struct why_case *c)
{
	struct observer *observer = &c->m->here->observer;
	int64_t policy = -1, ram = 0, swap = 0;
	uint64_t len = round_up(c, c->args[1]);

	if (observer_sysctl("vm.overcommit_memory", &policy) < 0 || policy != 0 || flag(c, MAP_NORESERVE) ||
	    !is_accountable(c) || observer_meminfo(observer, "MemTotal", &ram) < 0 ||
	    observer_meminfo(observer, "SwapTotal", &swap) < 0 || len <= (uint64_t)ram + (uint64_t)swap)
		return false;
	say(c, "under overcommit policy 0 (heuristic) one mapping larger than all RAM and swap is refused: ");
	say_size(c, len);
	say(c, " is more than ");
	say_size(c, (uint64_t)ram);
	say(c, " + ");
	say_size(c, (uint64_t)swap);
	return say(c, "; MAP_NORESERVE leaves it out of that account");
}

static bool over_commit_limit(const struct why_case *c)
{
	struct observer *observer = &c->m->here->observer;
	int64_t policy = -1, limit = 0, committed = 0;
	uint64_t len = round_up(c, c->args[1]);

	if (observer_sysctl("vm.overcommit_memory", &policy) < 0 || policy != 2 || !is_accountable(c) ||
	    observer_meminfo(observer, "CommitLimit", &limit) < 0 ||
	    observer_meminfo(observer, "Committed_AS", &committed) < 0 ||
	    (uint64_t)committed + len <= (uint64_t)limit / 100 * 95)
		return false;
	say(c, "under overcommit policy 2 Committed_AS (now ");
	say_size(c, (uint64_t)committed);
	say(c, ") must stay under CommitLimit (");
	say_size(c, (uint64_t)limit);
	say(c, ") less the reserves, and this asks for ");
	say_size(c, len);
	return say(c, " more; MAP_NORESERVE is ignored under this policy");
}

/* munmap(2). */
static bool munmap_unaligned(const struct why_case *c)
{
	return unaligned(c, c->args[0], "addr");
}

static bool munmap_length_zero(const struct why_case *c)
{
	return c->args[1] == 0 && say(c, "the length is 0");
}

/* What happened, where nothing failed. */
static bool why_moved(const struct why_case *c)
{
	if ((uint64_t)c->result == old_address(c) || flag(c, MREMAP_FIXED) || flag(c, MREMAP_DONTUNMAP) || c->args[1] == 0)
		return false;
	if (obstacle(c) != NULL) {
		say_obstacle(c);
		say(c, ", so the kernel moved it (MREMAP_MAYMOVE). ");
	}
	return say(c, "The page tables were changed and no byte was copied: the page frames are the same, and every "
	              "pointer into the old range is stale.");
}

static bool why_moved_fixed(const struct why_case *c)
{
	return flag(c, MREMAP_FIXED) &&
	       say(c, "MREMAP_FIXED put the mapping exactly at new_address. The kernel first unmapped what was in the "
	              "new_size bytes there, and only that; then it moved the page table entries. No byte was copied.");
}

static bool why_grew(const struct why_case *c)
{
	if ((uint64_t)c->result != old_address(c) || new_size(c) <= old_size(c))
		return false;
	say(c, "The ");
	say_size(c, new_size(c) - old_size(c));
	return say(c, " behind it were free, so it grew in place and every pointer into it stays valid. The new pages have no "
	              "memory until they are touched.");
}

static bool why_shrank(const struct why_case *c)
{
	if ((uint64_t)c->result != old_address(c) || new_size(c) >= old_size(c))
		return false;
	say(c, "Shrinking never moves. The last ");
	say_size(c, old_size(c) - new_size(c));
	return say(c, " were unmapped as munmap would have done, and their pages were freed at once.");
}

static bool why_shared_object(const struct why_case *c)
{
	const struct mapping *mapping = maps_find(c->before, old_address(c));

	return mapping != NULL && mapping->perms[3] == 's' && mapping->major == 0 && new_size(c) > old_size(c) &&
	       c->args[1] != 0 &&
	       say(c, "The mapping grew, and the object behind it did not: a shared anonymous mapping is a file in memory "
	              "whose length was fixed by mmap. The new pages have nothing behind them.");
}

static bool why_placed(const struct why_case *c)
{
	const struct mapping *above = maps_above(c->before, (uint64_t)c->result);
	uint64_t end = (uint64_t)c->result + round_up(c, c->args[1]);

	if (c->args[0] != 0 || flag(c, MAP_FIXED))
		return false;
	say(c, "No address was asked for, so the kernel chose one");
	if (above == NULL || above->start != end)
		return say(c, ".");
	say(c, ": directly below ");
	say_mapping(c, above, end);
	return say(c, ". It looks for room from the top downwards, so a new mapping usually lands just below the last one.");
}

static bool why_hint(const struct why_case *c)
{
	if (c->args[0] == 0 || flag(c, MAP_FIXED) || flag(c, MAP_FIXED_NOREPLACE))
		return false;
	return say(c, (uint64_t)c->result == c->args[0]
	                  ? "The address was a hint, and the range there was free, so the kernel took it."
	                  : "The address was only a hint: the range there cannot be used, so the kernel chose another.");
}

static bool why_replaced(const struct why_case *c)
{
	uint64_t was = maps_mapped(c->before, c->args[0], round_up(c, c->args[1]), NULL);

	if (!flag(c, MAP_FIXED) || was == 0)
		return false;
	say(c, "MAP_FIXED replaces without asking: ");
	say_size(c, was);
	return say(c, " that were mapped in this range are gone. It is safe only over a range that one reserved oneself.");
}

static bool why_reservation(const struct why_case *c)
{
	return c->args[2] == PROT_NONE && flag(c, MAP_ANONYMOUS) &&
	       say(c, "PROT_NONE reserves addresses and nothing else: no memory, no commit charge, and no access until "
	              "something is mapped over it or mprotect allows it.");
}

static bool why_noreserve(const struct why_case *c)
{
	int64_t policy = -1;

	if (!flag(c, MAP_NORESERVE) || observer_sysctl("vm.overcommit_memory", &policy) < 0)
		return false;
	return say(c, policy == 2 ? "Under overcommit policy 2 MAP_NORESERVE is ignored: the mapping is charged."
	                          : "MAP_NORESERVE keeps the mapping out of the commit account: Committed_AS does not grow. "
	                            "It is accounting and no swap is set aside or spared; memory is still needed when "
	                            "pages are touched, and without any the OOM killer decides.");
}

static bool why_unmapped(const struct why_case *c)
{
	size_t touching;
	uint64_t was = maps_mapped(c->before, c->args[0], round_up(c, c->args[1]), &touching);

	if (touching < 2)
		return false;
	say(c, "One munmap may span several mappings, and holes: ");
	say_size(c, was);
	buf_printf(c->out, " in %zu mappings were unmapped.", touching);
	return true;
}

/* Faults. */
static bool fault_unmapped(const struct why_case *c)
{
	if (c->fault->code != fault_code(SIGSEGV, SEGV_MAPERR) || maps_find(c->after, c->fault->address) != NULL)
		return false;
	return say(c, "SEGV_MAPERR: no mapping holds this address, so there is no permission to look at and no page to bring in.");
}

static bool fault_permissions(const struct why_case *c)
{
	const struct mapping *mapping = maps_find(c->after, c->fault->address);

	if (c->fault->code != fault_code(SIGSEGV, SEGV_ACCERR) || mapping == NULL)
		return false;
	say(c, "SEGV_ACCERR: the address is mapped, and the permissions of ");
	say_mapping(c, mapping, c->fault->address);
	return say(c, " do not allow this access.");
}

static bool fault_past_end(const struct why_case *c)
{
	const struct mapping *mapping = maps_find(c->after, c->fault->address);

	if (c->fault->code != fault_code(SIGBUS, BUS_ADRERR) || mapping == NULL)
		return false;
	say(c, "BUS_ADRERR: the mapping is longer than the object behind it. This page begins ");
	say_size(c, mapping->offset + (c->fault->address / c->page * c->page - mapping->start));
	return say(c, " into the object, at or past its end, so there is nothing to bring in.");
}

static const struct why_rule rules[] = {
	{ CALL_MREMAP, EINVAL, unknown_mremap_flag },
	{ CALL_MREMAP, EINVAL, fixed_without_maymove },
	{ CALL_MREMAP, EINVAL, dontunmap_without_maymove },
	{ CALL_MREMAP, EINVAL, dontunmap_resizes },
	{ CALL_MREMAP, EINVAL, old_unaligned },
	{ CALL_MREMAP, EINVAL, new_size_zero },
	{ CALL_MREMAP, EINVAL, new_unaligned },
	{ CALL_MREMAP, EINVAL, overlap },
	{ CALL_MREMAP, EINVAL, private_alias },
	{ CALL_MREMAP, ENOMEM, no_room_in_place },
	{ CALL_MREMAP, ENOMEM, mremap_over_limit },
	{ CALL_MREMAP, EFAULT, old_range_unmapped },
	{ CALL_MMAP, EINVAL, mmap_length_zero },
	{ CALL_MMAP, EINVAL, mmap_fixed_unaligned },
	{ CALL_MMAP, EEXIST, mmap_occupied },
	{ CALL_MMAP, ENOMEM, mmap_over_limit },
	{ CALL_MMAP, ENOMEM, over_heuristic },
	{ CALL_MMAP, ENOMEM, over_commit_limit },
	{ CALL_MUNMAP, EINVAL, munmap_unaligned },
	{ CALL_MUNMAP, EINVAL, munmap_length_zero },
	{ CALL_MREMAP, 0, why_moved },
	{ CALL_MREMAP, 0, why_moved_fixed },
	{ CALL_MREMAP, 0, why_grew },
	{ CALL_MREMAP, 0, why_shrank },
	{ CALL_MREMAP, 0, why_shared_object },
	{ CALL_MMAP, 0, why_placed },
	{ CALL_MMAP, 0, why_hint },
	{ CALL_MMAP, 0, why_replaced },
	{ CALL_MMAP, 0, why_reservation },
	{ CALL_MMAP, 0, why_noreserve },
	{ CALL_MUNMAP, 0, why_unmapped },
	{ FAULT_RULE, 0, fault_unmapped },
	{ FAULT_RULE, 0, fault_permissions },
	{ FAULT_RULE, 0, fault_past_end },
};

/* Adds the sentence of every rule that applies; between two of them, separator. */
static const char *find(struct why_case *c, unsigned call, int error, const char *lead, const char *separator)
{
	struct buf text = { 0 };
	const char *found = NULL;

	c->out = &text;
	buf_puts(&text, lead);
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		size_t mark = text.len;

		if (rules[i].call != call || rules[i].error != error)
			continue;
		if (found != NULL)
			buf_puts(&text, separator);
		if (rules[i].explains(c)) {
			found = "";
		} else {
			text.len = mark;
			text.data[mark] = '\0';
		}
	}
	if (found != NULL)
		found = arena_string(&c->m->temp, text.data, text.len);
	buf_fini(&text);
	return found;
}

static struct why_case make_case(struct machine *m, const struct event_step *step)
{
	static const struct maps nothing;

	return (struct why_case){ .m = m,
		                  .page = m->page,
		                  .before = step->before != NULL ? step->before : &nothing,
		                  .after = step->after != NULL ? step->after : &nothing,
		                  .names = step->old_regions };
}

void why_call(struct machine *m, const struct performance *p, struct event_step *step)
{
	struct why_case c = make_case(m, step);
	char lead[32];
	int error = step->call.error;

	if (!step->looked || (error == 0 && !m->options->explain))
		return;
	memcpy(c.args, p->words, sizeof(c.args));
	c.result = p->result;
	if (error == 0) {
		step->explain = find(&c, p->statement->call->id, 0, "", " ");
		return;
	}
	const char *name = constant_name(GROUP_ERRNO, error);

	snprintf(lead, sizeof(lead), "%s: ", name != NULL ? name : "?");
	step->why = find(&c, p->statement->call->id, error, lead, "; or: ");
}

void why_faults(struct machine *m, struct event_step *step)
{
	struct why_case c = make_case(m, step);

	if (!m->options->explain || step->fault_count == 0 || m->here->process.dead)
		return;
	c.after = machine_maps(m);
	c.before = c.after;
	c.fault = &step->faults[0];
	if (c.after != NULL && step->explain == NULL)
		step->explain = find(&c, FAULT_RULE, 0, "", " ");
}
