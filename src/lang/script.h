/* SPDX-License-Identifier: MIT */
/* A script as a tree: what the parser makes and the checker has proved. */
#ifndef MMTOOL_LANG_SCRIPT_H
#define MMTOOL_LANG_SCRIPT_H

#include "base/alloc.h"
#include "base/buf.h"
#include "mm/call.h"
#include "mm/constant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct place {
	uint32_t line, column; /* from 1; a column is a byte of the line */
};

/* A span of the script's text. */
struct span {
	const char *text; /* borrowed from the script's text */
	uint32_t len;
	struct place place;
};

enum value_type { TYPE_ANY /* only known when evaluated */, TYPE_INT, TYPE_STRING };

enum operator {
	/* binary, by falling precedence as in C */
	OP_MUL, OP_DIV, OP_MOD, OP_ADD, OP_SUB, OP_SHL, OP_SHR, OP_LT, OP_LE, OP_GT, OP_GE, OP_EQ, OP_NE, OP_AND, OP_XOR,
	OP_OR, OP_LOGAND, OP_LOGOR,
	/* unary */
	OP_NOT, OP_INVERT, OP_NEGATE,
};

enum predefined { PRE_PAGE, PRE_HUGEPAGE, PRE_NULL, PRE_MAP_FAILED, PRE_ERRNO, PRE_SCRATCH };

/* The language's functions (values of expressions); order of function_table. */
enum function_id {
	FN_TEXT, FN_ZERO, FN_FILLED, FN_HOLE, FN_PERMS, FN_START, FN_END, FN_OFFSET, FN_PATHNAME, FN_MAPPED, FN_VMAS, FN_VMA,
	FN_RESIDENT, FN_PFN, FN_SMAPS, FN_STATUS, FN_MEMINFO, FN_VMFLAG, FN_SYSCTL, FN_MINFLT, FN_MAJFLT, FN_OOM_KILLS,
	FN_GETPID,
};

struct function {
	const char *name;
	uint8_t id;        /* enum function_id */
	uint8_t count;     /* arguments, all required */
	uint8_t type;      /* enum value_type of what it gives */
	uint8_t args[3];   /* enum value_type of each */
};

const struct function *function_find(const char *name, size_t len);
extern const struct function function_table[];
extern const size_t function_count;

enum expr_kind {
	EXPR_INT,
	EXPR_STRING,
	EXPR_NAME,       /* a bound name: slot */
	EXPR_CONSTANT,   /* PROT_READ, … */
	EXPR_PREDEFINED, /* page, errno, … */
	EXPR_UNARY,
	EXPR_BINARY,
	EXPR_INDEX,      /* base[offset]: a real load */
	EXPR_FUNCTION,
	EXPR_FAULT,      /* fault(base[offset]) or fault(base[offset] = value) */
};

struct expr {
	uint8_t kind;        /* enum expr_kind */
	uint8_t op;          /* enum operator: UNARY, BINARY */
	uint8_t predefined;  /* enum predefined */
	uint8_t count;       /* FUNCTION: arguments */
	bool parenthesised;
	uint16_t height;     /* levels of the tree beneath, bounded: walking it by recursion is safe */
	struct span span;    /* as written, without outer parentheses */
	union {
		int64_t integer;
		struct {
			const char *data; /* decoded; may hold NUL bytes */
			size_t len;
		} string;
		uint32_t slot;    /* into script->names */
		const struct constant *constant;
		struct {
			struct expr *left, *right; /* UNARY: right only */
		};
		struct {
			struct expr *base, *offset, *value; /* INDEX, FAULT; value NULL: a load */
		};
		struct {
			const struct function *function;
			struct expr **args;
		};
	};
};

