/* SPDX-License-Identifier: MIT */
/* The text report, against events made by hand. */
#include "tap.h"

#include "base/buf.h"
#include "mm/call.h"
#include "mm/constant.h"
#include "report/report.h"
#include "report/sentence.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static struct report *report;
static struct buf out;

static const struct regions no_regions;

/* A fresh report; text() gives what it printed since. */
static void begin(struct report_options options)
{
	report_free(report);
	buf_reset(&out);
	report = report_new(&report_text, &options);

	struct event event = { .type = EVENT_START, .start = { .name = "grow", .pid = 4711 } };

	report->class->event(report, &event, &out);
}

static void take(const struct event *event)
{
	report->class->event(report, event, &out);
}

static struct event step_of(enum step_kind kind, const char *source)
{
	struct event event = { .type = EVENT_STEP };

	event.step = (struct event_step){
		.kind = (uint8_t)kind,
		.ok = true,
		.old_regions = &no_regions,
		.new_regions = &no_regions,
		.source = { "grow", 1, 1, source, (uint32_t)strlen(source) },
	};
	return event;
}

static void bare(const char *source)
{
	struct event event = step_of(STEP_STORE, source);

	take(&event);
}

static void note(const char *words)
{
	struct event event = { .type = EVENT_NOTE, .note = { .text = words, .symbolic = words } };

	take(&event);
}

static struct event_operand operand(const char *source, const char *value)
{
	return (struct event_operand){ source, (uint32_t)strlen(source), value, false };
}

static struct event check_of(const char *source, bool held, const char *left, const char *left_value, const char *right,
                             const char *right_value)
{
	struct event event = step_of(STEP_EXPECT, source);

	event.step.ok = held;
	event.step.check = (struct event_check){ .held = held, .compared = left != NULL };
	if (left != NULL) {
		event.step.check.left = operand(left, left_value);
		event.step.check.right = operand(right, right_value);
	}
	return event;
}

static void check(const char *source, bool held, const char *left, const char *left_value, const char *right,
                  const char *right_value)
{
	struct event event = check_of(source, held, left, left_value, right, right_value);

	take(&event);
}

/* A system call with its arguments from the table of calls. */
static struct event call_of(const char *source, const char *name, unsigned count, const uint64_t *values,
                            int64_t result, int error)
{
	const struct call *call = call_find(name, strlen(name));
	struct event event = step_of(STEP_CALL, source);
	struct event_call *made = &event.step.call;

	made->name = call->name;
	made->count = count;
	for (unsigned i = 0; i < count; i++)
		made->args[i] = (struct event_arg){ .kind = call->args[i], .value = values[i] };
	made->result_kind = call->result;
	made->result = result;
	made->error = error;
	made->is_system = call->class == CALL_SYSTEM;
	made->performed = true;
	made->changes_maps = made->is_system && !call->keeps_maps;
	return event;
}

static void snapshot(struct maps *maps, const char *lines)
{
	buf_puts(&maps->text, lines);
	if (maps_parse(maps, NULL) != 0)
		abort();
}

#define ADDRESS UINT64_C(0x7f3c5a1e4000)
#define LOWER UINT64_C(0x7f3c5a1e0000)
#define LINE_A "7f3c5a1e4000-7f3c5a1e5000 rw-p 00000000 00:00 0\n"
#define LINE_MOVED "7f3c5a1e0000-7f3c5a1e4000 rw-p 00000000 00:00 0\n"
#define LINE_LIBC "7f3c5b000000-7f3c5b010000 r--p 00000000 08:01 77 /usr/lib/libc.so.6\n"

static const struct delta nothing;

/* The three snapshots of the mmap and the mremap of the design's example. */
static struct {
	struct maps empty, mapped, moved;
	struct regions before, after;
	struct region list[2];
	struct delta_line lines[3];
	struct change changes[2];
	struct delta map, move;
} world;

static void build_world(void)
{
	snapshot(&world.empty, LINE_LIBC);
	snapshot(&world.mapped, LINE_A LINE_LIBC);
	snapshot(&world.moved, LINE_MOVED LINE_LIBC);
	world.list[0] = (struct region){ "a", 1, ADDRESS, 4096, 0 };
	world.list[1] = (struct region){ "a", 1, LOWER, 16384, 0 };
	world.before = (struct regions){ &world.list[0], 1, 1 };
	world.after = (struct regions){ &world.list[1], 1, 1 };
	world.lines[0] = (struct delta_line){ .sign = '+', .mapping = &world.mapped.list[0] };
	world.lines[1] = (struct delta_line){ .sign = '+', .mapping = &world.moved.list[0] };
	world.lines[2] = (struct delta_line){ .sign = '-', .mapping = &world.mapped.list[0] };
	world.changes[0] = (struct change){ .kind = CHANGE_ADDED, .new_start = ADDRESS, .new_end = ADDRESS + 4096,
		                            .after = &world.mapped.list[0], .names = { "a" } };
	world.changes[1] = (struct change){ .kind = CHANGE_MOVED, .old_start = ADDRESS, .old_end = ADDRESS + 4096,
		                            .new_start = LOWER, .new_end = LOWER + 16384,
		                            .before = &world.mapped.list[0], .after = &world.moved.list[0],
		                            .names = { "a" } };
	world.map = (struct delta){ .lines = &world.lines[0], .line_count = 1, .changes = &world.changes[0],
		                    .change_count = 1 };
	world.move = (struct delta){ .lines = &world.lines[1], .line_count = 2, .changes = &world.changes[1],
		                     .change_count = 1 };
}

