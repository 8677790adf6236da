/* SPDX-License-Identifier: MIT */
/* protect: the permissions of a part of a mapping changed by mprotect, and what an access that they forbid does. */
#include "cmd/command.h"

#define PROTS "read|none|write"

enum prot { PROT_OF_READ, PROT_OF_NONE, PROT_OF_WRITE };

struct options {
	unsigned prot; /* enum prot: a place in PROTS */
};

enum { OPTION_PROT = 256 };

static const struct argp_option options[] = {
	{ "prot", OPTION_PROT, PROTS, 0,
	  "What stays allowed in the middle page: loads (the default), nothing, or stores", 0 },
	{ 0 },
};

static const char *const names[] = { "PROT_READ", "PROT_NONE", "PROT_WRITE" };

static const char opening[] =
	"a = mmap(NULL, 3p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	"write_pages(a, 3p)\n"
	"expect vma(a, 3p), \"one mapping\"\n"
	"mprotect(a + 1p, 1p, $prot)\n"
	"expect vmas(a, 3p) == 3, \"three now: permissions belong to whole mappings\"\n";

/* What the page of those permissions does, and what a handler of SIGSEGV would do about it: repair, and try again. */
static const char *const accesses[] = {
	"expect a[1p] == 1, \"it can be read\"\n"
	"code = fault(a[1p] = 2)\n"
	"expect code == SEGV_ACCERR, \"a store is refused: something is mapped, and does not allow it\"\n"
	"expect a[1p] == 1, \"and changed nothing\"\n",

	"code = fault(a[1p])\n"
	"expect code == SEGV_ACCERR, \"a load is refused: something is mapped, and does not allow it\"\n"
	"expect fault(a[1p] = 2) == SEGV_ACCERR, \"and so is a store\"\n"
	"expect resident(a + 1p, 1p) == 1p, \"the page is in memory all the same\"\n",

	"code = fault(a[1p])\n"
	"if code == 0 { note \"this processor has no page that can be written and not read\" }\n"
	"expect fault(a[1p] = 2) == 0, \"a store is allowed\"\n",
};

static const char closing[] =
	"nothing = hole(1p)\n"
	"expect fault(nothing[0]) == SEGV_MAPERR, \"where nothing is mapped the code is another one\"\n"
	"mprotect(a + 1p, 1p, PROT_READ|PROT_WRITE)    # what a handler of SIGSEGV does: repair,\n"
	"a[1p] = 2                                     # and have the access made again\n"
	"expect a[1p] == 2\n"
	"expect vma(a, 3p), \"equal neighbours merged: one mapping again\"\n"
	"mprotect(a, 1, PROT_NONE)    # the length is rounded up to whole pages\n"
	"expect fault(a[1p - 1]) == SEGV_ACCERR, \"the last byte of the page, too\"\n"
	"mprotect(a + 1, 1p, PROT_READ) = -1 EINVAL    # the start is not rounded\n"
	"munmap(a + 1p, 1p)\n"
	"mprotect(a, 3p, PROT_READ) = -1 ENOMEM    # there is a hole in the range\n"
	"expect perms(a) == \"r--p\", \"what lies before the hole was changed\"\n"
	"expect perms(a + 2p) == \"rw-p\", \"what lies behind it was not\"\n"
	"munmap(a, 3p)\n"
	"fd = tmpfile(1p, O_RDONLY)\n"
	"s = mmap(NULL, 1p, PROT_READ, MAP_SHARED, fd, 0)\n"
	"mprotect(s, 1p, PROT_READ|PROT_WRITE) = -1 EACCES    # the file was not opened for writing\n"
	"munmap(s, 1p)\n"
	"p = mmap(NULL, 1p, PROT_READ, MAP_PRIVATE, fd, 0)\n"
	"mprotect(p, 1p, PROT_READ|PROT_WRITE)    # stores into a private mapping never reach it\n"
	"munmap(p, 1p)\n"
	"close(fd)\n";

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	return key == OPTION_PROT ? command_choice(state, "--prot", PROTS, arg, &self->prot) : ARGP_ERR_UNKNOWN;
}

static int plan(const void *input, struct plan *out, char **problem)
{
	const struct options *self = input;
	struct buf *s = plan_add(out, "protect");
	const struct plan_word words[] = { { "prot", names[self->prot] }, { 0 } };

	(void)problem;
	plan_fill(s, opening, words);
	plan_fill(s, accesses[self->prot], words);
	plan_fill(s, closing, words);
	return 0;
}

const struct command cmd_protect = {
	.name = "protect",
	.summary = "change the permissions of a part with mprotect, and break them",
	.doc = "The mapping splits, and merges when all is allowed again. An access that is not allowed is SIGSEGV with SEGV_ACCERR; "
	       "one where nothing is mapped is SEGV_MAPERR.",
	.group = COMMAND_EXPERIMENT_PROTECT,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct options),
	.plan = plan,
};
