/* SPDX-License-Identifier: MIT */
/* The script language: what it accepts, the tree it makes, and every error with its place. */
#include "lang/script.h"

#include "tap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

static struct script *read_script(const char *text, struct buf *errors)
{
	static const struct definition definitions[] = { { "given" } };

	return script_parse("t", text, strlen(text), 4096, definitions, 1, errors);
}

/* Scripts without an error. */
static const char *const good[] = {
	"",
	"\n\n# only a comment",
	"#!/usr/bin/env -S mmtool run\na = 1",
	"a = 1; b = 2;; c = a",
	"a = 1 // comment\nb = a # another",
	"a = mmap(NULL, 1p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\na = mremap(a, 1p, 4p, 0) = a",
	"a = mmap(\n\tNULL,\n\t1p, PROT_READ # comment )\n\t, MAP_PRIVATE, -1,\n0\n)",
	"munmap(0, 1p) = ?\nmunmap(0, 1p) = -1\nmunmap(0, 1p) = -1 EINVAL\nmunmap(0, 1p) = 0; brk(0)",
	"if 1 { munmap(0, 1p) = -1 }",
	"a =\n1 +\n2 *\n3\nexpect a == 7,\n\"message\"",
	"end = end(0)\nopen = 3\nread = open + end",
	"a = given; a = a + 1",
	"a = 0x1000; a[0] = 'A'; a[1p - 1] = a[0]; (a + 1)[2] = 3; start(a)[0] = 1",
	"expect fault(scratch[0]) == 0; expect fault(scratch[0] = 1) == SEGV_ACCERR",
	"expect fault(\nscratch[\n0\n]\n=\n1\n) == 0",
	"if 1 { a = 1 } else if 2 { a = 2 } else { a = 3 }\nnote a",
	"if 1 {\n\ta = 1\n} else if 2 {\n\ta = 2\n} else {\n\ta = 3\n}",
	"repeat 3 { }\nrepeat 3 as i { break }\nnote i",
	"repeat 2 { if 1 { in getpid() { break } } }",
	"child = fork()\nin child { memset(scratch, 0, 1p) = ? }\nwait(child) = SIGSEGV",
	"require mseal; require MREMAP_DONTUNMAP\nrequire kernel 5\nrequire kernel 5.7; require kernel 6.11.3",
	"require status(\"Uid\") == 0, \"needs root\"",
	"if 1 { require mseal }",
	"note \"a\", 1, text(scratch), \"\\0\\n\\t\\\\\\\"\\'\\x4a\", '\\'', '\"', '\\xff'",
	"note \"\303\251 \377 any byte\" # \377\001",
	"a = 1 - -1; a = !~-a; a = -1p",
	"a = 0xffffffffffffffff; b = 18446744073709551615; c = 010; d = 16777215T; e = 0x10K",
	"expect (1 & 2) == 0 && 1 | 2 && ((1 == 1) | (0 == 1))",
	"strcpy(scratch, \"x\"); strcpy(scratch, given)\nopen(\"/dev/zero\", O_RDONLY); write(3, \"abc\", 3)",
	"words(scratch, 1, 2, 3, 4, 5, 6, 7, 8, 9)",
	"cgroup(32M); expect oom_kills() == 0",
	"fd = tmpfile(1p); fd = tmpfile(1p, O_RDWR)",
	"expect \"a\" == \"b\" || perms(0) != \"---p\" || given == \"x\" || given != 1",
	"s = \"text\"; expect s == \"text\"",
	"a = 1\r\nb = 2\r\n",
	"expect smaps(0, \"Rss\") + meminfo(\"x\") + sysctl(\"x\") + vmflag(0, \"lo\") == 0",
	"expect minflt() + majflt() + getpid() + hole(1) + start(0) + end(0) + offset(0) == 0",
	"expect zero(0, 1) + filled(0, 1, 2) + mapped(0, 1) + vmas(0, 1) == 0",
	"expect vma(0, 1) + resident(0, 1) + pfn(0) == 0; expect pathname(0) == text(0)",
};

