/* SPDX-License-Identifier: MIT */
/* System V shared memory: a script has only the segments that it made, and they go when it does, however it ends. */
#include "run/machine.h"

#include "base/file.h"
#include "run/touched.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <time.h>
#include <unistd.h>

static const char list_path[] = "/proc/sysvipc/shm";

enum {
	INDEX_MASK = 0x7fff, /* of an id: its place in the kernel's table (ipc/util.h: IPCMNI_SHIFT) */
	COMMAND_MASK = 0xff, /* without IPC_64 */
	GRACE_ROUNDS = 100, /* of GRACE_MS, in which the keeper looks again while a creator still lives */
	GRACE_MS = 20,
	TRIES = 10,         /* of them, where none lives and something could not be removed */
	PIDS = 1 << 22,     /* include/linux/threads.h: PID_MAX_LIMIT */
};

/* A line of the list. */
struct segment {
	int key, id;
	unsigned mode;
	pid_t creator;
	time_t changed;
};

/* The list while it is read, piece by piece: nothing is allocated, for the keeper must not fail. */
struct list {
	int fd, error;        /* error: 0, or why it is not all, -errno */
	off_t at;             /* what was read of it */
	size_t begin, len;    /* what of the text was not looked at yet */
	char text[8192];
};

/* Reads on behind what is left; false at the end. */
static bool list_read(struct list *list)
{
	memmove(list->text, list->text + list->begin, list->len);
	list->begin = 0;
	size_t room = sizeof(list->text) - 1 - list->len;
	ssize_t got = room > 0 ? file_read_at(list->fd, list->text + list->len, room, list->at) : -EOVERFLOW;

	list->error = got < 0 ? (int)got : 0;
	if (got <= 0)
		return false;
	list->at += got;
	list->len += (size_t)got;
	return true;
}

/* The next line, ended with a NUL; NULL at the end. */
static const char *list_line(struct list *list)
{
	char *line, *end;

	while ((end = memchr(list->text + list->begin, '\n', list->len)) == NULL) {
		if (!list_read(list))
			return NULL;
	}
	line = list->text + list->begin;
	*end = '\0';
	list->len -= (size_t)(end + 1 - line);
	list->begin += (size_t)(end + 1 - line);
	return line;
}

/* The next of all segments, with mode 000 and of other users too: proc_sysvipc(5).  The line with the headings has no number. */
static bool next_segment(struct list *list, struct segment *segment)
{
	const char *line;
	int64_t changed = 0;

	while ((line = list_line(list)) != NULL) {
		if (sscanf(line, "%d %d %o %*u %d %*u %*u %*u %*u %*u %*u %*d %*d %" SCNd64, &segment->key, &segment->id, &segment->mode,
		           &segment->creator, &changed) != 5)
			continue;
		segment->changed = (time_t)changed;
		return true;
	}
	return false;
}

static void creators_add(uint64_t *creators, pid_t pid)
{
	if (pid > 0 && pid < PIDS)
		creators[pid / 64] |= UINT64_C(1) << pid % 64;
}

static bool is_creator(const uint64_t *creators, pid_t pid)
{
	return pid > 0 && pid < PIDS && (creators[pid / 64] >> pid % 64 & 1) != 0;
}

/* One that nobody collects (a container's init need not) is dead all the same. */
static bool is_alive(pid_t pid)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	ssize_t len = file_read_small(AT_FDCWD, path, text, sizeof(text));

	if (len < 0)
		return len != -ENOENT && len != -ESRCH;
	const char *state = strrchr(text, ')');

	return state != NULL && strchr("ZX", state[1] != '\0' ? state[2] : 'X') == NULL;
}

static bool is_any_alive(const uint64_t *creators)
{
	for (pid_t first = 0; first < PIDS; first += 64) {
		for (pid_t pid = first; creators[first / 64] != 0 && pid < first + 64; pid++) {
			if (is_creator(creators, pid) && is_alive(pid))
				return true;
		}
	}
	return false;
}

/* What could not be done: the segments that are left, the last of them and why; none of them, and the list could not be read. */
struct failure {
	int error, id;
	unsigned count;
};

/* From the start of the list to the first segment that could be removed; false: there was none. */
static bool remove_one(int fd, const uint64_t *creators, time_t since, struct failure *failure)
{
	struct list list = { .fd = fd };
	struct segment segment;

	*failure = (struct failure){ 0 };
	while (next_segment(&list, &segment)) {
		/* One that is removed and still attached, to a process of somebody else, goes when that lets it go. */
		if (!is_creator(creators, segment.creator) || segment.changed < since || (segment.mode & SHM_DEST) != 0)
			continue;
		if (shmctl(segment.id, IPC_RMID, NULL) == 0)
			return true;
		if (errno != EIDRM && errno != EINVAL)
			*failure = (struct failure){ -errno, segment.id, failure->count + 1 };
	}
	if (list.error < 0 && failure->count == 0)
		failure->error = list.error;
	return false;
}

/* Takes away what the creators made since then: looks again while one of them lives, or it could not. */
static struct failure sweep(int fd, const uint64_t *creators, time_t since)
{
	const struct timespec grace = { .tv_nsec = GRACE_MS * 1000000L };
	struct failure failure = { 0 };

