/* SPDX-License-Identifier: MIT */
/* Calls: the table against the language page, their translation, and strace's form. */
#include "mm/call.h"

#include "base/buf.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static const struct call *find(const char *name)
{
	return call_find(name, strlen(name));
}

static void test_table(void)
{
	/* Argument counts of the language page and the man pages. */
	static const struct {
		const char *name;
		uint8_t least, most;
	} rows[] = {
		{ "mmap", 6, 6 }, { "munmap", 2, 2 }, { "mremap", 4, 5 }, { "mprotect", 3, 3 }, { "pkey_alloc", 2, 2 },
		{ "pkey_free", 1, 1 }, { "pkey_mprotect", 4, 4 }, { "madvise", 3, 3 }, { "process_madvise", 5, 5 },
		{ "msync", 3, 3 }, { "mlock", 2, 2 }, { "mlock2", 3, 3 }, { "munlock", 2, 2 }, { "mlockall", 1, 1 },
		{ "munlockall", 0, 0 }, { "mincore", 3, 3 }, { "mseal", 3, 3 }, { "remap_file_pages", 5, 5 },
		{ "brk", 1, 1 }, { "memfd_create", 2, 2 }, { "memfd_secret", 1, 1 }, { "open", 2, 3 },
		{ "close", 1, 1 }, { "read", 3, 3 }, { "write", 3, 3 }, { "pread", 4, 4 }, { "pwrite", 4, 4 },
		{ "ftruncate", 2, 2 },
		{ "fallocate", 4, 4 }, { "fsync", 1, 1 }, { "fadvise64", 4, 4 }, { "fcntl", 2, 3 }, { "ioctl", 2, 3 },
		{ "userfaultfd", 1, 1 }, { "shmget", 3, 3 }, { "shmat", 3, 3 }, { "shmdt", 1, 1 }, { "shmctl", 3, 3 },
		{ "prctl", 1, 5 }, { "setuid", 1, 1 }, { "pidfd_open", 2, 2 }, { "process_vm_readv", 6, 6 },
		{ "setrlimit", 2, 2 }, { "fork", 0, 0 }, { "wait", 1, 1 }, { "strcpy", 2, 2 }, { "memset", 3, 3 },
		{ "memcpy", 3, 3 }, { "read_pages", 2, 2 }, { "write_pages", 2, 2 }, { "words", 2, UINT8_MAX },
		{ "tmpfile", 1, 2 }, { "cgroup", 1, 1 },
	};
	unsigned unfound = 0, unnamed = 0;

	ok(call_count == sizeof(rows) / sizeof(rows[0]), "as many calls as the language page has");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct call *call = find(rows[i].name);

		ok(call && call->least == rows[i].least && call->most == rows[i].most, "%s takes %u to %u arguments",
		   rows[i].name, rows[i].least, rows[i].most);
	}
	for (size_t i = 0; i < call_count; i++) {
		const struct call *call = &call_table[i];

		unfound += call->id != i || find(call->name) != call || strlen(call->since) >= sizeof(call->since);
		for (unsigned k = 0; k < call->most && k < CALL_ARGS; k++)
			unnamed += call->args[k].name[0] == '\0' ||
			           !memchr(call->args[k].name, '\0', sizeof(call->args[k].name));
	}
	ok(unfound == 0, "rows stand at their id, and are found by name: %u are not", unfound);
	ok(unnamed == 0, "every argument has a name: %u have not", unnamed);
	ok(!find("mma") && !find("mmapp") && !find("") && !find("a_name_longer_than_any_call_has"),
	   "others are not found");
}

