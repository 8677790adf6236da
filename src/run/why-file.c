/* SPDX-License-Identifier: MIT */
/* The rules of memfd_create, ftruncate, brk and the System V shared memory calls. */
#include "run/why-rule.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef F_SEAL_SHRINK
#define F_SEAL_SHRINK 2 /* Linux 3.17 */
#define F_SEAL_GROW 4
#endif

enum {
	/* memfd_create(2) and linux/memfd.h. */
	NAME_MOST = 249,
	MEMFD_HUGETLB = 4,
	MEMFD_NOEXEC_SEAL = 8,
	MEMFD_EXEC = 16,
	HUGE_SHIFT = 26,
	HUGE_MASK = 0x3f,
};

static uint64_t memfd_flags(const struct why_case *c)
{
	return c->args[1] & UINT32_MAX;
}

enum why_answer memfd_unknown_flag(struct why_case *c)
{
	uint64_t known = 0x1f, flags = memfd_flags(c);

	if ((flags & MEMFD_HUGETLB) != 0)
		known |= (uint64_t)HUGE_MASK << HUGE_SHIFT;
	return say_unknown_bits(c, flags, known, (flags & ~known) >> HUGE_SHIFT != 0 && (flags & MEMFD_HUGETLB) == 0
	                                                 ? "flag of memfd_create without MFD_HUGETLB"
	                                                 : "flag of memfd_create");
}

enum why_answer memfd_both(struct why_case *c)
{
	uint64_t both = MEMFD_EXEC | MEMFD_NOEXEC_SEAL;

	return (memfd_flags(c) & both) == both ? say(c, "MFD_EXEC and MFD_NOEXEC_SEAL exclude each other") : WHY_NO;
}

enum why_answer memfd_long_name(struct why_case *c)
{
	if (c->string == NULL || (c->string_len <= NAME_MOST && !c->string_cut))
		return WHY_NO;
	if (c->string_len <= NAME_MOST) {
		say_format(c, "the name may have at most %d bytes, and the line has only its first %zu (strace -s 300 shows all of it)",
		           NAME_MOST, c->string_len);
		return WHY_PERHAPS;
	}
	return say_format(c, "the name has %zu bytes, and may have at most %d", c->string_len, NAME_MOST);
}

enum why_answer memfd_name(struct why_case *c)
{
	if (c->string != NULL)
		return WHY_NO;
	if (c->before != NULL && maps_find(c->before, c->args[0]) != NULL &&
	    maps_find(c->before, c->args[0])->perms[0] == 'r')
		return WHY_NO;
	say(c, "the name is to be read at ");
	say_address(c, c->args[0]);
	return say(c, c->before != NULL ? ", where nothing can be read" : ", and cannot be read there");
}

enum why_answer memfd_noexec(struct why_case *c)
{
	uint64_t policy;

	if ((memfd_flags(c) & MEMFD_NOEXEC_SEAL) != 0)
		return WHY_NO;
	if (!why_fact(c, FACT_MEMFD_NOEXEC, &policy)) {
		say(c, "vm.memfd_noexec is 2, under which every memfd must have MFD_NOEXEC_SEAL");
		return WHY_PERHAPS;
	}
	return policy >= 2 ? say_format(c, "vm.memfd_noexec is %d: every memfd must have MFD_NOEXEC_SEAL", (int)policy) : WHY_NO;
}

enum why_answer memfd_no_fds(struct why_case *c)
{
	uint64_t limit, count;

	/* The only way to EMFILE, which may be over by now. */
	if (!why_fact(c, FACT_LIMIT_NOFILE, &limit) || !why_fact(c, FACT_FD_COUNT, &count) || count < limit)
		return say(c, "the process had as many descriptors open as RLIMIT_NOFILE allows");
	return say_format(c, "the process has %llu descriptors open, and RLIMIT_NOFILE is %llu: no number below it is free",
	                  (unsigned long long)count, (unsigned long long)limit);
}

enum why_answer memfd_huge_size(struct why_case *c)
{
	unsigned shift = memfd_flags(c) >> HUGE_SHIFT & HUGE_MASK;

