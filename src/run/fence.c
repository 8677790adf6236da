/* SPDX-License-Identifier: MIT */
/* The seccomp allow-list that a subject lives in. */
#include "run/fence.h"
#include "mm/call-kernel.h"
#include "mm/constant-kernel.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/net.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define FENCE_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FENCE_SANITIZED
#endif
#endif

#if defined(__x86_64__)
#define FENCE_ARCH AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define FENCE_ARCH AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define FENCE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define FENCE_ARCH AUDIT_ARCH_ARM
#elif defined(__mips__) && _MIPS_SIM == _ABI64 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FENCE_ARCH AUDIT_ARCH_MIPSEL64
#elif defined(__mips__) && _MIPS_SIM == _ABI64
#define FENCE_ARCH AUDIT_ARCH_MIPS64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FENCE_ARCH AUDIT_ARCH_PPC64LE
#elif defined(__powerpc64__)
#define FENCE_ARCH AUDIT_ARCH_PPC64
#elif defined(__riscv) && __riscv_xlen == 64
#define FENCE_ARCH AUDIT_ARCH_RISCV64
#elif defined(__loongarch_lp64)
#define FENCE_ARCH AUDIT_ARCH_LOONGARCH64
#elif defined(__s390x__)
#define FENCE_ARCH AUDIT_ARCH_S390X
#else
#error "the fence does not know this architecture's AUDIT_ARCH value: add it"
#endif

/* Calls that are allowed with any arguments; one that the architecture lacks is -1. */
static const int allowed[] = {
	__NR_recvmsg, __NR_sendto, __NR_recvfrom, __NR_sendmsg, __NR_exit_group, __NR_rt_sigreturn, __NR_rt_sigaction,
	__NR_sigaltstack, __NR_rt_sigprocmask, __NR_close, __NR_dup3, __NR_getppid, __NR_restart_syscall,
#ifdef __NR_send
	__NR_send, __NR_recv,
#endif
#ifdef __NR_mmap
	__NR_mmap,
#endif
#ifdef __NR_mmap2
	__NR_mmap2,
#endif
	__NR_munmap, __NR_mremap, __NR_mprotect, __NR_pkey_alloc, __NR_pkey_free, __NR_pkey_mprotect, __NR_msync, __NR_mlock, __NR_mlock2, __NR_munlock, __NR_mlockall, __NR_munlockall,
	__NR_mincore, __NR_mseal, __NR_remap_file_pages, __NR_brk, __NR_memfd_create, __NR_memfd_secret,
	__NR_read, __NR_write, __NR_pread64, __NR_pwrite64, __NR_ftruncate, __NR_fallocate, __NR_fsync,
#ifdef __NR_fadvise64
	__NR_fadvise64,
#endif
#ifdef __NR_arm_fadvise64_64
	__NR_arm_fadvise64_64,
#endif
#ifdef __NR_ftruncate64
	__NR_ftruncate64,
#endif
#ifdef __NR_fadvise64_64
	__NR_fadvise64_64,
#endif
	__NR_userfaultfd, __NR_shmget, __NR_shmat, __NR_shmdt, __NR_shmctl, __NR_setuid,
#ifdef __NR_setuid32
	__NR_setuid32,
#endif
	__NR_pidfd_open, __NR_process_vm_readv, __NR_capget, __NR_capset,
#ifdef FENCE_SANITIZED
	/* What AddressSanitizer's runtime asks for by itself, in a subject too. */
	__NR_sched_getaffinity, __NR_getpid, __NR_gettid, __NR_futex, __NR_sched_yield,
#endif
};

/*
 * fcntl(2) commands that could send the tool a signal through the socket, and those that make others wait for the script or
 * tell it what they do: locks, leases, notes.
 */
static const uint32_t refused_fcntl[] = {
	F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLK, F_SETLKW, F_SETLK64, F_SETLKW64, F_OFD_SETLK, F_OFD_SETLKW, F_SETLEASE,
	F_NOTIFY, F_SETDELEG,
};

/* madvise(2): what takes page frames from the machine.  MADV_HWPOISON and MADV_SOFT_OFFLINE. */
static const uint32_t refused_madvise[] = { 100, 101 };

