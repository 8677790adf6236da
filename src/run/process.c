/* SPDX-License-Identifier: MIT */
/* Subjects, as the tool sees them. */
#include "run/process.h"

#include "base/size.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	SAMPLE_MS = 20 /* how often a statement that takes long is looked at */
};

/* The processors that were allowed before; valid when pinned. */
static cpu_set_t allowed;
static bool pinned;

static void share_processor(void)
{
	cpu_set_t one;
	int cpu = sched_getcpu();

	if (cpu < 0 || cpu >= CPU_SETSIZE || sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		return;
	CPU_ZERO(&one);
	CPU_SET((unsigned)cpu, &one);
	/* A matter of speed only: where it is not allowed, both run where they are put. */
	pinned = sched_setaffinity(0, sizeof(one), &one) == 0;
}

void process_unpin(void)
{
	if (pinned)
		(void)sched_setaffinity(0, sizeof(allowed), &allowed);
	pinned = false;
}

static int open_pair(int pair[2])
{
	/* A receive that gives up now and then lets the tool look at a statement that takes long. */
	struct timeval sample = { .tv_sec = 0, .tv_usec = SAMPLE_MS * 1000 };

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	if (setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &sample, sizeof(sample)) < 0) {
		int error = -errno;

		close(pair[0]);
		close(pair[1]);
		return error;
	}
	return 0;
}

int process_spawn(struct process *process, const char **call)
{
	int pair[2];
	int error = open_pair(pair);
	struct exec_setup setup = { .tool = getpid(), .page = size_page() };

	*process = (struct process){ .socket = -1 };
	*call = "socketpair";
	if (error < 0)
		return error;
	share_processor();
	*call = "fork";
	process->pid = fork();
	if (process->pid == 0) {
		setup.socket = pair[1];
		executor_run(&setup);
	}
	error = process->pid < 0 ? -errno : 0;
	close(pair[1]);
	if (error < 0)
		close(pair[0]);
	else
		process->socket = pair[0];
	return error;
}

/* Receives one message, giving up only when it has not come after a while: a new process has little to do. */
static ssize_t receive_patiently(int fd, void *message, size_t size)
{
	ssize_t got;
	unsigned tries = 10 * 1000 / SAMPLE_MS;

	do {
		got = recv(fd, message, size, 0);
	} while (got < 0 && (errno == EINTR || ((errno == EAGAIN || errno == EWOULDBLOCK) && --tries > 0)));
	return got;
}

int process_greet(struct process *process, const char **call)
{
	static struct exec_hello hello;
	ssize_t got = receive_patiently(process->socket, &hello, sizeof(hello));
	int error = got < 0 ? -errno : got < (ssize_t)sizeof(hello) ? -ECHILD : -hello.error;

	*call = "recv";
	if (got == (ssize_t)sizeof(hello))
		*call = hello.step;
	if (error < 0)
		process_end(process);
	process->scratch = hello.scratch;
	return error;
}

