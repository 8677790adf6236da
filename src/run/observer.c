/* SPDX-License-Identifier: MIT */
/* The observer: reads what the kernel tells of a process. */
#include "run/observer.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/size.h"
#include "mm/counters.h"
#include "mm/smaps.h"
#include "run/process.h"
#include "run/scan.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	READ_ROOM = 4096,  /* the least room for one read; the kernel answers at most a page of text of maps */
	TORN_READS = 8,    /* how often a read that is out of order is made again */
	PAGEMAP_BATCH = 512,
	SCAN_BATCH = 256,
};

int observer_check_proc(void)
{
	char link[32];
	ssize_t len = readlink("/proc/self", link, sizeof(link) - 1);

	if (len < 0)
		return -errno;
	link[len] = '\0';
	/* /proc of another PID namespace would tell of another process under the same number. */
	return strtol(link, NULL, 10) == (long)getpid() ? 0 : -ESRCH;
}

static int open_file(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return file_open(path, O_RDONLY);
}

int observer_open(struct observer *observer, pid_t pid)
{
	*observer = (struct observer){ .pid = pid, .smaps = -1, .pagemap = -1 };
	observer->maps = open_file(pid, "maps");
	if (observer->maps < 0)
		return observer->maps;
	observer->smaps = open_file(pid, "smaps");
	observer->pagemap = open_file(pid, "pagemap");
	return 0;
}

void observer_close(struct observer *observer)
{
	int *files[] = { &observer->maps, &observer->smaps, &observer->pagemap };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (*files[i] >= 0)
			close(*files[i]);
		*files[i] = -1;
	}
	maps_fini(&observer->heard);
	buf_fini(&observer->scratch);
}

/* Adds what one read at an offset gives behind what is there.  Returns how much it was, 0 at the end, or -errno. */
static ssize_t read_more(int fd, struct buf *text, off_t offset)
{
	char *to = buf_reserve(text, READ_ROOM);
	ssize_t got = file_read_at(fd, to, text->cap - text->len - 1, offset);

	if (got < 0)
		return got;
	text->len += (size_t)got;
	text->data[text->len] = '\0';
	return got;
}

int observer_read_file(int fd, struct buf *text)
{
	ssize_t got;

	buf_reset(text);
	do {
		got = read_more(fd, text, (off_t)text->len);
	} while (got > 0);
	return (int)got;
}

bool observer_lives(const struct observer *observer)
{
	uint64_t entry;

	/* There is an entry for every address, mapped or not; maps has a line at least. */
	if (observer->pagemap >= 0)
		return file_read_at(observer->pagemap, &entry, sizeof(entry), 0) != 0;
	return file_read_at(observer->maps, &entry, 1, 0) != 0;
}

int observer_read(struct observer *observer, struct maps *maps)
{
	int error = -EINVAL;

	for (unsigned i = 0; i < TORN_READS && error == -EINVAL; i++) {
		error = observer_read_file(observer->maps, &maps->text);
		if (error == 0)
			error = maps->text.len > 0 ? maps_parse(maps, NULL) : -ESRCH;
	}
	return error;
}

int observer_choose(struct observer *observer, enum observer_way way)
{
	int error = way != OBSERVER_TEXT ? observer_can_query(observer) : -EOPNOTSUPP;

	observer->insists = way == OBSERVER_QUERY;
	observer->queries = error == 0;
	return observer->insists ? error : 0;
}

/* A query costs as much as the text of some mappings: where many are to be asked for, it is read. */
static bool is_few(const struct maps *maps, const struct stale *stale)
{
	size_t few = maps->count / 4 + 8;

	for (unsigned i = 0; i < stale->count; i++) {
		size_t touching;

		maps_mapped(maps, stale->ranges[i].start, stale->ranges[i].end - stale->ranges[i].start, &touching);
		if (touching > few)
			return false;
		few -= touching;
	}
	return true;
}

static int read_whole(struct observer *observer, struct maps *maps)
{
	int error = observer_read(observer, &observer->heard);

	if (error < 0)
		return error;
	error = observer->checked ? 0 : observer_compare(observer, &observer->heard);
	if (error < 0) {
		observer->queries = false;
		observer->unasked = observer->insists;
		return observer->insists ? error : observer_read(observer, maps);
	}
	observer->checked = true;
	maps_patch(maps, 0, UINT64_MAX, &observer->heard);
	return 0;
}

