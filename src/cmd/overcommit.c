/* SPDX-License-Identifier: MIT */
/* overcommit: what the kernel promises of memory, tried out, and under another policy. */
#include "base/alloc.h"
#include "base/diag.h"
#include "base/size.h"
#include "cmd/command.h"
#include "run/policy.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
	uint64_t *tries; /* bytes */
	size_t try_count, try_cap;
	bool probe;
	bool set, has_ratio, restore;
	int policy, ratio;
	char **command; /* ends with NULL; an array of ours, of the caller's strings */
};

enum { OPTION_TRY = 256, OPTION_PROBE, OPTION_SET, OPTION_RATIO, OPTION_RESTORE };

static const struct argp_option options[] = {
	{ "try", OPTION_TRY, "SIZE", 0, "Map SIZE bytes of private writable memory, say whether that was granted, and "
	  "unmap them; may be given several times", 0 },
	{ "probe", OPTION_PROBE, NULL, 0, "Find the largest writable mapping that is granted now", 0 },
	{ "set", OPTION_SET, "0|1|2", 0, "Run COMMAND with this policy for the whole machine; put the old one back", 1 },
	{ "ratio", OPTION_RATIO, "PERCENT", 0, "With --set: vm.overcommit_ratio meanwhile", 1 },
	{ "restore", OPTION_RESTORE, NULL, 0, "Put back the policy that a --set had to leave because all of it was killed", 1 },
	{ 0 },
};

static const char doc[] =
	"Without --set, only looks: the policy in words, RAM and swap, CommitLimit worked out by its formula, "
	"Committed_AS.\n"
	"\n"
	"--set needs root, and changes the policy for every process of the machine while COMMAND runs. Under 2, mappings, "
	"forks and new programs that have nothing to do with COMMAND can be refused too: keep it for a machine of which "
	"nobody expects anything else. vm.overcommit_memory, _ratio and _kbytes are put back whatever happens, also when "
	"mmtool is killed by SIGKILL: COMMAND is then ended first. When the process that watches over that is killed as well, "
	"`mmtool overcommit --restore' puts them back; until then no other --set is accepted.\n"
	"\n"
	"COMMAND is a command of mmtool, as in `--set=1 -- grow', else any program, given by its path or found by env(1) "
	"(`--set=1 -- env grow' for a program of that name). Its exit status is mmtool's: 128 and the signal's number when it was killed, 127 when there is no "
	"such program, 126 when it cannot be executed.";

/* A whole decimal number from 0 to max; -1 for anything else. */
static int number(const char *arg, int max)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(arg, &end, 10);
	return arg[0] < '0' || arg[0] > '9' || *end != '\0' || errno != 0 || value > max ? -1 : (int)value;
}

static error_t take_try(struct options *self, const char *arg, struct argp_state *state)
{
	uint64_t bytes = 0;
	error_t error = command_size(state, "--try", arg, &bytes);

	if (error != 0)
		return error;
	if ((uint64_t)(size_t)bytes != bytes) {
		argp_error(state, "--try: %s: more than an address of this machine can count", arg);
		return EINVAL;
	}
	self->tries = alloc_grow(self->tries, &self->try_cap, self->try_count + 1, sizeof(*self->tries));
	self->tries[self->try_count++] = bytes;
	return 0;
}

static error_t take_set(struct options *self, const char *arg, struct argp_state *state)
{
	self->set = true;
	self->policy = number(arg, 2);
	if (self->policy >= 0)
		return 0;
	argp_error(state, "--set: %s: not a policy (try 0, 1 or 2)", arg);
	return EINVAL;
}

static error_t take_ratio(struct options *self, const char *arg, struct argp_state *state)
{
	self->has_ratio = true;
	self->ratio = number(arg, INT_MAX);
	if (self->ratio >= 0)
		return 0;
	argp_error(state, "--ratio: %s: not a percentage (try 50; more than 100 is allowed)", arg);
	return EINVAL;
}

