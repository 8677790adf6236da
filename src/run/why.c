/* SPDX-License-Identifier: MIT */
/* Finds the rules that explain a failed call or a fault, and the reasons for what a call did. */
#include "run/why-rule.h"

#include <errno.h>
#include <string.h>

bool why_has_rules(unsigned call)
{
	for (size_t i = 0; i < why_rule_count; i++)
		if (why_rules[i].call == call)
			return true;
	return false;
}

const char *why_rule_id(const struct why_rule *rule, struct arena *arena)
{
	struct buf id = { 0 };

	buf_printf(&id, "%s-%s", rule->call == FAULT_RULE ? "fault" : call_table[rule->call].name, rule->word);
	const char *copy = arena_string(arena, buf_text(&id), id.len);

	buf_fini(&id);
	return copy;
}

/* The rules that are broken for sure, and those that may be; a sentence of each. */
struct finder {
	struct buf sure, perhaps, sentence;
	size_t sure_count, perhaps_count;
	const char *sure_ids[EVENT_RULES], *perhaps_ids[EVENT_RULES];
	unsigned lacking;
};

static void add(struct buf *text, const struct buf *sentence, const char *rule)
{
	buf_puts(text, sentence->len > 0 ? buf_text(sentence) : rule);
}

static void try(struct finder *finder, struct why_case *c, const struct why_rule *rule, struct arena *arena)
{
	buf_reset(&finder->sentence);
	c->lacking = 0;
	enum why_answer answer = rule->broken(c);

	if (answer == WHY_YES && finder->sure_count < EVENT_RULES) {
		buf_puts(&finder->sure, finder->sure_count > 0 ? "; besides, " : "");
		add(&finder->sure, &finder->sentence, rule->rule);
		finder->sure_ids[finder->sure_count++] = why_rule_id(rule, arena);
	} else if (answer == WHY_PERHAPS && finder->perhaps_count < EVENT_RULES) {
		/* The first one's number is left out where it stays the only one. */
		if (finder->perhaps_count > 0)
			buf_printf(&finder->perhaps, "; (%zu) ", finder->perhaps_count + 1);
		add(&finder->perhaps, &finder->sentence, rule->rule);
		finder->perhaps_ids[finder->perhaps_count++] = why_rule_id(rule, arena);
		finder->lacking |= c->lacking;
	}
}

/* The raw brk(2) has no error: it answers with the break. */
static void lead(struct buf *text, const struct why_case *c, int error)
{
	const char *name = constant_name(GROUP_ERRNO, error);

	if (c->call == CALL_BRK && c->result > 0)
		buf_puts(text, "the break stays where it is: ");
	else if (error != 0)
		buf_printf(text, "%s: ", name != NULL ? name : "this error");
}

struct why_finding why_find(struct why_case *c, int error, struct arena *arena)
{
	struct finder finder = { 0 };
	struct why_finding finding = { 0 };
	struct buf text = { 0 };

	c->out = &finder.sentence;
	for (size_t i = 0; i < why_rule_count; i++)
		/* A fault has one reason: its rows exclude one another, the more special first. */
		if (why_rules[i].call == c->call && why_rules[i].error == error && (c->call != FAULT_RULE || finder.sure_count == 0))
			try(&finder, c, &why_rules[i], arena);
	if (error == ENOSYS)
		try(&finder, c, &(struct why_rule){ (uint8_t)c->call, ENOSYS, "no-call", why_no_call, "" }, arena);
	lead(&text, c, error);
	finding.sure = finder.sure_count > 0;
	finding.lacking = finding.sure ? 0 : finder.lacking;
	memcpy(finding.ids, finding.sure ? finder.sure_ids : finder.perhaps_ids, sizeof(finding.ids));
	if (finding.sure)
		buf_puts(&text, buf_text(&finder.sure));
	else if (finder.perhaps_count > 1)
		buf_printf(&text, "one of: (1) %s", buf_text(&finder.perhaps));
	else if (finder.perhaps_count == 1)
		buf_printf(&text, "of the rules that mmtool knows it can only be this one: %s", buf_text(&finder.perhaps));
	else
		buf_puts(&text, "no rule that mmtool knows explains it");
	finding.text = arena_string(arena, text.data, text.len);
	buf_fini(&text);
	buf_fini(&finder.sure);
	buf_fini(&finder.perhaps);
	buf_fini(&finder.sentence);
	return finding;
}

const char *why_explain(struct why_case *c, struct arena *arena)
{
	struct buf text = { 0 };
	const char *found = NULL;

	if (range_is_empty(c))
		return "The length is 0, in whole pages: nothing was done.";
	c->out = &text;
	for (size_t i = 0; i < why_explanation_count; i++) {
		size_t mark = text.len;

		if (why_explanations[i].call != c->call)
			continue;
		if (mark > 0)
			buf_putc(&text, ' ');
		size_t begin = text.len;

		if (why_explanations[i].explains(c) == WHY_NO || text.len == begin)
			buf_cut(&text, mark);
	}
	if (text.len > 0)
		found = arena_string(arena, text.data, text.len);
	buf_fini(&text);
	return found;
}
