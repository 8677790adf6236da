/* SPDX-License-Identifier: MIT */
/* What the shell's help says, made from the tables of the language. */
#include "app/shell-help.h"

#include "lang/script.h"
#include "lang/word-help.h"
#include "lang/word.h"
#include "mm/call-help.h"
#include "mm/constant-help.h"
#include "report/report.h"

#include <inttypes.h>
#include <string.h>

static const struct word_help own[] = {
	{ "help", "help [WORD]", "Tells about a call, a function, a constant or a keyword; alone, lists them" },
	{ "maps", "maps [NAME]", "Shows the subject's maps, or only the lines of that name's region" },
	{ "names", "names", "Shows what is bound" },
	{ "exit", "exit", "Leaves; so do quit and the end of input (Ctrl-D)" },
	{ "quit", "quit", "Leaves" },
};

enum {
	OWN_COUNT = sizeof(own) / sizeof(own[0]),
	NAMES_MOST = 30, /* in a few lines */
};

static const char *const kind_words[] = {
	[ARG_INT] = "an integer",
	[ARG_FD] = "a descriptor",
	[ARG_SIZE] = "bytes",
	[ARG_OFFSET] = "bytes",
	[ARG_ADDRESS] = "an address",
	[ARG_HEX] = "a number",
	[ARG_MODE] = "a file mode, as in 0600",
	[ARG_STRING] = "a string",
	[ARG_BUFFER] = "an address, or a string",
	[ARG_PLACE] = "bytes, a multiple of the page size",
	[ARG_DIRFD] = "a descriptor",
	[ARG_RLIMIT] = "a limit",
};

static void add_wrapped(struct buf *out, const char *first, const char *rest, const char *text)
{
	const struct wrap wrap = { .first = first, .rest = rest };

	wrap_add(out, text, strlen(text), &wrap);
}

/* Words in columns after a heading. */
static void add_list(struct buf *out, const char *heading, const struct buf *words)
{
	buf_printf(out, "%s:\n", heading);
	add_wrapped(out, "  ", "  ", buf_text(words));
}

static void add_functions(struct buf *out)
{
	struct buf words = { 0 };

	for (size_t i = 0; i < function_count; i++)
		buf_printf(&words, "%s%s", i > 0 ? " " : "", function_table[i].name);
	buf_puts(&words, " fault");
	add_list(out, "Functions", &words);
	buf_fini(&words);
}

void shell_help_overview(struct buf *out)
{
	struct buf words = { 0 };

	buf_puts(out, "Statements are performed as they are typed:\n"
	              "  a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	              "  a[0] = 'x'; expect text(a) == \"x\"\n"
	              "At the start of a line:\n");
	for (size_t i = 0; i < OWN_COUNT; i++) {
		struct buf first = { 0 };

		buf_printf(&first, "  %-12s ", own[i].usage);
		add_wrapped(out, buf_text(&first), "               ", own[i].meaning);
		buf_fini(&first);
	}
	for (unsigned topic = 0; topic < TOPIC_COUNT; topic++) {
		buf_reset(&words);
		for (size_t i = 0; i < call_count; i++) {
			if (call_help[i].topic == topic)
				buf_printf(&words, "%s%s", words.len > 0 ? " " : "", call_table[i].name);
		}
		add_list(out, call_topics[topic], &words);
	}
	buf_fini(&words);
	add_functions(out);
	buf_puts(out, "Keywords:\n  expect if else repeat break in require note\n"
	              "mmtool-script(5) tells all of the language.\n");
}

static void add_usage(struct buf *whole, const struct call *call)
{
	struct buf text = { 0 }, *out = &text;
	unsigned most = call->most == UINT8_MAX ? call->least : call->most;

	buf_printf(out, "%s(", call->name);
	for (unsigned i = 0; i < most; i++) {
		if (i == call->least)
			buf_puts(out, i > 0 ? " [, " : "[");
		else if (i > 0)
			buf_puts(out, ", ");
		buf_puts(out, call->args[i].name);
	}
	buf_puts(out, call->most == UINT8_MAX ? ", ...)" : most > call->least ? "])" : ")");
	/* The table has prlimit64's, by which it is made. */
	if (call->class == CALL_SYSTEM && call->since[0] != '\0' && call->id != CALL_SETRLIMIT)
		buf_printf(out, "   since Linux %s", call->since);
	add_wrapped(whole, "", "  ", buf_text(&text));
	buf_fini(&text);
}

/* Whether this architecture has a constant, and reports show it. */
static bool is_shown(const struct constant *constant, enum constant_group group)
{
	return constant->group == group && !constant->hidden && !constant->absent;
}

/* The names of a group; of a large one those that are about memory, which are those that have a meaning here. */
static void add_names(struct buf *out, enum constant_group group)
{
	bool any = false, flags = false;
	unsigned count = 0;

	for (size_t i = 0; i < constant_count; i++) {
		count += is_shown(&constant_table[i], group);
		flags |= is_shown(&constant_table[i], group) && constant_table[i].flag;
	}
	for (size_t i = 0; i < constant_count; i++) {
		const struct constant *constant = &constant_table[i];

		if (!is_shown(constant, group) || (count > NAMES_MOST && constant_meaning(constant) == NULL))
			continue;
		buf_printf(out, "%s%s", any ? flags ? " | " : ", " : "", constant->name);
		if (constant->since[0] != '\0')
			buf_printf(out, " (%s)", constant->since);
		any = true;
	}
	if (count > NAMES_MOST)
		buf_puts(out, ", and more");
}

