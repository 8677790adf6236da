/* SPDX-License-Identifier: MIT */
/* oom: the OOM killer, met by a process in a memory cgroup of its own. */
#include "cmd/command.h"

#include <errno.h>
#include <inttypes.h>

#define HOW "touch|lock"

struct options {
	struct size_option limit;
	unsigned how; /* a place in HOW */
};

enum { OPTION_LIMIT = 256, OPTION_HOW };

/* The processes themselves need some; and what is touched, never more than twice the limit, stays below --max-touch. */
static const uint64_t least = UINT64_C(16) << 20, most = UINT64_C(256) << 20;

static const struct argp_option options[] = {
	{ "limit", OPTION_LIMIT, "SIZE", 0, "How much memory the cgroup has (default 32M), from 16M to 256M", 0 },
	{ "how", OPTION_HOW, HOW, 0, "Whether pages are touched one after another (the default), or locked with mlock", 0 },
	{ 0 },
};

static const char opening[] =
	"limit = $limit\n"
	"size = 8 * limit\n"
	"cgroup(limit)    # this process, and all that it forks: so much memory, and no swap\n"
	"a = mmap(NULL, size, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ?\n"
	"require a != MAP_FAILED, \"no such mapping is to be had, before any memory is touched (overcommit policy, limits)\"\n"
	"note \"mmap gave\", size / 1M, \"MiB where\", limit / 1M, \"MiB can be had: it promises, and malloc does no more\"\n"
	"expect resident(a, size) == 0, \"addresses, and no memory yet\"\n"
	"step = limit / 16 / page * page\n";

static const char touch[] =
	"child = fork()    # one that may die\n"
	"most = 0\n"
	"repeat 32 as i {\n"
	"    in child { done = write_pages(a + i * step, step) = ? }\n"
	"    if done == -1 { break }\n"
	"    in child { most = resident(a, size) }\n"
	"}\n"
	"note most / 1K, \"KiB were resident when it went for more\"\n"
	"expect done == -1, \"that store never ended: a store has no error to return\"\n"
	"expect most < limit\n"
	"expect most > limit / 2\n"
	"wait(child) = SIGKILL    # and no SIGSEGV: it cannot be caught, and nothing is said\n"
	"expect oom_kills() == 1, \"the kernel's own count, of this cgroup\"\n";

static const char locks[] =
	"require mlock2    # since Linux 4.4\n"
	"require mlock\n";

static const char lock[] =
	"got = mlock2(a, size, MLOCK_ONFAULT) = ?\n"
	"require got == 0, \"this user may not lock that much (RLIMIT_MEMLOCK)\"\n"
	"expect resident(a, size) == 0, \"locked as they come: that needs no memory yet\"\n"
	"munlock(a, size)\n"
	"child = fork()    # one that may die\n"
	"in child { done = mlock(a, size) = ? }\n"
	"expect done == -1, \"mlock brings every page in, and never returned: no ENOMEM\"\n"
	"wait(child) = SIGKILL\n"
	"expect oom_kills() == 1, \"the kernel's own count, of this cgroup\"\n"
	"other = fork()\n"
	"half = limit / 2 / page * page\n"
	"in other {\n"
	"    mlock(a, half)    # this much there is\n"
	"    expect status(\"VmLck\") == half\n"
	"    expect resident(a, half) == half, \"all of it is there to stay\"\n"
	"}\n"
	"repeat 32 as i {\n"
	"    in other { done = write_pages(a + half + i * step, step) = ? }\n"
	"    if done == -1 { break }\n"
	"}\n"
	"wait(other) = SIGKILL    # locked pages are not taken from a process: it is taken with them\n"
	"expect oom_kills() == 2\n";

static const char closing[] =
	"expect zero(a, 1p), \"its parent lives on: the one with the most memory was chosen\"\n"
	"munmap(a, size)\n";

static error_t parse_limit(struct argp_state *state, const char *arg, struct size_option *limit)
{
	error_t error = command_size_most(state, "--limit", arg, most, limit);

	if (error != 0 || limit->bytes >= least)
		return error;
	argp_error(state, "--limit: %s: at least %" PRIu64 "M, since the processes themselves need some", arg, least >> 20);
	return EINVAL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	switch (key) {
	case OPTION_LIMIT:
		return parse_limit(state, arg, &self->limit);
	case OPTION_HOW:
		return command_choice(state, "--how", HOW, arg, &self->how);
	case ARGP_KEY_END:
		size_option_default(&self->limit, "32M", UINT64_C(32) << 20);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int plan(const void *input, struct plan *out, char **problem)
{
	const struct options *self = input;
	const struct plan_word words[] = { { "limit", self->limit.text }, { 0 } };
	struct buf *s = plan_add(out, "oom");

	bool locked = self->how == (unsigned)command_word(HOW, "lock");

	(void)problem;
	buf_puts(s, locked ? locks : "");
	plan_fill(s, opening, words);
	buf_puts(s, locked ? lock : touch);
	buf_puts(s, closing);
	return 0;
}

const struct command cmd_oom = {
	.name = "oom",
	.summary = "meet the OOM killer, safely in a cgroup of its own",
	.doc = "mmap succeeds long before memory is short. Who touches it then is killed with SIGKILL; no call fails, and locked pages are no "
	       "shelter. Only the process in the cgroup can be chosen. Where none can be made the exit status is 77.",
	.group = COMMAND_EXPERIMENT_LIMIT,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct options),
	.plan = plan,
};
