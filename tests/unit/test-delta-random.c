/* SPDX-License-Identifier: MIT */
/* Deltas of random operations on a model of an address space: page by page, what is told changed, and nothing else. */
#include "mm/delta.h"

#include "tap.h"

#include "base/buf.h"

#include <inttypes.h>
#include <stdlib.h>

enum { PAGES = 20, CASES = 60000, NAMES = 64 };

static const uint64_t base = 0x10000, page_size = 0x1000;

/* What is mapped at a page.  Pages of different groups do not merge, as after fork(); the maps do not show it. */
struct page {
	bool mapped, shared;
	unsigned prot, file, offset, group;
};

struct state {
	struct page pages[PAGES + 1]; /* the last is never mapped */
	struct regions regions;
};

static uint64_t seed = 0x2545f4914f6cdd1d;

static unsigned roll(unsigned sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % sides;
}

static uint64_t address(unsigned page)
{
	return base + page * page_size;
}

static unsigned index_of(uint64_t addr)
{
	return (unsigned)((addr - base) / page_size);
}

static bool merges(const struct page *a, const struct page *b)
{
	return a->mapped && b->mapped && a->shared == b->shared && a->prot == b->prot && a->file == b->file &&
	       a->group == b->group && (a->file == 0 || a->offset + 1 == b->offset);
}

static bool same_content(const struct page *a, const struct page *b)
{
	if (!a->mapped || !b->mapped)
		return a->mapped == b->mapped;
	return a->shared == b->shared && a->file == b->file && (a->file == 0 || a->offset == b->offset);
}

static bool same_page(const struct page *a, const struct page *b)
{
	return same_content(a, b) && (!a->mapped || a->prot == b->prot);
}

static const char prots[][4] = { "---", "r--", "rw-" };

/* One line a mapping, as the kernel writes them. */
static void write_maps(const struct state *state, struct maps *maps)
{
	buf_reset(&maps->text);
	for (unsigned i = 0, end; i < PAGES; i = end) {
		const struct page *p = &state->pages[i];

		for (end = i + 1; merges(&state->pages[end - 1], &state->pages[end]); end++)
			;
		if (!p->mapped)
			continue;
		buf_printf(&maps->text, "%08" PRIx64 "-%08" PRIx64 " %s%c %08" PRIx64 " ", address(i), address(end),
			   prots[p->prot], p->shared ? 's' : 'p', p->file > 0 ? p->offset * page_size : 0);
		if (p->file > 0)
			buf_printf(&maps->text, "fe:00 %u          /file%u\n", p->file, p->file);
		else
			buf_puts(&maps->text, "00:00 0 \n");
	}
	if (maps_parse(maps, NULL) != 0)
		ok(false, "the model writes snapshots");
}

static struct page any_page(void)
{
	unsigned file = roll(3);

	return (struct page){ .mapped = true, .prot = roll(3), .file = file, .offset = file > 0 ? roll(8) + 1 : 0,
		              .shared = file > 0 && roll(2) == 0, .group = roll(4) == 0 };
}

static void put(struct state *state, unsigned from, unsigned len, struct page page)
{
	for (unsigned i = from; i < from + len; i++) {
		state->pages[i] = page;
		page.offset += page.file > 0;
	}
}

static unsigned next_id = 1;
static const char *const names[] = { "a", "b", "c" };

static void name_range(struct state *state, unsigned from, unsigned len)
{
	regions_cut(&state->regions, address(from), len * page_size);
	if (roll(3) > 0 && state->regions.count < NAMES) {
		regions_add(&state->regions, names[next_id % 3], next_id, address(from), len * page_size);
		next_id++;
	}
}

static void map(struct state *state, unsigned from, unsigned len)
{
	put(state, from, len, any_page());
	name_range(state, from, len);
}

static void unmap(struct state *state, unsigned from, unsigned len)
{
	put(state, from, len, (struct page){ 0 });
	regions_cut(&state->regions, address(from), len * page_size);
}

static void protect(struct state *state, unsigned from, unsigned len)
{
	unsigned prot = roll(3);

	for (unsigned i = from; i < from + len; i++)
		state->pages[i].prot = prot;
}

