/* SPDX-License-Identifier: MIT */
/* Opening and reading files. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	ROOM_MS = 5000,   /* for a reader to read on: who waits for ever may have something to put back */
	WRITE_TRIES = 16, /* of a descriptor that is said to have room, and takes nothing */
	HIGHEST = 65536,  /* of the descriptors that are closed one by one */
};

int file_open_at(int folder, const char *path, int flags)
{
	int fd;

	do {
		fd = openat(folder, path, flags | O_CLOEXEC, 0666);
	} while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

int file_open(const char *path, int flags)
{
	return file_open_at(AT_FDCWD, path, flags);
}

ssize_t file_read(int fd, void *data, size_t size)
{
	ssize_t got;

	do {
		got = read(fd, data, size);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

ssize_t file_read_at(int fd, void *data, size_t size, off_t offset)
{
	ssize_t got;

	do {
		got = pread(fd, data, size, offset);
	} while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

/* After an EAGAIN: standard error can be full, and somebody else have said that nobody waits there (O_NONBLOCK).  0 or -errno. */
static int wait_for_room(int fd)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	return poll(&room, 1, ROOM_MS) > 0 ? 0 : -EAGAIN;
}

int file_write(int fd, const void *data, size_t size)
{
	unsigned tries = 0;

	for (size_t at = 0; at < size;) {
		ssize_t put = write(fd, (const char *)data + at, size - at);
		int error = put < 0 ? -errno : put == 0 ? -EIO : 0;

		if (error == -EAGAIN && tries++ < WRITE_TRIES)
			error = wait_for_room(fd);
		if (error < 0 && error != -EINTR)
			return error;
		if (put > 0) {
			at += (size_t)put;
			tries = 0;
		}
	}
	return 0;
}

ssize_t file_read_small(int folder, const char *path, char *text, size_t size)
{
	int fd = file_open_at(folder, path, O_RDONLY);
	size_t len = 0;
	ssize_t got = fd;

	if (fd >= 0) {
		do {
			got = file_read(fd, text + len, size - 1 - len);
			len += got > 0 ? (size_t)got : 0;
		} while (got > 0 && len < size - 1);
		close(fd);
	}
	text[len] = '\0';
	return got < 0 ? got : (ssize_t)len;
}

ssize_t file_read_process(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return file_read_small(AT_FDCWD, path, text, size);
}

static int descriptor_order(const void *left, const void *right)
{
	int a = *(const int *)left, b = *(const int *)right;

	return (a > b) - (a < b);
}

void file_close_except(int *kept, unsigned count)
{
	unsigned from = 0;

	if (count > 0)
		qsort(kept, count, sizeof(*kept), descriptor_order);
	for (unsigned i = 0; i <= count; i++) {
		unsigned to = i < count ? (unsigned)kept[i] : ~0U;

		if (to > from && syscall(SYS_close_range, from, to - 1, 0) < 0) {
			for (unsigned fd = from; fd < to && fd < HIGHEST; fd++)
				close((int)fd);
		}
		from = to + 1;
	}
}
