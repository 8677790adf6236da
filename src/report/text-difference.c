/* SPDX-License-Identifier: MIT */
/* Two snapshots compared, as text: like diff's hunks, each followed by what it means in words. */
#include "report/text.h"

#include "base/alloc.h"
#include "base/size.h"
#include "report/sentence.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Lines that overlap, or are of one file, and the changes that are about them. */
struct hunk {
	size_t line, line_end;     /* in the delta's lines */
	size_t change, change_end; /* in order */
};

/* A line, to be found by the mapping that it shows. */
struct place {
	char sign;
	uint64_t start;
	size_t hunk;
};

struct difference {
	const struct delta *delta;
	struct hunk *hunks;
	size_t count, cap;
	size_t *order;  /* indices of changes, hunk by hunk; those of no line at the end */
	size_t ordered; /* how many of order are in hunks */
};

static bool same_file(const struct mapping *a, const struct mapping *b)
{
	return mapping_has_file(a) && a->inode == b->inode && a->major == b->major && a->minor == b->minor;
}

/* Where a line stands among the addresses of the second snapshot. */
static uint64_t start_of(const struct delta_line *line)
{
	return line->mapping->start + (uint64_t)line->shift;
}

static uint64_t end_of(const struct delta_line *line)
{
	return line->mapping->end + (uint64_t)line->shift;
}

static void cut(struct difference *self)
{
	const struct delta_line *lines = self->delta->lines;
	size_t count = self->delta->line_count, next = 0;

	for (size_t i = 0; i < count; i = next) {
		uint64_t end = end_of(&lines[i]);
		bool alike = true;

		for (next = i + 1; next < count; next++) {
			uint64_t start = start_of(&lines[next]);

			alike = alike && lines[next].sign == lines[i].sign;
			bool beside = start == end && (alike || same_file(lines[next].mapping, lines[next - 1].mapping));

			if (start < start_of(&lines[next - 1]) || (start >= end && !beside))
				break;
			end = end_of(&lines[next]) > end ? end_of(&lines[next]) : end;
		}
		self->hunks = alloc_grow(self->hunks, &self->cap, self->count + 1, sizeof(*self->hunks));
		self->hunks[self->count++] = (struct hunk){ .line = i, .line_end = next };
	}
}

static int compare_places(const void *a, const void *b)
{
	const struct place *left = a, *right = b;

	if (left->sign != right->sign)
		return left->sign < right->sign ? -1 : 1;
	return (left->start > right->start) - (left->start < right->start);
}

static struct place *list_places(const struct difference *self)
{
	const struct delta *delta = self->delta;
	struct place *places = alloc_bytes((delta->line_count + 1) * sizeof(*places));

	for (size_t i = 0; i < self->count; i++) {
		for (size_t k = self->hunks[i].line; k < self->hunks[i].line_end; k++)
			places[k] = (struct place){ delta->lines[k].sign, delta->lines[k].mapping->start, i };
	}
	qsort(places, delta->line_count, sizeof(*places), compare_places);
	return places;
}

/* The hunk that shows one of the mappings that a change is about; the number of hunks when none does. */
static size_t hunk_of(const struct difference *self, const struct place *places, const struct change *change)
{
	const struct mapping *mappings[] = { change->after, change->before };

	for (unsigned i = 0; i < 2; i++) {
		if (mappings[i] == NULL)
			continue;
		struct place key = { i == 0 ? '+' : '-', mappings[i]->start, 0 };
		const struct place *found = bsearch(&key, places, self->delta->line_count, sizeof(*places), compare_places);

		if (found != NULL)
			return found->hunk;
	}
	return self->count;
}

/* Sorts the changes by their hunks, otherwise in the delta's order. */
static void distribute(struct difference *self)
{
	const struct delta *delta = self->delta;
	struct place *places = list_places(self);
	size_t *hunks = alloc_bytes((delta->change_count + 1) * sizeof(*hunks));
	size_t *next = alloc_zeroed(self->count + 2, sizeof(*next));

	for (size_t i = 0; i < delta->change_count; i++) {
		hunks[i] = hunk_of(self, places, &delta->changes[i]);
		next[hunks[i] + 1]++;
	}
	for (size_t i = 0; i < self->count; i++) {
		next[i + 1] += next[i];
		self->hunks[i].change = next[i];
		self->hunks[i].change_end = next[i + 1];
	}
	self->ordered = next[self->count];
	self->order = alloc_bytes((delta->change_count + 1) * sizeof(*self->order));
	for (size_t i = 0; i < delta->change_count; i++)
		self->order[next[hunks[i]]++] = i;
	free(next);
	free(hunks);
	free(places);
}

