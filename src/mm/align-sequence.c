/* SPDX-License-Identifier: MIT */
/* A common subsequence of two sequences, at a bounded cost. */
#include "mm/align-part.h"

#include "base/alloc.h"

#include <stdlib.h>

enum {
	DEEPEST = 16,   /* how often what lies between two pairs is searched for what occurs once there */
	FURTHEST = 512, /* insertions and removals after which Myers' algorithm takes the best path that it has */
};

/* What is compared; a part of it: [b, b_end) of before with [a, a_end) of after. */
struct search {
	struct sequence_pairs *pairs;
	const uint64_t *before, *after;
	int32_t *rows; /* of Myers' algorithm, kept for the next time; NULL at first */
};

struct window {
	size_t b, b_end, a, a_end;
};

static void add(struct search *s, size_t before, size_t after)
{
	struct sequence_pairs *p = s->pairs;

	p->list = alloc_grow(p->list, &p->cap, p->count + 1, sizeof(*p->list));
	p->list[p->count++] = (struct sequence_pair){ before, after };
}

struct item {
	uint64_t digest;
	size_t index;
};

static int compare_items(const void *a, const void *b)
{
	const struct item *left = a, *right = b;

	if (left->digest != right->digest)
		return left->digest < right->digest ? -1 : 1;
	return (left->index > right->index) - (left->index < right->index);
}

static int compare_pairs(const void *a, const void *b)
{
	const struct sequence_pair *left = a, *right = b;

	return (left->before > right->before) - (left->before < right->before);
}

static struct item *sorted(const uint64_t *digests, size_t from, size_t to)
{
	struct item *items = alloc_bytes((to - from) * sizeof(*items));

	for (size_t i = from; i < to; i++)
		items[i - from] = (struct item){ digests[i], i };
	qsort(items, to - from, sizeof(*items), compare_items);
	return items;
}

/* How many items from at on are alike. */
static size_t alike(const struct item *items, size_t count, size_t at)
{
	size_t end = at + 1;

	while (end < count && items[end].digest == items[at].digest)
		end++;
	return end - at;
}

/* What occurs once on either side, by its place in before. */
static struct sequence_pair *find_unique(const struct search *s, const struct window *w, size_t *count)
{
	size_t b_count = w->b_end - w->b, a_count = w->a_end - w->a, n = 0;
	struct item *b = sorted(s->before, w->b, w->b_end), *a = sorted(s->after, w->a, w->a_end);
	struct sequence_pair *unique = alloc_bytes((b_count < a_count ? b_count : a_count) * sizeof(*unique));

	for (size_t i = 0, k = 0; i < b_count && k < a_count;) {
		size_t b_alike = alike(b, b_count, i), a_alike = alike(a, a_count, k);

		if (b[i].digest == a[k].digest && b_alike == 1 && a_alike == 1)
			unique[n++] = (struct sequence_pair){ b[i].index, a[k].index };
		if (b[i].digest < a[k].digest) {
			i += b_alike;
		} else {
			i += b[i].digest == a[k].digest ? b_alike : 0;
			k += a_alike;
		}
	}
	free(a);
	free(b);
	qsort(unique, n, sizeof(*unique), compare_pairs);
	*count = n;
	return unique;
}

/* Keeps of pairs that are in order of before a longest list that is in order of after, too.  Returns how many. */
static size_t keep_rising(struct sequence_pair *pairs, size_t count)
{
	size_t *tops = alloc_bytes((count + 1) * sizeof(*tops)), *below = alloc_bytes((count + 1) * sizeof(*below));
	size_t piles = 0;

	for (size_t i = 0; i < count; i++) {
		size_t low = 0, high = piles;

		while (low < high) {
			size_t middle = low + (high - low) / 2;

			if (pairs[tops[middle]].after < pairs[i].after)
				low = middle + 1;
			else
				high = middle;
		}
		below[i] = low > 0 ? tops[low - 1] : SIZE_MAX;
		tops[low] = i;
		piles += low == piles;
	}
	/* From the last backwards; the list's own indices rise faster than they are written, so that nothing is lost. */
	size_t at = piles > 0 ? tops[piles - 1] : SIZE_MAX;

	for (size_t i = piles; i > 0; i--) {
		tops[i - 1] = at;
		at = below[at];
	}
	for (size_t i = 0; i < piles; i++)
		pairs[i] = pairs[tops[i]];
	free(below);
	free(tops);
	return piles;
}

/*
 * Myers' greedy algorithm (1986).  Row d has, for each diagonal k = x - y from -d to d in steps of two, how far x comes with d
 * insertions and removals; -1 where no path stays inside.
 */
static int32_t *row_of(struct search *s, size_t d)
{
	return s->rows + d * (d + 1) / 2;
}

