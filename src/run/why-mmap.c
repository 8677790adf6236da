/* SPDX-License-Identifier: MIT */
/* The rules of why.c about mmap(2) and munmap(2). */
#include "run/why-rule.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* Linux 4.17 */
#endif
#ifndef MAP_SHARED_VALIDATE
#define MAP_SHARED_VALIDATE 3 /* Linux 4.15 */
#endif

enum {
	TYPE_MASK = 0xf,    /* MAP_TYPE on every architecture but parisc */
	TYPE_DROPPABLE = 8, /* MAP_DROPPABLE, Linux 6.11 */
};

static uint64_t length(const struct why_case *c)
{
	return why_round_up(c, c->args[1]);
}

static uint64_t map_type(const struct why_case *c)
{
	return c->args[3] & TYPE_MASK;
}

static bool is_fixed(const struct why_case *c)
{
	return why_flag(c, MAP_FIXED | MAP_FIXED_NOREPLACE);
}

static int descriptor(const struct why_case *c)
{
	return (int)(uint32_t)c->args[4];
}

bool mmap_length_zero(const struct why_case *c)
{
	return c->args[1] == 0 && say(c, "the length is 0");
}

bool mmap_length_wraps(const struct why_case *c)
{
	return say_wrapped(c, c->args[1], "the length");
}

bool mmap_fixed_unaligned(const struct why_case *c)
{
	return is_fixed(c) && say_unaligned(c, c->args[0], "addr");
}

bool mmap_offset_unaligned(const struct why_case *c)
{
	if (c->args[5] % c->page == 0)
		return false;
	say(c, "the offset is not a multiple of the page size: it is ");
	say_size(c, c->args[5] % c->page);
	return say(c, " past a page's start");
}

bool mmap_no_type(const struct why_case *c)
{
	uint64_t type = map_type(c);

	if (type == 0)
		return say(c, "one of MAP_PRIVATE and MAP_SHARED must be among the flags, and neither is");
	return type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE && type != TYPE_DROPPABLE &&
	       say_format(c, "the type of the mapping, the low four bits of the flags, is %#x: MAP_SHARED is 1, MAP_PRIVATE 2",
	                  (unsigned)type);
}

bool mmap_validate_anonymous(const struct why_case *c)
{
	return map_type(c) == MAP_SHARED_VALIDATE && why_flag(c, MAP_ANONYMOUS) &&
	       say(c, "MAP_SHARED_VALIDATE is for files only; shared anonymous memory takes MAP_SHARED");
}

bool mmap_bad_fd(const struct why_case *c)
{
	uint64_t flags;
	int fd = descriptor(c);

	if (why_flag(c, MAP_ANONYMOUS))
		return false;
	if (fd < 0)
		return say_format(c, "fd is %d, and without MAP_ANONYMOUS a file is to be mapped", fd);
	int error = why_fd_flags(c, fd, &flags);

	if (error == -ENOENT)
		return say_format(c, "no file is open as descriptor %d", fd);
	return error == 0 && (flags & O_PATH) != 0 &&
	       say_format(c, "descriptor %d was opened with O_PATH: it names a file, and gives no access to it", fd);
}

bool mmap_not_mappable(const struct why_case *c)
{
	return !why_flag(c, MAP_ANONYMOUS) &&
	       say_format(c, "what is open as descriptor %d cannot be mapped: not every kind of file can (pipes, sockets and "
	                  "directories cannot)", descriptor(c));
}

/* Whether the file was opened with that access mode. */
static bool opened(const struct why_case *c, uint64_t mode)
{
	uint64_t flags;

	return !why_flag(c, MAP_ANONYMOUS) && why_fd_flags(c, descriptor(c), &flags) == 0 &&
	       (flags & (O_ACCMODE | O_PATH)) == mode;
}

