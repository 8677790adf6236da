/* SPDX-License-Identifier: MIT */
/* place: where mappings go: by a hint, by order, by the kernel's choice, and at random. */
#include "base/size.h"
#include "cmd/command.h"

#include <errno.h>
#include <inttypes.h>

#define SHOWS "hint|fixed|order|spread"

enum show { SHOW_HINT, SHOW_FIXED, SHOW_ORDER, SHOW_SPREAD };

struct options {
	unsigned show;
	uint64_t mappings, seed; /* 0: not given */
	struct size_option size, span;
};

enum {
	OPTION_SHOW = 256,
	OPTION_MAPPINGS,
	OPTION_SIZE,
	OPTION_SPAN,
	OPTION_SEED,
	/* Fewer than vm.max_map_count usually allows, and places that are soon walked through. */
	LEAST_MAPPINGS = 16,
	MOST_MAPPINGS = 30000,
	MOST_PLACES = 1 << 17,
	MOST_SEED = 2147483646,
};

static const struct argp_option options[] = {
	{ "show", OPTION_SHOW, SHOWS, 0,
	  "A hint and a careful order (the default), MAP_FIXED and what it destroys, the order in which the kernel itself places, or "
	  "mappings spread over random places and how often they cannot grow there", 0 },
	{ NULL, 0, NULL, 0, "With --show=spread:", 1 },
	{ "mappings", OPTION_MAPPINGS, "N", 0, "How many mappings in the end (default 1024)", 2 },
	{ "size", OPTION_SIZE, "SIZE", 0, "Size and alignment of each (default 1p)", 2 },
	{ "span", OPTION_SPAN, "SIZE", 0, "The range that they are spread over (default 4096p)", 2 },
	{ "seed", OPTION_SEED, "N", 0, "Where the sequence of random numbers starts (default 1)", 2 },
	{ 0 },
};

#define RW "PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS"
#define NONE "PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS"

static const char hint[] =
	"at = hole(8p)    # a free range, away from all mappings\n"
	"a = mmap(at, 1p, " RW ", -1, 0) = at    # a hint, and free: taken\n"
	"strcpy(a, \"Mine\")\n"
	"b = mmap(at, 1p, " RW ", -1, 0)    # not free: the kernel chooses\n"
	"expect b != at\n"
	"expect text(a) == \"Mine\", \"a hint hurts nobody\"\n"
	"c = mmap(at + 4p + 1, 1p, " RW ", -1, 0) = at + 4p    # to whole pages, downwards\n"
	"d = mmap(at + 3p, 2p, " RW ", -1, 0)    # half of it is taken: elsewhere altogether\n"
	"expect d != at + 3p\n"
	"require MAP_FIXED_NOREPLACE\n"
	"mmap(at, 1p, " RW "|MAP_FIXED_NOREPLACE, -1, 0) = -1 EEXIST\n"
	"mmap(at + 3p, 2p, " RW "|MAP_FIXED_NOREPLACE, -1, 0) = -1 EEXIST\n"
	"e = mmap(at + 1p, 1p, " RW "|MAP_FIXED_NOREPLACE, -1, 0) = at + 1p    # exactly there\n"
	"expect vma(at, 2p), \"two calls of mmap, and one mapping: alike and side by side, they merge\"\n"
	"expect text(a) == \"Mine\"\n"
	"munmap(at, 8p)\n"
	"munmap(b, 1p)\n"
	"munmap(d, 2p)\n"
	"expect 0x4000000000 == 256G, \"a popular example calls this hint 4 TB\"\n"
	"expect 0x10000000000 == 1T\n";

static const char fixed[] =
	"region = mmap(NULL, 4p, " NONE ", -1, 0)    # a range of our own\n"
	"other = mmap(region, 1p, " RW ", -1, 0)    # a hint\n"
	"expect other + 1p <= region || other >= region + 4p, \"the reservation keeps hints away\"\n"
	"munmap(other, 1p)\n"
	"a = mmap(region, 3p, " RW "|MAP_FIXED, -1, 0) = region    # an order takes it, whoever gives it\n"
	"strcpy(a, \"First\")\n"
	"strcpy(a + 1p, \"Second\")\n"
	"strcpy(a + 2p, \"Third\")\n"
	"mprotect(a + 1p, 1p, PROT_READ)\n"
	"b = mmap(a + 1p, 1p, " RW "|MAP_FIXED, -1, 0) = a + 1p    # no error, no warning\n"
	"expect zero(a + 1p, 1p), \"lost: the data\"\n"
	"expect perms(a + 1p) == \"rw-p\", \"lost: the protection\"\n"
	"expect text(a) == \"First\", \"before it nothing changed\"\n"
	"expect text(a + 2p) == \"Third\", \"and behind it neither\"\n"
	"fd = memfd_create(\"object\", MFD_CLOEXEC)\n"
	"ftruncate(fd, 1p)\n"
	"c = mmap(a + 2p, 1p, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_FIXED, fd, 0) = a + 2p\n"
	"strcpy(c, \"Fourth\")\n"
	"a = mmap(region, 4p, " RW "|MAP_FIXED, -1, 0) = region    # over all of them at once\n"
	"expect vmas(region, 4p) == 1, \"lost: the mappings, another file's too\"\n"
	"expect zero(region, 4p)\n"
	"read(fd, scratch, 7) = 7\n"
	"expect text(scratch) == \"Fourth\", \"not lost: what is in an object; only the view of it is gone\"\n"
	"close(fd)\n"
	"mmap(region + 1, 1p, " RW "|MAP_FIXED, -1, 0) = -1 EINVAL    # an order must be for whole pages\n"
	"munmap(region, 4p)\n";

