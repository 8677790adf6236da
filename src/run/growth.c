/* SPDX-License-Identifier: MIT */
/* Measures ways to grow a buffer, each in a process of its own: their heaps and page tables begin alike. */
#include "run/growth.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/size.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_SECONDS = 60 };

enum figure { MOVES, COPIED, FAULTS, CPU, ELAPSED, FIGURES };

/* What a process sends when it is through. */
struct outcome {
	uint64_t figures[FIGURES];
	int error; /* errno of the growth that failed, or 0 */
	bool kept, one_processor;
};

/* The buffer that grows. */
struct buffer {
	unsigned char *at;
	size_t size;
	size_t mapped_blocks; /* before it was made */
	struct outcome *outcome;
};

struct way {
	const char *name;
	unsigned char *(*make)(size_t size);
	unsigned char *(*grow)(struct buffer *buffer, size_t size);
};

static unsigned char *make_mapping(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return at != MAP_FAILED ? at : NULL;
}

static unsigned char *grow_mapping(struct buffer *buffer, size_t size)
{
	void *at = mremap(buffer->at, buffer->size, size, MREMAP_MAYMOVE);

	return at != MAP_FAILED ? at : NULL;
}

static unsigned char *make_block(size_t size)
{
	return malloc(size);
}

/* Blocks that glibc's malloc has mapped, each for itself (mallinfo(3)); of another malloc none. */
static size_t mapped_blocks(void)
{
#if __GLIBC_PREREQ(2, 33)
	return mallinfo2().hblks;
#else
	return (size_t)mallinfo().hblks;
#endif
}

/*
 * glibc moves a block that it has mapped for itself with mremap, and copies any other where it cannot grow in place.
 * No other block of the process is mapped or freed meanwhile, so that the count tells of this one.
 */
static unsigned char *grow_block(struct buffer *buffer, size_t size)
{
	uintptr_t old = (uintptr_t)buffer->at;
	bool mapped = mapped_blocks() > buffer->mapped_blocks;
	unsigned char *at = realloc(buffer->at, size);

	if (at != NULL && !mapped && (uintptr_t)at != old)
		buffer->outcome->figures[COPIED] += buffer->size;
	return at;
}

static unsigned char *grow_by_copy(struct buffer *buffer, size_t size)
{
	unsigned char *at = malloc(size);

	if (at == NULL)
		return NULL;
	memcpy(at, buffer->at, buffer->size);
	buffer->outcome->figures[COPIED] += buffer->size;
	free(buffer->at);
	return at;
}

static const struct way ways[] = {
	{ "mremap", make_mapping, grow_mapping },
	{ "realloc", make_block, grow_block },
	{ "malloc+copy", make_block, grow_by_copy },
};

enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

static uint64_t clock_now(clockid_t id)
{
	struct timespec now = { 0 };

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t minor_faults(void)
{
	struct rusage usage = { 0 };

	getrusage(RUSAGE_SELF, &usage);
	return (uint64_t)usage.ru_minflt;
}

/* Writes what is new from old on: the number of the doubling, into each byte or into the first. */
static void fill(const struct buffer *buffer, size_t old, unsigned doubling, bool touched)
{
	memset(buffer->at + old, (int)doubling + 1, touched ? buffer->size - old : 1);
}

static bool is_kept(const struct buffer *buffer, const struct growth_options *options)
{
	size_t from = 0, to = (size_t)options->from;
	unsigned char byte = 1;

	for (; from < buffer->size; from = to, to *= 2, byte++) {
		const unsigned char *at = buffer->at + from;

		/* Equal to itself, shifted by one: all bytes are alike. */
		if (at[0] != byte || (options->touched && memcmp(at, at + 1, to - from - 1) != 0))
			return false;
	}
	return true;
}

static int grow_all(const struct way *way, const struct growth_options *options, struct buffer *buffer)
{
	buffer->size = (size_t)options->from;
	buffer->at = way->make(buffer->size);
	if (buffer->at == NULL)
		return errno;
	fill(buffer, 0, 0, options->touched);
	for (unsigned doubling = 1; buffer->size < options->to; doubling++) {
		size_t old = buffer->size;
		uintptr_t last = (uintptr_t)buffer->at;
		unsigned char *at = way->grow(buffer, 2 * old);

		if (at == NULL)
			return errno;
		buffer->at = at;
		buffer->size = 2 * old;
		buffer->outcome->figures[MOVES] += (uintptr_t)at != last;
		fill(buffer, old, doubling, options->touched);
	}
	return 0;
}

static void measure(const struct way *way, const struct growth_options *options, struct outcome *outcome)
{
	struct buffer buffer = { .mapped_blocks = mapped_blocks(), .outcome = outcome };
	uint64_t *figures = outcome->figures;

	/* Once before it counts: what the clocks and the stack need is there. */
	(void)minor_faults();
	(void)clock_now(CLOCK_PROCESS_CPUTIME_ID);
	figures[ELAPSED] = clock_now(CLOCK_MONOTONIC);
	figures[CPU] = clock_now(CLOCK_PROCESS_CPUTIME_ID);
	figures[FAULTS] = minor_faults();
	outcome->error = grow_all(way, options, &buffer);
	figures[FAULTS] = minor_faults() - figures[FAULTS];
	figures[CPU] = clock_now(CLOCK_PROCESS_CPUTIME_ID) - figures[CPU];
	figures[ELAPSED] = clock_now(CLOCK_MONOTONIC) - figures[ELAPSED];
	outcome->kept = outcome->error == 0 && is_kept(&buffer, options);
}

/* Where memory is short after all, this process is to be killed, and no other. */
static void offer_to_oom(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, "1000", 4);
	close(fd);
}

