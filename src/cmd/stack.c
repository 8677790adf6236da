/* SPDX-License-Identifier: MIT */
/* stack: a mapping that grows downwards by itself, as a stack does, and what stops it. */
#include "cmd/choice.h"

#define ENDS "gap|limit"

static const struct argp_option options[] = {
	{ "until", OPTION_CHOICE, ENDS, 0,
	  "What stops it: the mapping below (the default), or the limit RLIMIT_STACK", 0 },
	{ 0 },
};

/* By place in ENDS. */
static const char *const scripts[] = {
	"set = setrlimit(RLIMIT_STACK, 600p) = ?    # this limit is not what stops it\n"
	"require set == 0, \"the limit cannot be set (is a lower hard one in force?)\"\n"
	"at = hole(600p)\n"
	"below = mmap(at, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = at\n"
	"a = mmap(at + 599p, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_GROWSDOWN|MAP_FIXED_NOREPLACE, -1, 0) = at + 599p\n"
	"expect vmflag(a, \"gd\")\n"
	"a[-1p] = 1    # nothing is mapped there:\n"
	"expect start(a) == a - 1p, \"the mapping grew, and no call was made\"\n"
	"a[-16p] = 1    # nor need it be the next page\n"
	"expect start(a) == a - 16p\n"
	"expect resident(a - 16p, 16p) == 2p, \"addresses for all between, memory for what was touched\"\n"
	"repeat 600 as i {\n"
	"    if fault(a[-(17 + i) * 1p] = 1) != 0 { break }\n"
	"}\n"
	"gap = (start(a) - end(below)) / 1p\n"
	"note gap, \"pages above the next mapping it stops: the stack guard gap\"\n"
	"expect gap > 0\n"
	"expect fault(a[start(a) - a - 1] = 1) == SEGV_MAPERR, \"nothing is mapped below, and nothing will be\"\n"
	"munmap(below, 1p)\n"
	"expect fault(a[start(a) - a - 1] = 1) == 0, \"without a neighbour it grows on\"\n"
	"munmap(start(a), end(a) - start(a))\n",

	"at = hole(600p)\n"
	"a = mmap(at + 599p, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_GROWSDOWN|MAP_FIXED_NOREPLACE, -1, 0) = at + 599p\n"
	"set = setrlimit(RLIMIT_STACK, 8p) = ?\n"
	"require set == 0, \"the limit cannot be set (is a lower hard one in force?)\"\n"
	"repeat 600 as i {\n"
	"    if fault(a[-(1 + i) * 1p] = 1) != 0 { break }\n"
	"}\n"
	"expect end(a) - start(a) == 8p, \"RLIMIT_STACK counts for every mapping that grows down\"\n"
	"expect fault(a[-8p] = 1) == SEGV_MAPERR, \"past it: as if nothing could be there\"\n"
	"setrlimit(RLIMIT_STACK, 16p)\n"
	"expect fault(a[-8p] = 1) == 0, \"the limit is asked at each growth\"\n"
	"expect end(a) - start(a) == 9p\n"
	"munmap(start(a), end(a) - start(a))\n",
};

static const struct choice choice = { .option = "--until", .words = ENDS, .scripts = scripts };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	return choice_parse(key, arg, state, &choice);
}

static int plan(const void *input, struct plan *out, char **problem)
{
	(void)problem;
	return choice_plan(input, out, "stack", &choice);
}

const struct command cmd_stack = {
	.name = "stack",
	.summary = "map memory that grows down by itself, with MAP_GROWSDOWN",
	.doc = "An access below a MAP_GROWSDOWN mapping makes it longer, until it comes near the next mapping (the stack guard gap) or to "
	       "RLIMIT_STACK.",
	.group = COMMAND_EXPERIMENT_PLACE,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct choice_options),
	.plan = plan,
};
