/* SPDX-License-Identifier: MIT */
/* secret: memory that even the kernel has no address for. */
#include "cmd/command.h"

/* The words of a struct iovec, as arguments of words(), which have 64 bits. */
#if __SIZEOF_LONG__ == 8
#define IOVEC(address, length) address ", " length
#define SECOND "16" /* where another begins behind one */
#elif __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define IOVEC(address, length) address " + (" length " << 32)"
#define SECOND "8"
#else
#define IOVEC(address, length) "(" address " << 32) + " length
#define SECOND "8"
#endif

static const char script[] =
	"require memfd_secret    # since Linux 5.14\n"
	"require process_vm_readv\n"
	"fd = memfd_secret(0)\n"
	"ftruncate(fd, 2p)\n"
	"mmap(NULL, 2p, PROT_READ|PROT_WRITE, MAP_PRIVATE, fd, 0) = -1 EINVAL    # a copy would be no secret\n"
	"before = status(\"VmLck\")\n"
	"a = mmap(NULL, 2p, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0) = ?\n"
	"require a != MAP_FAILED || errno != EAGAIN, \"not allowed to lock two pages here (RLIMIT_MEMLOCK)\"\n"
	"expect a != MAP_FAILED\n"
	"if vmflag(a, \"lo\") {\n"
	"    expect status(\"VmLck\") == before + 2p, \"it counts as locked\"\n"
	"} else {\n"
	"    note \"newer kernels (7.2) count its pages against RLIMIT_MEMLOCK when they are touched\"\n"
	"}\n"
	"strcpy(a, \"Secret\")\n"
	"expect text(a) == \"Secret\", \"the process itself reads it as any memory\"\n"
	"words(scratch, " IOVEC("scratch + 64", "7") ", " IOVEC("a", "7") ")    # two struct iovec: where to, and from where\n"
	"process_vm_readv(getpid(), scratch, 1, scratch + " SECOND ", 1, 0) = -1 EFAULT    # looking into a process finds nothing\n"
	"plain = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"
	"strcpy(plain, \"Plain.\")\n"
	"words(scratch + " SECOND ", " IOVEC("plain", "7") ")\n"
	"process_vm_readv(getpid(), scratch, 1, scratch + " SECOND ", 1, 0) = 7    # as it does with other memory\n"
	"expect text(scratch + 64) == \"Plain.\"\n"
	"file = tmpfile(1p)\n"
	"write(file, a, 7) = 7    # what copies through the process's own page table works\n"
	"child = fork()\n"
	"in child { expect text(a) == \"Secret\", \"and a child has the mapping: it is shared\" }\n"
	"wait(child) = 0\n"
	"ftruncate(fd, 3p) = -1 EINVAL    # once it has a size, it keeps it\n"
	"munmap(a, 2p)\n"
	"munmap(plain, 1p)\n"
	"close(file)\n"
	"close(fd)\n";

static int plan(const void *input, struct plan *out, char **problem)
{
	(void)input;
	(void)problem;
	buf_puts(plan_add(out, "secret"), script);
	return 0;
}

const struct command cmd_secret = {
	.name = "secret",
	.summary = "hide memory from other processes with memfd_secret",
	.doc = "Since Linux 5.14. The pages leave the kernel's own page table: nobody reads them by their number, and calls that look into a "
	       "process find nothing. They are as good as locked, and never reach swap.",
	.group = COMMAND_EXPERIMENT_PROTECT,
	.plan = plan,
};
