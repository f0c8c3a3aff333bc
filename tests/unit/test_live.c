/* SPDX-License-Identifier: Apache-2.0
 * What each function of server/live/live.h promises. */
#include "test_live.h"

#include "core/login.h"

static void test_settings(void)
{
	static const struct { size_t t, p, r; enum up_err err; } rows[] = {
		{ 0, 1, 1, UP_E_RANGE }, { 1, 0, 1, UP_E_RANGE }, { 1, 1, 0, UP_E_RANGE },
		{ SIZE_MAX, 1, 1, UP_E_RANGE }, { 1, 1, 1, UP_OK },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_live_settings settings = { rows[i].t, rows[i].p, rows[i].r,
		    "0123456789abcde", NULL, NULL };
		struct up_live *l = NULL;

		CU_ASSERT_EQUAL(up_live_memory_new(&settings, &l), rows[i].err);
		CU_ASSERT_EQUAL(l != NULL, rows[i].err == UP_OK);
		up_live_free(&l);
		CU_ASSERT_PTR_NULL(l);
		up_live_free(&l);
	}
}

static void test_login(void)
{
	struct up_live *l = live_new(16, 16, 16);
	struct up_live_redeemed r;
	int64_t deadline, left;

	CU_ASSERT_EQUAL(live_begin(l, 1, T0), UP_OK);
	CU_ASSERT_EQUAL(live_told(l, 1, T0 + 1000, &left), UP_LOGIN_PENDING);
	CU_ASSERT_EQUAL(left, UP_LIVE_PENDING_MS - 1000);
	CU_ASSERT_EQUAL(live_peek(l, 1, T0), UP_OK);
	CU_ASSERT_EQUAL(live_redeem(l, 1, T0, NULL), UP_E_PENDING);
	CU_ASSERT_EQUAL(live_scan(l, 1, 7, T0 + 5000, &deadline), UP_OK);
	CU_ASSERT_EQUAL(deadline, T0 + 5000 + UP_LIVE_SCANNED_MS);
	CU_ASSERT_EQUAL(live_peek(l, 1, T0 + 5000), UP_E_CODE);
	CU_ASSERT_EQUAL(live_scan(l, 1, 7, T0 + 5000, &deadline), UP_E_CODE);
	CU_ASSERT_EQUAL(live_told(l, 1, T0 + 6000, &left), UP_LOGIN_SCANNED);
	CU_ASSERT_EQUAL(left, UP_LIVE_SCANNED_MS - 1000);
	CU_ASSERT_EQUAL(live_decide(l, 1, 8, T0 + 7000), UP_E_CODE);
	CU_ASSERT_EQUAL(live_decide(l, 1, 7, T0 + 7000), UP_OK);
	CU_ASSERT_EQUAL(live_decide(l, 1, 7, T0 + 7000), UP_E_STATE);
	CU_ASSERT_EQUAL(live_decide(l, 1, 8, T0 + 7000), UP_E_CODE);
	CU_ASSERT_EQUAL(live_told(l, 1, T0 + 7000, NULL), UP_LOGIN_SCANNED);
	CU_ASSERT_EQUAL(live_redeem(l, 1, T0 + 7000, NULL), UP_E_PENDING);
	live_approve(l, 1, 9, T0 + 8000);
	CU_ASSERT_EQUAL(live_told(l, 1, T0 + 8000, &left), UP_LOGIN_APPROVED);
	CU_ASSERT_EQUAL(left, UP_LIVE_APPROVED_MS);
	CU_ASSERT_EQUAL(live_decide(l, 1, 7, T0 + 8000), UP_E_STATE);
	/* right after a poll: no slow_down any more */
	CU_ASSERT_EQUAL(live_redeem(l, 1, T0 + 8001, &r), UP_OK);
	CU_ASSERT_EQUAL(r.device, 7);
	CU_ASSERT_EQUAL(r.role, 9);
	CU_ASSERT_EQUAL(r.grant, 10);
	CU_ASSERT_EQUAL(r.auth_ms, T0 + 7000);
	CU_ASSERT_EQUAL(live_told(l, 1, T0 + 8002, NULL), UP_LOGIN_APPROVED);
	CU_ASSERT_FALSE(live_commit(l, 1, T0 + 9000));
	CU_ASSERT_EQUAL(live_told(l, 1, T0 + 9000, &left), UP_LOGIN_APPROVED);
	CU_ASSERT_EQUAL(left, 0);
	CU_ASSERT_EQUAL(live_redeem(l, 1, T0 + 9000, &r), UP_E_REPLAY);
	CU_ASSERT_TRUE(r.record_end);
	CU_ASSERT_STRING_EQUAL(r.session, "session-00000000000001");
	CU_ASSERT_EQUAL(r.device, 7);
	CU_ASSERT_EQUAL(live_told(l, 1, T0 + 9000, NULL), UP_LOGIN_EXPIRED);
	CU_ASSERT_EQUAL(live_redeem(l, 1, T0 + 9000, &r), UP_E_REPLAY);
	CU_ASSERT_FALSE(r.record_end);
	up_live_free(&l);
}

