/* SPDX-License-Identifier: MIT */
/* What a mapping is a mapping of. */
#ifndef MMTOOL_MM_KIND_H
#define MMTOOL_MM_KIND_H

#include "mm/maps.h"

#include <stdbool.h>
#include <stdint.h>

enum mapping_kind {
	KIND_ANONYMOUS,        /* private anonymous memory; [anon:NAME] too */
	KIND_HEAP,             /* [heap]: what brk(2) moves the end of */
	KIND_STACK,            /* [stack]: the main thread's */
	KIND_SHARED_ANONYMOUS, /* MAP_SHARED|MAP_ANONYMOUS */
	KIND_HUGE,             /* the same or MAP_PRIVATE, with MAP_HUGETLB: huge pages of the pool */
	KIND_SYSV,             /* a segment of shmget(2) */
	KIND_MEMFD,            /* a file of memfd_create(2) */
	KIND_SHMEM,            /* other shared memory without a name in any file system: a driver's, or of a descriptor that is no file */
	KIND_FILE_PRIVATE,     /* a file: stores go into pages of the process's own */
	KIND_FILE_SHARED,      /* a file: stores reach it */
	KIND_SPECIAL,          /* [vdso], [vvar], [vsyscall], …: the kernel's own */
	KIND_COUNT,
};

/*
 * Judged by inode, device and permissions, and by the name only where no file can bear it: anybody can make a file that is
 * called "/tmp/[stack]" or "/tmp/memfd:x (deleted)".  Of KIND_HUGE the device has no fixed number: a deleted file of that
 * name in the root of a file system without a block device looks the same.
 */
enum mapping_kind mapping_kind(const struct mapping *mapping);
/* Whether its name is exactly this, "[stack]", "/dev/zero (deleted)": a file can bear it, too. */
bool mapping_is_named(const struct mapping *mapping, const char *name);
/* "private anonymous", "memfd", …; NULL for a number that is none. */
const char *mapping_kind_name(enum mapping_kind kind);
/* Whether it is of the kernel's own mount of shared memory, device 00:01 (mm/shmem.c): no user can make a file there. */
bool mapping_is_shmem(const struct mapping *mapping);
/* Whether both are of one object: the same file, or of one kind and name without one. */
bool mapping_same_object(const struct mapping *a, const struct mapping *b);

/* How many mappings of a kind there are, and how large they are together. */
struct kind_total {
	uint8_t kind;      /* enum mapping_kind */
	uint64_t mappings;
	uint64_t size;     /* bytes */
	uint64_t resident; /* bytes; only where smaps was read */
};

#endif
