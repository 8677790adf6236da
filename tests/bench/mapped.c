/* SPDX-License-Identifier: MIT */
/*
 * mapped COUNT
 * Makes COUNT mappings of a page each, prints its pid, and waits for a signal.
 *
 * mapped --most-memory COMMAND [ARG...]
 * Runs the command, its output thrown away, and prints the most memory that it had in use, in KiB.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int measure(char **command)
{
	struct rusage usage;
	int status;
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDOUT_FILENO);
		execvp(command[0], command);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) < 0 || status != 0)
		return fail(command[0]);
	printf("%8ld KiB\n", usage.ru_maxrss);
	return 0;
}

int main(int argc, char **argv)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;

	if (argc > 2 && strcmp(argv[1], "--most-memory") == 0)
		return measure(argv + 2);
	char *at = mmap(NULL, count * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return fail("mapped: mmap");
	/* Neighbours of other permissions do not merge. */
	for (size_t i = 0; i < count; i += 2) {
		if (mprotect(at + i * page, page, PROT_READ) < 0)
			return fail("mapped: mprotect (vm.max_map_count)");
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	printf("%ld\n", (long)getpid());
	fflush(stdout);
	for (;;)
		pause();
}
