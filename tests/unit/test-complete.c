// SPDX-License-Identifier: MIT
/* The words that can stand at the cursor, after every kind of statement. */
#include "app/complete.h"

#include "tap.h"

static const char *const names[] = { "area", "arena", "b", "ledger" };
static const char *const own[] = { "help", "maps", "quit", NULL };
static const struct complete_source source = { names, sizeof(names) / sizeof(names[0]), own };

static struct completion found;

static void complete(const char *text, bool fresh)
{
	completion_fini(&found);
	found = (struct completion){ 0 };
	complete_word(&source, text, strlen(text), fresh, &found);
}

static bool offers(const char *word)
{
	for (size_t i = 0; i < found.count; i++)
		if (strcmp(found.words[i], word) == 0)
			return true;
	return false;
}

/* What is inserted for the only word, or for what all words begin with. */
static void inserts(const char *text, const char *want)
{
	complete(text, true);
	is(buf_text(&found.insert), want, text);
}

static void beginnings(void)
{
	complete("", true);
	ok(offers("mmap") && offers("expect") && offers("area") && offers("help"), "a statement begins with any of them");
	complete("", false);
	ok(offers("mmap") && !offers("help"), "the shell's own words begin no later line");
	complete("a = mmap(NULL, 4K, PROT_READ, MAP_PRIVATE, -1, 0); ", true);
	ok(offers("mmap") && !offers("help"), "nor what stands behind a semicolon");
	complete("if b { ", true);
	ok(offers("mmap") && offers("expect"), "in a block statements begin");
	complete("if b { b = 1 } ", true);
	ok(offers("mmap"), "and behind one");
	complete("b = 1\n", true);
	ok(offers("mmap") && offers("expect") && !offers("quit"), "and on a line of its own");
	complete("b = 1 +\n", true);
	ok(offers("area") && !offers("expect"), "a line that goes on begins none");
}

static void values(void)
{
	complete("a = ", true);
	ok(offers("mmap") && offers("area") && !offers("expect") && offers("PROT_READ"), "behind = a call or a value");
	complete("require ", true);
	ok(offers("mmap") && offers("area"), "behind require a call or a value");
	complete("require a + ", true);
	ok(offers("area") && !offers("munmap"), "further on a value");
	complete("expect ", true);
	ok(offers("area") && !offers("munmap"), "behind expect a value");
	complete("a = munmap(b, 1) = -1 ", true);
	ok(offers("EINVAL") && !offers("PROT_READ") && !offers("area"), "RESULT is followed by an error");
	complete("munmap(b, 1) = ", true);
	ok(offers("area"), "RESULT is a value");
}

static void arguments(void)
{
	complete("mmap(NULL, 4K, ", true);
	ok(offers("PROT_READ") && !offers("MAP_PRIVATE") && !offers("area"), "a flag argument has its own constants");
	complete("mmap(NULL, 4K, PROT_READ, MAP_P", true);
	ok(offers("MAP_PRIVATE") && offers("MAP_POPULATE") && !offers("PROT_READ"), "each has");
	complete("mmap(", true);
	ok(offers("area") && !offers("PROT_READ") == !offers("MAP_PRIVATE"), "an address is any value");
	complete("mmap(NULL, (1 + ", true);
	ok(offers("area"), "brackets that are no call's");
	complete("mmap(NULL, 4K, PROT_READ, MAP_PRIVATE, 1, 2, 3, 4, 5, 6, 7, ", true);
	ok(offers("area"), "more arguments than the call has");
	complete("open(\"/x\", ", true);
	ok(offers("O_RDONLY") && !offers("PROT_READ"), "open's flags");
	complete("[area + ", true);
	ok(offers("area") && !offers("munmap"), "an address that is stored to");
	complete("b = 1) ", true);
	ok(!offers("help"), "a bracket too many");
	complete("b = ((((((((((((((((((((((((((((((((((((((((a, ", true);
	ok(offers("area"), "more brackets than are looked at");
	complete("b = ((((((((((((((((((((((((((((((((((((((((a, 1)))))) + ", true);
	ok(offers("area"), "and closed again");
}

static void shell_words(void)
{
	complete("help ", true);
	ok(offers("mmap") && offers("PROT_READ") && offers("quit") && !offers("area"), "help takes what can be explained");
	complete("maps ", true);
	ok(offers("area") && !offers("mmap"), "maps takes names");
	complete("maps ", false);
	ok(offers("mmap") || offers("PROT_READ"), "but only where the shell listens");
}

static void nothing(void)
{
	complete("note \"are", true);
	ok(found.count == 0, "in a string nothing");
	complete("b = 1 # are", true);
	ok(found.count == 0, "in a comment nothing");
	complete("b = 1 # a comment\nare", true);
	ok(offers("area"), "behind it again");
	complete("no_such_thing", true);
	ok(found.count == 0 && found.insert.len == 0, "what nothing begins with");
	complete("mmap(NULL, 4K, are", true);
	ok(offers("area"), "what is no flag is looked for among all values");
}

static void insertions(void)
{
	inserts("munm", "ap(");
	inserts("expec", "t ");
	inserts("are", "");
	inserts("a = led", "ger");
	inserts("a = PROT_REA", "D");
	inserts("require munlockal", "l(");
	inserts("help munma", "p");
	inserts("help expec", "t");
	inserts("repea", "t ");
	inserts("brea", "k");
}

static void lists(void)
{
	struct buf out = { 0 };
	size_t width = 0, lines = 0;

	complete("", true);
	completion_list(&found, &out);
	for (const char *at = buf_text(&out); *at != '\0'; lines++) {
		size_t len = strcspn(at, "\n");

		width = len > width ? len : width;
		at += len + (at[len] == '\n');
	}
	ok(width <= 80 && lines > 1, "many words stand in columns, within 80 of them");
	buf_reset(&out);
	complete("help ", true);
	completion_list(&found, &out);
	ok(strstr(buf_text(&out), " more\n") != NULL, "too many are cut, and it is said how many more there are");
	buf_reset(&out);
	complete("led", true);
	completion_list(&found, &out);
	ok(strncmp(buf_text(&out), "ledger", 6) == 0, "one");
	buf_reset(&out);
	complete("no_such_thing", true);
	completion_list(&found, &out);
	is(buf_text(&out), "", "none");
	buf_fini(&out);
}

int main(void)
{
	beginnings();
	values();
	arguments();
	shell_words();
	nothing();
	insertions();
	lists();
	completion_fini(&found);
	return done();
}
