/* SPDX-License-Identifier: MIT */
/* JSON: its writer, the table of the events' fields, and the report.  With --fields, prints the table. */
#include "tap.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"
#include "mm/event-field.h"
#include "report/report.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct buf out;

static const char *string(const char *text, size_t len)
{
	buf_reset(&out);
	json_text(&out, text, len);
	return buf_text(&out);
}

#define STRING(text) string(text, sizeof(text) - 1)

static void test_strings(void)
{
	is(STRING(""), "\"\"", "an empty string");
	is(STRING("plain"), "\"plain\"", "plain text");
	is(STRING("a\"b\\c/"), "\"a\\\"b\\\\c/\"", "quote and backslash");
	is(STRING("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\"", "controls that have a letter");
	is(STRING("\0\x1b[31m\x7f"), "\"\\u0000\\u001b[31m\\u007f\"", "other controls, NUL among them");
	is(STRING("n\xc3\xa4me \xf0\x9f\x98\x80"), "\"n\xc3\xa4me \xf0\x9f\x98\x80\"", "UTF-8 stays, beyond the BMP too");
	is(STRING("\xc2\x9b"
	          "m"),
	   "\"\\u009bm\"", "C1 is escaped");
	is(STRING("\xe2\x80\xae"
	          "txt"),
	   "\"\\u202etxt\"", "a mark that reorders the line is escaped");
	is(STRING("\xef\xbb\xbf"
	          "a\xe2\x80\x8b\xc2\xad"),
	   "\"\\ufeffa\\u200b\\u00ad\"", "what nobody sees is escaped");
	is(STRING("\xf3\xa0\x81\xa1"), "\"\\udb40\\udc61\"", "beyond the BMP, too");
	is(STRING("\xe2\x80\x8c\xe2\x80\x8d"), "\"\xe2\x80\x8c\xe2\x80\x8d\"", "joiners shape what is seen, and stay");
	is(STRING("a\xff\xc3"), "\"a\\\\377\\\\303\"", "bytes that are no UTF-8");
	is(STRING("\xed\xa0\x80"), "\"\\\\355\\\\240\\\\200\"", "a surrogate is none");
	is(STRING("\xc0\x80"), "\"\\\\300\\\\200\"", "an overlong form is none");
}

/* Unicode's Default_Ignorable_Code_Point: the first and the last of those that follow each other. */
static const int32_t ignorable[][2] = {
	{ 0xad, 0xad },       { 0x34f, 0x34f },     { 0x61c, 0x61c },   { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 },
	{ 0x180b, 0x180f },   { 0x200b, 0x200f },   { 0x202a, 0x202e }, { 0x2060, 0x206f }, { 0x3164, 0x3164 },
	{ 0xfe00, 0xfe0f },   { 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 }, { 0xfff0, 0xfff8 }, { 0x1bca0, 0x1bca3 },
	{ 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

/* Whether it is unsafe for another reason: controls, separators, marks of annotations. */
static bool unsafe_otherwise(int32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029 ||
	       (point >= 0xfff9 && point <= 0xfffb);
}

static void test_unsafe(void)
{
	size_t at = 0, wrong = 0;

	for (int32_t point = 0; point <= 0x10ffff; point++) {
		while (at < sizeof(ignorable) / sizeof(ignorable[0]) && point > ignorable[at][1])
			at++;
		bool ignored = at < sizeof(ignorable) / sizeof(ignorable[0]) && point >= ignorable[at][0];
		bool joiner = point == 0x200c || point == 0x200d;

		wrong += utf8_unsafe(point) != (unsafe_otherwise(point) || (ignored && !joiner));
	}
	ok(wrong == 0, "what Unicode has nobody see is unsafe, and no letter is");
	ok(utf8_unsafe(-1), "and so is what is none");
}

static const char *number(int64_t value)
{
	buf_reset(&out);
	json_signed(&out, value);
	return buf_text(&out);
}

static const char *size(uint64_t value)
{
	buf_reset(&out);
	json_unsigned(&out, value);
	return buf_text(&out);
}

static void test_numbers(void)
{
	is(number(0), "0", "zero");
	is(number(-1), "-1", "a negative number");
	is(size(UINT64_C(1) << 53), "9007199254740992", "2^53 is a number");
	is(size((UINT64_C(1) << 53) + 1), "\"9007199254740993\"", "beyond it is a string");
	is(size(UINT64_MAX), "\"18446744073709551615\"", "the largest");
	is(number(-(INT64_C(1) << 53)), "-9007199254740992", "-2^53 is a number");
	is(number(INT64_MIN), "\"-9223372036854775808\"", "the smallest");
	buf_reset(&out);
	json_address(&out, 0x7f3c5a1e4000);
	is(buf_text(&out), "\"0x7f3c5a1e4000\"", "an address");
	buf_reset(&out);
	json_hex(&out, "a\xff", 2);
	is(buf_text(&out), "\"61ff\"", "bytes");
}

static void test_structure(void)
{
	buf_reset(&out);
	buf_putc(&out, '{');
	json_key(&out, "a");
	json_text(&out, "[", 1);
	json_key(&out, "b");
	buf_putc(&out, '[');
	json_next(&out);
	json_unsigned(&out, 1);
	json_next(&out);
	json_unsigned(&out, 2);
	buf_puts(&out, "]}");
	is(buf_text(&out), "{\"a\":\"[\",\"b\":[1,2]}", "commas stand between members and elements");
}

static size_t field_size(const struct event_field *field)
{
	if (field->kind == FIELD_OBJECT || field->kind == FIELD_ARRAY)
		return event_shapes[field->of].size * (size_t)(field->kind == FIELD_ARRAY ? EVENT_ARGS : 1);
	return field->size;
}

/* The longest run of bytes of a struct that no row names: more than padding is a member that was forgotten. */
static size_t longest_gap(const struct event_shape *shape)
{
	char *named = calloc(shape->size, 1);
	size_t longest = 0, run = 0;

	for (size_t i = 0; i < shape->count; i++) {
		const struct event_field *field = &shape->fields[i];

		memset(named + field->offset, 1, field_size(field));
		memset(named + field->other, 1, field->other_size);
	}
	for (size_t i = 0; i < shape->size; i++) {
		run = named[i] ? 0 : run + 1;
		longest = run > longest ? run : longest;
	}
	free(named);
	return longest;
}

static bool names_differ(const struct event_shape *shape)
{
	for (size_t i = 0; i < shape->count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (shape->fields[i].name[0] != '\0' && strcmp(shape->fields[i].name, shape->fields[k].name) == 0)
				return false;
		}
	}
	return true;
}

static void test_table(void)
{
	for (unsigned type = 0; type < OBJECT_COUNT; type++) {
		const struct event_shape *shape = &event_shapes[type];

		/* Some have memory of their own besides what they tell. */
		if (type != OBJECT_DELTA && type != OBJECT_PAGES && type != OBJECT_PAGE_REGION)
			ok(longest_gap(shape) < 8, "every member of %s has a row", shape->name);
		ok(names_differ(shape), "no name stands twice in %s", shape->name);
	}
	for (unsigned type = 0; type <= EVENT_END; type++)
		is(event_word(WORDS_TYPE, type), event_shapes[type].name, "the events are the first objects");
	is(event_word(WORDS_GROUP, GROUP_COUNT - 1), "other", "every group of constants has a word");
	is(event_word(WORDS_ARG, ARG_RLIMIT), "rlimit", "every kind of argument has a word");
	is(event_word(WORDS_RESULT, RESULT_ID), "id", "every kind of result has a word");
	is(event_word(WORDS_STEP, STEP_OTHER), "other", "every kind of step has a word");
	is(event_word(WORDS_CHANGE, CHANGE_FLAGGED), "flagged", "every kind of change has a word");
	ok(event_word(WORDS_STEP, STEP_OTHER + 1) == NULL, "no word beyond the last");
	ok(event_word(WORDS_CHANGE, 200) == NULL, "nor for a change that is none");
}

/* The report. */

static struct report *report;
static const struct regions no_regions;

static void begin(const struct maps *maps)
{
	const struct event event = { .type = EVENT_START, .start = { .name = "x", .pid = 7, .maps = maps } };

	report_free(report);
	report = report_new(&report_json, &(struct report_options){ 0 });
	buf_reset(&out);
	report->class->event(report, &event, &out);
}

static const char *told(const struct event *event)
{
	buf_reset(&out);
	report->class->event(report, event, &out);
	return buf_text(&out);
}

static struct event step_of(enum step_kind kind, const char *source)
{
	return (struct event){ .type = EVENT_STEP,
		               .step = { .kind = (uint8_t)kind,
		                         .ok = true,
		                         .pid = 7,
		                         .old_regions = &no_regions,
		                         .new_regions = &no_regions,
		                         .source = { "x", 1, 1, source, (uint32_t)strlen(source) } } };
}

static void snapshot(struct maps *maps, const char *lines)
{
	buf_puts(&maps->text, lines);
	if (maps_parse(maps, NULL) != 0)
		abort();
}

#define HOSTILE "7f3c5a1e4000-7f3c5a1e5000 rw-p 00000000 08:01 77 /tmp/\033[31m\377"

static void test_maps(void)
{
	struct maps maps = { 0 };

	begin(NULL);
	is(buf_text(&out), "{\"type\":\"start\",\"format\":1,\"name\":\"x\",\"pid\":7,\"several\":false}\n", "a start");
	snapshot(&maps, HOSTILE "\n");
	begin(&maps);
	ok(strstr(buf_text(&out), "\"name\":\"/tmp/\\u001b[31m\\\\377\",\"name_hex\":\"2f746d702f1b5b33316dff\"") != NULL,
	   "a name that is no UTF-8 stands readable and in hex");
	ok(strstr(buf_text(&out), "\"line_hex\":\"") != NULL, "so does its line");
	ok(strstr(buf_text(&out), "\"size\":4096,\"perms\":\"rw-p\",\"offset\":0,\"dev\":\"08:01\",\"inode\":77,") != NULL,
	   "a mapping's fields");
	maps_fini(&maps);
}

static void test_before(void)
{
	struct maps one = { 0 }, two = { 0 };
	struct delta delta = { 0 };
	struct event event = step_of(STEP_STORE, "a[0] = 1");

	snapshot(&one, HOSTILE "\n");
	snapshot(&two, "7f3c5a1e4000-7f3c5a1e6000 rw-p 00000000 00:00 0 \n");
	begin(&one);
	event.step.looked = true;
	event.step.delta = &delta;
	event.step.before = &one;
	event.step.after = &two;
	ok(strstr(told(&event), "\"before\"") == NULL, "what the start told is not told again");
	ok(strstr(buf_text(&out), "\"delta\":{\"lines\":[],\"changes\":[]}") != NULL, "nothing changed is a delta without lines");
	ok(strstr(told(&event), "\"before\":[{\"line\":") != NULL, "other mappings than were told are told");
	event.step.before = &two;
	ok(strstr(told(&event), "\"before\"") == NULL, "what a step told is not told again");
	event.step.pid = 8;
	ok(strstr(told(&event), "\"before\"") != NULL, "of another process nothing was told");
	event.step.looked = false;
	ok(strstr(told(&event), "\"delta\"") == NULL, "not looked is no delta");
	maps_fini(&one);
	maps_fini(&two);
}

static void test_regions(void)
{
	struct maps maps = { 0 };
	struct region list[] = { { .name = "a", .id = 1, .start = 0x5000, .size = 0x3000 } };
	struct regions regions = { list, 1, 1 };
	struct delta delta = { 0 };
	struct event event = step_of(STEP_STORE, "a[0] = 1");

	snapshot(&maps, "4000-6000 rw-p 00000000 00:00 0 \n7000-9000 r--p 00000000 00:00 0 \na000-b000 r--p 00000000 00:00 0 \n");
	begin(&maps);
	event.step.looked = true;
	event.step.delta = &delta;
	event.step.before = event.step.after = &maps;
	event.step.new_regions = &regions;
	const char *line = told(&event);

	ok(strstr(line, "\"regions\":[{\"name\":\"a\",\"id\":1,\"start\":\"0x5000\",\"size\":12288,\"mappings\":[") != NULL,
	   "a region's fields");
	ok(strstr(line, "\"start\":\"0x4000\"") != NULL && strstr(line, "\"start\":\"0x7000\"") != NULL &&
	           strstr(line, "\"start\":\"0xa000\"") == NULL,
	   "the mappings that lie in it");
	ok(strstr(line, "\"old_regions\"") == NULL, "none were there before, as was told");
	event.step.old_regions = &regions;
	ok(strstr(told(&event), "\"old_regions\"") == NULL, "nor are those told again that a step told");
	event.step.old_regions = &no_regions;
	ok(strstr(told(&event), "\"old_regions\":[]") != NULL, "others than were told are told");
	maps_fini(&maps);
}

static void test_calls(void)
{
	struct event event = step_of(STEP_CALL, "brk(0)");
	struct event_call *call = &event.step.call;

	begin(NULL);
	ok(strstr(told(&event), "\"call\":") == NULL, "a call whose arguments could not be evaluated");
	call->name = "open";
	call->count = 1;
	call->args[0] = (struct event_arg){ .kind = { "pathname", ARG_STRING, GROUP_NONE }, .string = "a\0\xff", .string_len = 3 };
	call->performed = call->answered = true;
	call->result = -1;
	call->error = ENOENT;
	ok(strstr(told(&event), "{\"name\":\"pathname\",\"kind\":\"string\",\"string\":\"a\\u0000\\\\377\",\"string_hex\":\"6100ff\","
	                        "\"text\":") != NULL,
	   "a string argument, NUL and all");
	ok(strstr(buf_text(&out), "\"result\":-1,\"errno\":\"ENOENT\",\"errno_number\":2,") != NULL, "an error");
	call->error = 4000;
	ok(strstr(told(&event), "\"errno\":4000,\"errno_number\":4000,") != NULL, "an error without a name");
	call->error = 0;
	call->result_kind = RESULT_ADDRESS;
	call->result = -4096;
	ok(strstr(told(&event), "\"result\":\"0xfffffffffffff000\",") != NULL, "a high address");
	call->args[0] = (struct event_arg){ .kind = { "size", ARG_SIZE, GROUP_NONE }, .value = UINT64_MAX };
	ok(strstr(told(&event), "\"value\":\"18446744073709551615\"") != NULL, "a size beyond 2^53");
	call->args[0] = (struct event_arg){ .kind = { "fd", ARG_FD, GROUP_NONE }, .value = UINT32_MAX };
	ok(strstr(told(&event), "\"value\":-1,\"text\":\"-1\"") != NULL, "a descriptor is an int");
	call->answered = false;
	ok(strstr(told(&event), "\"result\"") == NULL, "a call that did not return has no result");
}

static void test_others(void)
{
	const struct event_fault fault = { .signo = SIGBUS, .code = 1234567, .has_address = false };
	struct event event = step_of(STEP_EXPECT, "expect 1");

	begin(NULL);
	event.step.faults = &fault;
	event.step.fault_count = 1;
	ok(strstr(told(&event), "\"faults\":[{\"signal\":\"SIGBUS\",\"code\":1234567,\"fatal\":false}]") != NULL,
	   "a fault without a name for its code, and without an address");
	ok(strstr(buf_text(&out), "\"check\":{\"held\":false}") != NULL, "a check that compares nothing");
	event = (struct event){ .type = EVENT_END, .status = 77 };
	is(told(&event), "{\"type\":\"end\",\"status\":77}\n", "an end");
	event = (struct event){ .type = EVENT_VERDICT, .verdict = { .verdict = VERDICT_PASSED, .steps = 2 } };
	is(told(&event), "{\"type\":\"verdict\",\"verdict\":\"passed\",\"steps\":2,\"checks\":0,\"failed\":0}\n", "a verdict");
}

/* One line a field: the object, the field, and whether it is always there.  What stands inline is listed where it stands. */
static void print_fields(const char *object, const struct event_shape *shape)
{
	for (size_t i = 0; i < shape->count; i++) {
		const struct event_field *field = &shape->fields[i];
		bool sometimes = field->optional || field->guard_mask != 0 || field->kind == FIELD_BEFORE ||
		                 field->kind == FIELD_OLD_REGIONS || field->kind == FIELD_REGIONS ||
		                 field->kind == FIELD_SCRATCH || field->kind == FIELD_COVER || field->kind == FIELD_VALUE;

		if (field->kind == FIELD_INLINE)
			print_fields(object, &event_shapes[field->of]);
		else if (field->kind != FIELD_DERIVED)
			printf("%s %s %s\n", object, field->name, sometimes ? "sometimes" : "always");
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--fields") == 0) {
		for (unsigned type = 0; type < OBJECT_COUNT; type++)
			print_fields(event_shapes[type].name, &event_shapes[type]);
		return 0;
	}
	test_strings();
	test_unsafe();
	test_numbers();
	test_structure();
	test_table();
	test_maps();
	test_before();
	test_regions();
	test_calls();
	test_others();
	report_free(report);
	buf_fini(&out);
	return done();
}
