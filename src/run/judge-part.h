/* SPDX-License-Identifier: MIT */
/* Inside the judge of recorded events. */
#ifndef MMTOOL_RUN_JUDGE_PART_H
#define MMTOOL_RUN_JUDGE_PART_H

#include "base/buf.h"
#include "mm/kind.h"
#include "run/judge.h"

/* The script in hand.  A place in it is a number: the line in the upper half, the column in the lower. */
struct judge_script {
	bool open;                /* a start came, and no verdict that closes it */
	bool resumed;             /* a verdict came that does not close it: that of a shell, which goes on */
	bool several;             /* one of several */
	char *name;
	pid_t pid;                /* of its main process */
	uint64_t page;            /* its page size; 0: not told */
	uint64_t steps, checks, failed; /* that were told */
	unsigned untold;          /* verdicts that say of a step that is not told that it ended the script */
	bool looped;              /* some passes need not be told */
	bool last_failed;         /* the last step did */
	uint64_t low, high;    /* of the last step outside of every repeat, and the furthest */
	uint64_t failed_place; /* of the first step that failed, and why it did */
	char *failed_reason;
};

/* The snapshot in hand, and what its parts come to so far. */
struct judge_snapshot {
	bool any;                 /* there is one */
	bool more;                /* another part of it follows */
	unsigned part;
	pid_t pid;
	struct kind_total totals[KIND_COUNT];
};

struct judge {
	struct buf problem;
	struct judge_script script;
	struct judge_snapshot snapshot;
	bool any;                 /* an event came */
	bool scripts, looks, growths; /* there were scripts, snapshots or deltas, measurements */
	bool single;              /* a script that is not one of several */
	bool verdicts[VERDICT_BROKEN + 1]; /* there was such a one */
	bool differs;             /* what was compared does, or what was measured lost something: status 1 */
	bool sourceless;          /* a verdict came that is not passed, without the place where it failed */
	uint64_t now;             /* of a watched process: the moment that was told last */
};

/* Records what does not agree; the first stays.  Returns false, for return judge_wrong(…). */
bool judge_wrong(struct judge *judge, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Each looks at the mappings that an event tells. */
bool judge_start_maps(struct judge *judge, const struct event_start *start);
bool judge_step_maps(struct judge *judge, const struct event_step *step);
bool judge_snapshot(struct judge *judge, const struct event_snapshot *snapshot);
bool judge_delta(struct judge *judge, const struct event_delta *delta);

#endif
