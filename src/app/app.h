/* SPDX-License-Identifier: MIT */
/* The program: from argv to an exit status. */
#ifndef MMTOOL_APP_APP_H
#define MMTOOL_APP_APP_H

int app_main(int argc, char **argv);

#endif
