/* SPDX-License-Identifier: MIT */
/* Measures ways to grow a buffer, each in a process of its own: their heaps and page tables begin alike. */
#include "run/growth.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/size.h"
#include "run/measure.h"

#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum figure { MOVES, COPIED, FAULTS, CPU, ELAPSED, FIGURES };

/* What a process finds. */
struct outcome {
	uint64_t figures[FIGURES];
	bool kept;
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
	const char *made_by, *grown_by; /* the calls */
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
	{ "mremap", make_mapping, grow_mapping, "mmap", "mremap" },
	{ "realloc", make_block, grow_block, "malloc", "realloc" },
	{ "malloc+copy", make_block, grow_by_copy, "malloc", "malloc" },
};

enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

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

static int grow_all(const struct way *way, const struct growth_options *options, struct buffer *buffer, const char **call)
{
	*call = way->made_by;
	buffer->size = (size_t)options->from;
	buffer->at = way->make(buffer->size);
	if (buffer->at == NULL)
		return errno;
	*call = way->grown_by;
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

/* What a way and the options are to a process that measures it. */
struct task {
	const struct way *way;
	const struct growth_options *options;
};

static int work(const void *context, void *result, const char **call)
{
	const struct task *task = context;
	struct outcome outcome = { 0 };
	struct buffer buffer = { .mapped_blocks = mapped_blocks(), .outcome = &outcome };
	uint64_t *figures = outcome.figures;

	/* Once before it counts: what the clocks and the stack need is there. */
	(void)minor_faults();
	(void)clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	figures[ELAPSED] = clock_ns(CLOCK_MONOTONIC);
	figures[CPU] = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	figures[FAULTS] = minor_faults();

	int error = grow_all(task->way, task->options, &buffer, call);

	figures[FAULTS] = minor_faults() - figures[FAULTS];
	figures[CPU] = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - figures[CPU];
	figures[ELAPSED] = clock_ns(CLOCK_MONOTONIC) - figures[ELAPSED];
	outcome.kept = error == 0 && is_kept(&buffer, task->options);
	memcpy(result, &outcome, sizeof(outcome));
	return error;
}

static uint64_t median(const struct outcome *outcomes, unsigned runs, enum figure figure)
{
	uint64_t values[MEASURE_RUNS] = { 0 };

	for (unsigned i = 0; i < runs; i++)
		values[i] = outcomes[i].figures[figure];
	return measure_median(values, runs);
}

static bool send(const struct way *way, const struct growth_options *options, const struct outcome *outcomes, bool one_processor,
                 const struct event_sink *sink)
{
	struct event_growth growth = { .way = way->name,
		                       .from = options->from,
		                       .to = options->from,
		                       .runs = options->runs,
		                       .touched = options->touched,
		                       .one_processor = one_processor,
		                       .moves = median(outcomes, options->runs, MOVES),
		                       .copied = median(outcomes, options->runs, COPIED),
		                       .faults = median(outcomes, options->runs, FAULTS),
		                       .cpu = median(outcomes, options->runs, CPU),
		                       .elapsed = median(outcomes, options->runs, ELAPSED),
		                       .kept = true };

	for (; growth.to < options->to; growth.to *= 2)
		growth.doublings++;
	for (unsigned i = 0; i < options->runs; i++)
		growth.kept &= outcomes[i].kept;
	sink->take(sink->context, &(struct event){ .type = EVENT_GROWTH, .growth = growth });
	return growth.kept;
}

static uint64_t last_size(const struct growth_options *options)
{
	uint64_t size = options->from;

	while (size < options->to)
		size *= 2;
	return size;
}

int growth_run(const struct growth_options *options, const struct event_sink *sink, char **problem)
{
	struct outcome *outcomes = alloc_zeroed((size_t)WAYS * options->runs, sizeof(*outcomes));
	int processor = sched_getcpu();
	int status = measure_has_room("growing to", last_size(options), problem) ? STATUS_OK : STATUS_UNSUPPORTED;
	bool one_processor = true;

	for (unsigned run = 0; run < options->runs && status == STATUS_OK; run++) {
		for (size_t i = 0; i < WAYS && status == STATUS_OK; i++) {
			const struct task task = { &ways[i], options };

			status = measure_once(&(struct measure){ ways[i].name, work, &task, sizeof(*outcomes), processor },
			                      &outcomes[i * options->runs + run], &one_processor, problem);
		}
	}
	bool measured = status == STATUS_OK;

	for (size_t i = 0; i < WAYS && measured; i++) {
		if (!send(&ways[i], options, &outcomes[i * options->runs], one_processor, sink))
			status = STATUS_FAILED;
	}
	free(outcomes);
	return status;
}
