/* SPDX-License-Identifier: Apache-2.0
 * Records: how they are found again, and which refusals are counted. */
#include <string.h>

#include "server/store/usage.h"
#include "test_store_fixture.h"

static struct up_op_record refusal(const char *reason, struct up_span by, int64_t now_ms)
{
	struct up_op_record note = fixture_note("login.approve");

	note.op.now_ms = note.op.record.time_ms = now_ms;
	note.op.refused_by = by;
	note.op.record.result = UP_SPAN_LIT("refused");
	note.op.record.reason = up_span_str(reason);
	return note;
}

static unsigned refuse(
    struct fixture *f, unsigned times, const char *reason, struct up_span by, int64_t now_ms)
{
	struct up_op_record note;
	int64_t before = fixture_count(f, "SELECT count(*) FROM usage");

	for (unsigned i = 0; i < times; i++) {
		note = refusal(reason, by, now_ms);

		CU_ASSERT_EQUAL(up_store_run(f->store, &note.op), UP_OK);
		CU_ASSERT_EQUAL(note.op.out_seq != 0, ((i + 1) & i) == 0 || by.n == 0);
	}
	return (unsigned)(fixture_count(f, "SELECT count(*) FROM usage") - before);
}

/* A phone or a stranger makes the log grow by the logarithm of what he tries. */
static void test_counted(void)
{
	struct up_op_record note;
	struct up_store_stats stats;
	struct fixture f;

	fixture_open(&f, false);
	CU_ASSERT_EQUAL(refuse(&f, 5, "unknown_transaction", (struct up_span){ NULL, 0 }, NOW), 5);
	CU_ASSERT_EQUAL(refuse(&f, 1000, "unknown_transaction", UP_SPAN_LIT("phone-1"), NOW), 10);
	CU_ASSERT(fixture_newest_has(&f, "\"count\":512,"));
	up_store_stats(f.store, &stats);
	CU_ASSERT_EQUAL(stats.counted, 990);
	/* another phone, another reason, another day: each from one on */
	CU_ASSERT_EQUAL(refuse(&f, 3, "unknown_transaction", UP_SPAN_LIT("phone-2"), NOW), 2);
	CU_ASSERT_EQUAL(refuse(&f, 3, "unknown_code", UP_SPAN_LIT("phone-1"), NOW), 2);
	CU_ASSERT_EQUAL(
	    refuse(&f, 3, "unknown_transaction", UP_SPAN_LIT("phone-1"), NOW + 86400000), 2);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM refusal"), 3);
	/* what succeeds is recorded whoever did it */
	for (int i = 0; i < 5; i++) {
		note = refusal("", UP_SPAN_LIT("phone-1"), NOW);
		note.op.record.result = UP_SPAN_LIT("ok");
		CU_ASSERT_EQUAL(up_store_run(f.store, &note.op), UP_OK);
		CU_ASSERT(note.op.out_seq != 0);
	}
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

static unsigned enrol_often(struct fixture *f, const char *code, enum up_err want)
{
	struct up_op_enrol enrol;
	int64_t before = fixture_count(f, "SELECT count(*) FROM usage");
	char ref[23];

	for (int i = 0; i < 100; i++) {
		enrol = fixture_enrolling(code, &fixture_li, ref);

		enrol.op.refused_by = UP_SPAN_LIT("strangers");
		CU_ASSERT_EQUAL(up_store_run(f->store, &enrol.op), want);
		up_store_role_free(&enrol.out_role);
	}
	return (unsigned)(fixture_count(f, "SELECT count(*) FROM usage") - before);
}

static enum up_err look_as(struct fixture *f, const char *code, int64_t *seq)
{
	struct up_op_open look = {.op = {.kind = UP_OP_OPEN,
				      .now_ms = NOW,
				      .refused_by = UP_SPAN_LIT("strangers"),
				      .record = fixture_record("enrolment.open")},
	    .named = &fixture_li};
	enum up_err err;

	fixture_code(code, look.code_hash);
	err = up_store_run(f->store, &look.op);
	*seq = look.op.out_seq;
	up_op_clear(&look.op);
	return err;
}

/* All strangers share one count; a code that was ours has its own, so that their noise does not
 * hide what becomes of it. */
static void test_counted_codes(void)
{
	struct fixture f;
	int64_t seq;

	fixture_open(&f, false);
	fixture_enrol(&f);
	CU_ASSERT_EQUAL(enrol_often(&f, "made-up", UP_E_CODE), 7);
	CU_ASSERT_EQUAL(enrol_often(&f, "made-up-too", UP_E_CODE), 1);   /* the 128th */
	CU_ASSERT_EQUAL(enrol_often(&f, "first", UP_E_CODE), 7);         /* used up */
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(look_as(&f, "another", &seq), UP_E_CODE);
	CU_ASSERT_EQUAL(seq, 0);
	CU_ASSERT_EQUAL(look_as(&f, "first", &seq), UP_E_CODE);
	CU_ASSERT(seq != 0);
	CU_ASSERT(fixture_gapless(&f));
	fixture_close(&f);
}

static int stop(void *arg, int64_t seq, struct up_span canonical)
{
	fixture_see(arg, seq, canonical);
	return 1;
}

/* 9000 records over three blocks, two units and a clock that runs back now and then, which no date
 * follows. How many are of U1, and in the hundred seconds from NOW + 5000000. */
static void put_usage(struct fixture *f, size_t *u1, size_t *in_time)
{
	char transaction[23];

	*u1 = *in_time = 0;
	CU_ASSERT_EQUAL(up_tx_begin(&f->store->write), UP_OK);
	for (int i = 2; i <= 9000; i++) {
		struct up_record r = fixture_record(i % 3 == 0 ? "login.scan" : "login.approve");
		uint8_t leaf[32];

		snprintf(transaction, sizeof(transaction), "%022d", i / 3);
		r.transaction = up_span_str(transaction);
		r.time_ms = NOW + i * 1000 - (i % 100 == 0 ? 5000000 : 0);
		r.unit_code = i % 3 == 0 ? up_span_str("")
		    : i % 2              ? UP_SPAN_LIT(U1)
					 : UP_SPAN_LIT(U2);
		r.purpose = i == 77 ? UP_SPAN_LIT("\",\"event\":\"fake\",\"") : up_span_str("");
		*u1 += r.unit_code.n > 0 && i % 2;
		CU_ASSERT_EQUAL_FATAL(up_usage_add(&f->store->write, &r, leaf), UP_OK);
		*in_time += r.time_ms >= NOW + 5000000 && r.time_ms < NOW + 5100000;
	}
	CU_ASSERT_EQUAL(up_tx_commit(&f->store->write), UP_OK);
}

static void test_usage(void)
{
	struct fixture f;
	struct fixture_seen seen;
	size_t u1, in_time, newest = 9000 + FIXTURE_CHANGES;

	fixture_open(&f, false);
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "first"), UP_OK);
	put_usage(&f, &u1, &in_time);
	CU_ASSERT(fixture_gapless(&f));
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM usage a"
	    " JOIN usage b ON b.seq = a.seq + 1 WHERE b.time_ms < a.time_ms"), 0);
	CU_ASSERT_EQUAL(fixture_having(&f, "\"clock_ms\":"), 90);

	seen = fixture_query(f.store, (struct up_usage_filter){ 0 });
	CU_ASSERT(seen.n == newest && seen.first == (int64_t)newest && seen.last == 1);
	seen = fixture_query(f.store, (struct up_usage_filter){ .oldest_first = true });
	CU_ASSERT(seen.n == newest && seen.first == 1 && seen.last == (int64_t)newest);
	seen = fixture_query(f.store, (struct up_usage_filter){ .unit = UP_SPAN_LIT(U1) });
	CU_ASSERT_EQUAL(seen.n, u1 + 2);         /* unit.add, enrolment.code */
	seen = fixture_query(
	    f.store, (struct up_usage_filter) { .from_ms = NOW + 5000000, .to_ms = NOW + 5100000 });
	CU_ASSERT_EQUAL(seen.n, in_time);
	seen = fixture_query(f.store, (struct up_usage_filter){ .from_ms = NOW + 99000000 });
	CU_ASSERT_EQUAL(seen.n, 0);
	seen = fixture_query(f.store,
	    (struct up_usage_filter) { .transaction = UP_SPAN_LIT("0000000000000000000500") });
	CU_ASSERT(seen.n == 3 && seen.last == 1500 + FIXTURE_CHANGES);
	seen = fixture_query(f.store, (struct up_usage_filter){ .event = UP_SPAN_LIT("fake") });
	CU_ASSERT_EQUAL(seen.n, 0);
	seen = fixture_query(f.store, (struct up_usage_filter){.event = UP_SPAN_LIT("login.scan"),
				  .limit = 10,
				  .after_seq = 8000 + FIXTURE_CHANGES});
	CU_ASSERT(seen.n == 10 && seen.first == 7998 + FIXTURE_CHANGES);
	seen = fixture_query(f.store,
	    (struct up_usage_filter) { .oldest_first = true, .limit = 1, .after_seq = 8000 });
	CU_ASSERT_EQUAL(seen.first, 8001);
	seen = fixture_query(f.store, (struct up_usage_filter){ .client = UP_SPAN_LIT("port") });
	CU_ASSERT_EQUAL(seen.n, 0);
	seen = fixture_query(f.store, (struct up_usage_filter){ .unit = UP_SPAN_LIT("' OR 1") });
	CU_ASSERT_EQUAL(seen.n, 0);
	memset(&seen, 0, sizeof(seen));
	CU_ASSERT_EQUAL(
	    up_store_usage(f.store, &(struct up_usage_filter) { 0 }, stop, &seen), UP_OK);
	CU_ASSERT_EQUAL(seen.n, 1);
	CU_ASSERT_EQUAL(fixture_change(&f, "UPDATE usage SET time_ms = 0"), UP_E_STORE);
	CU_ASSERT_EQUAL(fixture_change(&f, "DELETE FROM usage"), UP_E_STORE);
	fixture_close(&f);
}