int observer_update(struct observer *observer, struct maps *maps, const struct stale *stale)
{
	if (!observer->queries)
		return observer_read(observer, maps);
	int error = stale->all || !is_few(maps, stale) ? -EAGAIN : 0;

	for (unsigned i = 0; i < stale->count && error == 0; i++)
		error = observer_query(observer, maps, &stale->ranges[i]);
	if (error != 0)
		error = read_whole(observer, maps);
	return error;
}

static int read_path(struct observer *observer, const char *path, struct buf *text)
{
	int fd = file_open(path, O_RDONLY | O_NOCTTY);

	if (observer != NULL)
		observer->unopened = fd < 0;
	if (fd < 0)
		return fd;
	int error = observer_read_file(fd, text);

	close(fd);
	return error;
}

int observer_status(struct observer *observer, const char *field, int64_t *value)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)observer->pid);
	int error = read_path(observer, path, &observer->scratch);

	if (error < 0)
		return error;
	return counters_find(observer->scratch.data, observer->scratch.len, field, value) ? 0 : -ENODATA;
}

int observer_meminfo(struct observer *observer, const char *field, int64_t *value)
{
	int error = read_path(observer, "/proc/meminfo", &observer->scratch);

	if (error < 0)
		return error;
	return counters_find(observer->scratch.data, observer->scratch.len, field, value) ? 0 : -ENODATA;
}

int observer_read_smaps(struct observer *observer, struct buf *text)
{
	observer->unopened = observer->smaps < 0;
	return observer->smaps < 0 ? observer->smaps : observer_read_file(observer->smaps, text);
}

int observer_read_smaps_range(struct observer *observer, uint64_t start, uint64_t end, struct buf *text)
{
	bool whole_lines = true;
	off_t offset = 0;

	observer->unopened = observer->smaps < 0;
	if (observer->smaps < 0)
		return observer->smaps;
	buf_reset(text);
	for (;;) {
		size_t old = text->len;
		uint64_t here;
		ssize_t got = read_more(observer->smaps, text, offset);

		if (got <= 0)
			return (int)got;
		/* One glance at each read: it begins with a record, since the kernel gives as many whole ones as fit. */
		bool begins = whole_lines && smaps_begins(text->data + old, (size_t)got, &here);

		if (begins && here >= end)
			return 0;
		if (begins && here <= start && old > 0) {
			memmove(text->data, text->data + old, (size_t)got + 1);
			text->len = (size_t)got;
		}
		whole_lines = text->data[text->len - 1] == '\n';
		offset += got;
	}
}

static int smaps_record(struct observer *observer, uint64_t addr, struct smaps_record *record)
{
	int error = observer_read_smaps_range(observer, addr, addr + 1, &observer->scratch);

	if (error < 0)
		return error;
	return smaps_at(buf_text(&observer->scratch), observer->scratch.len, addr, record) ? 0 : -EFAULT;
}

int observer_smaps(struct observer *observer, uint64_t addr, const char *field, int64_t *value)
{
	struct smaps_record record;
	int error = smaps_record(observer, addr, &record);

	if (error < 0)
		return error;
	return counters_find(record.text, record.text_len, field, value) ? 0 : -ENODATA;
}

int observer_vmflag(struct observer *observer, uint64_t addr, const char *flag, int64_t *value)
{
	struct smaps_record record;
	int error = smaps_record(observer, addr, &record);

	if (error < 0)
		return error;
	*value = smaps_has_flag(&record, flag);
	return record.flags != NULL ? 0 : -ENODATA;
}

int observer_sysctl(struct observer *observer, const char *name, int64_t *value)
{
	char path[256] = "/proc/sys/";
	size_t at = strlen(path);
	struct buf text = { 0 };
	char *end;

	for (const char *c = name; *c != '\0'; c++) {
		bool known = isalnum((unsigned char)*c) || *c == '_' || *c == '-' || *c == '.' || *c == '/';

		/* Two separators in a row could be "..", and climb out of /proc/sys. */
		if (!known || at + 1 >= sizeof(path) || ((*c == '.' || *c == '/') && path[at - 1] == '/'))
			return -EINVAL;
		path[at++] = *c == '.' ? '/' : *c;
	}
	path[at] = '\0';
	int error = read_path(observer, path, &text);

	if (error == 0) {
		errno = 0;
		*value = strtoll(buf_text(&text), &end, 10);
		/* Digits that nothing follows, not even a newline, came short, and the rest is not to be had (proc_dointvec()). */
		if (end == buf_text(&text) || errno != 0)
			error = -ENODATA;
		else if (*end == '\0')
			error = -EIO;
	}
	buf_fini(&text);
	return error;
}

