/* SPDX-License-Identifier: MIT */
/* A script as a C program: its parts put together, and its lines. */
#include "lang/program.h"

#include "lang/program-part.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MOST = 100, TAB = 8 };

static void start_line(struct program *p, unsigned indent)
{
	for (unsigned i = 0; i < indent; i++)
		buf_putc(p->out, '\t');
}

void program_gap(struct program *p)
{
	if (p->began && !p->gapped)
		buf_putc(p->out, '\n');
	p->gapped = true;
	p->spaced = false;
}

/* A line in the making: where it stands, and how wide it is so far. */
struct wrap {
	struct program *p;
	unsigned indent;
	size_t width;
	bool first;
};

static void add_word(struct wrap *wrap, const char *word, size_t len)
{
	if (!wrap->first && wrap->width + 1 + len > LINE_MOST) {
		buf_putc(wrap->p->out, '\n');
		start_line(wrap->p, wrap->indent + 1);
		wrap->width = (size_t)(wrap->indent + 1) * TAB;
	} else if (!wrap->first) {
		buf_putc(wrap->p->out, ' ');
		wrap->width++;
	}
	for (size_t i = 0; i < len; i++)
		buf_putc(wrap->p->out, word[i] == '\f' ? ' ' : word[i]);
	wrap->width += len;
	wrap->first = false;
}

/* An argument that is too long for a line of its own is broken behind its operators. */
static void add_piece(struct wrap *wrap, const char *piece, size_t len)
{
	size_t room = LINE_MOST - (size_t)(wrap->indent + 1) * TAB;

	while (len > room && memchr(piece, '\f', len) != NULL) {
		size_t word = strcspn(piece, "\f");

		add_word(wrap, piece, word);
		piece += word + 1;
		len -= word + 1;
		room = LINE_MOST > wrap->width ? LINE_MOST - wrap->width : 0;
	}
	add_word(wrap, piece, len);
}

void program_add_line(struct program *p, const struct buf *text)
{
	const char *at = buf_text(text);
	struct wrap wrap = { .p = p, .indent = p->indent, .first = true };

	for (; *at == '\t'; at++)
		wrap.indent++;
	start_line(p, wrap.indent);
	wrap.width = (size_t)wrap.indent * TAB;
	while (*at != '\0') {
		size_t len = strcspn(at, "\v");

		add_piece(&wrap, at, len);
		at += len + (at[len] == '\v');
	}
	buf_putc(p->out, '\n');
	p->began = true;
	p->gapped = false;
}

void program_line(struct program *p, const char *format, ...)
{
	struct buf text = { 0 };
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	program_add_line(p, &text);
	buf_fini(&text);
}

static const char *declaration(const struct variable *variable)
{
	return variable->type == C_POINTER ? "char *" : variable->type == C_INT ? "int " : "int64_t ";
}

/* A name's variables, as they are declared when not where they are bound. */
static void declare(struct program *p, const struct variable *variable, bool file_scope)
{
	const char *where = file_scope ? "static " : "";

	/* What only stands behind a break is nowhere. */
	if (!file_scope && !variable->declared && !variable->read)
		return;
	if (variable->name != NULL)
		program_line(p, variable->type == C_POINTER && !file_scope ? "%s%s%s = NULL;" : file_scope ? "%s%s%s;" : "%s%s%s = 0;",
		             where, declaration(variable), variable->name);
	if (variable->type == C_POINTER)
		program_header(p, "stddef");
	else if (variable->name != NULL)
		program_header(p, "stdint");
	if (variable->text_name != NULL && variable->text_read)
		program_line(p, "static char %s[65536];", variable->text_name);
	else if (variable->text_name != NULL)
		program_line(p, "%sconst char *%s = \"\";", where, variable->text_name);
	if (variable->maybe_unbound) {
		program_header(p, "stdbool");
		program_line(p, file_scope ? "%sbool %s;" : "%sbool %s = false;", where, variable->bound_name);
	}
	if (variable->mixed) {
		program_header(p, "stdbool");
		program_line(p, file_scope ? "%sbool %s;" : "%sbool %s = false;", where, variable->kind_name);
	}
	if (variable->name != NULL && !variable->number_read && !file_scope)
		program_line(p, "(void)%s;", variable->name);
	if (variable->text_name != NULL && !variable->text_kind_read && !file_scope)
		program_line(p, "(void)%s;", variable->text_name);
}