/* mremap of one mapping, anywhere; sizes in pages. */
static bool move(struct state *state, unsigned from, unsigned len, struct delta_hint *hint)
{
	unsigned new_len = 1 + roll(5), to = roll(PAGES - new_len + 1);
	struct page first = state->pages[from];

	for (unsigned i = from; i < from + len; i++) {
		if (!state->pages[i].mapped || (i > from && !merges(&state->pages[i - 1], &state->pages[i])))
			return false;
	}
	if (to < from + len && from < to + new_len)
		return false;
	bool keeps = new_len == len && roll(3) == 0;
	const struct region *region = regions_find(&state->regions, address(from));
	struct region whole = region != NULL ? *region : (struct region){ 0 };

	*hint = (struct delta_hint){ address(from), len * page_size, address(to), new_len * page_size, keeps };
	if (!keeps)
		unmap(state, from, len);
	put(state, to, new_len, first);
	if (!keeps && whole.start == address(from) && whole.size == len * page_size)
		regions_add(&state->regions, whole.name, whole.id, address(to), new_len * page_size);
	else
		name_range(state, to, new_len);
	return true;
}

/* mremap that keeps the address. */
static bool resize(struct state *state, unsigned from, unsigned len, struct delta_hint *hint)
{
	unsigned new_len = 1 + roll(6);
	struct page first = state->pages[from];

	for (unsigned i = from; i < from + len; i++) {
		if (!state->pages[i].mapped || (i > from && !merges(&state->pages[i - 1], &state->pages[i])))
			return false;
	}
	if (from + new_len > PAGES)
		return false;
	for (unsigned i = from + len; i < from + new_len; i++) {
		if (state->pages[i].mapped)
			return false;
	}
	const struct region *region = regions_find(&state->regions, address(from));
	struct region whole = region != NULL ? *region : (struct region){ 0 };

	if (new_len < len)
		unmap(state, from + new_len, len - new_len);
	else
		put(state, from, new_len, first);
	if (whole.start == address(from) && whole.size == len * page_size)
		regions_add(&state->regions, whole.name, whole.id, address(from), new_len * page_size);
	*hint = (struct delta_hint){ address(from), len * page_size, address(from), new_len * page_size, false };
	return true;
}

/* One random operation; true when it gives a hint. */
static bool operate(struct state *state, bool hints, struct delta_hint *hint)
{
	unsigned len = 1 + roll(5), from = roll(PAGES - len + 1);

	switch (roll(hints ? 6 : 4)) {
	case 0:
		map(state, from, len);
		return false;
	case 1:
		unmap(state, from, len);
		return false;
	case 2:
	case 3:
		protect(state, from, len);
		return false;
	case 4:
		return move(state, from, len, hint);
	default:
		return resize(state, from, len, hint);
	}
}

/* Why the case fails, or NULL. */
struct trial {
	const struct state *before, *after;
	const struct maps *maps_before, *maps_after;
	const struct delta *delta;
	const struct delta_hint *hint;
	struct page pages[PAGES + 1]; /* the state before, with the told changes applied */
	unsigned told[PAGES];
	bool replaced[PAGES];
};

/* The page at i as a mapping tells it. */
static struct page page_of(const struct mapping *m, unsigned i)
{
	struct page page = { .mapped = m != NULL };

	if (m == NULL)
		return page;
	for (unsigned k = 0; k < 3; k++)
		page.prot = memcmp(m->perms, prots[k], 3) == 0 ? k : page.prot;
	page.shared = m->perms[3] == 's';
	page.file = (unsigned)m->inode;
	page.offset = page.file > 0 ? (unsigned)((m->offset + address(i) - m->start) / page_size) : 0;
	return page;
}

static const char *apply_page(struct trial *t, const struct change *change, unsigned i)
{
	bool in_old = change->old_start <= address(i) && address(i) < change->old_end;
	bool in_new = change->new_start <= address(i) && address(i) < change->new_end;
	struct page *p = &t->pages[i], now = page_of(maps_find(t->maps_after, address(i)), i);

	switch (change->kind) {
	case CHANGE_ADDED:
		/* What a new region replaced is in its range, and told apart. */
		if (!in_new || (t->before->pages[i].mapped && now.mapped))
			return NULL;
		*p = now;
		t->told[i]++;
		return !now.mapped ? "added, and nothing is there" : NULL;
	case CHANGE_GROWN:
		if (!in_new || in_old)
			return NULL;
		*p = now;
		t->told[i]++;
		return t->before->pages[i].mapped || !now.mapped ? "added where something was" : NULL;
	case CHANGE_REMOVED:
	case CHANGE_SHRUNK:
		if (!in_old || in_new)
			return NULL;
		*p = (struct page){ 0 };
		t->told[i]++;
		return !t->before->pages[i].mapped ? "removed where nothing was" : NULL;
	case CHANGE_PROTECTED:
		if (!in_new)
			return NULL;
		p->prot = now.prot;
		t->told[i]++;
		return change->before == change->after || change->after != maps_find(t->maps_after, address(i))
			       ? "protected"
			       : NULL;
	case CHANGE_REPLACED:
		if (!in_new)
			return NULL;
		*p = now;
		t->told[i]++;
		t->replaced[i] = true;
		return !t->before->pages[i].mapped || !now.mapped ? "replaced nothing" : NULL;
	default:
		return NULL;
	}
}

