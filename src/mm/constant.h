/* SPDX-License-Identifier: MIT */
/* The constants of the mapping calls: name <-> value, by the group they belong to. */
#ifndef MMTOOL_MM_CONSTANT_H
#define MMTOOL_MM_CONSTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* What an argument's bits or number mean. */
enum constant_group {
	GROUP_NONE,
	GROUP_PROT,       /* mmap(2), mprotect(2): PROT_* */
	GROUP_MAP,        /* mmap(2): MAP_* */
	GROUP_MREMAP,     /* mremap(2): MREMAP_* */
	GROUP_MADV,       /* madvise(2): MADV_*, one value */
	GROUP_MS,         /* msync(2): MS_* */
	GROUP_MCL,        /* mlockall(2): MCL_* */
	GROUP_MLOCK,      /* mlock2(2): MLOCK_* */
	GROUP_OPEN,       /* open(2): O_*, an access mode and flags */
	GROUP_OPEN_FLAGS, /* memfd_secret(2), pidfd_open(2): O_* without an access mode; has no rows of its own */
	GROUP_FCNTL,      /* fcntl(2): F_* commands, one value */
	GROUP_SEAL,       /* fcntl(2): F_SEAL_* bits */
	GROUP_MFD,        /* memfd_create(2): MFD_* */
	GROUP_FALLOC,     /* fallocate(2): FALLOC_FL_* */
	GROUP_FADV,       /* posix_fadvise(2): POSIX_FADV_*, one value */
	GROUP_KEY,        /* shmget(2): a key, IPC_PRIVATE or a number */
	GROUP_IPC,        /* shmget(2): IPC_* and SHM_* flags, and a mode */
	GROUP_SHM,        /* shmat(2): SHM_* */
	GROUP_SHMCTL,     /* shmctl(2): IPC_* and SHM_* commands, one value */
	GROUP_PR,         /* prctl(2): PR_* options, one value */
	GROUP_PR_VMA,     /* PR_SET_VMA's second argument, one value */
	GROUP_PR_MM,      /* PR_SET_MM's second argument, one value */
	GROUP_PKEY,       /* pkey_alloc(2): PKEY_* */
	GROUP_UFFD,       /* userfaultfd(2): UFFD_USER_MODE_ONLY, O_CLOEXEC, O_NONBLOCK */
	GROUP_UFFDIO,     /* ioctl_userfaultfd(2): UFFDIO_* requests, one value */
	GROUP_RLIMIT,     /* setrlimit(2): RLIMIT_*, one value */
	GROUP_ERRNO,      /* errno names, positive */
	GROUP_SIGNAL,     /* SIG*, one value */
	GROUP_FAULT,      /* fault codes, as fault_code() makes them */
	GROUP_OTHER,      /* values inside structures and the like: known by name, never printed by name */
	GROUP_COUNT,
};

/* The texts stand in the row itself, so that the table needs no relocation when the program starts. */
struct constant {
	int64_t value;  /* as the kernel takes it, on this architecture; 0 when absent */
	char name[36];
	char since[8];  /* the first kernel that has it, "5.7"; "" when older than 2.6.16 or when not known */
	uint8_t group;  /* enum constant_group */
	bool flag;      /* a bit or mask of a set; false: one value of an enumeration */
	bool hidden;    /* never printed: a second name of a value, a mask, a shift */
	bool absent;    /* belongs to other architectures: as good as a kernel that lacks it (MAP_32BIT on arm64) */
};

/* The constant of that name, or NULL.  Covers names that this machine's headers lack. */
const struct constant *constant_find(const char *name, size_t len);
/* All of them, for completion and suggestions, group after group: constant_table[0 .. constant_count). */
extern const struct constant constant_table[];
extern const size_t constant_count;

/*
 * What a kernel is asked about to learn whether it has this constant: itself, or the constant that it came with, or belongs
 * to, where it cannot be tried alone (PR_TSC_ENABLE: PR_GET_TSC).
 */
const struct constant *constant_asked(const struct constant *constant);

/* The name of a value in an enumeration group (GROUP_MADV, GROUP_ERRNO, …), or NULL. */
const char *constant_name(enum constant_group group, int64_t value);

/*
 * Adds a value as strace(1) would: "PROT_READ|PROT_WRITE", "MAP_PRIVATE|0x8000000" with unknown bits in hex, the name
 * of an empty set ("PROT_NONE") or "0"; in an enumeration group the name, else the number.  Any other group: hex.
 */
void constant_format(struct buf *buf, enum constant_group group, uint64_t value);

/*
 * A fault as one number: in the script language all fault codes differ, while si_code repeats between SIGSEGV and
 * SIGBUS.  SI_KERNEL (sent without an address) is one code for all signals.  Never 0.
 */
int64_t fault_code(int signo, int si_code);

#endif
