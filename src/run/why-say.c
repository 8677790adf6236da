/* SPDX-License-Identifier: MIT */
/* The words that the rules of why.c have in common. */
#include "run/why-rule.h"

#include "base/size.h"
#include "mm/symbol.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

bool say(const struct why_case *c, const char *text)
{
	buf_puts(c->out, text);
	return true;
}

bool say_format(const struct why_case *c, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return say(c, text);
}

void say_address(const struct why_case *c, uint64_t addr)
{
	symbol_format(c->out, addr, c->names, c->before);
}

void say_size(const struct why_case *c, uint64_t bytes)
{
	size_format(c->out, bytes);
}

/* The pages around the scratch page, which the executor made before the script began. */
static bool is_own_page(const struct why_case *c, uint64_t addr)
{
	uint64_t scratch = c->m->here->process.scratch;

	return addr / c->page * c->page == scratch - c->page || addr / c->page * c->page == scratch + c->page;
}

void say_mapping(const struct why_case *c, const struct mapping *mapping, uint64_t addr)
{
	const struct region *region = regions_find(c->names, addr);

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

bool say_unaligned(const struct why_case *c, uint64_t addr, const char *what)
{
	if (addr % c->page == 0)
		return false;
	say_format(c, "%s is not a multiple of the page size: ", what);
	say_address(c, addr);
	say(c, " is ");
	say_size(c, addr % c->page);
	return say(c, " past a page's start");
}

bool say_beyond(const struct why_case *c, uint64_t addr, uint64_t len, const char *what)
{
	uint64_t end = why_space_end();

	if (end == 0 || (addr <= end && len <= end - addr))
		return false;
	say_format(c, "%s reaches beyond the address space of a process, which ends at %#" PRIx64 " (", what, end);
	say_size(c, end);
	return say(c, ") at the latest");
}

bool say_wrapped(const struct why_case *c, uint64_t len, const char *what)
{
	return len != 0 && why_round_up(c, len) == 0 &&
	       say_format(c, "%s rounds up to whole pages past 2^64, and so to 0", what);
}

bool say_unknown_bits(const struct why_case *c, uint64_t bits, uint64_t known, const char *what)
{
	return (bits & ~known) != 0 && say_format(c, "%#" PRIx64 " is no %s", bits & ~known, what);
}
