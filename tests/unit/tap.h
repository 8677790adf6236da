/* SPDX-License-Identifier: MIT */
/* A unit test's points, in TAP: ok(condition, what), then done() from main. */
#ifndef MMTOOL_TESTS_TAP_H
#define MMTOOL_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned tap_points, tap_failures;

__attribute__((format(printf, 4, 5))) static inline bool tap_point(bool held, const char *file, int line,
                                                                    const char *what, ...)
{
	va_list args;

	va_start(args, what);
	printf("%s %u - ", held ? "ok" : "not ok", ++tap_points);
	vprintf(what, args);
	putchar('\n');
	if (!held)
		printf("# at %s:%d\n", file, line);
	tap_failures += !held;
	va_end(args);
	return held;
}

#define ok(held, ...) tap_point((held), __FILE__, __LINE__, __VA_ARGS__)

/* Compares strings, and shows both when they differ. */
static inline bool tap_string(const char *got, const char *want, const char *what, const char *file, int line)
{
	bool same = strcmp(got, want) == 0;

	tap_point(same, file, line, "%s", what);
	if (!same)
		printf("#  got: %s\n# want: %s\n", got, want);
	return same;
}

#define is(got, want, what) tap_string((got), (want), (what), __FILE__, __LINE__)

/* How many of so many rounds: TAP_SCALE percent of them, one at least, for checkers that make each take fifty times as long. */
static inline unsigned scaled(unsigned many)
{
	const char *scale = getenv("TAP_SCALE");
	unsigned percent = scale != NULL ? (unsigned)strtoul(scale, NULL, 10) : 100;
	unsigned rounds = (unsigned)((unsigned long long)many * percent / 100);

	return rounds > 0 ? rounds : 1;
}

/* The plan, and main's return value. */
static inline int done(void)
{
	printf("1..%u\n", tap_points);
	return tap_failures > 0;
}

#endif
