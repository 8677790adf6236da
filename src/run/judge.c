/* SPDX-License-Identifier: MIT */
/* Judges the order of recorded events, and what a verdict and the end say of what came before. */
#include "run/judge.h"

#include "base/alloc.h"
#include "run/judge-part.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Exit statuses, as in mmtool(1). */
enum { ENDS_WELL = 0, ENDS_FAILED = 1, ENDS_USAGE = 2, ENDS_BROKEN = 3, ENDS_UNSUPPORTED = 77 };

bool judge_wrong(struct judge *judge, const char *format, ...)
{
	va_list args;

	if (judge->problem.len > 0)
		return false;
	va_start(args, format);
	buf_vprintf(&judge->problem, format, args);
	va_end(args);
	return false;
}

struct judge *judge_new(void)
{
	return alloc_zeroed(1, sizeof(struct judge));
}

static void forget_script(struct judge_script *script)
{
	free(script->name);
	free(script->failed_reason);
	*script = (struct judge_script){ 0 };
}

void judge_free(struct judge *judge)
{
	forget_script(&judge->script);
	buf_fini(&judge->problem);
	free(judge);
}

/* What makes a stream of events one kind of stream, and not two. */
static bool take_kind(struct judge *judge, enum event_type type)
{
	bool script = type == EVENT_START || type == EVENT_STEP || type == EVENT_VERDICT;
	bool look = type == EVENT_SNAPSHOT || type == EVENT_DELTA, growth = type == EVENT_GROWTH || type == EVENT_COST;

	judge->scripts |= script;
	judge->looks |= look;
	judge->growths |= growth;
	if (judge->scripts + judge->looks + judge->growths > 1)
		return judge_wrong(judge, "an event of %s in a stream of %s", script ? "scripts" : growth ? "measurements" : "looks",
		                   judge->scripts && !script ? "scripts" : judge->looks && !look ? "looks" : "measurements");
	return true;
}

/* A shell whose subject died goes on with a new one, under the same name, and counts on. */
static bool goes_on(const struct judge *judge, const struct event_start *start)
{
	const struct judge_script *script = &judge->script;

	return script->open && script->last_failed && !start->several && !script->several && strcmp(start->name, script->name) == 0;
}

static bool take_start(struct judge *judge, const struct event_start *start)
{
	struct judge_script *script = &judge->script;

	if (start->scratch_start > start->scratch_end)
		return judge_wrong(judge, "start: the scratch page ends before it begins");
	if (goes_on(judge, start)) {
		script->pid = start->pid;
	} else {
		if (script->open && !script->resumed)
			return judge_wrong(judge, "start: the script before it has no verdict");
		if (judge->single || (judge->any && !start->several))
			return judge_wrong(judge, "start: a second script in a stream of one");
		forget_script(script);
		*script = (struct judge_script){ .open = true, .several = start->several, .pid = start->pid,
			                         .name = alloc_string(start->name, strlen(start->name)) };
	}
	judge->single |= !start->several;
	script->page = start->scratch_end - start->scratch_start;
	if ((script->page & (script->page - 1)) != 0)
		return judge_wrong(judge, "start: no page has the size of the scratch page, %" PRIu64, script->page);
	return judge_start_maps(judge, start);
}

/* Statements outside of every repeat come once, as they stand in the text; those inside come again, between two of these. */
static bool take_place(struct judge *judge, const struct event_step *step)
{
	struct judge_script *script = &judge->script;
	uint64_t place = (uint64_t)step->source.line << 32 | step->source.column;

	if (strcmp(step->source.file, script->name) != 0)
		return judge_wrong(judge, "step: it is of the script %s, and this one is %s", step->source.file, script->name);
	if (step->kind == STEP_PASSES || step->kind == STEP_OTHER)
		return true;
	if (place <= (step->looped ? script->low : script->high))
		return judge_wrong(judge, "step: its statement, in line %" PRIu32 ", stands before one that was performed already",
		                   step->source.line);
	script->high = place > script->high ? place : script->high;
	if (!step->looped)
		script->low = place;
	return true;
}

/* What a step says twice. */
static bool check_outcome(struct judge *judge, const struct event_step *step)
{
	const struct event_call *call = &step->call;

	if (step->ok != (step->reason == NULL))
		return judge_wrong(judge, step->ok ? "step: it is ok, and has a reason why it failed" : "step: it failed, and has no reason");
	if (step->kind == STEP_EXPECT && step->ok && !step->check.held)
		return judge_wrong(judge, "step: it is ok, and its check does not hold");
	if (step->kind != STEP_CALL || call->name == NULL)
		return true;
	if (call->answered && call->error != 0 && call->result != -1)
		return judge_wrong(judge, "step: its call failed, and returned %" PRId64, call->result);
	if (call->injected && (call->performed || (call->answered && call->error == 0)))
		return judge_wrong(judge, "step: its call has an injected error, and was made or did not fail");
	if (call->error < 0)
		return judge_wrong(judge, "step: no error has the number %d", call->error);
	return true;
}

