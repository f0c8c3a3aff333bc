/* SPDX-License-Identifier: Apache-2.0
 * What the store does behind the back of the real handlers. Others write between a look and its
 * record: the answer is what the record's transaction saw. A commit is left unknown, kept or not:
 * nobody gets what rests on it, and nothing of it is made twice. */
#include <string.h>
#include <time.h>

#include "core/text.h"
#include "live_login.h"
#include "server/db/engine.h"
#include "web/legal.h"

static const struct up_db_engine *real;
static struct up_db_engine ours;         /* the same, but for what a test puts in */

static void begin(void)
{
	login_begin(false);
	real = login_store.store->write.db->engine;
	ours = *real;
	login_store.store->write.db->engine = &ours;
	CU_ASSERT_EQUAL_FATAL(up_legal_new("download", &login_server.statement), UP_OK);
}

static void end(void)
{
	login_store.store->write.db->engine = real;
	login_end();
	up_legal_free(&login_server.statement);
}

/* --- a code, looked at --- */

static char code[23];                    /* that the phone shows */

/* By the window, which is another process: a code for LI in U2, which ends those before it. */
static void put_code(const char *text)
{
	const int64_t now = (int64_t)time(NULL) * 1000;
	struct up_op_code put = { .unit = UP_SPAN_LIT(U2), .role = UP_SPAN_LIT("principal"),
		.outcome = UP_SPAN_LIT("match"), .assurance = UP_SPAN_LIT("roster"),
		.clerk = UP_SPAN_LIT("clerk-1"), .window = UP_SPAN_LIT("w1"),
		.named = fixture_li, .expires_ms = now + 300000 };
	struct up_store *window;

	fixture_code(text, put.code_hash);
	CU_ASSERT_EQUAL_FATAL(fixture_connect(login_store.database, false, &window), UP_OK);
	CU_ASSERT_EQUAL(fixture_code_put(window, &put, now), UP_OK);
	up_store_close(&window);
}

static const char *meanwhile;            /* the window makes this code before the next record */

static enum up_err begin_late(struct up_db *db)
{
	const char *text = meanwhile;

	meanwhile = NULL;
	if (text != NULL)
		put_code(text);
	return real->begin(db);
}

static int look(void)
{
	char body[500];

	snprintf(body, sizeof(body), "{\"code\":\"%s\",\"person\":{\"name\":\"%.*s\","
	    "\"resident_id\":\"%.*s\",\"mobile\":\"%.*s\"}}", code,
	    (int)fixture_li.name.n, (const char *)fixture_li.name.p,
	    (int)fixture_li.resident.n, (const char *)fixture_li.resident.p,
	    (int)fixture_li.mobile.n, (const char *)fixture_li.mobile.p);
	return login_call("/holder/enrolments", body);
}

static void draw_code(void)
{
	uint8_t raw[16];

	up_random(raw, sizeof(raw));
	up_text_b64url(up_span_of(raw, sizeof(raw)), code);
	code[22] = '\0';
}

/* The code is written after it was not found: she sees what it gives. */
static void test_found_late(void)
{
	begin();
	ours.begin = begin_late;
	draw_code();
	meanwhile = code;
	CU_ASSERT_EQUAL(look(), 200);
	CU_ASSERT_PTR_NULL(meanwhile);
	CU_ASSERT(login_says("\"unit\":\"" U2 "\"") && login_says("\"certificate\":\"CERT-2\""));
	CU_ASSERT(fixture_newest_has(&login_store, "\"result\":\"ok\""));
	CU_ASSERT_EQUAL(look(), 200);
	end();
}

/* It ends after it was found: she sees nothing of it. */
static void test_gone_late(void)
{
	begin();
	ours.begin = begin_late;
	draw_code();
	put_code(code);
	CU_ASSERT_EQUAL(look(), 200);
	meanwhile = "another";
	CU_ASSERT_EQUAL(look(), 400);
	CU_ASSERT_PTR_NULL(meanwhile);
	CU_ASSERT_FALSE(login_says(U2));
	CU_ASSERT(fixture_newest_has(&login_store, "\"result\":\"refused\""));
	end();
}

