/* SPDX-License-Identifier: MIT */
/* What the parts of the text report share. */
#ifndef MMTOOL_REPORT_TEXT_H
#define MMTOOL_REPORT_TEXT_H

#include "base/buf.h"
#include "report/report.h"

#include <stdbool.h>
#include <stdint.h>

/* What was printed last: it decides about the blank line before the next. */
enum block { BLOCK_NONE, BLOCK_BARE, BLOCK_NOTE, BLOCK_HELD, BLOCK_BODY, BLOCK_VERDICT };

/* A snapshot that is shown, part by part. */
struct table {
	unsigned width;   /* columns of a range of addresses */
	bool resident;    /* there is a column for it */
	uint64_t holes, hole_bytes;
	struct event_gap largest;
	uint64_t rows;    /* shown */
	struct kind_total group; /* of the object in hand */
	struct buf object;       /* the line of its last mapping: what the next one is compared with */
	uint64_t object_end;     /* where that ends; 0: there is none */
};

struct text {
	struct report base;
	struct buf name;  /* the script's */
	struct buf words; /* a line in the making */
	bool several;     /* scripts: each says its name */
	enum block last;
	unsigned hidden_said; /* text-pages.c: which lines of what is hidden were said of this script */
	struct table table;
	uint64_t first_growth; /* text-measure.c: CPU time of the first row, which the others are compared with; 0: none yet */
	bool cost_begun;  /* text-measure.c: a row was shown */
};

enum ink { INK_PLAIN, INK_BOLD, INK_RED, INK_GREEN, INK_ALARM, INK_DIM, INK_CYAN };

/* One line that is never broken; its indent stays plain. */
void text_line(const struct text *text, struct buf *out, const char *indent, enum ink ink, const struct buf *line);
/* What switches an ink on or off; "" without colour. */
const char *text_ink(const struct text *text, enum ink ink, bool on);
/* Words broken into lines: what the first begins with, and the rest (NULL: the same). */
void text_wrapped(const struct text *text, struct buf *out, const char *first, const char *rest, enum ink ink,
                  const char *words);
/* A sentence below a statement; what is wrapped hangs, so that the next sentence is seen to begin. */
void text_sentence(const struct text *text, struct buf *out, enum ink ink, const char *words);
/* A value; with --symbolic not one that another run may find different. */
const char *text_shown(const struct text *text, const char *value, bool varies);
/* The blank line, where there is one, before a block. */
void text_separate(struct text *text, struct buf *out, enum block next);

/* text-step.c: what one statement did. */
void text_step(struct text *text, struct buf *out, const struct event_step *step);
/* text-delta.c: the lines of maps that changed, or all of them with --full, and what that means in words. */
void text_view(struct text *text, struct buf *out, const struct event_view *view);
/* text-detail.c, too: what smaps says of one mapping. */
void text_smaps(struct text *text, struct buf *out, const struct event_smaps *smaps);
/* text-detail.c: the counters that moved, and what smaps says of the named regions; nothing where nobody looked. */
void text_detail(struct text *text, struct buf *out, const struct event_step *step);
/*
 * How many changes are told as one (sentence_group()), from the one at from: whole mappings that are all new or all gone,
 * each next to the one before, of one file with its bss, or three or more that are anonymous alike; else 1.  order has
 * the changes' indices, NULL: they are in order.  *size is their bytes, where they are several.
 */
size_t text_group(const struct delta *delta, const size_t *order, size_t from, size_t to, uint64_t *size);
/* All lines of a snapshot, with what the regions call them; view's before is shown. */
void text_maps(struct text *text, struct buf *out, const struct event_view *view);
/* One line of maps, marked with sign: '-', '+' or ' '.  after: its addresses are named by what they are at the end. */
void text_map_line(struct text *text, struct buf *out, const struct event_view *view, char sign,
                   const struct mapping *mapping, bool after);

/* text-difference.c: two snapshots that the user named, compared: hunks by address, each with what it means in words. */
void text_difference(struct text *text, struct buf *out, const struct event_delta *event);
/* text-measure.c: a row of a table of ways to grow a buffer, or to move memory; above the first of them, what was measured. */
void text_growth(struct text *text, struct buf *out, const struct event_growth *growth);
void text_cost(struct text *text, struct buf *out, const struct event_cost *cost);
/* text-totals.c: by what is mapped, how many lines went and came, and by how much it is larger or smaller. */
void text_totals(struct text *text, struct buf *out, const struct delta *delta);

/* text-pages.c: the pages that the step concerned or changed. */
void text_pages(struct text *text, struct buf *out, const struct event_step *step);
/* text-watch.c: a process that is watched.  Its size at the start; above a change, when and how much; other news. */
void text_watch_start(struct text *text, struct buf *out, const struct event_snapshot *snapshot);
void text_watch_delta(struct text *text, struct buf *out, const struct event_delta *delta);
void text_watch_note(struct text *text, struct buf *out, const struct event_note *note);

/* text-maps.c: a snapshot as a table, as a tree or as it is. */
void text_snapshot(struct text *text, struct buf *out, const struct event_snapshot *snapshot);

#endif
