/* SPDX-License-Identifier: MIT */
/* The rules of shmget(2) and shmat(2) that look at the segment itself, in the order of the kernel's ipc/shm.c. */
#include "run/why-rule.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/shm.h>

/* Segments and their limits are of an IPC namespace, and it is mmtool's own that can be asked. */
static bool is_own_namespace(struct why_case *c)
{
	uint64_t same;

	if (!why_fact(c, FACT_SAME_IPC, &same))
		return false;
	c->lacking |= same == 0 ? LACK_NAMESPACE : 0;
	return same != 0;
}

/* How long the segment of that number is.  0, or an errno: EINVAL: there is none; ENOENT: it cannot be asked for here. */
static int segment_size(struct why_case *c, int id, uint64_t *size)
{
	struct shmid_ds segment;

	if (!is_own_namespace(c))
		return ENOENT;
	if (shmctl(id, IPC_STAT, &segment) < 0)
		return errno;
	*size = segment.shm_segsz;
	return 0;
}

/* newseg() and shm_more_checks(). */
enum why_answer shmget_too_large(struct why_case *c)
{
	struct shminfo limits;
	uint64_t size = 0;
	const key_t key = (key_t)(uint32_t)c->args[0];

	if (c->args[1] == 0)
		return WHY_NO;
	if (!is_own_namespace(c))
		return WHY_PERHAPS;
	int id = key != IPC_PRIVATE ? shmget(key, 0, 0) : -1;

	if (id >= 0 && segment_size(c, id, &size) != 0) {
		c->lacking |= LACK_MACHINE;
		return WHY_PERHAPS;
	}
	if (id >= 0 && c->args[1] > size) {
		say(c, "the segment that has this key is of ");
		say_size(c, size);
		say(c, ", and ");
		say_size(c, c->args[1]);
		return say(c, " were asked for");
	}
	if (id >= 0 || shmctl(0, IPC_INFO, (struct shmid_ds *)(void *)&limits) < 0 || c->args[1] <= limits.shmmax)
		return WHY_NO;
	return say_format(c, "the size, %" PRIu64 ", is more than kernel.shmmax, %lu", c->args[1], limits.shmmax);
}

static int identifier(const struct why_case *c)
{
	return (int)(uint32_t)c->args[0];
}

enum why_answer shmat_no_segment(struct why_case *c)
{
	uint64_t size = 0;
	int error = segment_size(c, identifier(c), &size);

	if (error != ENOENT && error != EINVAL)
		return WHY_NO;
	say_format(c, "there is no segment of the number %d", identifier(c));
	return error == EINVAL ? WHY_YES : WHY_PERHAPS;
}

/* PR_SET_MDWE and security modules refuse SHM_EXEC so, too, and CAP_IPC_OWNER passes any mode. */
enum why_answer shmat_denied(struct why_case *c)
{
	if ((c->args[2] & SHM_EXEC) == 0)
		return WHY_YES;
	return why_capable(c, WHY_CAP_IPC_OWNER) == WHY_YES ? WHY_NO : WHY_PERHAPS;
}

/* PR_SET_MDWE, Linux 6.3, as for mmap(2). */
enum why_answer shmat_write_exec(struct why_case *c)
{
	if ((c->args[2] & (SHM_EXEC | SHM_RDONLY)) != SHM_EXEC)
		return WHY_NO;
	say(c, "the process has forbidden itself memory that is writable and executable (prctl PR_SET_MDWE, or a security module)");
	return WHY_PERHAPS;
}

/* What it adds to the process: not what SHM_REMAP replaces. */
enum why_answer shmat_over_limit(struct why_case *c)
{
	uint64_t size = 0;

	if (segment_size(c, identifier(c), &size) != 0)
		return WHY_PERHAPS;
	size = why_round_up(c, size);
	if ((c->args[2] & SHM_REMAP) != 0 && c->before != NULL)
		size -= maps_mapped(c->before, c->args[1], size, NULL);
	return say_address_limit(c, size);
}

enum why_answer shmat_over_count(struct why_case *c)
{
	return say_map_count(c, -1, "a new one cannot be made");
}

enum why_answer shmat_sealed(struct why_case *c)
{
	uint64_t size = 0;

	if ((c->args[2] & SHM_REMAP) == 0)
		return WHY_NO;
	if (segment_size(c, identifier(c), &size) != 0)
		return WHY_PERHAPS;
	return say_sealed(c, c->args[1] / (uint64_t)SHMLBA * (uint64_t)SHMLBA, why_round_up(c, size));
}
