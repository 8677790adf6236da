/* SPDX-License-Identifier: MIT */
/* The functions of the language: of memory, by real loads, and of the kernel's books, by reading them. */
#include "run/machine.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static bool give(struct value *value, int64_t number)
{
	*value = (struct value){ .integer = number };
	return true;
}

/* An address, or a count since some start. */
static bool give_shifted(struct value *value, int64_t number)
{
	*value = (struct value){ .integer = number, .steadiness = SHIFTED };
	return true;
}

static bool give_noisy(struct value *value, int64_t number)
{
	*value = (struct value){ .integer = number, .steadiness = NOISY };
	return true;
}

static bool give_text(struct machine *m, struct value *value, const char *text, size_t len)
{
	*value = (struct value){ .is_string = true, .text = arena_string(&m->temp, text, len), .len = len };
	return true;
}

/* -1p is the last page on a 32-bit machine, too. */
static uint64_t address(const struct value *value)
{
	int64_t number = value->integer;

	return number < 0 && number >= INTPTR_MIN ? (uintptr_t)number : (uint64_t)number;
}

/* [addr, addr + len), refused when it runs past the address space; it may end where that ends. */
static bool range(struct machine *m, const char *function, const struct value *addr, const struct value *len)
{
	/* A negative address runs past the end where 64 bits do, whatever a word has. */
	uint64_t last = (uint64_t)addr->integer;

	if (len->integer < 0)
		return machine_fail(m, "%s: the length is negative: %" PRId64, function, len->integer);
	if (address(addr) > UINTPTR_MAX || (len->integer > 0 && __builtin_add_overflow(last, (uint64_t)len->integer - 1, &last)))
		return machine_fail(m, "%s: the range runs past the end of the address space", function);
	return true;
}

static bool text(struct machine *m, const struct value *args, struct value *value)
{
	machine_request(EXEC_TEXT)->args[0] = address(&args[0]);
	const struct exec_reply *reply = machine_ask(m);

	if (reply == NULL)
		return false;
	if (reply->result < 0)
		return machine_fail(m, "text: no zero byte within the first %d bytes", EXEC_DATA);
	machine_accessed(m, address(&args[0]), (uint64_t)reply->len + 1);
	return give_text(m, value, reply->data, reply->len);
}

static bool filled(struct machine *m, const char *name, const struct value *addr, int64_t byte,
                   const struct value *len, struct value *value)
{
	if (!range(m, name, addr, len))
		return false;
	struct exec_request *request = machine_request(EXEC_FILLED);

	request->args[0] = address(addr);
	request->args[1] = (uint64_t)byte;
	request->args[2] = (uint64_t)len->integer;
	const struct exec_reply *reply = machine_ask(m);

	if (reply == NULL)
		return false;
	machine_accessed(m, address(addr), (uint64_t)len->integer);
	return give(value, reply->result);
}

/* Where a hole of len bytes would be: the middle of the widest gap, on a boundary that no alignment rule minds. */
static bool find_hole(const struct maps *maps, uint64_t page, uint64_t len, uint64_t *start)
{
	struct maps_place last = maps_place(maps, UINT64_MAX);
	uint64_t align = UINT64_C(1) << 30, best_start;

	/* The gap below [vsyscall] is the non-canonical hole and the kernel's half. */
	while (maps_backward(&last) && last.at->start >> 63 != 0)
		;
	uint64_t best = maps_widest_gap(maps, last.at != NULL ? last.at->start : 0, &best_start);

	if (best / 4 < len)
		return false;
	while (align > page && best / 4 < align)
		align >>= 1;
	*start = (best_start + best / 2 - len / 2) & ~(align - 1);
	return *start >= best_start && *start + len <= best_start + best;
}

static bool hole(struct machine *m, const struct value *len, struct value *value)
{
	const struct maps *maps = machine_maps(m);
	uint64_t size = (uint64_t)len->integer, start;

	if (maps == NULL)
		return false;
	if (len->integer <= 0)
		return machine_fail(m, "hole: the length must be positive: %" PRId64, len->integer);
	for (size_t i = 0; i < m->hole_count; i++) {
		if (m->holes[i].len == size && maps_mapped(maps, m->holes[i].start, size, NULL) == 0)
			return give_shifted(value, (int64_t)m->holes[i].start);
	}
	if (!find_hole(maps, m->page, size, &start))
		return machine_fail(m, "hole: there is no free range of %" PRIu64 " bytes far from every mapping", size);
	m->holes = alloc_grow(m->holes, &m->hole_cap, m->hole_count + 1, sizeof(*m->holes));
	m->holes[m->hole_count++] = (struct hole){ start, size };
	return give_shifted(value, (int64_t)start);
}