bool mmap_fd_read_only(const struct why_case *c)
{
	bool shared = map_type(c) == MAP_SHARED || map_type(c) == MAP_SHARED_VALIDATE;

	return shared && (c->args[2] & PROT_WRITE) != 0 && opened(c, O_RDONLY) &&
	       say_format(c, "descriptor %d was opened for reading only, and stores into a shared mapping go to the file; "
	                  "MAP_PRIVATE, or O_RDWR, would allow PROT_WRITE", descriptor(c));
}

bool mmap_fd_write_only(const struct why_case *c)
{
	return opened(c, O_WRONLY) &&
	       say_format(c, "descriptor %d was opened for writing only, and every mapping of a file reads it; O_RDWR is needed",
	                  descriptor(c));
}

bool mmap_occupied(const struct why_case *c)
{
	const struct mapping *there = maps_above(c->before, c->args[0]);

	if (there == NULL || there->start >= c->args[0] + length(c))
		return false;
	say(c, "MAP_FIXED_NOREPLACE does not replace, and the range is taken by ");
	say_mapping(c, there, there->start > c->args[0] ? there->start : c->args[0]);
	return true;
}

bool mmap_over_limit(const struct why_case *c)
{
	return say_address_limit(c, length(c));
}

/* Whether a new mapping counts towards what is committed: private writable or shared anonymous memory. */
static bool is_accountable(const struct why_case *c)
{
	bool anonymous = why_flag(c, MAP_ANONYMOUS), writable = (c->args[2] & PROT_WRITE) != 0;

	return !why_flag(c, MAP_HUGETLB) && (why_flag(c, MAP_PRIVATE) ? writable : anonymous);
}

bool mmap_over_policy(const struct why_case *c)
{
	if (!is_accountable(c))
		return false;
	if (!why_flag(c, MAP_NORESERVE) && say_over_heuristic(c, length(c)))
		return say(c, "; MAP_NORESERVE leaves it out of that account");
	return say_over_commit(c, length(c));
}

/* do_mmap() lets the last one in: more than the sysctl. */
bool mmap_over_count(const struct why_case *c)
{
	return say_map_count(c, -1);
}

bool mmap_no_gap(const struct why_case *c)
{
	uint64_t end = why_space_end();

	if (is_fixed(c) || end == 0)
		return false;
	if (say_beyond(c, 0, length(c), "the length"))
		return true;
	uint64_t at, gap = maps_widest_gap(c->before, end, &at);

	if (length(c) <= gap)
		return false;
	say(c, "no free range of the address space is that long: the largest has ");
	say_size(c, gap);
	return true;
}

bool mmap_fixed_beyond(const struct why_case *c)
{
	return is_fixed(c) && say_beyond(c, c->args[0], length(c), "the range");
}

/* Huge pages of the default size; another size is asked for in the bits from MAP_HUGE_SHIFT (26) on. */
bool mmap_no_huge_pages(const struct why_case *c)
{
	struct observer *observer = &c->m->here->observer;
	int64_t unused = 0, reserved = 0, size = 0, surplus = 0;

	if (!why_flag(c, MAP_HUGETLB) || !why_flag(c, MAP_ANONYMOUS) || why_flag(c, MAP_NORESERVE) ||
	    (c->args[3] >> 26 & 0x3f) != 0 || observer_meminfo(observer, "HugePages_Free", &unused) < 0 ||
	    observer_meminfo(observer, "HugePages_Rsvd", &reserved) < 0 ||
	    observer_meminfo(observer, "Hugepagesize", &size) < 0 || size <= 0 ||
	    observer_sysctl("vm.nr_overcommit_hugepages", &surplus) < 0 || surplus != 0)
		return false;
	uint64_t needed = c->args[1] / (uint64_t)size + (c->args[1] % (uint64_t)size != 0);

	if (unused > reserved && needed <= (uint64_t)(unused - reserved))
		return false;
	say_format(c, "MAP_HUGETLB needs %llu huge page%s of ", (unsigned long long)needed, needed == 1 ? "" : "s");
	say_size(c, (uint64_t)size);
	return say_format(c, ", and of the machine's pool %lld are free (HugePages_Free) and %lld of those are promised to "
	                  "others; vm.nr_hugepages sets how many there are", (long long)unused, (long long)reserved);
}

