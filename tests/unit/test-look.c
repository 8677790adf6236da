/* SPDX-License-Identifier: MIT */
/* Processes that change or end while their mappings are sent, part by part. */
#include "run/look.h"

#include "tap.h"

#include "base/diag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LINES = 3000 }; /* more than a part has */

struct seen {
	unsigned parts, last, notes;
	size_t mappings, total;
	uint64_t above;
	bool ordered;
	int empties; /* the file that is empty from the first part on; 0: none */
	char note[256];
};

static void take(void *context, const struct event *event)
{
	struct seen *seen = context;

	if (event->type == EVENT_NOTE) {
		seen->notes++;
		snprintf(seen->note, sizeof(seen->note), "%s", event->note.text);
		return;
	}
	const struct event_snapshot *snapshot = &event->snapshot;

	seen->parts++;
	seen->last += !snapshot->more;
	/* As the maps of a process whose address space nobody has any more. */
	if (seen->empties > 0 && ftruncate(seen->empties, 0) < 0)
		exit(99);
	for (size_t i = 0; i < snapshot->maps->count; i++) {
		seen->ordered &= snapshot->maps->list[i].start >= seen->above;
		seen->above = snapshot->maps->list[i].end;
		seen->mappings++;
	}
	for (size_t i = 0; i < snapshot->total_count; i++)
		seen->total += (size_t)snapshot->totals[i].mappings;
}

static void add_line(struct buf *text, unsigned number)
{
	buf_printf(text, "%08x-%08x r--p 00000000 00:00 0 \n", number * 0x2000, number * 0x2000 + 0x1000);
}

/* Many lines; odd stands before the line with that number. */
static void make_text(struct buf *text, unsigned before, const char *odd)
{
	for (unsigned i = 1; i <= LINES; i++) {
		if (i == before)
			buf_puts(text, odd);
		add_line(text, i);
	}
}

/* Looks at the text as if it were what the kernel says of this process. */
static int look_at(const struct buf *text, bool gone, struct seen *seen, char **problem)
{
	const struct look_options options = { 0 };
	const struct event_sink sink = { .take = take, .context = seen };
	struct target target = { .name = "7", .pid = getpid() };

	target.fd = memfd_create("test", MFD_CLOEXEC);
	if (target.fd < 0 || write(target.fd, text->data, text->len) != (ssize_t)text->len)
		exit(99);
	*seen = (struct seen){ .ordered = true, .empties = gone ? target.fd : 0 };
	*problem = NULL;
	return look_take_target(&target, &options, &sink, problem);
}

static void test_whole(void)
{
	struct buf text = { 0 };
	struct seen seen;
	char *problem;

	make_text(&text, 0, "");
	ok(look_at(&text, false, &seen, &problem) == STATUS_OK && problem == NULL, "a process that stays as it is");
	ok(seen.parts > 1 && seen.last == 1 && seen.notes == 0, "comes in parts, of which one is the last");
	ok(seen.mappings == LINES && seen.total == LINES && seen.ordered, "with all its mappings");
	buf_fini(&text);
}

/* A line below what was shown, in the middle of a part and at the beginning of one. */
static void test_changed(void)
{
	for (unsigned before = 2000; before < 2000 + scaled(500); before++) {
		struct buf text = { 0 };
		struct seen seen;
		char *problem;

		make_text(&text, before, "00005000-00006000 rw-p 00000000 00:00 0 \n");
		int status = look_at(&text, false, &seen, &problem);

		if (status != STATUS_OK || seen.mappings != LINES || !seen.ordered || seen.notes != 1)
			ok(false, "a line that came late, before line %u", before);
		if (before == 2000)
			ok(strstr(seen.note, "changed while it was read") != NULL, "a late line is left out, and a remark says so");
		free(problem);
		buf_fini(&text);
	}
}

static void test_torn(void)
{
	struct buf text = { 0 };
	struct seen seen;
	char *problem;

	make_text(&text, 20, "00005000-00006000 rw-p 00000000 00:00 0 \n");
	ok(look_at(&text, false, &seen, &problem) == STATUS_TOOL && seen.parts == 0, "a first part that is torn each time");
	ok(problem != NULL && strstr(problem, "changed each time") != NULL, "is not shown, and the message says why");
	free(problem);
	buf_fini(&text);
	make_text(&text, 2500, "nonsense\n");
	ok(look_at(&text, false, &seen, &problem) == STATUS_TOOL && seen.last == 0 && seen.total == 0, "what is no line at all ends it, and nothing is told of all");
	ok(problem != NULL && strstr(problem, "line 2500: not a line of maps") != NULL, "and is told by its number");
	free(problem);
	buf_fini(&text);
}

static void test_gone(void)
{
	struct buf text = { 0 };
	struct seen seen;
	char *problem;

	make_text(&text, 0, "");
	ok(look_at(&text, true, &seen, &problem) == STATUS_TOOL && problem != NULL, "a process that goes while it is read");
	ok(seen.parts > 0 && seen.mappings > 0 && seen.last == 0 && seen.total == 0 && seen.ordered,
	   "what was read is shown, and nothing is told of all");
	free(problem);
	buf_fini(&text);
}

int main(void)
{
	test_whole();
	test_changed();
	test_torn();
	test_gone();
	return done();
}
