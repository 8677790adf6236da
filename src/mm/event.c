/* SPDX-License-Identifier: MIT */
/* The table of the events' fields. */
#include "mm/event.h"

#include "mm/event-field.h"

#include <string.h>

#define SIZE_OF(type, member) sizeof(((type *)0)->member)

/* ROW(kind, of, name, struct, member, when it is there). */
#define ROW(KIND, OF, NAME, TYPE, MEMBER, ...)                                                                        \
	{                                                                                                             \
		.name = NAME, .kind = FIELD_##KIND, .of = OF, .offset = offsetof(TYPE, MEMBER),                       \
		.size = (uint8_t)(SIZE_OF(TYPE, MEMBER) <= UINT8_MAX ? SIZE_OF(TYPE, MEMBER) : 0), __VA_ARGS__        \
	}
#define ALWAYS .optional = false
#define OPTIONAL .optional = true
#define OTHER(TYPE, MEMBER) .other = offsetof(TYPE, MEMBER), .other_size = (uint8_t)SIZE_OF(TYPE, MEMBER)
#define WHEN(TYPE, MEMBER, MASK) .guard = offsetof(TYPE, MEMBER), .guard_mask = MASK
#define WHEN_TRUE(TYPE, MEMBER) WHEN(TYPE, MEMBER, 1 << true)
#define WHEN_STEP(KIND) WHEN(struct event_step, kind, 1 << STEP_##KIND)
#define WHEN_WATCHED WHEN(struct event_note, subject, (uint8_t)~(1 << NOTE_SCRIPT))
#define NO_MEMBER(KIND, NAME) { .name = NAME, .kind = FIELD_##KIND }

#define START(kind, of, name, ...) ROW(kind, of, name, struct event_start, __VA_ARGS__)
#define STEP(kind, of, name, ...) ROW(kind, of, name, struct event_step, __VA_ARGS__)
#define NOTE(kind, of, name, ...) ROW(kind, of, name, struct event_note, __VA_ARGS__)
#define SNAPSHOT(kind, of, name, ...) ROW(kind, of, name, struct event_snapshot, __VA_ARGS__)
#define CHANGES(kind, of, name, ...) ROW(kind, of, name, struct event_delta, __VA_ARGS__)
#define GROWTH(kind, of, name, ...) ROW(kind, of, name, struct event_growth, __VA_ARGS__)
#define COST(kind, of, name, ...) ROW(kind, of, name, struct event_cost, __VA_ARGS__)
#define VERDICT(kind, of, name, ...) ROW(kind, of, name, struct event_verdict, __VA_ARGS__)
#define SOURCE(kind, of, name, ...) ROW(kind, of, name, struct event_source, __VA_ARGS__)
#define CALL(kind, of, name, ...) ROW(kind, of, name, struct event_call, __VA_ARGS__)
#define ARGUMENT(kind, of, name, ...) ROW(kind, of, name, struct event_arg, __VA_ARGS__)
#define FAULT(kind, of, name, ...) ROW(kind, of, name, struct event_fault, __VA_ARGS__)
#define CHECK(kind, of, name, ...) ROW(kind, of, name, struct event_check, __VA_ARGS__)
#define OPERAND(kind, of, name, ...) ROW(kind, of, name, struct event_operand, __VA_ARGS__)
#define TALLY(kind, of, name, ...) ROW(kind, of, name, struct event_tally, __VA_ARGS__)
#define DELTA(kind, of, name, ...) ROW(kind, of, name, struct delta, __VA_ARGS__)
#define LINE(kind, of, name, ...) ROW(kind, of, name, struct delta_line, __VA_ARGS__)
#define CHANGE(kind, of, name, ...) ROW(kind, of, name, struct change, __VA_ARGS__)
#define REGION(kind, of, name, ...) ROW(kind, of, name, struct region, __VA_ARGS__)
#define PAGES(kind, of, name, ...) ROW(kind, of, name, struct pages_change, __VA_ARGS__)
#define PAGE_REGION(kind, of, name, ...) ROW(kind, of, name, struct pages_region, __VA_ARGS__)
#define RUN(kind, of, name, ...) ROW(kind, of, name, struct page_run, __VA_ARGS__)
#define MAPPING(kind, of, name, ...) ROW(kind, of, name, struct mapping, __VA_ARGS__)
#define GAP(kind, of, name, ...) ROW(kind, of, name, struct event_gap, __VA_ARGS__)
#define TOTAL(kind, of, name, ...) ROW(kind, of, name, struct kind_total, __VA_ARGS__)
#define COUNTER(kind, of, name, ...) ROW(kind, of, name, struct event_counter, __VA_ARGS__)
#define DETAIL(kind, of, name, ...) ROW(kind, of, name, struct event_detail, __VA_ARGS__)
#define SMAPS(kind, of, name, ...) ROW(kind, of, name, struct event_smaps, __VA_ARGS__)
#define VMFLAG(kind, of, name, ...) ROW(kind, of, name, struct event_vmflag, __VA_ARGS__)

