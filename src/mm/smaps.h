/* SPDX-License-Identifier: MIT */
/* What /proc/PID/smaps says of each mapping: a record of figures in bytes, and VmFlags. */
#ifndef MMTOOL_MM_SMAPS_H
#define MMTOOL_MM_SMAPS_H

#include "base/buf.h"
#include "mm/maps.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The figures, in the order in which the kernel writes them (fs/proc/task_mmu.c, Linux 6.18; proc_pid_smaps(5)): name
 * here, name in smaps, word in JSON, what it is.  Those of smaps_rollup are among them.
 */
#define SMAPS_FIGURES(X)                                                \
	X(SIZE, "Size", "size", BYTES)                                  \
	X(KERNEL_PAGE_SIZE, "KernelPageSize", "kernel_page_size", SAME) \
	X(MMU_PAGE_SIZE, "MMUPageSize", "mmu_page_size", SAME)          \
	X(RSS, "Rss", "rss", BYTES)                                     \
	X(PSS, "Pss", "pss", BYTES)                                     \
	X(PSS_DIRTY, "Pss_Dirty", "pss_dirty", BYTES)                   \
	X(PSS_ANON, "Pss_Anon", "pss_anon", BYTES)                      \
	X(PSS_FILE, "Pss_File", "pss_file", BYTES)                      \
	X(PSS_SHMEM, "Pss_Shmem", "pss_shmem", BYTES)                   \
	X(SHARED_CLEAN, "Shared_Clean", "shared_clean", BYTES)          \
	X(SHARED_DIRTY, "Shared_Dirty", "shared_dirty", BYTES)          \
	X(PRIVATE_CLEAN, "Private_Clean", "private_clean", BYTES)       \
	X(PRIVATE_DIRTY, "Private_Dirty", "private_dirty", BYTES)       \
	X(REFERENCED, "Referenced", "referenced", BYTES)                \
	X(ANONYMOUS, "Anonymous", "anonymous", BYTES)                   \
	X(KSM, "KSM", "ksm", BYTES)                                     \
	X(LAZY_FREE, "LazyFree", "lazy_free", BYTES)                    \
	X(ANON_HUGE, "AnonHugePages", "anon_huge_pages", BYTES)         \
	X(SHMEM_PMD, "ShmemPmdMapped", "shmem_pmd_mapped", BYTES)       \
	X(FILE_PMD, "FilePmdMapped", "file_pmd_mapped", BYTES)          \
	X(SHARED_HUGETLB, "Shared_Hugetlb", "shared_hugetlb", BYTES)    \
	X(PRIVATE_HUGETLB, "Private_Hugetlb", "private_hugetlb", BYTES) \
	X(SWAP, "Swap", "swap", BYTES)                                  \
	X(SWAP_PSS, "SwapPss", "swap_pss", BYTES)                       \
	X(LOCKED, "Locked", "locked", BYTES)                            \
	X(THP_ELIGIBLE, "THPeligible", "thp_eligible", SAME)            \
	X(PROTECTION_KEY, "ProtectionKey", "protection_key", SAME)

#define SMAPS_ENUM(ID, NAME, WORD, KIND) SMAPS_##ID,
enum smaps_figure { SMAPS_FIGURES(SMAPS_ENUM) SMAPS_COUNT };
#undef SMAPS_ENUM

enum smaps_kind {
	SMAPS_BYTES, /* an amount, in bytes: those of several mappings add up */
	SMAPS_SAME,  /* a property of the mapping (page sizes in bytes, else a plain number): several can only agree */
};

/* By enum smaps_figure. */
struct smaps_name {
	char name[16]; /* "Private_Dirty", as in smaps */
	char word[17]; /* "private_dirty", as in JSON */
	uint8_t kind;  /* enum smaps_kind */
};
extern const struct smaps_name smaps_names[SMAPS_COUNT];

struct smaps_record {
	uint64_t start, end;           /* of the mapping; end is exclusive */
	uint64_t figures[SMAPS_COUNT]; /* bytes, where smaps says kB */
	bool present[SMAPS_COUNT];     /* false: this kernel did not tell that figure */
	const char *flags;             /* what its VmFlags line says behind the colon, flags_len bytes; NULL: there is none */
	size_t flags_len;              /*     (before Linux 3.8) */
	const char *text;              /* the whole record, text_len bytes; borrowed, as flags is */
	size_t text_len;
	uint32_t line_len;             /* of its first line, the mapping's line of maps, without the newline */
};

/*
 * Reads the record that begins at text[*at], or the first one behind, and moves *at behind it.  False: there is none.
 * Unknown lines are skipped.  A record is known to be whole when another one begins at *at; one that ends with the text
 * may go on, when the text is part of a file.
 */
bool smaps_next(const char *text, size_t len, size_t *at, struct smaps_record *record);
/* The record whose mapping holds addr.  False: no mapping holds it. */
bool smaps_at(const char *text, size_t len, uint64_t addr, struct smaps_record *record);

/* Whether a record's VmFlags have a flag of two letters ("lo"). */
bool smaps_has_flag(const struct smaps_record *record, const char *flag);
/* The flags one by one: moves *at behind the next one, which is *flag, *len bytes.  False: that was the last. */
bool smaps_next_flag(const struct smaps_record *record, size_t *at, const char **flag, size_t *len);

/*
 * Adds part's figures to those of sum: amounts are added, and properties that differ are not present any more.  A sum
 * begins as a copy of its first part; range, text and flags stay those of the first.
 */
void smaps_add(struct smaps_record *sum, const struct smaps_record *part);

/* Whether a record begins where text does; *start is its mapping's first address. */
bool smaps_begins(const char *text, size_t len, uint64_t *start);
/* Whether text begins as smaps does, and not as maps. */
bool smaps_recognize(const char *text, size_t len);

/* A whole smaps. */
struct smaps {
	struct maps maps;          /* the mappings, as the maps file would have them, byte for byte */
	struct smaps_record *list; /* list[i] belongs to maps.list[i] */
	size_t cap;
	struct buf text;           /* the whole file; what list points into */
};

/* Parses smaps->text.  Returns as maps_parse() does; *bad_line counts the records, from 1.  Free with smaps_fini(). */
int smaps_parse(struct smaps *smaps, size_t *bad_line);
void smaps_fini(struct smaps *smaps);

#endif
