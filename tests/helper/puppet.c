/* SPDX-License-Identifier: MIT */
/*
 * A process on strings, for tests that watch one: it does what the lines of its standard input say, and answers each on its
 * standard output with "ok", or with "failed: ERROR".
 *
 *   map SIZE     maps that much private anonymous memory, by itself, and prints its address before the ok
 *   grow SIZE    resizes the last one, and may move it
 *   readonly     makes the last one read-only
 *   lock         locks its first page in memory
 *   unmap        unmaps the last one
 *   pieces N     makes that many mappings
 *   thread       ends the main thread; another one goes on
 *   uid NUMBER   becomes that user
 *   exit NUMBER, die NUMBER (a signal), exec PROGRAM [ARG...]
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WORDS = 16 };

static char *last;
static size_t last_size;

static void answer(int failed)
{
	if (failed)
		printf("failed: %s\n", strerror(errno));
	else
		puts("ok");
	fflush(stdout);
}

static void *perform(void *unused);

/* Each mapping has a hole above it and below it, so that the kernel merges it with none. */
static int map(size_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *room = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED || mprotect(room + page, size, PROT_READ | PROT_WRITE) < 0)
		return -1;
	last = room + page;
	last_size = size;
	return munmap(room, page) < 0 || munmap(last + size, page) < 0 ? -1 : printf("%lx\n", (unsigned long)(size_t)last);
}

static int grow(size_t size)
{
	char *moved = mremap(last, last_size, size, MREMAP_MAYMOVE);

	if (moved == MAP_FAILED)
		return -1;
	last = moved;
	last_size = size;
	return 0;
}

/* Neighbours differ in their permissions, so that none merge. */
static int cut(size_t pieces)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *room = mmap(NULL, pieces * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (size_t i = 0; room != MAP_FAILED && i < pieces; i += 2) {
		if (mprotect(room + i * page, page, PROT_READ) < 0)
			return -1;
	}
	return room == MAP_FAILED ? -1 : 0;
}

static void *go_on(void *unused)
{
	answer(0);
	return perform(unused);
}

static int leave(void)
{
	pthread_t other;

	errno = pthread_create(&other, NULL, go_on, NULL);
	if (errno == 0)
		pthread_exit(NULL);
	return -1;
}

static int obey(char **words)
{
	const char *verb = words[0], *object = words[1] != NULL ? words[1] : "";
	unsigned long number = strtoul(object, NULL, 0);

	if (strcmp(verb, "map") == 0)
		return map(number);
	if (strcmp(verb, "grow") == 0)
		return grow(number);
	if (strcmp(verb, "readonly") == 0)
		return mprotect(last, last_size, PROT_READ);
	if (strcmp(verb, "lock") == 0)
		return mlock(last, 1);
	if (strcmp(verb, "unmap") == 0)
		return munmap(last, last_size);
	if (strcmp(verb, "pieces") == 0)
		return cut(number);
	if (strcmp(verb, "thread") == 0)
		return leave();
	if (strcmp(verb, "uid") == 0)
		return setuid((uid_t)number);
	if (strcmp(verb, "exit") == 0)
		exit((int)number);
	if (strcmp(verb, "die") == 0)
		return raise((int)number);
	if (strcmp(verb, "exec") == 0)
		return execvp(words[1], words + 1);
	errno = EINVAL;
	return -1;
}

static void *perform(void *unused)
{
	static char line[1024];
	char *words[WORDS + 1];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		int count = 0;

		for (char *word = strtok(line, " \n"); word != NULL && count < WORDS; word = strtok(NULL, " \n"))
			words[count++] = word;
		words[count] = NULL;
		if (count > 0)
			answer(obey(words) < 0);
	}
	exit(0);
	return unused;
}

int main(void)
{
	/* The memory of stdio is there before anybody looks. */
	answer(0);
	perform(NULL);
}
