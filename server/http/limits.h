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
	UP_LIMIT_ENROL,          /* refused enrolment codes from one address */
	UP_LIMIT_ENROL_ALL,      /* those of all strangers together: each costs a commit */
	UP_LIMIT_DECISION,       /* decisions of one phone */
	UP_LIMIT_UNIT,           /* decisions for one unit */
	UP_LIMIT_WATCH,          /* snapshots of one transaction */
	UP_LIMIT_PAGE,           /* pages for one address */
	UP_LIMIT_REALNAME_PHONE, /* real-name checks that one phone causes */
	UP_LIMIT_REALNAME_PERSON,        /* ... about one person */
	UP_LIMITS
};

/* Spend one. UP_E_RATE. */
UP_MUST_USE enum up_err up_limits_spend(
    struct up_server *, enum up_limit, struct up_span who, int64_t now_ms);
/* The same by network address: of IPv6 the /64, which is what one subscriber has. */
UP_MUST_USE enum up_err up_limits_spend_source(
    struct up_server *, enum up_limit, const char *ip, int64_t now_ms);
/* Spend one of WHO's own and one of what all share, such as a browser address's and its client's;
 * or none of either. The more of his own is gone, the less of the shared he gets: nobody, and no
 * few together, spend another's part. */
UP_MUST_USE enum up_err up_limits_share(struct up_server *, enum up_limit own, struct up_span who,
	enum up_limit shared, struct up_span of, int64_t now_ms);
/* The same of a network address, with all others. */
UP_MUST_USE enum up_err up_limits_share_source(struct up_server *, enum up_limit own,
	const char *ip, enum up_limit shared, int64_t now_ms);
/* IP as limits know it: of IPv6 the /64. */
#define UP_LIMITS_NETWORK 46
void up_limits_network(const char *ip, char out[UP_LIMITS_NETWORK]);
/* "client source" as one key: what one portal's visitors from one source may do. */
void up_limits_source_of(const char *client, struct up_span ip, char out[160]);
/* Spend half of what may be spent at once (of raised limits, as much as of those that ship):
 * somebody said "I did not start this". */
void up_limits_punish(struct up_server *, enum up_limit, struct up_span who, int64_t now_ms);

#endif
