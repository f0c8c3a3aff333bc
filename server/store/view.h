/* SPDX-License-Identifier: Apache-2.0
 * Who acts for whom, for people who administer and audit: edges, grants and items as they stand, or
 * as they stood on a day. Nothing is hidden but persons' data: names are masked. Views are borrowed
 * until the call returns; non-zero from FN stops. */
#ifndef UP_VIEW_H
#define UP_VIEW_H

#include "server/store/store.h"

/* What stood at any moment from FROM_MS on and before TO_MS. Both 0: what stands now. ALL: whatever
 * stood once. A whole day has more than one answer where somebody was replaced on it; they are all
 * given, with the times. */
struct up_when { int64_t from_ms, to_ms; bool all; };

/* Units with the certificate and the principal that they had then, the last of that time, under the
 * name of then; WHEN with both its times. Else as up_store_units. */
UP_MUST_USE enum up_err up_store_units_at(struct up_store *, struct up_span code,
    const struct up_when *, up_unit_fn fn, void *arg);

struct up_edge_view {
	int64_t number, grantor_number;          /* 0: a principal's, nobody's */
	enum up_authority_role role;
	struct up_span unit, unit_name;
	struct up_span ref;                      /* the holder's */
	struct up_span person_ref, person;       /* masked */
	struct up_span grantor;                  /* the holder's reference; or empty */
	int64_t created_ms, live_ms, ended_ms;   /* 0: not */
	bool confirmed;                          /* by the real-name check; as it stands now */
	bool suspended;                          /* the same */
	bool may_authorise;                      /* of a manager */
};
typedef int (*up_edge_fn)(void *arg, const struct up_edge_view *);
/* Of the unit UNIT, of the holder REF, or of all, in the order of their making within a unit. */
struct up_edge_of { struct up_span unit, ref; struct up_when when; };
UP_MUST_USE enum up_err up_store_edges(
    struct up_store *, const struct up_edge_of *, up_edge_fn fn, void *arg);

struct up_granted_view {
	int64_t edge;                            /* number of the edge that it hangs on */
	struct up_span ref, unit;
	struct up_span user, person;             /* holder's reference; masked name */
	struct up_span grantor;
	enum up_authority_role grantor_role;
	struct up_span items;                    /* space-separated codes */
	uint32_t from_day, to_day;
	int64_t created_ms, live_ms, ended_ms;
};
typedef int (*up_granted_fn)(void *arg, const struct up_granted_view *);
/* The same; ITEM: that include it. TO_DAY: that run up to this day or longer, 0: whichever. */
struct up_granted_of { struct up_span unit, user, item; struct up_when when; uint32_t to_day; };
UP_MUST_USE enum up_err up_store_granted(
    struct up_store *, const struct up_granted_of *, up_granted_fn fn, void *arg);

/* Items in the order of their codes, with their portal. */
struct up_item_state {
	struct up_span item, name, client;
	int64_t created_ms, ended_ms;
};
typedef int (*up_item_state_fn)(void *arg, const struct up_item_state *);
UP_MUST_USE enum up_err up_store_item_states(
    struct up_store *, const struct up_when *, up_item_state_fn fn, void *arg);

/* What a phone signed for the record SEQ, if it signed it: a record of the same operation, or an
 * older one's, told by the record's evidence. Appended to PROOF; nothing: there is none. */
UP_MUST_USE enum up_err up_store_proof(struct up_store *, int64_t seq, struct up_buf *proof);
/* x||y of the phone REF, live or ended. UP_E_NOT_FOUND. */
UP_MUST_USE enum up_err up_store_device_key(
    struct up_store *, struct up_span ref, uint8_t key[64]);

/* What ends when UNIT is cancelled, for a person who is asked first; open codes may be over. */
struct up_standing { int64_t principals, managers, users, grants, codes; };
UP_MUST_USE enum up_err up_store_standing_unit(
    struct up_store *, struct up_span unit, struct up_standing *out);

#endif
