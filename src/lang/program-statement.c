/* SPDX-License-Identifier: MIT */
/* The script's statements in C, with its comments. */
#include "lang/program-part.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <string.h>

/* "it's done" for a comment: nothing in it ends or nests one, and nothing in it is a control or unseen. */
static void comment_text(struct buf *out, const char *text, size_t len)
{
	size_t used;

	for (size_t i = 0; i < len; i += used) {
		char last = out->len > 0 ? out->data[out->len - 1] : '\0';
		int32_t point = utf8_decode(text + i, len - i, &used);

		if ((last == '*' && point == '/') || (last == '/' && point == '*') || (last == '?' && point == '?'))
			buf_putc(out, ' ');
		if (point >= 0 && point < 0x80 && utf8_unsafe(point))
			buf_putc(out, ' ');
		else
			buf_escape(out, text + i, used, 0);
	}
}

static void comment(struct program *p, const struct buf *lines)
{
	const char *text = buf_text(lines), *newline = strchr(text, '\n');

	if (newline == NULL) {
		program_line(p, "/* %s */", text);
		return;
	}
	program_line(p, "/*");
	for (; newline != NULL; text = newline + 1, newline = strchr(text, '\n'))
		program_line(p, " * %.*s", (int)(newline - text), text);
	program_line(p, " * %s", text);
	program_line(p, " */");
}

/* The text of the comment that begins at text; returns its end. */
static const char *read_comment(struct buf *lines, const char *text, const char *end)
{
	const char *stop = memchr(text, '\n', (size_t)(end - text));

	stop = stop != NULL ? stop : end;
	const char *from = text, *to = stop;

	while (from < to && (*from == '#' || *from == '/' || *from == ' ' || *from == '\t'))
		from++;
	while (to > from && (to[-1] == ' ' || to[-1] == '\t' || to[-1] == '\r'))
		to--;
	if (lines->len > 0)
		buf_putc(lines, '\n');
	comment_text(lines, from, (size_t)(to - from));
	return stop;
}

static bool begins_comment(const char *text, const char *end)
{
	return *text == '#' || (*text == '/' && text + 1 < end && text[1] == '/');
}

/* What stands between statements is blank, punctuation, and comments. */
void program_comments_until(struct program *p, const char *end)
{
	struct buf lines = { 0 };
	unsigned newlines = 0;
	bool gap = false;

	while (p->cursor < end) {
		if (begins_comment(p->cursor, end)) {
			bool shebang = p->cursor == p->script->text && end - p->cursor > 1 && p->cursor[1] == '!';

			p->cursor = read_comment(&lines, p->cursor, end);
			if (shebang)
				buf_reset(&lines);
			newlines = 0;
			continue;
		}
		newlines = *p->cursor == '\n' ? newlines + 1 : newlines;
		if (newlines > 1) {
			if (lines.len > 0) {
				if (gap)
					program_gap(p);
				comment(p, &lines);
				buf_reset(&lines);
			}
			gap = true;
		}
		p->cursor++;
	}
	if (gap || p->spaced)
		program_gap(p);
	if (lines.len > 0)
		comment(p, &lines);
	buf_fini(&lines);
}

/* A comment behind the statement on its line goes before it. */
static void trailing_comment(struct program *p, const struct statement *statement)
{
	const char *at = statement->span.text + statement->span.len, *end = p->script->text + p->script->len;
	struct buf lines = { 0 };

	while (at < end && strchr(" \t;{\\", *at) != NULL && *at != '\0')
		at++;
	if (at < end && begins_comment(at, end)) {
		p->cursor = read_comment(&lines, at, end);
		if (lines.len > 0)
			comment(p, &lines);
	} else if (statement->span.text + statement->span.len > p->cursor) {
		p->cursor = statement->span.text + statement->span.len;
	}
	buf_fini(&lines);
}

void program_block(struct program *p, const struct statement *statement)
{
	p->indent++;
	p->depth++;
	p->began = p->spaced = false;
	program_statements(p, statement);
	p->began = true;
	p->spaced = false;
	p->depth--;
	p->indent--;
}