/* Two callers with one code, in every order of their steps. What is done, and what it answers:
 *   r  redeem: G UP_OK, R UP_E_REPLAY (and it is told to record), r UP_E_REPLAY, X UP_E_EXPIRED
 *   c  commit, u  undo: T contested (the first one records), F not
 *   f  the replay's record failed */
static void test_overlapping_redemptions(void)
{
	static const struct {
		const char *steps, *answers;
		enum up_login_state told;
		unsigned records;
	} rows[] = {
		{ "rc", "GF", UP_LOGIN_APPROVED, 0 },
		{ "rcr", "GFR", UP_LOGIN_EXPIRED, 1 },
		{ "rcrr", "GFRr", UP_LOGIN_EXPIRED, 1 },
		{ "rrc", "GrT", UP_LOGIN_EXPIRED, 1 },
		{ "rrrcr", "GrrTr", UP_LOGIN_EXPIRED, 1 },
		{ "ru", "GF", UP_LOGIN_APPROVED, 0 },
		{ "rurc", "GFGF", UP_LOGIN_APPROVED, 0 },
		{ "rcrfr", "GFRfR", UP_LOGIN_EXPIRED, 2 },
		{ "rcfr", "GFfR", UP_LOGIN_EXPIRED, 1 },
		{ "rru", "GrT", UP_LOGIN_EXPIRED, 1 },
		{ "rrurr", "GrTXX", UP_LOGIN_EXPIRED, 1 },
		{ "rurrc", "GFGrT", UP_LOGIN_EXPIRED, 1 },
		{ "rcu", "GFF", UP_LOGIN_APPROVED, 0 },
		{ "rucrc", "GFFGF", UP_LOGIN_APPROVED, 0 },
	};

	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		struct up_live *l = live_new(4, 4, 4);
		unsigned records = 0;

		live_bring(l, 1, UP_LOGIN_APPROVED, T0);
		for (size_t k = 0; rows[i].steps[k] != '\0'; k++) {
			struct up_live_redeemed r = { .record_end = false };
			enum up_err err;
			char got;

			switch (rows[i].steps[k]) {
			case 'r':
				err = live_redeem(l, 1, T0, &r);
				got = err == UP_OK ? 'G' : err == UP_E_EXPIRED ? 'X'
				    : err != UP_E_REPLAY ? '?' : r.record_end ? 'R' : 'r';
				break;
			case 'c': got = live_commit(l, 1, T0) ? 'T' : 'F'; break;
			case 'f': live_call(l, up_live_replay_undo, 1, T0); got = 'f'; break;
			default: got = live_redeem_undo(l, 1, T0) ? 'T' : 'F';
			}
			UP_CHECK(got == rows[i].answers[k], rows[i].steps);
			UP_CHECK(got != 'R' || strcmp(r.session, "session-00000000000001") == 0,
			    rows[i].steps);
			records += got == 'R' || got == 'T';
		}
		UP_CHECK(records == rows[i].records, rows[i].steps);
		UP_CHECK(live_told(l, 1, T0, NULL) == rows[i].told, rows[i].steps);
		up_live_free(&l);
	}
}

