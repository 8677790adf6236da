/* SPDX-License-Identifier: MIT */
/* Constants: their values against the C library's headers, their names, and strace's form. */
#include "mm/constant.h"

#include "base/buf.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>

static int64_t value_of(const char *name)
{
	const struct constant *constant = constant_find(name, strlen(name));

	return constant ? constant->value : INT64_MIN;
}

#define SAME(name) { #name, (int64_t)(name) }

static void test_values(void)
{
	static const struct {
		const char *name;
		int64_t value;
	} rows[] = {
		SAME(PROT_NONE), SAME(PROT_READ), SAME(PROT_WRITE), SAME(PROT_EXEC), SAME(PROT_GROWSDOWN),
		SAME(MAP_SHARED), SAME(MAP_PRIVATE), SAME(MAP_FIXED), SAME(MAP_ANONYMOUS), SAME(MAP_ANON),
		SAME(MAP_NORESERVE), SAME(MAP_POPULATE), SAME(MAP_GROWSDOWN), SAME(MAP_LOCKED), SAME(MAP_STACK),
		SAME(MAP_HUGETLB), SAME(MAP_HUGE_SHIFT), SAME(MAP_FILE), SAME(MREMAP_MAYMOVE), SAME(MREMAP_FIXED),
		SAME(MADV_NORMAL), SAME(MADV_WILLNEED), SAME(MADV_DONTNEED), SAME(MADV_FREE), SAME(MADV_HUGEPAGE),
		SAME(MS_ASYNC), SAME(MS_SYNC), SAME(MS_INVALIDATE), SAME(MCL_CURRENT), SAME(MCL_FUTURE),
		SAME(O_RDONLY), SAME(O_RDWR), SAME(O_CREAT), SAME(O_TRUNC), SAME(O_APPEND), SAME(O_DIRECT),
		SAME(O_DIRECTORY), SAME(O_CLOEXEC), SAME(O_PATH), SAME(O_TMPFILE), SAME(O_SYNC), SAME(O_ASYNC),
		SAME(F_GETFD), SAME(F_SETFL), SAME(F_ADD_SEALS), SAME(F_GET_SEALS), SAME(F_SEAL_WRITE), SAME(F_RDLCK),
		SAME(MFD_CLOEXEC), SAME(MFD_HUGETLB), SAME(FALLOC_FL_KEEP_SIZE), SAME(FALLOC_FL_PUNCH_HOLE),
		SAME(POSIX_FADV_DONTNEED), SAME(POSIX_FADV_NOREUSE), SAME(IPC_PRIVATE), SAME(IPC_CREAT), SAME(IPC_RMID),
		SAME(SHM_RDONLY), SAME(SHM_REMAP), SAME(SHM_HUGETLB), SAME(SHM_LOCK), SAME(SHM_R),
		SAME(PR_SET_NAME), SAME(PR_SET_MM), SAME(PR_SET_MM_BRK), SAME(PR_SET_THP_DISABLE),
		SAME(PR_SET_PDEATHSIG),
		SAME(RLIMIT_AS), SAME(RLIMIT_MEMLOCK), SAME(RLIMIT_STACK), SAME(RLIMIT_DATA), SAME(RLIMIT_NOFILE),
		SAME(EPERM), SAME(ENOMEM), SAME(EWOULDBLOCK), SAME(EDEADLOCK), SAME(ENOTSUP), SAME(EHWPOISON),
		SAME(SIGHUP), SAME(SIGBUS), SAME(SIGSEGV), SAME(SIGKILL), SAME(SIGSYS), SAME(SIGCHLD), SAME(SIGPOLL),
		/* No headers of today's have all of these; the same on every architecture. */
		{ "MAP_DROPPABLE", 8 }, { "MREMAP_DONTUNMAP", 4 }, { "MFD_NOEXEC_SEAL", 8 }, { "MFD_EXEC", 0x10 },
		{ "F_SEAL_EXEC", 0x20 }, { "PKEY_UNRESTRICTED", 0 }, { "PKEY_DISABLE_WRITE", 2 },
		{ "PR_SET_VMA", 0x53564d41 },
		{ "PR_SET_MDWE", 65 }, { "UFFD_API", 0xaa }, { "UFFD_FEATURE_MOVE", 1 << 16 },
		{ "UFFD_USER_MODE_ONLY", 1 },
		{ "FALLOC_FL_WRITE_ZEROES", 0x80 }, { "SHM_STAT_ANY", 15 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ok(value_of(rows[i].name) == rows[i].value, "%s is %lld", rows[i].name, (long long)rows[i].value);
#if defined(__x86_64__)
	ok(value_of("O_LARGEFILE") == 0100000, "O_LARGEFILE is the kernel's");
	ok(value_of("MAP_32BIT") == 0x40 && value_of("MAP_ABOVE4G") == 0x80, "x86's own flags of mmap");
	ok(constant_find("PROT_BTI", 8)->absent, "PROT_BTI is known, and absent on x86");
	ok(value_of("UFFDIO_API") == 0xc018aa3f, "UFFDIO_API");
	ok(value_of("UFFDIO_REGISTER") == 0xc020aa00, "UFFDIO_REGISTER");
	ok(value_of("UFFDIO_MOVE") == 0xc028aa05, "UFFDIO_MOVE");
	ok(value_of("UFFDIO_POISON") == 0xc020aa08, "UFFDIO_POISON");
	ok(value_of("MADV_GUARD_INSTALL") == 102, "MADV_GUARD_INSTALL");
#endif
}

static void test_table(void)
{
	unsigned unfound = 0, unordered = 0, unnamed = 0;

	for (size_t i = 0; i < constant_count; i++) {
		const struct constant *row = &constant_table[i];
		const char *name;

		unfound += memchr(row->name, '\0', sizeof(row->name)) == NULL || row->name[0] == '\0' ||
		           memchr(row->since, '\0', sizeof(row->since)) == NULL ||
		           constant_find(row->name, strlen(row->name)) != row;
		unordered += i > 0 && row[-1].group > row->group;
		if (row->flag || row->hidden || row->absent)
			continue;
		name = constant_name(row->group, row->value);
		/* 64-bit machines have F_GETLK64 as a second name. */
		if (name == NULL || value_of(name) != row->value ||
		    constant_find(name, strlen(name))->group != row->group)
			unnamed += printf("# %s\n", row->name) > 0;
	}
	ok(constant_count > 600, "%zu constants", constant_count);
	ok(unfound == 0, "every name ends, is found, and names one row: %u do not", unfound);
	ok(unordered == 0, "groups stand together: %u do not", unordered);
	ok(unnamed == 0, "every value of an enumeration has a name: %u have not", unnamed);
	ok(constant_find("PROT_REA", 8) == NULL && constant_find("PROT_READX", 10) == NULL && !constant_find("", 0),
	   "other names are not found");
	ok(constant_find("PROT_READ|", 9) != NULL, "the name ends at its length");
	ok(constant_find("PROT_READ_WITH_A_NAME_LONGER_THAN_ANY_CONSTANT_HAS", 50) == NULL, "nor are long ones");
	is(constant_find("MREMAP_DONTUNMAP", 16)->since, "5.7", "since");
	is(constant_find("PROT_READ", 9)->since, "", "since, unknown");
}

static void test_faults(void)
{
	unsigned same = 0;

	for (size_t i = 0; i < constant_count; i++)
		for (size_t j = i + 1; j < constant_count; j++)
			same += constant_table[i].group == GROUP_FAULT && constant_table[j].group == GROUP_FAULT &&
			        constant_table[i].value == constant_table[j].value;
	ok(same == 0, "all fault codes differ: %u are the same", same);
	ok(fault_code(SIGSEGV, SEGV_MAPERR) == value_of("SEGV_MAPERR"), "SEGV_MAPERR");
	ok(fault_code(SIGSEGV, SEGV_ACCERR) == value_of("SEGV_ACCERR"), "SEGV_ACCERR");
	ok(fault_code(SIGBUS, BUS_ADRERR) == value_of("BUS_ADRERR"), "BUS_ADRERR");
	ok(fault_code(SIGSEGV, SI_KERNEL) == value_of("SI_KERNEL"), "SI_KERNEL of SIGSEGV");
	ok(fault_code(SIGBUS, SI_KERNEL) == value_of("SI_KERNEL"), "SI_KERNEL of SIGBUS");
	ok(fault_code(SIGSEGV, SI_USER) != 0, "a code is never 0");
	is(constant_name(GROUP_FAULT, fault_code(SIGSEGV, SEGV_PKUERR)), "SEGV_PKUERR", "a fault's name");
}

/* As strace 6.1 prints them, but for its comments and where said. */
static void test_format(void)
{
	static const struct {
		enum constant_group group;
		uint64_t value;
		const char *text;
	} rows[] = {
		{ GROUP_PROT, 0, "PROT_NONE" },
		{ GROUP_PROT, 3, "PROT_READ|PROT_WRITE" },
		{ GROUP_PROT, 0x10000001, "PROT_READ|0x10000000" },
		{ GROUP_MAP, 0, "MAP_FILE" },
		{ GROUP_MAP, MAP_PRIVATE | MAP_ANONYMOUS, "MAP_PRIVATE|MAP_ANONYMOUS" },
		{ GROUP_MAP, MAP_ANONYMOUS, "MAP_FILE|MAP_ANONYMOUS" },
		{ GROUP_MAP, 0x3, "MAP_SHARED_VALIDATE" },
		{ GROUP_MAP, 8 | MAP_ANONYMOUS, "MAP_DROPPABLE|MAP_ANONYMOUS" },
		{ GROUP_MAP, 0xf | MAP_ANONYMOUS, "0xf|MAP_ANONYMOUS" },
		{ GROUP_MAP, 0x100000 | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE" },
		{ GROUP_MAP, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, "MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB" },
		{ GROUP_MAP, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 21U << 26,
		  "MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|21<<MAP_HUGE_SHIFT" },
		/* strace has a size here too. */
		{ GROUP_MAP, MAP_PRIVATE | MAP_ANONYMOUS | 0x8000000, "MAP_PRIVATE|MAP_ANONYMOUS|0x8000000" },
		{ GROUP_MREMAP, 0, "0" },
		{ GROUP_MREMAP, 7, "MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP" },
		{ GROUP_MREMAP, UINT64_MAX, "MREMAP_MAYMOVE|MREMAP_FIXED|MREMAP_DONTUNMAP|0xfffffffffffffff8" },
		{ GROUP_MADV, 4, "MADV_DONTNEED" },
		{ GROUP_MADV, 25, "MADV_COLLAPSE" },
		{ GROUP_MADV, 99, "0x63" },
		{ GROUP_MADV, UINT64_MAX, "0xffffffff" },
		{ GROUP_MS, 15, "MS_SYNC|MS_ASYNC|MS_INVALIDATE|0x8" },
		{ GROUP_MCL, MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT | 0x100000, "MCL_CURRENT|MCL_FUTURE|MCL_ONFAULT|0x100000" },
		{ GROUP_MLOCK, 3, "MLOCK_ONFAULT|0x2" },
		{ GROUP_OPEN, O_RDONLY, "O_RDONLY" },
		{ GROUP_OPEN, O_WRONLY | O_CREAT, "O_WRONLY|O_CREAT" },
		{ GROUP_OPEN, O_RDWR | O_TMPFILE | O_CLOEXEC, "O_RDWR|O_CLOEXEC|O_TMPFILE" },
		{ GROUP_OPEN, O_DIRECTORY, "O_RDONLY|O_DIRECTORY" },
		{ GROUP_OPEN, O_SYNC, "O_RDONLY|O_SYNC" },
		{ GROUP_OPEN, O_DSYNC, "O_RDONLY|O_DSYNC" },
		{ GROUP_OPEN, 3, "O_ACCMODE" },
		{ GROUP_OPEN_FLAGS, 0, "0" },
		{ GROUP_OPEN_FLAGS, O_CLOEXEC, "O_CLOEXEC" },
		{ GROUP_FCNTL, 1033, "F_ADD_SEALS" },
		{ GROUP_SEAL, 15, "F_SEAL_SEAL|F_SEAL_SHRINK|F_SEAL_GROW|F_SEAL_WRITE" },
		{ GROUP_MFD, 0, "0" },
		{ GROUP_MFD, 7 | 21U << 26 | 0x1000,
		  "MFD_CLOEXEC|MFD_ALLOW_SEALING|MFD_HUGETLB|0x1000|21<<MFD_HUGE_SHIFT" },
		{ GROUP_FALLOC, 3, "FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE" },
		{ GROUP_FADV, 2, "POSIX_FADV_SEQUENTIAL" },
		{ GROUP_KEY, 0, "IPC_PRIVATE" },
		{ GROUP_KEY, 0x1234, "0x1234" },
		{ GROUP_IPC, 0, "000" },
		{ GROUP_IPC, 01600, "IPC_CREAT|0600" },
		{ GROUP_IPC, 04600 | 21U << 26, "SHM_HUGETLB|21<<SHM_HUGE_SHIFT|0600" },
		{ GROUP_IPC, 07777777, "IPC_CREAT|IPC_EXCL|SHM_HUGETLB|SHM_NORESERVE|0x1fe000|0777" },
		{ GROUP_SHM, 0177777, "SHM_RDONLY|SHM_RND|SHM_REMAP|SHM_EXEC|0xfff" },
		{ GROUP_SHMCTL, 11, "SHM_LOCK" },
		{ GROUP_PR, 41, "PR_SET_THP_DISABLE" },
		{ GROUP_PR_VMA, 0, "PR_SET_VMA_ANON_NAME" },
		{ GROUP_PKEY, 0, "0" },
		{ GROUP_PKEY, 3, "PKEY_DISABLE_ACCESS|PKEY_DISABLE_WRITE" },
		{ GROUP_UFFD, 1 | O_CLOEXEC | O_NONBLOCK, "UFFD_USER_MODE_ONLY|O_NONBLOCK|O_CLOEXEC" },
		{ GROUP_RLIMIT, RLIMIT_AS, "RLIMIT_AS" },
		{ GROUP_ERRNO, EAGAIN, "EAGAIN" },
		{ GROUP_ERRNO, EOPNOTSUPP, "EOPNOTSUPP" },
		{ GROUP_ERRNO, 999, "999" },
		{ GROUP_SIGNAL, SIGABRT, "SIGABRT" },
		{ GROUP_SIGNAL, SIGIO, "SIGIO" },
		{ GROUP_SIGNAL, 40, "40" },
		{ GROUP_NONE, 0, "0" },
		{ GROUP_NONE, 5, "0x5" },
	};
	struct buf buf = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&buf);
		constant_format(&buf, rows[i].group, rows[i].value);
		is(buf_text(&buf), rows[i].text, rows[i].text);
	}
	/* Into a buffer with text in it: no bar before the first. */
	buf_reset(&buf);
	buf_puts(&buf, "x, ");
	constant_format(&buf, GROUP_PROT, 1);
	is(buf_text(&buf), "x, PROT_READ", "after other text");
	buf_fini(&buf);
}

int main(void)
{
	test_values();
	test_table();
	test_faults();
	test_format();
	return done();
}
