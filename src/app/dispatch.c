/* SPDX-License-Identifier: MIT */
/* From argv to a command: finds it, reads its options, and has it do its work. */
#include "app/app.h"
#include "app/help.h"
#include "app/options.h"
#include "app/output.h"
#include "app/produce.h"
#include "app/session.h"
#include "base/alloc.h"
#include "base/diag.h"
#include "base/file.h"
#include "cmd/registry.h"
#include "run/process.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/auxv.h>
#include <unistd.h>

const char *argp_program_version = "mmtool " PACKAGE_VERSION;

enum { OPTION_DESCRIBE = 2048 };

const struct argp_option help_options[] = {
	{ "describe", OPTION_DESCRIBE, NULL, 0, "List every command and option, for completions and other programs", 0 },
	{ 0 },
};

/* Prints to standard output; a failure to write is a failure. */
static int print(struct buf *text)
{
	struct output output;

	if (!output_open(&output, NULL))
		return STATUS_TOOL;
	output.buf = *text;
	*text = (struct buf){ 0 };
	if (output_close(&output) < 0) {
		output_complain(&output);
		return STATUS_TOOL;
	}
	return STATUS_OK;
}

/* What the two parsers of a command fill in. */
struct input {
	void *own;
	struct common_options common;
	bool reports;
};

static error_t parse_command(int key, char *arg, struct argp_state *state)
{
	struct input *input = state->input;

	(void)arg;
	if (key != ARGP_KEY_INIT)
		return ARGP_ERR_UNKNOWN;
	state->child_inputs[0] = input->own;
	if (input->reports)
		state->child_inputs[1] = &input->common;
	return 0;
}

/* The last to be asked about an argument: nobody wants it. */
static error_t parse_rest(int key, char *arg, struct argp_state *state)
{
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	argp_error(state, "%s: one argument too many", arg);
	return EINVAL;
}

/* The help of glibc's argp(3) asserts that there is memory. */
static void on_abort(int signo)
{
	static const char message[] = "mmtool: malloc: out of memory\n";

	(void)signo;
	(void)file_write(STDERR_FILENO, message, sizeof(message) - 1);
	_exit(STATUS_TOOL);
}

/* argp(3) leaves out what it has no memory for: what stands above the options is never empty, and is printed whole. */
static char *help_filter(int key, const char *text, void *input)
{
	(void)input;
	if (key == ARGP_KEY_HELP_PRE_DOC && text == NULL)
		diag_die("malloc: out of memory");
	if ((key == ARGP_KEY_HELP_PRE_DOC || key == ARGP_KEY_HELP_POST_DOC) && text != NULL)
		output_expect(text);
	return (char *)(uintptr_t)text;
}

/* argp(3) has said what is wrong, save that it had no memory. */
static void parse_arguments(const struct argp *argp, int argc, char **argv, void *input)
{
	output_guard_streams();
	void (*before)(int) = signal(SIGABRT, on_abort);
	error_t error = argp_parse(argp, argc, argv, ARGP_IN_ORDER, NULL, input);

	signal(SIGABRT, before);
	output_release_streams();
	if (error == ENOMEM)
		diag_die("malloc: out of memory");
	if (error != 0)
		exit(STATUS_USAGE);
}

static void read_options(const struct command *command, int argc, char **argv, struct input *input)
{
	const struct argp own = { .options = command->options, .parser = command->parse, .args_doc = command->args };
	const struct argp rest = { .parser = parse_rest };
	const struct argp_child children[] = {
		{ &own, 0, NULL, 0 },
		{ input->reports ? options_of(command) : &rest, 0, NULL, 0 },
		{ &rest, 0, NULL, 0 },
		{ NULL, 0, NULL, 0 },
	};
	struct buf doc = { 0 };
	const struct argp whole = { .parser = parse_command, .children = children, .help_filter = help_filter };
	struct argp argp = whole;

	/* argp prints what stands before the \v above the options, and the rest below them. */
	buf_printf(&doc, "%s\v%s", command->summary, command->doc != NULL ? command->doc : "");
	if (doc.data[0] >= 'a' && doc.data[0] <= 'z')
		doc.data[0] = (char)(doc.data[0] - 'a' + 'A');
	buf_putc(&doc, '\n');
	argp.doc = buf_text(&doc);
	parse_arguments(&argp, argc, argv, input);
	buf_fini(&doc);
}

static int perform(const struct command *command, struct input *input, struct process *first)
{
	struct plan plan = { 0 };
	char *problem = NULL;
	int status = STATUS_USAGE;
	int error = command->plan(input->own, &plan, &problem);

	if (command->view != NULL)
		command->view(input->own, &input->common.report);
	if (error < 0)
		diag_error("%s", problem != NULL ? problem : strerror(-error));
	else
		status = session_run(&plan, &input->common, first);
	free(problem);
	plan_fini(&plan);
	return status;
}

/* Its events are those of no script: what reports need one is refused. */
static int produce(const struct command *command, struct input *input)
{
	if (command->plan != NULL && input->common.format != FORMAT_TEXT && input->common.format != FORMAT_JSON) {
		diag_error("--format: text or json here, for this is no script (try `mmtool %s --help')", command->name);
		return STATUS_USAGE;
	}
	return produce_run(command, input->own, &input->common);
}

/* --allow-write, or what argp takes for it: the fence is raised before the options are read. */
static bool mentions_write(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		size_t len = strlen(argv[i]);

		if (len > strlen("--") && strncmp("--allow-write", argv[i], len) == 0)
			return true;
	}
	return false;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return S_ISREG(a->st_mode) && S_ISREG(b->st_mode) && a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether what -o names is read, too: to open it would empty it.  Words that are no files' names do no harm. */
