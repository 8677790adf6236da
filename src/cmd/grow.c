/* SPDX-License-Identifier: MIT */
/* grow: a mapping made larger by mremap, in place or by moving. */
#include "base/size.h"
#include "cmd/command.h"

#include <errno.h>
#include <stdlib.h>

struct options {
	struct size_option from, to;
	bool in_place, room, blocked, shared;
	const char *file;
};

enum { OPTION_FROM = 256, OPTION_TO, OPTION_IN_PLACE, OPTION_ROOM, OPTION_BLOCKED, OPTION_SHARED, OPTION_FILE };

static const struct argp_option options[] = {
	{ "from", OPTION_FROM, "SIZE", 0, "Size of the mapping at first (default 1p)", 0 },
	{ "to", OPTION_TO, "SIZE", 0, "Size that it grows to (default 4p)", 0 },
	{ "in-place", OPTION_IN_PLACE, NULL, 0, "Use no flag: it may grow where it is, and may not move", 0 },
	{ "room", OPTION_ROOM, NULL, 0, "Make sure that the pages behind the mapping are free: it grows in place", 1 },
	{ "blocked", OPTION_BLOCKED, NULL, 0,
	  "Make sure that the pages behind the mapping are taken: in place is ENOMEM, and the second try, with "
	  "MREMAP_MAYMOVE, moves", 1 },
	{ "shared", OPTION_SHARED, NULL, 0, "Shared anonymous memory: the mapping grows, its object does not", 2 },
	{ "file", OPTION_FILE, "FILE", 0, "Map FILE, read-only and privately; pages past its end fault", 2 },
	{ 0 },
};

static const char doc[] = "The data in page 0 is kept, and the new pages read zero and take a store. Where a mapping lies is "
                          "the kernel's choice, so --in-place alone can come out either way; --room and --blocked settle it.";

