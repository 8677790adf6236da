/* SPDX-License-Identifier: MIT */
/* The scratch page of a subject, and what keeps a script's mappings apart from the C library's. */
#include "run/scratch.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>

/* Mappings that fill holes: those of them that are remembered. */
struct plugs {
	struct plug {
		unsigned char *start, *end;
	} list[128];
	size_t count;
};

/*
 * Where mappings without an address go that fit into no hole: from room on downwards, or upwards in the legacy layout.  room is
 * mapped, and larger than any hole.
 */
struct outside {
	unsigned char *room;
	size_t size;
	bool upwards;
};

static unsigned char *reserve(size_t size)
{
	return mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* False: there is no room for two (RLIMIT_AS), and nothing is known, or it failed.  *error: 0 or -errno, of munmap. */
static bool find_outside(struct outside *outside, int *error)
{
	enum { LARGEST = 1 << 30, SMALLEST = 1 << 22 };

	*error = 0;
	for (outside->size = LARGEST; outside->size >= SMALLEST && *error == 0; outside->size /= 2) {
		outside->room = reserve(outside->size);
		/* Only a second one tells the direction. */
		unsigned char *next = outside->room == MAP_FAILED ? MAP_FAILED : reserve(outside->size);

		outside->upwards = next > outside->room;
		if (next != MAP_FAILED && munmap(next, outside->size) < 0)
			*error = -errno;
		if (next != MAP_FAILED)
			return true;
		if (outside->room != MAP_FAILED && munmap(outside->room, outside->size) < 0)
			*error = -errno;
	}
	return false;
}

/* Whether RLIMIT_AS is set: it may leave less room than the holes have. */
static bool is_limited(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

/* Ever larger mappings, until one fits into no hole, and then smaller ones, as many as fit.  0 or -errno, of *call. */
static int plug_holes(size_t page, const struct outside *outside, struct plugs *plugs, const char **call)
{
	bool growing = true;

	for (size_t size = page; size >= page;) {
		unsigned char *plug = reserve(size);

		*call = "mmap";
		if (plug == MAP_FAILED)
			return is_limited() ? 0 : -errno;
		*call = "munmap";
		if (outside->upwards ? plug < outside->room : plug > outside->room) {
			if (plugs->count < sizeof(plugs->list) / sizeof(plugs->list[0])) {
				plugs->list[plugs->count].start = plug;
				plugs->list[plugs->count++].end = plug + size;
			}
			size *= growing ? 2 : 1;
			continue;
		}
		growing = false;
		if (munmap(plug, size) < 0)
			return -errno;
		size /= 2;
	}
	return 0;
}

/* The plug that lies next to edge, on the side of the other mappings, or NULL. */
static const struct plug *plug_beside(const struct plugs *plugs, const unsigned char *edge, bool upwards)
{
	for (size_t i = 0; i < plugs->count; i++) {
		if (edge == (upwards ? plugs->list[i].end : plugs->list[i].start))
			return &plugs->list[i];
	}
	return NULL;
}

/*
 * Takes away the plugs next to the room: the kernel may have aligned it to a huge page, and what lies there is no hole.  *edge
 * becomes the address where the mappings end that were there before.  0 or -errno.
 */
static int find_edge(const struct outside *outside, const struct plugs *plugs, unsigned char **edge)
{
	const struct plug *plug;

	*edge = outside->upwards ? outside->room : outside->room + outside->size;
	while ((plug = plug_beside(plugs, *edge, outside->upwards)) != NULL) {
		if (munmap(plug->start, (size_t)(plug->end - plug->start)) < 0)
			return -errno;
		*edge = outside->upwards ? plug->start : plug->end;
	}
	return 0;
}

/*
 * Fills the holes between the mappings that are there, where the kernel would put a script's mappings beside the C library's: what
 * the dynamic linker unmapped, what lies between libraries that are aligned to huge pages, and beside shared mappings, where they
 * are aligned to more than a page (s390x: 512K, arch_get_unmapped_area_topdown()).  *edge: where they end, or NULL: not known.
 * 0 or -errno, with the call that failed.
 */
static int fill_holes(size_t page, unsigned char **edge, const char **call)
{
	struct plugs plugs = { .count = 0 };
	struct outside outside;
	int error;

	*edge = NULL;
	*call = "munmap";
	if (!find_outside(&outside, &error))
		return error;
	if (error == 0)
		error = plug_holes(page, &outside, &plugs, call);
	if (error == 0)
		error = find_edge(&outside, &plugs, edge);
	if (munmap(outside.room, outside.size) < 0 && error == 0) {
		*call = "munmap";
		error = -errno;
	}
	return error;
}

int scratch_place(size_t page, unsigned char **scratch, const char **call)
{
	const size_t size = 3 * page;
	unsigned char *edge;

	int error = fill_holes(page, &edge, call);

	if (error < 0)
		return error;
	unsigned char *low = mmap(NULL, size, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (low == MAP_FAILED) {
		*call = "mmap";
		return -errno;
	}
	if (edge != NULL && low + size != edge && low != edge)
		error = fill_holes(page, &edge, call);
	if (error < 0)
		return error;
	*call = "mmap";
	*scratch = mmap(low + page, page, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0);
	return *scratch == MAP_FAILED ? -errno : 0;
}
