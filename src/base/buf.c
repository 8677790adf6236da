/* SPDX-License-Identifier: MIT */
/* A growable byte buffer. */
#include "base/buf.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *buf_reserve(struct buf *buf, size_t want)
{
	size_t need = buf->len + want + 1;

	if (need > buf->cap)
		buf->data = alloc_grow(buf->data, &buf->cap, need < 256 ? 256 : need, 1);
	return buf->data + buf->len;
}

void buf_add(struct buf *buf, const void *data, size_t len)
{
	if (len > 0)
		memcpy(buf_reserve(buf, len), data, len);
	else
		buf_reserve(buf, 0);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_puts(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_putc(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

void buf_vprintf(struct buf *buf, const char *format, va_list args)
{
	va_list again;

	va_copy(again, args);
	buf_reserve(buf, 0);
	size_t room = buf->cap - buf->len;
	int len = vsnprintf(buf->data + buf->len, room, format, args);

	if (len >= 0 && (size_t)len >= room) {
		buf_reserve(buf, (size_t)len);
		len = vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
	}
	if (len > 0)
		buf->len += (size_t)len;
	va_end(again);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(buf, format, args);
	va_end(args);
}

void buf_escape(struct buf *buf, const char *data, size_t len, int quoted)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i += used) {
		int32_t point = utf8_decode(data + i, len - i, &used);

		if (!utf8_unsafe(point) && !(quoted && (point == '"' || point == '\\'))) {
			buf_add(buf, data + i, used);
			continue;
		}
		for (size_t k = 0; k < used; k++)
			buf_printf(buf, "\\%03o", (unsigned)(unsigned char)data[i + k]);
	}
}

/* How many bytes at data end a line or are a tab. */
static size_t is_layout(const char *data, size_t len)
{
	if (data[0] == '\n' || data[0] == '\t')
		return 1;
	return len > 1 && data[0] == '\r' && data[1] == '\n' ? 2 : 0;
}

void buf_escape_lines(struct buf *buf, const char *data, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t kept = is_layout(data + i, len - i), run = 0;

		while (kept == 0 && i + run < len && is_layout(data + i + run, len - i - run) == 0)
			run++;
		buf_escape(buf, data + i, run, 0);
		buf_add(buf, data + i + run, kept);
		i += run + kept;
	}
}

void buf_cut(struct buf *buf, size_t len)
{
	buf->len = len;
	if (buf->data != NULL)
		buf->data[len] = '\0';
}

void buf_reset(struct buf *buf)
{
	buf_cut(buf, 0);
}

const char *buf_text(const struct buf *buf)
{
	return buf->data != NULL ? buf->data : "";
}

void buf_fini(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){ 0 };
}
