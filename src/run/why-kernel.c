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

/*
 * Asks the kernel for a place for an anonymous mapping, which it never makes: flags that are neither MAP_SHARED nor
 * MAP_PRIVATE are refused only once the place is found (do_mmap(), mm/mmap.c).  EINVAL: there is one; ENOMEM: there is none.
 */
static int ask_place(uint64_t addr, uint64_t len, unsigned flags)
{
	const uint64_t args[CALL_ARGS] = { addr, len, PROT_NONE, MAP_ANONYMOUS | flags, (uint64_t)-1, 0 };
	int64_t result = ask_kernel("mmap", args);

	return result < 0 ? (int)-result : 0;
}

/* Only what is answered twice counts, but for EINVAL: a call may also fail for want of something else. */
static bool is_placed(uint64_t addr, uint64_t len, unsigned flags)
{
	int answer = ask_place(addr, len, flags);

	for (unsigned i = 0; i < 2 && answer != EINVAL; i++) {
		int again = ask_place(addr, len, flags);

		if (again == answer)
			break;
		answer = again;
	}
	return answer != ENOMEM;
}

/* The last page that a fixed mapping can have, by bisection; all but the last page of a word at most. */
static uint64_t find_end(uint64_t page)
{
	uint64_t low = 16, high = ULONG_MAX / page; /* in pages: the lowest can be had, and the highest never */

	if (!is_placed(low * page, page, MAP_FIXED))
		return 0;
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;

		if (is_placed(middle * page, page, MAP_FIXED))
			low = middle;
		else
			high = middle;
	}
	return (low + 1) * page;
}

uint64_t why_space_end(void)
{
	static uint64_t end;

	if (end == 0)
		end = find_end(size_page());
	return end;
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
	if (top == 0 || window >= end / 2 || hint > window || is_placed(0, window, 0))
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
