/* SPDX-License-Identifier: MIT */
/* The commands, in the order in which the overview shows them. */
#include "cmd/registry.h"

#include "base/alloc.h"
#include "base/size.h"

#include <errno.h>
#include <stdlib.h>
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
	&cmd_grow, &cmd_shrink, &cmd_move_fixed, &cmd_reserve_fill, &cmd_noreserve, &cmd_overcommit, &cmd_run, &cmd_shell,
	&cmd_examples, &cmd_list,
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

struct buf *plan_add(struct plan *plan, const char *name)
{
	struct source *source;

	plan->sources = alloc_grow(plan->sources, &plan->cap, plan->count + 1, sizeof(*plan->sources));
	source = &plan->sources[plan->count++];
	*source = (struct source){ .name = alloc_string(name, strlen(name)) };
	return &source->text;
}

void plan_quote(struct buf *script, const char *text)
{
	buf_putc(script, '"');
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			buf_printf(script, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buf_printf(script, "\\x%02x", c);
		else
			buf_putc(script, (char)c);
	}
	buf_putc(script, '"');
}

void plan_fini(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->sources[i].name);
		buf_fini(&plan->sources[i].text);
	}
	free(plan->sources);
	*plan = (struct plan){ 0 };
}

error_t command_size(struct argp_state *state, const char *option, const char *arg, uint64_t *bytes)
{
	uint64_t value = 0;
	int error = size_parse(arg, strlen(arg), size_page(), &value);

	if (error == -ERANGE || (error == 0 && value > INT64_MAX))
		argp_error(state, "%s: %s: too large a size", option, arg);
	else if (error < 0)
		argp_error(state, "%s: %s: not a size (try 4096, 4K, 10G or 3p)", option, arg);
	else if (value == 0)
		argp_error(state, "%s: %s: a size must be more than zero (try 4096, 4K, 10G or 3p)", option, arg);
	else
		*bytes = value;
	return error == 0 && value != 0 && value <= INT64_MAX ? 0 : EINVAL;
}

error_t command_size_option(struct argp_state *state, const char *option, const char *arg, struct size_option *size)
{
	size->text = arg;
	return command_size(state, option, arg, &size->bytes);
}

void plan_whole_pages(struct buf *script, const struct size_option *size)
{
	if (size->bytes % size_page() == 0)
		buf_puts(script, size->text);
	else
		buf_printf(script, "(%s + 1p - 1) / 1p * 1p", size->text);
}
