/* SPDX-License-Identifier: MIT */
/* move-fixed: a mapping moved by MREMAP_FIXED to a place that was reserved for it, the mistakes that one can make, and the cost. */
#include "base/size.h"
#include "cmd/command.h"
#include "run/cost.h"
#include "run/measure.h"

#include <errno.h>
#include <string.h>

enum mistake { MISTAKE_NONE, MISTAKE_NO_MAYMOVE, MISTAKE_UNALIGNED, MISTAKE_OVERLAP, MISTAKE_ZERO };

struct options {
	struct size_option size;
	unsigned occupied; /* a place in ONTO */
	unsigned mistake;  /* enum mistake */
	bool cost;
	struct size_option to;
	uint64_t runs;     /* 0: not given */
	bool shown;        /* an option of the experiment that is shown was given */
};

#define ONTO "reserved|occupied"
/* In the order of enum mistake, from the first on. */
#define MISTAKES "no-maymove|unaligned|overlap|zero"

enum { OPTION_SIZE = 256, OPTION_ONTO, OPTION_MISTAKE, OPTION_COST, OPTION_TO, OPTION_RUNS };

/* What is measured is written whole, and copied. */
enum { MOST_BYTES = 1 << 30 };

static const struct argp_option options[] = {
	{ "size", OPTION_SIZE, "SIZE", 0, "Size of the mapping (default 1p)", 0 },
	{ "onto", OPTION_ONTO, ONTO, 0,
	  "What is at the destination: a PROT_NONE reservation (the default), or memory with data in it", 0 },
	{ "mistake", OPTION_MISTAKE, MISTAKES, 0,
	  "Break one rule of mremap: see the EINVAL, which rule it was, and that nothing changed", 0 },
	{ "cost", OPTION_COST, NULL, 0,
	  "Measure it instead: what a move costs by size, of page tables that may move whole and of entries, and what a copy does", 1 },
	{ "to", OPTION_TO, "SIZE", 0, "With --cost: the largest size (default 128M)", 1 },
	{ "runs", OPTION_RUNS, "N", 0, "With --cost: how often each is measured (default 5)", 1 },
	{ 0 },
};

static const struct {
	/* The call, with the size in bytes as written and in whole pages. */
	const char *call, *comment;
} mistakes[] = {
	[MISTAKE_NO_MAYMOVE] = { "mremap(a, %s, %s, MREMAP_FIXED, dest)", "FIXED needs MAYMOVE" },
	[MISTAKE_UNALIGNED] = { "mremap(a, %s, %s, MREMAP_MAYMOVE|MREMAP_FIXED, dest + 1)",
	                        "new_address is not at a page's start" },
	[MISTAKE_OVERLAP] = { "mremap(a, %s, %s, MREMAP_MAYMOVE|MREMAP_FIXED, a)",
	                      "the old and the new range overlap" },
	[MISTAKE_ZERO] = { "mremap(a, %s, 0, MREMAP_MAYMOVE|MREMAP_FIXED, dest)", "new_size is 0" },
};

static error_t take_mistake(struct options *self, const char *arg, struct argp_state *state)
{
	error_t error = command_choice(state, "--mistake", MISTAKES, arg, &self->mistake);

	self->mistake += MISTAKE_NO_MAYMOVE;
	return error;
}

