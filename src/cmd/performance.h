/* SPDX-License-Identifier: MIT */
/* The options that say how statements are performed: what run and shell share. */
#ifndef MMTOOL_CMD_PERFORMANCE_H
#define MMTOOL_CMD_PERFORMANCE_H

#include "cmd/command.h"

#include <stddef.h>

/* {0} is as usual. */
struct performance {
	struct interp_options options; /* but for these, which grow */
	struct interp_definition *definitions;
	size_t definition_cap;
	struct interp_injection *injections;
	size_t injection_cap;
	struct interp_limit *limits;
	size_t limit_cap;
};

enum {
	PERFORMANCE_INJECT = 640,
	PERFORMANCE_LIMIT,
	PERFORMANCE_ALLOW_WRITE,
	PERFORMANCE_TIMEOUT,
	PERFORMANCE_MAX_TOUCH,
};

/* Rows of a command's struct argp_option. */
#define PERFORMANCE_OPTIONS                                                                                           \
	{ NULL, 'D', "NAME=EXPR", 0, "Define a name for the scripts; EXPR is made of literals and constants", 0 },       \
	{ "inject", PERFORMANCE_INJECT, "CALL:ERRNO[:N]", 0,                                                             \
	  "Have the N-th such call of a script, or each, fail with that error without being made", 0 },                  \
	{ "limit", PERFORMANCE_LIMIT, "as|data|memlock|stack|fsize=SIZE", 0, "Set a resource limit of the subject", 0 }, \
	{ "allow-write", PERFORMANCE_ALLOW_WRITE, NULL, 0, "Let scripts open files for writing", 0 },                     \
	{ "timeout", PERFORMANCE_TIMEOUT, "SECONDS", 0, "Kill a process whose statement takes longer (60)", 0 },          \
	{ "max-touch", PERFORMANCE_MAX_TOUCH, "SIZE", 0, "Kill a process that touches more memory (1G)", 0 }

/* For the default of the command's parse: ARGP_ERR_UNKNOWN when it is none of these. */
error_t performance_parse(int key, char *arg, struct argp_state *state, struct performance *self);
/* Hands them to the plan, which borrows what they hold. */
void performance_plan(const struct performance *self, struct plan *plan);
void performance_fini(struct performance *self);

#endif