/* Scripts and their first error. */
static const struct {
	const char *text, *error;
} bad[] = {
	/* tokens */
	{ "a = 10UL",
	  "1:5: '10UL': not an integer (try 4096, 0x1000 or 010, or digits with one suffix of K M G T p, as in "
	  "4K or 2p)" },
	{ "a = 1.5", "1:5: '1.5': not an integer" },
	{ "a = 09", "1:5: '09': not an integer" },
	{ "a = 0x", "1:5: '0x': not an integer" },
	{ "a = 2KK", "1:5: '2KK': not an integer" },
	{ "a = 0x10000000000000000", "1:5: '0x10000000000000000': too large, an integer has 64 bits" },
	{ "a = 16777216T", "1:5: '16777216T': too large" },
	{ "a = 'AB'", "1:5: ''AB'': a character is one byte" },
	{ "a = ''", "1:5: '''': a character is one byte" },
	{ "a = 'A\nb = 1", "1:5: ''A': a character is one byte" },
	{ "a = '\303\251'", "1:5: ''\303\251'': a character is one byte" },
	{ "note \"abc", "1:6: '\"abc': a string ends on its line" },
	{ "note \"abc\\\nd\"", "1:6: '\"abc\\': a string ends on its line" },
	{ "note \"ab\\q\"", "1:9: '\\q': no escape of the language (use \\0 \\n \\t \\\\ \\\" \\' or \\xHH)" },
	{ "note \"\\x4\"", "1:7: '\\x': no escape" },
	{ "a = '\\e'", "1:6: '\\e': no escape" },
	{ "a = 1 $ 2", "1:7: '$': not part of the language" },
	{ "a = 1\001", "1:6: '\\001': not part of the language" },
	{ "a\r= 1", "1:1: 'a' begins no statement" },
	{ "\303\251 = 1", "1:1: '\303\251': not part of the language" },
	/* lines */
	{ "a\n= 1",
	  "1:1: 'a' begins no statement (a name is followed by '=', by '(' for a call, or by '[' for a store)" },
	{ "a = 1 b = 2", "1:7: expected the end of the statement (a newline or ';'), found 'b'" },
	{ "a = -\n1", "1:6: expected a value" },
	{ "a = !\n1",
	  "1:6: expected a value (an integer, a string, a name, a function or '('), found the end of the line" },
	{ "a = 1\n+ 2", "2:1: expected a statement, found '+'" },
	{ "munmap\n(0, 1p)", "1:1: 'munmap' takes its arguments in parentheses, munmap(...)" },
	{ "if 1\n{\n}", "2:1: '{' must stand on the line of its keyword: move it to the end of the line above" },
	{ "if 1 {\n}\nelse {\n}", "3:1: 'else' must stand on the line of the '}' before it: write '} else'" },
	{ "if 1 { } b = 1", "1:10: expected the end of the statement" },
	{ "a = (1\nb = 2", "2:1: expected ')' (the '(' at 1:5 is still open), found 'b'" },
	{ "munmap(0, 1p", "1:13: expected ',' or ')' (the '(' at 1:7 is still open), found the end of the script" },
	{ "scratch[1 = 2", "1:11: expected ']' (the '[' at 1:8 is still open), found '='" },
	/* blocks */
	{ "if 1", "1:5: expected '{' after the condition of if, found the end of the script" },
	{ "a = 1\nif a = 2 {\n}", "2:6: expected '{' after the condition of if, found '=' (to compare, write '==')" },
	{ "if 1 {", "1:6: this '{' has no '}' before the end of the script" },
	{ "if 1 { if 2 {", "1:13: this '{' has no '}'" },
	{ "}", "1:1: '}' without a '{' before it" },
	{ "{ a = 1 }", "1:1: '{' stands only after if, else, repeat or in, on their line" },
	{ "else { }", "1:1: 'else' without an 'if' and its '}' right before it" },
	{ "as = 1", "1:1: 'as' is a keyword and cannot be bound: choose another name" },
	{ "kernel 5.7", "1:1: the keyword 'kernel' begins no statement" },
	{ "repeat 3 as { }", "1:13: expected a name after as, for the count, found '{'" },
	{ "repeat 3 as in { }", "1:13: expected a name after as, for the count, found 'in', which is a keyword" },
	{ "repeat { }", "1:8: expected a value" },
	{ "break", "1:1: 'break' outside of repeat: there is nothing to leave" },
	{ "repeat 1 { }; break", "1:15: 'break' outside of repeat" },
	/* statements */
	{ "1 + 2", "1:1: an expression alone is no statement (bind it, NAME = ..., expect it or note it)" },
	{ "given == 2", "1:1: an expression alone is no statement" },
	{ "given[0]", "1:1: an expression alone is no statement" },
	{ "text(given)", "1:1: 'text(given)' is a function, and its value is not used" },
	{ "fault(given[0])", "1:1: 'fault(given[0])' is a function" },
	{ "(given[0]) = 1", "1:2: only a name or an access ADDR[EXPR] can stand left of '=', found 'given[0]'" },
	{ "expct given", "1:1: 'expct' begins no statement; did you mean 'expect'?" },
	{ "a = 1 = 2", "1:7: only a call takes '=' and a RESULT (to compare, write '==')" },
	{ "expect given = 2", "1:14: only a call takes '='" },
	{ "brk(0) = 1 = 2", "1:12: a call has one RESULT, found another '='" },
	{ "brk(0) = -1 EINVAL = 2", "1:20: a call has one RESULT, found another '='" },
	{ "brk(0) + 1",
	  "1:8: a call is a statement and no part of an expression: bind it to a name, then use the name" },
	{ "a = brk(0) + 1", "1:12: a call is a statement" },
	{ "a = 1 + brk(0)",
	  "1:9: 'brk' is a call and no part of an expression: bind its result to a name first, NAME = "
	  "brk(...)" },
	{ "a = brk", "1:5: 'brk' is a call: bind its result, NAME = brk(...)" },
	{ "a = getpid", "1:5: 'getpid' is a function: write its arguments, getpid(...)" },
	{ "brk(0) = -1 ENOMEN",
	  "1:13: expected the name of an error after -1, as in = -1 ENOMEM, found 'ENOMEN'; did you "
	  "mean 'ENOMEM'?" },
	{ "brk(0) = -1 SIGSEGV", "1:13: expected the name of an error" },
	{ "brk(0) = -1 2", "1:13: expected the end of the statement" },
	{ "brk(0) =", "1:9: expected a value" },
	{ "a = ?", "1:5: '?' is the RESULT of a call" },
	{ "expect 1, 2", "1:11: expected the message of expect, a string in double quotes, found '2'" },
	{ "require 1 == 1",
	  "1:15: expected ',' and the reason, as in require EXPR, \"needs root\", found the end of the script" },
	{ "require 1, given", "1:12: expected the reason of require, a string in double quotes" },
	{ "require MREMAP_DONTUNMAPP",
	  "1:9: 'MREMAP_DONTUNMAPP' is no constant or call that a kernel can have (a condition has "
	  "a reason: require EXPR, \"reason\"); did you mean 'MREMAP_DONTUNMAP'?" },
	{ "require given", "1:9: 'given' is no constant or call" },
	{ "require kernel", "1:15: expected a version after require kernel, as in require kernel 5.7" },
	{ "require kernel new", "1:16: expected a version" },
	{ "require kernel 5.7.1.2", "1:16: '5.7.1.2': not a kernel version (write one to three numbers, as in 5.7" },
	{ "require kernel 5.", "1:16: '5.': not a kernel version" },
	{ "require kernel 4K", "1:16: '4K': not a kernel version" },
	{ "note", "1:5: expected a value" },
	{ "note 1,", "1:8: expected a value" },
	/* expressions */
	{ "expect given & 1 == 0",
	  "1:14: '&' beside a comparison, which binds tighter, as in C: say with parentheses" },
	{ "expect 1 == given | 1", "1:19: '|' beside a comparison" },
	{ "expect 1 ^ given < 1", "1:10: '^' beside a comparison" },
	{ "expect 1 | 2 & given != 1", "1:14: '&' beside a comparison" },
	{ "a = +1", "1:5: expected a value (an integer, a string, a name, a function or '('), found '+'" },
	{ "a = if",
	  "1:5: expected a value (an integer, a string, a name, a function or '('), found 'if', which is a keyword" },
	{ "a = \"a\" \"b\"", "1:9: expected the end of the statement" },
	{ "expect fault(given)",
	  "1:14: fault takes one access, fault(ADDR[EXPR]) or fault(ADDR[EXPR] = EXPR), found 'given'" },
	{ "expect fault((given[0]))", "1:15: fault takes one access" },
	{ "expect fault", "1:13: expected '(' after fault, as in fault(a[0])" },
	{ "expect fault(given[0], 1)", "1:22: expected ')' or '='" },
	/* names */
	{ "a = b\nb = 1", "1:5: unknown name 'b': nothing above binds it" },
	{ "a = a", "1:5: unknown name 'a'" },
	{ "a = brk(0) = a", "1:14: unknown name 'a'" },
	{ "dest = 1\nnote dets", "2:6: unknown name 'dets': nothing above binds it; did you mean 'dest'?" },
	{ "note PROT_REED", "1:6: unknown name 'PROT_REED': nothing above binds it; did you mean 'PROT_READ'?" },
	{ "note null", "1:6: unknown name 'null': nothing above binds it; did you mean 'NULL'?" },
	{ "mmpa(0)", "1:1: unknown call 'mmpa'; did you mean 'mmap'?" },
	{ "a = mmpa(0) = ?", "1:5: unknown call 'mmpa'; did you mean 'mmap'?" },
	{ "note txet(0)", "1:6: unknown function 'txet'; did you mean 'text'?" },
	{ "note nothing_like_it(0)", "1:6: unknown function 'nothing_like_it'\n" },
	{ "page = 1", "1:1: 'page' is predefined and cannot be bound: choose another name" },
	{ "errno = brk(0)", "1:1: 'errno' is predefined" },
	{ "PROT_READ = 1", "1:1: 'PROT_READ' is a constant and cannot be bound" },
	{ "repeat 1 as SIGSEGV { }", "1:13: 'SIGSEGV' is a constant" },
	/* numbers and types of arguments */
	{ "munmap(0)", "1:1: munmap takes 2 arguments, found 1: munmap(addr, length)" },
	{ "a = mremap(0, 1, 2)",
	  "1:5: mremap takes 4 or 5 arguments, found 3: mremap(old_address, old_size, new_size, flags [, "
	  "new_address])" },
	{ "fork(1)", "1:1: fork takes 0 arguments, found 1: fork()" },
	{ "words()", "1:1: words takes at least 2 arguments, found 0: words(addr, value, ...)" },
	{ "prctl()", "1:1: prctl takes 1 to 5 arguments, found 0: prctl(op [, arg2, arg3, arg4, arg5])" },
	{ "note text()", "1:6: text takes 1 argument, found 0" },
	{ "note getpid(1)", "1:6: getpid takes 0 arguments, found 1" },
	{ "munmap(\"a\", 1)", "1:8: argument 1 of munmap, addr is an integer, found the string \"a\"" },
	{ "words(0, 1, 2, 3, 4, 5, 6, \"a\")", "1:28: argument 8 of words is an integer, found the string \"a\"" },
	{ "strcpy(scratch, 3)", "1:17: strcpy copies a string, found the integer 3 (to copy memory, use memcpy)" },
	{ "brk(0) = \"a\"", "1:10: the RESULT of a call takes an integer, found the string \"a\"" },
	{ "note text(\"a\")", "1:11: argument 1 of text is an integer, found the string \"a\"" },
	{ "note status(1)", "1:13: argument 1 of status is a string, found the integer 1" },
	{ "note smaps(\"Rss\", 0)", "1:12: argument 1 of smaps is an integer" },
	{ "note \"a\" + 1", "1:6: the operator '+' takes an integer, found the string \"a\"" },
	{ "note 1 < text(0)", "1:10: the operator '<' takes an integer, found the string text(0)" },
	{ "note !\"a\"", "1:7: the operator '!' takes an integer" },
	{ "note 1 == \"a\"", "1:11: '==' compares two integers or two strings, found an integer and a string" },
	{ "note perms(0) != PROT_READ",
	  "1:18: '!=' compares two integers or two strings, found a string and an integer" },
	{ "if \"a\" { }", "1:4: if takes an integer" },
	{ "in \"a\" { }", "1:4: in takes an integer" },
	{ "repeat \"a\" { }", "1:8: repeat takes an integer" },
	{ "expect \"a\"", "1:8: expect takes an integer" },
	{ "require text(0), \"a\"", "1:9: require takes an integer" },
	{ "given[0] = \"a\"", "1:12: a store, of one byte, takes an integer" },
	{ "given[\"a\"] = 1", "1:7: the offset of ADDR[EXPR] takes an integer" },
	{ "note \"a\"[0]", "1:6: the address of ADDR[EXPR] takes an integer" },
	{ "note fault(given[0] = \"a\")", "1:23: a store" },
};