static struct event map_step(void)
{
	const uint64_t args[] = { 0, 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1, 0 };
	struct event event = call_of("a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)",
	                             "mmap", 6, args, (int64_t)ADDRESS, 0);

	event.step.looked = true;
	event.step.delta = &world.map;
	event.step.before = &world.empty;
	event.step.after = &world.mapped;
	event.step.new_regions = &world.before;
	return event;
}

static struct event move_step(void)
{
	const uint64_t args[] = { ADDRESS, 4096, 16384, 1 };
	struct event event = call_of("a = mremap(a, 1p, 4p, MREMAP_MAYMOVE)", "mremap", 4, args, (int64_t)LOWER, 0);

	event.step.looked = true;
	event.step.delta = &world.move;
	event.step.before = &world.mapped;
	event.step.after = &world.moved;
	event.step.old_regions = &world.before;
	event.step.new_regions = &world.after;
	return event;
}

static void verdict(struct event_verdict verdict)
{
	struct event event = { .type = EVENT_VERDICT, .verdict = verdict };

	take(&event);
}

static void test_blocks(void)
{
	struct event map = map_step(), move = move_step();

	begin((struct report_options){ 0 });
	take(&map);
	take(&move);
	bare("strcpy(a, \"Original data in page 0\")");
	check("expect text(a) == \"Original data in page 0\"", true, "text(a)", "\"Original data in page 0\"",
	      "\"Original data in page 0\"", "\"Original data in page 0\"");
	verdict((struct event_verdict){ .verdict = VERDICT_PASSED, .steps = 12, .checks = 5 });
	is(buf_text(&out),
	   "a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	   "    mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f3c5a1e4000\n"
	   "  + 7f3c5a1e4000-7f3c5a1e5000 rw-p 00000000 00:00 0\n"
	   "    a is new: 4K, rw-p, private anonymous\n"
	   "\n"
	   "a = mremap(a, 1p, 4p, MREMAP_MAYMOVE)\n"
	   "    mremap(0x7f3c5a1e4000, 4096, 16384, MREMAP_MAYMOVE) = 0x7f3c5a1e0000\n"
	   "  - 7f3c5a1e4000-7f3c5a1e5000 rw-p 00000000 00:00 0\n"
	   "  + 7f3c5a1e0000-7f3c5a1e4000 rw-p 00000000 00:00 0\n"
	   "    a moved down by 16K and grew from 4K to 16K\n"
	   "\n"
	   "strcpy(a, \"Original data in page 0\")\n"
	   "expect text(a) == \"Original data in page 0\"\n"
	   "    ok: \"Original data in page 0\"\n"
	   "\n"
	   "12 steps, 5 checks, all as expected\n",
	   "blocks of calls and checks, and the verdict");
}

static void test_full(void)
{
	struct event move = move_step(), start = { .type = EVENT_START, .start = { .name = "grow", .pid = 4711, .maps = &world.mapped } };

	begin((struct report_options){ .full = true });
	take(&start);
	take(&move);
	is(buf_text(&out),
	   "    at the start:\n"
	   "    " LINE_A
	   "    " LINE_LIBC
	   "\n"
	   "a = mremap(a, 1p, 4p, MREMAP_MAYMOVE)\n"
	   "    mremap(0x7f3c5a1e4000, 4096, 16384, MREMAP_MAYMOVE) = 0x7f3c5a1e0000\n"
	   "    before:\n"
	   "  - " LINE_A
	   "    " LINE_LIBC
	   "    after:\n"
	   "  + " LINE_MOVED
	   "    " LINE_LIBC
	   "    a moved down by 16K and grew from 4K to 16K\n",
	   "--full shows both maps and marks what changed");
}

