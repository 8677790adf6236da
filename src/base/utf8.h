/* SPDX-License-Identifier: MIT */
/* UTF-8, one code point at a time. */
#ifndef MMTOOL_BASE_UTF8_H
#define MMTOOL_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The code point at data, of len bytes, at least one; *used is how many it takes.  -1, and one byte, where none begins:
 * overlong forms and surrogates are none (RFC 3629).
 */
int32_t utf8_decode(const char *text, size_t len, size_t *used);

/* Whether all of it is UTF-8. */
bool utf8_valid(const char *data, size_t len);

/*
 * Whether a code point may not reach a terminal as it is: C0, DEL, C1, the marks that reorder a line (Unicode's
 * Bidi_Control), the line and the paragraph separator, characters that nobody sees (Default_Ignorable_Code_Point, but for the
 * two joiners, U+200C and U+200D, without which some languages cannot be written); and -1.
 */
bool utf8_unsafe(int32_t point);

#endif
