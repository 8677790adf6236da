/* SPDX-License-Identifier: MIT */
/* The options of experiments on one object: what is mapped, and how much of it. */
#include "cmd/object.h"

#include "base/size.h"

error_t object_parse(int key, char *arg, struct argp_state *state, const struct object_kind *kind)
{
	struct object_options *self = state->input;

	switch (key) {
	case OPTION_OBJECT:
		return command_choice(state, "--object", kind->words, arg, &self->object);
	case OPTION_OBJECT_SIZE:
		return command_size_most(state, "--size", arg, kind->most, &self->size);
	case ARGP_KEY_END:
		size_option_default(&self->size, kind->size, kind->pages * size_page());
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}
