/* SPDX-License-Identifier: MIT */
/* Opens and reads the mappings of any process, or of a file that was saved. */
#include "run/target.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	READ_ROOM = 4096,        /* the least room for one read; the kernel answers at most a page of text of maps */
	TORN_READS = 8,          /* how often a read that is out of order is made again */
	LONGEST_LINE = 64 * 1024, /* a path has at most PATH_MAX bytes, each of which can stand as \012 */
	SHOWN = 40,              /* bytes of a bad line that a message shows */
	REOPENED = 3,            /* how often a file is opened again whose address space has gone meanwhile, in an exec */
};

static char *take_text(struct buf *text)
{
	char *data = text->data;

	*text = (struct buf){ 0 };
	return data;
}

static char *say(const struct target *target, const char *words)
{
	struct buf text = { 0 };

	target_add_name(&text, target);
	buf_puts(&text, words);
	return take_text(&text);
}

void target_add_name(struct buf *buf, const struct target *target)
{
	if (target->pid == 0) {
		const char *name = strcmp(target->name, "-") == 0 ? "standard input" : target->name;

		buf_escape(buf, name, strlen(name), 0);
		return;
	}
	buf_printf(buf, "process %d", (int)target->pid);
	if (target->command != NULL) {
		buf_puts(buf, " (");
		buf_escape(buf, target->command, strlen(target->command), 0);
		buf_puts(buf, ")");
	}
}

/* What it is called; NULL where it is gone.  0, or -errno when that cannot be read. */
static int read_command(pid_t pid, char **command)
{
	char text[256];
	ssize_t len = file_read_process(pid, "comm", text, sizeof(text));

	*command = NULL;
	if (len <= 0)
		return len == -ESRCH || len == -ENOENT ? 0 : (int)len;
	if (text[len - 1] == '\n')
		text[len - 1] = '\0';
	*command = alloc_string(text, strlen(text));
	return 0;
}

