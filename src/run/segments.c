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
};

/* A line of the list. */
struct segment {
	int key, id;
	pid_t creator;
	time_t changed;
};

/* All segments, with mode 000 and of other users too: proc_sysvipc(5).  *error: 0, or why it is not all, -errno. */
static char *read_list(int fd, int *error)
{
	size_t len = 0, cap = 0;
	char *text = NULL;
	ssize_t got;

	do {
		text = alloc_grow(text, &cap, len + 4096, 1);
		got = file_read_at(fd, text + len, cap - len - 1, (off_t)len);
		len += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	text[len] = '\0';
	*error = (int)got;
	return text;
}

/* The next line; false at the end.  The first one, with the headings, has no number. */
static bool next_segment(char **at, struct segment *segment)
{
	while (*at != NULL && **at != '\0') {
		char *line = *at, *end = strchr(line, '\n');
		int64_t changed = 0;
		int fields = sscanf(line, "%d %d %*o %*u %d %*u %*u %*u %*u %*u %*u %*d %*d %" SCNd64, &segment->key,
		                    &segment->id, &segment->creator, &changed);

		segment->changed = (time_t)changed;
		*at = end != NULL ? end + 1 : NULL;
		if (fields == 4)
			return true;
	}
	return false;
}

static bool is_one_of(pid_t pid, const pid_t *pids, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (pids[i] == pid)
			return true;
	}
	return false;
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

/* Takes away what the creators made since then.  Returns whether one of them lives. */
static bool sweep(int list, const pid_t *creators, size_t count, time_t since)
{
	int error;
	char *text = read_list(list, &error), *at = text;
	struct segment segment;
	bool alive = error < 0; /* look again */

	while (next_segment(&at, &segment)) {
		if (is_one_of(segment.creator, creators, count) && segment.changed >= since)
			(void)shmctl(segment.id, IPC_RMID, NULL);
	}
	free(text);
	for (size_t i = 0; i < count; i++)
		alive |= is_alive(creators[i]);
	return alive;
}

/* The keeper: learns through its socket since when, and who may make segments, and when that closes takes them away. */
static void keep(int socket, int list)
{
	const struct timespec grace = { .tv_nsec = GRACE_MS * 1000000L };
	pid_t *creators = NULL, pid;
	size_t count = 0, cap = 0;
	time_t since;

	if (keeper_read(socket, &since, sizeof(since)) != sizeof(since))
		return;
	for (;;) {
		ssize_t got = keeper_read(socket, &pid, sizeof(pid));

		if (got <= 0)
			break;
		if (got != sizeof(pid) || is_one_of(pid, creators, count))
			continue;
		if (count == cap)
			creators = alloc_grow(creators, &cap, count + 1, sizeof(*creators));
		creators[count++] = pid;
	}
	/* The tool's end closes a moment before its processes are killed, and one may be making a segment just then. */
	for (unsigned i = 0; i < GRACE_ROUNDS && sweep(list, creators, count, since); i++)
		nanosleep(&grace, NULL);
	free(creators);
}

static bool tell_keeper(struct machine *m, const void *message, size_t size)
{
	int error = keeper_tell(&m->segments.keeper, message, size);

	return error == 0 || machine_break(m, "send: the process that removes segments", error);
}

static bool start_keeper(struct machine *m)
{
	time_t now = time(NULL);

	if (m->segments.keeper.pid > 0)
		return true;
	m->segments.list = file_open(list_path, O_RDONLY);
	/* A kernel without them: shmget(2) will say so. */
	if (m->segments.list == -ENOENT)
		return true;
	if (m->segments.list < 0)
		return machine_break(m, "open: /proc/sysvipc/shm", m->segments.list);
	m->segments.since = now;
	const char *call;
	int error = keeper_start(&m->segments.keeper, m->segments.list, keep, &call);

	if (error < 0)
		return machine_break(m, call, error);
	return tell_keeper(m, &now, sizeof(now));
}

static bool is_own(const struct machine *m, const struct segment *segment)
{
	return machine_actor((struct machine *)(uintptr_t)m, segment->creator) != NULL && segment->changed >= m->segments.since;
}

enum judged_by { BY_ID, BY_KEY, BY_INDEX };

/* Whether no segment of another program is meant.  One that does not exist is the kernel's to refuse. */
static bool is_harmless(struct machine *m, enum judged_by by, int number)
{
	int list = m->segments.keeper.pid > 0 ? m->segments.list : file_open(list_path, O_RDONLY);
	int error = list;
	char *text = list >= 0 ? read_list(list, &error) : NULL, *at = text;
	struct segment segment;
	/* Nothing is let through because it could not be looked at. */
	bool harmless = error >= 0 || error == -ENOENT || machine_break(m, "read: /proc/sysvipc/shm", error);

	while (next_segment(&at, &segment)) {
		int is = by == BY_KEY ? segment.key : segment.id;
		/* The kernel takes the place out of what it is given; with ipcmni_extend that has more bits, and these are some. */
		bool meant = by == BY_INDEX ? ((is ^ number) & INDEX_MASK) == 0 : is == number;

		harmless &= !meant || is_own(m, &segment);
	}
	free(text);
	if (list >= 0 && m->segments.keeper.pid <= 0)
		close(list);
	return harmless;
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
	/* Before the call is made, so that there is no moment in which nobody knows of the segment. */
	return m->segments.keeper.pid <= 0 || tell_keeper(m, &creator, sizeof(creator));
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

/* What the keeper would have done: somebody has killed it. */
static void sweep_own(const struct machine *m)
{
	pid_t *creators = alloc_zeroed(m->actor_count, sizeof(*creators));

	for (size_t i = 0; i < m->actor_count; i++)
		creators[i] = m->actors[i]->process.pid;
	(void)sweep(m->segments.list, creators, m->actor_count, m->segments.since);
	free(creators);
}

void segments_fini(struct machine *m)
{
	if (m->segments.keeper.pid <= 0)
		return;
	if (!keeper_end(&m->segments.keeper))
		sweep_own(m);
	close(m->segments.list);
}
