/* SPDX-License-Identifier: MIT */
/* What a printed program must know of the script's names beforehand: their types, bounds and names in C. */
#include "lang/program-part.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASSES = 4 /* over the text, until the types and bounds stand still; then what still grows is believed bounded */ };

enum { LOOPS_TWICE = 6 /* loops within loops whose passes are walked through twice */ };

static const int64_t believed = INT64_C(1) << 61;

struct learner {
	struct program *p;
	unsigned pass, loops;
	bool changed;
	bool errno_read; /* walking backwards: errno is read below, before another call */
	bool loop_errno; /* the same behind the innermost repeat */
	unsigned depth;  /* repeats around the statement */
	struct place_state *states; /* by slot: at this place of the text */
};

/* What a name can hold. */
enum { KIND_NUMBER = 1, KIND_TEXT = 2 };

struct place_state {
	bool bound;
	uint8_t kinds;
};

static enum c_type join(enum c_type a, enum c_type b)
{
	if (a == C_NONE || a == b)
		return b;
	return b == C_NONE ? a : C_LONG;
}

static void widen(struct learner *l, struct range *range, struct range more)
{
	bool first = range->least > range->most;
	struct range old = *range;

	if (more.least > more.most)
		more = (struct range){ INT64_MIN, INT64_MAX, false };
	if (more.assumed) {
		more.least = more.least < -believed ? -believed : more.least;
		more.most = more.most > believed ? believed : more.most;
	}
	range->least = first || more.least < old.least ? more.least : old.least;
	range->most = first || more.most > old.most ? more.most : old.most;
	range->assumed |= more.assumed;
	if (l->pass >= PASSES - 1 && !first && (range->least != old.least || range->most != old.most)) {
		if (range->least != old.least)
			range->least = old.least < -believed ? INT64_MIN : -believed;
		if (range->most != old.most)
			range->most = old.most > believed ? INT64_MAX : believed;
		range->assumed = true;
	}
	if (range->least != old.least || range->most != old.most)
		l->changed = true;
}

static void bind(struct learner *l, uint32_t slot, enum c_type type, struct range range, bool constant)
{
	struct variable *variable;

	if (slot == NO_SLOT)
		return;
	variable = &l->p->variables[slot];
	variable->bindings += l->pass == 0;
	variable->is_text = type == C_TEXT;
	l->states[slot] = (struct place_state){ true, type == C_TEXT ? KIND_TEXT : KIND_NUMBER };
	if (type == C_TEXT) {
		l->changed |= !variable->has_text;
		variable->has_text = true;
		return;
	}
	enum c_type joined = join(variable->type, type);

	l->changed |= joined != variable->type;
	variable->type = joined;
	variable->wild |= constant;
	widen(l, &variable->range, range);
}

static void read_expr(struct learner *l, const struct expr *expr);

static void add_place(struct places *places, const char *place)
{
	places->list = alloc_grow(places->list, &places->cap, places->count + 1, sizeof(*places->list));
	places->list[places->count++] = place;
}

static void read_name(struct learner *l, const struct expr *expr)
{
	struct variable *variable = &l->p->variables[expr->slot];
	const struct place_state *state = &l->states[expr->slot];

	variable->read = true;
	variable->reads += l->pass == 0;
	variable->maybe_unbound |= !state->bound;
	variable->number_read |= state->kinds == KIND_NUMBER;
	variable->text_kind_read |= state->kinds == KIND_TEXT;
	if ((state->kinds & KIND_TEXT) == 0)
		return;
	variable->mixed |= state->kinds != KIND_TEXT;
	add_place(state->kinds == KIND_TEXT ? &l->p->texts : &l->p->either, expr->span.text);
}