/* --- a commit of which nobody knows --- */

#define SESSIONS "SELECT count(*) FROM session"
#define LIVE_SESSIONS SESSIONS " WHERE revoked_ms IS NULL"

static unsigned unsure_commits;          /* so many of the next */
static bool kept;                        /* which they are in truth */

static enum up_err commit_unsure(struct up_db *db)
{
	enum up_err err = UP_OK;

	if (unsure_commits == 0)
		return real->commit(db);
	unsure_commits--;
	if (kept)
		err = real->commit(db);
	return err != UP_OK ? err : up_db_failed(db, UP_DB_UNKNOWN, "08007", "made unknown");
}

static void begin_unsure(bool in_truth_kept)
{
	begin();
	ours.commit = commit_unsure;
	kept = in_truth_kept;
	unsure_commits = 0;
}

/* Whoever asked the store hears it; who was refused, or failed for sure, does not. */
static void test_told(void)
{
	struct up_op_record note = fixture_note("login.scan");

	for (int in_truth = 0; in_truth < 2; in_truth++) {
		begin_unsure(in_truth);
		unsure_commits = 1;
		CU_ASSERT_EQUAL(up_store_run(login_store.store, &note.op), UP_E_STORE);
		CU_ASSERT(note.op.unsure && note.op.out_seq == 0);
		CU_ASSERT_EQUAL(up_store_run(login_store.store, &note.op), UP_OK);
		CU_ASSERT_FALSE(note.op.unsure);
		CU_ASSERT_EQUAL(fixture_having(&login_store, "login.scan"), 1 + in_truth);
		CU_ASSERT(fixture_gapless(&login_store));
		end();
	}
}

static enum up_db_trouble broken(void)
{
	return UP_DB_DOWN;
}

static void test_sure(void)
{
	struct up_op_record note = fixture_note("login.scan");

	begin_unsure(false);
	login_store.store->write.db->fault = broken;
	CU_ASSERT_EQUAL(up_store_run(login_store.store, &note.op), UP_E_STORE);
	CU_ASSERT_FALSE(note.op.unsure);
	login_store.store->write.db->fault = NULL;
	end();
}

static void scanned(struct login *x)
{
	memset(x, 0, sizeof(*x));
	CU_ASSERT_EQUAL(login_start(x), 200);
	CU_ASSERT_EQUAL(login_frame(x), 200);
	CU_ASSERT_EQUAL(login_scan(x), 200);
}

static void check_over(struct login *x)
{
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_EQUAL(login_poll(x), 400);
		CU_ASSERT(login_says("expired_token"));
	}
	CU_ASSERT_EQUAL(fixture_count(&login_store, LIVE_SESSIONS), 0);
	CU_ASSERT(fixture_gapless(&login_store));
}

/* No token, no second session, and the first one is revoked. */
static void test_redeem(void)
{
	struct login x;

	for (int in_truth = 0; in_truth < 2; in_truth++) {
		begin_unsure(in_truth);
		scanned(&x);
		CU_ASSERT_EQUAL(login_approve(&x), 200);
		unsure_commits = 1;
		CU_ASSERT_EQUAL(login_poll(&x), 503);
		CU_ASSERT_EQUAL(unsure_commits, 0);
		CU_ASSERT_FALSE(login_says("access_token"));
		check_over(&x);
		CU_ASSERT_EQUAL(fixture_count(&login_store, SESSIONS), in_truth);
		/* that it was perhaps, and that nothing came of it */
		CU_ASSERT_EQUAL(fixture_having(&login_store, "login.redeem"), 1 + in_truth);
		CU_ASSERT(fixture_newest_has(&login_store, "login.redeem"));
		CU_ASSERT(fixture_newest_has(&login_store, "\"result\":\"refused\""));
		CU_ASSERT(fixture_newest_has(&login_store, "store_failed"));
		end();
	}
}

