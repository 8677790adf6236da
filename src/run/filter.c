/* SPDX-License-Identifier: MIT */
/* Reads filters, and matches mappings against them. */
#include "run/filter.h"

#include "base/buf.h"
#include "base/size.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *word;
	enum filter_key key;
} keys[] = {
	{ "perms", FILTER_PERMS }, { "name", FILTER_NAME },         { "address", FILTER_ADDRESS },
	{ "addr", FILTER_ADDRESS }, { "size", FILTER_SIZE },        { "resident", FILTER_RESIDENT },
	{ "rss", FILTER_RESIDENT },
};

enum operator { EQUAL, UNEQUAL, ABOVE, ABOVE_EQUAL, BELOW, BELOW_EQUAL };

/* The longer ones first. */
static const struct {
	const char *sign;
	enum operator operator;
} operators[] = {
	{ "!=", UNEQUAL }, { ">=", ABOVE_EQUAL }, { "<=", BELOW_EQUAL }, { "=", EQUAL }, { ">", ABOVE }, { "<", BELOW },
};

static int refuse(char **problem, const char *text, const char *why)
{
	struct buf message = { 0 };

	buf_escape(&message, text, strlen(text), 0);
	buf_printf(&message, ": %s", why);
	*problem = message.data;
	return -EINVAL;
}

static int refuse_shape(char **problem, const char *text)
{
	/* A shell takes an unquoted > or < for itself, and leaves the word before it. */
	if (strcmp(text, "size") == 0 || strcmp(text, "resident") == 0 || strcmp(text, "rss") == 0)
		return refuse(problem, text, "more than what? quote it: --filter='size>1M'");
	return refuse(problem, text, "not a filter (try perms=rw, name=libc, 'size>1M' or address=7f12c000)");
}

/* Hexadecimal, with or without 0x. */
static bool read_address(const char *text, size_t len, uint64_t *address)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t sum = 0;

	if (len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		text += 2;
		len -= 2;
	}
	if (len == 0 || len > 16)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] - 'A' + 'a') : text[i];
		const char *digit = c != '\0' ? strchr(digits, c) : NULL;

		if (digit == NULL)
			return false;
		sum = sum << 4 | (uint64_t)(digit - digits);
	}
	*address = sum;
	return true;
}

static int parse_address(struct filter *filter, const char *text, const char *value, char **problem)
{
	const char *dash = strchr(value, '-');
	size_t first = dash != NULL ? (size_t)(dash - value) : strlen(value);

	if (!read_address(value, first, &filter->low) ||
	    (dash != NULL && !read_address(dash + 1, strlen(dash + 1), &filter->high)))
		return refuse(problem, text, "not an address (try 7f12c000, 0x7f12c000 or 7f12c000-7f140000)");
	if (dash == NULL)
		filter->high = filter->low == UINT64_MAX ? UINT64_MAX : filter->low + 1;
	if (filter->high <= filter->low)
		return refuse(problem, text, "a range ends above its beginning");
	return 0;
}

static int parse_perms(struct filter *filter, const char *text, const char *value, char **problem)
{
	size_t len = strlen(value);

	filter->text = value;
	if (len == 0 || len > 4 || strspn(value, "rwxsp-?") != len)
		return refuse(problem, text, "not permissions (try rw: it has both; or r-x, rw-s, ??xp: as in maps)");
	return 0;
}

static bool read_size(const char *text, size_t len, uint64_t *bytes)
{
	return size_parse(text, len, size_page(), bytes) == 0;
}

/* SIZE, or FROM-TO, of which one may be missing. */
static bool read_sizes(struct filter *filter, const char *value)
{
	const char *dash = strchr(value, '-');
	size_t len = strlen(value);

	filter->high = UINT64_MAX;
	if (dash == NULL) {
		bool held = read_size(value, len, &filter->low);

		filter->high = filter->low;
		return held;
	}
	size_t first = (size_t)(dash - value), second = len - first - 1;

	if (first == 0 && second == 0)
		return false;
	return (first == 0 || read_size(value, first, &filter->low)) &&
	       (second == 0 || read_size(dash + 1, second, &filter->high));
}