static void read_expr(struct learner *l, const struct expr *expr)
{
	if (expr == NULL)
		return;
	switch ((enum expr_kind)expr->kind) {
	case EXPR_NAME:
		read_name(l, expr);
		break;
	case EXPR_PREDEFINED:
		l->p->uses_scratch |= expr->predefined == PRE_SCRATCH;
		break;
	case EXPR_UNARY:
		read_expr(l, expr->right);
		break;
	case EXPR_BINARY:
		read_expr(l, expr->left);
		read_expr(l, expr->right);
		break;
	case EXPR_INDEX:
	case EXPR_FAULT:
		read_expr(l, expr->base);
		read_expr(l, expr->offset);
		read_expr(l, expr->value);
		break;
	case EXPR_FUNCTION:
		l->p->counts_faults |= expr->function->id == FN_MINFLT || expr->function->id == FN_MAJFLT;
		for (unsigned i = 0; i < expr->count; i++)
			read_expr(l, expr->args[i]);
		break;
	default:
		break;
	}
}

/* What the name could hold anywhere in the text, as far as is known. */
static uint8_t ever(const struct learner *l, uint32_t slot)
{
	const struct variable *variable = &l->p->variables[slot];

	return (uint8_t)((variable->type != C_NONE ? KIND_NUMBER : 0) | (variable->has_text ? KIND_TEXT : 0));
}

/* What the name can hold from here on. */
static void hold(struct learner *l, uint32_t slot, uint8_t kinds)
{
	l->states[slot].kinds = kinds & ever(l, slot);
	l->p->variables[slot].is_text = l->states[slot].kinds == KIND_TEXT;
}

static void learn_bind(struct learner *l, const struct statement *statement)
{
	const struct expr *expr = statement->expr;
	enum c_type type = program_type(l->p, expr);
	uint8_t kinds = expr->kind == EXPR_NAME ? l->states[expr->slot].kinds : 0;
	bool constant = type == C_POINTER && expr_is_constant(expr);

	/* What is computed is as wide as the language's integers, whatever it is computed from. */
	if (type == C_INT || type == C_NONE)
		type = C_LONG;
	if (type == C_TEXT && statement->slot != NO_SLOT)
		l->p->variables[statement->slot].text_read |= expr->kind != EXPR_STRING;
	if (expr->kind == EXPR_NAME && l->p->variables[expr->slot].wild)
		constant = true;
	bind(l, statement->slot, type, program_range(l->p, expr), constant);
	if (kinds != (KIND_NUMBER | KIND_TEXT))
		return;
	/* The other kind too. */
	l->p->variables[statement->slot].text_read = true;
	bind(l, statement->slot, C_TEXT, program_range(l->p, expr), constant);
	hold(l, statement->slot, kinds);
}

static void learn(struct learner *l, const struct statement *statement);

/* What is known of the names at this place, kept aside. */
static struct place_state *keep(const struct learner *l)
{
	uint32_t count = l->p->script->name_count;
	struct place_state *kept = alloc_zeroed(count + 1, sizeof(*kept));

	memcpy(kept, l->states, count * sizeof(*kept));
	return kept;
}

static void restore(struct learner *l, const struct place_state *kept)
{
	for (uint32_t i = 0; i < l->p->script->name_count; i++) {
		l->states[i].bound = kept[i].bound;
		hold(l, i, kept[i].kinds);
	}
}

/* Two ways lead here: this one, and one that is kept. */
static void meet(struct learner *l, const struct place_state *other)
{
	for (uint32_t i = 0; i < l->p->script->name_count; i++) {
		l->states[i].bound &= other[i].bound;
		hold(l, i, l->states[i].kinds | other[i].kinds);
	}
}

static void learn_if(struct learner *l, const struct statement *statement)
{
	struct place_state *before = keep(l);

	learn(l, statement->body);
	struct place_state *after = keep(l);

	restore(l, before);
	learn(l, statement->otherwise);
	meet(l, after);
	free(before);
	free(after);
}

/* What a pass binds can be so in the next. */
static void hold_bound(struct learner *l, const struct statement *statement)
{
	for (; statement != NULL; statement = statement->next) {
		uint8_t kinds = KIND_NUMBER;

		if (statement->kind == STATEMENT_BIND && statement->expr->kind == EXPR_NAME)
			kinds = ever(l, statement->expr->slot);
		else if (statement->kind == STATEMENT_BIND && program_type(l->p, statement->expr) == C_TEXT)
			kinds = KIND_TEXT;
		if (statement->slot != NO_SLOT)
			hold(l, statement->slot, l->states[statement->slot].kinds | kinds);
		hold_bound(l, statement->body);
		hold_bound(l, statement->otherwise);
	}
}

