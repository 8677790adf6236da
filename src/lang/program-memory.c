/* SPDX-License-Identifier: MIT */
/* What a printed program brings along to load and store. */
#include "lang/program-part.h"

const struct helper program_memory[] = {
	{ "at",
	  "static char *at(int64_t address);",
	  "", "stdint",
	  "/* Memory at a number: the compiler must not reason about what may be there. */\n"
	  "static char *at(int64_t address)\n"
	  "{\n"
	  "\tchar *memory = (char *)(intptr_t)address;\n"
	  "\n"
	  "\t__asm__(\"\" : \"+r\"(memory));\n"
	  "\treturn memory;\n"
	  "}\n" },
	{ "load",
	  "static int load(const volatile char *from);",
	  "", "",
	  "/*\n"
	  " * Really loads the byte: volatile, for the compiler must not remember what it stored; not inlined, lest it reasons about\n"
	  " * where.\n"
	  " */\n"
	  "static __attribute__((noinline)) int load(const volatile char *from)\n"
	  "{\n"
	  "\treturn *(const volatile unsigned char *)from;\n"
	  "}\n" },
	{ "text_room",
	  "static char *text_room(void);",
	  "", "",
	  "/* A text lives until the fourth one after it. */\n"
	  "static char *text_room(void)\n"
	  "{\n"
	  "\tstatic char room[4][65536];\n"
	  "\tstatic unsigned turn;\n"
	  "\n"
	  "\treturn room[turn++ % 4];\n"
	  "}\n" },
	{ "text_at",
	  "static const char *text_at(const volatile char *from);",
	  "text_room give_up", "stddef",
	  "static __attribute__((noinline)) const char *text_at(const volatile char *from)\n"
	  "{\n"
	  "\tchar *text = text_room();\n"
	  "\n"
	  "\tfor (size_t i = 0; i < 65536; i++) {\n"
	  "\t\ttext[i] = from[i];\n"
	  "\t\tif (text[i] == '\\0')\n"
	  "\t\t\treturn text;\n"
	  "\t}\n"
	  "\tgive_up(\"text: no zero byte within the first 65536 bytes\");\n"
	  "}\n" },
	{ "is_filled",
	  "static bool is_filled(const volatile char *from, int64_t byte, int64_t len);",
	  "give_up", "stdbool stdint",
	  "static __attribute__((noinline)) bool is_filled(const volatile char *from, int64_t byte, int64_t len)\n"
	  "{\n"
	  "\tif (len < 0)\n"
	  "\t\tgive_up(\"a length is negative\");\n"
	  "\tfor (int64_t i = 0; i < len; i++) {\n"
	  "\t\tif (from[i] != (char)byte)\n"
	  "\t\t\treturn false;\n"
	  "\t}\n"
	  "\treturn true;\n"
	  "}\n" },
	{ "is_zero",
	  "static bool is_zero(const volatile char *from, int64_t len);",
	  "is_filled", "stdbool stdint",
	  "static bool is_zero(const volatile char *from, int64_t len)\n"
	  "{\n"
	  "\treturn is_filled(from, 0, len);\n"
	  "}\n" },
	{ "touch_pages",
	  "static void touch_pages(volatile char *from, int64_t len, bool write);",
	  "give_up", "stdbool stdint unistd",
	  "/* Loads, or stores the value 1 in, the first byte of every page that the range touches. */\n"
	  "static __attribute__((noinline)) void touch_pages(volatile char *from, int64_t len, bool write)\n"
	  "{\n"
	  "\tint64_t page = sysconf(_SC_PAGESIZE);\n"
	  "\tint64_t first = (intptr_t)from & -page, end = (intptr_t)from + len;\n"
	  "\n"
	  "\tif (len < 0)\n"
	  "\t\tgive_up(\"a length is negative\");\n"
	  "\tfor (int64_t here = first; len > 0 && here < end; here += page) {\n"
	  "\t\tvolatile char *byte = (volatile char *)(intptr_t)here;\n"
	  "\n"
	  "\t\tif (write)\n"
	  "\t\t\t*byte = 1;\n"
	  "\t\telse\n"
	  "\t\t\t(void)*byte;\n"
	  "\t}\n"
	  "}\n" },
	{ "read_pages",
	  "static void read_pages(const volatile char *from, int64_t len);",
	  "touch_pages", "stdbool stdint",
	  "static void read_pages(const volatile char *from, int64_t len)\n"
	  "{\n"
	  "\ttouch_pages((volatile char *)from, len, false);\n"
	  "}\n" },
	{ "write_pages",
	  "static void write_pages(volatile char *from, int64_t len);",
	  "touch_pages", "stdbool stdint",
	  "static void write_pages(volatile char *from, int64_t len)\n"
	  "{\n"
	  "\ttouch_pages(from, len, true);\n"
	  "}\n" },
	{ "copy_bytes",
	  "static void copy_bytes(volatile char *to, const volatile char *from, int64_t len);",
	  "give_up", "stdint",
	  "/* From the first byte to the last, whether the two overlap or not. */\n"
	  "static __attribute__((noinline)) void copy_bytes(volatile char *to, const volatile char *from, int64_t len)\n"
	  "{\n"
	  "\tif (len < 0)\n"
	  "\t\tgive_up(\"a length is negative\");\n"
	  "\tfor (int64_t i = 0; i < len; i++)\n"
	  "\t\tto[i] = from[i];\n"
	  "}\n" },
	{ "try_access",
	  "static int try_access(volatile char *where, bool store, int byte);",
	  "", "setjmp signal stdbool",
	  "static sigjmp_buf before_access;\n"
	  "static volatile sig_atomic_t fault_found;\n"
	  "\n"
	  "static void on_fault(int signo, siginfo_t *info, void *context)\n"
	  "{\n"
	  "\t(void)context;\n"
	  "\tfault_found = info->si_code == SI_KERNEL ? SI_KERNEL : FAULT(signo, info->si_code);\n"
	  "\tsiglongjmp(before_access, 1);\n"
	  "}\n"
	  "\n"
	  "/* Gives 0, or the fault that the access raises; the process survives it. */\n"
	  "static __attribute__((noinline)) int try_access(volatile char *where, bool store, int byte)\n"
	  "{\n"
	  "\tstruct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER }, old[2];\n"
	  "\n"
	  "\tfault_found = 0;\n"
	  "\tsigaction(SIGSEGV, &action, &old[0]);\n"
	  "\tsigaction(SIGBUS, &action, &old[1]);\n"
	  "\tif (sigsetjmp(before_access, 0) == 0) {\n"
	  "\t\tif (store)\n"
	  "\t\t\t*where = (char)byte;\n"
	  "\t\telse\n"
	  "\t\t\t(void)*where;\n"
	  "\t}\n"
	  "\tsigaction(SIGSEGV, &old[0], NULL);\n"
	  "\tsigaction(SIGBUS, &old[1], NULL);\n"
	  "\treturn fault_found;\n"
	  "}\n" },
	{ "try_load",
	  "static int try_load(const volatile char *from);",
	  "try_access", "",
	  "static int try_load(const volatile char *from)\n"
	  "{\n"
	  "\treturn try_access((volatile char *)from, false, 0);\n"
	  "}\n" },
	{ "try_store",
	  "static int try_store(volatile char *to, int byte);",
	  "try_access", "",
	  "static int try_store(volatile char *to, int byte)\n"
	  "{\n"
	  "\treturn try_access(to, true, byte);\n"
	  "}\n" },
	{ NULL, NULL, NULL, NULL, NULL },
};
