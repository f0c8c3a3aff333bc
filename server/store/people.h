/* SPDX-License-Identifier: Apache-2.0
 * Who may act for a unit, read: its managers and users, grants, phones, the items there are, and by
 * whose right somebody acts. What changes them are operations (op.h).
 *
 * Lists give what VIEWER, an edge as up_store_role found it, may see (core/authority: UP_USE_SEE),
 * newest first, and end after LIMIT rows; BEFORE (0: from the newest on) is the number of the last
 * row that was seen. Views are borrowed until the call returns; non-zero from FN stops. Whether
 * VIEWER herself is alive is the caller's to ask. */
#ifndef UP_PEOPLE_H
#define UP_PEOPLE_H

#include "server/store/store.h"

struct up_page { int64_t before, limit; };

/* --- managers and users --- */

/* One edge: a user of two grantors is there twice. */
struct up_people_view {
	int64_t number;
	enum up_authority_role role;
	struct up_span ref;              /* the holder's */
	struct up_span name, masked, mobile;
	struct up_span status;           /* pending waiting live */
	struct up_span grantor;          /* holder's reference */
	enum up_authority_role grantor_role;
	bool may_authorise;              /* of a manager */
	int64_t since_ms;                /* added; when live: taken */
	int64_t grants;                  /* that wait or live */
};
typedef int (*up_people_fn)(void *arg, const struct up_people_view *);
UP_MUST_USE enum up_err up_store_people(struct up_store *, const struct up_role *viewer,
    enum up_authority_role which, const struct up_page *, up_people_fn fn, void *arg);
/* The edges of one, REF. UP_E_NOT_FOUND: of another unit, ended, not to be seen, or nobody's. */
UP_MUST_USE enum up_err up_store_person(struct up_store *, const struct up_role *viewer,
    enum up_authority_role which, struct up_span ref, up_people_fn fn, void *arg);

/* References of those whose uses VIEWER may see beside her own (UP_USE_SEE_USAGE_OF) because she
 * authorised them. */
typedef int (*up_ref_fn)(void *arg, struct up_span ref);
UP_MUST_USE enum up_err up_store_people_below(
    struct up_store *, const struct up_role *viewer, int64_t now_s, up_ref_fn fn, void *arg);

/* --- grants --- */

struct up_grant_view {
	int64_t number;
	struct up_span ref;
	struct up_span user, name, masked;       /* holder's reference; her name */
	struct up_span grantor;          /* holder's reference */
	enum up_authority_role grantor_role;
	struct up_span items;            /* space-separated codes */
	uint32_t from_day, to_day;       /* yyyymmdd; the reader judges whether it is over */
	struct up_span status;           /* waiting live ended */
	int64_t created_ms, live_ms, ended_ms;   /* 0: not yet */
};
typedef int (*up_grant_fn)(void *arg, const struct up_grant_view *);
/* Those that stand: of the unit, of a manager's users, or a user's own. USER: of this holder;
 * GRANT: this one, though it ended; or empty. */
struct up_grant_filter { struct up_span user, grant; };
UP_MUST_USE enum up_err up_store_grants(struct up_store *, const struct up_role *viewer,
    const struct up_grant_filter *, const struct up_page *, up_grant_fn fn, void *arg);

/* What the edges of DEVICE are granted for ITEM, as core/authority judges it; *OUT is the caller's:
 * free(). */
UP_MUST_USE enum up_err up_store_grants_for(struct up_store *, int64_t device, struct up_span item,
    struct up_authority_grant **out, size_t *n);

/* --- items --- */

struct up_item_view { struct up_span item, name, client, client_name; };
typedef int (*up_item_fn)(void *arg, const struct up_item_view *);
/* Those that can be granted, in the order of their codes. */
UP_MUST_USE enum up_err up_store_catalogue(struct up_store *, up_item_fn fn, void *arg);

/* --- phones --- */

struct up_phone_view {
	int64_t number;
	struct up_span ref, name;
	struct up_span user, person;     /* holder's reference; masked name */
	enum up_authority_role role;
	bool own;
	int64_t since_ms;
};
typedef int (*up_phone_fn)(void *arg, const struct up_phone_view *);
/* Live ones that VIEWER may end: on the first page her own of this unit, which do not count to its
 * LIMIT. Who holds two edges on a phone is there twice. */
UP_MUST_USE enum up_err up_store_phones(struct up_store *, const struct up_role *viewer,
    const struct up_page *, up_phone_fn fn, void *arg);

/* --- by whose right --- */

#define UP_CHAIN_MAX 3                   /* principal, manager, user */

/* From the principal to the edge asked for. Of a user who acts by a grant, the last link says until
 * when and for what. */
struct up_chain {
	size_t n;
	struct up_link {
		enum up_authority_role role;
		char ref[UP_STORE_REF + 1];      /* the holder's */
		int64_t since_s, until_s;        /* 0: without end */
		char *items;                     /* space-separated codes; "" */
	} links[UP_CHAIN_MAX];
};
/* Of the edge ROLE that acts for ITEM (or for none) at NOW_S. UP_E_ROLE: an edge of it has ended,
 * or there is none such; UP_E_ITEM_GRANT: a user without a grant for ITEM. */
UP_MUST_USE enum up_err up_store_chain(struct up_store *, int64_t role, struct up_span item,
    int64_t now_s, struct up_chain **out);
void up_chain_free(struct up_chain **);

#endif