/* Who asks about a login, known or not, and how often. */
static void test_calls(void)
{
	struct up_live *l = live_new(4, 4, 4);
	const struct up_login_info *info;
	char id[UP_LIVE_ID + 1];
	unsigned calls;
	int64_t device;

	live_id(1, id);
	CU_ASSERT_EQUAL(up_live_call(l, id, T0, &calls), UP_OK);
	CU_ASSERT_EQUAL(calls, UP_LIVE_CALLS_MAX);
	CU_ASSERT_EQUAL(up_live_known(l, id, T0, &info, &device), UP_E_NOT_FOUND);
	CU_ASSERT_PTR_NULL(info);
	live_bring(l, 1, UP_LOGIN_SCANNED, T0);
	CU_ASSERT_EQUAL_FATAL(up_live_known(l, id, T0, &info, &device), UP_OK);
	CU_ASSERT_EQUAL(device, 7);
	CU_ASSERT_STRING_EQUAL(info->id, id);
	up_live_info_unref(&info);
	for (unsigned n = 1; n <= UP_LIVE_CALLS_MAX + 2; n++) {
		CU_ASSERT_EQUAL(up_live_call(l, id, T0, &calls), UP_OK);
		CU_ASSERT_EQUAL(calls, n < UP_LIVE_CALLS_MAX ? n : UP_LIVE_CALLS_MAX);
	}
	live_bring(l, 2, UP_LOGIN_SCANNED, T0);
	live_id(2, id);
	CU_ASSERT_EQUAL(up_live_call(l, id, T0, &calls), UP_OK);
	CU_ASSERT_EQUAL(calls, 1);
	up_live_free(&l);
}

static void test_info(void)
{
	struct up_live *l = live_new(4, 4, 4);
	struct up_login_start s = live_start(1, T0);
	const struct up_login_info *info;
	char client[] = "portal-b";

	s.info.client = up_span_str(client);
	s.info.browser = S("browser-0123456789abcd");
	s.info.purpose = (struct up_span){ NULL, 0 };
	CU_ASSERT_EQUAL(up_live_start(l, &s, T0), UP_OK);
	client[0] = 'X';                 /* copied */
	CU_ASSERT_EQUAL_FATAL(up_live_peek(l, s.handle, T0, &info), UP_OK);
	up_live_free(&l);                /* outlives everything */
	CU_ASSERT_STRING_EQUAL(info->id, s.info.id);
	CU_ASSERT_EQUAL(info->started_ms, T0);
	CU_ASSERT_TRUE(info->is_static);
	UP_CHECK_TEXT(info->client, "portal-b");
	UP_CHECK_TEXT(info->item, "annual-report");
	UP_CHECK_TEXT(info->purpose, "");
	UP_CHECK_TEXT(info->scope, "openid unit");
	UP_CHECK_TEXT(info->nonce, "n-0S6_WzA2Mj-portal-nonce");
	UP_CHECK_TEXT(info->initiator_ip, "192.0.2.17");
	UP_CHECK_TEXT(info->browser, "browser-0123456789abcd");
	CU_ASSERT_STRING_EQUAL(info->challenge, s.info.challenge);
	CU_ASSERT_STRING_EQUAL(info->handle_hash, s.info.handle_hash);
	up_live_info_unref(&info);
	CU_ASSERT_PTR_NULL(info);
	up_live_info_unref(&info);
	up_live_info_unref(NULL);
}

/* Holding one secret, or the public id, gives nothing of the others. */
static void test_keys_apart(void)
{
	struct up_live *l = live_new(4, 4, 4);
	struct up_login_start s = live_start(1, T0);
	const struct up_login_info *info;
	struct up_live_redeemed r;
	enum up_login_state state;
	const uint8_t *keys[] = { s.handle, s.device, s.watch };
	int64_t t;

	CU_ASSERT_EQUAL(up_live_start(l, &s, T0), UP_OK);
	for (int i = 0; i < 3; i++) {
		if (i != 0) {
			CU_ASSERT_EQUAL(up_live_peek(l, keys[i], T0, &info), UP_E_CODE);
			CU_ASSERT_EQUAL(up_live_scan(l, keys[i], 7, "1", T0, &t), UP_E_CODE);
		}
		if (i != 1)
			CU_ASSERT_EQUAL(
			    up_live_redeem(l, keys[i], S("tax-portal"), T0, &r), UP_E_GRANT);
		if (i != 2)
			CU_ASSERT_EQUAL(
			    up_live_watch_peek(l, keys[i], T0, &info, &state, &t), UP_E_NOT_FOUND);
	}
	CU_ASSERT_EQUAL(up_live_redeem(l, s.device, S("other-portal"), T0, &r), UP_E_GRANT);
	CU_ASSERT_EQUAL(up_live_redeem(l, s.device, S(""), T0, &r), UP_E_GRANT);
	/* the foreign poll was no poll */
	CU_ASSERT_EQUAL(up_live_redeem(l, s.device, S("tax-portal"), T0, &r), UP_E_PENDING);
	up_live_free(&l);
}