#ifndef PR_SCHED_CORE
#define PR_SCHED_CORE 62 /* Linux 5.14 */
#endif

/* prctl(2) options that would undo the fence, hide the subject from its observer, or reach other processes. */
static const uint32_t refused_prctl[] = { PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_PTRACER, PR_SCHED_CORE };

enum {
	PROGRAM_MAX = 1024,
	BASE = CALL_NUMBER_BASE,
	NUMBERS = 640, /* from BASE on; system calls above and below are refused as one */
	COUNT_ALLOWED = sizeof(allowed) / sizeof(allowed[0]),
};

/* What is done with a system call, by its number. */
enum verdict_of_number { NUMBER_REFUSED, NUMBER_ALLOWED, NUMBER_LOOKED_AT };

struct program {
	struct sock_filter code[PROGRAM_MAX];
	unsigned short len;
};

static void add(struct program *program, uint16_t code, uint32_t k, uint8_t when_true, uint8_t when_false)
{
	program->code[program->len++] = (struct sock_filter){ code, when_true, when_false, k };
}

static void load(struct program *program, size_t offset)
{
	add(program, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* The low half of an argument: commands and flags are ints. */
static void load_arg(struct program *program, unsigned arg)
{
	size_t low = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;

	load(program, offsetof(struct seccomp_data, args) + 8 * arg + low);
}

static void answer(struct program *program, uint32_t action)
{
	add(program, BPF_RET | BPF_K, action, 0, 0);
}

static const uint32_t refuse = SECCOMP_RET_ERRNO | FENCE_ERRNO;

/* When the call is this one: refuse it where its argument is in the list, else go on with what follows. */
static void refuse_values(struct program *program, const uint32_t *values, uint8_t count)
{
	for (uint8_t i = 0; i < count; i++) {
		add(program, BPF_JMP | BPF_JEQ | BPF_K, values[i], 0, 1);
		answer(program, refuse);
	}
}

/* Calls whose arguments decide: each has a part of its own at the program's end. */
static const int looked_at[] = {
	__NR_fcntl,
#ifdef __NR_fcntl64
	__NR_fcntl64,
#endif
	__NR_prctl, __NR_ioctl, __NR_clone, __NR_prlimit64, __NR_madvise, __NR_process_madvise,
#ifdef __NR_open
	__NR_open,
#endif
	__NR_openat,
#ifdef __NR_socketcall
	__NR_socketcall,
#endif
};

enum {
	COUNT_LOOKED_AT = sizeof(looked_at) / sizeof(looked_at[0]),
	RANGES_MAX = 2 * (COUNT_ALLOWED + COUNT_LOOKED_AT) + 2,
	RANGES_NEAR = 64, /* the tree of so many is within reach of an 8-bit jump */
	PARTS_MAX = 200,  /* what comes before the tree and after it */
};

_Static_assert(3 * RANGES_MAX + PARTS_MAX <= PROGRAM_MAX, "a tree of three instructions a range, and the rest");

/* What a file is opened with that is to be written, made or cut short; O_TMPFILE's other half is O_DIRECTORY. */
static const uint32_t writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);

/* Begins a part that only the calls of that number (or its 64-bit twin on 32-bit machines) enter; part_end() closes it. */
static unsigned short part_begin(struct program *program, uint32_t number)
{
	add(program, BPF_JMP | BPF_JEQ | BPF_K, number, 0, 0);
	return program->len;
}

static void part_end(struct program *program, unsigned short begin)
{
	program->code[begin - 1].jf = (uint8_t)(program->len - begin);
}

static void fcntl_part(struct program *program, uint32_t number)
{
	unsigned short begin = part_begin(program, number);

	load_arg(program, 1);
	refuse_values(program, refused_fcntl, sizeof(refused_fcntl) / sizeof(refused_fcntl[0]));
	/* F_SETFL with O_ASYNC asks for SIGIO. */
	add(program, BPF_JMP | BPF_JEQ | BPF_K, F_SETFL, 0, 3);
	load_arg(program, 2);
	add(program, BPF_JMP | BPF_JSET | BPF_K, O_ASYNC, 0, 1);
	answer(program, refuse);
	answer(program, SECCOMP_RET_ALLOW);
	part_end(program, begin);
}

static void prctl_part(struct program *program)
{
	unsigned short begin = part_begin(program, __NR_prctl);

	load_arg(program, 0);
	refuse_values(program, refused_prctl, sizeof(refused_prctl) / sizeof(refused_prctl[0]));
	/* The death signal may be renewed, and not changed. */
	add(program, BPF_JMP | BPF_JEQ | BPF_K, PR_SET_PDEATHSIG, 0, 3);
	load_arg(program, 1);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, SIGKILL, 1, 0);
	answer(program, refuse);
	answer(program, SECCOMP_RET_ALLOW);
	part_end(program, begin);
}