	for (unsigned i = 0, tries = 0; i < GRACE_ROUNDS && tries < TRIES; i++) {
		/* Asked first: what it made before it died is in the list. */
		bool alive = is_any_alive(creators);

		/* The places in the list change with each that goes. */
		while (remove_one(fd, creators, since, &failure))
			continue;
		if (failure.error == 0 && !alive)
			break;
		tries += !alive;
		nanosleep(&grace, NULL);
	}
	return failure;
}

/* The keeper: learns through its socket who may make segments, and when that closes takes them away. */
static bool keep(int socket, int list, void *context)
{
	const struct machine *m = context;
	pid_t pid;
	ssize_t got;

	/* The tool's end closes a moment before its processes are killed, and one may be making a segment just then. */
	while ((got = keeper_read(socket, &pid, sizeof(pid))) == sizeof(pid))
		creators_add(m->segments.creators, pid);
	return sweep(list, m->segments.creators, m->segments.since).error == 0 && got == 0;
}

static bool start_keeper(struct machine *m)
{
	if (m->segments.keeper.pid > 0)
		return true;
	m->segments.list = file_open(list_path, O_RDONLY);
	/* A kernel without them: shmget(2) will say so. */
	if (m->segments.list == -ENOENT)
		return true;
	if (m->segments.list < 0)
		return machine_break(m, "open: /proc/sysvipc/shm", m->segments.list);
	m->segments.since = time(NULL);
	m->segments.creators = alloc_zeroed(PIDS / 64, sizeof(*m->segments.creators));
	const char *call;
	int error = keeper_start(&m->segments.keeper, m->segments.list, keep, m, &call);

	return error == 0 || machine_break(m, call, error);
}

static bool is_own(const struct machine *m, const struct segment *segment)
{
	return machine_actor((struct machine *)(uintptr_t)m, segment->creator) != NULL && segment->changed >= m->segments.since;
}

enum judged_by { BY_ID, BY_KEY, BY_INDEX };

/* Whether no segment of another program is meant.  One that does not exist is the kernel's to refuse. */
static bool is_harmless(struct machine *m, enum judged_by by, int number)
{
	struct list list = { .fd = m->segments.keeper.pid > 0 ? m->segments.list : file_open(list_path, O_RDONLY) };
	struct segment segment;
	bool harmless = true;

	if (list.fd < 0)
		return list.fd == -ENOENT || machine_break(m, "open: /proc/sysvipc/shm", list.fd);
	while (next_segment(&list, &segment)) {
		int is = by == BY_KEY ? segment.key : segment.id;
		/* The kernel takes the place out of what it is given; with ipcmni_extend that has more bits, and these are some. */
		bool meant = by == BY_INDEX ? ((is ^ number) & INDEX_MASK) == 0 : is == number;

		harmless &= !meant || is_own(m, &segment);
	}
	if (m->segments.keeper.pid <= 0)
		close(list.fd);
	/* Nothing is let through because it could not be looked at. */
	return list.error < 0 ? machine_break(m, "read: /proc/sysvipc/shm", list.error) : harmless;
}

static bool may_get(struct machine *m, const struct performance *p)
{
	const pid_t creator = m->here->process.pid;
	int key = (int)p->args[0].integer;

	if (!start_keeper(m))
		return false;
	if (key != IPC_PRIVATE && !is_harmless(m, BY_KEY, key))
		return machine_fail(m, "shmget: the segment with this key is another program's: a script has only those it made");
	touched_add_creator(creator);
	if (m->segments.keeper.pid <= 0)
		return true;
	/* Before the call is made, so that there is no moment in which nobody knows of the segment. */
	creators_add(m->segments.creators, creator);
	int error = keeper_tell(&m->segments.keeper, &creator, sizeof(creator));

	return error == 0 || machine_break(m, "send: the process that removes segments", error);
}

bool segments_may_call(struct machine *m, const struct performance *p)
{
	uint8_t id = p->statement->call->id;
	int number = (int)p->args[0].integer;
	int command = id == CALL_SHMCTL ? (int)p->args[1].integer & COMMAND_MASK : 0;

	if (id == CALL_SHMGET)
		return may_get(m, p);
	if ((id != CALL_SHMAT && id != CALL_SHMCTL) || command == IPC_INFO || command == SHM_INFO)
		return true;
	/* SHM_STAT and SHM_STAT_ANY (15, since Linux 4.17) take a place in the kernel's table. */
	bool by_index = command == SHM_STAT || command == 15;

	if (id == CALL_SHMCTL && by_index ? is_harmless(m, BY_INDEX, number) : is_harmless(m, BY_ID, number))
		return true;
	return machine_fail(m, "%s: this segment is another program's: a script has only those it made",
	                    p->statement->call->name);
}

void segments_fini(struct machine *m)
{
	if (m->segments.creators == NULL)
		return;
	if (!keeper_end(&m->segments.keeper)) {
		/* What the keeper would have done: somebody has killed it, or it could not. */
		struct failure failure = sweep(m->segments.list, m->segments.creators, m->segments.since);

		if (failure.count > 1)
			machine_left(m, failure.error, "shmctl: %u segments of the script are left, the last of them %d", failure.count, failure.id);
		else if (failure.count > 0)
			machine_left(m, failure.error, "shmctl: segment %d of the script is left", failure.id);
		else if (failure.error < 0)
			machine_left(m, failure.error, "read: /proc/sysvipc/shm: segments of the script may be left");
	}
	free(m->segments.creators);
	m->segments.creators = NULL;
	close(m->segments.list);
}
