/* SPDX-License-Identifier: MIT */
/*
 * Records that contradict themselves: those of tests/data/events, as they were recorded, are taken; cut at any byte, with a
 * line removed, doubled or moved, or with one word forged, they are refused, with the line and what is wrong there.
 */
#include "tap.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "run/judge.h"
#include "run/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MOST_LINES = 16 };

struct record {
	const char *name;
	struct buf text;
	size_t lines[MOST_LINES + 1]; /* where each begins, and the end */
	size_t count;
};

static struct record records[] = { { .name = "script" }, { .name = "maps" }, { .name = "watch" }, { .name = "diff" } };

enum { RECORDS = sizeof(records) / sizeof(records[0]) };

static void load(struct record *record)
{
	const char *folder = getenv("srcdir");
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/data/events/%s.jsonl", folder != NULL ? folder : ".", record->name);
	file = fopen(path, "r");
	if (file == NULL) {
		printf("Bail out! %s: %s\n", path, strerror(errno));
		exit(1);
	}
	for (int c; (c = getc(file)) != EOF;)
		buf_putc(&record->text, (char)c);
	fclose(file);
	for (size_t i = 0; i < record->text.len; i++) {
		if (record->text.data[i] == '\n' && record->count < MOST_LINES)
			record->lines[++record->count] = i + 1;
	}
}

