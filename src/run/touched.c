/* SPDX-License-Identifier: MIT */
/* How much memory processes have touched, as /proc tells it. */
#include "run/touched.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "mm/kind.h"
#include "mm/smaps.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#ifndef SECRETMEM_MAGIC
#define SECRETMEM_MAGIC 0x5345434d /* Linux 5.14 */
#endif

enum {
	BLOCK = 512,           /* of st_blocks, stat(2) */
	SMAPS_MOST = 16 << 20, /* of smaps in a look; it takes 0.1 s to read, and a script may have gigabytes of it */
};

/* What was read last of /proc. */
static char *content;
static size_t content_cap;

/* The text of the file /proc/PID/NAME, valid until the next call; NULL: it cannot be read, or there is nothing in it. */
static const char *text_of(pid_t pid, const char *name)
{
	/* What a user can put into status has wide bounds: the groups of a process alone may take 700 KB. */
	for (size_t want = 4096;; want = content_cap + 1) {
		content = alloc_grow(content, &content_cap, want, 1);
		ssize_t len = file_read_process(pid, name, content, content_cap);

		if (len < (ssize_t)content_cap - 1)
			return len > 0 ? content : NULL;
	}
}

/* Bytes of a line "Field:   N kB" of a file of /proc; 0 when there is none. */
static uint64_t field_of(const char *text, const char *field)
{
	const char *line = strstr(text, field);

	return line != NULL ? strtoull(line + strlen(field), NULL, 10) * 1024 : 0;
}

/* Who makes segments, and since when; whether secret memory is looked for. */
static pid_t *creators;
static size_t creator_count, creator_cap;
static time_t creators_since;
static bool secrets;

static bool is_creator(pid_t pid)
{
	for (size_t i = 0; i < creator_count; i++) {
		if (creators[i] == pid)
			return true;
	}
	return false;
}

void touched_add_creator(pid_t pid)
{
	if (is_creator(pid))
		return;
	if (creator_count == 0)
		creators_since = time(NULL);
	creators = alloc_grow(creators, &creator_cap, creator_count + 1, sizeof(*creators));
	creators[creator_count++] = pid;
}

void touched_add_secrets(void)
{
	secrets = true;
}

/* An unlinked file that a process has open, or a segment: its pages or blocks are there, mapped or not. */
struct open_file {
	dev_t device;
	ino_t inode;
	uint64_t bytes;
	bool memory; /* it is in memory: the same pages count where they are mapped, too */
};
static struct open_file *files;
static size_t file_count, file_cap;

static void append(struct open_file file)
{
	files = alloc_grow(files, &file_cap, file_count + 1, sizeof(*files));
	files[file_count++] = file;
}

/* A file of memfd_secret(2) has a link and no blocks, and nobody tells how much of its length is there: all may be. */
static void add_file(const struct stat *stat, uint32_t system)
{
	bool secret = system == SECRETMEM_MAGIC;
	uint64_t bytes = secret ? (uint64_t)stat->st_size : (uint64_t)stat->st_blocks * BLOCK;

	if (stat->st_nlink > 0 && !secret)
		return;
	append((struct open_file){ .device = stat->st_dev,
		                   .inode = stat->st_ino,
		                   .bytes = bytes,
		                   .memory = secret || system == TMPFS_MAGIC || system == HUGETLBFS_MAGIC });
}

static int compare_files(const void *left, const void *right)
{
	const struct open_file *a = left, *b = right;

	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	return (a->inode > b->inode) - (a->inode < b->inode);
}

/* Puts the files in order, each once: what was inherited is open in several processes. */
static void unite_files(void)
{
	size_t kept = 0;

	if (file_count > 1)
		qsort(files, file_count, sizeof(*files), compare_files);
	for (size_t i = 0; i < file_count; i++) {
		if (kept == 0 || compare_files(&files[kept - 1], &files[i]) != 0)
			files[kept++] = files[i];
	}
	file_count = kept;
}

/* Whether a file is the tool's own input or output, which all processes of the script have inherited. */
static bool is_ours(const struct stat *info)
{
	struct stat own;

	for (int fd = 0; fd <= 2; fd++) {
		if (fstat(fd, &own) == 0 && own.st_dev == info->st_dev && own.st_ino == info->st_ino)
			return true;
	}
	return false;
}

