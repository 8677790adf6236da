/* SPDX-License-Identifier: MIT */
/* The files that a script may have: what it may open, and files of its own. */
#include "run/machine.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

/* /dev/null is 1:3 and /dev/zero 1:5 on every Linux (Documentation/admin-guide/devices.txt). */
static bool is_harmless_device(const struct stat *stat)
{
	return S_ISCHR(stat->st_mode) && major(stat->st_rdev) == 1 && (minor(stat->st_rdev) == 3 || minor(stat->st_rdev) == 5);
}

/* Whether the object behind an O_PATH descriptor, or a file's own descriptor, may be read by a script. */
static bool readable(int fd, const struct stat *stat)
{
	struct statfs system;

	if (S_ISREG(stat->st_mode) || is_harmless_device(stat))
		return true;
	return fstatfs(fd, &system) == 0 && (system.f_type == PROC_SUPER_MAGIC || system.f_type == SYSFS_MAGIC);
}

static bool for_writing(uint64_t flags)
{
	return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0 ||
	       (flags & (O_TMPFILE & ~O_DIRECTORY)) != 0;
}

static bool refuse(struct machine *m, const char *path, const char *why)
{
	struct buf shown = { 0 };

	buf_escape(&shown, path, strlen(path), 0);
	machine_fail(m, "open: \"%s\" %s", buf_text(&shown), why);
	buf_fini(&shown);
	return false;
}

static const char *const needs_write = "would be opened for writing: --allow-write lets a script do that";
static const char *const no_file = "is neither a regular file, nor of /proc or /sys, nor /dev/zero or /dev/null";

static bool judge(struct machine *m, const char *path, int fd)
{
	struct stat stat;

	if (fstat(fd, &stat) < 0)
		return machine_break(m, "fstat", -errno);
	if (!readable(fd, &stat))
		return refuse(m, path, no_file);
	return true;
}

/* Whether an open failed for want of what the tool needs, and not because of the file. */
static bool is_ours(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -EIO;
}

bool files_are_handed_over(const struct machine *m, uint64_t flags)
{
	return for_writing(flags) && !m->options->allow_write;
}

bool files_may_open(struct machine *m, const char *path, uint64_t flags)
{
	char own[4096 + 32];
	const char *written = path;
	const char *rest = strncmp(path, "/proc/self", 10) == 0 ? path + 10 : NULL;

	/* By these names only: through /dev/stdin or //proc/self a script would mean its own descriptors, and the tool its own. */
	if (files_are_handed_over(m, flags) && strcmp(path, "/dev/null") != 0 && strcmp(path, "/dev/zero") != 0)
		return refuse(m, written, needs_write);
	/* Judged without opening it: a fifo would block, and opening a device can do things by itself. */
	if (rest != NULL && (*rest == '/' || *rest == '\0')) {
		snprintf(own, sizeof(own), "/proc/%d%s", (int)m->here->process.pid, rest);
		path = own;
	}
	int fd = file_open(path, O_PATH);

	/* Nothing is let through because it could not be looked at. */
	if (fd < 0 && is_ours(fd))
		return machine_break(m, "open", fd);
	/* What is not there cannot be judged; the kernel's answer to the script's own open will say so. */
	if (fd < 0)
		return true;
	bool may = judge(m, written, fd);

	close(fd);
	return may;
}

static void give_back(struct machine *m, int fd)
{
	struct exec_request *request = machine_request(EXEC_SYSCALL);
	struct kernel_call kernel;

	call_translate(call_find("close", 5), (const uint64_t[CALL_ARGS]){ (uint64_t)fd }, 0, &kernel);
	request->args[0] = (uint64_t)kernel.number;
	request->args[1] = (uint64_t)fd;
	machine_ask(m);
}

/* After setuid(2) the kernel shows what a process has open to its own user, and to who has CAP_SYS_PTRACE: root need not. */
static bool refuse_unseen(struct machine *m, const char *path, int error)
{
	struct buf why = { 0 };

	buf_printf(&why, "was closed again, for what was opened could not be looked at: /proc/PID/fd: %s%s", strerror(-error),
	           error == -EACCES || error == -EPERM ? " (mmtool needs CAP_SYS_PTRACE for that)" : "");
	refuse(m, path, buf_text(&why));
	buf_fini(&why);
	return false;
}

bool files_may_keep(struct machine *m, const char *path, int fd)
{
	char link[64];
	bool may = true;

	snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)m->here->process.pid, fd);
	int object = file_open(link, O_PATH);

	if (object >= 0) {
		may = judge(m, path, object);
		close(object);
	} else if (is_ours(object)) {
		may = machine_break(m, "open: /proc/PID/fd", object);
	} else {
		may = refuse_unseen(m, path, object);
	}
	if (!may)
		give_back(m, fd);
	return may;
}

