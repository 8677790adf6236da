/* SPDX-License-Identifier: MIT */
/* Writes JSON (RFC 8259): plain appends to a buffer, for values that are known in the order in which they stand. */
#ifndef MMTOOL_BASE_JSON_H
#define MMTOOL_BASE_JSON_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* Adds a comma where something stands before the next member or element of the object or list in hand. */
void json_next(struct buf *buf);
/* json_next(), then "name": for a member whose value follows.  name needs no escape. */
void json_key(struct buf *buf, const char *name);

/*
 * Adds a string of len bytes.  What utf8_unsafe() names is written as \uXXXX, so that a terminal can show the line and
 * a reader still gets every character.  A byte that is no UTF-8 becomes a backslash and three octal digits, which a
 * reader cannot tell from such text: json_hex() beside it keeps what it was.
 */
void json_text(struct buf *buf, const char *text, size_t len);
/* Adds a string of two hex digits a byte. */
void json_hex(struct buf *buf, const char *data, size_t len);

/* Adds a number; beyond 2^53, where readers that use doubles lose digits, a string of decimal digits. */
void json_unsigned(struct buf *buf, uint64_t value);
void json_signed(struct buf *buf, int64_t value);
/* Adds "0x7f…". */
void json_address(struct buf *buf, uint64_t address);

#endif
