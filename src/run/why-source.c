/* SPDX-License-Identifier: MIT */
/* Facts for the rules of a process as /proc tells them, and of an smaps that was saved. */
#include "run/why-rule.h"

#include "base/file.h"
#include "mm/smaps.h"
#include "run/observer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef SECRETMEM_MAGIC
#define SECRETMEM_MAGIC 0x5345434d /* Linux 5.14 */
#endif
#ifndef F_GET_SEALS
#define F_GET_SEALS 1034 /* Linux 3.17 */
#endif

/* Copies what follows name on the line of a file of /proc that begins with it.  ENOENT: there is no such file. */
static bool read_field(const char *path, const char *name, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	if (file == NULL)
		return false;
	errno = 0;
	while (!found && getline(&line, &room, file) >= 0)
		/* A line without an end came short, and the rest is not to be had of a file of /proc/sys. */
		if (strncmp(line, name, strlen(name)) == 0 && strchr(line, '\n') != NULL) {
			snprintf(text, size, "%s", line + strlen(name));
			found = true;
		}
	int error = errno == ENOENT ? EIO : errno;

	free(line);
	fclose(file);
	errno = error;
	return found;
}

/* A limit as /proc/PID/limits writes it: "unlimited" is no number. */
static uint64_t read_limit(const char *text)
{
	char *end;
	uint64_t value = strtoull(text, &end, 10);

	return end == text ? UINT64_MAX : value;
}

/* prlimit(2) needs CAP_SYS_RESOURCE after a setuid(2) of the process, and this file needs nothing. */
static bool limits(const struct why_process *process, const char *name, uint64_t *soft, uint64_t *hard)
{
	char path[64], text[128];

	snprintf(path, sizeof(path), "/proc/%d/limits", process->pid);
	if (!read_field(path, name, text, sizeof(text)))
		return false;
	const char *first = text + strspn(text, " "), *second = first + strcspn(first, " ");

	*soft = read_limit(first);
	*hard = read_limit(second + strspn(second, " "));
	return true;
}

static bool soft_limit(const struct why_process *process, const char *name, uint64_t *value)
{
	uint64_t hard;

	return limits(process, name, value, &hard);
}

/*
 * may_expand_vm(), mm/mmap.c: a soft limit of 0 is passed as far as the hard one goes ("Workaround for Valgrind"), and the
 * kernel's parameter ignore_rlimit_data lets all pass.
 */
static bool data_most(const struct why_process *process, uint64_t *value)
{
	char text[8];
	uint64_t hard;

	if (!limits(process, "Max data size", value, &hard))
		return false;
	if (*value == 0)
		*value = hard;
	if (read_field("/sys/module/kernel/parameters/ignore_rlimit_data", "", text, sizeof(text)) && text[0] == 'Y')
		*value = UINT64_MAX;
	return true;
}

static bool capabilities(const struct why_process *process, uint64_t *value)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/status", process->pid);
	if (!read_field(path, "CapEff:", text, sizeof(text)))
		return false;
	*value = strtoull(text, NULL, 16);
	return true;
}

/* The namespace of a kind that a process is in; inode 0: the kernel has none of that kind.  False: it may not be looked at. */
static bool namespace_of(const char *process, const char *kind, struct stat *info)
{
	char path[64];

	*info = (struct stat){ 0 };
	snprintf(path, sizeof(path), "/proc/%s/ns", process);
	if (access(path, F_OK) < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%s/ns/%s", process, kind);
	return stat(path, info) == 0 || errno == ENOENT;
}

/* A script's process that has another user than mmtool may not be looked at by all, and has mmtool's namespaces. */
static bool process_namespace(const struct why_process *process, const char *kind, struct stat *info)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", process->pid);
	return namespace_of(name, kind, info) || (process->child && namespace_of("self", kind, info));
}

static bool initial_user(const struct why_process *process, uint64_t *value)
{
	const ino_t initial = 0xEFFFFFFD; /* PROC_USER_INIT_INO, linux/proc_ns.h */
	struct stat info;

	if (!process_namespace(process, "user", &info))
		return false;
	*value = info.st_ino == initial || info.st_ino == 0;
	return true;
}

