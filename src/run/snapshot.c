/* SPDX-License-Identifier: MIT */
/* Takes snapshots of processes, and reads those that were saved. */
#include "run/snapshot.h"

#include "base/alloc.h"
#include "base/diag.h"
#include "base/file.h"
#include "run/record.h"
#include "run/replay.h"
#include "run/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Mappings in one event: its line of JSON stays below a megabyte. */
enum { PART = 2048 };

static char *copy(const char *text)
{
	return alloc_string(text, strlen(text));
}

/* Whether a file begins as JSON does: 1, 0 or -errno.  The byte that says so is the first of the rest, or read again. */
static int is_json(struct target *target)
{
	char first;
	ssize_t got = target->pid == 0 ? file_read(target->fd, &first, 1) : 0;

	if (got <= 0)
		return (int)got;
	if (lseek(target->fd, -1, SEEK_CUR) < 0)
		buf_add(&target->rest, &first, 1);
	return first == '{';
}

/* The first snapshot among recorded events. */
static int read_json(struct snapshot *snapshot, struct target *target, char **problem)
{
	const char *name = strcmp(target->name, "-") == 0 ? "standard input" : target->name;
	struct replay *replay = replay_open(target->fd, name);
	struct event_snapshot about = { 0 };

	replay_begin_with(replay, buf_text(&target->rest), target->rest.len);
	int error = replay_snapshot(replay, &snapshot->smaps, &snapshot->detailed, &about);

	if (error < 0) {
		*problem = copy(replay_problem(replay));
	} else {
		snapshot->about.pid = about.pid;
		snapshot->about.time = about.time;
		if (about.command != NULL)
			snapshot->about.command = snapshot->command = copy(about.command);
	}
	replay_close(replay);
	return error;
}

/* What was asked for must be there. */
static int check(const struct snapshot *snapshot, const struct target *target, bool json, char **problem)
{
	struct buf text = { 0 };

	if (snapshot->detailed)
		return 0;
	target_add_name(&text, target);
	buf_puts(&text, json ? ": a snapshot without --detail does not say what is resident"
	                     : ": a maps file does not say what is resident (save /proc/PID/smaps instead)");
	*problem = text.data;
	return -EINVAL;
}

int snapshot_read(struct snapshot *snapshot, const char *name, bool smaps, char **problem)
{
	struct target target;
	bool json;
	int error = target_open(&target, name, smaps ? "smaps" : "maps", problem);

	if (error < 0)
		return error;
	snapshot->about = (struct event_snapshot){ .name = target.name, .pid = target.pid };
	error = is_json(&target);
	json = error > 0;
	if (error < 0)
		*problem = target_problem(&target, error);
	else if (json)
		error = read_json(snapshot, &target, problem);
	else
		error = target_smaps(&target, &snapshot->smaps, &snapshot->detailed, problem);
	if (error == 0 && smaps)
		error = check(snapshot, &target, json, problem);
	/* Of a maps file the time is when it was read, which says nothing of what is in it. */
	if (target.pid != 0) {
		snapshot->about.time = target.time;
		snapshot->about.command = snapshot->command = target.command;
		target.command = NULL;
	}
	target_close(&target);
	return error;
}

void snapshot_fini(struct snapshot *snapshot)
{
	free(snapshot->command);
	smaps_fini(&snapshot->smaps);
	*snapshot = (struct snapshot){ 0 };
}

static void add_details(struct event_snapshot *event, const struct smaps_record *records, size_t count, struct arena *arena)
{
	arena_reset(arena);
	struct event_smaps *details = arena_alloc(arena, count * sizeof(*details));

	for (size_t i = 0; i < count; i++)
		record_tell(&details[i], &records[i], arena);
	event->details = details;
	event->detail_count = count;
}

/* One after another, and at least one. */
static void send(const struct snapshot *snapshot, const struct event_sink *sink)
{
	const struct maps *all = &snapshot->smaps.maps;
	struct maps part = { 0 };
	struct event event = { .type = EVENT_SNAPSHOT, .snapshot = snapshot->about };
	struct arena arena = { 0 };
	size_t at = 0;

	event.snapshot.maps = &part;
	do {
		part.list = all->list + at;
		part.count = all->count - at < PART ? all->count - at : PART;
		if (snapshot->detailed)
			add_details(&event.snapshot, snapshot->smaps.list + at, part.count, &arena);
		at += part.count;
		event.snapshot.more = at < all->count;
		sink->take(sink->context, &event);
		event.snapshot.part++;
	} while (at < all->count);
	arena_fini(&arena);
}

int snapshot_run(const char *name, bool detail, const struct event_sink *sink, char **problem)
{
	struct snapshot snapshot = { 0 };
	int error = snapshot_read(&snapshot, name, detail, problem);

	if (error == 0)
		send(&snapshot, sink);
	snapshot_fini(&snapshot);
	return error == 0 ? STATUS_OK : STATUS_TOOL;
}
