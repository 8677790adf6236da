/* SPDX-License-Identifier: MIT */
/* Each call by where it can change mappings; one that is not in the table, anywhere. */
#include "run/reach.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d61 /* Linux 5.17 */
#endif

enum kind {
	ANYWHERE,
	NOWHERE,
	RANGE,  /* in [address, address + length) */
	BUFFER, /* the kernel loads or stores there, which can grow a mapping that grows downwards */
	MMAP,
	MREMAP,
	BRK,
	SHMAT,
	PRCTL,
	VECTOR, /* mincore's */
};

/* The arguments that are the address and the length. */
struct row {
	uint8_t kind, address, length;
};

static const struct row rows[CALL_ID_COUNT] = {
	[CALL_MMAP] = { MMAP, 0, 1 },         [CALL_MUNMAP] = { RANGE, 0, 1 },
	[CALL_MREMAP] = { MREMAP, 0, 1 },     [CALL_MPROTECT] = { RANGE, 0, 1 },
	[CALL_PKEY_MPROTECT] = { RANGE, 0, 1 }, [CALL_MADVISE] = { RANGE, 0, 1 },
	[CALL_MSYNC] = { NOWHERE, 0, 0 },     [CALL_MLOCK] = { RANGE, 0, 1 },
	[CALL_MLOCK2] = { RANGE, 0, 1 },      [CALL_MUNLOCK] = { RANGE, 0, 1 },
	[CALL_MINCORE] = { VECTOR, 2, 1 },    [CALL_MSEAL] = { RANGE, 0, 1 },
	[CALL_REMAP_FILE_PAGES] = { RANGE, 0, 1 }, [CALL_BRK] = { BRK, 0, 0 },
	[CALL_READ] = { BUFFER, 1, 2 },       [CALL_WRITE] = { BUFFER, 1, 2 },
	[CALL_PREAD] = { BUFFER, 1, 2 },      [CALL_PWRITE] = { BUFFER, 1, 2 },
	[CALL_SHMAT] = { SHMAT, 0, 0 },       [CALL_PRCTL] = { PRCTL, 2, 3 },
};

static void add(struct machine *m, uint64_t start, uint64_t len)
{
	uint64_t first = start / m->page * m->page;

	stale_add(&m->here->stale, first, len > UINT64_MAX - m->page - start ? UINT64_MAX : start + len - first + m->page - 1);
}

static void mmap_reach(struct machine *m, const struct performance *p)
{
	if (p->result >= 0)
		add(m, (uint64_t)p->result, p->words[1]);
	else if ((p->words[3] & MAP_FIXED) == 0)
		return;
	else if ((p->words[3] & MAP_HUGETLB) != 0)
		m->here->stale.all = true; /* the length was rounded up to huge pages */
	else
		add(m, p->words[0], p->words[1]);
}

static void mremap_reach(struct machine *m, const struct performance *p)
{
	add(m, p->words[0], p->words[1]);
	if (p->result >= 0)
		add(m, (uint64_t)p->result, p->words[2]);
	else if ((p->words[3] & MREMAP_FIXED) != 0)
		add(m, p->words[4], p->words[2]);
}

/* The break before is known from the call before; an address of 0 is never taken and tells it. */
static void brk_reach(struct machine *m, const struct performance *p)
{
	uint64_t before = m->here->known_break, now = (uint64_t)p->result;

	m->here->known_break = now;
	if (p->words[0] == 0)
		return;
	if (before == 0)
		m->here->stale.all = true;
	else
		add(m, before < now ? before : now, before < now ? now - before : before - now);
}

/* The segment's length is not known here: what is mapped at its beginning tells it. */
static void shmat_reach(struct machine *m, const struct performance *p)
{
	if (p->result >= 0)
		add(m, (uint64_t)p->result, 1);
	else if ((p->words[2] & SHM_REMAP) != 0)
		m->here->stale.all = true;
}

void reach_of(struct machine *m, const struct performance *p)
{
	const struct row *row = &rows[p->statement->call->id];
	uint64_t address = p->words[row->address], len = p->words[row->length];

	switch (m->here->observer.queries ? (enum kind)row->kind : ANYWHERE) {
	case ANYWHERE:
		m->here->stale.all = true;
		break;
	case NOWHERE:
		break;
	case RANGE:
		add(m, address, len);
		break;
	case BUFFER:
		if (!p->args[row->address].is_string)
			machine_accessed(m, address, len);
		break;
	case VECTOR:
		machine_accessed(m, address, len / m->page + 1);
		break;
	case MMAP:
		mmap_reach(m, p);
		break;
	case MREMAP:
		mremap_reach(m, p);
		break;
	case BRK:
		brk_reach(m, p);
		break;
	case SHMAT:
		shmat_reach(m, p);
		break;
	case PRCTL:
		if (p->words[0] == PR_SET_VMA && !p->args[row->address].is_string) {
			add(m, address, len);
			break;
		}
		m->here->stale.all = true;
		m->here->known_break = 0; /* PR_SET_MM */
		break;
	}
}