/* Mappings that differ, so that each is a line of its own, and small enough to be aligned to no huge page. */
static const char order[] =
	"a = mmap(NULL, 64p, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	"b = mmap(NULL, 64p, " NONE ", -1, 0)\n"
	"c = mmap(NULL, 64p, " RW ", -1, 0)\n"
	"if b == a - 64p && c == b - 64p {\n"
	"    note \"top-down: each new mapping lies just below the last\"\n"
	"    mremap(c, 64p, 65p, 0) = -1 ENOMEM    # so none can grow where it is\n"
	"    d = mmap(NULL, 64p, " RW ", -1, 0)\n"
	"    if d == c - 64p { expect vma(d, 128p), \"and one that is alike makes its neighbour longer: no new line\" }\n"
	"} else if b == a + 64p && c == b + 64p {\n"
	"    note \"bottom-up, the legacy layout: each new mapping lies just above the last\"\n"
	"    mremap(b, 64p, 65p, 0) = -1 ENOMEM    # the last one alone can grow where it is\n"
	"    grown = mremap(c, 64p, 65p, 0) = ?\n"
	"    if grown == c {\n"
	"        note \"and so it did\"\n"
	"        munmap(c + 64p, 1p)\n"
	"    } else {\n"
	"        note \"but something lies behind it here\"\n"
	"    }\n"
	"    d = mmap(NULL, 64p, " RW ", -1, 0)\n"
	"    if d == c + 64p { expect vma(c, 128p), \"and one that is alike makes its neighbour longer: no new line\" }\n"
	"} else {\n"
	"    note \"neither: there were gaps large enough between other mappings\"\n"
	"    d = mmap(NULL, 64p, " RW ", -1, 0)\n"
	"}\n"
	"munmap(b, 64p)\n"
	"e = mmap(NULL, 64p, " NONE ", -1, 0)\n"
	"if e == b { note \"the gap is filled again: a pointer into b that was kept now points into e\" }\n"
	"munmap(a, 64p)\n"
	"munmap(e, 64p)\n"
	"munmap(c, 64p)\n"
	"munmap(d, 64p)\n";

/* The sequence is Park and Miller's, which stays below 2^31. */
static const char spread[] =
	"require MAP_FIXED_NOREPLACE\n"
	"require sysctl(\"vm.max_map_count\") > 2 * $mappings + 1000, \"vm.max_map_count is too low for $mappings mappings\"\n"
	"size = $size\n"
	"places = $span / size\n"
	"base = hole((places + 1) * size)    # a free range: all happens there\n"
	"taken = mmap(NULL, places, " RW ", -1, 0)    # a byte a place\n"
	"random = $seed\n"
	"placed = 0\n"
	"repeat 8 * $mappings {\n"
	"    random = random * 48271 % 2147483647\n"
	"    place = random % places\n"
	"    at = base + place * size\n"
	"    m = mmap(at, size, " NONE "|MAP_FIXED_NOREPLACE, -1, 0) = ?    # EEXIST: draw again\n"
	"    if m == at {\n"
	"        taken[place] = 1\n"
	"        placed = placed + 1\n"
	"        if $points {\n"
	"            # Now each of them tries to grow to twice its size, without MREMAP_MAYMOVE.\n"
	"            collided = 0\n"
	"            repeat places as place {\n"
	"                if taken[place] == 1 {\n"
	"                    at = base + place * size\n"
	"                    m = mremap(at, size, 2 * size, 0) = ?\n"
	"                    if m == at {\n"
	"                        munmap(at + size, size)\n"
	"                    } else {\n"
	"                        expect errno == ENOMEM\n"
	"                        collided = collided + 1\n"
	"                    }\n"
	"                }\n"
	"            }\n"
	"$keep\n"
	"        }\n"
	"        if placed == $mappings {\n"
	"            munmap(base, (places + 1) * size)\n"
	"            break\n"
	"        }\n"
	"    }\n"
	"}\n"
	"$notes\n"
	"expected = ($mappings * ($mappings - 1) + places / 2) / places\n"
	"off = collided - expected\n"
	"expect off * off <= 36 * (expected + 1), \"within six standard deviations of what probability predicts\"\n"
	"note \"65536 mappings at random multiples of 2M in 128T: 1 growth of\", 128T / 2M / 65536, \"collides\"\n"
	"munmap(taken, places)\n";