static void test_bad_input(void)
{
	struct up_live *l = live_new(4, 4, 4);
	struct up_login_start s = live_start(1, T0);
	const struct up_login_info *info;
	char frame[16];
	int64_t t;

	s.info.id[21] = '\0';
	CU_ASSERT_EQUAL(up_live_start(l, &s, T0), UP_E_FORMAT);
	s = live_start(1, T0);
	s.user_code[7] = '\0';
	CU_ASSERT_EQUAL(up_live_start(l, &s, T0), UP_E_FORMAT);
	s = live_start(1, T0);
	CU_ASSERT_EQUAL(up_live_start(l, &s, T0), UP_OK);
	CU_ASSERT_EQUAL(up_live_start(l, &s, T0), UP_E_STATE); /* every key is taken */
	CU_ASSERT_EQUAL(up_live_scan(l, s.handle, 0, "1", T0, &t), UP_E_CODE);
	CU_ASSERT_EQUAL(up_live_scan(l, s.handle, -1, "1", T0, &t), UP_E_CODE);
	CU_ASSERT_EQUAL(up_live_scan(l, s.handle, 7, "1234567890123456", T0, &t), UP_E_CODE);
	CU_ASSERT_EQUAL(
	    up_live_decide(l, "transaction-0000000001x", 7, T0, &info, frame, &t), UP_E_CODE);
	CU_ASSERT_EQUAL(up_live_decide(l, "", 7, T0, &info, frame, &t), UP_E_CODE);
	/* nobody scanned, and nobody is device 0 */
	CU_ASSERT_EQUAL(up_live_decide(l, s.info.id, 0, T0, &info, frame, &t), UP_E_CODE);
	CU_ASSERT_EQUAL(up_live_scan(l, s.handle, 7, "123456789012345", T0, &t), UP_OK);
	CU_ASSERT_EQUAL(up_live_decide(l, s.info.id, 7, T0, &info, frame, &t), UP_OK);
	CU_ASSERT_STRING_EQUAL(frame, "123456789012345");
	up_live_info_unref(&info);
	up_live_free(&l);
}

/* To the millisecond, without any tick. */
static void test_deadlines(void)
{
	static const struct { enum up_login_state state; int64_t ms;
	} rows[] = {
		{ UP_LOGIN_PENDING, UP_LIVE_PENDING_MS },
		{ UP_LOGIN_SCANNED, UP_LIVE_SCANNED_MS },
		{ UP_LOGIN_APPROVED, UP_LIVE_APPROVED_MS },
	};
	struct up_live *l = live_new(64, 4, 4);

	for (unsigned i = 0; i < UP_ARRAY_LEN(rows); i++) {
		live_bring(l, i, rows[i].state, T0);
		live_bring(l, i + 10, rows[i].state, T0);
		CU_ASSERT_EQUAL(live_told(l, i, T0 + rows[i].ms - 1, NULL), rows[i].state);
		CU_ASSERT_EQUAL(live_told(l, i, T0 + rows[i].ms, NULL), UP_LOGIN_EXPIRED);
		/* the clock going back revives nothing */
		CU_ASSERT_EQUAL(live_told(l, i, T0, NULL), UP_LOGIN_EXPIRED);
		CU_ASSERT_EQUAL(live_redeem(l, i + 10, T0 + rows[i].ms, NULL), UP_E_EXPIRED);
	}
	live_bring(l, 30, UP_LOGIN_PENDING, T0);
	CU_ASSERT_EQUAL(live_peek(l, 30, T0 + UP_LIVE_PENDING_MS), UP_E_CODE);
	CU_ASSERT_EQUAL(live_peek(l, 30, T0), UP_E_CODE);
	live_bring(l, 31, UP_LOGIN_SCANNED, T0);
	CU_ASSERT_EQUAL(live_decide(l, 31, 7, T0 + UP_LIVE_SCANNED_MS), UP_E_CODE);
	CU_ASSERT_EQUAL(live_decide(l, 31, 7, T0), UP_E_CODE);
	up_live_free(&l);
}

