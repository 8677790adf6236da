/* SPDX-License-Identifier: MIT */
/* The rules of why.c about accesses that fault. */
#include "run/why-rule.h"

#include <signal.h>

bool fault_unmapped(const struct why_case *c)
{
	if (c->fault->code != fault_code(SIGSEGV, SEGV_MAPERR) || maps_find(c->after, c->fault->address) != NULL)
		return false;
	return say(c, "SEGV_MAPERR: no mapping holds this address, so there is no permission to look at and no page to bring in.");
}

bool fault_permissions(const struct why_case *c)
{
	const struct mapping *mapping = maps_find(c->after, c->fault->address);

	if (c->fault->code != fault_code(SIGSEGV, SEGV_ACCERR) || mapping == NULL)
		return false;
	say(c, "SEGV_ACCERR: the address is mapped, and the permissions of ");
	say_mapping(c, mapping, c->fault->address);
	return say(c, " do not allow this access.");
}

bool fault_past_end(const struct why_case *c)
{
	const struct mapping *mapping = maps_find(c->after, c->fault->address);

	if (c->fault->code != fault_code(SIGBUS, BUS_ADRERR) || mapping == NULL)
		return false;
	say(c, "BUS_ADRERR: the mapping is longer than the object behind it. This page begins ");
	say_size(c, mapping->offset + (c->fault->address / c->page * c->page - mapping->start));
	return say(c, " into the object, at or past its end, so there is nothing to bring in.");
}
