/* SPDX-License-Identifier: MIT */
/* Between the files of the C program's printer: what is known of the script, and what the program will need. */
#ifndef MMTOOL_LANG_PROGRAM_PART_H
#define MMTOOL_LANG_PROGRAM_PART_H

#include "lang/program.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The C type of a name or of an expression. */
enum c_type {
	C_NONE,    /* not known yet */
	C_INT,     /* descriptors, pids, truth, small constants */
	C_LONG,    /* int64_t */
	C_POINTER, /* char *: names that only calls and functions that give addresses have bound */
	C_TEXT,    /* const char *, or an array of char for what was read */
};

/* All values that an expression can have. */
struct range {
	int64_t least, most;
	bool assumed; /* grown in a loop: bounded by a belief */
};

/* A name of the script in the program.  One that holds integers here and strings there has two variables. */
struct variable {
	const char *name, *text_name;
	const char *bound_name;  /* whether it is bound: NULL unless maybe_unbound */
	const char *kind_name;   /* whether it holds a string: NULL unless mixed */
	enum c_type type;       /* of the integers: C_NONE when it is never bound to one */
	bool has_text;          /* bound to a string somewhere */
	bool text_read;         /* to one that was read from memory or from /proc */
	bool is_text;           /* while the script is learnt: at this place of the text it holds a string */
	bool wild;              /* a pointer that is also given a constant: no compiler may reason about it */
	bool mixed;             /* read where it holds an integer or a string: that only shows when the program runs */
	bool number_read, text_kind_read; /* read where it holds an integer for certain, or a string */
	bool maybe_unbound;     /* read where the statement that binds it may not have been reached */
	bool declared, declared_here; /* at all, and where it is bound first */
	bool voided;            /* (void) keeps compilers from asking why it is never read */
	bool called;            /* bound by calls only: two such names do not overlap */
	bool read;              /* by some expression */
	unsigned bindings, reads;
	struct range range;
};

/* A function that the program can bring along. */
struct helper {
	const char *name, *prototype;
	const char *needs;   /* other helpers, separated by spaces; they stand above it in its list */
	const char *headers; /* without .h, separated by spaces */
	const char *body;
};

/* In the order in which they can stand in a program. */
extern const struct helper program_checks[], program_memory[], program_books[], program_trials[],
	program_processes[], program_cgroup[];

enum { HELPERS_MOST = 128, HEADERS_MOST = 32 };

/* Where a program is printed it is built, too: a long, an offset and an address may have 32 bits. */
enum { PROGRAM_NARROW = sizeof(long) < sizeof(int64_t) };

/* Places in the script's text, sorted. */
struct places {
	const char **list;
	size_t count, cap;
};

struct program {
	const struct script *script;
	const struct program_definition *definitions; /* of the first names */
	size_t definition_count;
	struct arena arena;
	struct variable *variables; /* by slot */
	bool several;               /* several processes: the names are the whole program's, blocks of `in` are functions */
	bool uses_page, uses_fault, uses_scratch, counts_faults, opens;

	bool helper_called[HELPERS_MOST], helper_used[HELPERS_MOST]; /* by main or a block; by anything */
	const char *headers[HEADERS_MOST];
	size_t header_count;
	const struct constant **constants; /* that older headers lack */
	size_t constant_count, constant_cap;
	bool call_numbers[CALL_ID_COUNT];

	struct places fresh_errno;   /* calls after which errno is read */
	bool learned;                /* what follows is known */
	struct places either, texts; /* where names are read that hold an integer or a string; a string for certain */

	/* Where the printing stands. */
	struct buf *out;
	unsigned indent;
	unsigned loops;      /* repeat around the statement whose passes are too many to print the maps in each */
	unsigned repeats;    /* all of them */
	unsigned depth;      /* blocks around the statement */
	bool crosses;        /* inside a block of `in`, and no repeat of its own around: break leaves the function */
	bool began;          /* something stands in the block already */
	bool spaced;         /* what stands there last wants an empty line behind it */
	bool gapped;         /* the last line is empty */
	bool in_words;       /* among the values of words() */
	bool last;           /* the statement is the last of a block of `in` */
	const char *cursor;  /* in the script's text: comments up to here were printed */
	unsigned block_count;
	struct buf made;     /* names of the program's own, with a space around each */
	struct buf blocks;   /* the functions of `in` */
	struct buf block_prototypes;
};

/* program-names.c: types, ranges and C names of the script's names. */
void program_learn(struct program *p);
/* A name for something of the program's own that no name of the script has, made from base and, from the second on, a number. */
const char *program_temporary(struct program *p, const char *base);
/* Whether a word means something in C or in the headers.  program-words.c */
bool program_reserved(const char *word, size_t len);

/* program-range.c */
enum c_type program_type(const struct program *p, const struct expr *expr);
/* As an operand of arithmetic: NULL and MAP_FAILED are numbers there, for there is no object to point into. */
enum c_type program_operand_type(const struct program *p, const struct expr *expr);
struct range program_range(const struct program *p, const struct expr *expr);
/* A known distance beyond every address: compilers hold that nothing is there. */
bool program_is_far(const struct program *p, const struct expr *offset);
enum c_type program_call_type(const struct call *call);
struct range program_call_range(const struct call *call);
bool program_stands_in(const struct places *places, const char *place);
/* Whether it is a name that holds an integer or a string here: it counts as an integer, save where a string is needed. */
bool program_is_either(const struct program *p, const struct expr *expr);
/* True: its value is the same before and after the statement, and taking it has no effect. */
bool program_is_pure(const struct expr *expr, uint32_t slot);
/* True: to find its value memory or one of the kernel's files is read, or memory is stored to. */
bool program_looks(const struct expr *expr);
bool program_is_boolean(const struct expr *expr);