static bool stay_on(int processor)
{
	cpu_set_t one;

	if (processor < 0 || processor >= CPU_SETSIZE)
		return false;
	CPU_ZERO(&one);
	CPU_SET((unsigned)processor, &one);
	return sched_setaffinity(0, sizeof(one), &one) == 0;
}

static _Noreturn void child(const struct way *way, const struct growth_options *options, int processor, pid_t parent, int fd)
{
	struct outcome outcome = { 0 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	signal(SIGALRM, SIG_DFL);
	alarm(MOST_SECONDS);
	offer_to_oom();
	outcome.one_processor = stay_on(processor);
	measure(way, options, &outcome);
	(void)!write(fd, &outcome, sizeof(outcome));
	_exit(0);
}

static int tell(char **problem, const struct way *way, const char *what, const char *why)
{
	struct buf text = { 0 };

	buf_printf(&text, "%s: %s: %s", way->name, what, why);
	*problem = alloc_string(buf_text(&text), text.len);
	buf_fini(&text);
	return STATUS_TOOL;
}

/* How the process ended that was to send an outcome, and did not. */
static int tell_end(char **problem, const struct way *way, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		return tell(problem, way, "the process that measured it was stopped", "it took over a minute");
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return tell(problem, way, "the process that measured it was killed", "for want of memory, it seems (try a smaller --to)");
	return tell(problem, way, "the process that measured it told nothing",
	            WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "it ended early");
}

static int run_once(const struct way *way, const struct growth_options *options, int processor, struct outcome *outcome,
                    char **problem)
{
	pid_t parent = getpid(), pid;
	int fds[2], status = 0;
	ssize_t got;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return tell(problem, way, "no pipe", strerror(errno));
	pid = fork();
	if (pid == 0)
		child(way, options, processor, parent, fds[1]);
	int error = errno;

	close(fds[1]);
	do
		got = pid > 0 ? read(fds[0], outcome, sizeof(*outcome)) : 0;
	while (got < 0 && errno == EINTR);
	close(fds[0]);
	if (pid < 0)
		return tell(problem, way, "no process", strerror(error));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	if (got != sizeof(*outcome))
		return tell_end(problem, way, status);
	if (outcome->error != 0)
		return tell(problem, way, "it could not grow", strerror(outcome->error));
	return STATUS_OK;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static uint64_t median(const struct outcome *outcomes, unsigned runs, enum figure figure)
{
	uint64_t values[GROWTH_RUNS] = { 0 };

	for (unsigned i = 0; i < runs; i++)
		values[i] = outcomes[i].figures[figure];
	qsort(values, runs, sizeof(values[0]), compare);
	return values[runs / 2];
}

static bool send(const struct way *way, const struct growth_options *options, const struct outcome *outcomes,
                 const struct event_sink *sink)
{
	struct event_growth growth = { .way = way->name,
		                       .from = options->from,
		                       .to = options->from,
		                       .runs = options->runs,
		                       .touched = options->touched,
		                       .one_processor = true,
		                       .moves = median(outcomes, options->runs, MOVES),
		                       .copied = median(outcomes, options->runs, COPIED),
		                       .faults = median(outcomes, options->runs, FAULTS),
		                       .cpu = median(outcomes, options->runs, CPU),
		                       .elapsed = median(outcomes, options->runs, ELAPSED),
		                       .kept = true };

	for (; growth.to < options->to; growth.to *= 2)
		growth.doublings++;
	for (unsigned i = 0; i < options->runs; i++) {
		growth.kept &= outcomes[i].kept;
		growth.one_processor &= outcomes[i].one_processor;
	}
	sink->take(sink->context, &(struct event){ .type = EVENT_GROWTH, .growth = growth });
	return growth.kept;
}

/* Bytes that the machine can give without swapping; UINT64_MAX when it does not say. */
static uint64_t available(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	uint64_t found = UINT64_MAX, kilobytes;
	char line[128];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "MemAvailable: %" SCNu64, &kilobytes) == 1)
			found = kilobytes * 1024;
	}
	if (file != NULL)
		fclose(file);
	return found;
}

static uint64_t last_size(const struct growth_options *options)
{
	uint64_t size = options->from;

	while (size < options->to)
		size *= 2;
	return size;
}

/* The old and the new buffer are there at once while one is copied into the other; as much again is left for others. */
static bool has_room(const struct growth_options *options, char **problem)
{
	uint64_t last = last_size(options), need = 4 * last, room = available();
	struct buf text = { 0 };

	if (room >= need)
		return true;
	buf_puts(&text, "growing to ");
	size_format(&text, last);
	buf_printf(&text, " wants %" PRIu64 " MiB of free memory, and the machine has %" PRIu64 " (try a smaller --to)", need >> 20,
	           room >> 20);
	*problem = alloc_string(buf_text(&text), text.len);
	buf_fini(&text);
	return false;
}

int growth_run(const struct growth_options *options, const struct event_sink *sink, char **problem)
{
	struct outcome *outcomes = alloc_zeroed((size_t)WAYS * options->runs, sizeof(*outcomes));
	int processor = sched_getcpu(), status = has_room(options, problem) ? STATUS_OK : STATUS_UNSUPPORTED;

	for (unsigned run = 0; run < options->runs && status == STATUS_OK; run++) {
		for (size_t i = 0; i < WAYS && status == STATUS_OK; i++)
			status = run_once(&ways[i], options, processor, &outcomes[i * options->runs + run], problem);
	}
	bool measured = status == STATUS_OK;

	for (size_t i = 0; i < WAYS && measured; i++) {
		if (!send(&ways[i], options, &outcomes[i * options->runs], sink))
			status = STATUS_FAILED;
	}
	free(outcomes);
	return status;
}
