/* SPDX-License-Identifier: Apache-2.0
 * Threads on which a request may wait.
 *
 * The listeners' threads serve thousands of connections each and never wait: what goes to the disk
 * is continued after its commit (up_http_commit). Short-lived state is asked many times in one
 * request, and memory answers at once; so handlers ask it in a line. Where an engine waits for
 * another machine (up_live_waits), http.c takes a handler's whole step -- who calls and what he
 * wants up to the record, then what follows from the record -- on one of these threads instead: the
 * connection is suspended, the step runs, the connection is resumed and goes on with the answer or
 * waits for its commit. Handlers are the same for both, and memory pays one comparison. */
#ifndef UP_STEPS_H
#define UP_STEPS_H

#include "server/http/http.h"

struct up_steps;

/* RUN takes one step of a request. */
UP_MUST_USE enum up_err up_steps_new(
    unsigned threads, void (*run)(struct up_request *), struct up_steps **out);
/* Suspend R's connection and run its step on one of the threads. R->stepped when it comes again,
 * unless the step submitted an operation: then it comes after its commit. From R's own thread.
 * False: they have stopped, R's own thread has to wait. */
UP_MUST_USE bool up_steps_take(struct up_steps *, struct up_request *);
/* Finishes what is queued and takes no more; the store is drained before, the listeners stop after
 * it. */
void up_steps_stop(struct up_steps *);
void up_steps_free(struct up_steps **);
/* Whether this is one of these threads, and its request is handed on: its connection is suspended
 * already, and whoever has it now resumes it. */
bool up_steps_hand_on(void);

#endif
