/* SPDX-License-Identifier: MIT */
/* The shell's history: the lines that were typed, kept in a file of the user's. */
#ifndef MMTOOL_APP_HISTORY_H
#define MMTOOL_APP_HISTORY_H

#include <stdbool.h>
#include <stddef.h>

enum { HISTORY_LINES = 1000 };

struct history {
	char *path; /* NULL: there is no place for it */
	int fd;     /* open for appending, or -1 */
	char *last; /* the line that was kept last, or NULL */
};

/*
 * Opens ${XDG_STATE_HOME:-$HOME/.local/state}/mmtool/history, making what is missing of the way to it, and cuts it to the last
 * HISTORY_LINES.  take gets each of its lines, the oldest first.  Returns 0 or -errno; where there is no history the shell goes on
 * without, and history_keep() does nothing.  Missing variables are no error.
 */
int history_open(struct history *history, void (*take)(void *context, const char *line), void *context);
/*
 * Appends a line (without its newline), at once, so that no way of ending loses it; several shells can share the file.
 * Returns false for one that is not kept: an empty one, or the same as the last.
 */
bool history_keep(struct history *history, const char *line, size_t len);
/* Cuts it to its length again, and closes it. */
void history_close(struct history *history);

#endif
