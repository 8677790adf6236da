/* SPDX-License-Identifier: MIT */
/* limits: limits met on purpose, by the subject alone. */
#include "cmd/choice.h"
#include "cmd/lock-limit.h"

#define LIMITS "as|data|memlock|maps"

static const struct argp_option options[] = {
	{ "of", OPTION_CHOICE, LIMITS, 0,
	  "Which limit: on address space (the default), on private writable memory, on locked memory, or on the number of "
	    "mappings (the whole machine's sysctl, which is only read)", 0 },
	{ 0 },
};

/*
 * So many mappings are made at most: four million are a gigabyte of the kernel's memory (a struct vm_area_struct each), and some
 * distributions have a vm.max_map_count of two thousand millions.  Each has a page of addresses.
 */
#if __SIZEOF_POINTER__ == 8
#define MOST_MAPPINGS "4M"
#define TOO_MANY "so many mappings would take gigabytes of the kernel's memory: vm.max_map_count is over 4194304"
#else
#define MOST_MAPPINGS "256K"
#define TOO_MANY "so many mappings would take more addresses than there are: vm.max_map_count is over 262144"
#endif

/* By place in LIMITS. */
static const char *const scripts[] = {
	"a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	"strcpy(a, \"Kept\")\n"
	"set = setrlimit(RLIMIT_AS, status(\"VmSize\") + 4p) = ?\n"
	"require set == 0, \"the limit cannot be set (is a lower hard one in force?)\"\n"
	"mmap(NULL, 16p, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM    # addresses count, used or not\n"
	"mremap(a, 1p, 16p, MREMAP_MAYMOVE) = -1 ENOMEM    # MAYMOVE fails for more than want of a place\n"
	"expect text(a) == \"Kept\", \"a refused growth leaves the mapping as it was\"\n"
	"b = mmap(NULL, 2p, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)    # within the limit\n"
	"munmap(b, 2p)\n"
	"munmap(a, 1p)\n",

	"set = setrlimit(RLIMIT_DATA, status(\"VmData\") + 4p) = ?\n"
	"require set == 0, \"the limit cannot be set (is a lower hard one in force?)\"\n"
	"mmap(NULL, 16p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = -1 ENOMEM    # private and writable: data (since Linux 4.7)\n"
	"a = mmap(NULL, 16p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)    # what cannot be written is none\n"
	"mprotect(a, 16p, PROT_READ|PROT_WRITE) = -1 ENOMEM    # until it becomes so\n"
	"s = mmap(NULL, 16p, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)    # and what is shared is none\n"
	"cur = brk(0)\n"
	"new = brk(cur + 16p)\n"
	"expect new == cur, \"the break does not move: the raw call gives the old one back\"\n"
	"munmap(a, 16p)\n"
	"munmap(s, 16p)\n",

	MEET_LOCK_LIMIT
	"mlock(a, 1p)\n"
	"mlock(a, 2p) = -1 ENOMEM\n"
	"mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_LOCKED, -1, 0) = -1 EAGAIN\n"
	"munlock(a, 2p)\n"
	"setrlimit(RLIMIT_MEMLOCK, 0)\n"
	"mlock(a, 1p) = -1 EPERM    # a limit of 0 forbids it altogether\n"
	"munmap(a, 2p)\n",

	"most = sysctl(\"vm.max_map_count\")\n"
	"note \"vm.max_map_count is\", most\n"
	"require most <= " MOST_MAPPINGS ", \"" TOO_MANY "\"\n"
	"a = mmap(NULL, (most + 3) * 1p, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	"made = 0\n"
	"repeat most as i {\n"
	"    done = mprotect(a + (2 * i + 1) * 1p, 1p, PROT_READ) = ?    # each splits one mapping, and makes two more\n"
	"    if done != 0 { break }\n"
	"    made = made + 2\n"
	"}\n"
	"expect errno == ENOMEM, \"no memory is short: mappings are\"\n"
	"note made, \"mappings more than there were\"\n"
	"expect made < most\n"
	"middle = a + (made + 4) * 1p\n"
	"munmap(middle, 1p) = -1 ENOMEM    # taking away the middle needs one more mapping, too\n"
	"expect mapped(middle, 1p) == 1p\n"
	"repeat 4 {\n"
	"    s = mmap(NULL, 1p, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0) = ?\n"
	"    if s == MAP_FAILED { break }\n"
	"}\n"
	"expect errno == ENOMEM, \"and a new one is not to be had\"\n"
	"munmap(a, (most + 3) * 1p)    # all of it needs none\n"
	"b = mmap(NULL, 1p, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0)\n"
	"munmap(b, 1p)\n",
};

static const struct choice choice = { .option = "--of", .words = LIMITS, .scripts = scripts };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	return choice_parse(key, arg, state, &choice);
}

static int plan(const void *input, struct plan *out, char **problem)
{
	(void)problem;
	return choice_plan(input, out, "limits", &choice);
}

const struct command cmd_limits = {
	.name = "limits",
	.summary = "meet RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK, max_map_count",
	.doc = "There is memory enough, and the call fails all the same: each limit counts something else. The limits are set in the process of "
	       "the experiment and nowhere else.",
	.group = COMMAND_EXPERIMENT_LIMIT,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct choice_options),
	.plan = plan,
};
