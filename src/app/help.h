/* SPDX-License-Identifier: MIT */
/* The overview, the help of the program itself, and its description for other programs. */
#ifndef MMTOOL_APP_HELP_H
#define MMTOOL_APP_HELP_H

#include "base/buf.h"

#include <argp.h>

/* The commands in their groups. */
void help_overview(struct buf *out);
/* The name that is nearest to a misspelt one, or NULL when none is near. */
const char *help_nearest(const char *word);

/*
 * One line a command and a line an option, fields separated by tabs:
 *   command NAME ARGS SUMMARY
 *   option COMMAND --long -s ARG DOC VALUES
 * For completions and for tests that compare manual and program.
 */
void help_describe(struct buf *out);

/* The options of mmtool itself. */
extern const struct argp_option help_options[];

#endif
