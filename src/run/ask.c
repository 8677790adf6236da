/* SPDX-License-Identifier: MIT */
/* A system call by its name. */
#include "run/ask.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int64_t ask_kernel(const char *name, const uint64_t args[CALL_ARGS])
{
	struct kernel_call kernel;
	unsigned long w[6] = { 0 };

	call_translate(call_find(name, strlen(name)), args, 0, &kernel);
	if (kernel.number < 0)
		return -ENOSYS;
	for (unsigned i = 0; i < kernel.word_count && i < 6; i++)
		w[i] = (unsigned long)kernel.words[i];
	long result = kernel.args_in_memory ? syscall(kernel.number, w)
	                                    : syscall(kernel.number, w[0], w[1], w[2], w[3], w[4], w[5]);

	/* An address may use all bits of a word. */
	return result == -1 ? -errno : (int64_t)(unsigned long)result;
}
