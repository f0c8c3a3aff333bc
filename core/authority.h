/* SPDX-License-Identifier: Apache-2.0
 * Who may do what: one table of roles and uses, asked with facts and answered with the role edge by
 * which she acts. Pure: the store states facts, the instant is an argument, days are those of
 * Asia/Shanghai (core/day.h). Nothing else knows these rules. Source: DOMAIN, rules 4, 5, 7, 8,
 * 11-20 and 28.
 *
 * A role edge is one person in one role for one unit, as one grantor made it; a person may have
 * several for the same unit. A decision names the edge, never a certificate only, which all edges
 * of a unit share. A principal's has no grantor, a manager's has the principal's, a user's the
 * principal's or a manager's. */
#ifndef UP_AUTHORITY_H
#define UP_AUTHORITY_H

#include "core/span.h"

enum up_authority_role {
	UP_ROLE_PRINCIPAL, UP_ROLE_MANAGER, UP_ROLE_USER,
	UP_ROLES                         /* no role that there is */
};

enum up_authority_state {
	UP_EDGE_WAITING,                 /* made, but no phone has taken it yet */
	UP_EDGE_LIVE,
	UP_EDGE_ENDED                    /* deleted: never alive again */
};

enum up_authority_use {
	UP_USE_TAKE,                     /* take the role on a phone with an enrolment code */
	UP_USE_SCAN,                     /* learn what a login is that she scanned */
	UP_USE_LOGIN,                    /* approve it, and have it redeemed, for an item or none */
	UP_USE_DECLINE,                  /* refuse it */
	UP_USE_SESSION,                  /* go on with what was redeemed */
	UP_USE_IDENTITY,                 /* have a portal told who she is now */
	UP_USE_SEE_OWN,                  /* read her own usage records */
	UP_USE_SEE_UNIT,                 /* read those of the whole unit */

	/* what she does to others. The ask's TARGET is the edge that it is done to. */
	UP_USE_ADD_MANAGER,              /* no target: there is no edge yet */
	UP_USE_ADD_USER,                 /* no target */
	UP_USE_SEE,                      /* a person; without a target: any at all, for lists */
	UP_USE_SEE_USAGE_OF,             /* where somebody's certificate was used */
	UP_USE_CODE,                     /* make an enrolment code anew */
	UP_USE_DELETE,
	UP_USE_GRANT,                    /* to a user; without a target: may she grant at all */
	UP_USE_CANCEL,                   /* a grant; the target is the edge that it hangs on */
	UP_USE_END_PHONE,                /* on which the target's certificate is */
	UP_USE_END_OWN_PHONE,            /* no target */
	UP_USES
};

/* What a use wants of an edge; bits. */
enum up_authority_need {
	UP_NEED_UNIT = 1,                /* the unit is live */
	UP_NEED_CERTIFICATE = 2,         /* it has a live certificate, whose period runs */
	UP_NEED_PERSON = 4,              /* the population platform confirmed her (rule 5) */
	UP_NEED_STANDING = 8,            /* the edge was not ended */
	UP_NEED_TAKEN = 16,              /* the edge is live: a phone took it */
	UP_NEED_PHONE = 32,              /* that phone's key is live */
	UP_NEED_GRANT = 64,              /* a live grant for the item, if one is asked (rule 20) */
	UP_NEED_OTHER_ROLE = 128,        /* this role never may */
	UP_NEED_OTHER_EDGE = 256,        /* another unit's or certificate's than asked */
	UP_NEED_CONFIRMED = 512,         /* she is not suspended (rule 28) */
	UP_NEED_AUTHORISE = 1024,        /* the permission to authorise users (rule 14) */
	/* of the target, where one is named */
	UP_NEED_TARGET = 2048,           /* one is */
	UP_NEED_UNDER = 4096,            /* stands in her unit; not hers, nor a principal's */
	UP_NEED_OWN = 8192,              /* she made it */
	UP_NEED_USER = 16384             /* it is a user's */
};

