/* SPDX-License-Identifier: Apache-2.0
 * What all calls have in common by which a holder changes something: whose edge acts, the password,
 * the proof that is kept, the key under which the same is answered again, refusals.
 *
 * A handler begins, reads what else there is through "body", and submits; the first thing that is
 * wrong is answered then, and nothing was done. */
#ifndef UP_HOLDER_CHANGE_H
#define UP_HOLDER_CHANGE_H

#include "server/http/body.h"

struct up_change;

struct up_change_call {
	enum up_op_kind kind;
	const char *event;               /* as the log calls it */
	size_t size;                     /* of the handler's state: struct up_change, more, by */
	size_t by;                       /* offset in it of the operation, a struct up_op_by */
	const char *const *members;      /* that the body may have; NULL-terminated */
	/* Put the members of the answer to a good one. On the thread that writes; see op.h. */
	void (*answer)(const struct up_change *, struct up_json_put *);
};

/* The first member of a handler's state, which is one allocation and wiped in the end. */
struct up_change {
	const struct up_change_call *call;
	struct up_body_reader body;
	struct up_role **roles;          /* of the phone */
	size_t n_roles;
	/* Borrowed of them: that acts. NULL: the phone has none for that certificate, and the
	 * operation will refuse. */
	const struct up_role *role;
	struct up_again again;
	char record_id[23];
};

/* R's state from now on. NULL: answered already. */
void *up_change_begin(struct up_request *, const struct up_change_call *);
/* What was read is right, and "role" is known; else it is answered. */
UP_MUST_USE bool up_change_ready(struct up_request *);
/* Was the same asked before? Then the operation only finds that again. */
bool up_change_asked_before(struct up_request *);
/* Run the operation and answer. Nothing of R may be touched after this. */
void up_change_submit(struct up_request *);
/* Both: for what needs nothing in between. */
void up_change_go(struct up_request *);

/* The last part of the path as a reference: if it cannot be one, nobody's. */
struct up_span up_change_ref(const struct up_request *);

/* --- codes for another's phone (rule 7) --- */

struct up_change_code {
	char text[23];
	uint8_t hash[32];
	int64_t expires_ms;
};
UP_MUST_USE enum up_err up_change_draw(const struct up_request *, struct up_change_code *out);
void up_change_put_code(struct up_json_put *, const struct up_change_code *);

#endif
