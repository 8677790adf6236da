/* SPDX-License-Identifier: MIT */
/* Line editing by libedit, which is opened when it is needed: no other command pays for it. */
#ifndef MMTOOL_APP_EDIT_H
#define MMTOOL_APP_EDIT_H

#include "app/complete.h"

#include <stdbool.h>
#include <stddef.h>

struct edit;

/*
 * Opens libedit for a line typed at the terminal that is standard input and output.  NULL, with *reason a text that is valid
 * until the next call: it is not there, or of no use (MMTOOL_LIBEDIT names another file, or, empty, none).  complete is called
 * for the words that can stand at the cursor.
 */
struct edit *edit_open(void (*offer)(void *context, const char *text, size_t len, struct completion *completion),
                       void *context, const char **reason);
void edit_close(struct edit *edit);

/*
 * Reads a line.  Returns it with its newline, *len bytes, valid until the next call; or NULL at the end of input.
 * *cancelled: the user gave it up (Ctrl-C).  The prompt is borrowed.
 */
const char *edit_read(struct edit *edit, const char *prompt, size_t *len, bool *cancelled);

/* Adds a line to what the arrow keys bring back; one that is no characters in this locale is left out. */
void edit_remember(struct edit *edit, const char *line);

#endif
