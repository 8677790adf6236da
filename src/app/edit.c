/* SPDX-License-Identifier: MIT */
/* Line editing by libedit, opened at run time. */
#include "app/edit.h"

#include "app/library.h"
#include "base/alloc.h"
#include "base/buf.h"

#include <locale.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* A window has some thousands. */
enum { CELLS_MOST = 1 << 20 };

/* What is used of <histedit.h>, as it has been since libedit 2.11 (2009): no header is needed to build. */
typedef struct editline EditLine;
typedef struct history_list History;
typedef unsigned char edit_function(EditLine *, int);

struct hist_event {
	int num;
	const char *str;
};

struct line_info {
	const char *buffer, *cursor, *lastchar;
};

enum { EL_PROMPT = 0, EL_EDITOR = 2, EL_SIGNAL = 3, EL_BIND = 4, EL_SETTY = 8, EL_ADDFN = 9, EL_HIST = 10, EL_CLIENTDATA = 14 };
enum { H_SETSIZE = 1, H_ENTER = 10, H_SETUNIQUE = 20 };
enum { CC_NEWLINE = 1, CC_REFRESH = 4, CC_ERROR = 6, CC_REDISPLAY = 8 };

struct library {
	EditLine *(*el_init)(const char *, FILE *, FILE *, FILE *);
	void (*el_end)(EditLine *);
	const char *(*el_gets)(EditLine *, int *);
	int (*el_set)(EditLine *, int, ...);
	int (*el_get)(EditLine *, int, ...);
	int (*el_source)(EditLine *, const char *);
	void (*el_resize)(EditLine *);
	const struct line_info *(*el_line)(EditLine *);
	int (*el_insertstr)(EditLine *, const char *);
	History *(*history_init)(void);
	void (*history_end)(History *);
	int (*history)(History *, struct hist_event *, int, ...);
};

static const struct {
	const char *name;
	size_t offset;
} symbols[] = {
	{ "el_init", offsetof(struct library, el_init) },
	{ "el_end", offsetof(struct library, el_end) },
	{ "el_gets", offsetof(struct library, el_gets) },
	{ "el_set", offsetof(struct library, el_set) },
	{ "el_get", offsetof(struct library, el_get) },
	{ "el_source", offsetof(struct library, el_source) },
	{ "el_resize", offsetof(struct library, el_resize) },
	{ "el_line", offsetof(struct library, el_line) },
	{ "el_insertstr", offsetof(struct library, el_insertstr) },
	{ "history_init", offsetof(struct library, history_init) },
	{ "history_end", offsetof(struct library, history_end) },
	{ "history", offsetof(struct library, history) },
};

struct edit {
	struct library lib;
	EditLine *line;
	History *history;
	const char *prompt;
	bool cancelled;
	struct termios cooked; /* how the terminal was */
	void (*complete)(void *context, const char *text, size_t len, struct completion *completion);
	void *context;
};

/* libedit's callbacks are given an EditLine, and el_get() is needed to come from that to this. */
static struct edit *the_edit;

static bool load(struct library *library, void *handle)
{
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		if (!library_find(handle, symbols[i].name, (char *)library + symbols[i].offset))
			return false;
	}
	return true;
}

static const char absent[] = "libedit is not installed";

/* Why it cannot be opened, in words that stay until it is tried again. */
static const char *why_not(const char *name)
{
	static char words[512];
	const char *problem = library_problem();
	const char *at = strstr(problem, name);

	/* Of a library that it needs another name is told. */
	if (at != NULL && strstr(at, "No such file") != NULL)
		return absent;
	(void)snprintf(words, sizeof(words), "libedit cannot be loaded: %s", problem);
	return words;
}

static const char *open_library(struct library *library)
{
	/* Debian's name, and everybody else's. */
	static const char *const usual[] = { "libedit.so.2", "libedit.so.0" };
	const char *named = getenv("MMTOOL_LIBEDIT");
	const char *const names[] = { named != NULL ? named : usual[0], named != NULL ? NULL : usual[1] };
	const char *reason = absent;
	void *handle = NULL;

	if (named != NULL && named[0] == '\0')
		return "MMTOOL_LIBEDIT is empty";
	if (library_open == NULL)
		return "a static mmtool cannot open libedit";
	for (size_t i = 0; i < 2 && names[i] != NULL && handle == NULL; i++) {
		handle = library_open(names[i]);
		if (handle == NULL && reason == absent)
			reason = why_not(names[i]);
	}
	if (handle == NULL)
		return reason;
	/* It stays open: nobody unloads a library that has registered what it does at the end. */
	return load(library, handle) ? NULL : "libedit is not the one that mmtool knows";
}

static char *give_prompt(EditLine *line)
{
	(void)line;
	return (char *)(uintptr_t)the_edit->prompt;
}

/* Ctrl-C. */
static unsigned char cancel(EditLine *line, int key)
{
	(void)line;
	(void)key;
	the_edit->cancelled = true;
	return CC_NEWLINE;
}