/* Who holds a step may end it after the deadline; undone then, it has lapsed. */
static void test_undo(void)
{
	const int64_t over = T0 + UP_LIVE_SCANNED_MS;
	struct up_live *l = live_new(64, 4, 4);
	int64_t left;

	live_bring(l, 1, UP_LOGIN_DECIDING, T0);
	live_call(l, up_live_decide_undo, 1, T0 + 5000);
	CU_ASSERT_EQUAL(live_told(l, 1, T0 + 5000, &left), UP_LOGIN_SCANNED);
	CU_ASSERT_EQUAL(left, UP_LIVE_SCANNED_MS - 5000); /* same deadline */
	CU_ASSERT_EQUAL(live_decide(l, 1, 7, T0 + 5000), UP_OK); /* with the frame as before */
	CU_ASSERT_EQUAL(up_live_tick(l, over + 1, NULL, NULL), UP_OK);
	CU_ASSERT_EQUAL(live_told(l, 1, over + 1, &left), UP_LOGIN_SCANNED);
	CU_ASSERT_EQUAL(left, 0);
	live_call(l, up_live_decide_undo, 1, over + 1);
	CU_ASSERT_EQUAL(live_told(l, 1, over + 1, NULL), UP_LOGIN_EXPIRED);

	live_bring(l, 2, UP_LOGIN_DECIDING, T0);
	live_approve(l, 2, 9, over + 1);
	CU_ASSERT_EQUAL(live_told(l, 2, over + 1, &left), UP_LOGIN_APPROVED);
	CU_ASSERT_EQUAL(left, UP_LIVE_APPROVED_MS);
	CU_ASSERT_EQUAL(live_redeem(l, 2, over + 1, NULL), UP_OK);
	live_call(l, up_live_decide_undo, 2, over + 1); /* not this one's step */
	CU_ASSERT_FALSE(live_redeem_undo(l, 2, over + 2));
	CU_ASSERT_EQUAL(live_redeem(l, 2, over + 3, NULL), UP_OK);
	CU_ASSERT_FALSE(live_redeem_undo(l, 2, over + 1 + UP_LIVE_APPROVED_MS));
	CU_ASSERT_EQUAL(live_redeem(l, 2, over, NULL), UP_E_EXPIRED);
	up_live_free(&l);
}

/* Steps that do not fit are refused, whatever the order. */
static void test_wrong_order(void)
{
	struct up_live *l = live_new(64, 4, 4);

	live_bring(l, 1, UP_LOGIN_SCANNED, T0);
	live_approve(l, 1, 9, T0);       /* nobody holds the decision */
	live_call(l, up_live_decide_deny, 1, T0);
	live_call(l, up_live_decide_undo, 1, T0);
	live_commit(l, 1, T0);
	CU_ASSERT_EQUAL(live_told(l, 1, T0, NULL), UP_LOGIN_SCANNED);
	CU_ASSERT_EQUAL(live_decide(l, 1, 7, T0), UP_OK);
	live_call(l, up_live_end, 1, T0); /* somebody holds the step */
	CU_ASSERT_EQUAL(live_told(l, 1, T0, NULL), UP_LOGIN_SCANNED);
	live_call(l, up_live_decide_deny, 1, T0);
	CU_ASSERT_EQUAL(live_told(l, 1, T0, NULL), UP_LOGIN_DENIED);
	CU_ASSERT_EQUAL(live_redeem(l, 1, T0, NULL), UP_E_DENIED);
	CU_ASSERT_EQUAL(live_decide(l, 1, 7, T0), UP_E_STATE);
	live_approve(l, 1, 9, T0);
	CU_ASSERT_EQUAL(live_redeem(l, 1, T0, NULL), UP_E_DENIED);
	live_bring(l, 2, UP_LOGIN_SCANNED, T0);
	live_call(l, up_live_end, 2, T0);
	CU_ASSERT_EQUAL(live_redeem(l, 2, T0, NULL), UP_E_EXPIRED);
	live_call(l, up_live_end, 99, T0); /* unknown: nothing */
	live_commit(l, 99, T0);
	live_approve(l, 99, 9, T0);
	up_live_free(&l);
}

