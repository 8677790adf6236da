/* SPDX-License-Identifier: MIT */
/* Pages: what entries of pagemap mean, what is kept of them, and what became of them. */
#include "mm/pages.h"

#include "tap.h"

#include "base/buf.h"

#include <inttypes.h>

#define PRESENT (UINT64_C(1) << 63)
#define SWAPPED (UINT64_C(1) << 62)
#define FILE_OR_SHARED (UINT64_C(1) << 61)
#define GUARD (UINT64_C(1) << 58)
#define EXCLUSIVE (UINT64_C(1) << 56)
#define SOFT_DIRTY (UINT64_C(1) << 55)

enum { SIZE = 0x1000 };

static struct buf text;
static struct pages before, after;
static struct pages_change change;

/* "anonymous huge shared 12". */
static const char *told(uint64_t page)
{
	static const char *const words[] = { " huge", " locked", " shared" };

	buf_reset(&text);
	buf_puts(&text, page_kind_word(page_kind(page)));
	for (unsigned i = 0; i < 3; i++)
		buf_puts(&text, page_flags(page) >> i & 1 ? words[i] : "");
	if (page_pfn(page) != 0)
		buf_printf(&text, " %" PRIx64, page_pfn(page));
	return buf_text(&text);
}

static const char *decoded(uint64_t entry, bool zero, bool huge)
{
	return told(page_decode(entry, (struct page_told){ zero, huge }));
}

static void test_decode(void)
{
	is(decoded(0, false, false), "absent", "an entry of zero is absent");
	is(decoded(SOFT_DIRTY, false, false), "absent", "and so is one that is only soft-dirty");
	is(decoded(PRESENT | EXCLUSIVE | SOFT_DIRTY | 0x1234, false, false), "anonymous 1234", "a page of one's own");
	is(decoded(PRESENT | 0x1234, false, false), "anonymous shared 1234", "one that another process has, too");
	is(decoded(PRESENT | EXCLUSIVE, false, false), "anonymous", "one whose frame is hidden is there nevertheless");
	is(decoded(PRESENT | ((UINT64_C(1) << 55) - 1) | EXCLUSIVE, false, false), "anonymous 7fffffffffffff",
	   "a frame number has 55 bits");
	is(decoded(PRESENT | FILE_OR_SHARED | 5, false, false), "file 5", "a page of a file");
	is(decoded(PRESENT | FILE_OR_SHARED | 5, false, true), "file huge 5", "a huge one");
	is(decoded(PRESENT | 7, true, false), "zero 7", "the zero page");
	is(decoded(PRESENT | FILE_OR_SHARED | 7, true, true), "zero huge 7", "the huge zero page, which has the bit of a file");
	is(decoded(SWAPPED | 0x223, false, false), "swapped", "a swapped page has a place in swap and no frame");
	is(decoded(SWAPPED | FILE_OR_SHARED | 0x223, false, false), "swapped", "one of shared memory likewise");
	is(decoded(SWAPPED | GUARD | 0x9f, false, false), "guard", "a guard is a swap entry with one more bit");
	is(decoded(GUARD, false, false), "guard", "or that bit alone");
}

static void test_told(void)
{
	struct page_told scan = page_told_by_scan(1 << 3 | 1 << 5), flags = page_told_by_flags(UINT64_C(1) << 24);

	ok(scan.zero && !scan.huge && flags.zero && !flags.huge, "the zero page by PAGEMAP_SCAN and by kpageflags");
	scan = page_told_by_scan(1 << 6);
	flags = page_told_by_flags(1 << 22);
	ok(!scan.zero && scan.huge && !flags.zero && flags.huge, "a huge page by both");
	ok(page_told_by_flags(1 << 17).huge, "and one of hugetlbfs");
}

static void test_kept(void)
{
	uint64_t span;

	pages_reset(&before, SIZE);
	pages_at(&before, 5, &span);
	ok(span == UINT64_MAX, "where nothing was added all is absent");
	pages_add(&before, 10, page_decode(PRESENT | EXCLUSIVE | 1, (struct page_told){ 0 }));
	pages_add(&before, 11, page_decode(PRESENT | EXCLUSIVE | 2, (struct page_told){ 0 }));
	pages_add(&before, 12, 0);
	pages_add(&before, 20, page_decode(SWAPPED, (struct page_told){ 0 }));
	pages_add_unseen(&before, 21, 9);
	is(told(pages_at(&before, 9, &span)), "absent", "a page below all");
	ok(span == 1, "up to the first");
	is(told(pages_at(&before, 11, &span)), "anonymous 2", "the second of an extent");
	ok(span == 1, "each for itself");
	is(told(pages_at(&before, 12, &span)), "absent", "a gap");
	ok(span == 8, "as long as it is");
	is(told(pages_at(&before, 22, &span)), "unseen", "what was not looked at");
	ok(span == 8, "as long as that is");
	is(told(pages_at(&before, 30, &span)), "absent", "and behind it");
	pages_lock(&before, 11 * SIZE, 40 * SIZE);
	is(told(pages_at(&before, 10, &span)), "anonymous 1", "what lies below a locked range is not locked");
	is(told(pages_at(&before, 11, &span)), "anonymous locked 2", "what lies in it is");
	is(told(pages_at(&before, 20, &span)), "swapped", "unless it is not present");
}

