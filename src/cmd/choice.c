/* SPDX-License-Identifier: MIT */
/* Experiments that have several scripts, and one option that chooses among them. */
#include "cmd/choice.h"

error_t choice_parse(int key, char *arg, struct argp_state *state, const struct choice *choice)
{
	struct choice_options *self = state->input;

	if (key != OPTION_CHOICE)
		return ARGP_ERR_UNKNOWN;
	return command_choice(state, choice->option, choice->words, arg, &self->chosen);
}

int choice_plan(const struct choice_options *options, struct plan *plan, const char *name, const struct choice *choice)
{
	buf_puts(plan_add(plan, name), choice->scripts[options->chosen]);
	return 0;
}