static void learn_repeat(struct learner *l, const struct statement *statement)
{
	struct range count = program_range(l->p, statement->expr);
	struct place_state *before;

	/* Nobody waits for more passes than this. */
	if (count.least > count.most || count.most > INT64_C(1) << 40 || count.most < 0)
		count.most = INT64_C(1) << 40;
	hold_bound(l, statement->body);
	if (statement->slot != NO_SLOT)
		hold(l, statement->slot, l->states[statement->slot].kinds | KIND_NUMBER);
	before = keep(l);
	bind(l, statement->slot, C_LONG, (struct range){ 0, count.most, false }, false);
	learn(l, statement->body);
	restore(l, before);
	free(before);
}

/* Calls that give descriptors. */
static bool opens(const struct call *call)
{
	static const uint8_t ids[] = { CALL_OPEN,  CALL_MEMFD_CREATE, CALL_MEMFD_SECRET, CALL_USERFAULTFD,
		                       CALL_FCNTL, CALL_PIDFD_OPEN,   CALL_TMPFILE_ID };

	for (size_t i = 0; i < sizeof(ids); i++) {
		if (call->id == ids[i])
			return true;
	}
	return false;
}

static void learn_one(struct learner *l, const struct statement *statement)
{
	if (program_binds_itself(statement)) {
		l->p->variables[statement->slot].maybe_unbound |= !l->states[statement->slot].bound;
		l->p->variables[statement->slot].bindings += l->pass == 0;
		return;
	}
	if (statement->kind == STATEMENT_STORE) {
		read_expr(l, statement->target);
		read_expr(l, statement->expr);
		return;
	}
	read_expr(l, statement->expr);
	for (uint32_t i = 0; i < statement->count; i++)
		read_expr(l, statement->args[i]);
	switch ((enum statement_kind)statement->kind) {
	case STATEMENT_CALL:
		l->p->opens |= opens(statement->call);
		l->p->several |= statement->call->class == CALL_FORK || statement->call->class == CALL_WAIT;
		bind(l, statement->slot, program_call_type(statement->call), program_call_range(statement->call), false);
		break;
	case STATEMENT_BIND:
		if (statement->slot != NO_SLOT)
			l->p->variables[statement->slot].called = false;
		learn_bind(l, statement);
		break;
	case STATEMENT_IF:
		learn_if(l, statement);
		break;
	case STATEMENT_REPEAT:
		learn_repeat(l, statement);
		break;
	case STATEMENT_IN:
		l->p->several = true;
		learn(l, statement->body);
		break;
	default:
		break;
	}
}

static void learn(struct learner *l, const struct statement *statement)
{
	for (; statement != NULL; statement = statement->next) {
		learn_one(l, statement);
		/* What follows break is not printed. */
		if (statement->kind == STATEMENT_BREAK)
			break;
	}
}

static bool reads_errno(const struct expr *expr)
{
	if (expr == NULL)
		return false;
	switch ((enum expr_kind)expr->kind) {
	case EXPR_PREDEFINED:
		return expr->predefined == PRE_ERRNO;
	case EXPR_UNARY:
		return reads_errno(expr->right);
	case EXPR_BINARY:
		return reads_errno(expr->left) || reads_errno(expr->right);
	case EXPR_INDEX:
	case EXPR_FAULT:
		return reads_errno(expr->base) || reads_errno(expr->offset) || reads_errno(expr->value);
	case EXPR_FUNCTION:
		for (unsigned i = 0; i < expr->count; i++) {
			if (reads_errno(expr->args[i]))
				return true;
		}
		return false;
	default:
		return false;
	}
}

static void watch(struct learner *l, const struct statement *statement);

