/* SPDX-License-Identifier: Apache-2.0
 * Private to server/store: an operation on its way through the transaction. */
#ifndef UP_ACT_H
#define UP_ACT_H

#include "server/store/facts.h"
#include "server/store/op.h"
#include "server/store/rows.h"

#define UP_ACT_KEPT 12

/* A grant as records tell of it. */
struct up_act_grant {
	int64_t id, edge;                /* id 0: none */
	char ref[UP_STORE_REF + 1], grantor[UP_STORE_REF + 1];   /* a holder's reference */
	uint32_t from_day, to_day;
	char period[24];                 /* 2026-03-01/2027-02-28 */
	struct up_span items;            /* space-separated; borrowed */
};

/* Steps set MERIT, the answer on the merits, once; a step that returns something else than UP_OK
 * has failed and the transaction must be given up. */
struct up_act {
	struct up_tx *tx;
	struct up_op *op;
	struct up_record record;         /* a copy: the operation may have to run again */
	enum up_err merit;
	struct up_span source;           /* whose refusal this is, if it is counted */
	unsigned recorded;
	bool told;                       /* there is no record to append any more */
	bool judged;                     /* before it was applied: up_act_again */

	/* what the steps below have read */
	struct up_rows_device device;
	struct up_rows_role found;
	/* that was found first, when up_act_may chose another: the record borrows from it */
	struct up_role *named;
	int64_t client;
	int64_t only_grant;              /* by which alone she may act (up_act_may); 0: any */
	struct up_act_grant grant;       /* by which she acts (up_act_may); none: she needs none */
	/* what the record of an enrolment borrows */
	struct up_enrolment *enrolment;
	char code_hex[32];
	char evidence[64];               /* hex SHA-256 of the operation's proof */
	/* copies of what it borrows: up_act_keep, up_act_buffer */
	struct up_buf kept[UP_ACT_KEPT];
	size_t n_kept;
};

/* A row of the table in op.c. */
struct up_op_row {
	const char *name;
	const char *event;               /* of the record; NULL: the caller's */
	/* All but the record, which is appended when it returns. */
	enum up_err (*apply)(struct up_act *);
	void (*reset)(struct up_op *);   /* clear the results of its own; or NULL */
	void (*wipe)(struct up_op *);    /* secrets, after the last try; or NULL */
	bool administrative;             /* from the command line: see struct up_op */
	bool any_time;                   /* the clock is not asked */
};
extern const struct up_op_row up_op_rows[UP_OPS];

/* Clears the results of OP and runs it; its err is the answer. Anything but UP_OK: give the
 * transaction up. UP_E_STORE: it failed; else it was refused, and had changed something. */
UP_MUST_USE enum up_err up_op_apply(struct up_tx *, struct up_op *);
/* Free what OP was given and make it fail with UP_E_STORE, UNSURE or not (op.h). */
void up_op_fail(struct up_op *, bool unsure);
void up_op_undone(struct up_op *);        /* it was refused, and its transaction given up */
void up_op_wipe(struct up_op *);

/* --- what operations do, one file a concept --- */

enum up_err up_act_record(struct up_act *);              /* decide.c */
enum up_err up_act_decide(struct up_act *);
enum up_err up_act_redeem(struct up_act *);              /* redeem.c */
enum up_err up_act_replay(struct up_act *);
enum up_err up_act_open(struct up_act *);                /* enrol.c */
enum up_err up_act_enrol(struct up_act *);
enum up_err up_act_device_end(struct up_act *);          /* device.c */
enum up_err up_act_code(struct up_act *);                /* window.c */
enum up_err up_act_people_add(struct up_act *);          /* people.c */
enum up_err up_act_people_code(struct up_act *);
enum up_err up_act_people_delete(struct up_act *);
enum up_err up_act_grant_add(struct up_act *);           /* grant.c */
enum up_err up_act_grant_cancel(struct up_act *);
enum up_err up_act_phone_end(struct up_act *);           /* device.c */
enum up_err up_act_realname(struct up_act *);            /* realname.c */
enum up_err up_act_authority(struct up_act *);           /* unit.c */
enum up_err up_act_units(struct up_act *);
enum up_err up_act_unit_change(struct up_act *);         /* unit_change.c */
enum up_err up_act_unit_renew(struct up_act *);
enum up_err up_act_unit_cancel(struct up_act *);         /* unit_end.c */
enum up_err up_act_holder_end(struct up_act *);
enum up_err up_act_client_add(struct up_act *);          /* client.c */
enum up_err up_act_client_rotate(struct up_act *);
enum up_err up_act_client_set(struct up_act *);
enum up_err up_act_item(struct up_act *);                /* item.c */
enum up_err up_act_item_end(struct up_act *);
enum up_err up_act_clock(struct up_act *);               /* clock.c */
enum up_err up_act_data_key(struct up_act *);            /* reseal.c */

