/* SPDX-License-Identifier: MIT */
/* cow: what two processes share after a fork, and what a store changes about it. */
#include "base/size.h"
#include "cmd/object.h"

#include <errno.h>

#define OBJECTS "private|shared|file"

/* What a script may touch by default (run's --max-touch). */
static const struct object_kind kind = { OBJECTS, "4p", 4, 1 << 28 };

static const struct argp_option options[] = {
	{ "object", OPTION_OBJECT, OBJECTS, 0,
	  "What is mapped: private anonymous memory (the default), shared anonymous memory, or a file mapped private", 0 },
	{ "size", OPTION_OBJECT_SIZE, "SIZE", 0, "Size of the mapping (default 4p), 2p at least", 0 },
	{ 0 },
};

static const char private[] =
	"a = mmap(NULL, $size, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	"write_pages(a, $size)\n"
	"strcpy(a, \"Before the fork\")\n"
	"child = fork()\n"
	"frame = pfn(a)\n"
	"second = pfn(a + 1p)\n"
	"in child {\n"
	"    expect text(a) == \"Before the fork\", \"the same mapping at the same address\"\n"
	"    if frame != 0 { expect pfn(a) == frame, \"one page frame, two processes\" }\n"
	"    before = minflt()\n"
	"    strcpy(a, \"The child's own\")\n"
	"    expect minflt() > before, \"the first store faults, and copies the page\"\n"
	"    if frame != 0 {\n"
	"        expect pfn(a) != frame, \"the child has a page frame of its own\"\n"
	"        expect pfn(a + 1p) == second, \"of this page alone\"\n"
	"    }\n"
	"    before = minflt()\n"
	"    strcpy(a, \"Once more\")\n"
	"    expect minflt() == before, \"the second store does not\"\n"
	"}\n"
	"expect text(a) == \"Before the fork\", \"the parent never sees it\"\n"
	"a[0] = 'b'\n"
	"if frame != 0 { expect pfn(a) == frame, \"the last one to hold a page stores into it as it is\" }\n"
	"wait(child) = 0\n";

static const char shared[] =
	"a = mmap(NULL, $size, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)\n"
	"strcpy(a, \"Before the fork\")\n"
	"child = fork()\n"
	"frame = pfn(a)\n"
	"in child {\n"
	"    expect text(a) == \"Before the fork\"\n"
	"    strcpy(a, \"From the child\")\n"
	"    if frame != 0 { expect pfn(a) == frame, \"nothing is copied\" }\n"
	"    strcpy(a + 1p, \"A page that was not there\")\n"
	"}\n"
	"expect text(a) == \"From the child\", \"the parent sees the store\"\n"
	"expect text(a + 1p) == \"A page that was not there\", \"and a page that came after the fork\"\n"
	"wait(child) = 0\n";

static const char file[] =
	"fd = tmpfile($size)\n"
	"pwrite(fd, \"What the file says\", 18, 0)\n"
	"a = mmap(NULL, $size, PROT_READ|PROT_WRITE, MAP_PRIVATE, fd, 0)\n"
	"expect text(a) == \"What the file says\"\n"
	"frame = pfn(a)    # the page of the file itself\n"
	"strcpy(a, \"My copy\")\n"
	"if frame != 0 { expect pfn(a) != frame, \"the first store made a copy: no fork is needed for that\" }\n"
	"pread(fd, scratch, 18, 0)\n"
	"expect text(scratch) == \"What the file says\", \"the file never sees it\"\n"
	"copy = pfn(a)\n"
	"child = fork()\n"
	"in child {\n"
	"    expect text(a) == \"My copy\", \"the child inherits the copy\"\n"
	"    if copy != 0 { expect pfn(a) == copy }\n"
	"    strcpy(a, \"The child's own\")\n"
	"    if copy != 0 { expect pfn(a) != copy, \"and copies it again\" }\n"
	"}\n"
	"pwrite(fd, \"New\", 3, 1p)\n"
	"expect text(a + 1p) == \"New\", \"a page without a copy still shows the file\"\n"
	"expect text(a) == \"My copy\"\n"
	"wait(child) = 0\n"
	"close(fd)\n";

static const char *const scripts[] = { private, shared, file };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	const struct object_options *self = state->input;
	error_t error = object_parse(key, arg, state, &kind);

	if (key != ARGP_KEY_END || self->size.bytes > size_page())
		return error;
	argp_error(state, "--size: %s: two pages at least, one to store into and one to leave alone", self->size.text);
	return EINVAL;
}

static int plan(const void *input, struct plan *out, char **problem)
{
	const struct object_options *self = input;
	struct buf *s = plan_add(out, "cow");
	const struct plan_word words[] = { { "size", self->size.text }, { 0 } };

	(void)problem;
	plan_fill(s, scripts[self->object], words);
	plan_fill(s, "munmap(a, $size)\n", words);
	return 0;
}

const struct command cmd_cow = {
	.name = "cow",
	.summary = "fork, and see a page copied at the first store",
	.doc = "After a fork both processes have the same page frames. The first store into a private page copies that page, and no "
	       "other; shared memory is never copied. A private mapping of a file copies at the first store with no fork at all.",
	.group = COMMAND_EXPERIMENT_SHARE,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct object_options),
	.plan = plan,
};