/* What a number of that name is. */
static const char *kind_text(const struct call_arg *arg)
{
	static const struct {
		const char *name, *text;
	} counts[] = { { "n", "how many" }, { "liovcnt", "how many" }, { "riovcnt", "how many" }, { "pgoff", "pages" },
		       { "soft", "the limit, in bytes or what the resource counts" } };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (strcmp(arg->name, counts[i].name) == 0)
			return counts[i].text;
	}
	return kind_words[arg->kind];
}

static void add_argument(struct buf *out, const struct call *call, unsigned i)
{
	const struct call_arg *arg = &call->args[i];
	struct buf first = { 0 }, text = { 0 };

	buf_printf(&first, "  %-14s", arg->name);
	if (arg->kind != ARG_FLAGS)
		buf_puts(&text, kind_text(arg));
	else
		add_names(&text, arg->group == GROUP_OPEN_FLAGS ? GROUP_OPEN : (enum constant_group)arg->group);
	if (call->most != UINT8_MAX && i >= call->least)
		buf_puts(&text, "; 0 where it is not given");
	add_wrapped(out, buf_text(&first), "                ", buf_text(&text));
	buf_fini(&first);
	buf_fini(&text);
}

/* "EINVAL: words", one a line. */
static void add_errors(struct buf *out, const char *errors)
{
	struct buf first = { 0 }, text = { 0 };

	while (errors != NULL && *errors != '\0') {
		size_t len = strcspn(errors, "\n"), name = strcspn(errors, ":");

		buf_reset(&first);
		buf_reset(&text);
		buf_printf(&first, "  %-14.*s", (int)name, errors);
		buf_add(&text, errors + name + 2, len - name - 2);
		add_wrapped(out, buf_text(&first), "                ", buf_text(&text));
		errors += len + (errors[len] == '\n');
	}
	buf_fini(&first);
	buf_fini(&text);
}

static void add_call(struct buf *out, const struct call *call)
{
	const struct call_help *help = &call_help[call->id];
	struct buf text = { 0 };

	add_usage(out, call);
	buf_printf(&text, "%s.%s%s", help->summary, help->notes != NULL ? " " : "", help->notes != NULL ? help->notes : "");
	add_wrapped(out, "", "", buf_text(&text));
	for (unsigned i = 0; i < CALL_ARGS && i < (call->most == UINT8_MAX ? call->least : call->most); i++)
		add_argument(out, call, i);
	add_wrapped(out, "  returns       ", "                ", help->result != NULL ? help->result : "0");
	add_errors(out, help->errors);
	buf_fini(&text);
}

/* Which calls take it. */
static void add_users(struct buf *out, const struct constant *constant)
{
	bool any = false;

	for (size_t i = 0; i < call_count; i++) {
		const struct call *call = &call_table[i];
		unsigned most = call->most == UINT8_MAX ? call->least : call->most;

		for (unsigned arg = 0; arg < most; arg++) {
			if (call->args[arg].kind != ARG_FLAGS || call->args[arg].group != constant->group)
				continue;
			buf_printf(out, "%s%s of %s", any ? ", " : "; ", call->args[arg].name, call->name);
			any = true;
		}
	}
}

static void add_constant(struct buf *out, const struct constant *constant)
{
	const char *meaning = constant_meaning(constant);
	struct buf text = { 0 };

	buf_printf(&text, "%s", constant->name);
	if (constant->absent)
		buf_puts(&text, ": other processor architectures have it");
	else if (constant->group == GROUP_FAULT)
		buf_puts(&text, ": what fault() can give");
	else
		buf_printf(&text, constant->flag ? " = 0x%" PRIx64 : " = %" PRIu64, (uint64_t)constant->value);
	add_users(&text, constant);
	if (constant->since[0] != '\0')
		buf_printf(&text, "; since Linux %s", constant->since);
	add_wrapped(out, "", "  ", buf_text(&text));
	if (meaning != NULL)
		add_wrapped(out, "  ", "  ", meaning);
	buf_fini(&text);
}

static void add_word(struct buf *out, const struct word_help *help)
{
	struct buf text = { 0 };

	buf_printf(out, "%s\n", help->usage);
	buf_printf(&text, "%s.", help->meaning);
	add_wrapped(out, "  ", "  ", buf_text(&text));
	buf_fini(&text);
}

bool shell_help_word(const char *word, size_t len, struct buf *out)
{
	const struct call *call = call_find(word, len);
	const struct constant *constant = constant_find(word, len);
	const struct word_help *help = word_help(word, len);

	for (size_t i = 0; i < OWN_COUNT && help == NULL; i++) {
		if (strlen(own[i].word) == len && memcmp(own[i].word, word, len) == 0)
			help = &own[i];
	}
	if (call != NULL)
		add_call(out, call);
	if (help != NULL)
		add_word(out, help);
	if (constant != NULL && help == NULL)
		add_constant(out, constant);
	return call != NULL || help != NULL || constant != NULL;
}

const char *shell_help_nearest(const char *word, size_t len)
{
	struct suggestion suggestion;

	suggestion_init(&suggestion, word, len);
	suggestion_offer_calls(&suggestion);
	suggestion_offer_functions(&suggestion);
	suggestion_offer_keywords(&suggestion);
	suggestion_offer_predefined(&suggestion);
	for (size_t i = 0; i < OWN_COUNT; i++)
		suggestion_offer(&suggestion, own[i].word, strlen(own[i].word));
	suggestion_offer_constants(&suggestion, GROUP_NONE);
	return suggestion.best;
}
