/* SPDX-License-Identifier: MIT */
/* Lines of strace(1): what stands before a call, its arguments, its result; calls in two parts; signals. */
#include "run/strace.h"

#include "base/alloc.h"
#include "base/size.h"
#include "mm/constant.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { PENDING = 64, DEPTH = 32, STRING_ROOM = 512 };

/* A call that another line interrupted. */
struct pending {
	int pid;
	struct buf text;
};

struct strace {
	uint64_t page;
	struct pending pending[PENDING]; /* the oldest is overwritten when all are taken */
	size_t next;
	struct buf joined;
	char string[STRING_ROOM];
};

/* What is left of a line. */
struct text {
	const char *at, *end;
};

struct strace *strace_new(uint64_t page)
{
	struct strace *strace = alloc_zeroed(1, sizeof(*strace));

	strace->page = page;
	return strace;
}

void strace_free(struct strace *strace)
{
	for (size_t i = 0; i < PENDING; i++)
		buf_fini(&strace->pending[i].text);
	buf_fini(&strace->joined);
	free(strace);
}

static void skip_space(struct text *text)
{
	while (text->at < text->end && isspace((unsigned char)*text->at))
		text->at++;
}

static bool starts(const struct text *text, const char *word)
{
	size_t len = strlen(word);

	return (size_t)(text->end - text->at) >= len && memcmp(text->at, word, len) == 0;
}