static void bind_as(struct program *p, const struct statement *statement, enum c_type type)
{
	const struct expr *expr = statement->expr;
	struct variable *variable = &p->variables[statement->slot];
	struct buf line = { 0 };

	if (type == C_TEXT && variable->text_read) {
		program_header(p, "string");
		variable->declared = true;
		buf_printf(&line, "strcpy(%s,\v", variable->text_name);
		program_expr(p, &line, expr, AS_TEXT, BIND_ASSIGN);
		buf_puts(&line, ");");
	} else if (expr->kind == EXPR_BINARY && expr->op == OP_MUL && program_range(p, expr).assumed && p->repeats > 0 &&
	           variable->declared && variable->type == C_LONG) {
		program_use(p, "give_up");
		buf_puts(&line, "if (__builtin_mul_overflow(");
		program_expr(p, &line, expr->left, AS_LONG, BIND_ASSIGN);
		buf_puts(&line, ",\v");
		program_expr(p, &line, expr->right, AS_LONG, BIND_ASSIGN);
		buf_printf(&line, ",\v&%s))", variable->name);
		program_add_line(p, &line);
		buf_reset(&line);
		buf_puts(&line, "\tgive_up(\"");
		program_source(&line, expr->span);
		buf_puts(&line, " overflows\");");
	} else {
		program_target(p, &line, statement->slot, type);
		program_expr(p, &line, expr, type == C_TEXT ? AS_TEXT : variable->type == C_POINTER ? AS_POINTER : AS_LONG,
		             BIND_ASSIGN);
		buf_putc(&line, ';');
	}
	program_add_line(p, &line);
	buf_fini(&line);
	program_bound(p, statement->slot, type);
}

bool program_binds_itself(const struct statement *statement)
{
	return statement->kind == STATEMENT_BIND && statement->expr->kind == EXPR_NAME && statement->expr->slot == statement->slot;
}

static void check_bound(struct program *p, struct variable *variable, const struct expr *expr)
{
	if (!variable->maybe_unbound)
		return;
	variable->declared = true;
	program_use(p, "bound");
	program_line(p, "bound(%s, \"%s\");", variable->bound_name, p->script->names[expr->slot].text);
}

static void bind(struct program *p, const struct statement *statement)
{
	const struct expr *expr = statement->expr;

	if (program_binds_itself(statement)) {
		check_bound(p, &p->variables[statement->slot], expr);
		return;
	}
	if (!program_is_either(p, expr)) {
		bind_as(p, statement, program_type(p, expr));
		return;
	}
	program_line(p, "if (%s) {", p->variables[expr->slot].kind_name);
	p->indent++;
	bind_as(p, statement, C_TEXT);
	p->indent--;
	program_line(p, "} else {");
	p->indent++;
	bind_as(p, statement, program_type(p, expr));
	p->indent--;
	program_line(p, "}");
}

/* A value that is an integer or a string: the string, or "" and all of the integer's digits, or none. */
static void say_either(struct program *p, struct buf *values, const struct expr *arg)
{
	const struct variable *variable = &p->variables[arg->slot];

	buf_puts(values, variable->maybe_unbound ? ",\v(" : ",\v");
	program_bound_first(p, values, arg->slot);
	buf_printf(values, "%s%s ? %s : \"\",\v!%s,\v%s ? 0 : (long long)%s%s", variable->kind_name,
	           variable->maybe_unbound ? ")" : "", variable->text_name,
	           variable->kind_name, variable->kind_name, variable->type == C_POINTER ? "(long)" : "", variable->name);
}

