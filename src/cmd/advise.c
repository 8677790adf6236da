/* SPDX-License-Identifier: MIT */
/* advise: what each kind of madvise does to pages, to flags and to a child. */
#include "cmd/command.h"
#include "cmd/huge-size.h"

/* Those that take memory away from the whole machine (hwpoison, soft_offline) are left out on purpose. */
#define ADVICE                                                                                                         \
	"dontneed|free|remove|normal|random|sequential|willneed|dontfork|dofork|wipeonfork|keeponfork|dontdump|dodump|"  \
	"mergeable|unmergeable|hugepage|nohugepage|collapse|cold|pageout|populate_read|populate_write|dontneed_locked|"  \
	"guard_install|guard_remove|all"

struct options {
	unsigned advice; /* a place in ADVICE */
};

enum { OPTION_ADVICE = 256 };

static const struct argp_option options[] = {
	{ "advice", OPTION_ADVICE, "ADVICE", 0, "Which advice (default dontneed), or all of them, each in a process of its own", 0 },
	{ 0 },
};

/* Four pages of private memory, filled. */
#define PRIVATE                                                                                                        \
	"a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"                                 \
	"memset(a, 'A', 4p)\n"
/* Of a file on disk, so long that reading ahead can be seen, with none of it in the page cache. */
#define FILE_PAGES                                                                                                     \
	"fd = tmpfile(512p)\n"                                                                                         \
	"a = mmap(NULL, 512p, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0)\n"                                              \
	"write_pages(a, 512p)\n"                                                                                       \
	"msync(a, 512p, MS_SYNC)\n"                                                                                    \
	"munmap(a, 512p)\n"                                                                                            \
	"fadvise64(fd, 0, 0, POSIX_FADV_DONTNEED)    # out of the page cache\n"                                        \
	"a = mmap(NULL, 512p, PROT_READ, MAP_SHARED, fd, 0)\n"
#define FILE_END "munmap(a, 512p)\nclose(fd)\n"
/* The call of an advice that a kernel can be built without. */
#define OPTIONAL(what) "done = madvise(a, 4p, " what ") = ?\nrequire done == 0 || errno != EINVAL, "