int observer_faults(struct observer *observer, bool major, int64_t *value)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)observer->pid);
	int error = read_path(observer, path, &observer->scratch);

	if (error < 0)
		return error;
	const struct counter_row *row = &counter_rows[major ? COUNTER_MAJFLT : COUNTER_MINFLT];

	return counters_stat(observer->scratch.data, observer->scratch.len, row->field, value) ? 0 : -ENODATA;
}

/* One batch of pagemap entries; returns how many were read, 0 past the end of the address space. */
static ssize_t read_pagemap(struct observer *observer, uint64_t index, uint64_t *entries, size_t count)
{
	observer->unopened = observer->pagemap < 0;
	if (observer->pagemap < 0)
		return observer->pagemap;
	ssize_t got = file_read_at(observer->pagemap, entries, count * sizeof(*entries), (off_t)(index * sizeof(*entries)));

	return got < 0 ? got : (ssize_t)((size_t)got / sizeof(*entries));
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* What of [start, end) is in [addr, addr + len), in bytes. */
static int64_t within(uint64_t start, uint64_t end, uint64_t addr, uint64_t len)
{
	uint64_t from = start > addr ? start : addr;

	return (int64_t)(smaller(end, addr + len) - from);
}

/* By what has pages: 0, or -errno. */
static int scan_resident(struct observer *observer, uint64_t addr, uint64_t len, int64_t *value)
{
	static struct scan_range ranges[SCAN_BATCH];
	uint64_t page = size_page(), at = addr / page * page, end = (addr + len + page - 1) / page * page;

	for (uint64_t last = at + 1; at < end && at != last;) {
		last = at;
		int got = scan_pages(observer->pagemap, &at, end, SCAN_PRESENT, 0, ranges, SCAN_BATCH);

		if (got < 0)
			return got;
		for (int i = 0; i < got; i++)
			*value += within(ranges[i].start, ranges[i].end, addr, len);
	}
	return 0;
}

/* Entry by entry: 0, or -errno. */
static int read_resident(struct observer *observer, uint64_t addr, uint64_t len, const struct exchange_limits *limits,
                         uint64_t since, int64_t *value)
{
	static uint64_t entries[PAGEMAP_BATCH];
	uint64_t page = size_page();

	for (uint64_t at = addr / page; at * page < addr + len;) {
		uint64_t want = smaller((addr + len - at * page + page - 1) / page, PAGEMAP_BATCH);
		ssize_t got = read_pagemap(observer, at, entries, (size_t)want);

		if (got < 0)
			return (int)got;
		if (got == 0)
			break;
		for (ssize_t i = 0; i < got; i++, at++) {
			if (entries[i] >> PAGEMAP_PRESENT_BIT)
				*value += within(at * page, at * page + page, addr, len);
		}
		if (limits->stop != NULL && *limits->stop != 0)
			return -EINTR;
		if (limits->timeout_ms > 0 && clock_ms() - since > limits->timeout_ms)
			return -ETIME;
	}
	return 0;
}

int observer_resident(struct observer *observer, uint64_t addr, uint64_t len, const struct exchange_limits *limits,
                      uint64_t since, int64_t *value)
{
	*value = 0;
	if (addr + len < addr)
		return -EINVAL;
	/* One batch is read as soon as it is scanned; and what cannot be scanned can be read. */
	if (observer->pagemap >= 0 && len / PAGEMAP_BATCH > (uint64_t)size_page()) {
		if (scan_resident(observer, addr, len, value) == 0)
			return 0;
		*value = 0;
	}
	return read_resident(observer, addr, len, limits, since, value);
}

int observer_pfn(struct observer *observer, uint64_t addr, int64_t *value)
{
	uint64_t entry = 0;
	ssize_t got = read_pagemap(observer, addr / size_page(), &entry, 1);

	if (got < 0)
		return (int)got;
	bool present = got == 1 && entry >> PAGEMAP_PRESENT_BIT;

	/* Bits 0 to 54 are the frame of a present page, zero without CAP_SYS_ADMIN. */
	*value = present ? (int64_t)(entry & ((UINT64_C(1) << 55) - 1)) : 0;
	return present && *value == 0 ? 1 : 0;
}

int observer_guard(struct observer *observer, uint64_t addr, bool *guard)
{
	uint64_t entry = 0;
	ssize_t got = read_pagemap(observer, addr / size_page(), &entry, 1);

	*guard = got == 1 && (entry >> PAGEMAP_GUARD_BIT & 1) != 0;
	return got < 0 ? (int)got : 0;
}
