/* SPDX-License-Identifier: MIT */
/* The parser of maps: recorded ones, hostile ones, torn ones. */
#include "mm/maps.h"

#include "tap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static struct maps maps;

static int parse_bytes(const char *text, size_t len, size_t *bad_line)
{
	buf_reset(&maps.text);
	buf_add(&maps.text, text, len);
	return maps_parse(&maps, bad_line);
}

static int parse(const char *text)
{
	return parse_bytes(text, strlen(text), NULL);
}

static bool read_recorded(const char *name)
{
	const char *folder = getenv("srcdir");
	char path[4096], block[512];

	snprintf(path, sizeof(path), "%s/tests/data/%s", folder != NULL ? folder : ".", name);
	FILE *file = fopen(path, "r");

	if (!ok(file != NULL, "%s is there", path))
		return false;
	buf_reset(&maps.text);
	for (size_t len; (len = fread(block, 1, sizeof(block), file)) > 0;)
		buf_add(&maps.text, block, len);
	fclose(file);
	return true;
}

/* Writes the snapshot again from its fields; the padding, which differs between machines, is as in the line. */
static bool same_again(void)
{
	struct buf again = { 0 };
	bool same;

	for (size_t i = 0; i < maps.count; i++) {
		const struct mapping *m = &maps.list[i];
		char fields[128];
		int len = snprintf(fields, sizeof(fields),
				   "%08" PRIx64 "-%08" PRIx64 " %s %08" PRIx64 " %02" PRIx32 ":%02" PRIx32 " %" PRIu64,
				   m->start, m->end, m->perms, m->offset, m->major, m->minor, m->inode);

		buf_add(&again, fields, (size_t)len);
		for (const char *p = m->line + len; p < m->name; p++)
			buf_putc(&again, ' ');
		buf_add(&again, m->name, m->name_len);
		if ((size_t)(m->line - maps.text.data) + m->line_len < maps.text.len)
			buf_putc(&again, '\n');
	}
	same = again.len == maps.text.len && memcmp(again.data, maps.text.data, again.len) == 0;
	buf_fini(&again);
	return same;
}

static void test_recorded(void)
{
	static const struct {
		const char *name;
		size_t count;
	} files[] = { { "cat.maps", 38 }, { "python3.maps", 113 }, { "node.maps", 93 }, { "i386.maps", 17 },
		    { "hostile.maps", 13 } };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (!read_recorded(files[i].name))
			continue;
		ok(maps_parse(&maps, NULL) == 0, "%s is parsed", files[i].name);
		ok(maps.count == files[i].count, "%s has all its lines", files[i].name);
		ok(same_again(), "%s is told by its fields, byte for byte", files[i].name);
	}
}

static void test_fields(void)
{
	ok(parse("7f0012345000-7f0012346000 rw-s 0001a000 fe:1f 123456                     /tmp/a b (deleted)\n") == 0,
	   "a line is parsed");
	const struct mapping *m = &maps.list[0];

	ok(m->start == UINT64_C(0x7f0012345000) && m->end == UINT64_C(0x7f0012346000), "its addresses");
	is(m->perms, "rw-s", "its permissions");
	ok(m->offset == 0x1a000 && m->major == 0xfe && m->minor == 0x1f && m->inode == 123456, "its file");
	ok(m->name_len == 18 && memcmp(m->name, "/tmp/a b (deleted)", 18) == 0, "its name, with spaces");
	ok(m->line == maps.text.data && m->line_len == maps.text.len - 1, "the raw line without its newline");
	ok(parse("1000-2000 rw-p 00000000 00:00 0 \n2000-3000 rwxp 00000000 00:00 0") == 0 && maps.count == 2,
	   "a missing newline at the end is accepted");
	ok(maps.list[0].name_len == 0 && maps.list[0].line_len == 32, "the space behind the inode is part of the line");
	ok(maps.list[1].name_len == 0 && maps.list[1].line_len == 31, "and need not be there");
	ok(parse("") == 0 && maps.count == 0, "an empty file has no mappings");
	ok(parse("1000-2000 rwXq 00000000 00:00 0\n") == 0 && strcmp(maps.list[0].perms, "rwXq") == 0,
	   "permissions that a later kernel knows are accepted");
	ok(parse("0-ffffffffffffffff rwxp ffffffffffffffff ffffffff:ffffffff 18446744073709551615\n") == 0,
	   "the largest numbers fit");
}

