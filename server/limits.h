/* SPDX-License-Identifier: Apache-2.0
 * The one table of request-rate limits (SECURITY 27). */
#ifndef UP_LIMITS_H
#define UP_LIMITS_H

#include "server/server.h"

enum up_limit {
	UP_LIMIT_START_CLIENT,   /* logins begun by one client */
	UP_LIMIT_START_SOURCE,   /* logins begun from one browser address, at one client */
	UP_LIMIT_BAD_CLIENT,     /* failed client authentications from one address */
	UP_LIMIT_PHONE,          /* calls of one phone */
	UP_LIMIT_PHONE_ADDRESS,  /* calls with a wrong proof or token from one address */
	UP_LIMIT_BAD_CODE,       /* wrong codes from one phone */
	UP_LIMIT_ENROL,          /* enrolment calls from one address */
	UP_LIMIT_UNIT,           /* decisions for one unit */
	UP_LIMIT_WATCH,          /* snapshots of one transaction */
	UP_LIMIT_PAGE,           /* pages for one address */
	UP_LIMITS
};

/* Spend one. UP_E_RATE. */
UP_MUST_USE enum up_err up_limits_spend(struct up_server *, enum up_limit, struct up_span who, int64_t now_ms);
/* Spend half of what may be spent at once: somebody said "I did not start this". */
void up_limits_punish(struct up_server *, enum up_limit, struct up_span who, int64_t now_ms);

#endif