static void watch_call(struct learner *l, const struct statement *statement)
{
	if (statement->call->class == CALL_MEMORY)
		return;
	if (l->errno_read && statement->expected != EXPECT_FAILURE && statement->expected != EXPECT_ERRNO)
		add_place(&l->p->fresh_errno, statement->span.text);
	l->errno_read = false;
}

static void watch_repeat(struct learner *l, const struct statement *statement)
{
	bool behind = l->errno_read, outer = l->loop_errno;

	l->loop_errno = behind;
	/* The end of a pass is followed by the next, or by what is behind the loop.  Deep within others: by what reads it. */
	if (++l->depth > LOOPS_TWICE)
		l->errno_read = true;
	else
		watch(l, statement->body);
	l->errno_read |= behind;
	watch(l, statement->body);
	l->errno_read |= behind;
	l->loop_errno = outer;
	l->depth--;
}

static void watch_one(struct learner *l, const struct statement *statement)
{
	bool behind = l->errno_read, first;

	switch ((enum statement_kind)statement->kind) {
	case STATEMENT_CALL:
		watch_call(l, statement);
		break;
	case STATEMENT_IF:
		watch(l, statement->body);
		first = l->errno_read;
		l->errno_read = behind;
		watch(l, statement->otherwise);
		l->errno_read |= first;
		break;
	case STATEMENT_REPEAT:
		watch_repeat(l, statement);
		break;
	case STATEMENT_IN:
		watch(l, statement->body);
		break;
	case STATEMENT_BREAK:
		l->errno_read = l->loop_errno;
		break;
	default:
		break;
	}
	l->errno_read |= reads_errno(statement->expr) || reads_errno(statement->target);
	for (uint32_t i = 0; i < statement->count; i++)
		l->errno_read |= reads_errno(statement->args[i]);
}

/* From the last statement to the first: after which calls is errno read? */
static void watch(struct learner *l, const struct statement *statement)
{
	const struct statement **list = NULL;
	size_t count = 0, cap = 0;

	for (; statement != NULL; statement = statement->next) {
		list = alloc_grow(list, &cap, count + 1, sizeof(*list));
		list[count++] = statement;
	}
	while (count > 0)
		watch_one(l, list[--count]);
	free(list);
}

static int by_place(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return (*left > *right) - (*left < *right);
}

static void sort_places(struct places *places)
{
	if (places->count > 0)
		qsort(places->list, places->count, sizeof(*places->list), by_place);
}

static bool is_helper(const char *name)
{
	const struct helper *helper;

	for (size_t i = 0; (helper = program_helper(i)) != NULL; i++) {
		if (strcmp(helper->name, name) == 0)
			return true;
	}
	return false;
}

/* Other things that helpers define, and that main() has of its own. */
static bool is_own(const char *name)
{
	static const char *const own[] = { "page", "file", "scratch", "names", "mapping", "open_lines", "close_lines",
		                           "on_fault", "before_access", "fault_found", "file_in", "cgroup_path", "cgroup_unified", "cgroup_write",
		                           "cgroup_find", "find_own_cgroup", "remove_cgroup_later", "limit_cgroup", "is_cgroup_cramped",
		                           "carry", "pass_turn", "has_died", "await_turn", "collect", "FAULT", "RUN", "COLLECT",
		                           "LEAVE", "FINISH", "DONE" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (strcmp(own[i], name) == 0)
			return true;
	}
	/* block_1 and its like are main()'s own; with a _ behind them they are not. */
	return is_helper(name) || (strncmp(name, "block_", 6) == 0 && name[6 + strspn(name + 6, "0123456789")] == '\0');
}

static bool is_taken(const struct program *p, const char *name, uint32_t below)
{
	for (uint32_t i = 0; i < p->script->name_count; i++) {
		const struct variable *variable = &p->variables[i];
		const char *const made[] = { variable->name, variable->text_name, variable->bound_name, variable->kind_name };

		if (strcmp(p->script->names[i].text, name) == 0)
			return true;
		for (size_t j = 0; i < below && j < sizeof(made) / sizeof(made[0]); j++) {
			if (made[j] != NULL && strcmp(made[j], name) == 0)
				return true;
		}
	}
	return false;
}

