/* SPDX-License-Identifier: MIT */
/* Records of smaps, and the change of VmFlags that is made of them. */
#include "mm/counters.h"

#include "tap.h"

#include "mm/delta.h"
#include "mm/vmflag.h"

#include <string.h>

static const char smaps[] = "1000-3000 rw-p 00000000 00:00 0 \nSize: 8 kB\nVmFlags: rd wr lo \n"
                            "3000-4000 r--p 00000000 08:01 7 /tmp/VmFlags: sl\nSize: 4 kB\n"
                            "5000-6000 r--p 00000000 00:00 0\nVmFlags: rd xlo";

static void test_records(void)
{
	struct counters_record record = { 0 };
	size_t at = 0;

	ok(counters_record(smaps, sizeof(smaps) - 1, &at, &record), "there is a first record");
	ok(record.start == 0x1000 && record.end == 0x3000, "with its range");
	ok(counters_has_flag(&record, "lo") && counters_has_flag(&record, "rd"), "and its flags");
	ok(!counters_has_flag(&record, "sl") && !counters_has_flag(&record, "r "), "and no others");
	ok(counters_record(smaps, sizeof(smaps) - 1, &at, &record), "there is a second");
	ok(record.start == 0x3000 && record.flags == NULL, "without flags, whatever its file is called");
	ok(!counters_has_flag(&record, "sl"), "so it has none");
	ok(counters_record(smaps, sizeof(smaps) - 1, &at, &record), "the last one may end without a newline");
	ok(counters_has_flag(&record, "rd") && !counters_has_flag(&record, "lo"), "a flag is a word of its own");
	ok(!counters_record(smaps, sizeof(smaps) - 1, &at, &record), "then there is no more");
	for (size_t len = 0; len < sizeof(smaps); len++) {
		for (at = 0; counters_record(smaps, len, &at, &record);)
			counters_has_flag(&record, "lo");
	}
	ok(at <= sizeof(smaps), "every beginning can be read");
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
	test_records();
	test_change();
	ok(strcmp(vmflag_words("lo lf", 2), "locked in memory") == 0, "a flag has words");
	ok(vmflag_words("zz", 2) == NULL && vmflag_words("lo lf", 5) == NULL && vmflag_words("", 0) == NULL,
	   "what is not known has none");
	return done();
}
