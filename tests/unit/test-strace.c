// SPDX-License-Identifier: MIT
/* Lines as strace writes them under its many options, and lines that it would never write. */
#include "run/strace.h"

#include "tap.h"

#include "mm/constant.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>

static struct strace *reader;
static struct strace_line line;

static void read_line(const char *text)
{
	strace_read(reader, text, strlen(text), &line);
}

static bool is_noise(const char *text)
{
	read_line(text);
	return line.kind == STRACE_NOISE;
}

/* A call with these values in its first arguments. */
static bool is_munmap(const char *text, uint64_t addr, uint64_t length)
{
	read_line(text);
	return line.kind == STRACE_CALL && strcmp(line.call->name, "munmap") == 0 && line.known == 3 && line.args[0] == addr &&
	       line.args[1] == length;
}

static void prefixes(void)
{
	static const struct {
		const char *before, *what;
		int pid;
	} table[] = {
		{ "", "nothing before it", 0 },
		{ "   \t", "spaces", 0 },
		{ "[pid 1234] ", "-f", 1234 },
		{ "[pid  77] ", "-f, with a wide column", 77 },
		{ "1234 ", "-f -o", 1234 },
		{ "1234  12:00:01.123456 ", "-f -o -tt", 1234 },
		{ "12:00:01 ", "-t", 0 },
		{ "1700000000.123456 ", "-ttt", 0 },
		{ "2026-11-21T12:00:01+0100 ", "--absolute-timestamps", 0 },
		{ "(+     0.000012) ", "-r with -t", 0 },
		{ "[00007f12e4000000] ", "-i", 0 },
		{ "[pid 5] 12:00:01 (+ 0.1) [00007f12] ", "all of them", 5 },
		{ "99999999999 ", "a number that is no process", 0 },
		{ "[pid 99999999999999999999] ", "nor this", 0 },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[128];

		snprintf(text, sizeof(text), "%smunmap(0x1000, 4096) = 0", table[i].before);
		ok(is_munmap(text, 0x1000, 4096) && line.pid == table[i].pid, "before the call: %s", table[i].what);
	}
	ok(is_noise("[pid 12"), "a prefix without an end");
	ok(is_noise("(+ 0.1"), "another");
	ok(is_noise("1234"), "a number alone");
	ok(is_noise("12x munmap(0, 1) = 0"), "what begins like a number");
	ok(is_noise(""), "an empty line");
}

static void values(void)
{
	ok(is_munmap("munmap(4K, 2p) = 0", 4096, 2 * 65536), "sizes of the language, with the reader's own page");
	ok(is_munmap("munmap(NULL, ~0) = 0", 0, UINT64_MAX), "~0");
	ok(is_munmap("munmap(-1, 1) = 0", UINT64_MAX, 1), "a negative number");
	ok(is_munmap("munmap(1<<4|2, 3<<12) = 0", 18, 3 << 12), "shifts");
	ok(is_munmap("munmap(0x1 /* a, b) */, /* c */ 2) = 0", 1, 2), "comments, with what ends arguments in them");
	ok(is_munmap("munmap(3</tmp/a, b)>, 2</x>) = 0", 3, 2), "the paths of descriptors");
	ok(is_munmap("munmap( 1 , 2 )   = 0", 1, 2), "spaces");
	read_line("munmap(1<<64, 2) = 0");
	ok(line.kind == STRACE_CALL && line.known == 2, "a shift by more than there is: not known");
	read_line("munmap(1<<, 2) = 0");
	ok(line.known == 2, "a shift by nothing");
	read_line("munmap(1|, 2) = 0");
	ok(line.known == 2, "a term that is missing");
	read_line("munmap(NO_SUCH_CONSTANT, 2) = 0");
	ok(line.known == 2, "a constant that nobody knows");
	read_line("munmap(99999999999999999999999, 2) = 0");
	ok(line.known == 2, "a number beyond 64 bits");
	read_line("munmap([{a=1, b=(2)}], 2) = 0");
	ok(line.kind == STRACE_CALL && line.count == 2 && line.known == 2, "a structure is one argument");
	ok(is_noise("munmap(name, 2) = 0"), "a statement of a script");
	read_line("munmap(1, 2, 3, 4, 5, 6, 7, 8, 9) = 0");
	ok(line.kind == STRACE_CALL && line.count == 9, "more arguments than any call has are counted");
	ok(is_noise("munmap(1 /* no end, 2) = 0"), "a comment without an end");
	ok(is_noise("munmap(1</no end, 2) = 0"), "a path without an end");
	ok(is_noise("munmap([[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1, 2) = 0"), "brackets too deep");
	ok(is_noise("munmap(1, 2"), "a call without an end");
	ok(is_noise("munmap(\"no end) = 0"), "a string without an end");
	ok(is_noise("munmap 1, 2) = 0"), "no bracket");
	ok(is_noise("munmap(1, 2) 0"), "no result");
	ok(is_noise("munmap(1, 2) = nothing"), "a result that is none");
	ok(is_noise("no_such_call(1, 2) = 0"), "a call that mmtool does not know");
	ok(is_noise("restart_syscall(<... resuming interrupted read ...>) = 0"), "another");
	read_line("munlockall() = 0");
	ok(line.kind == STRACE_CALL && line.count == 0 && line.returned && line.result == 0, "no arguments");
}