static void store(struct program *p, const struct statement *statement)
{
	const struct expr *target = statement->target;
	struct expr sum = { .kind = EXPR_BINARY, .op = OP_ADD, .span = target->span };
	const struct expr *value = statement->expr;
	struct range range = program_range(p, value);
	bool plain = target->base->kind == EXPR_NAME && program_type(p, target->base) == C_POINTER &&
	             !p->variables[target->base->slot].wild && !p->variables[target->base->slot].maybe_unbound &&
	             !program_is_either(p, target->base) && !program_is_far(p, target->offset);
	struct buf line = { 0 };

	sum.left = target->base;
	sum.right = target->offset;
	if (plain) {
		buf_printf(&line, "%s[", p->variables[target->base->slot].name);
		program_expr(p, &line, target->offset, AS_LONG, BIND_ASSIGN);
		buf_putc(&line, ']');
	} else {
		buf_puts(&line, "*");
		program_expr(p, &line, &sum, AS_MEMORY, BIND_UNARY);
	}
	buf_puts(&line, " =\v");
	bool fits = value->kind == EXPR_INT && range.least >= 0 && range.most <= 127;

	buf_puts(&line, fits ? "" : "(char)");
	program_expr(p, &line, value, AS_LONG, fits ? BIND_ASSIGN : BIND_POSTFIX);
	buf_putc(&line, ';');
	program_add_line(p, &line);
	buf_fini(&line);
}

static void expected_text(struct buf *line, const struct statement *statement)
{
	buf_puts(line, ",\v\"");
	if (statement->message != NULL && statement->message->string.len > 0)
		program_string(line, statement->message->string.data, statement->message->string.len, false);
	else
		program_source(line, statement->expr->span);
	buf_puts(line, "\");");
}

static bool is_fault(const struct expr *expr)
{
	return expr->kind == EXPR_FAULT;
}

/* The helper that checks a comparison, by what is compared. */
static const char *comparison_helper(struct program *p, const struct expr *expr, enum form *form)
{
	enum c_type left = program_type(p, expr->left), right = program_type(p, expr->right);
	bool equality = expr->op == OP_EQ || expr->op == OP_NE;

	*form = AS_LONG;
	if ((left == C_TEXT || right == C_TEXT) && equality) {
		*form = AS_TEXT;
		return "expect_text";
	}
	if (equality && is_fault(expr->left) && expr->right->kind == EXPR_CONSTANT)
		return "expect_fault";
	if (left == C_POINTER && right == C_POINTER) {
		*form = AS_POINTER;
		return "expect_address";
	}
	return "expect_value";
}

static const char *const relations[] = { [OP_LT] = "<",  [OP_LE] = "<=", [OP_GT] = ">",
	                                 [OP_GE] = ">=", [OP_EQ] = "==", [OP_NE] = "!=" };

static void expect(struct program *p, const struct statement *statement)
{
	const struct expr *expr = statement->expr;
	struct buf line = { 0 };
	enum form form;

	if (expr->kind == EXPR_BINARY && expr->op >= OP_LT && expr->op <= OP_NE) {
		const char *helper = comparison_helper(p, expr, &form);

		program_use(p, helper);
		buf_printf(&line, "%s(", helper);
		program_expr(p, &line, expr->left, form, BIND_ASSIGN);
		buf_printf(&line, ", \"%s\",\v", relations[expr->op]);
		program_expr(p, &line, expr->right, form, BIND_ASSIGN);
	} else {
		program_use(p, "expect_true");
		buf_puts(&line, "expect_true(");
		program_expr(p, &line, expr, AS_TRUTH, BIND_ASSIGN);
	}
	expected_text(&line, statement);
	program_add_line(p, &line);
	buf_fini(&line);
}

/* What a condition or count is, when it must be evaluated once and before: in a name of its own, or as it is. */
static void condition(struct program *p, const struct statement *statement, const char *opening)
{
	struct buf line = { 0 };

	buf_puts(&line, opening);
	program_expr(p, &line, statement->expr, AS_TRUTH, BIND_ASSIGN);
	buf_puts(&line, ") {");
	program_add_line(p, &line);
	buf_fini(&line);
}

static void if_statement(struct program *p, const struct statement *statement)
{
	const char *opening = "if (";

	for (;;) {
		condition(p, statement, opening);
		program_block(p, statement->body);
		const struct statement *otherwise = statement->otherwise;

		if (otherwise == NULL)
			break;
		if (otherwise->kind != STATEMENT_IF || otherwise->next != NULL) {
			program_line(p, "} else {");
			program_block(p, otherwise);
			break;
		}
		opening = "} else if (";
		trailing_comment(p, otherwise);
		statement = otherwise;
	}
	program_line(p, "}");
}