static void test_symbolic(void)
{
	struct event map = map_step(), move = move_step();
	struct event pid = call_of("pidfd_open(getpid(), 0)", "pidfd_open", 2, (const uint64_t[]){ 4711, 0 }, 3, 0);
	struct event_fault fault = { .signo = SIGSEGV, .code = fault_code(SIGSEGV, SEGV_ACCERR),
		                     .address = ADDRESS + 16, .has_address = true };
	struct event caught = check_of("expect fault(a[16]) == SEGV_ACCERR", true, "fault(a[16])", "SEGV_ACCERR",
	                               "SEGV_ACCERR", "SEGV_ACCERR");

	caught.step.faults = &fault;
	caught.step.fault_count = 1;
	caught.step.old_regions = &world.before;
	begin((struct report_options){ .symbolic = true });
	take(&map);
	take(&move);
	take(&pid);
	take(&caught);
	is(buf_text(&out),
	   "a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	   "    mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = a\n"
	   "  + a-a+4K rw-p 00000000 00:00 0\n"
	   "    a is new: 4K, rw-p, private anonymous\n"
	   "\n"
	   "a = mremap(a, 1p, 4p, MREMAP_MAYMOVE)\n"
	   "    mremap(a, 4096, 16384, MREMAP_MAYMOVE) = a\n"
	   "  - a-a+4K rw-p 00000000 00:00 0\n"
	   "  + a-a+16K rw-p 00000000 00:00 0\n"
	   "    a moved down by 16K and grew from 4K to 16K\n"
	   "\n"
	   "pidfd_open(getpid(), 0)\n"
	   "    pidfd_open(*, 0) = 3\n"
	   "\n"
	   "expect fault(a[16]) == SEGV_ACCERR\n"
	   "    SIGSEGV, SEGV_ACCERR at a+0x10: the mapping's permissions do not allow it\n"
	   "    ok: SEGV_ACCERR\n",
	   "--symbolic shows names for addresses, before and after");
}

static void test_color(void)
{
	struct event move = move_step(), wrong = check_of("expect 1\n\t== 2", false, "1", "1", "2", "2");

	move.step.explain = "Why.";
	begin((struct report_options){ .color = true, .explain = true });
	note("first");
	take(&move);
	check("expect 1 == 1", true, "1", "1", "1", "1");
	take(&wrong);
	verdict((struct event_verdict){ .verdict = VERDICT_FAILED, .steps = 1, .failed = 1 });
	is(buf_text(&out),
	   "# \033[36mfirst\033[0m\n"
	   "\033[1ma = mremap(a, 1p, 4p, MREMAP_MAYMOVE)\033[0m\n"
	   "    mremap(0x7f3c5a1e4000, 4096, 16384, MREMAP_MAYMOVE) = 0x7f3c5a1e0000\n"
	   "  \033[31m- 7f3c5a1e4000-7f3c5a1e5000 rw-p 00000000 00:00 0\033[0m\n"
	   "  \033[32m+ 7f3c5a1e0000-7f3c5a1e4000 rw-p 00000000 00:00 0\033[0m\n"
	   "    a moved down by 16K and grew from 4K to 16K\n"
	   "    | \033[2mWhy.\033[0m\n"
	   "\n"
	   "\033[1mexpect 1 == 1\033[0m\n"
	   "    \033[32mok: 1\033[0m\n"
	   "\n"
	   "\033[1mexpect 1\033[0m\n"
	   "\033[1m\t== 2\033[0m\n"
	   "    \033[1;31mFAILED: it does not hold\033[0m\n"
	   "      1 = 1\n"
	   "      2 = 2\n"
	   "\n"
	   "\033[1;31m1 step, 1 failed\033[0m\n",
	   "colour ends on every line");
}

static void test_quiet(void)
{
	struct event map = map_step(), unmet = step_of(STEP_REQUIRE, "require mseal");
	struct event wrong = check_of("expect text(a) == \"x\"", false, "text(a)", "\"y\"", "\"x\"", "\"x\"");
	struct event_verdict failed = { .verdict = VERDICT_FAILED, .steps = 3, .checks = 1, .failed = 1 };

	wrong.step.reason = "it does not hold";
	wrong.step.check.message = "the text was lost";
	failed.source = (struct event_source){ "grow", 7, 1, "expect", 6 };
	failed.reason = "it does not hold";
	begin((struct report_options){ .quiet = true, .full = true });
	note("nobody reads this");
	take(&map);
	take(&wrong);
	verdict(failed);
	is(buf_text(&out),
	   "expect text(a) == \"x\"\n"
	   "    FAILED: the text was lost\n"
	   "      text(a) = \"y\"\n"
	   "      \"x\"     = \"x\"\n"
	   "\n"
	   "3 steps, 1 check, 1 failed, at line 7\n",
	   "--quiet shows what failed");

	begin((struct report_options){ .quiet = true });
	take(&map);
	verdict((struct event_verdict){ .verdict = VERDICT_PASSED, .steps = 3 });
	is(buf_text(&out), "", "--quiet is silent when all is as expected");

	verdict((struct event_verdict){ .verdict = VERDICT_UNSUPPORTED, .reason = "needs mseal" });
	is(buf_text(&out), "unsupported here: needs mseal\n", "--quiet says what is unsupported");

	begin((struct report_options){ .quiet = true });
	unmet.step.ok = false;
	unmet.step.reason = "it cannot be told";
	take(&unmet);
	is(buf_text(&out), "require mseal\n    FAILED: it cannot be told\n", "and what a requirement needs and cannot be told");
}

