/* SPDX-License-Identifier: MIT */
/* The kernel's own numbers of system calls: from its headers, and from here where they are older than the call. */
#ifndef MMTOOL_MM_CALL_KERNEL_H
#define MMTOOL_MM_CALL_KERNEL_H

#include <sys/syscall.h>

/* The number that an architecture (or its ABI) begins to count at; other ABIs' calls of the same machine stand elsewhere. */
#if defined(__x86_64__) && defined(__ILP32__)
#define CALL_NUMBER_BASE __X32_SYSCALL_BIT
#elif defined(__mips__)
#define CALL_NUMBER_BASE __NR_Linux
#else
#define CALL_NUMBER_BASE 0
#endif

/* The calls from 424 on have the same numbers on every architecture, over its base. */
#if defined(__alpha__)
#define CALL_NUMBER(number) (110 + (number))
#else
#define CALL_NUMBER(number) (CALL_NUMBER_BASE + (number))
#endif

#ifndef __NR_process_madvise
#define __NR_process_madvise CALL_NUMBER(440) /* 5.10 */
#endif
#ifndef __NR_memfd_secret
#if defined(__x86_64__) || defined(__i386__) || defined(__aarch64__) || defined(__riscv) || defined(__loongarch__)
#define __NR_memfd_secret CALL_NUMBER(447) /* 5.14 */
#else
#define __NR_memfd_secret (-1)
#endif
#endif
#ifndef __NR_mseal
#define __NR_mseal CALL_NUMBER(462) /* 6.10 */
#endif
/* Direct entries where there was only ipc(2) before 5.1; shmat's result does not come through ipc's. */
#ifndef __NR_shmget
#define __NR_shmget CALL_NUMBER(395)
#define __NR_shmctl CALL_NUMBER(396)
#define __NR_shmat CALL_NUMBER(397)
#define __NR_shmdt CALL_NUMBER(398)
#endif
/* What an architecture does not have. */
#ifndef __NR_remap_file_pages
#define __NR_remap_file_pages (-1)
#endif
#ifndef __NR_pkey_mprotect
#define __NR_pkey_mprotect (-1)
#define __NR_pkey_alloc (-1)
#define __NR_pkey_free (-1)
#endif

#endif
