/* SPDX-License-Identifier: MIT */
/* Shows events as JSON, one object a line: walks the table of mm/event-field.h, and leaves nothing out. */
#include "report/report.h"
#include "report/sentence.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"
#include "mm/event-field.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/*
 * What the stream has told of a process: its maps and its regions after the last step that looked.  Where the next
 * step begins with others, its event says with which, so that a reader knows both ends of every delta.
 */
struct told {
	pid_t pid;
	struct maps maps;
	bool known;       /* the maps are */
	bool covered;     /* the mappings of its regions are */
	uint64_t regions; /* a digest; 0: none */
};

struct json {
	struct report base;
	struct told *told;
	size_t count, cap;
	struct region scratch;     /* the scratch page, whole; size 0: there is none */
	const struct event *event; /* the one in hand */
	const struct maps *cover;  /* where the mappings of the regions in hand are looked up */
	bool covered;              /* those of regions that the step in hand left alone were told */
	struct buf *out;
};

/* The field of an object in hand. */
struct place {
	const struct event_field *field;
	const char *object, *member;
};

static void add_object(struct json *json, enum event_object type, const void *object);

static struct told *find_told(struct json *json, pid_t pid)
{
	for (size_t i = 0; i < json->count; i++) {
		if (json->told[i].pid == pid)
			return &json->told[i];
	}
	json->told = alloc_grow(json->told, &json->cap, json->count + 1, sizeof(*json->told));
	json->told[json->count] = (struct told){ .pid = pid };
	return &json->told[json->count++];
}

static void forget_all(struct json *json)
{
	for (size_t i = 0; i < json->count; i++)
		maps_fini(&json->told[i].maps);
	json->count = 0;
}

static void begin(struct json *json, const struct event_start *start)
{
	forget_all(json);
	json->scratch = (struct region){ .name = "scratch",
		                         .id = REGION_PREDEFINED,
		                         .start = start->scratch_start,
		                         .size = start->scratch_end - start->scratch_start };
}

/* FNV-1a. */
static uint64_t digest_add(uint64_t digest, const void *data, size_t len)
{
	const unsigned char *at = data;

	for (size_t i = 0; i < len; i++)
		digest = (digest ^ at[i]) * UINT64_C(0x100000001b3);
	return digest;
}

/* 0 for none, as for a process that was not told of. */
static uint64_t digest_of(const struct regions *regions)
{
	uint64_t digest = 0;

	for (size_t i = 0; i < regions->count; i++) {
		const struct region *region = &regions->list[i];

		digest = digest_add(digest + 1, region->name, strlen(region->name) + 1);
		digest = digest_add(digest, &region->id, sizeof(region->id));
		digest = digest_add(digest, &region->start, sizeof(region->start));
		digest = digest_add(digest, &region->size, sizeof(region->size));
		digest = digest_add(digest, &region->cut, sizeof(region->cut));
	}
	return digest;
}

static void tell_maps(struct json *json, pid_t pid, const struct maps *maps)
{
	struct told *told = find_told(json, pid);

	told->known = true;
	maps_assign(&told->maps, maps);
}

static void tell_start(struct json *json, const struct event_start *start)
{
	const struct regions scratch = { &json->scratch, json->scratch.size > 0, 1 };

	if (start->maps != NULL)
		tell_maps(json, start->pid, start->maps);
	find_told(json, start->pid)->regions = digest_of(&scratch);
}

static void tell_step(struct json *json, const struct event_step *step)
{
	uint64_t regions = digest_of(step->new_regions);

	if (step->looked)
		tell_maps(json, step->pid, step->after);
	struct told *told = find_told(json, step->pid);

	told->covered = step->looked || (told->covered && regions == told->regions);
	told->regions = regions;
}

static const void *pointer(const struct place *place)
{
	return *(const void *const *)(const void *)place->member;
}

static bool maps_told(const struct told *told, const struct maps *maps)
{
	return maps == NULL || (told->known && maps_same(maps, &told->maps));
}

/* Whether all of the scratch page is where it was at the start, under its name. */
static bool scratch_whole(const struct json *json, const struct regions *regions)
{
	const struct region *region = regions_find(regions, json->scratch.start);

	return json->scratch.size == 0 || (region != NULL && region->id == REGION_PREDEFINED &&
	                                   region->start == json->scratch.start && region->size == json->scratch.size);
}

/* Whether the member is the regions after the step, not those before. */
static bool is_after(const struct place *place)
{
	return place->field->offset == offsetof(struct event_step, new_regions);
}