static error_t finish(struct options *self, struct argp_state *state)
{
	uint64_t page = size_page();
	const char *problem = NULL;

	size_option_default(&self->from, "1p", page);
	size_option_default(&self->to, "4p", 4 * page);
	if (self->room && self->blocked)
		problem = "--room and --blocked exclude each other: give one of them";
	else if (self->shared && self->file != NULL)
		problem = "--shared is for anonymous memory and --file for a file: give one of them";
	else if ((self->to.bytes - 1) / page <= (self->from.bytes - 1) / page)
		problem = "--to: must be larger than --from by a page at least, since sizes are rounded up to whole pages "
		          "(`mmtool shrink' makes a mapping smaller)";
	if (problem == NULL)
		return 0;
	argp_error(state, "%s", problem);
	return EINVAL;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	switch (key) {
	case OPTION_FROM:
		return command_size_option(state, "--from", arg, &self->from);
	case OPTION_TO:
		return command_size_option(state, "--to", arg, &self->to);
	case OPTION_IN_PLACE:
		self->in_place = true;
		return 0;
	case OPTION_ROOM:
		self->room = true;
		return 0;
	case OPTION_BLOCKED:
		self->blocked = true;
		return 0;
	case OPTION_SHARED:
		self->shared = true;
		return 0;
	case OPTION_FILE:
		self->file = arg;
		return 0;
	case ARGP_KEY_END:
		return finish(self, state);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The script in the making, and the words that recur in it. */
struct draft {
	const struct options *self;
	struct buf *s;
	struct buf size; /* --from in whole pages */
	const char *from, *to;
};

/* The mapping that will grow, called a.  With --room or --blocked it is the start of a reservation of our own. */
static void plan_mapping(struct draft *d)
{
	const struct options *self = d->self;
	const char *prot = self->file != NULL ? "PROT_READ" : "PROT_READ|PROT_WRITE";
	const char *kind = self->file != NULL ? "MAP_PRIVATE"
	                   : self->shared     ? "MAP_SHARED|MAP_ANONYMOUS"
	                                      : "MAP_PRIVATE|MAP_ANONYMOUS";
	const char *fd = self->file != NULL ? "fd" : "-1";

	if (self->file != NULL) {
		buf_puts(d->s, "fd = open(");
		plan_quote(d->s, self->file);
		buf_puts(d->s, ", O_RDONLY)\n");
	}
	if (!self->room && !self->blocked) {
		buf_printf(d->s, "a = mmap(NULL, %s, %s, %s, %s, 0)\n", d->from, prot, kind, fd);
		return;
	}
	buf_printf(d->s, "reserved = mmap(NULL, %s, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n", d->to);
	buf_printf(d->s, "a = mmap(reserved, %s, %s, %s|MAP_FIXED, %s, 0)\n", d->from, prot, kind, fd);
	if (self->room)
		buf_printf(d->s, "munmap(a + %s, %s - %s)    # make room behind it\n", buf_text(&d->size), d->to,
		           buf_text(&d->size));
	else
		buf_printf(d->s, "expect mapped(a + %s, 1p) == 1p, \"the page behind it is taken\"\n", buf_text(&d->size));
}

static void plan_data(struct draft *d)
{
	if (d->self->file == NULL)
		buf_puts(d->s, "strcpy(a, \"Original data in page 0\")\n");
}

/* What holds of page 0 afterwards. */
static void plan_kept(struct draft *d, const char *name)
{
	if (d->self->file == NULL)
		buf_printf(d->s, "expect text(%s) == \"Original data in page 0\", \"the data is kept\"\n", name);
	else
		buf_printf(d->s,
		           "got = pread(fd, scratch, 1, 0)\n"
		           "if got == 1 { expect %s[0] == scratch[0], \"the file's first byte is there\" }\n",
		           name);
}

/* What holds of the new pages. */
static void plan_new_pages(struct draft *d, const char *name)
{
	const char *size = buf_text(&d->size);

	if (d->self->shared) {
		buf_printf(d->s,
		           "note \"the mapping is longer now; the object in memory behind it is not: its new pages have nothing in them\"\n"
		           "expect fault(%s[%s]) == BUS_ADRERR\n"
		           "expect fault(%s[%s] = 'B') == BUS_ADRERR\n",
		           name, size, name, size);
	} else if (d->self->file != NULL) {
		buf_printf(d->s,
		           "# Is there a byte of the file behind the last new page?\n"
		           "last = (%s - 1) / 1p * 1p\n"
		           "there = pread(fd, scratch, 1, last)\n"
		           "if there == 1 {\n"
		           "    expect fault(%s[last]) == 0, \"the file reaches into the last page: it can be read\"\n"
		           "} else {\n"
		           "    expect fault(%s[last]) == BUS_ADRERR, \"a page wholly past the end of the file\"\n"
		           "}\n",
		           d->to, name, name);
	} else {
		buf_printf(d->s,
		           "expect zero(%s + %s, %s - %s), \"the new pages read zero\"\n"
		           "%s[%s] = 'B'\n"
		           "expect %s[%s] == 'B', \"the new pages take a store\"\n",
		           name, size, d->to, size, name, size, name, size);
	}
}

static void plan_grown(struct draft *d, const char *name)
{
	plan_kept(d, name);
	plan_new_pages(d, name);
	buf_printf(d->s, "munmap(%s, %s)\n", name, d->to);
}

/* In place or not at all, and nothing is known of what lies behind it: either outcome is right. */
static void plan_either(struct draft *d)
{
	buf_printf(d->s,
	           "grown = mremap(a, %s, %s, 0) = ?\n"
	           "if grown == MAP_FAILED {\n"
	           "expect errno == ENOMEM, \"the pages behind it are taken\"\n",
	           d->from, d->to);
	plan_kept(d, "a");
	buf_printf(d->s, "munmap(a, %s)\n} else {\n", d->from);
	plan_grown(d, "grown");
	buf_puts(d->s, "}\n");
}

static void plan_blocked(struct draft *d)
{
	buf_printf(d->s, "mremap(a, %s, %s, 0) = -1 ENOMEM    # it cannot grow in place\n", d->from, d->to);
	if (d->self->in_place) {
		plan_kept(d, "a");
	} else {
		buf_printf(d->s, "a = mremap(a, %s, %s, MREMAP_MAYMOVE)    # so let it move\n", d->from, d->to);
		buf_puts(d->s, "expect a != reserved, \"it moved\"\n");
		plan_grown(d, "a");
	}
	buf_printf(d->s, "munmap(reserved, %s)\n", d->to);
}

static void plan_growth(struct draft *d)
{
	if (d->self->blocked) {
		plan_blocked(d);
	} else if (d->self->room) {
		buf_printf(d->s, "a = mremap(a, %s, %s, %s) = a    # it must stay\n", d->from, d->to,
		           d->self->in_place ? "0" : "MREMAP_MAYMOVE");
		plan_grown(d, "a");
	} else if (d->self->in_place) {
		plan_either(d);
	} else {
		buf_printf(d->s, "a = mremap(a, %s, %s, MREMAP_MAYMOVE)\n", d->from, d->to);
		plan_grown(d, "a");
	}
}

static int plan(const void *input, struct plan *out, char **problem)
{
	const struct options *self = input;
	struct draft d = { .self = self, .s = plan_add(out, "grow"), .from = self->from.text, .to = self->to.text };

	(void)problem;
	plan_whole_pages(&d.size, &self->from);
	plan_mapping(&d);
	plan_data(&d);
	plan_growth(&d);
	if (self->file != NULL)
		buf_puts(d.s, "close(fd)\n");
	buf_fini(&d.size);
	return 0;
}

const struct command cmd_grow = {
	.name = "grow",
	.summary = "grow a mapping with mremap, in place or by moving",
	.doc = doc,
	.group = COMMAND_EXPERIMENT_RESIZE,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct options),
	.plan = plan,
};
