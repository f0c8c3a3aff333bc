/* SPDX-License-Identifier: Apache-2.0
 * Private to server/store: steps of what one edge does to others (struct up_op_by at the head of
 * the operation), and what an edge that ends takes along. As in act.h: steps set the merit, and
 * what they return else is a failure. */
#ifndef UP_EDGE_H
#define UP_EDGE_H

#include "server/store/act.h"

/* --- who acts, and to whom --- */

UP_MUST_USE enum up_err up_edge_actor(struct up_act *);
UP_MUST_USE enum up_err up_edge_password(struct up_act *);
void up_edge_may(struct up_act *, enum up_authority_use);        /* without a target */

/* Of the edges that STATEMENT gives for KEY: those in ROLE (UP_ROLES: any) to which she may do USE.
 * None: UP_E_NOT_FOUND, whatever the reason, or that she may not at all. */
struct up_edge_asked {
	enum up_authority_use use;
	enum up_sql statement;
	struct up_db_arg key;
	enum up_authority_role role;
};
#define UP_EDGE_TARGETS 8                /* of one person in one unit: four grantors at most */
UP_MUST_USE enum up_err up_edge_targets(struct up_act *, const struct up_edge_asked *,
    struct up_rows_target *out, size_t cap, size_t *n);

/* --- what comes to be --- */

/* PERSON as a holder in UNIT, who may be there already. */
struct up_edge_holder {
	int64_t unit, person;

	int64_t id;
	char ref[UP_STORE_REF + 1];
};
UP_MUST_USE enum up_err up_edge_put_holder(struct up_act *, struct up_edge_holder *);

/* A code that takes EDGE, and GRANT of it (0: none). CLERK and WINDOW: who made it there. */
struct up_edge_code {
	int64_t edge, grant;
	const uint8_t *hash;             /* 32 bytes */
	int64_t expires_ms;
	struct up_span clerk, window;
};
UP_MUST_USE enum up_err up_edge_put_code(struct up_act *, const struct up_edge_code *);

/* --- records of them --- */

void up_edge_fill_grant(struct up_record *, const struct up_act_grant *);
/* All but the items: columns of GRANT_COLUMNS in sql.c. */
void up_edge_grant_row(const struct up_db_rows *, struct up_act_grant *out);
/* EDGE was taken by a code of MADE_MS: those grants of it that waited then, or GRANT alone, become
 * live, with a record each (rule 17), and codes for them end. */
struct up_edge_take { int64_t edge, grant, made_ms; };
UP_MUST_USE enum up_err up_edge_take_grants(struct up_act *, const struct up_edge_take *);

/* One more record of this operation, beside what the operation says of itself. LAST: it is the
 * operation's own, with its id. */
struct up_edge_change {
	const char *event;
	struct up_span before, after;
	const struct up_act_grant *grant;       /* NULL: none */
	bool last;
};
UP_MUST_USE enum up_err up_edge_record(struct up_act *, const struct up_edge_change *);

/* --- what ends --- */

struct up_edge_end {
	int64_t id, device;
	char ref[UP_STORE_REF + 1];
	enum up_authority_role role;
	struct up_buf before;            /* JSON, for its record */
};
struct up_edge_ends { struct up_edge_end *list; size_t n, cap; };
/* Nothing is added when the edge ended before. */
UP_MUST_USE enum up_err up_edge_end_add(struct up_act *, struct up_edge_ends *, int64_t edge);
/* All in ENDS, with what stands on them, which is added. A record for each, the first one's last:
 * with LAST it is the operation's own. */
UP_MUST_USE enum up_err up_edge_end_all(struct up_act *, struct up_edge_ends *, bool last);
void up_edge_ends_free(struct up_edge_ends *);

/* A phone that holds nothing more ends, with a record (rule 28); DEVICE 0: there is none. USER:
 * whose it was in this unit. */
UP_MUST_USE enum up_err up_edge_phone_unused(struct up_act *, int64_t device, const char *user);
void up_edge_put_phone(struct up_buf *, const char *phone, const char *user);

#endif
