/* SPDX-License-Identifier: MIT */
/* Reads recorded events: walks the table by which report/json.c wrote them, and believes nothing. */
#include "run/replay-part.h"

#include "mm/constant.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* A field in hand. */
struct slot {
	const struct event_shape *shape;
	const struct event_field *field;
	const json_t *from, *value; /* the object, and what it has for the field */
	char *object, *member;
};

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

static bool not_a(struct replay_reader *reader, const struct slot *slot, const char *what)
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

static void store_pointer(const struct slot *slot, const void *pointer)
{
	memcpy(slot->member, &pointer, sizeof(pointer));
}

static void store_other(const struct slot *slot, uint64_t value)
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
static bool get_string(struct replay_reader *reader, const struct slot *slot, const char **text, size_t *len)
{
	char key[sizeof(slot->field->name) + 4] = "";

	if (!json_is_string(slot->value))
		return not_a(reader, slot, "a string");
	*text = json_string_value(slot->value);
	*len = json_string_length(slot->value);
	memcpy(key, slot->field->name, sizeof(slot->field->name));
	strcat(key, "_hex");
	const json_t *hex = json_object_get(slot->from, key);

	return hex == NULL || get_hex(reader, hex, text, len) || not_a(reader, slot, "a string: its _hex is not hex");
}

static bool get_text(struct replay_reader *reader, const struct slot *slot, const char **text, size_t *len)
{
	if (!get_string(reader, slot, text, len))
		return false;
	return memchr(*text, '\0', *len) == NULL || not_a(reader, slot, "a string without NUL");
}

static bool read_format(struct replay_reader *reader, const struct slot *slot)
{
	return json_integer_value(slot->value) == EVENT_FORMAT || not_a(reader, slot, "that of this mmtool");
}

static bool read_bool(struct replay_reader *reader, const struct slot *slot)
{
	if (!json_is_boolean(slot->value))
		return not_a(reader, slot, "true or false");
	*(bool *)slot->member = json_is_true(slot->value);
	return true;
}

/* How much an integer of that size can hold. */
static uint64_t most(size_t size, bool is_signed, bool negative)
{
	uint64_t all = UINT64_MAX >> (64 - 8 * size);

	return is_signed ? all / 2 + negative : negative ? 0 : all;
}

static bool read_integer(struct replay_reader *reader, const struct slot *slot, bool is_signed)
{
	uint64_t magnitude;
	bool negative;

	if (!get_number(slot->value, &negative, &magnitude))
		return not_a(reader, slot, "a whole number");
	if (magnitude > most(slot->field->size, is_signed, negative))
		return not_a(reader, slot, "in its range");
	store(slot->member, slot->field->size, negative ? -magnitude : magnitude);
	return true;
}

static bool read_unsigned(struct replay_reader *reader, const struct slot *slot)
{
	return read_integer(reader, slot, false);
}

static bool read_signed(struct replay_reader *reader, const struct slot *slot)
{
	return read_integer(reader, slot, true);
}

static bool read_address(struct replay_reader *reader, const struct slot *slot)
{
	uint64_t address;

	if (!get_address(slot->value, &address))
		return not_a(reader, slot, "an address");
	store(slot->member, slot->field->size, address);
	return true;
}

/* What the writer adds for readers that have no table. */
static bool read_nothing(struct replay_reader *reader, const struct slot *slot)
{
	(void)reader;
	(void)slot;
	return true;
}

static bool read_range(struct replay_reader *reader, const struct slot *slot)
{
	uint64_t start, end;

	if (!get_address(json_object_get(slot->value, "start"), &start) ||
	    !get_address(json_object_get(slot->value, "end"), &end) || start > end)
		return not_a(reader, slot, "a range");
	store(slot->member, slot->field->size, start);
	store_other(slot, end);
	return true;
}

static bool read_device(struct replay_reader *reader, const struct slot *slot)
{
	const char *text = json_is_string(slot->value) ? json_string_value(slot->value) : "";
	const char *colon = strchrnul(text, ':');
	uint64_t major, minor;

	if (*colon == '\0' || !get_digits(text, (size_t)(colon - text), 16, &major) ||
	    !get_digits(colon + 1, strlen(colon + 1), 16, &minor) || major > UINT32_MAX || minor > UINT32_MAX)
		return not_a(reader, slot, "a device");
	store(slot->member, slot->field->size, major);
	store_other(slot, minor);
	return true;
}

static bool read_text(struct replay_reader *reader, const struct slot *slot)
{
	const char *text;
	size_t len;

	if (!get_text(reader, slot, &text, &len))
		return false;
	store_pointer(slot, text);
	return true;
}