/* Where the path of row d on its i-th diagonal begins that diagonal: behind a removal (*removal) or an insertion. */
static int32_t step(struct search *s, const struct window *w, size_t d, size_t i, bool *removal)
{
	const int32_t *above = row_of(s, d - 1);
	int32_t k = (int32_t)(2 * i) - (int32_t)d, right = -1, down = -1;

	if (i > 0 && above[i - 1] >= 0 && above[i - 1] < (int32_t)(w->b_end - w->b))
		right = above[i - 1] + 1;
	if (i < d && above[i] >= 0 && above[i] - k <= (int32_t)(w->a_end - w->a))
		down = above[i];
	*removal = right > down;
	return right > down ? right : down;
}

static int32_t slide(const struct search *s, const struct window *w, int32_t x, int32_t k)
{
	size_t b = w->b + (size_t)x, a = w->a + (size_t)(x - k);

	while (b < w->b_end && a < w->a_end && s->before[b] == s->after[a]) {
		b++;
		a++;
	}
	return (int32_t)(b - w->b);
}

/* Adds the pairs of the path to x on the i-th diagonal of row d. */
static void trace(struct search *s, const struct window *w, size_t d, size_t i)
{
	size_t from = s->pairs->count;

	for (;; d--) {
		int32_t k = (int32_t)(2 * i) - (int32_t)d, x = row_of(s, d)[i];
		bool removal = false;
		int32_t begin = d > 0 ? step(s, w, d, i, &removal) : 0;

		for (; x > begin; x--)
			add(s, w->b + (size_t)x - 1, w->a + (size_t)(x - 1 - k));
		if (d == 0)
			break;
		i -= removal;
	}
	struct sequence_pair *list = s->pairs->list;

	for (size_t to = s->pairs->count; from + 1 < to; from++, to--) {
		struct sequence_pair pair = list[from];

		list[from] = list[to - 1];
		list[to - 1] = pair;
	}
}

/* Pairs what it can of the beginning of the window, and moves the window's beginning behind that. */
static void advance(struct search *s, struct window *w)
{
	int32_t b_count = (int32_t)(w->b_end - w->b), a_count = (int32_t)(w->a_end - w->a), best = -1;
	size_t best_i = 0, d = 0;

	for (;; d++) {
		best = -1;
		for (size_t i = 0; i <= d; i++) {
			int32_t k = (int32_t)(2 * i) - (int32_t)d;
			bool removal;
			int32_t x = d > 0 ? step(s, w, d, i, &removal) : 0;

			if (x >= 0)
				x = slide(s, w, x, k);
			row_of(s, d)[i] = x;
			if (x >= 0 && x + x - k > best) {
				best = x + x - k;
				best_i = i;
			}
		}
		if (best == b_count + a_count || d == FURTHEST)
			break;
	}
	int32_t x = row_of(s, d)[best_i], k = (int32_t)(2 * best_i) - (int32_t)d;

	trace(s, w, d, best_i);
	w->b += (size_t)x;
	w->a += (size_t)(x - k);
}

static void match_myers(struct search *s, struct window w)
{
	if (s->rows == NULL)
		s->rows = alloc_bytes((FURTHEST + 1) * (FURTHEST + 2) / 2 * sizeof(*s->rows));
	while (w.b < w.b_end && w.a < w.a_end)
		advance(s, &w);
}

static void match(struct search *s, struct window w, unsigned depth)
{
	size_t tail = 0, count = 0;

	for (; w.b < w.b_end && w.a < w.a_end && s->before[w.b] == s->after[w.a]; w.b++, w.a++)
		add(s, w.b, w.a);
	for (; w.b < w.b_end && w.a < w.a_end && s->before[w.b_end - 1] == s->after[w.a_end - 1]; tail++) {
		w.b_end--;
		w.a_end--;
	}
	if (w.b < w.b_end && w.a < w.a_end) {
		struct sequence_pair *unique = depth < DEEPEST ? find_unique(s, &w, &count) : NULL;

		count = count > 0 ? keep_rising(unique, count) : 0;
		struct window rest = w;

		for (size_t i = 0; i < count; i++) {
			match(s, (struct window){ rest.b, unique[i].before, rest.a, unique[i].after }, depth + 1);
			add(s, unique[i].before, unique[i].after);
			rest.b = unique[i].before + 1;
			rest.a = unique[i].after + 1;
		}
		free(unique);
		if (count > 0)
			match(s, rest, depth + 1);
		else
			match_myers(s, rest);
	}
	for (size_t i = 0; i < tail; i++)
		add(s, w.b_end + i, w.a_end + i);
}

void sequence_match(struct sequence_pairs *pairs, const uint64_t *before, size_t before_count, const uint64_t *after,
                    size_t after_count)
{
	struct search s = { .pairs = pairs, .before = before, .after = after };

	match(&s, (struct window){ 0, before_count, 0, after_count }, 0);
	free(s.rows);
}
