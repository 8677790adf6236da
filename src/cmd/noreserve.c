/* SPDX-License-Identifier: MIT */
/* noreserve: a mapping larger than all memory, refused, and granted with MAP_NORESERVE. */
#include "cmd/command.h"

#include <errno.h>
#include <stdlib.h>

enum { MOST_PAGES = 65536, DEFAULT_PAGES = 4 };

struct options {
	struct size_option size, address;
	long touch;
	bool has_touch;
};

enum { OPTION_SIZE = 256, OPTION_ADDRESS, OPTION_TOUCH };

static const struct argp_option options[] = {
	{ "size", OPTION_SIZE, "SIZE", 0, "Size of the mapping (default: the next power of two above RAM plus swap)", 0 },
	{ "address", OPTION_ADDRESS, "HINT", 0, "Where to put it, as a hint: the kernel takes it when that range is free", 0 },
	{ "touch", OPTION_TOUCH, "PAGES", 0, "How many of its pages to touch (default 4)", 0 },
	{ 0 },
};

static error_t take_touch(struct options *self, const char *arg, struct argp_state *state)
{
	char *end;

	errno = 0;
	self->touch = strtol(arg, &end, 10);
	self->has_touch = true;
	if (arg[0] >= '0' && arg[0] <= '9' && *end == '\0' && errno == 0 && self->touch <= MOST_PAGES)
		return 0;
	argp_error(state, "--touch: %s: not a number of pages from 0 to %d", arg, MOST_PAGES);
	return EINVAL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	switch (key) {
	case OPTION_SIZE:
		return command_size_option(state, "--size", arg, &self->size);
	case OPTION_ADDRESS:
		return command_size_option(state, "--address", arg, &self->address);
	case OPTION_TOUCH:
		return take_touch(self, arg, state);
	case ARGP_KEY_END:
		if (!self->has_touch)
			self->touch = DEFAULT_PAGES;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void plan_size(const struct options *self, struct buf *s)
{
	buf_puts(s, "policy = sysctl(\"vm.overcommit_memory\")\n"
	            "ram = meminfo(\"MemTotal\")\n"
	            "swap = meminfo(\"SwapTotal\")\n");
	if (self->size.text != NULL)
		buf_printf(s, "size = %s\n", self->size.text);
	else
		buf_puts(s, "size = 1G\n"
		            "repeat 62 {    # the next power of two above RAM plus swap\n"
		            "    if size > ram + swap { break }\n"
		            "    size = size * 2\n"
		            "}\n");
	if (self->size.text == NULL && sizeof(size_t) < sizeof(uint64_t))
		buf_puts(s, "require size < 4G, \"this machine has more memory than addresses of 32 bits can name: try --size\"\n");
	buf_puts(s, "note \"RAM\", ram / 1M, \"MiB, swap\", swap / 1M, \"MiB; asking for\", size / 1M, \"MiB\"\n");
}

/* Policy 0 refuses one request larger than RAM plus swap, 2 what goes over the limit, 1 nothing that has addresses. */
static void plan_without(struct buf *s, const char *hint)
{
	buf_printf(s,
	           "\n# Without the flag: the kernel counts the whole mapping as a promise of memory.\n"
	           "plain = mmap(%s, size, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ?\n"
	           "if plain == MAP_FAILED {\n"
	           "    expect errno == ENOMEM\n",
	           hint);
	buf_puts(s, "    if policy == 0 { note \"refused: policy 0 refuses one request larger than RAM plus swap\" }\n"
	            "    if policy == 1 { note \"refused: policy 1 never counts, but there is no such room for addresses\" }\n"
	            "    if policy == 2 { note \"refused: policy 2 keeps Committed_AS under CommitLimit\" }\n"
	            "} else {\n"
	            "    if policy == 0 { note \"granted: policy 0 refuses only what is larger than RAM plus swap\" }\n"
	            "    # A container's /proc/meminfo can be made up (lxcfs): the policy goes by what the machine has.\n"
	            "    if policy == 0 && size > ram + swap { note \"so the machine has more than /proc/meminfo says here\" }\n"
	            "    if policy == 1 { note \"granted: policy 1 counts nothing\" }\n"
	            "    if policy == 2 { note \"granted: it fits under CommitLimit\" }\n"
	            "    munmap(plain, size)\n"
	            "}\n");
}

static void plan_with(const struct options *self, struct buf *s, const char *hint)
{
	buf_puts(s, "\n# With MAP_NORESERVE: policies 0 and 1 leave it out of the account; policy 2 ignores the flag.\n"
	            "vmsize = status(\"VmSize\")\n"
	            "vmrss = status(\"VmRSS\")\n"
	            "committed = meminfo(\"Committed_AS\")\n");
	buf_printf(s, "big = mmap(%s, size, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0) = ?\n", hint);
	buf_puts(s, "if big == MAP_FAILED {\n"
	            "    expect errno == ENOMEM\n"
	            "    if policy == 2 { note \"refused: policy 2 ignores MAP_NORESERVE\" }\n"
	            "    if policy != 2 { note \"refused: there is no such room for addresses, or a limit (RLIMIT_AS) is below it\" }\n"
	            "} else {\n"
	            "    whole = (size + 1p - 1) / 1p * 1p\n"
	            "    note \"VmSize grew by\", (status(\"VmSize\") - vmsize) / 1K, \"KiB: addresses\"\n"
	            "    note \"VmRSS (approximate) grew by\", (status(\"VmRSS\") - vmrss) / 1K, \"KiB: memory\"\n"
	            "    note \"Committed_AS (of the whole machine) moved by\", (meminfo(\"Committed_AS\") - committed) / 1K, \"KiB\"\n"
	            "    expect status(\"VmSize\") - vmsize == whole, \"VmSize counts addresses\"\n"
	            "    if policy != 2 { expect vmflag(big, \"nr\"), \"the kernel marks it: not accounted for\" }\n"
	            "    expect resident(big, size) == 0, \"no memory until a page is touched\"\n");
	if (self->address.text != NULL)
		buf_printf(s,
		           "    if big == %s { note \"the hint was taken\" }\n"
		           "    if big != %s { note \"the hint was not taken: an address without MAP_FIXED is only a hint\" }\n",
		           self->address.text, self->address.text);
	if (self->touch > 0)
		buf_printf(s,
		           "\n    # Touching is what needs memory.\n"
		           "    touch = %ldp\n"
		           "    if touch > whole { touch = whole }\n"
		           "    write_pages(big, touch)\n"
		           "    expect resident(big, touch) == touch, \"the touched pages are in memory\"\n"
		           "    note \"VmRSS (approximate) grew by\", (status(\"VmRSS\") - vmrss) / 1K, \"KiB in all\"\n",
		           self->touch);
	buf_puts(s, "    munmap(big, size)\n}\n"
	            "note \"policy 0: refused without the flag when larger than RAM plus swap; granted with it, and not accounted\"\n"
	            "note \"policy 1: granted with and without it, as long as there are addresses; the flag still skips the account\"\n"
	            "note \"policy 2: the flag is ignored; refused when Committed_AS would pass CommitLimit\"\n");
}

static int plan(const void *input, struct plan *out, char **problem)
{
	const struct options *self = input;
	struct buf *s = plan_add(out, "noreserve");
	const char *hint = self->address.text != NULL ? self->address.text : "NULL";

	(void)problem;
	plan_size(self, s);
	plan_without(s, hint);
	plan_with(self, s, hint);
	return 0;
}

const struct command cmd_noreserve = {
	.name = "noreserve",
	.summary = "map more than there is memory, without and with MAP_NORESERVE",
	.doc = "What comes out depends on the overcommit policy (`mmtool overcommit' tells it), and the output says what differs "
	       "under each. MAP_NORESERVE is about accounting: memory is needed when pages are touched, with it or without.",
	.group = COMMAND_EXPERIMENT_LIMIT,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct options),
	.plan = plan,
};
