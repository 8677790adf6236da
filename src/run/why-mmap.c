/* SPDX-License-Identifier: MIT */
/* The rules of mmap(2) about its arguments and its file, in the order of the kernel's mm/mmap.c. */
#include "run/why-mmap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum why_answer mmap_offset_unaligned(struct why_case *c)
{
	if (c->args[5] % c->page == 0)
		return WHY_NO;
	say(c, "the offset is not a multiple of the page size: it is ");
	say_size(c, c->args[5] % c->page);
	return say(c, " past a page's start");
}

enum why_answer mmap_huge_file(struct why_case *c)
{
	struct why_file file;

	if (mmap_is_anonymous(c) || !why_flag(c, MAP_HUGETLB))
		return WHY_NO;
	if (!mmap_file(c, &file) || !file.examined)
		return WHY_PERHAPS;
	if (file.huge)
		return WHY_NO;
	return say_format(c, "MAP_HUGETLB is for anonymous memory and for files of hugetlbfs, and descriptor %d is neither", mmap_descriptor(c));
}

/* Whether this machine has huge pages of a size: /sys/kernel/mm/hugepages. */
enum why_answer mmap_huge_size(struct why_case *c)
{
	char path[64];
	unsigned shift = c->args[3] >> HUGE_SHIFT & HUGE_MASK;

	if (!mmap_is_anonymous(c) || !why_flag(c, MAP_HUGETLB) || shift == 0)
		return WHY_NO;
	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%llukB", shift < 10 ? 0ULL : 1ULL << (shift - 10));
	if (access(path, F_OK) == 0)
		return WHY_NO;
	/* A mount namespace can do without sysfs, which has this folder on all machines. */
	if (errno != ENOENT || access("/sys/kernel/mm", F_OK) < 0) {
		c->lacking |= LACK_MACHINE;
		return WHY_PERHAPS;
	}
	say_format(c, "MAP_HUGETLB asks for huge pages of 2^%u bytes, and this machine has none of that size (see "
	           "/sys/kernel/mm/hugepages)", shift);
	return WHY_YES;
}

enum why_answer mmap_length_zero(struct why_case *c)
{
	uint64_t huge = mmap_is_anonymous(c) && why_flag(c, MAP_HUGETLB) ? mmap_huge_page(c) : 0;

	if (c->args[1] == 0)
		return say(c, "the length is 0");
	if (huge == 0 || c->args[1] <= ULONG_MAX - (huge - 1))
		return WHY_NO;
	return say_format(c, "the length rounds up, in whole huge pages, to 2^%zu, and so to 0", 8 * sizeof(long));
}

enum why_answer mmap_fixed_unaligned(struct why_case *c)
{
	return mmap_is_fixed(c) ? say_unaligned(c, c->args[0], "addr") : WHY_NO;
}

enum why_answer mmap_huge_fixed(struct why_case *c)
{
	struct why_file file = { 0 };
	uint64_t size = 0;

	if (!mmap_is_fixed(c))
		return WHY_NO;
	if (why_flag(c, MAP_HUGETLB))
		size = mmap_huge_page(c);
	else if (mmap_file(c, &file) && file.examined && !file.huge)
		return WHY_NO;
	else if (!mmap_is_anonymous(c) && (!file.examined || !why_fact(c, FACT_HUGE_SIZE, &size)))
		return (c->lacking & LACK_PROCESS) != 0 ? WHY_PERHAPS : WHY_NO;
	if (size == 0 || c->args[0] % size == 0)
		return size == 0 && why_flag(c, MAP_HUGETLB) ? WHY_PERHAPS : WHY_NO;
	say(c, "a fixed address for huge pages must be a multiple of their size, ");
	say_size(c, size);
	return WHY_YES;
}

/* Anonymous memory has an object of its own, and begins where that does. */
enum why_answer mmap_colour(struct why_case *c)
{
	const uint64_t offset = mmap_is_anonymous(c) ? 0 : c->args[5];
	struct why_file file;

	if (!mmap_is_fixed(c) || !mmap_is_shared(c) || why_flag(c, MAP_HUGETLB) || why_colour(c->args[0], offset) == 0)
		return WHY_NO;
	/* Huge pages are larger than what the cache asks for. */
	if (mmap_file(c, &file) && file.examined && file.huge)
		return WHY_NO;
	return say_colour(c, c->args[0], offset, "a fixed addr");
}

enum why_answer mmap_grows_file(struct why_case *c)
{
	if (mmap_is_anonymous(c) || !why_flag(c, MAP_GROWSDOWN))
		return WHY_NO;
	return say(c, "MAP_GROWSDOWN is for anonymous memory; a mapping of a file does not grow by being touched");
}

