/* SPDX-License-Identifier: MIT */
/* Alignment: address spaces whose parts are shifted differ in nothing; what is put in, taken out or changed is found. */
#include "mm/align.h"

#include "tap.h"

#include <inttypes.h>
#include <stdlib.h>

enum { CASES = 3000, MOST_MODULES = 12, HUGE_COUNT = 60000 };

static uint64_t seed = 0x2545f4914f6cdd1d;

static unsigned roll(unsigned sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)(seed >> 33) % sides;
}

static struct maps before, after;
static struct delta delta;
static struct arena names;

static void parse(struct maps *maps)
{
	if (maps_parse(maps, NULL) != 0)
		ok(false, "the test writes snapshots");
}

static bool align(void)
{
	parse(&before);
	parse(&after);
	arena_reset(&names);
	return align_compute(&delta, &before, &after, &names);
}

static size_t changes_of(enum change_kind kind)
{
	size_t count = 0;

	for (size_t i = 0; i < delta.change_count; i++)
		count += delta.changes[i].kind == kind;
	return count;
}

static void add_line(struct maps *maps, uint64_t start, uint64_t size, const char *perms, uint64_t offset, unsigned inode,
                     const char *name)
{
	buf_printf(&maps->text, "%08" PRIx64 "-%08" PRIx64 " %s %08" PRIx64 " %s %u      %s\n", start, start + size, perms, offset,
	           inode > 0 ? "fe:00" : "00:00", inode, name);
}

/* A program's parts, in pages; the same for both sides. */
struct module {
	unsigned segments, pages[4], bss;
	unsigned anonymous[3]; /* mappings above it, with a gap below each; 0: none */
};

struct program {
	struct module modules[MOST_MODULES];
	unsigned count, heap, stack;
};

/* What is done to the second side. */
enum edit { EDIT_NONE, EDIT_MODULE_OUT, EDIT_ANONYMOUS_IN, EDIT_HEAP, EDIT_PERMS, EDITS };

static struct program make_program(void)
{
	struct program p = { .count = 2 + roll(MOST_MODULES - 1), .heap = 1 + roll(100), .stack = 33 };

	for (unsigned i = 0; i < p.count; i++) {
		p.modules[i] = (struct module){ .segments = 1 + roll(4), .bss = roll(3) };
		for (unsigned k = 0; k < 4; k++)
			p.modules[i].pages[k] = 1 + roll(50);
		for (unsigned k = 0; k < 3; k++)
			p.modules[i].anonymous[k] = roll(2) * (1 + roll(20));
	}
	return p;
}

static uint64_t write_module(struct maps *maps, const struct module *m, unsigned index, uint64_t at, bool other_perms)
{
	static const char perms[4][5] = { "r--p", "r-xp", "r--p", "rw-p" };
	const uint64_t page = 4096;
	char name[32];
	uint64_t offset = 0;

	snprintf(name, sizeof(name), "/lib/lib%u.so", index);
	for (unsigned k = 0; k < m->segments; k++) {
		add_line(maps, at, m->pages[k] * page, other_perms && k == 0 ? "-w-p" : perms[k], offset, 100 + index, name);
		at += m->pages[k] * page;
		offset += m->pages[k] * page;
	}
	if (m->bss > 0)
		add_line(maps, at, m->bss * page, "rw-p", 0, 0, "");
	at += m->bss * page;
	for (unsigned k = 0; k < 3; k++) {
		at += (1 + roll(1000)) * page;
		if (m->anonymous[k] > 0)
			add_line(maps, at, m->anonymous[k] * page, "rw-p", 0, 0, "");
		at += m->anonymous[k] * page;
	}
	return at;
}

/* Writes a side: each part at a random distance from the one below. */
static void write_side(struct maps *maps, const struct program *p, enum edit edit, unsigned where)
{
	const uint64_t page = 4096;
	uint64_t at = 0x550000000000 + roll(1 << 24) * page;

	buf_reset(&maps->text);
	for (unsigned i = 0; i < p->count; i++) {
		if (i == 1) {
			at += (1 + roll(1 << 20)) * page;
			add_line(maps, at, (p->heap + (edit == EDIT_HEAP ? 1 + where : 0)) * page, "rw-p", 0, 0, "[heap]");
			at = 0x7f0000000000 + roll(1 << 24) * page;
		}
		if (edit == EDIT_ANONYMOUS_IN && i == where) {
			at += page;
			add_line(maps, at, 77 * page, "rwxp", 0, 0, "");
			at += 77 * page;
		}
		at += (1 + roll(5000)) * page;
		if (edit != EDIT_MODULE_OUT || i != where)
			at = write_module(maps, &p->modules[i], i, at, edit == EDIT_PERMS && i == where);
	}
	at = 0x7ffc00000000 + roll(1 << 16) * page;
	add_line(maps, at, p->stack * page, "rw-p", 0, 0, "[stack]");
	at += (p->stack + 1 + roll(10000)) * page;
	add_line(maps, at, 4 * page, "r--p", 0, 0, "[vvar]");
	add_line(maps, at + 4 * page, 2 * page, "r-xp", 0, 0, "[vdso]");
	add_line(maps, UINT64_C(0xffffffffff600000), page, "--xp", 0, 0, "[vsyscall]");
}

