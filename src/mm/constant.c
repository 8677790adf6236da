/* SPDX-License-Identifier: MIT */
/* Finds constants by name and by value, and writes values by their names as strace(1) does. */
#include "mm/constant.h"

#include "base/buf.h"
#include "mm/constant-kernel.h"

#include <inttypes.h>
#include <string.h>

/* How the values of a group are written. */
struct form {
	uint64_t type_mask; /* these bits are an enumeration, written first */
	uint64_t size_flag; /* with this flag, six bits are the logarithm of a huge page size, written last */
	uint8_t and_flags;  /* enum constant_group: flags of that group may follow */
	bool one;           /* one value of an enumeration */
	bool wide;          /* unsigned long in the kernel; else an int, whose upper half the kernel does not see */
	bool decimal;       /* a value without a name, in decimal */
	bool mode;          /* the permission bits of a mode end it, in octal */
	char size_name[16];
};

static const struct form forms[GROUP_COUNT] = {
	[GROUP_NONE] = { .wide = true },
	[GROUP_PROT] = { .wide = true },
	[GROUP_MAP] = { .wide = true, .type_mask = MAP_TYPE, .size_flag = MAP_HUGETLB, .size_name = "MAP_HUGE_SHIFT" },
	[GROUP_MREMAP] = { .wide = true },
	[GROUP_MADV] = { .one = true },
	[GROUP_OPEN] = { .type_mask = O_ACCMODE },
	[GROUP_OPEN_FLAGS] = { .and_flags = GROUP_OPEN },
	[GROUP_FCNTL] = { .one = true },
	[GROUP_MFD] = { .size_flag = MFD_HUGETLB, .size_name = "MFD_HUGE_SHIFT" },
	[GROUP_FADV] = { .one = true },
	[GROUP_KEY] = { .one = true },
	[GROUP_IPC] = { .mode = true, .size_flag = SHM_HUGETLB, .size_name = "SHM_HUGE_SHIFT" },
	[GROUP_SHMCTL] = { .one = true },
	[GROUP_PR] = { .one = true },
	[GROUP_PR_VMA] = { .one = true },
	[GROUP_PR_MM] = { .one = true },
	[GROUP_UFFD] = { .and_flags = GROUP_OPEN },
	[GROUP_UFFDIO] = { .one = true },
	[GROUP_RLIMIT] = { .one = true },
	[GROUP_ERRNO] = { .one = true, .wide = true, .decimal = true },
	[GROUP_SIGNAL] = { .one = true, .wide = true, .decimal = true },
	[GROUP_FAULT] = { .one = true, .wide = true },
	[GROUP_OTHER] = { .wide = true },
};

enum { SLOTS = 2048 };

/* Built on first use: a script of 100,000 lines asks some 500,000 times, and mmtool --help never. */
static uint16_t slots[SLOTS];               /* 1 + the row, by its name's hash; 0: free */
static uint16_t first_row[GROUP_COUNT + 1]; /* the rows of a group are first_row[group] .. first_row[group + 1] */

