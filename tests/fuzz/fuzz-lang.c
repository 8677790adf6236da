/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a script: they give either a script, of which a C program can be made, or errors; and no control for the
 * terminal is in what is printed of them.
 */
#include "base/utf8.h"
#include "lang/program.h"
#include "lang/script.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What this file does is no path of the program's; a byte at a time, it would be most of what is counted. */
#ifdef __clang__
#define UNCOUNTED __attribute__((no_sanitize("coverage")))
#else
#define UNCOUNTED
#endif

UNCOUNTED static inline bool is_plain(char c)
{
	return (c >= ' ' && c <= '~') || c == '\n' || c == '\t';
}

/* Errors quote lines with their tabs, programs have them. */
UNCOUNTED static void check_text(const struct buf *text)
{
	size_t used = 1;

	for (size_t i = 0; i < text->len; i += used) {
		used = 1;
		if (is_plain(text->data[i]))
			continue;
		int32_t point = utf8_decode(text->data + i, text->len - i, &used);

		if (utf8_unsafe(point))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct definition definitions[] = { { "size" }, { "dest" } };
	static const struct program_definition values[] = { { .integer = 4096 }, { true, 0, "a\033\"\\?", 5 } };
	static struct buf out;
	struct script *script = script_parse("fuzz.mmt", (const char *)data, size, 4096, definitions, 2, &out);

	if ((script == NULL) != (out.len > 0))
		abort();
	if (script != NULL)
		program_print(&out, script, "fuzz.mmt", values, 2);
	check_text(&out);
	script_free(script);
	buf_reset(&out);
	return 0;
}
