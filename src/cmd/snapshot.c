/* SPDX-License-Identifier: MIT */
/* snapshot: the mappings of a process as JSON, to be compared later. */
#include "cmd/command.h"
#include "run/snapshot.h"

#include <errno.h>

struct options {
	const char *name;
	bool detail;
};

enum { OPTION_DETAIL = 512 };

static const struct argp_option options[] = {
	{ "detail", OPTION_DETAIL, NULL, 0, "Read smaps, which is slow: tell resident memory and VmFlags, too", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	switch (key) {
	case OPTION_DETAIL:
		self->detail = true;
		return 0;
	case ARGP_KEY_ARG:
		if (self->name != NULL)
			return ARGP_ERR_UNKNOWN;
		self->name = arg;
		return 0;
	case ARGP_KEY_END:
		if (self->name != NULL)
			return 0;
		argp_error(state, "no process given (try a PID, a saved maps FILE, or - for standard input)");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int produce(const void *input, const struct event_sink *sink, char **problem)
{
	const struct options *self = input;

	return snapshot_run(self->name, self->detail, sink, problem);
}

const struct command cmd_snapshot = {
	.name = "snapshot",
	.args = "PID|FILE|-",
	.summary = "print the mappings of a process as JSON, to be compared later",
	.doc = "What it prints is for `mmtool diff', `mmtool report', and any program that reads JSON.",
	.group = COMMAND_LOOK,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct options),
	.produce = produce,
	.json = true,
};
