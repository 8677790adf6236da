/* SPDX-License-Identifier: MIT */
/* The options that every experiment takes. */
#include "app/options.h"

#include <errno.h>
#include <string.h>

enum { OPTION_FULL = 1024, OPTION_SYMBOLIC, OPTION_EXPLAIN, OPTION_PAGES, OPTION_DETAIL, OPTION_STEP, OPTION_COLOR,
       OPTION_FORMAT, OPTION_OBSERVER };

/* In the order of enum format. */
#define FORMATS "text|script|json|tap|c"
/* In the order of enum observer_way. */
#define OBSERVERS "auto|text|query"

/* Rows of the tables below, which differ in what the events can be. */
#define HEADING { NULL, 0, NULL, 0, "Report:", 10 }
#define FULL { "full", OPTION_FULL, NULL, 0, "Show the whole maps before and after each change", 10 }
#define SYMBOLIC { "symbolic", OPTION_SYMBOLIC, NULL, 0, "Show addresses by name (a+4K), so that two runs print the same", 10 }
#define PAGES { "pages", OPTION_PAGES, NULL, 0, "Draw the pages of the named regions that a statement concerns or changes", 10 }
#define EXPLAIN { "explain", OPTION_EXPLAIN, NULL, 0, "Say why the kernel did what it did", 10 }
#define COLOR { "color", OPTION_COLOR, "WHEN", 0, "auto (the default: on a terminal, without NO_COLOR), always or never", 10 }
#define OUTPUT { "output", 'o', "FILE", 0, "Write to FILE instead of standard output", 10 }
#define QUIET { "quiet", 'q', NULL, 0, "Show only what failed", 10 }

static const struct argp_option options[] = {
	HEADING,
	FULL,
	SYMBOLIC,
	PAGES,
	EXPLAIN,
	{ "detail", OPTION_DETAIL, NULL, 0, "Show the counters that moved, and what smaps says of the named regions", 10 },
	{ "step", OPTION_STEP, NULL, 0, "Wait for Enter before each statement, and say the subject's pid", 10 },
	COLOR,
	{ "format", OPTION_FORMAT, "FORMAT", 0, "text (the default), json, tap; or script, c: print the script, or a C program of it, and perform nothing", 10 },
	OUTPUT,
	QUIET,
	{ "observer", OPTION_OBSERVER, "WAY", 0, "Read the maps around a call whole (text), or what it can have changed (query); auto, the default: query where the kernel has it", 10 },
	{ 0 },
};

static const struct argp_option view_options[] = {
	HEADING,
	COLOR,
	{ "format", OPTION_FORMAT, "text|json", 0, "text (the default) or json", 10 },
	OUTPUT,
	{ 0 },
};

static const struct argp_option json_options[] = {
	HEADING,
	OUTPUT,
	{ 0 },
};

static const struct argp_option steps_options[] = {
	HEADING,
	FULL,
	SYMBOLIC,
	{ "explain", OPTION_EXPLAIN, NULL, 0, "Say why the kernel did what it did, where it was recorded with --explain; of recorded mappings, what each is", 10 },
	COLOR,
	{ "format", OPTION_FORMAT, "text|json|tap", 0, "text (the default), json or tap", 10 },
	OUTPUT,
	QUIET,
	{ 0 },
};

/* Option arguments that are, or may be, one of a few words: in the order of the enumerations. */
static const struct {
	const char *arg, *values;
} vocabularies[] = {
	{ "WHEN", "auto|always|never" },
	{ "FORMAT", FORMATS },
	{ "WAY", OBSERVERS },
	{ "END", "exit" },
};

const char *option_values(const struct command *command, const struct argp_option *option)
{
	if (option->arg == NULL)
		return NULL;
	if (command != NULL && command->vocabulary[0] != NULL && strcmp(option->arg, command->vocabulary[0]) == 0)
		return command->vocabulary[1];
	for (size_t i = 0; i < sizeof(vocabularies) / sizeof(vocabularies[0]); i++) {
		if (strcmp(option->arg, vocabularies[i].arg) == 0)
			return vocabularies[i].values;
	}
	/* Words with more behind them are not values yet. */
	if (strchr(option->arg, '=') != NULL)
		return NULL;
	if (strchr(option->arg, '|') != NULL || strcmp(option->arg, "FILE") == 0)
		return option->arg;
	return NULL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct common_options *self = state->input;
	int word;

	switch (key) {
	case OPTION_FULL:
		self->report.full = true;
		return 0;
	case OPTION_SYMBOLIC:
		self->report.symbolic = true;
		return 0;
	case OPTION_EXPLAIN:
		self->report.explain = true;
		return 0;
	case OPTION_PAGES:
		self->report.pages = true;
		return 0;
	case OPTION_DETAIL:
		self->detail = true;
		return 0;
	case OPTION_STEP:
		self->step = true;
		return 0;
	case OPTION_COLOR:
		word = command_word("auto|always|never", arg);
		self->color = (enum color)word;
		if (word >= 0)
			return 0;
		argp_error(state, "--color: %s: not a choice (try auto, always or never)", arg);
		return EINVAL;
	case OPTION_FORMAT:
		word = command_word(FORMATS, arg);
		self->format = (enum format)word;
		if (word >= 0)
			return 0;
		argp_error(state, "--format: %s: not a format (try text, json, tap, script or c)", arg);
		return EINVAL;
	case OPTION_OBSERVER:
		word = command_word(OBSERVERS, arg);
		self->observer = (enum observer_way)word;
		if (word >= 0)
			return 0;
		argp_error(state, "--observer: %s: not a choice (try auto, text or query)", arg);
		return EINVAL;
	case 'o':
		self->output = arg;
		return 0;
	case 'q':
		self->report.quiet = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_view(int key, char *arg, struct argp_state *state)
{
	if (key != OPTION_FORMAT || command_word("text|json", arg) >= 0)
		return parse(key, arg, state);
	argp_error(state, "--format: %s: not a format (try text or json)", arg);
	return EINVAL;
}

static error_t parse_steps(int key, char *arg, struct argp_state *state)
{
	if (key != OPTION_FORMAT || command_word("text|json|tap", arg) >= 0)
		return parse(key, arg, state);
	argp_error(state, "--format: %s: not a format (try text, json or tap)", arg);
	return EINVAL;
}

const struct argp *options_of(const struct command *command)
{
	if (command->plan != NULL)
		return &common_argp;
	if (command->produce == NULL)
		return NULL;
	return command->json ? &json_argp : command->steps ? &steps_argp : &view_argp;
}

const struct argp view_argp = { .options = view_options, .parser = parse_view };
const struct argp json_argp = { .options = json_options, .parser = parse };
const struct argp steps_argp = { .options = steps_options, .parser = parse_steps };
const struct argp common_argp = { .options = options, .parser = parse };
