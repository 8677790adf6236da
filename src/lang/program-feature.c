/* SPDX-License-Identifier: MIT */
/* require in C: a feature is tried, in a process of its own. */
#include "lang/program-part.h"

#include <string.h>

/* By the beginning of the name, the first row that fits: how it is tried; NULL: it counts as there. */
static const struct {
	const char *begins, *helper;
} by_name[] = {
	{ "MAP_SHARED_VALIDATE", "has_map_type" },
	{ "MAP_DROPPABLE", "has_map_type" },
	{ "MAP_FIXED_NOREPLACE", "has_noreplace" },
	{ "MAP_HUGETLB", "has_map_flag" },
	{ "MAP_HUGE_", "has_huge_page" },
	{ "MCL_CURRENT", NULL },
	{ "MFD_HUGE_", "has_huge_file" },
	{ "PR_SET_MM_MAP", "has_mm_map" },
	{ "PR_MDWE_", "has_mdwe" },
	{ "PR_THP_DISABLE_EXCEPT_ADVISED", "has_thp_flag" },
	{ "PROT_GROWS", NULL },
	{ "RLIMIT_NLIMITS", NULL },
	{ "UFFD_FEATURE_", "has_uffd_feature" },
};

/* The groups whose every constant is tried in one way.  Others cannot be asked about. */
static const char *const by_group[GROUP_COUNT] = {
	[GROUP_PROT] = "has_protection",       [GROUP_MREMAP] = "has_mremap_flag", [GROUP_MADV] = "has_advice",
	[GROUP_MS] = "has_msync_flag",         [GROUP_MCL] = "has_mlockall_flag",  [GROUP_MLOCK] = "has_mlock_flag",
	[GROUP_FCNTL] = "has_fcntl",           [GROUP_SEAL] = "has_seal",          [GROUP_MFD] = "has_memfd_flag",
	[GROUP_FALLOC] = "has_fallocate_mode", [GROUP_PR] = "has_prctl",           [GROUP_PKEY] = "has_pkey_right",
	[GROUP_UFFD] = "has_uffd_flag",        [GROUP_UFFDIO] = "has_uffd_request", [GROUP_RLIMIT] = "has_limit",
};

/* How a constant is tried, and which one; NULL: it counts as there. */
static const char *trial_of(const struct constant **constant)
{
	*constant = constant_asked(*constant);
	for (size_t i = 0; i < sizeof(by_name) / sizeof(by_name[0]); i++) {
		if (strncmp((*constant)->name, by_name[i].begins, strlen(by_name[i].begins)) == 0)
			return by_name[i].helper;
	}
	return by_group[(*constant)->group];
}

static void reason(struct buf *line, const struct statement *statement)
{
	const char *since = statement->constant != NULL ? statement->constant->since : statement->call->since;

	/* Of a right to keys the processor decides, too. */
	if (statement->constant != NULL && statement->constant->group == GROUP_PKEY)
		buf_puts(line, ",\v\"no protection key can be had for ");
	else
		buf_puts(line, ",\v\"this kernel has no ");
	buf_add(line, statement->feature.text, statement->feature.len);
	if (since[0] != '\0')
		buf_printf(line, " (since Linux %s)", since);
	buf_puts(line, ", or a filter (seccomp) refuses it\");");
}

/* "tried(has_advice, MADV_COLLAPSE)"; false: there is nothing to ask. */
static bool add_trial(struct program *p, struct buf *line, const struct statement *statement)
{
	const struct constant *constant = statement->constant;
	const char *helper = "has_call";

	if (constant == NULL && statement->call->class != CALL_SYSTEM)
		return false;
	if (constant != NULL)
		helper = trial_of(&constant);
	if (helper == NULL)
		return false;
	if (constant != NULL && constant->absent) {
		buf_puts(line, "false");
		return true;
	}
	program_use(p, "tried");
	program_use(p, helper);
	buf_printf(line, "tried(%s,\v", helper);
	if (constant != NULL)
		program_constant(p, line, constant);
	else
		buf_printf(line, "SYS_%s", program_system_name(p, statement->call));
	buf_putc(line, ')');
	return true;
}

void program_feature(struct program *p, const struct statement *statement)
{
	struct buf line = { 0 };

	buf_puts(&line, "need(");
	if (statement->constant != NULL && statement->constant->absent)
		buf_puts(&line, "false");
	else if (!add_trial(p, &line, statement)) {
		program_line(p, "/* %.*s: there is no way to ask a kernel about it */", (int)statement->feature.len,
		             statement->feature.text);
		buf_fini(&line);
		return;
	}
	program_use(p, "need");
	reason(&line, statement);
	program_add_line(p, &line);
	buf_fini(&line);
}
