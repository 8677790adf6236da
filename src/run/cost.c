/* SPDX-License-Identifier: MIT */
/*
 * Memory that goes to and fro between two places.  The kernel moves a whole page table at once where both places begin alike
 * in what one covers (move_page_tables() in its mm/mremap.c; not on every processor), and else each entry of it.
 */
#include "run/cost.h"

#include "base/clock.h"
#include "base/diag.h"
#include "base/size.h"
#include "run/measure.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

struct way {
	const char *name;
	bool copies, askew; /* the second place is a page farther away */
};

static const struct way ways[] = {
	{ .name = "mremap, aligned" },
	{ .name = "mremap, unaligned", .askew = true },
	{ .name = "memcpy", .copies = true },
};

enum { WAYS = sizeof(ways) / sizeof(ways[0]) };

/* Each size is so many times the one before. */
enum { STEP = 8, MOST_SIZES = 24 };

/* About so many pages are moved in all, and not more often than that. */
enum { MOVED_PAGES = 4096, MOST_MOVES = 64 };

struct task {
	const struct way *way;
	size_t size, page, apart; /* bytes; the places are so far apart */
	unsigned moves;           /* even: it ends where it began */
};

struct outcome {
	uint64_t cpu; /* nanoseconds of one move */
	bool kept;
};

/* What a page holds at its start: its number, so that pages that changed places are seen, too. */
static void write_pages(unsigned char *at, const struct task *task)
{
	for (size_t i = 0; i < task->size / task->page; i++)
		memcpy(at + i * task->page, &i, sizeof(i));
}

static bool are_kept(const unsigned char *at, const struct task *task)
{
	for (size_t i = 0; i < task->size / task->page; i++) {
		size_t found;

		memcpy(&found, at + i * task->page, sizeof(found));
		if (found != i)
			return false;
	}
	return true;
}

/* Memory of small pages, all of them there; NULL with errno. */
static unsigned char *make(unsigned char *at, const struct task *task)
{
	if (mmap(at, task->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return NULL;
	/* A kernel without huge pages refuses it, and needs it not. */
	(void)madvise(at, task->size, MADV_NOHUGEPAGE);
	write_pages(at, task);
	return at;
}

/* Returns 0 or an errno, that of mremap. */
static int move(const struct task *task, void *from, void *to)
{
	if (task->way->copies)
		memcpy(to, from, task->size);
	else if (mremap(from, task->size, task->size, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED)
		return errno;
	return 0;
}

static int work(const void *context, void *result, const char **call)
{
	const struct task *task = context;
	size_t room = 3 * task->apart + task->page;
	/* Nothing else of this process, which has one thread, can come between while one of the places is empty. */
	unsigned char *reserved = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	struct outcome outcome = { 0 };
	int error = 0;

	*call = "mmap";
	if (reserved == MAP_FAILED)
		return errno;
	unsigned char *here = reserved + (task->apart - (uintptr_t)reserved % task->apart) % task->apart;
	unsigned char *there = here + task->apart + (task->way->askew ? task->page : 0);

	if (make(here, task) == NULL || (task->way->copies && make(there, task) == NULL))
		return errno;
	*call = "mremap";
	(void)clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	outcome.cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (unsigned i = 0; i < task->moves && error == 0; i++)
		error = i % 2 == 0 ? move(task, here, there) : move(task, there, here);
	assert(task->moves > 0);
	outcome.cpu = (clock_ns(CLOCK_PROCESS_CPUTIME_ID) - outcome.cpu) / task->moves;
	outcome.kept = error == 0 && are_kept(here, task);
	memcpy(result, &outcome, sizeof(outcome));
	return error;
}

/* Bytes that a page table covers, or a multiple of that: a huge page's size, where there are such, or 64 MiB. */
static size_t table_covers(void)
{
	const uint64_t least = 64 << 20, huge = size_huge_page();

	return (size_t)(huge > least && huge <= SIZE_MAX / 8 ? huge : least);
}

static struct task make_task(const struct way *way, size_t size, size_t covered)
{
	struct task task = { .way = way, .size = size, .page = (size_t)size_page() };
	size_t moves = MOVED_PAGES / (size / task.page) / 2 * 2;

	task.apart = (size + covered - 1) / covered * covered;
	task.moves = (unsigned)(moves < 2 ? 2 : moves > MOST_MOVES ? MOST_MOVES : moves);
	return task;
}

/* The sizes, in bytes and whole pages; returns how many. */
static unsigned list_sizes(uint64_t to, size_t sizes[MOST_SIZES])
{
	size_t page = (size_t)size_page(), last = ((size_t)to + page - 1) / page * page;
	unsigned count = 0;

	for (size_t size = page; size < last && count < MOST_SIZES - 1; size *= STEP)
		sizes[count++] = size;
	sizes[count++] = last;
	return count;
}

/* Measures a way and a size; sends what it found. */
static int measure_task(const struct task *task, unsigned runs, int processor, const struct event_sink *sink, char **problem)
{
	struct event_cost cost = { .way = task->way->name,
		                   .size = task->size,
		                   .pages = task->size / task->page,
		                   .runs = runs,
		                   .moves = task->moves,
		                   .one_processor = true,
		                   .kept = true };
	uint64_t times[MEASURE_RUNS] = { 0 };
	int status = STATUS_OK;

	for (unsigned run = 0; run < runs && status == STATUS_OK; run++) {
		struct outcome outcome = { 0 };

		status = measure_once(&(struct measure){ task->way->name, work, task, sizeof(outcome), processor }, &outcome,
		                      &cost.one_processor, problem);
		times[run] = outcome.cpu;
		cost.kept &= outcome.kept;
	}
	if (status != STATUS_OK)
		return status;
	cost.cpu = measure_median(times, runs);
	sink->take(sink->context, &(struct event){ .type = EVENT_COST, .cost = cost });
	return cost.kept ? STATUS_OK : STATUS_FAILED;
}

int cost_run(const struct cost_options *options, const struct event_sink *sink, char **problem)
{
	size_t sizes[MOST_SIZES], covered = table_covers();
	unsigned count = list_sizes(options->to, sizes);
	int processor = sched_getcpu();
	int worst = measure_has_room("copying", sizes[count - 1], problem) ? STATUS_OK : STATUS_UNSUPPORTED;

	for (size_t way = 0; way < WAYS && *problem == NULL; way++) {
		for (unsigned i = 0; i < count && *problem == NULL; i++) {
			struct task task = make_task(&ways[way], sizes[i], covered);
			int status = measure_task(&task, options->runs, processor, sink, problem);

			worst = status != STATUS_OK ? status : worst;
		}
	}
	return worst;
}
