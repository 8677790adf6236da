/* SPDX-License-Identifier: MIT */
/* The kernel's own values of the constants: from its headers, and from here where they are older than the name. */
#ifndef MMTOOL_MM_CONSTANT_KERNEL_H
#define MMTOOL_MM_CONSTANT_KERNEL_H

/*
 * Only the kernel's headers: the C library's <fcntl.h> has O_LARGEFILE 0 and its own F_GETLK, and cannot be included
 * together with these.  Signals and fault codes have the same values in both.
 */
#include <asm/errno.h>
#include <asm/resource.h>
#include <linux/falloc.h>
#include <linux/fadvise.h>
#include <linux/fcntl.h>
#include <linux/ioctl.h>
#include <linux/ipc.h>
#include <linux/memfd.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/shm.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdint.h>

/* In place of a value: this architecture has no such constant. */
#define CONSTANT_ABSENT INT64_MIN

#define FAULT_VALUE(signo, si_code) ((int64_t)(signo) << 8 | ((si_code) & 0xff))

/* Architectures' own. */
#ifdef __x86_64__
#ifndef MAP_32BIT
#define MAP_32BIT 0x40
#endif
#ifndef MAP_ABOVE4G
#define MAP_ABOVE4G 0x80 /* 6.6 */
#endif
#endif
#ifndef MAP_32BIT
#define MAP_32BIT CONSTANT_ABSENT
#endif
#ifndef MAP_ABOVE4G
#define MAP_ABOVE4G CONSTANT_ABSENT
#endif
#ifdef __aarch64__
#ifndef PROT_BTI
#define PROT_BTI 0x10 /* 5.8 */
#endif
#ifndef PROT_MTE
#define PROT_MTE 0x20 /* 5.10 */
#endif
#ifndef PKEY_DISABLE_EXECUTE
#define PKEY_DISABLE_EXECUTE 0x4 /* 6.12 */
#endif
#ifndef PKEY_DISABLE_READ
#define PKEY_DISABLE_READ 0x8 /* 6.12 */
#endif
#endif
#ifndef PROT_BTI
#define PROT_BTI CONSTANT_ABSENT
#endif
#ifndef PROT_MTE
#define PROT_MTE CONSTANT_ABSENT
#endif
#ifndef PROT_SAO
#define PROT_SAO CONSTANT_ABSENT /* powerpc */
#endif
#ifndef PROT_ADI
#define PROT_ADI CONSTANT_ABSENT /* sparc */
#endif
#ifndef PKEY_DISABLE_EXECUTE
#define PKEY_DISABLE_EXECUTE CONSTANT_ABSENT
#endif
#ifndef PKEY_DISABLE_READ
#define PKEY_DISABLE_READ CONSTANT_ABSENT
#endif
#ifndef SIGSTKFLT
#define SIGSTKFLT CONSTANT_ABSENT /* not on mips and sparc */
#endif
#ifndef SIGEMT
#define SIGEMT CONSTANT_ABSENT /* only there */
#endif

/* asm-generic/mman-common.h, linux/mman.h */
#ifndef MAP_SYNC
#if defined(__alpha__) || defined(__hppa__) || defined(__mips__) || defined(__xtensa__)
#define MAP_SYNC CONSTANT_ABSENT /* mips has MAP_HUGETLB there */
#else
#define MAP_SYNC 0x080000 /* 4.15 */
#endif
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* 4.17 */
#endif
#ifndef MAP_UNINITIALIZED
#define MAP_UNINITIALIZED 0x4000000
#endif
#ifndef MAP_SHARED_VALIDATE
#define MAP_SHARED_VALIDATE 0x03 /* 4.15 */
#endif
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08 /* 6.11 */
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4 /* 5.7 */
#endif
#ifndef MADV_COLD
#define MADV_COLD 20 /* 5.4 */
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21 /* 5.4 */
#endif
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* 5.14 */
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* 5.14 */
#endif
#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24 /* 5.18 */
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* 6.1 */
#endif
#ifndef MADV_HWPOISON
#define MADV_HWPOISON 100
#endif
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101 /* mips and parisc have no name for it */
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* 6.13 */
#endif
#ifndef MADV_GUARD_REMOVE
#define MADV_GUARD_REMOVE 103 /* 6.13 */
#endif
#ifndef PKEY_UNRESTRICTED
#define PKEY_UNRESTRICTED 0x0 /* 6.15 */
#endif
#ifndef MAP_HUGE_16KB
#define MAP_HUGE_16KB (14U << MAP_HUGE_SHIFT) /* 5.13 */
#endif
#ifndef MAP_HUGE_32MB
#define MAP_HUGE_32MB (25U << MAP_HUGE_SHIFT)
#endif
#ifndef MAP_HUGE_512MB
#define MAP_HUGE_512MB (29U << MAP_HUGE_SHIFT)
#endif
/* linux/memfd.h never had the first of these; the kernel takes any size that it has. */
#ifndef MFD_HUGE_16KB
#define MFD_HUGE_16KB (14U << MFD_HUGE_SHIFT)
#endif
#ifndef SHM_HUGE_16KB
#define SHM_HUGE_16KB (14U << SHM_HUGE_SHIFT)
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* 6.3 */
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* 6.3 */
#endif
#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15 /* 4.17 */
#endif

