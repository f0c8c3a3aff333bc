/* SPDX-License-Identifier: Apache-2.0
 * Whole logins through the real handlers while each call to short-lived state fails in turn: lost
 * before it did anything, or done and not heard of. Nobody gets what is not recorded, what is
 * recorded and did not come about is recorded too, and nothing stays stuck (server/live/live.h). */
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "live_faulty.h"
#include "live_login.h"
#include "server/http/steps.h"

#define LIVE_SESSIONS "SELECT count(*) FROM session WHERE revoked_ms IS NULL"
#define MOST 40
#define HOUR (3600 * INT64_C(1000))

/* --- what each is answered, and what may be answered when it meets a fault --- */

struct step {
	int (*take)(struct login *);
	int status;
};

static const struct step approved[] = { { login_start, 200 }, { login_poll, 400 },
	{ login_frame, 200 }, { login_scan, 200 }, { login_approve, 200 }, { login_poll, 200 },
	{ login_poll, 400 }, { NULL, 0 } };
static const struct step denied[] = { { login_start, 200 }, { login_frame, 200 },
	{ login_scan, 200 }, { login_not_mine, 200 }, { login_poll, 400 }, { NULL, 0 } };
static const struct step mistyped[] = { { login_start, 200 }, { login_frame, 200 },
	{ login_scan, 200 }, { login_mistype, 403 }, { login_approve, 200 },
	{ login_poll, 200 }, { NULL, 0 } };
static const struct step rescanned[] = { { login_start, 200 }, { login_frame, 200 },
	{ login_scan, 200 }, { login_scan, 400 }, { NULL, 0 } };
static const struct step decided_twice[] = { { login_start, 200 }, { login_frame, 200 },
	{ login_scan, 200 }, { login_not_mine, 200 }, { login_approve, 409 }, { NULL, 0 } };

struct outcome {
	int tokens;                      /* handed out */
	int64_t sessions, lost, expired; /* live ones; records of what did not come about */
	bool approved, hit;
	const char *what;
};

static int64_t having(const char *text)
{
	return fixture_having(&login_store, text);
}

/* Steps until one is not answered as it should be; that may be 503, when the fault met this very
 * step. */
static struct outcome run(const struct step *steps, struct login *x)
{
	struct outcome o = { .sessions = -fixture_count(&login_store, LIVE_SESSIONS),
		.lost = -having("live_failed"), .expired = -having("login.expire") };
	bool going = true;

	memset(x, 0, sizeof(*x));
	for (; going && steps->take != NULL; steps++) {
		bool before = o.hit;
		int status = steps->take(x);

		o.hit = faulty_hit(login_server.live)[0] != '\0';
		o.tokens += status == 200 && login_says("\"access_token\"");
		o.approved = o.approved || (status == 200 && login_says("\"state\":\"approved\""));
		going = status == steps->status;
		/* a fault that was not told of may still be felt later, as a refusal */
		UP_CHECK(going || (o.hit && (before ? status >= 400 : status == 503)),
		    faulty_hit(login_server.live));
		UP_CHECK(status != 503 || login_says("temporarily_unavailable"), "503");
	}
	o.what = faulty_hit(login_server.live);
	o.sessions += fixture_count(&login_store, LIVE_SESSIONS);
	o.lost += having("live_failed");
	o.expired += having("login.expire");
	return o;
}

static unsigned expired_in_tick;

static void on_expired(void *arg, const struct up_live_ended *ended)
{
	(void)arg;
	(void)ended;
	expired_in_tick++;
}

/* An hour later nothing waits, and nothing is held. */
static void nothing_stuck(const char *what)
{
	struct up_live *memory = faulty_inner(login_server.live);
	struct up_live_stats s;
	int64_t now;

	CU_ASSERT_EQUAL_FATAL(up_clock_now(&login_server, &now), UP_OK);
	CU_ASSERT_EQUAL(up_live_tick(memory, now + HOUR, on_expired, NULL), UP_OK);
	CU_ASSERT_EQUAL(up_live_stats(memory, &s), UP_OK);
	UP_CHECK(s.pending + s.scanned + s.approved == 0, what);
}