bool files_path_at(struct machine *m, uint64_t address, const char **path, uint64_t *unreadable)
{
	enum { LONGEST = 4096 }; /* PATH_MAX, with the final zero: of what is longer the kernel reads so much, and refuses it */
	char *text = arena_alloc(&m->temp, LONGEST + 1);
	size_t len = 0;

	*path = NULL;
	/* Byte by byte, and guarded: where it cannot be read the kernel will say EFAULT, and nobody dies of it. */
	do {
		struct exec_request *request = machine_request(EXEC_LOAD);

		request->guarded = true;
		*unreadable = request->args[0] = address + len;
		const struct exec_reply *reply = machine_ask(m);

		if (reply == NULL)
			return false;
		if (reply->answer == ANSWER_FAULT)
			return true;
		text[len] = (char)reply->result;
	} while (text[len] != '\0' && ++len < LONGEST);
	text[len] = '\0';
	*path = text;
	return true;
}

/* 0, -EXDEV where it is in memory, or -errno. */
static int look_on_disk(int fd)
{
	struct statfs system;

	if (fstatfs(fd, &system) < 0)
		return -errno;
	/* Magic numbers have 32 bits; the member is an int on some machines and a long on others. */
	const uint32_t type = (uint32_t)system.f_type;

	return type != TMPFS_MAGIC && type != RAMFS_MAGIC && type != HUGETLBFS_MAGIC ? 0 : -EXDEV;
}

/* A new unlinked file in a folder, or -errno. */
static int new_file(const char *folder)
{
	char path[4096];
	int fd;

	do {
		fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	} while (fd < 0 && errno == EINTR);
	/* File systems without O_TMPFILE (open(2)): a name that is taken away at once. */
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL) &&
	    snprintf(path, sizeof(path), "%s/mmtool-XXXXXX", folder) < (int)sizeof(path)) {
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			unlink(path);
	}
	if (fd < 0)
		return -errno;
	int error = look_on_disk(fd);

	if (error == 0)
		return fd;
	close(fd);
	return error;
}

enum { FOLDERS = 3 };

/* In $TMPDIR, /var/tmp or here; else negative, and why[i] is why there is none in each: as new_file(), or 0, not set. */
static int new_file_anywhere(int why[FOLDERS])
{
	const char *folders[FOLDERS] = { secure_getenv("TMPDIR"), "/var/tmp", "." };
	int fd = -ENOENT;

	for (size_t i = 0; i < FOLDERS && fd < 0; i++) {
		bool set = folders[i] != NULL && folders[i][0] != '\0';

		if (set)
			fd = new_file(folders[i]);
		why[i] = set ? fd : 0;
	}
	return fd;
}

static const char *why_not(int why)
{
	if (why == 0)
		return "not set";
	return why == -EXDEV ? "in memory" : strerror(-why);
}

/* The script's descriptor is an opening of its own, with the flags that it asks for. */
static bool hand_over(struct machine *m, struct performance *p, int file, uint64_t flags)
{
	struct exec_reply *reply = arena_alloc(&m->temp, sizeof(*reply));
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
	int fd = file_open(link, (int)(flags & ~(uint64_t)(O_CREAT | O_EXCL)));

	if (fd < 0 && is_ours(fd))
		return machine_break(m, "open", fd);
	if (fd < 0) {
		p->result = fd;
		return true;
	}
	enum exchange outcome = process_give(&m->here->process, machine_request(EXEC_ADOPT), fd, reply,
	                                     &m->options->limits);

	close(fd);
	if (!machine_outlived(m, outcome))
		return false;
	p->result = reply->result;
	return true;
}

bool files_hand_over(struct machine *m, struct performance *p, const char *path, uint64_t flags)
{
	struct stat stat;
	int fd = file_open(path, O_PATH);
	bool made = true;

	if (fd < 0 && is_ours(fd))
		return machine_break(m, "open", fd);
	p->call->performed = true;
	if (fd < 0) {
		p->result = fd;
		return true;
	}
	if (fstat(fd, &stat) < 0)
		made = machine_break(m, "fstat", -errno);
	else if (!is_harmless_device(&stat))
		made = refuse(m, path, needs_write);
	else if ((flags & O_CREAT) != 0 && (flags & O_EXCL) != 0)
		p->result = -EEXIST;
	else
		made = hand_over(m, p, fd, flags);
	close(fd);
	return made;
}

static int resize(int fd, off_t size)
{
	int error;

	do {
		error = ftruncate(fd, size) < 0 ? -errno : 0;
	} while (error == -EINTR);
	return error;
}

bool perform_tmpfile(struct machine *m, struct performance *p)
{
	uint64_t flags = p->statement->count > 1 ? (uint64_t)p->args[1].integer : O_RDWR;
	int why[FOLDERS] = { 0 };
	int fd = new_file_anywhere(why);

	if (fd < 0 && is_ours(fd))
		return machine_break(m, "open", fd);
	if (fd < 0) {
		m->unsupported = true;
		return machine_fail(m, "tmpfile: no file can be made on a disk, neither in $TMPDIR (%s) nor in /var/tmp (%s) nor here (%s)",
		                    why_not(why[0]), why_not(why[1]), why_not(why[2]));
	}
	p->call->performed = true;
	bool made = true;

	if (p->args[0].integer < 0)
		p->result = -EINVAL;
	else
		p->result = resize(fd, (off_t)p->args[0].integer);
	if (p->result == 0)
		made = hand_over(m, p, fd, flags);
	close(fd);
	return made;
}