static const struct {
	const char *constant, *script;
} advice[] = {
	{ "MADV_DONTNEED", PRIVATE
	  "madvise(a, 4p, MADV_DONTNEED)    # no hint: it is done at once\n"
	  "expect resident(a, 4p) == 0, \"the pages are gone\"\n"
	  "expect zero(a, 4p), \"private memory reads zero: the data is lost\"\n"
	  "munmap(a, 4p)\n"
	  "s = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)\n"
	  "memset(s, 'S', 4p)\n"
	  "madvise(s, 4p, MADV_DONTNEED)\n"
	  "expect resident(s, 4p) == 0, \"shared memory leaves the page table, too\"\n"
	  "expect filled(s, 'S', 4p), \"but its object has the data\"\n"
	  "munmap(s, 4p)\n"
	  "fd = tmpfile(1p)\n"
	  "pwrite(fd, \"What the file says\", 18, 0)\n"
	  "p = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE, fd, 0)\n"
	  "strcpy(p, \"My own copy\")\n"
	  "madvise(p, 1p, MADV_DONTNEED)\n"
	  "expect text(p) == \"What the file says\", \"a private mapping reads the file again\"\n"
	  "munmap(p, 1p)\n"
	  "close(fd)\n" },
	{ "MADV_FREE", PRIVATE
	  "madvise(a, 4p, MADV_FREE)    # the kernel may take them, and need not\n"
	  "expect vma(a, 4p)\n"
	  "expect resident(a, 4p) == 4p || zero(a, 4p), \"there as they were, or taken: then they read zero\"\n"
	  "a[0] = 'B'\n"
	  "expect a[0] == 'B', \"a store takes the page back\"\n"
	  "munmap(a, 4p)\n"
	  "s = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)\n"
	  "madvise(s, 4p, MADV_FREE) = -1 EINVAL    # private anonymous memory only\n"
	  "munmap(s, 4p)\n" },
	{ "MADV_REMOVE",
	  "fd = memfd_create(\"object\", MFD_CLOEXEC)\n"
	  "ftruncate(fd, 4p)\n"
	  "a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0)\n"
	  "b = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0)\n"
	  "memset(a, 'A', 4p)\n"
	  "madvise(a + 1p, 1p, MADV_REMOVE)    # a hole in the object itself\n"
	  "expect zero(b + 1p, 1p), \"seen through every mapping of it\"\n"
	  "expect filled(b, 'A', 1p)\n"
	  "expect filled(b + 2p, 'A', 2p)\n"
	  "munmap(a, 4p)\n"
	  "munmap(b, 4p)\n"
	  "close(fd)\n" PRIVATE
	  "madvise(a, 4p, MADV_REMOVE) = -1 EINVAL    # there is no object behind private memory\n"
	  "munmap(a, 4p)\n" },
	{ "MADV_NORMAL", FILE_PAGES
	  "madvise(a, 512p, MADV_RANDOM)\n"
	  "expect vmflag(a, \"rr\")\n"
	  "madvise(a, 512p, MADV_NORMAL)    # takes RANDOM and SEQUENTIAL back\n"
	  "expect !vmflag(a, \"rr\") && !vmflag(a, \"sr\")\n"
	  "expect a[0] == 1\n"
	  "note resident(a, 512p) / 1p, \"pages are there after one touch: the kernel reads around it\"\n"
	  "expect resident(a, 512p) >= 1p\n" FILE_END },
	{ "MADV_RANDOM", FILE_PAGES
	  "madvise(a, 512p, MADV_RANDOM)\n"
	  "expect vmflag(a, \"rr\")\n"
	  "expect a[0] == 1\n"
	  "note resident(a, 512p) / 1p, \"pages are there after one touch: nothing is read ahead\"\n"
	  "expect resident(a, 512p) >= 1p\n" FILE_END },
	{ "MADV_SEQUENTIAL", FILE_PAGES
	  "madvise(a, 512p, MADV_SEQUENTIAL)\n"
	  "expect vmflag(a, \"sr\"), \"read far ahead, and drop soon what was read\"\n"
	  "expect a[0] == 1\n"
	  "note resident(a, 512p) / 1p, \"pages are there after one touch\"\n"
	  "expect resident(a, 512p) >= 1p\n" FILE_END },
	{ "MADV_WILLNEED", FILE_PAGES
	  "madvise(a, 512p, MADV_WILLNEED)    # starts to read, and does not wait\n"
	  "expect resident(a, 512p) == 0, \"into the page cache, not into the page table\"\n"
	  "majors = majflt()\n"
	  "read_pages(a, 512p)\n"
	  "note majflt() - majors, \"faults waited for the disk\"\n"
	  "expect resident(a, 512p) == 512p\n" FILE_END },
	{ "MADV_DONTFORK", PRIVATE
	  "madvise(a, 4p, MADV_DONTFORK)\n"
	  "expect vmflag(a, \"dc\")\n"
	  "child = fork()\n"
	  "in child { expect fault(a[0]) == SEGV_MAPERR, \"a child does not have it\" }\n"
	  "wait(child) = 0\n"
	  "expect filled(a, 'A', 4p)\n"
	  "munmap(a, 4p)\n" },
	{ "MADV_DOFORK", PRIVATE
	  "madvise(a, 4p, MADV_DONTFORK)\n"
	  "madvise(a, 4p, MADV_DOFORK)    # takes it back\n"
	  "expect !vmflag(a, \"dc\")\n"
	  "child = fork()\n"
	  "in child { expect filled(a, 'A', 4p), \"a child has it again\" }\n"
	  "wait(child) = 0\n"
	  "munmap(a, 4p)\n" },
	{ "MADV_WIPEONFORK", PRIVATE
	  "madvise(a, 4p, MADV_WIPEONFORK)\n"
	  "expect vmflag(a, \"wf\")\n"
	  "child = fork()\n"
	  "in child { expect zero(a, 4p), \"a child has the mapping and zeros in it\" }\n"
	  "wait(child) = 0\n"
	  "expect filled(a, 'A', 4p)\n"
	  "munmap(a, 4p)\n"
	  "s = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)\n"
	  "madvise(s, 4p, MADV_WIPEONFORK) = -1 EINVAL    # private anonymous memory only\n"
	  "munmap(s, 4p)\n" },
	{ "MADV_KEEPONFORK", PRIVATE
	  "madvise(a, 4p, MADV_WIPEONFORK)\n"
	  "madvise(a, 4p, MADV_KEEPONFORK)    # takes it back\n"
	  "expect !vmflag(a, \"wf\")\n"
	  "child = fork()\n"
	  "in child { expect filled(a, 'A', 4p), \"a child has the data again\" }\n"
	  "wait(child) = 0\n"
	  "munmap(a, 4p)\n" },
	{ "MADV_DONTDUMP", PRIVATE
	  "madvise(a, 4p, MADV_DONTDUMP)\n"
	  "expect vmflag(a, \"dd\"), \"a core dump leaves it out\"\n"
	  "expect filled(a, 'A', 4p), \"and nothing else changes\"\n"
	  "munmap(a, 4p)\n" },
	{ "MADV_DODUMP", PRIVATE
	  "madvise(a, 4p, MADV_DONTDUMP)\n"
	  "madvise(a, 4p, MADV_DODUMP)    # takes it back\n"
	  "expect !vmflag(a, \"dd\")\n"
	  "munmap(a, 4p)\n" },
	{ "MADV_MERGEABLE", PRIVATE
	  OPTIONAL("MADV_MERGEABLE") "\"this kernel has no KSM\"\n"
	  "expect done == 0\n"
	  "expect vmflag(a, \"mg\"), \"KSM may make one page of equal ones, when it runs\"\n"
	  "note \"/sys/kernel/mm/ksm/run says whether it does\"\n"
	  "expect filled(a, 'A', 4p)\n"
	  "munmap(a, 4p)\n" },
	{ "MADV_UNMERGEABLE", PRIVATE
	  OPTIONAL("MADV_MERGEABLE") "\"this kernel has no KSM\"\n"
	  "madvise(a, 4p, MADV_UNMERGEABLE)    # takes it back, and takes merged pages apart\n"
	  "expect !vmflag(a, \"mg\")\n"
	  "expect filled(a, 'A', 4p)\n"
	  "munmap(a, 4p)\n" },
	{ "MADV_HUGEPAGE", PRIVATE
	  OPTIONAL("MADV_HUGEPAGE") "\"this kernel has no transparent huge pages\"\n"
	  "expect done == 0\n"
	  "expect vmflag(a, \"hg\"), \"huge pages where the mapping is large enough and the machine allows it\"\n"
	  "expect filled(a, 'A', 4p)\n"
	  "munmap(a, 4p)\n" },
	{ "MADV_NOHUGEPAGE", PRIVATE
	  OPTIONAL("MADV_NOHUGEPAGE") "\"this kernel has no transparent huge pages\"\n"
	  "expect done == 0\n"
	  "expect vmflag(a, \"nh\"), \"small pages only\"\n"
	  "munmap(a, 4p)\n" },
	{ "MADV_COLLAPSE", FIND_HUGE
	  "a = mmap(NULL, 2 * huge, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	  "done = madvise(a, 2 * huge, MADV_NOHUGEPAGE) = ?    # small pages first\n"
	  "require done == 0 || errno != EINVAL, \"this kernel has no transparent huge pages\"\n"
	  "at = (a + huge - 1) / huge * huge\n"
	  "write_pages(at, huge)\n"
	  "expect smaps(a, \"AnonHugePages\") == 0\n"
	  "madvise(a, 2 * huge, MADV_HUGEPAGE)\n"
	  "done = madvise(at, huge, MADV_COLLAPSE) = ?\n"
	  "if done == 0 {\n"
	  "    expect smaps(a, \"AnonHugePages\") == huge, \"one huge page of them, now and not some day\"\n"
	  "    expect at[huge - 1p] == 1, \"with what was in them\"\n"
	  "} else {\n"
	  "    note \"no huge page was to be had now\"\n"
	  "}\n"
	  "munmap(a, 2 * huge)\n" },
	{ "MADV_COLD", PRIVATE
	  "madvise(a, 4p, MADV_COLD)    # the first to go when memory is short\n"
	  "expect resident(a, 4p) == 4p, \"nothing goes now\"\n"
	  "expect filled(a, 'A', 4p)\n"
	  "munmap(a, 4p)\n" },
	{ "MADV_PAGEOUT", PRIVATE
	  "madvise(a, 4p, MADV_PAGEOUT)    # to swap, now\n"
	  "if resident(a, 4p) == 0 { note \"written to swap\" } else { note \"there is no swap, or it does not take them: they stay\" }\n"
	  "expect filled(a, 'A', 4p), \"no data is lost either way\"\n"
	  "munmap(a, 4p)\n"
	  "fd = tmpfile(4p)\n"
	  "f = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0)\n"
	  "memset(f, 'F', 4p)\n"
	  "msync(f, 4p, MS_SYNC)\n"
	  "madvise(f, 4p, MADV_PAGEOUT)\n"
	  "note resident(f, 4p), \"bytes of a file's clean pages are left: they need no swap\"\n"
	  "expect filled(f, 'F', 4p), \"they come from the file again\"\n"
	  "munmap(f, 4p)\n"
	  "close(fd)\n" },
	{ "MADV_POPULATE_READ",
	  "a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	  "madvise(a, 4p, MADV_POPULATE_READ)    # as if every page were read\n"
	  "expect resident(a, 4p) == 4p\n"
	  "expect smaps(a, \"Anonymous\") == 0, \"of memory not stored into that is the page of zeros, and takes no memory\"\n"
	  "before = minflt()\n"
	  "read_pages(a, 4p)\n"
	  "expect minflt() == before, \"no load faults any more\"\n"
	  "munmap(a, 4p)\n" },
	{ "MADV_POPULATE_WRITE",
	  "a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	  "madvise(a, 4p, MADV_POPULATE_WRITE)    # as if every page were stored into\n"
	  "expect resident(a, 4p) == 4p\n"
	  "expect smaps(a, \"Anonymous\") == 4p, \"memory of its own\"\n"
	  "before = minflt()\n"
	  "write_pages(a, 4p)\n"
	  "expect minflt() == before, \"no store faults any more\"\n"
	  "mprotect(a, 4p, PROT_READ)\n"
	  "madvise(a, 4p, MADV_POPULATE_WRITE) = -1 EINVAL    # where nobody may store\n"
	  "munmap(a, 4p)\n" },
	{ "MADV_DONTNEED_LOCKED", "require mlock\n" PRIVATE
	  "locked = mlock(a, 4p) = ?\n"
	  "require locked == 0, \"not allowed to lock four pages here (RLIMIT_MEMLOCK)\"\n"
	  "madvise(a, 4p, MADV_DONTNEED) = -1 EINVAL    # locked pages are needed\n"
	  "madvise(a, 4p, MADV_DONTNEED_LOCKED)    # unless one says so\n"
	  "expect resident(a, 4p) == 0\n"
	  "expect vmflag(a, \"lo\"), \"the mapping stays locked\"\n"
	  "expect zero(a, 4p), \"and the data is lost\"\n"
	  "munmap(a, 4p)\n" },
	{ "MADV_GUARD_INSTALL", PRIVATE
	  "madvise(a + 1p, 1p, MADV_GUARD_INSTALL)\n"
	  "expect vma(a, 4p), \"the maps do not show it\"\n"
	  "expect fault(a[1p]) == SEGV_MAPERR, \"a page that faults\"\n"
	  "munmap(a, 4p)\n" },
	{ "MADV_GUARD_REMOVE", PRIVATE
	  "madvise(a + 1p, 1p, MADV_GUARD_INSTALL)\n"
	  "madvise(a, 4p, MADV_GUARD_REMOVE)    # takes it back, and touches no other page\n"
	  "expect zero(a + 1p, 1p), \"what was in the page is lost\"\n"
	  "expect filled(a, 'A', 1p)\n"
	  "munmap(a, 4p)\n" },
};

