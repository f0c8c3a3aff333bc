/* SPDX-License-Identifier: Apache-2.0
 * Managers and users: added, their codes, deleted with what stands on them (rules 3-5, 7,
 * 10-14). */
#include <string.h>

#include "test_people_fixture.h"

static struct fixture f;
static struct holder li;                 /* principal of U1 */

static void begin(void)
{
	people_now_ms = NOW;
	fixture_open(&f, false);
	people_principal(&f, &li);
}

static void end(void)
{
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

static struct holder one(enum up_authority_role is, int who)
{
	return (struct holder){ .who = who, .is = is };
}

static bool newest_has(const char *part)
{
	return fixture_newest_has(&f, part);
}

/* --- adding --- */

static void test_add(void)
{
	struct holder m = one(UP_ROLE_MANAGER, 1), u = one(UP_ROLE_USER, 2), v;

	begin();
	CU_ASSERT_EQUAL(people_add(&f, &li, &m), UP_OK);
	CU_ASSERT_STRING_EQUAL(m.status, "waiting");
	CU_ASSERT(newest_has("\"event\":\"people.add\"") && newest_has(m.ref));
	CU_ASSERT(newest_has(li.ref) && newest_has("\"role\":\"principal\""));
	CU_ASSERT(newest_has("\\\"may_authorise\\\":true") && newest_has("王*"));
	/* she has not taken it */
	CU_ASSERT_EQUAL(people_take(&f, &u, m.code), UP_E_PERSON);
	CU_ASSERT_EQUAL(people_take(&f, &m, m.code), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &m, ""), UP_OK);
	CU_ASSERT_EQUAL(people_add(&f, &m, &u), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &u, u.code), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &u, ""), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &u, "annual-report"), UP_E_ITEM_GRANT);
	/* who may not: a manager no manager, a user nobody */
	v = one(UP_ROLE_MANAGER, 3);
	CU_ASSERT_EQUAL(people_add(&f, &m, &v), UP_E_ROLE);
	CU_ASSERT(newest_has("\"result\":\"refused\"") && newest_has("role_not_live"));
	v = one(UP_ROLE_USER, 3);
	CU_ASSERT_EQUAL(people_add(&f, &u, &v), UP_E_ROLE);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM person"), 3);
	end();
}

/* One person, one role in a unit; one edge of a grantor, who may ask for another code. */
static void test_other_role(void)
{
	struct holder m, u, again, n;

	begin();
	m = people_make(&f, &li, UP_ROLE_MANAGER, 1);
	n = people_make(&f, &li, UP_ROLE_MANAGER, 2);
	u = people_make(&f, &m, UP_ROLE_USER, 3);
	again = one(UP_ROLE_USER, 1);
	CU_ASSERT_EQUAL(people_add(&f, &li, &again), UP_E_OTHER_ROLE);
	again = one(UP_ROLE_MANAGER, 3);
	CU_ASSERT_EQUAL(people_add(&f, &li, &again), UP_E_OTHER_ROLE);
	again = one(UP_ROLE_USER, LI);
	CU_ASSERT_EQUAL(people_add(&f, &li, &again), UP_E_OTHER_ROLE);
	/* another manager's user too, by an edge of its own */
	again = one(UP_ROLE_USER, 3);
	CU_ASSERT_EQUAL(people_add(&f, &n, &again), UP_OK);
	CU_ASSERT_STRING_EQUAL(again.ref, u.ref);
	CU_ASSERT_STRING_EQUAL(again.status, "waiting");
	CU_ASSERT_EQUAL(fixture_count(&f,
	    "SELECT count(*) FROM role WHERE role = 'user' AND status <> 'ended'"), 2);
	/* once more by the same: a code, no edge */
	CU_ASSERT_EQUAL(people_add(&f, &n, &again), UP_OK);
	again = one(UP_ROLE_USER, 3);
	CU_ASSERT_EQUAL(people_add(&f, &m, &again), UP_OK);
	CU_ASSERT_STRING_EQUAL(again.status, "live");
	CU_ASSERT_EQUAL(fixture_count(&f,
	    "SELECT count(*) FROM role WHERE role = 'user' AND status <> 'ended'"), 2);
	end();
}