/* --- what a phone signed, and what it asks again (signed.c) --- */

UP_MUST_USE enum up_err up_act_sign(struct up_act *);    /* first of all */
/* Of an operation that begins with struct up_op_by. TOLD: it was asked before, and the merit is
 * what came of it then. JUDGED: it is not to be applied, and the merit says why. */
UP_MUST_USE enum up_err up_act_again(struct up_act *);
/* Of the record that was appended, with the first one of an operation; and, after the last, its
 * answer. */
UP_MUST_USE enum up_err up_act_keep_proof(struct up_act *);
UP_MUST_USE enum up_err up_act_keep_answer(struct up_act *);

/* --- steps that they share --- */

/* Append the record now, as it stands; for operations with several, or with texts that do not
 * outlive them. It may set the merit (UP_E_CLOCK): nothing is appended then. */
UP_MUST_USE enum up_err up_act_append(struct up_act *);
/* UP_E_CLOCK in the merit: the operation's time is behind the newest record, and nobody accepted
 * that. Asked before a change is dated. */
UP_MUST_USE enum up_err up_act_ask_clock(struct up_act *);
/* A copy for the record, as long as the operation runs. Without memory the operation fails. */
struct up_span up_act_keep(struct up_act *, struct up_span);
struct up_buf *up_act_buffer(struct up_act *);           /* empty, for the same */
/* {"NAME":"VALUE"} */
struct up_span up_act_word(struct up_act *, const char *name, struct up_span value);
/* A client as a change finds it; what the record says of it is filled in. */
struct up_act_client {
	bool known, standing /* not removed */, has_secret;
	int64_t number;
	char status[16];                 /* live disabled removed */
};
UP_MUST_USE enum up_err up_act_read_client(
    struct up_act *, struct up_span id, struct up_act_client *out);      /* client.c */
/* Is there a row of statement ID with KEY? *NUMBER (may be NULL) is its first column. */
UP_MUST_USE enum up_err up_act_exists(
    struct up_act *, enum up_sql id, struct up_span key, bool *found, int64_t *number);

void up_act_judge(struct up_act *, bool good, enum up_err otherwise);    /* when nobody has yet */
/* Hex of the first 16 bytes. */
void up_act_fill_code(struct up_act *, const uint8_t code_hash[32]);

/* Reads the role with its phone, the phone alone when it holds no such role, and fills the record.
 * What decides names the ROLE, an edge: the roles of a unit share its certificate. */
UP_MUST_USE enum up_err up_act_find_role(struct up_act *, int64_t device, int64_t role);
/* Who it was, for the record: nobody is judged. DEVICE may be 0; ROLE 0: the only one it holds. */
UP_MUST_USE enum up_err up_act_note(struct up_act *, int64_t device, int64_t role);
/* The record's client is live. */
UP_MUST_USE enum up_err up_act_find_client(struct up_act *);
/* Count the try (rule 27): sets the merit and the tries left. The device is loaded. */
UP_MUST_USE enum up_err up_act_password(
    struct up_act *, const uint8_t password[32], unsigned *tries_left);
/* May the role that was found do it now? Of a user it becomes the edge, of those that she holds in
 * this unit on this phone, that is granted the item; the record says by which grant (right.c). */
UP_MUST_USE enum up_err up_act_may(struct up_act *, enum up_authority_use, struct up_span item);
/* The role that was found is the caller's. */
struct up_role *up_act_take_role(struct up_act *);
#endif