static bool take_step(struct judge *judge, const struct event_step *step)
{
	struct judge_script *script = &judge->script;

	if (!script->open)
		return judge_wrong(judge, "step: it stands in no script");
	if ((step->process == NULL) != (step->pid == script->pid))
		return judge_wrong(judge, step->process == NULL ? "step: the script's main process is %d, and not %d"
		                                                : "step: process %d is the script's main process, and has no name",
		                   (int)script->pid, (int)step->pid);
	if (!take_place(judge, step) || !check_outcome(judge, step) || !judge_step_maps(judge, step))
		return false;
	script->steps += step->kind != STEP_PASSES;
	script->checks += step->checked;
	for (size_t i = 0; i < step->unshown_count; i++) {
		if (__builtin_add_overflow(script->checks, step->unshown[i].count, &script->checks))
			return judge_wrong(judge, "step: more checks than can be");
	}
	script->looped |= step->looped || step->kind == STEP_PASSES;
	script->last_failed = !step->ok;
	if (step->ok || script->failed++ > 0)
		return true;
	script->failed_place = (uint64_t)step->source.line << 32 | step->source.column;
	script->failed_reason = alloc_string(step->reason, strlen(step->reason));
	return true;
}

/* From what was told to what was counted there are only what ended the script untold, and what a repeat does not show. */
static bool check_count(struct judge *judge, const char *what, uint64_t counted, uint64_t told, bool open)
{
	uint64_t most = told + judge->script.untold;

	if (counted >= told && (open || counted <= most))
		return true;
	return judge_wrong(judge, "verdict: it counts %" PRIu64 " %s, and %" PRIu64 " were told", counted, what, told);
}

static bool check_counts(struct judge *judge, const struct event_verdict *verdict)
{
	struct judge_script *script = &judge->script;
	bool broken = verdict->verdict == VERDICT_BROKEN;

	script->untold += broken || verdict->verdict == VERDICT_UNSUPPORTED;
	if (!check_count(judge, "steps", verdict->steps, script->steps, script->looped) ||
	    !check_count(judge, "checks", verdict->checks, script->checks, script->looped && broken))
		return false;
	if (verdict->failed != script->failed)
		return judge_wrong(judge, "verdict: it counts %u failed, and %" PRIu64 " were told", verdict->failed, script->failed);
	return true;
}

/* The word, the count, the reason and the place say the same. */
static bool check_word(struct judge *judge, const struct event_verdict *verdict)
{
	const struct judge_script *script = &judge->script;
	uint64_t place = (uint64_t)verdict->source.line << 32 | verdict->source.column;
	bool passed = verdict->verdict == VERDICT_PASSED;

	if (passed != (verdict->reason == NULL))
		return judge_wrong(judge, passed ? "verdict: it is passed, and has a reason why not" : "verdict: it has no reason");
	if (passed && verdict->source.file != NULL)
		return judge_wrong(judge, "verdict: it is passed, and has a place where it failed");
	if (passed && verdict->failed > 0)
		return judge_wrong(judge, "verdict: it is passed, and %u failed", verdict->failed);
	if (verdict->verdict != VERDICT_FAILED)
		return true;
	if (verdict->failed == 0)
		return judge_wrong(judge, "verdict: it is failed, and no step is");
	if (verdict->source.file != NULL && (place != script->failed_place || strcmp(verdict->reason, script->failed_reason) != 0))
		return judge_wrong(judge, "verdict: its reason is not that of the first step that failed, in line %" PRIu64,
		                   script->failed_place >> 32);
	return true;
}

static bool take_verdict(struct judge *judge, const struct event_verdict *verdict)
{
	struct judge_script *script = &judge->script;

	/* Where nothing could be looked at, there is a verdict without a start. */
	bool ended_early = !script->open && (verdict->verdict == VERDICT_BROKEN || verdict->verdict == VERDICT_UNSUPPORTED);

	if (!script->open && !ended_early)
		return judge_wrong(judge, "verdict: it stands behind no script");
	if (!check_counts(judge, verdict) || !check_word(judge, verdict))
		return false;
	judge->verdicts[verdict->verdict] = true;
	judge->sourceless |= verdict->verdict != VERDICT_PASSED && verdict->source.file == NULL;
	script->resumed = verdict->verdict == VERDICT_UNSUPPORTED && verdict->source.file == NULL && !script->several;
	script->open = script->resumed;
	return true;
}

