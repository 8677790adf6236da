/* SPDX-License-Identifier: MIT */
/* Records of smaps, one by one and as a whole. */
#include "mm/smaps.h"

#include "tap.h"

#include "mm/vmflag.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char smaps[] = "1000-3000 rw-p 00000000 00:00 0 \nSize: 8 kB\nVmFlags: rd wr lo \n"
                            "3000-4000 r--p 00000000 08:01 7 /tmp/VmFlags: sl\nSize: 4 kB\n"
                            "5000-6000 r--p 00000000 00:00 0\nVmFlags: rd xlo";

static void test_records(void)
{
	struct smaps_record record = { 0 };
	size_t at = 0;

	ok(smaps_next(smaps, sizeof(smaps) - 1, &at, &record), "there is a first record");
	ok(record.start == 0x1000 && record.end == 0x3000, "with its range");
	ok(record.line_len == strlen("1000-3000 rw-p 00000000 00:00 0 ") && record.text == smaps, "its line");
	ok(record.text_len == at && memcmp(smaps + at, "3000-4000", 9) == 0, "its text, up to the next one's");
	ok(smaps_has_flag(&record, "lo") && smaps_has_flag(&record, "rd"), "and its flags");
	ok(!smaps_has_flag(&record, "sl") && !smaps_has_flag(&record, "r "), "and no others");
	ok(smaps_next(smaps, sizeof(smaps) - 1, &at, &record), "there is a second");
	ok(record.start == 0x3000 && record.flags == NULL, "without flags, whatever its file is called");
	ok(!smaps_has_flag(&record, "sl"), "so it has none");
	ok(smaps_next(smaps, sizeof(smaps) - 1, &at, &record), "the last one may end without a newline");
	ok(smaps_has_flag(&record, "rd") && !smaps_has_flag(&record, "lo"), "a flag is a word of its own");
	ok(!smaps_next(smaps, sizeof(smaps) - 1, &at, &record), "then there is no more");
}

/* Every beginning can be read, from memory that ends with it. */
static void test_beginnings(void)
{
	bool inside = true;

	for (size_t len = 0; len < sizeof(smaps); len++) {
		char *text = malloc(len + (len == 0));
		struct smaps_record record;

		memcpy(text, smaps, len);
		for (size_t at = 0; smaps_next(text, len, &at, &record);) {
			smaps_has_flag(&record, "lo");
			inside = inside && at <= len && record.text + record.text_len <= text + len;
		}
		free(text);
	}
	ok(inside, "every beginning can be read");
}

static void test_figures(void)
{
	static const char text[] = "5000-6000 rw-p 00000000 00:00 0\n"
	                           "Size:                  8 kB\nRss:                   4 kB\nNew_One:               9 kB\n"
	                           "Locked:                0 kB\nPss_Dirty:             4 kB\nTHPeligible:           1\n"
	                           "Swap: much\nPss: 18446744073709551615 kB\nKSM: 99999999999999999999999999 kB\n";
	struct smaps_record r;
	size_t at = 0;

	ok(smaps_next(text, sizeof(text) - 1, &at, &r), "a record with figures");
	ok(r.present[SMAPS_SIZE] && r.figures[SMAPS_SIZE] == 8192, "kB are told in bytes");
	ok(r.present[SMAPS_RSS] && r.figures[SMAPS_RSS] == 4096, "one behind another");
	ok(r.present[SMAPS_LOCKED] && r.figures[SMAPS_LOCKED] == 0, "a line that is not known is skipped");
	ok(r.present[SMAPS_PSS_DIRTY] && r.figures[SMAPS_PSS_DIRTY] == 4096, "any order will do");
	ok(r.present[SMAPS_THP_ELIGIBLE] && r.figures[SMAPS_THP_ELIGIBLE] == 1, "a plain number stays one");
	ok(!r.present[SMAPS_ANONYMOUS] && r.figures[SMAPS_ANONYMOUS] == 0, "a line that is missing is not present");
	ok(!r.present[SMAPS_SWAP] && !r.present[SMAPS_PSS] && !r.present[SMAPS_KSM], "nor is one without a number that fits");
}

static void test_sum(void)
{
	static const char text[] = "1000-2000 rw-p 00000000 00:00 0\nKernelPageSize: 4 kB\nRss: 4 kB\nTHPeligible: 0\n"
	                           "2000-3000 rw-p 00000000 00:00 0\nKernelPageSize: 4 kB\nRss: 8 kB\nTHPeligible: 1\n";
	struct smaps_record sum, part;
	size_t at = 0;

	smaps_next(text, sizeof(text) - 1, &at, &sum);
	smaps_next(text, sizeof(text) - 1, &at, &part);
	smaps_add(&sum, &part);
	ok(sum.present[SMAPS_RSS] && sum.figures[SMAPS_RSS] == 12288, "amounts add up");
	ok(sum.present[SMAPS_KERNEL_PAGE_SIZE] && sum.figures[SMAPS_KERNEL_PAGE_SIZE] == 4096, "properties agree");
	ok(!sum.present[SMAPS_THP_ELIGIBLE], "or are not present");
	ok(smaps_at(text, sizeof(text) - 1, 0x2fff, &part) && part.start == 0x2000, "a record is found by address");
	ok(!smaps_at(text, sizeof(text) - 1, 0x3000, &part) && !smaps_at(text, sizeof(text) - 1, 0xfff, &part),
	   "unless nothing is mapped there");
}

/* What the kernel says of this process, whole. */
static void test_self(void)
{
	struct smaps all = { 0 };
	FILE *file = fopen("/proc/self/smaps", "re");
	char line[4096];
	size_t bad = 0, own_lines = 0, figures = 0, told = 0;
	int error;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		buf_puts(&all.text, line);
	if (file != NULL)
		fclose(file);
	error = smaps_parse(&all, &bad);
	ok(error == 0 && all.maps.count > 3, "the kernel's own is parsed");
	for (size_t i = 0; i < all.maps.count; i++) {
		const struct mapping *m = &all.maps.list[i];

		own_lines += all.list[i].start == m->start && all.list[i].end == m->end;
		figures += all.list[i].present[SMAPS_SIZE] && all.list[i].figures[SMAPS_SIZE] == m->end - m->start;
		for (unsigned k = 0; k < SMAPS_COUNT; k++)
			told += all.list[i].present[k];
	}
	ok(own_lines == all.maps.count, "a record for each mapping");
	ok(figures == all.maps.count && told > 10 * all.maps.count, "with its figures");
	ok(smaps_recognize(buf_text(&all.text), all.text.len), "it is recognized");
	ok(!smaps_recognize(buf_text(&all.maps.text), all.maps.text.len), "and maps are not");

	buf_reset(&all.text);
	buf_puts(&all.text, "2000-3000 rw-p 00000000 00:00 0\nSize: 4 kB\n1000-2000 rw-p 00000000 00:00 0\n");
	ok(smaps_parse(&all, &bad) == -EINVAL && bad == 2, "disorder is noticed");
	buf_reset(&all.text);
	ok(smaps_parse(&all, &bad) == 0 && all.maps.count == 0, "nothing is nothing");
	smaps_fini(&all);
}

int main(void)
{
	test_records();
	test_beginnings();
	test_figures();
	test_sum();
	test_self();
	ok(strcmp(vmflag_words("lo lf", 2), "locked in memory") == 0, "a flag has words");
	ok(vmflag_words("zz", 2) == NULL && vmflag_words("lo lf", 5) == NULL && vmflag_words("", 0) == NULL,
	   "what is not known has none");
	return done();
}
