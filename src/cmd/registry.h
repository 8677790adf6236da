/* SPDX-License-Identifier: MIT */
/* The table of commands. */
#ifndef MMTOOL_CMD_REGISTRY_H
#define MMTOOL_CMD_REGISTRY_H

#include "cmd/command.h"

/* By name. */
extern const struct command cmd_advise;
extern const struct command cmd_alias;
extern const struct command cmd_cow;
extern const struct command cmd_diff;
extern const struct command cmd_dontunmap;
extern const struct command cmd_droppable;
extern const struct command cmd_examples;
extern const struct command cmd_extend;
extern const struct command cmd_grow;
extern const struct command cmd_guard;
extern const struct command cmd_huge;
extern const struct command cmd_limits;
extern const struct command cmd_list;
extern const struct command cmd_lock;
extern const struct command cmd_maps;
extern const struct command cmd_merge;
extern const struct command cmd_move_fixed;
extern const struct command cmd_noreserve;
extern const struct command cmd_oom;
extern const struct command cmd_overcommit;
extern const struct command cmd_place;
extern const struct command cmd_populate;
extern const struct command cmd_protect;
extern const struct command cmd_realloc;
extern const struct command cmd_report;
extern const struct command cmd_reserve_fill;
extern const struct command cmd_run;
extern const struct command cmd_seal;
extern const struct command cmd_secret;
extern const struct command cmd_shell;
extern const struct command cmd_shrink;
extern const struct command cmd_snapshot;
extern const struct command cmd_stack;
extern const struct command cmd_sync;
extern const struct command cmd_watch;
extern const struct command cmd_why;

/* What the commands of a group are about. */
struct command_group_words {
	const char *title;
	const char *question; /* of experiments: what one wants to know; NULL for others */
};

/* By enum command_group. */
extern const struct command_group_words command_groups[COMMAND_GROUPS];

extern const struct command *const command_table[];
extern const size_t command_count;

#endif
