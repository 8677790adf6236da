/* SPDX-License-Identifier: MIT */
/* The overview, and the description of every command and option for other programs. */
#include "app/help.h"

#include "app/options.h"
#include "cmd/registry.h"

#include <stdbool.h>
#include <string.h>

static const char help_summary[] = "show this overview, or a command's help";

/* The experiments of a group, by name only: "  Place            reserve-fill merge". */
static void add_names(struct buf *out, enum command_group group)
{
	static const struct wrap wrap = { .first = "  ", .rest = "                   " };
	struct buf line = { 0 };
	size_t count = 0;

	buf_printf(&line, "%-17s", command_groups[group].title);
	for (size_t i = 0; i < command_count; i++) {
		if (command_table[i]->group == group)
			buf_printf(&line, "%s%s", count++ > 0 ? " " : "", command_table[i]->name);
	}
	if (count > 0)
		wrap_add(out, buf_text(&line), line.len, &wrap);
	buf_fini(&line);
}

static void add_commands(struct buf *out, enum command_group group)
{
	buf_printf(out, "\n%s:\n", command_groups[group].title);
	for (size_t i = 0; i < command_count; i++) {
		if (command_table[i]->group == group)
			buf_printf(out, "  %-13s %s\n", command_table[i]->name, command_table[i]->summary);
	}
}

void help_overview(struct buf *out)
{
	buf_puts(out, "Usage: mmtool COMMAND [OPTION...]\n"
	              "Run mapping operations for real, and see what they do to /proc/PID/maps.\n");
	buf_puts(out, "\nExperiments (`mmtool list' says what each one shows):\n");
	for (unsigned group = 0; group < COMMAND_GROUPS; group++) {
		if (command_groups[group].question != NULL)
			add_names(out, (enum command_group)group);
	}
	for (unsigned group = 0; group < COMMAND_GROUPS; group++) {
		if (command_groups[group].question == NULL)
			add_commands(out, (enum command_group)group);
	}
	buf_printf(out, "  %-13s %s\n", "help", help_summary);
	buf_puts(out, "\n`mmtool COMMAND --help' tells a command's options, `man mmtool' the rest.\n");
}

/* Optimal string alignment: insertions, deletions, changes and swaps of neighbours. */
static size_t distance(const char *a, const char *b)
{
	enum { MOST = 32 };
	size_t rows[3][MOST + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > MOST || lb > MOST)
		return MOST;
	for (size_t k = 0; k <= lb; k++)
		rows[0][k] = k;
	for (size_t i = 1; i <= la; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t k = 1; k <= lb; k++) {
			size_t least = above[k - 1] + (a[i - 1] != b[k - 1]);

			least = above[k] + 1 < least ? above[k] + 1 : least;
			least = row[k - 1] + 1 < least ? row[k - 1] + 1 : least;
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] && second[k - 2] + 1 < least)
				least = second[k - 2] + 1;
			row[k] = least;
		}
	}
	return rows[la % 3][lb];
}

const char *help_nearest(const char *word)
{
	const char *nearest = NULL;
	size_t best = strlen(word) / 3 + 1;

	for (size_t i = 0; i < command_count; i++) {
		size_t far = distance(word, command_table[i]->name);

		if (far < best) {
			best = far;
			nearest = command_table[i]->name;
		}
	}
	return nearest;
}

static void describe_option(struct buf *out, const struct command *command, const struct argp_option *option)
{
	const char *values = option_values(command, option);
	bool visible = option->key > ' ' && option->key < 0x7f;

	if (option->name == NULL && option->key == 0)
		return;
	buf_printf(out, "option\t%s\t%s%s\t", command != NULL ? command->name : "mmtool", option->name != NULL ? "--" : "",
	           option->name != NULL ? option->name : "");
	if (visible)
		buf_printf(out, "-%c", option->key);
	buf_printf(out, "\t%s\t%s\t%s\n", option->arg != NULL ? option->arg : "", option->doc != NULL ? option->doc : "",
	           values != NULL ? values : "");
}

static void describe_options(struct buf *out, const struct command *command, const struct argp_option *options)
{
	for (; options != NULL && (options->name != NULL || options->key != 0 || options->doc != NULL); options++)
		describe_option(out, command, options);
}

/* What argp adds by itself. */
static const struct argp_option argp_options[] = {
	{ "help", '?', NULL, 0, "Give this help list", 0 },
	{ "usage", 0x10000, NULL, 0, "Give a short usage message", 0 },
	{ "version", 'V', NULL, 0, "Print program version", 0 },
	{ 0 },
};

void help_describe(struct buf *out)
{
	describe_options(out, NULL, help_options);
	describe_options(out, NULL, argp_options);
	buf_printf(out, "command\thelp\t[COMMAND]\t%s\n", help_summary);
	for (size_t i = 0; i < command_count; i++) {
		const struct command *command = command_table[i];

		buf_printf(out, "command\t%s\t%s\t%s\n", command->name, command->args != NULL ? command->args : "",
		           command->summary);
		describe_options(out, command, command->options);
		const struct argp *report = options_of(command);

		if (report != NULL)
			describe_options(out, command, report->options);
	}
}