/* Ctrl-Z and Ctrl-\, as the terminal would have done it: it does not, so that Ctrl-C comes as a key. */
static unsigned char raise_signal(int signo)
{
	struct termios raw;
	bool known = tcgetattr(STDIN_FILENO, &raw) == 0;

	tcsetattr(STDIN_FILENO, TCSADRAIN, &the_edit->cooked);
	raise(signo);
	if (known)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	return CC_REDISPLAY;
}

static unsigned char suspend(EditLine *line, int key)
{
	(void)line;
	(void)key;
	return raise_signal(SIGTSTP);
}

static unsigned char quit(EditLine *line, int key)
{
	(void)line;
	(void)key;
	return raise_signal(SIGQUIT);
}

static unsigned char complete(EditLine *line, int key)
{
	const struct line_info *info = the_edit->lib.el_line(line);
	struct completion completion = { 0 };
	struct buf list = { 0 };
	unsigned char outcome = CC_ERROR;

	(void)key;
	the_edit->complete(the_edit->context, info->buffer, (size_t)(info->cursor - info->buffer), &completion);
	if (completion.insert.len > 0) {
		outcome = the_edit->lib.el_insertstr(line, buf_text(&completion.insert)) == 0 ? CC_REFRESH : CC_ERROR;
	} else if (completion.count > 1) {
		buf_putc(&list, '\n');
		completion_list(&completion, &list);
		fputs(buf_text(&list), stdout);
		fflush(stdout);
		outcome = CC_REDISPLAY;
	}
	buf_fini(&list);
	completion_fini(&completion);
	return outcome;
}

static void bind(struct edit *edit, const char *key, const char *name, const char *help, edit_function *function)
{
	edit->lib.el_set(edit->line, EL_ADDFN, name, help, function);
	edit->lib.el_set(edit->line, EL_BIND, key, name, NULL);
}

static void prepare(struct edit *edit)
{
	const struct library *lib = &edit->lib;
	struct hist_event event;

	lib->history(edit->history, &event, H_SETSIZE, 1000);
	lib->el_set(edit->line, EL_PROMPT, give_prompt);
	lib->el_set(edit->line, EL_SIGNAL, 0);
	lib->el_set(edit->line, EL_EDITOR, "emacs");
	lib->el_set(edit->line, EL_HIST, lib->history, edit->history);
	lib->el_set(edit->line, EL_BIND, "^R", "em-inc-search-prev", NULL);
	/* The user's ~/.editrc may choose otherwise, but for the keys below. */
	lib->el_source(edit->line, NULL);
	lib->el_set(edit->line, EL_SETTY, "-d", "-isig", NULL);
	bind(edit, "^C", "mmtool-cancel", "Give the line up", cancel);
	bind(edit, "^Z", "mmtool-suspend", "Stop mmtool", suspend);
	bind(edit, "^\\", "mmtool-quit", "Quit by SIGQUIT", quit);
	bind(edit, "\t", "mmtool-complete", "Complete the word", complete);
}

/* Whether the terminal says that it is of more cells than libedit, which keeps two pictures of them, should have memory for. */
static bool is_huge(void)
{
	struct winsize size;

	return ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 && (size_t)size.ws_row * size.ws_col > CELLS_MOST;
}

struct edit *edit_open(void (*offer)(void *, const char *, size_t, struct completion *), void *context, const char **reason)
{
	struct edit *edit = alloc_zeroed(1, sizeof(*edit));

	edit->complete = offer;
	edit->context = context;
	*reason = is_huge() ? "the terminal says that it has more than a million characters" : open_library(&edit->lib);
	if (*reason == NULL) {
		/* libedit reads characters, not bytes. */
		setlocale(LC_CTYPE, "");
		(void)tcgetattr(STDIN_FILENO, &edit->cooked);
		the_edit = edit;
		edit->line = edit->lib.el_init("mmtool", stdin, stdout, stderr);
		edit->history = edit->lib.history_init();
		if (edit->line == NULL || edit->history == NULL)
			*reason = "libedit does not work here";
	}
	if (*reason == NULL) {
		prepare(edit);
		return edit;
	}
	edit_close(edit);
	return NULL;
}

void edit_close(struct edit *edit)
{
	if (edit == NULL)
		return;
	if (edit->line != NULL)
		edit->lib.el_end(edit->line);
	if (edit->history != NULL)
		edit->lib.history_end(edit->history);
	the_edit = NULL;
	free(edit);
}

const char *edit_read(struct edit *edit, const char *prompt, size_t *len, bool *cancelled)
{
	int count = 0;

	edit->prompt = prompt;
	edit->cancelled = false;
	/* The window may have changed its size; while a line is typed its old size counts. */
	if (!is_huge())
		edit->lib.el_resize(edit->line);
	const char *line = edit->lib.el_gets(edit->line, &count);

	*cancelled = edit->cancelled;
	*len = line != NULL && count > 0 ? (size_t)count : 0;
	return line;
}

void edit_remember(struct edit *edit, const char *line)
{
	struct hist_event event;

	/* One that is no characters here libedit would take, and find none beyond it. */
	if (mbstowcs(NULL, line, 0) != (size_t)-1)
		edit->lib.history(edit->history, &event, H_ENTER, line);
}