static void test_three_managers(void)
{
	struct holder m[4];

	begin();
	for (int i = 0; i < 4; i++) {
		m[i] = one(UP_ROLE_MANAGER, i);
		CU_ASSERT_EQUAL(people_add(&f, &li, &m[i]), i < 3 ? UP_OK : UP_E_MANAGERS);
	}
	CU_ASSERT_EQUAL(people_add(&f, &li, &m[2]), UP_OK);      /* hers already */
	CU_ASSERT_EQUAL(people_delete(&f, &li, &m[0], NULL), UP_OK);
	CU_ASSERT_EQUAL(people_add(&f, &li, &m[3]), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM role WHERE role = 'manager'"
	    " AND status <> 'ended'"), 3);
	end();
}

/* Rule 5: what the platform did not confirm does not take effect. */
static void test_outcomes(void)
{
	static const struct { const char *outcome; enum up_err err; const char *status; } rows[] = {
		{ "mismatch", UP_E_MISMATCH, NULL },
		{ "not_found", UP_E_NO_PERSON, NULL },
		{ "", UP_E_NO_PERSON, NULL },
		{ "unavailable", UP_OK, "pending" },
		{ "unavailable", UP_OK, "pending" },
		{ "match", UP_OK, "waiting" },
		{ "unavailable", UP_OK, "waiting" },     /* she was confirmed with the same */
	};
	struct holder m = one(UP_ROLE_MANAGER, 1);
	struct up_named named;
	struct up_op_people_add op;

	begin();
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		snprintf(m.code, sizeof(m.code), "outcome-%zu", i);
		named = people_named(1);
		op = people_adding(&li, &m, &named);
		op.outcome = up_span_str(rows[i].outcome);
		UP_CHECK(up_store_run(f.store, &op.by.op) == rows[i].err, rows[i].outcome);
		UP_CHECK(rows[i].status == NULL ? op.out_status == NULL
		    : strcmp(op.out_status, rows[i].status) == 0, rows[i].outcome);
		CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM enrolment"
		    " WHERE status = 'open'"), i >= 5);
		CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM person"), 1 + (i >= 3));
		memcpy(m.ref, op.out_ref, sizeof(m.ref));
		if (i == 4)
			CU_ASSERT_EQUAL(people_code(&f, &li, &m), UP_E_UNCHECKED);
	}
	/* another name is not hers before the platform says so */
	snprintf(m.code, sizeof(m.code), "renamed");
	named = people_named(1);
	named.name = UP_SPAN_LIT("王芬");
	op = people_adding(&li, &m, &named);
	op.outcome = UP_SPAN_LIT("unavailable");
	CU_ASSERT_EQUAL(up_store_run(f.store, &op.by.op), UP_E_UNCHECKED);
	/* what is no person is nobody's: no record, no try */
	named.resident = UP_SPAN_LIT("430102198808080011");
	op = people_adding(&li, &m, &named);
	CU_ASSERT_EQUAL(up_store_run(f.store, &op.by.op), UP_E_CHECK);
	CU_ASSERT_EQUAL(op.by.op.out_seq, 0);
	CU_ASSERT_EQUAL(people_take(&f, &m, "outcome-6"), UP_OK);
	end();
}

static void test_password(void)
{
	struct holder m = one(UP_ROLE_MANAGER, 1);
	const struct up_named named = people_named(1);
	struct up_op_people_add op;

	begin();
	snprintf(m.code, sizeof(m.code), "c");
	for (unsigned i = 0; i < 7; i++) {
		op = people_adding(&li, &m, &named);
		memset(op.by.password, 2, sizeof(op.by.password));
		CU_ASSERT_EQUAL(
		    up_store_run(f.store, &op.by.op), i < 5 ? UP_E_PASSWORD : UP_E_LOCKED);
		CU_ASSERT_EQUAL(op.by.tries_left, i < 5 ? 5 - i : 0);
		CU_ASSERT_EQUAL(op.by.password[0], 0);
	}
	CU_ASSERT_EQUAL(people_add(&f, &li, &m), UP_E_LOCKED);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM person"), 1);
	end();
}

