/* SPDX-License-Identifier: MIT */
/* Addresses told from the nearest thing that has a name, which no randomization moves them away from. */
#include "mm/symbol.h"

#include "base/buf.h"
#include "base/size.h"
#include "mm/kind.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* How far an address may lie from what it is told from; farther apart the kernel places at random. */
static const uint64_t near = UINT64_C(16) << 20;

/* What an address is told from. */
struct anchor {
	const char *name;
	size_t name_len;
	uint64_t start;
	uint64_t base;  /* distances count from here; not the start in a stack */
	bool is_region; /* distances are sizes */
	bool is_stack;  /* the kernel lets it start anywhere and grow, its end is firm */
};

/* The name of a file without its folder, and without what the kernel adds when it was unlinked. */
static void base_name(const char **name, size_t *len)
{
	static const char deleted[] = " (deleted)";
	const size_t extra = sizeof(deleted) - 1;

	if (*len > extra && memcmp(*name + *len - extra, deleted, extra) == 0)
		*len -= extra;
	const char *slash = *len > 0 && **name != '[' ? memrchr(*name, '/', *len) : NULL;

	if (slash != NULL && slash + 1 < *name + *len) {
		*len -= (size_t)(slash + 1 - *name);
		*name = slash + 1;
	}
}

/* How much of an unlinked file's base name differs from run to run: O_TMPFILE's number, a temporary name of ours. */
static size_t random_suffix(const char *name, size_t len)
{
	static const char temporary[] = "mmtool-";
	const size_t prefix = sizeof(temporary) - 1;
	size_t digits = 0;

	while (digits + 1 < len && name[digits + 1] >= '0' && name[digits + 1] <= '9')
		digits++;
	if (len > 1 && name[0] == '#' && digits == len - 1)
		return digits;
	return len == prefix + strlen("XXXXXX") && memcmp(name, temporary, prefix) == 0 ? len - prefix : 0;
}

static bool is_unlinked(const struct mapping *m)
{
	const char *name = m->name;
	size_t len = m->name_len;

	base_name(&name, &len);
	return name + len < m->name + m->name_len;
}

bool symbol_is_nameless(const struct mapping *mapping)
{
	const char *name = mapping->name;
	size_t len = mapping->name_len;

	base_name(&name, &len);
	return is_unlinked(mapping) && random_suffix(name, len) > 0;
}

static void add_base_name(struct buf *buf, const char *name, size_t len, bool unlinked)
{
	size_t suffix = unlinked ? random_suffix(name, len) : 0;

	buf_escape(buf, name, len - suffix, 0);
	if (suffix > 0)
		buf_putc(buf, '*');
}

static void anchor_region(struct anchor *anchor, const struct region *region)
{
	*anchor = (struct anchor){ .name = region->name, .name_len = strlen(region->name), .start = region->start,
		                   .base = region->start - region->cut, .is_region = true };
}

/* A file's mappings are told from the first of them, as one library. */
static void anchor_mapping(struct anchor *anchor, const struct maps *maps, const struct mapping *m)
{
	const struct mapping *first = m;
	struct maps_place place = maps_place(maps, m->start);

	while (maps_backward_named(&place, first->start > near ? first->start - near : 0)) {
		if (place.at->name_len != m->name_len || memcmp(place.at->name, m->name, m->name_len) != 0)
			continue;
		maps_skip_alike(&place, near);
		first = place.at;
	}
	*anchor = (struct anchor){
		.name = m->name, .name_len = m->name_len, .start = first->start, .base = first->start
	};
	anchor->is_stack = mapping_is_named(m, "[stack]");
	if (anchor->is_stack)
		anchor->base = m->end;
}

static uint64_t region_end(const struct region *region)
{
	return region->start + region->size;
}

/* The last region that ends at or below addr, and above low; NULL when there is none. */
static const struct region *region_below(const struct regions *regions, uint64_t addr, uint64_t low)
{
	const struct region *found = NULL;

	for (size_t i = 0; i < regions->count && region_end(&regions->list[i]) <= addr; i++) {
		if (region_end(&regions->list[i]) > low)
			found = &regions->list[i];
	}
	return found;
}

