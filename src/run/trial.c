/* SPDX-License-Identifier: MIT */
/* The tables of trials: for each group of constants, a call that only a kernel that knows the constant takes. */
#include "run/trial.h"

#include "base/size.h"
#include "run/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* A constant's value by its name: the headers of this machine may lack it. */
static int64_t known(const char *name)
{
	const struct constant *constant = constant_find(name, strlen(name));

	return constant != NULL ? constant->value : 0;
}

/* The last call that failed otherwise than as a kernel answers to what it does not know, or has no room for; error 0: none. */
static struct {
	const char *call;
	int error;
} failed;

static void note(const char *call, int error)
{
	static const int answers[] = { EINVAL, ENOSYS, EOPNOTSUPP, ENOTTY, EEXIST, EISDIR, ENOSPC, EFAULT, EBADF };

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (error == answers[i])
			return;
	}
	failed.call = call;
	failed.error = error;
}

/* As open(2). */
static int open_noted(const char *path, int flags)
{
	int fd;

	do {
		fd = open(path, flags, 0600);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		note("open", errno);
	return fd;
}

/* Whether a call met a filter that refuses it altogether. */
static bool filtered;

static int64_t ask_plainly(const char *name, const int64_t args[CALL_ARGS])
{
	uint64_t values[CALL_ARGS];

	for (unsigned i = 0; i < CALL_ARGS; i++)
		values[i] = (uint64_t)args[i];
	return ask_kernel(name, values);
}

/* Arguments of all ones are refused by every call of the language before it does anything: a descriptor, an address that
 * is not a page's, a size beyond the address space, flags that do not exist. */
static int64_t ask_nonsense(const char *name)
{
	static const int64_t nonsense[CALL_ARGS] = { -1, -1, -1, -1, -1, -1 };
	/* A key and flags that ask for nothing new, and no bytes. */
	static const int64_t nothing[CALL_ARGS] = { 0, 0, 0 };

	return ask_plainly(name, strcmp(name, "shmget") == 0 ? nothing : nonsense);
}

/* Whether only a filter refuses nonsense so: the kernel looks at arguments before rights, and has something else than EPERM to
 * say of them; two calls differ. */
static bool is_filters(const char *name, int64_t result)
{
	struct rlimit locked = { 0 };

	if (result != -EPERM)
		return false;
	/* Linux 5.2 to 5.10 ask for the right first. */
	if (strcmp(name, "userfaultfd") == 0)
		return false;
	/* A limit of 0 forbids it altogether. */
	if (strcmp(name, "mlock") == 0 && (getrlimit(RLIMIT_MEMLOCK, &locked) < 0 || locked.rlim_cur == 0))
		return false;
	return true;
}

/* As ask_kernel(); what a filter refuses always is as good as missing. */
static int64_t ask(const char *name, const int64_t args[CALL_ARGS])
{
	int64_t result = ask_plainly(name, args);

	if (result == -EPERM && is_filters(name, ask_nonsense(name))) {
		filtered = true;
		return -ENOSYS;
	}
	if (result < 0)
		note(name, (int)-result);
	return result;
}

#define ASK(name, ...) ask(name, (const int64_t[CALL_ARGS]){ __VA_ARGS__ })

/* Most calls answer EINVAL to what they do not know; ENOSYS where they are missing themselves. */
static enum trial unless_invalid(int64_t result)
{
	return result == -EINVAL || result == -ENOSYS ? TRIAL_ABSENT : TRIAL_PRESENT;
}

static int64_t page(void)
{
	return (int64_t)size_page();
}

/* A mapping of so many pages of this process's own. */
static int64_t own_pages(int64_t count)
{
	return ASK("mmap", 0, count * page(), known("PROT_READ"), known("MAP_PRIVATE") | known("MAP_ANONYMOUS"), -1, 0);
}

/* A small file in memory; -errno where there are none. */
static int64_t own_file(void)
{
	static const char name[] = "mmtool";
	int64_t fd = ASK("memfd_create", (intptr_t)name, known("MFD_ALLOW_SEALING"));

	if (fd >= 0)
		(void)ASK("ftruncate", fd, page());
	return fd;
}

/* A file that exists wherever mmtool runs, for reading. */
static int64_t read_only_file(void)
{
	return open_noted("/proc/self/exe", O_RDONLY | O_CLOEXEC);
}

static enum trial by_mprotect(const struct constant *constant)
{
	if (strncmp(constant->name, "PROT_GROWS", 10) == 0)
		return TRIAL_UNKNOWN;
	return unless_invalid(ASK("mprotect", own_pages(1), page(), constant->value));
}

static int64_t anonymous(int64_t flags, int64_t size)
{
	return ASK("mmap", 0, size, known("PROT_NONE"),
	           known("MAP_PRIVATE") | known("MAP_ANONYMOUS") | known("MAP_NORESERVE") | flags, -1, 0);
}

static enum trial map_shared_validate(const struct constant *constant)
{
	(void)constant;
	return unless_invalid(ASK("mmap", 0, page(), known("PROT_READ"), known("MAP_SHARED_VALIDATE"), read_only_file(), 0));
}

static enum trial map_droppable(const struct constant *constant)
{
	int64_t result = ASK("mmap", 0, page(), known("PROT_READ"), constant->value | known("MAP_ANONYMOUS"), -1, 0);

	return result == -EOPNOTSUPP ? TRIAL_ABSENT : unless_invalid(result);
}

/* A kernel that does not know it takes the address for a hint, and maps elsewhere. */
static enum trial map_noreplace(const struct constant *constant)
{
	int64_t taken = own_pages(1);
	int64_t result = ASK("mmap", taken, page(), known("PROT_NONE"),
	                  constant->value | known("MAP_PRIVATE") | known("MAP_ANONYMOUS"), -1, 0);

	return result == -EEXIST ? TRIAL_PRESENT : TRIAL_ABSENT;
}

static enum trial map_32bit(const struct constant *constant)
{
	int64_t result = anonymous(constant->value, page());

	return result > 0 && (uint64_t)result < UINT64_C(1) << 32 ? TRIAL_PRESENT : TRIAL_ABSENT;
}

/* The start of this process's lowest mapping. */
static uint64_t lowest_mapping(void)
{
	char line[64] = "";
	int fd = open_noted("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, line, sizeof(line) - 1) < 0)
		return 0;
	return strtoull(line, NULL, 16);
}

/* It shows only where a mapping is so large that there is room for it nowhere but from below 4 GiB on. */
static enum trial map_above4g(const struct constant *constant)
{
	const uint64_t half = UINT64_C(2) << 30, border = UINT64_C(4) << 30;
	uint64_t end = lowest_mapping();

	if (sizeof(long) < 8 || end < 2 * border)
		return TRIAL_UNKNOWN;
	int64_t without = anonymous(0, (int64_t)(end - half));

	if (without < 0 || (uint64_t)without >= border)
		return TRIAL_UNKNOWN;
	(void)ASK("munmap", without, (int64_t)(end - half));
	int64_t with = anonymous(constant->value, (int64_t)(end - half));

	return with < 0 || (uint64_t)with >= border ? TRIAL_PRESENT : TRIAL_ABSENT;
}

/* Reserves no huge page: MAP_NORESERVE, and nothing is touched. */
static enum trial map_hugetlb(const struct constant *constant)
{
	int64_t shift = known("MAP_HUGE_SHIFT"), log = constant->value >> shift & known("MAP_HUGE_MASK");
	bool sized = strncmp(constant->name, "MAP_HUGE_", 9) == 0;

	if (sized && (log == 0 || log >= (long)sizeof(long) * 8 - 1))
		return log == 0 ? TRIAL_UNKNOWN : TRIAL_ABSENT;
	return unless_invalid(anonymous(constant->value | known("MAP_HUGETLB"), sized ? INT64_C(1) << log : page()));
}

static enum trial by_mremap(const struct constant *constant)
{
	int64_t from = own_pages(1), to = own_pages(1), maymove = known("MREMAP_MAYMOVE");

	return unless_invalid(ASK("mremap", from, page(), page(), maymove | constant->value,
	                          constant->value == known("MREMAP_FIXED") ? to : 0));
}

/* An advice that is not known is refused even for no bytes at all (do_madvise() in the kernel's mm/madvise.c). */
static enum trial by_madvise(const struct constant *constant)
{
	return unless_invalid(ASK("madvise", own_pages(1), 0, constant->value));
}

static enum trial by_msync(const struct constant *constant)
{
	return unless_invalid(ASK("msync", own_pages(1), 0, constant->value));
}

/* MCL_CURRENT would bring all of this process into memory. */
static enum trial by_mlockall(const struct constant *constant)
{
	if (constant->value == known("MCL_CURRENT"))
		return TRIAL_UNKNOWN;
	return unless_invalid(ASK("mlockall", known("MCL_FUTURE") | constant->value));
}

static enum trial by_mlock2(const struct constant *constant)
{
	return unless_invalid(ASK("mlock2", own_pages(1), 0, constant->value));
}

/* open(2) ignores flags that it does not know; these leave a trace. */
static enum trial open_path(const struct constant *constant)
{
	char byte;
	int fd = open_noted("/proc/self/exe", O_RDONLY | (int)constant->value);

	return fd >= 0 && read(fd, &byte, 1) < 0 ? TRIAL_PRESENT : TRIAL_ABSENT;
}

static enum trial open_cloexec(const struct constant *constant)
{
	int fd = open_noted("/proc/self/exe", O_RDONLY | (int)constant->value);

	return fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 ? TRIAL_PRESENT : TRIAL_ABSENT;
}

/* No file is made: /proc has no unlinked files.  A kernel that does not know it sees a folder opened for writing. */
static enum trial open_tmpfile(const struct constant *constant)
{
	int fd = open_noted("/proc", O_RDWR | (int)constant->value);

	return fd < 0 && errno == EISDIR ? TRIAL_ABSENT : TRIAL_PRESENT;
}

static enum trial by_fcntl(const struct constant *constant)
{
	int64_t fd = own_file();

	return unless_invalid(ASK("fcntl", fd >= 0 ? fd : read_only_file(), constant->value, 0));
}

static enum trial by_seal(const struct constant *constant)
{
	return unless_invalid(ASK("fcntl", own_file(), known("F_ADD_SEALS"), constant->value));
}

static enum trial by_memfd(const struct constant *constant)
{
	static const char name[] = "mmtool";
	bool sized = strncmp(constant->name, "MFD_HUGE_", 9) == 0;

	if (sized && (constant->value >> known("MFD_HUGE_SHIFT")) == 0)
		return TRIAL_UNKNOWN;
	return unless_invalid(ASK("memfd_create", (intptr_t)name,
	                          constant->value | (sized ? known("MFD_HUGETLB") : 0)));
}

/* A mode that is known is refused later than one that is not: because the file is open for reading only. */
static enum trial by_fallocate(const struct constant *constant)
{
	bool punch = constant->value == known("FALLOC_FL_PUNCH_HOLE");
	int64_t result = ASK("fallocate", read_only_file(), constant->value | (punch ? known("FALLOC_FL_KEEP_SIZE") : 0), 0, 1);

	return result == -EOPNOTSUPP ? TRIAL_ABSENT : unless_invalid(result);
}

static enum trial by_fadvise(const struct constant *constant)
{
	int64_t fd = own_file();

	return fd < 0 ? TRIAL_UNKNOWN : unless_invalid(ASK("fadvise64", fd, 0, 0, constant->value));
}

/* No flag or command can be told from another without a segment; System V shared memory itself may be missing. */
static enum trial by_shm(const struct constant *constant)
{
	(void)constant;
	return ASK("shmdt", 1) == -ENOSYS ? TRIAL_ABSENT : TRIAL_UNKNOWN;
}

/* Options of prctl(2) that take some second or third argument only, where 0 would be refused. */
static const struct {
	const char *name;
	int64_t second, third;
} options[] = {
	{ "PR_SET_SECCOMP", 2, 0 },        /* a filter, of which there is none: EFAULT */
	{ "PR_SET_NO_NEW_PRIVS", 1, 0 },
	{ "PR_SET_TSC", 1, 0 },            /* PR_TSC_ENABLE */
	{ "PR_SET_MM", 13, -1 },           /* PR_SET_MM_EXE_FILE, no descriptor: EBADF, or EPERM before it */
	{ "PR_CAP_AMBIENT", 4, 0 },        /* PR_CAP_AMBIENT_CLEAR_ALL */
	{ "PR_SET_MDWE", 1, 0 },           /* PR_MDWE_REFUSE_EXEC_GAIN */
	{ "PR_FUTEX_HASH", 2, 0 },         /* PR_FUTEX_HASH_GET_SLOTS */
	{ "PR_PAC_RESET_KEYS", 4, 0 },     /* PR_PAC_APDAKEY: with all of them the addresses that functions return to are void */
	/* PR_ENDIAN_LITTLE or _BIG, as it is: nothing more would run in the other order. */
	{ "PR_SET_ENDIAN", __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, 0 },
};

static enum trial by_prctl(const struct constant *constant)
{
	int64_t second = 0, third = 0;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(options[i].name, constant->name) == 0) {
			second = options[i].second;
			third = options[i].third;
		}
	}
	return unless_invalid(ASK("prctl", constant->value, second, third, 0, 0));
}

