/* SPDX-License-Identifier: Apache-2.0
 * From the window to the phone: codes, enrolment, the password. */
#include <string.h>

#include "test_store_fixture.h"

static struct up_op_code window_row(const struct up_named *who, const char *outcome)
{
	struct up_op_code r = { .unit = UP_SPAN_LIT(U1),
		.role = UP_SPAN_LIT("principal"),
		.outcome = up_span_str(outcome),
		.assurance = UP_SPAN_LIT("roster"),
		.clerk = UP_SPAN_LIT("c"),
		.window = UP_SPAN_LIT("w"),
		.named = *who,
		.expires_ms = NOW + 300000 };

	fixture_code(outcome, r.code_hash);
	return r;
}

static void test_window(void)
{
	struct up_op_enrol enrol;
	struct up_op_code r = window_row(&fixture_li, "unavailable");
	struct up_enrolment *e;
	struct fixture f;
	char ref[23];

	fixture_open(&f, false);
	CU_ASSERT_EQUAL(fixture_code_put(f.store, &r, NOW), UP_E_PENDING);
	CU_ASSERT_EQUAL(
	    fixture_count(&f, "SELECT count(*) FROM person WHERE outcome = 'pending'"), 1);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM enrolment"), 0);
	CU_ASSERT(strstr(fixture_newest(f.store).body, "\"reason\":\"unavailable\"") != NULL);
	r = window_row(&fixture_zhang, "mismatch");
	CU_ASSERT_EQUAL(fixture_code_put(f.store, &r, NOW), UP_E_PERSON);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM person"), 1);
	r = window_row(&fixture_li, "match");
	r.unit = UP_SPAN_LIT("12430100MB0A12342M");
	CU_ASSERT_EQUAL(fixture_code_put(f.store, &r, NOW), UP_E_NOT_FOUND);

	/* the wrong person was written down, never enrolled, and gives way to the right one; her
	 * code ends */
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_zhang, "wrong"), UP_OK);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "one"), UP_OK);
	fixture_code("wrong", r.code_hash);
	CU_ASSERT_EQUAL(
	    up_store_enrolment(f.store, r.code_hash, &fixture_zhang, NOW, &e), UP_E_CODE);
	/* a new code for the same person ends the old one */
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "two"), UP_OK);
	fixture_code("one", r.code_hash);
	CU_ASSERT_EQUAL(up_store_enrolment(f.store, r.code_hash, &fixture_li, NOW, &e), UP_E_CODE);
	fixture_code("two", r.code_hash);
	CU_ASSERT_EQUAL_FATAL(
	    up_store_enrolment(f.store, r.code_hash, &fixture_li, NOW, &e), UP_OK);
	CU_ASSERT_STRING_EQUAL(e->unit_code, U1);
	CU_ASSERT_STRING_EQUAL(e->certificate, "CERT-1");
	CU_ASSERT_STRING_EQUAL(e->person_masked, "李*");
	CU_ASSERT_EQUAL(e->certificate_version, 1);
	up_store_enrolment_free(&e);
	CU_ASSERT_EQUAL(
	    up_store_enrolment(f.store, r.code_hash, &fixture_li, NOW + 300000, &e), UP_E_CODE);

	enrol = fixture_enrolling("two", &fixture_li, ref);

	CU_ASSERT_EQUAL_FATAL(up_store_run(f.store, &enrol.op), UP_OK);
	up_store_role_free(&enrol.out_role);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_zhang, "other"), UP_E_STATE);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

static void test_mismatches(void)
{
	struct up_op_enrol enrol;
	const struct up_named almost = { fixture_li.name, fixture_li.resident,
		fixture_zhang.mobile };
	struct up_enrolment *e;
	struct fixture f;
	uint8_t code[32];
	char ref[23];

	fixture_open(&f, false);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "first"), UP_OK);
	fixture_code("first", code);

	enrol = fixture_enrolling("first", &almost, ref);

	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(
		    fixture_open_code(f.store, "first", i % 2 ? &fixture_zhang : &almost),
		    UP_E_PERSON);
	CU_ASSERT_EQUAL(up_store_enrolment(f.store, code, &fixture_li, NOW, &e), UP_OK);
	up_store_enrolment_free(&e);
	CU_ASSERT_EQUAL(up_store_run(f.store, &enrol.op), UP_E_PERSON);
	CU_ASSERT_PTR_NULL(enrol.out_role);
	CU_ASSERT(strstr(fixture_newest(f.store).body, "\"reason\":\"wrong_person\"") != NULL);
	CU_ASSERT(strstr(fixture_newest(f.store).body, "person_ref") == NULL);
	CU_ASSERT_EQUAL(up_store_enrolment(f.store, code, &fixture_li, NOW, &e), UP_E_CODE);
	fixture_close(&f);
}

static bool is_live(const struct up_role *role, int64_t now_ms)
{
	const struct up_authority_ask ask = { .use = UP_USE_SCAN, .now_s = now_ms / 1000 };
	struct up_authority_answer answer;

	return up_authority_may(&ask, &role->edge, &answer) == UP_OK;
}