enum statement_kind {
	STATEMENT_CALL,
	STATEMENT_BIND,
	STATEMENT_STORE,
	STATEMENT_EXPECT,
	STATEMENT_IF,
	STATEMENT_REPEAT,
	STATEMENT_BREAK,
	STATEMENT_IN,
	STATEMENT_REQUIRE_FEATURE, /* require NAME */
	STATEMENT_REQUIRE_KERNEL,  /* require kernel VERSION */
	STATEMENT_REQUIRE,         /* require EXPR, "reason" */
	STATEMENT_NOTE,
};

enum expected {
	EXPECT_SUCCESS,  /* no RESULT: it must not fail */
	EXPECT_VALUE,    /* = expr */
	EXPECT_FAILURE,  /* = -1 */
	EXPECT_ERRNO,    /* = -1 ENOMEM */
	EXPECT_ANYTHING, /* = ? */
};

/* No enum: its values are ints in C17. */
#define NO_SLOT UINT32_MAX

struct statement {
	uint8_t kind;     /* enum statement_kind */
	uint8_t expected; /* CALL: enum expected */
	int error;        /* CALL with EXPECT_ERRNO: the errno */
	struct span span; /* as written: for a block statement up to before its "{" */
	struct span name; /* CALL, BIND, REPEAT: the name bound, as written; len 0: none */
	struct span callee; /* CALL: from the call's name to its ")" */
	uint32_t slot;    /* CALL, BIND: the name bound; REPEAT: the counter; else NO_SLOT */
	struct statement *next;

	const struct call *call;        /* CALL */
	struct expr **args;             /* CALL, NOTE */
	uint32_t count;                 /* of args */
	struct expr *expr;              /* EXPECT, IF, REPEAT, IN, REQUIRE: the expression; BIND, STORE: the value;
	                                   CALL with EXPECT_VALUE: the result */
	struct expr *target;            /* STORE: an EXPR_INDEX */
	struct expr *message;           /* EXPECT: the message, or NULL; REQUIRE: the reason; an EXPR_STRING */
	struct statement *body, *otherwise; /* IF, REPEAT, IN; "else if" is an IF in otherwise */
	struct span feature;            /* REQUIRE_FEATURE: the name of a constant or call */
	const struct constant *constant; /* REQUIRE_FEATURE: the constant, or NULL: then call is set */
	unsigned version[3];            /* REQUIRE_KERNEL */
};

/* A name of the script. */
struct name {
	const char *text; /* NUL-terminated */
	uint32_t len;
};

struct script {
	const char *file;        /* what it is called in messages */
	const char *text;        /* the whole source, borrowed from the caller until script_free() */
	size_t len;
	uint32_t line;           /* the number of its first line */
	struct statement *first; /* NULL: an empty script */
	struct name *names;      /* slots; [0, predefined_names) were defined by the caller */
	uint32_t name_count;
	struct arena arena;      /* everything above lives here */
};

/* A name that is defined before the script begins (run's -D). */
struct definition {
	const char *name;
};

/*
 * Lexes, parses and checks a whole script.  page is the running system's page size in bytes, for the suffix p.
 * On success returns the script.  Else returns NULL, and errors holds messages ready to be printed, several of them where
 * several were found (at most 20): "FILE:LINE:COLUMN: message" with a suggestion for a misspelt name, the line, and a caret
 * under the column.  Source text in messages is escaped.  definitions become the first slots.
 */
struct script *script_parse(const char *file, const char *text, size_t len, uint64_t page,
                            const struct definition *definitions, size_t definition_count, struct buf *errors);
/* The same for a part of a longer text: its first line is that line of it, counted from 1. */
struct script *script_parse_part(const char *file, uint32_t line, const char *text, size_t len, uint64_t page,
                                 const struct definition *definitions, size_t definition_count, struct buf *errors);
void script_free(struct script *script);

/* Whether a word may not be bound: a keyword, a predefined name or a constant. */
bool script_reserved(const char *name, size_t len);

/* Made of constants only: it has the same value for every process and at every time. */
bool expr_is_constant(const struct expr *expr);

#endif
