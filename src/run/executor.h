/* SPDX-License-Identifier: MIT */
/* What the tool asks of a subject, and what the subject answers: one SOCK_SEQPACKET message each way. */
#ifndef MMTOOL_RUN_EXECUTOR_H
#define MMTOOL_RUN_EXECUTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum exec_op {
	EXEC_SYSCALL,     /* number, then its arguments; strings: bits of arguments that are offsets into data */
	EXEC_SETRLIMIT,   /* prlimit64's number, resource, soft limit: the hard limit stays */
	EXEC_LOAD,        /* address: one byte */
	EXEC_STORE,       /* address, byte */
	EXEC_POKE,        /* address; data goes there byte by byte */
	EXEC_FILL,        /* address, byte, length */
	EXEC_COPY,        /* to, from, length */
	EXEC_READ_PAGES,  /* first address, number of pages, page size */
	EXEC_WRITE_PAGES, /* the same */
	EXEC_TEXT,        /* address: the C string there */
	EXEC_FILLED,      /* address, byte, length: 1 when every byte is that one */
	EXEC_FORK,        /* with the child's socket attached: the child's pid */
	EXEC_ADOPT,       /* with a descriptor attached: keeps it, and answers its number */
	EXEC_CLEAR,       /* undoes what setuid(2) does to the fence (PDEATHSIG) */
	EXEC_DROP_LOCK,   /* gives up CAP_IPC_LOCK: 1 when it had it */
	EXEC_EXIT,
};

enum { EXEC_ARGS = 8, EXEC_DATA = 64 * 1024 };

struct exec_request {
	uint16_t op; /* enum exec_op */
	bool guarded; /* EXEC_LOAD, EXEC_STORE: survive a fault and answer it */
	bool on_stack; /* EXEC_SYSCALL: the entry takes a pointer to its arguments (s390x's mmap) */
	uint32_t strings;
	uint32_t serial; /* which exchange of the process this is: the reply says the same */
	uint64_t args[EXEC_ARGS];
	uint32_t len; /* of data */
	char data[EXEC_DATA];
};

enum exec_answer {
	ANSWER_DONE,
	ANSWER_FAULT, /* a guarded access faulted: signo, code and address */
	ANSWER_DYING, /* an access faulted and the process dies of it, after one more message, of any kind: likewise */
};

struct exec_reply {
	uint16_t answer; /* enum exec_answer */
	uint32_t serial; /* the request's */
	int32_t signo, code;
	int64_t result; /* -errno on failure, as the kernel gives it */
	uint64_t address;
	uint32_t len;
	char data[EXEC_DATA];
};

/* What a subject is given at its birth. */
struct exec_setup {
	int socket;       /* its end of the pair */
	pid_t tool;       /* the tool's pid, without which it ends */
	uint64_t page;    /* bytes */
	bool allow_write; /* leave the fence open for writing to files */
};

/* The first message that a new subject sends, before it is asked anything; result is -errno when it could not be made. */
struct exec_hello {
	int32_t error;    /* 0, or the errno of the set-up that failed */
	char step[28];    /* which */
	uint64_t scratch; /* the address of its scratch page */
};

/* The status that a subject exits with when its socket fails: so much more than the errno, which is below EXEC_ERRORS. */
enum { EXEC_SEND_FAILED = 0, EXEC_RECEIVE_FAILED = 128, EXEC_ERRORS = 128 };

/* Becomes the executor: never returns.  Called in a new child, before anything was allocated in it. */
_Noreturn void executor_run(const struct exec_setup *setup);

#endif
