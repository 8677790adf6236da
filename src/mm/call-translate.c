/* SPDX-License-Identifier: MIT */
/* Turns a call of the language into the system call that this architecture has for it. */
#include "mm/call.h"
#include "mm/call-kernel.h"
#include "mm/constant-kernel.h"

#include <string.h>

/* A 64-bit value in two registers: not on x32 and mips n32, whose registers are wide. */
#if __SIZEOF_LONG__ == 4 && !defined(__x86_64__) && !(defined(_MIPS_SIM) && _MIPS_SIM != _ABIO32)
#define SPLITS 1
#else
#define SPLITS 0
#endif
/* Where the pair begins at an even register. */
#if defined(__arm__) || defined(__mips__) || defined(__powerpc__) || defined(__xtensa__)
#define ALIGNS 1
#else
#define ALIGNS 0
#endif

enum shape {
	PLAIN,
	AT,        /* openat: before the path, AT_FDCWD */
	PAGES,     /* mmap2: the offset in units of 4096 bytes, whatever the page size */
	IN_MEMORY, /* s390x's mmap: all arguments in a structure of longs */
	LIMIT,     /* prlimit64: of the process itself, and no old limit wanted */
	ADVICE,    /* arm and powerpc: fadvise64_64 with the advice second, which aligns the pairs without gaps */
};

/* A row whose name is "" has the call's own. */
struct entry {
	char name[20];
	uint8_t shape;
	int number;
};

#define SAME(call) { "", PLAIN, __NR_##call }
#define NAMED(call) { #call, PLAIN, __NR_##call }

static const struct entry entries[CALL_ID_COUNT] = {
#if defined(__s390x__)
	[CALL_MMAP] = { "", IN_MEMORY, __NR_mmap },
#elif SPLITS && defined(__NR_mmap2)
	[CALL_MMAP] = { "mmap2", PAGES, __NR_mmap2 },
#else
	[CALL_MMAP] = SAME(mmap),
#endif
	[CALL_MUNMAP] = SAME(munmap),
	[CALL_MREMAP] = SAME(mremap),
	[CALL_MPROTECT] = SAME(mprotect),
	[CALL_PKEY_ALLOC] = SAME(pkey_alloc),
	[CALL_PKEY_FREE] = SAME(pkey_free),
	[CALL_PKEY_MPROTECT] = SAME(pkey_mprotect),
	[CALL_MADVISE] = SAME(madvise),
	[CALL_PROCESS_MADVISE] = SAME(process_madvise),
	[CALL_MSYNC] = SAME(msync),
	[CALL_MLOCK] = SAME(mlock),
	[CALL_MLOCK2] = SAME(mlock2),
	[CALL_MUNLOCK] = SAME(munlock),
	[CALL_MLOCKALL] = SAME(mlockall),
	[CALL_MUNLOCKALL] = SAME(munlockall),
	[CALL_MINCORE] = SAME(mincore),
	[CALL_MSEAL] = SAME(mseal),
	[CALL_REMAP_FILE_PAGES] = SAME(remap_file_pages),
	[CALL_BRK] = SAME(brk),
	[CALL_MEMFD_CREATE] = SAME(memfd_create),
	[CALL_MEMFD_SECRET] = SAME(memfd_secret),
#ifdef __NR_open
	[CALL_OPEN] = SAME(open),
#else
	[CALL_OPEN] = { "openat", AT, __NR_openat },
#endif
	[CALL_CLOSE] = SAME(close),
	[CALL_READ] = SAME(read),
	[CALL_WRITE] = SAME(write),
	[CALL_PREAD] = NAMED(pread64),
	[CALL_PWRITE] = NAMED(pwrite64),
#if SPLITS && defined(__NR_ftruncate64)
	[CALL_FTRUNCATE] = NAMED(ftruncate64),
#else
	[CALL_FTRUNCATE] = SAME(ftruncate),
#endif
	[CALL_FALLOCATE] = SAME(fallocate),
	[CALL_FSYNC] = SAME(fsync),
#if SPLITS && defined(__NR_arm_fadvise64_64)
	[CALL_FADVISE64] = { "arm_fadvise64_64", ADVICE, __NR_arm_fadvise64_64 },
#elif SPLITS && defined(__powerpc__)
	[CALL_FADVISE64] = { "fadvise64_64", ADVICE, __NR_fadvise64_64 },
#elif SPLITS && defined(__NR_fadvise64_64)
	[CALL_FADVISE64] = NAMED(fadvise64_64),
#else
	[CALL_FADVISE64] = SAME(fadvise64),
#endif
#if SPLITS && defined(__NR_fcntl64)
	[CALL_FCNTL] = NAMED(fcntl64),
#else
	[CALL_FCNTL] = SAME(fcntl),
#endif
	[CALL_IOCTL] = SAME(ioctl),
	[CALL_USERFAULTFD] = SAME(userfaultfd),
	[CALL_SHMGET] = SAME(shmget),
	[CALL_SHMAT] = SAME(shmat),
	[CALL_SHMDT] = SAME(shmdt),
	[CALL_SHMCTL] = SAME(shmctl),
	[CALL_PRCTL] = SAME(prctl),
#ifdef __NR_setuid32
	[CALL_SETUID] = NAMED(setuid32),
#else
	[CALL_SETUID] = SAME(setuid),
#endif
	[CALL_PIDFD_OPEN] = SAME(pidfd_open),
	[CALL_PROCESS_VM_READV] = SAME(process_vm_readv),
	[CALL_SETRLIMIT] = { "prlimit64", LIMIT, __NR_prlimit64 },
};

