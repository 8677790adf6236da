/* SPDX-License-Identifier: MIT */
/* Compares the maps of two processes as texts, and parses only what is between their common head and tail. */
#include "run/compare-live.h"

#include "run/target.h"

#include <stdlib.h>
#include <string.h>

/* One side: the process, and what is left of its text. */
struct side {
	struct target target;
	struct maps maps;  /* the lines that may differ, and one more at either end */
	size_t mappings;   /* of the whole text */
	uint64_t bytes;
};

static uint64_t size_of(const struct maps *maps)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < maps->count; i++)
		sum += maps->list[i].end - maps->list[i].start;
	return sum;
}

/* What is no number is not opened: what a pipe gives can be read only once. */
static bool open_side(struct side *side, const char *name)
{
	char *problem = NULL;
	bool opened = name[strspn(name, "0123456789")] == '\0' && target_open(&side->target, name, "maps", &problem) == 0;

	free(problem);
	return opened;
}

/*
 * Reads the second text as long as it is the first one's: *same is so many bytes, whole lines.  What follows is in rest; part
 * is for what is read.
 */
static bool read_other(struct target *target, const struct buf *text, struct buf *part, struct buf *rest, size_t *same)
{
	int more;

	*same = 0;
	do {
		more = target_read(target, part, TARGET_PART);
		if (more < 0)
			return false;
		if (rest->len == 0 && part->len <= text->len - *same &&
		    memcmp(text->data + *same, buf_text(part), part->len) == 0)
			*same += part->len;
		else
			buf_add(rest, buf_text(part), part->len);
	} while (more > 0);
	return true;
}

/* Where the line before the one that begins at at begins. */
static size_t line_before(const char *text, size_t at)
{
	const char *newline = at > 1 ? memrchr(text, '\n', at - 1) : NULL;

	return newline != NULL ? (size_t)(newline + 1 - text) : 0;
}

/* How many bytes a and b have in common at their ends, from the beginning of a line that is not the first of these on. */
static size_t common_lines(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t most = a_len < b_len ? a_len : b_len, len = 0;

	for (size_t step = 4096; step > 0; step /= 8) {
		while (most - len >= step && memcmp(a + a_len - len - step, b + b_len - len - step, step) == 0)
			len += step;
	}
	for (unsigned line = 0; line < 2; line++) {
		const char *newline = len > 0 ? memchr(a + a_len - len, '\n', len) : NULL;

		len = newline != NULL ? (size_t)(a + a_len - (newline + 1)) : 0;
	}
	return len;
}

/* Leaves each side the lines that may differ.  The first's whole text was measured; rest stands behind its same bytes. */
static bool cut(struct side *old, struct side *new, struct buf *text, const struct buf *rest, size_t same)
{
	size_t begin = line_before(text->data, same);
	size_t tail = common_lines(text->data + same, text->len - same, buf_text(rest), rest->len);

	buf_add(&old->maps.text, text->data + begin, text->len - tail - begin);
	buf_add(&new->maps.text, text->data + begin, same - begin);
	buf_add(&new->maps.text, buf_text(rest), rest->len - tail);
	if (maps_parse(&old->maps, NULL) < 0 || maps_parse(&new->maps, NULL) < 0)
		return false;
	new->mappings = old->mappings - old->maps.count + new->maps.count;
	new->bytes = old->bytes - size_of(&old->maps) + size_of(&new->maps);
	return new->mappings > 0;
}

static bool read_both(struct side *old, struct side *new, const struct compare_options *options)
{
	struct buf text = { 0 }, part = { 0 }, rest = { 0 };
	size_t same = 0;
	bool whole = false;

	if (open_side(old, options->old_name) && target_read(&old->target, &text, 0) == 0 &&
	    maps_measure(&text, &old->mappings, &old->bytes) && open_side(new, options->new_name))
		whole = read_other(&new->target, &text, &part, &rest, &same) && cut(old, new, &text, &rest, same);
	buf_fini(&text);
	buf_fini(&part);
	buf_fini(&rest);
	return whole;
}

static bool send(const struct side *old, const struct side *new, const struct event_sink *sink)
{
	struct delta delta = { 0 };

	delta_compute(&delta, &old->maps, &new->maps, NULL, NULL, NULL);
	const struct event event = {
		.type = EVENT_DELTA,
		.delta = {
			.old_name = old->target.name, .new_name = new->target.name,
			.old_command = old->target.command, .new_command = new->target.command,
			.pid = old->target.pid == new->target.pid ? new->target.pid : 0,
			.old_time = old->target.time, .time = new->target.time,
			.old_mappings = old->mappings, .new_mappings = new->mappings,
			.old_bytes = old->bytes, .new_bytes = new->bytes,
			.delta = &delta,
		},
	};
	bool differ = delta.line_count > 0;

	sink->take(sink->context, &event);
	delta_fini(&delta);
	return differ;
}

bool compare_live(const struct compare_options *options, const struct event_sink *sink, bool *differ)
{
	struct side old = { .target.fd = -1 }, new = { .target.fd = -1 };
	bool done = read_both(&old, &new, options);

	if (done)
		*differ = send(&old, &new, sink);
	target_close(&old.target);
	target_close(&new.target);
	maps_fini(&old.maps);
	maps_fini(&new.maps);
	return done;
}