/* PR_SET_MM_MAP and _MAP_SIZE: there where the kernel is made for checkpoints.  The size would be written to NULL: EFAULT. */
static enum trial mm_map(const struct constant *constant)
{
	(void)constant;
	return unless_invalid(ASK("prctl", known("PR_SET_MM"), known("PR_SET_MM_MAP_SIZE"), 0, 0, 0));
}

static enum trial thp_except_advised(const struct constant *constant)
{
	return unless_invalid(ASK("prctl", known("PR_SET_THP_DISABLE"), 1, constant->value, 0, 0));
}

static enum trial mdwe(const struct constant *constant)
{
	return unless_invalid(ASK("prctl", known("PR_SET_MDWE"), known("PR_MDWE_REFUSE_EXEC_GAIN") | constant->value, 0, 0, 0));
}

/* A processor without protection keys: ENOSPC, or EINVAL even for no right at all. */
static enum trial by_pkey(const struct constant *constant)
{
	return ASK("pkey_alloc", 0, constant->value) < 0 ? TRIAL_ABSENT : TRIAL_PRESENT;
}

static enum trial by_userfaultfd(const struct constant *constant)
{
	return unless_invalid(ASK("userfaultfd", constant->value));
}

/* struct uffdio_api of linux/userfaultfd.h. */
struct api {
	uint64_t api, features, ioctls;
};

