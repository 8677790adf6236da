/* SPDX-License-Identifier: MIT */
/* One exchange with a subject: a request is sent, and its answer waited for, within limits. */
#include "run/process-part.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* A script can reach the code of its executor, and the socket: nothing that comes from there is believed unseen. */
static bool is_sound(const struct process *process, const struct exec_reply *reply, ssize_t got)
{
	return got >= (ssize_t)offsetof(struct exec_reply, data) && reply->serial == process->serial &&
	       reply->len == (size_t)got - offsetof(struct exec_reply, data);
}

/* How many bytes a request may touch at most, where that is a matter of a length; a system call's stands second. */
static uint64_t reach_of(const struct exec_request *request)
{
	switch (request->op) {
	case EXEC_SYSCALL:
	case EXEC_FILL:
	case EXEC_COPY:
		return request->args[2];
	case EXEC_READ_PAGES:
	case EXEC_WRITE_PAGES:
		return request->args[1] * request->args[2];
	default:
		return 0;
	}
}

/* Many short statements are looked at as one long one is, and one that may have touched much in no time. */
static bool is_look_due(const struct process *process, const struct exchange_limits *limits)
{
	return clock_ms() - process->looked >= SAMPLE_MS ||
	       (limits != NULL && limits->max_touch > 0 && process->touching > limits->max_touch / 4);
}

/* since: of clock_ms(), when what is answered was begun. */
static enum exchange receive(struct process *process, struct exec_reply *reply, uint64_t since,
                             const struct exchange_limits *limits)
{
	for (;;) {
		ssize_t got = process_receive(process, reply, sizeof(*reply) - 1);
		enum exchange outcome = EXCHANGE_DONE;

		if (got > 0 && is_sound(process, reply, got)) {
			((char *)reply)[got] = '\0';
			/* This one is over, however long nobody listened. */
			if (reply->answer != ANSWER_DYING)
				return is_look_due(process, limits) ? process_look(process, clock_ms(), limits) : EXCHANGE_DONE;
			process->said_fault = true;
			process->signo = reply->signo;
			process->code = reply->code;
			process->address = reply->address;
			return EXCHANGE_DYING;
		} else if (got > 0 || (got < 0 && errno == EPROTO)) {
			process_end(process);
			return EXCHANGE_CONFUSED;
		} else if (got == 0 || errno == ECONNRESET) {
			return process_await_end(process, since, limits);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			/* A script can copy its end of the socket into another process, which keeps it open. */
			if (process_reap(process, WNOHANG))
				return process_lost(process) ? EXCHANGE_BROKEN : EXCHANGE_DIED;
			outcome = process_look_on(process, since, limits);
		} else if (errno != EINTR) {
			return process_broken(process, "recvmsg", errno);
		}
		if (outcome != EXCHANGE_DONE)
			return outcome;
	}
}

/* Sends a request, with a descriptor when fd is not -1. */
static enum exchange send_request(struct process *process, const struct exec_request *request, int fd,
                                  uint64_t since, const struct exchange_limits *limits)
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
	while (sendmsg(process->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		enum exchange outcome = EXCHANGE_DONE;

		if (errno == EPIPE || errno == ECONNRESET)
			return process_await_end(process, since, limits);
		if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
			return process_broken(process, "sendmsg", errno);
		/* It reads nothing: a script has made something else of its code. */
		if (errno != EINTR) {
			struct pollfd room = { .fd = process->socket, .events = POLLOUT };

			(void)poll(&room, 1, SAMPLE_MS);
			outcome = process_look_on(process, since, limits);
		}
		if (outcome != EXCHANGE_DONE)
			return outcome;
	}
	return EXCHANGE_DONE;
}

static enum exchange ask(struct process *process, struct exec_request *request, int fd, struct exec_reply *reply,
                         const struct exchange_limits *limits)
{
	uint64_t since = clock_ms();

	request->serial = ++process->serial;
	uint64_t reach = reach_of(request);

	process->touching = reach > UINT64_MAX - process->touching ? UINT64_MAX : process->touching + reach;
	enum exchange outcome = send_request(process, request, fd, since, limits);

	return outcome == EXCHANGE_DONE ? receive(process, reply, since, limits) : outcome;
}

enum exchange process_ask(struct process *process, struct exec_request *request, struct exec_reply *reply,
                          const struct exchange_limits *limits)
{
	return ask(process, request, -1, reply, limits);
}

enum exchange process_let_die(struct process *process, struct exec_reply *reply, const struct exchange_limits *limits)
{
	/* It may have gone, or a script have closed its end: then it waits for nothing.  The end of what is sent will do, too. */
	if (send(process->socket, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		(void)shutdown(process->socket, SHUT_WR);
	enum exchange outcome = receive(process, reply, clock_ms(), limits);

	if (outcome != EXCHANGE_DYING)
		return outcome;
	process_end(process);
	return EXCHANGE_CONFUSED;
}

enum exchange process_give(struct process *process, struct exec_request *request, int fd, struct exec_reply *reply,
                           const struct exchange_limits *limits)
{
	enum exchange outcome = ask(process, request, fd, reply, limits);

	return outcome == EXCHANGE_DYING ? process_let_die(process, reply, limits) : outcome;
}
