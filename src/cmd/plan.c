/* SPDX-License-Identifier: MIT */
/* What commands are made with: option arguments that are sizes, counts and words, and the text of scripts. */
#include "cmd/command.h"

#include "base/alloc.h"
#include "base/size.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct buf *plan_add(struct plan *plan, const char *name)
{
	struct source *source;

	plan->sources = alloc_grow(plan->sources, &plan->cap, plan->count + 1, sizeof(*plan->sources));
	source = &plan->sources[plan->count++];
	*source = (struct source){ .name = alloc_string(name, strlen(name)) };
	return &source->text;
}

void plan_quote(struct buf *script, const char *text)
{
	buf_putc(script, '"');
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			buf_printf(script, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buf_printf(script, "\\x%02x", c);
		else
			buf_putc(script, (char)c);
	}
	buf_putc(script, '"');
}

void plan_fini(struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->sources[i].name);
		buf_fini(&plan->sources[i].text);
	}
	free(plan->sources);
	*plan = (struct plan){ 0 };
}

error_t command_size(struct argp_state *state, const char *option, const char *arg, uint64_t *bytes)
{
	uint64_t value = 0;
	int error = size_parse(arg, strlen(arg), size_page(), &value);

	if (error == -ERANGE || (error == 0 && value > INT64_MAX))
		argp_error(state, "%s: %s: too large a size", option, arg);
	else if (error < 0)
		argp_error(state, "%s: %s: not a size (try 4096, 4K, 10G or 3p)", option, arg);
	else if (value == 0)
		argp_error(state, "%s: %s: a size must be more than zero (try 4096, 4K, 10G or 3p)", option, arg);
	else
		*bytes = value;
	return error == 0 && value != 0 && value <= INT64_MAX ? 0 : EINVAL;
}

error_t command_size_option(struct argp_state *state, const char *option, const char *arg, struct size_option *size)
{
	size->text = arg;
	return command_size(state, option, arg, &size->bytes);
}

error_t command_size_most(struct argp_state *state, const char *option, const char *arg, uint64_t most,
                          struct size_option *size)
{
	error_t error = command_size_option(state, option, arg, size);

	if (error != 0 || size->bytes <= most)
		return error;
	argp_error(state, "%s: %s: at most %" PRIu64 "M, since every page of it is touched", option, arg, most >> 20);
	return EINVAL;
}

void size_option_default(struct size_option *size, const char *text, uint64_t bytes)
{
	if (size->text == NULL)
		*size = (struct size_option){ text, bytes };
}

void plan_whole_pages(struct buf *script, const struct size_option *size)
{
	if (size->bytes % size_page() == 0)
		buf_puts(script, size->text);
	else
		buf_printf(script, "(%s + 1p - 1) / 1p * 1p", size->text);
}

int command_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (int index = 0; words != NULL; index++) {
		const char *bar = strchr(words, '|');
		size_t width = bar != NULL ? (size_t)(bar - words) : strlen(words);

		if (width == len && memcmp(words, word, len) == 0)
			return index;
		words = bar != NULL ? bar + 1 : NULL;
	}
	return -1;
}

error_t command_choice(struct argp_state *state, const char *option, const char *words, const char *arg, unsigned *choice)
{
	struct buf list = { 0 };
	int index = command_word(words, arg);

	if (index >= 0) {
		*choice = (unsigned)index;
		return 0;
	}
	for (const char *at = words; *at != '\0'; at++) {
		if (*at != '|')
			buf_putc(&list, *at);
		else
			buf_puts(&list, strchr(at + 1, '|') != NULL ? ", " : " or ");
	}
	argp_error(state, "%s: %s: not a choice (try %s)", option, arg, buf_text(&list));
	buf_fini(&list);
	return EINVAL;
}

error_t command_number(struct argp_state *state, const char *option, const char *arg, uint64_t least, uint64_t most,
                      uint64_t *count)
{
	char *end;

	errno = 0;
	uint64_t value = strtoull(arg, &end, 10);

	if (!isdigit((unsigned char)arg[0]) || *end != '\0' || errno != 0 || value < least || value > most) {
		argp_error(state, "%s: %s: not a number from %" PRIu64 " to %" PRIu64, option, arg, least, most);
		return EINVAL;
	}
	*count = value;
	return 0;
}

void plan_fill(struct buf *script, const char *text, const struct plan_word *words)
{
	while (*text != '\0') {
		size_t plain = strcspn(text, "$"), len = 0;
		const struct plan_word *word = words;

		buf_add(script, text, plain);
		text += plain;
		if (*text == '\0')
			return;
		while (islower((unsigned char)text[1 + len]) || text[1 + len] == '_')
			len++;
		while (word->name != NULL && (strlen(word->name) != len || memcmp(word->name, text + 1, len) != 0))
			word++;
		assert(word->name != NULL);
		buf_puts(script, word->text);
		text += 1 + len;
	}
}
