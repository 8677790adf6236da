/* SPDX-License-Identifier: MIT */
/* The fields that events are made of: report/json.c writes by this table, and a reader of recorded events reads by it. */
#ifndef MMTOOL_MM_EVENT_FIELD_H
#define MMTOOL_MM_EVENT_FIELD_H

#include "mm/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The version of the recorded form.  A new field does not change it; another meaning of an old one does. */
enum { EVENT_FORMAT = 1 };

enum event_object {
	OBJECT_START, /* first the events, in the order of enum event_type */
	OBJECT_STEP,
	OBJECT_NOTE,
	OBJECT_SNAPSHOT,
	OBJECT_CHANGES, /* of an event: what changed; OBJECT_DELTA is the change itself */
	OBJECT_GROWTH,
	OBJECT_COST,
	OBJECT_VERDICT,
	OBJECT_END,
	OBJECT_SOURCE,
	OBJECT_CALL,
	OBJECT_ARGUMENT,
	OBJECT_FAULT,
	OBJECT_CHECK,
	OBJECT_OPERAND,
	OBJECT_TALLY,
	OBJECT_DELTA,
	OBJECT_LINE,
	OBJECT_CHANGE,
	OBJECT_REGION,
	OBJECT_MAPPING,
	OBJECT_PAGES,
	OBJECT_PAGE_REGION,
	OBJECT_PAGE_RUN,
	OBJECT_GAP,
	OBJECT_TOTAL,
	OBJECT_COUNTER,
	OBJECT_DETAIL,
	OBJECT_SMAPS,
	OBJECT_VMFLAG,
	OBJECT_COUNT,
};

/* What a field's member is, and how it stands in JSON. */
enum field_kind {
	FIELD_DERIVED,   /* any member; not written: a reader makes it of what else it knows */
	FIELD_FORMAT,    /* no member: EVENT_FORMAT */
	FIELD_BOOL,      /* bool */
	FIELD_UNSIGNED,  /* an unsigned integer of size bytes; beyond 2^53 a string of decimal digits */
	FIELD_SIGNED,    /* int32_t or int64_t; likewise */
	FIELD_ADDRESS,   /* uint64_t: "0x…" */
	FIELD_LENGTH,    /* two uint64_t, start and end, that another field shows: their difference, for readers */
	FIELD_RANGE,     /* two uint64_t, start and end: {"start", "end", "size"} */
	FIELD_DEVICE,    /* two uint32_t: "08:01", as in maps */
	FIELD_TEXT,      /* const char *, NUL-terminated, or NULL */
	FIELD_BYTES,     /* const char *, as long as the member at other says */
	FIELD_CHARS,     /* an array of char, NUL-terminated */
	FIELD_CHAR,      /* a char: a string of one */
	FIELD_NAMED,     /* an integer of size bytes: its name in constant group of; the number when it has none */
	FIELD_WORD,      /* uint8_t: its word in list of (enum event_words) */
	FIELD_RESULT,    /* int64_t: an address when the enum call_result at other says so, and no error; else a number */
	FIELD_VALUE,     /* an argument's uint64_t: an address or a number, as the struct call_arg at other says */
	FIELD_ARG_TEXT,  /* no member: an argument in strace's form; added by the writer */
	FIELD_SENTENCE,  /* no member: a change in plain words, "" when another change's say it; added by the writer */
	FIELD_OBJECT,    /* a struct in place: object of */
	FIELD_POINTER,   /* a pointer to one, or NULL */
	FIELD_INLINE,    /* a pointer to one, whose fields stand here */
	FIELD_LIST,      /* a pointer to an array of object of, as long as the member at other says */
	FIELD_ARRAY,     /* an array in place, likewise */
	FIELD_NAMES,     /* an array in place of const char *, of them, NULL-padded: a list of strings */
	FIELD_FLAGS,     /* an array of char, words separated by spaces: a list of strings */
	FIELD_MAPS,      /* const struct maps *: a list of mappings */
	FIELD_BEFORE,    /* the same, when these are not what the stream last told of the process */
	FIELD_REGIONS,   /* const struct regions *: a list of regions, without the scratch page; when looked, or when they changed */
	FIELD_OLD_REGIONS, /* the same, when these are not what the stream last told of the process */
	FIELD_SCRATCH,   /* the regions of one of these, where it is there: what is left of the scratch page, when that is not all */
	FIELD_COVER,     /* no member: the mappings that a region touches, when somebody looked; added by the writer */
	FIELD_KINDS,
};

/* Enumerations whose values have a word of ours. */
enum event_words {
	WORDS_TYPE,    /* enum event_type */
	WORDS_STEP,    /* enum step_kind */
	WORDS_NOTE,    /* enum note_subject */
	WORDS_VERDICT, /* enum verdict */
	WORDS_CHANGE,  /* enum change_kind */
	WORDS_KIND,    /* enum mapping_kind */
	WORDS_ARG,     /* enum arg_kind */
	WORDS_GROUP,   /* enum constant_group */
	WORDS_RESULT,  /* enum call_result */
	WORDS_PAGE,    /* enum page_kind */
	WORDS_FRAME,   /* enum page_frame_change */
	WORDS_UNIT,    /* enum counter_unit */
	WORDS_COUNT,
};

/* The name stands in the row itself, so that the table needs no relocation when the program starts. */
struct event_field {
	char name[17];       /* "" for FIELD_DERIVED and FIELD_INLINE */
	uint8_t kind;        /* enum field_kind */
	uint8_t of;          /* what the kind says: an enum event_object, event_words, constant_group, or a count */
	bool optional;       /* left out when it is 0, NULL or empty; an object in place: when its first member is NULL */
	uint8_t guard_mask;  /* 0: always there; else only when bit N is set, N the byte at guard */
	uint8_t size;        /* of the member, in bytes */
	uint8_t other_size;  /* of the member at other; 0: there is none */
	uint16_t offset, other, guard; /* of members in the object's struct, in bytes */
};

struct event_shape {
	char name[12];       /* as in the schema's $defs */
	uint16_t size;       /* of the struct, in bytes */
	const struct event_field *fields;
	size_t count;
};

/* By enum event_object. */
extern const struct event_shape event_shapes[OBJECT_COUNT];

/* Where in struct event the struct of that type stands, in bytes. */
size_t event_offset(enum event_type type);

/* The word of a value, or NULL when the enumeration has no such value. */
const char *event_word(enum event_words list, unsigned value);

/* An unsigned integer member of size 1, 2, 4 or 8. */
uint64_t event_unsigned(const void *member, size_t size);
/* A signed one of size 4 or 8. */
int64_t event_signed(const void *member, size_t size);

/* Whether an object has the field: its guard, and, for an optional one, its value. */
bool event_field_present(const struct event_field *field, const void *object);

#endif
