/* SPDX-License-Identifier: MIT */
/*
 * mmtool shows what Linux does to an address space.
 *
 *   options -> script -> subject -> event -> report
 *
 * base/    messages, memory, buffers, sizes: knows nothing of memory mapping
 * mm/      the calls and their constants, snapshots of maps, what changed between two, events
 * lang/    the script language: from text to a checked tree
 * run/     performs a script: the subject (executor, fence), the observer, the interpreter, and why the kernel did it
 * report/  turns events into text
 * cmd/     one file a subcommand: from options to a script
 * app/     finds the command, reads its options, runs what it planned, writes the report; the shell
 *
 * A file includes only its own folder and lower ones; run/ and report/ never meet.
 */
#include "app/app.h"
#include "app/init.h"

int main(int argc, char **argv)
{
	init_step_aside();
	return app_main(argc, argv);
}