/* What is wrong with it, "record:LINE: what"; "": nothing. */
static const char *look(const char *text, size_t len)
{
	static char problem[1024];
	struct judge *judge = judge_new();
	const struct event *event;
	const char *wrong = NULL;
	int fd = memfd_create("record", 0), got;

	if (fd < 0 || write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	struct replay *replay = replay_open(fd, "record");

	while ((got = replay_next(replay, &event)) > 0 && (wrong = judge_event(judge, event)) == NULL)
		;
	if (wrong != NULL)
		replay_refuse(replay, wrong);
	snprintf(problem, sizeof(problem), "%s", got == 0 ? "" : replay_problem(replay));
	replay_close(replay);
	judge_free(judge);
	close(fd);
	return problem;
}

static bool refused(const struct buf *text, const char *how, const char *name, size_t where)
{
	bool held = look(buf_text(text), text->len)[0] != '\0';

	if (!held)
		printf("# %s: %s %zu\n", name, how, where);
	return held;
}

static void add_line(struct buf *out, const struct record *record, size_t line)
{
	buf_add(out, record->text.data + record->lines[line], record->lines[line + 1] - record->lines[line]);
}

static void test_cut(const struct record *record)
{
	bool good = true;

	/* Without its last newline it is whole. */
	for (size_t len = 0; len + 1 < record->text.len; len++) {
		struct buf text = { 0 };

		buf_add(&text, record->text.data, len);
		good &= refused(&text, "cut at byte", record->name, len);
		buf_fini(&text);
	}
	ok(good, "%s: cut at any byte, it is refused", record->name);
}

/* Lines in an order: each of order is one, from 0. */
static bool order_refused(const struct record *record, const size_t *order, size_t count, const char *how, size_t where)
{
	struct buf text = { 0 };

	for (size_t i = 0; i < count; i++)
		add_line(&text, record, order[i]);
	bool held = refused(&text, how, record->name, where);

	buf_fini(&text);
	return held;
}

/* Nobody says how much news of a watched process there must be; what nothing told later builds on can be missing. */
static bool is_free(const struct record *record, size_t line)
{
	return strcmp(record->name, "watch") == 0 && line >= 2 && line <= 4;
}

static void test_lines(const struct record *record)
{
	bool removed = true, doubled = true, swapped = true;
	size_t order[MOST_LINES + 1], n = record->count;

	for (size_t line = 0; line < n; line++) {
		size_t count = 0;

		for (size_t i = 0; i < n; i++) {
			if (i != line)
				order[count++] = i;
		}
		removed &= is_free(record, line) || order_refused(record, order, count, "without line", line + 1);
		count = 0;
		for (size_t i = 0; i < n; i++) {
			order[count++] = i;
			if (i == line)
				order[count++] = i;
		}
		doubled &= (is_free(record, line) && line == 4) || strcmp(record->name, "diff") == 0 ||
		           order_refused(record, order, count, "twice line", line + 1);
		for (size_t other = line + 1; other < n; other++) {
			for (size_t i = 0; i < n; i++)
				order[i] = i == line ? other : i == other ? line : i;
			swapped &= order_refused(record, order, n, "swapped with another: line", line + 1);
		}
	}
	ok(removed, "%s: without any line it is refused", record->name);
	ok(doubled, "%s: with any line twice", record->name);
	ok(swapped, "%s: with any two lines swapped", record->name);
}

/* In a line the first such text is another. */
static const struct forgery {
	const char *record;
	unsigned line;
	const char *text, *other, *problem;
} forgeries[] = {
	{ "script", 1, "\"size\":90112", "\"size\":90113",
	  "mapping: the field size is not what its start and end say" },
	{ "script", 1, "\"scratch\":{\"start\":\"0x", "\"scratch\":{\"start\":\"0x1",
	  "start: the field scratch is not a range" },
	{ "script", 2, "\"pid\":23315", "\"pid\":4",
	  "step: the mappings before it are not known" },
	{ "script", 2, "\"pid\":23315", "\"pid\":23315,\"process\":\"c\"",
	  "step: process 23315 is the script's main process, and has no name" },
	{ "script", 2, "\"file\":\"a.mmt\"", "\"file\":\"b.mmt\"",
	  "step: it is of the script b.mmt, and this one is a.mmt" },
	{ "script", 3, "\"line\":2", "\"line\":1",
	  "step: its statement, in line 1, stands before one that was performed already" },
	{ "script", 3, "\"ok\":true", "\"ok\":false",
	  "step: it failed, and has no reason" },
	{ "script", 3, "\"page_size\":4096", "\"page_size\":8192",
	  "step: its pages have 8192 bytes, and those of the script 4096" },
	{ "script", 3, "\"count\":3", "\"count\":4",
	  "step: the pages of a overlap, or lie outside of it" },
	{ "script", 3, "\"offset\":4096", "\"offset\":0",
	  "step: the pages of a overlap, or lie outside of it" },
	{ "script", 3, "\"size\":16384", "\"size\":12288",
	  "step: pages of a at 0x7fcda3493000, which is none of its regions" },
	{ "script", 4, "\"held\":true", "\"held\":false",
	  "step: it is ok, and its check does not hold" },
	{ "script", 4, "\"ok\":true", "\"ok\":true,\"reason\":\"x\"",
	  "step: it is ok, and has a reason why it failed" },
	{ "script", 5, "\"result\":0", "\"result\":0,\"errno\":\"ENOMEM\"",
	  "step: its call failed, and returned 0" },
	{ "script", 5, "\"injected\":false", "\"injected\":true",
	  "step: its call has an injected error, and was made or did not fail" },
	{ "script", 5, "\"sign\":\"-\"", "\"sign\":\"*\"",
	  "step: a line that neither went nor came" },
	{ "script", 5, "rw-p 00000000 00:00 0 \",\"start\"", "r--p 00000000 00:00 0 \",\"start\"",
	  "mapping: its fields are not what its line says" },
	{ "script", 6, "\"ok\":false", "\"ok\":true",
	  "step: it is ok, and has a reason why it failed" },
	{ "script", 8, "\"verdict\":\"failed\"", "\"verdict\":\"passed\"",
	  "verdict: it is passed, and has a reason why not" },
	{ "script", 8, "\"steps\":6", "\"steps\":5",
	  "verdict: it counts 5 steps, and 6 were told" },
	{ "script", 8, "\"steps\":6", "\"steps\":7",
	  "verdict: it counts 7 steps, and 6 were told" },
	{ "script", 8, "\"checks\":3", "\"checks\":2",
	  "verdict: it counts 2 checks, and 3 were told" },
	{ "script", 8, "\"failed\":1", "\"failed\":0",
	  "verdict: it counts 0 failed, and 1 were told" },
	{ "script", 8, "\"line\":5", "\"line\":4",
	  "verdict: its reason is not that of the first step that failed, in line 5" },
	{ "script", 8, "returned 0\"", "returned 1\"",
	  "verdict: its reason is not that of the first step that failed, in line 5" },
	{ "script", 9, "\"status\":1", "\"status\":0",
	  "end: the exit status 0 is not that of what was told before it" },
	{ "script", 9, "\"status\":1", "\"status\":77",
	  "end: the exit status 77 is not that of what was told before it" },
	{ "script", 9, "\"status\":1", "\"status\":4",
	  "end: mmtool has no exit status 4" },
	{ "maps", 1, "\"part\":0", "\"part\":1",
	  "snapshot: part 1 stands where part 0 should" },
	{ "maps", 1, "\"more\":true", "\"more\":false,\"totals\":[{\"kind\":\"heap\",\"mappings\":1,\"size\":4096}]",
	  "snapshot: its totals say 1 mappings of 4096 bytes that are heap, and 0 of 0 bytes were told" },
	{ "maps", 2, "\"part\":1", "\"part\":2",
	  "snapshot: part 2 stands where part 1 should" },
	{ "maps", 2, "\"part\":1", "\"pid\":7,\"part\":1",
	  "snapshot: a part of process 7 follows one of process 0" },
	{ "maps", 2, "\"mappings\":4", "\"mappings\":3",
	  "snapshot: its totals say 3 mappings of 20480 bytes that are private file, and 4 of 20480 bytes were told" },
	{ "maps", 2, "\"gaps\":[{\"start\":\"0x55b44876b000\"", "\"gaps\":[{\"start\":\"0x55b44876a000\"",
	  "gap: the field size is not what its start and end say" },
	{ "watch", 2, "\"pid\":3381", "\"pid\":3382",
	  "delta: process 3382 was not shown before it was watched" },
	{ "watch", 2, "\"to\":937127705", "\"to\":1",
	  "delta: it ends before it begins" },
	{ "watch", 5, "\"from\":1766874768,\"to\":1766908026", "\"from\":1,\"to\":2",
	  "note: it is of a moment before that of the event before it" },
	{ "watch", 6, "\"status\":0", "\"status\":1",
	  "end: the exit status 1 is not that of what was told before it" },
	{ "diff", 2, "\"status\":1", "\"status\":0",
	  "end: the exit status 0 is not that of what was told before it" },
	{ "script", 4, "\"pid\":23315", "\"pid\":4",
	  "step: the script's main process is 23315, and not 4" },
	{ "diff", 1, "\"old_mappings\":7", "\"old_mappings\":8",
	  "delta: of 8 mappings 2 went and 1 came, and that is not 6" },
	{ "diff", 1, "\"new_bytes\":303104", "\"new_bytes\":303105",
	  "delta: of 323584 bytes 155648 went and 135168 came, and that is not 303105" },
};

static void test_forgery(const struct forgery *forgery)
{
	const struct record *record = records;
	struct buf text = { 0 };
	char problem[512];

	while (strcmp(record->name, forgery->record) != 0)
		record++;
	const char *start = record->text.data + record->lines[forgery->line - 1];
	const char *at = strstr(start, forgery->text);

	if (at == NULL || at >= record->text.data + record->lines[forgery->line]) {
		ok(false, "%s:%u has %s", forgery->record, forgery->line, forgery->text);
		return;
	}
	buf_add(&text, record->text.data, (size_t)(at - record->text.data));
	buf_puts(&text, forgery->other);
	buf_puts(&text, at + strlen(forgery->text));
	snprintf(problem, sizeof(problem), "record:%u: %s", forgery->line, forgery->problem);
	const char *got = look(text.data, text.len);

	if (!ok(strcmp(got, problem) == 0, "%s:%u: %s", forgery->record, forgery->line, forgery->problem))
		printf("# got: %s\n# want: %s\n", got, problem);
	buf_fini(&text);
}

int main(void)
{
	for (size_t i = 0; i < RECORDS; i++) {
		load(&records[i]);
		is(look(records[i].text.data, records[i].text.len), "", "as it was recorded it is taken");
	}
	for (size_t i = 0; i < RECORDS; i++) {
		test_cut(&records[i]);
		test_lines(&records[i]);
	}
	for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++)
		test_forgery(&forgeries[i]);
	for (size_t i = 0; i < RECORDS; i++)
		buf_fini(&records[i].text);
	return done();
}