static const char *apply_move(struct trial *t, const struct change *change)
{
	unsigned from = index_of(change->old_start), to = index_of(change->new_start);
	struct page page = t->before->pages[from];

	if (t->hint == NULL || change->old_start != t->hint->old_start ||
	    change->new_end - change->new_start != t->hint->new_size)
		return "moved without a hint";
	for (unsigned i = from; !t->hint->keeps_old && i < index_of(change->old_end); i++) {
		t->pages[i] = (struct page){ 0 };
		t->told[i]++;
	}
	for (unsigned i = to; i < index_of(change->new_end); i++, page.offset += page.file > 0) {
		t->pages[i] = page;
		t->told[i] += !t->before->pages[i].mapped;
	}
	return NULL;
}

static const char *check_changes(struct trial *t)
{
	const char *fault = NULL;

	memcpy(t->pages, t->before->pages, sizeof(t->pages));
	for (size_t k = 0; k < t->delta->change_count && fault == NULL; k++) {
		const struct change *change = &t->delta->changes[k];

		if (change->kind == CHANGE_MOVED)
			fault = k > 0 ? "moved is not told first" : apply_move(t, change);
		for (unsigned i = 0; i < PAGES && fault == NULL; i++)
			fault = apply_page(t, change, i);
	}
	for (unsigned i = 0; i < PAGES && fault == NULL; i++) {
		const struct page *b = &t->before->pages[i], *a = &t->after->pages[i];
		const struct region *old = regions_find(&t->before->regions, address(i));
		const struct region *new = regions_find(&t->after->regions, address(i));
		bool fresh = new != NULL && (old != NULL ? old->id != new->id
		                                         : regions_by_id(&t->before->regions, new->id) == NULL);
		bool other = fresh && b->mapped && a->mapped;
		bool target = t->hint != NULL && t->hint->new_start != t->hint->old_start &&
			      address(i) >= t->hint->new_start && address(i) < t->hint->new_start + t->hint->new_size;

		if (!same_page(&t->pages[i], a))
			fault = "what is told does not lead to what is there";
		else if (t->told[i] > 1)
			fault = "told twice";
		else if (t->told[i] > 0 && same_page(b, a) && !other && !target)
			fault = "told, and did not change";
		else if (t->replaced[i] != (b->mapped && a->mapped && (other || target || !same_content(b, a))))
			fault = "replaced";
	}
	return fault;
}

static bool has_line(const struct maps *maps, const struct mapping *m)
{
	for (size_t i = 0; i < maps->count; i++) {
		if (mapping_same_line(&maps->list[i], m))
			return true;
	}
	return false;
}

static const char *check_lines(const struct trial *t)
{
	size_t count = 0;

	for (unsigned i = 0; i < PAGES; i++) {
		const struct mapping *sides[] = { maps_find(t->maps_before, address(i)),
						  maps_find(t->maps_after, address(i)) };
		const struct maps *others[] = { t->maps_after, t->maps_before };

		for (unsigned k = 0; k < 2; k++) {
			if (sides[k] == NULL || sides[k]->start != address(i) || has_line(others[k], sides[k]))
				continue;
			if (count == t->delta->line_count || t->delta->lines[count].mapping != sides[k] ||
			    t->delta->lines[count].sign != "-+"[k])
				return "a raw line is missing";
			count++;
		}
	}
	return count == t->delta->line_count ? NULL : "a raw line too many";
}

/* How many mappings of one side hold pages that stayed as they were, or got other permissions, in m of the other. */
static unsigned parts_of(const struct trial *t, const struct mapping *m, const struct maps *others)
{
	const struct mapping *last = NULL;
	unsigned parts = 0;

	for (unsigned i = index_of(m->start); i < index_of(m->end); i++) {
		const struct mapping *other = maps_find(others, address(i));

		if (other == NULL || t->replaced[i])
			continue;
		parts += other != last;
		last = other;
	}
	return parts;
}

