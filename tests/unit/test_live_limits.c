/* SPDX-License-Identifier: Apache-2.0
 * Bounds of live state: room, retention, the tick, held steps, watching. */
#include "test_live.h"

struct told {
	unsigned n;
	bool held;
	int64_t device, role;
	char id[UP_LIVE_ID + 1], purpose[40];
};

static void on_expired(void *arg, const struct up_live_ended *ended)
{
	const struct up_login_info *info = ended->info;
	struct told *t = arg;

	t->n++;
	t->device = ended->device;
	t->role = ended->role;
	t->held = ended->held;
	memcpy(t->id, info->id, sizeof(t->id));
	snprintf(t->purpose, sizeof(t->purpose), "%.*s", (int)info->purpose.n,
	    (const char *)info->purpose.p);
}

static enum up_err begin(struct up_live *l, unsigned n, struct up_span client,
    struct up_span browser, unsigned old, int64_t now_ms)
{
	struct up_login_start s = live_start(n, now_ms);

	s.info.client = client;
	s.info.browser = browser;
	s.supersedes = old != 0;
	live_key(old, 'd', s.old_device);
	return up_live_start(l, &s, now_ms);
}

static void test_supersede(void)
{
	struct up_live *l = live_new(64, 4, 4);
	int64_t t;

	CU_ASSERT_EQUAL(begin(l, 1, S("a"), S("one"), 0, T0), UP_OK);
	CU_ASSERT_EQUAL(begin(l, 2, S("b"), S("one"), 1, T0), UP_OK); /* another client */
	CU_ASSERT_EQUAL(begin(l, 3, S("a"), S("two"), 1, T0), UP_OK); /* another browser */
	CU_ASSERT_EQUAL(begin(l, 4, S("a"), S("one"), 99, T0), UP_OK); /* unknown */
	CU_ASSERT_EQUAL(live_told(l, 1, T0, NULL), UP_LOGIN_PENDING);
	CU_ASSERT_EQUAL(begin(l, 5, S("a"), S("one"), 1, T0), UP_OK);
	CU_ASSERT_EQUAL(live_told(l, 1, T0, NULL), UP_LOGIN_EXPIRED);
	CU_ASSERT_EQUAL(live_told(l, 4, T0, NULL), UP_LOGIN_PENDING); /* two tabs both work */
	CU_ASSERT_EQUAL(live_scan(l, 4, 7, T0, &t), UP_OK);
	CU_ASSERT_EQUAL(live_decide(l, 4, 7, T0), UP_OK);
	/* decided upon now: does not wait any more */
	CU_ASSERT_EQUAL(begin(l, 6, S("a"), S("one"), 4, T0), UP_OK);
	live_approve(l, 4, 9, T0);
	CU_ASSERT_EQUAL(begin(l, 7, S("a"), S("one"), 4, T0), UP_OK);
	CU_ASSERT_EQUAL(live_told(l, 4, T0, NULL), UP_LOGIN_APPROVED);
	CU_ASSERT_EQUAL(begin(l, 8, S("a"), S("one"), 8, T0), UP_OK); /* not itself */
	CU_ASSERT_EQUAL(live_told(l, 8, T0, NULL), UP_LOGIN_PENDING);
	up_live_free(&l);
}

