/* SPDX-License-Identifier: MIT */
/* A session: parses what a command planned, has it performed, and writes the report. */
#include "app/session.h"

#include "app/output.h"
#include "app/shell.h"
#include "base/alloc.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/size.h"
#include "lang/program.h"
#include "lang/script.h"
#include "mm/constant.h"
#include "run/interp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	DEFAULT_TIMEOUT_MS = 60 * 1000,
	FORK_TIMEOUT_MS = 10 * 1000, /* for a process that does nothing but make subjects */
};

static const uint64_t default_max_touch = UINT64_C(1) << 30;

struct session {
	const struct common_options *options;
	enum format format;
	struct output output;
	struct report *report;
	int keyboard; /* where --step reads, or -1: go on without waiting */
};

static void take_event(void *context, const struct event *event)
{
	struct session *session = context;

	session->report->class->event(session->report, event, &session->output.buf);
	output_added(&session->output);
}

/* --step: prompts on standard error and waits for a line; at end of input it goes on without waiting. */
static void wait_for_enter(void *context, const struct event_source *source, pid_t pid)
{
	struct session *session = context;
	struct buf prompt = { 0 };
	char c = '\0';

	output_flush(&session->output);
	if (session->keyboard < 0)
		return;
	buf_printf(&prompt, "[pid %d] next: ", (int)pid);
	buf_escape(&prompt, source->text, source->text_len, 0);
	buf_puts(&prompt, "\n[Enter] ");
	(void)file_write(STDERR_FILENO, prompt.data, prompt.len);
	buf_fini(&prompt);
	while (c != '\n') {
		ssize_t got = read(session->keyboard, &c, 1);

		if (got == 0 || (got < 0 && errno != EINTR)) {
			(void)file_write(STDERR_FILENO, "\n", 1);
			session->keyboard = -1;
			return;
		}
	}
}

