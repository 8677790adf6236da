/* SPDX-License-Identifier: MIT */
/* Says what a mapping is, by its object and its permissions. */
#include "report/mapping-words.h"

#include "base/buf.h"
#include "mm/kind.h"

#include <stdbool.h>
#include <string.h>

/* What the kernel maps by itself, by the name that a mapping without a file has. */
static const struct {
	const char *prefix, *words;
} special[] = {
	{ "[vdso]", "code that the kernel lends to every process: clock_gettime and the like without a system call" },
	{ "[vvar", "data that the kernel keeps up to date for the code in [vdso]: the time" },
	{ "[vsyscall]", "what [vdso] was before, at the same address in every process; kept for old programs" },
	{ "[uprobes]", "instructions that the kernel runs out of line for a probe that is set in this program" },
	{ "[sigpage]", "code that the kernel lends for the return from a signal handler" },
	{ "[vectors]", "code of the kernel's that helps old programs" },
	{ "", "mapped by the kernel itself" },
};

static bool starts(const struct mapping *mapping, const char *prefix)
{
	size_t len = strlen(prefix);

	return mapping->name_len >= len && memcmp(mapping->name, prefix, len) == 0;
}

static bool contains(const struct mapping *mapping, const char *part)
{
	return mapping->name_len > 0 && memmem(mapping->name, mapping->name_len, part, strlen(part)) != NULL;
}

/* A newline in its path, which the link to it tells as it is, is escaped in maps (show_map_vma(), fs/proc/task_mmu.c). */
static bool is_program(const struct mapping *mapping, const char *program)
{
	static const char newline[] = "\\012";
	size_t at = 0;

	if (program == NULL)
		return false;
	for (; *program != '\0'; program++) {
		const char *piece = *program == '\n' ? newline : program;
		size_t len = *program == '\n' ? sizeof(newline) - 1 : 1;

		if (len > mapping->name_len - at || memcmp(mapping->name + at, piece, len) != 0)
			return false;
		at += len;
	}
	return at == mapping->name_len;
}

static bool can(const struct mapping *mapping, char letter)
{
	return strchr(mapping->perms, letter) != NULL;
}

/* What the permissions allow, where that is all that is known. */
static const char *access_words(const struct mapping *mapping)
{
	if (can(mapping, 'w'))
		return can(mapping, 'x') ? "may be written and executed" : "may be read and written";
	if (can(mapping, 'x'))
		return "code";
	return can(mapping, 'r') ? "may only be read" : "may not be used at all";
}

/* A part of a program or of a library. */
static void add_image(struct buf *buf, const struct mapping *mapping, const char *whose)
{
	if (can(mapping, 'x'))
		buf_printf(buf, "%s code", whose);
	else if (can(mapping, 'w'))
		buf_printf(buf, "%s variables: what is written is the process's own, and not the file's", whose);
	else if (!can(mapping, 'r'))
		buf_printf(buf, "a part of %s file that may not be used, between others", whose);
	else if (mapping->offset == 0)
		buf_printf(buf, "%s headers: where its other parts are, and the names that it needs and offers", whose);
	else
		buf_printf(buf, "%s constants: strings and tables, or pointers that are fixed since the start", whose);
}

static void add_file(struct buf *buf, const struct mapping *mapping, const char *program)
{
	if (mapping->perms[3] == 's') {
		buf_puts(buf, "a file, shared: ");
		buf_puts(buf, can(mapping, 'w') ? "what is written here, the file will hold" : access_words(mapping));
	} else if (is_program(mapping, program)) {
		add_image(buf, mapping, "the program's");
	} else if (contains(mapping, "/ld-linux") || contains(mapping, "/ld-musl") || contains(mapping, "/ld64.so")) {
		add_image(buf, mapping, "the dynamic loader's");
	} else if (program == NULL && !contains(mapping, ".so")) {
		/* Of a saved file nobody knows what was the program. */
		buf_puts(buf, can(mapping, 'x') ? "code of a program" : "a part of a file: ");
		if (can(mapping, 'w'))
			buf_puts(buf, can(mapping, 'x') ? "" : "what is written is the process's own, and not the file's");
		else if (!can(mapping, 'x'))
			buf_puts(buf, access_words(mapping));
	} else if (contains(mapping, ".so") || can(mapping, 'x')) {
		add_image(buf, mapping, contains(mapping, "/libc.so") || contains(mapping, "/libc-2") ? "the C library's"
		                                                                                     : "a library's");
	} else {
		buf_puts(buf, "a file of data, read like memory: ");
		buf_puts(buf, access_words(mapping));
	}
}

