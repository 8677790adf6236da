/* SPDX-License-Identifier: MIT */
/* Reads recorded events, line by line, as a stream that begins, goes on and ends. */
#include "run/replay.h"

#include "run/judge.h"
#include "run/record.h"
#include "run/replay-part.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024 };

/* What no line of a stream can reach: a million mappings take a quarter of it. */
static const size_t longest_line = (size_t)1 << 30;

struct replay {
	int fd;
	struct buf name;   /* escaped */
	struct buf input;  /* what was read */
	size_t at;         /* where the next line begins */
	size_t searched;   /* there is no newline before it */
	bool at_end;
	uint64_t line;     /* the number of the one in hand */
	json_t *root;      /* of the event in hand */
	struct event event;
	struct replay_reader reader;
	struct replay_told told;
	bool begun;        /* an event came that tells the format */
	bool ended;
	int error;         /* once it failed, it stays so */
	struct buf problem, remark;
	bool remarked, remarks; /* there was a remark; there is one that was not asked for yet */
	struct arena about; /* what replay_snapshot() returns */
};

struct replay *replay_open(int fd, const char *name)
{
	struct replay *replay = alloc_zeroed(1, sizeof(*replay));

	replay->fd = fd;
	replay->told.reader = &replay->reader;
	buf_escape(&replay->name, name, strlen(name), 0);
	return replay;
}

void replay_begin_with(struct replay *replay, const char *text, size_t len)
{
	buf_add(&replay->input, text, len);
}

void replay_close(struct replay *replay)
{
	json_decref(replay->root);
	replay_told_fini(&replay->told);
	maps_fini(&replay->reader.one);
	arena_fini(&replay->reader.arena);
	arena_fini(&replay->about);
	buf_fini(&replay->reader.problem);
	buf_fini(&replay->name);
	buf_fini(&replay->input);
	buf_fini(&replay->problem);
	buf_fini(&replay->remark);
	free(replay);
}

/* What is wrong with the line in hand. */
static int fail(struct replay *replay, const char *what)
{
	struct buf *problem = &replay->problem;

	buf_printf(problem, "%s:%" PRIu64 ": ", buf_text(&replay->name), replay->line);
	buf_escape(problem, what, strlen(what), 0);
	return replay->error = -EINVAL;
}

int replay_refuse(struct replay *replay, const char *what)
{
	return fail(replay, what);
}

static int fail_whole(struct replay *replay, int error, const char *what)
{
	buf_printf(&replay->problem, "%s: %s", buf_text(&replay->name), what);
	return replay->error = error;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Reads more behind what there is.  Returns 1, 0 at the end of the file, or -errno. */
static int read_more(struct replay *replay)
{
	struct buf *input = &replay->input;
	ssize_t got;

	if (replay->at > 0) {
		memmove(input->data, input->data + replay->at, input->len - replay->at);
		input->len -= replay->at;
		replay->searched -= replay->at;
		replay->at = 0;
	}
	do {
		got = read(replay->fd, buf_reserve(input, READ_SIZE), READ_SIZE);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	input->len += (size_t)got;
	replay->at_end = got == 0;
	return got > 0;
}

/* What begins with something else is no object, however long it is. */
static bool begins_object(const struct replay *replay)
{
	size_t at = replay->at;

	while (at < replay->input.len && is_blank(replay->input.data[at]))
		at++;
	return at == replay->input.len || replay->input.data[at] == '{' || replay->input.data[at] == '\n';
}

static int fail_read(struct replay *replay, int error)
{
	char why[128];

	snprintf(why, sizeof(why), "read: %s", strerror(-error));
	return fail_whole(replay, error, why);
}

/* The next line, or what stands behind the last newline.  Returns 1, 0 at the end, or what replay_next() does. */
static int next_line(struct replay *replay, const char **text, size_t *len)
{
	struct buf *input = &replay->input;
	const char *newline = NULL;
	int got = 1;

	replay->line++;
	for (;;) {
		if (replay->searched < input->len)
			newline = memchr(input->data + replay->searched, '\n', input->len - replay->searched);
		if (!begins_object(replay))
			return fail(replay, "this is no event: no JSON object begins here");
		if (newline != NULL || got == 0)
			break;
		replay->searched = input->len;
		if (input->len - replay->at > longest_line)
			return fail(replay, "this line is too long to be an event");
		if (!replay->at_end && (got = read_more(replay)) < 0)
			return fail_read(replay, got);
		got = replay->at_end ? 0 : got;
	}
	if (newline == NULL && replay->at == input->len)
		return 0;
	*text = input->data + replay->at;
	*len = (newline != NULL ? (size_t)(newline - input->data) : input->len) - replay->at;
	replay->at += *len + (newline != NULL);
	replay->searched = replay->at;
	return 1;
}

static bool only_blanks(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!is_blank(text[i]))
			return false;
	}
	return true;
}

