/* SPDX-License-Identifier: Apache-2.0
 * Random steps against a naive model: one array, searched from end to end. Both must agree on every
 * answer, every wake and every report. */
#include "live_model.h"

/* --- steps --- */

static const char *const clients[] = { "tax-portal", "b" };
static const char *const browsers[] = { "", "one", "two" };

static void do_start(unsigned n)
{
	struct model t = { .used = true,
		.due = now + UP_LIVE_PENDING_MS,
		.since = now,
		.handle = draw(20) ? n : draw(N),
		.interval = 5,
		.code = draw(CODES),
		.client = draw(4) == 0,
		.browser = draw(UP_ARRAY_LEN(browsers)),
		.order = ++order };
	unsigned old = draw(N);
	struct up_login_start s = live_start(n, now);
	enum up_err err, want = UP_OK;

	live_key(t.handle, 'h', s.handle);
	if (t.code == 0)
		s.user_code[0] = '\0';
	else
		live_code(t.code, s.user_code);
	s.info.client = up_span_str(clients[t.client]);
	s.info.browser = up_span_str(browsers[t.browser]);
	s.supersedes = draw(2);
	live_key(old, 'd', s.old_device);
	err = up_live_start(l, &s, now);
	if (by_code(t.code) != N)
		lapse(by_code(t.code));
	if (used() == room && !make_room(err == UP_OK ? n : N)) {
		sweep();
		if (used() == room && !make_room(err == UP_OK ? n : N))
			want = UP_E_BUSY;
	}
	if (want == UP_OK && (m[n].used || by_handle(t.handle) != N || by_code(t.code) != N))
		want = UP_E_STATE;
	expect(err == want, "start", n);
	if (want != UP_OK)
		return;
	m[n] = t;
	limit(n);
	lapse(s.supersedes ? old : n);
	if (s.supersedes && old != n && is_waiting(&m[old]) && m[old].client == t.client &&
	    m[old].browser == t.browser)
		set(old, UP_LOGIN_EXPIRED);
}

static void do_code(unsigned code)
{
	const struct up_login_info *info;
	uint8_t handle[UP_LIVE_KEY], want[UP_LIVE_KEY];
	unsigned n = by_code(code);
	bool right = draw(3);
	char text[9], id[UP_LIVE_ID + 1];
	enum up_err err;

	live_code(code, text);
	if (!right)
		text[7] = 'B';
	err = up_live_peek_user_code(l, text, now, handle, &info);
	if (n != N) {
		live_key(m[n].handle, 'h', want);
		live_id(n, id);
		lapse(n);
	}
	if (n == N || m[n].state != UP_LOGIN_PENDING || !right) {
		expect(err == UP_E_CODE && info == NULL, "user code", code);
		if (n != N && m[n].state == UP_LOGIN_PENDING && ++m[n].tries == UP_LIVE_CODE_TRIES)
			set(n, UP_LOGIN_EXPIRED);
		return;
	}
	expect(err == UP_OK && memcmp(handle, want, sizeof(want)) == 0 && strcmp(info->id, id) == 0,
	    "right user code", code);
	up_live_info_unref(&info);
}

static void do_scan(unsigned handle, bool peek)
{
	unsigned n = by_handle(handle);
	int64_t deadline = 0, device = 1 + draw(2);
	enum up_err err = peek ? live_peek(l, handle, now)
			       : live_scan(l, handle, device, now, &deadline);

	if (n != N)
		lapse(n);
	if (n == N || m[n].state != UP_LOGIN_PENDING) {
		expect(err == UP_E_CODE, "no scan", handle);
		return;
	}
	expect(err == UP_OK, "scan", handle);
	if (peek)
		return;
	m[n].device = device;
	m[n].due = now + UP_LIVE_SCANNED_MS;
	expect(deadline == m[n].due, "deadline", n);
	set(n, UP_LOGIN_SCANNED);
}