	if ((memfd_flags(c) & MEMFD_HUGETLB) == 0)
		return WHY_NO;
	if (shift == 0)
		return say(c, "MFD_HUGETLB needs a kernel with huge pages (hugetlbfs), and this one has none");
	return say_format(c, "MFD_HUGETLB asks for huge pages of 2^%u bytes, and the machine has none of that size (see "
	                  "/sys/kernel/mm/hugepages)", shift);
}

/* ftruncate(2), fs/open.c. */
static int descriptor(const struct why_case *c)
{
	return (int)(uint32_t)c->args[0];
}

/* 1: known and open, 0: known and not open, -1: not known. */
static int open_file(struct why_case *c, struct why_file *file)
{
	if (descriptor(c) < 0)
		return 0;
	return !why_file(c, descriptor(c), file) ? -1 : file->open;
}

enum why_answer ftruncate_negative(struct why_case *c)
{
	return (int64_t)c->args[1] < 0 ? say_format(c, "the length is negative: %lld", (long long)c->args[1]) : WHY_NO;
}

enum why_answer ftruncate_closed(struct why_case *c)
{
	struct why_file file;
	int open = open_file(c, &file);

	if (open > 0)
		return WHY_NO;
	say_format(c, "no file is open as descriptor %d", descriptor(c));
	return open == 0 ? WHY_YES : WHY_PERHAPS;
}

enum why_answer ftruncate_path(struct why_case *c)
{
	struct why_file file;
	int open = open_file(c, &file);

	if (open == 0 || (open > 0 && (file.flags & O_PATH) == 0))
		return WHY_NO;
	say_format(c, "descriptor %d was opened with O_PATH: it names a file, and gives no access to it", descriptor(c));
	return open > 0 ? WHY_YES : WHY_PERHAPS;
}

enum why_answer ftruncate_kind(struct why_case *c)
{
	struct why_file file;
	int open = open_file(c, &file);

	if (open == 0 || (open > 0 && (!file.examined || S_ISREG(file.mode))))
		return open > 0 && !file.examined ? WHY_PERHAPS : WHY_NO;
	say_format(c, "descriptor %d is no regular file, and nothing else has a length to set", descriptor(c));
	return open > 0 ? WHY_YES : WHY_PERHAPS;
}

enum why_answer ftruncate_read_only(struct why_case *c)
{
	struct why_file file;
	int open = open_file(c, &file);

	/* O_PATH opens for nothing, and that is another error. */
	if (open == 0 || (open > 0 && ((file.flags & O_ACCMODE) != O_RDONLY || (file.flags & O_PATH) != 0)))
		return WHY_NO;
	say_format(c, "descriptor %d was opened for reading only; O_RDWR or O_WRONLY lets one set the length", descriptor(c));
	return open > 0 ? WHY_YES : WHY_PERHAPS;
}

enum why_answer ftruncate_huge(struct why_case *c)
{
	struct why_file file;
	uint64_t size;
	int open = open_file(c, &file);

	if (open <= 0 || !file.examined)
		return open == 0 ? WHY_NO : WHY_PERHAPS;
	if (!file.huge)
		return WHY_NO;
	if (!why_fact(c, FACT_HUGE_SIZE, &size))
		return WHY_PERHAPS;
	if (size == 0 || c->args[1] % size == 0)
		return WHY_NO;
	say_format(c, "descriptor %d is a file of huge pages: its length must be a multiple of ", descriptor(c));
	say_size(c, size);
	return WHY_YES;
}

enum why_answer ftruncate_secret(struct why_case *c)
{
	struct why_file file;
	int open = open_file(c, &file);

	if (open <= 0 || !file.examined)
		return open == 0 ? WHY_NO : WHY_PERHAPS;
	if (!file.secret || file.size == 0)
		return WHY_NO;
	say_format(c, "descriptor %d is of memfd_secret, whose length can be set once, and is ", descriptor(c));
	say_size(c, file.size);
	return WHY_YES;
}

enum why_answer ftruncate_limit(struct why_case *c)
{
	uint64_t limit;

