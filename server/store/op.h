/* SPDX-License-Identifier: Apache-2.0
 * What is written, as operations: one struct each, which says what is asked and what came of it.
 * There is no other way to change the database, from the command line neither, and none without a
 * record: the store appends it itself, in the same transaction.
 *
 * A new operation is a struct here, a kind, a row in op.c's table, and its rules in a file of its
 * concept. The tests of failing stores walk the kinds, and miss one that they do not try. */
#ifndef UP_OP_H
#define UP_OP_H

#include "server/store/store.h"

enum up_op_kind {
	UP_OP_RECORD,
	UP_OP_DECIDE,
	UP_OP_REDEEM,
	UP_OP_REPLAY,
	UP_OP_ENROL,
	UP_OPS
};

/* The head of every operation, and the first member of its struct. The caller fills the upper part,
 * zeroes the rest, and keeps all it points to until DONE. A refusal on the merits (wrong password,
 * role not live ...) still appends the record, with result "refused" and the reason, and ERR says
 * why; on UP_E_STORE nothing was written. */
struct up_op {
	enum up_op_kind kind;
	/* From the writer thread, after the commit: it may free the operation, or submit it again.
	 * NULL with up_store_run. */
	void (*done)(struct up_op *);
	void *arg;
	int64_t now_ms;
	/* What the caller knows. The store numbers it, and fills in what the operation finds out
	 * itself (unit, holder, person, certificate, role, phone, assurance) where it is empty. */
	struct up_record record;
	/* Whose refusals are counted rather than recorded one by one (a phone's reference, or a
	 * word for all strangers), so that nobody can make the log grow at will: a refusal is
	 * appended, with the count, when those alike that day are 1, 2, 4, 8 ... Empty: each is
	 * recorded. */
	struct up_span refused_by;

	/* what came of it */
	enum up_err err;
	bool counted;                    /* a refusal that was counted, without a record */
	int64_t out_seq;                 /* of the record, 0: none */
	uint8_t out_leaf[32];            /* its leaf hash */

	struct up_op *next;              /* the store's */
};

/* UP_E_BUSY: the queue is full or closing: DONE is not called. */
UP_MUST_USE enum up_err up_store_submit(struct up_store *, struct up_op *);
enum up_err up_store_run(struct up_store *, struct up_op *);     /* waits for the commit; gives err */
/* Free and wipe what an operation that was run still holds: a role, a password. */
void up_op_clear(struct up_op *);

/* --- a login --- */

/* Append the record, nothing else. */
struct up_op_record {
	struct up_op op;
	/* Who it was, where the caller knows them by number only: DEVICE, or 0; ROLE, or 0 for the
	 * only one that the phone holds. The record is made whatever became of them. */
	int64_t device, role;
	/* When not NULL the record is about an enrolment code that was refused, shown by whom NAMED
	 * says: a code that was ours counts for itself, not for refused_by. */
	const struct up_named *named;
	uint8_t code_hash[32];
};

/* Approve a login (password, role, client; then the record), or decline it (the record alone). */
struct up_op_decide {
	struct up_op op;
	int64_t device;
	int64_t role;                    /* the edge by which she acts */
	struct up_span item;             /* for which the role must be good (rule 20); or empty */
	bool approve;
	uint8_t password[32];            /* the stretched password; wiped by the store when used */

	unsigned tries_left;             /* UP_E_PASSWORD */
	struct up_role *out_role;        /* approved; the caller's */
};

/* Role again, a new session, then the record. UP_E_STATE: there is such a session. */
struct up_op_redeem {
	struct up_op op;
	int64_t device, role;
	struct up_span item;             /* as above */
	char session[UP_STORE_REF + 1];  /* the new id */

	struct up_role *out_role;        /* the caller's */
};

/* Revoke SESSION (there may be none), then the record. DEVICE, ROLE: whose it was. */
struct up_op_replay {
	struct up_op op;
	int64_t device, role;
	char session[UP_STORE_REF + 1];
};

/* --- a phone --- */

/* Use up the code, register the phone with its password or ask a known one for it; the role lives. */
struct up_op_enrol {
	struct up_op op;
	uint8_t code_hash[32];
	const struct up_named *named;
	struct up_span statement_version;
	int64_t device;                  /* a known phone; 0: a new one, which is */
	struct up_span device_ref, device_name;
	uint8_t device_token_hash[32], device_key[64];
	uint8_t password[32];            /* as above */
	bool unlock;                     /* PASSWORD is a new one, in the place of a locked one */

	unsigned tries_left;
	struct up_role *out_role;        /* the caller's */
	int64_t out_device;
};

#endif
