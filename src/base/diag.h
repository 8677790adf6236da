/* SPDX-License-Identifier: MIT */
/* The exit statuses, and the one place that writes messages to standard error. */
#ifndef MMTOOL_BASE_DIAG_H
#define MMTOOL_BASE_DIAG_H

enum status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,       /* a check failed, or a call came out otherwise than the script says */
	STATUS_USAGE = 2,        /* usage or script error: nothing was run */
	STATUS_TOOL = 3,         /* the tool itself could not go on */
	STATUS_UNSUPPORTED = 77, /* this kernel or this user cannot do it (automake's "skip") */
};

/* What messages begin with, "mmtool grow"; borrowed, must outlive the program.  "mmtool" until set. */
void diag_set_name(const char *name);
const char *diag_name(void);

/* Prints "NAME: message" and a newline to standard error, in one write. */
void diag_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, then exits with STATUS_TOOL. */
_Noreturn void diag_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
