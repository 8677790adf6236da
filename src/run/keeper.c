/* SPDX-License-Identifier: MIT */
/* The child that cleans up, however the tool ends. */
#include "run/keeper.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RETRIES = 100, RETRY_MS = 10 };
enum { DONE, UNDONE }; /* what it exits with */

/* With every signal blocked, and in a session of its own: what kills the tool's terminal or group does not reach it. */
static _Noreturn void run(int socket_end, int file, bool (*keep)(int, int, void *), void *context)
{
	setsid();
	/* `killall -9 mmtool' does not mean it. */
	prctl(PR_SET_NAME, "mmtool-keeper");
	/* Nobody should wait for the keeper because it holds the other end of something. */
	int kept[] = { socket_end, file };

	file_close_except(kept, file < 0 ? 1 : 2);
	_exit(keep(socket_end, file, context) ? DONE : UNDONE);
}

int keeper_start(struct keeper *keeper, int file, bool (*keep)(int socket_end, int file, void *context), void *context,
                 const char **call)
{
	sigset_t all, before;
	int ends[2];

	*call = "socketpair";
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	*call = "fork";
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid_t pid = fork();

	if (pid == 0) {
		close(ends[1]);
		run(ends[0], file, keep, context);
	}
	int error = pid < 0 ? -errno : 0;

	sigprocmask(SIG_SETMASK, &before, NULL);
	close(ends[0]);
	if (error < 0) {
		close(ends[1]);
		return error;
	}
	*keeper = (struct keeper){ pid, ends[1] };
	return 0;
}

ssize_t keeper_read(int socket_end, void *message, size_t size)
{
	const struct timespec pause = { .tv_nsec = RETRY_MS * 1000000L };
	ssize_t got = file_read(socket_end, message, size);

	for (unsigned i = 0; i < RETRIES && got < 0; i++) {
		nanosleep(&pause, NULL);
		got = file_read(socket_end, message, size);
	}
	return got;
}

int keeper_tell(const struct keeper *keeper, const void *message, size_t size)
{
	ssize_t sent;

	do {
		sent = send(keeper->socket, message, size, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

bool keeper_end(struct keeper *keeper)
{
	int status = 0;
	pid_t got;

	if (keeper->pid <= 0)
		return true;
	close(keeper->socket);
	do {
		got = waitpid(keeper->pid, &status, 0);
	} while (got < 0 && errno == EINTR);
	keeper->pid = 0;
	return got > 0 && WIFEXITED(status) && WEXITSTATUS(status) == DONE;
}
