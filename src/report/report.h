/* SPDX-License-Identifier: MIT */
/* Reports turn the stream of events into bytes.  They know events, and nothing of who made them. */
#ifndef MMTOOL_REPORT_REPORT_H
#define MMTOOL_REPORT_REPORT_H

#include "mm/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* How the text report shows a snapshot. */
enum maps_view {
	MAPS_TABLE,
	MAPS_TREE, /* the mappings of one object together, with their total */
	MAPS_RAW,  /* the lines of maps, byte for byte */
};

struct report_options {
	bool full;     /* the whole maps before and after each change */
	bool symbolic; /* addresses as names */
	bool pages;    /* look at the pages of the named regions: for who makes the events */
	bool explain;  /* show the paragraphs that say why */
	bool quiet;    /* only what failed */
	bool color;    /* already decided */
	uint8_t maps;  /* enum maps_view */
	bool terminal; /* lines of maps as they are are escaped all the same */
	bool figures;  /* what smaps says of each mapping of a snapshot, where it was read */
	bool words;    /* say of each mapping of a snapshot what it is */
	bool summary;  /* of two snapshots that are compared, only the totals */
	bool bare;     /* the statement was just typed: it is not repeated.  May change between events */
};

struct report;

struct report_class {
	const char *name; /* as --format= takes it */
	/* size of the report's own state, which begins with struct report; zeroed before the first event */
	size_t size;
	void (*event)(struct report *report, const struct event *event, struct buf *out);
	void (*fini)(struct report *report); /* may be NULL */
};

struct report {
	const struct report_class *class;
	struct report_options options;
};

struct report *report_new(const struct report_class *class, const struct report_options *options);
void report_free(struct report *report);

extern const struct report_class report_text, report_json, report_tap;

/* How lines are made: width 0 is WRAP_WIDTH. */
struct wrap {
	const char *first, *rest; /* what the first line and those after it begin with; rest NULL: as first */
	const char *on, *off;     /* around each line's words, for colour; NULL: nothing */
	unsigned width;           /* columns */
};

enum { WRAP_WIDTH = 80 };

/*
 * Adds text as lines, each with its newline, broken at spaces so that none is wider than can be helped: a word is never
 * cut.  Spaces inside a line stay.  A newline in text begins a line (with rest); other controls are escaped.
 */
void wrap_add(struct buf *buf, const char *text, size_t len, const struct wrap *wrap);

/* Adds source text on one line: each run of white space is one space, and controls are escaped. */
void flat_add(struct buf *buf, const char *source, size_t len);

/* Columns of escaped UTF-8 text: one for each code point. */
size_t wrap_columns(const char *text, size_t len);

#endif
