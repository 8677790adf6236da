/* SPDX-License-Identifier: MIT */
/* A memory cgroup: found a place for, made, limited, read and removed. */
#include "run/cgroup.h"

#include "base/file.h"
#include "base/size.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	REMOVE_ROUNDS = 250, /* of REMOVE_MS: a process that was killed takes a moment to leave */
	REMOVE_MS = 20,
	REMOVE_TRIES = 10, /* where it is no matter of who is in it */
};

/* Where the tool is in a hierarchy. */
struct place {
	char mount[CGROUP_PATH]; /* where that is mounted */
	char path[CGROUP_PATH];  /* the tool's own cgroup */
	bool unified;
};

/* What is wanted: see cgroup_confine(). */
struct wish {
	pid_t pid;
	uint64_t bytes;
	int (*announce)(void *context, const char *path);
	void *context;
};

/* The last call that was tried, and its file, for the message; whether it was one that makes the cgroup, and no look. */
static struct attempted {
	char text[CGROUP_PATH + 128];
	bool makes;
} tried;

static void try(bool makes, const char *call, const char *file)
{
	tried.makes = makes;
	snprintf(tried.text, sizeof(tried.text), "%s%s%s", call, file[0] != '\0' ? ": " : "", file);
}

/* A whole small file.  0 or -errno.  Like all paths here its own is not on the stack, which can be small (RLIMIT_STACK). */
static int read_text(const char *folder, const char *name, char *text, size_t size)
{
	static char path[CGROUP_PATH + 64];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	try(false, "open or read", path);
	ssize_t len = file_read_small(AT_FDCWD, path, text, size);

	return len < 0 ? (int)len : 0;
}

static int write_number(const char *folder, const char *name, uint64_t number)
{
	static char path[CGROUP_PATH + 64];
	char text[32];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	int fd = file_open(path, O_WRONLY), len = snprintf(text, sizeof(text), "%" PRIu64, number);

	try(true, fd < 0 ? "open" : "write", path);
	if (fd < 0)
		return fd;
	ssize_t put;

	do {
		put = write(fd, text, (size_t)len);
	} while (put < 0 && errno == EINTR);
	int error = put == len ? 0 : put < 0 ? -errno : -EIO;

	close(fd);
	return error;
}

static bool has_word(const char *text, const char *separators, const char *word)
{
	size_t len = strlen(word);

	for (text += strspn(text, separators); *text != '\0'; text += strspn(text, separators)) {
		size_t width = strcspn(text, separators);

		if (width == len && memcmp(text, word, len) == 0)
			return true;
		text += width;
	}
	return false;
}

/* proc_pid_mountinfo(5): spaces and their like are octal there. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text != '\0'; to++) {
		if (text[0] == '\\' && strspn(text + 1, "01234567") >= 3) {
			*to = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
			text += 4;
		} else {
			*to = *text++;
		}
	}
	*to = '\0';
}

/* A mount of the hierarchy that is wanted, with the cgroup that is its root. */
static bool parse_mount(const char *line, bool unified, char *root, char *mount)
{
	char type[32], options[1024];
	const char *rest = strstr(line, " - ");

	if (rest == NULL || sscanf(line, "%*d %*d %*s %4095s %4095s", root, mount) != 2 ||
	    sscanf(rest + 3, "%31s %*s %1023s", type, options) != 2)
		return false;
	unescape(root);
	unescape(mount);
	return unified ? strcmp(type, "cgroup2") == 0 : strcmp(type, "cgroup") == 0 && has_word(options, ",\n", "memory");
}

/* 0 when the whole file was read, or what was looked for found; else -errno.  It closes the file, and may be given none. */
static int read_lines_end(FILE *file, const char *name, char *line, bool found)
{
	int error = file == NULL ? -errno : !found && ferror(file) ? -EIO : !found && !feof(file) ? -ENOMEM : 0;

	try(false, file == NULL ? "open" : error == -ENOMEM ? "malloc" : "read", name);
	free(line);
	if (file != NULL)
		fclose(file);
	return error;
}