static void test_kinds(void)
{
	static const char *const keeps[] = { "open", "close", "ftruncate", "fsync", "memfd_create", "shmget", "wait" };
	static const char *const may_change[] = { "mmap", "read", "mincore", "pread", "ioctl", "prctl", "mlock",
		                                  "memset", "process_vm_readv", "shmctl" };
	static const char *const places[] = { "mmap", "mremap", "shmat", "brk" };
	unsigned addresses = 0;

	for (size_t i = 0; i < sizeof(keeps) / sizeof(keeps[0]); i++)
		ok(find(keeps[i])->keeps_maps, "%s keeps the maps", keeps[i]);
	for (size_t i = 0; i < sizeof(may_change) / sizeof(may_change[0]); i++)
		ok(!find(may_change[i])->keeps_maps, "%s may change the maps", may_change[i]);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		ok(find(places[i])->result == RESULT_ADDRESS, "%s gives an address", places[i]);
	for (size_t i = 0; i < call_count; i++)
		addresses += call_table[i].result == RESULT_ADDRESS;
	ok(addresses == 4, "and no other");
}

/* Writes a translated call as a report does. */
static const char *shown(struct buf *buf, const char *name, const uint64_t args[CALL_ARGS], const char *string,
                         unsigned string_mask)
{
	struct kernel_call made;

	call_translate(find(name), args, string_mask, &made);
	buf_reset(buf);
	buf_printf(buf, "%s(", made.name);
	for (unsigned i = 0; i < made.count; i++) {
		if (i > 0)
			buf_puts(buf, ", ");
		if (made.string_mask & 1U << i)
			call_format_arg(buf, &made.kinds[i], made.args[i], string, strlen(string));
		else
			call_format_arg(buf, &made.kinds[i], made.args[i], NULL, 0);
	}
	buf_putc(buf, ')');
	return buf_text(buf);
}

