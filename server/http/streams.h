/* SPDX-License-Identifier: Apache-2.0
 * How many waiting pages one address holds open. In front of us each may hold a worker of a web
 * server (Apache), so one address may not have them all; whoever is refused a stream asks for
 * snapshots instead. */
#ifndef UP_STREAMS_H
#define UP_STREAMS_H

#include "server/server.h"

#define UP_STREAMS_OF_ONE 100            /* scaled by rate_percent */

/* One more for IP (of IPv6 the /64); *PLACE is for up_streams_leave. UP_E_RATE: has all it may
 * have. An address that is a trusted proxy's own stands for nobody we know of and is not
 * counted. */
UP_MUST_USE enum up_err up_streams_enter(const struct up_server *, const char *ip, unsigned *place);
void up_streams_leave(unsigned place);   /* 0: was not counted */

#endif
