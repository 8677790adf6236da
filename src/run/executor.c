/* SPDX-License-Identifier: MIT */
/* The executor: the loop in a subject that makes the calls, loads and stores it is asked for, and allocates nothing. */
#include "run/executor.h"

#include "base/file.h"
#include "run/fence.h"
#include "run/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A script's addresses are its own business: no sanitizer looks at what is loaded and stored there. */
#define RAW __attribute__((no_sanitize("address", "undefined"), noinline))

enum {
	TOP_DESCRIPTOR = 1023, /* where the socket sits: the highest number that RLIMIT_NOFILE below allows */
	SIGNAL_STACK = 64 * 1024,
	SOCKET_TRIES = 16,
	WARM_BYTES = 16 * 1024, /* of the signal stack and of each message: what answering a small request touches */
};

/* All that the executor needs stands in static memory, so that nothing of it moves or grows while a script runs. */
static struct exec_request request;
static struct exec_reply reply;
static unsigned char signal_stack[SIGNAL_STACK] __attribute__((aligned(64)));
static sigjmp_buf guard;
static volatile sig_atomic_t guarded;
static struct exec_setup self;
static unsigned char *scratch;

/* Whether a call on the socket is worth another try. */
static bool is_passing(void)
{
	return errno == EINTR || errno == ENOMEM || errno == ENOBUFS;
}

/*
 * After a call on the socket that failed: ends with the status that tells which and why, unless a script can be the cause.  It
 * can close the socket, put a file in its place, have it not wait (O_NONBLOCK), and unmap what is sent.
 */
static void blame(int call)
{
	switch (errno) {
	case EBADF:
	case ENOTSOCK:
	case EPIPE:
	case ECONNRESET:
	case EAGAIN:
	case EFAULT:
		return;
	default:
		/* MIPS and others have higher numbers than there is room for. */
		_exit(call + (errno < EXEC_ERRORS ? errno : EIO));
	}
}

/* Without it the tool would wait for ever.  MSG_NOSIGNAL: the tool may have gone. */
static void send_all(const void *message, size_t size)
{
	ssize_t sent;
	unsigned tries = 0;

	do {
		sent = send(self.socket, message, size, MSG_NOSIGNAL);
	} while (sent < 0 && is_passing() && ++tries < SOCKET_TRIES);
	if (sent < 0) {
		blame(EXEC_SEND_FAILED);
		_exit(0);
	}
}

static void send_reply(size_t len)
{
	reply.len = (uint32_t)len;
	reply.serial = request.serial;
	send_all(&reply, offsetof(struct exec_reply, data) + len);
}

static bool receive(void);

/*
 * A guarded access is abandoned and its fault answered.  Any other fault is the script's death: it is told first, and when
 * the tool has looked at what is mapped there (or has gone), the access is made again under the default action, so that the
 * process dies of the real signal, as a C program would.
 */
static void on_fault(int signo, siginfo_t *info, void *context)
{
	bool known = guarded != 0;

	reply.answer = known ? ANSWER_FAULT : ANSWER_DYING;
	reply.signo = signo;
	reply.code = info->si_code;
	reply.address = (uint64_t)(uintptr_t)info->si_addr;
	reply.result = -EFAULT;
	if (known)
		siglongjmp(guard, 1);
	send_reply(0);
	/* Any message will do, and the end of the socket. */
	(void)receive();
	/* Linux forces the default action of a fault's signal that is blocked, too (force_sig_fault()). */
	if (signal(signo, SIG_DFL) == SIG_ERR)
		sigaddset(&((ucontext_t *)context)->uc_sigmask, signo);
	/* Sent by somebody rather than caused by an access: returning would not raise it again. */
	if (info->si_code <= 0)
		raise(signo);
}

RAW static int64_t load(uint64_t address)
{
	return *(volatile unsigned char *)(uintptr_t)address;
}

RAW static int64_t store(uint64_t address, uint64_t byte)
{
	*(volatile unsigned char *)(uintptr_t)address = (unsigned char)byte;
	return 0;
}

RAW static int64_t poke(uint64_t address, const char *data, size_t len)
{
	volatile char *to = (volatile char *)(uintptr_t)address;

	for (size_t i = 0; i < len; i++)
		to[i] = data[i];
	return 0;
}

static const uint64_t every_byte = UINT64_MAX / 255; /* 0x0101…01 */

RAW static int64_t fill(uint64_t address, uint64_t byte, uint64_t len)
{
	volatile unsigned char *to = (volatile unsigned char *)(uintptr_t)address;
	uint64_t word = every_byte * (byte & 0xff);

	for (; len > 0 && (uintptr_t)to % sizeof(word) != 0; len--)
		*to++ = (unsigned char)byte;
	for (; len >= sizeof(word); len -= sizeof(word), to += sizeof(word))
		*(volatile uint64_t *)to = word;
	for (; len > 0; len--)
		*to++ = (unsigned char)byte;
	return 0;
}