bool mmap_over_memlock(const struct why_case *c)
{
	return why_flag(c, MAP_LOCKED) && say_over_memlock(c, length(c));
}

bool mmap_no_memlock(const struct why_case *c)
{
	return why_flag(c, MAP_LOCKED) && say_no_memlock(c);
}

bool mmap_sealed(const struct why_case *c)
{
	return why_flag(c, MAP_FIXED) && say_sealed(c, c->args[0], length(c));
}

/* What happened, where nothing failed. */
bool mmap_placed(const struct why_case *c)
{
	const struct mapping *above = maps_above(c->before, (uint64_t)c->result);
	uint64_t end = (uint64_t)c->result + why_round_up(c, c->args[1]);

	if (c->args[0] != 0 || why_flag(c, MAP_FIXED))
		return false;
	say(c, "No address was asked for, so the kernel chose one");
	if (above == NULL || above->start != end)
		return say(c, ".");
	say(c, ": directly below ");
	say_mapping(c, above, end);
	return say(c, ". It looks for room from the top downwards, so a new mapping usually lands just below the last one.");
}

bool mmap_hint(const struct why_case *c)
{
	if (c->args[0] == 0 || why_flag(c, MAP_FIXED) || why_flag(c, MAP_FIXED_NOREPLACE))
		return false;
	return say(c, (uint64_t)c->result == c->args[0]
	                  ? "The address was a hint, and the range there was free, so the kernel took it."
	                  : "The address was only a hint: the range there cannot be used, so the kernel chose another.");
}

bool mmap_replaced(const struct why_case *c)
{
	uint64_t was = maps_mapped(c->before, c->args[0], why_round_up(c, c->args[1]), NULL);

	if (!why_flag(c, MAP_FIXED) || was == 0)
		return false;
	say(c, "MAP_FIXED replaces without asking: ");
	say_size(c, was);
	return say(c, " that were mapped in this range are gone. It is safe only over a range that one reserved oneself.");
}

bool mmap_reservation(const struct why_case *c)
{
	return c->args[2] == PROT_NONE && why_flag(c, MAP_ANONYMOUS) &&
	       say(c, "PROT_NONE reserves addresses and nothing else: no memory, no commit charge, and no access until "
	              "something is mapped over it or mprotect allows it.");
}

bool mmap_noreserve(const struct why_case *c)
{
	int64_t policy = -1;

	if (!why_flag(c, MAP_NORESERVE) || observer_sysctl("vm.overcommit_memory", &policy) < 0)
		return false;
	return say(c, policy == 2 ? "Under overcommit policy 2 MAP_NORESERVE is ignored: the mapping is charged."
	                          : "MAP_NORESERVE keeps the mapping out of the commit account: Committed_AS does not grow. "
	                            "It is accounting and no swap is set aside or spared; memory is still needed when "
	                            "pages are touched, and without any the OOM killer decides.");
}

/* munmap(2). */
bool munmap_length_zero(const struct why_case *c)
{
	return c->args[1] == 0 && say(c, "the length is 0");
}

bool munmap_length_wraps(const struct why_case *c)
{
	return say_wrapped(c, c->args[1], "the length");
}

bool munmap_beyond(const struct why_case *c)
{
	return say_beyond(c, c->args[0], length(c), "the range");
}

/* Taking away the middle of a mapping makes two of it. */
bool munmap_over_count(const struct why_case *c)
{
	const struct mapping *mapping = maps_find(c->before, c->args[0]);

	return mapping != NULL && mapping->start < c->args[0] && c->args[0] + length(c) < mapping->end && say_map_count(c, 0);
}

bool munmap_several(const struct why_case *c)
{
	size_t touching;
	uint64_t was = maps_mapped(c->before, c->args[0], why_round_up(c, c->args[1]), &touching);

	if (touching < 2)
		return false;
	say(c, "One munmap may span several mappings, and holes: ");
	say_size(c, was);
	buf_printf(c->out, " in %zu mappings were unmapped.", touching);
	return true;
}
