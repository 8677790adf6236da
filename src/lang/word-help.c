/* SPDX-License-Identifier: MIT */
/* The help of keywords, predefined names and functions. */
#include "lang/word-help.h"

#include <string.h>

static const struct word_help table[] = {
	{ "expect", "expect EXPR [, \"message\"]", "A check: when EXPR is 0 the step fails, and both sides of a comparison are shown" },
	{ "if", "if EXPR { ... } [else { ... }]", "Performs the first block when EXPR is not 0" },
	{ "else", "if EXPR { ... } else { ... }", "Begins what is performed when EXPR is 0" },
	{ "repeat", "repeat EXPR [as NAME] { ... }", "Performs the block that often; NAME counts from 0" },
	{ "as", "repeat EXPR as NAME { ... }", "Names the counter of a repeat" },
	{ "break", "break", "Leaves the innermost repeat" },
	{ "in", "in PROCESS { ... }", "Performs the block in that process, a value of fork() or getpid()" },
	{ "require", "require NAME | kernel VERSION | EXPR, \"reason\"",
	  "Ends the script as unsupported where the kernel lacks the constant or call, is older, or EXPR is 0" },
	{ "kernel", "require kernel VERSION", "As in require kernel 5.7" },
	{ "note", "note EXPR {, EXPR}", "A remark: strings and values" },
	{ "fault", "fault(ADDR[EXPR]) or fault(ADDR[EXPR] = EXPR)",
	  "Tries the load or the store, and gives 0 or the fault that it raised (SEGV_MAPERR, ...); the process survives" },

	{ "page", "page", "The size of a page, in bytes" },
	{ "hugepage", "hugepage", "The size of a huge page, in bytes" },
	{ "NULL", "NULL", "0" },
	{ "MAP_FAILED", "MAP_FAILED", "-1: the value of a call that failed" },
	{ "errno", "errno", "The error of the last call in any process, 0 after success" },
	{ "scratch", "scratch", "The address of a page of memory for calls that need a buffer" },

	{ "text", "text(addr)", "The C string there" },
	{ "zero", "zero(addr, len)", "Whether all these bytes are 0" },
	{ "filled", "filled(addr, byte, len)", "Whether all these bytes are that one" },
	{ "hole", "hole(len)", "The start of a free range of that length, far from every mapping; it maps nothing" },
	{ "perms", "perms(addr)", "The permissions of the mapping that holds addr, \"rw-p\"; \"\" where there is none" },
	{ "start", "start(addr)", "Where the mapping that holds addr begins; 0 where there is none" },
	{ "end", "end(addr)", "Where the mapping that holds addr ends; 0 where there is none" },
	{ "offset", "offset(addr)", "The offset into its file of the mapping that holds addr" },
	{ "pathname", "pathname(addr)", "What the maps line that holds addr says is mapped, a path or [heap]" },
	{ "mapped", "mapped(addr, len)", "How many bytes of the range are mapped" },
	{ "vmas", "vmas(addr, len)", "How many mappings touch the range" },
	{ "vma", "vma(addr, len)", "Whether exactly this range is one mapping" },
	{ "resident", "resident(addr, len)", "How many bytes of the range are in present pages" },
	{ "pfn", "pfn(addr)", "The page frame behind addr; 0 where there is none, or the kernel hides it (CAP_SYS_ADMIN)" },
	{ "smaps", "smaps(addr, \"Rss\")", "A line of /proc/PID/smaps for the mapping that holds addr, in bytes" },
	{ "status", "status(\"VmLck\")", "The first number of a line of /proc/PID/status, in bytes where it says kB" },
	{ "meminfo", "meminfo(\"Committed_AS\")", "A line of /proc/meminfo, in bytes where it says kB" },
	{ "vmflag", "vmflag(addr, \"lo\")", "Whether the mapping that holds addr has that flag in the VmFlags of smaps" },
	{ "sysctl", "sysctl(\"vm.overcommit_memory\")", "The first number of a file below /proc/sys" },
	{ "minflt", "minflt()", "The minor faults of the current process so far" },
	{ "majflt", "majflt()", "The major faults of the current process so far" },
	{ "oom_kills", "oom_kills()", "How many processes the OOM killer has killed in the cgroup of cgroup(LIMIT)" },
	{ "getpid", "getpid()", "The current process, for in" },
};

const struct word_help *word_help(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strlen(table[i].word) == len && memcmp(table[i].word, word, len) == 0)
			return &table[i];
	}
	return NULL;
}
