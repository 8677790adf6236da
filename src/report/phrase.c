/* SPDX-License-Identifier: MIT */
/* A call and a fault in one line. */
#include "report/phrase.h"

#include "report/sentence.h"

#include "base/buf.h"
#include "mm/call.h"
#include "mm/constant.h"
#include "mm/symbol.h"

#include <inttypes.h>
#include <string.h>

/* Symbols in what the call was given are of the moment before it, in what it returned of the moment after. */
/* An address by name; one that nothing names, and that another run may find elsewhere, as *. */
static void format_address(struct buf *buf, uint64_t addr, const struct regions *regions, const struct maps *maps, bool varies)
{
	size_t mark = buf->len;

	symbol_format(buf, addr, regions, maps);
	if (!varies || strncmp(buf->data + mark, "0x", 2) != 0)
		return;
	buf_cut(buf, mark);
	buf_putc(buf, '*');
}

static void format_arg(struct buf *buf, const struct event_step *step, const struct event_arg *arg, bool symbolic)
{
	bool address = (arg->kind.kind == ARG_ADDRESS || arg->kind.kind == ARG_BUFFER) && arg->string == NULL;

	if (symbolic && address && arg->value != 0)
		format_address(buf, arg->value, step->old_regions, step->before, arg->varies);
	else if (symbolic && (strcmp(arg->kind.name, "pid") == 0 || (arg->varies && arg->kind.kind == ARG_INT)))
		buf_putc(buf, '*');
	else
		call_format_arg(buf, &arg->kind, arg->value, arg->string, arg->string_len);
}

static void format_result(struct buf *buf, const struct event_step *step, bool symbolic)
{
	const struct event_call *call = &step->call;

	if (!call->is_system && step->fault_count > 0) {
		/* As strace writes a call that never returned. */
		buf_puts(buf, " = ?");
	} else if (symbolic && call->result_kind == RESULT_ADDRESS && call->error == 0 && call->result != 0) {
		buf_puts(buf, " = ");
		format_address(buf, (uint64_t)call->result, step->new_regions, step->after, true);
	} else if (symbolic && call->result_kind == RESULT_ID && call->error == 0) {
		buf_puts(buf, " = *");
	} else {
		call_format_result(buf, call->result_kind, call->result, call->error);
	}
	if (call->injected)
		buf_puts(buf, " (injected)");
}

bool phrase_call(struct buf *buf, const struct event_step *step, bool symbolic)
{
	const struct event_call *call = &step->call;

	if (step->kind != STEP_CALL || !(call->performed || call->injected))
		return false;
	if (!call->is_system && call->error == 0 && step->fault_count == 0)
		return false;
	buf_printf(buf, "%s(", call->name);
	for (unsigned i = 0; i < call->count; i++) {
		if (i > 0)
			buf_puts(buf, ", ");
		format_arg(buf, step, &call->args[i], symbolic);
	}
	if (call->left_out > 0)
		buf_puts(buf, call->count > 0 ? ", ..." : "...");
	buf_putc(buf, ')');
	format_result(buf, step, symbolic);
	return true;
}

/* What it means.  A step's explanation is of its first fault; of others without it nothing is known of what is mapped there. */
static const char *fault_words(const struct event_step *step, const struct event_fault *fault, const char *code)
{
	const struct mapping *mapping = NULL;
	const bool first = fault == step->faults;

	if (code == NULL)
		return NULL;
	if (fault->has_address && step->before != NULL)
		mapping = maps_find(step->before, fault->address);
	if (!first && step->before == NULL && strcmp(code, "SEGV_MAPERR") == 0)
		return NULL;
	return sentence_fault(code, mapping, first ? step->why_rules[0] : NULL);
}

void phrase_fault(struct buf *buf, const struct event_step *step, const struct event_fault *fault, bool symbolic)
{
	const char *code = constant_name(GROUP_FAULT, fault->code);
	const char *words = fault_words(step, fault, code);

	constant_format(buf, GROUP_SIGNAL, (uint64_t)fault->signo);
	if (code != NULL)
		buf_printf(buf, ", %s", code);
	else
		buf_printf(buf, ", code %" PRId64, fault->code);
	if (fault->has_address) {
		buf_puts(buf, " at ");
		if (symbolic)
			format_address(buf, fault->address, step->old_regions, step->before, fault->varies);
		else
			buf_printf(buf, "0x%" PRIx64, fault->address);
	}
	if (words != NULL)
		buf_printf(buf, ": %s", words);
}