/* RFC 8628 section 3.5: time since the last poll in ms, and what it is answered. */
static void test_slow_down(void)
{
	static const struct { int64_t after; enum up_err err; } rows[] = {
		{ 0, UP_E_PENDING }, { 4999, UP_E_SLOW_DOWN }, { 9999, UP_E_SLOW_DOWN },
		{ 14999, UP_E_SLOW_DOWN },
		{ 20000, UP_E_PENDING }, { 20000, UP_E_PENDING }, { 19999, UP_E_SLOW_DOWN },
		{ 25000, UP_E_PENDING },
		{ -100000, UP_E_PENDING },       /* the clock was set back */
		{ 24999, UP_E_SLOW_DOWN }, { 0, UP_E_SLOW_DOWN }, { 0, UP_E_SLOW_DOWN },
		{ 0, UP_E_SLOW_DOWN }, { 0, UP_E_SLOW_DOWN },
		{ 0, UP_E_SLOW_DOWN }, { 0, UP_E_SLOW_DOWN }, { 0, UP_E_SLOW_DOWN },
		{ 0, UP_E_SLOW_DOWN }, { 0, UP_E_SLOW_DOWN },
		{ 59999, UP_E_SLOW_DOWN }, { 60000, UP_E_PENDING }, /* never more than a minute */
	};
	struct up_live *l = live_new(4, 4, 4);
	int64_t now = T0;

	CU_ASSERT_EQUAL(live_begin(l, 1, T0), UP_OK);
	for (size_t i = 0; i < UP_ARRAY_LEN(rows); i++) {
		char row[20];

		snprintf(row, sizeof(row), "%zu", i);
		now += rows[i].after;
		UP_CHECK(live_redeem(l, 1, now, NULL) == rows[i].err, row);
	}
	up_live_free(&l);
}

static void test_user_code(void)
{
	struct up_live *l = live_new(64, 4, 4);
	struct up_login_start s = live_start(1, T0), t = live_start(2, T0);
	const struct up_login_info *info;
	uint8_t handle[UP_LIVE_KEY];
	char wrong[9];

	CU_ASSERT_EQUAL(up_live_start(l, &s, T0), UP_OK);
	memcpy(t.user_code, s.user_code, 4);
	memcpy(t.user_code + 4, "BBBB", 5);
	CU_ASSERT_EQUAL(up_live_start(l, &t, T0), UP_E_STATE);
	CU_ASSERT_EQUAL(live_told(l, 2, T0, NULL), UP_LOGIN_STATES); /* no trace of it */
	memcpy(wrong, t.user_code, 9);
	for (int i = 0; i < UP_LIVE_CODE_TRIES - 1; i++) {
		CU_ASSERT_EQUAL(up_live_peek_user_code(l, wrong, T0, handle, &info), UP_E_CODE);
		CU_ASSERT_EQUAL(up_live_peek_user_code(l, s.user_code, T0, handle, &info), UP_OK);
		CU_ASSERT_EQUAL(memcmp(handle, s.handle, sizeof(handle)), 0);
		up_live_info_unref(&info);
	}
	CU_ASSERT_EQUAL(
	    up_live_peek_user_code(l, (const char[9]) { 0 }, T0, handle, &info), UP_E_CODE);
	CU_ASSERT_EQUAL(up_live_peek_user_code(l, "ZZZZZZZZ", T0, handle, &info), UP_E_CODE);
	CU_ASSERT_EQUAL(live_told(l, 1, T0, NULL), UP_LOGIN_PENDING);
	/* the fifth */
	CU_ASSERT_EQUAL(up_live_peek_user_code(l, wrong, T0, handle, &info), UP_E_CODE);
	CU_ASSERT_EQUAL(up_live_peek_user_code(l, s.user_code, T0, handle, &info), UP_E_CODE);
	CU_ASSERT_EQUAL(live_told(l, 1, T0, NULL), UP_LOGIN_EXPIRED);
	CU_ASSERT_EQUAL(up_live_start(l, &t, T0), UP_OK); /* the prefix is free again */

	s = live_start(3, T0);           /* lapsed, but no tick yet: the prefix is free as well */
	memcpy(s.user_code, t.user_code, 9);
	CU_ASSERT_EQUAL(up_live_start(l, &s, T0 + UP_LIVE_PENDING_MS - 1), UP_E_STATE);
	CU_ASSERT_EQUAL(up_live_start(l, &s, T0 + UP_LIVE_PENDING_MS), UP_OK);

	s = live_start(4, T0);
	s.info.is_static = false;        /* not for this client */
	CU_ASSERT_EQUAL(up_live_start(l, &s, T0), UP_OK);
	CU_ASSERT_EQUAL(up_live_peek_user_code(l, s.user_code, T0, handle, &info), UP_E_CODE);
	s = live_start(5, T0);
	s.user_code[0] = '\0';
	CU_ASSERT_EQUAL(up_live_start(l, &s, T0), UP_OK);
	up_live_free(&l);
}

