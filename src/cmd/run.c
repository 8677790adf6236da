/* SPDX-License-Identifier: MIT */
/* run: scripts from files, from standard input, or from the command line. */
#include "base/alloc.h"
#include "base/diag.h"
#include "cmd/command.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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
	struct interp_options how; /* but for these, which grow */
	struct interp_definition *definitions;
	size_t definition_cap;
	struct interp_injection *injections;
	size_t injection_cap;
	struct interp_limit *limits;
	size_t limit_cap;
};

enum {
	OPTION_KEEP_GOING = 512,
	OPTION_INJECT,
	OPTION_ALLOW_WRITE,
	OPTION_TIMEOUT,
	OPTION_MAX_TOUCH,
	OPTION_LIMIT,
	OPTION_TAP,
};

static const struct argp_option options[] = {
	{ NULL, 'e', "STATEMENTS", 0, "Run these statements, as if they were a file's", 0 },
	{ NULL, 'D', "NAME=EXPR", 0, "Define a name for the scripts; EXPR is made of literals and constants", 0 },
	{ "keep-going", OPTION_KEEP_GOING, NULL, 0, "Go on after a step that failed", 0 },
	{ "tap", OPTION_TAP, NULL, 0, "Print test points: short for --format=tap", 0 },
	{ "inject", OPTION_INJECT, "CALL:ERRNO[:N]", 0,
	  "Have the N-th such call of a script, or each, fail with that error without being made", 0 },
	{ "limit", OPTION_LIMIT, "as|data|memlock|stack|fsize=SIZE", 0, "Set a resource limit of the subject", 0 },
	{ "allow-write", OPTION_ALLOW_WRITE, NULL, 0, "Let scripts open files for writing", 0 },
	{ "timeout", OPTION_TIMEOUT, "SECONDS", 0, "Kill a process whose statement takes longer (60)", 0 },
	{ "max-touch", OPTION_MAX_TOUCH, "SIZE", 0, "Kill a process that touches more memory (1G)", 0 },
	{ 0 },
};

static const struct {
	const char *name;
	int resource;
} limit_names[] = {
	{ "as", RLIMIT_AS },       { "data", RLIMIT_DATA },   { "memlock", RLIMIT_MEMLOCK },
	{ "stack", RLIMIT_STACK }, { "fsize", RLIMIT_FSIZE },
};

static void add(struct options *self, const char *text, bool inline_statements)
{
	self->inputs = alloc_grow(self->inputs, &self->cap, self->count + 1, sizeof(*self->inputs));
	self->inputs[self->count++] = (struct input){ text, inline_statements };
}

/* The message has a place and a caret: it is shown as it is, and not as one of argp's. */
static error_t define(struct options *self, const char *arg)
{
	struct buf problem = { 0 };
	struct interp_definition made;
	int error = interp_define(arg, &made, &problem);

	if (error < 0)
		diag_error("%s", buf_text(&problem));
	buf_fini(&problem);
	if (error < 0)
		return EINVAL;
	for (size_t i = 0; i < self->how.definition_count; i++) {
		struct interp_definition *old = &self->definitions[i];

		/* The last one counts. */
		if (strcmp(old->name, made.name) == 0) {
			free(old->name);
			free(old->text);
			*old = made;
			return 0;
		}
	}
	self->definitions = alloc_grow(self->definitions, &self->definition_cap, self->how.definition_count + 1,
	                               sizeof(*self->definitions));
	self->definitions[self->how.definition_count++] = made;
	return 0;
}

/* A decimal number of digits alone; false when there is none, or it is too large. */
static bool number(const char *text, uint64_t *value)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return *end == '\0' && errno == 0;
}

/* CALL:ERRNO[:N] */
static error_t inject(struct options *self, struct argp_state *state, const char *arg)
{
	const char *colon = strchrnul(arg, ':');
	const char *error = *colon == ':' ? colon + 1 : colon;
	const char *second = strchrnul(error, ':');
	const struct call *call = call_find(arg, (size_t)(colon - arg));
	const struct constant *constant = constant_find(error, (size_t)(second - error));
	struct interp_injection made = { .call = call };
	const char *problem = NULL;

	if (call == NULL)
		problem = "no call of the script language (write CALL:ERRNO[:N], as in mremap:ENOMEM:2)";
	else if (call->class == CALL_MEMORY || call->class == CALL_WAIT)
		problem = "no system call, and cannot fail";
	else if (constant == NULL || constant->group != GROUP_ERRNO || constant->absent)
		problem = "no such error (write CALL:ERRNO[:N], as in mremap:ENOMEM:2)";
	else if (*second == ':' && (!number(second + 1, &made.nth) || made.nth == 0))
		problem = "N is the number of a call, from 1";
	if (problem != NULL) {
		argp_error(state, "--inject: %s: %s", arg, problem);
		return EINVAL;
	}
	made.error = (int)constant->value;
	self->injections =
		alloc_grow(self->injections, &self->injection_cap, self->how.injection_count + 1, sizeof(made));
	self->injections[self->how.injection_count++] = made;
	return 0;
}

