/* SPDX-License-Identifier: MIT */
/* shrink: a mapping made smaller by mremap: where it is, and at once. */
#include "base/size.h"
#include "cmd/command.h"

#include <errno.h>

struct options {
	struct size_option from, to;
};

/* With its page tables less than a script may touch by default (run's --max-touch). */
enum { MOST_BYTES = 1 << 29 };

enum { OPTION_FROM = 256, OPTION_TO };

static const struct argp_option options[] = {
	{ "from", OPTION_FROM, "SIZE", 0, "Size of the mapping at first (default 8p)", 0 },
	{ "to", OPTION_TO, "SIZE", 0, "Size that it shrinks to (default 2p)", 0 },
	{ 0 },
};

static error_t finish(struct options *self, struct argp_state *state)
{
	uint64_t page = size_page();

	size_option_default(&self->from, "8p", 8 * page);
	size_option_default(&self->to, "2p", 2 * page);
	if ((self->to.bytes - 1) / page < (self->from.bytes - 1) / page)
		return 0;
	argp_error(state, "--to: must be smaller than --from by a page at least, since sizes are rounded up to whole pages "
	                  "(`mmtool grow' makes a mapping larger)");
	return EINVAL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	switch (key) {
	case OPTION_FROM:
		return command_size_most(state, "--from", arg, MOST_BYTES, &self->from);
	case OPTION_TO:
		return command_size_option(state, "--to", arg, &self->to);
	case ARGP_KEY_END:
		return finish(self, state);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int plan(const void *input, struct plan *out, char **problem)
{
	const struct options *self = input;
	struct buf *s = plan_add(out, "shrink"), old = { 0 }, new = { 0 };

	(void)problem;
	plan_whole_pages(&old, &self->from);
	plan_whole_pages(&new, &self->to);
	const char *from = self->from.text, *to = self->to.text;

	buf_printf(s,
	           "a = mmap(NULL, %s, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	           "write_pages(a, %s)    # touch every page\n"
	           "strcpy(a, \"Original data in page 0\")\n",
	           from, from);
	buf_printf(s,
	           "before = resident(a, %s)\n"
	           "expect before == %s, \"every page is in memory\"\n"
	           "a = mremap(a, %s, %s, 0) = a    # shrinking never moves\n"
	           "expect text(a) == \"Original data in page 0\", \"the kept data is intact\"\n",
	           buf_text(&old), buf_text(&old), from, to);
	if (self->to.bytes > size_page())
		buf_printf(s, "expect filled(a + %s - 1p, 1, 1), \"the last kept page too\"\n", buf_text(&new));
	buf_printf(s,
	           "after = resident(a, %s)\n"
	           "expect after == %s, \"the memory behind it was given back\"\n"
	           "note before - after, \"bytes of memory were given back at once\"\n"
	           "expect fault(a[%s]) == SEGV_MAPERR\n"
	           "munmap(a, %s)\n",
	           buf_text(&old), buf_text(&new), buf_text(&new), to);
	buf_fini(&old);
	buf_fini(&new);
	return 0;
}

const struct command cmd_shrink = {
	.name = "shrink",
	.summary = "shrink a mapping with mremap, and see its memory given back",
	.doc = "Every page is touched first, so that the memory given back can be seen. A load beyond the new end faults.",
	.group = COMMAND_EXPERIMENT_RESIZE,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct options),
	.plan = plan,
};
