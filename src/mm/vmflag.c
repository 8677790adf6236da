/* SPDX-License-Identifier: MIT */
/* What the flags of the VmFlags line mean: the kernel's Documentation/filesystems/proc.rst. */
#include "mm/vmflag.h"

#include <string.h>

/* Text in place, so that the table needs no relocation when the program starts. */
static const struct {
	char flag[3];
	char words[45];
} flags[] = {
	{ "rd", "readable" },
	{ "wr", "writable" },
	{ "ex", "executable" },
	{ "sh", "shared" },
	{ "mr", "allowed to become readable" },
	{ "mw", "allowed to become writable" },
	{ "me", "allowed to become executable" },
	{ "ms", "allowed to become shared" },
	{ "gd", "growing downwards" },
	{ "gu", "marked as holding guard pages" },
	{ "pf", "mapped to bare page frames" },
	{ "dw", "keeping its file from being written" },
	{ "lo", "locked in memory" },
	{ "lf", "locked page by page, when first touched" },
	{ "io", "memory of a device" },
	{ "sr", "expected to be read in sequence" },
	{ "rr", "expected to be read at random" },
	{ "dc", "left out on fork" },
	{ "de", "kept from growing by mremap" },
	{ "ac", "counted as committed memory" },
	{ "nr", "left out of commit accounting" },
	{ "ht", "made of huge TLB pages" },
	{ "sf", "mapped for synchronous page faults" },
	{ "ar", "flagged as the architecture means it" },
	{ "wf", "wiped on fork" },
	{ "dd", "left out of core dumps" },
	{ "sd", "soft-dirty" },
	{ "mm", "a mix of pages with and without struct page" },
	{ "hg", "advised to use huge pages" },
	{ "nh", "advised to use no huge pages" },
	{ "mg", "mergeable by KSM" },
	{ "bt", "guarded by BTI (arm64)" },
	{ "mt", "tagged by MTE (arm64)" },
	{ "um", "watched by userfaultfd for missing pages" },
	{ "uw", "watched by userfaultfd for writes" },
	{ "ui", "watched by userfaultfd for minor faults" },
	{ "ss", "a shadow stack" },
	{ "sl", "sealed" },
	{ "dp", "droppable under memory pressure" },
	/* As kernels show what they have no name for: Linux 5.10 has none for VM_LOCKONFAULT. */
	{ "??", "under a flag that this kernel does not name" },
};

const char *vmflag_words(const char *flag, size_t len)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (len == 2 && memcmp(flags[i].flag, flag, 2) == 0)
			return flags[i].words;
	}
	return NULL;
}
