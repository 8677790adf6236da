/* SPDX-License-Identifier: MIT */
/*
 * One run, shown and recorded at once: what its record replays is shown with the same bytes, in every format.  The scripts
 * are the files named, performed one after another in one stream; without a name, one of its own.
 */
#include "tap.h"

#include "base/buf.h"
#include "base/diag.h"
#include "base/size.h"
#include "report/report.h"
#include "run/interp.h"
#include "run/process.h"
#include "run/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const char own[] =
	"note \"a remark\", page\n"
	"a = mmap(NULL, 4p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	"s = mmap(NULL, 1p, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0)\n"
	"a[0] = 'A'\n"
	"b = a + 2p; t = \"text\\xff\"\n"
	"expect a[0] == 'A', \"it is there\"\n"
	"expect fault(s[0] = 1) == SEGV_ACCERR\n"
	"mremap(a, 0, 1p, 0) = -1 EINVAL\n"
	"mprotect(b, 1p, PROT_NONE)\n"
	"read(-1, scratch, 1) = -1 EBADF\n"
	"id = shmget(IPC_PRIVATE, 1p, 0600)\n"
	"shmctl(id, IPC_RMID, 0)\n"
	"a = mremap(a, 2p, 8p, MREMAP_MAYMOVE)\n"
	"repeat 9 as i {\n"
	"	a[i] = i\n"
	"	expect a[i] != 5\n"
	"	if i > 3 { expect a[i] > 1; c = mmap(NULL, 1p, PROT_READ, MAP_SHARED|MAP_ANONYMOUS, -1, 0); munmap(c, 1) = i - 6 }\n"
	"}\n"
	"words(a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)\n"
	"mmap(-1p, 1p, -1, -1, -1, -1) = ?\n"
	"child = fork()\n"
	"in child {\n"
	"	munmap(a, 1p)\n"
	"	memset(a, 0, 1) = ?\n"
	"}\n"
	"wait(child) = SIGSEGV\n"
	"munmap(scratch, 1p)\n"
	"mprotect(scratch, 1p, PROT_READ) = ?\n"
	"again = fork()\n"
	"in again { mprotect(scratch, 1p, PROT_READ) = ? }\n"
	"wait(again) = 0\n"
	"expect a[0] == 2, \"it is not there\"\n"
	"require 0, \"enough\"\n";

static const struct {
	const char *name;
	const struct report_class *class;
	struct report_options options;
} views[] = {
	{ "text", &report_text, { 0 } },
	{ "text in colour", &report_text, { .color = true } },
	{ "text --symbolic", &report_text, { .symbolic = true } },
	{ "text --full", &report_text, { .full = true } },
	{ "text --full --symbolic", &report_text, { .full = true, .symbolic = true } },
	{ "text --explain", &report_text, { .explain = true } },
	{ "text --quiet", &report_text, { .quiet = true } },
	{ "TAP", &report_tap, { 0 } },
	{ "TAP --symbolic --explain", &report_tap, { .symbolic = true, .explain = true } },
	{ "JSON", &report_json, { 0 } },
};

enum { VIEWS = sizeof(views) / sizeof(views[0]) };

static const struct report_class *const recorder = &report_json;

struct shown {
	struct report *reports[VIEWS];
	struct buf texts[VIEWS];
};

static void shown_init(struct shown *shown)
{
	*shown = (struct shown){ 0 };
	for (unsigned i = 0; i < VIEWS; i++)
		shown->reports[i] = report_new(views[i].class, &views[i].options);
}

static void shown_fini(struct shown *shown)
{
	for (unsigned i = 0; i < VIEWS; i++) {
		report_free(shown->reports[i]);
		buf_fini(&shown->texts[i]);
	}
}

static void take(void *context, const struct event *event)
{
	struct shown *shown = context;

	for (unsigned i = 0; i < VIEWS; i++)
		shown->reports[i]->class->event(shown->reports[i], event, &shown->texts[i]);
}

