/* SPDX-License-Identifier: MIT */
/* The scratch page of a subject, and what keeps a script's mappings apart from the C library's. */
#include "run/scratch.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
/*
 * The runtime of AddressSanitizer leaves holes of random sizes between its mappings, and the kernel would put a script's
 * mappings there, beside the runtime's own: plugs them all, down to where there is room for anything.
 */
static void plug_holes(size_t page)
{
	const size_t wide = (size_t)1 << 30;
	unsigned char *room = mmap(NULL, wide, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	for (size_t size = wide / 2; room != MAP_FAILED && size >= page; size /= 2) {
		unsigned char *plug;

		do {
			plug = mmap(NULL, size, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
		} while (plug != MAP_FAILED && plug > room);
		if (plug != MAP_FAILED)
			munmap(plug, size);
	}
	if (room != MAP_FAILED)
		munmap(room, wide);
}
#else
static void plug_holes(size_t page)
{
	(void)page;
}
#endif

/*
 * Fills the holes above the guard, where the kernel would put a script's mappings beside the C library's.  There are some where
 * shared mappings, or those of files, are aligned to more than a page (s390x: 512K, arch_get_unmapped_area_topdown()).  In the
 * legacy layout mappings go above the guard, and there is nothing to fill.
 */
static int fill_holes(size_t page, const unsigned char *guard, const unsigned char *end)
{
	const unsigned char *first = NULL;
	bool growing = true;

	for (size_t size = page; size >= page;) {
		unsigned char *plug = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (plug == MAP_FAILED)
			return 0;
		if (plug < guard || plug == end || (size == 2 * page && growing && plug > first)) {
			if (munmap(plug, size) < 0)
				return -errno;
			growing = false;
			size /= 2;
		} else if (growing) {
			first = plug;
			size *= 2;
		}
	}
	return 0;
}

int scratch_place(size_t page, unsigned char **scratch, const char **call)
{
	plug_holes(page);
	unsigned char *low = mmap(NULL, 3 * page, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*call = "mmap";
	if (low == MAP_FAILED)
		return -errno;
	int error = fill_holes(page, low, low + 3 * page);

	if (error < 0) {
		*call = "munmap";
		return error;
	}
	*scratch = mmap(low + page, page, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0);
	return *scratch == MAP_FAILED ? -errno : 0;
}
