/* SPDX-License-Identifier: MIT */
/* --pages: reads the pages of a process's named regions around each statement. */
#include "run/machine.h"

#include "base/file.h"
#include "base/size.h"
#include "mm/smaps.h"
#include "run/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	SCAN_RANGES = 256,     /* ranges that one PAGEMAP_SCAN answers with */
	BATCH = 512,           /* entries of one read */
	MOST_PAGES = 1 << 20,  /* pages of one process that are looked at: what has no page costs nothing where there is PAGEMAP_SCAN */
	ADDRESSES = EVENT_ARGS + 1,
};

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102 /* Linux 6.13 */
#endif

/* How this kernel can be asked; the last one that it refused is not asked again. */
static enum { SCAN_GUARDS, SCAN_PLAIN, SCAN_NOT } scanning;

/* Reading one process. */
struct reading {
	struct machine *m;
	int pagemap, flags; /* flags: /proc/kpageflags, -1: not open */
	struct pages *pages;
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static ssize_t read_entries(int fd, uint64_t index, uint64_t *entries, size_t count)
{
	ssize_t got = file_read_at(fd, entries, count * sizeof(*entries), (off_t)(index * sizeof(*entries)));

	return got < 0 ? got : got / (ssize_t)sizeof(*entries);
}

/* What /proc/kpageflags tells of a present page. */
static struct page_told look_up(const struct reading *reading, uint64_t entry)
{
	uint64_t flags = 0, frame = page_pfn(page_decode(entry, (struct page_told){ 0 }));

