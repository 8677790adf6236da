/* SPDX-License-Identifier: MIT */
/* The script's call statements in C: by the C library where its function is the call, else by syscall(2). */
#include "lang/program-part.h"

#include <inttypes.h>
#include <stdlib.h>
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

/* Whether the C library's function is the same call with these arguments. */
static bool is_same(const struct program *p, const struct statement *statement)
{
	struct expr *const *args = statement->args;

	switch ((enum call_id)statement->call->id) {
	case CALL_MMAP:
		return is_whole_pages(p, args[5]);
	case CALL_READ:
	case CALL_WRITE:
	case CALL_PREAD:
	case CALL_PWRITE:
		return is_safe_buffer(p, args[1], args[2]);
	case CALL_OPEN:
	case CALL_MEMFD_CREATE:
		return is_string(p, args[0]);
	case CALL_FCNTL:
		return fcntl_is_same(statement);
	default:
		return library[statement->call->id] != NULL;
	}
}

/* Whether an int would do for the argument: the library's prototypes have int where the kernel has a long. */
static bool is_int(const struct program *p, const struct call_arg *arg, const struct expr *expr)
{
	struct range range = program_range(p, expr);
	bool narrow = arg->kind == ARG_FLAGS || arg->kind == ARG_FD || arg->kind == ARG_INT || arg->kind == ARG_MODE;

	return !narrow || (range.least >= INT32_MIN && range.most <= UINT32_MAX && range.least <= range.most) ||
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

/* For a prototype's parameter. */
static void library_argument(struct program *p, struct buf *out, const struct call_arg *arg, const struct expr *expr)
{
	/* Where the prototype has a type of its own. */
	const char *cast = strcmp(arg->name, "vec") == 0                                    ? "(unsigned char *)"
	                   : arg->kind == ARG_ADDRESS && library_takes_structure(arg) ? "(void *)"
	                                                                                      : NULL;
	int64_t value;

	switch ((enum arg_kind)arg->kind) {
	case ARG_ADDRESS:
	case ARG_STRING:
	case ARG_BUFFER:
		buf_puts(out, cast != NULL ? cast : "");
		program_expr(p, out, expr, AS_POINTER, cast != NULL ? BIND_UNARY : BIND_ASSIGN);
		break;
	case ARG_FLAGS:
		program_expr(p, out, expr, AS_FLAGS, BIND_ASSIGN);
		break;
	default:
		/* A literal that needs a sign bit of its own: a descriptor like 0xffffffff. */
		if (known(p, expr, &value) && value > INT32_MAX && (arg->kind == ARG_FD || arg->kind == ARG_INT))
			buf_puts(out, "(int)");
		program_expr(p, out, expr, AS_LONG, BIND_ASSIGN);
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
			program_expr(p, out, statement->args[0], AS_FLAGS, BIND_ASSIGN);
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

/* fork(), wait(), tmpfile() and setrlimit() of the language are not those of the C library. */
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

/* The C type of what call_expression() prints. */
static enum c_type expression_type(const struct program *p, const struct statement *statement)
{
	enum c_type type = program_call_type(statement->call);
	bool address = statement->slot != NO_SLOT && p->variables[statement->slot].type == C_POINTER;

	return type == C_POINTER && !address && !by_library(p, statement) ? C_LONG : type;
}

static void call_expression(struct program *p, struct buf *out, const struct statement *statement)
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
	case CALL_SETRLIMIT:
		helper_call(p, out, statement, "set_soft_limit");
		break;
	default:
		if (by_library(p, statement))
			library_call(p, out, statement);
		else
			raw_call(p, out, statement);
	}
}

void program_target(struct program *p, struct buf *out, uint32_t slot, enum c_type type)
{
	struct variable *variable;

	if (slot == NO_SLOT)
		return;
	variable = &p->variables[slot];
	bool text = type == C_TEXT;
	bool here = !variable->declared && !p->several && p->depth == 1 && !variable->maybe_unbound &&
	            !(variable->has_text && variable->type != C_NONE);

	if (here) {
		variable->declared = variable->declared_here = true;
		buf_puts(out, text                            ? "const char *"
		              : variable->type == C_POINTER ? "char *"
		              : variable->type == C_INT     ? "int "
		                                            : "int64_t ");
		if (!text && variable->type == C_LONG)
			program_header(p, "stdint");
	}
	variable->declared = true;
	buf_printf(out, "%s = ", text ? variable->text_name : variable->name);
	if (!text && variable->type != C_POINTER && type == C_POINTER)
		buf_puts(out, "(long)");
}

void program_bound(struct program *p, uint32_t slot, enum c_type type)
{
	struct variable *variable;

	if (slot == NO_SLOT)
		return;
	variable = &p->variables[slot];
	variable->is_text = type == C_TEXT;
	if (variable->maybe_unbound)
		program_line(p, "%s_bound = true;", variable->name != NULL ? variable->name : variable->text_name);
	if (variable->declared_here && !variable->read && !variable->voided) {
		variable->voided = true;
		program_line(p, "(void)%s;", type == C_TEXT ? variable->text_name : variable->name);
	}
}

/* The script's words for the call, as the last argument of a helper. */
static void source_argument(struct buf *out, struct span span)
{
	buf_puts(out, ",\v\"");
	program_source(out, span);
	buf_puts(out, "\");");
}

/* What to print of the maps after a call: the address and the length of what it was about. */
struct view {
	const struct expr *address, *len;
	uint32_t slot; /* or the name that it bound, for the address */
};

static bool view_of(const struct statement *statement, struct view *view)
{
	struct expr *const *args = statement->args;

	*view = (struct view){ .address = args != NULL ? args[0] : NULL, .slot = NO_SLOT };
	switch ((enum call_id)statement->call->id) {
	case CALL_MMAP:
	case CALL_MREMAP:
		view->slot = statement->slot;
		view->len = args[statement->call->id == CALL_MMAP ? 1 : 2];
		if (statement->call->id == CALL_MREMAP && statement->count == 5)
			view->address = args[4];
		return statement->slot != NO_SLOT || !program_is_constant(view->address);
	case CALL_MUNMAP:
	case CALL_MPROTECT:
	case CALL_PKEY_MPROTECT:
	case CALL_REMAP_FILE_PAGES:
		view->len = args[1];
		return true;
	case CALL_SHMAT:
		view->slot = statement->slot;
		return statement->slot != NO_SLOT;
	case CALL_SHMDT:
		return true;
	default:
		return false;
	}
}

/* Prints the maps lines of what the call was about, where this is no loop and nothing has to be computed twice. */
static void show_maps(struct program *p, const struct statement *statement)
{
	struct buf line = { 0 };
	struct view view;
	bool guarded = statement->expected == EXPECT_ANYTHING;

	if (p->loops > 0 || !view_of(statement, &view))
		return;
	if ((view.slot == NO_SLOT && !program_is_pure(view.address, NO_SLOT)) ||
	    (view.len != NULL && !program_is_pure(view.len, statement->slot)))
		return;
	if (guarded && view.slot == NO_SLOT)
		return;
	const struct variable *variable = view.slot != NO_SLOT ? &p->variables[view.slot] : NULL;
	const char *cast = variable != NULL && variable->type != C_POINTER ? "(char *)(long)" : "";

	if (guarded)
		program_line(p, variable->type == C_POINTER ? "if (%s != MAP_FAILED)" : "if (%s != -1)", variable->name);
	program_use(p, "show_maps");
	buf_printf(&line, "%sshow_maps(\"", guarded ? "\t" : "");
	if (variable != NULL)
		buf_puts(&line, p->script->names[view.slot].text);
	else
		program_source(&line, view.address->span);
	buf_puts(&line, "\",\v");
	if (variable != NULL)
		buf_printf(&line, "%s%s", cast, variable->name);
	else
		program_expr(p, &line, view.address, AS_POINTER, BIND_ASSIGN);
	buf_puts(&line, ",\v");
	if (view.len != NULL)
		program_expr(p, &line, view.len, AS_LONG, BIND_ASSIGN);
	else
		buf_puts(&line, "1");
	buf_puts(&line, ");");
	program_add_line(p, &line);
	buf_fini(&line);
}

/* The name a result is kept in, for what looks at it; or the call itself. */
static void result_text(const struct program *p, struct buf *out, const struct statement *statement,
                        const struct buf *call, bool as_integer)
{
	enum c_type type = expression_type(p, statement);

	if (statement->slot != NO_SLOT)
		type = p->variables[statement->slot].type;
	buf_puts(out, as_integer && type == C_POINTER ? "(long)" : "");
	if (statement->slot != NO_SLOT)
		buf_puts(out, p->variables[statement->slot].name);
	else
		buf_add(out, call->data, call->len);
}

/* "a = call(...);" where the call's name is bound. */
static void assign(struct program *p, const struct statement *statement, const struct buf *call)
{
	struct buf line = { 0 };

	if (statement->slot == NO_SLOT)
		return;
	program_target(p, &line, statement->slot, expression_type(p, statement));
	buf_add(&line, call->data, call->len);
	buf_putc(&line, ';');
	program_add_line(p, &line);
	buf_fini(&line);
	program_bound(p, statement->slot, program_call_type(statement->call));
}

static bool cannot_fail(const struct call *call)
{
	return call->id == CALL_BRK || call->class == CALL_WAIT;
}

static void must_succeed(struct program *p, const struct statement *statement, const struct buf *call)
{
	struct buf line = { 0 };
	bool pointer = expression_type(p, statement) == C_POINTER &&
	               (statement->slot == NO_SLOT || p->variables[statement->slot].type == C_POINTER);

	assign(p, statement, call);
	if (cannot_fail(statement->call)) {
		if (statement->slot == NO_SLOT)
			program_line(p, "%.*s;", 0, "");
		return;
	}
	program_use(p, "fail");
	buf_puts(&line, "if (");
	result_text(p, &line, statement, call, false);
	buf_puts(&line, pointer ? " == MAP_FAILED)" : " == -1)");
	if (pointer)
		program_header(p, "sys/mman");
	program_add_line(p, &line);
	program_line(p, "\tfail(\"%s\");", statement->call->name);
	buf_fini(&line);
}

static void must_fail(struct program *p, const struct statement *statement, const struct buf *call)
{
	struct buf line = { 0 };
	const char *name = constant_name(GROUP_ERRNO, statement->error);

	assign(p, statement, call);
	program_use(p, "expect_error");
	program_header(p, "errno");
	buf_puts(&line, "expect_error(");
	result_text(p, &line, statement, call, true);
	if (statement->expected == EXPECT_FAILURE)
		buf_puts(&line, ",\v0");
	else if (name != NULL)
		buf_printf(&line, ",\v%s", name);
	else
		buf_printf(&line, ",\v%d", statement->error);
	source_argument(&line, statement->span);
	program_add_line(p, &line);
	buf_fini(&line);
}

/* What must be returned is what it is before the call. */
static const char *wanted_before(struct program *p, const struct statement *statement, enum c_type type)
{
	struct buf line = { 0 };
	const char *name;

	if (program_is_pure(statement->expr, statement->slot))
		return NULL;
	name = program_temporary(p, "wanted");
	if (type != C_POINTER)
		program_header(p, "stdint");
	buf_printf(&line, "%s%s = ", type == C_POINTER ? "char *" : "int64_t ", name);
	program_expr(p, &line, statement->expr, type == C_POINTER ? AS_POINTER : AS_LONG, BIND_ASSIGN);
	buf_putc(&line, ';');
	program_add_line(p, &line);
	buf_fini(&line);
	return name;
}

static void must_return(struct program *p, const struct statement *statement, const struct buf *call, const char *wanted,
                        enum c_type type)
{
	struct buf line = { 0 };
	bool pointers = type == C_POINTER;

	assign(p, statement, call);
	program_use(p, pointers ? "expect_place" : "expect_result");
	buf_printf(&line, "%s(", pointers ? "expect_place" : "expect_result");
	result_text(p, &line, statement, call, !pointers);
	buf_puts(&line, ",\v");
	if (wanted != NULL)
		buf_puts(&line, wanted);
	else
		program_expr(p, &line, statement->expr, pointers ? AS_POINTER : AS_LONG, BIND_ASSIGN);
	source_argument(&line, statement->span);
	program_add_line(p, &line);
	buf_fini(&line);
}

static void may_return(struct program *p, const struct statement *statement, const struct buf *call)
{
	struct buf line = { 0 };
	bool pointer = expression_type(p, statement) == C_POINTER &&
	               (statement->slot == NO_SLOT || p->variables[statement->slot].type == C_POINTER);
	const char *helper = pointer ? "tell_address" : "tell_result";

	assign(p, statement, call);
	program_use(p, helper);
	buf_printf(&line, "%s(", helper);
	result_text(p, &line, statement, call, false);
	source_argument(&line, statement->callee);
	program_add_line(p, &line);
	buf_fini(&line);
}

static bool wants_fresh_errno(const struct program *p, const struct statement *statement)
{
	size_t low = 0, high = p->fresh_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->fresh_errno[middle]->span.text < statement->span.text)
			low = middle + 1;
		else
			high = middle;
	}
	return low < p->fresh_count && p->fresh_errno[low]->span.text == statement->span.text;
}

