/* SPDX-License-Identifier: MIT */
/* The checker: what can be proved of a script before anything of it runs. */
#ifndef MMTOOL_LANG_CHECKER_H
#define MMTOOL_LANG_CHECKER_H

#include "lang/errors.h"
#include "lang/names.h"
#include "lang/script.h"

/*
 * Checks script->first in the order of the text, and resolves its names to slots, constants and predefined names.
 * names holds the names defined by the caller, and gets those that the script binds.  The statements may be what is
 * left of a script with syntax errors.
 */
void checker_check(struct script *script, struct names *names, struct errors *errors);

#endif
