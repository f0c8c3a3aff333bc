/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UP_PEER_H
#define UP_PEER_H

#include <stdbool.h>

/* A person with a browser and, beside her, a device that wants her signed in
 * (RFC 8628): the client side of a login at one of the peers. */
struct up_peer_user;

/* Connects to 127.0.0.1:PORT at the first step.  NULL: out of memory, or no
 * such peer ("oidc-provider", "glewlwyd"). */
struct up_peer_user *up_peer_user_new(const char *peer, long port);
void up_peer_user_free(struct up_peer_user **);

/* Each step is false when the answer was not the one a login needs; slow_down
 * is such an answer too.  The first failure of the process goes to stderr. */

/* Sign her in and let the client have her consent, both remembered in her
 * cookies' session.  Needed once, before the others. */
bool up_peer_user_sign_in(struct up_peer_user *);

/* RFC 8628 section 3.1: a new device code and user code. */
bool up_peer_user_authorize(struct up_peer_user *);

/* Section 3.5: a poll that must be answered authorization_pending. */
bool up_peer_user_poll_pending(struct up_peer_user *);

/* Section 3.3: she opens the link and confirms, as that peer's pages do it. */
bool up_peer_user_approve(struct up_peer_user *);

/* Section 3.4: the poll that brings the ID token, signed with ES256. */
bool up_peer_user_redeem(struct up_peer_user *);

#endif
