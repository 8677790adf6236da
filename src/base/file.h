/* SPDX-License-Identifier: MIT */
/* Opening, reading and writing files: a signal that comes between is no error. */
#ifndef MMTOOL_BASE_FILE_H
#define MMTOOL_BASE_FILE_H

#include <sys/types.h>

/* As open(2), with O_CLOEXEC; a new file gets mode 0666.  A descriptor, or -errno. */
int file_open(const char *path, int flags);
int file_open_at(int folder, const char *path, int flags);

/* As read(2) and pread(2): the bytes read, 0 at the end, or -errno. */
ssize_t file_read(int fd, void *data, size_t size);
ssize_t file_read_at(int fd, void *data, size_t size, off_t offset);
/* Writes all of it, in one write(2) where that takes it; a full pipe is waited for, some seconds also where it is O_NONBLOCK.
 * Allocates nothing.  0 or -errno. */
int file_write(int fd, const void *data, size_t size);

/*
 * Reads a file that is shorter than size whole, however it comes, and ends it with a NUL.  Its length, of which the NUL is
 * none, or -errno.
 */
ssize_t file_read_small(int folder, const char *path, char *text, size_t size);
/* The same of the file /proc/PID/NAME. */
ssize_t file_read_process(pid_t pid, const char *name, char *text, size_t size);

/*
 * Closes all descriptors but these, which it puts in order: somebody may be waiting for the end of a pipe that mmtool was
 * given.  Where close_range(2) is not (before Linux 5.9, or a filter refuses it), up to a number of 65535.  Allocates nothing.
 */
void file_close_except(int *kept, unsigned count);

#endif
