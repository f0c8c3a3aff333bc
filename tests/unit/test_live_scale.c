/* SPDX-License-Identifier: Apache-2.0
 * 100 000 waiting transactions: memory, and the cost of the tick; the time of one login. */
#include <malloc.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "test_live.h"

#define MANY 100000u

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define MEASURED 0                       /* their memory is not ours */
#else
#define MEASURED 1
#endif

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	size_t pages = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%*s %zu", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static size_t settled(void)
{
	malloc_trim(0);
	return resident();
}

static size_t expired;

static void on_expired(void *arg, const struct up_live_ended *ended)
{
	(void)arg;
	(void)ended;
	expired++;
}

static double tick(struct up_live *l, int64_t now)
{
	double t = seconds();

	CU_ASSERT_EQUAL(up_live_tick(l, now, on_expired, NULL), UP_OK);
	return (seconds() - t) * 1e6;
}

static void fill(struct up_live *l, int full)
{
	static const char sixty[] = "sixty-bytes-sixty-bytes-sixty-bytes-sixty-bytes-sixty-bytes-";

	for (unsigned n = 0; n < MANY; n++) {
		struct up_login_start s = live_start(n, T0 + n);
		struct up_span *f[] = { &s.info.client, &s.info.item, &s.info.purpose,
			&s.info.scope, &s.info.nonce, &s.info.initiator_ip,
			&s.info.initiator_agent };
		char browser[61];

		for (size_t i = 0; full && i < UP_ARRAY_LEN(f); i++)
			*f[i] = up_span_str(sixty);
		snprintf(browser, sizeof(browser), full ? "%060u" : "%022u", n);
		s.info.browser = up_span_str(browser);
		UP_CHECK(up_live_start(l, &s, T0 + n) == UP_OK, "start");
	}
}

static void test_memory(void)
{
	for (int full = 0; full < 2; full++) {
		size_t before = settled(), each;
		struct up_live *l = live_new(1u << 17, 1024, 1024);
		struct up_live_stats s;
		double idle, all;

		fill(l, full);
		each = (resident() - before) / MANY;
		printf("\n%u waiting, %s: %zu bytes each", MANY,
		    full ? "eight fields of 60 bytes" : "fields as they are", each);
		if (MEASURED)
			CU_ASSERT(each <= (full ? 1050 : 700));
		tick(l, T0 + MANY);
		idle = tick(l, T0 + MANY + 500);
		all = tick(l, T0 + MANY + UP_LIVE_PENDING_MS);
		CU_ASSERT_EQUAL(up_live_stats(l, &s), UP_OK);
		CU_ASSERT_EQUAL(s.pending, 0);
		CU_ASSERT_EQUAL(s.finished, MANY);
		CU_ASSERT_EQUAL(expired, 0);
		printf("; tick %.1f us when nothing ends, %.2f us for each that ends; ended: %zu "
		       "bytes each ",
		    idle, all / MANY, (settled() - before) / MANY);
		tick(l, T0 + MANY + 2 * UP_LIVE_PENDING_MS);
		CU_ASSERT_EQUAL(up_live_stats(l, &s), UP_OK);
		CU_ASSERT_EQUAL(s.finished, 0);
		up_live_free(&l);
	}
}

static void test_time(void)
{
	struct up_live *l = live_new(1u << 17, 1024, 1024);
	double t = seconds();
	int64_t deadline;

	for (unsigned n = 0; n < MANY; n++) {
		struct up_live_redeemed r;

		(void)live_begin(l, n, T0);
		(void)live_redeem(l, n, T0, &r);
		(void)live_scan(l, n, 7, T0, &deadline);
		(void)live_decide(l, n, 7, T0);
		live_approve(l, n, 9, T0);
		CU_ASSERT_EQUAL(live_redeem(l, n, T0, &r), UP_OK);
		live_commit(l, n, T0);
	}
	printf("\nstart, poll, scan, decide, approve, redeem, commit: %.0f ns, the test's own work "
	       "included ",
	    (seconds() - t) * 1e9 / MANY);
	up_live_free(&l);
}

UP_SUITE("live scale", test_memory, test_time)
