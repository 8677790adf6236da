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
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FLUSH_AT = 64 * 1024 };

void output_claim_standard(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		/* The lowest free number is the one that is closed.  Write-only for 0, read-only for 1 and 2. */
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC) != fd)
			return;
	}
}

/* A message comes whole: the stream is flushed when its buffer is full, or by its writers at the end of a line. */
static ssize_t write_escaped(void *cookie, const char *data, size_t len)
{
	struct buf text = { 0 };

	(void)cookie;
	for (size_t from = 0, to = 0; from < len; from = to + 1) {
		for (to = from; to < len && data[to] != '\n' && data[to] != '\t';)
			to++;
		buf_escape(&text, data + from, to - from, 0);
		if (to < len)
			buf_putc(&text, data[to]);
	}
	ssize_t wrote = write(STDERR_FILENO, buf_text(&text), text.len);

	buf_fini(&text);
	return wrote < 0 ? 0 : (ssize_t)len;
}

/* The stream itself while another stands in its place; else NULL. */
static FILE *unguarded;

void output_guard_errors(void)
{
	const cookie_io_functions_t functions = { .write = write_escaped };
	FILE *guarded = unguarded == NULL ? fopencookie(NULL, "w", functions) : NULL;

	if (guarded == NULL)
		return;
	setvbuf(guarded, NULL, _IOLBF, BUFSIZ);
	unguarded = stderr;
	stderr = guarded;
}

void output_release_errors(void)
{
	if (unguarded == NULL)
		return;
	fclose(stderr);
	stderr = unguarded;
	unguarded = NULL;
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
	if (errno == EPIPE)
		output_die_of_pipe();
	diag_error("standard output: write: %s", errno != 0 ? strerror(errno) : "cannot be written");
	_exit(STATUS_TOOL);
}

int output_open(struct output *output, const char *path)
{
	*output = (struct output){ .fd = STDOUT_FILENO, .name = path != NULL ? path : "standard output" };
	if (path != NULL)
		output->fd = file_open(path, O_WRONLY | O_CREAT | O_TRUNC);
	if (output->fd < 0)
		return output->fd;
	output->live = isatty(output->fd) == 1;
	return 0;
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

static void fail(struct output *output, const char *call)
{
	output->error = -errno;
	output->call = call;
}

void output_flush(struct output *output)
{
	size_t done = 0, len;

	/* A reader that has gone is noticed also when there is nothing to write. */
	while ((len = wait_for_reader(output, output->buf.len - done)) > 0 && output->error == 0) {
		ssize_t put = write(output->fd, output->buf.data + done, len);

		if (put >= 0)
			done += (size_t)put;
		else if (errno == EPIPE)
			output_die_of_pipe();
		else if (errno != EINTR)
			fail(output, "write");
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
		fail(output, "close");
	buf_fini(&output->buf);
	return output->error;
}
