/* SPDX-License-Identifier: Apache-2.0
 * What became of a login or of a call, told once: one line in the log, and the counters. */
#ifndef UP_OUTCOME_H
#define UP_OUTCOME_H

#include "server/http/http.h"

enum up_outcome {
	UP_OUTCOME_LOGIN,                /* redeemed by the portal */
	UP_OUTCOME_DENIED,               /* declined by the person */
	UP_OUTCOME_NOT_MINE,             /* the same, and she did not start it */
	UP_OUTCOME_EXPIRED,              /* ended without outcome after a scan */
	UP_OUTCOME_PASSWORD,             /* wrong password: the login goes on */
	UP_OUTCOME_REFUSED,              /* a call was refused on the merits: the login goes on */
};

/* What is known; all of it may be NULL or empty, and nothing of it is a secret or a name. */
struct up_outcome_of {
	const struct up_login_info *info;
	const struct up_role *role;
	const char *event, *reason, *phone, *phone_ip;
	int64_t now_ms;                  /* LOGIN: for the time it took */
};

void up_outcome_tell(enum up_outcome, const struct up_outcome_of *);

#endif