/* Its program; NULL where it has none, this user may not know it, or its path is longer than the kernel tells.  0, or -errno. */
static int read_program(pid_t pid, char **program)
{
	char path[64], text[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	ssize_t len = readlink(path, text, sizeof(text));

	*program = len > 0 && (size_t)len < sizeof(text) ? alloc_string(text, (size_t)len) : NULL;
	switch (len < 0 ? errno : 0) {
	case 0:
	case ENOENT:
	case ESRCH:
	case EACCES:
	case EPERM:
	case ENAMETOOLONG:
		return 0;
	default:
		return -errno;
	}
}

static const unsigned long kernel_thread = 0x00200000; /* PF_KTHREAD, include/linux/sched.h */

/* The state and the flags of a process, or of a thread ("task/TID/stat"), proc_pid_stat(5). */
static bool read_state(pid_t pid, const char *file, char *state, unsigned long *flags)
{
	char text[1024];

	if (file_read_process(pid, file, text, sizeof(text)) <= 0)
		return false;
	/* The second field is the command's name, which may hold anything; the last ")" ends it. */
	const char *end = strrchr(text, ')');

	return end != NULL && sscanf(end + 1, " %c %*d %*d %*d %*d %*d %lu", state, flags) == 2;
}

static bool has_exited(char state)
{
	return state == 'Z' || state == 'X';
}

/* It has no address space any more, and is no zombie yet: it closes files, or frees much memory (do_exit(), kernel/exit.c). */
static bool is_exiting(char state, unsigned long flags)
{
	static const unsigned long exiting = 0x00000004; /* PF_EXITING, include/linux/sched.h */

	return !has_exited(state) && (flags & exiting) != 0;
}

/* A thread that goes on where the main thread has ended (pthread_exit(3)), or 0: the process's own files are empty then. */
static pid_t living_thread(pid_t pid)
{
	char path[64];
	pid_t found = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	DIR *folder = opendir(path);

	for (struct dirent *entry; found == 0 && folder != NULL && (entry = readdir(folder)) != NULL;) {
		unsigned long flags;
		char state;

		snprintf(path, sizeof(path), "task/%.16s/stat", entry->d_name);
		if (entry->d_name[0] != '.' && read_state(pid, path, &state, &flags) && !has_exited(state))
			found = (pid_t)strtol(entry->d_name, NULL, 10);
	}
	if (folder != NULL)
		closedir(folder);
	return found;
}

/* Why a process that is there has no address space, or NULL; the caller frees it. */
static char *lacking(const struct target *target)
{
	unsigned long flags = 0;
	struct buf text = { 0 };
	char state = 0;

	if (!read_state(target->pid, "stat", &state, &flags))
		return NULL;
	if (is_exiting(state, flags))
		return say(target, " is exiting: it has no mappings any more");
	if (!has_exited(state) && (flags & kernel_thread) != 0)
		return say(target, " is a thread of the kernel: it has no address space of its own");
	if (!has_exited(state))
		return NULL;
	pid_t thread = living_thread(target->pid);

	if (thread == 0)
		return say(target, " has exited, and waits to be collected by its parent (a zombie): it has no mappings any more");
	target_add_name(&text, target);
	buf_printf(&text, " goes on without its main thread, which has ended: its mappings are to be read by the number of a thread, "
	                  "such as %d", (int)thread);
	return take_text(&text);
}

/* Who may read a process that this user may not. */
static char *refused(const struct target *target, int error)
{
	struct buf text = { 0 };
	char path[32];
	struct stat status;

	target_add_name(&text, target);
	buf_puts(&text, " may not be read");
	snprintf(path, sizeof(path), "/proc/%d", (int)target->pid);
	if (stat(path, &status) == 0 && status.st_uid != geteuid())
		buf_printf(&text, ": it is another user's (uid %u, you are %u); root may", (unsigned)status.st_uid,
		           (unsigned)geteuid());
	else if (geteuid() != 0)
		buf_printf(&text, ": %s; root may (perhaps it is a set-user-ID program, or protects itself)", strerror(error));
	else
		buf_printf(&text, ": open: %s", strerror(error));
	return take_text(&text);
}

static char *absent(const struct target *target, int error)
{
	bool there = kill(target->pid, 0) == 0 || errno == EPERM;

	if (there && access("/proc/self", F_OK) != 0)
		return say(target, " cannot be looked at: /proc is not mounted here");
	if (there && error == ESRCH)
		return say(target, " has no address space");
	/* hidepid (proc(5)) hides what can still be signalled, or refuses to be. */
	return say(target, there ? " is hidden from you by /proc (hidepid); root may see it" : ": no such process");
}

/* call, of the process's file, has failed. */
static int fail_process(const struct target *target, const char *call, const char *file, int error, char **problem)
{
	char *why = lacking(target);

	if (why != NULL && error != ENOENT) {
		*problem = why;
		return -ESRCH;
	}
	free(why);
	if (error == ENOENT || error == ESRCH)
		*problem = absent(target, error);
	else if (error == EACCES || error == EPERM)
		*problem = refused(target, error);
	else
		return target_fail(target, call, file, -error, problem);
	return error == ENOENT ? -ESRCH : -error;
}

int target_fail(const struct target *target, const char *call, const char *file, int error, char **problem)
{
	struct buf text = { 0 };

	target_add_name(&text, target);
	buf_printf(&text, ": %s: /proc/%d%s%s: %s", call, (int)target->pid, file[0] != '\0' ? "/" : "", file, strerror(-error));
	*problem = take_text(&text);
	return error;
}

/* Digits alone are a number, one that no process can have included (0 for those). */
static bool read_number(const char *name, pid_t *pid)
{
	size_t len = strspn(name, "0123456789");

	if (len == 0 || name[len] != '\0')
		return false;
	errno = 0;
	unsigned long value = strtoul(name, NULL, 10);

	*pid = errno == 0 && value <= INT_MAX ? (pid_t)value : 0;
	return true;
}

/* Whether it lives, and is no thread of the kernel's: then it has an address space. */
static bool is_running(pid_t pid)
{
	unsigned long flags;
	char state;

	return read_state(pid, "stat", &state, &flags) && !has_exited(state) && !is_exiting(state, flags) &&
	       (flags & kernel_thread) == 0;
}

/* tries: how often more it may be opened where an exec took away the address space that was opened. */
static int open_process(struct target *target, const char *what, int tries, char **problem)
{
	char path[64], byte;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)target->pid, what);
	target->fd = file_open(path, O_RDONLY);
	if (target->fd < 0) {
		int error = -target->fd;

		/* The directory is there, and this file is not: the kernel was built without it. */
		(void)read_command(target->pid, &target->command);
		if (error == ENOENT && target->command != NULL) {
			*problem = say(target, ": this kernel has no such file for it");
			return -ENOENT;
		}
		return fail_process(target, "open", what, error, problem);
	}
	int named = read_command(target->pid, &target->command);
	/* Opened or not: a kernel thread's and a zombie's are empty, or answer with ESRCH. */
	ssize_t got = file_read_at(target->fd, &byte, 1, 0);

	if (got <= 0) {
		int error = got < 0 ? (int)-got : ESRCH;

		target_close(target);
		if (error == ESRCH && tries > 0 && is_running(target->pid))
			return open_process(target, what, tries - 1, problem);
		(void)read_command(target->pid, &target->command);
		error = fail_process(target, "read", what, error, problem);
		target_close(target);
		return error;
	}
	if (named < 0)
		return target_fail(target, "open or read", "comm", named, problem);
	int error = read_program(target->pid, &target->program);

	return error < 0 ? target_fail(target, "readlink", "exe", error, problem) : 0;
}

