/* SPDX-License-Identifier: MIT */
/* diff: what changed between two snapshots of whatever the user names. */
#include "cmd/command.h"
#include "run/compare.h"

#include <errno.h>
#include <string.h>

struct options {
	struct compare_options compare;
	bool summary;
};

enum {
	OPTION_ALIGN = 512,
	OPTION_DETAIL,
	OPTION_SUMMARY,
};

static const struct argp_option options[] = {
	{ "align", OPTION_ALIGN, NULL, 0, "Compare two runs of one program, whose mappings the kernel put at random places", 0 },
	{ "detail", OPTION_DETAIL, NULL, 0, "Read smaps of processes, which is slow: tell VmFlags and resident memory, too", 0 },
	{ "summary", OPTION_SUMMARY, NULL, 0, "Show only the totals, by what is mapped", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;
	struct compare_options *compare = &self->compare;

	switch (key) {
	case OPTION_ALIGN:
		compare->align = true;
		return 0;
	case OPTION_DETAIL:
		compare->detail = true;
		return 0;
	case OPTION_SUMMARY:
		self->summary = true;
		return 0;
	case ARGP_KEY_ARG:
		if (compare->new_name != NULL)
			return ARGP_ERR_UNKNOWN;
		*(compare->old_name == NULL ? &compare->old_name : &compare->new_name) = arg;
		return 0;
	case ARGP_KEY_END:
		if (compare->new_name == NULL) {
			argp_error(state, "two snapshots are compared, BEFORE and AFTER: each a PID, a FILE, or - for standard input");
			return EINVAL;
		}
		if (strcmp(compare->old_name, "-") == 0 && strcmp(compare->new_name, "-") == 0) {
			argp_error(state, "standard input (-) can be one of the two only");
			return EINVAL;
		}
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int produce(const void *input, const struct event_sink *sink, char **problem)
{
	const struct options *self = input;

	return compare_run(&self->compare, sink, problem);
}

static void view(const void *input, struct report_options *report)
{
	const struct options *self = input;

	report->summary = self->summary;
}

const struct command cmd_diff = {
	.name = "diff",
	.args = "PID|FILE|- PID|FILE|-",
	.summary = "tell what changed between two snapshots of an address space",
	.doc = "What was before, and what is after: each a process's number, a saved maps or smaps file, a snapshot that `mmtool "
	       "snapshot' printed, or - for standard input. The exit status is 0 when nothing differs, 1 when something does, 3 when "
	       "one of them cannot be read.",
	.group = COMMAND_LOOK,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct options),
	.produce = produce,
	.view = view,
};
