/* SPDX-License-Identifier: MIT */
/* Call statements: evaluates the arguments, has the call made, looks at what changed, and judges the outcome. */
#include "run/machine.h"

#include "run/fence.h"
#include "run/flags.h"
#include "run/reach.h"
#include "run/touched.h"
#include "run/why-step.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

/* -1 is a word of ones, in what the kernel takes for unsigned. */
static uint64_t as_word(const struct value *value, uint8_t kind)
{
	bool is_unsigned = kind == ARG_SIZE || kind == ARG_ADDRESS || kind == ARG_HEX || kind == ARG_BUFFER;

	return is_unsigned ? (unsigned long)value->integer : (uint64_t)value->integer;
}

/* Arguments that are given as strings are passed in the request; their values are offsets there. */
static bool place_strings(struct machine *m, struct performance *p, struct exec_request *request, unsigned *mask)
{
	uint64_t *args = p->words;

	*mask = 0;
	for (uint32_t i = 0; i < p->statement->count; i++) {
		const struct value *value = &p->args[i];

		args[i] = as_word(value, i < CALL_ARGS ? p->statement->call->args[i].kind : ARG_INT);
		if (!value->is_string)
			continue;
		if (value->len + 1 > sizeof(request->data) - request->len)
			return machine_fail(m, "%s: the strings of a call have at most %zu bytes together, with a zero byte behind each",
			                    p->statement->call->name, sizeof(request->data));
		*mask |= 1u << i;
		args[i] = request->len;
		if (value->text != NULL)
			memcpy(request->data + request->len, value->text, value->len);
		request->data[request->len + value->len] = '\0';
		request->len += (uint32_t)value->len + 1;
	}
	return true;
}

/* On a 32-bit machine an argument must be a word of it, signed or unsigned; offsets have 64 bits everywhere, mmap's 44. */
static bool fits(struct machine *m, const struct performance *p)
{
	for (uint32_t i = 0; i < p->statement->count && i < CALL_ARGS; i++) {
		int64_t value = p->args[i].integer;
		uint8_t kind = p->statement->call->args[i].kind;
		bool wide = kind == ARG_OFFSET || kind == ARG_PLACE || p->args[i].is_string;

		if ((!wide && (value < INTPTR_MIN || (value > 0 && (uint64_t)value > UINTPTR_MAX))) ||
		    (kind == ARG_PLACE && !call_place_fits(value)))
			return machine_fail(m, "%s: argument %" PRIu32 " does not fit a word of this machine: %" PRId64,
			                    p->statement->call->name, i + 1, value);
		if (kind == ARG_PLACE && !call_place_aligned(value))
			return machine_fail(m, "%s: the kernel's mmap2 takes the offset in units of 4096 bytes here: %" PRId64 " is none",
			                    p->statement->call->name, value);
	}
	return true;
}

static void describe_call(struct performance *p, const struct kernel_call *kernel)
{
	struct event_call *call = p->call;

	call->name = kernel->name;
	call->count = kernel->count < EVENT_ARGS ? kernel->count : EVENT_ARGS;
	for (unsigned i = 0; i < call->count; i++) {
		bool is_string = (kernel->string_mask & 1u << i) != 0;

		call->args[i] = (struct event_arg){ .kind = kernel->kinds[i], .value = kernel->args[i] };
		/* The translation may have moved it: it is the one with the same word. */
		for (uint32_t k = 0; k < p->statement->count && k < CALL_ARGS; k++) {
			if (p->args[k].is_string != is_string || p->words[k] != kernel->args[i])
				continue;
			call->args[i].varies |= p->args[k].steadiness != STEADY;
			call->args[i].string = is_string ? p->args[k].text : NULL;
			call->args[i].string_len = is_string ? p->args[k].len : 0;
		}
	}
}

/* Calls that are made to change mappings; others (a read into a mapping that grows down) only can. */
static bool is_for_maps(const struct call *call)
{
	static const uint8_t others[] = { CALL_MSYNC, CALL_MINCORE, CALL_READ,  CALL_WRITE, CALL_PREAD,
		                          CALL_PWRITE, CALL_IOCTL,  CALL_PRCTL, CALL_SHMCTL, CALL_PROCESS_VM_READV };

	for (size_t i = 0; i < sizeof(others); i++) {
		if (call->id == others[i])
			return false;
	}
	return call->class == CALL_SYSTEM && !call->keeps_maps;
}

