/* SPDX-License-Identifier: MIT */
/* Experiments that have several scripts, and one option that chooses among them. */
#ifndef MMTOOL_CMD_CHOICE_H
#define MMTOOL_CMD_CHOICE_H

#include "cmd/command.h"

/* The option struct of such an experiment. */
struct choice_options {
	unsigned chosen; /* a place in the words */
};

enum { OPTION_CHOICE = 256 };

struct choice {
	const char *option;         /* "--by" */
	const char *words;          /* "a|b|c"; the first is the default */
	const char *const *scripts; /* by place in words */
};

/* argp's parser for the option. */
error_t choice_parse(int key, char *arg, struct argp_state *state, const struct choice *choice);
/* Adds the script that was chosen, under the command's name.  Returns 0. */
int choice_plan(const struct choice_options *options, struct plan *plan, const char *name, const struct choice *choice);

#endif