/* linux/fcntl.h, linux/falloc.h */
#ifndef O_ASYNC
#define O_ASYNC FASYNC
#endif
#ifndef O_FSYNC
#define O_FSYNC O_SYNC
#endif
#ifndef O_RSYNC
#define O_RSYNC O_SYNC
#endif
#ifndef F_GETLK64
#define F_GETLK64 F_GETLK /* the kernel's headers have it on 32-bit machines alone, the C library's everywhere */
#define F_SETLK64 F_SETLK
#define F_SETLKW64 F_SETLKW
#endif
#ifndef F_DUPFD_QUERY
#define F_DUPFD_QUERY (F_LINUX_SPECIFIC_BASE + 3) /* 6.10 */
#endif
#ifndef F_CREATED_QUERY
#define F_CREATED_QUERY (F_LINUX_SPECIFIC_BASE + 4) /* 6.12 */
#endif
#ifndef F_SETDELEG
#define F_SETDELEG (F_LINUX_SPECIFIC_BASE + 16) /* 6.19 */
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x0020 /* 6.3 */
#endif
#ifndef FALLOC_FL_ALLOCATE_RANGE
#define FALLOC_FL_ALLOCATE_RANGE 0x00
#endif
#ifndef FALLOC_FL_WRITE_ZEROES
#define FALLOC_FL_WRITE_ZEROES 0x80 /* 6.17 */
#endif

/* linux/prctl.h */
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65 /* 6.3 */
#define PR_MDWE_REFUSE_EXEC_GAIN (1UL << 0)
#define PR_GET_MDWE 66
#endif
#ifndef PR_MDWE_NO_INHERIT
#define PR_MDWE_NO_INHERIT (1UL << 1) /* 6.7 */
#endif
#ifndef PR_GET_AUXV
#define PR_GET_AUXV 0x41555856 /* 6.4 */
#endif
#ifndef PR_SET_MEMORY_MERGE
#define PR_SET_MEMORY_MERGE 67 /* 6.4 */
#define PR_GET_MEMORY_MERGE 68
#endif
#ifndef PR_RISCV_V_SET_CONTROL
#define PR_RISCV_V_SET_CONTROL 69 /* 6.5 */
#define PR_RISCV_V_GET_CONTROL 70
#define PR_RISCV_V_VSTATE_CTRL_DEFAULT 0
#define PR_RISCV_V_VSTATE_CTRL_OFF 1
#define PR_RISCV_V_VSTATE_CTRL_ON 2
#define PR_RISCV_V_VSTATE_CTRL_INHERIT (1 << 4)
#define PR_RISCV_V_VSTATE_CTRL_CUR_MASK 0x3
#define PR_RISCV_V_VSTATE_CTRL_NEXT_MASK 0xc
#define PR_RISCV_V_VSTATE_CTRL_MASK 0x1f
#endif
#ifndef PR_RISCV_SET_ICACHE_FLUSH_CTX
#define PR_RISCV_SET_ICACHE_FLUSH_CTX 71 /* 6.10 */
#define PR_RISCV_CTX_SW_FENCEI_ON 0
#define PR_RISCV_CTX_SW_FENCEI_OFF 1
#define PR_RISCV_SCOPE_PER_PROCESS 0
#define PR_RISCV_SCOPE_PER_THREAD 1
#endif
#ifndef PR_PPC_GET_DEXCR
#define PR_PPC_GET_DEXCR 72 /* 6.10 */
#define PR_PPC_SET_DEXCR 73
#define PR_PPC_DEXCR_SBHE 0
#define PR_PPC_DEXCR_IBRTPD 1
#define PR_PPC_DEXCR_SRAPD 2
#define PR_PPC_DEXCR_NPHIE 3
#define PR_PPC_DEXCR_CTRL_EDITABLE 0x1
#define PR_PPC_DEXCR_CTRL_SET 0x2
#define PR_PPC_DEXCR_CTRL_CLEAR 0x4
#define PR_PPC_DEXCR_CTRL_SET_ONEXEC 0x8
#define PR_PPC_DEXCR_CTRL_CLEAR_ONEXEC 0x10
#define PR_PPC_DEXCR_CTRL_MASK 0x1f
#endif
#ifndef PR_GET_SHADOW_STACK_STATUS
#define PR_GET_SHADOW_STACK_STATUS 74 /* 6.13 */
#define PR_SET_SHADOW_STACK_STATUS 75
#define PR_SHADOW_STACK_ENABLE (1UL << 0)
#define PR_SHADOW_STACK_WRITE (1UL << 1)
#define PR_SHADOW_STACK_PUSH (1UL << 2)
#define PR_LOCK_SHADOW_STACK_STATUS 76
#endif
#ifndef PR_PMLEN_SHIFT
#define PR_PMLEN_SHIFT 24 /* 6.13 */
#define PR_PMLEN_MASK (0x7fUL << PR_PMLEN_SHIFT)
#endif
#ifndef PR_TIMER_CREATE_RESTORE_IDS
#define PR_TIMER_CREATE_RESTORE_IDS 77 /* 6.15 */
#define PR_TIMER_CREATE_RESTORE_IDS_OFF 0
#define PR_TIMER_CREATE_RESTORE_IDS_ON 1
#define PR_TIMER_CREATE_RESTORE_IDS_GET 2
#endif
#ifndef PR_FUTEX_HASH
#define PR_FUTEX_HASH 78 /* 6.16 */
#define PR_FUTEX_HASH_SET_SLOTS 1
#define PR_FUTEX_HASH_GET_SLOTS 2
#endif
#ifndef PR_THP_DISABLE_EXCEPT_ADVISED
#define PR_THP_DISABLE_EXCEPT_ADVISED (1 << 1) /* 6.18 */
#endif
#ifndef PR_MTE_STORE_ONLY
#define PR_MTE_STORE_ONLY (1UL << 19) /* 6.18 */
#endif