	if (!why_fact(c, FACT_LIMIT_FSIZE, &limit))
		return WHY_PERHAPS;
	if (c->args[1] <= limit)
		return WHY_NO;
	say(c, "RLIMIT_FSIZE is ");
	say_size(c, limit);
	say(c, ", and a file of ");
	say_size(c, c->args[1]);
	return say(c, " is more (the process gets SIGXFSZ, too)");
}

enum why_answer ftruncate_too_long(struct why_case *c)
{
	uint64_t limit;
	bool limited = !why_fact(c, FACT_LIMIT_FSIZE, &limit) || c->args[1] > limit;

	say_size(c, c->args[1]);
	say_format(c, " is more than a file of the file system of descriptor %d can have", descriptor(c));
	return limited ? WHY_PERHAPS : WHY_YES;
}

enum why_answer ftruncate_sealed(struct why_case *c)
{
	struct why_file file;
	int open = open_file(c, &file);

	if (open <= 0 || !file.examined)
		return open == 0 ? WHY_NO : WHY_PERHAPS;
	bool grows = c->args[1] > file.size;

	if (c->args[1] == file.size || (file.seals & (grows ? F_SEAL_GROW : F_SEAL_SHRINK)) == 0)
		return WHY_NO;
	say_format(c, "the memfd open as descriptor %d is sealed against %s, and has ", descriptor(c),
	           grows ? "growing (F_SEAL_GROW)" : "shrinking (F_SEAL_SHRINK)");
	say_size(c, file.size);
	return WHY_YES;
}

enum why_answer ftruncate_append_only(struct why_case *c)
{
	struct why_file file;
	int open = open_file(c, &file);

	if (open <= 0 || !file.examined)
		return open == 0 ? WHY_NO : WHY_PERHAPS;
	return file.append_only ? say_format(c, "the file open as descriptor %d has the attribute append-only (chattr +a)",
	                                     descriptor(c)) : WHY_NO;
}

/* brk(2), mm/mmap.c.  The raw call has no error: it answers with the break, which stayed where it was. */
static uint64_t grown_by(const struct why_case *c)
{
	uint64_t wanted = why_round_up(c, c->args[0]), now = why_round_up(c, (uint64_t)c->result);

	return wanted > now ? wanted - now : 0;
}

enum why_answer brk_below(struct why_case *c)
{
	uint64_t start;

	if (grown_by(c) > 0)
		return WHY_NO;
	if (!why_fact(c, FACT_BRK_START, &start)) {
		say(c, "the address lies below the start of the heap");
		return WHY_PERHAPS;
	}
	if (c->args[0] >= start)
		return WHY_NO;
	say_address(c, c->args[0]);
	say(c, " lies below the start of the heap, ");
	say_address(c, start);
	return WHY_YES;
}

/* check_data_rlimit(): the heap with the program's own data, and a limit of 0 as any other. */
enum why_answer brk_data_limit(struct why_case *c)
{
	uint64_t start, limit, more = grown_by(c);

	if (more == 0)
		return WHY_NO;
	if (!why_fact(c, FACT_LIMIT_DATA, &limit))
		return WHY_PERHAPS;
	if (limit == UINT64_MAX)
		return WHY_NO;
	bool known = why_fact(c, FACT_BRK_START, &start) && c->args[0] >= start;
	uint64_t heap = known ? c->args[0] - start : more;

	if (heap <= limit)
		return say_data_limit(c, more);
	say(c, "RLIMIT_DATA is ");
	say_size(c, limit);
	say(c, ", and the heap would have ");
	say_size(c, heap);
	return known ? WHY_YES : say(c, " more");
}

enum why_answer brk_taken(struct why_case *c)
{
	uint64_t now = why_round_up(c, (uint64_t)c->result), gap = 0;

	if (grown_by(c) == 0)
		return WHY_NO;
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	const struct mapping *next = maps_above(c->before, now);

	/* The break at the end of a mapping; and the kernel keeps a gap below a stack. */
	if (next != NULL && why_vmflag(c, next->start, "gd") == WHY_YES)
		gap = GUARD_GAP * c->page;
	if (next == NULL || next->start >= why_round_up(c, c->args[0]) + c->page + gap)
		return WHY_NO;
	say(c, "growing the heap needs ");
	say_range(c, now, why_round_up(c, c->args[0]));
	say(c, ", and a page free behind it, and there is ");
	say_mapping(c, next, next->start > now ? next->start : now);
	return WHY_YES;
}

