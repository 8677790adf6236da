/* SPDX-License-Identifier: MIT */
/* The options of experiments on one object: what is mapped, and how much of it. */
#ifndef MMTOOL_CMD_OBJECT_H
#define MMTOOL_CMD_OBJECT_H

#include "cmd/command.h"

/* Begins the option struct of such an experiment. */
struct object_options {
	unsigned object; /* a place in the command's words */
	struct size_option size;
};

enum { OPTION_OBJECT = 256, OPTION_OBJECT_SIZE };

/* What the objects of a command are: "a|b|c", the first is the default; its sizes. */
struct object_kind {
	const char *words;
	const char *size; /* the default, "2p" */
	uint64_t pages;   /* the same */
	uint64_t most;    /* bytes: all of it is touched */
};

/* argp's parser for both options. */
error_t object_parse(int key, char *arg, struct argp_state *state, const struct object_kind *kind);

#endif
