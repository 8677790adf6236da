/* SPDX-License-Identifier: MIT */
/* The rules about accesses that fault: what is at the address, what was there before, and whose protection refused it. */
#include "run/why-rule.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

static uint64_t address(const struct why_case *c)
{
	return c->fault->address;
}

static bool is(const struct why_case *c, int signal, int code)
{
	return c->fault->code == fault_code(signal, code);
}

static const struct mapping *there(const struct why_case *c)
{
	return c->after != NULL && c->fault->has_address ? maps_find(c->after, address(c)) : NULL;
}

/* The first entry from number i on that took this address away, or NULL; i becomes its number. */
static const struct why_gone *next_taking(const struct why_history *history, size_t *i, uint64_t addr)
{
	for (; *i < history->count; ++*i) {
		const struct why_gone *gone = &history->list[*i % WHY_HISTORY];

		if (addr >= gone->start && addr < gone->end)
			return gone;
	}
	return NULL;
}

/* The number of the last entry that took this address away; history->count: there is none. */
static size_t last_taking(const struct why_history *history, uint64_t addr)
{
	size_t last = history->count, i = history->count < WHY_HISTORY ? 0 : history->count - WHY_HISTORY;

	for (; next_taking(history, &i, addr) != NULL; i++)
		last = i;
	return last;
}

/* Where this byte, moved by entry number i to addr, went from there. */
static void say_further(const struct why_case *c, size_t i, uint64_t addr)
{
	const struct why_gone *gone;

	for (i++; (gone = next_taking(c->history, &i, addr)) != NULL; i++) {
		say_format(c, ", and the %s at line %" PRIu32, gone->call, gone->line);
		if (gone->kind != GONE_MOVED) {
			say(c, gone->kind == GONE_UNMAPPED ? " unmapped it there" : " mapped something else there");
			return;
		}
		addr = gone->moved_to + (addr - gone->start);
		say(c, " moved it on to ");
		say_address(c, addr);
	}
}

/* What a call of before took away from this address.  What replaced it was there itself, and what took that is not known. */
static void say_history(const struct why_case *c)
{
	const struct why_history *history = c->history;
	size_t i = history != NULL ? last_taking(history, address(c)) : 0;

	if (history == NULL || i == history->count)
		return;
	const struct why_gone *gone = &history->list[i % WHY_HISTORY];
	uint64_t moved_to = gone->moved_to + (address(c) - gone->start);

	if (gone->kind == GONE_REPLACED)
		return;
	say_format(c, " The %s at line %" PRIu32, gone->call, gone->line);
	if (gone->kind == GONE_UNMAPPED) {
		say(c, gone->was_mapped ? " unmapped it." : " left nothing mapped here.");
		return;
	}
	say(c, " moved what was there: this byte of it went to ");
	say_address(c, moved_to);
	say_further(c, i, moved_to);
	say(c, ".");
}

/* The nearest mapping on one side. */
static void say_neighbour(const struct why_case *c)
{
	struct maps_place place = maps_place(c->after, address(c));
	const struct mapping *below = maps_backward(&place) ? place.at : NULL;

	if (below != NULL && address(c) - below->end < c->page) {
		say(c, " It is ");
		say_size(c, address(c) - below->end);
		say(c, " past the end of ");
		say_mapping(c, below, below->end - 1);
		say(c, ".");
	}
}

/* The mapping above the address, where that grows down, or may: WHY_PERHAPS where its VmFlags should be known, and are not. */
static enum why_answer growing_above(struct why_case *c, const struct mapping **above)
{
	*above = c->after != NULL && there(c) == NULL ? maps_above(c->after, address(c)) : NULL;
	if (*above == NULL || mapping_has_file(*above) || c->source == NULL || c->source->vmflag == NULL)
		return WHY_NO;
	return why_vmflag(c, (*above)->start, "gd");
}

enum why_answer fault_unmapped(struct why_case *c)
{
	if (!is(c, SIGSEGV, SEGV_MAPERR))
		return WHY_NO;
	if (c->after == NULL) {
		c->lacking |= LACK_MAPS;
		say(c, "SEGV_MAPERR: no mapping holds this address, or only a guard region does");
		say_history(c);
		return WHY_YES;
	}
	if (there(c) != NULL && !is_vsyscall(there(c)))
		return WHY_NO;
	if (there(c) != NULL) {
		say(c, "SEGV_MAPERR: ");
		say_vsyscall(c, c->after, address(c));
		return say(c, ".");
	}
	const struct mapping *above;