static const struct event_field start_fields[] = {
	NO_MEMBER(FORMAT, "format"),
	START(TEXT, 0, "name", name, ALWAYS),
	START(SIGNED, 0, "pid", pid, ALWAYS),
	START(BOOL, 0, "several", several, ALWAYS),
	START(MAPS, OBJECT_MAPPING, "maps", maps, OPTIONAL),
	START(RANGE, 0, "scratch", scratch_start, OTHER(struct event_start, scratch_end), OPTIONAL),
};

static const struct event_field step_fields[] = {
	STEP(WORD, WORDS_STEP, "kind", kind, ALWAYS),
	STEP(OBJECT, OBJECT_SOURCE, "source", source, ALWAYS),
	STEP(TEXT, 0, "process", process, OPTIONAL),
	STEP(SIGNED, 0, "pid", pid, ALWAYS),
	STEP(BOOL, 0, "ok", ok, ALWAYS),
	STEP(BOOL, 0, "checked", checked, ALWAYS),
	STEP(BOOL, 0, "looped", looped, ALWAYS),
	STEP(TEXT, 0, "reason", reason, OPTIONAL),
	STEP(OBJECT, OBJECT_CALL, "call", call, WHEN_STEP(CALL), OPTIONAL),
	STEP(TEXT, 0, "bound", bound, OPTIONAL),
	STEP(SIGNED, 0, "value", value, WHEN_TRUE(struct event_step, value_is_integer)),
	STEP(DERIVED, 0, "", value_is_integer, ALWAYS),
	STEP(TEXT, 0, "value_text", value_text, OPTIONAL),
	STEP(BOOL, 0, "value_varies", value_varies, OPTIONAL),
	STEP(LIST, OBJECT_FAULT, "faults", faults, OTHER(struct event_step, fault_count), OPTIONAL),
	STEP(NAMED, GROUP_SIGNAL, "death", death, OPTIONAL),
	STEP(OBJECT, OBJECT_CHECK, "check", check, WHEN_STEP(EXPECT)),
	STEP(UNSIGNED, 0, "passes", passes, WHEN_STEP(PASSES)),
	STEP(LIST, OBJECT_TALLY, "unshown", unshown, OTHER(struct event_step, unshown_count), OPTIONAL),
	STEP(BOOL, 0, "looked", looked, ALWAYS),
	STEP(BOOL, 0, "flags_looked", flags_looked, OPTIONAL),
	STEP(BEFORE, OBJECT_MAPPING, "before", before, WHEN_TRUE(struct event_step, looked)),
	STEP(DERIVED, 0, "", after, ALWAYS), /* before, with the delta's lines */
	STEP(POINTER, OBJECT_DELTA, "delta", delta, WHEN_TRUE(struct event_step, looked), OPTIONAL),
	STEP(OLD_REGIONS, OBJECT_REGION, "old_regions", old_regions, ALWAYS),
	STEP(SCRATCH, OBJECT_REGION, "old_scratch", old_regions, ALWAYS),
	STEP(REGIONS, OBJECT_REGION, "regions", new_regions, ALWAYS),
	STEP(SCRATCH, OBJECT_REGION, "scratch", new_regions, ALWAYS),
	STEP(POINTER, OBJECT_PAGES, "pages", pages, OPTIONAL),
	STEP(LIST, OBJECT_COUNTER, "counters", counters, OTHER(struct event_step, counter_count), OPTIONAL),
	STEP(BOOL, 0, "smaps_looked", smaps_looked, OPTIONAL),
	STEP(LIST, OBJECT_DETAIL, "details", details, OTHER(struct event_step, detail_count), OPTIONAL),
	STEP(TEXT, 0, "why", why, OPTIONAL),
	STEP(NAMES, EVENT_RULES, "why_rules", why_rules, OPTIONAL),
	STEP(TEXT, 0, "explain", explain, OPTIONAL),
};

