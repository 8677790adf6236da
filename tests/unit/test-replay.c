/* SPDX-License-Identifier: MIT */
/*
 * The reader of recorded events, against the table that it reads by: events with every field set, made by walking the
 * table, come back as they were.  And against records that somebody broke.
 */
#include "tap.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "mm/constant.h"
#include "mm/event-field.h"
#include "report/report.h"
#include "run/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct arena arena;
static struct buf stream;
static unsigned serial;   /* no two fields have the same value */
static unsigned argument; /* arguments made so far */

static struct maps before, after;
static const struct delta_line lines[2] = { { .sign = '-' }, { .sign = '+' } };

static void parse(struct maps *maps, const char *text)
{
	buf_puts(&maps->text, text);
	if (maps_parse(maps, NULL) != 0)
		abort();
}

static void store(char *member, size_t size, uint64_t value)
{
	if (size == 1)
		memcpy(member, &(uint8_t){ (uint8_t)value }, 1);
	else if (size == 2)
		memcpy(member, &(uint16_t){ (uint16_t)value }, 2);
	else if (size == 4)
		memcpy(member, &(uint32_t){ (uint32_t)value }, 4);
	else
		memcpy(member, &value, 8);
}

static void fill(enum event_object type, void *object);

static void *fill_list(enum event_object type, size_t count)
{
	size_t size = event_shapes[type].size;
	char *list = arena_alloc(&arena, count * size);

	for (size_t i = 0; i < count; i++) {
		fill(type, list + i * size);
		if (type == OBJECT_LINE)
			*(struct delta_line *)(void *)(list + i * size) =
				(struct delta_line){ .sign = lines[i % 2].sign, .mapping = i == 0 ? &before.list[0] : &after.list[0] };
	}
	return list;
}

static char *some_text(size_t *len)
{
	char text[32];

	*len = (size_t)snprintf(text, sizeof(text), "text \xff\n\"\\ %u", ++serial);
	return arena_string(&arena, text, *len);
}

static int64_t some_constant(enum constant_group group)
{
	for (size_t i = 0; i < constant_count; i++) {
		const struct constant *constant = &constant_table[i];

		if (constant->group == group && !constant->absent && !constant->hidden)
			return constant->value;
	}
	abort();
}

static unsigned words_of(enum event_words list)
{
	unsigned count = 0;

	while (event_word(list, count) != NULL)
		count++;
	return count;
}

static void *some_regions(void)
{
	struct regions *regions = arena_alloc(&arena, sizeof(*regions));

	regions->list = fill_list(OBJECT_REGION, 2);
	regions->count = regions->cap = 2;
	for (unsigned i = 0; i < 2; i++) {
		regions->list[i].start = ++serial * UINT64_C(0x1000000);
		regions->list[i].size = 4096;
	}
	return regions;
}

static void set_pointer(char *member, const void *pointer)
{
	memcpy(member, &pointer, sizeof(pointer));
}

