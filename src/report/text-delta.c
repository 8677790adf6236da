/* SPDX-License-Identifier: MIT */
/* What changed, as text: lines of maps, and sentences. */
#include "report/text.h"

#include "mm/symbol.h"
#include "report/sentence.h"

/* Changes of one step that are told in words; the lines of maps show all of them. */
enum { SENTENCES = 10 };

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

static void add_sentences(struct text *text, struct buf *out, const struct event_view *view)
{
	const struct sentence_context context = { view->before, view->after, view->old_regions, view->new_regions };

	size_t said = 0;

	for (size_t i = 0; i < view->delta->change_count; i++) {
		buf_reset(&text->words);
		sentence_change(&text->words, &view->delta->changes[i], &context);
		if (text->words.len > 0 && ++said <= SENTENCES)
			text_sentence(text, out, INK_PLAIN, buf_text(&text->words));
	}
	if (said > SENTENCES) {
		buf_reset(&text->words);
		buf_printf(&text->words, "... and %zu more changes", said - SENTENCES);
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