static void system_call(struct program *p, const struct statement *statement)
{
	struct buf call = { 0 };
	enum c_type type = expression_type(p, statement);
	const char *wanted = NULL;

	if (statement->expected == EXPECT_VALUE) {
		bool pointer = statement->slot == NO_SLOT || p->variables[statement->slot].type == C_POINTER;

		type = type == C_POINTER && pointer && program_type(p, statement->expr) == C_POINTER ? C_POINTER : C_LONG;
		wanted = wanted_before(p, statement, type);
	}
	if (wants_fresh_errno(p, statement)) {
		program_header(p, "errno");
		program_line(p, "errno = 0;");
	}
	call_expression(p, &call, statement);
	switch ((enum expected)statement->expected) {
	case EXPECT_SUCCESS:
		if (cannot_fail(statement->call) && statement->slot == NO_SLOT) {
			buf_putc(&call, ';');
			program_add_line(p, &call);
		} else {
			must_succeed(p, statement, &call);
		}
		break;
	case EXPECT_FAILURE:
	case EXPECT_ERRNO:
		must_fail(p, statement, &call);
		break;
	case EXPECT_VALUE:
		must_return(p, statement, &call, wanted, type);
		break;
	case EXPECT_ANYTHING:
		may_return(p, statement, &call);
		break;
	}
	buf_fini(&call);
	if (statement->expected != EXPECT_FAILURE && statement->expected != EXPECT_ERRNO)
		show_maps(p, statement);
	p->spaced = true;
}

