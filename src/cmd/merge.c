/* SPDX-License-Identifier: MIT */
/* merge: when two mappings side by side are one line of the maps, and when not. */
#include "cmd/choice.h"

#define CASES "anonymous|file|flags|fork"

static const struct argp_option options[] = {
	{ "of", OPTION_CHOICE, "KIND", 0,
	  "Which neighbours: anonymous mappings of equal and of other permissions (the default), parts of a file, mappings with "
	  "other flags, or pages that a fork has shared: " CASES, 0 },
	{ 0 },
};

#define NEW "PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = "

/*
 * By place in CASES.  Where a processor's cache knows memory by its addresses (mips, sparc64), shared memory and its place in its
 * object must be the same in so many low bits: the one of no object stands where hole() begins, the others keep their distance.
 */
static const char *const scripts[] = {
	"at = hole(4p)    # no stranger is a neighbour there\n"
	"a = mmap(at + 1p, 1p, " NEW "at + 1p\n"
	"b = mmap(at + 2p, 1p, " NEW "at + 2p\n"
	"expect vma(at + 1p, 2p), \"mapped by two calls, one mapping\"\n"
	"c = mmap(at + 3p, 1p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = at + 3p\n"
	"expect vmas(at, 4p) == 2, \"other permissions: no merge\"\n"
	"d = mmap(at, 1p, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0) = at\n"
	"expect vmas(at, 4p) == 3, \"another object: no merge\"\n"
	"mprotect(c, 1p, PROT_READ|PROT_WRITE)\n"
	"expect vma(a, 3p), \"made alike, it joins\"\n"
	"munmap(at + 2p, 1p)    # across the old borders: mappings do not remember the calls that made them\n"
	"expect vmas(a, 3p) == 2\n"
	"munmap(at, 4p)\n",

	"fd = tmpfile(4M + 3p)\n"
	"at = hole(3p)\n"
	"a = mmap(at, 1p, PROT_READ, MAP_SHARED|MAP_FIXED_NOREPLACE, fd, 0) = at\n"
	"b = mmap(at + 1p, 1p, PROT_READ, MAP_SHARED|MAP_FIXED_NOREPLACE, fd, 1p) = at + 1p\n"
	"if vma(at, 2p) {\n"
	"    note \"the file goes on where the address does: one mapping\"\n"
	"} else {\n"
	"    note \"two mappings, though the file goes on where the address does: the file system has a say in it\"\n"
	"    mprotect(b, 1p, PROT_NONE)\n"
	"    mprotect(b, 1p, PROT_READ)    # the kernel looks for neighbours again\n"
	"    if vma(at, 2p) {\n"
	"        note \"one mapping now: what is behind a mapping was replaced after the first look (overlayfs puts a file of its own there)\"\n"
	"    }\n"
	"}\n"
	"before = vmas(at, 2p)\n"
	"c = mmap(at + 2p, 1p, PROT_READ, MAP_SHARED|MAP_FIXED_NOREPLACE, fd, 4M + 2p) = at + 2p\n"
	"expect vmas(at, 3p) == before + 1, \"another part of the file: no merge\"\n"
	"munmap(at, 3p)\n"
	"close(fd)\n",

	"at = hole(2p)\n"
	"a = mmap(at, 2p, " NEW "at\n"
	"expect vma(at, 2p)\n"
	"madvise(at + 1p, 1p, MADV_DONTFORK)    # a flag that maps does not show\n"
	"expect vmas(at, 2p) == 2, \"equal to look at, and two mappings\"\n"
	"expect perms(at) == perms(at + 1p)\n"
	"madvise(at + 1p, 1p, MADV_DOFORK)\n"
	"expect vma(at, 2p), \"without the flag: one again\"\n"
	"munmap(at, 2p)\n",

	"at = hole(2p)\n"
	"a = mmap(at, 1p, " NEW "at\n"
	"a[0] = 1    # it has a page now, and with it a record of whose pages these are (anon_vma)\n"
	"child = fork()    # which the child's pages hang on, too\n"
	"b = mmap(at + 1p, 1p, " NEW "at + 1p\n"
	"b[0] = 1\n"
	"merged = vma(at, 2p)\n"
	"in child {\n"
	"    a[0] = 2    # the child's own copy belongs to it alone\n"
	"    c = mmap(at + 1p, 1p, " NEW "at + 1p\n"
	"    c[0] = 2\n"
	"    expect vmas(at, 2p) == 2, \"inherited pages and fresh ones: no merge in the child\"\n"
	"}\n"
	"if merged { note \"in the parent they are one mapping\" } else { note \"in the parent they are two mappings\" }\n"
	"wait(child) = 0\n"
	"munmap(at, 2p)\n",
};

static const struct choice choice = { .option = "--of", .words = CASES, .scripts = scripts };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	return choice_parse(key, arg, state, &choice);
}

static int plan(const void *input, struct plan *out, char **problem)
{
	(void)problem;
	return choice_plan(input, out, "merge", &choice);
}

const struct command cmd_merge = {
	.name = "merge",
	.summary = "see when neighbours are one mapping, and when not",
	.doc = "A new mapping need not be a line of the maps: beside one that is alike in every respect it only makes that one longer. "
	       "Permissions, the object and the place in it, flags and a fork between them keep neighbours apart.",
	.group = COMMAND_EXPERIMENT_PLACE,
	.options = options,
	.vocabulary = { "KIND", CASES },
	.parse = parse,
	.options_size = sizeof(struct choice_options),
	.plan = plan,
};
