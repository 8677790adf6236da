/* SPDX-License-Identifier: MIT */
/* Subjects, as the tool sees them: making them, and collecting them. */
#include "run/process.h"

#include "base/clock.h"
#include "base/size.h"
#include "run/process-part.h"
#include "run/touched.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	GREETING_MS = 10 * 1000, /* a new process has little to do */
	SESSION_MS = 1000,       /* for what was killed to be gone */
	SOCKET_ROOM = 1026,      /* descriptors: 1023 is the highest that a subject begins with */
};

/* Those that live, so that what they touched can be summed up.  One that finds no room is not counted. */
static pid_t alive[128];
static size_t alive_count;
/* The first one's number, which is that of the session and the process group of all. */
static pid_t session;

static void count_in(pid_t pid)
{
	if (alive_count < sizeof(alive) / sizeof(alive[0]))
		alive[alive_count++] = pid;
}

static bool is_counted(pid_t pid)
{
	for (size_t i = 0; i < alive_count; i++) {
		if (alive[i] == pid)
			return true;
	}
	return false;
}

static void count_out(pid_t pid)
{
	for (size_t i = 0; i < alive_count; i++) {
		if (alive[i] == pid) {
			alive[i] = alive[--alive_count];
			return;
		}
	}
}

static int open_pair(int pair[2], const char **call)
{
	/* A receive that gives up now and then lets the tool look at a statement that takes long. */
	struct timeval sample = { .tv_sec = 0, .tv_usec = SAMPLE_MS * 1000 };

	*call = "socketpair";
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	const int yes = 1;

	/* A script can have a copy of the other end, and another process write into it: the kernel tells whose each message is. */
	*call = "setsockopt";
	if (setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &sample, sizeof(sample)) < 0 ||
	    setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)) < 0) {
		int error = -errno;

		close(pair[0]);
		close(pair[1]);
		return error;
	}
	return 0;
}

int process_spawn(struct process *process, bool allow_write, const char **call)
{
	int pair[2];
	int error = open_pair(pair, call);
	struct exec_setup setup = { .tool = getpid(), .page = size_page(), .allow_write = allow_write };

	*process = (struct process){ .socket = -1 };
	if (error < 0)
		return error;
	process_pin();
	*call = "fork";
	process->pid = fork();
	if (process->pid == 0) {
		process_inherit_limit();
		setup.socket = pair[1];
		executor_run(&setup);
	}
	error = process->pid < 0 ? -errno : 0;
	close(pair[1]);
	if (error < 0)
		close(pair[0]);
	else
		process->socket = pair[0];
	if (error == 0) {
		session = process->pid;
		count_in(process->pid);
	}
	return error;
}

ssize_t process_receive(const struct process *process, void *message, size_t size)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec part = { message, size };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control) };
	struct ucred sender = { 0 };
	ssize_t got = recvmsg(process->socket, &header, 0);
	const struct cmsghdr *head = got > 0 ? CMSG_FIRSTHDR(&header) : NULL;

	if (got <= 0)
		return got;
	if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_CREDENTIALS)
		memcpy(&sender, CMSG_DATA(head), sizeof(sender));
	if (sender.pid == process->pid)
		return got;
	errno = EPROTO;
	return -1;
}