static void do_decide(unsigned n)
{
	int64_t device = draw(8) ? m[n].device : draw(3);
	enum up_err err = live_decide(l, n, device, now), want = UP_E_STATE;

	lapse(n);
	if (!m[n].used || device == 0 || m[n].device != device || m[n].state == UP_LOGIN_EXPIRED)
		want = UP_E_CODE;
	else if (m[n].state == UP_LOGIN_SCANNED)
		want = UP_OK;
	expect(err == want, "decide", n);
	if (want == UP_OK)
		set(n, UP_LOGIN_DECIDING);
}

/* A step that ends another: it does something in state FROM alone. */
static void do_call(unsigned n, unsigned which)
{
	static const enum up_login_state from[] = { UP_LOGIN_DECIDING, UP_LOGIN_DECIDING,
	    UP_LOGIN_DECIDING, UP_LOGIN_REDEEMING, UP_LOGIN_REDEEMING, UP_LOGIN_REVOKED };
	static const enum up_login_state to[] = { UP_LOGIN_APPROVED, UP_LOGIN_DENIED,
	    UP_LOGIN_SCANNED, UP_LOGIN_REDEEMED, UP_LOGIN_APPROVED, UP_LOGIN_REDEEMED };
	int64_t role = 1 + draw(1000);
	bool contested = false;

	switch (which) {
	case 0: live_approve(l, n, role, now); break;
	case 1: live_call(l, up_live_decide_deny, n, now); break;
	case 2: live_call(l, up_live_decide_undo, n, now); break;
	case 3: contested = live_commit(l, n, now); break;
	case 4: contested = live_redeem_undo(l, n, now); break;
	default: live_call(l, up_live_replay_undo, n, now);
	}
	lapse(n);
	expect(contested ==
		   ((which == 3 || which == 4) && m[n].used && m[n].state == UP_LOGIN_CONTESTED),
	    "contested", n);
	if (contested) {
		set(n, which == 3 ? UP_LOGIN_REVOKED : UP_LOGIN_EXPIRED);
		return;
	}
	if (!m[n].used || m[n].state != from[which])
		return;
	if (which == 0) {
		m[n].role = role;
		m[n].auth = now - 1000;
		m[n].due = now + UP_LIVE_APPROVED_MS;
	}
	if (which == 2)
		m[n].order = ++order;
	set(n, to[which]);
	lapse(n);
}

static void do_give_up(unsigned n)
{
	enum up_err err = live_call(l, up_live_give_up, n, now), want = UP_OK;

	lapse(n);
	if (m[n].used && (m[n].state == UP_LOGIN_REDEEMED || m[n].state == UP_LOGIN_REVOKED))
		want = UP_E_STATE;
	expect(err == want, "give up", n);
	if (!m[n].used || (m[n].state != UP_LOGIN_APPROVED && !is_held(&m[n])))
		return;
	m[n].given_up = true;
	given_up++;
	set(n, UP_LOGIN_EXPIRED);
}

static void do_end(unsigned n)
{
	live_call(l, up_live_end, n, now);
	lapse(n);
	if (m[n].used && is_timed(&m[n]))
		set(n, UP_LOGIN_EXPIRED);
}

static enum up_err model_poll(struct model *t)
{
	bool early = t->polled != 0 && now >= t->polled && now - t->polled < t->interval * 1000;

	t->polled = now;
	if (early && t->interval < INTERVAL_MAX)
		t->interval += 5;
	return early ? UP_E_SLOW_DOWN : UP_E_PENDING;
}

static enum up_err model_redeem(unsigned n, bool *first)
{
	struct model *t = &m[n];

	*first = false;
	switch (t->state) {
	case UP_LOGIN_APPROVED:
		set(n, UP_LOGIN_REDEEMING);
		return UP_OK;
	case UP_LOGIN_REDEEMING:
		set(n, UP_LOGIN_CONTESTED);
		return UP_E_REPLAY;
	case UP_LOGIN_CONTESTED:
		return UP_E_REPLAY;
	case UP_LOGIN_REDEEMED:
		*first = true;
		set(n, UP_LOGIN_REVOKED);
		return UP_E_REPLAY;
	case UP_LOGIN_REVOKED:
		return UP_E_REPLAY;
	case UP_LOGIN_DENIED:
		return UP_E_DENIED;
	case UP_LOGIN_EXPIRED:
		return UP_E_EXPIRED;
	default:
		return model_poll(t);
	}
}