/* Whether the delta is that of the edit, and of nothing else. */
static bool is_told(const struct program *p, enum edit edit, unsigned where)
{
	const struct module *m = &p->modules[where];
	size_t lines = m->segments + (m->bss > 0);

	for (unsigned k = 0; k < 3; k++)
		lines += m->anonymous[k] > 0;
	switch (edit) {
	case EDIT_MODULE_OUT:
		/* Its anonymous mappings may be taken for those of others; as many are gone. */
		return changes_of(CHANGE_REMOVED) + changes_of(CHANGE_SHRUNK) >= m->segments && changes_of(CHANGE_ADDED) <= lines;
	case EDIT_ANONYMOUS_IN:
		return delta.line_count == 1 && delta.change_count == 1 && delta.changes[0].kind == CHANGE_ADDED &&
		       delta.changes[0].new_end - delta.changes[0].new_start == 77 * 4096;
	case EDIT_HEAP:
		return delta.line_count == 2 && delta.change_count == 1 && delta.changes[0].kind == CHANGE_GROWN &&
		       delta.changes[0].new_end - delta.changes[0].new_start ==
			       delta.changes[0].old_end - delta.changes[0].old_start + (1 + where) * 4096;
	case EDIT_PERMS:
		return delta.line_count == 2 && delta.change_count == 1 && delta.changes[0].kind == CHANGE_PROTECTED;
	default:
		return delta.line_count == 0 && delta.change_count == 0;
	}
}

static void test_random(enum edit edit, const char *name)
{
	unsigned wrong = 0, moved = 0, cases = scaled(CASES);

	for (unsigned i = 0; i < cases; i++) {
		struct program p = make_program();
		unsigned where = roll(p.count);

		write_side(&before, &p, EDIT_NONE, 0);
		write_side(&after, &p, edit, where);
		align();
		moved += changes_of(CHANGE_MOVED) > 0;
		if (!is_told(&p, edit, where) && wrong++ == 0)
			printf("# before:\n%s# after:\n%s", buf_text(&before.text), buf_text(&after.text));
	}
	ok(wrong == 0, "%s: told in each of %u programs (not in %u)", name, cases, wrong);
	ok(moved == 0, "%s: nothing moved", name);
}

static bool read_recorded(struct maps *maps, const char *name)
{
	const char *folder = getenv("srcdir");
	char path[4096], block[512];

	snprintf(path, sizeof(path), "%s/tests/data/%s", folder != NULL ? folder : ".", name);
	FILE *file = fopen(path, "r");

	if (!ok(file != NULL, "%s is there", path))
		return false;
	buf_reset(&maps->text);
	for (size_t len; (len = fread(block, 1, sizeof(block), file)) > 0;)
		buf_add(&maps->text, block, len);
	fclose(file);
	return true;
}

/* Writes after as before is, with all gaps wider: what touches stays together. */
static void widen(void)
{
	uint64_t shift = 0;

	buf_reset(&after.text);
	for (size_t i = 0; i < before.count; i++) {
		const struct mapping *m = &before.list[i];
		const char *rest = memchr(m->line, ' ', m->line_len);
		bool apart = i > 0 && m[-1].end != m->start;

		if (apart && m->start < UINT64_C(0xffff000000000000))
			shift += roll(50) * UINT64_C(4096);
		else if (apart)
			shift = 0;
		buf_printf(&after.text, "%08" PRIx64 "-%08" PRIx64, m->start + shift, m->end + shift);
		buf_add(&after.text, rest, (size_t)(m->line + m->line_len - rest));
		buf_putc(&after.text, '\n');
	}
}

static void test_recorded(const char *name)
{
	if (!read_recorded(&before, name))
		return;
	parse(&before);
	widen();
	align();
	ok(delta.line_count == 0 && delta.change_count == 0, "%s, its parts shifted: no difference", name);
	/* The same two the other way round, and one against itself. */
	struct maps swap = before;

	before = after;
	after = swap;
	align();
	ok(delta.line_count == 0 && delta.change_count == 0, "%s, the other way round", name);
}

/* Each line of two different programs is in both snapshots, or told. */
static void test_different(void)
{
	if (!read_recorded(&before, "node.maps") || !read_recorded(&after, "python3.maps"))
		return;
	size_t gone = 0, new = 0, outside = 0;

	align();
	for (size_t i = 0; i < delta.line_count; i++) {
		const struct delta_line *line = &delta.lines[i];
		const struct maps *side = line->sign == '-' ? &before : &after;

		gone += line->sign == '-';
		new += line->sign == '+';
		outside += line->mapping < side->list || line->mapping >= side->list + side->count;
	}
	ok(outside == 0, "the lines are the snapshots' own");
	ok(before.count - gone == after.count - new, "as many lines of each side are the same in both");
	ok(changes_of(CHANGE_MOVED) == 0, "nothing moved");
}

