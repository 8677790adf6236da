/* SPDX-License-Identifier: MIT */
/* The calls of the script language: one row a call, with its arguments and their kinds. */
#ifndef MMTOOL_MM_CALL_H
#define MMTOOL_MM_CALL_H

#include "mm/constant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum { CALL_ARGS = 6 };

enum arg_kind {
	ARG_INT,     /* a signed number: decimal */
	ARG_FD,      /* a descriptor: int, decimal */
	ARG_SIZE,    /* a number of bytes (size_t): decimal */
	ARG_OFFSET,  /* off_t: signed decimal, 64 bits on every architecture */
	ARG_ADDRESS, /* an address: hex, NULL for 0 */
	ARG_HEX,     /* bits without names: hex */
	ARG_MODE,    /* a file mode: octal with a leading 0 */
	ARG_FLAGS,   /* a set of bits or an enumeration: the group's names */
	ARG_STRING,  /* a path or name: a string, or the address of one */
	ARG_BUFFER,  /* a buffer's address; may be given as a string */
	ARG_PLACE,   /* mmap's off_t: 64 bits on every architecture, which strace shows in hex */
	ARG_DIRFD,   /* openat's: AT_FDCWD or a descriptor */
	ARG_RLIMIT,  /* the soft limit of a struct rlimit64 */
};

struct call_arg {
	char name[14]; /* as in the man page */
	uint8_t kind;  /* enum arg_kind */
	uint8_t group; /* enum constant_group, for ARG_FLAGS */
};

enum call_class {
	CALL_SYSTEM,  /* a system call */
	CALL_MEMORY,  /* strcpy memset memcpy read_pages write_pages words: real loads and stores */
	CALL_FORK,
	CALL_WAIT,
	CALL_TMPFILE,
	CALL_CGROUP,
};

enum call_id {
	CALL_MMAP, CALL_MUNMAP, CALL_MREMAP, CALL_MPROTECT, CALL_PKEY_ALLOC, CALL_PKEY_FREE, CALL_PKEY_MPROTECT,
	CALL_MADVISE, CALL_PROCESS_MADVISE, CALL_MSYNC, CALL_MLOCK, CALL_MLOCK2, CALL_MUNLOCK, CALL_MLOCKALL,
	CALL_MUNLOCKALL, CALL_MINCORE, CALL_MSEAL, CALL_REMAP_FILE_PAGES, CALL_BRK, CALL_MEMFD_CREATE, CALL_MEMFD_SECRET,
	CALL_OPEN, CALL_CLOSE, CALL_READ, CALL_WRITE, CALL_PREAD, CALL_PWRITE, CALL_FTRUNCATE, CALL_FALLOCATE, CALL_FSYNC,
	CALL_FADVISE64, CALL_FCNTL, CALL_IOCTL, CALL_USERFAULTFD, CALL_SHMGET, CALL_SHMAT, CALL_SHMDT, CALL_SHMCTL,
	CALL_PRCTL, CALL_SETUID, CALL_PIDFD_OPEN, CALL_PROCESS_VM_READV, CALL_SETRLIMIT,
	CALL_FORK_ID, CALL_WAIT_ID, CALL_STRCPY, CALL_MEMSET, CALL_MEMCPY, CALL_READ_PAGES, CALL_WRITE_PAGES, CALL_WORDS,
	CALL_TMPFILE_ID, CALL_CGROUP_ID,
	CALL_ID_COUNT,
};

enum call_result {
	RESULT_INT,     /* decimal */
	RESULT_ADDRESS, /* hex */
	RESULT_ID,      /* decimal; another run gets another one */
};

struct call {
	char name[20];
	char since[8];      /* the first kernel that has it; "" when older than 2.6.16, or no system call */
	uint8_t id;         /* enum call_id */
	uint8_t class;      /* enum call_class */
	uint8_t least;      /* arguments that must be given; those left out are 0 */
	uint8_t most;       /* arguments that may be given; UINT8_MAX: any number (words) */
	uint8_t result;     /* enum call_result */
	bool keeps_maps;    /* true: it cannot change any mapping of the caller, so the maps need not be read after it */
	struct call_arg args[CALL_ARGS];
};

/* The call of that name, or NULL. */
const struct call *call_find(const char *name, size_t len);
/*
 * Whether it can die of the pages that it touches or brings in, and with "= ?" the script goes on: loads and stores, mlock and
 * its like.
 */
bool call_touches(const struct call *call);
/* All of them; call_table[id] is the row of enum call_id. */
extern const struct call call_table[];
extern const size_t call_count;

/*
 * A call as the kernel is asked for it: on architectures without the entry, its equivalent.  It has two sides.
 * What is shown, in strace's form: name and the first count of args, with kinds; an off_t is one argument, and one that
 * the call does not look at (open's mode without O_CREAT, mremap's new_address without MREMAP_FIXED) is left out.
 * What is done: syscall(number, words[0], …, words[word_count - 1]), one word a register; a 64-bit value takes two on
 * 32-bit machines.  On 64-bit machines words[i] is args[i], and 0 after them.
 */
struct kernel_call {
	const char *name;                 /* "mmap", "openat", "mmap2", …; static */
	long number;                      /* of the system call; -1: this architecture lacks it */
	unsigned count;                   /* arguments to show */
	unsigned word_count;              /* registers to fill */
	bool args_in_memory;              /* store words as longs in memory, pass their address alone (s390x: mmap) */
	uint64_t args[CALL_ARGS + 1];     /* one for each of kinds */
	uint64_t words[CALL_ARGS + 1];
	struct call_arg kinds[CALL_ARGS]; /* what each argument is, for printing */
	unsigned string_mask;             /* bit i: args[i] and words[i] are a string of the request */
};

/* Whether mmap can be given this offset: mmap2 counts in 4096 bytes, in a word (2^44 bytes where that has 32 bits). */
bool call_place_fits(int64_t place);
/* And whether without losing a part of it: where the kernel has mmap2 only, it is a multiple of 4096. */
bool call_place_aligned(int64_t place);
/*
 * Translates a system call of the language with its (up to six) arguments into the entry that this architecture has.
 * string_mask says which arguments are strings.  Printing uses the translated name: the report names the call made.
 *
 * setrlimit becomes prlimit64(0, resource, &limit, NULL), and args and words are (0, resource, soft, 0): before it the
 * executor makes prlimit64(0, resource, NULL, &limit), sets limit.rlim_cur (64 bits) to the soft limit and passes
 * &limit as the third word.  A call of the language that is no system call has its own name and the number -1.
 */
void call_translate(const struct call *call, const uint64_t args[CALL_ARGS], unsigned string_mask,
                    struct kernel_call *out);

/*
 * Adds one argument in strace's form.  string, when not NULL, is the string that was passed in its place: len bytes,
 * without the final zero; paths and names are shown whole, of buffers the first 32 bytes.
 */
void call_format_arg(struct buf *buf, const struct call_arg *arg, uint64_t value, const char *string, size_t len);

/* Adds " = 0x7f…", " = 3" or " = -1 ENOMEM (Cannot allocate memory)" as strace does.  error is a positive errno or 0. */
void call_format_result(struct buf *buf, enum call_result kind, int64_t result, int error);

#endif
