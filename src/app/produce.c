/* SPDX-License-Identifier: MIT */
/* A command that makes events without a script, which are reported as they come, or text. */
#include "app/produce.h"

#include "app/output.h"
#include "app/session.h"
#include "base/diag.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct stream {
	struct output output;
	struct report *report;
	bool any, ended; /* an event came; the last did */
	sigset_t before; /* the signals that were blocked before those that end mmtool were held */
};

/*
 * Where the producer notices the signals that end mmtool, they are pending until the report is complete.  But while nobody
 * takes the report from a full pipe they end it at once.
 */
static void hold_signals(struct stream *stream)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction action;
	sigset_t held;

	sigemptyset(&held);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
		/* One that is ignored (nohup) would be pending all the same. */
		if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&held, ending[i]);
	}
	sigprocmask(SIG_BLOCK, &held, &stream->before);
	stream->output.waiting = &stream->before;
}

static void take_event(void *context, const struct event *event)
{
	struct stream *stream = context;

	stream->any = true;
	stream->ended = event->type == EVENT_END;
	stream->report->class->event(stream->report, event, &stream->output.buf);
	output_added(&stream->output);
}

int produce_run(const struct command *command, const void *own, const struct common_options *options)
{
	struct stream stream = { 0 };
	struct report_options report = options->report;
	char *problem = NULL;

	if (!output_open(&stream.output, options->output))
		return STATUS_TOOL;
	stream.output.live |= command->live;
	report.color = session_wants_color(options->color, stream.output.fd);
	report.terminal = isatty(stream.output.fd) == 1;
	if (command->view != NULL)
		command->view(own, &report);
	stream.report = report_new(session_reports[command->json ? FORMAT_JSON : options->format], &report);
	const struct event_sink sink = { .take = take_event, .context = &stream, .reader = stream.output.fd };

	if (command->notices_signals)
		hold_signals(&stream);
	int status = command->produce(own, &sink, &problem);

	/* A stream that is shown again has an end of its own; of what the user did wrong there are no events. */
	if (!stream.ended && (stream.any || status != STATUS_USAGE))
		take_event(&stream, &(struct event){ .type = EVENT_END, .status = status });
	report_free(stream.report);
	int error = output_close(&stream.output);

	if (command->notices_signals)
		sigprocmask(SIG_SETMASK, &stream.before, NULL);
	if (problem != NULL)
		diag_error("%s", problem);
	free(problem);
	if (error < 0) {
		output_complain(&stream.output);
		return STATUS_TOOL;
	}
	return status;
}

int produce_text(const struct command *command, const void *own, const struct common_options *options)
{
	struct output output;
	struct buf text = { 0 };

	if (options->format != FORMAT_TEXT) {
		diag_error("--format: text here, for this is no report (try `mmtool %s --help')", command->name);
		return STATUS_USAGE;
	}
	if (!output_open(&output, options->output))
		return STATUS_TOOL;
	int status = command->print(own, &text);

	output_add_text(&output, &text);
	buf_fini(&text);
	if (output_close(&output) < 0) {
		output_complain(&output);
		status = STATUS_TOOL;
	}
	return status;
}
