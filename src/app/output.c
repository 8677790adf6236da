/* SPDX-License-Identifier: MIT */
/* Where the report goes. */
#include "app/output.h"

#include "base/diag.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FLUSH_AT = 64 * 1024 };

void output_claim_standard(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
			continue;
		/* The lowest free number is the one that is closed.  Write-only for 0, read-only for 1 and 2. */
		int null = file_open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);

		if (null < 0)
			diag_die("open: /dev/null, for the closed descriptor %d: %s", fd, strerror(-null));
		if (null > fd)
			close(null);
	}
}

/* The streams themselves while others stand in their place; else NULL.  What came to stderr's is in held. */
static FILE *true_stdout, *true_stderr;
static struct buf held;
/* Of what is printed to stdout, and of what should at least be: argp folds lines, so blanks do not count. */
static size_t printed, expected;
/* Of what was printed to stdout, the first failure; ferror(3) does not tell which. */
static int print_error;

static size_t count_marks(const char *data, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += data[i] != ' ' && data[i] != '\n';
	return count;
}

void output_expect(const char *text)
{
	expected += count_marks(text, strlen(text));
}

static ssize_t pass_on(void *cookie, const char *data, size_t len)
{
	(void)cookie;
	printed += count_marks(data, len);
	size_t put = fwrite(data, 1, len, true_stdout);

	if (put < len && print_error == 0)
		print_error = errno;
	return (ssize_t)put;
}

static ssize_t hold(void *cookie, const char *data, size_t len)
{
	(void)cookie;
	buf_add(&held, data, len);
	return (ssize_t)len;
}

/* Where argp's own line begins, "Try `NAME --help' ...", its last; what stands before it is one message, whatever its words are. */
static size_t message_length(void)
{
	static const char own[] = "\nTry `";

	for (size_t at = held.len; at-- > 0;) {
		if (held.len - at >= strlen(own) && memcmp(held.data + at, own, strlen(own)) == 0)
			return at;
	}
	return held.len - (held.len > 0 && held.data[held.len - 1] == '\n');
}

static void write_held(void)
{
	size_t message = message_length();
	struct buf text = { 0 };

	if (held.len == 0)
		return;
	buf_escape(&text, buf_text(&held), message, 0);
	buf_add(&text, held.data + message, held.len - message);
	(void)file_write(STDERR_FILENO, text.data, text.len);
	buf_fini(&text);
}

static FILE *stand_in(cookie_write_function_t *write)
{
	FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = write });

	if (stream == NULL)
		diag_die("malloc: out of memory");
	return stream;
}

/* After a message, or what it was asked for, argp ends the program; without memory it prints less and says nothing. */
static void on_argp_exit(int status, void *unused)
{
	bool within = true_stdout != NULL;

	(void)unused;
	output_release_streams();
	if (within && status == 0 && printed <= expected)
		diag_die("malloc: out of memory");
}

void output_guard_streams(void)
{
	static bool watched;

	if (true_stdout != NULL)
		return;
	FILE *out = stand_in(pass_on), *err = stand_in(hold);

	true_stdout = stdout;
	true_stderr = stderr;
	stdout = out;
	stderr = err;
	printed = expected = 0;
	if (!watched && on_exit(on_argp_exit, NULL) != 0)
		diag_die("malloc: out of memory");
	watched = true;
}

void output_release_streams(void)
{
	if (true_stdout == NULL)
		return;
	fclose(stdout);
	fclose(stderr);
	stdout = true_stdout;
	stderr = true_stderr;
	true_stdout = true_stderr = NULL;
	write_held();
	buf_fini(&held);
}

void output_die_of_pipe(void)
{
	sigset_t pipe_signal;

	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&pipe_signal);
	sigaddset(&pipe_signal, SIGPIPE);
	sigprocmask(SIG_UNBLOCK, &pipe_signal, NULL);
	raise(SIGPIPE);
}

void output_check_stream(void)
{
	bool failed_before = ferror(stdout) != 0;

	errno = 0;
	if (fflush(stdout) == 0 && !failed_before)
		return;
	int error = print_error != 0 ? print_error : errno;

	if (error == EPIPE)
		output_die_of_pipe();
	diag_error("standard output: write: %s", error != 0 ? strerror(error) : "cannot be written");
	_exit(STATUS_TOOL);
}

bool output_open(struct output *output, const char *path)
{
	*output = (struct output){ .fd = STDOUT_FILENO, .name = path != NULL ? path : "standard output" };
	if (path != NULL)
		output->fd = file_open(path, O_WRONLY | O_CREAT | O_TRUNC);
	if (output->fd < 0) {
		diag_error("%s: cannot be opened for writing: %s", path, strerror(-output->fd));
		return false;
	}
	output->live = isatty(output->fd) == 1;
	return true;
}

void output_add_text(struct output *output, const struct buf *text)
{
	if (output->live)
		buf_escape_lines(&output->buf, buf_text(text), text->len);
	else
		buf_add(&output->buf, buf_text(text), text->len);
}

/*
 * How much of len can be written now without a wait in which no signal comes: a pipe that takes any takes PIPE_BUF (pipe(7)).
 * With nothing to write it only looks whether the reader is there.
 */
static size_t wait_for_reader(const struct output *output, size_t len)
{
	static const struct timespec none;
	struct pollfd reader = { .fd = output->fd, .events = POLLOUT };
	int ready;

	if (output->waiting == NULL)
		return len;
	do {
		ready = ppoll(&reader, 1, len > 0 ? NULL : &none, output->waiting);
	} while (ready < 0 && errno == EINTR);
	if (ready > 0 && (reader.revents & POLLERR) != 0)
		output_die_of_pipe();
	return len < PIPE_BUF ? len : PIPE_BUF;
}

static void fail(struct output *output, const char *call, int error)
{
	output->error = -error;
	output->call = call;
}

void output_flush(struct output *output)
{
	size_t done = 0, len;

	/* A reader that has gone is noticed also when there is nothing to write. */
	while ((len = wait_for_reader(output, output->buf.len - done)) > 0 && output->error == 0) {
		ssize_t put = write(output->fd, output->buf.data + done, len);

		if (put > 0)
			done += (size_t)put;
		else if (put == 0)
			fail(output, "write", EIO); /* as file_write() has it: it would be so for ever */
		else if (errno == EPIPE)
			output_die_of_pipe();
		else if (errno != EINTR)
			fail(output, "write", errno);
	}
	buf_reset(&output->buf);
}

void output_complain(const struct output *output)
{
	diag_error("%s: %s: %s", output->name, output->call, strerror(-output->error));
}

void output_added(struct output *output)
{
	if (output->live || output->buf.len >= FLUSH_AT)
		output_flush(output);
	if (output->error == 0)
		return;
	/* As after a signal: the subjects end with this process, and so does what their script made. */
	output_complain(output);
	_exit(STATUS_TOOL);
}

int output_close(struct output *output)
{
	output_flush(output);
	/* Some file systems tell only now that there was no room (close(2)). */
	if (output->fd != STDOUT_FILENO && close(output->fd) < 0 && output->error == 0)
		fail(output, "close", errno);
	buf_fini(&output->buf);
	return output->error;
}
