/* SPDX-License-Identifier: MIT */
/* Another process's life, seen from outside. */
#include "run/life.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	SMALL = 4096,          /* more than stat, comm and auxv have */
	COLLECT_TRIES = 10,    /* how often a parent is given COLLECT_WAIT to collect its child */
	COLLECT_WAIT = 10,     /* milliseconds */
	STAT_EXIT_CODE = 52,   /* proc_pid_stat(5) */
};

/* include/uapi/linux/pidfd.h, as of 6.15: what PIDFD_GET_INFO fills in. */
struct pidfd_answer {
	uint64_t mask, cgroup;
	uint32_t pid, tgid, ppid, ids[8];
	int32_t exit_code;
};

static const uint64_t info_exit = 1 << 3; /* PIDFD_INFO_EXIT: exit_code is asked for, or valid */

#define GET_INFO _IOWR(0xFF, 11, struct pidfd_answer)

int life_open(struct life *life, pid_t pid)
{
	char path[32];

	*life = (struct life){ .pid = pid, .pidfd = -1 };
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	life->directory = file_open(path, O_RDONLY | O_DIRECTORY);
	if (life->directory < 0)
		return life->directory == -ENOENT ? -ESRCH : life->directory;
	life->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	return 0;
}

void life_close(struct life *life)
{
	if (life->pidfd >= 0)
		close(life->pidfd);
	if (life->directory >= 0)
		close(life->directory);
	life->pidfd = life->directory = -1;
	buf_fini(&life->image);
}

int life_begin(struct life *life)
{
	char text[SMALL];
	ssize_t len = file_read_small(life->directory, "auxv", text, sizeof(text));

	buf_reset(&life->image);
	if (len > 0)
		buf_add(&life->image, text, (size_t)len);
	/* The number was this process's all the time when the directory still answers. */
	len = file_read_small(life->directory, "stat", text, sizeof(text));
	return len > 0 ? 0 : len == 0 || len == -ENOENT ? -ESRCH : (int)len;
}

int life_add_command(struct buf *buf, const struct life *life)
{
	char text[SMALL];
	ssize_t len = file_read_small(life->directory, "comm", text, sizeof(text));

	if (len > 0)
		buf_add(buf, text, (size_t)len - (text[len - 1] == '\n'));
	return len < 0 ? (int)len : 0;
}

/* Field number of stat, from 3 (the state) on; NULL when there is none. */
static const char *find_field(const char *stat, unsigned number)
{
	/* The second is the command's name, which may hold anything; the last ")" ends it. */
	const char *field = strrchr(stat, ')');

	for (unsigned i = 2; field != NULL && i < number; i++)
		field = strchr(field + 1, ' ');
	return field != NULL ? field + 1 : NULL;
}

/* 'R', 'S', 'Z', …; 0 when the process is not there any more. */
static char state(const struct life *life)
{
	char text[SMALL];
	const char *field = NULL;

	if (file_read_small(life->directory, "stat", text, sizeof(text)) > 0)
		field = find_field(text, 3);
	return field != NULL ? *field : 0;
}

static bool has_ended(const struct life *life)
{
	struct pollfd end = { .fd = life->pidfd, .events = POLLIN };

	if (life->pidfd >= 0)
		return poll(&end, 1, 0) > 0;
	/* Also a main thread that ended before others; then, at last, its address space says so. */
	char now = state(life);

	return now == 0 || now == 'Z' || now == 'X';
}

/*
 * A zombie's status as its stat has it: 1, 0: it is none, or -errno.  Where the main thread ended apart from the others, an
 * older kernel (5.10) has its own there, and not the whole process's.
 */
static int read_code(const struct life *life, int *status)
{
	char text[SMALL];
	ssize_t len = file_read_small(life->directory, "stat", text, sizeof(text));

	if (len <= 0)
		return len == -ESRCH || len == -ENOENT ? 0 : (int)len;
	const char *now = find_field(text, 3), *code = find_field(text, STAT_EXIT_CODE);

	if (now == NULL || *now != 'Z' || code == NULL)
		return 0;
	*status = (int)strtol(code, NULL, 10);
	return 1;
}

enum life_state life_look(struct life *life, bool gone)
{
	char image[SMALL];
	ssize_t len = file_read_small(life->directory, "auxv", image, sizeof(image));

	if (gone) {
		/* One that is refused is there: the new program is not this user's (set-user-ID). */
		if (len > 0 || len == -EACCES || len == -EPERM)
			return LIFE_EXECED;
		return has_ended(life) ? LIFE_ENDED : LIFE_LEAVING;
	}
	/* A main thread that has ended before the others, and one that made itself unreadable, have none to compare. */
	if (len <= 0 && !life->headless)
		life->headless = read_code(life, &life->own_status) > 0 && !has_ended(life);
	if (len <= 0 || life->image.len == 0)
		return LIFE_SAME;
	return (size_t)len == life->image.len && memcmp(image, life->image.data, life->image.len) == 0 ? LIFE_SAME : LIFE_EXECED;
}

/* A zombie's status; stat says 0 where this user may not know it, so another question of the same right is asked. */
static int read_status(const struct life *life, int *status)
{
	char link[1];
	int known = read_code(life, status);

	if (known <= 0)
		return known;
	/* Both want PTRACE_MODE_READ_FSCREDS; a zombie whose link may be read has none (fs/proc/base.c, fs/proc/array.c). */
	if (readlinkat(life->directory, "exe", link, sizeof(link)) >= 0 || errno != ENOENT || state(life) != 'Z')
		return 0;
	return !life->headless || *status != life->own_status;
}

int life_status(const struct life *life, int *status)
{
	const struct timespec moment = { .tv_nsec = COLLECT_WAIT * 1000000L };

	for (unsigned i = 0; i < COLLECT_TRIES; i++) {
		struct pidfd_answer answer = { .mask = info_exit };

		int known = read_status(life, status);

		if (known != 0)
			return known;
		if (life->pidfd < 0)
			return 0;
		/* Before 6.13 there is no such question, and none of an end before 6.15. */
		if (ioctl(life->pidfd, GET_INFO, &answer) < 0)
			return errno == EIO || errno == EINTR || errno == ENOMEM ? -errno : 0;
		if ((answer.mask & info_exit) != 0) {
			*status = answer.exit_code;
			return 1;
		}
		nanosleep(&moment, NULL);
	}
	return 0;
}