static const struct event_field note_fields[] = {
	NOTE(OBJECT, OBJECT_SOURCE, "source", source, OPTIONAL),
	NOTE(TEXT, 0, "text", text, ALWAYS),
	NOTE(TEXT, 0, "symbolic", symbolic, OPTIONAL),
	NOTE(WORD, WORDS_NOTE, "about", subject, OPTIONAL),
	NOTE(SIGNED, 0, "pid", pid, OPTIONAL),
	NOTE(SIGNED, 0, "time", time, OPTIONAL),
	NOTE(UNSIGNED, 0, "from", from, WHEN_WATCHED),
	NOTE(UNSIGNED, 0, "to", to, WHEN_WATCHED),
	NOTE(UNSIGNED, 0, "interval", interval, OPTIONAL),
	NOTE(TEXT, 0, "command", command, OPTIONAL),
	NOTE(DERIVED, 0, "", exited, ALWAYS),
	NOTE(SIGNED, 0, "status", status, WHEN_TRUE(struct event_note, exited)),
	NOTE(NAMED, GROUP_SIGNAL, "signal", signal, OPTIONAL),
};

static const struct event_field snapshot_fields[] = {
	NO_MEMBER(FORMAT, "format"),
	SNAPSHOT(TEXT, 0, "name", name, ALWAYS),
	SNAPSHOT(SIGNED, 0, "pid", pid, OPTIONAL),
	SNAPSHOT(TEXT, 0, "command", command, OPTIONAL),
	SNAPSHOT(TEXT, 0, "program", program, OPTIONAL),
	SNAPSHOT(SIGNED, 0, "time", time, OPTIONAL),
	SNAPSHOT(UNSIGNED, 0, "interval", interval, OPTIONAL),
	SNAPSHOT(UNSIGNED, 0, "resident", resident, OPTIONAL),
	SNAPSHOT(UNSIGNED, 0, "part", part, ALWAYS),
	SNAPSHOT(BOOL, 0, "more", more, ALWAYS),
	SNAPSHOT(MAPS, OBJECT_MAPPING, "maps", maps, ALWAYS),
	SNAPSHOT(LIST, OBJECT_GAP, "gaps", gaps, OTHER(struct event_snapshot, gap_count), OPTIONAL),
	SNAPSHOT(LIST, OBJECT_SMAPS, "details", details, OTHER(struct event_snapshot, detail_count), OPTIONAL),
	SNAPSHOT(LIST, OBJECT_TOTAL, "totals", totals, OTHER(struct event_snapshot, total_count), OPTIONAL),
};

static const struct event_field changes_fields[] = {
	NO_MEMBER(FORMAT, "format"),
	CHANGES(TEXT, 0, "old_name", old_name, OPTIONAL),
	CHANGES(TEXT, 0, "new_name", new_name, OPTIONAL),
	CHANGES(TEXT, 0, "old_command", old_command, OPTIONAL),
	CHANGES(TEXT, 0, "new_command", new_command, OPTIONAL),
	CHANGES(SIGNED, 0, "pid", pid, OPTIONAL),
	CHANGES(SIGNED, 0, "old_time", old_time, OPTIONAL),
	CHANGES(SIGNED, 0, "time", time, OPTIONAL),
	CHANGES(DERIVED, 0, "", watched, ALWAYS),
	CHANGES(UNSIGNED, 0, "from", from, WHEN_TRUE(struct event_delta, watched)),
	CHANGES(UNSIGNED, 0, "to", to, WHEN_TRUE(struct event_delta, watched)),
	CHANGES(BOOL, 0, "flags_looked", flags_looked, OPTIONAL),
	CHANGES(UNSIGNED, 0, "old_resident", old_resident, OPTIONAL),
	CHANGES(UNSIGNED, 0, "resident", resident, OPTIONAL),
	CHANGES(UNSIGNED, 0, "old_mappings", old_mappings, OPTIONAL),
	CHANGES(UNSIGNED, 0, "new_mappings", new_mappings, OPTIONAL),
	CHANGES(UNSIGNED, 0, "old_bytes", old_bytes, OPTIONAL),
	CHANGES(UNSIGNED, 0, "new_bytes", new_bytes, OPTIONAL),
	CHANGES(BOOL, 0, "aligned", aligned, OPTIONAL),
	CHANGES(BOOL, 0, "regrouped", regrouped, OPTIONAL),
	CHANGES(POINTER, OBJECT_DELTA, "delta", delta, ALWAYS),
	CHANGES(DERIVED, 0, "", before, ALWAYS), /* snapshots that came before it in the stream, with the delta's lines */
	CHANGES(DERIVED, 0, "", after, ALWAYS),
};

