/* SPDX-License-Identifier: MIT */
/* Private to the rules of mmap(2): its arguments by their names. */
#ifndef MMTOOL_RUN_WHY_MMAP_H
#define MMTOOL_RUN_WHY_MMAP_H

#include "run/why-rule.h"

#include <sys/mman.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000 /* Linux 4.17 */
#endif
#ifndef MAP_SHARED_VALIDATE
#define MAP_SHARED_VALIDATE 3 /* Linux 4.15 */
#endif
#ifndef MAP_SYNC
#if defined(__alpha__) || defined(__hppa__) || defined(__mips__) || defined(__xtensa__)
#define MAP_SYNC 0 /* they have none */
#else
#define MAP_SYNC 0x80000 /* Linux 4.15 */
#endif
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x10 /* Linux 5.1 */
#endif

enum {
	TYPE_MASK = 0xf,    /* MAP_TYPE on every architecture but parisc */
	TYPE_DROPPABLE = 8, /* MAP_DROPPABLE, Linux 6.11 */
	HUGE_SHIFT = 26,    /* MAP_HUGE_SHIFT: the bits from there on are the huge page's size, as a power of two */
	HUGE_MASK = 0x3f,
};

static inline uint64_t mmap_length(const struct why_case *c)
{
	return why_round_up(c, c->args[1]);
}

static inline uint64_t mmap_prot(const struct why_case *c)
{
	return c->args[2];
}

static inline uint64_t mmap_type(const struct why_case *c)
{
	return c->args[3] & TYPE_MASK;
}

static inline bool mmap_is_shared(const struct why_case *c)
{
	return mmap_type(c) == MAP_SHARED || mmap_type(c) == MAP_SHARED_VALIDATE;
}

static inline bool mmap_is_fixed(const struct why_case *c)
{
	return why_flag(c, MAP_FIXED | MAP_FIXED_NOREPLACE);
}

static inline bool mmap_is_anonymous(const struct why_case *c)
{
	return why_flag(c, MAP_ANONYMOUS);
}

static inline bool mmap_is_beyond(const struct why_case *c, uint64_t addr, uint64_t len)
{
	size_t mark = c->out->len;
	bool beyond = say_beyond(c, addr, len, "") == WHY_YES;

	buf_cut(c->out, mark);
	return beyond;
}

static inline int mmap_descriptor(const struct why_case *c)
{
	return (int)(uint32_t)c->args[4];
}

/* The file that is mapped; false: there is none, or nothing is known of it. */
static inline bool mmap_file(struct why_case *c, struct why_file *file)
{
	return !mmap_is_anonymous(c) && mmap_descriptor(c) >= 0 && why_file(c, mmap_descriptor(c), file) && file->open;
}

/* The size of the huge pages that MAP_HUGETLB asks for; 0: not known. */
static inline uint64_t mmap_huge_page(struct why_case *c)
{
	unsigned shift = c->args[3] >> HUGE_SHIFT & HUGE_MASK;
	uint64_t size = 0;

	return shift != 0 ? UINT64_C(1) << shift : why_fact(c, FACT_HUGE_SIZE, &size) ? size : 0;
}

#endif