	if (growing_above(c, &above) == WHY_PERHAPS) {
		say(c, "SEGV_MAPERR: no mapping holds this address, and it is not known whether ");
		say_mapping(c, above, above->start);
		return say(c, " above grows when it is touched (MAP_GROWSDOWN).");
	}
	say(c, "SEGV_MAPERR: no mapping holds this address, so there is no permission to look at and no page to bring in.");
	if (address(c) < c->page)
		say(c, " A pointer that is NULL, or nearly, is the usual way to get here.");
	say_neighbour(c);
	say_history(c);
	return WHY_YES;
}

static void say_growing(const struct why_case *c, const struct mapping *mapping)
{
	say(c, "SEGV_MAPERR: ");
	say_mapping(c, mapping, mapping->start);
	say(c, " grows when the memory below it is touched, and ");
}

/* A stack grows when it is touched, as far as RLIMIT_STACK: acct_stack_growth(), mm/vma.c. */
enum why_answer fault_stack_limit(struct why_case *c)
{
	uint64_t limit;

	const struct mapping *above;

	if (!is(c, SIGSEGV, SEGV_MAPERR) || growing_above(c, &above) != WHY_YES || !why_fact(c, FACT_LIMIT_STACK, &limit) ||
	    above->end - address(c) / c->page * c->page <= limit)
		return WHY_NO;
	say_growing(c, above);
	say(c, "RLIMIT_STACK is ");
	say_size(c, limit);
	say(c, ": this address would make it ");
	say_size(c, above->end - address(c) / c->page * c->page);
	return say(c, " long.");
}

/* A mapping below that allows access, and does not grow down itself, is not come near: expand_downwards(), mm/vma.c. */
static const struct mapping *neighbour_near(struct why_case *c, uint64_t page)
{
	struct maps_place place = maps_place(c->after, address(c));
	const struct mapping *below = maps_backward(&place) ? place.at : NULL;

	if (below == NULL || memcmp(below->perms, "---", 3) == 0 || page - below->end >= GUARD_GAP * c->page)
		return NULL;
	return why_vmflag(c, below->start, "gd") == WHY_YES ? NULL : below;
}

/* The limits that growth meets: acct_stack_growth(), mm/vma.c. */
static enum why_answer say_growth_limit(struct why_case *c, const struct mapping *above, uint64_t more)
{
	enum why_answer answer = say_address_limit(c, more);

	if (answer == WHY_NO && why_vmflag(c, above->start, "lo") != WHY_NO)
		answer = say_over_memlock(c, more);
	return answer == WHY_NO ? say_over_policy(c, more) : answer;
}

enum why_answer fault_stack_room(struct why_case *c)
{
	const struct mapping *above;
	const uint64_t page = address(c) / c->page * c->page;

	if (!is(c, SIGSEGV, SEGV_MAPERR) || growing_above(c, &above) != WHY_YES)
		return WHY_NO;
	const struct mapping *near = neighbour_near(c, page);

	say_growing(c, above);
	if (near != NULL) {
		say(c, "the kernel keeps a gap (stack_guard_gap, ");
		say_size(c, GUARD_GAP * c->page);
		say(c, " by default) above ");
		say_mapping(c, near, near->end - 1);
		say(c, ": this page begins ");
		say_size(c, page - near->end);
		return say(c, " past its end.");
	}
	const size_t mark = c->out->len;

	if (say_growth_limit(c, above, above->start - page) == WHY_YES)
		return say(c, ".");
	buf_cut(c->out, mark);
	return say(c, "it is not known why it did not grow now.");
}

enum why_answer fault_guard(struct why_case *c)
{
	if (!is(c, SIGSEGV, SEGV_MAPERR) || there(c) == NULL)
		return WHY_NO;
	int guard = c->source != NULL && c->source->guard != NULL ? c->source->guard(c->source->context, address(c)) : -1;

	if (guard == 0)
		return WHY_NO;
	say(c, "SEGV_MAPERR: the address is in ");
	say_mapping(c, there(c), address(c));
	say(c, ", and its page is of a guard region (MADV_GUARD_INSTALL), which faults whatever the permissions; "
	       "MADV_GUARD_REMOVE takes it away.");
	return guard > 0 ? WHY_YES : WHY_PERHAPS;
}

/* The accesses that a mapping denies, and of those the ones that mprotect may never allow: VM_MAYREAD and its like. */
struct denied {
	bool known;
	unsigned all, never; /* a bit for each of r, w and x */
};