bool session_wants_color(enum color color, int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if (color != COLOR_AUTO)
		return color == COLOR_ALWAYS;
	return isatty(fd) == 1 && (no_color == NULL || no_color[0] == '\0') &&
	       (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

static int open_keyboard(const struct plan *plan, const struct common_options *options)
{
	if (!options->step)
		return -1;
	return plan->from_stdin ? file_open("/dev/tty", O_RDONLY) : STDIN_FILENO;
}

int session_worse(int a, int b)
{
	static const int order[] = { STATUS_OK, STATUS_UNSUPPORTED, STATUS_FAILED, STATUS_USAGE, STATUS_TOOL };
	size_t rank[2] = { 0, 0 };

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		rank[0] = order[i] == a ? i : rank[0];
		rank[1] = order[i] == b ? i : rank[1];
	}
	return rank[0] >= rank[1] ? a : b;
}

int session_status(enum verdict verdict)
{
	static const int status[] = { [VERDICT_PASSED] = STATUS_OK,
		                      [VERDICT_FAILED] = STATUS_FAILED,
		                      [VERDICT_UNSUPPORTED] = STATUS_UNSUPPORTED,
		                      [VERDICT_BROKEN] = STATUS_TOOL };

	return status[verdict];
}

/* How a process came to its end that no script had yet: it was to be a subject, or to make one. */
static void tell_end(const char *which, const struct process *process)
{
	struct buf end = { 0 };

	if (process->given_up) {
		buf_puts(&end, "did not answer as it should, and mmtool killed it");
	} else if (process_signal(process) != 0) {
		buf_puts(&end, "was killed by ");
		constant_format(&end, GROUP_SIGNAL, (uint64_t)process_signal(process));
	} else {
		buf_puts(&end, "ended");
	}
	diag_error("no subject can be made: the %s %s", which, buf_text(&end));
	buf_fini(&end);
}

static void tell_failure(const char *call, int error)
{
	diag_error("no subject can be made: %s: %s", call, strerror(error));
}

bool session_greets(struct process *first)
{
	const char *call;
	int error = process_greet(first, &call, NULL);

	if (error >= 0)
		return true;
	if (call != NULL)
		tell_failure(call, -error);
	else
		tell_end("new process", first);
	return false;
}

bool session_fork(struct process *first, struct process *subject, struct output *output)
{
	static const struct exchange_limits limits = { .timeout_ms = FORK_TIMEOUT_MS };
	int error = 0;
	enum exchange outcome = process_fork(first, subject, &error, &limits);
	int cause = errno;

	if (outcome == EXCHANGE_DONE && error == 0 && !subject->dead)
		return true;
	output_flush(output);
	switch (outcome) {
	case EXCHANGE_DONE:
		if (error != 0)
			tell_failure("fork", error);
		else
			tell_end("new process", subject);
		break;
	case EXCHANGE_BROKEN:
		tell_failure(first->failed, cause);
		break;
	case EXCHANGE_DIED:
		tell_end("process that makes them", first);
		break;
	case EXCHANGE_TIMEOUT:
	case EXCHANGE_TOUCHED:
	case EXCHANGE_STOPPED:
	case EXCHANGE_DYING:
	case EXCHANGE_CONFUSED:
		first->given_up = true;
		tell_end("process that makes them", first);
		break;
	}
	return false;
}

/* A script's subject: the first child itself when it is the only one that is needed, else made by it. */
static bool make_subject(struct session *session, struct process *first, bool only, struct process *subject)
{
	if (!only)
		return session_fork(first, subject, &session->output);
	*subject = *first;
	*first = (struct process){ .socket = -1, .dead = true };
	return true;
}

void session_limits(struct interp_options *options)
{
	if (options->limits.timeout_ms == 0)
		options->limits.timeout_ms = DEFAULT_TIMEOUT_MS;
	if (options->limits.max_touch == 0)
		options->limits.max_touch = default_max_touch;
}

static int perform(struct session *session, const struct interp_options *how, const struct script *script, bool several,
                   struct process *subject)
{
	const struct common_options *common = session->options;
	const struct event_sink sink = { .take = take_event, .context = session };
	struct interp_options options = *how;

	options.explain = common->report.explain;
	options.pages = common->report.pages && session->format != FORMAT_TAP;
	/* TAP shows none of it. */
	options.detail = common->detail && session->format != FORMAT_TAP;
	options.observer = common->observer;
	options.several = several;
	session_limits(&options);
	options.before_step = common->step ? wait_for_enter : NULL;
	options.context = session;
	char *problem = NULL;
	enum verdict verdict = interp_run(script, subject, &options, &sink, &problem);

	if (verdict == VERDICT_BROKEN) {
		output_flush(&session->output);
		diag_error("%s", problem);
	}
	free(problem);
	return session_status(verdict);
}

static int perform_all(struct session *session, const struct plan *plan, struct script *const *scripts,
                       struct process *first)
{
	size_t count = plan->count;
	int status = STATUS_OK;

	if (!session_greets(first))
		return STATUS_TOOL;
	for (size_t i = 0; i < count && status != STATUS_TOOL; i++) {
		struct process subject;
		int own = STATUS_TOOL;

		if (make_subject(session, first, count == 1, &subject))
			own = perform(session, &plan->performance, scripts[i], count > 1, &subject);
		status = session_worse(status, own);
	}
	process_end(first);
	/* A harness counts the points; a status beside them would be one more error. */
	if (session->format == FORMAT_TAP && status != STATUS_TOOL)
		status = STATUS_OK;
	take_event(session, &(struct event){ .type = EVENT_END, .status = status });
	return status;
}

/* All scripts are checked before the first statement of the first is performed. */
static int parse_all(const struct plan *plan, struct script **scripts)
{
	const struct interp_options *how = &plan->performance;
	struct definition *names = alloc_zeroed(how->definition_count, sizeof(*names));
	struct buf errors = { 0 };
	int status = STATUS_OK;

	for (size_t i = 0; i < how->definition_count; i++)
		names[i].name = how->definitions[i].name;
	for (size_t i = 0; i < plan->count; i++) {
		const struct source *source = &plan->sources[i];

		scripts[i] = script_parse(source->name, buf_text(&source->text), source->text.len, size_page(), names,
		                          how->definition_count, &errors);
		if (scripts[i] == NULL)
			status = STATUS_USAGE;
	}
	if (errors.len > 0)
		(void)file_write(STDERR_FILENO, errors.data, errors.len);
	buf_fini(&errors);
	free(names);
	return status;
}

const struct report_class *const session_reports[] = {
	[FORMAT_TEXT] = &report_text,
	[FORMAT_SCRIPT] = &report_text,
	[FORMAT_JSON] = &report_json,
	[FORMAT_TAP] = &report_tap,
	[FORMAT_C] = &report_text,
};

static void print_scripts(const struct plan *plan, struct output *output)
{
	for (size_t i = 0; i < plan->count; i++)
		output_add_text(output, &plan->sources[i].text);
}

/* A C program is one script, and has the names that were defined for it; what else a run can be given it has not. */
static int check_program(const struct plan *plan)
{
	const struct interp_options *how = &plan->performance;

	if (plan->count != 1)
		diag_error("--format=c: a C program is made of one script, and %zu were given", plan->count);
	else if (how->injection_count > 0 || how->rlimit_count > 0)
		diag_error("--format=c: %s is of a run, and a C program has it not",
		           how->injection_count > 0 ? "--inject" : "--limit");
	else
		return STATUS_OK;
	return STATUS_USAGE;
}

static void print_program(const struct plan *plan, const struct script *script, struct buf *out)
{
	const struct interp_options *how = &plan->performance;
	struct program_definition *values = alloc_zeroed(how->definition_count, sizeof(*values));

	for (size_t i = 0; i < how->definition_count; i++) {
		const struct interp_definition *from = &how->definitions[i];

		values[i] = (struct program_definition){ from->is_string, from->integer, from->text, from->len };
	}
	program_print(out, script, plan->sources[0].name, values, how->definition_count);
	free(values);
}

static int write_report(struct session *session, const struct plan *plan, struct script *const *scripts,
                        struct process *first)
{
	const struct common_options *options = session->options;
	struct report_options report = options->report;
	int status = STATUS_OK;

	if (!output_open(&session->output, options->output))
		return STATUS_TOOL;
	report.color = session_wants_color(options->color, session->output.fd);
	session->report = report_new(session_reports[session->format], &report);
	session->keyboard = open_keyboard(plan, options);
	if (session->format == FORMAT_SCRIPT)
		print_scripts(plan, &session->output);
	else if (session->format == FORMAT_C)
		print_program(plan, scripts[0], &session->output.buf);
	else
		status = perform_all(session, plan, scripts, first);
	report_free(session->report);
	if (output_close(&session->output) < 0) {
		output_complain(&session->output);
		status = STATUS_TOOL;
	}
	return status;
}

int session_run(const struct plan *plan, const struct common_options *options, struct process *first)
{
	if (plan->from_keyboard)
		return shell_run(plan, options, first);
	struct session session = { .options = options, .format = options->format };
	struct script **scripts = alloc_zeroed(plan->count, sizeof(struct script *));
	int status = parse_all(plan, scripts);

	if (plan->tap && options->format == FORMAT_TEXT)
		session.format = FORMAT_TAP;
	if (status == STATUS_OK && session.format == FORMAT_C)
		status = check_program(plan);
	if (status == STATUS_OK)
		status = write_report(&session, plan, scripts, first);
	for (size_t i = 0; i < plan->count; i++) {
		if (scripts[i] != NULL)
			script_free(scripts[i]);
	}
	free(scripts);
	return status;
}
