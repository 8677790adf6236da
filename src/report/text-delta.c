/* SPDX-License-Identifier: MIT */
/* What changed, as text: lines of maps, and sentences. */
#include "report/text.h"

#include "mm/symbol.h"
#include "report/sentence.h"

/* Changes of one step that are told in words; the lines of maps show all of them. */
enum { SENTENCES = 10 };

/* Mappings that are all anonymous are told as one from so many on. */
enum { MANY = 3 };

void text_map_line(struct text *text, struct buf *out, const struct event_view *view, char sign,
                   const struct mapping *mapping, bool after)
{
	static const char *const marks[] = { "  - ", "  + ", "    " };
	enum ink ink = sign == '-' ? INK_RED : sign == '+' ? INK_GREEN : INK_PLAIN;
	const char *mark = marks[sign == '-' ? 0 : sign == '+' ? 1 : 2];
	struct buf line = { 0 };

	buf_reset(&text->words);
	if (ink != INK_PLAIN)
		buf_puts(&text->words, mark + 2);
	if (text->base.options.symbolic) {
		symbol_format_line(&line, mapping, after ? view->new_regions : view->old_regions,
		                   after ? view->after : view->before);
		buf_escape(&text->words, buf_text(&line), line.len, 0);
		buf_fini(&line);
	} else {
		buf_escape(&text->words, mapping->line, mapping->line_len, 0);
	}
	text_line(text, out, ink != INK_PLAIN ? "  " : mark, ink, &text->words);
}

/* All lines of one end of a delta, those that changed marked with sign. */
static void add_whole(struct text *text, struct buf *out, const struct event_view *view, const struct maps *maps,
                      char sign)
{
	size_t next = 0;

	buf_puts(out, sign == '-' ? "    before:\n" : "    after:\n");
	for (struct maps_place place = maps_place(maps, 0); place.at != NULL; maps_forward(&place)) {
		const struct mapping *mapping = place.at;
		char mark = ' ';

		for (; next < view->delta->line_count; next++) {
			const struct delta_line *line = &view->delta->lines[next];

			if (line->mapping->start > mapping->start)
				break;
			if (line->sign == sign && line->mapping->start == mapping->start)
				mark = sign;
		}
		text_map_line(text, out, view, mark, mapping, sign == '+');
	}
}

static const struct mapping *mapping_of(const struct change *change)
{
	return change->after != NULL ? change->after : change->before;
}

/* Whether a mapping goes on with what those before it are: last is the one before, head the first. */
static bool goes_on(const struct mapping *head, const struct mapping *last, const struct mapping *m)
{
	bool anonymous = !mapping_has_file(m) && m->name_len == 0;

	if (m->start != last->end)
		return false;
	if (mapping_has_file(m))
		return m->inode == head->inode && m->major == head->major && m->minor == head->minor;
	return anonymous && (mapping_has_file(head) || (head->name_len == 0 && m->perms[3] == head->perms[3]));
}

size_t text_group(const struct delta *delta, const size_t *order, size_t from, size_t to, uint64_t *size)
{
	const struct change *first = &delta->changes[order != NULL ? order[from] : from];
	const struct mapping *head = mapping_of(first), *last = head;
	bool new = first->kind == CHANGE_ADDED;
	size_t count = 0;

	*size = 0;
	if (head == NULL || (!new && first->kind != CHANGE_REMOVED))
		return 1;
	for (size_t i = from; i < to; i++) {
		const struct change *change = &delta->changes[order != NULL ? order[i] : i];
		const struct mapping *m = mapping_of(change);
		uint64_t length = new ? change->new_end - change->new_start : change->old_end - change->old_start;

		if (m == NULL || change->kind != first->kind || length != m->end - m->start ||
		    (i > from && !goes_on(head, last, m)))
			break;
		*size += length;
		last = m;
		count++;
	}
	return count >= MANY || (count > 1 && mapping_has_file(head)) ? count : 1;
}

static void add_sentences(struct text *text, struct buf *out, const struct event_view *view)
{
	const struct sentence_context context = { view->before, view->after, view->old_regions, view->new_regions };
	/* Where regions have names, each is told by its own. */
	bool named = view->old_regions != NULL || view->new_regions != NULL;
	size_t said = 0, hidden = 0, count = 1;

	for (size_t i = 0; i < view->delta->change_count; i += count) {
		const struct change *change = &view->delta->changes[i];
		uint64_t size = 0;

		count = named ? 1 : text_group(view->delta, NULL, i, view->delta->change_count, &size);
		buf_reset(&text->words);
		if (count > 1)
			sentence_group(&text->words, mapping_of(change), change->kind == CHANGE_ADDED, count, size);
		else
			sentence_change(&text->words, change, &context);
		if (text->words.len > 0 && ++said <= SENTENCES)
			text_sentence(text, out, INK_PLAIN, buf_text(&text->words));
		else if (text->words.len > 0)
			hidden += count;
	}
	if (hidden > 0) {
		buf_reset(&text->words);
		buf_printf(&text->words, "... and %zu more change%s", hidden, hidden == 1 ? "" : "s");
		text_sentence(text, out, INK_PLAIN, buf_text(&text->words));
	}
}

static void add_lines(struct text *text, struct buf *out, const struct event_view *view, char sign)
{
	for (size_t i = 0; i < view->delta->line_count; i++) {
		if (view->delta->lines[i].sign == sign)
			text_map_line(text, out, view, sign, view->delta->lines[i].mapping, sign == '+');
	}
}

void text_view(struct text *text, struct buf *out, const struct event_view *view)
{
	if (text->base.options.full && view->before != NULL && view->after != NULL) {
		add_whole(text, out, view, view->before, '-');
		add_whole(text, out, view, view->after, '+');
	} else {
		/* What was, then what is: easier to read than one list by address. */
		add_lines(text, out, view, '-');
		add_lines(text, out, view, '+');
	}
	add_sentences(text, out, view);
}

void text_maps(struct text *text, struct buf *out, const struct event_view *view)
{
	for (struct maps_place place = maps_place(view->before, 0); place.at != NULL; maps_forward(&place))
		text_map_line(text, out, view, ' ', place.at, false);
}