/* program-expr.c: what an expression is printed for. */
enum form {
	AS_IS,      /* its own type */
	AS_LONG,    /* an integer: pointers are cast */
	AS_POINTER, /* an address for a call */
	AS_MEMORY,  /* an address whose memory the program itself loads or stores */
	AS_WORD,    /* a word for syscall(2), which has no prototype to widen it */
	AS_FLAGS,   /* bits for a call: constants as they are */
	AS_TRUTH,   /* a condition */
	AS_TEXT,    /* a string */
};

/* How tightly C's operators bind. */
enum {
	BIND_COMMA, BIND_ASSIGN, BIND_LOGOR, BIND_LOGAND, BIND_OR, BIND_XOR, BIND_AND, BIND_EQUAL, BIND_ORDER, BIND_SHIFT,
	BIND_SUM, BIND_PRODUCT, BIND_UNARY, BIND_POSTFIX,
};

/*
 * In the text '\v' is a space where the line may be broken, and '\f' one where it is broken rather than left too long.
 */
void program_expr(struct program *p, struct buf *out, const struct expr *expr, enum form form, int binds);
/* Before a name is read that may be bound by then or not: what checks it, and a comma. */
void program_bound_first(struct program *p, struct buf *out, uint32_t slot);
/* A string literal of C; format doubles each %. */
void program_string(struct buf *out, const char *data, size_t len, bool format);
/* A span of the script as one line: comments go, line ends become spaces. */
void program_source(struct buf *out, struct span span);
void program_constant(struct program *p, struct buf *out, const struct constant *constant);

/* program-literal.c: literals, constants and predefined names. */
void program_literal(struct program *p, struct buf *out, const struct expr *expr, enum form form, int binds);
void program_open_if(struct buf *out, bool parentheses);
void program_close_if(struct buf *out, bool parentheses);

/* program-compare.c */
void program_comparison(struct program *p, struct buf *out, const struct expr *expr, int binds);
void program_logical(struct program *p, struct buf *out, const struct expr *expr, int binds);
/* Bits taken from or set in a value by a constant: compilers work out what such a one can be. */
bool program_masks(const struct expr *expr);

/* By enum operator. */
struct program_operator {
	char text[3];
	uint8_t binds;
};
extern const struct program_operator program_operators[];
bool program_is_bits(uint8_t op);
bool program_is_bare(const struct expr *expr);
/*
 * What an address whose value is meant is cast to: "long", and in a word of 64 bits, which must not get the sign of 32,
 * uintptr_t.
 */
const char *program_address_type(struct program *p);
bool program_fits_int(const struct program *p, const struct expr *expr);

/* program-library.c: the text of a system call, and its C type. */
void program_call_text(struct program *p, struct buf *out, const struct statement *statement);
enum c_type program_call_text_type(const struct program *p, const struct statement *statement);

/* program-store.c: a memory operation. */
void program_memory_call(struct program *p, const struct statement *statement);

/* program-call.c: a call statement. */
/* What must be returned, kept from before the call: the name it is kept in.  NULL: the expression will do. */
const char *program_wanted(struct program *p, const struct statement *statement, enum c_type type);
/* The script's words as the last argument of a helper. */
void program_source_argument(struct buf *out, struct span span);
void program_call(struct program *p, const struct statement *statement);
/* What SYS_ names it by; the program defines that where the headers do not. */
const char *program_system_name(struct program *p, const struct call *call);
/* "char *a = ", "a = " or "". */
void program_target(struct program *p, struct buf *out, uint32_t slot, enum c_type type);
/* What follows from the binding: type is what the name is bound to. */
void program_bound(struct program *p, uint32_t slot, enum c_type type);

/* program-statement.c */
/* x = x: nothing is done. */
bool program_binds_itself(const struct statement *statement);
void program_statements(struct program *p, const struct statement *statement);
/* The statements between braces. */
void program_block(struct program *p, const struct statement *statement);
/* program-loop.c */
void program_repeat(struct program *p, const struct statement *statement);
void program_comments_until(struct program *p, const char *end);

/* program-constant.c */
void program_print_call_numbers(struct program *p);
void program_print_constants(struct program *p);

/* program-feature.c: require NAME. */
void program_feature(struct program *p, const struct statement *statement);

/* program-helpers.c */
void program_use(struct program *p, const char *helper);
/* The same, where only other helpers call it: it needs no prototype. */
void program_use_inside(struct program *p, const char *helper);
void program_header(struct program *p, const char *header);
const struct helper *program_helper(size_t index);

/* program-print.c: lines. */
void program_line(struct program *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Breaks the line where it is too long: see program_expr(). */
void program_add_line(struct program *p, const struct buf *text);
/* An empty line, unless nothing stands above it in the block. */
void program_gap(struct program *p);

#endif
