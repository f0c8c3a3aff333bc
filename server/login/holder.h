/* SPDX-License-Identifier: Apache-2.0
 * What the phone's calls share. */
#ifndef UP_HOLDER_H
#define UP_HOLDER_H

#include "server/http/http.h"
#include "server/login/outcome.h"

struct up_holder_refusal {
	enum up_err err;
	const struct up_login_info *info;        /* the reference is given away; NULL: unknown */
	const char *event;
	const char *detail;                      /* reason in the record; NULL: ERR's own name */
	int64_t role;                            /* in which she would have acted, or 0 */
};
/* Record a refusal and answer its ERR once it is on disk: all refusals of codes take this one way,
 * so that they cost the same time (SECURITY 12). The handler's state is freed. */
void up_holder_refuse(struct up_request *, const struct up_holder_refusal *);

/* For refused_by of an operation: whose refusal about INFO (NULL: unknown) would be counted. Empty
 * for the first ones of a login, which are recorded each, and are what a person can do by mistake.
 * Counts one call about INFO. */
struct up_span up_holder_refused_by(struct up_request *, const struct up_login_info *info);

/* Answer the error of the finished operation, with the tries left after a wrong password, and tell
 * it. */
void up_holder_password_err(
    struct up_request *, const struct up_outcome_of *, unsigned tries_left);

/* {"certificate":...,"unit":...,...} of a role. ITEM decides "eligible"; empty for none. */
void up_holder_put_role(struct up_json_put *, const char *name, const struct up_request *,
    const struct up_role *, struct up_span item);
/* Member "fields": those of a certificate, JSON text; {} for none. */
void up_holder_put_fields(struct up_json_put *, const char *fields);
/* May this role do USE for ITEM (may be empty) now? As up_authority_may: UP_E_ROLE,
 * UP_E_ITEM_GRANT. */
UP_MUST_USE enum up_err up_holder_may(const struct up_request *, const struct up_role *,
    enum up_authority_use, struct up_span item);

/* The day in China, yyyymmdd. */
uint32_t up_holder_today(const struct up_request *);

#endif
