/* SPDX-License-Identifier: MIT */
/* Private to why*.c: what a rule looks at, how it answers and speaks, and the table that the rules stand in. */
#ifndef MMTOOL_RUN_WHY_RULE_H
#define MMTOOL_RUN_WHY_RULE_H

#include "base/alloc.h"
#include "base/buf.h"
#include "mm/call.h"
#include "mm/event.h"
#include "mm/maps.h"
#include "mm/region.h"
#include "run/why-history.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a rule finds.  PERHAPS: something that it would have to know is not known; what is lacking was recorded. */
enum why_answer { WHY_NO, WHY_PERHAPS, WHY_YES };

/* Numbers of the process and of its machine.  Amounts are in bytes; a limit that is not set is UINT64_MAX. */
enum why_fact {
	FACT_LIMIT_AS, FACT_LIMIT_DATA, FACT_LIMIT_MEMLOCK, FACT_LIMIT_FSIZE, FACT_LIMIT_NOFILE, FACT_LIMIT_STACK,
	FACT_DATA_MOST, /* what new mappings are held to of RLIMIT_DATA, which brk(2) takes as it stands */
	FACT_VM_SIZE, FACT_VM_DATA, FACT_VM_LOCKED, FACT_MAP_COUNT, FACT_FD_COUNT, FACT_BRK_START,
	FACT_THP, /* 0: prctl PR_SET_THP_DISABLE */
	FACT_CAPABILITIES, FACT_INITIAL_USER, /* the effective ones; whether they are of the initial user namespace */
	/* Of its namespaces: whether mmtool's own segments are the process's, too; vm.memfd_noexec. */
	FACT_SAME_IPC, FACT_MEMFD_NOEXEC,
	FACT_OVERCOMMIT, FACT_MAX_MAP_COUNT, FACT_MMAP_MIN_ADDR,
	FACT_RAM, FACT_SWAP, FACT_COMMIT_LIMIT, FACT_COMMITTED, FACT_HUGE_SIZE,
	FACT_COUNT,
};

/* What is open as a descriptor. */
struct why_file {
	bool open;
	uint64_t flags;   /* O_* as opened; proc_pid_fdinfo(5) */
	bool examined;    /* the rest is valid */
	uint32_t mode;    /* st_mode */
	uint64_t size;
	bool huge, memory, secret, noexec; /* on hugetlbfs; on a tmpfs (a memfd, too); of memfd_secret; runs no programs */
	bool append_only; /* chattr +a */
	uint32_t seals;   /* F_SEAL_*; 0 where it can have none */
};

/* Where facts come from: a process, or a file that was saved.  What is not known is never 0 but a refusal. */
struct why_source {
	void *context;
	bool here; /* it is of this machine as it runs: what its kernel knows can be tried */
	bool (*fact)(void *context, enum why_fact fact, uint64_t *value);
	/* Whether the mapping at addr has a VmFlag ("lo"): 1, 0, or -1: not known. */
	int (*vmflag)(void *context, uint64_t addr, const char *flag);
	bool (*file)(void *context, int fd, struct why_file *file);
	/* The length of the file that a mapping maps; false: not known. */
	bool (*length)(void *context, const struct mapping *mapping, uint64_t *bytes);
	/* The seals (F_SEAL_*) of the file that a mapping maps; false: not known. */
	bool (*seals)(void *context, const struct mapping *mapping, uint32_t *seals);
	/* Whether a mapping is of memfd_secret(2): 1, 0, or -1: not known. */
	int (*secret)(void *context, const struct mapping *mapping);
	/* Whether the page at addr is of a guard region (MADV_GUARD_INSTALL): 1, 0, or -1: not known. */
	int (*guard)(void *context, uint64_t addr);
};

/* One call, or one fault, and how things stood. */
struct why_case {
	unsigned call;            /* enum call_id */
	uint64_t args[CALL_ARGS];
	const char *string;       /* of memfd_create: the name, string_len bytes; NULL: not known */
	size_t string_len;
	bool string_cut;         /* the name is longer: what the line has is its beginning */
	uint64_t page;
	int64_t result;
	const struct maps *before, *after; /* NULL: not known */
	const struct regions *names;       /* before the call; NULL: there are none, and addresses are told in hex */
	uint64_t scratch;                  /* of a script's process: its scratch page; 0: it has none */
	const struct why_source *source;   /* NULL: nothing else is known */
	const struct why_history *history; /* NULL: nothing is known of earlier calls */
	const struct event_fault *fault;
	bool line_numbers;        /* the history's numbers are lines of a trace, not of a script */
	struct buf *out;
	unsigned lacking;         /* enum why_lack bits */
};

