/* SPDX-License-Identifier: MIT */
/* Reads recorded events: walks the table by which report/json.c wrote them. */
#include "run/replay-part.h"

#include <string.h>

static bool read_part(struct replay_reader *reader, const struct replay_slot *slot, const json_t *from, void *to)
{
	if (!json_is_object(from))
		return replay_not_a(reader, slot, "an object, or a list of them");
	return replay_object(reader, (enum event_object)slot->field->of, from, to);
}

static bool read_object(struct replay_reader *reader, const struct replay_slot *slot)
{
	return read_part(reader, slot, slot->value, slot->member);
}

/* Also for FIELD_INLINE, where value is the object that has the fields. */
static bool read_pointer(struct replay_reader *reader, const struct replay_slot *slot)
{
	void *part = arena_alloc(&reader->arena, event_shapes[slot->field->of].size);

	replay_store_pointer(slot, part);
	return read_part(reader, slot, slot->value, part);
}

static bool read_parts(struct replay_reader *reader, const struct replay_slot *slot, char *to, size_t count)
{
	size_t size = event_shapes[slot->field->of].size;

	for (size_t i = 0; i < count; i++) {
		if (!read_part(reader, slot, json_array_get(slot->value, i), to + i * size))
			return false;
	}
	return true;
}

static bool read_list(struct replay_reader *reader, const struct replay_slot *slot)
{
	size_t count = json_array_size(slot->value);

	if (!json_is_array(slot->value) || count > UINT32_MAX)
		return replay_not_a(reader, slot, "a list");
	char *list = arena_alloc(&reader->arena, count * event_shapes[slot->field->of].size);

	replay_store_pointer(slot, list);
	replay_store_other(slot, count);
	return read_parts(reader, slot, list, count);
}

static bool read_array(struct replay_reader *reader, const struct replay_slot *slot)
{
	size_t count = json_array_size(slot->value);

	if (!json_is_array(slot->value) || count > EVENT_ARGS)
		return replay_not_a(reader, slot, "a list, or a short one");
	replay_store_other(slot, count);
	return read_parts(reader, slot, slot->member, count);
}

static bool read_names(struct replay_reader *reader, const struct replay_slot *slot)
{
	size_t count = json_array_size(slot->value);

	if (!json_is_array(slot->value) || count > slot->field->of)
		return replay_not_a(reader, slot, "a list of names, or a short one");
	for (size_t i = 0; i < count; i++) {
		const json_t *name = json_array_get(slot->value, i);
		const char *text = json_string_value(name);

		if (!json_is_string(name) || strlen(text) != json_string_length(name))
			return replay_not_a(reader, slot, "a list of names");
		memcpy(slot->member + i * sizeof(text), &text, sizeof(text));
	}
	return true;
}

static bool read_flags(struct replay_reader *reader, const struct replay_slot *slot)
{
	size_t count = json_array_size(slot->value), used = 0;

	if (!json_is_array(slot->value))
		return replay_not_a(reader, slot, "a list of flags");
	for (size_t i = 0; i < count; i++) {
		const json_t *flag = json_array_get(slot->value, i);
		const char *text = json_string_value(flag);
		size_t len = json_is_string(flag) ? strlen(text) : 0;

		if (len == 0 || len != json_string_length(flag) || strchr(text, ' ') != NULL)
			return replay_not_a(reader, slot, "a list of flags");
		if (used + (i > 0) + len >= slot->field->size)
			return replay_not_a(reader, slot, "short enough");
		if (i > 0)
			slot->member[used++] = ' ';
		memcpy(slot->member + used, text, len);
		used += len;
	}
	return true;
}

