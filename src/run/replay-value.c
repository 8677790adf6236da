/* SPDX-License-Identifier: MIT */
/* Reads the values of recorded events that have no parts, and believes none. */
#include "run/replay-part.h"

#include "mm/constant.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool replay_wrong(struct replay_reader *reader, const char *format, ...)
{
	va_list args;

	if (reader->problem.len > 0)
		return false;
	va_start(args, format);
	buf_vprintf(&reader->problem, format, args);
	va_end(args);
	return false;
}

bool replay_not_a(struct replay_reader *reader, const struct replay_slot *slot, const char *what)
{
	return replay_wrong(reader, "%s: the field %s is not %s", slot->shape->name, slot->field->name, what);
}

static void store(void *member, size_t size, uint64_t value)
{
	const uint8_t byte = (uint8_t)value;
	const uint16_t half = (uint16_t)value;
	const uint32_t word = (uint32_t)value;

	switch (size) {
	case 1:
		memcpy(member, &byte, 1);
		break;
	case 2:
		memcpy(member, &half, 2);
		break;
	case 4:
		memcpy(member, &word, 4);
		break;
	default:
		memcpy(member, &value, 8);
	}
}

void replay_store_pointer(const struct replay_slot *slot, const void *pointer)
{
	memcpy(slot->member, &pointer, sizeof(pointer));
}

void replay_store_other(const struct replay_slot *slot, uint64_t value)
{
	store(slot->object + slot->field->other, slot->field->other_size, value);
}

/* Digits of a number, and nothing else; false also when it does not fit. */
static bool get_digits(const char *text, size_t len, unsigned base, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
		                 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
		                                        : 16;

		if (digit >= base || __builtin_mul_overflow(*value, base, value) || __builtin_add_overflow(*value, digit, value))
			return false;
	}
	return len > 0;
}

/* A number, or a string of its digits: a sign and how much. */
static bool get_number(const json_t *value, bool *negative, uint64_t *magnitude)
{
	if (json_is_integer(value)) {
		int64_t number = json_integer_value(value);

		*negative = number < 0;
		*magnitude = number < 0 ? -(uint64_t)number : (uint64_t)number;
		return true;
	}
	if (!json_is_string(value))
		return false;
	const char *text = json_string_value(value);
	size_t len = json_string_length(value);

	*negative = text[0] == '-';
	return get_digits(text + *negative, len - *negative, 10, magnitude);
}

static bool get_address(const json_t *value, uint64_t *address)
{
	const char *text = json_is_string(value) ? json_string_value(value) : "";

	return strncmp(text, "0x", 2) == 0 && get_digits(text + 2, json_string_length(value) - 2, 16, address);
}

static bool get_hex(struct replay_reader *reader, const json_t *value, const char **text, size_t *len)
{
	const char *digits = json_is_string(value) ? json_string_value(value) : NULL;
	uint64_t byte;

	if (digits == NULL || json_string_length(value) % 2 != 0)
		return false;
	*len = json_string_length(value) / 2;
	char *to = arena_alloc(&reader->arena, *len + 1);

	for (size_t i = 0; i < *len; i++) {
		if (!get_digits(digits + 2 * i, 2, 16, &byte))
			return false;
		to[i] = (char)byte;
	}
	*text = to;
	return true;
}

/* A string's bytes, followed by a NUL: those in hex beside it where there are some. */
static bool get_string(struct replay_reader *reader, const struct replay_slot *slot, const char **text, size_t *len)
{
	char key[sizeof(slot->field->name) + sizeof("_hex")];

	if (!json_is_string(slot->value))
		return replay_not_a(reader, slot, "a string");
	*text = json_string_value(slot->value);
	*len = json_string_length(slot->value);
	(void)snprintf(key, sizeof(key), "%.*s_hex", (int)sizeof(slot->field->name), slot->field->name);
	const json_t *hex = json_object_get(slot->from, key);

	return hex == NULL || get_hex(reader, hex, text, len) || replay_not_a(reader, slot, "a string: its _hex is not hex");
}

static bool get_text(struct replay_reader *reader, const struct replay_slot *slot, const char **text, size_t *len)
{
	if (!get_string(reader, slot, text, len))
		return false;
	return memchr(*text, '\0', *len) == NULL || replay_not_a(reader, slot, "a string without NUL");
}

