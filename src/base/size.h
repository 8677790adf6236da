/* SPDX-License-Identifier: MIT */
/* Sizes as people write them. */
#ifndef MMTOOL_BASE_SIZE_H
#define MMTOOL_BASE_SIZE_H

#include <stddef.h>
#include <stdint.h>

struct buf;

/*
 * Reads an unsigned integer in C's notation (decimal, 0x hex, leading 0 octal) with an optional suffix
 * K M G T (powers of 1024) or p (pages of page bytes); used by options and by the script language alike.
 * All of text[0..len) must be used.  Returns 0, -EINVAL (not a size) or -ERANGE (over 2^64 - 1).
 */
int size_parse(const char *text, size_t len, uint64_t page, uint64_t *bytes);

/* Adds bytes in the largest unit that divides it: 4096 is "4K", 1572864 "1536K", 100 "100 bytes". */
void size_format(struct buf *buf, uint64_t bytes);

/* The running system's page size, in bytes. */
uint64_t size_page(void);
/* Bytes of a huge page that the kernel makes of ordinary ones; 0: it has none, or does not say. */
uint64_t size_huge_page(void);

#endif