RAW static int64_t copy(uint64_t to, uint64_t from, uint64_t len)
{
	volatile unsigned char *out = (volatile unsigned char *)(uintptr_t)to;
	const volatile unsigned char *in = (const volatile unsigned char *)(uintptr_t)from;

	for (uint64_t i = 0; i < len; i++)
		out[i] = in[i];
	return 0;
}

RAW static int64_t touch_pages(uint64_t address, uint64_t count, uint64_t page, bool write)
{
	for (uint64_t i = 0; i < count; i++, address += page) {
		if (write)
			store(address, 1);
		else
			load(address);
	}
	return 0;
}

RAW static int64_t text(uint64_t address)
{
	const volatile char *from = (const volatile char *)(uintptr_t)address;
	size_t len = 0;

	for (; len < EXEC_DATA; len++) {
		reply.data[len] = from[len];
		if (reply.data[len] == '\0')
			return (int64_t)len;
	}
	return -E2BIG;
}

RAW static int64_t filled(uint64_t address, uint64_t byte, uint64_t len)
{
	const volatile unsigned char *from = (const volatile unsigned char *)(uintptr_t)address;
	uint64_t word = every_byte * (byte & 0xff);

	for (; len > 0 && (uintptr_t)from % sizeof(word) != 0; len--) {
		if (*from++ != (unsigned char)byte)
			return 0;
	}
	for (; len >= sizeof(word); len -= sizeof(word), from += sizeof(word)) {
		if (*(const volatile uint64_t *)from != word)
			return 0;
	}
	for (; len > 0; len--) {
		if (*from++ != (unsigned char)byte)
			return 0;
	}
	return 1;
}

static int64_t kernel_call(void)
{
	uint64_t a[EXEC_ARGS];

	memcpy(a, request.args, sizeof(a));
	for (unsigned i = 1; i < EXEC_ARGS; i++) {
		if (request.strings & 1u << i)
			a[i] += (uint64_t)(uintptr_t)request.data;
	}
	unsigned long words[6] = { (unsigned long)a[1], (unsigned long)a[2], (unsigned long)a[3],
		                   (unsigned long)a[4], (unsigned long)a[5], (unsigned long)a[6] };

	errno = 0;
	long result = request.on_stack ? syscall((long)a[0], words)
	                               : syscall((long)a[0], words[0], words[1], words[2], words[3], words[4], words[5]);

	/* An address may use all bits of a word. */
	return result == -1 && errno != 0 ? -errno : (int64_t)(unsigned long)result;
}

static int64_t set_limit(void)
{
	struct {
		uint64_t soft, hard;
	} limit;
	unsigned long resource = (unsigned long)request.args[1];

	if (syscall((long)request.args[0], 0, resource, NULL, &limit) < 0)
		return -errno;
	limit.soft = request.args[2];
	return syscall((long)request.args[0], 0, resource, &limit, NULL) < 0 ? -errno : 0;
}

/* The death signal is the fence's own: fork and setuid clear it, and the tool may be gone before it is set again. */
static int64_t follow_tool(void)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return -errno;
	if (getppid() != self.tool)
		_exit(0);
	return 0;
}

/* The capability that frees from RLIMIT_MEMLOCK, out of all sets, so that nothing brings it back. */
static int64_t drop_lock(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
	const uint32_t lock = UINT32_C(1) << CAP_IPC_LOCK;

	if (syscall(SYS_capget, &head, sets) < 0)
		return -errno;
	bool had = (sets[0].permitted & lock) != 0;

	sets[0].effective &= ~lock;
	sets[0].permitted &= ~lock;
	sets[0].inheritable &= ~lock;
	return syscall(SYS_capset, &head, sets) < 0 ? -errno : had;
}

static int64_t access_guarded(void)
{
	int64_t result;

	guarded = 1;
	if (sigsetjmp(guard, 0) == 0) {
		result = request.op == EXEC_LOAD ? load(request.args[0]) : store(request.args[0], request.args[1]);
		reply.answer = ANSWER_DONE;
	} else {
		result = -EFAULT;
	}
	guarded = 0;
	return result;
}

/* The descriptor that came with the request in hand, or -1. */
static int attached = -1;

static int64_t perform(void);

/* Where the frame of serve() is; 0 before it runs. */
static uintptr_t serving;

enum { FRAME_BYTES = 512, STACK_BYTES = 4096 };

/*
 * Writes to the pages that hold the frame of serve(), those of its callees, and what lies below: after a fork they are shared,
 * and a page boundary may lie anywhere between them.
 */