/* Pages from first on, count of them, in frames from frame on, of which kpageflags says that they are of a huge page. */
static void add_huge(uint64_t first, uint64_t count, uint64_t frame, bool zero)
{
	for (uint64_t i = 0; i < count; i++)
		pages_add(&before, first + i, page_decode(PRESENT | EXCLUSIVE | (frame + i), (struct page_told){ zero, true }));
}

static unsigned count_huge(uint64_t first, uint64_t end)
{
	unsigned count = 0;
	uint64_t span;

	for (uint64_t i = first; i < end; i++)
		count += (page_flags(pages_at(&before, i, &span)) & PAGE_HUGE) != 0;
	return count;
}

static void test_settled(void)
{
	enum { EACH = 8, HUGE = EACH * SIZE };

	pages_reset(&before, SIZE);
	add_huge(8, 8, 64, false);    /* whole */
	add_huge(16, 4, 32, false);   /* a part */
	add_huge(24, 8, 132, false);  /* in frames that begin within a huge page */
	add_huge(34, 8, 160, false);  /* at an address within one */
	add_huge(48, 8, 1, true);     /* zeros */
	pages_settle_huge(&before, 0, 64 * SIZE, HUGE, HUGE);
	ok(count_huge(8, 16) == 8 && count_huge(0, 48) == 8, "what one entry can map is huge, and nothing else");
	ok(count_huge(48, 64) == 8, "smaps does not count pages of zeros");
	ok(before.hidden == 0, "all is known");
	pages_settle_huge(&before, 16 * SIZE, 64 * SIZE, 0, HUGE);
	ok(count_huge(0, 16) == 8, "another mapping's pages stay as they are");
	pages_settle_huge(&before, 0, 64 * SIZE, 0, HUGE);
	ok(count_huge(0, 48) == 0 && before.hidden == 0, "where no such entry is, small ones map it");

	pages_reset(&before, SIZE);
	add_huge(8, 8, 64, false);
	add_huge(16, 8, 72, false);
	pages_settle_huge(&before, 0, 64 * SIZE, 2 * HUGE, HUGE);
	ok(count_huge(0, 64) == 16 && before.hidden == 0, "two of two");
	pages_settle_huge(&before, 0, 64 * SIZE, HUGE, HUGE);
	ok(count_huge(0, 64) == 0 && before.hidden == HIDDEN_HUGE, "one of two: which, is not known");

	pages_reset(&before, SIZE);
	add_huge(8, 8, 64, false);
	pages_settle_huge(&before, 0, 64 * SIZE, HUGE, 0);
	ok(count_huge(0, 64) == 0 && before.hidden == HIDDEN_HUGE, "nor where it is not known how large they are");
}

/* "+0 2 anonymous<absent, …" of the region that was told first; then the number of regions. */
static const char *runs(void)
{
	buf_reset(&text);
	for (size_t i = 0; change.region_count > 0 && i < change.regions[0].run_count; i++) {
		const struct page_run *run = &change.regions[0].runs[i];

		buf_printf(&text, "%s+%" PRIx64 " %" PRIu64 " %s", i > 0 ? ", " : "", run->offset, run->count,
		           page_kind_word(run->kind));
		if (run->compared)
			buf_printf(&text, "<%s", page_kind_word(run->was));
		if (run->frame != FRAME_NONE)
			buf_printf(&text, " %s", page_frame_word(run->frame));
	}
	buf_printf(&text, " (%zu)", change.region_count);
	return buf_text(&text);
}

static void add(struct pages *pages, uint64_t number, uint64_t frame)
{
	pages_add(pages, number, page_decode(PRESENT | EXCLUSIVE | frame, (struct page_told){ .zero = frame == 99 }));
}

static void begin(void)
{
	pages_reset(&before, SIZE);
	pages_reset(&after, SIZE);
}

static void region(struct pages *pages, const char *name, unsigned id, uint64_t number, uint64_t count)
{
	regions_add(&pages->regions, name, id, number * SIZE, count * SIZE);
}

static const char *compared(const struct delta_hint *hint)
{
	pages_compare(&change, &before, &after, hint, NULL, 0);
	return runs();
}

