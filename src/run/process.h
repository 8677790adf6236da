/* SPDX-License-Identifier: MIT */
/* Subjects, as the tool sees them: making them, asking them, and collecting them. */
#ifndef MMTOOL_RUN_PROCESS_H
#define MMTOOL_RUN_PROCESS_H

#include "run/executor.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A child that runs the executor. */
struct process {
	pid_t pid;
	int socket;       /* -1 once it is dead */
	uint32_t serial;  /* of the last exchange */
	uint64_t looked;  /* when its memory was looked at last: milliseconds of CLOCK_MONOTONIC */
	uint64_t touching; /* bytes that it may have touched since, by the lengths of what it was asked for */
	bool dead;        /* it has been collected: status is valid */
	int status;       /* as waitpid(2) gives it */
	int unwaited;     /* 0, or the errno for which status is not known */
	const char *failed; /* EXCHANGE_BROKEN: the call that did */
	bool given_up;    /* it did not greet, or not within the limits: mmtool killed it */
	bool said_fault;  /* it announced the fault that it was about to die of: signo, code and address */
	int signo, code;
	uint64_t address;
	uint64_t scratch; /* address of its scratch page */
};

/* Why an exchange ended without an answer of the subject. */
enum exchange {
	EXCHANGE_DONE,
	EXCHANGE_DIED,     /* the process died instead of answering; it has been collected */
	EXCHANGE_TIMEOUT,  /* it took longer than allowed and was killed and collected */
	EXCHANGE_TOUCHED,  /* it touched more memory than allowed and was killed and collected */
	EXCHANGE_STOPPED,  /* the user wanted it to end: it was killed and collected */
	EXCHANGE_DYING,    /* of process_ask() only: it told of the fault that it is about to die of, and waits */
	EXCHANGE_CONFUSED, /* it sent what no executor sends, and was killed and collected */
	EXCHANGE_BROKEN,   /* the tool's own failure: errno is set, and the process's member failed */
};

struct exchange_limits {
	unsigned timeout_ms; /* 0: none */
	uint64_t max_touch;  /* bytes of anonymous and shared memory of all subjects together; 0: none */
	const volatile sig_atomic_t *stop; /* not zero: nothing more is to be done (Ctrl-C in the shell); NULL: never */
};

/*
 * Forks the first child, which runs the executor.  To be called before the tool has used its heap, so that the subject does
 * not carry it.  Returns 0 or -errno; then *call names what failed.  Puts both on one processor: an exchange between two
 * costs four to five times as much.  allow_write leaves the fence open for files that a script writes.
 */
int process_spawn(struct process *process, bool allow_write, const char **call);
/*
 * Has the kernel keep children that end until they are waited for: inherited as ignored, SIGCHLD would have it collect them, and
 * nobody could know what they died of (wait(2)).  And a file that would be longer than RLIMIT_FSIZE is an error, EFBIG, not our
 * death.  The other puts back what was inherited, in a process that becomes another program.
 */
void process_set_signals(void);
void process_inherit_signals(void);
/* Of these the one about RLIMIT_FSIZE alone: a subject's. */
void process_inherit_limit(void);
/* Puts this process, and those that it forks, on one processor; undoes that. */
void process_pin(void);
void process_unpin(void);
/*
 * Waits for the new process to say that it is ready: at most some seconds, and within limits (NULL: no others).  Returns 0 or
 * -errno, and then the process is dead, and *call names what failed, there or here; NULL: nothing did, it ended or was given up.
 */
int process_greet(struct process *process, const char **call, const struct exchange_limits *limits);

/* Asks, and waits for the answer.  reply->data is NUL-terminated. */
enum exchange process_ask(struct process *process, struct exec_request *request, struct exec_reply *reply,
                          const struct exchange_limits *limits);
/* After EXCHANGE_DYING: has it die, and waits for that. */
enum exchange process_let_die(struct process *process, struct exec_reply *reply, const struct exchange_limits *limits);
/* Waits for the end of a process that is about to end.  Never EXCHANGE_DONE. */
enum exchange process_collect(struct process *process, const struct exchange_limits *limits);
/* The same with a descriptor attached (EXEC_ADOPT); fd stays the caller's. */
enum exchange process_give(struct process *process, struct exec_request *request, int fd, struct exec_reply *reply,
                           const struct exchange_limits *limits);

/*
 * Has process fork: child becomes the new one, a child of the tool too, and is greeted.
 * EXCHANGE_DONE with *error 0, or with the positive errno of the fork; else as process_ask().  A child that ended before it
 * could be greeted, or did not greet, is dead.
 */
enum exchange process_fork(struct process *process, struct process *child, int *error,
                           const struct exchange_limits *limits);

/* Kills it, when it lives, and collects it. */
void process_end(struct process *process);
/*
 * Lets it exit by itself and collects it.  EXCHANGE_DONE; EXCHANGE_TIMEOUT, EXCHANGE_TOUCHED, EXCHANGE_STOPPED: it did not,
 * and was killed; EXCHANGE_BROKEN: how it ended is not known.
 */
enum exchange process_dismiss(struct process *process, const struct exchange_limits *limits);

/* The signal that killed a dead process, or 0 when it exited. */
int process_signal(const struct process *process);

#endif
