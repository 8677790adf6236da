/* SPDX-License-Identifier: MIT */
/* The table of the language's calls, and finding a call by its name. */
#include "mm/call.h"

#include <string.h>

#define INT(name) { name, ARG_INT, GROUP_NONE }
#define FD(name) { name, ARG_FD, GROUP_NONE }
#define SIZE(name) { name, ARG_SIZE, GROUP_NONE }
#define OFFSET(name) { name, ARG_OFFSET, GROUP_NONE }
#define PLACE(name) { name, ARG_PLACE, GROUP_NONE }
#define ADDRESS(name) { name, ARG_ADDRESS, GROUP_NONE }
#define HEX(name) { name, ARG_HEX, GROUP_NONE }
#define MODE(name) { name, ARG_MODE, GROUP_NONE }
#define FLAGS(name, group) { name, ARG_FLAGS, GROUP_##group }
#define STRING(name) { name, ARG_STRING, GROUP_NONE }
#define NOTHING { "", ARG_INT, GROUP_NONE }
#define BUFFER(name) { name, ARG_BUFFER, GROUP_NONE }

#define ROW(id, name, since, class, least, most, result, keeps, ...)                                                  \
	[id] = { name, since, id, class, least, most, result, keeps, { __VA_ARGS__ } }
/* May change the maps: also by a kernel store into user memory, which can grow a MAP_GROWSDOWN mapping. */
#define SYSTEM(id, name, since, least, most, ...)                                                                     \
	ROW(id, name, since, CALL_SYSTEM, least, most, RESULT_INT, false, __VA_ARGS__)
#define PLACES(id, name, since, least, most, ...)                                                                     \
	ROW(id, name, since, CALL_SYSTEM, least, most, RESULT_ADDRESS, false, __VA_ARGS__)
#define KEEPS(id, name, since, least, most, ...)                                                                      \
	ROW(id, name, since, CALL_SYSTEM, least, most, RESULT_INT, true, __VA_ARGS__)
#define MEMORY(id, name, least, most, ...) ROW(id, name, "", CALL_MEMORY, least, most, RESULT_INT, false, __VA_ARGS__)