static bool read_bytes(struct replay_reader *reader, const struct slot *slot)
{
	const char *text;
	size_t len;

	if (!get_string(reader, slot, &text, &len))
		return false;
	if (len > UINT32_MAX)
		return not_a(reader, slot, "of a size that can be");
	store_pointer(slot, text);
	store_other(slot, len);
	return true;
}

static bool read_chars(struct replay_reader *reader, const struct slot *slot)
{
	const char *text;
	size_t len;

	if (!get_text(reader, slot, &text, &len))
		return false;
	if (len >= slot->field->size)
		return not_a(reader, slot, "short enough");
	memcpy(slot->member, text, len + 1);
	return true;
}

static bool read_char(struct replay_reader *reader, const struct slot *slot)
{
	const char *text;
	size_t len;

	if (!get_text(reader, slot, &text, &len))
		return false;
	if (len != 1)
		return not_a(reader, slot, "a character");
	*slot->member = *text;
	return true;
}

/* Whether the next row tells the same member by its number, for names that are not known here. */
static bool has_number(const struct slot *slot)
{
	const struct event_field *next = slot->field + 1;

	return next < slot->shape->fields + slot->shape->count && next->offset == slot->field->offset &&
	       next->kind == FIELD_SIGNED;
}

static bool read_named(struct replay_reader *reader, const struct slot *slot)
{
	if (!json_is_string(slot->value))
		return read_signed(reader, slot);
	const struct constant *constant = constant_find(json_string_value(slot->value), json_string_length(slot->value));

	if (constant == NULL || constant->group != slot->field->of || constant->absent)
		return has_number(slot) || not_a(reader, slot, "a name that is known here");
	store(slot->member, slot->field->size, (uint64_t)constant->value);
	return true;
}

static bool read_word(struct replay_reader *reader, const struct slot *slot)
{
	const char *text = json_is_string(slot->value) ? json_string_value(slot->value) : "", *word;

	for (unsigned value = 0; (word = event_word((enum event_words)slot->field->of, value)) != NULL; value++) {
		if (strcmp(word, text) == 0) {
			store(slot->member, slot->field->size, value);
			return true;
		}
	}
	return not_a(reader, slot, "a word that is known here");
}

static bool read_result(struct replay_reader *reader, const struct slot *slot)
{
	uint64_t address;

	if (!get_address(slot->value, &address))
		return read_signed(reader, slot);
	store(slot->member, slot->field->size, address);
	return true;
}

/* An argument's value, in whichever way its kind is written. */
static bool read_value(struct replay_reader *reader, const struct slot *slot)
{
	uint64_t value;
	bool negative = false;

	if (!get_address(slot->value, &value) && !get_number(slot->value, &negative, &value))
		return not_a(reader, slot, "an address or a whole number");
	if (negative && value > most(slot->field->size, true, true))
		return not_a(reader, slot, "in its range");
	store(slot->member, slot->field->size, negative ? -value : value);
	return true;
}

static bool read_part(struct replay_reader *reader, const struct slot *slot, const json_t *from, void *to)
{
	if (!json_is_object(from))
		return not_a(reader, slot, "an object, or a list of them");
	return replay_object(reader, (enum event_object)slot->field->of, from, to);
}

static bool read_object(struct replay_reader *reader, const struct slot *slot)
{
	return read_part(reader, slot, slot->value, slot->member);
}

/* Also for FIELD_INLINE, where value is the object that has the fields. */
static bool read_pointer(struct replay_reader *reader, const struct slot *slot)
{
	void *part = arena_alloc(&reader->arena, event_shapes[slot->field->of].size);

	store_pointer(slot, part);
	return read_part(reader, slot, slot->value, part);
}

static bool read_parts(struct replay_reader *reader, const struct slot *slot, char *to, size_t count)
{
	size_t size = event_shapes[slot->field->of].size;

	for (size_t i = 0; i < count; i++) {
		if (!read_part(reader, slot, json_array_get(slot->value, i), to + i * size))
			return false;
	}
	return true;
}

static bool read_list(struct replay_reader *reader, const struct slot *slot)
{
	size_t count = json_array_size(slot->value);

	if (!json_is_array(slot->value) || count > UINT32_MAX)
		return not_a(reader, slot, "a list");
	char *list = arena_alloc(&reader->arena, count * event_shapes[slot->field->of].size);

	store_pointer(slot, list);
	store_other(slot, count);
	return read_parts(reader, slot, list, count);
}

static bool read_array(struct replay_reader *reader, const struct slot *slot)
{
	size_t count = json_array_size(slot->value);

	if (!json_is_array(slot->value) || count > EVENT_ARGS)
		return not_a(reader, slot, "a list, or a short one");
	store_other(slot, count);
	return read_parts(reader, slot, slot->member, count);
}