/* A script's calls reach its own processes and no others.  What is no process is the kernel's to refuse. */
static bool may_reach(struct machine *m, const struct performance *p)
{
	uint8_t id = p->statement->call->id;
	int pid = (int)p->words[0];

	if ((id != CALL_PIDFD_OPEN && id != CALL_PROCESS_VM_READV) || pid <= 0 || machine_actor(m, pid) != NULL)
		return true;
	if (kill(pid, 0) < 0 && errno == ESRCH)
		return true;
	return machine_fail(m, "%s: %d is no process of this script", p->statement->call->name, pid);
}

static bool opens(const struct performance *p)
{
	return p->statement->call->id == CALL_OPEN;
}

/* open(2) is judged before and after: see files.c. */
static bool path_to_open(struct machine *m, struct performance *p)
{
	if (!opens(p))
		return true;
	if (!p->args[0].is_string)
		return files_path_at(m, p->words[0], &p->path, &p->unreadable);
	p->path = p->args[0].text;
	return true;
}

/*
 * Where the path is given by its address, something else may be there when the call is made: what the executor itself
 * writes to its memory is enough.  So what was judged goes along, as a string does, and where it could not be read, the
 * kernel is given the byte that cannot.
 */
static void settle_path(const struct performance *p, struct exec_request *request, struct kernel_call *kernel)
{
	const size_t size = p->path != NULL ? strlen(p->path) + 1 : 0;
	uint64_t words[CALL_ARGS];

	memcpy(words, p->words, sizeof(words));
	words[0] = p->path != NULL ? request->len : (unsigned long)p->unreadable;
	if (p->path != NULL)
		memcpy(request->data + request->len, p->path, size);
	request->len += (uint32_t)size;
	call_translate(p->statement->call, words, p->path != NULL, kernel);
}

static bool set_limit(const struct performance *p)
{
	return p->statement->call->id == CALL_SETRLIMIT;
}

/* setuid(2) clears the signal that keeps a subject from outliving the tool (PR_SET_PDEATHSIG in prctl(2)). */
static bool renew_fence(struct machine *m, const struct performance *p)
{
	if (p->statement->call->id != CALL_SETUID || p->result < 0)
		return true;
	machine_request(EXEC_CLEAR);
	return machine_ask(m) != NULL;
}

static bool make_call(struct machine *m, struct performance *p, struct kernel_call *kernel)
{
	struct exec_request *request = machine_request(set_limit(p) ? EXEC_SETRLIMIT : EXEC_SYSCALL);
	unsigned mask;

	if (!place_strings(m, p, request, &mask))
		return false;
	if (opens(p) && !p->args[0].is_string)
		settle_path(p, request, kernel);
	request->args[0] = (uint64_t)kernel->number;
	memcpy(request->args + 1, kernel->words, kernel->word_count * sizeof(kernel->words[0]));
	request->strings = kernel->string_mask << 1;
	request->on_stack = kernel->args_in_memory;
	if (set_limit(p)) {
		request->args[1] = (uint64_t)p->args[0].integer;
		request->args[2] = (uint64_t)p->args[1].integer;
	}
	const struct exec_reply *reply = machine_ask(m);

	if (reply == NULL)
		return false;
	p->call->performed = true;
	p->result = reply->result;
	if (p->result == -FENCE_ERRNO) {
		p->call->performed = false;
		return machine_fail(m, "%s: the fence around the subject does not let this call through", kernel->name);
	}
	return true;
}

/* Whether this call is to fail without being made (--inject).  All that count it do so, also when another one fires. */
static bool inject(struct machine *m, struct performance *p)
{
	int error = 0;

	for (size_t i = 0; i < m->options->injection_count; i++) {
		const struct interp_injection *injection = &m->options->injections[i];

		if (injection->call != p->statement->call)
			continue;
		m->injected[i]++;
		if (error == 0 && (injection->nth == 0 || injection->nth == m->injected[i]))
			error = injection->error;
	}
	p->call->injected = error != 0;
	p->result = -error;
	return error != 0;
}