static int parse(struct replay *replay, const char *text, size_t len)
{
	json_error_t error;
	struct buf what = { 0 };

	/* What finds no memory would be told as no JSON. */
	json_set_alloc_funcs(alloc_bytes, free);
	replay->root = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
	if (replay->root != NULL)
		return 0;
	buf_printf(&what, "this is no JSON, or only the beginning of some: %s (column %d)", error.text, error.column);
	fail(replay, buf_text(&what));
	buf_fini(&what);
	return replay->error;
}

/* The event's type.  False: it has none that is known here. */
static bool find_type(const struct replay *replay, const char **word, enum event_type *type)
{
	const json_t *value = json_object_get(replay->root, "type");
	const char *text = json_string_value(value);

	/* What a NUL cuts short is no word. */
	*word = text != NULL && strlen(text) == json_string_length(value) ? text : NULL;
	for (unsigned i = EVENT_START; *word != NULL && i <= EVENT_END; i++) {
		if (strcmp(*word, event_word(WORDS_TYPE, i)) == 0) {
			*type = (enum event_type)i;
			return true;
		}
	}
	return false;
}

/* Another format has other meanings: nothing of it is read. */
static int check_format(struct replay *replay)
{
	const json_t *format = json_object_get(replay->root, "format");
	struct buf what = { 0 };

	if (format == NULL)
		return 0;
	if (json_is_integer(format) && json_integer_value(format) == EVENT_FORMAT)
		return 0;
	if (json_is_integer(format))
		buf_printf(&what, "recorded in format %" JSON_INTEGER_FORMAT "; this mmtool reads format %d",
		           json_integer_value(format), EVENT_FORMAT);
	else
		buf_puts(&what, "the field format is no number");
	fail(replay, buf_text(&what));
	buf_fini(&what);
	return replay->error;
}

static void remark_type(struct replay *replay, const char *word)
{
	if (replay->remarked)
		return;
	replay->remarked = replay->remarks = true;
	buf_printf(&replay->remark, "%s:%" PRIu64 ": events of the type \"", buf_text(&replay->name), replay->line);
	buf_escape(&replay->remark, word, strlen(word), 1);
	buf_puts(&replay->remark, "\" are not known here, and skipped");
}

const char *replay_remark(struct replay *replay)
{
	bool remarks = replay->remarks;

	replay->remarks = false;
	return remarks ? buf_text(&replay->remark) : NULL;
}

const char *replay_problem(const struct replay *replay)
{
	return buf_text(&replay->problem);
}

/* Adds what the stream has told before. */
static bool complete(struct replay *replay)
{
	struct event *event = &replay->event;

	switch ((enum event_type)event->type) {
	case EVENT_START:
		return replay_told_start(&replay->told, &event->start);
	case EVENT_STEP:
		return replay_told_step(&replay->told, &event->step);
	case EVENT_SNAPSHOT:
		return replay_told_snapshot(&replay->told, &event->snapshot);
	case EVENT_DELTA:
		return replay_told_delta(&replay->told, &event->delta);
	case EVENT_END:
		replay->ended = true;
		return true;
	case EVENT_NOTE:
	case EVENT_GROWTH:
	case EVENT_COST:
	case EVENT_VERDICT:
		return true;
	}
	return false;
}

