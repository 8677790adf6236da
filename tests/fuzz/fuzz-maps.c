/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as one maps file.  What the parser makes of them must be what a reader of one character after the other makes of
 * them, and lie in the text; and it looks no further behind the text than it says.  Nothing is allocated for an input, so
 * that a hundred thousand are tried in a second.
 */
#include "mm/maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#ifdef __has_include
#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h> /* empty macros where there is no sanitizer */
#endif
#endif
#ifndef ASAN_POISON_MEMORY_REGION
#define ASAN_POISON_MEMORY_REGION(addr, size) ((void)(addr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(addr, size) ((void)(addr), (void)(size))
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* How far the parser looks behind the text, and the NUL there. */
enum { BEHIND = 32 + 1 };

struct reader {
	const char *at, *end;
};

static void require(bool held)
{
	if (!held)
		abort();
}

static bool next_is(struct reader *reader, char c)
{
	return reader->at < reader->end && *reader->at == c && ++reader->at != NULL;
}

static unsigned digit_value(char c)
{
	return c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 99;
}

static bool number(struct reader *reader, unsigned base, uint64_t *value)
{
	const char *from = reader->at;
	uint64_t sum = 0;

	for (; reader->at < reader->end && digit_value(*reader->at) < base; reader->at++) {
		unsigned digit = digit_value(*reader->at);

		if (__builtin_mul_overflow(sum, base, &sum) || __builtin_add_overflow(sum, digit, &sum))
			return false;
	}
	*value = sum;
	return reader->at > from && (base != 16 || reader->at - from <= 16);
}

static bool small_number(struct reader *reader, uint32_t *value)
{
	uint64_t wide = 0;
	bool read = number(reader, 16, &wide);

	*value = (uint32_t)wide;
	return read && wide <= UINT32_MAX;
}

static bool perms(struct reader *reader, char *to)
{
	for (unsigned i = 0; i < 4; i++, reader->at++) {
		if (reader->at == reader->end || *reader->at <= ' ' || *reader->at > '~')
			return false;
		to[i] = *reader->at;
	}
	return true;
}

/* Reads a line, with its newline if it has one. */
static bool line(struct reader *reader, struct mapping *m)
{
	const char *from = reader->at;

	if (!number(reader, 16, &m->start) || !next_is(reader, '-') || !number(reader, 16, &m->end) || !next_is(reader, ' ') ||
	    !perms(reader, m->perms) || !next_is(reader, ' ') || !number(reader, 16, &m->offset) || !next_is(reader, ' ') ||
	    !small_number(reader, &m->major) || !next_is(reader, ':') || !small_number(reader, &m->minor) ||
	    !next_is(reader, ' ') || !number(reader, 10, &m->inode))
		return false;
	if (reader->at < reader->end && *reader->at != ' ' && *reader->at != '\n')
		return false;
	while (next_is(reader, ' '))
		;
	m->line = from;
	m->name = reader->at;
	while (reader->at < reader->end && *reader->at != '\n')
		reader->at++;
	m->name_len = (uint32_t)(reader->at - m->name);
	m->line_len = (uint32_t)(reader->at - from);
	next_is(reader, '\n');
	return true;
}

static void check_same(const struct mapping *a, const struct mapping *b)
{
	require(a->start == b->start && a->end == b->end && a->offset == b->offset && a->inode == b->inode);
	require(a->major == b->major && a->minor == b->minor && memcmp(a->perms, b->perms, sizeof(a->perms)) == 0);
	require(a->line == b->line && a->line_len == b->line_len && a->name == b->name && a->name_len == b->name_len);
}

/* Compares what was parsed, up to the line that was refused (0: none). */
static void check(const struct maps *maps, size_t bad_line)
{
	struct reader reader = { maps->text.data, maps->text.data + maps->text.len };
	uint64_t above = 0;

	for (size_t i = 0; i < maps->count; i++) {
		struct mapping m = { 0 };

		require(line(&reader, &m) && m.start < m.end && m.start >= above);
		check_same(&maps->list[i], &m);
		above = m.end;
	}
	if (bad_line > 0) {
		struct mapping m = { 0 };

		require(bad_line == maps->count + 1 && reader.at < reader.end);
		require(!line(&reader, &m) || m.start >= m.end || m.start < above);
	} else {
		require(reader.at == reader.end);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct maps maps;
	size_t bad_line = 0, count;
	uint64_t bytes, sum = 0;

	ASAN_UNPOISON_MEMORY_REGION(maps.text.data, maps.text.cap);
	buf_reset(&maps.text);
	buf_reserve(&maps.text, size + BEHIND);
	buf_add(&maps.text, data, size);
	ASAN_POISON_MEMORY_REGION(maps.text.data + size + BEHIND, maps.text.cap - size - BEHIND);

	int error = maps_parse(&maps, &bad_line);

	require(error == 0 ? bad_line == 0 : error == -EINVAL && bad_line > 0);
	check(&maps, bad_line);
	for (size_t i = 0; i < maps.count; i++) {
		require(maps_find(&maps, maps.list[i].start) == &maps.list[i]);
		require(maps_find(&maps, maps.list[i].end - 1) == &maps.list[i]);
		sum += maps.list[i].end - maps.list[i].start;
	}
	require(maps_measure(&maps.text, &count, &bytes) == (error == 0) && (error != 0 || (count == maps.count && bytes == sum)));
	return 0;
}