static struct denied denied_by(struct why_case *c, const struct mapping *mapping)
{
	static const char *const may[] = { "mr", "mw", "me" };
	struct denied denied = { .known = true };

	for (unsigned i = 0; i < 3 && denied.known; i++) {
		if (mapping->perms[i] != '-')
			continue;
		enum why_answer answer = why_vmflag(c, mapping->start, may[i]);

		denied.known = answer != WHY_PERHAPS;
		denied.all |= 1u << i;
		denied.never |= answer == WHY_NO ? 1u << i : 0;
	}
	return denied;
}

/* Whether mprotect can change the permissions.  Which access it was the signal does not tell: a load, a store, a jump. */
static enum why_answer say_changeable(struct why_case *c, const struct mapping *mapping)
{
	enum { STORES = 2, JUMPS = 4 };
	enum why_answer sealed = why_vmflag(c, mapping->start, "sl");

	if (sealed == WHY_YES)
		return say(c, "; mprotect cannot change them, for the mapping is sealed (mseal).");
	const struct denied denied = denied_by(c, mapping);

	if (sealed == WHY_PERHAPS || !denied.known)
		return say(c, "; it is not known whether mprotect can change them.");
	if (denied.never == 0 && denied.all == JUMPS)
		return say(c, "; mprotect can change them, unless the process has forbidden itself that (prctl PR_SET_MDWE, or a security "
		              "module).");
	if (denied.never == 0)
		return say(c, "; mprotect can change them.");
	if ((denied.never & STORES) != 0 && mapping->perms[3] == 's')
		return say(c, "; mprotect can never allow stores: that was settled when it was mapped, by how its file was opened or sealed "
		              "(shmat: SHM_RDONLY).");
	if (denied.never == JUMPS && denied.all != JUMPS)
		return say(c, "; mprotect can change them, but not have instructions run from there (noexec).");
	return say(c, "; mprotect cannot change them: the kernel never allows more of this mapping.");
}

enum why_answer fault_permissions(struct why_case *c)
{
	if (!is(c, SIGSEGV, SEGV_ACCERR))
		return WHY_NO;
	if (c->after == NULL) {
		c->lacking |= LACK_MAPS;
		return say(c, "SEGV_ACCERR: the address is mapped, and the permissions of its mapping do not allow this access");
	}
	const struct mapping *mapping = there(c);

	if (mapping == NULL)
		return WHY_NO;
	say(c, "SEGV_ACCERR: the address is mapped, and the permissions of ");
	say_mapping(c, mapping, address(c));
	say(c, " do not allow this access");
	if (memcmp(mapping->perms, "---", 3) == 0)
		say(c, ", nor any other");
	return say_changeable(c, mapping);
}

/* Where the page of the fault begins in the object behind the mapping, and how long that is.  Whether it is past its end. */
struct object {
	uint64_t begins, length;
	enum why_answer past_end;
};

static struct object object_behind(const struct why_case *c, const struct mapping *mapping)
{
	struct object object = { .begins = mapping->offset + (address(c) / c->page * c->page - mapping->start),
		                 .past_end = WHY_PERHAPS };

	if (why_length(c, mapping, &object.length))
		object.past_end = object.begins >= object.length ? WHY_YES : WHY_NO;
	return object;
}

enum why_answer fault_past_end(struct why_case *c)
{
	const struct mapping *mapping = there(c);

	if (!is(c, SIGBUS, BUS_ADRERR))
		return WHY_NO;
	if (mapping == NULL) {
		c->lacking |= c->after == NULL ? LACK_MAPS : 0;
		if (c->after != NULL)
			return WHY_NO;
		say(c, "BUS_ADRERR: the page lies past the end of the file, or other object, that is mapped there, or could not be had");
		return WHY_PERHAPS;
	}
	if (!mapping_has_file(mapping))
		return WHY_NO;
	const struct object object = object_behind(c, mapping);

	if (object.past_end == WHY_YES) {
		say(c, "BUS_ADRERR: the mapping is longer than the object behind it. This page begins ");
		say_size(c, object.begins);
		say(c, " into the object, at or past its end (it has ");
		say_size(c, object.length);
		say(c, "), so there is nothing to bring in.");
	} else if (object.past_end == WHY_PERHAPS && is_shared_anonymous(mapping) &&
	           why_vmflag(c, mapping->start, "um") == WHY_NO) {
		/* Nothing limits how many pages it has, and no user may ask how long it is (/proc/PID/map_files). */
		say(c, "BUS_ADRERR: the mapping is longer than the object behind it. This page begins ");
		say_size(c, object.begins);
		say(c, " into the object, at or past its end: a shared anonymous mapping is a file in memory whose length was fixed by "
		       "mmap.");
		return WHY_YES;
	} else if (object.past_end == WHY_PERHAPS) {
		say(c, "BUS_ADRERR: the page begins ");
		say_size(c, object.begins);
		say(c, " into the object behind the mapping, and past the end of that there is nothing to bring in; how long it is, is "
		       "not known");
	}
	return object.past_end;
}