/* 1, 0: there is none, or -errno. */
static int find_mount(bool unified, char *root, char *mount)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (file != NULL && !found && getline(&line, &size, file) > 0)
		found = parse_mount(line, unified, root, mount);
	int error = read_lines_end(file, "/proc/self/mountinfo", line, found);

	return error < 0 ? error : found;
}

/* Of "N:CONTROLLERS:PATH" the path; the line of version 2 names no controllers: cgroups(7).  As find_mount(). */
static int find_own(bool unified, char *path)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (file != NULL && !found && getline(&line, &size, file) > 0) {
		char *first = strchr(line, ':'), *second = first != NULL ? strchr(first + 1, ':') : NULL;

		line[strcspn(line, "\n")] = '\0';
		if (second == NULL)
			continue;
		*second = '\0';
		found = unified ? first[1] == '\0' : has_word(first + 1, ",", "memory");
		if (found)
			snprintf(path, CGROUP_PATH, "%s", second + 1);
	}
	int error = read_lines_end(file, "/proc/self/cgroup", line, found);

	return error == -ENOENT ? 0 : error < 0 ? error : found;
}

/* As find_mount(). */
static int find_place(struct place *place, bool unified)
{
	static char root[CGROUP_PATH], own[CGROUP_PATH];
	const char *below = own;

	place->unified = unified;
	int found = find_mount(unified, root, place->mount);

	if (found > 0)
		found = find_own(unified, own);
	if (found <= 0)
		return found;
	size_t len = strcmp(root, "/") == 0 ? 0 : strlen(root);

	/* Where the mount shows only a part, or the cgroup is outside this namespace ("/.."), the mount itself is all there is. */
	if (strncmp(own, root, len) != 0 || (own[len] != '/' && own[len] != '\0') || strncmp(own, "/..", 3) == 0)
		below = "";
	else
		below += len;
	return snprintf(place->path, sizeof(place->path), "%s%s", place->mount, strcmp(below, "/") == 0 ? "" : below) <
	       (int)sizeof(place->path);
}

/* Whether the machine has any swap, which a limit of memory alone would let the processes have; or -errno. */
static int has_swap(void)
{
	static char text[8192];
	int error = read_text("/proc", "swaps", text, sizeof(text));

	/* A kernel without swap has no such file. */
	if (error < 0)
		return error == -ENOENT ? 0 : error;
	const char *second = strchr(text, '\n');

	return second != NULL && second[1] != '\0';
}

/* Version 1 lets a parent switch the OOM killer off for what is below: a process at its limit would then sleep for ever. */
static int wake_killer(const char *path)
{
	char text[256];

	int error = read_text(path, "memory.oom_control", text, sizeof(text));

	if (error < 0)
		return error;
	return strstr(text, "oom_kill_disable 1") != NULL ? write_number(path, "memory.oom_control", 0) : 0;
}

static int set_limit(const struct cgroup *group, uint64_t bytes)
{
	int error = group->unified ? 0 : wake_killer(group->path), swap;

	if (error == 0)
		error = write_number(group->path, group->unified ? "memory.max" : "memory.limit_in_bytes", bytes);
	if (error < 0)
		return error;
	if (group->unified)
		swap = write_number(group->path, "memory.swap.max", 0);
	else
		swap = write_number(group->path, "memory.memsw.limit_in_bytes", bytes);
	int has = swap < 0 ? has_swap() : 0;

	return has > 0 ? -ENOTSUP : has;
}

/* Whether a limit is less than so many bytes: the kernel rounds both down to pages. */
static bool is_less(const char *limit, uint64_t bytes)
{
	return limit[0] >= '0' && limit[0] <= '9' && strtoull(limit, NULL, 10) / size_page() < bytes / size_page();
}

/*
 * At the limit of a cgroup around this one all that is in that one is up for the OOM killer, mmtool too.  0, or -EDOM where
 * there is one that allows less; what cannot be read is none.
 */
