/* SPDX-License-Identifier: Apache-2.0
 * Waiting pages: GET /watch/{watch}, server-sent events over suspended connections.
 *
 * libmicrohttpd walks all suspended connections of a thread whenever one of them is resumed. So nobody resumes alone: one thread gathers
 * what is due (frames, keep-alives) and what changed, and resumes them together, 3 ms after a change and every 100 ms otherwise. */
#ifndef UP_WATCH_H
#define UP_WATCH_H

#include "server/server.h"

UP_MUST_USE enum up_err up_watch_start(struct up_server *);
/* End all streams (browsers connect again) and the thread. Call before the listeners stop. */
void up_watch_stop(void);

#endif