/* What waits ends at once; who holds a step falls back to what is over; other clients go on. */
static void test_end_client(void)
{
	struct up_live *l = live_new(16, 16, 16);
	struct up_login_start other = live_start(9, T0);
	int64_t deadline;

	other.info.client = S("other");
	CU_ASSERT_EQUAL(up_live_start(l, &other, T0), UP_OK);
	for (unsigned n = 1; n <= 4; n++)
		CU_ASSERT_EQUAL(live_begin(l, n, T0), UP_OK);
	for (unsigned n = 2; n <= 4; n++)
		CU_ASSERT_EQUAL(live_scan(l, n, 7, T0, &deadline), UP_OK);
	CU_ASSERT_EQUAL(live_decide(l, 3, 7, T0), UP_OK);
	live_approve(l, 3, 9, T0);
	CU_ASSERT_EQUAL(live_decide(l, 4, 7, T0), UP_OK);
	CU_ASSERT_EQUAL(up_live_end_client(l, S("tax-portal"), T0 + 1000), UP_OK);
	CU_ASSERT_EQUAL(live_told(l, 1, T0 + 1000, NULL), UP_LOGIN_EXPIRED);
	CU_ASSERT_EQUAL(live_told(l, 2, T0 + 1000, NULL), UP_LOGIN_EXPIRED);
	CU_ASSERT_EQUAL(live_redeem(l, 3, T0 + 1000, NULL), UP_E_EXPIRED);
	CU_ASSERT_EQUAL(live_told(l, 4, T0 + 1000, NULL), UP_LOGIN_SCANNED);
	live_call(l, up_live_decide_undo, 4, T0 + 1000);
	CU_ASSERT_EQUAL(live_told(l, 4, T0 + 1000, NULL), UP_LOGIN_EXPIRED);
	CU_ASSERT_EQUAL(live_peek(l, 9, T0 + 1000), UP_OK);
	up_live_free(&l);
}

static unsigned abandoned;

static void count_abandoned(struct up_span client)
{
	abandoned += up_span_eq_str(client, "tax-portal");
}

/* Each transaction that ends is either reported after a scan, or counted here. */
static void test_abandoned(void)
{
	struct up_live_settings settings = { 16, 16, 16, "0123456789abcde",
	    count_abandoned, NULL };
	struct up_live *l;
	int64_t deadline;

	abandoned = 0;
	CU_ASSERT_EQUAL_FATAL(up_live_memory_new(&settings, &l), UP_OK);
	for (unsigned n = 1; n <= 3; n++)
		CU_ASSERT_EQUAL(live_begin(l, n, T0), UP_OK);
	CU_ASSERT_EQUAL(live_scan(l, 2, 7, T0, &deadline), UP_OK);
	CU_ASSERT_EQUAL(up_live_tick(l, T0 + UP_LIVE_PENDING_MS - 1, NULL, NULL), UP_OK);
	CU_ASSERT_EQUAL(abandoned, 0);
	CU_ASSERT_EQUAL(up_live_tick(l, T0 + UP_LIVE_PENDING_MS, NULL, NULL), UP_OK);
	CU_ASSERT_EQUAL(abandoned, 2);
	up_live_free(&l);
}

UP_SUITE("live", test_end_client, test_abandoned, test_settings, test_login,
    test_overlapping_redemptions,
    test_calls, test_info, test_keys_apart, test_bad_input, test_deadlines, test_undo,
    test_wrong_order, test_slow_down, test_user_code)