static const struct change *change_at(const struct difference *self, size_t i)
{
	return &self->delta->changes[self->order[i]];
}

static const struct mapping *mapping_of(const struct change *change)
{
	return change->after != NULL ? change->after : change->before;
}

static void add_words(struct text *text, struct buf *out)
{
	if (text->words.len > 0)
		text_sentence(text, out, INK_PLAIN, buf_text(&text->words));
}

static void add_sentences(struct text *text, struct buf *out, const struct difference *self, size_t from, size_t to)
{
	const struct sentence_context context = { 0 };

	for (size_t i = from; i < to;) {
		const struct change *change = change_at(self, i);
		bool new = change->kind == CHANGE_ADDED;
		uint64_t size = 0;
		size_t count = text_group(self->delta, self->order, i, to, &size);

		buf_reset(&text->words);
		if (count > 1) {
			sentence_group(&text->words, mapping_of(change), new, count, size);
			i += count;
		} else {
			sentence_change(&text->words, change, &context);
			i++;
		}
		add_words(text, out);
	}
}

/* Whether some words of a hunk are about the mapping of one of two lines. */
static bool is_told(const struct difference *self, const struct hunk *hunk, const struct delta_line *old,
                    const struct delta_line *new)
{
	for (size_t i = hunk->change; i < hunk->change_end; i++) {
		const struct change *change = change_at(self, i);

		if ((change->before != NULL && change->before->start == old->mapping->start) ||
		    (change->after != NULL && change->after->start == new->mapping->start))
			return true;
	}
	return false;
}

/* Lines without a change: the kernel tells the same mapping in other words. */
static void add_renamed(struct text *text, struct buf *out, const struct difference *self, const struct hunk *hunk)
{
	const struct delta_line *lines = self->delta->lines;

	for (size_t i = hunk->line; i + 1 < hunk->line_end; i++) {
		if (lines[i].sign != '-' || lines[i + 1].sign != '+' || is_told(self, hunk, &lines[i], &lines[i + 1]))
			continue;
		buf_reset(&text->words);
		sentence_renamed(&text->words, lines[i].mapping, lines[i + 1].mapping);
		add_words(text, out);
	}
}

static void add_lines(struct text *text, struct buf *out, const struct difference *self, const struct hunk *hunk,
                      char sign)
{
	const struct event_view view = { .delta = self->delta };

	for (size_t i = hunk->line; i < hunk->line_end; i++) {
		if (self->delta->lines[i].sign == sign)
			text_map_line(text, out, &view, sign, self->delta->lines[i].mapping, sign == '+');
	}
}

static void add_hunk(struct text *text, struct buf *out, const struct difference *self, const struct hunk *hunk)
{
	buf_putc(out, '\n');
	add_lines(text, out, self, hunk, '-');
	add_lines(text, out, self, hunk, '+');
	add_sentences(text, out, self, hunk->change, hunk->change_end);
	add_renamed(text, out, self, hunk);
}

/* Changes of what maps does not show, each below the line that it is about. */
static void add_rest(struct text *text, struct buf *out, const struct difference *self)
{
	const struct event_view view = { .delta = self->delta };
	const struct mapping *shown = NULL;

	for (size_t i = self->ordered; i < self->delta->change_count; i++) {
		const struct mapping *m = mapping_of(change_at(self, i));

		if (m != NULL && m != shown) {
			buf_putc(out, '\n');
			text_map_line(text, out, &view, ' ', m, true);
		}
		shown = m;
		add_sentences(text, out, self, i, i + 1);
	}
}

static void add_time(struct buf *buf, int64_t time)
{
	const int64_t second = 1000000000;
	time_t seconds = (time_t)(time / second);
	char words[64] = "";
	struct tm local;

	if (time <= 0 || localtime_r(&seconds, &local) == NULL ||
	    strftime(words, sizeof(words), "%Y-%m-%d %H:%M:%S", &local) == 0)
		return;
	buf_printf(buf, "at %s.%03d", words, (int)(time % second / 1000000));
}

