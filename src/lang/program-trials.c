/* SPDX-License-Identifier: MIT */
/* What a printed program brings along to start, and to try features of the kernel. */
#include "lang/program-part.h"

const struct helper program_trials[] = {
	{ "close_inherited",
	  "static void close_inherited(void);",
	  "", "sys/syscall unistd",
	  "/* The first descriptor that the script opens is 3, whoever started the program. */\n"
	  "static void close_inherited(void)\n"
	  "{\n"
	  "#ifdef SYS_close_range /* Linux 5.9 */\n"
	  "\tif (syscall(SYS_close_range, 3L, 0x7fffffffL, 0L) == 0)\n"
	  "\t\treturn;\n"
	  "#endif\n"
	  "\tfor (int fd = 3; fd < 1024; fd++)\n"
	  "\t\tclose(fd);\n"
	  "}\n" },
	{ "stay_apart",
	  "static void stay_apart(void);",
	  "fail", "errno stddef string sys/mman unistd",
	  "/*\n"
	  " * Fills what is free between the C library's mappings, and a page beyond them, by shared memory, which merges with\n"
	  " * nothing: else the first mapping below could become part of one of the library's.\n"
	  " */\n"
	  "static void stay_apart(void)\n"
	  "{\n"
	  "\tsize_t page = (size_t)sysconf(_SC_PAGESIZE);\n"
	  "\n"
	  "\t/* Since glibc 2.41 the first one calls malloc, which moves the break. */\n"
	  "\t(void)strerror(ENOMEM);\n"
	  "\tfor (size_t size = 512 * page; size >= page; size /= 2) {\n"
	  "\t\tfor (int most = 16; most > 0; most--) {\n"
	  "\t\t\tchar *plug = mmap(NULL, size, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);\n"
	  "\n"
	  "\t\t\tif (plug == MAP_FAILED)\n"
	  "\t\t\t\tfail(\"mmap\");\n"
	  "\t\t\tif (plug > (char *)&errno) /* which is in what the library mapped last, and lowest */\n"
	  "\t\t\t\tcontinue;\n"
	  "\t\t\tif (size > page)\n"
	  "\t\t\t\tmunmap(plug, size);\n"
	  "\t\t\tbreak;\n"
	  "\t\t}\n"
	  "\t}\n"
	  "}\n" },
	{ "start",
	  "static void start(void);",
	  "stay_apart", "",
	  "static void start(void)\n"
	  "{\n"
	  "\tINHERITED\n"
	  "\tstay_apart();\n"
	  "}\n" },
	{ "start_with_scratch",
	  "static char *start_with_scratch(void);",
	  "stay_apart fail", "stddef sys/mman unistd",
	  "/* A page of scratch memory between two that merge with nothing. */\n"
	  "static char *start_with_scratch(void)\n"
	  "{\n"
	  "\tINHERITED\n"
	  "\tstay_apart();\n"
	  "\n"
	  "\tchar *scratch = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,\n"
	  "\t                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);\n"
	  "\n"
	  "\tif (scratch == MAP_FAILED)\n"
	  "\t\tfail(\"mmap\");\n"
	  "\tstay_apart();\n"
	  "\treturn scratch;\n"
	  "}\n" },
	{ "touch_program",
	  "static void touch_program(void);",
	  "next_mapping", "string unistd",
	  "/* Touches the program's own pages, at the start and again after a fork: the faults that are counted are the script's. */\n"
	  "static void touch_program(void)\n"
	  "{\n"
	  "\tstatic struct mapping own[64];\n"
	  "\tstatic int count;\n"
	  "\n"
	  "\tif (count == 0) {\n"
	  "\t\topen_lines(\"/proc/self/maps\");\n"
	  "\t\twhile (count < 64 && next_mapping(&own[count]))\n"
	  "\t\t\tcount += own[count].perms[0] == 'r' && strncmp(own[count].name, \"[v\", 2) != 0;\n"
	  "\t\tclose_lines();\n"
	  "\t}\n"
	  "\tfor (int i = 0; i < count; i++) {\n"
	  "\t\tfor (unsigned long at = own[i].start; at < own[i].end; at += (unsigned long)sysconf(_SC_PAGESIZE)) {\n"
	  "\t\t\tvolatile char *byte = (volatile char *)at;\n"
	  "\n"
	  "\t\t\tif (own[i].perms[1] == 'w')\n"
	  "\t\t\t\t*byte = *byte;\n"
	  "\t\t\telse\n"
	  "\t\t\t\t(void)*byte;\n"
	  "\t\t}\n"
	  "\t}\n"
	  "}\n" },
	{ "tried",
	  "static bool tried(bool (*trial)(long), long value);",
	  "fail", "stdbool sys/wait unistd",
	  "/* Tries it in a process of its own, so that nothing is left of it here. */\n"
	  "static bool tried(bool (*trial)(long), long value)\n"
	  "{\n"
	  "\tint status = 0;\n"
	  "\tpid_t pid = fork();\n"
	  "\n"
	  "\tif (pid == -1)\n"
	  "\t\tfail(\"fork\");\n"
	  "\tif (pid == 0)\n"
	  "\t\t_exit(trial(value) ? 0 : 1);\n"
	  "\twaitpid(pid, &status, 0);\n"
	  "\treturn status == 0;\n"
	  "}\n" },
	{ "has_call",
	  "static bool has_call(long number);",
	  "", "errno stdbool sys/resource sys/syscall unistd",
	  "/* Of impossible arguments the kernel complains only where it has the call.  EPERM is a filter's, where no right is missing. */\n"
	  "static bool has_call(long number)\n"
	  "{\n"
	  "\tstruct rlimit locked;\n"
	  "\n"
	  "\tif (syscall(number, -1L, -1L, -1L, -1L, -1L, -1L) != -1)\n"
	  "\t\treturn true;\n"
	  "\tif (errno == EPERM && number == SYS_mlock)\n"
	  "\t\treturn getrlimit(RLIMIT_MEMLOCK, &locked) == 0 && locked.rlim_cur == 0;\n"
	  "\treturn errno != ENOSYS && (errno != EPERM || number == SYS_userfaultfd);\n"
	  "}\n" },
	{ "understood",
	  "static bool understood(long result);",
	  "", "errno stdbool",
	  "/* Most calls answer EINVAL to what they do not know. */\n"
	  "static bool understood(long result)\n"
	  "{\n"
	  "\treturn result != -1 || (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP);\n"
	  "}\n" },
	{ "own_page",
	  "static char *own_page(void);",
	  "", "stddef sys/mman unistd",
	  "static char *own_page(void)\n"
	  "{\n"
	  "\treturn mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);\n"
	  "}\n" },
	{ "has_mremap_flag",
	  "static bool has_mremap_flag(long flag);",
	  "understood own_page", "stdbool sys/mman unistd",
	  "static bool has_mremap_flag(long flag)\n"
	  "{\n"
	  "\tsize_t size = (size_t)sysconf(_SC_PAGESIZE);\n"
	  "\tchar *from = own_page(), *to = own_page();\n"
	  "\n"
	  "\treturn understood((long)mremap(from, size, size, MREMAP_MAYMOVE | (int)flag, flag == MREMAP_FIXED ? to : NULL));\n"
	  "}\n" },
	{ "has_advice",
	  "static bool has_advice(long advice);",
	  "understood own_page", "stdbool sys/mman",
	  "/* An advice that is not known is refused even for no bytes at all. */\n"
	  "static bool has_advice(long advice)\n"
	  "{\n"
	  "\treturn understood(madvise(own_page(), 0, (int)advice));\n"
	  "}\n" },
	{ "has_map_flag",
	  "static bool has_map_flag(long flag);",
	  "understood", "stdbool stddef sys/mman unistd",
	  "static bool has_map_flag(long flag)\n"
	  "{\n"
	  "\tint flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (int)flag;\n"
	  "\n"
	  "\treturn understood((long)mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_NONE, flags, -1, 0));\n"
	  "}\n" },
	{ "has_map_type",
	  "static bool has_map_type(long type);",
	  "understood", "fcntl stdbool stddef sys/mman unistd",
	  "static bool has_map_type(long type)\n"
	  "{\n"
	  "\tsize_t size = (size_t)sysconf(_SC_PAGESIZE);\n"
	  "\tint fd = open(\"/proc/self/exe\", O_RDONLY);\n"
	  "\n"
	  "\treturn understood((long)mmap(NULL, size, PROT_READ, (int)type, fd, 0)) ||\n"
	  "\t       understood((long)mmap(NULL, size, PROT_READ, (int)type | MAP_ANONYMOUS, -1, 0));\n"
	  "}\n" },
	{ "has_noreplace",
	  "static bool has_noreplace(long flag);",
	  "own_page", "errno stdbool sys/mman unistd",
	  "/* A kernel that does not know it takes the address for a hint, and maps elsewhere. */\n"
	  "static bool has_noreplace(long flag)\n"
	  "{\n"
	  "\tint flags = MAP_PRIVATE | MAP_ANONYMOUS | (int)flag;\n"
	  "\n"
	  "\treturn mmap(own_page(), (size_t)sysconf(_SC_PAGESIZE), PROT_NONE, flags, -1, 0) == MAP_FAILED &&\n"
	  "\t       errno == EEXIST;\n"
	  "}\n" },
	{ "has_mlock_flag",
	  "static bool has_mlock_flag(long flag);",
	  "understood own_page", "stdbool sys/syscall unistd",
	  "static bool has_mlock_flag(long flag)\n"
	  "{\n"
	  "\treturn understood(syscall(SYS_mlock2, own_page(), 0L, flag));\n"
	  "}\n" },
	{ "has_mlockall_flag",
	  "static bool has_mlockall_flag(long flag);",
	  "understood", "stdbool sys/mman",
	  "static bool has_mlockall_flag(long flag)\n"
	  "{\n"
	  "\treturn understood(mlockall(MCL_FUTURE | (int)flag));\n"
	  "}\n" },
	{ "has_memfd_flag",
	  "static bool has_memfd_flag(long flag);",
	  "understood", "stdbool sys/mman",
	  "static bool has_memfd_flag(long flag)\n"
	  "{\n"
	  "\treturn understood(memfd_create(\"trial\", (unsigned)flag));\n"
	  "}\n" },
	{ "has_seal",
	  "static bool has_seal(long seal);",
	  "understood", "fcntl stdbool sys/mman",
	  "static bool has_seal(long seal)\n"
	  "{\n"
	  "\treturn understood(fcntl(memfd_create(\"trial\", MFD_ALLOW_SEALING), F_ADD_SEALS, (int)seal));\n"
	  "}\n" },
	{ "has_fallocate_mode",
	  "static bool has_fallocate_mode(long mode);",
	  "understood", "fcntl stdbool",
	  "/* A mode that is known is refused later than one that is not: because the file is open for reading only. */\n"
	  "static bool has_fallocate_mode(long mode)\n"
	  "{\n"
	  "\tbool punch = mode == FALLOC_FL_PUNCH_HOLE;\n"
	  "\n"
	  "\treturn understood(fallocate(open(\"/proc/self/exe\", O_RDONLY), (int)mode | (punch ? FALLOC_FL_KEEP_SIZE : 0), 0, 1));\n"
	  "}\n" },
	{ "has_prctl",
	  "static bool has_prctl(long option);",
	  "understood", "stdbool sys/prctl",
	  "/* Some options refuse 0 as their second argument, which would look as if there were no such option. */\n"
	  "static bool has_prctl(long option)\n"
	  "{\n"
	  "\tstatic const long seconds[][3] = {\n"
	  "\t\t{ 22 /* PR_SET_SECCOMP */, 2, 0 },\n"
	  "\t\t{ 26 /* PR_SET_TSC */, 1, 0 },\n"
	  "\t\t{ 35 /* PR_SET_MM */, 13, -1 },\n"
	  "\t\t{ 38 /* PR_SET_NO_NEW_PRIVS */, 1, 0 },\n"
	  "\t\t{ 47 /* PR_CAP_AMBIENT */, 4, 0 },\n"
	  "\t\t{ 65 /* PR_SET_MDWE */, 1, 0 },\n"
	  "\t\t{ 78 /* PR_FUTEX_HASH */, 2, 0 },\n"
	  "\t};\n"
	  "\tlong second = 0, third = 0;\n"
	  "\n"
	  "\tfor (unsigned i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {\n"
	  "\t\tsecond = seconds[i][0] == option ? seconds[i][1] : second;\n"
	  "\t\tthird = seconds[i][0] == option ? seconds[i][2] : third;\n"
	  "\t}\n"
	  "\treturn understood(prctl((int)option, second, third, 0L, 0L));\n"
	  "}\n" },
	{ "has_mm_map",
	  "static bool has_mm_map(long option);",
	  "understood", "stdbool sys/prctl",
	  "static bool has_mm_map(long option)\n"
	  "{\n"
	  "\t(void)option;\n"
	  "\treturn understood(prctl(PR_SET_MM, PR_SET_MM_MAP_SIZE, 0L, 0L, 0L));\n"
	  "}\n" },
	{ "has_mdwe",
	  "static bool has_mdwe(long bits);",
	  "understood", "stdbool sys/prctl",
	  "static bool has_mdwe(long bits)\n"
	  "{\n"
	  "\treturn understood(prctl(65 /* PR_SET_MDWE */, 1L | bits, 0L, 0L, 0L));\n"
	  "}\n" },
	{ "has_thp_flag",
	  "static bool has_thp_flag(long flag);",
	  "understood", "stdbool sys/prctl",
	  "static bool has_thp_flag(long flag)\n"
	  "{\n"
	  "\treturn understood(prctl(PR_SET_THP_DISABLE, 1L, flag, 0L, 0L));\n"
	  "}\n" },
	{ "has_fcntl",
	  "static bool has_fcntl(long command);",
	  "understood", "fcntl stdbool sys/mman",
	  "static bool has_fcntl(long command)\n"
	  "{\n"
	  "\treturn understood(fcntl(memfd_create(\"trial\", MFD_ALLOW_SEALING), (int)command, 0L));\n"
	  "}\n" },
	{ "has_protection",
	  "static bool has_protection(long bits);",
	  "understood own_page", "stdbool sys/mman unistd",
	  "static bool has_protection(long bits)\n"
	  "{\n"
	  "\treturn understood(mprotect(own_page(), (size_t)sysconf(_SC_PAGESIZE), (int)bits));\n"
	  "}\n" },
	{ "has_huge_page",
	  "static bool has_huge_page(long size);",
	  "understood", "stdbool stddef sys/mman",
	  "/* size: its logarithm in bits 26 to 31, as MAP_HUGE_2MB.  Nothing is reserved. */\n"
	  "static bool has_huge_page(long size)\n"
	  "{\n"
	  "\tint flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_HUGETLB | (int)size;\n"
	  "\n"
	  "\treturn understood((long)mmap(NULL, (size_t)1 << (size >> 26 & 63), PROT_NONE, flags, -1, 0));\n"
	  "}\n" },
	{ "has_huge_file",
	  "static bool has_huge_file(long size);",
	  "understood", "stdbool sys/mman",
	  "static bool has_huge_file(long size)\n"
	  "{\n"
	  "\treturn understood(memfd_create(\"trial\", MFD_HUGETLB | (unsigned)size));\n"
	  "}\n" },
	{ "has_msync_flag",
	  "static bool has_msync_flag(long flag);",
	  "understood own_page", "stdbool sys/mman",
	  "static bool has_msync_flag(long flag)\n"
	  "{\n"
	  "\treturn understood(msync(own_page(), 0, (int)flag));\n"
	  "}\n" },
	{ "has_pkey_right",
	  "static bool has_pkey_right(long right);",
	  "", "stdbool sys/syscall unistd",
	  "static bool has_pkey_right(long right)\n"
	  "{\n"
	  "\treturn syscall(SYS_pkey_alloc, 0L, right) != -1;\n"
	  "}\n" },
	{ "has_uffd_flag",
	  "static bool has_uffd_flag(long flag);",
	  "understood", "stdbool sys/syscall unistd",
	  "static bool has_uffd_flag(long flag)\n"
	  "{\n"
	  "\treturn understood(syscall(SYS_userfaultfd, flag));\n"
	  "}\n" },
	{ "open_userfaultfd",
	  "static long open_userfaultfd(struct uffdio_api *api);",
	  "", "errno linux/userfaultfd sys/ioctl sys/syscall unistd",
	  "/* One on which the kernel has told its features; -1 where it tells them not, or not to this user. */\n"
	  "static long open_userfaultfd(struct uffdio_api *api)\n"
	  "{\n"
	  "\tlong fd = syscall(SYS_userfaultfd, 1L /* UFFD_USER_MODE_ONLY, Linux 5.11 */);\n"
	  "\n"
	  "\tif (fd == -1 && errno == EINVAL)\n"
	  "\t\tfd = syscall(SYS_userfaultfd, 0L);\n"
	  "\tapi->api = UFFD_API;\n"
	  "\tapi->features = 0;\n"
	  "\treturn fd == -1 || ioctl((int)fd, UFFDIO_API, api) == -1 ? -1 : fd;\n"
	  "}\n" },
	{ "has_uffd_feature",
	  "static bool has_uffd_feature(long feature);",
	  "open_userfaultfd", "stdbool",
	  "static bool has_uffd_feature(long feature)\n"
	  "{\n"
	  "\tstruct uffdio_api api;\n"
	  "\n"
	  "\tif (open_userfaultfd(&api) == -1)\n"
	  "\t\treturn errno != ENOSYS;\n"
	  "\treturn (api.features & (unsigned long long)feature) != 0;\n"
	  "}\n" },
	{ "has_uffd_request",
	  "static bool has_uffd_request(long request);",
	  "open_userfaultfd understood", "stdbool",
	  "/* Without an argument: EFAULT where the request is known. */\n"
	  "static bool has_uffd_request(long request)\n"
	  "{\n"
	  "\tstruct uffdio_api api;\n"
	  "\tlong fd = open_userfaultfd(&api);\n"
	  "\n"
	  "\tif (fd == -1)\n"
	  "\t\treturn errno != ENOSYS;\n"
	  "\treturn (unsigned long)request == UFFDIO_API || understood(ioctl((int)fd, (unsigned long)request, NULL));\n"
	  "}\n" },
	{ "has_limit",
	  "static bool has_limit(long resource);",
	  "understood", "stdbool sys/resource",
	  "static bool has_limit(long resource)\n"
	  "{\n"
	  "\tstruct rlimit limit;\n"
	  "\n"
	  "\treturn understood(getrlimit((int)resource, &limit));\n"
	  "}\n" },
	{ NULL, NULL, NULL, NULL, NULL },
};
