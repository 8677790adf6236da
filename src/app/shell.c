/* SPDX-License-Identifier: MIT */
/* The shell: reads statements, has each performed when it is whole, and starts a new subject when one has died. */
#include "app/shell.h"

#include "app/session.h"
#include "base/alloc.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/size.h"
#include "lang/script.h"
#include "mm/constant.h"
#include "mm/symbol.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const char prompt[] = "mmtool> ", more[] = "      > ";

/* Ctrl-C while a statement is performed. */
static volatile sig_atomic_t interrupted;
/* How the terminal was: it is left so. */
static struct termios terminal;
static bool terminal_known;

static void on_interrupt(int signo)
{
	(void)signo;
	interrupted = 1;
}

/* Ends by the signal, and not in the middle of an edited line: the terminal is put back (tcsetattr(3) is safe here). */
static void on_end(int signo)
{
	sigset_t this;

	if (terminal_known)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &terminal);
	signal(signo, SIG_DFL);
	sigemptyset(&this);
	sigaddset(&this, signo);
	raise(signo);
	sigprocmask(SIG_UNBLOCK, &this, NULL);
}

static void catch(int signo, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };
	struct sigaction old;

	sigemptyset(&action.sa_mask);
	/* What somebody had ignored for us (nohup) stays so.  Without SA_RESTART: a read at the prompt is to end. */
	if (sigaction(signo, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaction(signo, &action, NULL);
}

static void catch_signals(void)
{
	static const int ends[] = { SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };

	terminal_known = tcgetattr(STDIN_FILENO, &terminal) == 0;
	catch(SIGINT, on_interrupt);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		catch(ends[i], on_end);
}

static void worsen(struct shell *shell, int status)
{
	shell->status = session_worse(shell->status, status);
}

void shell_print(struct shell *shell, const struct buf *text)
{
	if (shell->options->format == FORMAT_TEXT && shell->options->output == NULL) {
		buf_add(&shell->output.buf, buf_text(text), text->len);
		output_added(&shell->output);
	} else {
		(void)file_write(shell->options->output != NULL ? STDOUT_FILENO : STDERR_FILENO, buf_text(text), text->len);
	}
}

void shell_complain(struct shell *shell, const char *format, ...)
{
	struct buf text = { 0 };
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	output_flush(&shell->output);
	diag_error("%s", buf_text(&text));
	buf_fini(&text);
	worsen(shell, STATUS_USAGE);
}

static void take_event(void *context, const struct event *event)
{
	struct shell *shell = context;

	shell->report->class->event(shell->report, event, &shell->output.buf);
	output_added(&shell->output);
}

static void flush(void *context)
{
	struct shell *shell = context;

	output_flush(&shell->output);
}

/* What the words of the shell may be completed to. */
static void complete(void *context, const char *text, size_t len, struct completion *completion)
{
	struct shell *shell = context;
	struct complete_source source = { .words = shell_words };
	struct buf whole = { 0 };

	source.names = interp_names(shell->machine, &source.name_count);
	buf_add(&whole, buf_text(&shell->text), shell->text.len);
	buf_add(&whole, text, len);
	complete_word(&source, buf_text(&whole), whole.len, shell->text.len == 0, completion);
	buf_fini(&whole);
}

/* What messages call the input. */
static const char *input_name(const struct shell *shell)
{
	return shell->lines.terminal ? "shell" : "-";
}

static bool begin(struct shell *shell)
{
	struct process subject;

	if (!session_fork(shell->spawner, &subject, &shell->output)) {
		worsen(shell, STATUS_TOOL);
	} else if (!interp_begin(shell->machine, &subject, input_name(shell))) {
		output_flush(&shell->output);
		diag_error("%s", interp_reason(shell->machine));
		worsen(shell, STATUS_TOOL);
	} else {
		return true;
	}
	shell->leaving = true;
	return false;
}

/* How a process died: the signal, the fault and its address. */
static void tell_death(const struct shell *shell, const struct process *process, struct buf *out)
{
	int signo = process_signal(process);
	const char *code = constant_name(GROUP_FAULT, fault_code(process->signo, process->code));

	if (signo == 0) {
		buf_puts(out, "has ended");
		return;
	}
	buf_puts(out, "was killed by ");
	constant_format(out, GROUP_SIGNAL, (uint64_t)signo);
	if (!process->said_fault || process->signo != signo)
		return;
	if (code != NULL)
		buf_printf(out, ", %s", code);
	const struct regions *regions = interp_regions(shell->machine);
	bool symbolic = shell->options->report.symbolic;

	if (process->code <= 0 || (symbolic && regions_find(regions, process->address) == NULL))
		return;
	buf_puts(out, " at ");
	if (symbolic)
		symbol_format(out, process->address, regions, NULL);
	else
		buf_printf(out, "0x%" PRIx64, process->address);
}

/* In place of a subject that has died. */
static void renew(struct shell *shell, bool stopped)
{
	const struct process *old = interp_main(shell->machine);
	struct buf text = { 0 };

	buf_puts(&text, "The subject ");
	if (!shell->options->report.symbolic)
		buf_printf(&text, "(pid %d) ", (int)old->pid);
	if (stopped)
		buf_puts(&text, "was killed by mmtool, because of Ctrl-C");
	else
		tell_death(shell, old, &text);
	if (!begin(shell)) {
		buf_fini(&text);
		return;
	}
	buf_puts(&text, ".\nA new one goes on");
	if (!shell->options->report.symbolic)
		buf_printf(&text, " (pid %d)", (int)interp_main(shell->machine)->pid);
	buf_puts(&text, ": names keep their values, what was mapped is gone.\n");
	shell_print(shell, &text);
	buf_fini(&text);
}

/* The statement so far, or NULL after its errors were shown. */
static struct script *parse(struct shell *shell)
{
	size_t count;
	const char *const *names = interp_names(shell->machine, &count);
	const struct interp_options *how = &shell->how;

	/* Before the first statement only those of -D are known. */
	if (!shell->fed)
		count = how->definition_count;
	struct definition *known = alloc_zeroed(count, sizeof(*known));
	struct buf errors = { 0 };

	for (size_t i = 0; i < count; i++)
		known[i].name = shell->fed ? names[i] : how->definitions[i].name;
	struct script *script = script_parse_part(input_name(shell), shell->begun, buf_text(&shell->text), shell->text.len,
	                                          size_page(), known, count, &errors);

	free(known);
	if (script == NULL) {
		output_flush(&shell->output);
		(void)file_write(STDERR_FILENO, buf_text(&errors), errors.len);
		worsen(shell, STATUS_USAGE);
	}
	buf_fini(&errors);
	return script;
}

/* One statement that is no block: what was typed need not be repeated. */
static bool is_single(const struct script *script)
{
	const struct statement *first = script->first;

	return first != NULL && first->next == NULL && first->body == NULL && first->otherwise == NULL;
}

/* stopped: by Ctrl-C. */
static void judge(struct shell *shell, enum verdict verdict, bool stopped)
{
	char *problem = NULL;

	worsen(shell, session_status(verdict));
	if (verdict == VERDICT_UNSUPPORTED) {
		interp_conclude(shell->machine, &problem);
	} else if (verdict == VERDICT_BROKEN) {
		output_flush(&shell->output);
		diag_error("%s", interp_reason(shell->machine));
		shell->leaving = true;
	} else if (interp_main(shell->machine)->dead) {
		renew(shell, stopped);
	}
	free(problem);
}

static void perform(struct shell *shell)
{
	struct script *script = parse(shell);

	if (script != NULL) {
		shell->report->options.bare = shell->lines.terminal && is_single(script);
		interrupted = 0;
		enum verdict verdict = interp_feed(shell->machine, script);

		shell->fed = true;
		judge(shell, verdict, interrupted != 0);
	}
	script_free(script);
}

static void forget_text(struct shell *shell)
{
	buf_reset(&shell->text);
	shell->extent = (struct extent){ 0 };
}

static void take_line(struct shell *shell, const char *line, size_t len)
{
	shell->line++;
	if (shell->text.len == 0) {
		shell->begun = shell->line;
		if (shell_word(shell, line, len))
			return;
	}
	extent_add(&shell->extent, line, len);
	buf_add(&shell->text, line, len);
	if (extent_is_open(&shell->extent))
		return;
	if (shell->extent.any)
		perform(shell);
	forget_text(shell);
}

static void read_lines(struct shell *shell)
{
	const char *line;
	size_t len;

	while (!shell->leaving) {
		switch (lines_next(&shell->lines, shell->text.len > 0 ? more : prompt, &line, &len)) {
		case LINE_READ:
			take_line(shell, line, len);
			break;
		case LINE_CANCELLED:
			/* Without line editing the terminal has shown it already. */
			if (shell->lines.edit != NULL)
				(void)file_write(STDOUT_FILENO, "^C", 2);
			(void)file_write(STDOUT_FILENO, "\n", 1);
			forget_text(shell);
			break;
		case LINE_END:
			if (shell->lines.terminal)
				(void)file_write(STDOUT_FILENO, "\n", 1);
			if (shell->extent.any)
				perform(shell);
			return;
		case LINE_FAILED:
			output_flush(&shell->output);
			diag_error("standard input: cannot be read: %s", strerror(errno));
			worsen(shell, STATUS_TOOL);
			return;
		}
	}
}

/* At a terminal each statement has told how it came out; and remarks come out in no way. */
static void conclude(struct shell *shell)
{
	bool told = shell->options->format == FORMAT_TEXT && (shell->lines.terminal || interp_steps(shell->machine) == 0);
	char *problem = NULL;

	shell->report->options.bare = false;
	if (!interp_clean(shell->machine)) {
		output_flush(&shell->output);
		diag_error("%s", interp_reason(shell->machine));
		worsen(shell, STATUS_TOOL);
	}
	if (shell->fed && !told)
		interp_conclude(shell->machine, &problem);
	free(problem);
	/* Whoever typed has seen what failed. */
	if (shell->lines.terminal && shell->status != STATUS_TOOL)
		shell->status = STATUS_OK;
	take_event(shell, &(struct event){ .type = EVENT_END, .status = shell->status });
}

static void interact(struct shell *shell)
{
	const struct event_sink sink = { .take = take_event, .context = shell };

	shell->machine = interp_new(&shell->how, &sink);
	lines_open(&shell->lines, complete, flush, shell);
	if (shell->lines.terminal) {
		catch_signals();
		shell->how.limits.stop = &interrupted;
		shell->report->options.bare = true;
	}
	if (begin(shell))
		read_lines(shell);
	conclude(shell);
	lines_close(&shell->lines);
	interp_free(shell->machine);
}

/* What an option asks for and a shell has not. */
static const char *refusal(const struct common_options *options)
{
	if (options->step)
		return "--step: each statement waits for its line anyway";
	if (options->format != FORMAT_TEXT && options->format != FORMAT_JSON)
		return "--format: a shell reports as text or json";
	return NULL;
}

static int open_report(struct shell *shell)
{
	const struct common_options *options = shell->options;
	struct report_options report = options->report;

	if (!output_open(&shell->output, options->output))
		return STATUS_TOOL;
	report.color = session_wants_color(options->color, shell->output.fd);
	shell->report = report_new(session_reports[options->format], &report);
	return STATUS_OK;
}

int shell_run(const struct plan *plan, const struct common_options *options, struct process *first)
{
	struct shell shell = { .options = options, .how = plan->performance, .spawner = first };
	const char *refused = refusal(options);

	if (refused != NULL) {
		diag_error("%s", refused);
		return STATUS_USAGE;
	}
	if (!session_greets(first))
		return STATUS_TOOL;
	shell.how.fed = true;
	shell.how.explain = options->report.explain;
	shell.how.pages = options->report.pages;
	shell.how.detail = options->detail && options->format != FORMAT_TAP;
	shell.how.observer = options->observer;
	session_limits(&shell.how);
	if (open_report(&shell) != STATUS_OK)
		return STATUS_TOOL;
	interact(&shell);
	process_end(first);
	report_free(shell.report);
	buf_fini(&shell.text);
	if (output_close(&shell.output) < 0) {
		output_complain(&shell.output);
		shell.status = STATUS_TOOL;
	}
	return shell.status;
}
