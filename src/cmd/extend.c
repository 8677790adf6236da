/* SPDX-License-Identifier: MIT */
/* extend: a file or memfd made longer, and its mapping after it, while the old address stays in use. */
#include "base/size.h"
#include "cmd/command.h"

#include <errno.h>

#define OBJECTS "memfd|file"

struct options {
	unsigned object; /* a place in OBJECTS */
	struct size_option from, to;
	bool room;
};

/* What a script may touch by default (run's --max-touch). */
enum { MOST_BYTES = 1 << 29 };

enum { OPTION_OBJECT = 256, OPTION_FROM, OPTION_TO, OPTION_ROOM };

static const struct argp_option options[] = {
	{ "object", OPTION_OBJECT, OBJECTS, 0, "What is mapped: a memfd (the default), or a file on disk", 0 },
	{ "from", OPTION_FROM, "SIZE", 0, "Size of the object and of its mapping at first (default 2p)", 0 },
	{ "to", OPTION_TO, "SIZE", 0, "Size that both grow to (default 4p)", 0 },
	{ "room", OPTION_ROOM, NULL, 0,
	  "See to it that the next pages are free, so that the mapping grows where it is (else they are taken)", 0 },
	{ 0 },
};

static const char *const objects[] = {
	"fd = memfd_create(\"object\", MFD_CLOEXEC)\n"
	"ftruncate(fd, $from)\n",
	"fd = tmpfile($from)\n",
};

static const char opening[] =
	"reserved = mmap(NULL, $to, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	"a = mmap(reserved, $from, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, fd, 0) = reserved\n"
	"strcpy(a, \"In use\")\n"
	"ftruncate(fd, $to)    # the object is longer now; its mapping is not\n"
	"expect end(a) == a + $old\n";

static const char in_place[] =
	"munmap(a + $old, $new - $old)    # make room behind it\n"
	"b = mremap(a, $from, $to, 0) = a    # it grows where it is: every pointer stays good\n";

static const char second[] =
	"mremap(a, $from, $to, 0) = -1 ENOMEM    # the next pages are taken, and nothing may move: a is in use\n"
	"b = mmap(NULL, $to, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0)    # so a second mapping, of all of it\n"
	"expect text(b) == \"In use\"\n"
	"strcpy(a, \"Still in use\")\n"
	"expect text(b) == \"Still in use\", \"both show the same pages meanwhile\"\n"
	"munmap(a, $from)    # when nobody looks through the first any more\n"
	"expect text(b) == \"Still in use\"\n";

static const char closing[] =
	"expect zero(b + $old, $new - $old), \"what was added reads zero\"\n"
	"b[$old] = 'B'\n"
	"pread(fd, scratch, 1, $old)\n"
	"expect scratch[0] == 'B', \"and a store there reaches the object\"\n"
	"ftruncate(fd, $from)    # the object shrinks; its mapping does not\n"
	"expect vma(b, $new)\n"
	"expect fault(b[$old]) == BUS_ADRERR, \"past the end of the object\"\n"
	"ftruncate(fd, $to)\n"
	"expect b[$old] == 0, \"longer again: the page is back, and what was cut off is lost\"\n"
	"munmap(b, $to)\n"
	"close(fd)\n";

static error_t finish(struct options *self, struct argp_state *state)
{
	uint64_t page = size_page();

	size_option_default(&self->from, "2p", 2 * page);
	size_option_default(&self->to, "4p", 4 * page);
	if ((self->to.bytes - 1) / page > (self->from.bytes - 1) / page)
		return 0;
	argp_error(state, "--to: must be larger than --from by a page at least, since sizes are rounded up to whole pages");
	return EINVAL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	switch (key) {
	case OPTION_OBJECT:
		return command_choice(state, "--object", OBJECTS, arg, &self->object);
	case OPTION_FROM:
		return command_size_most(state, "--from", arg, MOST_BYTES, &self->from);
	case OPTION_TO:
		return command_size_most(state, "--to", arg, MOST_BYTES, &self->to);
	case OPTION_ROOM:
		self->room = true;
		return 0;
	case ARGP_KEY_END:
		return finish(self, state);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int plan(const void *input, struct plan *out, char **problem)
{
	const struct options *self = input;
	struct buf *s = plan_add(out, "extend"), old = { 0 }, new = { 0 };

	(void)problem;
	plan_whole_pages(&old, &self->from);
	plan_whole_pages(&new, &self->to);
	const struct plan_word words[] = {
		{ "from", self->from.text }, { "to", self->to.text }, { "old", buf_text(&old) }, { "new", buf_text(&new) },
		{ 0 },
	};

	plan_fill(s, objects[self->object], words);
	plan_fill(s, opening, words);
	plan_fill(s, self->room ? in_place : second, words);
	plan_fill(s, closing, words);
	if (!self->room)
		plan_fill(s, "munmap(reserved, $to)\n", words);
	buf_fini(&old);
	buf_fini(&new);
	return 0;
}

const struct command cmd_extend = {
	.name = "extend",
	.summary = "lengthen a file or memfd, and its mapping while it is in use",
	.doc = "ftruncate lengthens the object, mremap its mapping where the next pages are free. Where they are not, a second mapping "
	       "of the whole object is made, and the first is unmapped when nobody uses it any more.",
	.group = COMMAND_EXPERIMENT_RESIZE,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct options),
	.plan = plan,
};
