/* SPDX-License-Identifier: MIT */
/* droppable: memory that the kernel may take back, and that reads zero then. */
#include "cmd/command.h"

static const char script[] =
	"require MAP_DROPPABLE    # since Linux 6.11\n"
	"require mlock\n"
	"d = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_DROPPABLE|MAP_ANONYMOUS, -1, 0)\n"
	"expect vmflag(d, \"dp\")\n"
	"memset(d, 'D', 4p)\n"
	"expect resident(d, 4p) == 4p\n"
	"child = fork()\n"
	"in child { expect zero(d, 4p), \"a child has the mapping, and none of its pages\" }\n"
	"wait(child) = 0\n"
	"expect filled(d, 'D', 4p), \"the parent keeps them\"\n"
	"locked = mlock(d, 4p) = ?    # it succeeds,\n"
	"require locked == 0, \"not allowed to lock four pages here (RLIMIT_MEMLOCK)\"\n"
	"expect !vmflag(d, \"lo\"), \"and locks nothing: what may be dropped cannot be locked\"\n"
	"madvise(d, 4p, MADV_PAGEOUT)    # as the kernel does it when memory is short\n"
	"if resident(d, 4p) == 0 {\n"
	"    expect zero(d, 4p), \"dropped: it reads zero, and no swap was needed\"\n"
	"} else {\n"
	"    note resident(d, 4p), \"bytes stayed: the kernel takes pages that were not used lately\"\n"
	"}\n"
	"memset(d, 'N', 1p)\n"
	"expect filled(d, 'N', 1p), \"and can be filled again\"\n"
	"mmap(NULL, 1p, PROT_READ, MAP_DROPPABLE|MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 EINVAL    # it is a type of its own\n"
	"munmap(d, 4p)\n";

static int plan(const void *input, struct plan *out, char **problem)
{
	(void)input;
	(void)problem;
	buf_puts(plan_add(out, "droppable"), script);
	return 0;
}

const struct command cmd_droppable = {
	.name = "droppable",
	.summary = "map memory that may be dropped, with MAP_DROPPABLE",
	.doc = "Since Linux 6.11, made for caches and for random numbers: when memory is short its pages are dropped and not swapped, and read "
	       "zero afterwards. A child has none of them.",
	.group = COMMAND_EXPERIMENT_MEMORY,
	.plan = plan,
};
