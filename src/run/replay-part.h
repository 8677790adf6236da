/* SPDX-License-Identifier: MIT */
/* Inside the reader of recorded events. */
#ifndef MMTOOL_RUN_REPLAY_PART_H
#define MMTOOL_RUN_REPLAY_PART_H

#include "base/alloc.h"
#include "base/buf.h"
#include "mm/event-field.h"
#include "mm/event.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Reads one event. */
struct replay_reader {
	struct arena arena;  /* what the event points to, besides its JSON */
	struct buf problem;  /* what is wrong with it */
	struct maps one;     /* for a line of maps */
	struct region scratch; /* the scratch page of the script's processes, whole; size 0: there is none */
};

/* Records what is wrong; the first stays.  Returns false, for return replay_wrong(…). */
bool replay_wrong(struct replay_reader *reader, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A field in hand. */
struct replay_slot {
	const struct event_shape *shape;
	const struct event_field *field;
	const json_t *from, *value; /* the object, and what it has for the field */
	char *object, *member;
};

/* Records that the field is not what it should be: "a string". */
bool replay_not_a(struct replay_reader *reader, const struct replay_slot *slot, const char *what);
/* Sets the member, which is a pointer; the member at the field's other, which is a number. */
void replay_store_pointer(const struct replay_slot *slot, const void *pointer);
void replay_store_other(const struct replay_slot *slot, uint64_t value);
/* By enum field_kind, those that have no parts: each sets the member.  NULL: another. */
extern bool (*const replay_values[FIELD_KINDS])(struct replay_reader *reader, const struct replay_slot *slot);
/*
 * Fills a zeroed struct of that type from an object, by the table of the events' fields.  What it points to lives as long
 * as from and reader's arena.  Of a step, what the stream told before is missing: replay_told_step() adds that.
 */
bool replay_object(struct replay_reader *reader, enum event_object type, const json_t *from, void *object);

/* Names of regions live as long as the regions. */
struct replay_regions {
	struct regions regions;
	struct arena names;
};

/* How a process stands.  Twice, so that a step has both ends. */
struct replay_process {
	pid_t pid;
	struct maps maps[2];
	unsigned maps_now;
	bool known;            /* the maps are */
	struct replay_regions regions[2];
	unsigned regions_now;
};

/* What the stream has told so far. */
struct replay_told {
	struct replay_process *list;
	size_t count, cap;
	struct replay_reader *reader;
};

/*
 * Each takes an event that was read, before it is given on.  What they point it to is valid until the next of these calls.
 *
 * A script begins: what was told before is forgotten.
 */
bool replay_told_start(struct replay_told *told, const struct event_start *start);
/* Gives a step the mappings and the regions at both its ends. */
bool replay_told_step(struct replay_told *told, struct event_step *step);
/* Keeps the parts of a snapshot together.  False, and replay_wrong(): they overlap. */
bool replay_told_snapshot(struct replay_told *told, const struct event_snapshot *snapshot);
/* Gives a delta its mappings, where the stream has told them.  False, and replay_wrong(): it does not fit them. */
bool replay_told_delta(struct replay_told *told, struct event_delta *delta);
void replay_told_fini(struct replay_told *told);

/* Adds mappings to those whose lines are in maps' text; with the last of them maps is parsed, by address.  False: it cannot be. */
bool replay_add_part(struct maps *maps, const struct event_snapshot *part);

#endif
