/* SPDX-License-Identifier: MIT */
/* Addresses by name: the same words wherever the kernel put things. */
#include "mm/symbol.h"

#include "tap.h"

#include "base/buf.h"

#include <inttypes.h>

static struct maps maps;
static struct regions regions;
static struct buf out;

static const uint64_t program = 0x55d000000000, area = 0x7f0000000000, stack = 0x7ffc00000000;

static void add_line(uint64_t start, uint64_t end, const char *rest)
{
	buf_printf(&maps.text, "%08" PRIx64 "-%08" PRIx64 " %s\n", start, end, rest);
}

/* A process whose program, mmap area and stack were shifted at random. */
static void build(uint64_t shift, uint64_t stack_size)
{
	uint64_t p = program + shift, m = area + 3 * shift, s = stack + 5 * shift;

	buf_reset(&maps.text);
	add_line(p, p + 0x2000, "r--p 00000000 fe:00 11                         /usr/bin/tool");
	add_line(p + 0x2000, p + 0x3000, "rw-p 00002000 fe:00 11                         /usr/bin/tool");
	add_line(p + 0x3000, p + 0x4000, "rw-p 00000000 00:00 0 ");
	add_line(p + 0x1234000 + shift, p + 0x1255000 + shift, "rw-p 00000000 00:00 0                          [heap]");
	add_line(m - 0x9000, m - 0x4000, "rw-p 00000000 00:00 0 ");
	add_line(m, m + 0x26000, "r--p 00000000 fe:00 12                         /usr/lib/libc.so.6");
	add_line(m + 0x26000, m + 0x30000, "r-xp 00026000 fe:00 12                         /usr/lib/libc.so.6");
	add_line(m + 0x30000, m + 0x32000, "rw-p 00000000 00:00 0 ");
	add_line(m + 0x40000, m + 0x41000, "r-xp 00000000 00:00 0                          [vdso]");
	add_line(m + 0x41000, m + 0x42000, "rw-s 00000000 00:01 1027                       /dev/zero (deleted)");
	add_line(m + 0x42000, m + 0x43000, "rw-s 00000000 00:01 99                         /memfd:x y (deleted)");
	add_line(m + 0x43000, m + 0x44000, "rw-s 00000000 fe:00 4711                       /var/tmp/#4711 (deleted)");
	add_line(m + 0x44000, m + 0x45000, "r--p 00000000 fe:00 47                         /tmp/a\033b");
	add_line(m + 0x8000000, m + 0x8001000, "rw-p 00000000 00:00 0 ");
	add_line(s - stack_size, s, "rw-p 00000000 00:00 0                          [stack]");
	add_line(UINT64_C(0xffffffffff600000), UINT64_C(0xffffffffff601000),
		 "--xp 00000000 00:00 0                  [vsyscall]");
	ok(maps_parse(&maps, NULL) == 0, "a snapshot");
	regions_cut(&regions, 0, UINT64_MAX);
	regions_add(&regions, "a", 1, m - 0x9000, 0x4000);
	regions_add(&regions, "b", 2, m + 0x100000, 0x300000);
}

static const char *symbol(uint64_t addr)
{
	buf_reset(&out);
	symbol_format(&out, addr, &regions, &maps);
	return buf_text(&out);
}

static const char *line(size_t i)
{
	buf_reset(&out);
	symbol_format_line(&out, &maps.list[i], &regions, &maps);
	return buf_text(&out);
}

static void test_addresses(void)
{
	uint64_t m = area;

	is(symbol(m - 0x9000), "a", "the start of a region");
	is(symbol(m - 0x8000), "a+4K", "in a region");
	is(symbol(m - 0x8000 + 0x123), "a+0x1123", "in a region, no whole number of K");
	is(symbol(m - 0x5000), "a+16K", "at the end of a region");
	is(symbol(m - 0x4800), "a+18K", "in the anonymous mapping of a region, behind it");
	is(symbol(m + 0x200000), "b+1M", "in a large region");
	is(symbol(m), "libc.so.6", "the start of a file");
	is(symbol(m + 0x27010), "libc.so.6+0x27010", "in a file, from its first mapping");
	is(symbol(m + 0x31000), "libc.so.6+0x31000", "anonymous memory is told from what is below");
	is(symbol(m + 0x33000), "libc.so.6+0x33000", "and so is nothing at all");
	is(symbol(m + 0x40100), "[vdso]+0x100", "in the vdso");
	is(symbol(m + 0x42010), "memfd:x y+0x10", "in a memfd");
	is(symbol(m + 0x43010), "#*+0x10", "in a file that never had a name");
	is(symbol(program + 0x3800), "tool+0x3800", "behind the program's data");
	is(symbol(program - 0x1000), "tool-0x1000", "below the program");
	is(symbol(m + 0x8000000), "0x7f0008000000", "far from everything");
	is(symbol(stack - 0x21000), "[stack]", "the start of the stack");
	is(symbol(stack - 0x10), "[stack end]-0x10", "in the stack, from its end");
	is(symbol(stack), "[stack end]", "the end of the stack");
	is(symbol(0), "0x0", "NULL");
	is(symbol(0x10000), "0x10000", "a small address");
	buf_reset(&out);
	symbol_format(&out, m - 0x8000, &regions, NULL);
	buf_putc(&out, ' ');
	symbol_format(&out, m + 0x10, &regions, NULL);
	buf_putc(&out, ' ');
	symbol_format(&out, m + 0x10, NULL, NULL);
	is(buf_text(&out), "a+4K a+0x9010 0x7f0000000010", "with regions alone, and with nothing");
}