/* By the value of one argument: how many are shown, and what the others are. */
struct view {
	uint8_t id, selector, count;
	uint8_t kinds[3][2]; /* kind and group of the arguments after the selector; as many as are shown */
	int value;
};

static const struct view views[] = {
	{ CALL_FCNTL, 1, 3, { { ARG_FLAGS, GROUP_SEAL } }, F_ADD_SEALS },
	{ CALL_FCNTL, 1, 3, { { ARG_FLAGS, GROUP_OPEN } }, F_SETFL },
	{ CALL_FCNTL, 1, 3, { { ARG_SIZE, 0 } }, F_DUPFD },
	{ CALL_FCNTL, 1, 3, { { ARG_SIZE, 0 } }, F_DUPFD_CLOEXEC },
	{ CALL_FCNTL, 1, 3, { { ARG_SIZE, 0 } }, F_SETPIPE_SZ },
	{ CALL_FCNTL, 1, 3, { { ARG_ADDRESS, 0 } }, F_GETLK },
	{ CALL_FCNTL, 1, 3, { { ARG_ADDRESS, 0 } }, F_SETLK },
	{ CALL_FCNTL, 1, 3, { { ARG_ADDRESS, 0 } }, F_SETLKW },
	{ CALL_FCNTL, 1, 2, { { 0, 0 } }, F_GETFD },
	{ CALL_FCNTL, 1, 2, { { 0, 0 } }, F_GETFL },
	{ CALL_FCNTL, 1, 2, { { 0, 0 } }, F_GETOWN },
	{ CALL_FCNTL, 1, 2, { { 0, 0 } }, F_GETSIG },
	{ CALL_FCNTL, 1, 2, { { 0, 0 } }, F_GETLEASE },
	{ CALL_FCNTL, 1, 2, { { 0, 0 } }, F_GETPIPE_SZ },
	{ CALL_FCNTL, 1, 2, { { 0, 0 } }, F_GET_SEALS },
	{ CALL_PRCTL, 0, 5, { { ARG_FLAGS, GROUP_PR_VMA }, { ARG_ADDRESS, 0 }, { ARG_SIZE, 0 } }, PR_SET_VMA },
	{ CALL_PRCTL, 0, 5, { { ARG_FLAGS, GROUP_PR_MM }, { ARG_HEX, 0 }, { ARG_HEX, 0 } }, PR_SET_MM },
	{ CALL_PRCTL, 0, 5, { { ARG_SIZE, 0 }, { ARG_HEX, 0 }, { ARG_HEX, 0 } }, PR_SET_THP_DISABLE },
	{ CALL_PRCTL, 0, 5, { { ARG_SIZE, 0 }, { ARG_HEX, 0 }, { ARG_HEX, 0 } }, PR_SET_NO_NEW_PRIVS },
	{ CALL_PRCTL, 0, 2, { { ARG_STRING, 0 } }, PR_SET_NAME },
	{ CALL_PRCTL, 0, 2, { { ARG_ADDRESS, 0 } }, PR_GET_NAME },
	{ CALL_PRCTL, 0, 2, { { ARG_FLAGS, GROUP_SIGNAL } }, PR_SET_PDEATHSIG },
	{ CALL_PRCTL, 0, 2, { { ARG_SIZE, 0 } }, PR_SET_DUMPABLE },
	{ CALL_PRCTL, 0, 1, { { 0, 0 } }, PR_GET_DUMPABLE },
};

