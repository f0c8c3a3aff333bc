/* SPDX-License-Identifier: Apache-2.0
 * No change without a record: an operation that forgets it is not kept. The linker gives us its
 * place (--wrap=up_act_item). */
#include "server/store/act.h"
#include "test_store_fixture.h"

enum up_err __real_up_act_item(struct up_act *);
enum up_err __wrap_up_act_item(struct up_act *);

static bool forgets;

enum up_err __wrap_up_act_item(struct up_act *a)
{
	enum up_err err = __real_up_act_item(a);

	a->told = forgets;
	return err;
}

static enum up_err put(struct fixture *f)
{
	return fixture_item_put(
	    f->store, UP_SPAN_LIT("change"), UP_SPAN_LIT("变更"), UP_SPAN_LIT("portal"), NOW);
}

static void test_forgotten(void)
{
	struct fixture f;

	forgets = false;
	fixture_open(&f, false);
	forgets = true;
	CU_ASSERT_EQUAL(put(&f), UP_E_STORE);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM item"), 1);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM usage"), FIXTURE_CHANGES);
	CU_ASSERT_EQUAL(up_store_healthy(f.store), UP_OK);
	forgets = false;
	CU_ASSERT_EQUAL(put(&f), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM item"), 2);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

/* An event that core/record does not know is one that nobody is shown: nothing comes about. */
static void test_unknown_event(void)
{
	struct fixture f;
	struct up_op_record r = { .op = { .kind = UP_OP_RECORD, .now_ms = NOW,
		.record = { .event = UP_SPAN_LIT("login.scans"), .result = UP_SPAN_LIT("ok") } } };

	fixture_open(&f, false);
	CU_ASSERT_EQUAL(up_store_run(f.store, &r.op), UP_E_STORE);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM usage"), FIXTURE_CHANGES);
	r.op.record.event = UP_SPAN_LIT("login.scan");
	CU_ASSERT_EQUAL(up_store_run(f.store, &r.op), UP_OK);
	up_op_clear(&r.op);
	fixture_close(&f);
	for (size_t i = 0; i < UP_OPS; i++)
		if (up_op_rows[i].event != NULL)
			UP_CHECK(up_record_kind(up_span_str(up_op_rows[i].event)) !=
				UP_RECORD_UNKNOWN, up_op_rows[i].event);
}

UP_SUITE("store record", test_forgotten, test_unknown_event)
