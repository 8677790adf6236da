/* SPDX-License-Identifier: MIT */
/* A subcommand is one const value, at the end of the file that bears its name. */
#ifndef MMTOOL_CMD_COMMAND_H
#define MMTOOL_CMD_COMMAND_H

#include "base/buf.h"
#include "report/report.h"
#include "run/interp.h"

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum command_group {
	COMMAND_EXPERIMENT_RESIZE,    /* mappings that grow, shrink and move */
	COMMAND_EXPERIMENT_PLACE,     /* where mappings go, and when they merge */
	COMMAND_EXPERIMENT_SHARE,     /* who sees a store, and the file behind it */
	COMMAND_EXPERIMENT_PROTECT,   /* accesses and changes that are forbidden */
	COMMAND_EXPERIMENT_MEMORY,    /* when memory comes, stays and goes */
	COMMAND_EXPERIMENT_LIMIT,     /* promises and limits */
	COMMAND_SCRIPT,               /* scripts of them */
	COMMAND_LOOK,                 /* other processes, and what was recorded */
	COMMAND_HELP,
	COMMAND_GROUPS,
};

/* One script to perform. */
struct source {
	char *name;      /* what it is called in messages; owned */
	struct buf text; /* owned */
};

/* What a command wants performed: scripts, one after another, each in a fresh subject. */
struct plan {
	struct source *sources;
	size_t count, cap;
	bool from_stdin; /* a source was read from standard input */
	bool from_keyboard; /* no sources: statements are performed as they come on standard input */
	bool tap;        /* the report is TAP unless the user asked for another: run's --tap */
	/* How they are performed, for the options that an experiment does not have.  Zeroed: as usual. */
	struct interp_options performance;
};

/* Adds an empty source and returns its text to be appended to. */
struct buf *plan_add(struct plan *plan, const char *name);
/* Adds text as a string literal of the language. */
void plan_quote(struct buf *script, const char *text);
void plan_fini(struct plan *plan);

struct command {
	const char *name;
	const char *args;    /* usage of the arguments, as argp's args_doc; NULL for none */
	const char *summary; /* one line, no full stop */
	const char *doc;     /* the help's text below the options; NULL for none */
	enum command_group group;
	const struct argp_option *options; /* ends with {0}; NULL for none */
	/* argp's parser; state->input is the command's zeroed option struct.  NULL for a command without options. */
	error_t (*parse)(int key, char *arg, struct argp_state *state);
	size_t options_size; /* bytes of the option struct */
	/* The argument of an option that is one of many words: its name, and "a|b|c".  NULL: there is none. */
	const char *vocabulary[2];
	void (*fini)(void *options); /* releases what parse stored; may be NULL */

	/*
	 * Appends the scripts to perform.  Returns 0, or -errno after setting *problem to a message that the caller frees.
	 */
	int (*plan)(const void *options, struct plan *plan, char **problem);
	/*
	 * Makes events without a script, and returns the exit status.  Where it cannot go on, it sets *problem to a message,
	 * which the caller prints and frees.
	 */
	int (*produce)(const void *options, const struct event_sink *sink, char **problem);
	/* Of a command that has plan as well: whether its options ask for produce. */
	bool (*produces)(const void *options);
	/* How its report looks beyond the common options; may be NULL. */
	void (*view)(const void *options, struct report_options *report);
	bool live; /* what it makes is written as it comes, into a pipe too */
	/* produce: it notices the signals that end mmtool, and returns; they are pending until its report is complete. */
	bool notices_signals;
	bool json; /* produce: its report is JSON, and nothing else */
	bool steps; /* produce: its events can be those of a script: its report has all options but --step, and TAP */

	/* Appends text that is no report (a list, a script), and returns the exit status; -o, where there is one, is heeded. */
	int (*print)(const void *options, struct buf *out);
	bool (*prints)(const void *options);
	/*
	 * Something that is no experiment (a program under another policy): returns mmtool's exit status.  A command has plan,
	 * produce, print or execute; one that has more says by produces, prints and executes which of them its options ask for.
	 */
	int (*execute)(const void *options);
	bool (*executes)(const void *options);
};

/* The command of that name, or NULL. */
const struct command *command_find(const char *name);

/*
 * For parse: a size from an option (size_parse), refused with argp_error when bad, zero or overflowing.
 * Returns 0 or EINVAL; *bytes is untouched on error.
 */
error_t command_size(struct argp_state *state, const char *option, const char *arg, uint64_t *bytes);

/* The place of word in "a|b|c", from 0, or -1. */
int command_word(const char *words, const char *word);
/* For parse: one of the words "a|b|c" (which argp shows as the option's argument), refused with argp_error.  0 or EINVAL. */
error_t command_choice(struct argp_state *state, const char *option, const char *words, const char *arg, unsigned *choice);
/* For parse: a decimal number from least to most, refused with argp_error.  0 or EINVAL. */
error_t command_number(struct argp_state *state, const char *option, const char *arg, uint64_t least, uint64_t most,
                      uint64_t *count);

/* A word to be filled into the text of a script. */
struct plan_word {
	const char *name, *text;
};

/* Adds text with each $name replaced by its text.  Every name in it must be among words, which end with {0}. */
void plan_fill(struct buf *script, const char *text, const struct plan_word *words);

/* A size as the user wrote it: scripts show it in the same words ("3p" is "3p" on every machine). */
struct size_option {
	const char *text; /* NULL: not given */
	uint64_t bytes;
};

/* command_size() into a size_option. */
error_t command_size_option(struct argp_state *state, const char *option, const char *arg, struct size_option *size);
/* The same, refused with argp_error where it is more than most bytes: an experiment touches all of it. */
error_t command_size_most(struct argp_state *state, const char *option, const char *arg, uint64_t most,
                          struct size_option *size);
/* What it is when it was not given. */
void size_option_default(struct size_option *size, const char *text, uint64_t bytes);
/* Adds the size rounded up to whole pages, as an expression of the language. */
void plan_whole_pages(struct buf *script, const struct size_option *size);

#endif