/* What strace shows of a call: not the arguments that it does not look at. */
static void view(const struct call *call, struct kernel_call *out)
{
	if (call->id == CALL_OPEN && !(out->args[out->count - 2] & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))))
		out->count--;
	if (call->id == CALL_MREMAP && !(out->args[3] & (MREMAP_FIXED | MREMAP_DONTUNMAP)))
		out->count = 4;
	if (call->id == CALL_PRCTL)
		for (unsigned i = 1; i < out->count; i++)
			out->kinds[i].kind = ARG_HEX;
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		const struct view *row = &views[i];

		if (row->id != call->id || (uint32_t)row->value != (uint32_t)out->args[row->selector])
			continue;
		out->count = row->count;
		for (unsigned k = 0; k < 3 && row->selector + 1 + k < row->count; k++) {
			out->kinds[row->selector + 1 + k].kind = row->kinds[k][0];
			out->kinds[row->selector + 1 + k].group = row->kinds[k][1];
		}
		return;
	}
}

/* Puts an argument before position at, and moves those after it. */
static void insert(struct kernel_call *out, unsigned at, struct call_arg kind, uint64_t value)
{
	unsigned low = (1U << at) - 1;

	memmove(&out->args[at + 1], &out->args[at], (out->count - at) * sizeof(out->args[0]));
	memmove(&out->kinds[at + 1], &out->kinds[at], (out->count - at) * sizeof(out->kinds[0]));
	out->args[at] = value;
	out->kinds[at] = kind;
	out->count++;
	out->string_mask = (out->string_mask & low) | (out->string_mask & ~low) << 1;
}

static void reshape(enum shape shape, struct kernel_call *out)
{
	const struct call_arg dirfd = { "dirfd", ARG_DIRFD, GROUP_NONE };
	const struct call_arg pid = { "pid", ARG_INT, GROUP_NONE };
	const struct call_arg new_limit = { "new_limit", ARG_RLIMIT, GROUP_NONE };
	const struct call_arg old_limit = { "old_limit", ARG_ADDRESS, GROUP_NONE };

	out->args_in_memory = shape == IN_MEMORY;
	if (shape == AT)
		insert(out, 0, dirfd, (uint64_t)AT_FDCWD);
	if (shape == ADVICE) {
		insert(out, 1, out->kinds[3], out->args[3]);
		out->count--;
	}
	if (shape == LIMIT) {
		insert(out, 0, pid, 0);
		out->kinds[2] = new_limit;
		insert(out, 3, old_limit, 0);
	}
}

static void add_word(struct kernel_call *out, uint64_t value)
{
	if (out->word_count < CALL_ARGS + 1)
		out->words[out->word_count++] = value;
}

/* An off_t in two registers, in the order in which the machine would store it. */
static void add_pair(struct kernel_call *out, uint64_t value)
{
	const uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
	const bool big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

	if (ALIGNS && out->word_count % 2 != 0)
		add_word(out, 0);
	add_word(out, big ? high : low);
	add_word(out, big ? low : high);
}

bool call_place_fits(int64_t place)
{
	return entries[CALL_MMAP].shape != PAGES || place >> 12 <= (int64_t)UINT32_MAX;
}

bool call_place_aligned(int64_t place)
{
#if defined(__i386__)
	/* There the older entry is called instead: unaligned(). */
	(void)place;
	return true;
#else
	return entries[CALL_MMAP].shape != PAGES || place % 4096 == 0;
#endif
}

static void fill_words(enum shape shape, struct kernel_call *out)
{
	for (unsigned i = 0; i < out->count; i++) {
		if (shape == PAGES && out->kinds[i].kind == ARG_PLACE)
			add_word(out, (uint64_t)((int64_t)out->args[i] >> 12));
		else if (SPLITS && out->kinds[i].kind == ARG_OFFSET)
			add_pair(out, out->args[i]);
		else
			add_word(out, out->args[i]);
	}
}

/* mmap2 would drop the offset's low bits; the older entry refuses them with EINVAL, as mmap does elsewhere. */
static enum shape unaligned(enum shape shape, struct kernel_call *out)
{
#if defined(__i386__)
	if (shape == PAGES && out->args[5] % 4096 != 0) {
		out->name = "mmap";
		out->number = __NR_mmap;
		return IN_MEMORY;
	}
#else
	(void)out;
#endif
	return shape;
}

void call_translate(const struct call *call, const uint64_t args[CALL_ARGS], unsigned string_mask,
                    struct kernel_call *out)
{
	const struct entry *entry = &entries[call->id];
	enum shape how = entry->shape;

	memset(out, 0, sizeof(*out));
	out->name = entry->name[0] ? entry->name : call->name;
	out->number = call->class == CALL_SYSTEM ? entry->number : -1;
	out->count = call->most < CALL_ARGS ? call->most : CALL_ARGS;
	out->string_mask = string_mask;
	memcpy(out->args, args, CALL_ARGS * sizeof(args[0]));
	memcpy(out->kinds, call->args, sizeof(out->kinds));
	how = unaligned(how, out);
	reshape(how, out);
	fill_words(how, out);
	view(call, out);
}
