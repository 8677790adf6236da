/* SPDX-License-Identifier: MIT */
/* The shell's own words: help, maps, names, exit and quit, at the start of a line. */
#include "app/shell.h"
#include "app/shell-help.h"

#include "lang/lexer.h"
#include "lang/word.h"
#include "mm/symbol.h"
#include "run/machine.h"

#include <inttypes.h>
#include <string.h>

const char *const shell_words[] = { "help", "maps", "names", "exit", "quit", NULL };

/* What follows the word: at most one more. */
struct argument {
	const char *text;
	size_t len; /* 0: none */
};

static void help(struct shell *shell, const struct argument *argument)
{
	struct buf out = { 0 }, shown = { 0 };

	buf_escape(&shown, argument->text, argument->len, 0);
	if (argument->len == 0)
		shell_help_overview(&out);
	else if (!shell_help_word(argument->text, argument->len, &out)) {
		const char *nearest = shell_help_nearest(argument->text, argument->len);

		if (nearest != NULL)
			shell_complain(shell, "help: no help for '%s'; did you mean '%s'?", buf_text(&shown), nearest);
		else
			shell_complain(shell, "help: no help for '%s' (help alone lists what there is)", buf_text(&shown));
	}
	if (out.len > 0)
		shell_print(shell, &out);
	buf_fini(&out);
	buf_fini(&shown);
}

static void add_line(const struct shell *shell, const struct mapping *mapping, const struct maps *maps, struct buf *out)
{
	struct buf line = { 0 };

	if (shell->options->report.symbolic)
		symbol_format_line(&line, mapping, interp_regions(shell->machine), maps);
	else
		buf_add(&line, mapping->line, mapping->line_len);
	/* Byte for byte for a program; at a terminal a file's name must not reach it as a control. */
	if (shell->output.live)
		buf_escape(out, buf_text(&line), line.len, 0);
	else
		buf_add(out, buf_text(&line), line.len);
	buf_putc(out, '\n');
	buf_fini(&line);
}

static bool is_named(const char *name, const struct argument *argument)
{
	return strlen(name) == argument->len && memcmp(name, argument->text, argument->len) == 0;
}

/* The range that a name stands for: its region, or the byte that it points to.  False: it has no value that is a place. */
static bool find_range(const struct shell *shell, const struct argument *name, uint64_t *start, uint64_t *end)
{
	const struct regions *regions = interp_regions(shell->machine);
	size_t count, i = 0;
	const char *const *names = interp_names(shell->machine, &count);

	for (size_t j = 0; j < regions->count; j++) {
		if (is_named(regions->list[j].name, name)) {
			struct region whole = regions_whole(regions, &regions->list[j]);

			*start = whole.start;
			*end = whole.start + whole.size;
			return true;
		}
	}
	while (i < count && !is_named(names[i], name))
		i++;
	if (i == count)
		return false;
	const struct value *value = interp_value(shell->machine, i);

	*start = value != NULL ? (uint64_t)value->integer : 0;
	*end = *start + 1;
	return value != NULL && !value->is_string;
}

static void maps(struct shell *shell, const struct argument *argument)
{
	const struct maps *now = interp_maps(shell->machine);
	uint64_t start = 0, end = UINT64_MAX;
	struct buf out = { 0 }, shown = { 0 };

	buf_escape(&shown, argument->text, argument->len, 0);
	if (now == NULL)
		shell_complain(shell, "maps: %s", interp_reason(shell->machine));
	else if (argument->len > 0 && !find_range(shell, argument, &start, &end))
		shell_complain(shell, "maps: '%s' is no name that has a place (names lists them)", buf_text(&shown));
	else {
		for (struct maps_place place = maps_place(now, start); place.at != NULL && place.at->start < end;
		     maps_forward(&place))
			add_line(shell, place.at, now, &out);
		if (out.len == 0)
			buf_printf(&out, "nothing is mapped at %s\n", buf_text(&shown));
		shell_print(shell, &out);
	}
	buf_fini(&out);
	buf_fini(&shown);
}