/* The first region that begins at or above addr, and below high; NULL when there is none. */
static const struct region *region_above(const struct regions *regions, uint64_t addr, uint64_t high)
{
	for (size_t i = 0; i < regions->count; i++) {
		if (regions->list[i].start >= addr)
			return regions->list[i].start < high ? &regions->list[i] : NULL;
	}
	return NULL;
}

/*
 * What addresses behind it are not told from.  [vsyscall] is alone among the kernel's; and the break, where nothing is mapped
 * yet, is placed at random behind the program, hardly ever so close (arch_randomize_brk()).
 */
static bool stands_alone(const struct mapping *m, uint64_t addr, bool mapped)
{
	static const uint64_t close = UINT64_C(128) << 10;

	if (mapping_is_named(m, "[vsyscall]"))
		return true;
	return !mapped && m->name[0] == '/' && addr - m->end > close;
}

/* The nearest thing with a name that ends at or below addr. */
static bool anchor_below(struct anchor *anchor, uint64_t addr, bool mapped, const struct regions *regions,
                         const struct maps *maps)
{
	uint64_t low = addr > near ? addr - near - 1 : 0;
	const struct region *region = region_below(regions, addr, low);
	struct maps_place place = maps_place(maps, addr);

	if (region != NULL)
		low = region_end(region) - 1;
	while (maps_backward_named(&place, low + 1)) {
		if (stands_alone(place.at, addr, mapped))
			break;
		if (region == NULL || place.at->end != region_end(region)) {
			anchor_mapping(anchor, maps, place.at);
			return true;
		}
	}
	if (region != NULL)
		anchor_region(anchor, region);
	return region != NULL;
}

/* The nearest thing with a name that begins at or above addr. */
static bool anchor_above(struct anchor *anchor, uint64_t addr, const struct regions *regions, const struct maps *maps)
{
	uint64_t high = addr + near < addr ? UINT64_MAX : addr + near + 1;
	const struct region *region = region_above(regions, addr, high);
	struct maps_place place = maps_place(maps, addr);

	if (region != NULL)
		high = region->start;
	if (place.at != NULL && place.at->name_len == 0)
		maps_forward_named(&place, high);
	if (place.at != NULL && place.at->name_len > 0 && place.at->start < high) {
		anchor_mapping(anchor, maps, place.at);
		return true;
	}
	if (region != NULL)
		anchor_region(anchor, region);
	return region != NULL;
}

/* Where nothing is mapped any more: the name whose region began here and lost this part. */
static bool anchor_cut(struct anchor *anchor, uint64_t addr, const struct regions *regions)
{
	const struct region *region = region_above(regions, addr, UINT64_MAX);

	if (region == NULL || addr < region->start - region->cut)
		return false;
	anchor_region(anchor, region);
	return true;
}

/* In anonymous memory m: a region that shares the mapping is nearer than anything outside. */
static bool anchor_within(struct anchor *anchor, uint64_t addr, const struct regions *regions, const struct mapping *m)
{
	const struct region *region = region_below(regions, addr, m->start);

	if (region == NULL)
		region = region_above(regions, addr, m->end);
	if (region != NULL)
		anchor_region(anchor, region);
	return region != NULL;
}

/*
 * Anonymous memory m that ends, without a gap, where something named begins, and does not begin so: what lies below it was
 * placed apart from it, at a distance that huge pages make random.
 */
static bool anchor_joined(struct anchor *anchor, const struct regions *regions, const struct maps *maps,
                          const struct mapping *m)
{
	const struct mapping *first = maps_run_first(maps, m);

	if (first->start > 0 &&
	    (maps_find(maps, first->start - 1) != NULL || regions_find(regions, first->start - 1) != NULL))
		return false;
	m = maps_run_last(maps, m);
	if (m->name_len > 0)
		anchor_mapping(anchor, maps, m);
	return m->name_len > 0;
}

/*
 * Finds what addr is told from.  An address that begins a line of maps belongs to what is above it, so a region that
 * ends there comes last then.
 */
