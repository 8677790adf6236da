// SPDX-License-Identifier: MIT
/*
 * Only in a build for `make coverage': what gcov counts is kept in a file that every process of a program maps, shared.
 *
 * gcov's own library writes its files when a program exits.  A subject has no descriptors, may call next to nothing and
 * often dies on purpose, and so may the tool: all of that would be lost.  Counters in shared memory are there whatever
 * becomes of the process, need no system call after the program has begun, and cost no file a process.
 *
 * Needs -fprofile-info-section, -fdata-sections and counters.ld (gcc 12 or newer, GNU ld).
 */
#include <fcntl.h>
#include <gcov.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Set by counters.ld: whole pages. */
extern char counters_begin[], counters_end[];

/* Set by the linker: the section that -fprofile-info-section fills, one pointer an object file. */
extern const struct gcov_info *const __start_gcov_info[], *const __stop_gcov_info[];

#define UNCOUNTED __attribute__((no_profile_instrument_function))

/* Where one object file's counts are being written. */
struct written {
	const char *top;
	FILE *file;
};

UNCOUNTED static void fail(const char *what)
{
	perror(what);
	_exit(3);
}

/* TOP/path/of/object.gcda; the folders are there (tests/quality/coverage). */
UNCOUNTED static void begin(const char *name, void *arg)
{
	struct written *written = arg;
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", written->top,
	         strncmp(name, COUNTERS_BUILD "/", strlen(COUNTERS_BUILD) + 1) == 0 ? name + strlen(COUNTERS_BUILD) + 1 : name);
	written->file = fopen(path, "we");
	if (written->file == NULL)
		fail(path);
}

UNCOUNTED static void add(const void *data, unsigned size, void *arg)
{
	struct written *written = arg;

	if (fwrite(data, 1, size, written->file) != size)
		fail("fwrite");
}

UNCOUNTED static void *allocate(unsigned size, void *arg)
{
	(void)arg;
	return malloc(size);
}

/* What all processes of this program counted, as gcov's files below top. */
UNCOUNTED static void write_all(const char *top)
{
	for (const struct gcov_info *const *info = __start_gcov_info; info < __stop_gcov_info; info++) {
		struct written written = { .top = top };

		__gcov_info_to_gcda(*info, begin, add, allocate, &written);
		if (fclose(written.file) != 0)
			fail("fclose");
	}
	_exit(0);
}

/* Before main(), and before the program has a descriptor of its own. Where the file cannot be had, nothing is counted. */
UNCOUNTED __attribute__((constructor)) void counters_share(void)
{
	size_t size = (size_t)(counters_end - counters_begin);
	const char *top = getenv("COUNTERS_WRITE");
	char exe[4096] = "", path[8192];
	struct stat file;
	int fd;

	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0 || strrchr(exe, '/') == NULL)
		return;
	snprintf(path, sizeof(path), "%s%s", COUNTERS_FOLDER, strrchr(exe, '/'));
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	/* An empty file is a program's first run. */
	if (fstat(fd, &file) == 0 && ((size_t)file.st_size == size || (file.st_size == 0 && ftruncate(fd, (off_t)size) == 0)) &&
	    mmap(counters_begin, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_POPULATE, fd, 0) != MAP_FAILED &&
	    top != NULL)
		write_all(top);
	close(fd);
}