/* Mappings in their order; of a snapshot that is the producer's, so text and list alone. */
static bool read_maps(struct replay_reader *reader, const struct replay_slot *slot)
{
	struct maps *maps = arena_alloc(&reader->arena, sizeof(*maps));
	size_t count = json_array_size(slot->value), len = 0;

	replay_store_pointer(slot, maps);
	if (!json_is_array(slot->value))
		return replay_not_a(reader, slot, "a list");
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

/* The scratch page has an identity of its own, which no region of a script has. */
static bool read_list_of_regions(struct replay_reader *reader, const struct replay_slot *slot, struct region *list,
                                 size_t count, bool scratch)
{
	if (!read_parts(reader, slot, (char *)list, count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if ((list[i].id == REGION_PREDEFINED) != scratch)
			return replay_not_a(reader, slot, scratch ? "of the scratch page" : "of regions alone: one has the id 0");
	}
	return true;
}

/* Regions, and the last of them the scratch page, where there is one. */
static bool read_regions(struct replay_reader *reader, const struct replay_slot *slot)
{
	struct regions *regions = arena_alloc(&reader->arena, sizeof(*regions));
	size_t count = json_array_size(slot->value);

	replay_store_pointer(slot, regions);
	if (!json_is_array(slot->value))
		return replay_not_a(reader, slot, "a list");
	regions->list = arena_alloc(&reader->arena, (count + 1) * sizeof(*regions->list));
	regions->list[count] = reader->scratch;
	regions->count = regions->cap = count + (reader->scratch.size > 0);
	return read_list_of_regions(reader, slot, regions->list, count, false);
}

/* What is left of the scratch page, in its place. */
static bool read_scratch(struct replay_reader *reader, const struct replay_slot *slot)
{
	size_t count = json_array_size(slot->value), others;
	struct regions *regions;
	struct region *list;

	memcpy(&regions, slot->member, sizeof(regions));
	if (!json_is_array(slot->value) || regions == NULL)
		return replay_not_a(reader, slot, "a list beside one of regions");
	others = regions->count - (reader->scratch.size > 0);
	list = arena_alloc(&reader->arena, (others + count) * sizeof(*list));
	memcpy(list, regions->list, others * sizeof(*list));
	*regions = (struct regions){ list, others + count, others + count };
	return read_list_of_regions(reader, slot, list + others, count, true);
}

/* Those that are made of others; the rest are replay_values. */
static bool (*const parts[FIELD_KINDS])(struct replay_reader *, const struct replay_slot *) = {
	[FIELD_OBJECT] = read_object,   [FIELD_POINTER] = read_pointer,     [FIELD_INLINE] = read_pointer,
	[FIELD_LIST] = read_list,       [FIELD_ARRAY] = read_array,         [FIELD_NAMES] = read_names,
	[FIELD_FLAGS] = read_flags,     [FIELD_MAPS] = read_maps,           [FIELD_BEFORE] = read_maps,
	[FIELD_REGIONS] = read_regions, [FIELD_OLD_REGIONS] = read_regions, [FIELD_SCRATCH] = read_scratch,
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
static bool is_told(const struct replay_slot *slot)
{
	const struct event_field *field = slot->field, *last = field - 1;

	return field > slot->shape->fields && last->kind == FIELD_NAMED && last->offset == field->offset &&
	       event_signed(slot->member, field->size) != 0;
}

static void set_guards(const struct event_shape *shape, const json_t *from, char *object)
{
	for (size_t i = 0; i < shape->count; i++) {
		const struct event_field *field = &shape->fields[i];

		if (field->guard_mask == 1 << true && is_derived(shape, field->guard) &&
		    json_object_get(from, field->name) != NULL)
			*(bool *)(object + field->guard) = true;
	}
}

static bool read_field(struct replay_reader *reader, struct replay_slot *slot)
{
	const struct event_field *field = slot->field;
	uint8_t guard = *((uint8_t *)slot->object + field->guard);

	if (field->guard_mask != 0 && (guard >= 8 || (field->guard_mask >> guard & 1) == 0))
		return true;
	slot->value = field->kind == FIELD_INLINE ? slot->from : json_object_get(slot->from, field->name);
	if (slot->value == NULL)
		return may_miss(field) || replay_wrong(reader, "%s: the field %s is missing", slot->shape->name, field->name);
	return is_told(slot) || (parts[field->kind] != NULL ? parts : replay_values)[field->kind](reader, slot);
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

	set_guards(shape, from, object);
	for (size_t i = 0; i < shape->count; i++) {
		const struct event_field *field = &shape->fields[i];
		struct replay_slot slot = { shape, field, from, NULL, object, (char *)object + field->offset };

		if (field->kind == FIELD_DERIVED)
			continue;
		if (!read_field(reader, &slot))
			return false;
	}
	return type != OBJECT_MAPPING || check_mapping(reader, object);
}