static void test_refused(void)
{
	static const char *const bad[] = {
		"\n",
		" ",
		"1000",
		"1000-",
		"1000-2000",
		"1000-2000 ",
		"1000-2000 rw-p",
		"1000-2000 rw- 00000000 00:00 0\n",
		"1000-2000 rw-p\n",
		"1000-2000 rw-px 00000000 00:00 0\n",
		"1000-2000 rw-p 00000000 00:00\n",
		"1000-2000 rw-p 00000000 00:00 \n",
		"1000-2000 rw-p 00000000 0000 0\n",
		"1000-2000 rw-p 00000000 00:00 0x\n",
		"1000-2000 rw-p 00000000 00:00 18446744073709551616\n",
		"1000-2000 rw-p 00000000 100000000:00 0\n",
		"1000-2000 rw-p 00000000 00:100000000 0\n",
		"1000-2000 rw-p 10000000000000000 00:00 0\n",
		"1000-2000 rw-p 0000000g 00:00 0\n",
		"00000000000001000-2000 rw-p 00000000 00:00 0\n",
		"-2000 rw-p 00000000 00:00 0\n",
		"1000-1000 rw-p 00000000 00:00 0\n",
		"2000-1000 rw-p 00000000 00:00 0\n",
		"1000-2000  rw-p 00000000 00:00 0\n",
		"1000-2000 r\033-p 00000000 00:00 0\n",
		"1000-2000 r\xff-p 00000000 00:00 0\n",
		"ABCD-BCDE rw-p 00000000 00:00 0\n",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(parse(bad[i]) == -EINVAL, "bad line %zu is refused", i);
	static const char nul[] = "1000-2000 rw-p 0000\0" "0000 00:00 0\n";

	ok(parse_bytes(nul, sizeof(nul) - 1, NULL) == -EINVAL, "a NUL in a field is refused");
}

static void test_order(void)
{
	static const char good[] = "1000-2000 rw-p 00000000 00:00 0\n";
	size_t bad_line = 0;
	char text[128];

	snprintf(text, sizeof(text), "%s1000-3000 rw-p 00000000 00:00 0\n", good);
	ok(parse_bytes(text, strlen(text), &bad_line) == -EINVAL && bad_line == 2,
	   "an overlap is refused, with its line");
	snprintf(text, sizeof(text), "%s%s0-1000 rw-p 00000000 00:00 0\n", good, "5000-6000 rw-p 00000000 00:00 0\n");
	ok(parse_bytes(text, strlen(text), &bad_line) == -EINVAL && bad_line == 3, "and so is disorder");
	snprintf(text, sizeof(text), "%s2000-3000 rw-p 00000000 00:00 0\n", good);
	ok(parse(text) == 0, "mappings that touch are in order");
}

/* Every beginning of a good text is parsed or refused, with no byte beyond it looked at (the sanitizers watch). */
static void test_beginnings(void)
{
	static const char text[] =
		"1000-2000 rw-p 00000000 00:00 0 \n7f0000000000-7f0000001000 r--p 00001000 fe:00 9  /x\n";
	bool all = true;

	for (size_t len = 0; len < sizeof(text); len++) {
		struct maps alone = { 0 };

		buf_add(&alone.text, text, len);
		int error = maps_parse(&alone, NULL);

		all = all && (error == 0 || error == -EINVAL);
		maps_fini(&alone);
	}
	ok(all, "every beginning of a text gives 0 or -EINVAL");
}

static void test_look_ups(void)
{
	size_t touching = 0;

	parse("1000-2000 rw-p 00000000 00:00 0\n2000-4000 r--p 00000000 00:00 0\n8000-9000 rw-p 00000000 00:00 0\n");
	ok(maps_find(&maps, 0xfff) == NULL && maps_find(&maps, 0x4000) == NULL, "nothing holds a hole");
	ok(maps_find(&maps, 0x1000) == &maps.list[0] && maps_find(&maps, 0x3fff) == &maps.list[1],
	   "first and last bytes");
	ok(maps_above(&maps, 0) == &maps.list[0] && maps_above(&maps, 0x4000) == &maps.list[2], "the next mapping");
	ok(maps_above(&maps, 0x9000) == NULL, "nothing above the last");
	ok(maps_covered(&maps, 0x1800, 0x2000) && !maps_covered(&maps, 0x3000, 0x2000),
	   "covered across mappings, not holes");
	ok(maps_covered(&maps, 0x5000, 0), "no bytes are always covered");
	ok(maps_mapped(&maps, 0, UINT64_MAX, &touching) == 0x4000 && touching == 3, "bytes mapped of everything");
	ok(maps_mapped(&maps, 0x1800, 0x7000, &touching) == 0x3000 && touching == 3, "bytes mapped of a part");
	ok(maps_mapped(&maps, 0x8800, UINT64_MAX, &touching) == 0x800 && touching == 1,
	   "a range that would wrap ends at the top");
	ok(maps_mapped(&maps, 0x1800, 0, &touching) == 0 && touching == 0, "an empty range touches nothing");
	ok(!maps_covered(&maps, 0x8800, UINT64_MAX), "a range that would wrap is not covered");
	struct maps none = { 0 };

	ok(maps_find(&none, 1) == NULL && maps_mapped(&none, 0, 9, NULL) == 0, "an empty snapshot can be asked");
}

int main(void)
{
	test_recorded();
	test_fields();
	test_refused();
	test_order();
	test_beginnings();
	test_look_ups();
	maps_fini(&maps);
	return done();
}
