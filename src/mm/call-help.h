/* SPDX-License-Identifier: MIT */
/* What the calls of the language are for, what they return, and why they usually fail: in words. */
#ifndef MMTOOL_MM_CALL_HELP_H
#define MMTOOL_MM_CALL_HELP_H

#include "mm/call.h"

/* By what a call is for; in the order in which help shows them. */
enum call_topic {
	TOPIC_MAP,
	TOPIC_PROTECT,
	TOPIC_ADVISE,
	TOPIC_LOCK,
	TOPIC_FILE,
	TOPIC_SHARED,
	TOPIC_PROCESS,
	TOPIC_MEMORY,
	TOPIC_COUNT,
};

/* Lines are separated by newlines; none ends with one. */
struct call_help {
	uint8_t topic;       /* enum call_topic */
	const char *summary; /* one sentence, without its full stop */
	const char *result;  /* what it returns; NULL: 0 */
	const char *notes;   /* what a reader of the man page may miss; NULL: none */
	const char *errors;  /* "EINVAL: words", one a line; NULL: none that is usual */
};

/* call_help[id] is the row of enum call_id. */
extern const struct call_help call_help[CALL_ID_COUNT];
/* What a topic is called. */
extern const char *const call_topics[TOPIC_COUNT];

#endif
