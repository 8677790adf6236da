/* SPDX-License-Identifier: MIT */
/* A system call in C: by the C library where its function is the call, else by syscall(2). */
#include "lang/program-part.h"

#include <string.h>

/* Where a call's function is declared; those that are not here have none that is the same call everywhere. */
static const char *const library[CALL_ID_COUNT] = {
	[CALL_MMAP] = "sys/mman",      [CALL_MUNMAP] = "sys/mman",    [CALL_MREMAP] = "sys/mman",
	[CALL_MPROTECT] = "sys/mman",  [CALL_MADVISE] = "sys/mman",   [CALL_MSYNC] = "sys/mman",
	[CALL_MLOCK] = "sys/mman",     [CALL_MUNLOCK] = "sys/mman",   [CALL_MLOCKALL] = "sys/mman",
	[CALL_MUNLOCKALL] = "sys/mman", [CALL_MINCORE] = "sys/mman",  [CALL_MEMFD_CREATE] = "sys/mman",
	[CALL_OPEN] = "fcntl",         [CALL_CLOSE] = "unistd",       [CALL_READ] = "unistd",
	[CALL_WRITE] = "unistd",       [CALL_PREAD] = "unistd",       [CALL_PWRITE] = "unistd",
	[CALL_FTRUNCATE] = "unistd",   [CALL_FALLOCATE] = "fcntl",    [CALL_FSYNC] = "unistd",
	[CALL_FCNTL] = "fcntl",        [CALL_IOCTL] = "sys/ioctl",    [CALL_SHMGET] = "sys/shm",
	[CALL_SHMAT] = "sys/shm",      [CALL_SHMDT] = "sys/shm",      [CALL_SHMCTL] = "sys/shm",
	[CALL_PRCTL] = "sys/prctl",    [CALL_SETUID] = "unistd",
};

const char *program_system_name(struct program *p, const struct call *call)
{
	program_header(p, "sys/syscall");
	program_header(p, "unistd");
	p->call_numbers[call->id] = true;
	return call->id == CALL_PREAD ? "pread64" : call->id == CALL_PWRITE ? "pwrite64" : call->name;
}

/* The argument, as the number it is known to be beforehand. */
static bool known(const struct program *p, const struct expr *expr, int64_t *value)
{
	struct range range = program_range(p, expr);

	*value = range.least;
	return range.least == range.most;
}

/* Bits that are constants: what a call does can be told. */
static bool known_bits(const struct expr *expr, int64_t *value)
{
	int64_t left, right;

	if (expr->kind == EXPR_INT || expr->kind == EXPR_CONSTANT) {
		*value = expr->kind == EXPR_INT ? expr->integer : expr->constant->value;
		return true;
	}
	if (expr->kind != EXPR_BINARY || expr->op != OP_OR || !known_bits(expr->left, &left) ||
	    !known_bits(expr->right, &right))
		return false;
	*value = left | right;
	return true;
}

static int64_t constant(const char *name)
{
	const struct constant *found = constant_find(name, strlen(name));

	return found != NULL ? found->value : 0;
}

/* glibc's mmap() refuses an offset that is not whole pages without asking the kernel. */
static bool is_whole_pages(const struct program *p, const struct expr *expr)
{
	int64_t value;

	if (expr->kind == EXPR_INT && expr->span.len > 0 && expr->span.text[expr->span.len - 1] == 'p')
		return true;
	if (expr->kind == EXPR_PREDEFINED && expr->predefined == PRE_PAGE)
		return true;
	if (expr->kind == EXPR_BINARY && (expr->op == OP_ADD || expr->op == OP_SUB))
		return is_whole_pages(p, expr->left) && is_whole_pages(p, expr->right);
	if (expr->kind == EXPR_BINARY && expr->op == OP_MUL)
		return is_whole_pages(p, expr->left) || is_whole_pages(p, expr->right);
	return known(p, expr, &value) && value % 65536 == 0;
}

/* A buffer of which the compiler knows nothing, or a literal that is long enough: else it may warn of what is meant. */
static bool is_safe_buffer(const struct program *p, const struct expr *buffer, const struct expr *count)
{
	int64_t bytes;

	if (buffer->kind == EXPR_STRING)
		return known(p, count, &bytes) && bytes >= 0 && (uint64_t)bytes <= buffer->string.len + 1;
	if (buffer->kind == EXPR_BINARY && buffer->op == OP_ADD)
		return is_safe_buffer(p, buffer->left, count);
	if (buffer->kind == EXPR_PREDEFINED)
		return buffer->predefined == PRE_SCRATCH;
	return buffer->kind == EXPR_NAME && program_type(p, buffer) == C_POINTER && !p->variables[buffer->slot].wild;
}

static bool is_string(const struct program *p, const struct expr *expr)
{
	return program_type(p, expr) == C_TEXT || (expr->kind == EXPR_NAME && program_type(p, expr) == C_POINTER);
}