/* Neither can be revoked then: nobody has a token of it, and nobody gets another. */
static void test_redeem_cut_off(void)
{
	struct login x;

	begin_unsure(true);
	scanned(&x);
	CU_ASSERT_EQUAL(login_approve(&x), 200);
	unsure_commits = 2;
	CU_ASSERT_EQUAL(login_poll(&x), 503);
	CU_ASSERT_FALSE(login_says("access_token"));
	check_over(&x);
	CU_ASSERT_EQUAL(fixture_count(&login_store, SESSIONS), 1);
	end();
}

/* Of the same code twice: the next one revokes what may live still, and neither is recorded
 * twice. */
static void test_replay(void)
{
	struct login x;

	for (int in_truth = 0; in_truth < 2; in_truth++) {
		begin_unsure(in_truth);
		scanned(&x);
		CU_ASSERT_EQUAL(login_approve(&x), 200);
		CU_ASSERT_EQUAL(login_poll(&x), 200);
		CU_ASSERT_EQUAL(fixture_count(&login_store, LIVE_SESSIONS), 1);
		unsure_commits = 1;
		CU_ASSERT_EQUAL(login_poll(&x), 503);
		CU_ASSERT_EQUAL(fixture_having(&login_store, "login.replay"), in_truth);
		for (int i = 0; i < 2; i++) {
			CU_ASSERT_EQUAL(login_poll(&x), 400);
			CU_ASSERT(login_says("invalid_grant"));
			CU_ASSERT_EQUAL(fixture_count(&login_store, LIVE_SESSIONS), 0);
			CU_ASSERT_EQUAL(fixture_having(&login_store, "login.replay"), 1);
		}
		CU_ASSERT(fixture_gapless(&login_store));
		end();
	}
}

/* What she decided is on record once at most, then that nothing came of it. */
static void check_decision(int (*decide)(struct login *), const char *event, bool in_truth)
{
	struct login x;

	begin_unsure(in_truth);
	scanned(&x);
	unsure_commits = 1;
	UP_CHECK(decide(&x) == 503, event);
	UP_CHECK(unsure_commits == 0, event);
	UP_CHECK(fixture_having(&login_store, event) == in_truth, event);
	UP_CHECK(fixture_newest_has(&login_store, "login.expire"), event);
	UP_CHECK(fixture_newest_has(&login_store, "store_failed"), event);
	UP_CHECK(decide(&x) >= 400, event);
	check_over(&x);
	CU_ASSERT_EQUAL(fixture_count(&login_store, SESSIONS), 0);
	end();
}

static void test_decide(void)
{
	for (int in_truth = 0; in_truth < 2; in_truth++) {
		check_decision(login_approve, "login.approve", in_truth);
		check_decision(login_not_mine, "login.deny", in_truth);
	}
}

/* The group fails for sure, and then, alone, nobody knows. */
static enum up_err commit_down_then_unsure(struct up_db *db)
{
	ours.commit = commit_unsure;
	return up_db_failed(db, UP_DB_DOWN, "08006", "made to fail");
}

static void test_told_alone(void)
{
	struct up_op_record note = fixture_note("login.scan");

	begin_unsure(true);
	ours.commit = commit_down_then_unsure;
	unsure_commits = 1;
	CU_ASSERT_EQUAL(up_store_run(login_store.store, &note.op), UP_E_STORE);
	CU_ASSERT(note.op.unsure);
	CU_ASSERT_EQUAL(fixture_having(&login_store, "login.scan"), 1);
	end();
}

UP_SUITE("login and store", test_found_late, test_gone_late, test_told, test_sure,
    test_told_alone, test_redeem, test_redeem_cut_off, test_replay,
    test_decide)