static void test_good(void)
{
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct buf errors = { 0 };
		struct script *script = read_script(good[i], &errors);

		ok(script != NULL && errors.len == 0, "good script %zu", i);
		if (errors.len > 0)
			printf("# %s\n", buf_text(&errors));
		script_free(script);
		buf_fini(&errors);
	}
}

static void test_bad(void)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct buf errors = { 0 };
		struct script *script = read_script(bad[i].text, &errors);
		const char *found = buf_text(&errors);
		size_t len = strlen(bad[i].error);

		ok(script == NULL && strncmp(found, "t:", 2) == 0 && strncmp(found + 2, bad[i].error, len) == 0,
		   "bad script %zu", i);
		if (strlen(found) < 2 || strncmp(found + 2, bad[i].error, len) != 0)
			printf("# script: %s\n# wanted: %s\n# found: %s\n", bad[i].text, bad[i].error, found);
		script_free(script);
		buf_fini(&errors);
	}
}

/* All errors of a script, or "" */
static void errors_are(const char *text, const char *want, const char *what)
{
	struct buf errors = { 0 };
	struct script *script = read_script(text, &errors);

	is(buf_text(&errors), want, what);
	script_free(script);
	buf_fini(&errors);
}

static unsigned count_errors(const char *text, size_t len)
{
	struct buf errors = { 0 };
	unsigned count = 0;
	struct script *script = script_parse("name", text, len, 4096, NULL, 0, &errors);

	for (const char *at = buf_text(&errors); (at = strstr(at, "name:")) != NULL; at++)
		count += at[5] >= '0' && at[5] <= '9';
	script_free(script);
	buf_fini(&errors);
	return count;
}