/* What a rule would have had to know. */
enum why_lack {
	LACK_MAPS = 1,    /* the mappings */
	LACK_FLAGS = 2,   /* their VmFlags */
	LACK_PROCESS = 4, /* limits, counts and descriptors of the process */
	LACK_MACHINE = 8, /* policies and figures of the machine */
	LACK_NAMESPACE = 16, /* those of a namespace of the process */
};

/* A rule.  With WHY_YES, or WHY_PERHAPS, it may have added a sentence to out; what it added before WHY_NO is dropped. */
typedef enum why_answer why_function(struct why_case *c);

enum { FAULT_RULE = UINT8_MAX };

/* A row: which rule of a call an error can come from.  The rows of a call and an error stand in the kernel's order of checks. */
struct why_rule {
	uint8_t call;         /* enum call_id, or FAULT_RULE */
	uint16_t error;       /* the errno, 0 for faults; parisc's reach 257 */
	char word[20];        /* with the call's name and a hyphen before it, its id */
	why_function *broken;
	const char *rule;     /* in one line, without values */
};
extern const struct why_rule why_rules[];
extern const size_t why_rule_count;

/* Why a call that did not fail did what it did; several can apply. */
struct why_explanation {
	uint8_t call;
	why_function *explains;
};
extern const struct why_explanation why_explanations[];
extern const size_t why_explanation_count;

/* What was found: text and ids live in the arena. */
struct why_finding {
	const char *text;
	const char *ids[EVENT_RULES]; /* NULL-padded; the first is the reason when sure */
	bool sure;        /* false: any of them can be it, or there is none */
	unsigned lacking; /* what more would have to be known */
};
struct why_finding why_find(struct why_case *c, int error, struct arena *arena);
/* The id of a rule, "mremap-fixed-alone", in the arena. */
const char *why_rule_id(const struct why_rule *rule, struct arena *arena);
/* Why a call that succeeded did what it did, in the arena, or NULL; before and after must be known. */
const char *why_explain(struct why_case *c, struct arena *arena);
/* Whether the table has any rule of that call. */
bool why_has_rules(unsigned call);

/* why-source.c: a process; observer may be NULL for what its own files say.  smaps of a file, its context. */
struct observer;
struct why_process {
	int pid;
	struct observer *observer;
	bool child; /* a script's, which leaves no namespace of mmtool's */
};
extern const struct why_source why_process_source;
struct smaps;
bool why_process_fact(void *context, enum why_fact fact, uint64_t *value);
int why_smaps_flag(void *context, uint64_t addr, const char *flag);

/* What is known; else it is recorded as lacking. */
bool why_fact(struct why_case *c, enum why_fact fact, uint64_t *value);
bool why_file(struct why_case *c, int fd, struct why_file *file);
bool why_knows_maps(struct why_case *c);
/* Whether the mapping at addr has a VmFlag; or has one that is there after the call. */
enum why_answer why_vmflag(struct why_case *c, uint64_t addr, const char *flag);
enum why_answer why_vmflag_after(const struct why_case *c, uint64_t addr, const char *flag);
/* Pages that the kernel keeps free below a mapping that grows down, unless it was started with another stack_guard_gap. */
enum { GUARD_GAP = 256 };
/* Whether the process has a capability (its bit, capabilities(7)) for the whole machine, as capable() of the kernel asks. */
enum why_answer why_capable(struct why_case *c, unsigned bit);
/* What follows "lacks CAP_…" where why_capable() does not find it: " outside its user namespace" where it has it within, or "". */
const char *why_outside(struct why_case *c, unsigned bit);
enum { WHY_CAP_IPC_LOCK = 14, WHY_CAP_IPC_OWNER = 15, WHY_CAP_SYS_RAWIO = 17, WHY_CAP_SYS_ADMIN = 21 };