static error_t finish(struct options *self, struct argp_state *state)
{
	if (self->cost && self->shown)
		argp_error(state, "--size, --onto and --mistake do not go with --cost");
	else if (!self->cost && (self->to.text != NULL || self->runs > 0))
		argp_error(state, "--to and --runs go with --cost");
	size_option_default(&self->size, "1p", size_page());
	size_option_default(&self->to, "128M", 128 << 20);
	if (self->runs == 0)
		self->runs = 5;
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	self->shown |= key == OPTION_SIZE || key == OPTION_ONTO || key == OPTION_MISTAKE;
	switch (key) {
	case OPTION_SIZE:
		return command_size_option(state, "--size", arg, &self->size);
	case OPTION_ONTO:
		return command_choice(state, "--onto", ONTO, arg, &self->occupied);
	case OPTION_MISTAKE:
		return take_mistake(self, arg, state);
	case OPTION_COST:
		self->cost = true;
		return 0;
	case OPTION_TO:
		return command_size_most(state, "--to", arg, MOST_BYTES, &self->to);
	case OPTION_RUNS:
		return command_number(state, "--runs", arg, 1, MEASURE_RUNS, &self->runs);
	case ARGP_KEY_END:
		return finish(self, state);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Source and destination: the destination is a page longer, so that what is not replaced can be seen. */
static void plan_ranges(const struct options *self, struct buf *s, const char *whole)
{
	buf_printf(s,
	           "a = mmap(NULL, %s, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	           "strcpy(a, \"Original data in page 0\")\n",
	           self->size.text);
	if (self->occupied)
		buf_printf(s,
		           "dest = mmap(NULL, %s + 1p, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)\n"
		           "strcpy(dest, \"What was at the destination\")\n"
		           "strcpy(dest + %s, \"What lies behind it\")\n",
		           whole, whole);
	else
		buf_printf(s, "dest = mmap(NULL, %s + 1p, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)    # reserve it\n", whole);
}

static void plan_mistake(const struct options *self, struct buf *s, const char *whole)
{
	const char *size = self->size.text;

	/* The text of each is ours, with at most two sizes to fill in. */
	const char *call = mistakes[self->mistake].call;

	while (*call != '\0') {
		if (strncmp(call, "%s", 2) == 0) {
			buf_puts(s, size);
			call += 2;
		} else {
			buf_putc(s, *call++);
		}
	}
	buf_printf(s, " = -1 EINVAL    # %s\n", mistakes[self->mistake].comment);
	buf_printf(s,
	           "expect text(a) == \"Original data in page 0\", \"a refused call changes nothing\"\n"
	           "expect mapped(dest, %s + 1p) == %s + 1p, \"nor at the destination\"\n",
	           whole, whole);
	if (self->occupied)
		buf_puts(s, "expect text(dest) == \"What was at the destination\", \"nor in it\"\n");
	else
		buf_puts(s, "expect perms(dest) == \"---p\", \"nor its permissions\"\n");
	buf_printf(s, "munmap(a, %s)\nmunmap(dest, %s + 1p)\n", size, whole);
}

static void plan_move(const struct options *self, struct buf *s, const char *whole)
{
	const char *size = self->size.text;

	buf_printf(s,
	           "old = a\n"
	           "frame = pfn(a)\n"
	           "a = mremap(a, %s, %s, MREMAP_MAYMOVE|MREMAP_FIXED, dest) = dest\n"
	           "expect text(a) == \"Original data in page 0\", \"the data moved, and replaced what was there\"\n",
	           size, size);
	if (self->occupied)
		buf_printf(s, "expect text(dest + %s) == \"What lies behind it\", \"only the size of the move was replaced\"\n", whole);
	else
		buf_printf(s, "expect perms(dest + %s) == \"---p\", \"only the size of the move was replaced\"\n", whole);
	buf_puts(s, "expect fault(old[0]) == SEGV_MAPERR\n"
	            "if frame != 0 {\n"
	            "    expect pfn(a) == frame, \"the same page frame: nothing was copied\"\n"
	            "} else {\n"
	            "    note \"page frame numbers are hidden from this user: only root sees that the frame is the same\"\n"
	            "}\n");
	buf_printf(s, "munmap(dest, %s + 1p)\n", whole);
}

static int plan(const void *input, struct plan *out, char **problem)
{
	const struct options *self = input;
	struct buf *s = plan_add(out, "move-fixed"), whole = { 0 };

	(void)problem;
	plan_whole_pages(&whole, &self->size);
	plan_ranges(self, s, buf_text(&whole));
	if (self->mistake != MISTAKE_NONE)
		plan_mistake(self, s, buf_text(&whole));
	else
		plan_move(self, s, buf_text(&whole));
	buf_fini(&whole);
	return 0;
}

static bool produces(const void *input)
{
	const struct options *self = input;

	return self->cost;
}

static int produce(const void *input, const struct event_sink *sink, char **problem)
{
	const struct options *self = input;

	return cost_run(&(struct cost_options){ self->to.bytes, (unsigned)self->runs }, sink, problem);
}

const struct command cmd_move_fixed = {
	.name = "move-fixed",
	.summary = "move a mapping onto a chosen place with MREMAP_FIXED",
	.doc = "The destination is a range that the experiment reserved itself: MREMAP_FIXED replaces what is there without asking. Nothing "
	       "is copied, but page tables are: --cost measures what a move costs by size.",
	.group = COMMAND_EXPERIMENT_RESIZE,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct options),
	.plan = plan,
	.produce = produce,
	.produces = produces,
};
