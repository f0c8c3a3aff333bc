/* SPDX-License-Identifier: Apache-2.0 */
#include "core/login.h"

#include "core/span.h"

/* Deciding and redeeming exist because a decision or a redemption counts only once its usage record
 * is on disk. Whoever moves the transaction there holds the exclusive right to it while the record
 * is being written: others that race find no row.  Commit or undo, by the same holder, ends it;
 * neither expire nor supersede can take the transaction away in between.  Give_up is the holder's
 * way out when neither can be done, and what ends the step of one who is no more. */
static const struct {
	enum up_login_state from;
	enum up_login_event event;
	enum up_login_state to;
} rows[] = {
	{ UP_LOGIN_PENDING,   UP_LOGIN_SCAN,            UP_LOGIN_SCANNED },
	{ UP_LOGIN_PENDING,   UP_LOGIN_EXPIRE,          UP_LOGIN_EXPIRED },
	{ UP_LOGIN_PENDING,   UP_LOGIN_SUPERSEDE,       UP_LOGIN_EXPIRED },

	{ UP_LOGIN_SCANNED,   UP_LOGIN_DECIDE,          UP_LOGIN_DECIDING },
	{ UP_LOGIN_SCANNED,   UP_LOGIN_EXPIRE,          UP_LOGIN_EXPIRED },
	{ UP_LOGIN_SCANNED,   UP_LOGIN_SUPERSEDE,       UP_LOGIN_EXPIRED },

	{ UP_LOGIN_DECIDING,  UP_LOGIN_APPROVE,         UP_LOGIN_APPROVED },
	{ UP_LOGIN_DECIDING,  UP_LOGIN_APPROVE_CODE,    UP_LOGIN_RETURNING },
	{ UP_LOGIN_DECIDING,  UP_LOGIN_DENY,            UP_LOGIN_DENIED },
	{ UP_LOGIN_DECIDING,  UP_LOGIN_UNDO,            UP_LOGIN_SCANNED },

	{ UP_LOGIN_RETURNING, UP_LOGIN_CODE_RIGHT,      UP_LOGIN_APPROVED },
	{ UP_LOGIN_RETURNING, UP_LOGIN_CODE_WRONG_LAST, UP_LOGIN_DENIED },
	{ UP_LOGIN_RETURNING, UP_LOGIN_EXPIRE,          UP_LOGIN_EXPIRED },
	{ UP_LOGIN_RETURNING, UP_LOGIN_SUPERSEDE,       UP_LOGIN_EXPIRED },

	{ UP_LOGIN_APPROVED,  UP_LOGIN_REDEEM,          UP_LOGIN_REDEEMING },
	{ UP_LOGIN_APPROVED,  UP_LOGIN_EXPIRE,          UP_LOGIN_EXPIRED },

	{ UP_LOGIN_REDEEMING, UP_LOGIN_COMMIT,          UP_LOGIN_REDEEMED },
	{ UP_LOGIN_REDEEMING, UP_LOGIN_UNDO,            UP_LOGIN_APPROVED },

	/* One that comes while the first is being written is a second redemption too: what is
	 * issued is revoked at once, and when nothing is issued the code, known to two callers,
	 * is void. */
	{ UP_LOGIN_REDEEMING, UP_LOGIN_REDEEM,          UP_LOGIN_CONTESTED },
	{ UP_LOGIN_CONTESTED, UP_LOGIN_COMMIT,          UP_LOGIN_REVOKED },
	{ UP_LOGIN_CONTESTED, UP_LOGIN_UNDO,            UP_LOGIN_EXPIRED },

	{ UP_LOGIN_DECIDING,  UP_LOGIN_GIVE_UP,         UP_LOGIN_EXPIRED },
	{ UP_LOGIN_APPROVED,  UP_LOGIN_GIVE_UP,         UP_LOGIN_EXPIRED },
	{ UP_LOGIN_REDEEMING, UP_LOGIN_GIVE_UP,         UP_LOGIN_EXPIRED },
	{ UP_LOGIN_CONTESTED, UP_LOGIN_GIVE_UP,         UP_LOGIN_EXPIRED },

	/* a second redemption revokes what the first one issued */
	{ UP_LOGIN_REDEEMED,  UP_LOGIN_REDEEM,          UP_LOGIN_REVOKED },
	/* ... or it could not be written: the next one may */
	{ UP_LOGIN_REVOKED,   UP_LOGIN_UNDO,            UP_LOGIN_REDEEMED },
};

static const struct {
	const char *name, *public;
} states[UP_LOGIN_STATES] = {
	[UP_LOGIN_PENDING] = { "pending", "pending" },
	[UP_LOGIN_SCANNED] = { "scanned", "scanned" },
	[UP_LOGIN_DECIDING] = { "deciding", "scanned" },
	[UP_LOGIN_RETURNING] = { "returning", "scanned" },
	[UP_LOGIN_APPROVED] = { "approved", "approved" },
	[UP_LOGIN_REDEEMING] = { "redeeming", "approved" },
	[UP_LOGIN_REDEEMED] = { "redeemed", "approved" },
	[UP_LOGIN_DENIED] = { "denied", "denied" },
	[UP_LOGIN_EXPIRED] = { "expired", "expired" },
	[UP_LOGIN_REVOKED] = { "revoked", "expired" },
	[UP_LOGIN_CONTESTED] = { "contested", "approved" },
};

static const char *const events[UP_LOGIN_EVENTS] = {
	[UP_LOGIN_SCAN] = "scan",
	[UP_LOGIN_DECIDE] = "decide",
	[UP_LOGIN_APPROVE] = "approve",
	[UP_LOGIN_APPROVE_CODE] = "approve_code",
	[UP_LOGIN_CODE_RIGHT] = "code_right",
	[UP_LOGIN_CODE_WRONG_LAST] = "code_wrong_last",
	[UP_LOGIN_DENY] = "deny",
	[UP_LOGIN_UNDO] = "undo",
	[UP_LOGIN_REDEEM] = "redeem",
	[UP_LOGIN_COMMIT] = "commit",
	[UP_LOGIN_EXPIRE] = "expire",
	[UP_LOGIN_SUPERSEDE] = "supersede",
	[UP_LOGIN_GIVE_UP] = "give_up",
};

enum up_err up_login_step(enum up_login_state *state, enum up_login_event event)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		if (rows[i].from == *state && rows[i].event == event) {
			*state = rows[i].to;
			return UP_OK;
		}
	}
	return UP_E_STATE;
}

const char *up_login_state_name(enum up_login_state state)
{
	return (unsigned)state < UP_LOGIN_STATES ? states[state].name : "unknown";
}

const char *up_login_event_name(enum up_login_event event)
{
	return (unsigned)event < UP_LOGIN_EVENTS ? events[event] : "unknown";
}

const char *up_login_state_public(enum up_login_state state)
{
	return (unsigned)state < UP_LOGIN_STATES ? states[state].public : "expired";
}