bool perform_system(struct machine *m, struct performance *p)
{
	struct kernel_call kernel;
	unsigned mask;

	p->call->is_system = true;
	if (!fits(m, p) || !place_strings(m, p, machine_request(EXEC_SYSCALL), &mask))
		return false;
	call_translate(p->statement->call, p->words, mask, &kernel);
	describe_call(p, &kernel);
	if (kernel.number < 0) {
		m->unsupported = true;
		return machine_fail(m, "%s: this processor architecture has no such system call", p->statement->call->name);
	}
	if (inject(m, p))
		return true;
	if (!segments_may_call(m, p) || !may_reach(m, p))
		return false;
	if (!path_to_open(m, p) || (p->path != NULL && !files_may_open(m, p->path, p->words[1])))
		return false;
	if (p->path != NULL && files_are_handed_over(m, p->words[1]))
		return files_hand_over(m, p, p->path, p->words[1]);
	if (p->statement->call->id == CALL_MEMFD_SECRET)
		touched_add_secrets();
	flags_before(m, p);
	if (!make_call(m, p, &kernel) || !renew_fence(m, p))
		return false;
	if (!opens(p) || p->result < 0)
		return true;
	/* Where it is closed again, the report still tells what the call was answered. */
	p->call->result = p->result;
	p->call->answered = true;
	return files_may_keep(m, p->path != NULL ? p->path : "", (int)p->result);
}

static bool evaluate(struct machine *m, const struct statement *statement, struct performance *p, struct value *want)
{
	struct value *args = arena_alloc(&m->temp, (statement->count + 1) * sizeof(*args));

	p->args = args;
	if (statement->expected == EXPECT_VALUE && !eval(m, statement->expr, want))
		return false;
	for (uint32_t i = 0; i < statement->count; i++) {
		if (!eval(m, statement->args[i], &args[i]))
			return false;
		const struct call *call = statement->call;
		uint8_t kind = i < CALL_ARGS ? call->args[i].kind : ARG_INT;

		if (args[i].is_string && kind != ARG_STRING && kind != ARG_BUFFER)
			return machine_fail(m, "%s: argument %" PRIu32 " must be an integer, not a string", call->name, i + 1);
		if (!args[i].is_string && call->id == CALL_STRCPY && i == 1)
			return machine_fail(m, "strcpy: the second argument must be a string");
	}
	return true;
}

/* No fork(2) answers EMFILE: the executor does, and makes none, where the child's end finds no free descriptor in it. */
static bool was_forked(struct machine *m, struct performance *p)
{
	if (p->result != -EMFILE)
		return true;
	p->call->performed = false;
	return machine_fail(m, "fork: the process has no descriptor left for the child's connection with mmtool (RLIMIT_NOFILE)");
}

static bool perform(struct machine *m, struct performance *p)
{
	const struct call *call = p->statement->call;

	p->call->name = call->name;
	p->call->result_kind = call->result;
	p->call->changes_maps = is_for_maps(call);
	p->call->count = p->statement->count < EVENT_ARGS ? p->statement->count : EVENT_ARGS;
	p->call->left_out = p->statement->count - p->call->count;
	for (uint32_t i = 0; i < p->call->count; i++) {
		p->call->args[i].kind = call->args[i < CALL_ARGS ? i : CALL_ARGS - 1];
		p->call->args[i].value = (uint64_t)p->args[i].integer;
		p->call->args[i].varies = p->args[i].steadiness != STEADY;
		p->call->args[i].string = p->args[i].is_string ? p->args[i].text : NULL;
		p->call->args[i].string_len = p->args[i].len;
	}
	switch ((enum call_class)call->class) {
	case CALL_SYSTEM:
		return perform_system(m, p);
	case CALL_MEMORY:
		p->call->performed = true;
		return perform_memory(m, p);
	case CALL_FORK:
		return inject(m, p) || (perform_fork(m, p) && was_forked(m, p));
	case CALL_WAIT:
		return perform_wait(m, p);
	case CALL_TMPFILE:
		return inject(m, p) || perform_tmpfile(m, p);
	case CALL_CGROUP:
		return inject(m, p) || perform_cgroup(m, p);
	}
	return false;
}