static uint32_t load32(const char *at)
{
	uint32_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

/* Of the length, the middle and the end, where names differ: every run hashes all of them once, and so pays for it. */
static unsigned hash(const char *name, size_t len)
{
	uint32_t h = (uint32_t)len * 0x9e3779b1U;

	if (len >= 4)
		h = (h ^ load32(name + len - 4)) * 0x85ebca6bU + load32(name + len / 2 - 2) * 0xc2b2ae35U;
	else
		for (size_t i = 0; i < len; i++)
			h = (h ^ (unsigned char)name[i]) * 16777619U;
	return (h ^ h >> 15 ^ h >> 23) % SLOTS;
}

static void build(void)
{
	unsigned group = 0;

	if (first_row[GROUP_COUNT] != 0)
		return;
	for (size_t row = 0; row < constant_count; row++) {
		const struct constant *constant = &constant_table[row];
		unsigned slot = hash(constant->name, strlen(constant->name));

		while (slots[slot] != 0)
			slot = (slot + 1) % SLOTS;
		slots[slot] = (uint16_t)(row + 1);
		while (group < constant->group)
			first_row[++group] = (uint16_t)row;
	}
	while (group < GROUP_COUNT)
		first_row[++group] = (uint16_t)constant_count;
}

const struct constant *constant_find(const char *name, size_t len)
{
	build();
	if (len >= sizeof(constant_table[0].name))
		return NULL;
	for (unsigned slot = hash(name, len); slots[slot] != 0; slot = (slot + 1) % SLOTS) {
		const struct constant *constant = &constant_table[slots[slot] - 1];

		if (memcmp(constant->name, name, len) == 0 && constant->name[len] == '\0')
			return constant;
	}
	return NULL;
}

const char *constant_name(enum constant_group group, int64_t value)
{
	build();
	for (size_t row = first_row[group]; row < first_row[group + 1]; row++) {
		const struct constant *constant = &constant_table[row];

		if (constant->value == value && !constant->flag && !constant->hidden && !constant->absent)
			return constant->name;
	}
	return NULL;
}

/* Writes "|" before all but the first part. */
static void part(struct buf *buf, size_t start)
{
	if (buf->len > start)
		buf_putc(buf, '|');
}

static void add_one(struct buf *buf, enum constant_group group, uint64_t value)
{
	const char *name = constant_name(group, (int64_t)value);

	if (name)
		buf_puts(buf, name);
	else if (forms[group].decimal)
		buf_printf(buf, "%" PRId64, (int64_t)value);
	else
		buf_printf(buf, "%#" PRIx64, value);
}

/* Writes the names of flags that value has, and returns the bits that are left. */
static uint64_t add_flags(struct buf *buf, size_t start, enum constant_group group, uint64_t value)
{
	for (size_t row = first_row[group]; row < first_row[group + 1]; row++) {
		const struct constant *constant = &constant_table[row];
		uint64_t bits = (uint64_t)constant->value;

		if (!constant->flag || constant->hidden || bits == 0 || (value & bits) != bits)
			continue;
		part(buf, start);
		buf_puts(buf, constant->name);
		value &= ~bits;
	}
	return value;
}

/* The name of the empty set, or "0". */
static void add_empty(struct buf *buf, enum constant_group group)
{
	for (size_t row = first_row[group]; row < first_row[group + 1]; row++) {
		const struct constant *constant = &constant_table[row];

		if (constant->flag && constant->value == 0 && !constant->hidden && !constant->absent) {
			buf_puts(buf, constant->name);
			return;
		}
	}
	buf_putc(buf, '0');
}

static void add_set(struct buf *buf, enum constant_group group, uint64_t value)
{
	const struct form *form = &forms[group];
	const uint64_t size_bits = value & form->size_flag ? (uint64_t)MAP_HUGE_MASK << MAP_HUGE_SHIFT : 0;
	const uint64_t mode_bits = form->mode ? 0777 : 0;
	size_t start = buf->len;
	uint64_t rest = value & ~form->type_mask & ~size_bits & ~mode_bits;

	if (form->type_mask)
		add_one(buf, group, value & form->type_mask);
	rest = add_flags(buf, start, group, rest);
	if (form->and_flags)
		rest = add_flags(buf, start, form->and_flags, rest);
	if (rest) {
		part(buf, start);
		buf_printf(buf, "%#" PRIx64, rest);
	}
	if (value & size_bits) {
		part(buf, start);
		buf_printf(buf, "%" PRIu64 "<<%s", (value & size_bits) >> MAP_HUGE_SHIFT, form->size_name);
	}
	if (form->mode) {
		part(buf, start);
		buf_printf(buf, "%#03" PRIo64, value & mode_bits);
	}
	if (buf->len == start)
		add_empty(buf, group);
}

void constant_format(struct buf *buf, enum constant_group group, uint64_t value)
{
	build();
	if (group >= GROUP_COUNT)
		group = GROUP_NONE;
	if (!forms[group].wide)
		value &= UINT32_MAX;
	if (forms[group].one)
		add_one(buf, group, value);
	else
		add_set(buf, group, value);
}

int64_t fault_code(int signo, int si_code)
{
	return si_code == SI_KERNEL ? SI_KERNEL : FAULT_VALUE(signo, si_code);
}

/* By the beginning of the name; the first row that fits decides. */
static const struct {
	char begins[32], asked[32];
} stand_ins[] = {
	{ "MAP_SYNC", "MAP_SHARED_VALIDATE" }, /* of the same release; other files than DAX refuse it either way */
	{ "MAP_HUGE_SHIFT", "MAP_HUGETLB" },
	{ "MAP_HUGE_MASK", "MAP_HUGETLB" },
	{ "MFD_HUGE_SHIFT", "MFD_HUGETLB" },
	{ "MFD_HUGE_MASK", "MFD_HUGETLB" },
	{ "PR_SET_VMA_", "PR_SET_VMA" },
	{ "PR_SET_MM_MAP", "PR_SET_MM_MAP" }, /* and its size: tried as they are */
	{ "PR_SET_MM_", "PR_SET_MM" },
	{ "PR_SPEC_", "PR_GET_SPECULATION_CTRL" },
	{ "PR_TSC_", "PR_GET_TSC" },
	{ "PR_MCE_KILL_", "PR_MCE_KILL" },
	{ "PR_SET_PTRACER_", "PR_SET_PTRACER" },
	{ "PR_UNALIGN_", "PR_GET_UNALIGN" },
	{ "PR_FPEMU_", "PR_GET_FPEMU" },
	{ "PR_FP_EXC_", "PR_GET_FPEXC" },
	{ "PR_FP_MODE_", "PR_GET_FP_MODE" },
	{ "PR_ENDIAN_", "PR_GET_ENDIAN" },
	{ "PR_CAP_AMBIENT_", "PR_CAP_AMBIENT" },
	{ "PR_SVE_VL_", "PR_SVE_GET_VL" },
	{ "PR_SVE_SET_VL_", "PR_SVE_SET_VL" },
	{ "PR_SME_VL_", "PR_SME_GET_VL" },
	{ "PR_SME_SET_VL_", "PR_SME_SET_VL" },
	{ "PR_PAC_AP", "PR_PAC_RESET_KEYS" },
	{ "PR_TAGGED_ADDR_ENABLE", "PR_GET_TAGGED_ADDR_CTRL" },
	{ "PR_MTE_", "PR_GET_TAGGED_ADDR_CTRL" },
	{ "PR_PMLEN_", "PR_GET_TAGGED_ADDR_CTRL" },
	{ "PR_SYS_DISPATCH_", "PR_SET_SYSCALL_USER_DISPATCH" },
	{ "PR_SCHED_CORE_", "PR_SCHED_CORE" },
	{ "PR_RISCV_V_VSTATE_", "PR_RISCV_V_GET_CONTROL" },
	{ "PR_RISCV_CTX_", "PR_RISCV_SET_ICACHE_FLUSH_CTX" },
	{ "PR_RISCV_SCOPE_", "PR_RISCV_SET_ICACHE_FLUSH_CTX" },
	{ "PR_PPC_DEXCR_", "PR_PPC_GET_DEXCR" },
	{ "PR_SHADOW_STACK_", "PR_GET_SHADOW_STACK_STATUS" },
	{ "PR_TIMER_CREATE_RESTORE_IDS_", "PR_TIMER_CREATE_RESTORE_IDS" },
	{ "PR_FUTEX_HASH_", "PR_FUTEX_HASH" },
	{ "UFFD_EVENT_FORK", "UFFD_FEATURE_EVENT_FORK" },
	{ "UFFD_EVENT_REMAP", "UFFD_FEATURE_EVENT_REMAP" },
	{ "UFFD_EVENT_REMOVE", "UFFD_FEATURE_EVENT_REMOVE" },
	{ "UFFD_EVENT_UNMAP", "UFFD_FEATURE_EVENT_UNMAP" },
	{ "UFFD_PAGEFAULT_FLAG_WP", "UFFD_FEATURE_PAGEFAULT_FLAG_WP" },
	{ "UFFD_PAGEFAULT_FLAG_MINOR", "UFFD_FEATURE_MINOR_HUGETLBFS" },
	{ "UFFDIO_REGISTER_MODE_WP", "UFFD_FEATURE_PAGEFAULT_FLAG_WP" },
	{ "UFFDIO_REGISTER_MODE_MINOR", "UFFD_FEATURE_MINOR_HUGETLBFS" },
	{ "UFFDIO_COPY_MODE_WP", "UFFD_FEATURE_PAGEFAULT_FLAG_WP" },
	{ "UFFDIO_WRITEPROTECT_MODE_", "UFFDIO_WRITEPROTECT" },
	{ "UFFDIO_CONTINUE_MODE_", "UFFDIO_CONTINUE" },
	{ "UFFDIO_POISON_MODE_", "UFFDIO_POISON" },
	{ "UFFDIO_MOVE_MODE_", "UFFDIO_MOVE" },
	{ "UFFD_API", "UFFDIO_API" },
	{ "UFFD_EVENT_", "UFFDIO_API" },
	{ "UFFD_PAGEFAULT_", "UFFDIO_API" },
	{ "UFFDIO_REGISTER_MODE_", "UFFDIO_REGISTER" },
	{ "UFFDIO_COPY_MODE_", "UFFDIO_COPY" },
	{ "UFFDIO_ZEROPAGE_MODE_", "UFFDIO_ZEROPAGE" },
};

const struct constant *constant_asked(const struct constant *constant)
{
	for (size_t i = 0; i < sizeof(stand_ins) / sizeof(stand_ins[0]); i++) {
		if (strncmp(constant->name, stand_ins[i].begins, strlen(stand_ins[i].begins)) != 0)
			continue;
		const struct constant *asked = constant_find(stand_ins[i].asked, strlen(stand_ins[i].asked));

		return asked == NULL || asked == constant ? constant : constant_asked(asked);
	}
	return constant;
}