static bool reads_output(int argc, char **argv, const char *output)
{
	struct stat written, read;

	if (output == NULL || stat(output, &written) < 0)
		return false;
	for (int i = 1; i < argc; i++) {
		if (argv[i] != output && argv[i][0] != '-' && stat(argv[i], &read) == 0 && is_same_file(&written, &read))
			return true;
	}
	return fstat(STDIN_FILENO, &read) == 0 && is_same_file(&written, &read);
}

static int run_command(const struct command *command, int argc, char **argv)
{
	struct input input = { .reports = options_of(command) != NULL };
	struct process first = { .socket = -1, .dead = true };
	struct buf name = { 0 };
	const char *call;
	int status = STATUS_TOOL;

	/* Before anything is allocated, so that the subject carries nothing of the tool's. */
	int error = command->plan != NULL ? process_spawn(&first, mentions_write(argc, argv), &call) : 0;

	buf_printf(&name, "mmtool %s", command->name);
	diag_set_name(buf_text(&name));
	argv[0] = name.data;
	input.own = alloc_zeroed(1, command->options_size);
	read_options(command, argc, argv, &input);
	if (command->execute != NULL && (command->executes == NULL || command->executes(input.own))) {
		process_end(&first);
		process_unpin();
		status = command->execute(input.own);
	} else if (reads_output(argc, argv, input.common.output)) {
		diag_error("%s: is read, and cannot be written to (-o) at the same time", input.common.output);
		status = STATUS_USAGE;
	} else if (command->print != NULL && (command->prints == NULL || command->prints(input.own))) {
		status = produce_text(command, input.own, &input.common);
	} else if (command->produce != NULL && (command->produces == NULL || command->produces(input.own))) {
		process_end(&first);
		process_unpin();
		status = produce(command, &input);
	} else if (error < 0) {
		diag_error("no subject can be made: %s: %s", call, strerror(-error));
	} else if (command->plan != NULL) {
		status = perform(command, &input, &first);
	}
	process_end(&first);
	if (command->fini != NULL)
		command->fini(input.own);
	free(input.own);
	diag_set_name("mmtool");
	buf_fini(&name);
	return status;
}

static error_t parse_top(int key, char *arg, struct argp_state *state)
{
	struct buf out = { 0 };

	(void)arg;
	if (key != OPTION_DESCRIBE)
		return ARGP_ERR_UNKNOWN;
	help_describe(&out);
	*(int *)state->input = print(&out);
	state->next = state->argc;
	return 0;
}

/* argv[1] is an option of mmtool itself. */
static int run_top(int argc, char **argv)
{
	struct buf doc = { 0 };
	int status = STATUS_USAGE;

	/* The overview is the help; argp adds the options. */
	help_overview(&doc);
	const char *body = strchr(buf_text(&doc), '\n') + 1;
	const struct argp argp = { .options = help_options,
		                   .parser = parse_top,
		                   .args_doc = "COMMAND [OPTION...]",
		                   .doc = body,
		                   .help_filter = help_filter };

	parse_arguments(&argp, argc, argv, &status);
	buf_fini(&doc);
	return status;
}

static int unknown_command(const char *word)
{
	struct buf shown = { 0 };
	const char *nearest = help_nearest(word);

	buf_escape(&shown, word, strlen(word), 0);
	if (nearest != NULL)
		diag_error("%s: no such command; did you mean `%s'?", buf_text(&shown), nearest);
	else
		diag_error("%s: no such command (`mmtool help' lists them)", buf_text(&shown));
	buf_fini(&shown);
	return STATUS_USAGE;
}

/* `mmtool help grow' is `mmtool grow --help'. */
static int run_help(int argc, char **argv)
{
	static char help[] = "--help";

	if (argc > 3) {
		struct buf shown = { 0 };

		buf_escape(&shown, argv[3], strlen(argv[3]), 0);
		diag_error("help: %s: one argument too many (try `mmtool help COMMAND')", buf_text(&shown));
		buf_fini(&shown);
		return STATUS_USAGE;
	}
	if (argc == 3 && argv[2][0] == '-')
		return run_top(2, argv + 1);
	if (argc < 3 || strcmp(argv[2], "help") == 0) {
		argv[1] = help;
		return run_top(2, argv);
	}
	const struct command *command = command_find(argv[2]);
	char *args[] = { argv[0], help, NULL };

	return command != NULL ? run_command(command, 2, args) : unknown_command(argv[2]);
}

/* Whether it was executed with rights that whoever called it has not: set-user-ID, set-group-ID, file capabilities. */
static bool has_foreign_rights(void)
{
	return getauxval(AT_SECURE) != 0;
}

int app_main(int argc, char **argv)
{
	static char name[] = "mmtool";
	struct buf overview = { 0 };

	if (has_foreign_rights()) {
		diag_error("it was given rights that you do not have (set-user-ID, set-group-ID or file capabilities), and it "
		           "performs any script with them: take them away (chmod u-s,g-s; setcap -r), and be that user "
		           "(sudo, runuser)");
		return STATUS_TOOL;
	}
	output_claim_standard();
	/* Some of its values have argp(3) print without an end. */
	unsetenv("ARGP_HELP_FMT");
	process_set_signals();
	atexit(output_check_stream);
	argp_err_exit_status = STATUS_USAGE;
	if (argc < 2) {
		help_overview(&overview);
		fputs(buf_text(&overview), stderr);
		buf_fini(&overview);
		return STATUS_USAGE;
	}
	argv[0] = name;
	const struct command *command = command_find(argv[1]);

	if (command != NULL)
		return run_command(command, argc - 1, argv + 1);
	if (argv[1][0] == '-')
		return run_top(argc, argv);
	return strcmp(argv[1], "help") == 0 ? run_help(argc, argv) : unknown_command(argv[1]);
}