static void touch_stack(void)
{
	volatile unsigned char below[STACK_BYTES];
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	for (size_t i = 0; i < sizeof(below); i += FRAME_BYTES)
		below[i] = 0;
	/* The callers' frames: each byte gets what it holds. */
	for (uintptr_t at = here; at < serving; at += FRAME_BYTES)
		store(at, (uint64_t)load(at));
	if (serving != 0)
		store(serving, (uint64_t)load(serving));
}

/* Loads from the pages of code that answering a request runs through; a fork does not copy their page table entries. */
static void touch_code(void);

/*
 * Does once, on memory of its own, what every later request does, so that no page of the tool's code or data is touched for
 * the first time while a script counts its faults.
 */
static void rehearse(void)
{
	touch_code();
	touch_stack();
	for (size_t i = 0; i < WARM_BYTES; i += 1024) {
		((volatile char *)&request)[i] = 0;
		((volatile char *)&reply)[i] = 0;
		((volatile unsigned char *)signal_stack)[SIGNAL_STACK - 1 - i] = 0;
	}
	uint64_t here = (uint64_t)(uintptr_t)request.data;

	poke(here, "x", 2);
	copy(here + 8, here, 8);
	fill(here, 0, 24);
	text(here);
	filled(here, 0, 24);
	touch_pages(here, 1, self.page, true);
	/* The page before the scratch page has no permissions: a fault that is caught. */
	request.op = EXEC_LOAD;
	request.guarded = true;
	request.args[0] = (uint64_t)(uintptr_t)scratch - self.page;
	perform();
	request.op = EXEC_SYSCALL;
	request.args[0] = SYS_getppid;
	perform();
	*(volatile int *)&attached = attached;
	*(volatile uintptr_t *)&serving = serving;
}

static void greet(const char *step, int error)
{
	struct exec_hello hello = { .error = error, .scratch = (uint64_t)(uintptr_t)scratch };

	strncpy(hello.step, step, sizeof(hello.step) - 1);
	send_all(&hello, sizeof(hello));
	if (error != 0)
		_exit(0);
}

static int as_error(int result)
{
	return result < 0 ? -errno : 0;
}

/* Where it cannot go on, the new process says which call failed, and ends. */
static void check(const char *call, int error)
{
	if (error < 0)
		greet(call, -error);
}

static int64_t fork_subject(void)
{
	if (attached < 0)
		return -EMFILE;
	/* As the child of the tool rather than of this process: the tool can wait for it, whoever asked for it. */
#ifdef __s390x__
	long pid = syscall(SYS_clone, NULL, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL);
#else
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
#endif
	if (pid == 0) {
		/* What it inherited is its parent's: the way to say so is the child's own. */
		int error = as_error(dup3(attached, self.socket, O_CLOEXEC));

		if (error < 0)
			self.socket = attached;
		check("dup3", error);
		close(attached);
		attached = -1;
		check("prctl", (int)follow_tool());
		rehearse();
		greet("ready", 0);
		return INT64_MIN; /* nothing to answer: it was this process's parent that was asked */
	}
	int64_t result = pid < 0 ? -errno : pid;

	/* Its writable pages are shared with the child now: take the copies here, and not in the script's next call. */
	rehearse();
	return result;
}

/* The descriptor that came attached becomes the script's: the kernel gave it the lowest free number. */
static int64_t adopt(void)
{
	int fd = attached;

	attached = -1;
	return fd < 0 ? -EMFILE : fd;
}

/* The next request.  False: the tool has gone, or it is none. */
static bool receive(void)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = { &request, sizeof(request) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
		                  .msg_controllen = sizeof(control) };
	ssize_t got;
	unsigned tries = 0;

	do {
		got = recvmsg(self.socket, &message, 0);
	} while (got < 0 && is_passing() && ++tries < SOCKET_TRIES);
	if (got < 0)
		blame(EXEC_RECEIVE_FAILED);
	if (got < (ssize_t)offsetof(struct exec_request, data))
		return false;
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	attached = -1;
	if (head != NULL && head->cmsg_type == SCM_RIGHTS)
		memcpy(&attached, CMSG_DATA(head), sizeof(attached));
	return true;
}

static int64_t perform(void)
{
	const uint64_t *a = request.args;

	switch ((enum exec_op)request.op) {
	case EXEC_SYSCALL:
		return kernel_call();
	case EXEC_SETRLIMIT:
		return set_limit();
	case EXEC_LOAD:
		return request.guarded ? access_guarded() : load(a[0]);
	case EXEC_STORE:
		return request.guarded ? access_guarded() : store(a[0], a[1]);
	case EXEC_POKE:
		return poke(a[0], request.data, request.len);
	case EXEC_FILL:
		return fill(a[0], a[1], a[2]);
	case EXEC_COPY:
		return copy(a[0], a[1], a[2]);
	case EXEC_READ_PAGES:
	case EXEC_WRITE_PAGES:
		return touch_pages(a[0], a[1], a[2], request.op == EXEC_WRITE_PAGES);
	case EXEC_TEXT:
		return text(a[0]);
	case EXEC_FILLED:
		return filled(a[0], a[1], a[2]);
	case EXEC_FORK:
		return fork_subject();
	case EXEC_ADOPT:
		return adopt();
	case EXEC_CLEAR:
		return follow_tool();
	case EXEC_DROP_LOCK:
		return drop_lock();
	case EXEC_EXIT:
		_exit(0);
	}
	return -ENOSYS;
}