static void test_several(void)
{
	errors_are(
		"a = mmpa(0)\nnote a, bcd\nnote bcd\nb = 10UL\nnote b\nif 1 {\n\tnote )\n}\nexpect b = 2\n",
		"t:1:5: unknown call 'mmpa'; did you mean 'mmap'?\na = mmpa(0)\n    ^\n"
		"t:2:9: unknown name 'bcd': nothing above binds it\nnote a, bcd\n        ^\n"
		"t:4:5: '10UL': not an integer (try 4096, 0x1000 or 010, or digits with one suffix of K M G T p, "
		"as in 4K or 2p)\nb = 10UL\n    ^\n"
		"t:7:7: expected a value (an integer, a string, a name, a function or '('), found ')'\n\tnote )\n\t     ^\n"
		"t:9:10: only a call takes '=' and a RESULT (to compare, write '==')\nexpect b = 2\n         ^\n",
		"several errors in one pass, by place, a name with an error counts as bound");
	errors_are(
		"if ) {\n\ta = 1\n} else {\n\tb = 2\n}\nnote a, b\nrepeat ) as i {\n\tnote i\n}\n",
		"t:1:4: expected a value (an integer, a string, a name, a function or '('), found ')'\nif ) {\n   ^\n"
		"t:7:8: expected a value (an integer, a string, a name, a function or '('), found ')'\nrepeat ) as i {\n"
		"       ^\n",
		"the block of a broken header is still parsed");
	errors_are(
		"a = mmap(NULL, 1p\n\tPROT_READ, 0)\nb = mmap(0, 1p\nc = a\nnote b, c\n",
		"t:2:2: expected ',' or ')' (the '(' at 1:9 is still open), found 'PROT_READ'\n\tPROT_READ, 0)\n\t^\n"
		"t:4:1: expected ',' or ')' (the '(' at 3:9 is still open), found 'c'\nc = a\n^\n",
		"an open parenthesis does not swallow the rest");
	struct buf many = { 0 };

	for (int i = 0; i < 50; i++)
		buf_printf(&many, "note unbound%d\n", i);
	ok(count_errors(buf_text(&many), many.len) == 20, "at most 20 errors of the checker");
	buf_reset(&many);
	for (int i = 0; i < 50; i++)
		buf_puts(&many, "a = )\n");
	ok(count_errors(buf_text(&many), many.len) == 20, "at most 20 errors of the parser");
	errors_are("char *a = 1\na = 1\na += 1\na++\nunsigned long b = 2\n",
	           "t:1:1: names have no types here: write NAME = ... without 'char'\nchar *a = 1\n^\n"
	           "t:3:1: there is no '+=': write a = a + ...\na += 1\n^\n"
	           "t:4:1: there is no '++': write a = a + 1\na++\n^\n"
	           "t:5:1: names have no types here: write NAME = ... without 'unsigned'\nunsigned long b = 2\n^\n",
	           "what C has and the language has not");
	buf_fini(&many);
}