static void test_failed_call(void)
{
	const uint64_t args[] = { ADDRESS, 4096, 4096, 2, LOWER };
	struct event event = call_of("mremap(a, 1p, 1p, MREMAP_FIXED, dest) = -1 EINVAL", "mremap", 5, args, -1,
	                             EINVAL);

	event.step.looked = true;
	event.step.delta = &nothing;
	event.step.process = "child";
	event.step.why = "EINVAL: MREMAP_FIXED needs MREMAP_MAYMOVE, since a mapping that is put where it was told "
	                 "to go is a mapping that moves";
	begin((struct report_options){ 0 });
	take(&event);
	event.step.why = "too short";
	event.step.looked = false;
	event.step.call.injected = true;
	event.step.call.performed = false;
	event.step.ok = false;
	event.step.reason = "it was to succeed";
	take(&event);
	is(buf_text(&out),
	   "[child] mremap(a, 1p, 1p, MREMAP_FIXED, dest) = -1 EINVAL\n"
	   "    mremap(0x7f3c5a1e4000, 4096, 4096, MREMAP_FIXED, 0x7f3c5a1e0000) = -1 EINVAL (Invalid argument)\n"
	   "    why: EINVAL: MREMAP_FIXED needs MREMAP_MAYMOVE, since a mapping that is put\n"
	   "         where it was told to go is a mapping that moves\n"
	   "    nothing changed in the maps\n"
	   "\n"
	   "[child] mremap(a, 1p, 1p, MREMAP_FIXED, dest) = -1 EINVAL\n"
	   "    mremap(0x7f3c5a1e4000, 4096, 4096, MREMAP_FIXED, 0x7f3c5a1e0000) = -1 EINVAL (Invalid argument) "
	   "(injected)\n"
	   "    why: EINVAL: too short\n"
	   "    FAILED: it was to succeed\n",
	   "a call that fails says why");
}

static void test_maps_kept(void)
{
	struct event event = call_of("close(3)", "close", 1, (const uint64_t[]){ 3 }, 0, 0);

	event.step.looked = true;
	event.step.delta = &nothing;
	begin((struct report_options){ 0 });
	take(&event);
	is(buf_text(&out), "close(3)\n    close(3) = 0\n", "a call that cannot change the maps says nothing of them");
}

static void test_faults(void)
{
	struct event_fault fault = { .signo = SIGSEGV, .code = fault_code(SIGSEGV, SEGV_MAPERR), .address = ADDRESS,
		                     .has_address = true, .fatal = true };
	struct event event = call_of("memset(old, 0, 1p) = ?", "memset", 3, (const uint64_t[]){ ADDRESS, 0, 4096 },
	                             -1, 0);
	struct event dead = step_of(STEP_STORE, "a[0] = 1");
	struct event wait = call_of("wait(child)", "wait", 1, (const uint64_t[]){ 4712 }, SIGKILL, 0);

	event.step.faults = &fault;
	event.step.fault_count = 1;
	event.step.death = SIGSEGV;
	begin((struct report_options){ 0 });
	take(&event);
	fault.code = fault_code(SIGBUS, BUS_ADRERR);
	fault.signo = SIGBUS;
	fault.fatal = false;
	event.step.death = 0;
	event.step.before = &world.mapped;
	take(&event);
	dead.step.ok = false;
	dead.step.reason = "the process is gone";
	dead.step.death = SIGKILL;
	take(&dead);
	take(&wait);
	is(buf_text(&out),
	   "memset(old, 0, 1p) = ?\n"
	   "    memset(0x7f3c5a1e4000, 0, 4096) = ?\n"
	   "    SIGSEGV, SEGV_MAPERR at 0x7f3c5a1e4000: nothing is mapped there\n"
	   "    the process was killed by it\n"
	   "\n"
	   "memset(old, 0, 1p) = ?\n"
	   "    memset(0x7f3c5a1e4000, 0, 4096) = ?\n"
	   "    SIGBUS, BUS_ADRERR at 0x7f3c5a1e4000: there is no memory behind that page\n"
	   "\n"
	   "a[0] = 1\n"
	   "    the process was killed by SIGKILL\n"
	   "    FAILED: the process is gone\n"
	   "\n"
	   "wait(child)\n"
	   "    it was killed by SIGKILL\n",
	   "faults in plain words");
}

#define SIXTY "123456789012345678901234567890123456789012345678901234567890"