static int open_file(struct target *target, char **problem)
{
	struct buf text = { 0 };

	if (strcmp(target->name, "-") == 0) {
		target->fd = STDIN_FILENO;
		return 0;
	}
	target->fd = file_open(target->name, O_RDONLY | O_NOCTTY);
	if (target->fd >= 0)
		return 0;
	int error = -target->fd;

	target_add_name(&text, target);
	buf_printf(&text, error == ENOENT ? ": %s" : ": cannot be opened: %s", strerror(error));
	if (error == ENOENT)
		buf_puts(&text, " (a process is named by its number)");
	*problem = take_text(&text);
	return -error;
}

int target_open(struct target *target, const char *name, const char *what, char **problem)
{
	struct buf text = { 0 };

	*target = (struct target){ .name = name != NULL ? name : "self", .fd = -1 };
	target->time = (int64_t)clock_ns(CLOCK_REALTIME);
	if (name == NULL) {
		target->pid = getpid();
	} else if (!read_number(name, &target->pid)) {
		return open_file(target, problem);
	} else if (target->pid == 0) {
		buf_printf(&text, "%s: no process has that number (./%s is a file)", name, name);
		*problem = take_text(&text);
		return -ESRCH;
	}
	int error = open_process(target, what, REOPENED, problem);

	if (error < 0)
		target_close(target);
	return error;
}

void target_close(struct target *target)
{
	if (target->fd > STDERR_FILENO)
		close(target->fd);
	target->fd = -1;
	free(target->command);
	target->command = NULL;
	free(target->program);
	target->program = NULL;
	buf_fini(&target->rest);
}

/* 0: the address space that was opened is still that of its process; -ESRCH: it is gone, and reads as if it were empty. */
static int check_alive(const struct target *target)
{
	char byte;
	ssize_t got = file_read_at(target->fd, &byte, 1, 0);

	return got > 0 ? 0 : got == 0 ? -ESRCH : (int)got;
}

/* One read into text, behind what is there.  1, 0 at the end, or -errno. */
static int read_some(struct target *target, struct buf *text)
{
	char *to = buf_reserve(text, READ_ROOM);
	size_t room = text->cap - text->len - 1;
	ssize_t got = target->pid == 0 ? file_read(target->fd, to, room) : file_read_at(target->fd, to, room, target->offset);

	if (got < 0)
		return (int)got;
	target->offset += got;
	text->len += (size_t)got;
	text->data[text->len] = '\0';
	if (got > 0)
		return 1;
	target->ended = true;
	return target->pid == 0 ? 0 : check_alive(target);
}

/* Moves what stands behind the last newline to the next part.  False: there is no whole line. */
static bool cut(struct target *target, struct buf *text)
{
	const char *newline = memrchr(buf_text(text), '\n', text->len);

	if (newline == NULL)
		return false;
	size_t whole = (size_t)(newline + 1 - text->data);

	buf_add(&target->rest, text->data + whole, text->len - whole);
	buf_cut(text, whole);
	return true;
}

/* As target_read(), behind what is in text. */
static int read_more(struct target *target, struct buf *text, size_t max)
{
	size_t from = text->len, line = from;

	buf_reserve(text, max);
	buf_add(text, buf_text(&target->rest), target->rest.len);
	buf_reset(&target->rest);
	while (!target->ended) {
		size_t before = text->len;
		int more = read_some(target, text);

		if (more <= 0)
			return more;
		const char *newline = memrchr(text->data + before, '\n', text->len - before);

		if (newline != NULL)
			line = (size_t)(newline - text->data);
		if (text->len - line > LONGEST_LINE)
			return -EMSGSIZE;
		if (max > 0 && text->len - from >= max && cut(target, text))
			return 1;
	}
	return 0;
}

int target_read(struct target *target, struct buf *text, size_t max)
{
	buf_reset(text);
	return read_more(target, text, max);
}

int target_again(struct target *target)
{
	if (target->pid == 0)
		return -ESPIPE;
	target->offset = 0;
	buf_reset(&target->rest);
	target->ended = false;
	return 0;
}

char *target_problem(const struct target *target, int error)
{
	struct buf text = { 0 };
	unsigned long flags;
	char state;

	if (error == -ESRCH) {
		bool gone = !read_state(target->pid, "stat", &state, &flags) || has_exited(state) || is_exiting(state, flags);

		return say(target, gone ? " ended while it was read" : " replaced its program (exec) while it was read");
	}
	if (error == -EAGAIN)
		return say(target, ": its mappings changed each time that they were read");
	if (error == -EMSGSIZE)
		return say(target, ": not the text of a maps file: it has a line longer than 64K");
	target_add_name(&text, target);
	buf_printf(&text, ": cannot be read: %s", strerror(-error));
	return take_text(&text);
}

