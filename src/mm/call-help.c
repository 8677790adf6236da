/* SPDX-License-Identifier: MIT */
/* The help of the calls: man pages of section 2 (man7.org), and what was tried on Linux 6.18. */
#include "mm/call-help.h"

const char *const call_topics[TOPIC_COUNT] = {
	[TOPIC_MAP] = "Map, move and unmap",
	[TOPIC_PROTECT] = "Protect",
	[TOPIC_ADVISE] = "Advise and look",
	[TOPIC_LOCK] = "Lock and sync",
	[TOPIC_FILE] = "Files and descriptors",
	[TOPIC_SHARED] = "System V shared memory",
	[TOPIC_PROCESS] = "Processes and limits",
	[TOPIC_MEMORY] = "Memory itself",
};

#define DIES                                                                                                          \
	"A load or store that faults kills the process by SIGSEGV or SIGBUS; with \"= ?\" the script goes on, and the "    \
	"value is -1."
#define PROTECTS                                                                                                      \
	"EACCES: what is mapped does not allow it, as PROT_WRITE on a shared mapping of a file opened for reading\n"       \
	"ENOMEM: part of the range is not mapped, it would take more mappings than vm.max_map_count, or the commit "      \
	"charge of making it writable is refused\n"                                                                        \
	"EPERM: a mapping in the range is sealed (mseal)"
#define LOCKS                                                                                                         \
	"ENOMEM: part of the range is not mapped or cannot be accessed, or it is more than RLIMIT_MEMLOCK allows without " \
	"CAP_IPC_LOCK\n"                                                                                                   \
	"EPERM: RLIMIT_MEMLOCK is 0, without CAP_IPC_LOCK\n"                                                               \
	"EAGAIN: not all of it could be locked"