static void test_shared_memory(void)
{
	buf_reset(&before.text);
	buf_reset(&after.text);
	buf_puts(&before.text, "7f0000000000-7f0000004000 rw-s 00000000 00:01 7   /memfd:m (deleted)\n");
	buf_puts(&after.text, "7f8000000000-7f8000004000 rw-s 00000000 00:01 9   /memfd:m (deleted)\n");
	align();
	ok(delta.line_count == 0, "every run has other inodes of shared memory");
	buf_reset(&before.text);
	buf_reset(&after.text);
	buf_puts(&before.text, "7f0000000000-7f0000004000 r--s 00000000 fe:00 7   /f\n");
	buf_puts(&after.text, "7f8000000000-7f8000004000 r--s 00000000 fe:00 9   /f\n");
	align();
	ok(changes_of(CHANGE_REPLACED) == 1, "another file of the same name is another file");
}

static void test_regrouped(void)
{
	buf_reset(&before.text);
	buf_reset(&after.text);
	buf_puts(&before.text, "10000-12000 rw-p 00000000 00:00 0 \n20000-23000 rw-p 00000000 00:00 0 \n");
	buf_puts(&after.text, "40000-45000 rw-p 00000000 00:00 0 \n");
	ok(align(), "mappings that touch are one: said");
	ok(delta.line_count == 0, "and no difference");
	buf_puts(&after.text, "50000-51000 rw-p 00000000 00:00 0 \n");
	ok(!align(), "one more page is no chance");
	ok(delta.line_count > 0, "and a difference");
}

static void test_places(void)
{
	buf_reset(&before.text);
	buf_reset(&after.text);
	buf_puts(&before.text, "10000-14000 r-xp 00000000 fe:00 5   /lib/liba.so.1 (deleted)\n"
			       "14000-15000 rw-p 00004000 fe:00 5   /lib/liba.so.1 (deleted)\n");
	buf_puts(&after.text, "30000-34000 r-xp 00000000 fe:00 5   /lib/liba.so.1 (deleted)\n"
			      "34000-35000 r--p 00004000 fe:00 5   /lib/liba.so.1 (deleted)\n");
	align();
	ok(delta.change_count == 1, "one change");
	is(delta.change_count > 0 && delta.changes[0].place != NULL ? delta.changes[0].place : "none", "liba.so.1+0x4000", "its place in the module");
	ok(delta.change_count > 0 && (uint64_t)delta.changes[0].shift == 0x20000, "and how far the module was shifted");
	ok(delta.change_count > 0 && delta.changes[0].old_start == 0x14000, "its own address before");
}

/* Sizes and addresses that do not fit beside one another; what the kernel never says must not harm either. */
static void test_extremes(void)
{
	buf_reset(&before.text);
	buf_reset(&after.text);
	buf_puts(&before.text, "0-ffffffffff000000 rw-p 00000000 00:00 0 [stack]\n");
	buf_puts(&after.text, "1000-2000 rw-p 00000000 00:00 0 [stack]\nfffffffffffff000-ffffffffffffffff r--p 00000000 00:00 0 [heap]\n");
	align();
	ok(delta.line_count >= 2, "a stack of all addresses, and one of a page");
	buf_reset(&before.text);
	align();
	ok(changes_of(CHANGE_ADDED) == 2, "nothing before");
	buf_reset(&after.text);
	align();
	ok(delta.line_count == 0, "nothing at all");
}

/* No two mappings alike on either side, and nothing in common: the cost stays bounded. */
static void test_huge(void)
{
	unsigned count = scaled(HUGE_COUNT);

	for (unsigned side = 0; side < 2; side++) {
		struct maps *maps = side == 0 ? &before : &after;
		uint64_t at = 0x10000;

		buf_reset(&maps->text);
		for (unsigned i = 0; i < count; i++) {
			uint64_t size = 4096 * (uint64_t)(1 + roll(6));

			add_line(maps, at, size, roll(2) == 0 ? "r--p" : "rw-p", 0, 0, "");
			at += size + 4096;
		}
	}
	align();
	ok(delta.line_count > 0, "%u mappings of random sizes", count);
}

int main(void)
{
	test_random(EDIT_NONE, "shifted parts");
	test_random(EDIT_MODULE_OUT, "a module less");
	test_random(EDIT_ANONYMOUS_IN, "an anonymous mapping more");
	test_random(EDIT_HEAP, "a larger heap");
	test_random(EDIT_PERMS, "other permissions");
	test_recorded("cat.maps");
	test_recorded("node.maps");
	test_recorded("python3.maps");
	test_recorded("hostile.maps");
	test_different();
	test_shared_memory();
	test_regrouped();
	test_places();
	test_extremes();
	test_huge();
	maps_fini(&before);
	maps_fini(&after);
	delta_fini(&delta);
	arena_fini(&names);
	return done();
}