/* Whether a break in the statements leaves the block: it belongs to a repeat around it. */
static bool breaks_out(const struct statement *statement)
{
	for (; statement != NULL; statement = statement->next) {
		if (statement->kind == STATEMENT_BREAK ||
		    (statement->kind != STATEMENT_REPEAT && (breaks_out(statement->body) || breaks_out(statement->otherwise))))
			return true;
	}
	return false;
}

/* A block of `in` is a function of its own, which the other process calls. */
static void in_function(struct program *p, const struct statement *statement, unsigned number)
{
	struct buf text = { 0 }, *out = p->out;
	unsigned indent = p->indent, depth = p->depth;
	bool crosses = p->crosses;

	p->out = &text;
	p->indent = 0;
	p->crosses = true;
	buf_puts(&text, "\n/* ");
	comment_text(&text, statement->span.text, statement->span.len);
	buf_printf(&text, " */\nstatic int block_%u(void)\n{\n", number);
	p->depth = 0;
	program_block(p, statement->body);
	buf_puts(&text, "\treturn 0;\n}\n");
	p->crosses = crosses;
	p->indent = indent;
	p->depth = depth;
	p->out = out;
	buf_add(&p->blocks, text.data, text.len);
	buf_printf(&p->block_prototypes, "static int block_%u(void);\n", number);
	buf_fini(&text);
}

static void in_process(struct program *p, const struct statement *statement)
{
	unsigned number = ++p->block_count;
	bool leaves = breaks_out(statement->body);
	struct buf line = { 0 };

	program_use(p, "run_in");
	buf_puts(&line, leaves ? "if (run_in(" : "run_in(");
	program_expr(p, &line, statement->expr, AS_LONG, BIND_ASSIGN);
	buf_printf(&line, ", block_%u)%s", number, leaves ? ")" : ";");
	program_add_line(p, &line);
	if (leaves)
		program_line(p, "\t%s;", p->crosses ? "return 1" : "break");
	buf_fini(&line);
	in_function(p, statement, number);
}

static void need_expr(struct program *p, const struct statement *statement)
{
	struct buf line = { 0 };

	program_use(p, "need");
	buf_puts(&line, "need(");
	program_expr(p, &line, statement->expr, AS_TRUTH, BIND_ASSIGN);
	buf_puts(&line, ",\v\"");
	program_string(&line, statement->message->string.data, statement->message->string.len, false);
	buf_puts(&line, "\");");
	program_add_line(p, &line);
	buf_fini(&line);
}

/* How printf shows a value. */
static const char *conversion(enum c_type type)
{
	return type == C_TEXT ? "%s" : type == C_POINTER ? "%p" : type == C_INT ? "%d" : "%lld";
}

/* A format, the values for it, and whether one of these has to be looked for. */
struct saying {
	struct buf format, values;
	bool looks;
};

static void flush_saying(struct program *p, struct saying *saying)
{
	struct buf line = { 0 };

	buf_printf(&line, "say(\"%s\"", buf_text(&saying->format));
	buf_add(&line, buf_text(&saying->values), saying->values.len);
	buf_puts(&line, ");");
	program_use(p, "say");
	program_add_line(p, &line);
	buf_fini(&line);
	buf_reset(&saying->format);
	buf_reset(&saying->values);
	saying->looks = false;
}

/* A zero byte would end the format. */
static void say_string(struct saying *saying, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		size_t part = strnlen(data + i, len - i);

		program_string(&saying->format, data + i, part, true);
		i += part;
		if (i < len) {
			buf_puts(&saying->format, "%c");
			buf_puts(&saying->values, ",\v0");
		}
	}
}