/* A userfaultfd on which the kernel has told its features, or -errno. */
static int64_t open_userfaultfd(struct api *api)
{
	int64_t fd = ASK("userfaultfd", known("UFFD_USER_MODE_ONLY"));

	/* Linux before 5.11 has no such flag. */
	if (fd == -EINVAL)
		fd = ASK("userfaultfd", 0);
	*api = (struct api){ .api = (uint64_t)known("UFFD_API") };
	if (fd < 0)
		return fd;
	int64_t result = ASK("ioctl", fd, known("UFFDIO_API"), (intptr_t)api);

	return result < 0 ? result : fd;
}

/* Without an argument: EFAULT where the request is known. */
static enum trial by_uffdio(const struct constant *constant)
{
	struct api api;
	int64_t fd = open_userfaultfd(&api);

	if (fd < 0)
		return fd == -ENOSYS ? TRIAL_ABSENT : TRIAL_UNKNOWN;
	if (constant->value == known("UFFDIO_API"))
		return TRIAL_PRESENT;
	return unless_invalid(ASK("ioctl", fd, constant->value, 0));
}

static enum trial by_feature(const struct constant *constant)
{
	struct api api;
	int64_t fd = open_userfaultfd(&api);

	if (fd < 0)
		return fd == -ENOSYS ? TRIAL_ABSENT : TRIAL_UNKNOWN;
	return (api.features & (uint64_t)constant->value) != 0 ? TRIAL_PRESENT : TRIAL_ABSENT;
}

