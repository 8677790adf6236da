/* SPDX-License-Identifier: MIT */
/* Where the report goes: buffered, and every failure to write is noticed. */
#ifndef MMTOOL_APP_OUTPUT_H
#define MMTOOL_APP_OUTPUT_H

#include "base/buf.h"

#include <signal.h>
#include <stdbool.h>

struct output {
	int fd;
	bool live;        /* somebody is watching: write at once */
	const char *name; /* for messages */
	struct buf buf;
	int error;        /* the first -errno, or 0; what follows is dropped */
	const char *call; /* that failed so */
	/* Where signals are held: those that are not while nobody takes what is written (from a full pipe); borrowed.  Or NULL. */
	const sigset_t *waiting;
};

/* Opens path, or standard output when it is NULL.  False: it cannot be opened, and why has been said. */
bool output_open(struct output *output, const char *path);
/* Adds a text byte for byte, but for what a terminal would obey: whoever wrote it need not be whoever looks at it. */
void output_add_text(struct output *output, const struct buf *text);
/* Writes what is buffered.  A reader that has gone ends mmtool by SIGPIPE, as it would end cat. */
void output_flush(struct output *output);
/*
 * After something was added to buf: writes when somebody is watching, or when enough has come together.  Where that fails
 * mmtool ends at once, with a message: what it would do from now on nobody could be told.
 */
void output_added(struct output *output);
/* Says what failed, after output_close() did. */
void output_complain(const struct output *output);
/* Nobody reads what is written: ends mmtool by SIGPIPE. */
void output_die_of_pipe(void);
/* Flushes and closes.  Returns 0 or the first -errno. */
int output_close(struct output *output);

/*
 * Makes sure that descriptors 0 to 2 are open, so that nothing that mmtool opens is taken for one of them.  One that was
 * closed is opened so that using it fails: writing to a closed standard output is an error, and not a success.
 */
void output_claim_standard(void);

/*
 * From now on, until it is released or the program exits, what is printed to the stream stderr, as argp and getopt_long(3) do
 * with words of the command line, is one message of one line, its controls and newlines escaped (buf_escape()), and argp's own
 * line behind it.  Where the program exits well, as after --help, having printed to stdout no more than what was expected, that
 * is told as the lack of memory that it comes from.
 */
void output_guard_streams(void);
void output_release_streams(void);
void output_expect(const char *text);

/* For atexit(3): what argp printed (--help, --version) went through the stream stdout; a failure is noticed here. */
void output_check_stream(void);

#endif
