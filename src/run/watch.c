/* SPDX-License-Identifier: MIT */
/* Watches a live process by reading its maps again and again, no more than a small share of the time. */
#include "run/watch.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/diag.h"
#include "mm/flagged.h"
#include "mm/smaps.h"
#include "run/life.h"
#include "run/target.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	SHARE = 50,        /* of the time that passes, one part in so many is spent at most: 2 % */
	TORN_READS = 8,    /* how often a reading that is out of order is made again at once */
	LEAVING_MS = 1000, /* how long a process that has lost its address space is given to end */
};

static const uint64_t second = 1000 * 1000 * 1000;

struct watch {
	const struct watch_options *options;
	const struct event_sink *sink;
	struct target target;
	struct life life;
	struct smaps smaps[2]; /* without detail only their maps are valid */
	unsigned current;      /* the one of them that was told last; the other is read into */
	struct delta delta;
	uint64_t told;         /* deltas */
	uint64_t zero;         /* when the first reading began: times are told from here */
	uint64_t looked;       /* when the last good reading began */
	uint64_t next;         /* when the next is due */
	uint64_t cost;         /* processor time that a reading takes, and all that it brings, averaged */
	uint64_t interval;     /* as the reader of the report knows it */
	int signals;           /* signalfd */
	char *problem;         /* why it cannot go on, when that is told already */
};

enum wake { WAKE_TIME, WAKE_ENDED, WAKE_STOP, WAKE_FAILED };

static void send_note(struct watch *w, struct event_note *note, uint64_t from)
{
	struct event event = { .type = EVENT_NOTE };

	note->pid = w->target.pid;
	note->time = (int64_t)clock_ns(CLOCK_REALTIME);
	note->from = from - w->zero;
	note->to = clock_ns(CLOCK_MONOTONIC) - w->zero;
	event.note = *note;
	w->sink->take(w->sink->context, &event);
}

/* Of a smaps, all that is resident; else 0. */
static uint64_t resident(const struct watch *w, const struct smaps *smaps)
{
	uint64_t bytes = 0;

	for (size_t i = 0; w->options->detail && i < smaps->maps.count; i++)
		bytes += smaps->list[i].figures[SMAPS_RSS];
	return bytes;
}

static void send_snapshot(struct watch *w)
{
	const struct target *target = &w->target;
	struct event event = { .type = EVENT_SNAPSHOT };

	event.snapshot = (struct event_snapshot){ .name = target->name, .pid = target->pid, .command = target->command,
		                                  .time = target->time, .interval = w->interval,
		                                  .resident = resident(w, &w->smaps[w->current]),
		                                  .maps = &w->smaps[w->current].maps };
	w->sink->take(w->sink->context, &event);
}

/* The maps that were read are not those that were told. */
static void send_delta(struct watch *w, uint64_t from)
{
	const struct smaps *before = &w->smaps[w->current], *after = &w->smaps[!w->current];
	struct event event = { .type = EVENT_DELTA };

	delta_compute(&w->delta, &before->maps, &after->maps, NULL, NULL, NULL);
	if (w->options->detail)
		flagged_compare(&w->delta, before, after);
	event.delta = (struct event_delta){ .pid = w->target.pid, .time = (int64_t)clock_ns(CLOCK_REALTIME), .watched = true,
		                            .from = from - w->zero, .to = clock_ns(CLOCK_MONOTONIC) - w->zero,
		                            .flags_looked = w->options->detail, .old_resident = resident(w, before),
		                            .resident = resident(w, after), .delta = &w->delta,
		                            .before = &before->maps, .after = &after->maps };
	w->sink->take(w->sink->context, &event);
	w->told++;
}

