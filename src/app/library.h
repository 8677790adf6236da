/* SPDX-License-Identifier: MIT */
/* Shared libraries opened at run time. */
#ifndef MMTOOL_APP_LIBRARY_H
#define MMTOOL_APP_LIBRARY_H

#include <stdbool.h>

/*
 * A static program has none of these functions, for its linker warns of every mention of dlopen(): library.c is linked into
 * the dynamic mmtool alone, and who calls these asks first whether library_open is NULL.
 */
#pragma weak library_open
#pragma weak library_find
#pragma weak library_problem

/* Opens a library for good; a name without a slash is looked for where libraries are.  NULL: there is none. */
void *library_open(const char *name);
/* After that was in vain, once: why. */
const char *library_problem(void);
/* Stores the address of a function in a function pointer; false: the library has no such function. */
bool library_find(void *library, const char *name, void *function);

#endif