static void test_browser(void)
{
	struct up_live *l = live_new(64, 4, 4);
	int64_t t;

	for (unsigned n = 1; n <= 5; n++) {
		CU_ASSERT_EQUAL(begin(l, n, S("a"), S("one"), 0, T0 + n), UP_OK);
		CU_ASSERT_EQUAL(begin(l, n + 10, S("b"), S("one"), 0, T0 + n), UP_OK);
		CU_ASSERT_EQUAL(begin(l, n + 20, S("a"), S(""), 0, T0 + n), UP_OK);
	}
	CU_ASSERT_EQUAL(live_told(l, 1, T0, NULL), UP_LOGIN_EXPIRED);
	CU_ASSERT_EQUAL(live_told(l, 11, T0, NULL), UP_LOGIN_EXPIRED);
	/* unknown browsers are not one browser */
	CU_ASSERT_EQUAL(live_told(l, 21, T0, NULL), UP_LOGIN_PENDING);
	for (unsigned n = 2; n <= 5; n++)
		CU_ASSERT_EQUAL(live_told(l, n, T0, NULL), UP_LOGIN_PENDING);
	/* one that has lapsed makes room before the oldest must go: 4 was scanned and is over
	 * sooner than 2 */
	CU_ASSERT_EQUAL(live_scan(l, 4, 7, T0 + 10, &t), UP_OK);
	CU_ASSERT_EQUAL(begin(l, 6, S("a"), S("one"), 0, t), UP_OK);
	CU_ASSERT_EQUAL(live_told(l, 2, t, NULL), UP_LOGIN_PENDING);
	CU_ASSERT_EQUAL(live_told(l, 4, t, NULL), UP_LOGIN_EXPIRED);
	CU_ASSERT_EQUAL(begin(l, 7, S("a"), S("one"), 0, t), UP_OK);
	CU_ASSERT_EQUAL(live_told(l, 2, t, NULL), UP_LOGIN_EXPIRED);
	up_live_free(&l);
}

static void test_full(void)
{
	static const size_t sizes[] = { 1, 2, 15, 16, 17, 100 };

	for (size_t k = 0; k < UP_ARRAY_LEN(sizes); k++) {
		struct up_live *l = live_new(sizes[k], 4, 4);
		struct up_live_stats stats;
		unsigned n;
		int64_t now = T0;

		for (n = 0; n < sizes[k]; n++)
			CU_ASSERT_EQUAL(live_begin(l, n, now), UP_OK);
		CU_ASSERT_EQUAL(live_begin(l, n, now), UP_E_BUSY);
		CU_ASSERT_EQUAL(live_begin(l, n, now + UP_LIVE_PENDING_MS - 1), UP_E_BUSY);
		now += UP_LIVE_PENDING_MS; /* all are over; without a tick */
		for (n = 0; n < sizes[k]; n++)
			CU_ASSERT_EQUAL(live_begin(l, n + 1000, now), UP_OK);
		CU_ASSERT_EQUAL(live_begin(l, n + 1000, now), UP_E_BUSY);
		CU_ASSERT_EQUAL(up_live_stats(l, &stats), UP_OK);
		CU_ASSERT_EQUAL(stats.pending, sizes[k]);
		now += UP_LIVE_PENDING_MS;
		CU_ASSERT_EQUAL(up_live_tick(l, now, NULL, NULL), UP_OK);
		CU_ASSERT_EQUAL(up_live_stats(l, &stats), UP_OK);
		CU_ASSERT_EQUAL(stats.pending, 0);
		CU_ASSERT_EQUAL(stats.finished, sizes[k]);
		CU_ASSERT_EQUAL(live_redeem(l, 1000, now, NULL), UP_E_EXPIRED);
		CU_ASSERT_EQUAL(up_live_tick(l, now + UP_LIVE_PENDING_MS, NULL, NULL), UP_OK);
		CU_ASSERT_EQUAL(up_live_stats(l, &stats), UP_OK);
		CU_ASSERT_EQUAL(stats.finished, 0);
		CU_ASSERT_EQUAL(live_redeem(l, 1000, now, NULL), UP_E_GRANT);
		up_live_free(&l);
	}
}

/* Finished ones go first, in the order in which they ended. */
static void test_room(void)
{
	struct up_live *l = live_new(20, 4, 4);
	unsigned n;

	for (n = 0; n < 20; n++)
		live_bring(l, n, n % 2 == 0 ? UP_LOGIN_PENDING : UP_LOGIN_DECIDING, T0);
	for (n = 19; n < 20; n -= 2)
		live_call(l, up_live_decide_deny, n, T0 + 100 - n);
	for (n = 19; n < 20; n -= 2) {
		CU_ASSERT_EQUAL(live_told(l, n, T0 + 200, NULL), UP_LOGIN_DENIED);
		CU_ASSERT_EQUAL(live_begin(l, 100 + n, T0 + 200), UP_OK);
		CU_ASSERT_EQUAL(live_told(l, n, T0 + 200, NULL), UP_LOGIN_STATES);
	}
	CU_ASSERT_EQUAL(live_begin(l, 200, T0 + 200), UP_E_BUSY);
	up_live_free(&l);
}

