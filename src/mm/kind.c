/* SPDX-License-Identifier: MIT */
/* Tells kinds of mappings apart. */
#include "mm/kind.h"

#include <stddef.h>
#include <string.h>

static const char *const kind_names[KIND_COUNT] = {
	[KIND_ANONYMOUS] = "private anonymous",
	[KIND_HEAP] = "heap",
	[KIND_STACK] = "stack",
	[KIND_SHARED_ANONYMOUS] = "shared anonymous",
	[KIND_HUGE] = "anonymous huge pages",
	[KIND_SYSV] = "System V shared memory",
	[KIND_MEMFD] = "memfd",
	[KIND_SHMEM] = "other shared memory",
	[KIND_FILE_PRIVATE] = "private file",
	[KIND_FILE_SHARED] = "shared file",
	[KIND_SPECIAL] = "special",
};

/* What the kernel calls what has no file; the first that a name begins with. */
static const struct {
	const char *prefix;
	enum mapping_kind kind;
} special[] = {
	{ "[heap]", KIND_HEAP },
	{ "[stack", KIND_STACK }, /* [stack:TID] from Linux 3.4 to 4.4 */
	{ "[anon:", KIND_ANONYMOUS },
	{ "[anon_shmem:", KIND_SHARED_ANONYMOUS },
	{ "[", KIND_SPECIAL },
};

/* In the kernel's own mount of shared memory, whose names are the kernel's (mm/shmem.c, ipc/shm.c, mm/memfd.c). */
static const struct {
	const char *prefix;
	enum mapping_kind kind;
} shmem[] = {
	{ "/dev/zero", KIND_SHARED_ANONYMOUS },
	{ "[anon_shmem:", KIND_SHARED_ANONYMOUS },
	{ "/SYSV", KIND_SYSV },
	{ "/memfd:", KIND_MEMFD },
};

/* Descriptors that are no files: of rings, counters and the like (fs/anon_inodes.c, net/socket.c); a path begins with "/". */
static const char *const pseudo[] = { "anon_inode:", "socket:[" };

/* MAP_ANONYMOUS with MAP_HUGETLB: a file of the kernel's own mount of hugetlbfs (fs/hugetlbfs/inode.c), of no fixed number. */
static const char huge[] = "/anon_hugepage (deleted)";

static bool starts(const struct mapping *mapping, const char *prefix)
{
	size_t len = strlen(prefix);

	return mapping->name_len >= len && memcmp(mapping->name, prefix, len) == 0;
}

static bool is_pseudo(const struct mapping *mapping)
{
	for (size_t i = 0; i < sizeof(pseudo) / sizeof(pseudo[0]); i++) {
		if (starts(mapping, pseudo[i]))
			return true;
	}
	return false;
}

bool mapping_is_named(const struct mapping *mapping, const char *name)
{
	return mapping->name_len == strlen(name) && memcmp(mapping->name, name, mapping->name_len) == 0;
}

bool mapping_is_shmem(const struct mapping *mapping)
{
	return mapping->major == 0 && mapping->minor == 1;
}

enum mapping_kind mapping_kind(const struct mapping *mapping)
{
	if (!mapping_has_file(mapping) && mapping->name_len == 0)
		return KIND_ANONYMOUS;
	if (!mapping_has_file(mapping)) {
		for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
			if (starts(mapping, special[i].prefix))
				return special[i].kind;
		}
	} else if (mapping_is_shmem(mapping)) {
		for (size_t i = 0; i < sizeof(shmem) / sizeof(shmem[0]); i++) {
			if (starts(mapping, shmem[i].prefix))
				return shmem[i].kind;
		}
		return KIND_SHMEM;
	} else if (mapping->major == 0 && mapping_is_named(mapping, huge)) {
		return KIND_HUGE;
	} else if (is_pseudo(mapping)) {
		return KIND_SHMEM;
	}
	return mapping->perms[3] == 's' ? KIND_FILE_SHARED : KIND_FILE_PRIVATE;
}

const char *mapping_kind_name(enum mapping_kind kind)
{
	return (unsigned)kind < KIND_COUNT ? kind_names[kind] : NULL;
}

bool mapping_same_object(const struct mapping *a, const struct mapping *b)
{
	if (a->inode != b->inode || a->major != b->major || a->minor != b->minor)
		return false;
	return a->name_len == b->name_len && memcmp(a->name, b->name, a->name_len) == 0;
}