static void test_caret(void)
{
	errors_are("note\t\"\303\251\",\tx",
	           "t:1:12: unknown name 'x': nothing above binds it\nnote\t\"\303\251\",\tx\n    \t    \t^\n",
	           "tabs are kept, a character of two bytes is one cell");
	errors_are("note \"\001\033\", x",
	           "t:1:12: unknown name 'x': nothing above binds it\nnote \"\\001\\033\", x\n                 ^\n",
	           "control bytes are escaped, and counted as shown");
	errors_are("a = 1 +\r\nb = )\r\n",
	           "t:2:1: unknown name 'b': nothing above binds it\nb = )\n^\n"
	           "t:2:3: only a call takes '=' and a RESULT (to compare, write '==')\nb = )\n  ^\n",
	           "a carriage return is no part of the line");
	struct buf text = { 0 }, want = { 0 };

	buf_puts(&text, "note \"");
	for (int i = 0; i < 300; i++)
		buf_puts(&text, "\303\251");
	buf_puts(&text, "\", x, \"");
	for (int i = 0; i < 300; i++)
		buf_puts(&text, "\303\251");
	buf_puts(&text, "\"");
	buf_puts(&want, "t:1:610: unknown name 'x': nothing above binds it\n...");
	for (int i = 0; i < 38; i++)
		buf_puts(&want, "\303\251");
	buf_puts(&want, "\", x, \"");
	for (int i = 0; i < 38; i++)
		buf_puts(&want, "\303\251");
	buf_printf(&want, "...\n%*s^\n", 44, "");
	errors_are(buf_text(&text), buf_text(&want),
	           "a long line is shown around the error, and cut between characters");
	buf_fini(&text);
	buf_fini(&want);
}

/* An expression with all its parentheses. */
static void show(struct buf *buf, const struct script *script, const struct expr *expr)
{
	static const char *const operators[] = { "*", "/", "%", "+", "-", "<<", ">>", "<", "<=", ">", ">=",
		                                 "==", "!=", "&", "^", "|", "&&", "||", "!", "~", "-" };

	switch ((enum expr_kind)expr->kind) {
	case EXPR_INT:
		buf_printf(buf, "%" PRId64, expr->integer);
		return;
	case EXPR_STRING:
		buf_putc(buf, '"');
		buf_escape(buf, expr->string.data, expr->string.len, 1);
		buf_putc(buf, '"');
		return;
	case EXPR_NAME:
		buf_printf(buf, "$%s", script->names[expr->slot].text);
		return;
	case EXPR_CONSTANT:
		buf_puts(buf, expr->constant->name);
		return;
	case EXPR_PREDEFINED:
		buf_printf(buf, "pre%d", expr->predefined);
		return;
	case EXPR_UNARY:
		buf_printf(buf, "(%s ", operators[expr->op]);
		show(buf, script, expr->right);
		break;
	case EXPR_BINARY:
		buf_putc(buf, '(');
		show(buf, script, expr->left);
		buf_printf(buf, " %s ", operators[expr->op]);
		show(buf, script, expr->right);
		break;
	case EXPR_INDEX:
	case EXPR_FAULT:
		buf_puts(buf, expr->kind == EXPR_INDEX ? "(load " : "(fault ");
		show(buf, script, expr->base);
		buf_putc(buf, ' ');
		show(buf, script, expr->offset);
		if (expr->value != NULL) {
			buf_puts(buf, " = ");
			show(buf, script, expr->value);
		}
		break;
	case EXPR_FUNCTION:
		buf_printf(buf, "(%s", expr->function->name);
		for (unsigned i = 0; i < expr->count; i++) {
			buf_putc(buf, ' ');
			show(buf, script, expr->args[i]);
		}
		break;
	}
	buf_putc(buf, ')');
}