static void add_amount(struct buf *buf, uint64_t mappings, uint64_t bytes)
{
	buf_printf(buf, "%" PRIu64 " mapping%s, ", mappings, mappings == 1 ? "" : "s");
	size_format(buf, bytes);
}

/* "before: 4242 (nginx), 24 mappings, 5424K, at 2026-03-01 10:41:02.123". */
static void add_side(struct text *text, struct buf *out, const struct event_delta *delta, bool new)
{
	const char *name = new ? delta->new_name : delta->old_name;
	const char *command = new ? delta->new_command : delta->old_command;
	struct buf time = { 0 };

	buf_reset(&text->words);
	buf_puts(&text->words, new ? "after:  " : "before: ");
	if (name != NULL && strcmp(name, "-") == 0)
		buf_puts(&text->words, "standard input");
	else if (name != NULL)
		buf_escape(&text->words, name, strlen(name), 0);
	if (command != NULL) {
		buf_puts(&text->words, " (");
		buf_escape(&text->words, command, strlen(command), 0);
		buf_putc(&text->words, ')');
	}
	buf_puts(&text->words, ", ");
	add_amount(&text->words, new ? delta->new_mappings : delta->old_mappings, new ? delta->new_bytes : delta->old_bytes);
	/* Nought is not known: smaps was not read, or the file is none. */
	if ((new ? delta->resident : delta->old_resident) > 0) {
		buf_puts(&text->words, ", ");
		size_format(&text->words, new ? delta->resident : delta->old_resident);
		buf_puts(&text->words, " resident");
	}
	add_time(&time, new ? delta->time : delta->old_time);
	bool fits = text->words.len + 2 + time.len <= WRAP_WIDTH;

	if (time.len > 0)
		buf_printf(&text->words, ",%s%s", fits ? " " : "", fits ? buf_text(&time) : "");
	text_line(text, out, "", INK_BOLD, &text->words);
	if (time.len > 0 && !fits)
		text_line(text, out, "        ", INK_BOLD, &time);
	buf_fini(&time);
}

static void add_nothing(struct text *text, struct buf *out, const struct event_delta *delta)
{
	buf_reset(&text->words);
	buf_puts(&text->words, delta->aligned ? "nothing differs but addresses: " : "nothing changed: ");
	add_amount(&text->words, delta->new_mappings, delta->new_bytes);
	text_line(text, out, "", INK_PLAIN, &text->words);
	if (delta->regrouped)
		text_wrapped(text, out, "", NULL, INK_PLAIN,
		             "(other anonymous mappings were placed side by side, and are one in maps)");
}

/* Two runs of one program have hardly a line in common, and whoever compares them may not know what to do about it. */
static void add_hint(struct text *text, struct buf *out, const struct event_delta *delta)
{
	size_t gone = 0;

	if (delta->aligned || delta->pid != 0 || delta->old_command == NULL || delta->new_command == NULL ||
	    strcmp(delta->old_command, delta->new_command) != 0)
		return;
	for (size_t i = 0; i < delta->delta->line_count; i++)
		gone += delta->delta->lines[i].sign == '-';
	/* [vsyscall] is at the same address in all, and so is a program that is no PIE, as Debian's python3. */
	if (gone < delta->old_mappings / 2)
		return;
	text_wrapped(text, out, "", NULL, INK_PLAIN,
	             "(two runs of one program have other addresses: --align compares them part by part)");
}

void text_difference(struct text *text, struct buf *out, const struct event_delta *event)
{
	struct difference self = { .delta = event->delta };

	if (event->delta == NULL)
		return;
	add_side(text, out, event, false);
	add_side(text, out, event, true);
	if (event->delta->line_count == 0 && event->delta->change_count == 0) {
		add_nothing(text, out, event);
		return;
	}
	add_hint(text, out, event);
	cut(&self);
	distribute(&self);
	if (!text->base.options.summary) {
		for (size_t i = 0; i < self.count; i++)
			add_hunk(text, out, &self, &self.hunks[i]);
		add_rest(text, out, &self);
	}
	if (text->base.options.summary || self.count > 1) {
		buf_putc(out, '\n');
		text_totals(text, out, event->delta);
	}
	free(self.hunks);
	free(self.order);
}