static void test_compare(void)
{
	begin();
	region(&after, "a", 1, 16, 4);
	is(compared(NULL), "+0 4 absent (1)", "a new region has no before");
	begin();
	region(&before, "a", 1, 16, 4);
	region(&after, "a", 1, 16, 4);
	is(compared(NULL), " (0)", "what did not change is not told");
	const uint64_t inside = 17 * SIZE, outside = 20 * SIZE;

	pages_compare(&change, &before, &after, NULL, &outside, 1);
	is(runs(), " (0)", "also when an address behind it was named");
	pages_compare(&change, &before, &after, NULL, &inside, 1);
	is(runs(), "+0 4 absent<absent (1)", "but when one in it was");
	add(&before, 16, 1);
	add(&before, 17, 2);
	add(&before, 18, 99);
	add(&after, 16, 1);
	add(&after, 17, 3);
	add(&after, 18, 4);
	add(&after, 19, 5);
	is(compared(NULL),
	   "+0 1 anonymous<anonymous same, +1000 1 anonymous<anonymous other, +2000 1 anonymous<zero other, "
	   "+3000 1 anonymous<absent (1)",
	   "frames are compared one by one");
}

static void test_hidden(void)
{
	begin();
	region(&before, "a", 1, 16, 2);
	region(&after, "a", 1, 16, 2);
	add(&before, 16, 0);
	add(&after, 16, 0);
	pages_add(&before, 17, page_decode(PRESENT, (struct page_told){ .zero = true }));
	add(&after, 17, 0);
	after.hidden = HIDDEN_FRAMES | HIDDEN_REST;
	is(compared(NULL), "+0 1 anonymous<anonymous hidden, +1000 1 anonymous<zero other (1)",
	   "hidden frames are known to differ only where the kind of page does");
	is(change.hidden, "frames rest", "and what is hidden is named");
}

static void test_moves(void)
{
	begin();
	region(&before, "a", 1, 16, 4);
	add(&before, 16, 1);
	add(&before, 17, 2);
	region(&after, "a", 1, 64, 6);
	add(&after, 64, 1);
	add(&after, 65, 2);
	is(compared(NULL), "+0 2 anonymous<anonymous same, +2000 2 absent<absent, +4000 2 absent (1)",
	   "a region that moved and grew is compared by its places");

	/* mremap(a + 1p, 1p, 1p): b is what was a's second page. */
	const struct delta_hint hint = { 17 * SIZE, SIZE, 64 * SIZE, SIZE, false };

	begin();
	region(&before, "a", 1, 16, 2);
	add(&before, 16, 1);
	add(&before, 17, 2);
	region(&after, "b", 2, 64, 1);
	add(&after, 64, 2);
	is(compared(&hint), "+0 1 anonymous<anonymous same (1)", "a part that got a name of its own by where it was");

	/* mremap(a, 3p, 3p, MREMAP_FIXED, d) with a hole in a: there d is as it was. */
	const struct delta_hint holes = { 16 * SIZE, 3 * SIZE, 64 * SIZE, 3 * SIZE, false };

	begin();
	region(&before, "a", 1, 16, 1);
	region(&before, "d", 2, 64, 3);
	add(&before, 16, 1);
	add(&before, 65, 2);
	region(&after, "d", 2, 65, 1);
	add(&after, 65, 2);
	after.regions.list[0].cut = SIZE;
	is(compared(&holes), "+1000 1 anonymous<anonymous same (1)", "what is where the hole went stayed");

	/* The same with MREMAP_DONTUNMAP. */
	begin();
	region(&before, "a", 1, 16, 2);
	add(&before, 16, 1);
	add(&before, 17, 2);
	region(&after, "a", 1, 16, 2);
	region(&after, "b", 2, 64, 1);
	add(&after, 16, 1);
	add(&after, 64, 2);
	is(compared(&hint), "+0 1 anonymous<anonymous same, +1000 1 absent<anonymous (2)", "what stays has lost its page");
}

static void test_pieces(void)
{
	begin();
	region(&before, "a", 1, 16, 6);
	region(&after, "a", 1, 16, 6);
	regions_cut(&after.regions, 18 * SIZE, SIZE);
	add(&before, 21, 7);
	add(&after, 21, 7);
	compared(NULL);
	ok(change.region_count == 2 && change.regions[0].changed && change.regions[1].changed,
	   "a region with a hole is two, and both are new in their extent");
	ok(change.regions[1].run_count == 2 && change.regions[1].runs[1].offset == 5 * SIZE &&
	           change.regions[1].runs[1].frame == FRAME_SAME,
	   "whose pages are where they were in the whole");

	begin();
	region(&before, "wide", 1, 16, UINT64_C(1) << 40);
	region(&after, "wide", 1, 16, UINT64_C(1) << 40);
	add(&after, UINT64_C(1) << 39, 3);
	compared(NULL);
	ok(change.region_count == 1 && change.regions[0].run_count == 3, "2^40 pages are three runs, and quick");
}

int main(void)
{
	test_decode();
	test_told();
	test_kept();
	test_settled();
	test_compare();
	test_hidden();
	test_moves();
	test_pieces();
	buf_fini(&text);
	pages_fini(&before);
	pages_fini(&after);
	pages_change_fini(&change);
	return done();
}
