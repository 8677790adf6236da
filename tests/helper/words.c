/* SPDX-License-Identifier: MIT */
/*
 * Every word of the script language, from the program's own tables, one a line with its kind: what the manual's reference is
 * compared with.  Built by the test, with these tables alone.
 */
#include "lang/word.c"

#include <stdio.h>

/* "old_address old_size new_size flags [new_address]", as the manual writes it. */
static void print_call(const struct call *call)
{
	bool open_ended = call->most == UINT8_MAX;
	unsigned most = open_ended ? call->least : call->most;

	printf("call %s", call->name);
	for (unsigned i = 0; i < most; i++)
		printf(i < call->least ? " %s" : " [%s]", call->args[i].name);
	puts(open_ended ? " ..." : "");
}

int main(void)
{
	for (size_t i = 0; i < call_count; i++)
		print_call(&call_table[i]);
	for (size_t i = 0; i < function_count; i++)
		printf("function %s %u\n", function_table[i].name, function_table[i].count);
	for (size_t i = 0; i < KEYWORD_COUNT; i++)
		printf("keyword %s\n", keywords[i]);
	for (size_t i = 0; i < PREDEFINED_COUNT; i++)
		printf("predefined %s\n", predefined[i]);
	for (size_t i = 0; i < constant_count; i++)
		printf("constant %s %d\n", constant_table[i].name, constant_table[i].group);
	return 0;
}
