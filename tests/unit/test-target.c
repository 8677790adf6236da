/* SPDX-License-Identifier: MIT */
/* Processes and files to look at: opened, read in parts, and refused in plain words. */
#include "run/target.h"

#include "tap.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const char two_lines[] = "1000-2000 rw-p 00000000 00:00 0\n3000-4000 r--p 00000000 00:00 0 \n";
static const char disorder[] = "3000-4000 r--p 00000000 00:00 0 \n1000-2000 rw-p 00000000 00:00 0\n";
static const char record[] = "1000-2000 rw-p 00000000 00:00 0 \nSize: 4 kB\nRss: 4 kB\nVmFlags: rd wr\n";

/* A file that holds the text; its descriptor. */
static int make_file(const char *text, char path[32])
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		exit(99);
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

/* What is said of a target that cannot be opened, or whose text is no maps. */
static const char *refusal(const char *name)
{
	static char said[512];
	struct target target;
	struct maps maps = { 0 };
	char *problem = NULL;

	if (target_open(&target, name, "maps", &problem) == 0)
		target_maps(&target, &maps, &problem);
	snprintf(said, sizeof(said), "%s", problem != NULL ? problem : "nothing");
	free(problem);
	maps_fini(&maps);
	target_close(&target);
	return said;
}

static const char *refusal_of_text(const char *text)
{
	char path[32];
	int fd = make_file(text, path);
	const char *said = refusal(path);
	const char *colon = strchr(said, ':');

	close(fd);
	return colon != NULL ? colon : said;
}

static void test_own(void)
{
	struct target target;
	struct maps maps = { 0 };
	char *problem = NULL;

	ok(target_open(&target, NULL, "maps", &problem) == 0 && target.pid == getpid() && strcmp(target.name, "self") == 0,
	   "no name is this process");
	ok(target.command != NULL && target.time > INT64_C(1000000000000000000), "its name and the time are known");
	ok(target_maps(&target, &maps, &problem) == 0 && maps_find(&maps, (uintptr_t)two_lines) != NULL, "its mappings are read");
	ok(target_again(&target) == 0 && target_maps(&target, &maps, &problem) == 0 &&
	           maps_find(&maps, (uintptr_t)two_lines) != NULL, "and read again, into the same memory");
	maps_fini(&maps);
	target_close(&target);
}

static void test_parts(void)
{
	struct target target;
	struct buf text = { 0 }, whole = { 0 };
	char path[32], *problem = NULL;
	int fd = make_file(two_lines, path), more;
	unsigned parts = 0;

	target_open(&target, path, "maps", &problem);
	do {
		more = target_read(&target, &text, 1);
		parts += text.len > 0;
		ok(text.len == 0 || text.data[text.len - 1] == '\n', "a part ends with a line");
		buf_add(&whole, buf_text(&text), text.len);
	} while (more > 0);
	ok(more == 0 && strcmp(buf_text(&whole), two_lines) == 0, "the parts are the whole");
	ok(parts >= 1, "there are parts");
	ok(target.pid == 0 && target.command == NULL && target_again(&target) == -ESPIPE, "a file is read once");
	target_close(&target);
	buf_fini(&text);
	buf_fini(&whole);
	close(fd);
}

static void test_smaps(void)
{
	struct target target;
	struct smaps smaps = { 0 };
	char path[32], *problem = NULL;
	bool detailed = false;
	int fd = make_file(record, path);

	target_open(&target, path, "smaps", &problem);
	ok(target_smaps(&target, &smaps, &detailed, &problem) == 0 && detailed && smaps.maps.count == 1, "a file of smaps");
	ok(smaps.list[0].figures[SMAPS_RSS] == 4096, "with its records");
	target_close(&target);
	smaps_fini(&smaps);
	close(fd);
	fd = make_file(two_lines, path);
	target_open(&target, path, "smaps", &problem);
	ok(target_smaps(&target, &smaps, &detailed, &problem) == 0 && !detailed && smaps.maps.count == 2, "a file of maps");
	target_close(&target);
	smaps_fini(&smaps);
	close(fd);
}

/* A process whose lines are out of order however often they are read. */
static void test_torn(void)
{
	struct target target = { .name = "7", .pid = getpid() };
	struct maps maps = { 0 };
	char path[32], *problem = NULL;

	target.fd = make_file(disorder, path);
	lseek(target.fd, 0, SEEK_SET);
	ok(target_maps(&target, &maps, &problem) == -EINVAL, "disorder is no snapshot");
	ok(problem != NULL && strstr(problem, "changed each time") != NULL, "and the message says what it means");
	free(problem);
	maps_fini(&maps);
	target_close(&target);
}

/* One that ends while it is read: the text that was read is not whole. */
static void test_vanishing(void)
{
	struct target target;
	struct buf text = { 0 };
	char number[16], *problem = NULL;
	int pipes[2];

	if (pipe(pipes) < 0)
		exit(99);
	pid_t child = fork();

	if (child == 0) {
		close(pipes[1]);
		_exit(read(pipes[0], number, 1) != 0);
	}
	snprintf(number, sizeof(number), "%d", (int)child);
	close(pipes[0]);
	ok(target_open(&target, number, "maps", &problem) == 0, "another process is opened");
	ok(target_read(&target, &text, 1) == 1 && text.len > 0, "it is read");
	close(pipes[1]);
	siginfo_t info;

	waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
	int error = target_read(&target, &text, 0);

	ok(error == -ESRCH, "its end is noticed");
	problem = target_problem(&target, error);
	ok(strstr(problem, "ended while it was read") != NULL, "and said");
	free(problem);
	target_close(&target);
	buf_fini(&text);
	ok(strstr(refusal(number), "zombie") != NULL, "a zombie has no mappings");
	waitpid(child, NULL, 0);
	ok(strstr(refusal(number), "no such process") != NULL, "one that is gone is no process");
}

static void test_refusals(void)
{
	ok(strstr(refusal("99999999999999999999999"), "no process has that number") != NULL, "a number that is none");
	ok(strstr(refusal("0"), "no process has that number") != NULL, "0 is none");
	ok(strstr(refusal("/"), "Is a directory") != NULL, "a folder");
	ok(strstr(refusal("/nowhere/\033[31m"), "/nowhere/\\033[31m: No such file") != NULL, "a file that is not, escaped");
	ok(strstr(refusal("/dev/zero"), "longer than 64K") != NULL, "a file without an end");
	is(refusal_of_text(""), ": there are no mappings in it", "an empty file");
	is(refusal_of_text("1000-2000 rw-p 00000000 00:00 0\nhello \"you\"\n"),
	   ": line 2: not a line of maps: \"hello \\042you\\042\"", "a line that is none");
	is(refusal_of_text(disorder), ": line 2: out of order: it begins below the end of the line before", "disorder in a file");
	is(refusal_of_text("2000-3000 rw-p 00000000 00:00 0 \nSize: 4 kB\n1000-2000 rw-p 00000000 00:00 0 \nSize: 4 kB\n"),
	   ": line 3: out of order: it begins below the end of the line before", "disorder in smaps");
}

int main(void)
{
	test_own();
	test_parts();
	test_smaps();
	test_torn();
	test_vanishing();
	test_refusals();
	return done();
}