enum why_answer fault_huge_pages(struct why_case *c)
{
	if (!is(c, SIGBUS, BUS_ADRERR) || there(c) == NULL || why_vmflag(c, there(c)->start, "ht") != WHY_YES ||
	    object_behind(c, there(c)).past_end == WHY_YES)
		return WHY_NO;
	return say(c, "BUS_ADRERR: the mapping is of huge pages, and the machine's pool had none left for this one.");
}

/* secretmem_fault(), mm/secretmem.c: found in Linux 7.2, with RLIMIT_MEMLOCK of any size, as root with CAP_IPC_LOCK too. */
enum why_answer fault_secret_limit(struct why_case *c)
{
	const struct mapping *mapping = there(c);
	uint64_t limit;

	if (!is(c, SIGBUS, BUS_ADRERR) || mapping == NULL || why_secret(c, mapping) != WHY_YES ||
	    object_behind(c, mapping).past_end == WHY_YES || why_vmflag(c, mapping->start, "lo") != WHY_NO ||
	    !why_fact(c, FACT_LIMIT_MEMLOCK, &limit) || limit == UINT64_MAX)
		return WHY_NO;
	say(c, "BUS_ADRERR: the page is of memfd_secret, and this kernel counts such pages when they are first touched, of all "
	       "processes of the user together, against RLIMIT_MEMLOCK, which is ");
	say_size(c, limit);
	return say(c, " here and leaves no room for this one; CAP_IPC_LOCK does not pass it.");
}

/* Within the object, and yet the page cannot be had. */
enum why_answer fault_no_page(struct why_case *c)
{
	static const char reasons[] = "the kernel could not provide it: its file system is full (a tmpfs has a size), the page could "
	                              "not be read, or a userfaultfd has its accesses fail.";
	const struct mapping *mapping = there(c);

	if (!is(c, SIGBUS, BUS_ADRERR) || mapping == NULL || !mapping_has_file(mapping) || why_secret(c, mapping) == WHY_YES ||
	    why_vmflag(c, mapping->start, "ht") == WHY_YES)
		return WHY_NO;
	const struct object object = object_behind(c, mapping);

	if (object.past_end == WHY_YES)
		return WHY_NO;
	if (object.past_end == WHY_PERHAPS) {
		say_format(c, "BUS_ADRERR: %s", reasons);
		return WHY_PERHAPS;
	}
	say(c, "BUS_ADRERR: the page is within the object behind the mapping (which has ");
	say_size(c, object.length);
	return say_format(c, "), and %s", reasons);
}

/* Memory without a file always has a page, save where a userfaultfd does not wait for its owner (UFFD_FEATURE_SIGBUS). */
enum why_answer fault_userfault(struct why_case *c)
{
	static const char *const registered[] = { "um", "uw", "ui" };
	const struct mapping *mapping = there(c);
	enum why_answer answer = WHY_NO;

	if (!is(c, SIGBUS, BUS_ADRERR) || mapping == NULL || mapping_has_file(mapping))
		return WHY_NO;
	for (size_t i = 0; i < sizeof(registered) / sizeof(registered[0]) && answer != WHY_YES; i++) {
		enum why_answer has = why_vmflag(c, mapping->start, registered[i]);

		answer = has != WHY_NO ? has : answer;
	}
	if (answer == WHY_NO)
		return WHY_NO;
	say(c, "BUS_ADRERR: ");
	say_mapping(c, mapping, address(c));
	say(c, " is registered with a userfaultfd, which has an access of a page that it should serve fail, and does not wait "
	       "(UFFD_FEATURE_SIGBUS).");
	return answer;
}

enum why_answer fault_not_canonical(struct why_case *c)
{
	if (c->fault->code != fault_code(SIGSEGV, SI_KERNEL))
		return WHY_NO;
	return say(c, "SI_KERNEL: the processor refused the access before any page was looked for: the address is none that it "
	              "can have (its upper bits are not all alike), or the access is not aligned as it must be.");
}
