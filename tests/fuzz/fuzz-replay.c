/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as recorded events.  What can be read is shown by every report, without a control for the terminal; and what
 * JSON makes of it, read again, must be the same JSON.
 */
#include "base/buf.h"
#include "report/report.h"
#include "run/judge.h"
#include "run/replay.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REPORTS = 5 };

static void require(bool held)
{
	if (!held)
		abort();
}

/*
 * Shows what can be read; json is what the JSON report makes of it.  *agrees: no event contradicts another.  Returns what the
 * reader says at the end.
 */
static int show(const void *data, size_t size, struct buf *json, bool *agrees)
{
	static const struct report_options options[REPORTS] = {
		{ 0 }, { .full = true, .explain = true }, { .symbolic = true, .full = true }, { .symbolic = true, .explain = true }, { 0 },
	};
	static const struct report_class *const classes[REPORTS] = { &report_json, &report_text, &report_text, &report_tap,
		                                                     &report_text };
	int fd = memfd_create("events", 0), got;
	struct report *reports[REPORTS];
	const struct event *event;
	struct buf out = { 0 };

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
	struct replay *replay = replay_open(fd, "events");
	struct judge *judge = judge_new();

	*agrees = true;
	for (unsigned i = 0; i < REPORTS; i++)
		reports[i] = report_new(classes[i], &options[i]);
	while ((got = replay_next(replay, &event)) > 0) {
		*agrees = *agrees && judge_event(judge, event) == NULL;
		for (unsigned i = 0; i < REPORTS; i++)
			reports[i]->class->event(reports[i], event, i == 0 ? json : &out);
	}
	require((got < 0) == (replay_problem(replay)[0] != '\0') && replay_next(replay, &event) == got);
	require(memchr(buf_text(json), '\033', json->len) == NULL && memchr(buf_text(&out), '\033', out.len) == NULL);
	for (unsigned i = 0; i < REPORTS; i++)
		report_free(reports[i]);
	judge_free(judge);
	replay_close(replay);
	buf_fini(&out);
	close(fd);
	return got;
}

static void find_snapshot(const void *data, size_t size)
{
	int fd = memfd_create("events", 0);
	struct smaps smaps = { 0 };
	bool detailed;
	struct event_snapshot about;

	require(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
	struct replay *replay = replay_open(fd, "events");
	int error = replay_snapshot(replay, &smaps, &detailed, &about);

	require(error <= 0 && (error != 0 || about.name != NULL));
	replay_close(replay);
	smaps_fini(&smaps);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf json = { 0 }, again = { 0 };
	bool agrees, still;

	if (show(data, size, &json, &agrees) == 0) {
		require(show(json.data, json.len, &again, &still) == 0 && agrees == still);
		require(json.len == again.len && memcmp(json.data, again.data, json.len) == 0);
	}
	find_snapshot(data, size);
	buf_fini(&json);
	buf_fini(&again);
	return 0;
}