/* Gives one member a value that no other has.  False: the kind of field is not known here. */
static bool fill_member(const struct event_field *field, char *object)
{
	char *member = object + field->offset, *other = object + field->other;
	enum event_object of = (enum event_object)field->of;
	uint64_t many = UINT64_C(0xf123456789abcd00) + ++serial;
	size_t len = 0;

	switch ((enum field_kind)field->kind) {
	case FIELD_DERIVED:
	case FIELD_FORMAT:
	case FIELD_LENGTH:
	case FIELD_ARG_TEXT:
	case FIELD_SENTENCE:
	case FIELD_COVER:
	case FIELD_SCRATCH: /* by the field before it */
		return true;
	case FIELD_BOOL:
		*(bool *)member = true;
		return true;
	case FIELD_UNSIGNED:
	case FIELD_SIGNED:
	case FIELD_ADDRESS:
	case FIELD_VALUE:
		store(member, field->size, many);
		return true;
	case FIELD_RANGE:
		store(member, 8, many);
		store(other, 8, many + 4096);
		return true;
	case FIELD_DEVICE:
		store(member, 4, many);
		store(other, 4, many + 1);
		return true;
	case FIELD_TEXT:
		set_pointer(member, some_text(&len));
		return true;
	case FIELD_BYTES:
		set_pointer(member, some_text(&len));
		store(other, field->other_size, len + 1); /* the NUL, too */
		return true;
	case FIELD_CHARS:
		snprintf(member, field->size, "c%u", serial);
		return true;
	case FIELD_CHAR:
		*member = '+';
		return true;
	case FIELD_NAMED:
		store(member, field->size, (uint64_t)some_constant((enum constant_group)field->of));
		return true;
	case FIELD_WORD:
		store(member, field->size, 1 + serial % (words_of((enum event_words)field->of) - 1));
		return true;
	case FIELD_RESULT:
		store(member, 8, many);
		return true;
	case FIELD_OBJECT:
		fill(of, member);
		return true;
	case FIELD_POINTER:
	case FIELD_INLINE:
		set_pointer(member, fill_list(of, 1));
		return true;
	case FIELD_LIST:
		set_pointer(member, fill_list(of, 2));
		store(other, field->other_size, 2);
		return true;
	case FIELD_ARRAY:
		memcpy(member, fill_list(of, 3), 3 * event_shapes[of].size);
		store(other, field->other_size, 3);
		return true;
	case FIELD_NAMES:
		/* They are the language's own: ASCII. */
		for (unsigned i = 0; i < field->of; i++)
			set_pointer(member + i * sizeof(char *), arena_string(&arena, &"abcdefgh"[i], 2));
		return true;
	case FIELD_FLAGS:
		snprintf(member, field->size, "lo f%u", serial);
		return true;
	case FIELD_MAPS:
	case FIELD_BEFORE:
		set_pointer(member, &before);
		return true;
	case FIELD_REGIONS:
	case FIELD_OLD_REGIONS:
		set_pointer(member, some_regions());
		return true;
	case FIELD_KINDS:
		break;
	}
	return false;
}

/* Sets every member of a struct that has a field, and what says that the field is there. */
static void fill(enum event_object type, void *object)
{
	const struct event_shape *shape = &event_shapes[type];

	if (type == OBJECT_MAPPING) {
		memcpy(object, &before.list[serial++ % before.count], sizeof(struct mapping));
		return;
	}
	for (size_t i = 0; i < shape->count; i++) {
		const struct event_field *field = &shape->fields[i];

		if (field->guard_mask == 1 << true)
			*((char *)object + field->guard) = true;
		/* A second form of the same member. */
		if (i > 0 && field->offset == field[-1].offset && field[-1].kind == FIELD_NAMED)
			continue;
		if (!fill_member(field, object))
			ok(false, "%s: the kind of the field %s has a filler in this test", shape->name, field->name);
	}
	/* Of an argument either the value or the string is told. */
	if (type == OBJECT_ARGUMENT && argument++ % 2 == 0)
		((struct event_arg *)object)->string = NULL;
}

static void take(struct report *report, const struct event *event, struct buf *out)
{
	report->class->event(report, event, out);
}

/* A stream of events that have every field: of steps, one of each kind. */
static void make_stream(void)
{
	struct report *report = report_new(&report_json, &(struct report_options){ 0 });

	for (unsigned type = EVENT_START; type <= EVENT_END; type++) {
		for (unsigned kind = STEP_CALL; kind <= (type == EVENT_STEP ? STEP_OTHER : STEP_CALL); kind++) {
			struct event event = { .type = (uint8_t)type };

			fill((enum event_object)type, (char *)&event + event_offset((enum event_type)type));
			if (type == EVENT_STEP) {
				event.step.kind = (uint8_t)kind;
				event.step.after = &after;
			}
			take(report, &event, &stream);
		}
	}
	report_free(report);
}

static void look_for(const struct event_shape *shape)
{
	char key[32];

	for (size_t i = 0; i < shape->count; i++) {
		if (shape->fields[i].name[0] == '\0')
			continue;
		snprintf(key, sizeof(key), "\"%s\":", shape->fields[i].name);
		if (strstr(buf_text(&stream), key) == NULL)
			ok(false, "%s: the field %s is in the stream", shape->name, shape->fields[i].name);
	}
}

