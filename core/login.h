/* SPDX-License-Identifier: Apache-2.0
 * The login transaction's states as a table: from, event, to.  What is absent is refused.
 * A state is written by up_login_step alone.
 *
 *   pending --scan--> scanned --decide--> deciding --approve--> approved --redeem--> redeeming
 * --redeemed--> redeemed
 *                                    \--deny--> denied                      (store failed: deciding
 * -> scanned, redeeming -> approved) any state that still waits --expire/supersede--> expired;
 * redeemed --redeem again--> revoked redeeming --redeem again--> contested --commit--> revoked, or
 * --undo--> expired deciding, approved, redeeming, contested --give_up--> expired: nothing comes of
 * it (server/live/live.h) returning: place of the return code (SECURITY 11): deciding
 * --approve_code--> returning --code_right--> approved
 */
#ifndef UP_LOGIN_H
#define UP_LOGIN_H

#include "core/err.h"

enum up_login_state {
	UP_LOGIN_PENDING, UP_LOGIN_SCANNED, UP_LOGIN_DECIDING, UP_LOGIN_RETURNING,
	UP_LOGIN_APPROVED,
	UP_LOGIN_REDEEMING, UP_LOGIN_REDEEMED, UP_LOGIN_DENIED, UP_LOGIN_EXPIRED, UP_LOGIN_REVOKED,
	UP_LOGIN_CONTESTED, UP_LOGIN_STATES
};

enum up_login_event {
	UP_LOGIN_SCAN, UP_LOGIN_DECIDE, UP_LOGIN_APPROVE, UP_LOGIN_APPROVE_CODE,
	UP_LOGIN_CODE_RIGHT, UP_LOGIN_CODE_WRONG_LAST,
	/* the store failed, or the decision did not verify: back to where it was */
	UP_LOGIN_DENY, UP_LOGIN_UNDO,
	UP_LOGIN_REDEEM, UP_LOGIN_COMMIT, UP_LOGIN_EXPIRE, UP_LOGIN_SUPERSEDE,
	/* by the holder of a step that cannot be ended, or for one who died */
	UP_LOGIN_GIVE_UP,
	UP_LOGIN_EVENTS
};

/* UP_E_STATE when the table has no such row; *STATE is untouched then. */
UP_MUST_USE enum up_err up_login_step(enum up_login_state *state, enum up_login_event event);
const char *up_login_state_name(enum up_login_state);       /* for logs: every state's own name */
const char *up_login_event_name(enum up_login_event);
/* What the page is told: "pending" "scanned" "approved" "denied" "expired" and nothing else
 * (deciding, returning -> scanned; redeeming, contested, redeemed -> approved;
 * revoked -> expired). */
const char *up_login_state_public(enum up_login_state);

#endif