static bool take_note(struct judge *judge, const struct event_note *note)
{
	if (note->subject == NOTE_SCRIPT) {
		/* In a script it has a place there; what a shell or a look remarks has none. */
		if (judge->scripts && !judge->script.open && note->source.file != NULL)
			return judge_wrong(judge, "note: it stands in no script");
		return true;
	}
	if (!judge->looks)
		return judge_wrong(judge, "note: it is of a watched process, and there is none");
	if (note->from > note->to)
		return judge_wrong(judge, "note: it ends before it begins");
	if (note->to < judge->now)
		return judge_wrong(judge, "note: it is of a moment before that of the event before it");
	judge->now = note->to;
	return true;
}

static bool take_growth(struct judge *judge, const struct event_growth *growth)
{
	if (growth->runs == 0)
		return judge_wrong(judge, "growth: it was measured never");
	if (growth->doublings >= 64 || growth->from > UINT64_MAX >> growth->doublings || growth->from << growth->doublings != growth->to)
		return judge_wrong(judge, "growth: %u doublings do not lead from %" PRIu64 " to %" PRIu64, growth->doublings, growth->from,
		                   growth->to);
	if (growth->moves > growth->doublings)
		return judge_wrong(judge, "growth: it was moved more often than it grew");
	judge->differs |= !growth->kept;
	return true;
}

static bool take_cost(struct judge *judge, const struct event_cost *cost)
{
	if (cost->runs == 0 || cost->moves == 0)
		return judge_wrong(judge, "cost: it was measured never");
	if (cost->pages == 0 || cost->size % cost->pages != 0)
		return judge_wrong(judge, "cost: %" PRIu64 " bytes are not %" PRIu64 " pages", cost->size, cost->pages);
	judge->differs |= !cost->kept;
	return true;
}

/* Which exit statuses there can be behind these verdicts, or these differences. */
static bool may_end(const struct judge *judge, int status)
{
	const bool *had = judge->verdicts;

	switch (status) {
	case ENDS_WELL:
		if (judge->differs)
			return false;
		/* A shell at a terminal ends well, whatever failed. */
		return !had[VERDICT_BROKEN] && ((!had[VERDICT_FAILED] && !had[VERDICT_UNSUPPORTED]) || judge->sourceless);
	case ENDS_FAILED:
		return !had[VERDICT_BROKEN] && (had[VERDICT_FAILED] || judge->differs);
	case ENDS_UNSUPPORTED:
		return !had[VERDICT_BROKEN] && !had[VERDICT_FAILED] && had[VERDICT_UNSUPPORTED];
	case ENDS_USAGE:
		/* A shell goes on after a mistake. */
		return !had[VERDICT_BROKEN];
	default:
		return status == ENDS_BROKEN;
	}
}

static bool take_end(struct judge *judge, int status)
{
	const struct judge_script *script = &judge->script;

	if (status != ENDS_WELL && status != ENDS_FAILED && status != ENDS_USAGE && status != ENDS_BROKEN && status != ENDS_UNSUPPORTED)
		return judge_wrong(judge, "end: mmtool has no exit status %d", status);
	if (!may_end(judge, status))
		return judge_wrong(judge, "end: the exit status %d is not that of what was told before it", status);
	/* A record that could not be read further is told on up to there. */
	if (status == ENDS_BROKEN)
		return true;
	if (judge->snapshot.more)
		return judge_wrong(judge, "end: the last part of the snapshot is missing");
	if (script->open && !script->resumed && script->steps > 0)
		return judge_wrong(judge, "end: the script before it has no verdict");
	return true;
}

static bool take(struct judge *judge, const struct event *event)
{
	if (!take_kind(judge, (enum event_type)event->type))
		return false;
	if (judge->snapshot.more && event->type != EVENT_SNAPSHOT && event->type != EVENT_END && event->type != EVENT_NOTE)
		return judge_wrong(judge, "another event stands before the last part of a snapshot");
	switch ((enum event_type)event->type) {
	case EVENT_START:
		return take_start(judge, &event->start);
	case EVENT_STEP:
		return take_step(judge, &event->step);
	case EVENT_NOTE:
		return take_note(judge, &event->note);
	case EVENT_SNAPSHOT:
		return judge_snapshot(judge, &event->snapshot);
	case EVENT_DELTA:
		return judge_delta(judge, &event->delta);
	case EVENT_GROWTH:
		return take_growth(judge, &event->growth);
	case EVENT_COST:
		return take_cost(judge, &event->cost);
	case EVENT_VERDICT:
		return take_verdict(judge, &event->verdict);
	case EVENT_END:
		return take_end(judge, event->status);
	}
	return false;
}

const char *judge_event(struct judge *judge, const struct event *event)
{
	bool agrees = take(judge, event);

	judge->any = true;
	return agrees ? NULL : buf_text(&judge->problem);
}
