/* SPDX-License-Identifier: Apache-2.0
 * Private to server/store: an operation on its way through the transaction. */
#ifndef UP_ACT_H
#define UP_ACT_H

#include "server/store/op.h"
#include "server/store/rows.h"

/* Steps set MERIT, the answer on the merits, once; a step that returns something else than UP_OK has
 * failed and the transaction must be given up. */
struct up_act {
	struct up_tx *tx;
	struct up_op *op;
	struct up_record record;         /* a copy: the operation may have to run again */
	enum up_err merit;
	struct up_span source;           /* whose refusal this is, if it is counted */
	unsigned recorded;

	/* what the steps below have read */
	struct up_rows_device device;
	struct up_rows_role found;
	int64_t client;
	/* what the record of an enrolment borrows */
	struct up_enrolment *enrolment;
	char code_hex[32];
};

/* A row of the table in op.c. */
struct up_op_row {
	const char *name;
	const char *event;               /* of the record; NULL: the caller's */
	/* All but the record, which is appended when it returns. */
	enum up_err (*apply)(struct up_act *);
	void (*reset)(struct up_op *);   /* clear the results of its own; or NULL */
	void (*wipe)(struct up_op *);    /* secrets, after the last try; or NULL */
};
extern const struct up_op_row up_op_rows[UP_OPS];

/* Clears the results of OP and runs it; its err is the answer. Anything but UP_OK: give the
 * transaction up. */
UP_MUST_USE enum up_err up_op_apply(struct up_tx *, struct up_op *);
/* Free what OP was given and make it fail with UP_E_STORE. */
void up_op_fail(struct up_op *);
void up_op_wipe(struct up_op *);

/* --- what operations do, one file a concept --- */

enum up_err up_act_record(struct up_act *);              /* decide.c */
enum up_err up_act_decide(struct up_act *);
enum up_err up_act_redeem(struct up_act *);              /* redeem.c */
enum up_err up_act_replay(struct up_act *);
enum up_err up_act_enrol(struct up_act *);               /* enrol.c */

/* --- steps that they share --- */

void up_act_judge(struct up_act *, bool good, enum up_err otherwise);    /* when nobody has yet */
void up_act_fill(struct up_span *field, const char *text);               /* when empty */
/* Hex of the first 16 bytes. */
void up_act_fill_code(struct up_act *, const uint8_t code_hash[32]);
void up_act_fill_device(struct up_act *, const struct up_device *);
void up_act_fill_role(struct up_act *);

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
/* May the role that was found do it now? */
void up_act_may(struct up_act *, enum up_authority_use, struct up_span item);
/* The role that was found is the caller's. */
struct up_role *up_act_take_role(struct up_act *);
/* enrol.c: a code that was ours is the source of its own refusals, whoever shows it. */
UP_MUST_USE enum up_err up_act_code_source(
    struct up_act *, const uint8_t code_hash[32], const struct up_named *);

#endif
