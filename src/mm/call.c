/* SPDX-License-Identifier: MIT */
/* Writes the arguments and the results of calls as strace(1) does. */
#include "mm/call.h"

#include "base/buf.h"

#include <inttypes.h>
#include <string.h>

enum {
	SHOWN_BYTES = 32, /* strace's -s */
	FDCWD = -100,     /* linux/fcntl.h: AT_FDCWD, the same everywhere */
};

/* strace's escapes: the C library's letters, else the shortest octal that the next character does not prolong. */
static void add_byte(struct buf *buf, unsigned char c, bool digit_follows)
{
	static const char *const letters[] = { "\"\"", "\\\\", "\nn", "\tt", "\rr", "\ff", "\vv" };

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (c == (unsigned char)letters[i][0]) {
			buf_printf(buf, "\\%c", letters[i][1]);
			return;
		}
	}
	if (c >= ' ' && c < 0x7f)
		buf_putc(buf, (char)c);
	else
		buf_printf(buf, digit_follows ? "\\%03o" : "\\%o", c);
}

static void add_string(struct buf *buf, const char *string, size_t len, size_t shown)
{
	size_t end = len < shown ? len : shown;

	buf_putc(buf, '"');
	for (size_t i = 0; i < end; i++)
		add_byte(buf, (unsigned char)string[i], i + 1 < end && string[i + 1] >= '0' && string[i + 1] <= '9');
	buf_puts(buf, end < len ? "\"..." : "\"");
}

static void add_int(struct buf *buf, uint64_t value)
{
	buf_printf(buf, "%" PRId64, (int64_t)value);
}

static void add_fd(struct buf *buf, uint64_t value)
{
	buf_printf(buf, "%d", (int)(uint32_t)value);
}

static void add_unsigned(struct buf *buf, uint64_t value)
{
	buf_printf(buf, "%" PRIu64, value);
}

static void add_hex(struct buf *buf, uint64_t value)
{
	buf_printf(buf, "%#" PRIx64, value);
}

static void add_address(struct buf *buf, uint64_t value)
{
	if (value)
		add_hex(buf, value);
	else
		buf_puts(buf, "NULL");
}

static void add_mode(struct buf *buf, uint64_t value)
{
	buf_printf(buf, "%#03" PRIo64, value);
}

static void add_dirfd(struct buf *buf, uint64_t value)
{
	if ((int)(uint32_t)value == FDCWD)
		buf_puts(buf, "AT_FDCWD");
	else
		add_fd(buf, value);
}

/* The hard limit is left as it is, whatever it is. */
static void add_rlimit(struct buf *buf, uint64_t value)
{
	if (value == UINT64_MAX)
		buf_puts(buf, "{rlim_cur=RLIM64_INFINITY, ...}");
	else if (value > 1024 && value % 1024 == 0)
		buf_printf(buf, "{rlim_cur=%" PRIu64 "*1024, ...}", value / 1024);
	else
		buf_printf(buf, "{rlim_cur=%" PRIu64 ", ...}", value);
}

static void (*const add[])(struct buf *, uint64_t) = {
	[ARG_INT] = add_int,         [ARG_FD] = add_fd,      [ARG_SIZE] = add_unsigned,
	[ARG_OFFSET] = add_int,      [ARG_PLACE] = add_hex,  [ARG_DIRFD] = add_dirfd,
	[ARG_ADDRESS] = add_address, [ARG_HEX] = add_hex,    [ARG_STRING] = add_address,
	[ARG_BUFFER] = add_address,  [ARG_MODE] = add_mode,  [ARG_RLIMIT] = add_rlimit,
};

void call_format_arg(struct buf *buf, const struct call_arg *arg, uint64_t value, const char *string, size_t len)
{
	if (string)
		add_string(buf, string, len, arg->kind == ARG_STRING ? SIZE_MAX : SHOWN_BYTES);
	else if (arg->kind == ARG_FLAGS)
		constant_format(buf, arg->group, value);
	else if (arg->kind < sizeof(add) / sizeof(add[0])) /* recorded events may say anything */
		add[arg->kind](buf, value);
	else
		add_hex(buf, value);
}

/* The error's description in the C locale, whatever the user's. */
static const char *description(int error)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 32)
	return strerrordesc_np(error);
#else
	return strerror(error);
#endif
}

void call_format_result(struct buf *buf, enum call_result kind, int64_t result, int error)
{
	const char *name, *text;

	if (error == 0) {
		buf_puts(buf, " = ");
		if (kind == RESULT_ADDRESS)
			add_hex(buf, (uint64_t)result);
		else
			add_int(buf, (uint64_t)result);
		return;
	}
	name = constant_name(GROUP_ERRNO, error);
	text = description(error);
	if (name && text)
		buf_printf(buf, " = -1 %s (%s)", name, text);
	else
		buf_printf(buf, " = -1 (errno %d)", error);
}

bool call_touches(const struct call *call)
{
	return call->class == CALL_MEMORY || call->id == CALL_MLOCK || call->id == CALL_MLOCK2 || call->id == CALL_MLOCKALL;
}
