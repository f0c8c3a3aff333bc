/* SPDX-License-Identifier: Apache-2.0
 * Many threads at one transaction, and at all of them. Run under ThreadSanitizer as well. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define LIVE_CHECK(cond) ((cond) ? (void)0 : abort())
#include "test_live.h"

#define THREADS 100
#define WORKERS 8

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define ROUNDS 50
#define STEPS 20000
#else
#define ROUNDS 300
#define STEPS 100000
#endif

static struct up_live *l;
static pthread_barrier_t gate;
static atomic_uint scans, decisions, redemptions, replays, ends, bad;

/* Every thread takes each step; one alone may get through, and ends the step that it then owns. */
static void race_round(unsigned n, int64_t device)
{
	struct up_live_redeemed r;
	int64_t deadline;
	enum up_err err;

	pthread_barrier_wait(&gate);
	if (live_scan(l, n, device, T0, &deadline) == UP_OK)
		atomic_fetch_add(&scans, 1);
	pthread_barrier_wait(&gate);
	if (live_decide(l, n, 1 + (device & 1), T0) == UP_OK ||
	    live_decide(l, n, device, T0) == UP_OK) {
		atomic_fetch_add(&decisions, 1);
		live_approve(l, n, 9, T0);
	}
	pthread_barrier_wait(&gate);
	err = live_redeem(l, n, T0, &r);
	if (err == UP_OK) {
		atomic_fetch_add(&redemptions, 1);
		if (r.role != 9)
			atomic_fetch_add(&bad, 1);
		/* at once, while the others come: who of them is first decides which of the two
		 * records it */
		if (live_commit(l, n, T0))
			atomic_fetch_add(&ends, 1);
	} else if (err != UP_E_REPLAY) {
		atomic_fetch_add(&bad, 1);
	} else if (r.record_end) {
		atomic_fetch_add(&ends, 1);
	}
	pthread_barrier_wait(&gate);
	err = live_redeem(l, n, T0, &r);   /* all of them replay once more */
	atomic_fetch_add(err == UP_E_REPLAY ? &replays : &bad, 1);
	if (r.record_end)
		atomic_fetch_add(&ends, 1);
	pthread_barrier_wait(&gate);
}

static void *racer(void *arg)
{
	for (unsigned n = 0; n < ROUNDS; n++)
		race_round(n, (int64_t)(intptr_t)arg);
	return NULL;
}

static void test_one_wins(void)
{
	pthread_t threads[THREADS];

	l = live_new(ROUNDS, 16, 16);
	for (unsigned n = 0; n < ROUNDS; n++)
		CU_ASSERT_EQUAL(live_begin(l, n, T0), UP_OK);
	pthread_barrier_init(&gate, NULL, THREADS);
	for (intptr_t i = 0; i < THREADS; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, racer, (void *)(i + 1)), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&gate);
	CU_ASSERT_EQUAL(scans, ROUNDS);
	CU_ASSERT_EQUAL(decisions, ROUNDS);
	CU_ASSERT_EQUAL(redemptions, ROUNDS);
	CU_ASSERT_EQUAL(replays, ROUNDS * THREADS);
	CU_ASSERT_EQUAL(ends, ROUNDS);
	CU_ASSERT_EQUAL(bad, 0);
	up_live_free(&l);
}

/* --- everything at once --- */

#define ALL 64

static atomic_llong clock_ms;
static atomic_uint once_won;

struct worker {
	uint64_t seed;
	unsigned watch[4];               /* which, + 1; 0: none */
};

static unsigned draw(struct worker *w, unsigned n)
{
	w->seed = w->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(w->seed >> 33) % n;
}

static atomic_uint wakes;

static void on_wake(const char *id)
{
	atomic_fetch_add(id[0] == 't' ? &wakes : &bad, 1);
}

static void on_expired(void *arg, const struct up_live_ended *ended)
{
	const struct up_login_info *info = ended->info;

	(void)arg;
	if (ended->device == 0 || info->id[0] != 't' || info->item.n == 0)
		atomic_fetch_add(&bad, 1);
}

static void watch_some(struct worker *w, unsigned n, int64_t now)
{
	unsigned *watch = &w->watch[draw(w, 4)];
	const struct up_login_info *info;
	enum up_login_state state;
	char id[UP_LIVE_ID + 1];
	uint8_t key[UP_LIVE_KEY];
	int64_t left;

	if (*watch == 0) {
		live_key(n, 'w', key);
		if (up_live_watch_open(l, key, now, &info) == UP_OK)
			*watch = n + 1;
		up_live_info_unref(&info);
		return;
	}
	live_id(*watch - 1, id);
	if (up_live_watch_state(l, id, now, &state, &left) != UP_OK)
		atomic_fetch_add(&bad, 1);
	if (state != UP_LOGIN_EXPIRED && draw(w, 4) != 0)
		return;
	if (up_live_watch_close(l, id) != UP_OK)
		atomic_fetch_add(&bad, 1);
	*watch = 0;
}