static void perform(const char *name, const char *text, size_t len, struct process *first, bool several,
                    struct shown *shown)
{
	const struct interp_options options = { .explain = true,
		                                .pages = true,
		                                .detail = true,
		                                .keep_going = true,
		                                .several = several,
		                                .limits = { 60 * 1000, UINT64_C(1) << 30, NULL } };
	const struct event_sink sink = { .take = take, .context = shown };
	struct buf errors = { 0 };
	struct process subject;
	char *problem = NULL;
	int error = 0;
	struct script *script = script_parse(name, text, len, size_page(), NULL, 0, &errors);

	if (!ok(script != NULL, "%s is a script", name))
		printf("# %s", buf_text(&errors));
	buf_fini(&errors);
	if (script == NULL)
		return;
	if (ok(process_fork(first, &subject, &error, NULL) == EXCHANGE_DONE && error == 0, "%s has a subject", name))
		interp_run(script, &subject, &options, &sink, &problem);
	free(problem);
	script_free(script);
}

static void add_file(const char *name, struct buf *text)
{
	FILE *file = fopen(name, "r");
	char part[4096];
	size_t got;

	if (file == NULL)
		diag_die("%s: cannot be read", name);
	while ((got = fread(part, 1, sizeof(part), file)) > 0)
		buf_add(text, part, got);
	fclose(file);
}

/* A record in a file, from its beginning. */
static int record(const struct buf *text)
{
	int fd = memfd_create("record", 0);

	if (fd < 0 || write(fd, text->data, text->len) != (ssize_t)text->len || lseek(fd, 0, SEEK_SET) != 0)
		diag_die("memfd_create: no record");
	return fd;
}

static void replay_all(const struct buf *text, struct shown *again)
{
	int fd = record(text), got;
	struct replay *replay = replay_open(fd, "record");
	const struct event *event;

	while ((got = replay_next(replay, &event)) > 0)
		take(again, event);
	if (!ok(got == 0, "the record is read to its end"))
		printf("# %s\n", replay_problem(replay));
	replay_close(replay);
	close(fd);
}

/* The first line in which they differ. */
static void show_difference(const char *want, const char *got)
{
	size_t at = 0;

	while (want[at] != '\0' && want[at] == got[at])
		at++;
	while (at > 0 && want[at - 1] != '\n')
		at--;
	printf("#  run:    %.*s\n# report: %.*s\n", (int)strcspn(want + at, "\n"), want + at, (int)strcspn(got + at, "\n"),
	       got + at);
}

static void compare(const struct shown *run, const struct shown *again)
{
	for (unsigned i = 0; i < VIEWS; i++) {
		const char *want = buf_text(&run->texts[i]), *got = buf_text(&again->texts[i]);

		if (!ok(run->texts[i].len == again->texts[i].len && strcmp(want, got) == 0, "the same bytes: %s", views[i].name))
			show_difference(want, got);
	}
}

int main(int argc, char **argv)
{
	struct process first;
	struct shown run, again;
	const char *call;
	int error = process_spawn(&first, false, &call);

	if (error == 0)
		error = process_greet(&first, &call, NULL);
	if (error < 0)
		diag_die("no subject can be made: %s: %s", call, strerror(-error));
	shown_init(&run);
	shown_init(&again);
	if (argc < 2)
		perform("own.mmt", own, sizeof(own) - 1, &first, false, &run);
	for (int i = 1; i < argc; i++) {
		struct buf text = { 0 };

		add_file(argv[i], &text);
		perform(argv[i], buf_text(&text), text.len, &first, argc > 2, &run);
		buf_fini(&text);
	}
	process_end(&first);
	take(&run, &(struct event){ .type = EVENT_END, .status = STATUS_FAILED });
	for (unsigned i = 0; i < VIEWS; i++) {
		if (views[i].class == recorder)
			replay_all(&run.texts[i], &again);
	}
	compare(&run, &again);
	shown_fini(&run);
	shown_fini(&again);
	return done();
}
