/* SPDX-License-Identifier: MIT */
/* The machine's overcommit policy: vm.overcommit_memory, _ratio and _kbytes, read and written as text. */
#ifndef MMTOOL_RUN_KNOBS_H
#define MMTOOL_RUN_KNOBS_H

#include "base/buf.h"

#include <stdbool.h>

enum knob { KNOB_POLICY, KNOB_RATIO, KNOB_KBYTES, KNOBS };

/* Below /proc/sys/vm. */
extern const char *const knob_name[KNOBS];

/* What a knob's file holds: text, which is written back as it was read. */
struct knob_value {
	char text[32];
	size_t len;
};

struct knobs {
	int fd[KNOBS]; /* -1: not open */
};

/*
 * Opens them, and locks them against everybody else who does.  The lock is flock(2) on the policy's own file: it needs no
 * writable directory, a child shares it, and it ends with the last process that has it open.  Returns 0, or -errno, with the
 * call that failed, "open" or "flock"; *held: another one has it.  Then too the caller calls knobs_close().
 */
int knobs_open(struct knobs *knobs, const char **call, bool *held);
void knobs_close(const struct knobs *knobs);
/* Reads all of them.  0 or -errno. */
int knobs_read(const struct knobs *knobs, struct knob_value values[KNOBS]);
/*
 * Sets what differs, and reads it back.  Allocates nothing.  The strict policy comes last and goes first, or other
 * programs would for a moment be held to a limit that neither state has.  0 or -errno.
 */
int knobs_put(const struct knobs *knobs, const struct knob_value wanted[KNOBS]);
/* The same, tried again for a while: there is nobody else to do it, so a refusal is not taken at once. */
int knobs_put_back(const struct knobs *knobs, const struct knob_value old[KNOBS]);

bool knobs_same(const struct knob_value a[KNOBS], const struct knob_value b[KNOBS]);
/* Adds "vm.overcommit_memory=0 vm.overcommit_ratio=50 ...". */
void knobs_add(struct buf *text, const struct knob_value values[KNOBS]);
/* A value that is a number. */
void knob_set(struct knob_value *value, int number);

#endif
