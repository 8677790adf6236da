/* SPDX-License-Identifier: MIT */
/* report: shows recorded events again. */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/file.h"
#include "cmd/command.h"
#include "run/judge.h"
#include "run/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct options {
	const char *file;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (self->file != NULL)
			return ARGP_ERR_UNKNOWN;
		self->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (self->file != NULL)
			return 0;
		argp_error(state, "no file given (try the FILE of events that --format=json printed, or - for standard input)");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static char *copy(const char *text)
{
	return alloc_string(text, strlen(text));
}

static int open_file(const char *name, char **problem)
{
	int fd = file_open(name, O_RDONLY);
	struct buf message = { 0 };

	if (fd >= 0)
		return fd;

	buf_escape(&message, name, strlen(name), 0);
	buf_printf(&message, ": cannot be opened: %s", strerror(-fd));
	*problem = copy(buf_text(&message));
	buf_fini(&message);
	return -1;
}

/* The next event that agrees with those before it; returns as replay_next() does. */
static int next(struct replay *replay, struct judge *judge, const struct event **event)
{
	int got = replay_next(replay, event);
	const char *wrong = got > 0 ? judge_event(judge, *event) : NULL;

	return wrong == NULL ? got : replay_refuse(replay, wrong);
}

/* Shows them one by one.  Input that is no stream at all is the user's mistake; one that stops to be one is not. */
static int show_all(struct replay *replay, struct judge *judge, const struct event_sink *sink, char **problem)
{
	const struct event *event;
	bool any = false;
	int got;

	for (;;) {
		got = next(replay, judge, &event);
		const char *remark = replay_remark(replay);

		if (remark != NULL)
			diag_error("%s", remark);
		if (got <= 0)
			break;
		sink->take(sink->context, event);
		any = true;
	}
	if (got < 0)
		*problem = copy(replay_problem(replay));
	return got == 0 ? STATUS_OK : any || got == -EIO ? STATUS_TOOL : STATUS_USAGE;
}

static int produce(const void *input, const struct event_sink *sink, char **problem)
{
	const struct options *self = input;
	bool standard = strcmp(self->file, "-") == 0;
	int fd = standard ? STDIN_FILENO : open_file(self->file, problem);

	if (fd < 0)
		return STATUS_USAGE;
	struct replay *replay = replay_open(fd, standard ? "standard input" : self->file);
	struct judge *judge = judge_new();
	int status = show_all(replay, judge, sink, problem);

	judge_free(judge);
	replay_close(replay);
	if (!standard)
		close(fd);
	return status;
}

/* What was recorded with --detail is shown, as it is of a step. */
static void view(const void *input, struct report_options *report)
{
	(void)input;
	report->figures = true;
}

const struct command cmd_report = {
	.name = "report",
	.args = "FILE",
	.summary = "show recorded events again",
	.doc = "FILE has what a command printed with --format=json; - is standard input. They are shown as that command would have "
	       "shown them with the options given here. The exit status is 0 when all of them were shown, whatever they tell.",
	.group = COMMAND_LOOK,
	.parse = parse,
	.options_size = sizeof(struct options),
	.produce = produce,
	.view = view,
	.live = true,
	.steps = true,
};