static void check(const struct outcome *o, enum faulty_way way, struct login *x)
{
	int status = x->device[0] != '\0' ? login_poll(x) : 400;

	/* no session without its token */
	UP_CHECK(o->sessions <= o->tokens, o->what);
	/* Who was not told that he approved has not signed in; and that is on record. */
	if (strcmp(o->what, "decide_approve") == 0) {
		UP_CHECK(!o->approved && o->lost == 1 && o->expired == 1, o->what);
		UP_CHECK(status == 400 && login_says("expired_token"), o->what);
	}
	if (strcmp(o->what, "redeem_commit") == 0) {
		UP_CHECK(o->tokens == 0 && o->sessions == 0 && o->lost == 1, o->what);
		UP_CHECK(status == 400 && !login_says("access_token"), o->what);
	}
	if (strcmp(o->what, "decide_deny") == 0)
		UP_CHECK(status == 400 && login_says(way == FAULTY_LOST ? "expired_token"
		    : "access_denied"), o->what);
	UP_CHECK(o->tokens == 1 || status != 200 || o->approved, o->what);
}

/* Each call in turn, in both ways; and a login that works after each. */
static void fail_each(const struct step *steps)
{
	struct login x = { .item = "" };
	struct outcome o;
	unsigned n, calls;
	char row[40];

	faulty_set(login_server.live, FAULTY_NOT, NULL, 1, 0);
	o = run(steps, &x);
	calls = faulty_calls(login_server.live);
	CU_ASSERT_FALSE(o.hit);
	CU_ASSERT_EQUAL(o.lost, 0);
	CU_ASSERT(calls > 4);
	CU_ASSERT_FATAL(calls <= MOST);  /* each may be a round trip to another machine */
	for (n = 1; n <= calls; n++) {
		for (int way = FAULTY_LOST; way <= FAULTY_UNHEARD; way++) {
			faulty_set(login_server.live, way, NULL, n, 1);
			o = run(steps, &x);
			snprintf(row, sizeof(row), "call %u of %u", n, calls);
			UP_CHECK(o.hit, row);
			faulty_set(login_server.live, FAULTY_NOT, NULL, 1, 0);
			check(&o, way, &x);
			nothing_stuck(o.what);
			o = run(approved, &x);
			UP_CHECK(o.tokens == 1 && o.lost == 0, "the login after it");
			UP_CHECK(o.sessions == 0, "replayed: revoked");
		}
	}
	CU_ASSERT(fixture_gapless(&login_store));
}

static void test_each_call(void)
{
	static const struct step *const all[] = { approved, denied, mistyped, rescanned,
		decided_twice };

	login_begin(false);
	for (size_t i = 0; i < UP_ARRAY_LEN(all); i++)
		fail_each(all[i]);
	login_end();
}

/* --- an engine that waits --- */