/* why-say.c: the words.  say() and its like return WHY_YES, for return say(…). */
enum why_answer say(const struct why_case *c, const char *text);
enum why_answer say_format(const struct why_case *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
void say_address(const struct why_case *c, uint64_t addr);
/* "0x7f…000-0x7f…000". */
void say_range(const struct why_case *c, uint64_t start, uint64_t end);
void say_size(const struct why_case *c, uint64_t bytes);
/* What holds an address: a page of mmtool's own, a named region, a file, or an anonymous mapping; with its permissions. */
void say_mapping(const struct why_case *c, const struct mapping *mapping, uint64_t addr);
void say_flags(const struct why_case *c, enum constant_group group, uint64_t flags);
/* Says that addr, an argument of that name, is not a multiple of the page size, and the one below that is. */
enum why_answer say_unaligned(const struct why_case *c, uint64_t addr, const char *what);
/* Says that [addr, addr + len) ends beyond what a process may map; WHY_NO also where that end is not known. */
enum why_answer say_beyond(const struct why_case *c, uint64_t addr, uint64_t len, const char *what);
/* Says that a length other than 0 became 0 when it was rounded up to whole pages. */
enum why_answer say_wrapped(const struct why_case *c, uint64_t len, const char *what);
/* Says that shared memory of that offset cannot be at addr, an argument of that name: why_colour(). */
enum why_answer say_colour(const struct why_case *c, uint64_t addr, uint64_t offset, const char *what);
/* Says which of the bits is not among the known ones. */
enum why_answer say_unknown_bits(const struct why_case *c, uint64_t bits, uint64_t known, const char *what);

/* why-kernel.c: what this kernel says and takes; nothing is mapped for it in the caller. */
/* Where the user address space ends (the kernel's TASK_SIZE); 0: the kernel did not say. */
uint64_t why_space_end(void);
/* The error that mmap gives for a fixed range beyond it: ENOMEM, or EINVAL on some processors (mips, sparc64). */
int why_beyond_error(void);
/*
 * Shared memory of that offset in its object cannot be at addr, since the processor's cache knows memory by its address: by how
 * many bytes, a power of two, the two must differ, or a multiple of it.  0: it can, or that is not to be known.
 */
uint64_t why_colour(uint64_t addr, uint64_t offset);
/* Whether there are any such addresses. */
bool why_has_colours(void);
/* The same for a case, which may be a line of another machine that has more addresses than this one. */
uint64_t why_case_end(const struct why_case *c);
/*
 * Below which address the kernel puts this mapping, whose process has the maps of the case: some machines have more
 * addresses than they use as long as no hint is above (x86-64 with five levels, arm64 with 52 bits, ppc64, riscv64).
 */
uint64_t why_window_end(const struct why_case *c);
/* Whether MREMAP_DONTUNMAP takes shared memory and files (Linux 5.13). */
bool why_keeps_objects(void);
/* Whether a memfd with F_SEAL_WRITE can be mapped MAP_SHARED for reading (Linux 6.7). */
bool why_maps_sealed(void);

/* why-limit.c: rules about limits, which several calls share. */
uint64_t why_round_up(const struct why_case *c, uint64_t len);
enum why_answer say_address_limit(struct why_case *c, uint64_t more);
/* RLIMIT_DATA: of private writable memory. */
enum why_answer say_data_limit(struct why_case *c, uint64_t more);
enum why_answer say_over_heuristic(struct why_case *c, uint64_t len);
enum why_answer say_over_commit(struct why_case *c, uint64_t len);
/* Policy 2 and policy 0 both, for a charge of len bytes. */
enum why_answer say_over_policy(struct why_case *c, uint64_t len);
/* The process has at least most - spare mappings, most being vm.max_map_count; doing says what needs more of them. */
enum why_answer say_map_count(struct why_case *c, int64_t spare, const char *doing);
/* Unmapping size bytes from start on takes away the middle of a mapping, and vm.max_map_count has no room for the two ends. */
enum why_answer say_cut_count(struct why_case *c, uint64_t start, uint64_t size);
/* RLIMIT_MEMLOCK is smaller than what is locked and more bytes, and no CAP_IPC_LOCK lifts it. */
enum why_answer say_over_memlock(struct why_case *c, uint64_t more);
enum why_answer say_no_memlock(struct why_case *c);
/* A mapping in [addr, addr + len) is sealed. */
enum why_answer say_sealed(struct why_case *c, uint64_t addr, uint64_t len);
/* Whether a mapping is one that the kernel set up with pages of its own: [vdso], [vvar], … */
bool mapping_is_special(const struct mapping *mapping);
/* One end of the range lies inside a mapping that the kernel set up ([vdso]) and that cannot be cut. */
enum why_answer say_special_cut(struct why_case *c, uint64_t addr, uint64_t len);
/* Whether a call that succeeded was about a range without a page: the kernel looks at the other arguments, and does nothing. */
bool range_is_empty(const struct why_case *c);
/* Asks how many bytes the object behind a mapping has.  False: that is not to be known. */
bool why_length(const struct why_case *c, const struct mapping *mapping, uint64_t *length);
/* Whether a mapping is of MAP_SHARED|MAP_ANONYMOUS, as far as its line tells: a deleted file of that name is taken for one. */
bool is_shared_anonymous(const struct mapping *mapping);
/* Whether a mapping is of memfd_secret(2), whose pages are in memory to stay and cannot be had for the kernel's use. */
enum why_answer why_secret(struct why_case *c, const struct mapping *mapping);
/* Of the first such mapping of [from, from + len), that it is one, and what follows from that. */
enum why_answer say_secret(struct why_case *c, uint64_t from, uint64_t len, const char *text);
/* The kernel's page on x86-64 that maps shows in every process, and that is no mapping (arch/x86/entry/vsyscall). */
bool is_vsyscall(const struct mapping *mapping);
/* That page is at addr. */
enum why_answer say_vsyscall(struct why_case *c, const struct maps *maps, uint64_t addr);
/* A page of [from, to) in a mapping faults although the permissions allow it: past the end of the file, or a guard region. */
enum why_answer say_unreachable(struct why_case *c, const struct mapping *mapping, uint64_t from, uint64_t to);
/* Of the first mapping of [from, from + len) that is registered with a userfaultfd, that accesses may fail there: WHY_PERHAPS. */
enum why_answer say_userfault(struct why_case *c, uint64_t from, uint64_t len);
/* addr is below vm.mmap_min_addr, and no CAP_SYS_RAWIO lifts that. */
enum why_answer say_low(struct why_case *c, uint64_t addr);
/* A range that should begin and end on huge pages does not; the mapping at addr is of hugetlbfs (VmFlag ht). */
enum why_answer say_huge_unaligned(struct why_case *c, uint64_t addr, uint64_t len);

/* Whether the fourth argument (flags of mmap and of mremap) has one of these bits. */
static inline bool why_flag(const struct why_case *c, uint64_t bit)
{
	return (c->args[3] & bit) != 0;
}

/* The next mapping that [start, start + len) touches; the first after NULL. */
const struct mapping *why_next(const struct why_case *c, uint64_t start, uint64_t len, const struct mapping *last);

/* The rules.  The first of several calls' rules is the one that the others are like. */
#define WHY_RULES(X) \
	X(mremap_unknown_flag) X(mremap_old_unaligned) X(mremap_new_size_zero) X(mremap_new_size_wraps) X(mremap_too_long) \
	X(mremap_old_beyond) X(mremap_new_beyond) X(mremap_new_unaligned) X(mremap_fixed_alone) X(mremap_dontunmap_alone) \
	X(mremap_dontunmap_resizes) X(mremap_dontunmap_object) X(mremap_overlap) X(mremap_special_cut) X(mremap_colour) X(mremap_huge_unaligned) X(mremap_huge_grows) X(mremap_private_alias) \
	X(mremap_dontunmap_special) X(mremap_alias_in_place) X(mremap_no_room) X(mremap_no_gap) X(mremap_over_limit) \
	X(mremap_over_data) X(mremap_over_policy) X(mremap_over_count) X(mremap_unmapped) X(mremap_hole) X(mremap_crosses) \
	X(mremap_special) X(mremap_over_memlock) X(mremap_sealed) X(mremap_new_sealed) X(mremap_low) \
	X(mmap_offset_unaligned) X(mmap_huge_file) X(mmap_huge_size) X(mmap_length_zero) X(mmap_fixed_unaligned) \
	X(mmap_huge_fixed) X(mmap_beyond) X(mmap_colour) X(mmap_grows_file) X(mmap_grows_shared) X(mmap_no_type) X(mmap_bad_type) \
	X(mmap_validate_anonymous) X(mmap_droppable_file) X(mmap_droppable_with) X(mmap_huge_offset) X(mmap_secret_private) \
	X(mmap_no_fd) X(mmap_closed_fd) X(mmap_path_fd) X(mmap_not_mappable) X(mmap_fd_write_only) X(mmap_fd_read_only) \
	X(mmap_append_only) X(mmap_write_exec) X(mmap_swap_file) X(mmap_low) X(mmap_no_memlock) X(mmap_noexec) \
	X(mmap_sealed) X(mmap_sealed_file) X(mmap_occupied) X(mmap_too_far) X(mmap_sync) X(mmap_validate_flag) \
	X(mmap_over_memlock) X(mmap_length_wraps) X(mmap_no_huge_pages) X(mmap_over_count) X(mmap_too_long) \
	X(mmap_fixed_beyond) X(mmap_no_gap) X(mmap_over_limit) X(mmap_over_data) X(mmap_over_policy) X(mmap_special_cut) X(mmap_huge_cut) \
	X(munmap_beyond) X(munmap_length_zero) X(munmap_length_wraps) X(munmap_huge_unaligned) X(munmap_over_count) \
	X(range_unaligned) X(range_wraps) X(range_hole) X(range_special_cut) X(range_huge_cut) X(range_sealed) X(range_over_count) \
	X(mprotect_unknown_bits) X(mprotect_grows_both) X(mprotect_grows_not) X(mprotect_huge_unaligned) \
	X(mprotect_not_allowed) X(mprotect_write_exec) X(mprotect_over_data) X(mprotect_over_policy) \
	X(madvise_unknown) X(madvise_locked) X(madvise_huge) X(madvise_special) X(madvise_not_anonymous) \
	X(madvise_no_file) X(madvise_droppable) X(madvise_populate_denied) X(madvise_populate_secret) \
	X(madvise_collapse) X(madvise_remove_denied) X(madvise_sealed) X(madvise_admin) X(madvise_populate_fault) X(madvise_willneed) \
	X(msync_unknown_flag) X(msync_both) X(msync_locked) X(mlock_over_limit) X(mlock_no_limit) X(mlock_secret) \
	X(mlock_unreachable) X(mlock2_unknown_flag) X(mlockall_unknown_flag) X(mlockall_no_target) X(mlockall_over_limit) \
	X(mincore_beyond) X(mincore_vec) X(mseal_flags) X(mseal_32_bit) \
	X(memfd_unknown_flag) X(memfd_both) X(memfd_long_name) X(memfd_name) X(memfd_noexec) X(memfd_no_fds) \
	X(memfd_huge_size) X(ftruncate_negative) X(ftruncate_closed) X(ftruncate_path) X(ftruncate_kind) \
	X(ftruncate_read_only) X(ftruncate_huge) X(ftruncate_secret) X(ftruncate_limit) X(ftruncate_too_long) \
	X(ftruncate_sealed) X(ftruncate_append_only) X(brk_below) X(brk_data_limit) X(brk_taken) X(brk_over_limit) \
	X(brk_over_policy) X(brk_beyond) X(shmat_unaligned) X(shmat_taken) X(shmat_remap) X(shmdt_nothing) \
	X(brk_over_memlock) X(brk_over_count) X(brk_sealed) X(shmget_size) X(shmget_too_large) \
	X(shmat_no_segment) X(shmat_denied) X(shmat_write_exec) X(shmat_over_limit) X(shmat_over_count) X(shmat_sealed) \
	X(why_by_error) X(why_no_call) \
	X(fault_unmapped) X(fault_stack_limit) X(fault_stack_room) X(fault_guard) X(fault_permissions) X(fault_past_end) X(fault_not_canonical) \
	X(fault_huge_pages) X(fault_secret_limit) X(fault_no_page) X(fault_userfault)
#define WHY_DECLARE(name) why_function name;
WHY_RULES(WHY_DECLARE)
#undef WHY_DECLARE

/* why-explain.c */
why_function mremap_moved, mremap_moved_fixed, mremap_grew, mremap_shrank, mremap_shared_object, mmap_placed, mmap_hint,
	mmap_replaced, mmap_reservation, mmap_noreserve, mmap_merged, munmap_several;
/* why-explain-pages.c */
why_function mremap_aliased, mremap_left, mmap_populated, mmap_locked, mmap_grows_down, mmap_droppable,
	mprotect_split, madvise_advised, madvise_forked, madvise_thp, madvise_mergeable, madvise_discarded, mlock_locked, munlock_unlocked,
	mlockall_locked, msync_synced, mseal_sealed, ftruncate_resized;

#endif
