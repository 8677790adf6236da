/* SPDX-License-Identifier: MIT */
/* The files of the overcommit policy in /proc/sys/vm. */
#include "run/knobs.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum {
	RETRIES = 10, /* of putting back, if refused */
	RETRY_MS = 50,
};

const char *const knob_name[KNOBS] = { "overcommit_memory", "overcommit_ratio", "overcommit_kbytes" };

static int value_read(int fd, struct knob_value *value)
{
	ssize_t len = file_read_at(fd, value->text, sizeof(value->text), 0);

	value->len = len > 0 ? (size_t)len : 0;
	/* A read that came short cannot be gone on with: proc_dointvec() answers nothing behind the beginning (kernel/sysctl.c). */
	return len < 0 ? (int)len : len == 0 || value->text[len - 1] != '\n' ? -EIO : 0;
}

static int value_write(int fd, const struct knob_value *value)
{
	ssize_t len;

	do {
		len = pwrite(fd, value->text, value->len, 0);
	} while (len < 0 && errno == EINTR);
	return len < 0 ? -errno : (size_t)len != value->len ? -EIO : 0;
}

static bool value_is(const struct knob_value *value, const char *text)
{
	return value->len == strlen(text) && memcmp(value->text, text, value->len) == 0;
}

void knob_set(struct knob_value *value, int number)
{
	value->len = (size_t)snprintf(value->text, sizeof(value->text), "%d\n", number);
}

bool knobs_same(const struct knob_value a[KNOBS], const struct knob_value b[KNOBS])
{
	for (enum knob knob = 0; knob < KNOBS; knob++) {
		if (a[knob].len != b[knob].len || memcmp(a[knob].text, b[knob].text, a[knob].len) != 0)
			return false;
	}
	return true;
}

void knobs_add(struct buf *text, const struct knob_value values[KNOBS])
{
	for (enum knob knob = 0; knob < KNOBS; knob++)
		buf_printf(text, "%svm.%s=%.*s", knob == 0 ? "" : " ", knob_name[knob],
		           (int)(values[knob].len > 0 ? values[knob].len - 1 : 0), values[knob].text);
}

int knobs_open(struct knobs *knobs, const char **call, bool *held)
{
	char path[64];

	*knobs = (struct knobs){ { -1, -1, -1 } };
	*call = "open";
	*held = false;
	for (enum knob knob = 0; knob < KNOBS; knob++) {
		snprintf(path, sizeof(path), "/proc/sys/vm/%s", knob_name[knob]);
		knobs->fd[knob] = file_open(path, O_RDWR);
		if (knobs->fd[knob] < 0)
			return knobs->fd[knob];
	}
	int error;

	*call = "flock";
	do {
		error = flock(knobs->fd[KNOB_POLICY], LOCK_EX | LOCK_NB) < 0 ? -errno : 0;
	} while (error == -EINTR);
	*held = error == -EWOULDBLOCK;
	return error;
}

void knobs_close(const struct knobs *knobs)
{
	for (enum knob knob = 0; knob < KNOBS; knob++) {
		if (knobs->fd[knob] >= 0)
			close(knobs->fd[knob]);
	}
}

int knobs_read(const struct knobs *knobs, struct knob_value values[KNOBS])
{
	int error = 0;

	for (enum knob knob = 0; knob < KNOBS && error == 0; knob++)
		error = value_read(knobs->fd[knob], &values[knob]);
	return error;
}

static bool knob_holds(const struct knobs *knobs, enum knob knob, const struct knob_value wanted[KNOBS])
{
	struct knob_value now;

	return value_read(knobs->fd[knob], &now) == 0 && now.len == wanted[knob].len &&
	       memcmp(now.text, wanted[knob].text, now.len) == 0;
}

static int policy_put(const struct knobs *knobs, const struct knob_value wanted[KNOBS])
{
	return knob_holds(knobs, KNOB_POLICY, wanted) ? 0 : value_write(knobs->fd[KNOB_POLICY], &wanted[KNOB_POLICY]);
}

/* Ratio and kbytes exclude each other: writing one zeroes the other (mm/util.c), so only that in force is written. */
static int limit_put(const struct knobs *knobs, const struct knob_value wanted[KNOBS])
{
	enum knob in_force = value_is(&wanted[KNOB_KBYTES], "0\n") ? KNOB_RATIO : KNOB_KBYTES;

	if (knob_holds(knobs, KNOB_RATIO, wanted) && knob_holds(knobs, KNOB_KBYTES, wanted))
		return 0;
	return value_write(knobs->fd[in_force], &wanted[in_force]);
}

int knobs_put(const struct knobs *knobs, const struct knob_value wanted[KNOBS])
{
	bool strict = value_is(&wanted[KNOB_POLICY], "2\n");
	int first = strict ? limit_put(knobs, wanted) : policy_put(knobs, wanted);
	int second = strict ? policy_put(knobs, wanted) : limit_put(knobs, wanted);

	if (first < 0 || second < 0)
		return first < 0 ? first : second;
	for (enum knob knob = 0; knob < KNOBS; knob++) {
		if (!knob_holds(knobs, knob, wanted))
			return -EIO;
	}
	return 0;
}

int knobs_put_back(const struct knobs *knobs, const struct knob_value old[KNOBS])
{
	struct timespec pause = { .tv_nsec = RETRY_MS * 1000000L };
	int error = knobs_put(knobs, old);

	for (int i = 0; i < RETRIES && error < 0; i++) {
		nanosleep(&pause, NULL);
		error = knobs_put(knobs, old);
	}
	return error;
}