static void length(struct program *p, struct buf *out, const struct expr *expr)
{
	struct range range = program_range(p, expr);

	/* A length that is 0 makes compilers ask whether the arguments were swapped. */
	if (range.least >= 0 && range.most > 0) {
		program_expr(p, out, expr, AS_LONG, BIND_ASSIGN);
		return;
	}
	program_use(p, "length");
	buf_puts(out, "length(");
	program_expr(p, out, expr, AS_LONG, BIND_ASSIGN);
	buf_putc(out, ')');
}

static void copy_string(struct program *p, struct buf *out, const struct statement *statement)
{
	const struct expr *text = statement->args[1];
	bool zeros = text->kind == EXPR_STRING && memchr(text->string.data, '\0', text->string.len) != NULL;

	program_header(p, "string");
	buf_puts(out, zeros ? "memcpy(" : "strcpy(");
	program_expr(p, out, statement->args[0], AS_MEMORY, BIND_ASSIGN);
	buf_puts(out, ",\v");
	program_expr(p, out, text, AS_TEXT, BIND_ASSIGN);
	if (zeros)
		buf_printf(out, ",\v%zu", text->string.len + 1);
	buf_putc(out, ')');
}

/* memcpy(3) may not overlap: it is used where the two have different names. */
static bool are_apart(const struct program *p, const struct expr *a, const struct expr *b)
{
	while (a->kind == EXPR_BINARY)
		a = a->left;
	while (b->kind == EXPR_BINARY)
		b = b->left;
	return a->kind == EXPR_NAME && b->kind == EXPR_NAME && a->slot != b->slot &&
	       program_type(p, a) == C_POINTER && program_type(p, b) == C_POINTER && p->variables[a->slot].called &&
	       p->variables[b->slot].called;
}

