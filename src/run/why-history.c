/* SPDX-License-Identifier: MIT */
/* Remembers what calls took away from the address space. */
#include "run/why-history.h"

#include "mm/kind.h"
#include "run/why-mremap.h"

#include <string.h>
#include <sys/mman.h>

/* A range that is taken away; more than STRETCHES parts of it would drive too much else out of the history. */
struct taking {
	const struct why_done *done;
	uint64_t start, end;
	enum why_gone_kind kind;
	uint64_t moved_to;
};
enum { STRETCHES = 8 };

static void note(struct why_history *history, const struct taking *taking, uint64_t start, uint64_t end, bool was_mapped)
{
	struct why_gone *gone = &history->list[history->count++ % WHY_HISTORY];
	const char *name = call_table[taking->done->call].name;

	*gone = (struct why_gone){ .start = start,
		                   .end = end,
		                   .moved_to = taking->kind == GONE_MOVED ? taking->moved_to + (start - taking->start) : 0,
		                   .line = taking->done->line,
		                   .kind = (uint8_t)taking->kind,
		                   .was_mapped = was_mapped };
	strncpy(gone->call, name, sizeof(gone->call) - 1);
}

static void take(struct why_history *history, const struct taking *taking)
{
	const struct maps *before = taking->done->before;
	uint64_t from = taking->start, to;
	size_t count = 0;

	if (taking->end <= taking->start)
		return;
	for (; before != NULL && maps_stretch(before, &from, &to, taking->end); from = to)
		count++;
	if (before == NULL || count > STRETCHES) {
		note(history, taking, taking->start, taking->end, false);
		return;
	}
	for (from = taking->start; maps_stretch(before, &from, &to, taking->end); from = to)
		note(history, taking, from, to, true);
}

/* What MREMAP_FIXED replaced: nothing where the old range has a hole (Linux 6.17). */
static void take_replaced(struct why_history *history, const struct why_done *done, uint64_t old_size, uint64_t new_size)
{
	const uint64_t old = done->args[0], new = (uint64_t)done->result;
	uint64_t from = old, to;
	size_t count = 0;

	if (done->before == NULL || old_size != new_size || maps_covered(done->before, old, old_size)) {
		take(history, &(struct taking){ done, new, new + new_size, GONE_REPLACED, 0 });
		return;
	}
	for (; count < STRETCHES && maps_stretch(done->before, &from, &to, old + old_size); from = to, count++)
		take(history, &(struct taking){ done, from - old + new, to - old + new, GONE_REPLACED, 0 });
}

static void take_mremap(struct why_history *history, const struct why_done *done)
{
	const uint64_t *args = done->args, page = done->page, to = (uint64_t)done->result;
	uint64_t old_size = (args[1] + page - 1) / page * page, new_size = (args[2] + page - 1) / page * page;
	uint64_t moved = old_size < new_size ? old_size : new_size;

	if ((args[3] & MREMAP_FIXED) != 0)
		take_replaced(history, done, old_size, new_size);
	if (old_size > new_size)
		take(history, &(struct taking){ done, args[0] + new_size, args[0] + old_size, GONE_UNMAPPED, 0 });
	if (to != args[0] && (args[3] & MREMAP_DONTUNMAP) == 0)
		take(history, &(struct taking){ done, args[0], args[0] + moved, GONE_MOVED, to });
}

/* The heap's end, where it was lowered. */
static void take_brk(struct why_history *history, const struct why_done *done)
{
	uint64_t from = ((uint64_t)done->result + done->page - 1) / done->page * done->page;
	const struct mapping *heap = done->before != NULL ? maps_find(done->before, from) : NULL;

	if (heap != NULL && mapping_kind(heap) == KIND_HEAP)
		take(history, &(struct taking){ done, from, heap->end, GONE_UNMAPPED, 0 });
}

/* The mappings of the segment that is attached there; of a sealed one it takes none, and succeeds. */
static void take_shmdt(struct why_history *history, const struct why_done *done)
{
	const struct mapping *first = done->before != NULL ? maps_find(done->before, done->args[0]) : NULL;
	uint64_t end = done->args[0];

	if (done->after != NULL && maps_find(done->after, end) != NULL)
		return;
	for (const struct mapping *at = first; at != NULL && at->inode == first->inode; at = maps_find(done->before, end))
		end = at->end;
	take(history, &(struct taking){ done, done->args[0], end, GONE_UNMAPPED, 0 });
}

void why_remember(struct why_history *history, const struct why_done *done)
{
	uint64_t size = (done->args[1] + done->page - 1) / done->page * done->page;

	if (done->call == CALL_MUNMAP)
		take(history, &(struct taking){ done, done->args[0], done->args[0] + size, GONE_UNMAPPED, 0 });
	else if (done->call == CALL_MMAP && (done->args[3] & MAP_FIXED) != 0)
		take(history, &(struct taking){ done, done->args[0], done->args[0] + size, GONE_REPLACED, 0 });
	else if (done->call == CALL_MREMAP)
		take_mremap(history, done);
	else if (done->call == CALL_BRK)
		take_brk(history, done);
	else if (done->call == CALL_SHMDT)
		take_shmdt(history, done);
}