static int parse_size(struct filter *filter, const char *text, enum operator operator, const char *value, char **problem)
{
	static const char words[] = "not a size (try 4096, 64K, 1M, 3p; or 64K-1M, 1M-)";
	uint64_t size = 0;

	if (operator == EQUAL || operator == UNEQUAL) {
		if (!read_sizes(filter, value))
			return refuse(problem, text, words);
		return filter->low <= filter->high ? 0 : refuse(problem, text, "a range ends above its beginning");
	}
	if (!read_size(value, strlen(value), &size))
		return refuse(problem, text, words);
	bool above = operator == ABOVE || operator == ABOVE_EQUAL;

	if ((operator == ABOVE && size == UINT64_MAX) || (operator == BELOW && size == 0))
		return refuse(problem, text, "nothing can be that");
	filter->low = above ? size + (operator == ABOVE) : 0;
	filter->high = above ? UINT64_MAX : size - (operator == BELOW);
	return 0;
}

int filter_parse(struct filter *filter, const char *text, char **problem)
{
	size_t width = strspn(text, "abcdefghijklmnopqrstuvwxyz"), key = 0, sign = 0;
	const size_t key_count = sizeof(keys) / sizeof(keys[0]), sign_count = sizeof(operators) / sizeof(operators[0]);

	while (key < key_count && (strlen(keys[key].word) != width || strncmp(keys[key].word, text, width) != 0))
		key++;
	while (sign < sign_count && strncmp(operators[sign].sign, text + width, strlen(operators[sign].sign)) != 0)
		sign++;
	if (key == key_count || sign == sign_count)
		return refuse_shape(problem, text);
	enum operator operator = operators[sign].operator;
	const char *value = text + width + strlen(operators[sign].sign);

	*filter = (struct filter){ .key = (uint8_t)keys[key].key, .inverted = operator == UNEQUAL };
	if (filter->key == FILTER_SIZE || filter->key == FILTER_RESIDENT)
		return parse_size(filter, text, operator, value, problem);
	if (operator > UNEQUAL)
		return refuse(problem, text, "only sizes are compared by > and <");
	if (filter->key == FILTER_ADDRESS)
		return parse_address(filter, text, value, problem);
	if (filter->key == FILTER_PERMS)
		return parse_perms(filter, text, value, problem);
	filter->text = value;
	return 0;
}

/* Letters alone: it has each of them.  With a place for each, as in maps: they are so, ? is any. */
static bool match_perms(const char *want, const char *perms)
{
	size_t len = strlen(want);
	bool placed = len == 4 || strpbrk(want, "-?") != NULL;

	for (size_t i = 0; i < len; i++) {
		if (placed ? want[i] != '?' && want[i] != perms[i] : strchr(perms, want[i]) == NULL)
			return false;
	}
	return true;
}

/* * is any text, ? is any byte; nothing else is special, for names hold brackets. */
static bool match_glob(const char *glob, const char *name, size_t len)
{
	const char *star = NULL;
	size_t i = 0, from = 0;

	while (i < len) {
		if (*glob == '*') {
			star = ++glob;
			from = i;
		} else if (*glob == '?' || (*glob == name[i] && *glob != '\0')) {
			glob++;
			i++;
		} else if (star != NULL) {
			glob = star;
			i = ++from;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == '\0';
}

/* A glob is of the whole name, other text of any part of it; nothing is the name of what has none. */
static bool match_name(const char *want, const char *name, size_t len)
{
	if (*want == '\0')
		return len == 0;
	if (strpbrk(want, "*?") != NULL)
		return match_glob(want, name, len);
	return len > 0 && memmem(name, len, want, strlen(want)) != NULL;
}

static bool within(const struct filter *filter, uint64_t value)
{
	return value >= filter->low && value <= filter->high;
}

bool filter_match(const struct filter *filter, const struct mapping *mapping, uint64_t resident)
{
	bool matches = false;

	switch ((enum filter_key)filter->key) {
	case FILTER_PERMS:
		matches = match_perms(filter->text, mapping->perms);
		break;
	case FILTER_NAME:
		matches = match_name(filter->text, mapping->name, mapping->name_len);
		break;
	case FILTER_ADDRESS:
		matches = mapping->start < filter->high && mapping->end > filter->low;
		break;
	case FILTER_SIZE:
		matches = within(filter, mapping->end - mapping->start);
		break;
	case FILTER_RESIDENT:
		matches = within(filter, resident);
		break;
	}
	return matches != filter->inverted;
}

bool filter_match_hole(const struct filter *filter, uint64_t start, uint64_t end)
{
	bool matches = false;

	if (filter->key == FILTER_ADDRESS)
		matches = start < filter->high && end > filter->low;
	else if (filter->key == FILTER_SIZE)
		matches = within(filter, end - start);
	else
		return false;
	return matches != filter->inverted;
}