static void test_trees(void)
{
	static const char *const trees[][2] = {
		{ "1 + 2 * 3 - 4", "((1 + (2 * 3)) - 4)" },
		{ "1 - 2 - 3", "((1 - 2) - 3)" },
		{ "1 - (2 - 3)", "(1 - (2 - 3))" },
		{ "1 || 2 && 3 | 4 ^ 5 & 6", "(1 || (2 && (3 | (4 ^ (5 & 6)))))" },
		{ "1 == 2 < 3 << 4 + 5 % 6", "(1 == (2 < (3 << (4 + (5 % 6)))))" },
		{ "1 != 2 >= 3 >> 4 / 5", "(1 != (2 >= (3 >> (4 / 5))))" },
		{ "1 <= 2 > 3", "((1 <= 2) > 3)" },
		{ "-1p", "(- 4096)" },
		{ "!-~1 * 2", "((! (- (~ 1))) * 2)" },
		{ "-given[1][2]", "(- (load (load $given 1) 2))" },
		{ "(given + 1)[2]", "(load ($given + 1) 2)" },
		{ "fault(given[0] = 1 + 2)", "(fault $given 0 = (1 + 2))" },
		{ "fault(given[0][1])", "(fault (load $given 0) 1)" },
		{ "0xffffffffffffffff", "-1" },
		{ "0x8000000000000000", "-9223372036854775808" },
		{ "010 + 0x10K + 'A' + '\\xff' + '\\0'", "((((8 + 16384) + 65) + 255) + 0)" },
		{ "\"\\0\\n\\t\\\\\\\"\\'\\x7e\"", "\"\\000\\012\\011\\134\\042'~\"" },
		{ "page + hugepage + NULL + MAP_FAILED + errno + scratch",
		  "(((((pre0 + pre1) + pre2) + pre3) + pre4) + pre5)" },
		{ "filled(given, 'A', 1p) && PROT_READ", "((filled $given 65 4096) && PROT_READ)" },
		{ "getpid() + end(0)", "((getpid) + (end 0))" },
	};

	for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
		struct buf text = { 0 }, errors = { 0 }, shown = { 0 };

		buf_printf(&text, "a = %s", trees[i][0]);
		struct script *script = read_script(buf_text(&text), &errors);

		if (ok(script != NULL, "%s is an expression", trees[i][0])) {
			show(&shown, script, script->first->expr);
			is(buf_text(&shown), trees[i][1], trees[i][0]);
		}
		script_free(script);
		buf_fini(&text);
		buf_fini(&errors);
		buf_fini(&shown);
	}
}

static void span_is(struct span span, uint32_t line, uint32_t column, const char *want)
{
	ok(span.place.line == line && span.place.column == column && span.len == strlen(want) &&
	           memcmp(span.text, want, span.len) == 0,
	   "%u:%u: %s", line, column, want);
	if (span.len != strlen(want))
		printf("# %u:%u: %.*s\n", span.place.line, span.place.column, (int)span.len, span.text);
}