const struct call_help call_help[CALL_ID_COUNT] = {
	[CALL_MMAP] = {
		TOPIC_MAP, "Maps a file or anonymous memory",
		"the address of the mapping",
		"addr is a hint, taken where it is free; with MAP_FIXED it is the place, and what is mapped there is replaced. "
		"length is rounded up to whole pages. One of MAP_PRIVATE, MAP_SHARED, MAP_SHARED_VALIDATE and MAP_DROPPABLE is "
		"needed. A new mapping can merge with a neighbour of the same kind.",
		"EINVAL: length is 0, addr (with MAP_FIXED) or offset is no multiple of the page size, or no kind of sharing is "
		"given\n"
		"ENOMEM: no room in the address space, RLIMIT_AS or vm.max_map_count is reached, or the overcommit policy refuses "
		"it\n"
		"EACCES: the file is not open for reading, or MAP_SHARED with PROT_WRITE and it is not open for writing\n"
		"EBADF: fd is no descriptor, without MAP_ANONYMOUS\n"
		"ENODEV: a file of this kind cannot be mapped\n"
		"EEXIST: MAP_FIXED_NOREPLACE, and something is mapped in the range\n"
		"EAGAIN: MAP_LOCKED, and it is more than RLIMIT_MEMLOCK allows\n"
		"EPERM: MAP_FIXED below vm.mmap_min_addr or over a sealed mapping, PROT_EXEC and the file system is mounted "
		"noexec, or a seal of the memfd forbids it" },
	[CALL_MUNMAP] = {
		TOPIC_MAP, "Removes every page that the range touches from the address space",
		NULL,
		"It is no error where nothing is mapped. A hole in the middle of a mapping splits it in two.",
		"EINVAL: addr is no multiple of the page size, length is 0, or the range leaves the address space\n"
		"ENOMEM: it would split a mapping, and vm.max_map_count is reached\n"
		"EPERM: a mapping in the range is sealed (mseal)" },
	[CALL_MREMAP] = {
		TOPIC_MAP, "Grows, shrinks or moves a mapping, its pages with it",
		"the address of the mapping after the call",
		"Sizes are rounded up to whole pages. old_address may be any page of a mapping: only old_size bytes move, and the "
		"mapping is split. old_size 0 makes a second view of a shared mapping.",
		"EINVAL: an address is no multiple of the page size, new_size is 0, an unknown flag, MREMAP_FIXED or "
		"MREMAP_DONTUNMAP without MREMAP_MAYMOVE, MREMAP_DONTUNMAP with two different sizes, a new range that overlaps the "
		"old one, or old_size 0 on a private mapping\n"
		"ENOMEM: it cannot grow where it is and may not move (MREMAP_MAYMOVE), no room, RLIMIT_AS or vm.max_map_count is "
		"reached, or the overcommit policy refuses it\n"
		"EFAULT: the old range is not mapped, or not all of it\n"
		"EAGAIN: the mapping is locked, and it would be more than RLIMIT_MEMLOCK allows\n"
		"EPERM: a mapping in the old or the new range is sealed (mseal)" },
	[CALL_MPROTECT] = {
		TOPIC_PROTECT, "Changes the protection of every page that the range touches",
		NULL,
		"Changing a part splits a mapping; changing it back merges it again.",
		PROTECTS "\nEINVAL: addr is no multiple of the page size, or prot has an unknown bit" },
	[CALL_PKEY_ALLOC] = {
		TOPIC_PROTECT, "Allocates a protection key with these access rights",
		"the key", NULL,
		"ENOSPC: all keys are in use, or this processor or kernel has none\n"
		"EINVAL: flags is not 0, or access_rights has an unknown bit" },
	[CALL_PKEY_FREE] = { TOPIC_PROTECT, "Frees a protection key", NULL,
	                     "Mappings that have the key keep it.", "EINVAL: the key is not allocated" },
	[CALL_PKEY_MPROTECT] = {
		TOPIC_PROTECT, "Changes the protection and the protection key of every page that the range touches",
		NULL, "With pkey -1 it is mprotect.",
		PROTECTS "\nEINVAL: addr is no multiple of the page size, prot has an unknown bit, or the key is not allocated" },
	[CALL_MADVISE] = {
		TOPIC_ADVISE, "Tells how a range will be used, and for some advice does something to it at once",
		NULL,
		"Not only a hint: MADV_DONTNEED drops the contents of private anonymous memory at once.",
		"EINVAL: addr is no multiple of the page size, the advice is unknown here, or it does not fit the mapping (as "
		"MADV_DONTNEED on locked pages, MADV_FREE on a file)\n"
		"ENOMEM: part of the range is not mapped\n"
		"EACCES: MADV_REMOVE on a mapping that is not shared and writable\n"
		"EFAULT: MADV_POPULATE_READ or _WRITE met a page that cannot be had\n"
		"EPERM: the mapping is sealed and the advice would discard what it holds; MADV_HWPOISON and MADV_SOFT_OFFLINE are "
		"refused here" },
	[CALL_PROCESS_MADVISE] = {
		TOPIC_ADVISE, "Gives advice about ranges of the process that a pidfd stands for",
		"the bytes that were advised",
		"iovec is an array of n pairs of an address and a length: words() makes it.",
		"EBADF: pidfd is no descriptor of a process\n"
		"EINVAL: flags is not 0, or the advice cannot be given to another process\n"
		"ENOMEM: part of a range is not mapped\n"
		"EPERM: no permission to look at or to advise that process\n"
		"ESRCH: the process has ended" },
	[CALL_MSYNC] = {
		TOPIC_LOCK, "Writes what a shared mapping of a file changed to the file system",
		NULL,
		"MS_ASYNC has done nothing since Linux 2.6.19. Other processes see stores, and read() too, without any msync.",
		"EINVAL: addr is no multiple of the page size, an unknown flag, or MS_SYNC with MS_ASYNC\n"
		"ENOMEM: part of the range is not mapped\n"
		"EBUSY: MS_INVALIDATE, and a page of the range is locked" },
	[CALL_MLOCK] = { TOPIC_LOCK, "Faults in every page that the range touches, and keeps it from being swapped out", NULL,
	                 "Locks do not stack: one munlock undoes any number. A child of fork does not inherit them.",
	                 LOCKS },
	[CALL_MLOCK2] = { TOPIC_LOCK, "Locks as mlock does; with MLOCK_ONFAULT each page only when it is touched", NULL, NULL,
	                  LOCKS "\nEINVAL: an unknown flag" },
	[CALL_MUNLOCK] = { TOPIC_LOCK, "Unlocks every page that the range touches", NULL,
	                   "It evicts nothing. Memory of memfd_secret stays locked.",
	                   "ENOMEM: part of the range is not mapped" },
	[CALL_MLOCKALL] = {
		TOPIC_LOCK, "Locks all that is mapped (MCL_CURRENT), all that will be (MCL_FUTURE), or both", NULL, NULL,
		"EINVAL: no flag, an unknown one, or MCL_ONFAULT alone\n"
		"ENOMEM: it is more than RLIMIT_MEMLOCK allows, without CAP_IPC_LOCK\n"
		"EPERM: RLIMIT_MEMLOCK is 0, without CAP_IPC_LOCK" },
	[CALL_MUNLOCKALL] = { TOPIC_LOCK, "Unlocks all that is mapped, and ends MCL_FUTURE", NULL, NULL, NULL },
	[CALL_MINCORE] = {
		TOPIC_ADVISE, "Tells which pages are in memory: vec gets a byte for each, whose lowest bit says so", NULL,
		"It also sees the page cache: a page can be in memory and still fault. resident() counts present pages.",
		"EINVAL: addr is no multiple of the page size\n"
		"ENOMEM: part of the range is not mapped\n"
		"EFAULT: vec is not writable memory" },
	[CALL_MSEAL] = {
		TOPIC_PROTECT, "Seals mappings: from then on no call can unmap, move, resize or protect them otherwise", NULL,
		"It cannot be undone. Calls that would change a sealed mapping fail with EPERM.",
		"EINVAL: addr is no multiple of the page size, or flags is not 0\n"
		"ENOMEM: part of the range is not mapped" },
	[CALL_REMAP_FILE_PAGES] = {
		TOPIC_MAP, "Maps other pages of the file into part of a shared mapping", NULL,
		"Deprecated, and since Linux 4.0 emulated by mmap: it makes mappings of their own. Of the flags only MAP_NONBLOCK "
		"is looked at.",
		"EINVAL: the range is not within a shared mapping, or prot is not 0" },
	[CALL_BRK] = {
		TOPIC_MAP, "Moves the end of the heap to addr", "the break after the call",
		"The system call, not the library's: it never fails, and where it cannot move the break it returns the one that is. "
		"brk(0) asks.",
		NULL },
	[CALL_MEMFD_CREATE] = {
		TOPIC_FILE, "Makes an anonymous file in memory", "a descriptor",
		"Its size is 0 until ftruncate. Seals are for F_ADD_SEALS of fcntl, with MFD_ALLOW_SEALING.",
		"EINVAL: an unknown flag, or a name of more than 249 bytes\n"
		"EMFILE: too many open descriptors (RLIMIT_NOFILE)" },
	[CALL_MEMFD_SECRET] = {
		TOPIC_FILE, "Makes a file in memory that the kernel itself does not map", "a descriptor",
		"Only a shared mapping of it can be made, and it counts as locked. O_CLOEXEC is its only flag.",
		"ENOSYS: this kernel has it switched off, or has not got it\n"
		"EINVAL: an unknown flag\n"
		"EMFILE: too many open descriptors (RLIMIT_NOFILE)" },
	[CALL_OPEN] = {
		TOPIC_FILE, "Opens a file", "a descriptor",
		"Without --allow-write, mmtool opens for reading only, and only regular files, /proc, /sys, /dev/zero and "
		"/dev/null.",
		"ENOENT: there is no such file\n"
		"EACCES: the permissions do not allow it\n"
		"EISDIR: a directory, for writing\n"
		"EEXIST: O_CREAT and O_EXCL, and it is there already\n"
		"EMFILE: too many open descriptors (RLIMIT_NOFILE)" },
	[CALL_CLOSE] = { TOPIC_FILE, "Closes a descriptor", NULL, "Mappings of the file stay.", "EBADF: no such descriptor" },
	[CALL_READ] = {
		TOPIC_FILE, "Reads from a descriptor at its position", "the bytes that were read, 0 at the end of the file", NULL,
		"EBADF: fd is not open for reading\n"
		"EFAULT: buf is not writable memory\n"
		"EINVAL: this cannot be read in this way\n"
		"EISDIR: a directory\n"
		"EAGAIN: O_NONBLOCK, and there is nothing to read yet" },
	[CALL_WRITE] = {
		TOPIC_FILE, "Writes to a descriptor at its position", "the bytes that were written", NULL,
		"EBADF: fd is not open for writing\n"
		"EFAULT: buf is not readable memory\n"
		"EPERM: a seal of the memfd forbids it\n"
		"EFBIG: beyond RLIMIT_FSIZE or what the file system can hold\n"
		"ENOSPC: the file system is full" },
	[CALL_PREAD] = {
		TOPIC_FILE, "Reads at an offset, and leaves the position as it is",
		"the bytes that were read, 0 at the end of the file", NULL,
		"EBADF: fd is not open for reading\n"
		"EFAULT: buf is not writable memory\n"
		"EINVAL: offset is negative\n"
		"ESPIPE: what has no positions, as a pipe" },
	[CALL_PWRITE] = {
		TOPIC_FILE, "Writes at an offset, and leaves the position as it is", "the bytes that were written", NULL,
		"EBADF: fd is not open for writing\n"
		"EFAULT: buf is not readable memory\n"
		"EINVAL: offset is negative\n"
		"EPERM: a seal of the memfd forbids it\n"
		"ESPIPE: what has no positions, as a pipe\n"
		"ENOSPC: the file system is full" },
	[CALL_FTRUNCATE] = {
		TOPIC_FILE, "Sets the size of a file", NULL,
		"Pages of a mapping that lie wholly past the new end raise SIGBUS when they are touched.",
		"EINVAL: length is negative, or fd is not open for writing\n"
		"EBADF: no such descriptor\n"
		"EPERM: a seal of the memfd forbids it\n"
		"EFBIG: beyond what the file system can hold" },
	[CALL_FALLOCATE] = {
		TOPIC_FILE, "Allocates, punches or zeroes a range of a file", NULL, NULL,
		"EBADF: fd is not open for writing\n"
		"EINVAL: offset is negative, or size is not more than 0\n"
		"EOPNOTSUPP: the file system cannot do this mode\n"
		"EPERM: a seal of the memfd forbids it\n"
		"ENOSPC: the file system is full" },
	[CALL_FSYNC] = {
		TOPIC_FILE, "Writes what was changed of a file to its device, and waits for it", NULL, NULL,
		"EBADF: no such descriptor\n"
		"EINVAL: what cannot be synced, as a pipe\n"
		"EIO: the device failed" },
	[CALL_FADVISE64] = {
		TOPIC_FILE, "Tells how a range of a file will be read", NULL,
		"It is about the page cache of the file; size 0 is to its end.",
		"EBADF: no such descriptor\n"
		"EINVAL: the advice is unknown\n"
		"ESPIPE: a pipe" },
	[CALL_FCNTL] = {
		TOPIC_FILE, "Asks about a descriptor or changes it: its flags, and the seals of a memfd",
		"by op: F_GET_SEALS the seals, F_GETFL the flags, ...",
		"What could send mmtool a signal (F_SETOWN, F_SETSIG, O_ASYNC), and locks and leases, are refused.",
		"EBADF: no such descriptor\n"
		"EINVAL: an unknown op, or seals on what has none\n"
		"EPERM: F_ADD_SEALS without MFD_ALLOW_SEALING, or after F_SEAL_SEAL\n"
		"EBUSY: F_SEAL_WRITE, and there is a shared writable mapping" },
	[CALL_IOCTL] = {
		TOPIC_FILE, "Does to a descriptor what only its kind knows: here the UFFDIO_ requests of a userfaultfd",
		"by op, usually 0", "argp is a structure in memory: words() makes it (ioctl_userfaultfd(2)).",
		"EBADF: no such descriptor\n"
		"ENOTTY: fd is not of the kind that knows op\n"
		"EINVAL: a field of the structure is not right, or UFFDIO_API was not made first\n"
		"EFAULT: argp is not memory that can be used\n"
		"EEXIST: UFFDIO_COPY or UFFDIO_ZEROPAGE, and there is a page already" },
	[CALL_USERFAULTFD] = {
		TOPIC_FILE, "Makes a descriptor by which faults of a range can be served", "a descriptor",
		"mmtool performs one statement at a time, so nothing can answer a fault that waits: use UFFD_FEATURE_SIGBUS.",
		"EPERM: without CAP_SYS_PTRACE, where vm.unprivileged_userfaultfd is 0 (UFFD_USER_MODE_ONLY needs neither)\n"
		"EINVAL: an unknown flag\n"
		"ENOSYS: this kernel was built without it" },
	[CALL_SHMGET] = {
		TOPIC_SHARED, "Finds or makes a segment of System V shared memory", "the segment's number",
		"The last nine bits of shmflg are a file mode. mmtool removes at the end what a script made.",
		"EINVAL: a size out of the system's bounds, or larger than the segment that is there\n"
		"ENOENT: there is none of this key, without IPC_CREAT\n"
		"EEXIST: IPC_CREAT and IPC_EXCL, and there is one\n"
		"EACCES: its mode does not allow it\n"
		"ENOSPC: there are as many segments, or pages in them, as the system allows" },
	[CALL_SHMAT] = {
		TOPIC_SHARED, "Maps a segment", "the address of the mapping",
		"Only segments that the script made can be attached. SHM_RND rounds shmaddr down to a multiple of SHMLBA.",
		"EINVAL: no such segment, shmaddr is no multiple of SHMLBA (without SHM_RND), or something is mapped there "
		"(without SHM_REMAP)\n"
		"EACCES: its mode does not allow it\n"
		"EIDRM: it was removed\n"
		"ENOMEM: no room in the address space" },
	[CALL_SHMDT] = { TOPIC_SHARED, "Unmaps a segment", NULL, NULL, "EINVAL: no segment is attached at shmaddr" },
	[CALL_SHMCTL] = {
		TOPIC_SHARED, "Asks about a segment, changes it, or removes it (IPC_RMID)", "by op, usually 0",
		"After IPC_RMID the memory stays until the last process has detached it.",
		"EINVAL: no such segment, or an unknown op\n"
		"EACCES: IPC_STAT, and its mode does not allow it\n"
		"EPERM: IPC_SET or IPC_RMID by who neither owns it nor is privileged\n"
		"EFAULT: buf is not memory that can be used" },
	[CALL_PRCTL] = {
		TOPIC_PROCESS, "Changes a property of the process: huge pages, names of mappings, whether memory can become executable",
		"by op, usually 0",
		"Arguments that an op does not use must be 0 for many. What would undo the fence around the process is refused.",
		"EINVAL: an unknown op, or an argument that is not right\n"
		"EFAULT: an address that is not memory\n"
		"EPERM: not allowed, or not any more" },
	[CALL_SETUID] = {
		TOPIC_PROCESS, "Gives the process another user, and with it no privileges", NULL,
		"It cannot be undone. Privileged processes only can take any uid.",
		"EPERM: uid is neither the real nor the saved one, without CAP_SETUID" },
	[CALL_PIDFD_OPEN] = {
		TOPIC_PROCESS, "Makes a descriptor that stands for a process", "a descriptor", NULL,
		"ESRCH: there is no such process\n"
		"EINVAL: pid is not more than 0, or an unknown flag\n"
		"EMFILE: too many open descriptors (RLIMIT_NOFILE)" },
	[CALL_PROCESS_VM_READV] = {
		TOPIC_PROCESS, "Copies memory of another process into this one", "the bytes that were copied",
		"Both are arrays of pairs of an address and a length: words() makes them.",
		"EFAULT: an address that is not memory, there or here\n"
		"EINVAL: flags is not 0, or more than 1024 pairs\n"
		"EPERM: no permission to look at that process\n"
		"ESRCH: there is no such process" },
	[CALL_SETRLIMIT] = {
		TOPIC_PROCESS, "Sets the soft limit of a resource, and leaves the hard one", NULL,
		"The language's form: the value itself in place of a structure; made by prlimit64 (since Linux 2.6.36).",
		"EINVAL: an unknown resource, or more than the hard limit" },
	[CALL_FORK_ID] = {
		TOPIC_PROCESS, "Makes a child of the current process, which waits for \"in CHILD { ... }\"", "the child's pid", NULL,
		"EAGAIN: more processes than RLIMIT_NPROC or the cgroup allows\n"
		"ENOMEM: the overcommit policy refuses what the child could write" },
	[CALL_WAIT_ID] = { TOPIC_PROCESS, "Lets a process exit, and collects it",
	                   "the signal that killed it, else 0", NULL, NULL },
	[CALL_STRCPY] = { TOPIC_MEMORY, "Stores a string, the final zero byte too", NULL, DIES, NULL },
	[CALL_MEMSET] = { TOPIC_MEMORY, "Stores a byte over a range", NULL, DIES, NULL },
	[CALL_MEMCPY] = { TOPIC_MEMORY, "Copies a range", NULL, DIES, NULL },
	[CALL_READ_PAGES] = { TOPIC_MEMORY, "Loads the first byte of every page that the range touches", NULL, DIES, NULL },
	[CALL_WRITE_PAGES] = { TOPIC_MEMORY, "Stores 1 in the first byte of every page that the range touches", NULL, DIES,
	                       NULL },
	[CALL_WORDS] = { TOPIC_MEMORY, "Stores 64-bit words one after another: a structure, an array of struct iovec", NULL,
	                 DIES, NULL },
	[CALL_TMPFILE_ID] = {
		TOPIC_FILE, "Opens a new file of that many zero bytes on disk, which has no name", "a descriptor",
		"In $TMPDIR, /var/tmp or the current directory; opened O_RDWR, or as flags say.",
		"EMFILE: too many open descriptors (RLIMIT_NOFILE)" },
	[CALL_CGROUP_ID] = {
		TOPIC_PROCESS, "Puts the process, and all it forks, into a memory cgroup with that limit and no swap", NULL,
		"What it has already does not count. Over the limit the OOM killer comes. Removed when the script ends.",
		"EINVAL: the limit is less than 1M" },
};