enum why_answer mmap_grows_shared(struct why_case *c)
{
	if (!mmap_is_anonymous(c) || !why_flag(c, MAP_GROWSDOWN) || mmap_type(c) == MAP_PRIVATE)
		return WHY_NO;
	return say(c, "MAP_GROWSDOWN is for private anonymous memory (MAP_PRIVATE)");
}

enum why_answer mmap_no_type(struct why_case *c)
{
	return mmap_type(c) == 0 ? say(c, "one of MAP_PRIVATE, MAP_SHARED, MAP_SHARED_VALIDATE and MAP_DROPPABLE must be among the "
	                                  "flags, and none is") : WHY_NO;
}

enum why_answer mmap_bad_type(struct why_case *c)
{
	uint64_t type = mmap_type(c);

	if (type == 0 || type == MAP_PRIVATE || mmap_is_shared(c) || type == TYPE_DROPPABLE)
		return WHY_NO;
	return say_format(c, "the type of the mapping, the low four bits of the flags, is %#x: MAP_SHARED is 1, MAP_PRIVATE 2",
	                  (unsigned)type);
}

enum why_answer mmap_validate_anonymous(struct why_case *c)
{
	if (mmap_type(c) != MAP_SHARED_VALIDATE || !mmap_is_anonymous(c))
		return WHY_NO;
	return say(c, "MAP_SHARED_VALIDATE is for files only; shared anonymous memory takes MAP_SHARED");
}

enum why_answer mmap_droppable_file(struct why_case *c)
{
	if (mmap_type(c) != TYPE_DROPPABLE || mmap_is_anonymous(c))
		return WHY_NO;
	return say(c, "MAP_DROPPABLE is for anonymous memory: add MAP_ANONYMOUS, with -1 for the descriptor");
}

enum why_answer mmap_droppable_with(struct why_case *c)
{
	if (mmap_type(c) != TYPE_DROPPABLE || !why_flag(c, MAP_LOCKED | MAP_HUGETLB | MAP_GROWSDOWN))
		return WHY_NO;
	say(c, "MAP_DROPPABLE memory may vanish at any time, so it cannot be ");
	return say(c, why_flag(c, MAP_LOCKED) ? "locked (MAP_LOCKED)" : why_flag(c, MAP_HUGETLB) ? "of huge pages (MAP_HUGETLB)"
	                                                                               : "a stack (MAP_GROWSDOWN)");
}

enum why_answer mmap_huge_offset(struct why_case *c)
{
	struct why_file file;
	uint64_t size;
	bool anonymous = mmap_is_anonymous(c);

	if (c->args[5] == 0 || (anonymous && !why_flag(c, MAP_HUGETLB)))
		return WHY_NO;
	if (!anonymous && (!mmap_file(c, &file) || !file.examined))
		return WHY_PERHAPS;
	if (!anonymous && !file.huge)
		return WHY_NO;
	size = anonymous ? mmap_huge_page(c) : 0;
	if (size == 0 && (!why_fact(c, FACT_HUGE_SIZE, &size) || size == 0))
		return WHY_PERHAPS;
	if (c->args[5] % size == 0)
		return WHY_NO;
	say(c, "the offset into huge pages must be a multiple of their size, ");
	say_size(c, size);
	return anonymous ? say(c, ", also of anonymous ones: 0 is what one wants there") : WHY_YES;
}

/* memfd_secret(2) has a file system of its own: neither a tmpfs nor a disk's. */
enum why_answer mmap_secret_private(struct why_case *c)
{
	struct why_file file;

	if (mmap_is_anonymous(c) || mmap_is_shared(c))
		return WHY_NO;
	if (!mmap_file(c, &file) || !file.examined)
		return WHY_PERHAPS;
	if (!file.secret)
		return WHY_NO;
	return say_format(c, "descriptor %d is of memfd_secret, which can be mapped shared only (MAP_SHARED)", mmap_descriptor(c));
}

enum why_answer mmap_no_fd(struct why_case *c)
{
	if (mmap_is_anonymous(c) || mmap_descriptor(c) >= 0)
		return WHY_NO;
	return say_format(c, "fd is %d, and without MAP_ANONYMOUS a file is to be mapped", mmap_descriptor(c));
}

enum why_answer mmap_closed_fd(struct why_case *c)
{
	struct why_file file;

