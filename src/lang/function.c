/* SPDX-License-Identifier: MIT */
/* The functions of the script language: one row a function. */
#include "lang/script.h"

#include <string.h>

#define I TYPE_INT
#define S TYPE_STRING

const struct function function_table[] = {
	{ "text",     FN_TEXT,     1, S, { I } },
	{ "zero",     FN_ZERO,     2, I, { I, I } },
	{ "filled",   FN_FILLED,   3, I, { I, I, I } },
	{ "hole",     FN_HOLE,     1, I, { I } },
	{ "perms",    FN_PERMS,    1, S, { I } },
	{ "start",    FN_START,    1, I, { I } },
	{ "end",      FN_END,      1, I, { I } },
	{ "offset",   FN_OFFSET,   1, I, { I } },
	{ "pathname", FN_PATHNAME, 1, S, { I } },
	{ "mapped",   FN_MAPPED,   2, I, { I, I } },
	{ "vmas",     FN_VMAS,     2, I, { I, I } },
	{ "vma",      FN_VMA,      2, I, { I, I } },
	{ "resident", FN_RESIDENT, 2, I, { I, I } },
	{ "pfn",      FN_PFN,      1, I, { I } },
	{ "smaps",    FN_SMAPS,    2, I, { I, S } },
	{ "status",   FN_STATUS,   1, I, { S } },
	{ "meminfo",  FN_MEMINFO,  1, I, { S } },
	{ "vmflag",   FN_VMFLAG,   2, I, { I, S } },
	{ "sysctl",   FN_SYSCTL,   1, I, { S } },
	{ "minflt",   FN_MINFLT,   0, I, { 0 } },
	{ "majflt",   FN_MAJFLT,   0, I, { 0 } },
	{ "oom_kills", FN_OOM_KILLS, 0, I, { 0 } },
	{ "getpid",   FN_GETPID,   0, I, { 0 } },
};

const size_t function_count = sizeof(function_table) / sizeof(function_table[0]);

_Static_assert(sizeof(function_table) / sizeof(function_table[0]) == FN_GETPID + 1, "a row for every enum function_id");

const struct function *function_find(const char *name, size_t len)
{
	for (size_t i = 0; i < function_count; i++) {
		if (strncmp(function_table[i].name, name, len) == 0 && function_table[i].name[len] == '\0')
			return &function_table[i];
	}
	return NULL;
}
