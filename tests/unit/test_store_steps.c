/* SPDX-License-Identifier: Apache-2.0
 * Every operation, with every statement of it made to fail in turn: nothing of it is kept, or all.
 */
#include <string.h>

#include "server/db/engine.h"
#include "server/store/act.h"
#include "test_people_fixture.h"

static int steps_left;                   /* fail when it reaches 0 */
static bool for_ever;
static enum up_db_trouble with;          /* this */
static int failed;                       /* so often */

static enum up_db_trouble fault(void)
{
	if (steps_left != 0) {
		steps_left -= steps_left > 0;
		return UP_DB_FINE;
	}
	if (!for_ever)
		steps_left = -1;
	failed++;
	return with;
}

/* --- each action works once and leaves the database changed --- */

static bool tried[UP_OPS];


/* What failed holds nothing. */
static bool is_empty(const struct up_op *op)
{
	const struct up_op_decide *decide = (const void *)op;
	const struct up_op_redeem *redeem = (const void *)op;
	const struct up_op_enrol *enrol = (const void *)op;
	const struct up_op_open *open = (const void *)op;

	if (op->out_seq != 0)
		return false;
	if (op->kind == UP_OP_OPEN)
		return open->out_enrolment == NULL;
	if (op->kind == UP_OP_DECIDE)
		return decide->out_role == NULL && decide->tries_left == 0;
	if (op->kind == UP_OP_REDEEM)
		return redeem->out_role == NULL;
	if (op->kind == UP_OP_ENROL)
		return enrol->out_role == NULL && enrol->tries_left == 0 && enrol->out_device == 0;
	return true;
}

static enum up_err run(struct fixture *f, struct up_op *op)
{
	enum up_err err;

	fixture_tried[op->kind] = true;
	err = up_store_run(f->store, op);
	CU_ASSERT(err != UP_E_STORE || is_empty(op));
	up_op_clear(op);
	return err;
}

static enum up_err act_record(struct fixture *f)
{
	struct up_op_record note = fixture_note("login.expire");

	note.device = f->device;
	note.role = f->role;
	return run(f, &note.op);
}

static enum up_err act_counted(struct fixture *f)
{
	struct up_op_record note = fixture_note("login.scan");

	note.device = f->device;
	note.op.refused_by = UP_SPAN_LIT("phone");
	note.op.record.result = UP_SPAN_LIT("refused");
	return run(f, &note.op);
}

static enum up_err act_spent_code(struct fixture *f)
{
	char ref[23];
	struct up_op_enrol enrol = fixture_enrolling("first", &fixture_li, ref);

	enrol.op.refused_by = UP_SPAN_LIT("strangers");
	return run(f, &enrol.op);
}

static enum up_err act_deny(struct fixture *f)
{
	struct up_op_decide decide = fixture_decide(f, true);

	decide.approve = false;
	return run(f, &decide.op);
}

static enum up_err act_approve(struct fixture *f)
{
	struct up_op_decide decide = fixture_decide(f, true);

	decide.item = UP_SPAN_LIT("annual-report");
	return run(f, &decide.op);
}

static enum up_err act_wrong(struct fixture *f)
{
	struct up_op_decide decide = fixture_decide(f, false);

	return run(f, &decide.op);
}

/* Who approves names the role; the only one that the phone holds is not taken for it. */
static enum up_err act_unnamed(struct fixture *f)
{
	struct up_op_decide decide = fixture_decide(f, true);

	decide.role = 0;
	decide.item = UP_SPAN_LIT("annual-report");
	return run(f, &decide.op);
}

/* A phone that holds no such role is read by itself. */
static enum up_err act_no_role(struct fixture *f)
{
	struct up_op_redeem redeem = fixture_redeem(f, "ssssssssssssssssssssss");

	redeem.role = f->role + 1;
	redeem.item = UP_SPAN_LIT("annual-report");
	return run(f, &redeem.op);
}

static enum up_err act_redeem(struct fixture *f)
{
	struct up_op_redeem redeem = fixture_redeem(f, "ssssssssssssssssssssss");

	redeem.item = UP_SPAN_LIT("annual-report");
	return run(f, &redeem.op);
}

static enum up_err act_replay(struct fixture *f)
{
	struct up_op_replay replay = fixture_replay(f, "qqqqqqqqqqqqqqqqqqqqqq");

	return run(f, &replay.op);
}