static void madvise_part(struct program *program, uint32_t number, unsigned advice)
{
	unsigned short begin = part_begin(program, number);

	load_arg(program, advice);
	refuse_values(program, refused_madvise, sizeof(refused_madvise) / sizeof(refused_madvise[0]));
	answer(program, SECCOMP_RET_ALLOW);
	part_end(program, begin);
}

/*
 * ioctl(2): userfaultfd's (type 0xaa) and the two of /proc, PAGEMAP_SCAN and PROCMAP_QUERY, whole: file systems have others of
 * their type and number.  FIOASYNC, FIOSETOWN and terminals' are out.
 */
static void ioctl_part(struct program *program)
{
	unsigned short begin = part_begin(program, __NR_ioctl);

	load_arg(program, 1);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, _IOC(_IOC_READ | _IOC_WRITE, 'f', 16, 96), 5, 0);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, _IOC(_IOC_READ | _IOC_WRITE, 'f', 17, 104), 4, 0);
	add(program, BPF_ALU | BPF_RSH | BPF_K, 8, 0, 0);
	add(program, BPF_ALU | BPF_AND | BPF_K, 0xff, 0, 0);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, 0xaa, 1, 0);
	answer(program, refuse);
	answer(program, SECCOMP_RET_ALLOW);
	part_end(program, begin);
}

/* clone(2): another subject, a child of the tool, and nothing else.  s390x swaps the first two arguments. */
static void clone_part(struct program *program)
{
#ifdef __s390x__
	const unsigned flags = 1;
#else
	const unsigned flags = 0;
#endif
	unsigned short begin = part_begin(program, __NR_clone);

	load_arg(program, flags);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, CLONE_PARENT | SIGCHLD, 1, 0);
	answer(program, refuse);
	answer(program, SECCOMP_RET_ALLOW);
	part_end(program, begin);
}

#ifdef __NR_socketcall
/* socketcall(2): what the C library makes of send and recvmsg on machines that had no entries of their own before Linux 4.3. */
static void socketcall_part(struct program *program)
{
	static const uint32_t wanted[] = { SYS_SEND, SYS_RECV, SYS_SENDTO, SYS_RECVFROM, SYS_SENDMSG, SYS_RECVMSG };
	unsigned short begin = part_begin(program, __NR_socketcall);

	load_arg(program, 0);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		add(program, BPF_JMP | BPF_JEQ | BPF_K, wanted[i], 0, 1);
		answer(program, SECCOMP_RET_ALLOW);
	}
	answer(program, refuse);
	part_end(program, begin);
}
#endif

/*
 * open(2) and openat(2): for reading.  So it holds for machine code that a script has written, too, and whatever path it
 * is that the interpreter was shown; what may be written all the same the tool opens and hands over.
 */
static void open_part(struct program *program, uint32_t number, unsigned flags, bool allow_write)
{
	unsigned short begin = part_begin(program, number);

	if (!allow_write) {
		load_arg(program, flags);
		add(program, BPF_JMP | BPF_JSET | BPF_K, writing, 0, 1);
		answer(program, refuse);
	}
	answer(program, SECCOMP_RET_ALLOW);
	part_end(program, begin);
}

/* prlimit64(2): of the caller alone, and not the limit of cores, which is the fence's own. */
static void limit_part(struct program *program)
{
	unsigned short begin = part_begin(program, __NR_prlimit64);

	load_arg(program, 0);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
	answer(program, refuse);
	load_arg(program, 1);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, RLIMIT_CORE, 0, 1);
	answer(program, refuse);
	answer(program, SECCOMP_RET_ALLOW);
	part_end(program, begin);
}

