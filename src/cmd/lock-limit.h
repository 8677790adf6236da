/* SPDX-License-Identifier: MIT */
/* Statements of a script that meet the limit of locked memory. */
#ifndef MMTOOL_CMD_LOCK_LIMIT_H
#define MMTOOL_CMD_LOCK_LIMIT_H

/* Binds "a" to two pages, of which only one may be locked: who passes that limit becomes a user who does not. */
#define MEET_LOCK_LIMIT                                                                                                           \
	"require mlock\n"                                                                                                         \
	"a = mmap(NULL, 2p, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)\n"                                            \
	"set = setrlimit(RLIMIT_MEMLOCK, 1p) = ?\n"                                                                               \
	"require set == 0, \"the hard limit of locked memory is below a page\"\n"                                                 \
	"passed = mlock(a, 2p) = ?    # root passes this limit (CAP_IPC_LOCK)\n"                                                  \
	"if passed == 0 {\n"                                                                                                      \
	"    munlock(a, 2p)\n"                                                                                                    \
	"    left = setuid(65534) = ?    # an ordinary user does not\n"                                                           \
	"    require left == 0 || errno != EPERM, \"this user passes the limit (CAP_IPC_LOCK), and may not become another (CAP_SETUID)\"\n" \
	"    require left == 0, \"this user namespace has no ordinary user to become\"\n"                                         \
	"}\n"

#endif