static bool fcntl_is_same(const struct statement *statement)
{
	int64_t op;

	/* glibc makes F_GETOWN_EX of F_GETOWN, and record locks have structures of its own. */
	return known_bits(statement->args[1], &op) && op != constant("F_GETOWN");
}

/* glibc's mremap() refuses flags that it does not know without asking the kernel (seen in glibc 2.36). */
static bool mremap_is_same(const struct statement *statement)
{
	const int64_t all = constant("MREMAP_MAYMOVE") | constant("MREMAP_FIXED") | constant("MREMAP_DONTUNMAP");
	int64_t bits;

	return known_bits(statement->args[3], &bits) && (bits & ~all) == 0;
}

/* Whether the C library's function is the same call with these arguments. */
static bool is_same(const struct program *p, const struct statement *statement)
{
	struct expr *const *args = statement->args;

	switch ((enum call_id)statement->call->id) {
	case CALL_MMAP:
		return is_whole_pages(p, args[5]);
	case CALL_MREMAP:
		return mremap_is_same(statement);
	case CALL_READ:
	case CALL_WRITE:
	case CALL_PREAD:
	case CALL_PWRITE:
		/* Compilers warn of a count that is negative. */
		return is_safe_buffer(p, args[1], args[2]) && program_range(p, args[2]).most >= 0 && !program_masks(args[2]);
	case CALL_OPEN:
	case CALL_MEMFD_CREATE:
		return is_string(p, args[0]);
	case CALL_FCNTL:
		return fcntl_is_same(statement);
	default:
		return library[statement->call->id] != NULL;
	}
}

/* Where the library's prototypes have an int. */
static bool is_narrow(const struct call_arg *arg)
{
	return arg->kind == ARG_FLAGS || arg->kind == ARG_FD || arg->kind == ARG_INT || arg->kind == ARG_MODE;
}

/* Whether an int would do for the argument: the library's prototypes have int where the kernel has a long. */
static bool is_int(const struct program *p, const struct call_arg *arg, const struct expr *expr)
{
	struct range range = program_range(p, expr);

	return !is_narrow(arg) || (range.least >= INT32_MIN && range.most <= UINT32_MAX && range.least <= range.most) ||
	       expr->kind == EXPR_NAME;
}

static bool by_library(const struct program *p, const struct statement *statement)
{
	if (library[statement->call->id] == NULL || !is_same(p, statement))
		return false;
	for (uint32_t i = 0; i < statement->count; i++) {
		if (!is_int(p, &statement->call->args[i], statement->args[i]))
			return false;
	}
	return true;
}

/* shmctl's struct shmid_ds. */
static bool library_takes_structure(const struct call_arg *arg)
{
	return arg == &call_table[CALL_SHMCTL].args[2];
}

/* Whether it takes the sign bit of an int: a descriptor like 0xffffffff.  ioctl's op is an unsigned long. */
static bool takes_sign(const struct program *p, const struct call_arg *arg, const struct expr *expr)
{
	int64_t value;

	return is_narrow(arg) && arg != &call_table[CALL_IOCTL].args[1] &&
	       (known(p, expr, &value) || known_bits(expr, &value)) && value > INT32_MAX;
}

/* For a prototype's parameter. */
static void library_argument(struct program *p, struct buf *out, const struct call_arg *arg, const struct expr *expr)
{
	/* Where the prototype has a type of its own. */
	const char *cast = strcmp(arg->name, "vec") == 0                                    ? "(unsigned char *)"
	                   : arg->kind == ARG_ADDRESS && library_takes_structure(arg) ? "(void *)"
	                                                                                      : NULL;
	bool sign = takes_sign(p, arg, expr);

	switch ((enum arg_kind)arg->kind) {
	case ARG_ADDRESS:
	case ARG_STRING:
	case ARG_BUFFER:
		buf_puts(out, cast != NULL ? cast : "");
		program_expr(p, out, expr, AS_POINTER, cast != NULL ? BIND_UNARY : BIND_ASSIGN);
		break;
	default:
		buf_puts(out, sign ? "(int)" : "");
		program_expr(p, out, expr, arg->kind == ARG_FLAGS ? AS_FLAGS : AS_LONG, sign ? BIND_UNARY : BIND_ASSIGN);
	}
}

static void separator(struct buf *out, unsigned i)
{
	buf_puts(out, i > 0 ? ",\v" : "");
}

/* prctl's further arguments are unsigned longs behind an ellipsis: all of them are passed, and as wide as that. */
static void prctl_arguments(struct program *p, struct buf *out, const struct statement *statement)
{
	for (unsigned i = 0; i < 5; i++) {
		separator(out, i);
		if (i == 0)
			library_argument(p, out, &statement->call->args[0], statement->args[0]);
		else if (i < statement->count)
			program_expr(p, out, statement->args[i], AS_WORD, BIND_ASSIGN);
		else
			buf_puts(out, "0L");
	}
}

