/* SPDX-License-Identifier: MIT */
/* The limits and policies that rules of why.c look up: of the process, of the machine, and of the architecture. */
#include "run/why-rule.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t why_round_up(const struct why_case *c, uint64_t len)
{
	return (len + c->page - 1) / c->page * c->page;
}

/* Copies what follows name on the line of a file of /proc that begins with it.  0, -ENODATA or -errno. */
static int read_field(const char *path, const char *name, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	int error = -ENODATA;

	if (file == NULL)
		return -errno;
	while (error != 0 && getline(&line, &room, file) >= 0)
		if (strncmp(line, name, strlen(name)) == 0) {
			snprintf(text, size, "%s", line + strlen(name));
			error = 0;
		}
	free(line);
	fclose(file);
	return error;
}

uint64_t why_space_end(void)
{
#if defined(__x86_64__) && defined(__LP64__)
	static uint64_t end;
	char flags[8192];

	/* The kernel clears la57 from the flags when it uses four levels of page tables (no5lvl). */
	if (end == 0)
		end = read_field("/proc/cpuinfo", "flags", flags, sizeof(flags)) != 0 || strstr(flags, " la57") != NULL
			? UINT64_C(1) << 56
			: (UINT64_C(1) << 47) - 4096; /* TASK_SIZE_MAX, arch/x86/include/asm/page_64_types.h */
	return end;
#elif defined(__aarch64__) && defined(__LP64__)
	return UINT64_C(1) << 52; /* the largest CONFIG_ARM64_VA_BITS */
#else
	return 0;
#endif
}

bool why_vmflag(const struct why_case *c, uint64_t addr, const char *flag)
{
	int64_t value = 0;

	return observer_vmflag(&c->m->here->observer, addr, flag, &value) == 0 && value != 0;
}

int why_fd_flags(const struct why_case *c, int fd, uint64_t *flags)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)c->m->here->process.pid, fd);
	int error = read_field(path, "flags:", text, sizeof(text));

	if (error == 0)
		*flags = strtoull(text, NULL, 8);
	return error;
}

/* A soft limit by its name in /proc/PID/limits; false: none, or not known.  prlimit(2) needs CAP_SYS_RESOURCE after a
 * setuid(2) of the process, and that file needs nothing. */
static bool soft_limit(const struct why_case *c, const char *name, uint64_t *bytes)
{
	char path[64], text[128], *end;

	snprintf(path, sizeof(path), "/proc/%d/limits", (int)c->m->here->process.pid);
	if (read_field(path, name, text, sizeof(text)) != 0)
		return false;
	*bytes = strtoull(text, &end, 10);
	return end != text; /* "unlimited" is no number */
}

bool say_address_limit(const struct why_case *c, uint64_t more)
{
	uint64_t limit;
	int64_t size = 0;

	if (!soft_limit(c, "Max address space", &limit) ||
	    observer_status(&c->m->here->observer, "VmSize", &size) < 0 || (uint64_t)size + more <= limit)
		return false;
	say(c, "RLIMIT_AS is ");
	say_size(c, limit);
	say(c, ", and the process has ");
	say_size(c, (uint64_t)size);
	return say(c, " mapped already");
}

bool say_over_heuristic(const struct why_case *c, uint64_t len)
{
	struct observer *observer = &c->m->here->observer;
	int64_t policy = -1, ram = 0, swap = 0;

	if (observer_sysctl("vm.overcommit_memory", &policy) < 0 || policy != 0 ||
	    observer_meminfo(observer, "MemTotal", &ram) < 0 || observer_meminfo(observer, "SwapTotal", &swap) < 0 ||
	    len <= (uint64_t)ram + (uint64_t)swap)
		return false;
	say(c, "under overcommit policy 0 (heuristic) one mapping larger than all RAM and swap is refused: ");
	say_size(c, len);
	say(c, " is more than ");
	say_size(c, (uint64_t)ram);
	say(c, " + ");
	say_size(c, (uint64_t)swap);
	return true;
}