/* Rule 14. */
static void test_may_authorise(void)
{
	struct holder m = one(UP_ROLE_MANAGER, 1), u = one(UP_ROLE_USER, 2);
	const struct up_named named = people_named(1);
	struct up_op_people_add op;

	begin();
	snprintf(m.code, sizeof(m.code), "without");
	op = people_adding(&li, &m, &named);
	op.may_authorise = false;
	CU_ASSERT_EQUAL(up_store_run(f.store, &op.by.op), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &m, "without"), UP_OK);
	CU_ASSERT_EQUAL(people_add(&f, &m, &u), UP_E_AUTHORISE);
	CU_ASSERT_EQUAL(people_add(&f, &li, &m), UP_E_STATE);    /* is not edited */
	end();
}

/* --- codes --- */

static void test_codes(void)
{
	struct holder m, u, other;
	char first[24];

	begin();
	people_other_unit(&f, &other);
	m = people_make(&f, &li, UP_ROLE_MANAGER, 1);
	u = one(UP_ROLE_USER, 2);
	CU_ASSERT_EQUAL(people_add(&f, &m, &u), UP_OK);
	memcpy(first, u.code, sizeof(first));
	CU_ASSERT_EQUAL(people_code(&f, &m, &u), UP_OK);
	CU_ASSERT(newest_has("\"event\":\"people.code\"") && newest_has(u.ref));
	CU_ASSERT_EQUAL(people_take(&f, &u, first), UP_E_CODE);
	/* face to face: by whom she was added */
	CU_ASSERT_EQUAL(people_code(&f, &li, &u), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(people_code(&f, &other, &u), UP_E_NOT_FOUND);
	u.is = UP_ROLE_MANAGER;                  /* as which she is asked for */
	CU_ASSERT_EQUAL(people_code(&f, &m, &u), UP_E_NOT_FOUND);
	u.is = UP_ROLE_USER;
	CU_ASSERT_EQUAL(people_code(&f, &m, &u), UP_OK);
	people_now_ms += 300000;
	CU_ASSERT_EQUAL(people_take(&f, &u, u.code), UP_E_CODE);
	CU_ASSERT_EQUAL(people_code(&f, &m, &u), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &u, u.code), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &u, u.code), UP_E_CODE);
	end();
}

/* Her new phone ends the old one, with a record (rule 28). */
static void test_new_phone(void)
{
	struct holder m;
	int64_t old;

	begin();
	m = people_make(&f, &li, UP_ROLE_MANAGER, 1);
	old = m.device;
	m.device = 0;
	CU_ASSERT_EQUAL(people_code(&f, &li, &m), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &m, m.code), UP_OK);
	CU_ASSERT_NOT_EQUAL(m.device, old);
	CU_ASSERT_EQUAL(fixture_having(&f, "\"event\":\"device.end\""), 1);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM device WHERE status = 'ended'"), 1);
	CU_ASSERT_EQUAL(people_login(&f, &m, ""), UP_OK);
	end();
}

/* --- deleting --- */

static void test_cascade(void)
{
	struct holder m, n, u, v, shared;
	struct given given;
	size_t ended;
	int64_t before;

	begin();
	m = people_make(&f, &li, UP_ROLE_MANAGER, 1);
	n = people_make(&f, &li, UP_ROLE_MANAGER, 2);
	u = people_make(&f, &m, UP_ROLE_USER, 3);
	v = people_make(&f, &li, UP_ROLE_USER, 4);
	shared = people_make(&f, &n, UP_ROLE_USER, 5);
	CU_ASSERT_EQUAL(people_add(&f, &m, &shared), UP_OK);     /* and by M, waiting */
	CU_ASSERT_EQUAL(people_grant(&f, &m, &u, TODAY, TODAY, &given), UP_OK);
	CU_ASSERT_EQUAL(people_redeem(&f, &u, "", "uuuuuuuuuuuuuuuuuuuuuu", NULL), UP_OK);
	before = fixture_count(&f, "SELECT max(seq) FROM usage");
	CU_ASSERT_EQUAL(people_delete(&f, &li, &m, &ended), UP_OK);
	CU_ASSERT_EQUAL(ended, 3);
	/* two phones and three edges, M's own last */
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT max(seq) FROM usage"), before + 5);
	CU_ASSERT(newest_has(m.ref) && newest_has("\"event\":\"people.delete\""));
	CU_ASSERT_EQUAL(fixture_having(&f, given.grant), 2);     /* made, and ended with her */
	CU_ASSERT_EQUAL(people_login(&f, &m, ""), UP_E_ENDED);
	CU_ASSERT_EQUAL(people_login(&f, &u, ""), UP_E_ENDED);
	CU_ASSERT_EQUAL(people_take(&f, &u, given.code), UP_E_CODE);
	CU_ASSERT_EQUAL(people_take(&f, &shared, shared.code), UP_E_CODE);
	/* another living edge, and who never was hers */
	CU_ASSERT_EQUAL(people_login(&f, &shared, ""), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &v, ""), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM item_grant"
	    " WHERE status <> 'ended'"), 0);
	CU_ASSERT_EQUAL(people_delete(&f, &li, &m, NULL), UP_E_NOT_FOUND);
	end();
}