static void bind(struct machine *m, const struct statement *statement, int64_t result)
{
	const struct call *call = statement->call;
	struct value value = { .integer = result };

	if (result != -1)
		value.steadiness = call->class == CALL_FORK || call->result == RESULT_ID ? NOISY
		                   : call->result == RESULT_ADDRESS                      ? SHIFTED
		                                                                          : STEADY;
	if (statement->slot != NO_SLOT)
		machine_bind(m, statement->slot, &value);
}

/* Whether the maps have to be read after a call, so that the event can say what changed. */
static bool worth_a_look(const struct machine *m, const struct call *call)
{
	/* In passes that are not shown one by one nobody asks; the summary looks over all of them. */
	if (m->folding || m->here->process.dead)
		return false;
	if (call != NULL && call->keeps_maps)
		return false;
	return call == NULL || call->class != CALL_SYSTEM ? stale_any(&m->here->stale) : true;
}

/* Reads the maps again.  The snapshot from before stays valid until the next look. */
static void look(struct machine *m, struct event_step *step)
{
	step->after = machine_look(m, &step->before);
	step->looked = step->after != NULL;
}

static void compare(struct machine *m, struct event_step *step, const struct delta_hint *hint)
{
	if (!step->looked)
		return;
	delta_compute(&m->delta, step->before, step->after, &m->here->old_regions, &m->here->regions, hint);
	step->delta = &m->delta;
}

/* A value that the call returned, or should have: of wait(), a signal. */
static void say_value(struct machine *m, struct buf *out, const struct performance *p, const struct value *value,
                      const struct expr *like)
{
	struct expr signal = { .kind = EXPR_CONSTANT };

	signal.constant = constant_find("SIGKILL", 7);
	if (p->statement->call->class == CALL_WAIT && value->integer > 0)
		like = &signal;
	render_value(m, out, value, like);
}

static void say_result(struct machine *m, struct buf *out, const struct performance *p, int error,
                       const struct expr *like)
{
	struct value value = { .integer = p->result };

	if (error != 0)
		buf_printf(out, "-1 %s", constant_name(GROUP_ERRNO, error) != NULL ? constant_name(GROUP_ERRNO, error) : "");
	else if (p->call->result_kind == RESULT_ADDRESS && regions_find(&m->here->regions, (uint64_t)p->result) == NULL)
		buf_printf(out, "%#" PRIx64, (uint64_t)p->result);
	else
		say_value(m, out, p, &value, like);
}

/* Whether the call came out as the statement says; where not, why it did not. */
static void judge(struct machine *m, const struct performance *p, const struct value *want)
{
	const struct statement *statement = p->statement;
	int error = p->call->error;
	struct buf got = { 0 }, wanted = { 0 };

	say_result(m, &got, p, error, statement->expr);
	switch ((enum expected)statement->expected) {
	case EXPECT_ANYTHING:
		break;
	case EXPECT_SUCCESS:
		if (error != 0)
			machine_fail(m, "%s failed: %s", statement->call->name, buf_text(&got));
		break;
	case EXPECT_FAILURE:
		if (error == 0)
			machine_fail(m, "%s was expected to fail; it returned %s", statement->call->name, buf_text(&got));
		break;
	case EXPECT_ERRNO:
		if (error != statement->error)
			machine_fail(m, "%s was expected to return -1 %s; it returned %s", statement->call->name,
			             constant_name(GROUP_ERRNO, statement->error), buf_text(&got));
		break;
	case EXPECT_VALUE:
		/* A failed call's value is -1. */
		if (!want->is_string && want->integer == p->call->result)
			break;
		say_value(m, &wanted, p, want, render_like(statement->expr, NULL));
		if (error != 0 && !want->is_string && want->integer == -error)
			machine_fail(m, "%s returned %s: a failed call's value is -1, so write = %s", statement->call->name,
			             buf_text(&got), buf_text(&got));
		else
			machine_fail(m, "%s was expected to return %s; it returned %s", statement->call->name, buf_text(&wanted),
			             buf_text(&got));
		buf_fini(&wanted);
		break;
	}
	buf_fini(&got);
}