/* Adds the unlinked files that a process has open: in memory (memfd_create(2), memfd_secret(2)), huge pages or on a disk. */
static void add_open(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *folder = opendir(path);

	for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
		struct statfs system;
		struct stat stat;

		if (fstatat(dirfd(folder), entry->d_name, &stat, 0) < 0 || !S_ISREG(stat.st_mode) ||
		    (stat.st_nlink > 0 && stat.st_blocks > 0))
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fd/%.16s", (int)pid, entry->d_name);
		if (!is_ours(&stat) && statfs(path, &system) == 0)
			add_file(&stat, (uint32_t)system.f_type);
	}
	if (folder != NULL)
		closedir(folder);
}

/*
 * Adds the segments that a script made: resident and swapped, the last two fields in proc_sysvipc(5).  In maps a segment's
 * identifier stands for the inode, and on the same device there may be a file of that inode: no device is 0.
 */
static void add_segments(void)
{
	FILE *list = creator_count > 0 ? fopen("/proc/sysvipc/shm", "re") : NULL;
	char line[512];

	while (list != NULL && fgets(line, sizeof(line), list) != NULL) {
		uint64_t present = 0, swapped = 0;
		int64_t changed = 0;
		pid_t creator = 0;
		unsigned id = 0;
		int fields = sscanf(line, "%*d %u %*o %*u %d %*u %*u %*u %*u %*u %*u %*d %*d %" SCNd64 " %" SCNu64 " %" SCNu64,
		                    &id, &creator, &changed, &present, &swapped);

		if (fields == 5 && is_creator(creator) && (time_t)changed >= creators_since)
			append((struct open_file){ .inode = id, .bytes = present + swapped, .memory = true });
	}
	if (list != NULL)
		fclose(list);
}

/* What the processes hold, in bytes. */
struct held {
	uint64_t own;    /* anonymous memory, page tables, and blocks on a disk: what counts nowhere else */
	uint64_t mapped; /* shared memory, huge pages and pages of files, where they are mapped */
	uint64_t open;   /* files in memory that are open, and segments: the same pages, but those that are mapped no more */
};

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * What of the resident pages of files counts: those that are locked, for the kernel can take no other from a process.  It
 * tells how much is locked of all that a process has: the pages of files among it may be less.
 */
static uint64_t of_files(uint64_t all, uint64_t locked)
{
	return secrets ? all : smaller(all, locked);
}

/* Adds what a process has resident; shared pages, and those that a fork left common, count in each that has them. */
static void add_resident(struct held *held, pid_t pid)
{
	const char *text = text_of(pid, "status");

	if (text == NULL)
		return;
	held->own += field_of(text, "\nRssAnon:") + field_of(text, "\nVmSwap:") + field_of(text, "\nVmPTE:");
	held->mapped += field_of(text, "\nRssShmem:") + field_of(text, "\nHugetlbPages:") +
	                of_files(field_of(text, "\nRssFile:"), field_of(text, "\nVmLck:"));
}

/* The same with each page counted once, but huge pages of the pool: dearer, for the kernel walks all page tables. */
static void add_proportional(struct held *held, pid_t pid)
{
	const char *text = text_of(pid, "status");

	if (text == NULL)
		return;
	uint64_t tables = field_of(text, "\nVmPTE:"), huge = field_of(text, "\nHugetlbPages:");

	text = text_of(pid, "smaps_rollup");
	/* After a setuid(2) it cannot be read any more, and before Linux 5.9 it lacks these lines. */
	if (text == NULL || strstr(text, "\nPss_Anon:") == NULL) {
		add_resident(held, pid);
		return;
	}
	/* What is private is part of Pss; but kernels of 32 bits lose huge pages there (smaps_account() of Linux 6.1 shifts them out). */
	uint64_t private = field_of(text, "\nPrivate_Clean:") + field_of(text, "\nPrivate_Dirty:"), pss = field_of(text, "\nPss:");

	held->own += private > pss ? private - pss : 0;
	held->own += field_of(text, "\nPss_Anon:") + field_of(text, "\nSwapPss:") + tables;
	held->mapped += field_of(text, "\nPss_Shmem:") + huge +
	                of_files(field_of(text, "\nPss_File:"), field_of(text, "\nLocked:"));
}