static const struct event_field growth_fields[] = {
	NO_MEMBER(FORMAT, "format"),
	GROWTH(TEXT, 0, "way", way, ALWAYS),
	GROWTH(UNSIGNED, 0, "from", from, ALWAYS),
	GROWTH(UNSIGNED, 0, "to", to, ALWAYS),
	GROWTH(UNSIGNED, 0, "doublings", doublings, ALWAYS),
	GROWTH(UNSIGNED, 0, "runs", runs, ALWAYS),
	GROWTH(BOOL, 0, "touched", touched, ALWAYS),
	GROWTH(BOOL, 0, "one_processor", one_processor, ALWAYS),
	GROWTH(UNSIGNED, 0, "moves", moves, ALWAYS),
	GROWTH(UNSIGNED, 0, "copied", copied, ALWAYS),
	GROWTH(UNSIGNED, 0, "faults", faults, ALWAYS),
	GROWTH(UNSIGNED, 0, "cpu", cpu, ALWAYS),
	GROWTH(UNSIGNED, 0, "elapsed", elapsed, ALWAYS),
	GROWTH(BOOL, 0, "kept", kept, ALWAYS),
};

static const struct event_field cost_fields[] = {
	NO_MEMBER(FORMAT, "format"),
	COST(TEXT, 0, "way", way, ALWAYS),
	COST(UNSIGNED, 0, "size", size, ALWAYS),
	COST(UNSIGNED, 0, "pages", pages, ALWAYS),
	COST(UNSIGNED, 0, "runs", runs, ALWAYS),
	COST(UNSIGNED, 0, "moves", moves, ALWAYS),
	COST(BOOL, 0, "one_processor", one_processor, ALWAYS),
	COST(UNSIGNED, 0, "cpu", cpu, ALWAYS),
	COST(BOOL, 0, "kept", kept, ALWAYS),
};

static const struct event_field verdict_fields[] = {
	VERDICT(WORD, WORDS_VERDICT, "verdict", verdict, ALWAYS),
	VERDICT(UNSIGNED, 0, "steps", steps, ALWAYS),
	VERDICT(UNSIGNED, 0, "checks", checks, ALWAYS),
	VERDICT(UNSIGNED, 0, "failed", failed, ALWAYS),
	VERDICT(OBJECT, OBJECT_SOURCE, "source", source, OPTIONAL),
	VERDICT(TEXT, 0, "reason", reason, OPTIONAL),
};

static const struct event_field end_fields[] = {
	{ .name = "status", .kind = FIELD_SIGNED, .size = sizeof(int) },
};

static const struct event_field source_fields[] = {
	SOURCE(TEXT, 0, "file", file, ALWAYS),
	SOURCE(UNSIGNED, 0, "line", line, ALWAYS),
	SOURCE(UNSIGNED, 0, "column", column, ALWAYS),
	SOURCE(BYTES, 0, "text", text, OTHER(struct event_source, text_len)),
	SOURCE(DERIVED, 0, "", text_len, ALWAYS),
};

static const struct event_field call_fields[] = {
	CALL(TEXT, 0, "name", name, ALWAYS),
	CALL(ARRAY, OBJECT_ARGUMENT, "args", args, OTHER(struct event_call, count)),
	CALL(DERIVED, 0, "", count, ALWAYS),
	CALL(UNSIGNED, 0, "left_out", left_out, OPTIONAL),
	CALL(RESULT, 0, "result", result, OTHER(struct event_call, result_kind), WHEN_TRUE(struct event_call, answered)),
	CALL(WORD, WORDS_RESULT, "result_kind", result_kind, OPTIONAL),
	CALL(DERIVED, 0, "", answered, ALWAYS),
	CALL(NAMED, GROUP_ERRNO, "errno", error, WHEN_TRUE(struct event_call, answered), OPTIONAL),
	CALL(SIGNED, 0, "errno_number", error, WHEN_TRUE(struct event_call, answered), OPTIONAL),
	CALL(BOOL, 0, "system", is_system, ALWAYS),
	CALL(BOOL, 0, "performed", performed, ALWAYS),
	CALL(BOOL, 0, "injected", injected, ALWAYS),
	CALL(BOOL, 0, "changes_maps", changes_maps, ALWAYS),
};

static const struct event_field argument_fields[] = {
	ARGUMENT(CHARS, 0, "name", kind.name, ALWAYS),
	ARGUMENT(WORD, WORDS_ARG, "kind", kind.kind, ALWAYS),
	ARGUMENT(WORD, WORDS_GROUP, "group", kind.group, OPTIONAL),
	ARGUMENT(BOOL, 0, "varies", varies, OPTIONAL),
	ARGUMENT(VALUE, 0, "value", value, OTHER(struct event_arg, kind)),
	ARGUMENT(BYTES, 0, "string", string, OTHER(struct event_arg, string_len), OPTIONAL),
	ARGUMENT(DERIVED, 0, "", string_len, ALWAYS),
	NO_MEMBER(ARG_TEXT, "text"),
};

