/* SPDX-License-Identifier: MIT */
/* What the constants that a reader asks for mean: man pages of section 2 (man7.org). */
#include "mm/constant-help.h"

#include <stddef.h>
#include <string.h>

#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 32)
#define DESCRIPTION(error) strerrordesc_np(error)
#else
#define DESCRIPTION(error) strerror(error)
#endif

static const struct {
	const char *name, *meaning;
} meanings[] = {
	{ "PROT_NONE", "no access" },
	{ "PROT_READ", "loads" },
	{ "PROT_WRITE", "stores; on most processors loads too" },
	{ "PROT_EXEC", "instructions" },

	{ "MAP_SHARED", "stores reach the file, and all who map it" },
	{ "MAP_SHARED_VALIDATE", "as MAP_SHARED, and an unknown flag is an error" },
	{ "MAP_PRIVATE", "stores are the process's own: a page is copied when it is first written (copy-on-write)" },
	{ "MAP_DROPPABLE", "memory that the kernel may drop at any time; it is wiped in a child" },
	{ "MAP_FIXED", "addr is the place; what is mapped there is replaced without a word" },
	{ "MAP_FIXED_NOREPLACE", "addr is the place; EEXIST where something is mapped. Older kernels take addr as a hint" },
	{ "MAP_ANONYMOUS", "no file: pages of zeroes" },
	{ "MAP_32BIT", "in the first 2 GiB of the address space" },
	{ "MAP_NORESERVE", "no commit charge, under the overcommit policies 0 and 1" },
	{ "MAP_POPULATE", "the pages are faulted in at once; where that fails the call succeeds all the same" },
	{ "MAP_NONBLOCK", "with MAP_POPULATE: nothing is read, so that nothing is populated" },
	{ "MAP_GROWSDOWN", "a stack: a touch below makes it grow downwards" },
	{ "MAP_LOCKED", "locked as by mlock, but that a failure to populate is not told" },
	{ "MAP_STACK", "good for a thread's stack; since Linux 6.7 without transparent huge pages, before without effect" },
	{ "MAP_HUGETLB", "huge pages out of the reserved pool" },
	{ "MAP_SYNC", "with MAP_SHARED_VALIDATE on a DAX file: stores are durable" },

	{ "MREMAP_MAYMOVE", "the mapping may move where it cannot grow" },
	{ "MREMAP_FIXED", "it moves to new_address, and what is mapped there is replaced; needs MREMAP_MAYMOVE" },
	{ "MREMAP_DONTUNMAP", "the pages move and the old range stays mapped, without them; needs MREMAP_MAYMOVE" },

	{ "MADV_NORMAL", "no special treatment: a fault in a file reads around it" },
	{ "MADV_RANDOM", "a fault in a file reads one page" },
	{ "MADV_SEQUENTIAL", "reads ahead much, and pages behind may be dropped soon" },
	{ "MADV_WILLNEED", "begins to read the range in" },
	{ "MADV_DONTNEED", "drops the pages at once: private anonymous memory reads zero then, a private file mapping the file" },
	{ "MADV_FREE", "the kernel may drop these private anonymous pages when it needs memory; a store before keeps the page" },
	{ "MADV_REMOVE", "punches a hole in the file or the shared memory beneath" },
	{ "MADV_DONTFORK", "children do not get the range" },
	{ "MADV_DOFORK", "undoes MADV_DONTFORK" },
	{ "MADV_MERGEABLE", "lets KSM share pages that are equal" },
	{ "MADV_UNMERGEABLE", "undoes MADV_MERGEABLE" },
	{ "MADV_HUGEPAGE", "wants transparent huge pages here" },
	{ "MADV_NOHUGEPAGE", "wants no transparent huge pages here" },
	{ "MADV_DONTDUMP", "leaves the range out of core dumps" },
	{ "MADV_DODUMP", "undoes MADV_DONTDUMP" },
	{ "MADV_WIPEONFORK", "children read zero here; for private anonymous memory" },
	{ "MADV_KEEPONFORK", "undoes MADV_WIPEONFORK" },
	{ "MADV_COLD", "the pages are among the first to be reclaimed" },
	{ "MADV_PAGEOUT", "reclaims the pages now: to swap, or to their file" },
	{ "MADV_POPULATE_READ", "faults all pages in as loads would, and tells when it cannot" },
	{ "MADV_POPULATE_WRITE", "faults all pages in as stores would, and tells when it cannot" },
	{ "MADV_DONTNEED_LOCKED", "as MADV_DONTNEED, on locked pages too" },
	{ "MADV_COLLAPSE", "makes transparent huge pages of the range now" },
	{ "MADV_HWPOISON", "treats the pages as broken memory, for tests; needs CAP_SYS_ADMIN" },
	{ "MADV_SOFT_OFFLINE", "moves what the pages hold, and takes the frames out of use; needs CAP_SYS_ADMIN" },
	{ "MADV_GUARD_INSTALL", "drops the pages and makes any access fault, without a mapping of its own" },
	{ "MADV_GUARD_REMOVE", "undoes MADV_GUARD_INSTALL; what private memory had there reads zero" },

	{ "MS_SYNC", "writes, and waits" },
	{ "MS_ASYNC", "nothing, since Linux 2.6.19: dirty pages are written in time anyway" },
	{ "MS_INVALIDATE", "EBUSY where a page is locked; nothing is dropped" },
	{ "MCL_CURRENT", "all that is mapped now" },
	{ "MCL_FUTURE", "all that will be mapped" },
	{ "MCL_ONFAULT", "with the others: each page only when it is touched" },
	{ "MLOCK_ONFAULT", "each page only when it is touched" },

	{ "O_RDONLY", "for reading" },
	{ "O_WRONLY", "for writing; needs --allow-write, save of /dev/zero and /dev/null" },
	{ "O_RDWR", "for both; needs --allow-write, save of /dev/zero and /dev/null" },
	{ "O_CREAT", "made where it is not there; needs --allow-write" },
	{ "O_EXCL", "with O_CREAT: EEXIST where it is there" },
	{ "O_TRUNC", "cut to nothing; needs --allow-write" },
	{ "O_CLOEXEC", "closed by exec" },
	{ "O_NONBLOCK", "does not wait" },
	{ "O_DIRECT", "past the page cache" },

	{ "F_DUPFD", "another descriptor for the same, the lowest free one from arg on" },
	{ "F_GETFL", "the access mode and the flags" },
	{ "F_SETFL", "changes O_APPEND, O_DIRECT, O_NOATIME and O_NONBLOCK" },
	{ "F_ADD_SEALS", "adds seals to a memfd" },
	{ "F_GET_SEALS", "the seals of a memfd" },
	{ "F_SEAL_SEAL", "no seals can be added any more" },
	{ "F_SEAL_SHRINK", "the file cannot become smaller" },
	{ "F_SEAL_GROW", "the file cannot become larger" },
	{ "F_SEAL_WRITE", "the file cannot be written" },
	{ "F_SEAL_FUTURE_WRITE", "the file cannot be written but by shared mappings that are there already" },
	{ "MFD_CLOEXEC", "closed by exec" },
	{ "MFD_ALLOW_SEALING", "seals can be added" },
	{ "MFD_HUGETLB", "in huge pages out of the reserved pool" },
	{ "FALLOC_FL_KEEP_SIZE", "the file's size stays" },
	{ "FALLOC_FL_PUNCH_HOLE", "frees the range, which reads zero then; needs FALLOC_FL_KEEP_SIZE" },
	{ "FALLOC_FL_ZERO_RANGE", "the range reads zero" },
	{ "FALLOC_FL_COLLAPSE_RANGE", "takes the range out of the file" },

	{ "PKEY_DISABLE_ACCESS", "neither loads nor stores" },
	{ "PKEY_DISABLE_WRITE", "no stores" },
	{ "UFFD_USER_MODE_ONLY", "only faults of user mode are served; needs no privilege" },
	{ "IPC_PRIVATE", "a new segment without a key" },
	{ "IPC_CREAT", "made where there is none" },
	{ "IPC_EXCL", "with IPC_CREAT: EEXIST where there is one" },
	{ "IPC_RMID", "removes the segment when the last process has detached it" },
	{ "SHM_RDONLY", "attached for reading only" },
	{ "SHM_REMAP", "replaces what is mapped in the range" },
	{ "SHM_RND", "shmaddr is rounded down to a multiple of SHMLBA" },

	{ "PR_SET_THP_DISABLE", "no new transparent huge pages in this process and its children" },
	{ "PR_GET_THP_DISABLE", "whether PR_SET_THP_DISABLE holds" },
	{ "PR_SET_MEMORY_MERGE", "lets KSM share pages that are equal, in all of the process" },
	{ "PR_SET_NAME", "names the process: /proc/PID/comm, 15 bytes" },
	{ "PR_SET_VMA", "with PR_SET_VMA_ANON_NAME: names anonymous mappings, as maps shows them" },
	{ "PR_SET_MDWE", "memory cannot become executable that was not" },

	{ "RLIMIT_AS", "the size of the address space" },
	{ "RLIMIT_DATA", "private writable memory: data, heap and, since Linux 4.7, private mappings" },
	{ "RLIMIT_STACK", "the size of the stack" },
	{ "RLIMIT_MEMLOCK", "locked memory" },
	{ "RLIMIT_FSIZE", "the size of a file that is written" },
	{ "RLIMIT_NOFILE", "descriptors: the first number that cannot be one" },

	{ "SEGV_MAPERR", "nothing is mapped there, or a guard region makes it fault (MADV_GUARD_INSTALL)" },
	{ "SEGV_ACCERR", "what is mapped there does not allow this access" },
	{ "SEGV_PKUERR", "the protection key does not allow this access" },
	{ "BUS_ADRERR", "there is no page behind the mapping, as past the end of a file" },
	{ "BUS_ADRALN", "the address is not aligned" },
	{ "SI_KERNEL", "sent by the kernel without an address, as for one that is not canonical" },
};

const char *constant_meaning(const struct constant *constant)
{
	if (constant->group == GROUP_ERRNO)
		return DESCRIPTION((int)constant->value);
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (strcmp(meanings[i].name, constant->name) == 0)
			return meanings[i].meaning;
	}
	return NULL;
}
