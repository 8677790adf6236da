/* SPDX-License-Identifier: MIT */
/* A command that makes events without a script, which are reported as they come, or text. */
#ifndef MMTOOL_APP_PRODUCE_H
#define MMTOOL_APP_PRODUCE_H

#include "app/options.h"
#include "cmd/command.h"

/* Has a command with produce make its events, and writes the report.  Returns the exit status. */
int produce_run(const struct command *command, const void *own, const struct common_options *options);
/* The same of one with print.  What a terminal would obey is escaped for it. */
int produce_text(const struct command *command, const void *own, const struct common_options *options);

#endif