static bool read_format(struct replay_reader *reader, const struct replay_slot *slot)
{
	return json_integer_value(slot->value) == EVENT_FORMAT || replay_not_a(reader, slot, "that of this mmtool");
}

static bool read_bool(struct replay_reader *reader, const struct replay_slot *slot)
{
	if (!json_is_boolean(slot->value))
		return replay_not_a(reader, slot, "true or false");
	*(bool *)slot->member = json_is_true(slot->value);
	return true;
}

/* How much an integer of that size can hold. */
static uint64_t most(size_t size, bool is_signed, bool negative)
{
	uint64_t all = UINT64_MAX >> (64 - 8 * size);

	return is_signed ? all / 2 + negative : negative ? 0 : all;
}

static bool read_integer(struct replay_reader *reader, const struct replay_slot *slot, bool is_signed)
{
	uint64_t magnitude;
	bool negative;

	if (!get_number(slot->value, &negative, &magnitude))
		return replay_not_a(reader, slot, "a whole number");
	if (magnitude > most(slot->field->size, is_signed, negative))
		return replay_not_a(reader, slot, "in its range");
	store(slot->member, slot->field->size, negative ? -magnitude : magnitude);
	return true;
}

static bool read_unsigned(struct replay_reader *reader, const struct replay_slot *slot)
{
	return read_integer(reader, slot, false);
}

static bool read_signed(struct replay_reader *reader, const struct replay_slot *slot)
{
	return read_integer(reader, slot, true);
}

static bool read_address(struct replay_reader *reader, const struct replay_slot *slot)
{
	uint64_t address;

	if (!get_address(slot->value, &address))
		return replay_not_a(reader, slot, "an address");
	store(slot->member, slot->field->size, address);
	return true;
}

/* What the writer adds for readers that have no table. */
static bool read_nothing(struct replay_reader *reader, const struct replay_slot *slot)
{
	(void)reader;
	(void)slot;
	return true;
}

/* How long something is that another field shows: the same, said twice. */
static bool read_length(struct replay_reader *reader, const struct replay_slot *slot)
{
	uint64_t start = event_unsigned(slot->member, 8), end = event_unsigned(slot->object + slot->field->other, 8), length;
	bool negative;

	if (!get_number(slot->value, &negative, &length) || negative || length != end - start)
		return replay_not_a(reader, slot, "what its start and end say");
	return true;
}

static bool read_range(struct replay_reader *reader, const struct replay_slot *slot)
{
	const json_t *told = json_object_get(slot->value, "size");
	uint64_t start, end, size;
	bool negative = false;

	if (!get_address(json_object_get(slot->value, "start"), &start) ||
	    !get_address(json_object_get(slot->value, "end"), &end) || start > end)
		return replay_not_a(reader, slot, "a range");
	if (told != NULL && (!get_number(told, &negative, &size) || negative || size != end - start))
		return replay_not_a(reader, slot, "a range: its size is not what its start and end say");
	store(slot->member, slot->field->size, start);
	replay_store_other(slot, end);
	return true;
}

static bool read_device(struct replay_reader *reader, const struct replay_slot *slot)
{
	const char *text = json_is_string(slot->value) ? json_string_value(slot->value) : "";
	const char *colon = strchrnul(text, ':'), *end = text + json_string_length(slot->value);
	uint64_t major, minor;

	if (*colon == '\0' || !get_digits(text, (size_t)(colon - text), 16, &major) ||
	    !get_digits(colon + 1, (size_t)(end - colon - 1), 16, &minor) || major > UINT32_MAX || minor > UINT32_MAX)
		return replay_not_a(reader, slot, "a device");
	store(slot->member, slot->field->size, major);
	replay_store_other(slot, minor);
	return true;
}

static bool read_text(struct replay_reader *reader, const struct replay_slot *slot)
{
	const char *text = "";
	size_t len = 0;

	if (!get_text(reader, slot, &text, &len))
		return false;
	replay_store_pointer(slot, text);
	return true;
}

