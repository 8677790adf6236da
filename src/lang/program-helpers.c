/* SPDX-License-Identifier: MIT */
/* Which functions and headers a printed program needs. */
#include "lang/program-part.h"

#include <string.h>

static const struct helper *const lists[] = { program_checks, program_memory, program_books, program_trials,
	                                    program_processes, program_cgroup };

const struct helper *program_helper(size_t index)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct helper *helper = lists[i];

		for (; helper->name != NULL; helper++) {
			if (index-- == 0)
				return helper;
		}
	}
	return NULL;
}

static size_t find(const char *name, size_t len)
{
	size_t i = 0;

	for (const struct helper *helper; (helper = program_helper(i)) != NULL; i++) {
		if (strncmp(helper->name, name, len) == 0 && helper->name[len] == '\0')
			return i;
	}
	return HELPERS_MOST - 1;
}

void program_header(struct program *p, const char *header)
{
	size_t at = 0;

	while (at < p->header_count && strcmp(p->headers[at], header) < 0)
		at++;
	if ((at < p->header_count && strcmp(p->headers[at], header) == 0) || p->header_count == HEADERS_MOST)
		return;
	memmove(&p->headers[at + 1], &p->headers[at], (p->header_count - at) * sizeof(p->headers[0]));
	p->headers[at] = header;
	p->header_count++;
}

/* Calls take() for each word of a list. */
static void each_word(struct program *p, const char *list, void (*take)(struct program *, const char *, size_t))
{
	while (*list != '\0') {
		size_t len = strcspn(list, " ");

		take(p, list, len);
		list += len + (list[len] == ' ');
	}
}

static void take_header(struct program *p, const char *word, size_t len)
{
	program_header(p, arena_string(&p->arena, word, len));
}

static void take_helper(struct program *p, const char *word, size_t len)
{
	size_t index = find(word, len);
	const struct helper *helper = program_helper(index);

	if (helper == NULL || p->helper_used[index])
		return;
	p->helper_used[index] = true;
	p->uses_fault |= strstr(helper->body, "FAULT(") != NULL;
	each_word(p, helper->needs, take_helper);
	each_word(p, helper->headers, take_header);
	/* What ends the program, ends its other processes too. */
	if (p->several && strstr(helper->body, "STOP(") != NULL)
		program_use(p, "finish");
}

void program_use(struct program *p, const char *helper)
{
	size_t len = strlen(helper);

	p->helper_called[find(helper, len)] = true;
	take_helper(p, helper, len);
}

void program_use_inside(struct program *p, const char *helper)
{
	take_helper(p, helper, strlen(helper));
}