static void test_checks(void)
{
	struct event wrong = check_of("expect zero(a, 1p), \"a is new\"", false, NULL, NULL, NULL, NULL);
	struct event lost = check_of("expect end(a) -\n  start(a) == 8K", false, "end(a) -\n  start(a)", "4096", "8K",
	                             "8192");

	begin((struct report_options){ 0 });
	check("expect e < 5", true, "e", "3", "5", "5");
	check("expect (errno) == (ENOMEM)", true, "errno", "12", "ENOMEM", "ENOMEM");
	check("expect zero(a, 1p)", true, NULL, NULL, NULL, NULL);
	check("expect text(a) != \"\"", true, "text(a)", "\"" SIXTY "123\"", "\"\"", "\"\"");
	wrong.step.check.message = "a is new";
	wrong.step.reason = "it gave 0";
	take(&wrong);
	take(&lost);
	bare("next");
	is(buf_text(&out),
	   "expect e < 5\n"
	   "    ok: 3 < 5\n"
	   "expect (errno) == (ENOMEM)\n"
	   "    ok: ENOMEM\n"
	   "expect zero(a, 1p)\n"
	   "    ok\n"
	   "expect text(a) != \"\"\n"
	   "    ok: \"" SIXTY "123\" != \"\"\n"
	   "\n"
	   "expect zero(a, 1p), \"a is new\"\n"
	   "    FAILED: a is new: it gave 0\n"
	   "\n"
	   "expect end(a) -\n"
	   "  start(a) == 8K\n"
	   "    FAILED: it does not hold\n"
	   "      end(a) - start(a) = 4096\n"
	   "      8K                = 8192\n"
	   "\n"
	   "next\n",
	   "checks that hold stand close; those that do not show both sides");
	begin((struct report_options){ 0 });
	check("expect a == b", true, "a", "\"" SIXTY "12345678901\"", "b", "");
	is(buf_text(&out), "expect a == b\n    ok\n", "a value that does not fit the line is left out");
}

static void test_bind(void)
{
	struct event event = step_of(STEP_BIND, "n = 4K + 4");

	begin((struct report_options){ 0 });
	event.step.value_text = "4100";
	take(&event);
	event = step_of(STEP_BIND, "old =  a + 4K");
	event.step.value_text = "a+4K";
	take(&event);
	bare("a[0] = 1");
	event = step_of(STEP_BIND, "end = n + 4K");
	event.step.value_text = "8196";
	take(&event);
	check("expect end > n", true, "end", "8196", "n", "4100");
	bare("a[0] = 2");
	is(buf_text(&out),
	   "n = 4K + 4\n"
	   "    = 4100\n"
	   "old =  a + 4K\n"
	   "a[0] = 1\n"
	   "end = n + 4K\n"
	   "    = 8196\n"
	   "expect end > n\n"
	   "    ok: 8196 > 4100\n"
	   "\n"
	   "a[0] = 2\n",
	   "a value is shown that the source does not say, and stands close to the next");
}

/* What another run may find different does not show with --symbolic. */
static void test_varying(void)
{
	struct event bind = step_of(STEP_BIND, "frame = pfn(a)");
	struct event other = check_of("expect pfn(b) != frame", true, "pfn(b)", "4711", "frame", "4712");
	struct event same = check_of("expect pfn(a) - frame == 0", true, "pfn(a) - frame", "0", "0", "0");
	struct event lost = check_of("expect pfn(b) == frame", false, "pfn(b)", "4711", "frame", "4712");
	struct event remark = { .type = EVENT_NOTE, .note = { .text = "frame 4712 of 5", .symbolic = "frame * of 5" } };

	bind.step.value_text = "4712";
	bind.step.value_varies = true;
	other.step.check.left.varies = other.step.check.right.varies = true;
	lost.step.check = other.step.check;
	lost.step.check.held = false;
	same.step.check.left.varies = true;
	begin((struct report_options){ .symbolic = true });
	take(&bind);
	take(&other);
	take(&same);
	take(&remark);
	take(&lost);
	is(buf_text(&out),
	   "frame = pfn(a)\n"
	   "    = *\n"
	   "expect pfn(b) != frame\n"
	   "    ok: * != *\n"
	   "expect pfn(a) - frame == 0\n"
	   "    ok: 0\n"
	   "\n"
	   "# frame * of 5\n"
	   "expect pfn(b) == frame\n"
	   "    FAILED: it does not hold\n"
	   "      pfn(b) = *\n"
	   "      frame  = *\n",
	   "--symbolic shows a star for a number that another run may find different");
	begin((struct report_options){ 0 });
	take(&bind);
	take(&other);
	take(&remark);
	is(buf_text(&out),
	   "frame = pfn(a)\n"
	   "    = 4712\n"
	   "expect pfn(b) != frame\n"
	   "    ok: 4711 != 4712\n"
	   "\n"
	   "# frame 4712 of 5\n",
	   "and the number without it");
}

static void test_notes(void)
{
	struct event passes = step_of(STEP_PASSES, "");

	begin((struct report_options){ 0 });
	note("one");
	note("a note that is longer than eighty columns is broken at a space, and no word of it is cut");
	bare("a[0] = 1");
	note("two\nlines\033[2J");
	passes.step.passes = 97;
	take(&passes);
	is(buf_text(&out),
	   "# one\n"
	   "# a note that is longer than eighty columns is broken at a space, and no word of\n"
	   "# it is cut\n"
	   "a[0] = 1\n"
	   "\n"
	   "# two\n"
	   "# lines\\033[2J\n"
	   "... 97 more passes, all as expected\n",
	   "notes, and passes that are summed up");
}

