/* SPDX-License-Identifier: MIT */
/* The child that cleans up, however the tool ends. */
#include "run/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A session of its own: what kills the tool's terminal or group does not reach it. */
static _Noreturn void run(int pipe_end, int file, void (*keep)(int, int))
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	/* Nobody should wait for the keeper because it holds the other end of something. */
	if (dup2(pipe_end, 0) < 0 || (file < 0 ? close(1) : dup2(file, 1)) < 0 || syscall(SYS_close_range, 2, ~0u, 0) < 0) {
		for (int fd = 2; fd < 1024; fd++)
			close(fd);
	}
	keep(0, file < 0 ? -1 : 1);
	_exit(0);
}

int keeper_start(struct keeper *keeper, int file, void (*keep)(int pipe_end, int file))
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid_t pid = fork();

	if (pid == 0) {
		close(ends[1]);
		run(ends[0], file, keep);
	}
	int error = pid < 0 ? -errno : 0;

	close(ends[0]);
	if (error < 0) {
		close(ends[1]);
		return error;
	}
	*keeper = (struct keeper){ pid, ends[1] };
	return 0;
}

void keeper_end(struct keeper *keeper)
{
	if (keeper->pid <= 0)
		return;
	close(keeper->pipe);
	while (waitpid(keeper->pid, NULL, 0) < 0 && errno == EINTR)
		;
	keeper->pid = 0;
}
