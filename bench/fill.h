/* SPDX-License-Identifier: Apache-2.0
 * Many people at once, for measurements: the operations of server/store, as the server's own
 * calls submit them (its rules, its records, its sealing), but many in one commit and with nobody
 * at a phone. */
#ifndef UP_BENCH_FILL_H
#define UP_BENCH_FILL_H

#include <stdbool.h>

#include "core/jwk.h"
#include "server/store/op.h"

#define UP_FILL_BATCH 4000               /* operations in one commit; the queue holds no more */

struct up_fill;                          /* an open store with its writer, and one password */

/* By unitpassd's configuration FILE; all phones get PASSWORD, 43 characters. NULL: said why. */
struct up_fill *up_fill_open(const char *file, const char *password);
void up_fill_close(struct up_fill **);

/* Somebody with a phone, or about to get one. */
struct up_fill_one {
	char name[16], resident[19], mobile[12];
	uint8_t code[32];                /* hash of the code that waits for her */
	int64_t device, role;            /* 0: no phone yet */
	char ref[UP_STORE_REF + 1], phone[UP_STORE_REF + 1];
	char token[44];
	struct up_jwk *key;              /* NULL: one that nobody will sign with */
};
/* An invented one; others than those of units.py. */
void up_fill_person(struct up_fill_one *, long number);

/* Steps; many of them run together. BY: who acts; ONE: about whom. */
struct up_fill_step {
	union {
		struct up_op op;
		struct up_op_code window;
		struct up_op_enrol enrol;
		struct up_op_people_add add;
		struct up_op_people_code again;
		struct up_op_grant_add grant;
	} of;
	struct up_fill_one *one;         /* who has a code or a phone afterwards; or NULL */
	struct up_named named;
	struct up_span user;
	uint8_t hashes[UP_GRANT_USERS_MAX][32];
};
void up_fill_window(
    struct up_fill *, struct up_fill_step *, const char *unit, struct up_fill_one *);
void up_fill_add(struct up_fill *, struct up_fill_step *, const struct up_fill_one *by,
    enum up_authority_role, struct up_fill_one *);
void up_fill_again(struct up_fill *, struct up_fill_step *, const struct up_fill_one *by,
    struct up_fill_one *);
/* ITEM for a year, to the N of USERS; ONE is the first of them or NULL. */
void up_fill_grant(struct up_fill *, struct up_fill_step *, const struct up_fill_one *by,
    const struct up_span *users, size_t n, const struct up_span *item);
void up_fill_enrol(struct up_fill *, struct up_fill_step *, struct up_fill_one *);
/* All of them, and what came of each to its ONE. False: said why. */
bool up_fill_run(struct up_fill *, struct up_fill_step *, size_t n);

/* The phone with TOKEN, enrolled before, and the only role that it holds. */
bool up_fill_known(struct up_fill *, const char *token, struct up_fill_one *);

#endif