/* By how many the mappings became more that m is among, with those that share pages with these in turn. */
static int growth_around(const struct trial *t, const struct mapping *m)
{
	const struct mapping *before = NULL, *after = NULL;
	int growth = 0;
	bool seen = false;

	for (unsigned i = 0; i < PAGES; i++) {
		const struct mapping *b = maps_find(t->maps_before, address(i));
		const struct mapping *a = maps_find(t->maps_after, address(i));

		if (b == NULL || a == NULL || t->replaced[i])
			continue;
		if (b != before && a != after) {
			if (seen)
				return growth;
			growth = 0;
		}
		growth += (a != after) - (b != before);
		seen |= b == m || a == m;
		before = b;
		after = a;
	}
	return growth;
}

static const struct change *find_change(const struct trial *t, enum change_kind kind, const struct mapping *m)
{
	for (size_t i = 0; i < t->delta->change_count; i++) {
		const struct change *change = &t->delta->changes[i];

		if (change->kind == kind && (kind == CHANGE_SPLIT ? change->before : change->after) == m)
			return change;
	}
	return NULL;
}

static const char *check_structure(const struct trial *t)
{
	for (size_t i = 0; i < t->maps_before->count; i++) {
		const struct mapping *m = &t->maps_before->list[i];
		unsigned parts = parts_of(t, m, t->maps_after);
		const struct change *split = find_change(t, CHANGE_SPLIT, m);

		if ((split != NULL) != (parts > 1 && growth_around(t, m) > 0) ||
		    (split != NULL && split->parts != parts))
			return "split";
	}
	for (size_t i = 0; i < t->maps_after->count; i++) {
		const struct mapping *m = &t->maps_after->list[i];
		unsigned parts = parts_of(t, m, t->maps_before);
		const struct change *merged = find_change(t, CHANGE_MERGED, m);

		if (parts > 1 && growth_around(t, m) < 0 && (merged == NULL || merged->parts < parts))
			return "merged";
		if (merged != NULL && merged->parts < 2)
			return "merged out of one";
	}
	return NULL;
}

static void show(const struct trial *t, const char *fault, unsigned number)
{
	printf("# case %u: %s\n# before:\n%s# after:\n%s", number, fault, buf_text(&t->maps_before->text),
	       buf_text(&t->maps_after->text));
	for (size_t i = 0; i < t->delta->change_count; i++) {
		const struct change *change = &t->delta->changes[i];

		printf("# %s %" PRIx64 "-%" PRIx64 " > %" PRIx64 "-%" PRIx64 " /%u\n", change_kind_name(change->kind),
		       change->old_start, change->old_end, change->new_start, change->new_end, change->parts);
	}
}

int main(void)
{
	struct state before = { 0 }, after = { 0 };
	struct maps maps_before = { 0 }, maps_after = { 0 };
	struct delta delta = { 0 };
	unsigned failures = 0, changes = 0, cases = scaled(CASES);

	for (unsigned number = 0; number < cases && failures < 3; number++) {
		struct delta_hint hint = { 0 };
		bool hinted = false;

		memcpy(after.pages, before.pages, sizeof(after.pages));
		regions_copy(&after.regions, &before.regions);
		if (number % 2 == 0) {
			hinted = operate(&after, true, &hint);
		} else {
			for (unsigned count = roll(4); count > 0; count--)
				operate(&after, false, &hint);
		}
		write_maps(&before, &maps_before);
		write_maps(&after, &maps_after);
		delta_compute(&delta, &maps_before, &maps_after, &before.regions, &after.regions,
			      hinted ? &hint : NULL);
		struct trial trial = { .before = &before,
				       .after = &after,
				       .maps_before = &maps_before,
				       .maps_after = &maps_after,
				       .delta = &delta,
				       .hint = hinted ? &hint : NULL };
		const char *fault = check_changes(&trial);

		if (fault == NULL)
			fault = check_lines(&trial);
		if (fault == NULL)
			fault = check_structure(&trial);
		if (fault != NULL) {
			show(&trial, fault, number);
			failures++;
		}
		changes += (unsigned)delta.change_count;
		memcpy(before.pages, after.pages, sizeof(before.pages));
		regions_copy(&before.regions, &after.regions);
	}
	ok(failures == 0, "%u random operations are told, page by page, and nothing else is", cases);
	ok(changes > cases / 2, "something was told (%u changes)", changes);
	delta_fini(&delta);
	regions_fini(&before.regions);
	regions_fini(&after.regions);
	maps_fini(&maps_before);
	maps_fini(&maps_after);
	return done();
}