static enum trial by_prlimit(const struct constant *constant)
{
	if (strcmp(constant->name, "RLIMIT_NLIMITS") == 0)
		return TRIAL_UNKNOWN;
	return unless_invalid(ASK("setrlimit", constant->value, 0));
}

typedef enum trial trial_function(const struct constant *constant);

/* By the beginning of the name; the first row that fits decides. */
static const struct {
	const char *begins;
	trial_function *try;
} by_name[] = {
	{ "MAP_SHARED_VALIDATE", map_shared_validate },
	{ "MAP_DROPPABLE", map_droppable },
	{ "MAP_FIXED_NOREPLACE", map_noreplace },
	{ "MAP_32BIT", map_32bit },
	{ "MAP_ABOVE4G", map_above4g },
	{ "MAP_HUGE", map_hugetlb },
	{ "O_PATH", open_path },
	{ "O_CLOEXEC", open_cloexec },
	{ "O_TMPFILE", open_tmpfile },
	{ "PR_SET_MM_MAP", mm_map },
	{ "PR_MDWE_", mdwe },
	{ "PR_THP_DISABLE_EXCEPT_ADVISED", thp_except_advised },
	{ "UFFD_FEATURE_", by_feature },
};

/* The groups whose every constant is tried in one way.  Others cannot be asked about. */
static trial_function *const by_group[GROUP_COUNT] = {
	[GROUP_PROT] = by_mprotect, [GROUP_MREMAP] = by_mremap,   [GROUP_MADV] = by_madvise,
	[GROUP_MS] = by_msync,      [GROUP_MCL] = by_mlockall,    [GROUP_MLOCK] = by_mlock2,
	[GROUP_FCNTL] = by_fcntl,   [GROUP_SEAL] = by_seal,       [GROUP_MFD] = by_memfd,
	[GROUP_FALLOC] = by_fallocate, [GROUP_FADV] = by_fadvise, [GROUP_KEY] = by_shm,
	[GROUP_IPC] = by_shm,       [GROUP_SHM] = by_shm,         [GROUP_SHMCTL] = by_shm,
	[GROUP_PR] = by_prctl,      [GROUP_PKEY] = by_pkey,       [GROUP_UFFD] = by_userfaultfd,
	[GROUP_UFFDIO] = by_uffdio, [GROUP_RLIMIT] = by_prlimit,
};

