/* SPDX-License-Identifier: MIT */
/* What constants mean, in words. */
#ifndef MMTOOL_MM_CONSTANT_HELP_H
#define MMTOOL_MM_CONSTANT_HELP_H

#include "mm/constant.h"

/* A phrase without a full stop, or NULL where there is none. */
const char *constant_meaning(const struct constant *constant);

#endif
