/* SPDX-License-Identifier: MIT */
/* maps: the mappings of any process or saved file, as a table. */
#include "base/alloc.h"
#include "cmd/command.h"
#include "run/filter.h"
#include "run/look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct options {
	struct look_options look;
	struct filter *filters;
	size_t filter_cap;
	bool raw, tree, gaps, resident, detail, explain;
	const char *sort; /* as it was given; NULL: not */
};

enum { OPTION_RAW = 3072, OPTION_TREE, OPTION_GAPS, OPTION_RESIDENT, OPTION_DETAIL, OPTION_EXPLAIN, OPTION_SORT, OPTION_FILTER };

static const struct argp_option options[] = {
	{ "tree", OPTION_TREE, NULL, 0, "Show the mappings of one object together, and their total", 0 },
	{ "gaps", OPTION_GAPS, NULL, 0, "Show the holes between the mappings too, and the largest one", 0 },
	{ "raw", OPTION_RAW, NULL, 0, "Show the lines of /proc/PID/maps as they are, byte for byte", 0 },
	{ "resident", OPTION_RESIDENT, NULL, 0, "Show how much of each is in memory (reads smaps, which is dear)", 0 },
	{ "detail", OPTION_DETAIL, NULL, 0, "Show all that smaps says of each, and its flags in words", 0 },
	{ "explain", OPTION_EXPLAIN, NULL, 0, "Say of each what it is, as without an argument", 0 },
	{ "sort", OPTION_SORT, "address|size|name|resident|perms", 0, "Order by it: sizes the largest first (address)", 0 },
	{ "filter", OPTION_FILTER, "EXPR", 0, "Show only those that match: perms=rw, name=libc, 'size>1M', address=7f12c000; "
	  "several must all match", 0 },
	{ 0 },
};

static const char *const orders[] = {
	[LOOK_ADDRESS] = "address", [LOOK_SIZE] = "size", [LOOK_NAME] = "name", [LOOK_RESIDENT] = "resident", [LOOK_PERMS] = "perms",
};

static error_t parse_sort(struct options *self, const char *arg, struct argp_state *state)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (strcmp(arg, orders[i]) == 0) {
			self->sort = arg;
			self->look.order = (enum look_order)i;
			return 0;
		}
	}
	argp_error(state, "--sort: %s: not an order (try address, size, name, resident or perms)", arg);
	return EINVAL;
}

static error_t parse_filter(struct options *self, const char *arg, struct argp_state *state)
{
	struct filter filter;
	char *problem = NULL;

	if (filter_parse(&filter, arg, &problem) < 0) {
		argp_error(state, "--filter: %s", problem);
		free(problem);
		return EINVAL;
	}
	self->filters = alloc_grow(self->filters, &self->filter_cap, self->look.filter_count + 1, sizeof(filter));
	self->filters[self->look.filter_count++] = filter;
	self->look.filters = self->filters;
	self->look.detail |= filter.key == FILTER_RESIDENT;
	return 0;
}

/* What cannot be shown in one view. */
static error_t check(const struct options *self, struct argp_state *state)
{
	if (self->raw + self->tree + self->gaps > 1)
		argp_error(state, "--raw, --tree and --gaps: one of them at a time");
	else if (self->raw && (self->resident || self->detail || self->explain))
		argp_error(state, "--raw shows the lines as they are, and nothing beside them");
	else if (self->gaps && self->look.order != LOOK_ADDRESS)
		argp_error(state, "--gaps: holes are between neighbours: only by address, not by --sort=%s", self->sort);
	else if (self->tree && self->look.order == LOOK_PERMS)
		argp_error(state, "--tree: an object has more than one kind of permissions: it cannot be sorted by them");
	else
		return 0;
	return EINVAL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;
	const struct {
		int key;
		bool *flag;
	} flags[] = {
		{ OPTION_RAW, &self->raw },           { OPTION_TREE, &self->tree },       { OPTION_GAPS, &self->gaps },
		{ OPTION_RESIDENT, &self->resident }, { OPTION_EXPLAIN, &self->explain },
		{ OPTION_DETAIL, &self->detail },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (key == flags[i].key) {
			*flags[i].flag = true;
			return 0;
		}
	}
	switch (key) {
	case OPTION_SORT:
		return parse_sort(self, arg, state);
	case OPTION_FILTER:
		return parse_filter(self, arg, state);
	case ARGP_KEY_ARG:
		if (self->look.name != NULL) {
			argp_error(state, "%s: one process or file at a time (after %s)", arg, self->look.name);
			return EINVAL;
		}
		self->look.name = arg;
		return 0;
	case ARGP_KEY_END:
		self->look.together = self->tree;
		self->look.gaps = self->gaps;
		self->look.plain = self->raw;
		self->look.figures = self->detail;
		self->look.detail |= self->resident || self->detail || self->look.order == LOOK_RESIDENT;
		return check(self, state);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void fini(void *input)
{
	struct options *self = input;

	free(self->filters);
}

static int produce(const void *input, const struct event_sink *sink, char **problem)
{
	const struct options *self = input;

	return look_run(&self->look, sink, problem);
}

static void view(const void *input, struct report_options *report)
{
	const struct options *self = input;

	report->maps = self->raw ? MAPS_RAW : self->tree ? MAPS_TREE : MAPS_TABLE;
	report->figures = self->detail;
	report->words = self->explain || (self->look.name == NULL && !self->raw && !self->tree);
}

const struct command cmd_maps = {
	.name = "maps",
	.args = "[PID|FILE|-]",
	.summary = "show the mappings of any process, or of a saved maps file",
	.doc = "Digits alone are a process's number (./123 is a file), - is standard input. A FILE holds what /proc/PID/maps or "
	       "/proc/PID/smaps said, of this machine or of another one. Without an argument mmtool shows its own mappings, and "
	       "says what they are.",
	.group = COMMAND_LOOK,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct options),
	.fini = fini,
	.produce = produce,
	.view = view,
};
