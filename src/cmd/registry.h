/* SPDX-License-Identifier: MIT */
/* The table of commands. */
#ifndef MMTOOL_CMD_REGISTRY_H
#define MMTOOL_CMD_REGISTRY_H

#include "cmd/command.h"

extern const struct command cmd_grow, cmd_shrink, cmd_move_fixed, cmd_reserve_fill, cmd_noreserve, cmd_overcommit, cmd_run,
                            cmd_examples, cmd_shell, cmd_list, cmd_report, cmd_alias, cmd_extend, cmd_dontunmap;

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
