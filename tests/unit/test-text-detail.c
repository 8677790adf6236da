/* SPDX-License-Identifier: MIT */
/* --detail as text: made up events, for what a real process does not do on demand. */
#include "tap.h"

#include "base/buf.h"
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

static struct buf out;
static const struct regions no_regions;

/* The report of one step, without its first line. */
static const char *shown(const struct event *event, const struct report_options *options)
{
	struct report *report = report_new(&report_text, options);

	buf_reset(&out);
	report->class->event(report, event, &out);
	report_free(report);
	const char *newline = strchr(buf_text(&out), '\n');

	return newline != NULL ? newline + 1 : buf_text(&out);
}

static const struct report_options plain = { .full = false }, symbolic = { .symbolic = true };

static struct event step_of(enum step_kind kind)
{
	return (struct event){ .type = EVENT_STEP,
		               .step = { .kind = (uint8_t)kind,
		                         .ok = true,
		                         .pid = 7,
		                         .old_regions = &no_regions,
		                         .new_regions = &no_regions,
		                         .source = { "x", 1, 1, "a[0] = 1", 8 } } };
}

static struct event_counter counter(const char *name, uint64_t before, uint64_t after)
{
	return (struct event_counter){ .name = name, .has_before = true, .has_after = true, .before = before, .after = after };
}

static void test_counters(void)
{
	struct event_counter list[] = { counter("VmSize", 4096, 8192), counter("VmRSS", 4096, 4096), counter("RssAnon", 0, 4096),
		                        counter("RssFile", 8192, 4096), counter("minflt", 3, 9), counter("majflt", 1, 2),
		                        counter("Committed_AS", 1 << 20, 0) };
	struct event event = step_of(STEP_STORE);

	list[1].approximate = list[2].approximate = list[3].approximate = true;
	list[1].varies = list[2].varies = list[3].varies = list[5].varies = list[6].varies = true;
	list[4].unit = list[5].unit = UNIT_COUNT;
	list[6].system_wide = true;
	is(shown(&event, &plain), "", "nothing where nobody looked");
	event.step.smaps_looked = true;
	event.step.counters = list;
	event.step.counter_count = 7;
	is(shown(&event, &plain),
	   "    VmSize        4K -> 8K (+4K)\n"
	   "    VmRSS         4K -> 4K (0: anonymous +4K, file -4K; approximate)\n"
	   "    minor faults  +6\n"
	   "    major faults  +1\n"
	   "    Committed_AS  -1M (of the whole machine)\n",
	   "each counter with what it is");
	list[4].own = 4;
	ok(strstr(shown(&event, &plain), "    minor faults  +2\n") != NULL, "mmtool's own faults are not the script's");
	list[4].own = 6;
	ok(strstr(shown(&event, &plain), "minor") == NULL, "nor told where there are no others");
	is(shown(&event, &symbolic), "    VmSize        +4K\n", "--symbolic: what another run tells too");
	event.step.counter_count = 0;
	event.step.counters = list + 1;
	event.step.counter_count = 1;
	list[1].has_after = false;
	is(shown(&event, &plain), "    counters      the process is gone: there is nothing to compare with\n", "a process that died");
	list[1].has_after = true;
	is(shown(&event, &plain), "    counters      none of the process moved\n", "looked, and nothing moved");
	struct event_counter two[] = { list[1], list[6] };

	event.step.counters = two;
	event.step.counter_count = 2;
	is(shown(&event, &plain),
	   "    Committed_AS  -1M (of the whole machine)\n"
	   "    counters      none of the process moved\n",
	   "what others do to the machine does not hide it");
	event.step.kind = STEP_EXPECT;
	ok(strstr(shown(&event, &plain), "Committed_AS") == NULL, "nor is it told of a check, which moves nothing");
	event.step.kind = STEP_STORE;
	event.step.counters = list + 1;
	event.step.counter_count = 1;
	is(shown(&event, &symbolic), "", "--symbolic cannot say so: what it leaves out may have moved");
	event.step.smaps_looked = false;
	ok(strstr(shown(&event, &plain), "    smaps         cannot be read here\n") != NULL, "not looked is no nothing");
	event = step_of(STEP_BIND);
	event.step.counters = list + 1;
	event.step.counter_count = 1;
	is(shown(&event, &plain), "", "a statement of which nobody expects that it moves one");
}

