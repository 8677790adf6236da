/* SPDX-License-Identifier: MIT */
/* Deltas of small layouts, told as a person would. */
#include "mm/delta.h"

#include "tap.h"

#include "base/buf.h"

#include <inttypes.h>
#include <stdlib.h>

/*
 * A layout is written "1000-3000 rw-p, 5000-6000 r--s 2000 f": addresses, permissions and, with a file, its offset and
 * name.  Regions are "a 1 1000-3000, b 2 5000-6000": name, id, range.
 */
struct example {
	const char *what, *before, *after, *old_regions, *new_regions;
	struct delta_hint hint; /* new_size 0: none */
	const char *want;
};

static void read_layout(struct maps *maps, const char *text)
{
	while (*text != '\0') {
		uint64_t start = 0, end = 0, offset = 0;
		char perms[5] = "", name[16] = "";
		int fields = sscanf(text, "%" SCNx64 "-%" SCNx64 " %4[^, ] %" SCNx64 " %15[^,]", &start, &end, perms,
				    &offset, name);

		buf_printf(&maps->text, "%08" PRIx64 "-%08" PRIx64 " %s %08" PRIx64 " %s %s\n", start, end, perms,
			   offset, fields > 3 && name[0] != '[' ? "fe:00 7                   " : "00:00 0", name);
		text += strcspn(text, ",");
		text += strspn(text, ", ");
	}
	if (maps_parse(maps, NULL) != 0)
		ok(false, "a layout of the test is a snapshot");
}

static void read_regions(struct regions *regions, char names[][2], const char *text)
{
	for (unsigned i = 0; text != NULL && *text != '\0'; i++) {
		uint64_t start = 0, end = 0;
		unsigned id = 0;

		sscanf(text, "%1s %u %" SCNx64 "-%" SCNx64, names[i], &id, &start, &end);
		regions_add(regions, names[i], id, start, end - start);
		text += strcspn(text, ",");
		text += strspn(text, ", ");
	}
}

/* "grown 1000-2000 > 1000-3000 a; merged …/2 a b" */
static void describe(struct buf *buf, const struct delta *delta)
{
	for (size_t i = 0; i < delta->change_count; i++) {
		const struct change *change = &delta->changes[i];

		buf_printf(buf, "%s%s", i > 0 ? "; " : "", change_kind_name(change->kind));
		if (change->old_end != 0)
			buf_printf(buf, " %" PRIx64 "-%" PRIx64, change->old_start, change->old_end);
		if (change->new_end != 0 &&
		    (change->new_start != change->old_start || change->new_end != change->old_end))
			buf_printf(buf, " > %" PRIx64 "-%" PRIx64, change->new_start, change->new_end);
		if (change->parts > 0)
			buf_printf(buf, "/%u", change->parts);
		for (unsigned k = 0; k < CHANGE_NAMES && change->names[k] != NULL; k++)
			buf_printf(buf, " %s", change->names[k]);
	}
}

static void try_example(const struct example *example)
{
	struct maps before = { 0 }, after = { 0 };
	struct regions old_regions = { 0 }, new_regions = { 0 };
	struct delta delta = { 0 };
	struct buf text = { 0 };
	char old_names[8][2], new_names[8][2];

	read_layout(&before, example->before);
	read_layout(&after, example->after);
	read_regions(&old_regions, old_names, example->old_regions);
	read_regions(&new_regions, new_names, example->new_regions);
	delta_compute(&delta, &before, &after, example->old_regions != NULL ? &old_regions : NULL,
	              example->new_regions != NULL ? &new_regions : NULL,
	              example->hint.new_size > 0 ? &example->hint : NULL);
	describe(&text, &delta);
	is(buf_text(&text), example->want, example->what);
	buf_fini(&text);
	delta_fini(&delta);
	regions_fini(&old_regions);
	regions_fini(&new_regions);
	maps_fini(&before);
	maps_fini(&after);
}