static void declare_all(struct program *p, bool file_scope)
{
	for (uint32_t i = 0; i < p->script->name_count; i++) {
		if (!p->variables[i].declared_here)
			declare(p, &p->variables[i], file_scope);
	}
}

/* main()'s own part of the body, to a text of its own: what stands above it follows from it. */
static void print_body(struct program *p, struct buf *body)
{
	p->out = body;
	p->indent = 0;
	p->cursor = p->script->text;
	p->depth = 1;
	p->indent = 1;
	p->gapped = true;
	program_statements(p, p->script->first);
	program_comments_until(p, p->script->text + p->script->len);
	program_gap(p);
}

static void print_headers(struct program *p)
{
	buf_puts(p->out, "#define _GNU_SOURCE\n");
	if (PROGRAM_NARROW)
		buf_puts(p->out, "#define _FILE_OFFSET_BITS 64\n");
	for (size_t i = 0; i < p->header_count; i++)
		buf_printf(p->out, "#include <%s.h>\n", p->headers[i]);
	buf_putc(p->out, '\n');
}

static void print_prototypes(struct program *p)
{
	const struct helper *helper;

	for (size_t i = 0; (helper = program_helper(i)) != NULL; i++) {
		if (p->helper_called[i])
			buf_printf(p->out, "%s\n", helper->prototype);
	}
	buf_add(p->out, buf_text(&p->block_prototypes), p->block_prototypes.len);
	buf_putc(p->out, '\n');
}

