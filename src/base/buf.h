/* SPDX-License-Identifier: MIT */
/* A growable byte buffer. */
#ifndef MMTOOL_BASE_BUF_H
#define MMTOOL_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

/* {NULL, 0, 0} is an empty buffer.  data[len] is always a NUL once something was added. */
struct buf {
	char *data;
	size_t len, cap;
};

void buf_add(struct buf *buf, const void *data, size_t len);
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *buf, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Room for want more bytes after len; returns where they go.  The caller adds to len what it wrote. */
char *buf_reserve(struct buf *buf, size_t want);

/*
 * Adds len bytes so that nothing in them can reach a terminal as a control, or unseen: invalid UTF-8 and what utf8_unsafe()
 * names become \ooo octal per byte, as do double quotes and backslashes when quoted.
 */
void buf_escape(struct buf *buf, const char *data, size_t len, int quoted);
/* The same of text of lines: its newlines, with a carriage return before them, and its tabs stay. */
void buf_escape_lines(struct buf *buf, const char *data, size_t len);

/* Takes off its end, so that the first len bytes are left; len is at most what it has. */
void buf_cut(struct buf *buf, size_t len);
/* Empties it and keeps the memory. */
void buf_reset(struct buf *buf);
/* The text, NUL-terminated; "" when nothing was added.  Borrowed until the next change. */
const char *buf_text(const struct buf *buf);
void buf_fini(struct buf *buf);

#endif
