/* SPDX-License-Identifier: MIT */
/* What differs between two runs of one program, whose parts the kernel put at random places. */
#ifndef MMTOOL_MM_ALIGN_H
#define MMTOOL_MM_ALIGN_H

#include "base/alloc.h"
#include "mm/delta.h"
#include "mm/maps.h"

#include <stdbool.h>

/*
 * Computes a delta as delta_compute() does, of two snapshots that are not of one process at two moments, but of two runs of
 * one program.  Both are cut into parts that are placed as one: a run of mappings of one file without a gap, with the
 * anonymous mapping that continues it (its bss); [heap], [stack], [vdso], …; each anonymous mapping between them.  Parts are
 * matched by what they are and in which order they stand, and what is matched is compared relative to its own beginning
 * (a stack: to its end), so that nothing is told to have moved.  Device numbers are not compared, nor the inodes of shared
 * memory (memfd, /dev/zero, SysV), which every run has of its own.
 *
 * Changes of a matched part bear a shift; those in a module say in place where ("libc.so.6+0x1c000"), which stays in *names.
 * Anonymous mappings that differ only in which of them touch, and so are one, are no difference: true is returned then.
 * Lines and mappings are the snapshots' own.  The cost is that of sorting; it is bounded whatever the snapshots hold.
 */
bool align_compute(struct delta *delta, const struct maps *before, const struct maps *after, struct arena *names);

#endif