static enum up_err act_enrol(struct fixture *f)
{
	char ref[23];
	struct up_op_enrol enrol = fixture_enrolling("next", &fixture_li, ref);

	return run(f, &enrol.op);
}

static enum up_err act_known_phone(struct fixture *f)
{
	char ref[23];
	struct up_op_enrol enrol = fixture_enrolling("next", &fixture_li, ref);

	enrol.device = f->device;
	return run(f, &enrol.op);
}

static enum up_err act_stranger(struct fixture *f)
{
	char ref[23];
	struct up_op_enrol enrol = fixture_enrolling("next", &fixture_zhang, ref);

	return run(f, &enrol.op);
}

static enum up_err act_code(struct fixture *f)
{
	return fixture_put_code(f->store, U2, &fixture_zhang, "zhang");
}

static enum up_err act_answer(struct fixture *f, const char *outcome)
{
	struct fixture_pending p;
	struct up_op_realname op;

	CU_ASSERT(fixture_pending(f->store, 0, &p));
	op = fixture_realname(&p, outcome);
	return run(f, &op.op);
}

static enum up_err act_confirmed(struct fixture *f)
{
	return act_answer(f, "match");
}

static enum up_err act_unknown(struct fixture *f)
{
	return act_answer(f, "not_found");
}

static enum up_err act_mismatch(struct fixture *f)
{
	return fixture_open_code(f->store, "next", &fixture_zhang);
}

static enum up_err act_open(struct fixture *f)
{
	return fixture_open_code(f->store, "next", &fixture_li);
}

static enum up_err act_data_key(struct fixture *f)
{
	char ids[UP_SEAL_KEYS][UP_VAULT_ID + 1];

	CU_ASSERT_EQUAL(up_data_keys_ids(fixture_keys(), ids), 1);
	return fixture_data_key(f->store, ids[0], NOW);
}

static enum up_err act_clock(struct fixture *f)
{
	int64_t newest;

	return fixture_clock_accept(f->store, NOW, &newest);
}

static enum up_err act_units(struct fixture *f)
{
	static const struct up_unit_row rows[] = {
		{ UP_SPAN_LIT("12430000100000016Y"), UP_SPAN_LIT("三"), UP_SPAN_LIT("{}"),
		    UP_SPAN_LIT("hn"), UP_SPAN_LIT("CERT-3"), 1, 2 },
		{ UP_SPAN_LIT("1243000010000042XX"), UP_SPAN_LIT("四"), UP_SPAN_LIT("{}"),
		    UP_SPAN_LIT("hn"), UP_SPAN_LIT("CERT-4"), 1, 2 },
	};
	size_t added, bad;

	return fixture_units_put(f->store, rows, 2, NOW, &added, &bad);
}

static enum up_err act_client(struct fixture *f)
{
	static const struct up_client c = {
		.id = (char *)"p2", .name = (char *)"n", .origin = (char *)"https://p2.example.org"
	};

	return fixture_client_put(f->store, &c, NOW);
}

static enum up_err act_rotate(struct fixture *f)
{
	static const struct up_client c = { .id = (char *)"portal", .has_secret = true };

	return fixture_client_rotate(f->store, &c, NOW);
}

static enum up_err act_disable(struct fixture *f)
{
	return fixture_client_set(f->store, UP_SPAN_LIT("portal"), "disabled", NOW);
}

static enum up_err act_item(struct fixture *f)
{
	return fixture_item_put(
	    f->store, UP_SPAN_LIT("change"), UP_SPAN_LIT("变更"), UP_SPAN_LIT("portal"), NOW);
}

static enum up_err act_item_end(struct fixture *f)
{
	return fixture_item_end(f->store, UP_SPAN_LIT("annual-report"), NOW);
}

/* the principal is suspended by it */
static enum up_err act_unit_change(struct fixture *f)
{
	return fixture_unit_change(f->store, U1, UP_UNIT_REPRESENTATIVE, "赵六", NULL);
}

static enum up_err act_unit_name(struct fixture *f)
{
	return fixture_unit_change(f->store, U1, UP_UNIT_NAME, "新名", NULL);
}

static enum up_err act_unit_renew(struct fixture *f)
{
	return fixture_unit_renew(f->store, U1, 1899990000000, NULL);
}

static enum up_err act_unit_cancel(struct fixture *f)
{
	return fixture_unit_cancel(f->store, U1, NOW, NULL);
}

