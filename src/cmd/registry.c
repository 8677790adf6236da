/* SPDX-License-Identifier: MIT */
/* The commands, in the order in which the overview shows them. */
#include "cmd/registry.h"

#include <string.h>

const struct command_group_words command_groups[COMMAND_GROUPS] = {
	[COMMAND_EXPERIMENT_RESIZE] = { "Resize and move", "How does a mapping grow, shrink and move?" },
	[COMMAND_EXPERIMENT_PLACE] = { "Place", "Where do mappings go, and when do neighbours become one?" },
	[COMMAND_EXPERIMENT_SHARE] = { "Share", "Who sees what I store, and when does the file have it?" },
	[COMMAND_EXPERIMENT_PROTECT] = { "Protect", "How are accesses and changes forbidden?" },
	[COMMAND_EXPERIMENT_MEMORY] = { "Memory", "When does memory come, stay and go?" },
	[COMMAND_EXPERIMENT_LIMIT] = { "Limits", "How much is promised, and why is there no more?" },
	[COMMAND_LOOK] = { "Look at any process", NULL },
	[COMMAND_SCRIPT] = { "Scripts of calls", NULL },
	[COMMAND_HELP] = { "Help", NULL },
};

const struct command *const command_table[] = {
	&cmd_grow,
	&cmd_shrink,
	&cmd_move_fixed,
	&cmd_dontunmap,
	&cmd_extend,
	&cmd_realloc,
	&cmd_reserve_fill,
	&cmd_place,
	&cmd_merge,
	&cmd_stack,
	&cmd_alias,
	&cmd_cow,
	&cmd_sync,
	&cmd_protect,
	&cmd_guard,
	&cmd_seal,
	&cmd_secret,
	&cmd_populate,
	&cmd_lock,
	&cmd_droppable,
	&cmd_advise,
	&cmd_huge,
	&cmd_noreserve,
	&cmd_overcommit,
	&cmd_limits,
	&cmd_oom,
	&cmd_maps,
	&cmd_watch,
	&cmd_snapshot,
	&cmd_diff,
	&cmd_report,
	&cmd_why,
	&cmd_run,
	&cmd_shell,
	&cmd_examples,
	&cmd_list,
};

const size_t command_count = sizeof(command_table) / sizeof(command_table[0]);

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < command_count; i++) {
		if (strcmp(command_table[i]->name, name) == 0)
			return command_table[i];
	}
	return NULL;
}