	if (reading->flags < 0 || frame == 0 || read_entries(reading->flags, frame, &flags, 1) != 1)
		return (struct page_told){ 0 };
	return page_told_by_flags(flags);
}

static void note_hidden(struct pages *pages, uint64_t page, bool kinds_known)
{
	bool present = page_is_present(page_kind(page));

	if (present && page_pfn(page) == 0)
		pages->hidden |= HIDDEN_FRAMES;
	if (present && !kinds_known)
		pages->hidden |= HIDDEN_KINDS;
	/* Linux has guards since 6.13 and told them from swapped pages since 6.15.  A length of 0 does nothing. */
	if (page_kind(page) == PAGE_SWAPPED && scanning != SCAN_GUARDS && madvise(NULL, 0, MADV_GUARD_INSTALL) == 0)
		pages->hidden |= HIDDEN_GUARDS;
}

static void give_up(struct pages *pages, uint64_t page, uint64_t end, enum pages_hidden why)
{
	pages->hidden |= why;
	pages_add_unseen(pages, page, end - page);
}

/*
 * Reads the entries of pages [page, end).  told: what is known of all of them, or NULL.  Returns the page that it came to:
 * below end when that was not possible, or too many.
 */
static uint64_t read_range(const struct reading *reading, uint64_t page, uint64_t end, const struct page_told *told)
{
	uint64_t entries[BATCH];

	while (page < end && reading->pages->count < MOST_PAGES) {
		uint64_t want = smaller(smaller(end - page, BATCH), MOST_PAGES - reading->pages->count);
		ssize_t got = read_entries(reading->pagemap, page, entries, (size_t)want);

		machine_unread(reading->m, false, "PID/pagemap", (int)got);
		if (got <= 0)
			break;
		for (ssize_t i = 0; i < got; i++, page++) {
			uint64_t decoded = page_decode(entries[i], told != NULL ? *told : look_up(reading, entries[i]));

			pages_add(reading->pages, page, decoded);
			note_hidden(reading->pages, decoded, told != NULL || reading->flags >= 0);
		}
	}
	return page;
}

/* Reads every entry of the region, absent or not: at most as many as may be kept. */
static void read_region(const struct reading *reading, uint64_t page, uint64_t end)
{
	uint64_t stop = smaller(end, page + MOST_PAGES), came = read_range(reading, page, stop, NULL);

	if (came < end)
		give_up(reading->pages, came, end, HIDDEN_REST);
}

/* Asks for ranges that have pages, and moves *start on.  Returns how many, or less than 0: this kernel cannot be asked so. */
static int scan_some(int pagemap, uint64_t *start, uint64_t end, struct scan_range *ranges)
{
	int got = -1;

	while (scanning != SCAN_NOT && got < 0) {
		got = scan_pages(pagemap, start, end, SCAN_PRESENT | SCAN_SWAPPED | (scanning == SCAN_GUARDS ? SCAN_GUARD : 0),
		                 SCAN_ZERO | SCAN_HUGE, ranges, SCAN_RANGES);
		if (got == -EINVAL || got == -ENOTTY)
			scanning++;
		else if (got < 0)
			break;
	}
	return got;
}

/* Reads what of the region has pages.  False: this kernel cannot be asked so. */
static bool scan_region(const struct reading *reading, uint64_t page, uint64_t end)
{
	uint64_t size = reading->pages->page_size, at = page * size;
	struct scan_range ranges[SCAN_RANGES];

	while (at < end * size) {
		uint64_t from = at;
		int got = scan_some(reading->pagemap, &at, end * size, ranges);

		if (got < 0)
			return false;
		for (int i = 0; i < got; i++) {
			struct page_told told = page_told_by_scan(ranges[i].categories);
			uint64_t stop = ranges[i].end / size;
			uint64_t came = read_range(reading, ranges[i].start / size, stop, &told);

			if (came < stop) {
				give_up(reading->pages, came, end, HIDDEN_REST);
				return true;
			}
		}
		if (at <= from)
			break;
	}
	return true;
}

static bool has_locked(struct machine *m)
{
	struct observer *observer = &m->here->observer;
	int64_t locked = 0;
	int error = observer_status(observer, "VmLck", &locked);

	if (error != -ENODATA)
		machine_unread(m, observer->unopened, "PID/status", error);
	return error == 0 && locked != 0;
}

static bool has_huge(const struct pages *pages)
{
	for (size_t i = 0; i < pages->count; i++) {
		if (page_flags(pages->pages[i]) & PAGE_HUGE)
			return true;
	}
	return false;
}

static void settle_huge(struct pages *pages, const struct smaps_record *record, uint64_t size)
{
	const uint64_t *figures = record->figures;
	uint64_t mapped = figures[SMAPS_ANON_HUGE] + figures[SMAPS_SHMEM_PMD] + figures[SMAPS_FILE_PMD];

	/* hugetlbfs has no other pages. */
	if (figures[SMAPS_KERNEL_PAGE_SIZE] <= pages->page_size)
		pages_settle_huge(pages, record->start, record->end, mapped, size);
}

/*
 * Says which pages are in locked mappings, and, where frames alone have told of huge pages, which are mapped as such.  smaps is
 * dear, and a process that has neither needs none.
 */
static void read_mappings(struct machine *m, struct pages *pages, bool by_frames)
{
	const bool huge = by_frames && has_huge(pages);
	struct observer *observer = &m->here->observer;
	struct smaps_record record;
	struct buf text = { 0 };
	uint64_t size = huge ? size_huge_page() : 0;
	size_t at = 0;

	if (pages->count == 0 || (!has_locked(m) && !huge))
		return;
	int error = observer_read_smaps(observer, &text);

	machine_unread(m, observer->unopened, "PID/smaps", error);
	while (error == 0 && smaps_next(buf_text(&text), text.len, &at, &record)) {
		if (smaps_has_flag(&record, "lo"))
			pages_lock(pages, record.start, record.end);
		if (huge)
			settle_huge(pages, &record, size);
	}
	buf_fini(&text);
}

/* Reads the pages of all regions that the script named. */
static void read_pages(struct machine *m, struct pages *pages)
{
	struct actor *actor = m->here;
	struct reading reading = { .m = m, .pagemap = actor->observer.pagemap, .flags = -1, .pages = pages };
	uint64_t size = size_page();

	pages_reset(pages, size);
	regions_copy(&pages->regions, &actor->regions);
	for (size_t i = 0; i < pages->regions.count;) {
		if (pages->regions.list[i].id == REGION_PREDEFINED)
			regions_cut(&pages->regions, pages->regions.list[i].start, pages->regions.list[i].size);
		else
			i++;
	}
	for (size_t i = 0; i < pages->regions.count; i++) {
		const struct region *region = &pages->regions.list[i];
		uint64_t page = region->start / size, end = (region->start + region->size + size - 1) / size;

		if (reading.pagemap < 0) {
			machine_unread(m, true, "PID/pagemap", reading.pagemap);
			give_up(pages, page, end, HIDDEN_ALL);
			continue;
		}
		if (scan_region(&reading, page, end))
			continue;
		if (reading.flags < 0)
			reading.flags = file_open("/proc/kpageflags", O_RDONLY);
		read_region(&reading, page, end);
	}
	if (reading.flags >= 0)
		close(reading.flags);
	read_mappings(m, pages, reading.flags >= 0);
}

static bool wanted(const struct machine *m)
{
	return m->options->pages && !m->folding && !m->broken && !m->here->process.dead;
}

void pages_before(struct machine *m)
{
	struct paging *paging = &m->paging;

	paging->valid = wanted(m);
	paging->moved = false;
	paging->stored = false;
	if (paging->valid)
		read_pages(m, &paging->before);
}

void pages_moved(struct machine *m, const struct delta_hint *hint)
{
	m->paging.moved = true;
	m->paging.hint = *hint;
}

void pages_stored(struct machine *m, uint64_t address)
{
	m->paging.stored = true;
	m->paging.address = address;
}

/* The addresses that a statement names. */
static size_t addresses_of(const struct machine *m, const struct event_step *step, uint64_t *addresses)
{
	size_t count = 0;

	for (unsigned i = 0; step->kind == STEP_CALL && i < step->call.count; i++) {
		if (step->call.args[i].kind.kind == ARG_ADDRESS && step->call.args[i].string == NULL)
			addresses[count++] = step->call.args[i].value;
	}
	if (m->paging.stored)
		addresses[count++] = m->paging.address;
	return count;
}

static void tell(struct machine *m, struct event_step *step, const struct pages *before)
{
	struct paging *paging = &m->paging;
	uint64_t addresses[ADDRESSES];
	size_t count = addresses_of(m, step, addresses);

	read_pages(m, &paging->after);
	if (m->broken)
		return;
	pages_compare(&paging->change, before, &paging->after, paging->moved ? &paging->hint : NULL, addresses, count);
	step->pages = paging->change.region_count > 0 ? &paging->change : NULL;
}

void pages_after(struct machine *m, struct event_step *step)
{
	if (m->paging.valid && wanted(m))
		tell(m, step, &m->paging.before);
}

void pages_fold(struct machine *m)
{
	if (m->options->pages)
		read_pages(m, &m->paging.folded);
}

void pages_unfold(struct machine *m, struct event_step *step)
{
	m->paging.moved = false;
	m->paging.stored = false;
	if (m->options->pages && !m->here->process.dead)
		tell(m, step, &m->paging.folded);
}

void pages_end(struct machine *m)
{
	pages_fini(&m->paging.before);
	pages_fini(&m->paging.after);
	pages_fini(&m->paging.folded);
	pages_change_fini(&m->paging.change);
}
