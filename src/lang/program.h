/* SPDX-License-Identifier: MIT */
/* A script as a C program that stands alone. */
#ifndef MMTOOL_LANG_PROGRAM_H
#define MMTOOL_LANG_PROGRAM_H

#include "base/buf.h"
#include "lang/script.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The value of a name that is defined before the script begins; in the order of script_parse()'s definitions. */
struct program_definition {
	bool is_string;
	int64_t integer;
	const char *text; /* borrowed: len bytes */
	size_t len;
};

/*
 * Adds a complete C program that means what the script means; performs nothing.  script has been parsed and checked; title
 * is what the program is called in its opening comment.  The same script gives the same bytes.
 *
 * The program compiles without a warning with cc -std=gnu17 -Wall -Wextra -Werror (gcc and clang, with and without -O2),
 * makes the script's own system calls in the script's order, and exits as mmtool run does: 0, 1, or 77 where this kernel or
 * user cannot do it.  Where the C library's function is that call, it is used: open(3) makes openat(2).
 *
 * What is not as in mmtool run: a signal that kills the main process ends the program, as in C; sums that grow in a loop
 * are not checked for overflow (products are); the tool's own limits (--timeout, --max-touch, --allow-write) are not there.
 */
void program_print(struct buf *out, const struct script *script, const char *title,
                   const struct program_definition *definitions, size_t definition_count);

#endif