static void test_hostile(void)
{
	struct maps maps = { 0 };
	struct delta_line line = { .sign = '+' };
	struct change change = { .kind = CHANGE_ADDED, .new_start = 0x1000, .new_end = 0x2000 };
	struct delta delta = { .lines = &line, .line_count = 1, .changes = &change, .change_count = 1 };
	struct event event = call_of("mmap()\033[1m", "mmap", 0, NULL, 0x1000, 0);

	snapshot(&maps, "00001000-00002000 r--s 00000000 08:01 12                         /tmp/\033]0;x\a (deleted)\n");
	line.mapping = change.after = &maps.list[0];
	event.step.looked = true;
	event.step.delta = &delta;
	begin((struct report_options){ 0 });
	take(&event);
	is(buf_text(&out),
	   "mmap()\\033[1m\n"
	   "    mmap() = 0x1000\n"
	   "  + 00001000-00002000 r--s 00000000 08:01 12                         /tmp/\\033]0;x\\007 (deleted)\n"
	   "    new: 4K, r--s, \\033]0;x\\007 (deleted), shared file mapping\n",
	   "names cannot reach the terminal as controls");
	maps_fini(&maps);
}

static void test_explain(void)
{
	struct event event = step_of(STEP_STORE, "a[0] = 1");

	event.step.explain = "A paragraph that takes more than a line is broken so that each of the lines stands "
	                     "behind a bar.";
	begin((struct report_options){ 0 });
	take(&event);
	is(buf_text(&out), "a[0] = 1\n", "no explanation without --explain");
	begin((struct report_options){ .explain = true });
	take(&event);
	is(buf_text(&out),
	   "a[0] = 1\n"
	   "    | A paragraph that takes more than a line is broken so that each of the\n"
	   "    | lines stands behind a bar.\n",
	   "--explain sets the paragraph off");
}

static void test_verdicts(void)
{
	begin((struct report_options){ 0 });
	verdict((struct event_verdict){ .verdict = VERDICT_BROKEN, .reason = "no /proc" });
	is(buf_text(&out), "", "a broken tool speaks for itself");
	verdict((struct event_verdict){ .verdict = VERDICT_UNSUPPORTED, .steps = 1, .reason = "needs Linux 6.10" });
	is(buf_text(&out), "unsupported here: needs Linux 6.10\n", "unsupported, with the reason");
	begin((struct report_options){ 0 });
	verdict((struct event_verdict){ .verdict = VERDICT_PASSED, .steps = 1 });
	is(buf_text(&out), "1 step, all as expected\n", "one step, no checks");
	report->class->event(report, &(struct event){ .type = EVENT_START, .start = { .name = "b\n.mmt", .several = true } }, &out);
	buf_reset(&out);
	verdict((struct event_verdict){ .verdict = VERDICT_PASSED, .steps = 1 });
	is(buf_text(&out), "\nb\\012.mmt: 1 step, all as expected\n", "of several scripts each says its name");
}

/* One change, said by itself; the mappings come from one line each, "" for none. */
static void says(struct change change, const char *before_line, const char *after_line, const struct regions *old,
                 const struct regions *new, const char *want)
{
	struct maps before = { 0 }, after = { 0 };
	struct buf words = { 0 };

	snapshot(&before, before_line);
	snapshot(&after, after_line);
	change.before = before.count > 0 ? &before.list[0] : NULL;
	change.after = after.count > 0 ? &after.list[0] : NULL;
	sentence_change(&words, &change, &(struct sentence_context){ &before, &after, old, new });
	is(buf_text(&words), want, want);
	buf_fini(&words);
	maps_fini(&before);
	maps_fini(&after);
}

#define OLD(from, to) .old_start = (from), .old_end = (to)
#define NEW(from, to) .new_start = (from), .new_end = (to)
#define BOTH(from, to) OLD(from, to), NEW(from, to)
#define NAMES(...) .names = { __VA_ARGS__ }
#define CHANGE(what, ...) ((struct change){ .kind = CHANGE_##what, __VA_ARGS__ })
#define ANON(range, perms) range " " perms " 00000000 00:00 0\n"
#define HERE ANON("10000-14000", "rw-p")
#define THERE ANON("210000-214000", "rw-p")