static const struct event_field fault_fields[] = {
	FAULT(NAMED, GROUP_SIGNAL, "signal", signo, ALWAYS),
	FAULT(NAMED, GROUP_FAULT, "code", code, ALWAYS),
	FAULT(ADDRESS, 0, "address", address, WHEN_TRUE(struct event_fault, has_address)),
	FAULT(DERIVED, 0, "", has_address, ALWAYS),
	FAULT(BOOL, 0, "varies", varies, OPTIONAL),
	FAULT(BOOL, 0, "fatal", fatal, ALWAYS),
};

static const struct event_field check_fields[] = {
	CHECK(BOOL, 0, "held", held, ALWAYS),
	CHECK(DERIVED, 0, "", compared, ALWAYS),
	CHECK(OBJECT, OBJECT_OPERAND, "left", left, WHEN_TRUE(struct event_check, compared)),
	CHECK(OBJECT, OBJECT_OPERAND, "right", right, WHEN_TRUE(struct event_check, compared)),
	CHECK(TEXT, 0, "message", message, OPTIONAL),
};

static const struct event_field operand_fields[] = {
	OPERAND(BYTES, 0, "text", text, OTHER(struct event_operand, text_len)),
	OPERAND(DERIVED, 0, "", text_len, ALWAYS),
	OPERAND(TEXT, 0, "value", value, ALWAYS),
	OPERAND(BOOL, 0, "varies", varies, OPTIONAL),
};

static const struct event_field tally_fields[] = {
	TALLY(OBJECT, OBJECT_SOURCE, "source", source, ALWAYS),
	TALLY(TEXT, 0, "process", process, OPTIONAL),
	TALLY(UNSIGNED, 0, "count", count, ALWAYS),
};

static const struct event_field delta_fields[] = {
	DELTA(LIST, OBJECT_LINE, "lines", lines, OTHER(struct delta, line_count)),
	DELTA(LIST, OBJECT_CHANGE, "changes", changes, OTHER(struct delta, change_count)),
};

static const struct event_field line_fields[] = {
	LINE(CHAR, 0, "sign", sign, ALWAYS),
	LINE(INLINE, OBJECT_MAPPING, "", mapping, ALWAYS),
	LINE(SIGNED, 0, "shift", shift, OPTIONAL),
};

static const struct event_field change_fields[] = {
	CHANGE(WORD, WORDS_CHANGE, "kind", kind, ALWAYS),
	CHANGE(NAMES, CHANGE_NAMES, "names", names, ALWAYS),
	CHANGE(RANGE, 0, "old", old_start, OTHER(struct change, old_end), OPTIONAL),
	CHANGE(RANGE, 0, "new", new_start, OTHER(struct change, new_end), OPTIONAL),
	CHANGE(POINTER, OBJECT_MAPPING, "before", before, OPTIONAL),
	CHANGE(POINTER, OBJECT_MAPPING, "after", after, OPTIONAL),
	CHANGE(UNSIGNED, 0, "parts", parts, OPTIONAL),
	CHANGE(BOOL, 0, "told", told, OPTIONAL),
	CHANGE(SIGNED, 0, "shift", shift, OPTIONAL),
	CHANGE(TEXT, 0, "place", place, OPTIONAL),
	CHANGE(FLAGS, 0, "gained", flags_gained, OPTIONAL),
	CHANGE(FLAGS, 0, "lost", flags_lost, OPTIONAL),
	NO_MEMBER(SENTENCE, "text"),
};

static const struct event_field region_fields[] = {
	REGION(TEXT, 0, "name", name, ALWAYS),
	REGION(UNSIGNED, 0, "id", id, ALWAYS),
	REGION(ADDRESS, 0, "start", start, ALWAYS),
	REGION(UNSIGNED, 0, "size", size, ALWAYS),
	REGION(UNSIGNED, 0, "cut", cut, OPTIONAL),
	{ .name = "mappings", .kind = FIELD_COVER, .of = OBJECT_MAPPING },
};