static error_t finish(struct options *self, struct argp_state *state)
{
	uint64_t page = size_page(), whole, places;
	bool given = self->mappings != 0 || self->size.text != NULL || self->span.text != NULL || self->seed != 0;

	if (given && self->show != SHOW_SPREAD) {
		argp_error(state, "--mappings, --size, --span and --seed belong to --show=spread");
		return EINVAL;
	}
	size_option_default(&self->size, "1p", page);
	size_option_default(&self->span, "4096p", 4096 * page);
	if (self->mappings == 0)
		self->mappings = 1024;
	if (self->seed == 0)
		self->seed = 1;
	whole = (self->size.bytes - 1) / page + 1;
	places = self->span.bytes / page / whole;
	if (places < 2 * self->mappings) {
		argp_error(state, "--span: %s has %" PRIu64 " places of %s, and %" PRIu64 " mappings need twice as many places as that",
		           self->span.text, places, self->size.text, self->mappings);
		return EINVAL;
	}
	if (places > MOST_PLACES) {
		argp_error(state, "--span: %s has %" PRIu64 " places of %s: more than %d take too long (a larger --size makes fewer)",
		           self->span.text, places, self->size.text, MOST_PLACES);
		return EINVAL;
	}
	return 0;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *self = state->input;

	switch (key) {
	case OPTION_SHOW:
		return command_choice(state, "--show", SHOWS, arg, &self->show);
	case OPTION_MAPPINGS:
		return command_number(state, "--mappings", arg, LEAST_MAPPINGS, MOST_MAPPINGS, &self->mappings);
	case OPTION_SIZE:
		return command_size_option(state, "--size", arg, &self->size);
	case OPTION_SPAN:
		return command_size_option(state, "--span", arg, &self->span);
	case OPTION_SEED:
		return command_number(state, "--seed", arg, 1, MOST_SEED, &self->seed);
	case ARGP_KEY_END:
		return finish(self, state);
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The curve has five points: a sixteenth of the mappings, an eighth, …, all of them. */
static void plan_spread(const struct options *self, struct buf *s)
{
	struct buf points = { 0 }, keep = { 0 }, notes = { 0 }, size = { 0 }, mappings = { 0 }, seed = { 0 };

	for (unsigned part = 16; part > 0; part /= 2) {
		uint64_t n = self->mappings / part;

		buf_printf(&points, "%splaced == %" PRIu64, points.len > 0 ? " || " : "", n);
		buf_printf(&keep, "%s            if placed == %" PRIu64 " { of_%" PRIu64 " = collided }", keep.len > 0 ? "\n" : "", n, n);
		buf_printf(&notes,
		           "%snote \"of\", %" PRIu64 ", \"mappings\", of_%" PRIu64 ", \"could not grow in place; probability predicts\", "
		           "(%" PRIu64 " * %" PRIu64 " + places / 2) / places",
		           notes.len > 0 ? "\n" : "", n, n, n, n - 1);
	}
	plan_whole_pages(&size, &self->size);
	buf_printf(&mappings, "%" PRIu64, self->mappings);
	buf_printf(&seed, "%" PRIu64, self->seed);
	const struct plan_word words[] = {
		{ "points", buf_text(&points) }, { "keep", buf_text(&keep) },         { "notes", buf_text(&notes) },
		{ "size", buf_text(&size) },     { "mappings", buf_text(&mappings) }, { "seed", buf_text(&seed) },
		{ "span", self->span.text },     { 0 },
	};

	plan_fill(s, spread, words);
	buf_fini(&points);
	buf_fini(&keep);
	buf_fini(&notes);
	buf_fini(&size);
	buf_fini(&mappings);
	buf_fini(&seed);
}

static int plan(const void *input, struct plan *out, char **problem)
{
	static const char *const scripts[] = { [SHOW_HINT] = hint, [SHOW_FIXED] = fixed, [SHOW_ORDER] = order };
	const struct options *self = input;
	struct buf *s = plan_add(out, "place");

	(void)problem;
	if (self->show == SHOW_SPREAD)
		plan_spread(self, s);
	else
		buf_puts(s, scripts[self->show]);
	return 0;
}

const struct command cmd_place = {
	.name = "place",
	.summary = "see where mappings go, and what MAP_FIXED destroys",
	.doc = "An address without MAP_FIXED is a hint: taken when free, else the kernel chooses. MAP_FIXED is an order, and what was "
	       "there is lost without a word; MAP_FIXED_NOREPLACE (since Linux 4.17) is EEXIST instead.",
	.group = COMMAND_EXPERIMENT_PLACE,
	.options = options,
	.parse = parse,
	.options_size = sizeof(struct options),
	.plan = plan,
};
