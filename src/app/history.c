/* SPDX-License-Identifier: MIT */
/* The shell's history: a line a line, appended when it was typed. */
#include "app/history.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The file's path, or NULL.  The XDG base directory specification: a path that is not absolute counts as not set.  What
 * begins the path, *there bytes, is not made: who has no home folder is not given one.
 */
static char *find_path(size_t *there)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	struct buf path = { 0 };

	*there = 1;
	if (state != NULL && state[0] == '/') {
		buf_puts(&path, state);
	} else if (home != NULL && home[0] == '/') {
		buf_puts(&path, home);
		*there = path.len + 1;
		buf_puts(&path, "/.local/state");
	} else {
		return NULL;
	}
	buf_puts(&path, "/mmtool/history");
	return path.data;
}

/* The directories on the way to path, for the user alone, but for those that its first bytes name. */
static int make_way(char *path, size_t there)
{
	for (char *slash = strchr(path + there, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		int made = mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : -errno;

		*slash = '/';
		/* One that is there and that nobody may write to: EROFS or EACCES, and no matter. */
		if (made < 0 && made != -EROFS && made != -EACCES)
			return made;
	}
	return 0;
}

/* Opens it for adding to.  A pipe without a reader is not waited for (ENXIO). */
static int begin(struct history *history)
{
	history->fd = open(history->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	return history->fd < 0 ? -errno : 0;
}

/* The text of a file that is a regular one; else nothing: a history may be a link to /dev/null. */
static int read_all(const char *path, struct buf *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	ssize_t got = 1;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode))
		got = 0;
	while (got > 0) {
		char *to = buf_reserve(text, 64 * 1024);

		got = read(fd, to, 64 * 1024);
		text->len += got > 0 ? (size_t)got : 0;
	}
	int error = got < 0 ? -errno : 0;

	close(fd);
	return error;
}

/* Where the last HISTORY_LINES of a text begin. */
static size_t keep_from(const struct buf *text)
{
	size_t lines = 0, at = text->len;

	while (at > 0) {
		if (text->data[at - 1] == '\n' && at < text->len && ++lines == HISTORY_LINES)
			return at;
		at--;
	}
	return 0;
}

/* Cuts the file: the new one takes its place at once, so that a reader finds either.  Failing leaves a longer file. */
static void cut(const char *path, const struct buf *text, size_t from)
{
	struct buf name = { 0 };

	buf_printf(&name, "%s.%d", path, (int)getpid());
	int fd = open(name.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd >= 0) {
		bool whole = file_write(fd, text->data + from, text->len - from) == 0;

		if (close(fd) < 0 || !whole || rename(name.data, path) < 0)
			unlink(name.data);
	}
	buf_fini(&name);
}

/* Reads the file, cutting it when it is too long. */
static int load(const char *path, struct buf *text, size_t *from)
{
	int error = read_all(path, text);

	*from = keep_from(text);
	if (error == 0 && *from > 0)
		cut(path, text, *from);
	return error;
}

static void give_lines(struct buf *text, size_t from, void (*take)(void *context, const char *line), void *context)
{
	char *at = text->data + from, *end = text->data + text->len;

	while (at < end) {
		char *newline = memchr(at, '\n', (size_t)(end - at));

		if (newline == NULL)
			newline = end;
		*newline = '\0';
		if (*at != '\0')
			take(context, at);
		at = newline + 1;
	}
}

int history_open(struct history *history, void (*take)(void *context, const char *line), void *context)
{
	struct buf text = { 0 };
	size_t from = 0, there;

	*history = (struct history){ .path = find_path(&there), .fd = -1 };
	if (history->path == NULL)
		return 0;
	int error = make_way(history->path, there);

	if (error == 0)
		error = load(history->path, &text, &from);
	/* Room for the NUL that ends a last line without a newline. */
	buf_reserve(&text, 1)[0] = '\0';
	if (error == 0)
		give_lines(&text, from, take, context);
	buf_fini(&text);
	if (error == 0)
		error = begin(history);
	return error;
}

bool history_keep(struct history *history, const char *line, size_t len)
{
	struct buf text = { 0 };

	if (strspn(line, " \t") >= len || (history->last != NULL && strcmp(history->last, line) == 0))
		return false;
	free(history->last);
	history->last = alloc_string(line, len);
	buf_add(&text, line, len);
	buf_putc(&text, '\n');
	if (history->fd >= 0 && file_write(history->fd, text.data, text.len) < 0) {
		close(history->fd);
		history->fd = -1;
	}
	buf_fini(&text);
	return true;
}

void history_close(struct history *history)
{
	struct buf text = { 0 };
	size_t from;

	if (history->fd >= 0) {
		close(history->fd);
		(void)load(history->path, &text, &from);
	}
	buf_fini(&text);
	free(history->path);
	free(history->last);
	*history = (struct history){ .fd = -1 };
}
