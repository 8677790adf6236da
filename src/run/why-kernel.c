/* SPDX-License-Identifier: MIT */
/* What processors and kernels differ in is asked of the kernel: where addresses end, and what it takes. */
#include "run/why-rule.h"

#include "base/size.h"
#include "mm/kind.h"
#include "run/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the kernel is asked for a place for: nothing, or an object that is never mapped. */
struct request {
	uint64_t addr, len, offset;
	unsigned flags;
	int fd; /* -1: none */
};

/*
 * Asks the kernel for a place for a mapping, which it never makes: flags that are neither MAP_SHARED nor MAP_PRIVATE are refused
 * only once the place is found, and so is what cannot be mapped (do_mmap(), mm/mmap.c).  EINVAL or, with a descriptor, ENODEV:
 * there is one; ENOMEM: there is none.
 */
static int ask_place(const struct request *request)
{
	const uint64_t args[CALL_ARGS] = { request->addr, request->len, PROT_NONE,
		                           request->flags | (request->fd < 0 ? MAP_ANONYMOUS : 0), (uint64_t)request->fd,
		                           request->offset };
	int64_t result = ask_kernel("mmap", args);

	return result < 0 ? (int)-result : 0;
}

/* Only what is answered twice counts, but for yes: a call may also fail for want of something else. */
static bool is_placed(const struct request *request)
{
	const int yes = request->fd < 0 ? EINVAL : ENODEV;
	int answer = ask_place(request);

	for (unsigned i = 0; i < 2 && answer != yes; i++) {
		int again = ask_place(request);

		if (again == answer)
			break;
		answer = again;
	}
	return request->fd < 0 ? answer != ENOMEM : answer == yes;
}

static bool is_page_placed(uint64_t addr, uint64_t page, int fd)
{
	const unsigned type = fd < 0 ? 0 : MAP_PRIVATE;

	return is_placed(&(struct request){ .addr = addr, .len = page, .flags = MAP_FIXED | type, .fd = fd });
}

/* The last page that a fixed mapping can have, by bisection; all but the last page of a word at most. */
static uint64_t find_end(uint64_t page, int fd)
{
	uint64_t low = 16, high = ULONG_MAX / page; /* in pages: the lowest can be had, and the highest never */

	if (!is_page_placed(low * page, page, fd) || is_page_placed(high * page, page, fd))
		return 0;
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (is_page_placed(middle * page, page, fd))
			low = middle;
		else
			high = middle;
	}
	return (low + 1) * page;
}

/* What can be read and not mapped: a pipe, whose other end is of no use; -1: none can be had. */
static int open_unmappable(void)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	close(ends[1]);
	return ends[0];
}

uint64_t why_space_end(void)
{
	static uint64_t end;

	if (end == 0)
		end = find_end(size_page(), -1);
	/* Where that is EINVAL beyond the end as well (mips, sparc64), a file is asked for, which a security module may refuse. */
	if (end == 0) {
		int fd = open_unmappable();

		if (fd >= 0) {
			end = find_end(size_page(), fd);
			close(fd);
		}
	}
	return end;
}

int why_beyond_error(void)
{
	const uint64_t page = size_page();
	const struct request last = { .addr = ULONG_MAX / page * page, .len = page, .flags = MAP_FIXED, .fd = -1 };

	return ask_place(&last) == EINVAL ? EINVAL : ENOMEM;
}

static bool is_shared_placed(uint64_t addr, uint64_t offset, unsigned type, int fd)
{
	return is_placed(&(struct request){ .addr = addr, .len = size_page(), .offset = offset, .flags = MAP_FIXED | type, .fd = fd });
}

uint64_t why_colour(uint64_t addr, uint64_t offset)
{
	const uint64_t most = UINT64_C(1) << 26, page = size_page();
	int fd = open_unmappable();
	uint64_t step = 0;

	if (fd < 0)
		return 0;
	/* Where it is refused as shared memory only, the steps at which such memory can be are tried, from an address that is one. */
	if (addr % page == 0 && offset % page == 0 && is_shared_placed(addr, offset, MAP_PRIVATE, fd) &&
	    !is_shared_placed(addr, offset, MAP_SHARED, fd)) {
		for (step = page; step < most && !is_shared_placed(most + step, 0, MAP_SHARED, fd); step *= 2)
			;
	}
	close(fd);
	return step < most ? step : 0;
}

bool why_has_colours(void)
{
	return why_colour((UINT64_C(1) << 26) + size_page(), 0) != 0;
}

/* The least that a process of 64 bits has on most machines: where lines with such addresses may come from. */
static const uint64_t usual_end = UINT64_C(0x800000000000);

uint64_t why_case_end(const struct why_case *c)
{
	const uint64_t end = why_space_end();

	if (end == 0 || end > usual_end / 2 || (c->source != NULL && c->source->here))
		return end;
	for (unsigned i = 0; i < CALL_ARGS; i++) {
		if (c->args[i] > end && c->args[i] > UINT32_MAX)
			return usual_end;
	}
	return end;
}

uint64_t why_window_end(const struct why_case *c)
{
	const struct maps *maps = c->before;
	const uint64_t end = why_case_end(c), hint = c->args[0];
	uint64_t window = 1, top = 0;

	/* The stack lies at the window's end, less what is random; what is not of the process lies above all. */
	for (const struct mapping *at = maps_above(maps, 0); at != NULL && at->end <= end; at = maps_above(maps, at->end)) {
		if (mapping_is_named(at, "[stack]"))
			top = at->end;
	}
	while (window < top)
		window *= 2;
	if (top == 0 || window >= end / 2 || hint > window ||
	    is_placed(&(struct request){ .len = window, .fd = -1 }))
		return end;
	return window;
}

/* Whether a call gives that error, in a child: nothing is mapped in this process. */
static bool fails_in_child(int (*call)(void), int error)
{
	const struct rlimit no_core = { 0, 0 };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)setrlimit(RLIMIT_CORE, &no_core);
		_exit(call() == error ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return false;
	}
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

static int keep_shared(void)
{
	size_t page = (size_t)size_page();
	void *shared = mmap(NULL, page, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED)
		return 0;
	return mremap(shared, page, page, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL) == MAP_FAILED ? errno : 0;
}

static int map_sealed(void)
{
	size_t page = (size_t)size_page();
	int fd = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, (off_t)page) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) < 0)
		return 0;
	return mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? errno : 0;
}

bool why_keeps_objects(void)
{
	static enum { UNKNOWN, NO, YES } known;

	if (known == UNKNOWN)
		known = fails_in_child(keep_shared, EINVAL) ? NO : YES;
	return known == YES;
}

bool why_maps_sealed(void)
{
	static enum { UNKNOWN, NO, YES } known;

	if (known == UNKNOWN)
		known = fails_in_child(map_sealed, EPERM) ? NO : YES;
	return known == YES;
}