static bool same_text(const struct buf *a, const struct buf *b)
{
	return a->len > 0 && a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* Parses what was read.  1: it is other than what was told; 0: it is not; -EINVAL: it was torn. */
static int parse(struct watch *w)
{
	struct smaps *old = &w->smaps[w->current], *new = &w->smaps[!w->current];

	if (!w->options->detail)
		return same_text(&old->maps.text, &new->maps.text) ? 0 : maps_parse(&new->maps, NULL) == 0 ? 1 : -EINVAL;
	if (smaps_parse(new, NULL) < 0)
		return -EINVAL;
	delta_reset(&w->delta);
	return !same_text(&old->maps.text, &new->maps.text) || flagged_compare(&w->delta, old, new) > 0;
}

/*
 * Reads the mappings once more.  1: they are other than what was told; 0: they are not; -EAGAIN: they were torn each time; or
 * -errno.
 */
static int read_maps(struct watch *w)
{
	struct smaps *smaps = &w->smaps[!w->current];

	for (unsigned i = 0; i < TORN_READS; i++) {
		int result = target_again(&w->target);

		if (result == 0)
			result = target_read(&w->target, w->options->detail ? &smaps->text : &smaps->maps.text, 0);
		if (result < 0)
			return result;
		result = parse(w);
		if (result >= 0)
			return result;
	}
	return -EAGAIN;
}

/*
 * How long from one reading to the next: as the user said, or longer, so that the readings have no more than their share
 * of the time.  It is processor time that counts: what a reading waits for, nobody else waits for.  A longer interval is
 * told, and a shorter one again, when it differs much from what was told last.
 */
static void schedule(struct watch *w, uint64_t start, uint64_t cost)
{
	struct event_note note = { .subject = NOTE_INTERVAL };
	struct buf text = { 0 };

	w->cost = w->cost == 0 ? cost : (3 * w->cost + cost) / 4;
	uint64_t least = w->cost * SHARE, interval = least > w->options->interval ? least : w->options->interval;

	w->next = start + interval;
	if (interval <= w->interval + w->interval / 2 && interval + interval / 2 >= w->interval)
		return;
	w->interval = interval;
	note.interval = interval;
	buf_printf(&text, "a reading takes %.1f ms: from now on one every ", (double)w->cost / 1e6);
	/* Three digits are enough, and no exponent is wanted. */
	buf_printf(&text, interval < 1000 * second ? "%.3g s" : "%.0f s", (double)interval / 1e9);
	if (interval > w->options->interval)
		buf_printf(&text, ", to stay at %d %% of the time", 100 / SHARE);
	note.text = buf_text(&text);
	send_note(w, &note, clock_ns(CLOCK_MONOTONIC));
	buf_fini(&text);
}

/* Sleeps until the next reading is due, or something else is to be done.  WAKE_FAILED: errno says why. */
static enum wake rest(struct watch *w)
{
	struct pollfd files[] = {
		{ .fd = w->life.pidfd, .events = POLLIN },
		{ .fd = w->signals, .events = POLLIN },
		{ .fd = w->sink->reader > 0 ? w->sink->reader : -1 },
	};

	for (;;) {
		uint64_t now = clock_ns(CLOCK_MONOTONIC), left = w->next > now ? w->next - now : 0;
		const struct timespec time = { .tv_sec = (time_t)(left / second), .tv_nsec = (long)(left % second) };
		int ready = ppoll(files, sizeof(files) / sizeof(files[0]), &time, NULL);

		if (ready == 0)
			return WAKE_TIME;
		if (ready > 0)
			return files[0].revents != 0 ? WAKE_ENDED : WAKE_STOP;
		if (errno != EINTR)
			return WAKE_FAILED;
	}
}

static const char *signal_name(int signo, char *number, size_t size)
{
	const char *name = constant_name(GROUP_SIGNAL, signo);

	if (name == NULL)
		snprintf(number, size, "signal %d", signo);
	return name != NULL ? name : number;
}

static void tell_end(struct watch *w, uint64_t from)
{
	struct event_note note = { .subject = NOTE_ENDED };
	struct buf text = { 0 };
	char number[32];
	int status, known = life_status(&w->life, &status);

	if (known < 0) {
		buf_printf(&text, "it ended; how is not known, for its status could not be read: %s", strerror(-known));
	} else if (known == 0) {
		buf_puts(&text, "it ended; how, only its parent may know");
	} else if (WIFSIGNALED(status)) {
		note.signal = WTERMSIG(status);
		buf_printf(&text, "it was killed by %s%s", signal_name(note.signal, number, sizeof(number)),
		           WCOREDUMP(status) ? ", with a core dump" : "");
	} else {
		note.exited = true;
		note.status = WEXITSTATUS(status);
		buf_printf(&text, "it exited with status %d", note.status);
	}
	note.text = buf_text(&text);
	send_note(w, &note, from);
	buf_fini(&text);
}

static void tell_exec(struct watch *w)
{
	struct event_note note = { .subject = NOTE_EXECED };
	struct buf text = { 0 }, name = { 0 };

	int error = life_add_command(&name, &w->life);

	buf_puts(&text, "it replaced its program (exec)");
	if (name.len > 0) {
		note.command = buf_text(&name);
		buf_printf(&text, " by %s", note.command);
	} else if (error < 0 && error != -ESRCH) {
		buf_printf(&text, " by one whose name could not be read (%s)", strerror(-error));
	}
	buf_puts(&text, ": the mappings that were watched are gone");
	note.text = buf_text(&text);
	send_note(w, &note, w->looked);
	buf_fini(&text);
	buf_fini(&name);
}

/* Whether the watch is over because the process is not any more what it was; then that is told.  gone: as for life_look(). */
static bool is_over(struct watch *w, bool gone)
{
	const struct timespec moment = { .tv_nsec = 1000 * 1000 };
	enum life_state state = life_look(&w->life, gone);

	for (unsigned i = 0; i < LEAVING_MS && state == LIFE_LEAVING; i++) {
		nanosleep(&moment, NULL);
		state = life_look(&w->life, gone);
	}
	if (state == LIFE_EXECED)
		tell_exec(w);
	else if (state == LIFE_ENDED)
		tell_end(w, w->looked);
	else if (state == LIFE_LEAVING)
		send_note(w, &(struct event_note){ .subject = NOTE_LEAVING,
		                                   .text = "it has no mappings any more: it is ending, and has not ended yet" },
		          w->looked);
	return state != LIFE_SAME;
}

/* One reading, and what it brings.  1: go on; 0: the watch is over; or -errno. */
static int look(struct watch *w)
{
	uint64_t start = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	int changed = read_maps(w);

	if (changed < 0 && changed != -ESRCH && changed != -EAGAIN)
		return changed;
	/* Asked after the reading, so that nothing of a new program is told as a change of the old one's. */
	if (is_over(w, changed == -ESRCH))
		return 0;
	if (changed > 0) {
		send_delta(w, w->looked);
		w->current = !w->current;
	}
	/* What a torn reading has not seen happened since the good one before it. */
	if (changed >= 0)
		w->looked = start;
	schedule(w, start, clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu);
	return w->options->deltas == 0 || w->told < w->options->deltas;
}

static int watch(struct watch *w)
{
	for (;;) {
		enum wake wake = rest(w);

		if (wake == WAKE_FAILED)
			return target_fail(&w->target, "ppoll", "", -errno, &w->problem);
		if (wake == WAKE_STOP)
			return 0;
		if (wake == WAKE_ENDED) {
			tell_end(w, clock_ns(CLOCK_MONOTONIC));
			return 0;
		}
		int more = look(w);

		if (more <= 0)
			return more;
	}
}

/* Opens the process and reads it for the first time. */
static int begin(struct watch *w, char **problem)
{
	/* Held first, so that what is opened then by its number is of the same process. */
	int held = life_open(&w->life, (pid_t)strtol(w->options->name, NULL, 10));
	int error = target_open(&w->target, w->options->name, w->options->detail ? "smaps" : "maps", problem);

	if (error < 0)
		return error;
	if (held < 0 && held != -ESRCH)
		return target_fail(&w->target, "open", "", held, problem);
	error = held == 0 ? life_begin(&w->life) : held;
	if (error < 0 && error != -ESRCH)
		return target_fail(&w->target, "open or read", "stat", error, problem);
	w->zero = w->looked = clock_ns(CLOCK_MONOTONIC);
	uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	if (error == 0)
		error = read_maps(w);
	w->cost = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	if (error < 0)
		*problem = target_problem(&w->target, error);
	w->current = !w->current;
	return error;
}

/* Those of the signals that are blocked: they are noticed here, and left pending. */
static int open_signals(void)
{
	static const int wanted[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t blocked, some;

	sigemptyset(&some);
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (sigismember(&blocked, wanted[i]) == 1)
			sigaddset(&some, wanted[i]);
	}
	return signalfd(-1, &some, SFD_CLOEXEC);
}

int watch_run(const struct watch_options *options, const struct event_sink *sink, char **problem)
{
	struct watch w = { .options = options, .sink = sink, .interval = options->interval, .life = { .pidfd = -1, .directory = -1 } };
	int error = begin(&w, problem);

	if (error >= 0) {
		w.signals = open_signals();
		error = w.signals < 0 ? target_fail(&w.target, "signalfd", "", -errno, problem) : 0;
	}
	if (error >= 0) {
		send_snapshot(&w);
		schedule(&w, w.zero, w.cost);
		error = watch(&w);
		if (error < 0)
			*problem = w.problem != NULL ? w.problem : target_problem(&w.target, error);
		close(w.signals);
	}
	delta_fini(&w.delta);
	smaps_fini(&w.smaps[0]);
	smaps_fini(&w.smaps[1]);
	life_close(&w.life);
	target_close(&w.target);
	return error < 0 ? STATUS_TOOL : STATUS_OK;
}
