/* SPDX-License-Identifier: MIT */
/* Named regions: what is added, cut and found. */
#include "mm/region.h"

#include "tap.h"

#include "base/buf.h"

#include <inttypes.h>

static struct regions regions;
static struct buf text;

/* "a1:1000+1000 b2:…" */
static const char *told(const struct regions *list)
{
	buf_reset(&text);
	for (size_t i = 0; i < list->count; i++) {
		const struct region *r = &list->list[i];

		buf_printf(&text, "%s%s%u:%" PRIx64 "+%" PRIx64, i > 0 ? " " : "", r->name, r->id, r->start, r->size);
	}
	return buf_text(&text);
}

static void test_add(void)
{
	regions_add(&regions, "b", 2, 0x5000, 0x3000);
	regions_add(&regions, "a", 1, 0x1000, 0x1000);
	is(told(&regions), "a1:1000+1000 b2:5000+3000", "regions are kept by address");
	regions_add(&regions, "c", 3, 0x6000, 0x1000);
	is(told(&regions), "a1:1000+1000 b2:5000+1000 c3:6000+1000 b2:7000+1000",
	   "a new one over the middle leaves two pieces");
	regions_add(&regions, "d", 4, 0x5800, 0x1000);
	is(told(&regions), "a1:1000+1000 b2:5000+800 d4:5800+1000 c3:6800+800 b2:7000+1000", "and one over two leaves both edges");
	regions_add(&regions, "e", 5, 0x5000, 0x3000);
	is(told(&regions), "a1:1000+1000 e5:5000+3000", "and one over all nothing");
	regions_add(&regions, "f", 6, 0x9000, 0);
	is(told(&regions), "a1:1000+1000 e5:5000+3000", "an empty range is no region");
}

static void test_find(void)
{
	ok(regions_find(&regions, 0xfff) == NULL && regions_find(&regions, 0x2000) == NULL, "nothing outside");
	ok(regions_find(&regions, 0x1000) == &regions.list[0] && regions_find(&regions, 0x1fff) == &regions.list[0],
	   "first and last bytes");
	ok(regions_by_id(&regions, 5) == &regions.list[1] && regions_by_id(&regions, 2) == NULL, "by identity");
}

static void test_cut(void)
{
	struct regions copy = { 0 };

	regions_copy(&copy, &regions);
	is(told(&copy), "a1:1000+1000 e5:5000+3000", "a copy");
	regions_cut(&copy, 0x5800, 0x100);
	is(told(&copy), "a1:1000+1000 e5:5000+800 e5:5900+2700", "cut in the middle, it is two pieces");
	ok(copy.list[1].cut == 0 && copy.list[2].cut == 0x900, "the upper of which is told from the same start");
	struct region whole = regions_whole(&copy, &copy.list[2]);

	ok(whole.start == 0x5000 && whole.size == 0x3000 && whole.cut == 0, "and which are one region");
	regions_cut(&copy, 0x5900, 0x2700);
	is(told(&copy), "a1:1000+1000 e5:5000+800", "each of which can be cut away");
	regions_cut(&copy, 0x1000, 0x400);
	is(told(&copy), "a1:1400+c00 e5:5000+800", "cut at the beginning, it begins later");
	ok(copy.list[0].cut == 0x400 && copy.list[1].cut == 0, "and knows how much it lost in front");
	regions_cut(&copy, 0x1800, UINT64_MAX);
	is(told(&copy), "a1:1400+400", "a range that would wrap ends at the top");
	regions_cut(&copy, 0x1400, 0);
	is(told(&copy), "a1:1400+400", "an empty cut takes nothing");
	regions_add(&copy, "z", 9, UINT64_MAX - 0xfff, 0x2000);
	ok(regions_find(&copy, UINT64_MAX - 1) != NULL, "a region at the top ends there");
	is(told(&regions), "a1:1000+1000 e5:5000+3000", "the original is untouched");
	regions_cut(&copy, 0, UINT64_MAX);
	ok(copy.count == 0, "all can be cut");
	regions_copy(&regions, &copy);
	ok(regions.count == 0, "a copy of nothing is nothing");
	regions_fini(&copy);
}

int main(void)
{
	test_add();
	test_find();
	test_cut();
	regions_fini(&regions);
	buf_fini(&text);
	return done();
}