static enum up_err act_authority(struct fixture *f)
{
	return fixture_authority_put(f->store, UP_SPAN_LIT("hn"), UP_SPAN_LIT("另一名称"), NOW);
}

static enum up_err act_end_phone(struct fixture *f)
{
	struct up_device d;

	return up_store_device(f->store, f->token_hash, &d) == UP_OK
		   ? fixture_device_end(f->store, up_span_str(d.ref), NOW)
		   : UP_E_TOKEN;
}

/* --- with a manager, her user, and a grant that waits --- */

static struct holder principal, manager, user, added;
static struct given waiting;

static void prepare_people(struct fixture *f)
{
	struct up_role *role;

	principal = (struct holder){ .who = LI, .device = f->device, .role = f->role };
	CU_ASSERT_EQUAL_FATAL(up_store_role(f->store, f->role, f->device, &role), UP_OK);
	memcpy(principal.ref, role->ref, sizeof(principal.ref));
	up_store_role_free(&role);
	manager = people_make(f, &principal, UP_ROLE_MANAGER, 1);
	user = people_make(f, &manager, UP_ROLE_USER, 2);
	CU_ASSERT_EQUAL_FATAL(
	    people_grant(f, &manager, &user, TODAY, TODAY + 1, &waiting), UP_OK);
}

static enum up_err act_people_add(struct fixture *f)
{
	added = (struct holder){ .who = 3, .is = UP_ROLE_MANAGER };
	return people_add(f, &principal, &added);
}

static enum up_err act_people_code(struct fixture *f)
{
	return people_code(f, &manager, &user);
}

static void put_answer(struct up_op *op, struct up_buf *out)
{
	CU_ASSERT_EQUAL(op->err, UP_OK);
	up_buf_put_str(out, "the answer");
}

/* Signed, and with a key under which it is answered again: proof and answer are kept with it. */
static enum up_err act_signed(struct fixture *f)
{
	struct up_again again = { .device = f->device, .answer = put_answer };
	enum up_err err;

	people_proof = UP_SPAN_LIT("a.b.c");
	people_again = &again;
	err = people_code(f, &principal, &manager);
	if (err == UP_OK)
		UP_CHECK_TEXT(up_buf_span(&again.out), "the answer");
	people_proof = (struct up_span){ NULL, 0 };
	people_again = NULL;
	up_buf_free(&again.out);
	return err;
}

static enum up_err act_people_delete(struct fixture *f)
{
	return people_delete(f, &principal, &manager, NULL);
}

static enum up_err act_grant_add(struct fixture *f)
{
	struct given given;

	return people_grant(f, &principal, &user, TODAY, TODAY, &given);
}

static enum up_err act_grant_take(struct fixture *f)
{
	return people_take(f, &user, waiting.code);
}

static enum up_err act_grant_cancel(struct fixture *f)
{
	return people_cancel(f, &manager, waiting.grant);
}

static enum up_err act_holder_end(struct fixture *f)
{
	return fixture_holder_end(f->store, manager.ref, NOW, NULL);
}

static enum up_err act_no_grant(struct fixture *f)
{
	return people_login(f, &user, "annual-report");
}

static enum up_err act_phone_end(struct fixture *f)
{
	return people_end_phone(f, &manager, user.phone);
}

static enum up_err act_replace(struct fixture *f)
{
	const struct up_named named = people_named(9);
	struct up_op_code code = { .unit = UP_SPAN_LIT(U1), .role = UP_SPAN_LIT("principal"),
		.outcome = UP_SPAN_LIT("match"), .assurance = UP_SPAN_LIT("roster"),
		.clerk = UP_SPAN_LIT("c"), .window = UP_SPAN_LIT("w"), .named = named,
		.expires_ms = NOW + 300000, .replace = true };

	fixture_code("replace", code.code_hash);
	return fixture_code_put(f->store, &code, NOW);
}

