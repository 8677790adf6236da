/* SPDX-License-Identifier: MIT */
/* What a printed program brings along to read what the kernel tells of it. */
#include "lang/program-part.h"

const struct helper program_books[] = {
	{ "next_line",
	  "static char *next_line(void);",
	  "give_up", "errno fcntl stddef string unistd",
	  "/* A file, read line by line into static memory: malloc would move the break. */\n"
	  "static struct {\n"
	  "\tint fd, error;\n"
	  "\tsize_t len, used;\n"
	  "\tchar text[32 * 1024];\n"
	  "} file;\n"
	  "\n"
	  "static void open_lines(const char *path)\n"
	  "{\n"
	  "\tfile.error = errno;\n"
	  "\tfile.len = file.used = 0;\n"
	  "\tfile.fd = open(path, O_RDONLY | O_CLOEXEC);\n"
	  "\tif (file.fd == -1)\n"
	  "\t\tgive_up(path);\n"
	  "}\n"
	  "\n"
	  "static void close_lines(void)\n"
	  "{\n"
	  "\tclose(file.fd);\n"
	  "\terrno = file.error;\n"
	  "}\n"
	  "\n"
	  "/* The next line without its newline; NULL at the end. */\n"
	  "static char *next_line(void)\n"
	  "{\n"
	  "\tssize_t got = 1;\n"
	  "\n"
	  "\twhile (got > 0) {\n"
	  "\t\tchar *line = file.text + file.used, *newline = memchr(line, '\\n', file.len - file.used);\n"
	  "\n"
	  "\t\tif (newline != NULL) {\n"
	  "\t\t\t*newline = '\\0';\n"
	  "\t\t\tfile.used = (size_t)(newline + 1 - file.text);\n"
	  "\t\t\treturn line;\n"
	  "\t\t}\n"
	  "\t\tfile.len -= file.used;\n"
	  "\t\tmemmove(file.text, line, file.len);\n"
	  "\t\tfile.used = 0;\n"
	  "\t\tgot = read(file.fd, file.text + file.len, sizeof(file.text) - file.len);\n"
	  "\t\tfile.len += got > 0 ? (size_t)got : 0;\n"
	  "\t}\n"
	  "\treturn NULL;\n"
	  "}\n" },
	{ "parse_mapping",
	  "static bool parse_mapping(char *line, struct mapping *mapping);",
	  "", "stdbool stdio",
	  "/* A line of /proc/PID/maps, proc_pid_maps(5). */\n"
	  "struct mapping {\n"
	  "\tunsigned long start, end;\n"
	  "\tunsigned long long offset;\n"
	  "\tchar perms[5];\n"
	  "\tconst char *name, *line;\n"
	  "};\n"
	  "\n"
	  "static bool parse_mapping(char *line, struct mapping *mapping)\n"
	  "{\n"
	  "\tint name = 0;\n"
	  "\n"
	  "\tmapping->line = line;\n"
	  "\tif (sscanf(line, \"%lx-%lx %4s %llx %*s %*s %n\", &mapping->start, &mapping->end, mapping->perms,\n"
	  "\t           &mapping->offset, &name) != 4)\n"
	  "\t\treturn false;\n"
	  "\tmapping->name = line + name;\n"
	  "\treturn true;\n"
	  "}\n" },
	{ "next_mapping",
	  "static bool next_mapping(struct mapping *mapping);",
	  "next_line parse_mapping", "",
	  "static bool next_mapping(struct mapping *mapping)\n"
	  "{\n"
	  "\tchar *line = next_line();\n"
	  "\n"
	  "\treturn line != NULL && parse_mapping(line, mapping);\n"
	  "}\n" },
	{ "show_maps",
	  "static void show_maps(const char *name, const void *address, int64_t len);",
	  "next_mapping say", "stdint",
	  "/* Prints the lines of /proc/self/maps that the range touches. */\n"
	  "static void show_maps(const char *name, const void *address, int64_t len)\n"
	  "{\n"
	  "\tunsigned long start = (unsigned long)address, last = start + (unsigned long)len - 1;\n"
	  "\tstruct mapping mapping;\n"
	  "\tint lines = 0;\n"
	  "\n"
	  "\tsay(\"%s:\\n\", name);\n"
	  "\topen_lines(\"/proc/self/maps\");\n"
	  "\twhile (next_mapping(&mapping)) {\n"
	  "\t\tif (mapping.start <= last && start < mapping.end) {\n"
	  "\t\t\tsay(\"    %s\\n\", mapping.line);\n"
	  "\t\t\tlines++;\n"
	  "\t\t}\n"
	  "\t}\n"
	  "\tclose_lines();\n"
	  "\tif (lines == 0)\n"
	  "\t\tsay(\"    nothing is mapped at %p\\n\", address);\n"
	  "}\n" },
	{ "find_mapping",
	  "static bool find_mapping(const void *address, struct mapping *mapping);",
	  "next_mapping", "stdbool",
	  "/* The mapping that holds the address. */\n"
	  "static bool find_mapping(const void *address, struct mapping *mapping)\n"
	  "{\n"
	  "\tunsigned long here = (unsigned long)address;\n"
	  "\tbool found = false;\n"
	  "\n"
	  "\topen_lines(\"/proc/self/maps\");\n"
	  "\twhile (!found && next_mapping(mapping))\n"
	  "\t\tfound = mapping->start <= here && here < mapping->end;\n"
	  "\tclose_lines();\n"
	  "\treturn found;\n"
	  "}\n" },
	{ "perms_of",
	  "static const char *perms_of(const void *address);",
	  "find_mapping text_room", "string",
	  "static const char *perms_of(const void *address)\n"
	  "{\n"
	  "\tstruct mapping mapping;\n"
	  "\n"
	  "\treturn find_mapping(address, &mapping) ? strcpy(text_room(), mapping.perms) : \"\";\n"
	  "}\n" },
	{ "pathname_of",
	  "static const char *pathname_of(const void *address);",
	  "find_mapping text_room", "string",
	  "static const char *pathname_of(const void *address)\n"
	  "{\n"
	  "\tstruct mapping mapping;\n"
	  "\n"
	  "\treturn find_mapping(address, &mapping) ? strcpy(text_room(), mapping.name) : \"\";\n"
	  "}\n" },
	{ "start_of",
	  "static char *start_of(const void *address);",
	  "find_mapping", "stddef",
	  "static char *start_of(const void *address)\n"
	  "{\n"
	  "\tstruct mapping mapping;\n"
	  "\n"
	  "\treturn find_mapping(address, &mapping) ? (char *)mapping.start : NULL;\n"
	  "}\n" },
	{ "end_of",
	  "static char *end_of(const void *address);",
	  "find_mapping", "stddef",
	  "static char *end_of(const void *address)\n"
	  "{\n"
	  "\tstruct mapping mapping;\n"
	  "\n"
	  "\treturn find_mapping(address, &mapping) ? (char *)mapping.end : NULL;\n"
	  "}\n" },
	{ "offset_of",
	  "static int64_t offset_of(const void *address);",
	  "find_mapping", "stdint",
	  "static int64_t offset_of(const void *address)\n"
	  "{\n"
	  "\tstruct mapping mapping;\n"
	  "\n"
	  "\treturn find_mapping(address, &mapping) ? (int64_t)mapping.offset : 0;\n"
	  "}\n" },
	{ "range_end",
	  "static unsigned long range_end(unsigned long start, int64_t len);",
	  "give_up", "stdint",
	  "/* The last byte of all addresses counts as the end of what lies behind it. */\n"
	  "static unsigned long range_end(unsigned long start, int64_t len)\n"
	  "{\n"
	  "\tunsigned long end = start + (unsigned long)len;\n"
	  "\n"
	  "\tif (len < 0 || (len > 0 && end - 1 < start))\n"
	  "\t\tgive_up(\"a range is negative, or runs past the end of the address space\");\n"
	  "\treturn end == 0 && len > 0 ? -1UL : end;\n"
	  "}\n" },
	{ "count_mappings",
	  "static int64_t count_mappings(const void *address, int64_t len, int64_t *bytes);",
	  "next_mapping range_end", "stddef stdint",
	  "/* How many mappings the range touches, and how many of its bytes are mapped. */\n"
	  "static int64_t count_mappings(const void *address, int64_t len, int64_t *bytes)\n"
	  "{\n"
	  "\tunsigned long start = (unsigned long)address, end = range_end(start, len);\n"
	  "\tstruct mapping mapping;\n"
	  "\tint64_t count = 0;\n"
	  "\n"
	  "\topen_lines(\"/proc/self/maps\");\n"
	  "\twhile (next_mapping(&mapping)) {\n"
	  "\t\tunsigned long from = mapping.start > start ? mapping.start : start;\n"
	  "\t\tunsigned long to = mapping.end < end ? mapping.end : end;\n"
	  "\n"
	  "\t\tcount += from < to;\n"
	  "\t\tif (from < to && bytes != NULL)\n"
	  "\t\t\t*bytes += (int64_t)(to - from);\n"
	  "\t}\n"
	  "\tclose_lines();\n"
	  "\treturn count;\n"
	  "}\n" },
	{ "mapped_bytes",
	  "static int64_t mapped_bytes(const void *address, int64_t len);",
	  "count_mappings", "stdint",
	  "static int64_t mapped_bytes(const void *address, int64_t len)\n"
	  "{\n"
	  "\tint64_t bytes = 0;\n"
	  "\n"
	  "\tcount_mappings(address, len, &bytes);\n"
	  "\treturn bytes;\n"
	  "}\n" },
	{ "mappings_in",
	  "static int64_t mappings_in(const void *address, int64_t len);",
	  "count_mappings", "stdint",
	  "static int64_t mappings_in(const void *address, int64_t len)\n"
	  "{\n"
	  "\treturn count_mappings(address, len, NULL);\n"
	  "}\n" },
	{ "is_mapping",
	  "static bool is_mapping(const void *address, int64_t len);",
	  "find_mapping range_end", "stdbool stdint",
	  "/* Whether exactly this range is one mapping. */\n"
	  "static bool is_mapping(const void *address, int64_t len)\n"
	  "{\n"
	  "\tunsigned long start = (unsigned long)address, end = range_end(start, len);\n"
	  "\tstruct mapping mapping;\n"
	  "\n"
	  "\treturn find_mapping(address, &mapping) && mapping.start == start && mapping.end == end;\n"
	  "}\n" },
	{ "read_pagemap",
	  "static size_t read_pagemap(uint64_t first, uint64_t *entries, size_t count);",
	  "give_up", "errno fcntl stddef stdint unistd",
	  "/* Entries of /proc/self/pagemap: bit 63 is set for a present page, bits 0 to 54 are its frame (0 without privilege). */\n"
	  "static size_t read_pagemap(uint64_t first, uint64_t *entries, size_t count)\n"
	  "{\n"
	  "\tint error = errno, fd = open(\"/proc/self/pagemap\", O_RDONLY | O_CLOEXEC);\n"
	  "\tssize_t got = fd == -1 ? -1 : pread(fd, entries, count * sizeof(*entries), (off_t)(first * sizeof(*entries)));\n"
	  "\n"
	  "\tif (got < 0)\n"
	  "\t\tgive_up(\"/proc/self/pagemap cannot be read\");\n"
	  "\tclose(fd);\n"
	  "\terrno = error;\n"
	  "\treturn (size_t)got / sizeof(*entries);\n"
	  "}\n" },
	{ "resident_bytes",
	  "static int64_t resident_bytes(const void *address, int64_t len);",
	  "next_mapping read_pagemap range_end", "stdint unistd",
	  "/* Bytes of present pages, looked for in the mapped parts of the range only. */\n"
	  "static int64_t resident_bytes(const void *address, int64_t len)\n"
	  "{\n"
	  "\tstatic uint64_t entries[4096];\n"
	  "\tunsigned long page = (unsigned long)sysconf(_SC_PAGESIZE);\n"
	  "\tunsigned long start = (unsigned long)address, end = range_end(start, len);\n"
	  "\tstruct mapping mapping;\n"
	  "\tint64_t bytes = 0;\n"
	  "\n"
	  "\topen_lines(\"/proc/self/maps\");\n"
	  "\twhile (next_mapping(&mapping)) {\n"
	  "\t\tunsigned long from = mapping.start > start ? mapping.start : start;\n"
	  "\t\tunsigned long to = mapping.end < end ? mapping.end : end;\n"
	  "\t\tsize_t got = 1;\n"
	  "\n"
	  "\t\tfor (unsigned long at = from & -page; from < to && at < to && got > 0;) {\n"
	  "\t\t\tunsigned long want = (to - at + page - 1) / page;\n"
	  "\n"
	  "\t\t\tgot = read_pagemap(at / page, entries, want < 4096 ? want : 4096);\n"
	  "\t\t\tfor (size_t i = 0; i < got; i++, at += page) {\n"
	  "\t\t\t\tunsigned long low = at > from ? at : from, high = at + page < to ? at + page : to;\n"
	  "\n"
	  "\t\t\t\tbytes += entries[i] >> 63 ? (int64_t)(high - low) : 0;\n"
	  "\t\t\t}\n"
	  "\t\t}\n"
	  "\t}\n"
	  "\tclose_lines();\n"
	  "\treturn bytes;\n"
	  "}\n" },
	{ "page_frame",
	  "static int64_t page_frame(const void *address);",
	  "read_pagemap", "stdint unistd",
	  "/* The page frame number, 0 where the kernel hides it. */\n"
	  "static int64_t page_frame(const void *address)\n"
	  "{\n"
	  "\tuint64_t entry = 0;\n"
	  "\n"
	  "\tread_pagemap((unsigned long)address / (unsigned long)sysconf(_SC_PAGESIZE), &entry, 1);\n"
	  "\treturn entry >> 63 ? (int64_t)(entry & ((1ULL << 55) - 1)) : 0;\n"
	  "}\n" },
	{ "field_value",
	  "static bool field_value(const char *line, const char *field, int64_t *value);",
	  "", "stdbool stdint stdlib string",
	  "/* The number of a line \"Field:   123 kB\", in bytes. */\n"
	  "static bool field_value(const char *line, const char *field, int64_t *value)\n"
	  "{\n"
	  "\tsize_t len = strlen(field);\n"
	  "\tchar *end;\n"
	  "\n"
	  "\tif (strncmp(line, field, len) != 0 || line[len] != ':')\n"
	  "\t\treturn false;\n"
	  "\t*value = strtoll(line + len + 1, &end, 10) * (strncmp(end, \" kB\", 3) == 0 ? 1024 : 1);\n"
	  "\treturn end > line + len + 1;\n"
	  "}\n" },
	{ "file_field",
	  "static int64_t file_field(const char *path, const char *field);",
	  "next_line field_value give_up", "stdbool stdint",
	  "static int64_t file_field(const char *path, const char *field)\n"
	  "{\n"
	  "\tbool found = false;\n"
	  "\tint64_t value = 0;\n"
	  "\n"
	  "\topen_lines(path);\n"
	  "\tfor (char *line = next_line(); line != NULL && !found; line = next_line())\n"
	  "\t\tfound = field_value(line, field, &value);\n"
	  "\tclose_lines();\n"
	  "\tif (!found)\n"
	  "\t\tgive_up(\"this kernel has no such field\");\n"
	  "\treturn value;\n"
	  "}\n" },
	{ "status_field",
	  "static int64_t status_field(const char *field);",
	  "file_field", "stdint",
	  "static int64_t status_field(const char *field)\n"
	  "{\n"
	  "\treturn file_field(\"/proc/self/status\", field);\n"
	  "}\n" },
	{ "meminfo_field",
	  "static int64_t meminfo_field(const char *field);",
	  "file_field", "stdint",
	  "static int64_t meminfo_field(const char *field)\n"
	  "{\n"
	  "\treturn file_field(\"/proc/meminfo\", field);\n"
	  "}\n" },
	{ "smaps_line",
	  "static char *smaps_line(const void *address, const char *field, bool *mapped);",
	  "next_line parse_mapping", "stdbool string",
	  "/* The line of that field in the part of /proc/self/smaps that tells of the address. */\n"
	  "static char *smaps_line(const void *address, const char *field, bool *mapped)\n"
	  "{\n"
	  "\tunsigned long here = (unsigned long)address;\n"
	  "\tstruct mapping mapping;\n"
	  "\tsize_t len = strlen(field);\n"
	  "\tbool inside = false;\n"
	  "\tchar *line;\n"
	  "\n"
	  "\t*mapped = false;\n"
	  "\topen_lines(\"/proc/self/smaps\");\n"
	  "\twhile ((line = next_line()) != NULL) {\n"
	  "\t\tif (inside && strncmp(line, field, len) == 0 && line[len] == ':')\n"
	  "\t\t\tbreak;\n"
	  "\t\tif (!parse_mapping(line, &mapping))\n"
	  "\t\t\tcontinue;\n"
	  "\t\tinside = mapping.start <= here && here < mapping.end;\n"
	  "\t\t*mapped |= inside;\n"
	  "\t}\n"
	  "\tclose_lines();\n"
	  "\treturn line;\n"
	  "}\n" },
	{ "smaps_field",
	  "static int64_t smaps_field(const void *address, const char *field);",
	  "smaps_line field_value give_up", "stdbool stdint",
	  "static int64_t smaps_field(const void *address, const char *field)\n"
	  "{\n"
	  "\tbool mapped;\n"
	  "\tint64_t value = 0;\n"
	  "\tchar *line = smaps_line(address, field, &mapped);\n"
	  "\n"
	  "\tif (mapped && (line == NULL || !field_value(line, field, &value)))\n"
	  "\t\tgive_up(\"smaps: this kernel has no such field\");\n"
	  "\treturn value;\n"
	  "}\n" },
	{ "has_vmflag",
	  "static bool has_vmflag(const void *address, const char *flag);",
	  "smaps_line give_up", "stdbool string",
	  "/* flag: two letters of the VmFlags line, proc_pid_smaps(5). */\n"
	  "static bool has_vmflag(const void *address, const char *flag)\n"
	  "{\n"
	  "\tbool mapped;\n"
	  "\tchar *line = smaps_line(address, \"VmFlags\", &mapped);\n"
	  "\tsize_t len = strlen(flag);\n"
	  "\n"
	  "\tif (mapped && line == NULL)\n"
	  "\t\tgive_up(\"smaps: this kernel has no VmFlags\");\n"
	  "\tfor (char *at = line != NULL ? line + 8 : NULL; at != NULL && *at != '\\0'; at++) {\n"
	  "\t\tif ((at[-1] == ' ' || at[-1] == ':') && strncmp(at, flag, len) == 0 && (at[len] == ' ' || at[len] == '\\0'))\n"
	  "\t\t\treturn true;\n"
	  "\t}\n"
	  "\treturn false;\n"
	  "}\n" },
	{ "sysctl_value",
	  "static int64_t sysctl_value(const char *name);",
	  "next_line give_up", "stdint stdio stdlib",
	  "/* \"vm.overcommit_memory\" is /proc/sys/vm/overcommit_memory. */\n"
	  "static int64_t sysctl_value(const char *name)\n"
	  "{\n"
	  "\tchar path[256] = \"/proc/sys/\";\n"
	  "\tsize_t at = sizeof(\"/proc/sys/\") - 1;\n"
	  "\tchar *line, *end;\n"
	  "\n"
	  "\tfor (; *name != '\\0' && at < sizeof(path) - 1; name++)\n"
	  "\t\tpath[at++] = *name == '.' ? '/' : *name;\n"
	  "\tpath[at] = '\\0';\n"
	  "\topen_lines(path);\n"
	  "\tline = next_line();\n"
	  "\tclose_lines();\n"
	  "\tint64_t value = line != NULL ? strtoll(line, &end, 10) : 0;\n"
	  "\n"
	  "\tif (line == NULL || end == line)\n"
	  "\t\tgive_up(path);\n"
	  "\treturn value;\n"
	  "}\n" },
	{ "minor_faults",
	  "static int64_t minor_faults(void);",
	  "", "stdint sys/resource",
	  "static int64_t minor_faults(void)\n"
	  "{\n"
	  "\tstruct rusage usage;\n"
	  "\n"
	  "\tgetrusage(RUSAGE_SELF, &usage);\n"
	  "\treturn usage.ru_minflt;\n"
	  "}\n" },
	{ "major_faults",
	  "static int64_t major_faults(void);",
	  "", "stdint sys/resource",
	  "static int64_t major_faults(void)\n"
	  "{\n"
	  "\tstruct rusage usage;\n"
	  "\n"
	  "\tgetrusage(RUSAGE_SELF, &usage);\n"
	  "\treturn usage.ru_majflt;\n"
	  "}\n" },
	{ "free_range",
	  "static char *free_range(int64_t len);",
	  "next_mapping mapped_bytes give_up", "stdint unistd",
	  "/* The start of a free range in the middle of the widest hole; the same one again until something is mapped there. */\n"
	  "static char *free_range(int64_t len)\n"
	  "{\n"
	  "\tstatic struct {\n"
	  "\t\tint64_t len;\n"
	  "\t\tchar *start;\n"
	  "\t} given[16];\n"
	  "\tstatic unsigned turn;\n"
	  "\tunsigned long best = 0, best_start = 0, below = 0, align = 1UL << 30;\n"
	  "\tstruct mapping mapping;\n"
	  "\n"
	  "\tif (len <= 0)\n"
	  "\t\tgive_up(\"hole: the length must be positive\");\n"
	  "\tfor (unsigned i = 0; i < 16; i++) {\n"
	  "\t\tif (given[i].len == len && mapped_bytes(given[i].start, len) == 0)\n"
	  "\t\t\treturn given[i].start;\n"
	  "\t}\n"
	  "\topen_lines(\"/proc/self/maps\");\n"
	  "\twhile (next_mapping(&mapping)) {\n"
	  "\t\t/* The gap below [vsyscall] is the kernel's. */\n"
	  "\t\tif (mapping.start > below && mapping.start - below > best && (int64_t)mapping.start > 0) {\n"
	  "\t\t\tbest = mapping.start - below;\n"
	  "\t\t\tbest_start = below;\n"
	  "\t\t}\n"
	  "\t\tbelow = mapping.end;\n"
	  "\t}\n"
	  "\tclose_lines();\n"
	  "\tif (best / 4 < (unsigned long)len)\n"
	  "\t\tgive_up(\"hole: there is no free range of that length far from every mapping\");\n"
	  "\twhile (align > (unsigned long)sysconf(_SC_PAGESIZE) && best / 4 < align)\n"
	  "\t\talign >>= 1;\n"
	  "\tgiven[turn % 16].len = len;\n"
	  "\tgiven[turn % 16].start = (char *)((best_start + best / 2 - (unsigned long)len / 2) & -align);\n"
	  "\treturn given[turn++ % 16].start;\n"
	  "}\n" },
	{ "set_soft_limit",
	  "static int set_soft_limit(int resource, int64_t soft);",
	  "", "stdint sys/resource",
	  "/* Leaves the hard limit as it is. */\n"
	  "static int set_soft_limit(int resource, int64_t soft)\n"
	  "{\n"
	  "\tstruct rlimit limit;\n"
	  "\n"
	  "\tif (getrlimit(resource, &limit) == -1)\n"
	  "\t\treturn -1;\n"
	  "\tlimit.rlim_cur = (rlim_t)soft;\n"
	  "\treturn setrlimit(resource, &limit);\n"
	  "}\n" },
	{ "temporary_file",
	  "static int temporary_file(int64_t size, int flags);",
	  "unsupported", "errno fcntl linux/magic stdint stdio stdlib sys/vfs unistd",
	  "/* A new file without a name, on a disk. */\n"
	  "static int file_in(const char *folder)\n"
	  "{\n"
	  "\tstruct statfs system;\n"
	  "\tchar path[4096];\n"
	  "\tint fd = open(folder, O_TMPFILE | O_RDWR, 0600);\n"
	  "\n"
	  "\t/* File systems without O_TMPFILE: a name that is taken away at once. */\n"
	  "\tif (fd == -1 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL) &&\n"
	  "\t    snprintf(path, sizeof(path), \"%s/script-XXXXXX\", folder) < (int)sizeof(path)) {\n"
	  "\t\tfd = mkostemp(path, 0);\n"
	  "\t\tif (fd != -1)\n"
	  "\t\t\tunlink(path);\n"
	  "\t}\n"
	  "\tif (fd == -1 || (fstatfs(fd, &system) == 0 && (unsigned)system.f_type != TMPFS_MAGIC &&\n"
	  "\t                 (unsigned)system.f_type != RAMFS_MAGIC && (unsigned)system.f_type != HUGETLBFS_MAGIC))\n"
	  "\t\treturn fd;\n"
	  "\tclose(fd);\n"
	  "\treturn -1;\n"
	  "}\n"
	  "\n"
	  "/* The file has that many zero bytes; the descriptor is an opening of its own, as flags say. */\n"
	  "static int temporary_file(int64_t size, int flags)\n"
	  "{\n"
	  "\tconst char *folders[] = { getenv(\"TMPDIR\"), \"/var/tmp\", \".\" };\n"
	  "\tchar link[32];\n"
	  "\tint fd = -1;\n"
	  "\n"
	  "\tfor (unsigned i = 0; i < 3 && fd == -1; i++)\n"
	  "\t\tfd = folders[i] != NULL && folders[i][0] != '\\0' ? file_in(folders[i]) : -1;\n"
	  "\tif (fd == -1)\n"
	  "\t\tunsupported(\"no file can be made on a disk, neither in $TMPDIR nor in /var/tmp nor here\");\n"
	  "\tsnprintf(link, sizeof(link), \"/proc/self/fd/%d\", fd);\n"
	  "\tint again = ftruncate(fd, size) == -1 ? -1 : open(link, flags & ~(O_CREAT | O_EXCL));\n"
	  "\tint error = errno;\n"
	  "\n"
	  "\tif (again != -1)\n"
	  "\t\tdup2(again, fd);\n"
	  "\tclose(again != -1 ? again : fd);\n"
	  "\terrno = error;\n"
	  "\treturn again != -1 ? fd : -1;\n"
	  "}\n" },
	{ "advise_file",
	  "static int advise_file(int fd, int64_t offset, int64_t size, int advice);",
	  "", "errno fcntl stdint",
	  "/* fadvise64(2), whose offsets are halves in registers here. */\n"
	  "static int advise_file(int fd, int64_t offset, int64_t size, int advice)\n"
	  "{\n"
	  "\terrno = posix_fadvise(fd, offset, size, advice);\n"
	  "\treturn errno == 0 ? 0 : -1;\n"
	  "}\n" },
	{ NULL, NULL, NULL, NULL, NULL },
};