static _Noreturn void serve(void);

static void touch_code(void)
{
	const uintptr_t code[] = {
		(uintptr_t)executor_run, (uintptr_t)serve,   (uintptr_t)perform, (uintptr_t)receive,       (uintptr_t)send_reply,
		(uintptr_t)on_fault,     (uintptr_t)adopt,   (uintptr_t)load,    (uintptr_t)store,         (uintptr_t)poke,
		(uintptr_t)fill,         (uintptr_t)copy,    (uintptr_t)text,    (uintptr_t)filled,        (uintptr_t)touch_pages,
		(uintptr_t)kernel_call,  (uintptr_t)set_limit, (uintptr_t)follow_tool, (uintptr_t)access_guarded,
		(uintptr_t)fork_subject, (uintptr_t)send,    (uintptr_t)recvmsg, (uintptr_t)syscall,       (uintptr_t)memcpy,
		(uintptr_t)close,        (uintptr_t)getppid, (uintptr_t)prctl,   (uintptr_t)siglongjmp,    (uintptr_t)signal,
	};

	for (size_t i = 0; i < sizeof(code) / sizeof(code[0]); i++)
		load(code[i]);
}

static _Noreturn void serve(void)
{
	serving = (uintptr_t)__builtin_frame_address(0);
	for (;;) {
		if (!receive())
			_exit(0);
		reply.answer = ANSWER_DONE;
		reply.signo = 0;
		reply.address = 0;
		int64_t result = perform();

		if (result == INT64_MIN)
			continue;
		if (attached >= 0)
			close(attached);
		reply.result = result;
		send_reply(request.op == EXEC_TEXT && result >= 0 ? (size_t)result : 0);
	}
}

/* Everything that was inherited is closed; 0, 1 and 2 become /dev/null, so that a script's first descriptor is 3. */
static void keep_socket_only(void)
{
	struct rlimit files = { 0, 0 };

	check("getrlimit", as_error(getrlimit(RLIMIT_NOFILE, &files)));
	if (files.rlim_cur > TOP_DESCRIPTOR + 1)
		files.rlim_cur = TOP_DESCRIPTOR + 1;
	int top = (int)files.rlim_cur - 1;

	if (self.socket != top) {
		check("dup3", as_error(dup3(self.socket, top, O_CLOEXEC)));
		self.socket = top;
	}
	check("setrlimit", as_error(setrlimit(RLIMIT_NOFILE, &files)));
	file_close_except(&top, 1);
	check("open, /dev/null", file_open("/dev/null", O_RDWR));
	check("dup2", as_error(dup2(0, 1) < 0 ? -1 : dup2(0, 2)));
}

/* RLIMIT_CORE 1 rather than 0: a core_pattern that is a pipe gets a core even at 0 (core(5)), and not at 1. */
static void no_core(void)
{
	struct rlimit core = { 0, 0 };

	check("getrlimit", as_error(getrlimit(RLIMIT_CORE, &core)));
	core.rlim_cur = core.rlim_max > 0 ? 1 : 0;
	check("setrlimit", as_error(setrlimit(RLIMIT_CORE, &core)));
}

static void catch_faults(void)
{
	stack_t stack = { .ss_sp = signal_stack, .ss_size = sizeof(signal_stack) };
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	sigset_t faults;

	/* A mask is inherited, and the signal of a fault that is blocked kills (force_sig_fault()). */
	sigemptyset(&faults);
	sigaddset(&faults, SIGSEGV);
	sigaddset(&faults, SIGBUS);
	check("sigprocmask", as_error(sigprocmask(SIG_UNBLOCK, &faults, NULL)));
	check("sigaltstack", as_error(sigaltstack(&stack, NULL)));
	check("sigaction", as_error(sigaction(SIGSEGV, &action, NULL) < 0 ? -1 : sigaction(SIGBUS, &action, NULL)));
}

_Noreturn void executor_run(const struct exec_setup *setup)
{
	self = *setup;
	check("prctl", (int)follow_tool());
	check("setsid", as_error(setsid()));
	keep_socket_only();
	no_core();

	const char *call;
	int error = scratch_place((size_t)self.page, &scratch, &call);

	check(call, error);
	catch_faults();
	error = fence_raise(self.allow_write, &call);
	check(call, error);
	rehearse();
	greet("ready", 0);
	serve();
}