/* By person and by holder: what happened before a unit was chosen too. */
static void test_usage_person(void)
{
	struct up_op_decide decide;
	struct up_op_record note;
	struct up_usage_filter by = { 0 };
	struct up_device d;
	struct up_role *role;
	struct fixture f;

	fixture_open(&f, true);
	fixture_enrol(&f);                       /* enrolment.code, enrolment.done */
	CU_ASSERT_EQUAL(up_store_device(f.store, f.token_hash, &d), UP_OK);
	note = fixture_note("login.scan");
	note.op.record.person_ref = up_span_str(d.person_ref);
	CU_ASSERT_EQUAL(up_store_run(f.store, &note.op), UP_OK);
	decide = fixture_decide(&f, true);
	CU_ASSERT_EQUAL(up_store_run(f.store, &decide.op), UP_OK);
	role = decide.out_role;
	by.person_ref = up_span_str(d.person_ref);
	CU_ASSERT_EQUAL(fixture_query(f.store, by).n, 4);
	CU_ASSERT_EQUAL(fixture_query(f.store, by).first, 4 + FIXTURE_CHANGES);
	by = (struct up_usage_filter) { .holder_ref = up_span_str(role->ref),
		.event = UP_SPAN_LIT("login.approve") };
	CU_ASSERT_EQUAL(fixture_query(f.store, by).n, 1);
	by.unit = UP_SPAN_LIT(U2);
	CU_ASSERT_EQUAL(fixture_query(f.store, by).n, 0);
	up_store_role_free(&role);
	fixture_close(&f);
}

UP_SUITE("store usage", test_usage, test_usage_person, test_counted, test_counted_codes)