static bool read_bytes(struct replay_reader *reader, const struct replay_slot *slot)
{
	const char *text = "";
	size_t len = 0;

	if (!get_string(reader, slot, &text, &len))
		return false;
	if (len > UINT32_MAX)
		return replay_not_a(reader, slot, "of a size that can be");
	replay_store_pointer(slot, text);
	replay_store_other(slot, len);
	return true;
}

static bool read_chars(struct replay_reader *reader, const struct replay_slot *slot)
{
	const char *text = "";
	size_t len = 0;

	if (!get_text(reader, slot, &text, &len))
		return false;
	if (len >= slot->field->size)
		return replay_not_a(reader, slot, "short enough");
	memcpy(slot->member, text, len + 1);
	return true;
}

static bool read_char(struct replay_reader *reader, const struct replay_slot *slot)
{
	const char *text = "";
	size_t len = 0;

	if (!get_text(reader, slot, &text, &len))
		return false;
	if (len != 1)
		return replay_not_a(reader, slot, "a character");
	*slot->member = *text;
	return true;
}

/* Whether the same member is told by its number, too, in the next row: for names that are not known here. */
static bool has_number(const struct replay_slot *slot)
{
	const struct event_field *next = slot->field + 1;

	return next < slot->shape->fields + slot->shape->count && next->offset == slot->field->offset &&
	       next->kind == FIELD_SIGNED && json_object_get(slot->from, next->name) != NULL;
}

static bool read_named(struct replay_reader *reader, const struct replay_slot *slot)
{
	if (!json_is_string(slot->value))
		return read_signed(reader, slot);
	const struct constant *constant = constant_find(json_string_value(slot->value), json_string_length(slot->value));

	if (constant == NULL || constant->group != slot->field->of || constant->absent)
		return has_number(slot) || replay_not_a(reader, slot, "a name that is known here");
	store(slot->member, slot->field->size, (uint64_t)constant->value);
	return true;
}

static bool read_word(struct replay_reader *reader, const struct replay_slot *slot)
{
	const char *text = json_is_string(slot->value) ? json_string_value(slot->value) : "", *word;

	for (unsigned value = 0; (word = event_word((enum event_words)slot->field->of, value)) != NULL; value++) {
		if (strcmp(word, text) == 0 && strlen(word) == json_string_length(slot->value)) {
			store(slot->member, slot->field->size, value);
			return true;
		}
	}
	return replay_not_a(reader, slot, "a word that is known here");
}

static bool read_result(struct replay_reader *reader, const struct replay_slot *slot)
{
	uint64_t address;

	if (!get_address(slot->value, &address))
		return read_signed(reader, slot);
	store(slot->member, slot->field->size, address);
	return true;
}

/* An argument's value, in whichever way its kind is written. */
static bool read_value(struct replay_reader *reader, const struct replay_slot *slot)
{
	uint64_t value;
	bool negative = false;

	if (!get_address(slot->value, &value) && !get_number(slot->value, &negative, &value))
		return replay_not_a(reader, slot, "an address or a whole number");
	if (negative && value > most(slot->field->size, true, true))
		return replay_not_a(reader, slot, "in its range");
	store(slot->member, slot->field->size, negative ? -value : value);
	return true;
}

bool (*const replay_values[FIELD_KINDS])(struct replay_reader *, const struct replay_slot *) = {
	[FIELD_FORMAT] = read_format,     [FIELD_BOOL] = read_bool,       [FIELD_UNSIGNED] = read_unsigned,
	[FIELD_SIGNED] = read_signed,     [FIELD_ADDRESS] = read_address, [FIELD_LENGTH] = read_length,
	[FIELD_RANGE] = read_range,       [FIELD_DEVICE] = read_device,   [FIELD_TEXT] = read_text,
	[FIELD_BYTES] = read_bytes,       [FIELD_CHARS] = read_chars,     [FIELD_CHAR] = read_char,
	[FIELD_NAMED] = read_named,       [FIELD_WORD] = read_word,       [FIELD_RESULT] = read_result,
	[FIELD_VALUE] = read_value,       [FIELD_ARG_TEXT] = read_nothing, [FIELD_SENTENCE] = read_nothing,
	[FIELD_COVER] = read_nothing,
};