/* Commands of fcntl(2) that take no argument. */
static bool takes_nothing(int64_t op)
{
	static const char *const ops[] = { "F_GETFD", "F_GETFL", "F_GETSIG", "F_GETLEASE", "F_GETPIPE_SZ", "F_GET_SEALS" };

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (constant(ops[i]) == op)
			return true;
	}
	return false;
}

/* How many arguments the function is given: what stands behind its ellipsis only where the call looks at it. */
static unsigned library_count(const struct statement *statement)
{
	int64_t bits = 0;

	switch ((enum call_id)statement->call->id) {
	case CALL_MREMAP:
		return statement->count == 4 && known_bits(statement->args[3], &bits) &&
		                       (bits & (constant("MREMAP_FIXED") | constant("MREMAP_DONTUNMAP"))) == 0
		               ? 4
		               : 5;
	case CALL_OPEN:
		return statement->count == 2 && known_bits(statement->args[1], &bits) &&
		                       (bits & (constant("O_CREAT") | constant("O_TMPFILE"))) == 0
		               ? 2
		               : 3;
	case CALL_FCNTL:
		return statement->count == 2 && known_bits(statement->args[1], &bits) && takes_nothing(bits) ? 2 : 3;
	default:
		return statement->call->most;
	}
}

static void library_call(struct program *p, struct buf *out, const struct statement *statement)
{
	const struct call *call = statement->call;

	program_header(p, library[call->id]);
	buf_printf(out, "%s(", call->name);
	if (call->id == CALL_PRCTL) {
		prctl_arguments(p, out, statement);
	} else {
		for (unsigned i = 0; i < library_count(statement); i++) {
			bool given = i < statement->count, behind = call->id == CALL_FCNTL || call->id == CALL_IOCTL;

			separator(out, i);
			if (!given)
				buf_puts(out, call->args[i].kind == ARG_ADDRESS ? "NULL" : "0");
			else if (behind && i == 2)
				program_expr(p, out, statement->args[i], AS_WORD, BIND_ASSIGN);
			else
				library_argument(p, out, &call->args[i], statement->args[i]);
		}
	}
	buf_putc(out, ')');
}

static void raw_call(struct program *p, struct buf *out, const struct statement *statement)
{
	const struct call *call = statement->call;

	bool address = statement->slot != NO_SLOT && p->variables[statement->slot].type == C_POINTER &&
	               program_call_type(call) == C_POINTER;

	buf_printf(out, "%ssyscall(SYS_%s", address ? "(char *)" : "", program_system_name(p, call));
	for (unsigned i = 0; i < call->most; i++) {
		buf_puts(out, ",\v");
		if (i < statement->count)
			program_expr(p, out, statement->args[i], AS_WORD, BIND_ASSIGN);
		else
			buf_puts(out, "0L");
	}
	buf_putc(out, ')');
}

/* fork(), wait(), tmpfile(), cgroup() and setrlimit() of the language are not those of the C library. */
static void helper_call(struct program *p, struct buf *out, const struct statement *statement, const char *helper)
{
	program_use(p, helper);
	buf_printf(out, "%s(", helper);
	for (uint32_t i = 0; i < statement->count; i++) {
		separator(out, i);
		program_expr(p, out, statement->args[i], i == 0 && statement->call->id != CALL_SETRLIMIT ? AS_LONG : AS_FLAGS,
		             BIND_ASSIGN);
	}
	if (statement->call->class == CALL_TMPFILE && statement->count == 1) {
		program_header(p, "fcntl");
		buf_puts(out, ",\vO_RDWR");
	}
	buf_putc(out, ')');
}

enum c_type program_call_text_type(const struct program *p, const struct statement *statement)
{
	enum c_type type = program_call_type(statement->call);
	bool address = statement->slot != NO_SLOT && p->variables[statement->slot].type == C_POINTER;

	return type == C_POINTER && !address && !by_library(p, statement) ? C_LONG : type;
}

void program_call_text(struct program *p, struct buf *out, const struct statement *statement)
{
	switch ((enum call_id)statement->call->id) {
	case CALL_FORK_ID:
		helper_call(p, out, statement, "fork_process");
		break;
	case CALL_WAIT_ID:
		helper_call(p, out, statement, "wait_for");
		break;
	case CALL_TMPFILE_ID:
		helper_call(p, out, statement, "temporary_file");
		break;
	case CALL_CGROUP_ID:
		helper_call(p, out, statement, "enter_cgroup");
		break;
	case CALL_SETRLIMIT:
		helper_call(p, out, statement, "set_soft_limit");
		break;
	default:
		if (PROGRAM_NARROW && statement->call->id == CALL_FADVISE64)
			helper_call(p, out, statement, "advise_file");
		else if (by_library(p, statement))
			library_call(p, out, statement);
		else
			raw_call(p, out, statement);
	}
}