static bool same_namespace(const struct why_process *process, const char *kind, uint64_t *value)
{
	struct stat own, info;

	if (!namespace_of("self", kind, &own) || !process_namespace(process, kind, &info))
		return false;
	*value = own.st_dev == info.st_dev && own.st_ino == info.st_ino;
	return true;
}

static bool status(const struct why_process *process, const char *name, uint64_t *value)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/status", process->pid);
	if (!read_field(path, name, text, sizeof(text)))
		return false;
	*value = strtoull(text, NULL, 10) * 1024;
	return true;
}

/* maps shows the vsyscall page of x86-64, which is no mapping of the process. */
static bool count_mappings(const struct why_process *process, uint64_t *value)
{
	struct maps maps = { 0 };
	bool known = process->observer != NULL && observer_read(process->observer, &maps) == 0;

	*value = 0;
	for (size_t i = 0; i < maps.count; i++)
		*value += maps.list[i].start >> 63 == 0;
	maps_fini(&maps);
	return known;
}

static bool count_descriptors(const struct why_process *process, uint64_t *value)
{
	char path[64];
	const struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%d/fd", process->pid);
	DIR *dir = opendir(path);

	if (dir == NULL)
		return false;
	*value = 0;
	for (errno = 0; (entry = readdir(dir)) != NULL; errno = 0)
		*value += entry->d_name[0] != '.';
	bool whole = errno == 0;

	closedir(dir);
	return whole;
}

/* The 47th field of proc_pid_stat(5); 0 to those who may not trace the process. */
static bool brk_start(const struct why_process *process, uint64_t *value)
{
	char path[64], text[2048];

	snprintf(path, sizeof(path), "/proc/%d/stat", process->pid);
	if (!read_field(path, "", text, sizeof(text)))
		return false;
	/* The second field is the command's name, which may hold anything; the last ")" ends it. */
	const char *field = strrchr(text, ')');

	for (unsigned i = 2; field != NULL && i < 47; i++)
		field = strchr(field + 1, ' ');
	if (field == NULL)
		return false;
	*value = strtoull(field, NULL, 10);
	return *value != 0;
}

static bool sysctl_value(const char *name, uint64_t *value)
{
	int64_t number;

	if (observer_sysctl(NULL, name, &number) < 0 || number < 0)
		return false;
	*value = (uint64_t)number;
	return true;
}

/* It is of the PID namespace: the file tells that of mmtool's, and memfd_create(2) looks at that of the process. */
static bool noexec_policy(const struct why_process *process, uint64_t *value)
{
	uint64_t same;

	return same_namespace(process, "pid", &same) && same != 0 && sysctl_value("vm.memfd_noexec", value);
}

static bool meminfo(const char *name, uint64_t *value)
{
	char text[64], *end;

	if (!read_field("/proc/meminfo", name, text, sizeof(text)))
		return false;
	*value = strtoull(text, &end, 10);
	if (strncmp(end, " kB", 3) == 0)
		*value *= 1024;
	return true;
}

/* What __vm_enough_memory() compares with; in a container another file may stand in place of /proc/meminfo (lxcfs). */
static bool memory(const char *name, uint64_t *value)
{
	struct sysinfo info;

	if (sysinfo(&info) < 0)
		return false;
	*value = (uint64_t)(strcmp(name, "swap") == 0 ? info.totalswap : info.totalram) * info.mem_unit;
	return true;
}