static void copy_memory(struct program *p, struct buf *out, const struct statement *statement)
{
	struct expr *const *args = statement->args;
	bool apart = are_apart(p, args[0], args[1]);

	if (apart)
		program_header(p, "string");
	else
		program_use(p, "copy_bytes");
	buf_puts(out, apart ? "memcpy(" : "copy_bytes(");
	program_expr(p, out, args[0], AS_MEMORY, BIND_ASSIGN);
	buf_puts(out, ",\v");
	program_expr(p, out, args[1], AS_MEMORY, BIND_ASSIGN);
	buf_puts(out, ",\v");
	if (apart)
		length(p, out, args[2]);
	else
		program_expr(p, out, args[2], AS_LONG, BIND_ASSIGN);
	buf_putc(out, ')');
}

static void set_memory(struct program *p, struct buf *out, const struct statement *statement)
{
	struct expr *const *args = statement->args;
	struct range byte = program_range(p, args[1]);
	bool narrow = byte.least >= INT32_MIN && byte.most <= INT32_MAX;

	program_header(p, "string");
	buf_puts(out, "memset(");
	program_expr(p, out, args[0], AS_MEMORY, BIND_ASSIGN);
	buf_puts(out, narrow ? ",\v" : ",\v(int)");
	program_expr(p, out, args[1], AS_LONG, narrow ? BIND_ASSIGN : BIND_UNARY);
	buf_puts(out, ",\v");
	length(p, out, args[2]);
	buf_putc(out, ')');
}

