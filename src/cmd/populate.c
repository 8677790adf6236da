/* SPDX-License-Identifier: MIT */
/* populate: when the faults of first touches happen: at each touch, or beforehand within one call. */
#include "cmd/object.h"

#define OBJECTS "private|shared|memfd|file"

/* What a script may touch by default (run's --max-touch); three mappings are touched. */
static const struct object_kind kind = { OBJECTS, "8p", 8, 1 << 28 };

static const struct argp_option options[] = {
	{ "object", OPTION_OBJECT, OBJECTS, 0,
	  "What is mapped: private anonymous memory (the default), shared anonymous memory, a memfd shared, or a file shared", 0 },
	{ "size", OPTION_OBJECT_SIZE, "SIZE", 0, "Size of each mapping (default 8p)", 0 },
	{ 0 },
};

/* Linux 5.10 takes the first store into a shared page in two goes, and counts what is not done at once as major. */
#define ALL_FAULTS "minflt() + majflt()"

/* By place in OBJECTS: the object, the flags and the descriptor to map it by, and the faults of touching it. */
static const struct {
	const char *open, *flags, *fd, *faults, *empty, *close;
} objects[] = {
	{ "", "MAP_PRIVATE|MAP_ANONYMOUS", "-1", "minflt()", "", "" },
	{ "", "MAP_SHARED|MAP_ANONYMOUS", "-1", ALL_FAULTS, "", "" },
	{ "fd = memfd_create(\"object\", MFD_CLOEXEC)\nftruncate(fd, $size)\n", "MAP_SHARED", "fd", ALL_FAULTS,
	  "ftruncate(fd, 0)    # give its pages back\nftruncate(fd, $size)\n", "close(fd)\n" },
	{ "fd = tmpfile($size)\n", "MAP_SHARED", "fd", ALL_FAULTS, "", "close(fd)\n" },
};

static const char by_touch[] =
	"a = mmap(NULL, $size, PROT_READ|PROT_WRITE, $flags, $fd, 0)\n"
	"expect resident(a, $whole) == 0, \"mmap gives addresses and no memory\"\n"
	"before = $faults\n"
	"write_pages(a, $size)\n"
	"note $faults - before, \"faults for\", $whole / 1p, \"pages\"\n"
	"expect $faults > before, \"the first touches fault\"\n"
	"expect resident(a, $whole) == $whole\n"
	"before = $faults\n"
	"write_pages(a, $size)\n"
	"expect $faults == before, \"the second touches do not\"\n"
	"munmap(a, $size)\n";

static const char by_flag[] =
	"b = mmap(NULL, $size, PROT_READ|PROT_WRITE, $flags|MAP_POPULATE, $fd, 0)\n"
	"expect resident(b, $whole) == $whole, \"all in memory when mmap returns\"\n"
	"before = $faults\n"
	"write_pages(b, $size)\n";

/* Of private memory: its pages came in by faults of stores. */
static const char no_fault[] = "expect $faults == before, \"nothing left to fault for\"\n";

/*
 * Pages of shared memory come in by faults of loads (populate_vma_page_range() in the kernel's mm/gup.c).  Where the
 * processor does not mark dirty pages by itself (s390x, arm64 before 8.1), and on a file system that tracks them (ext4; not
 * tmpfs), the first store faults once more.
 */
static const char any_fault[] =
	"left = $faults - before\n"
	"if left == 0 {\n"
	"    note \"nothing left to fault for\"\n"
	"} else {\n"
	"    note left, \"faults: shared pages come in for reading, and $keeps wants to know of each first store\"\n"
	"}\n";

static const char by_advice[] =
	"c = mmap(NULL, $size, PROT_READ|PROT_WRITE, $flags, $fd, 0)\n"
	"done = madvise(c, $size, MADV_POPULATE_WRITE) = ?\n"
	"if done == 0 {\n"
	"    expect resident(c, $whole) == $whole, \"it says when it cannot, as MAP_POPULATE does not\"\n"
	"    before = $faults\n"
	"    write_pages(c, $size)\n"
	"    expect $faults == before, \"and the pages can be stored into at once\"\n"
	"} else {\n"
	"    expect errno == EINVAL\n"
	"    note \"this kernel has no MADV_POPULATE_WRITE (Linux 5.14)\"\n"
	"}\n"
	"munmap(c, $size)\n"
	"$close";

static error_t parse(int key, char *arg, struct argp_state *state)
{
	return object_parse(key, arg, state, &kind);
}

static int plan(const void *input, struct plan *out, char **problem)
{
	const struct object_options *self = input;
	bool file = self->object == (unsigned)command_word(OBJECTS, "file");
	bool private = self->object == (unsigned)command_word(OBJECTS, "private");
	struct buf *s = plan_add(out, "populate"), whole = { 0 };

	(void)problem;
	plan_whole_pages(&whole, &self->size);
	const struct plan_word words[] = {
		{ "size", self->size.text },
		{ "whole", buf_text(&whole) },
		{ "flags", objects[self->object].flags },
		{ "fd", objects[self->object].fd },
		{ "faults", objects[self->object].faults },
		{ "close", objects[self->object].close },
		{ "keeps", file ? "the file system" : "this processor's kernel" },
		{ 0 },
	};

	plan_fill(s, objects[self->object].open, words);
	plan_fill(s, by_touch, words);
	plan_fill(s, objects[self->object].empty, words);
	plan_fill(s, by_flag, words);
	plan_fill(s, private ? no_fault : any_fault, words);
	plan_fill(s, "munmap(b, $size)\n", words);
	plan_fill(s, objects[self->object].empty, words);
	plan_fill(s, by_advice, words);
	buf_fini(&whole);
	return 0;
}

const struct command cmd_populate = {
	.name = "populate",
	.summary = "count the faults with and without MAP_POPULATE",
	.doc = "Each first touch of a page is a fault, in which the kernel finds memory for it. MAP_POPULATE takes all of them within "
	       "mmap, MADV_POPULATE_WRITE at any time later.",
	.group = COMMAND_EXPERIMENT_MEMORY,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct object_options),
	.plan = plan,
};