bool why_process_fact(void *context, enum why_fact fact, uint64_t *value)
{
	static const struct {
		bool (*read)(const struct why_process *process, const char *name, uint64_t *value);
		bool (*count)(const struct why_process *process, uint64_t *value);
		bool (*machine)(const char *name, uint64_t *value);
		const char *name;
	} facts[FACT_COUNT] = {
		[FACT_LIMIT_AS] = { .read = soft_limit, .name = "Max address space" },
		[FACT_LIMIT_DATA] = { .read = soft_limit, .name = "Max data size" },
		[FACT_LIMIT_MEMLOCK] = { .read = soft_limit, .name = "Max locked memory" },
		[FACT_LIMIT_FSIZE] = { .read = soft_limit, .name = "Max file size" },
		[FACT_LIMIT_NOFILE] = { .read = soft_limit, .name = "Max open files" },
		[FACT_LIMIT_STACK] = { .read = soft_limit, .name = "Max stack size" },
		[FACT_DATA_MOST] = { .count = data_most },
		[FACT_VM_SIZE] = { .read = status, .name = "VmSize:" },
		[FACT_VM_DATA] = { .read = status, .name = "VmData:" },
		[FACT_VM_LOCKED] = { .read = status, .name = "VmLck:" },
		[FACT_MAP_COUNT] = { .count = count_mappings },
		[FACT_FD_COUNT] = { .count = count_descriptors },
		[FACT_BRK_START] = { .count = brk_start },
		[FACT_THP] = { .read = status, .name = "THP_enabled:" },
		[FACT_CAPABILITIES] = { .count = capabilities },
		[FACT_INITIAL_USER] = { .count = initial_user },
		[FACT_SAME_IPC] = { .read = same_namespace, .name = "ipc" },
		[FACT_MEMFD_NOEXEC] = { .count = noexec_policy },
		[FACT_OVERCOMMIT] = { .machine = sysctl_value, .name = "vm.overcommit_memory" },
		[FACT_MAX_MAP_COUNT] = { .machine = sysctl_value, .name = "vm.max_map_count" },
		[FACT_MMAP_MIN_ADDR] = { .machine = sysctl_value, .name = "vm.mmap_min_addr" },
		[FACT_RAM] = { .machine = memory, .name = "ram" },
		[FACT_SWAP] = { .machine = memory, .name = "swap" },
		[FACT_COMMIT_LIMIT] = { .machine = meminfo, .name = "CommitLimit:" },
		[FACT_COMMITTED] = { .machine = meminfo, .name = "Committed_AS:" },
		[FACT_HUGE_SIZE] = { .machine = meminfo, .name = "Hugepagesize:" },
	};
	const struct why_process *process = context;

	if (facts[fact].machine != NULL)
		return facts[fact].machine(facts[fact].name, value);
	if (process == NULL)
		return false;
	return facts[fact].read != NULL ? facts[fact].read(process, facts[fact].name, value) : facts[fact].count(process, value);
}

static int vmflag(void *context, uint64_t addr, const char *flag)
{
	const struct why_process *process = context;
	int64_t value = 0;

	if (process->observer == NULL || observer_vmflag(process->observer, addr, flag, &value) < 0)
		return -1;
	return value != 0;
}

int why_smaps_flag(void *context, uint64_t addr, const char *flag)
{
	const struct smaps *smaps = context;
	const struct mapping *mapping = maps_find(&smaps->maps, addr);

	if (mapping == NULL)
		return -1;
	const struct smaps_record *record = &smaps->list[mapping - smaps->maps.list];

	return record->flags == NULL ? -1 : smaps_has_flag(record, flag);
}

/* Seals can be asked for only through a descriptor of one's own.  False: they are not known. */
static bool read_seals(const char *path, uint32_t *value)
{
	int own = file_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);

	if (own < 0)
		return false;
	int seals = fcntl(own, F_GET_SEALS);
	bool known = seals >= 0 || errno == EINVAL; /* a file that has none */

	close(own);
	*value = seals > 0 ? (uint32_t)seals : 0;
	return known;
}

/* File systems of the kernel's own, from which nothing is executed however they are mounted (SB_I_NOEXEC). */
static bool runs_nothing(uint64_t type)
{
	static const uint64_t types[] = { PROC_SUPER_MAGIC, SYSFS_MAGIC, ANON_INODE_FS_MAGIC, SECRETMEM_MAGIC, PIPEFS_MAGIC,
		                          SOCKFS_MAGIC, NSFS_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i] == type)
			return true;
	return false;
}

/* False: it is not known. */
static bool read_append_only(const char *path, bool *value)
{
	struct statx info = { 0 };
	bool known = statx(AT_FDCWD, path, 0, 0, &info) == 0 || errno == ENOSYS;

	*value = (info.stx_attributes & STATX_ATTR_APPEND) != 0;
	return known;
}