static int look_around(const struct cgroup *group, const char *parent, uint64_t bytes)
{
	static const char line[] = "hierarchical_memory_limit ";
	static char text[8192], folder[CGROUP_PATH];

	if (!group->unified) {
		const char *found = read_text(group->path, "memory.stat", text, sizeof(text)) == 0 ? strstr(text, line) : NULL;

		return found != NULL && is_less(found + sizeof(line) - 1, bytes) ? -EDOM : 0;
	}
	snprintf(folder, sizeof(folder), "%s", parent);
	/* The uppermost has no such file. */
	while (folder[0] != '\0' && read_text(folder, "memory.max", text, sizeof(text)) == 0) {
		if (is_less(text, bytes))
			return -EDOM;
		*strrchr(folder, '/') = '\0';
	}
	return 0;
}

int cgroup_enter(const struct cgroup *group, pid_t pid)
{
	char folder[64], text[32];

	/* One that the OOM killer must spare would hang at its limit. */
	snprintf(folder, sizeof(folder), "/proc/%d", (int)pid);
	int error = read_text(folder, "oom_score_adj", text, sizeof(text));

	if (error == 0 && text[0] == '-')
		error = write_number(folder, "oom_score_adj", 0);
	if (error < 0)
		return error;
	return write_number(group->path, "cgroup.procs", (uint64_t)pid);
}

/*
 * Removes what is left where both an mmtool and its keeper were killed: its name tells whose it was.  Nobody has that pid any
 * more, and rmdir(2) takes none that has a process in it.
 */
static void sweep(const char *parent)
{
	DIR *folder = opendir(parent);
	const struct dirent *entry;

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		int pid, end = -1;
		uint32_t number;

		if (sscanf(entry->d_name, "mmtool-%d-%8" SCNx32 "%n", &pid, &number, &end) == 2 && end > 0 &&
		    entry->d_name[end] == '\0' && pid > 0 && kill(pid, 0) < 0 && errno == ESRCH)
			unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR);
	}
	if (folder != NULL)
		closedir(folder);
}

/* Makes one in a directory, and puts the process into it. */
static int make(struct cgroup *group, const char *parent, const struct wish *wish, bool *made)
{
	uint32_t number;

	/* A name that nobody has: the keeper removes what it was told of, whoever made it. */
	try(false, "getrandom", "");
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -errno;
	if (snprintf(group->path, sizeof(group->path), "%s/mmtool-%d-%08" PRIx32, parent, (int)getpid(), number) >=
	    (int)sizeof(group->path))
		return -ENAMETOOLONG;
	sweep(parent);
	try(false, "send, to the process that removes it", "");
	int error = wish->announce(wish->context, group->path);

	if (error < 0)
		return error;
	try(true, "mkdir", group->path);
	if (mkdir(group->path, 0755) < 0)
		return -errno;
	*made = true;
	error = set_limit(group, wish->bytes);
	if (error == 0)
		error = look_around(group, parent, wish->bytes);
	if (error == 0)
		error = cgroup_enter(group, wish->pid);
	*made = error == 0 || cgroup_remove(group->path) < 0;
	return error;
}

/* The same, which leaves an empty path where nothing was made. */
static int attempt(struct cgroup *group, const char *parent, const struct wish *wish)
{
	bool made = false;
	int error = make(group, parent, wish, &made);

	if (!made)
		group->path[0] = '\0';
	return error;
}

/* The nearest cgroup from the tool's own upwards that shares out memory among those below it. */
static int attempt_upwards(struct cgroup *group, struct place *place, const struct wish *wish)
{
	static struct attempted first;
	char controllers[1024];
	int error = -ENODEV;

	for (;;) {
		int now = read_text(place->path, "cgroup.subtree_control", controllers, sizeof(controllers));

		if (now < 0 && now != -ENOENT && now != -EACCES)
			return now;
		if (now == 0 && has_word(controllers, " \n", "memory")) {
			now = attempt(group, place->path, wish);

			if (now == 0 || group->path[0] != '\0')
				return now;
			if (error == -ENODEV) {
				error = now;
				first = tried;
			}
		}
		if (strlen(place->path) <= strlen(place->mount)) {
			if (error != -ENODEV)
				tried = first;
			return error;
		}
		*strrchr(place->path, '/') = '\0';
	}
}

