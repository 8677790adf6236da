/* SPDX-License-Identifier: MIT */
/* Reads lines as strace(1) writes them: the calls that mmtool knows, with the values of their arguments. */
#ifndef MMTOOL_RUN_STRACE_H
#define MMTOOL_RUN_STRACE_H

#include "base/buf.h"
#include "mm/call.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum strace_kind {
	STRACE_NOISE, /* no call, one that mmtool does not know, or one that has not returned yet */
	STRACE_CALL,
	STRACE_FAULT, /* --- SIGSEGV {…} --- */
};

/* What a line says.  Texts are valid until the next line is read. */
struct strace_line {
	uint8_t kind;            /* enum strace_kind */
	int pid;                 /* 0: the line does not say */
	const char *text;        /* the line, or both parts of one that was <unfinished ...>; text_len bytes */
	size_t text_len;
	const struct call *call; /* STRACE_CALL; by the name of the language: mmap for mmap2 */
	unsigned count;          /* arguments that were given */
	unsigned known;          /* bit i: args[i] is valid */
	uint64_t args[CALL_ARGS];
	const char *string;      /* the first argument's, when it is a string: string_len bytes at least */
	size_t string_len;
	bool cut;                /* strace showed only that much of the string (strace -s) */
	bool returned;           /* result and error are valid; false: "= ?" */
	int64_t result;          /* -1 when it failed */
	int error;               /* positive errno, 0 on success */
	bool injected;           /* strace made the error: "(INJECTED)" */
	int signo;               /* STRACE_FAULT */
	int64_t code;            /* as fault_code() */
	uint64_t address;
};

/* A reader: it keeps the first parts of calls that were interrupted by others' lines. */
struct strace;
/* Sizes may be written as in the script language, too: page is what 1p is. */
struct strace *strace_new(uint64_t page);
void strace_free(struct strace *strace);
/* Reads one line, without its newline.  What it cannot read is STRACE_NOISE; nothing in a line is trusted. */
void strace_read(struct strace *strace, const char *data, size_t len, struct strace_line *line);

#endif