/* The fields of a maps line. */
static bool line_field(struct machine *m, enum function_id id, const struct value *args, struct value *value)
{
	const struct maps *maps = machine_maps(m);

	if (maps == NULL)
		return false;
	const struct mapping *mapping = maps_find(maps, address(&args[0]));

	switch (id) {
	case FN_PERMS:
		return give_text(m, value, mapping != NULL ? mapping->perms : "", mapping != NULL ? 4 : 0);
	case FN_PATHNAME:
		return mapping != NULL ? give_text(m, value, mapping->name, mapping->name_len)
		                       : give_text(m, value, "", 0);
	case FN_START:
		return give_shifted(value, mapping != NULL ? (int64_t)mapping->start : 0);
	case FN_END:
		return give_shifted(value, mapping != NULL ? (int64_t)mapping->end : 0);
	default:
		return give(value, mapping != NULL ? (int64_t)mapping->offset : 0);
	}
}

/* Where it is not the file that cannot be read, but the tool that cannot read, it is no answer to what the script expects. */
static bool cannot_read(struct machine *m, const char *name, const char *what, int error)
{
	static const int ours[] = { EMFILE, ENFILE, ENOMEM, ENOBUFS, EIO };
	const char *call = m->here->observer.unopened ? "opened" : "read";

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		m->broken |= error == -ours[i];
	return machine_fail(m, what[0] != '\0' ? "%s: \"%s\" cannot be %s: %s" : "%s:%s cannot be %s: %s", name, what, call,
	                    strerror(-error));
}

static bool resident(struct machine *m, const struct maps *maps, uint64_t start, uint64_t len, struct value *value)
{
	const uint64_t since = clock_ms();
	int64_t sum = 0;

	/* Mapping by mapping: a wide hole has no pages to ask for. */
	for (struct maps_place place = maps_place(maps, start); place.at != NULL; maps_forward(&place)) {
		const struct mapping *at = place.at;
		uint64_t from = at->start > start ? at->start : start;
		uint64_t to = at->end - start < len ? at->end : start + len;
		int64_t bytes = 0;

		if (from >= to)
			break;
		int error = observer_resident(&m->here->observer, from, to - from, &m->options->limits, since, &bytes);

		if (error == -ETIME)
			return machine_fail(m, "resident: to look at all pages of the range took longer than %g seconds (--timeout)",
			                    m->options->limits.timeout_ms / 1000.0);
		if (error == -EINTR)
			return machine_fail(m, "interrupted");
		if (error < 0)
			return cannot_read(m, "resident", "pagemap", error);
		sum += bytes;
	}
	return give(value, sum);
}

static bool range_field(struct machine *m, enum function_id id, const char *name, const struct value *args,
                        struct value *value)
{
	const struct maps *maps = machine_maps(m);
	uint64_t start = address(&args[0]), len = (uint64_t)args[1].integer;
	size_t touching;

	if (maps == NULL || !range(m, name, &args[0], &args[1]))
		return false;
	if (id == FN_RESIDENT)
		return resident(m, maps, start, len, value);
	uint64_t bytes = maps_mapped(maps, start, len, &touching);
	const struct mapping *mapping = maps_find(maps, start);

	if (id == FN_MAPPED)
		return give(value, (int64_t)bytes);
	if (id == FN_VMAS)
		return give(value, (int64_t)touching);
	return give(value, mapping != NULL && mapping->start == start && mapping->end == start + len);
}

/* The outcome of reading one of the kernel's files. */
static bool book(struct machine *m, const char *name, const struct value *field, int error, int64_t number,
                 struct value *value)
{
	const char *what = field != NULL ? field->text : "";

	if (error == -EFAULT)
		number = 0; /* nothing is mapped there */
	else if (error == -ENODATA && strcmp(name, "sysctl") == 0)
		return machine_fail(m, "sysctl: \"%s\" holds no number", what);
	else if (error == -ENODATA)
		return machine_fail(m, "%s: this kernel has no such field: \"%s\"", name, what);
	else if (error < 0)
		return cannot_read(m, name, what, error);
	return give(value, number);
}

