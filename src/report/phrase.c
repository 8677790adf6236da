/* SPDX-License-Identifier: MIT */
/* A call and a fault in one line, and words about them. */
#include "report/phrase.h"

#include "base/buf.h"
#include "mm/call.h"
#include "mm/constant.h"
#include "mm/kind.h"
#include "mm/symbol.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t near = UINT64_C(1) << 30; /* what lies so close to an address that varies, varies with it */
static const uint64_t low = UINT64_C(1) << 16;  /* below it no address varies */

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

static const char guarded[] = "a mapping is there, but no page may be (a guard page)";
static const char exhausted[] = "the pool of huge pages has none left for it";

/* What a fault means, by its code; mapped is said where a mapping is at the address. */
static const struct {
	const char *code, *words, *mapped;
} faults[] = {
	{ "SEGV_MAPERR", "nothing is mapped there", guarded },
	{ "SEGV_ACCERR", "the mapping's permissions do not allow it", NULL },
	{ "SEGV_PKUERR", "the page's protection key does not allow it", NULL },
	{ "BUS_ADRALN", "the address is not aligned as the access needs", NULL },
	{ "BUS_ADRERR", "there is no memory behind that page (past the end of the object, or none to be had)", NULL },
	{ "BUS_OBJERR", "the object behind it has a hardware error", NULL },
	{ "BUS_MCEERR_AR", "the memory there is damaged (a hardware error)", NULL },
	{ "SI_KERNEL", "the address is not a canonical one", NULL },
};

/* What the rule that a fault broke tells of the address, where the code alone does not. */
static const struct {
	const char *rule, *code, *words;
} fault_rules[] = {
	{ "fault-guard", "SEGV_MAPERR", guarded },
	{ "fault-userfault", "BUS_ADRERR", "there is no memory behind that page (a userfaultfd has its accesses fail)" },
	{ "fault-huge-pages", "BUS_ADRERR", exhausted },
};

/*
 * What a fault of that code (SEGV_MAPERR, …) says about the address; mapping is what is mapped there, or NULL when nothing
 * is or when it is not known; rule is the id of the rule that explains it, or NULL.  NULL for a code without words.
 */
static const char *words_of(const char *code, const struct mapping *mapping, const char *rule)
{
	for (size_t i = 0; rule != NULL && i < sizeof(fault_rules) / sizeof(fault_rules[0]); i++) {
		if (strcmp(rule, fault_rules[i].rule) == 0 && strcmp(code, fault_rules[i].code) == 0)
			return fault_rules[i].words;
	}
	/* No file ends there: a userfaultfd with UFFD_FEATURE_SIGBUS answers so too. */
	if (strcmp(code, "BUS_ADRERR") == 0 && mapping != NULL && !mapping_has_file(mapping))
		return "there is no memory behind that page";
	if (strcmp(code, "BUS_ADRERR") == 0 && mapping != NULL && mapping_kind(mapping) == KIND_HUGE)
		return exhausted;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		if (strcmp(code, faults[i].code) == 0)
			return mapping != NULL && faults[i].mapped != NULL ? faults[i].mapped : faults[i].words;
	}
	return NULL;
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
	return words_of(code, mapping, first ? step->why_rules[0] : NULL);
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

static bool is_near(uint64_t addr, uint64_t varying)
{
	return varying >= low && (addr > varying ? addr - varying : varying - addr) < near;
}

static bool address_varies(const struct event_step *step, uint64_t addr)
{
	const struct event_call *call = &step->call;

	if (step->kind == STEP_CALL && call->result_kind == RESULT_ADDRESS && call->answered && call->error == 0 &&
	    is_near(addr, (uint64_t)call->result))
		return true;
	for (unsigned i = 0; step->kind == STEP_CALL && i < call->count; i++) {
		if (call->args[i].varies && call->args[i].string == NULL && is_near(addr, call->args[i].value))
			return true;
	}
	for (size_t i = 0; i < step->fault_count; i++) {
		if (step->faults[i].varies && step->faults[i].has_address && is_near(addr, step->faults[i].address))
			return true;
	}
	return false;
}

/* Whether it is the process or the segment that the call made. */
static bool is_made_id(const struct event_step *step, uint64_t number)
{
	const struct event_call *call = &step->call;

	return step->kind == STEP_CALL && call->answered && call->error == 0 && (uint64_t)call->result == number &&
	       (call->result_kind == RESULT_ID || strcmp(call->name, "fork") == 0);
}

void phrase_words(struct buf *buf, const struct event_step *step, const char *words, bool symbolic)
{
	for (const char *at = words; *at != '\0';) {
		const char *end = at;
		/* What follows a sign is the distance from a name. */
		bool begins = isdigit((unsigned char)*at) &&
		              (at == words || (!isalnum((unsigned char)at[-1]) && strchr("_+-.", at[-1]) == NULL));

		while (isalnum((unsigned char)*end))
			end++;
		if (end == at)
			end++;
		bool hex = strncmp(at, "0x", 2) == 0;
		uint64_t number = symbolic && begins ? strtoull(at, NULL, hex ? 16 : 10) : 0;

		if (symbolic && begins && (hex ? address_varies(step, number) : is_made_id(step, number)))
			buf_putc(buf, '*');
		else
			buf_add(buf, at, (size_t)(end - at));
		at = end;
	}
}