static bool regions_told(struct json *json, bool after)
{
	const struct event_step *step = &json->event->step;

	if (!after)
		return digest_of(step->old_regions) == find_told(json, step->pid)->regions;
	return !step->looked && digest_of(step->new_regions) == digest_of(step->old_regions);
}

/* Whether it is a region after the step that is as it was before, with the mappings that it had. */
static bool left_alone(const struct json *json, const struct region *region)
{
	const struct event_step *step = &json->event->step;
	const struct region *old = regions_find(step->old_regions, region->start);
	uint64_t end = region->start + region->size;

	if (old == NULL || old->id != region->id || old->start != region->start || old->size != region->size)
		return false;
	for (size_t i = 0; i < step->delta->line_count; i++) {
		const struct mapping *mapping = step->delta->lines[i].mapping;

		if (mapping->start < end && mapping->end > region->start)
			return false;
	}
	return true;
}

/* Whether the stream has told what this field of a step would say. */
static bool was_told(struct json *json, const struct place *place)
{
	switch ((enum field_kind)place->field->kind) {
	case FIELD_BEFORE:
		return maps_told(find_told(json, json->event->step.pid), pointer(place));
	case FIELD_OLD_REGIONS:
	case FIELD_REGIONS:
		return regions_told(json, is_after(place));
	case FIELD_SCRATCH:
		return regions_told(json, is_after(place)) || scratch_whole(json, pointer(place));
	case FIELD_COVER:
		return json->cover == NULL || (json->covered && left_alone(json, (const void *)place->object));
	default:
		return false;
	}
}

/* The member that says how long or what kind. */
static uint64_t other(const struct place *place)
{
	return event_unsigned(place->object + place->field->other, place->field->other_size);
}

static uint64_t number(const struct place *place)
{
	return event_unsigned(place->member, place->field->size);
}

/* A string, and beside it the bytes where they are no UTF-8. */
static void add_string(struct json *json, const struct place *place, const char *text, size_t len)
{
	json_text(json->out, text, len);
	if (utf8_valid(text, len))
		return;
	json_next(json->out);
	buf_printf(json->out, "\"%s_hex\":", place->field->name);
	json_hex(json->out, text, len);
}

static void add_list(struct json *json, enum event_object type, const void *list, size_t count)
{
	const char *at = list;

	buf_putc(json->out, '[');
	for (size_t i = 0; i < count; i++) {
		json_next(json->out);
		buf_putc(json->out, '{');
		add_object(json, type, at + i * event_shapes[type].size);
		buf_putc(json->out, '}');
	}
	buf_putc(json->out, ']');
}

static void write_format(struct json *json, const struct place *place)
{
	(void)place;
	json_unsigned(json->out, EVENT_FORMAT);
}

static void write_bool(struct json *json, const struct place *place)
{
	buf_puts(json->out, *(const bool *)place->member ? "true" : "false");
}

static void write_unsigned(struct json *json, const struct place *place)
{
	json_unsigned(json->out, number(place));
}

static void write_signed(struct json *json, const struct place *place)
{
	json_signed(json->out, event_signed(place->member, place->field->size));
}

static void write_address(struct json *json, const struct place *place)
{
	json_address(json->out, number(place));
}

static void write_length(struct json *json, const struct place *place)
{
	json_unsigned(json->out, other(place) - number(place));
}

static void write_range(struct json *json, const struct place *place)
{
	buf_putc(json->out, '{');
	json_key(json->out, "start");
	json_address(json->out, number(place));
	json_key(json->out, "end");
	json_address(json->out, other(place));
	json_key(json->out, "size");
	write_length(json, place);
	buf_putc(json->out, '}');
}

static void write_device(struct json *json, const struct place *place)
{
	buf_printf(json->out, "\"%02x:%02x\"", (unsigned)number(place), (unsigned)other(place));
}

static void write_text(struct json *json, const struct place *place)
{
	add_string(json, place, pointer(place), strlen(pointer(place)));
}

static void write_bytes(struct json *json, const struct place *place)
{
	add_string(json, place, pointer(place), (size_t)other(place));
}

static void write_chars(struct json *json, const struct place *place)
{
	add_string(json, place, place->member, strlen(place->member));
}

static void write_char(struct json *json, const struct place *place)
{
	add_string(json, place, place->member, 1);
}

static void write_named(struct json *json, const struct place *place)
{
	int64_t value = event_signed(place->member, place->field->size);
	const char *name = constant_name((enum constant_group)place->field->of, value);

	if (name != NULL)
		json_text(json->out, name, strlen(name));
	else
		json_signed(json->out, value);
}

