/* SPDX-License-Identifier: MIT */
/* list: the experiments, grouped by what one wants to know. */
#include "base/diag.h"
#include "cmd/registry.h"

#include <errno.h>
#include <string.h>

enum { WORDS_MOST = 16 };

struct options {
	const char *words[WORDS_MOST];
	size_t count;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (self->count == WORDS_MOST) {
		argp_error(state, "%s: at most %d words", arg, WORDS_MOST);
		return EINVAL;
	}
	self->words[self->count++] = arg;
	return 0;
}

static bool holds(const char *text, const char *word)
{
	return text != NULL && strcasestr(text, word) != NULL;
}

/* Whether the help of a command has the word anywhere. */
static bool mentions(const struct command *command, const char *word)
{
	if (holds(command->name, word) || holds(command->summary, word) || holds(command->doc, word))
		return true;
	for (const struct argp_option *option = command->options;
	     option != NULL && (option->name != NULL || option->key != 0 || option->doc != NULL); option++) {
		if (holds(option->name, word) || holds(option->arg, word) || holds(option->doc, word))
			return true;
	}
	return false;
}

static bool wanted(const struct options *self, const struct command *command)
{
	for (size_t i = 0; i < self->count; i++) {
		if (!mentions(command, self->words[i]))
			return false;
	}
	return true;
}

/* Adds the group's experiments that are wanted, below its question; returns how many. */
static size_t add_group(const struct options *self, enum command_group group, struct buf *out)
{
	size_t count = 0;

	for (size_t i = 0; i < command_count; i++) {
		const struct command *command = command_table[i];

		if (command->group != group || !wanted(self, command))
			continue;
		if (count++ == 0)
			buf_printf(out, "%s%s\n", out->len > 0 ? "\n" : "", command_groups[group].question);
		buf_printf(out, "  %-13s %s\n", command->name, command->summary);
	}
	return count;
}

static int print(const void *input, struct buf *out)
{
	const struct options *self = input;
	size_t count = 0;

	for (unsigned group = 0; group < COMMAND_GROUPS; group++) {
		if (command_groups[group].question != NULL)
			count += add_group(self, (enum command_group)group, out);
	}
	if (count > 0)
		return STATUS_OK;
	diag_error("no experiment's help has %s (`mmtool examples' lists scripts, too)",
	           self->count > 1 ? "all these words" : "that word");
	return STATUS_FAILED;
}

const struct command cmd_list = {
	.name = "list",
	.args = "[WORD...]",
	.summary = "list the experiments by what one wants to know",
	.doc = "With words, only those whose help has all of them: `mmtool list mlock limit'.",
	.group = COMMAND_HELP,
	.parse = parse,
	.options_size = sizeof(struct options),
	.print = print,
};