/* Only behind "--", or options meant for COMMAND could be taken for ours. */
static error_t take_command(struct options *self, struct argp_state *state)
{
	size_t count = (size_t)(state->argc - state->next);

	if (state->quoted == 0 || state->next < state->quoted) {
		argp_error(state, "%s: not an option (a COMMAND goes behind --, as in: --set=1 -- COMMAND)",
		           state->argv[state->next]);
		return EINVAL;
	}
	free(self->command);
	self->command = alloc_zeroed(count + 1, sizeof(*self->command));
	memcpy(self->command, state->argv + state->next, count * sizeof(*self->command));
	return 0;
}

static error_t finish(const struct options *self, struct argp_state *state)
{
	const char *problem = NULL;

	if (self->restore && (self->set || self->has_ratio || self->command != NULL || self->try_count > 0 || self->probe))
		problem = "--restore stands alone (try overcommit --restore)";
	else if (self->set && self->command == NULL)
		problem = "--set: no COMMAND to run under that policy (try --set=1 -- COMMAND)";
	else if (!self->set && self->command != NULL)
		problem = "a COMMAND needs a policy to run under (try --set=1 -- COMMAND)";
	else if (!self->set && self->has_ratio)
		problem = "--ratio goes with --set (try --set=2 --ratio=50 -- COMMAND)";
	else if (self->set && (self->try_count > 0 || self->probe))
		problem = "--try and --probe do not go with --set (try --set=1 -- overcommit --probe)";
	if (problem == NULL)
		return 0;
	argp_error(state, "%s", problem);
	return EINVAL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	switch (key) {
	case OPTION_TRY:
		return take_try(self, arg, state);
	case OPTION_PROBE:
		self->probe = true;
		return 0;
	case OPTION_SET:
		return take_set(self, arg, state);
	case OPTION_RATIO:
		return take_ratio(self, arg, state);
	case OPTION_RESTORE:
		self->restore = true;
		return 0;
	case ARGP_KEY_ARGS:
		return take_command(self, state);
	case ARGP_KEY_END:
		return finish(self, state);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void fini(void *input)
{
	struct options *self = input;

	free(self->tries);
	free(self->command);
}

static const char plan_policy[] =
	"policy = sysctl(\"vm.overcommit_memory\")\n"
	"if policy == 0 {\n"
	"\tnote \"policy 0, heuristic: a request larger than RAM plus swap is refused, the sum of many is not limited\"\n"
	"} else if policy == 1 {\n"
	"\tnote \"policy 1, always: only the address space is a limit\"\n"
	"} else {\n"
	"\tnote \"policy 2, strict: mmap, brk, mprotect, mremap fail with ENOMEM before Committed_AS passes CommitLimit\"\n"
	"}\n";

/*
 * vm_commit_limit() in the kernel's mm/util.c, in its own order and in whole pages.  A kernel without huge pages has
 * neither the sysctl nor the line in meminfo; one whose machine has none (s390x without EDAT, Xen's paravirtual guests)
 * has the sysctl, of which read() fails with EOPNOTSUPP, and no line.
 */
static const char plan_limit[] =
	"ram = meminfo(\"MemTotal\")\n"
	"swap = meminfo(\"SwapTotal\")\n"
	"note \"RAM\", ram / 1M, \"MiB, swap\", swap / 1M, \"MiB\"\n"
	"hugetlb = 0\n"
	"fd = open(\"/proc/sys/vm/nr_hugepages\", O_RDONLY) = ?\n"
	"if fd != -1 {\n"
	"\tgot = read(fd, scratch, 1) = ?\n"
	"\tclose(fd)\n"
	"\tif got == 1 {\n"
	"\t\thugetlb = meminfo(\"Hugetlb\")\n"
	"\t}\n"
	"}\n"
	"kbytes = sysctl(\"vm.overcommit_kbytes\")\n"
	"ratio = sysctl(\"vm.overcommit_ratio\")\n"
	"if kbytes != 0 {\n"
	"\tworked = kbytes * 1K / page * page + swap\n"
	"\tnote \"CommitLimit = overcommit_kbytes + all swap\"\n"
	"\tnote \"=\", kbytes, \"+\", swap / 1K, \"=\", worked / 1K, \"KiB\"\n"
	"} else {\n"
	"\tworked = (ram - hugetlb) / page * ratio / 100 * page + swap\n"
	"\tnote \"CommitLimit = (RAM - hugetlb) * overcommit_ratio / 100, in whole pages, + all swap\"\n"
	"\tnote \"= (\", ram / 1K, \"-\", hugetlb / 1K, \") *\", ratio, \"/ 100 +\", swap / 1K,"
	" \"=\", worked / 1K, \"KiB\"\n"
	"}\n"
	"limit = meminfo(\"CommitLimit\")\n"
	"expect worked == limit, \"the formula gives CommitLimit (unless a container makes up its meminfo)\"\n";

static const char plan_committed[] =
	"committed = meminfo(\"Committed_AS\")\n"
	"note \"CommitLimit\", limit / 1M, \"MiB, Committed_AS\", committed / 1M, \"MiB\"\n"
	"if policy != 2 {\n"
	"\tnote \"CommitLimit is shown, and not enforced, under 0 and 1\"\n"
	"}\n"
	"if committed <= limit {\n"
	"\tnote \"left under policy 2:\", (limit - committed) / 1M, \"MiB\"\n"
	"} else {\n"
	"\tnote \"under policy 2 nothing is granted: Committed_AS is over it by\", (committed - limit) / 1M, \"MiB\"\n"
	"}\n"
	"note \"of that, policy 2 keeps\", sysctl(\"vm.admin_reserve_kbytes\") / 1024,"
	" \"MiB for root, and from a process\","
	" sysctl(\"vm.user_reserve_kbytes\") / 1024, \"MiB or 1/32 of its size, whichever is less\"\n";

/* What is no refusal says nothing of how much would be granted. */
#define REFUSED                                                                                    \
	"\t\tif errno != ENOMEM {\n"                                                                \
	"\t\t\texpect errno == ENOMEM, \"mmap failed, and was not refused\"\n"                      \
	"\t\t}\n"

/* Doubles until refused, so that both ends of the bisection are answers and not guesses. */
static const char plan_double[] =
	"low = 0\n"
	"high = 1p\n"
	"repeat 64 {\n"
	"\tm = mmap(NULL, high, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ?\n"
	"\tif m == MAP_FAILED {\n"
	REFUSED
	"\t\tbreak\n"
	"\t}\n"
	"\tmunmap(m, high)\n"
	"\tlow = high\n"
	"\thigh = high * 2\n";

/* Twice 2G does not fit a 32-bit size; the last one that does is never granted, for it leaves no room for a program. */
static const char plan_double_32[] =
	"\tif high > 2G {\n"
	"\t\thigh = 4G - 1p\n"
	"\t}\n";

static const char plan_bisect[] =
	"}\n"
	"repeat 64 {\n"
	"\tif high - low <= page {\n"
	"\t\tbreak\n"
	"\t}\n"
	"\thalf = (low + high) / 2 / page * page\n"
	"\tm = mmap(NULL, half, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ?\n"
	"\tif m == MAP_FAILED {\n"
	REFUSED
	"\t\thigh = half\n"
	"\t} else {\n"
	"\t\tmunmap(m, half)\n"
	"\t\tlow = half\n"
	"\t}\n"
	"}\n"
	"note \"the largest writable mapping granted now:\", low, \"bytes, or\", low / 1M, \"MiB; a page more is not\"\n";

/* As a script and a reader both take it. */
static void add_size(struct buf *text, uint64_t bytes)
{
	if (bytes % 1024 == 0)
		size_format(text, bytes);
	else
		buf_printf(text, "%" PRIu64, bytes);
}

static void add_try(struct buf *text, uint64_t bytes)
{
	struct buf size = { 0 };
	const char *at;

	add_size(&size, bytes);
	at = buf_text(&size);
	buf_printf(text, "m = mmap(NULL, %s, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ?\n", at);
	buf_printf(text, "if m != MAP_FAILED {\n\tnote \"%s: granted\"\n\tmunmap(m, %s)\n", at, at);
	buf_printf(text, "} else if errno == ENOMEM {\n\tnote \"%s: refused, ENOMEM\"\n", at);
	buf_printf(text, "} else {\n\tnote \"%s: refused, errno\", errno\n}\n", at);
	buf_fini(&size);
}

static int plan(const void *input, struct plan *plan, char **problem)
{
	const struct options *self = input;
	struct buf *text = plan_add(plan, "overcommit");

	(void)problem;
	buf_puts(text, plan_policy);
	buf_puts(text, plan_limit);
	buf_puts(text, plan_committed);
	for (size_t i = 0; i < self->try_count; i++)
		add_try(text, self->tries[i]);
	if (self->probe) {
		buf_puts(text, plan_double);
		if (sizeof(size_t) == 4)
			buf_puts(text, plan_double_32);
		buf_puts(text, plan_bisect);
	}
	return 0;
}

static bool executes(const void *input)
{
	const struct options *self = input;

	return self->set || self->restore;
}

/* A command line that has words before what the user wrote. */
static char **command_behind(char *const *words, size_t word_count, char **command)
{
	size_t count = 0;
	char **argv;

	while (command[count] != NULL)
		count++;
	argv = alloc_zeroed(word_count + count + 1, sizeof(*argv));
	memcpy(argv, words, word_count * sizeof(*argv));
	memcpy(argv + word_count, command, count * sizeof(*argv));
	return argv;
}

static void run_command(const struct options *self, struct policy_outcome *outcome)
{
	const struct policy_change change = { .policy = self->policy,
	                                      .ratio = self->has_ratio ? self->ratio : POLICY_KEEP_RATIO };
	static char name[] = "mmtool", env[] = "env", end[] = "--";
	char *const ours[] = { name }, *const through_env[] = { env, end };
	const char *path = self->command[0];
	char **argv;

	/* mmtool looks for nothing along PATH: that is env's own business.  It takes a word with "=" for a variable. */
	if (command_find(self->command[0]) != NULL) {
		path = "/proc/self/exe";
		argv = command_behind(ours, 1, self->command);
	} else if (strpbrk(self->command[0], "/=") == NULL) {
		path = "/usr/bin/env";
		argv = command_behind(through_env, 2, self->command);
	} else {
		argv = command_behind(ours, 0, self->command);
	}
	policy_run(&change, argv, path, outcome);
	free(argv);
}

static int execute(const void *input)
{
	const struct options *self = input;
	struct policy_outcome outcome = { 0 };

	if (self->restore)
		policy_restore(&outcome);
	else
		run_command(self, &outcome);
	if (outcome.problem.len > 0)
		diag_error("%s", buf_text(&outcome.problem));
	fwrite(buf_text(&outcome.said), 1, outcome.said.len, stdout);
	buf_fini(&outcome.problem);
	buf_fini(&outcome.said);
	if (outcome.signal != 0)
		policy_die(outcome.signal);
	return outcome.status;
}

const struct command cmd_overcommit = {
	.name = "overcommit",
	.args = "[-- COMMAND [ARG...]]",
	.summary = "show the overcommit policy, try it, run under another",
	.doc = doc,
	.group = COMMAND_EXPERIMENT_LIMIT,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct options),
	.fini = fini,
	.plan = plan,
	.execute = execute,
	.executes = executes,
};
