/* SPDX-License-Identifier: MIT */
/*
 * interleave ROUNDS COMMAND -- COMMAND [-- COMMAND]...
 * Runs the commands in turn, round by round, all pinned to one processor.  Prints what each one cost: the median of the
 * processor time of it and of all that it waited for, the median of its ratios to the first's in the same round, and the
 * same of the time by the clock.  In turn, so that a machine whose speed drifts is as unkind to one as to another; processor
 * time, since on a busy machine the clock counts what others do.
 *
 * interleave --less ROUNDS COMMAND -- COMMAND [-- COMMAND -- COMMAND]...
 * The same with pairs of commands: what the second one of a pair costs more than the first in the same round.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_COMMANDS = 16, MOST_ROUNDS = 10000, WARM_UP = 3 };

/* In microseconds. */
struct cost {
	double processor, clock;
};

static struct cost costs[MOST_COMMANDS][MOST_ROUNDS];

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static double microseconds(const struct timeval *time)
{
	return (double)time->tv_sec * 1e6 + (double)time->tv_usec;
}

/* What the command cost from spawning it to its end; its exit status must be 0. */
static struct cost run(char **command, const posix_spawn_file_actions_t *quiet)
{
	struct rusage usage;
	pid_t pid;
	int status;
	double start = now();

	if (posix_spawnp(&pid, command[0], quiet, NULL, command, environ) != 0 || wait4(pid, &status, 0, &usage) < 0 || status != 0) {
		fprintf(stderr, "interleave: %s failed\n", command[0]);
		exit(1);
	}
	return (struct cost){ microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime), now() - start };
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static void pin(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((unsigned)sched_getcpu(), &one);
	if (sched_setaffinity(0, sizeof(one), &one) < 0)
		fprintf(stderr, "interleave: not pinned: %s\n", strerror(errno));
}

/* The median over all rounds of one command's cost, divided by that of another one (NULL: by 1). */
static struct cost median(const struct cost *costs_of, const struct cost *by, int rounds)
{
	static double processor[MOST_ROUNDS], clock[MOST_ROUNDS];

	for (int i = 0; i < rounds; i++) {
		processor[i] = costs_of[i].processor / (by != NULL ? by[i].processor : 1);
		clock[i] = costs_of[i].clock / (by != NULL ? by[i].clock : 1);
	}
	qsort(processor, (size_t)rounds, sizeof(double), compare);
	qsort(clock, (size_t)rounds, sizeof(double), compare);
	return (struct cost){ processor[rounds / 2], clock[rounds / 2] };
}

static void print(char **command, const struct cost *costs_of, int rounds)
{
	struct cost own = median(costs_of, NULL, rounds), ratio = median(costs_of, costs[0], rounds);

	printf("%8.0f us %6.2fx (by the clock %8.0f us %6.2fx) ", own.processor, ratio.processor, own.clock, ratio.clock);
	for (; *command != NULL; command++)
		printf(" %s", *command);
	putchar('\n');
}

/* Takes the commands out of the arguments.  Returns how many, 0: they are none. */
static int split(int argc, char **argv, char **commands[MOST_COMMANDS])
{
	int count = 0;

	for (int i = 0; i < argc; i++) {
		bool first = i == 0;

		if (!first && strcmp(argv[i], "--") != 0)
			continue;
		if (!first)
			argv[i++] = NULL;
		if (count == MOST_COMMANDS || i >= argc)
			return 0;
		commands[count++] = argv + i;
	}
	return count;
}

/* Leaves of each pair what the second one costs more. */
static void subtract(char **commands[MOST_COMMANDS], int count, int rounds)
{
	for (int i = 0; i < count; i += 2) {
		commands[i / 2] = commands[i + 1];
		for (int round = 0; round < rounds; round++)
			costs[i / 2][round] = (struct cost){ costs[i + 1][round].processor - costs[i][round].processor,
				                             costs[i + 1][round].clock - costs[i][round].clock };
	}
}

int main(int argc, char **argv)
{
	char **commands[MOST_COMMANDS];
	posix_spawn_file_actions_t quiet;
	bool less = argc > 1 && strcmp(argv[1], "--less") == 0;
	int rounds = argc > 2 + less ? atoi(argv[1 + less]) : 0;
	int count = rounds > 0 ? split(argc - 2 - less, argv + 2 + less, commands) : 0;

	if (rounds < 1 || rounds > MOST_ROUNDS || count == 0 || (less && count % 2 != 0))
		return 2;
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	pin();
	for (int round = -WARM_UP; round < rounds; round++) {
		for (int i = 0; i < count; i++)
			costs[i][round < 0 ? 0 : round] = run(commands[i], &quiet);
	}
	if (less)
		subtract(commands, count, rounds);
	for (int i = 0; i < (less ? count / 2 : count); i++)
		print(commands[i], costs[i], rounds);
	return 0;
}
