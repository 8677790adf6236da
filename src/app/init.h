/* SPDX-License-Identifier: MIT */
/* mmtool as the first process of a PID namespace, as a container starts it. */
#ifndef MMTOOL_APP_INIT_H
#define MMTOOL_APP_INIT_H

/*
 * To be called first.  In such a process it returns in a child, which goes on as mmtool; the process itself passes on to it the
 * signals that come, collects what it leaves, and ends as it did, or where that was by a signal, with 128 plus its number.
 * In any other process it does nothing.  Where there can be no child, mmtool ends, with a message.
 */
void init_step_aside(void);

#endif
