/* SPDX-License-Identifier: MIT */
/*
 * watched MAPPINGS together|apart ROUNDS SECONDS COMMAND [ARG...]
 * Starts a process that has so many mappings and makes, resizes and removes one more as fast as it can.  Counts how often it
 * does so in SECONDS, in turn without company and while COMMAND, with its number added, runs: on the same processor or on
 * another.  Prints the medians of all rounds and their ratio.
 *
 * A second is one that the process ran, waited for a lock, or waited for the watcher to leave its processor.  What it waited
 * for others there (proc_pid_schedstat) is left out, so that a busy machine makes the figures rougher and not worse.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_ROUNDS = 100, SETTLE_US = 300 * 1000 };

static atomic_ulong *count;
static size_t page;
static pid_t target;

static void fail(const char *what)
{
	fprintf(stderr, "watched: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void pin(int processor)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((unsigned)processor, &one);
	if (sched_setaffinity(0, sizeof(one), &one) < 0)
		fail("sched_setaffinity");
}

/* The n-th processor that this process may use; the first, when there are fewer. */
static int processor(int n)
{
	cpu_set_t all;
	int first = -1;

	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		fail("sched_getaffinity");
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (!CPU_ISSET((unsigned)i, &all))
			continue;
		if (first < 0)
			first = i;
		if (n-- == 0)
			return i;
	}
	fprintf(stderr, "watched: there is one processor only\n");
	return first;
}

static void *map(size_t pages, int prot)
{
	void *at = mmap(NULL, pages * page, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		fail("mmap");
	return at;
}

/* So many mappings: neighbours differ in their permissions, so that none merge. */
static void fill(unsigned long mappings)
{
	char *room = map(mappings, PROT_NONE);

	for (unsigned long i = 0; i < mappings; i += 2) {
		if (mprotect(room + i * page, page, PROT_READ) < 0)
			fail("mprotect");
	}
}

static void work(void)
{
	for (;; atomic_fetch_add_explicit(count, 1, memory_order_relaxed)) {
		void *at = map(4, PROT_READ | PROT_WRITE);
		void *moved = mremap(at, 4 * page, 8 * page, MREMAP_MAYMOVE);

		if (moved == MAP_FAILED || munmap(moved, 8 * page) < 0)
			fail("mremap");
	}
}

static pid_t start_target(unsigned long mappings, int on)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin(on);
	fill(mappings);
	work();
	exit(1);
}

static pid_t start_watcher(char **command, int on)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin(on);
	if (dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO) >= 0)
		execvp(command[0], command);
	fail(command[0]);
	return -1;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Seconds that the target waited for its processor; 0 where the kernel does not say. */
static double queued(void)
{
	char path[32];
	unsigned long long waited = 0;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)target);
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return 0;
	if (fscanf(file, "%*u %llu", &waited) != 1)
		waited = 0;
	fclose(file);
	return (double)waited / 1e9;
}

/* The processor time of watcher so far, in seconds; 0: there is none on the target's processor. */
static double used(pid_t watcher)
{
	struct timespec time;
	clockid_t clock;

	if (watcher == 0 || clock_getcpuclockid(watcher, &clock) != 0 || clock_gettime(clock, &time) < 0)
		return 0;
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double rate(double seconds, pid_t beside)
{
	double start = now() - queued() + used(beside);
	unsigned long before = atomic_load(count);

	usleep((useconds_t)(seconds * 1e6));
	unsigned long after = atomic_load(count);

	return (double)(after - before) / (now() - queued() + used(beside) - start);
}

static double rate_watched(char **command, int home, int on, double seconds)
{
	pid_t watcher = start_watcher(command, on);
	int status;

	usleep(SETTLE_US);
	double result = rate(seconds, home == on ? watcher : 0);

	kill(watcher, SIGTERM);
	waitpid(watcher, &status, 0);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGTERM) {
		fprintf(stderr, "watched: %s ended by itself\n", command[0]);
		exit(1);
	}
	return result;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(double *list, int size)
{
	qsort(list, (size_t)size, sizeof(*list), compare);
	return list[size / 2];
}

int main(int argc, char **argv)
{
	static double alone[MOST_ROUNDS], watched[MOST_ROUNDS], ratio[MOST_ROUNDS];
	char pid[16], *command[argc > 0 ? argc + 1 : 1];

	if (argc < 6 || atoi(argv[3]) < 1 || atoi(argv[3]) > MOST_ROUNDS)
		return 2;
	int rounds = atoi(argv[3]), words = argc - 5;
	int home = processor(0), other = strcmp(argv[2], "apart") == 0 ? processor(1) : home;
	double seconds = atof(argv[4]);

	page = (size_t)sysconf(_SC_PAGESIZE);
	count = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (count == MAP_FAILED)
		fail("mmap");
	target = start_target(strtoul(argv[1], NULL, 10), home);

	snprintf(pid, sizeof(pid), "%d", (int)target);
	memcpy(command, argv + 5, (size_t)words * sizeof(*command));
	command[words] = pid;
	command[words + 1] = NULL;
	while (atomic_load(count) == 0 && waitpid(target, NULL, WNOHANG) == 0)
		usleep(1000);
	for (int i = 0; i < rounds; i++) {
		alone[i] = rate(seconds, 0);
		watched[i] = rate_watched(command, home, other, seconds);
		ratio[i] = watched[i] / alone[i];
	}
	kill(target, SIGKILL);
	double first = median(alone, rounds), second = median(watched, rounds);

	printf("%s mappings, %s: %.0f a second alone, %.0f watched: %.3f\n", argv[1], argv[2], first, second,
	       median(ratio, rounds));
	return 0;
}