static bool take(struct text *text, const char *word)
{
	if (!starts(text, word))
		return false;
	text->at += strlen(word);
	return true;
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static size_t name_length(const struct text *text)
{
	const char *at = text->at;

	if (at < text->end && isdigit((unsigned char)*at))
		return 0;
	while (at < text->end && is_name(*at))
		at++;
	return (size_t)(at - text->at);
}

/* A decimal number of at most 18 digits; false: there is none. */
static bool take_number(struct text *text, int64_t *value)
{
	const char *at = text->at;
	int64_t sum = 0;

	for (; at < text->end && isdigit((unsigned char)*at) && at - text->at < 18; at++)
		sum = sum * 10 + (*at - '0');
	if (at == text->at)
		return false;
	text->at = at;
	*value = sum;
	return true;
}

/* "[pid 123] ", "123 ", times, "[00007f…] ", "(+ 0.000012) ": what strace writes before a call. */
static void skip_prefix(struct text *text, int *pid)
{
	int64_t number;

	for (;;) {
		skip_space(text);
		const char *at = text->at;

		if (take(text, "[pid")) {
			skip_space(text);
			if (take_number(text, &number) && number <= INT32_MAX)
				*pid = (int)number;
			text->at = at;
		}
		if (at < text->end && (*at == '[' || *at == '(')) {
			const char *close = memchr(at, *at == '[' ? ']' : ')', (size_t)(text->end - at));

			if (close == NULL)
				return;
			text->at = close + 1;
			continue;
		}
		while (at < text->end && isdigit((unsigned char)*text->at) && *at != '\0' &&
		       (isdigit((unsigned char)*at) || strchr(":.+-T", *at) != NULL))
			at++;
		if (at == text->at || (at < text->end && !isspace((unsigned char)*at)))
			return;
		/* A number alone is a process, where no time came before it. */
		if (*pid == 0 && take_number(text, &number) && text->at == at && number <= INT32_MAX)
			*pid = (int)number;
		text->at = at;
	}
}

/* Behind the string that begins here. */
static const char *end_of_string(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		at += *at == '\\' && at + 1 < end;
	return at < end ? at + 1 : end;
}

/*
 * Behind the argument that begins here: at a comma or a parenthesis of this call, or at the end.  Strings, structures,
 * comments and the paths of descriptors may hold either.
 */
static const char *end_of_argument(const char *at, const char *end)
{
	char closing[DEPTH];
	unsigned depth = 0;
	bool after_digit = false;

	while (at < end) {
		if (*at == '"') {
			at = end_of_string(at, end);
			continue;
		}
		if (at + 1 < end && at[0] == '/' && at[1] == '*') {
			const char *close = memmem(at, (size_t)(end - at), "*/", 2);

			at = close != NULL ? close + 2 : end;
			continue;
		}
		if (*at == '<' && after_digit && at + 1 < end && at[1] != '<') {
			const char *close = memchr(at, '>', (size_t)(end - at));

			at = close != NULL ? close + 1 : end;
			continue;
		}
		if (depth > 0 && *at == closing[depth - 1]) {
			depth--;
		} else if (strchr("([{", *at) != NULL && *at != '\0') {
			if (depth == DEPTH)
				return end;
			closing[depth++] = *at == '(' ? ')' : *at == '[' ? ']' : '}';
		} else if (depth == 0 && (*at == ',' || *at == ')')) {
			return at;
		}
		/* 1<<3 is no path, and 3</etc/passwd> is. */
		after_digit = isdigit((unsigned char)*at) && (at + 2 >= end || at[1] != '<' || at[2] != '<');
		if (*at == '<' && at + 1 < end && at[1] == '<')
			at++;
		at++;
	}
	return end;
}

/* A number as C writes it, or a size of the language; or a constant's name. */
static bool take_term(struct text *text, uint64_t page, uint64_t *value)
{
	skip_space(text);
	bool negative = take(text, "-"), inverted = !negative && take(text, "~");
	const char *at = text->at;

	while (at < text->end && is_name(*at))
		at++;
	size_t len = (size_t)(at - text->at);

	if (len == 0)
		return false;
	if (isdigit((unsigned char)*text->at)) {
		if (size_parse(text->at, len, page, value) < 0)
			return false;
	} else if (len == 4 && memcmp(text->at, "NULL", 4) == 0) {
		*value = 0;
	} else {
		const struct constant *constant = constant_find(text->at, len);

		if (constant == NULL || constant->absent)
			return false;
		*value = (uint64_t)constant->value;
	}
	text->at = at;
	*value = negative ? -*value : inverted ? ~*value : *value;
	return true;
}

static void skip_comments(struct text *text)
{
	for (skip_space(text); starts(text, "/*"); skip_space(text)) {
		const char *close = memmem(text->at, (size_t)(text->end - text->at), "*/", 2);

		text->at = close != NULL ? close + 2 : text->end;
	}
}

/* PROT_READ|PROT_WRITE, 0x22, MAP_HUGETLB|21<<MAP_HUGE_SHIFT, 3</etc/passwd>, 0x3 with what it means in a comment. */
static bool read_value(struct text text, uint64_t page, uint64_t *value)
{
	uint64_t sum = 0, term, shift;

	do {
		skip_comments(&text);
		if (!take_term(&text, page, &term))
			return false;
		skip_comments(&text);
		if (take(&text, "<<")) {
			if (!take_term(&text, page, &shift) || shift > 63)
				return false;
			term <<= shift;
			skip_comments(&text);
		}
		sum |= term;
	} while (take(&text, "|"));
	if (text.at < text.end && *text.at == '<')
		text.at = text.end; /* the path of a descriptor (-y) */
	*value = sum;
	return text.at == text.end;
}

static bool read_escape(struct text *text, char *c)
{
	static const char plain[] = "ntrvf\\\"'", meant[] = "\n\t\r\v\f\\\"'";
	const char *found = text->at < text->end ? memchr(plain, *text->at, sizeof(plain) - 1) : NULL;
	unsigned value = 0, digits = 0;

	if (found != NULL) {
		*c = meant[found - plain];
		text->at++;
		return true;
	}
	bool hex = take(text, "x");

	while (text->at < text->end && digits < (hex ? 2u : 3u) && isxdigit((unsigned char)*text->at) && (hex || *text->at < '8')) {
		char digit = *text->at++;

		value = value * (hex ? 16 : 8) + (unsigned)(isdigit((unsigned char)digit) ? digit - '0' : (digit | 0x20) - 'a' + 10);
		digits++;
	}
	*c = (char)value;
	return digits > 0;
}

/* "text", or "text"... where strace cut it: then it is longer. */
static bool read_string(struct strace *strace, struct text text, struct strace_line *line)
{
	size_t len = 0;

	skip_space(&text);
	if (!take(&text, "\""))
		return false;
	while (text.at < text.end && *text.at != '"') {
		char c = *text.at++;

		if (c == '\\' && !read_escape(&text, &c))
			return false;
		if (len < STRING_ROOM - 1)
			strace->string[len] = c;
		len++;
	}
	if (text.at == text.end)
		return false;
	strace->string[len < STRING_ROOM - 1 ? len : STRING_ROOM - 1] = '\0';
	line->string = strace->string;
	line->string_len = len;
	line->cut = starts(&(struct text){ text.at + 1, text.end }, "...");
	return true;
}

static bool read_arguments(struct strace *strace, struct text *text, struct strace_line *line)
{
	skip_space(text);
	if (take(text, ")"))
		return true;
	for (;;) {
		const char *stop = end_of_argument(text->at, text->end);
		struct text argument = { text->at, stop };

		if (stop == text->end)
			return false;
		skip_comments(&argument);
		while (argument.end > argument.at && isspace((unsigned char)argument.end[-1]))
			argument.end--;
		if (line->count < CALL_ARGS) {
			if (read_value(argument, strace->page, &line->args[line->count]) ||
			    (line->count == 0 && read_string(strace, argument, line)))
				line->known |= 1u << line->count;
			else if (argument.at < argument.end && islower((unsigned char)*argument.at))
				return false; /* a statement of a script, which stands above the call that it made */
		}
		line->count++;
		text->at = stop + 1;
		if (*stop == ')')
			return true;
	}
}

/* " = -1 EINVAL (Invalid argument) <0.000012>", " = 0x7f…", " = ?". */
static bool read_result(struct text *text, struct strace_line *line)
{
	uint64_t value;
	int64_t number;

	skip_space(text);
	if (!take(text, "="))
		return false;
	skip_space(text);
	if (take(text, "?"))
		return true;
	if (!take_term(text, 1, &value))
		return false;
	line->returned = true;
	line->result = (int64_t)value;
	skip_space(text);
	const struct constant *error = constant_find(text->at, name_length(text));

	if (line->result == -1 && error != NULL && error->group == GROUP_ERRNO)
		line->error = (int)error->value;
	else if (line->result == -1 && take(text, "(errno ") && take_number(text, &number) && number > 0 && number < 4096)
		line->error = (int)number;
	line->injected = memmem(text->at, (size_t)(text->end - text->at), "(INJECTED)", 10) != NULL;
	return true;
}

/* The call of that name, as the language calls it. */
static const struct call *find_call(const char *name, size_t len)
{
	static const struct {
		char name[14], ours[12];
	} others[] = { { "mmap2", "mmap" }, { "old_mmap", "mmap" }, { "ftruncate64", "ftruncate" } };
	const struct call *call = call_find(name, len);

	for (size_t i = 0; call == NULL && i < sizeof(others) / sizeof(others[0]); i++)
		if (strlen(others[i].name) == len && memcmp(others[i].name, name, len) == 0)
			call = call_find(others[i].ours, strlen(others[i].ours));
	return call != NULL && call->class == CALL_SYSTEM ? call : NULL;
}

static void read_call(struct strace *strace, struct text text, struct strace_line *line)
{
	size_t len = name_length(&text);
	const struct call *call = len > 0 ? find_call(text.at, len) : NULL;

	text.at += len;
	if (call == NULL || !take(&text, "(") || !read_arguments(strace, &text, line) || !read_result(&text, line))
		return;
	line->call = call;
	line->kind = STRACE_CALL;
	for (unsigned i = line->count; i < CALL_ARGS; i++)
		line->known |= i < call->most && i >= call->least ? 1u << i : 0;
}

/* The value of a field of the braces, up to a comma or the end. */
static bool read_field(struct text text, const char *name, struct text *value)
{
	const char *found = memmem(text.at, (size_t)(text.end - text.at), name, strlen(name));

	if (found == NULL)
		return false;
	value->at = value->end = found + strlen(name);
	while (value->end < text.end && *value->end != ',' && *value->end != '}')
		value->end++;
	return true;
}

static void read_signal(const struct strace *strace, struct text text, struct strace_line *line)
{
	struct text code, address;
	const struct constant *signal = constant_find(text.at, name_length(&text));

	if (signal == NULL || signal->group != GROUP_SIGNAL || !read_field(text, "si_code=", &code) ||
	    !read_field(text, "si_addr=", &address))
		return;
	const struct constant *known = constant_find(code.at, (size_t)(code.end - code.at));

	if (known == NULL || known->group != GROUP_FAULT || !read_value(address, strace->page, &line->address))
		return;
	line->kind = STRACE_FAULT;
	line->signo = (int)signal->value;
	line->code = known->value;
}

/* Keeps the part before "<unfinished ...>" until the rest comes. */
static void keep(struct strace *strace, const struct text *text, int pid)
{
	struct pending *pending = NULL;

	for (size_t i = 0; i < PENDING && pending == NULL; i++)
		if (strace->pending[i].pid == pid && strace->pending[i].text.len > 0)
			pending = &strace->pending[i];
	for (size_t i = 0; i < PENDING && pending == NULL; i++)
		if (strace->pending[i].text.len == 0)
			pending = &strace->pending[i];
	if (pending == NULL)
		pending = &strace->pending[strace->next++ % PENDING];
	pending->pid = pid;
	buf_reset(&pending->text);
	buf_add(&pending->text, text->at, (size_t)(text->end - text->at));
}

/* Puts "<... mmap resumed>" behind its first part.  False: there is none. */
static bool join(struct strace *strace, struct text *text, int pid)
{
	const char *rest = memchr(text->at, '>', (size_t)(text->end - text->at));

	for (size_t i = 0; i < PENDING && rest != NULL; i++) {
		struct pending *pending = &strace->pending[i];

		if (pending->pid != pid || pending->text.len == 0)
			continue;
		buf_reset(&strace->joined);
		buf_add(&strace->joined, pending->text.data, pending->text.len);
		buf_add(&strace->joined, rest + 1, (size_t)(text->end - rest - 1));
		buf_reset(&pending->text);
		text->at = strace->joined.data;
		text->end = text->at + strace->joined.len;
		return true;
	}
	return false;
}

void strace_read(struct strace *strace, const char *data, size_t len, struct strace_line *line)
{
	static const char unfinished[] = "<unfinished ...>";
	struct text text = { data, data + len };

	*line = (struct strace_line){ .text = data, .text_len = len };
	if (len == 0)
		return;
	skip_prefix(&text, &line->pid);
	while (text.end > text.at && isspace((unsigned char)text.end[-1]))
		text.end--;
	if (take(&text, "--- ")) {
		read_signal(strace, text, line);
		return;
	}
	if (starts(&text, "<... ")) {
		if (!join(strace, &text, line->pid))
			return;
		line->text = text.at;
		line->text_len = (size_t)(text.end - text.at);
	} else if ((size_t)(text.end - text.at) >= sizeof(unfinished) &&
	           memcmp(text.end - (sizeof(unfinished) - 1), unfinished, sizeof(unfinished) - 1) == 0) {
		text.end -= sizeof(unfinished) - 1;
		keep(strace, &text, line->pid);
		return;
	}
	read_call(strace, text, line);
}