/* A child that machine code made of a script's is the tool's own, and nothing else ends it: the last subject takes it along. */
static void end_session(void)
{
	const struct timespec moment = { .tv_nsec = 1000 * 1000 };
	siginfo_t info;

	/* As long as there is one, the number of its process group is nobody else's. */
	if (session <= 0 || waitid(P_PGID, (id_t)session, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || kill(-session, SIGKILL) < 0)
		return;
	for (unsigned ms = 0; ms < SESSION_MS && waitpid(-session, NULL, WNOHANG) >= 0; ms++)
		nanosleep(&moment, NULL);
}

static void abandon(struct process *process)
{
	count_out(process->pid);
	close(process->socket);
	process->socket = -1;
	process->dead = true;
	if (alive_count == 0)
		end_session();
}

bool process_reap(struct process *process, int options)
{
	pid_t got;

	do {
		got = waitpid(process->pid, &process->status, options);
	} while (got < 0 && errno == EINTR);
	if (got == 0)
		return false;
	process->unwaited = got < 0 ? errno : 0;
	if (got < 0)
		process->status = 0;
	abandon(process);
	return true;
}

static void collect(struct process *process)
{
	process_reap(process, 0);
}

enum exchange process_broken(struct process *process, const char *call, int error)
{
	process->failed = call;
	errno = error;
	return EXCHANGE_BROKEN;
}

bool process_lost(struct process *process)
{
	int status = WIFEXITED(process->status) ? WEXITSTATUS(process->status) : 0;

	if (process->unwaited != 0) {
		(void)process_broken(process, "waitpid", process->unwaited);
		return true;
	}
	if (status == 0)
		return false;
	process->failed = status > EXEC_RECEIVE_FAILED ? "recvmsg in the subject" : "send in the subject";
	errno = status > EXEC_RECEIVE_FAILED ? status - EXEC_RECEIVE_FAILED : status - EXEC_SEND_FAILED;
	return true;
}

void process_end(struct process *process)
{
	if (process->dead || process->pid <= 0)
		return;
	/* One that may not be killed ends when its socket does, or with the tool (PR_SET_PDEATHSIG): that is not waited for. */
	if (kill(process->pid, SIGKILL) < 0) {
		(void)shutdown(process->socket, SHUT_RDWR);
		if (!process_reap(process, WNOHANG))
			abandon(process);
	} else {
		collect(process);
	}
}

/* Whether the user has given up waiting. */
static bool is_stopped(const struct exchange_limits *limits)
{
	return limits != NULL && limits->stop != NULL && *limits->stop != 0;
}

/* Until it has ended, or some milliseconds have passed. */
static void wait_a_while(const struct process *process, int ms)
{
	struct pollfd ended = { .fd = (int)syscall(SYS_pidfd_open, process->pid, 0), .events = POLLIN };
	const struct timespec moment = { .tv_nsec = 200 * 1000 };

	/* pidfd_open(2) is there since Linux 5.3. */
	if (ended.fd < 0) {
		nanosleep(&moment, NULL);
		return;
	}
	(void)poll(&ended, 1, ms);
	close(ended.fd);
}

enum exchange process_look(struct process *process, uint64_t since, const struct exchange_limits *limits)
{
	enum exchange outcome = EXCHANGE_DONE;
	uint64_t now = clock_ms();

	process->looked = now;
	process->touching = 0;
	if (limits == NULL)
		return outcome;
	if (limits->max_touch > 0 && touched_over(alive, alive_count, limits->max_touch))
		outcome = EXCHANGE_TOUCHED;
	else if (limits->timeout_ms > 0 && now - since > limits->timeout_ms)
		outcome = EXCHANGE_TIMEOUT;
	if (outcome != EXCHANGE_DONE)
		process_end(process);
	return outcome;
}

enum exchange process_look_on(struct process *process, uint64_t since, const struct exchange_limits *limits)
{
	enum exchange outcome = process_look(process, since, limits);

	if (outcome != EXCHANGE_DONE || !is_stopped(limits))
		return outcome;
	process_end(process);
	return EXCHANGE_STOPPED;
}

enum exchange process_await_end(struct process *process, uint64_t since, const struct exchange_limits *limits)
{
	while (!process_reap(process, WNOHANG)) {
		enum exchange outcome = process_look_on(process, since, limits);

		if (outcome != EXCHANGE_DONE)
			return outcome;
		wait_a_while(process, SAMPLE_MS);
	}
	return process_lost(process) ? EXCHANGE_BROKEN : EXCHANGE_DIED;
}

/* The limits of a greeting: what lasts has gone wrong, whatever a statement may take. */
static struct exchange_limits greeting_limits(const struct exchange_limits *limits)
{
	struct exchange_limits own = limits != NULL ? *limits : (struct exchange_limits){ 0 };

	if (own.timeout_ms == 0 || own.timeout_ms > GREETING_MS)
		own.timeout_ms = GREETING_MS;
	return own;
}

/* Receives what a new process says first: how many bytes, 0 when it ended or was given up, and is dead, or -errno. */
static ssize_t receive_hello(struct process *process, struct exec_hello *hello, const struct exchange_limits *limits)
{
	const struct exchange_limits own = greeting_limits(limits);
	uint64_t since = clock_ms();

	for (;;) {
		ssize_t got = process_receive(process, hello, sizeof(*hello));
		enum exchange outcome = EXCHANGE_DONE;
		int error = errno;

		if (got > 0)
			return got;
		if (got == 0 || error == ECONNRESET)
			outcome = process_await_end(process, since, &own);
		else if (error == EAGAIN || error == EWOULDBLOCK)
			outcome = process_look_on(process, since, &own);
		else if (error != EINTR)
			return -error;
		process->given_up = outcome == EXCHANGE_TIMEOUT || outcome == EXCHANGE_TOUCHED || outcome == EXCHANGE_STOPPED;
		if (outcome != EXCHANGE_DONE)
			return 0;
	}
}

/* A script's machine code can greet, too: what is no name of a call is cut off. */
static void end_name(char *name, size_t size)
{
	size_t len = 0;

	while (len < size - 1 && name[len] >= ' ' && name[len] <= '~')
		len++;
	name[len] = '\0';
}

int process_greet(struct process *process, const char **call, const struct exchange_limits *limits)
{
	static struct exec_hello hello;
	ssize_t got = receive_hello(process, &hello, limits);
	int error = -ECHILD;

	*call = NULL;
	if (got == (ssize_t)sizeof(hello)) {
		end_name(hello.step, sizeof(hello.step));
		*call = hello.step;
		error = -hello.error;
	} else if (got == 0 && process_lost(process)) {
		error = -errno;
		*call = process->failed;
	} else if (got < 0 && got != -EPROTO) {
		error = (int)got;
		*call = "recvmsg";
	} else if (got != 0) {
		/* No new process says that. */
		process->given_up = true;
	}
	if (error < 0)
		process_end(process);
	process->scratch = hello.scratch;
	process->looked = clock_ms();
	return error;
}

enum exchange process_dismiss(struct process *process, const struct exchange_limits *limits)
{
	if (process->dead || process->pid <= 0)
		return EXCHANGE_DONE;
	if (shutdown(process->socket, SHUT_RDWR) < 0) {
		close(process->socket);
		process->socket = -1;
	}
	enum exchange outcome = process_await_end(process, clock_ms(), limits);

	return outcome == EXCHANGE_DIED ? EXCHANGE_DONE : outcome;
}

int process_signal(const struct process *process)
{
	return WIFSIGNALED(process->status) ? WTERMSIG(process->status) : 0;
}

enum exchange process_collect(struct process *process, const struct exchange_limits *limits)
{
	return process_await_end(process, clock_ms(), limits);
}

/* Whether that is a new child of the tool's (EXCHANGE_DONE), and not just any number that a subject answered (_CONFUSED). */
static enum exchange check_child(struct process *process, int64_t pid)
{
	siginfo_t info;
	int got;

	if (pid <= 0 || pid > INT32_MAX || is_counted((pid_t)pid))
		return EXCHANGE_CONFUSED;
	do {
		got = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == ECHILD ? EXCHANGE_CONFUSED : process_broken(process, "waitid", errno);
	/* A child that was not waited for has a session, dead or alive: also an ESRCH is a call that was kept from being made. */
	pid_t its = getsid((pid_t)pid);

	if (its < 0)
		return process_broken(process, "getsid", errno);
	return its == session ? EXCHANGE_DONE : EXCHANGE_CONFUSED;
}

/* A script may have used up its descriptors, which is nothing to a fork: room for the child's socket, above its own. */
static bool make_room(pid_t pid, struct rlimit *old)
{
	struct rlimit room;

	if (prlimit(pid, RLIMIT_NOFILE, NULL, old) < 0)
		return false;
	room = *old;
	room.rlim_cur = room.rlim_max < SOCKET_ROOM ? room.rlim_max : SOCKET_ROOM;
	return old->rlim_cur < SOCKET_ROOM && prlimit(pid, RLIMIT_NOFILE, &room, NULL) == 0;
}

enum exchange process_fork(struct process *process, struct process *child, int *error,
                           const struct exchange_limits *limits)
{
	struct rlimit files;
	static struct exec_request request;
	static struct exec_reply reply;
	const char *call;
	int pair[2];
	int failed = open_pair(pair, &call);

	if (failed < 0)
		return process_broken(process, call, -failed);
	request.op = EXEC_FORK;
	bool raised = make_room(process->pid, &files);
	enum exchange outcome = process_give(process, &request, pair[1], &reply, limits);
	int cause = errno;

	close(pair[1]);
	if (raised && !process->dead)
		(void)prlimit(process->pid, RLIMIT_NOFILE, &files, NULL);
	*error = outcome == EXCHANGE_DONE && reply.result < 0 ? (int)-reply.result : 0;
	if (outcome == EXCHANGE_DONE && *error == 0) {
		outcome = check_child(process, reply.result);
		cause = errno;
		if (outcome == EXCHANGE_CONFUSED)
			process_end(process);
	}
	if (outcome != EXCHANGE_DONE || *error != 0) {
		/* A child that is there all the same ends with its socket. */
		close(pair[0]);
		errno = cause;
		return outcome;
	}
	*child = (struct process){ .pid = (pid_t)reply.result, .socket = pair[0] };
	count_in(child->pid);
	failed = process_greet(child, &call, limits);
	if (raised && !child->dead)
		(void)prlimit(child->pid, RLIMIT_NOFILE, &files, NULL);
	/* What a script did to its memory, a child may not survive.  That is the script's affair: the child is dead. */
	if (failed < 0 && call == NULL)
		return EXCHANGE_DONE;
	return failed < 0 ? process_broken(process, call, -failed) : EXCHANGE_DONE;
}