/* Facts of one edge, as they stand; the texts are borrowed. What is not filled in permits nothing:
 * holder, grantor and may_authorise matter only to what she does to others. */
struct up_authority_edge {
	int64_t id;
	int64_t holder;                  /* the person in this unit; 0: not read */
	int64_t grantor;                 /* the edge that made this one; 0: none, or not read */
	enum up_authority_role role;
	enum up_authority_state state;
	struct up_span unit;             /* its code */
	struct up_span certificate;      /* its live certificate's number; empty: it has none */
	int64_t valid_from_s, valid_to_s;   /* of that certificate; both inclusive */
	bool unit_live, person_confirmed, phone_live;
	bool may_authorise;              /* of a manager (rule 14) */
	bool suspended;                  /* a principal, to be confirmed anew (rule 28) */
};

/* Facts of one grant: ITEM on every day from FROM_DAY to TO_DAY, both yyyymmdd and inclusive. */
struct up_authority_grant {
	int64_t id, edge;
	struct up_span item;
	uint32_t from_day, to_day;
	bool cancelled;
};

struct up_authority_ask {
	enum up_authority_use use;
	struct up_span unit, certificate;    /* empty: whichever the edge has */
	struct up_span item;                 /* empty: no item */
	int64_t now_s;
	const struct up_authority_edge *target;    /* to whom it is done; NULL: nobody */
	const struct up_authority_grant *grants;   /* of whatever edges */
	size_t n_grants;
};

struct up_authority_answer {
	const struct up_authority_edge *edge;      /* by which she acts, or would; NULL: none */
	const struct up_authority_grant *grant;    /* where one was needed and is there */
	unsigned lacks;                            /* enum up_authority_need; 0: she may */
};

/* May she act by this EDGE? The first that is so:
 *   UP_E_ROLE        she may not as things stand, or her role never may
 *   UP_E_SUSPENDED   nothing of her own is lacking but the confirmation
 *   UP_E_AUTHORISE   she may not authorise users
 *   UP_E_NOT_FOUND   not to this target: of another unit, ended, not hers, not there: one answer
 *   UP_E_ITEM_GRANT  nothing is lacking but the grant */
UP_MUST_USE enum up_err up_authority_may(const struct up_authority_ask *,
    const struct up_authority_edge *edge, struct up_authority_answer *out);
/* The same over several edges, one call each: *BEST, zeroed before the first, becomes EDGE's answer
 * when that is better: she may, before only a grant is lacking, and so on up the list above; the
 * first of equals. An edge that is not the one asked for counts for nothing. Returns what *BEST
 * says now; before the first call that would be UP_E_ROLE. */
UP_MUST_USE enum up_err up_authority_consider(const struct up_authority_ask *,
    const struct up_authority_edge *edge, struct up_authority_answer *best);

/* --- what ends with an edge (rules 12, 13) --- */

/* ENDS[i] becomes true where EDGES[i] ends because the edge of id ENDED does: it, and every edge
 * whose grantor ends. Edges that have ended already do not end again, and take nobody along. Gives
 * the number of those that end; 0: ENDED does not stand. */
size_t up_authority_cascade(
    const struct up_authority_edge *edges, size_t n, int64_t ended, bool ends[]);
/* The same where BY deletes TARGET, which she may (UP_USE_DELETE): a user whom the principal
 * deletes loses all her edges of the unit, whoever made them. */
size_t up_authority_delete(const struct up_authority_edge *edges, size_t n,
    const struct up_authority_edge *by, const struct up_authority_edge *target, bool ends[]);

/* Does ROLE need a grant for an item to do USE? Also for one that knows the role by name only, as a
 * portal does: what is no role needs one. */
bool up_authority_needs_grant(enum up_authority_use, enum up_authority_role);

/* "principal" "manager" "user"; UP_ROLES for any other text. */
enum up_authority_role up_authority_role(struct up_span name);
const char *up_authority_role_name(enum up_authority_role);      /* "" for UP_ROLES */

#endif