/* As strace 6.1 prints them on x86-64. */
static void test_shown(void)
{
	static const struct {
		const char *name;
		uint64_t args[CALL_ARGS];
		const char *string;
		unsigned string_mask;
		const char *text;
	} rows[] = {
#if __SIZEOF_LONG__ == 8
		{ "mmap", { 0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1, 0 }, NULL, 0,
		  "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)" },
		{ "mmap", { 0x10000, 4096, 0, 1, 3, 0x28000 }, NULL, 0,
		  "mmap(0x10000, 4096, PROT_NONE, MAP_SHARED, 3, 0x28000)" },
		{ "ftruncate", { 3, 8192 }, NULL, 0, "ftruncate(3, 8192)" },
		{ "fadvise64", { 3, 0, 0, 2 }, NULL, 0, "fadvise64(3, 0, 0, POSIX_FADV_SEQUENTIAL)" },
		{ "fcntl", { 3, F_GETFD, 7 }, NULL, 0, "fcntl(3, F_GETFD)" },
		{ "fcntl", { 3, 1033, 15 }, NULL, 0,
		  "fcntl(3, F_ADD_SEALS, F_SEAL_SEAL|F_SEAL_SHRINK|F_SEAL_GROW|F_SEAL_WRITE)" },
		{ "fcntl", { 3, F_SETFL, O_NONBLOCK }, NULL, 0, "fcntl(3, F_SETFL, O_RDONLY|O_NONBLOCK)" },
		{ "fcntl", { 3, 0x4d, 0xf }, NULL, 0, "fcntl(3, 0x4d, 0xf)" },
#endif
		{ "mremap", { 0x1000, 4096, 8192, MREMAP_MAYMOVE }, NULL, 0,
		  "mremap(0x1000, 4096, 8192, MREMAP_MAYMOVE)" },
		{ "mremap", { 0x1000, 4096, 8192, 3, 0x3000 }, NULL, 0,
		  "mremap(0x1000, 4096, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x3000)" },
		{ "munlockall", { 0 }, NULL, 0, "munlockall()" },
		{ "brk", { 0 }, NULL, 0, "brk(NULL)" },
#ifdef SYS_open
		{ "open", { 0, 0, 0 }, "/etc/passwd", 1, "open(\"/etc/passwd\", O_RDONLY)" },
		{ "open", { 0, O_RDWR | O_CREAT, 0644 }, "/x", 1, "open(\"/x\", O_RDWR|O_CREAT, 0644)" },
		{ "open", { 0x1000, O_DIRECTORY, 0 }, NULL, 0, "open(0x1000, O_RDONLY|O_DIRECTORY)" },
#else
		{ "open", { 0, 0, 0 }, "/etc/passwd", 1, "openat(AT_FDCWD, \"/etc/passwd\", O_RDONLY)" },
		{ "open", { 0, O_RDWR | O_CREAT, 0644 }, "/x", 1, "openat(AT_FDCWD, \"/x\", O_RDWR|O_CREAT, 0644)" },
#endif
		{ "write", { 1, 0, 4 }, "abc\n", 2, "write(1, \"abc\\n\", 4)" },
		{ "write", { 1, 0, 40 }, "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijkl", 2,
		  "write(1, \"abcdefghijklmnopqrstuvwxyz012345\"..., 40)" },
		{ "write", { 1, 0, 32 }, "abcdefghijklmnopqrstuvwxyz012345", 2,
		  "write(1, \"abcdefghijklmnopqrstuvwxyz012345\", 32)" },
		{ "pwrite", { 3, 0, 4, 7 }, "a\001" "1\303", 2, "pwrite64(3, \"a\\0011\\303\", 4, 7)" },
		{ "pread", { 3, 0x1000, 5, (uint64_t)-1 }, NULL, 0, "pread64(3, 0x1000, 5, -1)" },
		{ "madvise", { 0x1000, 4096, 25 }, NULL, 0, "madvise(0x1000, 4096, MADV_COLLAPSE)" },
		{ "process_madvise", { 3, 0x1000, 1, 21, 0 }, NULL, 0,
		  "process_madvise(3, 0x1000, 1, MADV_PAGEOUT, 0)" },
		{ "memfd_create", { 0, 1 }, "abc", 1, "memfd_create(\"abc\", MFD_CLOEXEC)" },
		{ "memfd_secret", { O_CLOEXEC }, NULL, 0, "memfd_secret(O_CLOEXEC)" },
		{ "ioctl", { 3, 0x1234, 0x1000 }, NULL, 0, "ioctl(3, 0x1234, 0x1000)" },
		{ "shmget", { 0, 4096, 01600 }, NULL, 0, "shmget(IPC_PRIVATE, 4096, IPC_CREAT|0600)" },
		{ "shmat", { 5, 0, 0 }, NULL, 0, "shmat(5, NULL, 0)" },
		{ "shmctl", { 5, 0, 0 }, NULL, 0, "shmctl(5, IPC_RMID, NULL)" },
		{ "prctl", { 0x53564d41, 0, 0x1000, 4096, 0 }, "name", 16,
		  "prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, 0x1000, 4096, \"name\")" },
		{ "prctl", { 41, 1, 0, 0, 0 }, NULL, 0, "prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)" },
		{ "prctl", { PR_SET_NAME, 0 }, "hello", 2, "prctl(PR_SET_NAME, \"hello\")" },
		{ "prctl", { PR_SET_PDEATHSIG, SIGKILL }, NULL, 0, "prctl(PR_SET_PDEATHSIG, SIGKILL)" },
		{ "setrlimit", { RLIMIT_AS, 8192 * 1024 }, NULL, 0,
		  "prlimit64(0, RLIMIT_AS, {rlim_cur=8192*1024, ...}, NULL)" },
		{ "setrlimit", { RLIMIT_AS, UINT64_MAX }, NULL, 0,
		  "prlimit64(0, RLIMIT_AS, {rlim_cur=RLIM64_INFINITY, ...}, NULL)" },
		{ "pidfd_open", { 17, 0 }, NULL, 0, "pidfd_open(17, 0)" },
		{ "fork", { 0 }, NULL, 0, "fork()" },
		{ "wait", { 17 }, NULL, 0, "wait(17)" },
		{ "tmpfile", { 4096, O_RDWR }, NULL, 0, "tmpfile(4096, O_RDWR)" },
		{ "cgroup", { 33554432 }, NULL, 0, "cgroup(33554432)" },
		{ "strcpy", { 0x1000 }, "a\"b\\", 2, "strcpy(0x1000, \"a\\\"b\\\\\")" },
	};
	struct buf buf = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is(shown(&buf, rows[i].name, rows[i].args, rows[i].string, rows[i].string_mask), rows[i].text,
		   rows[i].text);
	buf_fini(&buf);
}

