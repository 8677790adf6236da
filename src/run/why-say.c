/* SPDX-License-Identifier: MIT */
/* The words that the rules have in common. */
#include "run/why-rule.h"

#include "base/size.h"
#include "mm/kind.h"
#include "mm/symbol.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum why_answer say(const struct why_case *c, const char *text)
{
	buf_puts(c->out, text);
	return WHY_YES;
}

enum why_answer say_format(const struct why_case *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(c->out, format, args);
	va_end(args);
	return WHY_YES;
}

void say_address(const struct why_case *c, uint64_t addr)
{
	if (c->names != NULL)
		symbol_format(c->out, addr, c->names, c->before);
	else
		buf_printf(c->out, "%#" PRIx64, addr);
}

void say_range(const struct why_case *c, uint64_t start, uint64_t end)
{
	size_t mark = c->out->len;

	say_address(c, start);
	/* Names have a sign of their own. */
	buf_puts(c->out, strncmp(c->out->data + mark, "0x", 2) == 0 ? "-" : " to ");
	say_address(c, end);
}

void say_size(const struct why_case *c, uint64_t bytes)
{
	size_format(c->out, bytes);
}

/* The pages around the scratch page, which the executor made before the script began. */
static bool is_own_page(const struct why_case *c, uint64_t addr)
{
	uint64_t page = addr / c->page * c->page;

	return c->scratch != 0 && (page == c->scratch - c->page || page == c->scratch + c->page);
}

void say_mapping(const struct why_case *c, const struct mapping *mapping, uint64_t addr)
{
	const struct region *region = c->names != NULL ? regions_find(c->names, addr) : NULL;

	if (is_own_page(c, addr))
		say(c, "a guard page of mmtool's own, which keeps experiments apart from the C library");
	else if (region != NULL)
		buf_printf(c->out, "mapping %s", region->name);
	else if (mapping->name_len > 0)
		buf_escape(c->out, mapping->name, mapping->name_len, 0);
	else
		say(c, "an anonymous mapping");
	say_format(c, " (%s)", mapping->perms);
}

void say_flags(const struct why_case *c, enum constant_group group, uint64_t flags)
{
	constant_format(c->out, group, flags);
}

enum why_answer say_unaligned(const struct why_case *c, uint64_t addr, const char *what)
{
	if (addr % c->page == 0)
		return WHY_NO;
	say_format(c, "%s is not a multiple of the page size: ", what);
	say_address(c, addr);
	say(c, " is ");
	say_size(c, addr % c->page);
	say(c, " past a page's start, ");
	say_address(c, addr - addr % c->page);
	return WHY_YES;
}

enum why_answer say_beyond(const struct why_case *c, uint64_t addr, uint64_t len, const char *what)
{
	uint64_t end = why_case_end(c);

	if (end == 0 || (addr <= end && len <= end - addr))
		return WHY_NO;
	say_format(c, "%s reaches beyond the address space of a process, which ends at %#" PRIx64 " (", what, end);
	say_size(c, end);
	return say(c, ") at the latest");
}

enum why_answer say_wrapped(const struct why_case *c, uint64_t len, const char *what)
{
	if (len == 0 || why_round_up(c, len) != 0)
		return WHY_NO;
	return say_format(c, "%s rounds up, in whole pages, to 2^%zu, and so to 0", what, 8 * sizeof(long));
}

enum why_answer say_colour(const struct why_case *c, uint64_t addr, uint64_t offset, const char *what)
{
	uint64_t step = why_colour(addr, offset);

	if (step == 0)
		return WHY_NO;
	say_format(c, "on this processor, whose cache knows memory by its address, %s of shared memory must be a multiple of ", what);
	say_size(c, step);
	say(c, " away from its offset in the object, and it is ");
	say_size(c, (addr - offset) % step);
	return say(c, " past one");
}

enum why_answer say_unknown_bits(const struct why_case *c, uint64_t bits, uint64_t known, const char *what)
{
	return (bits & ~known) != 0 ? say_format(c, "%#" PRIx64 " is no %s", bits & ~known, what) : WHY_NO;
}

bool why_length(const struct why_case *c, const struct mapping *mapping, uint64_t *length)
{
	return c->source != NULL && c->source->length != NULL && c->source->length(c->source->context, mapping, length);
}

bool is_shared_anonymous(const struct mapping *mapping)
{
	/* The kernel's own file system of memory has device major 0. */
	return mapping->perms[3] == 's' && mapping->major == 0 && mapping_is_named(mapping, "/dev/zero (deleted)");
}

enum why_answer why_secret(struct why_case *c, const struct mapping *mapping)
{
	int secret = -1;

	/* Another file may be called so, but none of these otherwise. */
	if (!mapping_is_named(mapping, "/secretmem (deleted)"))
		return WHY_NO;
	if (c->source != NULL && c->source->secret != NULL)
		secret = c->source->secret(c->source->context, mapping);
	return secret < 0 ? WHY_PERHAPS : secret > 0 ? WHY_YES : WHY_NO;
}

enum why_answer say_secret(struct why_case *c, uint64_t from, uint64_t len, const char *text)
{
	if (!why_knows_maps(c))
		return WHY_PERHAPS;
	for (const struct mapping *at = why_next(c, from, len, NULL); at != NULL; at = why_next(c, from, len, at)) {
		enum why_answer answer = why_secret(c, at);

		if (answer == WHY_NO)
			continue;
		say_mapping(c, at, at->start > from ? at->start : from);
		say_format(c, " is of memfd_secret: %s", text);
		return answer;
	}
	return WHY_NO;
}

bool is_vsyscall(const struct mapping *mapping)
{
	return mapping->start >> 63 != 0 && mapping_is_named(mapping, "[vsyscall]");
}

enum why_answer say_vsyscall(struct why_case *c, const struct maps *maps, uint64_t addr)
{
	const struct mapping *at = maps_find(maps, addr);

	if (at == NULL || !is_vsyscall(at))
		return WHY_NO;
	return say(c, "[vsyscall] is a page of the kernel's own, which maps shows in every process and which is a mapping of none");
}
