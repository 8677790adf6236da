/* SPDX-License-Identifier: MIT */
/* run: scripts from files, from standard input, or from the command line. */
#include "base/alloc.h"
#include "base/file.h"
#include "cmd/command.h"
#include "cmd/performance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A script: a file's name, or statements. */
struct input {
	const char *text;
	bool inline_statements;
};

struct options {
	struct input *inputs;
	size_t count, cap;
	bool tap;
	struct performance how;
};

enum {
	OPTION_KEEP_GOING = 512,
	OPTION_TAP,
};

static const struct argp_option options[] = {
	{ NULL, 'e', "STATEMENTS", 0, "Run these statements, as if they were a file's", 0 },
	{ "keep-going", OPTION_KEEP_GOING, NULL, 0, "Go on after a step that failed", 0 },
	{ "tap", OPTION_TAP, NULL, 0, "Print test points: short for --format=tap", 0 },
	PERFORMANCE_OPTIONS,
	{ 0 },
};

static void add(struct options *self, const char *text, bool inline_statements)
{
	self->inputs = alloc_grow(self->inputs, &self->cap, self->count + 1, sizeof(*self->inputs));
	self->inputs[self->count++] = (struct input){ text, inline_statements };
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	switch (key) {
	case 'e':
		add(self, arg, true);
		return 0;
	case OPTION_KEEP_GOING:
		self->how.options.keep_going = true;
		return 0;
	case OPTION_TAP:
		self->tap = true;
		return 0;
	case ARGP_KEY_ARG:
		add(self, arg, false);
		return 0;
	case ARGP_KEY_END:
		if (self->count > 0)
			return 0;
		argp_error(state, "no script given (try a FILE, - for standard input, or -e 'STATEMENTS')");
		return EINVAL;
	default:
		return performance_parse(key, arg, state, &self->how);
	}
}

static void fini(void *input)
{
	struct options *self = input;

	performance_fini(&self->how);
	free(self->inputs);
}

/* Of a script without an end (/dev/zero) no more is read than the longest that anybody may write: -EFBIG. */
static int read_all(int fd, struct buf *text)
{
	enum { LONGEST = 256 << 20 };

	while (text->len <= LONGEST) {
		char *to = buf_reserve(text, 64 * 1024);
		ssize_t got = file_read(fd, to, 64 * 1024);

		if (got <= 0)
			return (int)got;
		text->len += (size_t)got;
	}
	return -EFBIG;
}

static int read_file(const char *name, struct buf *text, const char **what)
{
	int fd = file_open(name, O_RDONLY);

	*what = "opened";
	if (fd < 0)
		return fd;
	*what = "read";
	int error = read_all(fd, text);

	close(fd);
	return error;
}

/* What a script from the command line is called: "-e", and "-e 2" when it is not the only one. */
static const char *inline_name(const struct options *self, size_t index, char *name, size_t size)
{
	size_t count = 0, before = 0;

	for (size_t i = 0; i < self->count; i++) {
		count += self->inputs[i].inline_statements;
		before += i < index && self->inputs[i].inline_statements;
	}
	snprintf(name, size, count > 1 ? "-e %zu" : "-e", before + 1);
	return name;
}

static int plan(const void *input, struct plan *out, char **problem)
{
	const struct options *self = input;
	struct buf message = { 0 };
	const char *what = "read";
	char name[32];
	int error = 0;

	out->tap = self->tap;
	performance_plan(&self->how, out);
	for (size_t i = 0; i < self->count && error == 0; i++) {
		const struct input *from = &self->inputs[i];
		bool standard = !from->inline_statements && strcmp(from->text, "-") == 0;
		struct buf *text = plan_add(out, from->inline_statements ? inline_name(self, i, name, sizeof(name)) : from->text);

		out->from_stdin |= standard;
		if (from->inline_statements)
			buf_puts(text, from->text);
		else
			error = standard ? read_all(STDIN_FILENO, text) : read_file(from->text, text, &what);
		if (error < 0) {
			buf_escape(&message, from->text, strlen(from->text), 0);
			buf_printf(&message, ": cannot be %s: %s", what, strerror(-error));
			*problem = alloc_string(buf_text(&message), message.len);
			buf_fini(&message);
		}
	}
	return error;
}

const struct command cmd_run = {
	.name = "run",
	.args = "FILE...",
	.summary = "perform scripts",
	.doc = "A script is what `mmtool grow --format=script' prints: system calls as a C programmer writes them, with "
	       "expectations between them. FILE - is standard input. Each script has a fresh process to itself.",
	.group = COMMAND_SCRIPT,
	.options = options,
	.parse = parse,
	.fini = fini,
	.options_size = sizeof(struct options),
	.plan = plan,
};