static void do_redeem(unsigned n)
{
	struct up_live_redeemed r;
	enum up_err err = live_redeem(l, n, now, &r), want = UP_E_GRANT;
	char session[32] = "";
	bool first = false;

	lapse(n);
	if (m[n].used && m[n].client == 0)
		want = model_redeem(n, &first);
	expect(err == want, "redeem", n);
	if (want == UP_E_REPLAY && m[n].state == UP_LOGIN_REVOKED)
		snprintf(session, sizeof(session), "session-%014u", n);
	if (want == UP_OK || want == UP_E_REPLAY)
		expect(r.device == m[n].device && r.role == m[n].role && r.auth_ms == m[n].auth,
		    "redeemed", n);
	expect(r.record_end == first && strcmp(r.session, session) == 0, "replay", n);
}

static enum up_login_state told(const struct model *t, int64_t *left)
{
	enum up_login_state s = t->state;
	bool none = s == UP_LOGIN_REDEEMED || s == UP_LOGIN_DENIED || s == UP_LOGIN_EXPIRED ||
	    s == UP_LOGIN_REVOKED || t->due < now;

	*left = none ? 0 : t->due - now;
	return s == UP_LOGIN_DECIDING ? UP_LOGIN_SCANNED
		: s == UP_LOGIN_REDEEMING || s == UP_LOGIN_CONTESTED || s == UP_LOGIN_REDEEMED
		? UP_LOGIN_APPROVED : s == UP_LOGIN_REVOKED ? UP_LOGIN_EXPIRED : s;
}

static void do_look(unsigned n)
{
	int64_t left, want_left = 0;
	enum up_login_state e = live_told(l, n, now, &left), want = UP_LOGIN_STATES;

	lapse(n);
	if (m[n].used)
		want = told(&m[n], &want_left);
	expect(e == want && left == want_left, "look", n);
}

static void do_watch(unsigned n, unsigned i)
{
	const struct up_login_info *info;
	uint8_t key[UP_LIVE_KEY];
	char id[UP_LIVE_ID + 1];
	enum up_err err, want = UP_OK;

	if (watchers[i].open) {
		live_id(watchers[i].n, id);
		expect(up_live_watch_close(l, id) == UP_OK, "watch close", i);
		watchers[i].open = false;
		return;
	}
	live_key(n, 'w', key);
	err = up_live_watch_open(l, key, now, &info);
	up_live_info_unref(&info);
	lapse(n);
	m[n].watching = 0;
	for (int k = 0; k < WATCHERS; k++)
		m[n].watching += watchers[k].open && watchers[k].n == n;
	if (!m[n].used)
		want = UP_E_NOT_FOUND;
	else if (m[n].watching == UP_LIVE_WATCHERS)
		want = UP_E_RATE;
	expect(err == want, "watch", n);
	watchers[i].open = want == UP_OK;
	watchers[i].n = n;
}

static void do_ask(unsigned n)
{
	enum up_login_state s, want = UP_LOGIN_EXPIRED;
	int64_t left, want_left = 0;
	char id[UP_LIVE_ID + 1];

	live_id(n, id);
	expect(up_live_watch_state(l, id, now, &s, &left) == UP_OK, "ask", n);
	lapse(n);
	if (m[n].used)
		want = told(&m[n], &want_left);
	expect(s == want && left == want_left, "watch state", n);
}

static void on_expired(void *arg, const struct up_live_ended *ended)
{
	unsigned n = 0;

	(void)arg;
	sscanf(ended->info->id, "transaction-%u", &n);
	expect(n < N && m[n].used && m[n].unreported && m[n].device == ended->device &&
	    m[n].role == ended->role && m[n].held == ended->held && ended->info->item.n > 0,
	    "report", n);
	held_reports += ended->held;
	m[n].unreported = false;
	m[n].since = now;
	reports++;
}

