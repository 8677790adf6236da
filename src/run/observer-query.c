/* SPDX-License-Identifier: MIT */
/* Mappings one by one, by the ioctl PROCMAP_QUERY of /proc/PID/maps (Linux 6.11), as lines of that file. */
#include "run/observer.h"

#include <errno.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/ioctl.h>

/* struct procmap_query of linux/fs.h, which the headers of older systems lack. */
struct query {
	uint64_t size, flags, addr;                                    /* asked */
	uint64_t start, end, perms, page_size, offset, inode;          /* answered */
	uint32_t major, minor;
	uint32_t name_size, build_id_size;                             /* room, and what there is */
	uint64_t name, build_id;                                       /* where they go */
};

#define QUERY _IOWR('f', 17, struct query)

enum { READABLE = 1, WRITABLE = 2, EXECUTABLE = 4, SHARED = 8, COVERING_OR_NEXT = 16 };

enum {
	SHORT_NAME = 256, /* the kernel fetches as much memory as there is room */
	TRIES = 8,        /* how often a range is widened */
};

/* Asks for the mapping that holds addr, or the next above.  0, -ENOENT (there is none) or -errno. */
static int ask(const struct observer *observer, uint64_t addr, struct query *query, char name[PATH_MAX])
{
	uint32_t room = name != NULL ? SHORT_NAME : 0;

	for (;;) {
		*query = (struct query){ .size = sizeof(*query), .flags = COVERING_OR_NEXT, .addr = addr,
			                 .name_size = room, .name = (uintptr_t)name };
		if (ioctl(observer->maps, QUERY, query) == 0)
			return 0;
		if (errno == ENAMETOOLONG && room > 0 && room < PATH_MAX)
			room = PATH_MAX;
		else if (errno != EINTR)
			return -errno;
	}
}

int observer_can_query(const struct observer *observer)
{
	struct query query;
	int error = ask(observer, 0, &query, NULL);

	if (error == -ENOENT)
		return 0;
	/* Before Linux 6.11 the file had no ioctl at all; what knows of others says EINVAL. */
	return error == -ENOTTY || error == -EINVAL ? -EOPNOTSUPP : error;
}

/* In lower case, with as many zeros in front as the kernel has (seq_put_hex_ll() in fs/seq_file.c). */
static void add_hex(struct buf *text, uint64_t value, unsigned width, char behind)
{
	char digits[17];
	unsigned at = sizeof(digits);

	digits[--at] = behind;
	do {
		digits[--at] = "0123456789abcdef"[value & 15];
		value >>= 4;
	} while (value > 0 || sizeof(digits) - 1 - at < width);
	buf_add(text, digits + at, sizeof(digits) - at);
}

static void add_decimal(struct buf *text, uint64_t value, char behind)
{
	char digits[21];
	unsigned at = sizeof(digits);

	digits[--at] = behind;
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	buf_add(text, digits + at, sizeof(digits) - at);
}

/* As seq_path(m, path, "\n") in show_map_vma(), fs/proc/task_mmu.c: of all bytes a newline alone is escaped. */
static void add_name(struct buf *text, const char *name)
{
	for (size_t len; name[len = strcspn(name, "\n")] != '\0'; name += len + 1) {
		buf_add(text, name, len);
		buf_puts(text, "\\012");
	}
	buf_puts(text, name);
}

/* Adds the line that the file has for the mapping (show_vma_header_prefix() in the kernel's fs/proc/task_mmu.c). */
static void add_line(struct buf *text, const struct query *query, const char *name, size_t name_column)
{
	size_t from = text->len;
	const char perms[] = { query->perms & READABLE ? 'r' : '-', query->perms & WRITABLE ? 'w' : '-',
		               query->perms & EXECUTABLE ? 'x' : '-', query->perms & SHARED ? 's' : 'p', ' ' };

	add_hex(text, query->start, 8, '-');
	add_hex(text, query->end, 8, ' ');
	buf_add(text, perms, sizeof(perms));
	add_hex(text, query->offset, 8, ' ');
	add_hex(text, query->major, 2, ':');
	add_hex(text, query->minor, 2, ' ');
	add_decimal(text, query->inode, ' ');
	if (query->name_size > 0) {
		do
			buf_putc(text, ' ');
		while (text->len - from < name_column);
		add_name(text, name);
	}
	buf_putc(text, '\n');
}

/* Reads the mappings that touch [low, high), and one at least if there is one above.  0 or -errno. */
static int read_range(struct observer *observer, uint64_t low, uint64_t high)
{
	struct maps *heard = &observer->heard;
	char name[PATH_MAX];
	struct query query;

	buf_reset(&heard->text);
	for (uint64_t at = low; at < high; at = query.end) {
		int error = ask(observer, at, &query, name);

		if (error == -ENOENT || (error == 0 && query.start >= high))
			break;
		if (error < 0)
			return error;
		add_line(&heard->text, &query, name, observer->name_column);
	}
	return maps_parse(heard, NULL);
}

/* Widens a range until it cuts no mapping of the snapshot. */
static void widen(const struct maps *maps, uint64_t *low, uint64_t *high)
{
	const struct mapping *first = maps_find(maps, *low), *last = maps_find(maps, *high - 1);

	if (first != NULL)
		*low = first->start;
	if (last != NULL)
		*high = last->end;
}

int observer_query(struct observer *observer, struct maps *maps, const struct stale_range *range)
{
	/* What ends or begins where the range does can have become one with what is in it. */
	uint64_t low = range->start > 0 ? range->start - 1 : 0;
	uint64_t high = range->end < observer->top ? range->end + 1 : observer->top;
	const struct maps *heard = &observer->heard;

	for (unsigned i = 0; i < TRIES && low < high; i++) {
		widen(maps, &low, &high);
		int error = read_range(observer, low, high);

		if (error < 0)
			return error;
		uint64_t start = heard->count > 0 ? heard->list[0].start : low;
		uint64_t end = heard->count > 0 ? heard->list[heard->count - 1].end : high;

		if (start >= low && end <= high) {
			maps_patch(maps, low, high, heard);
			return 0;
		}
		low = start < low ? start : low;
		high = end > high ? end : high;
	}
	return low < high ? -EAGAIN : 0;
}

/* The column at which the names of short lines stand; 0: no line tells. */
static size_t find_column(const struct maps *text)
{
	for (size_t i = 0; i < text->count; i++) {
		const struct mapping *m = &text->list[i];

		if (m->name_len > 0 && m->name[-1] == ' ' && m->name[-2] == ' ')
			return (size_t)(m->name - m->line);
	}
	return 0;
}

int observer_compare(struct observer *observer, const struct maps *text)
{
	struct query query;

	observer->name_column = find_column(text);
	if (text->count == 0 || observer->name_column == 0)
		return -EOPNOTSUPP;
	const struct mapping *first = &text->list[0], *last = &text->list[text->count - 1];
	struct buf line = { 0 };

	/* The text ends with a mapping of all processes alike (get_gate_vma() in the kernel), of which queries do not tell. */
	int error = ask(observer, last->start, &query, NULL);

	if (error < 0 && error != -ENOENT)
		return error;
	observer->top = error < 0 ? last->start : UINT64_MAX;
	char name[PATH_MAX];

	error = ask(observer, first->start, &query, name);
	if (error < 0)
		return error;
	add_line(&line, &query, name, observer->name_column);
	bool same = line.len == (size_t)first->line_len + 1 && memcmp(line.data, first->line, first->line_len) == 0;

	buf_fini(&line);
	return same ? 0 : -EOPNOTSUPP;
}