/* linux/userfaultfd.h */
#ifndef UFFD_FEATURE_WP_UNPOPULATED
#define UFFD_FEATURE_WP_UNPOPULATED (1 << 13) /* 6.4 */
#endif
#ifndef UFFDIO_CONTINUE_MODE_WP
#define UFFDIO_CONTINUE_MODE_WP ((__u64)1 << 1) /* 6.4 */
#endif
#ifndef UFFDIO_POISON
#define UFFD_FEATURE_POISON (1 << 14) /* 6.6 */
#define UFFDIO_POISON _IOC(_IOC_READ | _IOC_WRITE, UFFDIO, 0x08, 32)
#define UFFDIO_POISON_MODE_DONTWAKE ((__u64)1 << 0)
#endif
#ifndef UFFD_FEATURE_WP_ASYNC
#define UFFD_FEATURE_WP_ASYNC (1 << 15) /* 6.7 */
#endif
#ifndef UFFDIO_MOVE
#define UFFD_FEATURE_MOVE (1 << 16) /* 6.8 */
#define UFFDIO_MOVE _IOC(_IOC_READ | _IOC_WRITE, UFFDIO, 0x05, 40)
#define UFFDIO_MOVE_MODE_DONTWAKE ((__u64)1 << 0)
#define UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES ((__u64)1 << 1)
#endif

/* asm-generic/siginfo.h; the C library's may end earlier */
#ifndef SEGV_BNDERR
#define SEGV_BNDERR 3 /* 3.19 */
#endif
#ifndef SEGV_PKUERR
#define SEGV_PKUERR 4 /* 4.6 */
#endif
#ifndef SEGV_ACCADI
#define SEGV_ACCADI 5 /* 4.17 */
#define SEGV_ADIDERR 6
#define SEGV_ADIPERR 7
#endif
#ifndef SEGV_MTEAERR
#define SEGV_MTEAERR 8 /* 5.10 */
#define SEGV_MTESERR 9
#endif
#ifndef SEGV_CPERR
#define SEGV_CPERR 10 /* 6.6 */
#endif
#ifndef BUS_MCEERR_AR
#define BUS_MCEERR_AR 4
#define BUS_MCEERR_AO 5
#endif

/* Names of the C library's alone. */
#ifndef RLIMIT_OFILE
#define RLIMIT_OFILE RLIMIT_NOFILE
#endif
#ifndef RLIMIT_NLIMITS
#define RLIMIT_NLIMITS RLIM_NLIMITS
#endif
#ifndef SHM_DEST
#define SHM_DEST 01000 /* in shm_perm.mode, include/linux/shm.h */
#define SHM_LOCKED 02000
#endif
#ifndef ENOTSUP
#define ENOTSUP EOPNOTSUPP
#endif
#ifndef SIGCLD
#define SIGCLD SIGCHLD
#endif
#ifndef SIGUNUSED
#define SIGUNUSED SIGSYS
#endif

#endif
