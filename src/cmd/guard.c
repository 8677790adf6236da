/* SPDX-License-Identifier: MIT */
/* guard: pages that fault, so that running past the end of something is noticed. */
#include "cmd/choice.h"

#define WAYS "prot|mark"

static const struct argp_option options[] = {
	{ "by", OPTION_CHOICE, WAYS, 0,
	  "By what the page faults: its permissions, PROT_NONE (the default), or a mark in the page table, MADV_GUARD_INSTALL", 0 },
	{ 0 },
};

/* By place in WAYS. */
static const char *const scripts[] = {
	"at = hole(3p)    # no stranger is a neighbour there\n"
	"a = mmap(at, 3p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = at\n"
	"memset(a, 'A', 3p)\n"
	"mprotect(a + 1p, 1p, PROT_NONE)\n"
	"expect vmas(a, 3p) == 3, \"one mapping became three\"\n"
	"expect fault(a[1p]) == SEGV_ACCERR, \"a load faults\"\n"
	"expect fault(a[1p] = 1) == SEGV_ACCERR, \"and so does a store\"\n"
	"expect filled(a, 'A', 1p), \"its neighbours are as they were\"\n"
	"mprotect(a + 1p, 1p, PROT_READ|PROT_WRITE)\n"
	"expect vma(a, 3p), \"one again\"\n"
	"expect filled(a, 'A', 3p), \"and nothing was lost\"\n"
	"munmap(a, 3p)\n",

	"require MADV_GUARD_INSTALL    # since Linux 6.13\n"
	"at = hole(3p)\n"
	"a = mmap(at, 3p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = at\n"
	"memset(a, 'A', 3p)\n"
	"madvise(a + 1p, 1p, MADV_GUARD_INSTALL)\n"
	"expect vma(a, 3p), \"still one mapping: the maps do not show it\"\n"
	"expect perms(a + 1p) == \"rw-p\"\n"
	"expect fault(a[1p]) == SEGV_MAPERR, \"a load faults\"\n"
	"expect fault(a[1p] = 1) == SEGV_MAPERR, \"and so does a store\"\n"
	"expect resident(a, 3p) == 2p, \"its page was given back at once\"\n"
	"expect filled(a, 'A', 1p), \"its neighbours are as they were\"\n"
	"madvise(a, 3p, MADV_DONTNEED)    # it empties pages and leaves guards alone\n"
	"expect fault(a[1p]) == SEGV_MAPERR\n"
	"child = fork()\n"
	"in child { expect fault(a[1p]) == SEGV_MAPERR, \"a child inherits it\" }\n"
	"wait(child) = 0\n"
	"madvise(a + 1p, 1p, MADV_GUARD_REMOVE)\n"
	"expect zero(a + 1p, 1p), \"an ordinary page of zeros now: what was in it is lost\"\n"
	"munmap(a, 3p)\n",
};

static const struct choice choice = { .option = "--by", .words = WAYS, .scripts = scripts };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	return choice_parse(key, arg, state, &choice);
}

static int plan(const void *input, struct plan *out, char **problem)
{
	(void)problem;
	return choice_plan(input, out, "guard", &choice);
}

const struct command cmd_guard = {
	.name = "guard",
	.summary = "put a page that faults between two others",
	.doc = "PROT_NONE needs a mapping of its own for the page, and a process may have only so many. MADV_GUARD_INSTALL (Linux 6.13) "
	       "marks the page in the page table: the maps stay as they are.",
	.group = COMMAND_EXPERIMENT_PROTECT,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct choice_options),
	.plan = plan,
};