static void do_tick(void)
{
	struct up_live_stats s;
	size_t count[UP_LOGIN_STATES] = { 0 }, linked = 0;

	sweep();
	expect(up_live_tick(l, now, on_expired, NULL) == UP_OK, "tick", 0);
	for (unsigned n = 0; n < N; n++) {
		expect(!m[n].used || !m[n].unreported, "unreported", n);
		if (m[n].used)
			count[m[n].state]++;
	}
	for (unsigned n = 0; n < N; n++)
		expect(wakes[n] == expected[n], "wakes", n);
	for (int i = 0; i < WATCHERS; i++)
		linked += watchers[i].open;
	expect(up_live_stats(l, &s) == UP_OK, "stats", 0);
	expect(s.pending == count[UP_LOGIN_PENDING] &&
		   s.scanned == count[UP_LOGIN_SCANNED] + count[UP_LOGIN_DECIDING] &&
		   s.approved == count[UP_LOGIN_APPROVED] + count[UP_LOGIN_REDEEMING] +
				     count[UP_LOGIN_CONTESTED] &&
		   s.watchers == linked &&
		   s.pending + s.scanned + s.approved + s.finished == used(),
	    "stats", 0);
}

static void one_step(void)
{
	static unsigned last;
	/* often the same, so that it gets somewhere */
	unsigned n = draw(8) ? last : draw(N), k = draw(100);

	last = n;
	now += draw(20) ? draw(2000) : draw(60000);
	if (k < 20)
		do_start(n);
	else if (k < 35)
		do_scan(n, draw(3) == 0);
	else if (k < 40)
		do_code(1 + draw(CODES));
	else if (k < 52)
		do_decide(n);
	else if (k < 70)
		do_call(n, m[n].state == UP_LOGIN_REDEEMING || m[n].state == UP_LOGIN_CONTESTED
		    ? 3 + draw(2) : draw(6) ? draw(3) : draw(6));
	else if (k < 71)
		do_end(n);
	else if (k < 72)
		do_give_up(n);
	else if (k < 84)
		do_redeem(n);
	else if (k < 90)
		do_look(n);
	else if (k < 93)
		do_watch(n, draw(WATCHERS));
	else if (k < 95)
		do_ask(n);
	else
		do_tick();
}

/* BACK: one step in so many sets the clock back; 0: none. */
static void run(uint64_t with, size_t size, unsigned back, unsigned n)
{
	memset(m, 0, sizeof(m));
	memset(watchers, 0, sizeof(watchers));
	memset(wakes, 0, sizeof(wakes));
	memset(expected, 0, sizeof(expected));
	live_on_wake = on_wake;
	l = live_new(size, 4, 4);
	room = size;
	now = T0;
	seed = with;
	failures = 0;
	for (unsigned k = 0; k < n && failures == 0; k++) {
		if (back != 0 && draw(back) == 0)
			now -= draw(2) ? draw(5000) : draw(10000000);
		one_step();
	}
	CU_ASSERT_EQUAL(failures, 0);
	up_live_free(&l);
}

static void test_roomy(void)
{
	run(1, 64, 0, 200000);
	run(2, N, 0, 200000);
}

static void test_narrow(void)
{
	run(3, 3, 0, 100000);
	run(4, 17, 0, 200000);
	run(5, 30, 0, 200000);
}

static void test_clock_back(void)
{
	run(6, 64, 50, 200000);
	run(7, 64, 5, 200000);
}

/* The walk went everywhere. */
static void test_covered(void)
{
	for (int s = UP_LOGIN_SCANNED; s < UP_LOGIN_STATES; s++)
		UP_CHECK(s == UP_LOGIN_RETURNING || steps[s] > 100,
		    up_login_state_name((enum up_login_state)s));
	CU_ASSERT(reports > 1000);
	CU_ASSERT(held_reports > 100);
	CU_ASSERT(given_up > 100);
}

UP_SUITE("live model", test_roomy, test_narrow, test_clock_back, test_covered)