static bool read_names(struct replay_reader *reader, const struct slot *slot)
{
	size_t count = json_array_size(slot->value);

	if (!json_is_array(slot->value) || count > slot->field->of)
		return not_a(reader, slot, "a list of names, or a short one");
	for (size_t i = 0; i < count; i++) {
		const json_t *name = json_array_get(slot->value, i);
		const char *text = json_string_value(name);

		if (!json_is_string(name) || strlen(text) != json_string_length(name))
			return not_a(reader, slot, "a list of names");
		memcpy(slot->member + i * sizeof(text), &text, sizeof(text));
	}
	return true;
}

static bool read_flags(struct replay_reader *reader, const struct slot *slot)
{
	size_t count = json_array_size(slot->value), used = 0;

	if (!json_is_array(slot->value))
		return not_a(reader, slot, "a list of flags");
	for (size_t i = 0; i < count; i++) {
		const json_t *flag = json_array_get(slot->value, i);
		const char *text = json_string_value(flag);
		size_t len = json_is_string(flag) ? strlen(text) : 0;

		if (len == 0 || len != json_string_length(flag) || strchr(text, ' ') != NULL)
			return not_a(reader, slot, "a list of flags");
		if (used + (i > 0) + len >= slot->field->size)
			return not_a(reader, slot, "short enough");
		if (i > 0)
			slot->member[used++] = ' ';
		memcpy(slot->member + used, text, len);
		used += len;
	}
	return true;
}

/* Mappings in their order; of a snapshot that is the producer's, so text and list alone. */
static bool read_maps(struct replay_reader *reader, const struct slot *slot)
{
	struct maps *maps = arena_alloc(&reader->arena, sizeof(*maps));
	size_t count = json_array_size(slot->value), len = 0;

	store_pointer(slot, maps);
	if (!json_is_array(slot->value))
		return not_a(reader, slot, "a list");
	maps->list = arena_alloc(&reader->arena, count * sizeof(*maps->list));
	if (!read_parts(reader, slot, (char *)maps->list, count))
		return false;
	maps->count = maps->cap = count;
	for (size_t i = 0; i < count; i++)
		len += maps->list[i].line_len + 1u;
	maps->text = (struct buf){ arena_alloc(&reader->arena, len + 1), 0, len + 1 };
	for (size_t i = 0; i < count; i++) {
		struct mapping *mapping = &maps->list[i];
		char *line = maps->text.data + maps->text.len;

		memcpy(line, mapping->line, mapping->line_len);
		line[mapping->line_len] = '\n';
		maps->text.len += mapping->line_len + 1u;
		mapping->name = line + (mapping->name - mapping->line);
		mapping->line = line;
	}
	return true;
}

/* Regions, and the last of them the scratch page, where there is one. */
static bool read_regions(struct replay_reader *reader, const struct slot *slot)
{
	struct regions *regions = arena_alloc(&reader->arena, sizeof(*regions));
	size_t count = json_array_size(slot->value);

	store_pointer(slot, regions);
	if (!json_is_array(slot->value))
		return not_a(reader, slot, "a list");
	regions->list = arena_alloc(&reader->arena, (count + 1) * sizeof(*regions->list));
	regions->list[count] = reader->scratch;
	regions->count = regions->cap = count + (reader->scratch.size > 0);
	return read_parts(reader, slot, (char *)regions->list, count);
}

/* What is left of the scratch page, in its place. */
static bool read_scratch(struct replay_reader *reader, const struct slot *slot)
{
	size_t count = json_array_size(slot->value), others;
	struct regions *regions;
	struct region *list;

	memcpy(&regions, slot->member, sizeof(regions));
	if (!json_is_array(slot->value) || regions == NULL)
		return not_a(reader, slot, "a list beside one of regions");
	others = regions->count - (reader->scratch.size > 0);
	list = arena_alloc(&reader->arena, (others + count) * sizeof(*list));
	memcpy(list, regions->list, others * sizeof(*list));
	*regions = (struct regions){ list, others + count, others + count };
	return read_parts(reader, slot, (char *)(list + others), count);
}

