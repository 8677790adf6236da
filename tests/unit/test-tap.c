/* SPDX-License-Identifier: MIT */
/* The TAP report, against events made by hand. */
#include "tap.h"

#include "base/buf.h"
#include "base/diag.h"
#include "report/report.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static struct report *report;
static struct buf out;

static const struct regions no_regions;

static void take(const struct event *event)
{
	report->class->event(report, event, &out);
}

static void start(const char *name, bool several)
{
	take(&(struct event){ .type = EVENT_START, .start = { .name = name, .pid = 7, .several = several } });
}

static void begin(struct report_options options)
{
	report_free(report);
	report = report_new(&report_tap, &options);
	buf_reset(&out);
}

static struct event step_of(enum step_kind kind, uint32_t line, const char *source, bool held)
{
	return (struct event){ .type = EVENT_STEP,
		               .step = { .kind = (uint8_t)kind,
		                         .ok = held,
		                         .checked = kind == STEP_EXPECT,
		                         .reason = held ? NULL : "it broke",
		                         .pid = 7,
		                         .old_regions = &no_regions,
		                         .new_regions = &no_regions,
		                         .source = { "x.mmt", line, 1, source, (uint32_t)strlen(source) } } };
}

static void step(enum step_kind kind, uint32_t line, const char *source, bool held)
{
	struct event event = step_of(kind, line, source, held);

	take(&event);
}

static void looped(uint32_t line, const char *source, bool held)
{
	struct event event = step_of(STEP_EXPECT, line, source, held);

	event.step.looped = true;
	take(&event);
}

static void verdict(enum verdict how, const char *source, const char *reason)
{
	struct event event = { .type = EVENT_VERDICT, .verdict = { .verdict = (uint8_t)how, .reason = reason } };

	if (source != NULL)
		event.verdict.source = (struct event_source){ "x.mmt", 1, 1, source, (uint32_t)strlen(source) };
	take(&event);
}

/* What was printed since begin(), ended. */
static const char *told(int status)
{
	take(&(struct event){ .type = EVENT_END, .status = status });
	return buf_text(&out);
}

static void test_points(void)
{
	begin((struct report_options){ .quiet = true });
	start("x.mmt", false);
	step(STEP_EXPECT, 1, "expect 1 == 1", true);
	is(buf_text(&out), "ok 1 - expect 1 == 1\n", "a point is told at once");
	step(STEP_BIND, 2, "a = 1", true);
	step(STEP_EXPECT, 3, "expect 1\n\t== \033[m2", false);
	verdict(VERDICT_FAILED, "expect", "it broke");
	is(told(STATUS_OK),
	   "ok 1 - expect 1 == 1\n"
	   "not ok 2 - expect 1 == \\\\033[m2\n"
	   "# x.mmt:3: it broke\n"
	   "1..2\n",
	   "quiet leaves no point out; a statement is one line without controls");
}

static void test_loops(void)
{
	begin((struct report_options){ 0 });
	start("x.mmt", false);
	looped(2, "expect a", true);
	looped(3, "expect b", false);
	looped(2, "expect a", false);
	looped(3, "expect b", true);
	is(buf_text(&out), "", "a repeat tells nothing while it goes on");
	step(STEP_PASSES, 1, "repeat 9", true);
	is(buf_text(&out),
	   "not ok 1 - expect a\n"
	   "# failed in 1 of 2 passes; the first:\n"
	   "# x.mmt:2: it broke\n"
	   "not ok 2 - expect b\n"
	   "# failed in 1 of 2 passes; the first:\n"
	   "# x.mmt:3: it broke\n",
	   "when it is over each statement is a point, in the order in which they came");
	looped(9, "expect c", true);
	verdict(VERDICT_PASSED, NULL, NULL);
	ok(strstr(told(STATUS_OK), "ok 3 - expect c\n1..3\n") != NULL, "the end of the script is the end of a repeat");
}

static void test_details(void)
{
	const struct event_fault fault = { .signo = SIGSEGV, .code = 1, .has_address = true, .address = 0x1000 };
	struct event event = step_of(STEP_EXPECT, 4, "expect a + 1 == 7, \"why\"", false);
	struct event_check *check = &event.step.check;

	begin((struct report_options){ .symbolic = true, .explain = true });
	start("x.mmt", false);
	check->compared = true;
	check->left = (struct event_operand){ .text = "a + 1", .text_len = 5, .value = "4711", .varies = true };
	check->right = (struct event_operand){ .text = "7", .text_len = 1, .value = "7" };
	event.step.faults = &fault;
	event.step.fault_count = 1;
	event.step.why = "the rule";
	event.step.explain = "two\nlines";
	take(&event);
	is(told(STATUS_OK),
	   "not ok 1 - expect a + 1 == 7, \"why\"\n"
	   "# x.mmt:4: it broke\n"
	   "#   a + 1 = *\n"
	   "#   SIGSEGV, code 1 at 0x1000\n"
	   "#   why: the rule\n"
	   "#   two\n"
	   "#   lines\n"
	   "1..1\n",
	   "a failed point has all that is known");
}

static void test_skips(void)
{
	begin((struct report_options){ 0 });
	start("a#", true);
	verdict(VERDICT_UNSUPPORTED, "require x", "no\nx");
	is(buf_text(&out), "", "a script that is skipped whole may be all there is");
	start("b", true);
	step(STEP_EXPECT, 1, "expect 1", true);
	verdict(VERDICT_PASSED, NULL, NULL);
	is(told(STATUS_OK),
	   "ok 1 - a\\#: require x # SKIP no\\012x\n"
	   "ok 2 - b: expect 1\n"
	   "1..2\n",
	   "when it was not, it is a point");
}

static void test_broken(void)
{
	begin((struct report_options){ 0 });
	start("x.mmt", false);
	step(STEP_EXPECT, 1, "expect 1", true);
	verdict(VERDICT_BROKEN, NULL, "");
	is(told(STATUS_TOOL), "ok 1 - expect 1\nBail out! mmtool could not go on\n", "without an end there is no plan");
	begin((struct report_options){ 0 });
	is(told(STATUS_TOOL), "Bail out! mmtool could not go on\n", "nor when nothing could begin");
}

int main(void)
{
	test_points();
	test_loops();
	test_details();
	test_skips();
	test_broken();
	report_free(report);
	buf_fini(&out);
	return done();
}
