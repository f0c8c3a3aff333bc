/* SPDX-License-Identifier: Apache-2.0
 * Ending a login with a session, and ending a session: complete, session, logout. */
#ifndef UP_COMPLETE_H
#define UP_COMPLETE_H

#include "module/rp/attempt.h"
#include "module/rp/respond.h"

void up_complete_post(struct up_exchange *);     /* POST complete */
void up_complete_session(struct up_exchange *);  /* GET session */
void up_complete_ask_logout(struct up_exchange *);
void up_complete_logout(struct up_exchange *);   /* POST logout */

/* A provider without watch is asked for the result of A from time to time, no faster than it allows: from
 * answer to question, to the millisecond (RFC 8628 section 3.5). The login cookie carries the time of the
 * last answer, so it has to be kept after each poll. */
bool up_complete_may_poll(const struct up_exchange *, const struct up_attempt *a);
/* UP_OK: the session cookie is among the response's headers, and A is marked as done (its device code is
 * empty). UP_E_PENDING, UP_E_SLOW_DOWN (and slower from now on), UP_E_DENIED, UP_E_EXPIRED (unknown and used
 * codes too), UP_E_PROVIDER, UP_E_UPSTREAM. */
UP_MUST_USE enum up_err up_complete_poll(struct up_exchange *, struct up_attempt *a);
/* Put the login cookie that holds A among the response's headers. */
void up_complete_keep(struct up_exchange *, struct up_attempts *a);

#endif