static void test_lines(void)
{
	is(line(0), "tool-tool+0x2000 r--p 00000000 fe:00 11 /usr/bin/tool", "a file's line");
	is(line(2), "tool+0x3000-tool+0x4000 rw-p 00000000 00:00 0", "an anonymous line");
	is(line(3), "[heap]-[heap]+0x21000 rw-p 00000000 00:00 0 [heap]", "the heap");
	is(line(4), "a-a+20K rw-p 00000000 00:00 0", "a region's line");
	is(line(6), "libc.so.6+0x26000-libc.so.6+0x30000 r-xp 00026000 fe:00 12 /usr/lib/libc.so.6",
	   "a library's second line");
	is(line(9), "zero-zero+0x1000 rw-s 00000000 00:01 * /dev/zero (deleted)", "shared anonymous memory");
	is(line(10), "memfd:x y-memfd:x y+0x1000 rw-s 00000000 00:01 * /memfd:x y (deleted)", "a memfd, with a space");
	is(line(11), "#*-#*+0x1000 rw-s 00000000 fe:00 * /var/tmp/#* (deleted)", "a file that never had a name");
	is(line(12), "a\\033b-a\\033b+0x1000 r--p 00000000 fe:00 47 /tmp/a\\033b", "names cannot reach the terminal");
	is(line(13), "7f0008000000-7f0008001000 rw-p 00000000 00:00 0", "far from everything");
	is(line(14), "[stack]-[stack end] rw-p 00000000 00:00 0 [stack]", "the stack");
	is(line(15), "[vsyscall]-[vsyscall]+0x1000 --xp 00000000 00:00 0 [vsyscall]", "the vsyscall page");
}

/* All lines but the one far from everything. */
static void print_all(struct buf *buf)
{
	for (size_t i = 0; i < maps.count; i++) {
		if (i != 13)
			symbol_format_line(buf, &maps.list[i], &regions, &maps);
	}
}

static void test_two_runs(void)
{
	struct buf first = { 0 }, second = { 0 };

	print_all(&first);
	build(0x1357000, 0x30000);
	print_all(&second);
	is(buf_text(&second), buf_text(&first), "two runs print the same bytes, the stack's size notwithstanding");
	buf_fini(&first);
	buf_fini(&second);
}

/* What a name's region lost in front changes nothing about what the name's value is. */
static void test_cut(void)
{
	uint64_t m = area;

	build(0, 0x21000);
	regions_cut(&regions, m - 0x9000, 0x1000);
	regions_cut(&regions, m + 0x100000, 0x2000);
	is(symbol(m - 0x8000), "a+4K", "the start of what is left of a region");
	is(symbol(m - 0x5000), "a+16K", "its end");
	is(symbol(m + 0x102000), "b+8K", "what is left of another");
	is(symbol(m + 0x100000), "b", "where it began, and nothing is any more");
	regions_add(&regions, "c", 3, m + 0x100000, 0x1000);
	is(symbol(m + 0x100000), "c", "unless something else begins there");
	is(symbol(m + 0x102000), "b+8K", "which is not where the rest is told from");
}

/* Above a hole the name goes on to count from its start. */
static void test_hole(void)
{
	uint64_t m = area;

	build(0, 0x21000);
	regions_cut(&regions, m + 0x110000, 0x1000);
	is(symbol(m + 0x111000), "b+68K", "the start of the piece above a hole");
	is(symbol(m + 0x110000), "b+64K", "the hole");
	is(symbol(m + 0x3ff000), "b+3068K", "the last page");
}

/* Thread-local memory just below a library, and a large region at a random distance below that. */
static void test_joined(void)
{
	struct buf first = { 0 }, second = { 0 };

	for (unsigned i = 0; i < 2; i++) {
		uint64_t m = area, big = m - 0x400000 - i * 0x5000;

		buf_reset(&maps.text);
		add_line(big - 0x200000, big, "rw-p 00000000 00:00 0 ");
		add_line(m - 0x3000, m, "rw-p 00000000 00:00 0 ");
		add_line(m, m + 0x26000, "r--p 00000000 fe:00 12                         /usr/lib/libc.so.6");
		ok(maps_parse(&maps, NULL) == 0, "a snapshot");
		regions_cut(&regions, 0, UINT64_MAX);
		regions_add(&regions, "big", 1, big - 0x200000, 0x200000);
		for (size_t k = 0; k < maps.count; k++)
			symbol_format_line(i == 0 ? &first : &second, &maps.list[k], &regions, &maps);
	}
	ok(strstr(buf_text(&first), "libc.so.6-0x3000-libc.so.6 ") != NULL, "it is told from the library");
	is(buf_text(&second), buf_text(&first), "and so two runs print the same");
	buf_fini(&first);
	buf_fini(&second);
}

int main(void)
{
	build(0, 0x21000);
	test_addresses();
	test_lines();
	test_two_runs();
	test_cut();
	test_hole();
	test_joined();
	maps_fini(&maps);
	regions_fini(&regions);
	buf_fini(&out);
	return done();
}
