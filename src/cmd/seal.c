/* SPDX-License-Identifier: MIT */
/* seal: a mapping that stays as it is for the life of the process. */
#include "cmd/command.h"

static const char script[] =
	"require mseal    # since Linux 6.10\n"
	"a = mmap(NULL, 3p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	"strcpy(a, \"Sealed\")\n"
	"mprotect(a, 3p, PROT_READ)\n"
	"mseal(a, 2p, 0)    # the last page stays open\n"
	"expect vmflag(a, \"sl\")\n"
	"expect !vmflag(a + 2p, \"sl\")\n"
	"munmap(a, 2p) = -1 EPERM\n"
	"mremap(a, 2p, 4p, MREMAP_MAYMOVE) = -1 EPERM\n"
	"mremap(a, 2p, 1p, 0) = -1 EPERM\n"
	"mprotect(a, 2p, PROT_READ|PROT_WRITE) = -1 EPERM\n"
	"mmap(a, 1p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = -1 EPERM\n"
	"madvise(a, 2p, MADV_DONTNEED) = -1 EPERM    # it would change what is read there\n"
	"expect text(a) == \"Sealed\", \"reading is what it is for\"\n"
	"madvise(a, 2p, MADV_WILLNEED)    # advice that changes nothing is taken\n"
	"mseal(a, 2p, 0)    # and sealing it again\n"
	"munmap(a, 3p) = -1 EPERM\n"
	"expect mapped(a, 3p) == 3p, \"one sealed page in the range, and all of it stays\"\n"
	"munmap(a + 2p, 1p)    # the page that was not sealed\n"
	"child = fork()\n"
	"in child { munmap(a, 2p) = -1 EPERM }    # a child inherits the seal\n"
	"wait(child) = 0\n"
	"w = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	"mseal(w, 1p, 0)\n"
	"w[0] = 1    # a seal keeps the mapping, not the data\n"
	"expect w[0] == 1\n"
	"mseal(w, 1p, 1) = -1 EINVAL    # there are no flags\n"
	"mseal(w + 1, 1p, 0) = -1 EINVAL    # a page's start\n"
	"nothing = hole(1p)\n"
	"mseal(nothing, 1p, 0) = -1 ENOMEM    # something must be mapped\n";

static int plan(const void *input, struct plan *out, char **problem)
{
	(void)input;
	(void)problem;
	buf_puts(plan_add(out, "seal"), script);
	return 0;
}

const struct command cmd_seal = {
	.name = "seal",
	.summary = "seal a mapping with mseal: it can be changed no more",
	.doc = "Since Linux 6.10. A call that would unmap, move, resize, replace or re-protect a sealed mapping is EPERM, and it stays so "
	       "until the process ends: there is no call that removes a seal.",
	.group = COMMAND_EXPERIMENT_PROTECT,
	.plan = plan,
};