static bool (*const readers[])(struct replay_reader *, const struct slot *) = {
	[FIELD_FORMAT] = read_format,    [FIELD_BOOL] = read_bool,        [FIELD_UNSIGNED] = read_unsigned,
	[FIELD_SIGNED] = read_signed,    [FIELD_ADDRESS] = read_address,  [FIELD_LENGTH] = read_nothing,
	[FIELD_RANGE] = read_range,      [FIELD_DEVICE] = read_device,    [FIELD_TEXT] = read_text,
	[FIELD_BYTES] = read_bytes,      [FIELD_CHARS] = read_chars,      [FIELD_CHAR] = read_char,
	[FIELD_NAMED] = read_named,      [FIELD_WORD] = read_word,        [FIELD_RESULT] = read_result,
	[FIELD_VALUE] = read_value,      [FIELD_ARG_TEXT] = read_nothing, [FIELD_SENTENCE] = read_nothing,
	[FIELD_OBJECT] = read_object,    [FIELD_POINTER] = read_pointer,  [FIELD_INLINE] = read_pointer,
	[FIELD_LIST] = read_list,        [FIELD_ARRAY] = read_array,      [FIELD_NAMES] = read_names,
	[FIELD_FLAGS] = read_flags,      [FIELD_MAPS] = read_maps,        [FIELD_BEFORE] = read_maps,
	[FIELD_REGIONS] = read_regions,  [FIELD_OLD_REGIONS] = read_regions, [FIELD_SCRATCH] = read_scratch, [FIELD_COVER] = read_nothing,
};

/* Whether a stream can do without it, though it is not optional: it says nothing new, or it is told only now and then. */
static bool may_miss(const struct event_field *field)
{
	static const uint8_t kinds[] = { FIELD_LENGTH, FIELD_VALUE,       FIELD_ARG_TEXT, FIELD_SENTENCE,
		                         FIELD_BEFORE, FIELD_OLD_REGIONS, FIELD_REGIONS,  FIELD_SCRATCH,
		                         FIELD_COVER };

	return field->optional || memchr(kinds, field->kind, sizeof(kinds)) != NULL;
}

/* Whether a guard is no field of its own: then that its fields are there is what sets it. */
static bool is_derived(const struct event_shape *shape, size_t offset)
{
	for (size_t i = 0; i < shape->count; i++) {
		if (shape->fields[i].kind == FIELD_DERIVED && shape->fields[i].offset == offset)
			return true;
	}
	return false;
}

/* Whether it is a second form of what the row before has told already. */
static bool is_told(const struct slot *slot)
{
	const struct event_field *field = slot->field, *last = field - 1;

	return field > slot->shape->fields && last->kind == FIELD_NAMED && last->offset == field->offset &&
	       event_signed(slot->member, field->size) != 0;
}

static bool read_field(struct replay_reader *reader, struct slot *slot)
{
	const struct event_field *field = slot->field;
	uint8_t *guard = (uint8_t *)slot->object + field->guard;
	bool guarded = field->guard_mask != 0;

	slot->value = field->kind == FIELD_INLINE ? slot->from : json_object_get(slot->from, field->name);
	if (slot->value != NULL && field->guard_mask == 1 << true && is_derived(slot->shape, field->guard))
		*guard = true;
	if (guarded && (*guard >= 8 || (field->guard_mask >> *guard & 1) == 0))
		return true;
	if (slot->value == NULL)
		return may_miss(field) || replay_wrong(reader, "%s: the field %s is missing", slot->shape->name, field->name);
	return is_told(slot) || readers[field->kind](reader, slot);
}

/* A mapping is what its line says, and its fields say the same. */
static bool check_mapping(struct replay_reader *reader, struct mapping *mapping)
{
	struct maps *one = &reader->one;

	buf_reset(&one->text);
	buf_add(&one->text, mapping->line, mapping->line_len);
	if (maps_parse(one, NULL) != 0 || one->count != 1)
		return replay_wrong(reader, "mapping: the field line is not a line of maps");
	const struct mapping *line = &one->list[0];

	if (line->start != mapping->start || line->end != mapping->end || line->offset != mapping->offset ||
	    line->inode != mapping->inode || line->major != mapping->major || line->minor != mapping->minor ||
	    strcmp(line->perms, mapping->perms) != 0 || line->line_len != mapping->line_len ||
	    line->name_len != mapping->name_len || memcmp(line->name, mapping->name, line->name_len) != 0)
		return replay_wrong(reader, "mapping: its fields are not what its line says");
	mapping->name = mapping->line + (line->name - line->line);
	return true;
}

bool replay_object(struct replay_reader *reader, enum event_object type, const json_t *from, void *object)
{
	const struct event_shape *shape = &event_shapes[type];

	for (size_t i = 0; i < shape->count; i++) {
		const struct event_field *field = &shape->fields[i];
		struct slot slot = { shape, field, from, NULL, object, (char *)object + field->offset };

		if (field->kind == FIELD_DERIVED)
			continue;
		if (!read_field(reader, &slot))
			return false;
	}
	return type != OBJECT_MAPPING || check_mapping(reader, object);
}