/* Numbers from start on, up to the next range's, are treated alike. */
struct range {
	uint32_t start;
	uint8_t verdict; /* enum verdict_of_number */
};

static size_t find_ranges(struct range *ranges)
{
	uint8_t verdict[NUMBERS] = { NUMBER_REFUSED };
	size_t count = 0;

	for (size_t i = 0; i < COUNT_ALLOWED; i++) {
		if (allowed[i] >= BASE)
			verdict[allowed[i] - BASE] = NUMBER_ALLOWED;
	}
	for (size_t i = 0; i < COUNT_LOOKED_AT; i++)
		verdict[looked_at[i] - BASE] = NUMBER_LOOKED_AT;
	/* Below the base are another ABI's calls, which the kernel makes for every process: mips's 4037 is kill. */
	if (BASE > 0)
		ranges[count++] = (struct range){ 0, NUMBER_REFUSED };
	for (uint32_t number = 0; number < NUMBERS; number++) {
		if (count == 0 || ranges[count - 1].verdict != verdict[number])
			ranges[count++] = (struct range){ BASE + number, verdict[number] };
	}
	if (ranges[count - 1].verdict != NUMBER_REFUSED)
		ranges[count++] = (struct range){ BASE + NUMBERS, NUMBER_REFUSED };
	return count;
}

/*
 * A binary search over the ranges: the kernel walks the filter once for every number when it is installed
 * (seccomp_cache_prepare(), Linux 5.11), so that a list costs a hundred microseconds.
 */
static void add_tree(struct program *program, const struct range *ranges, size_t count)
{
	if (count == 1) {
		if (ranges->verdict == NUMBER_LOOKED_AT)
			add(program, BPF_JMP | BPF_JA, 0, 0, 0); /* to the parts: build() fills in how far */
		else
			answer(program, ranges->verdict == NUMBER_ALLOWED ? SECCOMP_RET_ALLOW : refuse);
		return;
	}
	size_t half = count / 2;
	unsigned short node = program->len;

	add(program, BPF_JMP | BPF_JGE | BPF_K, ranges[half].start, 0, half > RANGES_NEAR);
	if (half > RANGES_NEAR)
		add(program, BPF_JMP | BPF_JA, 0, 0, 0);
	add_tree(program, ranges, half);
	if (half > RANGES_NEAR)
		program->code[node + 1].k = (uint32_t)(program->len - node - 2);
	else
		program->code[node].jt = (uint8_t)(program->len - node - 1);
	add_tree(program, ranges + half, count - half);
}

static void build(struct program *program, bool allow_write)
{
	struct range ranges[NUMBERS + 1];

	program->len = 0;
	load(program, offsetof(struct seccomp_data, arch));
	add(program, BPF_JMP | BPF_JEQ | BPF_K, FENCE_ARCH, 1, 0);
	answer(program, SECCOMP_RET_KILL_PROCESS);
	load(program, offsetof(struct seccomp_data, nr));
	add_tree(program, ranges, find_ranges(ranges));
	for (unsigned short i = 0; i < program->len; i++) {
		if (program->code[i].code == (BPF_JMP | BPF_JA) && program->code[i].k == 0)
			program->code[i].k = (uint32_t)(program->len - i - 1);
	}
	fcntl_part(program, __NR_fcntl);
#ifdef __NR_fcntl64
	fcntl_part(program, __NR_fcntl64);
#endif
	prctl_part(program);
	ioctl_part(program);
	clone_part(program);
	limit_part(program);
	madvise_part(program, __NR_madvise, 2);
	madvise_part(program, __NR_process_madvise, 3);
#ifdef __NR_open
	open_part(program, __NR_open, 1, allow_write);
#endif
	open_part(program, __NR_openat, 2, allow_write);
#ifdef __NR_socketcall
	socketcall_part(program);
#endif
	answer(program, refuse);
}

int fence_raise(bool allow_write, const char **call)
{
	struct program program;

	build(&program, allow_write);
	struct sock_fprog fprog = { .len = program.len, .filter = program.code };

	*call = "prctl";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	*call = "seccomp";
	if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &fprog) < 0)
		return -errno;
	return 0;
}