static enum trial try_constant(const struct constant *constant)
{
	for (size_t i = 0; i < sizeof(by_name) / sizeof(by_name[0]); i++) {
		if (strncmp(constant->name, by_name[i].begins, strlen(by_name[i].begins)) == 0)
			return by_name[i].try(constant);
	}
	return by_group[constant->group] != NULL ? by_group[constant->group](constant) : TRIAL_UNKNOWN;
}

/* What is absent is so for sure only where nothing else went wrong. */
static enum trial surely(enum trial outcome)
{
	if (outcome != TRIAL_ABSENT)
		return outcome;
	if (filtered)
		return TRIAL_REFUSED;
	return failed.error != 0 ? TRIAL_FAILED : TRIAL_ABSENT;
}

const char *trial_failure(int *error)
{
	*error = failed.error;
	return failed.call;
}

enum trial trial_constant(const struct constant *constant)
{
	constant = constant_asked(constant);
	return constant->absent ? TRIAL_ABSENT : surely(try_constant(constant));
}

enum trial trial_call(const struct call *call)
{
	if (call->class != CALL_SYSTEM)
		return TRIAL_PRESENT;
	int64_t result = ask_nonsense(call->name);

	/* Only what is answered twice counts: a call may fail for once. */
	if (is_filters(call->name, result) && is_filters(call->name, ask_nonsense(call->name)))
		return TRIAL_REFUSED;
	return result == -ENOSYS ? TRIAL_ABSENT : TRIAL_PRESENT;
}
