/* SPDX-License-Identifier: MIT */
/* reserve-fill: address space reserved with PROT_NONE and filled with MAP_FIXED, the safe way to use it. */
#include "cmd/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum { LEAST_PAGES = 4, MOST_PAGES = 1 << 20, DEFAULT_PAGES = 4 };

struct options {
	unsigned long pages;
	bool draw;           /* --pages without a length: as every experiment takes it */
	const char *file;
};

enum { OPTION_PAGES = 256, OPTION_FILE };

static const struct argp_option options[] = {
	{ "pages", OPTION_PAGES, "PAGES", OPTION_ARG_OPTIONAL, "With PAGES: length of the reservation in pages, at least 4 (default 4); without: draw the pages", 0 },
	{ "file", OPTION_FILE, "FILE", 0, "Map the first page of FILE into slot 0 (default: a small file of its own)", 0 },
	{ 0 },
};

static error_t take_pages(struct options *self, const char *arg, struct argp_state *state)
{
	char *end;
	unsigned long pages;

	errno = 0;
	pages = strtoul(arg, &end, 10);
	if (arg[0] < '0' || arg[0] > '9' || *end != '\0') {
		argp_error(state, "--pages: %s: not a number of pages (try 4)", arg);
		return EINVAL;
	}
	if (errno != 0 || pages < LEAST_PAGES || pages > MOST_PAGES) {
		argp_error(state, "--pages: %s: must be from %d (one for the file, one untouched, two of memory) to %d", arg,
		           LEAST_PAGES, MOST_PAGES);
		return EINVAL;
	}
	self->pages = pages;
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	switch (key) {
	case OPTION_PAGES:
		self->draw |= arg == NULL;
		return arg == NULL ? 0 : take_pages(self, arg, state);
	case OPTION_FILE:
		self->file = arg;
		return 0;
	case ARGP_KEY_END:
		if (self->pages == 0)
			self->pages = DEFAULT_PAGES;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void plan_file(const struct options *self, struct buf *s)
{
	if (self->file != NULL) {
		buf_puts(s, "fd = open(");
		plan_quote(s, self->file);
		buf_puts(s, ", O_RDONLY)\n");
	} else {
		buf_puts(s, "fd = memfd_create(\"small-file\", 0)    # a file of our own, in memory\n"
		            "write(fd, \"Hello from the file\\n\", 20) = 20\n");
	}
}

/* What slot 0 shows: the file's first byte, or, when there is none, nothing that could be shown. */
static void plan_file_check(const struct options *self, struct buf *s)
{
	if (self->file == NULL) {
		buf_puts(s, "expect text(slot0) == \"Hello from the file\\n\"\n");
		return;
	}
	buf_puts(s, "got = pread(fd, scratch, 1, 0)\n"
	            "if got == 1 {\n"
	            "    expect slot0[0] == scratch[0], \"the file's first byte is there\"\n"
	            "} else {\n"
	            "    note \"the file is empty: the mapping is there, and there is nothing behind it\"\n"
	            "    expect fault(slot0[0]) == BUS_ADRERR\n"
	            "}\n");
}

static int plan(const void *input, struct plan *out, char **problem)
{
	const struct options *self = input;
	struct buf *s = plan_add(out, "reserve-fill");

	(void)problem;
	plan_file(self, s);
	buf_printf(s, "region = mmap(NULL, %lup, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)    # reserve\n", self->pages);
	buf_puts(s, "slot0 = mmap(region, 1p, PROT_READ, MAP_PRIVATE|MAP_FIXED, fd, 0) = region\n");
	plan_file_check(self, s);
	buf_printf(s,
	           "slot2 = mmap(region + 2p, %lup, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0) = "
	           "region + 2p\n"
	           "slot2[0] = 'Z'\n"
	           "expect slot2[0] == 'Z'\n"
	           "expect fault(region[1p]) == SEGV_ACCERR, \"slot 1 is reserved still\"\n"
	           "close(fd)\n"
	           "munmap(region, %lup)    # one call frees all of it\n"
	           "expect mapped(region, %lup) == 0\n",
	           self->pages - 2, self->pages, self->pages);
	return 0;
}

static void view(const void *input, struct report_options *report)
{
	const struct options *self = input;

	report->pages |= self->draw;
}

const struct command cmd_reserve_fill = {
	.name = "reserve-fill",
	.summary = "reserve address space, then fill it with MAP_FIXED",
	.doc = "Slot 0 gets a page of a file, the slots from 2 on anonymous memory; slot 1 stays reserved and faults. "
	       "An empty FILE can be mapped, and a load from it is a SIGBUS.",
	.group = COMMAND_EXPERIMENT_PLACE,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct options),
	.plan = plan,
	.view = view,
};