/* What is open counts once, in however many processes it is. */
static struct held held_open(const pid_t *pids, size_t count)
{
	struct held held = { 0 };

	file_count = 0;
	for (size_t i = 0; i < count; i++)
		add_open(pids[i]);
	add_segments();
	unite_files();
	for (size_t i = 0; i < file_count; i++)
		*(files[i].memory ? &held.open : &held.own) += files[i].bytes;
	return held;
}

/* Whether a mapping is of one of the files in memory that are open, or of a segment. */
static bool is_open(const struct mapping *mapping)
{
	bool segment = mapping_kind(mapping) == KIND_SYSV;
	struct open_file key = { .device = segment ? 0 : makedev(mapping->major, mapping->minor),
		                 .inode = (ino_t)mapping->inode };
	const struct open_file *found = bsearch(&key, files, file_count, sizeof(*files), compare_files);

	return found != NULL && found->memory;
}

/* What of a mapping counts as mapped and as open: what is private in it is in no file.  line is room to parse its first line. */
static uint64_t in_files(const struct smaps_record *record, struct maps *line)
{
	const uint64_t *figures = record->figures;

	buf_reset(&line->text);
	buf_add(&line->text, record->text, record->line_len);
	buf_putc(&line->text, '\n');
	if (maps_parse(line, NULL) < 0 || line->count != 1 || !is_open(line->list))
		return 0;
	uint64_t bytes = figures[SMAPS_PSS] - smaller(figures[SMAPS_ANONYMOUS], figures[SMAPS_PSS]);

	if (line->list->perms[3] == 's')
		bytes += figures[SMAPS_SHARED_HUGETLB] + figures[SMAPS_PRIVATE_HUGETLB];
	return bytes;
}

/* The same of all that a process has mapped: no more than that. */
static uint64_t counted_twice(pid_t pid, size_t *room)
{
	struct smaps_record record;
	struct maps line = { 0 };
	uint64_t bytes = 0;

	content = alloc_grow(content, &content_cap, *room, 1);
	ssize_t len = file_read_process(pid, "smaps", content, *room);

	if (len <= 0)
		return 0;
	*room -= (size_t)len;
	/* The last record may have been cut off; hardly ever it is of a file. */
	for (size_t at = 0; smaps_next(content, (size_t)len, &at, &record) && at < (size_t)len;)
		bytes += in_files(&record, &line);
	maps_fini(&line);
	return bytes;
}

/* Whether the processes hold more, where each page counts once; *spare is how much less they hold. */
static bool is_over(struct held held, const pid_t *pids, size_t count, uint64_t bytes, uint64_t *spare)
{
	size_t room = SMAPS_MOST;
	uint64_t twice = 0;

	for (size_t i = 0; i < count; i++)
		add_proportional(&held, pids[i]);
	if (held.own + larger(held.mapped, held.open) > bytes)
		return true;
	/* What is mapped and what is open may be the same or not: the mappings tell, which takes longest. */
	for (size_t i = 0; i < count && held.own + held.mapped + held.open > bytes + twice; i++)
		twice += counted_twice(pids[i], &room);
	if (held.own + held.mapped + held.open > bytes + twice)
		return true;
	*spare = bytes + twice - (held.own + held.mapped + held.open);
	return false;
}

bool touched_over(const pid_t *pids, size_t count, uint64_t bytes)
{
	/* Until when, and up to which sum, what the last look in detail found is good enough. */
	static uint64_t good_until, good_sum;
	struct held open = held_open(pids, count), held = open;
	uint64_t since = clock_ms(), spare = 0;

	for (size_t i = 0; i < count; i++)
		add_resident(&held, pids[i]);
	uint64_t sum = held.own + held.mapped + held.open;

	if (sum <= bytes || (since < good_until && sum <= good_sum))
		return false;
	if (is_over(open, pids, count, bytes, &spare))
		return true;
	/* Where that takes long, it takes half of the time at most. */
	good_until = 2 * clock_ms() - since;
	good_sum = sum + spare;
	return false;
}
