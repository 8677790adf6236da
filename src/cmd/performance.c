/* SPDX-License-Identifier: MIT */
/* The options that say how statements are performed: what run and shell share. */
#include "cmd/performance.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/diag.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const struct {
	const char *name;
	int resource;
} limit_names[] = {
	{ "as", RLIMIT_AS },       { "data", RLIMIT_DATA },   { "memlock", RLIMIT_MEMLOCK },
	{ "stack", RLIMIT_STACK }, { "fsize", RLIMIT_FSIZE },
};

/* The message has a place and a caret: it is shown as it is, and not as one of argp's. */
static error_t define(struct performance *self, const char *arg)
{
	struct buf problem = { 0 };
	struct interp_definition made;
	int error = interp_define(arg, &made, &problem);

	if (error < 0)
		diag_error("%s", buf_text(&problem));
	buf_fini(&problem);
	if (error < 0)
		return EINVAL;
	for (size_t i = 0; i < self->options.definition_count; i++) {
		struct interp_definition *old = &self->definitions[i];

		/* The last one counts. */
		if (strcmp(old->name, made.name) == 0) {
			free(old->name);
			free(old->text);
			*old = made;
			return 0;
		}
	}
	self->definitions = alloc_grow(self->definitions, &self->definition_cap, self->options.definition_count + 1,
	                               sizeof(*self->definitions));
	self->definitions[self->options.definition_count++] = made;
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
static error_t inject(struct performance *self, struct argp_state *state, const char *arg)
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
		alloc_grow(self->injections, &self->injection_cap, self->options.injection_count + 1, sizeof(made));
	self->injections[self->options.injection_count++] = made;
	return 0;
}

/* KIND=SIZE */
static error_t limit(struct performance *self, struct argp_state *state, const char *arg)
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
	/* The last of a kind is the one: a second could not go above the first. */
	for (size_t i = 0; i < self->options.rlimit_count; i++) {
		if (self->limits[i].resource == made.resource) {
			self->limits[i] = made;
			return 0;
		}
	}
	self->limits = alloc_grow(self->limits, &self->limit_cap, self->options.rlimit_count + 1, sizeof(made));
	self->limits[self->options.rlimit_count++] = made;
	return 0;
}

static error_t timeout(struct performance *self, struct argp_state *state, const char *arg)
{
	const double longest = 1000000;
	char *end;
	double seconds = strtod(arg, &end);

	/* The negation refuses what is not a number as well. */
	if (end == arg || *end != '\0' || !(seconds >= 0.001 && seconds <= longest)) {
		argp_error(state, "--timeout: %s: not a time in seconds (try 5 or 0.5)", arg);
		return EINVAL;
	}
	self->options.limits.timeout_ms = (unsigned)(seconds * 1000 + 0.5);
	return 0;
}

error_t performance_parse(int key, char *arg, struct argp_state *state, struct performance *self)
{
	switch (key) {
	case 'D':
		return define(self, arg);
	case PERFORMANCE_INJECT:
		return inject(self, state, arg);
	case PERFORMANCE_LIMIT:
		return limit(self, state, arg);
	case PERFORMANCE_ALLOW_WRITE:
		self->options.allow_write = true;
		return 0;
	case PERFORMANCE_TIMEOUT:
		return timeout(self, state, arg);
	case PERFORMANCE_MAX_TOUCH:
		return command_size(state, "--max-touch", arg, &self->options.limits.max_touch);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

void performance_plan(const struct performance *self, struct plan *plan)
{
	plan->performance = self->options;
	plan->performance.definitions = self->definitions;
	plan->performance.injections = self->injections;
	plan->performance.rlimits = self->limits;
}

void performance_fini(struct performance *self)
{
	for (size_t i = 0; i < self->options.definition_count; i++) {
		free(self->definitions[i].name);
		free(self->definitions[i].text);
	}
	free(self->definitions);
	free(self->injections);
	free(self->limits);
}
