/* SPDX-License-Identifier: MIT */
/*
 * interleave ROUNDS COMMAND -- COMMAND [-- COMMAND]...
 * Runs the commands in turn, round by round, all pinned to one processor, and prints each one's median wall time and its
 * ratio to the first's.  In turn, so that a machine whose speed drifts is as unkind to one as to another.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_COMMANDS = 16, MOST_ROUNDS = 10000, WARM_UP = 5 };

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

/* Microseconds from spawning the command to its end; its exit status must be 0. */
static double run(char **command, const posix_spawn_file_actions_t *quiet)
{
	pid_t pid;
	int status;
	double start = now();

	if (posix_spawnp(&pid, command[0], quiet, NULL, command, environ) != 0 || waitpid(pid, &status, 0) < 0 || status != 0) {
		fprintf(stderr, "interleave: %s failed\n", command[0]);
		exit(1);
	}
	return now() - start;
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

static void print(char **command, double median, double first)
{
	printf("%8.0f us  %6.2fx ", median, median / first);
	for (; *command != NULL; command++)
		printf(" %s", *command);
	putchar('\n');
}

int main(int argc, char **argv)
{
	static double times[MOST_COMMANDS][MOST_ROUNDS];
	char **commands[MOST_COMMANDS];
	posix_spawn_file_actions_t quiet;
	int count = 0, rounds = argc > 2 ? atoi(argv[1]) : 0;

	if (rounds < 1 || rounds > MOST_ROUNDS)
		return 2;
	commands[count++] = argv + 2;
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		argv[i] = NULL;
		if (count == MOST_COMMANDS || i + 1 == argc)
			return 2;
		commands[count++] = argv + i + 1;
	}
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	pin();
	for (int round = -WARM_UP; round < rounds; round++) {
		for (int i = 0; i < count; i++) {
			double taken = run(commands[i], &quiet);

			if (round >= 0)
				times[i][round] = taken;
		}
	}
	for (int i = 0; i < count; i++)
		qsort(times[i], (size_t)rounds, sizeof(double), compare);
	for (int i = 0; i < count; i++)
		print(commands[i], times[i][rounds / 2], times[0][rounds / 2]);
	return 0;
}
