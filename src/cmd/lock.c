/* SPDX-License-Identifier: MIT */
/* lock: memory that stays: mlock and its kin. */
#include "cmd/choice.h"
#include "cmd/lock-limit.h"

#define WAYS "mlock|onfault|all|flag|file|limit"

static const struct argp_option options[] = {
	{ "by", OPTION_CHOICE, "CALL", 0,
	  "By which call: mlock (the default), mlock2 with MLOCK_ONFAULT, mlockall, mmap with MAP_LOCKED; mlock of a file; "
	  "or what the limit RLIMIT_MEMLOCK makes of them: " WAYS, 0 },
	{ 0 },
};

/* By place in WAYS. */
static const char *const scripts[] = {
	"require mlock\n"
	"at = hole(6p)\n"
	"a = mmap(at, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = at\n"
	"locked = mlock(a, 4p) = ?\n"
	"require locked == 0, \"not allowed to lock four pages here (RLIMIT_MEMLOCK)\"\n"
	"expect resident(a, 4p) == 4p, \"locking brings the pages in\"\n"
	"expect status(\"VmLck\") == 4p\n"
	"munlock(a, 4p)\n"
	"expect status(\"VmLck\") == 0\n"
	"expect resident(a, 4p) == 4p, \"munlock evicts nothing\"\n"
	"mlock(a + 2p - 1, 2)    # two bytes across a border:\n"
	"expect status(\"VmLck\") == 2p, \"two pages: the start is rounded down, the end up\"\n"
	"expect vmflag(a + 1p, \"lo\") && vmflag(a + 2p, \"lo\")\n"
	"mlock(a + 1p, 2p)    # locked twice,\n"
	"munlock(a + 1p, 2p)    # unlocked once:\n"
	"expect status(\"VmLck\") == 0, \"unlocked: locks do not stack\"\n"
	"mlock(a + 2p, 4p) = -1 ENOMEM    # there is a hole in the range\n"
	"expect status(\"VmLck\") == 2p, \"what lies before the hole is locked all the same\"\n"
	"child = fork()\n"
	"in child { expect status(\"VmLck\") == 0, \"a child inherits the memory and not the locks\" }\n"
	"wait(child) = 0\n"
	"munmap(a, 4p)\n"
	"expect status(\"VmLck\") == 0, \"with the mapping the lock goes\"\n",

	"require mlock2    # since Linux 4.4\n"
	"a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	"locked = mlock2(a, 4p, MLOCK_ONFAULT) = ?\n"
	"require locked == 0, \"not allowed to lock four pages here (RLIMIT_MEMLOCK)\"\n"
	"expect vmflag(a, \"lo\")\n"
	"expect resident(a, 4p) == 0, \"locked, and no page brought in\"\n"
	"expect status(\"VmLck\") == 4p, \"all of it counts\"\n"
	"a[0] = 1\n"
	"expect resident(a, 4p) == 1p, \"each page is locked when it comes\"\n"
	"munmap(a, 4p)\n",

	"require mlockall\n"
	"done = mlockall(MCL_FUTURE) = ?\n"
	"require done == 0, \"not allowed to lock memory here (RLIMIT_MEMLOCK)\"\n"
	"expect status(\"VmLck\") == 0, \"MCL_FUTURE concerns nothing that is there\"\n"
	"a = mmap(NULL, 2p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ?\n"
	"require a != MAP_FAILED || errno != EAGAIN, \"not allowed to lock two pages here (RLIMIT_MEMLOCK)\"\n"
	"expect vmflag(a, \"lo\"), \"but every mapping to come\"\n"
	"expect resident(a, 2p) == 2p, \"which mmap brings in by itself\"\n"
	"mlockall(MCL_FUTURE|MCL_ONFAULT)    # since Linux 4.4\n"
	"b = mmap(NULL, 2p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ?\n"
	"require b != MAP_FAILED || errno != EAGAIN, \"not allowed to lock four pages here (RLIMIT_MEMLOCK)\"\n"
	"expect resident(b, 2p) == 0, \"or each page when it comes\"\n"
	"child = fork()\n"
	"in child {\n"
	"    expect status(\"VmLck\") == 0, \"a child inherits no lock\"\n"
	"    c = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	"    expect !vmflag(c, \"lo\"), \"nor the rule for what is to come\"\n"
	"}\n"
	"wait(child) = 0\n"
	"munlockall()\n"
	"expect status(\"VmLck\") == 0, \"munlockall ends the locks\"\n"
	"d = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	"expect !vmflag(d, \"lo\"), \"and the rule\"\n"
	"mlockall(MCL_ONFAULT) = -1 EINVAL    # alone it says nothing\n"
	"munmap(a, 2p)\n"
	"munmap(b, 2p)\n"
	"munmap(d, 1p)\n",

	"a = mmap(NULL, 2p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = ?\n"
	"require a != MAP_FAILED || (errno != EAGAIN && errno != EPERM), \"not allowed to lock two pages here (RLIMIT_MEMLOCK)\"\n"
	"expect a != MAP_FAILED\n"
	"expect vmflag(a, \"lo\")\n"
	"expect resident(a, 2p) == 2p, \"brought in by mmap\"\n"
	"note \"unlike mlock, mmap does not say so when the pages could not be brought in\"\n"
	"a = mremap(a, 2p, 4p, MREMAP_MAYMOVE) = ?\n"
	"if a != MAP_FAILED {\n"
	"    expect vmflag(a, \"lo\"), \"a locked mapping that grows stays locked\"\n"
	"    expect resident(a, 4p) == 4p, \"and its new pages are brought in\"\n"
	"    munmap(a, 4p)\n"
	"} else {\n"
	"    expect errno == EAGAIN, \"RLIMIT_MEMLOCK does not allow more\"\n"
	"}\n",

	"require mlock\n"
	"fd = tmpfile(4p)\n"
	"a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0)\n"
	"locked = mlock(a, 4p) = ?\n"
	"require locked == 0, \"not allowed to lock four pages here (RLIMIT_MEMLOCK)\"\n"
	"expect resident(a, 4p) == 4p, \"all in memory\"\n"
	"before = minflt()\n"
	"write_pages(a, 4p)\n"
	"faults = minflt() - before\n"
	"if faults > 0 {\n"
	"    note faults, \"faults at the first stores: locked pages are not writable at once where the file system tracks dirty pages\"\n"
	"} else {\n"
	"    note \"no fault at the first stores: this file system does not track dirty pages\"\n"
	"}\n"
	"again = 0\n"
	"repeat 20 {\n"
	"    before = minflt()\n"
	"    write_pages(a, 4p)\n"
	"    again = minflt() - before\n"
	"    if again == 0 { break }    # else they were written back meanwhile, and are clean again\n"
	"}\n"
	"expect again == 0, \"none at stores into pages that are dirty\"\n"
	"munmap(a, 4p)\n"
	"close(fd)\n",

	MEET_LOCK_LIMIT
	"mlock(a, 2p) = -1 ENOMEM    # three calls, two answers for the same fact\n"
	"mmap(NULL, 2p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = -1 EAGAIN\n"
	"mlock(a, 1p)\n"
	"mremap(a, 1p, 2p, MREMAP_MAYMOVE) = -1 EAGAIN\n"
	"munlock(a, 1p)\n"
	"setrlimit(RLIMIT_MEMLOCK, 0)\n"
	"mlock(a, 1p) = -1 EPERM    # a limit of 0 forbids it altogether\n"
	"munmap(a, 2p)\n",
};

static const struct choice choice = { .option = "--by", .words = WAYS, .scripts = scripts };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	return choice_parse(key, arg, state, &choice);
}

static int plan(const void *input, struct plan *out, char **problem)
{
	(void)problem;
	return choice_plan(input, out, "lock", &choice);
}

const struct command cmd_lock = {
	.name = "lock",
	.summary = "keep pages in memory with mlock, mlock2, mlockall or MAP_LOCKED",
	.doc = "mlock brings the pages in and keeps them from being reclaimed. The start is rounded down and the end up; locks do not "
	       "stack; a child does not inherit them. What RLIMIT_MEMLOCK forbids is not forbidden to root.",
	.group = COMMAND_EXPERIMENT_MEMORY,
	.options = options,
	.vocabulary = { "CALL", WAYS },
	.parse = parse,
	.options_size = sizeof(struct choice_options),
	.plan = plan,
};