static bool file_of(void *context, int fd, struct why_file *file)
{
	const struct why_process *process = context;
	char path[64], text[64];
	struct stat stat_buf;
	struct statfs system;
	struct statvfs mount;

	*file = (struct why_file){ 0 };
	snprintf(path, sizeof(path), "/proc/%d/fdinfo", process->pid);
	if (access(path, R_OK | X_OK) < 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", process->pid, fd);
	if (!read_field(path, "flags:", text, sizeof(text)))
		return errno == ENOENT; /* it is known: nothing is open there */
	file->open = true;
	file->flags = strtoull(text, NULL, 8);
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", process->pid, fd);
	if (stat(path, &stat_buf) < 0 || statfs(path, &system) < 0 || statvfs(path, &mount) < 0)
		return true;
	/* Magic numbers have 32 bits; the member is an int on some machines and a long on others. */
	const uint32_t type = (uint32_t)system.f_type;

	file->mode = stat_buf.st_mode;
	file->size = (uint64_t)stat_buf.st_size;
	file->huge = type == HUGETLBFS_MAGIC;
	file->memory = type == TMPFS_MAGIC;
	file->secret = type == SECRETMEM_MAGIC;
	file->noexec = (mount.f_flag & ST_NOEXEC) != 0 || runs_nothing(type);
	file->examined = read_append_only(path, &file->append_only);
	if (S_ISREG(stat_buf.st_mode) && (file->memory || file->huge))
		file->examined &= read_seals(path, &file->seals);
	return true;
}

static bool same_file(const struct stat *info, const struct mapping *mapping)
{
	return S_ISREG(info->st_mode) && info->st_ino == mapping->inode;
}

/* Whether what is open there is of the mapping's device; or of its name, for btrfs and others have devices of their own. */
static bool same_device(const char *path, const struct stat *info, const struct mapping *mapping)
{
	char name[4096];

	if (major(info->st_dev) == mapping->major && minor(info->st_dev) == mapping->minor)
		return true;
	ssize_t len = readlink(path, name, sizeof(name));

	return len > 0 && (size_t)len == mapping->name_len && memcmp(name, mapping->name, (size_t)len) == 0;
}

/*
 * A path to the file that a mapping maps, of PATH_SIZE bytes.  map_files needs CAP_CHECKPOINT_RESTORE; a descriptor of the
 * process or the file's own path can lead there too.
 */
enum { PATH_SIZE = 4200 };
static bool file_behind(const struct why_process *process, const struct mapping *mapping, char *path, struct stat *info)
{
	if (!mapping_has_file(mapping))
		return false;
	snprintf(path, PATH_SIZE, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, process->pid, mapping->start, mapping->end);
	if (stat(path, info) == 0 && same_file(info, mapping))
		return true;
	for (int fd = 0; fd < 64; fd++) {
		snprintf(path, PATH_SIZE, "/proc/%d/fd/%d", process->pid, fd);
		if (stat(path, info) == 0 && same_file(info, mapping) && same_device(path, info, mapping))
			return true;
	}
	if (mapping->name_len >= 4096 || mapping->name_len == 0 || mapping->name[0] != '/')
		return false;
	snprintf(path, PATH_SIZE, "/proc/%d/root%.*s", process->pid, (int)mapping->name_len, mapping->name);
	return stat(path, info) == 0 && same_file(info, mapping);
}

static bool length_of(void *context, const struct mapping *mapping, uint64_t *bytes)
{
	char path[PATH_SIZE];
	struct stat info;

	if (!file_behind(context, mapping, path, &info))
		return false;
	*bytes = (uint64_t)info.st_size;
	return true;
}

static bool seals_of(void *context, const struct mapping *mapping, uint32_t *seals)
{
	char path[PATH_SIZE];
	struct stat info;

	return file_behind(context, mapping, path, &info) && read_seals(path, seals);
}

static int is_secret(void *context, const struct mapping *mapping)
{
	char path[PATH_SIZE];
	struct stat info;
	struct statfs system;

	if (!file_behind(context, mapping, path, &info) || statfs(path, &system) < 0)
		return -1;
	return (uint32_t)system.f_type == SECRETMEM_MAGIC;
}

static int guard_at(void *context, uint64_t addr)
{
	const struct why_process *process = context;
	bool guard = false;

	if (process->observer == NULL || observer_guard(process->observer, addr, &guard) < 0)
		return -1;
	return guard;
}

const struct why_source why_process_source = {
	.here = true,
	.fact = why_process_fact,
	.vmflag = vmflag,
	.file = file_of,
	.length = length_of,
	.seals = seals_of,
	.secret = is_secret,
	.guard = guard_at,
};
