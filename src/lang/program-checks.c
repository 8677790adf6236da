/* SPDX-License-Identifier: MIT */
/* What a printed program brings along to check and to say. */
#include "lang/program-part.h"

/*
 * Each helper is C source, printed behind main() where it is used.  STOP( becomes exit(, or finish( where there are several
 * processes; TOUCH is touch_program() where faults are counted.
 */
const struct helper program_checks[] = {
	{ "say",
	  "static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));",
	  "", "errno stdarg stdio unistd",
	  "/*\n"
	  " * Prints as dprintf(3) does, which calls malloc before glibc 2.37: that would move the break.  What has no room is cut.\n"
	  " * errno stays as it is.\n"
	  " */\n"
	  "static void say(const char *format, ...)\n"
	  "{\n"
	  "\tstatic char text[192 * 1024];\n"
	  "\tint error = errno;\n"
	  "\tva_list args;\n"
	  "\n"
	  "\tva_start(args, format);\n"
	  "\tssize_t left = vsnprintf(text, sizeof(text), format, args);\n"
	  "\tva_end(args);\n"
	  "\tif (left > (ssize_t)sizeof(text) - 1)\n"
	  "\t\tleft = (ssize_t)sizeof(text) - 1;\n"
	  "\tfor (char *at = text; left > 0;) {\n"
	  "\t\tssize_t written = write(STDOUT_FILENO, at, (size_t)left);\n"
	  "\n"
	  "\t\tif (written <= 0)\n"
	  "\t\t\tbreak;\n"
	  "\t\tat += written;\n"
	  "\t\tleft -= written;\n"
	  "\t}\n"
	  "\terrno = error;\n"
	  "}\n" },
	{ "fail",
	  "static _Noreturn void fail(const char *call);",
	  "say", "errno stdlib string",
	  "/* A call that was expected to succeed did not. */\n"
	  "static _Noreturn void fail(const char *call)\n"
	  "{\n"
	  "\tsay(\"%s: %s\\n\", call, strerror(errno));\n"
	  "\tSTOP(1);\n"
	  "}\n" },
	{ "give_up",
	  "static _Noreturn void give_up(const char *why);",
	  "say", "stdlib",
	  "static _Noreturn void give_up(const char *why)\n"
	  "{\n"
	  "\tsay(\"%s\\n\", why);\n"
	  "\tSTOP(1);\n"
	  "}\n" },
	{ "unsupported",
	  "static _Noreturn void unsupported(const char *why);",
	  "say", "stdlib",
	  "/* This kernel or this user cannot do it: the status by which automake knows a skipped test. */\n"
	  "static _Noreturn void unsupported(const char *why)\n"
	  "{\n"
	  "\tsay(\"unsupported: %s\\n\", why);\n"
	  "\tSTOP(77);\n"
	  "}\n" },
	{ "need",
	  "static void need(bool held, const char *why);",
	  "unsupported", "stdbool",
	  "static void need(bool held, const char *why)\n"
	  "{\n"
	  "\tif (!held)\n"
	  "\t\tunsupported(why);\n"
	  "}\n" },
	{ "need_kernel",
	  "static void need_kernel(unsigned major, unsigned minor, unsigned patch);",
	  "say", "stdio stdlib sys/utsname",
	  "static void need_kernel(unsigned major, unsigned minor, unsigned patch)\n"
	  "{\n"
	  "\tstruct utsname name;\n"
	  "\tunsigned have[3] = { 0, 0, 0 };\n"
	  "\n"
	  "\tuname(&name);\n"
	  "\tsscanf(name.release, \"%u.%u.%u\", &have[0], &have[1], &have[2]);\n"
	  "\tif (have[0] != major ? have[0] > major : have[1] != minor ? have[1] > minor : have[2] >= patch)\n"
	  "\t\treturn;\n"
	  "\tsay(\"unsupported: needs Linux %u.%u.%u or later, and this is %s\\n\", major, minor, patch, name.release);\n"
	  "\tSTOP(77);\n"
	  "}\n" },
	{ "holds",
	  "static bool holds(int64_t left, const char *relation, int64_t right);",
	  "", "stdbool stdint string",
	  "/* relation: \"==\", \"!=\", \"<\", \"<=\", \">\" or \">=\" */\n"
	  "static bool holds(int64_t left, const char *relation, int64_t right)\n"
	  "{\n"
	  "\tchar sign = left < right ? '<' : left > right ? '>' : '=';\n"
	  "\n"
	  "\treturn relation[0] == '!' ? sign != '=' : strchr(relation, sign) != NULL;\n"
	  "}\n" },
	{ "expect_true",
	  "static void expect_true(bool held, const char *expected);",
	  "say", "stdbool stdlib",
	  "static void expect_true(bool held, const char *expected)\n"
	  "{\n"
	  "\tsay(\"%s: %s\\n\", held ? \"ok\" : \"FAILED\", expected);\n"
	  "\tif (!held)\n"
	  "\t\tSTOP(1);\n"
	  "}\n" },
	{ "expect_value",
	  "static void expect_value(int64_t found, const char *relation, int64_t wanted, const char *expected);",
	  "say holds", "stdint stdlib",
	  "/* Says what was expected; and what was found, where that is something else. */\n"
	  "static void expect_value(int64_t found, const char *relation, int64_t wanted, const char *expected)\n"
	  "{\n"
	  "\tif (holds(found, relation, wanted)) {\n"
	  "\t\tsay(\"ok: %s\\n\", expected);\n"
	  "\t\treturn;\n"
	  "\t}\n"
	  "\tsay(\"FAILED: %s: expected %s %lld, found %lld\\n\", expected, relation, (long long)wanted, (long long)found);\n"
	  "\tSTOP(1);\n"
	  "}\n" },
	{ "expect_address",
	  "static void expect_address(const void *found, const char *relation, const void *wanted, const char *expected);",
	  "say holds", "stdint stdlib",
	  "static void expect_address(const void *found, const char *relation, const void *wanted, const char *expected)\n"
	  "{\n"
	  "\tif (holds((intptr_t)found, relation, (intptr_t)wanted)) {\n"
	  "\t\tsay(\"ok: %s\\n\", expected);\n"
	  "\t\treturn;\n"
	  "\t}\n"
	  "\tsay(\"FAILED: %s: expected %s %p, found %p\\n\", expected, relation, wanted, found);\n"
	  "\tSTOP(1);\n"
	  "}\n" },
	{ "expect_text",
	  "static void expect_text(const char *found, const char *relation, const char *wanted, const char *expected);",
	  "say", "stdbool stdlib string",
	  "static void expect_text(const char *found, const char *relation, const char *wanted, const char *expected)\n"
	  "{\n"
	  "\tbool same = strcmp(found, wanted) == 0;\n"
	  "\n"
	  "\tif (same == (relation[0] == '=')) {\n"
	  "\t\tsay(\"ok: %s\\n\", expected);\n"
	  "\t\treturn;\n"
	  "\t}\n"
	  "\tsay(\"FAILED: %s: expected %s \\\"%s\\\", found \\\"%s\\\"\\n\", expected, relation, wanted, found);\n"
	  "\tSTOP(1);\n"
	  "}\n" },
	{ "expect_fault",
	  "static void expect_fault(int found, const char *relation, int wanted, const char *expected);",
	  "say holds", "stdlib",
	  "/* A fault is a signal and its code, see FAULT(). */\n"
	  "static void expect_fault(int found, const char *relation, int wanted, const char *expected)\n"
	  "{\n"
	  "\tif (holds(found, relation, wanted)) {\n"
	  "\t\tsay(\"ok: %s\\n\", expected);\n"
	  "\t\treturn;\n"
	  "\t}\n"
	  "\tsay(\"FAILED: %s: expected %s signal %d code %d, \", expected, relation, wanted >> 8, wanted & 0xff);\n"
	  "\tif (found == 0)\n"
	  "\t\tsay(\"found no fault\\n\");\n"
	  "\telse\n"
	  "\t\tsay(\"found signal %d code %d\\n\", found >> 8, found & 0xff);\n"
	  "\tSTOP(1);\n"
	  "}\n" },
	{ "expect_result",
	  "static void expect_result(int64_t found, int64_t wanted, const char *call);",
	  "expect_value say", "errno stdint stdlib string",
	  "/* The call must return just that; -1, which is an error's, only where it is asked for. */\n"
	  "static void expect_result(int64_t found, int64_t wanted, const char *call)\n"
	  "{\n"
	  "\tif (found == -1 && wanted != -1) {\n"
	  "\t\tsay(\"FAILED: %s: found -1 (%s)\\n\", call, strerror(errno));\n"
	  "\t\tSTOP(1);\n"
	  "\t}\n"
	  "\texpect_value(found, \"==\", wanted, call);\n"
	  "}\n" },
	{ "expect_place",
	  "static void expect_place(const void *found, const void *wanted, const char *call);",
	  "expect_address say", "errno stdint stdlib string",
	  "/* The call must return just that address. */\n"
	  "static void expect_place(const void *found, const void *wanted, const char *call)\n"
	  "{\n"
	  "\tif ((intptr_t)found == -1 && found != wanted) {\n"
	  "\t\tsay(\"FAILED: %s: found -1 (%s)\\n\", call, strerror(errno));\n"
	  "\t\tSTOP(1);\n"
	  "\t}\n"
	  "\texpect_address(found, \"==\", wanted, call);\n"
	  "}\n" },
	{ "expect_error",
	  "static void expect_error(int64_t result, int error, const char *call);",
	  "say", "errno stdint stdlib string",
	  "/* The call must fail, with that error when it is not 0. */\n"
	  "static void expect_error(int64_t result, int error, const char *call)\n"
	  "{\n"
	  "\tif (result == -1 && (error == 0 || errno == error)) {\n"
	  "\t\tsay(\"ok: %s (%s)\\n\", call, strerror(errno));\n"
	  "\t\treturn;\n"
	  "\t}\n"
	  "\tif (result == -1)\n"
	  "\t\tsay(\"FAILED: %s: found -1 (%s)\\n\", call, strerror(errno));\n"
	  "\telse\n"
	  "\t\tsay(\"FAILED: %s: it did not fail; it returned %lld\\n\", call, (long long)result);\n"
	  "\tSTOP(1);\n"
	  "}\n" },
	{ "tell_result",
	  "static void tell_result(int64_t result, const char *call);",
	  "say", "errno stdint string",
	  "/* For a call that may come out in any way. */\n"
	  "static void tell_result(int64_t result, const char *call)\n"
	  "{\n"
	  "\tif (result == -1)\n"
	  "\t\tsay(\"%s: -1 (%s)\\n\", call, strerror(errno));\n"
	  "\telse\n"
	  "\t\tsay(\"%s: %lld\\n\", call, (long long)result);\n"
	  "}\n" },
	{ "tell_address",
	  "static void tell_address(const void *result, const char *call);",
	  "say", "errno stdint string",
	  "/* For a call that may come out in any way. */\n"
	  "static void tell_address(const void *result, const char *call)\n"
	  "{\n"
	  "\tif ((intptr_t)result == -1)\n"
	  "\t\tsay(\"%s: -1 (%s)\\n\", call, strerror(errno));\n"
	  "\telse\n"
	  "\t\tsay(\"%s: %p\\n\", call, result);\n"
	  "}\n" },
	{ "add",
	  "static int64_t add(int64_t a, int64_t b);",
	  "give_up", "stdint",
	  "static int64_t add(int64_t a, int64_t b)\n"
	  "{\n"
	  "\tif (__builtin_add_overflow(a, b, &a))\n"
	  "\t\tgive_up(\"a sum overflows\");\n"
	  "\treturn a;\n"
	  "}\n" },
	{ "subtract",
	  "static int64_t subtract(int64_t a, int64_t b);",
	  "give_up", "stdint",
	  "static int64_t subtract(int64_t a, int64_t b)\n"
	  "{\n"
	  "\tif (__builtin_sub_overflow(a, b, &a))\n"
	  "\t\tgive_up(\"a difference overflows\");\n"
	  "\treturn a;\n"
	  "}\n" },
	{ "multiply",
	  "static int64_t multiply(int64_t a, int64_t b);",
	  "give_up", "stdint",
	  "static int64_t multiply(int64_t a, int64_t b)\n"
	  "{\n"
	  "\tif (__builtin_mul_overflow(a, b, &a))\n"
	  "\t\tgive_up(\"a product overflows\");\n"
	  "\treturn a;\n"
	  "}\n" },
	{ "quotient",
	  "static int64_t quotient(int64_t a, int64_t b);",
	  "give_up", "stdint",
	  "static int64_t quotient(int64_t a, int64_t b)\n"
	  "{\n"
	  "\tif (b == 0 || (a == INT64_MIN && b == -1))\n"
	  "\t\tgive_up(b == 0 ? \"division by zero\" : \"a quotient overflows\");\n"
	  "\treturn a / b;\n"
	  "}\n" },
	{ "modulo",
	  "static int64_t modulo(int64_t a, int64_t b);",
	  "give_up", "stdint",
	  "static int64_t modulo(int64_t a, int64_t b)\n"
	  "{\n"
	  "\tif (b == 0 || (a == INT64_MIN && b == -1))\n"
	  "\t\tgive_up(b == 0 ? \"division by zero\" : \"a quotient overflows\");\n"
	  "\treturn a % b;\n"
	  "}\n" },
	{ "shift_left",
	  "static int64_t shift_left(int64_t a, int64_t bits);",
	  "give_up", "stdint",
	  "static int64_t shift_left(int64_t a, int64_t bits)\n"
	  "{\n"
	  "\tif (bits < 0 || bits > 63)\n"
	  "\t\tgive_up(\"a shift is beyond 63 bits\");\n"
	  "\treturn (int64_t)((uint64_t)a << bits);\n"
	  "}\n" },
	{ "shift_right",
	  "static int64_t shift_right(int64_t a, int64_t bits);",
	  "give_up", "stdint",
	  "static int64_t shift_right(int64_t a, int64_t bits)\n"
	  "{\n"
	  "\tif (bits < 0 || bits > 63)\n"
	  "\t\tgive_up(\"a shift is beyond 63 bits\");\n"
	  "\treturn a >> bits;\n"
	  "}\n" },
	{ "length",
	  "static size_t length(int64_t bytes);",
	  "give_up", "stddef stdint",
	  "static size_t length(int64_t bytes)\n"
	  "{\n"
	  "\tif (bytes < 0)\n"
	  "\t\tgive_up(\"a length is negative\");\n"
	  "\treturn (size_t)bytes;\n"
	  "}\n" },
	{ "check_kind",
	  "static void check_kind(bool is, const char *otherwise);",
	  "give_up", "stdbool",
	  "static void check_kind(bool is, const char *otherwise)\n"
	  "{\n"
	  "\tif (!is)\n"
	  "\t\tgive_up(otherwise);\n"
	  "}\n" },
	{ "bound",
	  "static void bound(bool is, const char *name);",
	  "say", "stdbool stdlib",
	  "static void bound(bool is, const char *name)\n"
	  "{\n"
	  "\tif (is)\n"
	  "\t\treturn;\n"
	  "\tsay(\"%s has no value: the statement that binds it was not reached\\n\", name);\n"
	  "\tSTOP(1);\n"
	  "}\n" },
	{ NULL, NULL, NULL, NULL, NULL },
};