/* Words of the helpers' texts that stand for something else; a line whose word stands for nothing is not printed. */
static const char *meaning(const struct program *p, const char *at, size_t *len)
{
	const struct {
		const char *word, *text;
	} words[] = {
		{ "STOP(", p->several ? "finish(" : "exit(" },
		{ "\t\tTOUCH\n", p->counts_faults ? "\t\ttouch_program();\n" : "" },
		{ "\tTOUCH\n", p->counts_faults ? "\ttouch_program();\n" : "" },
		{ "\tINHERITED\n", p->opens ? "\tclose_inherited();\n" : "" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		*len = strlen(words[i].word);
		if (strncmp(at, words[i].word, *len) == 0)
			return words[i].text;
	}
	return NULL;
}

static void print_helper(struct program *p, const struct helper *helper)
{
	size_t len;

	for (const char *at = helper->body; *at != '\0';) {
		const char *text = meaning(p, at, &len);

		if (text == NULL) {
			buf_putc(p->out, *at++);
			continue;
		}
		buf_puts(p->out, text);
		at += len;
	}
}

static void print_helpers(struct program *p)
{
	const struct helper *helper;

	for (size_t i = 0; (helper = program_helper(i)) != NULL; i++) {
		if (!p->helper_used[i])
			continue;
		buf_putc(p->out, '\n');
		print_helper(p, helper);
	}
}

static void add_carried(struct program *p, const char *name, struct buf *sizes)
{
	buf_printf(p->out, "\t{ &%s, sizeof(%s) },\n", name, name);
	buf_printf(sizes, " + sizeof(%s)", name);
}

/* The table of what goes from process to process with the work. */
static void print_carried(struct program *p)
{
	struct buf sizes = { 0 };

	buf_puts(p->out, "\n/* The script's names: whichever process works has them as they are. */\n"
	                 "static const struct {\n\tvoid *at;\n\tsize_t size;\n} names[] = {\n");
	for (uint32_t i = 0; i < p->script->name_count; i++) {
		const struct variable *variable = &p->variables[i];

		if (variable->name != NULL)
			add_carried(p, variable->name, &sizes);
		if (variable->text_name != NULL)
			add_carried(p, variable->text_name, &sizes);
		if (variable->maybe_unbound)
			add_carried(p, variable->bound_name, &sizes);
		if (variable->mixed)
			add_carried(p, variable->kind_name, &sizes);
	}
	buf_printf(p->out, "\t{ NULL, 0 },\n};\nenum { NAMES_SIZE = 1%s };\n", buf_text(&sizes));
	buf_fini(&sizes);
}

/* The names that were defined when the program was made. */
static void print_definitions(struct program *p)
{
	for (size_t i = 0; i < p->definition_count; i++) {
		const struct program_definition *from = &p->definitions[i];
		const struct variable *variable = &p->variables[i];
		struct buf line = { 0 };

		if (!from->is_string) {
			buf_printf(&line, "%s = %" PRId64 "%s;", variable->name,
			           from->integer == INT64_MIN ? INT64_MIN + 1 : from->integer,
			           from->integer == INT64_MIN ? "LL - 1" : "LL");
		} else {
			buf_printf(&line, variable->text_read ? "strcpy(%s, \"" : "%s = \"", variable->text_name);
			program_string(&line, from->text, from->len, false);
			buf_puts(&line, variable->text_read ? "\");" : "\";");
		}
		program_add_line(p, &line);
		if (variable->mixed && from->is_string)
			program_line(p, "%s = true;", variable->kind_name);
		buf_fini(&line);
	}
}

/* What main() does before the script begins. */
static void print_start(struct program *p)
{
	if (p->several)
		program_line(p, "start_processes();");
	/* Before there is the scratch page, which is the script's: a child's first store there is a fault of its own. */
	if (p->counts_faults)
		program_line(p, "touch_program();");
	if (p->uses_scratch)
		program_line(p, "%sscratch = start_with_scratch();", p->several ? "" : "char *");
	else
		program_line(p, "start();");
	print_definitions(p);
}

static void use_start(struct program *p)
{
	program_use(p, p->uses_scratch ? "start_with_scratch" : "start");
	if (p->several) {
		program_use(p, "start_processes");
		program_use(p, "finish");
	}
	if (p->counts_faults)
		program_use(p, "touch_program");
	if (p->opens)
		program_use_inside(p, "close_inherited");
	if (p->uses_page)
		program_header(p, "unistd");
}

static void print_main(struct program *p, const struct buf *body)
{
	buf_puts(p->out, "int main(void)\n{\n");
	p->indent = 1;
	if (p->uses_page)
		program_line(p, p->several ? "page = sysconf(_SC_PAGESIZE);" : "long page = sysconf(_SC_PAGESIZE);");
	if (!p->several)
		declare_all(p, false);
	if (p->uses_page)
		buf_putc(p->out, '\n');
	print_start(p);
	if (body->len > 0)
		buf_putc(p->out, '\n');
	buf_add(p->out, buf_text(body), body->len);
	buf_puts(p->out, p->several ? "\tfinish(0);\n}\n" : "\treturn 0;\n}\n");
}

static void print_names(struct program *p)
{
	if (!p->several)
		return;
	p->indent = 0;
	if (p->uses_page)
		buf_puts(p->out, "static long page;\n");
	if (p->uses_scratch)
		buf_puts(p->out, "static char *scratch;\n");
	declare_all(p, true);
	buf_putc(p->out, '\n');
}

static void print_title(struct program *p, const char *title)
{
	buf_puts(p->out, "/*\n * ");
	buf_escape(p->out, title, strlen(title), 0);
	buf_puts(p->out, ", as a C program that mmtool made.\n *\n *     cc -std=gnu17 -Wall -Wextra -o program program.c && "
	                 "./program\n */\n");
}

static void release(struct program *p)
{
	arena_fini(&p->arena);
	free(p->variables);
	free(p->constants);
	free(p->fresh_errno.list);
	free(p->either.list);
	free(p->texts.list);
	buf_fini(&p->blocks);
	buf_fini(&p->block_prototypes);
	buf_fini(&p->made);
}

void program_print(struct buf *out, const struct script *script, const char *title,
                   const struct program_definition *definitions, size_t definition_count)
{
	struct program p = { .script = script, .definitions = definitions, .definition_count = definition_count };
	struct buf body = { 0 }, names = { 0 };

	program_learn(&p);
	for (size_t i = 0; i < definition_count; i++)
		p.variables[i].declared = true;
	print_body(&p, &body);
	use_start(&p);
	/* Declaring can need headers: it comes before they are printed. */
	p.out = &names;
	print_names(&p);
	buf_reset(&names);
	struct buf main_text = { 0 };

	p.out = &main_text;
	print_main(&p, &body);
	p.out = out;
	print_title(&p, title);
	print_headers(&p);
	size_t before = out->len;

	program_print_call_numbers(&p);
	program_print_constants(&p);
	if (out->len > before)
		buf_putc(out, '\n');
	print_prototypes(&p);
	print_names(&p);
	buf_add(out, buf_text(&main_text), main_text.len);
	buf_add(out, buf_text(&p.blocks), p.blocks.len);
	if (p.several)
		print_carried(&p);
	print_helpers(&p);
	buf_fini(&main_text);
	buf_fini(&names);
	buf_fini(&body);
	release(&p);
}