/* The same logins, each step on a thread that may wait. */
static void test_each_call_waiting(void)
{
	login_begin(true);
	fail_each(approved);
	login_end();
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* One listener's thread, and many wait at once. */
static void test_waits_together(void)
{
	enum { CALLS = 8, DELAY_MS = 60 };
	struct login x = { .item = "" };
	double began;
	int fd[CALLS];

	login_begin(true);
	faulty_set(login_server.live, FAULTY_NOT, NULL, 1, 0);
	CU_ASSERT_EQUAL(run(approved, &x).tokens, 1);
	faulty_delay(login_server.live, DELAY_MS);
	CU_ASSERT_EQUAL(login_start(&x), 200);    /* leaves its question */
	began = seconds();
	for (int i = 0; i < CALLS; i++) {
		fd[i] = login_connect(login_address);
		CU_ASSERT(send(fd[i], login_question, strlen(login_question), MSG_NOSIGNAL) > 0);
	}
	for (int i = 0; i < CALLS; i++) {
		CU_ASSERT(read(fd[i], login_answer, 12) == 12);
		CU_ASSERT(memcmp(login_answer + 9, "200", 3) == 0);
		close(fd[i]);
	}
	/* two calls each, one after the other they would take 16 delays */
	CU_ASSERT(seconds() - began < CALLS * DELAY_MS / 1000.0);
	faulty_delay(login_server.live, 0);
	login_end();
}

/* They stop while calls are under way: each is answered, as the server's end has it. */
static void test_stops_waiting(void)
{
	enum { CALLS = 8, DELAY_MS = 60 };
	struct login x = { .item = "" };
	int fd[CALLS];

	login_begin(true);
	faulty_set(login_server.live, FAULTY_NOT, NULL, 1, 0);
	faulty_delay(login_server.live, DELAY_MS);
	CU_ASSERT_EQUAL(login_start(&x), 200);
	faulty_set(login_server.live, FAULTY_NOT, NULL, 1, 0);
	for (int i = 0; i < CALLS; i++) {
		fd[i] = login_connect(login_address);
		CU_ASSERT(send(fd[i], login_question, strlen(login_question), MSG_NOSIGNAL) > 0);
	}
	while (faulty_calls(login_server.live) < CALLS)
		sched_yield();
	up_listener_quiesce(login_listener);
	up_store_drain(login_store.store);
	up_steps_stop(login_server.steps);
	for (int i = 0; i < CALLS; i++) {
		CU_ASSERT(read(fd[i], login_answer, 12) == 12);
		CU_ASSERT(memcmp(login_answer + 9, "200", 3) == 0);
		close(fd[i]);
	}
	login_end();
}

/* --- a page that watches --- */

/* Reads on until the stream says TEXT; false after five seconds, or at its end. */
static bool hears(int fd, const char *text)
{
	size_t n = 0;
	ssize_t got;

	while (n < LOGIN_TEXT - 1 && (got = read(fd, login_answer + n, LOGIN_TEXT - 1 - n)) > 0) {
		n += (size_t)got;
		login_answer[n] = '\0';
		if (login_says(text))
			return true;
	}
	return false;
}

static int open_stream(const struct login *x)
{
	const struct timeval patience = { 5, 0 };
	int fd = login_connect(login_watch_address);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	snprintf(login_question, LOGIN_TEXT, "GET %s HTTP/1.1\r\nHost: a\r\n"
	    "Accept: text/event-stream\r\n\r\n", strstr(x->watch, "/watch/"));
	CU_ASSERT(send(fd, login_question, strlen(login_question), MSG_NOSIGNAL) > 0);
	return fd;
}

static size_t watchers(void)
{
	struct up_live_stats s;

	CU_ASSERT_EQUAL(up_live_stats(faulty_inner(login_server.live), &s), UP_OK);
	return s.watchers;
}

/* What it cannot be told now it is told later; and it is let go when it ends. */
static void watch_through(unsigned asked_in_vain)
{
	struct login x = { .item = "" };
	int fd;

	faulty_set(login_server.live, FAULTY_NOT, NULL, 1, 0);
	CU_ASSERT(login_start(&x) == 200 && login_frame(&x) == 200);
	fd = open_stream(&x);
	CU_ASSERT(hears(fd, "\"state\":\"pending\"") && login_says("event: frame"));
	CU_ASSERT_EQUAL(watchers(), 1);
	faulty_set(login_server.live, FAULTY_LOST, "watch_state", 1, asked_in_vain);
	CU_ASSERT_EQUAL(login_scan(&x), 200);
	CU_ASSERT(hears(fd, "\"state\":\"scanned\""));
	CU_ASSERT_EQUAL(login_approve(&x), 200);
	CU_ASSERT(hears(fd, "\"state\":\"approved\""));
	CU_ASSERT_FALSE(hears(fd, "no more"));   /* it ends */
	close(fd);
	for (int i = 0; i < 500 && watchers() > 0; i++)
		nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
	CU_ASSERT_EQUAL(watchers(), 0);
}

static void test_watch(void)
{
	for (int waits = 0; waits < 2; waits++) {
		login_begin(waits);
		watch_through(0);
		watch_through(3);
		login_end();
	}
}

/* A page that cannot be begun is told so, and leaves nothing behind. */
static void test_watch_refused(void)
{
	static const char *const calls[] = { "watch_open", "watch_state" };
	struct login x = { .item = "" };
	int fd;

	login_begin(false);
	for (size_t i = 0; i < UP_ARRAY_LEN(calls); i++) {
		faulty_set(login_server.live, FAULTY_NOT, NULL, 1, 0);
		CU_ASSERT_EQUAL(login_start(&x), 200);
		faulty_set(login_server.live, FAULTY_LOST, calls[i], 1, 1);
		fd = open_stream(&x);
		UP_CHECK(hears(fd, "temporarily_unavailable"), calls[i]);
		close(fd);
		fd = open_stream(&x);
		UP_CHECK(hears(fd, "\"state\":\"pending\""), calls[i]);
		close(fd);
		for (int k = 0; k < 500 && watchers() > 0; k++)
			nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
		UP_CHECK(watchers() == 0, calls[i]);
	}
	login_end();
}

/* Who goes while his page is being begun, elsewhere, leaves nothing behind either. */
static void test_watch_gone(void)
{
	enum { PAGES = 2, DELAY_MS = 60 };
	struct login x = { .item = "" };
	int fd[PAGES];

	login_begin(true);
	faulty_set(login_server.live, FAULTY_NOT, NULL, 1, 0);
	CU_ASSERT_EQUAL(login_start(&x), 200);
	faulty_delay(login_server.live, DELAY_MS);
	faulty_set(login_server.live, FAULTY_NOT, "watch_state", 1, 0);
	for (int i = 0; i < PAGES; i++)
		fd[i] = open_stream(&x);
	for (int i = 0; i < 500 && faulty_calls(login_server.live) < PAGES; i++)
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	CU_ASSERT_EQUAL(watchers(), PAGES);
	for (int i = 0; i < PAGES; i++)
		close(fd[i]);
	for (int i = 0; i < 500 && watchers() > 0; i++)
		nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
	CU_ASSERT_EQUAL(watchers(), 0);
	faulty_delay(login_server.live, 0);
	login_end();
}

/* --- what is administered --- */

static void disable_and_enable(struct up_span id)
{
	char why[256];

	CU_ASSERT_EQUAL(fixture_client_set(login_store.store, id, "disabled", NOW), UP_OK);
	CU_ASSERT_EQUAL(fixture_client_set(login_store.store, id, "live", NOW + 1), UP_OK);
	CU_ASSERT_EQUAL(up_catalogue_load(&login_server, why), UP_OK);
	CU_ASSERT_PTR_NOT_NULL(login_server.owed);
}

static void settled(struct login *x)
{
	up_catalogue_follow(&login_server);
	CU_ASSERT_PTR_NULL(login_server.owed);
	CU_ASSERT_EQUAL(login_poll(x), 400);
	CU_ASSERT_TRUE(login_says("expired_token"));
}

/* A client that ends while live is away: its logins end when it is back. */
static void test_owed(void)
{
	struct login x = { .item = "" };

	login_begin(false);
	faulty_set(login_server.live, FAULTY_NOT, NULL, 1, 0);
	CU_ASSERT_EQUAL(login_start(&x), 200);
	faulty_set(login_server.live, FAULTY_LOST, "end_client", 1, 2);
	disable_and_enable(UP_SPAN_LIT("secret"));
	CU_ASSERT_EQUAL(login_poll(&x), 400);
	CU_ASSERT_TRUE(login_says("authorization_pending"));
	up_catalogue_follow(&login_server);
	CU_ASSERT_PTR_NOT_NULL(login_server.owed);
	settled(&x);
	login_end();
}

static bool no_clocks(int64_t *wall_ms, int64_t *steady_ms)
{
	(void)wall_ms;
	(void)steady_ms;
	return false;
}

/* The same while nobody knows the time. */
static void test_owed_without_clock(void)
{
	struct login x = { .item = "" };

	login_begin(false);
	faulty_set(login_server.live, FAULTY_NOT, NULL, 1, 0);
	CU_ASSERT_EQUAL(login_start(&x), 200);
	login_server.read_clocks = no_clocks;
	disable_and_enable(UP_SPAN_LIT("secret"));
	login_server.read_clocks = NULL;
	settled(&x);
	login_end();
}

UP_SUITE("live faults", test_each_call, test_each_call_waiting, test_waits_together,
    test_stops_waiting, test_watch, test_watch_refused, test_watch_gone, test_owed,
    test_owed_without_clock)