static struct event_smaps smaps_of(uint64_t start, uint64_t end, uint64_t rss)
{
	struct event_smaps smaps = { .start = start, .end = end, .mappings = 1 };

	smaps.present[SMAPS_SIZE] = smaps.present[SMAPS_RSS] = smaps.present[SMAPS_PSS] = true;
	smaps.figures[SMAPS_SIZE] = end - start;
	smaps.figures[SMAPS_RSS] = smaps.figures[SMAPS_PSS] = rss;
	return smaps;
}

static void test_regions(void)
{
	struct event_counter moved = counter("minflt", 0, 1);
	struct event_smaps before = smaps_of(0x10000, 0x18000, 0), after = smaps_of(0x10000, 0x18000, 0x4000);
	struct event_detail detail = { .name = "a", .old_size = 0x8000, .size = 0x8000, .before = &before, .after = &after };
	struct event event = step_of(STEP_STORE);

	event.step.counters = &moved;
	event.step.counter_count = 1;
	event.step.smaps_looked = true;
	event.step.details = &detail;
	event.step.detail_count = 1;
#define REST(event) (strchr(shown(&(event), &plain), '\n') + 1)
	is(REST(event), "    a             Rss 16K (+16K)\n", "Pss is told where it is not Rss");
	after.figures[SMAPS_PSS] = 0x1000;
	is(REST(event), "    a             Rss 16K (+16K), Pss 4K (+4K)\n", "so");
	after.figures[SMAPS_PSS] = 0x4000;
	detail.old_size = detail.size = 0x4000;
	is(REST(event), "    a             Rss 16K (+16K)\n                  smaps tells of its whole mapping, of 32K\n",
	   "of a mapping that is longer, and the same before");
	before.end = 0x20000;
	before.figures[SMAPS_SIZE] = 0x10000;
	is(REST(event), "    a             Rss 16K\n                  smaps tells of its whole mapping, of 32K; before, of 64K\n",
	   "no difference between two mappings of which it is a part");
	detail.size = 0x8000;
	is(REST(event), "    a             Rss 16K\n                  before, smaps told of its whole mapping, of 64K\n",
	   "nor when it stands alone now");
	detail.after = NULL;
	detail.size = 0;
	is(REST(event), "    a             not mapped any more; before, smaps told of its whole mapping,\n                  of 64K\n",
	   "nor when it is gone");
	detail.before = NULL;
	detail.after = &after;
	detail.size = 0x8000;
	is(REST(event), "    a             Rss 16K (+16K)\n", "all of a new region is new");
	after.figures[SMAPS_RSS] = after.figures[SMAPS_PSS] = 0;
	is(REST(event), "    a             nothing of it is resident\n", "of which nothing may be there");
}

static void test_flags(void)
{
	const struct event_vmflag flags[] = { { "rd", "readable", false },
		                              { "lo", "locked in memory", true },
		                              { "ac", "counted as committed memory", false },
		                              { "\033?", NULL, false } };
	struct event_counter moved = counter("minflt", 0, 1);
	struct event_smaps before = smaps_of(0x10000, 0x18000, 0), after = before;
	struct event_detail detail = { .name = "a", .old_size = 0x8000, .size = 0x8000, .before = &before, .after = &after };
	struct event event = step_of(STEP_STORE);

	event.step.counters = &moved;
	event.step.counter_count = 1;
	event.step.smaps_looked = true;
	event.step.details = &detail;
	event.step.detail_count = 1;
	after.flags = flags;
	after.flag_count = 4;
	is(REST(event),
	   "    a             nothing of it is resident\n"
	   "                  it is partly locked in memory (lo), counted as committed\n"
	   "                  memory (ac), \\033?\n",
	   "flags in words, and one that is not known as it is");
	before.flags = flags;
	before.flag_count = 4;
	is(REST(event),
	   "    a             nothing of it is resident\n"
	   "                  it is partly locked in memory (lo), \\033?\n",
	   "what all have is told when it is new");
}

int main(void)
{
	test_counters();
	test_regions();
	test_flags();
	buf_fini(&out);
	return done();
}
