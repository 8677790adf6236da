/* SPDX-License-Identifier: MIT */
/* The lines that the text report is made of. */
#include "report/text.h"

#include <string.h>

static const char *const inks[] = {
	[INK_PLAIN] = NULL,        [INK_BOLD] = "\033[1m",    [INK_RED] = "\033[31m", [INK_GREEN] = "\033[32m",
	[INK_ALARM] = "\033[1;31m", [INK_DIM] = "\033[2m",     [INK_CYAN] = "\033[36m",
};

static const char *ink_on(const struct text *text, enum ink ink)
{
	return text->base.options.color ? inks[ink] : NULL;
}

const char *text_ink(const struct text *text, enum ink ink, bool on)
{
	const char *code = ink_on(text, ink);

	return code == NULL ? "" : on ? code : "\033[0m";
}

void text_line(const struct text *text, struct buf *out, const char *indent, enum ink ink, const struct buf *line)
{
	const char *on = ink_on(text, ink);

	buf_puts(out, indent);
	buf_puts(out, on != NULL ? on : "");
	buf_add(out, buf_text(line), line->len);
	buf_puts(out, on != NULL ? "\033[0m\n" : "\n");
}

void text_wrapped(const struct text *text, struct buf *out, const char *first, const char *rest, enum ink ink,
                        const char *words)
{
	struct wrap wrap = { .first = first, .rest = rest, .on = ink_on(text, ink), .off = "\033[0m" };

	wrap_add(out, words, strlen(words), &wrap);
}

void text_sentence(const struct text *text, struct buf *out, enum ink ink, const char *words)
{
	text_wrapped(text, out, "    ", "      ", ink, words);
}

const char *text_shown(const struct text *text, const char *value, bool varies)
{
	return text->base.options.symbolic && varies ? "*" : value;
}

void text_separate(struct text *text, struct buf *out, enum block next)
{
	bool blank = text->last >= BLOCK_HELD;

	if (text->last == BLOCK_HELD && next == BLOCK_HELD)
		blank = false;
	else if ((next == BLOCK_NOTE && text->last != BLOCK_NOTE) || next == BLOCK_VERDICT)
		blank = text->last != BLOCK_NONE;
	if (blank)
		buf_putc(out, '\n');
	text->last = next;
}
