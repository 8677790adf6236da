/* SPDX-License-Identifier: MIT */
/* Counters in the kernel's text, and changes of VmFlags. */
#include "mm/counters.h"

#include "tap.h"

#include "mm/delta.h"

#include <string.h>

static void test_find(void)
{
	static const char text[] = "VmPeak:\t 12 kB\nVmLck:\t       0 kB\nThreads:\t1\nName:\tVmRSS: 7 kB\nVmRSSx: 8 kB\nVmSwap:";
	const size_t len = sizeof(text) - 1;
	int64_t value = -1;

	ok(counters_find(text, len, "VmPeak", &value) && value == 12288, "kB are told in bytes");
	ok(counters_find(text, len, "VmLck", &value) && value == 0, "nought is a number");
	ok(counters_find(text, len, "Threads", &value) && value == 1, "a plain number stays one");
	ok(!counters_find(text, len, "VmRSS", &value), "a name stands at the start of its line, and ends at the colon");
	ok(!counters_find(text, len, "VmSwap", &value) && !counters_find(text, 0, "VmPeak", &value), "no number, no value");
}

static void test_change(void)
{
	struct change change = { .new_start = 0x1000, .new_end = 0x2000, .names = { "a" }, .flags_gained = "lo lf" };
	struct delta delta = { 0 };

	delta_add_flagged(&delta, &change);
	memset(&change, 0, sizeof(change));
	delta_add_flagged(&delta, &change);
	ok(delta.change_count == 2 && delta.changes[0].kind == CHANGE_FLAGGED && delta.changes[1].kind == CHANGE_FLAGGED,
	   "changes of VmFlags are added");
	ok(strcmp(delta.changes[0].flags_gained, "lo lf") == 0 && delta.changes[0].flags_lost[0] == '\0',
	   "with copies of their flags");
	delta_reset(&delta);
	ok(delta.change_count == 0, "and leave with the others");
	delta_fini(&delta);
}

int main(void)
{
	test_find();
	test_change();
	return done();
}
