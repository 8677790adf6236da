/* SPDX-License-Identifier: MIT */
/* A command that makes events without a script: they are reported as they come. */
#include "app/produce.h"

#include "app/output.h"
#include "app/session.h"
#include "base/diag.h"

#include <stdlib.h>
#include <string.h>

struct stream {
	struct output output;
	struct report *report;
	bool any, ended; /* an event came; the last did */
};

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
	const struct event_sink sink = { take_event, &stream };
	char *problem = NULL;
	int error = output_open(&stream.output, options->output);

	if (error < 0) {
		diag_error("%s: cannot be written: %s", stream.output.name, strerror(-error));
		return STATUS_TOOL;
	}
	stream.output.live |= command->live;
	report.color = session_wants_color(options->color, stream.output.fd);
	if (command->view != NULL)
		command->view(own, &report);
	stream.report = report_new(session_reports[options->format], &report);
	int status = command->produce(own, &sink, &problem);

	/* A stream that is shown again has an end of its own; of what the user did wrong there are no events. */
	if (!stream.ended && (stream.any || status != STATUS_USAGE))
		take_event(&stream, &(struct event){ .type = EVENT_END, .status = status });
	report_free(stream.report);
	error = output_close(&stream.output);
	if (problem != NULL)
		diag_error("%s", problem);
	free(problem);
	if (error < 0) {
		diag_error("%s: %s", stream.output.name, strerror(-error));
		return STATUS_TOOL;
	}
	return status;
}
