/* SPDX-License-Identifier: MIT */
/* The lines of a shell. */
#include "app/line.h"

#include "base/diag.h"
#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024 };

static void take_line(void *context, const char *line)
{
	struct lines *lines = context;

	if (lines->edit != NULL)
		edit_remember(lines->edit, line);
}

void lines_open(struct lines *lines, void (*complete)(void *, const char *, size_t, struct completion *),
                void (*before_read)(void *), void *context)
{
	const char *reason = NULL;

	*lines = (struct lines){ .history = { .fd = -1 }, .before_read = before_read, .context = context };
	lines->terminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
	if (!lines->terminal)
		return;
	lines->edit = edit_open(complete, context, &reason);
	if (lines->edit == NULL)
		diag_error("no line editing: %s", reason);
	int error = history_open(&lines->history, take_line, lines);

	if (error < 0)
		diag_error("no history: %s: %s", lines->history.path, strerror(-error));
}

void lines_close(struct lines *lines)
{
	history_close(&lines->history);
	edit_close(lines->edit);
	buf_fini(&lines->buf);
}

static void remember(struct lines *lines, const char *text, size_t len)
{
	struct buf line = { 0 };

	if (!lines->terminal)
		return;
	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
		len--;
	buf_add(&line, text, len);
	if (history_keep(&lines->history, buf_text(&line), len) && lines->edit != NULL)
		edit_remember(lines->edit, line.data);
	buf_fini(&line);
}

static enum line edited(struct lines *lines, const char *prompt, const char **text, size_t *len)
{
	bool cancelled;

	*text = edit_read(lines->edit, prompt, len, &cancelled);
	if (cancelled)
		return LINE_CANCELLED;
	return *text != NULL ? LINE_READ : LINE_END;
}

/* Reads more: LINE_READ when there is some.  A line without an end (/dev/zero) is EFBIG. */
static enum line fill(struct lines *lines)
{
	enum { LONGEST = 16 << 20 };

	if (lines->buf.len > LONGEST) {
		errno = EFBIG;
		return LINE_FAILED;
	}
	char *to = buf_reserve(&lines->buf, READ_SIZE);
	ssize_t got = read(STDIN_FILENO, to, READ_SIZE);

	if (got < 0)
		return errno == EINTR && lines->terminal ? LINE_CANCELLED : errno == EINTR ? LINE_READ : LINE_FAILED;
	lines->buf.len += (size_t)got;
	lines->ended = got == 0;
	return LINE_READ;
}

static enum line plain(struct lines *lines, const char *prompt, const char **text, size_t *len)
{
	struct buf *buf = &lines->buf;
	size_t seen = lines->at;
	bool prompted = false;

	for (;;) {
		const char *newline = seen < buf->len ? memchr(buf->data + seen, '\n', buf->len - seen) : NULL;

		if (newline != NULL || (lines->ended && lines->at < buf->len)) {
			*text = buf->data + lines->at;
			*len = newline != NULL ? (size_t)(newline + 1 - *text) : buf->len - lines->at;
			lines->at += *len;
			return LINE_READ;
		}
		if (lines->ended)
			return LINE_END;
		/* What was given out is not needed any more. */
		if (lines->at > 0)
			memmove(buf->data, buf->data + lines->at, buf->len - lines->at);
		buf->len -= lines->at;
		lines->at = 0;
		seen = buf->len;
		lines->before_read(lines->context);
		/* Where nothing can be printed any more, the next output says so: reading has not failed. */
		if (lines->terminal && !prompted)
			(void)file_write(STDOUT_FILENO, prompt, strlen(prompt));
		prompted = true;
		enum line outcome = fill(lines);

		if (outcome != LINE_READ)
			return outcome;
	}
}

enum line lines_next(struct lines *lines, const char *prompt, const char **text, size_t *len)
{
	enum line outcome;

	if (lines->edit != NULL) {
		lines->before_read(lines->context);
		outcome = edited(lines, prompt, text, len);
	} else {
		outcome = plain(lines, prompt, text, len);
	}
	if (outcome == LINE_READ)
		remember(lines, *text, *len);
	return outcome;
}