static void test_enrol(void)
{
	struct up_op_enrol enrol;
	struct up_op_decide decide;
	struct up_device d;
	struct up_role **roles, *role;
	struct up_enrolment *e;
	struct fixture f;
	uint8_t code[32];
	char ref[23], name[UP_PERSON_NAME_SIZE];
	size_t n;

	fixture_open(&f, true);
	fixture_enrol(&f);
	fixture_code("first", code);
	CU_ASSERT_EQUAL(up_store_enrolment(f.store, code, &fixture_li, NOW, &e), UP_E_CODE);
	CU_ASSERT_EQUAL(up_store_device(f.store, f.token_hash, &d), UP_OK);
	CU_ASSERT_EQUAL(d.id, f.device);
	CU_ASSERT_EQUAL(d.key[63], 5);
	CU_ASSERT_STRING_EQUAL(d.person_masked, "李*");
	CU_ASSERT_EQUAL_FATAL(up_store_roles(f.store, f.device, &roles, &n), UP_OK);
	CU_ASSERT_EQUAL_FATAL(n, 1);
	CU_ASSERT(is_live(roles[0], NOW));
	CU_ASSERT_EQUAL(up_store_name(f.store, roles[0], name), UP_OK);
	CU_ASSERT_STRING_EQUAL(name, "李明");
	CU_ASSERT_STRING_EQUAL(roles[0]->assurance, "roster");
	up_store_roles_free(&roles, n);
	CU_ASSERT_EQUAL(up_store_role(f.store, f.role, f.device + 1, &role), UP_E_ROLE);
	CU_ASSERT_EQUAL_FATAL(up_store_role(f.store, f.role, f.device, &role), UP_OK);
	CU_ASSERT(!is_live(role, 1900000001000));        /* the certificate's period is over */
	CU_ASSERT(is_live(role, 1900000000999));
	up_store_role_free(&role);

	/* no statement, and a token hash that is taken */
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "second"), UP_OK);
	enrol = fixture_enrolling("second", &fixture_li, ref);
	enrol.statement_version = up_span_str("");
	CU_ASSERT_EQUAL(up_store_run(f.store, &enrol.op), UP_E_STATEMENT);
	enrol = fixture_enrolling("second", &fixture_li, ref);
	memcpy(enrol.device_token_hash, f.token_hash, 32);
	CU_ASSERT_EQUAL(up_store_run(f.store, &enrol.op), UP_E_STATE);
	CU_ASSERT_EQUAL(up_store_device(f.store, f.token_hash, &d), UP_OK);
	/* rule 28: the new phone ends the old one */
	enrol = fixture_enrolling("second", &fixture_li, ref);
	CU_ASSERT_EQUAL_FATAL(up_store_run(f.store, &enrol.op), UP_OK);
	CU_ASSERT_NOT_EQUAL(enrol.out_device, f.device);
	CU_ASSERT_EQUAL(enrol.out_role->id, f.role);
	up_store_role_free(&enrol.out_role);
	CU_ASSERT_EQUAL(up_store_device(f.store, f.token_hash, &d), UP_E_ENDED);
	CU_ASSERT_EQUAL(d.id, f.device);
	decide = fixture_decide(&f, true);
	CU_ASSERT_EQUAL(up_store_run(f.store, &decide.op), UP_E_ENDED);
	CU_ASSERT_EQUAL(
	    fixture_count(&f, "SELECT count(*) FROM agreement WHERE version = '2025-01'"), 2);
	fixture_close(&f);
}

/* A registered phone takes a second unit: same person, her password, no new device. */
static void test_second_unit(void)
{
	struct up_op_enrol enrol;
	struct up_device d;
	struct up_role **roles;
	struct fixture f;
	char ref[23];
	size_t n;

	fixture_open(&f, true);
	fixture_enrol(&f);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U2, &fixture_li, "second"), UP_OK);
	enrol = fixture_enrolling("second", &fixture_li, ref);
	enrol.device = f.device;
	enrol.password[0] = 9;
	CU_ASSERT_EQUAL(up_store_run(f.store, &enrol.op), UP_E_PASSWORD);
	CU_ASSERT_EQUAL(enrol.tries_left, 5);
	CU_ASSERT_EQUAL(enrol.password[1], 0);     /* wiped */
	CU_ASSERT_EQUAL(up_store_device(f.store, f.token_hash, &d), UP_OK);
	CU_ASSERT_EQUAL(d.errors, 1);
	enrol = fixture_enrolling("second", &fixture_li, ref);
	enrol.device = f.device;
	CU_ASSERT_EQUAL_FATAL(up_store_run(f.store, &enrol.op), UP_OK);
	CU_ASSERT_EQUAL(enrol.out_device, f.device);
	CU_ASSERT_STRING_EQUAL(enrol.out_role->unit_code, U2);
	up_store_role_free(&enrol.out_role);
	CU_ASSERT_EQUAL(up_store_device(f.store, f.token_hash, &d), UP_OK);
	CU_ASSERT_EQUAL(d.errors, 0);
	CU_ASSERT_EQUAL(up_store_roles(f.store, f.device, &roles, &n), UP_OK);
	CU_ASSERT_EQUAL(n, 2);
	up_store_roles_free(&roles, n);

	/* Zhang's code on Li's phone */
	CU_ASSERT_EQUAL(
	    fixture_change(&f, "UPDATE role SET status = 'ended' WHERE unit = 2"), UP_OK);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U2, &fixture_zhang, "zhang"), UP_OK);
	enrol = fixture_enrolling("zhang", &fixture_zhang, ref);
	enrol.device = f.device;
	CU_ASSERT_EQUAL(up_store_run(f.store, &enrol.op), UP_E_PERSON);
	/* a new phone for U2's successor leaves the first phone with U1 alive */
	enrol = fixture_enrolling("zhang", &fixture_zhang, ref);
	CU_ASSERT_EQUAL(up_store_run(f.store, &enrol.op), UP_OK);
	up_store_role_free(&enrol.out_role);
	CU_ASSERT_EQUAL(up_store_device(f.store, f.token_hash, &d), UP_OK);
	fixture_close(&f);
}