static bool find_anchor(struct anchor *anchor, uint64_t addr, const struct regions *regions, const struct maps *maps,
                        bool begins_line)
{
	const struct region *region = regions_find(regions, addr);
	const struct mapping *m = maps_find(maps, addr);

	if (region == NULL && !begins_line && addr > 0)
		region = regions_find(regions, addr - 1);
	if (region != NULL) {
		anchor_region(anchor, region);
		return true;
	}
	if (m != NULL && m->name_len > 0) {
		anchor_mapping(anchor, maps, m);
		return true;
	}
	if (m == NULL && anchor_cut(anchor, addr, regions))
		return true;
	if (m == NULL && addr < near)
		return false;
	return (m != NULL && (anchor_within(anchor, addr, regions, m) || anchor_joined(anchor, regions, maps, m))) ||
	       anchor_below(anchor, addr, m != NULL, regions, maps) ||
	       anchor_above(anchor, addr, regions, maps);
}

static void format_from(struct buf *buf, uint64_t addr, const struct anchor *anchor)
{
	const char *name = anchor->name;
	size_t len = anchor->name_len;
	uint64_t distance = addr >= anchor->base ? addr - anchor->base : anchor->base - addr;

	if (anchor->is_stack && addr != anchor->start) {
		buf_puts(buf, "[stack end]");
	} else if (anchor->is_region) {
		buf_escape(buf, name, len, 0);
	} else {
		base_name(&name, &len);
		add_base_name(buf, name, len, name + len < anchor->name + anchor->name_len);
	}
	if (distance == 0 || (anchor->is_stack && addr == anchor->start))
		return;
	buf_putc(buf, addr >= anchor->base ? '+' : '-');
	if (anchor->is_region && distance % 1024 == 0)
		size_format(buf, distance);
	else
		buf_printf(buf, "0x%" PRIx64, distance);
}

static const struct regions no_regions;
static const struct maps no_maps;

void symbol_format(struct buf *buf, uint64_t addr, const struct regions *regions, const struct maps *maps)
{
	struct anchor anchor;

	if (find_anchor(&anchor, addr, regions != NULL ? regions : &no_regions, maps != NULL ? maps : &no_maps, false))
		format_from(buf, addr, &anchor);
	else
		buf_printf(buf, "0x%" PRIx64, addr);
}

/* Whether the inode was made up for this run: of shared memory (device 00:01), or of what has no path any more. */
static bool inode_varies(const struct mapping *m)
{
	if (!mapping_has_file(m))
		return false;
	return mapping_is_shmem(m) || m->name_len == 0 || m->name[0] != '/' || is_unlinked(m);
}

/* Adds the fields between the addresses and the name, as the kernel wrote them. */
static void add_fields(struct buf *buf, const struct mapping *m, const char *fields)
{
	const char *end = m->name;

	while (end > fields && end[-1] == ' ')
		end--;
	if (!inode_varies(m)) {
		buf_escape(buf, fields, (size_t)(end - fields), 0);
		return;
	}
	while (end > fields && end[-1] != ' ')
		end--;
	buf_escape(buf, fields, (size_t)(end - fields), 0);
	buf_putc(buf, '*');
}

static void add_name(struct buf *buf, const struct mapping *m)
{
	const char *base = m->name, *end = m->name + m->name_len;
	size_t len = m->name_len;

	base_name(&base, &len);
	buf_putc(buf, ' ');
	buf_escape(buf, m->name, (size_t)(base - m->name), 0);
	add_base_name(buf, base, len, base + len < end);
	buf_escape(buf, base + len, (size_t)(end - base) - len, 0);
}

void symbol_format_line(struct buf *buf, const struct mapping *mapping, const struct regions *regions,
                        const struct maps *maps)
{
	const char *fields = memchr(mapping->line, ' ', mapping->line_len);
	struct anchor anchor;

	if (find_anchor(&anchor, mapping->start, regions != NULL ? regions : &no_regions,
			maps != NULL ? maps : &no_maps, true)) {
		format_from(buf, mapping->start, &anchor);
		buf_putc(buf, '-');
		format_from(buf, mapping->end, &anchor);
	} else {
		buf_add(buf, mapping->line, (size_t)(fields - mapping->line));
	}
	add_fields(buf, mapping, fields);
	if (mapping->name_len > 0)
		add_name(buf, mapping);
}
