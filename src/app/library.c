/* SPDX-License-Identifier: MIT */
/* Shared libraries opened at run time, so that no command pays for what another uses. */
#include "app/library.h"

#include <dlfcn.h>
#include <string.h>

void *library_open(const char *name)
{
	return dlopen(name, RTLD_NOW | RTLD_LOCAL);
}

const char *library_problem(void)
{
	const char *problem = dlerror();

	return problem != NULL ? problem : "dlopen";
}

bool library_find(void *library, const char *name, void *function)
{
	void *symbol = dlsym(library, name);

	/* POSIX lets a pointer to an object be one to a function; C does not. */
	if (symbol != NULL)
		memcpy(function, &symbol, sizeof(symbol));
	return symbol != NULL;
}