static void names(void)
{
	read_line("mmap2(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000");
	ok(line.kind == STRACE_CALL && strcmp(line.call->name, "mmap") == 0, "mmap2 is mmap");
	ok(line.args[3] == (MAP_PRIVATE | MAP_ANONYMOUS) && line.result == 0x7f0000000000, "its flags, and its result");
	read_line("ftruncate64(3, 4096) = 0");
	ok(line.kind == STRACE_CALL && strcmp(line.call->name, "ftruncate") == 0, "ftruncate64 is ftruncate");
	ok(is_noise("sleep(1) = 0"), "no system call of the language");
}

static void strings(void)
{
	static const struct {
		const char *text, *want;
		size_t len;
		bool cut;
	} table[] = {
		{ "\"plain\"", "plain", 5, false },
		{ "\"\"", "", 0, false },
		{ "\"\\n\\t\\r\\v\\f\\\\\\\"'\"", "\n\t\r\v\f\\\"'", 8, false },
		{ "\"\\x41\\x7a\\x7A\"", "Azz", 3, false },
		{ "\"\\101\\60\"", "A0", 2, false },
		{ "\"a, b) = 0\"", "a, b) = 0", 9, false },
		{ "\"only so much\"...", "only so much", 12, true },
	};
	char longest[700];

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[128];

		snprintf(text, sizeof(text), "memfd_create(%s, 0) = 3", table[i].text);
		read_line(text);
		ok(line.kind == STRACE_CALL && line.string != NULL && line.string_len == table[i].len && line.cut == table[i].cut &&
		           memcmp(line.string, table[i].want, table[i].len) == 0,
		   "a string: %s", table[i].text);
	}
	read_line("memfd_create(\"\\q\", 0) = 3");
	ok(line.string == NULL && line.known == 2, "an escape that C does not have");
	read_line("memfd_create(\"\\x\", 0) = 3");
	ok(line.string == NULL, "one without digits");
	snprintf(longest, sizeof(longest), "memfd_create(\"%0600d\", 0) = 3", 0);
	read_line(longest);
	ok(line.kind == STRACE_CALL && line.string_len == 600, "a long one has its length");
}

static void results(void)
{
	read_line("munmap(1, 2) = -1 EINVAL (Invalid argument) <0.000012>");
	ok(line.returned && line.result == -1 && line.error == EINVAL && !line.injected, "an error by its name");
	read_line("munmap(1, 2) = -1 (errno 22)");
	ok(line.error == 22, "an error by its number");
	read_line("munmap(1, 2) = -1 (errno 0)");
	ok(line.error == 0, "a number that is none");
	read_line("munmap(1, 2) = -1 (errno 4096)");
	ok(line.error == 0, "nor this");
	read_line("munmap(1, 2) = -1 MAP_FIXED");
	ok(line.error == 0, "a constant that is no error");
	read_line("munmap(1, 2) = -1 ENOMEM (Cannot allocate memory) (INJECTED)");
	ok(line.error == ENOMEM && line.injected, "an error that strace made");
	read_line("munmap(1, 2) = ?");
	ok(line.kind == STRACE_CALL && !line.returned, "a call that did not return");
}

static void faults(void)
{
	read_line("--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x10} ---");
	ok(line.kind == STRACE_FAULT && line.signo == SIGSEGV && line.code == fault_code(SIGSEGV, SEGV_MAPERR) && line.address == 0x10, "a fault");
	read_line("[pid 7] --- SIGBUS {si_signo=SIGBUS, si_code=BUS_ADRERR, si_addr=NULL} ---");
	ok(line.kind == STRACE_FAULT && line.signo == SIGBUS && line.pid == 7 && line.address == 0, "at NULL, of another process");
	ok(is_noise("--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=3} ---"), "a signal without an address");
	ok(is_noise("--- SIGSEGV {si_signo=SIGSEGV, si_code=SI_USER, si_addr=0x10} ---"), "a code that is no fault's");
	ok(is_noise("--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=here} ---"), "an address that is none");
	ok(is_noise("--- MAP_FIXED {si_code=SEGV_MAPERR, si_addr=0x10} ---"), "a constant that is no signal");
	ok(is_noise("--- stopped by SIGSTOP ---"), "no signal at all");
	ok(is_noise("+++ exited with 0 +++"), "an exit");
}

static void interrupted(void)
{
	ok(is_noise("[pid 1] munmap(0x1000, <unfinished ...>"), "a call that another's line interrupts");
	ok(is_noise("[pid 2] munmap(0x2000, <unfinished ...>"), "and another's call");
	ok(is_munmap("[pid 1] <... munmap resumed>4096) = 0", 0x1000, 4096) && line.pid == 1, "the rest of the first");
	ok(is_munmap("[pid 2] <... munmap resumed>8192) = 0", 0x2000, 8192) && line.pid == 2, "the rest of the second");
	ok(is_noise("[pid 1] <... munmap resumed>4096) = 0"), "a rest whose beginning was used");
	ok(is_noise("<... munmap resumed"), "a rest without an end");
	read_line("[pid 1] munmap(0x1000, <unfinished ...>");
	read_line("[pid 1] munmap(0x3000, <unfinished ...>");
	ok(is_munmap("[pid 1] <... munmap resumed>1) = 0", 0x3000, 1), "of two beginnings of one process the later counts");
	for (unsigned pid = 10; pid < 2000; pid++) {
		char text[64];

		snprintf(text, sizeof(text), "[pid %u] munmap(%u, <unfinished ...>", pid, pid);
		read_line(text);
	}
	ok(is_munmap("[pid 1999] <... munmap resumed>1) = 0", 1999, 1), "of more beginnings than are kept the last one is there");
}

int main(void)
{
	reader = strace_new(65536);
	prefixes();
	values();
	names();
	strings();
	results();
	faults();
	interrupted();
	strace_free(reader);
	return done();
}