/* The script's own name where C lets it be; else with as many _ behind it as it takes. */
static const char *choose(struct program *p, uint32_t slot, const char *suffix)
{
	const char *text = p->script->names[slot].text;
	struct buf name = { 0 };

	if (text[0] == '_')
		buf_putc(&name, 'v');
	buf_puts(&name, text);
	buf_puts(&name, suffix);
	while (program_reserved(name.data, name.len) || is_own(name.data) ||
	       (strcmp(name.data, text) != 0 && is_taken(p, name.data, slot)))
		buf_putc(&name, '_');
	const char *made = arena_string(&p->arena, name.data, name.len);

	buf_fini(&name);
	return made;
}

static bool is_made(const struct program *p, const char *name)
{
	char word[80];

	snprintf(word, sizeof(word), " %s ", name);
	return strstr(buf_text(&p->made), word) != NULL;
}

const char *program_temporary(struct program *p, const char *base)
{
	char name[64];

	snprintf(name, sizeof(name), "%s", base);
	for (unsigned i = 2; is_made(p, name) || is_taken(p, name, p->script->name_count); i++)
		snprintf(name, sizeof(name), "%s%u", base, i);
	buf_printf(&p->made, " %s ", name);
	return arena_string(&p->arena, name, strlen(name));
}

/* Back to the beginning of the text, where only the definitions hold something. */
static void forget_place(struct program *p)
{
	for (uint32_t i = 0; i < p->script->name_count; i++)
		p->variables[i].is_text = i < p->definition_count && p->definitions[i].is_string;
}

static void learn_definitions(struct learner *l)
{
	for (uint32_t i = 0; i < l->p->definition_count; i++) {
		const struct program_definition *from = &l->p->definitions[i];
		struct range range = { from->integer, from->integer, false };

		bind(l, i, from->is_string ? C_TEXT : C_LONG, range, true);
		l->p->variables[i].called = false;
	}
}

static void begin_pass(struct learner *l)
{
	l->changed = false;
	l->p->either.count = l->p->texts.count = 0;
	forget_place(l->p);
	for (uint32_t i = 0; i < l->p->script->name_count; i++) {
		l->states[i] = (struct place_state){ 0 };
		l->p->variables[i].number_read = l->p->variables[i].text_kind_read = false;
	}
	learn_definitions(l);
}

void program_learn(struct program *p)
{
	struct learner l = { .p = p, .changed = true };

	p->variables = alloc_zeroed(p->script->name_count + 1, sizeof(*p->variables));
	l.states = alloc_zeroed(p->script->name_count + 1, sizeof(*l.states));
	for (uint32_t i = 0; i < p->script->name_count; i++)
		p->variables[i].range = (struct range){ 1, 0, false };
	for (uint32_t i = 0; i < p->script->name_count; i++)
		p->variables[i].called = true;
	for (l.pass = 0; l.changed && l.pass < PASSES + 2; l.pass++) {
		begin_pass(&l);
		learn(&l, p->script->first);
	}
	free(l.states);
	sort_places(&p->either);
	sort_places(&p->texts);
	p->learned = true;
	watch(&l, p->script->first);
	sort_places(&p->fresh_errno);
	for (uint32_t i = 0; i < p->script->name_count; i++) {
		struct variable *variable = &p->variables[i];

		/* What only stands behind a break is bound nowhere. */
		if (variable->type == C_NONE && !variable->has_text)
			variable->type = C_LONG;
		if (variable->type != C_NONE)
			variable->name = choose(p, i, "");
		if (variable->has_text)
			variable->text_name = choose(p, i, variable->name != NULL ? "_text" : "");
		if (variable->maybe_unbound)
			variable->bound_name = choose(p, i, "_bound");
		if (variable->mixed)
			variable->kind_name = choose(p, i, "_is_text");
		if (variable->range.least > variable->range.most)
			variable->range = (struct range){ 0, 0, false };
	}
}
