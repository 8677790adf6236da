/* SPDX-License-Identifier: MIT */
/* why: explains failed calls in the output of strace. */
#include "base/alloc.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/size.h"
#include "cmd/command.h"
#include "run/why-line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options {
	const char **inputs; /* lines, and names of files; borrowed */
	size_t count, cap;
	const char *maps;
	uint64_t page;       /* 0: this machine's */
	bool list;
};

enum { OPTION_MAPS = 3072, OPTION_PAGE_SIZE, OPTION_LIST };

enum {
	READ_SIZE = 64 * 1024,
	LONGEST_LINE = 16 << 20, /* strace shows as much of a buffer as it is told to (-s) */
};

static const struct argp_option options[] = {
	{ "maps", OPTION_MAPS, "PID|FILE", 0, "Look at the address space of that process, as it is now, or of a saved maps or smaps", 0 },
	{ "page-size", OPTION_PAGE_SIZE, "SIZE", 0, "The page size of the machine that the lines are of (this machine's)", 0 },
	{ "list", OPTION_LIST, NULL, 0, "List the rules: their ids, the errors that they explain, and what they say", 0 },
	{ 0 },
};

static error_t parse_page(struct options *self, const char *arg, struct argp_state *state)
{
	error_t error = command_size(state, "--page-size", arg, &self->page);

	if (error != 0 || (self->page & (self->page - 1)) == 0)
		return error;
	argp_error(state, "--page-size: %s: not a power of two", arg);
	return EINVAL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	switch (key) {
	case OPTION_MAPS:
		self->maps = arg;
		return 0;
	case OPTION_PAGE_SIZE:
		return parse_page(self, arg, state);
	case OPTION_LIST:
		self->list = true;
		return 0;
	case ARGP_KEY_ARG:
		self->inputs = alloc_grow(self->inputs, &self->cap, self->count + 1, sizeof(*self->inputs));
		self->inputs[self->count++] = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void fini(void *input)
{
	free(((struct options *)input)->inputs);
}

/* What was seen, and how it came out. */
struct work {
	struct why_lines *lines;
	const struct event_sink *sink;
	uint64_t explained, unexplained, others; /* failed calls; others: of which mmtool has no rules */
	int status;
};

static void note(const struct work *work, const char *text)
{
	struct event event = { .type = EVENT_NOTE };

	event.note = (struct event_note){ .source = { .file = "why", .text = "" }, .text = text };
	work->sink->take(work->sink->context, &event);
}

static enum why_line take(struct work *work, const char *text, size_t len)
{
	enum why_line came = why_lines_take(work->lines, text, len);

	work->explained += came == WHY_LINE_EXPLAINED;
	work->unexplained += came == WHY_LINE_UNEXPLAINED;
	work->others += came == WHY_LINE_UNKNOWN;
	return came;
}

/* A line that was given by itself is answered in any case. */
static int take_argument(struct work *work, const char *line, char **problem)
{
	struct buf text = { 0 };

	why_lines_begin(work->lines, "argument");
	switch (take(work, line, strlen(line))) {
	case WHY_LINE_NOISE:
		buf_escape(&text, line, strlen(line), 0);
		buf_puts(&text, ": no call with its result, of those that mmtool knows (try 'munmap(0x7f0000000000, 0) = -1 EINVAL')");
		*problem = alloc_string(text.data, text.len);
		buf_fini(&text);
		return STATUS_USAGE;
	case WHY_LINE_SUCCEEDED:
		note(work, "The call succeeded: no rule was broken.");
		return STATUS_OK;
	case WHY_LINE_UNKNOWN:
		note(work, "mmtool has no rules of that call, or the line names no error.");
		return STATUS_FAILED;
	case WHY_LINE_EXPLAINED:
	case WHY_LINE_UNEXPLAINED:
		break;
	}
	return STATUS_OK;
}

/* What is wrong with a file: "NAME: cannot be read: WHY", or opened. */
static int fail(const char *name, const char *done, const char *why, const char *hint, char **problem)
{
	struct buf text = { 0 };

	buf_escape(&text, name, strlen(name), 0);
	buf_printf(&text, ": cannot be %s: %s%s", done, why, hint);
	*problem = alloc_string(text.data, text.len);
	buf_fini(&text);
	return STATUS_TOOL;
}

/* Takes the whole lines of text off it; the first searched bytes have no newline. */
static void take_lines(struct work *work, struct buf *text, size_t searched)
{
	const char *newline;
	size_t at = 0;

	while ((newline = memchr(text->data + searched, '\n', text->len - searched)) != NULL) {
		size_t end = (size_t)(newline - text->data);

		take(work, text->data + at, end - at);
		at = searched = end + 1;
	}
	memmove(text->data, text->data + at, text->len - at);
	text->len -= at;
}

/* Lines are answered as they come. */
static int take_stream(struct work *work, int fd, const char *name, char **problem)
{
	struct buf text = { 0 };
	int status = STATUS_OK;
	ssize_t got;

	why_lines_begin(work->lines, name);
	do {
		got = file_read(fd, buf_reserve(&text, READ_SIZE), READ_SIZE);
		if (got > 0) {
			text.len += (size_t)got;
			take_lines(work, &text, text.len - (size_t)got);
		} else if (got < 0) {
			status = fail(name, "read", strerror((int)-got), "", problem);
		}
		if (status == STATUS_OK && text.len > LONGEST_LINE)
			status = fail(name, "read", "it has a line longer than 16M, and is no output of strace", "", problem);
	} while (got > 0 && status == STATUS_OK);
	if (text.len > 0 && status == STATUS_OK)
		take(work, text.data, text.len);
	buf_fini(&text);
	return status;
}

static int take_file(struct work *work, const char *name, char **problem)
{
	int fd = file_open(name, O_RDONLY | O_NOCTTY);

	if (fd < 0)
		return fail(name, "opened", strerror(-fd), " (a line to explain has a parenthesis)", problem);
	int status = take_stream(work, fd, name, problem);

	close(fd);
	return status;
}

static int take_inputs(struct work *work, const struct options *self, char **problem)
{
	int worst = STATUS_OK;
	bool streams = self->count == 0;

	if (self->count == 0)
		worst = take_stream(work, STDIN_FILENO, "standard input", problem);
	for (size_t i = 0; i < self->count && worst != STATUS_TOOL && worst != STATUS_USAGE; i++) {
		const char *input = self->inputs[i];
		bool line = strchr(input, '(') != NULL || strstr(input, "--- SIG") != NULL;
		int status = line                        ? take_argument(work, input, problem)
		             : strcmp(input, "-") == 0 ? take_stream(work, STDIN_FILENO, "standard input", problem)
		                                       : take_file(work, input, problem);

		streams |= !line;
		worst = status > worst ? status : worst;
	}
	if (worst == STATUS_OK && streams && work->explained + work->unexplained == 0)
		note(work, "There is no failed call among the lines, of those that mmtool explains.");
	return worst != STATUS_OK ? worst : work->unexplained > 0 ? STATUS_FAILED : STATUS_OK;
}

static int produce(const void *input, const struct event_sink *sink, char **problem)
{
	const struct options *self = input;
	struct why_world world = { .page = self->page != 0 ? self->page : size_page() };
	struct why_space *space = NULL;
	int status = STATUS_TOOL;

	if (self->maps == NULL || why_space_open(&space, self->maps, &world, problem) == 0) {
		struct work work = { .lines = why_lines_new(&world, sink), .sink = sink };

		status = take_inputs(&work, self, problem);
		why_lines_free(work.lines);
	}
	why_space_close(space);
	return status;
}

static bool prints(const void *input)
{
	return ((const struct options *)input)->list;
}

static int print(const void *input, struct buf *out)
{
	(void)input;
	why_add_rules(out);
	return STATUS_OK;
}

const struct command cmd_why = {
	.name = "why",
	.args = "[LINE|FILE...]",
	.summary = "say why calls in the output of strace failed",
	.doc = "A LINE is one of strace's output, as in `mmtool why 'munmap(0x7f0000000000, 0) = -1 EINVAL'; it has a parenthesis. "
	       "Any other argument is a FILE of such lines; - and no argument are standard input: `strace -f PROGRAM 2>&1 | mmtool "
	       "why'. The exit status is 1 when a failed call could not be explained.",
	.group = COMMAND_LOOK,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct options),
	.fini = fini,
	.produce = produce,
	.live = true,
	.prints = prints,
	.print = print,
};
