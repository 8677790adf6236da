/* SPDX-License-Identifier: MIT */
/* Reads mappings part by part, chooses among them, and sends snapshots. */
#include "run/look.h"

#include "run/look-part.h"

#include "base/alloc.h"
#include "base/diag.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	TORN_READS = 8,     /* how often a first part that is out of order is read again */
	SLICE = 1000,       /* mappings of one event, where all are held */
};

static uint64_t resident(const struct look *look, size_t index)
{
	return look->options->detail ? look->part.list[index].figures[SMAPS_RSS] : 0;
}

/* No process can map anything between its own addresses and those of the kernel's half, where [vsyscall] is. */
static bool is_hole(uint64_t from, const struct mapping *above)
{
	static const uint64_t half = UINT64_C(1) << 63;

	if (from == 0 || from >= above->start)
		return false;
	return from >= half || above->start < half || mapping_kind(above) != KIND_SPECIAL;
}

/* Notes the holes below each mapping, before those are chosen: what was left out is no hole. */
static void find_gaps(struct look *look)
{
	const struct maps *maps = &look->part.maps;

	look->gap_count = 0;
	if (!look->options->gaps) {
		look->above = maps->count > 0 ? maps->list[maps->count - 1].end : look->above;
		return;
	}
	for (size_t i = 0; i < maps->count; i++) {
		uint64_t from = look->above, to = maps->list[i].start;
		bool wanted = is_hole(from, &maps->list[i]);

		for (size_t k = 0; wanted && k < look->options->filter_count; k++)
			wanted = filter_match_hole(&look->options->filters[k], from, to);
		look->above = maps->list[i].end;
		if (!wanted)
			continue;
		look->gaps = alloc_grow(look->gaps, &look->gap_cap, look->gap_count + 1, sizeof(*look->gaps));
		look->gaps[look->gap_count++] = (struct event_gap){ from, to };
	}
}

static bool is_wanted(const struct look *look, size_t index)
{
	const struct look_options *options = look->options;

	for (size_t k = 0; k < options->filter_count; k++) {
		if (!filter_match(&options->filters[k], &look->part.maps.list[index], resident(look, index)))
			return false;
	}
	return true;
}

/* Leaves only what the filters let through. */
static void choose(struct look *look)
{
	struct maps *maps = &look->part.maps;
	size_t kept = 0;

	if (look->options->filter_count == 0)
		return;
	for (size_t i = 0; i < maps->count; i++) {
		if (!is_wanted(look, i))
			continue;
		maps->list[kept] = maps->list[i];
		if (look->detailed)
			look->part.list[kept] = look->part.list[i];
		kept++;
	}
	maps->count = kept;
}

static void add_totals(struct look *look)
{
	const struct maps *maps = &look->part.maps;

	for (size_t i = 0; i < maps->count && !look->options->plain; i++) {
		const struct mapping *mapping = &maps->list[i];
		struct kind_total *total = &look->totals[mapping_kind(mapping)];

		total->mappings++;
		total->size += mapping->end - mapping->start;
		total->resident += resident(look, i);
	}
}

/* Those kinds that there are; returns how many. */
static size_t list_totals(const struct look *look, struct kind_total list[KIND_COUNT])
{
	size_t count = 0;

	for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
		if (look->totals[kind].mappings == 0)
			continue;
		list[count] = look->totals[kind];
		list[count++].kind = (uint8_t)kind;
	}
	return count;
}

/* Sends some mappings of the part in hand; all, when they are few. */
static void send(struct look *look, size_t from, size_t count, bool more)
{
	struct kind_total totals[KIND_COUNT];
	struct maps maps = look->part.maps;

	maps.list += from;
	maps.count = count;
	struct event event = { .type = EVENT_SNAPSHOT };

	if (look->options->detail)
		look_details(look, from, count);
	event.snapshot = (struct event_snapshot){
		.name = look->target.name, .pid = look->target.pid, .command = look->target.command,
		.program = look->target.program, .time = look->target.time, .part = look->parts++, .more = more, .maps = &maps,
		.gaps = look->gaps, .gap_count = look->gap_count, .totals = totals,
		.total_count = more ? 0 : list_totals(look, totals), .details = look->details,
		.detail_count = look->options->detail ? count : 0,
	};
	look->sink->take(look->sink->context, &event);
}