/* A second redemption is seen for as long as the device code lives, and two minutes at least. */
static void test_retention(void)
{
	struct up_live *l = live_new(20, 4, 4);
	int64_t deadline, now = T0 + UP_LIVE_PENDING_MS - 1;

	live_bring(l, 1, UP_LOGIN_REDEEMED, T0);
	CU_ASSERT_EQUAL(up_live_tick(l, T0 + UP_LIVE_PENDING_MS - 1, NULL, NULL), UP_OK);
	CU_ASSERT_EQUAL(live_redeem(l, 1, T0 + UP_LIVE_PENDING_MS - 1, NULL), UP_E_REPLAY);
	CU_ASSERT_EQUAL(up_live_tick(l, T0 + UP_LIVE_PENDING_MS, NULL, NULL), UP_OK);
	CU_ASSERT_EQUAL(live_redeem(l, 1, T0 + UP_LIVE_PENDING_MS, NULL), UP_E_GRANT);
	CU_ASSERT_EQUAL(live_begin(l, 2, T0), UP_OK);
	CU_ASSERT_EQUAL(live_scan(l, 2, 7, now, &deadline), UP_OK);
	CU_ASSERT_EQUAL(live_decide(l, 2, 7, now), UP_OK);
	live_call(l, up_live_decide_deny, 2, now);
	CU_ASSERT_EQUAL(up_live_tick(l, now + 119999, NULL, NULL), UP_OK);
	CU_ASSERT_EQUAL(live_redeem(l, 2, now, NULL), UP_E_DENIED);
	CU_ASSERT_EQUAL(up_live_tick(l, now + 120000, NULL, NULL), UP_OK);
	CU_ASSERT_EQUAL(live_redeem(l, 2, now, NULL), UP_E_GRANT);
	up_live_free(&l);
}

/* Once for each that ended without outcome after a scan. */
static void test_reports(void)
{
	static const struct {
		enum up_login_state state;
		unsigned n;
		int64_t role;
		bool held;
	} rows[] = {
		{ UP_LOGIN_PENDING, 0, 0, false }, { UP_LOGIN_SCANNED, 1, 0, false },
		{ UP_LOGIN_DECIDING, 1, 0, true }, { UP_LOGIN_APPROVED, 1, 9, false },
		{ UP_LOGIN_REDEEMING, 1, 9, true }, { UP_LOGIN_REDEEMED, 0, 0, false },
	};
	struct up_live *l = live_new(20, 4, 4);

	for (unsigned i = 0; i < UP_ARRAY_LEN(rows); i++) {
		for (unsigned noticed = 0; noticed < 2; noticed++) {
			int64_t now = T0 + i * 10000000 + noticed * 5000000;
			struct told t = { 0 };
			char id[UP_LIVE_ID + 1];

			live_id(2 * i + noticed, id);
			live_bring(l, 2 * i + noticed, rows[i].state, now);
			CU_ASSERT_EQUAL(up_live_tick(l, now, on_expired, &t), UP_OK);
			CU_ASSERT_EQUAL(t.n, 0);
			now += UP_LIVE_PENDING_MS;
			if (noticed) /* a look ends it before the tick does */
				live_told(l, 2 * i + noticed, now, NULL);
			CU_ASSERT_EQUAL(up_live_tick(l, now, on_expired, &t), UP_OK);
			CU_ASSERT_EQUAL(up_live_tick(l, now, on_expired, &t), UP_OK);
			UP_CHECK(t.n == rows[i].n, up_login_state_name(rows[i].state));
			UP_CHECK(t.held == rows[i].held, up_login_state_name(rows[i].state));
			UP_CHECK(t.n == 0 ||
				(t.device == 7 && t.role == rows[i].role && strcmp(t.id, id) == 0 &&
				    strcmp(t.purpose, "File the annual report") == 0),
			    up_login_state_name(rows[i].state));
		}
	}
	up_live_free(&l);
}

