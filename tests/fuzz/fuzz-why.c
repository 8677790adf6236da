/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as lines of strace.  The input is a maps and lines with an empty line between them, or lines alone; every event
 * that is made of them must be whole, and every id one of the table.
 */
#include "run/why-line.h"

#include "base/buf.h"
#include "mm/event.h"
#include "mm/maps.h"
#include "mm/smaps.h"
#include "run/why-rule.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool held)
{
	if (!held)
		abort();
}

static bool is_known(const char *id)
{
	static struct buf all;

	if (all.len == 0)
		why_add_rules(&all);
	const char *found = strstr(buf_text(&all), id);

	return found != NULL || strcmp(id, "injected") == 0 || strstr(id, "-no-call") != NULL;
}

static void take(void *context, const struct event *event)
{
	const struct event_step *step = &event->step;

	(void)context;
	require(event->type == EVENT_STEP && step->why != NULL && step->why[0] != '\0');
	require(step->kind == STEP_CALL || step->fault_count == 1);
	require(step->call.count <= EVENT_ARGS && step->source.line > 0);
	for (unsigned i = 0; i < EVENT_RULES && step->why_rules[i] != NULL; i++)
		require(is_known(step->why_rules[i]));
	/* What is written must not depend on bytes that are not there. */
	struct buf text = { 0 };

	buf_escape(&text, step->source.text, step->source.text_len, 0);
	for (unsigned i = 0; i < step->call.count; i++)
		call_format_arg(&text, &step->call.args[i].kind, step->call.args[i].value, step->call.args[i].string,
		                step->call.args[i].string_len);
	buf_fini(&text);
}

static void explain(const struct why_world *world, const char *text, size_t len)
{
	const struct event_sink sink = { take, NULL, 0 };
	struct why_lines *lines = why_lines_new(world, &sink);

	why_lines_begin(lines, "fuzz");
	for (const char *end = text + len, *at = text; at < end;) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		/* A copy of its own, so that reading past its end is seen. */
		size_t length = (size_t)((stop != NULL ? stop : end) - at);
		char *line = malloc(length + 1);

		require(line != NULL);
		memcpy(line, at, length);
		char *exact = realloc(line, length > 0 ? length : 1);

		require(exact != NULL);
		enum why_line came = why_lines_take(lines, exact, length);

		require(came <= WHY_LINE_UNEXPLAINED);
		free(exact);
		at += length + 1;
	}
	why_lines_free(lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *middle = memmem(text, size, "\n\n", 2);
	struct smaps smaps = { 0 };
	struct why_source source = { .context = &smaps, .vmflag = why_smaps_flag };
	struct why_world world = { .page = 4096 };

	explain(&world, text, size);
	if (middle != NULL) {
		buf_add(&smaps.text, text, (size_t)(middle - text) + 1);
		if (smaps_parse(&smaps, NULL) == 0) {
			world.maps = &smaps.maps;
			world.source = &source;
			explain(&world, middle + 2, size - (size_t)(middle - text) - 2);
		}
	}
	smaps_fini(&smaps);
	return 0;
}