static void add_integer(const struct shell *shell, const char *name, const struct value *value, struct buf *out)
{
	const struct regions *regions = interp_regions(shell->machine);
	const struct region *region = regions_find(regions, (uint64_t)value->integer);
	bool steady = value->steadiness == STEADY;

	if (region != NULL && shell->options->report.symbolic)
		symbol_format(out, (uint64_t)value->integer, regions, NULL);
	else if (shell->options->report.symbolic && !steady)
		buf_putc(out, '*');
	else if (region != NULL || value->integer > UINT32_MAX)
		buf_printf(out, "0x%" PRIx64, (uint64_t)value->integer);
	else
		buf_printf(out, "%" PRId64, value->integer);
	if (region == NULL)
		return;
	if (region->name == name && region->start == (uint64_t)value->integer)
		buf_puts(out, "  region of ");
	else
		buf_printf(out, "  in %s, of ", region->name);
	if (region->size % 1024 == 0)
		buf_printf(out, "%" PRIu64 "K", region->size / 1024);
	else
		buf_printf(out, "%" PRIu64, region->size);
}

static void names(struct shell *shell, const struct argument *argument)
{
	size_t count, width = 0;
	const char *const *list = interp_names(shell->machine, &count);
	struct buf out = { 0 };

	(void)argument;
	for (size_t i = 0; i < count; i++)
		width = strlen(list[i]) > width && strlen(list[i]) < 24 ? strlen(list[i]) : width;
	for (size_t i = 0; i < count; i++) {
		const struct value *value = interp_value(shell->machine, i);

		if (value == NULL)
			continue;
		buf_printf(&out, "%-*s = ", (int)width, list[i]);
		if (value->is_string) {
			buf_putc(&out, '"');
			buf_escape(&out, value->text, value->len, 1);
			buf_putc(&out, '"');
		} else {
			add_integer(shell, list[i], value, &out);
		}
		buf_putc(&out, '\n');
	}
	shell_print(shell, &out);
	buf_fini(&out);
}

static void leave(struct shell *shell, const struct argument *argument)
{
	(void)argument;
	shell->leaving = true;
}

static const struct {
	const char *word;
	void (*perform)(struct shell *shell, const struct argument *argument);
	bool takes_word;
} own[] = {
	{ "help", help, true }, { "maps", maps, true }, { "names", names, false }, { "exit", leave, false }, { "quit", leave, false },
};

/* The word after the first, and whether anything follows it. */
static bool read_argument(struct lexer *lexer, struct argument *argument)
{
	struct token token;

	lexer_next(lexer, &token);
	*argument = (struct argument){ token.span.text, 0 };
	if (token.kind == TOKEN_NAME || token.kind == TOKEN_KEYWORD) {
		argument->len = token.span.len;
		lexer_next(lexer, &token);
		/* help mremap(): as one writes about it. */
		if (token.kind == TOKEN_LPAREN) {
			lexer_next(lexer, &token);
			if (token.kind == TOKEN_RPAREN)
				lexer_next(lexer, &token);
		}
	}
	if (token.kind == TOKEN_SEMICOLON)
		lexer_next(lexer, &token);
	return token.kind == TOKEN_END;
}

bool shell_word(struct shell *shell, const char *line, size_t len)
{
	struct lexer lexer, ahead;
	struct token word, next;
	struct argument argument;

	lexer_init(&lexer, line, len, 1);
	lexer_next(&lexer, &word);
	ahead = lexer;
	lexer_next(&ahead, &next);
	if (word.kind != TOKEN_NAME || next.kind == TOKEN_ASSIGN || next.kind == TOKEN_LPAREN || next.kind == TOKEN_LBRACKET)
		return false;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (strlen(own[i].word) != word.span.len || memcmp(own[i].word, word.span.text, word.span.len) != 0)
			continue;
		if (!read_argument(&lexer, &argument))
			shell_complain(shell, "%s: %s", own[i].word,
			               own[i].takes_word ? "one word can follow, and no more" : "nothing can follow it");
		else if (argument.len > 0 && !own[i].takes_word)
			shell_complain(shell, "%s: nothing can follow it", own[i].word);
		else
			own[i].perform(shell, &argument);
		return true;
	}
	return false;
}