/* What has still to be told of is not dropped for room. */
static void test_report_survives(void)
{
	struct up_live *l = live_new(1, 4, 4);
	struct told t = { 0 };

	live_bring(l, 1, UP_LOGIN_SCANNED, T0);
	live_call(l, up_live_end, 1, T0);
	CU_ASSERT_EQUAL(live_begin(l, 2, T0), UP_E_BUSY);
	CU_ASSERT_EQUAL(up_live_tick(l, T0, on_expired, &t), UP_OK);
	CU_ASSERT_EQUAL(t.n, 1);
	CU_ASSERT_EQUAL(live_begin(l, 2, T0), UP_OK);
	up_live_free(&l);
}

/* --- held steps --- */

/* Who holds a step may have died: it ends by itself, and later than its deadline. */
static void test_held(void)
{
	static const struct { enum up_login_state state; int64_t ms;
	} rows[] = {
		{ UP_LOGIN_DECIDING, UP_LIVE_SCANNED_MS },
		{ UP_LOGIN_REDEEMING, UP_LIVE_APPROVED_MS },
		{ UP_LOGIN_CONTESTED, UP_LIVE_APPROVED_MS },
	};
	struct up_live *l = live_new(20, 4, 4);

	for (unsigned i = 0; i < UP_ARRAY_LEN(rows); i++) {
		int64_t end = T0 + rows[i].ms + UP_LIVE_HELD_MS, left;
		struct told t = { 0 };

		live_bring(l, i, i < 2 ? rows[i].state : UP_LOGIN_REDEEMING, T0);
		if (i == 2)
			CU_ASSERT_EQUAL(live_redeem(l, i, T0, NULL), UP_E_REPLAY);
		CU_ASSERT_EQUAL(up_live_tick(l, end - 1, on_expired, &t), UP_OK);
		CU_ASSERT_NOT_EQUAL(live_told(l, i, end - 1, &left), UP_LOGIN_EXPIRED);
		CU_ASSERT_EQUAL(left, 0);
		CU_ASSERT_EQUAL(t.n, 0);
		CU_ASSERT_EQUAL(up_live_tick(l, end, on_expired, &t), UP_OK);
		CU_ASSERT_EQUAL(live_told(l, i, end, NULL), UP_LOGIN_EXPIRED);
		CU_ASSERT(t.n == 1 && t.held);
	}
	/* too late for whoever comes back */
	CU_ASSERT_EQUAL(live_approve(l, 0, 9, T0), UP_E_STATE);
	CU_ASSERT_EQUAL(live_call(l, up_live_decide_deny, 0, T0), UP_E_STATE);
	CU_ASSERT_FALSE(live_commit(l, 1, T0));
	CU_ASSERT_EQUAL(live_redeem(l, 1, T0, NULL), UP_E_EXPIRED);
	up_live_free(&l);
}

/* The caller has recorded it: the tick does not. */
static void test_give_up(void)
{
	static const struct { enum up_login_state state, told; enum up_err err; } rows[] = {
		{ UP_LOGIN_PENDING, UP_LOGIN_PENDING, UP_OK },
		{ UP_LOGIN_SCANNED, UP_LOGIN_SCANNED, UP_OK },
		{ UP_LOGIN_DECIDING, UP_LOGIN_EXPIRED, UP_OK },
		{ UP_LOGIN_APPROVED, UP_LOGIN_EXPIRED, UP_OK },
		{ UP_LOGIN_REDEEMING, UP_LOGIN_EXPIRED, UP_OK },
		{ UP_LOGIN_REDEEMED, UP_LOGIN_APPROVED, UP_E_STATE },
	};
	struct up_live *l = live_new(20, 4, 4);
	struct told t = { 0 };

	for (unsigned i = 0; i < UP_ARRAY_LEN(rows); i++) {
		live_bring(l, i, rows[i].state, T0);
		UP_CHECK(live_call(l, up_live_give_up, i, T0) == rows[i].err,
		    up_login_state_name(rows[i].state));
		UP_CHECK(live_told(l, i, T0, NULL) == rows[i].told,
		    up_login_state_name(rows[i].state));
	}
	CU_ASSERT_EQUAL(live_call(l, up_live_give_up, 99, T0), UP_OK);
	CU_ASSERT_EQUAL(up_live_tick(l, T0 + UP_LIVE_SCANNED_MS, on_expired, &t), UP_OK);
	CU_ASSERT_EQUAL(t.n, 1);         /* the scanned one */
	CU_ASSERT_FALSE(t.held);
	up_live_free(&l);
}

