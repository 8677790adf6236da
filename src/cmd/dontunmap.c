/* SPDX-License-Identifier: MIT */
/* dontunmap: MREMAP_DONTUNMAP leaves the old mapping in place, and takes its pages along. */
#include "cmd/object.h"

#define OBJECTS "private|shared|memfd|file"

/* What a script may touch by default (run's --max-touch). */
static const struct object_kind kind = { OBJECTS, "2p", 2, 1 << 28 };

static const struct argp_option options[] = {
	{ "object", OPTION_OBJECT, "KIND", 0,
	  "What is mapped: private anonymous memory (the default), shared anonymous memory, a memfd shared, or a file mapped "
	  "private and stored into: " OBJECTS, 0 },
	{ "size", OPTION_OBJECT_SIZE, "SIZE", 0, "Size of the mapping (default 2p)", 0 },
	{ 0 },
};

/* The kernel does other mappings than private anonymous ones since 5.13; whether, the call itself says. */
#define MOVE                                                                                                           \
	"b = mremap(a, $size, $size, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, NULL) = ?\n"                                     \
	"require b != MAP_FAILED || errno != EINVAL, \"only private anonymous mappings before Linux 5.13\"\n"          \
	"expect b != MAP_FAILED\n"                                                                                     \
	"expect mapped(a, $whole) == $whole, \"the old mapping is still there\"\n"

/* By place in OBJECTS: what is mapped, what the call does to it, and what is to be seen. */
static const char *const scripts[] = {
	"a = mmap(NULL, $size, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	"strcpy(a, \"The only copy\")\n"
	"frame = pfn(a)\n"
	"b = mremap(a, $size, $size, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, NULL)    # the fifth argument is a hint here: pass it\n"
	"expect mapped(a, $whole) == $whole, \"the old mapping is still there\"\n"
	"expect resident(a, $whole) == 0, \"but empty: its pages have left\"\n"
	"expect text(b) == \"The only copy\", \"the data is at the new place\"\n"
	"if frame != 0 { expect pfn(b) == frame, \"in the very same page frame\" }\n"
	"expect zero(a, $whole), \"the old place reads zero\"\n"
	"strcpy(a, \"A new page\")\n"
	"expect text(b) == \"The only copy\", \"the two have nothing in common: no second view\"\n"
	"mremap(a, $size, $size, MREMAP_DONTUNMAP, NULL) = -1 EINVAL    # it moves: MREMAP_MAYMOVE\n"
	"mremap(a, $size, $whole + 1p, MREMAP_MAYMOVE|MREMAP_DONTUNMAP, NULL) = -1 EINVAL    # it does not resize\n",

	"a = mmap(NULL, $size, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)\n"
	"strcpy(a, \"One object\")\n" MOVE
	"expect text(b) == \"One object\", \"the data is at the new place\"\n"
	"expect text(a) == \"One object\", \"and at the old one: the object is behind both\"\n"
	"strcpy(b, \"Two views\")\n"
	"expect text(a) == \"Two views\", \"of shared memory it is a second view\"\n",

	"fd = memfd_create(\"object\", MFD_CLOEXEC)\n"
	"ftruncate(fd, $size)\n"
	"a = mmap(NULL, $size, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0)\n"
	"strcpy(a, \"One object\")\n" MOVE
	"expect text(b) == \"One object\", \"the data is at the new place\"\n"
	"expect text(a) == \"One object\", \"and at the old one: the object is behind both\"\n"
	"strcpy(b, \"Two views\")\n"
	"expect text(a) == \"Two views\", \"of a shared memfd it is a second view\"\n"
	"close(fd)\n",

	"fd = tmpfile($size)\n"
	"pwrite(fd, \"What the file says\", 18, 0)\n"
	"a = mmap(NULL, $size, PROT_READ|PROT_WRITE, MAP_PRIVATE, fd, 0)\n"
	"expect text(a) == \"What the file says\"\n"
	"strcpy(a, \"My own copy\")    # a copy of the page, for this mapping alone\n" MOVE
	"expect text(b) == \"My own copy\", \"the copy is at the new place\"\n"
	"expect text(a) == \"What the file says\", \"the old place reads the file again\"\n"
	"close(fd)\n",
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	return object_parse(key, arg, state, &kind);
}

static int plan(const void *input, struct plan *out, char **problem)
{
	const struct object_options *self = input;
	struct buf *s = plan_add(out, "dontunmap"), whole = { 0 };

	(void)problem;
	plan_whole_pages(&whole, &self->size);
	const struct plan_word words[] = { { "size", self->size.text }, { "whole", buf_text(&whole) }, { 0 } };

	plan_fill(s, "require MREMAP_DONTUNMAP\n", words);
	plan_fill(s, scripts[self->object], words);
	plan_fill(s, "munmap(a, $size)\nmunmap(b, $size)\n", words);
	buf_fini(&whole);
	return 0;
}

const struct command cmd_dontunmap = {
	.name = "dontunmap",
	.summary = "move the pages and keep the mapping, with MREMAP_DONTUNMAP",
	.doc = "Private memory is not to be had at two addresses this way: there is one set of pages, and it moves. A shared object "
	       "is seen at both places; a private mapping of a file reads the file again at the old one.",
	.group = COMMAND_EXPERIMENT_RESIZE,
	.options = options,
	.vocabulary = { "KIND", OBJECTS },
	.parse = parse,
	.options_size = sizeof(struct object_options),
	.plan = plan,
};
