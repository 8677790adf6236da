/* SPDX-License-Identifier: MIT */
/* The constants and call numbers that a printed program uses, and defines where the headers lack them. */
#include "lang/program-part.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Old names that the C library's headers do not take over from the kernel's. */
static const char *const kernel_only[] = { "F_CANCELLK", "F_GETOWNER_UIDS", "MADV_SOFT_OFFLINE", "MAP_UNINITIALIZED",
	                                   "PROT_SEM" };

/* Constants that the headers of a C library from before Linux 4.4, or any of them, may not have. */
static bool may_lack(const struct constant *constant)
{
	unsigned long major = strtoul(constant->since, NULL, 10);
	const char *dot = strchr(constant->since, '.');
	unsigned long minor = dot != NULL ? strtoul(dot + 1, NULL, 10) : 0;

	for (size_t i = 0; i < sizeof(kernel_only) / sizeof(kernel_only[0]); i++) {
		if (strcmp(constant->name, kernel_only[i]) == 0)
			return true;
	}
	if (constant->group == GROUP_ERRNO || constant->group == GROUP_SIGNAL)
		return constant->absent;
	return constant->hidden || constant->absent || major > 4 || (major == 4 && minor >= 4);
}

/* The header that has a group's constants. */
static const char *const headers[GROUP_COUNT] = {
	[GROUP_PROT] = "sys/mman",   [GROUP_MAP] = "sys/mman",     [GROUP_MREMAP] = "sys/mman",
	[GROUP_MADV] = "sys/mman",   [GROUP_MS] = "sys/mman",      [GROUP_MCL] = "sys/mman",
	[GROUP_MLOCK] = "sys/mman",  [GROUP_OPEN] = "fcntl",       [GROUP_FCNTL] = "fcntl",
	[GROUP_SEAL] = "fcntl",      [GROUP_MFD] = "sys/mman",     [GROUP_FALLOC] = "fcntl",
	[GROUP_FADV] = "fcntl",      [GROUP_KEY] = "sys/shm",      [GROUP_IPC] = "sys/shm",
	[GROUP_SHM] = "sys/shm",     [GROUP_SHMCTL] = "sys/shm",   [GROUP_PR] = "sys/prctl",
	[GROUP_PR_VMA] = "sys/prctl", [GROUP_PR_MM] = "sys/prctl", [GROUP_PKEY] = "sys/mman",
	[GROUP_UFFD] = "linux/userfaultfd", [GROUP_UFFDIO] = "linux/userfaultfd",
	[GROUP_RLIMIT] = "sys/resource", [GROUP_ERRNO] = "errno",  [GROUP_SIGNAL] = "signal",
	[GROUP_FAULT] = "signal",
};

/* Those of GROUP_OTHER, by the beginning of the name. */
static const struct {
	const char *begins, *header;
} others[] = { { "PR_", "sys/prctl" }, { "UFFD", "linux/userfaultfd" }, { "F_", "fcntl" }, { "SHM_", "sys/shm" } };

static const char *header_of(const struct constant *constant)
{
	if (headers[constant->group] != NULL)
		return headers[constant->group];
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strncmp(constant->name, others[i].begins, strlen(others[i].begins)) == 0)
			return others[i].header;
	}
	return "unistd";
}

static void remember(struct program *p, const struct constant *constant)
{
	for (size_t i = 0; i < p->constant_count; i++) {
		if (p->constants[i] == constant)
			return;
	}
	p->constants = alloc_grow(p->constants, &p->constant_cap, p->constant_count + 1, sizeof(*p->constants));
	p->constants[p->constant_count++] = constant;
}

void program_constant(struct program *p, struct buf *out, const struct constant *constant)
{
	program_header(p, header_of(constant));
	if (constant->group == GROUP_UFFDIO)
		program_header(p, "sys/ioctl");
	if (may_lack(constant))
		remember(p, constant);
	if (constant->group == GROUP_FAULT && strcmp(constant->name, "SI_KERNEL") != 0) {
		p->uses_fault = true;
		buf_printf(out, "FAULT(%s, %s)", strncmp(constant->name, "BUS_", 4) == 0 ? "SIGBUS" : "SIGSEGV", constant->name);
	} else if (strcmp(constant->name, "O_LARGEFILE") == 0) {
		/* The C library's is 0 where every file is large. */
		buf_printf(out, "0%" PRIo64 " /* O_LARGEFILE */", (uint64_t)constant->value);
	} else {
		buf_puts(out, constant->name);
	}
}

static void print_since(struct program *p, const char *since)
{
	if (since[0] != '\0')
		buf_printf(p->out, " /* Linux %s */", since);
	buf_puts(p->out, "\n#endif\n");
}

void program_print_call_numbers(struct program *p)
{
	const uint64_t none[CALL_ARGS] = { 0 };

	for (size_t i = 0; i < call_count; i++) {
		struct kernel_call kernel;

		if (!p->call_numbers[i] || call_table[i].since[0] < '4')
			continue;
		call_translate(&call_table[i], none, 0, &kernel);
		buf_printf(p->out, "#ifndef SYS_%s\n#define SYS_%s %ld", call_table[i].name, call_table[i].name, kernel.number);
		print_since(p, call_table[i].since);
	}
}

void program_print_constants(struct program *p)
{
	for (size_t i = 0; i < p->constant_count; i++) {
		const struct constant *constant = p->constants[i];
		/* A fault's number of the language has the signal in it. */
		int64_t value = constant->group == GROUP_FAULT ? constant->value & 0xff : constant->value;

		buf_printf(p->out, "#ifndef %s\n#define %s ", constant->name, constant->name);
		buf_printf(p->out, value >= 0 && value < 4096 ? "%" PRId64 : "%#" PRIx64, value);
		print_since(p, constant->since);
	}
	if (p->uses_fault)
		buf_puts(p->out, "/* A fault as one number: SEGV_ACCERR and BUS_ADRERR are both 2. */\n"
		                 "#define FAULT(signo, code) ((signo) << 8 | ((code) & 0xff))\n");
}