static int attempt_at(struct cgroup *group, struct place *place, const struct wish *wish)
{
	group->unified = place->unified;
	if (place->unified)
		return attempt_upwards(group, place, wish);
	int error = attempt(group, place->path, wish);

	/* What /proc/self/cgroup says need not be seen here. */
	bool elsewhere = error == -ENOENT && group->path[0] == '\0' && strcmp(place->path, place->mount) != 0;

	return elsewhere ? attempt(group, place->mount, wish) : error;
}

/* What more can be said where the cgroup could not be made: that something could not be looked at has other reasons. */
static const char *words(int error)
{
	if (!tried.makes)
		return "";
	switch (-error) {
	case EACCES:
	case EPERM:
		return geteuid() == 0 ? "; root may not make one here (a container, or root of a user namespace?)"
		                      : "; this user may not make one (try as root, or: systemd-run --user --scope mmtool ...)";
	case EROFS:
		return "; the cgroup file system is read-only here (a container?)";
	default:
		return "";
	}
}

/* Where it is no call that failed: what there is not. */
static const char *lacking(int error)
{
	if (tried.makes)
		return NULL;
	switch (-error) {
	case ENOTSUP:
		return "this machine has swap, and its kernel cannot limit the use of it";
	case ENODEV:
		return "no cgroup from this one upwards shares out memory (+memory in its cgroup.subtree_control)";
	case EDOM:
		return "a cgroup around it is limited to less, and at that limit others could be killed";
	case ENOENT:
		return "no cgroup file system with the memory controller is mounted here";
	default:
		return NULL;
	}
}

int cgroup_confine(struct cgroup *group, pid_t pid, uint64_t bytes, int (*announce)(void *context, const char *path),
                   void *context, struct buf *problem)
{
	const struct wish wish = { pid, bytes, announce, context };
	static struct place place;

	group->path[0] = '\0';
	int error = -ENOENT;

	/* The memory controller is in one hierarchy: where version 1 has it, its answer counts. */
	for (unsigned unified = 0; unified < 2; unified++) {
		int now = find_place(&place, unified != 0);

		if (now == 0)
			continue;
		if (now > 0)
			now = attempt_at(group, &place, &wish);
		if (now == 0)
			return 0;
		error = error == -ENOENT ? now : error;
		/* The one that has the controller has failed. */
		if ((error != -ENOENT && error != -ENODEV) || group->path[0] != '\0')
			break;
	}
	if (lacking(error) != NULL)
		buf_puts(problem, lacking(error));
	else
		buf_printf(problem, "%s: %s%s", tried.text, strerror(-error), words(error));
	return error;
}

int cgroup_oom_kills(const struct cgroup *group, int64_t *count)
{
	static const char line[] = "\noom_kill ";
	char text[1024];

	int error = read_text(group->path, group->unified ? "memory.events" : "memory.oom_control", text, sizeof(text));

	if (error < 0)
		return error;
	const char *found = strstr(text, line);

	/* Version 1 counts them since Linux 4.13. */
	if (found == NULL)
		return -ENODATA;
	*count = strtoll(found + sizeof(line) - 1, NULL, 10);
	return 0;
}

static void kill_members(const char *path)
{
	static char procs[CGROUP_PATH + 64], text[4096];

	snprintf(procs, sizeof(procs), "%s/cgroup.procs", path);
	if (file_read_small(AT_FDCWD, procs, text, sizeof(text)) < 0)
		return;
	for (char *at = text, *end; *at != '\0'; at = end + (*end == '\n')) {
		long pid = strtol(at, &end, 10);

		if (end == at)
			return;
		/* 0: of another PID namespace. */
		if (pid > 0)
			kill((pid_t)pid, SIGKILL);
	}
}

int cgroup_remove(const char *path)
{
	const struct timespec moment = { .tv_nsec = REMOVE_MS * 1000000L };
	int error = 0;

	for (unsigned i = 0, tries = 0; i < REMOVE_ROUNDS && tries < REMOVE_TRIES; i++) {
		error = rmdir(path) < 0 ? -errno : 0;
		/* On a file system that is read-only it is refused before it is looked for (fs/namei.c). */
		if (error == 0 || error == -ENOENT || (access(path, F_OK) < 0 && errno == ENOENT))
			return 0;
		tries += error != -EBUSY;
		kill_members(path);
		nanosleep(&moment, NULL);
	}
	return error;
}