static void touch(struct program *p, struct buf *out, const struct statement *statement)
{
	program_use(p, statement->call->name);
	buf_printf(out, "%s(", statement->call->name);
	program_expr(p, out, statement->args[0], AS_MEMORY, BIND_ASSIGN);
	buf_puts(out, ",\v");
	program_expr(p, out, statement->args[1], AS_LONG, BIND_ASSIGN);
	buf_putc(out, ')');
}

static void words(struct program *p, struct buf *out, const struct statement *statement)
{
	program_header(p, "stdint");
	program_header(p, "string");
	buf_puts(out, "memcpy(");
	program_expr(p, out, statement->args[0], AS_MEMORY, BIND_ASSIGN);
	buf_puts(out, ",\v(int64_t[]){ ");
	for (uint32_t i = 1; i < statement->count; i++) {
		separator(out, i - 1);
		program_expr(p, out, statement->args[i], AS_LONG, BIND_ASSIGN);
	}
	buf_printf(out, " },\v%" PRIu32 " * sizeof(int64_t))", statement->count - 1);
}

static void memory_operation(struct program *p, struct buf *out, const struct statement *statement)
{
	switch ((enum call_id)statement->call->id) {
	case CALL_STRCPY:
		copy_string(p, out, statement);
		break;
	case CALL_MEMSET:
		set_memory(p, out, statement);
		break;
	case CALL_MEMCPY:
		copy_memory(p, out, statement);
		break;
	case CALL_WORDS:
		words(p, out, statement);
		break;
	default:
		touch(p, out, statement);
	}
}

/* Loads and stores return 0, or not at all. */
static void judge_memory(struct program *p, const struct statement *statement, const char *wanted)
{
	struct buf line = { 0 };
	bool value = statement->expected == EXPECT_VALUE;

	if (!value && statement->expected != EXPECT_FAILURE && statement->expected != EXPECT_ERRNO)
		return;
	program_use(p, value ? "expect_result" : "expect_error");
	buf_puts(&line, value ? "expect_result(0,\v" : "expect_error(0,\v0");
	if (wanted != NULL)
		buf_puts(&line, wanted);
	else if (value)
		program_expr(p, &line, statement->expr, AS_LONG, BIND_ASSIGN);
	source_argument(&line, statement->span);
	program_add_line(p, &line);
	buf_fini(&line);
}

static void memory_call(struct program *p, const struct statement *statement)
{
	struct buf line = { 0 };
	bool survives = statement->expected == EXPECT_ANYTHING && p->last;
	const char *name = statement->slot != NO_SLOT ? p->variables[statement->slot].name : NULL;
	const char *wanted = statement->expected == EXPECT_VALUE ? wanted_before(p, statement, C_LONG) : NULL;

	if (survives) {
		if (name != NULL)
			program_line(p, "%s = -1;", name);
		program_use(p, "may_die");
		program_line(p, "may_die(true);");
	}
	memory_operation(p, &line, statement);
	buf_putc(&line, ';');
	program_add_line(p, &line);
	buf_reset(&line);
	if (survives)
		program_line(p, "may_die(false);");
	if (name != NULL) {
		program_target(p, &line, statement->slot, C_INT);
		buf_puts(&line, "0;");
		program_add_line(p, &line);
		program_bound(p, statement->slot, C_INT);
	}
	buf_fini(&line);
	judge_memory(p, statement, wanted);
}

void program_call(struct program *p, const struct statement *statement)
{
	if (statement->call->class == CALL_MEMORY)
		memory_call(p, statement);
	else
		system_call(p, statement);
}