const struct call call_table[] = {
	PLACES(CALL_MMAP, "mmap", "", 6, 6, ADDRESS("addr"), SIZE("length"), FLAGS("prot", PROT), FLAGS("flags", MAP),
	       FD("fd"), PLACE("offset")),
	SYSTEM(CALL_MUNMAP, "munmap", "", 2, 2, ADDRESS("addr"), SIZE("length")),
	PLACES(CALL_MREMAP, "mremap", "", 4, 5, ADDRESS("old_address"), SIZE("old_size"), SIZE("new_size"),
	       FLAGS("flags", MREMAP), ADDRESS("new_address")),
	SYSTEM(CALL_MPROTECT, "mprotect", "", 3, 3, ADDRESS("addr"), SIZE("size"), FLAGS("prot", PROT)),
	KEEPS(CALL_PKEY_ALLOC, "pkey_alloc", "4.9", 2, 2, HEX("flags"), FLAGS("access_rights", PKEY)),
	KEEPS(CALL_PKEY_FREE, "pkey_free", "4.9", 1, 1, INT("pkey")),
	SYSTEM(CALL_PKEY_MPROTECT, "pkey_mprotect", "4.9", 4, 4, ADDRESS("addr"), SIZE("size"), FLAGS("prot", PROT),
	       INT("pkey")),
	SYSTEM(CALL_MADVISE, "madvise", "", 3, 3, ADDRESS("addr"), SIZE("length"), FLAGS("advice", MADV)),
	SYSTEM(CALL_PROCESS_MADVISE, "process_madvise", "5.10", 5, 5, FD("pidfd"), ADDRESS("iovec"), SIZE("n"),
	       FLAGS("advice", MADV), HEX("flags")),
	SYSTEM(CALL_MSYNC, "msync", "", 3, 3, ADDRESS("addr"), SIZE("length"), FLAGS("flags", MS)),
	SYSTEM(CALL_MLOCK, "mlock", "", 2, 2, ADDRESS("addr"), SIZE("size")),
	SYSTEM(CALL_MLOCK2, "mlock2", "4.4", 3, 3, ADDRESS("addr"), SIZE("size"), FLAGS("flags", MLOCK)),
	SYSTEM(CALL_MUNLOCK, "munlock", "", 2, 2, ADDRESS("addr"), SIZE("size")),
	SYSTEM(CALL_MLOCKALL, "mlockall", "", 1, 1, FLAGS("flags", MCL)),
	SYSTEM(CALL_MUNLOCKALL, "munlockall", "", 0, 0, NOTHING),
	SYSTEM(CALL_MINCORE, "mincore", "", 3, 3, ADDRESS("addr"), SIZE("length"), ADDRESS("vec")),
	SYSTEM(CALL_MSEAL, "mseal", "6.10", 3, 3, ADDRESS("addr"), SIZE("size"), HEX("flags")),
	SYSTEM(CALL_REMAP_FILE_PAGES, "remap_file_pages", "", 5, 5, ADDRESS("addr"), SIZE("size"), FLAGS("prot", PROT),
	       SIZE("pgoff"), FLAGS("flags", MAP)),
	PLACES(CALL_BRK, "brk", "", 1, 1, ADDRESS("addr")),
	KEEPS(CALL_MEMFD_CREATE, "memfd_create", "3.17", 2, 2, STRING("name"), FLAGS("flags", MFD)),
	KEEPS(CALL_MEMFD_SECRET, "memfd_secret", "5.14", 1, 1, FLAGS("flags", OPEN_FLAGS)),
	KEEPS(CALL_OPEN, "open", "", 2, 3, STRING("path"), FLAGS("flags", OPEN), MODE("mode")),
	KEEPS(CALL_CLOSE, "close", "", 1, 1, FD("fd")),
	SYSTEM(CALL_READ, "read", "", 3, 3, FD("fd"), ADDRESS("buf"), SIZE("count")),
	SYSTEM(CALL_WRITE, "write", "", 3, 3, FD("fd"), BUFFER("buf"), SIZE("count")),
	SYSTEM(CALL_PREAD, "pread", "", 4, 4, FD("fd"), ADDRESS("buf"), SIZE("count"), OFFSET("offset")),
	SYSTEM(CALL_PWRITE, "pwrite", "", 4, 4, FD("fd"), BUFFER("buf"), SIZE("count"), OFFSET("offset")),
	KEEPS(CALL_FTRUNCATE, "ftruncate", "", 2, 2, FD("fd"), OFFSET("length")),
	KEEPS(CALL_FALLOCATE, "fallocate", "2.6.23", 4, 4, FD("fd"), FLAGS("mode", FALLOC), OFFSET("offset"),
	      OFFSET("size")),
	KEEPS(CALL_FSYNC, "fsync", "", 1, 1, FD("fd")),
	KEEPS(CALL_FADVISE64, "fadvise64", "", 4, 4, FD("fd"), OFFSET("offset"), OFFSET("size"), FLAGS("advice", FADV)),
	KEEPS(CALL_FCNTL, "fcntl", "", 2, 3, FD("fd"), FLAGS("op", FCNTL), HEX("arg")),
	SYSTEM(CALL_IOCTL, "ioctl", "", 2, 3, FD("fd"), FLAGS("op", UFFDIO), BUFFER("argp")),
	KEEPS(CALL_USERFAULTFD, "userfaultfd", "4.3", 1, 1, FLAGS("flags", UFFD)),
	ROW(CALL_SHMGET, "shmget", "", CALL_SYSTEM, 3, 3, RESULT_ID, true, FLAGS("key", KEY), SIZE("size"),
	    FLAGS("shmflg", IPC)),
	PLACES(CALL_SHMAT, "shmat", "", 3, 3, INT("shmid"), ADDRESS("shmaddr"), FLAGS("shmflg", SHM)),
	SYSTEM(CALL_SHMDT, "shmdt", "", 1, 1, ADDRESS("shmaddr")),
	SYSTEM(CALL_SHMCTL, "shmctl", "", 3, 3, INT("shmid"), FLAGS("op", SHMCTL), ADDRESS("buf")),
	/* The last four take a string (PR_SET_NAME, PR_SET_VMA) or a number by the option: call_translate() knows. */
	SYSTEM(CALL_PRCTL, "prctl", "", 1, 5, FLAGS("op", PR), BUFFER("arg2"), BUFFER("arg3"), BUFFER("arg4"),
	       BUFFER("arg5")),
	KEEPS(CALL_SETUID, "setuid", "", 1, 1, INT("uid")),
	KEEPS(CALL_PIDFD_OPEN, "pidfd_open", "5.3", 2, 2, INT("pid"), FLAGS("flags", OPEN_FLAGS)),
	SYSTEM(CALL_PROCESS_VM_READV, "process_vm_readv", "3.2", 6, 6, INT("pid"), ADDRESS("local_iov"),
	       SIZE("liovcnt"), ADDRESS("remote_iov"), SIZE("riovcnt"), HEX("flags")),
	KEEPS(CALL_SETRLIMIT, "setrlimit", "2.6.36", 2, 2, FLAGS("resource", RLIMIT), SIZE("soft")),
	ROW(CALL_FORK_ID, "fork", "", CALL_FORK, 0, 0, RESULT_INT, true, NOTHING),
	ROW(CALL_WAIT_ID, "wait", "", CALL_WAIT, 1, 1, RESULT_INT, true, INT("pid")),
	MEMORY(CALL_STRCPY, "strcpy", 2, 2, ADDRESS("addr"), STRING("text")),
	MEMORY(CALL_MEMSET, "memset", 3, 3, ADDRESS("addr"), INT("byte"), SIZE("len")),
	MEMORY(CALL_MEMCPY, "memcpy", 3, 3, ADDRESS("to"), ADDRESS("from"), SIZE("len")),
	MEMORY(CALL_READ_PAGES, "read_pages", 2, 2, ADDRESS("addr"), SIZE("len")),
	MEMORY(CALL_WRITE_PAGES, "write_pages", 2, 2, ADDRESS("addr"), SIZE("len")),
	/* Any number of values: from the sixth argument on, each is as the last here. */
	MEMORY(CALL_WORDS, "words", 2, UINT8_MAX, ADDRESS("addr"), HEX("value"), HEX("value"), HEX("value"),
	       HEX("value"), HEX("value")),
	ROW(CALL_TMPFILE_ID, "tmpfile", "", CALL_TMPFILE, 1, 2, RESULT_INT, true, SIZE("size"), FLAGS("flags", OPEN)),
	ROW(CALL_CGROUP_ID, "cgroup", "", CALL_CGROUP, 1, 1, RESULT_INT, true, SIZE("limit")),
};

const size_t call_count = sizeof(call_table) / sizeof(call_table[0]);

_Static_assert(sizeof(call_table) / sizeof(call_table[0]) == CALL_ID_COUNT, "a row for each enum call_id");

const struct call *call_find(const char *name, size_t len)
{
	if (len == 0 || len >= sizeof(call_table[0].name))
		return NULL;
	for (size_t i = 0; i < call_count; i++)
		if (call_table[i].name[0] == name[0] && memcmp(call_table[i].name, name, len) == 0 &&
		    call_table[i].name[len] == '\0')
			return &call_table[i];
	return NULL;
}
