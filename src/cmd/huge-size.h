/* SPDX-License-Identifier: MIT */
/* Statements of a script that find how large a transparent huge page is. */
#ifndef MMTOOL_CMD_HUGE_SIZE_H
#define MMTOOL_CMD_HUGE_SIZE_H

#include "cmd/command.h"

/* Ends the script as unsupported where open() found no file of a feature; where it failed otherwise it is no such answer. */
#define FOUND(lacking)                                                                            \
	"require fd != -1 || errno != ENOENT, \"" lacking "\"\n"                                    \
	"if fd == -1 {\n"                                                                        \
	"    expect errno == ENOENT, \"open failed, and not because there is no such file\"\n"     \
	"}\n"

/*
 * Binds "huge" to it, in bytes, or ends the script as unsupported.  A kernel can have pools of another default size (the
 * name "hugepage") than its transparent huge pages.
 */
#define FIND_HUGE                                                                                 \
	"fd = open(\"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size\", O_RDONLY) = ?\n"        \
	FOUND("this kernel has no transparent huge pages, or /sys is not there to tell of them")   \
	"read(fd, scratch, 20)\n"                                                                \
	"close(fd)\n"                                                                            \
	"huge = 0\n"                                                                             \
	"repeat 20 as i {\n"                                                                     \
	"    if scratch[i] < '0' { break }\n"                                                    \
	"    huge = huge * 10 + scratch[i] - '0'    # digit by digit\n"                          \
	"}\n"                                                                                    \
	"require huge <= 128M, \"huge pages are so large here that this would take too much memory\"\n"

#endif