enum { COUNT = sizeof(advice) / sizeof(advice[0]) };

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	return key == OPTION_ADVICE ? command_choice(state, "--advice", ADVICE, arg, &self->advice) : ARGP_ERR_UNKNOWN;
}

static void plan_one(unsigned index, const char *name, struct plan *out)
{
	struct buf *s = plan_add(out, name);

	buf_printf(s, "require %s\n%s", advice[index].constant, advice[index].script);
}

static int plan(const void *input, struct plan *out, char **problem)
{
	const struct options *self = input;

	(void)problem;
	if (self->advice < COUNT)
		plan_one(self->advice, "advise", out);
	for (unsigned i = 0; i < COUNT && self->advice == COUNT; i++)
		plan_one(i, advice[i].constant, out);
	return 0;
}

const struct command cmd_advise = {
	.name = "advise",
	.summary = "give the kernel advice with madvise, and see what it does",
	.doc = "Not all of it is advice: MADV_DONTNEED loses private data at once. Each is shown on pages before and after, on flags, "
	       "and on a child where it concerns one.",
	.group = COMMAND_EXPERIMENT_MEMORY,
	.options = options,
	.parse = parse,
	.vocabulary = { "ADVICE", ADVICE },
	.options_size = sizeof(struct options),
	.plan = plan,
};