/* KIND=SIZE */
static error_t limit(struct options *self, struct argp_state *state, const char *arg)
{
	const char *equals = strchrnul(arg, '=');
	struct interp_limit made = { .resource = -1 };

	for (size_t i = 0; i < sizeof(limit_names) / sizeof(limit_names[0]); i++) {
		const char *name = limit_names[i].name;

		if (strlen(name) == (size_t)(equals - arg) && memcmp(name, arg, strlen(name)) == 0)
			made.resource = limit_names[i].resource;
	}
	if (made.resource < 0 || *equals == '\0') {
		argp_error(state, "--limit: %s: not a limit (try as=64M, data=, memlock=, stack= or fsize=)", arg);
		return EINVAL;
	}
	/* 0 is a limit too. */
	if (strcmp(equals + 1, "0") != 0 && command_size(state, "--limit", equals + 1, &made.bytes) != 0)
		return EINVAL;
	self->limits = alloc_grow(self->limits, &self->limit_cap, self->how.rlimit_count + 1, sizeof(made));
	self->limits[self->how.rlimit_count++] = made;
	return 0;
}

static error_t timeout(struct options *self, struct argp_state *state, const char *arg)
{
	const double longest = 1000000;
	char *end;
	double seconds = strtod(arg, &end);

	/* The negation refuses what is not a number as well. */
	if (end == arg || *end != '\0' || !(seconds >= 0.001 && seconds <= longest)) {
		argp_error(state, "--timeout: %s: not a time in seconds (try 5 or 0.5)", arg);
		return EINVAL;
	}
	self->how.limits.timeout_ms = (unsigned)(seconds * 1000);
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	switch (key) {
	case 'e':
		add(self, arg, true);
		return 0;
	case 'D':
		return define(self, arg);
	case OPTION_KEEP_GOING:
		self->how.keep_going = true;
		return 0;
	case OPTION_TAP:
		self->tap = true;
		return 0;
	case OPTION_INJECT:
		return inject(self, state, arg);
	case OPTION_LIMIT:
		return limit(self, state, arg);
	case OPTION_ALLOW_WRITE:
		self->how.allow_write = true;
		return 0;
	case OPTION_TIMEOUT:
		return timeout(self, state, arg);
	case OPTION_MAX_TOUCH:
		return command_size(state, "--max-touch", arg, &self->how.limits.max_touch);
	case ARGP_KEY_ARG:
		add(self, arg, false);
		return 0;
	case ARGP_KEY_END:
		if (self->count > 0)
			return 0;
		argp_error(state, "no script given (try a FILE, - for standard input, or -e 'STATEMENTS')");
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void fini(void *input)
{
	struct options *self = input;

	for (size_t i = 0; i < self->how.definition_count; i++) {
		free(self->definitions[i].name);
		free(self->definitions[i].text);
	}
	free(self->definitions);
	free(self->injections);
	free(self->limits);
	free(self->inputs);
}

static int read_all(int fd, struct buf *text)
{
	for (;;) {
		char *to = buf_reserve(text, 64 * 1024);
		ssize_t got = read(fd, to, 64 * 1024);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			return 0;
		text->len += got > 0 ? (size_t)got : 0;
	}
}

static int read_file(const char *name, struct buf *text)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	int error = read_all(fd, text);

	close(fd);
	return error;
}

static int plan(const void *input, struct plan *out, char **problem)
{
	const struct options *self = input;
	struct buf message = { 0 };
	int error = 0;

	out->tap = self->tap;
	out->performance = self->how;
	out->performance.definitions = self->definitions;
	out->performance.injections = self->injections;
	out->performance.rlimits = self->limits;
	for (size_t i = 0; i < self->count && error == 0; i++) {
		const struct input *from = &self->inputs[i];
		bool standard = !from->inline_statements && strcmp(from->text, "-") == 0;
		struct buf *text = plan_add(out, from->inline_statements ? "-e" : from->text);

		out->from_stdin |= standard;
		if (from->inline_statements)
			buf_puts(text, from->text);
		else
			error = standard ? read_all(STDIN_FILENO, text) : read_file(from->text, text);
		if (error < 0) {
			buf_escape(&message, from->text, strlen(from->text), 0);
			buf_printf(&message, ": cannot be read: %s", strerror(-error));
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