static const struct event_field mapping_fields[] = {
	MAPPING(BYTES, 0, "line", line, OTHER(struct mapping, line_len)),
	MAPPING(DERIVED, 0, "", line_len, ALWAYS),
	MAPPING(ADDRESS, 0, "start", start, ALWAYS),
	MAPPING(ADDRESS, 0, "end", end, ALWAYS),
	MAPPING(LENGTH, 0, "size", start, OTHER(struct mapping, end)),
	MAPPING(CHARS, 0, "perms", perms, ALWAYS),
	MAPPING(UNSIGNED, 0, "offset", offset, ALWAYS),
	MAPPING(DEVICE, 0, "dev", major, OTHER(struct mapping, minor)),
	MAPPING(UNSIGNED, 0, "inode", inode, ALWAYS),
	MAPPING(BYTES, 0, "name", name, OTHER(struct mapping, name_len)),
	MAPPING(DERIVED, 0, "", name_len, ALWAYS),
};

static const struct event_field pages_fields[] = {
	PAGES(UNSIGNED, 0, "page_size", page_size, ALWAYS),
	PAGES(FLAGS, 0, "hidden", hidden, OPTIONAL),
	PAGES(LIST, OBJECT_PAGE_REGION, "regions", regions, OTHER(struct pages_change, region_count)),
};

static const struct event_field page_region_fields[] = {
	PAGE_REGION(TEXT, 0, "name", name, ALWAYS),
	PAGE_REGION(UNSIGNED, 0, "id", id, ALWAYS),
	PAGE_REGION(ADDRESS, 0, "start", start, ALWAYS),
	PAGE_REGION(UNSIGNED, 0, "size", size, ALWAYS),
	PAGE_REGION(UNSIGNED, 0, "cut", cut, OPTIONAL),
	PAGE_REGION(BOOL, 0, "changed", changed, ALWAYS),
	PAGE_REGION(LIST, OBJECT_PAGE_RUN, "runs", runs, OTHER(struct pages_region, run_count)),
};

static const struct event_field page_run_fields[] = {
	RUN(UNSIGNED, 0, "offset", offset, ALWAYS),
	RUN(UNSIGNED, 0, "count", count, ALWAYS),
	RUN(WORD, WORDS_PAGE, "page", kind, ALWAYS),
	RUN(WORD, WORDS_PAGE, "was", was, WHEN_TRUE(struct page_run, compared)),
	RUN(DERIVED, 0, "", compared, ALWAYS),
	RUN(WORD, WORDS_FRAME, "frame", frame, OPTIONAL),
	RUN(BOOL, 0, "huge", huge, OPTIONAL),
	RUN(BOOL, 0, "locked", locked, OPTIONAL),
	RUN(BOOL, 0, "shared", shared, OPTIONAL),
};

static const struct event_field gap_fields[] = {
	GAP(ADDRESS, 0, "start", start, ALWAYS),
	GAP(ADDRESS, 0, "end", end, ALWAYS),
	GAP(LENGTH, 0, "size", start, OTHER(struct event_gap, end)),
};

static const struct event_field total_fields[] = {
	TOTAL(WORD, WORDS_KIND, "kind", kind, ALWAYS),
	TOTAL(UNSIGNED, 0, "mappings", mappings, ALWAYS),
	TOTAL(UNSIGNED, 0, "size", size, ALWAYS),
	TOTAL(UNSIGNED, 0, "resident", resident, OPTIONAL),
};

static const struct event_field counter_fields[] = {
	COUNTER(TEXT, 0, "name", name, ALWAYS),
	COUNTER(WORD, WORDS_UNIT, "unit", unit, ALWAYS),
	COUNTER(BOOL, 0, "system_wide", system_wide, OPTIONAL),
	COUNTER(BOOL, 0, "approximate", approximate, OPTIONAL),
	COUNTER(BOOL, 0, "varies", varies, OPTIONAL),
	COUNTER(UNSIGNED, 0, "before", before, WHEN_TRUE(struct event_counter, has_before)),
	COUNTER(UNSIGNED, 0, "after", after, WHEN_TRUE(struct event_counter, has_after)),
	COUNTER(DERIVED, 0, "", has_before, ALWAYS),
	COUNTER(DERIVED, 0, "", has_after, ALWAYS),
	COUNTER(UNSIGNED, 0, "own", own, OPTIONAL),
};

static const struct event_field detail_fields[] = {
	DETAIL(TEXT, 0, "name", name, ALWAYS),
	DETAIL(UNSIGNED, 0, "old_size", old_size, OPTIONAL),
	DETAIL(UNSIGNED, 0, "size", size, OPTIONAL),
	DETAIL(POINTER, OBJECT_SMAPS, "before", before, OPTIONAL),
	DETAIL(POINTER, OBJECT_SMAPS, "after", after, OPTIONAL),
};