static const struct example examples[] = {
	{ .what = "nothing changed", .before = "1000-2000 rw-p", .after = "1000-2000 rw-p", .want = "" },
	{ .what = "a mapping from nothing", .before = "", .after = "1000-2000 rw-p", .want = "added > 1000-2000" },
	{ .what = "all is gone", .before = "1000-2000 rw-p", .after = "", .want = "removed 1000-2000" },
	{ .what = "a named mapping apart from others",
	  .before = "1000-2000 rw-p",
	  .after = "1000-2000 rw-p, 5000-6000 rw-p",
	  .new_regions = "a 1 5000-6000",
	  .want = "added > 5000-6000 a" },
	{ .what = "a named mapping that merges into its neighbour",
	  .before = "3000-4000 rw-p",
	  .after = "1000-4000 rw-p",
	  .old_regions = "a 1 3000-4000",
	  .new_regions = "a 1 3000-4000, b 2 1000-3000",
	  .want = "added > 1000-3000 b; merged 3000-4000 > 1000-4000/2 b a" },
	{ .what = "a named mapping that fills a gap",
	  .before = "1000-2000 rw-p, 3000-4000 rw-p",
	  .after = "1000-4000 rw-p",
	  .old_regions = "a 1 1000-2000, b 2 3000-4000",
	  .new_regions = "a 1 1000-2000, b 2 3000-4000, c 3 2000-3000",
	  .want = "added > 2000-3000 c; merged 1000-4000/3 c a b" },
	{ .what = "an unnamed extension is growth",
	  .before = "1000-2000 rw-p",
	  .after = "1000-3000 rw-p",
	  .want = "grown 1000-2000 > 1000-3000" },
	{ .what = "growth at both ends is told once",
	  .before = "2000-3000 rw-p",
	  .after = "1000-4000 rw-p",
	  .want = "grown 2000-3000 > 1000-4000" },
	{ .what = "growth that meets a neighbour",
	  .before = "1000-2000 rw-p, 3000-4000 rw-p",
	  .after = "1000-4000 rw-p",
	  .want = "grown 1000-2000 > 1000-3000; merged 1000-4000/2" },
	{ .what = "growth of a file's mapping",
	  .before = "1000-2000 r--p 5000 f",
	  .after = "1000-3000 r--p 5000 f",
	  .want = "grown 1000-2000 > 1000-3000" },
	{ .what = "what was protected too did not grow",
	  .before = "1000-2000 rw-p",
	  .after = "1000-3000 r--p",
	  .want = "protected 1000-2000; added > 2000-3000; merged 1000-2000 > 1000-3000/2" },
	{ .what = "a region that grew in place",
	  .before = "1000-3000 rw-p",
	  .after = "1000-5000 rw-p",
	  .old_regions = "a 1 2000-3000",
	  .new_regions = "a 1 2000-5000",
	  .want = "grown 2000-3000 > 2000-5000 a" },
	{ .what = "a region that shrank in place",
	  .before = "1000-5000 rw-p",
	  .after = "1000-3000 rw-p",
	  .old_regions = "a 1 2000-5000",
	  .new_regions = "a 1 2000-3000",
	  .want = "shrunk 2000-5000 > 2000-3000 a" },
	{ .what = "an edge is cut",
	  .before = "1000-4000 rw-p",
	  .after = "1000-3000 rw-p",
	  .want = "shrunk 1000-4000 > 1000-3000" },
	{ .what = "both edges are cut",
	  .before = "1000-4000 rw-p",
	  .after = "2000-3000 rw-p",
	  .want = "shrunk 1000-4000 > 2000-3000" },
	{ .what = "the middle is cut",
	  .before = "1000-4000 rw-p",
	  .after = "1000-2000 rw-p, 3000-4000 rw-p",
	  .old_regions = "a 1 1000-4000",
	  .new_regions = "a 1 1000-2000, a 1 3000-4000",
	  .want = "removed 2000-3000 a; split 1000-4000/2 a" },
	{ .what = "the rest of a region above its hole",
	  .before = "1000-2000 rw-p, 3000-4000 rw-p",
	  .after = "1000-2000 rw-p",
	  .old_regions = "a 1 1000-2000, a 1 3000-4000",
	  .new_regions = "a 1 1000-2000",
	  .want = "removed 3000-4000 a" },
	{ .what = "a new region over a mapping and the gaps beside it",
	  .before = "3000-5000 rw-p, 9000-a000 r--s",
	  .after = "1000-8000 r--s, 9000-a000 r--s",
	  .old_regions = "b 1 3000-5000, c 2 9000-a000",
	  .new_regions = "d 3 1000-8000, c 2 9000-a000",
	  .want = "added > 1000-8000 d; replaced 3000-5000 d b" },
	{ .what = "a new region over nameless memory of the same kind protects nothing",
	  .before = "3000-5000 rw-p",
	  .after = "1000-8000 r--p",
	  .new_regions = "d 3 1000-8000",
	  .want = "added > 1000-8000 d; replaced 3000-5000 d" },
	{ .what = "a nameless new range over a mapping and the gaps beside it",
	  .before = "3000-5000 rw-p",
	  .after = "1000-8000 rw-p",
	  .hint = { 0, 0, 0x1000, 0x7000, true },
	  .want = "added > 1000-8000; replaced 3000-5000" },
	{ .what = "a nameless new range beside a neighbour merges, and does not make it grow",
	  .before = "1000-2000 rw-p",
	  .after = "1000-3000 rw-p",
	  .hint = { 0, 0, 0x2000, 0x1000, true },
	  .want = "added > 2000-3000; merged 1000-2000 > 1000-3000/2" },
	{ .what = "a boundary between two mappings that moved is no split and no merge",
	  .before = "1000-2000 rw-p, 2000-7000 r--p",
	  .after = "1000-3000 rw-p, 3000-7000 r--p",
	  .old_regions = "a 1 1000-7000",
	  .new_regions = "a 1 1000-7000",
	  .want = "protected 2000-3000 a" },
	{ .what = "the first pages move, and what is left is one mapping",
	  .before = "1000-7000 rw-p",
	  .after = "3000-7000 rw-p, 9000-d000 rw-p",
	  .old_regions = "a 1 1000-7000",
	  .new_regions = "a 1 3000-7000, d 2 9000-d000",
	  .hint = { 0x1000, 0x2000, 0x9000, 0x4000, false },
	  .want = "moved 1000-3000 > 9000-d000 d a" },
	{ .what = "two regions of one line shrink to the size of the first",
	  .before = "1000-6000 rw-p",
	  .after = "1000-2000 rw-p",
	  .old_regions = "e 1 1000-2000, c 2 2000-6000",
	  .new_regions = "f 1 1000-2000",
	  .hint = { 0x1000, 0x5000, 0x1000, 0x1000, false },
	  .want = "removed 2000-6000 c" },
	{ .what = "two regions of one line are told apart",
	  .before = "1000-3000 rw-p",
	  .after = "",
	  .old_regions = "a 1 1000-2000, b 2 2000-3000",
	  .want = "removed 1000-2000 a; removed 2000-3000 b" },
	{ .what = "the whole mapping is protected",
	  .before = "1000-4000 rw-p",
	  .after = "1000-4000 r--p",
	  .want = "protected 1000-4000" },
	{ .what = "a page is protected",
	  .before = "1000-4000 rw-p",
	  .after = "1000-2000 rw-p, 2000-3000 r--p, 3000-4000 rw-p",
	  .old_regions = "a 1 1000-4000",
	  .new_regions = "a 1 1000-4000",
	  .want = "protected 2000-3000 a; split 1000-4000/3 a" },
	{ .what = "and unprotected",
	  .before = "1000-2000 rw-p, 2000-3000 r--p, 3000-4000 rw-p",
	  .after = "1000-4000 rw-p",
	  .old_regions = "a 1 1000-4000",
	  .new_regions = "a 1 1000-4000",
	  .want = "protected 2000-3000 a; merged 1000-4000/3 a" },
	{ .what = "shared is something else than private",
	  .before = "1000-2000 rw-p",
	  .after = "1000-2000 rw-s 0 f",
	  .want = "replaced 1000-2000" },
	{ .what = "another offset is something else",
	  .before = "1000-2000 r--p 0 f",
	  .after = "1000-2000 r--p 1000 f",
	  .want = "replaced 1000-2000" },
	{ .what = "the vdso is no anonymous memory",
	  .before = "1000-2000 r-xp 0 [vdso]",
	  .after = "1000-2000 r-xp",
	  .want = "replaced 1000-2000" },
	{ .what = "a label is no change of memory",
	  .before = "1000-2000 rw-p",
	  .after = "1000-2000 rw-p 0 [anon:x]",
	  .want = "" },
	{ .what = "a new region over an old one, where the maps tell nothing",
	  .before = "1000-4000 rw-p",
	  .after = "1000-4000 rw-p",
	  .old_regions = "a 1 1000-4000",
	  .new_regions = "a 1 1000-3000, b 2 3000-4000",
	  .want = "replaced 3000-4000 b a; merged 1000-4000/2 b a" },
	{ .what = "a file over the middle",
	  .before = "1000-4000 rw-p",
	  .after = "1000-2000 rw-p, 2000-3000 r--p 0 f, 3000-4000 rw-p",
	  .old_regions = "a 1 1000-4000",
	  .new_regions = "a 1 1000-2000, b 2 2000-3000",
	  .want = "replaced 2000-3000 b a; split 1000-4000/2 b a" },
	{ .what = "without a hint a move is two changes",
	  .before = "1000-2000 rw-p",
	  .after = "5000-6000 rw-p",
	  .want = "removed 1000-2000; added > 5000-6000" },
	{ .what = "a move",
	  .before = "1000-2000 rw-p",
	  .after = "5000-9000 rw-p",
	  .old_regions = "a 1 1000-2000",
	  .new_regions = "a 1 5000-9000",
	  .hint = { 0x1000, 0x1000, 0x5000, 0x4000, false },
	  .want = "moved 1000-2000 > 5000-9000 a" },
	{ .what = "a move of two mappings onto one leaves what is where the hole between them goes",
	  .before = "1000-2000 rw-p, 4000-5000 r--p, 9000-e000 rw-s 0 f",
	  .after = "9000-a000 rw-p, a000-c000 rw-s 1000 f, c000-d000 r--p, d000-e000 rw-s 4000 f",
	  .old_regions = "a 1 1000-2000, d 2 9000-e000",
	  .new_regions = "x 3 9000-a000, d 2 a000-c000, x 3 c000-d000, d 2 d000-e000",
	  .hint = { 0x1000, 0x4000, 0x9000, 0x4000, false },
	  .want = "moved 1000-5000 > 9000-d000 x a; replaced 9000-a000 x a d; replaced c000-d000 x a d; split 9000-e000 > a000-e000/2 x d" },
	{ .what = "also where maps shows one mapping afterwards",
	  .before = "1000-2000 rw-p, 3000-4000 rw-p, 9000-c000 rw-p",
	  .after = "9000-c000 rw-p",
	  .old_regions = "a 1 1000-2000, d 2 9000-c000",
	  .new_regions = "x 3 9000-a000, d 2 a000-b000, x 3 b000-c000",
	  .hint = { 0x1000, 0x3000, 0x9000, 0x3000, false },
	  .want = "moved 1000-4000 > 9000-c000 x a; replaced 9000-a000 x a d; replaced b000-c000 x a d; merged 9000-c000/3 x d" },
	{ .what = "and where the hole goes to nothing",
	  .before = "1000-2000 rw-p, 3000-4000 rw-p",
	  .after = "9000-a000 rw-p, b000-c000 rw-p",
	  .hint = { 0x1000, 0x3000, 0x9000, 0x3000, false },
	  .want = "moved 1000-4000 > 9000-c000" },
	{ .what = "a move beside a neighbour",
	  .before = "1000-2000 rw-p, 4000-5000 rw-p",
	  .after = "4000-6000 rw-p",
	  .old_regions = "a 1 1000-2000, b 2 4000-5000",
	  .new_regions = "b 2 4000-5000, a 1 5000-6000",
	  .hint = { 0x1000, 0x1000, 0x5000, 0x1000, false },
	  .want = "moved 1000-2000 > 5000-6000 a; merged 4000-5000 > 4000-6000/2 a b" },
	{ .what = "a move onto a reservation",
	  .before = "1000-2000 rw-p, 5000-7000 ---p",
	  .after = "5000-6000 rw-p, 6000-7000 ---p",
	  .old_regions = "a 1 1000-2000, d 2 5000-7000",
	  .new_regions = "a 1 5000-6000, d 2 6000-7000",
	  .hint = { 0x1000, 0x1000, 0x5000, 0x1000, false },
	  .want = "moved 1000-2000 > 5000-6000 a; replaced 5000-6000 a d" },
	{ .what = "a move of the middle page",
	  .before = "1000-4000 rw-p",
	  .after = "1000-2000 rw-p, 3000-4000 rw-p, 8000-9000 rw-p",
	  .old_regions = "a 1 1000-4000",
	  .new_regions = "a 1 1000-2000, b 2 8000-9000",
	  .hint = { 0x2000, 0x1000, 0x8000, 0x1000, false },
	  .want = "moved 2000-3000 > 8000-9000 b a; split 1000-4000/2 a" },
	{ .what = "a move that leaves the old range mapped",
	  .before = "1000-2000 rw-p",
	  .after = "1000-2000 rw-p, 5000-6000 rw-p",
	  .old_regions = "a 1 1000-2000",
	  .new_regions = "a 1 1000-2000, b 2 5000-6000",
	  .hint = { 0x1000, 0x1000, 0x5000, 0x1000, true },
	  .want = "moved 1000-2000 > 5000-6000 b a" },
	{ .what = "an alias",
	  .before = "1000-2000 rw-s 0 f",
	  .after = "1000-2000 rw-s 0 f, 2000-3000 rw-s 0 f",
	  .old_regions = "a 1 1000-2000",
	  .new_regions = "a 1 1000-2000, b 2 2000-3000",
	  .hint = { 0x1000, 0, 0x2000, 0x1000, true },
	  .want = "added > 2000-3000 b" },
	{ .what = "a move that the maps do not show",
	  .before = "1000-2000 rw-p, 5000-6000 rw-p",
	  .after = "1000-2000 rw-p, 5000-6000 rw-p",
	  .hint = { 0x1000, 0x1000, 0x5000, 0x1000, true },
	  .want = "moved 1000-2000 > 5000-6000; replaced 5000-6000" },
	{ .what = "unnamed growth in place, of a part",
	  .before = "1000-3000 rw-p",
	  .after = "1000-4000 rw-p",
	  .hint = { 0x2000, 0x1000, 0x2000, 0x2000, false },
	  .want = "grown 2000-3000 > 2000-4000" },
	{ .what = "unnamed shrinking in place, of the middle",
	  .before = "1000-4000 rw-p",
	  .after = "1000-2000 rw-p, 3000-4000 rw-p",
	  .hint = { 0x1000, 0x2000, 0x1000, 0x1000, false },
	  .want = "shrunk 1000-3000 > 1000-2000; split 1000-4000/2" },
	{ .what = "a part that grew in place under its own name",
	  .before = "1000-3000 rw-p",
	  .after = "1000-4000 rw-p",
	  .old_regions = "a 1 1000-3000",
	  .new_regions = "a 1 1000-2000, b 2 2000-4000",
	  .hint = { 0x2000, 0x1000, 0x2000, 0x2000, false },
	  .want = "grown 2000-3000 > 2000-4000 b a" },
	{ .what = "an alias beside a neighbour is no growth",
	  .before = "1000-2000 rw-s 0 f, 5000-6000 rw-s 1000 f",
	  .after = "1000-3000 rw-s 0 f, 5000-6000 rw-s 1000 f",
	  .hint = { 0x5000, 0, 0x2000, 0x1000, true },
	  .want = "added > 2000-3000; merged 1000-2000 > 1000-3000/2" },
	{ .what = "a new region over the middle of an old one, where the maps tell nothing",
	  .before = "1000-4000 rw-p",
	  .after = "1000-4000 rw-p",
	  .old_regions = "a 1 1000-4000",
	  .new_regions = "a 1 1000-2000, b 2 2000-3000",
	  .want = "replaced 2000-3000 b a; merged 1000-4000/3 b a" },
	{ .what = "a region with a gap did not grow in place",
	  .before = "2000-3000 rw-p",
	  .after = "2000-3000 rw-p, 4000-5000 rw-p",
	  .old_regions = "a 1 2000-3000",
	  .new_regions = "a 1 2000-5000",
	  .want = "added > 4000-5000 a" },
	{ .what = "lines merged, and nothing else",
	  .before = "1000-2000 rw-p, 2000-3000 rw-p",
	  .after = "1000-3000 rw-p",
	  .want = "merged 1000-3000/2" },
	{ .what = "a line split, and nothing else",
	  .before = "1000-3000 rw-p",
	  .after = "1000-2000 rw-p, 2000-3000 rw-p",
	  .want = "split 1000-3000/2" },
	{ .what = "two new regions on one line",
	  .before = "",
	  .after = "1000-3000 rw-p",
	  .new_regions = "a 1 1000-2000, b 2 2000-3000",
	  .want = "added > 1000-2000 a; added > 2000-3000 b; merged > 1000-3000/2 a b" },
};