static const struct {
	const char *name;
	enum up_err (*act)(struct fixture *);
	enum up_err good;
	bool people;
} actions[] = {
	{ "record", act_record, UP_OK, false },
	{ "counted refusal", act_counted, UP_OK, false },
	{ "spent code", act_spent_code, UP_E_CODE, false },
	{ "deny", act_deny, UP_OK, false },
	{ "approve", act_approve, UP_OK, false },
	{ "approve without role", act_unnamed, UP_E_ROLE, false },
	{ "wrong password", act_wrong, UP_E_PASSWORD, false },
	{ "redeem", act_redeem, UP_OK, false },
	{ "redeem without role", act_no_role, UP_E_ROLE, false },
	{ "replay", act_replay, UP_OK, false },
	{ "enrol", act_enrol, UP_OK, false },
	{ "enrol a known phone", act_known_phone, UP_OK, false },
	{ "enrol another person", act_stranger, UP_E_PERSON, false },
	{ "code", act_code, UP_OK, false },
	{ "confirmed", act_confirmed, UP_OK, false },
	{ "not found", act_unknown, UP_E_NO_PERSON, false },
	{ "open", act_open, UP_OK, false },
	{ "mismatch", act_mismatch, UP_E_PERSON, false },
	{ "units", act_units, UP_OK, false },
	{ "client", act_client, UP_OK, false },
	{ "rotate", act_rotate, UP_OK, false },
	{ "disable", act_disable, UP_OK, false },
	{ "item", act_item, UP_OK, false },
	{ "item ends", act_item_end, UP_OK, false },
	{ "authority", act_authority, UP_OK, false },
	{ "unit changes", act_unit_change, UP_OK, false },
	{ "unit's name changes", act_unit_name, UP_OK, false },
	{ "unit is renewed", act_unit_renew, UP_OK, false },
	{ "clock", act_clock, UP_OK, false },
	{ "data key", act_data_key, UP_OK, false },
	{ "phone ends", act_end_phone, UP_OK, false },
	{ "people add", act_people_add, UP_OK, true },
	{ "people code", act_people_code, UP_OK, true },
	{ "signed, with a key", act_signed, UP_OK, true },
	{ "people delete", act_people_delete, UP_OK, true },
	{ "grant add", act_grant_add, UP_OK, true },
	{ "grant take", act_grant_take, UP_OK, true },
	{ "grant cancel", act_grant_cancel, UP_OK, true },
	{ "login without grant", act_no_grant, UP_E_ITEM_GRANT, true },
	{ "holder ends a phone", act_phone_end, UP_OK, true },
	{ "replace the principal", act_replace, UP_OK, true },
	{ "holder ends", act_holder_end, UP_OK, true },
	{ "unit is cancelled", act_unit_cancel, UP_OK, true },
};

static void prepare(struct fixture *f, size_t action)
{
	struct up_op_redeem session;

	fixture_open(f, false);
	fixture_enrol(f);
	session = fixture_redeem(f, "qqqqqqqqqqqqqqqqqqqqqq");
	CU_ASSERT_EQUAL(run(f, &session.op), UP_OK);
	CU_ASSERT_EQUAL(fixture_put_code(f->store, U1, &fixture_li, "next"), UP_OK);
	CU_ASSERT_EQUAL(fixture_put_pending(f->store, U2, &fixture_wang), UP_E_PENDING);
	if (actions[action].people)
		prepare_people(f);
}

/* ACTION I while FAULT decides. */
static enum up_err act(struct fixture *f, size_t i, int steps, bool all_after)
{
	enum up_err err;

	memset(fixture_tried, 0, sizeof(fixture_tried));
	f->store->write.db->fault = fault;
	for_ever = all_after;
	steps_left = steps;
	err = actions[i].act(f);
	f->store->write.db->fault = NULL;
	for (size_t kind = 0; kind < UP_OPS; kind++)
		tried[kind] = tried[kind] || fixture_tried[kind];
	return err;
}

/* All fails from step N on, for each N: nothing is kept. The number of steps. */
static int fail_for_ever(size_t i)
{
	uint8_t before[32], after[32];
	struct fixture f;
	enum up_err err;
	int n = 0;

	prepare(&f, i);
	fixture_digest(&f, before);
	do {
		err = act(&f, i, n, true);
		fixture_digest(&f, after);
		UP_CHECK(err == actions[i].good ||
			(err == UP_E_STORE && memcmp(before, after, 32) == 0), actions[i].name);
	} while (err == UP_E_STORE && ++n < 200);
	UP_CHECK(n >= 4 && n < 200 && memcmp(before, after, 32) != 0, actions[i].name);
	UP_CHECK(fixture_gapless(&f), actions[i].name);
	fixture_close(&f);
	return n;
}