static void start_some(struct worker *w, unsigned n, int64_t now)
{
	struct up_login_start s = live_start(n, now);

	s.info.browser = up_span_str(draw(w, 2) ? "one" : "two");
	s.supersedes = draw(w, 2);
	live_key(draw(w, ALL), 'd', s.old_device);
	live_code(draw(w, 30), s.user_code);
	if (up_live_start(l, &s, now) == UP_E_NOMEM)
		atomic_fetch_add(&bad, 1);
}

static void code_some(struct worker *w, int64_t now)
{
	const struct up_login_info *info;
	uint8_t handle[UP_LIVE_KEY];
	char code[9];

	live_code(draw(w, 30), code);
	code[7] = draw(w, 2) ? 'B' : code[7];
	if (up_live_peek_user_code(l, code, now, handle, &info) == UP_OK && info->id[0] != 't')
		atomic_fetch_add(&bad, 1);
	up_live_info_unref(&info);
}

static void do_some(struct worker *w, unsigned k, int64_t now)
{
	unsigned n = draw(w, ALL);
	struct up_live_redeemed r;
	uint8_t key[16];
	int64_t deadline;

	live_key(k, 'o', key);
	switch (draw(w, 10)) {
	case 0: case 1: start_some(w, n, now); break;
	case 2: (void)live_scan(l, n, 7, now, &deadline); break;
	case 3:
		if (live_decide(l, n, 7, now) != UP_OK)
			break;
		if (draw(w, 3) == 0)
			live_call(
			    l, draw(w, 2) ? up_live_decide_undo : up_live_decide_deny, n, now);
		else
			live_approve(l, n, 9, now);
		break;
	case 4:
		if (live_redeem(l, n, now, &r) != UP_OK)
			break;
		if (r.device != 7 || r.role != 9)
			atomic_fetch_add(&bad, 1);
		(void)(draw(w, 2) ? live_commit(l, n, now) : live_redeem_undo(l, n, now));
		break;
	case 5: watch_some(w, n, now); break;
	case 6: code_some(w, now); break;
	case 7:
		if (up_live_once(l, key, now + 100000000, now) == UP_OK)
			atomic_fetch_add(&once_won, 1);
		break;
	case 8:
		if (up_live_rate(l, "x", up_span_of(key, 16), 0, 100, now) == UP_OK)
			atomic_fetch_add(&bad, 1);
		break;
	default: live_call(l, up_live_end, n, now);
	}
}

static void *worker(void *arg)
{
	struct worker *w = arg;

	for (unsigned k = 0; k < STEPS; k++)
		do_some(w, k, atomic_fetch_add(&clock_ms, draw(w, 100)));
	return NULL;
}

static void *ticker(void *arg)
{
	struct up_live_stats s;

	while (!atomic_load((atomic_bool *)arg)) {
		if (up_live_tick(l, atomic_load(&clock_ms), on_expired, NULL) != UP_OK ||
		    up_live_stats(l, &s) != UP_OK ||
		    s.pending + s.scanned + s.approved + s.finished > 40)
			atomic_fetch_add(&bad, 1);
	}
	return NULL;
}

static void test_all_at_once(void)
{
	static struct worker workers[WORKERS];
	pthread_t threads[WORKERS], tick;
	struct up_live_stats s;
	atomic_bool stop = false;

	atomic_store(&bad, 0);
	atomic_store(&clock_ms, T0);
	live_on_wake = on_wake;
	l = live_new(40, STEPS, 64);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&tick, NULL, ticker, &stop), 0);
	for (unsigned i = 0; i < WORKERS; i++) {
		workers[i].seed = i + 1;
		CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, worker, &workers[i]), 0);
	}
	for (int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&stop, true);
	pthread_join(tick, NULL);
	CU_ASSERT_EQUAL(bad, 0);
	CU_ASSERT(wakes > 0);
	CU_ASSERT(once_won > 0 && once_won <= STEPS);
	/* nothing is left behind */
	for (int i = 1; i <= 3; i++)
		CU_ASSERT_EQUAL(up_live_tick(l, clock_ms + i * 1000000, on_expired, NULL), UP_OK);
	CU_ASSERT_EQUAL(up_live_stats(l, &s), UP_OK);
	CU_ASSERT_EQUAL(s.pending + s.scanned + s.approved + s.finished + s.watchers, 0);
	for (unsigned n = 0; n < 40; n++)
		CU_ASSERT_EQUAL(live_begin(l, 1000 + n, clock_ms), UP_OK);
	CU_ASSERT_EQUAL(live_begin(l, 2000, clock_ms), UP_E_BUSY);
	CU_ASSERT_EQUAL(bad, 0);
	up_live_free(&l);
}

UP_SUITE("live race", test_one_wins, test_all_at_once)