bool target_is_line(const char *text, size_t len)
{
	const char *newline = memchr(text, '\n', len);
	struct maps maps = { 0 };

	buf_add(&maps.text, text, newline != NULL ? (size_t)(newline - text) : len);
	bool is = maps_parse(&maps, NULL) == 0 && maps.count == 1;

	maps_fini(&maps);
	return is;
}

char *target_bad_line(const struct target *target, size_t number, const char *line, size_t len)
{
	struct buf text = { 0 };
	const char *newline = memchr(line, '\n', len);
	size_t width = newline != NULL ? (size_t)(newline - line) : len;

	target_add_name(&text, target);
	if (target_is_line(line, len)) {
		buf_printf(&text, target->pid != 0 ? ": its mappings changed each time that they were read"
		                                   : ": line %zu: out of order: it begins below the end of the line before", number);
	} else {
		buf_printf(&text, ": line %zu: not a line of maps: \"", number);
		buf_escape(&text, line, width > SHOWN ? SHOWN : width, 1);
		buf_puts(&text, width > SHOWN ? "...\"" : "\"");
	}
	return take_text(&text);
}

/* The place of a line, counted from 1, in a text. */
static const char *find_line(const struct buf *text, size_t number)
{
	const char *at = buf_text(text), *end = at + text->len;

	for (size_t i = 1; i < number; i++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));

		if (newline == NULL)
			return end;
		at = newline + 1;
	}
	return at;
}

static size_t line_number(const struct buf *text, const char *place)
{
	size_t number = 1;

	for (const char *at = text->data; at < place; at++)
		number += *at == '\n';
	return number;
}

/* What could not be parsed: where the line is, in which text. */
struct bad {
	const struct buf *text;
	const char *line;
};

/*
 * Parses smaps->text as what it is.  0, or -EINVAL with the first line that is bad.  A maps text becomes smaps->maps.text, in
 * exchange for that.
 */
static int parse_any(struct smaps *smaps, bool *detailed, struct bad *bad)
{
	size_t number;
	int error;

	*detailed = smaps_recognize(buf_text(&smaps->text), smaps->text.len);
	if (*detailed) {
		error = smaps_parse(smaps, &number);
		if (error < 0)
			*bad = (struct bad){ &smaps->text, smaps->list[number - 1].text };
		return error;
	}
	struct buf text = smaps->text;

	smaps->text = smaps->maps.text;
	smaps->maps.text = text;
	buf_reset(&smaps->text);
	error = maps_parse(&smaps->maps, &number);
	if (error < 0)
		*bad = (struct bad){ &smaps->maps.text, find_line(&smaps->maps.text, number) };
	return error;
}

/* Whether the beginning of a text is that of none: then no more of it is read, for it may have no end (/dev/zero). */
static bool is_hopeless(const struct target *target, const struct buf *text)
{
	return target->pid == 0 && !target_is_line(text->data, text->len);
}

int target_smaps(struct target *target, struct smaps *smaps, bool *detailed, char **problem)
{
	struct bad bad = { 0 };
	int error = -EINVAL;

	for (unsigned i = 0; i < TORN_READS; i++) {
		int more = target_read(target, &smaps->text, TARGET_PART);

		if (more > 0 && !is_hopeless(target, &smaps->text))
			more = read_more(target, &smaps->text, 0);
		if (more < 0) {
			*problem = target_problem(target, more);
			return more;
		}
		error = parse_any(smaps, detailed, &bad);
		if (error == 0 || target_again(target) < 0)
			break;
	}
	if (error < 0) {
		size_t before = (size_t)(bad.line - bad.text->data);

		*problem = target_bad_line(target, line_number(bad.text, bad.line), bad.line, bad.text->len - before);
	} else if (smaps->maps.count == 0) {
		*problem = target_empty(target);
		error = -EINVAL;
	}
	return error;
}

int target_maps(struct target *target, struct maps *maps, char **problem)
{
	struct smaps smaps = { .maps = *maps };
	bool detailed;

	/* The memory of what it held is read into. */
	smaps.text = smaps.maps.text;
	smaps.maps.text = (struct buf){ 0 };
	int error = target_smaps(target, &smaps, &detailed, problem);

	/* The mappings have a text of their own. */
	*maps = smaps.maps;
	smaps.maps = (struct maps){ 0 };
	smaps_fini(&smaps);
	return error;
}

char *target_empty(const struct target *target)
{
	return say(target, ": there are no mappings in it");
}
