/* SPDX-License-Identifier: MIT */
/* Recorded events (mmtool-events(5)), as values again. */
#ifndef MMTOOL_RUN_REPLAY_H
#define MMTOOL_RUN_REPLAY_H

#include "mm/event.h"
#include "mm/smaps.h"

#include <stddef.h>

struct replay;

/*
 * Begins to read a stream of events, one JSON object a line, from a descriptor, which stays the caller's.  name is what
 * messages call it; any bytes.
 */
struct replay *replay_open(int fd, const char *name);
/* The stream begins with these bytes, which were read from the descriptor before. */
void replay_begin_with(struct replay *replay, const char *text, size_t len);
/*
 * The next event, with all that it had when it was recorded: the mappings and the regions before and after a step are those
 * that the stream told of its process.  *event is valid until the next call.
 *
 * Returns 1; 0 behind EVENT_END, the last; -EINVAL where the stream is none, or is none any more; -ENODATA where it breaks
 * off without EVENT_END; another -errno when it cannot be read.  replay_problem() says what is wrong, and where.
 */
int replay_next(struct replay *replay, const struct event **event);
/* One line, "FILE:LINE: what", escaped; valid until replay_close(). */
const char *replay_problem(const struct replay *replay);
/* Refuses the event in hand for what the caller found wrong with it, which replay_problem() tells then.  Returns -EINVAL. */
int replay_refuse(struct replay *replay, const char *what);
/* What to tell the user of the event before: an event of a type that is not known was skipped.  NULL: nothing (more). */
const char *replay_remark(struct replay *replay);
void replay_close(struct replay *replay);

/*
 * The first snapshot in the stream, whole: its parts together, in smaps (all zero), by address.  *detailed: what smaps
 * said of each is in it, too; else only smaps->maps is valid.  What comes up to there must agree (judge_event()).  *about is
 * its first part's event, valid until replay_close(); its maps are NULL.  Reads no further.  Returns 0 or what
 * replay_next() says; -ENOMSG where the stream has no snapshot.
 */
int replay_snapshot(struct replay *replay, struct smaps *smaps, bool *detailed, struct event_snapshot *about);

#endif