static void collect(struct process *process)
{
	pid_t got;

	do {
		got = waitpid(process->pid, &process->status, 0);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		process->status = 0;
	close(process->socket);
	process->socket = -1;
	process->dead = true;
}

void process_end(struct process *process)
{
	if (process->dead || process->pid <= 0)
		return;
	kill(process->pid, SIGKILL);
	collect(process);
}

void process_dismiss(struct process *process)
{
	if (process->dead || process->pid <= 0)
		return;
	/* The executor ends when its socket does. */
	shutdown(process->socket, SHUT_RDWR);
	collect(process);
}

int process_signal(const struct process *process)
{
	return WIFSIGNALED(process->status) ? WTERMSIG(process->status) : 0;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Bytes of anonymous and of shared memory that a process has resident: RssAnon and RssShmem of its status. */
static uint64_t touched(pid_t pid)
{
	char path[64], text[4096];
	uint64_t bytes = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	ssize_t got = read(fd, text, sizeof(text) - 1);

	close(fd);
	if (got <= 0)
		return 0;
	text[got] = '\0';
	for (size_t i = 0; i < 2; i++) {
		const char *field = strstr(text, i == 0 ? "\nRssAnon:" : "\nRssShmem:");

		if (field != NULL)
			bytes += strtoull(strchr(field, ':') + 1, NULL, 10) * 1024;
	}
	return bytes;
}

/* While a statement takes long: whether it has taken too long, or too much. */
static enum exchange look(struct process *process, uint64_t since, const struct exchange_limits *limits)
{
	enum exchange outcome = EXCHANGE_DONE;

	if (limits != NULL && limits->max_touch > 0 && touched(process->pid) > limits->max_touch)
		outcome = EXCHANGE_TOUCHED;
	else if (limits != NULL && limits->timeout_ms > 0 && now_ms() - since > limits->timeout_ms)
		outcome = EXCHANGE_TIMEOUT;
	if (outcome != EXCHANGE_DONE)
		process_end(process);
	return outcome;
}

static enum exchange receive(struct process *process, struct exec_reply *reply, const struct exchange_limits *limits)
{
	uint64_t since = 0;

	for (;;) {
		ssize_t got = recv(process->socket, reply, sizeof(*reply) - 1, 0);

		if (got >= (ssize_t)offsetof(struct exec_reply, data)) {
			((char *)reply)[got] = '\0';
			if (reply->answer != ANSWER_DYING)
				return EXCHANGE_DONE;
			process->said_fault = true;
			process->signo = reply->signo;
			process->code = reply->code;
			process->address = reply->address;
		} else if (got >= 0 || errno == ECONNRESET) {
			collect(process);
			return EXCHANGE_DIED;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (since == 0)
				since = now_ms() - SAMPLE_MS;
			enum exchange outcome = look(process, since, limits);

			if (outcome != EXCHANGE_DONE)
				return outcome;
		} else if (errno != EINTR) {
			return EXCHANGE_BROKEN;
		}
	}
}

/* Sends a request, with a descriptor when fd is not -1. */
static int send_request(struct process *process, const struct exec_request *request, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec part = { (void *)(uintptr_t)request, offsetof(struct exec_request, data) + request->len };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);

		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	}
	return sendmsg(process->socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static enum exchange ask(struct process *process, const struct exec_request *request, int fd, struct exec_reply *reply,
                         const struct exchange_limits *limits)
{
	int error = send_request(process, request, fd);

	if (error == -EPIPE || error == -ECONNRESET) {
		collect(process);
		return EXCHANGE_DIED;
	}
	if (error < 0) {
		errno = -error;
		return EXCHANGE_BROKEN;
	}
	return receive(process, reply, limits);
}

enum exchange process_ask(struct process *process, const struct exec_request *request, struct exec_reply *reply,
                          const struct exchange_limits *limits)
{
	return ask(process, request, -1, reply, limits);
}

enum exchange process_give(struct process *process, const struct exec_request *request, int fd, struct exec_reply *reply)
{
	return ask(process, request, fd, reply, NULL);
}

enum exchange process_fork(struct process *process, struct process *child, int *error)
{
	static struct exec_request request;
	static struct exec_reply reply;
	const char *call;
	int pair[2];
	int failed = open_pair(pair);

	if (failed < 0) {
		errno = -failed;
		return EXCHANGE_BROKEN;
	}
	request.op = EXEC_FORK;
	enum exchange outcome = ask(process, &request, pair[1], &reply, NULL);

	close(pair[1]);
	*error = outcome == EXCHANGE_DONE && reply.result < 0 ? (int)-reply.result : 0;
	if (outcome != EXCHANGE_DONE || *error != 0) {
		close(pair[0]);
		return outcome;
	}
	*child = (struct process){ .pid = (pid_t)reply.result, .socket = pair[0] };
	failed = process_greet(child, &call);
	if (failed < 0) {
		errno = -failed;
		return EXCHANGE_BROKEN;
	}
	return EXCHANGE_DONE;
}