/* Returns 1, 0 for an event that is skipped, or what replay_next() does. */
static int read_event(struct replay *replay, const char *text, size_t len)
{
	struct replay_reader *reader = &replay->reader;
	enum event_type type;
	const char *word;
	int error = replay->ended ? fail(replay, "something follows the end of the stream") : parse(replay, text, len);

	if (error < 0 || (error = check_format(replay)) < 0)
		return error;
	bool known = find_type(replay, &word, &type);

	if (word == NULL)
		return fail(replay, "this is no event: it has no type");
	if (!known) {
		remark_type(replay, word);
		return 0;
	}
	replay->begun |= type == EVENT_START || type == EVENT_SNAPSHOT || type == EVENT_DELTA || type == EVENT_GROWTH ||
	                 type == EVENT_COST;
	if (!replay->begun)
		return fail(replay, "no event before this one has said its format: the beginning of the stream is missing");
	replay->event = (struct event){ .type = (uint8_t)type };
	if (!replay_object(reader, (enum event_object)type, replay->root, (char *)&replay->event + event_offset(type)) ||
	    !complete(replay))
		return fail(replay, buf_text(&reader->problem));
	return 1;
}

static int at_end(struct replay *replay)
{
	if (replay->ended)
		return 0;
	if (!replay->begun)
		return fail_whole(replay, -EINVAL, "there is no event in it (record some with --format=json)");
	return fail_whole(replay, -ENODATA, "the stream has no end: whoever recorded it was cut short");
}

int replay_next(struct replay *replay, const struct event **event)
{
	const char *text = NULL;
	size_t len = 0;
	int got = replay->error;

	if (got < 0)
		return got;
	do {
		json_decref(replay->root);
		replay->root = NULL;
		arena_reset(&replay->reader.arena);
		got = next_line(replay, &text, &len);
		if (got <= 0)
			return got < 0 ? got : at_end(replay);
		got = only_blanks(text, len) ? 0 : read_event(replay, text, len);
	} while (got == 0);
	*event = &replay->event;
	return got;
}

/* Keeps what the first part tells besides its mappings. */
static void keep_about(struct replay *replay, struct event_snapshot *about, const struct event_snapshot *part)
{
	*about = *part;
	about->maps = NULL;
	about->name = arena_string(&replay->about, part->name, strlen(part->name));
	if (part->command != NULL)
		about->command = arena_string(&replay->about, part->command, strlen(part->command));
}

/* Takes the records in place of the bare mappings. */
static bool take_records(struct smaps *smaps, struct smaps *records)
{
	if (smaps_parse(records, NULL) < 0 || records->maps.count != smaps->maps.count)
		return false;
	smaps_fini(smaps);
	*smaps = *records;
	*records = (struct smaps){ 0 };
	return true;
}

/* Reads up to the last part of the first snapshot.  *whole: its records are. */
static int read_parts(struct replay *replay, struct judge *judge, struct smaps *smaps, struct buf *records, bool *whole,
                      struct event_snapshot *about)
{
	const struct event *event = NULL;
	const char *wrong = NULL;
	bool begun = false;
	int got;

	*whole = true;
	while ((got = replay_next(replay, &event)) > 0) {
		if ((wrong = judge_event(judge, event)) != NULL)
			return fail(replay, wrong);
		if (event->type != EVENT_SNAPSHOT)
			continue;
		if (!begun)
			keep_about(replay, about, &event->snapshot);
		begun = true;
		*whole = *whole && record_write(records, &event->snapshot);
		if (!replay_add_part(&smaps->maps, &event->snapshot))
			return fail(replay, "snapshot: its mappings overlap");
		if (!event->snapshot.more)
			return 0;
	}
	return got < 0 ? got : fail_whole(replay, -ENOMSG, "there is no snapshot in it");
}

int replay_snapshot(struct replay *replay, struct smaps *smaps, bool *detailed, struct event_snapshot *about)
{
	struct smaps records = { 0 };
	struct judge *judge = judge_new();
	bool whole;
	int error = read_parts(replay, judge, smaps, &records.text, &whole, about);

	*detailed = error == 0 && whole && take_records(smaps, &records);
	smaps_fini(&records);
	judge_free(judge);
	return error;
}
