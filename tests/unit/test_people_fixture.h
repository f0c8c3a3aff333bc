/* SPDX-License-Identifier: Apache-2.0
 * What the tests of managers, users and grants share, over test_store_fixture: people by number, in
 * the fewest words. Each has a real resident ID's form and nobody's number. */
#ifndef UP_TEST_PEOPLE_FIXTURE_H
#define UP_TEST_PEOPLE_FIXTURE_H

#include "test_store_fixture.h"

#define TODAY 20251125                   /* of NOW, in Shanghai */
#define LI (-1)                          /* fixture_li as a number */

/* Somebody in a role; what is not known yet is 0 or "". */
struct holder {
	int who;
	enum up_authority_role is;
	char ref[23], phone[23];
	char code[24];                   /* the last that was made for her */
	int64_t device, role;
	const char *status;
};

extern int64_t people_now_ms;            /* when all happens: NOW, unless a test says otherwise */
/* What the operations below carry beside; nothing, unless a test says otherwise. */
extern struct up_span people_proof;
extern struct up_again *people_again;

struct up_named people_named(int who);
/* LI, principal of U1, after fixture_open. */
void people_principal(struct fixture *, struct holder *out);
/* ... and another of U2. */
void people_other_unit(struct fixture *, struct holder *out);

/* As up_op_people_add would have it, by BY; with what PEOPLE_ADD's caller may change in between. */
struct up_op_people_add people_adding(const struct holder *by, const struct holder *one,
    const struct up_named *named);
/* ONE (who and is are set) is added by BY; her ref and code are kept in it. */
enum up_err people_add(struct fixture *, const struct holder *by, struct holder *one);
enum up_err people_code(struct fixture *, const struct holder *by, struct holder *one);
/* She takes CODE, on the phone that she has, or a new one. */
enum up_err people_take(struct fixture *, struct holder *, const char *code);
/* Added and taken, or the test ends. */
struct holder people_make(
    struct fixture *, const struct holder *by, enum up_authority_role is, int who);
/* *N (may be NULL): edges that ended. */
enum up_err people_delete(
    struct fixture *, const struct holder *by, const struct holder *one, size_t *n);

struct given {
	char grant[23], code[24];
};
/* "annual-report" for ONE. */
enum up_err people_grant(struct fixture *, const struct holder *by, const struct holder *one,
    uint32_t from_day, uint32_t to_day, struct given *out);
enum up_err people_cancel(struct fixture *, const struct holder *by, const char *grant);
enum up_err people_end_phone(struct fixture *, const struct holder *by, const char *phone);
/* Approves a login for ITEM ("": none). */
enum up_err people_login(struct fixture *, const struct holder *, const char *item);
/* Redeems one; *CHAIN (may be NULL) is the caller's. */
enum up_err people_redeem(struct fixture *, const struct holder *, const char *item,
    const char *session, struct up_chain **chain);
/* Records of EVENT with RESULT, "ok" or "refused". */
int64_t people_records(struct fixture *, const char *event, const char *result);
/* Each edge, code, grant, phone and session that came, changed or went has its record, and each
 * record its own; nothing stands on what does not. The store is open. */
void people_agree(struct fixture *);

#endif
