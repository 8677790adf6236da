/* SPDX-License-Identifier: MIT */
/* Writes JSON. */
#include "base/json.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

/* The largest integer below which doubles hold every integer. */
static const uint64_t exact = UINT64_C(1) << 53;

void json_next(struct buf *buf)
{
	char last = buf->len > 0 ? buf->data[buf->len - 1] : '[';

	/* A string ends in a quote, so a last bracket is one of the structure; a newline ends the line before. */
	if (last != '{' && last != '[' && last != '\n')
		buf_putc(buf, ',');
}

void json_key(struct buf *buf, const char *name)
{
	json_next(buf);
	buf_putc(buf, '"');
	buf_puts(buf, name);
	buf_add(buf, "\":", 2);
}

static void add_point(struct buf *buf, int32_t point)
{
	static const char *const letters[] = { "\bb", "\tt", "\nn", "\ff", "\rr" };

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (point == letters[i][0]) {
			buf_printf(buf, "\\%c", letters[i][1]);
			return;
		}
	}
	/* Beyond U+FFFF, as UTF-16 has it (RFC 8259, section 7). */
	if (point > 0xffff) {
		buf_printf(buf, "\\u%04" PRIx32, 0xd800 + (((uint32_t)point - 0x10000) >> 10));
		point = 0xdc00 + (point & 0x3ff);
	}
	buf_printf(buf, "\\u%04" PRIx32, (uint32_t)point);
}

void json_text(struct buf *buf, const char *text, size_t len)
{
	size_t plain = 0, used = 1;

	buf_putc(buf, '"');
	for (size_t i = 0; i < len; i += used) {
		unsigned char c = (unsigned char)text[i];

		used = 1;
		if (c >= ' ' && c < 0x7f && c != '"' && c != '\\')
			continue;
		int32_t point = utf8_decode(text + i, len - i, &used);

		if (point >= 0x7f && !utf8_unsafe(point))
			continue;
		buf_add(buf, text + plain, i - plain);
		plain = i + used;
		if (point < 0)
			buf_printf(buf, "\\\\%03o", c);
		else if (point == '"' || point == '\\')
			buf_printf(buf, "\\%c", (char)point);
		else
			add_point(buf, point);
	}
	buf_add(buf, text + plain, len - plain);
	buf_putc(buf, '"');
}

void json_hex(struct buf *buf, const char *data, size_t len)
{
	buf_putc(buf, '"');
	for (size_t i = 0; i < len; i++)
		buf_printf(buf, "%02x", (unsigned)(unsigned char)data[i]);
	buf_putc(buf, '"');
}

void json_unsigned(struct buf *buf, uint64_t value)
{
	buf_printf(buf, value <= exact ? "%" PRIu64 : "\"%" PRIu64 "\"", value);
}

void json_signed(struct buf *buf, int64_t value)
{
	uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;

	buf_printf(buf, size <= exact ? "%" PRId64 : "\"%" PRId64 "\"", value);
}

void json_address(struct buf *buf, uint64_t address)
{
	buf_printf(buf, "\"0x%" PRIx64 "\"", address);
}
