/* SPDX-License-Identifier: Apache-2.0
 * The bounds of a session's texts, in bytes: what is longer does not become a session. Their sum
 * fits the cookie. */
#ifndef UP_SESSION_H
#define UP_SESSION_H

#include "module/rp/inside.h"

#define UP_SESSION_UNIT_NAME_MAX 300
#define UP_SESSION_ID_MAX 64             /* certificate number, references, sid */
#define UP_SESSION_ROLE_MAX 16
#define UP_SESSION_HOLDER_NAME_MAX 128
#define UP_SESSION_ITEMS_MAX 1400
#define UP_SESSION_SUB_MAX 255
#define UP_SESSION_MAX 2400              /* the whole, as bytes */

/* S, seen NOW_S, as bytes; what a session cookie holds. UP_E_TOO_LARGE. */
UP_MUST_USE enum up_err up_session_put(const struct up_rp_session *s, int64_t now_s,
    uint8_t out[UP_SESSION_MAX], size_t *n);
/* Spans point into BYTES. False: they are no session. */
bool up_session_take(struct up_span bytes, struct up_rp_session *s);

#endif
