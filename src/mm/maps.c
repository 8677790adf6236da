/* SPDX-License-Identifier: MIT */
/* The parser of /proc/PID/maps, and look-ups in a snapshot. */
#include "mm/maps.h"

#include "base/alloc.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How far read_hex and read_object may look behind the text. */
enum { SLACK = 32 };

static const uint64_t each = UINT64_C(0x0101010101010101); /* times a byte: that byte in each of eight */

/* A digit's value plus one; 0 for a byte that is none. */
static const unsigned char digits[256] = {
	['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
	['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* Whether all eight bytes of word are hex digits: adding sets a byte's top bit from some character on. */
static inline bool eight_digits(uint64_t word)
{
	uint64_t low = word & 0x7f * each;
	uint64_t decimal = (low + (0x80 - '0') * each) & ~(low + (0x7f - '9') * each);
	uint64_t letter = (low + (0x80 - 'a') * each) & ~(low + (0x7f - 'f') * each);

	return ((decimal | letter) & ~word & 0x80 * each) == 0x80 * each;
}

/* The value of eight digits, the first in the lowest byte: letters differ from numerals in bit 6. */
static inline uint64_t eight_value(uint64_t word)
{
	uint64_t nibbles = (word & 0x0f * each) + 9 * (word >> 6 & each);

	nibbles = (nibbles << 4 | nibbles >> 8) & UINT64_C(0x00ff00ff00ff00ff);
	nibbles = (nibbles << 8 | nibbles >> 16) & UINT64_C(0x0000ffff0000ffff);
	return (nibbles << 16 | nibbles >> 32) & UINT32_MAX;
}

/*
 * Each of these reads one field at p, which ends in stop, and returns where the next begins; NULL when it is not one.
 * None goes past a byte that is not its own, so the NUL behind the text ends them all.  Most of a line is hex digits:
 * the first eight at once, the rest one by one (by words throughout, each waits for the length of the last).
 */
static inline const char *read_hex(const char *p, char stop, uint64_t *value)
{
	const char *from = p;
	uint64_t sum = 0, word;

	memcpy(&word, p, sizeof(word));
	word = le64toh(word);
	if (eight_digits(word)) {
		sum = eight_value(word);
		p += 8;
	}
	for (unsigned digit; (digit = digits[(unsigned char)*p]) != 0; p++)
		sum = sum << 4 | (digit - 1);
	*value = sum;
	return p > from && p - from <= 16 && *p == stop ? p + 1 : NULL;
}

static inline const char *read_perms(const char *p, char perms[5])
{
	for (unsigned i = 0; i < 4; i++) {
		if (p[i] <= ' ' || p[i] > '~')
			return NULL;
		perms[i] = p[i];
	}
	perms[4] = '\0';
	return p[4] == ' ' ? p + 5 : NULL;
}

static inline const char *read_device(const char *p, uint32_t *major, uint32_t *minor)
{
	uint64_t first = 0, second = 0;

	if ((p = read_hex(p, ':', &first)) == NULL || (p = read_hex(p, ' ', &second)) == NULL)
		return NULL;
	*major = (uint32_t)first;
	*minor = (uint32_t)second;
	return first <= UINT32_MAX && second <= UINT32_MAX ? p : NULL;
}

/* The inode, in decimal, ends at a space or with its line; nothing is skipped behind it. */
static inline const char *read_inode(const char *p, uint64_t *inode)
{
	const char *from = p;
	uint64_t sum = 0;

	for (unsigned digit; (digit = (unsigned)(unsigned char)*p - '0') < 10; p++) {
		if (sum > (UINT64_MAX - digit) / 10)
			return NULL;
		sum = sum * 10 + digit;
	}
	*inode = sum;
	return p > from ? p : NULL;
}

/* Reads offset, device and inode. */
static inline const char *read_object(const char *p, struct mapping *m)
{
	/* So it stands for all that has no file, which is worth a glance before the parts. */
	static const char none[] = "00000000 00:00 0";

	if (memcmp(p, none, sizeof(none) - 1) == 0 && (p[16] == ' ' || p[16] == '\n')) {
		m->offset = m->inode = m->major = m->minor = 0;
		return p + 16;
	}
	if ((p = read_hex(p, ' ', &m->offset)) == NULL || (p = read_device(p, &m->major, &m->minor)) == NULL)
		return NULL;
	return read_inode(p, &m->inode);
}

/* Reads the line at p into m.  Returns where the next line begins (behind its newline, or end), or NULL. */
static const char *read_line(const char *p, const char *end, struct mapping *m)
{
	m->line = p;
	if ((p = read_hex(p, '-', &m->start)) == NULL || (p = read_hex(p, ' ', &m->end)) == NULL ||
	    (p = read_perms(p, m->perms)) == NULL || (p = read_object(p, m)) == NULL)
		return NULL;
	if (*p != ' ' && *p != '\n' && p != end)
		return NULL;
	while (*p == ' ')
		p++;
	const char *stop = p < end && *p == '\n' ? p : memchr(p, '\n', (size_t)(end - p));

	if (stop == NULL)
		stop = end;
	if ((uint64_t)(stop - m->line) > UINT32_MAX)
		return NULL;
	m->name = p;
	m->name_len = (uint32_t)(stop - p);
	m->line_len = (uint32_t)(stop - m->line);
	return stop < end ? stop + 1 : end;
}

int maps_parse(struct maps *maps, size_t *bad_line)
{
	uint64_t above = 0;

	maps->count = 0;
	if (maps->text.len == 0)
		return 0;
	memset(buf_reserve(&maps->text, SLACK), 0, SLACK);
	const char *p = maps->text.data, *end = p + maps->text.len;

	while (p < end) {
		if (maps->count == maps->cap)
			maps->list = alloc_grow(maps->list, &maps->cap, maps->count + 1, sizeof(*maps->list));
		struct mapping *m = &maps->list[maps->count];

		p = read_line(p, end, m);
		if (p == NULL || m->start >= m->end || m->start < above) {
			if (bad_line != NULL)
				*bad_line = maps->count + 1;
			return -EINVAL;
		}
		above = m->end;
		maps->count++;
	}
	return 0;
}

bool maps_measure(struct buf *text, size_t *count, uint64_t *bytes)
{
	struct mapping m = { 0 };
	uint64_t above = 0;

	*count = 0;
	*bytes = 0;
	memset(buf_reserve(text, SLACK), 0, SLACK);
	for (const char *p = text->data, *end = p + text->len; p < end; ++*count) {
		p = read_line(p, end, &m);
		if (p == NULL || m.start >= m.end || m.start < above)
			return false;
		above = m.end;
		*bytes += m.end - m.start;
	}
	return true;
}

/* The first of count mappings whose end is above addr; list + count where there is none. */
static const struct mapping *above(const struct mapping *list, size_t count, uint64_t addr)
{
	while (count > 0) {
		size_t half = count / 2;

		if (list[half].end > addr) {
			count = half;
		} else {
			list += half + 1;
			count -= half + 1;
		}
	}
	return list;
}

static size_t part_above(const struct maps *maps, uint64_t addr)
{
	size_t low = 0, high = maps->part_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (maps->parts[middle].end > addr)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

void maps_enter(struct maps_place *place, size_t part, bool at_end)
{
	const struct maps *maps = place->maps;
	bool is_list = maps->list != NULL;
	size_t parts = is_list ? maps->count > 0 : maps->part_count;

	place->part = part < parts ? part : parts;
	place->at = place->first = place->stop = NULL;
	if (part >= parts)
		return;
	place->first = is_list ? maps->list : maps->parts[part].part->list;
	place->stop = place->first + (is_list ? maps->count : maps->parts[part].part->count);
	place->at = at_end ? place->stop - 1 : place->first;
}

struct maps_place maps_place(const struct maps *maps, uint64_t addr)
{
	struct maps_place place = { .maps = maps };

	maps_enter(&place, maps->list != NULL ? 0 : part_above(maps, addr), false);
	if (place.at == NULL)
		return place;
	place.at = above(place.first, (size_t)(place.stop - place.first), addr);
	if (place.at == place.stop)
		maps_enter(&place, place.part + 1, false);
	return place;
}

const struct mapping *maps_above(const struct maps *maps, uint64_t addr)
{
	return maps_place(maps, addr).at;
}

const struct mapping *maps_find(const struct maps *maps, uint64_t addr)
{
	const struct mapping *m = maps_above(maps, addr);

	return m != NULL && m->start <= addr ? m : NULL;
}

/* The part that begins at a place, if it is one, for what looks at whole parts. */
static const struct maps_part *whole_part(const struct maps_place *place, bool from_end)
{
	if (place->at == NULL || place->maps->list != NULL || place->at != (from_end ? place->stop - 1 : place->first))
		return NULL;
	return place->maps->parts[place->part].part;
}

/* Whether all of the slot's mappings have no name and there is no gap between them. */
static bool is_plain(const struct maps_part *part)
{
	return part != NULL && !part->named && part->gap == 0;
}

/* From the first mapping of a part to the last of the run that it is in, and the other way round. */
static void run_up(struct maps_place *place)
{
	maps_enter(place, place->maps->parts[place->part].run_last, true);
}

static void run_down(struct maps_place *place)
{
	maps_enter(place, place->maps->parts[place->part].run_first, false);
}

bool maps_forward_named(struct maps_place *place, uint64_t high)
{
	maps_forward(place);
	while (place->at != NULL && place->at->name_len == 0 && place->at->start < high) {
		const struct maps_part *part = whole_part(place, false);

		if (is_plain(part))
			run_up(place);
		else if (part != NULL && !part->named)
			place->at = place->stop - 1;
		maps_forward(place);
	}
	return place->at != NULL && place->at->start < high;
}

bool maps_backward_named(struct maps_place *place, uint64_t low)
{
	bool found = maps_backward(place);

	while (found && place->at->name_len == 0 && place->at->end >= low) {
		const struct maps_part *part = whole_part(place, true);

		if (is_plain(part))
			run_down(place);
		else if (part != NULL && !part->named)
			place->at = place->first;
		found = maps_backward(place);
	}
	return found && place->at->end >= low;
}

void maps_skip_alike(struct maps_place *place, uint64_t most)
{
	const struct maps_part *part = whole_part(place, true);

	if (part != NULL && part->alike && part->gap <= most)
		place->at = place->first;
}

uint64_t maps_mapped(const struct maps *maps, uint64_t addr, uint64_t len, size_t *touching)
{
	uint64_t end = addr + len < addr ? UINT64_MAX : addr + len, bytes = 0;
	size_t count = 0;

	if (len > 0 && maps->count > 0) {
		struct maps_place place = maps_place(maps, addr);

		while (place.at != NULL && place.at->start < end) {
			const struct mapping *m = place.at;
			const struct maps_part *part = whole_part(&place, false);

			if (part != NULL && m->start >= addr && maps->parts[place.part].end <= end) {
				bytes += part->mapped;
				count += part->count;
				maps_enter(&place, place.part + 1, false);
				continue;
			}
			bytes += (m->end < end ? m->end : end) - (m->start > addr ? m->start : addr);
			count++;
			maps_forward(&place);
		}
	}
	if (touching != NULL)
		*touching = count;
	return bytes;
}

bool maps_covered(const struct maps *maps, uint64_t addr, uint64_t len)
{
	return maps_mapped(maps, addr, len, NULL) == len;
}

bool maps_stretch(const struct maps *maps, uint64_t *from, uint64_t *to, uint64_t end)
{
	const struct mapping *at = maps_above(maps, *from);

	if (*from >= end || at == NULL || at->start >= end)
		return false;
	*from = at->start > *from ? at->start : *from;
	for (*to = at->end; *to < end && (at = maps_find(maps, *to)) != NULL;)
		*to = at->end;
	*to = *to < end ? *to : end;
	return true;
}

uint64_t maps_widest_gap(const struct maps *maps, uint64_t end, uint64_t *start)
{
	struct maps_place place = maps_place(maps, 0);
	uint64_t from = 0, most = 0;

	*start = 0;
	for (;;) {
		const struct maps_part *part = whole_part(&place, false);
		uint64_t to = place.at != NULL && place.at->start < end ? place.at->start : end;

		if (to > from && to - from > most) {
			most = to - from;
			*start = from;
		}
		if (place.at == NULL || place.at->start >= end)
			return most;
		if (part != NULL && maps->parts[place.part].end <= end) {
			if (part->gap > most) {
				most = part->gap;
				*start = part->gap_start;
			}
			from = maps->parts[place.part].end;
			maps_enter(&place, place.part + 1, false);
		} else {
			from = place.at->end;
			maps_forward(&place);
		}
	}
}

const struct mapping *maps_run_first(const struct maps *maps, const struct mapping *mapping)
{
	struct maps_place place = maps_place(maps, mapping->start);
	const struct mapping *first = mapping;

	while (maps_backward(&place) && place.at->name_len == 0 && place.at->end == first->start) {
		if (is_plain(whole_part(&place, true)))
			run_down(&place);
		first = place.at;
	}
	return first;
}

const struct mapping *maps_run_last(const struct maps *maps, const struct mapping *mapping)
{
	struct maps_place place = maps_place(maps, mapping->start);
	const struct mapping *last = mapping;

	while (last->name_len == 0) {
		maps_forward(&place);
		if (place.at == NULL || place.at->start != last->end)
			break;
		if (is_plain(whole_part(&place, false)))
			run_up(&place);
		last = place.at;
	}
	return last;
}

bool mapping_same_line(const struct mapping *a, const struct mapping *b)
{
	return a->line_len == b->line_len && (a->line == b->line || memcmp(a->line, b->line, a->line_len) == 0);
}
