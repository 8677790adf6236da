/* SPDX-License-Identifier: MIT */
/* realloc: a buffer that doubles with mremap, and how that compares with malloc and a copy, and with realloc(3). */
#include "base/size.h"
#include "cmd/command.h"
#include "run/growth.h"
#include "run/measure.h"

#include <errno.h>

#define COMPARISONS "touched|untouched"

struct options {
	struct size_option from, to;
	bool compare;
	unsigned compared; /* a place in COMPARISONS */
	uint64_t runs;     /* 0: not given */
};

enum { OPTION_FROM = 256, OPTION_TO, OPTION_COMPARE, OPTION_RUNS };

/* What is measured is written whole, and copied. */
enum { MOST_BYTES = 1 << 30 };

static const struct argp_option options[] = {
	{ "from", OPTION_FROM, "SIZE", 0, "Size of the buffer at first (default 1p)", 0 },
	{ "to", OPTION_TO, "SIZE", 0, "Size that it is doubled to, or beyond (default 64p; with --compare 64M)", 0 },
	{ "compare", OPTION_COMPARE, "BYTES", OPTION_ARG_OPTIONAL,
	  "Measure it instead: mremap, realloc, and malloc with a copy, each in processes of its own; with every byte touched (the "
	  "default), or all but one of each new half untouched", 1 },
	{ "runs", OPTION_RUNS, "N", 0, "With --compare: how often each is measured (default 5)", 1 },
	{ 0 },
};

static const char script[] =
	"tiny = mmap(NULL, 400, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	"tiny = mremap(tiny, 400, 800, MREMAP_MAYMOVE) = tiny    # 100 ints, then 200: one page, and nothing to do\n"
	"munmap(tiny, 800)\n"
	"size = $from\n"
	"buffer = mmap(NULL, size, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	"buffer[0] = 1\n"
	"saved = buffer    # bad: an address\n"
	"frame = pfn(buffer)\n"
	"moves = 0\n"
	"doublings = 0\n"
	"faults = minflt()\n"
	"repeat 64 {\n"
	"    if size >= $to { break }\n"
	"    last = buffer\n"
	"    buffer = mremap(buffer, size, 2 * size, MREMAP_MAYMOVE)\n"
	"    if buffer != last { moves = moves + 1 }\n"
	"    buffer[size] = doublings + 2    # one store into the new half\n"
	"    size = 2 * size\n"
	"    doublings = doublings + 1\n"
	"}\n"
	"note moves, \"of\", doublings, \"doublings moved the buffer;\", minflt() - faults, \"page faults\"\n"
	"expect buffer[0] == 1\n"
	"offset = $from    # good: an offset\n"
	"repeat doublings as k {\n"
	"    expect buffer[offset] == k + 2, \"what was stored on the way is there\"\n"
	"    offset = 2 * offset\n"
	"}\n"
	"if frame != 0 { expect pfn(buffer) == frame, \"the same page frame: it moved, and was not copied\" }\n"
	"if buffer != saved {\n"
	"    got = fault(saved[0])\n"
	"    if got == SEGV_MAPERR {\n"
	"        note \"the saved pointer faults: nothing is mapped there now\"\n"
	"    } else {\n"
	"        note \"the saved pointer does not fault: something else is mapped there now\"\n"
	"    }\n"
	"    other = mmap(saved, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)    # somebody's next mapping\n"
	"    if other == saved { expect fault(saved[0]) == 0, \"and then it reads somebody else's memory, without a fault\" }\n"
	"    munmap(other, 1p)\n"
	"} else {\n"
	"    note \"the buffer never moved here, and so the saved pointer is good, by chance\"\n"
	"}\n"
	"munmap(buffer, size)\n";

static error_t finish(struct options *self, struct argp_state *state)
{
	const char *problem = NULL;

	size_option_default(&self->from, "1p", size_page());
	if (self->compare)
		size_option_default(&self->to, "64M", 64 << 20);
	size_option_default(&self->to, "64p", 64 * size_page());
	if (!self->compare && self->runs > 0)
		problem = "--runs goes with --compare";
	else if (self->to.bytes < 2 * self->from.bytes)
		problem = "--to: must be at least twice --from, for the buffer is doubled";
	else if ((self->to.bytes - 1) / size_page() == (self->from.bytes - 1) / size_page())
		problem = "--to: must be larger than --from by a page at least: within a page there is nothing to grow";
	if (self->runs == 0)
		self->runs = 5;
	if (problem == NULL)
		return 0;
	argp_error(state, "%s", problem);
	return EINVAL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	switch (key) {
	case OPTION_FROM:
		return command_size_most(state, "--from", arg, MOST_BYTES, &self->from);
	case OPTION_TO:
		return command_size_most(state, "--to", arg, MOST_BYTES, &self->to);
	case OPTION_COMPARE:
		self->compare = true;
		return arg != NULL ? command_choice(state, "--compare", COMPARISONS, arg, &self->compared) : 0;
	case OPTION_RUNS:
		return command_number(state, "--runs", arg, 1, MEASURE_RUNS, &self->runs);
	case ARGP_KEY_END:
		return finish(self, state);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int plan(const void *input, struct plan *out, char **problem)
{
	const struct options *self = input;
	struct buf from = { 0 };

	(void)problem;
	plan_whole_pages(&from, &self->from);
	const struct plan_word words[] = { { "from", buf_text(&from) }, { "to", self->to.text }, { 0 } };

	plan_fill(plan_add(out, "realloc"), script, words);
	buf_fini(&from);
	return 0;
}

static bool produces(const void *input)
{
	const struct options *self = input;

	return self->compare;
}

static int produce(const void *input, const struct event_sink *sink, char **problem)
{
	const struct options *self = input;
	const struct growth_options growth = { .from = self->from.bytes,
		                               .to = self->to.bytes,
		                               .touched = self->compared == (unsigned)command_word(COMPARISONS, "touched"),
		                               .runs = (unsigned)self->runs };

	return growth_run(&growth, sink, problem);
}

const struct command cmd_realloc = {
	.name = "realloc",
	.summary = "double a buffer with mremap, and compare with malloc",
	.doc = "Its pages move and are not copied, offsets stay good, and saved pointers usually fault. realloc is a function of the C "
	       "library, which does the same for large blocks; --compare measures what that saves.",
	.group = COMMAND_EXPERIMENT_RESIZE,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct options),
	.vocabulary = { "BYTES", COMPARISONS },
	.plan = plan,
	.produce = produce,
	.produces = produces,
};
