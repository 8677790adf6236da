/* SPDX-License-Identifier: MIT */
/* The address space that a user names for the lines of a trace: of a process as it is, or as it was saved. */
#include "run/why-line.h"

#include "base/alloc.h"
#include "mm/smaps.h"
#include "run/observer.h"
#include "run/target.h"
#include "run/why-rule.h"

#include <errno.h>
#include <stdlib.h>

struct why_space {
	struct target target;
	struct maps maps;
	struct smaps smaps;
	struct observer observer;
	bool observed;
	struct why_process process;
	struct why_source source;
};

/* Of a process: its maps, and its other files as they are asked for. */
static int read_process(struct why_space *space, struct why_world *world, char **problem)
{
	int error = target_maps(&space->target, &space->maps, problem);

	if (error < 0)
		return error;
	space->observed = observer_open(&space->observer, space->target.pid) == 0;
	space->process = (struct why_process){ (int)space->target.pid, space->observed ? &space->observer : NULL, false };
	space->source = why_process_source;
	space->source.context = &space->process;
	world->maps = &space->maps;
	world->process = true;
	return 0;
}

static int read_file(struct why_space *space, struct why_world *world, char **problem)
{
	bool detailed = false;
	int error = target_smaps(&space->target, &space->smaps, &detailed, problem);

	if (error < 0)
		return error;
	space->source.context = &space->smaps;
	space->source.vmflag = detailed ? why_smaps_flag : NULL;
	world->maps = &space->smaps.maps;
	return 0;
}

int why_space_open(struct why_space **space, const char *name, struct why_world *world, char **problem)
{
	struct why_space *self = alloc_zeroed(1, sizeof(*self));
	int error = target_open(&self->target, name, "maps", problem);

	if (error < 0) {
		free(self);
		return error;
	}
	*space = self;
	error = self->target.pid != 0 ? read_process(self, world, problem) : read_file(self, world, problem);
	world->source = &self->source;
	return error;
}

void why_space_close(struct why_space *space)
{
	if (space == NULL)
		return;
	if (space->observed)
		observer_close(&space->observer);
	maps_fini(&space->maps);
	smaps_fini(&space->smaps);
	target_close(&space->target);
	free(space);
}
