/* SPDX-License-Identifier: MIT */
/* Sizes as people write them. */
#include "base/size.h"

#include "base/buf.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

/* The factor that a suffix stands for; 0 for a letter that is none. */
static uint64_t factor(char suffix, uint64_t page)
{
	switch (suffix) {
	case 'K':
		return UINT64_C(1) << 10;
	case 'M':
		return UINT64_C(1) << 20;
	case 'G':
		return UINT64_C(1) << 30;
	case 'T':
		return UINT64_C(1) << 40;
	case 'p':
		return page;
	default:
		return 0;
	}
}

int size_parse(const char *text, size_t len, uint64_t page, uint64_t *bytes)
{
	unsigned base = 10;
	size_t i = 0, digits = 0;
	uint64_t value = 0;
	int error = 0;

	if (len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		i = 2;
	} else if (len > 1 && text[0] == '0') {
		base = 8;
	}
	for (; i < len && digit(text[i]) < (int)base; i++, digits++) {
		if (__builtin_mul_overflow(value, (uint64_t)base, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit(text[i]), &value))
			error = -ERANGE;
	}
	if (digits == 0)
		return -EINVAL;
	if (i + 1 == len) {
		uint64_t unit = factor(text[i], page);

		if (unit == 0)
			return -EINVAL;
		if (__builtin_mul_overflow(value, unit, &value))
			error = -ERANGE;
	} else if (i < len) {
		return -EINVAL;
	}
	*bytes = value;
	return error;
}

void size_format(struct buf *buf, uint64_t bytes)
{
	static const char units[] = "TGMK";

	for (unsigned i = 0; i < 4; i++) {
		uint64_t unit = UINT64_C(1) << (40 - 10 * i);

		if (bytes >= unit && bytes % unit == 0) {
			buf_printf(buf, "%" PRIu64 "%c", bytes / unit, units[i]);
			return;
		}
	}
	buf_printf(buf, bytes == 1 ? "1 byte" : "%" PRIu64 " bytes", bytes);
}

uint64_t size_page(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t size_huge_page(void)
{
	char text[32];
	ssize_t len = file_read_small(AT_FDCWD, "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", text, sizeof(text));
	uint64_t size;

	return len > 0 && size_parse(text, (size_t)len - 1, 1, &size) == 0 ? size : 0;
}
