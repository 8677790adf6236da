/* SPDX-License-Identifier: MIT */
/* watch: what changes in the mappings of a live process, as it happens. */
#include "run/watch.h"

#include "cmd/command.h"
#include "cmd/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_INTERVAL = 1, OPTION_UNTIL, OPTION_DETAIL };

static const uint64_t nanoseconds = 1000 * 1000 * 1000;

enum { LONGEST_S = 24 * 60 * 60, SHORTEST_MS = 1 };

static const struct argp_option options[] = {
	{ "interval", OPTION_INTERVAL, "SECONDS", 0, "Read the mappings so often (0.1; with --detail 1); less often where reading takes more than 2 % of the time", 0 },
	{ "until", OPTION_UNTIL, "END", 0, "exit (the default): when the process ends or replaces its program; a number: after so many changes as well", 0 },
	{ "detail", OPTION_DETAIL, NULL, 0, "Read smaps: tell changed flags (locked, sealed, ...) and resident memory; the process's own mapping calls wait meanwhile", 0 },
	{ 0 },
};

static bool is_number(const char *text)
{
	size_t len = strspn(text, "0123456789");

	return len > 0 && text[len] == '\0';
}

/* Seconds with a fraction, without signs, exponents and infinities. */
static error_t parse_interval(struct argp_state *state, const char *arg, uint64_t *interval)
{
	size_t whole = strspn(arg, "0123456789"), point = arg[whole] == '.', part = strspn(arg + whole + point, "0123456789");
	char *end;
	double seconds = strtod(arg, &end);

	if (whole + part == 0 || arg[whole + point + part] != '\0' || *end != '\0') {
		argp_error(state, "--interval: %s: not a number of seconds (try 1 or 0.05)", arg);
		return EINVAL;
	}
	if (seconds * 1000 < SHORTEST_MS || seconds > LONGEST_S) {
		argp_error(state, "--interval: %s: not between 0.00%d and %d seconds", arg, SHORTEST_MS, LONGEST_S);
		return EINVAL;
	}
	*interval = (uint64_t)(seconds * (double)nanoseconds);
	return 0;
}

static error_t parse_until(struct argp_state *state, const char *arg, uint64_t *deltas)
{
	*deltas = 0;
	if (strcmp(arg, "exit") == 0)
		return 0;
	errno = 0;
	if (is_number(arg))
		*deltas = strtoull(arg, NULL, 10);
	if (*deltas > 0 && errno == 0)
		return 0;
	argp_error(state, "--until: %s: neither exit nor a number of changes", arg);
	return EINVAL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct watch_options *self = state->input;

	switch (key) {
	case OPTION_DETAIL:
		self->detail = true;
		return 0;
	case OPTION_INTERVAL:
		return parse_interval(state, arg, &self->interval);
	case OPTION_UNTIL:
		return parse_until(state, arg, &self->deltas);
	case ARGP_KEY_ARG:
		if (self->name != NULL)
			return ARGP_ERR_UNKNOWN;
		self->name = arg;
		if (is_number(arg))
			return 0;
		argp_error(state, "%s: not the number of a process (`pidof NAME' and `ps' tell it)", arg);
		return EINVAL;
	case ARGP_KEY_END:
		if (self->interval == 0)
			self->interval = self->detail ? nanoseconds : nanoseconds / 10;
		if (self->name != NULL)
			return 0;
		argp_error(state, "which process? (mmtool watch PID)");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int produce(const void *input, const struct event_sink *sink, char **problem)
{
	return watch_run(input, sink, problem);
}

const struct command cmd_watch = {
	.name = "watch",
	.args = "PID",
	.summary = "watch the mappings of a live process change",
	.doc = "Shows each change when it is seen, with the two moments between which it happened, until the process exits, is "
	       "killed, or replaces its program (exec). What is mapped and unmapped between two readings is not seen.",
	.group = COMMAND_LOOK,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct watch_options),
	.produce = produce,
	.live = true,
	.notices_signals = true,
};