static void test_spans(void)
{
	struct buf errors = { 0 };
	struct script *script =
		read_script("# first\n  a = brk( 0 ) = -1 ENOMEM  # why\n"
	                    "if (a) == 1 { b = 2 } else if a {\n\tc = (1 + 2)  \n}\n"
	                    "repeat 3 as i   { break }; in a+1 { note 1 , (2) }\n"
	                    "a[0] = (1 + 2) * 3; expect a, \"m\" // x\nrequire kernel 6.11 ; require mseal",
	                    &errors);

	if (!ok(script != NULL, "a script with all kinds of statements"))
		return;
	const struct statement *s = script->first;

	span_is(s->span, 2, 3, "a = brk( 0 ) = -1 ENOMEM");
	span_is(s->name, 2, 3, "a");
	span_is(s->callee, 2, 7, "brk( 0 )");
	ok(s->kind == STATEMENT_CALL && s->call->id == CALL_BRK && s->count == 1 && s->expected == EXPECT_ERRNO &&
	           s->error == ENOMEM && s->expr == NULL && s->slot == 1,
	   "a call with its error");
	s = s->next;
	span_is(s->span, 3, 1, "if (a) == 1");
	span_is(s->expr->span, 3, 4, "(a) == 1");
	span_is(s->expr->left->span, 3, 5, "a");
	span_is(s->body->span, 3, 15, "b = 2");
	span_is(s->otherwise->span, 3, 28, "if a");
	span_is(s->otherwise->body->span, 4, 2, "c = (1 + 2)");
	span_is(s->otherwise->body->expr->span, 4, 7, "1 + 2");
	ok(s->otherwise->kind == STATEMENT_IF && s->otherwise->next == NULL, "else if is an if in otherwise");
	s = s->next;
	span_is(s->span, 6, 1, "repeat 3 as i");
	ok(s->slot != NO_SLOT && strcmp(script->names[s->slot].text, "i") == 0, "the counter's slot");
	s = s->next;
	span_is(s->span, 6, 28, "in a+1");
	span_is(s->body->span, 6, 37, "note 1 , (2)");
	ok(s->body->count == 2, "two values to note");
	s = s->next;
	span_is(s->span, 7, 1, "a[0] = (1 + 2) * 3");
	span_is(s->expr->span, 7, 8, "(1 + 2) * 3");
	span_is(s->target->span, 7, 1, "a[0]");
	s = s->next;
	span_is(s->span, 7, 21, "expect a, \"m\"");
	ok(s->message->string.len == 1, "the message");
	s = s->next;
	span_is(s->span, 8, 1, "require kernel 6.11");
	ok(s->version[0] == 6 && s->version[1] == 11 && s->version[2] == 0, "a version");
	s = s->next;
	span_is(s->feature, 8, 31, "mseal");
	ok(s->constant == NULL && s->call->id == CALL_MSEAL && s->next == NULL, "a feature that is a call");
	script_free(script);
	buf_fini(&errors);
}

static void test_results(void)
{
	static const struct {
		const char *text;
		uint8_t expected;
	} results[] = {
		{ "brk(0)", EXPECT_SUCCESS },
		{ "brk(0) = ?", EXPECT_ANYTHING },
		{ "brk(0) = -1", EXPECT_FAILURE },
		{ "brk(0) = -1 # x", EXPECT_FAILURE },
		{ "brk(0) = -1;", EXPECT_FAILURE },
		{ "brk(0) = -1p", EXPECT_VALUE },
		{ "brk(0) = -1 + 1", EXPECT_VALUE },
		{ "brk(0) = (-1)", EXPECT_VALUE },
		{ "brk(0) = -1 EPERM", EXPECT_ERRNO },
		{ "brk(0) = -0x1", EXPECT_VALUE },
		{ "brk(0) = -1\nEPERM2 = 3", EXPECT_FAILURE },
	};

	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		struct buf errors = { 0 };
		struct script *script = read_script(results[i].text, &errors);

		ok(script != NULL && script->first->expected == results[i].expected, "%s", results[i].text);
		script_free(script);
		buf_fini(&errors);
	}
}

static void test_words(void)
{
	ok(script_reserved("repeat", 6) && script_reserved("kernel", 6) && script_reserved("NULL", 4),
	   "reserved words");
	ok(script_reserved("MAP_PRIVATE", 11) && script_reserved("SEGV_MAPERR", 11), "constants are reserved");
	ok(!script_reserved("mmap", 4) && !script_reserved("a", 1) && !script_reserved("repeats", 7) &&
	           !script_reserved("repea", 5),
	   "others are not, calls neither");
	for (size_t i = 0; i < function_count; i++)
		ok(function_table[i].id == i && function_find(function_table[i].name, strlen(function_table[i].name)) ==
		                                        &function_table[i] && call_find(function_table[i].name,
		                                        strlen(function_table[i].name)) == NULL,
		   "%s is a function and no call", function_table[i].name);
	ok(function_find("tex", 3) == NULL && function_find("texts", 5) == NULL && function_find("", 0) == NULL,
	   "and no others");
}

/* The errors of a script with so many brackets around its middle. */
static unsigned count_nested(const char *start, unsigned times, const char *open, const char *middle, const char *close)
{
	struct buf text = { 0 };

	buf_puts(&text, start);
	for (unsigned i = 0; i < times; i++)
		buf_puts(&text, open);
	buf_puts(&text, middle);
	for (unsigned i = 0; i < times; i++)
		buf_puts(&text, close);
	unsigned count = count_errors(buf_text(&text), text.len);

	buf_fini(&text);
	return count;
}

static void test_nested(void)
{
	ok(count_nested("a = ", 200, "(", "1", ")") == 0 && count_nested("a = ", 201, "(", "1", ")") == 1,
	   "200 parentheses inside one another, and no more");
	ok(count_nested("a = ", 200, "-", "1", "") == 0 && count_nested("a = ", 201, "-", "1", "") == 1, "200 signs");
	ok(count_nested("", 200, "if 1 { ", "", " }") == 0 && count_nested("", 201, "if 1 { ", "", " }") == 1, "200 blocks");
	ok(count_nested("", 199, "repeat 1 { ", "a = (1)", " }") == 0 && count_nested("", 200, "if 1 { ", "a = (1)", " }") == 1,
	   "parentheses within blocks are as deep as both");
	ok(count_nested("a = 1", 1000, " + 1", "", "") == 0 && count_nested("a = 1", 1001, " + 1", "", "") == 1,
	   "1000 operators in a row");
}

