/* SPDX-License-Identifier: MIT */
/* alias: two views of the same pages, made in each of the ways that Linux has. */
#include "cmd/object.h"

#include "base/size.h"

#define OBJECTS "shared|memfd|shm|file|private"

/* What a script may touch by default (run's --max-touch). */
static const struct object_kind kind = { OBJECTS, "2p", 2, 1 << 29 };

static const struct argp_option options[] = {
	{ "object", OPTION_OBJECT, OBJECTS, 0,
	  "Whose pages: shared anonymous memory by mremap with old_size 0 (the default), a memfd or a file mapped twice, a System V "
	  "segment attached twice, or private memory, of which there is no second view", 0 },
	{ "size", OPTION_OBJECT_SIZE, "SIZE", 0, "Size of each view (default 2p)", 0 },
	{ 0 },
};

/* What makes the views a and b of the same pages, and what closes the object. */
static const struct {
	const char *make, *close;
} objects[] = {
	{ "a = mmap(NULL, $size, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)\n"
	  "strcpy(a, \"One object\")\n"
	  "b = mremap(a, 0, $size, MREMAP_MAYMOVE)    # old_size 0: nothing moves away\n"
	  "expect mapped(a, $whole) == $whole, \"the first view is where it was\"\n",
	  "mremap(b, 0, $size, 0) = -1 ENOMEM    # a second view must go somewhere: MREMAP_MAYMOVE\n" },
	{ "require memfd_create\n"
	  "fd = memfd_create(\"object\", MFD_CLOEXEC)\n"
	  "ftruncate(fd, $size)\n"
	  "a = mmap(NULL, $size, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0)\n"
	  "b = mmap(NULL, $size, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0)\n"
	  "close(fd)    # the mappings keep the object\n"
	  "strcpy(a, \"One object\")\n",
	  "" },
	{ "id = shmget(IPC_PRIVATE, $size, IPC_CREAT|0600)\n"
	  "a = shmat(id, NULL, 0)\n"
	  "b = shmat(id, NULL, 0)\n"
	  "shmctl(id, IPC_RMID, NULL)    # it goes when the last view does\n"
	  "strcpy(a, \"One object\")\n",
	  "" },
	{ "fd = tmpfile($whole)\n"
	  "a = mmap(NULL, $size, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0)\n"
	  "b = mmap(NULL, $size, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0)\n"
	  "strcpy(a, \"One object\")\n",
	  "read(fd, scratch, 10)    # read(2) sees the stores too: the pages are the file's\n"
	  "expect text(scratch) == \"One object\"\n"
	  "close(fd)\n" },
};

static const char views[] =
	"expect a != b, \"two addresses\"\n"
	"expect text(b) == \"One object\", \"a store through one is read through the other\"\n"
	"strcpy(b + $other, \"Two views\")\n"
	"expect text(a + $other) == \"Two views\", \"and the other way round\"\n"
	"if pfn(a) != 0 {\n"
	"    expect pfn(a) == pfn(b), \"the same page frame behind both\"\n"
	"} else {\n"
	"    note \"page frame numbers are hidden from this user: only root sees that they are the same\"\n"
	"}\n";

static const char closing[] =
	"$detach    # one view goes, the pages stay with the other\n"
	"expect text(b) == \"One object\"\n"
	"$last\n";

static const char private[] =
	"require memfd_create\n"
	"a = mmap(NULL, $size, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	"strcpy(a, \"Private\")\n"
	"b = mremap(a, 0, $size, MREMAP_MAYMOVE) = -1 EINVAL    # since Linux 4.14\n"
	"expect text(a) == \"Private\", \"a refused call changes nothing\"\n"
	"fd = memfd_create(\"object\", MFD_CLOEXEC)\n"
	"ftruncate(fd, $size)\n"
	"pwrite(fd, \"One object\", 10, 0)\n"
	"b = mmap(NULL, $size, PROT_READ|PROT_WRITE, MAP_PRIVATE, fd, 0)\n"
	"c = mmap(NULL, $size, PROT_READ|PROT_WRITE, MAP_PRIVATE, fd, 0)\n"
	"expect text(b) == text(c), \"until somebody stores, both show the object\"\n"
	"if pfn(b) != 0 { expect pfn(b) == pfn(c), \"the very same page frame\" }\n"
	"strcpy(b, \"My copy\")\n"
	"expect text(c) == \"One object\", \"a store makes a copy of the page, for this view alone\"\n"
	"if pfn(b) != 0 { expect pfn(b) != pfn(c), \"two page frames from now on\" }\n"
	"munmap(a, $size)\n"
	"munmap(b, $size)\n"
	"munmap(c, $size)\n"
	"close(fd)\n";

static error_t parse(int key, char *arg, struct argp_state *state)
{
	return object_parse(key, arg, state, &kind);
}

static int plan(const void *input, struct plan *out, char **problem)
{
	const struct object_options *self = input;
	bool segment = self->object == (unsigned)command_word(OBJECTS, "shm");
	struct buf *s = plan_add(out, "alias"), whole = { 0 }, other = { 0 }, unmap[2] = { { 0 }, { 0 } };

	(void)problem;
	plan_whole_pages(&whole, &self->size);
	/* The second text stands in the last page; in the only one behind the first text. */
	if (self->size.bytes > size_page())
		buf_printf(&other, "%s - 1p", buf_text(&whole));
	else
		buf_puts(&other, "64");
	for (unsigned i = 0; i < 2; i++)
		buf_printf(&unmap[i], segment ? "shmdt(%s)" : "munmap(%s, %s)", i == 0 ? "a" : "b", self->size.text);
	const struct plan_word words[] = {
		{ "size", self->size.text },       { "whole", buf_text(&whole) },
		{ "other", buf_text(&other) },     { "detach", buf_text(&unmap[0]) },
		{ "last", buf_text(&unmap[1]) },
		{ 0 },
	};

	if (self->object < sizeof(objects) / sizeof(objects[0])) {
		plan_fill(s, objects[self->object].make, words);
		plan_fill(s, views, words);
		plan_fill(s, objects[self->object].close, words);
		plan_fill(s, closing, words);
	} else {
		plan_fill(s, private, words);
	}
	buf_fini(&whole);
	buf_fini(&other);
	buf_fini(&unmap[0]);
	buf_fini(&unmap[1]);
	return 0;
}

const struct command cmd_alias = {
	.name = "alias",
	.summary = "see the same pages at two addresses",
	.doc = "A store through one view is read through the other, and one page frame is behind both. Private memory has no "
	       "second view: mremap with old_size 0 is EINVAL, and two private mappings of one object part at the first store.",
	.group = COMMAND_EXPERIMENT_SHARE,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct object_options),
	.plan = plan,
};