static void test_ranges(void)
{
	struct region a[] = { { "a", 1, 0x10000, 0x4000, 0 } };
	struct region both[] = { { "b", 2, 0xf000, 0x1000, 0 }, { "a", 1, 0x10000, 0x1000, 0 } };
	struct region far[] = { { "b", 1, 0x210000, 0x4000, 0 } };
	struct region pieces[] = { { "a", 1, 0x10000, 0x1000, 0 }, { "a", 1, 0x12000, 0x2000, 0x2000 } };
	const struct regions whole = { a, 1, 1 }, pair = { both, 2, 2 }, away = { far, 1, 1 };
	const struct regions holed = { pieces, 2, 2 };

	says(CHANGE(ADDED, NEW(0xf000, 0x10000), NAMES("b")), "", ANON("f000-11000", "rw-p"), NULL, &pair,
	     "b is new: 4K, rw-p, private anonymous; it merged with a above it: maps shows one mapping of 8K");
	says(CHANGE(ADDED, NEW(0x10000, 0x11000)), "", ANON("f000-12000", "rw-p"), NULL, NULL,
	     "new: 4K, rw-p, private anonymous; it merged with the mapping below it and the mapping above it: "
	     "maps shows one mapping of 12K");
	says(CHANGE(MOVED, OLD(0x10000, 0x14000), NEW(0x210000, 0x214000), NAMES("a")), HERE, THERE, &whole, NULL,
	     "a moved up by 2M");
	says(CHANGE(MOVED, OLD(0x10000, 0x14000), NEW(0x210000, 0x214000), NAMES("a")), HERE, HERE THERE, &whole, NULL,
	     "the pages of a moved up by 2M; the old range stays mapped");
	says(CHANGE(MOVED, OLD(0x10000, 0x14000), NEW(0x210000, 0x214000), NAMES("b", "a")), HERE, HERE THERE, &whole,
	     &away, "the pages of a moved up by 2M, to b; the old range stays mapped");
	says(CHANGE(MOVED, OLD(0x10000, 0x14000), NEW(0x210000, 0x214000), NAMES("b")), HERE, THERE, &whole, &away,
	     "a moved up by 2M; it is called b now");
	says(CHANGE(MOVED, OLD(0x10000, 0x14000), NEW(0x7f0000000000, 0x7f0000008000), NAMES("a")), HERE,
	     ANON("7f0000000000-7f0000008000", "rw-p"), &whole, NULL, "a moved far up and grew from 16K to 32K");
	says(CHANGE(MOVED, OLD(0x7f0000000000, 0x7f0000004000), NEW(0x10000, 0x14000)),
	     ANON("7f0000000000-7f0000004000", "rw-p"), HERE, NULL, NULL, "an anonymous mapping moved far down");
	says(CHANGE(REMOVED, OLD(0x12000, 0x14000), NAMES("a")), HERE, "", &holed, NULL,
	     "the last 8K of a is unmapped");
	says(CHANGE(MOVED, OLD(0x11000, 0x12000), NEW(0x1000, 0x2000), NAMES("a")), HERE, ANON("1000-2000", "rw-p"),
	     &whole, NULL, "4K of a at offset 4K moved down by 64K");
	says(CHANGE(GROWN, OLD(0x10000, 0x11000), NEW(0x10000, 0x14000), NAMES("a")), "", "", NULL, NULL,
	     "a grew in place from 4K to 16K");
	says(CHANGE(GROWN, OLD(0x10000, 0x11000), NEW(0x10000, 0x12000), NAMES("a")), "", "", &pair, &pair,
	     "the mapping that holds a grew in place from 4K to 8K");
	says(CHANGE(GROWN, OLD(0xf000, 0x11000), NEW(0xe000, 0x11000), NAMES("b", "a")), "", "", &pair, &pair,
	     "the mapping that holds b and a grew downwards from 8K to 12K");
	says(CHANGE(GROWN, OLD(0x10000, 0x11000), NEW(0xf000, 0x11000)), "",
	     "f000-11000 rw-p 00000000 00:00 0 [stack]\n", NULL, NULL, "[stack] grew downwards from 4K to 8K");
	says(CHANGE(SHRUNK, OLD(0x10000, 0x18000), NEW(0x10000, 0x12000), NAMES("a")), "", "", NULL, NULL,
	     "a shrank from 32K to 8K: its last 24K are unmapped");
	says(CHANGE(SHRUNK, OLD(0x10000, 0x18000), NEW(0x11000, 0x17000), NAMES("a")), "", "", NULL, NULL,
	     "a shrank from 32K to 24K: its first 4K and its last 4K are unmapped");
	says(CHANGE(REMOVED, OLD(0x10000, 0x14000), NAMES("a")), HERE, "", &whole, NULL, "a is gone: 16K unmapped");
	says(CHANGE(REMOVED, OLD(0x10000, 0x14000), NAMES("a", "b", "c")), "", "", NULL, NULL,
	     "a, b and c are gone: 16K unmapped");
	says(CHANGE(REMOVED, OLD(0x12000, 0x14000)), HERE, "", NULL, NULL,
	     "the last 8K of an anonymous mapping is unmapped");
}