static void write_word(struct json *json, const struct place *place)
{
	const char *word = event_word((enum event_words)place->field->of, (unsigned)number(place));

	json_text(json->out, word != NULL ? word : "", word != NULL ? strlen(word) : 0);
}

static void write_result(struct json *json, const struct place *place)
{
	const struct event_call *call = (const void *)place->object;

	if (call->result_kind == RESULT_ADDRESS && call->error == 0)
		json_address(json->out, (uint64_t)call->result);
	else
		json_signed(json->out, call->result);
}

/* An argument as what it means: descriptors are ints, whatever the upper half of the register held. */
static void write_value(struct json *json, const struct place *place)
{
	const struct call_arg *kind = (const void *)(place->object + place->field->other);
	uint64_t value = number(place);

	switch ((enum arg_kind)kind->kind) {
	case ARG_ADDRESS:
	case ARG_STRING:
	case ARG_BUFFER:
		json_address(json->out, value);
		break;
	case ARG_FD:
	case ARG_DIRFD:
		json_signed(json->out, (int32_t)(uint32_t)value);
		break;
	case ARG_INT:
	case ARG_OFFSET:
	case ARG_PLACE:
		json_signed(json->out, (int64_t)value);
		break;
	default:
		json_unsigned(json->out, value);
	}
}

static void write_arg_text(struct json *json, const struct place *place)
{
	const struct event_arg *arg = (const void *)place->object;
	struct buf text = { 0 };

	call_format_arg(&text, &arg->kind, arg->value, arg->string, arg->string_len);
	add_string(json, place, buf_text(&text), text.len);
	buf_fini(&text);
}

static void write_sentence(struct json *json, const struct place *place)
{
	struct event_view view = event_view(json->event);
	const struct sentence_context context = { view.before, view.after, view.old_regions, view.new_regions };
	struct buf text = { 0 };

	sentence_change(&text, (const void *)place->object, &context);
	add_string(json, place, buf_text(&text), text.len);
	buf_fini(&text);
}

static void write_object(struct json *json, const struct place *place)
{
	buf_putc(json->out, '{');
	add_object(json, (enum event_object)place->field->of, place->member);
	buf_putc(json->out, '}');
}

static void write_pointer(struct json *json, const struct place *place)
{
	buf_putc(json->out, '{');
	add_object(json, (enum event_object)place->field->of, pointer(place));
	buf_putc(json->out, '}');
}

static void write_inline(struct json *json, const struct place *place)
{
	add_object(json, (enum event_object)place->field->of, pointer(place));
}

static void write_list(struct json *json, const struct place *place)
{
	add_list(json, (enum event_object)place->field->of, pointer(place), (size_t)other(place));
}

static void write_array(struct json *json, const struct place *place)
{
	add_list(json, (enum event_object)place->field->of, place->member, (size_t)other(place));
}

static void write_names(struct json *json, const struct place *place)
{
	const char *const *names = (const void *)place->member;

	buf_putc(json->out, '[');
	for (size_t i = 0; i < place->field->of && names[i] != NULL; i++) {
		json_next(json->out);
		json_text(json->out, names[i], strlen(names[i]));
	}
	buf_putc(json->out, ']');
}

static void write_flags(struct json *json, const struct place *place)
{
	const char *at = place->member;

	buf_putc(json->out, '[');
	while (*at != '\0') {
		size_t len = strcspn(at, " ");

		json_next(json->out);
		json_text(json->out, at, len);
		at += len + (at[len] == ' ');
	}
	buf_putc(json->out, ']');
}

/* So many mappings of a snapshot, from one on. */
static void add_mappings(struct json *json, struct maps_place from, size_t count)
{
	buf_putc(json->out, '[');
	for (; count > 0; count--, maps_forward(&from)) {
		json_next(json->out);
		buf_putc(json->out, '{');
		add_object(json, OBJECT_MAPPING, from.at);
		buf_putc(json->out, '}');
	}
	buf_putc(json->out, ']');
}

static void write_maps(struct json *json, const struct place *place)
{
	const struct maps *maps = pointer(place);

	add_mappings(json, maps_place(maps, 0), maps->count);
}

/* Whether the stream has told, for all regions, which mappings they had before the step. */
static bool mappings_told(struct json *json, const struct event_step *step)
{
	const struct told *told = find_told(json, step->pid);

	return told->covered && told->regions == digest_of(step->old_regions) && maps_told(told, step->before);
}

