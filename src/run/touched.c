/* SPDX-License-Identifier: MIT */
/* How much memory processes have touched, as /proc tells it. */
#include "run/touched.h"

#include "base/alloc.h"
#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 512 /* of st_blocks, stat(2) */ };

/* The text of the file /proc/PID/NAME, valid until the next call; NULL: it cannot be read, or there is nothing in it. */
static const char *text_of(pid_t pid, const char *name)
{
	static char *text;
	static size_t cap;

	/* What a user can put into status has wide bounds: the groups of a process alone may take 700 KB. */
	for (size_t want = 4096;; want = cap + 1) {
		text = alloc_grow(text, &cap, want, 1);
		ssize_t len = file_read_process(pid, name, text, cap);

		if (len < (ssize_t)cap - 1)
			return len > 0 ? text : NULL;
	}
}

/* Bytes of a line "Field:   N kB" of a file of /proc; 0 when there is none. */
static uint64_t field_of(const char *text, const char *field)
{
	const char *line = strstr(text, field);

	return line != NULL ? strtoull(line + strlen(field), NULL, 10) * 1024 : 0;
}

/* Bytes in the files in memory (memfd_create(2), tmpfs) that a process has open: they need not be mapped to be there. */
static uint64_t in_files(pid_t pid)
{
	char path[64];
	uint64_t bytes = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	DIR *folder = opendir(path);

	for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
		struct statfs system;
		struct stat stat;

		if (fstatat(dirfd(folder), entry->d_name, &stat, 0) < 0 || !S_ISREG(stat.st_mode) || stat.st_nlink > 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fd/%.16s", (int)pid, entry->d_name);
		if (statfs(path, &system) == 0 && system.f_type == TMPFS_MAGIC)
			bytes += (uint64_t)stat.st_blocks * BLOCK;
	}
	if (folder != NULL)
		closedir(folder);
	return bytes;
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

/* Bytes in the segments that a script made: resident and swapped, the last two fields in proc_sysvipc(5). */
static uint64_t in_segments(void)
{
	FILE *list = creator_count > 0 ? fopen("/proc/sysvipc/shm", "re") : NULL;
	char line[512];
	uint64_t bytes = 0;

	while (list != NULL && fgets(line, sizeof(line), list) != NULL) {
		uint64_t present = 0, swapped = 0;
		int64_t changed = 0;
		pid_t creator = 0;
		int fields = sscanf(line, "%*d %*d %*o %*u %d %*u %*u %*u %*u %*u %*u %*d %*d %" SCNd64 " %" SCNu64 " %" SCNu64,
		                    &creator, &changed, &present, &swapped);

		if (fields == 4 && is_creator(creator) && (time_t)changed >= creators_since)
			bytes += present + swapped;
	}
	if (list != NULL)
		fclose(list);
	return bytes;
}

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

/* What a process has resident; shared pages, and those that a fork left common, count in each that has them. */
static uint64_t resident(pid_t pid, uint64_t files)
{
	const char *text = text_of(pid, "status");

	if (text == NULL)
		return 0;
	return field_of(text, "\nRssAnon:") + field_of(text, "\nVmSwap:") + field_of(text, "\nVmPTE:") +
	       larger(field_of(text, "\nRssShmem:") + field_of(text, "\nHugetlbPages:"), files) +
	       of_files(field_of(text, "\nRssFile:"), field_of(text, "\nVmLck:"));
}

/* The same with each page counted once, but huge pages of the pool: dearer, for the kernel walks all page tables. */
static uint64_t proportional(pid_t pid, uint64_t files)
{
	const char *text = text_of(pid, "status");

	if (text == NULL)
		return 0;
	uint64_t tables = field_of(text, "\nVmPTE:"), huge = field_of(text, "\nHugetlbPages:");

	text = text_of(pid, "smaps_rollup");
	/* After a setuid(2) it cannot be read any more, and before Linux 5.9 it lacks these lines. */
	if (text == NULL || strstr(text, "\nPss_Anon:") == NULL)
		return resident(pid, files);
	return field_of(text, "\nPss_Anon:") + field_of(text, "\nSwapPss:") + tables +
	       larger(field_of(text, "\nPss_Shmem:") + huge, files) +
	       of_files(field_of(text, "\nPss_File:"), field_of(text, "\nLocked:"));
}

bool touched_over(const pid_t *pids, size_t count, uint64_t bytes)
{
	uint64_t sum = 0, exact = 0, segments = in_segments();

	for (size_t i = 0; i < count; i++)
		sum += resident(pids[i], in_files(pids[i]) + (i == 0 ? segments : 0));
	if (sum <= bytes || count == 1)
		return sum > bytes;
	/* A memory file that was inherited is open in several: it counts where it is mapped. */
	for (size_t i = 0; i < count; i++)
		exact += proportional(pids[i], i == 0 ? in_files(pids[i]) + segments : 0);
	return exact > bytes;
}
