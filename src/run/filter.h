/* SPDX-License-Identifier: MIT */
/* Which mappings somebody wants to see: "perms=rw", "name=libc", "size>1M", "address=0x7f12c000". */
#ifndef MMTOOL_RUN_FILTER_H
#define MMTOOL_RUN_FILTER_H

#include "mm/maps.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum filter_key { FILTER_PERMS, FILTER_NAME, FILTER_ADDRESS, FILTER_SIZE, FILTER_RESIDENT };

struct filter {
	uint8_t key;         /* enum filter_key */
	bool inverted;       /* != */
	const char *text;    /* perms, name: what to compare with; borrowed from what was parsed */
	uint64_t low, high;  /* size, resident: both are in; address: high is the first that is not */
};

/*
 * Parses KEY=VALUE, or KEY!=VALUE, and of sizes also KEY>VALUE, >=, <, <=.  What VALUE may be, mmtool-maps(1) says.
 * Returns 0, or -EINVAL with *problem set to a message that the caller frees.
 */
int filter_parse(struct filter *filter, const char *text, char **problem);

/* Whether a mapping is wanted.  resident is in bytes; it is looked at by FILTER_RESIDENT only. */
bool filter_match(const struct filter *filter, const struct mapping *mapping, uint64_t resident);
/* Whether a hole of the address space is: it has no permissions and no name. */
bool filter_match_hole(const struct filter *filter, uint64_t start, uint64_t end);

#endif
