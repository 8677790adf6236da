/* SPDX-License-Identifier: MIT */
/* What a process is started with and its subjects inherit: the signals that are ignored, and where it may run. */
#include "run/process.h"

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

/* The processors that were allowed before; valid when pinned. */
static cpu_set_t allowed;
static bool pinned;

void process_pin(void)
{
	cpu_set_t one;
	int cpu = sched_getcpu();

	if (cpu < 0 || cpu >= CPU_SETSIZE || sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		return;
	CPU_ZERO(&one);
	CPU_SET((unsigned)cpu, &one);
	/* A matter of speed only: where it is not allowed, both run where they are put. */
	pinned = sched_setaffinity(0, sizeof(one), &one) == 0;
}

/* What was ignored as we were started. */
static bool children_ignored, limit_ignored;

void process_set_signals(void)
{
	children_ignored = signal(SIGCHLD, SIG_DFL) == SIG_IGN;
	limit_ignored = signal(SIGXFSZ, SIG_IGN) == SIG_IGN;
}

void process_inherit_limit(void)
{
	if (!limit_ignored)
		signal(SIGXFSZ, SIG_DFL);
}

void process_inherit_signals(void)
{
	if (children_ignored)
		signal(SIGCHLD, SIG_IGN);
	process_inherit_limit();
}

void process_unpin(void)
{
	if (pinned)
		(void)sched_setaffinity(0, sizeof(allowed), &allowed);
	pinned = false;
}