/* One hiccup: it is tried once more by itself and comes through. */
static void fail_once(size_t i, int at)
{
	struct fixture f;

	prepare(&f, i);
	UP_CHECK(act(&f, i, at, false) == actions[i].good, actions[i].name);
	UP_CHECK(fixture_gapless(&f), actions[i].name);
	UP_CHECK(up_store_healthy(f.store) == UP_OK, actions[i].name);
	fixture_close(&f);
}

static void test_failing_steps(void)
{
	with = UP_DB_DOWN;
	for (size_t i = 0; i < UP_ARRAY_LEN(actions); i++) {
		int n = fail_for_ever(i);

		/* a server's database for each costs: of the long ones every fourth is tried */
		for (int at = 0; at < n; at += fixture_on_postgres() && actions[i].people ? 4 : 1)
			fail_once(i, at);
	}
	/* an operation that nobody tries here is missed */
	for (size_t kind = 0; kind < UP_OPS; kind++)
		UP_CHECK(tried[kind], up_op_rows[kind].name);
}

/* So many steps has ACTION, its commit the last; *RECORDS it leaves. */
static int count_steps(size_t action, int64_t *records)
{
	const int many = 1000;
	struct fixture f;
	int64_t before;

	prepare(&f, action);
	before = fixture_count(&f, "SELECT count(*) FROM usage");
	f.store->write.db->fault = fault;
	steps_left = many;
	UP_CHECK(actions[action].act(&f) == actions[action].good, actions[action].name);
	*records = fixture_count(&f, "SELECT count(*) FROM usage") - before;
	fixture_close(&f);
	return many - steps_left;
}

/* The engine asks for the transaction again: it is made again as if it were the first time. */
static void test_again(void)
{
	for (size_t i = 0; i < UP_ARRAY_LEN(actions); i++) {
		int64_t want, before;
		int n = count_steps(i, &want);
		struct fixture f;

		prepare(&f, i);
		before = fixture_count(&f, "SELECT count(*) FROM usage");
		f.store->write.db->fault = fault;
		with = UP_DB_RETRY;
		for_ever = false;
		steps_left = n - 1;
		failed = 0;
		UP_CHECK(actions[i].act(&f) == actions[i].good, actions[i].name);
		UP_CHECK(failed == 1, actions[i].name);
		UP_CHECK(fixture_count(&f, "SELECT count(*) FROM usage") == before + want,
		    actions[i].name);
		UP_CHECK(fixture_gapless(&f), actions[i].name);
		fixture_close(&f);
	}
}

/* It may ask five times, not for ever; the store is not taken for broken by it. */
static void test_again_and_again(void)
{
	struct up_op_record note = fixture_note("login.scan");
	struct fixture f;

	prepare(&f, 0);
	f.store->write.db->fault = fault;
	with = UP_DB_RETRY;
	for_ever = true;
	steps_left = failed = 0;
	CU_ASSERT_EQUAL(up_store_run(f.store, &note.op), UP_E_STORE);
	CU_ASSERT_EQUAL(failed, 2 * UP_TX_TRIES);        /* in its group of one, and alone */
	failed = 0;
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U2, &fixture_zhang, "zhang"), UP_E_STORE);
	CU_ASSERT_EQUAL(failed, 2 * UP_TX_TRIES);
	f.store->write.db->fault = NULL;
	CU_ASSERT_EQUAL(up_store_healthy(f.store), UP_OK);
	fixture_close(&f);
}

/* Nobody knows whether the commit was kept: then it is not made again, for it might be there
 * twice; who asked for it hears that it failed, and the store that it is not well. */
static void test_unknown(void)
{
	struct up_op_record note = fixture_note("login.scan");
	struct fixture f;
	int64_t records;
	int n = count_steps(0, &records);

	prepare(&f, 0);
	f.store->write.db->fault = fault;
	with = UP_DB_UNKNOWN;
	for_ever = true;
	failed = 0;
	steps_left = n - 1;
	CU_ASSERT_EQUAL(actions[0].act(&f), UP_E_STORE);
	CU_ASSERT_EQUAL(failed, 1);
	CU_ASSERT_EQUAL(up_store_healthy(f.store), UP_E_STORE);
	f.store->write.db->fault = NULL;
	CU_ASSERT_EQUAL(up_store_run(f.store, &note.op), UP_OK);
	CU_ASSERT_EQUAL(up_store_healthy(f.store), UP_OK);
	fixture_close(&f);
}

UP_SUITE("store steps", test_failing_steps, test_again, test_again_and_again, test_unknown)