static void send_note(struct look *look, const char *words)
{
	struct buf text = { 0 };
	struct event event = { .type = EVENT_NOTE };

	target_add_name(&text, &look->target);
	buf_puts(&text, words);
	event.note.text = buf_text(&text);
	look->sink->take(look->sink->context, &event);
	buf_fini(&text);
}

static size_t count_lines(const struct buf *text)
{
	const char *at = buf_text(text), *end = at + text->len;
	size_t count = 0;

	while (at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		at++;
		count++;
	}
	return count;
}

/* Where the last record of a smaps text begins: the names of figures begin with a capital, and addresses do not. */
static size_t last_record(const struct buf *text)
{
	size_t end = text->len;

	while (end > 0) {
		const char *newline = memrchr(text->data, '\n', end - 1);
		size_t line = newline != NULL ? (size_t)(newline + 1 - text->data) : 0;

		if (text->data[line] < 'A' || text->data[line] > 'Z')
			return line;
		end = line;
	}
	return 0;
}

/* Reads the next part, in smaps whole records of it.  As target_read(). */
static int read_part(struct look *look)
{
	struct buf *text = &look->part.text;

	if (look->above == 0)
		buf_reset(&look->cut);
	int more = target_read(&look->target, text, TARGET_PART);

	if (look->above == 0)
		look->detailed = smaps_recognize(buf_text(text), text->len);
	if (!look->detailed) {
		struct buf other = look->part.maps.text;

		look->part.maps.text = *text;
		*text = other;
		return more;
	}
	/* The cut record goes first. */
	struct buf joined = look->cut;

	buf_add(&joined, buf_text(text), text->len);
	look->cut = *text;
	*text = joined;
	buf_reset(&look->cut);
	if (more > 0) {
		size_t whole = last_record(text);

		buf_add(&look->cut, text->data + whole, text->len - whole);
		buf_cut(text, whole);
	}
	return more;
}

/* What could not be parsed: a line, in smaps with its figures. */
struct bad {
	struct buf *text;
	size_t at, len;
};

static struct bad find_line(struct buf *text, size_t number)
{
	const char *at = text->data, *end = at + text->len;

	for (size_t i = 1; i < number; i++)
		at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
	const char *newline = memchr(at, '\n', (size_t)(end - at));

	return (struct bad){ text, (size_t)(at - text->data), (size_t)((newline != NULL ? newline + 1 : end) - at) };
}

/* Parses the part.  0, or -EINVAL with what is bad. */
static int parse(struct look *look, struct bad *bad)
{
	struct smaps *part = &look->part;
	size_t number = 1;
	int error = look->detailed ? smaps_parse(part, &number) : maps_parse(&part->maps, &number);

	/* In a file nothing can have changed between two parts. */
	if (error == 0 && look->target.pid == 0 && part->maps.count > 0 && part->maps.list[0].start < look->above)
		error = -EINVAL;
	if (error == 0)
		return 0;
	if (look->detailed) {
		const struct smaps_record *record = &part->list[number - 1];

		*bad = (struct bad){ &part->text, (size_t)(record->text - part->text.data), record->text_len };
	} else {
		*bad = find_line(&part->maps.text, number);
	}
	return error;
}

static char *describe(const struct look *look, const struct bad *bad)
{
	const struct buf before = { bad->text->data, bad->at, 0 };

	return target_bad_line(&look->target, look->lines + count_lines(&before) + 1, bad->text->data + bad->at,
	                       bad->text->len - bad->at);
}

/* Leaves out a line that begins below the one before it: that one was shown, or will be. */
static void leave_out(struct look *look, const struct bad *bad)
{
	char *at = bad->text->data + bad->at;

	memmove(at, at + bad->len, bad->text->len - bad->at - bad->len);
	bad->text->len -= bad->len;
	look->changed = true;
}