static void test_attributes(void)
{
	struct region a[] = { { "a", 1, 0x10000, 0x4000, 0 } };
	struct region dest[] = { { "dest", 2, 0x10000, 0x2000, 0 } };
	struct region cut[] = { { "a", 1, 0x10000, 0x1000, 0 }, { "dest", 2, 0x11000, 0x1000, 0x1000 } };
	const struct regions whole = { a, 1, 1 }, aim = { dest, 1, 1 }, taken = { cut, 2, 2 };

	says(CHANGE(REPLACED, BOTH(0x10000, 0x11000), NAMES("a", "dest")), ANON("10000-12000", "---p"),
	     ANON("10000-11000", "rw-p"), &aim, &taken, "the first 4K of dest was replaced by a: ---p, now rw-p");
	says(CHANGE(REPLACED, BOTH(0x10000, 0x14000), NAMES("a")), HERE, HERE, &whole, &whole,
	     "a was replaced by a new a");
	says(CHANGE(REPLACED, BOTH(0x10000, 0x11000)), "10000-11000 r--p 00000000 08:01 5 /lib/libc.so.6\n",
	     ANON("10000-11000", "r--p"), NULL, NULL, "libc.so.6 (r--p) was replaced by an anonymous mapping");
	says(CHANGE(PROTECTED, BOTH(0x11000, 0x12000), NAMES("a")), HERE, ANON("11000-12000", "r--p"), &whole, &whole,
	     "4K of a at offset 4K: rw-p became r--p");
	says(CHANGE(PROTECTED, BOTH(0x10000, 0x14000), NAMES("a")), HERE, ANON("10000-14000", "r--p"), &whole, &whole,
	     "a: rw-p became r--p");
	says(CHANGE(SPLIT, OLD(0x10000, 0x14000), .parts = 3, NAMES("a")), "", "", NULL, NULL,
	     "the mapping that held a is split: 3 mappings in maps");
	says(CHANGE(SPLIT, OLD(0x10000, 0x14000), .parts = 3, NAMES("a")), "", "", &whole, NULL,
	     "a is split: 3 mappings in maps");
	says(CHANGE(SPLIT, OLD(0x10000, 0x12000), .parts = 2, NAMES("a")), "",
	     ANON("10000-11000", "r--p") ANON("11000-12000", "rw-p") ANON("12000-14000", "r--p"), &whole, NULL,
	     "a is split: 3 mappings in maps");
	says(CHANGE(MERGED, NEW(0x10000, 0x14000), .parts = 2, NAMES("a", "b")), "", "", NULL, NULL,
	     "a and b are merged: 2 mappings became one of 16K");
	says(CHANGE(FLAGGED, BOTH(0x10000, 0x14000), NAMES("a"), .flags_gained = "lo"), HERE, HERE, &whole, &whole,
	     "a is now locked in memory (lo)");
	says(CHANGE(FLAGGED, BOTH(0x10000, 0x12000), NAMES("a"), .flags_lost = "lo lf"), HERE, HERE, &whole, &whole,
	     "the first 8K of a is no longer locked in memory (lo) nor locked page by page, when first touched (lf)");
	says(CHANGE(FLAGGED, BOTH(0x11000, 0x12000), NAMES("a"), .flags_gained = "sr dc zz", .flags_lost = "rr"), HERE,
	     HERE, &whole, &whole,
	     "4K of a at offset 4K is now expected to be read in sequence (sr), left out on fork (dc) and flagged zz, "
	     "and no longer expected to be read at random (rr)");
	says(CHANGE(FLAGGED, NEW(0x10000, 0x14000), NAMES("a"), .flags_gained = "nr"), "", HERE, NULL, &whole,
	     "a is left out of commit accounting (nr)");
}

/* What a mapping is, from its line. */
static void kind(const char *line, const char *want)
{
	struct maps maps = { 0 };
	struct buf words = { 0 };

	snapshot(&maps, line);
	sentence_kind(&words, &maps.list[0]);
	is(buf_text(&words), want, want);
	buf_fini(&words);
	maps_fini(&maps);
}

static void test_kinds(void)
{
	kind("1000-2000 rw-s 00000000 00:01 9 /dev/zero (deleted)\n", "shared anonymous");
	kind("1000-2000 rw-s 00000000 08:01 9 /tmp/zero (deleted)\n", "zero (deleted), shared file mapping");
	kind("1000-2000 rw-p 00000000 00:00 0 [heap]\n", "[heap], private anonymous");
	kind("1000-2000 r-xp 00000000 00:00 0 [vdso]\n", "[vdso]");
	kind("1000-2000 rw-p 00000000 08:01 9 /tmp/[heap]\n", "[heap], private file mapping");
	kind("1000-2000 rw-s 00000000 00:01 9 /memfd:x/y (deleted)\n", "memfd:x/y, shared memory");
}

int main(void)
{
	build_world();
	test_blocks();
	test_full();
	test_symbolic();
	test_color();
	test_quiet();
	test_failed_call();
	test_maps_kept();
	test_faults();
	test_checks();
	test_bind();
	test_varying();
	test_notes();
	test_hostile();
	test_explain();
	test_verdicts();
	test_ranges();
	test_attributes();
	test_kinds();
	report_free(report);
	buf_fini(&out);
	maps_fini(&world.empty);
	maps_fini(&world.mapped);
	maps_fini(&world.moved);
	return done();
}
