/* SPDX-License-Identifier: MIT */
/* huge: memory in huge pages: those that the kernel makes by itself, and those of the pool that is set aside. */
#include "cmd/command.h"
#include "cmd/huge-size.h"

#define WAYS "thp|collapse|hugetlb"

struct options {
	unsigned by; /* a place in WAYS */
};

enum { OPTION_BY = 256 };

static const struct argp_option options[] = {
	{ "by", OPTION_BY, WAYS, 0,
	  "How they come: at the first touch of a range that is aligned (the default); from small pages that are there, by "
	  "MADV_COLLAPSE; or from the machine's pool, by MAP_HUGETLB", 0 },
	{ 0 },
};

static const char transparent[] =
	FIND_HUGE
	"note \"a transparent huge page has\", huge / 1K, \"KiB, or\", huge / 1p, \"pages\"\n"
	"require status(\"THP_enabled\") != 0, \"transparent huge pages are switched off for this process (PR_SET_THP_DISABLE)\"\n"
	"r = mmap(NULL, 5 * huge, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	"at = (r + huge - 1) / huge * huge    # the first aligned address in it\n"
	"a = mmap(at, huge, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)\n";

/* By place in WAYS. */
static const char *const scripts[] = {
	"fd = open(\"/sys/kernel/mm/transparent_hugepage/enabled\", O_RDONLY)\n"
	"len = read(fd, scratch, 60)\n"
	"close(fd)\n"
	"scratch[len - 1] = 0\n"
	"note \"/sys/kernel/mm/transparent_hugepage/enabled:\", text(scratch)\n"
	"require text(scratch) != \"always madvise [never]\", \"transparent huge pages are switched off on this machine (never)\"\n"
	"madvise(a, huge, MADV_HUGEPAGE)    # under \"madvise\" it must be asked for, under \"always\" it need not\n"
	"faults = minflt()\n"
	"a[0] = 1\n"
	"require smaps(a, \"AnonHugePages\") == huge, "
	"\"no huge page was to be had now (memory in pieces, or this size is switched off in /sys/kernel/mm/transparent_hugepage)\"\n"
	"expect resident(a, huge) == huge, \"one byte was stored, and all of it is there\"\n"
	"expect minflt() - faults == 1, \"after one fault\"\n"
	"b = mmap(at + huge + 1p, huge, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)    # as long, and not aligned\n"
	"madvise(b, huge, MADV_HUGEPAGE)\n"
	"faults = minflt()\n"
	"write_pages(b, huge)\n"
	"expect smaps(b, \"AnonHugePages\") == 0, \"no aligned range lies wholly in it: small pages\"\n"
	"note minflt() - faults, \"faults for as much memory\"\n"
	"expect minflt() - faults > 1\n"
	"munmap(b, huge)\n"
	"c = mremap(a, huge, huge, MREMAP_MAYMOVE|MREMAP_FIXED, at + 2 * huge)\n"
	"expect smaps(c, \"AnonHugePages\") == huge, \"moved as it is: both addresses are aligned\"\n"
	"madvise(c, huge, MADV_NOHUGEPAGE)    # no new ones: khugepaged is not to make one again\n"
	"expect smaps(c, \"AnonHugePages\") == huge, \"what is there stays\"\n"
	"frame = pfn(c)\n"
	"mprotect(c, 1p, PROT_READ)    # a part of it\n"
	"expect smaps(c, \"AnonHugePages\") + smaps(c + 1p, \"AnonHugePages\") == 0, \"it is mapped by small pages now\"\n"
	"expect resident(c, huge) == huge && pfn(c) == frame, \"the same memory, nothing was copied\"\n"
	"mprotect(c, 1p, PROT_READ|PROT_WRITE)\n"
	"expect smaps(c, \"AnonHugePages\") == 0, \"the mappings merge again, the pages do not\"\n"
	"munmap(c, huge)\n"
	"d = mmap(at, huge, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)\n"
	"madvise(d, huge, MADV_HUGEPAGE)\n"
	"write_pages(d, huge)\n"
	"if smaps(d, \"AnonHugePages\") == huge {\n"
	"    e = mremap(d, huge, huge, MREMAP_MAYMOVE|MREMAP_FIXED, at + 3 * huge + 1p)\n"
	"    expect smaps(e, \"AnonHugePages\") == 0, \"moved to where none can be: taken apart\"\n"
	"    expect resident(e, huge) == huge && filled(e, 1, 1)\n"
	"}\n"
	"munmap(r, 5 * huge)\n",

	"require MADV_COLLAPSE\n"
	"madvise(a, huge, MADV_NOHUGEPAGE)    # small pages first\n"
	"write_pages(a, huge)\n"
	"expect smaps(a, \"AnonHugePages\") == 0\n"
	"frame = pfn(a)\n"
	"madvise(a, huge, MADV_COLLAPSE) = -1 EINVAL    # not where they were forbidden\n"
	"madvise(a, huge, MADV_HUGEPAGE)    # a wish: pages that are there stay small until khugepaged comes by\n"
	"faults = minflt()\n"
	"done = madvise(a, huge, MADV_COLLAPSE) = ?\n"
	"require done == 0, \"no huge page was to be had now\"\n"
	"expect smaps(a, \"AnonHugePages\") == huge, \"one huge page: now, and not some day\"\n"
	"expect a[0] == 1 && a[huge - 1p] == 1, \"with what was in them\"\n"
	"expect minflt() == faults, \"and without a fault\"\n"
	"if frame != 0 {\n"
	"    expect pfn(a) != frame, \"a copy: small pages lie anywhere, a huge page in one piece\"\n"
	"} else {\n"
	"    note \"page frame numbers are hidden from this user: only root sees that it is a copy\"\n"
	"}\n"
	"munmap(a + huge - 1p, 1p)\n"
	"expect smaps(a, \"AnonHugePages\") == 0, \"a part goes: the rest is mapped by small pages again\"\n"
	"expect resident(a, huge) == huge - 1p\n"
	"munmap(r, 5 * huge)\n",

	"require MAP_HUGETLB\n"
	"fd = open(\"/sys/kernel/mm/hugepages\", O_RDONLY|O_DIRECTORY) = ?\n"
	FOUND("this machine has no pools of huge pages, or /sys is not there to tell of them")
	"close(fd)\n"
	"note \"in the pool:\", meminfo(\"HugePages_Total\"), \"huge pages of\", hugepage / 1K, \"KiB,\","
	" meminfo(\"HugePages_Free\"), \"free, of them\", meminfo(\"HugePages_Rsvd\"), \"promised\"\n"
	"a = mmap(NULL, hugepage, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB, -1, 0) = ?\n"
	"if a == MAP_FAILED {\n"
	"    expect errno == ENOMEM, \"the pool has none for it, however much other memory is free\"\n"
	"    a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_HUGETLB|MAP_NORESERVE, -1, 0)    # promise me none\n"
	"    expect fault(a[0] = 1) == BUS_ADRERR, \"none when it is touched: SIGBUS, and no OOM killer\"\n"
	"    expect resident(a, hugepage) == 0\n"
	"} else {\n"
	"    faults = minflt()\n"
	"    a[0] = 1    # mmap promised it: this cannot fail\n"
	"    expect minflt() - faults == 1\n"
	"    expect resident(a, hugepage) == hugepage\n"
	"    expect smaps(a, \"Private_Hugetlb\") == hugepage, \"counted here\"\n"
	"    expect smaps(a, \"Rss\") == 0, \"and not as resident\"\n"
	"}\n"
	"expect vmflag(a, \"ht\")\n"
	"expect vma(a, hugepage), \"a mapping of whole huge pages, also where less was asked for\"\n"
	"mprotect(a, 1p, PROT_READ) = -1 EINVAL    # no part of one\n"
	"munmap(a, 1p) = -1 EINVAL\n"
	"mremap(a, hugepage, 2 * hugepage, MREMAP_MAYMOVE) = -1 EINVAL    # nor can they grow\n"
	"munmap(a, hugepage)\n",
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	return key == OPTION_BY ? command_choice(state, "--by", WAYS, arg, &self->by) : ARGP_ERR_UNKNOWN;
}

static int plan(const void *input, struct plan *out, char **problem)
{
	const struct options *self = input;
	struct buf *s = plan_add(out, "huge");

	(void)problem;
	if (self->by != (unsigned)command_word(WAYS, "hugetlb"))
		buf_puts(s, transparent);
	buf_puts(s, scripts[self->by]);
	return 0;
}

const struct command cmd_huge = {
	.name = "huge",
	.summary = "get memory in huge pages: when, and when not",
	.doc = "A transparent huge page comes at the first touch of an aligned range, after one fault in place of hundreds, and a change of a part "
	       "takes it apart. Those of MAP_HUGETLB are from a pool that is set aside, and never come in parts.",
	.group = COMMAND_EXPERIMENT_MEMORY,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct options),
	.plan = plan,
};