static void test_made(void)
{
	const uint64_t mremap_args[CALL_ARGS] = { 1, 2, 3, 0, 5 }, limit_args[CALL_ARGS] = { RLIMIT_AS, 4096 };
	const uint64_t prctl_args[CALL_ARGS] = { PR_GET_DUMPABLE, 2, 3, 4, 5 }, open_args[CALL_ARGS] = { 7, 0, 0644 };
	struct kernel_call made;
	unsigned lacking = 0;

	for (size_t i = 0; i < call_count; i++) {
		call_translate(&call_table[i], mremap_args, 0, &made);
		lacking += (made.number >= 0) != (call_table[i].class == CALL_SYSTEM);
	}
#if defined(__x86_64__) || defined(__aarch64__)
	ok(lacking == 0, "each system call has a number, and nothing else has: %u are wrong", lacking);
#endif
	call_translate(find("mremap"), mremap_args, 0, &made);
	ok(made.number == SYS_mremap && made.count == 4 && made.word_count == 5 && made.words[4] == 5,
	   "the kernel is given also what is not shown");
	call_translate(find("prctl"), prctl_args, 0, &made);
	ok(made.count == 1 && made.word_count == 5 && made.words[1] == 2 && made.words[4] == 5, "prctl too");
	call_translate(find("setrlimit"), limit_args, 0, &made);
	ok(made.number == SYS_prlimit64 && made.word_count == 4 && made.words[0] == 0 && made.words[1] == RLIMIT_AS &&
	           made.words[2] == 4096 && made.words[3] == 0,
	   "prlimit64(0, resource, soft, 0)");
	call_translate(find("open"), open_args, 1, &made);
#ifdef SYS_open
	ok(made.number == SYS_open && made.word_count == 3 && made.words[2] == 0644 && made.string_mask == 1, "open");
#else
	ok(made.number == SYS_openat && made.word_count == 4 && made.words[1] == 7 && made.string_mask == 2, "openat");
#endif
#if __SIZEOF_LONG__ == 8
	call_translate(find("mmap"), mremap_args, 0, &made);
	ok(made.number == SYS_mmap && made.word_count == 6, "mmap");
#if defined(__s390x__)
	ok(made.args_in_memory, "mmap's arguments are passed in memory");
#else
	ok(!made.args_in_memory, "mmap's arguments are passed in registers");
#endif
#endif
}

static void test_results(void)
{
	static const struct {
		enum call_result kind;
		int64_t result;
		int error;
		const char *text;
	} rows[] = {
		{ RESULT_INT, 3, 0, " = 3" },
		{ RESULT_ADDRESS, 0x7fb6bef02000, 0, " = 0x7fb6bef02000" },
		{ RESULT_ADDRESS, -1, ENOMEM, " = -1 ENOMEM (Cannot allocate memory)" },
		{ RESULT_INT, -1, EBADF, " = -1 EBADF (Bad file descriptor)" },
		{ RESULT_INT, -1, EAGAIN, " = -1 EAGAIN (Resource temporarily unavailable)" },
		{ RESULT_INT, -1, 4000, " = -1 (errno 4000)" },
	};
	struct buf buf = { 0 };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&buf);
		call_format_result(&buf, rows[i].kind, rows[i].result, rows[i].error);
		is(buf_text(&buf), rows[i].text, rows[i].text);
	}
	buf_fini(&buf);
}

int main(void)
{
	test_table();
	test_kinds();
	test_shown();
	test_made();
	test_results();
	return done();
}