/* The raw lines: '-' before '+' at one address, and only those that differ. */
static void test_lines(void)
{
	struct maps before = { 0 }, after = { 0 };
	struct delta delta = { 0 };
	struct buf text = { 0 };

	read_layout(&before, "1000-2000 rw-p, 2000-4000 r--p, 6000-7000 rw-p, 8000-9000 rw-p");
	read_layout(&after, "1000-2000 rw-p, 2000-3000 r--p, 5000-7000 rw-p, 8000-9000 rw-p");
	delta_compute(&delta, &before, &after, NULL, NULL, NULL);
	for (size_t i = 0; i < delta.line_count; i++)
		buf_printf(&text, "%c%.17s\n", delta.lines[i].sign, delta.lines[i].mapping->line);
	is(buf_text(&text), "-00002000-00004000\n+00002000-00003000\n+00005000-00007000\n-00006000-00007000\n",
	   "raw lines");
	ok(delta.lines[0].mapping == &before.list[1] && delta.lines[1].mapping == &after.list[1], "they are borrowed");
	delta_compute(&delta, &before, &before, NULL, NULL, NULL);
	ok(delta.line_count == 0 && delta.change_count == 0, "a delta can be computed again, and is empty then");
	buf_fini(&text);
	delta_fini(&delta);
	maps_fini(&before);
	maps_fini(&after);
}

int main(void)
{
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
		try_example(&examples[i]);
	test_lines();
	ok(strcmp(change_kind_name(CHANGE_FLAGGED), "flagged") == 0, "every kind has a name");
	return done();
}