/* A manager deletes the edge that she made, the principal all of a user's (rules 12, 13). */
static void test_delete_one(void)
{
	struct holder m, n, u, other;
	size_t ended;

	begin();
	people_other_unit(&f, &other);
	m = people_make(&f, &li, UP_ROLE_MANAGER, 1);
	n = people_make(&f, &li, UP_ROLE_MANAGER, 2);
	u = people_make(&f, &m, UP_ROLE_USER, 3);
	CU_ASSERT_EQUAL(people_delete(&f, &n, &u, NULL), UP_E_NOT_FOUND);
	CU_ASSERT(newest_has("\"result\":\"refused\"") && newest_has(u.ref));
	CU_ASSERT_EQUAL(people_delete(&f, &other, &u, NULL), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(people_delete(&f, &n, &m, NULL), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(people_delete(&f, &u, &m, NULL), UP_E_ROLE);
	li.is = UP_ROLE_MANAGER;                 /* nobody deletes the principal */
	CU_ASSERT_EQUAL(people_delete(&f, &li, &li, NULL), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(people_delete(&f, &m, &li, NULL), UP_E_NOT_FOUND);
	CU_ASSERT_EQUAL(people_add(&f, &n, &u), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &u, u.code), UP_OK);
	CU_ASSERT_EQUAL(people_delete(&f, &m, &u, &ended), UP_OK);
	CU_ASSERT_EQUAL(ended, 1);
	CU_ASSERT_EQUAL(people_login(&f, &u, ""), UP_OK);        /* by N's */
	CU_ASSERT_EQUAL(people_add(&f, &m, &u), UP_OK);
	CU_ASSERT_EQUAL(people_delete(&f, &li, &u, &ended), UP_OK);
	CU_ASSERT_EQUAL(ended, 2);
	CU_ASSERT_EQUAL(people_login(&f, &u, ""), UP_E_ENDED);
	/* deleted and added anew: another edge, the same holder */
	u.device = 0;
	CU_ASSERT_EQUAL(people_add(&f, &m, &u), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &u, u.code), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &u, ""), UP_OK);
	end();
}

/* --- the principal --- */

static struct up_op_code window(int who, const char *code)
{
	static struct up_named named;
	struct up_op_code put = { .unit = UP_SPAN_LIT(U1), .role = UP_SPAN_LIT("principal"),
		.outcome = UP_SPAN_LIT("match"), .assurance = UP_SPAN_LIT("roster"),
		.clerk = UP_SPAN_LIT("clerk-1"), .window = UP_SPAN_LIT("w1"),
		.expires_ms = people_now_ms + 300000 };

	named = people_named(who);
	put.named = named;
	fixture_code(code, put.code_hash);
	return put;
}

