/* SPDX-License-Identifier: Apache-2.0
 * Ending a login with a session. */
#ifndef UP_COMPLETE_H
#define UP_COMPLETE_H

#include "module/rp/attempt.h"
#include "module/rp/respond.h"

void up_complete_post(struct up_exchange *);     /* POST complete */

/* A provider without watch is asked for the result of A from time to time, no faster than it
 * allows: from answer to question, to the millisecond (RFC 8628 section 3.5). The login cookie
 * carries the time of the last answer, so it has to be kept after each poll. */
bool up_complete_may_poll(const struct up_exchange *, const struct up_attempt *a);
/* UP_OK: the session cookie is among the response's headers and A is marked as done (its device
 * code is empty), or A holds the session until it is confirmed. UP_E_PENDING, UP_E_SLOW_DOWN (and
 * slower from now on), UP_E_DENIED, UP_E_EXPIRED (unknown and used codes too),
 * UP_E_PROVIDER, UP_E_UPSTREAM. */
UP_MUST_USE enum up_err up_complete_poll(struct up_exchange *, const struct up_attempts *,
    struct up_attempt *a);
/* Put the login cookies among the response's headers: A, which has changed, if there is one,
 * and what else has. */
void up_complete_keep(struct up_exchange *, struct up_attempts *, struct up_attempt *a);
/* Put the session cookie among the response's headers: S is signed in. */
UP_MUST_USE enum up_err up_complete_session(struct up_exchange *, const struct up_rp_session *s);
/* A has led to a session: on to where it came from. */
void up_complete_finish(struct up_exchange *, struct up_attempts *, struct up_attempt *a);
void up_complete_fail(struct up_exchange *, enum up_err);
bool up_complete_has_session(struct up_exchange *);

#endif