/* Rule 27 ends a lock by SMS; the window, which has seen her papers, may give a code for it as
 * well. */
static void unlock_at_window(struct fixture *f)
{
	struct up_op_enrol enrol;
	struct up_op_decide decide;
	char ref[23];

	CU_ASSERT_EQUAL_FATAL(fixture_put_code(f->store, U1, &fixture_li, "unlock"), UP_OK);
	enrol = fixture_enrolling("unlock", &fixture_li, ref);
	enrol.device = f->device;
	/* her old one does not do */
	CU_ASSERT_EQUAL(up_store_run(f->store, &enrol.op), UP_E_LOCKED);
	enrol = fixture_enrolling("unlock", &fixture_zhang, ref);
	enrol.device = f->device;
	enrol.unlock = true;
	CU_ASSERT_EQUAL(up_store_run(f->store, &enrol.op), UP_E_PERSON);
	enrol = fixture_enrolling("unlock", &fixture_li, ref);
	enrol.device = f->device;
	enrol.unlock = true;
	memset(enrol.password, 9, sizeof(enrol.password));
	CU_ASSERT_EQUAL_FATAL(up_store_run(f->store, &enrol.op), UP_OK);
	CU_ASSERT_EQUAL(enrol.out_device, f->device);
	up_store_role_free(&enrol.out_role);
	CU_ASSERT(strstr(fixture_newest(f->store).body, "\"event\":\"enrolment.done\"") != NULL);
	CU_ASSERT(strstr(fixture_newest(f->store).body,
	    "\"before\":\"{\\\"password\\\":\\\"locked\\\"}\"") != NULL);
	CU_ASSERT_EQUAL(fixture_count(f, "SELECT errors FROM device"), 0);
	decide = fixture_decide(f, true);
	/* the old one is no more */
	CU_ASSERT_EQUAL(up_store_run(f->store, &decide.op), UP_E_PASSWORD);
	decide = fixture_decide(f, true);
	memset(decide.password, 9, sizeof(decide.password));
	CU_ASSERT_EQUAL(up_store_run(f->store, &decide.op), UP_OK);
	up_store_role_free(&decide.out_role);
	/* a phone that is not locked keeps its password */
	CU_ASSERT_EQUAL_FATAL(fixture_put_code(f->store, U1, &fixture_li, "again"), UP_OK);
	enrol = fixture_enrolling("again", &fixture_li, ref);
	enrol.device = f->device;
	enrol.unlock = true;
	CU_ASSERT_EQUAL(up_store_run(f->store, &enrol.op), UP_E_STATE);
}

static void test_password(void)
{
	struct up_op_decide decide;
	struct fixture f;

	fixture_open(&f, true);
	fixture_enrol(&f);
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 5; i++) {
			decide = fixture_decide(&f, false);
			CU_ASSERT_EQUAL(up_store_run(f.store, &decide.op), UP_E_PASSWORD);
			CU_ASSERT_EQUAL(decide.tries_left, 5 - i);
			if (i == 2)
				fixture_reopen(&f, true);
		}
		if (round == 1)
			break;
		decide = fixture_decide(&f, true);  /* a right one resets */
		CU_ASSERT_EQUAL(up_store_run(f.store, &decide.op), UP_OK);
		up_store_role_free(&decide.out_role);
	}
	decide = fixture_decide(&f, false);
	CU_ASSERT_EQUAL(up_store_run(f.store, &decide.op), UP_E_LOCKED);
	fixture_reopen(&f, false);
	decide = fixture_decide(&f, true);
	CU_ASSERT_EQUAL(up_store_run(f.store, &decide.op), UP_E_LOCKED);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT errors FROM device"), 6);
	CU_ASSERT(strstr(fixture_newest(f.store).body, "password_locked") != NULL);
	unlock_at_window(&f);
	fixture_close(&f);
}

UP_SUITE("store enrol", test_window, test_mismatches, test_enrol, test_second_unit, test_password)