/* --- watching --- */

static unsigned wakes, strange;

static void on_wake(const char *id)
{
	char first[UP_LIVE_ID + 1];

	live_id(1, first);
	wakes++;
	strange += strcmp(id, first) != 0;
}

static enum up_err open_watch(struct up_live *l, unsigned n)
{
	const struct up_login_info *info;
	uint8_t key[UP_LIVE_KEY];
	enum up_err err;

	live_key(n, 'w', key);
	err = up_live_watch_open(l, key, T0, &info);
	CU_ASSERT_EQUAL(info != NULL, err == UP_OK);
	if (info != NULL)
		UP_CHECK_TEXT(info->client, "tax-portal");
	up_live_info_unref(&info);
	return err;
}

static enum up_login_state state_of(
    struct up_live *l, const char *id, int64_t now_ms, int64_t *left_ms)
{
	enum up_login_state state;

	CU_ASSERT_EQUAL(up_live_watch_state(l, id, now_ms, &state, left_ms), UP_OK);
	return state;
}

static size_t watchers(struct up_live *l)
{
	struct up_live_stats stats;

	CU_ASSERT_EQUAL(up_live_stats(l, &stats), UP_OK);
	return stats.watchers;
}

/* By id: what is told of is the login, once a change, however many watch it. */
static void test_watch(void)
{
	struct up_live *l = live_new(1, 4, 4);
	char id[UP_LIVE_ID + 1];
	int64_t left;

	live_id(1, id);
	live_on_wake = on_wake;
	wakes = strange = 0;
	CU_ASSERT_EQUAL(open_watch(l, 1), UP_E_NOT_FOUND);
	live_bring(l, 1, UP_LOGIN_PENDING, T0);
	for (int i = 0; i < UP_LIVE_WATCHERS; i++)
		CU_ASSERT_EQUAL(open_watch(l, 1), UP_OK);
	CU_ASSERT_EQUAL(open_watch(l, 1), UP_E_RATE);
	CU_ASSERT_EQUAL(live_scan(l, 1, 7, T0, &left), UP_OK);
	CU_ASSERT_EQUAL(wakes, 1);
	CU_ASSERT_EQUAL(up_live_watch_close(l, id), UP_OK);
	CU_ASSERT_EQUAL(open_watch(l, 1), UP_OK);
	CU_ASSERT_EQUAL(state_of(l, id, T0 + 1000, &left), UP_LOGIN_SCANNED);
	CU_ASSERT_EQUAL(left, UP_LIVE_SCANNED_MS - 1000);
	CU_ASSERT_EQUAL(up_live_tick(l, T0 + UP_LIVE_SCANNED_MS, NULL, NULL), UP_OK);
	CU_ASSERT_EQUAL(wakes, 2);
	CU_ASSERT_EQUAL(state_of(l, id, T0, &left), UP_LOGIN_EXPIRED);
	CU_ASSERT_EQUAL(up_live_watch_close(l, id), UP_OK);
	CU_ASSERT_EQUAL(watchers(l), 3);
	/* drops 1, which is told of, and nothing of the other */
	live_bring(l, 2, UP_LOGIN_SCANNED, T0);
	CU_ASSERT_EQUAL(wakes, 3);
	CU_ASSERT_EQUAL(state_of(l, id, T0, &left), UP_LOGIN_EXPIRED);
	CU_ASSERT_EQUAL(left, 0);
	CU_ASSERT_EQUAL(watchers(l), 0);
	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(up_live_watch_close(l, id), UP_OK);
	/* the last one goes, and nobody is told any more */
	CU_ASSERT_EQUAL(open_watch(l, 2), UP_OK);
	live_id(2, id);
	CU_ASSERT_EQUAL(up_live_watch_close(l, id), UP_OK);
	CU_ASSERT_EQUAL(live_call(l, up_live_end, 2, T0), UP_OK);
	CU_ASSERT_EQUAL(wakes, 3);
	CU_ASSERT_EQUAL(strange, 0);
	live_on_wake = NULL;
	up_live_free(&l);
}

UP_SUITE("live limits", test_supersede, test_browser, test_full, test_room, test_retention,
    test_reports, test_report_survives, test_held, test_give_up, test_watch)