static bool page_frame(struct machine *m, const struct value *args, struct value *value)
{
	int64_t number = 0;
	int error = observer_pfn(&m->here->observer, address(&args[0]), &number);

	if (error < 0)
		return cannot_read(m, "pfn", "pagemap", error);
	if (number != 0)
		return give_noisy(value, number);
	*value = (struct value){ .hidden = error > 0 };
	return true;
}

static bool begins(const char *field, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strncmp(field, words[i], strlen(words[i])) == 0)
			return true;
	}
	return false;
}

/* Of the numbers in the kernel's books most are the script's own; these depend on what else the machine does. */
static enum steadiness steadiness_of(enum function_id id, const char *field)
{
	static const char *const firm[] = { "MemTotal", "SwapTotal", "CommitLimit", "VmallocTotal", "Huge" };
	static const char *const counted[] = { "VmPeak", "VmSize", "VmData", "VmStk", "VmExe", "VmLib", "VmPTE" };
	static const char *const noisy[] = { "VmRSS", "VmHWM", "Rss", "Pid", "PPid", "Tgid", "Ngid", "NS", "voluntary",
		                             "nonvoluntary" };

	switch (id) {
	case FN_MINFLT:
	case FN_MAJFLT:
		return SHIFTED;
	case FN_MEMINFO:
		return begins(field, firm, sizeof(firm) / sizeof(firm[0])) ? STEADY : NOISY;
	case FN_STATUS:
		if (begins(field, counted, sizeof(counted) / sizeof(counted[0])))
			return SHIFTED;
		return begins(field, noisy, sizeof(noisy) / sizeof(noisy[0])) ? NOISY : STEADY;
	default:
		return STEADY;
	}
}

static bool books(struct machine *m, const struct function *function, const struct value *args, struct value *value)
{
	struct observer *observer = &m->here->observer;
	const struct value *field = &args[0];
	int64_t number = 0;
	int error;

	switch ((enum function_id)function->id) {
	case FN_SMAPS:
		field = &args[1];
		error = observer_smaps(observer, address(&args[0]), field->text, &number);
		break;
	case FN_VMFLAG:
		field = &args[1];
		error = observer_vmflag(observer, address(&args[0]), field->text, &number);
		break;
	case FN_STATUS:
		error = observer_status(observer, field->text, &number);
		break;
	case FN_MEMINFO:
		error = observer_meminfo(observer, field->text, &number);
		break;
	case FN_SYSCTL:
		error = observer_sysctl(observer, field->text, &number);
		break;
	default:
		field = NULL;
		error = observer_faults(observer, function->id == FN_MAJFLT, &number);
	}
	if (!book(m, function->name, field, error, number, value))
		return false;
	value->steadiness = (uint8_t)steadiness_of(function->id, field != NULL ? field->text : "");
	return true;
}

/* What is asked of the process itself; of the whole machine one can ask when it has died as well. */
static bool is_of_process(const struct function *function)
{
	return function->id != FN_MEMINFO && function->id != FN_SYSCTL && function->id != FN_OOM_KILLS &&
	       function->id != FN_GETPID;
}

static bool call(struct machine *m, const struct function *function, const struct value *args, struct value *value)
{
	switch ((enum function_id)function->id) {
	case FN_TEXT:
		return text(m, args, value);
	case FN_ZERO:
		return filled(m, "zero", &args[0], 0, &args[1], value);
	case FN_FILLED:
		return filled(m, "filled", &args[0], args[1].integer, &args[2], value);
	case FN_HOLE:
		return hole(m, &args[0], value);
	case FN_PERMS:
	case FN_START:
	case FN_END:
	case FN_OFFSET:
	case FN_PATHNAME:
		return line_field(m, function->id, args, value);
	case FN_MAPPED:
	case FN_VMAS:
	case FN_VMA:
	case FN_RESIDENT:
		return range_field(m, function->id, function->name, args, value);
	case FN_PFN:
		return page_frame(m, args, value);
	case FN_OOM_KILLS:
		return give(value, 0) && confine_oom_kills(m, &value->integer);
	case FN_GETPID:
		return give_noisy(value, m->here->process.pid);
	default:
		return books(m, function, args, value);
	}
}

bool function_call(struct machine *m, const struct function *function, const struct value *args, struct value *value)
{
	m->address_varies = function->count > 0 && args[0].steadiness != STEADY;
	if (!is_of_process(function))
		return call(m, function, args, value);
	if (m->here->process.dead)
		return machine_fail(m, "%s: the process has died", function->name);
	bool known = call(m, function, args, value);

	return machine_lives(m) && known;
}
