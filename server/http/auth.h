/* SPDX-License-Identifier: Apache-2.0
 * Who is calling: clients (RFC 6749 section 2.3, RFC 7523), bearers (RFC 6750), pages that watch a
 * login, and phones (RFC 9449). */
#ifndef UP_AUTH_H
#define UP_AUTH_H

#include "server/http/http.h"

/* Is he whom r->route wants (enum up_who)? The one place that checks; the rest of this header is
 * what it asks. Sets what enum up_who says. */
UP_MUST_USE enum up_err up_auth_caller(struct up_request *);
/* Must r->now_ms be right before? Not for what works without a clock. */
bool up_auth_wants_clock(enum up_who);

/* Sets r->session and r->role. UP_E_NO_TOKEN; UP_E_REQUEST for two ways at once; UP_E_TOKEN when
 * token, session, client or role is no longer live. */
UP_MUST_USE enum up_err up_auth_bearer(struct up_request *);
/* Sets r->client. UP_E_CLIENT for every failure, but UP_E_ASSERTION for one that is right and may
 * have been used before this process began; UP_E_REQUEST for two methods at once, UP_E_RATE. */
UP_MUST_USE enum up_err up_auth_client(struct up_request *);
/* Sets r->proof, and r->device when a token came (required but for new phones) or r->device_key
 * (the proof's own key). UP_E_PROOF, UP_E_NONCE (before any signature is verified),
 * UP_E_TOKEN, UP_E_ENDED, UP_E_REPLAY, UP_E_RATE, UP_E_BUSY. */
UP_MUST_USE enum up_err up_auth_phone(struct up_request *);
/* DPoP-Nonce with the current nonce. */
void up_auth_put_nonce(struct up_request *, struct MHD_Response *);

#endif
