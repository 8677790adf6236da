/* SPDX-License-Identifier: MIT */
/* The file with the old values of the overcommit policy: written before the change, removed when they are back. */
#include "run/kept.h"

#include "base/buf.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 512 }; /* bytes: more than such a file has */

static const char *const paths[] = { "/run/mmtool-overcommit", "/var/lib/mmtool-overcommit" };
static const char *const directories[] = { "/run", "/var/lib" };

enum { PATHS = sizeof(paths) / sizeof(paths[0]) };

static const char head[] = "mmtool overcommit 1\n";

/* Which start of the machine this is: random(4).  At most 63 bytes. */
static int read_boot(char boot[64])
{
	ssize_t got = file_read_small(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot, 64);

	boot[strcspn(boot, "\n")] = '\0';
	return got < 0 ? (int)got : got == 0 ? -EIO : 0;
}

/* Whether nobody but this user, who is root, can write there. */
static bool is_own(const struct stat *status)
{
	return status->st_uid == geteuid() && (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int refuse(struct buf *problem, const char *path, const char *why, int error)
{
	buf_printf(problem, "%s: %s", path, why);
	return error;
}

static int refuse_call(struct buf *problem, const char *path, const char *call, int error)
{
	buf_printf(problem, "%s: %s: %s", call, path, strerror(-error));
	return error;
}

/* Writes all at once: a file is whole or empty, whatever becomes of its writer.  Which call failed is said, too. */
static int write_text(const char *path, const char *text, size_t len, const char **call)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	*call = "open";
	if (fd < 0)
		return -errno;
	*call = "write";
	ssize_t put = write(fd, text, len);
	int error = put < 0 ? -errno : (size_t)put != len ? -ENOSPC : 0;

	if (close(fd) < 0 && error == 0) {
		error = -errno;
		*call = "close";
	}
	if (error < 0)
		unlink(path);
	return error;
}

int kept_write(const struct knob_value old[KNOBS], struct buf *problem)
{
	char boot[64], text[MOST];
	const char *call, *refused = NULL;
	int error = read_boot(boot);

	if (error < 0)
		return refuse_call(problem, "/proc/sys/kernel/random/boot_id", "open or read", error);
	int len = snprintf(text, sizeof(text), "%sboot %s\npid %d\n", head, boot, (int)getpid());

	for (enum knob knob = 0; knob < KNOBS; knob++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%s %.*s", knob_name[knob], (int)old[knob].len, old[knob].text);
	for (size_t i = 0; i < PATHS; i++) {
		struct stat status;

		if (stat(directories[i], &status) < 0) {
			if (errno != ENOENT && errno != ENOTDIR)
				return refuse_call(problem, directories[i], "stat", -errno);
			continue;
		}
		if (!is_own(&status))
			continue;
		error = write_text(paths[i], text, (size_t)len, &call);
		if (error == 0)
			return 0;
		refused = paths[i];
		if (error != -EROFS && error != -EACCES)
			break;
	}
	if (refused != NULL)
		return refuse_call(problem, refused, call, error);
	buf_puts(problem, "neither /run nor /var/lib is a directory that root alone can write to");
	return -ENOENT;
}

/* "NAME VALUE\n" at *at, which is moved past it; the value is digits. */
static bool parse_number(const char **at, const char *name, uint64_t most, uint64_t *value, struct knob_value *text)
{
	size_t len = strlen(name);

	if (strncmp(*at, name, len) != 0 || (*at)[len] != ' ')
		return false;
	const char *digits = *at + len + 1;
	size_t width = strspn(digits, "0123456789");

	if (width == 0 || width > 20 || digits[width] != '\n')
		return false;
	errno = 0;
	*value = strtoull(digits, NULL, 10);
	if (errno != 0 || *value > most)
		return false;
	if (text != NULL) {
		memcpy(text->text, digits, width + 1);
		text->len = width + 1;
	}
	*at = digits + width + 1;
	return true;
}

static bool parse_boot(const char **at, const char *boot, bool *outdated)
{
	size_t len = strncmp(*at, "boot ", 5) == 0 ? strcspn(*at, "\n") : 0;

	if (len < 6 || (*at)[len] != '\n')
		return false;
	*outdated = strlen(boot) != len - 5 || memcmp(*at + 5, boot, len - 5) != 0;
	*at += len + 1;
	return true;
}

static bool parse(struct kept *kept, const char *at, const char *boot)
{
	static const uint64_t most[KNOBS] = { 2, INT_MAX, ULONG_MAX };
	uint64_t pid, values[KNOBS];

	if (strncmp(at, head, sizeof(head) - 1) != 0)
		return false;
	at += sizeof(head) - 1;
	if (!parse_boot(&at, boot, &kept->outdated) || !parse_number(&at, "pid", INT_MAX, &pid, NULL))
		return false;
	kept->pid = (pid_t)pid;
	for (enum knob knob = 0; knob < KNOBS; knob++) {
		if (!parse_number(&at, knob_name[knob], most[knob], &values[knob], &kept->old[knob]))
			return false;
	}
	/* One of the two is in force, and then the other is 0. */
	return *at == '\0' && pid > 0 && (values[KNOB_RATIO] == 0 || values[KNOB_KBYTES] == 0);
}

/* Why the file cannot be believed, or NULL. */
static const char *distrust(int fd, const char *directory)
{
	struct stat status, above;

	if (fstat(fd, &status) < 0 || stat(directory, &above) < 0)
		return "refused: whose it is cannot be known: stat failed";
	if (!S_ISREG(status.st_mode))
		return "refused: not a regular file";
	if (!is_own(&above))
		return "refused: others than root can write to its directory";
	if (!is_own(&status) || status.st_nlink != 1)
		return "refused: others than root can have written it";
	return NULL;
}

static int read_from(struct kept *kept, const char *path, const char *directory, struct buf *problem)
{
	char text[MOST], boot[64];
	int fd = file_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd == -ELOOP)
		return refuse(problem, path, "refused: a symbolic link", fd);
	if (fd < 0)
		return refuse_call(problem, path, "open", fd);
	const char *why = distrust(fd, directory);
	ssize_t got = why == NULL ? file_read(fd, text, sizeof(text) - 1) : 0;

	close(fd);
	text[got > 0 ? got : 0] = '\0';
	snprintf(kept->path, sizeof(kept->path), "%s", path);
	if (why != NULL)
		return refuse(problem, path, why, -EINVAL);
	if (got < 0)
		return refuse_call(problem, path, "read", (int)got);
	kept->unwritten = got == 0;
	if (kept->unwritten)
		return 1;
	int error = read_boot(boot);

	if (error < 0)
		return refuse_call(problem, "/proc/sys/kernel/random/boot_id", "open or read", error);
	if (strlen(text) == (size_t)got && parse(kept, text, boot))
		return 1;
	return refuse(problem, path, "refused: not what mmtool has written there", -EINVAL);
}

int kept_read(struct kept *kept, struct buf *problem)
{
	int found = 0;

	for (size_t i = 0; i < PATHS && found == 0; i++) {
		*kept = (struct kept){ 0 };
		found = read_from(kept, paths[i], directories[i], problem);
	}
	return found;
}

int kept_remove(void)
{
	int error = 0;

	for (size_t i = 0; i < PATHS; i++) {
		int failed = unlink(paths[i]) < 0 ? -errno : 0;

		/* On a file system that is read-only it is refused before it is looked for (fs/namei.c). */
		if (failed < 0 && access(paths[i], F_OK) == 0)
			error = failed;
	}
	return error;
}
