/* SPDX-License-Identifier: Apache-2.0
 * The server's clock beside its records: wrong for a moment, wrong for long, and set right. */
#include <stdlib.h>

#include "server/server.h"
#include "test_live.h"
#include "test_store_fixture.h"

#define HOUR INT64_C(3600000)
#define BOOT INT64_C(90000)
#define START (NOW + 60000)

static int64_t wall, steady;
static struct fixture f;
static struct up_server server;

static bool clocks(int64_t *wall_ms, int64_t *steady_ms)
{
	*wall_ms = wall;
	*steady_ms = steady;
	return true;
}

static void pass(int64_t ms)
{
	wall += ms;
	steady += ms;
}

static void start(void)
{
	server = (struct up_server){ .store = f.store, .read_clocks = clocks };
	CU_ASSERT_EQUAL_FATAL(up_clock_start(&server), UP_OK);
}

static void begin(void)
{
	fixture_open(&f, false);
	fixture_enrol(&f);
	wall = START;
	steady = BOOT;
	start();
}

static enum up_err now(void)
{
	int64_t ms;
	enum up_err err = up_clock_now(&server, &ms);

	CU_ASSERT_EQUAL(ms, err == UP_OK ? wall : 0);
	return err;
}

/* A login's record, if the clock lets it be. */
static enum up_err login(void)
{
	struct up_op_record note = fixture_note("login.scan");
	enum up_err err = up_clock_now(&server, &note.op.now_ms);

	note.op.record.time_ms = note.op.now_ms;
	return err == UP_OK ? up_store_run(f.store, &note.op) : err;
}

static bool dates_rise(void)
{
	return fixture_count(&f, "SELECT count(*) FROM usage a JOIN usage b ON b.seq = a.seq + 1"
	    " WHERE b.time_ms < a.time_ms") == 0 &&
	    fixture_gapless(&f);
}

static void test_ahead_for_one_login(void)
{
	begin();
	CU_ASSERT_EQUAL(login(), UP_OK);
	pass(1000);
	CU_ASSERT_FALSE(up_clock_watch(&server));
	wall += HOUR;
	CU_ASSERT_EQUAL(login(), UP_E_CLOCK);
	CU_ASSERT_FALSE(up_clock_watch(&server));
	pass(3000);
	CU_ASSERT_FALSE(up_clock_watch(&server));
	wall -= HOUR;
	CU_ASSERT_EQUAL(login(), UP_OK);
	CU_ASSERT_FALSE(up_clock_watch(&server));
	CU_ASSERT_EQUAL(now(), UP_OK);
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT max(time_ms) FROM usage"), wall);
	CU_ASSERT(dates_rise());
	/* nor does it lock out the next start */
	start();
	CU_ASSERT_EQUAL(login(), UP_OK);
	fixture_close(&f);
}

/* The server began an hour ahead; then the clock is set right. */
static void test_set_right(void)
{
	char shown[40];
	int64_t newest;

	begin();
	wall += HOUR;
	start();
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U2, &fixture_zhang, "long"), UP_OK);
	CU_ASSERT_EQUAL(login(), UP_OK);
	(void)fixture_change(&f, "UPDATE enrolment SET expires_ms = expires_ms + 3600000"
	    " WHERE status = 'open'");
	pass(1000);
	wall -= HOUR;
	CU_ASSERT_EQUAL(login(), UP_E_CLOCK);
	CU_ASSERT_FALSE(up_clock_watch(&server));
	start();                         /* a restart is no cure */
	CU_ASSERT_EQUAL(login(), UP_E_CLOCK);
	CU_ASSERT_FALSE(up_clock_watch(&server));
	/* nor does an administrator date anything by it, without saying that it is right */
	CU_ASSERT_EQUAL(fixture_put_code(f.store, U1, &fixture_li, "late"), UP_E_CLOCK);
	CU_ASSERT_EQUAL(fixture_clock_accept(f.store, wall, &newest), UP_OK);
	CU_ASSERT_EQUAL(newest, wall + HOUR - 1000);
	CU_ASSERT_TRUE(up_clock_watch(&server));
	CU_ASSERT_EQUAL(now(), UP_OK);
	CU_ASSERT_EQUAL(login(), UP_OK);
	CU_ASSERT(dates_rise());
	snprintf(shown, sizeof(shown), "\"clock_ms\":%lld,", (long long)wall);
	CU_ASSERT(fixture_newest_has(&f, shown));
	CU_ASSERT_EQUAL(fixture_count(&f, "SELECT count(*) FROM enrolment"
	    " WHERE status = 'open'"), 0);
	/* what was accepted stands, also over a restart; and not for another time */
	pass(1000);
	start();
	CU_ASSERT_EQUAL(login(), UP_OK);
	pass(HOUR);
	CU_ASSERT_EQUAL(login(), UP_OK);
	CU_ASSERT_FALSE(fixture_newest_has(&f, "\"clock_ms\":"));
	CU_ASSERT(dates_rise());
	fixture_close(&f);
}

/* An administrator's word is for the time that it names, and for a step ahead too. */
static void test_accepted_time(void)
{
	int64_t newest;

	begin();
	CU_ASSERT_EQUAL(login(), UP_OK);
	wall += HOUR;
	CU_ASSERT_EQUAL(login(), UP_E_CLOCK);
	CU_ASSERT_EQUAL(fixture_clock_accept(f.store, wall, &newest), UP_OK);
	wall += HOUR;
	CU_ASSERT_FALSE(up_clock_watch(&server));
	CU_ASSERT_EQUAL(login(), UP_E_CLOCK);
	wall -= HOUR;
	CU_ASSERT_FALSE(up_clock_watch(&server));        /* nothing was set back */
	CU_ASSERT_EQUAL(login(), UP_OK);
	CU_ASSERT(dates_rise());
	fixture_close(&f);
}

/* What waits when the clock is set back would wait for that much longer: it ends. */
static void test_end_all(void)
{
	struct up_live *l = live_new(16, 4, 4);

	live_bring(l, 1, UP_LOGIN_PENDING, T0);
	live_bring(l, 2, UP_LOGIN_SCANNED, T0);
	live_bring(l, 3, UP_LOGIN_DECIDING, T0);
	live_bring(l, 4, UP_LOGIN_APPROVED, T0);
	live_bring(l, 5, UP_LOGIN_REDEEMED, T0);
	CU_ASSERT_EQUAL(up_live_end_client(l, (struct up_span){ NULL, 0 }, T0 - HOUR), UP_OK);
	CU_ASSERT_EQUAL(live_told(l, 1, T0, NULL), UP_LOGIN_EXPIRED);
	CU_ASSERT_EQUAL(live_told(l, 2, T0, NULL), UP_LOGIN_EXPIRED);
	/* its decision is being written */
	CU_ASSERT_EQUAL(live_told(l, 3, T0 - HOUR, NULL), UP_LOGIN_SCANNED);
	CU_ASSERT_EQUAL(live_redeem(l, 4, T0, NULL), UP_E_EXPIRED);
	CU_ASSERT_EQUAL(live_redeem(l, 5, T0, NULL), UP_E_REPLAY);
	up_live_free(&l);
}

UP_SUITE("server clock", test_ahead_for_one_login, test_set_right, test_accepted_time, test_end_all)
