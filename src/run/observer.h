/* SPDX-License-Identifier: MIT */
/* The observer: reads what the kernel tells of a process, without touching it. */
#ifndef MMTOOL_RUN_OBSERVER_H
#define MMTOOL_RUN_OBSERVER_H

#include "base/buf.h"
#include "mm/maps.h"
#include "run/stale.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct exchange_limits; /* run/process.h: how long a look may take */

/*
 * The files of one process, opened when it starts and kept: after a setuid(2) they could not be opened any more without
 * privilege, while those that are open still read (proc(5), PR_SET_DUMPABLE in prctl(2)).
 */
struct observer {
	pid_t pid;
	int maps, smaps, pagemap; /* -errno: the kernel has none, or refuses it */
	bool unopened;       /* the last file that was to be read could not even be opened */
	bool queries;        /* mappings are asked for one by one where few can have changed; else the text is read */
	bool insists;        /* on queries: that they do not give what the text says is an error */
	bool checked;        /* text and queries were compared */
	bool unasked;        /* what observer_update() failed at was a query */
	size_t name_column;  /* of a line of maps: where names begin behind short fields */
	uint64_t top;        /* where queries find nothing any more, while the text still has [vsyscall] */
	struct maps heard;   /* what was read, before it is put into a snapshot */
	struct buf scratch;
};

/* How the mappings around a call are read: by queries where the kernel has them, or as it is said. */
enum observer_way { OBSERVER_AUTO, OBSERVER_TEXT, OBSERVER_QUERY };

/* Whether /proc is there and tells of this process's own PID namespace.  0, or -errno. */
int observer_check_proc(void);

/* Returns 0, or -errno when maps cannot be opened. */
int observer_open(struct observer *observer, pid_t pid);
void observer_close(struct observer *observer);

/* Reads a whole file from its start into an emptied buffer.  0 or -errno. */
int observer_read_file(int fd, struct buf *text);

/*
 * Whether the process has its memory.  Once it has given it up, and before it can be waited for, its files read as if there
 * were nothing in them: what was read is true of it where this holds afterwards.
 */
bool observer_lives(const struct observer *observer);

/* Reads the text of maps whole into a list, again when a read was torn.  0, -ESRCH (it has none any more) or -errno. */
int observer_read(struct observer *observer, struct maps *maps);

/*
 * Chooses the way in which observer_update() reads: without this it is by text.  Queries are the ioctl PROCMAP_QUERY of
 * the maps file (Linux 6.11).  Returns 0, or when the way is OBSERVER_QUERY what observer_can_query() does.
 */
int observer_choose(struct observer *observer, enum observer_way way);
/*
 * Brings a snapshot, which may be empty with stale->all, up to date.  By text it is a list, read whole; by queries it is
 * in parts, and only the ranges with what touches them are asked for, unless that would be dearer than the text.  The
 * lines are the same, byte for byte.  Returns 0 or -errno.
 */
int observer_update(struct observer *observer, struct maps *maps, const struct stale *stale);
/* observer-query.c: puts the mappings of a range, and of what touches it, into a snapshot.  0, or -errno: nothing was done. */
int observer_query(struct observer *observer, struct maps *maps, const struct stale_range *range);
/* Whether the kernel answers queries about the process: 0, -EOPNOTSUPP when it has none, or the -errno of asking. */
int observer_can_query(const struct observer *observer);
/* Learns from a whole text how lines are written and where queries end.  0, -EOPNOTSUPP: queries do not give what it says; or
 * the -errno of asking. */
int observer_compare(struct observer *observer, const struct maps *text);

/* The first number of a line of /proc/PID/status, of the record of smaps that holds addr, and of /proc/meminfo; in bytes
 * where the line says kB.  0, -ENODATA (no such field), -EFAULT (smaps: nothing is mapped there) or -errno. */
int observer_status(struct observer *observer, const char *field, int64_t *value);
int observer_smaps(struct observer *observer, uint64_t addr, const char *field, int64_t *value);
int observer_meminfo(struct observer *observer, const char *field, int64_t *value);
/* The whole of smaps.  0 or -errno. */
int observer_read_smaps(struct observer *observer, struct buf *text);
/* The records of the mappings in [start, end), and a few around them: the kernel can only go through all from the first one on. */
int observer_read_smaps_range(struct observer *observer, uint64_t start, uint64_t end, struct buf *text);
/* Whether the mapping at addr has a VmFlag ("lo"). */
int observer_vmflag(struct observer *observer, uint64_t addr, const char *flag, int64_t *value);
/* The number in a file of /proc/sys: "vm.overcommit_memory".  -EINVAL: not a name; -ENODATA: not a number. */
int observer_sysctl(struct observer *observer, const char *name, int64_t *value);
/* Minor or major page faults of the process so far (proc_pid_stat(5), fields 10 and 12). */
int observer_faults(struct observer *observer, bool major, int64_t *value);

/* A page of pagemap: bits as in the kernel's Documentation/admin-guide/mm/pagemap.rst. */
enum { PAGEMAP_GUARD_BIT = 58, PAGEMAP_PRESENT_BIT = 63 };
/*
 * Bytes of [addr, addr + len) in present pages; bytes outside the range do not count.  -ETIME, -EINTR: the limits end it, by
 * what has passed since then (clock_ms()).
 */
int observer_resident(struct observer *observer, uint64_t addr, uint64_t len, const struct exchange_limits *limits,
                      uint64_t since, int64_t *value);
/* The page frame number at addr; 0 when the page is absent or the kernel hides it from this user. */
int observer_pfn(struct observer *observer, uint64_t addr, int64_t *value);
/* Whether the page at addr is of a guard region (MADV_GUARD_INSTALL); told since Linux 6.15. */
int observer_guard(struct observer *observer, uint64_t addr, bool *guard);

#endif