static void say_value(struct program *p, struct saying *saying, const struct expr *arg)
{
	enum c_type type = program_type(p, arg);

	if (program_is_either(p, arg)) {
		buf_puts(&saying->format, "%s%.*lld");
		say_either(p, &saying->values, arg);
		return;
	}
	/* A constant of the headers need not be an int there. */
	if (type == C_INT && arg->kind != EXPR_INDEX && arg->kind != EXPR_FAULT)
		type = C_LONG;
	buf_puts(&saying->format, conversion(type));
	buf_puts(&saying->values, type == C_LONG ? ",\v(long long)" : ",\v");
	program_expr(p, &saying->values, arg, type == C_TEXT ? AS_TEXT : type == C_POINTER ? AS_POINTER : AS_LONG,
	             type == C_LONG ? BIND_UNARY : BIND_ASSIGN);
}

/* In C the arguments of a function come in any order: two that look where the other may have changed something stand apart. */
static void say_note(struct program *p, const struct statement *statement)
{
	struct saying saying = { 0 };

	for (uint32_t i = 0; i < statement->count; i++) {
		const struct expr *arg = statement->args[i];
		bool looks = program_looks(arg);

		buf_puts(&saying.format, i > 0 ? " " : "");
		if (looks && saying.looks)
			flush_saying(p, &saying);
		saying.looks |= looks;
		if (arg->kind == EXPR_STRING)
			say_string(&saying, arg->string.data, arg->string.len);
		else
			say_value(p, &saying, arg);
	}
	buf_puts(&saying.format, "\\n");
	flush_saying(p, &saying);
	buf_fini(&saying.format);
	buf_fini(&saying.values);
}

/* A remark is a comment; where it depends on the run, it is printed too. */
static void note(struct program *p, const struct statement *statement)
{
	struct buf text = { 0 };
	bool values = false;

	for (uint32_t i = 0; i < statement->count; i++) {
		const struct expr *arg = statement->args[i];

		buf_puts(&text, i > 0 ? " " : "");
		if (arg->kind == EXPR_STRING)
			comment_text(&text, arg->string.data, arg->string.len);
		else
			comment_text(&text, arg->span.text, arg->span.len);
		values |= arg->kind != EXPR_STRING;
	}
	comment(p, &text);
	if (values || p->depth > 0)
		say_note(p, statement);
	buf_fini(&text);
}

static void require(struct program *p, const struct statement *statement)
{
	if (statement->kind == STATEMENT_REQUIRE_KERNEL) {
		program_use(p, "need_kernel");
		program_line(p, "need_kernel(%u, %u, %u);", statement->version[0], statement->version[1], statement->version[2]);
	} else if (statement->kind == STATEMENT_REQUIRE_FEATURE) {
		program_feature(p, statement);
	} else {
		need_expr(p, statement);
	}
}

static void leave(struct program *p, const struct statement *statement)
{
	(void)statement;
	program_line(p, p->crosses ? "return 1;" : "break;");
}

static void (*const printers[])(struct program *, const struct statement *) = {
	[STATEMENT_CALL] = program_call,       [STATEMENT_BIND] = bind,
	[STATEMENT_STORE] = store,             [STATEMENT_EXPECT] = expect,
	[STATEMENT_IF] = if_statement,         [STATEMENT_REPEAT] = program_repeat,
	[STATEMENT_BREAK] = leave,             [STATEMENT_IN] = in_process,
	[STATEMENT_NOTE] = note,               [STATEMENT_REQUIRE_FEATURE] = require,
	[STATEMENT_REQUIRE] = require,         [STATEMENT_REQUIRE_KERNEL] = require,
};

void program_statements(struct program *p, const struct statement *statement)
{
	for (; statement != NULL; statement = statement->next) {
		p->spaced |= p->began && statement->kind == STATEMENT_CALL && statement->call->class != CALL_MEMORY;
		program_comments_until(p, statement->span.text);
		trailing_comment(p, statement);
		p->spaced = false;
		p->last = statement->next == NULL && p->depth == 1 && p->crosses;
		printers[statement->kind](p, statement);
		p->began = true;
		/* What follows break is never reached, and compilers say so. */
		if (statement->kind == STATEMENT_BREAK)
			break;
	}
}