enum why_answer brk_over_limit(struct why_case *c)
{
	return grown_by(c) > 0 ? say_address_limit(c, grown_by(c)) : WHY_NO;
}

/* mlock_future_ok(): whether new memory is locked, no file of /proc tells. */
enum why_answer brk_over_memlock(struct why_case *c)
{
	enum why_answer over = grown_by(c) > 0 ? say_over_memlock(c, grown_by(c)) : WHY_NO;

	if (over == WHY_YES)
		say(c, "; that counts where mlockall(MCL_FUTURE) was called before");
	return over == WHY_NO ? WHY_NO : WHY_PERHAPS;
}

/* do_brk_flags() lets the last one in, as do_mmap() does, and asks also where the heap would only become longer. */
enum why_answer brk_over_count(struct why_case *c)
{
	return grown_by(c) > 0 ? say_map_count(c, -1, "the heap cannot grow then") : WHY_NO;
}

enum why_answer brk_sealed(struct why_case *c)
{
	uint64_t wanted = why_round_up(c, c->args[0]), now = why_round_up(c, (uint64_t)c->result);

	return wanted < now ? say_sealed(c, wanted, now - wanted) : WHY_NO;
}

enum why_answer brk_over_policy(struct why_case *c)
{
	return grown_by(c) > 0 ? say_over_policy(c, grown_by(c)) : WHY_NO;
}

enum why_answer brk_beyond(struct why_case *c)
{
	return say_beyond(c, c->args[0], 0, "the break");
}

/* shmop(2). */
static uint64_t boundary(void)
{
	return (uint64_t)SHMLBA;
}

enum why_answer shmat_unaligned(struct why_case *c)
{
	if (c->args[1] % boundary() == 0 || (c->args[2] & SHM_RND) != 0)
		return WHY_NO;
	say_address(c, c->args[1]);
	say(c, " is not a multiple of SHMLBA, ");
	say_size(c, boundary());
	return say(c, "; SHM_RND rounds down to one");
}

enum why_answer shmat_remap(struct why_case *c)
{
	if ((c->args[2] & SHM_REMAP) == 0 || c->args[1] != 0)
		return WHY_NO;
	return say(c, "SHM_REMAP replaces what is at an address, and none was given");
}

enum why_answer shmat_taken(struct why_case *c)
{
	if (c->args[1] == 0 || (c->args[2] & SHM_REMAP) != 0)
		return WHY_NO;
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	const struct mapping *there = why_next(c, c->args[1], c->page, NULL);

	if (there == NULL) {
		say(c, "the segment does not fit there without replacing a mapping, or there is none of that number");
		return WHY_PERHAPS;
	}
	say(c, "the range is taken by ");
	say_mapping(c, there, c->args[1]);
	return say(c, "; SHM_REMAP would replace it");
}

enum why_answer shmdt_nothing(struct why_case *c)
{
	if (c->args[0] % c->page != 0)
		return say_unaligned(c, c->args[0], "shmaddr");
	if (!why_knows_maps(c)) {
		say(c, "no segment is attached at exactly that address");
		return WHY_YES;
	}
	const struct mapping *there = maps_find(c->before, c->args[0]);

	say(c, "no segment begins there: ");
	if (there == NULL)
		return say(c, "nothing is mapped at that address");
	say(c, "the address is of ");
	say_mapping(c, there, c->args[0]);
	return WHY_YES;
}

enum why_answer shmget_size(struct why_case *c)
{
	return c->args[1] == 0 ? say(c, "the size is 0, and a new segment needs at least 1 byte") : WHY_NO;
}

/* What the error alone says: there is no second rule that answers so. */
enum why_answer why_by_error(struct why_case *c)
{
	(void)c;
	return WHY_YES;
}

enum why_answer why_no_call(struct why_case *c)
{
	const struct call *call = &call_table[c->call];

	say_format(c, "the kernel does not know %s", call->name);
	if (call->since[0] != '\0')
		say_format(c, ", which Linux has since %s", call->since);
	return say(c, ", or something (seccomp) keeps the process from it");
}