/* Leaves out mappings that begin below the end of the last part: they came to be while it was read. */
static void resume(struct look *look)
{
	struct maps *maps = &look->part.maps;
	size_t below = 0;

	while (below < maps->count && maps->list[below].start < look->above)
		below++;
	if (below == 0)
		return;
	look->changed = true;
	maps->count -= below;
	memmove(maps->list, maps->list + below, maps->count * sizeof(*maps->list));
	if (look->detailed)
		memmove(look->part.list, look->part.list + below, maps->count * sizeof(*look->part.list));
}

/*
 * Reads and parses the next part.  One that is torn is read again, from the start, while nothing of it was shown; later its
 * lines that are out of order are left out.  As target_read(), or -EINVAL with *problem.
 */
static int next_part(struct look *look, char **problem)
{
	struct bad bad = { 0 };
	bool shown = look->above > 0;
	int more = -EINVAL, error = -EINVAL;

	for (unsigned tries = 0; error < 0; tries++) {
		if (tries == 0 || !shown)
			more = read_part(look);
		if (more < 0)
			return more;
		error = parse(look, &bad);
		if (error == 0)
			break;
		bool torn = look->target.pid != 0 && target_is_line(bad.text->data + bad.at, bad.len);

		if (!torn || (!shown && (tries + 1 == TORN_READS || target_again(&look->target) < 0))) {
			*problem = describe(look, &bad);
			return error;
		}
		if (shown)
			leave_out(look, &bad);
	}
	resume(look);
	return more;
}

/* What was asked for must be there. */
static int check(const struct look *look, char **problem)
{
	struct buf text = { 0 };

	if (!look->options->detail || look->detailed)
		return 0;
	target_add_name(&text, &look->target);
	buf_puts(&text, ": a maps file does not say what is resident (save /proc/PID/smaps instead)");
	*problem = text.data;
	return -EINVAL;
}

/* Sends what is read as it is read. */
static int stream(struct look *look, char **problem)
{
	int more;

	do {
		more = next_part(look, problem);
		if (more < 0)
			break;
		const struct maps *maps = &look->part.maps;

		if (more == 0 && maps->count == 0 && look->above == 0) {
			*problem = target_empty(&look->target);
			return -EINVAL;
		}
		if (look->above == 0 && check(look, problem) < 0)
			return -EINVAL;
		look->lines += look->detailed ? count_lines(&look->part.text) : maps->count;
		find_gaps(look);
		choose(look);
		add_totals(look);
		if (more == 0 || maps->count > 0 || look->gap_count > 0)
			send(look, 0, maps->count, more > 0);
	} while (more > 0);
	if (more < 0 && *problem == NULL)
		*problem = target_problem(&look->target, more);
	/* One that breaks off has no last part: of what there is in all nothing can be said. */
	if (look->changed)
		send_note(look, " changed while it was read: what came to be below an address that was already shown is left out");
	return more;
}

/* Reads all, puts it in order, and sends it in slices. */
static int hold(struct look *look, char **problem)
{
	int error = target_smaps(&look->target, &look->part, &look->detailed, problem);
	const struct maps *maps = &look->part.maps;

	if (error == 0)
		error = check(look, problem);
	if (error < 0)
		return error;
	choose(look);
	add_totals(look);
	look_sort(look);
	size_t from = 0;

	do {
		size_t count = maps->count - from < SLICE ? maps->count - from : SLICE;

		send(look, from, count, from + count < maps->count);
		from += count;
	} while (from < maps->count);
	return 0;
}

int look_run(const struct look_options *options, const struct event_sink *sink, char **problem)
{
	struct target target;

	if (target_open(&target, options->name, options->detail ? "smaps" : "maps", problem) < 0)
		return STATUS_TOOL;
	return look_take_target(&target, options, sink, problem);
}

int look_take_target(struct target *target, const struct look_options *options, const struct event_sink *sink, char **problem)
{
	struct look look = { .options = options, .sink = sink, .target = *target };
	bool all = options->together || options->order != LOOK_ADDRESS;
	int error = all ? hold(&look, problem) : stream(&look, problem);

	target_close(&look.target);
	smaps_fini(&look.part);
	buf_fini(&look.cut);
	free(look.gaps);
	arena_fini(&look.arena);
	return error < 0 ? STATUS_TOOL : STATUS_OK;
}
