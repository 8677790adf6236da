/* SPDX-License-Identifier: MIT */
/* The options that every experiment takes: how its report looks and where it goes. */
#ifndef MMTOOL_APP_OPTIONS_H
#define MMTOOL_APP_OPTIONS_H

#include "cmd/command.h"
#include "report/report.h"
#include "run/observer.h"

#include <argp.h>
#include <stdbool.h>

enum format { FORMAT_TEXT, FORMAT_SCRIPT, FORMAT_JSON, FORMAT_TAP, FORMAT_C };
enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct common_options {
	struct report_options report;
	enum format format;
	enum color color;
	bool detail;        /* look at counters and smaps around each statement */
	enum observer_way observer;
	bool step;          /* wait before each statement */
	const char *output; /* a file, or NULL: standard output */
};

/*
 * argp's child parsers; their input is a struct common_options.  Of what performs a script, of what only looks, of what prints
 * nothing but JSON, and of what shows the events of scripts without performing them.
 */
extern const struct argp common_argp, view_argp, json_argp, steps_argp;
/* The one of a command, or NULL when it makes no report. */
const struct argp *options_of(const struct command *command);

/* The words that an option's argument may be, "a|b", for --describe; NULL when it is free. */
const char *option_values(const struct command *command, const struct argp_option *option);

#endif
