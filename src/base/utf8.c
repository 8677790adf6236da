/* SPDX-License-Identifier: MIT */
/* UTF-8, one code point at a time. */
#include "base/utf8.h"

int32_t utf8_decode(const char *text, size_t len, size_t *used)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };
	const unsigned char *data = (const unsigned char *)text;

	*used = 1;
	for (size_t form = 0; form < 4; form++) {
		if ((data[0] & forms[form].mask) != forms[form].lead)
			continue;
		uint32_t point = data[0] & (unsigned char)~forms[form].mask;

		if (form >= len)
			return -1;
		for (size_t i = 1; i <= form; i++) {
			if ((data[i] & 0xc0) != 0x80)
				return -1;
			point = point << 6 | (data[i] & 0x3f);
		}
		if (point < forms[form].least || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
			return -1;
		*used = form + 1;
		return (int32_t)point;
	}
	return -1;
}

bool utf8_valid(const char *data, size_t len)
{
	size_t used;

	for (size_t i = 0; i < len; i += used) {
		if (utf8_decode(data + i, len - i, &used) < 0)
			return false;
	}
	return true;
}

bool utf8_unsafe(int32_t point)
{
	static const struct {
		int32_t first, last;
	} ranges[] = {
		{ -1, 0x1f },         /* what is none; C0 */
		{ 0x7f, 0x9f },       /* DEL, C1 */
		{ 0xad, 0xad },       /* the soft hyphen */
		{ 0x34f, 0x34f },     /* the combining grapheme joiner */
		{ 0x61c, 0x61c },     /* the Arabic letter mark */
		{ 0x115f, 0x1160 },   /* Hangul fillers */
		{ 0x17b4, 0x17b5 },   /* Khmer vowels that are not written */
		{ 0x180b, 0x180f },   /* Mongolian variation selectors, and the vowel separator */
		{ 0x200b, 0x200b },   /* the space without width; the joiners behind it shape what is written */
		{ 0x200e, 0x200f },   /* the marks of direction */
		{ 0x2028, 0x202e },   /* the separators; embeddings and overrides of direction */
		{ 0x2060, 0x206f },   /* the word joiner, invisible operators, isolates */
		{ 0x3164, 0x3164 },   /* the Hangul filler */
		{ 0xfe00, 0xfe0f },   /* variation selectors */
		{ 0xfeff, 0xfeff },   /* the byte order mark */
		{ 0xffa0, 0xffa0 },   /* the Hangul filler of half width */
		{ 0xfff0, 0xfffb },   /* what is kept for more of them; marks of annotations */
		{ 0x1bca0, 0x1bca3 }, /* controls of shorthand */
		{ 0x1d173, 0x1d17a }, /* controls of musical notation */
		{ 0xe0000, 0xe0fff }, /* tags, more variation selectors, and what is kept for more of them */
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]) && point >= ranges[i].first; i++) {
		if (point <= ranges[i].last)
			return true;
	}
	return false;
}
