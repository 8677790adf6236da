/* SPDX-License-Identifier: MIT */
/* Private to why*.c: what a rule looks at, how it speaks, and the rules that the table of why.c is made of. */
#ifndef MMTOOL_RUN_WHY_RULE_H
#define MMTOOL_RUN_WHY_RULE_H

#include "run/machine.h"

#include <stdbool.h>
#include <stdint.h>

/* One call, or one fault, and how things stood. */
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

/* A rule: when it applies it adds its sentence to out and returns true; what it added before returning false is dropped. */
typedef bool why_function(const struct why_case *c);

/* why-say.c: the words.  say() returns true, for return say(…). */
bool say(const struct why_case *c, const char *text);
bool say_format(const struct why_case *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void say_address(const struct why_case *c, uint64_t addr);
void say_size(const struct why_case *c, uint64_t bytes);
/* What holds an address: a page of mmtool's own, a named region, a file, or an anonymous mapping; with its permissions. */
void say_mapping(const struct why_case *c, const struct mapping *mapping, uint64_t addr);
/* Says that addr, an argument of that name, is not a multiple of the page size; false: it is. */
bool say_unaligned(const struct why_case *c, uint64_t addr, const char *what);
/* Says that [addr, addr + len) ends beyond what a process may map; false: it does not, or that end is not known. */
bool say_beyond(const struct why_case *c, uint64_t addr, uint64_t len, const char *what);
/* Says that a length other than 0 became 0 when it was rounded up to whole pages. */
bool say_wrapped(const struct why_case *c, uint64_t len, const char *what);
/* Says which of the bits is not among the known ones. */
bool say_unknown_bits(const struct why_case *c, uint64_t bits, uint64_t known, const char *what);

/* why-limit.c: facts about limits; each say_ returns false, with nothing known to be broken. */
uint64_t why_round_up(const struct why_case *c, uint64_t len);
/* Where the user address space ends at the latest; 0: not known on this architecture. */
uint64_t why_space_end(void);
bool why_vmflag(const struct why_case *c, uint64_t addr, const char *flag);
/* The flags that a descriptor of the process was opened with (proc_pid_fdinfo(5)); 0, or -errno. */
int why_fd_flags(const struct why_case *c, int fd, uint64_t *flags);
bool say_address_limit(const struct why_case *c, uint64_t more);
bool say_over_heuristic(const struct why_case *c, uint64_t len);
bool say_over_commit(const struct why_case *c, uint64_t len);
/* Policy 2 and policy 0 both, for a charge of len bytes. */
bool say_over_policy(const struct why_case *c, uint64_t len);
/* The process has at least most - spare mappings, most being vm.max_map_count. */
bool say_map_count(const struct why_case *c, int64_t spare);
/* RLIMIT_MEMLOCK is smaller than what is locked and more bytes, and no CAP_IPC_LOCK lifts it. */
bool say_over_memlock(const struct why_case *c, uint64_t more);
bool say_no_memlock(const struct why_case *c);
/* A mapping in [addr, addr + len) is sealed. */
bool say_sealed(const struct why_case *c, uint64_t addr, uint64_t len);

/* Whether the fourth argument (flags of mmap and of mremap) has one of these bits. */
static inline bool why_flag(const struct why_case *c, uint64_t bit)
{
	return (c->args[3] & bit) != 0;
}

/* why-mremap.c */
why_function mremap_unknown_flag, mremap_fixed_alone, mremap_dontunmap_alone, mremap_dontunmap_resizes,
	mremap_old_unaligned, mremap_new_unaligned, mremap_new_size_zero, mremap_new_size_wraps, mremap_beyond,
	mremap_overlap, mremap_private_alias, mremap_no_room, mremap_too_long, mremap_over_limit, mremap_over_policy,
	mremap_over_count, mremap_over_memlock, mremap_unmapped, mremap_crosses, mremap_sealed, mremap_moved,
	mremap_moved_fixed, mremap_grew, mremap_shrank, mremap_shared_object;

/* why-mmap.c: mmap and munmap */
why_function mmap_length_zero, mmap_length_wraps, mmap_fixed_unaligned, mmap_offset_unaligned, mmap_no_type,
	mmap_validate_anonymous, mmap_bad_fd, mmap_not_mappable, mmap_fd_read_only, mmap_fd_write_only, mmap_occupied,
	mmap_over_limit, mmap_over_policy, mmap_over_count, mmap_no_gap, mmap_fixed_beyond, mmap_no_huge_pages,
	mmap_over_memlock, mmap_no_memlock, mmap_sealed, mmap_placed, mmap_hint, mmap_replaced, mmap_reservation,
	mmap_noreserve, munmap_length_zero, munmap_length_wraps, munmap_beyond, munmap_over_count, munmap_several;

/* why-range.c: mprotect, madvise, msync, mlock and their like, whose first two arguments are a range */
why_function range_unaligned, range_hole, range_sealed, range_over_count, range_wraps,
	mprotect_unknown_bits, mprotect_not_allowed, mprotect_over_policy, madvise_unknown, madvise_locked, madvise_not_anonymous, madvise_sealed,
	msync_unknown_flag, msync_both, msync_locked, mlock_over_limit, mlock_no_limit, mlock2_unknown_flag,
	mlockall_flags, mlockall_over_limit;

/* why-fault.c */
why_function fault_unmapped, fault_permissions, fault_past_end;

#endif
