/* SPDX-License-Identifier: MIT */
/* require in C: a feature is tried, in a process of its own. */
#include "lang/program-part.h"

#include <string.h>

/* By the beginning of the name, the first row that fits: how it is tried, or the constant that is tried in its place. */
static const struct {
	const char *begins, *helper, *instead;
} by_name[] = {
	{ "MAP_SHARED_VALIDATE", "has_map_type", NULL },
	{ "MAP_SYNC", NULL, "MAP_SHARED_VALIDATE" }, /* of the same release; other files than DAX refuse it either way */
	{ "MAP_DROPPABLE", "has_map_type", NULL },
	{ "MAP_FIXED_NOREPLACE", "has_noreplace", NULL },
	{ "MAP_HUGETLB", "has_map_flag", NULL },
	{ "MAP_HUGE_SHIFT", NULL, "MAP_HUGETLB" },
	{ "MAP_HUGE_MASK", NULL, "MAP_HUGETLB" },
	{ "MAP_HUGE_", "has_huge_page", NULL },
	{ "MCL_CURRENT", NULL, NULL },
	{ "MFD_HUGE_SHIFT", NULL, "MFD_HUGETLB" },
	{ "MFD_HUGE_MASK", NULL, "MFD_HUGETLB" },
	{ "MFD_HUGE_", "has_huge_file", NULL },
	{ "PR_SET_VMA_", NULL, "PR_SET_VMA" },
	{ "PR_SET_MM_MAP", "has_mm_map", NULL },
	{ "PR_SET_MM_", NULL, "PR_SET_MM" },
	{ "PR_MDWE_", "has_mdwe", NULL },
	{ "PR_THP_DISABLE_EXCEPT_ADVISED", "has_thp_flag", NULL },
	{ "PR_SPEC_", NULL, "PR_GET_SPECULATION_CTRL" },
	{ "PR_TSC_", NULL, "PR_GET_TSC" },
	{ "PR_MCE_KILL_", NULL, "PR_MCE_KILL" },
	{ "PR_SET_PTRACER_", NULL, "PR_SET_PTRACER" },
	{ "PR_UNALIGN_", NULL, "PR_GET_UNALIGN" },
	{ "PR_FPEMU_", NULL, "PR_GET_FPEMU" },
	{ "PR_FP_EXC_", NULL, "PR_GET_FPEXC" },
	{ "PR_FP_MODE_", NULL, "PR_GET_FP_MODE" },
	{ "PR_ENDIAN_", NULL, "PR_GET_ENDIAN" },
	{ "PR_CAP_AMBIENT_", NULL, "PR_CAP_AMBIENT" },
	{ "PR_SVE_VL_", NULL, "PR_SVE_GET_VL" },
	{ "PR_SVE_SET_VL_", NULL, "PR_SVE_SET_VL" },
	{ "PR_SME_VL_", NULL, "PR_SME_GET_VL" },
	{ "PR_SME_SET_VL_", NULL, "PR_SME_SET_VL" },
	{ "PR_PAC_AP", NULL, "PR_PAC_RESET_KEYS" },
	{ "PR_TAGGED_ADDR_ENABLE", NULL, "PR_GET_TAGGED_ADDR_CTRL" },
	{ "PR_MTE_", NULL, "PR_GET_TAGGED_ADDR_CTRL" },
	{ "PR_PMLEN_", NULL, "PR_GET_TAGGED_ADDR_CTRL" },
	{ "PR_SYS_DISPATCH_", NULL, "PR_SET_SYSCALL_USER_DISPATCH" },
	{ "PR_SCHED_CORE_", NULL, "PR_SCHED_CORE" },
	{ "PR_RISCV_V_VSTATE_", NULL, "PR_RISCV_V_GET_CONTROL" },
	{ "PR_RISCV_CTX_", NULL, "PR_RISCV_SET_ICACHE_FLUSH_CTX" },
	{ "PR_RISCV_SCOPE_", NULL, "PR_RISCV_SET_ICACHE_FLUSH_CTX" },
	{ "PR_PPC_DEXCR_", NULL, "PR_PPC_GET_DEXCR" },
	{ "PR_SHADOW_STACK_", NULL, "PR_GET_SHADOW_STACK_STATUS" },
	{ "PR_TIMER_CREATE_RESTORE_IDS_", NULL, "PR_TIMER_CREATE_RESTORE_IDS" },
	{ "PR_FUTEX_HASH_", NULL, "PR_FUTEX_HASH" },
	{ "PROT_GROWS", NULL, NULL },
	{ "RLIMIT_NLIMITS", NULL, NULL },
	{ "UFFD_FEATURE_", "has_uffd_feature", NULL },
	{ "UFFD_EVENT_FORK", NULL, "UFFD_FEATURE_EVENT_FORK" },
	{ "UFFD_EVENT_REMAP", NULL, "UFFD_FEATURE_EVENT_REMAP" },
	{ "UFFD_EVENT_REMOVE", NULL, "UFFD_FEATURE_EVENT_REMOVE" },
	{ "UFFD_EVENT_UNMAP", NULL, "UFFD_FEATURE_EVENT_UNMAP" },
	{ "UFFD_PAGEFAULT_FLAG_WP", NULL, "UFFD_FEATURE_PAGEFAULT_FLAG_WP" },
	{ "UFFD_PAGEFAULT_FLAG_MINOR", NULL, "UFFD_FEATURE_MINOR_HUGETLBFS" },
	{ "UFFDIO_REGISTER_MODE_WP", NULL, "UFFD_FEATURE_PAGEFAULT_FLAG_WP" },
	{ "UFFDIO_REGISTER_MODE_MINOR", NULL, "UFFD_FEATURE_MINOR_HUGETLBFS" },
	{ "UFFDIO_COPY_MODE_WP", NULL, "UFFD_FEATURE_PAGEFAULT_FLAG_WP" },
	{ "UFFDIO_WRITEPROTECT_MODE_", NULL, "UFFDIO_WRITEPROTECT" },
	{ "UFFDIO_CONTINUE_MODE_", NULL, "UFFDIO_CONTINUE" },
	{ "UFFDIO_POISON_MODE_", NULL, "UFFDIO_POISON" },
	{ "UFFDIO_MOVE_MODE_", NULL, "UFFDIO_MOVE" },
	{ "UFFDIO_REGISTER_MODE_", NULL, "UFFDIO_REGISTER" },
	{ "UFFDIO_COPY_MODE_", NULL, "UFFDIO_COPY" },
	{ "UFFDIO_ZEROPAGE_MODE_", NULL, "UFFDIO_ZEROPAGE" },
	{ "UFFD_API", NULL, "UFFDIO_API" },
	{ "UFFD_EVENT_", NULL, "UFFDIO_API" },
	{ "UFFD_PAGEFAULT_", NULL, "UFFDIO_API" },
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
	for (size_t i = 0; i < sizeof(by_name) / sizeof(by_name[0]); i++) {
		if (strncmp((*constant)->name, by_name[i].begins, strlen(by_name[i].begins)) != 0)
			continue;
		if (by_name[i].instead == NULL)
			return by_name[i].helper;
		*constant = constant_find(by_name[i].instead, strlen(by_name[i].instead));
		return trial_of(constant);
	}
	return by_group[(*constant)->group];
}

static void reason(struct buf *line, const struct statement *statement)
{
	const char *since = statement->constant != NULL ? statement->constant->since : statement->call->since;

	buf_puts(line, ",\v\"this kernel has no ");
	buf_add(line, statement->feature.text, statement->feature.len);
	if (since[0] != '\0')
		buf_printf(line, " (since Linux %s)", since);
	buf_puts(line, "\");");
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
