/* SPDX-License-Identifier: MIT */
/* sync: what msync is for, and what it is not for. */
#include "cmd/command.h"

static const char script[] =
	"fd = tmpfile(2p)\n"
	"a = mmap(NULL, 2p, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0)\n"
	"strcpy(a, \"Stored\")\n"
	"child = fork()\n"
	"in child {\n"
	"    pread(fd, scratch, 7, 0)\n"
	"    expect text(scratch) == \"Stored\", \"another process reads it with read(2), and no msync\"\n"
	"}\n"
	"wait(child) = 0\n"
	"pwrite(fd, \"Written\", 8, 1p)\n"
	"expect text(a + 1p) == \"Written\", \"and what write(2) wrote is in the mapping\"\n"
	"dirty = smaps(a, \"Private_Dirty\") + smaps(a, \"Shared_Dirty\")\n"
	"note dirty, \"bytes are dirty: not on the disk yet\"\n"
	"expect dirty >= 1p\n"
	"msync(a, 2p, MS_ASYNC)\n"
	"expect smaps(a, \"Private_Dirty\") + smaps(a, \"Shared_Dirty\") == dirty, \"MS_ASYNC starts nothing: the kernel writes in its own time\"\n"
	"msync(a, 2p, MS_SYNC)\n"
	"clean = smaps(a, \"Private_Dirty\") + smaps(a, \"Shared_Dirty\")\n"
	"if clean == 0 {\n"
	"    note \"none after MS_SYNC: they were written, and it waited for that\"\n"
	"} else {\n"
	"    note clean, \"bytes after MS_SYNC: this file system is in memory and has nothing to write to\"\n"
	"}\n"
	"strcpy(a, \"Not lost\")\n"
	"msync(a, 2p, MS_INVALIDATE)\n"
	"expect text(a) == \"Not lost\", \"MS_INVALIDATE drops nothing: there is one cache for all\"\n"
	"locked = mlock(a, 1p) = ?\n"
	"if locked == 0 {\n"
	"    msync(a, 2p, MS_INVALIDATE) = -1 EBUSY    # all that it does is to refuse locked pages\n"
	"    munlock(a, 1p)\n"
	"}\n"
	"msync(a, 2p, MS_SYNC|MS_ASYNC) = -1 EINVAL    # to wait and not to wait\n"
	"msync(a + 1, 1p, MS_SYNC) = -1 EINVAL    # a page's start\n"
	"p = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE, fd, 0)\n"
	"strcpy(p, \"Mine alone\")\n"
	"msync(p, 1p, MS_SYNC)\n"
	"expect text(a) == \"Not lost\", \"the stores of a private mapping never reach the file\"\n"
	"munmap(p, 1p)\n"
	"munmap(a + 1p, 1p)\n"
	"msync(a, 2p, MS_SYNC) = -1 ENOMEM    # there is a hole in the range\n"
	"munmap(a, 1p)\n"
	"close(fd)\n";

static int plan(const void *input, struct plan *out, char **problem)
{
	(void)input;
	(void)problem;
	buf_puts(plan_add(out, "sync"), script);
	return 0;
}

const struct command cmd_sync = {
	.name = "sync",
	.summary = "see what msync does to dirty pages, and who needs it",
	.doc = "Others see a store at once, with no msync: there is one page cache. MS_SYNC has dirty pages written and waits, MS_ASYNC has done "
	       "nothing since Linux 2.6.19, MS_INVALIDATE drops nothing.",
	.group = COMMAND_EXPERIMENT_SHARE,
	.plan = plan,
};