#define FIGURE(ID, NAME, WORD, KIND)                                                                              \
	SMAPS(UNSIGNED, 0, WORD, figures[SMAPS_##ID], WHEN_TRUE(struct event_smaps, present[SMAPS_##ID])), \
	SMAPS(DERIVED, 0, "", present[SMAPS_##ID], ALWAYS),

static const struct event_field smaps_fields[] = {
	SMAPS(ADDRESS, 0, "start", start, ALWAYS),
	SMAPS(ADDRESS, 0, "end", end, ALWAYS),
	SMAPS(UNSIGNED, 0, "mappings", mappings, ALWAYS),
	SMAPS_FIGURES(FIGURE)
	SMAPS(LIST, OBJECT_VMFLAG, "flags", flags, OTHER(struct event_smaps, flag_count), OPTIONAL),
};

static const struct event_field vmflag_fields[] = {
	VMFLAG(TEXT, 0, "flag", flag, ALWAYS),
	VMFLAG(TEXT, 0, "words", words, OPTIONAL),
	VMFLAG(BOOL, 0, "partly", partly, OPTIONAL),
};

#define SHAPE(NAME, TYPE, FIELDS) { NAME, sizeof(TYPE), FIELDS, sizeof(FIELDS) / sizeof((FIELDS)[0]) }

const struct event_shape event_shapes[OBJECT_COUNT] = {
	[OBJECT_START] = SHAPE("start", struct event_start, start_fields),
	[OBJECT_STEP] = SHAPE("step", struct event_step, step_fields),
	[OBJECT_NOTE] = SHAPE("note", struct event_note, note_fields),
	[OBJECT_SNAPSHOT] = SHAPE("snapshot", struct event_snapshot, snapshot_fields),
	[OBJECT_CHANGES] = SHAPE("delta", struct event_delta, changes_fields),
	[OBJECT_GROWTH] = SHAPE("growth", struct event_growth, growth_fields),
	[OBJECT_COST] = SHAPE("cost", struct event_cost, cost_fields),
	[OBJECT_VERDICT] = SHAPE("verdict", struct event_verdict, verdict_fields),
	[OBJECT_END] = SHAPE("end", int, end_fields),
	[OBJECT_SOURCE] = SHAPE("source", struct event_source, source_fields),
	[OBJECT_CALL] = SHAPE("call", struct event_call, call_fields),
	[OBJECT_ARGUMENT] = SHAPE("argument", struct event_arg, argument_fields),
	[OBJECT_FAULT] = SHAPE("fault", struct event_fault, fault_fields),
	[OBJECT_CHECK] = SHAPE("check", struct event_check, check_fields),
	[OBJECT_OPERAND] = SHAPE("operand", struct event_operand, operand_fields),
	[OBJECT_TALLY] = SHAPE("tally", struct event_tally, tally_fields),
	[OBJECT_DELTA] = SHAPE("difference", struct delta, delta_fields),
	[OBJECT_LINE] = SHAPE("line", struct delta_line, line_fields),
	[OBJECT_CHANGE] = SHAPE("change", struct change, change_fields),
	[OBJECT_REGION] = SHAPE("region", struct region, region_fields),
	[OBJECT_MAPPING] = SHAPE("mapping", struct mapping, mapping_fields),
	[OBJECT_PAGES] = SHAPE("pages", struct pages_change, pages_fields),
	[OBJECT_PAGE_REGION] = SHAPE("page_region", struct pages_region, page_region_fields),
	[OBJECT_PAGE_RUN] = SHAPE("page_run", struct page_run, page_run_fields),
	[OBJECT_GAP] = SHAPE("gap", struct event_gap, gap_fields),
	[OBJECT_TOTAL] = SHAPE("total", struct kind_total, total_fields),
	[OBJECT_COUNTER] = SHAPE("counter", struct event_counter, counter_fields),
	[OBJECT_DETAIL] = SHAPE("detail", struct event_detail, detail_fields),
	[OBJECT_SMAPS] = SHAPE("smaps", struct event_smaps, smaps_fields),
	[OBJECT_VMFLAG] = SHAPE("vmflag", struct event_vmflag, vmflag_fields),
};

struct event_view event_step_view(const struct event_step *step)
{
	return (struct event_view){ step->looked ? step->delta : NULL, step->before, step->after, step->old_regions,
		                    step->new_regions };
}

struct event_view event_view(const struct event *event)
{
	const struct event_delta *delta = &event->delta;

	if (event->type == EVENT_STEP)
		return event_step_view(&event->step);
	if (event->type == EVENT_DELTA)
		return (struct event_view){ delta->delta, delta->before, delta->after, NULL, NULL };
	return (struct event_view){ 0 };
}

size_t event_offset(enum event_type type)
{
	static const uint16_t offsets[] = {
		[EVENT_START] = offsetof(struct event, start),     [EVENT_STEP] = offsetof(struct event, step),
		[EVENT_NOTE] = offsetof(struct event, note),       [EVENT_SNAPSHOT] = offsetof(struct event, snapshot),
		[EVENT_DELTA] = offsetof(struct event, delta),     [EVENT_GROWTH] = offsetof(struct event, growth),
		[EVENT_COST] = offsetof(struct event, cost),       [EVENT_VERDICT] = offsetof(struct event, verdict),
		[EVENT_END] = offsetof(struct event, status),
	};

	return offsets[type];
}

enum { MOST_WORDS = GROUP_COUNT };

static const char words[WORDS_COUNT][MOST_WORDS][13] = {
	[WORDS_TYPE] = { "start", "step", "note", "snapshot", "delta", "growth", "cost", "verdict", "end" },
	[WORDS_STEP] = { "call", "bind", "store", "expect", "require", "passes", "other" },
	[WORDS_NOTE] = { "script", "interval", "exec", "exit", "leaving" },
	[WORDS_VERDICT] = { "passed", "failed", "unsupported", "broken" },
	[WORDS_KIND] = { "anonymous", "heap", "stack", "shared_anon", "huge_anon", "sysv", "memfd", "shmem", "private_file", "shared_file",
	                 "special" },
	[WORDS_ARG] = { "int", "fd", "size", "offset", "address", "hex", "mode", "flags", "string", "buffer", "place",
	                "dirfd", "rlimit" },
	[WORDS_GROUP] = { "none", "prot", "map", "mremap", "madv", "ms", "mcl", "mlock", "open", "open_flags", "fcntl",
	                  "seal", "mfd", "falloc", "fadv", "key", "ipc", "shm", "shmctl", "pr", "pr_vma", "pr_mm",
	                  "pkey", "uffd", "uffdio", "rlimit", "errno", "signal", "fault", "other" },
	[WORDS_RESULT] = { "int", "address", "id" },
	[WORDS_UNIT] = { "bytes", "count" },
};

const char *event_word(enum event_words list, unsigned value)
{
	if (list == WORDS_CHANGE)
		return value <= CHANGE_FLAGGED ? change_kind_name((enum change_kind)value) : NULL;
	if (list == WORDS_PAGE || list == WORDS_FRAME)
		return list == WORDS_PAGE ? page_kind_word(value) : page_frame_word(value);
	return value < MOST_WORDS && words[list][value][0] != '\0' ? words[list][value] : NULL;
}

uint64_t event_unsigned(const void *member, size_t size)
{
	uint64_t wide;
	uint32_t word;
	uint16_t half;

	switch (size) {
	case 1:
		return *(const uint8_t *)member;
	case 2:
		memcpy(&half, member, 2);
		return half;
	case 4:
		memcpy(&word, member, 4);
		return word;
	default:
		memcpy(&wide, member, 8);
		return wide;
	}
}

int64_t event_signed(const void *member, size_t size)
{
	return size == 4 ? (int32_t)event_unsigned(member, 4) : (int64_t)event_unsigned(member, 8);
}

/* Whether a field of any kind holds nothing. */
static bool is_empty(const struct event_field *field, const char *object)
{
	const char *member = object + field->offset;

	switch ((enum field_kind)field->kind) {
	case FIELD_OBJECT:
	case FIELD_TEXT:
	case FIELD_BYTES:
	case FIELD_POINTER:
	case FIELD_NAMES:
	case FIELD_MAPS:
		return *(const void *const *)(const void *)member == NULL;
	case FIELD_FLAGS:
		return *member == '\0';
	case FIELD_LIST:
		return event_unsigned(object + field->other, field->other_size) == 0;
	case FIELD_RANGE:
		return event_unsigned(member, 8) == 0 && event_unsigned(object + field->other, 8) == 0;
	default:
		return event_unsigned(member, field->size) == 0;
	}
}

bool event_field_present(const struct event_field *field, const void *object)
{
	const char *at = object;

	if (field->guard_mask != 0 && (field->guard_mask >> *(const uint8_t *)(at + field->guard) & 1) == 0)
		return false;
	if (field->kind == FIELD_DERIVED)
		return false;
	/* A string in an argument's place has no number of its own. */
	if (field->kind == FIELD_VALUE)
		return ((const struct event_arg *)object)->string == NULL;
	return !field->optional || !is_empty(field, at);
}
