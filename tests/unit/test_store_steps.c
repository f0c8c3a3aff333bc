/* SPDX-License-Identifier: Apache-2.0
 * Every operation, with every statement of it made to fail in turn: nothing of it is kept, or all.
 */
#include <string.h>

#include "server/db/engine.h"
#include "server/store/act.h"
#include "store_actions.h"

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

static bool tried[UP_OPS];

/* ACTION I while FAULT decides. */
static enum up_err act(struct fixture *f, size_t i, int steps, bool all_after)
{
	enum up_err err;

	for (size_t kind = 0; kind < UP_OPS; kind++)
		fixture_tried[kind] = false;
	f->store->write.db->fault = fault;
	for_ever = all_after;
	steps_left = steps;
	err = action_at(i)->act(f);
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

	action_prepare(&f, i);
	fixture_digest(&f, before);
	do {
		err = act(&f, i, n, true);
		fixture_digest(&f, after);
		UP_CHECK(err == action_at(i)->good ||
			(err == UP_E_STORE && memcmp(before, after, 32) == 0), action_at(i)->name);
	} while (err == UP_E_STORE && ++n < 200);
	UP_CHECK(n >= 4 && n < 200 && memcmp(before, after, 32) != 0, action_at(i)->name);
	UP_CHECK(fixture_gapless(&f), action_at(i)->name);
	fixture_close(&f);
	return n;
}

/* One hiccup: it is tried once more by itself and comes through. */
static void fail_once(size_t i, int at)
{
	struct fixture f;

	action_prepare(&f, i);
	UP_CHECK(act(&f, i, at, false) == action_at(i)->good, action_at(i)->name);
	UP_CHECK(fixture_gapless(&f), action_at(i)->name);
	UP_CHECK(up_store_healthy(f.store) == UP_OK, action_at(i)->name);
	fixture_close(&f);
}

static void test_failing_steps(void)
{
	with = UP_DB_DOWN;
	for (size_t i = 0; i < actions_n(); i++) {
		int n = fail_for_ever(i);
		/* a database for each costs: of the long ones some are tried, others of the next */
		const int every = !action_of_people(i) ? 1 : fixture_on_postgres() ? 4 : 2;

		for (int at = (int)i % every; at < n; at += every)
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

	action_prepare(&f, action);
	before = fixture_count(&f, "SELECT count(*) FROM usage");
	f.store->write.db->fault = fault;
	steps_left = many;
	UP_CHECK(action_at(action)->act(&f) == action_at(action)->good, action_at(action)->name);
	*records = fixture_count(&f, "SELECT count(*) FROM usage") - before;
	fixture_close(&f);
	return many - steps_left;
}

/* The engine asks for the transaction again: it is made again as if it were the first time. */
static void test_again(void)
{
	for (size_t i = 0; i < actions_n(); i++) {
		int64_t want, before;
		int n = count_steps(i, &want);
		struct fixture f;

		action_prepare(&f, i);
		before = fixture_count(&f, "SELECT count(*) FROM usage");
		f.store->write.db->fault = fault;
		with = UP_DB_RETRY;
		for_ever = false;
		steps_left = n - 1;
		failed = 0;
		UP_CHECK(action_at(i)->act(&f) == action_at(i)->good, action_at(i)->name);
		UP_CHECK(failed == 1, action_at(i)->name);
		UP_CHECK(fixture_count(&f, "SELECT count(*) FROM usage") == before + want,
		    action_at(i)->name);
		UP_CHECK(fixture_gapless(&f), action_at(i)->name);
		fixture_close(&f);
	}
}

/* It may ask five times, not for ever; the store is not taken for broken by it. */
static void test_again_and_again(void)
{
	struct up_op_record note = fixture_note("login.scan");
	struct fixture f;

	action_prepare(&f, 0);
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

	action_prepare(&f, 0);
	f.store->write.db->fault = fault;
	with = UP_DB_UNKNOWN;
	for_ever = true;
	failed = 0;
	steps_left = n - 1;
	CU_ASSERT_EQUAL(action_at(0)->act(&f), UP_E_STORE);
	CU_ASSERT_EQUAL(failed, 1);
	CU_ASSERT_EQUAL(up_store_healthy(f.store), UP_E_STORE);
	f.store->write.db->fault = NULL;
	CU_ASSERT_EQUAL(up_store_run(f.store, &note.op), UP_OK);
	CU_ASSERT_EQUAL(up_store_healthy(f.store), UP_OK);
	fixture_close(&f);
}

UP_SUITE("store steps", test_failing_steps, test_again, test_again_and_again, test_unknown)