/* Replaced, she and all whom she authorised end, in one transaction with the new one's code. */
static void test_replaced(void)
{
	struct holder m, u, next = one(UP_ROLE_PRINCIPAL, 7);
	struct up_op_code put;

	begin();
	m = people_make(&f, &li, UP_ROLE_MANAGER, 1);
	u = people_make(&f, &m, UP_ROLE_USER, 7);        /* becomes the principal */
	put = window(7, "next");
	CU_ASSERT_EQUAL(fixture_code_put(f.store, &put, NOW), UP_E_STATE);
	put.replace = true;
	CU_ASSERT_EQUAL(fixture_code_put(f.store, &put, NOW), UP_OK);
	CU_ASSERT(newest_has("\"event\":\"enrolment.code\""));
	CU_ASSERT_EQUAL(fixture_having(&f, "\"event\":\"people.delete\""), 3);
	CU_ASSERT_EQUAL(people_login(&f, &li, ""), UP_E_ENDED);
	CU_ASSERT_EQUAL(people_login(&f, &m, ""), UP_E_ENDED);
	CU_ASSERT_EQUAL(people_login(&f, &u, ""), UP_E_ENDED);
	CU_ASSERT_EQUAL(people_take(&f, &next, "next"), UP_OK);
	CU_ASSERT_EQUAL(people_add(&f, &next, &m), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM role WHERE role = 'principal'"
	    " AND status <> 'ended'"), 1);
	end();
}

/* Refused at the window nothing is left of her; pending, nobody is replaced by her; matched at last
 * she gets the code, and what was said of others' data before is no matter. */
static void test_refused_then_pending(void)
{
	struct holder next = one(UP_ROLE_PRINCIPAL, 7);
	struct up_op_code put;
	const int64_t persons = 1;

	begin();
	put = window(7, "mismatch");
	put.outcome = UP_SPAN_LIT("mismatch");
	put.replace = true;
	CU_ASSERT_EQUAL(fixture_code_put(f.store, &put, NOW), UP_E_PERSON);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM person"), persons);
	put.outcome = UP_SPAN_LIT("unavailable");
	CU_ASSERT_EQUAL(fixture_code_put(f.store, &put, NOW), UP_E_PENDING);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM person"
	    " WHERE outcome = 'pending'"), 1);
	CU_ASSERT_EQUAL(people_login(&f, &li, ""), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &next, "mismatch"), UP_E_CODE);
	put.outcome = UP_SPAN_LIT("mismatch");
	CU_ASSERT_EQUAL(fixture_code_put(f.store, &put, NOW), UP_E_PERSON);
	CU_ASSERT_EQUAL(people_login(&f, &li, ""), UP_OK);
	put = window(7, "match");
	put.replace = true;
	CU_ASSERT_EQUAL(fixture_code_put(f.store, &put, NOW), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM person"), persons + 1);
	CU_ASSERT_EQUAL(people_login(&f, &li, ""), UP_E_ENDED);
	CU_ASSERT_EQUAL(people_take(&f, &next, "match"), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &next, ""), UP_OK);
	end();
}

/* Rule 28: suspended she may do nothing; those whom she authorised go on; the window's code, once
 * it is taken, confirms her. */
static void test_suspended(void)
{
	struct holder m, u = one(UP_ROLE_USER, 2), w = one(UP_ROLE_USER, 3);
	struct up_op_code put;

	begin();
	m = people_make(&f, &li, UP_ROLE_MANAGER, 1);
	CU_ASSERT_EQUAL(fixture_change(&f, "UPDATE role SET suspended_ms = 1"
	    " WHERE role = 'principal'"), UP_OK);
	CU_ASSERT_EQUAL(people_add(&f, &li, &u), UP_E_SUSPENDED);
	CU_ASSERT_EQUAL(people_login(&f, &li, ""), UP_E_SUSPENDED);
	CU_ASSERT_EQUAL(people_add(&f, &m, &u), UP_OK);
	CU_ASSERT_EQUAL(people_take(&f, &u, u.code), UP_OK);
	CU_ASSERT_EQUAL(people_redeem(&f, &u, "", "uuuuuuuuuuuuuuuuuuuuuu", NULL), UP_OK);
	put = window(LI, "again");
	CU_ASSERT_EQUAL(fixture_code_put(f.store, &put, NOW), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &li, ""), UP_E_SUSPENDED);
	CU_ASSERT_EQUAL(people_take(&f, &li, "again"), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &li, ""), UP_OK);
	CU_ASSERT_EQUAL(people_add(&f, &li, &w), UP_OK);
	CU_ASSERT_EQUAL(people_login(&f, &m, ""), UP_OK);
	end();
}

UP_SUITE("people", test_add, test_other_role, test_three_managers, test_outcomes, test_password,
    test_may_authorise, test_codes, test_new_phone, test_cascade, test_delete_one, test_replaced,
    test_refused_then_pending,
    test_suspended)