	if (mmap_is_anonymous(c) || mmap_descriptor(c) < 0)
		return WHY_NO;
	if (!why_file(c, mmap_descriptor(c), &file)) {
		say_format(c, "no file is open as descriptor %d", mmap_descriptor(c));
		return WHY_PERHAPS;
	}
	return file.open ? WHY_NO : say_format(c, "no file is open as descriptor %d", mmap_descriptor(c));
}

enum why_answer mmap_path_fd(struct why_case *c)
{
	struct why_file file;

	if (mmap_is_anonymous(c) || mmap_descriptor(c) < 0)
		return WHY_NO;
	bool known = mmap_file(c, &file);

	if (known && (file.flags & O_PATH) == 0)
		return WHY_NO;
	if (!known && (c->lacking & LACK_PROCESS) == 0)
		return WHY_NO;
	say_format(c, "descriptor %d was opened with O_PATH: it names a file, and gives no access to it", mmap_descriptor(c));
	return known ? WHY_YES : WHY_PERHAPS;
}

enum why_answer mmap_not_mappable(struct why_case *c)
{
	static const struct {
		uint32_t type;
		const char *name;
	} kinds[] = {
		{ S_IFIFO, "a pipe" },   { S_IFSOCK, "a socket" },      { S_IFDIR, "a directory" },
		{ S_IFCHR, "a character device whose driver does not map" }, { S_IFBLK, "a block device" },
		{ S_IFREG, "a file of a file system that does not map it" },
	};
	struct why_file file;
	const char *kind = NULL;

	if (mmap_is_anonymous(c))
		return WHY_NO;
	if (mmap_file(c, &file) && file.examined) {
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if ((file.mode & S_IFMT) == kinds[i].type)
				kind = kinds[i].name;
	}
	if (kind != NULL)
		return say_format(c, "what is open as descriptor %d cannot be mapped: it is %s", mmap_descriptor(c), kind);
	return say_format(c, "what is open as descriptor %d cannot be mapped: not every kind of file can (pipes, sockets and "
	                  "directories cannot)", mmap_descriptor(c));
}

/* Whether the file was opened with that access mode. */
static enum why_answer opened(struct why_case *c, uint64_t mode)
{
	struct why_file file;

	if (mmap_is_anonymous(c) || mmap_descriptor(c) < 0)
		return WHY_NO;
	if (!mmap_file(c, &file))
		return (c->lacking & LACK_PROCESS) != 0 ? WHY_PERHAPS : WHY_NO;
	return (file.flags & (O_ACCMODE | O_PATH)) == mode ? WHY_YES : WHY_NO;
}

enum why_answer mmap_fd_write_only(struct why_case *c)
{
	enum why_answer answer = opened(c, O_WRONLY);

	if (answer != WHY_NO)
		say_format(c, "descriptor %d was opened for writing only, and every mapping of a file reads it; O_RDWR is needed",
		           mmap_descriptor(c));
	return answer;
}

enum why_answer mmap_fd_read_only(struct why_case *c)
{
	enum why_answer answer = mmap_is_shared(c) && (mmap_prot(c) & PROT_WRITE) != 0 ? opened(c, O_RDONLY) : WHY_NO;

	if (answer != WHY_NO)
		say_format(c, "descriptor %d was opened for reading only, and stores into a shared mapping go to the file; "
		           "MAP_PRIVATE, or O_RDWR, would allow PROT_WRITE", mmap_descriptor(c));
	return answer;
}

enum why_answer mmap_append_only(struct why_case *c)
{
	struct why_file file;

	if (mmap_is_anonymous(c) || !mmap_is_shared(c))
		return WHY_NO;
	if (!mmap_file(c, &file) || !file.examined)
		return WHY_PERHAPS;
	if (!file.append_only || (file.flags & O_ACCMODE) == O_RDONLY)
		return WHY_NO;
	return say_format(c, "the file open as descriptor %d has the attribute append-only (chattr +a), and stores into a shared "
	                  "mapping would be anywhere", mmap_descriptor(c));
}

/* PR_SET_MDWE, Linux 6.3: no file of /proc tells it of another process. */
enum why_answer mmap_write_exec(struct why_case *c)
{
	if ((mmap_prot(c) & (PROT_WRITE | PROT_EXEC)) != (PROT_WRITE | PROT_EXEC))
		return WHY_NO;
	say(c, "the process has forbidden itself memory that is writable and executable (prctl PR_SET_MDWE, or a security module)");
	return WHY_PERHAPS;
}

enum why_answer mmap_swap_file(struct why_case *c)
{
	return say_format(c, "the file open as descriptor %d is in use as swap space, and may not be mapped shared and writable",
	                  mmap_descriptor(c));
}

