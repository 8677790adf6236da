/* SPDX-License-Identifier: MIT */
/* examples: the scripts that come with mmtool, listed by their titles, or printed. */
#include "base/alloc.h"
#include "base/diag.h"
#include "base/file.h"
#include "cmd/command.h"
#include "lang/word.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where `make install' puts them; the Makefile knows it. */
#ifndef EXAMPLESDIR
#define EXAMPLESDIR "/usr/local/share/mmtool/examples"
#endif

static const char suffix[] = ".mmt";

struct options {
	const char *name; /* NULL: list them */
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (self->name != NULL) {
		argp_error(state, "%s: one example at a time (after %s)", arg, self->name);
		return EINVAL;
	}
	self->name = arg;
	return 0;
}

static const char *folder(void)
{
	const char *own = secure_getenv("MMTOOL_EXAMPLES");

	return own != NULL && own[0] != '\0' ? own : EXAMPLESDIR;
}

/* Bytes of the name without its suffix; 0 when it is no script's. */
static size_t stem(const char *name)
{
	size_t len = strlen(name), end = sizeof(suffix) - 1;

	return name[0] != '.' && len > end && strcmp(name + len - end, suffix) == 0 ? len - end : 0;
}

/* What is neither a file nor a folder is no script: a FIFO gives nothing, and a device may never end. */
static int is_script(const struct dirent *entry)
{
	struct buf path = { 0 };
	struct stat status;

	if (stem(entry->d_name) == 0)
		return 0;
	buf_printf(&path, "%s/%s", folder(), entry->d_name);
	/* What cannot be looked at is shown, with the reason why it cannot be read. */
	bool is = stat(buf_text(&path), &status) < 0 || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);

	buf_fini(&path);
	return is;
}

/* By what is shown: "grow" comes before "grow-in-place", though "grow.mmt" would not. */
static int by_stem(const struct dirent **a, const struct dirent **b)
{
	size_t len_a = stem((*a)->d_name), len_b = stem((*b)->d_name);
	int order = memcmp((*a)->d_name, (*b)->d_name, len_a < len_b ? len_a : len_b);

	return order != 0 ? order : (len_a > len_b) - (len_a < len_b);
}

/* The whole script, or -errno. */
static int read_script(const char *file, struct buf *text)
{
	struct buf path = { 0 };

	buf_printf(&path, "%s/%s", folder(), file);
	int fd = file_open(buf_text(&path), O_RDONLY | O_NONBLOCK | O_NOCTTY);
	ssize_t got;

	buf_fini(&path);
	if (fd < 0)
		return fd;
	/* A folder can be opened, and not be read. */
	while ((got = file_read(fd, buf_reserve(text, 8192), 8192)) > 0)
		text->len += (size_t)got;
	close(fd);
	buf_add(text, "", 0);
	return (int)got;
}

/* Its first comment, without the line that an executable script begins with. */
static void add_title(struct buf *out, const struct buf *text)
{
	const char *at = buf_text(text), *end = at + text->len;

	while (at < end && *at == '#') {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *line_end = newline != NULL ? newline : end;

		if (end - at < 2 || at[1] != '!') {
			at += strspn(at, "# ");
			if (at < line_end)
				buf_escape(out, at, (size_t)(line_end - at), 0);
			return;
		}
		at = newline != NULL ? newline + 1 : end;
	}
}

static int list(struct dirent *const *entries, size_t count, struct buf *out)
{
	size_t width = 0;

	for (size_t i = 0; i < count; i++)
		width = stem(entries[i]->d_name) > width ? stem(entries[i]->d_name) : width;
	buf_puts(out, "Examples, in ");
	buf_escape(out, folder(), strlen(folder()), 0);
	buf_puts(out, ":\n");
	for (size_t i = 0; i < count; i++) {
		struct buf text = { 0 };
		size_t mark = out->len + 2;

		buf_puts(out, "  ");
		buf_escape(out, entries[i]->d_name, stem(entries[i]->d_name), 0);
		int error = read_script(entries[i]->d_name, &text);
		size_t used = out->len - mark;

		buf_printf(out, "%*s", (int)(used < width ? width - used : 0) + 2, "");
		if (error == 0)
			add_title(out, &text);
		else
			buf_printf(out, "cannot be read (open or read): %s", strerror(-error));
		buf_putc(out, '\n');
		buf_fini(&text);
	}
	buf_puts(out, "\n`mmtool examples NAME' prints one, `mmtool run FILE' performs it.\n");
	return STATUS_OK;
}

static int unknown(const char *name, struct dirent *const *entries, size_t count)
{
	struct suggestion suggestion;
	struct buf shown = { 0 }, nearest = { 0 };

	suggestion_init(&suggestion, name, strlen(name));
	for (size_t i = 0; i < count; i++)
		suggestion_offer(&suggestion, entries[i]->d_name, stem(entries[i]->d_name));
	buf_escape(&shown, name, strlen(name), 0);
	if (suggestion.best != NULL) {
		buf_escape(&nearest, suggestion.best, suggestion.best_len, 0);
		diag_error("%s: no such example; did you mean `%s'?", buf_text(&shown), buf_text(&nearest));
	} else {
		diag_error("%s: no such example (`mmtool examples' lists them)", buf_text(&shown));
	}
	buf_fini(&shown);
	buf_fini(&nearest);
	return STATUS_USAGE;
}

/* Only what the list shows can be printed: a name is no path. */
static int show(const char *name, struct dirent *const *entries, size_t count, struct buf *out)
{
	size_t len = stem(name) > 0 ? stem(name) : strlen(name);
	struct buf text = { 0 };

	for (size_t i = 0; i < count; i++) {
		const char *file = entries[i]->d_name;

		if (stem(file) != len || memcmp(file, name, len) != 0)
			continue;
		int error = read_script(file, &text);

		if (error == 0)
			buf_add(out, buf_text(&text), text.len);
		else
			diag_error("%s/%s: cannot be read (open or read): %s", folder(), file, strerror(-error));
		buf_fini(&text);
		return error == 0 ? STATUS_OK : STATUS_TOOL;
	}
	return unknown(name, entries, count);
}

static int print(const void *input, struct buf *out)
{
	const struct options *self = input;
	struct dirent **entries = NULL;
	struct buf shown = { 0 };
	int count = scandir(folder(), &entries, is_script, by_stem), status;

	if (count > 0) {
		status = self->name != NULL ? show(self->name, entries, (size_t)count, out) : list(entries, (size_t)count, out);
	} else {
		const char *why = count < 0 ? strerror(errno) : "no script is there";

		buf_escape(&shown, folder(), strlen(folder()), 0);
		diag_error("%s: %s%s (is mmtool installed? else set MMTOOL_EXAMPLES to the folder examples of its sources)",
		           buf_text(&shown), count < 0 && errno != ENOENT ? "opendir or readdir: " : "", why);
		buf_fini(&shown);
		status = STATUS_TOOL;
	}
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	return status;
}

const struct command cmd_examples = {
	.name = "examples",
	.args = "[NAME]",
	.summary = "list the scripts that come with mmtool, or print one",
	.doc = "Each is a lesson of its own: `mmtool examples cow' shows the script, `mmtool examples cow | mmtool run -' what "
	       "it does. MMTOOL_EXAMPLES, where set, is the folder to look in.",
	.group = COMMAND_SCRIPT,
	.parse = parse,
	.options_size = sizeof(struct options),
	.print = print,
};