static void add_anonymous(struct buf *buf, const struct mapping *mapping, const struct mapping *before)
{
	bool behind = before != NULL && before->end == mapping->start;

	if (starts(mapping, "[anon:"))
		buf_puts(buf, "memory of no file, to which the program gave this name");
	else if (!can(mapping, 'r') && !can(mapping, 'w') && !can(mapping, 'x'))
		buf_puts(buf, behind ? "addresses that are kept and may not be used: a guard, or room to grow"
		                     : "addresses that are kept free, and may not be used yet");
	else if (behind && mapping_kind(before) == KIND_FILE_PRIVATE && before->perms[1] == 'w' && can(mapping, 'w'))
		buf_puts(buf, "the rest of the variables above: those that begin as zero, which no file needs to hold; or memory that "
		              "came to lie behind them");
	else if (can(mapping, 'x'))
		buf_puts(buf, "memory of no file that may be executed, as for code that is made while the program runs");
	else
		buf_puts(buf, can(mapping, 'w') ? "memory of no file: zero at first; mmap gives it, and malloc takes it for large blocks"
		                                : "memory of no file, which may only be read");
}

void words_of_mapping(struct buf *buf, const struct mapping *mapping, const struct mapping *before, const char *program)
{
	switch (mapping_kind(mapping)) {
	case KIND_ANONYMOUS:
		add_anonymous(buf, mapping, before);
		return;
	case KIND_HEAP:
		buf_puts(buf, "the heap: malloc takes small blocks from it, and brk moves its end");
		return;
	case KIND_STACK:
		buf_puts(buf, "the stack of the first thread: calls and local variables; it grows downwards by itself");
		return;
	case KIND_SHARED_ANONYMOUS:
		buf_puts(buf, "memory of no file that a child made by fork shares");
		return;
	case KIND_HUGE:
		buf_puts(buf, "memory of no file, in huge pages of the pool (MAP_HUGETLB)");
		return;
	case KIND_SYSV:
		buf_puts(buf, "a shared memory segment (shmget): other processes may have it, too");
		return;
	case KIND_MEMFD:
		buf_puts(buf, "a file that is only memory (memfd_create), often shared with another process");
		return;
	case KIND_SHMEM:
		buf_puts(buf, mapping_is_shmem(mapping)
		                      ? "shared memory that a driver of the kernel made"
		                      : "what a descriptor that is no file gives to be mapped: a ring, counters, pages of a driver");
		return;
	case KIND_FILE_PRIVATE:
	case KIND_FILE_SHARED:
		add_file(buf, mapping, program);
		return;
	case KIND_SPECIAL:
	case KIND_COUNT:
		break;
	}
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		if (starts(mapping, special[i].prefix)) {
			buf_puts(buf, special[i].words);
			return;
		}
	}
}

void words_of_snapshot(struct buf *buf, const struct event_snapshot *snapshot)
{
	if (snapshot->pid != 0)
		buf_printf(buf, "The mappings of process %d", (int)snapshot->pid);
	else
		buf_puts(buf, "The mappings in ");
	/* Either can hold a newline, which would begin a line of its own. */
	if (snapshot->pid == 0) {
		buf_escape(buf, snapshot->name, strlen(snapshot->name), 0);
	} else if (snapshot->command != NULL) {
		buf_puts(buf, " (");
		buf_escape(buf, snapshot->command, strlen(snapshot->command), 0);
		buf_putc(buf, ')');
	}
	if (strcmp(snapshot->name, "self") == 0)
		buf_puts(buf, ", which is mmtool itself while it reads them");
	buf_puts(buf, ". Each is a range of addresses that is used in one way. perms: r may be read, w written, x executed; p private, "
	              "s shared. offset: where in its file it begins. What no mapping holds does not exist: touching it is a "
	              "segmentation fault.");
}
