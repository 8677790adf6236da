/* SPDX-License-Identifier: MIT */
/* The shell: statements performed as they come, in a subject that lives on. */
#ifndef MMTOOL_APP_SHELL_H
#define MMTOOL_APP_SHELL_H

#include "app/line.h"
#include "app/options.h"
#include "app/output.h"
#include "cmd/command.h"
#include "lang/extent.h"
#include "report/report.h"
#include "run/interp.h"
#include "run/process.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads statements from standard input and performs each as soon as it is whole, as the plan's performance and the options say.
 * first is the child that was forked when mmtool started, which makes the subjects; it is used up.  Returns the exit status: at a
 * terminal 0 unless the tool could not go on, else the worst of all statements.
 */
int shell_run(const struct plan *plan, const struct common_options *options, struct process *first);

/* The rest is between shell.c and shell-word.c. */

struct shell {
	const struct common_options *options;
	struct interp_options how;
	struct machine *machine;
	struct process *spawner; /* makes the subjects */
	struct output output;
	struct report *report;
	struct lines lines;
	struct buf text;         /* the statement so far */
	struct extent extent;    /* of text */
	uint32_t line, begun;    /* of standard input: the line in hand, and the first one of text */
	int status;              /* the worst so far */
	bool leaving;
	bool fed;                /* a statement was performed */
};

/* The shell's own words; ends with NULL. */
extern const char *const shell_words[];

/* Prints what is no report: where the report goes when that is text for people, else where it does not disturb it. */
void shell_print(struct shell *shell, const struct buf *text);
/* Says what a line has wrong, and makes it count as an error of usage. */
void shell_complain(struct shell *shell, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* When the line is one of the shell's own words, does what it says; else returns false. */
bool shell_word(struct shell *shell, const char *line, size_t len);

#endif