static void test_depth(void)
{
	static const struct {
		const char *start, *more, *end;
		unsigned most; /* repetitions that are accepted */
	} shapes[] = {
		{ "a = ", "(", "1", 0 },
		{ "a = ", "!", "1", 100 },
		{ "a = 1", " + 1", "", 900 },
		{ "a = 1", "[0]", "", 900 },
		{ "a = ", "text(", "1", 0 },
		{ "", "if 1 {\n", "", 0 },
		{ "if 1 { }", " else if 1 { }", "", 100 },
		{ "", ") {", "", 0 },
		{ "", "repeat ) {", "", 0 },
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct buf text = { 0 };

		buf_puts(&text, shapes[i].start);
		for (unsigned k = 0; k < shapes[i].most; k++)
			buf_puts(&text, shapes[i].more);
		size_t good_len = text.len;

		buf_puts(&text, shapes[i].end);
		ok(shapes[i].most == 0 || count_errors(buf_text(&text), text.len) == 0, "%u times '%s'", shapes[i].most,
		   shapes[i].more);
		text.len = good_len;
		for (unsigned k = 0; k < 100000; k++)
			buf_puts(&text, shapes[i].more);
		buf_puts(&text, shapes[i].end);
		unsigned count = count_errors(buf_text(&text), text.len);

		ok(count >= 1 && count <= 20, "100000 times '%s' is an error", shapes[i].more);
		buf_fini(&text);
	}
	struct buf errors = { 0 }, text = { 0 };

	for (int i = 0; i < 300; i++)
		buf_puts(&text, "if 1 {\n");
	script_free(read_script(buf_text(&text), &errors));
	ok(strstr(buf_text(&errors), "t:201:6: nested too deeply") == buf_text(&errors),
	   "nested too deeply, with its place");
	buf_fini(&errors);
	buf_fini(&text);
}

/* Any bytes at all give a script or errors; so do the pieces of the language in any order. */
static void test_random(void)
{
	static const char *const pieces[] = {
		"a",       " = ",   "mmap(",    "munmap(a, 1p)",
		"(",       ")",     "[",        "]",
		"{",       "}",     "\n",       ";",
		",",       "if ",   "else ",    "repeat ",
		" as ",    "in ",   "require ", "kernel ",
		"5.7",     "note ", "fault(",   "break",
		"expect ", "\"s\"", "'c'",      "-1",
		"ENOMEM",  "?",     "==",       "&",
		"|",       "+",     "text(",    "1K",
		"#",       "//",    "\\",       "\"",
		"'",       "\377",  "\303\251", "\r",
		"\t",
	};
	struct buf text = { 0 };
	uint64_t state = 1;
	bool clean = true;

	for (int round = 0; round < (int)scaled(4000); round++) {
		buf_reset(&text);
		for (int i = 0; i < 60; i++) {
			state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			unsigned random = (unsigned)(state >> 33);

			if (round % 4 == 0)
				buf_putc(&text, (char)(random & 0xff));
			else
				buf_puts(&text, pieces[random % (sizeof(pieces) / sizeof(pieces[0]))]);
		}
		char *exact = alloc_string(text.data, text.len); /* so that a sanitizer sees a read behind the end */
		struct buf errors = { 0 };
		struct script *script = script_parse("t", exact, text.len, 4096, NULL, 0, &errors);

		clean &= (script == NULL) == (errors.len > 0);
		script_free(script);
		buf_fini(&errors);
		free(exact);
	}
	ok(clean, "random bytes and random pieces give a script or errors");
	buf_fini(&text);
}

static void test_large(void)
{
	struct buf text = { 0 };

	for (int i = 0; i < 20000; i++)
		buf_printf(
			&text,
			"name%d = mmap(NULL, 1p, PROT_READ, MAP_PRIVATE, -1, 0)\nname%d[0] = %d\nexpect text(name%d) == "
			"\"%d\"\nif name%d { brk(0)\n}\n",
			i, i, i, i / 2, i, i);
	ok(count_errors(buf_text(&text), text.len) == 0, "a script of 100000 lines");
	buf_reset(&text);
	buf_puts(&text, "note 1");
	for (int i = 0; i < 100000; i++)
		buf_printf(&text, ", unbound%d, unbound%d(0)", i, i);
	ok(count_errors(buf_text(&text), text.len) == 20, "a statement of 200000 errors, in no time");
	buf_fini(&text);
}

int main(void)
{
	test_good();
	test_bad();
	test_several();
	test_caret();
	test_trees();
	test_spans();
	test_results();
	test_words();
	test_nested();
	test_depth();
	test_random();
	test_large();
	return done();
}