bool say_over_commit(const struct why_case *c, uint64_t len)
{
	struct observer *observer = &c->m->here->observer;
	int64_t policy = -1, limit = 0, committed = 0;

	if (observer_sysctl("vm.overcommit_memory", &policy) < 0 || policy != 2 ||
	    observer_meminfo(observer, "CommitLimit", &limit) < 0 ||
	    observer_meminfo(observer, "Committed_AS", &committed) < 0 ||
	    (uint64_t)committed + len <= (uint64_t)limit / 100 * 95)
		return false;
	say(c, "under overcommit policy 2 Committed_AS (now ");
	say_size(c, (uint64_t)committed);
	say(c, ") must stay under CommitLimit (");
	say_size(c, (uint64_t)limit);
	say(c, ") less the reserves, and this asks for ");
	say_size(c, len);
	return say(c, " more; MAP_NORESERVE is ignored under this policy");
}

bool say_over_policy(const struct why_case *c, uint64_t len)
{
	return say_over_heuristic(c, len) || say_over_commit(c, len);
}

bool say_map_count(const struct why_case *c, int64_t spare)
{
	struct maps_place place = maps_place(c->before, UINT64_MAX);
	int64_t most = 0, count = (int64_t)c->before->count;

	if (observer_sysctl("vm.max_map_count", &most) < 0)
		return false;
	/* maps shows the vsyscall page of x86-64, which is no mapping of the process. */
	while (maps_backward(&place) && place.at->start >> 63 != 0)
		count--;
	if (count < most - spare)
		return false;
	return say_format(c, "the process has %" PRId64 " mappings and vm.max_map_count is %" PRId64
	                  ": too many for this call, which needs more of them, at least for a while", count, most);
}

/* Whether the process is known to lack CAP_IPC_LOCK. */
static bool lacks_ipc_lock(const struct why_case *c)
{
	enum { IPC_LOCK_BIT = 14 }; /* CAP_IPC_LOCK, capabilities(7) */
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)c->m->here->process.pid);
	return read_field(path, "CapEff:", text, sizeof(text)) == 0 &&
	       (strtoull(text, NULL, 16) >> IPC_LOCK_BIT & 1) == 0;
}

static bool memlock_limit(const struct why_case *c, uint64_t *bytes)
{
	return soft_limit(c, "Max locked memory", bytes) && lacks_ipc_lock(c);
}

bool say_over_memlock(const struct why_case *c, uint64_t more)
{
	uint64_t limit;
	int64_t locked = 0;

	if (!memlock_limit(c, &limit) || observer_status(&c->m->here->observer, "VmLck", &locked) < 0 ||
	    (uint64_t)locked + more <= limit / c->page * c->page)
		return false;
	say(c, "RLIMIT_MEMLOCK is ");
	say_size(c, limit);
	say(c, ", the process has ");
	say_size(c, (uint64_t)locked);
	say(c, " locked, and this asks for ");
	say_size(c, more);
	return say(c, " more; only CAP_IPC_LOCK, which it lacks, passes that limit");
}

bool say_no_memlock(const struct why_case *c)
{
	uint64_t limit;

	return memlock_limit(c, &limit) && limit == 0 &&
	       say(c, "RLIMIT_MEMLOCK is 0 and the process lacks CAP_IPC_LOCK: it may lock nothing");
}

bool say_sealed(const struct why_case *c, uint64_t addr, uint64_t len)
{
	for (struct maps_place place = maps_place(c->before, addr); place.at != NULL; maps_forward(&place)) {
		const struct mapping *at = place.at;
		uint64_t from = at->start > addr ? at->start : addr;

		if (at->start > addr && at->start - addr >= len)
			break;
		if (!why_vmflag(c, at->start, "sl"))
			continue;
		say_mapping(c, at, from);
		return say(c, " is sealed (mseal): it can be neither unmapped, moved, resized, replaced nor given other "
		              "permissions while the process lives");
	}
	return false;
}