static int open_text(const char *text, size_t len)
{
	int fd = memfd_create("events", 0);

	if (fd < 0 || write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	return fd;
}

static void test_table(void)
{
	struct report *report = report_new(&report_json, &(struct report_options){ 0 });
	struct buf again = { 0 };
	const struct event *event;

	make_stream();
	for (unsigned type = 0; type < OBJECT_COUNT; type++)
		look_for(&event_shapes[type]);
	int fd = open_text(stream.data, stream.len), got;
	struct replay *replay = replay_open(fd, "events");

	while ((got = replay_next(replay, &event)) > 0)
		take(report, event, &again);
	is(replay_problem(replay), "", "events with every field are read");
	ok(got == 0, "to their end");
	if (!ok(stream.len == again.len && memcmp(stream.data, again.data, again.len) == 0, "and come back with every field")) {
		size_t at = 0;

		while (at < again.len && stream.data[at] == again.data[at])
			at++;
		at -= at < 100 ? at : 100;
		printf("# want: %.300s\n#  got: %.300s\n", buf_text(&stream) + at, at < again.len ? again.data + at : "");
	}
	replay_close(replay);
	report_free(report);
	buf_fini(&again);
	close(fd);
}

/* Shows whatever of a text can be read, in every way.  Returns what the reader says at the end. */
static int show(const char *text, size_t len)
{
	static const struct report_options options = { .full = true, .explain = true };
	static const struct report_options symbolic = { .symbolic = true };
	struct report *reports[] = { report_new(&report_text, &options), report_new(&report_text, &symbolic),
		                     report_new(&report_tap, &options), report_new(&report_json, &options) };
	struct buf out = { 0 };
	const struct event *event;
	int fd = open_text(text, len), got;
	struct replay *replay = replay_open(fd, "events");

	while ((got = replay_next(replay, &event)) > 0) {
		for (unsigned i = 0; i < sizeof(reports) / sizeof(reports[0]); i++)
			take(reports[i], event, &out);
	}
	if ((got < 0) != (replay_problem(replay)[0] != '\0') || replay_next(replay, &event) != got)
		got = 1;
	replay_close(replay);
	for (unsigned i = 0; i < sizeof(reports) / sizeof(reports[0]); i++)
		report_free(reports[i]);
	buf_fini(&out);
	close(fd);
	return got;
}

static void test_cut(void)
{
	size_t good = 0, count = 0, step = stream.len / scaled((unsigned)(stream.len / 101)) | 1;

	for (size_t len = 0; len < stream.len; len += step, count++) {
		int got = show(stream.data, len);

		good += got == -EINVAL || got == -ENODATA;
	}
	ok(good == count, "a stream that breaks off anywhere is refused");
}

static void test_broken(void)
{
	uint64_t random = 1;
	size_t wrong = 0;
	char *text = malloc(stream.len);

	for (unsigned i = 0; i < scaled(500); i++) {
		memcpy(text, stream.data, stream.len);
		for (unsigned k = 0; k < 3; k++) {
			random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
			/* Digits and quotes, so that most of it still is JSON. */
			text[(random >> 33) % stream.len] = "0\"9,-a}f]1{"[random % 11];
		}
		wrong += show(text, stream.len) > 0;
	}
	ok(wrong == 0, "a stream with broken bytes is shown or refused");
	free(text);
}

int main(void)
{
	parse(&before, "7f3c5a1e4000-7f3c5a1e5000 rw-p 00000000 00:00 0 \n"
	               "7f3c5a1e6000-7f3c5a1e7000 r-xs 00001000 08:101 77 /tmp/\033[31m\377 (deleted)\n");
	parse(&after, "7f3c5a1e4000-7f3c5a1e6000 rw-p 00000000 00:00 0 \n"
	              "7f3c5a1e6000-7f3c5a1e7000 r-xs 00001000 08:101 77 /tmp/\033[31m\377 (deleted)\n");
	test_table();
	test_cut();
	test_broken();
	arena_fini(&arena);
	maps_fini(&before);
	maps_fini(&after);
	buf_fini(&stream);
	return done();
}
