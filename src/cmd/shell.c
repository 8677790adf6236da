/* SPDX-License-Identifier: MIT */
/* shell: the script language from the keyboard, or from a pipe. */
#include "cmd/command.h"
#include "cmd/performance.h"

struct options {
	struct performance how;
};

static const struct argp_option options[] = {
	PERFORMANCE_OPTIONS,
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	return performance_parse(key, arg, state, &self->how);
}

static void fini(void *input)
{
	struct options *self = input;

	performance_fini(&self->how);
}

static int plan(const void *input, struct plan *out, char **problem)
{
	const struct options *self = input;

	(void)problem;
	out->from_keyboard = true;
	performance_plan(&self->how, out);
	return 0;
}

const struct command cmd_shell = {
	.name = "shell",
	.summary = "perform statements as they are typed",
	.doc = "The language is that of `mmtool run'; names and what is mapped stay from one statement to the next. `help' "
	       "tells about calls, `maps' shows the process; `exit' or the end of input ends it. From a pipe the exit "
	       "status is the worst of all statements.",
	.group = COMMAND_SCRIPT,
	.options = options,
	.parse = parse,
	.fini = fini,
	.options_size = sizeof(struct options),
	.plan = plan,
};