enum why_answer mmap_low(struct why_case *c)
{
	return mmap_is_fixed(c) ? say_low(c, c->args[0]) : WHY_NO;
}

enum why_answer mmap_no_memlock(struct why_case *c)
{
	return why_flag(c, MAP_LOCKED) ? say_no_memlock(c) : WHY_NO;
}

enum why_answer mmap_noexec(struct why_case *c)
{
	struct why_file file;

	if (mmap_is_anonymous(c) || (mmap_prot(c) & PROT_EXEC) == 0)
		return WHY_NO;
	if (!mmap_file(c, &file) || !file.examined)
		return WHY_PERHAPS;
	if (!file.noexec)
		return WHY_NO;
	return say_format(c, "PROT_EXEC was asked for, and the file open as descriptor %d is on a file system mounted noexec, or on one "
	                  "of the kernel's own (proc, sysfs), from which no program may run",
	                  mmap_descriptor(c));
}

enum why_answer mmap_sealed(struct why_case *c)
{
	return why_flag(c, MAP_FIXED) ? say_sealed(c, c->args[0], mmap_length(c)) : WHY_NO;
}

/* memfd_check_seals_mmap(): F_SEAL_WRITE or F_SEAL_FUTURE_WRITE. */
enum why_answer mmap_sealed_file(struct why_case *c)
{
	struct why_file file;

	bool writes = (mmap_prot(c) & PROT_WRITE) != 0;

	if (mmap_is_anonymous(c) || !mmap_is_shared(c) || (!writes && why_maps_sealed()))
		return WHY_NO;
	if (!mmap_file(c, &file) || !file.examined)
		return WHY_PERHAPS;
	if ((file.seals & (writes ? F_SEAL_WRITE | F_SEAL_FUTURE_WRITE : F_SEAL_WRITE)) == 0)
		return WHY_NO;
	if ((file.seals & F_SEAL_WRITE) != 0 && !why_maps_sealed())
		return say_format(c, "the memfd open as descriptor %d is sealed against writing (F_SEAL_WRITE), and this kernel maps "
		                  "it MAP_PRIVATE only (Linux 6.7 and later also MAP_SHARED for reading)", mmap_descriptor(c));
	return say_format(c, "the memfd open as descriptor %d is sealed against writing (%s): it can be mapped PROT_READ, or "
	                  "MAP_PRIVATE", mmap_descriptor(c), (file.seals & F_SEAL_WRITE) != 0 ? "F_SEAL_WRITE" : "F_SEAL_FUTURE_WRITE");
}

enum why_answer mmap_occupied(struct why_case *c)
{
	const struct mapping *there;

	if (!why_flag(c, MAP_FIXED_NOREPLACE))
		return WHY_NO;
	if (!why_knows_maps(c)) {
		say(c, "MAP_FIXED_NOREPLACE does not replace, and something is mapped in ");
		say_range(c, c->args[0], c->args[0] + mmap_length(c));
		return WHY_YES; /* the only way to EEXIST */
	}
	there = why_next(c, c->args[0], mmap_length(c), NULL);
	if (there == NULL)
		return WHY_NO;
	say(c, "MAP_FIXED_NOREPLACE does not replace, and the range is taken by ");
	say_mapping(c, there, there->start > c->args[0] ? there->start : c->args[0]);
	return say(c, "; MAP_FIXED would replace it");
}

/* file_mmap_ok(), and the sum of offset and length in pages. */
enum why_answer mmap_too_far(struct why_case *c)
{
	say(c, "the offset ");
	say_format(c, "%#llx", (unsigned long long)c->args[5]);
	say(c, " and the length ");
	say_size(c, mmap_length(c));
	return say(c, " reach beyond the largest file that the file system of this descriptor can have");
}

enum why_answer mmap_sync(struct why_case *c)
{
	if (mmap_type(c) != MAP_SHARED_VALIDATE || !why_flag(c, MAP_SYNC))
		return WHY_NO;
	return say(c, "MAP_SYNC is for files in persistent memory (DAX), and this file is not in any; MAP_SHARED with msync does "
	              "without");
}

enum why_answer mmap_validate_flag(struct why_case *c)
{
	if (mmap_type(c) != MAP_SHARED_VALIDATE || why_flag(c, MAP_SYNC))
		return WHY_NO;
	return say(c, "MAP_SHARED_VALIDATE refuses flags that this kernel or this file does not know; MAP_SHARED would have "
	              "ignored them");
}