/*
 * Whether "= ?" makes a result of the death: of a fault, or of a signal that is the kernel's or somebody's, as where memory
 * ran out.  That mmtool killed the process, for a timeout or for what it did to its connection, is none.
 */
static bool survives(const struct machine *m, const struct performance *p)
{
	return p->survives && m->death != 0 && !m->ended && !m->broken;
}

static bool is_checked(const struct statement *statement)
{
	return statement->expected != EXPECT_SUCCESS && statement->expected != EXPECT_ANYTHING;
}

void perform_call(struct machine *m, const struct statement *statement, struct event_step *step)
{
	struct performance p = { .statement = statement, .call = &step->call };
	struct delta_hint hint;
	struct value want = { 0 };
	const struct maps *before;
	bool moved = false;

	/* Also where an argument fails the step before there is a call. */
	step->call.name = statement->call->name;
	step->call.is_system = statement->call->class == CALL_SYSTEM;
	step->call.result_kind = statement->call->result;
	p.survives = statement->expected == EXPECT_ANYTHING && call_touches(statement->call);
	step->checked = is_checked(statement);
	m->verdict.checks += step->checked;
	if (!evaluate(m, statement, &p, &want))
		return;
	bool folded = m->folding && names_need_maps(m, &p);

	if ((!m->folding || folded) && !statement->call->keeps_maps && machine_maps(m) == NULL)
		return;
	regions_copy(&m->here->old_regions, &m->here->regions);
	bool made = perform(m, &p);

	if (!made && survives(m, &p)) {
		buf_reset(&m->reason);
		p.result = -EFAULT;
	} else if (!made && m->reason.len > 0) {
		bind(m, statement, -1);
		return;
	}
	/* A memory operation that the process died of did not return. */
	step->call.error = made && p.result < 0 && p.result >= -4095 ? (int)-p.result : 0;
	step->call.result = step->call.error != 0 || !made ? -1 : p.result;
	step->call.answered = made;
	if (statement->call->class != CALL_MEMORY)
		m->last_error = step->call.error;
	bind(m, statement, step->call.result);
	/* An injected error: nothing was done, the maps are as they were. */
	if (!step->call.injected && statement->call->class == CALL_SYSTEM && !statement->call->keeps_maps)
		reach_of(m, &p);
	if (!step->call.injected && worth_a_look(m, statement->call))
		look(m, step);
	before = step->before;
	if (folded && !step->call.injected && !m->here->process.dead)
		(void)machine_look(m, &before);
	if (statement->call->class == CALL_SYSTEM && !step->call.injected)
		moved = names_update(m, &p, before, &hint);
	if (moved)
		pages_moved(m, &hint);
	compare(m, step, moved ? &hint : NULL);
	flags_after(m, &p, step);
	if (m->death == 0)
		judge(m, &p, &want);
	if (!step->call.injected && (m->death == 0 || !made))
		why_call(m, &p, step);
	confine_explain(m, &p, step);
}

void perform_store(struct machine *m, const struct statement *statement, struct event_step *step)
{
	uint64_t address = 0;
	int64_t byte = 0;

	if (!eval_address(m, statement->target, &address) || !eval_integer(m, statement->expr, &byte))
		return;
	if (!m->folding && machine_maps(m) == NULL)
		return;
	struct exec_request *request = machine_request(EXEC_STORE);

	request->args[0] = address;
	request->args[1] = (uint64_t)byte & 0xff;
	pages_stored(m, (uint64_t)address);
	if (machine_ask(m) == NULL)
		return;
	machine_accessed(m, address, 1);
	if (worth_a_look(m, NULL))
		look(m, step);
	compare(m, step, NULL);
}

void perform_accessed(struct machine *m, struct event_step *step)
{
	if (!worth_a_look(m, NULL))
		return;
	regions_copy(&m->here->old_regions, &m->here->regions);
	look(m, step);
	compare(m, step, NULL);
	/* Nearly always: an access that faulted. */
	if (step->delta != NULL && step->delta->line_count == 0 && step->delta->change_count == 0) {
		step->delta = NULL;
		step->before = step->after = NULL;
		step->looked = false;
	}
}