/* Those that are the scratch page, or those that are not. */
static void add_regions(struct json *json, const struct place *place, bool scratch)
{
	const struct event_step *step = &json->event->step;
	const struct regions *regions = pointer(place);

	json->cover = is_after(place) ? step->after : step->before;
	json->covered = is_after(place) && step->looked && step->delta != NULL && mappings_told(json, step);
	buf_putc(json->out, '[');
	for (size_t i = 0; i < regions->count; i++) {
		if ((regions->list[i].id == REGION_PREDEFINED) != scratch)
			continue;
		json_next(json->out);
		buf_putc(json->out, '{');
		add_object(json, OBJECT_REGION, &regions->list[i]);
		buf_putc(json->out, '}');
	}
	buf_putc(json->out, ']');
}

/* The scratch page is no script's: it is there to name addresses. */
static void write_regions(struct json *json, const struct place *place)
{
	add_regions(json, place, false);
}

static void write_scratch(struct json *json, const struct place *place)
{
	add_regions(json, place, true);
}

/* The mappings that a region touches. */
static void write_cover(struct json *json, const struct place *place)
{
	const struct region *region = (const void *)place->object;
	static const struct maps none;
	const struct maps *cover = json->cover != NULL ? json->cover : &none;
	size_t count;

	maps_mapped(cover, region->start, region->size, &count);
	add_mappings(json, maps_place(cover, region->start), count);
}

static void (*const writers[])(struct json *, const struct place *) = {
	[FIELD_FORMAT] = write_format,     [FIELD_BOOL] = write_bool,         [FIELD_UNSIGNED] = write_unsigned,
	[FIELD_SIGNED] = write_signed,     [FIELD_ADDRESS] = write_address,   [FIELD_LENGTH] = write_length,
	[FIELD_RANGE] = write_range,       [FIELD_DEVICE] = write_device,     [FIELD_TEXT] = write_text,
	[FIELD_BYTES] = write_bytes,       [FIELD_CHARS] = write_chars,       [FIELD_CHAR] = write_char,
	[FIELD_NAMED] = write_named,       [FIELD_WORD] = write_word,         [FIELD_RESULT] = write_result,
	[FIELD_VALUE] = write_value,       [FIELD_ARG_TEXT] = write_arg_text, [FIELD_SENTENCE] = write_sentence,
	[FIELD_OBJECT] = write_object,     [FIELD_POINTER] = write_pointer,   [FIELD_INLINE] = write_inline,
	[FIELD_LIST] = write_list,         [FIELD_ARRAY] = write_array,       [FIELD_NAMES] = write_names,
	[FIELD_FLAGS] = write_flags,
	[FIELD_MAPS] = write_maps,         [FIELD_BEFORE] = write_maps,       [FIELD_REGIONS] = write_regions,
	[FIELD_OLD_REGIONS] = write_regions, [FIELD_SCRATCH] = write_scratch, [FIELD_COVER] = write_cover,
};

/* Adds the fields of an object, without its braces. */
static void add_object(struct json *json, enum event_object type, const void *object)
{
	const struct event_shape *shape = &event_shapes[type];

	for (size_t i = 0; i < shape->count; i++) {
		const struct event_field *field = &shape->fields[i];
		const struct place place = { field, object, (const char *)object + field->offset };

		if (!event_field_present(field, object) || was_told(json, &place))
			continue;
		if (field->kind != FIELD_INLINE)
			json_key(json->out, field->name);
		writers[field->kind](json, &place);
	}
}

static void take(struct report *report, const struct event *event, struct buf *out)
{
	struct json *json = (struct json *)report;
	const char *type = event_word(WORDS_TYPE, event->type);

	json->event = event;
	json->out = out;
	if (event->type == EVENT_START)
		begin(json, &event->start);
	buf_putc(out, '{');
	json_key(out, "type");
	json_text(out, type, strlen(type));
	add_object(json, (enum event_object)event->type, (const char *)event + event_offset(event->type));
	buf_puts(out, "}\n");
	if (event->type == EVENT_START)
		tell_start(json, &event->start);
	else if (event->type == EVENT_STEP)
		tell_step(json, &event->step);
}

static void fini(struct report *report)
{
	struct json *json = (struct json *)report;

	forget_all(json);
	free(json->told);
}

const struct report_class report_json = {
	.name = "json",
	.size = sizeof(struct json),
	.event = take,
	.fini = fini,
};
